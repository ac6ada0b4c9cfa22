"""The process that is the AWS on this machine: it runs the emulator (ministack).

`process.py` runs its `main` with PLACE, REGION, the folder of its packages, and where to look for Pythons, in an
isolated Python and with variables that hold nothing of the user's. It locks its files, listens on loopback, forks (so
that it is nobody's child to wait for), and serves until SIGTERM or until its folder is gone.
"""

from __future__ import annotations

import asyncio
import base64
import gc
import importlib
import json
import logging
import os
import secrets
import signal
import sys
import time
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from remit.local.authorization.access_log import AccessLog, SeenAccess
from remit.local.authorization.authorizer import RequestAuthorizer, prepare
from remit.local.authorization.caller import Caller
from remit.local.authorization.callers import FunctionSessions, issued_caller
from remit.local.authorization.owning_place import is_account
from remit.local.authorization.stack_caller import act_as_the_caller, look_up_as_the_caller
from remit.local.checkpoint import Checkpoint
from remit.local.control.signed_request import ask
from remit.local.emulator import emulated, instead_of
from remit.local.environment import LocalEnvironment
from remit.local.event_sources.asynchronous_invocations import AsynchronousInvocations, EventsOnTheWay
from remit.local.event_sources.deliveries import Deliveries
from remit.local.event_sources.destinations import Destinations
from remit.local.event_sources.failed_batches import FailedBatches, fail_wrongly_reported_batches
from remit.local.event_sources.mappings import Mappings, repair_filters
from remit.local.event_sources.service_calls import ServiceCalls
from remit.local.event_sources.streams import StreamPollers, keep_stream_positions
from remit.local.event_sources.subscriptions import ask_before_subscriptions, may_write_logs, send_lines_as_events
from remit.local.event_sources.web_callers import ask_before_function_urls, ask_policies_of_rest_apis
from remit.local.event_sources.workflows import Workflows
from remit.local.functions.doors import listen, refuse_other_doors
from remit.local.functions.function_requests import FunctionRequests
from remit.local.functions.lambda_service import LambdaService
from remit.local.functions.unpacked_code import UnpackedCode
from remit.local.functions.worker_pool import WorkerPool
from remit.local.gate import Gate
from remit.local.journal import Journal
from remit.local.prepared_answers import PreparedAnswers
from remit.local.process import BUSY
from remit.local.repairs.alarms import keep_alarms
from remit.local.repairs.apis import repair_apis, say_nothing_of_failures
from remit.local.repairs.identities import make_sessions_as_sts_does
from remit.local.repairs.logs import repair_logs
from remit.local.repairs.refusals import refuse
from remit.local.repairs.requests import read_no_models, send_to_the_decided_service, simulated_services
from remit.local.repairs.rest_apis import repair_rest_apis
from remit.local.repairs.stacks import repair_stacks
from remit.local.routes import ACCESS, DELAYS, FUNCTION_SESSION, KEEP_DATA, PUT_DATA_BACK, SAVE, STRICT
from remit.local.saved_state import refuse_damaged_state, save_quickly, undisturbed
from remit.local.simulated_delays import SimulatedDelays
from remit.local.stack_operations import before_each
from remit.local.state_files import Record, StateFiles, seize
from remit.package.interpreters import Interpreters

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Mapping

ACCOUNT = "000000000000"

_TICK = 1.0
_SAVING_SHARE = 20  # a twentieth of the time at most
_RETRY_SECONDS = 60.0  # at most, between two tries to keep what could not be kept


