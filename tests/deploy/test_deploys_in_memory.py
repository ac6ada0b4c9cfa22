"""A deploy, a rollback and a resume from end to end, on an AWS in memory: what each does, and in which order."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import signal
import subprocess
from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

import pytest

import remit
from answering import NUMBER, Refused
from cloud_in_memory import Cloud, Stack
from remit.app import App, ExistingValue, Resource, Template
from remit.build import Built
from remit.deploy.changeset import Stuck
from remit.deploy.deployment import DeployJob, Deployment, NotApproved
from remit.deploy.events import STACK_TYPE
from remit.deploy.execute import Superseded, failure
from remit.deploy.operators import DeletionQuestion, DeployOperator
from remit.deploy.releases import kept_releases, release_to_go_back_to
from remit.deploy.workflow import deploy, lacking, resume
from remit.errors import Origin, RemitError
from remit.triggers.existing_sources import ExistingSource

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from remit.deploy.manual_changes import ManualChanges
    from remit.deploy.operators import DeployQuestion, PlannedDeploy
    from remit.deploy.releases import Release
    from remit.deploy.session import Account
    from remit.deploy.stack import DeployedStack

JOBS: Final = {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": "1"}}
FILES: Final = {"Type": "AWS::DynamoDB::Table", "Properties": {"TableName": "files"}}
STACK: Final = "orders-dev"
LATER: Final = remit.__version__.partition("dev")[0] + "dev99999"
"""A later version of the same release."""
NO: Final = Refused("AccessDenied", "no", status=403)
BUCKET: Final = f"remit-artefacts-{NUMBER}-eu-central-1"
AGAIN: Final = "orders-dev was changed by somebody else meanwhile; planning again"
PLANNED: Final = "sees PlannedDeploy"


class Person(DeployOperator):
    """Gives one answer to all questions, and keeps what it was told and asked."""

    def __init__(self, *, answer: bool | None = None) -> None:
        self.answer = answer
        self.heard: list[str] = []
        self.questions: list[DeployQuestion] = []

    def note(self, text: str) -> None:
        self.heard.append(text)

    def see(self, subject: PlannedDeploy | ManualChanges) -> None:
        self.heard.append(f"sees {type(subject).__name__}")

    def reply(self, question: DeployQuestion) -> bool | None:
        self.questions.append(question)
        self.heard.append(f"is asked a {type(question).__name__}")
        return self.answer

    def waiting(self, stack: DeployedStack) -> None:
        self.heard.append(f"waits for {stack.status}")


class Project:
    """A project whose builds are deployed to an account in memory."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.cloud = Cloud()
        self.account = self.cloud.account()
        self.person = Person()
        self.numbers: dict[str, int] = {}

    def built(self, number: int, resources: Any = None, *, bucket: str = "", parameters: Any = (), **app: Any) -> Built:
        """A build whose function has the zip of this number."""
        content = b"zip %d" % number
        path = self.folder / f"{number}.zip"
        path.write_bytes(content)
        digest = sha256(content).hexdigest()
        self.numbers[digest] = number
        key = f"{STACK}/{digest}.zip"
        own = {"Fn::Sub": "remit-artefacts-${AWS::AccountId}-${AWS::Region}"}
        properties = {
            "FunctionName": "orders-dev-report",
            "Code": {"S3Bucket": bucket or own, "S3Key": key},
            "Role": f"arn:aws:iam::{NUMBER}:role/report",
        }
        report = {"Type": "AWS::Lambda::Function", "Properties": properties}
        template = {
            **({"Parameters": {value.parameter: {"Type": "String"} for value in parameters}} if parameters else {}),
            "Resources": {"Report": report, **({"Jobs": JOBS} if resources is None else resources)},
            "Outputs": {"Number": {"Value": str(number)}},
        }
        app = {"name": "orders", "stage": "dev", "functions": (), **app}
        return Built(
            self.folder, App(**app), (), Template("", (), parameters=parameters), json.dumps(template), {key: path}
        )

    def deploy(self, build: Built | int, **job: Any) -> Deployment:
        """Deploy a build, or that of a number, without a look at the caller's policies.

        Nothing counts that was asked or heard before.
        """
        self.cloud.calls.clear()
        self.person.heard.clear()
        build = self.built(build) if isinstance(build, int) else build
        return deploy(DeployJob(build, self.account, self.person, **{"yes": True, "force": True, **job}))

    def releases(self) -> tuple[Release, ...]:
        return kept_releases(self.account, DeployJob(self.built(1), self.account).zips, STACK)

    def go_back(self, number: int | None = None, **job: Any) -> Deployment:
        """Go back to a release, without loading the project."""
        release = release_to_go_back_to(self.account, DeployJob(self.built(1), self.account).zips, STACK, number)
        release = replace(release, commit="c0ffee", is_clean=True)
        return self.deploy(release.built_again(self.folder, "orders", "dev"), release=release, **job)

    def ended(self, **job: Any) -> Deployment | RemitError:
        """The deploy of build 2, or why it stopped."""
        try:
            return self.deploy(2, **job)
        except RemitError as error:
            return error

    @property
    def writes(self) -> list[str]:
        """The calls that changed something, with short names of objects: `zip 1`, `release 1`."""
        return [self.in_short(call) for call in self.cloud.writes]

    def in_short(self, text: str) -> str:
        text = re.sub(r"orders-dev/releases/0*(\d+)-\w+\.json", r"release \1", text)
        text = re.sub(r"orders-dev/(\w{64})\.zip", lambda match: f"zip {self.numbers[match[1]]}", text)
        operation, *keys = re.split(r" (?=zip|release)", text)
        return " ".join([operation, *sorted(keys)])

    @property
    def objects(self) -> list[str]:
        """The objects in the bucket, in short."""
        return sorted(map(self.in_short, self.cloud.objects))

    @property
    def stack(self) -> Stack:
        return self.cloud.stacks[STACK]

    @property
    def runs(self) -> str:
        """The number of the build that runs."""
        return str(json.loads(self.stack.template)["Outputs"]["Number"]["Value"])

    def record(self) -> str:
        """The record of what is deployed; empty without one."""
        path = self.folder / ".remit" / "deployed" / f"{STACK}.json"
        return path.read_text() if path.exists() else ""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def wholly(number: int) -> list[str]:
    """The writes of a deploy that has something to change."""
    return ["CreateChangeSet", f"PutObject zip {number}", "ExecuteChangeSet", f"PutObject release {number}"]


