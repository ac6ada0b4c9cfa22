"""`remit explain`: roles, verdicts and actions, for people and for programs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from projects import Project, remit, write
from remit.catalogue.managed_policies import managed_policy

if TYPE_CHECKING:
    from conftest import Make

DATA = Path(__file__).parents[1] / "template" / "data"
EXAMPLE = Project(Path(__file__).parents[2] / "examples" / "orders")
TABLE = "arn:aws:dynamodb:eu-west-1:111122223333:table"


def test_a_role_is_told_statement_by_statement_with_levels_reasons_and_lines() -> None:
    ran = EXAMPLE.remit("explain", "report")
    assert (ran.status, ran.out) == (
        0,
        """\
ReportRole, the role of report

  Allow on ${ReportLogGroup.Arn}
      logs:CreateLogStream  Write
      logs:PutLogEvents     Write
      because report writes its logs  (app.py:28:2)

  Allow on ${DataTable.Arn}
      dynamodb:Scan  Read
      because scans table DataTable  (app.py:28:51)
""",
    )


def test_a_role_is_explained_by_its_own_name_as_by_its_functions() -> None:
    assert EXAMPLE.remit("explain", "ReportRole") == EXAMPLE.remit("explain", "report")
    asked = ("dynamodb:Scan", f"{TABLE}/orders-dev-DataTable-1AB")
    assert EXAMPLE.remit("explain", "ReportRole", *asked) == EXAMPLE.remit("explain", "report", *asked)


def test_a_name_that_is_no_function_but_resembles_a_service_is_told_so() -> None:
    ran = EXAMPLE.remit("explain", "dynamo")
    assert ran.status == 2
    assert ran.err.splitlines() == [
        "error: there is no function `dynamo` in this app",
        "hint: there are ingest, report, web; of AWS's services, `dynamodb:*`",
    ]


def test_a_misspelt_function_is_not_told_a_service_that_its_name_is_far_from() -> None:
    """`ingests` has most of its letters in common with kinesis, which nobody meant."""
    assert EXAMPLE.remit("explain", "ingests").err.splitlines() == [
        "error: there is no function `ingests` in this app",
        "hint: did you mean `ingest`?",
    ]


def test_a_role_for_programs_has_the_same_statements() -> None:
    document = json.loads(EXAMPLE.remit("explain", "report", "--json").out)
    assert [one["line"] for one in document["statements"]] == [28, 28]
    assert document["statements"][1] == {
        "statement": {"Effect": "Allow", "Action": "dynamodb:Scan", "Resource": "${DataTable.Arn}"},
        "actions": [{"action": "dynamodb:Scan", "level": "Read"}],
        "because": "scans table DataTable",
        "managed_policy": None,
        "file": "app.py",
        "line": 28,
        "column": 51,
    }


def test_what_is_allowed_names_the_statement_that_allows_it() -> None:
    ran = EXAMPLE.remit("explain", "ingest", "dynamodb:PutItem", f"{TABLE}/orders-dev-DataTable-1AB")
    assert (ran.status, ran.out) == (
        0,
        f"""\
Allowed: ingest may dynamodb:PutItem on {TABLE}/orders-dev-DataTable-1AB
  Allow dynamodb:PutItem on ${{DataTable.Arn}}
    because puts items into table DataTable  (app.py:19:43)
  note: taking it for DataTable, whose whole name only the deploy settles
""",
    )


def test_what_is_not_allowed_names_what_came_near_and_the_line_to_change() -> None:
    ran = EXAMPLE.remit("explain", "report", "dynamodb:Scan", f"{TABLE}/orders")
    assert (ran.status, ran.out.splitlines()[-2:]) == (
        1,
        ["fix: at app.py:28:50", '    policy=[grants.dynamodb.scan(Data.table), grants.dynamodb.scan("orders")]'],
    )
    assert "      because scans table DataTable  (app.py:28:51)" in ran.out.splitlines()


def test_a_fix_grants_an_action_on_everything_only_where_everything_was_asked_about() -> None:
    fixes = [
        EXAMPLE.remit("explain", "report", "s3:GetObject", *resource).out.splitlines()[-1].partition(", ")[2]
        for resource in ((), ("*",))
    ]
    assert fixes == ['grants.allow("s3:GetObject", on="arn:…")]', '"s3:GetObject"]']


@pytest.mark.parametrize("name", ["DataTable", "Data.table", "${DataTable.Arn}", f"{TABLE}/orders-dev-DataTable-1ABC"])
def test_a_resource_of_the_app_goes_by_any_of_its_names(name: str) -> None:
    assert EXAMPLE.remit("explain", "report", "dynamodb:Scan", name).status == 0
    fix = json.loads(EXAMPLE.remit("explain", "report", "dynamodb:PutItem", name, "--json").out)["fix"]
    assert fix["code"] == "policy=[grants.dynamodb.scan(Data.table), grants.dynamodb.put(Data.table)]"


@pytest.mark.parametrize(
    ("action", "name", "arn"),
    [
        ("s3:GetObject", "uploads/a/b.csv", "arn:${AWS::Partition}:s3:::uploads/a/b.csv"),
        ("s3:ListBucket", "uploads", "arn:${AWS::Partition}:s3:::uploads"),
        ("sqs:SendMessage", "jobs", "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:jobs"),
        (
            "dynamodb:GetItem",
            "table/orders",
            "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/orders",
        ),
        (
            "dynamodb:Query",
            "orders/index/by-date",
            "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/orders/index/by-date",
        ),
        ("s3:GetObject", "s3://uploads/a/b.csv", "arn:${AWS::Partition}:s3:::uploads/a/b.csv"),
        (
            "sqs:SendMessage",
            "https://sqs.cn-north-1.amazonaws.com.cn/111122223333/jobs",
            "arn:aws-cn:sqs:cn-north-1:111122223333:jobs",
        ),
        ("ssm:GetParameter", "/app/db", "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/app/db"),
        ("iam:PassRole", "service/worker", "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/service/worker"),
        (
            "lambda:InvokeFunction",
            "web",
            "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:orders-dev-web",
        ),
        (  # a table that is called as a function is
            "dynamodb:GetItem",
            "web",
            "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/web",
        ),
        (  # AWS puts a hyphen and six characters behind a secret's name
            "secretsmanager:GetSecretValue",
            "prod/db",
            "arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:prod/db-??????",
        ),
        (
            "secretsmanager:GetSecretValue",
            "prod/db-1aBcDe",
            "arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:prod/db-1aBcDe",
        ),
    ],
)
def test_a_plain_name_is_an_arn_of_the_actions_own_types(action: str, name: str, arn: str) -> None:
    assert json.loads(EXAMPLE.remit("explain", "report", action, name, "--json").out)["resource"] == arn


def test_a_fix_is_written_as_the_document_takes_it(tmp_path: Path) -> None:
    """CloudFormation puts partition, region and account in their places; a policy by itself and Terraform do not."""
    write(tmp_path, {"t.yaml": "Resources:\n  R: {Type: AWS::IAM::Role}\n"})
    plan = str(Path(__file__).parents[1] / "template" / "data" / "plan.json")
    asked = ((str(tmp_path / "t.yaml"), "R"), (plan, 'aws_iam_role.each["a"]'))
    fixes = [
        json.loads(remit("explain", *file_and_role, "sqs:SendMessage", "jobs", "--json").out)["fix"]["statement"]
        for file_and_role in asked
    ]
    assert [one["Resource"] for one in fixes] == [
        {"Fn::Sub": "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:jobs"},
        "arn:aws:sqs:*:*:jobs",
    ]


def test_a_fix_for_an_action_without_resources_names_none(tmp_path: Path) -> None:
    """A statement on an instance's ARN would allow it no more than the one that is there."""
    instance = "arn:aws:ec2:eu-west-1:111122223333:instance/i-1"
    allow = {"Effect": "Allow", "Action": "ec2:DescribeInstances", "Resource": instance}
    write(tmp_path, {"policy.json": json.dumps({"Version": "2012-10-17", "Statement": [allow]})})
    ran = remit("explain", str(tmp_path / "policy.json"), "ec2:DescribeInstances", instance, "--json")
    assert json.loads(ran.out)["fix"]["statement"] == {**allow, "Resource": "*"}


