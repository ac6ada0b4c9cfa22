"""Two small accounts, asked by `remit audit` and by brute force: who can do what, who can assume whom, who rises how.

Cases are drawn evenly, from a seed: to make one smaller takes minutes, and it is small. Each picks a few actions for
all of its statements, so that they meet. What is compared is named in `WORLD`; techniques that need other actions are
reached by nobody but those who may do everything.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from hypothesis import Phase, assume, event, given, note, settings
from hypothesis import strategies as st

from audit_accounts import NOW, document, managed, page
from brute_force import Held, applies, conditions, contexts, has, names, texts
from random_cases import cases
from remit.audit.audit import AuditInput, audit
from remit.audit.organization import organization
from remit.audit.workers import Workers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path
    from random import Random

    from brute_force import Context, Statement
    from remit.audit.audit import AuditReport
    from remit.audit.results import AccountResult, Edge

CASES: Final = cases(12, deep=60)
A, B = "111122223333", "444455556666"
ORGANIZATION: Final = "o-1"
ASSUME: Final = "sts:AssumeRole"
EVERYTHING: Final = {"Effect": "Allow", "Action": "*", "Resource": "*"}
ADMINISTRATOR: Final = "arn:aws:iam::aws:policy/AdministratorAccess"
MAKE_AND_RUN: Final = ("lambda:CreateFunction", "lambda:InvokeFunction")
BUNDLES: Final = {
    "trust": (("sts:AssumeRole",), ("iam:UpdateAssumeRolePolicy",), ("iam:PutRolePolicy",)),
    "users": (("iam:PutUserPolicy", "iam:PutGroupPolicy"), ("iam:CreateAccessKey",)),
    "policies": (("iam:SetDefaultPolicyVersion",), ("iam:CreatePolicyVersion", "iam:AttachRolePolicy")),
    "services": (("iam:PassRole", *MAKE_AND_RUN), ("lambda:UpdateFunctionCode", "ssm:SendCommand")),
    "data": (("s3:GetObject", "kms:Decrypt"),),
}
"""Actions that are worth something together, by themes: a case has one theme, and a bundle of another."""
ALL_BUNDLES: Final = tuple(bundle for bundles in BUNDLES.values() for bundle in bundles)
SENSITIVE: Final = (
    "iam:AttachRolePolicy", "iam:PutUserPolicy", "iam:PutGroupPolicy", "iam:PutRolePolicy", "iam:CreatePolicyVersion",
    "iam:SetDefaultPolicyVersion", "iam:UpdateAssumeRolePolicy", "iam:PassRole", "lambda:UpdateFunctionCode",
    "ssm:SendCommand", "iam:CreateAccessKey", "s3:GetObject", "kms:Decrypt",
)  # fmt: skip
RUN_LAMBDA: Final = "iam:PassRole + lambda:CreateFunction + lambda:InvokeFunction"
ONTO_OTHERS: Final = (
    "iam:AttachRolePolicy", "iam:PutRolePolicy", "iam:PutUserPolicy", "iam:PutGroupPolicy", "iam:CreatePolicyVersion",
    "iam:SetDefaultPolicyVersion",
)  # fmt: skip
WORLD: Final = {
    *(action for bundle in ALL_BUNDLES for action in bundle if action.startswith(("iam:", "sts:"))),
    RUN_LAMBDA, "lambda:UpdateFunctionCode", "ssm:SendCommand", *(f"{action} on others" for action in ONTO_OTHERS),
}  # fmt: skip
"""The techniques that are compared."""
BLUE: Final = {"StringEquals": {"aws:PrincipalTag/team": "blue"}}
OF_BLUE: Final = {"StringEquals": {"aws:ResourceTag/team": "blue"}}
MEMBERS: Final = {"StringEquals": {"aws:PrincipalOrgID": ORGANIZATION}}
LIMITS: Final[tuple[Any, ...]] = (
    BLUE, OF_BLUE, MEMBERS, BLUE, OF_BLUE, OF_BLUE, OF_BLUE,
    {"StringEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}},
    {"StringNotEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}},
    {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}},
    {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}},
    {"ArnEquals": {"iam:PolicyARN": ADMINISTRATOR}},
    {"ArnNotEquals": {"iam:PolicyARN": "arn:aws:iam::aws:policy/ReadOnlyAccess"}},
    {"Bool": {"aws:MultiFactorAuthPresent": "true"}},
    {"StringLike": {"aws:userid": "AROA1R1:*"}},
    {"StringNotLike": {"aws:userid": "AROA1*"}},
    {"StringEquals": {"aws:username": "u1"}},
    {"DateLessThan": {"aws:TokenIssueTime": "2020-01-01T00:00:00Z"}},
    {"Null": {"aws:TokenIssueTime": "true"}},
    {"StringNotEquals": {"aws:PrincipalAccount": B}},
    {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/r*"}},
)  # fmt: skip
UNTAGGED: Final = ("s3:GetObject", "iam:PutGroupPolicy", "iam:PassRole")
"""Actions on what has no tags, or whose tags IAM does not look at reliably."""
TRUST_LIMITS: Final[tuple[Any, ...]] = (
    {}, {}, {}, {}, BLUE, MEMBERS,
    {"StringEquals": {"sts:ExternalId": "x"}},
    {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/r*"}},
)  # fmt: skip
SERVICE_LIMITS: Final[tuple[Any, ...]] = (
    {}, {}, {"StringEquals": {"aws:SourceAccount": A}}, {"StringEquals": {"aws:SourceAccount": B}},
)  # fmt: skip
RCP_LIMITS: Final[tuple[Any, ...]] = (
    {"StringNotEquals": {"aws:PrincipalAccount": B}},
    {"StringNotEquals": {"aws:PrincipalAccount": A}},
    {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": ORGANIZATION}},
    {"StringNotEquals": {"aws:PrincipalTag/team": "blue"}},
)


def arn(account: str, kind: str, name: str) -> str:
    return f"arn:aws:iam::{account}:{kind}/{name}"


@dataclass
class Principal:
    """A user or role as the case has it; `policies` are names of the account's managed policies."""

    kind: str
    account: str
    name: str
    statements: list[Statement]
    policies: list[str]
    groups: list[str]
    boundary: str | None
    team: str | None
    trust: list[Statement]
    runs: bool = False

    @property
    def arn(self) -> str:
        return arn(self.account, self.kind, self.name)

    @property
    def id(self) -> str:
        return f"{'AIDA' if self.kind == 'user' else 'AROA'}{self.account[0]}{self.name.upper()}"


