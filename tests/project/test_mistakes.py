"""Mistakes of every kind are told at the user's own line, and nothing is written."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

import effort
from projects import HELLO, at, remit_process
from remit import RemitError, load
from remit.errors import Mistakes, span

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Make

FUNCTION = "\ndef hello(event, context): ...\n"

CONFIGURATION: dict[str, tuple[str | bytes, str, str]] = {
    "raises": ("x = 1\nx / 0\n", "config/deploy.py raised ZeroDivisionError: division by zero", "2:1"),
    "raises in a function": (
        "def f():\n    return {}['A']\n\nf()\n",
        "config/deploy.py raised KeyError: 'A'",
        "2:12",
    ),
    "raises in a helper module": (
        "import helper\n",
        "config/deploy.py raised ZeroDivisionError: division by zero",
        "helper.py:2:5",
    ),
    "is not closed": ("x = (\n", "config/deploy.py is not valid Python: '(' was never closed", "1:5"),
    "is not indented": (
        "if 1:\nx\n",
        "config/deploy.py is not valid Python: expected an indented block after 'if' statement on line 1",
        "2:1",
    ),
    "imports what is missing": (
        "\nimport no_such_module\n",
        "config/deploy.py raised ModuleNotFoundError: No module named 'no_such_module'",
        "2:1",
    ),
    "raises what is no Exception": (
        "class Stop(BaseException): ...\n\nraise Stop('here')\n",
        "config/deploy.py raised Stop: here",
        "3:1",
    ),
    "raises what cannot be shown": (
        "class Bad(Exception):\n    def __str__(self): return 1 / 0\n\nraise Bad\n",
        "config/deploy.py raised Bad: (its text cannot be shown)",
        "4:1",
    ),
    "has a setting that does not exist, in a helper": (
        "import helper2\n",
        "there is no setting `config.jop`",
        "helper2.py:2:1",
    ),
}
HELPERS = {"helper.py": "def boom():\n    1 / 0\nboom()\n", "helper2.py": "from remit import config\nconfig.jop\n"}


@pytest.mark.parametrize("kind", CONFIGURATION)
def test_a_configuration_that_fails_is_told_at_its_line(make: Make, kind: str) -> None:
    content, message, place = CONFIGURATION[kind]
    error = make(**{"config/deploy.py": content}, **HELPERS).error()
    expected = place if ".py" in place else f"config/deploy.py:{place}"
    assert (message, expected) == (error.message, at(error))


@pytest.mark.parametrize("file", ["config/deploy.py", "config/deploy/dev.py", "shared/resources/data.py", "app.py"])
@pytest.mark.parametrize(
    "content",
    [
        b"import sys\nsys.exit(3)\n",
        b"exit()\n",
        b"x = 1\0\n",
        bytes(range(256)),
        "x = 'ü'".encode("latin-1"),
        b"((((\n",
    ],
)
def test_no_file_brings_a_traceback_or_ends_the_program(make: Make, file: str, content: bytes) -> None:
    """Sys.exit, NUL, binary garbage, another encoding, half a file: an error that names the file."""
    assert file == at(make(**{file: content}).error()).split(":")[0]


def test_a_configuration_that_is_a_folder_is_told(make: Make) -> None:
    error = make(**{"config/deploy.py/x": ""}).error()
    assert ("cannot read it: Is a directory", "config/deploy.py") == (error.message, at(error))


APPS: dict[str, tuple[str, str, str | None, str]] = {
    "two functions of one name": (
        f"@app.function{FUNCTION}@app.function(name='hello')\ndef other(event, context): ...\n",
        "function `hello` is declared twice; the other is at app.py:9:2",
        "give one another `name=`",
        "11:2",
    ),
    "two Python functions of one name": (
        f"@app.function{FUNCTION}@app.function(name='other'){FUNCTION}",
        "function `hello` is declared twice; the other is at app.py:9:2",
        "rename one: the second would replace the first",
        "11:2",
    ),
    "two names that are one in the template": (
        "@app.function\ndef a_b(event, context): ...\n@app.function\ndef aB(event, context): ...\n",
        "functions `a_b` and `aB` both become `AB` in the template",
        "give one another `name=`",
        "11:2",
    ),
    "a nested function": (
        "def make():\n    @app.function\n    def hello(event, context): ...\nmake()\n",
        "function `hello` is declared inside another function, where Lambda cannot find it",
        "move it to the top level of its module",
        "10:6",
    ),
    "a method": (
        "class A:\n    @app.function\n    def hello(self, event, context): ...\n",
        "the handler `app.A.hello` of function `hello` does not exist",
        "a handler reads `module.function`",
        "10:6",
    ),
    "a class": (
        "@app.function\nclass hello:\n    def __init__(self, event, context): ...\n",
        "the handler `app.hello` of function `hello` is a class, and Lambda takes what it makes for the answer",
        "write `def handler(event, context):`",
        "9:2",
    ),
    "a function that is gone": (
        f"@app.function{FUNCTION}del hello\n",
        "the handler `app.hello` of function `hello` does not exist",
        "a handler reads `module.function`",
        "9:2",
    ),
    "a function that is something else": (
        f"@app.function{FUNCTION}hello = 3\n",
        "the handler `app.hello` of function `hello` is not a function but int '3'",
        None,
        "9:2",
    ),
    "an async function": (
        "@app.function\nasync def hello(event, context): ...\n",
        "the handler `app.hello` of function `hello` is `async`",
        "Lambda calls plain functions: use asyncio.run() inside one",
        "9:2",
    ),
    "an async generator": (
        "@app.function\nasync def hello(event, context):\n    yield 1\n",
        "the handler `app.hello` of function `hello` is `async`",
        "Lambda calls plain functions: use asyncio.run() inside one",
        "9:2",
    ),
    "a function that takes no context": (
        "@app.function\ndef hello(event): ...\n",
        "the handler `app.hello` of function `hello` takes (event), and Lambda calls it with an event and a context",
        "write `def handler(event, context):`",
        "9:2",
    ),
    "a function that takes its event by name alone": (
        "@app.function\ndef hello(*, event) -> None: ...\n",
        "the handler `app.hello` of function `hello` takes (*, event), and Lambda calls it with an event and a context",
        "write `def handler(event, context):`",
        "9:2",
    ),
    "a resource outside of a class": (
        "from remit import resource\nloose = resource('AWS::SQS::Queue')\n@app.function(sqs(loose))" + FUNCTION,
        "`HelloRole` uses a resource that no class of `shared/resources/` holds",
        "resources are attributes of classes: `class Data(Shared): queue = resource(…)`",
        "11:2",
    ),
    "an environment for another program": (
        "@app.function(environment={'TEXT': '${{ x }}'})" + FUNCTION,
        "`HelloFunction`: `${{ x }}` has a `${{` that starts no intrinsic function",
        None,
        "9:2",
    ),
    "a handler that is misspelt": (
        "app.function(name='web', handler='site_.handlr')\n",
        "the handler `site_.handlr` of function `web` does not exist",
        "did you mean `handler`?",
        "9:34",
    ),
    "a handler in no module": (
        "app.function(name='web', handler='sitee.handler')\n",
        "the handler `sitee.handler` of function `web` does not exist",
        "did you mean `site_.handler`?",
        "9:34",
    ),
    "a handler without a module": (
        "app.function(name='web', handler='handler')\n",
        "the handler `handler` of function `web` does not exist",
        "a handler reads `module.function`",
        "9:34",
    ),
    "a handler that is not text": (
        "app.function(name='web', handler=3)\n",
        "function `web` has the handler '3'",
        "a handler reads `module.function`, in at most 128 characters",
        "9:34",
    ),
    "a lambda": (
        "app.function(lambda event, context: None)\n",
        "'<lambda>' is not a valid name for a function",
        "letters, digits, - and _ only; `name=` gives another than the Python function's",
        "9:1",
    ),
    "a lambda with a name": (
        "app.function(name='web')(lambda event, context: None)\n",
        "the handler `app.<lambda>` of function `web` does not exist",
        "a handler reads `module.function`",
        "9:1",
    ),
    "a name of signs": (
        f"@app.function(name='a; rm -rf ~'){FUNCTION}",
        "'a; rm -rf ~' is not a valid name for a function",
        "letters, digits, - and _ only; `name=` gives another than the Python function's",
        "9:20",
    ),
    "a name without a letter": (
        f"@app.function(name='__'){FUNCTION}",
        "'__' is not a valid name for a function",
        "letters, digits, - and _ only; `name=` gives another than the Python function's",
        "9:20",
    ),
    "a name beyond ASCII": (
        "@app.function\ndef grüße(event, context): ...\n",
        "'grüße' is not a valid name for a function",
        "letters, digits, - and _ only; `name=` gives another than the Python function's",
        "9:2",
    ),
    "65 characters": (
        f"@app.function(name='{'f' * 54}'){FUNCTION}",
        f"function name `orders-dev-{'f' * 54}` has 65 characters; Lambda allows 64",
        "shorten it by 1, with `name=`",
        "9:2",
    ),
    "a positional string": (
        f"@app.function('rate(1 day)'){FUNCTION}",
        "'rate(1 day)' is not a trigger",
        'such as `@app.function(on.sqs("orders"))`, with `from remit import on`',
        "9:15",
    ),
    "a grant in the place of a trigger": (
        f"from remit import grants\n@app.function(http(), grants.sqs.send('orders')){FUNCTION}",
        "a grant is not a trigger: it says what the function may do, not what runs it",
        'give it as `policy=[…]`; a trigger is such as `on.sqs("orders")`, with `from remit import on`',
        "10:23",
    ),
    "a trigger that was not called": (
        f"@app.function(http){FUNCTION}",
        "`on.http` is a trigger only when it is called",
        "call it: `on.http()`",
        "9:15",
    ),
    "a schedule that was not called": (
        f"@app.function(schedule){FUNCTION}",
        "`on.schedule` is a trigger only when it is called",
        'call it: `on.schedule("rate(1 day)")`',
        "9:15",
    ),
    "a trigger among others that was not called": (
        f"@app.function(http(), sqs){FUNCTION}",
        "`on.sqs` is a trigger only when it is called",
        'call it: `on.sqs("orders", batch_size=100, batch_window=5)`',
        "9:23",
    ),
    "an object that can be called": (
        f"import functools\n@app.function(functools.partial(print)){FUNCTION}",
        "functools.partial(<built-in function print>) is not a trigger",
        'such as `@app.function(on.sqs("orders"))`, with `from remit import on`',
        "10:15",
    ),
    "something that is not a function": (
        "app.function(http())(3)\n",
        "3 is not a function",
        None,
        "9:1",
    ),
    "a missing dependency": (
        "import no_such_module.thing\n",
        "app.py raised ModuleNotFoundError: No module named 'no_such_module'",
        "install it where remit runs: the app is imported to be built (`no_such_module`)",
        "9:1",
    ),
    "a variable of the environment that is not set": (
        "import os\nNAME = os.environ['NO_SUCH_NAME']\n",
        "app.py raised KeyError: 'NO_SUCH_NAME'",
        "no function declares NO_SUCH_NAME: write `environment={'NO_SUCH_NAME': …}` at the function that needs it, \
set the variable before the build, or give it a default with os.environ.get()",
        "10:8",
    ),
    "a job while jobs are off": (
        "@app.job\ndef mail(to): ...\n",
        "job `mail` is declared, but jobs are off",
        "set `config.job.enable = True`",
        "9:2",
    ),
}


@pytest.mark.parametrize("kind", APPS)
def test_a_wrong_declaration_is_told_at_its_line(make: Make, kind: str) -> None:
    body, message, hint, place = APPS[kind]
    error = make(app=body, **{"site_.py": "def handler(event, context): ...\n"}).error()
    assert (message, hint, f"app.py:{place}") == (error.message, error.hint, at(error))


def test_what_a_trigger_makes_stands_at_the_trigger_by_a_path_within_the_project(make: Make) -> None:
    built = make(app='@app.function(\n    sqs("orders"),\n)\ndef hello(event, context): ...\n').built()
    origins = {resource.type: str(resource.origin) for resource in built.template.resources}
    assert "app.py:10:5" == origins["AWS::Lambda::EventSourceMapping"]


def test_64_characters_are_fine(make: Make) -> None:
    project = make(app=f"@app.function(name='{'f' * 53}'){FUNCTION}")
    assert 64 == len("orders-dev-" + project.load().functions[0].name)


def test_one_function_may_be_declared_under_two_names(make: Make) -> None:
    """Also through a decorator between that says what it wraps."""
    project = make(
        app="""
