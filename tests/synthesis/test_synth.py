"""The template: valid for cfn-lint in every partition, the same bytes everywhere, within CloudFormation's limits."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import cfn_lint
from projects import APP, SOURCE, Project, at, configuration, write
from random_cases import cases, cases_of, in_all_cases
from remit.app import Resource
from remit.project.init import init
from remit.resources.check_schema import check_type
from remit.synthesis.check import notes_on

if TYPE_CHECKING:
    from conftest import Make

EXAMPLES = SOURCE.parent / "examples"
VPC = {"SecurityGroupIds": ["sg-12345678"], "SubnetIds": ["subnet-12345678"]}
DATA = """
from remit import Shared, aws, output, project, resource
class Data(Shared):
    queue = resource("AWS::SQS::Queue", visibility_timeout=180)
    topic = resource("AWS::SNS::Topic")
    bucket = resource("AWS::S3::Bucket", bucket_name=f"{project.namespace}-{aws.account}-{aws.region}")
    table = resource(
        "AWS::DynamoDB::Table",
        billing_mode="PAY_PER_REQUEST",
        attribute_definitions=[{"AttributeName": "id", "AttributeType": "S"}],
        key_schema=[{"AttributeName": "id", "KeyType": "HASH"}],
        stream_specification={"StreamViewType": "NEW_IMAGE"},
    )
    queue_url = output(queue, "Send here")
"""
EVERYTHING = """
from shared.resources.data import Data

@app.function(sqs(Data.queue, batch_size=100, batch_window=5),
              policy=[dynamodb.put(Data.table), s3.list(Data.bucket, "in/*")])
