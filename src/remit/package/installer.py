"""Run uv to install what a Source says for Lambda's platform, and say in the user's terms what goes wrong."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from remit.errors import Origin, RemitError
from remit.package.dependency_source import OWN_NAME, Source, normal, requirement_name
from remit.package.interpreters import Interpreters, uv_program

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

OFFLINE = 69
"""Exit code of sysexits.h (EX_UNAVAILABLE): a service that is needed does not answer."""


@dataclass(frozen=True, slots=True)
class Target:
    """The place that runs a function: Lambda's Python (`3.12`) and processor (`x86_64` or `arm64`), or this machine."""

    python: str
    architecture: str
    here: bool = False

    @property
    def words(self) -> str:
        """For people."""
        return f"{'this machine, ' if self.here else ''}Python {self.python} on {self.architecture}"

    @property
    def platform(self) -> str:
        """The platform in uv's words: what the C library of the runtime's Amazon Linux is able to load.

        Python 3.12 and later run on Amazon Linux 2023 (glibc 2.34), earlier ones on Amazon Linux 2 (glibc
        2.26; 2.17 is the nearest that uv knows): "Lambda runtimes" in the developer guide.
        """
        if self.here:
            return f"{sys.platform}-{self.architecture}"
        machine = {"arm64": "aarch64"}.get(self.architecture, self.architecture)
        new = tuple(int(part) for part in self.python.split(".")) >= (3, 12)
        return f"{machine}-manylinux_2_{34 if new else 17}"


def this_machine(runtime: str = "") -> Target:
    """The target of functions of a runtime on this machine; without one, of the Python that runs remit.

    Where there is no Python of its version, the target has the nearest that there is.
    """
    return Target(Interpreters().for_runtime(runtime).words, platform.machine(), here=True)


def install(folder: Path, source: Source, target: Target, work: Path) -> None:
    """Install into work/target the wheels that a source names, without remit; nothing where it names none.

    `work` gets a list of exclusions for uv, too. RemitError (2): uv failed, or a package does not fit the target; (69):
    no package index answers.
    """
    folder = source.workspace or folder  # paths in a workspace's lock begin there
    # The packages must fit this Python; without `here` only its version and platform count, which are told.
    is_own = not target.here or target.python == f"{sys.version_info.major}.{sys.version_info.minor}"
    python = sys.executable if is_own else Interpreters().for_runtime(target.python).program
    excludes = work / "excludes.txt"
    excludes.write_text(OWN_NAME + "\n")
    lines = "\n".join(source.lines)
    if source.export:  # uv.lock as lines of a requirements.txt, without remit and packages that remit alone brings
        arguments = ["export", "--frozen", "--no-dev", "--no-editable", "--no-emit-project", "--no-header"]
        arguments += ["--no-annotate", "--prune", OWN_NAME, "--python", sys.executable]
        if source.workspace is not None:
            arguments += ["--package", source.member]
        lines = _uv(arguments, folder, source, "")
    arguments = ["pip", "install", "--target", str(work / "target"), "--python", python]
    if not target.here:
        arguments += ["--python-version", target.python, "--python-platform", target.platform]
    # A source distribution runs its own code when it is built, and would be built for this machine.
    arguments += ["--only-binary", ":all:"]
    for name, _ in source.local:
        # The project's own packages have no wheels, and change without a new version: uv's cache would be stale.
        arguments += ["--no-binary", name, "--refresh-package", name]
    arguments += ["--no-compile", "--link-mode", "hardlink", "--excludes", str(excludes)]
    arguments += source.arguments
    if lines.strip():
        arguments += ["--requirements", "-"]
    (work / "target").mkdir()
    if source.export and not lines.strip():  # the lock has what only the development needs
        return
    _uv(arguments, folder, source, lines + "\n")
    if not target.here:
        _check_platform(work / "target", source, target)


def _uv(arguments: list[str], folder: Path, source: Source, lines: str) -> str:
    """Run uv in the project's folder, with `lines` as its input; what it printed. RemitError (2 or 69): it failed."""
    done = run_uv(arguments, folder, lines)
    if done.returncode != 0:
        raise _failure(done.stderr, folder, source)
    return done.stdout


