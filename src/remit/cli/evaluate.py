"""`remit evaluate`: requests against policies, one or a file of them."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import click

from remit.cli import options
from remit.did_you_mean import did_you_mean, nearest
from remit.documents.foreign_text import late_bound
from remit.documents.json_text import Locate, read_json
from remit.errors import Origin, RemitError
from remit.iam.decide.evaluate import ALL, Decision, Layers, Request, evaluate
from remit.iam.policy import Policy, parse
from remit.iam.tokens import UNFILLED
from remit.template.policy_files import LAYERS, layers_of

_TOLD: Final = 20
"""Lines that cannot be read and are told one by one: a file of another kind has nothing else."""
_ENOUGH: Final = 1_000
"""Lines of which, when not one can be read, the file is of another kind."""
_REQUEST: Final[dict[str, tuple[type, ...]]] = {
    "action": (str,),
    "resource": (str, type(None)),
    "principal": (str, type(None)),
    "context": (dict, type(None)),
    "resource_account": (str, type(None)),
    "management_account": (str, type(None)),
    "wildcard_only": (bool, type(None)),
    "open": (bool, list, type(None)),
}
_OF_ANY_FILE: Final = ("resource", "resource_account")
"""What may be given with a file of requests."""


class _LevelFile(click.ParamType[tuple[str | None, Path]]):
    """`LEVEL=FILE`, or FILE alone: the level's name, None where the file is a level of its own, and the file."""

    name = "[LEVEL=]FILE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str | None, Path]:
        """A level and its file, of `LEVEL=FILE`; without a level, None and the file.

        A usage error (2): the level is empty, or there is no such file.
        """
        level, equals, file = str(value).partition("=")
        if not equals or Path(value).is_file():  # a file whose own name has an equals sign
            return None, options.INPUT.convert(value, param, ctx)
        if not level:
            self.fail(f"{value!r} names no level: write LEVEL=FILE, or FILE alone.", param, ctx)
        return level, options.INPUT.convert(file, param, ctx)


_LEVELS_HELP: Final = "files with the same LEVEL form one level, and a FILE without LEVEL is a level of its own."


@click.command(short_help="Decide requests against policies.")
@click.argument("file", required=False, type=options.INPUT)
@click.option("--policy", multiple=True, type=options.INPUT, help="A policy of the caller. May be repeated.")
@click.option("--boundary", multiple=True, type=options.INPUT, help="The caller's permissions boundary.")
@click.option("--session-policy", multiple=True, type=options.INPUT, help="A session policy.")
@click.option("--resource-policy", multiple=True, type=options.INPUT, help="The resource's policy.")
@click.option("--scp", multiple=True, type=_LevelFile(), help=f"An SCP; {_LEVELS_HELP}")
@click.option("--rcp", multiple=True, type=_LevelFile(), help=f"An RCP; {_LEVELS_HELP}")
@click.option("--endpoint-policy", type=options.INPUT, help="The policy of the VPC endpoint that the request passes.")
@options.endpoint_type_option
@click.option("--action", help="The action, such as `s3:GetObject`.")
@click.option("--resource", default="*", show_default=True, help="The resource, an ARN.")
@click.option("--principal", help="The principal: an ARN, an account, or a service.")
@click.option("--resource-account", help="The account of the resource, if its ARN does not say.")
@click.option("--context", multiple=True, metavar="KEY=VALUE", help="A condition key. Repeat it for several values.")
@click.option("--complete", is_flag=True, help="Treat keys that are not given as absent instead of open.")
@options.json_option
def command(**values: Any) -> int:
    """Decide requests: Allowed, ExplicitlyDenied, ImplicitlyDenied or Unknown, and why.

    FILE (or - for standard input) holds one JSON object per line: {"id", "policies": {"identity", "boundary",
    "session", "resource", "scp", "rcp", "endpoint", "endpoint_type"}, "request": {"action", "resource",
    "resource_account", "management_account", "principal", "context"}}. A condition key that is missing from the context
    counts as absent, unless "open" in the request lists it (true: all keys). Keys that follow from the principal's ARN,
    such as aws:PrincipalArn, are filled in. The answer to a line that cannot be read is its error. If none of the first
    thousand lines can be read, the rest is skipped.

    A resource of * asks about every resource: where that is not allowed, "allowed_on" lists the resource patterns of
    the policies on which the request would be.

    With --action, it decides one request against the given policies. Condition keys that are not given are open, so the
    answer may be Unknown.

    A request must be allowed by at least one SCP of every level. RCPs only deny. A LEVEL is any text without `=`;
    levels are numbered from 0 in the order in which they appear. The policy of a VPC endpoint ("endpoint") matters only
    to requests that pass the endpoint: it must allow them to the principal, besides the other policies. Its type
    ("Gateway" or "Interface") says whom a principal there means.

    \b
    Examples:
      remit evaluate cases.jsonl
      remit evaluate --policy role.json --action s3:GetObject --resource arn:aws:s3:::data/a.csv
      remit evaluate --policy role.json --action s3:PutObject --context aws:SourceVpc=vpc-1 --complete
      remit evaluate --policy role.json --action s3:PutObject --scp root=full.json --scp root=deny.json
      remit evaluate --policy role.json --action s3:GetObject --endpoint-policy endpoint.json
    """
    file: Path | None = values.pop("file")
    if (file is None) == (values["action"] is None):
        raise RemitError(
            "`remit evaluate` takes a FILE of requests, or one request by --action",
            hint="remit evaluate cases.jsonl, or remit evaluate --policy role.json --action s3:GetObject",
        )
    if file is None:
        return _answer_one(values)
    given = [option for option in click.get_current_context().command.params if values.get(option.name or "")]
    misplaced = [option.opts[0] for option in given if option.name not in _OF_ANY_FILE]
    if misplaced:
        raise RemitError(
            f"{', '.join(misplaced)} go with --action: a FILE's lines hold their own policies and requests"
        )
    return _answer_lines(file)


