"""Terraform plans: the roles after the apply and before it, what attaches to them, what only the apply knows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from remit.documents.foreign_text import unfilled
from remit.errors import RemitError
from remit.iam.policy import parse
from remit.template.terraform.plan import TerraformPlan, plan_roles, read_plan
from remit.template.terraform.policy_blocks import POLICY_SOURCE, policy_of_blocks
from remit.template.terraform.state import PlannedResource, configured
from role_readers import read_roles, read_template

PLAN = Path(__file__).with_name("data") / "plan.json"
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
WORKER = "aws_iam_role.worker"
ATTACHMENT = "aws_iam_role_policy_attachment"


def whole() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(PLAN.read_text())
    return found


def plan_of(value: dict[str, Any]) -> TerraformPlan:
    return read_plan(json.dumps(value).encode(), "plan.json")


def actions(plan: TerraformPlan, role: str = WORKER, side: str = "after") -> list[tuple[str, str]]:
    read = plan.after if side == "after" else plan.before
    return [
        (" ".join(grant.statement.actions.patterns), grant.because)
        for found in read.roles
        if found.logical_id == role
        for grant in found.grants
    ]


def test_a_role_has_what_every_kind_of_resource_attaches_to_it() -> None:
    assert actions(plan_of(whole())) == [
        ("dynamodb:GetItem", WORKER),
        ("s3:GetObject s3:ListBucket", "aws_iam_role_policy.read"),
        ("sns:Publish", "aws_iam_policy.shared"),
    ]


def test_a_role_is_whole() -> None:
    read = plan_of(whole()).after
    worker = next(one for one in read.roles if one.logical_id == WORKER)
    assert worker.functions == ("aws_lambda_function.worker",)
    assert worker.managed == (
        "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole",
        "arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess",
    )
    assert worker.boundary == "arn:aws:iam::111122223333:policy/limit"
    assert [one.actions.patterns for one in read.documents[worker.boundary].statements] == [("s3:*",)]
    assert worker.trusts == ("lambda.amazonaws.com",)
    assert worker.notes == ("what aws_iam_role_policy.late says is known after the apply only",)


def test_a_statement_stands_at_the_line_of_the_text_that_it_is_in() -> None:
    lines = PLAN.read_text().splitlines()
    grants = [grant for role in plan_of(whole()).after.roles for grant in role.grants]
    assert len(grants) == 6
    data = PLAN.read_bytes()
    for grant in [grant for role in read_plan(data, "plan.json").after.roles for grant in role.grants]:
        assert grant.origin is not None
        assert lines[grant.origin.line - 1].lstrip().startswith('"policy": ')


def test_each_instance_has_its_own_and_a_module_its_own() -> None:
    plan = plan_of(whole())
    assert actions(plan, 'aws_iam_role.each["a"]') == [("lambda:InvokeFunction", 'aws_iam_role_policy.each["a"]')]
    assert actions(plan, 'aws_iam_role.each["b"]') == [("states:StartExecution", 'aws_iam_role_policy.each["b"]')]
    assert actions(plan, "module.api.aws_iam_role.api") == [
        ("logs:PutLogEvents", "module.api.aws_iam_role_policy.logs")
    ]


def test_the_side_before_is_the_state_that_the_plan_was_made_from() -> None:
    before = plan_of(whole()).before
    assert [(one.logical_id, one.functions) for one in before.roles] == [(WORKER, ("aws_lambda_function.worker",))]
    assert actions(plan_of(whole()), side="before") == [("dynamodb:*", WORKER)]


def test_without_a_state_there_was_nothing_before() -> None:
    plan = whole()
    del plan["prior_state"]
    assert plan_of(plan).before.roles == ()


def test_what_the_provider_read_from_aws_does_not_hide_what_the_plan_changes() -> None:
    """A role's lists that nobody wrote hold the policies of other resources as they were."""
    plan = whole()
    stale = {"name": "read", "policy": text("s3:DeleteObject")}
    gone = {"name": "gone", "policy": text("kms:Decrypt")}
    by_hand = {"name": "by-hand", "policy": text("ses:SendEmail")}
    worker = values(plan, WORKER)
    worker["inline_policy"] = [stale, gone, by_hand]
    worker["managed_policy_arns"] = ["arn:aws:iam::aws:policy/AmazonS3FullAccess"]
    before = plan["prior_state"]["values"]["root_module"]["resources"]
    before.append(resource("aws_iam_role_policy.gone", {"name": "gone", "role": "worker", "policy": gone["policy"]}))
    arn = "arn:aws:iam::aws:policy/AmazonS3FullAccess"
    before.append(resource("aws_iam_role_policy_attachment.gone", {"role": "worker", "policy_arn": arn}))
    found = plan_of(plan)
    assert [name for name, _ in actions(found)] == ["ses:SendEmail", "s3:GetObject s3:ListBucket", "sns:Publish"]
    assert found.after.roles[0].managed == ("arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess",)