import functools
def plain(function):
    @functools.wraps(function)
    def wrapper(*arguments): return function(*arguments)
    return wrapper
@app.function(name="a1")
@plain
@app.function(name="a2")
def hello(event, context): ...
app.function(name="a3")(hello)
"""
    )
    assert [("a2", "app.hello"), ("a1", "app.hello"), ("a3", "app.hello")] == [
        (function.name, function.handler) for function in project.load().functions
    ]


def test_a_function_may_be_declared_in_a_call(make: Make) -> None:
    """With settings, too: none of it may get lost."""
    project = make(app="def one(event, context): ...\napp.function(one, timeout=3, policy=['s3'])\n")
    (function,) = project.load().functions
    assert ("one", "app.one", 3, 1) == (
        function.name,
        function.handler,
        function.properties["Timeout"],
        len(function.policy),
    )


def test_a_jobs_queue_must_exist(make: Make) -> None:
    project = make(
        config="config.job.enable = True\nconfig.job.additional_queues = ['urgent']",
        app="@app.job(queue='urgnt')\ndef mail(to): ...\n",
    )
    error = project.error()
    assert ("there is no job queue `urgnt`", "did you mean `urgent`?", "app.py:9:16") == (
        error.message,
        error.hint,
        at(error),
    )


@pytest.mark.parametrize("name", ["Bad Queue", "1st", "ü", "a_b"])
def test_a_job_queue_has_a_plain_name(make: Make, name: str) -> None:
    error = make(config=f"config.job.enable = True\nconfig.job.additional_queues = [{name!r}]").error()
    assert (f"{name!r} is not a valid name for a job queue", "config/deploy.py:6:5") == (error.message, at(error))


def test_a_template_of_before_stays_whole_when_a_build_fails(make: Make) -> None:
    project = make()
    before = project.built().body
    make(config="1 / 0")
    ran = project.remit("build", "--no-package")
    files = sorted(path.name for path in (project.folder / ".remit" / "build").iterdir())
    assert (2, before) == (ran.status, (project.folder / ".remit/build/template.json").read_text())
    assert ["roles.json", "template.json"] == files


def _run(folder: Path, *, privileged: bool = True, **environment: str) -> tuple[int, str]:
    ran = remit_process("build", "--no-package", cwd=folder, privileged=privileged, environment=environment)
    assert "Traceback" not in ran.err
    return ran.status, ran.err


@pytest.mark.parametrize("file", ["config/deploy.py", "app.py", "pyproject.toml"])
def test_a_file_that_cannot_be_read_is_named(make: Make, file: str) -> None:
    project = make(config="pass", **{"pyproject.toml": '[project]\nname = "x"\n'})
    (project.folder / file).chmod(0)
    status, err = _run(project.folder, privileged=False)
    assert (2, True, True) == (status, "Permission denied" in err, file in err)


def test_a_project_that_cannot_be_written_is_told(make: Make) -> None:
    project = make()
    project.folder.chmod(0o555)
    status, err = _run(project.folder, privileged=False)
    project.folder.chmod(0o755)
    assert (2, True) == (status, "error: cannot write .remit/build/template.json: Permission denied" in err)


def test_neither_home_nor_a_locale_is_needed(make: Make) -> None:
    """No HOME, LANG=C, without UTF-8 mode: the same error, and the same template."""
    project = make(config='config.lambda_.iam.policy = ["日本"]')
    status, err = _run(project.folder, LANG="C", LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
    assert (2, "error: policy[0] is") == (status, err[:19])
    make(config='config.lambda_.function.environment = {"NAME": "日本"}')
    assert 0 == _run(project.folder, LANG="C", LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")[0]


def test_a_project_is_found_from_elsewhere_by_any_name(tmp_path: Path) -> None:
    """A folder with a space and letters beyond ASCII, from another folder, which has an app of its own."""
    for folder in (tmp_path / "my ördérs", tmp_path / "elsewhere"):
        folder.mkdir()
        (folder / "app.py").write_text(HELLO if folder.name.startswith("my") else "raise SystemExit(9)\n")
    ran = remit_process("build", "--no-package", "-C", "../my ördérs", cwd=tmp_path / "elsewhere")
    assert (0, True, ["app.py"]) == (
        ran.status,
        (tmp_path / "my ördérs/.remit/build/template.json").is_file(),
        [path.name for path in (tmp_path / "elsewhere").iterdir()],
    )


def test_the_apps_own_prints_do_not_hide_the_data(make: Make) -> None:
    """Standard output is remit's: what configuration and app print while they are loaded goes to standard error."""
    project = make(config="print('from config')", app=f"print('from app')\n@app.function{FUNCTION}")
    ran = project.remit("policy", "function", "hello")
    assert (0, "{", "from config\nfrom app\n") == (ran.status, ran.out[:1], ran.err)


