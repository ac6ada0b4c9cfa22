"""What becomes of all settings and declarations of an app together, and what is known to be missing of a wrong one."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

import pytest

from remit import on
from remit.app import ApiSettings, Function, JobQueue, LayerCode, Output, Publication, Resource, WebApp
from remit.errors import Origin
from remit.iam.policy import Policy
from remit.judge.judge import judge
from remit.loading.load import declared
from remit.triggers.rest_settings import RestSettings

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conftest import Make
    from remit.app import Grant

CONFIG = """config.stack_name = "shop"
config.stages = ["dev", "prod"]
config.stages.production = ["prod"]
config.job.enable = True
config.job.scheduler = True
config.job.additional_queues = ["mail"]
config.lambda_.share_log_group = True
config.lambda_.iam.permissions_boundary = "arn:aws:iam::111122223333:policy/edge"
config.lambda_.iam.default_policy = ["logs"]
config.lambda_.iam.default_vpc_policy = ["ec2:Describe*"]
config.lambda_.iam.role_path = "/shop/"
config.lambda_.iam.role_name = "{app}-{stage}-{role}"
config.lambda_.iam.share_roles = True
config.tags = {"team": "shop"}
config.alarms = "oncall"
config.aws.service_role = "arn:aws:iam::111122223333:role/deployer"
config.aws.releases = 4
config.api.access_log = True
config.rest.access_log = True
config.websocket.throttling_burst_limit = 9
config.package.exclude = ["*.md"]
config.package.layer = True
config.package.allow = {"key.pem": "a test key"}
config.lint.allow = {
    "R101": "it is so",
}
"""
DATA = """from remit import Shared, output, resource
class Data(Shared):
    queue = resource('AWS::SQS::Queue')
    logs = resource('AWS::Logs::LogGroup', log_group_name='/aws/lambda/shop-one-x')
    own = resource('AWS::Logs::LogGroup')
    url = output(queue.url)
"""
APP = """from remit import layer
from shared.resources.data import Data
tool = layer("layers/tool")
unused = layer("layers/unused")
@app.function(layers=[tool], log_retention=7)
def one(event, context): ...
@app.function(log_retention=90)
def two(event, context): ...
@app.job(queue="mail")
def send(): ...
"""
FILES = {
    "shared/resources/data.py": DATA,
    "layers/tool/x.py": "",
    "layers/unused/x.py": "",
    "config/policies/edge.json": '{"Version": "2012-10-17", "Statement": []}',
}


def granted(grants: Iterable[Grant]) -> list[tuple[str, str, str]]:
    """The actions of each grant, its because and its line."""
    return [(",".join(grant.statement.actions.patterns), grant.because, str(grant.origin)) for grant in grants]


def test_an_app_has_each_setting_where_it_belongs_with_its_line(make: Make) -> None:
    app = make(config=CONFIG, app=APP, **FILES).load("prod")
    actual = {field.name: getattr(app, field.name) for field in fields(app)}
    functions = actual.pop("functions")
    policies = granted(actual.pop("default_policy")), granted(actual.pop("default_vpc_policy"))
    assert policies == (
        [("logs:*", "'logs' in config.lambda_.iam.default_policy, for every function", "config/deploy.py:13:42")],
        [
            (
                "ec2:Describe*",
                "'ec2:Describe*' in config.lambda_.iam.default_vpc_policy, for every function",
                "config/deploy.py:14:46",
            )
        ],
    )
    assert [(function.name, function.log_retention, function.log_group) for function in functions] == [
        ("one", 90, ""),
        ("two", 90, ""),
        ("worker-mail", 90, ""),
    ]
    at, data = "config/deploy.py", "shared/resources/data.py"
    logs = "AWS::Logs::LogGroup"
    assert actual == {
        "name": "orders",
        "stage": "prod",
        "workflows": (),
        "resources": (
            Resource("DataQueue", "AWS::SQS::Queue", {}, origin=Origin(data, 3, 13)),
            Resource("DataLogs", logs, {"LogGroupName": "/aws/lambda/shop-one-x"}, origin=Origin(data, 4, 12)),
            Resource("DataOwn", logs, {}, origin=Origin(data, 5, 11)),
        ),
        "outputs": (Output("DataUrl", "${DataQueue}", origin=Origin(data, 6, 11), shared="Data"),),
        "existing": (),
        "queues": (JobQueue("mail", 4, most_retries=4, jobs=("app:send",)),),
        "jobs": {"send": "worker-mail"},
        "schedules_jobs": True,
        "queues_origin": Origin(at, 8, 5),
        "default_policy_origin": Origin(at, 13, 5),
        "default_vpc_policy_origin": Origin(at, 14, 5),
        "boundary": "arn:${AWS::Partition}:iam::111122223333:policy/edge",
        "boundary_origin": Origin(at, 12, 5),
        "policies": {"edge": Policy(())},
        "tags": {"team": "shop"},
        "alarm_topic": "arn:${AWS::Partition}:sns:${AWS::Region}:${AWS::AccountId}:oncall",
        "service_role": "arn:aws:iam::111122223333:role/deployer",
        "role_path": "/shop/",
        "role_name": "{app}-{stage}-{role}",
        "retains_data": True,
        "share_roles": True,
        "api": ApiSettings(access_log=True, written={"access_log": Origin(at, 22, 5)}),
        "rest": RestSettings(access_log=True, written={"access_log": Origin(at, 23, 5)}),
        "websocket": ApiSettings(throttling_burst_limit=9),
        "stack_name": "shop",
        "releases": 4,
        "exclude": ("*.md", "/layers/tool/"),
        "layers": (LayerCode("LayersToolLayer", "layers/tool", "", "", Origin("app.py", 11, 8)),),
        "puts_dependencies_into_layers": True,
        "layer_origin": Origin(at, 26, 5),
        "allowed": {"R101": ("it is so", Origin(at, 29, 9))},
        "allowed_secrets": {"key.pem": ("a test key", Origin(at, 27, 29))},
    }
    assert not make(config=CONFIG, app=APP, **FILES).load("dev").retains_data


SETTINGS = """config.lambda_.iam.policy = ["logs"]
config.lambda_.iam.default_managed_policy = "ReadOnlyAccess"
config.lambda_.function.environment = {"VA": "app"}
"""
FUNCTIONS = """group = app.group("group", policy=["sqs:SendMessage"], managed_policy="AWSXRayDaemonWriteAccess",
    layers=["arn:aws:lambda:eu-west-1:111122223333:layer:x:1"])
