"""Write zips whose bytes depend on nothing but names, contents and the owner-executable bit."""

from __future__ import annotations

import hashlib
import re
import struct
import zipfile
import zlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, BinaryIO

from remit.errors import RemitError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

CHUNK = 1 << 20
"""Bytes held in memory at a time, however big a file is."""

NAMES = "rename it: UTF-8, no control characters, no backslash"

_ODD = re.compile(r"[\\\x00-\x1f\x7f-\x9f\u2028\u2029]")
_LEVEL = 6
_VERSION = 20  # deflate
_UNIX = 3
_UTF8 = 0x800
_DEFLATE = 8
_1980 = (0, (1 << 5) | 1)  # midnight of 1980-01-01, the first date that a zip can say
_REGULAR, _EXECUTABLE = 0o100644 << 16, 0o100755 << 16
_MOST_MEMBERS = 0xFFFF - 1
_BIGGEST_NUMBER = 0xFFFF_FFFF - 1

_LOCAL = struct.Struct("<IHHHHHIIIHH")
_CENTRAL = struct.Struct("<IHHHHHHIIIHHHHHII")
_END = struct.Struct("<IHHHHIIH")


@dataclass(frozen=True, slots=True)
class Member:
    """One file inside a zip: sizes in bytes, offset of its local header."""

    name: bytes
    executable: bool
    crc: int
    packed: int
    size: int
    offset: int


class Archive:
    """A zip being written to a seekable file: members in the order in which they are added, no extra fields.

    `contents` is a digest of names, modes and unpacked bytes: equal for equal contents even where another
    build of zlib packs them into other bytes.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._members: list[Member] = []
        self._contents = hashlib.sha256()

    def add(self, name: str, chunks: Iterable[bytes], *, executable: bool = False) -> int:
        """Deflate one file from its chunks, and return the bytes that it had. RemitError: an odd name, or too large."""
        check_name(name)
        offset = self._file.tell()
        empty = Member(name.encode(), executable, 0, 0, 0, offset)
        # The header comes first in a zip, and its sizes are known last: it is written again over the empty one.
        self._file.write(_local_header(empty))
        packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
        crc = size = packed = 0
        digest = hashlib.sha256()
        for chunk in chunks:
            crc = zlib.crc32(chunk, crc)
            size += len(chunk)
            digest.update(chunk)
            packed += self._file.write(packer.compress(chunk))
        packed += self._file.write(packer.flush())
        end = self._file.tell()
        member = Member(empty.name, executable, crc, packed, size, offset)
        self._note(member, digest.digest())
        self._file.seek(offset)
        self._file.write(_local_header(member))
        self._file.seek(end)
        return size

    def copy(self, name: str, source: BinaryIO, member: Member) -> None:
        """Take a member of another zip that an Archive wrote, as it is packed there, under a name.

        RemitError (2): that zip ends before the member does.
        """
        moved = replace(member, name=name.encode(), offset=self._file.tell())
        self._file.write(_local_header(moved))
        source.seek(member.offset + _LOCAL.size + len(member.name))
        remaining = member.packed
        while remaining:
            chunk = source.read(min(remaining, CHUNK))
            if not chunk:
                raise RemitError(f"a cached zip ends in the middle of {member.name.decode()!r}")
            remaining -= self._file.write(chunk)
        self._note(moved, struct.pack("<IQ", member.crc, member.size))

    def _note(self, member: Member, check: bytes) -> None:
        """Take a member that was written into the table and the digest. RemitError: it is too big, or one too many."""
        if max(member.size, member.packed, member.offset) > _BIGGEST_NUMBER:
            raise RemitError(f"{member.name.decode()!r} is too big for a zip: more than 4 GiB")
        if len(self._members) >= _MOST_MEMBERS:
            raise RemitError(f"a zip for Lambda holds at most {_MOST_MEMBERS:,} files")
        self._members.append(member)
        for part in (struct.pack("<I?", len(member.name), member.executable), member.name, check):
            self._contents.update(part)

    def finish(self) -> str:
        """Write the table of contents, and return the digest of the contents, in hex."""
        start = self._file.tell()
        time, date = _1980
        for member in self._members:
            mode = _EXECUTABLE if member.executable else _REGULAR
            fields = (member.crc, member.packed, member.size, len(member.name), 0, 0, 0, 0, mode, member.offset)
            versions = (_UNIX << 8 | _VERSION, _VERSION)
            self._file.write(_CENTRAL.pack(0x02014B50, *versions, _UTF8, _DEFLATE, time, date, *fields) + member.name)
        size = self._file.tell() - start
        count = len(self._members)
        self._file.write(_END.pack(0x06054B50, 0, 0, count, count, size, start, 0))
        return self._contents.hexdigest()


def _local_header(member: Member) -> bytes:
    """The header in front of the data (it says nothing of the mode: that stands in the table of contents)."""
    time, date = _1980
    sizes = (member.crc, member.packed, member.size, len(member.name), 0)
    return _LOCAL.pack(0x04034B50, _VERSION, _UTF8, _DEFLATE, time, date, *sizes) + member.name


def check_name(name: str) -> None:
    """RemitError (2): a name would not unpack to one file below the root, under the same name, everywhere."""
    if {"", ".", ".."} & set(name.split("/")) or _ODD.search(name):
        raise RemitError(f"{name!a} cannot be the name of a file in a zip", hint=NAMES)


def members(path: Path) -> list[Member]:
    """List the members of a zip that `Archive` wrote. Raises zipfile.BadZipFile where it is damaged."""
    with zipfile.ZipFile(path) as archive:
        return [
            Member(
                name=info.filename.encode(),
                executable=info.external_attr == _EXECUTABLE,
                crc=info.CRC,
                packed=info.compress_size,
                size=info.file_size,
                offset=info.header_offset,
            )
            for info in archive.infolist()
        ]


def unpack(archive: zipfile.ZipFile, folder: Path, names: Iterable[str] | None = None) -> None:
    """Unpack all files of a zip, or those of some names. RemitError: a name that no file can have in this locale."""
    try:
        archive.extractall(folder, names)
    except UnicodeEncodeError as error:
        name = str(error.object).removeprefix(f"{folder}/")
        raise RemitError(
            f"{name!a} cannot be unpacked to try its imports: file names are {error.encoding} in this environment",
            hint="run remit with LC_ALL=C.UTF-8, or another locale of UTF-8",
        ) from None
