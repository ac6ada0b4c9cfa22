"""What the source says of a handler, and what Python itself says of it once the module has run."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import pytest

from remit.source.handler_problem import split
from remit.source.handlers import problem

if TYPE_CHECKING:
    from remit.source.handler_problem import HandlerProblem

PARAMETERS = (
    "", "event", "event, context", "event, context, more", "event, context, more=1", "event, context=1, more=2", "*all",
    "event, *all", "**all", "event, *, context", "event, context, *, more", "event, context, *, more=1",
    "event, /, context", "event, context, /, more", "event=1, context=2", "*, more", "event, context, **all",
    "a, b, c=1, *d, more=2, **f", "more, event, context", "more, other, event, context",
)  # fmt: skip
FORMS = {
    "a function": "def handler(P): pass",
    "a lambda": "handler = lambda P: None",
    "an async function": "async def handler(P): pass",
    "a generator": "def handler(P):\n yield 1",
    "a generator inside of it": "def handler(P):\n def inner(): yield 1\n return [lambda: (yield)]",
    "an object": "class A:\n def __call__(self, P): pass\nhandler = A()",
    "a method": "class A:\n def m(self, P): pass\nhandler = A().m",
    "a function of a class": "class A:\n def m(P): pass\nhandler = A.m",
    "a static method": "class A:\n @staticmethod\n def m(P): pass\nhandler = A().m",
    "a class method": "class A:\n @classmethod\n def m(cls, P): pass\nhandler = A.m",
    "a partial": "from functools import partial as part\ndef f(P): pass\nhandler = part(f, 0)",
    "a partial by name": "import functools\ndef f(P): pass\nhandler = functools.partial(f, more=0)",
    "a partial of a partial": "import functools as t\ndef f(P): pass\nhandler = t.partial(t.partial(f, 0), 1)",
    "a partial of a named one": "import functools as t\ndef f(P): pass\nhandler = t.partial(t.partial(f, more=0), 1)",
    "a partial of a method": "import functools as t\nclass A:\n def m(self, P): pass\nhandler = t.partial(A().m, 0)",
    "another name": "def f(P): pass\ng = f\nhandler = g",
    "the last of two": "def handler(): pass\ndef handler(P): pass",
}


def of(source: str, name: str = "handler", **modules: str) -> HandlerProblem | None:
    texts = {"app": source, **{module.replace("__", "."): text for module, text in modules.items()}}
    files = {module: f"{module.replace('.', '/')}.py" for module in texts}
    return problem(lambda module: (texts[module].encode(), files[module]) if module in texts else None, "app", name)


def said(found: HandlerProblem | None) -> str:
    return "" if found is None else found.message


def pythons_answer(handler: Any) -> str:
    if inspect.iscoroutinefunction(handler):
        return "is `async`"
    if inspect.isgeneratorfunction(handler):
        return "is a generator"
    try:
        inspect.signature(handler).bind("event", "context")
    except TypeError:
        return "takes ("
    return ""


@pytest.mark.parametrize("form", FORMS)
def test_a_handler_takes_an_event_and_a_context_as_python_has_it(form: str) -> None:
    answers = set()
    for parameters in PARAMETERS:
        source = FORMS[form].replace(", P)", f", {parameters})" if parameters else ")").replace("P", parameters)
        names: dict[str, Any] = {}
        exec(source, names)  # noqa: S102 - the second reader is Python
        try:
            answer = pythons_answer(names["handler"])
        except ValueError:  # nobody can make a signature of it
            answer = "takes ("
        assert said(of(source))[: len(answer) or None] == answer, (source, of(source))
        answers.add(answer)
    assert len(answers) == 2 or form in {"an async function", "a generator"}


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("", "does not exist"),
        ("def handlr(event, context): ...", "does not exist"),
        ("def handler(event, context): ...\ndel handler", "does not exist"),
        ("from app2 import *", "does not exist"),
        ("handler: dict", "does not exist"),
        ("handler = 3", "is not a function but `3`"),
        ("handler = [f for f in ()]", "is not a function but `[f for f in ()]`"),
        ("class A: pass\nhandler = A()", "is not a function but `A()`"),
        ("a = 3\nb = a\nc = b\nd = c\nhandler = d", "is not a function but `3`"),
        (f"handler = '{'a' * 50}'", f"is not a function but `'{'a' * 39}`"),
        ("from app3 import *\nfrom nowhere import *", "is `async`"),
        ("class handler: pass", "is a class, and Lambda takes what it makes for the answer"),
        ("import os.path as handler", "is not a function but the module `os.path`"),
        ("import app2 as handler", "is not a function but the module `app2`"),
        ("import functools as t\ndef f(a): ...\nhandler = t.partial(f, 0, b=1)",
         "takes (a) with 2 of them given, and Lambda calls it with an event and a context"),
        ("from app2 import away as handler", "is `async`"),
        ("from app3 import *", "is `async`"),
        ("from app2 import sub as handler", "is not a function but the module `app2.sub`"),
        ("import app2\nhandler = app2.away", "is `async`"),
        ("from app4 import sub as handler", "is `async`"),
        ("\0", "is in app.py, which is not valid Python: source code string cannot contain null bytes"),
        ("if x:\n def handler(): ...", "takes (), and Lambda calls it with an event and a context"),
        ("def handler(): ...\n\ndef (", "is in app.py, which is not valid Python: invalid syntax (line 3)"),
    ],
)  # fmt: skip
def test_what_lambda_cannot_call_is_told(source: str, message: str) -> None:
    more = {"app4": "async def sub(event, context): ...", "app4__sub": ""}
    others = {"app2": "async def away(event, context): ...\nasync def _hidden(): ...", "app2__sub": ""}
    assert said(of(source, **others, app3="from app2 import away as handler", **more)) == message


@pytest.mark.parametrize(
    "source",
    [
        "@wrap\ndef handler(): ...",
        "handler = Mangum(app)",
        "class handler(Base): ...",
        "class handler:\n def __new__(cls, event, context): ...",
        "class A(B): ...\nhandler = A()",
        "@wrap\nclass A: ...\nhandler = A()",
        "class A:\n __call__ = None\nhandler = A()",
        "class A:\n def __new__(cls): ...\nhandler = A()",
        "class A:\n def m(): ...\n def m(self): ...\nhandler = A().m",
        "def __getattr__(name): ...",
        "globals()['handler'] = f",
        "def f():\n global handler",
        "from nowhere import *",
        "from nowhere import handler",
        "import functools as t\ndef f(): ...\nhandler = t.partial(f, *x)",
        "import functools as t\ndef f(): ...\nhandler = t.partial(f, **x)",
        "t = 1\nimport functools as t\ndef f(): ...\nhandler = t.partial(f)",
        "handler = max(f, g)",
        "handler = dict()",
        "handler = f\nif x:\n def handler(): ...",
        "if x:\n del handler\ndef handler(event, context): ...",
        "try:\n handler = f\nexcept E:\n handler = g",
        "handler = x.y",
        "handler = elsewhere",
        "if x:\n del handler",
        "import functools as t\nt = other\ndef f(): ...\nhandler = t.partial(f)",
        "handler = handler2\nhandler2 = handler",
        "class A(metaclass=M): ...\nhandler = A()",
        "class handler(metaclass=M): ...",
        "class A:\n x = f\nhandler = A()",
        "from app5 import *",
    ],
)
def test_what_the_source_does_not_show_may_be_right(source: str) -> None:
    assert of(source, app5="__all__ = ['f', x]\nhandler = f") is None


def test_a_name_that_does_not_exist_is_guessed_where_it_was_looked_for() -> None:
    missing = of("from app2 import handlr as run", "run", app2="def handler(event, context): ...")
    assert missing is not None
    assert missing.hint == "did you mean `handler`?"
    nothing = of("")
    assert nothing is not None
    assert nothing.hint == "a handler reads `module.function`"


def test_the_place_of_a_handler_in_another_module_is_said() -> None:
    found = [of(f"from app2 import {name} as handler", app2="def f(): ...\ndef g():\n yield 1") for name in ("f", "g")]
    assert [said(each)[:6] for each in found] == ["takes ", "is a g"]
    assert said(of("async def Run(event, context): ...", "Run")) == "is `async`"
    assert [str(each and each.hint).rpartition(", at ")[2] for each in found] == ["app2.py:1", "app2.py:2"]
    here = of("def handler(): ...")
    assert here is not None
    assert here.hint == "write `def handler(event, context):`"


def test_only_what_a_module_lists_or_shows_is_taken_by_a_star() -> None:
    assert said(of("from app2 import *", app2="__all__ = []\nhandler = f")) == "does not exist"
    for listed, message in (("", "does not exist"), ("__all__ = ['_handler']\n", "is `async`")):
        other = f"{listed}async def _handler(): ...\nasync def more(): ..."
        assert said(of("from app2 import *", "_handler", app2=other)) == message
        assert said(of("from app2 import *", "more", app2=other)) == ("does not exist" if listed else "is `async`")


def test_a_web_app_only_has_to_be_there() -> None:
    def asked(source: str) -> HandlerProblem | None:
        return problem(lambda _: (source.encode(), "app.py"), "app", "api", is_web_app=True)

    missing = asked("")
    assert asked("api = 3") is None
    assert missing is not None
    assert missing.hint == "a web app reads `module:name`"


def test_a_handler_has_a_module_and_a_name_by_dots_or_slashes() -> None:
    assert split("api/web.handler") == split("api.web.handler") == ("api.web", "handler")
