"""Run an app on this machine while its code is changed: `DevLoop.run` is the whole loop.

Threads wait for what can happen: a file is saved, a function logs or is denied a call, a key is pressed. Each puts what
is to be done into one queue, and one thread does it in that order.
"""

from __future__ import annotations

import os
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from queue import SimpleQueue
from typing import TYPE_CHECKING, Final, Literal
from urllib.parse import quote

from remit.build import build
from remit.deploy.deployment import DeployJob
from remit.deploy.execute import failure
from remit.deploy.logs import LogReader, app_readers, new_lines
from remit.deploy.refusals import at_lines
from remit.deploy.workflow import deploy
from remit.dev import events
from remit.dev.denied_calls import DeniedCalls
from remit.dev.fixed_ports import FixedPorts
from remit.dev.source_files import copy_code, is_deployed, saved_at_the_top, saved_below
from remit.did_you_mean import did_you_mean
from remit.errors import RemitError
from remit.local import aws as local_aws
from remit.local.control.clients import account_of
from remit.local.control.server_commands import NO_ACCESS, accesses, debug, refuse_unknown, serve_code
from remit.local.lifeline import lifeline
from remit.project.dot_remit import own_folder
from remit.report.operators import WordedOperator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from remit.app import App
    from remit.deploy.log_lines import LogLine
    from remit.deploy.stack import StackOutput
    from remit.local.authorization.access_log import AccessRecord
    from remit.local.state_files import LocalAws

_PAUSE: Final = 0.1
_IDLE_PAUSE: Final = 0.5
"""Seconds between two looks for what functions did: while they do something, and while they do nothing."""
_BY_SIGNAL: Final = 128
"""Exit codes of what a signal ended start here."""
_ACTIVE_LOOKS: Final = 50
"""Looks without anything new after which functions are taken to do nothing."""


class _Save(WordedOperator):
    """A save, which nobody is asked about: a command of its own agrees to what needs that."""

    command_options = " --local"


@dataclass(frozen=True, slots=True)
class Debugged:
    """The function that waits for a debugger, by its name in the app, and the port of this machine to attach to."""

    function: str
    port: int


def effect_of(
    files: Iterable[str], app: App, *, is_declared_anew: bool, is_packed: bool
) -> Literal["deploy", "serve", "none"]:
    """What follows from files that were saved, by their paths from the project's folder.

    A declaration (`is_declared_anew`), a dependency or a layer is deployed, and code alone is served (`is_packed`: a
    file of the app's zips is new); anything else does nothing.
    """
    if is_declared_anew or any(is_deployed(file, app) for file in files):
        return "deploy"
    return "serve" if is_packed else "none"


