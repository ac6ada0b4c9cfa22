"""Whole answers of the commands that need no account, as whole_answers.txt has them: each line of each stream, exactly.

A block is a command, its exit code where that is not 0, standard output, and lines of standard error behind `2> `.
"""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from projects import inside, remit, write

if TYPE_CHECKING:
    from collections.abc import Iterator

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


def blocks() -> dict[str, str]:
    """The answers by their commands."""
    answers = ANSWERS.read_text("utf-8").removeprefix("$ ").split("\n$ ")
    return dict(answer.partition("\n")[::2] for answer in answers)


def answer_of(command: str, folder: Path) -> str:
    words = shlex.split(command)[1:]
    ran = remit(*words)
    code = f"[{ran.status}]\n" if ran.status else ""
    messages = "".join(f"2> {line}\n" for line in ran.err.splitlines())
    return f"{code}{ran.out}{messages}".replace(str(folder), "/here")


@pytest.mark.parametrize("command", blocks())
def test_a_command_answers_so(command: str, folder: Path) -> None:
    assert blocks()[command].rstrip("\n") == answer_of(command, folder).rstrip("\n")
