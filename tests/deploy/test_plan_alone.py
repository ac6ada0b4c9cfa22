"""`remit deploy --plan`: what a deploy would do next and whether it would stop, and nothing is there after it."""

from __future__ import annotations

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import WaiterError

import projects
from hands import ADMIN
from projects import ORDERS, write
from random_cases import ASKS_ALL, cases_of, in_all_cases
from remit.build import build
from remit.deploy.deployment import DeployJob, NotApproved
from remit.deploy.workflow import deploy
from stacks import everything, template
from terminals import QuickTerminal

if TYPE_CHECKING:
    from collections.abc import Callable

    from remit.deploy.session import Account

    Remit = Callable[..., tuple[int, str, str]]

EXAMPLES = Path(__file__).parents[2] / "examples"
QUEUE = 'from remit import Shared, resource\nclass Data(Shared):\n    jobs = resource("AWS::SQS::Queue", {})\n'
DATA = """
from remit import Shared, resource


class Data(Shared):
    files = resource("AWS::S3::Bucket")
    orders = resource(
        "AWS::DynamoDB::Table",
        billing_mode="PAY_PER_REQUEST",
        attribute_definitions=[{"AttributeName": "id", "AttributeType": "S"}],
        key_schema=[{"AttributeName": "id", "KeyType": "HASH"}],
    )
"""
STORED = """
from remit import App, aws, parameter, secret

app = App()


@app.function(
    environment={"KEY": secret("prod/key"), "URL": parameter("/prod/url")},
    managed_policy=[f"arn:{aws.partition}:iam::{aws.account}:policy/shared"],
)
def report(event, context): ...
"""


def share(project: Path, source: str) -> None:
    write(project, {"shared/resources/data.py": source})


def by_hand(elsewhere: Account) -> None:
    iam = elsewhere.client("iam")
    names = [role["RoleName"] for role in iam.list_roles()["Roles"]]
    (name,) = [name for name in names if name.startswith("orders-dev-")]
    iam.put_role_policy(RoleName=name, PolicyName="debug", PolicyDocument=json.dumps(ADMIN))


def accept(remit: Remit) -> None:
    remit("diff", "--accept", "for a test")


class Same:
    """A plan and the deploy after it, at the same place: they say the same, and the plan leaves all as it was."""

    def __init__(self, remit: Remit, project: Path, elsewhere: Account) -> None:
        self.remit, self.project, self.elsewhere = remit, project, elsewhere

    def check(self, *options: str) -> tuple[int, list[str]]:
        kept = self.project / ".remit" / "deployed"

        def before() -> dict[str, Any]:
            files = {path: path.read_bytes() for path in kept.rglob("*") if path.is_file()}
            return everything(self.elsewhere) | {"records": files}

        was = before()
        code, out, _ = self.remit("deploy", "--plan", "--json", *options)
        assert before() == was
        planned = json.loads(out)
        deployed_code, deployed_out, _ = self.remit("deploy", "--json", *options)
        deployed = json.loads(deployed_out)
        assert code == deployed_code
        if code > 1:
            assert planned == deployed
            return code, [mistake["message"] for mistake in planned]
        assert (code == 1) == bool(planned["reasons"]) == bool(deployed["reasons"])
        assert planned["reasons"][: len(deployed["reasons"])] == deployed["reasons"]
        if deployed["plan"] is not None:  # a deploy stops at changes by hand before it plans
            assert planned["plan"] == deployed["plan"]
        return code, planned["reasons"]


@pytest.fixture
def same(remit: Remit, project: Path, elsewhere: Account) -> Same:
    return Same(remit, project, elsewhere)


