"""The statement that a permission adds to the policy of a function or a layer, as Lambda writes it.

Source: AddPermission, AddLayerVersionPermission (Lambda API Reference).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from remit.catalogue.types import resource_type
from remit.iam import tokens
from remit.iam.policy import Condition, Globs, Principals, Statement
from remit.iam.request import principal_of
from remit.iam.tokens import ACCOUNT, PARTITION, REGION

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.app import Resource

_FUNCTION, _LAYER = ("FunctionName", "function_name"), ("LayerVersionArn", "layer_name")
PERMISSIONS: Final = {
    "AWS::Lambda::LayerVersionPermission": _LAYER,
    "AWS::Lambda::Permission": _FUNCTION,
    "aws_lambda_layer_version_permission": _LAYER,
    "aws_lambda_permission": _FUNCTION,
}
"""The types of permissions, and the properties that name what they let somebody use."""
_CONDITIONS: Final = (
    ("StringLike", "aws:SourceArn", ("SourceArn", "source_arn")),
    ("StringEquals", "aws:SourceAccount", ("SourceAccount", "source_account")),
    ("StringEquals", "aws:PrincipalOrgID", ("PrincipalOrgID", "OrganizationId", "principal_org_id", "organization_id")),
    ("StringEquals", "lambda:EventSourceToken", ("EventSourceToken", "event_source_token")),
    ("StringEquals", "lambda:FunctionUrlAuthType", ("FunctionUrlAuthType", "function_url_auth_type")),
    ("Bool", "lambda:InvokedViaFunctionUrl", ("InvokedViaFunctionUrl", "invoked_via_function_url")),
)
"""What Lambda makes of each property."""


def permission_statement(permission: Resource, resources: Mapping[str, Resource]) -> Statement:
    """The statement of a permission. `resources` are those of the template, by their Ref."""
    properties = permission.properties
    principal = _text(properties, ("Principal", "principal"))
    kind = "Service" if principal_of(principal).kind == "service" else "AWS"
    if principal == "*":
        kind = "*"  # everyone
    values = [(operator, key, _text(properties, names)) for operator, key, names in _CONDITIONS]
    conditions = (Condition(operator, key, (value,)) for operator, key, value in values if value)
    return Statement(
        "Allow",
        Globs((_text(properties, ("Action", "action")) or "lambda:*",)),
        Globs((function_arn(_text(properties, PERMISSIONS[permission.type]), resources),)),
        Principals(((kind, principal),)),
        tuple(conditions),
    )


def _text(properties: Mapping[str, Any], names: tuple[str, ...]) -> str:
    """The first of some properties that is given, as late-bound text, a truth value as `true`; empty without any."""
    value = next((properties[name] for name in names if properties.get(name) not in (None, "")), "")
    return str(value).lower() if isinstance(value, bool) else tokens.text_of(value)


def function_arn(name: str, resources: Mapping[str, Resource]) -> str:
    """The ARN of a function or layer by its logical id, its name, its ARN, or a part of that.

    A reference, and the logical id of what gives its ARN as its Ref, stay as they are. Partition and region are
    references where the text has none, the account as well.
    """
    resource = resources.get(name)
    if resource is not None:
        kind = resource_type(resource.type)
        is_named = kind is not None and kind.ref == "name"
        return resource.attribute("Arn") if is_named else name
    if name.startswith(("arn:", "${")):
        return name
    # Lambda also takes `account:function:name` and `name:alias`.
    parts = name.split(":")
    account = parts.pop(0) if len(parts[0]) == len("111122223333") and parts[0].isdigit() else ACCOUNT
    function = ":".join(part for part in parts if part != "function")
    return f"arn:{PARTITION}:lambda:{REGION}:{account}:function:{function}"
