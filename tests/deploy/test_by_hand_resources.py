"""What people change by hand on a stack's resources is seen, named and put back, on a real local AWS."""

from __future__ import annotations

import json
from collections import Counter
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hands_on_resources import HANDS, NAME, RESOURCES, TEMPLATE, allow, arn, policy, prepare
from random_cases import ASKS_ALL, cases, cases_of
from remit.deploy.changeset import PlanRequest, plan
from remit.deploy.execute import execute
from remit.deploy.live_resources.reading import ROWS, calls_for, due
from remit.deploy.live_resources.resource_row import LiveResource, LiveStack, Subject
from remit.deploy.live_resources.senders import _authorizers
from remit.deploy.live_resources.stores import _block
from remit.deploy.manual_changes import changed_by_hand, revert
from remit.deploy.stack import DeployedStack, deployed_template
from remit.deploy.status import DeployedResource, StackStatus, status
from remit.errors import RemitError
from remit.local import aws
from remit.local.control.clients import account_of
from remit.local.control.plain_client import plain_account_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hands_on_resources import Hand
    from remit.deploy.session import Account


@pytest.fixture
def account(project: Path) -> Iterator[Account]:
    """The AWS of this machine with all its repairs, empty: the emulator alone leaves out much of a template."""
    running = aws.find(project)
    assert running is not None
    local = account_of(running)
    yield local
    for client in local._clients.values():
        client.close()


@pytest.fixture
def names(account: Account) -> dict[str, str]:
    """The names of the resources of a deployed stack, by logical id."""
    prepare(account)
    planned = plan(account, PlanRequest(NAME, TEMPLATE))
    assert planned is not None
    outcome = execute(account, planned, lambda _: None)
    assert outcome.ok, outcome.cause
    deployed = status(account, NAME)
    assert deployed is not None
    return deployed.physical_ids


def without_sdk(project: Path) -> Account:
    """The same account, as `remit status` reads it."""
    running = aws.find(project)
    assert running is not None
    return plain_account_of(running)


def deploy_version(account: Account, version: dict[str, dict[str, Any]]) -> None:
    """Deploy the stack with other properties of some resources."""
    template = json.loads(TEMPLATE)
    for logical_id, properties in version.items():
        template["Resources"][logical_id]["Properties"] |= properties
    planned = plan(account, PlanRequest(NAME, json.dumps(template)))
    if planned is not None:
        outcome = execute(account, planned, lambda _: None)
        assert outcome.ok, outcome.cause


def told(account: Account) -> list[tuple[str, str]]:
    """Each change by hand: the resource, and what is said of it."""
    changes = changed_by_hand(account, NAME)
    assert (None, ()) == (changes.unread, changes.not_compared)
    return [(change.resource, change.sentence) for change in changes.drift]


def test_after_a_deploy_nothing_was_changed_by_hand(account: Account, names: dict[str, str]) -> None:
    assert len(names) == 24
    assert [] == told(account)


def test_a_stack_is_described_the_same_without_an_sdk(account: Account, project: Path, names: dict[str, str]) -> None:
    described, plain = status(account, NAME), status(without_sdk(project), NAME)
    assert (plain, names) == (described, plain.physical_ids if plain else None)
    assert deployed_template(without_sdk(project), plain and plain.stack) == json.loads(TEMPLATE)
    assert status(without_sdk(project), "none") is None


def test_a_topic_that_declares_no_policy_gets_back_the_one_for_its_account_alone(
    account: Account, names: dict[str, str]
) -> None:
    next(hand for hand in HANDS if hand.name == "a topic's policy for anybody").do(account, names)
    revert(account, changed_by_hand(account, NAME), NAME, lambda _: None)
    attributes = account.client("sns").get_topic_attributes(TopicArn=names["Topic"])["Attributes"]
    (statement,) = json.loads(attributes["Policy"])["Statement"]
    assert statement["Condition"] == {"StringEquals": {"AWS:SourceOwner": account.account}}


LASTING = tuple(hand for hand in HANDS if hand.lasts)
UNDONE = tuple(hand for hand in HANDS if not hand.lasts)
STACKS = len(UNDONE) if ASKS_ALL else 2
"""On so many stacks are the changes made that can be undone: on few many at once, else one on each."""


@pytest.mark.parametrize("hands", [UNDONE[start::STACKS] for start in range(STACKS)])
def test_changes_by_hand_are_seen_and_named_and_put_back(
    account: Account, project: Path, names: dict[str, str], hands: tuple[Hand, ...]
) -> None:
    for hand in hands:
        hand.do(account, names)
    seen = told(account)
    assert told(without_sdk(project)) == seen
    assert {hand.name: [hand.resource] for hand in hands} == {
        hand.name: [resource for resource, sentence in seen if hand.told in sentence] for hand in hands
    }, seen
    made: list[str] = []
    revert(account, changed_by_hand(account, NAME), NAME, lambda repair: made.append(repair.operation))
    assert [] == told(account)
    assert set(made) <= {write for hand in hands for write in ROWS[RESOURCES[hand.resource][0]].writes}