def _answer_one(values: dict[str, Any]) -> int:
    """Answer the one request that the options tell; the exit code is 0 if it is allowed, else 1.

    Possible slips in the question are noted on standard error.
    """
    action = values["action"]
    _require_action(action, None)
    endpoint_policy = values["endpoint_policy"]
    layers = Layers(
        identity=tuple(map(_policy, values["policy"])),
        boundary=tuple(map(_policy, values["boundary"])),
        session=tuple(map(_policy, values["session_policy"])),
        resource=tuple(map(_policy, values["resource_policy"])) or None,
        scp=_levels(values["scp"]),
        rcp=_levels(values["rcp"]),
        endpoint=() if endpoint_policy is None else (_policy(endpoint_policy),),
        endpoint_type=options.type_of_endpoint(endpoint_policy, values["endpoint_type"]),
    )
    request = Request(
        action=action,
        resource=values["resource"],
        principal=values["principal"],
        context=_context(values["context"]),
        resource_account=values["resource_account"],
        open=frozenset() if values["complete"] else ALL,
    )
    decision = evaluate(request, layers)
    for slip in _slips(request, layers):
        options.note(slip)
    lines = [f"{decision.verdict}: {decision.because}"]
    lines += [f"  allowed on {pattern}" for pattern in decision.allowed_on]
    lines += [f"  also near: {miss}" for miss in decision.misses[1:]]
    options.print_answer(_answer_document(None, decision), lines)
    return 0 if decision.allowed else 1


def _slips(request: Request, layers: Layers) -> Iterator[str]:
    """Yield possible slips of somebody who types a request, or names the files of policies."""
    from remit.catalogue.actions import action as catalogued
    from remit.catalogue.condition_keys import global_key, global_keys
    from remit.catalogue.meant_names import nearest_actions

    action = request.action
    if catalogued(action) is None and not set(action) & set("*?"):
        nearest_names = ", ".join(nearest_actions(action))
        yield f"the catalogue knows no action {action}{f': did you mean {nearest_names}?' if nearest_names else ''}"
    if request.resource != "*" and not request.resource.startswith("arn:"):
        yield f"the resource {request.resource} is not an ARN"
    for key in request.context or ():
        if key.lower().startswith("aws:") and global_key(key) is None:
            names = {entry.name.lower(): entry.name + ("/NAME" if entry.tagged else "") for entry in global_keys()}
            meant = names.get(key.lower()) or nearest(key, names.values())
            yield f"no request has a key {key}{f': did you mean {meant}?' if meant else ''}"
    # IAM refuses a Principal in what is attached to an identity, and here nobody looks at it.
    for option, policies in (
        ("policy", layers.identity),
        ("boundary", layers.boundary),
        ("session-policy", layers.session),
    ):
        if any(statement.principals for policy in policies for statement in policy.statements):
            yield f"a Principal means nothing in --{option}: a resource's policy goes with --resource-policy"


