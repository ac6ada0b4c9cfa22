"""Measure `remit deploy --local` of examples/orders: a first deploy, and one that changes nothing.

    python bench/deploy.py [--rounds 7] [--json]

Whole processes, medians. Warm: the AWS on this machine runs, the package's dependencies are cached, and a round before
does not count. Of the first deploy, what CloudFormation itself takes (from the stack's first event after the change
set was executed to its last) is told apart from the rest; here it makes resources at once, in AWS it takes minutes.
Each round ends with `remit delete`, which is measured, too.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from measure import ROOT, Command, Run, environment, machine, measure, median, remit

_STACK = "orders-dev"
_STEPS = {
    "first deploy": ("deploy", "--local", "--yes"),
    "no change": ("deploy", "--local", "--yes"),
    "delete": ("delete", "--local", "--yes"),
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=7, help="rounds that count (default 7)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="remit-bench-") as temporary:
        folder = Path(temporary) / "orders"
        shutil.copytree(ROOT / "examples" / "orders", folder, ignore=shutil.ignore_patterns(".remit", "__pycache__"))
        try:
            aws = json.loads(_output(folder, "local", "start", "--json"))
            runs, inside = _rounds(folder, options.rounds, aws)
        finally:
            _output(folder, "local", "stop")
    if options.json:
        print(json.dumps(_document(runs, inside, options.rounds), indent=2))
    else:
        _print(runs, inside, options.rounds)


def _rounds(folder: Path, rounds: int, aws: dict[str, Any]) -> tuple[dict[str, Run], float]:
    """The medians of each step, and of the seconds that CloudFormation took for the first deploy."""
    runs: dict[str, list[Run]] = {name: [] for name in _STEPS}
    inside: list[float] = []
    for number in range(rounds + 1):
        for name, arguments in _STEPS.items():
            run = measure(_command(folder, *arguments))
            if number:
                runs[name].append(run)
            if number and name == "first deploy":
                inside.append(_cloudformation(aws))
    return {name: median(found) for name, found in runs.items()}, statistics.median(inside)


def _command(folder: Path, *arguments: str) -> Command:
    program, variables = remit()
    return Command((*program, *arguments), folder, {**environment(folder.parent), **variables})


def _output(folder: Path, *arguments: str) -> str:
    """What a command prints that is not measured."""
    command = _command(folder, *arguments)
    done = subprocess.run(
        command.arguments, cwd=folder, env=dict(command.variables), check=True, stdout=subprocess.PIPE, text=True
    )
    return done.stdout


def _cloudformation(aws: dict[str, Any]) -> float:
    """Seconds from the stack's first event after its change set was executed to its last."""
    import boto3  # noqa: PLC0415 - here, since remit brings it: `--help` works without

    given = aws["environment"]
    client = boto3.client(
        "cloudformation",
        endpoint_url=aws["url"],
        region_name=aws["region"],
        aws_access_key_id=given["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=given["AWS_SECRET_ACCESS_KEY"],
    )
    pages = client.get_paginator("describe_stack_events").paginate(StackName=_STACK)
    events = [event for page in pages for event in page["StackEvents"]]
    times = [event["Timestamp"] for event in events if event["ResourceStatus"] != "REVIEW_IN_PROGRESS"]
    return float((max(times) - min(times)).total_seconds())


def _print(runs: dict[str, Run], inside: float, rounds: int) -> None:
    print(f"{machine()}; medians of {rounds} rounds\n")
    print(f"{'remit … --local':<16}{'wall s':>10}{'CPU s':>10}")
    for name, run in runs.items():
        print(f"{name:<16}{run.wall:>10.3f}{run.cpu:>10.3f}")
    whole = runs["first deploy"].wall
    print(f"\nof the first deploy, CloudFormation takes {inside:.3f} s; outside of it {whole - inside:.3f} s ", end="")
    print(f"({(whole - inside) / whole:.0%})")


def _document(runs: dict[str, Run], inside: float, rounds: int) -> dict[str, Any]:
    return {
        "machine": machine(),
        "rounds": rounds,
        "steps": {name: asdict(run) for name, run in runs.items()},
        "cloudformation_s": inside,
        "outside_share": (runs["first deploy"].wall - inside) / runs["first deploy"].wall,
    }


if __name__ == "__main__":
    main()
