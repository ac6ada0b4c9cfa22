"""The site before it is built: `make docs` builds it, and checks its links."""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

import pytest

import remit
from remit.lint.rule_registry import rules

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tools"))

import docs_site  # noqa: E402 - a script, found once its folder is known


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    return docs_site.pages()


def test_every_page_of_docs_is_in_the_navigation_and_every_entry_is_a_page(pages: dict[str, str]) -> None:
    text = (ROOT / "zensical.toml").read_text("utf-8")
    listed = re.findall(r'"([\w-]+\.md)"', text.partition("nav = [")[2].partition("\n]\n")[0])
    docs = {path.name for path in (ROOT / "docs").glob("*.md")}
    assert tomllib.loads(text)["project"]["site_name"] == "remit"
    assert {"index.md", "api.md", *docs} == set(listed)
    assert set(listed) <= set(pages)


def test_every_lint_rule_has_a_page_of_its_own(pages: dict[str, str]) -> None:
    for rule in rules():
        assert pages[f"{rule.code}.md"].startswith(f"# {rule.code} {rule.name}\n")
        assert f"[{rule.code}]({rule.code}.md)" in pages["lint-rules.md"]


def test_the_api_page_has_the_docstring_of_every_public_name(pages: dict[str, str]) -> None:
    names = re.findall(r"^## (\w+)$", pages["api.md"], re.MULTILINE)
    assert {"config", "existing", "grants", "on", "project", "triggers"} == set(remit.__all__) - set(names)
    assert (remit.compare.__doc__ or "").partition("\n")[0] in pages["api.md"]


def test_links_lead_to_pages_of_the_site(pages: dict[str, str]) -> None:
    targets = {link for text in pages.values() for link in re.findall(r"\]\(([^)#\s]+\.md)", text) if "://" not in link}
    assert set() == targets - set(pages)


def test_a_list_of_all_pages_is_there_for_agents(pages: dict[str, str]) -> None:
    text = docs_site.llms(pages)
    assert text.startswith("# remit\n\n> Deploys Python apps")
    assert len(pages) == text.count("\n- [")


def test_the_account_of_the_repository_stands_where_the_release_replaces_it() -> None:
    """A page that named OWNER elsewhere would keep it in a release."""
    replaced = re.findall(r"OWNER/remit,ACCOUNT/remit, (.+)`", (ROOT / "RELEASING.md").read_text("utf-8"))[0].split()
    files = [*ROOT.glob("*.md"), *ROOT.glob("*.yml"), *ROOT.glob(".git[hl]*/**/*.*"), *(ROOT / "docs").rglob("*.md")]
    named = [path.relative_to(ROOT).as_posix() for path in files if "OWNER/remit" in path.read_text("utf-8")]
    assert sorted(replaced) == sorted(set(named) - {"RELEASING.md"})
