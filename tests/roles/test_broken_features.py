"""The guard on overrides: what a replaced default policy breaks, and what it does not."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import effort
from remit.errors import Origin
from remit.loading.load import load
from remit.roles.assign import assign
from remit.roles.broken_features import BrokenFeature, broken, grouped
from remit.roles.defaults import default_grants

if TYPE_CHECKING:
    from conftest import Make
    from projects import Project
    from remit.app import App, Grant

EXAMPLE = Path(__file__).parents[2] / "examples" / "orders"
VPC = """config.lambda_.function.vpc_config = {"SecurityGroupIds": ["sg-1"], "SubnetIds": ["subnet-1", "subnet-2"]}"""
INGEST = '@app.function(sqs("orders"))\ndef ingest(event, context): ...\n'
EVERYTHING_BUT_JOBS = """
config.lambda_.function.vpc_config = {"SecurityGroupIds": ["sg-1"], "SubnetIds": ["subnet-1", "subnet-2"]}
config.lambda_.function.properties = {
    "TracingConfig": {"Mode": "Active"},
    "DeadLetterConfig": {"TargetArn": "arn:aws:sqs:eu-west-1:111122223333:failed"},
    "KmsKeyArn": "arn:aws:kms:eu-west-1:111122223333:key/1",
    "FileSystemConfigs": [
        {"Arn": "arn:aws:elasticfilesystem:eu-west-1:111122223333:access-point/fsap-1", "LocalMountPath": "/mnt/a"},
    ],
}
"""


def found(project: Project) -> tuple[BrokenFeature, ...]:
    app = project.load()
    return broken(app, assign(app))


def replaced(app: App, grants: tuple[Grant, ...]) -> App:
    return replace(app, default_policy=grants, default_policy_origin=Origin("config/deploy.py", 5, 5))


def computed(app: App) -> tuple[Grant, ...]:
    """All that the functions of an app get by default, as one policy."""
    return tuple({grant.statement: grant for one in app.functions for grant in default_grants(app, one)}.values())


def test_an_app_that_replaces_nothing_breaks_nothing() -> None:
    app = load(EXAMPLE)
    assert broken(app, assign(app)) == ()


def test_an_override_that_spells_out_the_computed_default_breaks_nothing() -> None:
    app = load(EXAMPLE)
    spelled = replaced(app, computed(app))
    assert broken(spelled, assign(spelled)) == ()


def test_the_statement_that_is_taken_away_is_the_feature_that_breaks(make: Make) -> None:
    """Whichever statement of the default is left out: its function, its actions, and nothing else."""
    app = make(config=EVERYTHING_BUT_JOBS, app=INGEST).load()
    whole = computed(app)
    needs = [grant for grant in whole if grant.statement.effect == "Allow"]
    assert (len(needs), len(whole)) == (8, 9)  # the ninth denies the function's code its network interfaces
    for left_out in needs:
        cut = replaced(app, tuple(grant for grant in whole if grant is not left_out))
        (one,) = broken(cut, assign(cut))
        assert (one.function, one.missing) == ("ingest", left_out.statement.actions.patterns)


@pytest.mark.parametrize(
    ("config", "severities"),
    [
        ("", {"ingest takes messages from queue orders": "error", "ingest writes its logs": "warning"}),
        (VPC, {"ingest runs in a VPC": "error"}),
        (
            'config.lambda_.function.properties = {"TracingConfig": {"Mode": "Active"}}',
            {"ingest is traced": "error"},
        ),
        (
            "config.job.enable = True",
            {
                "worker-default works job queue default": "error",
                "ingest may send jobs to default": "warning",
                "worker-default may send jobs to default": "warning",
            },
        ),
    ],
)
def test_what_stops_the_deploy_or_the_jobs_is_an_error_and_the_rest_a_warning(
    make: Make, config: str, severities: dict[str, str]
) -> None:
    job = "@app.job\ndef tidy(): tidy.perform_later()\n" if "job" in config else ""
    project = make(config=f"config.lambda_.iam.default_policy = []\n{config}", app=INGEST + job)
    told = {one.feature: one.severity for one in found(project)}
    assert severities.items() <= told.items()


def test_a_feature_that_needs_two_statements_is_told_once(make: Make) -> None:
    project = make(config=f"config.lambda_.iam.default_vpc_policy = []\n{VPC}")
    (one,) = found(project)
    assert one.setting == "config.lambda_.iam.default_vpc_policy"
    assert one.missing == (
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSubnets",
        "ec2:CreateNetworkInterface",
        "ec2:DeleteNetworkInterface",
        "ec2:AssignPrivateIpAddresses",
        "ec2:UnassignPrivateIpAddresses",
    )


@pytest.mark.parametrize(
    "policy",
    [
        '["logs"]',
        '[{"Effect": "Allow", "Action": "logs:*", "Resource": f"arn:{aws.partition}:logs:*:*:*"}]',
        (
            '[{"Effect": "Allow", "Action": ["logs:Create*", "logs:Put*"],'
            ' "Resource": "arn:aws:logs:eu-west-1:111122223333:log-group:/aws/lambda/orders-dev-*"}]'
        ),
        '[{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}]',
    ],
)
def test_other_words_for_the_same_access_break_nothing(make: Make, policy: str) -> None:
    """Groups are asked for by the names they will have; the region that is written is the one deployed to."""
    assert found(make(config=f"config.lambda_.iam.default_policy = {policy}")) == ()


@pytest.mark.parametrize(
    "resource",
    ["arn:aws:logs:*:*:log-group:/aws/lambda/billing-*", "arn:aws:logs:*:*:log-group:/aws/lambda/orders-prod-*:*"],
)
def test_logs_of_another_app_or_stage_are_not_its_logs(make: Make, resource: str) -> None:
    policy = f'[{{"Effect": "Allow", "Action": "logs:*", "Resource": "{resource}"}}]'
    (one,) = found(make(config=f"config.lambda_.iam.default_policy = {policy}"))
    assert one.missing == ("logs:CreateLogStream", "logs:PutLogEvents")


def test_what_the_decorator_or_a_managed_policy_grants_is_not_missing(make: Make) -> None:
    config = """
    config.lambda_.iam.default_policy = []
    config.lambda_.iam.managed_policy = ["service-role/AWSLambdaBasicExecutionRole"]
    """
    app = '@app.function(sqs("orders"), policy=["sqs"])\ndef ingest(event, context): ...\n'
    assert found(make(config=config, app=app)) == ()


def test_network_rights_on_each_type_of_resource_are_as_good_as_on_all(make: Make) -> None:
    config = f"""
    {VPC}
    config.lambda_.iam.default_vpc_policy = [
        "ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets",
        {{
            "Effect": "Allow",
            "Action": ["ec2:*NetworkInterface", "ec2:*PrivateIpAddresses"],
            "Resource": [f"arn:{{aws.partition}}:ec2:{{aws.region}}:{{aws.account}}:network-interface/*",
                         f"arn:{{aws.partition}}:ec2:{{aws.region}}:{{aws.account}}:subnet/*",
                         f"arn:{{aws.partition}}:ec2:{{aws.region}}:{{aws.account}}:security-group/*"],
        }},
    ]
    """
    assert found(make(config=config)) == ()


def test_a_network_role_with_what_lambda_checks_is_short_and_deploys_all_the_same(make: Make) -> None:
    config = f"""
    {VPC}
    config.lambda_.iam.default_vpc_policy = [
        "ec2:CreateNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DeleteNetworkInterface",
    ]
    """
    (one,) = found(make(config=config))
    assert one.severity == "warning"
    assert one.missing == ("ec2:DescribeSubnets", "ec2:AssignPrivateIpAddresses", "ec2:UnassignPrivateIpAddresses")
    assert "refuses" not in one.message


def test_a_deny_breaks_what_another_statement_allows(make: Make) -> None:
    deny = '{"Effect": "Deny", "Action": "sqs:DeleteMessage", "Resource": "*"}'
    project = make(config=f'config.lambda_.iam.default_policy = ["sqs", "logs", {deny}]', app=INGEST)
    (one,) = found(project)
    assert (one.severity, one.missing, one.denied) == ("error", ("sqs:DeleteMessage",), True)
    assert "but a Deny forbids sqs:DeleteMessage on" in one.message
    assert project.remit("build", "--no-package").err.splitlines()[-1] == (
        "hint: narrow the Deny; or continue with --accept REASON"
    )


@pytest.mark.parametrize("queue", ["Default", "Mail"])
def test_a_deny_on_any_of_several_resources_is_found(make: Make, queue: str) -> None:
    deny = f'{{"Effect": "Deny", "Action": "sqs:SendMessage", "Resource": "${{Job{queue}Queue.Arn}}"}}'
    app = """
