"""The workers of all functions: leased to invocations, kept warm, and ended when nobody needs them any more."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from remit.local.functions.debug_relay import DebugRelay
from remit.local.functions.function_log import LiveLog, new_stream
from remit.local.functions.watchdog import Watchdog
from remit.local.functions.worker_launch import Debugger, Launch, possible_wall
from remit.local.functions.worker_process import Worker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from remit.local.environment import LocalEnvironment
    from remit.local.functions.deployed_function import DeployedFunction, Invocation, InvocationResult
    from remit.local.functions.unpacked_code import UnpackedCode
    from remit.package.interpreters import Interpreters

_TMP: Final = Path("/tmp")  # noqa: S108 - Lambda's
_OPT: Final = Path("/opt")
_STAND_IN: Final = Path(__file__).parent / "worker" / "stand_in"
IDLE_SECONDS: Final = 300.0
"""Seconds after which a worker that had nothing to do ends."""


@dataclass(slots=True, eq=False)
class WorkerPool:
    """Runs functions, each in workers of its own: as many as it has invocations at a time."""

    folder: Path
    """Each worker's files are in a folder of its own in it."""
    hidden: Path
    """What no function may see: the server's folder."""
    endpoint: str
    code: UnpackedCode
    environment: LocalEnvironment
    interpreters: Interpreters
    credentials_of: Callable[[Mapping[str, object]], Mapping[str, str]]
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _idle: dict[DeployedFunction, list[Worker]] = field(default_factory=dict)
    _busy: set[Worker] = field(default_factory=set)
    _closed: bool = False
    _watchdog: Watchdog = field(default_factory=Watchdog)
    _debuggers: dict[str, tuple[DebugRelay, Debugger]] = field(default_factory=dict)  # by the function's name
    _served_from: dict[str, Path] = field(default_factory=dict)  # folders in the place of a function's zip, by its name

    def invoke(
        self,
        function: DeployedFunction,
        content: bytes,
        layers: Sequence[bytes],
        invocation: Invocation,
        live_log: LiveLog,
    ) -> InvocationResult:
        """Have a worker of the function handle an event, in this thread.

        It is started if none is idle, and kept afterwards.

        Args:
            function: The function as it is now; workers of what it was before are not used.
            content: The zip of its code.
            layers: The zips of its layers.
            invocation: The call.
            live_log: Gets what the function prints, when it comes.

        Raises:
            UnusableCode: if a zip cannot be unpacked.
        """
        worker = self._warm(function)
        cold = worker is None
        if worker is None:
            worker = self._start(function, content, layers)
        try:
            return worker.invoke(invocation, live_log, cold=cold)
        finally:
            self._release(worker)

    def serve_code(self, name: str, folder: Path | None) -> None:
        """Run a function from a folder from its next invocation on, or from its zip again (None); its workers end.

        What the folder does not have, such as dependencies, comes from the zip.
        """
        with self._lock:
            if folder is None:
                self._served_from.pop(name, None)
            else:
                self._served_from[name] = folder
        self.end(lambda function: function.name == name)

    def debug(self, name: str, port: int | None, packages: Path = Path(), project: Path = Path()) -> int | None:
        """Let the next worker of a function wait for a debugger at a port (0: a free one); with None, none any more.

        Debugging that was asked for before ends, and so do the function's workers. `packages` is the folder of debugpy,
        `project` that of the files that the function's code is a copy of. Returns the port, or None with None. OSError:
        it is not free.
        """
        with self._lock:
            previous = self._debuggers.pop(name, None)
        if previous is not None:
            previous[0].close()
        relay = None if port is None else DebugRelay(port)
        if relay is not None:
            with self._lock:
                self._debuggers[name] = relay, Debugger(packages, project, relay.worker_port)
        self.end(lambda function: function.name == name)
        return None if relay is None else relay.port

    def _warm(self, function: DeployedFunction) -> Worker | None:
        """A running worker that has nothing to do, now busy: the one that was used last. None: there is none.

        Idle ones that have ended are removed.
        """
        ended = []
        with self._lock:
            idle = self._idle.get(function, [])
            worker = None
            while idle and worker is None:
                candidate = idle.pop()
                if candidate.is_running():
                    worker = candidate
                    self._busy.add(worker)
                else:
                    ended.append(candidate)
        self._kill(ended)
        return worker

    def _start(self, function: DeployedFunction, content: bytes, layers: Sequence[bytes]) -> Worker:
        """Start a worker for a function, busy and watched over; one that the pool's end overtakes is interrupted.

        Where Python of the function's version is not installed, another one is used, and its log says so. UnusableCode:
        a zip cannot be unpacked.
        """
        interpreter = self.interpreters.for_runtime(function.runtime)
        stream = new_stream(function, datetime.now(UTC))
        work = self.folder / stream[-32:]
        work.mkdir(parents=True, mode=0o700)
        relay, debugger = self._debugger(function.name)
        unpacked = self.code.folder(content)
        task = self._served_from.get(function.name, unpacked)
        layer_folders = [self.code.folder(layer) for layer in layers]
        for folder in (unpacked, *layer_folders):
            self.code.compile(folder, interpreter.program)
        needed = (unpacked, task, *layer_folders, self.environment.folder, _STAND_IN, Path(interpreter.program))
        wall = possible_wall()
        private = wall == "wall" and _OPT.is_dir() and not any(map(_is_covered, needed))
        remark = ""
        if function.runtime != f"python{interpreter.words}":
            instead = f"the function runs with Python {interpreter.words}"
            remark = f"[WARNING] there is no {function.runtime} on this machine: {instead}\n"
        launch = Launch(
            program=interpreter.program,
            task=task,
            served=task != unpacked,
            further=(*([unpacked] if task != unpacked else []), *_module_folders(layer_folders, interpreter.version)),
            runtime=(self.environment.runtime, _STAND_IN),
            sdk=self.environment.sdk,
            work=work,
            endpoint=self.endpoint,
            credentials=self.credentials_of(function.configuration),
            log_stream=stream,
            opt=layer_folders,
            wall=wall,
            hidden=self.hidden.resolve(),
            private=private,
            remark=remark,
            debugger=debugger,
        )
        worker = Worker(function, launch)
        if relay is not None:
            relay.worker_pid = worker.pid
        self._watchdog.watch(worker.pid, stream, work)
        with self._lock:
            self._busy.add(worker)
            closed = self._closed
        if closed:
            worker.interrupt()
        return worker

    def _debugger(self, name: str) -> tuple[DebugRelay | None, Debugger | None]:
        """Return the debugger of a new worker, or None twice: none is asked for, or another worker has it."""
        with self._lock:
            waiting = self._debuggers.get(name)
            debugged = any(worker.is_debugged and worker.function.name == name for worker in self._busy)
        if waiting is None or debugged:
            return None, None
        relay, debugger = waiting
        relay.worker_pid = 0
        return relay, debugger

    def _release(self, worker: Worker) -> None:
        """Keep a worker for the next invocation, or kill one that has ended, is dismissed, or outlived the pool."""
        with self._lock:
            self._busy.discard(worker)
            kept = worker.alive and not worker.dismissed and not self._closed
            if kept:
                self._idle.setdefault(worker.function, []).append(worker)
        if not kept:
            self._kill([worker])

    def end_unneeded(self, is_current: Callable[[DeployedFunction], bool], now: float) -> None:
        """End idle workers that were last used five minutes before `now`, a moment of `time.monotonic()`.

        Those of functions for which `is_current` is false, and those whose process has ended, go as well.
        """
        unneeded: list[Worker] = []
        since = now - IDLE_SECONDS
        with self._lock:
            for function in list(self._idle):
                current = is_current(function)
                workers = self._idle.pop(function)
                kept = [worker for worker in workers if current and worker.last_used > since and worker.is_running()]
                unneeded.extend(worker for worker in workers if worker not in kept)
                if kept:
                    self._idle[function] = kept
        self._kill(unneeded)

    def end(self, concerns: Callable[[DeployedFunction], bool] = lambda _: True) -> None:
        """End the workers of all functions that `concerns` holds of: idle ones now, busy ones after their work."""
        with self._lock:
            ended = []
            for function in list(self._idle):
                if concerns(function):
                    ended.extend(self._idle.pop(function))
            for worker in self._busy:
                worker.dismissed = worker.dismissed or concerns(worker.function)
        self._kill(ended)

    def close(self) -> None:
        """End every worker now, and start no more; debuggers are hung up on, and the watchdog ends."""
        with self._lock:
            self._closed = True
            workers = [worker for idle in self._idle.values() for worker in idle]
            self._idle.clear()
            busy = list(self._busy)
            relays = [relay for relay, _ in self._debuggers.values()]
            self._debuggers.clear()
        for relay in relays:
            relay.close()
        self._kill(workers)
        for worker in busy:
            worker.interrupt()
        self._watchdog.close()

    def _kill(self, workers: Iterable[Worker]) -> None:
        for worker in workers:
            worker.kill()
            self._watchdog.forget(worker.pid)

    def code_in_use(self) -> set[Path]:
        """The folders of code, served folders and layers that workers use."""
        with self._lock:
            workers = [*self._busy, *(worker for idle in self._idle.values() for worker in idle)]
        return {folder for worker in workers for folder in worker.folders}


def _is_covered(path: Path) -> bool:
    """Return whether a worker would not see a path any more when it has a /tmp and an /opt of its own."""
    resolved = path.resolve()
    return any(resolved.is_relative_to(folder.resolve()) for folder in (_TMP, _OPT))


def _module_folders(layers: Sequence[Path], version: tuple[int, int]) -> tuple[Path, ...]:
    """Return the folders of modules in layers ("Packaging your layer content"): a later layer covers an earlier one."""
    places = (Path("python", "lib", f"python{version[0]}.{version[1]}", "site-packages"), Path("python"))
    candidates = [layer / place for place in places for layer in reversed(layers)]
    return tuple(folder for folder in candidates if folder.is_dir())
