"""evaluate, compare, explain, lint and why agree on actions that no statement on an ARN allows, but listings."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Final

import pytest

from projects import remit
from random_cases import ASKS_ALL, cases_of
from remit.answers.denial import parse as denial_in
from remit.answers.explanation import explain
from remit.answers.template_denial import why_of
from remit.catalogue.action_resources import KIND_ARNS, is_without_resources
from remit.catalogue.actions import actions, services
from remit.documents.read import read
from remit.iam.decide.evaluate import Request, evaluate
from remit.iam.policy import Policy, parse
from remit.iam.prove.compare import compare
from remit.iam.special_cases import ALWAYS_ALLOWED
from remit.lint.files import lint_document
from remit.report.why import cause_document
from remit.roles.role_policies import ready_role
from remit.template.role_files import read_source

if TYPE_CHECKING:
    from pathlib import Path

ROLE = "arn:aws:sts::111122223333:assumed-role/app/session"
PLACE = "us-east-1:111122223333"
NAMES = ("ec2:EnableImageBlockPublicAccess", "vpc-lattice:AssociateViaAWSService-EventsAndStates")
"""Names that look like something else in a message: a setting of S3, and the end of a name."""
STEP: Final = 23 if ASKS_ALL else 115
"""Of the catalogue's actions without resource types each 23rd is asked in CI, about a hundred; else a fifth of them."""
PATTERNS = (
    "*",
    "arn:aws:s3:::*",
    f"arn:aws:ec2:{PLACE}:instance/*",
    f"arn:aws:logs:{PLACE}:log-group:*",
    f"arn:aws:logs:{PLACE}:log-group:a",
    f"arn:aws:dynamodb:{PLACE}:table/*",
    "arn:aws:iam::111122223333:role/*",
)
LISTINGS = {
    "s3:ListAllMyBuckets": ("*", "arn:aws:s3:::*"),
    "logs:DescribeLogGroups": ("*", f"arn:aws:logs:{PLACE}:log-group:*"),
    "logs:DescribeExportTasks": ("*", f"arn:aws:logs:{PLACE}:log-group:*"),
    "logs:DeleteResourcePolicy": ("*", f"arn:aws:logs:{PLACE}:log-group:*"),
    "logs:DescribeResourcePolicies": ("*", f"arn:aws:logs:{PLACE}:log-group:*"),
    "logs:PutResourcePolicy": ("*", f"arn:aws:logs:{PLACE}:log-group:*"),
    "dynamodb:ListTables": ("*", f"arn:aws:dynamodb:{PLACE}:table/*"),
    "iam:ListRoles": ("*", "arn:aws:iam::111122223333:role/*"),
}
"""The patterns on which an action that lists things may be allowed; any other action may be on `*` alone."""


@cache
def actions_without_resources() -> list[str]:
    """Some such actions, and those that are looked at closer; found by the first test, not by the collection."""
    names = [name for service in services() for name in actions(service) if is_without_resources(name.lower())]
    always = [
        *KIND_ARNS,
        "ec2:DescribeInstances",
        "sqs:ListQueues",
        "kms:ListKeys",
        "ecr:GetAuthorizationToken",
        *NAMES,
    ]
    return [name for name in dict.fromkeys((*always, *names[::STEP])) if name.lower() not in ALWAYS_ALLOWED]


def answers_of(action: str, pattern: str) -> dict[str, bool]:
    """What each part says of a statement that allows an action on a pattern, asked on a resource of that pattern."""
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": pattern}]}
    policy, resource = parse(document), pattern
    file = json.dumps(document).encode()
    (role,) = read_source(read(file, "policy.json")).roles
    gained = compare(Policy(()), policy).gained
    named_role = {"RoleName": "app", "Policies": [{"PolicyName": "p", "PolicyDocument": document}]}
    template = {"Resources": {"App": {"Type": "AWS::IAM::Role", "Properties": named_role}}}
    message = f"User: {ROLE} is not authorized to perform: {action} on resource: {resource}"
    denial = denial_in(message)
    assert denial is not None
    cause = cause_document(why_of(denial, read(json.dumps(template).encode(), "template.json")))
    return {
        "evaluate": evaluate(Request(action, resource), policy).allowed,
        "explain": explain(ready_role(role, {}), "the policy", action, resource).decision.allowed,
        "compare": any(piece.tier == "now" for piece in gained),
        "lint": not any(finding.rule == "R301" for finding in lint_document(document)),
        "why": cause["answers"][0]["verdict"] == "Allowed",
    }


@pytest.mark.parametrize("pattern", cases_of(PATTERNS, 3))
def test_all_parts_agree_on_actions_without_resource_types(pattern: str) -> None:
    different = {}
    for action in actions_without_resources():
        expected = pattern in LISTINGS.get(action, ("*",))
        wrong = [part for part, allowed in answers_of(action, pattern).items() if allowed is not expected]
        if wrong:
            different[action] = wrong
    assert different == {}


def test_the_example_of_a_gain_is_a_request_that_evaluate_allows() -> None:
    for action in actions_without_resources():
        for pattern in LISTINGS.get(action, ("*",)):
            statement = {"Effect": "Allow", "Action": action, "Resource": pattern}
            policy = parse({"Version": "2012-10-17", "Statement": [statement]})
            (piece,) = compare(Policy(()), policy).gained
            assert evaluate(piece.request, policy).allowed, (action, pattern)


def test_the_fix_for_an_action_without_resource_types_is_on_everything() -> None:
    for action in actions_without_resources():
        denial = denial_in(f"User: {ROLE} is not authorized to perform: {action} on resource: arn:aws:s3:::bucket/key")
        assert denial is not None
        cause = cause_document(why_of(denial, read(b'{"Resources": {}}', "template.json")))
        assert cause["statement"] == {"Effect": "Allow", "Action": action, "Resource": "*"}


def test_explain_asks_a_listing_on_what_its_service_asks_about(tmp_path: Path) -> None:
    """A statement on `arn:aws:s3:::*` allows it, though not on `*`, which no request names."""
    statement = {"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "arn:aws:s3:::*"}
    path = tmp_path / "policy.json"
    path.write_text(json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    first_line, *_ = remit("explain", str(path), "s3:ListAllMyBuckets").out.splitlines()
    assert first_line == "Allowed: the policy may s3:ListAllMyBuckets on arn:${AWS::Partition}:s3:::*"