def test_a_fix_refers_to_what_only_the_deploy_knows_as_templates_do(tmp_path: Path) -> None:
    """Remit's own text for it is nothing that CloudFormation reads."""
    write(tmp_path, {"t.yaml": "Resources:\n  R: {Type: AWS::IAM::Role}\n"})
    queue = 'arn:aws:sqs:*:*:${{"Fn::ImportValue":"x"}}'
    ran = remit("explain", str(tmp_path / "t.yaml"), "R", "sqs:SendMessage", queue, "--json")
    assert json.loads(ran.out)["fix"]["statement"]["Resource"] == {
        "Fn::Sub": ["arn:aws:sqs:*:*:${Part1}", {"Part1": {"Fn::ImportValue": "x"}}]
    }


def test_a_name_that_is_no_resource_of_the_actions_is_told_and_grants_nothing_wider() -> None:
    ran = EXAMPLE.remit("explain", "report", "s3:ListBucket", "uploads/a")
    assert (
        "  note: uploads/a is not an ARN and names no resource of s3:ListBucket, which are called "
        "accesspoint/${AccessPointName} or arn:${Partition}:s3:::${BucketName}"
    ) in ran.out.splitlines()
    assert (
        '    policy=[grants.dynamodb.scan(Data.table), grants.allow("s3:ListBucket", on="arn:…")]'
        in ran.out.splitlines()
    )


def test_a_key_of_the_app_goes_by_its_name_though_its_id_is_made_up(make: Make) -> None:
    shared = (
        "from remit import Shared, resource\n\nclass Data(Shared):\n    key = resource('AWS::KMS::Key', key_policy={})"
    )
    app = "from shared.resources.data import Data\n\n\n@app.function\ndef hello(event, context): ...\n"
    project = make(app=app, **{"shared/resources/data.py": shared})
    for name in ("DataKey", "Data.key"):
        found = json.loads(project.remit("explain", "hello", "kms:Decrypt", name, "--json").out)
        assert (found["resource"], found["fix"]["item"]) == ("${DataKey.Arn}", "kms.decrypt(Data.key)")


@pytest.mark.parametrize(
    ("principal", "verdict"),
    [
        ("arn:aws:iam::444455556666:role/admin", "ImplicitlyDenied"),
        ("arn:aws:iam::${AWS::AccountId}:root", "Allowed"),
        (None, "Allowed"),  # the policy that KMS gives a key leaves it to the account's policies
    ],
)
def test_the_policy_of_a_key_of_the_app_limits_who_is_granted_it(
    make: Make, principal: str | None, verdict: str
) -> None:
    statement = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "kms:*", "Resource": "*"}
    given = "" if principal is None else f", key_policy={{'Version': '2012-10-17', 'Statement': [{statement}]}}"
    shared = f"from remit import Shared, resource\n\nclass Data(Shared):\n    key = resource('AWS::KMS::Key'{given})\n"
    app = (
        "from remit import grants\nfrom shared.resources.data import Data\n\n\n"
        "@app.function(policy=[grants.kms.decrypt(Data.key)])\ndef hello(event, context): ...\n"
    )
    project = make(app=app, **{"shared/resources/data.py": shared})
    found = json.loads(project.remit("explain", "hello", "kms:Decrypt", "Data.key", "--json").out)
    assert found["verdict"] == verdict


def test_a_deny_is_shown_with_its_line_and_nothing_is_to_be_added(make: Make) -> None:
    deny = '{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}'
    ran = make(config=f'config.lambda_.iam.policy = ["s3:GetObject", {deny}]').remit(
        "explain", "hello", "s3:GetObject", "arn:aws:s3:::a/b"
    )
    assert ran.status == 1
    assert ran.out.splitlines()[-1] == "fix: a Deny always wins: narrow or remove it at config/deploy.py:5:50"


