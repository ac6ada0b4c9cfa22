"""What a plan says of templates: what stays, what was renamed, whose role is another one; for each of several."""

from __future__ import annotations

from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from random_cases import cases
from remit.deploy.plan import (
    Detail,
    ResourceChange,
    RoleReplacement,
    StackPlan,
    capabilities_of,
    function_log_groups,
)

TABLE: Final = "AWS::DynamoDB::Table"
POLICIES: Final = st.sampled_from((None, "Delete", "Retain", "RetainExceptOnCreate", "Snapshot"))
ATTRIBUTES: Final = st.fixed_dictionaries({"DeletionPolicy": POLICIES, "UpdateReplacePolicy": POLICIES})
KEEPING: Final = ("Retain", "RetainExceptOnCreate")  # a snapshot is left of what itself goes


def planned(running: dict[str, Any], template: dict[str, Any], changes: tuple[ResourceChange, ...] = ()) -> StackPlan:
    return StackPlan("shop", "id", "set", "UPDATE", changes, {"Resources": running}, {"Resources": template})


@settings(max_examples=cases(30, deep=600))
@given(ATTRIBUTES, ATTRIBUTES)
def test_what_is_removed_stays_by_the_old_template_and_what_is_replaced_by_both(
    before: dict[str, Any], after: dict[str, Any]
) -> None:
    removed, replaced = ResourceChange("Remove", "Data", TABLE), ResourceChange("Modify", "Data", TABLE, "True")
    assert (before["DeletionPolicy"] in KEEPING) == planned({"Data": before}, {}).stays(removed)
    both = before["UpdateReplacePolicy"] in KEEPING and after["UpdateReplacePolicy"] in KEEPING
    assert both == planned({"Data": before}, {"Data": after}).stays(replaced)


NAMES: Final = ("First", "Second", "Third", "Fourth")
ROLES: Final = st.sampled_from(({"Fn::GetAtt": ["A", "Arn"]}, {"Fn::GetAtt": ["B", "Arn"]}, "arn:aws:iam::1:role/c"))
CALLED: Final = ("A", "B", "arn:aws:iam::1:role/c")


def function(role: Any, group: str | None = None) -> dict[str, Any]:
    logging = {} if group is None else {"LoggingConfig": {"LogGroup": {"Ref": group}}}
    return {"Type": "AWS::Lambda::Function", "Properties": {"Role": role, **logging}}


FUNCTIONS: Final = st.dictionaries(st.sampled_from(NAMES), ROLES)


@settings(max_examples=cases(20, deep=400))
@given(FUNCTIONS, FUNCTIONS)
def test_each_function_that_exists_and_gets_another_role_is_told_with_both(
    before: dict[str, Any], after: dict[str, Any]
) -> None:
    words = {repr({"Fn::GetAtt": [name, "Arn"]}): name for name in "AB"}
    expected = [
        RoleReplacement(name, *(words.get(repr(role), role) for role in (before[name], after[name])))
        for name in after
        if name in before and before[name] != after[name]
    ]
    others = {"Queue": {"Type": "AWS::SQS::Queue"}}
    running = {**others, **{name: function(role) for name, role in before.items()}}
    template = {**others, **{name: function(role) for name, role in after.items()}}
    assert expected == list(planned(running, template).role_replacements)


@settings(max_examples=cases(10, deep=200))
@given(st.dictionaries(st.sampled_from(NAMES), st.sampled_from((None, "Logs", "OtherLogs"))))
def test_the_log_groups_of_all_functions_are_theirs(groups: dict[str, str | None]) -> None:
    template = {"Resources": {name: function("arn", group) for name, group in groups.items()}}
    assert {group for group in groups.values() if group} == function_log_groups(template) - {""}


TABLES: Final = st.lists(st.sampled_from(("id", "key")), max_size=3)


@settings(max_examples=cases(30, deep=600))
@given(TABLES, TABLES)
def test_a_table_that_goes_is_renamed_to_one_that_comes_with_the_same_properties_and_no_two_to_one(
    removed: list[str], added: list[str]
) -> None:
    def table(number: int, key: str) -> dict[str, Any]:
        properties = {"KeySchema": [{"AttributeName": key, "KeyType": "HASH"}], "TableName": f"table-{number}"}
        return {"Type": TABLE, "Properties": properties}

    running = {f"Old{number}": table(number, key) for number, key in enumerate(removed)}
    template = {f"New{number}": table(number + 9, key) for number, key in enumerate(added)}
    queue = ResourceChange("Add", "Queue", "AWS::SQS::Queue")
    changes = [*(ResourceChange("Remove", name, TABLE) for name in running), queue]
    changes += [ResourceChange("Add", name, TABLE) for name in template]
    pairs = planned(running, {**template, "Queue": {}}, tuple(changes)).renames
    olds, news = [old for old, _ in pairs], [new for _, new in pairs]
    assert len(pairs) == len(set(olds)) == len(set(news))
    for old, new in pairs:
        assert removed[int(old[3:])] == added[int(new[3:])]
    for key in ("id", "key"):
        assert min(removed.count(key), added.count(key)) == sum(removed[int(old[3:])] == key for old in olds)


