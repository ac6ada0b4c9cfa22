"""Read what a resource says about access outside of policies: roles it hands over, doors, grants, members, network.

Values come first: one that is a role of the template hands that role over, whatever type and property it stands in.
Everything else is told by the catalogue's rows (`catalogue.type_access`).
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, Any, Final

from remit.catalogue.type_access import (
    SIGNS,
    PropertyAccess,
    access_row,
    access_rows,
    has_property,
    has_rows_below,
    is_known,
    is_of_terraform,
)
from remit.catalogue.types import resource_type
from remit.iam import tokens
from remit.review.access_change import AccessSetting
from remit.review.api_routes import BODIES
from remit.secrets import has_secret_property
from remit.template.roles import RUNS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from remit.app import Resource
    from remit.documents.json_text import Locate
    from remit.errors import Origin

TAGS: Final = ("Tags", "tags", "tags_all")
_LABELS: Final = ("Description", "description")
_TOLD_KINDS: Final = ("door", "grant", "member")
_RECIPIENT: Final = re.compile(r"(?i)principal|grantee|member|holder|user")
"""The names of properties by which a role is who gets something, not what is handed over."""
_NO_ROLES_IN: Final = ("policy", "ceiling", "grant", "member")
_PROFILES: Final = {"AWS::IAM::InstanceProfile": "Roles", "aws_iam_instance_profile": "role"}
_ROLE_TYPES: Final = ("AWS::IAM::Role", "aws_iam_role")
_SAM: Final = "AWS::Serverless::"
_FUNCTIONS: Final = ("AWS::Lambda::Function", "AWS::Serverless::Function", "aws_lambda_function")
POLICY_PROPERTIES: Final = frozenset((
    "accesspolicies", "bucketpolicy", "filesystempolicy", "inlinepolicy", "keypolicy", "policy", "policydocument",
    "policytext", "repositorypolicytext", "resourcepolicy",
))  # fmt: skip
"""Properties that hold a policy, folded, which may be put in from elsewhere."""
_REFERENCE: Final = re.compile(r"\$\{(\w+)((?:\.\w+)*)\}")
_KEYS_OF_AWS: Final = "alias/aws/"
"""The names of keys that limit nobody: whoever may read has the service decrypt with them."""
_WHOLE: Final = "*"
_OPEN_UNSET: Final = "-!"
"""How orders end in which a property that is not given lets in everybody."""
HOLDS_FOR_ROLES: Final = (
    "AWS::IAM::Group", "AWS::IAM::GroupPolicy", "AWS::IAM::ManagedPolicy", "AWS::IAM::Policy", "AWS::IAM::Role",
    "AWS::IAM::RolePolicy", "AWS::IAM::UserPolicy", "aws_iam_group", "aws_iam_group_policy",
    "aws_iam_group_policy_attachment", "aws_iam_policy", "aws_iam_policy_attachment", "aws_iam_role",
    "aws_iam_role_policy", "aws_iam_role_policy_attachment", "aws_iam_user_policy", "aws_iam_user_policy_attachment",
)  # fmt: skip
"""Types that say nothing but what roles, users and groups hold, which is compared with these."""
_ENFORCED: Final = "BucketOwnerEnforced"
_BLOCKS: Final = "PublicAccessBlockConfiguration"
_IGNORES_LISTS: Final = f"{_BLOCKS}.IgnorePublicAcls"
_OF_LISTS: Final = ("AccessControl", f"{_BLOCKS}.BlockPublicAcls", _IGNORES_LISTS)
"""What of a bucket has no effect where its owner owns all objects, so that lists are disabled.