def test_what_depends_on_a_condition_is_unknown_and_names_the_key(make: Make) -> None:
    policy = (
        '{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*",'
        ' "Condition": {"StringEquals": {"aws:SourceVpc": "vpc-1"}}}'
    )
    ran = make(config=f"config.lambda_.iam.policy = [{policy}]").remit("explain", "hello", "s3:GetObject", "a/b")
    assert ran.status == 1
    assert ran.out.splitlines()[1] == "  it depends on aws:SourceVpc"


def test_a_role_that_names_one_region_allows_there_alone(make: Make) -> None:
    policy = '{"Effect": "Allow", "Action": "sqs:*", "Resource": "arn:aws:sqs:eu-west-1:111122223333:jobs"}'
    ran = make(config=f"config.lambda_.iam.policy = [{policy}]").remit("explain", "hello", "sqs:SendMessage", "jobs")
    assert ran.status == 0
    assert "  note: only where the app is deployed to aws, eu-west-1, 111122223333" in ran.out


def test_managed_policies_and_a_boundary_count(make: Make) -> None:
    config = """
    config.lambda_.iam.managed_policy = ["AmazonS3ReadOnlyAccess", "arn:aws:iam::111122223333:policy/own"]
    config.lambda_.iam.permissions_boundary = "arn:aws:iam::111122223333:policy/limit"
    """
    project = make(config=config)
    allowed = project.remit("explain", "hello", "s3:GetObject", "a/b").out
    assert "statement 1 of the managed policy arn:${AWS::Partition}:iam::aws:policy/AmazonS3ReadOnlyAccess" in allowed
    assert "the permissions boundary arn:${AWS::Partition}:iam::111122223333:policy/limit is not known here" in allowed
    assert "policy/own" not in allowed  # whatever it says, it takes nothing away
    denied = project.remit("explain", "hello", "s3:PutObject", "a/b").out
    assert "the managed policy arn:${AWS::Partition}:iam::111122223333:policy/own is not known here" in denied


def test_without_a_resource_it_is_asked_on_what_the_role_has_the_action_on() -> None:
    allowed = EXAMPLE.remit("explain", "ingest", "dynamodb:PutItem")
    assert (allowed.status, allowed.out.splitlines()[0].partition(" on ")[0]) == (
        0,
        "Allowed: ingest may dynamodb:PutItem",
    )
    lines = EXAMPLE.remit("explain", "report", "DynamoDB:putitem").out.splitlines()
    assert lines[0] == "Not allowed: report may not dynamodb:PutItem on *"
    assert lines[-1] == '    policy=[grants.dynamodb.scan(Data.table), grants.allow("dynamodb:PutItem", on="arn:…")]'
    for name in ("ec2:DescribeInstances", "cloudwatch:PutMetricData"):  # which are asked on everything
        found = json.loads(EXAMPLE.remit("explain", "report", name, "--json").out)
        assert found["fix"]["item"] == f'"{name}"'


def test_a_boundary_of_the_account_counts_as_its_file_says(make: Make) -> None:
    config = """
    config.lambda_.iam.permissions_boundary = "arn:aws:iam::111122223333:policy/teams/limit"
    """
    limit = '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "dynamodb:Get*", "Resource": "*"}}'
    app = '@app.function(policy=[dynamodb.read("o"), dynamodb.put("o")])\ndef hello(event, context): ...\n'
    project = make(config=config, app=app, **{"config/policies/limit.json": limit})
    ran = project.remit("explain", "hello", "dynamodb:PutItem", "o")
    assert (1, "  no statement of its permissions boundary allows it") == (ran.status, ran.out.splitlines()[-1])
    ran = project.remit("explain", "hello", "dynamodb:GetItem", "o")
    assert (0, False) == (ran.status, "is not known here" in ran.out)


def test_a_file_of_a_policy_that_is_none_is_told_at_its_line(make: Make) -> None:
    project = make(app="", **{"config/policies/limit.json": '{"Statement": [\n  {"Effect": "Permit"}]}'})
    assert "config/policies/limit.json:2:" in project.remit("build", "--no-package").err


def test_a_file_beside_the_policies_that_is_no_json_is_refused_and_notes_are_not(make: Make) -> None:
    project = make(app="", **{"config/policies/README.md": "# Ours", "config/policies/limit.yaml": "Statement: []"})
    error = project.error()
    assert "config/policies/limit.yaml is not a policy: its name does not end in .json" == error.message
    assert () == error.further


def test_what_the_boundary_alone_refuses_has_no_fix_among_the_roles_statements(make: Make) -> None:
    """It is granted already: the same line once more would change nothing."""
    config = """
    config.lambda_.iam.policy = ["s3:PutObject"]
    config.lambda_.iam.permissions_boundary = "ReadOnlyAccess"
    """
    project = make(config=config)
    ran = project.remit("explain", "hello", "s3:PutObject", "a/b")
    assert (ran.status, ran.out.splitlines()[-1]) == (1, "  no statement of its permissions boundary allows it")
    assert json.loads(project.remit("explain", "hello", "s3:PutObject", "a/b", "--json").out)["fix"] is None


def test_an_action_is_told_with_all_that_the_catalogue_knows() -> None:
    document = json.loads(remit("explain", "dynamodb:PutItem", "--json").out)
    assert (document["level"], document["dependents"]) == ("Write", [])
    assert document["resources"] == [
        {
            "type": "table",
            "arns": ["arn:${Partition}:dynamodb:${Region}:${Account}:table/${TableName}"],
            "required": True,
        }
    ]
    assert {"client": "dynamodb", "operation": "PutItem"} in document["operations"]
    assert {"key": "dynamodb:LeadingKeys", "type": "ArrayOfString"} in document["condition_keys"]


