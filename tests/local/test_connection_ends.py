"""The kernel says whose the other end of a connection is, and so does its list of all connections."""

from __future__ import annotations

import os
import socket
import sys

import pytest

from remit.local.functions import peers
from remit.local.functions.peers import ConnectionEnd, connection_end, is_of_process, user_of

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux says it")


def test_an_end_has_its_user_and_its_socket_and_a_process_that_holds_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.socket() as client:
        client.connect(listener.getsockname())
        connected, _ = listener.accept()
        with connected:
            local, remote = client.getsockname(), listener.getsockname()
            expected = ConnectionEnd(os.geteuid(), os.fstat(client.fileno()).st_ino)
            assert [expected, expected, expected] == [
                look(local, remote) for look in (connection_end, peers._end_in_kernel, peers._found_in_list)
            ]
            assert (True, os.geteuid()) == (is_of_process(connected, os.getpid()), user_of(connected))


def test_who_listens_is_no_end_of_a_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = listener.getsockname()
        assert [None, None, None] == [
            look(address, ("127.0.0.1", 9)) for look in (connection_end, peers._end_in_kernel, peers._found_in_list)
        ]
