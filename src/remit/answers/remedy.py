"""The shortest line of configuration that grants one action on one resource to one function.

A typed grant (`dynamodb.put("orders")`) where `remit.grants` has one that fits, else `allow("service:Action", on=…)`.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from remit.answers.obstacles import resource_to_allow
from remit.catalogue.action_resources import KIND_ARNS
from remit.catalogue.actions import action as catalogued
from remit.catalogue.actions import services, targets_of
from remit.catalogue.arns import fill, parse, variables
from remit.catalogue.types import arn_of
from remit.errors import Origin, RemitError
from remit.iam.pattern import matches
from remit.iam.tokens import PLACE
from remit.resources.names import name_of
from remit.roles.reference_names import names_of, references
from remit.source.decorators import attribute, decorator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from types import ModuleType

    from remit.app import App, Resource, Triggered
    from remit.grants.typed import Grants
    from remit.iam.policy import Statement

_GRANTS: Final = "remit.grants"
_LONGEST_ARN: Final = 2048
"""Characters of what may be the ARN of a resource of the app ("arnType", IAM API Reference); a key may follow it."""
_PLACES: Final = {
    "${AWS::Partition}": "{aws.partition}",
    "${AWS::Region}": "{aws.region}",
    "${AWS::AccountId}": "{aws.account}",
}


@dataclass(frozen=True, slots=True)
class Remedy:
    """A fix: `item` is what a policy list should have besides, `code` how to write it there, `origin` where.

    `imports` are the lines that the file needs and does not have. `typed` tells a grant of `remit.grants`.
    """

    item: str
    code: str
    origin: Origin | None
    imports: tuple[str, ...] = ()
    typed: bool = False


@dataclass(frozen=True, slots=True)
class _Target:
    """The resource of a new grant.

    `base` is its name in Python (`"orders"`, `Data.table`), `argument` what a typed grant takes, `below` the object's
    key or the index below it, `arn` its whole ARN, late-bound where that is possible.
    """

    base: str
    argument: str
    below: str
    arn: str
    declaring_class: str | None = None
    """The class that declares it, when it is a shared resource of the app: `shared.resources.data.Data`."""


@dataclass(frozen=True, slots=True)
class NeededGrant:
    """A grant as policy lists have it, before it is put into a file.

    `item` calls what it uses by the last part of its full name; `names` are these full names, such as
    `remit.grants.dynamodb` and `shared.resources.data.Data`. `typed` tells a grant of `remit.grants`. `complete` is
    false where somebody must fill in the ARN.
    """

    item: str
    names: tuple[str, ...] = ()
    typed: bool = False
    complete: bool = True


def remedy(app: App, function: Triggered, action: str, resource: str, folder: Path, *, account: str = "") -> Remedy:
    """The line that grants `action` on `resource` (an ARN, late-bound text, or `*`) to `function`.

    It goes to the function's decorator, else into the configuration, which reaches every function. `account` is as
    `needed_grant` has it.
    """
    needed = needed_grant(app, action, resource, folder, account=account)
    place = decorator(folder, function.origin)
    imported = {} if place is None else place.imported
    local_names: dict[str, str] = {}
    for alias, full_name in imported.items():
        local_names.setdefault(full_name, alias)
    item = needed.item
    imports: list[str] = []
    for full_name in needed.names:
        module, _, name = full_name.rpartition(".")
        if full_name in local_names:
            local_name = local_names[full_name]
            if local_name != name:
                item = re.sub(rf"\b{name}\b(?=[.(])", local_name, item, count=1)
        elif _GRANTS in local_names and module == _GRANTS:
            item = f"{local_names[_GRANTS]}.{item}"
        elif name in imported:  # it stands for something else
            imports.append(f"from {module} import {name} as {name}_grants")
            item = item.replace(f"{name}.", f"{name}_grants.", 1)
        else:
            imports.append(f"from {module} import {name}")
    if place is None:
        return Remedy(item, f"config.lambda_.iam.policy += [{item}]", None, tuple(imports), needed.typed)
    return Remedy(item, place.with_policy(item), place.origin, tuple(imports), needed.typed)


def needed_grant(app: App, action: str, resource: str, folder: Path, *, account: str = "") -> NeededGrant:
    """The shortest grant of `action` on `resource` (an ARN, late-bound text, or `*`).

    `account` is the app's own, when it is known: a resource of another one is named with its whole ARN. Where
    it is not, an account's number is taken for wherever the app is deployed, but for keys and roles to assume.
    """
    catalogued_action = catalogued(action)
    name = action if catalogued_action is None else catalogued_action.full_name
    resource = resource_to_allow(name, resource)
    if resource == "*":
        return NeededGrant(json.dumps(name))
    if parse(resource) is None and not resource.startswith("${"):  # a name that nobody can make an ARN of
        return NeededGrant(f'allow({json.dumps(name)}, on="arn:…")', ("remit.grants.allow",), complete=False)
    literal = not account and (name == "sts:AssumeRole" or name.startswith("kms:"))  # a key's id, a role elsewhere
    targets = tuple(_targets(app, resource, folder, "unknown" if literal else account))
    candidates = (sorted(_typed(name, target)) for target in targets)
    typed_grants = next((candidate for candidate in candidates if candidate), [])
    declaring_class = targets[0].declaring_class
    own = () if declaring_class is None else (declaring_class,)
    if typed_grants:
        _, _, item = typed_grants[0]
        return NeededGrant(item, (f"{_GRANTS}.{item.partition('.')[0]}", *own), typed=True)
    item = f"allow({json.dumps(name)}, on={_on_argument(targets[-1])})"
    late_bound = ("remit.aws",) if "{aws." in item else ()
    return NeededGrant(item, (f"{_GRANTS}.allow", *own, *late_bound))


def _targets(app: App, resource: str, folder: Path, account: str) -> Iterator[_Target]:
    """Yield the ways to name a resource: alone that of the app's own; else by each name that its ARN may hold."""
    app_resource = _app_resource(app, resource)
    if app_resource is not None:
        yield _own_target(folder, *app_resource)
        return
    arn = parse(resource)
    if arn is None or not arn.resource:
        yield _Target(json.dumps(resource), resource, "", resource)
        return
    is_foreign = arn.account.isdigit() and account not in ("", arn.account)
    placed = resource if is_foreign else _late_bound(resource)
    start = placed[: len(placed) - len(arn.resource)]
    first_part, _, below_first_part = arn.resource.partition("/")
    _, _, without_kind = arn.resource.replace(":", "/", 1).partition("/")
    own_name = name_of(resource)
    own_place = without_kind if without_kind.startswith(own_name) else arn.resource  # a table `t` is not in `table`
    below_by_name = {own_name: own_place.removeprefix(own_name)}
    below_by_name.setdefault(first_part, below_first_part)
    below_by_name.setdefault(without_kind, "")
    below_by_name.pop("", None)
    for name, after_name in (below_by_name or {arn.resource: ""}).items():
        below = after_name.lstrip("/")
        argument = start + arn.resource.removesuffix(f"/{below}") if is_foreign else name
        yield _Target(json.dumps(argument), argument, below, placed)


