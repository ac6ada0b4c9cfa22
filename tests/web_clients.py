"""A real client of deployed APIs, and an issuer of tokens on this machine, for tests."""

from __future__ import annotations

import base64
import contextlib
import http.client
import http.server
import json
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from projects import remit
from remit.local import aws
from terminals import HANGS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from remit.local.state_files import LocalAws


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: tuple[tuple[str, str], ...]
    content: bytes

    @property
    def body(self) -> str:
        """The content, which is text."""
        return self.content.decode()

    def all(self, name: str) -> list[str]:
        """The values of a header."""
        return [value for key, value in self.headers if key.lower() == name]

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def ask(method: str, url: str, headers: Mapping[str, str] | None = None, body: str | bytes | None = None) -> Answer:
    """Send one request."""
    address = urlsplit(url)
    connection = http.client.HTTPConnection(address.netloc, timeout=HANGS)  # past any proxy: it is this machine
    with contextlib.closing(connection):
        connection.request(method, address._replace(scheme="", netloc="").geturl() or "/", body, dict(headers or {}))
        response = connection.getresponse()
        return Answer(response.status, tuple(response.getheaders()), response.read())


def signed_headers(here: LocalAws, method: str, url: str, service: str = "execute-api") -> dict[str, str]:
    """The headers that botocore signs a request with."""
    request = AWSRequest(method, url)
    SigV4Auth(Credentials(here.access_key_id, here.secret_access_key), service, here.region).add_auth(request)
    return dict(request.headers.items())


@contextlib.contextmanager
def deployed(folder: Path) -> Iterator[dict[str, str]]:
    """The outputs of a project, deployed to an AWS of its own that ends with this."""
    ran = remit("deploy", "--local", "--yes", "-C", str(folder))
    try:
        assert 0 == ran.status, ran.err
        outputs = json.loads(remit("status", "--local", "--json", "-C", str(folder)).out)["outputs"]
        for value in outputs.values():
            assert value in ran.out
        yield outputs
    finally:
        aws.stop(folder)


class Issuer:
    """Makes tokens, and serves the key that they are checked with, on a port of this machine."""

    def __init__(self) -> None:
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        numbers = self._key.public_key().public_numbers()
        key = {"kty": "RSA", "kid": "1", "alg": "RS256", "use": "sig", "n": _number(numbers.n), "e": _number(numbers.e)}
        served = {"/.well-known/jwks.json": {"keys": [key]}}

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200 if self.path in served else 404)
                self.end_headers()
                self.wfile.write(json.dumps(served.get(self.path)).encode())

            def log_message(self, *_arguments: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def token(self, **claims: Any) -> str:
        """A token for `shop` with the scope `orders`, or as the claims say."""
        now = int(time.time())
        own_claims = {"iss": self.address, "aud": "shop", "scope": "orders", "sub": "ann", "iat": now, "exp": now + 600}
        parts = ({"alg": "RS256", "kid": "1"}, own_claims | claims)
        text = ".".join(_encoded(json.dumps(part).encode()) for part in parts)
        signature = self._key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{text}.{_encoded(signature)}"

    def close(self) -> None:
        """Serve no more."""
        self._server.shutdown()
        self._server.server_close()


def _number(value: int) -> str:
    return _encoded(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")
