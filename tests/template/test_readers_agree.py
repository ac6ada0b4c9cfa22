"""One small account as a template of CloudFormation and as a plan of Terraform: both are read as it was drawn."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Any, Final

from hypothesis import event, given, settings
from hypothesis import strategies as st

from random_cases import cases
from remit.template.terraform.plan import read_plan
from role_readers import read_roles

if TYPE_CHECKING:
    from remit.holders import Holder
    from remit.template.roles import FileRoles

KINDS: Final = ("Role", "User", "Group")
OF_AWS: Final = ("arn:aws:iam::aws:policy/ReadOnlyAccess", "arn:aws:iam::aws:policy/AmazonSQSFullAccess")
SERVICES: Final = ("lambda.amazonaws.com", "ec2.amazonaws.com")


@dataclass
class Drawn:
    """A role, user or group; `attached` are policies of the world by number, or ARNs of AWS's."""

    kind: str
    is_named: bool
    inline: int
    own_list: list[Any]
    by_attachment: list[Any]
    boundary: Any
    groups: list[int]
    services: list[str]
    runs: int


@dataclass
class World:
    """Holders, managed policies, and policies that are resources of their own, each with the holders that have it."""

    holders: list[Drawn]
    managed: int
    beside: list[list[int]]
    seed: int

    def statements(self, number: int, *, with_groups: bool = True) -> Counter[str]:
        """The actions that the policies of a holder are about, those of its groups too."""
        holder = self.holders[number]
        found = Counter(f"s3:Inline{number}{place}" for place in range(holder.inline))
        made = {policy for policy in (*holder.own_list, *holder.by_attachment) if isinstance(policy, int)}
        found.update(f"s3:Managed{policy}" for policy in made)
        found.update(f"s3:Beside{place}" for place, holders in enumerate(self.beside) if number in holders)
        if with_groups:
            for group in holder.groups:
                found += self.statements(group, with_groups=False)
        return found

    def arns(self, number: int) -> set[str]:
        """The ARNs of AWS's policies that a holder has, those of its groups too."""
        holder = self.holders[number]
        own = {policy for policy in (*holder.own_list, *holder.by_attachment) if isinstance(policy, str)}
        return own.union(*(self.arns(group) for group in holder.groups))


@st.composite
def worlds(draw: st.DrawFn) -> World:
    kinds = draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=4))
    managed = draw(st.integers(0, 2))
    policies = st.lists(st.sampled_from((*range(managed), *OF_AWS)), max_size=2, unique=True)
    groups = [number for number, kind in enumerate(kinds) if kind == "Group"]
    holders = []
    for kind in kinds:
        own_list = draw(policies)
        member_of = (
            draw(st.lists(st.sampled_from(groups), max_size=2, unique=True)) if groups and kind == "User" else []
        )
        holders.append(
            Drawn(
                kind, draw(st.booleans()), draw(st.integers(0, 2)), own_list,
                [policy for policy in draw(policies) if policy not in own_list],
                draw(st.sampled_from([None, None, *OF_AWS, *range(managed)])) if kind != "Group" else None, member_of,
                draw(st.lists(st.sampled_from(SERVICES), min_size=1, unique=True)) if kind == "Role" else [],
                draw(st.integers(0, 2)) if kind == "Role" else 0,
            )
        )  # fmt: skip
    some = st.lists(st.sampled_from(range(len(kinds))), min_size=1, max_size=2, unique=True)
    return World(holders, managed, draw(st.lists(some, max_size=2)), draw(st.integers(0, 99)))


def document(action: str) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]}


def trust(services: list[str]) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Principal": {"Service": services}, "Action": "sts:AssumeRole"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def in_drawn_order(items: list[Any], world: World) -> list[Any]:
    return Random(world.seed).sample(items, len(items))  # noqa: S311 - an order, no secret


