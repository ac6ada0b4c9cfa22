"""Mistakes that a hostile reader planted, each found at its place (§), in policies and in templates."""

from __future__ import annotations

import pytest

from remit.lint import lint_bytes, lint_document

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

ADMIN = """\
  Admin:
    Type: AWS::IAM::User
    Properties: {ManagedPolicyArns: [§!Sub 'arn:${AWS::Partition}:iam::aws:policy/AdministratorAccess']}
"""

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
    "an administrator by ARN": ("R210", ADMIN),
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


def one_statement(**elements: object) -> list[tuple[str, str | None]]:
    """The rules that a statement breaks, but for notes, with their hints."""
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*", **elements}
    found = lint_document({"Version": "2012-10-17", "Statement": [statement]})
    return [(one.rule, one.hint) for one in found if one.severity != "note"]


@pytest.mark.parametrize(
    ("action", "rule", "meant"),
    [
        ("bedrock:Converse", "R202", "bedrock:InvokeModel"),
        ("secretsmanager:GetSecret", "R202", "secretsmanager:GetSecretValue"),
        ("cloudwatch:PutMetrics", "R202", "cloudwatch:PutMetricData"),
        ("ec2:DescribeInstance", "R202", "ec2:DescribeInstances"),
        ("rds:DescribeDBInstance", "R202", "rds:DescribeDBInstances"),
        ("s3:Gett*", "R203", "s3:Get*"),
        ("sqs:Snd*", "R203", "sqs:Send*"),
        ("lambda:Lst*", "R203", "lambda:List*"),
    ],
)
def test_the_action_that_was_meant_is_named(action: str, rule: str, meant: str) -> None:
    ((found, hint),) = one_statement(Action=action, Resource="*")
    assert found == rule
    assert hint is not None
    assert hint.endswith(f"`{meant}`?" if rule == "R202" else f"`{meant}`")


@pytest.mark.parametrize(
    ("condition", "rule"),
    [
        ({"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}, "NotIpAddress": {"aws:SourceIp": "203.0.0.0/16"}}, "R514"),
        ({"StringEquals": {"dynamdb:LeadingKeys": "x"}}, "R502"),
        ({"NotStringEquals": {"aws:SourceVpc": "vpc-1"}}, "R501"),
    ],
)
def test_conditions_that_never_hold_are_found(condition: object, rule: str) -> None:
    hints = {"R514": "remove one of the two", "R502": "`dynamodb:LeadingKeys`?", "R501": "`StringNotEquals`?"}
    ((found, hint),) = one_statement(Condition=condition)
    assert (found, str(hint).rpartition(" ")[2]) == (rule, hints[rule].rpartition(" ")[2])


@pytest.mark.parametrize(
    "condition",
    [
        {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}, "NotIpAddress": {"aws:SourceIp": "203.0.113.7"}},
        {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}, "NotIpAddress": {"aws:SourceIp": "2001:db8::/32"}},
    ],
)
def test_addresses_of_which_some_are_left_are_no_contradiction(condition: object) -> None:
    assert one_statement(Condition=condition) == []


@pytest.mark.parametrize(
    ("resource", "action", "rule"),
    [
        ("arn:aws:dynamodb:us-east-1::table/t", "dynamodb:GetItem", "R122"),
        ("arn:aws:sqs::111122223333:q", "sqs:SendMessage", "R123"),
        ("arn:aws:s3:::data/${aws:userid }/*", "s3:GetObject", "R128"),
        ("arn:aws:s3:::data/%(stage)s/*", "s3:GetObject", "R129"),
        ("arn:aws:s3:::%s/*", "s3:GetObject", "R129"),
    ],
)
def test_arns_that_nothing_has_are_found(resource: str, action: str, rule: str) -> None:
    ((found, _),) = one_statement(Resource=resource, Action=action)
    assert found == rule


@pytest.mark.parametrize("action", ["ssm:SendCommand", "lambda:UpdateFunctionConfiguration", "codebuild:StartBuild"])
def test_running_code_as_somebody_else_is_an_escalation(action: str) -> None:
    assert [rule for rule, _ in one_statement(Action=action, Resource="*")] == ["R215"]


def test_what_a_saml_provider_asserts_is_known() -> None:
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": "arn:aws:iam::111122223333:saml-provider/Provider"},
        "Action": "sts:AssumeRoleWithSAML",
        "Condition": {"StringEquals": {"SAML:aud": "https://signin.aws.amazon.com/saml"}},
    }
    assert lint_document({"Version": "2012-10-17", "Statement": [statement]}) == ()


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('{"Resources":\n []}', 2),
        ('{"Resources": {\n"A": 1}}', 2),
        ("Resources:\n  A:\n    Type: [x]\n", 3),
    ],
)
def test_a_template_whose_resources_are_none_is_told_where(text: str, line: int) -> None:
    found = lint_bytes(text.encode(), "template.json" if text.startswith("{") else "template.yaml")
    assert [(one.rule, one.line) for one in found] == [("R103", line)]
