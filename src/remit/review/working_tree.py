"""The roles that a project's working tree declares, and the same as another stage's stack would name them."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from remit.review.access_change import Given, Version
from remit.review.resource_access import giving_of_app
from remit.roles.assign import assign
from remit.roles.reference_names import put_texts
from remit.roles.reference_shapes import shapes_of
from remit.synthesis.declared_roles import DeclaredStack, declared_by, users_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from remit.app import App, Grant
    from remit.holders import Holder
    from remit.iam.policy import Policy


def tree(folder: Path, stage: str | None = None) -> Version:
    """The roles of the working tree, for a stage. Nothing is packaged. RemitError: as `load`."""
    from remit.loading.load import load  # noqa: PLC0415 - what is deployed is looked at without the project

    return version_of(load(folder, stage))


def with_resources(app: App) -> Version:
    """As `version_of`, with the resources of the app's template as well. RemitError: there can be no such template."""
    stack = declared_by(app, assign(app))
    return replace(version_declared(stack, "the working tree", app.namespace), resources=stack.resources)


def version_of(app: App, label: str = "the working tree") -> Version:
    """The roles of an app's template, with the app's reasons. RemitError: there can be no such template."""
    return version_declared(declared_by(app, assign(app)), label, app.namespace)


def version_declared(
    stack: DeclaredStack, label: str, namespace: str, names: Mapping[str, str] | None = None
) -> Version:
    """The roles of a template of remit's, whether it runs or would; `names` has the values of references."""
    roles = (*stack.roles, *stack.outside)
    return Version(
        label,
        (*roles, *users_of(stack, roles)),
        names=names or {},
        documents=stack.documents,
        namespace=namespace,
        others=stack.others,
        open=stack.open,
        shapes=shapes_of(stack.resources),
        giving=giving_of_app(stack.resources),
    )


def renamed_to(version: Version, namespace: str) -> Version:
    """A copy of a version of one stage with its namespace as another's: `orders-dev-jobs` becomes `orders-prod-jobs`.

    Only the whole namespace counts, not its parts: `dev` alone stays what it is. The version itself where it has no
    namespace, or this one already.
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


def _role(role: Holder, put: Callable[[str], str]) -> Holder:
    """A copy of a role with the texts of its policies, limits and trust changed by `put`."""
    policies = (replace(policy, name=put(policy.name), grants=_grants(policy.grants, put)) for policy in role.policies)
    return replace(
        role,
        policies=tuple(policies),
        limits=tuple(replace(limit, name=put(limit.name)) for limit in role.limits),
        trust=None if role.trust is None else _policy(role.trust, put),
    )


def _policy(policy: Policy, put: Callable[[str], str]) -> Policy:
    return replace(policy, statements=tuple(put_texts(statement, put) for statement in policy.statements))


def _given(access: Given, put: Callable[[str], str]) -> Given:
    """A copy of a resource's access with its texts changed by `put`."""
    documents = (_grants(grants, put) for grants in access.documents)
    return replace(
        access,
        documents=tuple(documents),
        on=tuple(map(put, access.on)),
        arns=tuple(map(put, access.arns)),
        settings=tuple(
            replace(setting, values=tuple(map(put, setting.values)), door=put(setting.door))
            for setting in access.settings
        ),
        unread=frozenset(map(put, access.unread)),
    )
