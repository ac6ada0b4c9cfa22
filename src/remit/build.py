"""Build a project: load it, assign its roles, package it, and make the template that deploys it."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn, TypeVar

from remit.catalogue.quotas import quota
from remit.errors import Mistakes, Origin, RemitError, few
from remit.iam.policy import render_statement
from remit.lint.apps import errors, without_jobs
from remit.loading.load import load_project
from remit.project.current_load import placed
from remit.project.dot_remit import own_folder
from remit.resources.own_resources import own_resources
from remit.roles.assign import assign
from remit.roles.defaults import notes_of
from remit.roles.policy_size import Headroom, Sizes, headroom, own_policies
from remit.source.layout import GUARDRAILS
from remit.synthesis.check import check, notes_on
from remit.synthesis.check_regions import check_regions
from remit.synthesis.check_schedules import check_schedules
from remit.synthesis.overrides import notes_on_overrides
from remit.synthesis.synth import ARTEFACTS, Draft, document, draft, synth
from remit.triggers.app_wide import app_wide_notes
from remit.triggers.existing_sources import ExistingSource, existing_sources

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from remit.app import App, Grant, Template
    from remit.holders import Holder
    from remit.judge.judge import LoadedProject
    from remit.lint.finding import Finding
    from remit.package.app_zip import Package
    from remit.package.installer import Target
    from remit.roles.role_policies import Place

Placed = TypeVar("Placed", "Finding", RemitError)
FOLDER: Final = Path(".remit") / "build"


@dataclass(frozen=True, slots=True)
class Built:
    """The result of a build: the app, its roles, its template (noun and text), and the artefacts by their keys."""

    folder: Path
    app: App
    roles: tuple[Holder, ...]
    template: Template
    body: str
    artefacts: Mapping[str, Path]
    notes: tuple[str, ...] = ()
    """What people should know: files that were left out, sizes."""
    headroom: tuple[Headroom, ...] = ()
    """What each role uses of its quotas, in the order of the roles."""
    must_exist: tuple[ExistingSource, ...] = ()
    """What its triggers need and the template does not make."""

    @property
    def namespace(self) -> str:
        """The name of the stack."""
        return self.app.namespace


def build(
    folder: Path,
    stage: str | None = None,
    *,
    package: bool = True,
    progress: Callable[[str], None] | None = None,
    accept: str | None = None,
    for_this_machine: bool = False,
    place: Place | None = None,
    bucket: str | None = None,
    now: datetime | None = None,
    lacking: Callable[[App], Iterable[RemitError]] = lambda _: (),
) -> Built:
    """Load, assign, package (unless told not to), synthesise and check; writes `.remit/build/`.

    `accept` is the reason why what a replaced default policy breaks may be broken; without one, that is an error.
    With `for_this_machine`, dependencies are for the AWS on this machine, which runs a function in the nearest Python
    that this machine has, and variables have the values that `.env.local` gives them.
    `place` is where it is going to be deployed, if that is known: guardrails are proven for that alone, and it is a
    mistake if something lies in another region than AWS takes it from. `bucket` holds the zips, if that is not remit's.

    `now` is the time from which on schedules must run, this machine's if none is given. It decides only whether a
    build is refused: what a build writes holds no time, so that the same input gives the same bytes, today or later.

    `lacking` gives what the account lacks that the app needs: it is asked when a build is refused, so that this is
    reported with the other mistakes.

    RemitError has every mistake that could be found, in the order of their places. A project that cannot be loaded at
    all is refused at once, without asking `lacking`.
    """
    project = load_project(folder, stage)
    if for_this_machine:
        from remit.project.local_values import with_local_variables  # noqa: PLC0415 - few builds need it

        project = replace(project, app=with_local_variables(project.app, folder))
    if project.app.puts_dependencies_into_layers:
        from remit.package.layers import with_dependency_layers  # noqa: PLC0415 - few apps say so

        with project.mistakes.noted():
            project = replace(project, app=with_dependency_layers(project.app, folder))
    project.mistakes.errors += placed(check_schedules(project.app, now or datetime.now(UTC)), folder).errors
    settings = _BuildSettings(
        folder, package, progress or _silent, accept, for_this_machine, place, bucket or ARTEFACTS
    )
    try:
        return _build(project, settings)
    except RemitError as refusal:
        mistakes = Mistakes(list(refusal.all))
        mistakes.errors += _elsewhere(placed(lacking(project.app), folder).errors, mistakes)
        raise mistakes.together() from None


@dataclass(frozen=True, slots=True)
class _BuildSettings:
    """How `build` was called."""

    folder: Path
    package: bool
    progress: Callable[[str], None]
    accept: str | None
    for_this_machine: bool
    place: Place | None
    bucket: str


def _build(project: LoadedProject, settings: _BuildSettings) -> Built:
    # Checks, packages and writes a loaded project. RemitError: all mistakes that are known by then, which
    # `project.mistakes` has, too; neither the template's file nor that of the roles is written then.
    app, mistakes, folder = project.app, project.mistakes, settings.folder
    if not project.is_whole:
        app = without_jobs(app)
    # `declared` are the roles before they were fitted to IAM's quotas: what people wrote is checked and compared.
    declared, drafted, unknown_notes = _drafted(app, project, settings)
    if drafted is None:
        _refuse_all(project, settings)
    template, roles = drafted
    findings: tuple[Finding, ...] = ()
    override_notes: tuple[str, ...] = ()
    guardrail_notes: tuple[str, ...] = ()
    with mistakes.noted():
        findings = errors(app, declared, folder=folder, template=template, is_whole=project.is_whole)
    with_all_access, roles_with_all = app, declared
    if project.unread.access_of:
        known = tuple(item for item in app.functions if item.resource_id not in project.unread.access_of)
        with_all_access = replace(app, functions=known)
        roles_with_all = assign(with_all_access)
    if findings:  # a slip in an override may be why it breaks something
        mistakes.errors += _mistakes_of(_elsewhere(findings, mistakes))
    else:
        with mistakes.noted():
            override_notes = notes_on_overrides(with_all_access, roles_with_all, settings.accept, folder)
    if (folder / GUARDRAILS).exists():
        from remit.synthesis.guardrails import guard  # noqa: PLC0415 - few projects have any

        with mistakes.noted():
            guardrail_notes = guard(folder, with_all_access, roles_with_all, settings.place)
    if mistakes.errors:
        _refuse_all(project, settings)
    sizes = Sizes(app.namespace, {resource.logical_id: resource for resource in template.resources})
    headrooms = tuple(headroom(before, role, sizes) for before, role in zip(declared, roles, strict=True))
    body = _body(template)  # refused here, before the zips are made, if it is too large
    artefacts: Mapping[str, Path] = {}
    zip_notes: tuple[str, ...] = ()
    if settings.package:
        try:
            keys, artefacts, zip_notes = _package(app, settings)
        except RemitError as refusal:
            mistakes.errors += refusal.all
            _refuse_all(project, settings, is_tried=True)
        # Again, now that the zips have keys: these are hashes of their contents.
        template = synth(app, roles, keys, settings.bucket)
        body = _body(template)
    output = own_folder(folder, "build")
    write(output / "template.json", body)
    write(output / "roles.json", text([role_document(role) for role in roles]))
    notes = [*notes_of(app), *app_wide_notes(app)]
    if looked_up := tuple(dict.fromkeys(value.called for value in template.parameters)):
        notes.append(f"`remit deploy` looks up {few(looked_up)}; parameters of the template stand for what it gives")
    notes += [*unknown_notes, *override_notes, *guardrail_notes, *zip_notes]
    notes += [headroom.text for headroom in headrooms if headroom.remarkable]
    notes += notes_on(template, declared, app)
    return Built(folder, app, roles, template, body, artefacts, tuple(notes), headrooms, _must_exist(app))


def _drafted(
    app: App, project: LoadedProject, settings: _BuildSettings
) -> tuple[tuple[Holder, ...], Draft | None, tuple[str, ...]]:
    """The roles that an app declares, its template with the roles as they fit IAM's quotas, and notes.

    None in the place of the template: none can be made. What a deploy would fail on is added to the project's mistakes,
    and raises nothing. A name that remit does not know is such a mistake, too, unless a `remit: allow` at its line
    accepts it: then it is a note. The first of these mistakes gets the hint how to accept it.
    """
    declared: tuple[Holder, ...] = ()
    drafted: Draft | None = None
    found = Mistakes()
    with found.noted():
        declared = assign(app)
        drafted = draft(app, declared, found, bucket=settings.bucket)
        unread = project.unread
        if found.errors:  # the template is not whole, and what is missing from it may be anything
            unread = replace(unread, lost=unread.lost | {""}, permissions=True)
        check(drafted.template, declared, app, found, unread)
        found.errors += check_regions(drafted.template, app, settings.place)
    errors: list[RemitError] = []
    notes: list[str] = []
    for mistake in placed(found.errors, settings.folder).errors:
        because = None
        if mistake.rule is not None:  # of what remit does not know
            from remit.lint.suppress import reason_at  # noqa: PLC0415 - most builds find nothing that could be accepted

            because = reason_at(mistake.rule, mistake.origin, settings.folder, app.allowed)
        if because is None:
            errors.append(mistake)
        else:
            notes.append(f"accepted ({because}): {mistake.message}\n  --> {mistake.origin}")
    unknown = [error for error in errors if error.rule is not None]
    if unknown:
        first = min(unknown, key=lambda error: error.origin or Origin("", 0, 0))
        way = f"if AWS has it, write `# remit: allow {first.rule} because …` at the line"
        first.hint = f"{first.hint}\n  or, {way}" if first.hint else way
    if errors:
        project.mistakes.errors += _elsewhere(errors, project.mistakes)
    return declared, drafted, tuple(notes)


def _must_exist(app: App) -> tuple[ExistingSource, ...]:
    """List the things of the account that an app needs and its template does not make.

    First come the sources of triggers and managed policies, then the KMS keys of its queues and topics.
    """
    sources = existing_sources(app, own_resources(app).late_bound_arns)
    if app.resources:
        from remit.synthesis.service_policies import existing_keys  # noqa: PLC0415 - of apps with queues and topics alone

        sources += existing_keys(app)
    return sources


def _elsewhere(problems: Iterable[Placed], mistakes: Mistakes) -> tuple[Placed, ...]:
    """The problems at other places than the mistakes: at the same place they say the same in other words.

    A problem without a place is one of them.
    """
    places = {mistake.origin for mistake in mistakes.errors if mistake.origin is not None}
    return tuple(problem for problem in problems if problem.origin not in places)


def _refuse_all(project: LoadedProject, settings: _BuildSettings, *, is_tried: bool = False) -> NoReturn:
    """Raise all mistakes as one RemitError, with them those among the files to pack, and in the zips.

    For these the zips are made, and thrown away, unless nothing is to be packaged. `is_tried`: they were made before,
    and are made again only if some files cannot be packed: without these.
    """
    mistakes, folder = project.mistakes, settings.folder
    if settings.package and project.is_packable:
        from remit.package.app_zip import check_own_files  # noqa: PLC0415 - of mistakes alone

        app, of_files = project.app, Mistakes()
        for code in app.code_roots:
            with of_files.noted():
                check_own_files(folder, app.exclude, app.allowed_secrets, code, secrets_alone=not project.is_whole)
        refused_files = [error.origin.file for error in of_files.errors if error.origin is not None]
        needed = any(file.endswith(".py") for file in refused_files)  # by another module, which would miss it
        if not needed and (refused_files or not is_tried):
            without = (*app.exclude, *(f"/{file}" for file in refused_files))
            with of_files.noted():
                _package(replace(app, exclude=without), replace(settings, progress=_silent), keeps=False)
        mistakes.errors += _elsewhere(of_files.errors, mistakes)
    raise placed(mistakes.errors, folder).together()


def _mistakes_of(findings: Iterable[Finding]) -> list[RemitError]:
    """List what lint is certain about, each at its line: a statement that IAM refuses, or that can never do anything.

    The first one says how a finding is accepted.
    """
    mistakes: list[RemitError] = []
    for finding in findings:
        hint = finding.hint or f"`remit lint --explain {finding.rule}` tells the rule"
        if not mistakes:
            hint = f"{hint}\n  or, if it is meant, write `# remit: allow {finding.rule} because …` at the line"
        mistakes.append(RemitError(finding.message, hint=hint, origin=finding.origin, rule=finding.rule))
    return mistakes


def _body(template: Template) -> str:
    """The template's text, in ASCII. RemitError: it is longer than CloudFormation takes."""
    body, most = text(document(template)), quota("cloudformation.template.s3").most
    if len(body) > most:
        problem = f"the template is {len(body):,} bytes; CloudFormation allows {most:,}"
        raise RemitError(problem, hint="split the app into two projects")
    return body


