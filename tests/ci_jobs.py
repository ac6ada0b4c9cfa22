"""Jobs of CI as a runner starts them: a shallow clone without branches, no terminal, a server that keeps comments.

`GitHub` and `GitLab` run a written workflow from top to bottom, less the actions of others, and note how steps ended.
"""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from projects import TODAY

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

TOKEN = "token"  # noqa: S105 - of the service below
UV = f"""#!/bin/bash
if [ "$1" = sync ]; then exit 0; fi
while [ "$1" != remit ] && [ "$1" != python ]; do shift; done
command="$1"; shift
exec "{Path(sys.executable).parent}/$command" "$@"
"""
"""uv and uvx run a program of an environment: here of this one."""


def git(folder: Path, *arguments: str) -> str:
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1"}
    who = ("-c", "user.name=Ann", "-c", "user.email=ann@example.com", "-c", "init.defaultBranch=main")
    command = ["git", *who, "-C", str(folder), *arguments]
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout.strip()


@dataclass
class Comments:
    """A service that keeps the comments of one request, and what it was asked."""

    address: str = ""
    kept: dict[int, dict[str, Any]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    refuses: bool = False

    @property
    def bodies(self) -> list[str]:
        return [comment["body"] for comment in self.kept.values()]


@contextmanager
def serving(comments: Comments, author: dict[str, Any]) -> Iterator[Comments]:  # noqa: C901 - one server
    """Keep comments as GitHub does, or GitLab: their paths end alike."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page = int(re.findall(r"[?&]page=(\d+)", self.path)[0])
            every = list(comments.kept.values())
            self.answer([] if self.is_refused() else every[(page - 1) * 100 : page * 100])

        def do_POST(self) -> None:
            self.keep(1 + max(comments.kept, default=0))

        def do_PATCH(self) -> None:
            self.keep(int(self.path.rpartition("/")[2]))

        do_PUT = do_PATCH  # noqa: N815 - as http.server names it

        def keep(self, number: int) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["body"]
            if not self.is_refused():
                comments.kept[number] = {"id": number, "body": body, **author}
                self.answer(comments.kept[number])

        def is_refused(self) -> bool:
            comments.asked.append(f"{self.command} {self.path.partition('?')[0]}")
            if comments.refuses or self.headers["Authorization"] != "Bearer token":
                self.send_error(403)
                return True
            return False

        def answer(self, value: Any) -> None:
            if comments.refuses:
                return
            content = json.dumps(value).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    comments.address = f"http://127.0.0.1:{server.server_port}"
    try:
        yield comments
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class Step:
    """A step that ran: its job, its name and its exit code."""

    job: str
    name: str
    code: int

    def __str__(self) -> str:
        return f"{self.code} {self.job}: {self.name}"


@dataclass
class Runner:
    """A repository `origin`, what its jobs may ask, and how their steps ended."""

    folder: Path
    comments: Comments
    aws: dict[str, str] = field(default_factory=dict)
    """Where the AWS is, and its region; no keys."""
    variables: dict[str, dict[str, str]] = field(default_factory=dict)
    """The variables of each environment."""
    steps: list[Step] = field(default_factory=list)
    log: str = ""

    @property
    def origin(self) -> Path:
        return self.folder / "origin"

    @property
    def summary(self) -> Path:
        return self.folder / "summary.md"

    def clone(self, ref: str, depth: int) -> Path:
        """A detached clone of one ref, as actions/checkout makes it; depth 0 is all of it."""
        clone = self.folder / f"clone-{len(self.steps)}-{len(list(self.folder.iterdir()))}"
        clone.mkdir()
        git(clone, "init", "-q")
        git(clone, "remote", "add", "origin", self.origin.as_uri())
        limit = [f"--depth={depth}"] if depth else []
        git(clone, "fetch", "-q", "--no-tags", *limit, "origin", f"+{ref}:refs/remotes/job")
        git(clone, "checkout", "-q", "--force", "refs/remotes/job")
        return clone

    def merged(self) -> None:
        """Make the merge of branch `change` onto main, as the service does for its request."""
        git(self.origin, "checkout", "-q", "--detach", "main")
        git(self.origin, "merge", "-q", "--no-ff", "-m", "the merge", "change")
        git(self.origin, "update-ref", "refs/pull/7/merge", "HEAD")
        git(self.origin, "checkout", "-q", "change")

    def environment(self) -> dict[str, str]:
        programs = self.folder / "programs"
        programs.mkdir(exist_ok=True)
        for name, text in (("uv", UV), ("apt-get", "#!/bin/sh\n"), ("pip", "#!/bin/sh\n")):
            (programs / name).write_text(text)
            (programs / name).chmod(0o755)
        temporary = self.folder / "temporary"
        temporary.mkdir(exist_ok=True)
        path = f"{programs}:{Path(sys.executable).parent}:{os.environ['PATH']}"
        return {"PATH": path, "HOME": str(self.folder), "CI": "true", "RUNNER_TEMP": str(temporary), **TODAY}

    def run(self, job: str, name: str, script: str, folder: Path, environment: Mapping[str, str]) -> int:
        """Run a step as a runner does: without a terminal, and with no standard input."""
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
        ran = subprocess.run(
            command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
        self.log += f"--- {job}: {name}\n{ran.stdout}{ran.stderr}"
        self.steps.append(Step(job, name, ran.returncode))
        return ran.returncode

    def token(self, issuer: str, audience: str, subject: str) -> dict[str, str]:
        """Write the token of a job: the variables with which an SDK takes a role by it."""
        claims = {"iss": issuer, "aud": audience, "sub": subject, "exp": int(time.time()) + 600}
        parts = (base64.urlsafe_b64encode(json.dumps(part).encode()).decode() for part in ({}, claims))
        token = self.folder / "token"
        token.write_text(".".join(parts) + ".unsigned")
        return self.aws | {"AWS_WEB_IDENTITY_TOKEN_FILE": str(token), "AWS_ROLE_SESSION_NAME": "job"}


class GitHub(Runner):
    """The jobs of `.github/workflows/remit.yml`."""

    def event(self, name: str, action: str = "synchronize", *, repository: str = "acme/shop") -> dict[str, str]:
        """Run each job that an event starts: how it ended. A request may come from another repository."""
        workflow = yaml.safe_load((self.origin / ".github/workflows/remit.yml").read_text("utf-8"))
        context = {"github.event_name": name, "github.repository": "acme/shop", "github.ref": "refs/heads/main"}
        context |= {"github.token": TOKEN, "github.event.action": ""}
        if name == "pull_request":
            context |= {"github.event.action": action, "github.event.number": "7", "github.ref": "refs/pull/7/merge"}
            context |= {"github.event.pull_request.head.repo.full_name": repository}
        ended: dict[str, str] = {}
        for job, declared in workflow["jobs"].items():
            is_due = "needs" not in declared or ended.get(declared["needs"]) == "success"
            if is_due and expression(declared["if"], context):
                ended[job] = self.job(job, declared, context, workflow["defaults"]["run"]["working-directory"])
        return ended

    def job(self, job: str, declared: dict[str, Any], context: dict[str, str], folder: str) -> str:
        where = declared.get("environment", "")
        context = context | {f"vars.{name}": value for name, value in self.variables.get(where, {}).items()}
        context["runner.temp"] = self.environment()["RUNNER_TEMP"]
        clone, environment, output = self.folder, self.environment(), self.folder / "output"
        for step in declared["steps"]:
            settings = {name: filled(str(text), context) for name, text in step.get("with", {}).items()}
            if step.get("uses", "").startswith("actions/checkout@"):
                clone = self.clone(context["github.ref"], int(settings.get("fetch-depth", "1")))
                environment |= self.of_github()
            elif step.get("uses", "").startswith("aws-actions/configure-aws-credentials@"):
                assert settings["aws-region"] == self.aws["AWS_REGION"]
                subject = f"repo:acme/shop:environment:{where}"
                environment |= self.token(GITHUB_TOKENS, "sts.amazonaws.com", subject)
                environment["AWS_ROLE_ARN"] = settings["role-to-assume"]
            elif "run" in step:
                output.write_text("")
                own = {name: filled(text, context) for name, text in step.get("env", {}).items()}
                if self.run(job, step.get("name", step["run"]), step["run"], clone / folder, environment | own):
                    return "failure"
                for line in output.read_text().splitlines():
                    key, _, value = line.partition("=")
                    context[f"steps.{step['id']}.outputs.{key}"] = value
        return "success"

    def of_github(self) -> dict[str, str]:
        event = self.folder / "event.json"
        event.write_text(json.dumps({"pull_request": {"number": 7}}))
        return {
            "GITHUB_API_URL": self.comments.address,
            "GITHUB_EVENT_PATH": str(event),
            "GITHUB_OUTPUT": str(self.folder / "output"),
            "GITHUB_REPOSITORY": "acme/shop",
            "GITHUB_STEP_SUMMARY": str(self.summary),
        }


class GitLab(Runner):
    """The jobs of `.gitlab-ci.yml`."""

    def pipeline(self, source: str, *manual: str) -> dict[str, str]:
        """Run the jobs of a pipeline, or those alone that somebody starts by hand: how each ended."""
        written = yaml.safe_load((self.origin / ".gitlab-ci.yml").read_text("utf-8"))
        branch = "main" if source == "push" else "change"
        clone = self.clone(f"refs/heads/{branch}", int(written["variables"]["GIT_DEPTH"]))
        variables = {
            "CI_API_V4_URL": self.comments.address, "CI_PIPELINE_ID": "3", "CI_PIPELINE_SOURCE": source,
            "CI_PROJECT_DIR": str(clone), "CI_PROJECT_ID": "1", "REMIT_GITLAB_TOKEN": TOKEN, **written["variables"],
        }  # fmt: skip
        if source == "push":
            variables["CI_COMMIT_BRANCH"] = branch
        else:
            variables["CI_MERGE_REQUEST_DIFF_BASE_SHA"] = git(self.origin, "merge-base", "main", "change")
            variables |= {"CI_MERGE_REQUEST_IID": "7", "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "1"}
        ended: dict[str, str] = {}
        for name, job in written.items():
            if not isinstance(job, dict) or "script" not in job:
                continue
            (rule,) = job["rules"]
            is_asked = name in manual if manual else rule.get("when") != "manual"
            if is_asked and gitlab_rule(rule["if"], variables) and "failure" not in ended.values():
                before = written["default"]["before_script"]
                ended[name] = self.job(name, job, [*before, *job["script"]], branch, clone, variables)
        return ended

    def job(
        self, name: str, job: dict[str, Any], script: list[Any], branch: str, clone: Path, variables: dict[str, str]
    ) -> str:
        where = job.get("environment", "")
        scope = where if isinstance(where, str) else where["name"].partition("/")[0]
        environment = self.environment() | variables | self.variables.get(scope, {})
        if "id_tokens" in job:  # the job's own script takes the role with it
            subject = f"project_path:acme/shop:ref_type:branch:ref:{branch}"
            self.token(GITLAB_TOKENS, job["id_tokens"]["AWS_TOKEN"]["aud"], subject)
            environment |= self.aws | {"AWS_TOKEN": (self.folder / "token").read_text()}
        lines = [line for item in script for line in (item if isinstance(item, list) else [item])]
        return "failure" if self.run(name, "script", "\n".join(lines), clone, environment) else "success"


GITHUB_TOKENS = "https://token.actions.githubusercontent.com"
GITLAB_TOKENS = "https://gitlab.com"


def expression(text: str, context: Mapping[str, str]) -> Any:
    """What an expression of GitHub's gives: names, texts, and comparisons of them."""
    return _decided(re.sub(r"'[^']*'|\w+(?:\.[\w-]+)+", lambda part: _text(part[0], context), text))


def _text(part: str, context: Mapping[str, str]) -> str:
    return part if part.startswith("'") else repr(context.get(part, ""))


def gitlab_rule(text: str, variables: Mapping[str, str]) -> Any:
    return _decided(re.sub(r"\$(\w+)", lambda name: repr(variables.get(name[1])), text))


def _decided(text: str) -> Any:
    python = text.replace("&&", " and ").replace("||", " or ")
    return eval(python, {"__builtins__": {}})  # noqa: S307 - of a template of remit's


def filled(text: str, context: Mapping[str, str]) -> str:
    """A value of the workflow with its expressions replaced; a variable that nobody set is empty."""
    return re.sub(r"\$\{\{ (.*?) \}\}", lambda found: str(expression(found[1], context)), text)


GITHUB_BOT = {"user": {"login": "github-actions[bot]", "type": "Bot"}}
GITLAB_BOT = {"author": {"username": "project_1_bot_0f3a"}}
