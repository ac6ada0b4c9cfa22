"""Mistakes in settings, apps, templates and packages: the command that meets one names its cause at its line.

What `test_bad_inputs` has for policies, these rows have for the rest; each row's id is that of the collected mistake.
"""

# ruff: noqa: E501 - a row per mistake
from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeAlias

import pytest

from random_cases import ASKS_ALL
from remit.cli import main

Files: TypeAlias = dict[str, str | bytes | int]
LINT: Final = ("lint",)
BUILD: Final = ("build", "--no-package")
PACK: Final = ("build",)
HEAD: Final = "from remit import App\nfrom remit.triggers import sqs\n\napp = App()\n\n\n"
ONE: Final = '@app.function(sqs("orders"))\ndef ingest(event, context):\n    pass\n'


@dataclass(frozen=True)
class Row:
    """A mistake: the files beside an app of one function, the command, how it ends, what it says and where.

    A file is its content, or a number: the size of one that holds nothing but zeros.
    """

    id: str
    says: str
    at: str
    files: Files = field(default_factory=dict)
    command: tuple[str, ...] = LINT
    code: int = 2


def configured(line: str) -> Files:
    """A configuration whose fourth line is this one."""
    return {"config/deploy.py": f"from remit import configure\n\nwith configure() as config:\n    {line}\n"}


def template(*resources: str) -> Files:
    return {"template.yaml": "Resources:\n" + "".join(f"  {one}\n" for one in resources)}


ELEVEN = [f"arn:aws:iam::111122223333:policy/p{number}" for number in range(11)]
TRUST = '{Version: "2012-10-17", Statement: [{Effect: Allow, Principal: %s, Action: "sts:AssumeRole"}]}'
STATEMENT = '{"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": "arn:aws:dynamodb:%s:table/t"}'
POLICY = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "%s"}]}'
MANY = "".join(f'@app.function(sqs("q{number}"))\ndef f{number}(event, context): ...\n' for number in range(130))
LARGE = "".join(
    f'@app.function(environment={{"LONG": "{"x" * 3_980}"}})\ndef f{number}(event, context): ...\n'
    for number in range(244)
)
ROWS = [
    Row("K02", "no setting `config.lambda_.iam.polcy`", "config/deploy.py:4:5", configured('config.lambda_.iam.polcy = ["logs"]')),
    Row("K03", "policy is a string: it is read as ['logs']", "config/deploy.py:4:33", configured('config.lambda_.iam.policy = "logs"'),
        ("lint", "--notes"), 0),
    Row("K05", "policy[1] must be a string or a dict, got float '3.14'", "config/deploy.py:4:42", configured('config.lambda_.iam.policy = ["logs", 3.14]')),
    Row("K06", "policy is a set, whose order changes", "config/deploy.py:4:33", configured('config.lambda_.iam.policy = {"logs"}')),
    Row("K08", "without logs:CreateLogStream, logs:PutLogEvents", "config/deploy.py:4:5", configured("config.lambda_.iam.default_policy = []"), code=1),
    Row("K08", "without sqs:ReceiveMessage", "config/deploy.py:4:5", configured("config.lambda_.iam.default_policy = []"), BUILD),
    Row("K09", "default_policy replaces the computed default", "config/deploy.py:5:5",
        configured('config.lambda_.iam.policy = ["s3:GetObject"]\n    config.lambda_.iam.default_policy = ["logs", "sqs:*"]'),
        ("lint", "--notes"), 0),
    Row("K11", "has 11 managed policies; IAM allows 10", "config/deploy.py:4:5", configured(f"config.lambda_.iam.managed_policy = {ELEVEN}")),
    Row("K11", "has 11 managed policies; IAM allows 10", "app.py:7:2",
        {"app.py": HEAD + ONE.replace('"orders")', f'"orders"), managed_policy={ELEVEN}')}, BUILD),
    Row("K11", "R has 11 managed policies; IAM allows 10", "template.yaml:2:95",
        template(f'R: {{Type: "AWS::IAM::Role", Properties: {{Path: "/{"x" * 20}/", ManagedPolicyArns: {json.dumps(ELEVEN)}}}}}'), ("lint", "template.yaml"), 1),
    Row("K12", "RoleName of R has 70 characters; that of AWS::IAM::Role has at most 64", "template.yaml:2:54",
        template(f'R: {{Type: "AWS::IAM::Role", Properties: {{RoleName: {"r" * 70}}}}}'), ("lint", "template.yaml"), 1),
    Row("K12", "TopicName of T has 300 characters; that of AWS::SNS::Topic has at most 256", "template.yaml:2:56",
        template(f'T: {{Type: "AWS::SNS::Topic", Properties: {{TopicName: {"t" * 300}}}}}'), ("lint", "template.yaml"), 1),
    Row("K12", "Lambda allows 64", "app.py:7:2", {"app.py": HEAD + ONE.replace("ingest", "i" * 70)}),
    Row("K14", "there is no function `ingset`", "", {}, ("policy", "function", "ingset")),
    Row("K14", "an app has no `funtcion`", "app.py:7:2", {"app.py": HEAD + ONE.replace("function", "funtcion")}),
    Row("K15", "the account '11112222333' has 11 digits", "config/deploy.py:4:96", configured(f"config.lambda_.iam.policy = [{STATEMENT % 'eu-west-1:11112222333'}]"), code=1),
    Row("K15", "got int '123456789012'", "policy.yaml:4:22",
        {"policy.yaml": 'Version: "2012-10-17"\nStatement:\n  - Effect: Allow\n    Principal: {AWS: 123456789012}\n    Action: sts:AssumeRole\n'}, ("lint", "policy.yaml"), 1),
    Row("K17", "'us-east-1a' is an availability zone", "config/deploy.py:4:96", configured(f"config.lambda_.iam.policy = [{STATEMENT % 'us-east-1a:111122223333'}]"), code=1),
    Row("K18", "raised ZeroDivisionError: division by zero", "config/deploy.py:7:5", {"config/deploy.py": "\n" * 6 + "x = 1 / 0\n"}, BUILD),
    Row("K20", "policy[0].Condition.x.Condition contains itself", "config/deploy.py:6:34",
        {"config/deploy.py": "from remit import configure\n\nd = " + STATEMENT % "*:*" + '\nd["Condition"] = {"x": d}\nwith configure() as config:\n    config.lambda_.iam.policy = [d]\n'}, BUILD),
    Row("K21", "a string of 1,048,579 characters", "config/deploy.py:4:34", configured('config.lambda_.iam.policy = ["s3:" + "x" * 1_048_576]')),
    Row("K21", "a string of 1,048,579 characters", "policy.json:1:71", {"policy.json": POLICY.replace("s3:GetObject", "s3:" + "x" * 1_048_576) % "*"}, ("lint", "policy.json"), 2),
    Row("K29", "policy.json is not UTF-8: byte 112 is 0x81", "policy.json:1:113", {"policy.json": (POLICY % "arn:aws:s3:::").encode()[:-4] + b'\x81"}]}'}, ("lint", "policy.json")),
    Row("K33", "stage '../prod' is not a stage's name", "", {}, ("lint", "--stage", "../prod")),
    Row("K33", "stage '../prod' is not a stage's name", "", {}, ("build", "--stage", "../prod")),
    Row("K33", "stage '../prod' is not a stage's name", "", {}, ("explain", "ingest", "--stage", "../prod")),
    Row("K35", "'x; rm -rf ~' is not a valid name for a function", "app.py:7:35", {"app.py": HEAD + ONE.replace('"orders")', '"orders"), name="x; rm -rf ~"')}),
    Row("K41", "CloudFormation allows 1,000,000", "", {"app.py": HEAD + LARGE, **configured("config.lambda_.iam.share_roles = True")}, BUILD),
    Row("K41", "CloudFormation allows 1,000,000", "template.yaml:1:1", {"template.yaml": "Description: x\nResources:\n  Q: {Type: 'AWS::SQS::Queue', Properties: {QueueName: a}} # " + "x" * 1_200_000}, ("lint", "template.yaml"), 1),
    Row("K42", "the template has 520 resources; CloudFormation allows 500", "", {"app.py": HEAD + MANY}, BUILD),
    Row("K42", "the template has 501 resources; CloudFormation allows 500", "template.yaml:1:1",
        template(*(f"Q{number}: {{Type: 'AWS::SQS::Queue'}}" for number in range(501))), ("lint", "template.yaml"), 1),
    Row("K44", "the package is too big: ", "", {"blob.bin": 260 * 2**20}, PACK),
    Row("K48", "'up': a link that leaves the project ('/etc/hostname')", "", {"up": "-> /etc/hostname"}, PACK),
    Row("K50", "has the key 'Action' twice, of which Python keeps the last", "config/deploy.py:7:9",
        configured('config.lambda_.iam.policy = [{\n        "Effect": "Allow",\n        "Action": "s3:GetObject",\n        "Action": "s3:PutObject",\n        "Resource": "*"}]')),
]  # fmt: skip


