"""Measure `remit diff` on an app of 200 functions: against the record of the last deploy, and against a commit.

    python bench/diff.py [--rounds 7] [--functions 200] [--json]

Whole processes in turn, after a round that does not count; medians. The app is the one of bench/build.py: functions
that share a role by forties, every fifth on a daily schedule. The change gives every function another action and takes
one away, so that each role is compared, and none is found equal by looking. The bar: under a second of processor time
each, whatever else the machine does.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from build import write_remit
from measure import Command, environment, interleaved, machine, remit

if TYPE_CHECKING:
    from measure import Run

_BAR = 1.0  # seconds of processor time
_RECORD = """\
import sys
from pathlib import Path
from remit.loading.load import load
from remit.review.record import Place, record, record_path
from remit.review.working_tree import version_of
folder = Path(sys.argv[1])
app = load(folder)
path = record_path(folder, app.namespace)
path.parent.mkdir(parents=True)
path.write_text(record(version_of(app), app.stage, Place("111122223333", "eu-central-1")))
"""


def main() -> None:
    """Measure and print; exit 1 when one is over the bar."""
    options = _options()
    with tempfile.TemporaryDirectory(prefix="remit-bench-") as temporary:
        runs = interleaved(_commands(Path(temporary), options.functions), options.rounds)
    if options.json:
        values = {name: asdict(run) for name, run in runs.items()}
        print(json.dumps({"machine": machine(), "functions": options.functions, "runs": values}, indent=2))
    else:
        _print(runs, options)
    sys.exit(int(any(run.cpu >= _BAR for run in runs.values())))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=7, help="rounds that count (default 7)")
    parser.add_argument("--functions", type=int, default=200, help="functions of the app (default 200)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser.parse_args()


def _commands(folder: Path, size: int) -> dict[str, Command]:
    app = folder / "app"
    program, variables = remit()
    common = {**environment(folder), "PYTHONPATH": variables.get("PYTHONPATH", "")}
    write_remit(app, size)
    _git(app, "init", "--quiet")
    _git(app, "add", ".")
    _git(app, "commit", "--quiet", "--message", "before")
    subprocess.run([sys.executable, "-c", _RECORD, str(app)], env=common, check=True)
    settings = app / "config" / "deploy.py"
    text = settings.read_text().replace('"dynamodb:PutItem"', '"dynamodb:UpdateItem"')
    settings.write_text(text, encoding="utf-8")
    command = Command((*program, "diff"), app, common, expected=1)
    same = folder / "same"
    write_remit(same, size)
    subprocess.run([sys.executable, "-c", _RECORD, str(same)], env=common, check=True)
    return {
        "against the record": command,
        "against the record, nothing changed": replace(command, folder=same, expected=0),
        "against a commit": replace(command, arguments=(*command.arguments, "--base", "HEAD")),
        "against a commit, as JSON": replace(command, arguments=(*command.arguments, "--base", "HEAD", "--json")),
    }


def _git(folder: Path, *arguments: str) -> None:
    who = ("-c", "user.name=bench", "-c", "user.email=bench@example.com")
    subprocess.run(["git", *who, "-C", str(folder), *arguments], check=True)  # noqa: S607 - git is where PATH says


def _print(runs: dict[str, Run], options: argparse.Namespace) -> None:
    print(f"{machine()}; {options.functions} functions; medians of {options.rounds} rounds\n")
    print(f"{'remit diff':<40}{'wall s':>8}{'CPU s':>8}{'peak MB':>9}")
    for name, run in runs.items():
        print(f"{name:<40}{run.wall:>8.3f}{run.cpu:>8.3f}{run.peak:>9.1f}")
    is_held = all(run.cpu < _BAR for run in runs.values())
    print(f"\nthe bar is {_BAR:.0f} s of processor time: {'held' if is_held else 'broken'}")


if __name__ == "__main__":
    main()
