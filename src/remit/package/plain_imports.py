"""Tell from the source of a zip that all its imports are there, where that is plain: running it takes much longer.

Plain is an app without dependencies, whose files import the standard library, what Lambda's runtime brings, and one
another by their names.
"""

from __future__ import annotations

import ast
import sys
from typing import TYPE_CHECKING, Final

from remit.source.python_file import PythonFile, parsed

if TYPE_CHECKING:
    import zipfile
    from collections.abc import Collection, Iterator


OF_LAMBDA: Final = frozenset({
    "awslambdaric", "boto3", "botocore", "dateutil", "jmespath", "s3transfer", "six", "snapshot_restore_py", "urllib3",
})  # fmt: skip
"""Modules that Lambda's runtime brings ("Building Lambda functions with Python", AWS Lambda Developer Guide)."""
_REMOVED: Final = frozenset({
    "aifc", "asynchat", "asyncore", "audioop", "cgi", "cgitb", "chunk", "crypt", "distutils", "imghdr", "imp",
    "lib2to3", "mailcap", "msilib", "nis", "nntplib", "ossaudiodev", "pipes", "smtpd", "sndhdr", "spwd", "sunau",
    "telnetlib", "uu", "xdrlib",
})  # fmt: skip
"""Of the standard library, gone since ("What's New In Python 3.12", "… 3.13")."""
_SURE: Final = (frozenset(sys.stdlib_module_names) - _REMOVED) | OF_LAMBDA
_BY_TEXT: Final = frozenset({"__import__", "import_module"})
"""Functions that import what a text says."""


def has_plain_imports(archive: zipfile.ZipFile) -> bool:
    """Return whether every import of a zip without dependencies is surely there; False where a file is no Python."""
    names = frozenset(archive.namelist())
    for name in names:
        if name.endswith(".py") and not name.startswith("remit/"):
            try:
                modules = _imported_modules(parsed(archive.read(name)))
            except (SyntaxError, ValueError, RecursionError):
                return False
            if not all(_is_there(module, names) for module in modules):
                return False
    return True


def _imported_modules(file: PythonFile) -> Iterator[str]:
    """Yield the modules that a source imports; "" for an import that is relative or named by a text."""
    for node in file.nodes:
        match node:
            case ast.Import(names=aliases):
                yield from (alias.name for alias in aliases)
            case ast.ImportFrom(module=str(module), level=0):
                yield module
            case ast.ImportFrom():
                yield ""
            case ast.Name(id=name) | ast.Attribute(attr=name) if name in _BY_TEXT:
                yield ""


def _is_there(module: str, names: Collection[str]) -> bool:
    """Return whether the zip has a module, or else Python or Lambda, which no file of the zip hides."""
    top = module.partition(".")[0]
    path = module.replace(".", "/")
    if f"{path}.py" in names or f"{path}/__init__.py" in names:
        return True
    is_shadowed = f"{top}.py" in names or f"{top}/__init__.py" in names
    return not is_shadowed and (top in _SURE or (top == "remit" and "." not in module))
