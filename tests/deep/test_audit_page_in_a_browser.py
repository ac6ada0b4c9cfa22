"""The page of an audit, looked at in a real browser: tables, search, choice of a table, and the drawing of a path.

Not in the usual run, as it takes a browser: `make deep`.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
import urllib.request
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from websockets.sync.client import ClientConnection, connect

from audit_accounts import ACCOUNT, EVERYTHING, allow, page, report_of, role, trust, user, write
from remit.report.audit_page import audit_page
from terminals import HANGS

if TYPE_CHECKING:
    from collections.abc import Iterator

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--remote-debugging-port=0")
MARKUP = "<img src=x onerror=document.title='attacked'>"
STEP = f"arn:aws:iam::{ACCOUNT}:role/step"


@dataclass(slots=True)
class Page:
    """A page in a browser, which is asked by scripts."""

    connection: ClientConnection
    calls: list[str] = field(default_factory=list)

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        self.calls.append(method)
        number = len(self.calls)
        self.connection.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            answer: dict[str, Any] = json.loads(self.connection.recv(timeout=HANGS))
            if answer.get("id") == number:
                return answer

    def value(self, script: str) -> Any:
        """What an expression gives on the page."""
        result = self.call("Runtime.evaluate", expression=script, returnByValue=True)["result"]
        assert "exceptionDetails" not in result
        return result["result"].get("value")

    def headings(self) -> dict[str, int]:
        """The tables that are shown, with the numbers of their rows."""
        texts = self.value("[...document.querySelectorAll('h2')].map(heading => heading.textContent)")
        return {text.rpartition(" (")[0]: int(text.rpartition(" (")[2].rstrip(")")) for text in texts}

    def search(self, text: str) -> None:
        box = "document.getElementById('search')"
        self.value(f"{box}.value = {json.dumps(text)}; {box}.dispatchEvent(new Event('input')); 0")

    def choose(self, table: str) -> None:
        box = "document.getElementById('section')"
        self.value(f"{box}.value = {json.dumps(table)}; {box}.dispatchEvent(new Event('change')); 0")


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """The page of an account with a path of two steps, in a browser."""
    browser = next((name for name in BROWSERS if shutil.which(name)), None)
    if browser is None:
        pytest.skip("there is no browser on this machine")
    folder = tmp_path_factory.mktemp("page")
    records = [
        user("ann", allow("sts:AssumeRole", on=STEP)),
        role("step", allow("iam:PutRolePolicy"), trusts=trust(aws=f"arn:aws:iam::{ACCOUNT}:root")),
        user(MARKUP, EVERYTHING),
        role("open", allow("s3:GetObjcet"), trusts=trust(aws="*")),
    ]
    report = report_of(write(folder / "accounts", page(*records)))
    (folder / "audit.html").write_text(audit_page(report), "utf-8")
    command = [browser, *FLAGS, f"--user-data-dir={folder / 'profile'}", (folder / "audit.html").as_uri()]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        port = next(match[1] for line in process.stderr if (match := re.search(r"ws://127\.0\.0\.1:(\d+)/", line)))
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/json") as response:
            targets = json.load(response)
        address = next(target["webSocketDebuggerUrl"] for target in targets if target["type"] == "page")
        with connect(address, max_size=None) as connection:
            shown_page = Page(connection)
            while shown_page.value("document.readyState") != "complete":
                time.sleep(0.1)
            yield shown_page
        process.terminate()


@pytest.fixture
def fresh(shown: Page) -> Page:
    """The page with all of its tables."""
    shown.search("")
    shown.choose("")
    return shown


def test_each_question_has_its_table(fresh: Page) -> None:
    counts = fresh.headings()
    assert counts.pop("Policies") > 0
    assert {
        "Ways to become an administrator": 2,
        "Administrators": 1,
        "Access from outside": 1,
        "Sensitive actions": 2,
        "Problems": 0,
    } == counts


def test_a_row_opens_the_drawing_of_its_path_and_closes_it(fresh: Page) -> None:
    fresh.search("user/ann")
    fresh.value("document.querySelector('tr.opens').click()")
    texts = fresh.value("[...document.querySelectorAll('svg text')].map(text => text.textContent)")
    assert [
        f"arn:aws:iam::{ACCOUNT}:user/ann",
        "sts:AssumeRole",
        f"sts:AssumeRole on {STEP} by own (inline), Statement[0]",
        STEP,
    ] == texts[:4]
    assert 3 == fresh.value("document.querySelectorAll('svg rect').length")
    assert fresh.value("document.querySelector('svg').getBoundingClientRect().height") > 100
    fresh.value("document.querySelector('tr.opens').click()")
    assert 0 == fresh.value("document.querySelectorAll('svg').length")


def test_a_search_finds_steps_and_leaves_out_the_rest(fresh: Page) -> None:
    fresh.search("PutRolePolicy user/ann")
    counts = fresh.headings()
    assert (1, 0, 0) == (
        counts["Ways to become an administrator"],
        counts["Administrators"],
        counts["Access from outside"],
    )


def test_one_table_can_be_chosen(fresh: Page) -> None:
    fresh.choose("Access from outside")
    assert {"Access from outside": 1} == fresh.headings()
    assert "anyone on the internet" in fresh.value("document.querySelector('tbody').textContent")


def test_nothing_is_loaded_and_no_name_is_markup(fresh: Page) -> None:
    assert "remit audit" == fresh.value("document.title")
    assert 0 == fresh.value("performance.getEntriesByType('resource').length + document.images.length")
    assert MARKUP in fresh.value("document.body.textContent")


def test_no_table_is_wider_than_the_page(fresh: Page) -> None:
    assert fresh.value("document.documentElement.scrollWidth <= window.innerWidth")