Source: "Controlling ownership of objects and disabling ACLs for your bucket" (Amazon S3 User Guide).
"""
_APIS: Final = {"AWS::ApiGateway::Method": "RestApiId", "AWS::ApiGatewayV2::Route": "ApiId"}
_PUBLIC_ENDPOINTS: Final = ({"Types": ["EDGE"]}, {"Types": ["REGIONAL"]}, None)
"""The endpoints of an API that the internet reaches; another one is private, or known at the deploy only."""


def settings_of(
    resource: Resource, resources: Mapping[str, Resource], locate: Locate | None = None
) -> tuple[AccessSetting, ...]:
    """The settings of a resource about access outside of policies; none if it has no effect, or is compared elsewhere.

    `resources` are those of its template, by their Ref; `locate` has the line of each part of the file.
    """
    integration = resource.properties.get("Integration")
    # API Gateway answers a mock by itself, such as preflights: nothing is behind it.
    is_mock = isinstance(integration, dict) and integration.get("Type") == "MOCK"
    if is_mock or resource.type in HOLDS_FOR_ROLES or _is_behind_connect(resource, resources):
        return ()
    reader = _SettingReader(resource, resources, locate)
    for name, value in _without_members_made_here(resource, resources).items():
        if name not in TAGS and name not in reader.labels and not _is_run_role(resource, name, resources):
            reader.read(name, value)
    settings = reader.settings()
    without_effect: tuple[str, ...] = ()
    if any(setting.values == (_ENFORCED,) for setting in settings):
        without_effect = _OF_LISTS
    elif any(setting.path == _IGNORES_LISTS and setting.values == ("true",) for setting in settings):
        without_effect = _OF_LISTS[:1]
    return tuple(setting for setting in settings if setting.path not in without_effect)


def _without_members_made_here(resource: Resource, resources: Mapping[str, Resource]) -> Mapping[str, Any]:
    """The properties without the memberships that are compared as part of the template's own users and groups.

    None at all of a resource that is nothing but such a membership.
    """

    def elsewhere(values: Any) -> list[Any]:
        items = values if isinstance(values, list) else [values]
        made_here = {*resources, *map(_name, resources.values())} - {""}
        return [item for item in items if tokens.text_of(item) not in made_here]

    properties = resource.properties
    for members, groups in (("user", "groups"), ("users", "group")):
        if resource.type.endswith("group_membership") and members in properties and groups in properties:
            is_made_here = not elsewhere(properties[members]) and not elsewhere(properties[groups])
            return {} if is_made_here else properties
    if resource.type == "AWS::IAM::User":
        return {**properties, "Groups": elsewhere(properties.get("Groups", []))}
    if resource.type == "AWS::IAM::UserToGroupAddition":
        users = elsewhere(properties.get("Users", []))
        return {**properties, "Users": users} if users else {}
    return properties


def role_meant(value: Any, resources: Mapping[str, Resource]) -> str | None:
    """The reference to the ARN of the role of the template that a value names; None where it names none.

    An instance profile stands for its role, which may be one from elsewhere: then it is the text that names it.
    """
    text = tokens.text_of(value) if isinstance(value, str) or tokens.is_intrinsic(value) else ""
    if text.startswith("${") and text.endswith("}"):
        resource, attribute = resources.get(text), "Arn"
        if resource is None:
            logical_id, _, attribute = text[2:-1].rpartition(".")
            resource = resources.get(f"${{{logical_id}}}")
        if resource is None or attribute not in ("Arn", "arn", "id", "name"):
            return None
        if resource.type in _PROFILES:
            held = resource.properties.get(_PROFILES[resource.type])
            role = held[0] if isinstance(held, list) and held else held
            return text if role is None else role_meant(role, resources) or tokens.text_of(role)
        return resource.attribute("Arn") if resource.type in _ROLE_TYPES else None
    if ":role/" in text:
        name = text.rpartition("/")[2]
        for resource in resources.values():
            if resource.type in _ROLE_TYPES and name in (resource.ref, _name(resource)):
                return resource.attribute("Arn")
    return None


def _name(holder: Resource) -> str:
    """The name of a role, a user or a group; "" for other resources, and those without a name."""
    names = ("RoleName", "UserName", "GroupName") if holder.type.startswith("AWS::IAM::") else ("name",)
    given_name = next((holder.properties[name] for name in names if name in holder.properties), "")
    return tokens.text_of(given_name) if "iam" in holder.type.lower() else ""


def _is_run_role(resource: Resource, name: str, resources: Mapping[str, Resource]) -> bool:
    """Return whether it is the role of a function or a state machine, which is compared with what it runs.

    Of a state machine, that is a role of the template alone.
    """
    if name != RUNS.get(resource.type, "Role" if resource.type.startswith(_SAM) else None):
        return False
    return resource.type in _FUNCTIONS or role_meant(resource.properties[name], resources) is not None


class _SettingReader:
    """Reads the properties of one resource."""

    def __init__(self, resource: Resource, resources: Mapping[str, Resource], locate: Locate | None) -> None:
        self._locate = locate
        self._resource = resource
        self._resources = resources
        self._rows = access_rows(resource.type)
        self._values: dict[tuple[str, str, str], list[str]] = {}
        kind = resource_type(resource.type)
        name = "" if kind is None or kind.naming is None else kind.naming.property
        is_about_access = any(row.path == name and row.kind != "none" for row in self._rows or ())
        # The names of properties that say nothing of access: the resource's own name, unless its row says otherwise.
        self.labels = _LABELS if is_about_access else (*_LABELS, name)

    def settings(self) -> tuple[AccessSetting, ...]:
        """The settings that were read, and those that open something by not being set or by the resource being there.

        Called once, after all is read.
        """
        for row in self._rows or ():
            if row.opens.endswith(_OPEN_UNSET) and "." not in row.path:
                self._put(row.path, row.kind, row.opens, [])
            if row.path == _WHOLE and row.kind == "grant" and not self._values:  # it opens something by being there
                self._put("", row.kind, row.opens, ["there"])
        door = _door_name(self._resource, self._resources)
        # A policy or the place of an API lets in fewer than all. A key does neither: "Usage plans and API keys for REST
        # APIs" says not to authorize by one.
        api_property = _APIS.get(self._resource.type, "")
        api = self._resources.get(tokens.text_of(self._resource.properties.get(api_property)))
        of_api = {} if api is None else api.properties
        is_limited = of_api.get("EndpointConfiguration") not in _PUBLIC_ENDPOINTS or bool(of_api.get("Policy"))
        settings = []
        for (path, kind, opens), values in self._values.items():
            # `true` and `false` say nothing without the property's name.
            name = f"{door} {path}" if door and opens.startswith("true<") else door
            settings.append(AccessSetting(path, kind, opens, tuple(values), name, is_limited, self._origin(path)))
        return tuple(settings)

    def _origin(self, path: str) -> Origin | None:
        """The place of a setting in its file, else that of its resource; None where that has none."""
        if self._locate is None or self._resource.origin is None:
            return self._resource.origin
        names = filter(None, (path.partition(".")[0].removesuffix("[]"),))
        return self._locate(("Resources", self._resource.logical_id, "Properties", *names))

    def read(self, path: str, value: Any) -> None:
        """Read a property and all below it into the settings; `path` is such as `Config.Items[].Name`.

        What has no row in the catalogue is an unknown setting if its name, or its type, may speak of access.
        """
        if value in ({}, [], None):
            return
        row = access_row(self._resource.type, path)
        is_container = isinstance(value, dict | list) and not tokens.is_intrinsic(value)
        if row is not None and row.kind == "none" and row.path[0] == "*" and is_container:
            row = None  # it is about properties of that name, and may hold others
        if row is not None and not has_rows_below(self._resource.type, path):
            self._add(row, path, value)
        elif isinstance(value, dict) and not tokens.is_intrinsic(value):
            for name, item in value.items():
                self.read(f"{path}.{name}", item)
        elif isinstance(value, list):
            for item in value:
                self.read(f"{path}[]", item)
        else:
            self._add(row or self._unknown(path), path, value)

    def _unknown(self, path: str) -> PropertyAccess | None:
        """The stand-in for the row of a property that nobody knows; None where nothing speaks of access."""
        kind = self._resource.type
        if not is_known(kind):
            is_foreign = is_of_terraform(kind) and not kind.startswith("aws_")  # another provider's
            return None if is_foreign else PropertyAccess(path, "unknown", "unknown type")
        if re.search(SIGNS, path.rpartition(".")[2]) or not has_property(kind, re.split(r"[.\[]", path)[0]):
            return PropertyAccess(path, "unknown", "unknown property")
        return None

    def _add(self, row: PropertyAccess | None, path: str, value: Any) -> None:  # noqa: C901, PLR0912 - kind by kind
        """Note what a property says by its row, and the roles in it; without a row, the roles alone."""
        if row is None or row.kind not in _NO_ROLES_IN:
            roles = list(self._roles_in(path, value))
            if path in BODIES:  # an API's: not for each of its routes anew
                roles = [(path, role) for role in dict.fromkeys(role for _, role in roles)]
            for role_path, role in roles:
                self._put(role_path, "role", "", [role])
        is_statement = row is not None and row.kind == "policy" and row.path == _WHOLE
        if row is not None and row.kind in ("policy", "ceiling") and not is_statement and self._is_unread(path, value):
            row = row._replace(kind="door", opens="any")
        if row is None or row.kind in ("none", "policy", "ceiling"):
            return
        references = _REFERENCE.findall(_text(value)) if _is_text(value) else ()
        # The first resource of the template that a text speaks of: only a resource has attributes.
        refs = ((f"${{{logical_id}}}", attribute) for logical_id, attribute in references)
        own_resource = next((ref for ref, attribute in refs if attribute or ref in self._resources), "")
        if row.kind == "destination":
            if not own_resource:
                self._put(path, "door", "adds", [_shown(path, value)])
        elif row.opens == "limit":
            if _KEYS_OF_AWS not in _text(value):
                self._put(path, row.kind, row.opens, [own_resource or _shown(path, value)])
        elif row.kind == "role":
            if role_meant(value, self._resources) is None:  # it is named, or from outside
                by_name = (role.attribute("Arn") for role in self._resources.values() if value and _name(role) == value)
                other_role = next(by_name, tokens.text_of(value) if _is_text(value) else _digest(value))
                self._put(path, "role", "", [other_role])
        elif row.path == _WHOLE:
            for item in value if isinstance(value, list) else [value]:
                self._put("", row.kind, row.opens, [in_words(path, item, is_told=row.kind in _TOLD_KINDS)])
        elif row.opens in ("adds", "any of"):
            items = value if isinstance(value, list) else [value]
            self._put(path, row.kind, row.opens, [_shown(path, item) for item in items])
        else:
            self._put(
                path,
                row.kind,
                row.opens,
                [_shown(path, value) if row.kind in _TOLD_KINDS else _digest(value)],
            )

    def _is_unread(self, path: str, value: Any) -> bool:
        """Return whether what stands for a policy is none that is read: an ARN, a text from elsewhere, other JSON."""
        if self._resource.type in ("AWS::IAM::User", "aws_iam_user") or self._resource.type.startswith(_SAM):
            return False  # whose policies are compared with whoever holds them
        is_told_as_put_in = path.lower() in POLICY_PROPERTIES and tokens.is_intrinsic(value)
        return not is_told_as_put_in and "Statement" not in json.dumps(value, default=str)

    def _put(self, path: str, kind: str, opens: str, values: list[str]) -> None:
        self._values.setdefault((path, kind, opens), []).extend(values)

    def _roles_in(self, path: str, value: Any) -> Iterator[tuple[str, str]]:
        """Yield the path and the ARN's reference of each role of the template that is handed over at or below a path.

        Nothing below a property such as `Grantee`, which names who gets something.
        """
        if _RECIPIENT.search(path.rpartition(".")[2]):
            return
        role = role_meant(value, self._resources)
        if role is not None:
            yield path, role
        elif isinstance(value, dict) and not tokens.is_intrinsic(value):
            for name, item in value.items():
                yield from self._roles_in(f"{path}.{name}", item)
        elif isinstance(value, list):
            for item in value:
                yield from self._roles_in(f"{path}[]", item)


def in_words(name: str, value: Any, *, is_told: bool = True) -> str:
    """A property in words, `Mode = READ`; with a digest for its value if that may be secret, or is not to be told."""
    return f"{name} = {_shown(name, value) if is_told else _digest(value)}"


def _shown(path: str, value: Any) -> str:
    """A value as text; as a digest (`_digest`) where it may be a secret, by its property's name or those within it."""
    is_yes_or_no = _text(value) in ("true", "false")  # which is no secret whatever its name: GenerateSecret
    if not is_yes_or_no and (has_secret_property(path) or has_secret_property(json.dumps(value, default=str))):
        return _digest(value)
    return _text(value)


