"""Resources of two templates that bear on the same roles, so that each role is compared with those alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from remit.template.attached_policies import HOLDERS
from remit.template.condition_outcomes import conditions_of
from remit.template.roles import RUNS
from remit.template.sections import section

_ROLE: Final = "AWS::IAM::Role"
_PROFILE: Final = "AWS::IAM::InstanceProfile"
_IAM: Final = "AWS::IAM::"
_SAM: Final = "AWS::Serverless::"
_DOCUMENTS: Final = frozenset({"AssumeRolePolicyDocument", "Policies", "PolicyDocument"})
"""Properties of IAM's types that hold statements: a role that a statement names is not attached by that."""
TARGETS: Final = (
    "Bucket",
    "FileSystemId",
    "FunctionName",
    "LayerVersionArn",
    "Queues",
    "RepositoryName",
    "SecretId",
    "TargetFunctionArn",
    "Topics",
)
"""The properties that name what a policy or a permission is of."""
_OF_RESOURCES: Final = ("Policy", "Permission", "::Url")
"""How the names of types end that hold what a resource of another type lets others do."""
_PERMISSION: Final = "AWS::Lambda::Permission"
_SAME_POLICY: Final = {"AWS::Lambda::Url": _PERMISSION}
"""What is looked at together with resources of another type: whom a URL lets in is said by permissions."""
_LIMITED_BY: Final = {
    "AWS::ApiGateway::Method": ("RestApiId", "AuthorizerId"),
    "AWS::ApiGateway::Resource": ("RestApiId",),
    "AWS::Serverless::Function": ("Events",),
    "AWS::ApiGatewayV2::Route": ("ApiId", "AuthorizerId"),
}
"""The types of what an API answers to, and what names the API and the authorizer, which may let fewer in; its paths."""
_APIS_OF_SAM: Final = ("AWS::Serverless::Api", "AWS::Serverless::HttpApi")
_SPELLING: Final = frozenset(
    (
        "Arn",
        "AWS",
        "Fn",
        "GetAtt",
        "Join",
        "Ref",
        "Select",
        "Sub",
        "AccountId",
        "Partition",
        "Region",
        "StackName",
        "arn",
        "aws",
        "function",
        "lambda",
    )
)
"""Words of references and ARNs, which name nothing of a template."""
_FUNCTIONS: Final = frozenset(("AWS::Lambda::Function", "AWS::Serverless::Function"))
_OF_CODE: Final = frozenset((
    "Architectures", "Code", "CodeUri", "Description", "Environment", "EphemeralStorage", "Handler", "ImageConfig",
    "ImageUri", "InlineCode", "Layers", "MemorySize", "PackageType", "ReservedConcurrentExecutions", "Runtime",
    "RuntimeManagementConfig", "Timeout",
))  # fmt: skip
"""The properties of a function that say what it runs and how: none of them bears on what it may do, or who may call it.
"""
_SAM_TYPES: Final = {
    "AWS::Serverless::Function": "AWS::Lambda::Function",
    "AWS::Serverless::LayerVersion": "AWS::Lambda::LayerVersion",
}
_STORES: Final = (
    "AWS::S3::Bucket", "AWS::KMS::Key", "AWS::Kinesis::Stream", "AWS::KinesisFirehose::DeliveryStream",
    "AWS::Logs::LogGroup", "AWS::SNS::Topic", "AWS::SQS::Queue",
)  # fmt: skip
"""How the types begin by whose Ref others say where their data goes, or with which key it is kept."""
_NAMES: Final = ("RoleName", "UserName", "GroupName", "ManagedPolicyName")
_WITH_GROUPS: Final = frozenset(("AWS::IAM::User", "AWS::IAM::UserToGroupAddition"))
_WORD: Final = re.compile(r"[A-Za-z0-9]+")
_NESTED: Final = re.compile(r"(?:^|\$\{)([A-Za-z0-9]+(?:/[A-Za-z0-9]+)+)")
"""The logical id of a resource of a nested template."""


