"""Whole policies of deployers, with every reason, condition and note, for templates in which each decision matters.

`whole/NAME.yaml` is a template, a text beside it what its deployer gets, statement by statement. A template
stands for many small cases: of what is wrong in one of them, the difference of the two texts says which.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from remit.deployer.deployer_policy import Deployer, bound, deployer
from remit.deployer.needed_actions import DeployCall
from remit.deployer.planned_stack import stack_of
from remit.documents.read import read

if TYPE_CHECKING:
    from collections.abc import Iterator

WHOLE: Final = Path(__file__).parent / "whole"
LIMIT: Final = "arn:aws:iam::*:policy/shop-*"
CALLS: Final = (
    DeployCall("cloudformation.DescribeStackEvents",
               ("cloudformation:DescribeStackEvents", "cloudformation:ListStacks"),
               "arn:${AWS::Partition}:cloudformation:${AWS::Region}:${AWS::AccountId}:stack/{stack}/*", "to follow",
               nested=True),
    DeployCall("s3.DeleteObjects", ("s3:DeleteObject", "s3:ListBucket"), "", "to empty", of_type="AWS::S3::Bucket"),
    DeployCall("lambda.GetFunction", ("lambda:GetFunction",), "", "to see", of_type="AWS::Lambda::Function",
               unless_kept=True),
)  # fmt: skip
CASES: Final[dict[str, tuple[str, dict[str, Any], tuple[str, ...]]]] = {
    "identities": ("identities", {"reverts": True, "of_app": False}, ("aws", "*", "111122223333")),
    "identities of a service role": (
        "identities",
        {"service_role": "arn:aws:iam::111122223333:role/works", "boundary": LIMIT, "reverts": True},
        ("aws", "eu-central-1"),
    ),
    "functions": ("functions", {"calls": CALLS, "of_app": False}, ("aws-cn", "cn-north-1", "*")),
    "networks": ("networks", {"of_app": False}, ("aws", "eu-central-1", "111122223333")),
    "services": ("services", {"calls": CALLS}, ()),
    "further": ("further", {"boundary": LIMIT, "verbs": ("create", "delete")}, ("aws", "eu-central-1", "111122223333")),
}
"""A template, the options of its deployer, and the place that it is bound to, by the name of what is expected."""


def lines(found: Deployer) -> Iterator[str]:
    """A line for each action, resource, condition and reason of each statement; then what is unknown, and the notes."""
    for grant in found.grants:
        statement = grant.statement
        yield grant.because
        yield from (f"  {action}" for action in statement.actions.patterns)
        yield from (f"    on {resource}" for resource in (statement.resources.patterns if statement.resources else ()))
        for condition in statement.conditions:
            yield f"    if {condition.operator} {condition.key} {', '.join(condition.values)}"
    yield from (f"unknown: {logical_id} ({type_name})" for logical_id, type_name in found.unknown)
    yield from (f"note: {note}" for note in found.notes)


@pytest.mark.parametrize("case", CASES)
def test_a_deployer_gets_exactly_what_its_template_takes(case: str) -> None:
    name, options, place = CASES[case]
    template = WHOLE / f"{name}.yaml"
    stack = stack_of("shop-dev", [read(template.read_bytes(), template.name).value])
    found = bound(deployer(stack, **options), *place)
    expected = (WHOLE / f"{case.replace(' ', '_')}.txt").read_text("utf-8")
    assert list(lines(found)) == expected.splitlines()
