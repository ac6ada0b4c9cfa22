"""Every field of whatever holds policies in one plan of Terraform with a bit of everything, told line by line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from remit.errors import Origin
from remit.template.terraform.plan import plan_roles
from template.test_whole_holders import sheet

if TYPE_CHECKING:
    from remit.template.roles import FileRoles

EXPECTED = Path(__file__).with_name("data") / "whole_plan.txt"
POLICY = "arn:aws:iam::111122223333:policy"
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
ELSEWHERE = {"file": "more.json"}
OTHER = "arn:aws:iam::aws:policy/AmazonSQSFullAccess"


def resource(address: str, mode: str = "managed", **values: Any) -> dict[str, Any]:
    plain = address.replace('["a"]', "").replace("[0]", "")
    return {"address": address, "mode": mode, "type": plain.split(".")[-2], "values": values}


def text(action: str, *more: Any) -> str:
    statement = {"Effect": "Allow", "Action": action, "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement, *more]})


def refers(*texts: str) -> dict[str, Any]:
    return {"references": list(texts)}


WORKER: dict[str, Any] = {
    "name": "worker", "id": "worker-id", "arn": "arn:aws:iam::111122223333:role/worker",
    "permissions_boundary": f"{POLICY}/limit",
    "inline_policy": [{"name": "kept", "policy": text("s3:Get*")}, {"name": "stale", "policy": text("s3:Put*")},
                      {"name": "none", "policy": ""}, "odd", {"name": "late"}],
    "managed_policy_arns": [f"{POLICY}/shared", READ_ONLY, OTHER],
}  # fmt: skip
RESOURCES = [
    resource("aws_iam_role.worker", **WORKER),
    resource("aws_iam_role_policy.late", role="worker", name="late"),
    resource("aws_iam_policy.limit", name="limit", arn=f"{POLICY}/limit", policy=text("s3:*")),
    resource(
        "aws_iam_policy.shared", name="shared", arn=f"{POLICY}/shared", policy=text("sqs:*", {"file": "more.json"})
    ),
    resource("aws_iam_policy.fresh", name="fresh", policy=text("kms:*")),
    resource("aws_iam_policy.late", name="unread"),
    resource("aws_iam_role_policy_attachment.fresh", role="worker-id"),
    resource("aws_iam_policy_attachment.all", users=["ann", "bob"], roles=["ops"], groups=None, policy_arn=READ_ONLY),
    resource("aws_iam_user.ann", name="ann", assume_role_policy=None),
    resource("aws_iam_user.new_a"),
    resource("aws_iam_user.new_b"),
    resource("aws_iam_group.readers", name="readers", id="readers-id"),
    resource("aws_iam_group_policy.readers", name="read", group="readers", policy=text("sns:*")),
    resource("aws_iam_user_group_membership.ann", user="ann", groups=["readers", "theirs"]),
    resource("aws_iam_group_membership.new", users=[None], group="readers-id"),
    resource("aws_iam_role_policy_attachment.ops", role="ops"),
    resource("aws_iam_role_policy.ops", role="ops", name="own", policy=text("ec2:*", ELSEWHERE)),
    resource("aws_lambda_function.worker", role="arn:aws:iam::111122223333:role/worker"),
    resource("aws_instance.host"),
    resource("aws_vpc_endpoint_policy.s3", vpc_endpoint_id="vpce-1", policy="{}"),
    resource("aws_vpc_endpoint_policy.both", policy="{}"),
    resource('aws_vpc_endpoint.both["a"]', vpc_endpoint_type="Gateway"),
    resource("aws_vpc_endpoint.both[0]", vpc_endpoint_type="Interface"),
]
IN_MODULES = [
    resource('module.a["a"].module.b[0].aws_sfn_state_machine.own["a"]'),
    resource("module.a.module.b.data.aws_vpc_endpoint.s3", "data", id="vpce-1", vpc_endpoint_type="Gateway"),
]
OWN_ROLE = resource('module.a["a"].aws_iam_role.own["a"]', name="own", assume_role_policy=text("sts:*"))
MODULE_B = {"address": "module.a.module.b", "resources": IN_MODULES}
MODULES = [{"address": "module.a", "resources": [OWN_ROLE], "child_modules": [MODULE_B]}]
BEFORE = [
    resource("aws_iam_role_policy.stale", role="worker", name="stale", policy=text("s3:Put*")),
    resource("aws_iam_role_policy_attachment.stale", role="worker", policy_arn=READ_ONLY),
]
CONFIGURED = {
    "aws_iam_role_policy_attachment.fresh": {"policy_arn": refers("aws_iam_policy.fresh.arn", "aws_iam_policy.fresh")},
    "aws_iam_group_membership.new": {"users": refers("aws_iam_user.new_a.name", "aws_iam_user.new_a")},
    "aws_iam_role_policy_attachment.ops": {"policy_arn": refers("module.a.arn")},
    "aws_instance.host": {
        "iam_instance_profile": refers("aws_iam_instance_profile.host.name"),
        "key_name": refers("aws_iam_role_policy.late.id"),
    },
    "aws_vpc_endpoint_policy.both": {"vpc_endpoint_id": refers("aws_vpc_endpoint.both")},
}
OWN = {"address": "aws_sfn_state_machine.own", "expressions": {"role_arn": refers("var.role.arn")}}
CALLED = {"expressions": {"role": refers("aws_iam_role.own")}, "module": {"resources": [OWN]}}


def whole_plan() -> FileRoles:
    configured = [{"address": address, "expressions": each} for address, each in CONFIGURED.items()]
    value = {
        "planned_values": {"root_module": {"resources": RESOURCES, "child_modules": MODULES}},
        "prior_state": {"values": {"root_module": {"resources": BEFORE, "child_modules": MODULES}}},
        "configuration": {"root_module": {
            "resources": configured,
            "module_calls": {"a": {"module": {"module_calls": {"b": CALLED}}}},
        }},
    }  # fmt: skip
    return plan_roles(value, "plan.json", lambda path: Origin(".".join(map(str, path[2:])), 1, 1))


def test_everything_of_a_plan_that_holds_policies_is_told_with_every_field() -> None:
    lines = [line for holder in whole_plan().holders for line in sheet(holder)]
    assert lines == EXPECTED.read_text("utf-8").splitlines()


def test_the_content_of_a_plan_besides_its_holders_is_told() -> None:
    read = whole_plan()
    assert list(read.documents) == ["aws_iam_policy.limit", f"{POLICY}/limit", "aws_iam_policy.fresh"]
    assert [policy.logical_id for policy in read.policies if policy.logical_id not in read.held_policies] == [
        "aws_iam_policy.limit",
        "aws_iam_policy.late",
    ]
    assert read.held_policies >= {"aws_iam_group_policy.readers", "aws_iam_policy.shared", "aws_iam_policy.fresh"}
    properties = {one.logical_id: one.properties for one in read.resources}
    assert [*properties] == [one["address"] for one in (*RESOURCES, OWN_ROLE, *IN_MODULES) if one["mode"] == "managed"]
    assert properties["aws_instance.host"] == {"iam_instance_profile": "${aws_iam_instance_profile.host.arn}"}
    assert properties["aws_vpc_endpoint_policy.s3"].get("vpc_endpoint_type") == "Gateway"
    assert properties["aws_vpc_endpoint_policy.both"] == {"policy": "{}"}
    assert properties["aws_iam_role.worker"] == WORKER
