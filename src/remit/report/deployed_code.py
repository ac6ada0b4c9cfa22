"""Functions that run other code than was built: as a message, and for programs."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from remit.errors import few

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from remit.deploy.deployed_code import OtherCode


def other_code_text(functions: Sequence[OtherCode]) -> str:
    """List the functions that do not run what was built, with both SHA-256, a line each."""
    lines = ["these functions do not run what was built:"]
    for function in functions:
        what = f"has {function.layer}," if function.layer else "runs code"
        line = f"{what} whose SHA-256 is {function.actual}; that of the build is {function.expected}"
        lines.append(f"{function.function} {line if function.actual else 'is gone: somebody deleted it'}")
    return "\n  ".join(lines)


def other_code_hint(functions: Sequence[OtherCode], region: str) -> str:
    """Word the ways to mend it, as far as there are any: for changed code, changed layers, functions that are gone."""
    gone = [function.function for function in functions if function.actual is None]
    changed = [function.function for function in functions if function.actual is not None and not function.layer]
    hints = []
    if changed:
        hints.append(
            "somebody else wrote into the artefact bucket, or changed the code by hand: CloudTrail tells who; "
            f"`aws lambda update-function-code --region {region} --function-name {changed[0]} "
            "--zip-file fileb://.remit/build/NAME.zip` puts the build back"
        )
    if any(function.layer for function in functions):
        hints.append(
            "somebody else wrote a layer into the artefact bucket: CloudTrail tells who; its version stays as it is, "
            "and a deploy with any change in the layer makes another"
        )
    if gone:
        hints.append(f"CloudFormation makes {few(gone)} again once `remit delete` has removed the stack")
    return "; ".join(hints)


def other_code_document(functions: Iterable[OtherCode]) -> list[dict[str, str | None]]:
    """The functions with other code: [{function, expected, actual}], SHA-256 in base64; null for one that is gone.

    Of a layer, its ARN is with it: `layer`.
    """
    documents = [asdict(function) for function in functions]
    return [{name: value for name, value in document.items() if value or name != "layer"} for document in documents]
