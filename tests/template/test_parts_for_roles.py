"""The part of a template that bears on a role has all of the role, however policies, groups and functions name it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from random_cases import cases
from remit.template.role_resources import bearing, bearing_on, part, units
from remit.template.roles import template_roles
from template.test_readers_agree import template, worlds

if TYPE_CHECKING:
    from remit.holders import Holder
    from template.test_readers_agree import World

FUNCTION = {"Type": "AWS::Serverless::Function", "Properties": {"Handler": "a.b", "Policies": ["AmazonSQSFullAccess"]}}


def written(world: World, elsewhere: list[str]) -> Any:
    """A template of a world, of a function of SAM, and of policies for roles that it does not make."""
    value = json.loads(template(world))
    role = FUNCTION if world.seed % 3 else {**FUNCTION, "Properties": {"Handler": "a.b", "Role": {"Ref": "H0"}}}
    value["Resources"]["Report"] = role
    value["Resources"]["Audit"] = {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "H0", "Role": "theirs"}}
    document = {"Statement": {"Effect": "Allow", "Action": "sns:Publish", "Resource": {"Ref": "H0"}}}
    for place, name in enumerate(elsewhere):
        properties = {"PolicyName": f"e{place}", "Roles": [name], "PolicyDocument": document}
        value["Resources"][f"E{place}"] = {"Type": "AWS::IAM::Policy", "Properties": properties}
    return value


def holders(value: Any) -> dict[str, Holder]:
    """Everything of a template that has policies, by its logical id, without a place in a file."""
    read = template_roles(value, "t", lambda _: None)  # type: ignore[arg-type,return-value] # no file holds it
    return {holder.logical_id: holder for holder in (*read.roles, *read.users)}


def unordered(holder: Holder) -> tuple[Holder, set[object], set[str]]:
    """A holder, with its policies and functions in no order: a unit has that of the new template."""
    return replace(holder, policies=(), functions=()), set(holder.policies), set(holder.functions)


ELSEWHERE = st.lists(st.sampled_from(["theirs", "theirs-too", "other"]), max_size=2)


@settings(max_examples=cases(10, deep=300))
@given(worlds(), ELSEWHERE)
def test_what_bears_on_a_role_has_all_of_it(world: World, elsewhere: list[str]) -> None:
    value = written(world, elsewhere)
    for name, holder in holders(value).items():
        assert holders(bearing_on(value, name))[name] == holder


@settings(max_examples=cases(10, deep=300))
@given(st.none() | worlds(), worlds())
def test_every_role_of_two_templates_is_in_one_unit_with_all_that_it_has(
    old_world: World | None, new_world: World
) -> None:
    new = bearing(written(new_world, []))
    old = new if old_world is None else bearing(written(old_world, []))
    parts = units(old, new)
    for side in (old, new):
        whole = holders(side)
        in_units = [name for unit in parts for name in unit.roles if name in whole]
        assume("ReportRole" not in in_units)
        assert sorted(in_units) == sorted(name for name in whole if name != "ReportRole")
        for unit in parts:
            read = holders(part(side, unit.resources))
            for name in unit.roles & whole.keys():
                assert unordered(read[name]) == unordered(whole[name])