@app.job
def clean(): ...


@app.job(queue="mail")
def send(): ...


@app.function(sends=[clean, send])
def hello(event, context): ...
"""
    config = f'config.job.enable = True\nconfig.job.additional_queues = ["mail"]\nconfig.lambda_.iam.policy = [{deny}]'
    denied = [loss for loss in found(make(config=config, app=app)) if loss.function == "hello"]
    assert [("sqs:SendMessage",)] == [loss.missing for loss in denied]
    assert all(loss.denied and loss.denies for loss in denied)


def test_a_condition_that_nobody_can_decide_is_a_warning_that_names_the_key(make: Make) -> None:
    policy = (
        '[{"Effect": "Allow", "Action": "logs:*", "Resource": "*",'
        ' "Condition": {"StringEquals": {"aws:SourceVpc": "vpc-1"}}}]'
    )
    (one,) = found(make(config=f"config.lambda_.iam.default_policy = {policy}"))
    assert (one.severity, one.depends) == ("warning", ("aws:SourceVpc",))


def test_a_managed_policy_of_the_companys_own_may_hold_what_is_missing(make: Make) -> None:
    config = """
    config.lambda_.iam.default_policy = []
    config.lambda_.iam.managed_policy = ["arn:aws:iam::111122223333:policy/baseline"]
    """
    told = found(make(config=config, app=INGEST))
    assert {(one.severity, one.depends) for one in told} == {
        ("warning", ("arn:${AWS::Partition}:iam::111122223333:policy/baseline",))
    }


def test_a_function_with_a_role_of_its_own_is_not_looked_at(make: Make) -> None:
    config = (
        'config.lambda_.iam.default_policy = []\nconfig.lambda_.function.properties = {"Role": "arn:aws:iam::1:role/x"}'
    )
    assert found(make(config=config)) == ()


def test_build_stops_at_the_line_of_the_override_and_writes_nothing(make: Make) -> None:
    project = make(config="config.lambda_.iam.default_policy = []", app=INGEST)
    ran = project.remit("build", "--no-package")
    assert ran.status == 2
    assert "--> config/deploy.py:5:5" in ran.err
    assert "sqs:ReceiveMessage, sqs:DeleteMessage, sqs:GetQueueAttributes" in ran.err
    assert not (project.folder / ".remit").exists()


def test_a_reason_lets_the_build_go_on_and_is_told(make: Make) -> None:
    project = make(config="config.lambda_.iam.default_policy = []", app=INGEST)
    ran = project.remit("build", "--no-package", "--accept", "the platform team grants it", "--json")
    assert ran.status == 0
    notes = json.loads(ran.out)["notes"]
    assert [note.partition(": ")[0] for note in notes] == ["warning", "accepted (the platform team grants it)"]


def test_a_warning_alone_does_not_stop_the_build(make: Make) -> None:
    ran = make(config="config.lambda_.iam.default_policy = []").remit("build", "--no-package")
    assert ran.status == 0
    assert "warning: hello writes its logs, but without logs:CreateLogStream, logs:PutLogEvents" in ran.err


@pytest.mark.parametrize("reason", ["", " ", "…", "--"])
def test_an_empty_reason_is_none(make: Make, reason: str) -> None:
    ran = make().remit("build", "--no-package", "--accept", reason)
    assert (ran.status, ran.err.splitlines()[0]) == (2, "error: --accept needs a reason")


@pytest.mark.parametrize(
    ("managed", "config", "trigger"),
    [
        ("service-role/AWSLambdaBasicExecutionRole", "", ""),
        ("service-role/AWSLambdaVPCAccessExecutionRole", VPC, ""),
        ("service-role/AWSLambdaSQSQueueExecutionRole", "", 'sqs("orders")'),
        ("service-role/AWSLambdaKinesisExecutionRole", "", 'kinesis("orders")'),
        (
            "service-role/AWSLambdaDynamoDBExecutionRole",
            "",
            'stream("arn:aws:dynamodb:eu-west-1:111122223333:table/orders/stream/2026-01-01T00:00:00.000")',
        ),
    ],
)
def test_what_aws_manages_for_a_feature_is_enough_for_it(make: Make, managed: str, config: str, trigger: str) -> None:
    """AWS's own execution policies are the oracle: with one of them alone, its feature is whole."""
    replaced_by = f'config.lambda_.iam.default_policy = []\nconfig.lambda_.iam.managed_policy = ["{managed}"]\n{config}'
    app = f"@app.function({trigger})\ndef hello(event, context): ...\n"
    assert found(make(config=replaced_by, app=app)) == ()


