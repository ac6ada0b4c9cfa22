"""The roles that a project's working tree declares, and the same as another stage's stack would name them."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from remit.app import Resource
from remit.errors import Mistakes
from remit.iam import tokens
from remit.iam.policy import Globs
from remit.project.load import load
from remit.review.access_change import Given, Version
from remit.review.resource_access import giving_of_app
from remit.roles.assign import assign
from remit.roles.reference_names import resources_of
from remit.roles.reference_shapes import shapes_of
from remit.synthesis.declared_roles import every_role, open_to_everyone, users_of
from remit.synthesis.synth import draft, intrinsics
from remit.triggers.app_wide import app_wide_resources

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from remit.app import App, Grant, Role
    from remit.iam.policy import Policy, Statement


def tree(folder: Path, stage: str | None = None) -> Version:
    """The roles of the working tree, for a stage. Nothing is packaged. RemitError: as `load`."""
    return version_of(load(folder, stage))


def with_resources(app: App) -> Version:
    """As `version_of`, with the resources of the app's template as well, as far as it can be made."""
    resources = draft(app, assign(app), Mistakes()).template.resources
    return replace(version_of(app), resources=resources)


def version_of(app: App, label: str = "the working tree") -> Version:
    """The roles of an app that is loaded, with what its shared resources add to them."""
    roles, documents = every_role(app, assign(app))
    served = {name for role in roles for name in role.functions}
    foreign_roles = {}
    for function in app.functions:
        if "Role" in function.properties and function.name not in served:
            foreign_roles[function.name] = tokens.text_of(function.properties["Role"])
    resources = tuple(replace(resource, properties=intrinsics(resource.properties)) for resource in app.resources)
    return Version(
        label,
        (*roles, *users_of(resources, roles)),
        documents=documents,
        namespace=app.namespace,
        others=foreign_roles,
        open=_open(app),
        shapes=shapes_of(resources_of(app)),
        giving=giving_of_app((*resources, *_functions(app))),
    )


def _functions(app: App) -> Iterator[Resource]:
    """The app's functions, as far as permissions refer to them."""
    for function in app.functions:
        yield Resource(f"{function.logical_id}Function", "AWS::Lambda::Function", {})


def _open(app: App) -> tuple[str, ...]:
    """The functions that everyone may call, by what their triggers and the shared resources say."""
    resources: list[Resource] = []
    for function in app.functions:
        for trigger in function.triggers:
            resources += trigger.resources(function)
    resources += app_wide_resources(app)
    function_names = {function.resource_id: function.name for function in app.functions}
    return open_to_everyone((*resources, *app.resources), function_names)


def renamed_to(version: Version, namespace: str) -> Version:
    """A version of one stage with its namespace as another's, so that `orders-dev-jobs` and `orders-prod-jobs` agree.

    Only the whole namespace counts, not its parts: `dev` alone stays what it is.
    """
    if not version.namespace or version.namespace == namespace:
        return version
    pattern = whole(version.namespace)

    def put(text: str) -> str:
        return pattern.sub(namespace, text)

    return replace(
        version,
        roles=tuple(_role(role, put) for role in version.roles),
        documents={put(arn): _policy(policy, put) for arn, policy in version.documents.items()},
        trusts={name: _policy(policy, put) for name, policy in version.trusts.items()},
        versions={put(arn): policy_version for arn, policy_version in version.versions.items()},
        others={name: put(arn) for name, arn in version.others.items()},
        shapes=replace(version.shapes, names={name: put(text) for name, text in version.shapes.names.items()}),
        giving=version.giving and {name: _given(access, put) for name, access in version.giving.items()},
        namespace=namespace,
    )


def whole(namespace: str) -> re.Pattern[str]:
    """Where a namespace stands as such: not within a longer word, but before `-jobs` as well."""
    return re.compile(rf"(?<![A-Za-z0-9-]){re.escape(namespace)}(?![A-Za-z0-9])")


def _grants(grants: tuple[Grant, ...], put: Callable[[str], str]) -> tuple[Grant, ...]:
    return tuple(replace(grant, statement=put_texts(grant.statement, put)) for grant in grants)


def _role(role: Role, put: Callable[[str], str]) -> Role:
    return replace(
        role,
        grants=_grants(role.grants, put),
        managed=tuple(map(put, role.managed)),
        boundary=None if role.boundary is None else put(role.boundary),
        trust=None if role.trust is None else _policy(role.trust, put),
    )


def _policy(policy: Policy, put: Callable[[str], str]) -> Policy:
    return replace(policy, statements=tuple(put_texts(statement, put) for statement in policy.statements))


def _given(access: Given, put: Callable[[str], str]) -> Given:
    documents = (_grants(grants, put) for grants in access.documents)
    return replace(
        access,
        documents=tuple(documents),
        on=tuple(map(put, access.on)),
        openings=frozenset(map(put, access.openings)),
        properties=frozenset(map(put, access.properties)),
        unread=frozenset(map(put, access.unread)),
    )


def put_texts(statement: Statement, put: Callable[[str], str]) -> Statement:
    """The statement with each text of its resources, principals and conditions replaced."""
    resources, principals = statement.resources, statement.principals
    if resources is not None:
        resources = Globs(tuple(map(put, resources.patterns)), resources.negated)
    if principals is not None:
        principals = replace(principals, patterns=tuple((kind, put(text)) for kind, text in principals.patterns))
    conditions = tuple(
        replace(condition, values=tuple(map(put, condition.values))) for condition in statement.conditions
    )
    return replace(statement, principals=principals, resources=resources, conditions=conditions)
