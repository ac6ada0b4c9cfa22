"""What the role of a function allows, as `policy=` and `managed_policy=`: without what remit computes by itself."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from remit.iam import tokens
from remit.importing.app_model import listed, referred_to, value_at_path
from remit.importing.python_text import Bracketed, Item
from remit.template.branches import IF, NO_VALUE, Choice, choice
from remit.template.references import references
from remit.template.sections import section

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from remit.errors import Path
    from remit.importing.template_values import TemplateNames
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
_OF_AWS: Final = ":iam::aws:policy/"


def access_of_role(
    role_id: str,
    function: str,
    expansion: ExpandedTemplate,
    names: TemplateNames,
    triggers: Mapping[str, str],
    part: str,
) -> Iterator[Item]:
    """Yield `policy=` and `managed_policy=` of a function for the access of its role, each where it has an item.

    `triggers` are the types of the function's events that triggers stand for, by the reasons of their statements, which
    are not written. `part` is what messages call the function. A statement without a form is left; where one that
    denies is, nothing is given, and all are left.
    """
    resources = expansion.resources
    base: Path = ("Resources", role_id, "Properties")
    arns = [*_managed_policies(role_id, resources, names, triggers.values())]
    statements: list[tuple[Any, Path]] = []
    for name, role in policies_of_roles(resources).items():
        if role == role_id:
            made = _statements(resources[name]["Properties"])
            if "Condition" in resources[name]:
                made = [{IF: [resources[name]["Condition"], made, NO_VALUE]}]
            statements += [(each, ("Resources", name)) for each in made]
    for index, policy in enumerate(listed(value_at_path(resources[role_id], "Properties.Policies"))):
        path = (*base, "Policies", index)
        if expansion.reason(path) not in triggers:
            statements += [(each, path) for each in _statements(policy)]
    keywords: list[Item] = []
    for keyword, values, source in (("policy", statements, names.source), ("managed_policy", arns, names.text)):
        items: list[Item] = []
        for index, (value, path) in enumerate(values):
            what = f"{keyword}[{index}] of {function}"
            parts = names.leftovers.convert(partial(names.items, [value], source), what, expansion.locate(path), part)
            if parts is None and denies(value, resources):
                # What the others allow, without what this one denies, would be more.
                names.leftovers.add(f"policies of {function}", "one that denies is left", expansion.locate(base), part)
                return
            items += [replace(item, what=what) for item in parts or ()]
        keywords += [Item(Bracketed("[", tuple(items), "]"), f"{keyword}=")] if items else []
    yield from keywords


def denies(value: Any, resources: Mapping[str, Any]) -> bool:
    """Return whether the text `Deny` stands anywhere in a value, or in a resource that it refers to."""
    referred = [resources.get(str(reference.target)) for reference, _ in references(value, late=False)]
    return "Deny" in str((value, referred))


def policies_of_roles(resources: Mapping[str, Any]) -> dict[str, str]:
    """The logical id of the role of each AWS::IAM::Policy that is of one role alone, by the policy's logical id.

    It is empty for a role that is no resource of the template.
    """
    owners: dict[str, str] = {}
    for name, resource in resources.items():
        roles = value_at_path(resource, "Properties.Roles")
        if section(resource).get("Type") == "AWS::IAM::Policy" and isinstance(roles, list) and len(roles) == 1:
            owners[name] = referred_to(roles[0])
    return owners


def _managed_policies(
    role_id: str, resources: Mapping[str, Any], names: TemplateNames, triggers: Collection[str]
) -> Iterator[tuple[Any, Path]]:
    """The managed policies of a role, with their places: also those that name the role themselves, if they are left."""
    for index, arn in enumerate(listed(value_at_path(resources[role_id], "Properties.ManagedPolicyArns"))):
        for name in _managed_policy(arn, triggers):
            yield name, ("Resources", role_id, "Properties", "ManagedPolicyArns", index)
    for name in names.left:
        if role_id in map(referred_to, listed(value_at_path(resources.get(name), "Properties.Roles"))):
            yield {"Ref": name}, ("Resources", name)


def _managed_policy(arn: Any, triggers: Collection[str]) -> list[Any]:
    """A managed policy in a list: the name of one of AWS's (`service-role/…`), else the ARN as written.

    A choice has such lists as branches. Empty for AWS::NoValue, and where remit grants the same.
    """
    chosen = choice(arn)
    if chosen is not None:
        return _under_condition(chosen, [_managed_policy(branch, triggers) for branch in chosen.values])
    name = tokens.text_of(arn).partition(_OF_AWS)[2]
    is_computed = name in _COMPUTED and _COMPUTED[name] in ("", *triggers)
    if is_computed or arn == NO_VALUE:
        return []
    return [name or arn]


def _statements(policy: Any) -> list[Any]:
    """The statements of a policy of a role, without their Sids, which may not occur twice in one document.

    A choice becomes one with lists of statements as branches; what has no statements is the one item itself.
    """
    chosen = choice(policy)
    if chosen is not None:
        return _under_condition(chosen, [_statements(branch) for branch in chosen.values])
    statements = listed(section(policy, "PolicyDocument").get("Statement", policy))
    return [
        {key: value for key, value in statement.items() if key != "Sid"} if isinstance(statement, dict) else statement
        for statement in statements
    ]


def _under_condition(chosen: Choice, branches: list[list[Any]]) -> list[Any]:
    """A choice as the one item of a list; an empty list where both branches are empty."""
    return [{IF: [chosen.condition, *branches]}] if any(branches) else []
