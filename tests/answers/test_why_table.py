"""What is concluded and advised of a denial, with an app in the folder and without one."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import pytest

from projects import APP, Project, write
from remit.answers.denial import Denial
from remit.answers.denied_request import LoadedApp
from remit.answers.why import why
from remit.answers.wordings import EXECUTION_ROLE
from remit.roles.assign import assign

FUNCTIONS: Final = """
SEND = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "arn:aws:sqs:eu-west-1:111122223333:q"}
PURGE = {"Effect": "Deny", "Action": "sqs:PurgeQueue", "Resource": "*"}
READ = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::files/*",
    "Condition": {"StringEquals": {"aws:PrincipalTag/t": "x"}}}

@app.function(policy=[SEND, PURGE, READ])
def ingest(event, context): ...

@app.function
def report(event, context): ...
"""
R: Final = "arn:aws:sts::111122223333:assumed-role/orders-dev-IngestRole-1ABCDEFGHIJK/x"
OTHER_ROLE: Final = "arn:aws:sts::111122223333:assumed-role/other/x"
S: Final = "arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Admin_abc/ann"
Q: Final = "arn:aws:sqs:eu-west-1:111122223333:q"
Q2: Final = "arn:aws:sqs:eu-west-1:111122223333:z"
SAME: Final[list[str]] = ["as with the app"]


class Told(NamedTuple):
    """A denial, what is told of it with the app, and what is told without."""

    denial: Denial
    conclusion: str
    advice: list[str]
    """How each piece of advice begins."""
    verdicts: list[str]
    alone: str
    advice_alone: list[str]


DENIALS: Final[dict[str, tuple[Any, ...]]] = {
    "the function may do it": (
        Denial(R, "sqs:SendMessage", Q),
        (
            "the role of ingest as built from this folder allows it: the deployed one is "
            "older, or a layer that is not visible from here says no"
        ),
        ["deploy this folder: remit deploy --stage dev"],
        ["Allowed"],
        "the message does not say which layer",
        [],
    ),
    "it may not": (
        Denial(R, "sqs:SendMessage", Q2),
        "the role of ingest does not allow it",
        [],
        ["ImplicitlyDenied"],
        "the message does not say which layer",
        SAME,
    ),
    "in another case": (
        Denial(R, "SQS:sendmessage", Q2),
        "the role of ingest does not allow it",
        [],
        ["ImplicitlyDenied"],
        "the message does not say which layer",
        SAME,
    ),
    "its own Deny": (
        Denial(R, "sqs:PurgeQueue", Q),
        "a Deny of the role of ingest itself says no",
        [],
        ["ExplicitlyDenied"],
        "the message does not say which layer",
        SAME,
    ),
    "a Deny that it does not have": (
        Denial(R, "sqs:SendMessage", Q, explicit=True),
        "a Deny says no, which the role of ingest as built from this folder does not have",
        [],
        ["Allowed"],
        "a Deny says no, and the message does not say of which layer",
        SAME,
    ),
    "a condition": (
        Denial(R, "s3:GetObject", "arn:aws:s3:::files/a"),
        "the role of ingest allows it on a condition that was not met, or is not known here: aws:PrincipalTag/t",
        [],
        ["Unknown"],
        "the message does not say which layer",
        ["S3 answers 403 for a key that does not exist, unless s3:ListBucket is "],
    ),
    "an object of another bucket": (
        Denial(R, "s3:GetObject", "arn:aws:s3:::other/a"),
        "the role of ingest does not allow it",
        [],
        ["ImplicitlyDenied"],
        "the message does not say which layer",
        ["S3 answers 403 for a key that does not exist, unless s3:ListBucket is "],
    ),
    "the bucket in place of an object": (
        Denial(R, "s3:ListBucket", "arn:aws:s3:::files", operation="GetObject", service="s3"),
        (
            "the object does not exist, and only then S3 asks for s3:ListBucket: check its "
            "key first; the role of ingest does not allow it"
        ),
        [],
        ["ImplicitlyDenied"],
        (
            "the object does not exist, and only then S3 asks for s3:ListBucket: check its "
            "key first; the message does not say which layer"
        ),
        SAME,
    ),
    "no resource": (
        Denial(R, "sqs:SendMessage"),
        (
            "the role of ingest as built from this folder allows it on "
            "arn:aws:sqs:eu-west-1:111122223333:q; the message does not say on what it was asked for"
        ),
        ["deploy this folder: remit deploy --stage dev"],
        ["Allowed"],
        "the message does not say which layer",
        [],
    ),
    "a control policy denies": (
        Denial(R, "sqs:SendMessage", Q, layer="scp", explicit=True, policy="arn:p"),
        "a service control policy of the organization denies it; the role of ingest allows it",
        ["no policy of the account can allow it: ask whoever owns the organizati"],
        ["Allowed"],
        "a service control policy of the organization denies it",
        SAME,
    ),
    "a control policy does not allow": (
        Denial(R, "sqs:SendMessage", Q2, layer="scp", explicit=False),
        "a service control policy of the organization does not allow it; the role of ingest does not allow it either",
        ["no policy of the account can allow it: ask whoever owns the organizati"],
        ["ImplicitlyDenied"],
        "a service control policy of the organization does not allow it",
        SAME,
    ),
    "its own policies, as the message says": (
        Denial(R, "sqs:SendMessage", Q, layer="identity", explicit=False),
        "the role of ingest as built from this folder allows it: the deployed one is older",
        ["deploy this folder: remit deploy --stage dev"],
        ["Allowed"],
        "the policy of the role or user does not allow it",
        [],
    ),
    "the resource's policy": (
        Denial(R, "sqs:SendMessage", Q, layer="resource", explicit=False),
        "the resource's own policy does not allow it; the role of ingest allows it",
        ["let the policy of the resource (key, bucket, queue, secret) allow the "],
        ["Allowed"],
        "the resource's own policy does not allow it",
        SAME,
    ),
    "a boundary": (
        Denial(R, "sqs:SendMessage", Q, layer="boundary", explicit=False),
        "the permissions boundary does not allow it; the role of ingest allows it",
        ["a boundary grants nothing and limits everything: whoever owns it must "],
        ["Allowed"],
        "the permissions boundary does not allow it",
        SAME,
    ),
    "nobody": (
        Denial(None, "sqs:SendMessage", Q),
        "the message does not say who asked; of this app ingest may do it and the others may not",
        ['the function that calls it needs queue.send("arn:aws:sqs:eu-west-1:111'],
        ["Allowed", "ImplicitlyDenied"],
        "the message does not say who asked, nor which layer said no",
        [],
    ),
    "nobody and no resource": (
        Denial(None, "sqs:SendMessage"),
        "the message does not say who asked; of this app ingest may sqs:SendMessage at all",
        ['the function that calls it needs queue.send("QueueName") in the policy'],
        [],
        "the message does not say who asked, nor which layer said no",
        [],
    ),
    "nobody may": (
        Denial(None, "sqs:ReceiveMessage", Q),
        "the message does not say who asked; of this app no function may do it",
        ['the function that calls it needs queue.consume("arn:aws:sqs:eu-west-1:'],
        ["ImplicitlyDenied", "ImplicitlyDenied"],
        "the message does not say who asked, nor which layer said no",
        [],
    ),
    "an encoded message": (
        Denial(encoded="abc" * 10),
        "the message is encoded: decode it to see what was denied",
        ["decode it: aws sts decode-authorization-message --encoded-message abca"],
        [],
        "the message is encoded: decode it to see what was denied",
        SAME,
    ),
    "whoever deploys": (
        Denial(None, "iam:CreateRole", deploying=True, logical_id="X"),
        "whoever deploys may not do it: CloudFormation asks with their permissions",
        ["for whoever deploys, `remit policy deployer` writes the whole policy"],
        [],
        "whoever deploys may not do it: CloudFormation asks with their permissions",
        SAME,
    ),
    "another role": (
        Denial(OTHER_ROLE, "sqs:SendMessage", Q),
        "whoever asked is not a role of orders-dev",
        [],
        [],
        "the message does not say which layer",
        SAME,
    ),
    "a resource of another account": (
        Denial(OTHER_ROLE, "sqs:SendMessage", Q.replace("1111", "9999")),
        "whoever asked is not a role of orders-dev",
        ["it belongs to another account, 999922223333: the resource's own policy"],
        [],
        "the message does not say which layer",
        SAME,
    ),
    "a role to assume": (
        Denial(OTHER_ROLE, "sts:AssumeRole", "arn:aws:iam::111122223333:role/teams/target"),
        "whoever asked is not a role of orders-dev",
        ["the trust policy of target must let it in as well"],
        [],
        "the message does not say which layer",
        SAME,
    ),
    "a service": (
        Denial("events.amazonaws.com", "sqs:SendMessage", Q),
        "a service has no policies of its own",
        ["let the policy of the resource (queue, topic, key, function) allow Pri"],
        [],
        "a service has no policies of its own",
        SAME,
    ),
    "a service in China": (
        Denial("events.amazonaws.com.cn", "sqs:SendMessage", Q),
        "a service has no policies of its own",
        ["let the policy of the resource (queue, topic, key, function) allow Pri"],
        [],
        "a service has no policies of its own",
        SAME,
    ),
    "a role of Identity Center": (
        Denial(S, "ec2:RunInstances", None),
        "whoever asked is not a role of orders-dev",
        ["the role is made of a permission set of IAM Identity Center: put the s"],
        [],
        "the message does not say which layer",
        SAME,
    ),
    "an action of a deploy": (
        Denial(OTHER_ROLE, "lambda:UpdateFunctionCode", "arn:aws:lambda:eu-west-1:111122223333:function:x"),
        "whoever asked is not a role of orders-dev",
        ["for whoever deploys, `remit policy deployer` writes the whole policy"],
        [],
        "the message does not say which layer",
        SAME,
    ),
    "a call of a function": (
        Denial(OTHER_ROLE, "lambda:InvokeFunction", "arn:aws:lambda:eu-west-1:111122223333:function:x"),
        "whoever asked is not a role of orders-dev",
        [],
        [],
        "the message does not say which layer",
        SAME,
    ),
    "a resource of a stack": (
        Denial(OTHER_ROLE, "sqs:CreateQueue", Q, logical_id="Y"),
        "whoever asked is not a role of orders-dev",
        ["for whoever deploys, `remit policy deployer` writes the whole policy"],
        [],
        "the message does not say which layer",
        SAME,
    ),
    "Lambda asks for the function": (
        Denial(R, "ec2:CreateNetworkInterface", "*", note=EXECUTION_ROLE),
        "the role of ingest does not allow it",
        ["Lambda asks this of the function's own role when it makes the function"],
        ["ImplicitlyDenied"],
        "the message does not say which layer",
        SAME,
    ),
    "Lambda asks for nobody": (
        Denial(None, "ec2:CreateNetworkInterface", "*", note=EXECUTION_ROLE),
        "the message does not say who asked; of this app no function may do it",
        [
            "Lambda asks this of the function's own role when it makes the function",
            "remit grants it by default: where a setting replaced that, `remit buil",
        ],
        ["ImplicitlyDenied", "ImplicitlyDenied"],
        "the message does not say who asked, nor which layer said no",
        ["Lambda asks this of the function's own role when it makes the function"],
    ),
    "a secret by its name": (
        Denial(OTHER_ROLE, "secretsmanager:GetSecretValue", "db/prod"),
        "whoever asked is not a role of orders-dev",
        ["name the secret as arn:aws:secretsmanager:REGION:111122223333:secret:d"],
        [],
        "the message does not say which layer",
        SAME,
    ),
    "a secret by its name, of nobody": (
        Denial(None, "secretsmanager:GetSecretValue", "db/prod"),
        "the message does not say who asked; of this app no function may do it",
        ['the function that calls it needs allow("secretsmanager:GetSecretValue"'],
        ["ImplicitlyDenied", "ImplicitlyDenied"],
        "the message does not say who asked, nor which layer said no",
        ["name the secret as arn:aws:secretsmanager:REGION:ACCOUNT:secret:db/pro"],
    ),
    "further denials": (
        Denial(R, "sqs:SendMessage", Q2, others=("a:B", "c:D")),
        "the role of ingest does not allow it",
        ["the text reports other denials, too. Ask about them one by one: a:B; c"],
        ["ImplicitlyDenied"],
        "the message does not say which layer",
        SAME,
    ),
    "an authorization ID": (
        Denial(R, "sqs:SendMessage", Q2, authorization="id-1"),
        "the role of ingest does not allow it",
        ["AWS keeps the evaluation under authorization ID id-1: open the link in"],
        ["ImplicitlyDenied"],
        "the message does not say which layer",
        SAME,
    ),
    "a role's trust": (
        Denial(None, "sts:AssumeRole", "arn:aws:iam::111122223333:role/x", layer="trust", explicit=False),
        "the trust policy of the role that was to be assumed does not allow it",
        [
            "a role that was just made takes some seconds to be known everywhere: d",
            "let the trust policy of that role name the one who assumes it",
        ],
        [],
        "the trust policy of the role that was to be assumed does not allow it",
        SAME,
    ),
    "a role's trust in a provider": (
        Denial(
            None, "sts:AssumeRoleWithWebIdentity", "arn:aws:iam::111122223333:role/x", layer="trust", explicit=False
        ),
        "the trust policy of the role that was to be assumed does not allow it",
        [
            "let the trust policy of the role name the provider as Principal.Federa",
            "whoever asks it has no policies yet, so that the role's trust policy a",
        ],
        [],
        "the trust policy of the role that was to be assumed does not allow it",
        SAME,
    ),
    "a profile of a model": (
        Denial(
            OTHER_ROLE,
            "bedrock:InvokeModel",
            "arn:aws:bedrock:eu-west-1:111122223333:inference-profile/eu.anthropic.claude-3-haiku-20240307-v1:0",
        ),
        "whoever asked is not a role of orders-dev",
        ["the profile runs anthropic.claude-3-haiku-20240307-v1:0, which must be"],
        [],
        "the message does not say which layer",
        SAME,
    ),
    "a profile of nobody knows what": (
        Denial(R, "bedrock:InvokeModel", "arn:aws-cn:bedrock:eu-west-1:111122223333:inference-profile/x"),
        "the role of ingest does not allow it",
        ["the profile runs MODEL, which must be allowed as well, in each of its "],
        ["ImplicitlyDenied"],
        "the message does not say which layer",
        SAME,
    ),
    "an account alone": (
        Denial("111122223333", "sqs:SendMessage", Q),
        "the message does not say who asked; of this app ingest may sqs:SendMessage at all",
        ['the function that calls it needs queue.send("arn:aws:sqs:eu-west-1:111'],
        [],
        "the message does not say who asked, nor which layer said no",
        [],
    ),
    "a user": (
        Denial("arn:aws:iam::111122223333:user/ann", "sqs:SendMessage", Q),
        "whoever asked is not a role of orders-dev",
        [],
        [],
        "the message does not say which layer",
        SAME,
    ),
    "an operation": (
        Denial(R, operation="SendMessage", service="AWS SQS"),
        (
            "the role of ingest as built from this folder allows it on "
            "arn:aws:sqs:eu-west-1:111122223333:q; the message does not say on what it was asked for"
        ),
        ["deploy this folder: remit deploy --stage dev"],
        ["Allowed"],
        "the message does not say which layer",
        [],
    ),
    "an operation without its service": (
        Denial(R, operation="GetItem"),
        "the role of ingest does not allow it; the message does not say on what it was asked for",
        [],
        ["ImplicitlyDenied"],
        "the message does not say which layer",
        SAME,
    ),
}


@pytest.fixture(scope="module")
def orders(tmp_path_factory: pytest.TempPathFactory) -> LoadedApp:
    folder = tmp_path_factory.mktemp("why") / "orders"
    write(folder, {"app.py": APP + FUNCTIONS})
    app = Project(folder).load()
    return LoadedApp(app, assign(app), folder)


@pytest.mark.parametrize("name", DENIALS)
def test_a_denial_has_a_conclusion_and_the_advice_that_follows(name: str, orders: LoadedApp) -> None:
    told = Told(*DENIALS[name])
    here, alone = why(told.denial, orders), why(told.denial, None)
    assert (here.conclusion, alone.conclusion) == (told.conclusion, told.alone)
    assert [line[:70] for line in here.advice] == told.advice
    assert [line[:70] for line in alone.advice] == (told.advice if told.advice_alone is SAME else told.advice_alone)
    assert [answer.verdict for answer in here.answers] == told.verdicts


def test_the_layers_that_nobody_can_see_from_here_are_those_that_may_apply(orders: LoadedApp) -> None:
    always = ("service and resource control policies", "a session policy", "the resource's own policy")
    for denial, project, layers in (
        (Denial(R, "sqs:SendMessage", Q), orders, always),
        (Denial(R, "sqs:SendMessage", Q, layer="resource", explicit=False), orders, always[:2]),
        (Denial(R, "sqs:SendMessage", Q, layer="scp", explicit=False), orders, always),
        (
            Denial(OTHER_ROLE, "sqs:SendMessage", Q),
            None,
            (always[0], "the permissions boundary", *always[1:], "the policy of a VPC endpoint"),
        ),
    ):
        assert why(denial, project).unread == layers


def test_a_profile_of_a_model_is_told_in_its_partition(orders: LoadedApp) -> None:
    (told,) = why(
        Denial(R, "bedrock:InvokeModel", "arn:aws-cn:bedrock:cn-north-1:111122223333:inference-profile/x"), orders
    ).advice
    assert '"Resource": "arn:aws-cn:bedrock:*::foundation-model/MODEL"' in told


def test_the_fix_for_a_secret_that_is_asked_by_its_name_is_in_the_app_s_own_account(orders: LoadedApp) -> None:
    cause = why(Denial(R, "secretsmanager:GetSecretValue", "db/prod"), orders)
    (answer,) = cause.answers
    assert answer.remedy is not None
    assert answer.remedy.item.endswith(':{aws.account}:secret:db/prod-??????")')
    assert not [line for line in cause.advice if line.startswith("name the secret")]
