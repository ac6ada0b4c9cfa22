"""What editors and mypy see: a configuration and an app type-check, and a wrong one does not."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from projects import SOURCE, write

if TYPE_CHECKING:
    from pathlib import Path

CONFIG = """
from remit import aws, config, configure, existing, project

with configure() as settings:
    settings.lambda_.iam.policy = ["logs", {"Action": "s3:*", "Effect": "Allow", "Resource": f"x{aws.region}"}]
    settings.lambda_.iam.policy += ["sqs"]
    settings.lambda_.iam.policy = "logs"
    settings.lambda_.iam.default_policy = []
    settings.lambda_.iam.default_policy += ["s3"]
    settings.lambda_.iam.managed_policy = ["AWSXRayDaemonWriteAccess"]
    settings.lambda_.iam.permissions_boundary = f"arn:{aws.partition}:iam::{aws.account}:policy/x"
    settings.lambda_.iam.permissions_boundary = "arn:" + aws.partition + ":iam::%s:policy/x" % aws.account
    settings.lambda_.function.timeout = 30
    settings.lambda_.function.architectures = ["arm64"]
    settings.lambda_.function.environment = {"NAME": project.name, "REGION": aws.region}
    settings.lambda_.function.environment |= {"STAGE": project.stage}
    settings.lambda_.function.layers += ["arn"]
    settings.lambda_.function.vpc_config = {"SecurityGroupIds": ["sg-1"], "SubnetIds": ["subnet-1"]}
    settings.lambda_.function.vpc_config = existing.vpc("prod", security_group="functions")
    settings.lambda_.function.vpc_config = {**existing.vpc("prod"), "SubnetIds": existing.parameter("/s").split(",")}
    settings.lambda_.function.vpc_config = None
    settings.lambda_.function.tracing = True
    settings.lambda_.function.log_retention = None
    settings.lambda_.function.properties = {"Tags": [{"Key": "a", "Value": "b"}]}
    settings.package.exclude += ["docs/*"]
    settings.package.layer = True
    settings.api.cors_configuration = {"allow_origins": ["https://shop.example"]}
    settings.api.throttling_rate_limit = 10.5
    settings.websocket.throttling_burst_limit = 20
    settings.rest.properties = {"EndpointConfiguration": {"Types": ["PRIVATE"]}}
    settings.rest.binary_media_types += ["image/png"]
    settings.rest.variables |= {"colour": "blue"}
    settings.rest.usage_plans = {"basic": {"quota": {"limit": 3, "period": "DAY"}, "keys": ["ada"]}}
    settings.job.additional_queues = ["urgent"]
config.job.enable = True
"""
APP = """
from typing import Any

from remit import App, Shared, aws, grants, layer, on, output, project, resource
from remit.grants import allow, dynamodb, s3, sns
from remit.grants import sqs as queue
from remit.triggers import dynamodb as stream
from remit.triggers import http, kinesis, schedule, sqs


class Data(Shared):
    queue = resource("AWS::SQS::Queue", visibility_timeout=3)
    table = resource("AWS::DynamoDB::Table", deletion_policy="Retain", depends_on=queue, logical_id="Orders")
    cluster = resource("AWS::RDS::DBCluster", {"Engine": "aurora-mysql"})
    cache = resource("AWS::ElastiCache::ServerlessCache")
    bucket = resource("AWS::S3::Bucket")
    pool = resource("AWS::Cognito::UserPool")
    url = output(queue, "Send here")
    names: tuple[str, ...] = (queue.url, table.name, table.stream_arn, cluster.endpoint_address, cache.anything)


app = App()
billing = app.group("billing", policy=["sns:Publish"], timeout=3)


@app.function
def plain(event: dict[str, Any], context: object) -> int:
    return 1


