"""Whole answers of the commands that need no account, as whole_answers.txt has them: each line of each stream, exactly.

A block is a command, its exit code where that is not 0, standard output, and lines of standard error behind `2> `.
"""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import asdict
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

import click
import pytest

from projects import Ran, configuration, inside, remit, write
from remit.catalogue.snapshot_sources import versions
from remit.cli import dev, diff, options
from remit.dev import events

if TYPE_CHECKING:
    from collections.abc import Iterator

CONFIG: Final = configuration('config.stages = ["prod"]\nconfig.stages.previews = "pull"')
REPOSITORIES: Final = ["--repository", "acme/shop", "--repository", "acme/more"]
JOBS: Final = ["bootstrap", "--ci", "github", *REPOSITORIES, "--print", "-C", "orders"]
ANSWERS: Final = Path(__file__).with_name("whole_answers.txt")


def statement(action: object, resource: object, **more: object) -> dict[str, object]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def policy(*statements: dict[str, object]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements}, indent=1)


READ: Final = statement("s3:GetObject", "arn:aws:s3:::data/*", Sid="Read")
DENY: Final = {"Sid": "No", "Effect": "Deny", "Action": "s3:PutObject", "Resource": "*"}
NET: Final = statement("s3:DeleteObject", "*", Condition={"StringEquals": {"aws:SourceVpc": "vpc-1"}})
TRUST: Final = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
TEMPLATE: Final = {
    "Resources": {
        "Worker": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "RoleName": "order-worker",
                "AssumeRolePolicyDocument": TRUST,
                "Policies": [{"PolicyName": "p", "PolicyDocument": json.loads(policy(READ))}],
            },
        }
    }
}
SAM: Final = """Transform: AWS::Serverless-2016-10-31
Resources:
  Report:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.12
      Handler: app.handler
      CodeUri: src
      Policies:
        - Statement:
            - Effect: Allow
              Action: dynamodb:Query
              Resource: arn:aws:dynamodb:*:*:table/orders
  Wait:
    Type: AWS::CloudFormation::WaitConditionHandle
"""
FILES: Final = {
    "p.json": policy(READ, DENY, NET),
    "two.json": json.dumps([json.loads(policy(READ)), json.loads(policy({**READ, "Resource": "arn:aws:s3:::a/*"}))]),
    "wide.json": policy(statement(["s3:GetObject", "s3:GetObjekt"], "*")),
    "scp.json": policy(statement("s3:*", "*")),
    "trust.json": json.dumps(TRUST),
    "t.json": json.dumps(TEMPLATE),
    "sam.yaml": SAM,
    "src/app.py": "def handler(event, context): ...\n",
    "cases.jsonl": "\n".join(
        [
            json.dumps({"id": 1, "policies": {"identity": [json.loads(policy(READ))]}, "request": request})
            for request in ({"action": "s3:GetObject", "resource": "arn:aws:s3:::data/a"}, {"action": "s3:GetObject"})
        ]
        + ['{"policies": {}, "request": {"action": 3}}', "not JSON", '{"request": {}}', ""]
    ),
    "lib/node_modules/p.json": policy(statement("s3:GetObjekt", "*")),
    "lib/a/p.json": policy(READ),
    "lib/notes.json": "{}",
    "serverless.yml": """service: shop
provider: {name: aws, runtime: python3.12}
functions:
  report:
    handler: src/app.handler
    events:
      - alexaSmartHome: amzn1.ask.skill.x
      - cloudFront: {eventType: viewer-response, origin: s3://x}
""",
    "like.json": policy(READ, {**READ, "Sid": "", "Action": "s3:PutObject"}),
    "sam2.yaml": """Transform: AWS::Serverless-2016-10-31
Parameters:
  Table: {Type: String}
Resources:
  Report:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.12
      Handler: gone.handler
      CodeUri: nowhere
      Environment: {Variables: {TABLE: !Ref Table}}
  Custom:
    Type: Custom::Thing
    Properties: {ServiceToken: !GetAtt Report.Arn}
""",
    "bad/app.py": """
from remit import App
from remit.grants import allow

app = App()


@app.function(policy=[allow("s3:GetObjekt", on="*")])
def report(event, context): ...
""",
    "worse/app.py": """from remit import App

app = App()


@app.function(memory=1)
def report(event, context): ...
""",
    "orders/app.py": """
from remit import App
from remit.grants import dynamodb, s3

app = App()


@app.function(policy=[dynamodb.query("orders"), s3.read("uploads")])
def report(event, context): ...
""",
}


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "here"
    write(place, FILES)
    with inside(place, {}):
        yield place