@pytest.mark.parametrize("hand", cases_of(LASTING, 1), ids=lambda hand: hand.name)
def test_what_is_gone_for_good_is_seen_and_named(
    account: Account, project: Path, names: dict[str, str], hand: Hand
) -> None:
    hand.do(account, names)
    seen = told(account)
    assert told(without_sdk(project)) == seen
    assert [hand.resource] == [resource for resource, sentence in seen if hand.told in sentence], seen
    with pytest.raises(RemitError, match="remit cannot undo this"):
        revert(account, changed_by_hand(account, NAME), NAME, lambda _: None)


FUNCTION_ARN = "arn:aws:lambda:eu-central-1:000000000000:function:orders"


def test_a_grant_that_a_service_makes_for_a_role_here_is_not_by_hand(account: Account, names: dict[str, str]) -> None:
    session = f"arn:aws:sts::{account.account}:assumed-role/{names['ReportRole']}/{NAME}-report"
    for grantee in (session, "dynamodb.eu-central-1.amazonaws.com"):
        account.client("kms").create_grant(KeyId=names["Key"], GranteePrincipal=grantee, Operations=["Decrypt"])
    assert [] == told(account)


def test_a_policy_of_which_only_its_deploy_knew_a_part_is_named_as_not_compared(account: Account) -> None:
    prepare(account)
    deploy_version(account, {"QueuePolicy": {"PolicyDocument": policy(allow("sqs:SendMessage", UNKNOWN_ARN))}})
    assert ("not compared: the policy of Queue, of which the template has a part that its deploy alone knew",) == (
        changed_by_hand(account, NAME).not_compared
    )


UNKNOWN_ARN = {"Fn::Join": ["", [{"Fn::GetAtt": ["Queue", "Arn"]}, {"Fn::Select": [0, {"Fn::GetAZs": ""}]}]]}
READS = {
    "AWS::ApiGatewayV2::Api": ("GetAuthorizers", "GetRoutes"),
    "AWS::DynamoDB::Table": ("GetResourcePolicy",),
    "AWS::Events::Rule": ("DescribeRule", "ListTargetsByRule"),
    "AWS::KMS::Key": ("GetKeyPolicy", "ListGrants"),
    "AWS::Lambda::Alias": ("GetAlias", "GetPolicy"),
    "AWS::Lambda::EventSourceMapping": ("ListEventSourceMappings",),
    "AWS::Lambda::Function": ("GetFunction", "GetPolicy"),
    "AWS::Logs::LogGroup": ("DescribeLogGroups", "DescribeSubscriptionFilters"),
    "AWS::S3::Bucket": ("GetBucketNotificationConfiguration", "GetBucketPolicy", "GetPublicAccessBlock"),
    "AWS::SNS::Topic": ("GetTopicAttributes", "ListSubscriptionsByTopic"),
    "AWS::SQS::Queue": ("GetQueueAttributes",),
    "AWS::Scheduler::Schedule": ("GetSchedule",),
    "AWS::SecretsManager::Secret": ("GetResourcePolicy",),
}
AT_ONCE = {"DescribeLogGroups", "ListEventSourceMappings"}
"""The reads of all resources of a type at once."""


def test_each_type_takes_as_many_reads_as_it_must(account: Account) -> None:
    assert {
        type_name: tuple(sorted(read.operation.rpartition(".")[2] for read in row.reads))
        for type_name, row in ROWS.items()
    } == READS
    stack_id = "arn:aws:cloudformation:eu-central-1:000000000000:stack/orders-dev/1"
    many = DeployedStack(NAME, stack_id, "CREATE_COMPLETE", "", "", (), (), protected=False, drift="")
    resources = tuple(
        DeployedResource(
            f"{type_name.replace(':', '')}{number}",
            type_name,
            f"{FUNCTION_ARN}-{number}:live" if type_name == "AWS::Lambda::Alias" else f"{NAME}-{number}",
            "CREATE_COMPLETE",
        )
        for type_name in ROWS
        for number in range(3)
    )
    calls = calls_for(account, StackStatus(many, resources), ())[1]
    made = Counter(operation.rpartition(".")[2] for operation, _ in calls)
    once = dict.fromkeys(AT_ONCE, 1)
    each = Counter(name for names in READS.values() for name in names if name not in AT_ONCE)
    assert made == once | {name: 3 * count for name, count in each.items()}


def test_lambda_is_asked_no_faster_than_it_answers() -> None:
    moments = [due(number) for number in range(200)]
    assert moments == sorted(moments)
    for start in moments:
        assert sum(start <= moment < start + 1 for moment in moments) <= 15


