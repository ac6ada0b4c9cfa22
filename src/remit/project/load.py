"""Load a project: run its configuration, import its app module, and check what they declare.

These are the only files of a project that are executed; a failure in them is reported at the user's own line.
"""

from __future__ import annotations

import contextlib
import importlib
import inspect
import re
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from remit.app import App, Function, Grant
from remit.errors import Origin, RemitError, Span, did_you_mean
from remit.project import declare, values, where
from remit.project.layout import roots
from remit.project.loading import Loading, loading, relative

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import ModuleType

    from remit.app import Output, Resource
    from remit.project.declarations import Access, Declaration
    from remit.project.settings import Items

_NAME: Final = re.compile(r"(?=.*[A-Za-z0-9])[A-Za-z0-9_-]+")
_QUEUE: Final = re.compile(r"[a-z][a-z0-9-]*")
NAME_LIMIT: Final = 64
"""Characters of a Lambda function's name ("Lambda quotas", 2026-11)."""
HANDLER_LIMIT: Final = 128
"""Characters of a handler (CreateFunction, AWS Lambda API Reference)."""
WORKER: Final = "remit.worker.work"


def load(folder: Path | str = ".", stage: str | None = None) -> App:
    """The app that a project folder declares for a stage. Every mistake is a RemitError at its line."""
    root = Path(folder).resolve()
    with loading(root, stage) as state, _importing(root):
        where.forget()
        _run_configuration(state)
        _import_shared(state)
        _import_app(state)
        try:
            return _app(state)
        finally:
            where.forget()


def _run_configuration(state: Loading) -> None:
    for path in (
        state.folder / "config" / "deploy.py",
        state.folder / "config" / "deploy" / f"{state.stage}.py",
    ):
        try:
            source = path.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            raise RemitError(f"cannot read it: {error.strerror}", origin=Origin(str(path))) from None
        with _user_code(state, path.relative_to(state.folder).as_posix()):
            code = compile(source, str(path), "exec")
            exec(code, {"__name__": f"config.{path.stem}", "__file__": str(path)})  # noqa: S102 - the declaration


def _import_shared(state: Loading) -> None:
    folder = state.folder / "shared" / "resources"
    for path in sorted(folder.glob("*.py")):
        if path.stem != "__init__":
            with _user_code(state, path.relative_to(state.folder).as_posix()):
                importlib.import_module(f"shared.resources.{path.stem}")


def _import_app(state: Loading) -> None:
    name = state.config.app
    paths = [root.joinpath(*name.split(".")) for root in roots(state.folder)]
    if not any(path.with_suffix(".py").is_file() or (path / "__init__.py").is_file() for path in paths):
        raise RemitError(
            f"there is no app module: neither `{name.replace('.', '/')}.py` nor a package of that name",
            hint="`remit init NAME` makes a project; `config.app` names another module",
            origin=Origin(str(state.folder)),
        )
    with _user_code(state, f"{name.replace('.', '/')}.py"):
        importlib.import_module(name)


@contextlib.contextmanager
def _importing(root: Path) -> Iterator[None]:
    """The project's folder is first on the path; afterwards its modules are forgotten, so that it can load again."""
    added = [str(place) for place in roots(root)]
    sys.path[:0] = added
    importlib.invalidate_caches()
    before = set(sys.modules)
    shadowed: dict[str, ModuleType] = {
        name: sys.modules.pop(name) for name in ("app", "config", "shared", "shared.resources") if name in sys.modules
    }
    try:
        yield
    finally:
        for place in added:
            sys.path.remove(place)
        new = [name for name in sys.modules if name not in before or name in shadowed]
        for name in [name for name in new if _inside(name, root)]:
            del sys.modules[name]
        sys.modules.update(shadowed)


def _inside(name: str, root: Path) -> bool:
    """Whether a module comes from the project's own folder."""
    module = sys.modules[name]
    file = getattr(module, "__file__", None)
    places = [file] if file else list(getattr(module, "__path__", ()))
    return any(Path(place).is_relative_to(root) and "site-packages" not in place for place in places)


