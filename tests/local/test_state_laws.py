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

from remit.local.checkpoint import Checkpoint
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
        queue = {"attributes": {"QueueArn": QUEUE}, "messages": [{"id": message} for message in self.messages]}
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


@given(KEYS, KEYS)
def test_objects_are_as_they_were_noted_and_none_that_came_since_is_left_in_a_file(
    before: set[str], after: set[str]
) -> None:
    names = ("buckets", "bucket_tags", "multipart_uploads", "object_acl", "object_legal_hold", "object_retention",
             "object_tags", "object_versions")  # fmt: skip
    storage: Any = SimpleNamespace(**{f"_{name}": SimpleNamespace(_data={}) for name in names})
    deleted: list[tuple[str, str]] = []
    storage._delete_persisted_object = lambda bucket, key: deleted.append((bucket, key))
    place = (HERE[0], "photos")
    storage._buckets._data[place] = {"objects": {key: {"body": b"1"} for key in before}}
    storage._object_tags._data = dict.fromkeys(before, "old")
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in sys.modules if name.startswith("ministack.services.")]:
            patch.delitem(sys.modules, name)
        patch.setitem(sys.modules, "ministack.services.s3", storage)
        checkpoint = Checkpoint()
        checkpoint.take()
        objects = storage._buckets._data[place]["objects"]
        for key in before - after:
            del objects[key]
        objects.update({key: {"body": b"2"} for key in after})
        storage._object_tags._data = dict.fromkeys(after, "new")
        checkpoint.restore()
        # Twice, as after each test: what was put back first is not what was noted.
        storage._buckets._data[place]["objects"].clear()
        checkpoint.restore()
    assert {place: {"objects": {key: {"body": b"1"} for key in before}}} == storage._buckets._data
    assert dict.fromkeys(before, "old") == storage._object_tags._data
    assert sorted(("photos", key) for key in after - before) == sorted(deleted)
