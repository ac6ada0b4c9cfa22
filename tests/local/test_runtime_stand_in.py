"""The stand-in for awslambdaric's compiled module, on whose types the rest of awslambdaric relies."""

from __future__ import annotations

import importlib.util
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import remit

if TYPE_CHECKING:
    import pytest

STAND_IN = Path(remit.__file__).parent / "local" / "functions" / "worker" / "stand_in" / "runtime_client.py"


class RuntimeApi(BaseHTTPRequestHandler):
    """Hands out one invocation."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Lambda-Runtime-Aws-Request-Id", "1")
        self.send_header("Lambda-Runtime-Deadline-Ms", "1700000000000")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_the_deadline_of_an_invocation_is_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    """From it, awslambdaric's context takes the milliseconds that are left."""
    spec = importlib.util.spec_from_file_location("runtime_client", STAND_IN)
    assert spec is not None
    assert spec.loader is not None
    client = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(client)
    server = HTTPServer(("127.0.0.1", 0), RuntimeApi)
    threading.Thread(target=server.handle_request).start()
    monkeypatch.setenv("AWS_LAMBDA_RUNTIME_API", f"127.0.0.1:{server.server_port}")
    body, headers = client.next()
    client._client._file.close()
    client._client._socket.close()
    server.server_close()
    assert (b"{}", 1700000000000, "1") == (
        body,
        headers["Lambda-Runtime-Deadline-Ms"],
        headers["Lambda-Runtime-Aws-Request-Id"],
    )
