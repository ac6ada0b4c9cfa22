"""Lint: put what an app, a policy or a template holds before every rule, and collect what they find."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from remit.errors import Origin, RemitError
from remit.grants.defaults import queue_id
from remit.iam import tokens
from remit.iam.document import DEPTH, too_large
from remit.iam.document import LARGEST as LARGEST_DOCUMENT
from remit.lint import python_text, shelf
from remit.lint.finding import ERROR, Finding, Problem
from remit.lint.secrets import hidden
from remit.lint.subject import IDENTITY, RESOURCE, TRUST, Document, Environment, Item, Project
from remit.lint.suppress import suppress

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from remit.app import App, Grant, Output, Resource, Role
    from remit.lint.shelf import Hook, Rule
    from remit.lint.subject import Place, Stack
    from remit.templates.read import Source

MOST: Final = 100
"""Findings of one rule in one document: whoever fixes so many lints again."""
HUGE: Final = 200_000
"""Characters of a policy beyond which only its shape and its size are looked at: no quota is near that."""
_HINTS: Final = {
    "Action": "write 'service:Operation', as s3:GetObject",
    "Resource": "write an ARN, or a list of ARNs",
    "Condition": "write {'StringEquals': {'aws:SourceAccount': '…'}}",
}
_REFERENCE: Final = re.compile(r"\$\{[A-Za-z0-9]+(\.[A-Za-z0-9.]+)?\}")
TOO_LARGE: Final = 3_000_000
"""Characters of a template beyond which only the template itself is looked at: CloudFormation takes a third of that."""
_ORDER: Final = {"error": 0, "warning": 1, "note": 2}


def lint(
    app: App,
    roles: tuple[Role, ...] | None = None,
    *,
    folder: Path | str = ".",
    allow: Mapping[str, str] | None = None,
) -> tuple[Finding, ...]:
    """What is wrong or too wide in an app, at the lines of its files in `folder`; by file and line.

    `allow` accepts rules with a reason, as comments at the line and `config.lint.allow` do.
    """
    root = Path(folder)
    python_text.forget()
    assigned = _assigned(app) if roles is None else roles
    found = list(dict.fromkeys((*_of_app(app, assigned, root), *_of_files(app, root))))
    texts = {file: text for file in _files(app) if (text := _text(root / file)) is not None}
    table = {**app.allowed, **{name: (why, None) for name, why in (allow or {}).items()}}
    return _sorted(_in_characters(suppress(found, texts, table), texts))


_OF_COMMENTS: Final = frozenset({"R002", "R003"})


def _in_characters(findings: Iterable[Finding], texts: Mapping[str, str]) -> Iterator[Finding]:
    """Columns that Python counts in bytes of UTF-8, in characters."""
    for one in findings:
        text = texts.get(one.file or "", "")
        if one.origin is None or text.isascii() or one.rule in _OF_COMMENTS:
            yield one
        else:
            line = next(islice(text.split("\n"), one.line - 1, None), "").encode()
            column = len(line[: one.column - 1].decode(errors="ignore")) + 1 if one.column else 0
            yield replace(one, origin=replace(one.origin, column=column))


def errors(app: App, roles: tuple[Role, ...], *, folder: Path | str = ".") -> tuple[Finding, ...]:
    """As `lint`, the error-level findings about grants and environments alone, and quick: for every build.

    What an override of the default policy breaks (R704) is not among them: a build asks about that by itself.
    """
    found = [one for one in _of_app(app, roles, Path(folder), severe=True) if one.severity == ERROR]
    if not found:
        return ()
    root = Path(folder)
    python_text.forget()
    texts = {one.file: text for one in found if one.file and (text := _text(root / one.file)) is not None}
    kept = suppress(dict.fromkeys(found), texts, dict(app.allowed))
    return _sorted(_in_characters((one for one in kept if one.severity == ERROR), texts))


def lint_document(
    value: Any, file: str = "policy", *, kind: str | None = None, allow: Mapping[str, str] | None = None
) -> tuple[Finding, ...]:
    """What is wrong or too wide in a policy document or a template, given as JSON reads it; without lines."""
    from remit.templates.read import Source  # noqa: PLC0415 - an app reads no files

    wrong = _no_json(value)
    if wrong is not None:
        return (unreadable(RemitError(f"{file} {wrong}"), file),)
    source = Source(file, "", value, lambda _: Origin(file))
    return _sorted(suppress(_of_source(source, kind), {}, _table(allow)))


def _no_json(value: Any) -> str | None:
    """What makes a value none that JSON reads, and would lead rules astray."""
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(DEPTH):
        for key in (key for one in level if isinstance(one, dict) for key in one):
            if not isinstance(key, str):
                return f"has a key that is no string: {key!r}"
        parts = (one.values() if isinstance(one, dict) else one for one in level)
        level = [child for several in parts for child in several if isinstance(child, dict | list)]
        if not level:
            return None
    return f"nests deeper than {DEPTH}, or contains itself"


def lint_bytes(
    data: bytes, file: str, *, kind: str | None = None, allow: Mapping[str, str] | None = None
) -> tuple[Finding, ...]:
    """What is wrong or too wide in a file's content: a policy or a template, JSON or YAML.

    What cannot be read at all, or is neither of the two, is one finding of R001. `kind` is identity, trust, resource or
    control; by default the document tells.
    """
    from remit.templates.read import LARGEST, read  # noqa: PLC0415 - an app reads no files

    try:
        source = read(data, file, most=LARGEST)
    except RemitError as error:
        return (unreadable(error, file),)
    if not _is_meant(source.value):
        return (unreadable(_neither(source), file),)
    found = _of_file(source, kind, allow)
    if len(data) > LARGEST_DOCUMENT:  # what in it is too long has a place of its own
        return (unreadable(too_large(len(data), file), file), *found)
    return found


_SIGN: Final = re.compile(rb"\bAWSTemplateFormatVersion\b|\bAWS::[A-Z]|\b(Statement|Effect|Action)['\"]?\s*:")
"""What tells that a file which cannot be read was meant to be a policy or a template."""


def lint_found(
    data: bytes, file: str, *, kind: str | None = None, allow: Mapping[str, str] | None = None
) -> tuple[Finding, ...] | None:
    """As `lint_bytes`, of a file that nobody named; None where it holds neither a policy nor a template."""
    from remit.templates.read import read  # noqa: PLC0415 - an app reads no files

    try:
        source = read(data, file)
    except RemitError as error:
        return (unreadable(error, file),) if _SIGN.search(data) is not None else None
    return _of_file(source, kind, allow) if _is_meant(source.value) else None


def _is_meant(value: Any) -> bool:
    """Whether a file's value is a template or a policy, whatever is wrong with it."""
    from remit.lint.elements import is_policy  # noqa: PLC0415 - an app reads no files
    from remit.lint.templates import is_template  # noqa: PLC0415 - as above

    return is_template(value) or is_policy(_policy_in(value)[0])


