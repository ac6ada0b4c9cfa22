"""Draw the picture of the README, `make pictures`: commands that are really run, in a terminal, as an SVG."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import tempfile
import termios
from io import StringIO
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.text import Text

ROOT: Final = Path(__file__).parent.parent
PICTURE: Final = ROOT / "docs" / "pictures" / "terminal.svg"
REMIT: Final = str(Path(sys.executable).parent / "remit")
COLUMNS: Final = 100
APP: Final = """\
from remit import App
from remit.grants import dynamodb, s3
from remit.triggers import schedule

app = App()


@app.function(schedule("rate(1 day)"), policy=[%s])
def report(event, context): ...
"""
BEFORE: Final = 'dynamodb.query("orders"), s3.read("uploads")'
AFTER: Final = 'dynamodb.query("orders"), dynamodb.put("orders"), s3.read("uploads", "incoming/*")'
DENIAL: Final = (
    "User: arn:aws:sts::111122223333:assumed-role/orders-dev-ReportRole-1A2B3C/orders-dev-report is not authorized to "
    "perform: dynamodb:Scan on resource: arn:aws:dynamodb:eu-central-1:111122223333:table/orders because no "
    "identity-based policy allows the dynamodb:Scan action"
)
_UNSHOWN: Final = re.compile(r"\r|\x1b\[\?\d+[hl]")
"""To go to the beginning of a line that is erased then, to hide the cursor."""
_FIXED: Final = {
    r"\d\d:\d\d:\d\d": "12:00:00",
    r"\d+\.\d+ s\b": "0.05 s",
    r"packed for [^:\n]+: .*? unpacked": "packed for Python 3.13 on x86_64: 3.5 KB, 8.2 KB unpacked",
}
"""What differs from one drawing or machine to the next, as a pattern, and what the picture has in its place."""
_FONTS: Final = re.compile(r"@font-face \{.*?\}\n?", re.DOTALL)


def main() -> None:
    """Write the picture."""
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_text(picture(), "utf-8")
    print(f"wrote {PICTURE.relative_to(ROOT)}")


def picture() -> str:
    """The picture, as SVG: the commands are run in a project of their own. The same outputs give the same bytes."""
    with tempfile.TemporaryDirectory() as place:
        project = Path(place) / "orders"
        project.mkdir()
        app = project / "app.py"
        app.write_text(APP % BEFORE)
        try:
            screens = [_run(project, "deploy", "--local", "--yes")]
            app.write_text(APP % AFTER)
            screens.append(_run(project, "diff", "--local"))
            screens.append(_run(project, "why", DENIAL))
        finally:
            _run(project, "local", "stop")
    return _drawn([_fixed(screen) for screen in screens])


def _run(project: Path, *arguments: str) -> str:
    """The line that is typed, and what a terminal shows then."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "REMIT_", "NO_COLOR"))}
    screen, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, COLUMNS, 0, 0))
    process = subprocess.Popen(
        [REMIT, *arguments], cwd=project, env=kept | {"TERM": "xterm-256color", "AWS_REGION": "eu-central-1"},
        stdin=theirs, stdout=theirs, stderr=theirs,
    )  # fmt: skip
    os.close(theirs)
    written = b""
    with contextlib.suppress(OSError):  # how Linux says that the other side is closed
        while more := os.read(screen, 65536):
            written += more
    os.close(screen)
    process.wait()
    words = " ".join(f"'{word}'" if " " in word else word for word in arguments)
    return f"\x1b[1m$ remit {words}\x1b[0m\n{_shown(written.decode())}"


def _fixed(screen: str) -> str:
    """A screen in which the same is printed at any time, by any machine."""
    for pattern, text in _FIXED.items():
        screen = re.sub(pattern, text, screen)
    return screen


def _shown(written: str) -> str:
    """What stays on a terminal after all that was written: lines are erased and written again while events come."""
    lines, row = [""], 0
    for part in re.split(r"(\n|\x1b\[2K|\x1b\[\d*A)", _UNSHOWN.sub("", written)):
        if part == "\n":
            row += 1
            lines += [""] * (row + 1 - len(lines))
        elif part == "\x1b[2K":
            lines[row] = ""
        elif part.endswith("A") and part.startswith("\x1b["):
            row -= int(part[2:-1] or 1)
        else:
            lines[row] += part
    return "\n".join(lines)


def _drawn(screens: list[str]) -> str:
    """The screens as one SVG, which loads nothing from anywhere."""
    console = Console(record=True, width=COLUMNS, file=StringIO(), force_terminal=True, color_system="truecolor")
    console.print(Text.from_ansi("\n".join(screens)))
    svg = console.export_svg(title="remit", unique_id="remit")
    return _FONTS.sub("", svg)


if __name__ == "__main__":
    main()