@contextlib.contextmanager
def _user_code(state: Loading, what: str) -> Iterator[None]:
    """Whatever the user's own code raises becomes an error at the user's last line; what it prints is talk."""
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    except RemitError:
        raise
    except SyntaxError as error:
        at = Origin(error.filename or what, error.lineno or 0, error.offset or 0)
        raise RemitError(f"{what} is not valid Python: {error.msg}", origin=at) from None
    except SystemExit as error:
        raise RemitError(f"{what} ended the program (exit {error.code})", origin=Origin(what)) from None
    except (KeyboardInterrupt, GeneratorExit):
        raise
    except BaseException as error:  # noqa: BLE001 - the user's code may raise anything
        message = f"{what} raised {type(error).__name__}: {_told(error)}"
        raise RemitError(message, hint=_advice(error), origin=_last_user_line(state, error, what)) from None


def _told(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - an exception's own text is the user's code as well
        return "(its text cannot be shown)"


def _advice(error: BaseException) -> str | None:
    if isinstance(error, ModuleNotFoundError) and error.name:
        return f"install it where remit runs: the app is imported to be built (`{error.name.split('.')[0]}`)"
    if isinstance(error, KeyError) and str(error.args[0]).isupper():
        return f"set the environment variable {error.args[0]}, or give it a default with os.environ.get()"
    return None


def _last_user_line(state: Loading, error: BaseException, what: str) -> Origin:
    import traceback  # noqa: PLC0415 - only when something failed

    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename).is_relative_to(state.folder) and "site-packages" not in frame.filename
    ]
    if not frames:
        return Origin(what)
    last = frames[-1]
    return Origin(last.filename, last.lineno or 0, 0 if last.colno is None else last.colno + 1)


def _app(state: Loading) -> App:
    config = state.config
    queues = _queues(state)
    shared_resources: list[Resource] = []
    shared_outputs: list[Output] = []
    for shared in state.shared:
        shared_resources += (replace(one, origin=relative(one.origin, state.folder)) for one in shared.resources)
        shared_outputs += (replace(one, origin=relative(one.origin, state.folder)) for one in shared.outputs)
    everywhere = _Everywhere(_app_policy(state, "policy"), _app_managed(state))
    plain = [declaration for declaration in state.declarations if declaration.job_queue is None]
    functions = [_function(state, declaration, everywhere) for declaration in plain]
    functions += _workers(state, queues, everywhere)
    if not functions and not shared_resources:
        raise RemitError(
            "this app declares nothing to deploy",
            hint="decorate a function with `@app.function` in a module that the app module imports",
            origin=Origin(f"{config.app.replace('.', '/')}.py"),
        )
    _check_handlers(state)
    _check_names(state, functions)
    iam = config.lambda_.iam
    boundary = iam.permissions_boundary
    if boundary is not None:
        span = iam.assigned["permissions_boundary"][1]
        boundary = declare.managed_arn(boundary, "permissions_boundary", span.origin)
    return App(
        name=state.name,
        stage=state.stage,
        functions=tuple(functions),
        resources=tuple(shared_resources),
        outputs=tuple(shared_outputs),
        queues=queues,
        queues_origin=_enabled(state),
        default_policy=_replacement(state, "default_policy"),
        default_vpc_policy=_replacement(state, "default_vpc_policy"),
        default_policy_origin=_replaced_at(state, "default_policy"),
        default_vpc_policy_origin=_replaced_at(state, "default_vpc_policy"),
        boundary=boundary,
        exclude=tuple(config.package.exclude),
        allowed=_allowed(state),
    )


