"""SimulatePrincipalPolicy is answered by remit's engine; the emulator leaves out boundaries and most conditions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from xml.sax.saxutils import escape

from remit.iam.decide.evaluate import ALL
from remit.local.authorization.stored_policies import decide
from remit.local.emulator import emulated, instead_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_DECISIONS: Final = {"Allowed": "allowed", "ExplicitlyDenied": "explicitDeny"}
"""All else is an implicit denial: AWS names the keys that it misses, and denies."""


def simulate_policies() -> None:
    """SimulatePrincipalPolicy is answered by remit's engine: the emulator's allows what a boundary does not.

    The condition keys in a request are not looked at: `remit explain` answers such questions.

    Source: "SimulatePrincipalPolicy" (IAM API Reference); "Policy evaluation logic" (IAM User Guide).
    Emulator: services/iam.py.
    Test: test_refusals.py::test_a_simulation_knows_boundaries_and_conditions.
    """
    iam = emulated("services.iam")

    @instead_of(iam._IAM_HANDLERS, "SimulatePrincipalPolicy")
    def simulate(_answer: Callable[..., Any], form: Mapping[str, Any]) -> Any:
        principal = iam._p(form, "PolicySourceArn")
        results = ""
        for action in _members(iam, form, "ActionNames"):
            for resource in _members(iam, form, "ResourceArns") or ["*"]:
                stored = decide(principal, action, resource, {}, open_keys=ALL)
                missing = "".join(f"<member>{escape(key)}</member>" for key in stored.decision.unknown)
                results += (
                    f"<member><EvalActionName>{escape(action)}</EvalActionName>"
                    f"<EvalResourceName>{escape(resource)}</EvalResourceName>"
                    f"<EvalDecision>{_DECISIONS.get(stored.verdict, 'implicitDeny')}</EvalDecision>"
                    f"<MatchedStatements/><MissingContextValues>{missing}</MissingContextValues></member>"
                )
        content = f"<EvaluationResults>{results}</EvaluationResults><IsTruncated>false</IsTruncated>"
        body = f"<SimulatePrincipalPolicyResult>{content}</SimulatePrincipalPolicyResult>"
        return iam._xml(200, "SimulatePrincipalPolicyResponse", body, ns="iam")  # as it writes all answers


def _members(iam: Any, form: Mapping[str, Any], name: str) -> list[str]:
    """The values of a list, in AWS's query protocol."""
    values: list[str] = []
    while value := iam._p(form, f"{name}.member.{len(values) + 1}"):
        values.append(value)
    return values
