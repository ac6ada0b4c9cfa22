"""Data goes with a deploy or a delete only where somebody names it: `--yes` does not agree to that."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from projects import Project, write
from random_cases import cases, cases_of, in_all_cases
from remit.build import build
from remit.catalogue.types import holds_data
from remit.deploy.changeset import PlanRequest, plan
from remit.deploy.deployment import DeployJob, NotApproved
from remit.deploy.execute import execute
from remit.deploy.stack import settled
from remit.deploy.status import status
from remit.deploy.workflow import deploy
from remit.errors import RemitError
from remit.report.operators import WordedOperator
from stacks import template
from terminals import QuickTerminal

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from remit.deploy.plan import StackPlan
    from remit.deploy.session import Account

    Remit = Callable[..., tuple[int, str, str]]

DATA = """
from remit import Shared, resource


class Data(Shared):
    {name} = resource(
        "AWS::DynamoDB::Table",
        billing_mode="PAY_PER_REQUEST",
        attribute_definitions=[{{"AttributeName": "{key}", "AttributeType": "S"}}],
        key_schema=[{{"AttributeName": "{key}", "KeyType": "HASH"}}],
        {more}
    )
"""
POOL = 'from remit import Shared, resource\n\n\nclass Data(Shared):\n    people = resource("AWS::Cognito::UserPool")\n'


def share(project: Path, source: str) -> None:
    """The project's shared resources."""
    folder = project / "shared" / "resources"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "data.py").write_text(source)


def table(project: Path, name: str = "orders", key: str = "id", more: str = "") -> None:
    """The project's shared resources are one table."""
    share(project, DATA.format(name=name, key=key, more=more))


def tables(account: Account) -> list[str]:
    """The tables that there are."""
    names = account.client("dynamodb").list_tables()["TableNames"]
    return sorted(names)


@pytest.fixture
def deployed(remit: Remit, project: Path) -> Remit:
    """The project is deployed with a table; run the next command."""
    table(project)
    assert remit("deploy", "--yes")[0] == 0
    return remit


def test_yes_does_not_drop_a_table_that_was_renamed_and_the_plan_says_that_it_looks_like_that(
    deployed: Remit, project: Path, elsewhere: Account
) -> None:
    before = tables(elsewhere)
    table(project, "purchases")
    code, _, err = deployed("deploy", "--yes")
    assert (code, tables(elsewhere)) == (1, before)
    assert "  - AWS::DynamoDB::Table   DataOrders  (it holds data: 0 items, 0 bytes)\n" in err
    assert "  ? DataPurchases has the type and the properties of DataOrders: if that is a rename," in err
    command = f"remit deploy -C {project} --local --yes --yes-delete DataOrders"
    assert f"error: nothing was deployed: data goes (table DataOrders)\nhint: `{command}` agrees to that\n" in err
    assert elsewhere.client("cloudformation").list_change_sets(StackName="orders-dev")["Summaries"][1:] == []
    assert deployed("deploy", "--yes", "--yes-delete", "DataOrders")[0] == 0
    assert set(tables(elsewhere)) & set(before) == set()


def test_a_table_that_is_perhaps_replaced_needs_its_name_and_the_property_is_named(
    deployed: Remit, project: Path, elsewhere: Account
) -> None:
    before = tables(elsewhere)
    table(project, key="number")
    code, _, err = deployed("deploy", "--yes", "--require-approval", "never")
    assert (code, tables(elsewhere)) == (1, before)
    assert "replaced, since KeySchema changes; it holds data: 0 items, 0 bytes; shared/resources/data.py:" in err
    assert deployed("deploy", "--yes", "--yes-delete", "DataOrders")[0] == 0


def test_what_stays_as_an_orphan_needs_its_name_too(deployed: Remit, project: Path, elsewhere: Account) -> None:
    table(project, more='deletion_policy="Retain",')
    assert deployed("deploy", "--yes")[0] == 0
    before = tables(elsewhere)
    table(project, "purchases", more='deletion_policy="Retain",')
    code, _, err = deployed("deploy", "--yes")
    assert (code, "DataOrders  (it holds data: 0 items, 0 bytes, which stays in the account)\n" in err) == (1, True)
    assert deployed("deploy", "--yes", "--yes-delete", "DataOrders")[0] == 0
    assert set(before) < set(tables(elsewhere))


