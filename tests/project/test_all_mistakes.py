"""All mistakes of a project are reported in one run, by their places; what only follows from one is not."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest
import rich

from projects import APP, at, inside, remit_process
from remit.build import build
from remit.errors import RemitError

if TYPE_CHECKING:
    from conftest import Make
    from projects import Project

FUNCTION = "\ndef hello(event, context): ...\n"
OTHER = "\ndef other(event, context): ...\n"


def places(project: Project) -> list[str]:
    """Where the mistakes of a project stand, in their order."""
    return [at(mistake) for mistake in project.error().all]


def test_the_mistakes_of_all_files_are_reported(make: Make) -> None:
    project = make(
        config="config.lambda_.iam.polcy = []\nconfig.lambda_.function.timeout = 0\nconfig.jop.enable = True",
        app=f"@app.function(timeout=0, memory_size=1){FUNCTION}@app.function(polcy=[]){OTHER}import orders_\n",
        **{
            "config/deploy/dev.py": "from remit import config\nconfig.lambda_.function.timeout = 'x'\n",
            "shared/resources/data.py": (
                "from remit import Shared, resource\nclass Data(Shared):\n"
                "    queue = resource('AWS::SQS::Queue', deletion_policy='Keep')\n    topic = resource(3)\n"
            ),
            "orders_.py": "from app import app\n@app.function(timeout=0)\ndef a(event, b): ...\nimport missing_\n",
        },
    )
    expected = [
        "app.py:9:23",
        "app.py:9:38",
        "app.py:11:15",
        "config/deploy.py:5:5",
        "config/deploy.py:6:5",
        "config/deploy.py:7:5",
        "config/deploy/dev.py:2:1",
        "orders_.py:2:23",
        "orders_.py:4:1",
        "shared/resources/data.py:3:13",
        "shared/resources/data.py:4:13",
    ]
    assert expected == places(project)


def test_a_job_of_a_module_that_failed_after_it_is_no_mistake(make: Make) -> None:
    """Lambda calls its worker with an event and a context, and never the job."""
    app = "@app.job\ndef mail(to): ...\n@app.function(timeout=0)\ndef hello(event, context): ...\nimport missing_\n"
    assert ["app.py:11:23", "app.py:13:1"] == places(make(config="config.job.enable = True", app=app))


def test_every_item_of_a_list_is_reported(make: Make) -> None:
    project = make(
        config='config.lambda_.iam.policy = ["s3 x", "logs",\n"s3.z:"]\nconfig.lambda_.iam.managed_policy = ["A", "B"]',
        app=f"@app.function(policy=['a b', 's3', 'c d'], managed_policy=['C']){FUNCTION}",
    )
    expected = ["app.py:9:23", "app.py:9:36", "app.py:9:60"]
    expected += ["config/deploy.py:5:34", "config/deploy.py:6:5", "config/deploy.py:7:42", "config/deploy.py:7:47"]
    assert expected == places(project)


FOLLOWING = {
    "a name that was not bound": f"queue = sqs(3)\n@app.function(queue){FUNCTION}@app.function(queue){OTHER}",
    "a module that is missing": f"import missing_\nmissing_.setup()\n@app.function(missing_.x){FUNCTION}",
    "all of a module that is missing": f"from missing_ import *\n@app.function(thing){FUNCTION}other_thing()\n",
    "a function that was not declared": f"@app.function(sqs(3)){FUNCTION}hello({{}}, None)\n",
    "a class that was not finished": "class Names:\n    one = 1 / 0\n    two = 2\nprint(Names.two, Names.one)\n",
    "what a function reads": "queue = sqs(3)\ndef declare():\n    return app.function(queue)\ndeclare()\n",
    "a module that failed": f"import failing_\n@app.function(failing_.queue){FUNCTION}",
    "a module that failed, again": "import failing_\nimport again_\n",
}


@pytest.mark.parametrize("kind", FOLLOWING)
def test_what_only_follows_from_a_mistake_is_not_reported(make: Make, kind: str) -> None:
    files = {
        "failing_.py": "import remit\n1 / 0\n",
        "again_.py": "import remit\nimport failing_\nfrom failing_ import queue\n",
    }
    assert 1 == len(places(make(app=FOLLOWING[kind], **files)))


def test_what_a_failed_configuration_would_have_set_is_not_missed(make: Make) -> None:
    jobs = "@app.job\ndef mail(to): ...\n@app.job(queue='x')\ndef send(to): ...\n"
    project = make(config="config.job.enable = 3\nconfig.app = 3", app=jobs)
    assert ["config/deploy.py:5:5", "config/deploy.py:6:5"] == places(project)


def test_a_module_of_the_app_may_fail_where_the_app_catches_it(make: Make) -> None:
    app = f"try:\n    import extras_\nexcept ImportError:\n    extras_ = None\n@app.function{FUNCTION}"
    project = make(app=app, **{"extras_.py": "import remit\nimport missing_\nx = 1 / 0\n"})
    assert ["hello"] == [function.name for function in project.load().functions]


def test_what_ends_a_module_for_want_of_an_earlier_name_is_no_mistake_of_its_own(make: Make) -> None:
    assert ["app.py:9:9"] == places(make(app="table = 1 / 0\nassert table\n"))


@pytest.mark.parametrize("stop", ["raise SystemExit(3)", "assert app is None", "import sys; sys.exit(3)"])
def test_a_module_stops_where_it_says_so(make: Make, stop: str) -> None:
    project = make(app=f"sqs(3)\nif app:\n    {stop}\n1 / 0\n")
    assert ["app.py:9:1", "app.py:11"] == [place[:10].rstrip(":") for place in places(project)]


def test_all_that_a_file_may_hold_still_runs(make: Make) -> None:
    """Docstrings, `from __future__`, long chains of elif, enumerations, decorators, nested blocks."""
    chain = "".join(f"elif number == {number}:\n    value = {number}\n" for number in range(40))
    app = (
        f"number = 39\nif number < 0:\n    value = 0\n{chain}else:\n    value = 50\nassert value == 39\n"
        "import enum\nclass Color(enum.Enum):\n    '''Colors.'''\n    RED = 1\n    BLUE = 2\n"
        "assert [color.name for color in Color] == ['RED', 'BLUE'] and Color.__doc__ == 'Colors.'\n"
        f"with open(__file__) as file:\n    text = file.read()\n@app.function{FUNCTION}"
    )
    head = '"""The app."""\nfrom __future__ import annotations\nfrom remit import App\napp = App()\n'
    project = make(**{"app.py": f"{head}{app}assert __doc__ == 'The app.'\n"})
    assert ["hello"] == [function.name for function in project.load().functions]


ONE_DECLARATION = {
    "a trigger": ("@app.function(sqs(3), policy=['s3:GetObjct'], timeout=0)", [":15", ":31", ":55"]),
    "a name": ("@app.function(policy=[on.miss, 's3:GetObjct'], timeout=0)", [":23", ":32", ":56"]),
    "a verb": ("@app.function(policy=[grants.s3.red('x'), 'logs, s3'])", [":23", ":43"]),
    "no triggers": ("@app.function('a', 'b', policy=[None])", [":15", ":20", ":33"]),
    "two triggers": ("@app.function(sqs(3), sqs(4), timeout=0)", [":15", ":23", ":39"]),
    "the items of a policy": ("@app.function(policy=['s3:GetObjct', 'logs, s3', 3])", [":23", ":38", ":50"]),
    "the parts of a statement": (
        "@app.function(policy={'Efect': 'Allow', 'Action': ['logs', 3], 'Resource': ['*', '{aws.region}', 7]})",
        [":32", ":60", ":82", ":98"],
    ),
    "the parts of a document": (
        "@app.function(policy={'Statement': [{'effect': 'alow', 'Action': 3}, {'Sid': 'a b', 'Resource': 5}]})",
        [":48", ":66", ":78", ":97"],
    ),
    "the keys of a setting": (
        "@app.function(vpc_config={'A': 1, 'SubnetIds': 3}, environment={'a b': 'x', 'c': 1})",
        4,
    ),
    "managed policies": ("@app.function(managed_policy=['Foo', 3, 'Bar'], timeout=0)", 4),
    "a name and a handler": ("app.function(name='a b', handler='x' * 200, timeout=0)", 3),
}


@pytest.mark.parametrize("kind", ONE_DECLARATION)
def test_what_is_wrong_with_one_declaration_is_reported_together(make: Make, kind: str) -> None:
    decorator, columns = ONE_DECLARATION[kind]
    project = make(app=f"from remit import grants\n{decorator}\n{FUNCTION}")
    mistakes = json.loads(project.remit("build", "--no-package", "--json").out)
    if isinstance(columns, int):
        assert columns == len(mistakes), [mistake["message"] for mistake in mistakes]
    else:
        assert columns == [f":{mistake['column']}" for mistake in mistakes], [
            mistake["message"] for mistake in mistakes
        ]


def test_an_item_of_the_configuration_that_fails_does_not_hide_the_next(make: Make) -> None:
    project = make(config="config.lambda_.iam.policy = [config.x, 's3:GetObjct', 'logs, s3']")
    assert [34, 44, 59] == [mistake["column"] for mistake in json.loads(project.remit("build", "--json").out)]


def test_what_a_declaration_lacks_without_an_argument_that_failed_is_not_missed(make: Make) -> None:
    app = f"app.web(on.missing_)\napp.group(on.missing_)\n@app.function(name=on.missing_)\n{FUNCTION}"
    assert ["app.py:9:9", "app.py:10:11", "app.py:11:20"] == places(make(app=app))


SHARED = "from remit import Shared, resource\nclass Data(Shared):\n"
KEY = "AKIA" + "QWERTYUIOPASDFGH"


def _mistakes(project: Project) -> list[tuple[str, str]]:
    """The mistakes that a whole build reports: where each stands, and how it begins."""
    ran = project.remit("build", "--json")
    return [(f"{mistake['file']}:{mistake['line']}", mistake["message"][:20]) for mistake in json.loads(ran.out)]


def test_what_is_wrong_in_the_template_and_in_files_is_reported_beside_declarations(make: Make) -> None:
    project = make(
        app=f"@app.function(timeout=0){FUNCTION}@app.function(policy=['s3:GetObjct']){OTHER}",
        **{
            "shared/resources/data.py": f"{SHARED}    queue = resource('AWS::SQS::Queue', delay_secs=1, tag=2)\n",
            "settings_.py": f"KEY = '{KEY}'\n",
        },
    )
    expected = [
        ("app.py:9", "`timeout` is 0 secon"),
        ("app.py:11", "s3 has no action 'Ge"),
        ("settings_.py:1", "an AWS access key wo"),
        ("shared/resources/data.py:3", "`DataQueue` (AWS::SQ"),
        ("shared/resources/data.py:3", "`DataQueue` (AWS::SQ"),
    ]
    assert expected == _mistakes(project)


def test_what_is_wrong_in_the_template_in_policies_and_in_files_is_reported_together(make: Make) -> None:
    project = make(
        app=f"@app.function(policy=['s3:GetObjct']){FUNCTION}",
        **{
            "shared/resources/data.py": f"{SHARED}    queue = resource('AWS::SQS::Queue', delay_secs=1, tag=2)\n",
            "settings_.py": f"KEY = '{KEY}'\n",
        },
    )
    expected = [
        ("app.py:9", "s3 has no action 'Ge"),
        ("settings_.py:1", "an AWS access key wo"),
        ("shared/resources/data.py:3", "`DataQueue` (AWS::SQ"),
        ("shared/resources/data.py:3", "`DataQueue` (AWS::SQ"),
    ]
    assert expected == _mistakes(project)


def test_mistakes_of_triggers_of_the_template_and_in_the_zip_are_reported_in_one_run(make: Make) -> None:
    """One never fires, one is there twice, one its bucket cannot have; a web app lacks a module; names are wrong."""
    declared = (
        "schedule('cron(0 8 30 2 ? *)')",
        "sqs('orders'), sqs('orders')",
        "on.s3('theirs', events='s3:ObjectRemoved:DeleteMarkerCreated')",
        "on.s3('theirs', events='s3:ObjectAcl')",
    )
    functions = [
        f"@app.function({triggers})\ndef f{number}(event, context): ...\n" for number, triggers in enumerate(declared)
    ]
    project = make(
        app=f"{''.join(functions)}app.web('site:api', auth='NONE')\n",
        **{
            "site.py": "import missing_\napi = missing_.App()\n",
            "shared/resources/data.py": (
                f"{SHARED}    fifo = resource('AWS::SQS::Queue', queue_name='orders', fifo_queue=True)\n"
                "    a = resource('AWS::SQS::Queue', queue_name='same')\n"
                "    b = resource('AWS::SQS::Queue', queue_name='same')\n"
            ),
        },
    )
    expected = ["app.py:9", "app.py:11", "app.py:13", "app.py:15", "app.py:17"]
    expected += ["shared/resources/data.py:3", "shared/resources/data.py:5"]
    assert expected == [place for place, _ in _mistakes(project)]


@pytest.mark.parametrize(
    "app",
    [
        "@app.function(name='a-b')\ndef ab(event, c): ...\n@app.function(name='aB')\ndef other(event, c): ...\n",
        "@app.function(policy=['s3:Get\\x00'])\ndef ab(event, c): ...\n",
    ],
    ids=["two names that are one", "an action that IAM refuses"],
)
def test_what_a_later_check_says_of_the_same_mistake_is_not_reported(make: Make, app: str) -> None:
    assert 1 == len(make(app=app).error().all)


def test_what_lint_says_of_a_line_that_the_template_refuses_is_not_reported(make: Make) -> None:
    app = f"from remit import resource\n@app.function(sqs(resource('AWS::SQS::Queue'))){FUNCTION}"
    assert {None} == {mistake.rule for mistake in make(app=app).error().all}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes")
def test_a_pipe_that_cannot_be_loaded_is_reported_once(make: Make) -> None:
    project = make()
    (project.folder / "app.py").unlink()
    os.mkfifo(project.folder / "app.py")
    assert [("app.py:0", "it is a pipe, not a ")] == _mistakes(project)


def test_every_filter_of_a_bucket_that_overlaps_is_reported(make: Make) -> None:
    buckets = "    a = resource('AWS::S3::Bucket')\n    b = resource('AWS::S3::Bucket')\n"
    functions = "".join(
        f"@app.function(on.s3(Data.a, prefix='{name}'), on.s3(Data.b, prefix='{name}'))\ndef f{name}(event, c): ...\n"
        for name in ("x", "xy", "xyz", "z")
    )
    app = f"from shared.resources.data import Data\n{functions}"
    project = make(app=app, **{"shared/resources/data.py": SHARED + buckets})
    both = ["bucket `DataA` would", "bucket `DataB` would"]
    assert [*both, *both] == [message for _, message in _mistakes(project)]


def test_every_variable_of_an_environment_is_reported_at_its_line(make: Make) -> None:
    variables = """environment = {
        "FIRST": secret("no name"),
        "SECOND": parameter("http://shop.example"),
        "THIRD": "fine",
    }"""
    app = f"from remit import parameter, secret\n@app.function(\n    {variables}\n){FUNCTION}"
    config = f"config.lambda_.function.{variables}"
    imports = "from remit import configure, parameter, secret\n"
    project = make(app=app, **{"config/deploy.py": f"{imports}with configure() as config:\n    {config}\n"})
    expected = ["app.py:12:18", "app.py:13:19", "config/deploy.py:4:18", "config/deploy.py:5:19"]
    assert expected == places(project)


def test_every_part_of_a_setting_is_reported_at_its_line(make: Make) -> None:
    config = """from remit import config
