"""Measure `remit build --no-package` against `chalice package`, and `remit --version` against Python itself.

    python bench/build.py [--rounds 7] [--sizes 1,50,200] [--peers FOLDER] [--json]
    python bench/build.py --triggers [--rounds 7]
    python bench/build.py --zips [--rounds 7]
    python bench/build.py --loading [--rounds 7]

Whole processes, in turn (remit, chalice, remit, chalice …) after a round that does not count; medians. Both build the
same app: functions with one small policy, every fifth of them on a daily schedule. Both are warm: chalice, which has
no way to make a template without its zip, finds the zip of the warm-up and packs nothing. Its policy is given
(`autogen_policy: false`) and it has no dependencies to install. remit declares a log group for each function, and a
role for 40 of them, which share it since the app says so; chalice a role for each function.

With --triggers, remit alone builds 165 functions, of which every third has a trigger, of ten kinds in turn, and 120
with a trigger each (more do not fit into 500 resources), and each of these numbers without triggers.

With --zips, remit alone makes the zips, too: of 100 functions of 40 lines in one module, and of one function beside
numpy, pandas and pydantic (from PyPI, once), each time with one line changed.

With --loading, remit alone runs and judges the files of apps of 1, 50, 119 and 165 functions with a trigger each, and
of 2,000 with a trigger and a grant: the CPU of that alone, the least of the rounds.

chalice goes into a virtual environment of its own under --peers (kept), or under a temporary folder.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import venv
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from typing import Any

from measure import Command, Run, environment, interleaved, machine, measure, median, remit

CHALICE = "1.34.0"
_TRIGGERED = ((165, 3), (120, 1))
"""How many functions, and every how many of them has a trigger."""
_TRIGGERS = (
    'on.s3("theirs-{number}")',
    'on.sns("news-{number}")',
    'on.event(source="shop-{number}")',
    'on.schedule("rate(1 day)")',
    'on.sqs("orders-{number}")',
    'on.kinesis("clicks-{number}")',
    'on.logs("/aws/lambda/other-{number}", "ERROR")',
    "on.iot(\"SELECT * FROM 'a{number}'\")",
    'on.api("GET /orders/{number}", auth="NONE")',
    "on.http()",
)
_ZIPPED = (
    ("100 functions of 40 lines", 100, 38, ()),
    ("a changed line beside numpy, pandas and pydantic", 1, 1, ("numpy==2.2.6", "pandas==2.2.3", "pydantic==2.11.7")),
)
"""What it is called, how many functions with how many lines in their bodies, and what requirements.txt lists."""
_LOADING = """
import sys, time
import remit.build
from remit.loading.load import load_project
start = time.process_time()
load_project(sys.argv[1]).mistakes.refuse()
print(time.process_time() - start)
"""
_EVERY = 5  # so that 200 functions stay under the 500 resources of a template
_ON_A_ROLE = 40  # each brings its log group's ARN, and the policies of a role have 10,240 characters at most
_VERSION_RUNS = 3  # for each round of the builds: these are short

_REMIT_CONFIG = """\
from remit import aws, configure, project

with configure() as config:
    config.lambda_.iam.share_roles = True
    config.lambda_.iam.policy = [
        "xray:PutTraceSegments",
        {
            "Effect": "Allow",
            "Action": ["dynamodb:GetItem", "dynamodb:PutItem"],
            "Resource": f"arn:{aws.partition}:dynamodb:{aws.region}:{aws.account}:table/{project.namespace}-orders",
        },
    ]