def test_a_deploy_plans_uploads_changes_the_stack_and_keeps_a_release(project: Project) -> None:
    for number, kind in ((1, "CREATE"), (2, "UPDATE")):
        done = project.deploy(number)
        assert project.writes == wholly(number)
        assert project.person.heard == [PLANNED]
        assert done.outcome is not None
        assert done.plan is not None
        assert (done.ok, done.outcome.status, done.plan.kind) == (True, f"{kind}_COMPLETE", kind)
        assert [output.value for output in done.outputs] == [project.runs] == [str(number)]
        assert done.outputs == done.outcome.outputs
        assert done.access is not None
        assert project.record() != ""
    assert project.objects == ["release 1", "release 2", "zip 1", "zip 2"]
    assert not project.stack.is_protected


def test_what_runs_already_is_not_deployed_and_its_release_is_kept_if_it_was_not(project: Project) -> None:
    project.deploy(1)
    same = project.deploy(1)
    assert (project.writes, project.person.heard) == ([], [])
    assert (same.ok, same.plan, same.outcome, same.access) == (True, None, None, None)
    assert [output.value for output in same.outputs] == ["1"]
    del project.cloud.objects[next(key for key in project.cloud.objects if "/releases/" in key)]
    (project.folder / ".remit" / "deployed" / f"{STACK}.json").unlink()
    project.deploy(1)
    assert project.writes == ["PutObject release 1"]
    assert project.record() != ""


def test_a_release_that_a_killed_deploy_did_not_keep_is_kept_before_it_is_replaced(project: Project) -> None:
    project.deploy(1)
    git = ("git", "-C", str(project.folder), "-c", "user.name=a", "-c", "user.email=a@b")
    for words in (["init", "-q"], ["commit", "-q", "--allow-empty", "-m", "x"]):
        subprocess.run([*git, *words], check=True)
    del project.cloud.objects[next(key for key in project.cloud.objects if "/releases/" in key)]
    project.deploy(2)
    assert project.writes == [
        "CreateChangeSet", "PutObject zip 2", "PutObject release 1", "ExecuteChangeSet", "PutObject release 2",
    ]  # fmt: skip
    first, second = project.releases()
    assert first.by.endswith(f", arn:aws:iam::{NUMBER}:user/ann")  # as the change set says: with a machine
    assert second.by == f"arn:aws:iam::{NUMBER}:user/ann"
    assert (first.commit, len(second.commit or "")) == (None, 40)  # of which commit that was, nobody knows


@pytest.mark.parametrize("answer", [None, False])
@pytest.mark.parametrize("first", [True, False])
def test_what_nobody_agrees_to_is_thrown_away(project: Project, *, answer: bool | None, first: bool) -> None:
    if not first:
        project.deploy(1)
    before = project.cloud.kept()
    project.person.answer = answer
    with pytest.raises(NotApproved if answer is None else RemitError, match="nothing was") as refused:
        project.deploy(project.built(2, {}), yes=False)
    assert refused.value.exit_code == 1
    assert isinstance(refused.value, NotApproved) == (answer is None)
    assert project.writes == ["CreateChangeSet", "DeleteChangeSet", *(["DeleteStack"] if first else [])]
    assert project.cloud.kept() == before
    assert project.person.heard == [PLANNED, "is asked a PlanQuestion"]
    if isinstance(refused.value, NotApproved):
        stopped = refused.value.deployment
        assert stopped.plan is not None
        assert [change.logical_id for change in stopped.plan.changes] == (["Report"] if first else ["Jobs", "Report"])


def test_a_production_stack_is_protected_with_its_data_also_after_a_failure(project: Project) -> None:
    project.deploy(project.built(1, {"Files": FILES}, retains_data=True))
    protecting = ["UpdateTerminationProtection", "SetStackPolicy"]
    assert project.writes == [*wholly(1)[:3], *protecting, "PutObject release 1"]
    assert "LogicalResourceId/Files" in project.stack.policy
    project.cloud.endings = ["UPDATE_ROLLBACK_COMPLETE"]
    project.stack.is_protected, project.stack.policy = False, ""
    failed = project.deploy(project.built(2, {"Files": FILES}, retains_data=True))
    assert project.writes == [*wholly(2)[:3], *protecting]
    assert not failed.succeeded


def test_data_that_a_person_names_goes_from_a_production_stack_and_the_rest_stays_protected(project: Project) -> None:
    project.deploy(project.built(1, {"Files": FILES, "Other": FILES}, retains_data=True))
    with pytest.raises(NotApproved) as refused:
        project.deploy(project.built(2, {"Other": FILES}, retains_data=True))
    assert refused.value.deployment.plan is not None
    assert refused.value.deployment.plan.held == {"Files": "1 item, 340 bytes"}
    assert "LogicalResourceId/Files" in project.stack.policy
    project.deploy(project.built(2, {"Other": FILES}, retains_data=True), yes_delete=["Files"])
    assert project.writes == [*wholly(2)[:2], "SetStackPolicy", *wholly(2)[2:]]
    assert ("LogicalResourceId/Files" in project.stack.policy, "/Other" in project.stack.policy) == (False, True)


