"""Explain one request of a role: the verdict, the statements behind it with their lines, and what would change it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from remit.answers.obstacles import Obstacle, obstacle, resource_obstacle
from remit.catalogue.actions import Action
from remit.catalogue.actions import action as catalogued
from remit.catalogue.arns import variables
from remit.catalogue.meant_names import nearest_actions
from remit.catalogue.partitions import partition_of
from remit.did_you_mean import MISSPELT, nearest
from remit.iam.pattern import matches
from remit.iam.tokens import PLACE
from remit.roles.reference_names import fill_references, references
from remit.roles.role_policies import StatementSource, ask, at, own_verdict, places, source

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from remit.answers.remedy import Remedy
    from remit.holders import Holder, HolderKind
    from remit.iam.decide.evaluate import Decision, Verdict

VERDICT_WORDS: Final[dict[Verdict, str]] = {
    "Allowed": "allowed",
    "ExplicitlyDenied": "denied",
    "ImplicitlyDenied": "not allowed",
    "Unknown": "unknown",
}
"""What sentences call a verdict."""
_ENDS: Final = {"secretsmanager:Secret": "-??????"}
"""What a service puts behind the name that people give, by its kind of resource."""
_SLASHED: Final = frozenset({
    "GroupNameWithPath", "InstanceProfileNameWithPath", "LogGroupName", "ParameterNameWithoutLeadingSlash",
    "PolicyNameWithPath", "RepositoryName", "RoleNameWithPath", "SecretId", "TopicName", "UserNameWithPath",
})  # fmt: skip
"""Variables of ARNs whose names may have slashes."""
_ENDPOINT: Final = "endpoint"
_OBJECT: Final = re.compile(r"s3://(.+)")
_QUEUE: Final = re.compile(r"https://sqs\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?/(\d{12})/([\w.-]+)")
"""Addresses that people know an object and a queue by."""
_WHOLE: Final = re.compile(r"-(?=\w*[A-Z])[A-Za-z0-9]{6}$")
"""A secret's name as its ARN has it: with AWS's six characters, which are rarely all small."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """An answered request. `asker` is who asks, in words; `resource` what was asked for, with its names in place.

    `deciding` are the statements behind the verdict, `near` the Allows that came nearest and what each lacked.
    `takes_intrinsics`: what was asked stands in a template of CloudFormation: a fix may have Fn::Sub.
    """

    asker: str
    action: str
    resource: str
    decision: Decision
    deciding: tuple[StatementSource, ...]
    near: tuple[tuple[StatementSource, str], ...]
    notes: tuple[str, ...] = ()
    remedy: Remedy | None = None
    takes_intrinsics: bool = False
    kind: HolderKind = "role"
    """What was asked."""
    ways: tuple[tuple[str, Explanation], ...] = ()
    """Where a template's conditions make the answer another one: the answers, each with when it holds, in words."""
    obstacle: Obstacle | None = None
    """Why no statement can allow it; None where it is allowed, or a statement may."""

    @property
    def verdict(self) -> Verdict:
        """The verdict, which is unknown where conditions of the template make it another one."""
        return "Unknown" if self.ways else self.decision.verdict

    @property
    def of_resource(self) -> bool:
        """True if the policy that was asked is a resource's, and not a role's beside it."""
        return self.decision.policies.resource is not None and not self.decision.policies.identity

    @property
    def fixable(self) -> bool:
        """True if a statement of the role (or the resource's policy, if that was asked) has to change: a fix is shown.

        False where it is allowed, no statement helps, the action is not known, or only a boundary, say, denies it.
        """
        decision = self.decision
        if decision.allowed or self.obstacle is not None or catalogued(self.action) is None:
            return False
        if self.of_resource:  # where it depends on who asks, nothing is lacking
            return decision.verdict != "Unknown"
        if decision.verdict == "ExplicitlyDenied":
            return any(source.layer != _ENDPOINT for source in self.deciding)
        return own_verdict(decision) != "Allowed"