def test_an_operation_of_the_api_is_told_as_the_action_it_needs() -> None:
    lines = remit("explain", "s3:HeadObject").out.splitlines()
    assert lines[0] == "s3:HeadObject is an operation of the API and no action; it needs s3:GetObject"
    assert lines[1] == "s3:GetObject: Read, an action of Amazon S3"


def test_programs_get_the_note_on_an_operation_with_the_action_it_needs() -> None:
    assert json.loads(remit("explain", "s3:HeadObject", "--json").out) == {
        "note": "s3:HeadObject is an operation of the API and no action; it needs s3:GetObject",
        "actions": [{"action": "s3:GetObject", "level": "Read"}],
    }


def test_an_operation_that_needs_no_permission_is_an_answer_and_no_mistake() -> None:
    ran = remit("explain", "codecatalyst.CreateProject")
    assert ran.status == 1
    assert ran.err == "error: `codecatalyst.CreateProject` is an operation of the API that needs no permission\n"


def test_a_pattern_is_told_as_the_actions_that_it_covers() -> None:
    ran = remit("explain", "dynamodb:Batch*Item")
    assert ran.out.splitlines() == [
        "dynamodb:Batch*Item covers 2 actions",
        "  dynamodb:BatchGetItem  Read",
        "  dynamodb:BatchWriteItem  Write",
    ]


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("s3:GetObjcet",), "did you mean `s3:GetObject`"),
        (("reprot",), "did you mean `report`?"),
        (("report", "dynamodb"), "an action reads `service:Operation`"),
        (("report", "dynamodb:Scan", "a", "b"), "FUNCTION, FUNCTION ACTION RESOURCE, FILE"),
        (("s3:GetObject", "uploads"), "FUNCTION, FUNCTION ACTION RESOURCE, FILE"),
        ((), "FUNCTION, FUNCTION ACTION RESOURCE, FILE"),
        (("nosuch:Thing*",), "there is no service `nosuch`"),
        (("dynamodbb:Thing*",), "there is no service `dynamodbb`: did you mean `dynamodb`?"),
    ],
)
def test_a_mistake_is_an_error_with_a_hint(words: tuple[str, ...], hint: str) -> None:
    ran = EXAMPLE.remit("explain", *words)
    assert (ran.status, ran.out) == (2, "")
    assert hint in ran.err


def test_an_unknown_action_of_a_function_is_answered_and_resembled() -> None:
    ran = EXAMPLE.remit("explain", "report", "dynamodb:Scna", "DataTable")
    assert ran.status == 1
    assert "note: the catalogue knows no action dynamodb:Scna; did you mean dynamodb:Scan" in ran.out
    assert "fix:" not in ran.out


def test_what_a_call_may_need_besides_its_action_is_noted() -> None:
    ran = EXAMPLE.remit("explain", "report", "ecs:RunTask", "*")
    assert "note: the call may need iam:PassRole as well" in ran.out


def test_a_policy_takes_an_action_and_a_resource_and_no_more(tmp_path: Path) -> None:
    path = tmp_path / "policy.json"
    path.write_text('{"Version": "2012-10-17", "Statement": []}')
    ran = remit("explain", str(path), "s3:GetObject", "a", "b")
    assert (ran.status, ran.err.splitlines()[0]) == (2, "error: 'b' is more than `remit explain` takes here")


