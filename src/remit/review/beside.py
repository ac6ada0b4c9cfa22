"""What a template gives beside its roles (policies of resources, permissions, users): told where it may be more now.

It is not compared by what it means: statements that stay, and those that only go, are plainly no gain, and everything
else is undecided.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from remit.app import Role
from remit.iam.evaluate import Layers
from remit.iam.policy import Policy
from remit.review.change import Change, Standing, Unseen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from remit.app import Resource

_ROLES: Final = ("AWS::IAM::Role", "aws_iam_role")
"""Types whose policies with principals are trust policies, which are compared with the role."""
_GIVING: Final = (
    "AWS::IAM::Group", "AWS::IAM::User", "AWS::Lambda::LayerVersionPermission", "AWS::Lambda::Permission",
    "aws_iam_group", "aws_iam_user", "aws_lambda_layer_version_permission", "aws_lambda_permission",
)  # fmt: skip
"""How the types begin of which everything but the tags says who may do something."""
_POLICIES: Final = ("AWS::IAM::ManagedPolicy", "AWS::IAM::Policy", "aws_iam_policy_attachment")
_HOLDERS: Final = ("Groups", "Users", "groups", "users")
_LIMITS: Final = (
    "EventSourceToken", "PrincipalOrgID", "SourceAccount", "SourceArn",
    "event_source_token", "principal_org_id", "source_account", "source_arn",
)  # fmt: skip
"""What a permission asks of those whom it lets in."""
_URLS: Final = {"AWS::Lambda::Url": "AuthType", "aws_lambda_function_url": "authorization_type"}
"""A function's URL lets nobody in by itself, but a permission may mean callers whom IAM need not know."""
_TAGS: Final = ("Tags", "tags", "tags_all")


def beside(old: Iterable[Resource], new: Iterable[Resource]) -> Iterator[Change]:
    """An undecided change for each resource that may let others in than before."""
    before, after = ({one.logical_id: one for one in side} for side in (old, new))
    for name in dict.fromkeys((*after, *before)):
        one, other = before.get(name), after.get(name)
        if _given(other).exceeds(_given(one)):
            kind = (other or one).type  # type: ignore[union-attr]  # one of them is there
            how = "is new" if one is None else "is gone" if other is None else "is not what it was"
            reason = f"{name} ({kind}) {how}: what it gives to others than roles is not compared"
            yield Change((), _nobody(name), _nobody(name), unseen=(Unseen("", reason),))


def _nobody(name: str) -> Standing:
    return Standing(Role(name, (), ()), Layers((Policy(()),)))


@dataclass(frozen=True, slots=True)
class _Given:
    """What lets somebody in, what keeps out whoever is let in elsewhere, and what is asked of those let in; as text."""

    allows: frozenset[str] = frozenset()
    denies: frozenset[str] = frozenset()
    limits: frozenset[str] = frozenset()

    def exceeds(self, other: _Given) -> bool:
        """Whether it may let in somebody whom the other does not."""
        limited = other.limits <= self.limits or not self.allows
        return not (self.allows <= other.allows and other.denies <= self.denies and limited)


def _given(resource: Resource | None) -> _Given:
    if resource is None or resource.type in _ROLES:
        return _Given()
    if resource.type in _URLS:
        how = resource.properties.get(_URLS[resource.type])
        return _Given() if how == "AWS_IAM" else _Given(frozenset((_text(how),)))
    properties = {name: value for name, value in resource.properties.items() if name not in _TAGS}
    held = resource.type in _POLICIES and any(properties.get(name) for name in _HOLDERS)
    if held or (resource.type.startswith(_GIVING) and resource.type not in _POLICIES):
        limits = {name: properties.pop(name) for name in _LIMITS if name in properties}
        asked = frozenset(_text({name: value}) for name, value in limits.items())
        return _Given(frozenset((_text(properties),)), limits=asked)
    statements = list(_statements(properties))
    target = _text({name: properties.get(name) for name in properties if not _documents(properties[name])})
    where = target if resource.type.lower().endswith("policy") else ""
    allows, denies = (
        frozenset(where + _text(one) for one in statements if (one.get("Effect") == "Deny") is denied)
        for denied in (False, True)
    )
    return _Given(allows, denies)


def _statements(value: Any) -> Iterator[dict[str, Any]]:
    """The statements of all policies inside that say whom they are about."""
    for document in _documents(value):
        found = document["Statement"]
        for one in found if isinstance(found, list) else [found]:
            if isinstance(one, dict) and ("Principal" in one or "NotPrincipal" in one):
                yield one


def _documents(value: Any) -> list[dict[str, Any]]:
    """The policies inside a value, also where one is JSON text."""
    if isinstance(value, str) and '"Statement"' in value:
        try:
            value = json.loads(value)
        except ValueError:
            return []
    if isinstance(value, dict):
        own = [value] if isinstance(value.get("Statement"), dict | list) else []
        return own or [found for item in value.values() for found in _documents(item)]
    return [found for item in value for found in _documents(item)] if isinstance(value, list) else []


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)
