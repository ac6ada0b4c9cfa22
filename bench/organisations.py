"""How fast and how right `remit audit` is, on organizations that this makes, with findings planted in them.

    python bench/organisations.py                   50 accounts of 200 roles: audit, and again after a change
    python bench/organisations.py --accounts 500    100,000 roles
    python bench/organisations.py --write FOLDER    only make the files

Each account has roles of apps (a few thousand distinct policies, and some of their own), of people, of CI and of AWS.
In every fifth account there is a role for each of a few planted ways to become an administrator, beside one that just
misses it.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from measure import Command, Run, environment, machine, measure, remit

if TYPE_CHECKING:
    from collections.abc import Iterator

MANAGEMENT: Final = "100000000000"
_VERSION: Final = "2012-10-17"
_APPS: Final = 3_000
_OF_AWS: Final = (
    "ReadOnlyAccess",
    "PowerUserAccess",
    "AmazonS3ReadOnlyAccess",
    "SecurityAudit",
    "job-function/ViewOnlyAccess",
)
_PLANTED_EVERY: Final = 5
_ACCESS: Final = (
    ("dynamodb", ("GetItem", "PutItem", "Query", "UpdateItem", "BatchGetItem"), "table/{app}"),
    ("sqs", ("SendMessage", "ReceiveMessage", "DeleteMessage", "GetQueueAttributes"), "{app}-queue"),
    ("sns", ("Publish", "Subscribe"), "{app}-topic"),
    ("lambda", ("InvokeFunction", "GetFunction"), "function:{app}-*"),
    ("logs", ("CreateLogStream", "PutLogEvents"), "log-group:/aws/lambda/{app}:*"),
    ("secretsmanager", ("GetSecretValue",), "secret:{app}/*"),
    ("kms", ("Decrypt", "GenerateDataKey"), "key/*"),
)


def _allow(actions: Any, resource: Any = "*", **condition: Any) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": actions, "Resource": resource}
    return statement | ({"Condition": condition} if condition else {})


def _document(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": _VERSION, "Statement": list(statements)}


def _trust(**principal: Any) -> dict[str, Any]:
    return _document({"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"})


PLANTED: Final = {
    "own-policy": (_allow("iam:PutRolePolicy"), _allow("iam:PutRolePolicy", "arn:aws:iam::{account}:role/app-*")),
    "attach": (
        _allow("iam:AttachRolePolicy"),
        _allow("iam:AttachRolePolicy", ArnEquals={"iam:PolicyARN": "arn:aws:iam::aws:policy/ReadOnlyAccess"}),
    ),
    "pass-to-lambda": (
        _allow(["iam:PassRole", "lambda:CreateFunction", "lambda:InvokeFunction"]),
        _allow(["iam:PassRole", "lambda:CreateFunction"]),
    ),
    "pass-to-instance": (
        _allow(["iam:PassRole", "ec2:RunInstances"]),
        _allow(["iam:PassRole", "ec2:RunInstances"], "arn:aws:iam::{account}:role/app-*"),
    ),
    "keys": (_allow("iam:CreateAccessKey"), _allow("iam:CreateAccessKey", "arn:aws:iam::{account}:user/app-*")),
    "trust": (
        _allow("iam:UpdateAssumeRolePolicy"),
        _allow("iam:UpdateAssumeRolePolicy", "arn:aws:iam::{account}:role/app-1-*"),
    ),
    "assume": (
        _allow("sts:AssumeRole", "arn:aws:iam::{account}:role/break-glass"),
        _allow("sts:AssumeRole", "arn:aws:iam::{account}:role/app-*"),
    ),
}
"""By name: the statement of a role that can become an administrator, and of one that cannot."""


def account_number(place: int) -> str:
    """The number of the account at a place."""
    return str(200_000_000_000 + place * 1_234_567)


def account_page(place: int, roles: int, seed: int) -> dict[str, Any]:
    """One account's details. The same arguments give the same account."""
    chance = random.Random(f"{seed} {place}")  # noqa: S311 - data of a benchmark
    account = account_number(place)
    role_records = [_as_api(record) for record in _roles(account, place, roles, chance)]
    users = [_user(account, "break-glass-user", _allow("*")), _user(account, "ann", _allow("iam:ChangePassword"))]
    boundary = _managed(
        account, "boundary", {"Effect": "Allow", "NotAction": ["iam:*", "organizations:*"], "Resource": "*"}
    )
    return {"UserDetailList": users, "GroupDetailList": [], "RoleDetailList": role_records, "Policies": [boundary]}


