"""Changes that are acknowledged before they are saved, kept in a file: a server that is killed loses none of them.

The server saves all of its state every second. A message of a queue, and a change of DynamoDB, of Parameter Store or of
Secrets Manager is acknowledged before that, so it is written down first, whoever made it: a caller, or a service. All
changes of a request stand in one line, so that a transaction comes back as a whole or not at all. A line says how
something is, and not what was done to it: the saved state may have the change already.

A message that was deleted since may come again, as in SQS ("At-least-once delivery").
"""

from __future__ import annotations

import json
import threading
from collections import defaultdict
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from remit.local.emulator import during, emulated, instead_of
from remit.local.saved_state import when_state_is_loaded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    Place: TypeAlias = tuple[str, str, str]

_SEND: Final = "SendMessage"
_DELIVERIES: Final = (
    ("sns", "_deliver_to_sqs"),
    ("eventbridge", "_dispatch_to_sqs"),
    ("s3", "_deliver_event_to_sqs"),
)
"""The functions with which the emulator's services deliver to a queue, whose ARN is the first argument."""
_SERVICES: Final = ("dynamodb", "secretsmanager", "ssm")
"""The emulator's modules whose changes are written down. What it calls a store has entries by account, region and name;
the items of a table are changes of their own."""
_READS: Final = ("BatchGet", "Describe", "Get", "List", "Query", "Scan", "Search", "TransactGet")
"""How the names of operations begin that change nothing."""
_OF_ITEMS: Final = ("items", "ItemCount", "TableSizeBytes")
"""What of a table changes with its items."""


@dataclass(slots=True)
class _Changes:
    """The keys that a request may have changed. Their values are read when the request is done.

    Entries of stores by service, store and place, with what was there before; the tables of items by place and key;
    the lines of new records of the streams of tables.
    """

    entries: dict[tuple[str, str, Place], Any] = field(default_factory=dict)
    items: dict[tuple[Place, str, str], Any] = field(default_factory=dict)
    records: list[Mapping[str, Any]] = field(default_factory=list)
    is_written: bool = False
    """A thread that the request has started may go on: its changes are lines of their own then."""


_CHANGES: Final[ContextVar[_Changes | None]] = ContextVar("changes", default=None)