def test_what_aws_manages_for_another_feature_is_not_enough(make: Make) -> None:
    config = """
    config.lambda_.iam.default_policy = []
    config.lambda_.iam.managed_policy = ["service-role/AWSLambdaKinesisExecutionRole"]
    """
    assert [one.feature for one in found(make(config=config, app=INGEST))] == [
        "ingest takes messages from queue orders"
    ]


SEALED = {
    "shared/resources/data.py": "from remit import Shared, resource\n\n\nclass Data(Shared):\n"
    "    queue = resource('AWS::SQS::Queue', kms_master_key_id='alias/company')\n"
}
TAKES = "from shared.resources.data import Data\n@app.function(sqs(Data.queue))\ndef ingest(event, context): ...\n"


def test_the_key_of_a_queue_counts_as_the_queue_does(make: Make) -> None:
    (one,) = found(make(config='config.lambda_.iam.default_policy = ["logs", "sqs"]', app=TAKES, **SEALED))
    assert (one.severity, one.missing) == ("error", ("kms:Decrypt",))
    assert one.feature == "ingest takes messages from queue DataQueue, which this key encrypts"


def test_the_key_of_a_queue_under_its_alias_is_enough(make: Make) -> None:
    statement = {
        "Effect": "Allow",
        "Action": "kms:Decrypt",
        "Resource": "*",
        "Condition": {"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/company"}},
    }
    policy = f'config.lambda_.iam.default_policy = ["logs", "sqs", {statement}]'
    assert found(make(config=policy, app=TAKES, **SEALED)) == ()


