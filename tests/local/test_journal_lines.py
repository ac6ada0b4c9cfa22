"""The journal's lines by themselves: which messages are written, and what a save sets aside."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from contextlib import suppress
from contextvars import copy_context
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

import pytest

from emulator_copies import copied
from remit.local.emulator import as_request_of, emulated
from remit.local.journal import Journal, _Changes, _lines

if TYPE_CHECKING:
    from pathlib import Path

QUEUE_ARN: Final = "arn:aws:sqs:eu-west-1:1:q"


def written(path: Path) -> list[Any]:
    """The lines of a journal, each of which begins a line."""
    text = path.read_text()
    assert text.startswith("\n")
    return [json.loads(line) for line in text.removeprefix("\n").split("\n")]


@pytest.mark.parametrize("before", [[], [{"id": "a"}], [{"id": "a"}, {"id": "b"}]])
@pytest.mark.parametrize("new", [[], [{"id": "x"}], [{"id": "x"}, {"id": "y"}]])
def test_the_messages_that_a_send_has_added_are_written_the_newest_first(
    tmp_path: Path, before: list[Any], new: list[Any]
) -> None:
    journal = Journal(tmp_path / "state" / "messages.jsonl")
    queue = {"attributes": {"QueueArn": QUEUE_ARN}, "messages": [*before]}
    with journal._written_down(queue):
        queue["messages"] += new
    if not new:
        assert not journal.path.exists()
        return
    assert [{"queue": QUEUE_ARN, "message": message} for message in reversed(new)] == written(journal.path)


def test_nothing_is_written_of_a_send_that_fails_or_of_no_queue(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "messages.jsonl")
    queue: dict[str, Any] = {"attributes": {"QueueArn": QUEUE_ARN}, "messages": []}
    with suppress(KeyError), journal._written_down(queue):
        queue["messages"].append({"id": "x"})
        raise KeyError
    with journal._written_down(None):
        pass
    assert not journal.path.exists()


def test_what_a_save_sets_aside_is_forgotten_once_it_has_ended_and_kept_where_it_has_not(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "messages.jsonl")
    aside = tmp_path / "messages.saving"
    journal.begin_save()  # of nothing
    assert not aside.exists()
    journal._append({"n": 1})
    journal._written["sqs", "queues", ("1", "r", "q")] = 5
    journal.begin_save()
    assert ({}, False, [{"n": 1}]) == (journal._written, journal.path.exists(), written(aside))
    journal._append({"n": 2})
    journal.begin_save()  # the save before was cut off
    assert (False, [{"n": 1}, {"n": 2}]) == (journal.path.exists(), written(aside))
    journal._append({"n": 3})
    journal.end_save()
    assert (False, [{"n": 3}]) == (aside.exists(), written(journal.path))
    journal.end_save()
    assert ["", '{"n": 3}'] == _lines(journal.path)
    assert [] == _lines(aside)


def test_a_journal_that_cannot_be_written_says_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    journal = Journal(tmp_path / "file" / "messages.jsonl")
    journal._append({"n": 1})
    journal.begin_save()
    journal.end_save()
    assert [] == _lines(journal.path)


def test_entries_that_a_request_changed_are_written_and_those_that_it_only_read_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal(tmp_path / "messages.jsonl")
    kept = {"Value": "1", "History": ["a"]}
    data = {("1", "r", name): {"Value": name} for name in ("new", "changed")} | {("1", "r", "kept"): kept}
    copied(monkeypatch, "services.ssm", _parameters=SimpleNamespace(_data=data))

    def lines(**before: Any) -> dict[str, Any]:
        entries = {("ssm", "parameters", ("1", "r", name)): entry for name, entry in before.items()}
        found = list(journal._entries(_Changes(entries=entries)))
        assert all(("ssm", "parameters") == (line["service"], line["store"]) for line in found)
        return {line["place"][2]: line["entry"] for line in found}

    assert {"new": {"Value": "new"}, "changed": {"Value": "changed"}, "gone": None} == lines(
        new=None, changed={"Value": "changed"}, gone={"Value": "x"}, never=None
    )
    assert {"kept": kept} == lines(kept=kept)
    assert {} == lines(kept=kept)
    kept["History"].append("b")  # type: ignore[attr-defined]
    assert {"kept": kept} == lines(kept=kept)
    assert {"kept": kept} == lines(kept={**kept})  # another object is a change


def test_a_table_that_was_only_looked_at_is_written_without_what_changes_with_its_items(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    of_items = {"items": {"k": {"s": {}}}, "ItemCount": 1, "TableSizeBytes": 9}
    table = {"TableName": "t", **of_items, emulated("services.dynamodb")._INDEX_MEMBERS: {"i": "never"}}
    copied(monkeypatch, "services.dynamodb", _tables=SimpleNamespace(_data={PLACE: table}))

    def entry(before: Any) -> Any:
        changes = _Changes(entries={("dynamodb", "tables", PLACE): before})
        (line,) = Journal(tmp_path / "messages.jsonl")._entries(changes)
        return line["entry"]

    assert {"TableName": "t"} == entry(table)
    assert {"TableName": "t", **of_items} == entry(None)


PLACE: Final = ("1", "eu-west-1", "t")
NEW_PLACE: Final = ("1", "eu-west-1", "new")
NEW_TABLE: Final = {"TableArn": "arn:aws:dynamodb:eu-west-1:1:table/new", "Status": "ACTIVE", "ItemCount": 1}


def put_item(table: Any, partition_key: str, sort_key: str, item: Any) -> None:
    table["items"][partition_key][sort_key] = item


def test_each_change_is_put_back_once_but_for_lines_that_are_cut_off_and_changes_of_what_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    messages, records = [{"id": "a"}], [{"eventID": "1"}]
    before = {"items": defaultdict(dict, k={"s": 1, "old": 2}), "ItemCount": 2, "TableSizeBytes": 9, "Status": "MADE"}
    queues = {("1", "eu-west-1", "q"): {"attributes": {"QueueArn": QUEUE_ARN}, "messages": messages}}
    copied(monkeypatch, "services.sqs", _queues=SimpleNamespace(_data=queues))
    stores: dict[str, Any] = {"_tables": {PLACE: before}, "_stream_records": {PLACE: records}}
    dynamodb = copied(
        monkeypatch, "services.dynamodb", **{name: SimpleNamespace(_data=data) for name, data in stores.items()},
        _set_item=put_item, _remove_item=lambda table, *key: table["items"][key[0]].pop(key[1]),
    )  # fmt: skip
    parameters = {("1", "eu-west-1", name): {"Value": "before"} for name in ("deleted", "changed")}
    copied(monkeypatch, "services.ssm", _parameters=SimpleNamespace(_data=parameters))
    journal = Journal(tmp_path / "messages.jsonl")
    journal._keep_items()

    def parameter(name: str, entry: Any) -> dict[str, Any]:
        return {"service": "ssm", "store": "parameters", "place": ["1", "eu-west-1", name], "entry": entry}

    def table(place: Any, entry: Any) -> dict[str, Any]:
        return {"service": "dynamodb", "store": "tables", "place": place, "entry": entry}

    aside = [parameter("changed", {"Value": "first"}), parameter("deleted", None)]
    last: list[dict[str, Any]] = [
        {"queue": QUEUE_ARN, "message": {"id": "b"}},
        {"queue": QUEUE_ARN, "message": {"id": "a"}},
        {"queue": QUEUE_ARN, "message": {"id": "b"}},
        {"table": PLACE, "record": {"eventID": "1"}},
        {"table": PLACE, "record": {"eventID": "2"}},
        {"table": NEW_PLACE, "record": {"eventID": "3"}},
        {"queue": f"{QUEUE_ARN}-that-is-gone", "message": {"id": "c"}},
        {"table": ["1", "eu-west-1", "gone"], "key": ["k", "s"], "item": 1},
        table(PLACE, {"Status": "ACTIVE", "TableArn": "arn:aws:dynamodb:eu-west-1:1:table/t"}),
        table(NEW_PLACE, {**NEW_TABLE, "items": {"k": {"s": 5}}}),
        {"table": PLACE, "key": ["of another", "s"], "item": 3},
        {"table": PLACE, "key": ["k", "old"], "item": None},
        {"table": NEW_PLACE, "key": ["of another", "s"], "item": 4},
        parameter("changed", {"Value": "last"}),
        parameter("never", None),
    ]
    journal._append({"changes": aside})
    journal.begin_save()
    journal._append(last[0])
    journal.path.write_bytes(journal.path.read_bytes() + b'\n{"changes": [\xff')
    journal._append({"changes": last[1:]})
    written_before = journal.path.read_bytes()
    journal._replay()
    assert written_before == journal.path.read_bytes()  # nothing is written down again
    assert [{"id": "a"}, {"id": "b"}] == messages
    assert {
        PLACE: [{"eventID": "1"}, {"eventID": "2"}],
        NEW_PLACE: [{"eventID": "3"}],
    } == dynamodb._stream_records._data
    of_items = {"items": {"k": {"s": 1}, "of another": {"s": 3}}, "ItemCount": 2, "TableSizeBytes": 9}
    stored = {**of_items, "Status": "ACTIVE", "TableArn": "arn:aws:dynamodb:eu-west-1:1:table/t"}
    new = {**NEW_TABLE, "items": {"k": {"s": 5}, "of another": {"s": 4}}}
    assert {PLACE: stored, NEW_PLACE: new} == dynamodb._tables._data
    assert {("1", "eu-west-1", "changed"): {"Value": "last"}} == parameters


def test_a_message_is_written_for_the_queue_that_its_sender_or_a_service_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    queues: dict[str, Any] = {
        name: {"attributes": {"QueueArn": f"{QUEUE_ARN}-{name}"}, "messages": []} for name in ("one", "other")
    }

    def send(data: Any, url: str) -> Any:
        queues[data.get("QueueUrl", url)]["messages"].append({"id": data["id"]})
        return "sent", data["id"]

    sqs = copied(
        monkeypatch, "services.sqs", _act_send_message=send, _HANDLERS={"SendMessage": send},
        _get_q=lambda url, _operation: queues[url],
        _queue_by_arn=lambda arn: queues.get(arn.removeprefix(f"{QUEUE_ARN}-")),
    )  # fmt: skip
    delivered = []
    for service, name in (("sns", "_deliver_to_sqs"), ("eventbridge", "_dispatch_to_sqs"),
                          ("s3", "_deliver_event_to_sqs")):  # fmt: skip

        def deliver(arn: str, body: str, *, to: str = service) -> None:
            delivered.append((to, arn))
            if arn in (f"{QUEUE_ARN}-one", f"{QUEUE_ARN}-other"):
                send({"QueueUrl": arn.removeprefix(f"{QUEUE_ARN}-"), "id": body}, "")

        copied(monkeypatch, f"services.{service}", **{name: deliver})
    journal = Journal(tmp_path / "messages.jsonl")
    journal._keep_messages()
    assert ("sent", "1") == sqs._act_send_message({"QueueUrl": "other", "id": "1"}, "one")
    assert ("sent", "2") == sqs._HANDLERS["SendMessage"]({"id": "2"}, "one")
    emulated("services.sns")._deliver_to_sqs(f"{QUEUE_ARN}-one", "3")
    emulated("services.eventbridge")._dispatch_to_sqs(f"{QUEUE_ARN}-other", "4")
    emulated("services.s3")._deliver_event_to_sqs(f"{QUEUE_ARN}-one", body="5")
    emulated("services.s3")._deliver_event_to_sqs("gone", "6")
    expected = [("other", "1"), ("one", "2"), ("one", "3"), ("other", "4"), ("one", "5")]
    assert [{"queue": f"{QUEUE_ARN}-{name}", "message": {"id": id_}} for name, id_ in expected] == written(journal.path)
    assert ["sns", "eventbridge", "s3", "s3"] == [service for service, _ in delivered]


def test_what_a_request_changes_in_a_store_is_one_line_and_an_operation_that_reads_writes_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = emulated("core.responses").AccountRegionScopedDict()

    async def handle(_method: str, _path: str, headers: Any, names: list[str]) -> str:
        for name in names:
            store[name] = {"Value": headers["x-amz-target"]}
        store.pop_scoped("1", "eu-west-1", "removed", None)
        store.set_scoped("1", "eu-west-1", "set", {"Value": "set"})
        store["brief"] = {"Value": "brief"}
        del store["brief"]
        return "answered"

    ssm = copied(
        monkeypatch, "services.ssm", get_state=lambda: {"parameters": {}}, _parameters=store, handle_request=handle
    )
    journal = Journal(tmp_path / "messages.jsonl")
    journal._keep_entries("ssm")

    def ask(operation: str, *names: str) -> list[dict[str, Any]]:
        journal.path.unlink(missing_ok=True)
        headers = {"x-amz-target": f"AmazonSSM.{operation}"}
        with as_request_of("1", "eu-west-1"):
            assert "answered" == asyncio.run(ssm.handle_request("POST", "/", headers, list(names)))
        return written(journal.path) if journal.path.exists() else []

    reads = ("BatchGetItem", "DescribeParameters", "GetParameter", "ListTagsForResource", "Query", "Scan",
             "SearchTables", "TransactGetItems")  # fmt: skip
    assert [[]] * len(reads) == [ask(operation, "removed") for operation in reads]
    lines = [
        {"service": "ssm", "store": "parameters", "place": ["1", "eu-west-1", name], "entry": entry}
        for name, entry in (
            ("a", {"Value": "AmazonSSM.PutParameter"}),
            ("b", {"Value": "AmazonSSM.PutParameter"}),
            ("removed", None),
            ("set", {"Value": "set"}),
        )
    ]
    store._data["1", "eu-west-1", "removed"] = {"Value": "there"}
    assert [{"changes": lines}] == ask("PutParameter", "a", "b")


def test_a_request_to_tables_is_one_line_even_where_it_fails_and_what_goes_on_after_it_has_lines_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    new_store = emulated("core.responses").AccountRegionScopedDict
    tables, records = new_store(), new_store()
    place, no_stream = ["1", "eu-west-1", "t/x"], ["1", "eu-west-1", "plain"]
    stored = {
        tuple(where): {"TableArn": f"arn:aws:dynamodb:eu-west-1:1:table/{where[2]}", "items": defaultdict(dict)}
        for where in (place, no_stream)
    }
    tables._data.update(stored)
    table = stored["1", "eu-west-1", "t/x"]

    def emit(name: str, *, record: str) -> None:
        if name == "t/x" and record:
            records.setdefault(name, []).append({"eventID": record})

    contexts = []

    async def handle(_method: str, _path: str, _headers: Any, does: Any) -> None:
        contexts.append(copy_context())
        does()

    dynamodb = copied(
        monkeypatch, "services.dynamodb", get_state=lambda: {"tables": {}}, _tables=tables, _stream_records=records,
        _set_item=put_item, _remove_item=lambda table, *key: table["items"][key[0]].pop(key[1]),
        _emit_stream_event=emit, handle_request=handle,
    )  # fmt: skip
    journal = Journal(tmp_path / "messages.jsonl")
    journal._keep_entries("dynamodb")
    journal._keep_items()

    def ask(does: Any) -> list[Any]:
        journal.path.unlink(missing_ok=True)
        with as_request_of("1", "eu-west-1"), suppress(ZeroDivisionError):
            asyncio.run(
                dynamodb.handle_request("POST", "/", {"x-amz-target": "DynamoDB_20120810.TransactWriteItems"}, does)
            )
        return written(journal.path) if journal.path.exists() else []

    def writes() -> None:
        dynamodb._set_item(table, "k", "s", {"n": "first"})
        dynamodb._emit_stream_event("t/x", record="1")
        dynamodb._set_item(table, "k", "s", {"n": "last"})
        dynamodb._set_item(table, "k", "gone", {"n": "x"})
        dynamodb._remove_item(table, "k", "gone")
        dynamodb._emit_stream_event("t/x", record="2")
        dynamodb._emit_stream_event("t/x", record="")
        dynamodb._emit_stream_event("plain", record="3")
        1 / 0  # noqa: B018 - the operation fails after its changes

    entry = {"service": "dynamodb", "store": "tables", "place": place, "entry": {"TableArn": table["TableArn"]}}
    item, gone, later = (
        {"table": place, "key": ["k", key], "item": value}
        for key, value in (("s", {"n": "last"}), ("gone", None), ("later", {"n": "later"}))
    )
    new = [{"table": place, "record": {"eventID": record}} for record in "12"]
    of_plain = {**entry, "place": no_stream, "entry": {"TableArn": f"{table['TableArn'][:-3]}plain"}}
    assert [{"changes": [entry, item, gone, *new]}] == [
        {"changes": [change for change in line["changes"] if change != of_plain]} for line in ask(writes)
    ]
    assert [] == ask(lambda: None)
    contexts[0].run(dynamodb._set_item, table, "k", "later", {"n": "later"})
    contexts[0].run(dynamodb._remove_item, table, "k", "later")
    assert [{"changes": [later]}, {"changes": [{**later, "item": None}]}] == written(journal.path)
    journal.path.unlink()
    dynamodb._set_item(table, "k", "later", {"n": "later"})
    assert [{"changes": [later]}] == written(journal.path)


def test_a_journal_takes_hold_of_each_service_of_what_is_loaded_and_of_what_is_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    new_store = emulated("core.responses").AccountRegionScopedDict
    steps: list[str] = []

    async def handle(_method: str, _path: str, _headers: Any, module: Any, name: str) -> None:
        getattr(module, name)["x"] = {"Value": name, "items": {}}

    def forget() -> None:
        steps.append("reset")
        assert aside.exists()

    names = {"dynamodb": "_tables", "secretsmanager": "_secrets", "ssm": "_parameters"}
    modules = {
        service: copied(
            monkeypatch, f"services.{service}", handle_request=handle, get_state=lambda name=name: {name[1:]: {}},
            **{name: new_store()},
        )
        for service, name in names.items()
    }  # fmt: skip
    for service in ("sqs", "sns", "eventbridge", "s3"):
        copied(monkeypatch, f"services.{service}", _HANDLERS={"SendMessage": print})
    app = copied(
        monkeypatch, "app", _reset_all_state=forget, _load_persisted_state=lambda: steps.append("loaded")
    )  # fmt: skip
    journal = Journal(tmp_path / "messages.jsonl")
    aside = tmp_path / "messages.saving"
    journal.take_hold()
    for service, name in names.items():
        with as_request_of("1", "eu-west-1"):
            asyncio.run(modules[service].handle_request("POST", "/", {"x-amz-target": "X.Put"}, modules[service], name))
    changed = [line["changes"][0] for line in written(journal.path)]
    assert [(service, name[1:]) for service, name in names.items()] == [
        (change["service"], change["store"]) for change in changed
    ]
    for service, name in names.items():
        getattr(modules[service], name)._data.clear()
    app._load_persisted_state()
    of_place = {service: getattr(modules[service], name)._data for service, name in names.items()}
    assert {
        service: {("1", "eu-west-1", "x"): {"Value": name, "items": {}}} for service, name in names.items()
    } == of_place
    journal.begin_save()
    journal._append({"n": 1})
    app._reset_all_state()
    assert (["loaded", "reset"], False, False) == (steps, aside.exists(), journal.path.exists())
