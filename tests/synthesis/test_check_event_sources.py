"""A mapping that is written by hand reads nothing that its function may not read: Lambda would refuse it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from projects import at

if TYPE_CHECKING:
    from conftest import Make
    from projects import Project

QUEUE = "queue.arn"
STREAM = "'arn:aws:kinesis:eu-west-1:111122223333:stream/clicks'"
CONSUME = "'sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'"

TAGGED = "{'StringEquals': {'aws:PrincipalTag/team': 'shop'}}"


def project(make: Make, options: str = "", source: str = QUEUE, name: str = "'${HelloFunction}'") -> Project:
    """An app whose function reads a source by a mapping that is written by hand."""
    data = f"""from remit import Shared, resource
class Data(Shared):
    queue = resource("AWS::SQS::Queue", visibility_timeout=180)
    mapping = resource("AWS::Lambda::EventSourceMapping", event_source_arn={source}, function_name={name},
        starting_position="LATEST")
"""
    app = f"from remit import grants, on\n@app.function({options})\ndef hello(event, context): ...\n"
    return make(app=app, **{"shared/resources/data.py": data})


@pytest.mark.parametrize(
    "name",
    [
        "'${HelloFunction}'",
        "{'Fn::GetAtt': ['HelloFunction', 'Arn']}",
        "'orders-dev-hello'",
        "'arn:aws:lambda:eu-west-1:111122223333:function:orders-dev-hello:live'",
    ],
)
def test_a_function_needs_access_to_what_a_mapping_gives_it(make: Make, name: str) -> None:
    error = project(make, name=name).error()
    missing = "sqs:ReceiveMessage, sqs:DeleteMessage, sqs:GetQueueAttributes"
    lacking = f"whose role does not allow {missing}: Lambda refuses it"
    assert f"the mapping `DataMapping` reads ${{DataQueue.Arn}} for function `hello`, {lacking}" == error.message
    assert ("shared/resources/data.py:4:15", True) == (at(error), "`on.sqs(…)`" in str(error.hint))


@pytest.mark.parametrize(
    "options",
    [
        "on.sqs('${DataQueue.Arn}')",
        f"policy=[grants.allow({CONSUME}, on='${{DataQueue.Arn}}')]",
        "policy=['sqs']",
        "managed_policy=['AWSLambdaSQSQueueExecutionRole']",
        "managed_policy=['arn:aws:iam::111122223333:policy/ours']",
        f"policy=[{{'Effect': 'Allow', 'Action': [{CONSUME}], 'Resource': '*', 'Condition': {TAGGED}}}]",
    ],
)
def test_access_that_is_there_or_may_be_is_enough(make: Make, options: str) -> None:
    project(make, options).built()


CLUSTER = "arn:aws:kafka:eu-west-1:111122223333:cluster/c/4f7b8a3e-1111-2222-3333-444455556666-7"
CREDENTIALS = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:login-a1b2c3"
NETWORK = (
    "ec2:CreateNetworkInterface, ec2:DescribeNetworkInterfaces, ec2:DeleteNetworkInterface, ec2:DescribeVpcs, "
    "ec2:DescribeSubnets, ec2:DescribeSecurityGroups"
)
LOGIN = f"{{'Type': 'BASIC_AUTH', 'URI': '{CREDENTIALS}'}}"
WITHOUT_TRIGGERS = {
    "MSK": (f"event_source_arn='{CLUSTER}'", f"kafka:DescribeClusterV2, kafka:GetBootstrapBrokers, {NETWORK}"),
    "MSK with a login": (
        (
            f"event_source_arn='{CLUSTER}', source_access_configurations=["
            f"{{'Type': 'SASL_SCRAM_512_AUTH', 'URI': '{CREDENTIALS}'}}]"
        ),
        f"kafka:DescribeClusterV2, secretsmanager:GetSecretValue, kafka:GetBootstrapBrokers, {NETWORK}",
    ),
    "the app's own cluster": (
        "event_source_arn=cluster.ref",
        f"kafka:DescribeClusterV2, kafka:GetBootstrapBrokers, {NETWORK}",
    ),
    "MQ": (
        (
            "event_source_arn='arn:aws:mq:eu-west-1:111122223333:broker:b:b-1', queues=['q'], "
            f"source_access_configurations=[{LOGIN}]"
        ),
        f"mq:DescribeBroker, secretsmanager:GetSecretValue, {NETWORK}",
    ),
    "DocumentDB": (
        f"event_source_arn='arn:aws:rds:eu-west-1:111122223333:cluster:d', source_access_configurations=[{LOGIN}]",
        (
            "rds:DescribeDBClusters, secretsmanager:GetSecretValue, "
            f"rds:DescribeDBClusterParameters, rds:DescribeDBSubnetGroups, {NETWORK}"
        ),
    ),
    "Kafka of one's own": (
        (
            "self_managed_event_source={'Endpoints': {'KafkaBootstrapServers': ['a.example.com:9092']}}, "
            f"source_access_configurations=[{LOGIN}]"
        ),
        "secretsmanager:GetSecretValue",
    ),
    "Kafka of one's own in a network": (
        (
            "self_managed_event_source={'Endpoints': {'KafkaBootstrapServers': ['a.example.com:9092']}}, "
            "source_access_configurations=[{'Type': 'VPC_SUBNET', 'URI': 'subnet:subnet-1'}, "
            "{'Type': 'VPC_SECURITY_GROUP', 'URI': 'security_group:sg-1'}]"
        ),
        NETWORK,
    ),
}


@pytest.mark.parametrize("source", WITHOUT_TRIGGERS)
def test_access_to_a_source_without_a_trigger_is_told_as_grants_that_are_enough(make: Make, source: str) -> None:
    properties, missing = WITHOUT_TRIGGERS[source]
    data = f"""from remit import Shared, resource