@dataclass
class Case:
    """The accounts, their managed policies (the version in force first) and groups, and control policies by level."""

    principals: list[Principal]
    managed: dict[tuple[str, str], list[list[Statement]]]
    groups: dict[tuple[str, str], tuple[list[Statement], list[str]]]
    organized: bool
    management: str
    scps: list[list[Statement]] = field(default_factory=list)
    rcps: list[Statement] = field(default_factory=list)


# The draw


def statements(rng: Random, account: str, bundles: Sequence[tuple[str, ...]], most: int) -> list[Statement]:
    resources = (
        "*", arn(account, "role", "r1"), arn(account, "role", "*"), arn(account, "user", "u*"),
        arn(account, "user", "${aws:username}"), arn(account, "policy", "p1"), arn(account, "group", "g1"),
        "arn:aws:s3:::${aws:PrincipalTag/team}/*", arn(B, "role", "*"), arn(account, "role", "boss"),
    )  # fmt: skip
    drawn = []
    for _ in range(rng.randint(1, most)):
        effect = rng.choice(["Allow", "Allow", "Allow", "Deny"])
        whole = rng.sample(bundles, rng.randint(1, 2))
        chosen = [action for bundle in whole for action in bundle]
        if rng.randint(0, 5) == 0:
            chosen = chosen[-1:]
        on = rng.choice(["*"] * 8 + list(resources))
        is_negated = rng.randint(0, 14) == 0
        statement = {"Effect": effect, "Action": chosen, "NotResource" if is_negated and on != "*" else "Resource": on}
        limit = rng.choice([{}] * 10 + list(LIMITS))
        carrying = [
            action for action in chosen if all(carries(action, key) for _, key, _ in conditions({"Condition": limit}))
        ]
        drawn.append(statement | ({"Action": carrying, "Condition": limit} if limit and carrying else {}))
    return drawn