def _roles(account: str, place: int, roles: int, chance: random.Random) -> Iterator[dict[str, Any]]:
    yield _role(account, "break-glass", [_allow("*")], _trust(AWS=f"arn:aws:iam::{account}:root"))
    yield _role(account, "service", [_allow("*")], _trust(Service=["lambda.amazonaws.com", "ec2.amazonaws.com"]))
    if place % _PLANTED_EVERY == 0:
        for name, statements in PLANTED.items():
            for kind, statement in zip(("planted", "harmless"), statements, strict=True):
                text = json.dumps(statement).replace("{account}", account)
                yield _role(account, f"{kind}-{name}", [json.loads(text)], _trust(Service="codebuild.amazonaws.com"))
    for number in range(roles - 10):
        yield _some_role(account, number, chance)


_OF_SERVICES, _OF_PEOPLE = 0.1, 0.1
"""The shares of roles that services make for themselves, and of those that people assume; apps have the others."""
_BOUNDED, _UNLIKE_ANY = 0.2, 0.05
"""The shares of roles with a boundary, and of those whose documents nobody else has."""


def _some_role(account: str, number: int, chance: random.Random) -> dict[str, Any]:
    share = chance.random()
    if share < _OF_SERVICES:
        name = f"AWSServiceRoleFor{number}"
        return _role(
            account, f"aws-service-role/{name}", [_allow("ec2:Describe*")], _trust(Service="ecs.amazonaws.com")
        )
    if share < _OF_SERVICES + _OF_PEOPLE:
        trust = _trust(AWS=f"arn:aws:iam::{account}:root")
        attached = [f"arn:aws:iam::aws:policy/{chance.choice(_OF_AWS)}"]
        return _role(
            account, f"people-{number}", [_allow("sts:AssumeRole", "arn:aws:iam::*:role/people-*")], trust, attached
        )
    app = f"app-{chance.randrange(_APPS)}"
    suffix = f"-{number}" if share > 1 - _UNLIKE_ANY else ""
    statements = list(_statements(account, app, suffix))
    role = _role(account, f"{app}-{number}", statements, _trust(Service="lambda.amazonaws.com"))
    if share > 1 - _BOUNDED:
        role["PermissionsBoundary"] = {"PermissionsBoundaryArn": f"arn:aws:iam::{account}:policy/boundary"}
    return role


def _statements(account: str, app: str, suffix: str) -> Iterator[dict[str, Any]]:
    """The access of an app: the same for the same app, but for the suffix of roles with names of their own."""
    chance = random.Random(app)  # noqa: S311 - data of a benchmark
    for service, actions, path in chance.sample(_ACCESS, chance.randint(1, 4)):
        names = chance.sample(actions, chance.randint(1, len(actions)))
        resource = f"arn:aws:{service}:eu-west-1:{account}:{path.format(app=app + suffix)}"
        yield _allow([f"{service}:{name}" for name in names], resource)
    yield _allow(["s3:GetObject", "s3:PutObject"], f"arn:aws:s3:::{app}{suffix}-{account}/*")


def _role(
    account: str, name: str, statements: list[dict[str, Any]], trust: dict[str, Any], attached: list[str] | None = None
) -> dict[str, Any]:
    return {
        "Arn": f"arn:aws:iam::{account}:role/{name}",
        "RoleName": name.rpartition("/")[2],
        "RoleId": f"AROA{account}{name}",
        "AssumeRolePolicyDocument": trust,
        "RolePolicyList": [{"PolicyName": "own", "PolicyDocument": _document(*statements)}],
        "AttachedManagedPolicies": [{"PolicyArn": arn, "PolicyName": arn.rpartition("/")[2]} for arn in attached or ()],
        "InstanceProfileList": [],
        "Tags": [{"Key": "team", "Value": name[:5]}],
    }


def _as_api(role: dict[str, Any]) -> dict[str, Any]:
    """A role with its documents percent-encoded, as the API gives them."""
    role["AssumeRolePolicyDocument"] = quote(json.dumps(role["AssumeRolePolicyDocument"]))
    for policy in role["RolePolicyList"]:
        policy["PolicyDocument"] = quote(json.dumps(policy["PolicyDocument"]))
    return role


def _user(account: str, name: str, statement: dict[str, Any]) -> dict[str, Any]:
    return {
        "Arn": f"arn:aws:iam::{account}:user/{name}",
        "UserName": name,
        "UserId": f"AIDA{account}{name}",
        "UserPolicyList": [{"PolicyName": "own", "PolicyDocument": _document(statement)}],
    }


