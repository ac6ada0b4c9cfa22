"""The roles that a project's working tree declares, and the same as another stage's stack would name them."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from remit.iam import tokens
from remit.iam.policy import Globs
from remit.project.load import load
from remit.review.access_change import Given, Version
from remit.review.resource_policies import giving_of_app
from remit.roles.assign import assign
from remit.roles.reference_names import resources_of
from remit.roles.reference_shapes import shapes_of
from remit.synthesis.declared_roles import every_role, open_to_everyone
from remit.synthesis.synth import intrinsics

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from remit.app import App, Role
    from remit.iam.policy import Policy, Statement


def tree(folder: Path, stage: str | None = None) -> Version:
    """The roles of the working tree, for a stage. Nothing is packaged. RemitError: as `load`."""
    return version_of(load(folder, stage))


def version_of(app: App, where: str = "the working tree") -> Version:
    """The roles of an app that is loaded, with what its shared resources add to them."""
    roles, documents = every_role(app, assign(app))
    served = {name for role in roles for name in role.functions}
    others = {name: arn for name, arn in _others(app).items() if name not in served}
    return Version(
        where,
        roles,
        documents=documents,
        namespace=app.namespace,
        others=others,
        open=_open(app),
        shapes=shapes_of(resources_of(app)),
        giving=giving_of_app(
            (replace(one, properties=intrinsics(one.properties)) for one in app.resources), roles, documents
        ),
    )


def _others(app: App) -> dict[str, str]:
    """The functions that bring a role of their own, and its ARN."""
    given = {one.name: one.properties["Role"] for one in app.functions if "Role" in one.properties}
    return {name: tokens.text_of(arn) for name, arn in given.items()}


def _open(app: App) -> tuple[str, ...]:
    """The functions that everyone may call, by what their triggers and the shared resources say."""
    made = (one for function in app.functions for trigger in function.triggers for one in trigger.resources(function))
    return open_to_everyone((*made, *app.resources), {f"{one.logical_id}Function": one.name for one in app.functions})


def renamed_to(version: Version, namespace: str) -> Version:
    """A version of one stage with its namespace as another's, so that `orders-dev-jobs` and `orders-prod-jobs` agree.

    Only the whole namespace counts, not its parts: `dev` alone stays what it is.
    """
    if not version.namespace or version.namespace == namespace:
        return version
    own = whole(version.namespace)

    def put(text: str) -> str:
        return own.sub(namespace, text)

    return replace(
        version,
        roles=tuple(_role(role, put) for role in version.roles),
        documents={put(arn): _policy(policy, put) for arn, policy in version.documents.items()},
        trusts={name: _policy(policy, put) for name, policy in version.trusts.items()},
        versions={put(arn): found for arn, found in version.versions.items()},
        others={name: put(arn) for name, arn in version.others.items()},
        shapes=replace(version.shapes, names={name: put(text) for name, text in version.shapes.names.items()}),
        giving=version.giving and {name: _given(one, put) for name, one in version.giving.items()},
        namespace=namespace,
    )


def whole(namespace: str) -> re.Pattern[str]:
    """Where a namespace stands as such: not within a longer word, but before `-jobs` as well."""
    return re.compile(rf"(?<![A-Za-z0-9-]){re.escape(namespace)}(?![A-Za-z0-9])")


def _role(role: Role, put: Callable[[str], str]) -> Role:
    return replace(
        role,
        grants=tuple(replace(grant, statement=put_texts(grant.statement, put)) for grant in role.grants),
        managed=tuple(map(put, role.managed)),
        boundary=None if role.boundary is None else put(role.boundary),
        trust=None if role.trust is None else _policy(role.trust, put),
    )


def _policy(policy: Policy, put: Callable[[str], str]) -> Policy:
    return replace(policy, statements=tuple(put_texts(statement, put) for statement in policy.statements))


def _given(given: Given, put: Callable[[str], str]) -> Given:
    allows, denies, limits = (frozenset(map(put, part)) for part in (given.allows, given.denies, given.limits))
    return Given(given.type, allows, denies, limits)


def put_texts(statement: Statement, put: Callable[[str], str]) -> Statement:
    """The statement with each text of its resources, principals and conditions replaced."""
    resources, who = statement.resources, statement.principals
    return replace(
        statement,
        principals=who and replace(who, patterns=tuple((kind, put(text)) for kind, text in who.patterns)),
        resources=None if resources is None else Globs(tuple(map(put, resources.patterns)), resources.negated),
        conditions=tuple(replace(one, values=tuple(map(put, one.values))) for one in statement.conditions),
    )
