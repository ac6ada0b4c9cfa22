"""Count the functions of remit that `remit build --no-package` executes, by room: what a reader has to walk through.

    python bench/executed.py [FOLDER]

Each function and each class body counts once, however often it runs. Without a FOLDER it builds an app of one function
that takes messages from a queue and writes into a table. The last line has the number of functions, and of files.
"""

from __future__ import annotations

import contextlib
import io
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import remit
from remit.cli import main as remit_main

if TYPE_CHECKING:
    from types import FrameType

HOME = Path(remit.__file__).parent
APP = {
    "app.py": """\
from remit import App, grants, on

app = App()


@app.function(on.sqs("orders"), policy=[grants.dynamodb.put("orders")])
def ingest(event, context):
    return 1
""",
    "pyproject.toml": '[project]\nname = "one"\nversion = "1"\n',
    "config/deploy.py": """\
from remit import configure

with configure() as config:
    config.lambda_.iam.policy = ["logs"]
""",
}


def executed(folder: Path) -> set[tuple[str, int, str]]:
    """The functions that a build of a project executes: file, first line, name. SystemExit: the build fails."""
    functions: set[tuple[str, int, str]] = set()

    def note(frame: FrameType, event: str, _: object) -> None:
        code = frame.f_code
        # Names in angle brackets are no functions that anybody wrote as such: modules, comprehensions, lambdas.
        if event == "call" and code.co_filename.startswith(f"{HOME}/") and not code.co_name.startswith("<"):
            functions.add((code.co_filename, code.co_firstlineno, code.co_name))

    with contextlib.redirect_stdout(io.StringIO()):
        sys.setprofile(note)
        try:
            remit_main(["build", "--no-package", "--project", str(folder)])
        except SystemExit as end:
            if end.code:
                raise
        finally:
            sys.setprofile(None)
    return functions


def main() -> None:
    """Build and print."""
    with tempfile.TemporaryDirectory(prefix="remit-bench-") as temporary:
        folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(temporary)
        if len(sys.argv) == 1:
            for name, content in APP.items():
                file = folder / name
                file.parent.mkdir(exist_ok=True)
                file.write_text(content, "utf-8")
        functions = executed(folder)
    rooms = Counter(Path(file).relative_to(HOME).parts[0] for file, _, _ in functions)
    for room, count in rooms.most_common():
        print(f"{count:>5}  {room}")
    print(len(functions), len({file for file, _, _ in functions}))


if __name__ == "__main__":
    main()
