"""The command line: what build, policy and init print and how they end, and help for who goes wrong."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click
import pytest
import uv

import remit as package
from projects import SOURCE, Project, Ran, remit, remit_process, write
from random_cases import cases_of
from remit.cli.command_group import root
from terminals import HANGS

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Make

ORDERS = """
@app.function(sqs("orders"), policy=[dynamodb.put("orders"), {"Effect": "Deny", "NotAction": "s3:*",
    "NotResource": "arn:aws:s3:::b", "Condition": {"StringLike": {"aws:PrincipalArn": ["a*", "b*"]}}}])
def ingest(event, context): ...

@app.function(policy="logs")
def report(event, context): ...
"""


def test_build_counts_the_resources_and_names_the_roles(make: Make) -> None:
    project = make(app=ORDERS)
    ran = project.remit("build", "--no-package")
    assert (0, "") == (ran.status, ran.err)
    assert [
        f"orders-dev: 7 resources in {project.folder}/.remit/build/template.json",
        "     2  AWS::IAM::Role",
        "     1  AWS::Lambda::EventSourceMapping",
        "     2  AWS::Lambda::Function",
        "     2  AWS::Logs::LogGroup",
        "  IngestRole: 4 statements for ingest",
        "  ReportRole: 2 statements for report",
    ] == ran.out.splitlines()


def test_build_prints_json_for_programs(make: Make) -> None:
    document = json.loads(make(app=ORDERS).remit("build", "--no-package", "--json").out)
    assert {
        "namespace": "orders-dev",
        "template": ".remit/build/template.json",
        "resources": {
            "AWS::IAM::Role": 2,
            "AWS::Lambda::EventSourceMapping": 1,
            "AWS::Lambda::Function": 2,
            "AWS::Logs::LogGroup": 2,
        },
        "artefacts": [],
        "must_exist": [{"kind": "queue", "name": "orders", "condition": None, "functions": ["ingest"]}],
        "notes": [],
    } == {key: value for key, value in document.items() if key != "roles"}
    assert [["ingest"], ["report"]] == [role["functions"] for role in document["roles"]]


def test_building_twice_gives_the_same_files(make: Make) -> None:
    project = make(app=ORDERS)
    texts = []
    for _ in range(2):
        assert 0 == project.remit("build", "--no-package").status
        folder = project.folder / ".remit" / "build"
        texts.append({path.name: path.read_text() for path in folder.iterdir()})
    assert texts[0] == texts[1]
    assert ["roles.json", "template.json"] == sorted(texts[0])


def test_policy_function_prints_the_document_of_its_role(make: Make) -> None:
    ran = make(app=ORDERS).remit("policy", "function", "ingest")
    orders = {"Fn::Sub": "arn:${AWS::Partition}:%s:${AWS::Region}:${AWS::AccountId}:%s"}
    assert (0, "") == (ran.status, ran.err)
    assert {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
                "Resource": {"Fn::GetAtt": ["IngestLogGroup", "Arn"]},
            },
            {
                "Effect": "Allow",
                "Action": ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"],
                "Resource": {"Fn::Sub": orders["Fn::Sub"] % ("sqs", "orders")},
            },
            {
                "Effect": "Allow",
                "Action": "dynamodb:PutItem",
                "Resource": {"Fn::Sub": orders["Fn::Sub"] % ("dynamodb", "table/orders")},
            },
            {
                "Effect": "Deny",
                "NotAction": "s3:*",
                "NotResource": "arn:aws:s3:::b",
                "Condition": {"StringLike": {"aws:PrincipalArn": ["a*", "b*"]}},
            },
        ],
    } == json.loads(ran.out)


def test_policy_function_explains_each_statement(make: Make) -> None:
    config = """
    config.lambda_.iam.managed_policy = "ReadOnlyAccess"
    config.lambda_.iam.permissions_boundary = "PowerUserAccess"
    """
    ran = make(config=config, app=ORDERS).remit("policy", "function", "ingest", "--explain")
    assert (0, "") == (ran.status, ran.err)
    here = "${AWS::Region}:${AWS::AccountId}"
    assert (
        f"""\