OF_JOBS = (
    "*schedules", "queue", "timeout", "retries", "concurrency", "once", "policy", "managed_policy", "sends", "reads",
    "link",
)  # fmt: skip
INSTEAD = {
    "a verb": ("s3.raed('x')", "did you mean `read`?"),
    "a verb that is like none": (
        "from remit.grants import ssm\nssm.fetch('x')",
        "there are delete, list, put, read, read_batch",
    ),
    "a trigger": ("from remit.triggers import sqss", "did you mean `sqs`?"),
    "a service": ("from remit.grants import dynamo", "did you mean `dynamodb`?"),
    "a name of remit": ("from remit import Ap", "did you mean `App`?"),
    "a verb of a grant on a trigger": (
        "from remit import on\non.sqs.send('x')",
        "that is a trigger; a grant is written `grants.sqs.send(…)`, with `from remit import grants`",
    ),
    "a misspelt verb of a grant on a trigger": (
        "from remit import on\non.sqs.sned('x')",
        "that is a trigger; a grant is written `grants.sqs.send(…)`, with `from remit import grants`",
    ),
    "a verb of a grant on a trigger that is made": (
        "from remit import on\n@app.function(policy=[on.event(source='a').put('x')])\ndef hello(event, context): ...",
        "that is a trigger; a grant is written `grants.events.put(…)`, with `from remit import grants`",
    ),
    "a trigger as a grant": (
        "@app.function(policy=[sqs('x')])\ndef hello(event, context): ...",
        "a trigger stands before it: `@app.function(on.sqs(…))`; a grant reads such as `grants.sqs.send(…)`",
    ),
    "a grant as a trigger": (
        "from remit import grants\n@app.function(grants.sqs('x'))\ndef hello(event, context): ...",
        "`grants.sqs` has grants alone; the trigger is written `on.sqs(…)`, with `from remit import on`",
    ),
    "a trigger of `on`": ("from remit import on\non.sqss('x')", "did you mean `sqs`?"),
    "a service of `grants`": ("from remit import grants\ngrants.dynamo.put('x')", "did you mean `dynamodb`?"),
    "an option of a trigger": ("sqs('q', batch=3)", "did you mean `batch_size`?"),
    "an option of a grant": ("sns.publish(topc='x')", "did you mean `topic`?"),
    "an option of a job": ("app.job(memory=1)", f"it takes {', '.join(OF_JOBS)}"),
    "a method of the app": ("app.grup('x')", "did you mean `group`?"),
    "an attribute of the user's own object": ("class Own: ...\nOwn().grup", None),
    "an option of the user's own function": ("def own(): ...\nown(timeout=1)", None),
    "an attribute of another module": ("import json\njson.dump_s", None),
}


