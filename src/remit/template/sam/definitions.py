"""What defines an API of SAM's: the file in S3 or the body, into which SAM writes the roles that authorizers run under.

Source: "ApiDefinition", "LambdaTokenAuthorizer" and "LambdaAuthorizer" (AWS SAM Developer Guide).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from remit.iam import tokens
from remit.template.sam.resources import in_s3
from remit.template.sections import section

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.template.sam.resources import SamResource

_SCHEMES: Final = {"Api": ("securityDefinitions",), "HttpApi": ("components", "securitySchemes")}
"""Where the body of an API of a kind lists its authorizers."""


def definition(declared: SamResource) -> dict[str, Any]:
    """The properties that define an API: where its file is in S3, or its body."""
    location = in_s3(declared.properties.get("DefinitionUri"))
    if location is not None:
        return {"BodyS3Location": {"Bucket": location[0], "Key": location[1]}}
    body = declared.properties.get("DefinitionBody") or {}
    schemes = _schemes_with_roles(declared)
    if not schemes or tokens.is_intrinsic(body):
        return {"Body": body}
    path = _SCHEMES[declared.kind]
    return {"Body": _with(body, path, {**section(body, *path), **schemes})}


def _schemes_with_roles(declared: SamResource) -> dict[str, Any]:
    """The authorizers that API Gateway calls under a role, as a body has them."""
    schemes: dict[str, Any] = {}
    for name, authorizer in section(declared.mapping("Auth"), "Authorizers").items():
        role = authorizer.get("FunctionInvokeRole") if isinstance(authorizer, dict) else None
        if role not in (None, "NONE"):
            schemes[name] = {"x-amazon-apigateway-authorizer": {"authorizerCredentials": role}}
    return schemes


def _with(body: Mapping[str, Any], path: tuple[str, ...], value: Any) -> dict[str, Any]:
    """A body with a value at a path."""
    name, *below = path
    return {**body, name: _with(section(body, name), tuple(below), value) if below else value}
