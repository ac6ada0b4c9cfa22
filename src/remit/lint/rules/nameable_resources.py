"""A wildcard where the app could name a resource."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Final

from remit.catalogue.actions import targets_of
from remit.catalogue.types import arn_of, resource_type
from remit.lint.finding import NOTE, WARNING, Problem, rule
from remit.source import places

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from remit.answers.remedy import Remedy
    from remit.app import Function, Grant, Resource
    from remit.errors import Origin
    from remit.lint.rule_inputs import Project

_VARIABLE: Final = r"\$\{[^{}]*\}"
_LATE: Final = r"\$\{AWS::\w+\}"
_MOST: Final = 3  # spellings, where the app has several resources of the kind
_MOST_TRIED: Final = 12  # resources; where no typed grant fits these, none will fit the others of the same kind
_NAME: Final = r"[^/:*?]+"
_ANY_NAME: Final = "late"
"""Stands for a part of an ARN that only the deploy knows."""


@rule("R222", WARNING, looks_at="project")
def nameable_resource(subject: Project) -> Iterator[Problem]:
    """An action on every resource, where the app has a resource of that kind to name.

    `"sqs:SendMessage"` is short, and sends to every queue of the account. A typed grant is as short, and names one. It is a
    note where the app names such a resource elsewhere, and a warning where the app declares it.

    Flagged:

        from remit import configure

        with configure() as config:
            config.lambda_.iam.policy = ["sqs:SendMessage"]

    Better:

        from remit import configure
        from remit.grants import sqs

        with configure() as config:
            config.lambda_.iam.policy = [sqs.send("orders")]

    Source: "Security best practices in IAM" (IAM User Guide): apply least-privilege permissions.
    """
    named_arns = tuple(_named_arns(subject))
    resources_by_action: dict[str, Sequence[str]] = {}
    reported: set[tuple[Origin, str]] = set()
    for role in subject.roles:
        functions = [function for function in subject.app.functions if function.name in role.functions]
        if not functions:  # a workflow's: what it is granted stands in no decorator
            continue
        ordinals: Counter[Origin | None] = Counter()
        for grant in role.grants:
            ordinal = ordinals[grant.origin]
            ordinals[grant.origin] += 1
            for action in _actions_everywhere(grant):
                if grant.origin is None or (grant.origin, action) in reported:
                    continue
                reported.add((grant.origin, action))
                function = _declaring_function(functions[0], grant)
                if action not in resources_by_action:
                    resources = islice(_nameable(subject, action, named_arns), _MOST_TRIED)
                    resources_by_action[action] = _typed(subject, function, action, resources)
                spellings = tuple(_spellings(subject, function, action, resources_by_action[action]))
                if spellings:
                    is_own = any(resource.startswith("${") for resource in resources_by_action[action])
                    yield Problem(
                        f"'{action}' is granted on '*', where the app has a resource to name",
                        f"write {' or '.join(spellings)}",
                        severity=WARNING if is_own else NOTE,
                        origin=places.inside(subject.folder, grant.origin, ("Action", action), ordinal),
                    )


def _named_arns(subject: Project) -> Iterator[str]:
    """The ARNs that the app's grants name, each once."""
    arns: dict[str, None] = {}
    for role in subject.roles:
        for grant in role.grants:
            resources = grant.statement.resources
            arns.update(dict.fromkeys(() if resources is None else resources.patterns))
    yield from arns


def _actions_everywhere(grant: Grant) -> Iterator[str]:
    """The exact actions that a grant which people wrote allows on every resource."""
    statement = grant.statement
    everywhere = statement.resources is not None and statement.resources.patterns == ("*",)
    if not everywhere or statement.effect != "Allow" or statement.actions.negated:
        return
    for action in statement.actions.patterns:
        if ":" in action and "*" not in action and "?" not in action:
            yield action


def _fix(subject: Project, function: Function, action: str, resource: str) -> Remedy:
    from remit.answers.remedy import remedy  # noqa: PLC0415 - few apps have such an action

    return remedy(subject.app, function, action, resource, subject.folder)


def _declaring_function(function: Function, grant: Grant) -> Function:
    """The function in whose file a grant is written; for a setting, one that has no file."""
    return replace(function, origin=None) if grant.reason.kind == "setting" else function


def _typed(subject: Project, function: Function, action: str, resources: Iterable[str]) -> tuple[str, ...]:
    """The first resources for which a typed grant gives an action, each spelling once; they are the same everywhere.

    What no verb gives is spelled `allow("…", on=…)`, where the action acts on one type of resource alone, and the app
    declares one.
    """
    by_verb: dict[str, str] = {}
    by_allow: dict[str, str] = {}
    for resource in resources:
        for named in (resource, f"{resource}/*"):  # a verb may grant what stands below: the paths of a domain
            fix = _fix(subject, function, action, named)
            if fix.typed:
                by_verb.setdefault(fix.item, named)
                break
            if named == resource and named.startswith("${") and _acts_on_one_type(action):
                by_allow.setdefault(fix.item, named)
        if len(by_verb) == _MOST:
            break
    return tuple((by_verb or by_allow).values())[:_MOST]


def _acts_on_one_type(action: str) -> bool:
    targets = targets_of(action)
    required = [target for target in targets if target.required]
    return len(required or targets) == 1


def _spellings(subject: Project, function: Function, action: str, resources: Sequence[str]) -> Iterator[str]:
    """The typed grants that could stand in the place of an action on `*`, each with the imports that it needs."""
    for resource in resources:
        fix = _fix(subject, function, action, resource)
        imports = " and ".join(f"`{line}`" for line in fix.imports)
        yield f"`{fix.item}`, with {imports}" if imports else f"`{fix.item}`"


def _nameable(subject: Project, action: str, named_arns: tuple[str, ...]) -> Iterator[str]:
    """The resources that an action acts on: those that the app declares, then those that it names elsewhere."""
    forms = [form for target in targets_of(action) for form in target.type.arns]
    for form in forms:
        for resource in subject.app.resources:
            below = _below(resource, form)
            if below is not None:
                yield f"{arn_of(resource)}{below}"
    for form in forms:
        pattern = _pattern(form)
        yield from (arn for arn in named_arns if pattern.fullmatch(re.sub(_LATE, _ANY_NAME, arn)))


def _below(resource: Resource, form: str) -> str | None:
    """Return the part below a declared resource in ARNs of a form: `/*` for its objects, else ""; None for others."""
    kind = resource_type(resource.type)
    if kind is None or kind.arn is None or arn_of(resource) is None:
        return None
    own = re.sub(_VARIABLE, _ANY_NAME, kind.arn.text)
    pattern = _pattern(form, is_own=True)
    if pattern.fullmatch(own):
        return ""
    return "/*" if pattern.fullmatch(f"{own}/{_ANY_NAME}") else None


@cache
def _pattern(form: str, *, is_own: bool = False) -> re.Pattern[str]:
    """The ARNs of a form that name one thing; below a thing that is not the app's own anything may stand."""
    literals = [re.escape(literal) for literal in re.split(_VARIABLE, form)]
    names = [_NAME] * (len(literals) - 1)
    if literals[-2:] == ["/", ""] and not is_own:
        names[-1] = ".+"
    parts = [literals[0]]
    for name, literal in zip(names, literals[1:], strict=True):
        parts += [name, literal]
    return re.compile("".join(parts))
