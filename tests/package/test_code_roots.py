"""`code=`: a folder of the project is the root of a function's zip, as SAM's CodeUri."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING

import pytest

from remit.build import build
from remit.errors import RemitError
from remit.loading.load import load

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Make = Callable[[dict[str, str]], Path]
    Wheel = Callable[..., Path]

HEAD = "from remit import App\napp = App()\n"
ORDERS = {
    "app.py": HEAD + 'app.function(name="orders", handler="handler.handler", code="functions/orders")\n',
    "config/deploy.py": (
        f"from remit import config\nconfig.lambda_.function.runtime = 'python3.{sys.version_info.minor}'\n"
    ),
    "functions/orders/handler.py": "import helper\n\n\ndef handler(event, context):\n    return helper.answer()\n",
    "functions/orders/helper.py": "def answer():\n    return 'from the root'\n",
}


def in_zip(folder: Path, function: str) -> set[str]:
    """The files of a function's zip that are not remit's."""
    with zipfile.ZipFile(folder / ".remit" / "build" / f"{function}.zip") as archive:
        return {name for name in archive.namelist() if not name.startswith("remit/")}


def mistakes(folder: Path) -> list[tuple[str, str, str | None]]:
    """The mistakes of a build: where each stands, what it says, and what to do."""
    with pytest.raises(RemitError) as caught:
        build(folder)
    return [(str(mistake.origin), mistake.message, mistake.hint) for mistake in caught.value.all]


def test_the_zip_has_what_lies_in_the_folder_and_its_modules_import_each_other(project: Make) -> None:
    folder = project(ORDERS)
    built = build(folder)
    assert {"handler.py", "helper.py"} == in_zip(folder, "orders")
    functions = [resource for resource in built.template.resources if resource.type == "AWS::Lambda::Function"]
    assert ["handler.handler"] == [function.properties["Handler"] for function in functions]


def test_the_zip_of_a_root_is_the_same_whatever_lies_beside_it_or_above(project: Make) -> None:
    folder = project(ORDERS)
    first = build(folder).artefacts
    os.utime(folder / "functions/orders/helper.py", (1, 1))
    project({"functions/refunds/handler.py": "x = 1\n", "more.py": "y = 2\n"})
    assert first.keys() == build(folder).artefacts.keys()


def test_functions_of_one_root_share_a_zip_and_others_have_their_own(project: Make) -> None:
    """A root inside of another is no other's, and the app's own functions have the whole project."""
    folder = project({
        **ORDERS,
        "app.py": HEAD
        + "orders = app.group('orders', code='functions/orders')\n"
        + "orders.function(name='one', handler='handler.handler')\n"
        + "orders.function(name='two', handler='handler.handler')\n"
        + "app.function(name='all', handler='orders.handler.handler', code='./functions/')\n"
        + "@app.function\ndef own(event, context): ...\n"
        + "@orders.function(code=None)\ndef own_too(event, context): ...\n",
        "functions/orders/__init__.py": "",
        "functions/orders/handler.py": "def handler(event, context): ...\n",
    })  # fmt: skip
    built = build(folder)
    assert 3 == len(built.artefacts)
    assert in_zip(folder, "one") == in_zip(folder, "two") == {"__init__.py", "handler.py", "helper.py"}
    assert {"orders/__init__.py", "orders/handler.py", "orders/helper.py"} == in_zip(folder, "all")
    assert {"app.py", "functions/orders/handler.py"} < in_zip(folder, "own") == in_zip(folder, "own_too")


def test_a_module_of_a_root_may_have_the_name_of_one_of_the_app(project: Make) -> None:
    """What Lambda calls is looked for in the root alone, also where the load has imported a namesake."""
    files = {
        **ORDERS,
        "app.py": HEAD
        + "import helper\n"
        + "def handler(event): ...\n"
        + "app.function(name='orders', handler='app.handler', code='functions/orders')\n"
        + "app.function(name='wrong', handler='helper.handler', code='functions/orders')\n",
        "helper.py": "def handler(event, context): ...\n",
        "functions/orders/app.py": "import helper\ndef handler(event, context): ...\n",
    }  # fmt: skip
    message = "the handler `helper.handler` of function `wrong` does not exist"
    assert [("app.py:6:36", message)] == [(place, said) for place, said, _ in mistakes(project(files))]


def test_the_handler_of_a_root_is_read_there(project: Make) -> None:
    files = {**ORDERS, "functions/orders/handler.py": "def handler(event): ...\n"}
    ((place, message, _),) = mistakes(project(files))
    assert "app.py:3:37" == place
    assert "takes (event), and Lambda calls it with an event and a context" in message


@pytest.mark.parametrize(
    ("code", "problem", "hint"),
    [
        ("functions/ordrs", "there is no such folder", "did you mean `orders`?"),
        ("nowhere/at/all", "there is no such folder", None),
        ("functions/orders/handler.py", "it is not a folder", None),
        ("../project-2", "it lies outside of the project", None),
        ("/etc", "it lies outside of the project", None),
        ("out", "it lies outside of the project", None),
        ("a\0b", "there is no such folder", None),
        ("x" * 5000, "there is no such folder", None),
    ],
)
def test_what_is_no_folder_of_the_project_is_an_error_at_the_argument(
    project: Make, code: str, problem: str, hint: str | None
) -> None:
    text = HEAD + f"app.function(name='orders', handler='handler.handler', code={code!r})\n"
    folder = project({**ORDERS, "app.py": text})
    (folder / "out").symlink_to(folder.parent)
    ((place, message, said),) = mistakes(folder)
    assert "app.py:3:61" == place
    assert message.startswith("the code of `orders` cannot be ")
    assert message.endswith(problem)
    assert said == (
        hint or """such as `code="functions/orders"`: a folder with modules, by its path from the project's"""
    )


