"""The line that would grant something: as short as it goes, and true when it is written."""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from effort import at_most
from projects import write
from random_cases import cases
from remit.answers.remedy import Remedy, remedy
from remit.roles.assign import assign
from remit.roles.role_policies import ask, ready_roles

if TYPE_CHECKING:
    from conftest import Make
    from projects import Project

PLACE = "eu-west-1:111122223333"
LONG = cases(25000, deep=500_000)
"""Characters of an ARN: what takes time by the square of them does not end in time with the larger number."""
SHARED = """
from remit import Shared, resource

class Data(Shared):
    table = resource("AWS::DynamoDB::Table", key_schema=[], attribute_definitions=[])
    files = resource("AWS::S3::Bucket")
    topic = resource("AWS::SNS::Topic")
    machine = resource("AWS::StepFunctions::StateMachine")
"""


def fix(project: Project, action: str, resource: str, account: str = "111122223333") -> Remedy:
    app = project.load()
    return remedy(app, app.functions[0], action, resource, project.folder, account=account)


@pytest.mark.parametrize(
    ("action", "resource", "item"),
    [
        ("dynamodb:PutItem", f"arn:aws:dynamodb:{PLACE}:table/orders", 'dynamodb.put("orders")'),
        ("dynamodb:GetItem", f"arn:aws:dynamodb:{PLACE}:table/orders", 'dynamodb.get("orders")'),
        (
            "dynamodb:Query",
            f"arn:aws:dynamodb:{PLACE}:table/orders/index/by-date",
            'dynamodb.query("orders", index="by-date")',
        ),
        ("s3:GetObject", "arn:aws:s3:::uploads/incoming/a.csv", 's3.read("uploads", "incoming/a.csv")'),
        ("s3:GetObject", "arn:aws:s3:::uploads//a", 'allow("s3:GetObject", on=f"arn:{aws.partition}:s3:::uploads//a")'),
        ("s3:ListBucket", "arn:aws:s3:::uploads", 's3.list("uploads")'),
        ("sns:Publish", f"arn:aws:sns:{PLACE}:news", 'sns.publish("news")'),
        ("sqs:SendMessage", f"arn:aws:sqs:{PLACE}:jobs", 'queue.send("jobs")'),
        (
            "logs:CreateLogGroup",
            f"arn:aws:logs:{PLACE}:log-group:x:log-stream:",
            'allow("logs:CreateLogGroup", on=f"arn:{aws.partition}:logs:{aws.region}:{aws.account}:log-group:x:*")',
        ),
        ("xray:PutTraceSegments", "*", '"xray:PutTraceSegments"'),
        (
            "kinesis:DeleteStream",
            f"arn:aws:kinesis:{PLACE}:stream/clicks",
            'allow("kinesis:DeleteStream", on=f"arn:{aws.partition}:kinesis:{aws.region}:{aws.account}:stream/clicks")',
        ),
        ("kinesis:PutRecord", f"arn:aws:kinesis:{PLACE}:stream/clicks", 'kinesis_grants.put("clicks")'),
        ("ssm:GetParameter", f"arn:aws:ssm:{PLACE}:parameter/shop/url", 'ssm.read("shop/url")'),
        ("states:StartExecution", f"arn:aws:states:{PLACE}:stateMachine:orders", 'states.start("orders")'),
        ("lambda:InvokeFunction", f"arn:aws:lambda:{PLACE}:function:shop-report", 'lambda_.invoke("shop-report")'),
        (
            "dynamodb:PutItem",
            "arn:aws:dynamodb:eu-west-1:999988887777:table/orders",
            'dynamodb.put("arn:aws:dynamodb:eu-west-1:999988887777:table/orders")',
        ),
        ("dynamodb:PutItem", "${DataTable.Arn}", "dynamodb.put(Data.table)"),
        ("dynamodb:PutItem", f"arn:aws:dynamodb:{PLACE}:table/orders-dev-DataTable-1ABC", "dynamodb.put(Data.table)"),
        ("s3:PutObject", "arn:aws:s3:::orders-dev-datafiles-1abc/in/a.csv", 's3.put(Data.files, "in/a.csv")'),
        ("sns:Publish", f"arn:aws:sns:{PLACE}:orders-dev-DataTopic-1ABC", "sns.publish(Data.topic)"),
        ("dynamodb:UpdateTimeToLive", "${DataTable.Arn}", 'allow("dynamodb:UpdateTimeToLive", on=Data.table)'),
        ("s3:PutObjectAcl", "${DataFiles.Arn}/a", 'allow("s3:PutObjectAcl", on=f"{Data.files.arn}/a")'),
        ("s3:PutObjectAcl", "${DataFiles.Arn}/a{b}", 'allow("s3:PutObjectAcl", on=f"{Data.files.arn}/a{{b}}")'),
        (
            "s3:GetObject",
            'arn:aws:s3:::uploads//{"a"}',
            'allow("s3:GetObject", on=f"arn:{aws.partition}:s3:::uploads//{{\\"a\\"}}")',
        ),
    ],
)
def test_the_fix_is_the_shortest_grant_that_fits_and_it_works(
    make: Make, action: str, resource: str, item: str
) -> None:
    """What it says is written into the project, which then allows exactly what was asked for."""
    files = {"shared/resources/data.py": SHARED}
    project = make(app="@app.function(timeout=3)\ndef hello(event, context): ...\n", **files)
    found = fix(project, action, resource)
    assert found.item == item
    source = (project.folder / "app.py").read_text()
    imports = "\n".join(found.imports)
    write(project.folder, {"app.py": f"{imports}\n{source.replace('timeout=3', found.code)}"})
    app = project.load()
    decision = ask(
        ready_roles(app, assign(app))["hello"], action, resource, principal="arn:aws:iam::111122223333:role/x"
    )
    assert [layer.verdict for layer in decision.layers if layer.layer == "identity"] == ["Allowed"]


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("dynamodb:PutItem", f"arn:aws:dynamodb:{PLACE}:table/orders"),
        ("sns:Publish", f"arn:aws:sns:{PLACE}:news"),
        ("kinesis:DeleteStream", f"arn:aws:kinesis:{PLACE}:stream/clicks"),
    ],
)
def test_where_nobody_says_whose_account_it_is_it_is_the_apps_own(make: Make, action: str, resource: str) -> None:
    project = make(app="@app.function()\ndef hello(event, context): ...\n")
    assert fix(project, action, resource, account="").item == fix(project, action, resource).item


