"""What programs get: each noun with all that it says, under the keys that the pages of docs name."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from remit.app import Grant, Reason
from remit.catalogue.actions import action, actions, resource_types
from remit.deploy.drift import Drift
from remit.deploy.manual_changes import ManualChanges
from remit.deploy.plan import StackPlan
from remit.deploy.planned_access import PlannedAccess
from remit.errors import RemitError
from remit.holders import Holder, inline
from remit.iam.policy import allow
from remit.lint.finding import Finding
from remit.report.access_documents import drift_document
from remit.report.access_report import review_report
from remit.report.actions import action_document, arn_document, level_of
from remit.report.comment import report_comment
from remit.report.findings import findings_text
from remit.report.manual_changes import by_hand_document
from remit.report.plan import plan_document
from remit.report.resource_losses import loss_document, loss_lines
from remit.review.access_change import Version
from remit.review.changes import review
from remit.review.resource_losses import REMOVED, REPLACED, ResourceLoss

if TYPE_CHECKING:
    from collections.abc import Sequence

LOSSES: Final = st.lists(
    st.builds(
        ResourceLoss,
        logical_id=st.sampled_from(["Orders", "Web"]),
        type=st.sampled_from(["AWS::DynamoDB::Table", "AWS::Events::Rule"]),
        how=st.sampled_from(["removed", "replaced"]),
        is_certain=st.booleans(),
        properties=st.sampled_from([(), ("KeySchema",), ("A", "B")]),
        stays=st.booleans(),
        origin=st.none(),
    ),
    max_size=3,
)


@settings(max_examples=30)
@given(LOSSES)
def test_each_resource_that_goes_is_told_with_all_that_is_known_of_it(losses: Sequence[ResourceLoss]) -> None:
    assert loss_document(losses) == [
        {
            "resource": loss.logical_id, "type": loss.type, "change": loss.how, "certain": loss.is_certain,
            "properties": [*loss.properties], "holds_data": "Table" in loss.type, "stays": loss.stays,
        }
        for loss in losses
    ]  # fmt: skip
    assert loss_document(None) is None


@settings(max_examples=30)
@given(LOSSES)
def test_people_read_of_a_resource_that_goes_how_why_and_whether_its_data_goes(losses: Sequence[ResourceLoss]) -> None:
    for loss in losses:
        first, *why = loss_lines(loss)
        is_data = "Table" in loss.type
        assert first.startswith(
            f"  ! {loss.logical_id} ({loss.type}) {'is' if loss.is_certain else 'may be'} {loss.how}"
        )
        assert (", with its data" in first) == (is_data and not loss.stays)
        stays = {REMOVED: ", and stays in the account", REPLACED: ", and the old one stays in the account"}
        assert [how for how, text in stays.items() if text in first] == [loss.how] * loss.stays
        assert [line[:6] for line in why] == ["      "] * bool(loss.properties)
        assert all(name in why[0] for name in loss.properties)


@settings(max_examples=30)
@given(LOSSES)
def test_a_comment_begins_with_the_number_of_resources_that_go(losses: Sequence[ResourceLoss]) -> None:
    lines = report_comment(replace(review_report(review(Version("a", ()), Version("b", ()))), losses=losses))
    data = sum("Table" in loss.type and not loss.stays for loss in losses)
    words = f" ({data} {'loses' if data == 1 else 'lose'} data)" if data else ""
    heading = [f"**Resources: {len(losses)} removed or replaced{words}.**"] if losses else []
    assert [line for line in lines.splitlines() if line.startswith("**Resources")] == heading


def test_changes_by_hand_have_a_reason_where_they_were_not_compared() -> None:
    drift = (Drift("ReportRole", "a policy was added", "aws iam …"), Drift("WebRole", "its trust differs"))
    of_role = {"kind": "role", "public": False}
    told = [
        {"resource": "ReportRole", **of_role, "what": "a policy was added", "undo": "aws iam …"},
        {"resource": "WebRole", **of_role, "what": "its trust differs", "undo": None},
    ]
    assert drift_document(drift) == told
    assert by_hand_document(ManualChanges(drift)) == {
        "checked": True, "reason": None, "changes": told, "not_compared": [], "access": None,
    }  # fmt: skip
    assert by_hand_document(ManualChanges(unread=RemitError("AWS does not answer"))) == {
        "checked": False, "reason": "AWS does not answer", "changes": [], "not_compared": [], "access": None,
    }  # fmt: skip


@pytest.mark.parametrize("name", [*actions("sqs"), "iam:PassRole", "ec2:RunInstances", "s3:ListAllMyBuckets"])
def test_an_action_is_told_with_all_that_the_catalogue_has_of_it(name: str) -> None:
    entry = action(name)
    assert entry is not None
    document = action_document(entry)
    assert [document.pop(key) for key in ("action", "level")] == [entry.full_name, entry.level]
    assert [(one["type"], one["arns"], one["required"]) for one in document.pop("resources")] == [
        (target.type.name, [*target.type.arns], target.required) for target in entry.targets
    ]
    assert [(one["key"], one["type"]) for one in document.pop("condition_keys")] == [
        (key.name, key.type) for key in entry.all_keys
    ]
    assert document.pop("dependents") == (None if entry.dependents is None else [*entry.dependents])
    assert document.pop("permission_only") == entry.permission_only
    assert document.keys() == {"service", "operations"}
    assert level_of(name) == entry.level
    assert level_of(f"{name}s") == "unknown"


def test_an_arn_is_told_with_the_types_and_actions_that_take_it() -> None:
    kinds = tuple(resource_types("sqs"))
    document = arn_document("arn:aws:sqs:*:*:q", kinds)
    assert (document["arn"], document["service"]) == ("arn:aws:sqs:*:*:q", "sqs")
    assert [(one["type"], one["arns"]) for one in document["types"]] == [(kind.name, [*kind.arns]) for kind in kinds]
    assert "sqs:SendMessage" in document["types"][0]["actions"]


NOTE: Final = Finding("R212", "whole-service", "note", "all of it")


@pytest.mark.parametrize(
    ("count", "told"),
    [
        (0, "nothing found"),
        (1, "nothing found; 1 note not shown (--notes)"),
        (2, "nothing found; 2 notes not shown (--notes)"),
    ],
)
def test_notes_that_are_left_out_are_counted(count: int, told: str) -> None:
    assert findings_text([NOTE] * count, lambda _: (), with_notes=False).splitlines()[-1] == told


@pytest.mark.parametrize(("before", "after", "told"), [(0, 1, "Add"), (1, 0, "Remove"), (1, 2, "Modify")])
def test_a_role_is_told_as_it_comes_goes_or_changes(before: int, after: int, told: str) -> None:
    def version(count: int) -> Version:
        grants = [Grant(allow(f"sqs:{name}", on="*"), Reason("text", "")) for name in ("SendMessage", "ReceiveMessage")]
        role = Holder("WebRole", (inline(grants[:count]),), ("web",))
        return Version("some version", (role,) if count else ())

    plan = StackPlan("shop", "arn:stack", "arn:change-set", "UPDATE", (), {"Resources": {}}, {"Resources": {}})
    document: Any = plan_document(plan, PlannedAccess(review(version(before), version(after))))
    assert [(role["logical_id"], role["action"], role["functions"]) for role in document["roles"]] == [
        ("WebRole", told, ["web"])
    ]
    assert plan_document(replace(plan, parameters={"Vpc": "vpc-1"}), PlannedAccess(review(version(0), version(0)))) == {
        "resources": [], "renames": [], "role_replacements": [], "must_exist": [], "parameters": {"Vpc": "vpc-1"},
        "roles": [],
    }  # fmt: skip
