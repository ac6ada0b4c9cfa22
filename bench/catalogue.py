"""How fast the catalogue answers: expansion, the first look-up in a fresh process, everything loaded.

python bench/catalogue.py

All of it is processor time, so that a busy machine does not count.
"""

from __future__ import annotations

import os
import platform
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

SRC = Path(__file__).parents[1] / "src"
sys.path.insert(0, str(SRC))

from remit.catalogue.expand import expand  # noqa: E402 - the source tree is put on the path first

if TYPE_CHECKING:
    from collections.abc import Callable

_ROUNDS = 15
_FIRST = {
    "expand s3:Get*": "from remit.catalogue.expand import expand; expand('s3:Get*')",
    "action s3:GetObject": "from remit.catalogue.actions import action; action('s3:GetObject')",
    "type AWS::SQS::Queue": "from remit.catalogue.types import resource_type as t; t('AWS::SQS::Queue')",
    "managed policy": "from remit.catalogue.managed_policies import managed_policy as m; m('AWSXRayDaemonWriteAccess')",
    "operation s3.HeadObject": "from remit.catalogue.operations import operation as o; o('s3', 'HeadObject')",
}
_LOAD = """
import time
started = time.process_time()
from remit.catalogue import snapshot as store
for kind in store.snapshot().kinds():
    if not KINDS or kind in KINDS:
        for name in store.names(kind):
            (store.lines if kind.endswith(store.LINES) else store.chunk)(kind, name)
print(time.process_time() - started)
"""
_ACTIONS = "{'action-lines', 'name-lines', 'service', 'service-names'}"


def main() -> None:
    """Measure and print a table."""
    print(f"{_processor()}, {os.cpu_count()} CPUs, Python {platform.python_version()}, {platform.system()}")
    for pattern in ("s3:Get*", "ec2:*", "ec2:*Vpc*"):
        print(f"{'expand ' + pattern + ', asked before':42}{_rate(lambda p=pattern: expand(p)):>14,.0f}/s")
        print(
            f"{'expand ' + pattern + ', not remembered':42}{_rate(lambda p=pattern: expand.__wrapped__(p)):>14,.0f}/s"
        )
    bare = _process("pass")
    print(f"{'bare Python, whole process':42}{bare * 1000:>14.1f} ms")
    for name, script in _FIRST.items():
        print(f"{'first look-up over it: ' + name:42}{(_process(script) - bare) * 1000:>11.1f} ms")
    print(f"{'services and actions loaded whole':42}{_load(_ACTIONS) * 1000:>14.1f} ms")
    print(f"{'everything loaded whole':42}{_load('()') * 1000:>14.1f} ms")


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(": ")[1] for line in lines if line.startswith("model name")), platform.machine())


def _rate(call: Callable[[], object]) -> float:
    """Calls per second, of the best of some rounds."""
    call()
    best = 0.0
    for _ in range(5):
        started, count = time.process_time(), 0
        while time.process_time() - started < 0.05:  # noqa: PLR2004 - long enough to count
            for _ in range(100):
                call()
            count += 100
        best = max(best, count / (time.process_time() - started))
    return best


def _process(script: str) -> float:
    """Seconds of a fresh process that runs a script, the best of some."""
    return min(_timed([sys.executable, "-c", script]) for _ in range(_ROUNDS))


def _timed(command: list[str]) -> float:
    before = _time_of_children()
    subprocess.run(command, check=True, env={"PYTHONPATH": str(SRC)})
    return _time_of_children() - before


def _time_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _load(kinds: str) -> float:
    command = [sys.executable, "-c", _LOAD.replace("KINDS", kinds)]
    runs = (subprocess.run(command, check=True, env={"PYTHONPATH": str(SRC)}, capture_output=True) for _ in range(5))
    return min(float(ran.stdout) for ran in runs)


if __name__ == "__main__":
    main()
