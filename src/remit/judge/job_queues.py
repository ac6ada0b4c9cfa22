"""The job queues of an app, each with the worker that runs its jobs, and who may send them."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from remit.app import Function, JobQueue, ScheduledJob, worker_name
from remit.declare.unread import Unread
from remit.did_you_mean import did_you_mean
from remit.errors import Origin, Path, RemitError
from remit.iam import tokens
from remit.judge.assemble import check_own_role, declared_grants, managed_policies, merged_settings
from remit.judge.links import linked_variables, read_variables, with_variables
from remit.judge.name_checks import check_declaration, checked_option
from remit.judge.publication import publication
from remit.project import job_setting_values
from remit.project.current_load import relative
from remit.project.declared import Declaration, JobOptions
from remit.project.setting_values import Check, or_none, text
from remit.project.settings import may_be_among
from remit.resources.names import logical
from remit.runtime.job import RETRIES, Job, call_problem
from remit.source import places
from remit.triggers.schedule import Schedule

if TYPE_CHECKING:
    from remit.judge.judgement import Judgement

WORKER: Final = "remit.worker.work"
_SENDING: Final = frozenset({"perform_later", "perform_in"})


def _once(_path: Path, value: Any) -> bool:
    """The value of a job's `once`. RemitError: it is no bool."""
    if not isinstance(value, bool):
        raise RemitError(f"once must be True or False, got {value!r:.40}")
    return value


_OPTIONS: Final[Mapping[str, Check]] = {
    "queue": text,
    "timeout": or_none(job_setting_values.timeout),
    "retries": or_none(job_setting_values.retries),
    "concurrency": or_none(job_setting_values.concurrency),
    "once": _once,
}


def checked_job(state: Judgement, declaration: Declaration) -> Declaration:
    """A copy of a job's declaration with those of its options that are right; the others are noted, and at default."""
    right: dict[str, Any] = {"queue": "default"}
    for name, check in _OPTIONS.items():
        with state.noted():
            right[name] = checked_option(declaration.where, name, getattr(declaration.job, name), check)
    return replace(declaration, job=JobOptions(**right, path=declaration.job.path))


def check_jobs(state: Judgement) -> None:
    """Check the names of the queues, and the name, queue, schedules and function of each job; mistakes are noted.

    Queues of jobs are not checked where a setting failed that may name them.
    """
    _check_names(state)
    names = _queue_names(state)
    for declaration in state.jobs:
        with state.noted():
            check_declaration(declaration)
        with state.noted():
            if not may_be_among(state.failed_settings, ("enable", "additional_queues", "queues")):
                _check_queue(declaration, names)
        for position, trigger in enumerate(declaration.triggers):
            with state.noted():
                _check_schedule(declaration, trigger, places.argument_origin(declaration.where, "", position))
        # The worker calls a job, and that is all: what is `async` or yields would not run, and count as done.
        function, problem = declaration.function, ""
        if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
            problem = "is `async`"
        elif inspect.isgeneratorfunction(function):
            problem = "is a generator"
        if problem:
            state.mistakes.add(
                f"job `{declaration.name}` {problem}",
                hint="a worker calls plain functions: use asyncio.run() inside one, "
                "or a loop over what a generator gives",
                origin=declaration.where.origin,
            )


def job_queues(state: Judgement) -> tuple[JobQueue, ...]:
    """The job queues that have jobs, `default` first; none while jobs are off.

    RemitError: the jobs of a queue ask for different settings of it.
    """
    jobs = state.jobs
    by_queue = {name: _jobs_of(jobs, name) for name in _queue_names(state)}
    return tuple(_queue(state, name, jobs_of_queue) for name, jobs_of_queue in by_queue.items() if jobs_of_queue)


def _jobs_of(jobs: Sequence[Declaration], queue: str) -> list[Declaration]:
    """The jobs that a queue runs, in the order in which they are declared."""
    return [declaration for declaration in jobs if declaration.job.queue == queue]


def _queue_names(state: Judgement) -> tuple[str, ...]:
    """The queues in the order in which they are written, `default` first; none while jobs are off.

    Of those that would have one worker, which is a mistake, it is the first.
    """
    section = state.config.job
    names: dict[str, str] = {}
    for name in ("default", *section.additional_queues, *section.queues):
        names.setdefault(worker_name(name), name)
    return tuple(names.values()) if section.enable else ()


def _check_names(state: Judgement) -> None:
    """Note queues that have no possible names, or whose names or workers are those of others."""
    section = state.config.job
    lines = {
        name: section.assigned[name][1].origin for name in ("additional_queues", "queues") if name in section.assigned
    }
    written = [(name, lines["additional_queues"]) for name in section.additional_queues]
    written += [(name, lines["queues"]) for name in section.queues if name != "default"]
    by_worker = {worker_name("default"): "default"}
    for name, origin in written:
        worker = worker_name(name)
        namesake = by_worker.get(worker)
        if not job_setting_values.NAME.fullmatch(name):
            hint = job_setting_values.NAME_HINT
            state.mistakes.add(f"{name!r} is not a valid name for a job queue", hint=hint, origin=origin)
        elif namesake == name:
            hint = "`default` is always there" if name == "default" else "name it once"
            state.mistakes.add(f"the job queue `{name}` is there twice", hint=hint, origin=origin)
        elif namesake is not None:
            message = f"the job queues `{namesake}` and `{name}` would have one worker, {worker}"
            state.mistakes.add(message, hint="rename one of them", origin=origin)
        else:
            by_worker[worker] = name