def run_uv(arguments: Iterable[str], folder: Path | None, lines: str = "") -> subprocess.CompletedProcess[str]:
    """Run uv in a folder, so that it reads the user's settings there (the index to ask). RemitError: there is no uv.

    It gets no AWS_* variable: it runs the build backends of the user's own packages.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    # What uv says is read and printed again; and a build must not install a Python that nobody asked for.
    environment |= {"NO_COLOR": "1", "UV_NO_PROGRESS": "1", "UV_PYTHON_DOWNLOADS": "never"}
    program = uv_program()
    if program is None:
        raise RemitError(
            f"uv, which installs packages, is not in the environment of {sys.executable}",
            hint="install remit again, with the packages that it requires",
        )
    return subprocess.run(
        [program, *arguments],
        cwd=folder,
        env=environment,
        input=lines,
        capture_output=True,
        check=False,
        encoding="utf-8",
        errors="replace",
    )


def _failure(stderr: str, folder: Path, source: Source) -> RemitError:
    """The error for uv's messages: the network (exit code 69), a package without a wheel, or their last lines."""
    message = without_secrets(stderr)
    lines = [line.rstrip() for line in message.splitlines() if not line.startswith(("Using CPython", "warning:"))]
    last_lines = "\n".join(f"  {line}" for line in lines[-12:])
    origin = Origin(source.file)
    if source.file == "requirements.txt":  # and the line of the first requirement that uv's words name
        mentioned_names = {normal(name) for name in re.findall(r"[A-Za-z0-9](?:[\w.-]*\w)?", message)}
        requirements = (folder / source.file).read_text("utf-8-sig").splitlines()
        named = [number for number, line in enumerate(requirements, 1) if requirement_name(line) in mentioned_names]
        origin = Origin(source.file, named[0] if named else 0)
    host = re.search(r"(?:error sending request for url \(|Failed to fetch: `?)https?://(?:[^/@]*@)?([^/:)]+)", message)
    if host and re.search(r"error sending request|dns error|timed out|[Cc]onnect", message):
        return RemitError(
            f"cannot reach {host[1]} to install the dependencies in {source.file}; uv said:\n{last_lines}",
            hint="check the network and HTTPS_PROXY; once installed, unchanged dependencies need no network",
            origin=origin,
            exit_code=OFFLINE,
        )
    sdist = re.search(r"Wheels are required for `([^`]+)`|attempted to build `([^`]+)`", message)
    if sdist:
        name = sdist[1] or re.split(r"[=@ ]", sdist[2])[0]
        return RemitError(
            f"`{name}` has no wheel for this Python and platform, only source: remit builds none unasked",
            hint=f'if it is pure Python and you trust its build, say so: `no-binary-package = ["{name}"]` '
            "in [tool.uv] of pyproject.toml; else pin a version that has a wheel",
            origin=origin,
        )
    return RemitError(f"uv cannot install the dependencies in {source.file}:\n{last_lines}", origin=origin)


def without_secrets(message: str) -> str:
    """A message of uv's without the credentials in addresses: a user with a password, or a query.

    uv hides passwords in addresses that it understood; not those in a line of a file that it quotes.
    """
    message = re.sub(r"(?<=://)[^\s/@'\"`]*@", "****@", message)
    return re.sub(r"(://[^\s?'\"`)]*\?)[^\s'\"`)]*", r"\1****", message)


def _check_platform(installed: Path, source: Source, target: Target) -> None:
    """Check that no package was built here for this machine: uv vouches for wheels that it downloads alone.

    RemitError (2): one was.
    """
    machine = target.platform.partition("-")[0]
    for wheel in sorted(installed.glob("*.dist-info/WHEEL")):
        tags = re.findall(r"^Tag: (\S+)$", wheel.read_text("utf-8"), re.MULTILINE)
        platforms = [tag.rpartition("-")[2] for tag in tags]
        if platforms and not any(name == "any" or re.fullmatch(f"manylinux.*_{machine}", name) for name in platforms):
            name = wheel.parent.name.partition("-")[0]
            raise RemitError(
                f"`{name}` was built for {platforms[0]}, and the function runs on {target.architecture}",
                hint="a package with compiled parts needs a wheel for Lambda's platform",
                origin=Origin(source.file),
            )