@pytest.mark.parametrize("kind", INSTEAD)
def test_what_remit_has_instead_of_a_misspelt_name_is_said(make: Make, kind: str) -> None:
    body, hint = INSTEAD[kind]
    assert hint == make(app=body).error().hint


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("{'Environment': 5}", "`config.lambda_.function.properties['Environment']` must be a dict, got int '5'"),
        ("{'TracingConfig': 'x'}", "`config.lambda_.function.properties['TracingConfig']` must be a dict, got str 'x'"),
        (
            "{'FileSystemConfigs': [1]}",
            "`config.lambda_.function.properties['FileSystemConfigs'][0]` must be a dict, got int '1'",
        ),
        (
            "{'Architectures': []}",
            "`config.lambda_.function.properties['Architectures']` takes one architecture, got 0",
        ),
        ("{'LoggingConfig': 5}", "`config.lambda_.function.properties['LoggingConfig']` must be a dict, got int '5'"),
        (
            "{'Description': '\\ud800'}",
            "`config.lambda_.function.properties['Description']` holds half of a character ('\\ud800'), which no file \
and no request can hold",
        ),
    ],
)
def test_a_property_of_a_shape_that_remit_cannot_read_is_told_at_its_line(make: Make, value: str, message: str) -> None:
    error = make(config=f"config.lambda_.function.properties = {value}").error()
    assert (message, "config/deploy.py:5:5") == (error.message, at(error))


