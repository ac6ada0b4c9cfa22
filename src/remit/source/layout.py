"""Where a project keeps its modules, in its folder or in `src/`, and its guardrails."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

GUARDRAILS: Final = "config/guardrails"
POLICIES: Final = "config/policies"
LOCAL_ACCOUNTS: Final = "config/local"
_OTHERS: Final = frozenset({"__pycache__", "node_modules", "site-packages"})


def roots(folder: Path, code: str = "") -> tuple[Path, ...]:
    """The folders whose contents stand at the root of the zip, so that imports start there.

    `code` is the path of a folder that is the root of a function's zip as it lies.
    """
    if code:
        return (folder / code,)
    return (folder, folder / "src") if src_layout(folder) else (folder,)


def src_layout(folder: Path) -> bool:
    """Return whether the contents of `src/` go to the root of the zip, where an installed project has them.

    So when `src/` is no package itself, holds modules or packages, and either the project is one that gets installed (a
    [build-system] in pyproject.toml) or no module lies beside `src/`. A pyproject.toml that cannot be read counts as
    none.
    """
    source = folder / "src"
    if not source.is_dir() or (source / "__init__.py").exists():
        return False
    if not any(source.glob("*.py")) and not any(source.glob("*/__init__.py")):
        return False
    try:
        installed = "[build-system]" in (folder / "pyproject.toml").read_text("utf-8").split()
    except (OSError, UnicodeDecodeError):
        installed = False
    return installed or not any(folder.glob("*.py"))


def module_file(folder: Path, module: str, code: str = "") -> Path | None:
    """The file of a project's module, `api.web`: a module's own, or a package's `__init__.py`; None for none.

    With `code`, the module is one of that root.
    """
    for root in roots(folder, code):
        path = root.joinpath(*module.split("."))
        for file in (path.with_suffix(".py"), path / "__init__.py"):
            if module and file.is_file():
                return file
    return None


def beside(folder: Path, file: str, module: str) -> str | None:
    """Word the way to import a module that lies beside a project's file, as a script would; None where none does."""
    place = (folder / file).parent
    path = None if place in roots(folder) else module_file(place, module, ".")
    if path is None:
        return None
    code = place.relative_to(folder).as_posix()
    full_name = f"{code.removeprefix('src/') if src_layout(folder) else code}/{module}".replace("/", ".")
    shown = path.relative_to(folder).as_posix()
    return f'{shown} lies beside it: import `{full_name}`, or write `handler=` and `code="{code}"`, the root of its zip'


def package_of(module: str, path: str) -> str:
    """The package in which a module is, which a package's own `__init__.py` is as well."""
    return module if path.endswith("__init__.py") else module.rpartition(".")[0]


def python_files(folder: Path) -> Iterator[str]:
    """The paths of the Python files in a folder and below it, each folder's in order before those of its folders.

    Hidden folders, virtual environments and what is installed are left out.
    """
    for place, folders, files in os.walk(folder):
        # In place, since os.walk goes on with this very list; sorted, since the file system's order is any.
        own = sorted(name for name in folders if not name.startswith(".") and name not in _OTHERS)
        folders[:] = [name for name in own if not os.path.lexists(os.path.join(place, name, "pyvenv.cfg"))]  # noqa: PTH118 - quicker
        yield from (os.path.join(place, file) for file in sorted(files) if file.endswith(".py"))  # noqa: PTH118 - quicker