BOUNDED = "from shared.resources.data import Data\nconfig.lambda_.iam.permissions_boundary = Data.limit.ref\n"


def limited(*statements: str) -> dict[str, str]:
    return {
        "shared/resources/data.py": "from remit import Shared, resource\n\n\nclass Data(Shared):\n"
        "    limit = resource('AWS::IAM::ManagedPolicy', policy_document={'Version': '2012-10-17', 'Statement': ["
        + ", ".join(statements)
        + "]})\n"
    }


ALL = "{'Effect': 'Allow', 'Action': '*', 'Resource': '*'}"


def test_a_boundary_of_aws_that_lacks_a_feature_is_a_warning_where_nothing_is_replaced(make: Make) -> None:
    told = found(make(config='config.lambda_.iam.permissions_boundary = "CloudWatchLogsFullAccess"', app=INGEST))
    assert [(one.severity, one.feature, one.setting) for one in told] == [
        ("warning", "ingest takes messages from queue orders", "config.lambda_.iam.permissions_boundary")
    ]
    assert told[0].origin is not None
    assert told[0].origin.file == "config/deploy.py"


def test_a_boundary_of_the_apps_own_that_denies_logs_is_a_warning(make: Make) -> None:
    deny = "{'Effect': 'Deny', 'Action': 'logs:*', 'Resource': '*'}"
    (one,) = found(make(config=BOUNDED, app=INGEST, **limited(ALL, deny)))
    assert (one.severity, one.missing) == ("warning", ("logs:CreateLogStream", "logs:PutLogEvents"))
    assert one.message == (
        "ingest writes its logs, but the boundary ${DataLimit} does not allow logs:CreateLogStream, "
        "logs:PutLogEvents on ${IngestLogGroup.Arn}: its logs are lost without a word"
    )


