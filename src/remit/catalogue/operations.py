"""The actions that an API operation needs, and their resources by its parameters."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import accumulate, product
from typing import Any, Final

from remit.catalogue.actions import Action, IamResourceType, action, actions, service
from remit.catalogue.arns import fill, matches, parse, variables
from remit.catalogue.shared_prefixes import PAGES
from remit.catalogue.snapshot import chunk, names

_TEMPLATE: Final = re.compile(r"\$\{([\w.\[\]-]+)(?:\|(\w+))?\}")
_PLACES: Final = frozenset({"Partition", "Region", "Account"})


@dataclass(frozen=True, slots=True)
class When:
    """A condition on an operation's parameters: `path` such as `TransactItems[].Put`."""

    path: str
    test: str
    value: str | None

    def holds(self, parameters: Mapping[str, Any]) -> bool:
        """Return whether the parameters of a call meet it.

        Values at the path are compared as texts, without case. All tests but Exists, NotExists and NotEquals ask
        whether one of them contains the value (`Equals` is for true and false); NotContains, that none does.
        """
        values = list(_at(parameters, self.path))
        if self.test in ("Exists", "NotExists"):
            return bool(values) == (self.test == "Exists")
        folded = [str(value).upper() for value in values]
        expected = str(self.value).upper()
        if self.test == "NotEquals":
            return expected not in folded
        contains = any(expected in value for value in folded)
        return contains != (self.test == "NotContains")


@dataclass(frozen=True, slots=True)
class Call:
    """One action that an operation needs.

    `certain`: always, or unless `when` says otherwise; else only when `when` holds, or perhaps. `arguments`
    tell which parameters fill the variables of the action's ARN formats, where a parameter is not named as
    the variable is; the variable "arn" is the whole ARN, "arn TYPE" that of one resource type. `|last` and
    the like say which part counts.
    """

    action: str
    arguments: tuple[tuple[str, tuple[str, ...]], ...] = ()
    when: When | None = None
    certain: bool = True


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation of an API. `free` ones need no permission.

    Without `calls` and not free, the action is unknown. `passes` are parameters that look as if they took a
    role, so that iam:PassRole may be needed: a hint, not a fact.
    """

    client: str
    name: str
    calls: tuple[Call, ...]
    free: bool
    passes: tuple[str, ...]

    @property
    def actions(self) -> tuple[str, ...]:
        """The actions that are needed in any case (for a call with no special parameters)."""
        return tuple(dict.fromkeys(call.action for call in self.calls if call.certain))

    @property
    def perhaps(self) -> tuple[str, ...]:
        """The actions that only some parameters need."""
        return tuple(dict.fromkeys(call.action for call in self.calls if not call.certain))

    def needed(self, parameters: Mapping[str, Any]) -> tuple[Call, ...]:
        """Return the access of a call with these parameters: conditions are decided, mere possibilities left out."""
        return tuple(
            call for call in self.calls if (call.certain if call.when is None else call.when.holds(parameters))
        )


@lru_cache(maxsize=4096)
def operation(client: str, name: str) -> Operation | None:
    """An operation of a boto3 client ("s3", also "S3" or "CloudWatch Logs"), by its name or its method.

    `HeadObject` and `head_object` are one. None: there is no such client or operation.
    """
    client_name = _clients().get(_folded(client))
    if client_name is None:
        return None
    spelled = _spellings(client_name).get(_folded(name))
    if spelled is None:
        return None
    client_chunk = chunk("operations", client_name)
    rows = client_chunk["r"].get(spelled)
    own_action = _own(client_name).get(spelled)
    calls: tuple[Call, ...] = ()
    if rows:
        calls = tuple(_call(row) for row in rows)
    elif own_action:
        calls = (Call(own_action),)
    free = spelled in client_chunk.get("f", ())
    return Operation(client_name, spelled, calls, free, tuple(client_chunk.get("p", {}).get(spelled, ())))


def operations(client: str) -> tuple[str, ...]:
    """The names of a client's operations, sorted; none when there is no such client."""
    client_name = _clients().get(_folded(client))
    return tuple(sorted(_spellings(client_name).values())) if client_name else ()


def named(name: str) -> tuple[Operation, ...]:
    """The operations of every client that have a name (`GetItem`, `get_item`), in the order of the clients."""
    return tuple(api_operation for client in clients() if (api_operation := operation(client, name)) is not None)


def clients() -> tuple[str, ...]:
    """The names of all clients, as boto3 takes them, sorted."""
    return names("operations")


