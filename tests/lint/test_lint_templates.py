"""CloudFormation and SAM templates, in JSON and YAML, with functions in their short and long forms."""

from __future__ import annotations

import json

import pytest

from remit.lint import lint_bytes, lint_document

YAML = """\
AWSTemplateFormatVersion: "2010-09-09"
Parameters:
  Stage: {Type: String}
Conditions:
  IsProd: !Equals [!Ref Stage, prod]
Resources:
  Table:
    Type: AWS::DynamoDB::Table
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal: {Service: lambda.amazonaws.com}
            Action: sts:AssumeRole
      Policies:
        - PolicyName: orders
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
              - Effect: Allow
                Action:
                  - dynamodb:GetItem
                  - dynamodb:GetItm
                Resource: !GetAtt Table.Arn
              - !If
                - IsProd
                - Effect: Allow
                  Action: s3:GetObjcet
                  Resource: !Sub "arn:${AWS::Partition}:s3:::data-${Stage}/*"
                - !Ref AWS::NoValue
              - Effect: Allow
                Action: sqs:SendMessage
                Resource:
                  - Fn::Join: [":", ["arn", !Ref AWS::Partition, sqs, us-esat-1, !Ref AWS::AccountId, orders]]
"""


def line_of(part: str, text: str = YAML) -> int:
    return next(number for number, line in enumerate(text.split("\n"), 1) if part in line)


def at(text: str, file: str = "template.yaml") -> list[tuple[str, int]]:
    return [(one.rule, one.line) for one in lint_bytes(text.encode(), file) if one.severity != "note"]


def test_findings_stand_at_the_lines_of_a_yaml_template() -> None:
    assert at(YAML) == [("R202", line_of("GetItm")), ("R202", line_of("GetObjcet")), ("R123", line_of("esat"))]


def test_a_json_template_has_the_same_findings_at_its_own_lines() -> None:
    template = {
        "Resources": {
            "Policy": {
                "Type": "AWS::IAM::ManagedPolicy",
                "Properties": {
                    "PolicyDocument": {
                        "Version": "2012-10-17",
                        "Statement": [
                            {
                                "Effect": "Allow",
                                "Action": ["dynamodb:GetItm"],
                                "Resource": {"Fn::GetAtt": ["Tabel", "Arn"]},
                            }
                        ],
                    }
                },
            },
            "Table": {"Type": "AWS::DynamoDB::Table"},
        }
    }
    text = json.dumps(template, indent=1)
    lines = text.split("\n")
    expected = [
        ("R202", next(number for number, line in enumerate(lines, 1) if "GetItm" in line)),
        (
            "R401",
            next(number for number, line in enumerate(lines, 1) if "Resource" in line and "Resources" not in line),
        ),
    ]
    assert at(text, "template.json") == expected


HOLDERS = {
    "AWS::IAM::Policy": "PolicyDocument: {DOCUMENT}",
    "AWS::IAM::ManagedPolicy": "PolicyDocument: {DOCUMENT}",
    "AWS::IAM::RolePolicy": "PolicyDocument: {DOCUMENT}",
    "AWS::IAM::User": "Policies: [{PolicyName: x, PolicyDocument: {DOCUMENT}}]",
    "AWS::IAM::Group": "Policies: [{PolicyName: x, PolicyDocument: {DOCUMENT}}]",
    "AWS::SSO::PermissionSet": "InlinePolicy: {DOCUMENT}",
    "AWS::Organizations::Policy": "Content: {DOCUMENT}",
    "AWS::S3::BucketPolicy": "PolicyDocument: {DOCUMENT}",
    "AWS::SQS::QueuePolicy": "PolicyDocument: {DOCUMENT}",
    "AWS::KMS::Key": "KeyPolicy: {DOCUMENT}",
    "AWS::SecretsManager::ResourcePolicy": "ResourcePolicy: {DOCUMENT}",
    "AWS::ECR::Repository": "RepositoryPolicyText: {DOCUMENT}",
    "AWS::Serverless::Function": "Policies: [AWSLambdaBasicExecutionRole, {S3ReadPolicy: {BucketName: b}}, {DOCUMENT}]",
    "AWS::Serverless::StateMachine": "Policies: [{DOCUMENT}]",
}
DOCUMENT = '{Version: "2012-10-17", Statement: [{Effect: Allow, Action: "dynamodb:GetItm", Resource: "*"}]}'