class Data(Shared):
    cluster = resource("AWS::MSK::ServerlessCluster", cluster_name="c", vpc_configs=[{{"SubnetIds": ["subnet-1"]}}],
        client_authentication={{"Sasl": {{"Iam": {{"Enabled": True}}}}}})
    mapping = resource("AWS::Lambda::EventSourceMapping", function_name="${{HelloFunction}}", {properties},
        topics=["t"], starting_position="LATEST")
"""
    head = "from remit import grants\n"
    error = make(
        app=f"{head}@app.function()\ndef hello(event, context): ...\n", **{"shared/resources/data.py": data}
    ).error()
    assert f"whose role does not allow {missing}: Lambda refuses it" in error.message
    _, _, policy = str(error.hint).partition("give the function ")
    app = f"{head}@app.function({policy})\ndef hello(event, context): ...\n"
    make(app=app, **{"shared/resources/data.py": data}).built()


def test_a_grant_that_the_function_has_is_not_asked_for_again(make: Make) -> None:
    properties, _ = WITHOUT_TRIGGERS["MSK with a login"]
    data = f"""from remit import Shared, resource
class Data(Shared):
    mapping = resource("AWS::Lambda::EventSourceMapping", function_name="${{HelloFunction}}", {properties},
        topics=["t"], starting_position="LATEST")
"""
    own = f"grants.allow('kafka:DescribeClusterV2', on='{CLUSTER}'), grants.allow('ec2:*', 'kafka:Get*', on='*')"
    app = f"from remit import grants\n@app.function(policy=[{own}])\ndef hello(event, context): ...\n"
    error = make(app=app, **{"shared/resources/data.py": data}).error()
    missing = f'grants.allow("secretsmanager:GetSecretValue", on="{CREDENTIALS}")'
    assert f"give the function policy=[{missing}]" == error.hint


@pytest.mark.parametrize("accesses", ["5", "'x'", "['x', 5]", "[{'Type': 5, 'URI': 6}]", "{'Type': 'BASIC_AUTH'}"])
def test_access_configurations_that_are_none_are_told_as_such(make: Make, accesses: str) -> None:
    data = f"""from remit import Shared, resource
class Data(Shared):
    mapping = resource("AWS::Lambda::EventSourceMapping", function_name="${{HelloFunction}}",
        event_source_arn="{CLUSTER}", source_access_configurations={accesses})
"""
    error = make(app="@app.function\ndef hello(event, context): ...\n", **{"shared/resources/data.py": data}).error()
    assert any("SourceAccessConfigurations" in mistake.message for mistake in error.all)


def test_the_stream_of_another_account_is_read_with_the_functions_role_as_well(make: Make) -> None:
    assert "reads arn:aws:kinesis:eu-west-1:111122223333:stream/clicks" in project(make, "", STREAM).error().message
    project(make, f"on.kinesis({STREAM})", STREAM).built()


@pytest.mark.parametrize(("options", "mistakes"), [("name='a b'", 1), ("timeout=0", 1), ("policy=[missing_]", 1)])
def test_what_may_have_failed_is_not_missed(make: Make, options: str, mistakes: int) -> None:
    assert mistakes == len(project(make, options).error().all)


@pytest.mark.parametrize("setting", ["policy", "polcy", "default_managed_policy", "permissions_boundary"])
def test_access_that_a_setting_may_have_given_is_not_missed(make: Make, setting: str) -> None:
    made = project(make)
    (made.folder / "config").mkdir(exist_ok=True)
    config = f"from remit import config\nconfig.lambda_.iam.{setting} = [missing_]\n"
    (made.folder / "config" / "deploy.py").write_text(config)
    assert {"config/deploy.py"} == {at(error).partition(":")[0] for error in made.error().all}


def test_missing_access_is_reported_beside_the_mistakes_of_others(make: Make) -> None:
    made = project(make)
    app = made.folder / "app.py"
    app.write_text(app.read_text() + "@app.function(timeout=0)\ndef other(event, context): ...\n")
    assert ["app.py:12:23", "shared/resources/data.py:4:15"] == [at(error) for error in made.error().all]