def test_a_policy_document_is_explained_with_its_own_lines(tmp_path: Path) -> None:
    path = tmp_path / "policy.json"
    path.write_text(
        '{"Version": "2012-10-17", "Statement": [\n'
        '  {"Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:::a/*"},\n'
        '  {"Effect": "Deny", "NotAction": "s3:*", "Resource": "*"}\n'
        "]}"
    )
    whole = json.loads(remit("explain", "--policy", str(path), "--json").out)
    assert [one["line"] for one in whole["statements"]] == [2, 3]
    allowed = remit("explain", "--policy", str(path), "s3:GetObject", "a/b")
    assert (allowed.status, allowed.out.splitlines()[-1]) == (0, f"    at {path}:2:3")
    denied = remit("explain", "--policy", str(path), "dynamodb:Scan", "orders")
    assert (denied.status, denied.out.splitlines()[2]) == (1, f"    at {path}:3:3")
    missing = json.loads(remit("explain", "--policy", str(path), "s3:PutObject", "a/b", "--json").out)
    assert missing["fix"] == {
        "statement": {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::a/b"}
    }


def test_the_built_template_answers_as_the_app_does(make: Make) -> None:
    """Each function of it, on what it is granted and on something else."""
    app = '@app.function(sqs("orders"), policy=[s3.read("uploads"), dynamodb.put("orders")])\ndef hello(e, c): ...\n'
    project = make(app=app)
    project.remit("build", "--no-package")
    template = str(project.folder / ".remit" / "build" / "template.json")
    for action, resource in (
        ("s3:GetObject", "uploads/a"),
        ("s3:GetObject", "other/a"),
        ("dynamodb:PutItem", "orders"),
        ("logs:PutLogEvents", "*"),
    ):
        ours = json.loads(project.remit("explain", "hello", action, resource, "--json").out)
        read = json.loads(remit("explain", "--template", template, "HelloFunction", action, resource, "--json").out)
        assert (read["asker"], read["verdict"]) == ("HelloRole", ours["verdict"])


def test_a_template_is_read_with_the_policies_that_are_attached_elsewhere(tmp_path: Path) -> None:
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    template = {
        "Resources": {
            "R": {"Type": "AWS::IAM::Role", "Properties": {"ManagedPolicyArns": [{"Ref": "M"}]}},
            "M": {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": document}},
            "P": {"Type": "AWS::IAM::Policy", "Properties": {"Roles": [{"Ref": "R"}], "PolicyDocument": document}},
        }
    }
    path = tmp_path / "t.json"
    path.write_text(json.dumps(template, indent=1))
    (role,) = json.loads(remit("explain", "--template", str(path), "--json").out)
    assert [one["statement"] for one in role["statements"]] == [statement, statement]
    assert role["unread_policies"] == []


def test_a_condition_of_the_template_is_told_as_it_reads_and_another_reason_as_a_because() -> None:
    lines = remit("explain", str(DATA / "template.yaml"), "Worker").out.splitlines()
    reasons = [line.strip().partition("  (")[0] for line in lines if "template.yaml:" in line]
    assert [reason for reason in reasons if reason.startswith(("if ", "unless ", "because "))] == [
        "if Wide",
        "unless Wide",
        "if Wide",
        "because ManagedPolicy Shared",
        "because Policy Attached",
        "because RolePolicy Own if Wide",
    ]


@pytest.mark.parametrize(
    ("option", "content", "told"),
    [
        ("--policy", "{", "1:2"),
        ("--policy", "[]", "policy document must be a dict"),
        ("--policy", '{"Statement": [{"Effect": "Allow"}]}', "p.json:1:16"),
        ("--policy", '{"Statement": 1}', "Statement must be a dict or a list of dicts"),
        ("--template", '{"Statement": []}', "a policy document is read with --policy"),
        ("--template", '{"Resources": {"R": 1}}', "resource `R` must be a mapping with a Type"),
        (
            "--template",
            '{"Resources": {"R": {"Type": "AWS::IAM::Role", "Properties": {"Policies": [{}]}}}}',
            "p.json:1:76",
        ),
        ("--template", '{"Resources": {}}', "the template has no role"),
    ],
)
def test_a_file_that_is_something_else_is_an_error_at_its_place(
    tmp_path: Path, option: str, content: str, told: str
) -> None:
    write(tmp_path, {"p.json": content})
    ran = remit("explain", option, str(tmp_path / "p.json"))
    assert (ran.status, ran.out) == (2, "")
    assert told in ran.err


@pytest.mark.parametrize(
    ("word", "first"),
    [
        ("s3.list_objects_v2", "s3.list_objects_v2 is an operation of the API and no action; it needs s3:ListBucket"),
        ("s3:ListObjectsV2", "s3:ListObjectsV2 is an operation of the API and no action; it needs s3:ListBucket"),
        ("GetItem", "GetItem is an operation of dynamodb and no action; it needs dynamodb:GetItem"),
        ("get_item", "get_item is an operation of dynamodb and no action; it needs dynamodb:GetItem"),
        ("execute-api", "execute-api:* covers 3 actions"),
        ("batch.cancel_jobs", "batch.cancel_jobs is an operation of the API and no action; it needs batch:CancelJob"),
        (
            "neptune-graph:ExecuteQuery",
            (
                "neptune-graph:ExecuteQuery is an operation of the API and no action; it may need "
                "neptune-graph:ReadDataViaQuery, neptune-graph:WriteDataViaQuery, neptune-graph:DeleteDataViaQuery"
            ),
        ),
    ],
)
def test_an_operation_of_an_sdk_is_told_by_its_actions_in_any_spelling(word: str, first: str, tmp_path: Path) -> None:
    """Nothing of it needs a project; a function of that name would come first."""
    ran = remit("explain", "-C", str(tmp_path), word)
    assert (ran.status, ran.out.splitlines()[0], ran.err) == (0, first, "")


@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        (("dynamodb.put_item", "DataTable"), 1, "note: dynamodb.put_item is an operation of the API and no action"),
        (("Scan", "DataTable"), 0, "note: Scan is an operation of dynamodb and no action; it needs dynamodb:Scan"),
        (("dynamodb.getitm", "DataTable"), 2, "hint: did you mean `dynamodb:GetItem`?"),
        (("dynamodb:Batch*", "DataTable"), 2, "error: dynamodb:Batch* covers 2 actions: ask for one of them"),
        (("nosuch:Thing*", "*"), 2, "hint: there is no service `nosuch`"),
        (("s3:Zzz*", "*"), 2, "hint: `remit explain 's3:*'` lists the"),
    ],
)
def test_what_is_asked_of_a_function_may_be_an_operation_and_must_be_one_action(
    words: tuple[str, ...], status: int, told: str
) -> None:
    ran = EXAMPLE.remit("explain", "report", *words)
    assert (ran.status, told in ran.err) == (status, True)


def test_a_resource_that_is_nearly_one_of_the_stacks_is_noted() -> None:
    out = EXAMPLE.remit("explain", "report", "dynamodb:PutItem", "DataTabel").out
    assert "  note: there is no resource DataTabel in the stack: did you mean DataTable?\n" in out


DATA = Path(__file__).parents[1] / "template" / "data"


def test_a_template_is_explained_by_its_path_alone() -> None:
    """YAML, with SAM's own types: a role that is nowhere written."""
    ran = remit("explain", str(DATA / "sam" / "policies.yaml"), "OneDocument")
    assert ran.status == 0
    assert ran.out.startswith("OneDocumentRole, the role of OneDocument\n\n  Allow on *\n")
    assert "\n  the managed policy AWSLambdaBasicExecutionRole, v1\n" in ran.out
    assert "\n  may be taken on by Service lambda.amazonaws.com  (" in ran.out
    assert ran.out.endswith("\n  note: it is there only if IsProd\n")


@pytest.mark.parametrize(
    ("file", "words", "status", "verdict"),
    [
        ("sam/policies.yaml", ("Everything", "kms:Decrypt", "*"), 1, "ImplicitlyDenied"),
        (
            "sam/policies.yaml",
            ("EverythingRole", "s3:GetObject", "uploads/a"),
            0,
            "Allowed",
        ),
        ("template.yaml", ("Worker", "sns:Publish"), 1, "ExplicitlyDenied"),
        ("template.yaml", ("Function", "s3:GetObject", "arn:aws:s3:::any/a"), 0, "Allowed"),
        ("template.yaml", ("Function", "sqs:SendMessage"), 1, "ImplicitlyDenied"),
        ("plan.json", ("aws_lambda_function.worker", "s3:GetObject", "uploads/a"), 0, "Allowed"),
        ("plan.json", ('aws_iam_role.each["a"]', "lambda:InvokeFunction"), 0, "Allowed"),
    ],
)
def test_one_request_of_a_role_is_answered(file: str, words: tuple[str, ...], status: int, verdict: str) -> None:
    """Within the boundary that the template itself makes: `Limit` allows no sqs:SendMessage."""
    ran = remit("explain", str(DATA / file), *words, "--json")
    assert (ran.status, json.loads(ran.out)["verdict"]) == (status, verdict)


