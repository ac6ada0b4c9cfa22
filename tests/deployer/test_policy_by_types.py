"""`--for-types`: the policy of one version is enough for the next settings of its resources, and holds nothing else."""

from __future__ import annotations

import json
from dataclasses import replace
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from projects import remit
from random_cases import cases, cases_of
from remit.app import Resource
from remit.catalogue.actions import action
from remit.catalogue.handlers import handlers
from remit.catalogue.types import resource_type, resource_types
from remit.deploy.aws_calls import CALLS
from remit.deployer.deployer_policy import bound, deployer
from remit.deployer.lacking_access import check_deployer
from remit.deployer.optional_actions import called_actions
from remit.deployer.planned_stack import named_type, stack_of
from remit.iam.decide.evaluate import Layers
from remit.iam.length import policy_length
from remit.iam.policy import parse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conftest import Make
    from remit.catalogue.properties import Shape
    from remit.deployer.deployer_policy import Deployer
    from remit.iam.policy import Statement

ACCOUNT = "111122223333"
EXAMPLES = Path(__file__).parents[2] / "examples"
TYPES = (
    "AWS::Lambda::Function", "AWS::Lambda::Version", "AWS::Lambda::Alias", "AWS::Lambda::EventSourceMapping",
    "AWS::Lambda::Url", "AWS::Logs::LogGroup", "AWS::IAM::Role", "AWS::DynamoDB::Table", "AWS::SQS::Queue",
    "AWS::SNS::Topic", "AWS::S3::Bucket", "AWS::Events::Rule", "AWS::SecretsManager::Secret", "AWS::KMS::Key",
    "AWS::CloudWatch::Alarm", "AWS::StepFunctions::StateMachine", "AWS::Cognito::UserPool", "AWS::Kinesis::Stream",
    "AWS::ApiGatewayV2::Api", "AWS::Scheduler::Schedule", "AWS::RDS::DBInstance", "AWS::RDS::DBCluster",
)  # fmt: skip
NAMES_POLICIES = {"AWS::IAM::Role": {"ManagedPolicyArns"}}
"""Properties that are given access itself, which no policy allows before it is known which."""


def value_of(shape: Shape | None, depth: int = 4) -> Any:
    """Something that is set, as the type's schema has it; it names no resource."""
    kinds = () if shape is None else shape.types
    if shape is not None and shape.enum:
        return shape.enum[0]
    if shape is not None and "array" in kinds:
        return [value_of(shape.items, depth - 1)]
    if shape is not None and "object" in kinds and depth:
        names = shape.required or shape.properties[:3]
        return {name: value_of(shape.child(name), depth - 1) for name in names} or {"key": "value"}
    if "boolean" in kinds:
        return True
    return 7 if {"integer", "number"} & set(kinds) else "value"


@cache
def further_properties(type_name: str) -> tuple[str, ...]:
    """The properties that a later version may add, but those that give the resource another ARN."""
    row, named = resource_type(type_name), named_type(type_name)
    assert row is not None
    renaming = set() if named is None else {named.naming.property, f"{named.naming.property}Prefix", named.naming.path}
    return tuple(name for name in row.shape.properties if name not in renaming | NAMES_POLICIES.get(type_name, set()))


def need(resources: Mapping[str, Any], *, by_types: bool) -> Deployer:
    planned = replace(stack_of("shop-dev", [{"Resources": resources}]), by_types=by_types)
    return bound(deployer(planned, CALLS), region="eu-central-1", account=ACCOUNT)


def lacking(have: Deployer, wanted: Deployer) -> set[tuple[str, str]]:
    """What the one lacks of the other: actions, each on a resource."""
    check = check_deployer(Layers((have.policy,)), wanted, ACCOUNT)
    assert check.undecided == ()
    return {pair for item in check.lacking for pair in rights(item.grant.statement)}


def kinds_of(name: str) -> set[str]:
    known = action(name)
    return set() if known is None else {target.type.full_name for target in known.targets}


def rights(statement: Statement) -> set[tuple[str, str]]:
    assert statement.resources is not None
    return {(action, resource) for action in statement.actions.patterns for resource in statement.resources.patterns}


@cache
def lacking_for(type_name: str, name: str) -> frozenset[tuple[str, str]]:
    """What the policy by types of a bare resource lacks for one with the property."""
    row = resource_type(type_name)
    assert row is not None
    properties = {name: value_of(row.shape.child(name))}
    richer = need({"It": {"Type": type_name, "Properties": properties}}, by_types=False)
    return frozenset(lacking(need({"It": {"Type": type_name}}, by_types=True), richer))