group.function(on.sqs("orders"),
    handler="work.run", name="own",
    function_name="called",
    logical_id="Own", on_failure="arn:aws:sqs:eu-west-1:111122223333:dead",
    alias="beta", layers=[], code="code",
    policy=["s3:GetObject"], sends=[], log_retention=7)
app.web("site:api", on.api("GET /x"),
    name="site", interface="asgi")
"""


def test_a_function_and_a_web_app_are_all_that_they_say_each_with_its_line(make: Make) -> None:
    files = {"code/work.py": "def run(event, context): ...\n", "site.py": "api = 1\n"}
    own, site = make(config=SETTINGS, app=FUNCTIONS, **files).load().functions
    at, here = "config/deploy.py", "app.py"
    managed = {
        "arn:${AWS::Partition}:iam::aws:policy/AWSXRayDaemonWriteAccess": Origin(here, 9, 71),
        "arn:${AWS::Partition}:iam::aws:policy/ReadOnlyAccess": Origin(at, 6, 49),
    }
    of_app = {name: line for name, line in managed.items() if line.file == at}
    settings = {
        "Timeout": 30,
        "MemorySize": 256,
        "Runtime": "python3.13",
        "Architectures": ["x86_64"],
        "Environment": {"Variables": {"VA": "app"}},
    }
    assert own == Function(
        "own",
        "Own",
        "work.run",
        settings,
        triggers=(on.sqs("orders"),),
        policy=own.policy,
        managed=tuple(managed),
        managed_written=managed,
        log_retention=7,
        sends=(),
        publication=Publication("beta"),
        event_invoke={"DestinationConfig": {"OnFailure": {"Destination": "arn:aws:sqs:eu-west-1:111122223333:dead"}}},
        own_id="Own",
        function_name="called",
        code="code",
        origin=Origin(here, 11, 1),
        written={
            "Handler": Origin(here, 12, 13),
            "Environment": Origin(at, 7, 5),
            "Layers": Origin(here, 15, 26),
            "FunctionName": Origin(here, 13, 19),
        },
    )
    logs = ("logs:*", "'logs' in config.lambda_.iam.policy, for every function", "config/deploy.py:5:34")
    assert granted(own.policy) == [
        ("s3:GetObject", "'s3:GetObject' declared for function own", "app.py:16:13"),
        ("sqs:SendMessage", "'sqs:SendMessage' declared for group group", "app.py:9:36"),
        logs,
    ]
    assert site == Function(
        "site",
        "Site",
        "remit.web.handler",
        settings,
        triggers=(on.api("GET /x"),),
        policy=site.policy,
        managed=tuple(of_app),
        managed_written=of_app,
        web=WebApp("site:api", "asgi"),
        origin=Origin(here, 17, 1),
        written={"Handler": Origin(here, 17, 9), "Environment": Origin(at, 7, 5)},
    )
    assert granted(site.policy) == [logs]
    assert [str(trigger.written) for each in (own, site) for trigger in each.triggers if trigger.written] == [
        "app.py:11:16",
        "app.py:17:21",
    ]


HELLO = "def hello(event, context): ...\n"
APIS = {"RestApi", "HttpApi", "WebSocketApi"}
LACKS: dict[str, tuple[str, str, set[str], set[str], set[str]]] = {
    "a trigger of one with an id of its own": (
        "",
        f"@app.function(sqs('a'),\n  on.sqz('x'), logical_id='Own')\n{HELLO}@app.function\ndef fine(_, __): ...\n",
        {"Hello"},
        {"Own"},
        {"Own"},
    ),
    "the first line of a declaration": (
        "",
        f"@app.function(timeout=0,\n  policy=['logs'])\n{HELLO}OTHER = 'AWS::Lambda::Function'\n",
        {"Hello"},
        set(),
        {"HelloFunction"},
    ),
    "the last line of one that is named": (
        "", f"@app.function(name='x',\n  timeout=0)\n{HELLO}", {""}, set(), {"XFunction"},
    ),
    "a setting that adds nothing to a template": (
        "config.lambda_.function.timeout = 'x'", f"@app.function\n{HELLO}", set(), set(), set(),
    ),
    "a setting that may": ("config.lambda_.function.on_failure = 3", f"@app.function\n{HELLO}", {""}, set(), set()),
    "the access of all": (
        "config.lambda_.iam.policy = 3", f"@app.function\n{HELLO}", set(), set(), {"HelloFunction"},
    ),
    "an item of the access of all": (
        "config.lambda_.iam.policy = ['a b']", f"@app.function\n{HELLO}", set(), set(), {"HelloFunction"},
    ),
    "a boundary": (
        "config.lambda_.iam.permissions_boundary = 'x y'", f"@app.function\n{HELLO}", set(), set(), {"HelloFunction"},
    ),
    "a job": (
        "config.job.enable = True", f"@app.job(timeout='x')\n{HELLO}", {"", "Hello"}, set(), {"HelloFunction"},
    ),
    "a line of another file": (
        "\n\n\n\nconfig.alarms = ['']",  # on line 9, as the function
        f"@app.function(\n  timeout=1)\n{HELLO}",
        {""},
        set(),
        set(),
    ),
    "anything, as nothing is declared": ("", "", {""}, set(), set()),
    "a configuration that ended": ("1 / 0", f"@app.function\n{HELLO}", {""}, set(), {"HelloFunction"}),
    "a module that ended": ("", f"@app.function\n{HELLO}1 / 0\n", {""}, set(), set()),
    "a name that is no text": ("", f"@app.function(name=3)\n{HELLO}", {""}, set(), set()),
    "a workflow": ("", f"app.workflow('flow', 3)\n@app.function\n{HELLO}", {"FlowWorkflow"}, set(), set()),
    "the access of a group": (
        "",
        f"g = app.group('g', policy=['a b'])\n@g.function\n{HELLO}@app.function\ndef more(event, context): ...\n",
        set(),
        set(),
        {"HelloFunction"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", LACKS)
def test_what_a_wrong_app_may_lack_is_known_so_that_nothing_else_is_told_of_it(make: Make, name: str) -> None:
    config, app, lost, triggers_of, access_of = LACKS[name]
    with declared(make(config=config, app=app).folder) as said:
        unread = judge(said).unread
    assert (unread.lost - APIS, unread.triggers_of, unread.access_of) == (lost, triggers_of, access_of)
    assert unread.lost >= APIS
    assert not unread.permissions


def test_permissions_may_be_missing_where_the_file_of_a_mistake_writes_some(make: Make) -> None:
    app = f"@app.function(timeout=0)\n{HELLO}PERMISSION = 'AWS::Lambda::Permission'\n"
    with declared(make(app=app).folder) as said:
        assert judge(said).unread.permissions


PREVIEWS = "config.stages = ['dev']\nconfig.stages.previews = 'pr'"
WRITTEN = "config/deploy.py:5:5"
STAGES: list[tuple[str, str, list[str]]] = [
    ("dev", PREVIEWS, []),
    ("pr7", PREVIEWS, []),
    ("pr10", PREVIEWS, []),
    (
        "pr07",
        PREVIEWS,
        [
            ("'pr07' is not a stage of this app, which has dev and previews such as pr7"
            f" | did you mean `pr7`? | {WRITTEN}")
        ],
    ),
    (
        "pr",
        PREVIEWS,
        [("'pr' is not a stage of this app, which has dev and previews such as pr1"
         f" | did you mean `pr1`? | {WRITTEN}")],
    ),
    (
        "pr7x",
        PREVIEWS,
        [("'pr7x' is not a stage of this app, which has dev and previews such as pr7"
         f" | did you mean `pr7`? | {WRITTEN}")],
    ),
    ("x", "config.stages.previews = 'pr'\nconfig.stages.production = ['pr3x']", []),
    ("zzz", "config.stages.previews = 'pr'", []),
    (
        "zzz",
        "config.stages = ['dev', 'live']",
        [("'zzz' is not a stage of this app, which has dev, live"
         f" | `--stage` or REMIT_STAGE names one | {WRITTEN}")],
    ),
    ("x", "config.stages.production = ['live']", []),
    (
        "x",
        "config.stages.previews = 'pr'\nconfig.stages.production = ['pr3', 'live']",
        [("`config.stages.production` names 'pr3', which is a preview | a preview ends with its pull request; "
         "`config.stages.previews` is 'pr' | config/deploy.py:6:5")],
    ),
    (
        "dev",
        "config.stages = ['dev', 'live']\nconfig.stages.production = ['liv', 'zzz', 'live']",
        [("`config.stages.production` names 'liv', which is not a stage of this app"
         " | did you mean `live`? | config/deploy.py:6:5"),
         ("`config.stages.production` names 'zzz', which is not a stage of this app"
         " | it has dev, live | config/deploy.py:6:5")],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("stage", "config", "expected"), STAGES)
def test_stages_are_those_that_are_listed_and_previews_with_a_number(
    make: Make, stage: str, config: str, expected: list[str]
) -> None:
    with declared(make(config=config).folder, stage) as said:
        mistakes = judge(said).mistakes.errors
    assert [f"{mistake.message} | {mistake.hint} | {mistake.origin}" for mistake in mistakes] == expected


@pytest.mark.parametrize(
    ("config", "options", "expected"),
    [
        ("", "log_retention=7", [("", 7, False), ("DataLogs", 30, False)]),
        ("config.lambda_.share_log_group = True", "log_retention=7", [("DataShared", 30, True)] * 2),
        ("config.lambda_.share_log_group = True", "log_retention=None", [("DataShared", None, True)] * 2),
    ],
)
def test_lines_go_to_the_group_of_the_functions_name_and_stay_as_long_as_any_function_wants(
    make: Make, config: str, options: str, expected: list[tuple[str, int | None, bool]]
) -> None:
    data = DATA.replace("/aws/lambda/shop-one-x", "/aws/lambda/orders-dev-two")
    data = data.replace(
        "'AWS::Logs::LogGroup')", "'AWS::Logs::LogStream', log_group_name='/aws/lambda/orders-dev-one')"
    )
    data += "    shared = resource('AWS::Logs::LogGroup', log_group_name='/lambda/orders-dev')\n"
    app = f"@app.function({options})\ndef one(event, context): ...\n@app.function\ndef two(event, context): ...\n"
    functions = make(config=config, app=app, **{"shared/resources/data.py": data}).load().functions
    assert [(each.log_group, each.log_retention, each.shares_log_group) for each in functions] == expected


def test_log_groups_are_found_by_the_stacks_name_and_by_its_reference(make: Make) -> None:
    data = DATA.replace("shop-one-x", "${AWS::StackName}-one")
    app = "@app.function\ndef one(event, context): ...\n@app.function\ndef two(event, context): ...\n"
    functions = make(app=app, **{"shared/resources/data.py": data}).load().functions
    assert [function.log_group for function in functions] == ["DataLogs", ""]


def test_the_second_workflow_of_a_name_is_left_out(make: Make) -> None:
    flow = "app.workflow('flow', {'StartAt': 'A', 'States': {'A': {'Type': 'Pass', 'End': True}}})\n"
    with declared(make(app=flow * 2).folder) as said:
        loaded = judge(said)
    assert [workflow.name for workflow in loaded.app.workflows] == ["flow"]
    assert [(mistake.message, mistake.hint, str(mistake.origin)) for mistake in loaded.mistakes.errors] == [
        ("workflow `flow` is declared twice; the other is at app.py:9:1", "rename one", "app.py:10:1")
    ]


HANDLER_FILES = {
    "requirements.txt": "My_Dep==1\n",
    "code/json/x.py": "",
    "empty.py": "",
}
ABSENT = """app.function(name='a', handler='my_dep.run')
app.function(name='b', handler='json.y.run', code='code')
app.function(name='c', handler='json.y.run')
app.function(name='d', handler='empty.run')
"""


def test_a_handler_is_looked_for_in_its_folder_and_trusted_to_dependencies(make: Make) -> None:
    with declared(make(app=ABSENT, **HANDLER_FILES).folder) as said:
        mistakes = judge(said).mistakes.errors
    assert [(mistake.message, mistake.hint) for mistake in mistakes] == [
        ("the handler `json.y.run` of function `b` does not exist", "did you mean `json.x.run`?"),
        ("the handler `empty.run` of function `d` does not exist", "a handler reads `module.function`"),
    ]


NAMES = """app.function(name='a-b', handler='work.run')
app.function(name='a_b', handler='work.run')
app.function(name='a-b', handler='work.run')
app.function(name='c', handler='work.run', function_name='shop-d')
app.function(name='d', handler='work.run')
app.function(name='_-', handler='work.run')
app.function(
  name='y' * 60, handler='work.run')