@pytest.mark.parametrize(
    "statement",
    [
        ALL,
        "{'Effect': 'Allow', 'Action': ['logs:*', 'sqs:*'], 'Resource': 'arn:aws:*:eu-west-1:111122223333:*'}",
        "{'Effect': 'Allow', 'Action': '*', 'Resource': 'arn:${AWS::Partition}:*:${AWS::Region}:${AWS::AccountId}:*'}",
        ALL[:-1] + ", 'Condition': {'StringEquals': {'aws:RequestedRegion': 'eu-west-1'}}}",
    ],
)
def test_a_boundary_that_leaves_room_breaks_nothing(make: Make, statement: str) -> None:
    assert found(make(config=BOUNDED, app=INGEST, **limited(statement))) == ()


@pytest.mark.parametrize(("version", "leaves_room"), [("2012-10-17", True), ("2008-10-17", False)])
def test_a_variable_in_a_boundary_is_one_in_the_version_of_its_policy_alone(
    make: Make, version: str, *, leaves_room: bool
) -> None:
    queue = "arn:aws:sqs:*:*:${aws:PrincipalTag/queue}"
    data = limited(f"{{'Effect': 'Allow', 'Action': ['logs:*', 'sqs:*'], 'Resource': ['arn:aws:logs:*', '{queue}']}}")
    text = data["shared/resources/data.py"].replace("2012-10-17", version)
    project = make(config=BOUNDED, app=INGEST, **{"shared/resources/data.py": text})
    assert (found(project) == ()) == leaves_room


def test_a_boundary_that_nobody_here_has_takes_nothing_and_gives_nothing(make: Make) -> None:
    boundary = 'config.lambda_.iam.permissions_boundary = "arn:aws:iam::111122223333:policy/limit"\n'
    assert found(make(config=boundary, app=INGEST)) == ()
    told = found(make(config=boundary + "config.lambda_.iam.default_policy = ['logs']", app=INGEST))
    assert [(one.severity, one.depends) for one in told] == [("error", ())]


def test_build_stops_where_the_boundary_breaks_an_event_source(make: Make) -> None:
    boundary = 'config.lambda_.iam.permissions_boundary = "CloudWatchLogsFullAccess"\n'
    project = make(config=boundary + "config.lambda_.iam.default_policy = ['logs', 'sqs']", app=INGEST)
    ran = project.remit("build", "--no-package")
    assert "`config.lambda_.iam.permissions_boundary` forbids what the app uses:" in ran.err
    assert ran.err.splitlines()[-1] == "hint: widen the permissions boundary; or continue with --accept REASON"


MANY = """
def hello(event, context): ...
for name in ("web", "book", "tidy"):
    app.function(name=name, handler="app.hello")
"""


def test_functions_that_lack_the_same_are_told_together(make: Make) -> None:
    project = make(config="config.lambda_.iam.default_policy = []", app=MANY)
    app = project.load()
    (one,) = grouped(broken(app, assign(app)), app)
    assert (one.function, one.likewise) == ("web", ("book", "tidy"))
    assert one.message == (
        "web writes its logs (likewise book, tidy), but without logs:CreateLogStream, logs:PutLogEvents "
        "on ${WebLogGroup.Arn} its logs are lost without a word"
    )
    (finding,) = (one for one in json.loads(project.remit("lint", "--json").out) if one["rule"] == "R704")
    assert finding["message"] == one.message