@pytest.mark.parametrize(("kind", "properties"), HOLDERS.items(), ids=HOLDERS)
def test_policies_are_found_wherever_a_resource_holds_them(kind: str, properties: str) -> None:
    text = f"Resources:\n  A:\n    Type: {kind}\n    Properties:\n      {properties.replace('{DOCUMENT}', DOCUMENT)}\n"
    assert ("R202", 5) in at(text)


SAM = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Report:
    Type: AWS::Serverless::Function
    Properties: {Events: {Api: {Type: Api, Properties: {Path: /, Method: get}}}}
Outputs:
  Url: {Value: !Sub "https://${ServerlessRestApi}.execute-api.${AWS::Region}.amazonaws.com/Prod/"}
  Role: {Value: !GetAtt ReportRole.Arn}
  Alias: {Value: !Ref Report.Alias}
"""


def test_a_sam_template_may_name_what_sam_makes() -> None:
    assert at(SAM) == []
    slips = SAM.replace("ReportRole.Arn", "Reportrole.Arn").replace("Report.Alias", "Raport.Alias")
    assert at(slips) == [("R401", 8), ("R401", 9)]


def test_a_template_may_name_what_a_module_makes() -> None:
    text = (
        "Resources:\n  Store: {Type: My::Bucket::Store::MODULE}\n"
        "Outputs:\n  A: {Value: !Ref StoreBucket}\n  B: {Value: !GetAtt Store.Bucket.Arn}\n  C: {Value: !Ref Shop}\n"
    )
    assert at(text) == [("R401", 6)]


LOOP = """\
Transform: AWS::LanguageExtensions
Resources:
  Fn::ForEach::Topics:
    - Name
    - [Good, Bad]
    - Topic${Name}: {Type: AWS::SNS::Topic, Properties: {TopicName: !Ref Name}}
Outputs:
  Good: {Value: !Ref TopicGood}
"""


def test_a_loop_makes_names_and_has_a_variable() -> None:
    assert at(LOOP) == []


def test_what_any_macro_may_make_is_missed_only_where_a_like_name_is_there() -> None:
    text = "Transform: Company\nResources:\n  Table: {Type: AWS::DynamoDB::Table}\nOutputs:\n  A: {Value: !Ref %s}\n"
    assert (at(text % "Bucket"), at(text % "Tabel")) == ([], [("R401", 5)])


def test_a_condition_of_which_a_branch_is_left_out_is_read_by_its_first() -> None:
    text = YAML.replace(
        "                Resource: !GetAtt Table.Arn\n",
        "                Resource: !GetAtt Table.Arn\n"
        "                Condition: !If [IsProd, {StringEqual: {aws:SourceVpc: v}}, !Ref AWS::NoValue]\n",
    )
    assert "R501" in {rule for rule, _ in at(text)}


def test_a_policy_file_in_yaml_is_a_policy() -> None:
    text = 'Version: "2012-10-17"\nStatement:\n  - Effect: Allow\n    Action: dynamodb:GetItm\n    Resource: "*"\n'
    assert at(text, "policy.yaml") == [("R202", 4)]


@pytest.mark.parametrize("wrap", [{"PolicyVersion": {"Document": ...}}, {"PolicyDocument": ...}, {"Document": ...}])
def test_what_the_aws_command_line_prints_is_unwrapped(wrap: dict[str, object]) -> None:
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObjcet", "Resource": "*"}]}
    text = json.dumps(wrap, default=lambda _: document)
    assert at(text, "policy.json") == [("R202", 1)]


def test_a_dollar_sign_in_plain_text_of_a_template_is_no_reference() -> None:
    text = YAML.replace('!Sub "arn:${AWS::Partition}', '"arn:${AWS::Partition}')
    assert ("R129", line_of("s3:::data")) in at(text)


REFERENCES = {
    "an object action on a bucket": ("s3:GetObject", "!GetAtt Bucket.Arn", "R302", "${Bucket.Arn}/*"),
    "an object action on a bucket by name": ("s3:GetObject", '!Sub "arn:aws:s3:::${Bucket}"', "R302", "${Bucket}/*"),
    "a table action on an index": (
        "dynamodb:GetItem",
        '!Sub "${Table.Arn}/index/*"',
        "R302",
        "did you mean '${Table.Arn}'",
    ),
    "a table action on a queue": ("dynamodb:GetItem", "!GetAtt Queue.Arn", "R303", "a table"),
    "a queue action on a topic": ("sqs:SendMessage", "!Ref Topic", "R303", "a queue"),
}


@pytest.mark.parametrize(("action", "value", "rule", "hint"), REFERENCES.values(), ids=REFERENCES)
def test_a_reference_is_as_good_as_the_arn_of_its_type(action: str, value: str, rule: str, hint: str) -> None:
    text = f"""