IngestRole, the role of ingest
  within the permissions boundary arn:${{AWS::Partition}}:iam::aws:policy/PowerUserAccess
  with the managed policy arn:${{AWS::Partition}}:iam::aws:policy/ReadOnlyAccess
  Allow logs:CreateLogStream, logs:PutLogEvents
      on ${{IngestLogGroup.Arn}}
      because ingest writes its logs  (app.py:10:2)
  Allow sqs:ReceiveMessage, sqs:DeleteMessage, sqs:GetQueueAttributes
      on arn:${{AWS::Partition}}:sqs:{here}:orders
      because ingest takes messages from queue orders  (app.py:10:2)
  Allow dynamodb:PutItem
      on arn:${{AWS::Partition}}:dynamodb:{here}:table/orders
      because puts items into table orders  (app.py:10:38)
  Deny everything but s3:*
      on everything but arn:aws:s3:::b
      if StringLike aws:PrincipalArn = a*, b*
      because declared for function ingest  (app.py:10:62)
"""
        == ran.out
    )


def test_policy_function_explains_for_programs(make: Make) -> None:
    ran = make(app=ORDERS).remit("policy", "function", "report", "--explain", "--json")
    assert {
        "role": "ReportRole",
        "functions": ["report"],
        "managed_policies": [],
        "permissions_boundary": None,
    } == {key: value for key, value in json.loads(ran.out).items() if key != "grants"}
    assert {
        "statement": {"Effect": "Allow", "Action": "logs:*", "Resource": "*"},
        "because": "'logs' declared for function report",
        "file": "app.py",
        "line": 14,
        "column": 22,
    } == json.loads(ran.out)["grants"][1]


def test_policy_function_writes_nothing(make: Make) -> None:
    project = make()
    project.remit("policy", "function", "hello")
    assert not (project.folder / ".remit").exists()


@pytest.mark.parametrize(("name", "hint"), [("ingst", "did you mean `ingest`?"), ("zzz", "there are ingest, report")])
def test_an_unknown_function_is_told(make: Make, name: str, hint: str) -> None:
    ran = make(app=ORDERS).remit("policy", "function", name)
    assert (2, "", f"error: there is no function `{name}` in this app\nhint: {hint}\n") == (
        ran.status,
        ran.out,
        ran.err,
    )


@pytest.mark.parametrize("command", ["policy function", "invoke --local"])
def test_whoever_asks_for_a_job_is_told_which_worker_runs_it(make: Make, command: str) -> None:
    project = make(app="@app.function\ndef hello(event, context): ...\n@app.job(queue='fast')\ndef mail(to): ...\n",
                   config="config.job.enable = True\nconfig.job.additional_queues = ['fast']")  # fmt: skip
    ran = project.remit(*command.split(), "mail")
    assert (2, "error: there is no function `mail` in this app\nhint: `mail` is a job: `worker-fast` runs it\n") == (
        ran.status,
        ran.err,
    )


@pytest.mark.parametrize("command", ["status", "delete", "deploy --resume"])
def test_a_folder_that_is_no_project_starts_no_local_aws(tmp_path: Path, command: str) -> None:
    ran = remit(*command.split(), "--local", "-C", str(tmp_path))
    assert (2, f"error: there is no project in {str(tmp_path.resolve())!r}\n") == (
        ran.status,
        ran.err.partition("hint")[0],
    )
    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("build --bogus", "no such option '--bogus'\nhint: `remit build --help` shows how it is used"),
        ("invoke", "missing argument 'NAME'\nhint: `remit invoke --help` shows how it is used"),
        ("deplyo", "there is no command `deplyo`\nhint: did you mean `deploy`?"),
    ],
)
def test_a_wrong_command_line_is_told_as_everything_else_is(typed: str, message: str) -> None:
    ran = remit(*typed.split())
    assert (2, "", f"error: {message}\n") == (ran.status, ran.out, ran.err)


def test_a_mistake_ends_with_2_and_stands_on_standard_error(make: Make) -> None:
    ran = make(config='config.lambda_.iam.polcy = ["logs"]').remit("build")
    assert (
        2,
        "",
        (
            "error: there is no setting `config.lambda_.iam.polcy`\n  --> config/deploy.py:5:5\n"
            "hint: did you mean `config.lambda_.iam.policy`?\n"
        ),
    ) == (ran.status, ran.out, ran.err)


TWO_MISTAKES = """
config.lambda_.iam.polcy = 1
config.lambda_.iam.policy = [{"Effect": "Allow",
"Actoin": "s3:GetObject"}]
"""


@pytest.mark.parametrize(
    "command",
    ["build", "deploy --local", "policy function hello", "policy deployer", "explain hello", "diff"],
)
def test_with_json_the_mistakes_of_a_project_are_those_of_lint(make: Make, command: str) -> None:
    project = make(config=TWO_MISTAKES)
    of_lint = project.remit("lint", "--json")
    ran = project.remit(*command.split(), "--json")
    assert [5, 7] == [mistake["line"] for mistake in json.loads(of_lint.out)]
    assert (2, of_lint.out, "") == (ran.status, ran.out, ran.err)


def test_with_json_what_lint_refuses_in_a_build_has_its_rule(make: Make) -> None:
    arn = "arn:aws:sqs:eu-west-1:123456789012:letters"
    statement = {"Effect": "Allow", "Action": ["s3:GetObjct"], "Resource": arn}
    project = make(config=f'config.lambda_.iam.policy = [{statement},\n"dynamodb:GetItm"]')
    of_lint = [finding for finding in json.loads(project.remit("lint", "--json").out) if finding["severity"] == "error"]
    mistakes = json.loads(project.remit("build", "--json").out)
    assert ["R202", "R202"] == [mistake["rule"] for mistake in mistakes]
    assert [finding["message"] for finding in of_lint] == [mistake["message"] for mistake in mistakes]


def test_with_json_a_wrong_command_line_is_json(tmp_path: Path) -> None:
    ran = remit("diff", "--json", str(tmp_path / "absent.json"), "-")
    (mistake,) = json.loads(ran.out)
    assert (2, "", "`remit diff --help` shows how it is used") == (ran.status, ran.err, mistake["hint"])


def test_a_new_project_builds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """That its tests pass is tried by the page of the tutorial, which runs them."""
    monkeypatch.chdir(tmp_path)
    ran = remit("init", "shop")
    files = ["pyproject.toml", ".gitignore", "config/deploy.py", "app.py", "tests/test_app.py", "AGENTS.md"]
    assert (0, [f"  shop/{file}" for file in files]) == (ran.status, ran.out.splitlines()[: len(files)])
    project = Project(tmp_path / "shop")
    written = [path.relative_to(project.folder).as_posix() for path in project.folder.rglob("*") if path.is_file()]
    assert sorted(files) == sorted(written)
    assert "shop-dev" == project.built().namespace
    assert {".env", ".env.local", ".remit/"} <= set((project.folder / ".gitignore").read_text().split())


COMMIT = "0123456789abcdef0123456789abcdef01234567"
ORIGINS: list[tuple[dict[str, Any] | None, str]] = [
    (None, "remit>=0.1.0,<0.2"),
    ({"url": "file:///src/remit%20one", "dir_info": {}}, "remit @ file:///src/remit%20one"),
    ({"url": "file:///NAME/remit", "dir_info": {"editable": True}}, "remit @ file:///NAME/remit"),
    (
        {"url": "file:///d/remit-0.1.0-py3-none-any.whl", "archive_info": {}},
        "remit @ file:///d/remit-0.1.0-py3-none-any.whl",
    ),
    ({"url": "https://a:b@host/remit.tar.gz", "archive_info": {}}, "remit @ https://host/remit.tar.gz"),
    (
        {
            "url": "https://host/remit.git",
            "vcs_info": {"vcs": "git", "requested_revision": "main", "commit_id": COMMIT},
        },
        f"remit @ git+https://host/remit.git@{COMMIT}",
    ),
    (
        {"url": "ssh://git@host/all", "vcs_info": {"vcs": "git", "commit_id": COMMIT}, "subdirectory": "remit"},
        f"remit @ git+ssh://git@host/all@{COMMIT}#subdirectory=remit",
    ),
]


@pytest.mark.parametrize(("origin", "requirement"), ORIGINS)
def test_a_new_project_takes_remit_from_where_remit_was_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, origin: dict[str, Any] | None, requirement: str
) -> None:
    record = tmp_path / "site" / "remit-0.1.0.dist-info"
    write(record, {"METADATA": "Metadata-Version: 2.1\nName: remit\nVersion: 0.1.0\n"})
    if origin is not None:
        write(record, {"direct_url.json": json.dumps(origin)})
    monkeypatch.syspath_prepend(record.parent)
    assert 0 == remit("init", str(tmp_path / "shop")).status
    project = tomllib.loads((tmp_path / "shop" / "pyproject.toml").read_text())
    assert ("shop", ["pytest", requirement]) == (project["project"]["name"], project["dependency-groups"]["dev"])


def test_a_new_project_locks_and_is_built_then(tmp_path: Path) -> None:
    """Its remit is the one that made it: no index needs to have one."""
    assert 0 == remit("init", str(tmp_path / "shop")).status
    locked = subprocess.run(
        [uv.find_uv_bin(), "lock"], cwd=tmp_path / "shop", capture_output=True, text=True, check=False
    )
    assert 0 == locked.returncode, locked.stderr
    packages = tomllib.loads((tmp_path / "shop" / "uv.lock").read_text())["package"]
    assert {"pytest", "remit", "shop"} <= {package["name"] for package in packages}
    assert 0 == remit("build", "--project", str(tmp_path / "shop")).status


def test_init_tells_what_it_made_for_programs(tmp_path: Path) -> None:
    document = json.loads(remit("init", str(tmp_path / "shop"), "--json").out)
    assert {"folder": str(tmp_path / "shop"), "files": document["files"], "kept": [], "notes": []} == document
    assert "config/deploy.py" in document["files"]


def test_init_never_writes_into_what_exists(tmp_path: Path) -> None:
    target = str(tmp_path / "shop")
    assert 0 == remit("init", target).status
    ran = remit("init", target)
    assert (2, True) == (ran.status, "exists already and is not an empty folder" in ran.err)
    (tmp_path / "file").write_text("mine")
    assert (2, "mine") == (remit("init", str(tmp_path / "file")).status, (tmp_path / "file").read_text())
    (tmp_path / "empty").mkdir()
    assert 0 == remit("init", str(tmp_path / "empty")).status


def test_init_in_an_existing_project_adds_what_it_has_not_and_touches_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "My Shop"
    files = {"app.py": "def handler(event, context): ...\n", ".gitignore": "dist/\n", "tests/test_mine.py": ""}
    write(folder, files)
    monkeypatch.chdir(folder)
    ran = remit("init", ".")
    written = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    assert sorted((*files, "AGENTS.md", "config/deploy.py", "pyproject.toml")) == written
    assert all(content == (folder / name).read_text() for name, content in files.items())
    assert ["pyproject.toml", "config/deploy.py", "AGENTS.md", ".gitignore  (was there, stays as it is)"] == [
        line.strip() for line in ran.out.splitlines()[:4]
    ]
    assert ["add .remit/ to .gitignore", "app.py declares no functions yet"] == [
        line.removeprefix("note: ").partition(":")[0].partition(": `")[0] for line in ran.err.splitlines()
    ]
    assert 'name = "My-Shop"' in (folder / "pyproject.toml").read_text()
    again = json.loads(remit("init", ".", "--json").out)
    assert ([], 5) == (again["files"], len(again["kept"]))


@pytest.mark.parametrize("name", ["Shop", "1st", "my shop", "ördérs", "a_b", "a" * 41, ".."])
def test_init_wants_a_name_that_can_become_part_of_awss_names(tmp_path: Path, name: str) -> None:
    ran = remit("init", f"{tmp_path}/{name}" if name != ".." else "/")
    assert (2, True) == (ran.status, "is not a valid name for a project" in ran.err)
    assert [] == list(tmp_path.iterdir())


def test_init_where_nothing_can_be_written_is_told(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    ran = remit_process("init", "shop", cwd=tmp_path, privileged=False)
    tmp_path.chmod(0o755)
    assert (2, False, True) == (ran.status, "Traceback" in ran.err, "Permission denied" in ran.err)


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        ("biuld", "did you mean `build`?"),
        ("polcy", "did you mean `policy`?"),
        ("zzz", "`remit --help` lists the commands"),
    ],
)
def test_an_unknown_command_is_told(typed: str, hint: str) -> None:
    ran = remit(typed)
    assert (2, "") == (ran.status, ran.out)
    assert f"there is no command `{typed}`\nhint: {hint}" in ran.err


def _commands() -> list[list[str]]:
    """Every command and subcommand, as typed."""
    found: list[list[str]] = [[]]
    context = click.Context(root)
    for name in root.list_commands(context):
        command = root.get_command(context, name)
        found.append([name])
        if isinstance(command, click.Group):
            found += ([name, below] for below in command.commands)
    return found


@pytest.mark.parametrize("arguments", _commands(), ids=" ".join)
def test_help_has_examples_that_parse(arguments: list[str]) -> None:
    """Every command's page has them, and each names commands and options that exist."""
    ran = remit(*arguments, "--help")
    assert (0, "") == (ran.status, ran.err)
    examples = re.findall(r"^    +(?:.*&& )?remit (.+)$", ran.out, re.MULTILINE)
    examples = [one for one in examples if not one.startswith("[OPTIONS]")]
    assert examples
    for example in examples:
        words = re.split(r" (?:[|&#<>]|2>)", example)[0].split()
        command: click.Command = root
        while isinstance(command, click.Group) and words and not words[0].startswith("-"):
            found = command.get_command(click.Context(command), words.pop(0))
            assert found is not None, example
            command = found
        known = {option for parameter in command.params for option in parameter.opts}
        assert {word.split("=")[0] for word in words if word.startswith("-") and word != "-"} <= known, example


