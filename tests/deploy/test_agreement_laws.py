"""Who must agree to a plan, said once more: to data by its name, to access by an option, to the rest by yes."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from answering import answering
from random_cases import cases
from remit.deploy.approval import agree_to_plan, require_named_data
from remit.deploy.deployment import DeployJob, Deployment, NotApproved
from remit.deploy.operators import DeployOperator, PlanQuestion
from remit.deploy.plan import ResourceChange, StackPlan
from remit.deploy.planned_access import PlannedAccess
from remit.errors import RemitError
from remit.review.access_change import Review

if TYPE_CHECKING:
    from remit.deploy.operators import DeployQuestion

TABLE: Final = "AWS::DynamoDB::Table"
CHANGES: Final = {
    "added": ResourceChange("Add", "Added", TABLE),
    "removed table": ResourceChange("Remove", "Orders", TABLE),
    "replaced table": ResourceChange("Modify", "Users", TABLE, "True", ("Properties",)),
    "perhaps replaced table": ResourceChange("Modify", "News", TABLE, "Conditional", ("Properties",)),
    "removed function": ResourceChange("Remove", "Report", "AWS::Lambda::Function"),
    "logs of a function": ResourceChange("Remove", "Logs", "AWS::Logs::LogGroup"),
    "other logs": ResourceChange("Remove", "Audit", "AWS::Logs::LogGroup"),
}
RUNNING: Final = {
    "Resources": {
        "Report": {"Type": "AWS::Lambda::Function", "Properties": {"LoggingConfig": {"LogGroup": {"Ref": "Logs"}}}},
    }
}
DATA: Final = ("Orders", "Users", "News", "Audit")
DESTROYED: Final = ("Orders", "Users", "Report", "Logs", "Audit")


@dataclass
class Person(DeployOperator):
    """Somebody who gives this answer; None: nobody is there."""

    answer: bool | None
    asked: list[Any] = field(default_factory=list)

    def reply(self, question: DeployQuestion) -> bool | None:
        self.asked.append(question)
        return self.answer


@settings(max_examples=cases(75, deep=1_000))
@given(
    kinds=st.lists(st.sampled_from(sorted(CHANGES)), unique=True),
    named=st.sets(st.sampled_from((*DATA, "Logs"))),
    yes=st.booleans(),
    first=st.booleans(),
    approval=st.sampled_from((None, "broadening", "any", "never")),
    gains=st.booleans(),
    answer=st.sampled_from((None, True, False)),
    fits=st.sampled_from((True, True, True, False)),
)
def test_a_plan_goes_ahead_where_each_part_of_it_is_agreed_to(
    kinds: list[str],
    named: set[str],
    approval: Any,
    *,
    answer: bool | None,
    yes: bool,
    first: bool,
    gains: bool,
    fits: bool,
) -> None:
    changes = tuple(CHANGES[kind] for kind in kinds)
    ids = {change.logical_id for change in changes}
    if "Report" not in ids:
        ids.discard("Logs")  # the group of a function that stays is not drawn
        changes = tuple(change for change in changes if change.logical_id != "Logs")
    named &= ids & {*DATA, "Logs"} if fits else named  # most people name what goes
    plan = StackPlan("orders-dev", "id", "cs", "UPDATE", changes, RUNNING, {})
    access = PlannedAccess(Review("a", "b", ()), "unread" if gains else "")
    account, _ = answering({})
    operator = Person(answer)
    job = DeployJob(None, account, operator, yes=yes, yes_delete=named, first=first, approval=approval)  # type: ignore[arg-type]

    misnamed = named - (ids & {*DATA, "Logs"})
    needs_data = bool(ids & set(DATA) - named)
    needs_access = gains and approval != "never" and not first and not (yes and approval is None)
    needs_removal = bool(ids & set(DESTROYED) - named) and not yes
    is_asked = not misnamed and (needs_data or not yes)
    if misnamed:
        ending = 2
    elif is_asked and answer is not None:
        ending = 0 if answer else 1
    else:
        ending = 1 if needs_data or needs_access or needs_removal else 0

    stopped: RemitError | None = None
    try:
        agree_to_plan(job, None, plan, access)
    except RemitError as error:
        stopped = error

    assert (0 if stopped is None else stopped.exit_code) == ending
    if isinstance(stopped, NotApproved):
        (question,) = stopped.deployment.unanswered
        assert isinstance(question, PlanQuestion)
        assert (stopped.deployment.plan, question.lacks_access) == (plan, needs_access)
    assert isinstance(stopped, NotApproved) == (ending == 1 and not (is_asked and answer is False))
    assert len(operator.asked) == int(is_asked)


@pytest.mark.parametrize(
    ("named", "there", "hint"),
    [
        (["B", "A", "Orders"], ["Users", "Orders"], "what would go: Orders, Users"),
        (["A", "B"], [], "what would go: nothing that holds data"),
    ],
)
def test_names_of_what_would_not_go_are_refused_with_those_that_would(
    named: list[str], there: list[str], hint: str
) -> None:
    with pytest.raises(RemitError, match="`--yes-delete A B`: no data of this name would go") as raised:
        require_named_data(named, there)

    assert raised.value.hint == hint


def test_a_plan_alone_names_no_role_and_protects_as_a_deploy_does() -> None:
    app = SimpleNamespace(service_role="of the app", retains_data=True)
    built: Any = SimpleNamespace(app=app)
    far, here = answering({})[0], answering({}, local=True)[0]
    jobs = [
        DeployJob(built, far), DeployJob(built, far, service_role="named"), DeployJob(built, here),
        DeployJob(built, far, service_role="named", only_plans=True),
    ]  # fmt: skip
    assert [(job.role, job.protects) for job in jobs] == [
        ("of the app", True), ("named", True), ("of the app", False), (None, True),
    ]  # fmt: skip
    app.retains_data, app.service_role = False, None
    assert (jobs[0].role, jobs[0].protects) == (None, False)
    stopped = NotApproved(RemitError("busy", hint="wait", exit_code=75), Deployment("orders-dev"))
    assert (stopped.message, stopped.hint, stopped.exit_code) == ("busy", "wait", 75)


@pytest.mark.parametrize("answer", [None, True, False])
def test_nobody_decides_where_nobody_is_there(answer: bool | None) -> None:
    if answer is None:
        with pytest.raises(RemitError, match="nobody is there to give it"):
            Person(answer).decide(None)  # type: ignore[arg-type]
    else:
        assert Person(answer).decide(None) is answer  # type: ignore[arg-type]