Resources:
  Bucket: {{Type: "AWS::S3::Bucket"}}
  Table: {{Type: "AWS::DynamoDB::Table"}}
  Queue: {{Type: "AWS::SQS::Queue"}}
  Topic: {{Type: "AWS::SNS::Topic"}}
  Policy:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Action: {action}
            Resource: {value}
"""
    (found,) = [one for one in lint_bytes(text.encode(), "t.yaml") if one.severity == "error"]
    assert (found.rule, found.line) == (rule, 14)
    assert hint in (found.hint or "")
    fitting = text.replace(
        action, {"s3": "s3:ListBucket", "dynamodb": "dynamodb:Query", "sqs": "sqs:*"}[action.partition(":")[0]]
    )
    if rule == "R302":
        assert [one for one in lint_bytes(fitting.encode(), "t.yaml") if one.severity == "error"] == []


CEILINGS = """\
Resources:
  Endpoint:
    Type: AWS::EC2::VPCEndpoint
    Properties:
      PolicyDocument:
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Principal: "*", Action: "*", Resource: "*"}]
  Full:
    Type: AWS::Organizations::Policy
    Properties:
      Content:
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Action: "*", Resource: "*"}]
"""


def test_what_says_how_much_others_may_makes_nobody_an_administrator() -> None:
    assert at(CEILINGS) == []


@pytest.mark.parametrize(
    "name",
    [
        "iot:ClientId",
        "iot:Connection.Thing.ThingName",
        "credentials-iot:ThingName",
        "transfer:UserName",
        "iot:SourceIp",
    ],
)
def test_a_variable_that_a_service_puts_in_is_none_that_is_unknown(name: str) -> None:
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::data/${{{name}}}/*"}
    conditioned = {**statement, "Resource": "arn:aws:s3:::a/*", "Condition": {"StringLike": {name: "a*"}}}
    document = {"Version": "2012-10-17", "Statement": [statement, conditioned]}
    assert at(json.dumps(document), "policy.json") == []


def test_a_change_set_is_made_on_a_transform_as_well() -> None:
    transform = "arn:aws:cloudformation:eu-west-1:aws:transform/Serverless-2016-10-31"
    statement = {"Effect": "Allow", "Action": "cloudformation:CreateChangeSet", "Resource": transform}
    assert at(json.dumps({"Version": "2012-10-17", "Statement": [statement]}), "policy.json") == []


def test_what_a_topics_first_policy_says_is_no_slip() -> None:
    statement = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": ["SNS:Publish", "SNS:Receive"],
                 "Resource": "arn:aws:sns:eu-west-1:111122223333:orders",
                 "Condition": {"StringEquals": {"aws:SourceOwner": "111122223333"}}}  # fmt: skip
    text = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    found = [one for one in lint_bytes(text.encode(), "policy.json", kind="resource") if one.rule == "R202"]
    assert [(one.severity, one.hint) for one in found] == [("warning", "remove it")]


def test_a_date_is_text_to_cloudformation() -> None:
    text = YAML.replace('Version: "2012-10-17"', "Version: 2012-10-17")
    assert at(text) == at(YAML)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('Version: "2012-10-17"', "Version: !Ref Stage"),
        ("- Effect: Allow", '- Sid: !Sub "Of${Stage}"\n                Effect: Allow'),
        ("- Effect: Allow", "- Effect: !Ref Stage"),
    ],
)
def test_what_cloudformation_puts_in_is_of_no_wrong_type(old: str, new: str) -> None:
    head, _, policy = YAML.rpartition(old)
    assert "R103" not in {rule for rule, _ in at(f"{head}{new}{policy}")}


ALLOWED = """\
Version: "2012-10-17"
Statement:
  # remit: allow R202 because these will exist
  - Effect: Allow
    Action:
      - s3:GetObjekt
      - s3:PutObjekt
    Resource: "*"
  - Effect: Allow
    Action: s3:ListBukkets
    Resource: "*"