@pytest.mark.parametrize("changed", cases_of((True, False), 1))
def test_a_name_that_would_not_go_is_refused_with_those_that_would(
    deployed: Remit, project: Path, elsewhere: Account, *, changed: bool
) -> None:
    if changed:
        table(project, "purchases")
    code, _, err = deployed("deploy", "--yes", "--yes-delete", "DataOrder", "--yes-delete", "DataOrders")
    assert code == 2
    assert (
        f"error: `--yes-delete {'DataOrder' if changed else 'DataOrder DataOrders'}`: no data of this name would go\n"
        in err
    )
    assert f"hint: what would go: {'DataOrders' if changed else 'nothing that holds data'}\n" in err
    assert elsewhere.client("cloudformation").describe_stacks()["Stacks"][0]["StackStatus"] == "CREATE_COMPLETE"


def test_a_function_and_its_logs_go_with_a_yes_and_a_user_pool_does_not(remit: Remit, project: Path) -> None:
    share(project, POOL)
    assert remit("deploy", "--yes")[0] == 0
    (project / "app.py").write_text((project / "app.py").read_text().replace("def report", "def summary"))
    assert remit("deploy", "--yes")[0] == 0
    share(project, "")
    code, _, err = remit("deploy", "--yes")
    assert (code, "data goes (user pool DataPeople)" in err) == (1, True)


@in_all_cases
def test_the_name_alone_agrees_to_its_loss_and_to_nothing_else(deployed: Remit, project: Path) -> None:
    share(project, "")
    app = (project / "app.py").read_text()
    (project / "app.py").write_text(app.replace("def report", "def summary"))
    code, _, err = deployed("deploy", "--yes-delete", "DataOrders")
    assert code == 1
    assert "resources go (" in err
    assert "DataOrders removed" not in err
    (project / "app.py").write_text(app)
    assert deployed("deploy", "--yes-delete", "DataOrders")[0] == 0


@pytest.mark.usefixtures("deployed")
def test_a_person_who_said_yes_is_asked_about_the_data(project: Path, elsewhere: Account) -> None:
    before = tables(elsewhere)
    share(project, "")
    for answer, expected in (("n", (1, before)), ("y", (0, []))):
        person = QuickTerminal(project, "deploy", "--local", "--yes")
        person.until("This removes table DataOrders, with all that is in it. Deploy to the AWS on this machine")
        person.answer(answer)
        assert (person.end()[0], tables(elsewhere)) == expected


@in_all_cases
def test_a_program_names_the_data_as_well(deployed: Remit, project: Path, elsewhere: Account) -> None:
    share(project, "")
    built = build(project)
    with pytest.raises(NotApproved, match=r"nothing was deployed: data goes \(table DataOrders\)"):
        deploy(DeployJob(built, elsewhere, WordedOperator(), yes=True))
    assert deploy(DeployJob(built, elsewhere, yes=True, yes_delete=("DataOrders",))).ok
    assert deployed("deploy")[0] == 0


def test_a_delete_takes_data_only_where_all_of_it_is_agreed_to(
    deployed: Remit, project: Path, elsewhere: Account
) -> None:
    before = tables(elsewhere)
    code, _, err = deployed("delete", "--yes")
    assert (code, tables(elsewhere)) == (1, before)
    assert "error: nothing was deleted: data goes (table DataOrders)\n" in err
    assert f"hint: `remit delete -C {project} --local --yes-delete all` agrees to that\n" in err
    assert deployed("delete", "--yes-delete", "DataOrders")[0] == 2
    assert json.loads(deployed("delete", "--yes-delete", "all", "--json")[1])["deleted"] is True
    assert tables(elsewhere) == []


