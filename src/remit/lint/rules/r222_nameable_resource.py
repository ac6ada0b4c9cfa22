"""An action on every resource, where the app has a resource of that kind to name.

`"sqs:SendMessage"` is short, and sends to every queue of the account. A typed grant is as short, and names one.

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

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Final

from remit.catalogue.actions import targets_of
from remit.catalogue.types import arn_of, resource_type
from remit.lint.finding import NOTE, Problem
from remit.project import python_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from remit.app import Function, Grant, Resource, Role
    from remit.errors import Origin
    from remit.explain.remedy import Remedy
    from remit.lint.rule_inputs import Project

SEVERITY = NOTE
_VARIABLE: Final = r"\$\{[^{}]*\}"
_LATE: Final = r"\$\{AWS::\w+\}"
_MOST: Final = 3  # spellings, where the app has several resources of the kind
_MOST_TRIED: Final = 12  # resources; where no typed grant fits these, none will fit the others of the same kind
_NAME: Final = r"[^/:*?]+"


def project(subject: Project) -> Iterator[Problem]:
    """Actions on `*` for which a typed grant could name a resource of the app, each once where it is written."""
    named_arns = tuple(_named_arns(subject))
    resources_by_action: dict[str, tuple[str, ...]] = {}
    reported: set[tuple[Origin, str]] = set()
    for role in subject.roles:
        ordinals: Counter[Origin | None] = Counter()
        for grant in role.grants:
            ordinal = ordinals[grant.origin]
            ordinals[grant.origin] += 1
            for action in _actions_everywhere(grant):
                if grant.origin is None or (grant.origin, action) in reported:
                    continue
                reported.add((grant.origin, action))
                function = _declaring_function(subject, role, grant)
                if action not in resources_by_action:
                    resources = islice(_nameable(subject, action, named_arns), _MOST_TRIED)
                    resources_by_action[action] = tuple(_typed(subject, function, action, resources))
                spellings = tuple(_spellings(subject, function, action, resources_by_action[action]))
                if spellings:
                    yield Problem(
                        f"'{action}' is granted on '*', where the app has a resource to name",
                        f"write {' or '.join(spellings)}",
                        origin=python_text.inside(subject.folder, grant.origin, ("Action", action), ordinal),
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
    """The actions that a grant which people wrote allows on every resource."""
    statement = grant.statement
    everywhere = statement.resources is not None and statement.resources.patterns == ("*",)
    if not everywhere or statement.effect != "Allow" or statement.actions.negated:
        return
    for action in statement.actions.patterns:
        if ":" in action and "*" not in action and "?" not in action and _has_typed_grants(action):
            yield action


def _has_typed_grants(action: str) -> bool:
    from remit.explain.remedy import grants_module  # noqa: PLC0415 - few apps have such an action

    return grants_module(action.partition(":")[0].lower()) is not None


def _fix(subject: Project, function: Function, action: str, resource: str) -> Remedy:
    from remit.explain.remedy import remedy  # noqa: PLC0415 - as above

    return remedy(subject.app, function, action, resource, subject.folder)


def _declaring_function(subject: Project, role: Role, grant: Grant) -> Function:
    """The function in whose file a grant is written; for a setting, one that has no file."""
    function = next(function for function in subject.app.functions if function.name in role.functions)
    return replace(function, origin=None) if grant.reason.kind == "setting" else function


def _typed(subject: Project, function: Function, action: str, resources: Iterable[str]) -> Iterator[str]:
    """The first resources for which a typed grant gives an action, each spelling once; they are the same everywhere."""
    items: set[str] = set()
    for resource in resources:
        fix = _fix(subject, function, action, resource)
        if fix.typed and fix.item not in items:
            items.add(fix.item)
            yield resource
        if len(items) == _MOST:
            return


def _spellings(subject: Project, function: Function, action: str, resources: tuple[str, ...]) -> Iterator[str]:
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
        yield from (arn for arn in named_arns if pattern.fullmatch(re.sub(_LATE, "late", arn)))


def _below(resource: Resource, form: str) -> str | None:
    """What stands below a declared resource in ARNs of a form: `/*` for its objects, else ""; None for others."""
    kind = resource_type(resource.type)
    if kind is None or kind.arn is None or arn_of(resource) is None:
        return None
    own_shape, shape = re.sub(_VARIABLE, "*", kind.arn.text), re.sub(_VARIABLE, "*", form)
    return {own_shape: "", f"{own_shape}/*": "/*"}.get(shape)


@cache
def _pattern(form: str) -> re.Pattern[str]:
    """The ARNs of a form that name one thing; below that thing anything may stand."""
    literals = [re.escape(literal) for literal in re.split(_VARIABLE, form)]
    names = [_NAME] * (len(literals) - 1)
    if literals[-2:] == ["/", ""]:
        names[-1] = ".+"
    parts = [literals[0]]
    for name, literal in zip(names, literals[1:], strict=True):
        parts += [name, literal]
    return re.compile("".join(parts))