@pytest.mark.parametrize(
    ("block", "statement"),
    [
        ({"actions": ["s3:*"], "resources": ["*"]}, {"Action": ["s3:*"], "Resource": ["*"]}),
        (
            {
                "sid": "A",
                "effect": "Deny",
                "not_actions": ["s3:*"],
                "not_resources": ["arn:aws:s3:::a/&{aws:username}"],
            },
            {"Sid": "A", "Effect": "Deny", "NotAction": ["s3:*"], "NotResource": ["arn:aws:s3:::a/${aws:username}"]},
        ),
        (
            {
                "actions": ["s3:*"],
                "resources": ["*"],
                "principals": [
                    {"type": "AWS", "identifiers": ["111122223333"]},
                    {"type": "Service", "identifiers": ["sns.amazonaws.com"]},
                    {"type": "AWS", "identifiers": ["444455556666"]},
                ],
                "condition": [
                    {"test": "StringLike", "variable": "aws:SourceArn", "values": ["a"]},
                    {"test": "StringLike", "variable": "aws:PrincipalArn", "values": ["b"]},
                    {"test": "Bool", "variable": "aws:SecureTransport", "values": ["true"]},
                    {"test": "StringLike", "variable": "aws:SourceArn", "values": ["c", "d"]},
                ],
            },
            {
                "Action": ["s3:*"],
                "Resource": ["*"],
                "Principal": {"AWS": ["111122223333", "444455556666"], "Service": ["sns.amazonaws.com"]},
                "Condition": {
                    "StringLike": {"aws:SourceArn": ["a", "c", "d"], "aws:PrincipalArn": ["b"]},
                    "Bool": {"aws:SecureTransport": ["true"]},
                },
            },
        ),
        (
            {"actions": ["s3:*"], "resources": ["*"], "not_principals": [{"type": "*", "identifiers": ["x"]}]},
            {"Action": ["s3:*"], "Resource": ["*"], "NotPrincipal": "*"},
        ),
    ],
)
def test_blocks_make_the_policy_that_the_provider_makes(block: dict[str, Any], statement: dict[str, Any]) -> None:

    source = PlannedResource("data.aws_iam_policy_document.a", POLICY_SOURCE, {"statement": [block]}, (), {})
    assert policy_of_blocks(source) == {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]}


def test_an_attachment_of_a_policy_that_the_apply_alone_knows_is_told_by_its_address() -> None:
    value = whole()
    late = {"address": f"{ATTACHMENT}.late", "mode": "managed", "type": ATTACHMENT, "name": "late"}
    value["planned_values"]["root_module"]["resources"].append({**late, "values": {"role": "worker"}})
    worker = next(role for role in plan_of(value).after.roles if role.logical_id == WORKER)
    assert f"of {ATTACHMENT}.late" in [policy.name for policy in worker.policies]


def test_lists_that_are_written_are_all_there_is() -> None:
    plan = whole()
    configured = plan["configuration"]["root_module"]["resources"][0]["expressions"]
    configured["inline_policy"] = [{"name": {"constant_value": "read"}}]
    values(plan, WORKER)["inline_policy"] = [{"name": "read", "policy": text("ses:SendEmail")}]
    configured["managed_policy_arns"] = {"constant_value": [READ_ONLY]}
    values(plan, WORKER)["managed_policy_arns"] = [READ_ONLY]
    gone = resource("aws_iam_role_policy_attachment.gone", {"role": "worker", "policy_arn": READ_ONLY})
    plan["prior_state"]["values"]["root_module"]["resources"].append(gone)
    found = plan_of(plan)
    assert ("ses:SendEmail", WORKER) in actions(found)
    assert READ_ONLY in found.after.roles[0].managed


