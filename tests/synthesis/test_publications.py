"""Versions and aliases: what publishes them, what names them, and what else these functions take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cfn_lint
from projects import at
from random_cases import cases
from remit.app import Function, Publication
from remit.roles.assign import assign
from remit.synthesis.publications import publication_resources

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Make
    from projects import Project

SHARED = {
    "shared/resources/data.py": """
from remit import Shared, resource
class Data(Shared):
    queue = resource("AWS::SQS::Queue", visibility_timeout=180)
    failed = resource("AWS::SQS::Queue")
    news = resource("AWS::SNS::Topic")
    bucket = resource("AWS::S3::Bucket")
"""
}
TRIGGERS = (
    "on.sqs(Data.queue)", 'on.schedule("rate(1 day)")', 'on.http(auth="NONE")', 'on.api("GET /x", auth="AWS_IAM")',
    "on.s3(Data.bucket)", "on.sns(Data.news)", 'on.event(source="shop")',
)  # fmt: skip
LIVE = {"Ref": "HelloAlias"}


def project(make: Make, settings: str, triggers: str = "", body: str = "...") -> Project:
    app = f"from remit import on\nfrom shared.resources.data import Data\n@app.function({triggers}{settings})\n"
    return make(app=f"{app}def hello(event, context): {body}\n", **SHARED)


def version_of(made: Project) -> tuple[str, dict[str, Any]]:
    (version,) = [
        (name, resource)
        for name, resource in made.template()["Resources"].items()
        if resource["Type"] == "AWS::Lambda::Version"
    ]
    return version


def test_an_alias_points_at_a_version_that_stays_when_the_next_one_comes(make: Make) -> None:
    made = project(make, 'alias="live", provisioned_concurrency=2')
    name, version = version_of(made)
    assert {
        "Type": "AWS::Lambda::Version",
        "DeletionPolicy": "Retain",
        "UpdateReplacePolicy": "Retain",
        "Properties": {"FunctionName": {"Ref": "HelloFunction"}},
    } == version
    assert {
        "FunctionName": {"Ref": "HelloFunction"},
        "FunctionVersion": {"Fn::GetAtt": [name, "Version"]},
        "Name": "live",
        "ProvisionedConcurrencyConfig": {"ProvisionedConcurrentExecutions": 2},
    } == made.resources("AWS::Lambda::Alias")["HelloAlias"]


def test_a_change_of_code_or_settings_publishes_another_version_and_nothing_else_does(make: Make) -> None:
    names = [
        version_of(project(make, settings))[0]
        for settings in ('alias="live"', 'alias="live"', 'alias="live", timeout=31', 'alias="other"')
    ]
    assert (names[0], names[0], True) == (names[1], names[3], names[0] != names[2])


def test_every_trigger_calls_the_alias_and_nothing_the_function_itself(make: Make) -> None:
    made = project(make, ', alias="live"', ", ".join(TRIGGERS))
    resources = made.template()["Resources"]
    for name, resource in resources.items():
        if resource["Type"] in ("AWS::Lambda::Version", "AWS::Lambda::Alias"):
            continue
        text = f"{resource['Properties']}"
        if resource["Type"] == "AWS::Lambda::Url":
            assert ({"Fn::GetAtt": ["HelloFunction", "Arn"]}, "live") == (
                resource["Properties"]["TargetFunctionArn"],
                resource["Properties"]["Qualifier"],
            )
        else:
            assert ("'Ref': 'HelloFunction'" in text, "['HelloFunction', 'Arn']" in text) == (False, False), name
    permissions = made.resources("AWS::Lambda::Permission").values()
    assert all(permission["FunctionName"] == LIVE for permission in permissions)
    (mapping,) = made.resources("AWS::Lambda::EventSourceMapping").values()
    scheduler = made.resources("AWS::IAM::Role")["HelloSchedulerRole"]["Policies"][0]["PolicyDocument"]["Statement"]
    assert (LIVE, LIVE) == (mapping["FunctionName"], scheduler[0]["Resource"])


@pytest.mark.parametrize(
    ("settings", "name", "value"),
    [
        ('snap_start=True, runtime="python3.12"', "SnapStart", {"ApplyOn": "PublishedVersions"}),
        ("durable=3600", "DurableConfig", {"ExecutionTimeout": 3600}),
        (
            'durable={"ExecutionTimeout": 60, "RetentionPeriodInDays": 7}',
            "DurableConfig",
            {"ExecutionTimeout": 60, "RetentionPeriodInDays": 7},
        ),
        ("provisioned_concurrency=1", "MemorySize", 256),
    ],
)
def test_what_acts_on_versions_publishes_them_under_the_alias_live(
    make: Make, settings: str, name: str, value: object
) -> None:
    made = project(make, settings)
    alias = made.resources("AWS::Lambda::Alias")["HelloAlias"]["Name"]
    assert ("live", value) == (alias, made.resources("AWS::Lambda::Function")["HelloFunction"][name])


def test_a_durable_function_keeps_the_state_of_its_own_executions_alone(make: Make) -> None:
    (statement,) = project(make, "durable=3600").statements()[1:]
    assert {
        "Effect": "Allow",
        "Action": ["lambda:CheckpointDurableExecution", "lambda:GetDurableExecutionState"],
        "Resource": "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:${AWS::StackName}-hello:*",
    } == statement


@pytest.mark.parametrize("alias", [None, "live"])
def test_destinations_of_asynchronous_calls_have_their_grants(make: Make, alias: str | None) -> None:
    topic = "arn:aws:sns:eu-west-1:111122223333:done"
    settings = f'alias={alias!r}, maximum_retry_attempts=0, on_failure=Data.failed, on_success="{topic}"'
    made = project(make, settings)
    assert {
        "FunctionName": {"Ref": "HelloFunction"},
        "Qualifier": alias or "$LATEST",
        "MaximumRetryAttempts": 0,
        "DestinationConfig": {
            "OnSuccess": {"Destination": topic},
            "OnFailure": {"Destination": {"Fn::GetAtt": ["DataFailed", "Arn"]}},
        },
    } == made.resources("AWS::Lambda::EventInvokeConfig")["HelloEventInvokeConfig"]
    assert [("sns:Publish", topic), ("sqs:SendMessage", "${DataFailed.Arn}")] == [
        (statement["Action"], statement["Resource"]) for statement in made.statements()[1:]
    ]
    (role,) = assign(made.load())
    words = "hello sends records of calls that {} to their destination"
    assert [words.format("succeeded"), words.format("failed")] == [grant.because for grant in role.grants[1:]]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ('alias="1"', "`alias` is '1'"),
        ('snap_start=True, runtime="python3.11"', "function `hello` has snap_start, which python3.11 does not have"),
        ("snap_start=True, provisioned_concurrency=1", "function `hello` has both snap_start and provisioned_conc"),
        (
            "provisioned_concurrency=5, reserved_concurrency=2",
            "function `hello` keeps 5 instances ready, and reserved_concurrency lets 2 run",
        ),
        ("snap_start=True, ephemeral_storage=1024", "function `hello` has snap_start, which takes no file system"),
        ('durable=60, runtime="python3.12"', "function `hello` is durable, which python3.12 cannot be"),
        ("durable=0", "`durable` is 0 seconds; it can be 1 to 31622400"),
        ('durable={"RetentionPeriodInDays": 7}', "`durable` has no ExecutionTimeout"),
        ('durable={"ExecutionTimeout": 9, "Retention": 7}', "`durable` has no key 'Retention'"),
        ("on_failure=Data.bucket", "function `hello` has the destination '${DataBucket.Arn}', which Lambda sends"),
        (
            'properties={"DeadLetterConfig": {"TargetArn": Data.bucket.arn}}',
            "function `hello` has the dead-letter target '${DataBucket.Arn}', which Lambda sends nothing to",
        ),
        (
            'properties={"DeadLetterConfig": {"TargetArn": "arn:aws:lambda:eu-west-1:111122223333:function:failed"}}',
            "function `hello` has the dead-letter target 'arn:aws:lambda:eu-west-1:111122223333:function:failed'",
        ),
        ('on_failure="failed"', "`on_failure` must be an ARN, or a shared resource"),
        ('properties={"DurableConfig": {"ExecutionTimeout": 9}}', "`properties` sets DurableConfig, which by itself"),
        ('properties={"SnapStart": {"ApplyOn": "PublishedVersions"}}', "`properties` sets SnapStart, which by itself"),
    ],
)
def test_what_lambda_refuses_is_told_at_the_function(make: Make, settings: str, message: str) -> None:
    error = project(make, settings).error()
    assert (True, "app.py:11") == (error.message.startswith(message), at(error).rpartition(":")[0]), error.message


def test_as_many_instances_may_be_kept_ready_as_may_run(make: Make) -> None:
    assert project(make, "provisioned_concurrency=2, reserved_concurrency=2").built()


def test_cfn_lint_and_remit_lint_have_nothing_to_say(make: Make, tmp_path: Path) -> None:
    made = project(make, ", durable=3600, on_failure=Data.failed", ", ".join(TRIGGERS))
    template = tmp_path / "template.json"
    template.write_text(made.built().body)
    assert [] == cfn_lint.findings(template)
    assert 0 == made.remit("lint").status


SETTINGS: Final = st.fixed_dictionaries(
    {},
    optional={
        "MaximumRetryAttempts": st.integers(0, 2),
        "DestinationConfig": st.just({"OnFailure": {"Destination": "arn:aws:sqs:eu-west-1:111122223333:lost"}}),
    },
)


@settings(max_examples=cases(20, deep=300))
@given(st.none() | st.builds(Publication, st.sampled_from(["live", "blue"]), st.none() | st.integers(1, 9)), SETTINGS)
def test_what_names_an_alias_by_its_text_waits_for_it(publication: Publication | None, invoked: dict[str, Any]) -> None:
    function = Function("pay", "Pay", "app.pay", {}, publication=publication, event_invoke=invoked)
    made = {one.type.rpartition("::")[2]: one for one in publication_resources(function, {"Timeout": 3, "Code": "a"})}
    kinds = [*(["Version", "Alias"] if publication else []), *(["EventInvokeConfig"] if invoked else [])]
    assert [*made] == kinds
    for resource in made.values():
        assert resource.properties["FunctionName"] == "${PayFunction}"
    if publication:
        alias = dict(made["Alias"].properties)
        assert (alias["Name"], alias["FunctionVersion"]) == (
            publication.alias,
            f"${{{made['Version'].logical_id}.Version}}",
        )
        kept = alias.get("ProvisionedConcurrencyConfig", {}).get("ProvisionedConcurrentExecutions")
        assert kept == publication.provisioned_concurrency
        same = next(iter(publication_resources(function, {"Code": "a", "Timeout": 3})))
        assert same.logical_id == made["Version"].logical_id
        other = next(iter(publication_resources(function, {"Timeout": 4, "Code": "a"})))
        assert other.logical_id != made["Version"].logical_id
    if invoked:
        config = made["EventInvokeConfig"]
        waits, qualifier = (["PayAlias"], publication.alias) if publication else (None, "$LATEST")
        assert config.attributes.get("DependsOn") == waits
        assert {**config.properties} == {"FunctionName": "${PayFunction}", "Qualifier": qualifier, **invoked}
