"""What a resource lets others than roles do: what of it counts in a comparison, and whether its policy is there."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from itertools import product
from typing import Any

import pytest

from remit.app import Grant, Reason, Resource
from remit.documents.read import read
from remit.errors import Origin
from remit.iam.policy import OLD_VERSION, Principals, allow
from remit.review.access_change import AccessSetting, Given
from remit.review.joint_access import is_joined
from remit.review.resource_access import giving, giving_of_app, giving_of_file, policies_beside
from remit.template.role_files import read_source


def grant(action: str, line: int = 1) -> Grant:
    return Grant(allow(action, on="*"), Reason("text", ""), Origin("template.yaml", line))


URL = AccessSetting("AuthType", "door", "any", ("NONE",))
ROUTE = AccessSetting("RouteKey", "door", "any", ("GET /",))
GIVEN = Given(
    "AWS::SQS::Queue",
    documents=((grant("sqs:SendMessage"), grant("sqs:ReceiveMessage")),),
    on=("${Queue}",),
    arns=("arn:aws:sqs:eu-west-1:111122223333:q",),
    settings=(URL, ROUTE),
    unread=frozenset({"${Late}"}),
)
CHANGED: dict[str, tuple[Any, bool]] = {
    "type": ("AWS::SNS::Topic", False),
    "documents": (((grant("sqs:SendMessage"),),), True),
    "on": (("${Other}",), True),
    "arns": ((), False),
    "is_conditional": (True, False),
    "settings": ((URL,), True),
    "made_settings": ((URL,), False),
    "unread": (frozenset({"${Later}"}), True),
    "doubts": (frozenset({"it may be another one"}), False),
    "is_ceiling": (True, False),
    "is_gateway": (True, True),
}
"""Another value of each field, and whether it says something else of others."""


def test_of_every_field_it_is_known_whether_it_counts() -> None:
    assert {field.name for field in fields(Given)} == CHANGED.keys()


@pytest.mark.parametrize("field", CHANGED)
def test_two_versions_mean_the_same_unless_what_they_say_of_others_differs(field: str) -> None:
    value, differs = CHANGED[field]
    assert (replace(GIVEN, **{field: value}).meaning != GIVEN.meaning) == differs


def test_a_policy_of_the_older_language_says_something_else_than_the_same_text_of_today() -> None:
    older = replace(GIVEN, documents=(tuple(replace(each, version=OLD_VERSION) for each in GIVEN.documents[0]),))
    assert [policy.version for policy in older.policies] == [OLD_VERSION]
    assert older.meaning != GIVEN.meaning


def test_lines_and_order_mean_nothing() -> None:
    turned = ((grant("sqs:ReceiveMessage", 7), grant("sqs:SendMessage", 3)),)
    assert replace(GIVEN, documents=turned, settings=(ROUTE, URL)).meaning == GIVEN.meaning


def test_settings_that_sam_makes_are_compared_with_a_version_that_writes_them_out_alone() -> None:
    of_sam = replace(GIVEN, made_settings=(URL,))
    assert of_sam.beside(GIVEN).settings == (URL,)
    assert of_sam.beside(of_sam) == of_sam.beside(None) == of_sam
    assert GIVEN.beside(of_sam) == GIVEN


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, True),
        ({"arns": ("arn:aws:sqs:eu-west-1:111122223333:q", "arn:aws:sqs:eu-west-1:111122223333:r")}, True),
        ({"arns": ("arn:aws:sqs:eu-west-1:111122223333:q", "")}, False),
        ({"documents": ()}, False),
        ({"is_ceiling": True}, False),
        ({"is_conditional": True}, False),
    ],
)
def test_a_policy_is_asked_about_together_with_those_of_roles_where_each_resource_that_it_is_of_is_known(
    changed: dict[str, Any], *, expected: bool
) -> None:
    sent = replace(allow("sqs:SendMessage", on="*"), principals=Principals((("AWS", "*"),)))
    given = replace(GIVEN, documents=((Grant(sent, Reason("text", "")),),))
    assert expected == is_joined(replace(given, **changed))


@pytest.mark.parametrize("kind", ["network", "unknown"])
def test_who_can_reach_it_lets_nobody_in(kind: str) -> None:
    reached = Given("AWS::Lambda::Function", settings=(AccessSetting("VpcConfig", kind, "", ("subnet",)),))
    assert (reached.meaning, reached.is_nothing) == ("", True)


@pytest.mark.parametrize(("kind", "opens"), [("role", ""), ("door", "limit")])
def test_a_role_that_is_handed_over_and_a_limit_let_in_nobody_by_themselves(kind: str, opens: str) -> None:
    limited = Given("AWS::SQS::Queue", settings=(AccessSetting("P", kind, opens, ("x",)),))
    assert (limited.meaning, limited.is_nothing) == ("", False)


def test_a_policy_that_only_the_deploy_knows_may_let_somebody_in() -> None:
    late = Given("AWS::SQS::Queue", unread=frozenset({"${Late}"}))
    assert late.meaning
    assert not late.is_nothing


@pytest.mark.parametrize(("is_at_resource", "is_at_statement"), [*product([False, True], repeat=2)])
def test_a_policy_depends_on_a_condition_of_its_resource_or_of_a_statement(
    is_at_resource: bool,
    is_at_statement: bool,
) -> None:
    statement: Any = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"}
    further = {**statement, "Action": "sqs:ReceiveMessage"}
    if is_at_statement:
        statement = {"Fn::If": ["Open", statement, {"Ref": "AWS::NoValue"}]}
    policy = {"Queues": [{"Ref": "Queue"}], "PolicyDocument": {"Statement": [statement, further]}}
    resources: dict[str, Any] = {
        "Queue": {"Type": "AWS::SQS::Queue"},
        "Policy": {"Type": "AWS::SQS::QueuePolicy", "Properties": policy},
    }
    if is_at_resource:
        resources["Policy"]["Condition"] = "Open"
    template = {
        "Parameters": {"Stage": {"Type": "String"}},
        "Conditions": {"Open": {"Fn::Equals": [{"Ref": "Stage"}, "dev"]}},
        "Resources": resources,
    }
    source = read_source(read(json.dumps(template).encode(), "template.json"))
    (beside,) = policies_beside(source.resources)
    assert bool(beside.note) == (is_at_resource or is_at_statement)


@pytest.mark.parametrize(
    ("kind", "policy", "target"),
    [
        ("AWS::S3::BucketPolicy", "PolicyDocument", "Bucket"),
        ("AWS::SQS::QueuePolicy", "PolicyDocument", "Queues"),
        ("AWS::SNS::TopicPolicy", "PolicyDocument", "Topics"),
        ("AWS::SecretsManager::ResourcePolicy", "ResourcePolicy", "SecretId"),
        ("AWS::ECR::Repository", "RepositoryPolicyText", "RepositoryName"),
        ("AWS::EFS::FileSystem", "FileSystemPolicy", "FileSystemId"),
        ("aws_s3_bucket_policy", "policy", "bucket"),
        ("aws_sqs_queue_policy", "policy", "queue_url"),
        ("aws_sns_topic_policy", "policy", "arn"),
        ("aws_secretsmanager_secret_policy", "policy", "secret_arn"),
        ("aws_ecr_repository_policy", "policy", "repository"),
        ("aws_efs_file_system_policy", "policy", "file_system_id"),
        ("aws_kms_key_policy", "policy", "key_id"),
    ],
)
def test_a_policy_is_of_what_its_resource_names(kind: str, policy: str, target: str) -> None:
    document = {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]}
    resources = [Resource("One", kind, {policy: document, target: "a"}), Resource("Own", kind, {policy: document})]
    if target in {"Queues", "Topics"}:
        resources.append(Resource("Two", kind, {policy: document, target: ["a", {"Ref": "B"}]}))
    on = {"One": ("a",), "Own": ("Own",), "Two": ("a", "${B}")}
    given = giving(resources)
    assert {name: one.on for name, one in given.items()} == {name: on[name] for name in given}
    assert len(given) == len(resources)


ARN_OF_QUEUE = "arn:aws:sqs:eu-west-1:111122223333:jobs"
SENDING = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"}
OF_QUEUE = {"Version": "2012-10-17", "Statement": [SENDING]}
AT = Origin("app.py", 3)


def told(resources: list[Resource]) -> dict[str, tuple[Any, ...]]:
    """Of each resource: what its policies are of, the ARN of that, their actions and lines, and what is unread."""
    told_by_name = {}
    for name, one in giving(resources).items():
        documents = [[(grant.statement.actions.patterns, grant.origin) for grant in grants] for grants in one.documents]
        told_by_name[name] = (one.on, one.arns, documents, sorted(one.unread), one.is_conditional)
    return told_by_name


def test_what_each_resource_gives_others_is_told_with_the_resource_that_it_is_of() -> None:
    sends = [[(("sqs:SendMessage",), AT)]]
    bus = {"Action": "events:PutEvents", "Principal": "*", "StatementId": "a"}
    text = '{"Statement": [}'
    resources = [
        Resource("Jobs", "AWS::SQS::Queue", {"QueueName": "jobs"}, origin=AT),
        Resource(
            "OfJobs", "AWS::SQS::QueuePolicy", {"Queues": [{"Ref": "Jobs"}], "PolicyDocument": OF_QUEUE}, origin=AT
        ),
        Resource("ByArn", "AWS::SQS::QueuePolicy", {"Queues": [ARN_OF_QUEUE], "PolicyDocument": OF_QUEUE}, origin=AT),
        Resource("Bucket", "AWS::S3::BucketPolicy", {"Bucket": "data", "PolicyDocument": OF_QUEUE}, origin=AT),
        Resource("Vault", "AWS::Backup::BackupVault", {"BackupVaultName": "v", "AccessPolicy": OF_QUEUE}, origin=AT),
        Resource("Ann", "AWS::IAM::User", {"Policies": [{"PolicyName": "a", "PolicyDocument": OF_QUEUE}]}, origin=AT),
        Resource("Bus", "AWS::Events::EventBusPolicy", bus, origin=AT),
        Resource(
            "BusToo", "AWS::Events::EventBusPolicy", {"Action": "events:PutEvents", "StatementId": "b"}, origin=AT
        ),
        Resource("Late", "AWS::SQS::QueuePolicy", {"Queues": ["q"], "PolicyDocument": {"Ref": "Document"}}, origin=AT),
        Resource("Broken", "AWS::SQS::QueuePolicy", {"Queues": ["q"], "PolicyDocument": text}, origin=AT),
        Resource("Tagged", "AWS::SNS::Topic", {"Tags": [{"Key": "a", "Value": text}]}, origin=AT),
        Resource("Maybe", "AWS::SNS::Topic", {}, {"Condition": "C"}, AT),
    ]
    not_json = (
        "the policy in this text is not JSON: a JSON value was expected here, not '}' (line 1, column 16 of the text)"
    )
    assert told(resources) == {
        "Jobs": (("Jobs",), ("${Jobs.Arn}",), [], [], False),
        "OfJobs": (("${Jobs}",), ("${Jobs.Arn}",), sends, [], False),
        "ByArn": ((ARN_OF_QUEUE,), (ARN_OF_QUEUE,), sends, [], False),
        "Bucket": (("data",), ("arn:${AWS::Partition}:s3:::data",), sends, [], False),
        "Vault": (("Vault",), ("${Vault.BackupVaultArn}",), sends, [], False),
        "Ann": ((), (), [], [], False),
        "Bus": (("Bus",), ("",), [], ['a permission = {"Action": "events:PutEvents", "Principal": "*"}'], False),
        "BusToo": (("BusToo",), ("",), [], [], False),
        "Late": (("q",), ("",), [], ["PolicyDocument ${Document}"], False),
        "Broken": (("q",), ("",), [], [f"a policy that cannot be read: {not_json}: PolicyDocument = {text}"], False),
        "Tagged": (("Tagged",), ("${Tagged}",), [], [], False),
        "Maybe": (("Maybe",), ("${Maybe}",), [], [], True),
    }


def test_a_key_that_is_given_no_policy_is_left_to_its_account() -> None:
    late = Resource("Late", "AWS::KMS::Key", {"KeyPolicy": {"Ref": "Document"}})
    bare = Resource("Bare", "AWS::KMS::Key", {})
    (beside,) = policies_beside([late, bare])
    root = "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"
    statement = replace(allow("kms:*"), principals=Principals((("AWS", root),)))
    assert (beside.name, [grant.statement for grant in beside.grants]) == ("${Bare.Arn}", [statement])


def test_an_app_tells_of_permissions_those_that_name_accounts_alone() -> None:
    whom = {"Account": "444455556666", "Everyone": "*", "Service": "s3.amazonaws.com"}
    permissions = [
        Resource(name, "AWS::Lambda::Permission", {"FunctionName": "f", "Action": "lambda:Invoke", "Principal": who})
        for name, who in whom.items()
    ]
    url = Resource("Url", "AWS::Lambda::Url", {"TargetFunctionArn": "f", "AuthType": "NONE"})
    queue = Resource("Jobs", "AWS::SQS::Queue", {})
    assert list(giving_of_app([*permissions, url, queue])) == ["Account", "Jobs"]


def test_the_routes_of_sams_apis_are_told_as_they_are_written() -> None:
    body = {"openapi": "3.0.1", "paths": {"/a": {"get": {}}}}
    events = {"On": {"Type": "HttpApi", "Properties": {"Path": "/x", "Method": "post", "ApiId": {"Ref": "Http"}}}}
    code = {"Runtime": "python3.12", "Handler": "a.b", "InlineCode": "x", "Events": events}
    template = {
        "Transform": "AWS::Serverless-2016-10-31",
        "Resources": {
            "Http": {"Type": "AWS::Serverless::HttpApi", "Properties": {"DefinitionBody": body}},
            "Plain": {"Type": "AWS::Serverless::HttpApi", "Properties": {}},
            "F": {"Type": "AWS::Serverless::Function", "Properties": code},
        },
    }
    source = read_source(read(json.dumps(template).encode(), "template.json"))
    given = giving_of_file(source)
    told_settings = {
        name: [(setting.path, setting.values) for setting in given[name].settings] for name in ("Http", "Plain", "F")
    }
    assert told_settings == {
        "Http": [("Auth.DefaultAuthorizer", ("NONE",)), ("DefinitionBody GET /a", ("NONE",))],
        "Plain": [],
        "F": [("Events.On.Properties.Auth.Authorizer", ("NONE",))],
    }
    made = {name: [(setting.path, setting.values) for setting in one.made_settings] for name, one in given.items()}
    assert {name: settings for name, settings in made.items() if settings} == {"Http": [("Body GET /a", ("NONE",))]}
