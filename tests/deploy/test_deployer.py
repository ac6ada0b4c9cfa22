"""The deployer's policy against real deploys of the example: all that they need, and nothing else."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from botocore.awsrequest import AWSResponse

from remit.catalogue.actions import action as known_action
from remit.catalogue.handlers import handlers
from remit.catalogue.operations import operation
from remit.catalogue.quotas import quota
from remit.deploy.artefacts import upload
from remit.deploy.aws_calls import BOOTSTRAP, CALLS
from remit.deploy.bootstrap import bootstrap
from remit.deploy.bucket import artefact_bucket, bucket_name
from remit.deploy.changeset import PlanRequest, discard, plan
from remit.deploy.delete import delete
from remit.deploy.execute import continue_rollback, execute
from remit.deploy.manual_changes import changed_by_hand
from remit.deploy.releases import keep, next_number, release_of
from remit.deploy.session import Account, connect
from remit.deploy.status import status
from remit.deployer.deployer_policy import bound, deployer
from remit.deployer.planned_stack import stack_of
from remit.errors import RemitError
from remit.iam.decide.evaluate import Request, evaluate
from remit.iam.policy import Globs, Policy
from remit.loading.load import load
from remit.roles.assign import assign
from remit.synthesis.synth import document, synth
from stacks import key_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from remit.deploy.status import DeployedResource

EXAMPLE = Path(__file__).parents[2] / "examples" / "orders"
NUMBER, REGION, NAME = "222233334444", "eu-central-1", "orders-dev"
HERE = f"{REGION}:{NUMBER}"
NOT_NEEDED = {
    "AWS::DynamoDB::Table": {
        "dynamodb:AssociateTableReplica", "dynamodb:BatchWriteItem", "dynamodb:CreateTableReplica",
        "dynamodb:DeleteItem", "dynamodb:DeleteResourcePolicy", "dynamodb:DescribeImport",
        "dynamodb:DisableKinesisStreamingDestination", "dynamodb:EnableKinesisStreamingDestination",
        "dynamodb:GetItem", "dynamodb:ImportTable", "dynamodb:PutItem", "dynamodb:PutResourcePolicy",
        "dynamodb:Query", "dynamodb:Scan", "dynamodb:UpdateContinuousBackups", "dynamodb:UpdateContributorInsights",
        "dynamodb:UpdateItem", "dynamodb:UpdateKinesisStreamingDestination", "dynamodb:UpdateTimeToLive",
        "iam:CreateServiceLinkedRole", "kinesis:DescribeStream", "kinesis:PutRecords", "kms:CreateGrant",
        "kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:ListAliases", "kms:RevokeGrant", "logs:CreateLogStream",
        "logs:DescribeLogStreams", "logs:PutLogEvents", "s3:GetObject", "s3:ListBucket",
        "logs:CreateLogGroup", "logs:PutRetentionPolicy",
    },
    "AWS::IAM::Role": {
        "iam:AttachRolePolicy", "iam:DeleteRolePermissionsBoundary", "iam:DetachRolePolicy",
        "iam:PutRolePermissionsBoundary",
    },
    "AWS::Lambda::EventSourceMapping": {"kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"},
    "AWS::Lambda::Function": {
        "ec2:DescribeNetworkInterfaces", "ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcs",
        "elasticfilesystem:DescribeMountTargets", "kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:Encrypt",
        "kms:GenerateDataKey", "lambda:DeleteFunctionCodeSigningConfig", "lambda:DeleteFunctionConcurrency",
        "lambda:GetCodeSigningConfig", "lambda:GetFunctionScalingConfig", "lambda:GetLayerVersion",
        "lambda:PassCapacityProvider", "lambda:PublishVersion", "lambda:PutFunctionCodeSigningConfig",
        "lambda:PutFunctionConcurrency", "lambda:PutFunctionRecursionConfig", "lambda:PutFunctionScalingConfig",
        "lambda:PutRuntimeManagementConfig", "s3files:ListMountTargets",
    },
    "AWS::Logs::LogGroup": {
        "firehose:TagDeliveryStream", "logs:AssociateKmsKey", "logs:CreateLogDelivery",
        "logs:DeleteDataProtectionPolicy", "logs:DeleteIndexPolicy", "logs:DeleteResourcePolicy",
        "logs:DescribeIndexPolicies", "logs:DescribeResourcePolicies", "logs:DisassociateKmsKey",
        "logs:GetDataProtectionPolicy", "logs:PutBearerTokenAuthentication", "logs:PutDataProtectionPolicy",
        "logs:PutIndexPolicy", "logs:PutLogGroupDeletionProtection", "logs:PutResourcePolicy",
    },
}  # fmt: skip
"""What the example's types may call besides, for properties that it does not use."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A deploy that was: the operations with their parameters, what was made, and the policy of its deployer."""

    calls: tuple[tuple[str, dict[str, Any]], ...]
    bootstrap: tuple[tuple[str, dict[str, Any]], ...]
    """The calls that made the bucket, and put it right, before."""
    resources: tuple[DeployedResource, ...]
    template: dict[str, Any]
    policy: Policy