def _neither(source: Source) -> RemitError:
    return RemitError(
        f"{source.file} holds neither a policy document nor a template",
        hint="a policy has Statement, a template Resources; `remit explain` and `remit diff` read plans of Terraform",
        origin=source.place(()),
    )


def _of_file(source: Source, kind: str | None, allow: Mapping[str, str] | None) -> tuple[Finding, ...]:
    comments = {} if source.text.lstrip().startswith(("{", "[")) else {source.file: source.text}
    return _sorted(suppress(dict.fromkeys(_of_source(source, kind)), comments, _table(allow)))


def unreadable(error: RemitError, file: str | None, folder: Path | None = None) -> Finding:
    """What could not be read, as a finding of R001; in the files of `folder`, where inside a policy item it is."""
    rule = shelf.rule("R001")
    origin = error.origin or (Origin(file) if file is not None else None)
    if folder is not None and error.origin is not None:
        python_text.forget()
        origin = python_text.named_in(folder, error.origin, error.message)
    return Finding(rule.code, rule.name, ERROR, hidden(error.message), error.hint, origin)


def _table(allow: Mapping[str, str] | None) -> dict[str, tuple[str, Origin | None]]:
    return {name: (why, None) for name, why in (allow or {}).items()}


def _sorted(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple(
        sorted(
            findings,
            key=lambda one: (one.file or "", one.line, one.column, _ORDER[one.severity], one.rule, one.message),
        )
    )


def _assigned(app: App) -> tuple[Role, ...]:
    from remit.grants.assign import assign  # noqa: PLC0415 - policy files need no app

    return assign(app)


def _of_source(source: Source, kind: str | None) -> Iterator[Finding]:
    from remit.lint import templates  # noqa: PLC0415 - as above
    from remit.lint.elements import is_stack_policy  # noqa: PLC0415 - as above
    from remit.lint.policies import document_of  # noqa: PLC0415 - as above

    for slip in source.slips:
        yield from _findings(shelf.hooks("slip"), slip, lambda _, spot=slip.spot: source.place(spot))  # type: ignore[misc]
    if templates.is_template(source.value):
        stack = templates.stack_of(source.value, source.place, len(source.text.encode()))
        yield from _findings(shelf.hooks("template"), stack, stack.place, told=Counter())
        if len(source.text) > TOO_LARGE:
            return
        for environment in (*_of_globals(stack), *templates.environments(stack)):
            yield from _findings(shelf.hooks("environment"), environment, environment.place)
        for document in templates.documents(stack):
            yield from _of_document(document)
        return
    value, path = _policy_in(source.value)
    located = bool(source.text)
    document = document_of(value, kind or _kind(value), source.place, path=path, located=located, sure=kind is not None)
    if is_stack_policy(value):
        for written in document.written:
            yield from _findings(shelf.hooks("stack_policy"), written, written.place)
        return
    yield from _of_document(document, huge=len(source.text) > HUGE)


def _of_globals(stack: Stack) -> Iterator[Environment]:
    """The variables that a SAM template gives to every function."""
    path = ("Globals", "Function", "Environment", "Variables")
    value: Any = stack.raw
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    if isinstance(value, dict) and value:
        yield Environment("every function", value, lambda spot: stack.place((*path, *spot)), own=False)


def _policy_in(value: Any) -> tuple[Any, tuple[str, ...]]:
    """The document inside what `aws iam get-policy-version` and its like print; else the value itself."""
    path: tuple[str, ...] = ()
    for name in ("PolicyVersion", "Document", "PolicyDocument"):
        if isinstance(value, dict) and "Statement" not in value and isinstance(value.get(name), dict):
            value, path = value[name], (*path, name)
    return value, path


def _kind(value: Any) -> str:
    """Trust when every action assumes a role, resource when there is a principal, else identity."""
    statements = value.get("Statement") if isinstance(value, dict) else None
    several = [one for one in (statements if isinstance(statements, list) else [statements]) if isinstance(one, dict)]
    with_principal = [one for one in several if "Principal" in one or "NotPrincipal" in one]
    if not with_principal:
        return IDENTITY
    actions = [one.get("Action", "") for one in several]
    flat = [text for one in actions for text in (one if isinstance(one, list) else [one])]
    if all(isinstance(text, str) and text.lower().startswith(("sts:assume", "sts:tag", "sts:set")) for text in flat):
        return TRUST
    anywhere = all(one.get("Resource") in ("*", None) for one in several)
    return IDENTITY if not anywhere and len(with_principal) < len(several) else RESOURCE


def _of_document(document: Document, *, huge: bool = False) -> Iterator[Finding]:
    broken: dict[int, bool] = {}
    told: Counter[str] = Counter()
    yield from _findings(shelf.hooks_for("document", document), document, document.place, told=told)
    shapes = shelf.hooks_for("shape", document)
    for written in document.written:
        for finding in _findings(shapes, written, written.place, told=told):
            broken[written.index] = broken.get(written.index, False) or finding.severity == ERROR
            yield finding
    rule = shelf.rule("R103")
    for one in document.broken[:MOST]:
        if not broken.get(one.written.index):
            hint = one.hint or _HINTS.get(str(one.spot[0]) if one.spot else "")
            yield _finding(rule, Problem(one.message, hint, one.spot), one.written.place, None)
    if huge:
        return
    for item in document.items:
        yield from _of_item(item, told)
    yield from _of_policy(document)


def _of_item(item: Item, told: Counter[str], *, severe: bool = False) -> Iterator[Finding]:
    doubtful, conditional = item.doubtful, bool(item.statement.conditions)
    for kind in ("statement", *(("doubtful",) if doubtful else ()), *(("conditional",) if conditional else ())):
        hooks = shelf.hooks(kind, severe=True) if severe else shelf.hooks_for(kind, item.document)
        yield from _findings(hooks, item, item.place, item.grant, told=told)


def _of_policy(document: Document, *, severe: bool = False) -> Iterator[Finding]:
    by_index = {item.index: item for item in document.items}
    for rule, hook in shelf.hooks("policy", severe=severe):
        for problem in islice(hook(document), MOST):
            item = by_index.get(problem.index) if problem.index is not None else None
            place = document.place if item is None else item.place
            yield _finding(rule, problem, place, None if item is None else item.grant)


def _of_app(app: App, roles: tuple[Role, ...], folder: Path, *, severe: bool = False) -> Iterator[Finding]:
    origins = {function.name: function.origin for function in app.functions}
    seen: set[Any] = set()
    told: Counter[str] = Counter()
    types = _types(app, roles)
    for role in roles:
        document = _of_role(role, types, origins.get(role.functions[0]) if role.functions else None, folder, app)
        for item in document.items:
            key = _key(item)
            if key not in seen:
                seen.add(key)
                yield from _of_item(item, told, severe=severe)
        yield from _of_policy(document, severe=severe)
    yield from _of_resources(app, frozenset(types))
    for function in app.functions:
        variables = function.properties.get("Environment", {}).get("Variables", {})
        if variables:
            origin = function.written.get("Environment", function.origin)
            environment = Environment(function.name, variables, _entry(folder, origin))
            yield from _findings(shelf.hooks("environment", severe=severe), environment, environment.place)
    project = Project(app, roles)
    for rule, hook in () if severe else shelf.hooks("project"):
        for problem in hook(project):
            yield _finding(rule, problem, _always(problem.origin), None)


def _of_resources(app: App, names: frozenset[str]) -> Iterator[Finding]:
    """The policies that an app's own resources hold, at the lines that declare them."""
    if not any("Statement" in repr(one.properties) for one in app.resources):
        return
    from remit.lint.subject import Stack  # noqa: PLC0415 - few apps have such resources
    from remit.lint.templates import documents  # noqa: PLC0415 - as above

    for one in app.resources:
        raw = {one.logical_id: {"Type": one.type, "Properties": one.properties}}
        for document in documents(Stack({}, _always(one.origin), names, raw, late=True)):
            yield from _of_document(document)


def _key(item: Item) -> Any:
    """What makes statements alike for rules: its texts, whatever resource of the app they refer to, and its line."""
    statement = item.statement
    texts = tuple(_REFERENCE.sub(r"${_\1}", text) for text in item.resources)
    origin = item.grant.origin if item.grant is not None else None
    return statement.effect, statement.actions, texts, statement.conditions, origin


def _types(app: App, roles: tuple[Role, ...]) -> dict[str, str]:
    """What the app's template will hold: types by logical id."""
    types = {one.logical_id: one.type for one in app.resources}
    types |= dict.fromkeys((role.logical_id for role in roles), "AWS::IAM::Role")
    for function in app.functions:
        types[f"{function.logical_id}Function"] = "AWS::Lambda::Function"
        types[f"{function.logical_id}LogGroup"] = "AWS::Logs::LogGroup"
        types.update((one.logical_id, one.type) for trigger in function.triggers for one in trigger.resources(function))
    for queue in app.queues:
        logical_id = queue_id(queue)
        dead = f"{logical_id.removesuffix('Queue')}DeadLetterQueue"
        types |= dict.fromkeys((logical_id, dead), "AWS::SQS::Queue")
    return types


def _always(origin: Origin | None) -> Place:
    return lambda _: origin


def _entry(folder: Path, origin: Origin | None) -> Place:
    """Where a variable stands in the setting that gives it."""
    return lambda spot: python_text.entry(folder, origin, str(spot[0])) if origin is not None and spot else origin


def _of_role(role: Role, types: dict[str, str], otherwise: Origin | None, folder: Path, app: App) -> Document:
    place = _always(otherwise)
    document = Document(
        IDENTITY,
        place=place,
        names=types,
        types=types,
        quota="iam.role.inline",
        title=role.logical_id,
        stage=app.stage,
        app=app.name,
        owners=tuple(f"{name} " for name in role.functions),
    )
    ordinals: dict[Origin | None, int] = {}
    items = []
    for index, grant in enumerate(role.grants):
        ordinal = ordinals[grant.origin] = ordinals.get(grant.origin, -1) + 1
        items.append(Item(document, index, grant.statement, _placer(grant, otherwise, folder, ordinal), grant))
    document.items = tuple(items)
    return document


def _placer(grant: Grant, otherwise: Origin | None, folder: Path, ordinal: int) -> Place:
    origin = grant.origin
    if origin is None:
        return _always(otherwise)
    return lambda spot: python_text.inside(folder, origin, spot, ordinal)


def _files(app: App) -> tuple[str, ...]:
    """The Python files in which an app is declared, as their origins name them."""
    origins: list[Origin | None] = [app.queues_origin, *(origin for _, origin in app.allowed.values())]
    for function in app.functions:
        origins += (function.origin, *function.written.values(), *(grant.origin for grant in function.policy))
    declared: list[Resource | Output | Grant] = [*app.resources, *app.outputs, *(app.default_policy or ())]
    origins += (one.origin for one in declared)
    named = {origin.file for origin in origins if origin is not None}
    usual = ("config/deploy.py", f"config/deploy/{app.stage}.py")
    return tuple(sorted(file for file in {*named, *usual} if file.endswith(".py")))


def _of_files(app: App, folder: Path) -> Iterator[Finding]:
    for file in _files(app):
        for slip, origin in python_text.slips(folder, file):
            yield from _findings(shelf.hooks("slip"), slip, _always(origin))


def _text(path: Path) -> str | None:
    try:
        return path.read_text("utf-8")
    except (OSError, ValueError):
        return None


def _findings(
    hooks: Iterable[tuple[Rule, Hook]],
    subject: Any,
    place: Place,
    grant: Grant | None = None,
    *,
    told: Counter[str] | None = None,
) -> Iterator[Finding]:
    """What some rules find; `told` counts for each rule, so that nobody gets more than `MOST` of one."""
    for rule, hook in hooks:
        for problem in hook(subject):
            if told is not None:
                told[rule.code] += 1
                if told[rule.code] > MOST:
                    break
            yield _finding(rule, problem, place, grant)


def _finding(rule: Rule, problem: Problem, place: Place, grant: Grant | None) -> Finding:
    severity = problem.severity or rule.severity
    message, hint = tokens.as_written(problem.message), problem.hint and tokens.as_written(problem.hint)
    if grant is not None:
        message, hint = _as_written(message), hint and _as_written(hint)
    return Finding(rule.code, rule.name, severity, hidden(message), hint and hidden(hint), place(problem.spot), grant)


_WRITTEN: Final = {f"${{AWS::{late}}}": f"{{aws.{name}}}" for late, name in
                   (("Partition", "partition"), ("Region", "region"), ("AccountId", "account"))}  # fmt: skip


def _as_written(text: str) -> str:
    """Late-bound text as people write it in an app: `{aws.region}`, in an f-string."""
    if "${AWS::" in text:
        for late, written in _WRITTEN.items():
            text = text.replace(late, written)
    return text
