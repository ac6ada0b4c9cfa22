"""A handler that is given by name is found in the source of its module, and checked in the zip; nothing imports it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

from effort import calls_of
from projects import at
from remit.build import build
from remit.errors import RemitError

if TYPE_CHECKING:
    from conftest import Make

WEB = "app.function(http(), name='web', handler='web.handler')\n"


def test_a_module_that_is_named_is_not_imported(make: Make) -> None:
    """What it imports need not be installed where remit runs."""
    project = make(app=WEB, **{"web.py": "import no_such_framework\nhandler = no_such_framework.Adapter()\n"})
    assert ["web.handler"] == [function.handler for function in project.load().functions]


def test_the_zip_of_a_function_is_its_own_folder_before_its_groups(make: Make) -> None:
    groups = "one = app.group('one', code='all')\ntwo = one.group('two', code='some')\n"
    declared = [f"{group}.function(handler='m.run', name='{name}'{code})\n" for group, name, code in (
        ("one", "a", ""), ("two", "b", ""), ("two", "c", ", code='own'"),
    )]  # fmt: skip
    files = {f"{folder}/m.py": "def run(event, context): ...\n" for folder in ("all", "some", "own")}
    functions = make(app=groups + "".join(declared), **files).load().functions
    assert {"a": "all", "b": "some", "c": "own"} == {function.name: function.code for function in functions}


def test_a_handler_may_come_with_all_else_of_a_module_that_nobody_can_read(make: Make) -> None:
    project = make(app=WEB, **{"web.py": "from no_such_framework import *\n"})
    assert ["web.handler"] == [function.handler for function in project.load().functions]


FINE = {
    "a function": "def handler(event, context): ...\n",
    "with defaults": "def handler(event, context, extra=None, *, more=1): ...\n",
    "with any arguments": "def handler(*arguments, **named): ...\n",
    "a lambda": "handler = lambda event, context: None\n",
    "an object that can be called": "class H:\n    def __call__(self, event, context): ...\nhandler = H()\n",
    "an adapter": "from mangum import Mangum\nhandler = Mangum(object())\n",
    "an attribute": "import site_\nhandler = site_.app.handler\n",
    "imported": "from elsewhere import thing as handler\n",
    "imported with all else": "from elsewhere import *\n",
    "imported of a package with a module of that name": "from framework_ import work as handler\n",
    "imported or defined": "try:\n    from fast import handler\nexcept ImportError:\n    def handler(): ...\n",
    "decorated": "import functools\n@functools.lru_cache\ndef handler(): ...\n",
    "decorated and async": "from wrappers import sync\n@sync\nasync def handler(event, context): ...\n",
    "defined twice": "def handler(): ...\nhandler = wrapped(handler)\n",
    "unpacked": "handler, other = make()\n",
    "of a with block": "with opened() as handler:\n    pass\n",
    "in a branch": "if True:\n    handler = make()\nelse:\n    handler = None\n",
    "from __getattr__": "def __getattr__(name): ...\n",
    "from globals": "globals()['handler'] = print\n",
    "annotated": "from typing import Any\nhandler: Any = make()\n",
    "another name": "def main(event, context): ...\nhandler = main\n",
    "partial": "import functools\ndef main(table, event, context): ...\nhandler = functools.partial(main, 'orders')\n",
    "partial by name": "from functools import partial\ndef main(e, c, t): ...\nhandler = partial(main, t='a')\n",
    "a static method": "class H:\n    @staticmethod\n    def handle(event, context): ...\nhandler = H.handle\n",
    "a method": "class H:\n    def handle(self, event, context): ...\nhandler = H().handle\n",
    "a class of others": "from framework import Handler\nclass handler(Handler): ...\n",
    "an object of others": "from framework import Handler\nclass H(Handler): ...\nhandler = H()\n",
    "of what __all__ works out": "from computed import *\n",
    "the last of two": "def handler(event): ...\ndef handler(event, context): ...\n",
}

BESIDE_IT = {
    "mangum.py": "def Mangum(app): ...\n",
    "site_.py": "",
    "elsewhere.py": "def thing(event, context): ...\nhandler = thing\n",
    "framework.py": "class Handler:\n    def __init__(self, *_): ...\n    def __call__(self, event, context): ...\n",
    "computed.py": "from elsewhere import handler\n__all__ = ['other', *['handler']]\nother = 1\n",
    "wrappers.py": "def sync(function): ...\n",
    "framework_/__init__.py": "def work(event, context): ...\n",
    "framework_/work.py": "",
}


def test_what_may_be_called_is_no_error(make: Make) -> None:
    """Neither where it is loaded nor in the zip, of which all handlers are imported by one interpreter."""
    modules = {kind: f"web_{number}" for number, kind in enumerate(FINE)}
    app = "".join(f"app.function(http(), name='{name}', handler='{name}.handler')\n" for name in modules.values())
    files = {f"{name}.py": FINE[kind] for kind, name in modules.items()}
    built = build(make(app=app, **files, **BESIDE_IT).folder)
    assert [f"{name}.handler" for name in modules.values()] == [function.handler for function in built.app.functions]


LOADED = """
import functools
class Answer:
    def __new__(cls, event, context): return {}
