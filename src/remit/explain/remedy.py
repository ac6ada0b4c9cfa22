"""The shortest line of configuration that grants one action on one resource to one function.

A typed grant (`dynamodb.put("orders")`) where the shelf has one that fits, else `allow("service:Action", on=…)`.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from remit.app import Grant
from remit.catalogue.actions import action as catalogued
from remit.catalogue.actions import services, targets_of
from remit.catalogue.arns import fill, parse, variables
from remit.catalogue.types import arn_of
from remit.errors import RemitError
from remit.iam.pattern import matches
from remit.iam.tokens import PLACE
from remit.project.decorator_source import attribute, decorator
from remit.roles.reference_names import names_of, references
from remit.triggers.source import name_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from types import ModuleType

    from remit.app import App, Function, Resource
    from remit.errors import Origin

_PLACES: Final = {
    "${AWS::Partition}": "{aws.partition}",
    "${AWS::Region}": "{aws.region}",
    "${AWS::AccountId}": "{aws.account}",
}


@dataclass(frozen=True, slots=True)
class Remedy:
    """A fix: `item` is what a policy list should have besides, `code` how to write it there, `origin` where.

    `imports` are the lines that the file needs and does not have. `typed` tells a grant of the shelf.
    """

    item: str
    code: str
    origin: Origin | None
    imports: tuple[str, ...] = ()
    typed: bool = False


@dataclass(frozen=True, slots=True)
class _Thing:
    """What is granted on, told apart: `base` in Python (`"orders"`, `Data.table`), as a verb takes it, and the rest."""

    base: str
    given: str
    rest: str
    arn: str
    """The whole, late-bound where that is possible."""
    own: str | None = None
    """The class that declares it, when it is a shared resource of the app: `shared.resources.data.Data`."""


def remedy(app: App, function: Function, action: str, resource: str, folder: Path, *, account: str = "") -> Remedy:
    """The line that grants `action` on `resource` (an ARN, late-bound text, or `*`) to `function`.

    `account` is the function's own, when it is known: a resource of another one is named with its whole ARN. Where
    it is not, an account's number is taken for wherever the app is deployed, but for keys and roles to assume.
    """
    if resource.endswith(":log-stream:"):  # of a group as CloudWatch Logs asks for it; all of its streams match that
        resource = f"{resource.removesuffix('log-stream:')}*"
    known = catalogued(action)
    name = action if known is None else known.full_name
    if resource == "*" or (known and not known.targets):
        return _placed(function, folder, json.dumps(name), ())
    if parse(resource) is None and not resource.startswith("${"):  # a name that nobody can make an ARN of
        return _placed(function, folder, f'allow({json.dumps(name)}, on="arn:…")', ("remit.grants.allow",))
    literal = not account and (name == "sts:AssumeRole" or name.startswith("kms:"))  # a key's id, a role elsewhere
    things = tuple(_things(app, resource, folder, "unknown" if literal else account))
    typed = sorted(one for thing in things for one in _typed(name, thing))
    own = things[0].own
    if typed:
        _, _, item = typed[0]
        return _placed(function, folder, item, (f"remit.grants.{item.partition('.')[0]}", own), typed=True)
    return _placed(function, folder, f"allow({json.dumps(name)}, on={_on(things[-1])})", ("remit.grants.allow", own))


def _placed(
    function: Function, folder: Path, item: str, needs: tuple[str | None, ...], *, typed: bool = False
) -> Remedy:
    """The fix at the function's decorator, else in the configuration, which reaches every function."""
    found = decorator(folder, function.origin)
    imported = {} if found is None else found.imported
    imports: list[str] = []
    for need in (*needs, "remit.aws" if "{aws." in item else None):
        if need is not None and need not in imported.values():
            module, _, name = need.rpartition(".")
            free = name if name not in imported else f"{name}_grants"
            imports.append(f"from {module} import {name}" + (f" as {free}" if free != name else ""))
            item = item.replace(f"{name}.", f"{free}.", 1) if free != name else item
        elif need is not None:
            name = need.rpartition(".")[2]
            local = next(one for one, full in imported.items() if full == need)
            item = re.sub(rf"\b{name}\b(?=[.(])", local, item, count=1) if local != name else item
    if found is None:
        return Remedy(item, f"config.lambda_.iam.policy += [{item}]", None, tuple(imports), typed)
    return Remedy(item, found.with_policy(item), found.origin, tuple(imports), typed)


