"""What an app or a template gives beside its roles (policies of resources, permissions, users), where it may be more.

It is not compared by what it means: statements that stay, and those that only go, are plainly no gain, and everything
else is undecided. Either way it is told that the resource differs: the roles alone are then proven to be the same.
"""

from __future__ import annotations

import json
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from remit.app import Role
from remit.catalogue.properties import PERMISSION_LIMITS
from remit.catalogue.types import access_of
from remit.iam.decide.evaluate import Layers
from remit.iam.policy import VERSION, Policy
from remit.iam.tokens import is_intrinsic
from remit.review.access_change import Change, Elsewhere, Given, Standing, Unseen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from remit.app import Resource

_ROLES: Final = ("AWS::IAM::Role", "aws_iam_role")
"""Types whose policies with principals are trust policies, which are compared with the role."""
_GIVING: Final = (
    "aws_iam_access_key", "aws_iam_group", "aws_iam_instance_profile", "aws_iam_openid_connect_provider",
    "aws_iam_saml_provider", "aws_iam_user", "aws_lakeformation_permissions", "aws_lambda_layer_version_permission",
    "aws_lambda_permission", "aws_ram_", "aws_ssoadmin_",
)  # fmt: skip
"""How Terraform's types begin of which everything but the tags says who may do something."""
_NAMING_NOBODY: Final = ("aws_iam_policy", "aws_iot_policy", "aws_organizations_policy", "aws_vpc_endpoint")
"""Terraform's types whose statements say what may be done and not by whom: that depends on what they are attached to.
"""
_BUCKETS: Final = ("AWS::S3::Bucket", "aws_s3_bucket_public_access_block", "aws_s3_bucket_acl")
_PRIVATE: Final = ("Private", "private", None)
_ATTACHMENT: Final = "aws_iam_policy_attachment"
_HOLDERS: Final = ("Groups", "Users", "groups", "users")
_LIMITS: Final = (
    *PERMISSION_LIMITS, "event_source_token", "principal_org_id", "source_account", "source_arn",
)  # fmt: skip
"""What a permission asks of those whom it lets in."""
_URLS: Final = {
    "aws_api_gateway_method": "authorization",
    "aws_apigatewayv2_route": "authorization_type",
    "aws_lambda_function_url": "authorization_type",
}
"""By Terraform's type, the property that says whether IAM must know who calls: as of CloudFormation's types.

A function's URL lets nobody in by itself, but a permission may mean callers whom IAM need not know.
"""
_CALLS: Final = ("AWS::Lambda::Permission", "AWS::Lambda::Url")
_TAGS: Final = ("Tags", "tags", "tags_all")
_LONG: Final = 300
"""Characters of a statement that are told."""
_NOTHING: Final = Given("")
_NO_DOCUMENTS: Final[Mapping[str, Policy]] = MappingProxyType({})
_POLICY_PROPERTIES: Final = frozenset((
    "accesspolicies", "bucketpolicy", "filesystempolicy", "inlinepolicy", "keypolicy", "policy", "policydocument",
    "policytext", "repositorypolicytext", "resourcepolicy",
))  # fmt: skip
"""Properties that hold a policy, folded."""


def giving(
    resources: Iterable[Resource], roles: Sequence[Role], documents: Mapping[str, Policy] = _NO_DOCUMENTS
) -> dict[str, Given]:
    """What each resource lets others do, by its logical id; resources that let nobody do anything are left out.

    A managed policy that one of the roles has is left out, too: it is compared with the role. `documents` are what
    managed policies say, by the text that refers to them.
    """
    granted = {grant.statement for role in roles for grant in role.grants}
    attached = {arn for role in roles for arn in (*role.managed, role.boundary) if arn is not None}
    access_by_id: dict[str, Given] = {}
    for resource in resources:
        names = (resource.ref, resource.logical_id)
        document = next((documents[name] for name in names if name in documents), None)
        of_a_role = document is not None and bool(document.statements) and granted.issuperset(document.statements)
        is_managed = access_of(resource.type).policies == "attached" or resource.type == "aws_iam_policy"
        if is_managed and (of_a_role or not attached.isdisjoint(names)):
            continue
        access = _given(resource)
        if access.allows or access.denies:
            access_by_id[resource.logical_id] = access
    return access_by_id


def giving_of_app(
    resources: Iterable[Resource], roles: Sequence[Role], documents: Mapping[str, Policy] = _NO_DOCUMENTS
) -> dict[str, Given]:
    """As `giving`, but who may call the functions, which is told of an app by itself: `Version.open`."""
    return giving((resource for resource in resources if resource.type not in _CALLS), roles, documents)


def elsewhere(old: Mapping[str, Given], new: Mapping[str, Given]) -> Iterator[Elsewhere]:
    """The resources that let others do something else than before, whether that is more or less."""
    for name in dict.fromkeys((*new, *old)):
        if name not in old:
            yield Elsewhere(name, new[name].type, "added")
        elif name not in new:
            yield Elsewhere(name, old[name].type, "removed")
        elif replace(old[name], type=new[name].type) != new[name]:
            yield Elsewhere(name, new[name].type, "changed")


