"""A deploy from Python: who is told and asked, and what comes back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from remit.build import build
from remit.deploy.deployment import DeployJob, NotApproved
from remit.deploy.operators import DeployOperator, PlannedDeploy, PlanQuestion
from remit.deploy.session import connect
from remit.deploy.workflow import deploy
from remit.errors import RemitError
from remit.report.operators import WordedOperator

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from remit.deploy.manual_changes import ManualChanges
    from remit.deploy.operators import DeployQuestion
    from remit.deploy.session import Account


class Person(WordedOperator):
    """Answers every question alike, and keeps what it was told."""

    def __init__(self, *, answer: bool) -> None:
        self.answer = answer
        self.heard: list[str] = []

    def show(self, lines: Iterable[str]) -> None:
        self.heard += lines

    def ask(self, text: str) -> bool:
        self.heard.append(text)
        return self.answer


@pytest.fixture
def calls(elsewhere: Account) -> list[dict[str, Any]]:
    """The parameters of each change set that the account is asked to make from now on."""
    parameters: list[dict[str, Any]] = []
    events = elsewhere.client("cloudformation").meta.events
    events.register(
        "provide-client-params.cloudformation.CreateChangeSet", lambda params, **_: parameters.append(params)
    )
    return parameters


def test_it_gives_what_was_deployed_and_a_second_one_changes_nothing(project: Path, elsewhere: Account) -> None:
    resources = project / "shared" / "resources"
    resources.mkdir(parents=True)
    stated = "from remit import Shared, output, project\n\nclass Data(Shared):\n    stack = output(project.namespace)\n"
    (resources / "data.py").write_text(stated)
    first = deploy(DeployJob(build(project), elsewhere, yes=True))
    second = deploy(DeployJob(build(project), elsewhere))
    assert first.outcome is not None
    assert (True, "CREATE_COMPLETE") == (first.ok, first.outcome.status)
    assert (True, None, None) == (second.ok, second.plan, second.outcome)
    assert ["orders-dev"] == [output.value for output in second.outputs]
    assert first.outputs == second.outputs


def test_where_nobody_is_asked_what_needs_approval_is_refused_with_what_was_planned(
    project: Path, elsewhere: Account, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(NotApproved, match=r"nothing was deployed: it adds access \(2 gains\)") as refused:
        deploy(DeployJob(build(project), elsewhere, WordedOperator()))
    assert 1 == refused.value.exit_code
    assert "`--first` deploys a stage for the first time" in str(refused.value.hint)
    assert refused.value.deployment.access is not None
    assert refused.value.deployment.access.broadens
    assert [] == elsewhere.client("cloudformation").list_change_sets(StackName="orders-dev").get("Summaries", [])
    assert ("", "") == capfd.readouterr()


def test_an_operator_is_given_values_and_a_refusal_without_one_carries_them(project: Path, elsewhere: Account) -> None:
    class Program(DeployOperator):
        def see(self, subject: PlannedDeploy | ManualChanges) -> None:
            subjects.append(subject)

        def reply(self, question: DeployQuestion) -> bool | None:
            questions.append(question)
            return None

    subjects: list[PlannedDeploy | ManualChanges] = []
    questions: list[DeployQuestion] = []
    with pytest.raises(NotApproved, match="nothing was changed: this needs an answer") as refused:
        deploy(DeployJob(build(project), elsewhere, Program()))
    (planned,), (question,) = subjects, questions
    assert isinstance(planned, PlannedDeploy)
    assert isinstance(question, PlanQuestion)
    assert ("CREATE", True) == (planned.plan.kind, question.lacks_access)
    assert (planned.plan, planned.access) == (question.plan, question.access)
    assert (question.plan, question.access) == (refused.value.deployment.plan, refused.value.deployment.access)


@pytest.mark.parametrize("answer", [True, False])
def test_an_operator_sees_the_plan_and_decides(project: Path, elsewhere: Account, *, answer: bool) -> None:
    person = Person(answer=answer)
    if answer:
        assert deploy(DeployJob(build(project), elsewhere, person)).ok
    else:
        with pytest.raises(RemitError, match="nothing was deployed"):
            deploy(DeployJob(build(project), elsewhere, person))
    assert "  + report: Write on logs (2 actions); Read on dynamodb (1 action)" in person.heard
    assert person.heard[-1].endswith("Deploy to the AWS on this machine, eu-central-1?")


@pytest.mark.parametrize("named", [True, False])
def test_cloudformation_works_with_the_service_role_that_is_named(
    project: Path, elsewhere: Account, calls: list[dict[str, Any]], *, named: bool
) -> None:
    role = _service_role(elsewhere) if named else None
    assert deploy(DeployJob(build(project), elsewhere, yes=True, service_role=role)).ok
    assert [role] == [call.get("RoleARN") for call in calls]


def _service_role(account: Account) -> str:
    """The ARN of a role with which CloudFormation may do everything."""
    iam = account.client("iam")
    principal = {"Service": "cloudformation.amazonaws.com"}
    trust = {"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal}]}
    role = iam.create_role(RoleName="cloudformation", AssumeRolePolicyDocument=json.dumps(trust))["Role"]
    iam.attach_role_policy(RoleName="cloudformation", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    return str(role["Arn"])


def test_the_account_is_that_of_the_session_of_the_caller(account: Account) -> None:
    session = boto3.Session("444455556666", "local", region_name="eu-west-1")
    reached = connect(session=session, endpoint=account.endpoint)
    assert ("444455556666", "eu-west-1", session) == (reached.account, reached.region, reached.session)
    reached.client("sts").close()