def _things(app: App, resource: str, folder: Path, account: str) -> Iterator[_Thing]:
    """The ways to name a resource, the app's own first."""
    own = _own(app, resource)
    if own is not None:
        mine, rest = own
        late = arn_of(mine) or mine.ref
        arn = f"{late}/{rest}" if rest else late
        spelled = attribute(folder, mine)
        home = None
        if spelled is not None and mine.origin is not None:
            home = f"{mine.origin.file.removesuffix('.py').replace('/', '.')}.{spelled.partition('.')[0]}"
        yield _Thing(spelled or json.dumps(late), late, rest, arn, home)
        return
    found = parse(resource)
    if found is None:
        yield _Thing(json.dumps(resource), resource, "", resource)
        return
    foreign = bool(account and found.account.isdigit() and found.account != account)
    placed = resource if foreign else _late_bound(resource)
    start = placed[: len(placed) - len(found.resource)]
    names = dict.fromkeys((name_of(resource), found.resource.partition("/")[0]))
    for name in names:
        rest = found.resource[found.resource.index(name) + len(name) :].lstrip("/") if name in found.resource else ""
        given = start + found.resource.removesuffix(f"/{rest}") if foreign else name
        yield _Thing(json.dumps(given), given, rest, placed)


def _own(app: App, resource: str) -> tuple[Resource, str] | None:
    """The app's own resource that an ARN names, and what stands below it: an object's key, an index."""
    names = names_of(app)
    text = _late_bound(resource)
    heads = [found.start() for found in re.finditer("/", text)] + [len(text)]
    for end in heads:
        head, tail = text[:end], text[end + 1 :]
        for mine in app.resources:
            late = arn_of(mine)
            if head == late or (late in names and matches(names[late], head)):
                return mine, tail
    return None


def _late_bound(resource: str) -> str:
    """An ARN with partition, region and account late-bound, as far as it has them."""
    found = parse(resource)
    if found is None:
        return resource
    region = "${AWS::Region}" if found.region else ""
    account = "${AWS::AccountId}" if found.account.isdigit() or "$" in found.account else found.account
    return f"arn:${{AWS::Partition}}:{found.service}:{region}:{account}:{found.resource}"


def _typed(action: str, thing: _Thing) -> Iterator[tuple[int, int, str]]:
    """The verbs of the shelf that grant it, with the number of their actions: fewer are better."""
    service, module = action.partition(":")[0], shelf(action.partition(":")[0])
    for name, verb in vars(module).items() if module is not None else ():
        if inspect.isfunction(verb) and verb.__module__ == f"remit.grants.{service}" and not name.startswith("_"):
            for arguments, keywords, text in _calls(verb, thing):
                grant = _made(verb, arguments, keywords)
                if grant is not None and _grants(grant, action, thing.arn):
                    yield len(grant.statement.actions.patterns), len(text), f"{service}.{name}({text})"


def _calls(verb: Callable[..., Any], thing: _Thing) -> Iterator[tuple[tuple[str, ...], dict[str, str], str]]:
    """How a verb can be called: with the thing alone, with what is below it as a key, or as an index."""
    parameters = inspect.signature(verb).parameters
    if not thing.rest:
        yield (thing.given,), {}, thing.base
    elif any(one.kind is inspect.Parameter.VAR_POSITIONAL for one in parameters.values()):
        yield (thing.given, thing.rest), {}, f"{thing.base}, {json.dumps(thing.rest)}"
    elif "index" in parameters and thing.rest.startswith("index/"):
        index = thing.rest.removeprefix("index/")
        yield (thing.given,), {"index": index}, f"{thing.base}, index={json.dumps(index)}"


def _made(verb: Callable[..., Any], arguments: tuple[str, ...], keywords: dict[str, str]) -> Grant | None:
    try:
        made = verb(*arguments, **keywords)
    except (RemitError, TypeError):
        return None
    return made if isinstance(made, Grant) else None


def _grants(grant: Grant, action: str, arn: str) -> bool:
    statement = grant.statement
    return (
        action in statement.actions.patterns
        and not statement.conditions
        and any(matches(pattern, arn) for pattern in (statement.resources.patterns if statement.resources else ()))
    )


def shelf(service: str) -> ModuleType | None:
    """The typed grants of a service: a module of this room that is named as its actions' prefix."""
    if service not in services() or importlib.util.find_spec(f"remit.grants.{service}") is None:
        return None
    return importlib.import_module(f"remit.grants.{service}")


def _on(thing: _Thing) -> str:
    """An ARN as Python has it: the resource itself, an f-string where parts are late-bound, else text."""
    if thing.own is not None:
        return thing.base if not thing.rest else f'f"{{{thing.base}.arn}}/{thing.rest}"'
    if any(part.text not in _PLACES for part in references(thing.arn)) or "${" not in thing.arn:
        return json.dumps(thing.arn)
    text = thing.arn
    for late, spelled in _PLACES.items():
        text = text.replace(late, spelled)
    return f'f"{text}"'


def any_of(action: str) -> str:
    """A resource of the action's type, with the names of its parts for what the message does not say.

    `*` where the action needs several types at once, or one of several, and no typed grant tells which is meant.
    """
    targets = targets_of(action)
    needed = [one for one in targets if one.required] or list(targets)
    needed.sort(key=lambda one: len("".join(one.type.arns)))
    if not needed or (len(needed) > 1 and shelf(action.partition(":")[0]) is None):
        return "*"
    form = needed[0].type.arns[0]
    return fill(form, {name: PLACE.get(name, name) for name in variables(form)})