def test_the_language_s_version_is_each_document_s_own(tmp_path: Path) -> None:
    """In the older one, which counts where none is written, `${aws:username}` is text."""
    ran = remit("explain", str(DATA / "template.yaml"), "Worker", "iam:GetUser", "arn:aws:iam::1:user/me", "--json")
    assert json.loads(ran.out)["verdict"] == "ImplicitlyDenied"
    statement = '{"Effect": "Allow", "Action": "iam:GetUser", "Resource": "arn:aws:iam::1:user/${aws:username}"}'
    for version, verdict in (("2012-10-17", "Unknown"), ("2008-10-17", "ImplicitlyDenied")):
        write(tmp_path, {"p.json": f'{{"Version": "{version}", "Statement": {statement}}}'})
        ran = remit("explain", str(tmp_path / "p.json"), "iam:GetUser", "arn:aws:iam::1:user/me", "--json")
        assert json.loads(ran.out)["verdict"] == verdict


TRUST = {
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"},
        {"Effect": "Deny", "NotPrincipal": {"AWS": "111122223333"}, "Action": "sts:TagSession"},
    ]
}
BUCKET = {"Statement": {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}}


@pytest.mark.parametrize(
    ("document", "words", "answer"),
    [
        (
            TRUST,
            ("sts:AssumeRole",),
            (
                "Unknown: the caller may or may not sts:AssumeRole on *\n"
                "  it depends on the principal\n"
                "  Allow Service lambda.amazonaws.com sts:AssumeRole\n"
                "    at p.json:1:16\n"
            ),
        ),
        (
            TRUST,
            ("sts:AssumeRoleWithSAML", "arn:aws:iam::111122223333:role/r"),
            (
                "Not allowed: the caller may not sts:AssumeRoleWithSAML on arn:aws:iam::111122223333:role/r\n"
                "  no statement of the policy allows it\n"
                'fix: add {"Effect": "Allow", "Principal": {"Federated": "arn:…"}, '
                '"Action": "sts:AssumeRoleWithSAML"}\n'
            ),
        ),
        (
            BUCKET,
            ("s3:GetObject", "arn:aws:s3:::b/k"),
            (
                "Allowed: the caller may s3:GetObject on arn:aws:s3:::b/k\n"
                "  Allow everyone s3:GetObject on arn:aws:s3:::b/*\n"
                "    at p.json:1:15\n"
            ),
        ),
        (
            BUCKET,
            ("s3:PutObject", "arn:aws:s3:::b/k"),
            (
                "Not allowed: the caller may not s3:PutObject on arn:aws:s3:::b/k\n"
                "  no statement of the policy allows it\n"
                "  note: in the resource's own account the caller's own policies may allow it all the same\n"
                'fix: add {"Effect": "Allow", "Principal": {"AWS": "arn:…"}, "Action": "s3:PutObject",'
                ' "Resource": "arn:aws:s3:::b/k"}\n'
            ),
        ),
    ],
)
def test_a_resources_policy_is_asked_as_one_and_its_fix_names_a_principal(
    document: dict[str, object], words: tuple[str, ...], answer: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, {"p.json": json.dumps(document)})
    assert remit("explain", "p.json", *words).out == answer


def test_the_statements_of_a_resources_policy_say_for_whom_they_are(tmp_path: Path) -> None:
    write(tmp_path, {"p.json": json.dumps(TRUST)})
    told = remit("explain", str(tmp_path / "p.json")).out.splitlines()
    assert [line for line in told if line.startswith("  ") and not line.startswith("   ")] == [
        "  Allow Service lambda.amazonaws.com",
        "  Deny everyone but AWS 111122223333",
    ]


def test_a_policy_in_yaml_is_read(tmp_path: Path) -> None:
    write(tmp_path, {"p.yaml": "Version: 2012-10-17\nStatement:\n  - {Effect: Allow, Action: 's3:*', Resource: '*'}\n"})
    assert remit("explain", str(tmp_path / "p.yaml"), "s3:GetObject", "a/b").status == 0
    assert remit("explain", "--policy", str(tmp_path / "p.yaml"), "s3:GetObject", "a/b").status == 0


def test_a_file_that_is_not_there_is_told() -> None:
    ran = remit("explain", "missing.yaml")
    assert (ran.status, ran.err) == (2, "error: missing.yaml cannot be read: No such file or directory\n")


def test_what_was_not_looked_at_is_told_beside_the_answer(tmp_path: Path) -> None:
    template = "Resources:\n  Link: {Type: AWS::Serverless::Connector}\n  R: {Type: AWS::IAM::Role}\n"
    write(tmp_path, {"t.yaml": template})
    ran = remit("explain", str(tmp_path / "t.yaml"))
    assert (ran.status, ran.out) == (0, "R\n")
    assert ran.err == "note: what Link (AWS::Serverless::Connector) becomes is not known here\n"


def test_the_stack_and_parameters_can_be_told(tmp_path: Path) -> None:
    """A Deny on the stack's own queue, in a stack that is called so or otherwise; a bucket that is a parameter."""
    policies, queue = str(DATA / "sam" / "policies.yaml"), "arn:aws:sqs:eu-west-1:111122223333:shop"
    verdicts = {
        stack: json.loads(
            remit("explain", policies, "Everything", "sqs:SendMessage", queue, "--stack", stack, "--json").out
        )["verdict"]
        for stack in ("shop", "other")
    }
    assert verdicts == {"shop": "ExplicitlyDenied", "other": "Allowed"}
    text = (DATA / "template.yaml").read_text("utf-8").replace("AllowedValues: [prod]", "AllowedValues: [prod, dev]")
    write(tmp_path, {"t.yaml": text})
    asked = ("explain", str(tmp_path / "t.yaml"), "Worker", "s3:GetObject", "arn:aws:s3:::orders/a", "--json")
    dev = ("--parameter", "Stage=dev", "--parameter")
    lines = [
        [one["line"] for one in json.loads(remit(*asked, *dev, bucket).out)["statements"] if one["layer"] == "identity"]
        for bucket in ("Bucket=orders", "Bucket=other")
    ]
    assert lines == [[34], []]