config.job.queues = {
    "mail": {"retries": -1, "colour": 1},
    "Slow": {},
}
config.api.cors_configuration = {
    "max_age": -1,
    "nothing": 1,
}
config.tags = {
    "aws:a": "1",
    "b": 2,
}
config.lambda_.function.layers = [
    "a",
    "b",
]
"""
    reported = places(make(app=f"@app.function{FUNCTION}", **{"config/deploy.py": config}))
    assert [3, 3, 4, 7, 8, 11, 12, 15, 16] == [int(place.split(":")[1]) for place in reported]


def test_what_the_schema_refuses_is_reported_at_the_line_of_the_property(make: Make) -> None:
    function = """@app.function(
    timeout=10,
    properties={
        "Nonsense": 3,
        "DeadLetterConfig": {
            "TargetArm": "x",
        },
    },
)
def hello(event, context): ...
"""
    data = """from remit import Shared, resource
class Data(Shared):
    table = resource(
        "AWS::DynamoDB::Table",
        {
            "BillingMode": "FREE",
        },
        attribute_definitions=[
            {"AttributeName": "id", "AttributeType": "S"},
        ],
        key_schema=[
            {
                "AttributeName": "id", "KeyType": "HASH",
                "Order": 1,
            },
        ],
    )
"""
    expected = [("app.py", 12), ("app.py", 14), ("shared/resources/data.py", 6), ("shared/resources/data.py", 14)]
    error = make(app=function, **{"shared/resources/data.py": data}).error()
    origins = [mistake.origin for mistake in error.all]
    assert expected == [(origin.file, origin.line) for origin in origins if origin is not None]


def test_what_one_zip_lacks_of_a_handler_and_of_a_web_app_is_reported_together(make: Make) -> None:
    app = "app.function(name='gone', handler='nowhere.handler')\napp.web('pages:api', auth='NONE')\n"
    project = make(app=app, **{"pages.py": "import missing_\napi = missing_.App()\n"})
    assert ["app.py:9", "app.py:10"] == [place for place, _ in _mistakes(project)]


WITHOUT_EFFECT_ON_ZIPS = "config.jop = 1\nconfig.lambda_.function.timeout = 0\nconfig.lambda_.iam.polcy = [config.x]\n"


@pytest.mark.parametrize(
    ("config", "is_tried"),
    [
        (WITHOUT_EFFECT_ON_ZIPS, True),
        ("config.lambda_.function.enviroment = {'TABLE': 'x'}\n", False),
        ("config.package.exclude = [missing_]\n", False),
        ("if missing_:\n    config.lambda_.function.environment = {'TABLE': 'x'}\n", False),
    ],
)
def test_web_apps_are_tried_unless_a_setting_that_decides_how_failed(
    make: Make, config: str, *, is_tried: bool
) -> None:
    project = make(
        app="app.web('site_:api', auth='NONE')\n",
        **{"site_.py": "import missing_\napi = missing_.App()\n"},
        config=config,
    )
    assert is_tried == (("app.py:9", "the web app `site_:a") in _mistakes(project))


def test_that_jobs_are_off_is_reported_beside_mistakes_of_other_settings(make: Make) -> None:
    project = make(config="config.lambda_.function.timeout = 0", app="@app.job\ndef mail(to): ...\n")
    assert ["app.py:9:2", "config/deploy.py:5:5"] == places(project)


def test_every_handler_that_its_zip_lacks_is_reported(make: Make) -> None:
    assert rich.inspect  # it takes no event and context, and whether remit has imported its module must not matter
    app = "app.function(name='one', handler='click.echo')\napp.function(name='two', handler='rich.inspect')\n"
    project = make(app=app)
    assert ["app.py:9", "app.py:10"] == [place for place, _ in _mistakes(project)]


def test_lint_has_all_mistakes_as_findings(make: Make) -> None:
    project = make(config="config.jop = 1\nconfig.lambda_.x = 2", app=f"@app.function(timeout=0){FUNCTION}")
    ran = project.remit("lint", "--json")
    found = [(finding["rule"], finding["file"], finding["line"]) for finding in json.loads(ran.out)]
    expected = [("R001", "app.py", 9), ("R001", "config/deploy.py", 5), ("R001", "config/deploy.py", 6)]
    assert (2, expected) == (ran.status, found)


def test_lint_has_what_is_wrong_with_the_rest_beside_mistakes(make: Make) -> None:
    project = make(app=f"@app.function(timeout=0){FUNCTION}@app.function(policy=['s3:GetObjct']){OTHER}")
    of_lint = json.loads(project.remit("lint", "--json").out)
    assert [("R001", 9), ("R202", 11)] == [(finding["rule"], finding["line"]) for finding in of_lint]
    of_build = json.loads(project.remit("build", "--json").out)
    assert [finding["message"] for finding in of_lint] == [mistake["message"] for mistake in of_build]


def test_a_command_prints_all_mistakes(make: Make) -> None:
    ran = make(config="config.jop = 1\nconfig.lambda_.x = 2").remit("build", "--no-package")
    assert (2, 2, "") == (ran.status, ran.err.count("error: "), ran.out)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_process_that_the_app_forks_does_not_become_a_second_remit(make: Make) -> None:
    project = make(app=f"import os\nif os.fork() == 0:\n    pass\n@app.function{FUNCTION}")
    ran = remit_process("policy", "function", "hello", cwd=project.folder)
    assert (0, 1) == (ran.status, ran.out.count('"Version"'))


def test_every_wrong_option_of_a_job_is_reported_beside_its_queue(make: Make) -> None:
    app = "@app.job(queue='mail', timeout=0, retries=-1, once=3)\ndef send(to): ...\n"
    messages = [mistake.message for mistake in make(config="config.job.enable = True", app=app).error().all]
    assert ["`timeout`", "`retries`", "once"] == [message.split()[0] for message in messages if "queue" not in message]
    assert "there is no job queue `mail`" in messages


def test_every_item_of_a_dict_is_reported(make: Make) -> None:
    """What fails while the dict is made, and what is wrong with the rest of it."""
    imports = "from remit import parameter, secret\n"
    environment = '{"A1": secret(""), "B1": parameter(7),\n"1x": "y", "AWS_REGION": "z"}'
    project = make(
        config=f"{imports}config.lambda_.function.environment = {environment}",
        app=f"{imports}@app.function(environment={environment}){FUNCTION}",
    )
    messages = [
        "`environment['AWS_REGION']` cannot be set: Lambda reserves it",
        "`environment` has the name '1x', which Lambda refuses",
        "parameter takes a name, an ARN or a resource, got int '7'",
        "secret takes a name, an ARN or a resource, got str ''",
    ]
    errors = project.error().all
    in_file = {
        file: sorted(error.message.replace("config.lambda_.function.", "") for error in errors if file in at(error))
        for file in ("app.py", "config/deploy.py")
    }
    assert {"app.py": messages, "config/deploy.py": messages} == in_file


@pytest.mark.parametrize(
    ("setting", "mistakes"),
    [
        ('tags = {"aws:a": "b", 4: "c", "d": 5, "e": "f"}', 3),
        ('stages = ["dev", "a b", "C"]', 2),
        ('job.additional_queues = ["", 4, "mail"]', 2),
        ('job.queues = {"mail": {"retry": 2, "retries": -1}, "A b": {"timeout": 0}}', 4),
        ('lint.allow = {"R212": "", "R213": 4, "R214": "the vendor asks"}', 2),
        ('api.cors_configuration = {"origins": ["*"], "max_age": -1, "allow_methods": ["GTE"]}', 3),
        ('lambda_.function.layers = ["a", "b"]', 2),
        ('lambda_.function.properties = {"Code": {}, "SnapStart": {}, "Environment": {"Variables": {"A": "b"}}}', 3),
    ],
)
def test_a_setting_reports_each_of_its_mistakes(make: Make, setting: str, mistakes: int) -> None:
    errors = make(config=f"config.{setting}", app=f"@app.function{FUNCTION}").error().all
    assert [True] * mistakes == [at(error).startswith("config/deploy.py:5") for error in errors]


ENDING = {
    "a name that is not bound": ("policy = [missing_, 's3:GetObjct']\n", ["app.py:9:15", "app.py:11:11"]),
    "a name that remit lacks": ("from remit import Data, on\n", ["app.py:9:15", "app.py:11:1"]),
    "an attribute of the project's own": ("Others.queu\n", ["app.py:9:15", "app.py:11:1"]),
    "a late-bound value that is read": ("if aws.region == 'eu-west-1': pass\n", ["app.py:9:15", "app.py:11:4"]),
    "a number that is divided by none": ("sqs(3, 1 / 0)\n", ["app.py:9:15", "app.py:11:8"]),
}


@pytest.mark.parametrize("kind", ENDING)
def test_an_exception_ends_its_module_at_its_line(make: Make, kind: str) -> None:
    """What stands before it is still judged, and so is what other modules say."""
    ending, expected = ENDING[kind]
    declared = f"@app.function(on.sqs('')){FUNCTION}"
    head = APP.replace("import App, on", "import App, aws, on").replace("\napp =", "\nclass Others: ...\napp =", 1)
    app = f"{head.removeprefix(chr(10))}{declared}{ending}@app.function(timeout=0){OTHER}"
    project = make(config="config.lambda_.function.timeout = 0", **{"app.py": app})
    assert [*expected, "config/deploy.py:5:5"] == places(project)


def test_a_handler_by_name_decorates_nothing(make: Make) -> None:
    app = f"@app.function(handler='web.handler'){FUNCTION}"
    error = make(app=app, **{"web.py": f"{FUNCTION}handler = hello"}).error()
    assert "`handler=` names the function that Lambda runs, and decorates another one, `hello`" == error.message
    assert (9, 2) == (error.origin.line, error.origin.column)


def test_each_guardrail_that_cannot_be_read_is_reported_beside_the_apps_mistakes(make: Make) -> None:
    app = f"@app.function(timeout=0){FUNCTION}"
    allow = '{"Effect": "Allow", "Action": "s3:*", "Principal": "*"}'
    files = {
        "config/guardrails/a.json": f'{{"Statement": [{allow},\n{allow}]}}',
        "config/guardrails/b.txt": "",
        "config/guardrails/c.json": '{"Statement": []}',
    }
    expected = ["app.py:9:23", "config/guardrails/a.json:1:16", "config/guardrails/a.json:2:1"]
    expected += ["config/guardrails/b.txt", "config/guardrails/c.json:1"]
    with pytest.raises(RemitError) as error:
        build(make(app=app, **files).folder, package=False)
    assert expected == [at(mistake) for mistake in error.value.all]


def test_every_item_of_a_list_of_layers_is_reported(make: Make) -> None:
    layer = "arn:aws:lambda:eu-west-1:111122223333:layer:a"
    errors = make(app=f"@app.function(layers=['{layer}', 3, 'x', '{layer}:1']){FUNCTION}").error().all
    assert ["`layers[0]` is", "`layers[1]` must", "`layers[2]` is"] == [
        " ".join(error.message.split()[:2]) for error in errors
    ]


def test_every_name_of_a_job_queue_is_reported(make: Make) -> None:
    config = "config.job.enable = True\nconfig.job.additional_queues = ['Mail', 'a b', 'mail', 'mail']"
    messages = [error.message for error in make(config=config, app=f"@app.function{FUNCTION}").error().all]
    names = ("'Mail' is not", "'a b' is not", "the job queue `mail` is there twice")
    assert [True] * len(names) == [any(message.startswith(name) for message in messages) for name in names]


GENERATORS = {
    "decorated": "@app.function\ndef rows(event, context):\n    yield 1\n",
    "by name": "app.function(name='rows', handler='rows_.rows')\n",
}


@pytest.mark.parametrize("kind", GENERATORS)
def test_a_handler_that_yields_is_refused(make: Make, kind: str) -> None:
    rows = "def rows(event, context):\n    def inner():\n        return 1\n    yield from inner()\n"
    error = make(app=GENERATORS[kind], **{"rows_.py": rows}).error()
    assert error.message.endswith("of function `rows` is a generator")
    assert str(error.hint).startswith("Lambda gives its caller what the handler returns")


def test_a_generator_inside_a_handler_is_its_own_affair(make: Make) -> None:
    rows = "def rows(event, context):\n    def inner():\n        yield 1\n    return list(inner())\n"
    assert make(app=GENERATORS["by name"], **{"rows_.py": rows}).built()


@pytest.mark.parametrize(("reading", "column"), [("from app import app", 1), ("import app; app.app", 13)])
def test_modules_that_import_each_other_are_told_so(make: Make, reading: str, column: int) -> None:
    files = {"app.py": "import remit\nfrom orders_ import thing\napp = remit.App()\n"}
    files["orders_.py"] = f"import remit\n{reading}\nthing = 1\n"
    error = make(**files).error()
    assert (f"orders_.py:2:{column}", True) == (at(error), str(error.hint).startswith("the modules import each other"))


def test_an_app_module_that_does_not_exist_is_told_where_it_is_named(make: Make) -> None:
    """Also beside another setting that failed, and is not the one that names it."""
    project = make(config="config.lambda_.iam.policy.append('x')\nconfig.app = 'nope.app'")
    assert ["config/deploy.py:5:5", "config/deploy.py:6:5"] == places(project)


def test_flags_and_keys_of_triggers_take_nothing_else(make: Make) -> None:
    options = "on.sqs('q', report_failures='yes', key=3), on.event(source='x', enabled=1), on.kinesis('s', fan_out=0)"
    settings = "environment={'DB': secret('/x', key=3)}"
    errors = make(app=f"from remit import on, secret\n@app.function({options}, {settings}){FUNCTION}")
    expected = [
        "enabled must be True or False, got int '1'",
        "fan_out must be True or False, got int '0'",
        "key must be a name, an ARN or a resource, got int '3'",
        "key takes a KMS key, got int '3'",
        "report_failures must be True or False, got str 'yes'",
    ]
    assert expected == sorted(error.message for error in errors.error().all)


@pytest.mark.parametrize(
    "group", ["'/aws/lambda/orders-dev-hello'", "f'/aws/lambda/{project.namespace}-hello'", "'${HelloLogGroup}'"]
)
def test_a_function_that_would_run_on_its_own_logs_is_refused_beside_other_mistakes(make: Make, group: str) -> None:
    app = f"from remit import on, project\n@app.function(on.logs({group}), timeout=0){FUNCTION}"
    messages = [error.message for error in make(app=app).error().all]
    assert ["`HelloFunction` would run on its own logs, and each run writes more of them"] == messages[:1]
    assert 2 == len(messages)


def test_a_list_of_triggers_that_fails_does_not_hide_the_rest_of_its_declaration(make: Make) -> None:
    """Neither do those that are given in a dict."""
    app = (
        "from remit import on\n"
        f"@app.function(*[on.sqs(name, bach=1) for name in ('a', 'b')], timeout=0){FUNCTION}"
        f"@app.function(**{{'timeout': 0, 'memry_size': 1}}){OTHER}"
    )
    expected = [
        (10, "`on.sqs` has no option `bach`"),
        (10, "`timeout` is 0 seconds; it can be 1 to 900"),
        (12, "`app.function` has no option `memry_size`"),
        (12, "`memory_size` is 1 MB; it can be 128 to 10240"),
        (12, "`timeout` is 0 seconds; it can be 1 to 900"),
    ]
    errors = make(app=app).error().all
    assert expected == sorted((error.origin.line if error.origin else 0, error.message) for error in errors)


def test_a_name_of_remits_that_is_not_imported_comes_with_its_import(make: Make) -> None:
    error = make(**{"app.py": "from remit import App\napp = App()\n@app.function(on.sqs('q'))" + FUNCTION}).error()
    assert ("app.py:3:15", "write `from remit import on`") == (at(error), error.hint)


@pytest.mark.parametrize(
    ("bucket", "hint"),
    [
        ("https://shop.s3.eu-west-1.amazonaws.com/in/", 'did you mean `on.s3("shop")`?'),
        ("s3://shop/in/", 'did you mean `on.s3("shop")`?'),
        ("arn:aws:s3:::shop/in", "it is made of small letters, digits, dots and hyphens"),
    ],
)
def test_the_bucket_of_an_address_is_offered_to_a_trigger(make: Make, bucket: str, hint: str) -> None:
    assert hint == make(app=f"from remit import on\n@app.function(on.s3('{bucket}')){FUNCTION}").error().hint


@pytest.mark.parametrize("is_whole", [True, False])
def test_a_file_that_may_not_be_packed_does_not_hide_what_the_zip_lacks(make: Make, *, is_whole: bool) -> None:
    app = "" if is_whole else f"@app.function(timeout=0){FUNCTION}"
    files = {"site_.py": "import missing_\napi = missing_.App()\n", "settings.json": f'{{"key": "{KEY}"}}'}
    project = make(app=f"app.web('site_:api', auth='NONE')\n{app}", **files)
    of_app = [] if is_whole else [("app.py:10", "`timeout` is 0 secon")]
    expected = [("app.py:9", "the web app `site_:a"), *of_app, ("settings.json:1", "an AWS access key wo")]
    assert expected == _mistakes(project)
    assert not list(project.folder.glob(".remit/build/*.zip"))


def test_a_module_that_is_left_out_of_the_zip_is_to_be_taken_in(make: Make) -> None:
    project = make(app="app.web('site_:api', auth='NONE')\n", **{"site_.py": "api = 1\n", ".remitignore": "site_.py\n"})
    (mistake,) = json.loads(project.remit("build", "--json").out)
    assert mistake["hint"].startswith("the project has it, and the zip leaves it out")


def test_a_broken_pyproject_hides_nothing(make: Make) -> None:
    project = make(app=f"@app.function(timeout=0){FUNCTION}", **{"pyproject.toml": "[project\n"})
    assert ["app.py:9:23", "pyproject.toml:1:9"] == places(project)


NEWER = """from remit import Shared, resource
class Data(Shared):
    new = resource("AWS::SQS::Newer", size=3)
    queue = resource("AWS::SQS::Queue", speed=3)