def _require_action(text: str, origin: Origin | None) -> None:
    """Refuse with RemitError (2) a text that has no service, unless it is `*`."""
    if ":" not in text and text != "*":
        raise RemitError(f"{text!r} is not an action", hint="an action reads `service:Operation`", origin=origin)


def _policy(path: Path) -> Policy:
    """The policy in a file. What another tool fills in is unknown. RemitError (2), with its place: it is no policy."""
    value, locate = read_json(*options.content(path, -1))
    try:
        return parse(late_bound(value, in_template=False))
    except RemitError as error:
        raise RemitError(error.message, hint=error.hint, origin=locate(error.path)) from None


def _levels(files: tuple[tuple[str | None, Path], ...]) -> tuple[tuple[Policy, ...], ...]:
    """The policies of each level, in the order in which the levels are first named; a file without a name is a level.

    RemitError (2): a file holds no policy.
    """
    levels: dict[str | int, tuple[Policy, ...]] = {}
    for number, (name, path) in enumerate(files):
        level = number if name is None else name
        levels[level] = (*levels.get(level, ()), _policy(path))
    return tuple(levels.values())


def _context(pairs: tuple[str, ...]) -> dict[str, Any]:
    """The context of a request from texts KEY=VALUE; a key that is given again has several values.

    RemitError (2): a text is not of that form.
    """
    values_by_key: dict[str, list[str]] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key:
            raise RemitError(f"--context {pair!r} is not KEY=VALUE", hint="--context aws:SourceVpc=vpc-1")
        values_by_key.setdefault(key, []).append(value)
    context: dict[str, Any] = {}
    for key, values in values_by_key.items():
        context[key] = values if len(values) > 1 else values[0]
    return context


def _answer_lines(path: Path) -> int:
    """Print the answer to every line, for a bad line its error, and give the exit code: 2 with bad lines, else 0.

    A file that begins with bad lines alone is of another kind: reading stops there.
    """
    from remit.report.terminal_text import readable, shown

    bad = read = 0
    text_of_all, name = options.content(path, -1)
    for number, text in enumerate(text_of_all.split(b"\n"), 1):
        if not text.strip(b" \t\r\xef\xbb\xbf"):  # a line that holds a byte order mark alone is empty, too
            continue
        if bad == _ENOUGH and not read:
            return _no_lines(name, number)
        identifier: Any = None
        try:
            value, locate = read_json(text, name, line=number)
            if isinstance(value, dict):
                identifier = value.get("id")
            answer = _answer_document(identifier, evaluate(*_read_case(value, locate)))
            read += 1
        except RemitError as error:
            bad += 1
            at = error.origin if error.origin is not None and error.origin.line else Origin(name, number)
            if bad <= _TOLD:
                click.echo(shown(str(RemitError(error.message, hint=error.hint, origin=at))), err=True)
            answer = {"id": identifier, "error": error.message, "line": at.line, "column": at.column}
        sys.stdout.write(json.dumps(readable(answer)) + "\n")  # click.echo would flush each
    if bad > _TOLD:
        click.echo(f"error: {bad - _TOLD:,} more lines cannot be read: their answers say why", err=True)
    return 2 if bad else 0


def _no_lines(name: str, number: int) -> int:
    """Say that a file, of which the first lines were answered, is of another kind; the exit code."""
    from remit.report.terminal_text import shown

    hint = (
        'a case is an object on a line of its own: {"policies": {…}, "request": {…}}; `jq -c .[]` makes lines of a list'
    )
    message = f"{name} holds no JSON lines: none of the first {_ENOUGH:,} can be read, and the rest is left out"
    click.echo(shown(str(RemitError(message, hint=hint, origin=Origin(name, number)))), err=True)
    return 2


