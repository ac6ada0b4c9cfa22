"""The keys of the app let SNS and EventBridge encrypt what these send to the app's queues."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from projects import at

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
    assert ("app.py:12:2", True) == (at(error), "sns.amazonaws.com cannot send to DataFailed" in error.message)


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
