"""The keys of the app let services encrypt what these send to the app's queues and topics, and what they store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from projects import at
from remit.build import build

if TYPE_CHECKING:
    from conftest import Make
    from projects import Project

OWN_POLICY = {"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Principal": "*", "Action": "kms:*"}}
ROOT = {"AWS": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}}
SENDER = """
from remit import on
from shared.resources.data import Data
@app.function(on.sns(Data.news, dead_letter=Data.failed), on.event(source="shop", dead_letter=Data.failed))
def hello(event, context): ...
@app.function(on.sns(Data.news, dead_letter=Data.failed))
def other(event, context): ...
"""


def project(make: Make, key_policy: str, key: str = "key.ref") -> Project:
    """An app whose dead-letter queue is encrypted."""
    shared = f"""
from remit import Shared, resource
class Data(Shared):
    key = resource("AWS::KMS::Key"{key_policy})
    failed = resource("AWS::SQS::Queue", kms_master_key_id={key})
    news = resource("AWS::SNS::Topic", kms_master_key_id=key.ref)
"""
    return make(app=SENDER, **{"shared/resources/data.py": shared})


KMS_ARN = 'f"arn:{aws.partition}:kms:{aws.region}:{aws.account}:%s"'
SPELLINGS = [
    "key", "key.ref", "key.arn", "key.key_id", "alias", "alias.ref", '"alias/shop"',
    KMS_ARN % "key/{key.ref}", KMS_ARN % "key/{key.key_id}", KMS_ARN % "alias/shop", KMS_ARN % "{alias.ref}",
    '{"Fn::Sub": "${DataKey.Arn}"}', '{"Fn::GetAtt": ["DataKey", "Arn"]}', '{"Ref": "DataAlias"}',
    '{"Fn::Sub": "arn:${AWS::Partition}:kms:${AWS::Region}:${AWS::AccountId}:key/${DataKey}"}',
    '{"Fn::Join": [":", ["arn:aws:kms", {"Ref": "AWS::Region"}, {"Ref": "AWS::AccountId"}, "alias/shop"]]}',
]  # fmt: skip
"""Every way to name a key of the app: by id, by ARN, by its alias."""
WRITTEN = """
from remit import Shared, aws, resource
class Data(Shared):
    key = resource("AWS::KMS::Key")
    alias = resource("AWS::KMS::Alias", alias_name="alias/shop", target_key_id=key.arn)
    failed = resource("AWS::SQS::Queue", kms_master_key_id={key})
    news = resource("AWS::SNS::Topic", kms_master_key_id={key})
    {more}
"""
HANDLER = "def hello(event, context): ...\n"
ONLY = f"@app.function()\n{HANDLER}"


def written(make: Make, more: str, key: str = "key.arn", app: str = ONLY) -> Project:
    """An app with an encrypted queue and topic, and what it declares beside."""
    return make(app=app, **{"shared/resources/data.py": WRITTEN.format(key=key, more=more)})


def statements(made: Project) -> list[dict[str, Any]]:
    """What the key's policy says."""
    stated: list[dict[str, Any]] = made.resources("AWS::KMS::Key")["DataKey"]["KeyPolicy"]["Statement"]
    return stated


def test_each_service_that_sends_may_use_the_key_once(make: Make) -> None:
    written, sns, events = statements(project(make, f", key_policy={OWN_POLICY!r}"))
    assert OWN_POLICY["Statement"] == written
    assert {"Service": "sns.amazonaws.com"} == sns["Principal"]
    assert {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}} == sns["Condition"]
    assert ("events.amazonaws.com", ["kms:GenerateDataKey", "kms:Decrypt"], "*") == (
        events["Principal"]["Service"], events["Action"], events["Resource"]
    )  # fmt: skip


def test_a_key_without_a_policy_keeps_what_kms_gives_it(make: Make) -> None:
    assert (ROOT, "kms:*") == tuple(statements(project(make, ""))[0][name] for name in ("Principal", "Action"))


@pytest.mark.parametrize("key", ['"alias/aws/sqs"', '"arn:aws:kms:eu-west-1:111122223333:alias/aws/sqs"'])
def test_a_queue_that_a_key_of_awss_own_encrypts_is_an_error(make: Make, key: str) -> None:
    error = project(make, "", key).error()
    assert ("app.py:12:15", True) == (at(error), "sns.amazonaws.com cannot send to DataFailed" in error.message)


def test_the_alarm_of_a_job_queue_may_use_the_key_of_its_topic(make: Make) -> None:
    shared = """
from remit import Shared, resource
class Data(Shared):
    key = resource("AWS::KMS::Key")
    news = resource("AWS::SNS::Topic", kms_master_key_id=key.ref)
"""
    config = """
from shared.resources.data import Data
config.job.enable = True
config.job.queues = {"default": {"alarm": Data.news}}
"""
    made = make(config=config, app="@app.job\ndef mail(to): ...\n", **{"shared/resources/data.py": shared})
    assert [ROOT, {"Service": "cloudwatch.amazonaws.com"}] == [item["Principal"] for item in statements(made)]


def test_a_policy_to_which_nothing_can_be_added_is_an_error_at_its_line(make: Make) -> None:
    error = project(make, ', key_policy={"Fn::Sub": "{}"}').error()
    assert "no statement can be added to its policy" in error.message


@pytest.mark.parametrize("key", SPELLINGS)
def test_a_key_is_the_same_by_whichever_name(make: Make, key: str) -> None:
    principals = [statement["Principal"] for statement in statements(written(make, "", key, SENDER))]
    assert [ROOT, {"Service": "sns.amazonaws.com"}, {"Service": "events.amazonaws.com"}] == principals


