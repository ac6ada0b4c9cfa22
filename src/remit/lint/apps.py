"""Lint an app: its roles, environments and declarations before every rule, with findings at its authors' lines."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from remit.errors import Origin, few
from remit.lint import rule_registry
from remit.lint.finding import ERROR, Finding
from remit.lint.rule_inputs import IDENTITY, Environment, Locate, ParsedStatement, PolicyDocument, Project
from remit.lint.run import finding, findings, of_document, of_item, of_policy, ordered
from remit.roles.assign import assign
from remit.roles.reference_names import resources_of
from remit.source import places, python_file
from remit.triggers.app_wide import apis

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from remit.app import App, Grant, Output, Resource, Template
    from remit.holders import Holder

_OF_WHOLE_APPS: Final = frozenset({"R401", "R402"})
"""The rules about references, which may name what could not be read."""
_REFERENCE: Final = re.compile(r"\$\{[A-Za-z0-9]+(\.[A-Za-z0-9.]+)?\}")


def lint(
    app: App,
    roles: tuple[Holder, ...] | None = None,
    *,
    folder: Path | str = ".",
    allow: Mapping[str, str] | None = None,
) -> tuple[Finding, ...]:
    """Lint an app at the lines of its files in `folder`; findings by file and line, but those that somebody accepted.

    `roles` are by default those that remit computes. `allow` accepts rules (code or name) with a reason, as comments at
    the line and `config.lint.allow` do; a reason that nothing needs is a finding of R002. What was read of Python files
    before is forgotten first. RemitError (2): `allow` or `app.allowed` names no rule.
    """
    from remit.lint.suppress import suppress  # noqa: PLC0415 - most builds find nothing that could be accepted

    root = Path(folder)
    python_file.forget()
    assigned = assign(app) if roles is None else roles
    unsuppressed = list(dict.fromkeys((*_of_app(app, assigned, root), *_of_files(app, root))))
    files = dict.fromkeys((*_files(app), *(problem.file for problem in unsuppressed if problem.file)))
    texts = {file: text for file in files if (text := _text(root / file)) is not None}
    table = {**app.allowed, **{name: (why, None) for name, why in (allow or {}).items()}}
    return ordered(_in_characters(suppress(unsuppressed, texts, table), texts))


def errors(
    app: App,
    roles: tuple[Holder, ...],
    *,
    folder: Path | str = ".",
    template: Template | None = None,
    is_whole: bool = True,
) -> tuple[Finding, ...]:
    """The errors about grants and environments alone, which are quick to find, but those that somebody accepted.

    For every build. `template` is the app's, where it has been made already. Unless the app `is_whole`, references may
    name what could not be read, so R401 and R402 are left out. What an override of the default policy breaks (R704) is
    not among them: a build asks about that by itself. RemitError (2): `app.allowed` names no rule, if there is an
    error.
    """
    types = None if template is None else {resource.logical_id: resource.type for resource in template.resources}
    problems = _of_app(app, roles, Path(folder), severe=True, types=types)
    left_out = frozenset() if is_whole else _OF_WHOLE_APPS
    broken = [problem for problem in problems if problem.severity == ERROR and problem.rule not in left_out]
    if not broken:
        return ()
    from remit.lint.suppress import suppress  # noqa: PLC0415 - as above

    root = Path(folder)
    texts = {
        problem.file: text for problem in broken if problem.file and (text := _text(root / problem.file)) is not None
    }
    # What is wrong in a policy as a whole may be found in the policies of several roles.
    remaining = suppress(dict.fromkeys(broken), texts, dict(app.allowed))
    return ordered(_in_characters((problem for problem in remaining if problem.severity == ERROR), texts))


def errors_of_parts(app: App, *, folder: Path | str = ".") -> tuple[Finding, ...]:
    """The errors of an app some declarations of which could not be read: those of the other declarations."""
    parts = without_jobs(app)
    return errors(parts, assign(parts), folder=folder, is_whole=False)


def without_jobs(app: App) -> App:
    """A copy of an app without its jobs, their queues and functions: a declaration that was not read may make these."""
    functions = tuple(function for function in app.functions if function.queue is None)
    return replace(app, functions=functions, queues=(), jobs={})


def _in_characters(findings: Iterable[Finding], texts: Mapping[str, str]) -> Iterator[Finding]:
    """The findings in their order, with columns in characters, where Python counted them in bytes of UTF-8.

    `texts` has the texts of files; a finding in any other file stays as it is.
    """
    from remit.lint.suppress import OF_COMMENTS  # noqa: PLC0415 - as above

    for located in findings:
        text = texts.get(located.file or "", "")
        if located.origin is None or text.isascii() or located.rule in OF_COMMENTS:
            yield located
        else:
            line = next(islice(text.split("\n"), located.line - 1, None), "").encode()
            column = len(line[: located.column - 1].decode(errors="ignore")) + 1 if located.column else 0
            yield replace(located, origin=replace(located.origin, column=column))


def _of_app(
    app: App, roles: tuple[Holder, ...], folder: Path, *, severe: bool = False, types: dict[str, str] | None = None
) -> Iterator[Finding]:
    """The findings about an app: its roles, resources, environments, and itself.

    A statement that several roles have at one line is looked at once. With `severe` only rules that can find errors are
    asked, and none about the whole app. `types` are those of its template's resources by logical id, where they are
    known.
    """
    origins = {function.name: function.origin for function in app.functions}
    checked: set[Any] = set()
    counts: Counter[str] = Counter()
    if types is None:
        types = _types(app, roles)
    names = frozenset((*types, *(value.parameter for value in app.existing)))
    for role in roles:
        origin = origins.get(role.functions[0]) if role.functions else None
        document = _of_role(role, types, names, origin or role.origin, folder, app)
        for item in document.statements:
            # Equal statements share their texts, whatever resource of the app they name, and their line.
            statement, line = item.statement, item.grant and item.grant.origin
            texts = tuple(_REFERENCE.sub(r"${_\1}", text) for text in item.resources)
            key = statement.effect, statement.actions, texts, statement.conditions, line
            if key not in checked:
                checked.add(key)
                yield from of_item(item, counts, severe=severe)
        yield from of_policy(document, severe=severe)
    if any("Statement" in repr(resource.properties) for resource in app.resources):
        yield from _of_resources(app, names)
    for environment in _environments(app, folder):
        yield from findings(rule_registry.hooks("environment", severe=severe), environment, environment.locate)
    project = Project(app, roles, folder)
    for rule, hook in () if severe else rule_registry.hooks("project"):
        for problem in hook(project):
            yield finding(rule, problem, _always(problem.origin), None)


def _environments(app: App, folder: Path) -> Iterator[Environment]:
    """Yield each variable of the app's functions as an environment of its own, once for a place, a name and a value.

    Its `function` names the functions that have it.
    """
    owners: dict[tuple[Origin | None, str, str], list[str]] = {}
    values: dict[tuple[Origin | None, str, str], Any] = {}
    for function in app.functions:
        origin = function.written.get("Environment", function.origin)
        variables = function.properties.get("Environment", {}).get("Variables", {})
        for name, value in variables.items():
            key = (origin, name, repr(value))
            owners.setdefault(key, []).append(function.name)
            values[key] = value
    for key, (owner, *further) in owners.items():
        origin, name, _ = key
        functions = f"{owner} (likewise {few(further)})" if further else owner
        yield Environment(functions, {name: values[key]}, _entry(folder, origin))


def _of_resources(app: App, names: frozenset[str]) -> Iterator[Finding]:
    """The policies that an app's own resources hold, at the lines that declare them."""
    from remit.lint.templates import documents  # noqa: PLC0415 - few apps have such resources
    from remit.template.written_template import WrittenTemplate  # noqa: PLC0415 - as above

    for resource in app.resources:
        raw = {resource.logical_id: {"Type": resource.type, "Properties": resource.properties}}
        for document in documents(WrittenTemplate({}, _always(resource.origin), names, raw, late=True)):
            yield from of_document(document)


