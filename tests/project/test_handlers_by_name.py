"""A handler that is given by name is found in the source of its module, and checked in the zip; nothing imports it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

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
}

IMPORTED = {
    "mangum.py": "def Mangum(app): ...\n",
    "site_.py": "",
    "elsewhere.py": "def thing(event, context): ...\n",
    "wrappers.py": "def sync(function): ...\n",
}


@pytest.mark.parametrize("kind", FINE)
def test_what_may_be_called_is_no_error(make: Make, kind: str) -> None:
    """Neither where it is loaded nor in the zip."""
    built = build(make(app=WEB, **{"web.py": FINE[kind], **IMPORTED}).folder)
    assert ["web.handler"] == [function.handler for function in built.app.functions]


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
    "no Python": ("def handler(:\n", "is in web.py, which is not valid Python: invalid syntax (line 1)", None),
}


@pytest.mark.parametrize("kind", WRONG)
def test_what_lambda_cannot_call_is_an_error_at_the_declaration(make: Make, kind: str) -> None:
    source, message, hint = WRONG[kind]
    error = make(app=WEB, **{"web.py": source}).error()
    expected = f"the handler `web.handler` of function `web` {message}"
    assert (expected, hint, "app.py:9:1") == (error.message, error.hint, at(error))


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
    assert "app.py:9:1" == at(caught.value)


def test_a_handler_that_is_left_out_of_the_zip_is_an_error(make: Make) -> None:
    """Also one of a function that is decorated."""
    jobs = "from app import app\n@app.function\ndef tidy(event, context): ...\n"
    project = make(app="import jobs\n", **{"jobs.py": jobs, ".remitignore": "jobs.py\n"})
    with pytest.raises(RemitError) as caught:
        build(project.folder)
    message = "the handler `jobs.tidy` of function `tidy` is not in its zip, which has no module `jobs`"
    assert (message, "jobs.py:2:2") == (caught.value.message, at(caught.value))


def test_a_handler_of_a_dependency_that_is_not_installed_here_is_looked_for_in_the_zip_alone(make: Make) -> None:
    app = WEB.replace("web.handler", "some_adapter.handler")
    project = make(app=app, **{"requirements.txt": "some-adapter==1.0\n"})
    assert ["some_adapter.handler"] == [function.handler for function in project.load().functions]


def test_a_handler_may_be_in_a_layer_or_in_lambda_itself(make: Make) -> None:
    layer = "arn:aws:lambda:eu-west-1:1:layer:a:1"
    app = (
        f"app.function(name='one', handler='insights.wrapper.handler', layers=[{layer!r}])\n"
        "app.function(name='two', handler='boto3.client')\n"
    )
    assert 2 == len(build(make(app=app).folder).app.functions)
