"""Say with every call to AWS which invocation makes it, and where in the function's own code.

The header `x-remit-call` says it: REQUEST_ID;FILE;LINE, the file relative to the function's folder and percent-encoded.
It is added after the call is signed, and the gate takes it off. botocore is imported no earlier than by the function.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
import threading

TYPE_CHECKING = False  # as typing's, whose import takes milliseconds
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from importlib.machinery import ModuleSpec
    from types import FrameType, ModuleType
    from typing import Any

_HEADER = "x-remit-call"
_HANDLERS = "botocore.handlers"
_SDK = frozenset(("aioboto3", "aiobotocore", "boto3", "botocore", "remit", "s3transfer", "urllib3"))


class CallPlaces:
    """A finder of modules that waits for botocore, and then adds the header to its calls."""

    def __init__(self, task: str, project: str = "") -> None:
        """Look for calls in the folder `task`, and in `project` where code is named after the files there."""
        self._folder = task + os.sep
        self._folders = (self._folder, project + os.sep) if project else (self._folder,)
        self._packages: frozenset[str] | None = None

    def install(self) -> None:
        """Wait for the import of botocore."""
        finders: list[Any] = sys.meta_path
        finders.insert(0, self)

    def find_spec(self, name: str, _path: Sequence[str] | None = None, _target: object = None) -> ModuleSpec | None:
        """Find the module of botocore's handlers as it would be found without this, and add one when it is loaded.

        It finds that once, and takes itself off the path. None for any other module.
        """
        if name != _HANDLERS:
            return None
        finders: list[Any] = sys.meta_path
        finders.remove(self)  # or it would be asked again by what it asks
        spec = importlib.util.find_spec(name)
        if spec is None or spec.loader is None:
            return spec
        load = spec.loader.exec_module

        def load_and_add(module: ModuleType) -> None:
            load(module)
            module.BUILTIN_HANDLERS.append(("before-send", self.add_header))

        spec.loader.exec_module = load_and_add  # type: ignore[method-assign]  # of this one loader
        return spec

    def add_header(self, request: Any, **_options: Any) -> None:
        """Add the header to a request that is signed; without an invocation its id is empty."""
        runtime: Any = sys.modules.get("awslambdaric.bootstrap")
        request_id = getattr(runtime, "_GLOBAL_AWS_REQUEST_ID", None) or ""
        file, line = self._place()
        quote = importlib.import_module("urllib.parse").quote  # botocore has imported it
        request.headers[_HEADER] = f"{request_id};{quote(file)};{line}"

    def _place(self) -> tuple[str, int]:
        """The file and the line of the innermost call in the function's own code; empty and 0 if there is none.

        Uploads and downloads are made by threads of the SDK, for which the main one waits.
        """
        if self._packages is None:
            self._packages = _SDK | _installed(self._folder)
        main_frame = sys._current_frames().get(threading.main_thread().ident or 0)
        for frame in (*_outwards(sys._getframe()), *_outwards(main_frame)):  # there is no other way
            file = self._relative(frame.f_code.co_filename)
            if file and file.partition("/")[0].removesuffix(".py") not in self._packages:
                code = os.environ.get("REMIT_CODE")  # the folder of the project that is this zip's root
                return f"{code}/{file}" if code else file, frame.f_lineno
        return "", 0

    def _relative(self, path: str) -> str:
        """A path in the function's code, from its folder; empty for another one."""
        for folder in self._folders:
            if path.startswith(folder):
                return path.removeprefix(folder).replace(os.sep, "/")
        return ""


def _outwards(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back


def _installed(folder: str) -> frozenset[str]:
    """The top-level names of the packages that were installed into the function's folder."""
    names: set[str] = set()
    for entry in os.listdir(folder):  # noqa: PTH208 - pathlib takes milliseconds
        record = f"{folder}{entry}/RECORD"
        if entry.endswith(".dist-info") and os.path.exists(record):  # noqa: PTH110 - as above
            with open(record, encoding="utf-8", errors="replace") as lines:  # noqa: PTH123 - as above
                names.update(line.partition(",")[0].partition("/")[0].removesuffix(".py") for line in lines)
    return frozenset(names)