@dataclass(frozen=True, slots=True)
class Unit:
    """Resources by logical id: roles, what runs under them and what is attached to them, in either template.

    `roles` are those that it is about, users and groups among them; a policy in it may be attached to others as well.
    """

    resources: tuple[str, ...]
    roles: frozenset[str]
    names: frozenset[str]
    """The words of the names that the account knows its roles by."""
    attached: Mapping[str, frozenset[str]]
    """What may be attached to each of `roles`."""


def without_code(template: Any) -> dict[str, Any]:
    """A template without what its functions run: no access depends on it, nor a condition that decides on access."""
    resources = dict(section(template, "Resources"))
    for name, resource in resources.items():
        properties = section(resource, "Properties") if _type(resource) in _FUNCTIONS else {}
        if not _OF_CODE.isdisjoint(properties):
            resources[name] = {**resource, "Properties": _plain_properties(properties)}
    small = {**template, "Resources": resources}
    shared = section(template, "Globals")
    if shared:
        small["Globals"] = {
            kind: _plain_properties(section(properties)) if kind.endswith("Function") else properties
            for kind, properties in shared.items()
        }
    return small


def _plain_properties(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in properties.items() if name not in _OF_CODE}


def bearing(template: Any) -> dict[str, Any]:
    """Return the template with the resources that bear on its roles: IAM's, SAM's, and what runs under a role.

    Of the last, only the role and the condition stay; the other sections stay whole.
    """
    resources = {name: _bearing(resource) for name, resource in section(template, "Resources").items()}
    return {**template, "Resources": {name: resource for name, resource in resources.items() if resource is not None}}


def bearing_on(template: Any, role: str) -> dict[str, Any]:
    """Return the template with the resources that bear on one role, and with the conditions that these name.

    A role that SAM makes is known by the resource that it makes it for. Of a role that the template does not make, it
    is what is attached to it.
    """
    bearing_template = bearing(template)
    resources = bearing_template["Resources"]
    owners = [name for name in resources if name == role or (_is_sam(_type(resources[name])) and role.startswith(name))]
    units_of_role = [unit for unit in units(bearing_template, bearing_template) if not unit.roles.isdisjoint(owners)]
    names = [name for unit in units_of_role for name in unit.resources]
    names = names or [*attached_to(bearing_template, bearing_template, role), role]
    return part(bearing_template, names)


def part(template: Any, names: Iterable[str]) -> dict[str, Any]:
    """A template with some of its resources, and with the conditions alone that decide on them.

    Names that it does not have are left out, and so are the Globals where no resource is SAM's.
    """
    resources = section(template, "Resources")
    small = {**template, "Resources": {name: resources[name] for name in names if name in resources}}
    if not any(_type(resource).startswith(_SAM) for resource in small["Resources"].values()):
        small.pop("Globals", None)
    conditions = section(template, "Conditions")
    return {**small, "Conditions": {name: conditions[name] for name in conditions_of(small)}}


def units(old: Any, new: Any) -> tuple[Unit, ...]:
    """The units of two templates as `bearing` gives them, first those in which something runs under a role.

    Those, the others, and the resources of each are in the order of the new template, then of the old. Roles and
    functions that one template alone has are a unit together: one may be the other's new name. A policy may be in
    several units, or in none.
    """
    resources = _Resources(section(old, "Resources"), section(new, "Resources"))
    groups: dict[str, set[str]] = {}
    for name in resources.running:
        _join(groups, [name, *resources.roles_of(name)])
    for name in resources.roles:
        _join(groups, [name])
    for name in resources.with_groups:
        _join(groups, [name, *resources.listed[name].intersection(resources.roles)])
    _join(groups, [name for name in groups if len(resources.bodies[name]) == 1])
    ungrouped = resources.names.keys() - groups.keys()
    listed_by: dict[str, set[str]] = {}
    for name in ungrouped:
        for listed in resources.listed[name]:
            listed_by.setdefault(listed, set()).add(name)
    all_units = []
    for group in {id(group): group for group in groups.values()}.values():
        attached = {name: (resources.listed[name] & ungrouped).union(listed_by.get(name, ())) for name in group}
        members = sorted(group.union(*attached.values()), key=resources.names.__getitem__)
        names = frozenset().union(*(words for name in group for words in _words_of_names(resources.bodies[name])))
        all_units.append(Unit(tuple(members), frozenset(group), names, attached))
    return tuple(all_units)