def main(arguments: list[str]) -> int:
    """Become the server of a project's files; the exit code of the process that was started, not of the server.

    0: its fork serves, which ends by itself and returns nothing. BUSY: another process holds the files.
    """
    files = StateFiles(Path(arguments[0]))
    region = arguments[1]
    lock = seize(files.alive, patience=10.0)
    if lock is None:
        return BUSY
    previous = files.read()
    try:
        listener = listen(previous.port if previous else 0)
    except OSError:  # another program has taken the port
        listener = listen()
    sys.addaudithook(refuse_other_doors)
    if os.fork():
        return 0
    # The keys are new at each start, and look like AWS's: the emulator would take twelve digits for an account.
    access_key_id = "AKIA" + base64.b32encode(secrets.token_bytes(10)).decode()
    port, secret = listener.getsockname()[1], secrets.token_urlsafe(30)
    record = Record(secrets.token_hex(16), port, os.getpid(), access_key_id, secret)
    # Whoever stops the server finds it by the number in its lock.
    os.ftruncate(lock, 0)
    os.write(lock, str(record.pid).encode())
    files.write(record)
    files.write_unsaved(None)
    os.environ.update(_settings(files, record, region))
    environment, pythons = LocalEnvironment(Path(arguments[2])), Interpreters(environment=json.loads(arguments[3]))
    asyncio.run(_serve(files, record, listener, environment, pythons))
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)  # all is saved, and to take this process apart, object by object, takes a fifth of a second


def _settings(files: StateFiles, record: Record, region: str) -> Mapping[str, str]:
    """The emulator's settings: what it keeps and where; what would reach beyond this process is off."""
    return {
        "GATEWAY_PORT": str(record.port),
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_HOST": "localhost",
        "MINISTACK_REGION": region,
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{record.port}",
        "AWS_ACCESS_KEY_ID": record.access_key_id,
        "AWS_SECRET_ACCESS_KEY": record.secret_access_key,
        "PERSIST_STATE": "1",
        "STATE_DIR": str(files.state / "services"),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(files.objects),
        "LAMBDA_EXECUTOR": "local",
        "LOG_LEVEL": "WARNING",
        # No containers: with a Docker daemon at hand it would remove those of other emulators at its start.
        "DOCKER_HOST": f"unix://{files.root}/no-docker.sock",
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
    }


def _signer_of(record: Record, functions: FunctionSessions) -> Callable[[str, str], tuple[str, Caller]]:
    """A look-up by access key id and token, for secret and caller. RefusedRequest from it: nobody has that key."""

    def signer_of(access_key_id: str, token: str) -> tuple[str, Caller]:
        """The secret and the owner of an access key: the server's own, a function's, or one that was issued.

        With the server's own key, a token that is an account's number makes it that account's root.
        """
        if access_key_id == record.access_key_id:
            account = token if is_account(token) else ACCOUNT
            return record.secret_access_key, Caller(f"arn:aws:iam::{account}:root", account, is_root=True)
        return functions.find(access_key_id, token) or issued_caller(access_key_id, ACCOUNT, token)

    return signer_of