def _types(app: App, roles: tuple[Holder, ...]) -> dict[str, str]:
    """The types of all resources that the app's template will have, also of roles and triggers, by logical id."""
    shared = [resource for api in apis(app.functions).values() for resource in api.resources(app)]
    types = {resource.logical_id: resource.type for resource in (*resources_of(app), *shared)}
    types |= dict.fromkeys((role.logical_id for role in roles), "AWS::IAM::Role")
    for function in app.functions:
        for trigger in function.triggers:
            types.update((resource.logical_id, resource.type) for resource in trigger.resources(function))
    return types


def _always(origin: Origin | None) -> Locate:
    """A function that gives the same place for every spot."""
    return lambda _: origin


def _entry(folder: Path, origin: Origin | None) -> Locate:
    """A function that gives the place of a variable in the setting at `origin`; None where no setting is known."""
    return lambda spot: places.entry(folder, origin, str(spot[0])) if origin is not None else None


def _of_role(
    role: Holder, types: dict[str, str], names: frozenset[str], default_origin: Origin | None, folder: Path, app: App
) -> PolicyDocument:
    """The statements of a role as a document to lint, each at its own line, else at the default one."""
    document = PolicyDocument(
        IDENTITY,
        lambda _: default_origin,
        names=names,
        types=types,
        quota="iam.role.inline",
        title=role.logical_id,
        stage=app.stage,
        app=app.name,
    )
    ordinals: dict[Origin | None, int] = {}
    items = []
    for index, grant in enumerate(role.grants):
        ordinal = ordinals[grant.origin] = ordinals.get(grant.origin, -1) + 1
        locate = document.locate
        if grant.origin is not None:  # its list or document may have others before it
            locate = partial(places.inside, folder, grant.origin, ordinal=ordinal)
        items.append(ParsedStatement(document, index, grant.statement, locate, grant))
    document.statements = tuple(items)
    return document


def _files(app: App) -> tuple[str, ...]:
    """The Python files in which an app is declared, sorted, as origins name them; those of config/ need not exist."""
    origins: list[Origin | None] = [app.queues_origin, *(origin for _, origin in app.allowed.values())]
    for function in app.functions:
        origins += [function.origin, *function.written.values(), *function.managed_written.values()]
        origins += [grant.origin for grant in function.policy]
    declarations: list[Resource | Output | Grant] = [*app.resources, *app.outputs, *(app.default_policy or ())]
    origins += [declaration.origin for declaration in declarations]
    files = {"config/deploy.py", f"config/deploy/{app.stage}.py"}
    files |= {origin.file for origin in origins if origin is not None}
    return tuple(sorted(file for file in files if file.endswith(".py")))


def _of_files(app: App, folder: Path) -> Iterator[Finding]:
    """Yield the findings on the Python that declares the app: slips, such as a key that stands twice in a dict."""
    from remit.lint.python_slips import slips  # noqa: PLC0415 - a build does not look for them

    for file in _files(app):
        for slip, origin in slips(folder, file):
            yield from findings(rule_registry.hooks("slip"), slip, _always(origin))


def _text(path: Path) -> str | None:
    """The text of a file; None where it cannot be read, or is not UTF-8."""
    try:
        return path.read_text("utf-8")
    except (OSError, ValueError):
        return None