def attached_to(old: Any, new: Any, role: str) -> tuple[str, ...]:
    """The resources that may be attached to a role which neither template makes, by the text that names it."""
    words = names_in(role)
    attached_names: dict[str, None] = {}
    for side in (new, old):
        for name, resource in section(side, "Resources").items():
            if _type(resource).startswith(_IAM) and _type(resource) != _ROLE and words <= names_in(resource):
                attached_names[name] = None
    return tuple(attached_names)


def made_together(old: Any, new: Any) -> tuple[tuple[str, ...], ...]:
    """The resources of two templates: each by itself, or with those that SAM calls like what it makes for it.

    Policies of one type are together that may be of the same resource: all permissions to call one function, say.
    """
    new_resources, old_resources = section(new, "Resources"), section(old, "Resources")
    bodies = (*new_resources.items(), *old_resources.items())
    makers = {name for name, resource in bodies if _is_sam(_type(resource))}
    apis = {name for name, resource in bodies if _type(resource) in _APIS_OF_SAM}
    places = {name: position for position, name in enumerate(dict.fromkeys(name for name, _ in bodies))}
    groups: dict[str, set[str]] = {}
    by_target: dict[tuple[str, str], str] = {}
    for name, resource in bodies:
        beginnings = (name[:length] for length in range(1, len(name)))
        maker = next((beginning for beginning in beginnings if beginning in makers), name)
        _join(groups, [maker, name])
        kind = _type(resource)
        for word in targets_in(resource):
            _join(groups, [name, by_target.setdefault((_SAME_POLICY.get(kind, kind), word), name)])
        limits = [section(resource, "Properties").get(limit) for limit in _LIMITED_BY.get(kind, ())]
        # Of what an event of a function refers to, its API alone limits who calls.
        _join(groups, [name, *names_in(limits).intersection(apis if _is_sam(kind) else places)])
    distinct = {id(groups[name]): groups[name] for name in places}
    return tuple(tuple(sorted(group, key=places.__getitem__)) for group in distinct.values())


