"""A side of a comparison from JSON: a policy, a list of them, or layers by name; with the place of statements."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from remit.did_you_mean import did_you_mean
from remit.documents.json_text import Locate, Path, read_json
from remit.errors import Origin, RemitError
from remit.iam.decide.endpoint import ENDPOINT_TYPES, EndpointType
from remit.iam.decide.evaluate import Layers
from remit.iam.policy import Policy, allow, parse

if TYPE_CHECKING:
    from collections.abc import Callable

    from remit.iam.comparison import StatementLocation

Locator: TypeAlias = "Callable[[StatementLocation], Origin]"

_SINGLE: Final = ("identity", "boundary", "session", "endpoint")
_LEVELS: Final = ("scp", "rcp")
_RESOURCE: Final = "resource"
_ENDPOINT_TYPE: Final = "endpoint_type"
_COMPARED: Final = (*_SINGLE, *_LEVELS, _ENDPOINT_TYPE)
LAYERS: Final = (*_COMPARED, _RESOURCE)
"""The names of the parts of an object with layers."""
_PRINTED: Final = {
    name: f"this is what the aws command prints around a policy: `--query {query}` prints the policy alone"
    for query, names in {
        "PolicyDocument": ("RoleName", "UserName", "GroupName", "PolicyName", "PolicyDocument"),
        "PolicyVersion.Document": ("PolicyVersion",),
        "Role.AssumeRolePolicyDocument": ("Role",),
    }.items()
    for name in names
}


@dataclass(frozen=True, slots=True)
class ComparisonSide:
    """The content of a file: `single` when it is one policy document; `locate` gives the place of a statement."""

    layers: Layers
    single: bool
    locate: Locator

    def limiting(self, kind: str) -> ComparisonSide:
        """The same with its policies as a limit within which everything is allowed.

        `kind` is "boundary", "endpoint", "scp" or "rcp".
        """
        policies = self.layers.identity
        everything = (Policy((allow("*"),)),)
        # Organizations attaches FullAWSAccess and RCPFullAWSAccess by itself: a policy of denials stands beside them.
        allows = any(statement.effect == "Allow" for policy in policies for statement in policy.statements)
        beside = () if allows else everything
        by_kind = {
            "boundary": Layers(everything, boundary=policies),
            "endpoint": Layers(everything, endpoint=policies, endpoint_type=self.layers.endpoint_type),
            "scp": Layers(everything, scp=((*policies, *beside),)),
            "rcp": Layers(everything, rcp=((*policies, *beside),)),
        }

        def locate(source: StatementLocation) -> Origin:
            place = self.locate(source)  # of everything, the file is the place
            return replace(place, line=1, column=1) if source.layer == "identity" else place

        return ComparisonSide(by_kind[kind], single=False, locate=locate)


def read_side(text: bytes, file: str) -> ComparisonSide:
    """Read one side. RemitError at line and column for whatever is wrong.

    The forms: {"Version": …, "Statement": …}; a list of such; {"identity": …, "boundary": …, "session": …, "endpoint":
    …, "endpoint_type": "Gateway", "scp": [[…]], "rcp": [[…]]}. There scp and rcp are lists of levels, endpoint_type is
    the type of the VPC endpoint, and the others are a policy or a list.
    """
    return side_of(*read_json(text, file), file)


def read_policy(text: bytes, file: str, hint: str) -> tuple[Policy, Locator]:
    """Read a file with one policy document, and where its statements stand. RemitError, with `hint`: it has no such."""
    side = read_side(text, file)
    if not side.single:
        raise RemitError(f"{file} holds no single policy document", hint=hint, origin=Origin(file, 1))
    (policy,) = side.layers.identity
    return policy, side.locate


def side_of(value: Any, locate: Locate, file: str) -> ComparisonSide:
    """One side, as of `read_side`, of what was read already, from JSON or YAML.

    RemitError (2), at its place: a layer that does not exist, or no policy.
    """
    reader = _Reader(locate)
    if isinstance(value, dict) and "Statement" not in value and not {"Version", "Id"} & value.keys():
        for key in (key for key in value if key not in _COMPARED):
            near = did_you_mean(key, (*_COMPARED, "Statement"))
            hint = _PRINTED.get(key) or near or f"there are {', '.join(_COMPARED)}"
            raise RemitError(f"there is no layer {key!r}", hint=hint, origin=locate((key,)))
        return ComparisonSide(reader.layers(value), single=False, locate=reader.origin)
    if isinstance(value, dict | list):
        return ComparisonSide(Layers(reader.policies(value, (), "identity")), isinstance(value, dict), reader.origin)
    raise RemitError(
        f"{file} holds no policy",
        hint='a policy document, a list of them, or {"identity": […], "boundary": …, "scp": [[…]]}',
        origin=locate(()),
    )


def layers_of(value: dict[str, Any], locate: Locate) -> Layers:
    """The layers of an object, the policies of the resource among them (`LAYERS`); other keys are left alone.

    RemitError at the first part that is none.
    """
    return _Reader(locate).layers(value)


class _Reader:
    """Parses documents and remembers where each came from."""

    def __init__(self, locate: Locate) -> None:
        self._locate = locate
        self._paths: dict[tuple[str, int], Path] = {}

    def layers(self, value: dict[str, Any]) -> Layers:
        """The policies by layer of an object with layers.

        RemitError (2), at its place: one is no list of policies, or there is no such type of endpoint.
        """
        by_layer = {name: policies for name, policies in value.items() if policies is not None}
        identity, boundary, session, endpoint = (
            self.policies(by_layer.get(name, []), (name,), name) for name in _SINGLE
        )
        resource = self.policies(by_layer[_RESOURCE], (_RESOURCE,), _RESOURCE) if _RESOURCE in by_layer else None
        scp, rcp = (self.levels(by_layer.get(name, []), name) for name in _LEVELS)
        endpoint_type = self.endpoint_type(by_layer.get(_ENDPOINT_TYPE, ""))
        return Layers(identity, boundary, session, resource, scp, rcp, endpoint, endpoint_type)

    def endpoint_type(self, value: Any) -> EndpointType:
        """The type of endpoint; "" where none is said. RemitError (2), at its place: there is no such type."""
        for endpoint_type in ("", *ENDPOINT_TYPES):
            if value == endpoint_type:
                return endpoint_type
        message = f"{_ENDPOINT_TYPE} must be one of {', '.join(ENDPOINT_TYPES)}"
        raise RemitError(message, origin=self._locate((_ENDPOINT_TYPE,)))

    def levels(self, value: Any, name: str) -> tuple[tuple[Policy, ...], ...]:
        """The policies of each level. RemitError (2), at its place: it is no list of levels."""
        if not isinstance(value, list):
            raise RemitError(f"{name} must be a list of levels, each a list of policies", origin=self._locate((name,)))
        return tuple(self.policies(level, (name, index), f"{name}[{index}]") for index, level in enumerate(value))

    def policies(self, value: Any, path: Path, layer: str) -> tuple[Policy, ...]:
        """The policies of a layer, one or a list. RemitError (2), at its place: it is neither."""
        if isinstance(value, dict):
            return (self.policy(value, path, layer, 0),)
        if not isinstance(value, list):
            raise RemitError(f"{layer} must be a policy or a list of policies", origin=self._locate(path))
        return tuple(self.policy(item, (*path, index), layer, index) for index, item in enumerate(value))

    def policy(self, value: Any, path: Path, layer: str, number: int) -> Policy:
        """One policy, whose place is noted for `origin`. RemitError (2), at its place: IAM refuses it."""
        self._paths[layer, number] = path
        try:
            return parse(value)
        except RemitError as error:
            origin = self._locate((*path, *error.path))
            raise RemitError(error.message, hint=error.hint, origin=origin) from None

    def origin(self, source: StatementLocation) -> Origin:
        """Return the place of a statement in the file; a layer that the file does not have counts as `identity`."""
        layer = source.layer if (source.layer, source.policy) in self._paths else "identity"
        # The place of a statement that stands by itself is that of `Statement`: the nearest part that is there.
        return self._locate((*self._paths[layer, source.policy], "Statement", source.index))
