"""The door of the AWS on this machine: tools come in, pages that a browser shows do not."""

from __future__ import annotations

import http.client
from typing import TYPE_CHECKING

import pytest

from terminals import HANGS

if TYPE_CHECKING:
    from remit.local.aws import LocalAws

FUNCTION = "/_aws/lambda-url/abc/"


def status(running: LocalAws, path: str = "/", **headers: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=HANGS)
    connection.putrequest("GET", path, skip_host=True)
    for name, value in headers.items():
        connection.putheader(name.replace("_", "-"), value)
    connection.endheaders()
    answer = connection.getresponse().status
    connection.close()
    return answer


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "LOCALHOST:4566", "bucket.localhost", "a.execute-api.localhost:1"]
)
def test_this_machines_names_come_in(shared: LocalAws, host: str) -> None:
    assert status(shared, "/_remit/health", Host=host) == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "evil.example:80", "", "10.0.0.1"],
)
def test_a_name_that_somebody_else_points_here_does_not(shared: LocalAws, host: str) -> None:
    assert status(shared, "/_remit/health", Host=host) == 403


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost.evil.example", "file://"])
def test_a_page_of_another_site_does_not(shared: LocalAws, origin: str) -> None:
    assert status(shared, "/_remit/health", Host="127.0.0.1", Origin=origin) == 403


def test_a_page_that_sends_no_origin_is_known_by_what_its_browser_says(shared: LocalAws) -> None:
    assert status(shared, "/_remit/health", Host="127.0.0.1", Sec_Fetch_Site="cross-site") == 403
    assert status(shared, "/_remit/health", Host="127.0.0.1", Sec_Fetch_Site="none") == 200


def test_a_page_of_this_machine_comes_in(shared: LocalAws) -> None:
    assert status(shared, "/_remit/health", Host="localhost", Origin="http://localhost:3000") == 200


def test_a_functions_url_is_for_every_page_since_its_cors_settings_decide(shared: LocalAws) -> None:
    assert status(shared, FUNCTION, Host="127.0.0.1", Origin="https://shop.example") == 404


def test_a_functions_url_is_not_for_every_name(shared: LocalAws) -> None:
    assert status(shared, FUNCTION, Host="evil.example") == 403
