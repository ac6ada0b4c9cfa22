"""Every check and test, on the remit that is installed in this environment: the tests beside all else.

With `--wheel` it is built and installed first, while what reads the source alone begins.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).parent.parent
SCRIPTS = Path(sys.executable).parent
PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]

OF_THE_SOURCE = (
    ("ruff check", [str(SCRIPTS / "ruff"), "check", "--quiet"]),
    ("ruff format", [str(SCRIPTS / "ruff"), "format", "--check", "--quiet"]),
    ("mypy --strict", [str(SCRIPTS / "mypy")]),
)
OF_WHAT_IS_INSTALLED = (("the rooms (import-linter)", [str(SCRIPTS / "lint-imports"), "--no-logo"]),)
FORKS = 3 * (os.cpu_count() or 1)
"""More than there are cores: tests of deploys mostly wait for the local AWS."""
TESTS = [sys.executable, "-m", "pytest", "--numprocesses=0", f"--forks={FORKS}"]


def main(*, wheel: bool) -> int:
    """Run them all, also after a failure; 1 when any failed."""
    print("== ruff, mypy, import-linter and pytest", flush=True)
    with ThreadPoolExecutor(max_workers=1) as beside:
        checks = {name: beside.submit(passes, name, command) for name, command in OF_THE_SOURCE}
        if wheel and not install_wheel():
            return 1
        checks |= {name: beside.submit(passes, name, command) for name, command in OF_WHAT_IS_INSTALLED}
        tests_pass = passes("pytest", TESTS, show=True)
    failed = [name for name, check in checks.items() if not check.result()]
    if not tests_pass:
        failed.append("pytest")
    print(f"failed: {', '.join(failed)}" if failed else "every check passed")
    return 1 if failed else 0


def install_wheel() -> bool:
    """Build the wheel in `dist`, where older ones are deleted, and install it in the place of what is installed.

    False: one of the two failed.
    """
    folder = ROOT / "dist"
    for old in folder.glob("remit-*.whl"):
        old.unlink()
    build = [*PIP, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), "."]
    return passes("the wheel", build) and passes(
        "its installation", [*PIP, "install", "--no-deps", "--force-reinstall", *map(str, folder.glob("remit-*.whl"))]
    )


def passes(name: str, command: list[str], *, show: bool = False) -> bool:
    """Run a check, print how it ended, and return whether it passed.

    Its output is printed at once with `show`, else at the end and in one piece.
    """
    start = time.monotonic()
    pipe = None if show else subprocess.PIPE
    ended = subprocess.run(
        command, cwd=ROOT, env=environment(), stdout=pipe, stderr=subprocess.STDOUT if pipe else None, check=False
    )
    output = ended.stdout.decode() if ended.stdout else ""
    result = "failed" if ended.returncode else "ok"
    print(f"\n{output}-- {name}: {result}, {time.monotonic() - start:.1f} s", flush=True)
    return ended.returncode == 0


def environment() -> dict[str, str]:
    """This environment, where Python keeps what it has compiled: the tests start hundreds of processes."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


if __name__ == "__main__":
    sys.exit(main(wheel="--wheel" in sys.argv))