def test_functions_that_lack_different_things_are_told_apart(make: Make) -> None:
    config = "config.lambda_.iam.default_policy = ['logs']"
    app = (
        "@app.function(sqs('a'))\ndef one(event, context): ...\n@app.function(sqs('b'))\ndef two(event, context): ...\n"
    )
    loaded = make(config=config, app=app).load()
    told = grouped(broken(loaded, assign(loaded)), loaded)
    assert [(one.function, one.likewise) for one in told] == [("one", ()), ("two", ())]


def test_two_hundred_functions_are_looked_at_in_a_moment(make: Make) -> None:
    queues = """
def hello(event, context): ...
for n in range(200):
    app.function(sqs(f"q{n}"), name=f"f{n}", handler="app.hello")
"""
    loaded = make(config="config.lambda_.iam.default_policy = ['ec2']", app=queues).load()
    roles = assign(loaded)
    with effort.at_most(1):
        assert len(broken(loaded, roles)) == 400


FROM_A_FUNCTION = (
    '"Condition": {"ArnLike": {"lambda:SourceFunctionArn":'
    ' f"arn:{aws.partition}:lambda:{aws.region}:{aws.account}:function:{project.namespace}-*"}}'
)


def test_a_deny_for_the_functions_own_code_leaves_what_lambda_does_for_it(make: Make) -> None:
    """The policy that "Giving Lambda functions access to resources in an Amazon VPC" recommends."""
    deny = f'{{"Effect": "Deny", "Action": "ec2:*", "Resource": "*", {FROM_A_FUNCTION}}}'
    assert found(make(config=f'{VPC}\nconfig.lambda_.iam.default_policy = ["logs", "ec2", {deny}]')) == ()


def test_an_allow_for_the_functions_own_code_is_none_for_what_lambda_does_for_it(make: Make) -> None:
    """But its logs carry the function ("Using source function ARN to control function access behavior")."""
    allow = f'{{"Effect": "Allow", "Action": "*", "Resource": "*", {FROM_A_FUNCTION}}}'
    told = found(make(config=f"{VPC}\nconfig.lambda_.iam.default_policy = [{allow}]", app=INGEST))
    assert [one.feature for one in told] == ["ingest runs in a VPC", "ingest takes messages from queue orders"]


@pytest.mark.parametrize(
    "condition",
    [
        '{"Bool": {"aws:SecureTransport": "true"}}',
        '{"StringEquals": {"aws:PrincipalAccount": aws.account}}',
        '{"StringEquals": {"aws:ResourceAccount": aws.account}}',
    ],
)
def test_a_condition_that_every_request_meets_is_none(make: Make, condition: str) -> None:
    policy = f'[{{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {condition}}}]'
    assert found(make(config=f"{VPC}\nconfig.lambda_.iam.default_policy = {policy}", app=INGEST)) == ()
    # The ARN of a bucket has no account.
    to_bucket = "@app.function(kinesis('clicks', on_failure='arn:aws:s3:::failed'))\ndef ingest(event, context): ...\n"
    assert found(make(config=f"config.lambda_.iam.default_policy = {policy}", app=to_bucket)) == ()


@pytest.mark.parametrize(("point", "depends"), [("point", ()), ("other", ("${DataOther.Arn}",))])
def test_a_condition_on_what_only_the_deploy_names_is_met_by_itself_alone(
    make: Make, point: str, depends: tuple[str, ...]
) -> None:
    data = """from remit import Shared, resource
class Data(Shared):
    files = resource("AWS::EFS::FileSystem")
    point = resource("AWS::EFS::AccessPoint", file_system_id=files)
    other = resource("AWS::EFS::AccessPoint", file_system_id=files)
"""
    head = "from shared.resources.data import Data\n"
    condition = f'{{"StringEquals": {{"elasticfilesystem:AccessPointArn": Data.{point}.arn}}}}'
    mounts = f'{{"Effect": "Allow", "Action": "elasticfilesystem:*", "Resource": "*", "Condition": {condition}}}'
    mounted = 'properties={"FileSystemConfigs": [{"Arn": Data.point.arn, "LocalMountPath": "/mnt/data"}]}'
    app = f"{head}@app.function({mounted})\ndef hello(event, context): ...\n"
    config = f'{head}config.lambda_.iam.default_policy = ["logs", {mounts}]'
    losses = found(make(config=config, app=app, **{"shared/resources/data.py": data}))
    assert depends == tuple(name for loss in losses for name in loss.depends)
    assert len(depends) == len(losses)