@lru_cache(maxsize=1024)
def prefixes(client: str) -> tuple[str, ...]:
    """The prefixes of actions that a client's operations need; none when there is no such client."""
    client_name = _clients().get(_folded(client))
    return tuple(chunk("clients", "")[client_name][1]) if client_name else ()


def operations_of(name: str) -> tuple[tuple[str, str], ...]:
    """The operations, as (client, operation), that need an action, always or for some parameters.

    `remit explain s3:GetObject` prints them. `operation` goes the other way.
    """
    folded_name = name.lower()
    return _operations_by_action(folded_name.partition(":")[0]).get(folded_name, ())


@lru_cache(maxsize=512)
def _operations_by_action(prefix: str) -> dict[str, tuple[tuple[str, str], ...]]:
    """By the folded name of each action of a prefix: the operations that need it, as (client, operation), sorted."""
    needing_operations: dict[str, list[tuple[str, str]]] = {}
    for client, (_, prefixes_of_client) in chunk("clients", "").items():
        if prefix not in prefixes_of_client:
            continue
        for spelled, own_action in _own(client).items():
            needing_operations.setdefault(own_action.lower(), []).append((client, spelled))
        for spelled, rows in chunk("operations", client)["r"].items():
            # Needed for certain, or when the parameters meet a condition: without both it is a mere possibility.
            needed_actions = {row[0].lower() for row in rows if row[2] or row[3]}
            for needed_action in needed_actions:
                needing_operations.setdefault(needed_action, []).append((client, spelled))
    return {action_name: tuple(sorted(calls)) for action_name, calls in needing_operations.items()}


def owners(iam_action: Action) -> tuple[str, ...]:
    """The services whose action it is, by their full names, for `remit explain s3:GetObject`; at least one.

    A page is one service's page in AWS's reference; several may share a prefix of actions (`PAGES`). Then the action
    is of the pages whose clients' operations need it; else of those that have no client; else of any of them.
    """
    pages = PAGES.get(iam_action.service)
    if pages is None:
        return (service(iam_action.service) or iam_action.service,)
    needing_clients = {client for client, _ in operations_of(iam_action.full_name)}
    needing_pages = tuple(page for page, page_clients in pages.items() if not needing_clients.isdisjoint(page_clients))
    if needing_pages:
        return needing_pages
    pages_without_clients = tuple(page for page, page_clients in pages.items() if not page_clients)
    if pages_without_clients:
        return pages_without_clients
    return tuple(pages)


