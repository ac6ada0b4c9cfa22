"""Run two versions of remit over a stored corpus with every command, and list each output that differs.

    python tests/versions/compare.py --before main
    python tests/versions/compare.py --before dist/remit-0.1.0-py3-none-any.whl --public ~/public --only lint

`tests/versions/CHANGES.md` names each permitted kind of difference; any other is listed, and the exit code is 1.
The whole list goes to .remit-versions/differences.txt. `public.py` fetches public templates and policies for --public.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path
from typing import TYPE_CHECKING

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from versions import changes, corpus  # noqa: E402 - a script that imports its neighbours

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from versions.changes import Change
    from versions.corpus import Job

ROOT = HERE.parents[1]
PERMITTED = HERE / "CHANGES.md"
CACHE = ROOT / ".remit-versions"
SHOWN = 3
"""Differences of one command that are printed; the file has all."""
LINES = 40
"""Lines of one difference that are printed."""


_ADDRESS = re.compile(r"(?<= at )0x[0-9a-f]{6,}")
_COMMIT = re.compile(r"(?<=HEAD \()[0-9a-f]{7,40}(?=\))")
"""Of a commit that holds what the command before it wrote, which may be a permitted difference itself."""


@dataclass(frozen=True, slots=True)
class Version:
    """A remit that can be run: the Python that runs it, and the folders that Python looks into first."""

    python: Path
    path: str

    def environment(self, home: Path) -> dict[str, str]:
        """What its processes see of this machine: as little as possible, and the same for every version."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "PYTHONPATH": self.path,
            "PYTHONHASHSEED": "0",
            "PYTHONDONTWRITEBYTECODE": "1",
            "LANG": "C.UTF-8",
            "TZ": "UTC",
            "NO_COLOR": "1",
            "COLUMNS": "120",
            "AWS_EC2_METADATA_DISABLED": "true",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_AUTHOR_DATE": "2026-01-01T00:00:00Z",
            "GIT_COMMITTER_DATE": "2026-01-01T00:00:00Z",
        }


@dataclass(frozen=True, slots=True)
class Difference:
    """One command line on one input that gave something else: two texts, and what permits that."""

    source: str
    command: str
    before: str
    after: str
    permitted: frozenset[str] | None

    def text(self, most: int | None = None) -> str:
        """The difference as people read it, cut after `most` lines."""
        lines = list(
            unified_diff(self.before.splitlines(), self.after.splitlines(), "before", "after", lineterm="", n=2)
        )
        if most is not None and len(lines) > most:
            lines = [*lines[:most], f"… and {len(lines) - most} lines"]
        return "\n".join([f"remit {self.command}   [{self.source}]", *lines])


def version(name: str) -> Version:
    """The remit of a folder with a working tree, of a wheel, or of a git revision, which is built now."""
    path = Path(name)
    if (path / "src" / "remit").is_dir():
        return Version(Path(sys.executable), str((path / "src").resolve()))
    if path.suffix == ".whl":
        return _installed(path.resolve(), None)
    commit = _git("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}").strip()
    wheels = CACHE / commit
    if not list(wheels.glob("*.whl")):
        _build(commit, wheels)
    [wheel] = wheels.glob("*.whl")
    return _installed(wheel, wheels / "requirements.txt")


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S607 - git of the machine
    if done.returncode:
        raise SystemExit(f"there is no wheel, folder or git revision for `git {' '.join(arguments)}`: {done.stderr}")
    return done.stdout


def _build(commit: str, wheels: Path) -> None:
    """Build the wheel of a commit beside the requirements that it is locked to."""
    with tempfile.TemporaryDirectory() as folder:
        archive = Path(folder) / "source.tar"
        source = Path(folder) / "source"
        source.mkdir()
        _git("archive", "--format=tar", f"--output={archive}", commit)
        subprocess.run(["tar", "-xf", str(archive), "-C", str(source)], check=True)  # noqa: S607 - tar of the machine
        made = Path(folder) / "wheels"
        command = [
            sys.executable,
            "-m",
            "pip",
            "wheel",
            "--quiet",
            "--disable-pip-version-check",
            "--no-deps",
            "--no-build-isolation",
        ]
        subprocess.run([*command, "--wheel-dir", str(made), str(source)], check=True)
        wheels.mkdir(parents=True, exist_ok=True)
        shutil.copy(source / "requirements.txt", wheels)
        for wheel in made.glob("*.whl"):
            shutil.copy(wheel, wheels)


