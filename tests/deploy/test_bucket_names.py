"""A bucket that begins or ceases to notify functions keeps its name, and its objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from projects import Project, write
from remit.deploy.changeset import PlanRequest, plan
from remit.deploy.execute import execute

if TYPE_CHECKING:
    from pathlib import Path

    from remit.deploy.plan import StackPlan
    from remit.deploy.session import Account

DATA = """
from remit import Shared, output, resource


class Data(Shared):
    uploads = resource("AWS::S3::Bucket")
    name = output(uploads)
"""
APP = """
from remit import App, grants, on
from shared.resources.data import Data

app = App()


@app.function({trigger}policy=[grants.s3.read(Data.uploads, "in/*")], environment={{"BUCKET": Data.uploads.ref}})
def thumbnail(event, context): ...
"""
QUIET = APP.format(trigger="")
NOTIFIED = APP.format(trigger="on.s3(Data.uploads), ")


class Stack:
    """The stack of a project whose app is written anew for each deploy."""

    def __init__(self, folder: Path, account: Account) -> None:
        self.folder, self.account = folder, account
        write(folder, {"shared/resources/data.py": DATA})

    def planned(self, app: str) -> StackPlan | None:
        write(self.folder, {"app.py": app})
        return plan(
            self.account, PlanRequest("orders-dev", Project(self.folder).built().body.replace("not-packaged", "x"))
        )

    def deploy(self, app: str) -> dict[str, Any]:
        """The template that runs then."""
        planned = self.planned(app)
        assert planned is not None
        outcome = execute(self.account, planned, lambda _: None)
        assert outcome.ok, outcome.cause
        return dict(planned.template["Resources"])

    def bucket(self) -> str:
        answer = self.account.client("cloudformation").describe_stack_resource(
            StackName="orders-dev", LogicalResourceId="DataUploads"
        )
        return str(answer["StackResourceDetail"]["PhysicalResourceId"])

    def reads(self, resources: dict[str, Any]) -> Any:
        return resources["ThumbnailRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"][-1]["Resource"]


@pytest.fixture
def stack(tmp_path: Path, account: Account) -> Stack:
    from remit.deploy.bootstrap import bootstrap  # noqa: PLC0415 - it needs the account

    bucket = bootstrap(account).bucket
    account.client("s3").put_object(Bucket=bucket, Key="x.zip", Body=b"PK" + bytes(1000))
    return Stack(tmp_path / "orders", account)


def test_a_bucket_that_was_deployed_without_a_name_keeps_it_when_it_begins_to_notify(stack: Stack) -> None:
    stack.deploy(QUIET)
    name = stack.bucket()
    resources = stack.deploy(NOTIFIED)
    assert name == stack.bucket()
    assert "BucketName" not in resources["DataUploads"]["Properties"]
    assert {"Fn::Sub": f"arn:${{AWS::Partition}}:s3:::{name}/in/*"} == stack.reads(resources)
    source = resources["ThumbnailDataUploadsBucketPermission"]["Properties"]["SourceArn"]
    assert {"Fn::Sub": f"arn:${{AWS::Partition}}:s3:::{name}"} == source
    assert name == resources["ThumbnailFunction"]["Properties"]["Environment"]["Variables"]["BUCKET"]
    assert stack.planned(NOTIFIED) is None


def test_a_bucket_that_ceases_to_notify_keeps_its_name(stack: Stack) -> None:
    before = stack.deploy(NOTIFIED)
    name = stack.bucket()
    assert name.startswith("orders-dev-datauploads-")
    resources = stack.deploy(QUIET)
    assert name == stack.bucket()
    assert before["DataUploads"]["Properties"]["BucketName"] == resources["DataUploads"]["Properties"]["BucketName"]
    assert {"Fn::Sub": "${DataUploads.Arn}/in/*"} == stack.reads(resources)
    assert stack.planned(QUIET) is None