def _managed(account: str, name: str, *statements: dict[str, Any]) -> dict[str, Any]:
    version = {"VersionId": "v1", "IsDefaultVersion": True, "Document": _document(*statements)}
    return {"Arn": f"arn:aws:iam::{account}:policy/{name}", "PolicyName": name, "PolicyVersionList": [version]}


def organization(accounts: int) -> dict[str, Any]:
    """The organization of the accounts: three units, a few SCPs on each level."""
    everything = ["p-FullAWSAccess"]
    scps = {
        "p-region": {"Effect": "Deny", "NotAction": ["iam:*", "sts:*", "s3:*"], "Resource": "*",
                     "Condition": {"StringNotEquals": {"aws:RequestedRegion": ["eu-west-1", "us-east-1"]}}},
        "p-trails": {"Effect": "Deny", "Action": ["cloudtrail:Stop*", "guardduty:Delete*"], "Resource": "*"},
        "p-leave": {"Effect": "Deny", "Action": "organizations:LeaveOrganization", "Resource": "*"},
    }  # fmt: skip
    units = [{"Id": f"ou-{place}", "ParentId": "r-1", "Policies": [*everything, "p-region"]} for place in range(3)]
    members = [
        {"Id": account_number(place), "ParentId": f"ou-{place % 3}", "Policies": everything}
        for place in range(accounts)
    ]
    policies = [
        {
            "PolicySummary": {"Id": name, "Name": name, "Type": "SERVICE_CONTROL_POLICY"},
            "Content": json.dumps(_document(text)),
        }
        for name, text in scps.items()
    ]
    return {
        "Organization": {"Id": "o-example", "MasterAccountId": MANAGEMENT},
        "Roots": [{"Id": "r-1", "Policies": [*everything, "p-trails", "p-leave"]}],
        "OrganizationalUnits": units,
        "Accounts": members,
        "Policies": policies,
    }


def write(folder: Path, accounts: int, roles: int, seed: int) -> None:
    """Write the files of an organization: `accounts/*.json`, `organization.json`."""
    (folder / "accounts").mkdir(parents=True, exist_ok=True)
    for place in range(accounts):
        page = account_page(place, roles, seed)
        (folder / "accounts" / f"{account_number(place)}.json").write_text(json.dumps(page), "utf-8")
    (folder / "organization.json").write_text(json.dumps(organization(accounts)), "utf-8")


def expected(accounts: int) -> set[str]:
    """The planted roles that can become administrators."""
    places = range(0, accounts, _PLANTED_EVERY)
    return {f"arn:aws:iam::{account_number(place)}:role/planted-{name}" for place in places for name in PLANTED}


def main() -> None:
    """Make an organization, audit it, and print what that took, and what was missed or found wrongly."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accounts", type=int, default=50)
    parser.add_argument("--roles", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    if options.write is not None:
        write(options.write, options.accounts, options.roles, options.seed)
        return
    print(machine())
    with tempfile.TemporaryDirectory() as place:
        _measure(Path(place), options.accounts, options.roles, options.seed)


def _measure(folder: Path, accounts: int, roles: int, seed: int) -> None:
    write(folder, accounts, roles, seed)
    size = sum(path.stat().st_size for path in (folder / "accounts").iterdir())
    print(f"{accounts * roles:,} roles in {accounts} accounts, {size / 1e6:,.0f} MB")
    program, variables = remit()
    output = folder / "report.json"
    arguments = (
        "audit",
        "accounts",
        "--organization",
        "organization.json",
        "--at",
        "2026-11-27",
        "--output",
        str(output),
    )
    command = Command((*program, *arguments, "--format", "json"), folder, environment(folder) | variables, 1)
    _print("first run", measure(command))
    page = account_page(1, roles, seed + 1)
    (folder / "accounts" / f"{account_number(1)}.json").write_text(json.dumps(page), "utf-8")
    _print("second run, one account changed", measure(command))
    report = json.loads(output.read_text("utf-8"))
    found = {path["principal"] for path in report["paths"] if not path["assumes"]}
    planted = expected(accounts)
    wrong = {principal for principal in found if ":role/harmless-" in principal}
    print(f"planted {len(planted)}: {len(planted - found)} missed, {len(wrong)} of as many near misses found wrongly")
    print(f"{sum(1 for row in report['principals'] if row['unknown'])} principals undecided")


def _print(label: str, run: Run) -> None:
    print(f"{label}: {run.cpu:.1f} CPU s, {run.wall:.1f} s, {run.peak:.0f} MB")


if __name__ == "__main__":
    sys.exit(main())
