"""One comment on a pull or merge request is kept up to date, whoever else comments, and the job goes on in any case."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Final

import pytest

from remit.cli.pull_request_comment import main

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MARK: Final = "<!-- remit diff -->"
TEXT: Final = f"{MARK}\n\n2 gains"
BOT: Final = {
    "github": {"user": {"login": "x[bot]", "type": "Bot"}},
    "gitlab": {"author": {"username": "project_7_bot_ab"}},
}
PERSON: Final = {"github": {"user": {"login": "ann", "type": "User"}}, "gitlab": {"author": {"username": "ann"}}}


class Service:
    """GitHub or GitLab at its door, as far as comments go."""

    def __init__(self) -> None:
        self.comments: list[dict[str, Any]] = []
        self.status = 200
        self.asked: list[tuple[str, str, str]] = []

    def answer(self, method: str, path: str, token: str, body: Any) -> tuple[int, str]:
        self.asked.append((method, path, token))
        if self.status != 200:
            return self.status, "no"
        place, _, query = path.partition("?")
        if method == "GET":
            values = dict(pair.split("=") for pair in query.split("&"))
            size, page = int(values["per_page"]), int(values["page"])
            return 200, json.dumps(self.comments[size * (page - 1) : size * page])
        if method == "POST":
            self.comments.append({"id": len(self.comments) + 1, **body})
        else:
            number = int(place.rpartition("/")[2])
            self.comments = [comment | body if comment["id"] == number else comment for comment in self.comments]
        return 200, "{}"


@pytest.fixture(scope="module")
def door() -> Iterator[tuple[str, list[Service]]]:
    """The address of a service, and the one that answers there now."""
    now = [Service()]

    class Handler(BaseHTTPRequestHandler):
        def _any(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or "null")
            status, text = now[0].answer(self.command, self.path, self.headers["Authorization"], body)
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        do_GET = do_POST = do_PATCH = do_PUT = _any  # noqa: N815 - http.server's names

        def log_message(self, *_: Any) -> None:
            """Nothing is logged."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", now
        server.shutdown()
        thread.join()


@pytest.fixture(params=["github", "gitlab"])
def service(
    request: pytest.FixtureRequest, door: tuple[str, list[Service]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[str, Service]:
    """A service whose job this is: its name, and what it holds."""
    url, now = door
    now[0] = Service()
    for name in ("CI_MERGE_REQUEST_IID", "GITHUB_EVENT_PATH", "GITHUB_TOKEN", "REMIT_GITLAB_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"pull_request": {"number": 12}}))
    variables = {
        "github": {
            "GITHUB_EVENT_PATH": str(event),
            "GITHUB_API_URL": url,
            "GITHUB_REPOSITORY": "acme/shop",
            "GITHUB_TOKEN": "t1",
        },
        "gitlab": {
            "CI_MERGE_REQUEST_IID": "12",
            "CI_API_V4_URL": url,
            "CI_PROJECT_ID": "7",
            "REMIT_GITLAB_TOKEN": "t1",
        },
    }
    for name, value in variables[request.param].items():
        monkeypatch.setenv(name, value)
    (tmp_path / "comment.md").write_text(TEXT)
    return request.param, now[0]


def told(tmp_path: Path, capsys: pytest.CaptureFixture[str], how: str = "") -> str:
    main(str(tmp_path / "comment.md"), how)
    return capsys.readouterr().out.strip()


COMMENTS: Final = {"github": "/repos/acme/shop/issues/12/comments", "gitlab": "/projects/7/merge_requests/12/notes"}
COMMENT: Final = {
    "github": ("PATCH", "/repos/acme/shop/issues/comments/{}"),
    "gitlab": ("PUT", "/projects/7/merge_requests/12/notes/{}"),
}


def test_a_first_comment_is_posted(
    service: tuple[str, Service], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name, held = service

    assert told(tmp_path, capsys) == "commented"
    assert [comment["body"] for comment in held.comments] == [TEXT]
    assert held.asked[-1] == ("POST", COMMENTS[name], "Bearer t1")


@pytest.mark.parametrize("before", [0, 99, 100, 205])
def test_the_own_comment_is_replaced_on_whatever_page_it_stands(
    service: tuple[str, Service], tmp_path: Path, capsys: pytest.CaptureFixture[str], before: int
) -> None:
    """A person's comment that begins as remit's is theirs, and so is what a bot writes of something else."""
    name, held = service
    held.comments = [{"id": number, "body": f"{MARK} theirs", **PERSON[name]} for number in range(1, before + 1)]
    held.comments += [
        {"id": 900, "body": f"see {MARK}", **BOT[name]},
        {"id": 901, "body": f"{MARK}\nold", **BOT[name]},
        {"id": 902, "body": "x"},
    ]

    assert told(tmp_path, capsys, "update") == "the comment is up to date"
    assert [comment["id"] for comment in held.comments if comment["body"] == TEXT] == [901]
    method, address = COMMENT[name]
    assert held.asked[-1] == (method, address.format(901), "Bearer t1")


def test_to_update_alone_posts_nothing(
    service: tuple[str, Service], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, held = service

    assert told(tmp_path, capsys, "update") == "no comment: nothing differs"
    assert held.comments == []


@pytest.mark.parametrize("status", [403, 500])
def test_a_service_that_refuses_is_told_with_what_it_needs(
    service: tuple[str, Service], tmp_path: Path, capsys: pytest.CaptureFixture[str], status: int
) -> None:
    name, held = service
    held.status = status
    needs = {
        "github": "the job needs `permissions: pull-requests: write`",
        "gitlab": "REMIT_GITLAB_TOKEN needs the scope",
    }

    assert told(tmp_path, capsys).startswith(f"::warning::no comment: {name} answered {status}; {needs[name]}")


def test_a_service_that_does_not_answer_is_told(
    service: tuple[str, Service], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    name, _ = service
    for variable in ("GITHUB_API_URL", "CI_API_V4_URL"):
        monkeypatch.setenv(variable, "http://127.0.0.1:1")

    assert told(tmp_path, capsys).startswith(f"::warning::no comment: {name} does not answer: ")


def test_without_a_token_it_says_which_one(
    service: tuple[str, Service], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    name, held = service
    for variable in ("GITHUB_TOKEN", "REMIT_GITLAB_TOKEN"):
        monkeypatch.delenv(variable, raising=False)

    assert told(tmp_path, capsys).startswith("::warning::no comment: there is no token; ")
    assert (name, held.asked) == (name, [])


@pytest.mark.parametrize("event", ["", "no JSON", "{}", '{"pull_request": null}', '{"push": 1}', None])
def test_a_job_of_no_request_makes_no_comment(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, event: str | None
) -> None:
    monkeypatch.delenv("CI_MERGE_REQUEST_IID", raising=False)
    monkeypatch.setenv("GITHUB_EVENT_PATH", str(tmp_path / "event.json"))
    if event is not None:
        (tmp_path / "event.json").write_text(event)
    (tmp_path / "comment.md").write_text(TEXT)

    assert told(tmp_path, capsys) == "no comment: this job is of no pull request"
