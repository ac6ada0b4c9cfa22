"""What comes back of the data of the AWS on this machine, whenever its server is killed or its data is put back."""

from __future__ import annotations

import copy
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from remit.local import aws
from remit.local.checkpoint import Checkpoint
from remit.local.control.clients import client_arguments, session
from remit.local.control.server_commands import keep_data, put_data_back
from remit.local.emulator import emulated
from remit.local.journal import Journal

CASES: Final = 150
HERE: Final = ("000000000000", "eu-central-1")
QUEUE: Final = "arn:aws:sqs:eu-central-1:000000000000:q"


class Data:
    """The messages of a queue, the items of a table by key, and parameters by name."""

    def __init__(self) -> None:
        self.messages: list[str] = []
        self.items: dict[str, Any] = {}
        self.parameters: dict[str, Any] = {}

    def __eq__(self, other: object) -> bool:
        return vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment]

    def change(self, step: str, key: str, number: int) -> dict[str, Any]:
        """Make a change, and say it as a line does."""
        parameter: dict[str, Any] = {
            "service": "ssm",
            "store": "parameters",
            "place": [*HERE, key],
            "entry": {"v": number},
        }
        item: dict[str, Any] = {"table": [*HERE, "t"], "key": [key, ""], "item": {"n": number}}
        if step == "send":
            self.messages.append(str(number))
            return {"queue": QUEUE, "message": {"id": str(number)}}
        if step in ("put", "both"):
            self.items[key] = {"n": number}
        if step in ("set", "both"):
            self.parameters[key] = {"v": number}
        if step == "delete item":
            self.items.pop(key, None)
            item["item"] = None
        if step == "delete parameter":
            self.parameters.pop(key, None)
            parameter["entry"] = None
        lines = {"put": [item], "delete item": [item], "both": [item, parameter]}
        return {"changes": lines.get(step, [parameter])}

    def load(self, patch: pytest.MonkeyPatch) -> None:
        """Make it what the emulator has."""
        queue = {
            "attributes": {"QueueArn": QUEUE},
            "messages": [{"id": message, "receive_count": 1} for message in self.messages],
        }
        table = {"items": {key: {"": item} for key, item in self.items.items()}, "ItemCount": len(self.items)}
        parameters = {(*HERE, name): parameter for name, parameter in self.parameters.items()}
        patch.setattr(emulated("services.sqs")._queues, "_data", {(*HERE, "q"): queue})
        patch.setattr(emulated("services.dynamodb")._tables, "_data", {(*HERE, "t"): table})
        patch.setattr(emulated("services.ssm")._parameters, "_data", parameters)

    @classmethod
    def of_emulator(cls) -> Data:
        data = cls()
        queue = emulated("services.sqs")._queues._data[*HERE, "q"]
        table = emulated("services.dynamodb")._tables._data[*HERE, "t"]
        data.messages = [message["id"] for message in queue["messages"]]
        data.items = {key: by_sort_key[""] for key, by_sort_key in table["items"].items()}
        data.parameters = {place[2]: entry for place, entry in emulated("services.ssm")._parameters._data.items()}
        return data


CHANGES: Final = ("send", "put", "set", "both", "delete item", "delete parameter")
STEPS: Final = (*CHANGES, "begin to save", "save", "end saving", "cut off")


@settings(max_examples=CASES)
@given(st.lists(st.tuples(st.sampled_from(STEPS), st.sampled_from("ab")), max_size=20))
def test_a_server_that_is_killed_at_any_moment_has_all_that_it_acknowledged_and_nothing_twice(
    steps: list[tuple[str, str]],
) -> None:
    """A line that is cut off was not acknowledged: nothing of it comes back, and the next one does."""
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        data, saved = Data(), Data()
        journal = Journal(Path(folder, "journal"))
        is_saving = is_saved = False
        for number, (step, key) in enumerate(steps):
            if step == "begin to save":
                journal.begin_save()
                is_saving, is_saved = True, False
            elif step == "save" and is_saving:
                saved, is_saved = copy.deepcopy(data), True
            elif step == "end saving" and is_saved:
                journal.end_save()
                is_saving = is_saved = False
            elif step == "cut off":
                with journal.path.open("a") as file:
                    file.write('\n{"changes": [{"service": "ssm", "store": "parameters", "place": ["0000')
            elif step in CHANGES:
                journal._append(data.change(step, key, number))
        saved.load(patch)
        journal._replay()
        assert data == Data.of_emulator()


KEYS: Final = st.sets(st.sampled_from("abcd"))
OF_OBJECTS: Final = (
    "bucket_tags", "multipart_uploads", "object_acl", "object_legal_hold", "object_retention", "object_tags",
    "object_versions",
)  # fmt: skip
"""What the emulator's S3 holds of objects beside its buckets."""