def template(world: World) -> bytes:  # noqa: C901 - one kind of resource after the other
    """The world for CloudFormation. A managed policy names those who do not list it themselves."""
    resources: dict[str, Any] = {}

    def named(number: int) -> Any:
        """A holder as others name it: by reference, or by its own name."""
        return f"name{number}" if world.holders[number].is_named and world.seed % 2 else {"Ref": f"H{number}"}

    for number, holder in enumerate(world.holders):
        policies = [
            {"PolicyName": f"p{place}", "PolicyDocument": document(f"s3:Inline{number}{place}")}
            for place in range(holder.inline)
        ]
        arns = [{"Ref": f"Managed{one}"} if isinstance(one, int) else one for one in holder.own_list]
        arns += [one for one in holder.by_attachment if isinstance(one, str)]
        properties: dict[str, Any] = {"Policies": policies, "ManagedPolicyArns": arns}
        if holder.is_named:
            properties[f"{holder.kind}Name"] = f"name{number}"
        if holder.boundary is not None:
            is_made = isinstance(holder.boundary, int)
            properties["PermissionsBoundary"] = {"Ref": f"Managed{holder.boundary}"} if is_made else holder.boundary
        if holder.kind == "Role":
            properties["AssumeRolePolicyDocument"] = trust(holder.services)
        if holder.kind == "User":
            properties["Groups"] = [named(group) for group in holder.groups[:1]]
            for group in holder.groups[1:]:
                added = {"GroupName": named(group), "Users": [named(number)]}
                resources[f"Added{number}"] = {"Type": "AWS::IAM::UserToGroupAddition", "Properties": added}
        resources[f"H{number}"] = {"Type": f"AWS::IAM::{holder.kind}", "Properties": properties}
        for place in range(holder.runs):
            code = {"Role": {"Fn::GetAtt": [f"H{number}", "Arn"]}, "Code": {"ZipFile": "x"}}
            resources[f"F{number}{place}"] = {"Type": "AWS::Lambda::Function", "Properties": code}
    for policy in range(world.managed):
        listed: dict[str, list[Any]] = {}
        for number, holder in enumerate(world.holders):
            if policy in holder.by_attachment:
                listed.setdefault(f"{holder.kind}s", []).append(named(number))
        properties = {"PolicyDocument": document(f"s3:Managed{policy}"), **listed}
        resources[f"Managed{policy}"] = {"Type": "AWS::IAM::ManagedPolicy", "Properties": properties}
    for place, numbers in enumerate(world.beside):
        listed = {}
        for number in numbers:
            listed.setdefault(f"{world.holders[number].kind}s", []).append(named(number))
        properties = {"PolicyName": f"b{place}", "PolicyDocument": document(f"s3:Beside{place}"), **listed}
        resources[f"B{place}"] = {"Type": "AWS::IAM::Policy", "Properties": properties}
    return json.dumps({"Resources": dict(in_drawn_order(list(resources.items()), world))}).encode()


def planned(world: World) -> list[dict[str, Any]]:  # noqa: C901 - as above
    """The resources of the world for Terraform, of which names and ARNs are known."""
    resources: list[dict[str, Any]] = []

    def add(kind: str, label: str, **values: Any) -> None:
        resources.append({"address": f"{kind}.{label}", "mode": "managed", "type": kind, "values": values})

    def arn(policy: Any) -> str:
        return f"arn:aws:iam::111122223333:policy/m{policy}" if isinstance(policy, int) else policy

    for number, holder in enumerate(world.holders):
        kind, name = holder.kind.lower(), f"name{number}"
        values: dict[str, Any] = {"name": name, "arn": f"arn:aws:iam::111122223333:{kind}/{name}", "id": name}
        if holder.boundary is not None:
            values["permissions_boundary"] = arn(holder.boundary)
        if holder.kind == "Role":
            values["assume_role_policy"] = json.dumps(trust(holder.services))
        add(f"aws_iam_{kind}", f"h{number}", **values)
        for place in range(holder.inline):
            policy = json.dumps(document(f"s3:Inline{number}{place}"))
            add(f"aws_iam_{kind}_policy", f"i{number}{place}", name=f"p{place}", policy=policy, **{kind: name})
        for place, one in enumerate((*holder.own_list, *holder.by_attachment)):
            attached = {kind: name, "policy_arn": arn(one)}
            add(f"aws_iam_{kind}_policy_attachment", f"a{number}{place}", **attached)
        for place in range(holder.runs):
            add("aws_lambda_function", f"f{number}{place}", role=values["arn"], function_name=f"f{number}{place}")
        if holder.groups[:1]:
            add("aws_iam_user_group_membership", f"g{number}", user=name, groups=[f"name{holder.groups[0]}"])
        for group in holder.groups[1:]:
            add("aws_iam_group_membership", f"m{number}", name="m", users=[name], group=f"name{group}")
    for policy in range(world.managed):
        text = json.dumps(document(f"s3:Managed{policy}"))
        add("aws_iam_policy", f"m{policy}", name=f"m{policy}", arn=arn(policy), policy=text)
    for place, numbers in enumerate(world.beside):
        for number in numbers:
            kind = world.holders[number].kind.lower()
            text = json.dumps(document(f"s3:Beside{place}"))
            add(f"aws_iam_{kind}_policy", f"b{place}{number}", name=f"b{place}", policy=text, **{kind: f"name{number}"})
    return in_drawn_order(resources, world)