def _package(
    app: App, settings: _BuildSettings, *, keeps: bool = True
) -> tuple[Mapping[str, str], Mapping[str, Path], tuple[str, ...]]:
    """Make one zip for each root, Python and architecture of the functions, and one for each layer.

    Gives the key of each function's zip by the function's name, and of each layer's by its Ref (late-bound text); the
    zips by their keys in the bucket; and notes for people. Unless it `keeps` them, zips are only tried, and none is put
    where people look. RemitError: all mistakes in what was packed, or alone the first file or dependency that cannot be
    packed at all.
    """
    from remit.package.app_zip import package, package_layer, place  # noqa: PLC0415 - not always asked for
    from remit.package.layers import check_sizes  # noqa: PLC0415 - as above
    from remit.package.packed_handlers import check_handlers  # noqa: PLC0415 - as above
    from remit.package.packed_imports import check_imports  # noqa: PLC0415 - as above

    folder = settings.folder
    targets = _targets(folder, app, for_this_machine=settings.for_this_machine)
    zips = {function.name: (function.code, targets[function.name]) for function in app.functions}
    zips_of_web_apps = {zips[function.name] for function in app.functions if function.web is not None}
    of_dependencies = {layer.ref for layer in app.layers if layer.runtime}
    apart = {function.code for function in app.functions if not of_dependencies.isdisjoint(function.layers)}
    packages: dict[tuple[str, Target], Package] = {}
    for kind in dict.fromkeys(zips.values()):
        code, target = kind
        packages[kind] = package(
            folder,
            target,
            code=code,
            exclude=app.exclude,
            allow=app.allowed_secrets,
            progress=settings.progress,
            serves_web_app=kind in zips_of_web_apps,
            apart=code in apart,
        )
    packages_by_function = {name: packages[kind] for name, kind in zips.items()}
    mistakes, of_imports = Mistakes(), Mistakes()
    layers: dict[str, Package] = {}
    for layer in app.layers:
        users = [packages_by_function[function.name] for function in app.functions if layer.ref in function.layers]
        dependencies = dict.fromkeys(installed for package_of_user in users for installed in package_of_user.layers)
        with mistakes.noted():
            layers[layer.ref] = package_layer(folder, layer, tuple(dependencies), app.allowed_secrets)
    with mistakes.noted():
        check_sizes(app, packages_by_function, layers)
    notes: list[str] = []
    with mistakes.noted():
        check_handlers(app.functions, packages_by_function)
    with of_imports.noted():
        notes += check_imports(folder, app, packages_by_function, layers, targets)
    mistakes.errors += _elsewhere(of_imports.errors, mistakes)
    mistakes.refuse()
    if keeps:
        place(packages_by_function, folder)
    notes += _notes_on_zips(app, packages, layers)
    all_packages = {**packages_by_function, **layers}
    keys = {name: f"${{AWS::StackName}}/{built.sha256}.zip" for name, built in all_packages.items()}
    artefacts = {f"{app.namespace}/{built.sha256}.zip": built.path for built in all_packages.values()}
    return keys, artefacts, tuple(dict.fromkeys(notes))