@dataclass(slots=True)
class Journal:
    """The file of changes that no save has yet."""

    path: Path
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _written: dict[tuple[str, str, Place], int] = field(default_factory=dict)
    """The hash of what was last written of an entry that was only looked at: a list in it may have grown."""

    def take_hold(self) -> None:
        """Write down each change, and put back what is written down once the state is loaded."""
        self._keep_messages()
        for service in _SERVICES:
            self._keep_entries(service)
        self._keep_items()
        when_state_is_loaded(self._replay)
        emulator = emulated("app")

        @instead_of(emulator, "_reset_all_state")
        def forget_all(reset: Callable[[], None]) -> None:
            reset()
            self.begin_save()
            self.end_save()

    def _keep_messages(self) -> None:
        """Write down each message that a caller sends to a queue, or that a service delivers to one."""
        sqs = emulated("services.sqs")

        # The table was made with the function itself, so that its own place is another one.
        @instead_of(sqs._HANDLERS, _SEND)
        @instead_of(sqs, "_act_send_message")
        def sent(send: Any, data: Mapping[str, Any], queue_url: str) -> Any:
            queue = sqs._get_q(data.get("QueueUrl", queue_url), "sqs:SendMessage")
            with self._written_down(queue):
                return send(data, queue_url)

        def delivered(deliver: Any, queue_arn: object, *arguments: Any, **options: Any) -> None:
            queue = sqs._queue_by_arn(str(queue_arn))
            with self._written_down(queue):
                deliver(queue_arn, *arguments, **options)

        for service, name in _DELIVERIES:
            instead_of(emulated(f"services.{service}"), name)(delivered)

    @contextmanager
    def _written_down(self, queue: Mapping[str, Any] | None) -> Iterator[None]:
        """Write down the messages that are put into a queue inside, once it ends without an exception.

        They are those behind the last one before, newest first. Without a queue nothing is written.
        """
        if queue is None:
            yield
            return
        # A send may put several, or none where a duplicate is dropped: what came after this one is new.
        last = queue["messages"][-1]["id"] if queue["messages"] else None
        yield
        for message in reversed(queue["messages"]):
            if message["id"] == last:
                return
            self._append({"queue": queue["attributes"]["QueueArn"], "message": message})

    def _keep_entries(self, service: str) -> None:
        """Write down the entries of a service's stores that a request changes."""
        module = emulated(f"services.{service}")
        for name in module.get_state():
            store = getattr(module, f"_{name}")
            store.__class__ = _noting(type(store), service, name)

        @instead_of(module, "handle_request")
        async def handled(handle: Any, method: str, path: str, headers: Mapping[str, str], *arguments: Any) -> Any:
            operation = headers.get("x-amz-target", "").rpartition(".")[2]
            if operation.startswith(_READS):
                return await handle(method, path, headers, *arguments)
            with self._one_line():
                return await handle(method, path, headers, *arguments)

    def _keep_items(self) -> None:
        """Write down the items of tables that are put or deleted, and the records of streams that this makes."""
        tables = emulated("services.dynamodb")

        @instead_of(tables, "_set_item")
        @instead_of(tables, "_remove_item")
        def changed(change: Any, table: Any, partition_key: str, sort_key: str, *item: Any) -> Any:
            """Put or remove an item, and note its table and its key."""
            with self._one_line() as changes:
                _, _, _, region, account, name = table["TableArn"].split(":", 5)
                place = (account, region, name.partition("/")[2])
                changes.entries.setdefault(("dynamodb", "tables", place), table)
                changes.items[place, partition_key, sort_key] = table
                return change(table, partition_key, sort_key, *item)

        @instead_of(tables, "_emit_stream_event")
        def emitted(emit: Any, table_name: str, *arguments: Any, **options: Any) -> None:
            """Emit a record of a table's stream, and note it; nothing where the table has no stream."""
            store = tables._stream_records
            before = (store.get(table_name) or [None])[-1]
            emit(table_name, *arguments, **options)
            last = (store.get(table_name) or [None])[-1]
            if last is not before:
                with self._one_line() as changes:
                    changes.records.append({"table": store._scoped(table_name), "record": last})

    @contextmanager
    def _one_line(self) -> Iterator[_Changes]:
        """Yield where to note what changes, and write all of it down in one line at the end, also after an exception.

        Inside a request, this is the request's own, which is written when the request ends.
        """
        of_request = _CHANGES.get()
        if of_request is not None and not of_request.is_written:
            yield of_request
            return
        changes = _Changes()
        try:
            with during(_CHANGES, changes):
                yield changes
        finally:
            changes.is_written = True
            lines = list(self._entries(changes))
            for (place, *key), table in changes.items.items():
                lines.append({"table": place, "key": key, "item": table["items"].get(key[0], {}).get(key[1])})
            lines += changes.records
            if lines:
                self._append({"changes": lines})

    def _entries(self, changes: _Changes) -> Iterator[Mapping[str, Any]]:
        """Yield the entries that were replaced or deleted, and those looked at that are not as they were last written.

        The entry of one that is gone is None; one that neither was nor is there is left out.
        """
        for (service, name, place), before in changes.entries.items():
            module = emulated(f"services.{service}")
            entry = getattr(module, f"_{name}")._data.get(place)
            if entry is None and before is None:
                continue
            value = entry
            if name == "tables" and entry is not None:
                left_out = {*(_OF_ITEMS if entry is before else ()), module._INDEX_MEMBERS}
                value = {key: part for key, part in entry.items() if key not in left_out}
            written = hash(_encoded(value))
            if entry is before and self._written.get((service, name, place)) == written:
                continue
            self._written[service, name, place] = written
            yield {"service": service, "store": name, "place": place, "entry": value}

    def _append(self, line: Mapping[str, Any]) -> None:
        """Write a line to the journal; one that cannot be written is lost in silence."""
        with self._lock, suppress(OSError):  # a full disk: the save says so
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("ab", buffering=0) as file:
                file.write(f"\n{_encoded(line)}".encode())  # begins a line: the last one may have been cut off

    def begin_save(self) -> None:
        """Set aside what is written down, behind what is set aside already: the state that is saved now has it.

        Where that fails, nothing is said.
        """
        # A stack's changes are saved without being written down: after it, what was last written may be a change again.
        self._written.clear()
        with self._lock, suppress(OSError):
            if not self._set_aside.exists():
                self.path.replace(self._set_aside)
                return
            with self._set_aside.open("ab") as file:
                file.write(self.path.read_bytes())
            self.path.unlink()

    def end_save(self) -> None:
        """Forget what was set aside, once all of the state is saved."""
        with suppress(OSError):
            self._set_aside.unlink(missing_ok=True)

    @property
    def _set_aside(self) -> Path:
        return self.path.with_suffix(".saving")

    def _replay(self) -> None:
        """Put back what the loaded state lacks, by the lines set aside and then the others.

        Passed over are a line that is not whole JSON, and a change of a table or a queue that is gone.
        """
        replay = _Replay()
        with during(_CHANGES, _Changes()):  # nothing writes it down again
            for text in (*_lines(self._set_aside), *_lines(self.path)):
                with suppress(ValueError):
                    line = json.loads(text, object_hook=_persistence()._json_object_hook)
                    for change in line.get("changes", (line,)):
                        with suppress(KeyError):
                            replay.put_back(change)