def test_the_delete_of_a_filled_bucket_names_the_way_and_so_does_a_deploy_after_it(
    remit: Remit, project: Path, elsewhere: Account
) -> None:
    share(
        project,
        'from remit import Shared, resource\n\n\nclass Data(Shared):\n    files = resource("AWS::S3::Bucket")\n',
    )
    assert remit("deploy", "--yes")[0] == 0
    s3 = elsewhere.client("s3")
    (bucket,) = [one["Name"] for one in s3.list_buckets()["Buckets"] if one["Name"].startswith("orders-dev")]
    s3.put_object(Bucket=bucket, Key="a", Body=b"b")
    code, _, err = remit("delete", "--yes-delete", "all")
    assert code != 0
    assert "hint: `remit delete --empty` empties its buckets first, with all versions; `aws cloudformation" in err
    code, _, err = remit("deploy", "--yes")
    assert (code, "error: orders-dev is half deleted: " in err) == (2, True)
    assert (
        "hint: `remit delete --local` finishes that; with `--empty` it empties buckets first, with all versions" in err
    )
    assert (
        "  half deleted: `remit delete --local` finishes that; with `--empty` it empties buckets first"
        in remit("status")[1]
    )
    assert remit("delete", "--yes-delete", "all", "--empty")[0] == 0


def test_what_is_left_of_a_first_deploy_is_not_cleared_by_yes_while_it_holds_data(
    remit: Remit, project: Path, elsewhere: Account
) -> None:
    child = {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "http://127.0.0.1/no/no"}}
    child["DependsOn"] = "Queue"
    elsewhere.client("cloudformation").create_stack(
        StackName="orders-dev",
        TemplateBody=template(resources={"Child": child}),
        Capabilities=["CAPABILITY_IAM"],
        OnFailure="DO_NOTHING",
        Tags=[{"Key": "remit:namespace", "Value": "orders-dev"}],
    )
    settled(elsewhere, "orders-dev", wait=True)
    code, _, err = remit("deploy", "--yes")
    assert code == 1
    assert "error: nothing was deleted: data goes (queue Queue)\n" in err
    assert f"hint: `remit delete -C {project} --local --yes-delete all` agrees to that\n" in err
    assert remit("delete", "--yes-delete", "all")[0] == 0
    assert remit("deploy", "--yes")[0] == 0


STORES = """
    Cognito::IdentityPool Cognito::UserPool DSQL::Cluster DocDB::DBCluster DynamoDB::GlobalTable DynamoDB::Table
    EC2::Volume EFS::FileSystem ElastiCache::ReplicationGroup FSx::FileSystem FSx::Volume KMS::Key Kinesis::Stream
    Neptune::DBCluster OpenSearchService::Domain RDS::DBCluster RDS::DBInstance S3::Bucket S3Files::FileSystem
    S3Tables::Table S3Vectors::Index S3Vectors::VectorBucket SQS::Queue SecretsManager::Secret Timestream::Table
    Timestream::InfluxDBInstance APS::Workspace BedrockAgentCore::Memory Kendra::Index
"""
OTHERS = "IAM::Role Lambda::Function SNS::Topic SSM::Parameter ApiGatewayV2::Api Events::Rule Scheduler::Schedule"


def test_every_kind_of_store_holds_data_and_what_a_template_gives_whole_does_not() -> None:
    assert [name for name in STORES.split() if not holds_data(f"AWS::{name}")] == []
    assert [name for name in OTHERS.split() if holds_data(f"AWS::{name}")] == []


def test_another_type_under_an_id_is_refused_as_on_aws(deployed: Remit, project: Path, elsewhere: Account) -> None:
    before = tables(elsewhere)
    share(project, POOL.replace("people", "orders"))
    code, _, err = deployed("deploy", "--yes", "--yes-delete", "DataOrders")
    assert (code, tables(elsewhere)) == (2, before)
    assert (
        "error: DataOrders is of type AWS::DynamoDB::Table in the stack, and would become AWS::Cognito::UserPool: "
        "CloudFormation never changes the type of a resource\n"
        "hint: give the new one another name, or another `logical_id=`\n"
    ) in err


