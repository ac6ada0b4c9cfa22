"""Whatever reads from what a key encrypts, or sends to it, may use the key: by its ARN, whichever way it is named."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from projects import at

if TYPE_CHECKING:
    from conftest import Make
    from projects import Project

SHARED = """
from remit import Shared, resource
class Data(Shared):
    key = resource("AWS::KMS::Key")
    alias = resource("AWS::KMS::Alias", alias_name="alias/shop", target_key_id=key)
    queue = resource("AWS::SQS::Queue", kms_master_key_id="alias/shop")
    bucket = resource("AWS::S3::Bucket", bucket_encryption={"ServerSideEncryptionConfiguration": [
        {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key.arn}}]})
    clicks = resource("AWS::Kinesis::Stream", stream_encryption={"EncryptionType": "KMS", "KeyId": alias})
    secret = resource("AWS::SecretsManager::Secret", kms_key_id={"Fn::GetAtt": ["DataKey", "KeyId"]})
    users = resource("AWS::Cognito::UserPool")
    other = resource("AWS::KMS::Key")
    plain = resource("AWS::SQS::Queue", kms_master_key_id="alias/aws/sqs")
    other_queue = resource("AWS::SQS::Queue", kms_master_key_id=other)
"""
TWO_KEYS = """on.cognito(Data.users, "CustomEmailSender", key=Data.key),
    on.cognito(Data.users, "CustomSMSSender", key=Data.other)"""
READ, SEND = ["kms:Decrypt"], ["kms:GenerateDataKey", "kms:Decrypt"]
USES = {
    "a queue that it takes messages from": ("on.sqs(Data.queue)", [READ]),
    "a stream, and the bucket for what failed": ("on.kinesis(Data.clicks, on_failure=Data.bucket)", [READ, SEND]),
    "the destination of calls that nobody waits for": ("on_failure=Data.queue", [SEND]),
    "its dead-letter queue": ('properties={"DeadLetterConfig": {"TargetArn": Data.queue.arn}}', [SEND]),
    "a secret, by the key's id": ('environment={"PASSWORD": secret(Data.secret)}', [READ]),
    "a secret, by an alias that is told": ('environment={"PASSWORD": secret("db", key=Data.alias)}', [READ]),
    "a secret, by a key that is told": ('environment={"PASSWORD": secret("db", key=Data.key.ref)}', [READ]),
    "a verb with an alias": ("policy=[grants.sqs.send('orders', key=Data.alias)]", [SEND]),
    "a verb with an alias by name": ("policy=[grants.sqs.send('orders', key='alias/shop')]", [SEND]),
    "a verb on a queue that has its key": ("policy=[grants.sqs.send(Data.queue)]", [SEND]),
    "a verb on a stream that has its key": ("policy=[grants.kinesis.read(Data.clicks)]", [READ]),
    "verbs on a bucket, linked": ("link=[grants.s3.read(Data.bucket, 'in/*'), grants.s3.list(Data.bucket)]", [READ]),
    "a verb on a secret that has its key": ("policy=[grants.secretsmanager.read(Data.secret)]", [READ]),
    "a verb on a queue that AWS's key encrypts": ("policy=[grants.sqs.send(Data.plain)]", []),
    "a verb that says another key than the queue": (
        "policy=[grants.sqs.consume(Data.other_queue, key=Data.key)]",
        [READ],
    ),
    "a verb with a key's id": ("policy=[grants.kms.decrypt(Data.key.ref)]", [READ]),
    "a source that is not the app's": ("on.sqs('orders', key=Data.alias)", [READ]),
    "the codes that it sends": ("on.cognito(Data.users, 'CustomEmailSender', key=Data.alias)", [READ]),
    "its environment": ("properties={'KmsKeyArn': Data.key.arn}", [READ]),
}


def project(make: Make, argument: str) -> Project:
    """An app with one function."""
    app = f"from remit import grants, secret\nfrom shared.resources.data import Data\n@app.function({argument})\n"
    return make(app=f"{app}def hello(event, context): ...\n", **{"shared/resources/data.py": SHARED})


def on_keys(made: Project) -> list[dict[str, Any]]:
    """The statements about keys of the function's role."""
    (role,) = made.resources("AWS::IAM::Role").values()
    statements = role["Policies"][0]["PolicyDocument"]["Statement"]
    return [statement for statement in statements if "kms:" in str(statement["Action"])]


@pytest.mark.parametrize("use", USES)
def test_a_function_may_use_the_key_of_what_it_reads_or_sends_to(make: Make, use: str) -> None:
    argument, actions = USES[use]
    stated = on_keys(project(make, argument))
    listed = [item["Action"] if isinstance(item["Action"], list) else [item["Action"]] for item in stated]
    assert actions == listed
    assert [{"Fn::GetAtt": ["DataKey", "Arn"]}] * len(actions) == [item["Resource"] for item in stated]
    assert "kms:ResourceAliases" not in str(stated)


@pytest.mark.parametrize("key", ["Data.key", "Data.key.ref", "Data.alias", '"alias/shop"'])
def test_a_user_pool_gets_the_key_of_its_codes_by_the_arn(make: Make, key: str) -> None:
    made = project(make, f"on.cognito(Data.users, 'CustomSMSSender', key={key})")
    assert {"Fn::GetAtt": ["DataKey", "Arn"]} == (
        made.resources("AWS::Cognito::UserPool")["DataUsers"]["LambdaConfig"]["KMSKeyID"]
    )


@pytest.mark.parametrize(
    ("argument", "problem"),
    [
        ("on.cognito(Data.users, 'CustomEmailSender', key='alias/company')", "takes a key by its ARN"),
        ("on.cognito(Data.users, 'CustomEmailSender')", "needs key="),
        (
            TWO_KEYS,
            "has 2 keys for the codes of a pool; it takes one",
        ),
    ],
)
def test_the_key_of_codes_is_one_and_has_an_arn(make: Make, argument: str, problem: str) -> None:
    error = project(make, argument).error()
    place = "app.py:12:5" if argument == TWO_KEYS else "app.py:11:15"
    step = "CustomSMSSender" if argument == TWO_KEYS else "CustomEmailSender"
    assert (place, True) == (at(error), error.message.startswith(f"cognito's {step} {problem}"))


def test_a_step_that_sends_no_codes_takes_no_key(make: Make) -> None:
    error = project(make, "on.cognito(Data.users, 'PreSignUp', key=Data.key)").error()
    hint = "only CustomEmailSender and CustomSMSSender get codes that a key encrypts"
    assert ("key goes with a custom sender, not with PreSignUp", hint) == (error.message, error.hint)


def test_a_resource_without_an_arn_is_told_at_the_line_that_grants_it(make: Make) -> None:
    error = project(make, "policy=[grants.allow('sqs:SendMessage', on=Data.alias)]").error()
    assert ("app.py:11", True) == (at(error).rpartition(":")[0], "AWS::KMS::Alias has no ARN" in error.message)
