"""Zips are valid for others, and depend on names, contents and the executable bit alone."""

from __future__ import annotations

import hashlib
import io
import struct
import tracemalloc
import zipfile
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from remit.errors import RemitError
from remit.package.archive import CHUNK, Archive, members, unpack

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PART = st.text(st.characters(exclude_categories=("C", "Z"), exclude_characters="/\\"), min_size=1).filter(
    lambda part: part not in (".", "..")
)
NAMES = st.lists(PART, min_size=1, max_size=3).map("/".join)
FILES = st.dictionaries(NAMES, st.tuples(st.binary(max_size=300), st.booleans()), max_size=6)


def packed(files: dict[str, tuple[bytes, bool]]) -> tuple[bytes, str]:
    file = io.BytesIO()
    archive = Archive(file)
    for name, (content, executable) in files.items():
        archive.add(name, [content[:2], content[2:]], executable=executable)
    contents = archive.finish()
    return file.getvalue(), contents


LOCAL_HEADER = struct.Struct("<IHHHHHIIIHH")
"""".ZIP File Format Specification" (PKWARE), 4.3.7: signature, version, flags, method, time, date, CRC, sizes."""


@given(FILES)
def test_python_s_own_zipfile_reads_back_every_name_content_and_mode_and_headers_say_what_the_table_says(
    files: dict[str, tuple[bytes, bool]],
) -> None:
    content, _ = packed(files)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        read = {
            info.filename: (archive.read(info), info.external_attr >> 16 == 0o100755) for info in archive.infolist()
        }
        assert files == read
        assert archive.testzip() is None
        for info in archive.infolist():
            first_of_january = (1 << 5) | 1
            sizes = info.CRC, info.compress_size, info.file_size, len(info.filename.encode()), 0
            expected = (0x04034B50, info.extract_version, 0x800, info.compress_type, 0, first_of_january, *sizes)
            assert expected == LOCAL_HEADER.unpack_from(content, info.header_offset)


def test_a_member_has_the_date_1980_no_extra_field_and_the_utf_8_flag() -> None:
    with zipfile.ZipFile(io.BytesIO(packed({"é.py": (b"x", False)})[0])) as archive:
        (info,) = archive.infolist()
        facts = (
            info.date_time,
            info.extra,
            info.flag_bits,
            info.create_system,
            oct(info.external_attr >> 16),
        )
        assert facts == ((1980, 1, 1, 0, 0, 0), b"", 0x800, 3, "0o100644")


@settings(max_examples=30)
@given(FILES)
def test_members_copied_from_another_zip_give_the_same_bytes_as_packing_them(
    tmp_path_factory: pytest.TempPathFactory, files: dict[str, tuple[bytes, bool]]
) -> None:
    path = tmp_path_factory.mktemp("zip") / "a.zip"
    path.write_bytes(packed(files)[0])
    copy = io.BytesIO()
    archive = Archive(copy)
    with path.open("rb") as source:
        for member in members(path):
            archive.copy(member.name.decode(), source, member)
    archive.finish()
    assert path.read_bytes() == copy.getvalue()


def test_a_part_of_a_zip_is_copied_in_another_order_whatever_its_length(tmp_path: Path) -> None:
    files = {"a": (b"a" * 9, True), "b": (hashlib.shake_128(b"b").digest(CHUNK + 9), False), "c": (b"c", False)}
    path, copy = tmp_path / "a.zip", io.BytesIO()
    path.write_bytes(packed(files)[0])
    archive = Archive(copy)
    with path.open("rb") as source:
        for member in reversed(members(path)):
            archive.copy(f"x/{member.name.decode()}", source, member)
    archive.finish()
    with zipfile.ZipFile(copy) as read:
        assert read.testzip() is None
        assert [(name, read.read(name)) for name in read.namelist()] == [
            (f"x/{name}", files[name][0]) for name in ("c", "b", "a")
        ]


