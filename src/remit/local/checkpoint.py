"""The data that the AWS on this machine holds, noted at one moment and put back later: what tests of an app begin with.

Data is what an app writes: objects, items, messages, values of secrets and parameters, users of user pools, schedules,
logs. Stacks, functions and roles stay as they are. The records of streams are gone then, as if they had expired:
whoever reads a stream goes on behind them.
"""

from __future__ import annotations

import copy
import os
import shutil
import sys
from typing import TYPE_CHECKING, Any, Final

from remit.local.event_sources.streams import STREAM_STATE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_SERVICES: Final = ("dynamodb", "scheduler", "secretsmanager", "sqs", "ssm")
"""The emulator's modules whose whole state is data. Each of them has `get_state` and `load_persisted_state`."""
_CONTAINERS: Final[Mapping[str, tuple[str, ...]]] = {
    "cloudwatch_logs": ("_log_groups",),
    "cognito": ("_user_pools",),
    "s3": (
        "_buckets",
        "_bucket_tags",
        "_multipart_uploads",
        "_object_acl",
        "_object_legal_hold",
        "_object_retention",
        "_object_tags",
        "_object_versions",
    ),
}
"""The emulator's modules that keep data with what stacks make: groups with their events, pools with their users, and
buckets with what is said of objects, whose contents are in files alone."""


class Checkpoint:
    """The data of one moment. `contents`: the folder in which the emulator's S3 keeps the contents of objects."""

    def __init__(self, contents: Path) -> None:
        self._contents = contents
        self._noted_contents = contents.with_name("noted-s3")
        self._states: dict[str, Any] = {}
        self._containers: dict[str, dict[str, Any]] = {}

    def take(self) -> Mapping[str, Any]:
        """Note the data as it is now, in the place of what was noted before.

        Returns `{"services": […]}`: of the services whose whole state is data (`_SERVICES`), those that were used.
        """
        self._states = {name: _state(module) for name, module in _loaded(_SERVICES)}
        self._containers = {}
        for name, module in _loaded(tuple(_CONTAINERS)):
            self._containers[name] = {store: copy.deepcopy(getattr(module, store)._data) for store in _CONTAINERS[name]}
        _replace_folder(self._noted_contents, self._contents)
        return {"services": sorted(self._states)}

    def restore(self) -> Mapping[str, Any]:
        """Put the data back as it was noted, and empty what was not used then; returns the same as `take` did."""
        for name, module in _loaded(_SERVICES):
            state = self._states.get(name) or {key: {} for key in _state(module)}
            for key in state:
                container: Any = getattr(module, f"_{key}", None)
                if hasattr(container, "_data"):
                    container._data.clear()  # `clear` is about one account of many
            module.load_persisted_state(copy.deepcopy(state))
        for name, module in _loaded(tuple(_CONTAINERS)):
            noted = self._containers.get(name, {})
            for store in _CONTAINERS[name]:
                entries = getattr(module, store)._data
                entries.clear()
                entries.update(copy.deepcopy(noted.get(store, {})))
        _replace_folder(self._contents, self._noted_contents)
        _expire_records()
        return {"services": sorted(self._states)}


def _replace_folder(folder: Path, source: Path) -> None:
    """Delete a folder, and make it anew of hard links to the files of `source`; it stays away where that is not there.

    Links are enough since the emulator replaces files, and writes into none again.
    """
    shutil.rmtree(folder, ignore_errors=True)
    if source.exists():  # S3 makes its folder with the first object after a reset
        shutil.copytree(source, folder, copy_function=_link)


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # a file system without links
        shutil.copyfile(source, target)


def _state(module: Any) -> dict[str, Any]:
    """A deep copy of a service's state, by the names of its parts, without the records of streams."""
    return {key: copy.deepcopy(value) for key, value in module.get_state().items() if key not in STREAM_STATE}


def _expire_records() -> None:
    """Remove all records of the streams of DynamoDB and Kinesis, and place their readers after them."""
    for _, tables in _loaded(("dynamodb",)):
        trimmed = tables._stream_trimmed._data  # a reader's place is a number of records, expired ones among them
        for table, records in tables._stream_records._data.items():
            trimmed[table] = trimmed.get(table, 0) + len(records)
            records.clear()
    for _, streams in _loaded(("kinesis",)):
        for stream in streams._streams._data.values():
            for shard in stream["shards"].values():
                shard["records"] = []
    for _, functions in _loaded(("lambda_svc",)):
        positions = functions._kinesis_positions._data
        for mapping, places in positions.items():  # new objects, so that one which reads now sets none
            positions[mapping] = dict.fromkeys(places, 0)


def _loaded(names: tuple[str, ...]) -> list[tuple[str, Any]]:
    """The names of these services, each with the emulator's module; without those that nobody has used yet."""
    modules = ((name, sys.modules.get(f"ministack.services.{name}")) for name in names)
    return [(name, module) for name, module in modules if module is not None]