"""


def test_a_comment_where_a_statement_begins_speaks_for_all_of_it() -> None:
    assert [(one.rule, one.line) for one in lint_bytes(ALLOWED.encode(), "policy.yaml") if one.severity != "note"] == [
        ("R202", 10)
    ]


def test_a_comment_inside_a_statement_speaks_for_its_line_alone() -> None:
    moved = ALLOWED.replace("  # remit: allow R202 because these will exist\n", "").replace(
        "s3:GetObjekt\n", "s3:GetObjekt  # remit: allow R202 because it will exist\n"
    )
    assert [(one.rule, one.line) for one in lint_bytes(moved.encode(), "policy.yaml") if one.severity != "note"] == [
        ("R202", 6),
        ("R202", 9),
    ]


TRUST = """Parameters:
  Org: {Type: String}
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal: {Federated: !Sub "arn:${AWS::Partition}:iam::${AWS::AccountId}:oidc-provider/GITHUB"}
            Action: sts:AssumeRoleWithWebIdentity
            Condition:
              StringEquals: {"GITHUB:aud": sts.amazonaws.com}
              StringLike: {"GITHUB:sub": SUBJECT}
""".replace("GITHUB", "token.actions.githubusercontent.com")


@pytest.mark.parametrize(
    ("subject", "found"),
    [
        ('!Sub "repo:${Org}/*"', [("R218", 15)]),
        ('"*"', [("R218", 15)]),
        ('!Sub "repo:${Org}/shop:ref:refs/heads/main"', []),
        ('!Sub "repo:${Org}/shop:ref:refs/heads/release-*"', []),
        ("!ImportValue subject", []),
    ],
)
def test_a_providers_condition_may_be_late_bound(subject: str, found: list[tuple[str, int]]) -> None:
    rules = {"R218", "R216", "R138", "R306"}
    assert found == [pair for pair in at(TRUST.replace("SUBJECT", subject)) if pair[0] in rules]


def test_what_a_template_imports_is_no_variable() -> None:
    text = YAML.replace("Effect: Allow", "Effect: Allow\n                Condition: {NumericLessThan: {PLACE: MOST}}")
    text = text.replace("PLACE", '"s3:max-keys"').replace("MOST", "!ImportValue most")
    assert "NumericLessThan" in text
    assert not {"R519", "R128", "R140"} & {rule for rule, _ in at(text)}


WRITTEN = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "%s", "Resource": "%s"}]}'


def in_text(document: str, kind: str = "AWS::IAM::ManagedPolicy") -> list[tuple[str, int, str]]:
    text = f"Resources:\n  Table: {{Type: AWS::DynamoDB::Table}}\n  P:\n    Type: {kind}\n    Properties:\n"
    text += f"      PolicyDocument: {document}\n"
    found = lint_bytes(text.encode(), "template.yaml")
    return [(one.rule, one.line, one.message) for one in found if one.severity == "error"]


def test_a_policy_that_is_written_as_json_in_one_text_is_looked_at() -> None:
    assert in_text(f"'{WRITTEN % ('dynamodb:ListTables', '*')}'") == []
    assert in_text(f"!Sub '{WRITTEN % ('dynamodb:GetItem', '${Table.Arn}')}'") == []
    assert [one[:2] for one in in_text(f"'{WRITTEN % ('dynamodb:GetItm', '*')}'")] == [("R202", 6)]
    assert [one[:2] for one in in_text(f"!Sub '{WRITTEN % ('dynamodb:GetItem', '${Table.Arn}/index/*')}'")] == [
        ("R302", 6)
    ]
    service = WRITTEN.replace('"Action"', '"Principal": {"Service": "evnets.amazonaws.com"}, "Action"')
    logs = "arn:aws:logs:eu-west-1:111122223333:log-group:/aws/events/*:*"
    found = in_text(f"'{service % ('logs:PutLogEvents', logs)}'", "AWS::Logs::ResourcePolicy")
    assert [one[:2] for one in found] == [("R138", 6)]


def test_a_text_that_is_no_json_is_told_with_its_place() -> None:
    ((rule, line, message),) = in_text("""'{"Version": "2012-10-17",}'""")
    assert (rule, line) == ("R103", 6)
    assert message == (
        "PolicyDocument is a text that is not JSON: there is a comma before the }: JSON has no trailing commas "
        "(its text:1:25)"
    )


READERS = """\
Transform: AWS::LanguageExtensions
Resources:
  Fn::ForEach::Readers:
    - Name
    - [orders, bills]
    - "Read${Name}":
        Type: AWS::IAM::ManagedPolicy
        Properties:
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
              - Effect: Allow
                Action: dynamodb:GetItm
                Resource: !Sub "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/${Name}"
              - Effect: Allow
                Action: sqs:SendMessage
                Resource: "arn:aws:sqs:us-esat-1:111122223333:${Name}"
