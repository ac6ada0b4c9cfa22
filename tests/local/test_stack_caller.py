"""CloudFormation in the AWS on this machine may do what its caller may, or the stack's service role."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from remit.deploy.session import session_credentials
from remit.local.control.clients import client_arguments, session
from remit.local.control.server_commands import unknown_refused

if TYPE_CHECKING:
    from remit.local.state_files import LocalAws

QUEUE = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "orders"}}
TOPIC = {"Type": "AWS::SNS::Topic", "DependsOn": "Queue", "Properties": {"TopicName": "orders"}}
DRIVING = {"Effect": "Allow", "Action": ["cloudformation:*", "iam:PassRole"], "Resource": "*"}
QUEUES = {"Effect": "Allow", "Action": "sqs:*", "Resource": "arn:aws:sqs:*:*:orders*"}


class Callers:
    """Users of the AWS on this machine, each with a policy of one kind, and what their stacks come to."""

    def __init__(self, aws: LocalAws) -> None:
        self.arguments = client_arguments(aws)
        self.session = session(aws)

    def client(self, service: str) -> Any:
        return self.session.client(service, **self.arguments)

    def user(self, name: str, *statements: Any) -> Any:
        """A client of CloudFormation with the keys of a user who has these statements."""
        iam = self.client("iam")
        iam.create_user(UserName=name)
        document = json.dumps({"Version": "2012-10-17", "Statement": [DRIVING, *statements]})
        iam.put_user_policy(UserName=name, PolicyName="may", PolicyDocument=document)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        keys = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
        return self.session.client("cloudformation", **self.arguments | keys)


@pytest.fixture(scope="module")
def callers(shared: LocalAws) -> Callers:
    return Callers(shared)


def ended(cloudformation: Any, stack: str) -> tuple[str, str]:
    """The status of a stack when it is at rest, and the reason of its first failure."""
    while True:
        status = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]
        if not status.endswith("IN_PROGRESS"):
            break
    events = cloudformation.describe_stack_events(StackName=stack)["StackEvents"]
    failures = [event["ResourceStatusReason"] for event in events if event["ResourceStatus"].endswith("_FAILED")]
    return status, failures[-1] if failures else ""


def create(cloudformation: Any, stack: str, resources: dict[str, Any], **options: Any) -> tuple[str, str]:
    body = json.dumps({"Resources": resources})
    cloudformation.create_stack(StackName=stack, TemplateBody=body, **options)
    return ended(cloudformation, stack)


def test_what_the_caller_may_not_fails_the_resource_in_awss_words_and_rolls_back(callers: Callers) -> None:
    cloudformation = callers.user("queues", QUEUES)
    status, reason = create(cloudformation, "denied", {"Queue": QUEUE, "Topic": TOPIC})
    wording = (
        'Resource handler returned message: "User: arn:aws:iam::000000000000:user/queues is not authorized to perform: '
        "sns:CreateTopic on resource: arn:aws:sns:us-east-1:000000000000:orders because no identity-based policy "
        'allows the sns:CreateTopic action (Status Code: 403)" (RequestToken: '
    )
    assert (status, reason[: len(wording)]) == ("ROLLBACK_COMPLETE", wording)
    assert [] == callers.client("sqs").list_queues(QueueNamePrefix="orders").get("QueueUrls", [])


def test_what_the_caller_may_is_done_under_the_names_that_cloudformation_makes(callers: Callers) -> None:
    own = {**QUEUES, "Resource": "arn:aws:sqs:us-east-1:000000000000:named-Queue-*"}
    cloudformation = callers.user("own-queues", own)
    assert create(cloudformation, "named", {"Queue": {"Type": "AWS::SQS::Queue"}}) == ("CREATE_COMPLETE", "")
    status, reason = create(cloudformation, "others", {"Queue": {"Type": "AWS::SQS::Queue"}})
    assert status == "ROLLBACK_COMPLETE"
    assert "perform: sqs:CreateQueue on resource: arn:aws:sqs:us-east-1:000000000000:others-Queue-* because" in reason


def test_what_cannot_be_decided_is_refused_where_that_is_asked_for(callers: Callers) -> None:
    from_office = {**QUEUES, "Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}}
    cloudformation = callers.user("from-office", from_office)
    assert "CREATE_COMPLETE" == create(cloudformation, "office", {"Queue": QUEUE})[0]
    callers.client("cloudformation").delete_stack(StackName="office")
    callers.client("cloudformation").get_waiter("stack_delete_complete").wait(
        StackName="office", WaiterConfig={"Delay": 1}
    )
    with unknown_refused():
        status, reason = create(cloudformation, "office-too", {"Queue": QUEUE})
    assert "ROLLBACK_COMPLETE" == status
    assert "sqs:CreateQueue on arn:aws:sqs:us-east-1:000000000000:orders cannot be decided here" in reason


def test_updates_and_deletes_are_the_callers_too(callers: Callers) -> None:
    makes = {**QUEUES, "Action": ["sqs:CreateQueue", "sqs:Get*", "sqs:List*", "sqs:TagQueue"]}
    cloudformation = callers.user("makes-only", makes)
    create(cloudformation, "changed", {"Queue": QUEUE})
    longer = {"Queue": {**QUEUE, "Properties": {"QueueName": "orders", "DelaySeconds": 5}}}
    cloudformation.update_stack(StackName="changed", TemplateBody=json.dumps({"Resources": longer}))
    updated = ended(cloudformation, "changed")
    cloudformation.delete_stack(StackName="changed")
    deleted = ended(cloudformation, "changed")
    assert (updated[0], deleted[0]) == ("UPDATE_ROLLBACK_COMPLETE", "DELETE_FAILED")
    assert "not authorized to perform: sqs:SetQueueAttributes on resource" in updated[1]
    callers.client("cloudformation").delete_stack(StackName="changed")
    callers.client("cloudformation").get_waiter("stack_delete_complete").wait(
        StackName="changed", WaiterConfig={"Delay": 1}
    )


KEYS = {"Effect": "Allow", "Action": "kms:*", "Resource": "*"}
OF_ACCOUNT = {"Effect": "Allow", "Principal": {"AWS": "000000000000"}, "Action": "kms:*", "Resource": "*"}
OF_SOMEBODY = {**OF_ACCOUNT, "Principal": {"AWS": "arn:aws:iam::000000000000:user/somebody"}}


@pytest.mark.parametrize(
    ("name", "statement", "policy", "status"),
    [
        ("keys-a", KEYS, None, "CREATE_COMPLETE"),
        ("keys-b", KEYS, OF_ACCOUNT, "CREATE_COMPLETE"),
        ("keys-c", {**KEYS, "Action": ["kms:CreateKey", "kms:Describe*"]}, OF_ACCOUNT, "ROLLBACK_COMPLETE"),
        ("keys-d", KEYS, OF_SOMEBODY, "ROLLBACK_COMPLETE"),
    ],
)
def test_a_key_is_made_with_what_its_own_policy_lets_the_caller(
    callers: Callers, name: str, statement: Any, policy: Any, status: str
) -> None:
    properties = {} if policy is None else {"KeyPolicy": {"Version": "2012-10-17", "Statement": [policy]}}
    key = {"Key": {"Type": "AWS::KMS::Key", "Properties": {"EnableKeyRotation": True, **properties}}}
    assert status == create(callers.user(name, statement), name, key)[0]


def test_a_rollback_that_the_caller_may_not_do_fails(callers: Callers) -> None:
    makes = {**QUEUES, "Action": ["sqs:CreateQueue", "sqs:Get*", "sqs:List*", "sqs:TagQueue"]}
    cloudformation = callers.user("cannot-go-back", makes)
    status, _ = create(cloudformation, "stays", {"Queue": QUEUE, "Topic": TOPIC})
    callers.client("cloudformation").delete_stack(StackName="stays")
    assert status == "ROLLBACK_FAILED"


def test_the_service_role_of_a_stack_acts_in_the_place_of_its_caller(callers: Callers) -> None:
    iam, everybody = callers.client("iam"), callers.client("cloudformation")
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "cloudformation.amazonaws.com"}}
    role = iam.create_role(RoleName="deploys", AssumeRolePolicyDocument=json.dumps({"Statement": [trust]}))["Role"]
    options = {"RoleARN": role["Arn"]}
    without = create(everybody, "with-role", {"Topic": {"Type": "AWS::SNS::Topic"}}, **options)
    everybody.delete_stack(StackName="with-role")
    topics = {"Effect": "Allow", "Action": "sns:*", "Resource": "*"}
    iam.put_role_policy(RoleName="deploys", PolicyName="may", PolicyDocument=json.dumps({"Statement": [topics]}))
    having = create(everybody, "with-role-2", {"Topic": {"Type": "AWS::SNS::Topic"}}, **options)
    assert (without[0], having[0]) == ("ROLLBACK_COMPLETE", "CREATE_COMPLETE")
    assert "User: arn:aws:iam::000000000000:role/deploys is not authorized to perform: sns:CreateTopic" in without[1]


def test_a_service_role_must_trust_cloudformation(callers: Callers) -> None:
    iam, everybody = callers.client("iam"), callers.client("cloudformation")
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
    role = iam.create_role(RoleName="runs", AssumeRolePolicyDocument=json.dumps({"Statement": [trust]}))["Role"]
    with pytest.raises(ClientError, match="is invalid or cannot be assumed"):
        create(everybody, "untrusted", {"Queue": QUEUE}, RoleARN=role["Arn"])
    with pytest.raises(ClientError, match="is invalid or cannot be assumed"):
        everybody.delete_stack(StackName="untrusted", RoleARN=role["Arn"])


def test_a_stack_keeps_the_service_role_of_the_change_set_that_made_it(callers: Callers) -> None:
    iam, everybody = callers.client("iam"), callers.client("cloudformation")
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "cloudformation.amazonaws.com"}}
    role = iam.create_role(RoleName="keeps", AssumeRolePolicyDocument=json.dumps({"Statement": [trust]}))["Role"]
    iam.put_role_policy(RoleName="keeps", PolicyName="may", PolicyDocument=json.dumps({"Statement": [QUEUES]}))
    queue = {"Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "orders-kept"}}}
    first = {"StackName": "kept", "ChangeSetName": "first"}
    body = json.dumps({"Resources": queue})
    everybody.create_change_set(ChangeSetType="CREATE", TemplateBody=body, RoleARN=role["Arn"], **first)
    everybody.execute_change_set(**first)
    assert ended(everybody, "kept") == ("CREATE_COMPLETE", "")
    everybody.update_stack(StackName="kept", TemplateBody=json.dumps({"Resources": {**queue, "Topic": TOPIC}}))
    status, reason = ended(everybody, "kept")
    assert status == "UPDATE_ROLLBACK_COMPLETE"
    assert "role/keeps is not authorized to perform: sns:CreateTopic" in reason
    name = {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/any/name"}
    body = json.dumps({"Parameters": {"Name": name}, "Resources": queue})
    with pytest.raises(ClientError, match="role/keeps is not authorized to perform: ssm:GetParameters"):
        everybody.update_stack(StackName="kept", TemplateBody=body)


def test_a_nested_stack_is_made_with_what_the_caller_may(callers: Callers) -> None:
    s3 = callers.client("s3")
    s3.create_bucket(Bucket="templates")
    s3.put_object(Bucket="templates", Key="inner.json", Body=json.dumps({"Resources": {"Queue": QUEUE}}))
    nested = {"Inner": {
        "Type": "AWS::CloudFormation::Stack",
        "Properties": {"TemplateURL": f"{callers.arguments['endpoint_url']}/templates/inner.json"},
    }}  # fmt: skip
    status, reason = create(callers.user("no-template"), "outer-0", nested)
    assert status == "ROLLBACK_COMPLETE"
    assert "not authorized to perform: s3:GetObject on resource: arn:aws:s3:::templates/inner.json" in reason
    reading = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::templates/*"}
    status, reason = create(callers.user("no-queues", reading), "outer", nested)
    assert status == "ROLLBACK_COMPLETE"
    assert "user/no-queues is not authorized to perform: sqs:CreateQueue on resource" in reason


READS = [
    {"Effect": "Allow", "Action": "ssm:GetParameters", "Resource": "arn:aws:ssm:*:*:parameter/shop/name"},
    {
        "Effect": "Allow",
        "Action": "secretsmanager:GetSecretValue",
        "Resource": "arn:aws:secretsmanager:*:*:secret:shop-*",
    },
    {
        "Effect": "Allow",
        "Action": "ssm:GetParameters",
        "Resource": "arn:aws:ssm:*:*:parameter/direct",
        "Condition": {"Bool": {"aws:ViaAWSService": "false"}},
    },
]
OF_BANK = "ssm:GetParameters on resource: arn:aws:ssm:us-east-1:000000000000:parameter/bank/name"


@pytest.mark.parametrize(
    ("stack", "reference", "denial"),
    [
        ("parameter", "{{resolve:ssm:/shop/name:1}}", ""),
        ("no-parameter", "{{resolve:ssm:/bank/name}}", OF_BANK),
        ("not-by-a-stack", "{{resolve:ssm:direct}}", "ssm:GetParameters on resource"),
        ("secret", "{{resolve:secretsmanager:shop:SecretString:name}}", ""),
        ("no-secret", "{{resolve:secretsmanager:bank}}", "secretsmanager:GetSecretValue on resource: arn:"),
    ],
)
def test_a_stack_reads_what_its_caller_may_read(looked_up: Any, stack: str, reference: str, denial: str) -> None:
    queue = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Fn::Sub": f"orders-{reference}"}}}
    status, reason = create(looked_up, stack, {"Queue": queue})
    assert (status, denial in reason) == ("ROLLBACK_COMPLETE" if denial else "CREATE_COMPLETE", True)
    looked_up.delete_stack(StackName=stack)


def test_parameters_of_a_stack_are_read_as_its_caller(looked_up: Any) -> None:
    def template(name: str) -> str:
        parameter = {"Type": "AWS::SSM::Parameter::Value<String>", "Default": name}
        queue = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Fn::Sub": "orders-${Name}-typed"}}}
        return json.dumps({"Parameters": {"Name": parameter}, "Resources": {"Queue": queue}})

    looked_up.create_stack(StackName="typed", TemplateBody=template("/shop/name"))
    assert ended(looked_up, "typed") == ("CREATE_COMPLETE", "")
    with pytest.raises(ClientError, match="user/looks-up is not authorized to perform: ssm:GetParameters on resource"):
        looked_up.create_stack(StackName="typed-2", TemplateBody=template("/bank/name"))


@pytest.fixture(scope="module")
def looked_up(callers: Callers) -> Any:
    """A user who may make queues, and read what is called after the shop."""
    for name in ("shop", "bank"):
        callers.client("ssm").put_parameter(Name=f"/{name}/name", Value="web", Type="String")
        callers.client("secretsmanager").create_secret(Name=name, SecretString='{"name": "web"}')
    return callers.user("looks-up", QUEUES, *READS)


@pytest.mark.usefixtures("looked_up")
@pytest.mark.parametrize(
    ("stack", "queue", "denied"),
    [
        ("within", "orders-{{resolve:ssm:/shop/name}}", ""),
        ("reads-more", "orders-{{resolve:ssm:/bank/name}}", OF_BANK),
    ],
)
def test_a_stack_reads_no_more_than_the_policy_of_its_callers_session_allows(
    callers: Callers, stack: str, queue: str, denied: str
) -> None:
    iam, sts = callers.client("iam"), callers.client("sts")
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "000000000000"}}
    role = iam.create_role(RoleName=stack, AssumeRolePolicyDocument=json.dumps({"Statement": [trust]}))["Role"]
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    iam.put_role_policy(RoleName=stack, PolicyName="may", PolicyDocument=json.dumps({"Statement": [everything]}))
    policy = json.dumps({"Version": "2012-10-17", "Statement": [DRIVING, QUEUES, *READS]})
    keys = sts.assume_role(RoleArn=role["Arn"], RoleSessionName="ci", Policy=policy)["Credentials"]
    cloudformation = callers.session.client("cloudformation", **callers.arguments | session_credentials(keys))
    status, reason = create(cloudformation, stack, {"Queue": {**QUEUE, "Properties": {"QueueName": queue}}})
    assert (status, denied in reason) == ("ROLLBACK_COMPLETE" if denied else "CREATE_COMPLETE", True)
