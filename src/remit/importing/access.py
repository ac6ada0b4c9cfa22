"""What the role of a function allows, as `policy=` and `managed_policy=`: without what remit computes by itself."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from remit.catalogue.expand import expand
from remit.iam import tokens
from remit.importing.app_model import referred_to, value_at_path
from remit.importing.python_text import Bracketed, Conditional, Item, quoted
from remit.importing.template_values import TemplateNames, UnsayableError, said
from remit.template.branches import NO_VALUE, choice
from remit.template.sections import section

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from remit.importing.app_model import Left
    from remit.template.sam.expand import ExpandedTemplate

_COMPUTED: Final = {
    "service-role/AWSLambdaBasicExecutionRole": "",
    "service-role/AWSLambdaBasicDurableExecutionRolePolicy": "",
    "service-role/AWSLambdaVPCAccessExecutionRole": "",
    "AWSXrayWriteOnlyAccess": "",
    "AWSXRayDaemonWriteAccess": "",
    "service-role/AWSLambdaSQSQueueExecutionRole": "SQS",
    "service-role/AWSLambdaDynamoDBExecutionRole": "DynamoDB",
    "service-role/AWSLambdaKinesisExecutionRole": "Kinesis",
}
"""AWS's policies of which remit grants what a function uses, and the event that uses it ("": logs, VPC, traces)."""
_POLICY_NAME: Final = r"arn:.+:iam::aws:policy/(.+)"


@dataclass(frozen=True, slots=True)
class ImportedAccess:
    """Items of `policy=` and `managed_policy=`, and what of it is left."""

    policy: tuple[Item, ...] = ()
    managed: tuple[Item, ...] = ()
    left: tuple[Left, ...] = ()

    def arguments(self) -> Iterator[Item]:
        """The keywords of a function."""
        if self.policy:
            yield Item(Bracketed("[", self.policy, "]"), "policy=")
        if self.managed:
            yield Item(Bracketed("[", self.managed, "]"), "managed_policy=")


def access_of_role(
    role_id: str,
    expansion: ExpandedTemplate,
    names: TemplateNames,
    triggers: Collection[str],
    by_trigger: Collection[str],
) -> ImportedAccess:
    """The access of a role of the template.

    `triggers` are the types of events that triggers stand for, `by_trigger` the reasons of statements that these bring.
    """
    properties = expansion.resources[role_id].get("Properties") or {}
    policy: list[Item] = []
    managed: list[Item] = []
    left: list[Left] = []
    base = ("Resources", role_id, "Properties")
    for index, arn in enumerate(_listed(properties.get("ManagedPolicyArns"))):
        origin = expansion.locate((*base, "ManagedPolicyArns", index))
        managed += said(partial(_managed, arn, names, triggers), f"a managed policy of {role_id}", origin, left) or []
    for name, role in policies_of_roles(expansion.resources).items():
        if role == role_id:
            make = partial(_statements, expansion.resources[name]["Properties"], names, "")
            policy += said(make, f"policy {name}", expansion.locate(("Resources", name)), left) or []
    for index, entry in enumerate(_listed(properties.get("Policies"))):
        path = (*base, "Policies", index)
        reason = expansion.reason(path)
        if reason not in by_trigger:
            make = partial(_statements, entry, names, reason)
            policy += said(make, f"a policy of {role_id}", expansion.locate(path), left) or []
    return ImportedAccess(tuple(policy), tuple(managed), tuple(left))


def policies_of_roles(resources: Mapping[str, Any]) -> dict[str, str]:
    """The roles, by inline policy that is a resource of its own, where it is of one role alone."""
    owners: dict[str, str] = {}
    for name, resource in resources.items():
        roles = value_at_path(resource, "Properties.Roles")
        if section(resource).get("Type") == "AWS::IAM::Policy" and isinstance(roles, list) and len(roles) == 1:
            owners[name] = referred_to(roles[0])
    return owners


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value in (None, NO_VALUE) else [value]


def _managed(arn: Any, names: TemplateNames, triggers: Collection[str]) -> list[Item]:
    chosen = choice(arn)
    if chosen is not None:
        yes, no = (_managed(branch, names, triggers) if branch != NO_VALUE else [] for branch in chosen.values)
        return _chosen(chosen.condition, yes, no, names)
    text = str(tokens.textual(arn))
    found = re.fullmatch(_POLICY_NAME, text)
    name = found[1] if found else text
    if name in _COMPUTED and (not _COMPUTED[name] or _COMPUTED[name] in triggers):
        return []
    return [Item(quoted(name) if found else names.text(arn))]


def _statements(entry: Any, names: TemplateNames, reason: str) -> list[Item]:
    chosen = choice(entry)
    if chosen is not None:
        yes, no = (_statements(branch, names, reason) if branch != NO_VALUE else [] for branch in chosen.values)
        return _chosen(chosen.condition, yes, no, names)
    if not isinstance(entry, dict):
        raise UnsayableError("it is no policy")
    document = entry.get("PolicyDocument")
    chosen = choice(document)
    if chosen is not None:
        yes, no = (_statements({"PolicyDocument": branch}, names, reason) for branch in chosen.values)
        return _chosen(chosen.condition, yes, no, names)
    written = document.get("Statement") if isinstance(document, dict) else None
    if written is None:
        raise UnsayableError("its document is not in the template")
    comment = reason if reason.startswith("SAM's ") else ""
    items: list[Item] = []
    for statement in _listed(written):
        if not isinstance(statement, dict) or tokens.is_intrinsic(statement):
            items += names.source([statement]).items  # type: ignore[union-attr] # a list's source is a group
            continue
        kept, lost = _without_unknown(statement)
        comments = [comment, f"without {', '.join(lost)}: IAM has no such action" if lost else ""]
        if kept is not None:
            items.append(Item(names.source(kept), comment="\n".join(filter(None, comments))))
        comment = ""
    return items


def _without_unknown(statement: Mapping[str, Any]) -> tuple[dict[str, Any] | None, list[str]]:
    """A statement without actions that IAM does not have, which grant nothing, and these; None: it has no others."""
    kept = {key: value for key, value in statement.items() if key != "Sid"}
    for element in ("Action", "NotAction"):
        if element in kept:
            listed = _listed(kept[element])
            lost = [
                action for action in listed if isinstance(action, str) and "${" not in action and not expand(action)
            ]
            known = [action for action in listed if action not in lost]
            kept[element] = known if isinstance(kept[element], list) else kept[element]
            return (kept if known else None), lost
    return kept, []


def _chosen(condition: str, yes: list[Item], no: list[Item], names: TemplateNames) -> list[Item]:
    if not yes and not no:
        return []
    decided = names.condition({"Condition": condition})
    return [
        Item(Conditional(Bracketed("[", tuple(yes), "]"), decided, Bracketed("[", tuple(no), "]"), enclosed=True), "*")
    ]