"""
HANDLERS = """app.function(name='a', handler='work.rum')
app.function(name='b', handler='work.later')
app.function(name='c', handler='wrok.run')
app.function(name='d',
  handler='x' * 129)
@app.function
def hello(event, context): ...
@app.function
def hello(event, context): ...
@app.function
class K: ...
@app.function
def few(event) -> int: ...
def outer():
    @app.function
    def inner(event, context): ...
outer()
app.function(name='l', handler='absent.run', properties={'Timeout': 3})
"""
OF_APIS = """config.api.domain_name = 'a.example'
config.rest.access_log_format = '$x'
config.rest.disable_execute_api_endpoint = True"""
OF_ALL = """config.lambda_.iam.default_policy = ["a b"]
config.lambda_.iam.policy = ["c d"]
config.lambda_.iam.managed_policy = ["e f"]
config.lambda_.iam.default_managed_policy = ["g h"]"""
SIX = "config.lambda_.iam.managed_policy = [f'arn:aws:iam::111122223333:policy/p{n}' for n in range(6)]"
MANAGED = "".join(
    f"@app.function(managed_policy=[f'arn:aws:iam::111122223333:policy/q{{n}}' for n in range({count})])\n"
    f"def has_{count}(event, context): ...\n"
    for count in (4, 5, 6)
)
ROOTS = """app.function(name='a', handler='work.run', code='.')
@app.function(code='.')
def e(event, context): ...
@app.function(code='code')
def d(event, context): ...
app.function(name='f', handler='work.run', code='nope')
@app.group('x', code='code').function(code='.')
def h(event, context): ...
"""
OWN_ROLES = """OWN = {'Role': 'arn:aws:iam::111122223333:role/own'}
@app.function(properties=OWN, managed_policy='ReadOnlyAccess')
def a(event, context): ...
@app.group('g', policy=['logs']).function(properties=OWN)
def b(event, context): ...
@app.function(properties=OWN, link=[dynamodb.read('t')])
def c(event, context): ...
@app.function(properties=OWN)
def d(event, context): ...
"""
TRIGGERS = f"@app.function(on.sqs('x'), 'none', on.sqs('y'))\n{HELLO}app.web('work:run', 3, runtime='python3.9')\n"
TOLD_TOGETHER = {
    "access": (OF_ALL, f"@app.function\n{HELLO}", """\