USES = {
    "a bucket that notifies a queue": (
        """files = resource("AWS::S3::Bucket", notification_configuration={"QueueConfigurations": [
            {"Event": "s3:ObjectCreated:*", "Queue": failed.arn}]})""",
        "s3.amazonaws.com",
    ),
    "a topic that has a queue for a subscriber": (
        """sub = resource("AWS::SNS::Subscription", protocol="sqs", endpoint=failed.arn, topic_arn=news.ref)""",
        "sns.amazonaws.com",
    ),
    "an alarm": (
        """alarm = resource("AWS::CloudWatch::Alarm", comparison_operator="GreaterThanThreshold", evaluation_periods=1,
                 threshold=1, metric_name="m", namespace="n", alarm_actions=[news])""",
        "cloudwatch.amazonaws.com",
    ),
    "a rule that sends to a topic": (
        """rule = resource("AWS::Events::Rule", event_pattern={"source": ["a"]}, targets=[
            {"Id": "a", "Arn": {"Fn::Sub": "${DataNews}"}}])""",
        "events.amazonaws.com",
    ),
    "an event bus": (
        """bus = resource("AWS::Events::EventBus", name="orders", kms_key_identifier="alias/shop")""",
        "events.amazonaws.com",
    ),
}


@pytest.mark.parametrize("kind", USES)
def test_what_is_written_by_hand_may_use_the_key_that_encrypts_where_it_sends(make: Make, kind: str) -> None:
    more, service = USES[kind]
    assert [ROOT, {"Service": service}] == [item["Principal"] for item in statements(written(make, more))]


def test_cloudwatch_logs_may_use_the_key_of_log_groups_of_the_account(make: Make) -> None:
    _, logs = statements(written(make, """logs = resource("AWS::Logs::LogGroup", kms_key_id=key.arn)"""))
    assert {"Fn::Sub": "logs.${AWS::Region}.amazonaws.com"} == logs["Principal"]["Service"]
    assert ["kms:EncryptionContext:aws:logs:arn"] == list(logs["Condition"]["ArnLike"])


def test_a_target_that_a_role_sends_to_takes_nothing_of_the_key(make: Make) -> None:
    more = """rule = resource("AWS::Events::Rule", event_pattern={"source": ["a"]}, targets=[
            {"Id": "a", "Arn": stream.arn, "RoleArn": "arn:aws:iam::111122223333:role/events"}])"""
    stream = 'stream = resource("AWS::Kinesis::Stream", stream_encryption={"EncryptionType": "KMS", "KeyId": key})'
    made = written(make, f"{stream}\n    {more}")
    assert "KeyPolicy" not in made.resources("AWS::KMS::Key")["DataKey"]


def test_a_statement_that_lets_the_service_already_stays_alone(make: Make) -> None:
    policy = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": ["sns.amazonaws.com", "events.amazonaws.com"]},
         "Action": ["kms:GenerateDataKey*", "kms:Decrypt"], "Resource": "*"}]}  # fmt: skip
    assert policy["Statement"] == statements(project(make, f", key_policy={policy!r}"))


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ('"alias/company"', "alias/company"),
        ('"0123-abcd"', "0123-abcd"),
        ('"arn:aws:kms:eu-west-1:111122223333:key/0123-abcd"', "0123-abcd"),
    ],
)
def test_of_a_key_that_exists_already_the_plan_says_what_its_policy_must_allow(make: Make, key: str, name: str) -> None:
    made = build(written(make, "", key, SENDER).folder, "dev", package=False)
    keys = [source for source in made.must_exist if source.kind == "key"]
    use = "whose policy lets %s use it (kms:GenerateDataKey, kms:Decrypt)"
    assert [
        (name, use % "sns.amazonaws.com", ("hello", "other")),
        (name, use % "events.amazonaws.com", ("hello",)),
    ] == [(source.name, source.condition, source.functions) for source in keys]


def test_a_topic_uses_its_own_key_for_whoever_publishes(make: Make) -> None:
    made = written(make, "", app="from shared.resources.data import Data\n@app.function(on.sns(Data.news))\n" + HANDLER)
    assert "KeyPolicy" not in made.resources("AWS::KMS::Key")["DataKey"]


def test_a_service_that_stores_and_sends_has_a_statement_for_each(make: Make) -> None:
    """EventBridge says for whom it asks about a bus, and does not about a dead-letter queue."""
    bus = """bus = resource("AWS::Events::EventBus", name="shop", kms_key_identifier=key)"""
    trigger = "on.event(source='a', bus=Data.bus, dead_letter=Data.failed)"
    made = written(make, bus, app=f"from shared.resources.data import Data\n@app.function({trigger})\n{HANDLER}")
    _, of_bus, of_queue = statements(made)
    assert ("Condition" in of_bus, "Condition" in of_queue) == (True, False)


def test_the_alarm_of_a_job_queue_is_refused_at_the_queues_line_where_a_key_of_awss_own_encrypts_its_topic(
    make: Make,
) -> None:
    shared = """
from remit import Shared, resource
class Data(Shared):
    news = resource("AWS::SNS::Topic", kms_master_key_id="alias/aws/sns")
"""
    config = """
from shared.resources.data import Data
config.job.enable = True
config.job.queues = {"default": {"alarm": Data.news}}
"""
    app = "@app.job\ndef mail(to): ...\n"
    error = make(config=config, app=app, **{"shared/resources/data.py": shared}).error()
    assert "cloudwatch.amazonaws.com cannot send to DataNews" in error.message
    assert at(error).startswith("config/deploy.py:")
