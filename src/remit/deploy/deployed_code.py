"""Compare the code that a stack's functions run with the zips that were built for them.

Somebody else who may write to the bucket could put another zip there between the upload and the moment when Lambda
reads it, and code can be changed by hand. Lambda tells the SHA-256 of what each function runs.

Source: "GetFunction", "FunctionConfiguration" (AWS Lambda API Reference). "Lambda quotas": 100 requests a second of
GetFunction, and 15 of all others that read; CloudFormation calls it for whoever deploys, so no deployer lacks it.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from remit.deploy.artefacts import checksum, packaged
from remit.deploy.aws_errors import remit_errors
from remit.deploy.changeset import deployed_template
from remit.deploy.stack import describe
from remit.errors import RemitError
from remit.iam.tokens import text_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.deploy.session import Account

_THREADS: Final = 10  # the connections that a client keeps


@dataclass(frozen=True, slots=True)
class OtherCode:
    """A function that does not run what was built for it; `actual` is None when the function is gone.

    `expected` and `actual` are SHA-256 in base64, as Lambda writes them.
    """

    function: str
    expected: str
    actual: str | None


def other_code(account: Account, namespace: str, template: Mapping[str, Any]) -> tuple[OtherCode, ...]:
    """The functions of a deployed template that do not run the zip which it names; one call for each function.

    RemitError: it cannot be known.
    """
    expected = built_code(namespace, template)
    try:
        with remit_errors(), ThreadPoolExecutor(_THREADS) as pool:
            actual = dict(zip(expected, pool.map(lambda name: _running(account, name), expected), strict=True))
    except RemitError as error:
        raise RemitError(
            f"{namespace} is deployed, but whether its functions run what was built is not known: {error.message}",
            hint=error.hint,
            exit_code=error.exit_code,
        ) from error
    return tuple(OtherCode(name, digest, actual[name]) for name, digest in expected.items() if actual[name] != digest)


def other_code_running(account: Account, namespace: str) -> tuple[OtherCode, ...]:
    """`other_code` for the template that runs."""
    with remit_errors():
        template = deployed_template(account, describe(account, namespace))
    return other_code(account, namespace, template)


def built_code(namespace: str, template: Mapping[str, Any]) -> dict[str, str]:
    """The SHA-256 (base64) of the zip that remit packaged for each function, by the function's name in the account."""
    expected = {}
    for properties in packaged(template):
        # remit names its functions after the stack.
        name = text_of(properties["FunctionName"]).replace("${AWS::StackName}", namespace)
        expected[name] = checksum(text_of(properties["Code"]["S3Key"]))
    return expected


def _running(account: Account, name: str) -> str | None:
    client = account.client("lambda")
    try:
        return str(client.get_function(FunctionName=name)["Configuration"]["CodeSha256"])
    except client.exceptions.ResourceNotFoundException:
        return None