def blocks(file: Path = ANSWERS) -> dict[str, str]:
    """The answers of a file by their commands."""
    answers = file.read_text("utf-8").removeprefix("$ ").split("\n$ ")
    return dict(answer.partition("\n")[::2] for answer in answers)


def answer_of(commands: str, folder: Path) -> str:
    """The answer of a command, of several with `&&` between them that of the last."""
    for command in commands.split(" && "):
        ran = remit(*shlex.split(command)[1:])
    code = f"[{ran.status}]\n" if ran.status else ""
    messages = "".join(f"2> {line}\n" for line in ran.err.splitlines())
    return f"{code}{ran.out}{messages}".replace(str(folder), "/here")


@pytest.mark.parametrize("command", blocks())
def test_a_command_answers_so(command: str, folder: Path) -> None:
    """One that is refused has written nothing."""
    before = sorted(folder.rglob("*"))
    assert blocks()[command].rstrip("\n") == answer_of(command, folder).rstrip("\n")
    if blocks()[command].startswith("[2]") and "&&" not in command:
        assert before == sorted(path for path in folder.rglob("*") if {"__pycache__", ".remit"}.isdisjoint(path.parts))


def test_the_facts_about_aws_are_told_with_their_sources() -> None:
    known = versions()
    sources = "".join(
        f"{source.name} {source.version} ({source.licence}){f'  data of {source.date}' if source.date else ''}\n"
        f"    {source.holds}\n"
        for source in known.sources
    )
    counts = "".join(f"{count:>8,}  {name}\n" for name, count in known.counts)
    package = "remit" if known.is_own else "remit-data"
    days = (date.fromisoformat("2026-12-01") - known.day).days
    ran = remit("data")
    assert Ran(0, f"data of {known.day} ({package}), {days} days old\n\n{sources}\n{counts}", "") == ran
    document = {"date": known.day.isoformat(), "package": package, "counts": dict(known.counts)}
    document |= {"sources": [asdict(source) for source in known.sources]}
    assert document == json.loads(remit("data", "--json").out)


FAILED: Final = 'Traceback\x07\n  File "app.py"\n  File "/x/botocore/client.py", line 3, in call\n    send()\n'
EVENTS: Final[list[tuple[events.DevEvent, str, str]]] = [
    (events.Waiting("building"), "", "building ...\n"),
    (events.Deployed("shop-dev", True, 1.234), "", "shop-dev: deployed in 1.23 s\n"),  # noqa: FBT003 - a noun
    (events.Deployed("shop-dev", False, 0.5), "", "shop-dev: no changes in 0.50 s\n"),  # noqa: FBT003 - a noun
    (events.Serving("api", "http://127.0.0.1:8000"), "", "  api  http://127.0.0.1:8000\n"),
    (events.DebuggerWaits("report", 5678), "", "report waits for a debugger: attach to 127.0.0.1:5678\n"),
    (events.FilesChanged(("a.py", "b.py")), "", "changed: a.py, b.py\n"),
    (events.CodeServed(0.126), "", "the next invocation runs the new code (0.13 s)\n"),
    (
        events.CallUnknown("report", "s3.X", "nobody knows", True), "",  # noqa: FBT003 - a noun
        "not checked: s3.X of report was refused: nobody knows\n",
    ),
    (
        events.CallUnknown("report", "s3.X", "nobody knows", False), "",  # noqa: FBT003 - a noun
        "not checked: s3.X of report was let through: nobody knows\n",
    ),
    (
        events.CallDenied("report", "s3:GetObject", "arn:x", "app.py", 3, 's3.read("x")', "nothing grants it"), "",
        (
            "denied: report may not s3:GetObject at app.py:3\n  on arn:x\n"
            '  add to its policy: s3.read("x")   (w writes it)\n'
        ),
    ),
    (
        events.CallDenied("report", "s3:GetObject", "arn:x", "", 0, "", "the bucket's policy"), "",
        (
            "denied: report may not s3:GetObject\n  on arn:x\n"
            "  its role grants it, and something else denies it: the bucket's policy\n"
        ),
    ),
    (
        events.Logged("2026-12-01 08:09:10", "report", FAILED),
        '08:09:10  report  Traceback\\x07\n  File "app.py"\n',
        "",
    ),
    (events.Logged("2026-12-01 08:09:10", "report", "START RequestId: 1 Version: $LATEST"), "", ""),
    (events.GrantWritten("app.py", "-a\n+b\x07\n"), "", "-a\n+b\\x07\n"),
    (events.WentWrong("no", "try", "a.py", 3), "", "error: no\n  --> a.py:3\nhint: try\n"),
    (events.WentWrong("no", None, "a.py", 0), "", "error: no\n  --> a.py\n"),
    (events.WentWrong("no", None, None, 0), "", "error: no\n"),
]  # fmt: skip