def test_a_plan_says_what_the_next_deploy_does_through_the_life_of_an_app(
    same: Same, project: Path, elsewhere: Account
) -> None:
    app = project / "app.py"
    assert same.check() == (1, ["it adds access (2 gains)"])
    if ASKS_ALL:
        assert same.check("--stage", "other") == (1, ["it adds access (2 gains)"])
        assert same.check("--require-approval", "never", "--stage", "third") == (0, [])
    assert same.check("--first") == (0, [])
    assert same.check() == (0, [])
    assert same.check("--first")[0] == 2
    if ASKS_ALL:
        app.write_text(ORDERS.format(verb="query").replace('"ok"', '"changed"'))
        assert same.check() == (0, [])
    app.write_text(ORDERS.format(verb="put"))
    assert same.check() == (1, ["it adds access (1 gain)"])
    assert same.check("--yes-delete", "DataJobs")[0] == 2
    accept(same.remit)
    if ASKS_ALL:
        assert same.check() == (0, [])
    share(project, QUEUE)
    assert same.check() == (0, [])
    share(project, QUEUE.replace("jobs =", "work ="))
    assert same.check() == (1, ["data goes (queue DataJobs)"])
    by_hand(elsewhere)
    assert same.check() == (1, ["the stack was changed by hand", "data goes (queue DataJobs)"])
    assert same.check("--accept-drift", "--yes-delete", "DataJobs") == (0, [])
    if not ASKS_ALL:
        return
    assert same.check() == (1, ["the stack was changed by hand"])
    app.write_text(ORDERS.format(verb="put").replace('dynamodb.put("orders")', ""))
    assert same.check("--accept-drift", "--require-approval", "any") == (1, ["access changes (0 gained, 1 lost)"])
    assert same.check("--accept-drift") == (0, [])


def test_what_stops_a_deploy_before_its_plan_stops_a_plan(same: Same, project: Path, elsewhere: Account) -> None:
    cloudformation = elsewhere.client("cloudformation")
    cloudformation.create_stack(StackName="orders-dev", TemplateBody=template(), Capabilities=["CAPABILITY_IAM"])
    assert same.check()[0] == 2
    assert same.check("--take-over")[0] == 1
    cloudformation.delete_stack(StackName="orders-dev")
    child = {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "http://127.0.0.1/no/no"}}
    cloudformation.create_stack(
        StackName="orders-dev",
        TemplateBody=template(resources={"Child": child}),
        Capabilities=["CAPABILITY_IAM"],
        Tags=[{"Key": "remit:namespace", "Value": "orders-dev"}],
    )
    waited = {"StackName": "orders-dev", "WaiterConfig": {"Delay": 1}}
    with pytest.raises(WaiterError):
        cloudformation.get_waiter("stack_create_complete").wait(**waited)
    was = everything(elsewhere)
    assert (same.remit("deploy", "--plan")[0], same.remit("deploy")[0], everything(elsewhere)) == (2, 2, was)
    cloudformation.delete_stack(StackName="orders-dev")
    cloudformation.get_waiter("stack_delete_complete").wait(**waited)
    (project / "app.py").write_text(STORED)
    assert same.check()[0] == 2


def test_a_plan_makes_no_secret_and_no_policy_that_a_local_deploy_would_make(same: Same, project: Path) -> None:
    text = json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}})
    values = {".env.local": "prod/key=abc\n/prod/url=b\n"}
    write(project, {"app.py": STORED, "config/policies/shared.json": text, **values})
    code, reasons = same.check()
    (project / ".env.local").unlink()
    shutil.rmtree(project / "config")
    assert (code, reasons[0][:15]) == (1, "it adds access ")
    assert everything(same.elsewhere)["secrets"] == ["prod/key"]  # of the deploy, which made it before it stopped


@in_all_cases
@pytest.mark.parametrize("example", cases_of(("shop", "orders", "parcels"), 1))
def test_of_each_example_a_plan_says_what_a_deploy_says(account: Account, example: str, tmp_path: Path) -> None:
    folder = tmp_path / example
    folder.symlink_to(EXAMPLES / example)
    built = build(folder, package=False)
    before = everything(account)
    planned = deploy(DeployJob(built, account, only_plans=True))
    assert everything(account) == before
    with pytest.raises(NotApproved) as stopped:
        deploy(DeployJob(built, account))
    refused = stopped.value.deployment
    assert [type(one) for one in planned.unanswered] == [type(one) for one in refused.unanswered]
    assert (planned.access, planned.plan and planned.plan.changes) == (
        refused.access, refused.plan and refused.plan.changes,
    )  # fmt: skip
    assert deploy(DeployJob(built, account, only_plans=True, first=True)).unanswered == ()