class DevLoop:
    """An app that runs on this machine, redeployed when its declarations change, until somebody stops it."""

    def __init__(
        self,
        folder: Path,
        stage: str | None,
        *,
        region: str | None,
        first_port: int,
        tell: Callable[[events.DevEvent], None],
        debugged: Debugged | None = None,
        strict: bool = False,
    ) -> None:
        """`tell` is told what happens; URLs and APIs are served at ports from `first_port` on.

        With `strict`, calls that cannot be checked are refused. RemitError: a folder of `.remit` is a link.
        """
        self._folder = folder
        self._stage = stage
        self._region = region
        self._tell = tell
        self._debugged = debugged
        self._is_strict = strict
        self._waiting_function: str | None = None
        """The deployed name of the function that waits for a debugger."""
        self._to_do: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._stop = threading.Event()
        self._ended = False
        self._ports = FixedPorts(own_folder(folder, "dev") / "ports.json", first_port)
        self._served: Mapping[str, str] = {}
        """The address of each output that is served."""
        self._readers: Sequence[LogReader] = ()
        self._denied: DeniedCalls | None = None
        self._unchecked: set[events.CallUnknown] = set()
        self._app: App | None = None
        """What is deployed."""
        self._declared = ""
        """Its template, which does not change when code alone does."""

    def run(self, keys: Callable[[threading.Event], Iterator[str]] | None = None) -> None:
        """Deploy, then do what has to be done, until KeyboardInterrupt or the key q.

        `keys` yields keys as they are pressed; None where there is no terminal. What this started does not outlive it.
        RemitError: the AWS on this machine does not start, or ends.
        """
        threads: list[threading.Thread] = []
        with self._running_aws() as self._aws:
            try:
                self._account = account_of(self._aws)
                self._account.client("logs")  # made here: a session makes no two clients at once
                waits: list[Callable[[], None]] = [
                    partial(self._watch, saved_at_the_top),
                    partial(self._watch, saved_below),
                    self._look,
                ]
                if keys is not None:
                    waits.append(partial(self._hear, keys))
                for wait in waits:
                    threads.append(threading.Thread(target=self._guarded, args=(wait,), daemon=True))
                    threads[-1].start()
                self._try(self._build_and_deploy)
                while not self._ended:
                    self._to_do.get()()
            finally:
                self._stop.set()
                for thread in threads:
                    thread.join()
                self._ports.stop()

    @contextmanager
    def _running_aws(self) -> Iterator[LocalAws]:
        """The AWS on this machine, started where none runs: one that ran before goes on afterwards, a new one ends.

        One that goes on runs then what is deployed, and refuses unknown calls no longer.
        """
        was_running = local_aws.find(self._folder) is not None
        aws = local_aws.start(self._folder, region=self._region, progress=self._wait_for)
        if self._is_strict:
            refuse_unknown(aws, refuse=True, client=os.getpid())
        if was_running:
            try:
                yield aws
            finally:
                with suppress(RemitError):  # it may have ended, which is told already
                    if self._is_strict:
                        refuse_unknown(aws, refuse=False, client=os.getpid())
                    self._run_what_is_deployed()
                    if self._waiting_function is not None:
                        debug(self._aws, self._waiting_function, None, project=self._folder)
        else:
            try:
                with lifeline(aws.pid):
                    yield aws
            finally:
                local_aws.stop(self._folder)

    # What threads wait for.

    def _guarded(self, wait: Callable[[], None]) -> None:
        """Wait in a thread; an exception there is raised again in the loop, which it ends."""
        try:
            wait()
        except Exception as error:  # noqa: BLE001 - it is raised again where it is seen
            self._to_do.put(partial(self._lost, error))

    def _watch(self, saved: Callable[[Path, threading.Event], Iterator[tuple[str, ...]]]) -> None:
        """Queue a step for each time that files are saved. RemitError (2): they cannot be watched."""
        try:
            for files in saved(self._folder, self._stop):
                self._to_do.put(partial(self._try, partial(self._follow_source, files)))
        except OSError as error:  # more files than this machine lets one watch
            raise RemitError(f"the project's files cannot be watched: {error.strerror or error}") from None

    def _look(self) -> None:
        """Ask the AWS on this machine, again and again, what functions were denied and what they logged."""
        last, idle_looks = NO_ACCESS, 0
        while not self._stop.is_set():
            last, records = accesses(self._aws, last)
            lines = new_lines(self._readers)
            idle_looks = 0 if records or lines else idle_looks + 1
            self._to_do.put(partial(self._functions_did, records, lines))
            self._stop.wait(_IDLE_PAUSE if idle_looks > _ACTIVE_LOOKS else _PAUSE)

    def _hear(self, keys: Callable[[threading.Event], Iterator[str]]) -> None:
        """Queue the step of each key that is pressed; keys without a step do nothing."""
        steps = {"w": self._write_grant, "r": self._build_and_deploy, "q": self._end}
        for key in keys(self._stop):
            if key in steps:
                self._to_do.put(partial(self._try, steps[key]))

    # What is done.

    def _wait_for(self, text: str) -> None:
        self._tell(events.Waiting(text))

    def _try(self, step: Callable[[], None]) -> None:
        """Do a step; a RemitError or an OSError of it is told, and the loop goes on.

        KeyboardInterrupt, with the signal's number: a signal has stopped its deploy (an exit code from 128 on).
        """
        try:
            step()
        except OSError as error:  # a file that went away while it was looked at
            name = f" {error.filename!r}" if error.filename else ""
            self._tell(events.WentWrong.of(RemitError(f"cannot use{name}: {error.strerror or error}")))
        except RemitError as error:
            if error.exit_code >= _BY_SIGNAL:  # a deploy that Ctrl-C stopped
                raise KeyboardInterrupt(error.exit_code - _BY_SIGNAL) from None
            for mistake in error.all:
                self._tell(events.WentWrong.of(mistake))

    def _end(self) -> None:
        """End the loop after this step."""
        self._ended = True

    def _lost(self, error: Exception) -> None:
        """Raise the error of a thread, which ends the loop."""
        raise error

    def _follow_source(self, files: tuple[str, ...]) -> None:
        """Run the code as it was saved: from a folder where only code has changed, else by a deploy.

        Files that are no part of the app are not told of. RemitError: the project has mistakes, or the deploy failed.
        """
        begin = time.monotonic()
        try:
            declared = build(self._folder, self._stage, package=False)
            is_packed = self._copy_code(declared.app)
        except RemitError:
            self._tell(events.FilesChanged(files))
            raise
        is_declared_anew = declared.body != self._declared
        effect = effect_of(files, declared.app, is_declared_anew=is_declared_anew, is_packed=is_packed)
        if effect == "none":
            return
        self._tell(events.FilesChanged(files))
        if effect == "deploy":
            self._build_and_deploy()
            return
        for function in declared.app.functions:
            serve_code(self._aws, declared.app.deployed_name(function), self._copy_of(function.code))
        self._tell(events.CodeServed(round(time.monotonic() - begin, 2)))

    def _build_and_deploy(self) -> None:
        """Build the project and deploy it over what was changed by hand, then follow, serve and debug what runs.

        RemitError: it cannot be built, or the deploy failed.
        """
        begin = time.monotonic()
        declared = build(self._folder, self._stage, package=False).body
        built = build(self._folder, self._stage, for_this_machine=True, progress=self._wait_for)
        deployment = deploy(DeployJob(built, self._account, _Save(), yes=True, drift="accept"))
        outcome = deployment.outcome
        if outcome is not None and not outcome.ok:
            raise at_lines(failure(outcome, outcome.hint), built)
        self._declared = declared
        self._app = built.app
        self._run_what_is_deployed()
        self._copy_code(built.app)
        self._denied = DeniedCalls(self._folder, self._stage, built.app, self._aws.account)
        # The logs of all functions, of new ones from now on.
        before = {(log.group, *log.functions): log for log in self._readers}
        now = app_readers(self._account, built.app, int(time.time() * 1000))
        self._readers = [before.get((log.group, *log.functions), log) for log in now]
        self._tell(events.Deployed(built.namespace, outcome is not None, round(time.monotonic() - begin, 2)))
        self._serve(deployment.outputs)
        self._debug(built.app)

    def _copy_of(self, code: str) -> Path:
        """The folder with the copy of a root of zips; no such folder lies in another, as roots may."""
        return own_folder(self._folder, "dev", f"code-{quote(code, safe='')}" if code else "code")

    def _copy_code(self, app: App) -> bool:
        """Copy the code of all zips to the folders that are served. Returns whether anything was new or is gone."""
        copied = [copy_code(self._folder, code, app.exclude, self._copy_of(code)) for code in app.code_roots]
        return any(copied)

    def _debug(self, app: App) -> None:
        """Have the function that is to be debugged wait for a debugger, once it is deployed.

        It does nothing where none is to be debugged, or it waits already. RemitError (2): there is no such function.
        """
        if self._debugged is None or self._waiting_function is not None:
            return
        name = self._debugged.function
        functions = {function.name: function for function in app.functions}
        if name not in functions:
            hint = did_you_mean(name, functions) or f"there are {', '.join(functions) or 'none'}"
            raise RemitError(f"there is no function `{name}` to debug", hint=hint)
        deployed_name = app.deployed_name(functions[name])
        project = self._folder / functions[name].code
        port = debug(self._aws, deployed_name, self._debugged.port, project=project, progress=self._wait_for)
        self._waiting_function = deployed_name
        self._tell(events.DebuggerWaits(name, port or self._debugged.port))

    def _run_what_is_deployed(self) -> None:
        """Have the functions that are deployed run their zips, and no folder; nothing before the first deploy."""
        if self._app is not None:
            for function in self._app.functions:
                serve_code(self._aws, self._app.deployed_name(function), None)

    def _serve(self, outputs: Iterable[StackOutput]) -> None:
        """Serve the addresses of this AWS among the outputs of the stack, and tell those that are new."""
        local_urls = (f"http://127.0.0.1:{self._aws.port}/", f"ws://127.0.0.1:{self._aws.port}/")
        addresses = {output.name: output.value for output in outputs if output.value.startswith(local_urls)}
        served = self._ports.serve(addresses)
        for name, url in served.items():
            if self._served.get(name) != url:
                self._tell(events.Serving(name, url))
        self._served = served

    def _functions_did(self, records: Sequence[AccessRecord], lines: Sequence[LogLine]) -> None:
        """Tell of denied calls, of each unknown call once, and of what functions have printed.

        Calls of users, and those before the first deploy, are left out.
        """
        app = self._app
        for record in records:
            if app is None or not record.function:  # nothing is deployed yet; a user, as `deploy --as` makes one
                continue
            if record.decision == "unknown":
                function = app.function_deployed_as(record.function)
                name = record.function if function is None else function.name
                event = events.CallUnknown(name, record.operation, record.because, record.refused)
                if event not in self._unchecked:  # such a call is often made again and again
                    self._unchecked.add(event)
                    self._tell(event)
            elif record.decision == "denied":
                self._try(partial(self._tell_denied, record))
        for line in lines:
            self._tell(events.Logged(line.time, line.function, line.message))

    def _tell_denied(self, record: AccessRecord) -> None:
        """Tell of a denied call, unless it was told before or is not the app's."""
        call = None if self._denied is None else self._denied.add(record)
        if call is not None:
            self._tell(call)

    def _write_grant(self) -> None:
        """Write the grant of the last denied call. RemitError: there is none, or it cannot be written."""
        if self._denied is None:
            raise RemitError("there is nothing to write: no call was denied")
        self._tell(self._denied.write_last())
