"""How fast lint is, and how right: AWS's managed policies, an app of 200 functions, a whole process, known mistakes.

Run from the root, with the dependencies of the tests: `python bench/lint.py`. In this process it counts processor time,
so that a busy machine does not count; whole processes are medians of both. The first pass is that of a fresh process.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from measure import ROOT, Command, environment, interleaved, machine, remit
from remit.app import App, Function, Grant, Reason
from remit.catalogue.managed_policies import ManagedPolicy, managed_policies, managed_policy
from remit.errors import Origin
from remit.iam.policy import allow
from remit.lint.apps import errors
from remit.lint.files import lint_bytes, lint_document
from remit.roles.assign import assign
from remit.triggers import sqs

ROUNDS = 9
TESTS = ("bad_inputs", "bad_projects", "did_you_mean", "managed_policies", "rule_pages")
HERE = "arn:${AWS::Partition}:%s:${AWS::Region}:${AWS::AccountId}:%s"


def main() -> None:
    """Measure and print."""
    print(machine())
    policies = [found for name in managed_policies() if (found := managed_policy(name)) is not None]
    _managed(policies)
    _roles()
    _process()
    _mistakes()


def _managed(policies: list[ManagedPolicy]) -> None:
    for label in ("first pass", "warm", "warm"):
        start = time.process_time()
        found = [lint_document(policy.document, policy.name) for policy in policies]
        seconds = time.process_time() - start
        print(f"{label}: {len(policies) / seconds:,.0f} managed policies per second")
    texts = [(json.dumps(policy.document, indent=4).encode(), f"{policy.name}.json") for policy in policies]
    start = time.process_time()
    for text, file in texts:
        lint_bytes(text, file)
    print(f"as files, warm: {len(texts) / (time.process_time() - start):,.0f} managed policies per second, with places")
    severities = Counter(finding.severity for findings in found for finding in findings)
    print(f"{len(policies)} policies: {dict(severities)}; each error is in tests/lint/data/adjudicated.json")


def _roles() -> None:
    app = _app(200)
    roles = assign(app)
    for label in ("cold", "warm"):
        start = time.process_time()
        errors(app, roles)
        print(f"{label}: errors of {len(roles)} roles in {(time.process_time() - start) * 1000:.0f} ms")


def _process() -> None:
    """`remit lint` on the example, as often as bare Python, the import of click, and the import of boto3."""
    arguments, variables = remit()
    example = ROOT / "examples" / "orders"
    with tempfile.TemporaryDirectory() as home:
        variables = {**environment(Path(home)), **variables}
        python = {f"python -c '{code}'": ("-c", code) for code in ("pass", "import click", "import boto3")}
        commands = {name: Command((sys.executable, *given), example, variables) for name, given in python.items()}
        commands["remit lint"] = Command((*arguments, "lint"), example, variables)
        runs = interleaved(commands, ROUNDS)
    bare = runs["python -c 'pass'"]
    for name, run in runs.items():
        times = f"{run.cpu / bare.cpu:.1f} times bare Python's processor time"
        print(f"{name}: {run.wall * 1000:.0f} ms, {run.cpu * 1000:.0f} ms of processor time, {times}")


def _mistakes() -> None:
    """The tests that count: mistakes with their lines, slips with what was meant, pages of rules."""
    files = [f"tests/lint/test_{name}.py" for name in TESTS]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *files],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    print("\n".join(done.stdout.strip().splitlines()[-1:]) or done.stderr)


def _app(count: int) -> App:
    functions = tuple(
        Function(
            name=f"f{number}",
            logical_id=f"F{number}",
            handler=f"app.f{number}",
            properties={"Timeout": 30, "Environment": {"Variables": {"TABLE": "orders"}}},
            triggers=(sqs(f"queue{number}"),),
            policy=(
                _grant(number, "dynamodb:GetItem", "dynamodb:PutItem", on=HERE % ("dynamodb", f"table/t{number % 20}")),
                _grant(number, "s3:GetObject", on=f"arn:${{AWS::Partition}}:s3:::bucket{number}/*"),
                Grant(allow("logs:*"), Reason("text", "for every function"), Origin("config/deploy.py", 3, 3)),
            ),
            origin=Origin("app.py", number + 1, 1),
        )
        for number in range(count)
    )
    return App("bench", "dev", functions)


def _grant(number: int, *actions: str, on: str) -> Grant:
    return Grant(allow(*actions, on=on), Reason("text", "declared"), Origin("app.py", number + 1, 30))


if __name__ == "__main__":
    main()