def test_a_plan_answers_on_standard_output_and_asks_nobody(project: Path, remit: Remit) -> None:
    person = QuickTerminal(project, "deploy", "--local", "--plan")
    code, shown = person.end()
    assert (code, "[y/N]" in shown) == (1, False)
    code, out, err = remit("deploy", "--plan")
    assert code == 1
    assert out.splitlines()[0] == "orders-dev is new; this deploy would change"
    assert out.splitlines()[-3:] == [
        "a deploy stops here unless somebody agrees",
        "  ! it adds access (2 gains)",
        "    `--first` deploys a stage for the first time; `--yes`, or a yes at a terminal, deploys it anyway",
    ]
    assert "would change" not in err
    assert remit("deploy", "--plan", "--first")[1].splitlines()[-1] == "a deploy goes ahead by itself"
    remit("deploy", "--first")
    assert remit("deploy", "--plan")[:2] == (
        0,
        "orders-dev in the AWS on this machine, eu-central-1: no changes\na deploy goes ahead by itself\n",
    )


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--plan", "--yes"), "--plan changes nothing: leave out --yes, or --plan"),
        (("--plan", "--resume"), "--plan changes nothing: leave out --resume, or --plan"),
        (("--plan", "--revert-drift", "--skip", "A"), "leave out --revert-drift and --skip, or --plan"),
        (("--markdown",), "--markdown and --write go with --plan"),
        (("--json", "--write", "plan.json"), "--markdown and --write go with --plan"),
        (("--plan", "--write", "plan.json"), "--write is for the answer of --json or --markdown: add one"),
        (("--plan", "--markdown", "--write", "."), "--write .: name a file in a folder that is there"),
        (
            ("--plan", "--markdown", "--write", "no/plan.md"),
            "--write no/plan.md: name a file in a folder that is there",
        ),
        (("--plan", "--markdown", "--json"), "choose one of --json and --markdown"),
    ],
)
def test_what_does_not_go_with_a_plan_is_refused_before_anything_else(
    remit: Remit, options: tuple[str, ...], said: str
) -> None:
    code, out, err = remit("deploy", *options)
    assert (code, said in out + err) == (2, True)


def test_an_answer_is_written_whole_and_the_lines_are_for_people(
    remit: Remit, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORDERS_TOKEN", "n0t-f0r-any-file-2f9c")
    (project / "app.py").write_text(ORDERS.format(verb="query").replace('"orders"', '"n0t-f0r-any-file-2f9c"'))
    file = tmp_path / "plan"
    for form, start in (("--json", "{\n"), ("--markdown", "<!-- remit plan orders-dev in the AWS on this machine, ")):
        file.write_text("of yesterday")
        code, out, _ = remit("deploy", "--plan", form, "--write", str(file))
        assert (code, out.splitlines()[0]) == (1, "orders-dev is new; this deploy would change")
        assert file.read_text().startswith(start)
        assert "n0t-f0r" not in file.read_text()
        assert remit("deploy", "--plan", form)[1] == file.read_text()
    assert [path.name for path in tmp_path.iterdir()] == ["plan"]


@in_all_cases
def test_data_that_goes_is_counted_where_the_caller_may_ask(
    remit: Remit, project: Path, elsewhere: Account, tmp_path: Path
) -> None:
    share(project, DATA)
    remit("deploy", "--first")
    names = {"DataOrders": "", "DataFiles": ""}
    for resource in elsewhere.client("cloudformation").describe_stack_resources(StackName="orders-dev")[
        "StackResources"
    ]:
        names[resource["LogicalResourceId"]] = resource["PhysicalResourceId"]
    for key in "ab":
        elsewhere.client("dynamodb").put_item(TableName=names["DataOrders"], Item={"id": {"S": key}})
    elsewhere.client("s3").put_object(Bucket=names["DataFiles"], Key="a", Body=b"a")
    share(project, "")
    code, out, _ = remit("deploy", "--plan")
    assert (code, "DataOrders  (it holds data: 2 items, " in out, "DataFiles  (it holds data: 1 object)" in out) == (
        1, True, True,
    )  # fmt: skip
    policy = tmp_path / "plans.json"
    policy.write_text(projects.remit("policy", "deployer", "--for", "plan", "-C", str(project)).out)
    code, out, _ = remit("deploy", "--plan", "--as", str(policy))
    assert (code, "DataOrders  (it holds data)" in out, "DataFiles  (it holds data)" in out) == (1, True, True)
    elsewhere.client("s3").delete_object(Bucket=names["DataFiles"], Key="a")


@in_all_cases
def test_plans_of_a_new_stage_at_once_say_the_same_and_leave_nothing(
    join: Callable[..., Account], account: Account
) -> None:
    built = build(EXAMPLES / "orders", package=False)
    before = everything(account)

    def planned(_: int) -> tuple[Any, ...]:
        deployment = deploy(DeployJob(built, join(account.account), only_plans=True))
        return deployment.plan and deployment.plan.changes, [type(one) for one in deployment.unanswered]

    alone = planned(0)
    with ThreadPoolExecutor(4) as pool:
        assert [*pool.map(planned, range(12))] == [alone] * 12
    assert everything(account) == before