"""
NEWER_APP = f"@app.function(properties={{'Speed': 3}}){FUNCTION}"


def test_names_that_remit_does_not_know_are_refused_and_the_first_says_how_one_is_accepted(make: Make) -> None:
    error = make(app=NEWER_APP, **{"shared/resources/data.py": NEWER}).error()
    assert [(each.rule, at(each), each.message, each.hint) for each in error.all] == [
        (
            "R802",
            "app.py:9:36",
            "`HelloFunction` (AWS::Lambda::Function) has no property 'Speed'",
            "if AWS has it, write `# remit: allow R802 because …` at the line",
        ),
        (
            "R801",
            "shared/resources/data.py:3:11",
            "`DataNew`: remit knows no type 'AWS::SQS::Newer' of CloudFormation's",
            "did you mean `AWS::SQS::Queue`?",
        ),
        ("R802", "shared/resources/data.py:4:13", "`DataQueue` (AWS::SQS::Queue) has no property 'Speed'", None),
    ]


def test_names_that_remit_does_not_know_are_accepted_by_the_configuration_and_noted(make: Make) -> None:
    accepted = 'config.lint.allow = {"R801": "it is new", "R802": "so is this"}'
    project = make(config=accepted, app=NEWER_APP, **{"shared/resources/data.py": NEWER})
    notes = [tuple(note.split("\n  --> ")) for note in project.built().notes if note.startswith("accepted")]
    of_queue = "accepted (so is this): `DataQueue` (AWS::SQS::Queue) has no property 'Speed'"
    of_function = "accepted (so is this): `HelloFunction` (AWS::Lambda::Function) has no property 'Speed'"
    assert sorted(notes) == [
        (
            "accepted (it is new): `DataNew`: remit knows no type 'AWS::SQS::Newer' of CloudFormation's",
            "shared/resources/data.py:3:11",
        ),
        (of_queue, "shared/resources/data.py:4:13"),
        (of_function, "app.py:9:36"),
    ]


OVERRIDE = "config.lambda_.iam.default_policy = []"
GUARDRAIL = '{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}]}'
CYCLE = (
    "    a = resource('AWS::SQS::Queue', queue_name='x-${DataB.TopicName}')\n"
    "    b = resource('AWS::SNS::Topic', topic_name='y-${DataA.QueueName}')\n"
)
OF_THE_WHOLE = {
    "an override that breaks a trigger": ("sqs('orders')", OVERRIDE, "config/deploy.py:5:5"),
    "a guardrail": ("policy=[s3.read('shop')]", "", "app.py:9:23"),
    "a circular dependency": ("", "", "shared/resources/data.py:3:9"),
}


@pytest.mark.parametrize("kind", OF_THE_WHOLE)
def test_what_the_app_as_a_whole_breaks_is_reported_beside_a_mistake(make: Make, kind: str) -> None:
    arguments, config, place = OF_THE_WHOLE[kind]
    files = {"config/guardrails/a.json": GUARDRAIL} if "guardrail" in kind else {}
    files |= {"shared/resources/data.py": SHARED + CYCLE} if "circular" in kind else {}
    project = make(config=config, app=f"@app.function({arguments}){FUNCTION}@app.function(timeout=0){OTHER}", **files)
    assert sorted(["app.py:11:23", place]) == sorted(places(project))


def test_access_that_failed_is_not_missed_by_an_override(make: Make) -> None:
    app = f"@app.function(sqs('orders'), policy=[missing_]){FUNCTION}"
    assert ["app.py:9:38"] == places(make(config=OVERRIDE, app=app))


def test_every_link_and_every_job_that_is_none_is_reported(make: Make) -> None:
    app = (
        "from remit import grants\n"
        "@app.function(link=[grants.sqs.send('x'), grants.sqs.send('y')], sends=['mail', 3], reads=[App, 4])" + FUNCTION
    )
    messages = sorted(error.message for error in make(app=app).error().all)
    assert [
        "3 is not a job of this app",
        "4 is not a class of shared resources",
        "App is not a class of shared resources",
        "a link names no shared resource of the app: sends to queue x",
        "a link names no shared resource of the app: sends to queue y",
        "mail is not a job of this app",
    ] == messages


def test_an_app_with_a_wrong_argument_still_declares_its_functions(make: Make) -> None:
    app = "from remit import App\napp = App('shop')\n@app.function(timeout=0)" + FUNCTION
    error = make(**{"app.py": app}).error()
    assert ["app.py:2:11", "app.py:3:23"] == [at(mistake) for mistake in error.all]
    assert ("`App` takes no argument without a name", None) == (error.message, error.hint)


def test_a_policy_that_failed_where_it_was_made_does_not_hide_the_items_beside_it(make: Make) -> None:
    app = f"READ = [s3.read('shop', kye=1)]\n@app.function(policy=[*READ, 's3:GetObjct']){FUNCTION}"
    assert ["app.py:9:25", "app.py:10:30"] == places(make(app=app))


@pytest.mark.parametrize("setting", ["certificate_arn", "certificat_arn"])
def test_a_setting_of_the_api_does_not_lack_another_one_that_failed(make: Make, setting: str) -> None:
    config = f"config.api.{setting} = missing_\nconfig.api.domain_name = 'api.shop.example'"
    assert {"config/deploy.py:5"} == {place.rpartition(":")[0] for place in places(make(config=config))}


def test_a_reference_to_what_failed_is_no_part_of_a_circular_dependency(make: Make) -> None:
    data = """from remit import Shared, resource