def _installed(wheel: Path, requirements: Path | None) -> Version:
    """An environment of its own with a wheel in it: made once for each content."""
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()[:16]
    environment = CACHE / f"venv-{digest}"
    python = environment / "bin" / "python"
    if not (environment / "complete").exists():
        shutil.rmtree(environment, ignore_errors=True)
        uv = str(Path(sys.executable).parent / "uv")
        subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, str(environment)], check=True)
        install = [uv, "pip", "install", "--quiet", "--python", str(python)]
        if requirements is not None:
            subprocess.run([*install, "--require-hashes", "--requirement", str(requirements)], check=True)
            install.append("--no-deps")
        subprocess.run([*install, str(wheel)], check=True)
        (environment / "complete").touch()
    return Version(python, "")


def run(remit: Version, jobs: Mapping[str, Job], scratch: Path) -> dict[str, list[tuple[str, str]]]:
    """What each step of each input printed and wrote, with a version of remit; paths and the version are taken out."""
    scratch.mkdir()
    ordered = scratch / "jobs.json"
    ordered.write_text(json.dumps({"warm": corpus.warm(), "jobs": list(jobs.values())}), encoding="utf-8")
    results = scratch / "results.jsonl"
    command = [str(remit.python), str(HERE / "worker.py"), str(ordered), str(results)]
    environment = remit.environment(scratch)
    done = subprocess.run(command, cwd=scratch, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"the worker of {remit.python} failed:\n{done.stderr}")
    lines = iter(results.read_text(encoding="utf-8").splitlines())
    number, package, *prefixes = json.loads(next(lines))
    paths = {str(scratch.resolve()): "<here>", package: "<remit>", **dict.fromkeys(prefixes, "<python>")}
    plain = _Plain(number, paths)
    outputs = {}
    for name, job in jobs.items():
        rows = [json.loads(next(lines)) for _ in job["steps"]]
        outputs[name] = [(command, plain(text)) for command, text in rows]
    return outputs


class _Plain:
    """Takes out of an output what is of this machine or run: paths, addresses of objects, the number of the version."""

    def __init__(self, number: str, paths: Mapping[str, str]) -> None:
        self.paths = sorted(paths.items(), key=lambda pair: -len(pair[0]))
        self.number = re.compile(rf"(?<![\w.]){re.escape(number)}(?![\w.])")

    def __call__(self, text: str) -> str:
        for path, word in self.paths:
            text = text.replace(path, word)
        text = _ADDRESS.sub("<address>", text)  # of an object, in what Python says of it
        text = _COMMIT.sub("<commit>", text)
        return self.number.sub("<version>", text)


def differences(
    before: Mapping[str, Sequence[tuple[str, str]]],
    after: Mapping[str, Sequence[tuple[str, str]]],
    permitted: Sequence[Change],
) -> list[Difference]:
    """Each output that is not the same, with the kinds that permit it (None: none does)."""
    found = []
    for source, outputs in before.items():
        for (command, old), (_, new) in zip(outputs, after[source], strict=True):
            if old != new:
                titles = changes.permitting(command, old, new, permitted)
                found.append(Difference(source, command, old, new, None if titles is None else frozenset(titles)))
    return found


def report(found: Sequence[Difference]) -> str:
    """Every difference, those that are not permitted first, by command."""
    unpermitted = [difference for difference in found if difference.permitted is None]
    parts = [difference.text() for difference in sorted(unpermitted, key=lambda one: (one.command, one.source))]
    for difference in found:
        if difference.permitted is not None:
            titles = "; ".join(sorted(difference.permitted))
            parts.append(f"permitted ({titles}): {difference.text()}")
    return "\n\n".join(parts) + "\n" if parts else ""


