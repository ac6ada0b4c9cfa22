"""Whether imported apps answer as their sources do: some of them, by a seed, deployed to the AWS on this machine.

    python tests/import_runs.py FOLDER TEMPLATES [--seed 1] [--count 20]

Each function of an app is called with the events that its repository has for it (`events/*.json`), else with the sample
event of its trigger. The source's handler is called with the same event, in a process of its own with the source's
variables and the function's packages. The two answer alike if their answers are equal but for times and ids, or if both
end with an exception of the same class.
"""

# ruff: noqa: BLE001, PLC0415, T201 - a script: it prints, and goes on past any failure
from __future__ import annotations

import argparse
import csv
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

RUN = """
import importlib, json, sys
event, handler = json.load(open(sys.argv[1])), sys.argv[2]
class Context:
    aws_request_id = "00000000-0000-0000-0000-000000000000"
    function_name = memory_limit_in_mb = log_stream_name = log_group_name = function_version = "x"
    invoked_function_arn = "arn:aws:lambda:us-east-1:000000000000:function:x"
    def get_remaining_time_in_millis(self): return 30000
module, _, name = handler.rpartition(".")
try:
    print("\\nANSWER" + json.dumps(getattr(importlib.import_module(module), name)(event, Context()), default=str))
except Exception as error:
    print("\\nFAILED" + type(error).__name__)
"""
VOLATILE = r"[0-9a-f]{8}-[0-9a-f-]{27}|\d{4}-\d\d-\d\d[T ][\d:.+Z]+|\d{9,}(\.\d+)?|[A-Z0-9]{26,}"
"""Ids and times, which differ from call to call."""


def ran(folder: Path, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A command of remit's in a folder."""
    variables = {**os.environ, **environment}
    program = [sys.executable, "-m", "remit", *command]
    return subprocess.run(program, cwd=folder, env=variables, capture_output=True, text=True, check=False, timeout=240)


def alike(answer: Any) -> str:
    """An answer without ids and times."""
    return re.sub(VOLATILE, "…", json.dumps(answer, sort_keys=True))


def events_of(source: Path, folder: Path, name: str) -> list[Any]:
    """The events that a repository has, or the sample of a function's trigger."""
    files = [*source.parent.glob("events/*.json"), *source.parent.glob("event*.json")]
    events = []
    for file in files[:3]:
        try:
            events.append(json.loads(file.read_text("utf-8")))
        except ValueError:
            continue
    text = (folder / "app.py").read_text("utf-8")
    block = next((part for part in text.split("\napp.function(") if f'name="{name}"' in part), "")
    trigger = re.search(r"\bon\.(\w+)\(", block)
    if not events and trigger is not None:
        sample = ran(folder, "event", trigger[1], name)
        events = [json.loads(sample.stdout)] if sample.returncode == 0 else []
    return events or [{}]


def compared(source: Path, folder: Path) -> list[tuple[str, bool, str]]:
    """Each function of an app with one event: whether both answer alike, and what they answer."""
    status = ran(folder, "local", "status", "--json")
    local = json.loads(status.stdout)["environment"]
    import boto3

    keys = {"aws_access_key_id": local["AWS_ACCESS_KEY_ID"], "aws_secret_access_key": local["AWS_SECRET_ACCESS_KEY"]}
    client = boto3.client("lambda", endpoint_url=local["AWS_ENDPOINT_URL"], region_name=local["AWS_REGION"], **keys)
    results = []
    names = re.findall(r'name="(\w+)",\n    logical_id="(\w+)"', (folder / "app.py").read_text("utf-8"))
    stack = boto3.client(
        "cloudformation", endpoint_url=local["AWS_ENDPOINT_URL"], region_name=local["AWS_REGION"], **keys
    )
    for name, logical_id in names:
        resource = stack.describe_stack_resource(StackName=f"{folder.name}-dev", LogicalResourceId=logical_id)
        physical = resource["StackResourceDetail"]["PhysicalResourceId"]
        function = client.get_function_configuration(FunctionName=physical)
        variables = function.get("Environment", {}).get("Variables", {})
        archive = next(path for path in (folder / ".remit/build").glob("*.zip") if name in (path.stem, path.name))
        unpacked = Path(tempfile.mkdtemp(prefix="import-runs-"))
        zipfile.ZipFile(archive).extractall(unpacked)
        for event in events_of(source, folder, name)[:1]:
            (unpacked / "event.json").write_text(json.dumps(event))
            called = ran(folder, "invoke", "--local", name, "--event", str(unpacked / "event.json"), "--json")
            answer = json.loads(called.stdout) if called.stdout.strip().startswith("{") else {}
            own = {**os.environ, **local, **{key: value for key, value in variables.items() if "REMIT" not in key}}
            program = [sys.executable, "-c", RUN, str(unpacked / "event.json"), function["Handler"]]
            old = subprocess.run(
                program, cwd=unpacked, env=own, capture_output=True, text=True, check=False, timeout=120
            )
            line = next((text for text in reversed(old.stdout.splitlines()) if text[:6] in ("ANSWER", "FAILED")), "")
            if answer.get("failed"):
                kind = str((answer.get("error") or {}).get("type") or answer.get("answer"))
                same = line.startswith("FAILED") and line[6:] in kind + json.dumps(answer)
                results.append((name, same, f"{line[:120]} | {kind[:120]} {json.dumps(answer.get('access'))[:200]}"))
            else:
                before = json.loads(line[6:]) if line.startswith("ANSWER") else None
                same = line.startswith("ANSWER") and alike(before) == alike(answer.get("answer"))
                why = "" if line else old.stderr[-200:]
                results.append((name, same, f"{line[:160]} | {json.dumps(answer.get('answer'))[:160]} {why}"))
    return results


def main() -> int:
    """Print a line for each function, and how many answer alike."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("templates", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=20)
    options = parser.parse_args()
    with options.templates.open() as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    random.Random(options.seed).shuffle(rows)  # noqa: S311 - a choice that anybody can repeat
    apps = functions = same = 0
    for row in rows:
        if apps == options.count:
            break
        source = options.folder / row["repository"].replace("/", "+") / row["path"]
        root = Path(tempfile.mkdtemp(prefix="import-runs-"))
        folder = root / "app"
        imported = ran(root, "import", str(source), str(folder))
        stubs = "stands for code" in imported.stderr
        if imported.returncode or stubs:
            continue
        try:
            deployed = ran(folder, "deploy", "--local", "--yes")
        except subprocess.TimeoutExpired:
            print(f"- {row['path']}: its deploy takes too long", flush=True)
            ran(folder, "local", "stop")
            continue
        if deployed.returncode:
            print(f"- {row['path']}: {deployed.stderr[-300:]}", flush=True)
            ran(folder, "local", "stop")
            continue
        apps += 1
        try:
            for name, is_same, told in compared(source, folder):
                functions += 1
                same += is_same
                print(f"{'=' if is_same else '!'} {row['path']} {name}: {told}", flush=True)
        except Exception as error:
            print(f"? {row['path']}: {error!r:.300}", flush=True)
        ran(folder, "local", "stop")
        shutil.rmtree(root, ignore_errors=True)
    print(f"{same} of {functions} functions of {apps} apps answer alike")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