def _allowed(state: Loading) -> Mapping[str, tuple[str, Origin | None]]:
    """The lint rules that the settings accept breaking, each with its reason and line."""
    section = state.config.lint
    if "allow" not in section.assigned:
        return {}
    value, span = section.assigned["allow"]
    node = where.value_node(span)
    keys = {key.value: key for key in getattr(node, "keys", ()) if hasattr(key, "value")}
    return {
        name: (reason, relative(where.origin_of(keys.get(name), span), state.folder)) for name, reason in value.items()
    }


@dataclass(frozen=True, slots=True)
class _Everywhere:
    """What the configuration gives to every function."""

    policy: tuple[Grant, ...]
    managed: tuple[str, ...]


def _replacement(state: Loading, name: str) -> tuple[Grant, ...] | None:
    iam = state.config.lambda_.iam
    return _app_policy(state, name) if name in iam.assigned else None


def _replaced_at(state: Loading, name: str) -> Origin | None:
    assigned = state.config.lambda_.iam.assigned.get(name)
    return None if assigned is None else relative(assigned[1].origin, state.folder)


def _app_policy(state: Loading, name: str) -> tuple[Grant, ...]:
    items: Items = getattr(state.config.lambda_.iam, name)
    because = f"in config.lambda_.iam.{name}, for every function"
    parts = [declare.declare(value, span, because, name) for value, span in items.parts]
    return _relative(state, [grant for part in parts for grant in part])


def _app_managed(state: Loading) -> tuple[str, ...]:
    iam = state.config.lambda_.iam
    return tuple(
        arn
        for name in ("default_managed_policy", "managed_policy")
        for value, span in getattr(iam, name).parts
        for arn in declare.declare_managed(value, span, name)
    )


def _function(state: Loading, declaration: Declaration, everywhere: _Everywhere) -> Function:
    _check_declaration(declaration)
    settings = _settings(state, declaration.settings)
    access = declaration.access
    return Function(
        name=declaration.name,
        logical_id=logical_id(declaration.name),
        handler=declaration.handler,
        properties=settings.properties,
        triggers=declaration.triggers,
        policy=(*_declared(state, access), *everywhere.policy),
        managed=tuple(dict.fromkeys((*_managed_of(access), *everywhere.managed))),
        log_retention=settings.log_retention,
        origin=relative(declaration.where.origin, state.folder),
        written=settings.written,
    )


def _declared(state: Loading, access: tuple[Access, ...]) -> tuple[Grant, ...]:
    return _relative(
        state,
        [grant for one in access for grant in declare.declare(one.policy, one.where, f"declared for {one.giver}")],
    )


def _managed_of(access: tuple[Access, ...]) -> list[str]:
    return [arn for one in access for arn in declare.declare_managed(one.managed_policy, one.where)]


def _relative(state: Loading, grants: list[Grant]) -> tuple[Grant, ...]:
    return tuple(Grant(grant.statement, grant.because, relative(grant.origin, state.folder)) for grant in grants)


@dataclass(frozen=True, slots=True)
class _Settings:
    """A function's settings, merged: CloudFormation's properties, the line of each, and the days that logs stay."""

    properties: dict[str, Any]
    written: dict[str, Origin]
    log_retention: int | None


def _settings(state: Loading, layers: tuple[tuple[Span, Mapping[str, Any]], ...]) -> _Settings:
    """The app's settings, then the groups' (outermost first), then the function's own on top."""
    section = state.config.lambda_.function
    lines = {name: span.origin for name, (_, span) in section.assigned.items()}
    checked: list[tuple[dict[str, Any], Mapping[str, Origin]]] = [(section.settings(), lines)]
    for span, given in reversed(layers):
        try:
            values_here = values.checked_settings("", given)
        except RemitError as error:
            error.origin = where.origin_of(where.keyword_node(span, error.message), span)
            raise
        checked.append((values_here, dict.fromkeys(given, span.origin)))
    properties: dict[str, Any] = {}
    written: dict[str, Origin] = {}
    retention: int | None = 30
    for settings, origins in checked:
        retention = settings.get("log_retention", retention)
        for name, value in settings.items():
            for property_name, content in values.FUNCTION_SETTINGS[name].properties(value).items():
                adds_up = name in ("environment", "properties")
                properties[property_name] = _merge(properties.get(property_name), content) if adds_up else content
                if (origin := relative(origins.get(name), state.folder)) is not None:
                    written[property_name] = origin
    kept = {name: value for name, value in properties.items() if value not in (None, [], {})}
    return _Settings(kept, written, retention)