@pytest.mark.parametrize("arguments", [*_commands()[1:], ["audit", "collect"]], ids=" ".join)
def test_every_command_takes_json(arguments: list[str]) -> None:
    page = remit(*arguments, "--help").out
    lists_commands = "\nCommands:\n" in page
    assert lists_commands or "  --json  " in page


def test_the_help_lists_each_command_once_in_a_section_with_a_whole_sentence() -> None:
    _, _, sections = remit("--help").out.partition("\nStart:\n")
    rows = re.findall(r"^  (\S+) +(.+)$", sections, re.MULTILINE)
    assert root.list_commands(click.Context(root)) == sorted(name for name, _ in rows)
    assert [] == [summary for _, summary in rows if not summary.endswith(".") or summary.endswith("...")]


@pytest.mark.parametrize("where", [0, 1, 2])
def test_quiet_leaves_the_data_and_no_message(make: Make, where: int) -> None:
    project = make(app=ORDERS)
    loud = project.remit("build", "--no-package")
    arguments = ["build", "--no-package"]
    arguments.insert(where, "--quiet")
    quiet = project.remit(*arguments)
    assert (loud.status, loud.out) == (quiet.status, quiet.out)
    assert "" == quiet.err


def test_quiet_prints_errors_all_the_same(tmp_path: Path) -> None:
    ran = remit("diff", "--quiet", "-C", str(tmp_path), "--base", "HEAD")
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith("error: ")