def _targets(folder: Path, app: App, *, for_this_machine: bool) -> dict[str, Target]:
    """Return the target of each function's zip by the function's name.

    It is the function's Python and architecture on Lambda, or this machine's where the app has dependencies or a web
    app: without them, a zip is the same for both.
    """
    from remit.package.app_zip import depends  # noqa: PLC0415 - as above
    from remit.package.installer import Target, this_machine  # noqa: PLC0415 - as above

    has_web_app = any(function.web is not None for function in app.functions)
    runtimes = {function.name: str(function.properties["Runtime"]) for function in app.functions}
    if for_this_machine and (has_web_app or any(depends(folder, code) for code in app.code_roots)):
        targets_by_runtime = {runtime: this_machine(runtime) for runtime in sorted(set(runtimes.values()))}
        return {name: targets_by_runtime[runtime] for name, runtime in runtimes.items()}
    targets: dict[str, Target] = {}
    for function in app.functions:
        python = runtimes[function.name].removeprefix("python")
        targets[function.name] = Target(python, str(function.properties["Architectures"][0]))
    return targets


def _notes_on_zips(
    app: App, packages: Mapping[tuple[str, Target], Package], layers: Mapping[str, Package]
) -> Iterator[str]:
    """Yield the notes on each zip: for whom it is, its sizes, what was left out, the secrets that it may hold.

    Last come the exceptions in `config.package.allow` that no zip needs.
    """
    from remit.package.app_zip import bytes_in_words  # noqa: PLC0415 - as above

    kinds = [(f"{code} for {target.words}".lstrip(), package) for (code, target), package in packages.items()]
    kinds += [(f"a layer of {layer.words}", layers[layer.ref]) for layer in app.layers]
    for words, package in kinds:
        size = f"{bytes_in_words(package.size)}, {bytes_in_words(package.unzipped)} unpacked"
        yield f"packed {words}: {size}"
        for left_out in package.left_out:
            yield f"  left out ({left_out.reason}): {left_out.listed}"
        for secret in package.possible_secrets:
            yield f"  warning: {secret} goes into the zip: read it when a function runs, by secret(…)"
    for exception in kinds[0][1].unneeded if kinds else ():
        if all(exception in package.unneeded for _, package in kinds):
            yield f"  {exception.pattern!r} in config.package.allow allows nothing: {exception.origin}"


