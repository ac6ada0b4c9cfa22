"""What an app or a template gives beside its roles (policies of resources, permissions, users), where it may be more.

It is not compared by what it means: statements that stay, and those that only go, are plainly no gain, and everything
else is undecided.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from remit.app import Role
from remit.catalogue.properties import PERMISSION_LIMITS
from remit.iam.evaluate import Layers
from remit.iam.policy import Policy
from remit.review.change import Change, Given, Standing, Unseen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

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
    *PERMISSION_LIMITS, "event_source_token", "principal_org_id", "source_account", "source_arn",
)  # fmt: skip
"""What a permission asks of those whom it lets in."""
_URLS: Final = {"AWS::Lambda::Url": "AuthType", "aws_lambda_function_url": "authorization_type"}
"""A function's URL lets nobody in by itself, but a permission may mean callers whom IAM need not know."""
_CALLS: Final = ("AWS::Lambda::Permission", "AWS::Lambda::Url")
_TAGS: Final = ("Tags", "tags", "tags_all")
_LONG: Final = 300
"""Characters of a statement that are told."""
_NOTHING: Final = Given("")


def giving(resources: Iterable[Resource]) -> dict[str, Given]:
    """What each resource lets others do, by its logical id; resources that let nobody do anything are left out."""
    found = ((one.logical_id, _given(one)) for one in resources)
    return {name: given for name, given in found if given.allows or given.denies}


def giving_of_app(resources: Iterable[Resource]) -> dict[str, Given]:
    """As `giving`, but who may call the functions, which is told of an app by itself: `Version.open`."""
    return giving(one for one in resources if one.type not in _CALLS)


def beside(old: Mapping[str, Given], new: Mapping[str, Given]) -> Iterator[Change]:
    """An undecided change for each resource that may let others in than before."""
    for name in dict.fromkeys((*new, *old)):
        more = tuple(_beyond(new.get(name, _NOTHING), old.get(name, _NOTHING)))
        if more:
            kind = (new.get(name) or old[name]).type
            reason = f"{name} ({kind}), {', '.join(more)}: what it gives to others than roles is not compared"
            yield Change((), _nobody(name), _nobody(name), unseen=(Unseen("", reason),))


def _nobody(name: str) -> Standing:
    return Standing(Role(name, (), ()), Layers((Policy(()),)))


def _beyond(given: Given, other: Given) -> Iterator[str]:
    """What may let in somebody whom the other does not: told exactly, since a person may accept it."""
    gone = (*other.denies - given.denies, *(other.limits - given.limits if given.allows else ()))
    yield from (f"now with {_short(text)}" for text in sorted(given.allows - other.allows))
    yield from (f"no longer with {_short(text)}" for text in sorted(gone))


def _short(text: str) -> str:
    return text if len(text) <= _LONG else f"{text[:_LONG]}... ({_digest(text)})"


def _digest(text: str) -> str:
    import hashlib  # noqa: PLC0415 - 2 ms, and few resources need it

    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _given(resource: Resource) -> Given:
    kind = resource.type
    if kind in _ROLES:
        return Given(kind)
    if kind in _URLS:
        how = resource.properties.get(_URLS[kind])
        return Given(kind, frozenset(() if how == "AWS_IAM" else (_text({_URLS[kind]: how}),)))
    properties = {name: value for name, value in resource.properties.items() if name not in _TAGS}
    held = kind in _POLICIES and any(properties.get(name) for name in _HOLDERS)
    if held or (kind.startswith(_GIVING) and kind not in _POLICIES):
        limits = {name: properties.pop(name) for name in _LIMITS if name in properties}
        asked = frozenset(_text({name: value}) for name, value in limits.items())
        # Not told as they are: those of a user may hold a password.
        return Given(kind, frozenset((f"properties {_digest(_text(properties))}",)), limits=asked)
    statements = list(_statements(properties))
    target = _text({name: properties.get(name) for name in properties if not _documents(properties[name])})
    where = f" on {target}" if kind.lower().endswith("policy") else ""
    allows, denies = (
        frozenset(_text(one) + where for one in statements if (one.get("Effect") == "Deny") is denied)
        for denied in (False, True)
    )
    return Given(kind, allows, denies)


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
