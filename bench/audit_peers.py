"""`remit audit` beside cloudsplaining and PMapper on the same accounts: time, memory, missed and wrong findings.

    python -m venv peers && peers/bin/pip install cloudsplaining==0.9.1 principalmapper==1.1.5
    python bench/audit_peers.py --peers peers/bin/python

The accounts are BishopFox/iam-vulnerable, with the verdicts of that project, and accounts of `bench/organisations.py`,
with the ways that are planted there. PMapper is asked about the first of these alone: its time grows with the square of
the roles. It reads the files and calls nothing, so that it knows the roles of running functions, stacks and instances
from the files alone, as the others do.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Iterable

HERE: Final = Path(__file__).resolve()
_TOOLS: Final = ("cloudsplaining", "pmapper")
_DATE: Final = "2026-01-01T00:00:00Z"
_LISTS: Final = {
    "RoleDetailList": {"RolePolicyList": [], "InstanceProfileList": [], "AttachedManagedPolicies": []},
    "UserDetailList": {"UserPolicyList": [], "GroupList": [], "AttachedManagedPolicies": []},
    "GroupDetailList": {"GroupPolicyList": [], "AttachedManagedPolicies": []},
    "Policies": {
        "DefaultVersionId": "v1", "AttachmentCount": 1, "UpdateDate": _DATE, "IsAttachable": True,
        "PermissionsBoundaryUsageCount": 0,
    },
}  # fmt: skip
"""The fields that AWS always gives, and peers ask for."""


def complete(page: dict[str, Any]) -> dict[str, Any]:
    """A page as the command line prints it, with every field, and the policies of AWS that are attached."""
    from remit.catalogue.managed_policies import managed_policy  # noqa: PLC0415 - peers have no remit

    records = [record for name in _LISTS for record in page.get(name, [])]
    attached = {row["PolicyArn"] for record in records for row in record.get("AttachedManagedPolicies", [])}
    for arn in sorted(attached):
        known = managed_policy(arn)
        if known is not None:
            versions = [{"VersionId": "v1", "IsDefaultVersion": True, "Document": known.document}]
            page["Policies"].append({"Arn": arn, "PolicyName": arn.rpartition("/")[2], "PolicyVersionList": versions})
    for name, fields in _LISTS.items():
        for record in page.get(name, []):
            _complete_record(record, fields)
    return page


def _complete_record(record: dict[str, Any], fields: dict[str, Any]) -> None:
    for field, value in {"Path": "/", "CreateDate": _DATE, "PolicyId": f"ANPA{record['Arn']}", **fields}.items():
        record.setdefault(field, value)
    for row in record.get("AttachedManagedPolicies", []):
        row.setdefault("PolicyName", row["PolicyArn"].rpartition("/")[2])
    for row in record.get("InstanceProfileList", []):
        row.setdefault("Arn", f"arn:aws:iam::{record['Arn'].split(':')[4]}:instance-profile/x")
    for row in record.get("PolicyVersionList", []):
        row.setdefault("CreateDate", _DATE)
    if isinstance(record.get("AssumeRolePolicyDocument"), str):
        record["AssumeRolePolicyDocument"] = json.loads(unquote(record["AssumeRolePolicyDocument"]))
    for row in record.get("RolePolicyList", []):
        if isinstance(row["PolicyDocument"], str):
            row["PolicyDocument"] = json.loads(unquote(row["PolicyDocument"]))


def cloudsplaining(files: Iterable[Path]) -> set[str]:
    """The users and roles of whose policies cloudsplaining says that they allow a privilege escalation."""
    from cloudsplaining.scan.authorization_details import (  # type: ignore[import-not-found] # noqa: PLC0415
        AuthorizationDetails,
    )
    from cloudsplaining.shared.exclusions import DEFAULT_EXCLUSIONS  # type: ignore[import-not-found] # noqa: PLC0415

    escalating: set[str] = set()
    for file in files:
        results = AuthorizationDetails(json.loads(file.read_text("utf-8")), DEFAULT_EXCLUSIONS).results
        kinds = ("customer_managed_policies", "inline_policies", "aws_managed_policies")
        policies = {key: policy for kind in kinds for key, policy in results[kind].items()}
        bad = {key for key, policy in policies.items() if _has_escalation(policy)}
        for record in (*results["roles"].values(), *results["users"].values()):
            if not bad.isdisjoint((*record["inline_policies"], *record["customer_managed_policies"])):
                escalating.add(record["arn"])
    return escalating


def _has_escalation(policy: dict[str, Any]) -> bool:
    finding = policy.get("PrivilegeEscalation")
    return bool(finding["findings"] if isinstance(finding, dict) else finding)


class _FileOfDetails:
    """As boto3's client of IAM, for the two lists that PMapper asks for."""

    def __init__(self, file: Path) -> None:
        self.page = json.loads(file.read_text("utf-8"))

    def get_paginator(self, name: str) -> _FileOfDetails:
        """As boto3 does."""
        return self if name == "get_account_authorization_details" else _NoDevices(self)

    def paginate(self, **_: Any) -> list[dict[str, Any]]:
        """The page of the file."""
        return [self.page]

    def __getattr__(self, _: str) -> Any:
        return lambda **_: defaultdict(list)  # no keys, no devices