@pytest.mark.parametrize("kind", ["role", "user", "group"])
@pytest.mark.parametrize("name", ["other", None])
def test_a_policy_for_a_holder_of_elsewhere_is_told_as_its_own(kind: str, name: str | None) -> None:
    address = f"aws_iam_{kind}_policy.other"
    values_ = {"policy": text("sqs:SendMessage"), **({} if name is None else {kind: name})}
    plan = {"terraform_version": "1.9.0", "values": {"root_module": {"resources": [resource(address, values_)]}}}
    holders = plan_roles(plan, "plan.json", lambda _: None).holders
    called = name or f"{address}.{kind}"
    assert [(called, kind, True)] == [(holder.logical_id, holder.kind, holder.only_attached_to) for holder in holders]
    assert [("sqs:SendMessage",)] == [grant.statement.actions.patterns for grant in holders[0].grants]


def test_what_a_plan_attaches_to_holders_of_elsewhere_is_theirs() -> None:
    resources = [
        resource("aws_iam_policy.send", {"name": "send", "arn": "arn:aws:iam::1:policy/send", "policy": text("sqs:*")}),
        resource("aws_iam_user_policy_attachment.a", {"user": "alice", "policy_arn": "arn:aws:iam::1:policy/send"}),
        resource("aws_iam_policy_attachment.b", {"users": ["bob"], "roles": ["ops"], "policy_arn": READ_ONLY}),
    ]
    plan = {"terraform_version": "1.9.0", "values": {"root_module": {"resources": resources}}}
    holders = plan_roles(plan, "plan.json", lambda _: None).holders
    found = [(holder.logical_id, holder.kind, len(holder.grants), holder.managed) for holder in holders]
    expected = [("ops", "role", 0, (READ_ONLY,)), ("alice", "user", 1, ()), ("bob", "user", 0, (READ_ONLY,))]
    assert expected == found


def test_a_state_is_read_as_well() -> None:
    found = read_roles(json.dumps(whole()["prior_state"]).encode(), "state.json")
    assert [one.logical_id for one in found.roles] == [WORKER]


def test_a_plan_is_read_where_a_template_is_asked_for() -> None:
    content = PLAN.read_bytes()
    assert read_roles(content, "plan.json") == read_template(content, "plan.json")


def test_outputs_of_another_form_than_terraform_writes_refer_to_nothing() -> None:
    plan = whole()
    plan.setdefault("configuration", {}).setdefault("root_module", {})["outputs"] = ["worker"]
    assert actions(plan_of(whole())) == actions(plan_of(plan))


def test_references_lead_through_the_variables_and_outputs_of_modules() -> None:
    """A role that one module makes, and another module's policy for it: no name is known before the apply."""
    plan = whole()
    policy = {"policy": text("kms:Decrypt")}
    modules = plan["planned_values"]["root_module"]["child_modules"]
    address = "module.keys.module.inner.aws_iam_role_policy.key"
    inner = {"address": "module.keys.module.inner", "resources": [resource(address, policy)]}
    modules.append({"address": "module.keys", "child_modules": [inner]})
    del modules[0]["resources"][0]["values"]["name"]
    root = plan["configuration"]["root_module"]
    api = root["module_calls"]["api"]["module"]
    api["outputs"] = {"role": {"expression": {"references": ["aws_iam_role.api.id", "aws_iam_role.api"]}}}
    call = {"role": {"references": ["var.name"]}}
    expressions = {"role": {"references": ["var.role"]}}
    made = {"resources": [{"address": "aws_iam_role_policy.key", "expressions": expressions}]}
    nested = {"module_calls": {"inner": {"expressions": call, "module": made}}}
    root["module_calls"]["keys"] = {
        "expressions": {"name": {"references": ["module.api.role", "module.api"]}},
        "module": nested,
    }
    assert ("kms:Decrypt", address) in actions(plan_of(plan), "module.api.aws_iam_role.api")