def carries(action: str, key: str) -> bool:
    """Whether requests of an action have a key: a condition on one that none has is a mistake of lint's."""
    if key == "iam:PassedToService":
        return action == "iam:PassRole"
    if key == "iam:PolicyARN":
        return action == "iam:AttachRolePolicy"
    return not key.startswith("aws:ResourceTag/") or action not in UNTAGGED


def trusts(rng: Random, account: str, bundles: Sequence[tuple[str, ...]]) -> list[Statement]:
    other = B if account == A else A
    named: tuple[Any, ...] = (
        {"AWS": f"arn:aws:iam::{account}:root"}, {"AWS": f"arn:aws:iam::{account}:root"}, {"AWS": other}, {"AWS": "*"},
        "*", {"AWS": arn(account, "role", "r1")}, {"AWS": arn(account, "user", "u1")},
        {"AWS": arn(other, "role", "r1")}, {"AWS": f"arn:aws:sts::{account}:assumed-role/r1/s"},
        {"AWS": f"AROA{account[0]}R1"}, {"AWS": [f"AIDA{account[0]}U1", arn(account, "role", "r2")]},
        {"AWS": [f"AIDA{other[0]}U1", f"AROA{other[0]}R1"]},
    )  # fmt: skip
    services = ({"Service": "lambda.amazonaws.com"}, {"Service": "ec2.amazonaws.com"})
    drawn = []
    for _ in range(rng.randint(1, 2)):
        is_service = rng.choice([False, bundles[0][0] == "iam:PassRole", False, True])
        effect = rng.choice(["Allow"] * 6 + ["Deny"])
        # A Deny of somebody who exists has the ARN: IAM shows an id for those who were deleted alone.
        who = rng.choice(services if is_service else named if effect == "Allow" else named[:9])
        action = rng.choice([[ASSUME], [ASSUME], [ASSUME, "sts:TagSession"]])
        limit = rng.choice(SERVICE_LIMITS if is_service else TRUST_LIMITS)
        statement = {"Effect": effect, "Principal": who, "Action": action}
        drawn.append(statement | ({"Condition": limit} if limit else {}))
    return drawn


def drawn_case(rng: Random) -> Case:
    theme = rng.choice(["trust", "trust", "services", "services", "services", "policies", "users", "data"])
    bundles = (*BUNDLES[theme], rng.choice(ALL_BUNDLES))
    organized = rng.choice([True, False, True])
    management = rng.choice(["999988887777", "999988887777", A])
    case = Case([], {}, {}, organized, management)
    if organized:
        if rng.randint(0, 2) == 0:
            denied = [{**statement, "Effect": "Deny"} for statement in statements(rng, A, bundles, 1)]
            case.scps.append(denied)
        if rng.choice([True, theme == "trust", False]):
            limit = rng.choice(RCP_LIMITS)
            case.rcps.append(
                {
                    "Effect": "Deny",
                    "Principal": "*",
                    "Action": rng.choice(["sts:*", "*"]),
                    "Resource": "*",
                    "Condition": limit,
                }
            )
    for account in (A, B):
        for name in ("p1", "limit"):
            wide = rng.choice([False, False, name == "p1", name == "limit"])
            versions = [[EVERYTHING] if wide and (rng.random() < 0.5) else statements(rng, account, bundles, 2)]
            if name == "p1" and (rng.random() < 0.5):
                versions.append([EVERYTHING] if rng.random() < 0.5 else statements(rng, account, bundles, 1))
            case.managed[account, name] = versions
        own = statements(rng, account, bundles, 1) if rng.random() < 0.5 else []
        case.groups[account, "g1"] = (own, rng.choice([[], [], ["p1"]]))
        kinds = rng.choices(["user", "role"], k=rng.randint(2, 4) if account == A else rng.randint(1, 2))
        count: Counter[str] = Counter()
        for kind in kinds:
            count[kind] += 1
            case.principals.append(principals(rng, account, kind, f"{kind[0]}{count[kind]}", bundles))
        if account == A or (rng.random() < 0.5):
            boss = principals(rng, account, "role", "boss", bundles)
            boss.statements, boss.policies, boss.boundary = [EVERYTHING], [], None
            case.principals.append(boss)
    return case


