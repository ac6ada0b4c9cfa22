"""Collect what the tests write and lint into `inputs.jsonl`, the stored corpus: `python tests/versions/harvest.py`.

Run it again when many tests are new. A line of the corpus is {"name": the test, "kind": "project" | "document",
"files": {path: text}}; an input that several tests have in common stands once.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HERE = Path(__file__).parent
STORED = HERE / "inputs.jsonl"
ROOMS = (
    "project", "grants", "triggers", "roles", "synthesis", "package", "lint", "answers", "review", "report", "template",
    "cli", "deployer",
)  # fmt: skip
"""The folders of tests that write inputs and need no AWS."""
LARGEST = 30_000
"""Characters of one input at most: larger ones test limits, and would be most of the corpus."""
MOST_OF_A_TEST = 40
"""Inputs of one test at most: some tests try a document with each of a thousand mistakes."""

_LOCKS = frozenset({"uv.lock", "pylock.toml"})
"""Where packages come from is no matter of the corpus, which installs none: a project with a lock is left out."""
_NOT_SOURCES = frozenset({".remit", ".git", ".venv", "__pycache__", ".pytest_cache", "node_modules"})
_DOCUMENTS = frozenset({".json", ".yaml", ".yml", ".template"})


class Harvest:
    """A plugin of pytest that looks at what each test leaves behind."""

    def __init__(self) -> None:
        self.inputs: dict[str, dict[str, Any]] = {}
        self.test = ""
        self.taken = 0

    def take(self, kind: str, files: dict[str, str]) -> None:
        """Keep an input, unless it is kept already or too large."""
        key = json.dumps([kind, files], sort_keys=True)
        size = sum(map(len, files.values()))
        if files and key not in self.inputs and size <= LARGEST and self.taken < MOST_OF_A_TEST:
            self.inputs[key] = {"name": self.test, "kind": kind, "files": files}
            self.taken += 1

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        file, _, name = item.nodeid.partition("::")
        self.test = f"{Path(file).stem}::{name}"[:100]
        self.taken = 0

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> None:
        folder = getattr(item, "funcargs", {}).get("tmp_path")
        if folder is not None and folder.is_dir():
            for kind, files in _inputs(folder):
                self.take(kind, files)


def _inputs(folder: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """The projects and documents below a folder."""
    if (folder / "app.py").is_file() or (folder / "config").is_dir():
        texts = _texts(folder)
        if _LOCKS.isdisjoint(texts):
            yield "project", texts
        return
    for path in sorted(folder.iterdir()):
        if path.is_symlink() or path.name in _NOT_SOURCES:
            continue
        if path.is_dir() and os.access(path, os.R_OK | os.X_OK):
            yield from _inputs(path)
        elif path.is_file() and path.suffix in _DOCUMENTS and (text := _text(path)) is not None:
            yield "document", {f"document{path.suffix}": text}


def _texts(folder: Path) -> dict[str, str]:
    texts = {}
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        if path.is_file() and not path.is_symlink() and _NOT_SOURCES.isdisjoint(inside.parts):
            text = _text(path)
            if text is not None and path.suffix not in {".pyc", ".whl", ".zip"}:
                texts[inside.as_posix()] = text
    return texts


def _text(path: Path) -> str | None:
    """What a file holds; None when that is not text, or too much."""
    try:
        return path.read_text(encoding="utf-8") if path.stat().st_size <= LARGEST else None
    except (OSError, UnicodeDecodeError):
        return None


def _recording(lint: Callable[..., Any], harvest: Harvest) -> Callable[..., Any]:
    """`lint_bytes` or `lint_document`, which keeps what it is given."""

    @functools.wraps(lint)
    def recorded(content: Any, *arguments: Any, **options: Any) -> Any:
        if isinstance(content, bytes):
            with contextlib.suppress(UnicodeDecodeError):
                harvest.take("document", {"document.yaml": content.decode("utf-8")})
        elif isinstance(content, dict | list):
            with contextlib.suppress(TypeError, ValueError):
                harvest.take("document", {"document.json": json.dumps(content, indent=1) + "\n"})
        return lint(content, *arguments, **options)

    return recorded


def main() -> int:
    """Run the tests of the rooms, and write what they were given."""
    from remit.lint import files  # noqa: PLC0415 - before any test imports from it

    harvest = Harvest()
    files.lint_bytes = _recording(files.lint_bytes, harvest)
    files.lint_document = _recording(files.lint_document, harvest)
    rooms = sys.argv[1:] or ROOMS
    pytest.main(["-n", "0", "-p", "no:cacheprovider", *(str(HERE.parent / room) for room in rooms)], [harvest])
    lines = [json.dumps(kept, ensure_ascii=True) for kept in harvest.inputs.values()]
    STORED.write_text("\n".join(lines) + "\n", encoding="utf-8")
    sys.stdout.write(f"{len(lines)} inputs in {STORED}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
