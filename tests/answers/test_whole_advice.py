"""The whole advice on a denial, from the app in its folder: each decision of it with what is next to it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, Final

import pytest

from projects import APP, write
from remit.answers.advice import advice_here
from remit.answers.denial import Denial
from remit.answers.denied_request import Cause, LoadedApp
from remit.answers.wordings import EXECUTION_ROLE
from remit.loading.load import load
from remit.roles.assign import assign

LOST: Final = """
@app.function(policy=["logs"])
def kept(event, context): ...

@app.function(sqs("orders"), policy=["logs"])
def hello(event, context): ...

@app.function
def other(event, context): ...
"""
HERE: Final = "111122223333"
CALLER: Final = f"arn:aws:sts::{HERE}:assumed-role/x/y"
SSO: Final = f"arn:aws:sts::{HERE}:assumed-role/AWSReservedSSO_admin_1/y"
OBJECT, TABLE = "arn:aws:s3:::b/k", f"arn:aws:dynamodb:eu-west-1:{HERE}:table/t"
THEIRS: Final = "arn:aws:sqs:eu-west-1:444455556666:q"
PROFILE: Final = f"arn:aws:bedrock:eu-west-1:{HERE}:inference-profile/eu.anthropic.claude-v2"
READ: Final = "secretsmanager:GetSecretValue"


@pytest.fixture(scope="module")
def orders(tmp_path_factory: pytest.TempPathFactory) -> LoadedApp:
    folder = tmp_path_factory.mktemp("advice") / "orders"
    settings = ("default_policy = []", f'permissions_boundary = "arn:aws:iam::{HERE}:policy/limit"')
    lines = "".join(f"    config.lambda_.iam.{setting}\n" for setting in settings)
    write(
        folder,
        {
            "app.py": APP + LOST,
            "config/deploy.py": f"from remit import configure\nwith configure() as config:\n{lines}",
        },
    )
    app = load(folder)
    return LoadedApp(app, assign(app), folder)


def answer(*, allowed: bool, resource: str = OBJECT, typed: bool | None = None) -> Any:
    remedy = None if typed is None else SimpleNamespace(typed=typed)
    return SimpleNamespace(decision=SimpleNamespace(allowed=allowed), resource=resource, remedy=remedy)


YES, NO = answer(allowed=True), answer(allowed=False)


def cause(denial: Denial, *actions: str, function: str | None = None, answers: tuple[Any, ...] = ()) -> Cause:
    return Cause(denial, actions, function, answers)


MISSING: Final = "S3 answers 403 for a key that does not exist, unless s3:ListBucket is allowed as well"
DEPLOY: Final = "deploy this folder: remit deploy --stage dev"
DEPLOYER: Final = "for whoever deploys, `remit policy deployer` writes the whole policy"
LIMIT: Final = f"the boundary of this app's roles is arn:${{AWS::Partition}}:iam::{HERE}:policy/limit"
TOOK_AWAY: Final = (
    "`config.lambda_.iam.default_policy` took it away: hello takes messages from queue orders, but without "
    "sqs:ReceiveMessage, sqs:DeleteMessage, sqs:GetQueueAttributes on "
    "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:orders the event source cannot be made, and the deploy "
    "fails"
)
BY_DEFAULT: Final = "remit grants it by default: where a setting replaced that, `remit build` names what is missing"
SHARE: Final = "it belongs to another account, 444455556666: the resource's own policy must allow it as well"
TRUST: Final = "the trust policy of r must let it in as well"
IN_SSO: Final = "the role is made of a permission set of IAM Identity Center: put the statement there"
TYPED: Final = "the profile runs anthropic.claude-v2, which bedrock.invoke_profile allows as well"
MODEL: Final = (
    "the profile runs anthropic.claude-v2, which must be allowed as well, in each of its regions: "
    '{"Effect": "Allow", "Action": "bedrock:InvokeModel", '
    '"Resource": "arn:aws:bedrock:*::foundation-model/anthropic.claude-v2", '
    f'"Condition": {{"StringEquals": {{"bedrock:InferenceProfileArn": "{PROFILE}"}}}}}}'
)


def needs(item: str) -> str:
    return f"the function that calls it needs {item} in the policy of its decorator"


def named(arn: str) -> str:
    return f"name the secret as {arn}: six signs of its own end its ARN"


PUT_ON_TABLE: Final = needs(f'dynamodb.put("{TABLE}")')
ADVICE: Final[dict[str, tuple[Cause, list[str], list[str]]]] = {
    "allowed here": (
        cause(Denial(CALLER), "s3:GetObject", function="hello", answers=(YES, YES)),
        [DEPLOY, MISSING],
        [MISSING],
    ),
    "one of them is allowed here": (cause(Denial(CALLER), "s3:GetObject", function="hello", answers=(YES, NO)), [], []),
    "allowed here, and a Deny says no": (
        cause(Denial(CALLER, layer="identity", explicit=True), "s3:GetObject", function="hello", answers=(YES,)),
        [],
        [],
    ),
    "the boundary": (
        cause(Denial(CALLER, layer="boundary"), "s3:GetObject", function="hello", answers=(YES,)),
        [LIMIT],
        [],
    ),
    "not asked": (cause(Denial(CALLER, resource=OBJECT), "s3:GetObject", function="hello"), [], [MISSING]),
    "not asked, of nobody here": (cause(Denial(CALLER, resource=OBJECT), "s3:GetObject"), [MISSING], [MISSING]),
    "a deny": (cause(Denial(CALLER, resource=OBJECT, explicit=True), "s3:GetObject"), [], []),
    "a policy": (cause(Denial(CALLER, resource=OBJECT, layer="identity"), "s3:GetObject"), [], []),
    "lost": (cause(Denial(CALLER), "sqs:ReceiveMessage", function="hello", answers=(NO,)), [TOOK_AWAY], []),
    "lost by another": (cause(Denial(CALLER), "sqs:ReceiveMessage", function="other", answers=(NO,)), [], []),
    "lost, other action": (cause(Denial(CALLER), "sqs:SendMessage", function="hello", answers=(NO,)), [], []),
    "lost, but a deny": (
        cause(Denial(CALLER, explicit=True), "sqs:ReceiveMessage", function="hello", answers=(NO,)),
        [],
        [],
    ),
    "lost, allowed": (cause(Denial(CALLER), "sqs:ReceiveMessage", function="hello", answers=(YES,)), [DEPLOY], []),
    "nobody named": (cause(Denial(resource=OBJECT), "s3:GetObject", answers=(NO,)), [needs('s3.read("b", "k")')], []),
    "nobody named, allowed": (cause(Denial(resource=OBJECT), "s3:GetObject", answers=(YES,)), [MISSING], [MISSING]),
    "account alone": (cause(Denial(HERE, resource=TABLE), "dynamodb:PutItem", "dynamodb:GetItem"), [PUT_ON_TABLE], []),
    "encoded": (cause(Denial(encoded="x", resource=TABLE), "dynamodb:PutItem"), [], []),
    "no import": (
        cause(Denial(resource=OBJECT), "s3:PutObjectAcl"),
        [
            needs('allow("s3:PutObjectAcl", on=f"arn:{aws.partition}:s3:::b/k")')
            + " (with `from remit.grants import allow` and `from remit import aws`)"
        ],
        [],
    ),
    "no resource": (cause(Denial(), "dynamodb:PutItem"), [needs('dynamodb.put("TableName")')], []),
    "star": (cause(Denial(resource="*"), "dynamodb:PutItem"), [needs('dynamodb.put("TableName")')], []),
    "star answers": (
        cause(Denial(resource="*"), "dynamodb:PutItem", answers=(answer(allowed=False, resource=TABLE),)),
        [PUT_ON_TABLE],
        [],
    ),
    "star untyped": (
        cause(Denial(resource="*"), "ec2:RunInstances"),
        [needs('allow("ec2:RunInstances", on="arn:…")')],
        [],
    ),
    "star no types": (cause(Denial(resource="*"), "ec2:DescribeInstances"), [needs('"ec2:DescribeInstances"')], []),
    "execution role": (cause(Denial(note=EXECUTION_ROLE), "sqs:ReceiveMessage"), [BY_DEFAULT], []),
    "execution iam": (cause(Denial(note=EXECUTION_ROLE, logical_id="X"), "iam:PassRole"), [BY_DEFAULT], []),
    "deploying": (cause(Denial(deploying=True, resource=TABLE), "dynamodb:CreateTable"), [DEPLOYER], [DEPLOYER]),
    "deploying service": (
        cause(Denial("cloudformation.amazonaws.com", deploying=True, resource=TABLE), "dynamodb:CreateTable"),
        [DEPLOYER],
        [DEPLOYER],
    ),
    "a service": (cause(Denial("events.amazonaws.com", resource=THEIRS), "lambda:GetFunction"), [], []),
    "deploy trust": (cause(Denial(CALLER, deploying=True, layer="trust"), "sts:AssumeRole"), [], []),
    "deploy deny": (cause(Denial(CALLER, deploying=True, explicit=True), "iam:CreateRole"), [], []),
    "iam": (cause(Denial(CALLER), "iam:CreateRole"), [DEPLOYER], [DEPLOYER]),
    "iam of a function": (cause(Denial(CALLER), "iam:CreateRole", function="hello"), [], []),
    "iam boundary": (cause(Denial(CALLER, layer="scp"), "iam:CreateRole"), [], []),
    "invoke": (cause(Denial(CALLER), "lambda:InvokeFunction"), [], []),
    "lambda": (cause(Denial(CALLER), "lambda:GetFunction"), [DEPLOYER], [DEPLOYER]),
    "logical": (cause(Denial(CALLER, logical_id="X"), "sqs:SendMessage"), [DEPLOYER], [DEPLOYER]),
    "secret": (
        cause(Denial(CALLER, action=READ.upper(), resource="db/prod"), READ),
        [named(f"arn:aws:secretsmanager:REGION:{HERE}:secret:db/prod-??????")],
        [named(f"arn:aws:secretsmanager:REGION:{HERE}:secret:db/prod-??????")],
    ),
    "secret of whom": (
        cause(Denial("x", action=READ, resource="db"), READ),
        [named("arn:aws:secretsmanager:REGION:ACCOUNT:secret:db-??????")],
        [named("arn:aws:secretsmanager:REGION:ACCOUNT:secret:db-??????")],
    ),
    "secret answered": (
        cause(Denial(CALLER, action=READ, resource="db"), READ, answers=(NO,), function="hello"),
        [],
        [],
    ),
    "secret arn": (cause(Denial(CALLER, action=READ, resource="arn:x"), READ), [], []),
    "secret not said": (cause(Denial(CALLER, action=READ), READ), [], []),
    "other bare": (cause(Denial(CALLER, action="sqs:SendMessage", resource="db"), "sqs:SendMessage"), [], []),
    "theirs": (cause(Denial(CALLER, resource=THEIRS), "sqs:SendMessage"), [SHARE], [SHARE]),
    "theirs answered": (
        cause(Denial(CALLER, resource=THEIRS), "sqs:SendMessage", function="hello", answers=(NO,)),
        [],
        [SHARE],
    ),
    "theirs nobody": (cause(Denial("x", resource=THEIRS), "sqs:SendMessage"), [], []),
    "aws's": (cause(Denial(CALLER, resource="arn:aws:iam::aws:policy/x"), "iam:GetPolicy"), [DEPLOYER], [DEPLOYER]),
    "ours": (cause(Denial(CALLER, resource=TABLE), "dynamodb:PutItem"), [], []),
    "assume": (
        cause(Denial(CALLER, resource="arn:aws:iam::444455556666:role/a/r"), "sts:AssumeRole"),
        [TRUST],
        [TRUST],
    ),
    "assume tag": (
        cause(Denial(CALLER, resource="arn:aws:iam::444455556666:role/r"), "sts:TagSession"),
        [TRUST],
        [TRUST],
    ),
    "a service assumes": (
        cause(Denial("events.amazonaws.com", resource="arn:aws:iam::444455556666:role/r"), "sts:AssumeRole"),
        [],
        [],
    ),
    "assume user": (cause(Denial(CALLER, resource="arn:aws:iam::444455556666:user/r"), "sts:AssumeRole"), [], []),
    "sso": (cause(Denial(SSO, resource=TABLE), "dynamodb:PutItem"), [IN_SSO], [IN_SSO]),
    "sso deny": (cause(Denial(SSO, resource=TABLE, explicit=True), "dynamodb:PutItem"), [], []),
    "profile": (
        cause(Denial(CALLER, resource=PROFILE), "bedrock:InvokeModel", "bedrock:GetInferenceProfile"),
        [MODEL],
        [MODEL],
    ),
    "profile typed": (
        cause(
            Denial(CALLER, resource=PROFILE),
            "bedrock:InvokeModel",
            answers=(answer(allowed=False, typed=False), answer(allowed=False, typed=True)),
        ),
        [TYPED],
        [TYPED],
    ),
    "profile untyped": (
        cause(
            Denial(CALLER, resource=PROFILE), "bedrock:InvokeModel", answers=(answer(allowed=False, typed=False), NO)
        ),
        [MODEL],
        [MODEL],
    ),
}


@pytest.mark.parametrize("case", ADVICE)
def test_advice_follows_from_who_asked_for_what_and_from_what_the_app_says(orders: LoadedApp, case: str) -> None:
    """In the app's folder, without one, and where it was surely not whoever deploys, or another command helps them."""
    asked, here, alone = ADVICE[case]
    assert [*advice_here(asked, orders)] == here
    assert [*advice_here(asked, None)] == alone
    assert [*advice_here(asked, orders, deployer_command=None)] == [line for line in here if line != DEPLOYER]
    others = [line.replace("remit policy deployer", "make policy") for line in here]
    assert [*advice_here(asked, orders, deployer_command="make policy")] == others
