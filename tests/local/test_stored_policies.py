"""A role in the AWS on this machine may do what the policies that are stored for it say, at this very moment."""

from __future__ import annotations

import importlib
import json
import sys
from typing import TYPE_CHECKING, Any

import pytest

from remit.iam.policy import parse
from remit.local.authorization.access_log import AccessLog
from remit.local.authorization.resource_policies import LOOK_UPS, resource_policy
from remit.local.authorization.stored_policies import decide, denial_message, stored_identity, trusts
from remit.local.emulator import as_request_of
from remit.local.event_sources.service_calls import ServiceCalls

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.iam.decide.evaluate import Verdict

ACCOUNT = "000000000000"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/orders/report"
USER = f"arn:aws:iam::{ACCOUNT}:user/ada"
QUEUE = f"arn:aws:sqs:us-east-1:{ACCOUNT}:orders"
SEND = "sqs:SendMessage"
LAMBDA = {"Service": "lambda.amazonaws.com"}
TRUST = json.dumps({"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": LAMBDA}]})
SENDING = json.dumps({"Statement": [{"Effect": "Allow", "Action": SEND, "Resource": QUEUE}]})
LOGGING = json.dumps({"Statement": [{"Effect": "Allow", "Action": "logs:*", "Resource": "*"}]})

ALLOWING = {"Effect": "Allow", "Action": SEND, "Resource": QUEUE}
DENYING = {**ALLOWING, "Effect": "Deny"}


class Iam:
    """The emulator's IAM in this process."""

    def __init__(self) -> None:
        self.module: Any = importlib.import_module("ministack.services.iam")

    def __call__(self, operation: str, **parameters: str) -> None:
        handler = self.module._IAM_HANDLERS[operation]
        status, _, body = handler({name: [value] for name, value in parameters.items()})
        assert status == 200, body


@pytest.fixture(scope="module")
def emulator() -> Iterator[Iam]:
    """What is imported for it is not left behind: some tests look at where the emulator comes from."""
    before = set(sys.modules)
    yield Iam()
    for name in [name for name in sys.modules if name.partition(".")[0] == "ministack" and name not in before]:
        del sys.modules[name]


@pytest.fixture(autouse=True)
def call(emulator: Iam) -> Iterator[Iam]:
    """IAM's memory with a role and a user, and nothing in it afterwards."""
    emulator("CreateRole", RoleName="orders", AssumeRolePolicyDocument=TRUST)
    emulator("CreateUser", UserName="ada")
    yield emulator
    emulator.module.reset()


def verdict(caller: str, action: str = SEND, resource: str = QUEUE, **options: Any) -> Verdict:
    return decide(caller, action, resource, {}, **options).verdict


def test_a_role_without_policies_may_do_nothing() -> None:
    assert verdict(SESSION) == "ImplicitlyDenied"


def test_an_inline_policy_counts_at_once_and_no_longer_than_it_is_stored(call: Iam) -> None:
    verdicts = [verdict(SESSION)]
    call("PutRolePolicy", RoleName="orders", PolicyName="send", PolicyDocument=SENDING)
    verdicts.append(verdict(SESSION))
    call("PutRolePolicy", RoleName="orders", PolicyName="send", PolicyDocument=LOGGING)
    verdicts.append(verdict(SESSION))
    assert verdicts == ["ImplicitlyDenied", "Allowed", "ImplicitlyDenied"]


def test_a_managed_policy_of_aws_is_the_catalogues_where_the_emulator_has_none(call: Iam) -> None:
    arn = "arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess"
    assert arn not in call.module._aws_managed_policies
    call("AttachRolePolicy", RoleName="orders", PolicyArn=arn)
    assert verdict(SESSION, "sqs:ListQueues", "*") == "Allowed"


def test_the_default_version_of_a_managed_policy_decides(call: Iam) -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:policy/sending"
    call("CreatePolicy", PolicyName="sending", PolicyDocument=LOGGING)
    call("AttachRolePolicy", RoleName="orders", PolicyArn=arn)
    verdicts = [verdict(SESSION)]
    call("CreatePolicyVersion", PolicyArn=arn, PolicyDocument=SENDING, SetAsDefault="true")
    assert [*verdicts, verdict(SESSION)] == ["ImplicitlyDenied", "Allowed"]


