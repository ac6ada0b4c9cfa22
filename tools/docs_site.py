"""Build the site from README.md, docs/, the lint rules and the docstrings of the public API: `make docs`.

Everything happens on this machine. A link that leads to no page, or to no place in one, ends it (`--strict`).
"""

from __future__ import annotations

import inspect
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import remit

ROOT: Final = Path(__file__).parent.parent
PAGES: Final = ROOT / ".site" / "pages"
HTML: Final = ROOT / ".site" / "html"
_ADDED: Final = ("CHANGELOG.md", "CONTRIBUTING.md", "ARCHITECTURE.md", "bench/README.md")
"""Pages outside of docs/ that pages link to."""
_RULE: Final = re.compile(r"^### (R\d+) (\S+)$", re.MULTILINE)
_LINK: Final = re.compile(r"\]\(([^)\s]+)\)")


def pages() -> dict[str, str]:
    """The pages of the site in Markdown, by file name, with a page for each lint rule and one for the API."""
    texts = {path.name: path.read_text("utf-8") for path in sorted((ROOT / "docs").glob("*.md"))}
    texts["index.md"] = (ROOT / "README.md").read_text("utf-8")
    for name in _ADDED:
        texts[name.replace("/", "-")] = (ROOT / name).read_text("utf-8")
    texts |= _rules(texts["lint-rules.md"])
    texts["api.md"] = _api()
    return {name: _LINK.sub(_moved, text) for name, text in texts.items()}


def _rules(page: str) -> dict[str, str]:
    """The page of lint rules with its tables alone, and a page for each rule."""
    rules = list(_RULE.finditer(page))
    ends = [*(rule.start() for rule in rules[1:]), len(page)]
    texts = {}
    tables = page[: rules[0].start()]
    for rule, end in zip(rules, ends, strict=True):
        body, section, group = page[rule.end() : end].partition("\n## ")
        texts[f"{rule[1]}.md"] = f"# {rule[1]} {rule[2]}\n{body.rstrip()}\n\n[All rules](lint-rules.md)\n"
        tables += section + group
    return {**texts, "lint-rules.md": re.sub(r"\(#(r\d+)[^)]*\)", lambda link: f"({link[1].upper()}.md)", tables)}


def _moved(link: re.Match[str]) -> str:
    """A link as it is from the site's one folder."""
    target = link[1]
    rule = re.fullmatch(r"lint-rules\.md#(r\d+)-.*", target)
    if rule:
        target = f"{rule[1].upper()}.md"
    elif target == "../examples/shop":
        target = "tutorial.md"
    elif target == "bench/README.md":
        target = "bench-README.md"
    return f"]({target.removeprefix('../').removeprefix('docs/')})"


def _api() -> str:
    """The public names with their signatures and docstrings."""
    lines = [
        "# Python API",
        "",
        "[From Python](python.md) shows them at work. `import remit` imports none of them.",
        "",
    ]
    for name in sorted(remit.__all__, key=str.lower):
        value: Any = None if name == "config" else getattr(remit, name)
        if value is None or (inspect.ismodule(value) and not callable(value)):
            continue
        is_code = inspect.isfunction(value) or inspect.isclass(value)
        signature = str(inspect.signature(value)) if is_code and not issubclass(type(value), Exception) else ""
        lines += [f"## {name}", "", "```python", f"{name}{signature}", "```", "", inspect.getdoc(value) or "", ""]
        for member, method in vars(value).items() if inspect.isclass(value) else ():
            if not member.startswith("_") and (inspect.isfunction(method) or isinstance(method, property)):
                lines += [f"`{name}.{member}`: {(inspect.getdoc(method) or '').partition(chr(10) * 2)[0]}", ""]
    return "\n".join(lines)


def llms(texts: dict[str, str]) -> str:
    """A list of the pages for agents, as llmstxt.org describes it."""
    lines = ["# remit", "", f"> {remit.__doc__}", "", "## Pages", ""]
    for name, text in sorted(texts.items()):
        paragraphs = [part for part in text.split("\n\n")[1:] if part[:1].isalpha() or part.startswith("`")]
        title = text.partition("\n")[0].lstrip("# ")
        lines.append(f"- [{title}]({name.removesuffix('.md')}.html): {' '.join(paragraphs[0].split())}")
    return "\n".join(lines) + "\n"


def make_blocks_focusable() -> None:
    """Let the keyboard scroll tables and blocks of code that are wider than the screen: the built pages are changed."""
    for file in HTML.glob("*.html"):
        text = file.read_text("utf-8")
        text = text.replace("<table>", '<table tabindex="0">')
        file.write_text(text.replace("<pre><span>", '<pre tabindex="0"><span>'), "utf-8")


def main() -> None:
    """Write the pages, and build them."""
    shutil.rmtree(ROOT / ".site", ignore_errors=True)
    shutil.copytree(ROOT / "docs" / "pictures", PAGES / "pictures")
    texts = pages()
    for name, text in texts.items():
        (PAGES / name).write_text(text, "utf-8")
    (PAGES / "llms.txt").write_text(llms(texts), "utf-8")
    subprocess.run([Path(sys.executable).with_name("zensical"), "build", "--strict"], cwd=ROOT, check=True)
    make_blocks_focusable()
    print(f"{len(texts)} pages, no broken link: {HTML / 'index.html'}")


if __name__ == "__main__":
    main()