def test_the_deny_that_breaks_it_is_named_by_its_line(make: Make) -> None:
    config = 'config.lambda_.iam.default_policy = ["sqs", "logs"]'
    app = '@app.function(sqs("orders"), policy={"Effect": "Deny", "Action": "sqs:*", "Resource": "*"})\n'
    (one,) = found(make(config=config, app=f"{app}def ingest(event, context): ...\n"))
    assert "(written at app.py:" in one.message
    assert [origin.file for origin in one.denies] == ["app.py"]


@pytest.mark.parametrize(
    "config",
    [
        "# remit: allow R704 because the platform team grants it\nconfig.lambda_.iam.default_policy = []",
        "config.lambda_.iam.default_policy = []  # remit: allow broken-by-override because the platform team grants it",
        "config.lambda_.iam.default_policy = []\nconfig.lint.allow = {'R704': 'the platform team grants it'}",
    ],
)
def test_what_lint_is_told_to_allow_does_not_stop_the_build(make: Make, config: str) -> None:
    project = make(config=config, app=INGEST)
    ran = project.remit("build", "--no-package", "--json")
    assert ran.status == 0
    (note,) = json.loads(ran.out)["notes"]
    assert note.startswith("accepted (the platform team grants it): ingest takes messages")
    assert "R704" not in project.remit("lint").out


def test_a_comment_without_a_reason_stops_the_build_all_the_same(make: Make) -> None:
    config = "config.lambda_.iam.default_policy = []  # remit: allow R704"
    assert make(config=config, app=INGEST).remit("build", "--no-package").status == 2


def test_a_reason_that_nothing_needs_is_told(make: Make) -> None:
    ran = make().remit("build", "--no-package", "--accept", "whatever")
    assert (ran.status, "warning: nothing needs --accept: no override stops the build" in ran.err) == (0, True)


@pytest.mark.parametrize(("count", "told"), [(7, "f1, f2, f3, f4, f5, f6"), (200, "f1, f2, f3, f4, f5 and 194 more")])
def test_of_many_functions_that_lack_the_same_the_first_are_named_and_the_rest_counted(
    make: Make, count: int, told: str
) -> None:
    functions = "".join(f"@app.function()\ndef f{number}(event, context): ...\n" for number in range(count))
    project = make(config='config.lambda_.iam.default_policy = ["s3:GetObject"]', app=functions)
    (once,) = grouped(found(project), project.load())
    assert once.message.startswith(f"f0 writes its logs (likewise {told}), but without logs:CreateLogStream")
    assert len(once.likewise) == count - 1


def test_a_deny_beside_the_computed_default_breaks_what_it_forbids_at_its_line(make: Make) -> None:
    denied = '{"Effect": "Deny", "Action": ["sqs:DeleteMessage"], "Resource": "*"}'
    project = make(config=f"config.lambda_.iam.policy = [{denied}]", app=INGEST)
    (one,) = found(project)
    assert (one.severity, one.missing, one.denied, one.cause) == ("error", ("sqs:DeleteMessage",), True, "a Deny")
    assert one.denies == (one.origin,)
    ran = project.remit("build", "--no-package")
    assert ran.status == 2
    assert "error: a Deny forbids what the app uses:\n  ingest takes messages from queue orders, but" in ran.err
    assert project.remit("build", "--no-package", "--accept", "the queue is only watched").status == 0


