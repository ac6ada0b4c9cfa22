"""Draw the pictures of the README, `make pictures`: commands that are really run, in a terminal, as SVG."""

from __future__ import annotations

import http.client
import os
import re
import sys
import tempfile
from io import StringIO
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import pexpect
from rich.console import Console
from rich.text import Text

ROOT: Final = Path(__file__).parent.parent
PICTURES: Final = ROOT / "docs" / "pictures"
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
VISIT: Final = """\
import boto3

from remit import App, on

app = App()


@app.function(on.http(auth="NONE"))
def visit(event, context):
    boto3.client("ssm").put_parameter(Name="/visits/last", Value=event["rawPath"], Type="String", Overwrite=True)
    return "welcome"
"""
"""The app of the README whose first request is denied."""
PORT: Final = 8000
DENIAL: Final = (
    "User: arn:aws:sts::111122223333:assumed-role/orders-dev-ReportRole-1A2B3C/orders-dev-report is not authorized to "
    "perform: dynamodb:Scan on resource: arn:aws:dynamodb:eu-central-1:111122223333:table/orders because no "
    "identity-based policy allows the dynamodb:Scan action"
)
_PATIENCE: Final = 60.0  # seconds
_UNSHOWN: Final = re.compile(r"\r|\x1b\[\?\d+[hl]")
"""To go to the beginning of a line that is erased then, to hide the cursor."""
_FIXED: Final = {
    r"\d\d:\d\d:\d\d\.\d+Z": "12:00:00.000Z",
    r"\d\d:\d\d:\d\d(?!\.)": "12:00:00",
    r"\d+\.\d+ s\b": "0.05 s",
    r"/\S*/functions/code/[0-9a-f]{64}/": "/var/task/",
    r"/\S*/sdk/": "/var/runtime/",
    r"Role-[0-9A-Z]{13}": "Role-1A2B3C4D5E6F7",
    r"packed for [^:\n]+: .*? unpacked": "packed for Python 3.13 on x86_64: 3.5 KB, 8.2 KB unpacked",
}
"""What differs from one drawing or machine to the next, as a pattern, and what the picture has in its place."""
_FONTS: Final = re.compile(r"@font-face \{.*?\}\n?", re.DOTALL)


def main() -> None:
    """Write the pictures."""
    PICTURES.mkdir(exist_ok=True)
    for name, draw in (("terminal.svg", terminal_picture), ("dev.svg", dev_picture)):
        (PICTURES / name).write_text(draw(), "utf-8")
        print(f"wrote {(PICTURES / name).relative_to(ROOT)}")


def terminal_picture() -> str:
    """A deploy, what a change does to access, and a denial explained. The same outputs give the same bytes."""
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


def dev_picture(port: int = PORT) -> str:
    """The loop of `remit dev`: a call is denied, a key writes its grant, and the same request is answered."""
    with tempfile.TemporaryDirectory() as place:
        project = Path(place) / "visits"
        project.mkdir()
        (project / "app.py").write_text(VISIT)
        url = f"http://127.0.0.1:{port}/"
        try:
            screen = _started(project, "dev", "--port", str(port))
            screen.expect_exact(url)
            _say(screen, _request(url))
            screen.expect_exact("Traceback")
            screen.send("w")
            screen.expect_exact("deployed in")
            screen.expect_exact("\x1b[0m")
            _say(screen, _request(url))
            screen.send("q")
            screen.expect_exact(pexpect.EOF)
        finally:
            _run(project, "local", "stop")
    written = f"\x1b[1m$ remit dev\x1b[0m\n{_shown(screen.logfile_read.getvalue())}"
    return _drawn([_fixed(written).replace(f":{port}/", f":{PORT}/")])


def _request(url: str) -> str:
    """The line that is typed in another terminal, and the answer."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=_PATIENCE)
    connection.request("GET", "/")
    response = connection.getresponse()
    body = response.read().decode()
    connection.close()
    return f"\x1b[1m$ curl {url}\x1b[0m   # in another terminal\n{response.status} {body[:60]}\n"


def _started(project: Path, *arguments: str) -> pexpect.spawn[str]:
    """A command in a terminal of its own; `logfile_read` keeps all that it writes."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "REMIT_", "NO_COLOR"))}
    variables = kept | {"TERM": "xterm-256color", "AWS_REGION": "eu-central-1"}
    size = (50, COLUMNS)
    screen = pexpect.spawn(
        REMIT, [*arguments], _PATIENCE, cwd=project, env=variables, dimensions=size, encoding="utf-8"
    )
    screen.logfile_read = StringIO()
    return screen


def _say(screen: pexpect.spawn[str], text: str) -> None:
    """Show what happens in another terminal."""
    start = "" if screen.logfile_read.getvalue().endswith("\n") else "\r\n"
    screen.logfile_read.write(start + text.replace("\n", "\r\n"))


def _run(project: Path, *arguments: str) -> str:
    """The line that is typed, and what a terminal shows then."""
    screen = _started(project, *arguments)
    screen.expect_exact(pexpect.EOF)
    words = " ".join(f"'{word}'" if " " in word else word for word in arguments)
    return f"\x1b[1m$ remit {words}\x1b[0m\n{_shown(screen.before)}"


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