@given(FILES, FILES)
@example({"a": (b"x", False)}, {"a": (b"x", True)})
@example({"ab": (b"c", False)}, {"a": (b"bc", False)})
@example({"a": (b"", False), "b": (b"", False)}, {"b": (b"", False), "a": (b"", False)})
def test_the_digest_of_the_contents_is_equal_exactly_when_the_contents_are(
    one: dict[str, tuple[bytes, bool]], two: dict[str, tuple[bytes, bool]]
) -> None:
    same = list(one.items()) == list(two.items())
    assert same == (packed(one)[1] == packed(two)[1])
    assert packed(one) == packed(dict(one))


@pytest.mark.parametrize(
    "name",
    [
        "",
        "/a",
        "a/",
        "a//b",
        ".",
        "..",
        "a/../b",
        "./a",
        "a\0b",
        "a\nb",
        "a\\b",
        "a\x7fb",
        "a\x85b",
        "a\u2028b",
    ],
)
def test_a_name_that_would_not_unpack_as_one_file_below_the_root_is_refused(name: str) -> None:
    with pytest.raises(RemitError, match="cannot be the name of a file in a zip"):
        Archive(io.BytesIO()).add(name, [b"x"])


class Far(io.BytesIO):
    """A file whose end is further away than a zip can say."""

    def tell(self) -> int:
        return super().tell() + 2**32


def test_a_zip_that_would_need_wider_numbers_is_refused() -> None:
    archive = Archive(Far())
    with pytest.raises(RemitError, match="'a' is too big for a zip: more than 4 GiB"):
        archive.add("a", [b"x"])
    many = Archive(io.BytesIO())
    for number in range(65_534):
        many.add(str(number), ())
    with pytest.raises(RemitError, match="a zip for Lambda holds at most 65,534 files"):
        many.add("one more", ())


def test_packing_64_mb_holds_a_few_chunks_in_memory(tmp_path: Path) -> None:
    def chunks() -> Iterator[bytes]:
        for number in range(64):
            yield bytes([number]) * CHUNK

    with (tmp_path / "big.zip").open("wb") as file:
        tracemalloc.start()
        archive = Archive(file)
        size = archive.add("big", chunks())
        archive.finish()
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert (size, peak < 8 * CHUNK) == (64 * CHUNK, True)


def test_a_zip_is_unpacked_whole_or_in_part(tmp_path: Path) -> None:
    zipped = tmp_path / "a.zip"
    zipped.write_bytes(packed({"app.py": (b"1", False), "lib/x.py": (b"2", True), "lib/y.py": (b"3", False)})[0])
    with zipfile.ZipFile(zipped) as archive:
        unpack(archive, tmp_path / "whole")
        unpack(archive, tmp_path / "part", ["lib/y.py"])
    for folder, contents in (
        ("whole", {"app.py": b"1", "lib/x.py": b"2", "lib/y.py": b"3"}),
        ("part", {"lib/y.py": b"3"}),
    ):
        root = tmp_path / folder
        files = [path for path in root.rglob("*") if path.is_file()]
        assert contents == {path.relative_to(root).as_posix(): path.read_bytes() for path in files}


class AsciiOnly(zipfile.ZipFile):
    """A zip that is unpacked where the names of files are ASCII, as in the locale C."""

    def extractall(self, path: Any = None, members: Any = None, pwd: Any = None) -> None:  # noqa: ARG002 - as its base's
        """Find the first name that is no ASCII, as the system does. UnicodeEncodeError: there is one."""
        for name in members or self.namelist():
            f"{path}/{name}".encode("ascii")


def test_a_name_that_no_file_can_have_here_is_told_from_the_root_of_the_zip(tmp_path: Path) -> None:
    zipped = tmp_path / "a.zip"
    zipped.write_bytes(packed({"app.py": (b"1", False), "lib/é.py": (b"2", False)})[0])
    with AsciiOnly(zipped) as archive:
        unpack(archive, tmp_path / "part", ["app.py"])
        with pytest.raises(RemitError) as caught:
            unpack(archive, tmp_path / "whole")
    expected = "'lib/\\xe9.py' cannot be unpacked to try its imports: file names are ascii in this environment"
    assert expected == caught.value.message
    assert "run remit with LC_ALL=C.UTF-8, or another locale of UTF-8" == caught.value.hint
