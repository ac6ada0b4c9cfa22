"""Back to a release: an ordinary deploy of what was deployed before, refused where it would take data away."""

from __future__ import annotations

import json
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest

from killed import killed_at
from projects import ORDERS
from random_cases import cases, cases_of, in_all_cases
from released import KEEPS, NAME, back, deploy_version, go_back, kept, project_in, put, running, swap, zips
from remit.build import build
from remit.deploy.bootstrap import bootstrap
from remit.deploy.bucket import artefact_bucket
from remit.deploy.deployment import DeployJob, NotApproved
from remit.deploy.releases import Release, keep, release_keys, release_to_go_back_to, running_release
from remit.deploy.session import Account, connect
from remit.deploy.stack import settled
from remit.deploy.workflow import deploy
from remit.errors import RemitError
from remit.report.operators import WordedOperator

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Spoil

    Remit = Callable[..., tuple[int, str, str]]

TABLE = """
from remit import Shared, resource


class Data(Shared):
    orders = resource(
        "AWS::DynamoDB::Table",
        billing_mode="PAY_PER_REQUEST",
        attribute_definitions=[{"AttributeName": "id", "AttributeType": "S"}],
        key_schema=[{"AttributeName": "id", "KeyType": "HASH"}],
    )
"""


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """A project without an AWS of its own."""
    return project_in(tmp_path)


def state(account: Account) -> dict[str, Any]:
    """What a deploy makes: the template, its parameters, the roles and the code of functions."""
    iam = account.client("iam")
    (stack,) = account.client("cloudformation").describe_stacks(StackName=NAME)["Stacks"]
    return {
        "template": running(account),
        "parameters": stack.get("Parameters", []),
        "roles": [
            (
                role["AssumeRolePolicyDocument"],
                iam.get_role_policy(RoleName=role["RoleName"], PolicyName=name)["PolicyDocument"],
            )
            for role in iam.list_roles()["Roles"]
            for name in iam.list_role_policies(RoleName=role["RoleName"])["PolicyNames"]
        ],
        "code": {
            function["FunctionName"]: function["CodeSha256"]
            for function in account.client("lambda").list_functions()["Functions"]
        },
    }


def test_a_release_that_is_deployed_again_is_what_the_deploy_of_its_version_makes(
    app: Path, join: Callable[..., Account]
) -> None:
    by_rollback, by_deploy, newest = join(), join(), cases(2, deep=4)
    for account in (by_rollback, by_deploy):
        for version in range(1, newest + 1):
            deploy_version(app, account, version)
    for again, number in enumerate((1, 2, 3)[: newest - 1], newest + 1):
        go_back(by_rollback, app, number)
        deploy_version(app, by_deploy, number)
        texts = [json.dumps(state(account)).replace(account.account, "ACCOUNT") for account in (by_rollback, by_deploy)]
        assert texts[0] == texts[1]
        release = kept(by_rollback)[-1]
        assert (running(by_rollback), number, again) == (release.template, release.went_back_to, release.number)


@in_all_cases
def test_a_rollback_of_a_rollback_is_where_one_was(app: Path, account: Account) -> None:
    deploy_version(app, account, 1)
    deploy_version(app, account, 2)
    before = state(account)
    go_back(account, app, None)
    assert before != state(account)
    go_back(account, app, None)
    assert before == state(account)
    assert [None, None, 1, 2] == [item.went_back_to for item in kept(account)]
    assert back(account, app, 2).outcome is None


def test_the_project_is_not_loaded_and_the_next_deploy_brings_its_tree_again(app: Path, account: Account) -> None:
    deploy_version(app, account, 1)
    deploy_version(app, account, 2)
    newest = state(account)
    (app / "app.py").write_text("this is no Python\n")
    go_back(account, app, 1)
    put(app, 2)
    assert deploy(DeployJob(build(app), account, yes=True)).ok
    assert newest == state(account)


def test_what_gains_access_stops_where_nobody_agrees(app: Path, account: Account) -> None:
    for verb in ("query", "put"):
        (app / "app.py").write_text(ORDERS.format(verb=verb))
        assert deploy(DeployJob(build(app), account, yes=True)).ok
    before = state(account)
    with pytest.raises(NotApproved, match="nothing was deployed: it adds access") as refusal:
        back(account, app, 1, yes=False, operator=WordedOperator())
    assert "`--yes`, or a yes at a terminal, deploys it anyway" == refusal.value.hint
    planned = back(account, app, 1, yes=False, only_plans=True)
    assert ["PlanQuestion"] == [type(question).__name__ for question in planned.unanswered]
    assert before == state(account)