def _check_queue(declaration: Declaration, queues: tuple[str, ...]) -> None:
    """Check that the queue of a job exists. RemitError (2): it does not, or jobs are off."""
    if not queues:
        raise RemitError(
            f"job `{declaration.name}` is declared, but jobs are off",
            hint="set `config.job.enable = True`",
            origin=declaration.where.origin,
        )
    queue = declaration.job.queue
    if queue not in queues:
        in_order = f"{queue}.fifo"
        hint = f"did you mean `{in_order}`?" if in_order in queues else did_you_mean(str(queue), queues)
        raise RemitError(
            f"there is no job queue `{queue}`",
            hint=hint or f"add it: `config.job.queues = {{{queue!r}: {{}}}}`",
            origin=_origin(declaration, "queue"),
        )


def _check_schedule(declaration: Declaration, trigger: Any, origin: Origin) -> None:
    """A job is sent by a clock, and by nothing else that runs functions.

    RemitError (2): the trigger is no schedule, has a dead-letter queue or an input that does not fit the job, or the
    job's queue is FIFO.
    """
    if not isinstance(trigger, Schedule):
        hint = "make a function of it, which sends the job: `@app.function(…, sends=[…])`"
        if trigger is Schedule:
            hint = 'call it: `on.schedule("rate(1 day)")`'
        raise RemitError(
            f"job `{declaration.name}` runs from its queue; only a schedule can send it", hint=hint, origin=origin
        )
    if str(declaration.job.queue).endswith(".fifo"):
        hint = "give the job a queue without `.fifo`"
        raise RemitError(f"a schedule cannot send job `{declaration.name}` to a FIFO queue", hint=hint, origin=origin)
    if trigger.dead_letter is not None:
        hint = "leave `dead_letter` out: a job that fails for good goes to the dead letters of its queue"
        raise RemitError(f"the schedule of job `{declaration.name}` has a dead-letter queue", hint=hint, origin=origin)
    if trigger.input is not None and not isinstance(trigger.input, Mapping):
        hint = 'a dict of arguments by name, such as {"to": "a@example.com"}'
        raise RemitError(
            f"the input of job `{declaration.name}` must be a dict of its arguments", hint=hint, origin=origin
        )
    if callable(declaration.function):
        problem = call_problem(declaration.function, (), dict(trigger.input or {}))
        if problem is not None:
            hint = "`input` of the schedule has the arguments by name; or give the function defaults"
            message = f"the schedule of job `{declaration.name}` cannot call it: {problem}"
            raise RemitError(message, hint=hint, origin=origin)


def _mistake(declaration: Declaration, name: str, message: str, hint: str | None = None) -> RemitError:
    """A mistake in an option of a declaration, at its place."""
    return RemitError(message, hint=hint, origin=_origin(declaration, name))


def _origin(declaration: Declaration, name: str) -> Origin:
    """Where a declaration gives an option."""
    return places.argument_origin(declaration.where, name)


def _queue(state: Judgement, name: str, jobs: Sequence[Declaration]) -> JobQueue:
    """A queue with what its settings and its jobs say. RemitError (2): they disagree about its concurrency."""
    settings = state.config.job.queues.get(name, {})
    retries = settings.get("retries", RETRIES)
    concurrency = settings.get("concurrency")  # how many of its jobs run at the same time: the jobs must agree
    job_retries = []
    keeps_marks = False
    scheduled = []
    for declaration in jobs:
        job = declaration.job
        job_retries.append(retries if job.retries is None else job.retries)
        keeps_marks = keeps_marks or job.once
        if job.concurrency is not None:
            if concurrency not in (None, job.concurrency):
                raise _mistake(
                    declaration,
                    "concurrency",
                    f"job `{declaration.name}` asks for a concurrency of {job.concurrency}, "
                    f"its queue `{name}` has {concurrency}",
                    "a queue has one for all of its jobs: give the job a queue of its own",
                )
            concurrency = job.concurrency
        origin = relative(declaration.where.origin, state.folder)
        schedules = [trigger for trigger in declaration.triggers if type(trigger) is Schedule]  # others are noted
        scheduled += [ScheduledJob(declaration.name, job.path, schedule, origin) for schedule in schedules]
    return JobQueue(
        name=name,
        retries=retries,
        most_retries=max(job_retries, default=retries),
        backoff=settings.get("backoff", 0),
        concurrency=concurrency,
        alarm=tokens.plain(settings.get("alarm")),  # an ARN, since the setting was checked
        keeps_marks=keeps_marks,
        jobs=tuple(declaration.job.path for declaration in jobs),
        scheduled=tuple(scheduled),
    )