def _own_target(folder: Path, resource: Resource, below: str) -> _Target:
    """A resource that the app declares, by the class's attribute where it has one."""
    late = arn_of(resource) or resource.ref
    arn = f"{late}/{below}" if below else late
    spelled = attribute(folder, resource.origin)
    if spelled is None:
        return _Target(json.dumps(late), late, below, arn)
    declaring_class = None
    if resource.origin is not None:
        module = resource.origin.file.removesuffix(".py").replace("/", ".")
        declaring_class = f"{module}.{spelled.partition('.')[0]}"
    return _Target(spelled, late, below, arn, declaring_class)


def _app_resource(app: App, resource: str) -> tuple[Resource, str] | None:
    """The app's own resource that an ARN names, and what stands below it: an object's key, an index.

    The shortest beginning that names one counts. None: it names none of the app's.
    """
    if not app.resources:
        return None
    names = names_of(app)
    text = _late_bound(resource)
    heads = [slash.start() for slash in re.finditer("/", text[:_LONGEST_ARN])] + [len(text)]
    for end in heads:
        head, tail = text[:end], text[end + 1 :]
        for declared in app.resources:
            late = arn_of(declared)
            if head == late or (late in names and matches(names[late], head)):
                return declared, tail
    return None


def _late_bound(resource: str) -> str:
    """An ARN with partition, region and account late-bound, as far as it has them."""
    arn = parse(resource)
    if arn is None:
        return resource
    region = "${AWS::Region}" if arn.region else ""
    account = "${AWS::AccountId}" if arn.account.isdigit() or "$" in arn.account else arn.account
    return f"arn:${{AWS::Partition}}:{arn.service}:{region}:{account}:{arn.resource}"