def principals(rng: Random, account: str, kind: str, name: str, bundles: Sequence[tuple[str, ...]]) -> Principal:
    return Principal(
        kind,
        account,
        name,
        statements(rng, account, bundles, 2) if rng.randint(0, 3) else [],
        rng.choice([[], ["p1"]]),
        rng.choice([[], ["g1"]]) if kind == "user" else [],
        rng.choice([None, None, None, None, "limit"]),
        rng.choice([None, "blue", "red"]),
        trusts(rng, account, bundles) if kind == "role" else [],
        (rng.random() < 0.5) if kind == "role" else False,
    )


# The case as files


def inline(statements_: list[Statement]) -> list[dict[str, Any]]:
    return [{"PolicyName": "own", "PolicyDocument": document(*statements_)}] if statements_ else []


def attached(account: str, names: Iterable[str]) -> list[dict[str, str]]:
    return [{"PolicyArn": arn(account, "policy", name)} for name in names]


def record(principal: Principal) -> dict[str, Any]:
    kind = principal.kind.capitalize()
    row: dict[str, Any] = {
        "Arn": principal.arn,
        f"{kind}Name": principal.name,
        f"{kind}Id": principal.id,
        f"{kind}PolicyList": inline(principal.statements),
        "AttachedManagedPolicies": attached(principal.account, principal.policies),
    }
    if principal.kind == "role":
        row["AssumeRolePolicyDocument"] = document(*principal.trust)
        row["InstanceProfileList"] = [{}] if principal.runs else []
    else:
        row["GroupList"] = principal.groups
    if principal.team:
        row["Tags"] = [{"Key": "team", "Value": principal.team}]
    if principal.boundary:
        row["PermissionsBoundary"] = {"PermissionsBoundaryArn": arn(principal.account, "policy", principal.boundary)}
    return row


def organization_value(case: Case) -> dict[str, Any]:
    def control(name: str, kind: str, *content: Statement) -> dict[str, Any]:
        return {"PolicySummary": {"Id": name, "Type": kind}, "Content": json.dumps(document(*content))}

    scps = [control(f"p-s{number}", "SERVICE_CONTROL_POLICY", *deny) for number, deny in enumerate(case.scps)]
    rcps = [control(f"p-r{number}", "RESOURCE_CONTROL_POLICY", deny) for number, deny in enumerate(case.rcps)]
    own = [row["PolicySummary"]["Id"] for row in (*scps, *rcps)]
    full = ["p-FullAWSAccess", "p-RCPFullAWSAccess"]
    return {
        "Organization": {"Id": ORGANIZATION, "MasterAccountId": case.management},
        "Roots": [{"Id": "r-1", "Policies": full}],
        "OrganizationalUnits": [{"Id": "ou-1", "ParentId": "r-1", "Policies": [*full, *own]}],
        "Accounts": [{"Id": account, "ParentId": "ou-1", "Policies": full} for account in (A, B)],
        "Policies": [*scps, *rcps],
    }


def audited(case: Case, folder: Path) -> tuple[AuditReport, list[AccountResult]]:
    for account in (A, B):
        records = [record(principal) for principal in case.principals if principal.account == account]
        for (owner, name), versions in case.managed.items():
            if owner == account:
                older = {f"v{9 - number}": document(*version) for number, version in enumerate(versions[1:])}
                records.append(managed(name, *versions[0], account=account, **older))
        own, policies = case.groups[account, "g1"]
        group = {
            "Arn": arn(account, "group", "g1"),
            "GroupName": "g1",
            "GroupId": "AGPA",
            "GroupPolicyList": inline(own),
        }
        records.append(group | {"AttachedManagedPolicies": attached(account, policies)})
        (folder / f"{account}.json").write_text(json.dumps(page(*records)), "utf-8")
    members, problems = (None, ()) if not case.organized else organization(organization_value(case), "org.json")
    assert () == problems
    results: list[AccountResult] = []

    def one_by_one(function: Callable[[Any], Any], parts: Sequence[Any]) -> Iterator[Any]:
        for part in parts:
            audited_accounts = function(part)
            results.extend(row.result for row in audited_accounts)
            yield audited_accounts

    report = audit(AuditInput(folder, NOW, members), workers=Workers(2, one_by_one))
    return report, results


