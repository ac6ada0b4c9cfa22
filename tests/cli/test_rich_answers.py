"""Whole answers about files and an app in which every decision of a command matters, as rich_answers.txt has them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from cli.test_whole_answers import FILES, answer_of, blocks, policy, statement
from projects import Ran, configuration, inside, remit, write

if TYPE_CHECKING:
    from collections.abc import Iterator

ANSWERS: Final = blocks(Path(__file__).with_name("rich_answers.txt"))
RICH: Final = """Parameters:
  Env: {Type: String}
  Prefix: {Type: String, Default: data}
Conditions:
  IsProd: !Equals [!Ref Env, prod]
Resources:
  Nested:
    Type: AWS::CloudFormation::Stack
    Properties: {TemplateURL: gone.yaml}
  Table:
    Type: AWS::DynamoDB::Table
    Properties: {TableName: !Sub "${AWS::StackName}-orders"}
  Bucket:
    Type: AWS::S3::Bucket
    Properties: {BucketName: !Ref Prefix}
  OfBucket:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: !Ref Bucket
      PolicyDocument:
        Statement: {Effect: Deny, Principal: "*", Action: s3:DeleteObject, Resource: !Sub "${Bucket.Arn}/*"}
  Reader:
    Type: AWS::IAM::Role
    Condition: IsProd
    Properties:
      AssumeRolePolicyDocument:
        Statement: {Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: sts:AssumeRole}
      Policies:
        - PolicyName: p
          PolicyDocument:
            Statement:
              - {Effect: Allow, Action: "dynamodb:Get*", Resource: !GetAtt Table.Arn}
              - {Effect: Allow, Action: "s3:*Object", Resource: !Sub "arn:aws:s3:::${Prefix}/*"}
  Sender:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      ManagedPolicyName: sender
      PolicyDocument:
        Statement: {Effect: Allow, Action: sqs:SendMessage, Resource: QUEUES}
""".replace("QUEUES", json.dumps([f"arn:aws:sqs:eu-west-1:111122223333:q{number}" for number in range(1, 10)]))
APP: Final = """from remit import App, Shared, on, resource
from remit.grants import dynamodb, s3, sqs

app = App()


class Data(Shared):
    orders = resource("AWS::DynamoDB::Table")
    jobs = resource("AWS::SQS::Queue")


@app.function(policy=[dynamodb.read(Data.orders), *(sqs.send(f"q{n}") for n in range(1, 5))])
def report(event, context): ...


@app.function(on.sqs(Data.jobs), on.http(auth="AWS_IAM"), policy=["sqs:ReceiveMessage"])
def work(event, context): ...


@app.function(properties={"Role": "arn:aws:iam::111122223333:role/own"})
def own(event, context): ...


app.workflow("flow", {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}})
"""
READ: Final = statement("s3:GetObject", "*", Sid="One")
IDENTITY: Final[dict[str, Any]] = {
    "identity": [
        {"Statement": [READ, statement("s3:Get*", "arn:aws:s3:::d/*"), statement("s3:PutObject", "arn:aws:s3:::d/*")]}
    ]
}
GET: Final[dict[str, Any]] = {"action": "s3:GetObject", "resource": "arn:aws:s3:::d/x"}
QUEUES: Final = {"Statement": statement("sqs:*", "*")}
LINES: Final[list[dict[str, Any]]] = [
    {"id": "a", "policies": IDENTITY, "request": {**GET, "principal": "arn:aws:iam::111122223333:role/r"}},
    {"policies": IDENTITY, "request": {"action": "s3:PutObject", "resource": "*"}},
    {"id": 3, "policies": {**IDENTITY, "scp": [[QUEUES]]}, "request": GET},
    {
        "id": 4,
        "policies": {"identity": [{"Statement": {**READ, "Condition": {"StringEquals": {"aws:SourceVpc": "v"}}}}]},
        "request": {"action": "s3:GetObject", "open": ["aws:SourceVpc"]},
    },
    {"id": 5, "policies": IDENTITY, "request": {**GET, "contxt": {}}},
    {"id": 6, "policies": {"identiy": []}, "request": GET},
    {"id": 7, "policies": IDENTITY, "request": {**GET, "context": {"a": {"b": 1}}}},
    {"id": 8, "policies": IDENTITY, "request": {**GET, "context": {"a": None, "c": [None]}}},
    {"id": 9, "policies": IDENTITY, "request": {"action": "GetObject"}},
    {"id": 10, "policies": IDENTITY, "request": {}},
    {"id": 11, "policies": IDENTITY},
    {"id": 12},
    {"id": 13, "policies": {"identity": [{"Statement": {**READ, "Resource": "${Table}"}}]}, "request": GET},
    {"id": 14, "policies": IDENTITY, "request": {**GET, "open": [1]}},
    {"id": 15, "policies": IDENTITY, "request": {**GET, "resource_account": 7}},
    {
        "id": 16,
        "policies": {**IDENTITY, "resource": [{"Statement": {**READ, "Sid": "R", "Principal": "*"}}]},
        "request": {**GET, "resource_account": "444455556666", "principal": "arn:aws:iam::111122223333:role/r"},
    },
    {"id": 17, "policies": {"identity": [{"Statement": {"Effect": "Alow"}}]}, "request": GET},
    {
        "id": 18,
        "policies": {
            **IDENTITY,
            "endpoint": [{"Statement": {**statement("sqs:*", "*"), "Principal": "*"}}],
            "endpoint_type": "Gateway",
        },
        "request": GET,
    },
]
NESTED: Final = """Resources:
  Inner: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: inner.yaml}}
