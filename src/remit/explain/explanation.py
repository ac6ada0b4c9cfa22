"""Explain one request of a role: the verdict, the statements behind it with their lines, and what would change it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from remit.catalogue.actions import action as catalogued
from remit.catalogue.arns import variables
from remit.catalogue.partitions import partition_of
from remit.catalogue.resemblance import nearest_actions
from remit.errors import nearest
from remit.iam.pattern import matches
from remit.iam.tokens import PLACE
from remit.roles.reference_names import put, references
from remit.roles.role_policies import ask, at, own_verdict, places, source

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from remit.catalogue.actions import Action
    from remit.explain.remedy import Remedy
    from remit.iam.decide.evaluate import Decision, Verdict
    from remit.roles.role_policies import ReadyRole, StatementSource

_ENDS: Final = {"secretsmanager:Secret": "-??????"}
"""What a service puts behind the name that people give, by its kind of resource."""
_SLASHED: Final = frozenset({
    "GroupNameWithPath", "InstanceProfileNameWithPath", "LogGroupName", "ParameterNameWithoutLeadingSlash",
    "PolicyNameWithPath", "RepositoryName", "RoleNameWithPath", "SecretId", "TopicName", "UserNameWithPath",
})  # fmt: skip
"""Variables of ARNs whose names may have slashes."""
_OBJECT: Final = re.compile(r"s3://(.+)")
_QUEUE: Final = re.compile(r"https://sqs\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?/(\d{12})/([\w.-]+)")
"""Addresses that people know an object and a queue by."""
_WHOLE: Final = re.compile(r"-(?=\w*[A-Z])[A-Za-z0-9]{6}$")
"""A secret's name as its ARN has it: with AWS's six characters, which are rarely all small."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """An answered request. `asker` is who asks, in words; `resource` what was asked for, with its names in place.

    `deciding` are the statements behind the verdict, `near` the Allows that came nearest and what each lacked.
    `substitutes`: what was asked stands in a document that takes Fn::Sub.
    """

    asker: str
    action: str
    resource: str
    decision: Decision
    deciding: tuple[StatementSource, ...]
    near: tuple[tuple[StatementSource, str], ...]
    notes: tuple[str, ...] = ()
    remedy: Remedy | None = None
    substitutes: bool = False
    ways: tuple[tuple[str, Explanation], ...] = ()
    """Where a template's conditions make the answer another one: the answers, each with when it holds, in words."""

    @property
    def verdict(self) -> Verdict:
        """The verdict, which is unknown where conditions of the template make it another one."""
        return "Unknown" if self.ways else self.decision.verdict

    @property
    def of_resource(self) -> bool:
        """Whether the policy that was asked is a resource's."""
        return self.decision.policies.resource is not None

    @property
    def fixable(self) -> bool:
        """Whether the role's own statements have to change, and not the boundary, say, or the resource's policy."""
        decision = self.decision
        if decision.allowed or catalogued(self.action) is None:
            return False
        if self.of_resource:  # where it depends on who asks, nothing is lacking
            return decision.verdict != "Unknown"
        return decision.verdict == "ExplicitlyDenied" or own_verdict(decision) != "Allowed"


def explain(role: ReadyRole, asker: str, action: str, resource: str, *, principal: str | None = None) -> Explanation:
    """Ask a role. `resource` is an ARN, late-bound text, or a short name (see `spelled_out`)."""
    spelled = spelled_out(role, action, resource)
    text = put(spelled, role.names)
    placed, decision, notes = _decided(role, action, text, principal)
    deciding = tuple(
        source(placed, ruling)
        for layer in decision.layers
        if layer.verdict == decision.verdict
        for ruling in layer.rulings  # a silent layer has none
    )
    near = tuple((source(placed, miss.ruling), miss.lacked) for miss in decision.misses)
    told = (
        *_on_action(action),
        *(_on_name(role, resource) if not spelled.startswith("${") else ()),
        *_on_resource(action, text),
        *notes,
        *_assumed(role, deciding, text),
        *_unseen(role, decision),
        *role.role.notes,
    )
    return Explanation(asker, action, text, decision, deciding, near, told)


def _decided(
    role: ReadyRole, action: str, text: str, principal: str | None
) -> tuple[ReadyRole, Decision, tuple[str, ...]]:
    """The decision on a whole ARN; on one that is late-bound, for wherever the role's statements say it may be."""
    if not any(part.text in PLACE.values() for part in references(text)):
        return role, ask(role, action, text, principal=principal), ()
    made = [(place, at(role, place)) for place in places(role, text, home=principal or "")]
    answers = [(place, here, ask(here, action, text, principal=principal)) for place, here in made]
    place, here, decision = next((one for one in answers if one[2].allowed), answers[0])
    if all(one[2].verdict == decision.verdict for one in answers):
        return here, decision, ()
    return here, decision, (f"only where the app is deployed to {', '.join(place.values())}",)