def _read_case(value: Any, locate: Locate) -> tuple[Request, Layers]:
    """The request and the policies of one line.

    RemitError (2), at its place: a part is missing, misspelt, or of another type.
    """
    _expect(value, dict, (), locate)
    for name in ("policies", "request"):
        if name not in value:
            raise RemitError(f"the line has no {name!r}", origin=locate(()))
        _expect(value[name], dict, (name,), locate)
    return _request(value["request"], locate), _layers(value["policies"], locate)


def _request(raw: dict[str, Any], locate: Locate) -> Request:
    """The request of a line; what another tool fills into the line's policies is open for it.

    RemitError (2), at its place: `action` is missing or is none, a key is misspelt, or a value has another type.
    """
    _refuse_slips(raw, tuple(_REQUEST), ("request",), locate)
    if "action" not in raw:
        raise RemitError("the request has no 'action'", origin=locate(("request",)))
    for key, types in _REQUEST.items():
        if key in raw:
            _expect(raw[key], types, ("request", key), locate)
    _require_action(raw["action"], locate(("request", "action")))
    opened = raw.get("open") or []
    for index, key in enumerate(opened if isinstance(opened, list) else ()):
        _expect(key, str, ("request", "open", index), locate)
    context = raw.get("context") or {}
    for key, item in context.items():
        for part in item if isinstance(item, list) else [item]:
            if not isinstance(part, str | bool | int | float) and (part is not None or isinstance(item, list)):
                message = f"request.context.{key} must be a string, a number, true, false, or a list of them"
                raise RemitError(f"{message}, got {json.dumps(item)[:40]}", origin=locate(("request", "context", key)))
    return Request(
        action=raw["action"],
        resource=raw.get("resource") or "*",
        principal=raw.get("principal"),
        context=context,
        resource_account=raw.get("resource_account"),
        open=ALL if opened is True else frozenset((*opened, UNFILLED)),
        wildcard_only=raw.get("wildcard_only"),
        management_account=raw.get("management_account"),
    )


def _layers(raw: dict[str, Any], locate: Locate) -> Layers:
    """The layers that a line's object has; without a policy of the resource, the resource counts as having none.

    RemitError (2), with its place: a name that is nearly a layer's, or a policy that is none.
    """
    _refuse_slips(raw, LAYERS, ("policies",), locate)
    layers = layers_of(late_bound(raw, in_template=False), lambda path: locate(("policies", *path)))
    return replace(layers, resource=layers.resource or ())


def _expect(value: Any, types: type | tuple[type, ...], path: tuple[str | int, ...], locate: Locate) -> None:
    """RemitError at the place of a value: it is of none of the types."""
    if isinstance(value, types) and not (isinstance(value, bool) and types is str):
        return
    expected_types = types if isinstance(types, tuple) else (types,)
    names = " or ".join(_KINDS[kind] for kind in expected_types if kind is not type(None))
    place = ".".join(str(step) for step in path) or "the line"
    raise RemitError(f"{place} must be {names}, got {json.dumps(value)[:40]}", origin=locate(path))


_KINDS: Final = {
    dict: "an object",
    list: "a list",
    str: "a string",
    bool: "true or false",
    int: "a number",
    float: "a decimal",
}


def _refuse_slips(raw: dict[str, Any], known_keys: tuple[str, ...], path: tuple[str, ...], locate: Locate) -> None:
    """Refuse with RemitError (2) a key that is nearly a known one, without which the answer would be wrong.

    Any other key is let pass.
    """
    for key in raw:
        hint = None if key in known_keys else did_you_mean(key, known_keys)
        if hint is not None:
            raise RemitError(f"{path[0]} has no key {key!r}", hint=hint, origin=locate((*path, key)))


def _answer_document(identifier: Any, decision: Decision) -> dict[str, Any]:
    """The answer in JSON: verdict, reason and layers; `id`, `unknown` and `allowed_on` only where there are any."""
    answer: dict[str, Any] = {} if identifier is None else {"id": identifier}
    answer |= {
        "verdict": decision.verdict,
        "because": decision.because,
        "layers": {
            layer.layer: {"verdict": layer.verdict, "statements": [ruling.name for ruling in layer.rulings]}
            for layer in decision.layers
        },
    }
    if decision.unknown:
        answer["unknown"] = list(decision.unknown)
    if decision.allowed_on:
        answer["allowed_on"] = list(decision.allowed_on)
    return answer