def test_a_boundary_limits_a_role(call: Iam) -> None:
    call("PutRolePolicy", RoleName="orders", PolicyName="send", PolicyDocument=SENDING)
    call("CreatePolicy", PolicyName="limit", PolicyDocument=LOGGING)
    limit = f"arn:aws:iam::{ACCOUNT}:policy/limit"
    call("PutRolePermissionsBoundary", RoleName="orders", PermissionsBoundary=limit)
    assert verdict(SESSION) == "ImplicitlyDenied"


def test_a_user_has_the_policies_of_its_groups(call: Iam) -> None:
    call("CreateGroup", GroupName="senders")
    call("PutGroupPolicy", GroupName="senders", PolicyName="send", PolicyDocument=SENDING)
    verdicts = [verdict(USER)]
    call("AddUserToGroup", GroupName="senders", UserName="ada")
    assert [*verdicts, verdict(USER)] == ["ImplicitlyDenied", "Allowed"]


def test_a_policy_that_nobody_has_leaves_unknown_what_no_other_denies(call: Iam) -> None:
    arn = "arn:aws:iam::aws:policy/Misspelt"
    call("AttachRolePolicy", RoleName="orders", PolicyArn=arn)
    decision = decide(SESSION, SEND, QUEUE, {})
    assert (decision.verdict, decision.unread) == ("Unknown", (arn,))
    call("PutRolePolicy", RoleName="orders", PolicyName="send", PolicyDocument=SENDING)
    assert verdict(SESSION) == "Unknown"
    call("PutRolePolicy", RoleName="orders", PolicyName="send", PolicyDocument=json.dumps({"Statement": [DENYING]}))
    assert verdict(SESSION) == "ExplicitlyDenied"


def test_a_session_policy_limits_and_a_resources_policy_grants(call: Iam) -> None:
    principal = {"AWS": f"arn:aws:iam::{ACCOUNT}:role/orders"}
    queue_policy = parse({"Statement": {"Effect": "Allow", "Action": SEND, "Resource": "*", "Principal": principal}})
    verdicts = [verdict(SESSION, resource_policy=(queue_policy,))]
    call("PutRolePolicy", RoleName="orders", PolicyName="send", PolicyDocument=SENDING)
    verdicts.append(verdict(SESSION, session=(parse(json.loads(LOGGING)),)))
    assert verdicts == ["Allowed", "ImplicitlyDenied"]


def test_the_statement_that_decided_is_named_and_none_where_none_did(call: Iam) -> None:
    silent = decide(SESSION, SEND, QUEUE, {})
    call("PutRolePolicy", RoleName="orders", PolicyName="send", PolicyDocument=SENDING)
    allowed = decide(SESSION, SEND, QUEUE, {})
    limited = decide(SESSION, SEND, QUEUE, {}, session=(parse(json.loads(LOGGING)),))
    denied = decide(SESSION, SEND, QUEUE, {}, session=(parse({"Statement": [DENYING]}),))
    assert ["", ""] == [silent.statement, limited.statement]
    call("AttachRolePolicy", RoleName="orders", PolicyArn="arn:aws:iam::aws:policy/AmazonSQSFullAccess")
    assert "identity[0].Statement[0]" == decide(SESSION, SEND, QUEUE, {}).statement
    assert ["identity", "session"] == [decision.statement.partition("[")[0] for decision in (allowed, denied)]


TRUSTED, OTHER = "lambda.amazonaws.com", "sqs.amazonaws.com"