"""


def test_what_a_loop_makes_is_looked_at_where_it_is_written() -> None:
    assert at(READERS) == [("R202", 13), ("R123", 17)]


def _of(kind: str, **properties: object) -> list[tuple[str, str]]:
    """The rules that a template of one resource breaks, with their messages."""
    text = json.dumps({"Resources": {"One": {"Type": kind, "Properties": properties}}})
    return [(one.rule, one.message) for one in lint_bytes(text.encode(), "template.json")]


def test_the_managed_policies_of_a_permission_set_are_looked_up() -> None:
    instance = "arn:aws:sso:::instance/ssoins-1234567890abcdef"
    given = ["arn:aws:iam::aws:policy/ReadOnlyAcces", "arn:aws:iam::aws:policy/AdministratorAccess"]
    found = _of("AWS::SSO::PermissionSet", Name="dev", InstanceArn=instance, ManagedPolicies=given)
    assert [rule for rule, _ in found] == ["R706", "R210"]


@pytest.mark.parametrize(("action", "rules"), [("s3:*", ["R141"]), ("*", [])])
def test_an_allow_of_a_resource_control_policy_is_that_of_everything(action: str, rules: list[str]) -> None:
    statement = {"Effect": "Allow", "Principal": "*", "Action": action, "Resource": "*"}
    content = {"Version": "2012-10-17", "Statement": [statement]}
    found = _of("AWS::Organizations::Policy", Name="p", Type="RESOURCE_CONTROL_POLICY", Content=content)
    assert [rule for rule, _ in found] == rules


@pytest.mark.parametrize(
    ("statement", "rules"),
    [
        ({"Principal": {"Service": "sns.amazonaws.co"}, "Resource": "*"}, ["R138"]),
        (
            {
                "Principal": {"Service": "sns.amazonaws.com"},
                "Resource": "*",
                "Condition": {"ArnEquals": {"aws:SourceArns": "arn:aws:sns:eu-west-1:111122223333:a"}},
            },
            ["R502"],
        ),
    ],
)
def test_a_misspelt_guard_of_a_service_is_one_finding(statement: dict[str, object], rules: list[str]) -> None:
    whole = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sqs:SendMessage", **statement}]}
    found = _of("AWS::SQS::QueuePolicy", Queues=["q"], PolicyDocument=whole)
    assert [rule for rule, _ in found if rule != "R132"] == rules


def test_a_variable_that_is_not_closed_is_one_finding() -> None:
    given = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data-${aws:PrincipalTag/team/*"}
    found = _of("AWS::IAM::ManagedPolicy", PolicyDocument={"Version": "2012-10-17", "Statement": [given]})
    assert [rule for rule, _ in found if rule != "R132"] == ["R127"]


def test_the_number_of_an_account_without_quotes_is_told_to_want_them() -> None:
    text = """\