def values(plan: dict[str, Any], address: str) -> dict[str, Any]:
    resources = plan["planned_values"]["root_module"]["resources"]
    found: dict[str, Any] = next(one for one in resources if one["address"] == address)["values"]
    return found


def resource(address: str, known: dict[str, Any]) -> dict[str, Any]:
    return {"address": address, "mode": "managed", "type": address.split(".")[-2], "values": known}


def text(action: str) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": action, "Resource": "*"}})


REFUSED = {
    "no plan": ("{}", "is not a Terraform plan", "p.json:1:1"),
    "values that are a list": ('{"planned_values": []}', "planned_values must be an object", "p.json:1:20"),
    "a module that is text": (
        '{"planned_values": {"root_module": "x"}}',
        "a module of a Terraform plan",
        "p.json:1:36",
    ),
    "resources that are an object": (
        '{"planned_values": {"root_module": {"resources": {}}}}',
        "resources of a Terraform plan must be a list",
        "p.json:1:50",
    ),
    "a resource that is a number": (
        '{"planned_values": {"root_module": {"resources": [3]}}}',
        "a resource of a Terraform plan must be",
        "p.json:1:51",
    ),
    "a policy that is not JSON": (
        '{"planned_values": {"root_module": {"resources": [{"type": "aws_iam_policy", "values": {"policy": "{,}"}}]}}}',
        "not JSON: a key in double quotes was expected here, not ',}' (line 1, column 2 of the text)",
        "p.json:1:99",
    ),
    "a policy that is none": (
        '{"planned_values": {"root_module": {"resources": [{"type": "aws_iam_policy", "values": {"policy": "[]"}}]}}}',
        "policy document must be a dict",
        "p.json:1:99",
    ),
}


@pytest.mark.parametrize(("content", "message", "at"), REFUSED.values(), ids=REFUSED)
def test_what_is_wrong_is_refused_at_its_place(content: str, message: str, at: str) -> None:
    with pytest.raises(RemitError) as caught:
        read_plan(content.encode(), "p.json")
    assert message in caught.value.message
    assert str(caught.value.origin) == at


LOOKED_UP = {"address": "data.aws_vpc_endpoint.s3", "mode": "data", "type": "aws_vpc_endpoint",
             "values": {"id": "vpce-1", "vpc_endpoint_type": "Gateway"}}  # fmt: skip
GUARD = {"address": "aws_vpc_endpoint_policy.s3", "mode": "managed", "type": "aws_vpc_endpoint_policy",
         "values": {"vpc_endpoint_id": "vpce-1", "policy": "{}"}}  # fmt: skip


def endpoint(label: str, kind: str) -> dict[str, Any]:
    values = {"vpc_endpoint_type": kind}
    return {"address": f'aws_vpc_endpoint.all["{label}"]', "mode": "managed", "type": "aws_vpc_endpoint",
            "values": values}  # fmt: skip


def types_of(read: Any) -> list[str | None]:
    """The type that each policy of an endpoint is read with."""
    guards = [one for one in read.resources if one.type == "aws_vpc_endpoint_policy"]
    return [one.properties.get("vpc_endpoint_type") for one in guards]


def test_the_policy_of_an_endpoint_has_the_type_of_one_that_is_looked_up() -> None:
    both = {"root_module": {"resources": [LOOKED_UP, GUARD]}}
    later = {"planned_values": {"root_module": {"resources": [GUARD]}}, "prior_state": {"values": both}}
    found = plan_of(later)
    assert types_of(found.after) == types_of(found.before) == ["Gateway"]
    state = {"terraform_version": "1.9.0", "values": both}
    assert types_of(read_roles(json.dumps(state).encode(), "state.json")) == ["Gateway"]