def test_what_is_no_text_is_an_error_at_the_argument(project: Make) -> None:
    files = {**ORDERS, "app.py": HEAD + "app.function(name='orders', handler='app.handler', code=7)\n"}
    assert ("app.py:3:57", "`code` must be a string, got int '7'") in [each[:2] for each in mistakes(project(files))]


def test_the_root_may_be_a_link_to_a_folder_of_the_project_and_have_links_into_it(project: Make) -> None:
    folder = project({**ORDERS, "common/shared_text.py": "TEXT = 'shared'\n"})
    project({"functions/orders/helper.py": "from shared_text import TEXT\ndef answer(): return TEXT\n"})
    (folder / "functions/orders/shared_text.py").symlink_to(folder / "common/shared_text.py")
    (folder / "linked").symlink_to(folder / "functions/orders")
    project({"app.py": HEAD + "app.function(name='orders', handler='handler.handler', code='linked')\n"})
    build(folder)
    assert {"handler.py", "helper.py", "shared_text.py"} == in_zip(folder, "orders")


def test_a_link_from_a_root_out_of_the_project_is_refused(project: Make, tmp_path: Path) -> None:
    folder = project(ORDERS)
    (tmp_path / "elsewhere.py").write_text("x = 1\n")
    (folder / "functions/orders/elsewhere.py").symlink_to(tmp_path / "elsewhere.py")
    assert any("'functions/orders/elsewhere.py': a link that leaves" in message for _, message, _ in mistakes(folder))


def test_a_function_that_is_decorated_is_not_in_such_a_zip(project: Make) -> None:
    files = {
        **ORDERS,
        "app.py": HEAD + "orders = app.group('orders', code='functions/orders')\n"
        "@orders.function\ndef hello(event, context): ...\n",
    }
    ((place, message, hint),) = mistakes(project(files))
    assert "app.py:4:2" == place
    assert "`hello` is declared in module `app`, and its zip has the modules in functions/orders alone" == message
    assert hint is not None
    assert "handler=" in hint


def test_a_job_in_a_group_with_a_root_is_told_the_same(project: Make) -> None:
    files = {
        **ORDERS,
        "config/deploy.py": "from remit import config\nconfig.job.enable = True\n",
        "app.py": HEAD + "orders = app.group('orders', code='functions/orders')\n@orders.job\ndef send(): ...\n",
    }
    assert ["`send` is declared in module `app`"] == [said[:34] for _, said, _ in mistakes(project(files))]


def test_a_web_app_is_imported_from_its_root(project: Make) -> None:
    text = HEAD + "app.web('main:api', auth='NONE', interface='wsgi', code='site')\n"
    served = "def api(environ, start_response): ...\n"
    folder = project({**ORDERS, "app.py": text, "site/main.py": served})
    build(folder)
    assert "main.py" in in_zip(folder, "web")
    project({"site/main.py": "apii = None\n"})
    assert ["the web app `main:api` of function `web` does not exist"] == [said for _, said, _ in mistakes(folder)]


def test_a_roots_own_requirements_are_packed_and_else_the_apps(project: Make, wheel: Wheel) -> None:
    """An empty file says that there are none."""
    folder = project({
        **ORDERS,
        "app.py": HEAD + "".join(
            f"app.function(name={name!r}, handler='handler.handler', code='functions/{name}')\n"
            for name in ("orders", "refunds", "plain")
        ),
        "requirements.txt": "--find-links wheels\n--no-index\nofapp\n",
        "functions/orders/handler.py": "import ofroot\ndef handler(event, context): ...\n",
        "functions/orders/requirements.txt": "--find-links ../../wheels\n--no-index\nofroot\n",
        "functions/refunds/handler.py": "import ofapp\ndef handler(event, context): ...\n",
        "functions/plain/handler.py": "def handler(event, context): ...\n",
        "functions/plain/requirements.txt": "",
    })  # fmt: skip
    wheel(folder / "wheels", "ofapp", {"ofapp.py": ""})
    wheel(folder / "wheels", "ofroot", {"ofroot.py": ""})
    build(folder)
    assert {"ofroot.py"} == in_zip(folder, "orders") & {"ofapp.py", "ofroot.py"}
    assert {"ofapp.py"} == in_zip(folder, "refunds") & {"ofapp.py", "ofroot.py"}
    assert {"handler.py"} == in_zip(folder, "plain")