policy[0] is 'c d': neither a service nor an action
  config/deploy.py:6:34 did you mean `rds`?
default_managed_policy[0]: 'g h' is not a valid name for a managed policy
  config/deploy.py:8:50 None
managed_policy[0]: 'e f' is not a valid name for a managed policy
  config/deploy.py:7:42 None
default_policy[0] is 'a b': neither a service nor an action
  config/deploy.py:5:42 did you mean `a4b`?
"""),
    "managed policies": (SIX, MANAGED, """\
the role of has_5 has 11 managed policies; IAM allows 10
  config/deploy.py:5:5 grant what is used of them in a policy instead
the role of has_6 has 12 managed policies; IAM allows 10
  app.py:13:2 grant what is used of them in a policy instead
"""),
    "roots": ("", ROOTS, """\
`d` is declared in module `app`, and its zip has the modules in code alone
  app.py:12:2 write `app.function(…, handler="module.function", code="code")`, without a decorator
the code of `f` cannot be 'nope': there is no such folder
  app.py:14:49 such as `code="functions/orders"`: a folder with modules, by its path from the project's
"""),
    "own roles": ("", OWN_ROLES, """\
the managed_policy of function a cannot reach function `a`, which brings a role of its own (`Role` in its properties)
  app.py:10:46 grant it where that role is made, or leave `Role` out: remit makes a role for the function
