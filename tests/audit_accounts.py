"""Accounts as `aws iam get-account-authorization-details` prints them, for tests of `remit audit`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from remit.audit.audit import AuditInput, audit

if TYPE_CHECKING:
    from pathlib import Path

    from remit.audit.audit import AuditReport
    from remit.audit.organization import Organization

NOW = "2026-11-27T00:00:00Z"
ACCOUNT = "111122223333"
OTHER = "444455556666"
EVERYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}


def report_of(folder: Path, organization: Organization | None = None, problems: Any = ()) -> AuditReport:
    return audit(AuditInput(folder, NOW, organization, problems=problems))


def document(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(*actions: str, on: Any = "*", when: Any = None) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": on}
    return statement | ({"Condition": when} if when else {})


def deny(*actions: str, on: Any = "*", when: Any = None) -> dict[str, Any]:
    return {**allow(*actions, on=on, when=when), "Effect": "Deny"}


def trust(*, aws: Any = None, service: Any = None, when: Any = None) -> dict[str, Any]:
    principal = {"AWS": aws} if aws else {"Service": service or "lambda.amazonaws.com"}
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    return document(statement | ({"Condition": when} if when else {}))


def role(name: str, *statements: Any, account: str = ACCOUNT, trusts: Any = None, **fields: Any) -> dict[str, Any]:
    policies = [{"PolicyName": "own", "PolicyDocument": document(*statements)}] if statements else []
    return {
        "Arn": f"arn:aws:iam::{account}:role/{name}",
        "RoleName": name.rpartition("/")[2],
        "RoleId": f"AROA{name.upper()}",
        "AssumeRolePolicyDocument": trusts or trust(),
        "RolePolicyList": policies,
        **fields,
    }


def user(name: str, *statements: Any, account: str = ACCOUNT, **fields: Any) -> dict[str, Any]:
    policies = [{"PolicyName": "own", "PolicyDocument": document(*statements)}] if statements else []
    return {
        "Arn": f"arn:aws:iam::{account}:user/{name}",
        "UserName": name,
        "UserId": f"AIDA{name.upper()}",
        "UserPolicyList": policies,
        **fields,
    }


def group(name: str, *statements: Any, account: str = ACCOUNT, **fields: Any) -> dict[str, Any]:
    policies = [{"PolicyName": "own", "PolicyDocument": document(*statements)}] if statements else []
    return {
        "Arn": f"arn:aws:iam::{account}:group/{name}",
        "GroupName": name,
        "GroupId": f"AGPA{name.upper()}",
        "GroupPolicyList": policies,
        **fields,
    }


def managed(name: str, *statements: Any, account: str = ACCOUNT, **versions: dict[str, Any]) -> dict[str, Any]:
    rows = [{"VersionId": "v1", "IsDefaultVersion": True, "Document": document(*statements)}]
    rows += [{"VersionId": key, "IsDefaultVersion": False, "Document": value} for key, value in versions.items()]
    return {"Arn": f"arn:aws:iam::{account}:policy/{name}", "PolicyName": name, "PolicyVersionList": rows}


def page(*records: dict[str, Any], **fields: Any) -> dict[str, Any]:
    lists = {"user/": "UserDetailList", "group/": "GroupDetailList", "role/": "RoleDetailList", "policy/": "Policies"}
    page_: dict[str, Any] = {name: [] for name in lists.values()}
    for record in records:
        kind = record["Arn"].split(":", 5)[5]
        page_[next(name for start, name in lists.items() if kind.startswith(start))].append(record)
    return page_ | fields


def write(folder: Path, value: Any, name: str = "account.json") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(json.dumps(value), "utf-8")
    return folder