def test_where_data_would_go_it_is_refused_and_the_data_is_named(app: Path, account: Account) -> None:
    deploy_version(app, account, 1)
    (app / "shared" / "resources").mkdir(parents=True)
    (app / "shared" / "resources" / "data.py").write_text(TABLE)
    deploy_version(app, account, 2)
    tables = account.client("dynamodb").list_tables()["TableNames"]
    with pytest.raises(NotApproved, match=r"data that is there now: DataOrders \(AWS::DynamoDB::Table\)"):
        back(account, app)
    assert tables == account.client("dynamodb").list_tables()["TableNames"]
    summaries = account.client("cloudformation").list_change_sets(StackName=NAME)["Summaries"]
    assert [] == [item for item in summaries if item["ExecutionStatus"] == "AVAILABLE"]


def test_values_that_may_be_secret_are_looked_up_anew_and_others_are_as_they_were(app: Path, account: Account) -> None:
    ssm = account.client("ssm")
    (app / "app.py").write_text(
        "from remit import App, existing\n\napp = App()\n\n\n@app.function(environment={\n"
        '    "URL": existing.parameter("/shop/url"), "PASS": existing.parameter("/shop/db-password"),\n})\n'
        "def report(event, context):\n    return 1\n"
    )
    for value in ("one", "two"):
        for name in ("/shop/url", "/shop/db-password"):
            ssm.put_parameter(Name=name, Type="String", Value=value, Overwrite=True)
        assert deploy(DeployJob(build(app), account, yes=True)).ok
    ssm.put_parameter(Name="/shop/db-password", Type="String", Value="three", Overwrite=True)
    go_back(account, app, 1)
    (function,) = account.client("lambda").list_functions()["Functions"]
    variables = function["Environment"]["Variables"]
    assert ("one", "three") == (variables["URL"], variables["PASS"])


def refused(account: Account, number: int | None) -> str:
    with pytest.raises(RemitError) as refusal:
        release_to_go_back_to(account, artefact_bucket(account), NAME, number)
    return f"{refusal.value.message}; {refusal.value.hint}"


def test_of_releases_that_are_the_same_the_newest_is_the_one_that_runs(account: Account) -> None:
    """As after a rollback, which has a release of its own."""
    first, second = ({"Resources": {name: {"Type": "AWS::SNS::Topic"}}} for name in ("First", "Second"))
    tags = [{"Key": "remit:namespace", "Value": NAME}]
    account.client("cloudformation").create_stack(StackName=NAME, TemplateBody=json.dumps(first), Tags=tags)
    bootstrap(account)
    bucket = artefact_bucket(account)
    for number, template in enumerate((first, second, first), 1):
        keep(account, bucket, Release(NAME, number, template))
    keep(account, bucket, Release(NAME, 3, first))  # a lost answer; S3 keeps both versions of the object
    releases = kept(account)
    assert [1, 2, 3] == [release.number for release in releases]
    assert releases[2] == running_release(account, NAME, releases)
    assert releases[1] == release_to_go_back_to(account, bucket, NAME, None)


def test_what_is_no_release_is_refused_with_what_there_is(app: Path, account: Account) -> None:
    assert "orders-dev is not deployed; `remit deploy --local` deploys it" == refused(account, 1)
    (app / "config").mkdir()
    (app / "config" / "deploy.py").write_text(KEEPS.format(2))
    deploy_version(app, account, 1)
    kept = "kept are 1: see `remit releases`"
    assert f"there is no release before the one that runs of orders-dev; {kept}" == refused(account, None)
    deploy_version(app, account, 2)
    deploy_version(app, account, 3)
    kept = "kept are 2, 3: see `remit releases`"
    assert f"there is no release 9 of orders-dev; {kept}" == refused(account, 9)
    assert f"there is no release 1 any more of orders-dev; {kept}" == refused(account, 1)


def test_a_zip_that_is_gone_or_has_other_bytes_is_refused_before_anything(app: Path, account: Account) -> None:
    deploy_version(app, account, 1)
    deploy_version(app, account, 2)
    bucket = artefact_bucket(account)
    first = kept(account)[0]
    swap(account, first.zips[0], b"other bytes")
    asked: list[str] = []
    account.client("cloudformation").meta.events.register(
        "before-send", lambda event_name, **_: asked.append(event_name.rpartition(".")[2])
    )
    message = f"release 1 of orders-dev cannot be deployed: bucket {bucket.name} does not have its zip {first.zips[0]}"
    assert refused(account, 1).startswith(message)
    account.client("s3").delete_object(Bucket=bucket.name, Key=first.zips[0])
    assert refused(account, 1).startswith(message)
    assert {"DescribeStacks", "GetTemplate"} == set(asked)