def test_a_deploy_that_fails_says_why_and_leaves_record_and_releases_as_they_were(project: Project) -> None:
    project.deploy(1)
    record = project.record()
    project.cloud.endings = ["UPDATE_ROLLBACK_COMPLETE"]
    failed = project.deploy(project.built(2, {}))
    assert project.writes == wholly(2)[:3]
    assert failed.outcome is not None
    assert failed.outcome.cause is not None
    assert (failed.ok, failed.succeeded, failed.outputs) == (False, False, ())
    assert (failed.outcome.status, failed.outcome.cause.reason) == ("UPDATE_ROLLBACK_COMPLETE", "it may not be so")
    assert (project.runs, project.record()) == ("1", record)


def test_a_first_deploy_that_fails_is_followed_until_its_stack_is_gone(project: Project) -> None:
    project.cloud.endings = ["DELETE_COMPLETE"]
    failed = project.deploy(1)
    assert failed.outcome is not None
    assert failed.outcome.cause is not None
    assert (failed.succeeded, failed.outcome.status, failed.outputs) == (False, "DELETE_COMPLETE", ())
    assert (failed.outcome.cause.logical_id, project.record(), list(project.cloud.stacks)) == (
        "Jobs", "", [f"gone {failed.outcome.stack_id}"],
    )  # fmt: skip


def somebody_deploys(project: Project, number: int) -> Callable[[], Any]:
    """Somebody else's deploy of a build, which ends at once."""

    def change() -> None:
        project.stack.template = project.built(number, {"Jobs": JOBS, "Further": JOBS}).body
        project.stack.change_sets.clear()

    return change


@pytest.mark.parametrize("times", [1, 2])
def test_a_stack_that_somebody_else_changed_is_planned_and_shown_again_but_once(project: Project, times: int) -> None:
    project.deploy(1)
    project.cloud.in_the_way["ExecuteChangeSet"] = [somebody_deploys(project, 7 + time) for time in range(times)]
    if times == 1:
        assert project.deploy(2).ok
        assert project.writes == [*wholly(2)[:3], "CreateChangeSet", "PutObject release 2", *wholly(3)[2:]]
    else:
        with pytest.raises(Superseded, match="was changed by somebody else after this was planned"):
            project.deploy(2)
    assert project.person.heard == [PLANNED, AGAIN, PLANNED]


def busy(project: Project, *statuses: str) -> None:
    """Somebody else deploys while the next looks at the stack are made."""
    looks = iter(statuses)

    def look() -> None:
        project.stack.status = next(looks, "UPDATE_COMPLETE")

    project.cloud.in_the_way["DescribeStacks"] = [look] * (len(statuses) + 1)


