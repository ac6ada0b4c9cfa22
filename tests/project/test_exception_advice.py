"""What to do is told with an exception that ends a project's module, at the line that raised it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from remit.errors import Origin, RemitError
from remit.judge.judgement import Judgement
from remit.loading.user_code import mistake
from remit.project.current_load import loading

if TYPE_CHECKING:
    from pathlib import Path

NOT_INSTALLED = "install it where remit runs: the app is imported to be built (`{}`)"
IN_A_FUNCTION = "call AWS inside of the function: the module is also imported where it is built, which needs no AWS"
ODD = "class Odd(Exception):\n    def __str__(self): raise ValueError\nraise Odd"
ON = "with `from remit import on`"
GRANTS = "with `from remit import grants`"
A_TRIGGER = f"that is a trigger; a grant is written `grants.{{}}(…)`, {GRANTS}"
A_MODULE = f"`{{}}` has grants alone; the trigger is written `on.sqs(…)`, {ON}"
NOT_DECLARED = (
    "no function declares NO_SUCH_NAME: write `environment={'NO_SUCH_NAME': …}` at the function that needs it, set the "
    "variable before the build, or give it a default with os.environ.get()"
)
CIRCULAR = (
    "the modules import each other: make what both need (`app = App()`) above the import, or in a module of its own"
)
PLACEHOLDER = "ORDERS_TABLE has a value where the function runs, and a placeholder here: read it inside of the function"
ADVICE: dict[str, str | None] = {
    "import nosuchpackage": NOT_INSTALLED.format("nosuchpackage"),
    "import nosuchpackage.part.of_it": NOT_INSTALLED.format("nosuchpackage"),
    "import os\nos.environ['NO_SUCH_NAME']": NOT_DECLARED,
    "{}['NO_SUCH_NAME']": None,
    "from remit import grnts": "did you mean `grants`?",
    "from remit.grants import dynamdb": "did you mean `dynamodb`?",
    "from remit.grants.sqs import zzzzzz": "there are ",
    "from math import zzzzzz": None,
    "App()": "write `from remit import App`",
    "Ap()": None,
    "from remit.grants import sqs\nsqs('orders')": A_MODULE.format("sqs"),
    "from remit import grants\ngrants.sqs('orders')": A_MODULE.format("grants.sqs"),
    "import math\nmath('x')": None,
    "number = 1\nnumber('x')": None,
    "from remit import on\non.sqs('orders').sned": A_TRIGGER.format("sqs.send"),
    "from remit import on\non.event(source='shop').put": A_TRIGGER.format("events.put"),
    "from remit import on\non.schedule('rate(1 day)').zzzzzz": A_TRIGGER.format("scheduler.zzzzzz"),
    "'text'.uper()": None,
    "from botocore.exceptions import NoRegionError\nraise NoRegionError": IN_A_FUNCTION,
    "from botocore.exceptions import NoCredentialsError\nraise NoCredentialsError": IN_A_FUNCTION,
    "class NoRegionError(Exception): ...\nraise NoRegionError": None,
    "raise ImportError('cannot import app from partially initialized module app')": CIRCULAR,
    "raise ValueError('partially initialized module')": None,
    "def ask(name):\n    raise ValueError(name)  # ORDERS_TABLE\nask('no')": PLACEHOLDER,
    "raise ValueError('no PLACEHOLDER here')": PLACEHOLDER,
}


def told(folder: Path, code: str) -> RemitError:
    """The mistake that a module of a project is, which raises."""
    file = folder / "app.py"
    file.write_text(code, encoding="utf-8")
    with loading(folder, None) as state:
        state.placeholders["placeholder"] = "ORDERS_TABLE"
        try:
            exec(compile(code, str(file), "exec"), {"__name__": "app"})  # noqa: S102 - a project's
        except BaseException as error:  # noqa: BLE001 - whatever it raises
            return mistake(state, error, str(file))
    raise AssertionError


@pytest.mark.parametrize("code", ADVICE)
def test_an_exception_comes_with_what_to_do_about_it(tmp_path: Path, code: str) -> None:
    error, hint = told(tmp_path, code), ADVICE[code]
    assert error.hint == hint if hint != "there are " else str(error.hint).startswith(hint)
    assert error.message.startswith("app.py raised ")
    assert error.origin is not None
    line = 2 if "def ask" in code else len(code.splitlines())
    assert (error.origin.file, error.origin.line) == (str(tmp_path / "app.py"), line)


@pytest.mark.parametrize(
    ("code", "message", "line", "column"),
    [
        ("import sys\nsys.exit(3)", "app.py ended the program (exit 3)", 2, 1),
        ("from remit.errors import RemitError\n\nraise RemitError('no')", "no", 3, 1),
        ("exec('x = (')", "<string> is not valid Python: '(' was never closed", 1, 5),
        (ODD, "app.py raised Odd: (its text cannot be shown)", 3, 1),
    ],
)
def test_whatever_ends_a_module_is_told_at_its_line(
    tmp_path: Path, code: str, message: str, line: int, column: int
) -> None:
    error = told(tmp_path, code)
    assert error.message == message
    assert error.origin is not None
    assert (error.origin.line, error.origin.column) == (line, column)


def test_a_mistake_of_the_users_own_object_is_noted_and_one_of_remits_goes_on(tmp_path: Path) -> None:
    file = tmp_path / "app.py"
    file.write_text("def odd():\n    raise ValueError('odd')\n", encoding="utf-8")
    namespace: dict[str, Any] = {}
    exec(compile(file.read_text(encoding="utf-8"), str(file), "exec"), namespace)  # noqa: S102 - a project's
    with loading(tmp_path, None) as state:
        judged = Judgement(state, tmp_path, state.config, [])
        with judged.noted():
            namespace["odd"]()
        with judged.noted():
            raise RemitError("known")
        with pytest.raises(ZeroDivisionError), judged.noted():
            _ = 1 / 0
    assert [mistake.message for mistake in judged.mistakes.errors] == [
        "a value of the configuration raised ValueError: odd", "known",
    ]  # fmt: skip
    assert judged.mistakes.errors[0].origin == Origin(str(file), 2, 5)
