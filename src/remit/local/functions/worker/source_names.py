"""Compile the modules of a debugged function under the names of the files that an editor has open.

The function runs from a copy of the project's files. A breakpoint names the project's own file, and editors differ in
whether and how they are told that the one stands for the other; so code and frames have the project's names.
`__file__` stays what it is: what lies beside the module is read from the copy.
"""

from __future__ import annotations

import os
from importlib.machinery import SourceFileLoader

TYPE_CHECKING = False  # as typing's, whose import takes milliseconds
if TYPE_CHECKING:
    from types import CodeType


def name_after(task: str, project: str) -> None:
    """Name the modules in the folder `task` after their files in the folder `project`, if there are such files."""
    copies = task + os.sep
    plain_code = SourceFileLoader.get_code

    def get_code(loader: SourceFileLoader, name: str) -> CodeType | None:
        path = loader.get_filename(name)
        if not path.startswith(copies):
            return plain_code(loader, name)
        original = os.path.join(project, path.removeprefix(copies))  # noqa: PTH118 - pathlib takes milliseconds
        named = original if os.path.isfile(original) else path  # noqa: PTH113 - as above
        code: CodeType = loader.source_to_code(loader.get_data(path), named)  # cached bytecode has the copy's name
        return code

    SourceFileLoader.get_code = get_code  # type: ignore[assignment, method-assign]  # in this process alone