def test_a_table_that_is_perhaps_replaced_is_not_renamed() -> None:
    same = {"Type": TABLE, "Properties": {"KeySchema": []}}
    changes = (
        ResourceChange("Modify", "Old", TABLE, "Conditional", ("Properties",)),
        ResourceChange("Add", "New", TABLE),
    )
    plan = planned({"Old": same}, {"Old": same, "New": same}, changes)
    assert [change.logical_id for change in plan.data_to_name] == ["Old"]
    assert plan.renames == ()


@pytest.mark.parametrize(
    ("change", "is_real"),
    [
        (ResourceChange("Modify", "X", TABLE, "False", ("Tags",)), False),
        (ResourceChange("Modify", "X", TABLE, "False", ("Properties", "Tags")), True),
        (ResourceChange("Modify", "X", TABLE, "Conditional", ("Tags",)), True),
        (ResourceChange("Modify", "X", TABLE, "True", ("Tags",)), True),
        (ResourceChange("Add", "X", TABLE, "", ("Tags",)), True),
        (ResourceChange("Modify", "X", TABLE, "", (), (Detail("Code", "A"), Detail("Role", "A.Arn"))), False),
        (ResourceChange("Modify", "X", TABLE, "", (), (Detail("Code", "A"), Detail("Role", "A.Version"))), True),
        (ResourceChange("Modify", "X", TABLE, "", (), (Detail("Code", "A"), Detail("Role"))), True),
        (ResourceChange("Modify", "X", TABLE, "", (), (Detail("Code", "Replaced"),)), True),
        (ResourceChange("Remove", "X", TABLE, "", (), (Detail("Code", "A"),)), True),
        (ResourceChange("Modify", "X", TABLE), True),
    ],
)
def test_a_change_is_real_unless_it_is_of_tags_or_follows_what_keeps_its_name_and_arn(
    change: ResourceChange, *, is_real: bool
) -> None:
    kept = ResourceChange("Modify", "A", "AWS::SQS::Queue", "False", ("Properties",), (Detail("DelaySeconds"),))
    gone = ResourceChange("Modify", "Replaced", "AWS::SQS::Queue", "True", ("Properties",), (Detail("QueueName"),))
    assert (change in planned({}, {}, (kept, gone, change)).real) == is_real
    # What follows a follower is a follower, in whatever order they are listed.
    further = ResourceChange("Modify", "Y", TABLE, "", (), (Detail("Code", "X"),))
    assert (further in planned({}, {}, (further, kept, gone, change)).real) == (
        is_real and change.replacement != "False"
    )


TABLE_OF_ID: Final = {"Type": TABLE, "Properties": {"KeySchema": [{"AttributeName": "id"}], "TableName": "old"}}
RUNNING: Final[dict[str, Any]] = {
    "Report": function({"Fn::GetAtt": ["ReportRole", "Arn"]}, "Logs"),
    "Ingest": function("arn:aws:iam::1:role/path/ingest"),
    "Gone": function({"Fn::GetAtt": ["ReportRole", "Arn"]}, "Logs"),
    "Table": {**TABLE_OF_ID, "DeletionPolicy": "Retain"},
    "Broken": "no mapping",
}
NEXT: Final[dict[str, Any]] = {
    "Report": function({"Fn::GetAtt": ["OwnRole", "Arn"]}, "Logs"),
    "Ingest": function({"Fn::GetAtt": ["OwnRole", "Arn"]}),
    "New": function({"Fn::GetAtt": ["OwnRole", "Arn"]}),
    "Orders": {**TABLE_OF_ID, "Properties": {**TABLE_OF_ID["Properties"], "TableName": "new"}},
    "Further": TABLE_OF_ID,
    "OfOtherType": {**TABLE_OF_ID, "Type": "AWS::DynamoDB::GlobalTable"},
}


