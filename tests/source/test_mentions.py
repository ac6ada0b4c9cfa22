"""What a module mentions: every name, every module that it may run, and what its code reads of shared resources."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

from projects import write
from remit.errors import Origin
from remit.source.mentioned_names import MentionedNames, ResourceRead, _read

if TYPE_CHECKING:
    from pathlib import Path

SOURCE: Final = """
import os, sys
import a.b.c as d
from . import near
from ..up import far as away
from shared.resources.data import Data, other
from shared.resources.data import Other as Renamed
from shared.resources import data
from remit import aws, grants, on
from remit.grants import s3 as store

LINKS = "shop.urls", "shop.main:api", "not a module", "9.x"

@app.function(on.sqs(Data.queue), reads=[Hidden.one], policy=[store.read(Data.bucket)])
def handler(event, context=Data.defaults):
    Data.orders.name
    Data.table.attribute("StreamArn")
    data.Data.topic
    send(Data.passed)
    store.read(Data.never)
    app.group("x", link=Data.neither)
    grants.s3.write(Data.never)
    aws.call(Data.called)
    Renamed.other.attribute(name)
    getattr(event, "one")
    return [each.arn for each in (Data.list,)]

async def later():
    return Data.late.arn

class Kept(Base):
    field = Data.field
    def method(self): return Other.method.ref

@app.job
def mere(x=Given.default): Body.used
@app.job(sends=[Secret.name], reads=[Secret.reads], queue=Queue.named)
def mere_too(): ...
@other
@app.job
def kept_job(): ...
"""
NAMES: Final = """
9 Base Body Data Given LINKS Other Renamed StreamArn a api app arn attribute aws b bucket c call called data default
defaults each event far field function getattr grants group handler job kept_job late list main method module name
near neither never not on one orders os other passed queue read ref remit resources s3 send shared shop sqs store sys
table topic up urls used web write x
"""
IMPORTS: Final = """
StreamArn a.b.c one os remit remit.aws remit.grants remit.grants.s3 remit.on shared.resources shared.resources.data
shared.resources.data.Data shared.resources.data.Other shared.resources.data.other shop.main shop.up shop.up.far
shop.urls shop.web shop.web.near sys x
"""
ATTRIBUTES: Final = """
Data arn attribute call called default defaults late list method name orders other passed ref table topic used
"""
READS: Final = [
    ("Data", "defaults", "", 15, 28), ("Data", "orders", "name", 16, 5),
    ("Data", "table", "attribute StreamArn", 17, 5),
    ("Data", "topic", "", 18, 5), ("Data", "passed", "", 19, 10), ("Data", "called", "", 23, 14),
    ("Other", "other", "attribute ", 24, 5), ("Data", "list", "", 26, 35), ("Data", "late", "arn", 29, 12),
]  # fmt: skip


def test_a_module_mentions_what_its_code_names_and_reads_what_runs_with_it_and_not_what_it_declares(
    tmp_path: Path,
) -> None:
    file = tmp_path / "orders.py"
    file.write_text(SOURCE, "utf-8")
    mentions = _read(file, "shop.web.orders", frozenset({"Data", "Other"}))
    assert (sorted(NAMES.split()), sorted(IMPORTS.split())) == (sorted(mentions.names), sorted(mentions.imports))
    reads = {ResourceRead(*read, Origin(str(file), line, column)) for *read, line, column in READS}
    assert reads == mentions.reads
    assert ATTRIBUTES.split() == sorted(mentions.attributes)
    assert (False, False) == (mentions.imports_anything, mentions.names_anything)
    without_owners = _read(file, "shop.web.orders", frozenset())
    assert (mentions.names, frozenset(), frozenset()) == (
        without_owners.names, without_owners.reads, without_owners.attributes,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("line", "imports", "names"),
    [
        ("getattr(a, 'b')", False, False),
        ("getattr(a, b)", False, True),
        ("getattr(a, b, None)", False, True),
        ("import sys\nsys.path.append('x')", True, False),
        ("other.path.append('x')", False, False),
        ("import_module('x')", True, False),
        ("importlib.import_module(x)", True, False),
        ("import runpy", True, False),
        ("exec(x)", True, True),
        ("vars(x)", False, True),
        ("x.__dict__", False, True),
        ("(", True, True),
    ],
)
def test_code_that_may_run_or_name_anything_is_known(tmp_path: Path, line: str, *, imports: bool, names: bool) -> None:
    file = tmp_path / "a.py"
    file.write_text(line, "utf-8")
    mentions = _read(file, "a", frozenset())
    assert (imports, names) == (mentions.imports_anything, mentions.names_anything)


def test_a_module_mentions_what_its_imports_and_their_packages_do_and_all_where_it_may_import_anything(
    tmp_path: Path,
) -> None:
    files = {
        "shop/__init__.py": "top = 1",
        "shop/web/__init__.py": "middle = 1",
        "shop/web/api.py": "from shop.base import start",
        "shop/base.py": "base = start = later",
        "shop/lonely.py": "lonely = 1",
        "any.py": "exec(x)",
        "tests/test_a.py": "tested = 1",
    }
    write(tmp_path, files)
    names = MentionedNames(tmp_path)

    def of(module: str) -> Any:
        mentions = names.of(module)
        return sorted(mentions.names & {"top", "middle", "base", "lonely", "tested"}), mentions.names_anything

    everything = ["base", "lonely", "middle", "tested", "top"]
    assert (["base", "middle", "top"], False) == of("shop.web.api")
    assert (["base", "top"], False) == of("shop.base")
    assert (everything, True) == of("any")
    assert (everything, True) == of("of.a.layer")
    assert names.of("any") is names.of("any")


def test_a_root_of_its_own_has_only_its_own_modules_and_a_text_of_any_length_may_stand_in_them(tmp_path: Path) -> None:
    files = {
        "base.py": "outer = 1",
        "job/start.py": f"import base\nTEXT = '{'a' * 300}'",
        "job/base.py": "inner = 1",
        "job/any.py": "exec(x)",
        "job/package/__init__.py": "packaged = 1",
    }
    write(tmp_path, files)
    names = MentionedNames(tmp_path, "job")
    meant = {"outer", "inner", "packaged", "TEXT"}
    assert {"inner", "TEXT"} == names.of("start").names & meant
    assert {"inner", "packaged", "TEXT"} == names.of("any").names & meant