@pytest.mark.parametrize(
    ("action", "resource", "item"),
    [
        ("sts:AssumeRole", "arn:aws:iam::444455556666:role/x", "arn:aws:iam::444455556666:role/x"),
        ("kms:CreateGrant", f"arn:aws:kms:{PLACE}:key/1a", f"arn:aws:kms:{PLACE}:key/1a"),
    ],
)
def test_a_role_to_assume_and_a_key_are_one_accounts_though_nobody_says_whose(
    make: Make, action: str, resource: str, item: str
) -> None:
    """Where the app is deployed there is none of that number: the function's own account would be a guess."""
    assert fix(make(), action, resource, account="").item == f'allow("{action}", on="{item}")'


@pytest.mark.parametrize(
    ("resource", "on"),
    [("arn:aws:s3:::/x", 'f"arn:{aws.partition}:s3:::/x"'), ("arn:aws:s3:::", '"arn:aws:s3:::"')],
)
def test_a_resource_without_a_name_gets_a_line_all_the_same(make: Make, resource: str, on: str) -> None:
    assert fix(make(), "s3:GetObject", resource).item == f'allow("s3:GetObject", on={on})'


def test_what_the_decorator_grants_already_stays(make: Make) -> None:
    app = '@app.function(schedule("rate(1 day)"), policy=["logs", s3.read("a")])\ndef hello(event, context): ...\n'
    found = fix(make(app=app), "s3:PutObject", "arn:aws:s3:::b/c")
    assert (str(found.origin), found.code) == ("app.py:9:47", 'policy=["logs", s3.read("a"), s3.put("b", "c")]')


def test_what_is_no_resource_is_left_to_be_filled_in_and_its_import_is_named(make: Make) -> None:
    app = "@app.function(timeout=3)\ndef hello(event, context): ...\n"
    found = fix(make(app=app), "s3:GetObject", "uploads")
    assert (found.item, found.imports) == (
        'allow("s3:GetObject", on="arn:…")',
        ("from remit.grants import allow",),
    )


def test_a_list_under_a_name_is_unpacked(make: Make) -> None:
    app = 'MINE = ["logs"]\n@app.function(policy=MINE)\ndef hello(event, context): ...\n'
    assert fix(make(app=app), "sns:Publish", "*").code == 'policy=[*MINE, "sns:Publish"]'


def test_a_decorator_without_parentheses_gets_them(make: Make) -> None:
    found = fix(make(), "s3:GetObject", "arn:aws:s3:::a/b")
    assert (str(found.origin), found.code) == ("app.py:9:2", '@app.function(policy=[s3.read("a", "b")])')


def test_a_job_is_granted_at_its_decorator(make: Make) -> None:
    app = "@app.job\ndef mail(to): ...\n"
    found = fix(make(app=app, config="config.job.enable = True"), "s3:GetObject", "arn:aws:s3:::a/b")
    assert (str(found.origin), found.code) == ("app.py:9:2", '@app.job(policy=[s3.read("a", "b")])')


def test_a_function_without_a_decorator_is_granted_in_the_configuration(make: Make) -> None:
    project = make()
    app = project.load()
    function = replace(app.functions[0], origin=None)
    found = remedy(app, function, "s3:GetObject", "arn:aws:s3:::a/b", project.folder, account="111122223333")
    assert found == Remedy(
        's3.read("a", "b")',
        'config.lambda_.iam.policy += [s3.read("a", "b")]',
        None,
        ("from remit.grants import s3",),
        typed=True,
    )