VARIATIONS: dict[str, tuple[dict[str, Any], ...]] = {
    "Report": (
        {"Timeout": 3, "MemorySize": 512},
        {"ReservedConcurrentExecutions": 0},
        {"Environment": {"Variables": {}}, "Tags": []},
        {"Environment": {"Variables": {"GROUP": {"Ref": "Group"}, "TABLE": {"Fn::GetAtt": ["Table", "Arn"]}}}},
    ),
    "Permission": ({"SourceArn": arn("Bucket")}, {"Principal": "*", "PrincipalOrgID": "o-1234567890"}),
    "Source": ({"Enabled": False}, {"BatchSize": 1}, {"BatchSize": 20, "MaximumBatchingWindowInSeconds": 5}),
    "Group": ({"RetentionInDays": 1},),
    "Queue": ({"VisibilityTimeout": "300", "MessageRetentionPeriod": 60}, {"KmsMasterKeyId": "alias/aws/sqs"}),
    "Jobs": ({"RedrivePolicy": {"deadLetterTargetArn": arn("Plain"), "maxReceiveCount": 3}},),
    "Bucket": (
        {"NotificationConfiguration": {}},
        {"NotificationConfiguration": {"EventBridgeConfiguration": {}}},
        {"PublicAccessBlockConfiguration": {"BlockPublicAcls": True, "IgnorePublicAcls": "true"}},
    ),
    "Table": ({"ResourcePolicy": {"PolicyDocument": policy(allow("dynamodb:GetItem", "*"))}},),
    "Topic": ({"Subscription": [{"Protocol": "sqs", "Endpoint": arn("Plain")}]},),
    "Schedule": ({"State": "DISABLED"}, {"ScheduleExpression": "cron(0 8 * * ? *)"}),
    "Rule": (
        {"State": "DISABLED"},
        {"EventPattern": '{"source": ["shop", "orders"]}'},
        {"EventPattern": {"source": ["a"]}, "Targets": [{"Id": "jobs", "Arn": arn("Jobs")}]},
    ),
    "Route": ({"AuthorizationType": "NONE", "AuthorizerId": {"Ref": "AWS::NoValue"}}, {"RouteKey": "$default"}),
}
"""Other properties of the resources, in the spellings that templates have."""


@given(st.fixed_dictionaries({}, optional={name: st.sampled_from(given) for name, given in VARIATIONS.items()}))
@settings(max_examples=cases(3, deep=50), suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_after_no_deploy_anything_was_changed_by_hand(
    account: Account, project: Path, version: dict[str, dict[str, Any]]
) -> None:
    aws.reset(project)
    prepare(account)
    deploy_version(account, version)
    assert [] == told(account)


BLOCKS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")


@given(
    st.none() | st.dictionaries(st.sampled_from(BLOCKS), st.sampled_from((True, False, "true", "false"))),
    st.dictionaries(st.sampled_from(BLOCKS), st.booleans()),
)
def test_a_block_of_public_access_is_weakened_where_less_is_on_than_was_declared(
    declared: dict[str, Any] | None, actual: dict[str, bool]
) -> None:
    properties = {} if declared is None else {"PublicAccessBlockConfiguration": declared}
    stack = LiveStack(account="111122223333", names={}, physical={}, resources=(), policies={}, is_local=False)
    bucket = LiveResource(
        ROWS["AWS::S3::Bucket"], "Data", Subject("data", "arn:aws:s3:::data", ()), properties, {}, stack
    )
    off = []
    for name in BLOCKS:
        expected = True if declared is None else declared.get(name) in (True, "true")
        if expected and not actual.get(name):
            off.append(name)
    found = tuple(_block(bucket, {"PublicAccessBlockConfiguration": actual}))
    words = f"the public access block of bucket data (Data) was weakened by hand: {', '.join(off)} is off"
    assert ([words] if off else []) == [drift.what for drift in found]


@pytest.mark.parametrize(
    ("held", "kinds"),
    [
        ([{"audience": ["shop"], "issuer": "https://a.example"}], []),
        ([{"Audience": ["shop"], "Issuer": "https://a.example"}], []),
        ([{"Audience": ["shop"], "Issuer": "https://b.example"}], ["access"]),
        ([], ["runs"]),
    ],
)
def test_an_authorizer_is_compared_by_what_it_checks_and_not_by_how_its_keys_begin(
    held: list[dict[str, Any]], kinds: list[str]
) -> None:
    checks = {"Audience": ["shop"], "Issuer": "https://a.example"}
    authorizer: Any = SimpleNamespace(
        type="AWS::ApiGatewayV2::Authorizer", logical_id="Door", properties={"ApiId": "api", "JwtConfiguration": checks}
    )
    stack = LiveStack("111122223333", {}, {"Door": "door"}, (authorizer,), {}, is_local=False)
    api = LiveResource(ROWS["AWS::ApiGatewayV2::Api"], "Api", Subject("api", "arn", ()), {}, {}, stack)
    items = [{"AuthorizerId": "door", "JwtConfiguration": one} for one in held]
    assert kinds == [drift.kind for drift in _authorizers(api, {"Items": items})]