@pytest.mark.parametrize(
    ("kinds", "found"), [(("Gateway", "Gateway"), ["Gateway"]), (("Gateway", "Interface"), [None])]
)
def test_the_policy_of_one_of_several_endpoints_has_their_type_if_it_is_one(
    kinds: tuple[str, str], found: list[str | None]
) -> None:
    guard = {**GUARD, "values": {"policy": "{}"}}
    resources = [*(endpoint(str(place), kind) for place, kind in enumerate(kinds)), guard]
    refers = {"vpc_endpoint_id": {"references": ["aws_vpc_endpoint.all", "each.key"]}}
    configured = [{"address": guard["address"], "expressions": refers}]
    value = {"planned_values": {"root_module": {"resources": resources}},
             "configuration": {"root_module": {"resources": configured}}}  # fmt: skip
    assert types_of(plan_of(value).after) == found


def test_what_runs_refers_to_its_role_or_profile_where_the_apply_alone_knows_it() -> None:
    values = {"instance_type": "t3", "role": "known"}
    host = {"address": "aws_instance.host", "mode": "managed", "type": "aws_instance", "values": values}
    expressions = {
        "iam_instance_profile": {"references": ["aws_iam_instance_profile.host.name", "aws_iam_instance_profile.host"]},
        "role": {"references": ["aws_iam_role.host.arn", "aws_iam_role.host"]},
        "subnet_id": {"references": ["aws_subnet.one.id", "aws_subnet.one"]},
    }
    value = {
        "planned_values": {"root_module": {"resources": [host]}},
        "configuration": {"root_module": {"resources": [{"address": "aws_instance.host", "expressions": expressions}]}},
    }
    (read,) = plan_of(value).after.resources
    assert read.properties == {**values, "iam_instance_profile": "${aws_iam_instance_profile.host.arn}"}


def planned(*resources: dict[str, Any], expressions: dict[str, Any] | None = None) -> TerraformPlan:
    """A plan of these resources; `expressions` are what the configuration says, by address."""
    configured = [{"address": name, "expressions": each} for name, each in (expressions or {}).items()]
    return plan_of({"planned_values": {"root_module": {"resources": list(resources)}},
                    "configuration": {"root_module": {"resources": configured}}})  # fmt: skip


def refers(*texts: str) -> dict[str, Any]:
    return {"references": list(texts)}


def test_what_is_attached_to_every_instance_is_each_ones() -> None:
    roles = [resource(f'aws_iam_role.each["{key}"]', {"name": f"r{key}"}) for key in "ab"]
    policy = resource("aws_iam_role_policy.all", {"name": "p", "policy": text("s3:GetObject")})
    own = resource('aws_iam_role_policy.own["b"]', {"name": "o", "policy": text("sqs:*")})
    named = {"role": refers("aws_iam_role.each", "each.value")}
    plan = planned(*roles, policy, own, expressions={policy["address"]: named, "aws_iam_role_policy.own": named})
    assert [name for name, _ in actions(plan, 'aws_iam_role.each["a"]')] == ["s3:GetObject"]
    assert [name for name, _ in actions(plan, 'aws_iam_role.each["b"]')] == ["s3:GetObject", "sqs:*"]


def test_a_policy_is_attached_to_each_of_several_roles_by_name_or_id() -> None:
    roles = [resource("aws_iam_role.a", {"name": "ra"}), resource("aws_iam_role.b", {"id": "rb"})]
    attached = resource("aws_iam_policy_attachment.all", {"roles": ["ra", "rb"], "policy_arn": READ_ONLY})
    read = planned(*roles, attached).after.roles
    assert [role.managed for role in read] == [(READ_ONLY,), (READ_ONLY,)]


@pytest.mark.parametrize("groups", [["readers", "theirs"], ["group-id", "theirs"]])
def test_a_user_is_in_a_group_of_the_plan_by_its_name_or_id_and_another_group_is_told(groups: list[str]) -> None:
    user = resource("aws_iam_user.ann", {"name": "ann"})
    group = resource("aws_iam_group.readers", {"name": "readers", "id": "group-id"})
    of_group = resource("aws_iam_group_policy.p", {"name": "p", "group": groups[0], "policy": text("s3:GetObject")})
    membership = resource("aws_iam_user_group_membership.m", {"user": "ann", "groups": groups})
    ann, _ = planned(user, group, of_group, membership).after.users
    assert [grant.statement.actions.patterns for grant in ann.grants] == [("s3:GetObject",)]
    assert ann.notes == ("it is in group theirs, which is not made here: what else that gives is not known",)