@in_all_cases
def test_a_release_with_other_bytes_is_refused(app: Path, account: Account) -> None:
    deploy_version(app, account, 1)
    deploy_version(app, account, 2)
    key = release_keys(account, artefact_bucket(account), NAME)[0]
    swap(account, key, b"{}")
    assert f"release 1 of orders-dev cannot be deployed: {key} has other bytes than its name says" in refused(
        account, 1
    )


@pytest.fixture(scope="module")
def requests_of_a_rollback(endpoint: str, tmp_path_factory: pytest.TempPathFactory) -> int:
    """How many requests a rollback makes."""
    folder = project_in(tmp_path_factory.mktemp("counted"))
    keys = {"aws_access_key_id": "166666666666", "aws_secret_access_key": "local"}
    account = connect(region="eu-central-1", endpoint=endpoint, credentials=keys)
    deploy_version(folder, account, 1)
    deploy_version(folder, account, 2)
    asked: list[str] = []
    fresh = connect(region="eu-central-1", endpoint=endpoint, credentials=keys)
    fresh.session.events.register("before-send", lambda event_name, **_: asked.append(event_name))
    go_back(fresh, folder, 1)
    for client in (*account._clients.values(), *fresh._clients.values()):
        client.close()
    return len(asked)


@in_all_cases
@pytest.mark.parametrize(("quarter", "when"), cases_of(tuple(product(range(4), ("before", "after"))), 1))
def test_a_rollback_that_was_killed_at_any_request_and_is_begun_again_ends_as_one_that_was_not(
    app: Path, join: Callable[..., Account], requests_of_a_rollback: int, quarter: int, when: str
) -> None:
    """In each quarter every fourth request; two of them in a quick run."""
    undisturbed = join()
    deploy_version(app, undisturbed, 1)
    deploy_version(app, undisturbed, 2)
    go_back(undisturbed, app, 1)
    expected = json.dumps(state(undisturbed)).replace(undisturbed.account, "ACCOUNT")
    account = join()
    deploy_version(app, account, 1)
    for request in cases_of(range(1 + quarter, requests_of_a_rollback + 1, 4), 2):
        deploy_version(app, account, 2)
        number = [item.number for item in kept(account)][-2]
        assert killed_at(str(request), when, account, go_back, app, number), request
        settled(account, NAME, wait=True)
        go_back(account, app, number)
        assert expected == json.dumps(state(account)).replace(account.account, "ACCOUNT")
        releases = kept(account)
        assert releases[-1] == running_release(account, NAME, releases)
        assert {key for release in releases[-2:] for key in release.zips} <= zips(account)


@in_all_cases
@pytest.mark.parametrize(
    "operation",
    cases_of(("cloudformation.ExecuteChangeSet", "cloudformation.CreateChangeSet", "s3.PutObject"), 1),
)
def test_a_lost_answer_of_a_rollback_changes_nothing(app: Path, account: Account, spoil: Spoil, operation: str) -> None:
    deploy_version(app, account, 1)
    before = state(account)
    deploy_version(app, account, 2)
    spoil.lose_answer(operation)
    go_back(account, app, 1)
    assert (0, before) == (spoil.left[operation], state(account))
    assert 3 == len(kept(account))


def test_the_commands_list_releases_and_go_back(remit: Remit, project: Path) -> None:
    assert 1 == remit("releases")[0]
    for verb in ("query", "scan"):
        (project / "app.py").write_text(ORDERS.format(verb=verb))
        assert remit("deploy", "--yes")[0] == 0
    lines = remit("releases")[1].splitlines()
    assert ["  1", "* 2"] == [line[:3] for line in lines]
    assert lines[0].endswith(" UTC  no commit  arn:aws:iam::000000000000:root")
    code, out, _ = remit("rollback", "--plan", "--json")
    document = json.loads(out)
    assert (code, document["changed"]) == (1, False)
    assert any("adds access" in reason for reason in document["reasons"])
    code, _, err = remit("rollback", "--yes")
    assert 0 == code
    assert "back to release 1  " in err
    assert "; data stays as it is\n" in err
    assert err.endswith("the working tree is ahead of what runs now: the next `remit deploy` deploys it again\n")
    listed = json.loads(remit("releases", "--json")[1])
    assert (3, [None, None, 1]) == (listed["running"], [item["went_back_to"] for item in listed["releases"]])
    assert 2 == remit("rollback", "7")[0]
    assert 2 == remit("rollback", "--plan", "--yes")[0]