def _typed(action: str, target: _Target) -> Iterator[tuple[int, int, str]]:
    """The typed grants that give it.

    Each has the number of its actions, of which fewer are better, the length of its arguments, and its text. Those that
    refuse the target are left out; a service without a module has none.
    """
    service = action.partition(":")[0]
    module = grants_module(service)
    if module is None:
        return
    for name, verb in vars(module).items():
        if not inspect.isfunction(verb) or verb.__module__ != module.__name__ or name.startswith("_"):
            continue
        for arguments, keywords, text in _calls(verb, target):
            try:
                grants: Grants = verb(*arguments, **keywords)
            except (RemitError, TypeError):  # of another kind of thing
                continue
            if any(_gives(grant.statement, action, target.arn) for grant in grants):
                count = sum(len(grant.statement.actions.patterns) for grant in grants)
                yield count, len(text), f"{module.__name__.rpartition('.')[2]}.{name}({text})"


def _calls(verb: Callable[..., Any], target: _Target) -> Iterator[tuple[tuple[str, ...], dict[str, str], str]]:
    """How a verb can be called: with the thing alone, with what is below it as a key, or as an index."""
    parameters = inspect.signature(verb).parameters
    if target.below in ("", "*"):  # what a verb grants when no keys are named
        yield (target.argument,), {}, target.base
    if target.below and any(parameter.kind is inspect.Parameter.VAR_POSITIONAL for parameter in parameters.values()):
        yield (target.argument, target.below), {}, f"{target.base}, {json.dumps(target.below)}"
    elif "index" in parameters and target.below.startswith("index/"):
        index = target.below.removeprefix("index/")
        yield (target.argument,), {"index": index}, f"{target.base}, index={json.dumps(index)}"


_MODULES: Final = {
    "cognito-idp": "cognito",
    "es": "opensearch",
    "execute-api": "websocket",
    "lambda": "lambda_",
    "rds-data": "rds_data",
}
"""The modules of `remit.grants` that have another name than the prefix of their actions."""


def _gives(statement: Statement, action: str, arn: str) -> bool:
    """Return whether a statement names the action and is about the ARN, without conditions."""
    if action not in statement.actions.patterns or statement.conditions or statement.resources is None:
        return False
    return any(matches(pattern, arn) for pattern in statement.resources.patterns)


def grants_module(service: str) -> ModuleType | None:
    """Import the module of `remit.grants` with the typed grants of a service (`s3`, as its actions begin).

    None: it has none.
    """
    name = _MODULES.get(service, service)
    if service not in services() or importlib.util.find_spec(f"remit.grants.{name}") is None:
        return None
    return importlib.import_module(f"remit.grants.{name}")


def _on_argument(target: _Target) -> str:
    """The value of `on=` in Python: the resource itself, an f-string where parts are late-bound, else text."""
    if target.declaring_class is not None:
        return target.base if not target.below else f'f"{{{target.base}.arn}}/{_in_f_string(target.below)}"'
    if any(part.text not in _PLACES for part in references(target.arn)) or "${" not in target.arn:
        return json.dumps(target.arn)
    text = _in_f_string(target.arn)
    for late, spelled in _PLACES.items():
        text = text.replace(_in_f_string(late), spelled)
    return f'f"{text}"'


def _in_f_string(text: str) -> str:
    return json.dumps(text.replace("{", "{{").replace("}", "}}"))[1:-1]


_EXAMPLES: Final = {"BucketName": "bucket-name"}
"""What stands for a name that cannot be written as its variable is: a bucket's has no capitals."""


def resource_form_of(action: str) -> str:
    """The ARN format of an action's resource, for a request that does not name one: `arn:…:table/TableName`.

    Of an action that lists things, the ARN that its service asks about (`KIND_ARNS`). `*` where the action needs
    several types at once, or one of several, and no typed grant tells which is meant.
    """
    listing = KIND_ARNS.get(action)
    if listing is not None:
        return fill(listing, PLACE)
    targets = targets_of(action)
    needed = [target for target in targets if target.required] or list(targets)
    needed.sort(key=lambda target: len("".join(target.type.arns)))
    if not needed or (len(needed) > 1 and grants_module(action.partition(":")[0]) is None):
        return "*"
    form = needed[0].type.arns[0]
    return fill(form, {name: _EXAMPLES.get(name, PLACE.get(name, name)) for name in variables(form)})
