"""A bucket's policy, asked by `remit audit` and by brute force: whom each statement lets in, and how far it reaches.

Outsiders are of five kinds (strangers, members of the organization, accounts that a policy names, a member that it
names, services), and each but the services asks from the internet, from some addresses, and through an endpoint.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from hypothesis import event, given, settings
from hypothesis import strategies as st

from audit_accounts import ACCOUNT, OTHER, document
from brute_force import applies, conditions
from random_cases import cases
from remit.audit.exposures import exposures
from remit.audit.json_bytes import compact
from remit.audit.organization import organization
from remit.audit.resource_policies import ResourcePolicy

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from brute_force import Context, Statement

CASES: Final = cases(12, deep=200)
MEMBER, UNNAMED_MEMBER, STRANGER = "222233334444", "222233335555", "777788889999"
ORGANIZATION: Final = "o-exampleorgid"
BUCKET: Final = "arn:aws:s3:::orders"
TRAIL: Final = "cloudtrail.amazonaws.com"
REACHES: Final = ("anyone", "organization", "account", "member account")
"""From the widest to the narrowest; whoever comes by a network alone is as far behind as the next four."""
BY_SERVICES: Final[tuple[Any, ...]] = (
    {"StringEquals": {"aws:SourceAccount": ACCOUNT}},
    {"Bool": {"aws:PrincipalIsAWSService": "true"}},
    {"ArnLike": {"aws:SourceArn": f"arn:aws:sns:us-east-1:{ACCOUNT}:orders"}},
)  # fmt: skip
LIMITS: Final[tuple[Any, ...]] = (
    {"StringEquals": {"aws:PrincipalOrgID": ORGANIZATION}},
    {"StringEquals": {"aws:PrincipalAccount": OTHER}},
    {"StringEquals": {"aws:PrincipalAccount": MEMBER}},
    {"StringEquals": {"aws:PrincipalAccount": [MEMBER, OTHER]}},
    {"ArnEquals": {"aws:PrincipalArn": f"arn:aws:iam::{OTHER}:role/x"}},
    {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{MEMBER}:role/*"}},
    {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}},
    {"StringLike": {"aws:SourceVpce": "vpce-1"}},
    {"StringEquals": {"aws:PrincipalAccount": ACCOUNT}},
)  # fmt: skip
OF_SERVICES: Final = ("aws:SourceAccount", "aws:PrincipalIsAWSService", "aws:SourceArn")
"""To mend: a Deny by any other key, which no service brings along, keeps services out, and does not in the prover."""
DENIED: Final[tuple[Any, ...]] = (
    {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": ORGANIZATION}},
    {"StringNotEquals": {"aws:PrincipalAccount": [OTHER, ACCOUNT]}},
    {"StringNotEquals": {"aws:PrincipalAccount": MEMBER}},
    {"StringNotEqualsIfExists": {"aws:SourceVpce": "vpce-1"}},
    {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}},
    {"Bool": {"aws:PrincipalIsAWSService": "false"}},
    {"StringEquals": {"aws:PrincipalAccount": OTHER}},
)
WHO: Final[tuple[Any, ...]] = (
    "*", "*", "*", {"AWS": "*"}, {"AWS": OTHER}, {"AWS": MEMBER}, {"AWS": f"arn:aws:iam::{OTHER}:role/x"},
    {"AWS": ACCOUNT}, {"Service": TRAIL},
)  # fmt: skip


@st.composite
def bucket_statements(draw: st.DrawFn, effects: Sequence[str]) -> Statement:
    effect = draw(st.sampled_from(effects))
    who = draw(st.sampled_from(WHO if effect == "Allow" else ("*",)))
    action = draw(st.sampled_from(["s3:GetObject", "s3:GetObject", "s3:PutObject", "s3:*"]))
    statement = {"Effect": effect, "Principal": who, "Action": action, "Resource": f"{BUCKET}/*"}
    if effect == "Deny":
        return statement | {"Condition": draw(st.sampled_from(DENIED))}
    # A service has no account and no address of its own: its limits are drawn apart.
    of_service = "Service" in who or (who == "*" and draw(st.integers(0, 4)) == 0)
    pool = BY_SERVICES if of_service else LIMITS
    limits = draw(st.lists(st.sampled_from(pool), max_size=2, unique_by=lambda limit: next(iter(limit))))
    return statement | (
        {"Condition": {key: value for limit in limits for key, value in limit.items()}} if limits else {}
    )


@dataclass(frozen=True)
class Outsider:
    """Somebody who asks: the account (empty: a service), an ARN, and the context that comes with that."""

    account: str
    arn: str
    by_network: bool
    context: Context


def outsiders() -> Iterator[Outsider]:
    places: tuple[Context, ...] = (
        {"aws:sourceip": "185.64.9.1"},
        {"aws:sourceip": "203.0.113.5"},
        {"aws:sourcevpce": "vpce-1"},
        # To mend: who comes through an endpoint has no aws:SourceIp, and the prover takes both together.
        {"aws:sourceip": "203.0.113.5", "aws:sourcevpce": "vpce-1"},
    )
    for place in places:  # who signs nothing has no key of a caller
        yield Outsider(STRANGER, "anonymous", place != places[0], place)
    for account in (STRANGER, OTHER, MEMBER, UNNAMED_MEMBER):
        for arn in (f"arn:aws:iam::{account}:role/x", f"arn:aws:iam::{account}:user/example"):
            caller = {"aws:principalaccount": account, "aws:principalarn": arn, "aws:principalisawsservice": "false"}
            if account in (MEMBER, UNNAMED_MEMBER):
                caller["aws:principalorgid"] = ORGANIZATION
            for place in places:
                yield Outsider(account, arn, place != places[0], caller | place)
    for source in ({}, {"aws:sourceaccount": ACCOUNT, "aws:sourcearn": f"arn:aws:sns:us-east-1:{ACCOUNT}:orders"}):
        yield Outsider("", TRAIL, False, {"aws:principalisawsservice": "true", **source})  # noqa: FBT003 - a place


def means(statement: Statement, outsider: Outsider) -> bool:
    who = statement["Principal"]
    if who == "*" or who.get("AWS") == "*":
        return True
    if "Service" in who:
        return outsider.arn == who["Service"]
    return who["AWS"] in (outsider.account, outsider.arn)


def reach(outsider: Outsider, policy: Sequence[Statement]) -> tuple[int, str]:
    """How far somebody is from anybody on the internet, as one of those whom a statement for everybody lets in."""
    if not outsider.account:
        return 2 * len(REACHES), "service"
    meant: set[str] = set()
    for statement in policy:
        for operator, key, values in conditions(statement):
            if key in ("aws:PrincipalAccount", "aws:PrincipalArn") and ("Not" in operator) == (
                statement["Effect"] == "Deny"
            ):
                meant.update(value.split(":")[4] if value.startswith("arn:") else value for value in values)
    is_member = outsider.account in (MEMBER, UNNAMED_MEMBER)
    name = "organization" if is_member else "anyone"
    if outsider.account in meant:
        name = "member account" if is_member else "account"
    rank = REACHES.index(name) + (len(REACHES) if outsider.by_network else 0)
    return rank, "network" if name == "anyone" and outsider.by_network else name


def named(statement: Statement) -> str:
    """The one principal of a statement."""
    who = statement["Principal"]
    return who if isinstance(who, str) else next(iter(who.values()))


REACHES_OF_NAMES: Final = {
    OTHER: "account", f"arn:aws:iam::{OTHER}:role/x": "account", MEMBER: "member account", TRAIL: "service",
}  # fmt: skip


def by_brute_force(policy: Sequence[Statement], rcps: Sequence[Statement]) -> set[tuple[str, str, int]]:
    """Whom each statement lets in, how far it reaches, and the statement's place."""
    found = set()
    for place, statement in enumerate(policy):
        if statement["Effect"] == "Deny":
            continue
        let_in = [
            outsider
            for outsider in outsiders()
            for action in ("s3:GetObject", "s3:PutObject", "s3:DeleteObject")
            if means(statement, outsider)
            and applies(statement, action, f"{BUCKET}/x", outsider.context)
            and not any(
                denial["Effect"] == "Deny" and applies(denial, action, f"{BUCKET}/x", outsider.context)
                for denial in (*policy, *rcps)
            )
        ]
        if let_in:
            who = named(statement)
            far = REACHES_OF_NAMES.get(who) or min(reach(outsider, (*policy, *rcps)) for outsider in let_in)[1]
            found.add((who, far, place))
    return found


