"""Compile the modules of a debugged function under the names of the files that an editor has open.

The function runs from a copy of the project's files. A breakpoint names the project's own file, and editors differ in
whether and how they are told that the one stands for the other; so code and frames have the project's names.
`__file__` stays what it is: what lies beside the module is read from the copy.
"""

from __future__ import annotations

import os
import sys
from importlib.machinery import (
    BYTECODE_SUFFIXES,
    EXTENSION_SUFFIXES,
    SOURCE_SUFFIXES,
    ExtensionFileLoader,
    FileFinder,
    SourceFileLoader,
    SourcelessFileLoader,
)

TYPE_CHECKING = False  # as typing's, whose import takes milliseconds
if TYPE_CHECKING:
    from types import CodeType
    from typing import Any


def name_after(task: str, project: str) -> None:
    """Name the modules in the folder `task` after their files in the folder `project`, if there are such files."""
    copies = task + os.sep

    class ProjectFileLoader(SourceFileLoader):
        def get_code(self, fullname: str) -> CodeType:
            """Compile the source each time: cached bytecode has the name of the copy."""
            path = self.get_filename(fullname)
            named: CodeType = self.source_to_code(self.get_data(path), _project_file(path, copies, project))
            return named

    of_folder = FileFinder.path_hook(
        (ExtensionFileLoader, EXTENSION_SUFFIXES),
        (ProjectFileLoader, SOURCE_SUFFIXES),
        (SourcelessFileLoader, BYTECODE_SUFFIXES),
    )

    def of_copies(folder: str) -> Any:
        if not (folder + os.sep).startswith(copies):
            raise ImportError  # which has the next hook asked ("PEP 302")
        return of_folder(folder)

    sys.path_hooks.insert(0, of_copies)
    sys.path_importer_cache.clear()


def _project_file(path: str, copies: str, project: str) -> str:
    """The project's file of which a path is a copy; the path itself where there is none."""
    original = os.path.join(project, path.removeprefix(copies))  # noqa: PTH118 - pathlib takes milliseconds
    return original if os.path.isfile(original) else path  # noqa: PTH113 - as above