"""
INNER: Final = """Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: {Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: sts:AssumeRole}
      Policies:
        - PolicyName: p
          PolicyDocument: {Statement: {Effect: Allow, Action: "ACTION", Resource: "arn:aws:s3:::data/*"}}
"""
CODE: Final = """Resources:
  Work:
    Type: AWS::Lambda::Function
    Properties: {Role: "arn:aws:iam::111122223333:role/x", Runtime: python3.13, Handler: a.b, Code: {ZipFile: "TEXT"}}
"""
PREVIEWS: Final = 'config.stages = ["prod"]\nconfig.stages.previews = "pull"'
MORE: Final = {
    "old/outer.yaml": NESTED,
    "old/inner.yaml": INNER.replace("ACTION", "s3:GetObject"),
    "new/outer.yaml": NESTED,
    "new/inner.yaml": INNER.replace("ACTION", "s3:PutObject"),
    "lines.json": policy(statement("s3:GetObjekt", "*")).replace('"Version"', '"Id": "a\u2028b",\n "Version"'),
    "unfilled.json": policy(statement("s3:GetObject", "${Bucket}")),
    "late.json": policy(statement("s3:GetObject", {"Fn::Sub": "arn:aws:s3:::${Bucket}/*"})),
    "resolved.json": policy(statement("s3:GetObject", "arn:aws:s3:::{{resolve:ssm:name}}/*")),
    "code.yaml": CODE,
    "code2.yaml": CODE.replace("TEXT", "other"),
    "lost.yaml": CODE + NESTED.partition("\n")[2].replace("inner", "missing"),
    "ci/config/deploy.py": configuration(PREVIEWS),
    "ci/app.py": APP.partition("    orders")[0]
    + '    jobs = resource("AWS::SQS::Queue", queue_name="pull19")\n    more = resource("AWS::SQS::Queue")\n',
    "any/config/deploy.py": configuration('config.stages.previews = "pull"'),
    "any/app.py": APP,
    "rich.yaml": RICH,
    "denies.json": policy({"Effect": "Deny", "Principal": "*", "Action": "s3:Put*", "Resource": "*"}),
    "bound.json": policy(statement("s3:Get*", "*"), {**statement("s3:GetObjectAcl", "*"), "Effect": "Deny"}),
    "more.jsonl": "".join(f"{json.dumps(line)}\n" for line in LINES),
    "many/app.py": APP,
    "queues/app.py": APP.partition("    orders")[0] + '    jobs = resource("AWS::SQS::Queue")\n',
}


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "here"
    write(place, {**FILES, **MORE})
    with inside(place, {}):
        yield place


@pytest.mark.parametrize("command", ANSWERS)
def test_a_command_answers_a_rich_question_so(command: str, folder: Path) -> None:
    assert ANSWERS[command].rstrip("\n") == answer_of(command, folder).rstrip("\n")


DENIED: Final = (
    b"User: arn:aws:sts::111122223333:assumed-role/a-Role-X/x is not authorized to perform: s3:GetObject on \
resource: arn:aws:s3:::b/\xff because no identity-based policy allows the s3:GetObject action"
)
CAUSE: Final = """\
who:       arn:aws:sts::111122223333:assumed-role/a-Role-X/x
action:    s3:GetObject
resource:  arn:aws:s3:::b/\ufffd
cause:     the policy of the role or user does not allow it
fix: allow it with {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/\\ufffd"}
not visible from here: service and resource control policies, the permissions boundary, a session policy, the \
resource's own policy, the policy of a VPC endpoint
"""


@pytest.mark.usefixtures("folder")
def test_a_message_of_standard_input_may_hold_any_bytes() -> None:
    for words in ((), ("-",)):
        assert Ran(0, CAUSE, "") == remit("why", *words, "-C", "lib", stdin=DENIED)
