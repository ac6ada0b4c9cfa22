"""Every check and test, one after the other, on the remit that is installed in this environment."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
SCRIPTS = Path(sys.executable).parent

CHECKS = (
    ("ruff check", [str(SCRIPTS / "ruff"), "check", "--quiet"]),
    ("ruff format", [str(SCRIPTS / "ruff"), "format", "--check", "--quiet"]),
    ("mypy --strict", [str(SCRIPTS / "mypy")]),
    ("the rooms (import-linter)", [str(SCRIPTS / "lint-imports"), "--no-logo"]),
    ("pytest", [sys.executable, "-m", "pytest"]),
)


def main() -> int:
    """Run them all, also after a failure; 1 when any failed."""
    failed = []
    for name, command in CHECKS:
        print(f"== {name}", flush=True)
        start = time.monotonic()
        code = subprocess.run(command, cwd=ROOT, check=False).returncode
        print(f"-- {name}: {'failed' if code else 'ok'}, {time.monotonic() - start:.1f} s", flush=True)
        if code:
            failed.append(name)
    print(f"failed: {', '.join(failed)}" if failed else "every check passed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