# The same by brute force


class World:
    """The answers of brute force about a case."""

    def __init__(self, case: Case) -> None:
        self.case = case

    def in_force(self, account: str, names: Iterable[str]) -> list[list[Statement]]:
        return [self.case.managed[account, name][0] for name in names]

    def is_bound(self, account: str) -> bool:
        return self.case.organized and account != self.case.management

    def held(self, principal: Principal) -> Held:
        documents = [principal.statements, *self.in_force(principal.account, principal.policies)]
        for name in principal.groups:
            own, policies = self.case.groups[principal.account, name]
            documents += [own, *self.in_force(principal.account, policies)]
        scps = [[[EVERYTHING], *self.case.scps]] if self.is_bound(principal.account) else []
        boundary = self.case.managed[principal.account, principal.boundary][0] if principal.boundary else None
        return Held(documents, boundary, scps)

    def callers(self, principal: Principal) -> Iterator[dict[str, str | None]]:
        """The keys that a principal decides, of each kind of its sessions."""
        is_user = principal.kind == "user"
        keys: dict[str, str | None] = {
            "aws:principalaccount": principal.account,
            "aws:principalarn": principal.arn,
            "aws:username": principal.name if is_user else None,
        }
        if self.case.organized:
            keys["aws:principalorgid"] = ORGANIZATION
        may_be_tagged = any(
            statement["Effect"] == "Allow" and names(statement, "sts:TagSession") for statement in principal.trust
        )
        if principal.team or not may_be_tagged:
            keys["aws:principaltag/team"] = principal.team
        for name in ("",) if is_user else ("other", "s"):
            user_id = principal.id if is_user else f"{principal.id}:{name}"
            # A user has keys without a session, and sessions of GetSessionToken.
            for issued in (None, NOW) if is_user else (NOW,):
                yield {**keys, "aws:userid": user_id, "aws:tokenissuetime": issued}

    def can(
        self, principal: Principal, action: str, resources: Iterable[str], pinned: dict[str, str | None] | None = None
    ) -> bool:
        """Whether a principal can do an action on one of some resources, where some further keys are known."""
        held = self.held(principal)
        speaking = [statement for statement in held.statements() if names(statement, action)]
        return any(
            held.allows(action, resource, context)
            for keys in self.callers(principal)
            for context in contexts(speaking, keys | (pinned or {}))
            for resource in resources
        )

    def resources(self, action: str, account: str) -> list[str]:
        """A resource of each kind that a statement can tell apart."""
        kinds = {
            "iam:PutUserPolicy": ("user", ("u1", "u2", "u3", "u4", "zz")),
            "iam:CreateAccessKey": ("user", ("u1", "u2", "u3", "u4", "zz")),
            "iam:PutGroupPolicy": ("group", ("g1", "zz")),
            "iam:CreatePolicyVersion": ("policy", ("p1", "limit", "zz")),
            "iam:SetDefaultPolicyVersion": ("policy", ("p1", "limit", "zz")),
        }
        others = {
            "s3:GetObject": ["arn:aws:s3:::blue/x", "arn:aws:s3:::red/x", "arn:aws:s3:::other/x"],
            "kms:Decrypt": [f"arn:aws:kms:eu-west-1:{account}:key/x"],
            "ssm:SendCommand": [f"arn:aws:ssm:eu-west-1:{account}:document/x"],
        }
        if action in others:
            return others[action]
        if action.startswith("lambda:"):
            return [f"arn:aws:lambda:eu-west-1:{account}:function:x"]
        kind, own_names = kinds.get(action, ("role", ("r1", "r2", "r3", "r4", "boss", "zz")))
        return [arn(account, kind, name) for name in own_names]

    def can_somewhere(self, principal: Principal, action: str) -> bool:
        return self.can(principal, action, self.resources(action, principal.account))

    def is_wide(self, principal: Principal) -> bool:
        return EVERYTHING in [statement for document_ in self.held(principal).documents for statement in document_]

    def is_unbounded(self, principal: Principal) -> bool:
        boundary = self.held(principal).boundary
        return boundary is None or EVERYTHING in boundary

    def is_administrator(self, principal: Principal) -> bool:
        """Whether it may do everything, and nothing takes what counts most."""
        held = self.held(principal)
        keys = next(iter(self.callers(principal)))
        context = {key: value for key, value in keys.items() if value is not None}
        signs = ("iam:PutRolePolicy", "iam:CreateUser", "iam:AttachUserPolicy")
        return (
            self.is_wide(principal)
            and self.is_unbounded(principal)
            and all(
                any(held.allows(sign, resource, context) for resource in self.resources(sign, principal.account))
                for sign in signs
            )
        )

    def trusts_service(self, role: Principal, service: str) -> bool:
        """Whether a role lets a service in that acts for the role's own account."""
        named = [statement for statement in role.trust if statement["Principal"] == {"Service": service}]
        if not any(statement["Effect"] == "Allow" for statement in named):
            return False
        # To mend: no service has tags, and a statement for everybody with a condition on them is taken to let it in.
        means_it = [*named, *(row for row in role.trust if row["Principal"] in ("*", {"AWS": "*"}))]
        return any(
            has([means_it], "Allow", ASSUME, "", context) and not has([means_it], "Deny", ASSUME, "", context)
            for context in contexts(means_it, {"aws:sourceaccount": role.account})
        )

    def can_assume(self, principal: Principal, role: Principal) -> bool:
        held = self.held(principal)
        pinned = {"aws:resourcetag/team": role.team}
        bearing = [*held.statements(), *role.trust, *self.case.rcps]
        bearing = [statement for statement in bearing if names(statement, ASSUME)]
        return any(
            self._may_assume(principal, role, held, context)
            for keys in self.callers(principal)
            for context in contexts(bearing, keys | pinned)
        )

    def _may_assume(self, principal: Principal, role: Principal, held: Held, context: Context) -> bool:
        hows = [
            (statement["Effect"], how)
            for statement in role.trust
            for how in self._meant(statement["Principal"], principal, context)
            if applies(statement, ASSUME, "", context)
        ]
        layers = held.layers()
        if any(has(layer, "Deny", ASSUME, role.arn, context) for layer in layers):
            return False
        if any(effect == "Deny" for effect, _ in hows):
            return False
        if self.is_bound(role.account) and has([self.case.rcps], "Deny", ASSUME, role.arn, context):
            return False
        allowed = {how for effect, how in hows if effect == "Allow"}
        if not all(has(level, "Allow", ASSUME, role.arn, context) for level in held.scps):
            return False
        in_boundary = held.boundary is None or has([held.boundary], "Allow", ASSUME, role.arn, context)
        # Whom it names needs no policy of its own; a boundary limits a role alone that is named by its ARN.
        if principal.account == role.account and ("direct" in allowed or ("role" in allowed and in_boundary)):
            return True
        return bool(allowed) and in_boundary and has(held.documents, "Allow", ASSUME, role.arn, context)

    def _meant(self, who: Any, principal: Principal, context: Context) -> Iterator[str]:
        """How a Principal means a caller: its ARN or everybody, its role, its account."""
        if isinstance(who, str):
            yield "direct"
            return
        for name in texts(who.get("AWS", [])):
            session = f"arn:aws:sts::{principal.account}:assumed-role/{principal.name}/"
            if name == "*":
                yield "direct"
            elif name in (principal.account, f"arn:aws:iam::{principal.account}:root"):
                yield "account"
            elif name in (principal.arn, principal.id):
                yield "direct" if principal.kind == "user" else "role"
            elif principal.kind == "role" and name == session + context["aws:userid"].partition(":")[2]:
                yield "direct"

    def edges(self, principal: Principal) -> Iterator[tuple[str, str, bool]]:  # noqa: C901 - one technique after the other
        """Each technique of a principal, whose rights it gives, and whether it assumes something."""
        account = principal.account
        administrator = f"administrator of {account}"
        others = [other for other in self.case.principals if other.arn != principal.arn and other.account == account]
        roles = [other for other in others if other.kind == "role"]
        if self.is_unbounded(principal):
            for action in self.own_rights(principal):
                yield action, administrator, False
            yield from self.by_versions(principal, administrator)
            for action in ONTO_OTHERS:
                if action != "iam:SetDefaultPolicyVersion" and self.can_give(
                    principal, action, self.resources(action, account)
                ):
                    yield f"{action} on others", administrator, True
        for user in others:
            tags = {"aws:resourcetag/team": user.team}
            if user.kind == "user" and self.can(principal, "iam:CreateAccessKey", [user.arn], tags):
                yield "iam:CreateAccessKey", user.arn, False
        for role in roles:
            tags = {"aws:resourcetag/team": role.team}
            if self.can(principal, "iam:UpdateAssumeRolePolicy", [role.arn], tags):
                yield "iam:UpdateAssumeRolePolicy", role.arn, False
        yield from self.by_services(principal, roles)
        for role in self.case.principals:
            if role.kind == "role" and role.arn != principal.arn and self.can_assume(principal, role):
                yield ASSUME, role.arn, False

    def by_services(self, principal: Principal, roles: list[Principal]) -> Iterator[tuple[str, str, bool]]:
        """What a service does for a principal as a role that lets the service in."""
        service = {"iam:passedtoservice": "lambda.amazonaws.com"}
        of_lambda = [role for role in roles if self.trusts_service(role, "lambda.amazonaws.com")]
        running = [role for role in roles if role.runs and self.trusts_service(role, "ec2.amazonaws.com")]
        if all(self.can_somewhere(principal, action) for action in MAKE_AND_RUN):
            for role in of_lambda:
                if self.can(principal, "iam:PassRole", [role.arn], service):
                    yield RUN_LAMBDA, role.arn, False
        for action, used in (("lambda:UpdateFunctionCode", of_lambda), ("ssm:SendCommand", running)):
            if self.can_somewhere(principal, action):
                yield from ((action, role.arn, True) for role in used)

    def can_give(self, principal: Principal, action: str, resources: list[str], **pinned: str | None) -> bool:
        """Whether a principal can give rights: by a policy of everything, without a boundary on who gets them."""
        keys: list[dict[str, str | None]] = [{}]
        if action == "iam:AttachRolePolicy":
            wide = [
                name
                for (owner, name), versions in self.case.managed.items()
                if owner == principal.account and EVERYTHING in versions[0]
            ]
            arns = [
                ADMINISTRATOR,
                "arn:aws:iam::aws:policy/IAMFullAccess",
                *(arn(principal.account, "policy", name) for name in wide),
            ]
            keys = [{"iam:policyarn": name} for name in arns]
        return any(self.can(principal, action, resources, {**key, **pinned}) for key in keys)

    def own_rights(self, principal: Principal) -> Iterator[str]:
        """The actions by which a principal gives itself any rights."""
        tags = {"aws:resourcetag/team": principal.team}
        if principal.kind == "role":
            for action in ("iam:PutRolePolicy", "iam:AttachRolePolicy"):
                if self.can_give(principal, action, [principal.arn], **tags):
                    yield action
        else:
            if self.can_give(principal, "iam:PutUserPolicy", [principal.arn], **tags):
                yield "iam:PutUserPolicy"
            groups = [arn(principal.account, "group", name) for name in principal.groups]
            if self.can_give(principal, "iam:PutGroupPolicy", groups):
                yield "iam:PutGroupPolicy"
        if self.can_give(
            principal,
            "iam:CreatePolicyVersion",
            [arn(principal.account, "policy", name) for name in self.policies(principal)],
        ):
            yield "iam:CreatePolicyVersion"

    def policies(self, principal: Principal) -> list[str]:
        by_groups = [name for group in principal.groups for name in self.case.groups[principal.account, group][1]]
        return [*principal.policies, *by_groups]

    def by_versions(self, principal: Principal, administrator: str) -> Iterator[tuple[str, str, bool]]:
        """Old versions that allow everything, or something more, of its own policies and of any in the account."""
        action = "iam:SetDefaultPolicyVersion"

        def of(names: Iterable[str], is_worth: Callable[[list[list[Statement]]], bool]) -> bool:
            chosen = [name for name in names if is_worth(self.case.managed[principal.account, name])]
            return self.can(principal, action, [arn(principal.account, "policy", name) for name in chosen])

        if of(self.policies(principal), lambda versions: any(EVERYTHING in version for version in versions[1:])):
            yield action, administrator, False
        if of(self.policies(principal), allows_more):
            yield action, administrator, True
        if of([name for owner, name in self.case.managed if owner == principal.account], allows_more):
            yield f"{action} on others", administrator, True