TYPES = {
    "table": (
        'resource("AWS::DynamoDB::Table", billing_mode="PAY_PER_REQUEST", '
        'attribute_definitions=[{{"AttributeName": "{key}", "AttributeType": "S"}}], '
        'key_schema=[{{"AttributeName": "{key}", "KeyType": "HASH"}}]{more})'
    ),
    "bucket": 'resource("AWS::S3::Bucket", bucket_name="of-{account}-{key}"{more})',
    "queue": 'resource("AWS::SQS::Queue", queue_name="{key}", delay_seconds={number}{more})',
    "stream": 'resource("AWS::Kinesis::Stream", shard_count=1, name="{key}"{more})',
    "unnamed": 'resource("AWS::SQS::Queue", delay_seconds={number}{more})',
    "topic": 'resource("AWS::SNS::Topic"{more})',
}


class Attribute(NamedTuple):
    """A resource of a class, as it is written."""

    kind: str
    key: str
    number: int
    logical_id: str | None
    retained: bool

    def source(self, account: str) -> str:
        """The expression that declares it."""
        more = f", logical_id={self.logical_id!r}" if self.logical_id else ""
        more += ', deletion_policy="Retain"' if self.retained else ""
        return TYPES[self.kind].format(key=self.key, number=self.number, account=account, more=more)


ATTRIBUTES = st.builds(
    Attribute, st.sampled_from(sorted(TYPES)), st.sampled_from("xyz"), st.integers(0, 1), st.none(), st.booleans()
)
"""Resources whose logical ids come from their classes."""
VERSIONS = st.dictionaries(st.sampled_from("abc"), ATTRIBUTES, min_size=1)


@st.composite
def two_versions(draw: st.DrawFn) -> tuple[dict[str, Attribute], dict[str, Attribute]]:
    """Two versions of a class; the second may give an id of the first to what has another name."""
    old = draw(VERSIONS)
    new = {}
    for name, attribute in draw(VERSIONS).items():
        kept = draw(st.none() | st.sampled_from([f"Data{old_name.upper()}" for old_name in old]))
        new[name] = attribute._replace(logical_id=kept)
    for name, attribute in old.items():
        if name not in new and draw(st.booleans()):
            new[name] = attribute
    ids = [attribute.logical_id or f"Data{name.upper()}" for name, attribute in new.items()]
    assume(len(ids) == len(set(ids)))
    for version in (old, new):
        given_names = [
            (item.kind, item.key) for item in version.values() if item.kind not in ("unnamed", "table", "topic")
        ]
        assume(len(given_names) == len(set(given_names)))
    return old, new


@given(two_versions())
@settings(
    max_examples=cases(8, deep=500),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much],
)
def test_of_any_two_versions_what_holds_data_goes_only_if_the_plan_names_it(
    join: Callable[..., Account], tmp_path_factory: pytest.TempPathFactory, versions: Any
) -> None:
    account = join()

    def planned_version(version: dict[str, Attribute]) -> StackPlan | None:
        folder = tmp_path_factory.mktemp("version") / "orders"
        lines = [f"    {name} = {attribute.source(account.account)}" for name, attribute in version.items()]
        source = "\n".join(["from remit import Shared, resource", "class Data(Shared):", *lines, ""])
        write(folder, {"app.py": "from remit import App\napp = App()\n", "shared/resources/data.py": source})
        return plan(account, PlanRequest("orders-dev", Project(folder).built().body))

    def with_data() -> dict[str, str]:
        deployed = status(account, "orders-dev")
        assert deployed is not None
        return {item.physical_id: item.logical_id for item in deployed.resources if holds_data(item.type)}

    old, new = versions
    first = planned_version(old)
    assert first is not None
    assert execute(account, first, lambda _: None).ok
    before = with_data()
    try:
        second = planned_version(new)
    except RemitError:
        second = None  # an id has another type now, which CloudFormation refuses
    named = set() if second is None else {change.logical_id for change in second.data_to_name}
    if second is not None and not execute(account, second, lambda _: None).ok:
        assert with_data() == before  # of names that are taken already: nothing has changed
    gone = {logical_id for physical_id, logical_id in before.items() if physical_id not in with_data()}
    assert gone <= named