@pytest.fixture(scope="module")
def seen(endpoint: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    """The example, deployed for the first time, changed in every way that calls something else, and deleted."""
    environment = pytest.MonkeyPatch()
    environment.setenv("AWS_ENDPOINT_URL", endpoint)  # so that it does not count as the AWS on this machine
    credentials = {"aws_access_key_id": NUMBER, "aws_secret_access_key": "local"}
    account = connect(region=REGION, credentials=credentials)
    calls = record(account)
    app = load(EXAMPLE, "dev")
    path = tmp_path_factory.mktemp("zips") / "orders.zip"
    path.write_bytes(b"PK" + bytes(1000))
    template = document(synth(app, assign(app), {function.name: key_of(path) for function in app.functions}))
    bucket = bootstrap(account).bucket
    loosen(account)
    bootstrap(account)
    preparing = tuple(calls)
    calls.clear()
    upload(account, bucket, path, key_of(path))
    thrown_away = plan(account, PlanRequest(NAME, json.dumps(template | {"Description": "thrown away"})))
    assert thrown_away is not None
    discard(account, thrown_away)
    carry_out(account, template)
    found = status(account, NAME)
    assert found is not None
    assert not changed_by_hand(account, NAME).found
    keep(account, artefact_bucket(account), replace(release_of(found.stack, template), number=1))
    assert next_number(account, artefact_bucket(account), release_of(found.stack, template)) is None
    much = "x" * quota("cloudformation.template.body").most
    carry_out(account, changed(template, 240) | {"Metadata": {"much": much}})
    planned = plan(account, PlanRequest(NAME, json.dumps(changed(template, 360))))
    assert planned is not None
    discard(account, planned)
    fail(account, template)
    with pytest.raises(RemitError):  # nothing is to be continued; that it is asked is what counts here
        continue_rollback(account, found.stack, lambda _: None)
    ended = delete(account, NAME, lambda _: None)
    assert ended is not None
    assert ended.ok
    stack = stack_of(NAME, [template])
    policy = bound(deployer(stack, CALLS), region=REGION, account=NUMBER).policy
    yield Seen(tuple(calls), preparing, found.resources, template, policy)
    for client in account._clients.values():
        client.close()
    environment.undo()


def record(account: Account) -> list[tuple[str, dict[str, Any]]]:
    calls: list[tuple[str, dict[str, Any]]] = []

    def note(params: dict[str, Any], event_name: str, **_: Any) -> None:
        calls.append((_operation(event_name), dict(params)))

    for service in ("cloudformation", "dynamodb", "events", "iam", "lambda", "logs", "s3", "scheduler", "sqs"):
        account.client(service).meta.events.register(f"provide-client-params.{service}", note)
    return calls


def _operation(event_name: str) -> str:
    """`service.Operation` of an event of boto3, which has names of its own for some services."""
    name = event_name.removeprefix("provide-client-params.")
    return name.replace("cloudwatch-logs.", "logs.").replace("eventbridge.", "events.")


def loosen(account: Account) -> None:
    """Make the bucket look as one does that needs to be put right: S3 encrypts no bucket of before 2023 by itself."""
    missing = {
        "GetPublicAccessBlock": "NoSuchPublicAccessBlockConfiguration",
        "GetBucketEncryption": "ServerSideEncryptionConfigurationNotFoundError",
        "GetBucketOwnershipControls": "OwnershipControlsNotFoundError",
    }

    def absent(request: Any, event_name: str, **_: Any) -> AWSResponse | None:
        code = missing.pop(event_name.rpartition(".")[2], None)
        if code is None:
            return None
        return AWSResponse(request.url, 404, {}, Raw(f"<Error><Code>{code}</Code></Error>".encode()))

    account.client("s3").meta.events.register_first("before-send.s3", absent)


class Raw(io.BytesIO):
    """A body as urllib3 gives it."""

    def stream(self, *_: Any, **__: Any) -> Iterator[bytes]:
        yield self.read()


def changed(template: dict[str, Any], seconds: int) -> dict[str, Any]:
    """The template with another timeout of its queue."""
    queue = template["Resources"]["DataQueue"]
    return template | {
        "Resources": template["Resources"] | {"DataQueue": queue | {"Properties": {"VisibilityTimeout": seconds}}}
    }


def carry_out(account: Account, template: dict[str, Any]) -> None:
    planned = plan(account, PlanRequest(NAME, json.dumps(template)))
    assert planned is not None
    outcome = execute(account, planned, lambda _: None)
    assert outcome.ok, outcome.cause


def fail(account: Account, template: dict[str, Any]) -> None:
    """Deploy what cannot be made: nothing is where the nested stack's template should be."""
    nested = {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "http://127.0.0.1/no/no"}}
    planned = plan(
        account, PlanRequest(NAME, json.dumps(template | {"Resources": template["Resources"] | {"Child": nested}}))
    )
    assert planned is not None
    assert not execute(account, planned, lambda _: None).ok