def _text(value: Any) -> str:
    if _is_text(value):
        return str(value).lower() if isinstance(value, bool) else tokens.text_of(value)
    # The working tree has a text in the place of a template's intrinsic function.
    return json.dumps(tokens.with_leaves(value, tokens.textual), sort_keys=True, default=str)


def _is_text(value: Any) -> bool:
    return isinstance(value, str | int | float) or tokens.is_intrinsic(value)


def _digest(value: Any) -> str:
    """A text that is equal where values are, and tells nothing of them."""
    return f"(not shown) {hashlib.sha256(_text(value).encode()).hexdigest()[:12]}"


def _door_name(resource: Resource, resources: Mapping[str, Resource]) -> str:
    """The name that people have for a door: `GET /orders`; "" where it has no name but its logical id."""
    properties = resource.properties
    if isinstance(properties.get("RouteKey"), str):
        return str(properties["RouteKey"])
    if resource.type != "AWS::ApiGateway::Method":
        return ""
    parts: list[str] = []
    part = resources.get(tokens.text_of(properties.get("ResourceId")))
    while part is not None and "PathPart" in part.properties and len(parts) < len(resources):
        parts.insert(0, tokens.text_of(part.properties["PathPart"]))
        part = resources.get(tokens.text_of(part.properties.get("ParentId")))
    method = "ANY" if "HttpMethod" not in properties else tokens.text_of(properties["HttpMethod"])
    is_root = tokens.text_of(properties.get("ResourceId")).endswith(".RootResourceId}")
    return f"{method} /{'/'.join(parts)}" if parts or is_root else f"{method} of {resource.logical_id}"


def _is_behind_connect(resource: Resource, resources: Mapping[str, Resource]) -> bool:
    """Return whether it is a route of a WebSocket API that only those reach whom `$connect` has let in."""
    api = resources.get(tokens.text_of(resource.properties.get("ApiId")))
    is_websocket = api is not None and api.properties.get("ProtocolType") == "WEBSOCKET"
    return is_websocket and resource.properties.get("RouteKey", "$connect") != "$connect"
