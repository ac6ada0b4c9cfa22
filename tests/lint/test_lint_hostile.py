"""Mistakes that a hostile reader planted, each found at its place (§), in policies and in templates."""

from __future__ import annotations

import pytest

from remit.lint import lint_bytes

HEAD = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Table: {Type: AWS::DynamoDB::Table}
  Queue: {Type: AWS::SQS::Queue}
  Bucket: {Type: AWS::S3::Bucket}
"""
POLICY = """\
  Policy:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
"""
BUCKET = """\
  BucketPolicy:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: !Ref Bucket
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
"""
SAM = """\
  Report:
    Type: AWS::Serverless::Function
    Properties:
      Policies:
"""
ENVIRONMENT = """\
  Report:
    Type: AWS::Lambda::Function
    Properties:
      Environment:
        Variables:
"""
STATEMENT = "          - Effect: Allow\n            Action: %s\n            Resource: %s\n"
ALLOW = "          - §Effect: Allow\n            Action: [s3:GetObject, s3:PutObject]\n            Resource: %s\n"
DENY = "          - Effect: Deny\n            %s\n            %s\n"
SHADOWED = ALLOW % "arn:aws:s3:::data/*"

PLANTED = {
    "a table's name": ("R121", POLICY + STATEMENT % ("dynamodb:GetItem", "§!Ref Table")),
    "a queue's URL": ("R121", POLICY + STATEMENT % ("sqs:SendMessage", "§!Ref Queue")),
    "a bucket's name, with keys": ("R121", POLICY + STATEMENT % ("s3:GetObject", '§!Sub "${Bucket}/*"')),
    "an action twice": ("R605", POLICY + STATEMENT % ("[s3:GetObject, §s3:GetObject]", "arn:aws:s3:::data/*")),
    "an object action on a bucket, in its policy": (
        "R302",
        BUCKET
        + "          - {Effect: Allow, Principal: {AWS: '111122223333'}, Action: §s3:GetObject, "
        + "Resource: !GetAtt Bucket.Arn}\n",
    ),
    "a bucket policy for nobody": ("R109", BUCKET + "          - §Effect: Allow\n            Action: s3:GetObject\n"),
    "two Denies": (
        "R606",
        POLICY + SHADOWED + DENY % ("Action: s3:Get*", 'Resource: "*"') + DENY % ("Action: s3:Put*", 'Resource: "*"'),
    ),
    "a Deny of all other services": ("R606", POLICY + SHADOWED + DENY % ("NotAction: sqs:*", 'Resource: "*"')),
    "a Deny of all other buckets": (
        "R606",
        POLICY + SHADOWED + DENY % ("Action: s3:*", "NotResource: arn:aws:s3:::logs/*"),
    ),
    "a policy template that SAM has not": ("R708", SAM + "        - DynamoDBCrudPolcy: §{TableName: orders}\n"),
    "a parameter that the template has not": ("R708", SAM + "        - DynamoDBCrudPolicy: {TableNme: §orders}\n"),
    "a template without its parameter": ("R708", SAM + "        - SQSPollerPolicy: §{}\n"),
    "a template as if it were a managed policy": ("R706", SAM + "        - §DynamoDBCrudPolicy\n"),
    "a managed policy by a wrong name": ("R706", SAM + "        - §AmazonS3ReadOnlyAcess\n"),
    "a managed policy by a wrong ARN": ("R706", SAM + "        - §arn:aws:iam::aws:policy/AmazonS3ReadOnlyAcess\n"),
    "an administrator": ("R210", SAM + "        - §AdministratorAccess\n"),
    "an administrator by ARN": (
        "R210",
        "  Admin:\n    Type: AWS::IAM::User\n    Properties:\n"
         "      ManagedPolicyArns: [§!Sub 'arn:${AWS::Partition}:iam::aws:policy/AdministratorAccess']\n",
    ),
    "a password in a URL": (
        "R701",
        ENVIRONMENT + "          DATABASE_URL: §postgres://app:s3cr3t@db.internal/orders\n",
    ),
    "a signed token": (
        "R701",
        ENVIRONMENT + "          AUTH: §eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P\n",
    ),
    "a secret resolved inside of Fn::Sub": (
        "R701",
        ENVIRONMENT + '          PLAIN: §!Sub "{{resolve:secretsmanager:${AWS::StackName}:SecretString:key}}"\n',
    ),
}


def findings(text: str) -> list[tuple[str, int, int]]:
    return [(one.rule, one.line, one.column) for one in lint_bytes(text.encode(), "template.yaml")]


@pytest.mark.parametrize("planted", PLANTED)
def test_what_was_planted_is_found_at_its_place(planted: str) -> None:
    rule, text = PLANTED[planted]
    before, _, after = (HEAD + text).partition("§")
    line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
    assert (rule, line, column) in findings(before + after)


@pytest.mark.parametrize(
    "text",
    [
        POLICY + STATEMENT % ("dynamodb:GetItem", "!GetAtt Table.Arn"),
        POLICY + STATEMENT % ("s3:GetObject", '!Sub "arn:${AWS::Partition}:s3:::${Bucket}/*"'),
        POLICY + SHADOWED.replace("§", "") + DENY % ("Action: s3:Get*", 'Resource: "*"'),
        POLICY + SHADOWED.replace("§", "") + DENY % ("NotAction: s3:Get*", 'Resource: "*"'),
        POLICY + SHADOWED.replace("§", "") + DENY % ("Action: s3:*", "NotResource: arn:aws:s3:::d*"),
        SAM
        + "        - SQSPollerPolicy: {QueueName: !GetAtt Queue.QueueName}\n        - AWSLambdaBasicExecutionRole\n",
        SAM + "        - !Ref Policy\n        - !If [IsProd, AmazonS3ReadOnlyAccess, !Ref AWS::NoValue]\n",
        ENVIRONMENT + "          DATABASE_URL: postgres://app:${PASSWORD}@db.internal/orders\n",
        ENVIRONMENT + "          SITE: https://example.com:8443/a@b\n",
    ],
)
def test_what_is_right_has_no_such_finding(text: str) -> None:
    rules = {rule for rule, _, _ in findings(HEAD + text)}
    assert rules.isdisjoint({"R109", "R121", "R210", "R302", "R605", "R606", "R701", "R706", "R708"})
