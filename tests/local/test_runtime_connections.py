"""Requests to a worker's Runtime API, as they come over a connection: in whatever pieces, one after the other."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from random_cases import cases
from remit.local.functions.peers import HAS_PROC, KEY_HEADER
from remit.local.functions.runtime_api import LARGEST_ANSWER, Connection, NotUnderstood, RuntimeApi, RuntimeRequest

if TYPE_CHECKING:
    from collections.abc import Iterator

PATH = "/2018-06-01/runtime/"
BODIES = st.sampled_from([b"", b"{}", b"\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n"])
REQUESTS = st.tuples(st.sampled_from(["GET", "POST"]), st.sampled_from(["invocation/next", "a/b"]), BODIES)


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, Connection]]:
    theirs, ours = socket.socketpair()
    with theirs, ours:
        yield theirs, Connection(ours)


@settings(max_examples=cases(30, deep=600), deadline=None)
@given(requests=st.lists(REQUESTS, min_size=1, max_size=3), data=st.data())
def test_a_request_is_read_whole_in_whatever_pieces_it_comes(
    requests: list[tuple[str, str, bytes]], data: st.DataObject
) -> None:
    theirs, ours = socket.socketpair()
    with theirs, ours:
        connection = Connection(ours)
        for method, path, body in requests:
            head = f"{method} {PATH}{path} HTTP/1.1\r\nHost: h\r\nA-B:  c: d \r\nContent-Length: {len(body)}\r\n\r\n"
            message = head.encode() + body
            places = sorted(data.draw(st.lists(st.integers(1, len(message) - 1), max_size=3, unique=True)))
            read: RuntimeRequest | None = None
            for begin, end in zip([0, *places], [*places, len(message)], strict=True):
                assert read is None
                theirs.sendall(message[begin:end])
                read = connection.receive()
            assert read is not None
            assert (method, path, body, len(body)) == (read.method, read.path, read.body, read.size)
            assert {"host": "h", "a-b": "c: d", "content-length": str(len(body))} == read.headers
        assert connection.receive() is None
        assert not connection.ended
        theirs.close()
        assert (None, True) == (connection.receive(), connection.ended)


@pytest.mark.parametrize(
    "head",
    [
        "GET /2018-06-01/runtime/a HTTP/2",
        "GET /2018-06-01/runtime/a",
        "GET /2018-06-01/other HTTP/1.1",
        "GET /2018-06-01/runtime/a HTTP/1.1\r\ncontent-length: -1",
        "GET /2018-06-01/runtime/a HTTP/1.1\r\ncontent-length: x",
        "GET /2018-06-01/runtime/a HTTP/1.1\r\ntransfer-encoding: gzip, chunked",
    ],
)
def test_what_is_no_request_of_a_runtime_is_not_read(ends: tuple[socket.socket, Connection], head: str) -> None:
    theirs, connection = ends
    theirs.sendall(f"{head}\r\n\r\n".encode())
    with pytest.raises(NotUnderstood):
        connection.receive()


def test_of_an_answer_that_is_too_large_the_beginning_is_kept_and_the_size_is_told(
    ends: tuple[socket.socket, Connection],
) -> None:
    theirs, connection = ends
    size = LARGEST_ANSWER + 3
    theirs.settimeout(0)
    waiting = f"POST {PATH}a HTTP/1.1\r\ncontent-length: {size}\r\n\r\n".encode() + b"x" * size
    read = None
    while read is None:
        waiting = waiting[theirs.send(waiting) :] if waiting else waiting
        read = connection.receive()
    assert (LARGEST_ANSWER, size) == (len(read.body), read.size)


def test_a_body_ends_where_its_size_says_whatever_follows(
    ends: tuple[socket.socket, Connection],
) -> None:
    theirs, connection = ends
    head = f"POST {PATH}a HTTP/1.1\r\ncontent-length: 4\r\n\r\n".encode()
    theirs.sendall(head + b"ab")
    assert connection.receive() is None
    theirs.sendall(b"cd" + head)
    read = connection.receive()
    assert read is not None
    assert (b"abcd", 4) == (read.body, read.size)
    theirs.sendall(b"efgh")
    read = connection.receive()
    assert read is not None
    assert (b"efgh", 4) == (read.body, read.size)


@pytest.mark.parametrize(
    ("headers", "is_allowed"),
    [
        ({}, True),
        ({"host": "localhost:{port}"}, False),
        ({"host": "127.0.0.1"}, False),
        ({"origin": "https://a.example"}, False),
        ({"sec-fetch-site": "none"}, False),
        ({KEY_HEADER: "other"}, HAS_PROC),
    ],
)
def test_a_page_or_a_stranger_gets_no_answer_of_the_runtime(headers: dict[str, str], *, is_allowed: bool) -> None:
    runtime = RuntimeApi("key")
    named = {"host": "127.0.0.1:{port}", KEY_HEADER: "key", **headers}
    request = RuntimeRequest(
        "GET", "a", {name: value.format(port=runtime.port) for name, value in named.items()}, b"", 0
    )
    assert is_allowed == runtime._is_allowed(request)
    runtime.close()
