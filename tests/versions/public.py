"""Fetch public templates and policies into a folder, which `compare.py --public` reads: none of them is committed."""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

LARGEST = 200_000
"""Bytes of a file at most: what is larger is seldom written by hand."""

_HOLDS_ACCESS = re.compile(r"\bResources\b|\bStatement\b")


@dataclass(frozen=True, slots=True)
class Source:
    """A public repository at one commit: every `step`-th file whose path matches `files` is taken."""

    repository: str
    commit: str
    licence: str
    files: str
    step: int = 1


SOURCES = (
    Source(
        "aws-cloudformation/aws-cloudformation-templates",
        "142ce6f283d285fa370adb7f9d332d7f46dac5fc",
        "Apache-2.0",
        r".*\.(yaml|yml|json|template)",
    ),
    Source(
        "widdix/aws-cf-templates",
        "1a9f04f934179975a3a56c2496d2ed2b27598bd8",
        "Apache-2.0",
        r"[a-z].*\.ya?ml",
    ),
    Source(
        "aws/serverless-application-model",
        "7000d0a3b0e5e0d9fca014ce135850718aad1290",
        "Apache-2.0",
        r"tests/translator/input/[^/]*\.ya?ml",
        step=8,
    ),
    Source(
        "aws-cloudformation/cfn-lint",
        "217397c819d2cebe4c1e836c9ab18fafd0e10135",
        "MIT-0",
        r"test/fixtures/templates/(good|quickstart|public)/.*\.(yaml|yml|json)",
        step=2,
    ),
    Source(
        "aws-samples/serverless-patterns",
        "fb7b5d06c27d8abb1bd35e52ab7523acf4baab7b",
        "MIT-0",
        r"[^/]*/template\.(yaml|yml|json)",
        step=5,
    ),
    Source(
        "aws-samples/service-control-policy-examples",
        "35a50b0948bda5ebeb05ef4c6fc5df4f48cd0682",
        "MIT-0",
        r".*\.json",
    ),
    Source(
        "aws-samples/data-perimeter-policy-examples",
        "8e0d3c5179a45dca414d4ea1f3a7b544aba02009",
        "MIT-0",
        r".*\.json",
    ),
)


def fetch(source: Source, folder: Path, mirror: str) -> int:
    """Write the files of a source below `folder`, and say how many; its repository is read at `mirror`."""
    address = _address(source, mirror)
    if Path(address).is_dir():
        return _write(source, folder, address)
    with tempfile.TemporaryDirectory() as clone:
        _git(clone, "init", "--quiet")
        _git(clone, "fetch", "--quiet", "--depth", "1", address, source.commit)
        return _write(source, folder, clone)


def _write(source: Source, folder: Path, repository: str) -> int:
    paths = _git(repository, "ls-tree", "-r", "-z", "--name-only", source.commit).decode().split("\0")
    matching = [path for path in paths if re.fullmatch(source.files, path)]
    written = 0
    for path in matching[:: source.step]:
        try:
            content = _git(repository, "show", f"{source.commit}:{path}")
        except subprocess.CalledProcessError:  # a partial copy lacks some files
            continue
        if len(content) <= LARGEST and _HOLDS_ACCESS.search(content.decode("utf-8", "replace")):
            file = folder / _name(source, path)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
            written += 1
    return written


def _address(source: Source, mirror: str) -> str:
    owner, name = source.repository.split("/")
    return mirror.format(owner=owner, name=name)


def _name(source: Source, path: str) -> str:
    """A file's path in the corpus: of letters that every shell and output leaves alone."""
    plain = re.sub(r"[^\w./-]", "_", path)
    return str(PurePosixPath(source.repository.replace("/", "_")) / plain.replace("/", "__"))


def _git(folder: str, *arguments: str) -> bytes:
    return subprocess.run(["git", "-C", folder, *arguments], check=True, capture_output=True).stdout  # noqa: S607 - git of the machine


def main() -> int:
    """Fetch every source, and write a README that names them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where to write them")
    parser.add_argument(
        "--mirror",
        default="https://github.com/{owner}/{name}",
        help="where the repositories are: an address, or a folder, with {owner} and {name} in it",
    )
    options = parser.parse_args()
    lines = ["Public templates and policies, fetched by tests/versions/public.py of remit. Not to be committed.", ""]
    total = 0
    for source in SOURCES:
        written = fetch(source, options.folder, options.mirror)
        lines.append(f"- {source.repository} at {source.commit} ({source.licence}): {written} files")
        sys.stderr.write(f"{source.repository}: {written} files\n")
        total += written
    lines.extend(["", f"{total} files."])
    (options.folder / "README.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