def requests_of_calls(calls: Iterable[tuple[str, dict[str, Any]]]) -> Iterator[Request]:
    """What recorded calls ask of IAM, on the things that they named."""
    for name, parameters in calls:
        client, _, called = name.partition(".")
        known = operation(client, called)
        assert known is not None
        for need in known.needed(parameters):
            yield Request(need.action, place_of(client, parameters), principal=caller())


def place_of(client: str, parameters: dict[str, Any]) -> str:
    """The ARN of what a call is about; * of one that lists."""
    if client == "s3":
        key = parameters.get("Key") or next(iter(parameters.get("Delete", {}).get("Objects", [{}]))).get("Key")
        return f"arn:aws:s3:::{parameters['Bucket']}" + (f"/{key}" if key else "")
    formats = {
        "RoleName": f"arn:aws:iam::{NUMBER}:role/{{}}",
        "FunctionName": f"arn:aws:lambda:{HERE}:function:{{}}",
        "ResourceArn": "{}",
        "QueueUrl": f"arn:aws:sqs:{HERE}:{{}}",
        "Rule": f"arn:aws:events:{HERE}:rule/{{}}",
        "logGroupName": f"arn:aws:logs:{HERE}:log-group:{{}}:*",
        "Name": f"arn:aws:{client}:{HERE}:{'rule' if client == 'events' else 'schedule/default'}/{{}}",
    }
    named = next((name for name in formats if name in parameters), None)
    if named is not None:
        text = parameters[named].rpartition("/")[2] if named == "QueueUrl" else parameters[named]
        return formats[named].format(text)
    stack = parameters.get("StackName")
    if stack is None:
        return "*"
    return str(stack) if stack.startswith("arn:") else f"arn:aws:cloudformation:{HERE}:stack/{stack}/1234"


def caller() -> str:
    return f"arn:aws:iam::{NUMBER}:user/ci"