def test_a_name_that_means_something_else_in_the_file_is_not_used(make: Make) -> None:
    """`sqs` is the trigger there: the grants of that name come under another."""
    project = make(**{"app.py": "from remit import App\nfrom remit.triggers import sqs\napp = App()\n"
                                '@app.function(sqs("in"))\ndef hello(event, context): ...\n'})  # fmt: skip
    found = fix(project, "sqs:SendMessage", f"arn:aws:sqs:{PLACE}:out")
    assert (found.item, found.imports) == (
        'sqs_grants.send("out")',
        ("from remit.grants import sqs as sqs_grants",),
    )


SHAPES = {
    "bare": "@app.function\ndef hello(event, context): ...\n",
    "empty": "@app.function()\ndef hello(event, context): ...\n",
    "with another setting": "@app.function(timeout=3)\ndef hello(event, context): ...\n",
    "with a trailing comma": "@app.function(http(), timeout=3,)\ndef hello(event, context): ...\n",
    "a list": '@app.function(policy=["logs"])\ndef hello(event, context): ...\n',
    "one item": '@app.function(policy="logs")\ndef hello(event, context): ...\n',
    "a tuple": '@app.function(policy=("logs",))\ndef hello(event, context): ...\n',
    "over lines": (
        '@app.function(\n    timeout=3,\n    policy=[\n        "logs",  # why\n        s3.read("a"),\n    ],\n)\n'
        "def hello(event, context): ...\n"
    ),
    "a name": 'MINE = ["logs"]\n\n@app.function(policy=MINE)\ndef hello(event, context): ...\n',
    "a group's": "g = app.group('g')\n\n@g.function(timeout=3)\ndef hello(event, context): ...\n",
    "a call": 'def hello(event, context): ...\n\napp.function(http(), name="hello", handler="app.hello", timeout=3)\n',
    "with other names": (
        "from remit.grants import allow as permit\nfrom remit.grants import s3 as bucket\n\n"
        "@app.function(timeout=3)\ndef hello(event, context): ...\n"
    ),
}


def written(source: str, found: Remedy) -> str:
    """The source as somebody has it who does what the fix says."""
    given = next(
        (one for one in ast.walk(ast.parse(source)) if isinstance(one, ast.keyword) and one.arg == "policy"), None
    )
    if given is not None:
        old = f"policy={ast.get_source_segment(source, given.value)}"
    else:
        old = next(text for text in ("@app.function\n", "app.function()", "timeout=3") if text in source)
    whole = found.code.startswith("@")
    new = f"{found.code}\n" if whole else found.code if given is not None else f"timeout=3, {found.code}"
    new = f"app.function({found.code})" if old == "app.function()" else new
    assert source.count(old) == 1
    return "\n".join(found.imports) + "\n" + source.replace(old, new)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("s3:PutObject", "arn:aws:s3:::b/in/a.csv"),
        ("kms:Decrypt", f"arn:aws:kms:{PLACE}:key/1234"),
        ("sqs:SendMessage", "arn:aws:sqs:us-east-1:999988887777:theirs"),
        ("ec2:DescribeRegions", "*"),
    ],
)
def test_the_fix_is_written_into_any_declaration_and_works(make: Make, shape: str, action: str, resource: str) -> None:
    project = make(app=SHAPES[shape])
    source = (project.folder / "app.py").read_text()
    write(project.folder, {"app.py": written(source, fix(project, action, resource))})
    app = project.load()
    decision = ask(
        ready_roles(app, assign(app))["hello"], action, resource, principal="arn:aws:iam::111122223333:role/x"
    )
    assert [layer.verdict for layer in decision.layers if layer.layer == "identity"] == ["Allowed"]


def test_grants_that_are_imported_as_a_whole_are_written_so(make: Make) -> None:
    project = make()
    (project.folder / "app.py").write_text(
        "from remit import App, grants\napp = App()\n@app.function\ndef hello(e, c): ...\n", "utf-8"
    )
    found = fix(project, "dynamodb:PutItem", f"arn:aws:dynamodb:{PLACE}:table/orders")
    assert ('grants.dynamodb.put("orders")', ()) == (found.item, found.imports)


def test_the_bucket_that_runs_a_function_is_known_by_the_name_that_the_stacks_id_makes(make: Make) -> None:
    app = "from shared.resources.data import Data\n@app.function(on.s3(Data.files))\ndef hello(event, context): ...\n"
    project = make(app=app, **{"shared/resources/data.py": SHARED})
    found = fix(project, "s3:GetObject", "arn:aws:s3:::orders-dev-datafiles-766b3e20bf98/in/a.csv")
    assert 's3.read(Data.files, "in/a.csv")' == found.item


@pytest.mark.parametrize("part", ["a/", "${", "a", ":", "*a", "?"])
def test_a_long_arn_takes_time_in_proportion_to_its_length(make: Make, part: str) -> None:
    app = "@app.function\ndef hello(event, context): ...\n"
    project = make(app=app, **{"shared/resources/data.py": SHARED})
    resource = f"arn:aws:s3:::{part * (LONG // len(part))}"
    with at_most(LONG / 16_000):
        ran = project.remit("explain", "hello", "s3:GetObject", resource)
    assert (1, True) == (ran.status, "may not s3:GetObject on arn:aws:s3:::" in ran.out)