def test_a_boundary_that_the_plan_makes_is_known_by_the_address_of_its_policy() -> None:
    limit = resource("aws_iam_policy.limit", {"name": "limit", "policy": text("s3:*")})
    bounded = {"aws_iam_role.r": {"permissions_boundary": refers("aws_iam_policy.limit.arn", "aws_iam_policy.limit")}}
    read = planned(limit, resource("aws_iam_role.r", {"name": "r"}), expressions=bounded).after
    assert read.roles[0].boundary == "aws_iam_policy.limit"
    assert [one.actions.patterns for one in read.documents["aws_iam_policy.limit"].statements] == [("s3:*",)]


def test_a_user_has_no_place_of_a_trust_and_a_role_has() -> None:
    read = planned(resource("aws_iam_user.u", {"name": "u"}), resource("aws_iam_role.r", {"name": "r"})).after
    assert [one.trust_origin is None for one in (*read.roles, *read.users)] == [False, True]
    assert [one.notes for one in (*read.roles, *read.users)] == [
        ("who may take it on is known after the apply only",),
        (),
    ]


def test_a_name_that_is_no_text_is_none() -> None:
    (role,) = planned(resource("aws_iam_role.r", {"name": 5})).after.roles
    assert role.name == ""


@pytest.mark.parametrize(
    ("output", "variable"),
    [
        (["module.roles.arns", "module.roles"], ["var.role", "var.role"]),
        (['module.roles.arns["a"]', "module.roles.arns", "module.roles"], ["var.role.arn", "var.role"]),
        (["module.roles.arns.a.arn"], ['var.role["x"]', "var.role"]),
    ],
)
def test_a_role_is_found_through_outputs_and_variables_and_their_indexes(
    output: list[str], variable: list[str]
) -> None:
    role = resource('module.roles.aws_iam_role.each["a"]', {"name": "r"})
    policy = resource("module.grants.aws_iam_role_policy.p", {"name": "p", "policy": text("s3:GetObject")})
    modules = [
        {"address": f"module.{name}", "resources": [each]} for name, each in (("roles", role), ("grants", policy))
    ]
    arns = {"expression": refers('aws_iam_role.each["a"].arn')}
    roles = {"resources": [{"address": "aws_iam_role.each", "expressions": {}}], "outputs": {"arns": arns}}
    grants = {"resources": [{"address": "aws_iam_role_policy.p", "expressions": {"role": refers(*variable)}}]}
    calls = {"roles": {"module": roles}, "grants": {"module": grants, "expressions": {"role": refers(*output)}}}
    plan = plan_of({"planned_values": {"root_module": {"child_modules": modules}},
                    "configuration": {"root_module": {"module_calls": calls}}})  # fmt: skip
    assert [name for name, _ in actions(plan, role["address"])] == ["s3:GetObject"]


def test_a_document_without_a_terraform_version_and_values_is_no_state() -> None:
    for value in ({"values": {}}, {"terraform_version": "1.9.0"}):
        with pytest.raises(RemitError, match="is not"):
            read_roles(json.dumps(value).encode(), "state.json")


def test_what_a_plan_does_not_know_of_blocks_is_late_bound_by_its_address_and_a_written_version_counts() -> None:
    blocks = [{"actions": ["s3:*"], "resources": ["*"]}, {"actions": None, "resources": [None], "condition": [
        {"test": "StringEquals", "values": ["x"]}, {"test": "StringEquals", "variable": "aws:a"},
    ]}]  # fmt: skip
    values = {"version": "2008-10-17", "statement": blocks}
    address = f"data.{POLICY_SOURCE}.p"
    found = policy_of_blocks(PlannedResource(address, POLICY_SOURCE, values, (), {}))
    unread = json.dumps(found["Statement"][1])
    assert found["Version"] == "2008-10-17"
    for part in ("resources[0]", "condition[0]", "condition[1].values[0]"):
        assert unfilled(f"{address}.statement[1].{part}") in unread