def places(resource: DeployedResource, seen: Seen) -> tuple[str, ...]:
    """The ARN of a deployed resource, by the name that CloudFormation gave it; or of what it is about."""
    name = resource.physical_id
    about = {
        "AWS::DynamoDB::Table": f"arn:aws:dynamodb:{HERE}:table/{name}",
        "AWS::Events::Rule": f"arn:aws:events:{HERE}:rule/{name}",
        "AWS::IAM::Role": f"arn:aws:iam::{NUMBER}:role/{name}",
        "AWS::Lambda::EventSourceMapping": f"arn:aws:lambda:{HERE}:event-source-mapping:{name}",
        "AWS::Lambda::Function": f"arn:aws:lambda:{HERE}:function:{name}",
        "AWS::Logs::LogGroup": f"arn:aws:logs:{HERE}:log-group:{name}:*",
        "AWS::SQS::Queue": f"arn:aws:sqs:{HERE}:{name.rpartition('/')[2]}",
        "AWS::Scheduler::Schedule": f"arn:aws:scheduler:{HERE}:schedule/default/{name}",
    }
    if resource.type in about:
        return (about[resource.type],)
    given = seen.template["Resources"][resource.logical_id]["Properties"]
    target = given.get("FunctionName") or given["TargetFunctionArn"]
    target = target["Ref"] if "Ref" in target else target["Fn::GetAtt"][0]
    return tuple(place for other in seen.resources if other.logical_id == target for place in places(other, seen))


def request_for(name: str, resource: DeployedResource, seen: Seen) -> Request:
    """What CloudFormation asks of IAM when a handler of the resource calls the action."""
    known = known_action(name)
    place = places(resource, seen)[0]
    context: dict[str, Any] = {}
    if name == "iam:PassRole":
        given = seen.template["Resources"][resource.logical_id]["Properties"]
        role_of = given["Role"] if resource.type == "AWS::Lambda::Function" else given["Target"]["RoleArn"]
        role = next(role for role in seen.resources if role.logical_id == role_of["Fn::GetAtt"][0])
        place = places(role, seen)[0]
        service = "lambda" if resource.type == "AWS::Lambda::Function" else "scheduler"
        context = {"iam:PassedToService": f"{service}.amazonaws.com"}
    if name.startswith("s3:") and "Function" in resource.type:
        place = f"arn:aws:s3:::remit-artefacts-{NUMBER}-{REGION}/{NAME}/ingest.zip"
    if name.endswith("EventSourceMapping") and not name.startswith("lambda:Get"):
        context = {"lambda:FunctionArn": f"arn:aws:lambda:{HERE}:function:{NAME}-ingest"}
    alone = known is not None and not known.targets
    return Request(name, place, principal=caller(), context=context, wildcard_only=alone or None)


def handled(resource: DeployedResource) -> set[str]:
    found = handlers(resource.type)
    assert found is not None
    return {name for actions in found.by_verb.values() for name in actions}


def requests_of_handlers(seen: Seen) -> Iterator[Request]:
    for resource in seen.resources:
        for name in sorted(handled(resource) - NOT_NEEDED.get(resource.type, set())):
            yield request_for(name, resource, seen)


def allowed(policy: Policy, request: Request) -> bool:
    return evaluate(request, policy).allowed


def without(policy: Policy, place: int) -> Policy:
    return replace(policy, statements=(*policy.statements[:place], *policy.statements[place + 1 :]))


def test_the_table_of_calls_is_exactly_what_deploys_and_deletes_call(seen: Seen) -> None:
    types = {resource.type for resource in seen.resources}
    made = [call for call in CALLS if not call.of_type or call.of_type in types]
    assert {name for name, _ in seen.calls} == {call.operation for call in made}
    assert {name for name, _ in seen.bootstrap} == {call.operation for call in BOOTSTRAP}


