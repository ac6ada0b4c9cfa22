"""`remit lint`: what it prints, and how it exits."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

import filled_pipe
from remit.cli import main

if TYPE_CHECKING:
    from pathlib import Path

BAD = '{"Version": "2012-10-17", "Statement": [\n {"Effect": "Allow", "Action": "s3:GetObjcet", "Resource": "*"}]}'
WIDE = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}'
GOOD = WIDE.replace('"*", "Resource": "*"', '"s3:GetObject", "Resource": "arn:aws:s3:::b/*"')


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main(["lint", *arguments])
    captured = capsys.readouterr()
    return int(ended.value.code or 0), captured.out, captured.err


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, text in {"bad.json": BAD, "wide.json": WIDE, "good.json": GOOD, "broken.json": "{"}.items():
        (tmp_path / name).write_text(text, "utf-8")
    return tmp_path


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["good.json"], 0),
        (["wide.json"], 0),
        (["wide.json", "--strict"], 1),
        (["bad.json"], 1),
        (["bad.json", "good.json"], 1),
        (["broken.json"], 2),
        (["absent.json"], 2),
        (["bad.json", "--allow", "R202=because it is coming"], 0),
        (["bad.json", "good.json", "--strict", "--allow", "R202=because it is coming"], 0),
        (
            [
                "bad.json",
                "wide.json",
                "--strict",
                "--allow",
                "R202=it is coming",
                "--allow",
                "administrator=it is meant",
            ],
            0,
        ),
        (["good.json", "--strict", "--allow", "R202=because it is coming"], 1),
        (["broken.json", "--allow", "R001=because it is"], 2),
        (["bad.json", "--allow", "R202"], 2),
        (["bad.json", "--allow", "R202=…"], 2),
        (["bad.json", "--allow", "R999=x"], 2),
        (["bad.json", "--format", "nothing"], 2),
        (["--explain", "R202"], 0),
        (["--explain", "unknown-action"], 0),
        (["--explain", "R999"], 2),
        (["--rules"], 0),
    ],
)
def test_the_exit_code(capsys: pytest.CaptureFixture[str], arguments: list[str], code: int) -> None:
    assert run(capsys, *arguments)[0] == code


@pytest.mark.usefixtures("files")
def test_text_shows_what_is_wrong_where(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "bad.json")
    assert out.startswith("error[R202]: s3 has no action 'GetObjcet'")
    assert "  --> bad.json:2:32\n" in out
    assert "  hint: did you mean `s3:GetObject`?\n" in out
    assert out.endswith("1 error\n")


@pytest.mark.usefixtures("files")
def test_json_is_a_list_also_of_what_cannot_be_read(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "good.json", "bad.json", "broken.json", "absent.json", "--json")
    assert [(one["rule"], one["file"], one["line"]) for one in json.loads(out)] == [
        ("R202", "bad.json", 2),
        ("R001", "broken.json", 1),
        ("R001", "absent.json", 0),
    ]


@pytest.mark.parametrize("arguments", [("../policies/bad.json",), ("-C", "../app")])
def test_code_scanning_gets_paths_from_gits_top(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    place = "services/app/app.py" if "-C" in arguments else "services/policies/bad.json"
    clone = tmp_path / "clone"  # inside of another one, as a submodule is
    (tmp_path / ".git").mkdir()
    for folder in (".git", "services/app", "services/policies", "services/work"):
        (clone / folder).mkdir(parents=True)
    (clone / "services" / "app" / "app.py").write_text("1 +\n")
    (clone / "services" / "policies" / "bad.json").write_text(BAD)
    monkeypatch.chdir(clone / "services" / "work")
    (result,) = json.loads(run(capsys, *arguments, "--format", "sarif")[1])["runs"][0]["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == place
    assert f"file={place},line=" in run(capsys, *arguments, "--format", "github")[1]


@pytest.mark.usefixtures("files")
def test_sarif_and_github_are_formats(capsys: pytest.CaptureFixture[str]) -> None:
    assert json.loads(run(capsys, "bad.json", "--format", "sarif")[1])["runs"][0]["results"][0]["ruleId"] == "R202"
    assert run(capsys, "bad.json", "--format", "github")[1].startswith("::error file=bad.json,line=2,col=32,")


def test_a_folder_is_searched(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("deep/a.yaml", "deep/b.yml", "deep/c.template", "deep/d.txt", ".git/e.json"):
        path = files / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(BAD, "utf-8")
    _, out, _ = run(capsys, "deep", "--json")
    assert [one["file"] for one in json.loads(out)] == ["deep/a.yaml", "deep/b.yml", "deep/c.template"]
    assert ".git" not in run(capsys, ".", "--json")[1]


@pytest.mark.usefixtures("files")
def test_a_folder_that_does_not_exist_and_a_project_that_does_not_load_are_errors_at_a_place(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, out, _ = run(capsys, "--json")
    (found,) = json.loads(out)
    assert (code, found["rule"]) == (2, "R001")
    assert found["message"].startswith("there is no app module")


def test_a_setting_that_does_not_exist_is_told_at_its_line(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (files / "app.py").write_text("from remit import App\n\napp = App()\n", "utf-8")
    (files / "config").mkdir()
    (files / "config" / "deploy.py").write_text(
        'from remit import configure\n\nwith configure() as config:\n    config.lambda_.iam.polcy = ["logs"]\n', "utf-8"
    )
    code, out, _ = run(capsys, "--json")
    (found,) = json.loads(out)
    assert (code, found["file"], found["line"]) == (2, "config/deploy.py", 4)
    assert found["hint"] == "did you mean `config.lambda_.iam.policy`?"


@pytest.mark.usefixtures("files")
def test_a_page_tells_what_is_wrong_and_what_is_better(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "--explain", "r202")
    assert out.startswith("R202 unknown-action (error)\n\nAn action that its service does not have")
    assert "Flagged:\n\n    {" in out


@pytest.mark.usefixtures("files")
def test_the_kind_of_a_policy_can_be_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert "R106" not in run(capsys, "good.json", "--kind", "resource", "--json")[1]
    assert "R109" in run(capsys, "good.json", "--kind", "trust", "--json")[1]


def test_a_pipe_is_read_when_somebody_writes_to_it_and_not_waited_for_else(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pipe = tmp_path / "pipe.json"
    os.mkfifo(pipe)
    code, out, _ = run(capsys, str(pipe), "--json")
    assert (code, [one["message"] for one in json.loads(out)]) == (2, [f"{pipe.as_posix()} is empty"])
    pipe.unlink()
    with filled_pipe.filled(pipe, BAD):
        assert run(capsys, str(pipe), "--json")[0] == 1


def test_a_pipe_is_read_once_and_so_shows_no_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pipe = tmp_path / "pipe.json"
    with filled_pipe.filled(pipe, BAD):
        code, out, _ = run(capsys, str(pipe))
    assert (code, f"  --> {pipe.as_posix()}:2:32\n  hint:" in out) == (1, True)


def test_a_device_without_end_is_too_large(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "/dev/zero", "--json")
    assert (code, "so large" in json.loads(out)[0]["message"]) == (2, True)


def test_a_folder_with_nothing_to_read_is_no_clean_answer(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, out, _ = run(capsys, str(tmp_path), "--json")
    (found,) = json.loads(out)
    assert code == 2
    assert found.keys() >= {"rule", "severity", "message", "file", "line", "column", "hint"}
    assert (found["rule"], found["file"]) == ("R001", tmp_path.as_posix())
    assert "holds no file that ends in .json, .yaml" in found["message"]
    (tmp_path / "package.json").write_text('{"name": "x"}', "utf-8")
    code, out, _ = run(capsys, str(tmp_path))
    assert (code, "holds neither a policy nor a template: nothing was looked at" in out) == (2, True)


def test_a_policy_too_long_to_be_looked_at_is_no_clean_answer(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    policy = tmp_path / "long.json"
    policy.write_text(GOOD + " " * 200_001, "utf-8")
    code, out, _ = run(capsys, str(policy), "--json")
    (message,) = [one["message"] for one in json.loads(out) if one["rule"] == "R001"]
    assert (code, "only its shape and its size are looked at" in message) == (2, True)
    policy.write_text(GOOD, "utf-8")
    assert run(capsys, str(policy))[0] == 0


ELSEWHERE = {
    "package.json": '{"name": "shop", "version": "1.0.0"}',
    "tsconfig.json": "// comments\n{}",
    "compose.yml": "version: '3'\nservices: {web: {image: nginx}}",
    "two.yaml": "kind: A\n---\nkind: B\n",
    "chart.yaml": "a: {{ .Values.a }}",
    "empty.yaml": "# nothing yet\n",
}


def test_in_a_folder_only_policies_and_templates_are_looked_at(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    for name, text in ELSEWHERE.items():
        (tmp_path / name).write_text(text, "utf-8")
    (tmp_path / "good.json").write_text(GOOD, "utf-8")
    code, out, told = run(capsys, str(tmp_path))
    assert (code, out) == (0, "nothing found\n")
    names = ", ".join((tmp_path / name).as_posix() for name in sorted(ELSEWHERE)[:3])
    assert told == f"note: 6 files hold neither a policy nor a template: {names}, …\n"
    (tmp_path / "cut.yaml").write_text("Resources:\n  Role: {Type: AWS::IAM::Role\n", "utf-8")
    (tmp_path / "bare.json").write_text('{"effect": "Allow"}', "utf-8")
    code, out, _ = run(capsys, str(tmp_path), "--json")
    found = {(one["file"].rpartition("/")[2], one["rule"]) for one in json.loads(out)}
    assert (code, found) == (2, {("cut.yaml", "R001"), ("bare.json", "R111"), ("bare.json", "R110")})


def test_a_file_that_is_named_and_holds_neither_has_one_finding(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    part = json.dumps({"QueueArn": {"Value": {"Ref": "Queue"}}})
    named = {name: ELSEWHERE[name] for name in ("package.json", "compose.yml")} | {"part.json": part}
    for name, text in (named | {"null.json": "null", "one.json": "1", "list.json": "[1, 2]"}).items():
        (tmp_path / name).write_text(text, "utf-8")
        status, out, _ = run(capsys, str(tmp_path / name), "--json")
        (found,) = json.loads(out)
        assert (status, found["rule"], found["line"], found["column"]) == (2, "R001", 1, 1)
        assert found["message"].endswith(f"{name} holds neither a policy document nor a template")
        hint = "a policy has Statement, a template Resources; `terraform show -json PLAN` prints a plan"
        assert found["hint"] == hint


KEY, TOKEN, WORD = "AKIA" + "Z7FT2Q3EGRIBQB5V", "ghp_" + "a1B2c3D4e5F6" * 3, "Correct!Horse9"
SECRETIVE = {
    "policy.json": """{"Version": "2012-10-17", "Statement": [
 {"Effect": "Allow", "Action": "%s", "Resource": "%s",
  "Condition": {"IpAddress": {"aws:SourceIp": "%s"}, "Bool": {"aws:SecureTransport": "%s"}}}]}""",
    "template.yaml": """Resources:
  F:
    Type: AWS::Lambda::Function
    Properties:
      Environment:
        Variables: {AWS_REGION: eu-west-1, A: %s, TOKEN: %s, PASSWORD: Correct!Horse9, DB: "postgres://a:Correct!Horse9@h/d"}
      Role: %s %s