def allows_more(versions: list[list[Statement]]) -> bool:
    """Whether an older version speaks of more actions than the one in force, or no file has an older version."""
    if not versions[1:]:
        return True

    def allowed(version: list[Statement]) -> set[str]:
        actions = {
            name for statement in version if statement["Effect"] == "Allow" for name in texts(statement["Action"])
        }
        return {"*"} if "*" in actions else actions

    now = allowed(versions[0])
    return "*" not in now and any(allowed(version) - now for version in versions[1:])


# The comparison


def expanded(edges: Iterable[Edge]) -> dict[str, set[tuple[str, str, bool]]]:
    """The techniques of each principal, with every target in the place of a vertex that stands for several."""
    targets = defaultdict(list)
    for edge in edges:
        if not edge.technique:
            targets[edge.source].append(edge.target)
    techniques: dict[str, set[tuple[str, str, bool]]] = defaultdict(set)
    for edge in edges:
        if edge.technique:
            for target in targets.get(edge.target, [edge.target]):
                if target != edge.source:
                    techniques[edge.source].add((edge.technique, target, bool(edge.assumes)))
    return techniques


def risen(edges: dict[str, set[tuple[str, str, bool]]], administrators: set[str], *, assuming: bool) -> set[str]:
    """Whoever is led to an administrator, step by step."""
    goals = set(administrators)
    while True:
        further = {
            source
            for source, steps in edges.items()
            for _, target, assumes in steps
            if (assuming or not assumes) and (target in goals or target.startswith("administrator of "))
        }
        if further <= goals:
            return goals - administrators
        goals |= further