def spelled_out(role: ReadyRole, action: str, resource: str) -> str:
    """A resource as people type it, as an ARN: `DataTable` or `Data.table` (the stack's), `orders`, `uploads/a.csv`.

    Also the address of an object or a queue, and a function's own name. What fits none of the action's resource types
    stays as it is.
    """
    if resource == "*" or resource.startswith(("arn:", "${")):
        return resource
    if (found := _OBJECT.fullmatch(resource)) is not None:
        return f"arn:${{AWS::Partition}}:s3:::{found[1]}"
    if (found := _QUEUE.fullmatch(resource)) is not None:
        partition = partition_of(found[1])
        return f"arn:{'aws' if partition is None else partition.name}:sqs:{':'.join(found.groups())}"
    head, slash, tail = resource.partition("/")
    pascal = "".join(part[:1].upper() + part[1:] for part in re.split(r"[._-]", head))
    ours = (head, pascal, *([f"{pascal}Function"] if action.lower().startswith("lambda:") else []))
    for text in (text for name in ours for text in (f"${{{name}.Arn}}", f"${{{name}}}")):
        if role.names.get(text, "").startswith(("arn:", text)):
            return f"{text}{slash}{tail}"
    known = catalogued(action)
    return next(_filled(known, resource), resource) if known is not None else resource


def _filled(known: Action, text: str) -> Iterator[str]:
    """The ARNs that a name makes in the formats of an action's resource types: required, then plain ones first."""
    for target in sorted(known.targets, key=lambda one: (not one.required, len("".join(one.type.arns)))):
        end = _ENDS.get(f"{target.type.service}:{target.type.name}", "")
        for form in target.type.arns:
            names = [name for name in variables(form) if name not in PLACE]
            if not names:
                continue
            start, rest = form.split(f"${{{names[0]}}}", 1)
            shape = f"${{{names[0]}}}{rest}"
            tail = re.sub(r"\\\$\\\{\w+\\\}", "(.+)", re.escape(shape))
            bare = text.removeprefix(start.rpartition(":")[2])
            bare = bare.removeprefix("/") if names[0] == "ParameterNameWithoutLeadingSlash" else bare
            if re.fullmatch(tail, bare) is not None and _counts(names, bare):
                yield re.sub(r"\$\{(\w+)\}", lambda found: PLACE.get(found[1], found[0]), start) + (
                    bare if not end or _WHOLE.search(bare) else bare + end
                )


def _counts(names: list[str], bare: str) -> bool:
    """Whether a text has as many parts as a format has variables."""
    return (len(names) > 1) == ("/" in bare or ":" in bare) or names[0] in _SLASHED


def _on_action(action: str) -> Iterator[str]:
    known = catalogued(action)
    if known is None:
        near = nearest_actions(action)
        hint = f"; did you mean {', '.join(near)}?" if near else ""
        yield f"the catalogue knows no action {action}{hint}"
    elif known.dependents:
        yield f"the call may need {', '.join(known.dependents)} as well"


def _on_resource(action: str, text: str) -> Iterator[str]:
    """What is not a resource of the action's: no statement but one on everything can match it."""
    known = catalogued(action)
    if known is None or not known.targets or text == "*" or text.startswith(("arn:", "${")):
        return
    forms = dict.fromkeys(form.rpartition("${Account}:")[2] for one in known.targets for form in one.type.arns)
    yield f"{text} is not an ARN and names no resource of {known.full_name}, which are called {' or '.join(forms)}"


def _on_name(role: ReadyRole, resource: str) -> Iterator[str]:
    """A name that is nearly the logical id of a resource of the stack."""
    head = resource.partition("/")[0]
    known = {text[2:-1].partition(".")[0] for text, name in role.names.items() if name.startswith(("arn:", text))}
    near = None if head in known or ":" in head or "*" in head else nearest(head, sorted(known))
    if near is not None:
        yield f"there is no resource {head} in the stack: did you mean {near}?"


def _assumed(role: ReadyRole, deciding: Iterable[StatementSource], resource: str) -> Iterator[str]:
    """The resources whose names only a deploy settles, and that the answer takes the asked one to be."""
    texts = (
        text
        for one in deciding
        if one.grant is not None and one.grant.statement.resources is not None
        for text in one.grant.statement.resources.patterns
    )
    for reference in dict.fromkeys(reference.text for text in texts for reference in references(text)):
        name = role.names.get(reference, "").rpartition(":")[2]
        if name.endswith("-*") and name not in resource and matches(f"*{name}", resource):
            target = reference.strip("${}").partition(".")[0]
            yield f"taking it for {target}, whose whole name only the deploy settles"


def _unseen(role: ReadyRole, decision: Decision) -> Iterator[str]:
    for arn in role.unread:
        if arn == role.role.boundary:
            yield f"the permissions boundary {arn} is not known here: it must allow this as well"
        elif not decision.allowed:
            yield f"the managed policy {arn} is not known here: it may allow this"
    if decision.policies.resource is not None:
        if decision.verdict == "ImplicitlyDenied" and not decision.request.needs_resource_policy:
            yield "in the resource's own account the caller's own policies may allow it all the same"
    elif decision.request.needs_resource_policy:
        yield "the resource's own policy must allow it, or leave it to the account's policies"