class Nothing:
    def __init__(self, event, context): ...
largest = max
async def pages(event, context): yield event
def one_after_the_other(event, context): yield event
"""


def test_a_handler_in_a_module_that_is_loaded_is_told_by_what_it_is(make: Make) -> None:
    names = ("Answer", "Nothing", "largest", "pages", "one_after_the_other")
    declared = "".join(f"app.function(name='f{n}', handler='app.{name}')\n" for n, name in enumerate(names))
    told = [mistake.message for mistake in make(app=LOADED + declared).error().all]
    problems = {
        "Nothing": "of function `f1` is a class, and Lambda takes what it makes for the answer",
        "pages": "of function `f3` is `async`",
        "one_after_the_other": "of function `f4` is a generator",
    }
    assert told == [f"the handler `app.{name}` {problem}" for name, problem in problems.items()]


FUNCTION = "write `def handler(event, context):`"
FORM = "a handler reads `module.function`"
WRONG = {
    "none": ("def handle(event, context): ...\n", "does not exist", "did you mean `handle`?"),
    "async": (
        "async def handler(event, context): ...\n",
        "is `async`",
        "Lambda calls plain functions: use asyncio.run() inside one",
    ),
    "a value": ("handler = {'a': 1}\n", "is not a function but `{'a': 1}`", None),
    "one parameter": (
        "def handler(event): ...\n",
        "takes (event), and Lambda calls it with an event and a context",
        "write `def handler(event, context):`",
    ),
    "three parameters": (
        "handler = lambda event, context, more: None\n",
        "takes (event, context, more), and Lambda calls it with an event and a context",
        "write `def handler(event, context):`",
    ),
    "a keyword without a default": (
        "def handler(event, context, *, table): ...\n",
        "takes (event, context, *, table), and Lambda calls it with an event and a context",
        "write `def handler(event, context):`",
    ),
    "a class": ("class handler: ...\n", "is a class, and Lambda takes what it makes for the answer", FUNCTION),
    "an object without __call__": ("class H: ...\nhandler = H()\n", "is not a function but `H()`", None),
    "an object with another __call__": (
        "class H:\n    def __call__(self, event): ...\nhandler = H()\n",
        "takes (self, event) with 1 of them given, and Lambda calls it with an event and a context",
        FUNCTION,
    ),
    "a method of a class": (
        "class H:\n    def handle(self, event, context): ...\nhandler = H.handle\n",
        "takes (self, event, context), and Lambda calls it with an event and a context",
        FUNCTION,
    ),
    "too much is given": (
        "from functools import partial\ndef main(event, context): ...\nhandler = partial(main, 1)\n",
        "takes (event, context) with 1 of them given, and Lambda calls it with an event and a context",
        FUNCTION,
    ),
    "another name": (
        "async def main(event, context): ...\nhandler = main\n",
        "is `async`",
        "Lambda calls plain functions: use asyncio.run() inside one",
    ),
    "a module": ("import json as handler\n", "is not a function but the module `json`", FORM),
    "the last of two": (
        "def handler(event, context): ...\ndef handler(event): ...\n",
        "takes (event), and Lambda calls it with an event and a context",
        FUNCTION,
    ),
    "deleted": ("def handler(event, context): ...\ndel handler\n", "does not exist", FORM),
    "no Python": ("def handler(:\n", "is in web.py, which is not valid Python: invalid syntax (line 1)", None),
}


@pytest.mark.parametrize("kind", WRONG)
def test_what_lambda_cannot_call_is_an_error_at_the_declaration(make: Make, kind: str) -> None:
    source, message, hint = WRONG[kind]
    error = make(app=WEB, **{"web.py": source}).error()
    expected = f"the handler `web.handler` of function `web` {message}"
    assert (expected, hint, "app.py:9:42") == (error.message, error.hint, at(error))


IMPORTED = {
    "too few": (
        "from main import handler\n",
        "def handler(event): ...\n",
        "takes (event), and ",
        f"{FUNCTION}, at main.py:1",
    ),
    "under another name": ("from main import run as handler\n", "run = 3\n", "is not a function but `3`", None),
    "of a module": ("import main\nhandler = main.run\n", "run = {}\n", "is not a function but `{}`", None),
    "with all else": ("from main import *\n", "handler = []\n", "is not a function but `[]`", None),
    "what is not there": (
        "from main import handler\n",
        "def handle(event, context): ...\n",
        "does not exist",
        "did you mean `handle`?",
    ),
    "what is kept": ("from main import *\n", "__all__ = ['x']\nhandler = x = print\n", "does not exist", FORM),
}


@pytest.mark.parametrize("kind", IMPORTED)
def test_a_handler_is_followed_to_the_module_that_defines_it(make: Make, kind: str) -> None:
    source, other, message, hint = IMPORTED[kind]
    error = make(app=WEB, **{"web.py": source, "main.py": other}).error()
    assert error.message.startswith(f"the handler `web.handler` of function `web` {message}")
    assert (hint, "app.py:9:42") == (error.hint, at(error))


def test_a_handler_of_another_module_of_its_package_is_right(make: Make) -> None:
    """Two modules that import it of each other say nothing."""
    files = {"api/web.py": "from .main import handler\n", "api/main.py": "def handler(event, context): ...\n"}
    circle = {"web.py": "from main import handler\n", "main.py": "from web import handler\n"}
    app = WEB.replace("web.handler", "api.web.handler") + WEB.replace("'web'", "'other'")
    assert 2 == len(make(app=app, **files, **circle).load().functions)


def test_a_module_that_is_missing_in_a_folder_without_init_is_told(make: Make) -> None:
    error = make(app=WEB.replace("web.handler", "api.wbe.handler"), **{"api/web.py": ""}).error()
    assert "did you mean `api.web.handler`?" == error.hint


@pytest.mark.parametrize("file", ["api/web.py", "api/web/__init__.py", "src/api/web.py"])
@pytest.mark.parametrize("handler", ["api.web.handler", "api/web.handler"])
def test_a_handler_may_be_in_a_package(make: Make, file: str, handler: str) -> None:
    files = {file: "import os\ndef handler(event, context): ...\n"}
    if file.startswith("src/"):
        files |= {"src/api/__init__.py": "", "pyproject.toml": "[build-system]\nrequires = []\n[project]\nname = 'x'\n"}
    built = build(make(app=WEB.replace("web.handler", handler), **files).folder)
    assert [handler] == [function.handler for function in built.app.functions]


def test_a_handler_of_an_installed_package_is_looked_for_in_the_zip(make: Make) -> None:
    """It is installed here, but it is no dependency of the app."""
    project = make(app=WEB.replace("web.handler", "click.echo"))
    project.load()
    with pytest.raises(RemitError, match="is not in its zip, which has no module `click`") as caught:
        build(project.folder)
    assert "app.py:9:42" == at(caught.value)


def test_a_handler_that_is_left_out_of_the_zip_is_an_error(make: Make) -> None:
    """Also one of a function that is decorated."""
    jobs = "from app import app\n@app.function\ndef tidy(event, context): ...\n"
    project = make(app="import jobs\n", **{"jobs.py": jobs, ".remitignore": "jobs.py\n"})
    with pytest.raises(RemitError) as caught:
        build(project.folder)
    message = "the handler `jobs.tidy` of function `tidy` is not in its zip, which has no module `jobs`"
    assert (message, "jobs.py:2:2") == (caught.value.message, at(caught.value))


@pytest.mark.parametrize("module", ["some_adapter", "SomeAdapter"])
def test_a_handler_of_a_dependency_that_is_not_installed_here_is_looked_for_in_the_zip_alone(
    make: Make, module: str
) -> None:
    app = WEB.replace("web.handler", f"{module}.handler")
    project = make(app=app, **{"requirements.txt": "some-adapter==1.0\nSomeAdapter==1.0\n"})
    assert [f"{module}.handler"] == [function.handler for function in project.load().functions]


def test_a_handler_may_be_in_a_layer_or_in_lambda_itself(make: Make) -> None:
    layer = "arn:aws:lambda:eu-west-1:111122223333:layer:a:1"
    app = (
        f"app.function(name='one', handler='insights.wrapper.handler', layers=[{layer!r}])\n"
        "app.function(name='two', handler='boto3.client')\n"
    )
    assert 2 == len(build(make(app=app).folder).app.functions)


@pytest.mark.parametrize("is_declared_in_it", [True, False], ids=["decorated", "by name"])
def test_a_module_of_many_handlers_is_read_once(make: Make, is_declared_in_it: bool) -> None:
    body = "".join(f"    value_{line} = event.get({line})\n" for line in range(50))

    def work_of_a_build(count: int) -> int:
        definitions = [f"def work_{number}(event, context):\n{body}" for number in range(20)]
        if is_declared_in_it:
            app = "".join(("@app.function\n" if n < count else "") + text for n, text in enumerate(definitions))
            project = make(app=app)
        else:
            app = "".join(f"app.function(name='f{n}', handler='web.work_{n}')\n" for n in range(count))
            project = make(app=app, **{"web.py": "".join(definitions)})
        return calls_of(partial(build, project.folder))

    work_of_a_build(1)  # what is imported then stays
    assert work_of_a_build(20) < 3 * work_of_a_build(2)


ABSENT = """app.function(name='a', handler='needed_here.run')
app.function(name='b', handler='Also_Needed.run')
app.function(name='d', handler='in_folder.run', code='folder')
app.function(name='e', handler='in_folder.run')
app.function(name='f', handler='api.wbe.run')
app.function(name='g', handler='work._hidde')
app.function(name='h', handler='work.visibl')
app.web('api.wbe:app', name='i')
app.web('work:none.at_all', on.api('GET /j', auth='NONE'), name='j')
app.web('work:thing.of_its_own', on.api('GET /k', auth='NONE'), name='k')
"""


def test_a_handler_is_absent_unless_its_own_files_of_dependencies_have_its_package(make: Make) -> None:
    files = {
        "pyproject.toml": "[project]\nname = 'x'\ndependencies = ['Needed-Here', 'also-needed']\n",
        "folder/requirements.txt": "in-folder\n",
        "api/web.py": "",
        "work.py": "def _hidden(event, context): ...\ndef visible(event, context): ...\nthing = object()\n",
    }
    error = make(app=f"import work\n{ABSENT}", **files).error()
    form = "a handler reads `module.function`"
    assert [
        ("app.py:13:32", "the handler `in_folder.run` of function `e` does not exist", form),
        ("app.py:14:32", "the handler `api.wbe.run` of function `f` does not exist", "did you mean `api.web.run`?"),
        ("app.py:15:32", "the handler `work._hidde` of function `g` does not exist", form),
        ("app.py:16:32", "the handler `work.visibl` of function `h` does not exist", "did you mean `visible`?"),
        ("app.py:17:9", "the web app `api.wbe:app` of function `i` does not exist", "did you mean `api.web:app`?"),
        (
            "app.py:18:9",
            "the web app `work:none.at_all` of function `j` does not exist",
            "a web app reads `module:name`",
        ),
    ] == [(at(mistake), mistake.message, mistake.hint) for mistake in error.all]
    by_layer = make(
        config="config.lambda_.function.layers = ['arn:aws:lambda:eu-west-1:111122223333:layer:a:1']",
        app="app.function(name='a', handler='absent.run')\n",
    )
    assert ["absent.run"] == [function.handler for function in by_layer.load().functions]