""",
    "broken.json": '{"%s": %s, "%s": %s}',
    "twice.json": '{"%s": "%s", "%s": "%s"}',
    "broken.yaml": "TOKEN: %s: %s\nPASSWORD: 'Correct!Horse9' %s %s\n",
}


@pytest.mark.parametrize("form", ["text", "json", "sarif", "github"])
@pytest.mark.parametrize("name", SECRETIVE)
def test_a_secret_is_not_printed_in_any_form(
    files: Path, capsys: pytest.CaptureFixture[str], form: str, name: str
) -> None:
    (files / name).write_text(SECRETIVE[name] % (KEY, TOKEN, KEY, TOKEN), "utf-8")
    _, out, talk = run(capsys, name, "--format", form)
    assert "R0" in out or "R7" in out
    assert [secret for secret in (KEY, TOKEN, WORD) if secret in out + talk] == []


def test_the_rules_and_a_page_are_told_to_programs_as_well(capsys: pytest.CaptureFixture[str]) -> None:
    rows = json.loads(run(capsys, "--rules", "--json")[1])
    assert len(rows) > 80
    page = json.loads(run(capsys, "--explain", "unknown-action", "--json")[1])
    assert "Flagged:" in page.pop("page")
    assert page in rows
    assert page["rule"] == "R202"


def test_notes_are_shown_when_they_are_asked_for_and_json_has_them_always(
    files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    statement = {"Effect": "Allow", "Action": ["s3:GetObject", "s3:GetObject*"], "Resource": "arn:aws:s3:::b/*"}
    (files / "noted.json").write_text(json.dumps({"Version": "2012-10-17", "Statement": [statement]}), "utf-8")
    plain, shown, data = (run(capsys, "noted.json", *more)[1] for more in ((), ("--notes",), ("--json",)))
    severities = [row["severity"] for row in json.loads(data)]
    assert run(capsys, "noted.json", "--strict")[0] == 0
    assert (severities, f"nothing found; {len(severities)} note not shown (--notes)\n", True) == (
        ["note"],
        plain,
        "note[" in shown,
    )


def test_a_folder_tells_what_cannot_be_read_and_names_three_files_that_it_skips(
    files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (files / "more").mkdir()
    for name in ("a", "b", "c"):
        (files / "more" / f"{name}.json").write_text("[1]")
    (files / "more" / "gone.json").symlink_to("nowhere")
    code, out, talk = run(capsys, "more", "--json")
    assert (code, [(row["rule"], row["file"]) for row in json.loads(out)]) == (2, [("R001", "more/gone.json")])
    skipped = "more/a.json, more/b.json, more/c.json"
    assert talk == f"note: 3 files hold neither a policy nor a template: {skipped}\n"


@pytest.mark.usefixtures("files")
def test_a_folder_ends_with_how_often_each_rule_found_something(capsys: pytest.CaptureFixture[str]) -> None:
    for paths in ((".",), ("good.json", ".")):
        lines = run(capsys, *paths)[1].split("\n")
        assert lines[-5:-3] == [
            "     1  error    R202  unknown-action",
            "     1  warning  R210  administrator",
        ]


@pytest.mark.usefixtures("files")
def test_each_line_for_github_is_a_finding(capsys: pytest.CaptureFixture[str]) -> None:
    levels = {"error": "error", "warning": "warning", "note": "notice"}
    found = json.loads(run(capsys, "bad.json", "wide.json", "--json")[1])
    lines = run(capsys, "bad.json", "wide.json", "--format", "github")[1].splitlines()
    expected = [f"::{levels[one['severity']]} file={one['file']}" for one in found]
    assert expected == [line.partition(",")[0] for line in lines]