class Data(Shared):
    lost = resource("AWS::SNS::Topic", deletion_policy="Retaim")
    queue = resource("AWS::SQS::Queue", tags=[{"Key": "topic", "Value": "${DataLost.TopicName}"}])
"""
    assert ["shared/resources/data.py:3:12"] == places(make(**{"shared/resources/data.py": data}))


def test_a_comprehension_in_a_class_sees_the_names_of_the_class_no_more_than_in_plain_python(make: Make) -> None:
    data = """from remit import Shared, resource
class Data(Shared):
    stage = "dev"
    queue = resource("AWS::SQS::Queue", tags=[{"Key": key, "Value": stage} for key in ("Stage",)])
"""
    (error,) = make(**{"shared/resources/data.py": data}).error().all
    assert ("shared/resources/data.py:4:69", "stage") == (at(error), str(error.message).split("'")[1])


def test_each_statement_of_a_match_may_fail_by_itself(make: Make) -> None:
    app = "match 'dev':\n    case 'dev':\n        a = sqs(3)\n        b = sqs(4)\n    case _:\n        c = sqs(5)\n"
    assert ["app.py:11:13", "app.py:12:13"] == places(make(app=app))


def test_policies_of_the_account_have_the_names_of_their_files(make: Make) -> None:
    document = '{"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}}'
    assert ["edge"] == list(
        make(app=f"@app.function{FUNCTION}", **{"config/policies/edge.json": document}).load().policies
    )


def test_policies_of_the_account_that_cannot_be_read_are_reported_beside_the_apps_mistakes(make: Make) -> None:
    files = {"config/policies/a.json": '{"Statement": }', "config/policies/b.json": "{}"}
    expected = ["app.py:9:23", "config/policies/a.json:1:15", "config/policies/b.json:1"]
    assert expected == places(make(app=f"@app.function(timeout=0){FUNCTION}", **files))


def test_every_stage_that_is_not_listed_is_reported(make: Make) -> None:
    config = "config.stages = ['test']\nconfig.stages.production = ['prd', 'tset']"
    assert ["config/deploy.py:5:5", "config/deploy.py:6:5", "config/deploy.py:6:5"] == places(make(config=config))


DATA_WITH_MISTAKES = """from remit import Shared, resource
class Data(Shared):
    lost = resource("AWS::SNS::Topic", deletion_policy="Retaim")
    queue = resource("AWS::SQS::Queue")
