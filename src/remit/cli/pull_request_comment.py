"""Keep one comment on a pull request of GitHub, or a merge request of GitLab, up to date: `python -m …comment FILE`.

It runs in a job of CI, whose variables say which request that is. What it could not do it says, and ends with 0: the
exit code of the job is that of `remit diff`.
"""

from __future__ import annotations

import json
import os
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click

_WHY_REFUSED: Final = {
    "github": "the job needs `permissions: pull-requests: write`, which no pull request from a fork gets",
    "gitlab": "REMIT_GITLAB_TOKEN needs the scope `api` and the role Reporter",
}


@dataclass(frozen=True, slots=True)
class _Request:
    """A pull or merge request: where its comments are, the token for them, and how the service replaces one."""

    service: str
    comments: str
    comment: str
    """The address of one comment, without its number."""
    token: str
    replaces: str

    def call(self, method: str, address: str, body: str | None = None) -> Any:
        """The JSON that the service answers. OSError or ValueError: it does not answer that."""
        data = None if body is None else json.dumps({"body": body}).encode()
        headers = {"Content-Type": "application/json", "Accept": "application/json", "User-Agent": "remit"}
        headers |= {"Authorization": f"Bearer {self.token}"}
        request = urllib.request.Request(address, data, headers, method=method)  # noqa: S310 - an address of the job's own
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - as above
            return json.load(answer)

    def existing(self, mark: str) -> int | None:
        """The number of the first comment that begins with a mark and that a bot wrote; None: there is none.

        What a person wrote is left out: they could change it again. OSError or ValueError: the service does not answer.
        """
        page = 1
        # 100 is the most that either service gives on a page.
        while comments := self.call("GET", f"{self.comments}?per_page=100&page={page}"):
            for comment in comments:
                author = comment.get("user") or comment.get("author") or {}
                # GitLab calls the users of its access tokens project_7_bot_… or group_7_bot_….
                is_bot = author.get("type") == "Bot" or "_bot_" in author.get("username", "")
                if is_bot and str(comment.get("body", "")).startswith(mark):
                    return int(comment["id"])
            page += 1
        return None


def main(file: str, how: str = "") -> None:
    """Post what a file holds, or replace the comment that begins with the same line; `update`: only replace it.

    No failure of the service is raised: a warning is printed, so that the job goes on.
    """
    text = Path(file).read_text("utf-8")
    request = _request(os.environ)
    if request is None:
        click.echo("no comment: this job is of no pull request")
    elif not request.token:
        click.echo(f"::warning::no comment: there is no token; {_WHY_REFUSED[request.service]}")
    else:
        try:
            number, done = request.existing(text.partition("\n")[0]), "no comment: nothing differs"
            if number is not None:
                request.call(request.replaces, f"{request.comment}/{number}", text)
                done = "the comment is up to date"
            elif how != "update":
                request.call("POST", request.comments, text)
                done = "commented"
            click.echo(done)
        except urllib.error.HTTPError as error:
            click.echo(
                f"::warning::no comment: {request.service} answered {error.code}; {_WHY_REFUSED[request.service]}"
            )
        except (OSError, ValueError) as error:
            click.echo(f"::warning::no comment: {request.service} does not answer: {error}")


def _request(variables: Any) -> _Request | None:
    """The request that a job is of, by its environment variables, with an empty token where it has none.

    None: it is of none.
    """
    if "CI_MERGE_REQUEST_IID" in variables:
        project = f"{variables['CI_API_V4_URL']}/projects/{variables['CI_PROJECT_ID']}"
        notes = f"{project}/merge_requests/{variables['CI_MERGE_REQUEST_IID']}/notes"
        return _Request("gitlab", notes, notes, variables.get("REMIT_GITLAB_TOKEN", ""), "PUT")
    try:
        event = json.loads(Path(variables.get("GITHUB_EVENT_PATH", "")).read_text("utf-8"))
        number = event["pull_request"]["number"]
    except (OSError, ValueError, LookupError, TypeError):
        return None
    issues = f"{variables['GITHUB_API_URL']}/repos/{variables['GITHUB_REPOSITORY']}/issues"
    token = variables.get("GITHUB_TOKEN", "")
    return _Request("github", f"{issues}/{number}/comments", f"{issues}/comments", token, "PATCH")


if __name__ == "__main__":
    main(*sys.argv[1:])
