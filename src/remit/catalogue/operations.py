"""Which actions an API operation needs, and on which resources its parameters say."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import accumulate, product
from typing import TYPE_CHECKING, Any, Final

from remit.catalogue.actions import Action, action, actions, service
from remit.catalogue.arns import fill, matches, parse, variables
from remit.catalogue.shared_prefixes import PAGES
from remit.catalogue.snapshot import chunk, names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from remit.catalogue.actions import IamResourceType

_TEMPLATE: Final = re.compile(r"\$\{([\w.\[\]-]+)(?:\|(\w+))?\}")
_PLACES: Final = frozenset({"Partition", "Region", "Account"})


@dataclass(frozen=True, slots=True)
class When:
    """A condition on an operation's parameters: `path` such as `TransactItems[].Put`."""

    path: str
    test: str
    value: str | None

    def holds(self, parameters: Mapping[str, Any]) -> bool:
        """Whether the parameters of a call meet it."""
        found = list(_at(parameters, self.path))
        if self.test in ("Exists", "NotExists"):
            return bool(found) == (self.test == "Exists")
        folded = [str(item).upper() for item in found]
        wanted = str(self.value).upper()
        if self.test == "NotEquals":
            return wanted not in folded
        return any(wanted in item for item in folded)


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
        """What a call with these parameters needs: conditions are decided, mere possibilities left out."""
        return tuple(
            call
            for call in self.calls
            if (call.certain and call.when is None) or (call.when is not None and call.when.holds(parameters))
        )


@lru_cache(maxsize=4096)
def operation(client: str, name: str) -> Operation | None:
    """An operation of a boto3 client ("s3", also "S3" or "CloudWatch Logs"), by its name or its method.

    `HeadObject` and `head_object` are one. None: there is no such client or operation.
    """
    known = _clients().get(_folded(client))
    if known is None:
        return None
    spelled = _spellings(known).get(_folded(name))
    if spelled is None:
        return None
    data = chunk("operations", known)
    rows = data["r"].get(spelled)
    own = _own(known).get(spelled)
    calls = tuple(_call(row) for row in rows) if rows else (Call(own),) if own else ()
    free = spelled in data.get("f", ())
    return Operation(known, spelled, calls, free, tuple(data.get("p", {}).get(spelled, ())))


def operations(client: str) -> tuple[str, ...]:
    """The names of a client's operations, sorted; none when there is no such client."""
    known = _clients().get(_folded(client))
    return tuple(sorted(_spellings(known).values())) if known else ()


def named(name: str) -> tuple[Operation, ...]:
    """The operations of every client that have a name (`GetItem`, `get_item`), in the order of the clients."""
    return tuple(found for client in clients() if (found := operation(client, name)) is not None)


def clients() -> tuple[str, ...]:
    """The names of all clients, as boto3 takes them, sorted."""
    return names("operations")


@lru_cache(maxsize=1024)
def prefixes(client: str) -> tuple[str, ...]:
    """The prefixes of actions that a client's operations need; none when there is no such client."""
    known = _clients().get(_folded(client))
    return tuple(chunk("clients", "")[known][1]) if known else ()


@lru_cache(maxsize=1024)
def operations_of(name: str) -> tuple[tuple[str, str], ...]:
    """The operations, as (client, operation), that need an action, always or for some parameters."""
    wanted = name.lower()
    prefix = wanted.partition(":")[0]
    found: list[tuple[str, str]] = []
    for client, (_, reached) in chunk("clients", "").items():
        if prefix in reached:
            found.extend((client, spelled) for spelled, own in _own(client).items() if own.lower() == wanted)
            for spelled, rows in chunk("operations", client)["r"].items():
                if any(row[0].lower() == wanted and (row[2] or row[3]) for row in rows):
                    found.append((client, spelled))
    return tuple(sorted(found))


def owners(known: Action) -> tuple[str, ...]:
    """The services whose action it is, by their full names: several, where more than one page of AWS's has it.

    Of pages that share a prefix, those whose operations need the action; where none does, nobody says which it is.
    """
    pages = PAGES.get(known.service)
    if pages is None:
        found = service(known.service)
        return (known.service if found is None else found.name,)
    callers = {client for client, _ in operations_of(known.full_name)}
    named = tuple(name for name, those in pages.items() if not callers.isdisjoint(those))
    return named or tuple(name for name, those in pages.items() if not those) or tuple(pages)


