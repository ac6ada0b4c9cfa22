"""A role in the AWS on this machine may do what the policies that are stored for it say, at this very moment."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from ministack.services import iam

from remit.iam.policy import parse
from remit.local.authorization.stored_policies import decide, stored_identity

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


@pytest.fixture(autouse=True)
def _empty() -> Iterator[None]:
    """IAM's memory in this process, with a role and a user, and nothing in it afterwards."""
    call(iam._create_role, RoleName="orders", AssumeRolePolicyDocument=TRUST)
    call(iam._create_user, UserName="ada")
    yield
    iam.reset()


def call(operation: Any, **parameters: str) -> None:
    status, _, body = operation({name: [value] for name, value in parameters.items()})
    assert status == 200, body


def verdict(caller: str, action: str = SEND, resource: str = QUEUE, **options: Any) -> Verdict:
    return decide(caller, action, resource, {}, **options).verdict


def test_a_role_without_policies_may_do_nothing() -> None:
    assert verdict(SESSION) == "ImplicitlyDenied"


def test_an_inline_policy_counts_at_once_and_no_longer_than_it_is_stored() -> None:
    verdicts = [verdict(SESSION)]
    call(iam._put_role_policy, RoleName="orders", PolicyName="send", PolicyDocument=SENDING)
    verdicts.append(verdict(SESSION))
    call(iam._put_role_policy, RoleName="orders", PolicyName="send", PolicyDocument=LOGGING)
    verdicts.append(verdict(SESSION))
    assert verdicts == ["ImplicitlyDenied", "Allowed", "ImplicitlyDenied"]


def test_a_managed_policy_of_aws_is_the_catalogues_where_the_emulator_has_none() -> None:
    arn = "arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess"
    assert arn not in iam._aws_managed_policies
    call(iam._attach_role_policy, RoleName="orders", PolicyArn=arn)
    assert verdict(SESSION, "sqs:ListQueues", "*") == "Allowed"


def test_the_default_version_of_a_managed_policy_decides() -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:policy/sending"
    call(iam._create_policy, PolicyName="sending", PolicyDocument=LOGGING)
    call(iam._attach_role_policy, RoleName="orders", PolicyArn=arn)
    verdicts = [verdict(SESSION)]
    call(iam._create_policy_version, PolicyArn=arn, PolicyDocument=SENDING, SetAsDefault="true")
    assert [*verdicts, verdict(SESSION)] == ["ImplicitlyDenied", "Allowed"]


def test_a_boundary_limits_a_role() -> None:
    call(iam._put_role_policy, RoleName="orders", PolicyName="send", PolicyDocument=SENDING)
    call(iam._create_policy, PolicyName="limit", PolicyDocument=LOGGING)
    limit = f"arn:aws:iam::{ACCOUNT}:policy/limit"
    call(iam._put_role_permissions_boundary, RoleName="orders", PermissionsBoundary=limit)
    assert verdict(SESSION) == "ImplicitlyDenied"


def test_a_user_has_the_policies_of_its_groups() -> None:
    call(iam._create_group, GroupName="senders")
    call(iam._put_group_policy, GroupName="senders", PolicyName="send", PolicyDocument=SENDING)
    verdicts = [verdict(USER)]
    call(iam._add_user_to_group, GroupName="senders", UserName="ada")
    assert [*verdicts, verdict(USER)] == ["ImplicitlyDenied", "Allowed"]


def test_a_policy_that_nobody_has_leaves_unknown_what_no_other_denies() -> None:
    arn = "arn:aws:iam::aws:policy/Misspelt"
    call(iam._attach_role_policy, RoleName="orders", PolicyArn=arn)
    decision = decide(SESSION, SEND, QUEUE, {})
    assert (decision.verdict, decision.unread) == ("Unknown", (arn,))


def test_a_session_policy_limits_and_a_resources_policy_grants() -> None:
    principal = {"AWS": f"arn:aws:iam::{ACCOUNT}:role/orders"}
    queue_policy = parse({"Statement": {"Effect": "Allow", "Action": SEND, "Resource": "*", "Principal": principal}})
    verdicts = [verdict(SESSION, resource_policy=(queue_policy,))]
    call(iam._put_role_policy, RoleName="orders", PolicyName="send", PolicyDocument=SENDING)
    verdicts.append(verdict(SESSION, session=(parse(json.loads(LOGGING)),)))
    assert verdicts == ["Allowed", "ImplicitlyDenied"]


def test_a_role_is_stored_with_its_trust_policy() -> None:
    identity = stored_identity(f"arn:aws:iam::{ACCOUNT}:role/orders")
    assert identity is not None
    assert identity.trust == parse(json.loads(TRUST))


def test_nobody_is_stored_who_does_not_exist() -> None:
    assert stored_identity(f"arn:aws:iam::{ACCOUNT}:role/other") is None
    assert verdict(f"arn:aws:iam::{ACCOUNT}:role/other") == "ImplicitlyDenied"
