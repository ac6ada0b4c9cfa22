"""The computed default: what a function needs for what it uses, and not a statement more."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest

from projects import at
from remit.catalogue.managed_policies import managed_policy
from remit.iam.policy import parse
from remit.roles.assign import assign

if TYPE_CHECKING:
    from conftest import Make
    from projects import Project

HERE = "arn:${AWS::Partition}:%s:${AWS::Region}:${AWS::AccountId}:%s"
LOGS = {
    "Effect": "Allow",
    "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
    "Resource": "${HelloLogGroup.Arn}",
}
VPC = {"SecurityGroupIds": ["sg-1"], "SubnetIds": ["subnet-1"]}
NETWORK = [
    {"Effect": "Allow", "Action": ["ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets"], "Resource": "*"},
    {
        "Effect": "Allow",
        "Action": [
            "ec2:CreateNetworkInterface",
            "ec2:DeleteNetworkInterface",
            "ec2:AssignPrivateIpAddresses",
            "ec2:UnassignPrivateIpAddresses",
        ],
        "Resource": HERE % ("ec2", "*/*"),
    },
    {
        "Effect": "Deny",
        "Action": [
            "ec2:DescribeNetworkInterfaces",
            "ec2:DescribeSubnets",
            "ec2:CreateNetworkInterface",
            "ec2:DeleteNetworkInterface",
            "ec2:AssignPrivateIpAddresses",
            "ec2:UnassignPrivateIpAddresses",
        ],
        "Resource": "*",
        "Condition": {"ArnEquals": {"lambda:SourceFunctionArn": HERE % ("lambda", "function:${AWS::StackName}-hello")}},
    },
]
QUEUE = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
DATA = {
    "shared/resources/data.py": "from remit import Shared, output, resource\n\n\nclass Data(Shared):\n"
    "    queue = resource('AWS::SQS::Queue')\n    topic = resource('AWS::SNS::Topic')\n"
    "    key = resource('AWS::KMS::Key', key_policy={})\n"
    "    alias = resource('AWS::KMS::Alias', alias_name='alias/own', target_key_id=key)\n"
    "    sealed = resource('AWS::SQS::Queue', queue_name='sealed', kms_master_key_id=key)\n"
    "    aliased = resource('AWS::SQS::Queue', kms_master_key_id=alias)\n"
    "    by_id = resource('AWS::SQS::Queue', kms_master_key_id='0123-abcd')\n"
    "    by_alias = resource('AWS::SQS::Queue', kms_master_key_id='alias/company')\n"
    "    by_aws = resource('AWS::SQS::Queue', kms_master_key_id='alias/aws/sqs')\n"
    "    table = resource('AWS::DynamoDB::Table', stream_specification={'StreamViewType': 'KEYS_ONLY'},\n"
    "        **{'SSESpecification': {'SSEEnabled': True, 'KMSMasterKeyId': {'Fn::GetAtt': ['DataKey', 'Arn']}}})\n"
    "    clicks = resource('AWS::Kinesis::Stream', stream_encryption={'EncryptionType': 'KMS', 'KeyId': key})\n"
    "    alarms = resource('AWS::SNS::Topic', kms_master_key_id='arn:aws:kms:eu-west-1:111122223333:key/1')\n"
}
FROM = "from shared.resources.data import Data\n"


def _allow(actions: str | list[str], resource: str | list[str]) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": actions, "Resource": resource}


USES: dict[str, tuple[str, list[dict[str, Any]]]] = {
    "nothing": ("", []),
    "a VPC": (f"vpc_config={VPC}", NETWORK),
    "traces": ("tracing=True", [_allow(["xray:PutTraceSegments", "xray:PutTelemetryRecords"], "*")]),
    "no traces": ("tracing=False", []),
    "traces, by properties": (
        'properties={"TracingConfig": {"Mode": "Active"}}',
        [_allow(["xray:PutTraceSegments", "xray:PutTelemetryRecords"], "*")],
    ),
    "a dead-letter queue": (
        'properties={"DeadLetterConfig": {"TargetArn": f"arn:{aws.partition}:sqs:{aws.region}:{aws.account}:dead"}}',
        [_allow("sqs:SendMessage", HERE % ("sqs", "dead"))],
    ),
    "an own dead-letter queue": (
        'properties={"DeadLetterConfig": {"TargetArn": Data.queue.arn}}',
        [_allow("sqs:SendMessage", "${DataQueue.Arn}")],
    ),
    "an own dead-letter queue, by Fn::GetAtt": (
        'properties={"DeadLetterConfig": {"TargetArn": {"Fn::GetAtt": ["DataQueue", "Arn"]}}}',
        [_allow("sqs:SendMessage", "${DataQueue.Arn}")],
    ),
    "a dead-letter topic": (
        'properties={"DeadLetterConfig": {"TargetArn": "arn:aws:sns:eu-west-1:111122223333:dead"}}',
        [_allow("sns:Publish", "arn:aws:sns:eu-west-1:111122223333:dead")],
    ),
    "an own dead-letter topic": (
        'properties={"DeadLetterConfig": {"TargetArn": Data.topic.arn}}',
        [_allow("sns:Publish", "${DataTopic}")],
    ),
    "a dead-letter target that another stack exports": (
        'properties={"DeadLetterConfig": {"TargetArn": {"Fn::ImportValue": "failed"}}}',
        [_allow(["sqs:SendMessage", "sns:Publish"], '${{"Fn::ImportValue":"failed"}}')],
    ),
    "a key for its environment": (
        'properties={"KmsKeyArn": Data.key.arn}',
        [_allow("kms:Decrypt", "${DataKey.Arn}")],
    ),
    "a file system": (
        (
            'properties={"FileSystemConfigs": [{"Arn": "arn:aws:elasticfilesystem:eu-west-1:111122223333:'
            'access-point/fsap-12345678", "LocalMountPath": "/mnt/data"}]}'
        ),
        [
            {
                **_allow(
                    ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"],
                    HERE % ("elasticfilesystem", "file-system/*"),
                ),
                "Condition": {
                    "StringEquals": {
                        "elasticfilesystem:AccessPointArn": "arn:aws:elasticfilesystem:eu-west-1:111122223333:"
                        "access-point/fsap-12345678"
                    }
                },
            }
        ],
    ),
    "a queue": ('sqs("in")', [_allow(QUEUE, HERE % ("sqs", "in"))]),
    "a queue by its ARN": (
        'sqs("arn:aws:sqs:eu-west-1:111122223333:in")',
        [_allow(QUEUE, "arn:aws:sqs:eu-west-1:111122223333:in")],
    ),
    "an own queue": ("sqs(Data.queue)", [_allow(QUEUE, "${DataQueue.Arn}")]),
    "an own queue that an own key encrypts": (
        "sqs(Data.sealed)",
        [_allow(QUEUE, "${DataSealed.Arn}"), _allow("kms:Decrypt", "${DataKey.Arn}")],
    ),
    "an own queue, by its name, that an own key encrypts": (
        'sqs("sealed")',
        [_allow(QUEUE, "${DataSealed.Arn}"), _allow("kms:Decrypt", "${DataKey.Arn}")],
    ),
    "an own queue that an own key encrypts by its alias": (
        "sqs(Data.aliased)",
        [_allow(QUEUE, "${DataAliased.Arn}"), _allow("kms:Decrypt", "${DataKey.Arn}")],
    ),
    "an own queue that a key encrypts by its id": (
        "sqs(Data.by_id)",
        [_allow(QUEUE, "${DataById.Arn}"), _allow("kms:Decrypt", HERE % ("kms", "key/0123-abcd"))],
    ),
    "an own queue that a key encrypts by the alias of another's": (
        "sqs(Data.by_alias)",
        [
            _allow(QUEUE, "${DataByAlias.Arn}"),
            {
                **_allow("kms:Decrypt", HERE % ("kms", "key/*")),
                "Condition": {"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/company"}},
            },
        ],
    ),
    "an own queue that AWS's key encrypts": ("sqs(Data.by_aws)", [_allow(QUEUE, "${DataByAws.Arn}")]),
    "the stream of an own table that an own key encrypts": (
        "stream(Data.table)",
        [
            _allow(
                ["dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:DescribeStream"],
                "${DataTable.StreamArn}",
            ),
            _allow("dynamodb:ListStreams", "*"),
            _allow("kms:Decrypt", "${DataKey.Arn}"),
        ],
    ),
    "an own dead-letter topic that a key encrypts": (
        'properties={"DeadLetterConfig": {"TargetArn": Data.alarms.arn}}',
        [
            _allow("sns:Publish", "${DataAlarms}"),
            _allow(["kms:GenerateDataKey", "kms:Decrypt"], "arn:aws:kms:eu-west-1:111122223333:key/1"),
        ],
    ),
    "an own stream that an own key encrypts": (
        "kinesis(Data.clicks)",
        [
            _allow(
                [
                    "kinesis:GetRecords",
                    "kinesis:GetShardIterator",
                    "kinesis:DescribeStream",
                    "kinesis:DescribeStreamSummary",
                    "kinesis:ListShards",
                ],
                "${DataClicks.Arn}",
            ),
            _allow("kms:Decrypt", "${DataKey.Arn}"),
        ],
    ),
    "a table's stream": (
        'stream("arn:aws:dynamodb:eu-west-1:111122223333:table/t/stream/2026")',
        [
            _allow(
                ["dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:DescribeStream"],
                "arn:aws:dynamodb:eu-west-1:111122223333:table/t/stream/2026",
            ),
            _allow("dynamodb:ListStreams", "*"),
        ],
    ),
    "a stream": (
        'kinesis("clicks")',
        [
            _allow(
                [
                    "kinesis:GetRecords",
                    "kinesis:GetShardIterator",
                    "kinesis:DescribeStream",
                    "kinesis:DescribeStreamSummary",
                    "kinesis:ListShards",
                ],
                HERE % ("kinesis", "stream/clicks"),
            )
        ],
    ),
    "a clock": ('schedule("rate(1 day)")', []),
    "a URL": ('http(auth="NONE")', []),
}


def _using(make: Make, use: str) -> Project:
    app = f"from remit import aws\n{FROM}@app.function({use})\ndef hello(event, context): ...\n"
    return make(app=app, **DATA)


@pytest.mark.parametrize("use", USES)
def test_each_use_brings_exactly_what_it_needs(make: Make, use: str) -> None:
    written, expected = USES[use]
    assert [LOGS, *expected] == _using(make, written).statements()


REASONS = {
    "a VPC": [
        "runs in a VPC (IAM knows no narrower resource for describing)",
        "runs in a VPC",
        "leaves its network interfaces to Lambda (its own code may not manage them)",
    ],
    "traces": ["is traced (IAM knows no narrower resource for X-Ray)"],
    "a dead-letter queue": ["sends failed events to its dead-letter target"],
    "an own dead-letter topic that a key encrypts": [
        "sends failed events to its dead-letter target",
        "sends failed events to its dead-letter target, which this key encrypts",
    ],
    "a key for its environment": ["has an environment that this key encrypts"],
    "a file system": ["mounts /mnt/data"],
    "a queue by its ARN": ["takes messages from queue in"],
    "an own queue that an own key encrypts": [
        "takes messages from queue DataSealed",
        "takes messages from queue DataSealed, which this key encrypts",
    ],
    "the stream of an own table that an own key encrypts": [
        "reads the stream of table DataTable",
        "reads the stream of table DataTable (IAM knows no narrower resource for ListStreams)",
        "reads the stream of table DataTable, which this key encrypts",
    ],
    "an own stream that an own key encrypts": [
        "reads stream DataClicks",
        "reads stream DataClicks, which this key encrypts",
    ],
}


@pytest.mark.parametrize("use", REASONS)
def test_each_default_gives_its_reason_in_words(make: Make, use: str) -> None:
    expected = ["hello writes its logs", *(f"hello {reason}" for reason in REASONS[use])]
    assert expected == [grant.because for grant in _using(make, USES[use][0]).role().grants]


def test_a_key_that_is_no_text_is_told_at_its_resource(make: Make) -> None:
    body = "from remit import Shared, resource\nclass Data(Shared):\n"
    body += "    sealed = resource('AWS::SQS::Queue', kms_master_key_id=['alias/own'])\n"
    app = f"{FROM}@app.function(sqs(Data.sealed))\ndef hello(event, context): ...\n"
    error = make(app=app, **{"shared/resources/data.py": body}).error()
    assert "`DataSealed.KmsMasterKeyId` (AWS::SQS::Queue)" in error.message
    assert "shared/resources/data.py:3:14" == at(error)


UNNARROWABLE = {
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "xray:PutTraceSegments",
    "xray:PutTelemetryRecords",
    "dynamodb:ListStreams",
}


@pytest.mark.parametrize("use", USES)
def test_each_default_says_why_and_where_and_only_what_knows_no_resource_is_on_every_one(make: Make, use: str) -> None:
    """The IAM catalogue is the judge: each action of a statement on `*` takes no resource, or cannot be narrowed."""
    for grant in _using(make, USES[use][0]).role().grants:
        assert grant.because.startswith(("hello ", "hello's "))
        assert (grant.origin.file, grant.origin.line) == ("app.py", 11) if grant.origin else False
        statement = grant.statement
        if statement.effect == "Allow" and statement.resources is not None and statement.resources.patterns == ("*",):
            assert UNNARROWABLE.issuperset(statement.actions.patterns)


LINES = {
    "timeout=3": (),
    'tracing="Active"': ("hello is traced",),
    'vpc_config={"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}': ("hello runs in a VPC",),
    """properties={
        "KmsKeyArn": "arn:aws:kms:eu-west-1:111122223333:key/k",
        "DeadLetterConfig": {"TargetArn": "arn:aws:sqs:eu-west-1:111122223333:dead"},
        "FileSystemConfigs": [{"Arn": "arn:aws:elasticfilesystem:eu-west-1:111122223333:access-point/fsap-12345678",
                               "LocalMountPath": "/mnt/data"}]}""".replace("\n       ", ""): (
        "hello has an environment", "hello sends failed events", "hello mounts /mnt/data"
    ),
}  # fmt: skip


@pytest.mark.parametrize("turn", range(4))
def test_a_default_stands_at_the_line_of_the_setting_that_asks_for_it(make: Make, turn: int) -> None:
    settings = [*LINES][turn:] + [*LINES][:turn]
    app = "".join(
        ("@app.function(\n", *(f"    {setting},\n" for setting in settings), ")\ndef hello(event, context): ...\n")
    )
    lines: dict[str, set[int]] = {}
    for grant in make(app=app).role().grants:
        lines.setdefault(grant.because, set()).add(grant.origin.line if grant.origin else 0)
    for line, setting in enumerate(settings, 10):
        for because, at_lines in lines.items():
            if because.startswith(LINES[setting]):
                assert at_lines == {line}, because
    for reason in itertools.chain(*LINES.values()):
        assert any(because.startswith(reason) for because in lines), reason


ROLES = {
    "a VPC": "service-role/AWSLambdaVPCAccessExecutionRole",
    "a queue": "service-role/AWSLambdaSQSQueueExecutionRole",
    "a table's stream": "service-role/AWSLambdaDynamoDBExecutionRole",
    "a stream": "service-role/AWSLambdaKinesisExecutionRole",
    "traces": "AWSXRayDaemonWriteAccess",
}


@pytest.mark.parametrize("use", ROLES)
def test_the_actions_are_those_of_awss_own_policy_for_the_use(make: Make, use: str) -> None:
    """But for creating log groups, which the template does, and what only people or fan-out consumers call."""
    known = managed_policy(ROLES[use])
    assert known is not None
    theirs = {action for one in parse(known.document).statements for action in one.actions.patterns}
    not_needed = {
        "logs:CreateLogGroup",
        "kinesis:ListStreams",
        "kinesis:SubscribeToShard",
        "xray:GetSamplingRules",
        "xray:GetSamplingTargets",
        "xray:GetSamplingStatisticSummaries",
    }
    if use == "traces":
        theirs |= {"logs:CreateLogStream", "logs:PutLogEvents"}
    ours = {action for grant in _using(make, USES[use][0]).role().grants for action in grant.statement.actions.patterns}
    assert theirs - not_needed == ours


def test_a_vpc_for_all_counts_for_all_but_those_that_are_outside(make: Make) -> None:
    project = make(
        config=f"config.lambda_.function.vpc_config = {VPC}",
        app="@app.function\ndef hello(event, context): ...\n@app.function(vpc_config=None)\n"
        "def outside(event, context): ...\n",
    )
    assert [LOGS, *NETWORK] == project.statements()
    assert 1 == len(project.role("outside").grants)
    assert "config/deploy.py:5:5" == str(project.role().grants[1].origin)


def test_senders_may_send_to_the_job_queues_and_a_worker_takes_from_its_own(make: Make) -> None:
    project = make(
        config='config.job.enable = True\nconfig.job.additional_queues = ["urgent"]',
        app="@app.function\ndef hello(event, context): [mail.perform_later(1), tidy.perform_later()]\n"
        '@app.job(queue="urgent", policy=["ses:SendEmail"])\ndef mail(to): ...\n@app.job\ndef tidy(): ...\n',
    )
    send = _allow("sqs:SendMessage", ["${JobDefaultQueue.Arn}", "${JobUrgentQueue.Arn}"])
    assert [LOGS, send] == project.statements()
    assert [
        _allow(QUEUE, "${JobUrgentQueue.Arn}"),
        send,
        _allow("sqs:SendMessage", "${JobUrgentDeadLetterQueue.Arn}"),
        _allow("ses:SendEmail", "*"),
    ] == project.statements("worker-urgent")[1:]
    assert [
        _allow(QUEUE, "${JobDefaultQueue.Arn}"),
        send,
        _allow("sqs:SendMessage", "${JobDefaultDeadLetterQueue.Arn}"),
    ] == project.statements("worker-default")[1:]
    assert "app.py:9:2" == str(project.role().grants[1].origin)


JOBS = """
@app.job(queue="urgent", once=True)
def mail(to): ...