def test_the_table_names_the_actions_that_the_catalogue_knows_for_each_call() -> None:
    differing = {}
    for call in (*CALLS, *BOOTSTRAP):
        known = operation(*call.operation.split("."))
        assert known is not None
        if set(call.actions) != set(known.actions):
            differing[call.operation] = set(call.actions) ^ set(known.actions)
    assert differing == {
        "s3.CreateBucket": {"s3:PutBucketOwnershipControls"},  # asked for since ObjectOwnership is given
        "s3.DeleteObjects": {"s3:DeleteObjectVersion"},  # and since versions are
    }


def test_every_recorded_call_is_allowed(seen: Seen) -> None:
    denied = [request for request in requests_of_calls(seen.calls) if not allowed(seen.policy, request)]
    assert denied == []


def test_the_policy_for_the_bucket_allows_its_calls_and_no_action_of_it_can_be_dropped(seen: Seen) -> None:
    policy = bound(deployer(stack_of("", [{"Resources": {}}]), BOOTSTRAP), region=REGION, account=NUMBER).policy
    needed = tuple(requests_of_calls(seen.bootstrap))
    assert [request for request in needed if not allowed(policy, request)] == []
    (statement,) = policy.statements
    # CreateBucket asks for PutBucketOwnershipControls as well, which the catalogue knows of PutBucketOwnershipControls.
    assert set(statement.actions.patterns) == {request.action for request in needed}


def test_who_deploys_can_change_nothing_of_the_bucket(seen: Seen) -> None:
    bucket = f"arn:aws:s3:::remit-artefacts-{NUMBER}-{REGION}"
    actions = {
        action
        for statement in seen.policy.statements
        if statement.resources is not None and bucket in statement.resources.patterns
        for action in statement.actions.patterns
    }
    assert actions == {"s3:ListBucket", "s3:ListBucketVersions"}


def test_each_handler_permission_is_allowed_on_the_names_that_cloudformation_gave(seen: Seen) -> None:
    denied: dict[str, set[str]] = {}
    for resource in seen.resources:
        for name in handled(resource):
            if not allowed(seen.policy, request_for(name, resource, seen)):
                denied.setdefault(resource.type, set()).add(name)
    assert denied == NOT_NEEDED


def test_nothing_is_allowed_on_another_stack(seen: Seen) -> None:
    everywhere = {"lambda:CreateEventSourceMapping", "logs:DescribeLogGroups"}
    reaching = set()
    for request in (*requests_of_calls(seen.calls), *requests_of_handlers(seen)):
        other = replace(
            request, resource=request.resource.replace(NAME, "orders-prod"), context=dict(request.context or {})
        )
        if NAME in request.resource and allowed(seen.policy, other):
            reaching.add(request.action)
    assert reaching - everywhere == set()


def test_nothing_is_allowed_in_another_account_or_region(seen: Seen) -> None:
    for swap in ((NUMBER, "999999999999"), (REGION, "us-east-1")):
        for request in (*requests_of_calls(seen.calls), *requests_of_handlers(seen)):
            other = replace(request, resource=request.resource.replace(*swap), resource_account=NUMBER)
            if other.resource != request.resource and not request.wildcard_only:
                assert not allowed(seen.policy, other), other


def test_no_statement_can_be_dropped(seen: Seen) -> None:
    needed = (*requests_of_calls(seen.calls), *requests_of_handlers(seen))
    for place in range(len(seen.policy.statements)):
        smaller = without(seen.policy, place)
        assert not all(allowed(smaller, request) for request in needed), seen.policy.statements[place]


def test_no_action_can_be_dropped(seen: Seen) -> None:
    needed = (*requests_of_calls(seen.calls), *requests_of_handlers(seen))
    idle = set()
    for place, statement in enumerate(seen.policy.statements):
        for name in statement.actions.patterns:
            others = tuple(other for other in statement.actions.patterns if other != name)
            smaller = without(seen.policy, place)
            if others:
                kept = replace(statement, actions=Globs(others))
                smaller = replace(smaller, statements=(*smaller.statements, kept))
            if all(allowed(smaller, request) for request in needed if request.action == name):
                idle.add(name)
    # "you must always have the s3:DeleteObject permission" (DeleteObjects, Amazon S3 API Reference): for versions as
    # well, which the catalogue does not know.
    assert idle == {"s3:DeleteObject"}