def _merge(old: Any, new: Any) -> Any:
    """Dicts add up, the newer one first in rank; anything else is replaced."""
    if isinstance(old, dict) and isinstance(new, dict):
        return {**old, **{key: _merge(old.get(key), value) for key, value in new.items()}}
    return new


def _check_declaration(declaration: Declaration) -> None:
    origin = declaration.where.origin
    if declaration.nested:
        raise RemitError(
            f"function `{declaration.name}` is declared inside another function, where Lambda cannot find it",
            hint="move it to the top level of its module",
            origin=origin,
        )
    if not isinstance(declaration.name, str) or not _NAME.fullmatch(declaration.name):
        raise RemitError(
            f"{declaration.name!r} is no name of a function",
            hint="letters, digits, - and _ only; `name=` gives another than the Python function's",
            origin=origin,
        )
    if not isinstance(declaration.handler, str) or len(declaration.handler) > HANDLER_LIMIT:
        raise RemitError(
            f"function `{declaration.name}` has the handler {str(declaration.handler)[:40]!r}",
            hint=f"a handler reads `module.function`, in at most {HANDLER_LIMIT} characters",
            origin=origin,
        )
    for trigger in declaration.triggers:
        if isinstance(trigger, type) or not hasattr(trigger, "because"):
            shown = trigger.__name__.lower() if isinstance(trigger, type) else f"{trigger!r:.60}"
            raise RemitError(
                f"{shown} is no trigger",
                hint='import one: `from remit.triggers import sqs`, then `@app.function(sqs("orders"))`',
                origin=origin,
            )


def _queues(state: Loading) -> tuple[str, ...]:
    """The job queues, checked against the jobs that are declared."""
    job = state.config.job
    jobs = [declaration for declaration in state.declarations if declaration.job_queue is not None]
    if not job.enable:
        if jobs:
            raise RemitError(
                f"job `{jobs[0].name}` is declared, but jobs are off",
                hint="set `config.job.enable = True`",
                origin=jobs[0].where.origin,
            )
        return ()
    queues = tuple(dict.fromkeys(("default", *job.additional_queues)))
    for name in queues:
        if not _QUEUE.fullmatch(name):
            raise RemitError(
                f"{name!r} is no name of a job queue",
                hint="a lower-case letter, then a-z, 0-9 and -",
                origin=job.assigned["additional_queues"][1].origin,
            )
    for declaration in jobs:
        if declaration.job_queue not in queues:
            near = did_you_mean(str(declaration.job_queue), queues)
            raise RemitError(
                f"there is no job queue `{declaration.job_queue}`",
                hint=near or f"add it: `config.job.additional_queues = [{declaration.job_queue!r}]`",
                origin=declaration.where.origin,
            )
        _check_declaration(declaration)
    return queues


def _enabled(state: Loading) -> Origin | None:
    """The line that turned jobs on."""
    assigned = state.config.job.assigned.get("enable")
    return None if assigned is None else relative(assigned[1].origin, state.folder)