@app.job(sends=[mail])
def digest(): ...

@app.function(sends=["digest"])
def hello(event, context): ...

@app.function
def other(event, context): ...
"""


def test_what_a_function_says_that_it_sends_gives_no_other_function_anything(make: Make) -> None:
    """Each reaches the queues of the jobs that it names, and a worker those that its jobs name."""
    project = make(config='config.job.enable = True\nconfig.job.queues = {"urgent": {"backoff": 5}}', app=JOBS)
    assert [_allow("sqs:SendMessage", "${JobDefaultQueue.Arn}")] == project.statements("hello")[1:]
    assert [] == project.statements("other")[1:]
    assert [
        _allow(QUEUE, "${JobDefaultQueue.Arn}"),
        _allow("sqs:SendMessage", "${JobUrgentQueue.Arn}"),
        _allow("sqs:SendMessage", "${JobDefaultDeadLetterQueue.Arn}"),
    ] == project.statements("worker-default")[1:]
    assert [
        _allow(QUEUE, "${JobUrgentQueue.Arn}"),
        _allow("sqs:ChangeMessageVisibility", "${JobUrgentQueue.Arn}"),
        _allow("sqs:SendMessage", "${JobUrgentDeadLetterQueue.Arn}"),
        _allow(["dynamodb:UpdateItem", "dynamodb:GetItem"], "${JobMarks.Arn}"),
    ] == project.statements("worker-urgent")[1:]


def test_a_build_names_who_may_send_no_job_and_does_not_say_so(make: Make) -> None:
    config = "config.job.enable = True"
    job, hello = "@app.job\ndef mail(to): ...\n", "def hello(event, context): ...\n"
    other = "@app.function(sends=[])\ndef other(event, context): ...\n"
    note = "hello may send no job, since none is named in their code: `sends=[mail]` at one that does"
    assert (note,) == make(config=config, app=f"{job}@app.function\n{hello}{other}").built().notes
    declared = make(config=config, app=f"{job}@app.function(sends=[mail])\n{hello}{other}")
    assert () == declared.built().notes


def test_a_build_names_who_may_look_no_output_up_and_does_not_say_so(make: Make) -> None:
    shared = {
        "shared/resources/data.py": "from remit import Shared, aws, output\nclass Data(Shared):\n"
        "    url = output(aws.region)\n"
    }
    app = "from shared.resources.data import Data\n@app.function{reads}\ndef hello(event, context): ...\n"
    note = "hello may look up no output, since none is named in their code: `reads=[Data]` at one that does"
    assert (note,) == make(app=app.format(reads=""), **shared).built().notes
    for reads in ("(reads=[Data])", "(reads=[])"):
        assert () == make(app=app.format(reads=reads), **shared).built().notes
    assert note not in make(app=app.format(reads=f"({OWN})"), **shared).built().notes  # whose role says what it may


def test_jobs_that_wait_long_are_handed_to_scheduler_by_whom_may_send_them(make: Make) -> None:
    project = make(
        config="config.job.enable = True\nconfig.job.scheduler = True", app=JOBS.replace("urgent", "default")
    )
    schedules = "arn:${AWS::Partition}:scheduler:${AWS::Region}:${AWS::AccountId}:schedule/${JobSchedules}/*"
    pass_role = _allow("iam:PassRole", "${JobDefaultSchedulerRole.Arn}")
    assert [
        _allow("sqs:SendMessage", "${JobDefaultQueue.Arn}"),
        _allow("scheduler:CreateSchedule", schedules),
        {**pass_role, "Condition": {"StringEquals": {"iam:PassedToService": "scheduler.amazonaws.com"}}},
    ] == project.statements("hello")[1:]
    assert [] == project.statements("other")[1:]


SENDERS = """
@app.job(queue="mail")
def mail(): ...
@app.job(queue="sms")
def sms(): ...
@app.job(queue="orders.fifo")
def ordered(): ...
@app.function(sends=[mail])
def one(event, context): ...
@app.function(sends=[mail, sms, ordered])
def all_of_them(event, context): ...
@app.function(sends=[ordered])
def fifo(event, context): ...
@app.function
def none(event, context): ...
"""


def test_a_sender_may_have_jobs_sent_later_to_the_queues_of_its_jobs_alone(make: Make) -> None:
    """Whoever may hand over a role can do what it may: FIFO queues delay nothing, and so have none."""
    config = "config.job.enable = True\nconfig.job.scheduler = True\n"
    config += "config.job.queues = {'mail': {}, 'sms': {}, 'orders.fifo': {}}\n"
    project = make(config=config, app=SENDERS)
    mail, sms = "${JobMailSchedulerRole.Arn}", "${JobSmsSchedulerRole.Arn}"
    passed = {
        name: [item["Resource"] for item in project.statements(name) if item["Action"] == "iam:PassRole"]
        for name in ("one", "all_of_them", "fifo", "none")
    }
    assert {"one": [mail], "all_of_them": [[mail, sms]], "fifo": [], "none": []} == passed
    may_schedule = [name for name in passed if "scheduler:CreateSchedule" in str(project.statements(name))]
    assert ["one", "all_of_them"] == may_schedule
    functions = project.resources("AWS::Lambda::Function")
    variables = functions["OneFunction"]["Environment"]["Variables"]
    assert {"Fn::GetAtt": ["JobMailSchedulerRole", "Arn"]} == variables["REMIT_SCHEDULER_ROLE_MAIL"]
    assert "REMIT_SCHEDULER_ROLE_SMS" not in variables


def test_where_a_function_says_what_it_reads_nobody_else_may_look_up(make: Make) -> None:
    shared = "from remit import Shared, output, resource\nclass Data(Shared):\n    url = output('https://x')\n"
    app = (
        "from shared.resources.data import Data\n@app.function(reads=[Data])\ndef hello(event, context): ...\n"
        "@app.function\ndef other(event, context): ...\n"
    )
    project = make(app=app, **{"shared/resources/data.py": shared})
    assert [_allow("cloudformation:DescribeStacks", "${AWS::StackId}")] == project.statements("hello")[1:]
    assert [] == project.statements("other")[1:]


def test_lookup_reads_the_apps_own_stack_once_there_is_an_output(make: Make) -> None:
    body = "from remit import Shared, output, resource\nclass Data(Shared):\n    queue = resource('AWS::SQS::Queue')\n"
    file = "shared/resources/data.py"
    assert [LOGS] == make(**{file: body}).statements()
    outputs = {file: f"{body}    url = output(queue)\n"}
    assert [LOGS] == make(**outputs).statements()
    app = "from shared.resources.data import Data\n@app.function\ndef hello(event, context): Data.lookup('url')\n"
    project = make(app=app, **outputs)
    assert [LOGS, _allow("cloudformation:DescribeStacks", "${AWS::StackId}")] == project.statements()
    assert "shared/resources/data.py:4:11" == str(project.role().grants[1].origin)


def test_default_policy_replaces_the_computed_default(make: Make) -> None:
    """All of it, also what triggers need; what is declared is still added."""
    project = make(
        config=f"""
        config.lambda_.iam.default_policy = ["logs"]
        config.lambda_.iam.policy = ["s3"]
        config.lambda_.function.vpc_config = {VPC}
        """,
        app='@app.function(sqs("in"), policy="sns")\ndef hello(event, context): ...\n',
    )
    assert [_allow("logs:*", "*"), _allow("sns:*", "*"), _allow("s3:*", "*")] == project.statements()


def test_an_empty_default_policy_leaves_nothing(make: Make) -> None:
    project = make(config="config.lambda_.iam.default_policy = []")
    assert [] == project.statements()
    assert "Policies" not in project.resources("AWS::IAM::Role")["HelloRole"]


def test_default_vpc_policy_replaces_the_part_for_the_vpc(make: Make) -> None:
    config = 'config.lambda_.iam.default_vpc_policy = ["ec2:Create*"]'
    own = _allow("ec2:Create*", "*")
    assert [LOGS] == make(config=config).statements()
    inside = f"{config}\nconfig.lambda_.function.vpc_config = {VPC}"
    assert [LOGS, own] == make(config=inside).statements()
    both = f'{inside}\nconfig.lambda_.iam.default_policy = ["logs"]'
    assert [_allow("logs:*", "*"), own] == make(config=both).statements()


def test_default_policies_cannot_be_added_to_since_they_are_computed(make: Make) -> None:
    error = make(config='config.lambda_.iam.default_policy += ["s3"]').error()
    assert (
        "`config.lambda_.iam.default_policy` has no value here: remit computes it for each function",
        "assign it to replace it, or add to `config.lambda_.iam.policy`",
        "config/deploy.py:5:5",
    ) == (error.message, error.hint, str(error.origin))
    added = make(config='config.lambda_.iam.default_policy = []\nconfig.lambda_.iam.default_policy += ["s3"]')
    assert [_allow("s3:*", "*")] == added.statements()


def test_a_function_with_a_role_of_its_own_gets_none(make: Make) -> None:
    arn = "arn:aws:iam::111122223333:role/own"
    project = make(app=f"@app.function(properties={{'Role': '{arn}'}})\ndef hello(event, context): ...\n")
    assert () == assign(project.load())
    assert arn == project.resources("AWS::Lambda::Function")["HelloFunction"]["Role"]
    ran = project.remit("policy", "function", "hello")
    assert (
        2,
        [
            "error: function `hello` brings a role of its own (`Role` in its properties)",
            "  --> app.py:9:26",
            "hint: that role must allow logs:CreateLogStream, logs:PutLogEvents",
        ],
    ) == (ran.status, ran.err.splitlines())


OWN = "properties={'Role': 'arn:aws:iam::111122223333:role/own'}"
VANISHING = {
    "a policy": (f"@app.function({OWN}, policy=['logs'])", "policy", "function hello", "app.py:9:81"),
    "a managed policy": (
        f"@app.function({OWN},\n    managed_policy='AWSXRayDaemonWriteAccess')",
        "managed_policy",
        "function hello",
        "app.py:10:20",
    ),
    "a group's policy": (
        f"billing = app.group('billing', policy=['logs'])\n@billing.function({OWN})",
        "policy",
        "group billing",
        "app.py:9:39",
    ),
    "a policy under a group's role": (
        f"billing = app.group('billing', {OWN})\n@billing.function(policy='logs')",
        "policy",
        "function hello",
        "app.py:10:26",
    ),
}


@pytest.mark.parametrize("kind", VANISHING)
def test_access_that_a_role_of_its_own_would_lose_is_an_error(make: Make, kind: str) -> None:
    declared, keyword, giver, place = VANISHING[kind]
    error = make(app=f"{declared}\ndef hello(event, context): ...\n").error()
    message = f"the {keyword} of {giver} cannot reach function `hello`, which brings a role of its own"
    assert (f"{message} (`Role` in its properties)", place) == (error.message, str(error.origin))


def test_the_policy_of_a_job_under_a_role_of_its_own_is_an_error(make: Make) -> None:
    config = f"config.job.enable = True\nconfig.lambda_.function.{OWN.replace('=', ' = ')}"
    error = make(config=config, app="@app.job(policy='logs')\ndef mail(to): ...\n").error()
    assert ("the policy of job mail cannot reach function `worker-default`", "app.py:9:17") == (
        error.message.partition(",")[0],
        str(error.origin),
    )


def test_a_build_says_what_a_role_of_its_own_must_allow(make: Make) -> None:
    """Access for every function is no mistake of the one that it does not reach; that is said."""
    app = f"@app.function(sqs('orders'), {OWN})\ndef hello(event, context): ...\n"
    needed = (
        "hello brings a role of its own, which must allow logs:CreateLogStream, logs:PutLogEvents, "
        "sqs:ReceiveMessage, sqs:DeleteMessage, sqs:GetQueueAttributes"
    )
    assert needed in make(app=app).built().notes
    config = "config.lambda_.iam.policy = ['sns']\nconfig.lambda_.iam.default_policy = ['s3:GetObject']"
    beside = "; what the configuration grants to every function does not reach it"
    assert needed + beside in make(config=config, app=app).built().notes


S3_FILES = "file-system/fs-0123456789abcdef0"


@pytest.mark.parametrize(
    ("arn", "service", "file_system"),
    [
        (
            f"'arn:aws:s3files:eu-west-1:111122223333:{S3_FILES}/access-point/fsap-1'",
            "s3files",
            f"arn:aws:s3files:eu-west-1:111122223333:{S3_FILES}",
        ),
        ("Data.point.attribute('AccessPointArn')", "s3files", HERE % ("s3files", "file-system/*")),
        (
            "'arn:aws:elasticfilesystem:eu-west-1:111122223333:access-point/fsap-1'",
            "elasticfilesystem",
            HERE % ("elasticfilesystem", "file-system/*"),
        ),
    ],
)
def test_a_file_system_is_mounted_with_the_actions_of_its_service(
    make: Make, arn: str, service: str, file_system: str
) -> None:
    shared = (
        "from remit import Shared, resource\nclass Data(Shared):\n"
        "    point = resource('AWS::S3Files::AccessPoint', file_system_id='fs-1')\n"
    )
    app = f"{FROM}@app.function(properties={{'FileSystemConfigs': [{{'Arn': {arn}, 'LocalMountPath': '/mnt/a'}}]}})\n"
    project = make(app=f"{app}def hello(event, context): ...\n", **{"shared/resources/data.py": shared})
    (mount,) = project.statements()[1:]
    assert ([f"{service}:ClientMount", f"{service}:ClientWrite"], file_system) == (mount["Action"], mount["Resource"])
    assert [f"{service}:AccessPointArn"] == list(mount["Condition"]["StringEquals"])