def ingest(event, context): ...
@app.function(stream(Data.table, retries=2), kinesis("clicks"), tracing=True, layers=[])
def changes(event, context): ...
@app.function(schedule("rate(1 day)"), schedule("cron(0 8 ? * MON *)", input={"x": 1}), reserved_concurrency=1)
def report(event, context): ...
@app.function(http(auth="NONE", cors={"AllowOrigins": ["*"]}), ephemeral_storage=1024, log_retention=None)
def web(event, context): ...
@app.function(http(), properties={"DeadLetterConfig": {"TargetArn": Data.topic.arn}, "Description": "x"})
def private(event, context): ...
@app.function(policy=[{"Effect": "Deny", "NotAction": ["s3:*", "logs:*", "ec2:*", "sqs:*", "cloudformation:*"],
                       "Resource": "*", "Sid": "Only"},
                      {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/${aws:username}/*",
                       "Condition": {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}}],
              managed_policy="AWSXRayDaemonWriteAccess", architectures="arm64", runtime="python3.12")
def odd_one(event, context): ...
@app.job(queue="urgent", policy="ses:SendEmail")
def mail(to): ...
"""
CONFIG = f"""
config.job.enable = True
config.job.additional_queues = ["urgent"]
config.lambda_.iam.policy = ["logs:Describe*", queue_of(aws)]
config.lambda_.iam.permissions_boundary = f"arn:{{aws.partition}}:iam::{{aws.account}}:policy/Boundary"
config.lambda_.function.vpc_config = {VPC}
config.lambda_.function.environment = {{"NAME": project.namespace, "URL": f"https://x.{{aws.url_suffix}}/"}}
""".replace(
    "queue_of(aws)",
    '{"Effect": "Allow", "Action": "sqs:ListQueueTags",'
    ' "Resource": f"arn:{aws.partition}:sqs:{aws.region}:{aws.account}:{project.namespace}*"}',
)
FILES = {
    "app.py": APP + EVERYTHING,
    "shared/resources/data.py": DATA,
    "config/deploy.py": configuration(CONFIG),
}
"""A project that uses everything."""


def _everything(folder: Path) -> Project:
    write(folder, FILES)
    return Project(folder)


def test_cfn_lint_finds_what_is_wrong_and_in_the_region_where_it_is(tmp_path: Path) -> None:
    """So that finding nothing, as tests of many rooms say, means something."""
    template = tmp_path / "template.json"
    unknown = {"Type": "AWS::SQS::Queue", "Properties": {"Colour": "red"}}
    template.write_text(json.dumps({"Resources": {"Queue": unknown}}))
    (finding,) = cfn_lint.findings(template)
    assert finding.startswith("[E3002: Resource properties are invalid]")
    address = {"Type": "AWS::Lambda::Url", "Properties": {"AuthType": "NONE", "TargetFunctionArn": "shop"}}
    template.write_text(json.dumps({"Resources": {"Address": address}}))
    assert [] == cfn_lint.findings(template, regions=("us-east-1",))
    (finding,) = cfn_lint.findings(template, regions=("us-east-1", "us-gov-west-1"))
    assert finding.startswith("[E3006: Validate the CloudFormation resource type]")


@in_all_cases
def test_cfn_lint_finds_nothing_in_any_partition(tmp_path: Path, make: Make) -> None:
    """One template for all: commercial regions and China; the examples and a new project as well."""
    plain = make(config="config.lambda_.iam.default_policy = []")
    examples = [_example(name, tmp_path) for name in ("orders", "shop")]
    new = Project(tmp_path / "new")
    init(new.folder)
    projects = [plain, *examples, new, _everything(tmp_path / "everything")]
    assert [] == _cfn_lint(projects, "us-east-1", "eu-west-1", "cn-north-1")


def _example(name: str, folder: Path) -> Project:
    """An example in a folder of its own, which a build may write into."""
    for path in (EXAMPLES / name).rglob("*.py"):
        write(folder / name, {str(path.relative_to(EXAMPLES / name)): path.read_text("utf-8")})
    return Project(folder / name)


def test_cfn_lint_finds_nothing_in_govcloud(tmp_path: Path) -> None:
    """Where there are no function URLs."""
    project = _everything(tmp_path / "everything")
    declarations = EVERYTHING.split("@app")
    without = "@app".join(one for one in declarations if not one.startswith(".function(http("))
    write(project.folder, {"app.py": APP + without})
    assert [] == _cfn_lint([project], "us-gov-west-1", "us-gov-east-1")


def _cfn_lint(projects: list[Project], *regions: str) -> list[str]:
    templates = [project.built().folder / ".remit/build/template.json" for project in projects]
    return cfn_lint.findings(*templates, regions=regions)


def _pythons() -> list[str]:
    """The interpreters of this machine that remit supports; the one that runs the tests is always among them."""
    found = {sys.version_info[:2]: sys.executable}
    folders = [*map(str, Path.home().glob(".pyenv/versions/*/bin")), *os.environ["PATH"].split(os.pathsep)]
    for minor in (11, 12, 13):
        names = [f"{folder}/python3.{minor}" for folder in folders]
        works = (name for name in names if os.access(name, os.X_OK) and _runs(name))
        if (3, minor) not in found and (first := next(works, None)) is not None:
            found[3, minor] = first
    return list(found.values())


def _runs(python: str) -> bool:
    """Version managers put names on the path that run nothing."""
    return subprocess.run([python, "-c", ""], capture_output=True, check=False).returncode == 0


_BUILD = """
import pathlib, sys
sys.path.insert(0, sys.argv[1])
from remit.build import build
built = build(pathlib.Path(sys.argv[2]), package=False)
folder = pathlib.Path(sys.argv[2]) / ".remit" / "build"
sys.stdout.write((folder / "template.json").read_text() + (folder / "roles.json").read_text())
"""


def test_the_same_project_gives_the_same_bytes(tmp_path: Path) -> None:
    """In another folder, with another hash seed, in another Python minor, from another working directory."""
    outputs = {}
    for number, (python, seed) in enumerate(
        [(sys.executable, "1"), *((one, "2") for one in cases_of(_pythons()[::-1], 1))]
    ):
        folder = tmp_path / f"place {number}" / "shop"
        write(folder, FILES)
        ran = subprocess.run(
            [python, "-S", "-c", _BUILD, str(SOURCE), str(folder)],
            capture_output=True,
            encoding="utf-8",
            check=True,
            cwd=tmp_path,
            env={"PYTHONHASHSEED": seed, "PYTHONDONTWRITEBYTECODE": "1"},
        )
        outputs[python, seed] = ran.stdout
    assert len(outputs) >= 2
    assert 1 == len(set(outputs.values()))
    assert str(tmp_path) not in next(iter(outputs.values()))


def test_late_bound_text_becomes_one_sub_and_iams_variables_are_escaped(make: Make) -> None:
    resource = "f\"arn:{aws.partition}:s3:::b-{aws.region}/${{aws:username}}/${{aws:PrincipalTag/team, 'x'}}/*\""
    project = make(
        config=f'config.lambda_.iam.policy = {{"Effect": "Allow", "Action": "s3:*", "Resource": {resource}}}'
    )
    document = project.resources("AWS::IAM::Role")["HelloRole"]["Policies"][0]["PolicyDocument"]
    written = "arn:${AWS::Partition}:s3:::b-${AWS::Region}/${!aws:username}/${!aws:PrincipalTag/team, 'x'}/*"
    assert {"Fn::Sub": written} == document["Statement"][1]["Resource"]


def test_a_functions_variables_alone_need_no_sub(make: Make) -> None:
    project = make(
        config='config.lambda_.iam.policy = {"Effect": "Allow", "Action": "s3:*", '
        '"Resource": "arn:aws:s3:::b/${aws:username}"}'
    )
    document = project.resources("AWS::IAM::Role")["HelloRole"]["Policies"][0]["PolicyDocument"]
    assert "arn:aws:s3:::b/${aws:username}" == document["Statement"][1]["Resource"]


def test_a_function_has_its_log_group_its_role_and_its_code(make: Make) -> None:
    resources = make().template()["Resources"]
    assert {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "FunctionName": {"Fn::Sub": "${AWS::StackName}-hello"},
            "Handler": "app.hello",
            "Runtime": "python3.13",
            "Architectures": ["x86_64"],
            "Code": {
                "S3Bucket": {"Fn::Sub": "remit-artefacts-${AWS::AccountId}-${AWS::Region}"},
                "S3Key": "not-packaged.zip",
            },
            "Role": {"Fn::GetAtt": ["HelloRole", "Arn"]},
            "Environment": {"Variables": {"REMIT_STACK": {"Ref": "AWS::StackId"}, "REMIT_STAGE": "dev"}},
            "LoggingConfig": {"LogGroup": {"Ref": "HelloLogGroup"}},
            "MemorySize": 256,
            "Timeout": 30,
        },
    } == resources["HelloFunction"]
    assert {
        "Type": "AWS::Logs::LogGroup",
        "Properties": {"LogGroupName": {"Fn::Sub": "/aws/lambda/${AWS::StackName}-hello"}, "RetentionInDays": 30},
    } == resources["HelloLogGroup"]


def test_500_resources_are_the_most_and_the_error_counts_by_type(make: Make) -> None:
    def app(count: int) -> str:
        policy = "policy={'Effect': 'Allow', 'Action': 's3:GetObject', 'Resource': 'arn:aws:s3:::b%s/*'}"
        return "".join(f"@app.function({policy % n})\ndef fn_{n}(event, context): ...\n" for n in range(count))

    queues = "".join(f"    queue_{n} = resource('AWS::SQS::Queue')\n" for n in range(2))
    shared = {"shared/resources/data.py": f"from remit import Shared, resource\nclass Data(Shared):\n{queues}"}
    assert 500 == len(make(app=app(166), **shared).built().template.resources)
    error = make(app=app(167), **shared).remit("build", "--no-package")
    assert (2, True) == (
        error.status,
        error.err.startswith(
            "error: the template has 503 resources; CloudFormation allows 500: 167 AWS::IAM::Role, "
            "167 AWS::Logs::LogGroup, 167 AWS::Lambda::Function, 2 AWS::SQS::Queue\n"
            "hint: `config.lambda_.share_log_group = True` makes 166 fewer\n"
        ),
    )


FEWER = (
    "`config.lambda_.iam.share_roles = True` makes {} fewer, `config.lambda_.share_log_group = True` makes {} fewer, "
    "`config.api.routes_in_body = True` makes {} fewer"
)


def _routes(count: int) -> str:
    functions = (f"@app.function(on.api('GET /{n}'))\ndef fn_{n}(event, context): ...\n" for n in range(count))
    return f"from remit import on\n{''.join(functions)}"


@pytest.mark.parametrize("count", cases_of((100, 250, 600), 2))
def test_beyond_500_resources_the_error_names_the_settings_that_make_fewer(make: Make, count: int) -> None:
    error = make(config="", app=_routes(count)).error()
    assert f"the template has {6 * count + 2} resources; CloudFormation allows 500: {count} " in error.message
    roles = len(make(config="config.lambda_.iam.share_roles = True", app=_routes(count)).roles())
    ways = FEWER.format(count - roles, count - 1, 3 * count - 1)
    assert (ways if count < 600 else f"split the app into two projects; {ways}") == error.hint


SETTINGS_FOR_FEWER = ("lambda_.iam.share_roles", "lambda_.share_log_group", "api.routes_in_body")


@pytest.mark.parametrize("setting", SETTINGS_FOR_FEWER)
def test_a_setting_makes_as_many_fewer_as_the_error_says(make: Make, setting: str) -> None:
    error = make(config="", app=_routes(84)).error()
    fewer = re.findall(rf"config.{setting} = True` makes (\d+) fewer", error.hint or "")
    with_it = make(config=f"config.{setting} = True\n", app=_routes(84)).built()
    assert [str(506 - len(with_it.template.resources))] == fewer


@pytest.mark.parametrize("own", ["", *SETTINGS_FOR_FEWER])
def test_nearly_500_resources_are_noted_with_the_settings_that_the_app_does_not_have(make: Make, own: str) -> None:
    built = make(config=f"config.{own} = True\n" if own else "", app=_routes(2)).built()
    notes = {}
    for count in (449, 450):
        others = (Resource(f"Queue{n}", "AWS::SQS::Queue", {}) for n in range(count - len(built.template.resources)))
        template = replace(built.template, resources=(*built.template.resources, *others))
        notes[count] = tuple(notes_on(template, built.roles, built.app))
    (note,) = notes[450]
    fewer = dict.fromkeys(SETTINGS_FOR_FEWER, 1) | {"api.routes_in_body": 5}
    ways = [f"`config.{setting} = True` makes {fewer[setting]} fewer" for setting in fewer if setting != own]
    assert note.startswith("the template has 450 of 500 resources that CloudFormation allows: ")
    assert note.endswith(f"; {', '.join(ways)}")
    assert () == notes[449]


@in_all_cases
def test_250_functions_with_a_route_each_fit_into_a_stack(make: Make) -> None:
    """What is not theirs is the same for fewer, which a quick run builds."""
    count = cases(20, deep=250)
    config = "config.api.routes_in_body = True\nconfig.lambda_.share_log_group = True\n"
    config += "config.lambda_.iam.share_roles = True\n"
    project = make(config=config, app=_routes(count))
    resources = project.template()["Resources"]
    assert count == len([item for item in resources.values() if item["Type"] == "AWS::Lambda::Function"])
    assert count == len(resources["HttpApi"]["Properties"]["Body"]["paths"])
    assert len(resources) < count + 20
    project.built()
    assert [] == cfn_lint.findings(project.folder / ".remit" / "build" / "template.json")


def test_functions_that_share_a_log_group_write_to_streams_of_their_own_alone(make: Make) -> None:
    """The group keeps lines for as long as any of them asks."""
    second = "@app.function\ndef second(event, context): ...\n"
    body = f"@app.function(log_retention=90)\ndef first(event, context): ...\n{second}"
    project = make(config="config.lambda_.share_log_group = True", app=body)
    groups = project.resources("AWS::Logs::LogGroup")
    name = {"Fn::Sub": "/lambda/${AWS::StackName}"}
    assert {"FunctionsLogGroup": {"LogGroupName": name, "RetentionInDays": 90}} == groups
    functions = project.resources("AWS::Lambda::Function").values()
    assert [{"LogGroup": {"Ref": "FunctionsLogGroup"}}] * 2 == [function["LoggingConfig"] for function in functions]
    group = "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:${FunctionsLogGroup}"
    assert [(f"{group}:log-stream:*/${{AWS::StackName}}-{name}[*",) for name in ("first", "second")] == [
        grant.statement.resources.patterns for role in project.roles() for grant in role.grants
    ]
    forever = make(config="config.lambda_.share_log_group = True", app=body.replace("90", "None"))
    assert [{"LogGroupName": name}] == list(forever.resources("AWS::Logs::LogGroup").values())


def test_from_450_resources_on_the_build_says_what_takes_most(make: Make) -> None:
    def notes(count: int) -> list[str]:
        app = "".join(f"@app.function\ndef fn_{n}(event, context): ...\n" for n in range(count))
        return [note for note in make(config="", app=app).built().notes if "resources" in note]

    assert [] == notes(149)
    assert notes(150) == [
        (
            "the template has 450 of 500 resources that CloudFormation allows: 150 AWS::IAM::Role, "
            "150 AWS::Logs::LogGroup, 150 AWS::Lambda::Function; "
            "`config.lambda_.iam.share_roles = True` makes 147 fewer, "
            "`config.lambda_.share_log_group = True` makes 149 fewer"
        )
    ]


def test_the_build_says_whose_runtime_ends_soon(make: Make) -> None:
    def notes(runtime: str) -> tuple[str, ...]:
        first = f"@app.function(runtime='{runtime}')\ndef a(event, context): ...\n"
        return make(config="", app=f"{first}@app.function\ndef b(event, context): ...\n").built().notes

    assert "Lambda supports python3.10 until 2026-10-31: set another `runtime` for a" in notes("python3.10")
    assert not any("until" in note for note in notes("python3.13"))


def test_200_outputs_are_the_most(make: Make) -> None:
    def outputs(count: int) -> Project:
        body = "from remit import Shared, aws, output\nclass Data(Shared):\n"
        body += "".join(f"    value_{n} = output(aws.region)\n" for n in range(count))
        return make(**{"shared/resources/data.py": body})

    error = outputs(201).error()
    assert 200 == len(outputs(200).template()["Outputs"])
    assert "the template has 201 outputs; CloudFormation allows 200" == error.message


def test_a_template_that_no_deploy_would_take_is_refused_by_the_build(make: Make) -> None:
    text = "x" * 3_000
    body = f"from remit import Shared, resource\nTEXT = {text!r}\nclass Data(Shared):\n"
    body += "".join(f"    t_{n} = resource('AWS::SSM::Parameter', type='String', value=TEXT)\n" for n in range(330))
    error = make(**{"shared/resources/data.py": body}).error()
    assert "the template is 1,0" in error.message, "less than 1,048,576 bytes"
    assert "CloudFormation allows 1,000,000" in error.message


@pytest.mark.parametrize("mounts", [1, 2])
def test_the_schemas_ranges_are_checked(make: Make, mounts: int) -> None:
    point = "arn:aws:elasticfilesystem:eu-west-1:111122223333:access-point/fsap-0123456789abcdef0"
    configs = [{"Arn": point, "LocalMountPath": f"/mnt/{number}"} for number in range(mounts)]
    project = make(config=f'config.lambda_.function.properties = {{"FileSystemConfigs": {configs}}}')
    if mounts == 1:
        assert configs == project.resources("AWS::Lambda::Function")["HelloFunction"]["FileSystemConfigs"]
    else:
        assert (
            "`HelloFunction.FileSystemConfigs` (AWS::Lambda::Function) has 2 items; it can be at least 0 and at most 1"
            == (project.error().message)
        )


def test_roles_are_written_with_reasons_and_lines(make: Make) -> None:
    project = make(config='config.lambda_.iam.policy = "s3"')
    project.built()
    assert [
        {
            "role": "HelloRole",
            "functions": ["hello"],
            "managed_policies": [],
            "permissions_boundary": None,
            "grants": [
                {
                    "statement": {
                        "Effect": "Allow",
                        "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
                        "Resource": "${HelloLogGroup.Arn}",
                    },
                    "because": "hello writes its logs",
                    "file": "app.py",
                    "line": 9,
                    "column": 2,
                },
                {
                    "statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"},
                    "because": "'s3' in config.lambda_.iam.policy, for every function",
                    "file": "config/deploy.py",
                    "line": 5,
                    "column": 33,
                },
            ],
        }
    ] == json.loads((project.folder / ".remit/build/roles.json").read_text())


QUEUE = """
from remit import Shared, resource
class Data(Shared):
    queue = resource("AWS::SQS::Queue", visibility_timeout=%s)
"""
TAKER = """
from shared.resources.data import Data
@app.function(sqs(Data.queue), timeout=60%s)
def take(event, context): ...
"""


@pytest.mark.parametrize("published", ["", ', alias="live"'])
def test_a_queue_that_hides_messages_for_less_than_its_function_runs_is_refused(make: Make, published: str) -> None:
    taker = TAKER % published
    error = make(app=taker, **{"shared/resources/data.py": QUEUE % 30}).error()
    assert "queue `DataQueue` hides a message for 30 s, but `TakeFunction` may run 60 s" == error.message
    assert "shared/resources/data.py:4:13" == str(error.origin)
    assert 1 == len(make(app=taker, **{"shared/resources/data.py": QUEUE % 60}).resources("AWS::SQS::Queue"))


def test_a_list_where_a_text_belongs_is_refused_and_a_number_is_not() -> None:
    assert [] == [*check_type(Resource("Jobs", "AWS::SQS::Queue", {"QueueName": 12}), {})]
    (mistake,) = check_type(Resource("Jobs", "AWS::SQS::Queue", {"QueueName": ["jobs"]}), {})
    assert "`Jobs.QueueName` (AWS::SQS::Queue) must be string, got array \"['jobs']\"" == mistake.message


def test_everything_that_a_deploy_would_fail_on_is_reported_in_one_run(make: Make) -> None:
    shared = """
from remit import Shared, resource

class Data(Shared):
    orders = resource("AWS::SQS::Queue", queue_name="orders", fifo_queue=True)
    uploads = resource("AWS::S3::Bucket", bucket_name="Up_loads")
    news = resource("AWS::SNS::Topic", topik_name="news")
    queue = resource("AWS::SQS::Queue", visibility_timeout=30)
    other = resource("AWS::S3::Bucket", bucket_name="Up_loads")
"""
    error = make(app=TAKER % "", **{"shared/resources/data.py": shared}).error()
    assert [
        (5, "the name 'orders' of queue `DataOrders` must end with .fifo: it is a FIFO queue"),
        (6, "'Up_loads' is not a valid name for bucket `DataUploads`"),
        (7, "`DataNews` (AWS::SNS::Topic) has no property 'TopikName'"),
        (8, "queue `DataQueue` hides a message for 30 s, but `TakeFunction` may run 60 s"),
        (9, "'Up_loads' is not a valid name for bucket `DataOther`"),
        (9, "`DataOther` and `DataUploads` are two buckets named 'Up_loads'"),
    ] == [(mistake.origin.line, mistake.message) for mistake in error.all if mistake.origin is not None]


def test_two_resources_of_one_type_cannot_have_one_name(make: Make) -> None:
    shared = """
from remit import Shared, resource

class Data(Shared):
    orders = resource("AWS::SQS::Queue", queue_name="orders")
    parcels = resource("AWS::SQS::Queue", queue_name="orders")
    news = resource("AWS::SNS::Topic", topic_name="orders")
"""
    error = make(**{"shared/resources/data.py": shared}).error()
    assert ("shared/resources/data.py:6:15", "`DataParcels` and `DataOrders` are two queues named 'orders'") == (
        str(error.origin),
        error.message,
    )


def test_the_schedules_of_jobs_are_in_a_group_of_the_stacks_own(make: Make) -> None:
    project = make(config="config.job.enable = True", app="@app.job(schedule('rate(1 day)'))\ndef send(): ...\n")
    name = {"Fn::Sub": "${AWS::StackName}-jobs"}
    assert {"JobSchedules": {"Name": name}} == project.resources("AWS::Scheduler::ScheduleGroup")
    (schedule,) = project.resources("AWS::Scheduler::Schedule").values()
    assert {"Ref": "JobSchedules"} == schedule["GroupName"]


def test_the_same_queue_twice_is_told(make: Make) -> None:
    error = make(app="@app.function(sqs('q'), sqs('q', batch_size=2))\ndef hello(event, context): ...\n").error()
    assert (
        "two triggers of one function would both make `HelloQQueue` (AWS::Lambda::EventSourceMapping)",
        "they have the same source: remove one of them",
        "app.py:9:25",
    ) == (error.message, error.hint, at(error))