class _NoDevices(_FileOfDetails):
    def __init__(self, _: _FileOfDetails) -> None:
        self.page = {"VirtualMFADevices": []}


def pmapper(files: Iterable[Path]) -> set[str]:
    """The users and roles of which PMapper says that they are administrators, or can become such."""
    import collections  # noqa: PLC0415
    import collections.abc  # noqa: PLC0415

    for name in ("Mapping", "MutableMapping"):
        setattr(collections, name, getattr(collections.abc, name))  # gone since Python 3.10, and PMapper asks for them
    from principalmapper.common import Graph  # type: ignore[import-not-found] # noqa: PLC0415
    from principalmapper.graphing import edge_identification, gathering  # type: ignore[import-not-found] # noqa: PLC0415
    from principalmapper.querying.presets import privesc  # type: ignore[import-not-found] # noqa: PLC0415

    escalating: set[str] = set()
    for file in files:
        gathered = gathering.get_nodes_groups_and_policies(_FileOfDetails(file))
        nodes = gathered["nodes"]
        gathering.update_admin_status(nodes, None)
        edges = edge_identification.obtain_edges(None, list(edge_identification.checker_map), nodes)
        about = {"account_id": "111122223333", "pmapper_version": "1.1.5"}
        graph = Graph(nodes, edges, gathered["policies"], gathered["groups"], about)
        escalating |= {node.arn for node in nodes if node.is_admin or privesc.can_privesc(graph, node)[0]}
    return escalating


def main() -> None:
    """Compare, or be one of the peers."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", type=Path, help="the Python that has the peers")
    parser.add_argument("--accounts", type=int, default=10)
    parser.add_argument("--tool", choices=_TOOLS, help=argparse.SUPPRESS)
    parser.add_argument("--files", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--output", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.tool is not None:
        found = {"cloudsplaining": cloudsplaining, "pmapper": pmapper}[options.tool](sorted(options.files.iterdir()))
        options.output.write_text(json.dumps(sorted(found)), "utf-8")
        return
    with tempfile.TemporaryDirectory() as place:
        _compare(Path(place), options.peers, options.accounts)


def _compare(folder: Path, peers: Path | None, accounts: int) -> None:
    sys.path.insert(0, str(HERE.parents[1] / "tests"))
    import organisations  # noqa: PLC0415 - peers have none of this
    from iam_vulnerable_cases import CASES, account  # noqa: PLC0415
    from measure import machine  # noqa: PLC0415

    print(machine())
    vulnerable, planted = folder / "iam-vulnerable", folder / "planted"
    for place in (vulnerable, planted):
        place.mkdir()
    (vulnerable / "account.json").write_text(json.dumps(complete(account())), "utf-8")
    for number in range(accounts):
        page = complete(organisations.account_page(number, 200, 1))
        (planted / f"{number:03}.json").write_text(json.dumps(page), "utf-8")
    cases = {
        f"{case}-{kind}": is_exploitable for case, (is_exploitable, _) in CASES.items() for kind in ("role", "user")
    }
    ways = {f"{kind}-{name}": kind == "planted" for name in organisations.PLANTED for kind in ("planted", "harmless")}
    for title, place, verdicts in (("iam-vulnerable", vulnerable, cases), (f"{accounts * 200:,} roles", planted, ways)):
        for tool in ("remit", *(_TOOLS if peers else ())):
            if tool != "pmapper" or place == vulnerable:
                _measure(title, tool, place, verdicts, peers)


def _measure(title: str, tool: str, place: Path, verdicts: dict[str, bool], peers: Path | None) -> None:
    """Run a tool on some accounts, and print what it took, missed, and found wrongly."""
    from measure import Command, environment, measure, remit  # noqa: PLC0415

    output = place.with_suffix(f".{tool}.json")
    program, variables = remit()
    if tool == "remit":
        options = ("--format", "json", "--no-cache", "--output", str(output))
        command = Command((*program, "audit", str(place), *options), place.parent, environment(place) | variables, 1)
    else:
        arguments = (str(peers), str(HERE), "--tool", tool, "--files", str(place), "--output", str(output))
        command = Command(arguments, place.parent, environment(place))
    run = measure(command)
    report = json.loads(output.read_text("utf-8"))
    if tool == "remit":
        paths = [path["principal"] for path in report["paths"] if not path["assumes"] or "iam-" in title]
        report = [*report["administrators"], *paths]
    found = [arn.rpartition("/")[2] for arn in report]
    numbers = [json.loads(file.read_text("utf-8")) for file in sorted(place.glob("*.json"))]
    principals = [
        record["Arn"] for page in numbers for name in ("RoleDetailList", "UserDetailList") for record in page[name]
    ]
    names = [arn.rpartition("/")[2] for arn in principals]
    expected = sum(names.count(name) for name, is_expected in verdicts.items() if is_expected)
    harmless = sum(names.count(name) for name, is_expected in verdicts.items() if not is_expected)
    missed = expected - sum(1 for name in found if verdicts.get(name) is True)
    wrong = sum(1 for name in found if verdicts.get(name) is False)
    took = f"{run.cpu:.1f} CPU s, {run.peak:.0f} MB"
    print(f"{title}: {tool}: {took}; {missed} of {expected} missed, {wrong} of {harmless} found wrongly")


if __name__ == "__main__":
    main()
