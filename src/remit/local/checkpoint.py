"""The data that the AWS on this machine holds, noted at one moment and put back later: what tests of an app begin with.

Data is what an app writes: objects, items, messages, values of secrets and parameters, schedules. Stacks, functions and
roles stay as they are, and so do logs and the records of streams, in which whoever reads them has a place.
"""

from __future__ import annotations

import copy
import sys
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_SERVICES: Final = ("dynamodb", "scheduler", "secretsmanager", "sqs", "ssm")
"""The emulator's modules whose whole state is data. Each of them has `get_state` and `load_persisted_state`."""
_OF_OBJECTS: Final = (
    "_buckets",
    "_bucket_tags",
    "_multipart_uploads",
    "_object_acl",
    "_object_legal_hold",
    "_object_retention",
    "_object_tags",
    "_object_versions",
)
"""Where the emulator's S3 keeps objects; it writes them into files by itself."""


class Checkpoint:
    """The data of one moment."""

    def __init__(self) -> None:
        self._states: dict[str, Any] = {}
        self._objects: dict[str, Any] = {}

    def take(self) -> Mapping[str, Any]:
        """Note the data as it is now; the services that have any."""
        self._states = {name: module.get_state() for name, module in _loaded(_SERVICES)}
        for _, storage in _loaded(("s3",)):
            self._objects = {name: copy.deepcopy(getattr(storage, name)._data) for name in _OF_OBJECTS}  # noqa: SLF001
        return {"services": sorted(self._states)}

    def restore(self) -> Mapping[str, Any]:
        """Put the data back as it was noted; the services that had any. One that was not used then is emptied."""
        for name, module in _loaded(_SERVICES):
            state = self._states.get(name) or {key: {} for key in module.get_state()}
            for key in state:
                container: Any = getattr(module, f"_{key}", None)
                if hasattr(container, "_data"):
                    container._data.clear()  # noqa: SLF001 - `clear` is about one account of many
            module.load_persisted_state(copy.deepcopy(state))
        for _, storage in _loaded(("s3",)):
            self._restore_objects(storage)
        return {"services": sorted(self._states)}

    def _restore_objects(self, storage: Any) -> None:
        before = storage._buckets._data  # noqa: SLF001 - the emulator has no other way to do it
        for scoped_name, bucket in list(before.items()):
            noted = self._objects.get("_buckets", {}).get(scoped_name, {}).get("objects", {})
            for key in set(bucket["objects"]) - set(noted):
                storage._delete_persisted_object(scoped_name[1], key)  # noqa: SLF001 - as above
        for name in _OF_OBJECTS:
            container = getattr(storage, name)._data  # noqa: SLF001 - as above
            container.clear()
            container.update(copy.deepcopy(self._objects.get(name, {})))


def _loaded(names: tuple[str, ...]) -> list[tuple[str, Any]]:
    """The emulator's modules of these services, as far as anybody used them."""
    modules = ((name, sys.modules.get(f"ministack.services.{name}")) for name in names)
    return [(name, module) for name, module in modules if module is not None]
