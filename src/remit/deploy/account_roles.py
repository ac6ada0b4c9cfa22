"""Ask IAM what roles hold: their policies, boundary and trust policy, whoever wrote them.

Role by role that is three calls and one for each inline policy; for many roles, and on this machine, it is asked for
all roles of the account at once (iam:GetAccountAuthorizationDetails), unless the caller may not.

Source: "GetRole", "ListRolePolicies", "GetRolePolicy", "ListAttachedRolePolicies", "GetPolicyVersion",
"GetAccountAuthorizationDetails" (IAM API Reference).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final, TypeVar

from remit.app import Grant, Reason
from remit.deploy.aws_errors import denied, if_there, remit_errors
from remit.deploy.session import CONNECTIONS, Account
from remit.errors import RemitError
from remit.holders import HeldPolicy, Holder, bounded, by_arn
from remit.iam.policy import Policy, parse
from remit.template.policy_documents import services

T = TypeVar("T")
U = TypeVar("U")
MANY: Final = 25  # roles; of more, all of the account are asked for at once


class Unreadable(RemitError):
    """A policy that is there, and that remit cannot read."""


@dataclass(frozen=True, slots=True)
class ManagedPolicyVersion:
    """The version of a managed policy that is in force, as in "v3"."""

    version: str
    policy: Policy


def held_roles(account: Account, names: Iterable[str]) -> dict[str, Holder]:
    """Roles by their names in the account; one that is not there is left out.

    They are read in one list where that is quicker and allowed, else one by one. Unreadable: a policy is none.
    RemitError: AWS refuses.
    """
    role_names = tuple(dict.fromkeys(names))
    roles = None
    with remit_errors():
        if role_names and (account.local or len(role_names) > MANY):
            roles = if_there(partial(roles_in_one_list, account, role_names), denied)
        return roles_one_by_one(account, role_names) if roles is None else roles


def roles_one_by_one(account: Account, names: Iterable[str]) -> dict[str, Holder]:
    """`held_roles` by calls for each role, many at once.

    One that is not there is left out; what AWS refuses is raised as botocore has it.
    """
    client = account.client("iam")

    def held_role(name: str) -> Holder:
        return _holder(client.get_role(RoleName=name)["Role"], held_policies(client, "role", name))

    roles = at_once(lambda name: if_there(partial(held_role, name)), names)
    return {role.name: role for role in roles if role is not None}


def roles_in_one_list(account: Account, names: Iterable[str]) -> dict[str, Holder]:
    """`held_roles` with one list of all the account's roles.

    A name that no role has is left out. Unreadable: a policy of one is none.
    """
    role_names, client = frozenset(names), account.client("iam")
    roles = {}
    for page in client.get_paginator("get_account_authorization_details").paginate(Filter=["Role"]):
        for raw in page["RoleDetailList"]:
            name = raw["RoleName"]
            if name in role_names:
                policies = [
                    _inline_policy(policy["PolicyName"], policy["PolicyDocument"], f"role {name}")
                    for policy in raw["RolePolicyList"]
                ]
                policies += by_arn(policy["PolicyArn"] for policy in raw["AttachedManagedPolicies"])
                roles[name] = _holder(raw, tuple(policies))
    if account.local:  # the AWS on this machine leaves boundaries out of that list
        for raw in at_once(lambda name: client.get_role(RoleName=name)["Role"], roles):
            roles[raw["RoleName"]] = replace(roles[raw["RoleName"]], limits=held_boundary(raw))
    return roles


def _inline_policy(name: str, raw: Any, holder: str) -> HeldPolicy:
    """An inline policy; the reason of each of its statements is `policy NAME of HOLDER`."""
    document = _policy_of(raw, f"policy {name} of {holder}")
    reason = Reason("text", f"policy {name} of {holder}")
    grants = (Grant(statement, reason, version=document.version) for statement in document.statements)
    return HeldPolicy(name, "inline", document, tuple(grants))


def _holder(raw: Mapping[str, Any], policies: tuple[HeldPolicy, ...]) -> Holder:
    """The role that IAM describes in `raw`, with these policies. Unreadable: its trust policy is none."""
    name = raw["RoleName"]
    trust = _policy_of(raw["AssumeRolePolicyDocument"], f"the trust policy of role {name}")
    return Holder(
        name,
        policies,
        limits=held_boundary(raw),
        trusts=services(trust),
        trust=trust,
        name=name,
        arn=raw["Arn"],
    )


def managed_policy_versions(account: Account, arns: Iterable[str]) -> dict[str, ManagedPolicyVersion]:
    """The version in force of each managed policy, by ARN; one that is not there is left out.

    Unreadable: one is no policy. RemitError: AWS refuses.
    """
    client = account.client("iam")

    def document_of(arn: str) -> tuple[str, ManagedPolicyVersion]:
        """The ARN with the default version of its policy, by two calls."""
        version = client.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
        raw = client.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
        return arn, ManagedPolicyVersion(version, _policy_of(raw, f"policy {arn}"))

    with remit_errors():
        read = at_once(lambda arn: if_there(partial(document_of, arn)), dict.fromkeys(arns))
    return dict(item for item in read if item is not None)


def held_policies(client: Any, kind: str, name: str) -> tuple[HeldPolicy, ...]:
    """The policies of a `role`, a `user` or a `group` (`kind`): inline ones with their text, managed ones by ARN alone.

    Unreadable: one is no policy. What AWS refuses is raised as the SDK has it.
    """
    holder = {f"{kind.title()}Name": name}
    inline = []
    for policy in client.get_paginator(f"list_{kind}_policies").paginate(**holder).search("PolicyNames[]"):
        raw = getattr(client, f"get_{kind}_policy")(**holder, PolicyName=policy)
        inline.append(_inline_policy(policy, raw["PolicyDocument"], f"{kind} {name}"))
    attached = client.get_paginator(f"list_attached_{kind}_policies").paginate(**holder)
    return (*inline, *by_arn(attached.search("AttachedPolicies[].PolicyArn")))


def held_boundary(raw: Mapping[str, Any]) -> tuple[HeldPolicy, ...]:
    """The permissions boundary in IAM's description of a role or a user: one policy, or none."""
    return bounded(raw.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"))


def _policy_of(raw: Any, name: str) -> Policy:
    """The policy in a document that botocore has decoded. Unreadable: it is none; `name` is what the error calls it."""
    try:
        return parse(raw)
    except RemitError as error:
        raise Unreadable(f"{name} cannot be read: {error.message}", hint=error.hint) from error


def at_once(work: Callable[[U], T], items: Iterable[U]) -> list[T]:
    """Call `work` with each item in threads: the results in the items' order.

    The first failure, or Ctrl-C, is raised and stops what has not begun.
    """
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        waiting = [pool.submit(work, item) for item in items]
        try:
            return [future.result() for future in waiting]
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
