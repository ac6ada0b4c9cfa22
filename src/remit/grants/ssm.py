"""Access to parameters of Parameter Store: `ssm.read("/shop/prod/url")`.

Source of the actions: "Actions, resources, and condition keys for AWS Systems Manager" (Service Authorization
Reference). A parameter is given by name, by ARN, or as a resource of the app. `key=` is the KMS key of a SecureString
("How AWS Systems Manager Parameter Store uses AWS KMS").
"""

from __future__ import annotations

from typing import Final

from remit.declare.asked import verb
from remit.declare.resource_references import KeyRef, ParameterRef
from remit.grants import typed
from remit.resources.names import name_of

_PARAMETER: Final = typed.HERE % ("ssm", "parameter/{}")


@verb
def read(parameter: ParameterRef, *, key: KeyRef | None = None) -> typed.Grants:
    """Get the value: ssm:GetParameter. With `key`, kms:Decrypt through Systems Manager."""
    return _on_parameter("ssm.read", ("ssm:GetParameter",), "reads parameter", parameter, key)


@verb
def read_batch(parameter: ParameterRef, *, key: KeyRef | None = None) -> typed.Grants:
    """Get the value with those of others, in one call: ssm:GetParameters.

    With `key`, kms:Decrypt through Systems Manager.
    """
    return _on_parameter("ssm.read_batch", ("ssm:GetParameters",), "reads in batches parameter", parameter, key)


@verb
def list(path: str, *, key: KeyRef | None = None) -> typed.Grants:  # noqa: A001 - the verb, spelled ssm.list
    """Get all parameters under a path, with their values: ssm:GetParametersByPath.

    On the path with and without a slash at its end, as calls may give it. With `key`, kms:Decrypt through Systems
    Manager.
    """
    arn, because = _parameter(path, "ssm.list", "reads the parameters under")
    has_both = arn.startswith("${") or arn.endswith(("/", "*"))
    arns = (arn,) if has_both else (arn, f"{arn}/")
    through_key = typed.through("ssm", key, typed.DECRYPT, "ssm.list", because)
    return typed.grant(("ssm:GetParametersByPath",), arns, because) + through_key


@verb
def put(parameter: ParameterRef, *, key: KeyRef | None = None) -> typed.Grants:
    """Put a value: ssm:PutParameter. With `key`, kms:Encrypt and kms:GenerateDataKey through Systems Manager.

    A standard SecureString takes kms:Encrypt, an advanced one kms:GenerateDataKey.
    """
    with_key = ("kms:Encrypt", "kms:GenerateDataKey")
    return _on_parameter("ssm.put", ("ssm:PutParameter",), "puts parameter", parameter, key, with_key)


@verb
def delete(parameter: ParameterRef) -> typed.Grants:
    """Delete it: ssm:DeleteParameter, ssm:DeleteParameters."""
    return _on_parameter("ssm.delete", ("ssm:DeleteParameter", "ssm:DeleteParameters"), "deletes parameter", parameter)


def _on_parameter(
    verb: str,
    actions: tuple[str, ...],
    phrase: str,
    parameter: ParameterRef,
    key: KeyRef | None = None,
    with_key: tuple[str, ...] = typed.DECRYPT,
) -> typed.Grants:
    arn, because = _parameter(parameter, verb, phrase)
    return typed.grant(actions, (arn,), because) + typed.through("ssm", key, with_key, verb, because)


def _parameter(parameter: ParameterRef, verb: str, phrase: str) -> tuple[str, str]:
    """The ARN, in which the slash that begins a name is the one after `parameter`, and the reason of its grant."""
    text = typed.text_of(parameter, verb)
    if not text.startswith(("arn:", "${", "*")):
        name = text.strip("/")  # a verb takes a path with and without the slashes around it
        typed.check_name(f"/{name}" if "/" in name else name, verb, "AWS::SSM::Parameter")
    arn = typed.arn(text.strip("/") if text.startswith("/") else text, verb, _PARAMETER)
    return arn, f"{phrase} {name_of(arn).removeprefix('parameter')}"