@settings(max_examples=CASES, deadline=None, phases=(Phase.explicit, Phase.generate))
@given(rng=st.randoms(use_true_random=True))
def test_two_small_accounts_are_answered_as_by_brute_force(rng: Random, tmp_path_factory: Any) -> None:
    case = drawn_case(rng)
    note(repr(case))
    report, results = audited(case, tmp_path_factory.mktemp("case"))
    world = World(case)
    edges = expanded([edge for result in results for edge in result.edges])
    rows = {row.arn: row for row in report.principals}
    # One case of a hundred: variables of a session's tags, and a group whose members may be anybody.
    assume(not report.undecided_techniques and not any(row.undecided or row.unknown for row in rows.values()))
    for principal in case.principals:
        can = {action for action in SENSITIVE if world.can_somewhere(principal, action)}
        assert can == set(SENSITIVE) & set(rows[principal.arn].can), principal.arn
        if not world.is_administrator(principal):
            expected = set(world.edges(principal))
            for technique, _, assumes in expected:
                event(f"{technique}{' (assumed)' if assumes else ''}")
            assert expected == {edge for edge in edges[principal.arn] if edge[0] in WORLD}, principal.arn
    administrators = {principal.arn for principal in case.principals if world.is_administrator(principal)}
    assert administrators == set(report.administrators)
    proven = {path.principal for path in report.paths if not path.assumes}
    assert risen(edges, administrators, assuming=False) & rows.keys() == proven
    assert risen(edges, administrators, assuming=True) & rows.keys() == {path.principal for path in report.paths}