def _noting(store: Any, service: str, name: str) -> Any:
    """The class of a store that notes each entry that a request reads, sets or removes, with what was there first.

    That may be an object which the request changes in place: `_entries` compares by identity and by what was saved.
    """

    def note(entries: Mapping[Place, Any], place: Place) -> None:
        changes = _CHANGES.get()
        if changes is not None:
            changes.entries.setdefault((service, name, place), entries.get(place))

    class Noting(store):  # type: ignore[misc] # the emulator has no types
        __slots__ = ()

        def _scoped(self, key: str) -> Place:
            place: Place = super()._scoped(key)
            note(self._data, place)
            return place

        def set_scoped(self, account: str, region: str, key: str, value: Any) -> None:
            note(self._data, (account, region, key))
            super().set_scoped(account, region, key, value)

        def pop_scoped(self, account: str, region: str, key: str, *default: Any) -> Any:
            note(self._data, (account, region, key))
            return super().pop_scoped(account, region, key, *default)

    return Noting


class _Replay:
    """Puts back what lines say, after the state is loaded."""

    def __init__(self) -> None:
        sqs = emulated("services.sqs")
        self._queues = {queue["attributes"]["QueueArn"]: queue for queue in sqs._queues._data.values()}
        self._tables: Any = emulated("services.dynamodb")
        self._ids: dict[tuple[str, ...], set[str]] = {}

    def put_back(self, change: Mapping[str, Any]) -> None:
        """Make a message, record, item or entry what a change says; an item or entry of None is removed.

        KeyError: its table, queue or store is not there any more.
        """
        if "queue" in change:
            self._add(self._queues[change["queue"]]["messages"], change["message"], "id", (change["queue"],))
        elif "record" in change:
            place = tuple(change["table"])
            records = self._tables._stream_records._data.setdefault(place, [])
            self._add(records, change["record"], "eventID", place)
        elif "item" in change:
            table = self._tables._tables._data[tuple(change["table"])]
            if change["item"] is None:
                self._tables._remove_item(table, *change["key"])
            else:
                self._tables._set_item(table, *change["key"], change["item"])
        else:
            entries = getattr(emulated(f"services.{change['service']}"), f"_{change['store']}")._data
            place, entry = tuple(change["place"]), change["entry"]
            if entry is None:
                entries.pop(place, None)
                return
            if change["store"] == "tables":
                before = entries.get(place, {"items": {}})
                entry = {**{name: before[name] for name in _OF_ITEMS if name in before}, **entry}
                entry["items"] = defaultdict(dict, entry["items"])
            entries[place] = entry

    def _add(self, elements: list[Any], element: Any, name: str, place: tuple[str, ...]) -> None:
        """Add a message or a record to those of a place, unless it is one of them, by what is called its id."""
        ids = self._ids.setdefault(place, {known[name] for known in elements})
        if element[name] not in ids:
            ids.add(element[name])
            elements.append(element)


def _encoded(value: object) -> str:
    return json.dumps(value, default=_persistence()._json_default)


@cache
def _persistence() -> Any:
    return emulated("core.persistence")


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text("utf-8", "replace").split("\n")
    except OSError:
        return []