def beside(old: Mapping[str, Given], new: Mapping[str, Given]) -> Iterator[Change]:
    """An undecided change for each resource that may let others in than before."""
    for name in dict.fromkeys((*new, *old)):
        differences = ", ".join(_widening(old.get(name, _NOTHING), new.get(name, _NOTHING)))
        if differences:
            kind = (new.get(name) or old[name]).type
            reason = f"{name} ({kind}), {differences}: what it gives to others than roles is not compared"
            no_access = Standing(Role(name, (), ()), Layers(()))
            yield Change((), no_access, no_access, unseen=(Unseen("", reason),))


def _widening(old: Given, new: Given) -> Iterator[str]:
    """The differences that may let in somebody new: quoted exactly, since a person may accept them."""
    removed = old.denies - new.denies
    if new.allows:
        removed |= old.limits - new.limits
    for text in sorted(new.allows - old.allows):
        yield f"now with {_short(text)}"
    for text in sorted(removed):
        yield f"no longer with {_short(text)}"


def _short(text: str) -> str:
    return text if len(text) <= _LONG else f"{text[:_LONG]}... ({_digest(text)})"


def _digest(text: str) -> str:
    import hashlib  # noqa: PLC0415 - 2 ms, and few resources need it

    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _given(resource: Resource) -> Given:
    kind = resource.type
    if kind in _ROLES:
        return Given(kind)
    access = access_of(kind)
    authorization = access.authorization or _URLS.get(kind, "")
    if authorization:
        mode = resource.properties.get(authorization)
        return Given(kind) if mode == "AWS_IAM" else Given(kind, frozenset((_text({authorization: mode}),)))
    properties = {name: value for name, value in resource.properties.items() if name not in _TAGS}
    if kind in _BUCKETS:
        return Given(kind, frozenset(map(_text, _opened(properties))))
    is_held = (access.roles or kind == _ATTACHMENT) and any(properties.get(name) for name in _HOLDERS)
    if is_held or access.is_grant or kind.startswith(_GIVING):
        limits = frozenset(_text({name: properties.pop(name)}) for name in _LIMITS if name in properties)
        # The properties are not shown as they are: those of a user may hold a password.
        return Given(kind, frozenset((f"properties {_digest(_text(properties))}",)), limits=limits)
    naming_nobody = access.policies in ("attached", "ceiling") or kind in _NAMING_NOBODY
    statements = list(_statements(properties, naming_nobody=naming_nobody))
    target = _text({name: properties.get(name) for name in properties if not _documents(properties[name])})
    suffix = f" on {target}" if kind.lower().endswith("policy") else ""
    unread = frozenset(map(_text, _unread(properties)))
    allows = frozenset(text + suffix for effect, text in statements if effect != "Deny")
    denies = frozenset(text + suffix for effect, text in statements if effect != "Allow")
    return Given(kind, allows | unread, denies | unread)


def _opened(properties: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """What lets the public into a bucket: a canned ACL, and each of the four blocks that is not on."""
    access = properties.get("AccessControl", properties.get("acl"))
    if access not in _PRIVATE:
        yield {"AccessControl": access}
    blocks = properties.get("PublicAccessBlockConfiguration", properties)
    for name in ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"):
        flag = blocks.get(name, blocks.get(_snake(name), True)) if isinstance(blocks, dict) else blocks
        if flag not in (True, "true"):
            yield {name: flag}


def _snake(name: str) -> str:
    return "".join(f"_{sign.lower()}" if sign.isupper() else sign for sign in name).removeprefix("_")


def _statements(value: Any, *, naming_nobody: bool) -> Iterator[tuple[str, str]]:
    """Effect and text of the statements of all policies inside that say whom they are about.

    `naming_nobody`: those that do not, too. Of what an intrinsic function chooses, the effect is open: it is empty.
    """
    for document in _documents(value):
        statements = document["Statement"]
        version = document.get("Version")
        for statement in statements if isinstance(statements, list) else [statements]:
            text = _text(statement)
            if not (naming_nobody or 'Principal"' in text):
                continue
            effect = str(statement["Effect"]) if isinstance(statement, dict) and "Effect" in statement else ""
            if "${" in text and version != VERSION:
                text = f"{text} under Version {version}"
            yield effect, text


def _unread(properties: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The policies that are known at the deploy only: an intrinsic function stands in their place."""
    for name, value in properties.items():
        if name.lower() in _POLICY_PROPERTIES and is_intrinsic(value) and not _documents(value):
            yield {name: value}


def _documents(value: Any) -> list[dict[str, Any]]:
    """The policies inside a value, also where one is JSON text."""
    if isinstance(value, str) and '"Statement"' in value:
        try:
            value = json.loads(value)
        except ValueError:
            return []
    if isinstance(value, dict):
        if isinstance(value.get("Statement"), dict | list):
            return [value]
        value = list(value.values())
    return [document for part in value for document in _documents(part)] if isinstance(value, list) else []


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)