Resources:
  Policy:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: data
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - {Effect: Allow, Principal: {AWS: 111122223333}, Action: "s3:GetObject", Resource: "arn:aws:s3:::data/*"}
"""
    (one,) = [one for one in lint_bytes(text.encode(), "template.yaml") if one.rule == "R103"]
    assert one.hint == "put it in quotes: '111122223333'"


@pytest.mark.parametrize(("kind", "rules"), [("SERVICE_CONTROL_POLICY", ["R141"]), ("RESOURCE_CONTROL_POLICY", [])])
def test_a_service_control_policy_names_nobody_not_even_everyone(kind: str, rules: list[str]) -> None:
    statement = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"}
    content = {"Version": "2012-10-17", "Statement": [statement]}
    found = _of("AWS::Organizations::Policy", Name="p", Type=kind, Content=content)
    assert [rule for rule, _ in found] == rules


def test_a_principal_of_the_account_that_is_deployed_to_is_looked_at_as_well() -> None:
    account = "arn:${AWS::Partition}:iam::${AWS::AccountId}:"
    for resource, rules in (("rot", ["R138"]), ("root", []), ("role/${Name}", [])):
        statement = {
            "Effect": "Allow",
            "Principal": {"AWS": {"Fn::Sub": account + resource}},
            "Action": "sts:AssumeRole",
        }
        document = {"Version": "2012-10-17", "Statement": [statement]}
        found = _of("AWS::IAM::Role", AssumeRolePolicyDocument=document)
        assert [rule for rule, _ in found if rule != "R401"] == rules


def test_the_ref_of_a_database_is_no_arn_and_its_attribute_is_named() -> None:
    text = """Resources:
  Db: {Type: "AWS::RDS::DBInstance"}
  Access:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument:
        Version: "2012-10-17"
        Statement: {Effect: Allow, Action: rds:StartDBInstance, Resource: !Ref Db}
"""
    hints = [finding.hint for finding in lint_bytes(text.encode(), "template.yaml") if finding.rule == "R121"]
    assert hints == ["!GetAtt Db.DBInstanceArn"]


@pytest.mark.parametrize(
    ("type_name", "attribute", "hint"),
    [("AWS::SQS::Queue", "QueueName", "!GetAtt It.Arn"), ("AWS::SNS::Topic", "TopicName", "!Ref It")],
)
def test_an_attribute_with_a_name_is_no_arn(type_name: str, attribute: str, hint: str) -> None:
    text = f"""Resources:
  It: {{Type: "{type_name}"}}
  Access:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument:
        Version: "2012-10-17"
        Statement: {{Effect: Allow, Action: "*", Resource: !GetAtt It.{attribute}}}