class _Saving(logging.Handler):
    """Saves the emulator's state, and knows what could not be kept: the emulator only logs that, and goes on."""

    def __init__(self, files: StateFiles, journal: Journal) -> None:
        super().__init__(logging.WARNING)
        self._files = files
        self._journal = journal
        self._services: str | None = None
        self._objects: dict[tuple[str, str], str] = {}
        for name in ("persistence", "s3"):
            logging.getLogger(name).addHandler(self)

    @property
    def unsaved(self) -> str | None:
        """Why some of the state is not kept, or None."""
        reasons = [self._services, *self._objects.values()]
        return next((reason for reason in reasons if reason is not None), None)

    def emit(self, record: logging.LogRecord) -> None:
        """Note a failure: of a service's state, which the next save tries again, or of an object's file."""
        arguments = record.args if isinstance(record.args, tuple) else ()
        for error in arguments:
            if isinstance(error, OSError):
                reason = error.strerror or str(error)
            elif isinstance(error, Exception) and record.name == "persistence":
                reason = str(error)
            else:
                continue
            if record.name == "persistence":
                self._services = reason
            else:
                self._objects[str(arguments[0]), str(arguments[1])] = reason

    def save(self) -> Mapping[str, Any]:
        """Save everything at once. Returns `{"unsaved": REASON}`, None where all is kept; the reason goes to its file.

        What failed before is tried again.
        """
        persistence = emulated("core.persistence")
        emulator = emulated("app")
        self._services = None
        self._journal.begin_save()
        services = emulator._build_persistence_save_dict()  # as its shutdown does
        # Queues come last: what a message led to is kept before the message is gone.
        with undisturbed():
            persistence.save_all(dict(sorted(services.items(), key=lambda service: service[0] == "sqs")))
        if self._services is None:
            self._journal.end_save()
        for bucket, key in tuple(self._objects):
            self._save_object(bucket, key)
        # Word of it is left for when the server has ended.
        if self.unsaved != self._files.read_unsaved():
            with suppress(OSError):
                self._files.write_unsaved(self.unsaved)
        return {"unsaved": self.unsaved}

    def _save_object(self, bucket: str, key: str) -> None:
        """Try once more to write an object that was not kept; one that is gone is no loss.

        One whose content is not in memory stays noted.
        """
        storage = emulated("services.s3")
        entry = storage._buckets.get(bucket, {}).get("objects", {}).get(key)  # it has no way to ask
        reason = self._objects.pop((bucket, key))
        if isinstance(entry, dict) and entry.get("body") is not None:
            storage._persist_object(bucket, key, entry)  # notes it again when it fails again
        elif entry is not None:
            self._objects[bucket, key] = reason


def _put_services_right(emulator: Any, record: Record) -> None:
    """Have the emulator's services do what AWS's do, and no more than that."""
    # It would run whatever scripts lie in /etc/localstack.
    instead_of(emulator, "_collect_scripts")(lambda *_: [])
    repair_apis(f"http://127.0.0.1:{record.port}")
    repair_rest_apis()
    repair_stacks(ACCOUNT)
    repair_logs()
    make_sessions_as_sts_does()
    read_no_models()


def _let_services_run_functions(files: StateFiles, record: Record, calls: ServiceCalls) -> None:
    """Put right how the emulator's services reach functions: `event_sources/`. What chooses mappings comes last."""
    functions_of_emulator = emulated("services.lambda_svc")
    # Of two in one place the later one is asked first, and may keep a call from the earlier one.
    destinations = Destinations(partial(ask, record), calls)
    invocations = AsynchronousInvocations(
        destinations, functions_of_emulator, EventsOnTheWay(files.state / "on-the-way")
    )
    invocations.take_hold()
    send_lines_as_events(calls, invocations)
    StreamPollers().take_hold()
    FailedBatches(destinations, functions_of_emulator).take_hold()
    fail_wrongly_reported_batches(functions_of_emulator)
    repair_filters()
    keep_alarms()
    keep_stream_positions()
    Mappings(calls).take_hold()
    Deliveries(calls).take_hold()
    Workflows(calls).take_hold()
    ask_before_subscriptions(calls)