def arns(call: Call, parameters: Mapping[str, Any], places: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """The ARNs that a call with these parameters acts on: () when they do not tell.

    `places` gives Partition, Region and Account; what is not given stays as it is in formats, `${Region}`.
    """
    known = action(call.action)
    if known is None:
        return ()
    here = {name: f"${{{name}}}" for name in _PLACES} | dict(places or {})
    arguments = dict(call.arguments)
    found = [text for text in _filled(arguments.get("arn", ()), parameters, here) if parse(text)]
    if not found:
        for target in known.targets:
            found.extend(_of_type(target.type, arguments, parameters, here))
    return tuple(dict.fromkeys(found))


def _of_type(
    kind: IamResourceType,
    arguments: Mapping[str, tuple[str, ...]],
    parameters: Mapping[str, Any],
    here: Mapping[str, str],
) -> Iterator[str]:
    """The ARNs of one resource type: given whole, or made of parameters."""
    given = [text for text in _filled(arguments.get(f"arn {kind.name}", ()), parameters, here) if parse(text)]
    yield from given
    for format_ in kind.arns:
        yield from _from_format(format_, arguments, parameters, here)
        for value in parameters.values():
            arn = parse(value) if isinstance(value, str) else None
            if arn is not None and matches(arn, format_):
                yield value


def _from_format(
    format_: str,
    arguments: Mapping[str, tuple[str, ...]],
    parameters: Mapping[str, Any],
    here: Mapping[str, str],
) -> Iterator[str]:
    wanted = [name for name in variables(format_) if name not in _PLACES]
    by_name = {name.lower(): name for name in parameters}
    options: list[list[str]] = []
    for name in wanted:
        same = by_name.get(name.lower().removesuffix("withpath"))
        templates = arguments.get(name) or ((f"${{{same}}}",) if same else ())
        path = str(parameters.get("Path", "/")).lstrip("/") if name.endswith("WithPath") else ""
        options.append([path + text for text in _filled(templates, parameters, here)])
    for values in product(*options) if wanted else ():
        if not any(text.startswith("arn:") for text in values):  # those are taken whole
            yield fill(format_, {**here, **dict(zip(wanted, values, strict=True))})


def _filled(templates: tuple[str, ...], parameters: Mapping[str, Any], here: Mapping[str, str]) -> Iterator[str]:
    """The texts of templates, for every value that a path leads to; none when a parameter is missing."""
    for template in templates:
        texts = [""]
        last = 0
        for found in _TEMPLATE.finditer(template):
            texts = [text + template[last : found.start()] for text in texts]
            values = [here[found[1]]] if found[1] in here else list(_values(parameters, found[1], found[2]))
            texts = [text + value for text in texts for value in values]
            last = found.end()
        yield from (text + template[last:] for text in texts)


def _values(parameters: Mapping[str, Any], path: str, part: str | None) -> Iterator[str]:
    for value in _at(parameters, path):
        if part == "keys" and isinstance(value, dict):
            yield from (str(key) for key in value)
        elif isinstance(value, str):
            yield _PARTS[part](value) if part else value
        elif isinstance(value, dict) and part in ("bucket", "key"):  # CopySource may be a dict in boto3
            yield str(value.get({"bucket": "Bucket", "key": "Key"}[part], ""))


def _at(value: Any, path: str) -> Iterator[Any]:
    """What a path leads to: `[]` goes into every item of a list."""
    step, _, rest = path.partition(".")
    name = step.removesuffix("[]")
    found = value.get(name) if isinstance(value, dict) else None
    if found is None:
        return
    for item in found if step.endswith("[]") and isinstance(found, list) else [found]:
        if rest:
            yield from _at(item, rest)
        else:
            yield item


def _function(text: str) -> str:
    """A function's name out of its name, ARN or partial ARN, with or without a version."""
    parts = text.split(":")
    if "function" in parts[:-1]:
        return parts[parts.index("function") + 1]
    return parts[0]


_PARTS: Final[dict[str, Callable[[str], str]]] = {
    "last": lambda text: text.rsplit("/", 1)[-1],
    "function": _function,
    "bucket": lambda text: text.lstrip("/").partition("/")[0],
    "key": lambda text: text.lstrip("/").partition("/")[2].partition("?versionId=")[0],
    "bare": lambda text: text.lstrip("/"),
    "keys": str,
}


def _call(row: list[Any]) -> Call:
    name, arguments, when, certain = row
    pairs = tuple((variable, tuple(templates)) for variable, templates in arguments.items())
    return Call(name, pairs, When(*when) if when else None, bool(certain))


@cache
def _own(client: str) -> dict[str, str]:
    """The operations that are called as their action is, with the action."""
    return {
        actions(prefix)[place].partition(":")[2]: actions(prefix)[place]
        for prefix, distances in chunk("operations", client)["o"].items()
        for place in accumulate(distances)
    }


@cache
def _spellings(client: str) -> dict[str, str]:
    data = chunk("operations", client)
    return {_folded(name): name for name in (*_own(client), *data["r"], *data.get("n", ()))}


@cache
def _clients() -> dict[str, str]:
    known = chunk("clients", "")
    by_id = {_folded(service_id): client for client, (service_id, _) in known.items()}
    return by_id | {_folded(client): client for client in known}


def _folded(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
