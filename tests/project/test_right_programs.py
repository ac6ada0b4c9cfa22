"""A module that declares something does what it does in plain Python."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING

import pytest

from projects import APP, HELLO, write
from remit.triggers.sqs import Sqs

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Make

FUNCTION = "\ndef hello(event, context): ...\n"
PROGRAMS = {
    "its own code": """
import sys
with open(__file__, "rb") as file:
    assert sys._getframe().f_code == compile(file.read(), __file__, "exec", dont_inherit=True)
""",
    "arguments that see the local names": """
def queues(first, second):
    third = "c"
    names = on.sqs("-".join(sorted(locals()))), on.sqs("{first}".format(**vars())), on.sqs(eval("third"))
    return [trigger.queue for trigger in names]
assert queues("a", "b") == ["first-second-third", "a", "c"]
""",
    "the local names of a class": """
class Names:
    first = "a"
    trigger = on.sqs(locals()["first"])
assert Names.trigger.queue == "a"
""",
    "the variable of a loop in a class": """
class Names:
    queues = []
    for name in ("a", "b"):
        queues.append(on.sqs(name).queue)
assert Names.queues == ["a", "b"]
""",
    "a match that binds names in a class": """
class Names:
    match {"kind": "a", "rest": "b"}:
        case {"kind": kind, **others}:
            triggers = [on.sqs(kind), on.sqs(others["rest"])]
    match ["c", "d"]:
        case [first, *last] as both:
            triggers += on.sqs(first), on.sqs(last[0]), on.sqs(both[1])
assert [trigger.queue for trigger in Names.triggers] == ["a", "b", "c", "d", "d"]
""",
    "an expression that is nested too deep": f"""
names = {" + ".join(['"a"'] * 800)}
assert on.sqs(names[:5]).queue == "aaaaa"
""",
    "what += reads and calls first": """
order = []
class Counter:
    number = 1
    policy = []
counter = Counter()
def called(what, value):
    order.append(what)
    return value
def change():
    counter.number = 10
    return 5
called("target", counter).policy += called("value", ["a"])
counter.number += change()
assert (order, counter.number) == (["target", "value"], 6)
""",
    "an argument that fails and is tried elsewhere": """
def queue(names):
    return on.sqs(names["orders"])
try:
    trigger = queue({})
except KeyError:
    trigger = on.sqs("default")
assert trigger.queue == "default"
""",
    "an item that fails and is tried elsewhere": """
def reader(names):
    return app.function(name="reader", handler="app.hello", policy=[s3.read(names["uploads"])])
import contextlib
with contextlib.suppress(KeyError):
    reader({})
""",
    "what remit has is asked for": """
assert not hasattr(on, "sqss") and getattr(on, "sqss", None) is None and hasattr(on, "sqs")
assert not hasattr(s3, "red") and hasattr(s3, "read")
from remit import config
assert not hasattr(config, "jop") and not hasattr(config.lambda_.iam, "polcy")
try:
    from remit.triggers import not_yet_there
except ImportError:
    from remit.triggers import sqs
assert not hasattr(app, "functoin")
""",
}


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_does_what_it_does_in_plain_python(make: Make, program: str) -> None:
    project = make(app=f"{PROGRAMS[program]}@app.function{FUNCTION}")
    assert ["hello"] == [function.name for function in project.load().functions]


def test_a_configuration_runs_as_it_is_written(make: Make) -> None:
    same_code = "compile(file.read(), __file__, 'exec', dont_inherit=True)"
    config = (
        "import sys\nfrom remit import config\nwith open(__file__, 'rb') as file:\n"
        f"    assert sys._getframe().f_code == {same_code}\nconfig.lambda_.function.timeout = 7\n"
    )
    project = make(app=f"@app.function{FUNCTION}", **{"config/deploy.py": config})
    assert 7 == project.function().properties["Timeout"]


DECLARING = """
from remit import grants, on

def consumer(app, queue):
    return app.function(
        on.sqs(queue),
        policy=[grants.s3.read(queue.lower()), "logs"],
        environment={"QUEUE": queue.upper(), **dict(KIND=str(queue))},
    )
"""


def test_functions_of_a_module_that_is_there_declare_with_lists_and_dicts(make: Make) -> None:
    app = f"from declaring_ import consumer\n@consumer(app, 'orders'){FUNCTION}"
    function = make(app=app, **{"declaring_.py": DECLARING}).function()
    (trigger,) = function.triggers
    assert (Sqs, 2) == (type(trigger), len(function.policy))
    assert {"QUEUE": "ORDERS", "KIND": "orders"} == function.properties["Environment"]["Variables"]


def test_a_folder_of_the_project_may_have_the_name_of_a_package_that_is_imported_already(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Packages without an `__init__.py` look up where they are in those that they are in."""
    write(tmp_path / "elsewhere", {"parts/deep/one.py": ""})
    monkeypatch.syspath_prepend(tmp_path / "elsewhere")
    importlib.import_module("parts.deep.one")
    project = make(app=HELLO.removeprefix(APP), **{"parts/two.py": ""})
    assert "hello" == project.function().name
    assert {"parts", "parts.deep", "parts.deep.one"} <= set(sys.modules)
    for name in ("parts.deep.one", "parts.deep", "parts"):
        monkeypatch.delitem(sys.modules, name)