@pytest.mark.parametrize("action", ["foo", "s3:", "s3:Get Object", "s3::Get", "s3:Get\\x00", "é:Get"])
def test_an_action_that_iam_would_refuse_stops_the_build(make: Make, action: str) -> None:
    statement = f"{{'Effect': 'Allow', 'Action': '{action}', 'Resource': '*'}}"
    error = make(config=f"config.lambda_.iam.policy = [{statement}]").error()
    assert "is not an action: IAM refuses the policy of hello" in error.message
    assert at(error) == "config/deploy.py:5:34"


def test_aws_itself_in_a_text_is_told_at_its_line(make: Make) -> None:
    error = make(config="config.lambda_.function.environment = {'AB': f'x{aws}'}").error()
    assert ("`aws` itself is not text", "config/deploy.py:5") == (error.message, at(error).rpartition(":")[0])


def test_what_a_value_raises_when_it_is_looked_at_is_told_at_its_own_line(make: Make) -> None:
    app = (
        "class Odd:\n    def __str__(self):\n        return {}['x']\n    __repr__ = __str__\n"
        "@app.function(policy=[Odd()])\ndef hello(event, context): ...\n"
    )
    error = make(app=app).error()
    assert ("a value of the configuration raised KeyError: 'x'", "app.py:11:16") == (error.message, at(error))