def test_a_holder_of_elsewhere_stands_at_its_first_policy_and_what_is_unknown_of_it_is_told() -> None:
    attached = resource("aws_iam_role_policy_attachment.a", {"role": "theirs", "policy_arn": READ_ONLY})
    own = resource("aws_iam_role_policy.own", {"name": "p", "role": "theirs"})
    value = {"planned_values": {"root_module": {"resources": [own, attached]}}}
    (role,) = read_plan(json.dumps(value, indent=1).encode(), "plan.json").after.roles
    assert role.origin is not None
    assert role.origin.line < 15
    assert role.notes[1:] == ("what aws_iam_role_policy.own says is known after the apply only",)


def test_of_a_policy_that_stands_elsewhere_in_part_the_statements_that_are_there_are_read() -> None:
    included = {"Fn::Transform": {"Name": "AWS::Include"}}
    document = {"Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}, included]}
    values = {"name": "p", "role": "r", "policy": json.dumps(document)}
    plan = planned(resource("aws_iam_role.r", {"name": "r"}), resource("aws_iam_role_policy.p", values))
    assert [name for name, _ in actions(plan, "aws_iam_role.r")] == ["s3:*"]
    assert any("does not stand in the plan" in note for note in plan.after.roles[0].notes)


def test_every_policy_of_a_role_is_held_once_with_its_document_and_a_role_without_a_boundary_has_no_limit() -> None:
    arn = "arn:aws:iam::111122223333:policy/send"
    attachments = [
        resource("aws_iam_role_policy_attachment.send", {"role": "r", "policy_arn": arn}),
        resource("aws_iam_policy_attachment.again", {"roles": ["r", "theirs"], "policy_arn": arn}),
        resource("aws_iam_role_policy_attachment.theirs", {"role": "theirs", "policy_arn": arn}),
        resource("aws_iam_role_policy_attachment.all", {"role": "r", "policy_arn": READ_ONLY}),
        resource("aws_iam_policy_attachment.all", {"roles": ["r"], "policy_arn": READ_ONLY}),
    ]
    roles = [resource(f"aws_iam_role.{name}", {"name": name, "assume_role_policy": text("s")}) for name in "rs"]
    send = resource("aws_iam_policy.send", {"name": "send", "arn": arn, "policy": text("sqs:*")})
    unnamed = resource("aws_iam_role_policy.blank", {"role": "", "policy": text("kms:*")})
    written = planned(*roles, send, *attachments, unnamed).after
    first, second, theirs, blank = written.roles
    document = parse(json.loads(text("sqs:*")))
    assert [(policy.name, policy.how, policy.document) for policy in first.policies] == [
        ("aws_iam_policy.send", "inline", document),
        (READ_ONLY, "managed", None),
    ]
    assert (second.policies, first.limits, second.limits, first.notes) == ((), (), (), ())
    assert [policy.name for policy in theirs.policies] == ["aws_iam_policy.send"]
    assert (blank.logical_id, [policy.name for policy in blank.policies]) == (
        "aws_iam_role_policy.blank.role",
        ["aws_iam_role_policy.blank"],
    )
    assert written.documents == {"aws_iam_policy.send": document, arn: document}
    assert written.held_policies == {"aws_iam_policy.send", "aws_iam_role_policy.blank", READ_ONLY}


def test_only_what_managed_a_policy_of_that_type_before_hides_it_in_a_list_that_nobody_wrote() -> None:
    listed = {"name": "r", "inline_policy": [{"name": "kept", "policy": text("s3:*")}]}
    of_user = resource("aws_iam_user_policy.kept", {"name": "kept", "role": "r", "user": "r", "policy": text("s3:*")})
    value = {
        "planned_values": {"root_module": {"resources": [resource("aws_iam_role.r", listed)]}},
        "prior_state": {"values": {"root_module": {"resources": [of_user]}}},
    }
    assert actions(plan_of(value), "aws_iam_role.r") == [("s3:*", "aws_iam_role.r")]


@pytest.mark.parametrize("is_referred", [True, False])
def test_a_list_of_holders_that_is_left_out_names_none_and_one_that_nobody_knows_yet_is_told(
    *, is_referred: bool
) -> None:
    attached = resource("aws_iam_policy_attachment.a", {"policy_arn": READ_ONLY})
    expressions = {"aws_iam_policy_attachment.a": {"roles": refers("var.roles")}} if is_referred else {}
    read = planned(attached, expressions=expressions).after
    assert [(role.logical_id, role.managed) for role in read.roles] == (
        [("aws_iam_policy_attachment.a.roles", (READ_ONLY,))] if is_referred else []
    )
    assert read.users == ()


def test_each_unknown_part_of_a_block_is_late_bound_by_its_own_address() -> None:
    block = {
        "sid": "", "effect": "", "not_actions": ["s3:Get*", None],
        "principals": [{"type": "AWS"}, {"type": "AWS", "identifiers": ["111122223333", None]}],
        "not_principals": [{"type": "*"}, {"type": "AWS", "identifiers": ["*"]}],
        "condition": [
            {"variable": "aws:a", "values": ["lost"]},
            {"test": "Bool", "variable": "aws:&{b}", "values": ["&{aws:c}/&{d}", None]},
        ],
    }  # fmt: skip
    values = {"statement": ["odd", {"actions": []}, block], "version": ""}
    source = PlannedResource("data.p", POLICY_SOURCE, values, (), {})
    of_block = "data.p.statement[1]"
    assert policy_of_blocks(source) == {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Resource": [unfilled("data.p.statement[0].resources")]},
            {
                "Effect": "Allow",
                "NotAction": ["s3:Get*", unfilled(f"{of_block}.not_actions[1]")],
                "Resource": [unfilled(f"{of_block}.resources")],
                "Principal": {
                    "AWS": [
                        unfilled(f"{of_block}.principals[0].identifiers[0]"),
                        "111122223333",
                        unfilled(f"{of_block}.principals[1].identifiers[1]"),
                    ],
                },
                "NotPrincipal": "*",
                "Condition": {"Bool": {"aws:&{b}": ["${aws:c}/${d}", unfilled(f"{of_block}.condition[1].values[1]")]}},
            },
        ],
    }