def test_a_deny_that_does_not_reach_what_the_app_uses_breaks_nothing(make: Make) -> None:
    insecure = '"Condition": {"Bool": {"aws:SecureTransport": "false"}}'
    denied = '{"Effect": "Deny", "Action": ["sqs:*"], "Resource": "*", ' + insecure + "}"
    assert found(make(config=f"config.lambda_.iam.policy = [{denied}]", app=INGEST)) == ()


REPLACED = """
config.lambda_.iam.default_policy = [
    "sqs",
    {"Effect": "Allow", "Action": "xray:PutTraceSegments", "Resource": "*", "Condition": {"Bool": {"aws:a": "true"}}},
    {"Effect": "Deny", "Action": "kms:*", "Resource": "*"},
]
config.lambda_.iam.permissions_boundary = "arn:aws:iam::aws:policy/AmazonSQSFullAccess"
"""


def test_all_that_an_override_a_deny_and_a_boundary_break_is_told_in_order(make: Make) -> None:
    limit, own = "the boundary arn:${AWS::Partition}:iam::aws:policy/AmazonSQSFullAccess does not allow", "but without"
    streams, group = "logs:CreateLogStream, logs:PutLogEvents", "${IngestLogGroup.Arn}"
    interfaces = (
        "ec2:DescribeNetworkInterfaces, ec2:DescribeSubnets, ec2:CreateNetworkInterface, ec2:DeleteNetworkInterface, "
        "ec2:AssignPrivateIpAddresses, ec2:UnassignPrivateIpAddresses"
    )
    subnets = "*, arn:${AWS::Partition}:ec2:${AWS::Region}:${AWS::AccountId}:*/*"
    mounts = "elasticfilesystem:ClientMount, elasticfilesystem:ClientWrite"
    files = "arn:${AWS::Partition}:elasticfilesystem:${AWS::Region}:${AWS::AccountId}:file-system/*"
    key, sealed = "arn:aws:kms:eu-west-1:111122223333:key/1", "ingest has an environment that this key encrypts"
    refused, lost = "Lambda refuses the function, and the deploy fails", "its logs are lost without a word"
    widen, add = "widen the permissions boundary", "add to it with `config.lambda_.iam.default_policy += [...]`:"
    traces, telemetry = "xray:PutTraceSegments", "xray:PutTelemetryRecords"
    asked = f"ingest is traced: whether {traces} on * is allowed depends on aws:a"
    forbidden = f"{sealed}, but a Deny forbids kms:Decrypt on {key} (written at config/deploy.py:18:9)"
    assert [
        ("warning", 20, f"ingest writes its logs, but {limit} {streams} on {group}: {lost}", widen),
        ("warning", 15, f"ingest writes its logs, {own} {streams} on {group} {lost}", f"{add} {streams}"),
        ("error", 20, f"ingest runs in a VPC, but {limit} {interfaces} on {subnets}: {refused}", widen),
        ("error", 15, f"ingest runs in a VPC, {own} {interfaces} on {subnets} {refused}", f"{add} {interfaces}"),
        ("error", 20, f"ingest is traced, but {limit} {traces}, {telemetry} on *: {refused}", widen),
        ("error", 15, f"ingest is traced, {own} {telemetry} on * {refused}", f"{add} {telemetry}"),
        ("warning", 15, asked, f"{add} {traces}"),
        ("error", 20, f"{sealed}, but {limit} kms:Decrypt on {key}: it does not start", widen),
        ("error", 15, f"{forbidden}: it does not start", "narrow the Deny"),
        ("error", 20, f"ingest mounts /mnt/a, but {limit} {mounts} on {files}: it does not start", widen),
        ("error", 15, f"ingest mounts /mnt/a, {own} {mounts} on {files} it does not start", f"{add} {mounts}"),
    ] == [
        (one.severity, one.origin and one.origin.line, one.message, one.way)
        for one in found(make(config=EVERYTHING_BUT_JOBS + REPLACED, app=INGEST))
    ]  # fmt: skip
