"""SimulatePrincipalPolicy is answered by remit's engine; the emulator leaves out boundaries and most conditions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from xml.sax.saxutils import escape

from remit.iam.decide.evaluate import ALL
from remit.local.authorization.stored_policies import decide
from remit.local.emulator import emulated, instead_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from remit.iam.request import ContextValue
    from remit.local.authorization.stored_policies import StoredDecision

_DECISIONS: Final = {
    "Allowed": "allowed",
    "ExplicitlyDenied": "explicitDeny",
    "ImplicitlyDenied": "implicitDeny",
    "Unknown": "implicitDeny",
}
"""AWS names the keys that it misses, and denies."""
_OPERATION: Final = "SimulatePrincipalPolicy"


def simulate_policies() -> None:
    """SimulatePrincipalPolicy is answered by remit's engine: the emulator's allows what a boundary does not.

    Source: "SimulatePrincipalPolicy" (IAM API Reference); "Policy evaluation logic" (IAM User Guide).
    Emulator: services/iam.py.
    Test: test_refusals.py::test_a_simulation_knows_boundaries_and_conditions.
    """
    instead_of(emulated("services.iam")._IAM_HANDLERS, _OPERATION)(_simulate)


def _simulate(answer: Callable[[Mapping[str, Any]], Any], raw: Mapping[str, Any]) -> Any:
    iam = emulated("services.iam")
    parameters = {name: value[0] if isinstance(value, list) else value for name, value in raw.items()}
    principal = parameters.get("PolicySourceArn", "")
    if not principal:
        return answer(raw)
    context = _context(parameters)
    results = ""
    for action in _members(parameters, "ActionNames"):
        for resource in _members(parameters, "ResourceArns") or ["*"]:
            stored = decide(principal, action, resource, context, open_keys=frozenset() if context else ALL)
            results += _result(action, resource, stored)
    body = (
        f"<{_OPERATION}Result><EvaluationResults>{results}</EvaluationResults>"
        f"<IsTruncated>false</IsTruncated></{_OPERATION}Result>"
    )
    return iam._xml(200, f"{_OPERATION}Response", body, ns="iam")  # as it writes all answers


def _result(action: str, resource: str, stored: StoredDecision) -> str:
    """One EvaluationResult of SimulatePrincipalPolicy, in XML."""
    boundary = ""
    for layer in stored.decision.layers:
        if layer.layer == "boundary":
            allows = "true" if layer.verdict == "Allowed" else "false"
            boundary = (
                "<PermissionsBoundaryDecisionDetail><AllowedByPermissionsBoundary>"
                f"{allows}</AllowedByPermissionsBoundary></PermissionsBoundaryDecisionDetail>"
            )
    missing = "".join(f"<member>{escape(key)}</member>" for key in stored.decision.unknown)
    return (
        f"<member><EvalActionName>{escape(action)}</EvalActionName>"
        f"<EvalResourceName>{escape(resource)}</EvalResourceName>"
        f"<EvalDecision>{_DECISIONS[stored.verdict]}</EvalDecision>"
        f"<MatchedStatements/><MissingContextValues>{missing}</MissingContextValues>{boundary}</member>"
    )


def _context(parameters: Mapping[str, str]) -> dict[str, ContextValue]:
    """The condition keys of the request, each with its values."""
    context: dict[str, ContextValue] = {}
    number = 1
    while f"ContextEntries.member.{number}.ContextKeyName" in parameters:
        prefix = f"ContextEntries.member.{number}"
        values = _members(parameters, f"{prefix}.ContextKeyValues")
        context[parameters[f"{prefix}.ContextKeyName"]] = values[0] if len(values) == 1 else tuple(values)
        number += 1
    return context


def _members(parameters: Mapping[str, str], name: str) -> list[str]:
    """The values of a list, in AWS's query protocol."""
    values: list[str] = []
    while f"{name}.member.{len(values) + 1}" in parameters:
        values.append(parameters[f"{name}.member.{len(values) + 1}"])
    return values