def put_objects(storage: Any, folder: Path, keys: set[str], content: str) -> None:
    """Write objects as the emulator does: what it says of them, and a file, in the place of the one that is there."""
    for key in keys:
        storage._buckets._data[*HERE, "photos"]["objects"][key] = {"etag": content}
        for name in OF_OBJECTS:
            getattr(storage, f"_{name}")._data[key] = content
        new = folder / "new"
        new.write_text(content)
        new.replace(folder / key)


def delete_objects(storage: Any, folder: Path, keys: set[str]) -> None:
    for key in keys:
        del storage._buckets._data[*HERE, "photos"]["objects"][key]
        for name in OF_OBJECTS:
            getattr(storage, f"_{name}")._data.pop(key)
        (folder / key).unlink()


@settings(max_examples=30)
@given(KEYS, st.lists(st.tuples(KEYS, KEYS), max_size=3))
def test_objects_are_put_back_as_they_were_noted_however_often_tests_change_them(
    before: set[str], tests: list[tuple[set[str], set[str]]]
) -> None:
    storage: Any = SimpleNamespace(**{f"_{name}": SimpleNamespace(_data={}) for name in ("buckets", *OF_OBJECTS)})
    storage._buckets._data[*HERE, "photos"] = {"objects": {}}
    with tempfile.TemporaryDirectory() as place, pytest.MonkeyPatch.context() as patch:
        for name in [name for name in sys.modules if name.startswith("ministack.services.")]:
            patch.delitem(sys.modules, name)
        patch.setitem(sys.modules, "ministack.services.s3", storage)
        folder = Path(place, "s3")
        folder.mkdir()
        put_objects(storage, folder, before, "old")
        checkpoint = Checkpoint(folder)
        checkpoint.take()
        for written, deleted in tests:
            put_objects(storage, folder, written, "new")
            delete_objects(storage, folder, deleted & (before | written))
            checkpoint.restore()
            objects = storage._buckets._data[*HERE, "photos"]["objects"]
            assert dict.fromkeys(before, "old") == {key: objects[key]["etag"] for key in objects}
            noted = {name: dict.fromkeys(before, "old") for name in OF_OBJECTS}
            assert noted == {name: getattr(storage, f"_{name}")._data for name in OF_OBJECTS}
            assert dict.fromkeys(before, "old") == {file.name: file.read_text() for file in folder.iterdir()}


@settings(max_examples=20)
@given(st.lists(st.integers(0, 3), min_size=1, max_size=4), st.integers(0, 3))
def test_records_of_streams_are_gone_after_each_test_and_a_readers_place_counts_them(
    tests: list[int], earlier: int
) -> None:
    """A place in the stream of a table counts the records that it ever had; in a shard, those that are there."""
    tables = SimpleNamespace(
        get_state=dict, load_persisted_state=lambda _: None,
        _stream_records=SimpleNamespace(_data={HERE: ["record"] * earlier}), _stream_trimmed=SimpleNamespace(_data={}),
    )  # fmt: skip
    shard = {"records": ["record"] * earlier}
    streams = SimpleNamespace(_streams=SimpleNamespace(_data={HERE: {"shards": {"1": shard}}}))
    functions = SimpleNamespace(_kinesis_positions=SimpleNamespace(_data={HERE: {"1": earlier}}))
    services = {"dynamodb": tables, "kinesis": streams, "lambda_svc": functions}
    with tempfile.TemporaryDirectory() as place, pytest.MonkeyPatch.context() as patch:
        for name in [name for name in sys.modules if name.startswith("ministack.services.")]:
            patch.delitem(sys.modules, name)
        for name, module in services.items():
            patch.setitem(sys.modules, f"ministack.services.{name}", module)
        checkpoint = Checkpoint(Path(place, "s3"))
        checkpoint.take()
        written = earlier
        for count in tests:
            for records in (tables._stream_records._data[HERE], shard["records"]):
                records.extend(["record"] * count)
            written += count
            checkpoint.restore()
            assert ([], written) == (tables._stream_records._data[HERE], tables._stream_trimmed._data[HERE])
            assert ([], {"1": 0}) == (shard["records"], functions._kinesis_positions._data[HERE])


def test_an_object_that_a_test_replaced_or_deleted_has_its_contents_again(project: Path) -> None:
    running = aws.start(project, region=HERE[1])
    storage = session(running).client("s3", **client_arguments(running))
    storage.create_bucket(Bucket="photos", CreateBucketConfiguration={"LocationConstraint": HERE[1]})
    for key in ("replaced", "deleted"):
        storage.put_object(Bucket="photos", Key=key, Body=b"of the deploy")
    keep_data(running)
    storage.put_object(Bucket="photos", Key="replaced", Body=b"of a test")
    storage.delete_object(Bucket="photos", Key="deleted")
    put_data_back(running)
    for key in ("replaced", "deleted"):
        assert b"of the deploy" == storage.get_object(Bucket="photos", Key=key)["Body"].read()
