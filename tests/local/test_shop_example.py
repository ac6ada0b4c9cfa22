"""examples/shop, end to end: a real client orders, uploads and looks, and what should happen behind it does."""

from __future__ import annotations

import hmac
import json
import shutil
import time
from typing import TYPE_CHECKING, Any

import pytest

from projects import SOURCE, remit
from random_cases import in_all_cases
from remit.local import aws
from remit.local.control.clients import client_arguments, session
from terminals import HANGS
from web_clients import Answer, ask, deployed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = [pytest.mark.network, in_all_cases]

SHOP = SOURCE.parent / "examples" / "shop"
JSON = {"content-type": "application/json"}


class Client:
    """A customer of the shop, who can also look into its bucket."""

    def __init__(self, folder: Path, outputs: dict[str, str]) -> None:
        self.folder = folder
        self.api = outputs["ApiUrl"]
        self.bucket = outputs["DataFilesName"]
        here = aws.start(folder)
        self._s3: Any = session(here).client("s3", **client_arguments(here))
        self._secrets: Any = session(here).client("secretsmanager", **client_arguments(here))

    def order(self, **order: Any) -> Answer:
        return ask("POST", f"{self.api}/orders", JSON, json.dumps(order))

    def status(self, number: str) -> str:
        return str(ask("GET", f"{self.api}/orders/{number}").json["status"])

    def files(self, prefix: str) -> list[str]:
        return [item["Key"] for item in self._s3.list_objects_v2(Bucket=self.bucket, Prefix=prefix).get("Contents", ())]

    def signature(self, text: str) -> str:
        (listed,) = self._secrets.list_secrets()["SecretList"]
        key = self._secrets.get_secret_value(SecretId=listed["ARN"])["SecretString"]
        return hmac.new(key.encode(), text.encode(), "sha256").hexdigest()

    def content(self, key: str) -> Any:
        return json.loads(self._s3.get_object(Bucket=self.bucket, Key=key)["Body"].read())


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A customer of the deployed example."""
    folder = tmp_path_factory.mktemp("project") / "shop"
    shutil.copytree(SHOP, folder, ignore=shutil.ignore_patterns(".remit", "__pycache__"))
    with deployed(folder) as outputs:
        yield Client(folder, outputs)


def _until(fact: Callable[[], bool]) -> None:
    for _ in range(10 * HANGS):
        if fact():
            return
        time.sleep(0.1)
    raise AssertionError("it did not happen")


def test_an_order_is_placed_packed_and_looked_up(client: Client) -> None:
    placed = client.order(item="chair", price=4000, count=2)
    assert (201, "placed") == (placed.status, placed.json["status"])
    _until(lambda: client.status(placed.json["id"]) == "packed")


def test_what_is_no_order_is_refused(client: Client) -> None:
    assert 422 == client.order(item="", price=-1).status
    assert 404 == ask("GET", f"{client.api}/orders/unknown").status


def test_a_large_order_is_told_and_signed_with_the_secret(client: Client) -> None:
    large = client.order(item="sofa", price=60_000, count=2).json

    def told() -> list[dict[str, str]]:
        kept = [client.content(key) for key in client.files("alerts/")]
        return [item for item in kept if json.loads(item["alert"])["id"] == large["id"]]

    _until(lambda: bool(told()))
    (alert,) = told()
    assert client.signature(alert["alert"]) == alert["signature"]


def test_the_nightly_report_counts_the_orders(client: Client) -> None:
    placed = client.order(item="lamp", price=1500).json
    _until(lambda: client.status(placed["id"]) == "packed")
    ran = remit("invoke", "report", "--local", "--json", "-C", str(client.folder))
    assert 0 == ran.status, ran.err
    counted = json.loads(ran.out)["answer"]
    assert counted["worth"] >= 1500
    assert counted == client.content("reports/latest.json")


PICTURE = b"P6 256 64 255\n" + bytes(256 * 64 * 3)
"""A black picture of 256 by 64 points, as PPM."""


def test_an_uploaded_picture_gets_a_thumbnail(client: Client) -> None:
    """The client puts it to a presigned address, and fetches the thumbnail from one."""
    address = ask("POST", f"{client.api}/pictures/sofa.ppm").json["put"]
    assert 200 == ask("PUT", address, {}, PICTURE).status
    _until(lambda: "thumbnails/sofa.ppm" in client.files("thumbnails/"))
    small = ask("GET", ask("GET", f"{client.api}/pictures/sofa.ppm").json["thumbnail"])
    assert (200, b"\x89PNG\r\n\x1a\n") == (small.status, small.content[:8])
    width, height = (int.from_bytes(small.content[start : start + 4], "big") for start in (16, 20))
    assert (128, 32) == (width, height)


def test_lint_has_nothing_to_say_of_it(client: Client) -> None:
    assert "nothing found\n" == remit("lint", "-C", str(client.folder)).out
