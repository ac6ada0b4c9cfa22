"""What the policies of resources that are declared beside a role say of its request: one may let it in, or deny it.

Source: "Policy evaluation for requests within a single account" (IAM User Guide).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from remit.answers.explanation import VERDICT_WORDS, Explanation
from remit.answers.obstacles import Obstacle
from remit.iam.decide.evaluate import evaluate
from remit.iam.policy import Policy
from remit.iam.tokens import ACCOUNT, PARTITION, REGION
from remit.roles.reference_names import fill_references, fill_statement_with_principals
from remit.roles.role_policies import HERE, StatementSource, names_at, own_verdict, source

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from remit.app import Grant
    from remit.holders import HeldPolicy, Holder
    from remit.iam.request import Request

_EVERYTHING: Final = "*"


def with_resource_policies(explanation: Explanation, role: Holder, policies: Sequence[HeldPolicy]) -> Explanation:
    """The explanation of a role's request, with what the policies of the resource change about it.

    Each policy has the ARN that it is of, late-bound, as its name. One that is there only if the template's conditions
    say so (it has a note) changes nothing; what it would change is a note.
    """
    if explanation.ways or explanation.of_resource:
        return explanation
    request = explanation.decision.request
    # The place of the resource is the place of the stack, as far as the resource tells it.
    usual = dict(zip((PARTITION, REGION, ACCOUNT), HERE, strict=True))
    place = {reference: request.bound(reference) or value for reference, value in usual.items()}
    names = names_at(role.names, place)
    of_resource = [policy for policy in policies if _is_of(policy, request, names)]
    certain = [policy.grants for policy in of_resource if not policy.note]
    explained = _with_policies(explanation, role, names, certain)
    for policy in of_resource:
        if not policy.note:
            continue
        with_policy = _with_policies(explanation, role, names, [*certain, policy.grants])
        if with_policy.verdict != explained.verdict:
            name, verdict = policy.grants[0].reason.text, VERDICT_WORDS[with_policy.verdict]
            note = f"{name} may make it {verdict}, as the template's conditions turn out"
            explained = replace(explained, notes=(*explained.notes, note))
    return explained


def _with_policies(
    explanation: Explanation, role: Holder, names: Mapping[str, str], policies: Sequence[tuple[Grant, ...]]
) -> Explanation:
    """The explanation with what some policies of the resource change about it; the same where the verdict stays.

    Else it has the verdict by both sides and the statements behind that, without near ones; and where the role allows
    it and the resource's policies do not, an obstacle that says so. A role of an app, which has no ARN yet, gets one by
    its logical id.
    """
    decision = explanation.decision
    if not policies:
        return explanation
    reference = f"${{{role.logical_id}.Arn}}"
    if role.kind == "role" and not role.only_attached_to:  # an app's role has no name before its deploy
        names = {reference: f"arn:{names[PARTITION]}:iam::{names[ACCOUNT]}:role/{role.logical_id}", **names}
    arn = names.get(reference)
    by_role = decision.request if arn is None else replace(decision.request, principal=arn)
    resource_policies = tuple(
        Policy(tuple(fill_statement_with_principals(grant.statement, names) for grant in grants), grants[0].version)
        for grants in policies
    )
    decision_of_both = evaluate(by_role, replace(decision.policies, resource=resource_policies))
    depends_on_the_caller = arn is None and decision_of_both.verdict == "Unknown"
    if depends_on_the_caller or decision_of_both.verdict == evaluate(by_role, decision.policies).verdict:
        return explanation
    deciding: list[StatementSource] = []
    for layer in decision_of_both.layers:
        for ruling in layer.rulings if layer.verdict == decision_of_both.verdict else ():
            if layer.layer == "resource":
                grant = policies[ruling.policy][ruling.index]
                deciding.append(StatementSource("resource", grant, None, ruling.index))
            else:
                deciding.append(source(role, ruling))
    missing_allow = None
    if decision_of_both.verdict == "ImplicitlyDenied" and own_verdict(decision_of_both) == "Allowed":
        missing_allow = Obstacle(
            f"the {policies[0][0].reason.text} neither allows it nor leaves it to the account's policies",
            f"let it allow {reference}, or the account (arn:…:iam::ACCOUNT:root)",
            "Key policies in AWS KMS (AWS KMS Developer Guide)",
        )
    return replace(explanation, decision=decision_of_both, deciding=tuple(deciding), near=(), obstacle=missing_allow)


def _is_of(policy: HeldPolicy, request: Request, names: Mapping[str, str]) -> bool:
    """Return whether a policy is one of the resource that a request names."""
    arn = fill_references(policy.name, names)
    if not arn:  # its statements alone say of which resource it is: all of them must name some
        resources = [grant.statement.resources for grant in policy.grants]
        return all(globs is not None and _EVERYTHING not in globs.patterns for globs in resources)
    return request.resource == arn or request.resource.startswith((f"{arn}/", f"{arn}:"))