def test_a_plan_tells_what_it_does_of_every_kind_of_change() -> None:
    def modified(name: str, type_name: str, replacement: str, *causes: str, tags: bool = False) -> ResourceChange:
        details = tuple(Detail("P", cause) for cause in causes)
        scope = ("Tags",) if tags else ("Properties",)
        return ResourceChange("Modify", name, type_name, replacement, scope, details)

    queue, group = "AWS::SQS::Queue", "AWS::Logs::LogGroup"
    real = (
        ResourceChange("Remove", "Logs", group),
        ResourceChange("Remove", "OtherLogs", group),
        ResourceChange("Remove", "Table", TABLE),
        modified("Replaced", TABLE, "True"),
        modified("Perhaps", "AWS::S3::Bucket", "Conditional"),
        ResourceChange("Dynamic", "Stream", "AWS::Kinesis::Stream"),
        ResourceChange("Remove", "Role", "AWS::IAM::Role"),
        modified("Policy", "AWS::IAM::Role", "False"),
        modified("OfId", queue, "False", "Policy.RoleId"),
        modified("OfReplaced", queue, "False", "Replaced.Arn"),
        modified("OfBoth", queue, "False", "Policy.Arn", ""),
        modified("ReplacedByTags", queue, "True", tags=True),
        ResourceChange("Import", "Imported", group, details=(Detail("P", "Policy"),)),
        ResourceChange("Add", "OfOtherType", "AWS::DynamoDB::GlobalTable"),
        ResourceChange("Add", "Orders", TABLE),
        ResourceChange("Add", "Further", TABLE),
    )
    unreal = (
        modified("Tagged", queue, "False", tags=True),
        modified("Follows", queue, "False", "Policy", "Policy.Arn"),
        modified("FollowsThat", queue, "", "Follows.Arn"),
        modified("FollowsLast", queue, "", "FollowsThat"),
        modified("FollowsPerhaps", TABLE, "Conditional", "Policy.Arn"),
    )
    plan = planned(RUNNING, NEXT, (*unreal[:2], *real, *unreal[2:]))

    def named(changes: tuple[ResourceChange, ...]) -> list[str]:
        return [change.logical_id for change in changes]

    gone = ["Logs", "OtherLogs", "Table", "Replaced", "Perhaps", "Stream", "Role", "ReplacedByTags"]
    with_data = ["Logs", "OtherLogs", "Table", "Replaced", "Perhaps", "Stream"]
    assert [change.logical_id for change in real] == named(plan.real)
    assert ["Logs", "OtherLogs", "Table", "Replaced", "Role", "ReplacedByTags"] == named(plan.destroyed)
    assert gone == named(plan.going)
    assert with_data + gone[-1:] == named(plan.data_at_risk)
    assert with_data[1:] + gone[-1:] == named(plan.data_to_name)
    assert (("Table", "Orders"),) == plan.renames
    assert {"Logs", ""} == function_log_groups(plan.running)
    assert plan.role_replacements == (
        RoleReplacement("Report", "ReportRole", "OwnRole"),
        RoleReplacement("Ingest", "arn:aws:iam::1:role/path/ingest", "OwnRole"),
    )
    assert ["Table"] == [change.logical_id for change in plan.going if plan.stays(change)]


ROLE: Final = {"Type": "AWS::IAM::Role", "Properties": {}}
NAMED: Final = {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "r"}}


@pytest.mark.parametrize(
    ("resources", "capabilities"),
    [
        ([], ("CAPABILITY_IAM",)),
        ([ROLE, {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "q"}}, "x"], ("CAPABILITY_IAM",)),
        ([ROLE, NAMED], ("CAPABILITY_NAMED_IAM",)),
        (
            [{"Type": "AWS::IAM::ManagedPolicy", "Properties": {"ManagedPolicyName": "p"}}],
            ("CAPABILITY_NAMED_IAM",),
        ),
        ([{"Type": "AWS::IAM::InstanceProfile"}], ("CAPABILITY_IAM",)),
        ([{"Type": "AWS::CloudFormation::Stack"}], ("CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND")),
        ([{"Type": "Custom::Thing", "Properties": {"RoleName": "r"}}], ("CAPABILITY_IAM",)),
    ],
)
def test_a_template_needs_these_capabilities(resources: list[Any], capabilities: tuple[str, ...]) -> None:
    """Source: "Acknowledging IAM resources in CloudFormation templates" (CloudFormation User Guide)."""
    template = {"Resources": {f"R{number}": resource for number, resource in enumerate(resources)}}
    assert capabilities == capabilities_of(template)