@pytest.mark.parametrize("type_name", cases_of(TYPES, 4))
def test_a_further_property_lacks_nothing_on_the_resource_itself(type_name: str) -> None:
    """At most what it names or uses elsewhere: a role that is passed, a key, a group, another service."""
    bare = need({"It": {"Type": type_name}}, by_types=True)
    granted = {pair for grant in bare.grants for pair in rights(grant.statement)}
    row = resource_type(type_name)
    assert row is not None
    own = {resource for name, resource in granted if kinds_of(name) == set(row.iam[:1])}
    missing = {name: lacking_for(type_name, name) for name in further_properties(type_name)}
    assert {} == {name: pairs for name, pairs in missing.items() if any(resource in own for _, resource in pairs)}
    assert sum(not pairs for pairs in missing.values()) >= 0.6 * len(missing)


@settings(max_examples=cases(2, deep=200))
@given(data=st.data())
def test_ten_further_settings_of_an_app_need_no_new_policy(data: st.DataObject) -> None:
    types = data.draw(st.lists(st.sampled_from(TYPES), min_size=2, max_size=6))
    resources: dict[str, Any] = {f"R{number}": {"Type": name, "Properties": {}} for number, name in enumerate(types)}
    free = [
        (logical_id, name)
        for logical_id, resource in resources.items()
        for name in further_properties(resource["Type"])
        if not lacking_for(resource["Type"], name)
    ]
    have = need(resources, by_types=True)
    before = need(resources, by_types=False)
    for logical_id, name in data.draw(st.sets(st.sampled_from(free), min_size=min(10, len(free)), max_size=10)):
        row = resource_type(resources[logical_id]["Type"])
        assert row is not None
        resources[logical_id]["Properties"][name] = value_of(row.shape.child(name))
    assert lacking(have, before) == set()
    assert lacking(have, need(resources, by_types=False)) == set()


DATA = (
    "dynamodb:*Item", "dynamodb:Query", "dynamodb:Scan", "s3:*Object", "s3:*ObjectAcl", "s3:GetObject*", "kinesis:Put*",
    "kinesis:GetRecords", "lambda:Invoke*", "sqs:SendMessage", "sqs:ReceiveMessage", "sqs:DeleteMessage", "sns:Publish",
    "secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue", "logs:PutLogEvents", "logs:GetLogEvents",
    "states:StartExecution",
)  # fmt: skip
"""What reads and writes what is in things, and not how they are set up."""


def test_what_is_added_for_a_type_is_settings_of_its_own_and_no_data() -> None:
    """For every type: actions on resources of its own kind, or such that look networks up."""
    wrong = set()
    number_of_added = 0
    for type_name in filter(handlers, resource_types()):
        row, bare = resource_type(type_name), Resource("It", type_name, {})
        exact, by_type = called_actions(bare), called_actions(bare, by_type=True)
        assert exact.items() <= by_type.items()
        for name in by_type.keys() - exact.keys():
            number_of_added += 1
            is_own = row is not None and (name.startswith("ec2:Describe") or row.iam[0] in kinds_of(name))
            if not is_own or any(fnmatchcase(name, pattern) for pattern in DATA):
                wrong.add((type_name, name))
    assert wrong == set()
    assert number_of_added > 100


@pytest.mark.parametrize("example", ["orders", "shop"])
def test_it_fits_into_two_managed_policies_whose_sizes_are_told(example: str) -> None:
    ran = remit("policy", "deployer", "-C", str(EXAMPLES / example), "--for-types", "--split")
    sizes = [policy_length(parse(document)) for document in json.loads(ran.out)]
    assert len(sizes) <= 2
    whole = remit("policy", "deployer", "-C", str(EXAMPLES / example), "--for-types")
    told = f"`--split` parts it ({' and '.join(f'{size:,}' for size in sizes)})"
    assert (len(sizes) > 1) == (told in whole.err)


def test_the_command_prints_more_than_without_and_enough_for_the_next_property(make: Make) -> None:
    shared = 'from remit import Shared, resource\nclass Data(Shared):\n    box = resource("AWS::S3::Bucket"{more})\n'
    project = make(app="", **{"shared/resources/data.py": shared.format(more="")})
    have = project.folder / "have.json"
    exact, by_types = (project.remit("policy", "deployer", *options).out for options in ((), ("--for-types",)))
    more = (
        ', versioning_configuration={"Status": "Enabled"}, lifecycle_configuration={"Rules": [{"Status": "Enabled"}]}'
    )
    (project.folder / "shared/resources/data.py").write_text(shared.format(more=more))
    codes = []
    for document in (exact, by_types):
        have.write_text(document)
        codes.append(project.remit("check", "deployer", "--policy", str(have)).status)
    assert codes == [1, 0]