def test_an_element_of_a_block_that_is_no_list_has_no_texts() -> None:
    blocks = [{"actions": "s3:*", "not_resources": "*", "resources": None}]
    source = PlannedResource("data.p", POLICY_SOURCE, {"statement": blocks}, (), {})
    assert policy_of_blocks(source)["Statement"] == [{"Effect": "Allow"}]


def test_references_of_every_module_lead_to_resources_in_the_order_of_the_configuration() -> None:
    def made(address: str, *texts: str) -> dict[str, Any]:
        return {"address": address, "expressions": {"role": refers(*texts), "name": {"constant_value": "n"}}}

    inner = {
        "resources": [made("aws_a.inner", "var.role", "var.lost", 'aws_b.own["x"].arn')],
        "outputs": {"own": {"expression": refers("aws_b.own")}, "of_outer": {"expression": refers("var.role")}},
    }
    keys = {
        "resources": [made("aws_a.keys", "module.inner.own", "module.inner.of_outer", "module.lost.own")],
        "module_calls": {
            "inner": {"expressions": {"role": refers("var.name", "aws_c.between.arn")}, "module": inner},
        },
        "outputs": {"through": {"expression": refers("module.inner.of_outer", "module.inner")}},
    }
    root = {
        "resources": [made("aws_a.root", "module.keys.through", "aws_d.root[0].id")],
        "module_calls": {"keys": {"expressions": {"name": refers("aws_d.root.name", "aws_d.other")}, "module": keys}},
    }
    in_inner = ("module.keys.aws_c.between", "aws_d.root", "aws_d.other")
    assert configured({"configuration": {"root_module": root}}) == {
        "aws_a.root": {"role": ("aws_d.root", "module.keys.aws_c.between", "aws_d.other"), "name": ()},
        "module.keys.aws_a.keys": {"role": ("module.keys.module.inner.aws_b.own", *in_inner), "name": ()},
        "module.keys.module.inner.aws_a.inner": {
            "role": ("module.keys.module.inner.aws_b.own", *in_inner),
            "name": (),
        },
    }