def _silent(_: str) -> None:
    pass


def text(value: Any) -> str:
    """JSON as remit writes it: ASCII, two spaces, the keys in their order, a newline at the end."""
    return json.dumps(value, indent=2) + "\n"


def role_document(role: Holder) -> dict[str, Any]:
    """A role for people and programs: whom it serves, and each statement with its reason and line.

    A role with several policies of its own says how many of the grants, in their order, each of them holds.
    """
    inline, *made = own_policies(role)
    counts = {"inline": len(inline.grants), **{policy.name: len(policy.grants) for policy in made}}
    policies = {"policies": counts} if made else {}
    return {
        "role": role.logical_id,
        "functions": list(role.functions),
        "managed_policies": list(role.managed),
        "permissions_boundary": role.boundary,
        **policies,
        "grants": [grant_document(grant) for grant in role.grants],
    }


def grant_document(grant: Grant) -> dict[str, Any]:
    """A grant for programs: the statement, because, and where it was written (None where that is not known).

    A grant that stands for several declared ones has these as well, in `stands_for`.
    """
    origin = grant.origin
    return {
        "statement": render_statement(grant.statement),
        "because": grant.because,
        "file": origin.file if origin else None,
        "line": origin.line if origin else None,
        "column": origin.column if origin else None,
        **({"stands_for": [grant_document(replaced) for replaced in grant.stands_for]} if grant.stands_for else {}),
    }


def write(path: Path, content: str, hint: str | None = "remit writes to `.remit/` in the project") -> None:
    """Write a file, readable by its owner alone, whole or not at all: under a temporary name, then renamed.

    Folders above it are made. RemitError (2): it cannot be written; `hint` is what helps when it cannot even begin.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    except OSError as error:
        raise RemitError(f"cannot write {path}: {error.strerror}", hint=hint) from None
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(content)
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise RemitError(f"cannot write {path}: {error.strerror}") from None