def _workers(state: Loading, queues: tuple[str, ...], everywhere: _Everywhere) -> list[Function]:
    """A function per job queue, with what its jobs may do."""
    workers = []
    enabled = _enabled(state)
    for queue in queues:
        jobs = [declaration for declaration in state.declarations if declaration.job_queue == queue]
        # A group's access is one object in all of its jobs; it has no hash, since policies are lists.
        access = tuple({id(one): one for job in jobs for one in job.access}.values())
        groups = tuple(layer for job in jobs for layer in job.settings[1:])
        settings = _settings(state, groups)
        name = f"worker-{queue}"
        workers.append(
            Function(
                name=name,
                logical_id=logical_id(name),
                handler=WORKER,
                properties=settings.properties,
                policy=tuple(dict.fromkeys((*_declared(state, access), *everywhere.policy))),
                managed=tuple(dict.fromkeys((*_managed_of(access), *everywhere.managed))),
                log_retention=settings.log_retention,
                queue=queue,
                origin=relative(jobs[0].where.origin, state.folder) if jobs else enabled,
                written=settings.written,
            )
        )
    return workers


def _check_handlers(state: Loading) -> None:
    """Each handler must be what Lambda will find under that name: not overwritten, not only local."""
    seen: dict[str, Declaration] = {}
    for declaration in state.declarations:
        decorated = seen.setdefault(declaration.handler, declaration)
        both = (declaration.function, decorated.function)
        if None not in both and both[0] is not both[1]:
            raise _twice(declaration.handler, decorated.where, declaration.where, state)
        _check_handler(state, declaration)


def _check_handler(state: Loading, declaration: Declaration) -> None:
    module_name, _, attribute = declaration.handler.rpartition(".")
    with _user_code(state, module_name or declaration.handler):
        try:
            found = importlib.import_module(module_name) if module_name else None
        except ModuleNotFoundError as error:
            if error.name is None or not f"{module_name}.".startswith(f"{error.name}."):
                raise
            found = None
    target = getattr(found, attribute, None)
    if target is None:
        known = [name for name in dir(found) if not name.startswith("_")] if found is not None else []
        raise RemitError(
            f"the handler `{declaration.handler}` of function `{declaration.name}` does not exist",
            hint=did_you_mean(attribute, known) or "a handler reads `module.function`",
            origin=declaration.where.origin,
        )
    if inspect.iscoroutinefunction(target):
        raise RemitError(
            f"the handler `{declaration.handler}` of function `{declaration.name}` is `async`",
            hint="Lambda calls plain functions: use asyncio.run() inside one",
            origin=declaration.where.origin,
        )
    if not callable(target):
        raise RemitError(
            f"the handler `{declaration.handler}` of function `{declaration.name}` is no function but "
            f"{type(target).__name__} {str(target)[:40]!r}",
            origin=declaration.where.origin,
        )


def _check_names(state: Loading, functions: list[Function]) -> None:
    by_name: dict[str, Function] = {}
    by_id: dict[str, Function] = {}
    namespace = f"{state.name}-{state.stage}"
    for function in functions:
        first = by_name.setdefault(function.name, function)
        if first is not function:
            raise RemitError(
                f"function `{function.name}` is declared twice; the other is at {first.origin}",
                hint="give one another `name=`",
                origin=function.origin,
            )
        same = by_id.setdefault(function.logical_id, function)
        if same is not function:
            raise RemitError(
                f"functions `{same.name}` and `{function.name}` both become `{function.logical_id}` in the template",
                hint="give one another `name=`",
                origin=function.origin,
            )
        full = f"{namespace}-{function.name}"
        if len(full) > NAME_LIMIT:
            raise RemitError(
                f"function name `{full}` has {len(full)} characters; Lambda allows {NAME_LIMIT}",
                hint=f"shorten it by {len(full) - NAME_LIMIT}, with `name=`",
                origin=function.origin,
            )


def _twice(handler: str, first: Span, second: Span, state: Loading) -> RemitError:
    return RemitError(
        f"function `{handler.rpartition('.')[2]}` is declared twice; "
        f"the other is at {relative(first.origin, state.folder)}",
        hint="rename one: the second would replace the first",
        origin=second.origin,
    )


def logical_id(name: str) -> str:
    """A function's name as CloudFormation takes it: `send_mail` reads `SendMail`."""
    return "".join(part[:1].upper() + part[1:] for part in re.split(r"[^A-Za-z0-9]+", name))
