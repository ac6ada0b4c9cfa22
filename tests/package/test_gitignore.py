"""Patterns mean what git says they mean."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from effort import at_most
from random_cases import cases
from remit.package.gitignore import Patterns, parse

if TYPE_CHECKING:
    from pathlib import Path

EXAMPLES = [
    ("*.log", "a/b.log", True),
    ("/a", "b/a", False),
    ("a/", "a", False),
    ("a/", "b/a/", True),
    ("a/b", "c/a/b", False),
    ("**/b", "b", True),
    ("a/**", "a/", False),
    ("a/**/b", "a/b", True),
    ("a/**/b", "a/x/y/b", True),
    ("build**", "build", True),
    ("x/build**", "x/built/y", False),
    ("x/build**", "x/build/y", False),
    ("x/**", "x/y/z", True),
    ("[!a-c]x", "dx", True),
    ("[!a-c]x", "bx", False),
    ("[^a]x", "bx", True),
    ("[a", "[a", False),
    ("[z-a]", "z", False),
    ("[]-]", "-", True),
    ("\\#x", "#x", True),
    ("#x", "#x", False),
    ("\\!x", "!x", True),
    ("x\\ ", "x ", True),
    ("x  ", "x", True),
    ("a?c", "a/c", False),
    ("*", "é", True),
]


@pytest.mark.parametrize(("pattern", "path", "matched"), EXAMPLES)
def test_a_pattern_matches_as_gitignore_documents_it(pattern: str, path: str, matched: bool) -> None:
    assert matched == (Patterns(parse([pattern], "r")).decide(path) is not None)


def test_the_last_pattern_that_matches_decides_and_gives_its_reason() -> None:
    patterns = Patterns([*parse(["*.py", "!b.py"], "one"), *parse(["/lib/b.py"], "two")])
    decided = {path: patterns.decide(path) for path in ("a.py", "b.py", "lib/b.py", "c.txt")}
    told = {path: (one.reason, one.back) if one else None for path, one in decided.items()}
    assert told == {"a.py": ("one", False), "b.py": ("one", True), "lib/b.py": ("two", False), "c.txt": None}


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("repository")
    subprocess.run(["git", "init", "-q", folder], check=True)  # noqa: S607 - whichever git there is
    return folder


def git_says(repository: Path, lines: list[str], path: str) -> bool:
    """Whether git ignores the path, asked without its parents: `check-ignore` looks at those as well."""
    (repository / ".gitignore").write_text("\n".join(lines) + "\n", "utf-8")
    command = ["git", "-C", str(repository), "check-ignore", "-q", "--no-index", "--", path]
    return subprocess.run(command, check=False).returncode == 0


# `**` stands alone between slashes: beside other characters git takes it for two `*`, but not always (`a**/*`
# is cut after `a`, and what is left then starts with `**/`).
TOKENS = st.sampled_from(["a", "b", "*", "?", "[ab]", "[!a]", "\\a", ".", "-"])
WORDS = st.lists(TOKENS, min_size=1, max_size=5).map("".join).filter(lambda word: "**" not in word)
GLOBS = st.lists(WORDS | st.sampled_from(["**", ""]), min_size=1, max_size=5).map("/".join)
LINES = st.lists(st.builds(str.__add__, st.sampled_from(["", "", "!"]), GLOBS), min_size=1, max_size=3)
PATHS = st.lists(st.sampled_from(["a", "b", "ab", "a.b", "-", "abab", "aabb"]), min_size=1, max_size=4).map("/".join)


@settings(max_examples=cases(25, deep=150), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=LINES, path=PATHS)
def test_git_agrees_about_every_path(repository: Path, lines: list[str], path: str) -> None:
    patterns = Patterns(parse(lines, "r"))
    parts = path.split("/")
    out = False
    for count in range(1, len(parts) + 1):
        decided = patterns.decide("/".join(parts[:count]) + "/" * (count < len(parts)))
        out = out or (decided is not None and not decided.back)
    assert git_says(repository, lines, path) == out


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("*a" * 30, "a" * 200 + "b"),
        ("**/a/" * 30 + "b", "a/" * 100 + "c"),
        ("**/*a*a/" * 15 + "b", "aaa/" * 60 + "c"),
        ("**/" * 30 + "b", "a/" * 100 + "c"),
        ("*a" * 30 + "/**/" + "*a" * 30, ("a" * 200 + "/") * 15 + "b"),
    ],
)
def test_a_pattern_of_many_stars_takes_no_longer_than_one_of_few(pattern: str, path: str) -> None:
    with at_most(1):
        assert Patterns(parse([pattern], "r")).decide(path) is None