@settings(max_examples=CASES, deadline=None)
@given(
    policy=st.lists(bucket_statements(["Allow", "Allow", "Deny"]), min_size=1, max_size=3),
    rcps=st.lists(bucket_statements(["Deny"]), max_size=1),
)
def test_a_bucket_lets_in_whom_brute_force_finds(policy: list[Statement], rcps: list[Statement]) -> None:
    value = {
        "Organization": {"Id": ORGANIZATION, "MasterAccountId": "999988887777"},
        "Roots": [{"Id": "r-1", "Policies": ["p-FullAWSAccess", "p-RCPFullAWSAccess", *(["p-rcp"] if rcps else [])]}],
        "Accounts": [
            {"Id": account, "ParentId": "r-1", "Policies": ["p-FullAWSAccess"]}
            for account in (ACCOUNT, MEMBER, UNNAMED_MEMBER)
        ],
        "Policies": [
            {"PolicySummary": {"Id": "p-rcp", "Type": "RESOURCE_CONTROL_POLICY"}, "Content": document(*rcps)}
        ] * len(rcps),
    }  # fmt: skip
    members, problems = organization(value, "organization.json")
    assert () == problems
    found = exposures([ResourcePolicy(BUCKET, ACCOUNT, compact(document(*policy)))], members)
    assert () == found.undecided
    rows = {(row.who, row.reach, int(row.statement[len("Statement[") : -1])) for row in found.rows}
    # A role that one statement names is told of another's account, too, and the reverse, which says no more.
    rows = {row for row in rows if row[0] == named(policy[row[2]])}
    for who, how_far, _ in rows:
        event(f"{'*' if who == '*' else 'named'}: {how_far}")
    denials = [statement for statement in (*policy, *rcps) if statement["Effect"] == "Deny"]
    unknown_to_services = any(key not in OF_SERVICES for denial in denials for _, key, _ in conditions(denial))
    expected = by_brute_force(policy, rcps)
    if unknown_to_services:
        expected, rows = ({row for row in found if row[1] != "service"} for found in (expected, rows))
    assert expected == rows
