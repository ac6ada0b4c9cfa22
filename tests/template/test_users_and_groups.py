"""The users of a template have the policies of their groups; a managed policy is told with whoever has it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from role_readers import read_template

if TYPE_CHECKING:
    from remit.template.roles import FileRoles


def policy(action: str) -> dict[str, Any]:
    return {"PolicyName": "p", "PolicyDocument": {"Statement": {"Effect": "Allow", "Action": action, "Resource": "*"}}}


def iam(kind: str, **properties: Any) -> dict[str, Any]:
    return {"Type": f"AWS::IAM::{kind}", "Properties": properties}


def of(resources: dict[str, Any]) -> FileRoles:
    return read_template(json.dumps({"Resources": resources}).encode(), "t.json")


def test_a_user_has_the_policies_of_each_group_that_it_is_in_however_it_came_in() -> None:
    read = of({
        "User": iam("User", UserName="ann", Groups=[{"Ref": "Read"}]),
        "Read": iam("Group", Policies=[policy("s3:Get*")]),
        "Write": iam("Group", GroupName="writers", Policies=[policy("s3:Put*")]),
        "Delete": iam("Group", Policies=[policy("s3:Delete*")]),
        "AddsByName": iam("UserToGroupAddition", GroupName="writers", Users=["somebody-else", "ann"]),
        "AddsByReference": iam("UserToGroupAddition", GroupName={"Ref": "Delete"}, Users=[{"Ref": "User"}]),
    })  # fmt: skip
    user = next(one for one in read.users if one.kind == "user")
    told = [(grant.statement.actions.patterns, grant.because) for grant in user.grants]
    assert [(*actions, because.rpartition("of group ")[2]) for actions, because in told] == [
        ("s3:Get*", "Read"), ("s3:Put*", "Write"), ("s3:Delete*", "Delete"),
    ]  # fmt: skip
    assert user.notes == ()


def test_of_a_group_that_is_not_made_here_a_user_has_what_is_attached_to_it_and_perhaps_more() -> None:
    attached = iam("Policy", Groups=["theirs"], **policy("sqs:*"))
    read = of({"User": iam("User", Groups=["theirs", "unknown"]), "Attached": attached})
    user = next(one for one in read.users if one.kind == "user")
    assert [grant.statement.actions.patterns for grant in user.grants] == [("sqs:*",)]
    assert user.notes == tuple(
        f"it is in group {name}, which is not made here: what else that gives is not known"
        for name in ("theirs", "unknown")
    )


def test_what_is_not_known_of_a_group_is_not_known_of_its_users() -> None:
    read = of({"User": iam("User", Groups=[{"Ref": "Group"}]), "Group": iam("Group", Policies={"Ref": "Policies"})})
    assert {one.notes for one in read.users} == {
        ("some of its inline policies are known at the deploy only: ${Policies}",)
    }


def test_a_managed_policy_is_told_by_itself_unless_somebody_has_it() -> None:
    document = policy("s3:*")["PolicyDocument"]
    sometimes = {**iam("ManagedPolicy", ManagedPolicyName="some", PolicyDocument=document), "Condition": "Prod"}
    read = of({
        "Listed": iam("ManagedPolicy", PolicyDocument=document),
        "Bounding": iam("ManagedPolicy", PolicyDocument=document),
        "Listing": iam("ManagedPolicy", PolicyDocument=document, Roles=["elsewhere"]),
        "Alone": iam("ManagedPolicy", PolicyDocument=document),
        "Sometimes": sometimes,
        "Role": iam("Role", ManagedPolicyArns=[{"Ref": "Listed"}], PermissionsBoundary={"Ref": "Bounding"}),
    })  # fmt: skip
    assert read.held_policies == {"Listed", "Bounding", "Listing"}
    alone = [one for one in read.holders if one.kind == "managed policy"]
    assert [(one.logical_id, one.name, one.condition, one.notes) for one in alone] == [
        ("Alone", "", None, ()),
        ("Sometimes", "some", "Prod", ("it is there only if Prod",)),
    ]


def test_a_user_that_comes_into_a_group_twice_has_its_policies_once_and_a_group_of_elsewhere_is_told_once() -> None:
    read = of({
        "User": iam("User", UserName="ann", Groups=["writers", "theirs", {"Ref": "Write"}]),
        "Write": iam("Group", GroupName="writers", Policies=[policy("s3:Put*")]),
        "Adds": iam("UserToGroupAddition", GroupName="writers", Users=[{"Ref": "User"}, {"Ref": "User"}]),
        "AddsToTheirs": iam("UserToGroupAddition", GroupName="theirs", Users=["ann"]),
    })  # fmt: skip
    user, group = read.users
    assert [(held.name, [grant.because for grant in held.grants]) for held in user.policies] == [
        ("p", ["of group Write"])
    ]
    assert user.notes == ("it is in group theirs, which is not made here: what else that gives is not known",)
    assert [(one.trust_origin, one.limits, one.name) for one in (user, group)] == [
        (None, (), "ann"),
        (None, (), "writers"),
    ]


def test_a_boundary_is_noted_only_where_a_condition_decides_on_it() -> None:
    limits: dict[str, Any] = {"Plain": "arn:aws:iam::1:policy/a", "Chosen": {"Fn::If": ["C", "a", "b"]}}
    trust = {"Statement": {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "*"}}
    roles = {
        name: iam("Role", PermissionsBoundary=limit, AssumeRolePolicyDocument=trust) for name, limit in limits.items()
    }
    note = "a condition decides on its permissions boundary: what is said here holds for the widest"
    plain, chosen = of(roles).roles
    assert (plain.boundary, plain.notes) == ("arn:aws:iam::1:policy/a", ())
    assert chosen.notes == (note,)