def known_after_the_apply(resources: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The resources without ids, ARNs and what names others, and the configuration that refers to these."""
    addresses: dict[str, str] = {}
    for resource in resources:
        if resource["type"] in ("aws_iam_role", "aws_iam_user", "aws_iam_group", "aws_iam_policy"):
            addresses |= dict.fromkeys((resource["values"]["name"], resource["values"]["arn"]), resource["address"])
    later, configured = [], []
    for resource in resources:
        expressions: dict[str, Any] = {}
        values = {key: value for key, value in resource["values"].items() if key not in ("arn", "id")}
        for key, value in resource["values"].items():
            named = [addresses.get(text) for text in (value if isinstance(value, list) else [value])]
            if key in values and key != "name" and named and None not in named:
                del values[key]
                expressions[key] = {"references": [text for one in named for text in (f"{one}.arn", str(one))]}
        later.append({**resource, "values": values})
        configured.append({"address": resource["address"], "expressions": expressions})
    return later, configured


DECOY: Final = {"type": "aws_iam_role", "mode": "data", "address": "data.aws_iam_role.theirs"}
"""What is looked up is no role of the plan."""


def plan(
    resources: list[dict[str, Any]],
    modules: list[str],
    configured: list[dict[str, Any]] | None = None,
    *,
    destroys: bool = False,
) -> bytes:
    """The plan of resources in a module of a module, or of their end; `modules` are their names, none for the root."""
    configuration: dict[str, Any] = {"resources": configured or []}
    for name in reversed(modules):
        configuration = {"module_calls": {name: {"module": configuration}}}
    root: dict[str, Any] = {"resources": [*resources, {**DECOY, "values": {"name": "theirs"}}]}
    for place in range(len(modules), 0, -1):
        address = ".".join(f"module.{name}" for name in modules[:place])
        root = {"child_modules": [{"address": address, **root}], "resources": []}
    sides: dict[str, Any] = {"planned_values": {"root_module": root}}
    if destroys:
        sides = {"planned_values": {"root_module": {}}, "prior_state": {"values": {"root_module": root}}}
    sides["configuration"] = {"root_module": configuration}
    return json.dumps({"format_version": "1.2", "terraform_version": "1.9.0", **sides}).encode()


def check(read: FileRoles, world: World, names: list[str], boundaries: dict[Any, set[str]]) -> None:
    """Hold what was read against the world; `names` are the holders' logical ids."""
    by_id = {holder.logical_id: holder for holder in (*read.roles, *read.users)}
    assert set(names) == by_id.keys()
    for number, drawn in enumerate(world.holders):
        holder: Holder = by_id[names[number]]
        assert holder.kind == drawn.kind.lower()
        actions = Counter(action for grant in holder.grants for action in grant.statement.actions.patterns)
        assert actions == world.statements(number)
        assert set(holder.managed) == world.arns(number)
        assert ({holder.boundary} if holder.boundary else set()) <= boundaries.get(
            drawn.boundary, {str(drawn.boundary)}
        )
        assert bool(holder.boundary) == (drawn.boundary is not None)
        assert len(holder.functions) == len(set(holder.functions)) == drawn.runs
        if drawn.kind == "Role":
            assert sorted(holder.trusts) == sorted(drawn.services)
        assert not holder.notes
    held = {policy for holder in world.holders for policy in (*holder.own_list, *holder.by_attachment, holder.boundary)}
    assert len(read.policies) == world.managed
    event(f"held: {len(held & set(range(world.managed)))} of {world.managed}")


@settings(max_examples=cases(15, deep=500))
@given(worlds(), st.lists(st.sampled_from(["app", "roles"]), max_size=2, unique=True))
def test_a_template_and_a_plan_of_one_account_are_read_as_it_was_drawn(world: World, modules: list[str]) -> None:
    made = range(world.managed)
    names = [f"H{number}" for number in range(len(world.holders))]
    check(read_roles(template(world), "t.json"), world, names, {one: {f"${{Managed{one}}}"} for one in made})
    prefix = "".join(f"module.{name}." for name in modules)
    known = planned(world)
    resources, late = ([in_module(each, prefix) for each in some] for some in (known, known_after_the_apply(known)[0]))
    names = [f"{prefix}aws_iam_{holder.kind.lower()}.h{number}" for number, holder in enumerate(world.holders)]
    arns = {one: {f"arn:aws:iam::111122223333:policy/m{one}", f"{prefix}aws_iam_policy.m{one}"} for one in made}
    check(read_roles(plan(resources, modules), "p.json"), world, names, arns)
    check(read_plan(plan(resources, modules, destroys=True), "p.json").before, world, names, arns)
    configured = known_after_the_apply(known)[1]
    check(read_roles(plan(late, modules, configured), "p.json"), world, names, arns)
    check(read_plan(plan(late, modules, configured, destroys=True), "p.json").before, world, names, arns)


def in_module(resource: dict[str, Any], prefix: str) -> dict[str, Any]:
    return {**resource, "address": f"{prefix}{resource['address']}"}
