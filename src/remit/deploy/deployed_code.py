"""Compare the code that a stack's functions run with the zips that were built for them.

Somebody else who may write to the bucket could put another zip there between the upload and the moment when Lambda
reads it, and code can be changed by hand. Lambda tells the SHA-256 of what each function runs.

Source: "GetFunction", "FunctionConfiguration" (AWS Lambda API Reference). "Lambda quotas": 100 requests a second of
GetFunction, and 15 of all others that read; CloudFormation calls it for whoever deploys, so no deployer lacks it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from remit.deploy.account_roles import at_once
from remit.deploy.artefacts import checksum, names_artefact
from remit.deploy.aws_errors import if_there, remit_errors
from remit.deploy.stack import deployed_template, describe
from remit.errors import RemitError
from remit.iam.tokens import text_of
from remit.roles.reference_names import fill_references

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.deploy.session import Account

_NAME_AND_CODE: Final = {
    "AWS::Lambda::Function": ("FunctionName", "Code"),
    "AWS::Lambda::LayerVersion": ("LayerName", "Content"),
}
"""By type: the property that names a resource, and the one that says where its zip is."""


@dataclass(frozen=True, slots=True)
class OtherCode:
    """A function that does not run what was built for it; `actual` is None when the function is gone.

    `expected` and `actual` are SHA-256 in base64, as Lambda writes them: of its code, or of the layer with this ARN.
    """

    function: str
    expected: str
    actual: str | None
    layer: str = ""


def other_code(account: Account, namespace: str, template: Mapping[str, Any]) -> tuple[OtherCode, ...]:
    """The functions of a deployed template that do not run the zip which it names, then those with another own layer.

    Only zips that remit packaged count. It is one call for each function, and one for each layer. RemitError: AWS
    refuses, so that it is not known.
    """
    expected, expected_layers = (built_code(account, namespace, template, type_name) for type_name in _NAME_AND_CODE)
    try:
        with remit_errors():
            client = account.client("lambda")  # no two threads make one
            running = dict(zip(expected, at_once(lambda name: _running(client, name), expected), strict=True))
            layers = {arn for _, arns in running.values() for arn in arns if _layer_name(arn) in expected_layers}
            versions = at_once(lambda arn: client.get_layer_version_by_arn(Arn=arn), layers)
            actual_layers = {
                arn: str(each["Content"]["CodeSha256"]) for arn, each in zip(layers, versions, strict=True)
            }
    except RemitError as error:
        raise RemitError(
            f"{namespace} is deployed, but whether its functions run what was built is not known: {error.message}",
            hint=error.hint,
            exit_code=error.exit_code,
        ) from error
    differing = [OtherCode(name, expected[name], running[name][0]) for name in expected]
    for name, (_, arns) in running.items():
        own_layers = [arn for arn in arns if arn in actual_layers]
        differing += [OtherCode(name, expected_layers[_layer_name(arn)], actual_layers[arn], arn) for arn in own_layers]
    return tuple(each for each in differing if each.actual != each.expected)


def other_code_running(account: Account, namespace: str) -> tuple[OtherCode, ...]:
    """`other_code` for the template that runs. RemitError: AWS refuses."""
    with remit_errors():
        template = deployed_template(account, describe(account, namespace))
    return other_code(account, namespace, template)


def built_code(account: Account, namespace: str, template: Mapping[str, Any], type_name: str) -> dict[str, str]:
    """The SHA-256 (base64) of the zip that remit packaged for each function or layer, by its name in the account."""
    name_property, code_property = _NAME_AND_CODE[type_name]
    names = account.pseudo_parameters(namespace)
    expected = {}
    for resource in template.get("Resources", {}).values():
        if resource.get("Type") == type_name:
            key = text_of(resource["Properties"][code_property].get("S3Key", ""))
            if names_artefact(key):
                name = text_of(resource["Properties"].get(name_property, ""))
                expected[fill_references(name, names)] = checksum(key)
    return expected


def _layer_name(arn: str) -> str:
    """The name in the ARN of a layer's version."""
    return arn.split(":")[6]


def _running(client: Any, name: str) -> tuple[str | None, tuple[str, ...]]:
    """The SHA-256 of a function's code, and the ARNs of its layers; (None, ()) when it is gone."""
    answer = if_there(partial(client.get_function, FunctionName=name))
    if answer is None:
        return None, ()
    configuration = answer["Configuration"]
    return str(configuration["CodeSha256"]), tuple(layer["Arn"] for layer in configuration.get("Layers", ()))
