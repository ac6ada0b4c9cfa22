"""Import what exists already under a name that the template gives, instead of failing over it.

Lambda makes a log group for a function by itself where no stack does, and logs that come late make it anew after a
delete. Only a resource with its name in plain text and a deletion policy that keeps it is imported.

Source: "Import AWS resources into a CloudFormation stack automatically" (AWS CloudFormation User Guide).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from remit.deploy.aws_errors import call_errors
from remit.deploy.plan import function_log_groups, naming_property
from remit.iam import tokens
from remit.resources.names import common_start
from remit.roles.reference_names import fill_references

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from remit.deploy.session import Account

_DAYS: Final = "RetentionInDays"


def importable(
    account: Account,
    template: Mapping[str, Any],
    running: Mapping[str, Any],
    stack: str,
    *,
    adopt: bool,
    take_over: bool,
) -> dict[str, dict[str, Any]]:
    """The properties with which new resources may be imported if they exist, by logical id.

    With `adopt` these are all of a given name, and with `take_over` the log groups of functions. Else they are the log
    groups that are there, as far as the caller may see them.
    """
    resources, of_functions = template["Resources"], function_log_groups(template)
    new = resources.keys() - running.get("Resources", {}).keys()
    if not adopt:
        new &= of_functions
    names = {logical_id: _plain_name(resources[logical_id], account, stack) for logical_id in sorted(new)}
    logs = _log_groups(account, [name for logical_id, name in names.items() if name and logical_id in of_functions])
    imports = {}
    for logical_id, name in names.items():
        resource = resources[logical_id]
        properties = {**resource.get("Properties", {}), _named_by(resource): name}
        if logical_id in of_functions and name in logs:
            # An import changes nothing of it. Another number of days would pass for a change by hand.
            properties = {key: value for key, value in properties.items() if key != _DAYS} | logs[name]
        if name and (adopt or take_over or name in logs):
            imports[logical_id] = properties
    return imports


def with_imports(template: Mapping[str, Any], imports: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """The template with these properties of resources, and a deletion policy under which they can be imported."""
    resources = dict(template["Resources"])
    for logical_id, properties in imports.items():
        resources[logical_id] = {
            "DeletionPolicy": "RetainExceptOnCreate",
            **resources[logical_id],
            "Properties": properties,
        }
    return {**template, "Resources": resources}


def _named_by(resource: Mapping[str, Any]) -> str:
    """The property that names a resource; empty where its type has none."""
    return naming_property(str(resource.get("Type")))


def _plain_name(resource: Mapping[str, Any], account: Account, stack: str) -> str:
    """The name that the template gives, as it is in the account; empty where only the deploy knows it."""
    name = tokens.text_of(resource.get("Properties", {}).get(_named_by(resource), ""))
    name = fill_references(name, account.pseudo_parameters(stack))
    return "" if "${" in name else name


def _log_groups(account: Account, names: Sequence[str]) -> dict[str, dict[str, int]]:
    """The properties of log groups that are in the account, by name; empty where the caller may not list them."""
    if not names:
        return {}
    pages = account.client("logs").get_paginator("describe_log_groups")
    try:
        return {
            group["logGroupName"]: {_DAYS: group["retentionInDays"]} if "retentionInDays" in group else {}
            for page in pages.paginate(logGroupNamePrefix=common_start(names))
            for group in page["logGroups"]
        }
    except call_errors():
        return {}
