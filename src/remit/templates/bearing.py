"""Which resources of two templates bear on the same roles, so that each role is compared with those alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from remit.templates.roles import RUNS
from remit.templates.worlds import conditions_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_ROLE: Final = "AWS::IAM::Role"
_IAM: Final = "AWS::IAM::"
_SAM: Final = "AWS::Serverless::"
_DOCUMENTS: Final = frozenset({"AssumeRolePolicyDocument", "Policies", "PolicyDocument"})
"""Properties of IAM's types that hold statements: a role that a statement names is not attached by that."""
_NAMES: Final = ("RoleName", "ManagedPolicyName")
_WORD: Final = re.compile(r"[A-Za-z0-9]+")


@dataclass(frozen=True, slots=True)
class Unit:
    """Resources by logical id: roles, what runs under them and what is attached to them, in either template.

    `roles` are those that it is about; a policy in it may be attached to others as well.
    """

    resources: tuple[str, ...]
    roles: frozenset[str]


def bearing(template: Any) -> dict[str, Any]:
    """What of a template bears on its roles: the template with those resources, as far as they do."""
    found = {name: _bearing(resource) for name, resource in _section(template, "Resources").items()}
    return {**template, "Resources": {name: resource for name, resource in found.items() if resource is not None}}


def bearing_on(template: Any, role: str) -> dict[str, Any]:
    """What of a template bears on one of its roles; on a role that SAM makes, by the resource that it makes it for."""
    whole = bearing(template)
    resources = whole["Resources"]
    owners = [name for name in resources if name == role or (_is_sam(_type(resources[name])) and role.startswith(name))]
    own = [unit for unit in units(whole, whole) if not unit.roles.isdisjoint(owners)]
    return part(whole, [name for unit in own for name in unit.resources]) if own else whole


def attaching(template: Any, names: Iterable[str]) -> dict[str, Any]:
    """A template with some of its resources, of whose roles only what is attached to them is left."""
    small = part(template, names)
    there = {name: _attaching(resource) for name, resource in small["Resources"].items()}
    return part({**small, "Resources": there}, there)


def part(template: Any, names: Iterable[str]) -> dict[str, Any]:
    """A template with some of its resources, and with the conditions alone that decide on them."""
    there = _section(template, "Resources")
    small = {**template, "Resources": {name: there[name] for name in names if name in there}}
    if not any(_type(resource).startswith(_SAM) for resource in small["Resources"].values()):
        small.pop("Globals", None)
    conditions = _section(template, "Conditions")
    return {**small, "Conditions": {name: conditions[name] for name in conditions_of(small)}}


def units(old: Any, new: Any) -> tuple[Unit, ...]:
    """The units of two templates as `bearing` gives them, in the order of the new one.

    Roles and functions that one template alone has are a unit together: one may be the other's new name. So are the
    policies whose roles nobody sees here.
    """
    resources = _Resources(_section(old, "Resources"), _section(new, "Resources"))
    groups: dict[str, set[str]] = {}
    for name in resources.running:
        _join(groups, [name, *resources.roles_of(name)])
    for name in resources.roles:
        _join(groups, [name])
    _join(groups, [name for name in groups if not resources.in_both(name)])
    attaching = [name for name in resources.names if name not in groups]
    found = []
    for group in {id(group): group for group in groups.values()}.values():
        beside = {policy for policy in attaching if any(resources.are_attached(policy, name) for name in group)}
        found.append(Unit(tuple(name for name in resources.names if name in group or name in beside), frozenset(group)))
    return (*found, *([Unit(tuple(attaching), frozenset())] if attaching else []))


def names_in(value: Any) -> frozenset[str]:
    """Every word in the texts of a value: the names of whatever it refers to are among them."""
    return frozenset(word for text in _texts(value) for word in _WORD.findall(text))


def _join(groups: dict[str, set[str]], names: list[str]) -> None:
    joined = set(names).union(*(groups.get(name, ()) for name in names))
    groups.update(dict.fromkeys(joined, joined))


def _section(template: Any, name: str) -> Mapping[str, Any]:
    section = template.get(name) if isinstance(template, Mapping) else None
    return section if isinstance(section, Mapping) else {}


def _type(resource: Any) -> str:
    kind = resource.get("Type") if isinstance(resource, Mapping) else None
    return kind if isinstance(kind, str) else ""


def _bearing(resource: Any) -> Any:
    kind = _type(resource)
    if kind.startswith((_IAM, _SAM)):
        return resource
    if kind not in RUNS:
        return None
    properties = _section(resource, "Properties")
    role = {name: value for name, value in properties.items() if name == RUNS[kind]}
    return {**{key: value for key, value in resource.items() if key in ("Type", "Condition")}, "Properties": role}


def _attaching(resource: Any) -> Any:
    if _type(resource) != _ROLE:
        return resource
    properties = {name: value for name, value in _section(resource, "Properties").items() if name not in _DOCUMENTS}
    return {**resource, "Properties": properties}


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(item)


class _Resources:
    """The resources of two templates that bear on roles, and what refers to what in either."""

    def __init__(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        self.names = tuple(dict.fromkeys((*new, *old)))
        self._sides = (old, new)
        self._named: dict[str, tuple[frozenset[str], ...]] = {}
        self._attaching: dict[str, frozenset[str]] = {}
        self.roles = [name for name in self.names if _ROLE in self._types(name)]
        self.running = [name for name in self.names if any(map(_runs, self._types(name)))]

    def in_both(self, name: str) -> bool:
        """Whether both templates have a resource of this name."""
        return all(name in side for side in self._sides)

    def roles_of(self, name: str) -> list[str]:
        """The roles that something may run under."""
        words = names_in(
            [_section(body, "Properties").get(RUNS.get(_type(body), "Role")) for body in self._bodies(name)]
        )
        return [role for role in (*self.roles, *self.running) if role != name and self._is_named(role, words)]

    def are_attached(self, policy: str, role: str) -> bool:
        """Whether a policy may be attached to a role, by its own list or by the role's; SAM's functions have roles."""
        return self._is_named(role, self._words(policy)) or self._is_named(policy, self._words(role))

    def _types(self, name: str) -> tuple[str, ...]:
        return tuple(map(_type, self._bodies(name)))

    def _bodies(self, name: str) -> list[Any]:
        return [side[name] for side in self._sides if name in side]

    def _words(self, name: str) -> frozenset[str]:
        """The names of what a resource lists as attached."""
        if name not in self._attaching:
            listed = []
            for body in self._bodies(name):
                properties = _section(body, "Properties")
                left_out = frozenset() if _is_sam(_type(body)) else _DOCUMENTS
                listed.append([value for key, value in properties.items() if key not in left_out])
            self._attaching[name] = names_in(listed)
        return self._attaching[name]

    def _is_named(self, name: str, words: frozenset[str]) -> bool:
        if name in words or any(names <= words for names in self._own_names(name)):
            return True
        return any(map(_is_sam, self._types(name))) and any(word.startswith(name) for word in words)

    def _own_names(self, name: str) -> tuple[frozenset[str], ...]:
        """The words of the names that the account knows a resource by."""
        if name not in self._named:
            given = [_section(body, "Properties").get(key) for body in self._bodies(name) for key in _NAMES]
            self._named[name] = tuple(words for words in map(names_in, given) if words)
        return self._named[name]


def _runs(kind: str) -> bool:
    return kind in RUNS or _is_sam(kind)


def _is_sam(kind: str) -> bool:
    return kind.startswith(_SAM)