the policy of group g cannot reach function `b`, which brings a role of its own (`Role` in its properties)
  app.py:12:24 grant it where that role is made, or leave `Role` out: remit makes a role for the function
the link of function c cannot reach function `c`, which brings a role of its own (`Role` in its properties)
  app.py:14:36 grant it where that role is made, or leave `Role` out: remit makes a role for the function
a link names no shared resource of the app: reads items of table t
  app.py:14:37 write link=[grants.dynamodb.read(Data.table)], or grant it with `policy`
"""),
    "triggers": ("", TRIGGERS, """\
'none' is not a trigger
  app.py:9:28 such as `@app.function(on.sqs("orders"))`, with `from remit import on`
3 is not a trigger
  app.py:11:21 such as `@app.function(on.sqs("orders"))`, with `from remit import on`
web app `web` runs on python3.9, which the adapters of web frameworks no longer support
  app.py:11:32 set `runtime="python3.13"`
"""),
    "names": ("config.stack_name = 'shop'", NAMES, """\
'_-' is not a valid name for a function
  app.py:14:19 letters, digits, - and _ only; `name=` gives another than the Python function's
functions `a-b` and `a_b` both become `AB` in the template
  app.py:10:1 give one another `name=`
function `a-b` is declared twice; the other is at app.py:9:1
  app.py:11:1 give one another `name=`