def worker(state: Judgement, queue: JobQueue) -> Function:
    """The function that runs a queue's jobs, with all that they may do; the queue has at least one.

    Its time is the queue's, else that of the settings, or the longest of a job if that is more. What is wrong with
    settings is noted. RemitError (2): it brings its own role, and access is declared for it.
    """
    jobs = _jobs_of(state.jobs, queue.name)
    # A group's access is one object in all of its jobs; it has no hash, since policies are lists.
    access = tuple({id(access_part): access_part for job in jobs for access_part in job.access}.values())
    groups = tuple(layer for job in jobs for layer in job.settings[1:])  # the first layer is its own, and empty
    settings = merged_settings(state, groups)
    if "Role" in settings.properties:
        check_own_role(queue.worker, access)
    variables = linked_variables(state, access)
    if state.declared.handles:
        variables |= read_variables(state, jobs)
    properties = with_variables(settings.properties, variables) if variables else settings.properties
    # A worker has time for the longest of its jobs, which may say none.
    own_timeout = state.config.job.queues.get(queue.name, {}).get("timeout", properties.get("Timeout"))
    timeouts = [own_timeout, *(declaration.job.timeout for declaration in jobs)]
    numbers = [timeout for timeout in timeouts if isinstance(timeout, int)]
    managed = managed_policies(state, access, queue.worker, jobs[0].where)
    return Function(
        name=queue.worker,
        logical_id=logical(queue.worker),
        handler=WORKER,
        properties={**properties, "Timeout": max(numbers, default=own_timeout)},
        policy=tuple(dict.fromkeys((*declared_grants(state, access), *state.policy))),
        managed=tuple(managed),
        managed_written=managed,
        log_retention=settings.log_retention,
        stored_values=settings.stored_values,
        publication=publication(settings.properties, settings.beside),
        queue=queue.name,
        origin=relative(jobs[0].where.origin, state.folder),
        written=settings.written,
        sends=sends(state, jobs),
        looks_up=looks_up(state, jobs),
    )


def sends(state: Judgement, declarations: Sequence[Declaration]) -> tuple[str, ...] | None:
    """The queues to which declarations send jobs: those that they say, or whose jobs their code names.

    None where they say nothing, and name no job. Items that are no jobs of this app are noted.
    """
    jobs = state.jobs
    by_name = {job.name: str(job.job.queue) for job in jobs}
    queues: dict[str, None] = {}
    for declaration in declarations:
        if declaration.sends is None and jobs:
            mentions = state.mentions(declaration)
            # Code that sends some job by a name that it makes may send any.
            sends_anything = mentions.names_anything and not mentions.names.isdisjoint(_SENDING)
            for job in jobs:
                function_name = job.job.path.rpartition(":")[2].rpartition(".")[2]
                if sends_anything or {job.name, function_name} & mentions.names:
                    queues[str(job.job.queue)] = None
        for sent in _listed(tokens.plain(declaration.sends)):
            with state.noted():
                if isinstance(sent, Job):
                    queues[str(sent.queue)] = None
                elif isinstance(sent, str) and sent in by_name:
                    queues[by_name[sent]] = None
                else:
                    name = sent if isinstance(sent, str) else getattr(sent, "__name__", f"{sent!r:.40}")
                    meant = did_you_mean(str(name), by_name)
                    hint = meant or "such as `sends=[send_mail]`, a function decorated with `@app.job`"
                    raise _mistake(declaration, "sends", f"{name} is not a job of this app", hint)
    is_declared = any(declaration.sends is not None for declaration in declarations)
    return tuple(queues) if queues or is_declared else None


def _listed(value: Any) -> Sequence[Any]:
    """Return the items of a list, tuple or set, or a single item; none for None and for what could not be read."""
    if value is None or type(value) is Unread:
        return ()
    return tuple(value) if isinstance(value, list | tuple | set | frozenset) else (value,)


def looks_up(state: Judgement, declarations: Sequence[Declaration]) -> bool | None:
    """Return whether declarations look up outputs of the stack: their `reads` says so, or their code names one.

    None: none of them has `reads`, and no code names an output. Items that are no class of shared resources are noted.
    """
    outputs = {"lookup", *(output.name for output in state.declared.outputs)} if state.declared.outputs else set()
    is_named = any(
        not outputs.isdisjoint(state.mentions(declaration).names)
        for declaration in declarations
        if outputs and declaration.reads is None
    )
    if all(declaration.reads is None for declaration in declarations):
        return is_named or None
    from remit.project.shared import Shared  # noqa: PLC0415 - few apps say it

    hint = "such as `reads=[Data]`, a class of shared/resources"
    for declaration in declarations:
        for read in _listed(declaration.reads):
            with state.noted():
                if not (isinstance(read, type) and issubclass(read, Shared)):
                    name = read.__name__ if isinstance(read, type) else f"{read!r:.60}"
                    raise _mistake(declaration, "reads", f"{name} is not a class of shared resources", hint)
    return is_named or any(_listed(declaration.reads) for declaration in declarations)