"""
    (finding,) = [found for found in lint_bytes(text.encode(), "template.yaml") if found.rule == "R121"]
    message = f"{attribute} of It is its name, and only an ARN, or '*', may stand here: IAM refuses it"
    assert (message, hint) == (finding.message, finding.hint)


@pytest.mark.parametrize(
    ("wanted", "excluded", "contradiction"),
    [
        ("10.0.0.0/8", "::/1", False),
        ("10.0.0.0/8", "0.0.0.0/0", True),
        ("2001:db8::/32", "::/1", True),
        ("2001:db8::/32", "0.0.0.0/0", False),
    ],
)
def test_addresses_of_one_family_are_never_excluded_by_those_of_the_other(
    wanted: str, excluded: str, *, contradiction: bool
) -> None:
    condition = {"IpAddress": {"aws:SourceIp": wanted}, "NotIpAddress": {"aws:SourceIp": excluded}}
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::a/*", "Condition": condition}
    found = lint_document({"Version": "2012-10-17", "Statement": [statement]})
    assert contradiction == ("R514" in {finding.rule for finding in found})


def test_the_policy_of_a_repository_must_say_who() -> None:
    statement = {"Effect": "Allow", "Action": "ecr:BatchGetImage"}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    repository = {"Type": "AWS::ECR::Repository", "Properties": {"RepositoryPolicyText": policy}}
    assert [one.rule for one in lint_document({"Resources": {"Images": repository}})] == ["R109"]


def test_a_policy_of_sams_state_machine_is_looked_up_by_its_name() -> None:
    machine = {"Type": "AWS::Serverless::StateMachine", "Properties": {"Policies": ["AWSXRayDaemonWriteAcess"]}}
    template = {"Transform": "AWS::Serverless-2016-10-31", "Resources": {"Machine": machine}}
    assert [(one.rule, one.hint) for one in lint_document(template)] == [
        ("R706", "did you mean `AWSXRayDaemonWriteAccess`?")
    ]


def test_a_policy_of_iot_needs_no_principal_and_may_be_too_wide() -> None:
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iot:*", "Resource": "*"}]}
    resource = {"Type": "AWS::IoT::Policy", "Properties": {"PolicyDocument": policy}}
    assert "R212" in [one.rule for one in lint_document({"Resources": {"Things": resource}})]


def test_an_attribute_that_is_written_as_one_text_is_looked_up_as_well() -> None:
    key = {"Type": "AWS::KMS::Alias", "Properties": {"TargetKeyId": {"Fn::GetAtt": "Keey.Arn"}}}
    template = {"Resources": {"Alias": key, "Key": {"Type": "AWS::KMS::Key"}}}
    assert [(one.rule, one.hint) for one in lint_document(template)] == [("R401", "did you mean `Key`?")]


def test_a_variable_of_iam_inside_of_a_function_that_is_not_resolved_is_no_finding() -> None:
    text = """\
Parameters: {Index: {Type: Number}}
Resources:
  Policy:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Action: s3:GetObject
            Resource: !Select [!Ref Index, !Split ["|", !Sub "arn:aws:s3:::a/${!aws:username}/*|arn:aws:s3:::b/*"]]
"""
    assert [] == at(text)


def test_an_action_of_a_permission_that_lambda_does_not_know_is_told_with_the_one_that_was_meant() -> None:
    permission = {"Action": "lambda:Invoke", "FunctionName": "f", "Principal": "111122223333"}
    message = "'lambda:Invoke' is not an action of Lambda: the permission is refused"
    assert [("R709", message)] == _of("AWS::Lambda::Permission", **permission)


@pytest.mark.parametrize("path", ["", "aws-service-role/"])
def test_the_policy_of_a_service_linked_role_is_attached_to_no_other(path: str) -> None:
    arn = f"arn:aws:iam::aws:policy/{path}AWSSSMOpsInsightsServiceRolePolicy"
    role = {"Type": "AWS::IAM::Role", "Properties": {"ManagedPolicyArns": [arn]}}
    findings = lint_document({"Resources": {"Explorer": role}})
    hints = [(one.severity, one.hint) for one in findings if one.rule == "R706"]
    assert hints == [("error", "leave it out: the service makes the role that has it")]


def test_the_policy_of_a_service_linked_role_may_be_a_boundary() -> None:
    arn = "arn:aws:iam::aws:policy/aws-service-role/AWSSSMOpsInsightsServiceRolePolicy"
    assert "R706" not in dict(_of("AWS::IAM::Role", PermissionsBoundary=arn))
