"""Users, groups and managed policies that stand alone are read, compared and explained as roles are."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from projects import remit, write
from remit.report.access_documents import review_document
from remit.report.access_lines import report_lines
from remit.report.access_report import review_report
from remit.review.role_files import plan_review, review_files

if TYPE_CHECKING:
    from pathlib import Path

    from remit.review.access_change import Review

ADMIN: Final = "arn:aws:iam::aws:policy/AdministratorAccess"


def document(*actions: str, effect: str = "Allow") -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": {"Effect": effect, "Action": list(actions), "Resource": "*"}}


def user(*actions: str, **more: object) -> dict[str, Any]:
    policies = [{"PolicyName": "own", "PolicyDocument": document(*actions)}] if actions else []
    return {"Type": "AWS::IAM::User", "Properties": {"UserName": "ann", "Policies": policies, **more}}


def group(**more: object) -> dict[str, Any]:
    return {"Type": "AWS::IAM::Group", "Properties": {"GroupName": "admins", **more}}


def policy(kind: str, *actions: str, **more: object) -> dict[str, Any]:
    return {"Type": f"AWS::IAM::{kind}", "Properties": {"PolicyDocument": document(*actions), **more}}


def template(**resources: dict[str, Any]) -> bytes:
    return json.dumps({"Resources": resources}).encode()


def reviewed(old: bytes, new: bytes) -> Review:
    return review_files((old, "old.json"), (new, "new.json"))


def gained(old: bytes, new: bytes) -> dict[str, list[str]]:
    changes = reviewed(old, new).changes
    return {change.title: [piece.action for piece in change.access.gained] for change in changes}


def test_a_users_own_policies_are_compared() -> None:
    assert gained(template(Ann=user("s3:GetObject")), template(Ann=user("s3:GetObject", "s3:PutObject"))) == {
        "user Ann": ["s3:PutObject"]
    }


def test_a_user_gains_what_its_group_gains() -> None:
    old = template(Ann=user(Groups=[{"Ref": "Admins"}]), Admins=group(ManagedPolicyArns=[]))
    new = template(Ann=user(Groups=[{"Ref": "Admins"}]), Admins=group(ManagedPolicyArns=[ADMIN]))
    assert gained(old, new) == {"user Ann": ["*"], "group Admins": ["*"]}


def test_a_user_gains_the_policies_of_a_group_that_it_joins() -> None:
    admins = group(ManagedPolicyArns=[ADMIN])
    joined = {"Type": "AWS::IAM::UserToGroupAddition", "Properties": {"GroupName": "admins", "Users": ["ann"]}}
    assert gained(template(Ann=user(), Admins=admins), template(Ann=user(), Admins=admins, Join=joined)) == {
        "user Ann": ["*"]
    }


def test_a_policy_that_lists_users_and_groups_is_theirs() -> None:
    resources = {"Ann": user(), "Admins": group()}
    attached = policy("Policy", "s3:GetObject", PolicyName="p", Users=["ann"], Groups=[{"Ref": "Admins"}])
    single = policy("UserPolicy", "sqs:SendMessage", PolicyName="q", UserName={"Ref": "Ann"})
    assert gained(template(**resources), template(**resources, P=attached, Q=single)) == {
        "user Ann": ["s3:GetObject", "sqs:SendMessage"],
        "group Admins": ["s3:GetObject"],
    }


def test_a_boundary_limits_a_user() -> None:
    limit = policy("ManagedPolicy", "s3:*")
    bound = {"Limit": limit, "Ann": user("s3:GetObject", PermissionsBoundary={"Ref": "Limit"})}
    more = {**bound, "Ann": user("s3:GetObject", "sqs:SendMessage", PermissionsBoundary={"Ref": "Limit"})}
    assert gained(template(**bound), template(**more)) == {}


def test_a_group_that_the_template_does_not_make_is_undecided_when_it_is_joined() -> None:
    told_changes = reviewed(template(Ann=user()), template(Ann=user(Groups=["outside"]))).changes
    assert [unread.reason for change in told_changes for unread in change.unread] == [
        "it is in group outside, which is not made here: what else that gives is not known"
    ]
    assert [door.words for change in told_changes for door in change.doors] == ["Ann Groups: not set -> outside"]


def test_a_managed_policy_that_stands_alone_is_compared() -> None:
    old, new = template(P=policy("ManagedPolicy", "s3:GetObject")), template(P=policy("ManagedPolicy", "s3:*"))
    assert gained(old, new) == {"managed policy P": ["s3:*"]}
    (line,) = [line for line in report_lines(review_report(reviewed(old, new))) if "managed policy P: " in line]
    assert line.startswith("      managed policy P: new.json:")
    assert review_document(reviewed(old, new))["gained"][0]["role"] == "P"


def test_a_policy_that_a_user_comes_to_have_is_the_users_gain_alone() -> None:
    made = policy("ManagedPolicy", "s3:GetObject")
    old = template(P=made, Ann=user())
    assert gained(old, template(P=made, Ann=user(ManagedPolicyArns=[{"Ref": "P"}]))) == {"user Ann": ["s3:GetObject"]}


def test_a_statement_that_moves_into_a_managed_policy_of_the_same_user_gains_nothing() -> None:
    """Nor when it moves back: the policy is there with its user alone."""
    inline = template(Ann=user("s3:GetObject"))
    managed = template(P=policy("ManagedPolicy", "s3:GetObject"), Ann=user(ManagedPolicyArns=[{"Ref": "P"}]))
    for old, new in ((inline, managed), (managed, inline)):
        assert reviewed(old, new).changes == ()


def test_a_password_is_told_and_not_shown() -> None:
    (change,) = reviewed(template(Ann=user()), template(Ann=user(LoginProfile={"Password": "correct horse"}))).changes
    assert [door.words for door in change.doors] == ["Ann LoginProfile: not set -> set"]


def plan(*after: dict[str, Any]) -> bytes:
    def values(resources: tuple[dict[str, Any], ...]) -> dict[str, Any]:
        return {"root_module": {"resources": list(resources)}}

    whole = {
        "format_version": "1.2",
        "terraform_version": "1.9.0",
        "planned_values": values(after),
        "prior_state": {"values": values(())},
    }
    return json.dumps(whole).encode()


def planned(kind: str, address: str, **values: object) -> dict[str, Any]:
    return {"address": f"{kind}.{address}", "mode": "managed", "type": kind, "name": address, "values": values}


def test_a_plans_users_have_their_own_policies_and_their_groups() -> None:
    found = plan_review(
        plan(
            planned("aws_iam_user", "ann", name="ann"),
            planned("aws_iam_group", "admins", name="admins"),
            planned("aws_iam_user_policy", "own", user="ann", policy=json.dumps(document("s3:GetObject"))),
            planned("aws_iam_group_policy_attachment", "all", group="admins", policy_arn=ADMIN),
            planned("aws_iam_user_group_membership", "in", user="ann", groups=["admins"]),
            planned("aws_iam_policy", "alone", name="alone", policy=json.dumps(document("sqs:SendMessage"))),
        ),
        "plan.json",
    )
    assert {change.title: [piece.action for piece in change.access.gained] for change in found.changes} == {
        "user aws_iam_user.ann": ["s3:GetObject", "*"],
        "group aws_iam_group.admins": ["*"],
        "managed policy aws_iam_policy.alone": ["sqs:SendMessage"],
    }


def explained(folder: Path, *words: str) -> tuple[int, str]:
    admins = group(Policies=[{"PolicyName": "g", "PolicyDocument": document("dynamodb:GetItem")}])
    resources = {
        "Ann": user("s3:GetObject", Groups=["admins"], PermissionsBoundary={"Ref": "Limit"}),
        "Admins": admins,
        "Limit": policy("ManagedPolicy", "dynamodb:*"),
        "Alone": policy("ManagedPolicy", "sqs:SendMessage", ManagedPolicyName="sender"),
    }
    write(folder, {"template.json": template(**resources).decode()})
    ran = remit("explain", str(folder / "template.json"), *words)
    return ran.status, ran.out


def test_explain_lists_users_groups_and_policies(tmp_path: Path) -> None:
    status, out = explained(tmp_path)
    assert status == 0
    table, *lines = [line for line in out.splitlines() if line and not line.startswith(" ")]
    assert table.startswith("what each may do at most")
    assert lines == [
        "user Ann",
        "group Admins",
        "managed policy Alone",
    ]


def test_explain_answers_for_a_user_by_its_name_with_its_groups_policies(tmp_path: Path) -> None:
    status, out = explained(tmp_path, "ann", "dynamodb:GetItem", "arn:aws:dynamodb:us-east-1:111122223333:table/t")
    assert (status, out.splitlines()[0]) == (
        0,
        "Allowed: user Ann may dynamodb:GetItem on arn:aws:dynamodb:us-east-1:111122223333:table/t",
    )
    assert "because of group Admins" in out


def test_explain_applies_a_users_boundary(tmp_path: Path) -> None:
    status, out = explained(tmp_path, "Ann", "s3:GetObject", "arn:aws:s3:::b/k")
    assert (status, out.splitlines()[1]) == (1, "  no statement of its permissions boundary allows it")


def test_explain_finds_a_managed_policy_by_its_name_also_where_somebody_has_it(tmp_path: Path) -> None:
    assert explained(tmp_path, "sender")[1].splitlines()[0] == "managed policy Alone"
    assert explained(tmp_path, "Limit")[1].splitlines()[0] == "managed policy Limit"