"""


def test_a_module_that_is_partly_wrong_hides_no_mistake_of_those_that_import_it(make: Make) -> None:
    """What it would have bound is missing everywhere, which is no mistake of its own."""
    app = (
        "import shared.resources.data as data\nfrom shared.resources.data import Data\n"
        f"@app.function(sqs(Data.queue, batch_size=0), sqs(Data.lost)){FUNCTION}"
        f"@app.function(sqs(data.Data.lost), timeout=0){OTHER}sqs(Data.queu)\n"
    )
    project = make(app=app, **{"shared/resources/data.py": DATA_WITH_MISTAKES})
    assert ["app.py:11:15", "app.py:13:44", "app.py:15:5", "shared/resources/data.py:3:12"] == places(project)


def test_what_another_class_lacks_is_a_mistake_also_where_a_class_of_that_file_lost_it(make: Make) -> None:
    others = "class Others(Shared):\n    topic = resource('AWS::SNS::Topic')\n"
    app = f"from shared.resources.data import Others\n@app.function(sqs(Others.lost)){FUNCTION}"
    project = make(app=app, **{"shared/resources/data.py": DATA_WITH_MISTAKES + others})
    assert ["app.py:10:19", "shared/resources/data.py:3:12"] == places(project)


STAR = "from remit.triggers import sqs\nlost = sqs(3)\nqueue = sqs('orders')\n"


def test_a_module_that_ends_is_told_once_and_runs_once_however_many_import_it(make: Make) -> None:
    again = "try:\n    import others_\nexcept ZeroDivisionError:\n    pass\n"
    app = f"from names_ import lost\n@app.function(lost){FUNCTION}{again}{again}from others_ import *\n"
    counting = "runs = pathlib.Path('runs')\nruns.write_text((runs.read_text() if runs.exists() else '') + 'x')\n"
    others = f"import remit, pathlib\n{counting}gone = 1 / 0\n"
    data = "import others_\n"
    project = make(app=app, **{"names_.py": STAR, "others_.py": others, "shared/resources/data.py": data})
    with inside(project.folder, dict(os.environ)):
        assert ["names_.py:2:8", "others_.py:4:8"] == places(project)
    assert "x" == (project.folder / "runs").read_text()


def test_a_package_that_is_partly_wrong_hides_no_mistake_of_its_modules(make: Make) -> None:
    """They need not speak of remit to declare functions."""
    files = {
        "shop/__init__.py": "from remit import App, on\napp = App()\nlost = on.sqs(3)\n",
        "shop/main.py": "from shop import app, lost\n@app.function(lost, timeout=0)" + FUNCTION + "import missing_\n",
    }
    expected = ["shop/__init__.py:3:8", "shop/main.py:2:29", "shop/main.py:4:1"]
    assert expected == places(make(config="config.app = 'shop.main'", **files))


def test_a_handler_below_a_decorator_that_failed_is_not_missed(make: Make) -> None:
    assert ["app.py:9:2"] == places(make(app=f"@missing_\n@app.function{FUNCTION}"))


def test_a_type_that_does_not_exist_is_no_other_type_than_a_trigger_takes(make: Make) -> None:
    data = SHARED + "    queue = resource('AWS::SQS::Queu')\n"
    app = f"from shared.resources.data import Data\n@app.function(sqs(Data.queue)){FUNCTION}"
    assert ["shared/resources/data.py:3:13"] == places(make(app=app, **{"shared/resources/data.py": data}))


ARGUMENTS = {
    "two settings of versions": (
        "@app.function(\n    snap_start=True,\n    runtime='python3.11',\n    provisioned_concurrency=1,\n)",
        ["app.py:10:16", "app.py:12:29"],
    ),
    "what a trigger needs in the template": (
        "from remit import on\n@app.function(\n    on.sns('${Typo}'),\n)",
        ["app.py:11:5", "app.py:11:5"],
    ),
    "a setting that the template refuses": (
        "@app.function(\n    timeout=10,\n    environment={'TABLE': '${Typo.Arn}'},\n)",
        ["app.py:11:17"],
    ),
    "a queue of jobs": ("@app.job(\n    timeout=10,\n    queue='gone',\n)", ["app.py:11:11"]),
    "a trigger behind a list of some": ("@app.function(\n    *[http()],\n    3,\n)", ["app.py:9:2"]),
    "the second trigger": ("@app.function(\n    http(),\n    3,\n)", ["app.py:11:5"]),
}


@pytest.mark.parametrize("kind", ARGUMENTS)
def test_a_mistake_of_an_argument_that_is_found_later_stands_at_the_argument(make: Make, kind: str) -> None:
    declaration, expected = ARGUMENTS[kind]
    project = make(config="config.job.enable = True", app=declaration + FUNCTION)
    assert expected == places(project)


TYPO = "environment={'AA': '${Typo}', 'BB': '${HelloUrl}', 'CC': '${DataLost.Arn}'}"
LOSING = {
    "a setting of a function": ("@app.function(timeout=0)" + FUNCTION, ["${Typo}", "${DataLost.Arn}"]),
    "a setting in the last line of a declaration": (
        f"@app.function(\n    timeout=0){FUNCTION}",
        ["${Typo}", "${DataLost.Arn}"],
    ),
    "a resource": ("from shared.resources.data import Data\n", ["${Typo}", "${HelloUrl}"]),
    "a name": ("queue = sqs(3)\n", ["${Typo}", "${HelloUrl}", "${DataLost.Arn}"]),
    "a module": ("import missing_\n", []),
    "a function that may declare anything": ("def declare():\n    1 / 0\ndeclare()\n", []),
    "the name of a function": (f"@app.function(name='a b'){FUNCTION}", []),
    "a job": (f"@app.job(timeout=0){FUNCTION}", []),
}


@pytest.mark.parametrize("kind", LOSING)
def test_a_reference_to_nothing_is_reported_beside_mistakes_unless_these_may_be_why(make: Make, kind: str) -> None:
    declared, expected = LOSING[kind]
    files = {"shared/resources/data.py": DATA_WITH_MISTAKES} if kind == "a resource" else {}
    errors = make(app=f"{declared}@app.function({TYPO}){OTHER}", **files).error().all
    unknown = [error.message for error in errors if "names no resource of the template" in error.message]
    assert [f"`OtherFunction`: {text} names no resource of the template" for text in expected] == unknown
    assert len(errors) > len(unknown)