def project(folder: Path, files: Files) -> None:
    for name, content in {"app.py": HEAD + ONE, **files}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, int):
            with path.open("wb") as zeros:
                zeros.truncate(content)
        elif isinstance(content, bytes):
            path.write_bytes(content)
        elif content.startswith("-> "):
            path.symlink_to(content.removeprefix("-> "))
        else:
            path.write_text(content, "utf-8")


SLOW: Final = ("K44",)
"""Rows that pack 260 MB, which takes seconds."""
TRIED = [row for row in ROWS if ASKS_ALL or row.id not in SLOW]


@pytest.mark.parametrize("row", TRIED, ids=[f"{row.id}-{' '.join(row.command)}" for row in TRIED])
def test_a_mistake_is_named_at_its_line(
    row: Row, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    project(tmp_path, row.files)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        main([*row.command])
    captured = capsys.readouterr()
    said = captured.out + captured.err
    assert (row.code, True) == (ended.value.code, row.says in said), said[:2_000]
    if row.at:
        place = re.search(re.escape(row.says) + r".*?\n\s*--> (\S+)", said, re.DOTALL)
        assert place is not None
        assert row.at == place[1]


def test_every_mistake_that_was_collected_is_tested_here_or_among_the_policies() -> None:
    here = Path(__file__).with_name("data")
    policies = [json.loads(line)["id"] for line in (here / "bad_inputs.jsonl").read_text("utf-8").splitlines()]
    collected = (here / "bad_inputs_ids.txt").read_text("utf-8").split()
    assert len(collected) == 92
    assert set(collected) <= {*policies, *(row.id for row in ROWS)}