@pytest.mark.parametrize("option", [("--stack", "shop"), ("--parameter", "Stage=dev")])
def test_a_stack_s_name_and_parameters_go_with_a_template(option: tuple[str, str]) -> None:
    ran = EXAMPLE.remit("explain", "report", *option)
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith("error: --stack and --parameter go with a template\n")


@pytest.mark.parametrize(("name", "text"), [("p.json", "null"), ("p.yaml", "# nothing\n")])
def test_a_file_that_holds_nothing_is_no_policy(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    ran = remit("explain", "--policy", str(tmp_path / name))
    assert (ran.status, f"{name}:1:1" in ran.err) == (2, True)


def test_a_type_of_cloudformation_is_told_with_what_is_called_for_it() -> None:
    ran = remit("explain", "AWS::SQS::Queue")
    assert ran.status == 0
    assert "\n  create: sqs:CreateQueue, " in ran.out
    told = json.loads(remit("explain", "AWS::SQS::Queue", "--json").out)
    assert (told["told"], "sqs:DeleteQueue" in told["delete"]) == (True, True)


def test_an_arn_is_told_with_its_type_and_the_actions_on_it() -> None:
    ran = remit("explain", "arn:aws:sqs:eu-west-1:111122223333:orders")
    assert ran.out.startswith("arn:aws:sqs:eu-west-1:111122223333:orders: a resource of Amazon SQS\n  queue\n")
    told = json.loads(remit("explain", "arn:aws:s3:::b/k", "--json").out)
    assert [(one["type"], "s3:GetObject" in one["actions"]) for one in told["types"]] == [("object", True)]


def test_a_managed_policy_of_aws_is_explained_by_name_and_arn() -> None:
    arn = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
    policy = managed_policy("AWSLambdaBasicExecutionRole")
    assert policy is not None
    told = remit("explain", arn).out
    assert f"AWSLambdaBasicExecutionRole {policy.version}" in told
    assert told == remit("explain", "AWSLambdaBasicExecutionRole").out
    assert remit("explain", arn, "logs:PutLogEvents", "*").status == 0
    assert remit("explain", arn, "logs:DeleteLogGroup", "*").status == 1


@pytest.mark.parametrize(
    ("word", "error"),
    [
        ("AWS::SQS::Queu", "AWS::SQS::Queu: CloudFormation has no such type\nhint: did you mean `AWS::SQS::Queue`?"),
        ("arn:aws:nope:::x", "arn:aws:nope:::x: no resource that is known has such an ARN"),
        (
            "arn:aws:iam::aws:policy/ReadOnlyAcces",
            "AWS has no managed policy ReadOnlyAcces\nhint: did you mean `ReadOnlyAccess`?",
        ),
    ],
)
def test_a_type_or_an_arn_that_nobody_knows_is_told(word: str, error: str) -> None:
    ran = remit("explain", word)
    assert (ran.status, ran.err.startswith(f"error: {error}")) == (2, True)


POLICY = """\
{"Version": "2012-10-17", "Statement": [
  {"Effect": "Allow", "Action": "ssm:StartSession", "Resource": "*"},
  {"Effect": "Deny", "Action": "ssm:StartSession", "Resource": "*",
   "Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}}
]}
"""


def test_where_a_deny_is_open_no_allow_is_offered_as_the_fix(tmp_path: Path) -> None:
    path = tmp_path / "policy.json"
    path.write_text(POLICY, "utf-8")
    asked = ("explain", str(path), "ssm:StartSession", "*")
    assert remit(*asked).out.splitlines()[1:] == [
        "  it depends on aws:MultiFactorAuthPresent",
        "  Deny ssm:StartSession on *",
        f"    at {path}:3:3",
        f"fix: where the Deny holds, no Allow helps: narrow or remove it at {path}:3:3",
    ]
    assert json.loads(remit(*asked, "--json").out)["fix"] is None


def test_denials_alone_allow_nothing_and_whose_they_are_is_said(tmp_path: Path) -> None:
    path = tmp_path / "policy.json"
    path.write_text(POLICY.replace('"Allow"', '"Deny"').replace('"*"},', '"arn:aws:ssm:*:*:document/a"},'), "utf-8")
    ran = remit("explain", str(path), "ssm:StartSession", "arn:aws:ec2:eu-west-1:111122223333:instance/i-0a1b2c3d")
    assert ran.out.splitlines()[1] == "  no statement of the policy allows it"


def test_an_action_that_lists_things_tells_what_it_asks_about() -> None:
    lines = remit("explain", "logs:DescribeLogGroups").out.splitlines()
    asked = "arn:${Partition}:logs:${Region}:${Account}:log-group::log-stream:"
    assert lines[1] == f"  resources: none; it asks about {asked}"


READS = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::a/*"}
OF_ENDPOINT = {**READS, "Principal": "*", "Resource": "arn:aws:s3:::b/*"}


@pytest.mark.parametrize(
    ("endpoint", "told"),
    [
        ([{**READS, "Principal": "*"}], []),
        (
            [OF_ENDPOINT],
            ["  no statement of the VPC endpoint's policy allows it", "  near: allowed on b/*, asked for a/x"],
        ),
        (
            [{**READS, "Principal": "*"}, {**READS, "Principal": "*", "Effect": "Deny"}],
            ["  statement 2 of the VPC endpoint's policy"],
        ),
    ],
)
def test_the_policy_of_a_vpc_endpoint_must_allow_it_as_well(
    tmp_path: Path, endpoint: list[dict[str, object]], told: list[str]
) -> None:
    for name, statements in (("policy", [READS]), ("endpoint", endpoint)):
        document = {"Version": "2012-10-17", "Statement": statements}
        (tmp_path / f"{name}.json").write_text(json.dumps(document))
    question = (str(tmp_path / "policy.json"), "s3:GetObject", "arn:aws:s3:::a/x")
    ran = remit("explain", *question, "--endpoint-policy", str(tmp_path / "endpoint.json"))
    assert (int(bool(told)), told, False) == (
        ran.status,
        ran.out.splitlines()[1 : len(told) + 1] if told else [],
        "fix" in ran.out,
    )


def test_an_endpoint_counts_for_the_function_of_an_app_and_goes_with_a_request(make: Make, tmp_path: Path) -> None:
    (tmp_path / "endpoint.json").write_text(json.dumps({"Version": "2012-10-17", "Statement": [OF_ENDPOINT]}))
    project = make(app="@app.function(policy=[s3.read('a')])\ndef hello(event, context): ...\n")
    option = ("--endpoint-policy", str(tmp_path / "endpoint.json"))
    ran = project.remit("explain", "hello", "s3:GetObject", "a/x", *option)
    assert (1, True) == (ran.status, "no statement of the VPC endpoint's policy allows it" in ran.out)
    assert 2 == project.remit("explain", "hello", *option).status
    ran = project.remit("explain", "hello", "s3:GetObject", "a/x", "--endpoint-type", "Gateway")
    assert (2, True) == (ran.status, "--endpoint-type goes with --endpoint-policy" in ran.err)


def test_a_policy_file_is_called_a_policy(tmp_path: Path) -> None:
    (tmp_path / "policy.json").write_text(json.dumps({"Version": "2012-10-17", "Statement": [READS]}))
    ran = remit("explain", str(tmp_path / "policy.json"), "s3:PutObject", "arn:aws:s3:::a/x")
    assert "  no statement of the policy allows it" == ran.out.splitlines()[1]


def test_what_of_a_statement_has_no_effect_is_marked(tmp_path: Path) -> None:
    """An action that takes no such resource, and conditions that no request meets together."""
    statements = [
        {"Effect": "Allow", "Action": ["s3:GetObject", "s3:ListBucket"], "Resource": "arn:aws:s3:::b/*"},
        {
            "Effect": "Allow",
            "Action": "s3:GetObject",
            "Resource": "arn:aws:s3:::b/*",
            "Condition": {"StringEquals": {"aws:SourceVpc": "vpc-1"}, "Null": {"aws:SourceVpc": "true"}},
        },
        {"Effect": "Deny", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::b/*"},
        {"Effect": "Deny", "Action": "s3:CreateBucket", "Resource": "arn:aws:s3:::b/*"},
    ]
    path = tmp_path / "policy.json"
    path.write_text(json.dumps({"Version": "2012-10-17", "Statement": statements}))
    why = "(no request of such an action fits the resources and conditions)"
    lines = EXAMPLE.remit("explain", str(path)).out.splitlines()
    assert [line.strip() for line in lines if "no effect today" in line] == [
        f"no effect today: s3:ListBucket {why}",
        f"no effect today {why}",
        f"no effect today {why}",
    ]
    document = json.loads(EXAMPLE.remit("explain", str(path), "--json").out)
    assert [statement.get("no_effect_today") for statement in document["statements"]] == [
        ["s3:ListBucket"],
        ["s3:GetObject"],
        None,
        ["s3:CreateBucket"],
    ]


@pytest.mark.parametrize(
    ("resource", "condition"),
    [
        ("arn:aws:s3:::b", {}),
        ("arn:aws:sqs:eu-west-1:111122223333:q", {}),
        ("arn:aws:s3:::b/*", {"StringEquals": {"aws:SourceVpc": []}}),
        ("arn:aws:s3:::b/*", {"StringEquals": {"aws:SourceVpc": "vpc-1"}, "Null": {"aws:SourceVpc": "true"}}),
    ],
)
def test_an_action_is_not_allowed_where_its_statement_has_no_effect_today(
    tmp_path: Path, resource: str, condition: dict[str, object]
) -> None:
    statement = {"Effect": "Allow", "Action": "s3:Get*", "Resource": resource, "Condition": condition}
    path = tmp_path / "policy.json"
    path.write_text(json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    ran = remit("explain", str(path), "s3:GetObject")
    assert (1, "Not allowed: the policy may not s3:GetObject on *") == (ran.status, ran.out.splitlines()[0])


def test_a_template_begins_with_a_table_of_what_each_role_may_do(tmp_path: Path) -> None:
    def holder(**more: object) -> dict[str, object]:
        return {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {"Statement": []}, **more}}

    def own(*statements: dict[str, str]) -> list[dict[str, object]]:
        return [{"PolicyName": "own", "PolicyDocument": {"Version": "2012-10-17", "Statement": statements}}]

    reads = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
    sends = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"}
    denied = {"Effect": "Deny", "Action": "iam:*", "Resource": "*"}
    resources = {
        "A": holder(Policies=own(reads, sends, denied)),
        "Longer": holder(Policies=own({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"})),
        "C": holder(ManagedPolicyArns=["arn:aws:iam::aws:policy/AdministratorAccess"]),
        "D": holder(ManagedPolicyArns=["arn:aws:iam::111122223333:policy/own"]),
        "E": holder(),
    }
    path = tmp_path / "template.json"
    path.write_text(json.dumps({"Resources": resources}))
    assert remit("explain", str(path)).out.splitlines()[:7] == [
        "what each may do at most; conditions, Deny statements and boundaries take away from it",
        "  A       Write on sqs (1 action); Read on s3 (1 action)",
        "  Longer  everything but iam:*",
        "  C       every action",
        "  D       what arn:aws:iam::111122223333:policy/own allows, which is not known here",
        "  E       nothing",
        "",
    ]
    assert remit("explain", str(path), "A").out.startswith("A\n")