@pytest.mark.parametrize(
    ("service", "of_role", "of_queue", "denial"),
    [
        (TRUSTED, ALLOWING, None, ""),
        (TRUSTED, None, ALLOWING, ""),
        (TRUSTED, None, None, "no identity-based policy allows"),
        (TRUSTED, None, DENYING, "with an explicit deny in a resource-based policy"),
        (TRUSTED, ALLOWING, DENYING, "with an explicit deny in a resource-based policy"),
        (TRUSTED, ALLOWING, {**DENYING, "Condition": {"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}}}, ""),
        (TRUSTED, DENYING, ALLOWING, "with an explicit deny in an identity-based policy"),
        (OTHER, ALLOWING, None, "does not trust sqs.amazonaws.com"),
        ("", ALLOWING, None, ""),
    ],
)
def test_a_service_does_with_a_role_what_that_and_the_resource_let_it(
    call: Iam, monkeypatch: pytest.MonkeyPatch, service: str, of_role: Any, of_queue: Any, denial: str
) -> None:
    role = f"arn:aws:iam::{ACCOUNT}:role/orders"
    if of_role is not None:
        document = json.dumps({"Statement": [of_role]})
        call("PutRolePolicy", RoleName="orders", PolicyName="send", PolicyDocument=document)
    policy = None if of_queue is None else {"Statement": [{**of_queue, "Principal": {"AWS": role}}]}
    monkeypatch.setitem(LOOK_UPS, "sqs", lambda _: policy)
    told = ServiceCalls(AccessLog(())).denial(role, service, SEND, QUEUE)
    assert (denial in told, bool(denial)) == (True, bool(told))


def test_a_role_is_stored_with_its_trust_policy() -> None:
    identity = stored_identity(f"arn:aws:iam::{ACCOUNT}:role/orders")
    assert identity is not None
    assert identity.trust_layers.resource == (parse(json.loads(TRUST)),)


def test_nobody_is_stored_who_does_not_exist() -> None:
    assert stored_identity(f"arn:aws:iam::{ACCOUNT}:role/other") is None
    assert verdict(f"arn:aws:iam::{ACCOUNT}:role/other") == "ImplicitlyDenied"


OWN = f"arn:aws:iam::{ACCOUNT}:role/orders"
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1"
FAR = QUEUE.replace(ACCOUNT, "111122223333")
ANYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}
NOTHING = {**ANYTHING, "Effect": "Deny"}
LOGS_ALONE = {**ANYTHING, "Action": "logs:*"}


@pytest.mark.parametrize(
    ("action", "resource", "identity", "boundary", "session", "resource_policy", "ending"),
    [
        (SEND, QUEUE, None, None, None, (), "because no identity-based policy allows the {} action"),
        (SEND, QUEUE, ANYTHING, LOGS_ALONE, None, (), "because no permissions boundary allows the {} action"),
        (SEND, QUEUE, ANYTHING, None, LOGS_ALONE, (), "because no session policy allows the {} action"),
        (SEND, QUEUE, None, LOGS_ALONE, LOGS_ALONE, (), "because no identity-based policy allows the {} action"),
        (SEND, QUEUE, NOTHING, None, None, (), "with an explicit deny in an identity-based policy"),
        (SEND, QUEUE, ANYTHING, NOTHING, None, (), "with an explicit deny in a permissions boundary"),
        (SEND, QUEUE, ANYTHING, None, NOTHING, (), "with an explicit deny in a session policy"),
        (SEND, QUEUE, ANYTHING, None, None, NOTHING, "with an explicit deny in a resource-based policy"),
        # Another account's resource must allow it, too.
        (SEND, FAR, ANYTHING, None, None, (), "because no resource-based policy allows the {} action"),
        (SEND, FAR, None, None, None, ANYTHING, "because no identity-based policy allows the {} action"),
        # A key's own policy counts before all others.
        ("kms:Decrypt", KEY, ANYTHING, None, None, (), "because no resource-based policy allows the {} action"),
        ("kms:Decrypt", KEY, None, None, None, (), "because no identity-based policy allows the {} action"),
        # Of a role's trust policy no message tells.
        ("sts:AssumeRole", OWN, ANYTHING, None, None, (), ""),
    ],
)
def test_a_denial_says_which_policy_denies_in_the_words_of_the_users_guide(
    call: Iam, action: str, resource: str, identity: Any, boundary: Any, session: Any, resource_policy: Any, ending: str
) -> None:
    if identity is not None:
        document = json.dumps({"Statement": [identity]})
        call("PutRolePolicy", RoleName="orders", PolicyName="p", PolicyDocument=document)
    if boundary is not None:
        call("CreatePolicy", PolicyName="limit", PolicyDocument=json.dumps({"Statement": [boundary]}))
        limit = f"arn:aws:iam::{ACCOUNT}:policy/limit"
        call("PutRolePermissionsBoundary", RoleName="orders", PermissionsBoundary=limit)
    of_resource = resource_policy or {**ANYTHING, "Action": "x:Y"}
    policies = (parse({"Statement": [{**of_resource, "Principal": {"AWS": OWN}}]}),)
    sessions = () if session is None else (parse({"Statement": [session]}),)
    stored = decide(
        SESSION, action, resource, {}, session=sessions, resource_policy=policies if resource_policy else ()
    )
    subject = f"User: {SESSION} is not authorized to perform: {action} on resource: {resource}"
    assert f"{subject} {ending.format(action)}".rstrip() == denial_message(stored)
    assert stored.is_denied


def test_a_federated_caller_is_named_in_no_denial() -> None:
    provider = f"arn:aws:iam::{ACCOUNT}:oidc-provider/issuer.example"
    stored = decide(provider, "sts:AssumeRoleWithWebIdentity", OWN, {})
    assert "Not authorized to perform sts:AssumeRoleWithWebIdentity" == denial_message(stored)


def test_a_boundary_that_is_gone_is_named_and_leaves_what_is_allowed_unknown(call: Iam) -> None:
    call("PutRolePolicy", RoleName="orders", PolicyName="send", PolicyDocument=SENDING)
    call.module._roles["orders"]["PermissionsBoundary"] = gone = f"arn:aws:iam::{ACCOUNT}:policy/gone"
    stored = decide(SESSION, SEND, QUEUE, {})
    assert ("Unknown", (gone,), False) == (stored.verdict, stored.unread, stored.is_denied)


def test_a_user_of_the_same_name_in_another_account_has_other_groups(call: Iam) -> None:
    other = "111122223333"
    with as_request_of(other, "us-east-1"):
        call("CreateUser", UserName="ada")
        call("CreateGroup", GroupName="senders")
        of_aws = "arn:aws:iam::aws:policy/AmazonSQSFullAccess"
        call("AttachGroupPolicy", GroupName="senders", PolicyArn=of_aws)
        call("AddUserToGroup", GroupName="senders", UserName="ada")
        queue = QUEUE.replace(ACCOUNT, other)
        assert ["ImplicitlyDenied", "Allowed"] == [verdict(USER), verdict(USER.replace(ACCOUNT, other), resource=queue)]


@pytest.mark.parametrize(
    ("effect", "condition", "expected"),
    [
        ("Allow", {}, True),
        ("Allow", {"StringEquals": {"aws:SourceAccount": ACCOUNT}}, True),  # which is taken to hold
        ("Deny", {}, False),
        ("Allow", None, False),
    ],
)
def test_a_role_trusts_a_service_that_its_trust_policy_lets_in(
    call: Iam, effect: str, condition: Any, *, expected: bool
) -> None:
    service = LAMBDA if condition is not None else {"Service": OTHER}
    statement = {"Effect": effect, "Action": "sts:AssumeRole", "Principal": service, "Condition": condition or {}}
    document = json.dumps({"Statement": [statement]})
    call("UpdateAssumeRolePolicy", RoleName="orders", PolicyDocument=document)
    assert expected == trusts(OWN, TRUSTED)
    assert not trusts(f"{OWN}-2", TRUSTED)


def test_a_policy_of_a_resource_is_none_without_statements_and_unknown_where_it_cannot_be_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for policy, expected in (
        (None, ()),
        ("", ()),
        ({}, ()),
        ('{"Version": "2012-10-17"}', ()),
        ('{"Statement": []}', ()),
        ("no JSON", None),
        ("[]", None),
        ({"Statement": [{"Effect": "Perhaps"}]}, None),
        ((), ()),
    ):
        monkeypatch.setitem(LOOK_UPS, "sqs", lambda _, policy=policy: policy)
        assert expected == resource_policy(SEND, QUEUE), policy
    assert () == resource_policy(SEND, "*") == resource_policy("new:DoIt", QUEUE)
    unresolved = "arn:aws:{}:us-east-1:1:${{Unresolved}}"
    assert [(), None, None] == [
        resource_policy(f"{service}:Do", unresolved.format(service)) for service in ("sqs", "kms", "sts")
    ]


def test_each_policy_that_is_gone_or_not_valid_is_named_and_the_others_are_read(call: Iam) -> None:
    role = call.module._roles["orders"]
    invalid = '{"Statement": [{"Effect": "Perhaps"}]}'
    role["InlinePolicies"] |= {"text": "no JSON", "send": SENDING, "effect": invalid}
    gone = [f"arn:aws:iam::{owner}:policy/gone" for owner in (ACCOUNT, "aws")]
    role["AttachedPolicies"] += [*gone, "arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess"]
    role["PermissionsBoundary"] = bound = f"arn:aws:iam::{ACCOUNT}:policy/bound"
    role["AssumeRolePolicyDocument"] = invalid
    identity = stored_identity(OWN)
    assert identity is not None
    assert ("text", "effect", *gone, bound) == identity.unread
    assert ((2, parse(json.loads(SENDING))), ()) == (
        (len(identity.layers.identity), identity.layers.identity[0]),
        identity.layers.boundary,
    )
    assert not trusts(OWN, TRUSTED)