def test_no_resource_can_be_dropped(seen: Seen) -> None:
    needed = (*requests_of_calls(seen.calls), *requests_of_handlers(seen))
    idle = []
    for place, statement in enumerate(seen.policy.statements):
        assert statement.resources is not None
        for pattern in statement.resources.patterns:
            others = tuple(other for other in statement.resources.patterns if other != pattern)
            smaller = without(seen.policy, place)
            if others:
                kept = replace(statement, resources=Globs(others))
                smaller = replace(smaller, statements=(*smaller.statements, kept))
            if all(allowed(smaller, request) for request in needed):
                idle.append(pattern.rpartition(":")[2])
    # CloudWatch Logs asks for a group's ARN with `:*` but where it tags; the requests here have the first form.
    assert idle == [f"/aws/lambda/{NAME}-{name}" for name in ("ingest", "report", "web")]


ESCALATIONS = (
    ("iam:CreateRole", f"arn:aws:iam::{NUMBER}:role/mine", {}),
    ("iam:PutRolePolicy", f"arn:aws:iam::{NUMBER}:role/admin", {}),
    ("iam:PutRolePolicy", f"arn:aws:iam::{NUMBER}:role/orders-prod-IngestRole-1", {}),
    ("iam:UpdateAssumeRolePolicy", f"arn:aws:iam::{NUMBER}:role/admin", {}),
    ("iam:AttachRolePolicy", f"arn:aws:iam::{NUMBER}:role/{NAME}-IngestRole-1",
     {"iam:PolicyARN": "arn:aws:iam::aws:policy/AdministratorAccess"}),
    ("iam:PassRole", f"arn:aws:iam::{NUMBER}:role/admin", {"iam:PassedToService": "lambda.amazonaws.com"}),
    ("iam:PassRole", f"arn:aws:iam::{NUMBER}:role/{NAME}-IngestRole-1", {"iam:PassedToService": "ec2.amazonaws.com"}),
    ("iam:PassRole", f"arn:aws:iam::{NUMBER}:role/{NAME}-IngestRole-1", {}),
    ("iam:CreateUser", f"arn:aws:iam::{NUMBER}:user/mine", {}),
    ("iam:CreateAccessKey", f"arn:aws:iam::{NUMBER}:user/ci", {}),
    ("iam:AttachUserPolicy", f"arn:aws:iam::{NUMBER}:user/ci", {}),
    ("lambda:InvokeFunction", f"arn:aws:lambda:{HERE}:function:{NAME}-ingest", {}),
    ("lambda:UpdateFunctionCode", f"arn:aws:lambda:{HERE}:function:admin", {}),
    ("s3:PutObject", f"arn:aws:s3:::remit-artefacts-{NUMBER}-{REGION}/orders-prod/x.zip", {}),
    ("s3:DeleteBucket", f"arn:aws:s3:::remit-artefacts-{NUMBER}-{REGION}", {}),
    ("sts:AssumeRole", f"arn:aws:iam::{NUMBER}:role/admin", {}),
)  # fmt: skip


@pytest.mark.parametrize(("name", "resource", "context"), ESCALATIONS)
def test_the_deployer_cannot_reach_beyond_the_app(
    seen: Seen, name: str, resource: str, context: dict[str, str]
) -> None:
    request = Request(name, resource, principal=caller(), context=context)
    assert evaluate(request, seen.policy).verdict == "ImplicitlyDenied"


def test_the_bucket_of_the_policy_is_the_bucket_of_the_deploy(seen: Seen) -> None:
    made = {parameters["Bucket"] for name, parameters in seen.bootstrap if name == "s3.CreateBucket"}
    account = Account(NUMBER, REGION, "aws", None)
    assert made == {bucket_name(account)}