async def _serve(
    files: StateFiles, record: Record, listener: socket.socket, environment: LocalEnvironment, pythons: Interpreters
) -> None:
    """Serve on the listening socket until SIGTERM, SIGINT or `_keep` stops it, then save and end all functions."""
    emulator = emulated("app")
    functions = FunctionSessions()
    folder = files.root / "tmp" / "functions"  # made anew at each start
    code = UnpackedCode(folder / "code")
    pool = WorkerPool(
        folder / "work",
        hidden=files.root,
        endpoint=f"http://127.0.0.1:{record.port}",
        code=code,
        environment=environment,
        interpreters=pythons,
        credentials_of=functions.credentials_of,
    )
    hypercorn: Any = importlib.import_module("hypercorn.asyncio")
    config = importlib.import_module("hypercorn.config").Config()
    log = AccessLog((SeenAccess(files.root.parent / "seen").note,))
    calls = ServiceCalls(log)
    may_log = partial(may_write_logs, calls)
    # Before all others that ask something of an invocation: it is the one that runs functions.
    LambdaService(pool, code, emulated("services.lambda_svc"), may_log).take_hold()
    _put_services_right(emulator, record)
    authorizer = RequestAuthorizer(log)
    act_as_the_caller(authorizer.strictness.applies)
    authorizer.strictness.take_hold()
    look_up_as_the_caller()
    refuse()
    send_to_the_decided_service()
    refuse_damaged_state(files.state / "services")  # before anything else is to be done when the state is loaded
    journal = Journal(files.journal)
    journal.take_hold()  # before what delivers events that were on the way
    _let_services_run_functions(files, record, calls)
    ask_before_function_urls()
    ask_policies_of_rest_apis()
    say_nothing_of_failures()
    delays = SimulatedDelays()
    delays.take_hold()
    config.bind = [f"fd://{listener.detach()}"]
    config.keep_alive_timeout = 75
    config.graceful_timeout = 2  # a function that runs for longer is not waited for
    config.loglevel = "WARNING"
    stop, changed = asyncio.Event(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    save_quickly()
    saving = _Saving(files, journal)
    data = Checkpoint(files.objects)
    app = Gate(
        emulator.app,
        port=record.port,
        region=os.environ["MINISTACK_REGION"],
        about=lambda: {"id": record.id, "pid": record.pid, "account": ACCOUNT, "unsaved": saving.unsaved},
        signer_of=_signer_of(record, functions),
        authorizer=authorizer,
        delays=delays,
        is_simulated=simulated_services(),
        reset_path="/_ministack/reset",
        controls={
            SAVE: lambda _: saving.save(),
            ACCESS: log.records_after,
            STRICT: authorizer.strictness.settle,
            DELAYS: lambda query: delays.simulate(query.get("seed", "")),
            KEEP_DATA: lambda _: data.take(),
            PUT_DATA_BACK: lambda _: data.restore(),
            FUNCTION_SESSION: functions.credentials_of,
        },
        answers=PreparedAnswers(),
        functions=FunctionRequests(pool),
        changed=changed.set,
    )
    before_each(lambda _: app.writes.update(["resource of a stack"]))
    prepare()
    gc.freeze()  # what is loaded now stays: the collector need not look at it again and again
    gc.enable()
    keeper = asyncio.create_task(_keep(files, record, saving, stop, changed))
    await hypercorn.serve(app, config, shutdown_trigger=stop.wait)
    keeper.cancel()
    if files.alive.exists():
        saving.save()
    pool.close()


async def _keep(
    files: StateFiles, record: Record, saving: _Saving, stop: asyncio.Event, changed: asyncio.Event
) -> None:
    """Every second: save what changed or was not kept, put the server file right, and end when the folder is gone.

    A save of much state takes long, and nothing else is served meanwhile: then it is done less often. So is one that
    fails again and again, and says so in the log each time.
    """
    persistence = emulated("core.persistence")
    pause = _TICK
    retry_after, retry_at = _TICK, 0.0
    while True:
        await asyncio.sleep(pause)
        if not files.alive.exists():
            persistence.PERSIST_STATE = False
            files.remove_remains()
            stop.set()
            return
        if files.read() != record:
            with suppress(OSError):
                files.write(record)
        begin = time.monotonic()
        if changed.is_set() or (saving.unsaved is not None and begin >= retry_at):
            changed.clear()
            saving.save()
            is_kept = saving.unsaved is None
            pause, retry_after = after_save(time.monotonic() - begin, retry_after, is_kept=is_kept)
            retry_at = begin + retry_after


def after_save(seconds: float, retry_after: float, *, is_kept: bool) -> tuple[float, float]:
    """Seconds until the next look, by how long a save took, and until one that did not keep all is tried again.

    The latter is doubled with each failure, up to a minute.
    """
    return max(_TICK, _SAVING_SHARE * seconds), _TICK if is_kept else min(2 * retry_after, _RETRY_SECONDS)
