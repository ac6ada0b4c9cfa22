"""Ask whether a principal can do an action, within all of its layers: a request that is allowed, or a proof of none.

A cheap look comes first: of some ordinary requests, one that the evaluator allows answers the question. What that
leaves goes to the prover with a budget of steps, so that no proof takes longer than about half a second.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from remit.audit.caller_pins import pinned_context
from remit.audit.documents import OWN_ACCOUNT
from remit.catalogue.action_resources import resource_formats, takes
from remit.catalogue.actions import action as catalogue_action
from remit.catalogue.arns import fill
from remit.iam.decide.evaluate import Layers, evaluate
from remit.iam.pattern import matches
from remit.iam.policy import Condition, Globs, Policy, Statement
from remit.iam.prove.budget import Budget
from remit.iam.prove.compared_side import Side
from remit.iam.prove.gains import GainSearch
from remit.iam.request import Request

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.audit.results import AccessVerdict

STEPS: Final = 1_000_000
"""Of one proof: about half a second on one core (see `remit.iam.prove.budget`)."""
_NOTHING: Final = Side(Layers())
_SAMPLES: Final = {1: "aws", 3: "us-east-1", 4: OWN_ACCOUNT}
_ARN_PARTS: Final = 6
_MOST_PATTERNS: Final = 5
"""Of a statement, for the cheap look."""


@dataclass(frozen=True, slots=True)
class PolicyQuestion:
    """An action on resources (patterns; the folded account is the principal's) by `principal`, within layers.

    `pins` are the conditions that hold of every request that the question is about.
    """

    action: str
    resources: tuple[str, ...]
    principal: str
    layers: Layers
    pins: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class AccessAnswer:
    """The answer to a question: the verdict, a resource on which the evaluator allows it, or why it is undecided.

    `must_hold` are the condition keys of the request that the principal does not decide, each with a value that fits:
    an ExternalId, a tag of the resource, the address that it comes from. `allowing` has the number of the identity's
    policy that allows it, and the index of the statement there.
    """

    verdict: AccessVerdict
    resource: str = ""
    must_hold: tuple[tuple[str, str], ...] = ()
    reason: str = ""
    allowing: tuple[int, int] | None = None


NO: Final = AccessAnswer("no")


@lru_cache(maxsize=4096)
def own_resources(action: str, partition: str = "aws") -> tuple[tuple[str, ...], ...]:
    """The ARNs that an action takes in the principal's own account, as patterns: a group for each that it requires.

    A request needs an Allow on one resource of every group. An action that requires none has one group with all of its
    resource types; one without resource types is asked on `*`.
    """
    known_action = catalogue_action(action)
    targets = () if known_action is None else known_action.targets
    required = tuple(target.type.arns for target in targets if target.required)
    groups = []
    for formats in required or (resource_formats(action),):
        arns: dict[str, None] = {}
        for format_ in formats:
            parts = fill(format_, {}).split(":", _ARN_PARTS - 1)
            if len(parts) == _ARN_PARTS:
                parts[1] = partition
                parts[4] = OWN_ACCOUNT if parts[4] == "*" else parts[4]  # the ARN of a bucket has no account
            arns[":".join(parts)] = None
        groups.append(tuple(arns) or ("*",))
    return tuple(groups)


def answer(question: PolicyQuestion) -> AccessAnswer:
    """The answer to a question: of an ordinary request that the evaluator allows, else of the prover.

    No where no policy of the identity has an Allow.
    """
    if not any(statement.effect == "Allow" for policy in question.layers.identity for statement in policy.statements):
        return NO
    side = Side(question.layers)
    context = pinned_context(question.pins)
    for resource in _likely_resources(question):
        request = Request(question.action, resource, question.principal, context)
        if side.allows(request) is True:
            return AccessAnswer("yes", request.resource, allowing=_allowing(question.layers, request))
    return _proven(question)


def _likely_resources(question: PolicyQuestion) -> Iterator[str]:
    """Resources that the question is about and a statement may allow: an ordinary one, and those that Allows name."""
    yield _sample(question.resources[0])
    for policy in question.layers.identity:
        for statement in policy.statements:
            resources = statement.resources
            if statement.effect == "Deny" or resources is None or resources.negated:
                continue
            for pattern in resources.patterns[:_MOST_PATTERNS]:
                sample = _sample(pattern)
                # A variable that is left has no value, and its text is no resource.
                if "$" not in sample and any(matches(wanted, sample) for wanted in question.resources):
                    yield sample


def combined(answers: tuple[AccessAnswer, ...]) -> AccessAnswer:
    """The answer to several questions that must all be yes: the first `no`, else the first that is undecided.

    Else the first, with what must hold for any of them.
    """
    by_verdict = {answer_.verdict: answer_ for answer_ in reversed(answers)}
    worst = by_verdict.get("no") or by_verdict.get("undecided") or answers[0]
    if worst.verdict != "yes" or len(answers) == 1:
        return worst
    must_hold = dict(pair for answer_ in answers for pair in answer_.must_hold)
    return replace(worst, must_hold=tuple(must_hold.items()))


def _sample(pattern: str) -> str:
    """A resource that a pattern describes: parts that are only `*` get a region or an account, other `*` a word.

    `*` itself stays.
    """
    parts = pattern.split(":", _ARN_PARTS - 1)
    if len(parts) == _ARN_PARTS:
        for place, text in _SAMPLES.items():
            if parts[place] == "*":
                parts[place] = text
        pattern = ":".join(parts)
    return pattern if pattern == "*" else pattern.replace("*", "example")


def _proven(question: PolicyQuestion) -> AccessAnswer:
    """The answer of the prover, with the pins and the resources of the question as a further layer."""
    limit = Policy(
        (Statement("Allow", Globs((question.action,)), Globs(question.resources), conditions=question.pins),)
    )
    layers = question.layers
    # The pins stand as a session policy: that limits, and grants nothing by itself.
    limited = Layers(layers.identity, layers.boundary, (limit,), None, layers.scp, layers.rcp)
    search = GainSearch(_NOTHING, Side(limited), lambda _: (question.action,), budget=Budget(STEPS))
    # A StringLike pin (the name of a session) leaves the value open.
    decided_keys = {condition.key.lower() for condition in question.pins if condition.operator != "StringLike"}
    reason = ""
    for piece in search.gains():
        request = Request(question.action, piece.request.resource, question.principal, piece.request.context)
        if piece.tier == "now" and Side(layers).allows(request) is True:
            must_hold = []
            for key, value in piece.context.items():
                if key.lower() not in decided_keys:
                    must_hold.append((key, value if isinstance(value, str) else ", ".join(value)))
            return AccessAnswer("yes", request.resource, tuple(must_hold), "", _allowing(layers, request))
        # A request on a resource that the action never takes is none that anybody makes.
        if takes(question.action, request.resource):
            reason = "the evaluator does not confirm the request that was found"
    undecided = next(iter(search.undecided), None)
    if undecided is not None:
        reason = undecided.reason
    return AccessAnswer("undecided", reason=reason) if reason else NO


def _allowing(layers: Layers, request: Request) -> tuple[int, int] | None:
    """The statement that allows a request: the number of the identity's policy, and its index there.

    None: no statement of the identity does.
    """
    rulings = evaluate(request, Layers(layers.identity)).layers[0].rulings
    return (rulings[0].policy, rulings[0].index) if rulings else None