@app.function(sqs(Data.queue, batch_size=3), http(auth="NONE"), schedule("rate(1 day)"), stream("arn:x"), kinesis("s"),
              timeout=30, memory_size=128, environment={"A1": aws.region}, vpc_config=None, tracing=True,
              policy=[s3.read("b", "x/*"), dynamodb.put("t"), sns.publish("n"), queue.send("q"), allow("a:B")])
def many(event: dict[str, Any], context: object) -> str:
    return Data.lookup("url") + project.namespace


@billing.function(name="other", log_retention=None, layers=["arn"], properties={"Tags": []})
def inner(event: dict[str, Any], context: object) -> None: ...


app.function(on.http(), name="web", handler="app.plain", policy=[grants.sqs.send("q")])
tokens = on.jwt("https://id.example", audience=["shop"], scopes=["orders"])
words = on.authorizer(plain, identity_source=["$request.header.x-word"], cache=60)
app.function(on.api("GET /cave", auth=words), name="cave", handler="app.plain")
app.function(on.api("GET /", auth=tokens), on.api("$default", auth="NONE"), name="api", handler="app.plain")
app.function(on.api("GET /b", payload_format_version="1.0"), name="b", handler="app.plain", function_name="shop-b")
app.function(on.api("GET /c"), name="c", handler="app.plain", logical_id="C")
app.function(on.api("GET /a", auth=on.user_pool("p", clients=["c"])), name="users", handler="app.plain")
app.function(on.rest("GET /a", auth=on.user_pool("p"), query=["currency"]), name="rest", handler="app.plain")
app.function(on.rest("POST /a", auth=words, api_key=True, body={"type": "object"}), name="put", handler="app.plain")
app.function(on.rest("PUT /a", auth=on.authorizer(plain, token=True)), name="token", handler="app.plain")
app.function(on.websocket("$connect", auth="NONE"), name="ws", handler="app.plain", policy=[grants.websocket.send()])
app.web("shop.main:api", auth="AWS_IAM", timeout=3)
billing.web("shop.main:api", on.http(auth="NONE"), name="site", interface="asgi")


@app.function(
    on.s3(Data.bucket, events=["s3:ObjectCreated:Put", "s3:ObjectRemoved:*"], prefix="in/"),
    on.sns("news", filter={"kind": ["new", {"prefix": "x"}]}, dead_letter=Data.queue),
    on.event(source="shop", detail_type=["a", {"prefix": "b"}], detail={"n": [{"numeric": [">", 1]}]}, bus="b"),
    on.schedule("cron(0 8 * * ? *)", timezone="Europe/Berlin", input={"a": 1}, retries=3),
    on.dynamodb("arn:x", filter={"eventName": ["INSERT"]}, on_failure=Data.queue, view="KEYS_ONLY"),
    on.kinesis("s", filter=[{"data": {"a": [1]}}], fan_out=True, starting_position="TRIM_HORIZON"),
    on.logs("/aws/lambda/x", "ERROR"),
    on.iot("SELECT * FROM 'a'"),
    on.cognito(Data.pool, "PreSignUp"),
)
def every(event: dict[str, Any], context: object) -> None: ...


@app.job(queue="urgent")
def mail(to: str) -> None: ...


@app.job
def other_mail(to: str) -> None: ...


def shout(text: str) -> str:
    return text.upper()