@pytest.mark.parametrize(("event", "out", "err"), EVENTS, ids=lambda value: type(value).__name__)
def test_an_event_of_dev_is_told_in_these_lines(
    event: events.DevEvent, out: str, err: str, capsys: pytest.CaptureFixture[str]
) -> None:
    dev._Screen().show(event)
    assert (out, err) == tuple(capsys.readouterr())
    dev._print_json(event)
    assert capsys.readouterr().out == json.dumps(event.document()) + "\n"


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("needed", ["works", "starts"])
def test_a_part_of_what_a_deploy_needs_is_checked_alone(needed: str) -> None:
    role = ["--service-role", "arn:aws:iam::111122223333:role/works"] if needed == "starts" else []
    whole, part = (
        {
            line.strip()
            for line in remit("check", "deployer", "--policy", "p.json", "-C", "orders", *words).out.split("\n")
        }
        for words in ([], ["--part", needed, *role])
    )
    starts, works = "cloudformation:CreateChangeSet", "iam:CreateRole"
    assert [True, True] == [any(action in line for line in whole) for action in (starts, works)]
    in_part = [any(action in line for line in part) for action in (starts, works)]
    assert [needed == "starts", needed == "works"] == in_part


@pytest.mark.parametrize("service", ["github", "gitlab"])
@pytest.mark.parametrize(("stage", "branch"), [("prod", "main"), ("pull", "*")])
def test_previews_are_deployed_from_any_branch(folder: Path, service: str, stage: str, branch: str) -> None:
    write(folder, {"orders/config/deploy.py": CONFIG})
    out = remit(*[service if word == "github" else word for word in JOBS], "--stage", stage).out
    if service == "gitlab":
        assert [f"ref:{branch}"] == sorted(set(re.findall(r"ref:[\w*]+", out)))
    else:
        assert "ref:" not in out


@pytest.mark.parametrize("drift", [(), (None,)])
def test_a_change_by_hand_alone_fails_a_comparison(drift: Any, capsys: pytest.CaptureFixture[str]) -> None:
    wishes: Any = SimpleNamespace(markdown=False)
    with click.Context(click.Command("diff")) as context:
        options.expect_json(context, click.Option(["--json"]), True)  # noqa: FBT003 - click's signature
        answer = diff._Answer(is_open=False, document={"a": 1}, report=None, about="", drift=drift)  # type: ignore[arg-type]
        assert len(drift) == diff._tell(answer, wishes)
    assert capsys.readouterr().out == '{\n  "a": 1\n}\n'


@pytest.mark.parametrize(("stage", "name"), [("prod", "orders-prod"), ("pull", "orders-pull*")])
def test_the_roles_of_jobs_are_those_of_their_stage_or_of_all_previews(folder: Path, stage: str, name: str) -> None:
    write(folder, {"orders/config/deploy.py": CONFIG})
    ran = remit(*JOBS, "--stage", stage)
    template = json.loads(ran.out)
    assert (0, "", ["DeployRole", "ServiceRole", "Region"]) == (ran.status, ran.err, [*template["Outputs"]])
    assert {name} == set(re.findall(r"orders-p[\w*]*", ran.out))
    subjects = re.findall(r'"(repo:[^"]*)"', ran.out)
    assert [f"repo:acme/{app}:environment:{stage}" for app in ("shop", "more")] == subjects


def test_previews_that_begin_another_stage_have_no_roles(folder: Path) -> None:
    write(folder, {"orders/config/deploy.py": CONFIG.replace('["prod"]', '["pullx"]')})
    error = (
        "error: the roles of the previews pull* may reach other stages, too\n"
        'hint: `config.stages` lists them, and `config.stages.previews = "pull"` begins none of them\n'
    )
    assert Ran(2, "", error) == remit(*JOBS, "--stage", "pull")
