"""What roles gain and lose between two templates, without any AWS."""

from __future__ import annotations

from typing import Any

from remit.deploy.plan import AccessItem, RoleChange, role_changes

QUERY = {"Effect": "Allow", "Action": "dynamodb:Query", "Resource": "*"}
PUT = {"Effect": "Allow", "Action": "dynamodb:PutItem", "Resource": "*"}
QUERY_TEXT = '{"Action": "dynamodb:Query", "Effect": "Allow", "Resource": "*"}'
PUT_TEXT = '{"Action": "dynamodb:PutItem", "Effect": "Allow", "Resource": "*"}'


def role(*statements: dict[str, Any], **properties: Any) -> dict[str, Any]:
    """A template with one role."""
    policies = [{"PolicyName": "remit", "PolicyDocument": {"Statement": list(statements)}}]
    return {"Resources": {"Report": {"Type": "AWS::IAM::Role", "Properties": {"Policies": policies} | properties}}}


def test_the_same_template_changes_no_role() -> None:
    assert role_changes(role(QUERY, PUT), role(QUERY, PUT)) == ()


def test_a_statement_more_and_a_statement_less_are_both_told() -> None:
    expected = RoleChange(
        "Report", "Modify", (AccessItem("statement", PUT_TEXT),), (AccessItem("statement", QUERY_TEXT),)
    )
    assert role_changes(role(QUERY), role(PUT)) == (expected,)


def test_order_single_values_in_lists_and_sids_are_no_change() -> None:
    spelled = {"Sid": "Reads", "Resource": ["*"], "Action": ["dynamodb:Query"], "Effect": "Allow"}
    assert role_changes(role(QUERY, PUT), role(PUT, spelled)) == ()


def test_the_order_of_condition_values_is_no_change_but_their_values_are() -> None:
    one, other, wider = (
        QUERY | {"Condition": {"StringEquals": {"aws:SourceAccount": values}}}
        for values in (["1", "2"], ["2", "1"], ["1", "2", "3"])
    )
    assert role_changes(role(one), role(other)) == ()
    assert [change.action for change in role_changes(role(one), role(wider))] == ["Modify"]


def test_a_new_role_gains_everything_and_a_removed_one_loses_it() -> None:
    nothing: dict[str, Any] = {"Resources": {}}
    (added,) = role_changes(nothing, role(QUERY))
    (removed,) = role_changes(role(QUERY), nothing)
    assert (added.action, added.added, added.removed) == ("Add", (AccessItem("statement", QUERY_TEXT),), ())
    assert (removed.action, removed.added, removed.removed) == ("Remove", (), added.added)


def test_a_role_without_any_access_is_told_when_it_appears() -> None:
    bare = {"Resources": {"Report": {"Type": "AWS::IAM::Role", "Properties": {}}}}
    assert role_changes({}, bare) == (RoleChange("Report", "Add", (), ()),)


def test_managed_policies_boundary_and_trust_are_access_too() -> None:
    trust = {
        "Statement": {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    }
    after = role(ManagedPolicyArns=["arn:a"], PermissionsBoundary={"Ref": "B"}, AssumeRolePolicyDocument=trust)
    (change,) = role_changes(role(), after)
    assert [item.kind for item in change.added] == ["boundary", "managed", "trust"]


def test_late_bound_resources_are_compared_as_they_are_written() -> None:
    at = QUERY | {"Resource": {"Fn::GetAtt": ["Orders", "Arn"]}}
    (change,) = role_changes(role(QUERY), role(at))
    assert change.added[0].text == (
        '{"Action": "dynamodb:Query", "Effect": "Allow", "Resource": {"Fn::GetAtt": ["Orders", "Arn"]}}'
    )


def test_a_document_that_is_an_intrinsic_function_is_shown_whole() -> None:
    (change,) = role_changes(
        {},
        {"Resources": {"R": {"Type": "AWS::IAM::Role", "Properties": {"Policies": {"Fn::If": ["C", [], []]}}}}},
    )
    assert change.added == (AccessItem("statement", '{"Fn::If": ["C", [], []]}'),)


def test_other_resources_are_no_roles() -> None:
    assert role_changes({}, {"Resources": {"Q": {"Type": "AWS::SQS::Queue"}}}) == ()


def test_what_a_policy_of_the_template_says_is_its_roles_own() -> None:
    """A role that is parted into policies has changed nothing."""
    whole = {"Report": {"Type": "AWS::IAM::Role", "Properties": {"Policies": [_policy(QUERY, PUT)]}}}
    parted = {
        "More": {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": {"Statement": [PUT]}}},
        "Report": {
            "Type": "AWS::IAM::Role",
            "Properties": {"Policies": [_policy(QUERY)], "ManagedPolicyArns": [{"Ref": "More"}]},
        },
    }
    assert role_changes({"Resources": whole}, {"Resources": parted}) == ()


def _policy(*statements: dict[str, object]) -> dict[str, object]:
    return {"PolicyName": "remit", "PolicyDocument": {"Statement": list(statements)}}