functions = app.group("functions", code="functions")
functions.function(name="rooted", handler="handler.handler", code="functions/orders", layers=[layer("layers/tool")])
app.web("main:api", auth="NONE", name="rooted-site", code="site")
shout(aws.region)
flow = app.workflow(
    "flow", "flow.asl.json", on.schedule("rate(1 day)"), on.event(source="shop"),
    link={"Plain": plain, "Queue": Data.queue, "Word": "a"}, type="EXPRESS", policy=[grants.sqs.send("q")],
)
app.workflow("outer", {"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}, link={"Flow": flow})
app.function(name="starter", handler="app.plain", link=[grants.states.start(flow), grants.states.read(flow)])


def names(event: dict[str, Any], context: object) -> list[str]:
    return [Data.table.name, Data.queue.url, Data.bucket.arn, shout(Data.table.attribute("StreamArn"))]


number: int = plain({}, None)
text: str = many({}, None)
sent: str = mail.perform_later("a@b.c")
other_mail("x")
"""
WRONG = {
    "timeout of the configuration": (
        'from remit import config\nconfig.lambda_.function.timeout = "30"\n',
        'expression has type "str", variable has type "int"',
    ),
    "unknown setting": (
        "from remit import configure\nwith configure() as config:\n    config.lambda_.iam.polcy = []\n",
        '"Iam" has no attribute "polcy"',
    ),
    "group of settings": (
        "from remit import config\nconfig.job = True\n",
        'Incompatible types in assignment (expression has type "bool", variable has type "JobSection")',
    ),
    "list of numbers": (
        "from remit import config\nconfig.package.exclude = [1]\n",
        'List item 0 has incompatible type "int"',
    ),
    "environment of numbers": (
        'from remit import config\nconfig.lambda_.function.environment = {"PORT": 80}\n',
        'Dict entry 0 has incompatible type "str": "int"',
    ),
    "timeout of a decorator": (
        (
            "from remit import App\nfrom remit.triggers import http\napp = App()\n"
            '@app.function(http(), timeout="30")\ndef f(event: object, context: object) -> None: ...\n'
        ),
        "No overload variant",
    ),
    "unknown option of a trigger": (
        'from remit.triggers import sqs\nsqs("q", batchsize=3)\n',
        'Unexpected keyword argument "batchsize"',
    ),
    "misspelt event of a bucket": (
        'from remit import on\non.s3("b", events="s3:ObjectCreated")\n',
        'Argument "events" to "S3" has incompatible type',
    ),
    "misspelt event in a list": (
        'from remit import on\non.s3("b", events=["s3:ObjectCreated:Putt"])\n',
        "List item 0 has incompatible type",
    ),
    "misspelt step of a user pool": (
        'from remit import on\non.cognito("p", "PreSignup")\n',
        'Argument 2 to "Cognito" has incompatible type',
    ),
    "misspelt starting position": (
        'from remit import on\non.kinesis("s", starting_position="NEWEST")\n',
        'Argument "starting_position" to "Kinesis" has incompatible type',
    ),
    "positional option": (
        'from remit import on\non.sqs("q", 10)\n',
        "Too many positional arguments",
    ),
    "pattern that is a string": (
        'from remit import on\non.event(detail="x")\n',
        'Argument "detail" to "Event" has incompatible type "str"',
    ),
    "verb of a grant on a trigger": (
        'from remit import on\non.sqs.send("q")\n',
        '"type[Sqs]" has no attribute "send"',
    ),
    "grant as a trigger": (
        'from remit import grants\ngrants.sqs("q")\n',
        "Module not callable",
    ),
    "auth of a route in lower case": (
        'from remit import on\non.api("GET /", auth="none")\n',
        "has incompatible type \"Literal['none']\"",
    ),
    "tokens for a connection": (
        'from remit import on\non.websocket("$connect", auth=on.jwt("https://id.example", audience=["a"]))\n',
        'has incompatible type "Jwt"',
    ),
    "interface of a web app": (
        'from remit import App\nApp().web("shop.main:api", interface="cgi")\n',
        "has incompatible type \"Literal['cgi']\"",
    ),
    "audience that is no list": (
        'from remit import on\non.jwt("https://id.example", audience=3)\n',
        'has incompatible type "int"',
    ),
    "attribute that a queue does not have": (
        'from remit import Shared, resource\nclass Data(Shared):\n    q = resource("AWS::SQS::Queue")\nData.q.urll\n',
        '"QueueHandle" has no attribute "urll"',
    ),
    "no trigger": (
        (
            "from remit import App\napp = App()\n"
            '@app.function("rate(1 day)", name="x")\ndef f(event: object, context: object) -> None: ...\n'
        ),
        "No overload variant",
    ),
    "a handler that takes no context": (
        (
            "from remit import App, on\napp = App()\n"
            '@app.function(on.sqs("orders"))\ndef f(event: object) -> None: ...\n'
        ),
        'Value of type variable "F" of function cannot be "Callable[[object], None]"',
    ),
    "a bare handler that takes more": (
        (
            "from remit import App\napp = App()\n"
            "@app.function\ndef f(event: object, context: object, more: int) -> None: ...\n"
        ),
        'Value of type variable "F" of "function" of "Group" cannot be',
    ),
    "wrong use of what a decorator gives back": (
        (
            "from remit import App\napp = App()\n@app.function(timeout=3)\n"
            "def f(event: object, context: object) -> int: return 1\nx: str = f(1, 2)\n"
        ),
        'expression has type "int", variable has type "str"',
    ),
}

CALLS = """
on.http(auth="NOPE")
on.http(invoke_mode="STREAM")
on.api("GET /", auth="IAM")
on.websocket("$connect", auth="IAM")
on.rest("GET /", auth="IAM")
on.rest("GET /", auth=on.jwt("https://id.example", audience=["shop"]))
on.rest("GET /", query=3)
on.rest("GET /", api_key="yes")
on.rest("GET /", payload_format_version="1.0")
on.s3("uploads", events="s3:ObjectCreated")
on.s3("uploads", events=["s3:ObjectMade:*"])
on.sns("news", filter={"a": ["b"]}, filter_scope="Body")
on.dynamodb(STREAM, starting_position="NEWEST")
on.dynamodb(STREAM, starting_position="AT_TIMESTAMP")
on.dynamodb(STREAM, view="IMAGES")
on.kinesis("clicks", starting_position="latest")
on.iot("SELECT * FROM 'a'", sql_version="2020-01-01")
on.cognito("pool", "PreSignup")
on.cognito("pool", "PreTokenGeneration", version="V4_0")
app.web("shop.main:api", interface="cgi")
app.web("shop.main:api", auth="IAM")
app.web("shop.main:api", runtime="python3.99")
app.function(name="a", handler="a.b", runtime="python3.99")
app.function(name="a", handler="a.b", architectures=["arm"])
app.function(name="a", handler="a.b", tracing="On")
app.function(name="a", handler="a.b", log_retention=31)
app.group("a", runtime="python2.7")
app.group("a", log_retention=8)
app.group("a", logical_id="A")
app.function(name="a", handler="a.b", function_name=3)
resource("AWS::SQS::Queue", logical_id=3)
on.api("GET /", payload_format_version="3.0")
config.stack_name = 3
config.api.payload_format_version = "3.0"
resource("AWS::SQS::Queue", deletion_policy="Keep")
resource("AWS::X::Y", deletion_policy="retain")
config.lambda_.function.runtime = "python3.99"
config.lambda_.function.architectures = ["arm"]
config.lambda_.function.tracing = "On"
config.lambda_.function.log_retention = 31
config.api.access_log_retention = 31
config.rest.endpoint_type = "EDGE"
config.rest.access_log_retention = 31
on.sqs(Data.table)
on.sqs(3)
on.sqs("orders", key=Data.queue)
on.sns(Data.queue)
on.sns(Data.topic, dead_letter=Data.topic)
on.s3(Data.table)
on.s3(Data.bucket, prefix=1)
on.dynamodb(Data.queue)
on.dynamodb(Data.table, on_failure=Data.table)
on.kinesis(Data.logs)
on.logs(Data.stream)
on.event(bus=Data.topic)
on.event(source="shop", dead_letter=Data.table)
on.schedule("rate(1 day)", dead_letter=Data.bucket)
on.cognito(Data.queue, "PreSignUp")
on.user_pool(Data.pool, clients=[3])
grants.s3.read(Data.table)
grants.s3.read(Data.bucket, 3)
grants.s3.put(Data.bucket, key=Data.topic)
grants.dynamodb.read(Data.bucket)
grants.dynamodb.read(None)
grants.dynamodb.query(Data.table, leading_keys=3)
grants.sqs.send(Data.topic)
grants.sns.publish(Data.queue)
grants.kinesis.put(Data.delivery)
grants.firehose.put(Data.stream)
grants.events.put(Data.queue)
grants.kms.decrypt(Data.secret)
grants.lambda_.invoke(Data.queue)
grants.states.start(Data.queue)
grants.secretsmanager.read(Data.parameter)
grants.ssm.read(Data.secret)
grants.ssm.list(3)
grants.rds_data.execute(Data.instance, secret="/a")
grants.cognito.list_users(Data.client)
grants.scheduler.create(role=Data.queue)
grants.athena.query("w", database="d", data=[Data.bucket], results=Data.bucket)
grants.textract.read(Data.queue)
grants.transcribe.start(recordings=Data.bucket, results=Data.key)
grants.allow("s3:GetObject", on=3)
grants.allow(3)
app.workflow("a", 3)
app.workflow("a", "a.asl.json", on.sqs("q"))
app.workflow("a", "a.asl.json", type="FAST")
app.workflow("a", "a.asl.json", link=[plain])
app.workflow("a", "a.asl.json", policy=3)
app.group("a", policy=3)
app.group("a", managed_policy=[3])
app.group("a", link="s3:GetObject")
app.group("a", on_failure=Data.table)
app.web("shop.main:api", policy=3)
app.job(queue=3)
app.job(retries="4")
app.job(on.sqs("orders"))
app.function(on.http(), sends=mail, name="a", handler="a.b")
app.function(on.http(), reads=[Data.queue], name="a", handler="a.b")
mail.perform_later(3)
mail.perform_later()
mail.perform_later("a", copy=2)
mail.perform_in("60", "a")
mail.perform_in(60)
mail("a", "b")
enter.perform_now("1.5", "today")
config.job.queues = {"mail": {"retry": 2}}
config.job.queues = {"mail": {"alarm": Data.queue}}
resource(Data.queue)
resource("AWS::SQS::Queue", depends_on="queue")
existing.vpc(3)
secret(3)
parameter(None)
"""
"""Values of closed sets that are none of them, and resources of other types than a call takes, one a line."""
HEAD = """
import datetime

from remit import App, Shared, config, existing, grants, on, output, parameter, resource, secret

app = App()
STREAM = "arn:aws:dynamodb:x"


class Data(Shared):
    queue = resource("AWS::SQS::Queue")
    table = resource("AWS::DynamoDB::Table")
    bucket = resource("AWS::S3::Bucket")
    topic = resource("AWS::SNS::Topic")
    stream = resource("AWS::Kinesis::Stream")
    logs = resource("AWS::Logs::LogGroup")
    bus = resource("AWS::Events::EventBus")
    role = resource("AWS::IAM::Role")
    key = resource("AWS::KMS::Key")
    pool = resource("AWS::Cognito::UserPool")
    client = resource("AWS::Cognito::UserPoolClient")
    machine = resource("AWS::StepFunctions::StateMachine")
    secret = resource("AWS::SecretsManager::Secret")
    parameter = resource("AWS::SSM::Parameter")
    delivery = resource("AWS::KinesisFirehose::DeliveryStream")
    cluster = resource("AWS::RDS::DBCluster")
    instance = resource("AWS::RDS::DBInstance")
    url = output(queue)


@app.job
def mail(to: str, copies: int = 1) -> None: ...


@app.job(queue="ledger.fifo")
def enter(amount: float, day: datetime.date) -> int:
    return 1


""".lstrip()
RIGHT = """
on.sqs(Data.queue, key=Data.key)
on.sns(Data.topic, dead_letter=Data.queue)
on.s3(Data.bucket)
on.dynamodb(Data.table, on_failure=Data.topic)
on.kinesis(Data.stream, on_failure=Data.bucket)
on.logs(Data.logs)
on.event(bus=Data.bus, dead_letter=Data.queue.arn)
on.cognito(Data.pool, "PreSignUp", key="alias/x")
on.user_pool(Data.pool, clients=[Data.client, "abc"])
grants.s3.read(Data.bucket, "in/*", key=Data.key)
grants.dynamodb.put(Data.table, leading_keys=["EU#*"])
grants.dynamodb.put(Data.table.name, leading_keys="EU#*")
grants.kinesis.put(Data.stream)
grants.firehose.put(Data.delivery)
grants.events.put(Data.bus, source="shop")
grants.states.start(Data.machine)
grants.secretsmanager.read(Data.secret)
grants.ssm.read(Data.parameter)
grants.rds_data.execute(Data.cluster, secret=Data.secret)
grants.cognito.list_users(Data.pool)
grants.scheduler.create(role=Data.role)
grants.allow("s3:GetObject", on=[Data.bucket, "arn:aws:s3:::b/*"])
app.group("a", policy=["logs", {"Effect": "Allow"}, grants.sns.publish(Data.topic), [grants.sqs.send(Data.queue)]])
COMMON = ["logs", {"Effect": "Allow", "Action": ["s3:GetObject"]}, grants.sqs.send(Data.queue)]
READS = [grants.s3.read(Data.bucket), grants.sqs.send(Data.queue)]
app.group("e", policy=COMMON, link=READS, managed_policy=["ReadOnlyAccess"])
QUEUES = {"mail": Data.queue, "bulk": Data.queue}
grants.sqs.send(QUEUES["mail"])
app.group("b", policy=grants.sns.publish(Data.topic), managed_policy="ReadOnlyAccess")
app.group("d", link=[grants.sqs.send(Data.queue), grants.s3.read(Data.bucket)])
app.group("c", on_success=Data.bus, on_failure=Data.queue)
config.job.queues = {"mail": {"retries": 2, "alarm": Data.topic}}
sent: str = mail.perform_later("a", copies=2)
grouped: str = enter.perform_later(1.5, datetime.date(2026, 1, 1), group="a")
later: str = mail.perform_in(60, "a")
number: int = enter.perform_now(1.5, datetime.date(2026, 1, 1))
"""
"""Right uses of shared resources and jobs, one a line."""


def test_mypy_takes_what_is_right_and_finds_what_is_wrong(tmp_path: Path) -> None:
    """One run of `mypy --strict` for all of it, on files of their own."""
    files = {"right_config.py": CONFIG, "app.py": APP}
    files["calls.py"] = HEAD + CALLS.removeprefix("\n")
    files["right_calls.py"] = HEAD + RIGHT
    files |= {f"wrong_{number}.py": source for number, (source, _) in enumerate(WRONG.values())}
    write(tmp_path, files)
    ran = subprocess.run(
        [
            sys.executable,
            "-m",
            "mypy",
            "--strict",
            "--cache-dir",
            str(tmp_path / "cache"),
            "--no-error-summary",
            *files,
        ],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "MYPYPATH": str(SOURCE)},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    errors = [line for line in ran.stdout.splitlines() if ": error: " in line]
    assert "" == ran.stderr
    assert [] == [line for line in errors if line.startswith(("right_", "app.py"))]
    for number, (kind, (_, message)) in enumerate(WRONG.items()):
        found = [line for line in errors if line.startswith(f"wrong_{number}.py")]
        assert (kind, True) == (kind, any(message in line for line in found))
    calls = CALLS.strip().splitlines()
    wrong_lines = {int(line.split(":")[1]) - HEAD.count("\n") for line in errors if line.startswith("calls.py")}
    assert [] == [call for number, call in enumerate(calls, 1) if number not in wrong_lines]