@pytest.mark.parametrize("wait", [True, False])
def test_a_deploy_waits_for_another_if_it_is_told_to(project: Project, *, wait: bool) -> None:
    project.deploy(1)
    project.account = project.cloud.account(local=True)  # where nobody waits long
    build = replace(project.built(2), body=json.dumps({"Resources": {"Jobs": JOBS}}), artefacts={})  # without a bucket
    busy(project, "UPDATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "UPDATE_ROLLBACK_IN_PROGRESS")
    if wait:
        assert project.deploy(build, wait=True, drift="accept").succeeded
        assert project.person.heard[:2] == ["waits for UPDATE_IN_PROGRESS", "waits for UPDATE_ROLLBACK_IN_PROGRESS"]
    else:
        with pytest.raises(RemitError, match="somebody else is deploying orders-dev") as refused:
            project.deploy(build, drift="accept")
        assert (refused.value.exit_code, project.writes) == (75, [])


def test_a_person_who_waits_is_told_of_each_try_while_others_are_quicker(project: Project) -> None:
    project.deploy(1)
    project.cloud.in_the_way["ExecuteChangeSet"] = [somebody_deploys(project, 7 + time) for time in range(3)]
    assert project.deploy(2, wait=True).ok
    assert project.person.heard == [PLANNED, *[AGAIN, PLANNED] * 3]
    project.cloud.in_the_way["CreateChangeSet"] = [lambda: NO]
    with pytest.raises(RemitError, match="AWS denies CreateChangeSet"):
        project.deploy(3, wait=True)


def stuck(project: Project, status: str) -> None:
    """The last deploy failed so that the stack has to be cleared first."""
    project.deploy(1)
    project.stack.status = status


@pytest.mark.parametrize("status", ["ROLLBACK_COMPLETE", "CREATE_FAILED", "ROLLBACK_FAILED"])
def test_what_is_left_of_a_first_deploy_is_deleted_and_made_anew(project: Project, status: str) -> None:
    stuck(project, status)
    done = project.deploy(2)
    assert project.writes == ["DeleteStack", "DeleteObjects release 1 zip 1", *wholly(2)[:3], "PutObject release 1"]
    assert project.person.heard[0].startswith("the first deploy of orders-dev failed")
    after = project.cloud.calls[project.cloud.calls.index("DescribeStackEvents") + 1]
    assert after == "HeadBucket"  # nobody asks what is gone for its outputs
    assert done.plan is not None
    assert (done.ok, done.plan.kind) == (True, "CREATE")


@pytest.mark.parametrize(("skip", "words"), [((), ""), (("Jobs", "Report"), "Jobs,Report")])
def test_a_rollback_that_failed_goes_on_before_the_deploy(project: Project, skip: tuple[str, ...], words: str) -> None:
    stuck(project, "UPDATE_ROLLBACK_FAILED")
    assert project.deploy(2, skip=skip).ok
    assert project.writes == [f"ContinueUpdateRollback {words}", *wholly(2)]


@pytest.mark.parametrize(
    ("status", "ending", "message", "hint"),
    [
        (
            "UPDATE_ROLLBACK_FAILED",
            "UPDATE_ROLLBACK_FAILED",
            f"changing orders-dev failed (UPDATE_ROLLBACK_FAILED): orders-dev ({STACK_TYPE}): UPDATE_ROLLBACK_FAILED",
            "`--skip ID` leaves that resource as it is",
        ),
        (
            "ROLLBACK_COMPLETE",
            "DELETE_FAILED",
            f"deleting orders-dev failed (DELETE_FAILED)\n  left: made-jobs (Jobs, {JOBS['Type']}): it may not be so",
            None,
        ),
    ],
)
def test_a_stack_that_cannot_be_cleared_is_told_and_nothing_is_deployed(
    project: Project, status: str, ending: str, message: str, hint: str | None
) -> None:
    stuck(project, status)
    project.cloud.endings = [ending]
    with pytest.raises(RemitError) as refused:
        project.deploy(2)
    assert refused.value.message == message
    assert (refused.value.exit_code, len(project.writes)) == (1, 1)
    assert (hint or "") in (refused.value.hint or "")
    assert (hint is None) == (refused.value.hint is None)


@pytest.mark.parametrize(("status", "asked"), [("UPDATE_ROLLBACK_FAILED", "Rollback"), ("CREATE_FAILED", "Deletion")])
@pytest.mark.parametrize("answer", [None, False, True])
def test_a_stack_is_cleared_only_if_somebody_agrees(
    project: Project, status: str, asked: str, *, answer: bool | None
) -> None:
    stuck(project, status)
    before = project.cloud.kept()
    project.person.answer = answer
    if answer:
        assert project.deploy(2, yes=False).ok
    else:
        with pytest.raises(RemitError, match="nothing was") as refused:
            project.deploy(2, yes=False)
        assert (refused.value.exit_code, project.writes) == (1, [])
        assert project.cloud.kept() == before
    assert project.person.heard[1] == f"is asked a {asked}Question"
    question = project.person.questions[0]
    assert not isinstance(question, DeletionQuestion) or question.is_remnant
    with pytest.raises(Stuck) if not answer else contextlib.nullcontext():
        project.deploy(3, only_plans=True)
    assert project.writes == ([] if not answer else ["CreateChangeSet", "DeleteChangeSet"])


def test_a_stack_that_is_stuck_again_at_once_is_not_cleared_twice(project: Project) -> None:
    stuck(project, "UPDATE_ROLLBACK_FAILED")

    def fail_again() -> None:
        project.stack.status = "UPDATE_ROLLBACK_FAILED"

    looks = [lambda: None] * 5
    project.cloud.in_the_way["ContinueUpdateRollback"] = [
        lambda: project.cloud.in_the_way.update(DescribeStacks=[*looks[:1], *[fail_again] * 9])
    ]
    with pytest.raises(Stuck, match="the last deploy of orders-dev failed"):
        project.deploy(2)
    assert project.writes == ["ContinueUpdateRollback "]


def test_going_back_deploys_the_release_that_ran_before_and_is_one_itself(project: Project) -> None:
    for number in (1, 2):
        project.deploy(number)
    project.deploy(project.built(3, {"Jobs": JOBS, "Further": JOBS}))
    record = project.record()
    (further,) = project.built(9).artefacts
    project.cloud.objects[further] = (b"", "")  # only a project says how much is kept
    back = project.go_back()
    assert project.writes == ["CreateChangeSet", "ExecuteChangeSet", "PutObject release 4"]
    assert back.plan is not None
    assert (back.ok, back.plan.goes_back, project.runs) == (True, True, "2")
    assert project.record() != record
    project.go_back(1)
    *_, third, fourth, fifth = project.releases()
    assert [(release.went_back_to, release.commit, release.is_clean) for release in (third, fourth, fifth)] == [
        (None, None, False), (2, "c0ffee", True), (1, "c0ffee", True),
    ]  # fmt: skip
    assert project.objects == [*(f"release {number}" for number in range(1, 6)), "zip 1", "zip 2", "zip 3", "zip 9"]


def test_going_back_never_takes_data_away(project: Project) -> None:
    project.deploy(1)
    project.deploy(project.built(2, {"Jobs": JOBS, "Files": FILES}))
    before = project.cloud.kept()
    words = r"release 1 has no place for data that is there now: Files \(AWS::DynamoDB::Table\)"
    with pytest.raises(NotApproved, match=words) as refused:
        project.go_back(1, yes_delete=["Files"])
    assert (refused.value.exit_code, project.writes) == (1, ["CreateChangeSet", "DeleteChangeSet"])
    assert refused.value.deployment.access is not None
    assert project.cloud.kept() == before


def test_going_back_takes_the_logs_of_a_function_with_it(project: Project) -> None:
    group = {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/aws/lambda/orders-dev-second"}}
    (key,) = project.built(2).artefacts
    code = {"Role": f"arn:aws:iam::{NUMBER}:role/report", "Code": {"S3Bucket": BUCKET, "S3Key": key}}
    logged = {"FunctionName": "orders-dev-second", **code, "LoggingConfig": {"LogGroup": {"Ref": "Logs"}}}
    project.deploy(1)
    with_second = {"Jobs": JOBS, "Logs": group, "Second": {"Type": "AWS::Lambda::Function", "Properties": logged}}
    project.deploy(project.built(2, with_second), drift="accept")
    back = project.go_back(1, drift="accept")
    assert back.plan is not None
    assert [change.logical_id for change in back.plan.data_at_risk] == ["Logs"]
    assert (back.succeeded, project.runs) == (True, "1")


def test_what_another_project_has_is_not_looked_into(project: Project) -> None:
    project.deploy(1)
    with pytest.raises(RemitError, match="stack orders-dev belongs to orders-dev, and this is shop-dev"):
        project.deploy(project.built(2, name="shop", stack_name=STACK))
    assert set(project.cloud.calls) == {"DescribeStacks"}


def test_old_releases_go_with_the_zips_that_nothing_names_any_more(project: Project) -> None:
    for number in (1, 2):
        project.deploy(project.built(number, releases=1))
    assert project.writes == [*wholly(2), "DeleteObjects release 1"]  # the zip is that of the stack before this deploy
    project.deploy(project.built(3, releases=1))
    assert project.writes == [*wholly(3), "DeleteObjects release 2 zip 1"]
    assert project.objects == ["release 3", "zip 2", "zip 3"]


def test_zips_in_another_bucket_stay_and_are_named(project: Project) -> None:
    project.deploy(project.built(1, bucket="acme-zips"), bucket="acme-zips")
    project.cloud.objects.clear()  # this bucket has nothing yet
    project.deploy(2)
    assert project.person.heard == [
        PLANNED,
        "note: the zips of earlier deploys stay in bucket acme-zips, under orders-dev/",
    ]
    assert project.writes == [*wholly(2)[:3], "PutObject release 1"]
    project.deploy(3)
    assert project.person.heard == [PLANNED]


def test_a_zip_of_other_bytes_is_replaced_and_one_that_is_there_is_not_sent(project: Project) -> None:
    build = project.built(1)
    (key,) = build.artefacts
    project.cloud.objects[key] = (b"swapped", "AAAA")
    project.deploy(build)
    name = f"note: {key} in bucket remit-artefacts-{NUMBER}-eu-central-1"
    assert project.person.heard == [PLANNED, f"{name} was not the zip of this name, or S3 could not say: it is now"]
    assert project.writes == wholly(1)
    project.deploy(project.built(1, {}))
    assert project.writes == ["CreateChangeSet", "ExecuteChangeSet", "PutObject release 2"]


def test_a_function_that_runs_other_code_than_was_built_is_found_after_the_deploy(project: Project) -> None:
    project.cloud.code["orders-dev-report"] = "other"
    done = project.deploy(1)
    assert (done.succeeded, done.ok, [code.actual for code in done.other_code]) == (True, False, ["other"])


@pytest.mark.parametrize(
    ("options", "answer", "heard", "writes"),
    [
        ({}, None, ["sees ManualChanges"], None),
        ({"yes": False}, None, ["sees ManualChanges", "is asked a ManualChangesQuestion"], None),
        ({"yes": False}, False, ["sees ManualChanges", "is asked a ManualChangesQuestion"], None),
        ({"drift": "accept"}, None, ["sees ManualChanges", PLANNED], wholly(2)),
        (
            {"yes": False},
            True,
            ["sees ManualChanges", "is asked a ManualChangesQuestion", PLANNED, "is asked a PlanQuestion"],
            wholly(2),
        ),
        (
            {"drift": "revert"},
            None,
            [
                "sees ManualChanges",
                "undoing what was changed by hand",
                "  aws lambda update-function-code --function-name orders-dev-report --s3-bucket BUCKET --s3-key KEY",
                "all is as the template has it",
                PLANNED,
            ],
            ["UpdateFunctionCode zip 1", *wholly(2)],
        ),
    ],
)
def test_what_was_changed_by_hand_is_settled_before_the_plan(
    project: Project, options: dict[str, Any], answer: bool | None, heard: list[str], writes: list[str] | None
) -> None:
    project.deploy(1)
    project.cloud.code["orders-dev-report"] = "by hand"
    project.person.answer = answer
    if writes is None:
        with pytest.raises(RemitError) as refused:
            project.deploy(2, **options)
        assert isinstance(refused.value, NotApproved) == (answer is None)
        assert (refused.value.exit_code, project.writes) == (1, [])
        if isinstance(refused.value, NotApproved):
            (question,) = refused.value.deployment.unanswered
            assert question.changes.functions_of_other_code == {"orders-dev-report"}  # type: ignore[union-attr]
            assert refused.value.deployment.manual_changes == question.changes  # type: ignore[union-attr]
    else:
        done = project.deploy(2, **options)
        assert project.writes == writes
        assert done.manual_changes is not None
        assert (done.ok, done.other_code, len(done.manual_changes.drift)) == (True, (), 1)  # nobody hears of it twice
    shown = [re.sub(r"--s3-key \S+", "--s3-key KEY", text.replace(BUCKET, "BUCKET")) for text in project.person.heard]
    assert shown == heard


def test_a_plan_alone_tells_all_that_would_stop_it_and_writes_nothing(project: Project) -> None:
    project.deploy(1)
    project.cloud.code["orders-dev-report"] = "by hand"
    before, record = project.cloud.kept(), project.record()
    planned = project.deploy(project.built(2, {}), yes=False, only_plans=True)
    assert [type(question).__name__ for question in planned.unanswered] == ["ManualChangesQuestion", "PlanQuestion"]
    assert planned.plan is not None
    assert planned.access is not None
    assert planned.manual_changes is not None
    assert (planned.outcome, planned.other_code, planned.outputs) == (None, (), ())
    assert project.writes == ["CreateChangeSet", "DeleteChangeSet"]
    assert (project.cloud.kept(), project.record()) == (before, record)
    project.cloud.code.clear()
    same = project.deploy(1, only_plans=True)
    assert (same.plan, same.unanswered, project.writes) == (None, (), [])


def test_first_is_refused_where_the_stack_is_there(project: Project) -> None:
    assert project.deploy(1, yes=False, first=True).ok
    for number in (1, 2):
        with pytest.raises(RemitError, match="`--first`: orders-dev is deployed already") as refused:
            project.deploy(number, first=True)
        assert (refused.value.exit_code, project.runs) == (2, "1")
    assert project.writes == ["CreateChangeSet", "DeleteChangeSet"]


@pytest.mark.parametrize("number", [1, 2])
def test_a_name_of_data_that_would_not_go_is_refused_with_and_without_changes(project: Project, number: int) -> None:
    project.deploy(1)
    with pytest.raises(RemitError, match="`--yes-delete Files`: no data of this name would go") as refused:
        project.deploy(number, yes_delete=["Files"])
    assert (refused.value.exit_code, project.runs) == (2, "1")


def test_another_tools_stack_that_is_taken_over_is_no_release_of_the_project(project: Project) -> None:
    project.deploy(7)
    project.stack.tags.clear()
    project.cloud.objects.clear()
    with pytest.raises(RemitError, match="remit did not make it"):
        project.deploy(2)
    assert project.deploy(2, take_over=True).ok
    assert project.writes == [*wholly(2)[:3], "PutObject release 1"]
    assert project.stack.tags["remit:namespace"] == STACK


def test_cloudformation_works_as_the_role_that_the_job_or_the_app_names(project: Project) -> None:
    of_app, of_job = (f"arn:aws:iam::{NUMBER}:role/{name}" for name in ("app", "job"))
    project.deploy(project.built(1, service_role=of_app))
    assert project.stack.role == of_app
    project.deploy(project.built(2, service_role=of_app), service_role=of_job)
    assert project.stack.role == of_job
    project.deploy(project.built(3, service_role=of_app), only_plans=True)
    assert project.stack.role == of_job


def test_what_fails_after_the_change_is_noted_and_fails_no_deploy(project: Project) -> None:
    project.deploy(1)
    project.cloud.in_the_way["PutObject"] = [lambda: None, lambda: NO]
    project.cloud.in_the_way["UpdateTerminationProtection"] = [lambda: NO]
    link = project.folder / ".remit" / "deployed"
    shutil.move(link, project.folder / "elsewhere")
    link.symlink_to(project.folder / "elsewhere")
    is_link = f"{str(link)!r} is a link: remit would write, and delete, where it leads"
    assert project.deploy(project.built(2, retains_data=True)).ok
    assert project.person.heard == [
        PLANNED,
        "note: the stack is not protected: AWS denies UpdateTerminationProtection: no",
        f"note: what was deployed is not recorded for `remit diff`: {is_link}",
        "note: `remit rollback` cannot go back to this deploy: AWS denies PutObject: no",
    ]


# Stops: at each call of a deploy, and of a plan alone


def calls_of(project: Project, **job: Any) -> list[str]:
    """The calls of the deploy of build 2 over build 1, after which the account is as it was."""
    before = project.cloud.kept()
    project.deploy(2, **job)
    calls = list(project.cloud.calls)
    project.cloud.back_to(before)
    return calls


def test_a_signal_before_the_change_leaves_nothing_and_the_next_deploy_is_whole(project: Project) -> None:
    project.deploy(1)
    before, calls, (key,) = project.cloud.kept(), calls_of(project), project.built(2).artefacts
    looks, upload, change = map(calls.index, ("DescribeChangeSet", f"HeadObject {key}", "ExecuteChangeSet"))
    project.deploy(2)
    whole = project.objects, project.runs
    for number, call in enumerate(calls[: change + 4]):
        if project.in_short(call) == "PutObject zip 2":  # that is sent by a thread, which gets no signal
            continue
        project.cloud.back_to(before)
        project.cloud.stops = {number: KeyboardInterrupt(signal.SIGTERM)}
        with pytest.raises((RemitError, KeyboardInterrupt)) as stopped:
            project.deploy(2)
        waiting = project.stack.change_sets
        project.cloud.stops.clear()
        if number < change:
            assert isinstance(stopped.value, RemitError), call
            assert (stopped.value.exit_code, stopped.value.message) == (143, "stopped: nothing was deployed"), call
            assert (project.runs, bool(waiting)) == ("1", looks <= number < upload), call
        elif number <= change + 2:
            words = "stopped watching, but deploying orders-dev continues in AWS"
            assert isinstance(stopped.value, RemitError), call
            assert (stopped.value.exit_code, stopped.value.message) == (143, words), call
        if number >= change or waiting:
            assert project.deploy(2).ok
            assert (project.objects, project.runs, project.stack.change_sets) == (*whole, {}), call


def test_a_denied_call_stops_a_deploy_before_the_change_or_fails_none(project: Project) -> None:
    project.deploy(1)
    before, calls = project.cloud.kept(), calls_of(project)
    change = calls.index("ExecuteChangeSet")
    ends = {}
    for number, call in enumerate(calls):
        project.cloud.back_to(before)
        project.cloud.stops = {number: NO}
        ended = project.ended()
        if isinstance(ended, RemitError):
            end = type(ended).__name__
            assert number <= change or "is deployed, but" in ended.message or "continues in AWS" in ended.message
        else:
            end = "deployed"
            assert ended.ok, call
        assert (project.runs == "2") == (number > change or end == "deployed"), call
        ends.setdefault(project.in_short(call), []).append(end)
    assert ends == {
        "DescribeStacks": ["Denied", "Denied", "deployed", "deployed", "deployed"],
        "ListStackResources": ["Denied"],
        "GetTemplate": ["NotApproved", "Denied", "Denied", "deployed", "deployed"],
        "GetFunction": ["NotApproved", "RemitError"],
        "GetPolicy": ["deployed"],
        "HeadBucket": ["RemitError", "deployed"],
        "CreateChangeSet": ["Denied"],
        "DescribeChangeSet": ["Denied"],
        "HeadObject zip 2": ["Denied"],
        "PutObject zip 2": ["Denied"],
        "ListObjectVersions": ["deployed"] * 4,
        "GetObject release 1": ["deployed"] * 3,
        "ExecuteChangeSet": ["Denied"],
        "DescribeStackEvents": ["Denied"],
        "PutObject release 2": ["deployed"],
        "GetObject release 2": ["deployed"],
    }


@pytest.mark.parametrize(
    ("options", "looks"),
    [({}, True), ({"force": True}, False), ({"service_role": f"arn:aws:iam::{NUMBER}:role/deployer"}, False)],
)
def test_the_callers_policies_are_looked_at_first_but_where_they_do_not_count(
    project: Project, options: dict[str, Any], *, looks: bool
) -> None:
    assert project.deploy(1, **{"force": False, **options}).ok
    assert ("GetUser" in project.cloud.calls) == looks
    assert project.cloud.calls.index("CreateChangeSet") > (project.cloud.calls.index("GetUser") if looks else 0)


def test_a_plan_alone_that_is_stopped_at_any_call_leaves_nothing(project: Project) -> None:
    project.deploy(1)
    before, calls = project.cloud.kept(), calls_of(project, only_plans=True)
    # AWS deletes no change set that it still makes, so that its end is awaited.
    assert calls[calls.index("ListChangeSets") :] == [
        "ListChangeSets", "DescribeChangeSet", "DescribeStacks", "DeleteChangeSet",
    ]  # fmt: skip
    for number, call in enumerate(calls):
        is_signal = number % 2 == 1
        project.cloud.back_to(before)
        project.cloud.stops = {number: KeyboardInterrupt(signal.SIGTERM) if is_signal else NO}
        ended = project.ended(only_plans=True)
        if is_signal:
            assert isinstance(ended, RemitError), call
            assert (ended.exit_code, ended.message) == (143, "stopped: nothing was deployed"), call
        else:
            assert not isinstance(ended, RemitError) or ended.exit_code in (1, 2), call
        assert project.cloud.kept() == before, call


@pytest.mark.parametrize(("ending", "is_good"), [("UPDATE_COMPLETE", True), ("UPDATE_ROLLBACK_COMPLETE", False)])
def test_whoever_follows_a_deploy_again_records_one_that_ended_well(
    project: Project, ending: str, *, is_good: bool
) -> None:
    project.deploy(1)
    (project.folder / ".remit" / "deployed" / f"{STACK}.json").unlink()
    project.cloud.endings = [ending]
    project.cloud.in_the_way["DescribeStackEvents"] = [lambda: NO]
    with pytest.raises(RemitError, match="continues in AWS"):
        project.deploy(2)
    project.cloud.code["orders-dev-report"] = "other"
    done = resume(project.account, project.folder, STACK, None, project.person)
    assert done.outcome is not None
    assert (done.outcome.ok, done.outcome.status, done.outcome.outputs) == (is_good, ending, done.outputs)
    assert [output.value for output in done.outputs] == (["2"] if is_good else [])
    assert [code.actual for code in done.other_code] == (["other"] if is_good else [])
    assert bool(project.record()) == is_good


def test_a_delete_is_followed_to_its_end_and_what_is_gone_is_not_recorded(project: Project) -> None:
    project.deploy(1)
    stack = project.stack
    stack.status = "DELETE_IN_PROGRESS"
    project.cloud.begin(stack, "DELETE", "t")
    project.cloud.in_the_way["DescribeStackEvents"] = [
        lambda: None, lambda: project.cloud.end(stack, "DELETE", "DELETE_COMPLETE", "t"),
    ]  # fmt: skip
    (project.folder / ".remit" / "deployed" / f"{STACK}.json").unlink()
    project.cloud.code["orders-dev-report"] = "other"
    done = resume(project.account, project.folder, STACK, None, project.person)
    assert done.outcome is not None
    assert (done.outcome.ok, done.outcome.kind, done.other_code, project.record()) == (True, "DELETE", (), "")


SIZE: Final = ExistingValue("Size", "parameter", "/size", origin=Origin("app.py", 3, 1))


def test_values_are_looked_up_for_each_deploy_and_going_back_has_those_of_its_release(project: Project) -> None:
    project.cloud.values["/size"] = "small"
    project.deploy(project.built(1, parameters=(SIZE,)))
    assert project.stack.parameters == {"Size": "small"}
    project.cloud.values["/size"] = "large"
    project.deploy(project.built(2, parameters=(SIZE,)))
    assert project.stack.parameters == {"Size": "large"}
    del project.cloud.values["/size"]
    project.go_back()
    assert (project.runs, project.stack.parameters) == ("1", {"Size": "small"})
    with pytest.raises(RemitError, match=f"parameter /size does not exist in {NUMBER}, eu-central-1"):
        project.deploy(project.built(2, parameters=(SIZE,)))
    assert project.writes == []


def test_what_the_account_lacks_is_told_at_its_line_and_what_else_goes_wrong_is_not(project: Project) -> None:
    def never() -> Account:
        raise AssertionError("nothing is to be looked up")

    def unreachable() -> Account:
        raise RemitError("there are no AWS credentials")

    app = App("orders", "dev", (), existing=(SIZE, replace(SIZE, name="/other", origin=Origin("app.py", 4, 1))))
    assert lacking(App("orders", "dev", ()), project.folder, never) == ()
    assert lacking(app, project.folder, unreachable) == ()
    assert [
        (error.message.partition(" does")[0], error.origin)
        for error in lacking(app, project.folder, lambda: project.account)
    ] == [("parameter /size", Origin("app.py", 3, 1)), ("parameter /other", Origin("app.py", 4, 1))]
    assert project.cloud.writes == []


SOURCE: Final = ExistingSource("queue", "orders", "", ("report",))


def test_what_cloudformation_refuses_is_told_at_the_line_that_wrote_it(project: Project) -> None:
    resource = Resource("Jobs", "AWS::SSM::Parameter", {}, origin=Origin("app.py", 7, 1))
    unplaced = Resource("Report", "AWS::Lambda::Function", {})
    build = replace(project.built(1), template=Template("", (resource, unplaced)), must_exist=(SOURCE,))
    invalid = {
        "EventType": "VALIDATION_ERROR", "LogicalResourceId": "Jobs", "ResourceType": "AWS::SSM::Parameter",
        "ValidationStatusReason": "too long", "ValidationPath": "/Resources/Jobs",
    }  # fmt: skip
    failed = {"Status": "FAILED", "ExecutionStatus": "UNAVAILABLE", "StackId": STACK, "ChangeSetId": "x"}
    project.cloud.in_the_way["DescribeChangeSet"] = [lambda: failed]
    project.cloud.in_the_way["DescribeEvents"] = [lambda: {"OperationEvents": [invalid]}]
    with pytest.raises(RemitError, match=r"refuses Jobs \(AWS::SSM::Parameter\): too long") as refused:
        project.deploy(build)
    assert refused.value.origin == Origin("app.py", 7, 1)
    planned = project.deploy(build, only_plans=True).plan
    assert planned is not None
    assert (planned.origins, planned.must_exist) == ({"Jobs": Origin("app.py", 7, 1)}, (SOURCE,))


def test_a_stack_of_another_name_is_the_projects_own_and_cleared_as_such(project: Project) -> None:
    build = project.built(1, stack_name="legacy")
    project.deploy(build)
    (stack,) = project.cloud.stacks.values()
    assert (stack.name, stack.tags["remit:namespace"]) == ("legacy", STACK)
    project.cloud.code["orders-dev-report"] = "by hand"
    with pytest.raises(NotApproved):
        project.deploy(build)
    assert project.person.heard == ["sees ManualChanges"]
    project.cloud.code.clear()
    stack.status = "ROLLBACK_COMPLETE"
    assert project.deploy(build).ok
    assert [call.partition(" ")[0] for call in project.writes[:3]] == [
        "DeleteStack",
        "DeleteObjects",
        "CreateChangeSet",
    ]


def test_what_a_template_names_is_imported_only_if_that_is_said(project: Project) -> None:
    named = {"Jobs": {**JOBS, "Properties": {**JOBS["Properties"], "Name": "jobs"}}}
    assert project.deploy(project.built(1, named), adopt=True).ok
    # It is not there, so that the change set adds it, and is made anew without an import.
    assert project.writes == ["CreateChangeSet", "DeleteChangeSet", "DeleteStack", *wholly(1)]


def test_outputs_are_asked_for_until_the_stack_is_done(project: Project) -> None:
    """AWS may tell the last event sooner than that the stack is done."""
    project.account = project.cloud.account(local=True)  # where nobody waits long
    body = json.dumps({"Resources": {"Jobs": JOBS}, "Outputs": {"Number": {"Value": "1"}}})

    def not_done() -> Any:
        described = project.cloud.describe_stacks({"StackName": STACK})["Stacks"][0]
        return {"Stacks": [{**described, "StackStatus": "CREATE_IN_PROGRESS", "Outputs": []}]}

    project.cloud.in_the_way["DescribeStackEvents"] = [
        lambda: project.cloud.in_the_way.update(DescribeStacks=[not_done, lambda: NO, not_done]),
    ]
    done = project.deploy(replace(project.built(1), body=body, artefacts={}))
    assert [output.value for output in done.outputs] == ["1"]


def test_what_a_hook_refuses_comes_with_the_failure(project: Project) -> None:
    project.deploy(1)
    hook = {
        "EventType": "HOOK_INVOCATION_ERROR", "LogicalResourceId": "Jobs", "ResourceType": "AWS::SSM::Parameter",
        "HookType": "Corp::Named", "HookStatusReason": "no name", "OperationId": "1",
    }  # fmt: skip

    def events() -> Any:
        token = project.stack.events[0]["ClientRequestToken"]
        begun = {"EventType": "STACK_EVENT", "OperationId": "1", "ClientRequestToken": token}
        return {"OperationEvents": [begun, hook, {**hook, "OperationId": "2", "LogicalResourceId": "Other"}]}

    project.cloud.endings = ["UPDATE_ROLLBACK_COMPLETE"]
    project.cloud.in_the_way["DescribeEvents"] = [events]
    failed = project.deploy(2)
    assert failed.outcome is not None
    error = failure(failed.outcome, failed.outcome.hint)
    assert [further.message for further in error.further] == [
        "hook Corp::Named refuses Jobs (AWS::SSM::Parameter): no name"
    ]
    assert (error.exit_code, error.path) == (1, ("Resources", "Jobs"))


@pytest.mark.parametrize("only_plans", [True, False])
def test_without_a_bucket_nothing_is_deployed_and_a_plan_alone_says_so_too(
    project: Project, *, only_plans: bool
) -> None:
    before = project.cloud.kept()
    project.cloud.in_the_way["HeadBucket"] = [lambda: Refused("404", status=404)]
    with pytest.raises(RemitError, match=f"there is no artefact bucket {BUCKET} in account {NUMBER}") as refused:
        project.deploy(1, only_plans=only_plans)
    assert (refused.value.exit_code, project.writes) == (2, [])
    assert project.cloud.kept() == before


@pytest.mark.parametrize(
    ("version", "force", "is_newer"), [("9.9.9", False, True), ("9.9.9", True, False), (LATER, False, False)]
)
def test_a_stack_of_a_newer_remit_is_deployed_over_if_that_is_said(
    project: Project, version: str, *, force: bool, is_newer: bool
) -> None:
    project.deploy(1)
    project.stack.tags["remit:version"] = version
    if is_newer:
        with pytest.raises(RemitError, match=f"orders-dev was deployed by remit {version}, and this is"):
            project.deploy(2, force=force)
    assert is_newer or project.deploy(2, force=force).ok
    assert project.runs == ("1" if is_newer else "2")


def test_what_is_left_of_a_first_deploy_is_not_protected(project: Project) -> None:
    project.cloud.endings = ["ROLLBACK_FAILED"]
    assert not project.deploy(project.built(1, retains_data=True)).succeeded
    assert project.writes == wholly(1)[:3]


@pytest.mark.parametrize("wait", [True, False])
def test_whoever_deploys_meanwhile_is_waited_for_if_that_is_said(project: Project, *, wait: bool) -> None:
    project.deploy(1)
    project.account = project.cloud.account(local=True)  # where nobody waits long
    build = replace(project.built(2), body=json.dumps({"Resources": {"Jobs": JOBS}}), artefacts={})
    busy(project, "UPDATE_COMPLETE", "UPDATE_IN_PROGRESS")  # after the look at what was changed by hand
    if wait:
        assert project.deploy(build, wait=True, drift="accept").succeeded
        assert project.person.heard[:1] == ["waits for UPDATE_IN_PROGRESS"]
    else:
        with pytest.raises(RemitError, match="somebody else is deploying orders-dev"):
            project.deploy(build, drift="accept")