functions `c` and `d` are both `shop-d` in the account
  app.py:13:1 give one another `function_name=`
function name `shop-yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy` has 65 characters; Lambda allows 64
  app.py:15:1 shorten it by 1, with `name=`
"""),
    "handlers": ("", HANDLERS, """\
function `d` has the handler 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'
  app.py:13:11 a handler reads `module.function`, in at most 128 characters
function `inner` is declared inside another function, where Lambda cannot find it
  app.py:23:6 move it to the top level of its module
the handler `work.rum` of function `a` does not exist
  app.py:9:32 did you mean `run`?
the handler `work.later` of function `b` is `async`
  app.py:10:32 Lambda calls plain functions: use asyncio.run() inside one
the handler `wrok.run` of function `c` does not exist
  app.py:11:32 did you mean `work.run`?
function `hello` is declared twice; the other is at app.py:14:2
  app.py:16:2 rename one: the second would replace the first
the handler `app.K` of function `K` is a class, and Lambda takes what it makes for the answer
  app.py:18:2 write `def handler(event, context):`
the handler `app.few` of function `few` takes (event), and Lambda calls it with an event and a context
  app.py:20:2 write `def handler(event, context):`
function `hello` is declared twice; the other is at app.py:14:2
  app.py:16:2 give one another `name=`
"""),
    "APIs": (OF_APIS, f"@app.function\n{HELLO}", """\
`config.api.domain_name` is 'a.example', and there is no certificate for it
  config/deploy.py:5:5 set `config.api.certificate_arn` to one of ACM in the API's region
`config.rest.disable_execute_api_endpoint` leaves the API without an address: it has no domain
  config/deploy.py:7:5 set `config.rest.domain_name` and its certificate, too
`config.rest.access_log_format` is set, and the API writes no access log
  config/deploy.py:6:5 set `config.rest.access_log = True`
"""),
}  # fmt: skip


@pytest.mark.parametrize("name", TOLD_TOGETHER)
def test_all_that_is_wrong_with_parts_of_an_app_is_told_in_one_run(make: Make, name: str) -> None:
    config, app, expected = TOLD_TOGETHER[name]
    work = "def run(event, context): ...\nasync def later(event, context): ...\n"
    with declared(make(config=config, app=app, **{"work.py": work, "code/x.py": ""}).folder) as said:
        loaded = judge(said)
    lines = [f"{error.message}\n  {error.origin} {error.hint}\n" for error in loaded.mistakes.errors]
    assert "".join(lines) == expected
    assert loaded.app.api.domain_name is None
