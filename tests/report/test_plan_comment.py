"""A plan as one comment: what loses data is never cut, all else is, and it is found again by the stack."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from random_cases import in_all_cases
from remit.app import Grant, Reason
from remit.deploy.deployment import Deployment
from remit.deploy.drift import Drift
from remit.deploy.manual_changes import ManualChanges
from remit.deploy.operators import ManualChangesQuestion, PlanQuestion
from remit.deploy.plan import Detail, ResourceChange, StackPlan
from remit.deploy.planned_access import PlannedAccess
from remit.deploy.session import Account
from remit.errors import Origin
from remit.holders import Holder, inline
from remit.iam.policy import allow
from remit.report.plan_comment import plan_comment
from remit.review.access_change import Version
from remit.review.changes import review

HERE = Account("111122223333", "eu-central-1", "aws", None)
TABLE, FUNCTION = "AWS::DynamoDB::Table", "AWS::Lambda::Function"
MOST = 65_536  # "body is too long (maximum is 65536 characters)"


def access(number: int) -> PlannedAccess:
    """So many gains, each a cause of its own."""
    tables = [f"arn:aws:dynamodb:eu-central-1:111122223333:table/{'x' * 60}{n}" for n in range(number)]
    grants = [Grant(allow("dynamodb:PutItem", on=table), Reason("text", "")) for table in tables]
    roles = tuple(Holder(f"R{n}", (inline((grant,)),), (f"f{n}",)) for n, grant in enumerate(grants))
    return PlannedAccess(review(Version("before", ()), Version("after", roles)))


def deployment(tables: int, functions: int, gains: int) -> Deployment:
    """A plan that replaces tables and adds functions, and access."""
    key = (Detail("KeySchema", "", "Always"),)
    changes = [ResourceChange("Modify", f"Table{n}", TABLE, "True", ("Properties",), key) for n in range(tables)]
    changes += [ResourceChange("Modify", f"Function{n}", FUNCTION, "False", ("Properties",)) for n in range(functions)]
    template: dict[str, Any] = {"Resources": {change.logical_id: {"Type": change.type} for change in changes}}
    origins = {f"Table{n}": Origin("data.py", n + 1, 5) for n in range(tables)}
    plan = StackPlan("orders-dev", "s", "c", "UPDATE", tuple(changes), template, template, origins=origins)
    question = PlanQuestion(HERE, plan, access(gains), yes=False, yes_delete=(), lacks_access=gains > 0)
    return Deployment("orders-dev", ManualChanges(), plan, question.access, unanswered=(question,))


def test_a_short_plan_tells_access_and_resources_with_property_and_line() -> None:
    text = plan_comment(deployment(1, 1, 1), "account 111122223333, eu-central-1")
    assert text.splitlines()[:4] == [
        "<!-- remit plan orders-dev in account 111122223333, eu-central-1 -->",
        "**A deploy stops here unless somebody agrees: it adds access (1 gain) and data goes (table Table0).**",
        "",
        "0 to add, 2 to change, 0 to remove, 1 of them replaced; access: 1 gained, 0 lost.",
    ]
    assert (
        "| ! | `Table0` | `AWS::DynamoDB::Table` | replaced, with its data | KeySchema differs, and can only be set "
        "when it is created `data.py:1:5` |"
    ) in text
    assert "| + | `Write on dynamodb: dynamodb:PutItem` |" in text
    assert "- `~ AWS::Lambda::Function  Function0`" in text


@in_all_cases
def test_however_much_changes_it_fits_and_has_all_that_loses_data() -> None:
    for tables, functions, gains in ((40, 0, 900), (200, 2_000, 0), (200, 2_000, 900)):
        text = plan_comment(deployment(tables, functions, gains), "account 111122223333, eu-central-1")
        assert len(text.encode()) <= MOST
        for number in range(tables):
            assert f"| ! | `Table{number}` |" in text
        assert "left out: `remit deploy --plan --json` shows all." in text


def test_changes_by_hand_stand_before_access_and_no_change_says_so() -> None:
    by_hand = ManualChanges((Drift("ReportRole", "policy debug was attached by hand"),))
    stopped = replace(deployment(1, 0, 1), manual_changes=by_hand)
    text = plan_comment(replace(stopped, unanswered=(ManualChangesQuestion(by_hand), *stopped.unanswered)), "here")
    assert "agrees: the stack was changed by hand and it adds access (1 gain) and" in text
    assert text.index("| ! | `Table0`") < text.index("policy debug was attached by hand") < text.index("| + |")
    nothing = plan_comment(Deployment("orders-dev", ManualChanges()), "here")
    assert nothing == "<!-- remit plan orders-dev in here -->\n**No changes.**\n\n`orders-dev in here`\n"
    free = plan_comment(replace(deployment(0, 1, 0), unanswered=()), "here")
    assert free.splitlines()[1] == "**A deploy goes ahead by itself.**"


def test_a_removal_is_certain_and_what_cloudformation_may_replace_is_not() -> None:
    perhaps = (Detail("KeySchema", "", "Conditionally"),)
    changes = (
        ResourceChange("Remove", "Old", TABLE),
        ResourceChange("Dynamic", "Open", TABLE),
        ResourceChange("Modify", "Orders", TABLE, "Conditional", ("Properties",), perhaps),
    )
    here = deployment(0, 0, 0)
    plan = StackPlan("orders-dev", "s", "c", "UPDATE", changes, {}, {})
    lines = plan_comment(replace(here, plan=plan), "here").splitlines()
    why = "KeySchema differs, and can only be set when it is created"
    assert [line for line in lines if line.startswith("| ! |")] == [
        "| ! | `Old` | `AWS::DynamoDB::Table` | removed, with its data |  |",
        "| ! | `Open` | `AWS::DynamoDB::Table` | perhaps removed, with its data |  |",
        f"| ! | `Orders` | `AWS::DynamoDB::Table` | perhaps replaced, with its data | {why} |",
    ]