def explain(role: Holder, asker: str, action: str, resource: str, *, principal: str | None = None) -> Explanation:
    """Ask a role whether it may. `resource` is an ARN, late-bound text, or a short name (see `spelled_out`).

    `asker` says in words who asks: `function report`.
    """
    spelled = spelled_out(role, action, resource)
    text = fill_references(spelled, role.names)
    placed, decision, notes = _decided(role, action, text, principal)
    deciding_layers = [layer for layer in decision.layers if layer.verdict == decision.verdict]
    deciding = tuple(source(placed, ruling) for layer in deciding_layers for ruling in layer.rulings)
    nearest_allows = tuple((source(placed, miss.ruling), miss.lacked) for miss in decision.misses)
    all_notes = (
        *_on_question(role, action, resource, text, is_of_stack=spelled.startswith("${")),
        *notes,
        *_on_answer(role, decision, deciding, text),
        *role.notes,
    )
    blocking = None
    if not decision.allowed:
        # What a resource's policy says of callers is another policy's.
        of_resource = decision.policies.resource is not None
        blocking = resource_obstacle(decision.request) if of_resource else obstacle(decision.request)
    return Explanation(
        asker,
        action,
        text,
        decision,
        deciding,
        nearest_allows,
        all_notes,
        kind=role.kind,
        obstacle=blocking,
    )


def _decided(role: Holder, action: str, text: str, principal: str | None) -> tuple[Holder, Decision, tuple[str, ...]]:
    """The role as it was asked, the decision, and a note on where that is so, if it differs from place to place.

    A late-bound ARN is tried wherever the role's statements say it may be; a place that allows it is preferred.
    """
    if not any(part.text in PLACE.values() for part in references(text)):
        return role, ask(role, action, text, principal=principal), ()
    decisions = []
    for place in places(role, text, home=principal or ""):
        placed_role = at(role, place)
        decisions.append((place, placed_role, ask(placed_role, action, text, principal=principal)))
    allowing = [answer for answer in decisions if answer[2].allowed]
    _, placed_role, decision = (allowing or decisions)[0]
    agreeing = [", ".join(place.values()) for place, _, answer in decisions if answer.verdict == decision.verdict]
    if len(agreeing) == len(decisions):
        return placed_role, decision, ()
    return placed_role, decision, (f"only where the app is deployed to {', or '.join(agreeing)}",)


def spelled_out(role: Holder, action: str, resource: str) -> str:
    """A resource as people type it, as an ARN: `DataTable` or `Data.table` (the stack's), `orders`, `uploads/a.csv`.

    Also the address of an object or a queue, and a function's own name. What fits none of the action's resource types
    stays as it is.
    """
    if resource == "*" or resource.startswith(("arn:", "${")):
        return resource
    s3_object = _OBJECT.fullmatch(resource)
    if s3_object is not None:
        return f"arn:${{AWS::Partition}}:s3:::{s3_object[1]}"
    queue = _QUEUE.fullmatch(resource)
    if queue is not None:
        partition = partition_of(queue[1])
        return f"arn:{'aws' if partition is None else partition.name}:sqs:{':'.join(queue.groups())}"
    head, slash, tail = resource.partition("/")
    pascal = "".join(part[:1].upper() + part[1:] for part in re.split(r"[._-]", head))
    logical_ids = [head, pascal]
    if action.lower().startswith("lambda:"):
        logical_ids.append(f"{pascal}Function")
    for logical_id in logical_ids:
        for reference in (f"${{{logical_id}.Arn}}", f"${{{logical_id}}}"):
            if role.names.get(reference, "").startswith(("arn:", reference)):
                return f"{reference}{slash}{tail}"
    catalogued_action = catalogued(action)
    if catalogued_action is None:
        return resource
    return next(_filled(catalogued_action, resource), resource)


