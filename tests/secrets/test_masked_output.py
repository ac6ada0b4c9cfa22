"""Whatever remit prints, and in whatever form, no secret stands in it."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

import projects
from remit.secrets import concealed
from remit.secrets.masked_output import MaskedStream, masked_output

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Make

KEY = "AKIA" + "Q3EGRIBQ2B5VZ7FT"
TOKEN = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
SPECIAL = 'Corr3ct"H0rse\\Batt3ry'


def policy(value: str, action: str = "s3:GetObject") -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": action, "Resource": f"arn:aws:s3:::data/{value}"}
    return {
        "Version": "2012-10-17",
        "Statement": [{**statement, "Condition": {"StringEquals": {"aws:PrincipalTag/key": value}}}],
    }


def template(value: str, action: str = "s3:GetObject") -> dict[str, Any]:
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    properties = {
        "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
        "Policies": [{"PolicyName": "p", "PolicyDocument": policy(value, action)}],
        "Tags": [{"Key": "key", "Value": value}],
    }
    function = {
        "Type": "AWS::Lambda::Function",
        "Properties": {"Role": {"Fn::GetAtt": ["Reader", "Arn"]}, "Environment": {"Variables": {"KEY": value}}},
    }
    return {"Resources": {"Reader": {"Type": "AWS::IAM::Role", "Properties": properties}, "Report": function}}


COMMANDS = {
    "lint": "lint t.json p.json",
    "lint as JSON": "lint t.json p.json --json",
    "lint as SARIF": "lint t.json p.json --format sarif",
    "lint for GitHub": "lint t.json p.json --format github",
    "explain": "explain t.json",
    "explain a policy as JSON": "explain p.json --json",
    "explain an action": "explain t.json Reader s3:GetObject arn:aws:s3:::data/{}",
    "diff": "diff t.json u.json",
    "diff as JSON": "diff t.json u.json --json",
    "diff as Markdown": "diff t.json u.json --markdown",
    "diff of policies": "diff p.json q.json",
    "deployer": "policy deployer t.json",
    "minimise": "minimise p.json",
    "evaluate": "evaluate --policy p.json --action s3:GetObject --resource arn:aws:s3:::data/{}",
    "a hint": "explain {}",
    "an unknown file": "lint {}.json",
    "an unknown option": "lint --{}",
}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("secret", [KEY, TOKEN])
def test_no_command_shows_a_secret_in_any_form(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str, secret: str
) -> None:
    files = {
        "t": template(secret),
        "u": template(secret, "s3:PutObject"),
        "p": policy(secret),
        "q": policy(f"{secret}/x"),
    }
    for name, document in files.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(document, indent=1))
    monkeypatch.chdir(tmp_path)

    ran = projects.remit(*COMMANDS[command].format(secret).split())

    assert ran.out + ran.err != ""
    assert secret not in ran.out + ran.err
    assert "bug in remit" not in ran.err


@pytest.mark.parametrize("form", ["", "--json"])
def test_a_secret_of_the_environment_is_shown_in_no_form(
    make: Make, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    monkeypatch.setenv("DB_PASSWORD", SPECIAL)
    app = "import os\nprint(os.environ['DB_PASSWORD'])\nraise ValueError(os.environ['DB_PASSWORD'])\n"

    ran = make(app=app).remit("lint", *form.split())

    assert (ran.status, SPECIAL in ran.out + ran.err, json.dumps(SPECIAL)[1:-1] in ran.out) == (2, False, False)


def test_a_traceback_that_somebody_asks_for_shows_no_secret(tmp_path: Path) -> None:
    """A bug is made by a class that cannot be written to, which the command line meets as a project's own."""
    code = (
        "import sys, remit.cli.lint as lint\n"
        "from remit.cli import main\n"
        f"def broken(*_, **__): raise KeyError('{TOKEN}', 'Corr3ct-H0rse')\n"
        "lint.command.callback = broken\n"
        "main(['lint'])\n"
    )
    environment = {**os.environ, "REMIT_DEBUG": "1", "DB_PASSWORD": "Corr3ct-H0rse"}
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )

    assert ran.returncode == 70
    assert "Traceback" in ran.stderr
    assert "this is a bug in remit: KeyError" in ran.stderr
    assert [secret for secret in (TOKEN, "Corr3ct-H0rse") if secret in ran.stdout + ran.stderr] == []


def test_a_word_that_may_be_anything_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """POSTGRES_PASSWORD=postgres on a developer's machine hides no name of an engine."""
    monkeypatch.setenv("POSTGRES_PASSWORD", "postgres")
    monkeypatch.setenv("DB_PASSWORD", "Corr3ct-H0rse")
    written = io.StringIO()

    MaskedStream(written).writelines(["engine: postgres\n", "Corr3ct-H0rse\n"])

    assert written.getvalue() == f"engine: postgres\n{'*' * 13}\n"


def test_a_secret_that_code_puts_into_the_environment_later_is_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.StringIO()
    stream = MaskedStream(written)
    stream.write("before ")

    monkeypatch.setenv("LATE_PASSWORD", "Corr3ct-H0rse")
    length = stream.write("Corr3ct-H0rse")

    assert length == 13
    assert written.getvalue() == f"before {'*' * 13}"


@pytest.mark.parametrize(
    "value", ["abcdefghijklmnopqrstuvwxyz0123456789abcd", KEY, TOKEN, 'a"b12345678901', "c,d'e]f}g 1234567"]
)
@pytest.mark.parametrize("name", ["AWS_SECRET_ACCESS_KEY", "password", "Token", "api_key"])
def test_what_is_json_stays_json_without_the_secret(name: str, value: str) -> None:
    for indent in (None, 2):
        shown = concealed(json.dumps({"a": [{name: value}], "n": 1}, indent=indent), ())
        assert list(json.loads(shown)["a"][0]) == [name]
        assert json.dumps(value)[1:-1] not in shown


def test_both_streams_are_masked_as_long_as_a_command_runs_where_the_process_has_them() -> None:
    for streams in ((io.StringIO(), None), (None, io.StringIO()), (io.StringIO(), io.StringIO())):
        with contextlib.redirect_stdout(streams[0]), contextlib.redirect_stderr(streams[1]):
            with masked_output():
                masked = sys.stdout, sys.stderr
                for stream in filter(None, masked):
                    stream.write(KEY)
            afterwards = sys.stdout, sys.stderr
        assert streams == afterwards
        written = [stream and stream.getvalue() for stream in streams]
        assert [stream and "*" * len(KEY) for stream in streams] == written
        assert [stream is None for stream in streams] == [stream is None for stream in masked]


def test_a_masked_stream_has_all_of_the_stream_below_but_its_buffer() -> None:
    written = io.BytesIO()
    masked = MaskedStream(io.TextIOWrapper(written, encoding="utf-8"))
    assert (masked.encoding, hasattr(masked, "buffer")) == ("utf-8", False)
    assert len("see AKIAQ3EGRIBQ2B5VZ7FT") == masked.write("see AKIAQ3EGRIBQ2B5VZ7FT")
    masked.flush()
    assert written.getvalue() == b"see " + b"*" * 20
