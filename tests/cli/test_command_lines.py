"""What options mean, each beside others: with them, without them, twice, and where they mean nothing."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import sys
from pathlib import Path
from typing import Any, Final

import click
import pytest

from projects import inside, remit, write
from remit.cli import deploy, options, stack_commands
from remit.deploy.deployment import Deployment, NotApproved
from remit.deploy.session import Account
from remit.errors import RemitError

HERE: Final = Account("111122223333", "eu-west-1", "aws", None)
DENIED: Final = (
    "User: arn:aws:iam::111122223333:user/ann is not authorized to perform: s3:GetObject on resource: arn:aws:s3:::a/b"
)
LISTS: Final = {"Effect": "Allow", "Action": ["s3:ListAllMyBuckets", "s3:GetObject"], "Resource": "arn:aws:s3:::a/*"}


@pytest.mark.parametrize("words", [("retry",), ("retry", "3f2a", "--all"), ("purge",), ("purge", "3f2a", "--all")])
def test_jobs_are_named_by_their_ids_or_are_all_and_never_both(tmp_path: Path, words: tuple[str, ...]) -> None:
    with inside(tmp_path, {}):
        ran = remit("jobs", *words)
    assert (2, "") == (ran.status, ran.out)
    assert "say which jobs: by their ids, or --all" in ran.err


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("bootstrap", "--print"), "--ci and --repository go together, and --print goes with them"),
        (("bootstrap", "--ci", "github", "--print"), "--ci and --repository go together"),
        (("init", "--owners", "@acme/security"), "--stage and --owners go with --ci"),
        (("init", "--stage", "prod"), "--stage and --owners go with --ci"),
        (("invoke", "f", "--example", "s3", "--event", "{}"), "--example is an event of its own"),
        (("invoke", "f", "--example", "s3", "--http", "GET /"), "--example is an event of its own"),
        (("delete", "--resume", "--empty"), "--resume follows a delete that is agreed to: leave --empty out"),
        (("deploy", "--plan", "--skip", "Queue"), "leave out --skip, or --plan"),
        (("deploy", "--plan", "--markdown", "--write", "."), "--write .: name a file in a folder that is there"),
        (("deploy", "--plan", "--markdown", "--write", "no/a"), "--write no/a: name a file in a folder that is there"),
    ],
)
def test_options_that_do_not_go_together_are_refused(tmp_path: Path, words: tuple[str, ...], error: str) -> None:
    with inside(tmp_path, {}):
        ran = remit(*words)
    assert (2, "") == (ran.status, ran.out)
    assert error in ran.err


def test_a_denial_is_the_same_in_quotes_in_words_and_from_standard_input(tmp_path: Path) -> None:
    with inside(tmp_path, {}):
        answers = [
            remit("why", DENIED, "--json"),
            remit("why", *DENIED.split(), "--json"),
            remit("why", "-", "--json", stdin=DENIED.encode()),
            remit("why", "--json", stdin=DENIED.encode()),
        ]
    assert "s3:GetObject" in answers[0].out
    assert [answers[0]] * 4 == answers


def test_pythons_are_kept_as_they_are_named_since_the_link_of_an_environment_is_that_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REMIT_PYTHON", "")
    monkeypatch.delenv("REMIT_PYTHON")
    links = [tmp_path / "a", tmp_path / "b"]
    for link in links:
        link.symlink_to(sys.executable)
    options.python_option(click.Command("x", callback=lambda: None)).main(
        [text for link in links for text in ("--python", str(link))], standalone_mode=False
    )
    assert os.pathsep.join(map(str, links)) == os.environ["REMIT_PYTHON"]


@pytest.mark.parametrize(
    ("wished", "as_json", "is_answer"),
    [
        ({"only_plans": True}, False, True),
        ({"only_plans": True}, True, False),
        ({"only_plans": True, "markdown": True}, False, False),
        ({"only_plans": True, "markdown": True, "write": Path("x.md")}, False, True),
        ({"only_plans": True, "write": Path("x.json")}, True, True),
        ({}, False, False),
    ],
)
def test_the_lines_of_a_plan_are_its_answer_unless_a_document_is(
    wished: dict[str, Any], *, as_json: bool, is_answer: bool
) -> None:
    out, err = io.StringIO(), io.StringIO()
    with click.Context(click.Command("deploy")) as context, contextlib.redirect_stdout(out):
        options.expect_json(context, click.Option(["--json"]), as_json)
        with contextlib.redirect_stderr(err):
            deploy.operator({"write": None, "markdown": False, "only_plans": False, **wished}).show(["  + a"])
    assert ("  + a\n", "") == ((out if is_answer else err).getvalue(), (err if is_answer else out).getvalue())


def test_a_program_gets_the_plan_that_nobody_agreed_to() -> None:
    def deploys(**_: Any) -> Deployment:
        raise NotApproved(RemitError("nobody agreed", exit_code=1), Deployment("shop-dev"))

    wished = {"accept_drift": False, "revert_drift": False, "artefact_bucket": None, "only_plans": False}
    out = io.StringIO()
    with click.Context(click.Command("deploy")) as context, contextlib.redirect_stdout(out):
        options.expect_json(context, click.Option(["--json"]), True)  # noqa: FBT003 - click's signature
        with pytest.raises(NotApproved):
            deploy.carry_out(deploys, HERE, stack_commands.Terminal(), wished)
    document = json.loads(out.getvalue())
    assert ("shop-dev", False, False) == (document["namespace"], document["changed"], document["ok"])


def test_a_line_has_the_colour_of_its_sign_behind_the_blanks_and_a_heading_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    err = io.StringIO()
    with click.Context(click.Command("deploy")) as context, contextlib.redirect_stderr(err):
        context.color = True
        stack_commands.Terminal().show(["  + a", "    - b", "- c", "  d"])
    expected = [click.style("  + a", fg="green"), click.style("    - b", fg="red"), "- c", "  d"]
    assert expected == err.getvalue().splitlines()


def test_an_upload_shows_its_progress_when_it_is_big(monkeypatch: pytest.MonkeyPatch) -> None:
    err = io.StringIO()
    monkeypatch.setattr(sys, "stderr", err)
    with stack_commands.Terminal().progress(8 * 1024 * 1024) as small:
        assert small is None
    with stack_commands.Terminal().progress(8_400_000) as sent:
        assert sent is not None
        sent(8_400_000)
    assert "uploading 8.4 MB" in err.getvalue()


def test_the_facts_are_as_old_as_the_days_since_their_day() -> None:
    document = json.loads(remit("data", "--json").out)
    with inside(Path(), {"REMIT_TODAY": "2200-01-01"}):
        text = remit("data").out
    assert f"data of {document['date']} ({document['package']}), " in text
    (days,) = re.findall(r", (\d+) days old", text)
    assert int(days) > 60_000


def test_a_new_project_is_entered_first_and_the_one_of_this_folder_not(tmp_path: Path) -> None:
    with inside(tmp_path, {}):
        assert "  cd shop\n" in remit("init", "shop", "--ci", "github").out
        assert "  cd other\n" in remit("init", "other").out
        assert "  cd " not in remit("init", ".").out


def test_whoever_a_template_has_not_is_told_with_the_name_that_may_be_meant(tmp_path: Path) -> None:
    role = {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "order-worker"}}
    write(tmp_path, {"t.json": json.dumps({"Resources": {"Worker": role}})})
    with inside(tmp_path, {}):
        nobody, nearly = remit("explain", "t.json", "Nobody"), remit("explain", "t.json", "order-worken")
    assert "no function, of the name `Nobody`" in nobody.err
    assert "did you mean `order-worker`?" in nearly.err


def test_a_policy_of_aws_is_told_with_its_version() -> None:
    assert re.match(r"AWSDenyAll v\d+", remit("explain", "arn:aws:iam::aws:policy/AWSDenyAll").out)


def test_what_an_action_is_taken_for_is_told_to_programs_too() -> None:
    document = json.loads(remit("explain", "lambda:Invoke", "--json").out)
    assert "lambda:InvokeFunction" in str(document["actions"])
    assert document["note"]


def test_a_key_in_capitals_is_a_slip_and_not_left_unread() -> None:
    case = json.dumps({"policies": {}, "request": {"Action": "s3:GetObject"}}).encode()
    ran = remit("evaluate", "-", stdin=case)
    assert (2, True) == (ran.status, "request has no key 'Action'" in ran.err)


def test_the_lines_of_a_policy_are_shown_whichever_project_is_named(tmp_path: Path) -> None:
    written = json.dumps({"Version": "2012-10-17", "Statement": [{**LISTS, "Action": "s3:GetObjekt"}]}, indent=1)
    write(tmp_path, {"policy.json": written, "elsewhere/x": ""})
    with inside(tmp_path, {}):
        shown, same = remit("lint", "policy.json", "-C", "elsewhere"), remit("lint", "policy.json")
    assert shown == same
    assert '"Action": "s3:GetObjekt"' in shown.out


def test_the_query_of_an_audit_is_about_the_table_that_is_named(tmp_path: Path) -> None:
    named, default = (remit("audit", str(tmp_path), "--print-query", *more).out for more in (("--athena", "t1"), ()))
    assert named == default.replace("cloudtrail_logs", "t1") != default


def test_the_policy_of_who_collects_has_what_is_collected_and_the_role_that_is_assumed() -> None:
    def actions(*words: str) -> str:
        return remit("audit", "collect", "x", "--policy", *words).out

    assert ["sts:AssumeRole" in actions(), ":role/auditor" in actions("--role", "auditor")] == [False, True]
    assert "sts:AssumeRole" in actions("--organization")
    assert ["s3:GetBucketPolicy" in actions(), "s3:GetBucketPolicy" in actions("--no-resources")] == [True, False]