def with_targets_of(template: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Return a function that adds to a part of a template what its resources name: stores, roles, users and groups.

    These are stubs: each has type and name alone, but an instance profile all, since that hands over its role. What
    the template has of them is found once for all parts.
    """
    resources = section(template, "Resources")
    holders: dict[str, set[str]] = {}
    for name, resource in resources.items():
        for word in {name, *names_in(_named(resource))} if _type(resource) in HOLDERS else ():
            holders.setdefault(word, set()).add(name)
    profiles = {name: resource for name, resource in resources.items() if _type(resource) == _PROFILE}
    stores = {name for name, resource in resources.items() if _type(resource).startswith(_STORES)}

    def with_targets(small: dict[str, Any]) -> dict[str, Any]:
        """The part with stubs of what its resources name. Its own resources stay as they are."""
        stubs: dict[str, Any] = {}
        for resource in small["Resources"].values():
            words = set(names_in(section(resource, "Properties")))
            for word in words & profiles.keys():
                stubs[word] = profiles[word]
                words |= names_in(profiles[word])
            named_holders = {name for word in words & holders.keys() for name in holders[word]}
            for word in (words & stores) | targets_in(resource) | named_holders:
                if word in resources and word not in small["Resources"]:
                    kind = _type(resources[word])
                    stubs[word] = {"Type": _SAM_TYPES.get(kind, kind), "Properties": _named(resources[word])}
        return {**small, "Resources": {**small["Resources"], **stubs}}

    return with_targets


def _named(resource: Any) -> dict[str, Any]:
    """The properties of a role, a user, a group or a managed policy that give it a name."""
    return {key: value for key, value in section(resource, "Properties").items() if key in _NAMES}


def targets_in(resource: Any) -> frozenset[str]:
    """The words by which a policy or a permission names what it is of; none for other resources."""
    if not _type(resource).endswith(_OF_RESOURCES):
        return frozenset()
    properties = section(resource, "Properties")
    return names_in([properties.get(name) for name in TARGETS]) - _SPELLING


def names_in(value: Any) -> frozenset[str]:
    """Every word in the texts of a value: the names of whatever it refers to are among them."""
    texts = tuple(_texts(value))
    words = {word for text in texts for word in _WORD.findall(text)}
    return frozenset(words.union(*(_NESTED.findall(text) for text in texts if "/" in text)))


def _join(groups: dict[str, set[str]], names: list[str]) -> None:
    """Make one group of some names, and of all groups that they are in already."""
    joined = set(names).union(*(groups.get(name, ()) for name in names))
    groups.update(dict.fromkeys(joined, joined))


def _type(resource: Any) -> str:
    kind = resource.get("Type") if isinstance(resource, Mapping) else None
    return kind if isinstance(kind, str) else ""


def _bearing(resource: Any) -> Any:
    """The part of a resource that bears on roles: all of IAM's and SAM's; of what runs under a role, which; or None."""
    kind = _type(resource)
    if kind.startswith((_IAM, _SAM)):
        return resource
    if kind not in RUNS:
        return None
    properties = section(resource, "Properties")
    role = {name: value for name, value in properties.items() if name == RUNS[kind]}
    return {**{key: value for key, value in resource.items() if key in ("Type", "Condition")}, "Properties": role}


def _texts(value: Any) -> Iterator[str]:
    """Yield every text in a value, keys of mappings aside."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(item)


class _Resources:
    """The resources of two templates that bear on roles, and what refers to what in either."""

    def __init__(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        self.names = {name: position for position, name in enumerate(dict.fromkeys((*new, *old)))}
        """Each with its place among them."""
        self.roles: list[str] = []
        """Roles, users and groups."""
        self.with_groups: list[str] = []
        """Users, and what puts users into a group: a user has its groups' policies."""
        self.running: list[str] = []
        self.bodies: dict[str, list[Any]] = {}
        """Each as the templates have it, in one or in both."""
        self._of_sam: list[str] = []
        self._by_word: dict[str, list[tuple[frozenset[str], str]]] = {}
        """By one word of a name that the account knows a resource by: all words of that name, and the resource."""
        for name in self.names:
            bodies = [resources[name] for resources in (old, new) if name in resources]
            types = [_type(body) for body in bodies]
            is_of_sam = any(map(_is_sam, types))
            self.bodies[name] = bodies
            for words in _words_of_names(bodies):
                self._by_word.setdefault(min(words), []).append((words, name))
            if not HOLDERS.keys().isdisjoint(types):
                self.roles.append(name)
            if not _WITH_GROUPS.isdisjoint(types):
                self.with_groups.append(name)
            if is_of_sam:
                self._of_sam.append(name)
            if is_of_sam or not RUNS.keys().isdisjoint(types):
                self.running.append(name)
        self._holding = frozenset((*self.roles, *self.running))
        self.listed: dict[str, frozenset[str]] = {}
        """What each may list as attached: a role its policies, a policy its roles."""
        for name, bodies in self.bodies.items():
            values = []
            for body in bodies:
                left_out = () if _is_sam(_type(body)) else _DOCUMENTS
                values += [value for key, value in section(body, "Properties").items() if key not in left_out]
            self.listed[name] = self._named_in(values)

    def roles_of(self, name: str) -> frozenset[str]:
        """The roles that something may run under, or what SAM makes them for."""
        bodies = self.bodies[name]
        role_values = [section(body, "Properties").get(RUNS.get(_type(body), "Role")) for body in bodies]
        return self._named_in(role_values) & self._holding

    def _named_in(self, value: Any) -> frozenset[str]:
        """The resources that a value may name: by logical id, by the name in the account, by what SAM calls its own."""
        words = names_in(value)
        referred = set(words.intersection(self.bodies))
        for word in words.intersection(self._by_word):
            referred.update(name for name_words, name in self._by_word[word] if name_words <= words)
        for name in self._of_sam:
            if any(word.startswith(name) for word in words):
                referred.add(name)
        return frozenset(referred)


def _words_of_names(bodies: list[Any]) -> list[frozenset[str]]:
    """The words of the names that the account knows a resource by, in either template."""
    names = [section(body, "Properties").get(key) for body in bodies for key in _NAMES]
    return [words for words in map(names_in, names) if words]


def _is_sam(kind: str) -> bool:
    return kind.startswith(_SAM)