def test_an_exception_whose_text_ends_the_program_does_not_end_remit(make: Make) -> None:
    content = "class Odd(Exception):\n    def __str__(self):\n        raise SystemExit(0)\nraise Odd\n"
    error = make(**{"config/deploy.py": content}).error()
    assert "config/deploy.py raised Odd: (its text cannot be shown)" == error.message


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    missing = str(tmp_path / "none")
    ran = remit_process("build", "-C", missing, cwd=tmp_path)
    assert (2, True) == (ran.status, f"Directory '{missing}' does not exist\n" in ran.err)
    with pytest.raises(RemitError, match="there is no folder"):
        load(missing)


def test_a_function_in_the_place_of_a_value_is_told_by_its_name(make: Make) -> None:
    error = make(app=f"@app.function(timeout=dynamodb.put){FUNCTION}").error()
    assert "`timeout` must be a whole number of seconds, got function 'put'" == error.message


def test_an_object_in_the_place_of_a_value_is_told_by_its_type(make: Make) -> None:
    error = make(app=f"@app.function(policy=[object()]){FUNCTION}").error()
    assert "policy[0] must be a string or a dict, got an object of object" == error.message


def test_the_lines_of_many_declarations_are_found_in_time_linear_in_their_number() -> None:
    lines: list[int] = []

    def declare(function: object) -> object:
        lines.append(span(sys._getframe(1)).line)
        return function

    source = "\n".join(f"@declare\ndef function_{number}(): return {number}" for number in range(3_000))
    code = compile(source, "app.py", "exec")
    with effort.at_most(0.15):  # twice that when each look read the code of all functions again
        exec(code, {"declare": declare})  # noqa: S102 - the module that declares
    assert lines == list(range(1, 6_001, 2))


def test_noting_what_is_wrong_costs_little_where_nothing_is() -> None:
    mistakes = Mistakes()

    def check() -> None:
        with mistakes.noted():
            pass

    assert effort.calls_of(check) <= 5  # seven by a generator; each declaration has twenty such blocks