def arns(call: Call, parameters: Mapping[str, Any], places: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """The ARNs that a call with these parameters acts on: () when they do not tell.

    `places` gives Partition, Region and Account; what is not given stays as it is in formats, `${Region}`.
    """
    types = _resource_types(call.action)
    if types is None:
        return ()
    place_values = {name: f"${{{name}}}" for name in _PLACES} | dict(places or {})
    arguments = dict(call.arguments)
    arn_texts = [text for text in _filled(arguments.get("arn", ()), parameters, place_values) if parse(text)]
    # A parameter that is the whole ARN says more than one that may be a part of it.
    if not arn_texts:
        for kind in types:
            arn_texts.extend(_of_type(kind, arguments, parameters, place_values))
    return tuple(dict.fromkeys(arn_texts))


@lru_cache(maxsize=8192)
def _resource_types(name: str) -> tuple[IamResourceType, ...] | None:
    """The resource types that an action takes; None: there is no such action."""
    catalogued_action = action(name)
    return None if catalogued_action is None else tuple(target.type for target in catalogued_action.targets)


def _of_type(
    kind: IamResourceType,
    arguments: Mapping[str, tuple[str, ...]],
    parameters: Mapping[str, Any],
    place_values: Mapping[str, str],
) -> Iterator[str]:
    """The ARNs of one resource type: given whole by an argument, made of parameters, or given whole by any parameter.

    One may come several times.
    """
    whole_arns = [
        text for text in _filled(arguments.get(f"arn {kind.name}", ()), parameters, place_values) if parse(text)
    ]
    yield from whole_arns
    for format_ in kind.arns:
        yield from _from_format(format_, arguments, parameters, place_values)
        for value in parameters.values():
            arn = parse(value) if isinstance(value, str) and value.startswith("arn:") else None
            if arn is not None and matches(arn, format_):
                yield value


def _from_format(
    format_: str,
    arguments: Mapping[str, tuple[str, ...]],
    parameters: Mapping[str, Any],
    place_values: Mapping[str, str],
) -> Iterator[str]:
    """The ARNs of one format, for every choice of parameters that fills all of its variables.

    A variable is filled as `arguments` says, else by the parameter of its name.
    """
    open_variables = [name for name in variables(format_) if name not in _PLACES]
    by_name = {name.lower(): name for name in parameters}
    options: list[list[str]] = []
    for name in open_variables:
        # IAM has RoleNameWithPath, whose parameter is RoleName; the path stands before it.
        same = by_name.get(name.lower().removesuffix("withpath"))
        templates = arguments.get(name) or ((f"${{{same}}}",) if same else ())
        path = str(parameters.get("Path", "/")).lstrip("/") if name.endswith("WithPath") else ""
        options.append([path + text for text in _filled(templates, parameters, place_values)])
    for values in product(*options) if open_variables else ():
        if not any(text.startswith("arn:") for text in values):  # those are taken whole
            yield fill(format_, {**place_values, **dict(zip(open_variables, values, strict=True))})


def _filled(
    templates: tuple[str, ...], parameters: Mapping[str, Any], place_values: Mapping[str, str]
) -> Iterator[str]:
    """The texts of templates such as `${Bucket}/${Key|last}`, for every value that a path leads to.

    A template of which a parameter is missing gives none.
    """
    for template in templates:
        texts = [""]
        last = 0
        for match in _TEMPLATE.finditer(template):
            texts = [text + template[last : match.start()] for text in texts]
            values = (
                [place_values[match[1]]] if match[1] in place_values else list(_values(parameters, match[1], match[2]))
            )
            texts = [text + value for text in texts for value in values]
            last = match.end()
        yield from (text + template[last:] for text in texts)


def _values(parameters: Mapping[str, Any], path: str, part: str | None) -> Iterator[str]:
    """Yield the texts at a path of the parameters, or the part of each that a template asks for.

    The part `keys` means the keys of a dict. What is neither a text nor has such a part gives nothing.
    """
    for value in _at(parameters, path):
        if part == "keys" and isinstance(value, dict):
            yield from (str(key) for key in value)
        elif isinstance(value, str):
            yield _PARTS[part](value) if part else value
        elif isinstance(value, dict) and part in ("bucket", "key"):  # CopySource may be a dict in boto3
            yield str(value.get({"bucket": "Bucket", "key": "Key"}[part], ""))


def _at(value: Any, path: str) -> Iterator[Any]:
    """Yield the values at a path: `[]` goes into every item of a list."""
    step, _, next_path = path.partition(".")
    name = step.removesuffix("[]")
    member = value.get(name) if isinstance(value, dict) else None
    if member is None:
        return
    for item in member if step.endswith("[]") and isinstance(member, list) else [member]:
        if next_path:
            yield from _at(item, next_path)
        else:
            yield item


def _function_name(text: str) -> str:
    """A function's name out of its name, ARN or partial ARN, with or without a version."""
    parts = text.split(":")
    if "function" in parts[:-1]:
        return parts[parts.index("function") + 1]
    return parts[0]


_PARTS: Final[dict[str, Callable[[str], str]]] = {
    "last": lambda text: text.rsplit("/", 1)[-1],
    "function": _function_name,
    "bucket": lambda text: text.lstrip("/").partition("/")[0],
    "key": lambda text: text.lstrip("/").partition("/")[2].partition("?versionId=")[0],
    "bare": lambda text: text.lstrip("/"),
    "keys": str,
}


def _call(row: list[Any]) -> Call:
    """A call as the snapshot has it in a row."""
    name, arguments, condition, certain = row
    pairs = tuple((variable, tuple(templates)) for variable, templates in arguments.items())
    return Call(name, pairs, When(*condition) if condition else None, bool(certain))


@cache
def _own(client: str) -> dict[str, str]:
    """The operations of a client that are called as their action is, each with that action's full name."""
    return {
        actions(prefix)[position].partition(":")[2]: actions(prefix)[position]
        for prefix, distances in chunk("operations", client)["o"].items()
        for position in accumulate(distances)
    }


@cache
def _spellings(client: str) -> dict[str, str]:
    """The names of a client's operations as AWS spells them, by their folded names."""
    client_chunk = chunk("operations", client)
    return {_folded(name): name for name in (*_own(client), *client_chunk["r"], *client_chunk.get("n", ()))}


@cache
def _clients() -> dict[str, str]:
    """The names of clients by their own folded names, and by those of their services' ids."""
    client_rows = chunk("clients", "")
    by_id = {_folded(service_id): client for client, (service_id, _) in client_rows.items()}
    return by_id | {_folded(client): client for client in client_rows}


def _folded(name: str) -> str:
    """A name without case, and without all that is no letter and no digit."""
    folded = name.lower()
    if folded.isascii() and folded.isalnum():  # as most are, and there are many
        return folded
    return re.sub(r"[^a-z0-9]", "", folded)