"""
_CHALICE_CONFIG = {
    "version": "2.0",
    "app_name": "bench",
    "stages": {"dev": {"autogen_policy": False, "iam_policy_file": "policy.json"}},
}
_CHALICE_POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": "arn:*:logs:*:*:*"},
        {"Effect": "Allow", "Action": "xray:PutTraceSegments", "Resource": "*"},
        {
            "Effect": "Allow",
            "Action": ["dynamodb:GetItem", "dynamodb:PutItem"],
            "Resource": "arn:aws:dynamodb:us-east-1:123456789012:table/bench-dev-orders",
        },
        {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "arn:aws:sqs:us-east-1:123456789012:batch-*"},
    ],
}


def main() -> None:
    """Measure and print."""
    options = _options()
    with tempfile.TemporaryDirectory(prefix="remit-bench-") as temporary:
        folder = Path(temporary)
        if options.zips:
            _print_zips(folder, options.rounds)
            return
        if options.loading:
            _print_loading(folder, options.rounds)
            return
        if options.triggers:
            _print_triggers(interleaved(_triggers(folder), options.rounds), options.rounds)
            return
        chalice = _chalice((options.peers or folder / "peers").resolve())
        sizes = sorted(set(options.sizes))
        builds = {size: interleaved(_builds(folder, size, chalice), options.rounds) for size in sizes}
        starts = interleaved(_starts(folder), options.rounds * _VERSION_RUNS)
    if options.json:
        print(json.dumps(_document(builds, starts, options.rounds), indent=2))
    else:
        _print(builds, starts, options.rounds)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=7, help="rounds that count (default 7)")
    parser.add_argument("--sizes", type=_sizes, default=[1, 50, 200], help="numbers of functions (default 1,50,200)")
    parser.add_argument("--peers", type=Path, help="keep chalice's environment in this folder")
    parser.add_argument("--triggers", action="store_true", help="measure what triggers add to remit's own build")
    parser.add_argument("--loading", action="store_true", help="measure the loading of an app alone")
    parser.add_argument("--zips", action="store_true", help="measure remit's own builds with their zips")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser.parse_args()


def _sizes(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]


def _chalice(peers: Path) -> Path:
    """The chalice of an environment that holds it alone, made when it is not there."""
    home = peers / f"chalice-{CHALICE}-py{sys.version_info.major}.{sys.version_info.minor}"
    script = home / "bin" / "chalice"
    if not script.exists():
        print(f"installing chalice {CHALICE} into {home}", file=sys.stderr)
        venv.create(home, with_pip=True)
        pip = (str(home / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
        subprocess.run([*pip, f"chalice=={CHALICE}"], check=True)
    return script


def _builds(folder: Path, size: int, chalice: Path) -> dict[str, Command]:
    ours, theirs = folder / f"remit-{size}", folder / f"chalice-{size}"
    write_remit(ours, size)
    _write_chalice(theirs, size)
    program, variables = remit()
    common = environment(folder)
    package = (str(chalice), "package", "--template-format", "json", str(folder / f"chalice-{size}-out"))
    return {
        "remit": Command((*program, "build", "--no-package"), ours, {**common, **variables}),
        "chalice": Command(package, theirs, common),
    }


def _triggers(folder: Path) -> dict[str, Command]:
    """The same functions with triggers and without."""
    program, variables = remit()
    commands = {}
    for size, every in _TRIGGERED:
        for kind, step in (("with", every), ("without", size + 1)):
            home = folder / f"{size}-{kind}"
            _write_triggers(home, size, step)
            build = Command((*program, "build", "--no-package"), home, {**environment(folder), **variables})
            commands[home.name] = build
    return commands


def _print_loading(folder: Path, rounds: int) -> None:
    print(f"{machine()}; the least of {rounds} rounds\n")
    for size, grant in ((1, ""), (50, ""), (119, ""), (165, ""), (2_000, 'policy=[grants.dynamodb.put("t{number}")]')):
        home = folder / f"loading-{size}"
        _write_triggers(home, size, 1, grant)
        command = [sys.executable, "-c", _LOADING, str(home)]
        done = [subprocess.run(command, capture_output=True, text=True, check=True).stdout for _ in range(rounds)]
        print(f"{size} functions, a trigger each{' and a grant' * bool(grant)}: {1_000 * min(map(float, done)):.0f} ms")


def _write_triggers(home: Path, size: int, every: int, grant: str = "") -> None:
    """Write an app of functions, every so many of which have a trigger, and each a grant."""
    lines = ["from remit import App, grants, on", "", "app = App()"]
    for number in range(1, size + 1):
        turn, beside = divmod(number, every)
        trigger = "" if beside else _TRIGGERS[turn % len(_TRIGGERS)].replace("{number}", str(number))
        arguments = ", ".join(part for part in (trigger, grant.replace("{number}", str(number))) if part)
        lines += ["", "", f"@app.function({arguments})", f"def work_{number}(event, context): ..."]
    _write(home / "app.py", "\n".join(lines) + "\n")
    _write(home / "config" / "deploy.py", _REMIT_CONFIG)
    _write(home / "pyproject.toml", '[project]\nname = "bench"\n')


def _print_triggers(runs: dict[str, Run], rounds: int) -> None:
    print(f"{machine()}; medians of {rounds} rounds\n")
    for size, every in _TRIGGERED:
        triggered, bare = runs[f"{size}-with"].cpu, runs[f"{size}-without"].cpu
        share = "each" if every == 1 else f"one of {every}"
        print(
            f"{size} functions, {share} with a trigger: {triggered:.3f} CPU s, {bare:.3f} without: "
            f"{triggered / bare:.2f} times"
        )


def _print_zips(folder: Path, rounds: int) -> None:
    program, variables = remit()
    print(f"{machine()}; medians of {rounds} rounds\n")
    for name, functions, lines, requirements in _ZIPPED:
        home = folder / name.replace(" ", "-")
        body = "".join(f"    value_{line} = event.get('{line}')\n" for line in range(lines))
        source = "from remit import App\n\napp = App()\n" + "".join(
            f"\n\n@app.function\ndef work_{number}(event, context):\n{body}    return {number}\n"
            for number in range(functions)
        )
        _write(home / "config" / "deploy.py", _REMIT_CONFIG)
        _write(home / "pyproject.toml", '[project]\nname = "bench"\n')
        _write(home / "requirements.txt", "".join(f"{requirement}\n" for requirement in requirements))
        build = Command((*program, "build"), home, {**environment(folder), **variables})
        runs = []
        for change in range(rounds + 1):
            _write(home / "app.py", f"{source}# {change}\n")
            runs.append(measure(build))
        run = median(runs[1:])
        print(f"{name}: {run.cpu:.2f} CPU s, {run.wall:.2f} wall s, {run.peak:.0f} MB at most")


def _starts(folder: Path) -> dict[str, Command]:
    program, variables = remit()
    common = {**environment(folder), **variables}
    return {
        "remit --version": Command((*program, "--version"), folder, common),
        "python -c pass": Command((sys.executable, "-c", "pass"), folder, common),
    }


def write_remit(folder: Path, size: int) -> None:
    """Write the app that is measured: functions that share roles, some with a trigger."""
    lines = ["from remit import App", "from remit.triggers import schedule", "", "app = App()"]
    for number in range(size):
        batch = number // _ON_A_ROLE
        if number % _ON_A_ROLE == 0:
            policy = [
                {
                    "Effect": "Allow",
                    "Action": "sqs:SendMessage",
                    "Resource": f"arn:aws:sqs:us-east-1:123456789012:batch-{batch}",
                }
            ]
            lines += ["", f'batch_{batch} = app.group("batch {batch}", policy={policy!r})']
        trigger = 'schedule("rate(1 day)")' if number % _EVERY == 0 else ""
        lines += [
            "",
            "",
            f"@batch_{batch}.function({trigger})",
            f"def work_{number}(event, context):",
            f"    return {number}",
        ]
    _write(folder / "app.py", "\n".join(lines) + "\n")
    _write(folder / "config" / "deploy.py", _REMIT_CONFIG)
    _write(folder / "pyproject.toml", '[project]\nname = "bench"\n')


def _write_chalice(folder: Path, size: int) -> None:
    lines = ["from chalice import Chalice, Rate", "", 'app = Chalice(app_name="bench")']
    for number in range(size):
        scheduled = number % _EVERY == 0
        decorator = "@app.schedule(Rate(1, unit=Rate.DAYS))" if scheduled else "@app.lambda_function()"
        parameters = "event" if scheduled else "event, context"
        lines += ["", "", decorator, f"def work_{number}({parameters}):", f"    return {number}"]
    _write(folder / "app.py", "\n".join(lines) + "\n")
    _write(folder / "requirements.txt", "")
    _write(folder / ".chalice" / "config.json", json.dumps(_CHALICE_CONFIG, indent=2))
    _write(folder / ".chalice" / "policy.json", json.dumps(_CHALICE_POLICY, indent=2))


def _write(path: Path, content: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")


def _per_function(builds: dict[int, dict[str, Run]], name: str) -> list[dict[str, float]]:
    """The milliseconds of CPU that one more function costs, between each size and the next: equal when linear."""
    return [
        {"from": small, "to": large, "ms": 1000 * (builds[large][name].cpu - builds[small][name].cpu) / (large - small)}
        for small, large in pairwise(builds)
    ]


def _print(builds: dict[int, dict[str, Run]], starts: dict[str, Run], rounds: int) -> None:
    print(f"{machine()}; chalice {CHALICE}; medians of {rounds} rounds\n")
    print(f"{'functions':<12}{'':>10}{'remit':>12}{'chalice':>12}{'ratio':>8}")
    for size, runs in builds.items():
        ours, theirs = runs["remit"], runs["chalice"]
        for label, mine, other in (
            ("CPU s", ours.cpu, theirs.cpu),
            ("wall s", ours.wall, theirs.wall),
            ("peak MB", ours.peak, theirs.peak),
        ):
            print(f"{size:<12}{label:>10}{mine:>12.3f}{other:>12.3f}{mine / other:>8.2f}")
    print("\none more function costs, in ms of CPU")
    for name in ("remit", "chalice"):
        steps = (f"{step['ms']:.2f} ({step['from']} to {step['to']})" for step in _per_function(builds, name))
        print(f"  {name:<8}{', '.join(steps)}")
    ours, bare = starts.values()
    print(f"\nremit --version {ours.cpu * 1000:.1f} ms of CPU, python -c pass {bare.cpu * 1000:.1f} ms: ", end="")
    print(f"{ours.cpu / bare.cpu:.2f} times (wall {ours.wall / bare.wall:.2f})")


def _document(builds: dict[int, dict[str, Run]], starts: dict[str, Run], rounds: int) -> dict[str, Any]:
    return {
        "machine": machine(),
        "chalice": CHALICE,
        "rounds": rounds,
        "builds": {str(size): {name: asdict(run) for name, run in runs.items()} for size, runs in builds.items()},
        "ms_per_function": {name: _per_function(builds, name) for name in ("remit", "chalice")},
        "starts": {name: asdict(run) for name, run in starts.items()},
    }


if __name__ == "__main__":
    main()
