"""An import of a zip without dependencies is surely there, or the zip is tried."""

from __future__ import annotations

import io
import zipfile

import pytest

from remit.package.plain_imports import has_plain_imports


@pytest.mark.parametrize(
    ("source", "further", "is_plain"),
    [
        ("import json, os.path\nfrom datetime import date", [], True),
        ("import boto3\nfrom botocore.config import Config", [], True),
        ("import shop\nfrom shop.orders import new", ["shop/__init__.py", "shop/orders.py"], True),
        ("import shop.gone", ["shop/__init__.py"], False),
        ("import shop", [], False),
        ("import telnetlib", [], False),
        ("import json.gone", ["json.py"], False),
        ("import remit", [], True),
        ("import remit.cli", [], False),
        ("from . import a", [], False),
        ("from .json import a", [], False),
        ("import json, gone", [], False),
        ("__import__('a')", [], False),
        ("import importlib\nimportlib.import_module('a')", [], False),
        ("def", [], False),
        # Deeper than Python parses, even where the emulator has raised the limit of recursion to 10,000.
        ("total = 1" + " + 1" * 100_000, [], False),
    ],
)
def test_what_a_zip_imports_is_plain_to_see_or_not(source: str, further: list[str], *, is_plain: bool) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("app.py", source)
        archive.writestr("remit/own.py", "import nowhere")
        for name in further:
            archive.writestr(name, "")
    with zipfile.ZipFile(content) as archive:
        assert has_plain_imports(archive) is is_plain
