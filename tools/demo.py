"""The main job, shown: deploy examples/orders to the AWS on this machine, look at its roles, run a function."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
REMIT = Path(sys.executable).parent / "remit"
ORDER = {"Records": [{"messageId": "1", "body": json.dumps({"id": "A1", "amount": 42})}]}


def remit(*arguments: str) -> None:
    """Run remit in the example's folder, as a person would, and show both."""
    shown = " ".join(f"'{argument}'" if " " in argument else argument for argument in arguments)
    print(f"\n$ remit {shown}", flush=True)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "REMIT_"))}
    done = subprocess.run([REMIT, *arguments], cwd=ROOT / "examples" / "orders", env=environment, check=False)
    if done.returncode:
        sys.exit(f"remit {arguments[0]} ended with {done.returncode}")


def main() -> None:
    """Deploy, show, invoke."""
    remit("deploy", "--local", "--yes")
    for function in ("ingest", "report", "web"):
        remit("policy", "function", function, "--explain")
    remit("invoke", "--local", "ingest", "--event", json.dumps(ORDER))
    remit("invoke", "--local", "report")
    start = time.monotonic()
    remit("deploy", "--local", "--yes")
    print(f"(again, with nothing to change: {time.monotonic() - start:.1f} s)")
    print(
        "\nThe app is in examples/orders, deployed to an AWS on this machine. There, with .venv/bin on your PATH:\n"
        "  remit status --local      what is deployed\n"
        "  remit delete --local      take it away again\n"
        "  remit local stop          stop the AWS on this machine\n"
        "  remit init shop           start a project of your own"
    )


if __name__ == "__main__":
    main()
