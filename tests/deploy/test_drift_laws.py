"""Of any role, each thing that was changed by hand is told once, and what is put back is what the template says."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from hypothesis import event, given, settings
from hypothesis import strategies as st

from random_cases import cases
from remit.deploy.drift import drift
from remit.holders import HeldPolicy, Holder, bounded, by_arn
from remit.iam.policy import Policy, parse, render

if TYPE_CHECKING:
    from collections.abc import Iterable

    from remit.deploy.role_repairs import Repair

ROLE: Final = "orders-dev-report"
NAMES: Final = {"${Queue.Arn}": "arn:aws:sqs:eu-west-1:111122223333:jobs", "${Extra}": "arn:aws:iam::1:policy/extra"}


def _document(action: str, resource: str) -> Policy:
    return parse({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": action, "Resource": resource}})


def _trust(service: str) -> Policy:
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": f"{service}.amazonaws.com"}}
    return parse({"Version": "2012-10-17", "Statement": statement})


IN_TEMPLATE: Final = (_document("sqs:SendMessage", "${Queue.Arn}"), _document("s3:GetObject", "*"))
IN_ACCOUNT: Final = (_document("sqs:SendMessage", NAMES["${Queue.Arn}"]), IN_TEMPLATE[1], _document("s3:*", "*"))
ARNS: Final = ("${Extra}", "arn:aws:iam::aws:policy/ReadOnlyAccess", "arn:aws:iam::1:policy/other")
TRUSTS: Final = (_trust("lambda"), _trust("scheduler"))
POLICY_NAMES: Final = st.sampled_from(("remit", "second", "third"))


@dataclass
class Role:
    """What IAM has of a role; None as its trust policy: there is no such role."""

    inline: dict[str, Policy]
    attached: set[str]
    boundary: str | None
    trust: Policy | None

    def make(self, repairs: Iterable[Repair]) -> None:
        """Carry calls out, as IAM does."""
        for repair in repairs:
            given: dict[str, Any] = dict(repair.parameters)
            assert ROLE == given.pop("RoleName")
            getattr(self, repair.method)(**given)

    def put_role_policy(self, PolicyName: str, PolicyDocument: str) -> None:  # noqa: N803 - IAM's names, here and below
        self.inline[PolicyName] = parse(json.loads(PolicyDocument))

    def delete_role_policy(self, PolicyName: str) -> None:  # noqa: N803
        del self.inline[PolicyName]

    def attach_role_policy(self, PolicyArn: str) -> None:  # noqa: N803
        self.attached.add(PolicyArn)

    def detach_role_policy(self, PolicyArn: str) -> None:  # noqa: N803
        self.attached.remove(PolicyArn)

    def put_role_permissions_boundary(self, PermissionsBoundary: str) -> None:  # noqa: N803
        self.boundary = PermissionsBoundary

    def delete_role_permissions_boundary(self) -> None:
        self.boundary = None

    def update_assume_role_policy(self, PolicyDocument: str) -> None:  # noqa: N803
        self.trust = parse(json.loads(PolicyDocument))

    def create_role(self, AssumeRolePolicyDocument: str, PermissionsBoundary: str | None = None) -> None:  # noqa: N803
        assert self.trust is None
        self.trust, self.boundary = parse(json.loads(AssumeRolePolicyDocument)), PermissionsBoundary


def roles(documents: tuple[Policy, ...], arns: tuple[str, ...]) -> st.SearchStrategy[Role]:
    return st.builds(
        Role,
        st.dictionaries(POLICY_NAMES, st.sampled_from(documents)),
        st.sets(st.sampled_from(arns)),
        st.none() | st.sampled_from(arns),
        st.sampled_from(TRUSTS),
    )


DECLARED: Final = roles(IN_TEMPLATE, ARNS)
HELD: Final = roles(IN_ACCOUNT, tuple(NAMES.get(arn, arn) for arn in ARNS))


def holder(role: Role, name: str) -> Holder:
    policies = tuple(HeldPolicy(name, document=document) for name, document in role.inline.items())
    limits = () if role.boundary is None else bounded(role.boundary)
    return Holder("ReportRole", (*policies, *by_arn(sorted(role.attached))), limits=limits, trust=role.trust, name=name)


def in_account(declared: Role) -> Role:
    """What a deploy makes of a role."""
    inline = {name: IN_ACCOUNT[IN_TEMPLATE.index(document)] for name, document in declared.inline.items()}
    boundary = None if declared.boundary is None else NAMES.get(declared.boundary, declared.boundary)
    return Role(inline, {NAMES.get(arn, arn) for arn in declared.attached}, boundary, declared.trust)


@settings(max_examples=cases(15, deep=300))
@given(DECLARED, HELD)
def test_each_change_by_hand_is_told_once_and_undone_by_its_own_calls(declared: Role, held: Role) -> None:
    deployed = in_account(declared)
    names = deployed.inline.keys() | held.inline.keys()
    differing = [name for name in names if deployed.inline.get(name) != held.inline.get(name)]
    differing += deployed.attached ^ held.attached
    differing += [part for part in ("boundary", "trust") if getattr(deployed, part) != getattr(held, part)]
    found = list(drift(holder(declared, ""), {}, holder(held, ROLE), ROLE, NAMES))
    event(f"{len(found)} changes")
    assert len(differing) == len(found)
    assert {"ReportRole"} >= {change.resource for change in found}
    if "boundary" in differing:  # who may write a role only under its boundary puts that back first
        assert "permissions boundary" in found[0].what
    for change in found:
        assert 1 == len(change.repairs)
        held.make(change.repairs)
    assert deployed == held


@settings(max_examples=cases(15, deep=300))
@given(DECLARED)
def test_a_role_that_is_gone_is_made_again_as_it_was(declared: Role) -> None:
    (change,) = drift(holder(declared, ""), {}, None, ROLE, NAMES)
    role = Role({}, set(), None, None)
    role.make(change.repairs)
    assert in_account(declared) == role
    assert render(declared.trust or TRUSTS[0]) == json.loads(
        dict(change.repairs[0].parameters)["AssumeRolePolicyDocument"]
    )


def test_of_what_only_the_deploy_knows_nothing_is_said_and_the_rest_is_told() -> None:
    """A policy, a managed policy and a boundary whose names are open: none was made, attached or swapped by hand."""
    known, open_, other = _document("s3:Get*", "*"), _document("sqs:*", "${Other.Name}"), _document("s3:*", "*")
    declared = Role({"kept": known, "open": open_, "gone": open_, "${Name}": known}, {"${Extra.Arn}"}, "${Limit}", None)
    held = Role({"kept": other, "open": other, "extra": other}, {"arn:aws:iam::1:policy/a"}, "arn:aws:iam::1:b", None)
    trusted = replace(holder(held, ROLE), trust=TRUSTS[1])

    found = list(drift(replace(holder(declared, ""), trust=Policy(())), {}, trusted, ROLE, NAMES))

    on = f"of role {ROLE} (ReportRole) was"
    assert [(change.what, change.policy, len(change.repairs)) for change in found] == [
        (f"policy kept {on} edited by hand", "kept", 1),
        (f"policy gone {on} deleted by hand", "gone", 0),
    ]


def test_a_policy_in_another_spelling_is_the_same_and_its_statements_in_another_order_are_not() -> None:
    """IAM keeps lists as sets, and an account as the ARN of its root."""

    def trust(*accounts: str, conditions: list[tuple[str, str, list[str]]], flipped: bool = False) -> Policy:
        condition: dict[str, dict[str, list[str]]] = {}
        for operator, key, values in conditions:
            condition.setdefault(operator, {})[key] = values
        first = {"Principal": {"AWS": list(accounts)}, "Action": ["sts:TagSession", "sts:AssumeRole"]}
        second = {"Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        listed = [{"Effect": "Allow", **first, "Condition": condition}, {"Effect": "Allow", **second}]
        return parse({"Version": "2012-10-17", "Statement": listed[::-1] if flipped else listed})

    one, other = "111122223333", "arn:aws:iam::444455556666:role/x"
    root = f"arn:aws:iam::{one}:root"
    limits = [("StringEquals", "aws:a", ["1", "2"]), ("ArnLike", "aws:b", ["3"]), ("StringEquals", "aws:c", ["4"])]
    declared = replace(holder(Role({}, set(), None, None), ""), trust=trust(one, other, conditions=limits))
    spelled = [(operator, key, [*reversed(values), values[0]]) for operator, key, values in reversed(limits)]
    for accounts, conditions, flipped, is_same in (
        ((other, root), spelled, False, True),
        ((other, root), spelled, True, False),
        ((other,), spelled, False, False),
        ((other, root), spelled[1:], False, False),
        ((other, root), [("StringLike", "aws:a", ["1", "2"]), *limits[1:]], False, False),
    ):
        held = replace(declared, name=ROLE, trust=trust(*accounts, conditions=conditions, flipped=flipped))
        assert (list(drift(declared, {}, held, ROLE, NAMES)) == []) == is_same