def test_the_page_for_agents_tells_commands_and_exit_codes_that_are_so(tmp_path: Path) -> None:
    remit("init", str(tmp_path / "shop"))
    page = (tmp_path / "shop/AGENTS.md").read_text("utf-8")
    commands = re.findall(r"^\| `remit (\w+)", page, re.MULTILINE)
    assert ["lint", "invoke", "why", "diff", "deploy"] == commands
    assert set(commands) <= set(root.list_commands(click.Context(root)))
    rows = re.findall(r"^\| (\d+) \|", (SOURCE.parent / "docs/command-line.md").read_text("utf-8"), re.MULTILINE)
    assert set(rows) - {"130"} == set(re.findall(r"(?:codes: |; |\n)(\d+) (?:it|the|a|AWS|somebody)", page))


def test_the_version_is_printed() -> None:
    assert f"remit {package.__version__}\n" == remit("--version").out


def test_a_reader_that_goes_away_brings_no_traceback(make: Make) -> None:
    project = make(app="".join(f"@app.function(policy='s3:Get{n}')\ndef f{n}(e, c): ...\n" for n in range(100)))
    command = [sys.executable, "-m", "remit", "build", "--no-package", "--json"]
    environment = {"PYTHONPATH": str(SOURCE), "PATH": os.environ["PATH"]}
    with subprocess.Popen(
        command, cwd=project.folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.close()
        assert b"Traceback" not in running.stderr.read()


@pytest.mark.parametrize("arguments", [["--version"], ["build", "--no-package"], ["build", "--no-package", "--json"]])
def test_output_that_cannot_be_written_is_an_error_and_no_traceback(make: Make, arguments: list[str]) -> None:
    project = make(app=ORDERS)
    with open(os.open("/dev/full", os.O_WRONLY), "wb", buffering=0) as full:  # noqa: PTH123 - a device
        ran = subprocess.run(
            [sys.executable, "-m", "remit", *arguments],
            cwd=project.folder, env={"PYTHONPATH": str(SOURCE)}, stdout=full,
            stderr=subprocess.PIPE, text=True, check=False, timeout=HANGS,
        )  # fmt: skip
    assert ran.returncode in {1, 2}
    assert re.fullmatch(r"error: cannot .*No space left on device\n", ran.stderr)


@pytest.mark.parametrize(
    "arguments", cases_of(("--version", "build --stage X", "build --no-package", "delete --local"), 2)
)
def test_closed_standard_streams_are_no_fault_of_remit(make: Make, arguments: str) -> None:
    project = make(app=ORDERS)
    ended = []
    every_one_alone = (">&-", "2>&-") if arguments == "build --no-package" else ()
    for closed in ("<&-", *every_one_alone, "<&- >&- 2>&-"):
        ran = subprocess.run(
            ["/bin/sh", "-c", f'"$0" -m remit {arguments} {closed}', sys.executable],
            cwd=project.folder, env={"PYTHONPATH": str(SOURCE)}, capture_output=True, text=True, check=False,
            timeout=HANGS,
        )  # fmt: skip
        assert "Traceback" not in ran.stderr
        ended.append(ran.returncode)
    if "--local" in arguments:
        project.remit("local", "stop")
    assert [2 if "X" in arguments else 0] * len(ended) == ended


def test_the_text_of_an_exception_cannot_steer_the_terminal(make: Make) -> None:
    ran = make(**{"config/deploy.py": "raise ValueError('\\x1b[2J\\x07')\n"}).remit("build", "--no-package")
    assert r"config/deploy.py raised ValueError: \x1b[2J\x07" in ran.err


@pytest.mark.parametrize("event", ["NaN", "1e999", '"\\ud800"', "[" * 100_000, "{"])
def test_an_event_that_lambda_would_not_read_is_refused(make: Make, event: str) -> None:
    project = make()
    (project.folder / "event.json").write_text(event)
    ran = project.remit("invoke", "--local", "hello", "--event", f"@{project.folder}/event.json")
    assert (2, True) == (ran.status, f"error: the event in {project.folder}/event.json is not JSON: " in ran.err)


@pytest.mark.parametrize(
    "words",
    [
        ("lint", "p.json"),
        ("explain", "p.json"),
        ("explain", "p.json", "s3:GetObject", "arn:aws:s3:::a\x1b]0;t\x07b/c"),
        ("diff", "p.json", "q.json"),
        ("evaluate", "--policy", "p.json", "--action", "s3:Get\x1bObject", "--resource", "arn:aws:s3:::a\nb"),
        ("why", "not authorized to perform: s3:GetObject on resource: arn:aws:s3:::a\x1b[2Jb with an explicit deny"),
        ("explain", "s3:\x1b[2J*"),
    ],
)
def test_no_text_of_a_policy_steers_the_terminal(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The keys of a terminal (here: to set its title, to clear it) are printed as Python spells them."""
    monkeypatch.chdir(tmp_path)
    for name, action in (("p", "s3:Get\x1b]0;t\x07Object\nx"), ("q", "s3:*")):
        statement = {"Sid": "\x1b[2J", "Effect": "Allow", "Action": action, "Resource": "arn:aws:s3:::\x1b[2J/\n*"}
        (tmp_path / f"{name}.json").write_text(json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    monkeypatch.setenv("FORCE_COLOR", "1")
    ran = remit(*words)
    assert not re.findall(r"[^\n -~\u2026]", ran.out + ran.err)
    assert not re.search(r"^(\*|x'?\b|b\b)", ran.out + ran.err, re.MULTILINE), "a text went on in a new line"


def test_a_command_that_is_interrupted_says_so_and_ends_as_a_signal_does(make: Make) -> None:
    ran = make(app="raise KeyboardInterrupt\n").remit("build", "--no-package")
    assert Ran(130, "", "interrupted\n") == replace(ran, err=ran.err.lstrip("\n"))