def test_a_mistake_in_a_roots_requirements_stands_in_its_file(project: Make) -> None:
    folder = project({**ORDERS, "functions/orders/requirements.txt": "x\n-r more.txt\n"})
    assert ["functions/orders/requirements.txt:2"] == [place for place, _, _ in mistakes(folder)]


def test_patterns_are_those_of_the_project_and_names_at_the_top_those_of_the_root(project: Make) -> None:
    folder = project({
        **ORDERS,
        "config/deploy.py": ORDERS["config/deploy.py"] + "config.package.exclude = ['/functions/orders/data/']\n",
        ".remitignore": "/functions/*\n/data/\n!/functions/orders/README.md\n",
        "functions/orders/data/rows.csv": "1\n",
        "functions/orders/README.md": "kept\n",
        "functions/orders/tests/test_it.py": "",
        "functions/orders/requirements.txt": "",
        "functions/orders/.env": "A=b\n",
    })  # fmt: skip
    build(folder)
    assert {"handler.py", "helper.py", "README.md"} == in_zip(folder, "orders")


def test_a_secret_in_a_root_is_refused_by_its_path_in_the_project(project: Make) -> None:
    key = "AKIA" + "Q3EGRT7Y2KLMNB5Z"
    folder = project({**ORDERS, "functions/orders/settings.py": f"KEY = '{key}'\n"})
    assert "functions/orders/settings.py:1:8" in [place for place, _, _ in mistakes(folder)]
    project({"app.py": ORDERS["app.py"] + "nothing = app.no_such_thing\n"})
    places = [place for place, _, _ in mistakes(folder)]
    assert {"app.py:4:11", "functions/orders/settings.py:1:8"} <= set(places)


def test_an_exception_for_a_secret_is_needed_where_one_zip_needs_it(project: Make) -> None:
    allow = "config.package.allow = {'*.sql': 'made-up rows', '*.har': 'none'}\n"
    folder = project({**ORDERS, "config/deploy.py": ORDERS["config/deploy.py"] + allow})
    project({"functions/orders/dump.sql": "1", "functions/refunds/handler.py": "def handler(event, context): ...\n"})
    project(
        {"app.py": ORDERS["app.py"] + "app.function(name='b', handler='handler.handler', code='functions/refunds')\n"}
    )
    told = [note for note in build(folder).notes if "allows nothing" in note]
    assert ["  '*.har' in config.package.allow allows nothing: config/deploy.py:3:50"] == told


def test_a_sibling_that_the_zip_has_elsewhere_is_seen(project: Make) -> None:
    """Of a handler by name when its zip is tried, of a decorated one when it is loaded."""
    by_name = HEAD + "app.function(name='orders', handler='functions.orders.handler.handler')\n"
    hint = (
        "functions/orders/helper.py lies beside it: import `functions.orders.helper`, "
        'or write `handler=` and `code="functions/orders"`, the root of its zip'
    )
    expected = [("functions/orders/handler.py:1", hint)]
    assert expected == [(place, said) for place, _, said in mistakes(project({**ORDERS, "app.py": by_name}))]
    imported = HEAD + "from functions.orders import handler\n"
    with pytest.raises(RemitError) as caught:
        load(project({"app.py": imported}))
    assert expected[0][1] == caught.value.hint


def test_a_module_of_the_project_that_lies_outside_of_the_root_is_seen(project: Make) -> None:
    files = {
        **ORDERS,
        "functions/orders/helper.py": "import common.text\n",
        "common/text.py": "",
        "common/__init__.py": "",
    }
    way = "put it, or a link to it, into that folder"
    hint = f"the project has it, and the zip has only what is in functions/orders: {way}"
    assert [("functions/orders/helper.py:1", hint)] == [(at, said) for at, _, said in mistakes(project(files))]


def test_names_in_a_roots_own_code_decide_what_its_function_may_do(project: Make) -> None:
    """A lookup of an output is found there, and not in the app's namesake."""
    files = {
        **ORDERS,
        "app.py": HEAD + "app.function(name='orders', handler='app.handler', code='functions/orders')\n",
        "shared/resources/data.py": (
            "from remit import Shared, output, resource\n"
            "class Data(Shared):\n    queue = resource('AWS::SQS::Queue')\n    address = output(queue)\n"
        ),
        "functions/orders/app.py": "import helper\ndef handler(event, context): ...\n",
        "functions/orders/helper.py": "from remit import Shared\nclass Data(Shared): ...\nData.lookup('address')\n",
    }
    (role,) = build(project(files), package=False).roles
    assert any("cloudformation:DescribeStacks" in grant.statement.actions.patterns for grant in role.grants)


def test_type_checkers_find_the_siblings_of_a_root(project: Make) -> None:
    folder = project(ORDERS)
    command = [sys.executable, "-m", "mypy", "--strict-optional", "functions/orders"]
    checked = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert "Success: no issues found in 2 source files\n" == checked.stdout