def _filled(action: Action, text: str) -> Iterator[str]:
    """The ARNs that a name makes in the formats of an action's resource types: required, then plain ones first."""
    for target in sorted(action.targets, key=lambda target: (not target.required, len("".join(target.type.arns)))):
        end = _ENDS.get(f"{target.type.service}:{target.type.name}", "")
        for form in target.type.arns:
            names = [name for name in variables(form) if name not in PLACE]
            if not names:
                continue
            start, variable, remainder = form.partition(f"${{{names[0]}}}")
            pattern = re.sub(r"\\\$\\\{\w+\\\}", "(.+)", re.escape(variable + remainder))
            bare = text.removeprefix(start.rpartition(":")[2])
            if names[0] == "ParameterNameWithoutLeadingSlash":
                bare = bare.removeprefix("/")
            is_same_shape = (len(names) > 1) == ("/" in bare or ":" in bare)
            if re.fullmatch(pattern, bare) is None or not (is_same_shape or names[0] in _SLASHED):
                continue
            placed_start = re.sub(r"\$\{(\w+)\}", lambda match: PLACE.get(match[1], match[0]), start)
            yield placed_start + (bare if _WHOLE.search(bare) else bare + end)


def _on_question(role: Holder, action: str, resource: str, text: str, *, is_of_stack: bool) -> Iterator[str]:
    """Notes on what was asked: an unknown action, or one that needs others; a name that is nearly one of the stack's.

    Also on what is no resource of the action: only a statement on everything can match it.
    """
    catalogued_action = catalogued(action)
    if catalogued_action is None:
        meant_actions = nearest_actions(action)
        hint = f"; did you mean {', '.join(meant_actions)}?" if meant_actions else ""
        yield f"the catalogue knows no action {action}{hint}"
    elif catalogued_action.dependents:
        yield f"the call may need {', '.join(catalogued_action.dependents)} as well"
    head = resource.partition("/")[0]
    if not is_of_stack and ":" not in head and "*" not in head:
        settled = [reference for reference, name in role.names.items() if name.startswith(("arn:", reference))]
        logical_ids = {reference[2:-1].partition(".")[0] for reference in settled}
        meant_id = None if head in logical_ids else nearest(head, sorted(logical_ids), MISSPELT)
        if meant_id is not None:
            yield f"there is no resource {head} in the stack: did you mean {meant_id}?"
    is_named = text == "*" or text.startswith(("arn:", "${"))
    if catalogued_action is not None and catalogued_action.targets and not is_named:
        arns = [arn for target in catalogued_action.targets for arn in target.type.arns]
        forms = " or ".join(dict.fromkeys(arn.rpartition("${Account}:")[2] for arn in arns))
        yield f"{text} is not an ARN and names no resource of {catalogued_action.full_name}, which are called {forms}"


def _on_answer(role: Holder, decision: Decision, deciding: Iterable[StatementSource], resource: str) -> Iterator[str]:
    """Notes on names that only a deploy settles, and that the answer takes the resource to be; on unknown policies."""
    patterns: list[str] = []
    for statement_source in deciding:
        if statement_source.grant is not None and statement_source.grant.statement.resources is not None:
            patterns += statement_source.grant.statement.resources.patterns
    for reference in dict.fromkeys(reference.text for pattern in patterns for reference in references(pattern)):
        name = role.names.get(reference, "").rpartition(":")[2]
        if name.endswith("-*") and name not in resource and matches(f"*{name}", resource):
            target = reference.strip("${}").partition(".")[0]
            yield f"taking it for {target}, whose whole name only the deploy settles"
    for arn in () if decision.allowed else role.unread:
        yield f"the managed policy {arn} is not known here: it may allow this"
    if role.unread_boundary is not None:
        yield f"the permissions boundary {role.unread_boundary} is not known here: it must allow this as well"
    if decision.policies.resource is not None:
        if decision.verdict == "ImplicitlyDenied" and not decision.request.needs_resource_policy:
            yield "in the resource's own account the caller's own policies may allow it all the same"
    elif decision.request.needs_resource_policy:
        yield "the resource's own policy must allow it, or leave it to the account's policies"