def summary(found: Sequence[Difference], permitted: Sequence[Change]) -> str:
    """What is printed: some differences of each command, and how many there are of each kind."""
    lines = []
    by_command: dict[str, list[Difference]] = {}
    for difference in found:
        if difference.permitted is None:
            by_command.setdefault(difference.command, []).append(difference)
    for command, several in sorted(by_command.items()):
        lines.append(f"== {command}: {len(several)} differ")
        lines.extend(f"{difference.text(LINES)}\n" for difference in several[:SHOWN])
    titles = Counter(title for difference in found for title in difference.permitted or ())
    lines.extend(
        f"permitted, {titles[change]} times: {change}" for change in dict.fromkeys(one.title for one in permitted)
    )
    for command, several in sorted(by_command.items()):
        lines.append(f"not permitted, {len(several)} times: {command}")
    return "\n".join(lines) + "\n" if lines else ""


def compare(before: Version, after: Version, jobs: Mapping[str, Job], permitted: Sequence[Change]) -> list[Difference]:
    """Run both versions side by side, in folders whose names are as long as one another."""
    with tempfile.TemporaryDirectory(prefix="remit-versions-") as folder, ThreadPoolExecutor(2) as pool:
        scratch = Path(folder)
        old = pool.submit(run, before, jobs, scratch / "one")
        new = pool.submit(run, after, jobs, scratch / "two")
        return differences(old.result(), new.result(), permitted)


def chosen(jobs: Mapping[str, Job], every: int, only: str) -> dict[str, Job]:
    """Every n-th input; of each the steps whose command holds `only`."""
    picked = {}
    for name in list(jobs)[::every]:
        steps = [step for step in jobs[name]["steps"] if only in step["name"]]
        if steps:
            picked[name] = {**jobs[name], "steps": steps}
    return picked


def _folders(folders: Iterable[Path]) -> list[Path]:
    for folder in folders:
        if not folder.is_dir():
            raise SystemExit(
                f"there is no folder {folder}; `python tests/versions/public.py {folder}` fetches public inputs into it"
            )
    return list(folders)


def main() -> int:
    """Compare, print a summary, write the whole list; 1 when a difference is not permitted."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--before", required=True, help="a wheel, a git revision, or a folder with a working tree")
    parser.add_argument("--after", default=str(ROOT), help="the same (default: this working tree)")
    parser.add_argument(
        "--public", type=Path, action="append", default=[], help="also the templates and policies of this folder"
    )
    parser.add_argument("--no-stored", action="store_true", help="leave out what the repository holds")
    parser.add_argument("--every", type=int, default=1, help="only every n-th input")
    parser.add_argument("--only", default="", help="only commands that hold this text: `lint`, `--json`")
    parser.add_argument(
        "--output", type=Path, default=CACHE / "differences.txt", help="where the whole list is written"
    )
    options = parser.parse_args()
    permitted = changes.read(PERMITTED.read_text(encoding="utf-8"))
    jobs = chosen(corpus.jobs(_folders(options.public), stored=not options.no_stored), options.every, options.only)
    before, after = version(options.before), version(options.after)
    start = time.monotonic()
    found = compare(before, after, jobs, permitted)
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(report(found), encoding="utf-8")
    sys.stdout.write(summary(found, permitted))
    outputs = sum(len(job["steps"]) for job in jobs.values())
    unpermitted = sum(difference.permitted is None for difference in found)
    sys.stdout.write(
        f"{outputs} outputs of {len(jobs)} inputs: {len(found)} differ, {unpermitted} of them not permitted "
        f"({time.monotonic() - start:.0f} s; all in {options.output})\n"
    )
    return 1 if unpermitted else 0


if __name__ == "__main__":
    sys.exit(main())
