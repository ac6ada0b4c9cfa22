"""What the functions of examples/shop need, written down by hand, beside what their roles allow."""

from __future__ import annotations

import re
import shutil
from itertools import product
from typing import TYPE_CHECKING, Final

import pytest

from projects import SOURCE, write
from remit.loading.load import load_project
from remit.roles.assign import assign
from remit.roles.role_policies import ask, ready_roles

if TYPE_CHECKING:
    from pathlib import Path

Pair = tuple[str, str, str]
"""A function (or the service that a role is for), an action, and the resource that it is done on."""

SHOP: Final = SOURCE.parent / "examples" / "shop"
TABLE, QUEUE, TOPIC = "${DataOrders.Arn}", "${DataToPack.Arn}", "${DataAlerts}"
NEEDED: Final = {
    "web": (
        ("dynamodb:PutItem", TABLE),  # shop/main.py: place
        ("dynamodb:GetItem", TABLE),  # look_up
        ("sqs:SendMessage", QUEUE),  # place
        ("s3:PutObject", "${DataFiles.Arn}/originals/*"),  # upload, by a presigned address
        ("s3:GetObject", "${DataFiles.Arn}/thumbnails/*"),  # picture, as well
    ),
    "pack": (
        ("sqs:ReceiveMessage", QUEUE),  # these three: "Using Lambda with Amazon SQS", execution role permissions
        ("sqs:DeleteMessage", QUEUE),
        ("sqs:GetQueueAttributes", QUEUE),
        ("dynamodb:UpdateItem", TABLE),  # shop/packing.py
        ("sns:Publish", TOPIC),
    ),
    "report": (
        ("dynamodb:Scan", TABLE),  # shop/reports.py
        ("s3:PutObject", "${DataFiles.Arn}/reports/*"),
    ),
    "alert": (
        ("secretsmanager:GetSecretValue", "${DataSigningKey}"),  # shop/alerts.py
        ("s3:PutObject", "${DataFiles.Arn}/alerts/*"),
    ),
    "thumbnail": (
        ("s3:GetObject", "${DataFiles.Arn}/originals/*"),  # shop/pictures.py
        ("s3:PutObject", "${DataFiles.Arn}/thumbnails/*"),
    ),
}
SERVICES: Final = {("scheduler.amazonaws.com", "lambda:InvokeFunction", "${ReportFunction.Arn}")}
ON_ACCOUNT: Final = re.compile(r"(?:[a-z-]+[:/])?\*(?:/\*)?")
"""The resource part of an ARN that names no resource: `*`, `*/*`, `key/*`, `secret:*`."""
NETWORK: Final = {
    ("ec2:DescribeNetworkInterfaces", "*"),
    ("ec2:DescribeSubnets", "*"),
    *(
        (f"ec2:{operation}", "arn:${AWS::Partition}:ec2:${AWS::Region}:${AWS::AccountId}:*/*")
        for operation in (
            "CreateNetworkInterface",
            "DeleteNetworkInterface",
            "AssignPrivateIpAddresses",
            "UnassignPrivateIpAddresses",
        )
    ),
}
"""What a VPC takes, on everything: Lambda refuses the function otherwise.

It accepts the actions that know resources on those of one account and region, and no narrower ("Giving Lambda functions
access to resources in an Amazon VPC": required IAM permissions).
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """The example, with a stage `vpc` that runs in a VPC."""
    folder = tmp_path / "shop"
    shutil.copytree(SHOP, folder, ignore=shutil.ignore_patterns(".remit", "__pycache__"))
    vpc = 'config.lambda_.function.vpc_config = {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}'
    write(folder, {"config/deploy/vpc.py": f"from remit import configure\nwith configure() as config:\n    {vpc}\n"})
    return folder


def needed() -> set[Pair]:
    pairs = {(name, *pair) for name, pairs in NEEDED.items() for pair in pairs}
    for name in NEEDED:
        log_group = f"${{{name.capitalize()}LogGroup.Arn}}"
        pairs |= {(name, action, log_group) for action in ("logs:CreateLogStream", "logs:PutLogEvents")}
    return pairs | SERVICES


def allowed(folder: Path, stage: str | None = None) -> set[Pair]:
    """Each action of each statement on each of its resources, but what is denied to a function's own code."""
    pairs = set()
    app = load_project(folder, stage).app
    roles = assign(app)
    ready = ready_roles(app, roles)
    for role in roles:
        holder = role.functions[0] if role.functions else role.trusts[0]
        for grant in role.grants:
            resources = grant.statement.resources
            if grant.statement.effect == "Deny" or resources is None:
                continue
            for action, pattern in product(grant.statement.actions.patterns, resources.patterns):
                is_denied = holder in ready and ask(ready[holder], action, pattern).verdict == "ExplicitlyDenied"
                if not is_denied:
                    pairs.add((holder, action, pattern))
    return pairs


def of_the_account(pairs: set[Pair]) -> set[Pair]:
    """The pairs that name no resource, counted strictly: also what no policy could name."""
    account_wide = set()
    for holder, action, pattern in pairs:
        arn = re.sub(r"\$\{[^}]*\}", "late-bound", pattern)
        if ON_ACCOUNT.fullmatch(arn.split(":", 5)[-1]):
            account_wide.add((holder, action, pattern))
    return account_wide


def test_the_shop_may_do_exactly_what_it_needs(shop: Path) -> None:
    assert needed() == allowed(shop)


def test_the_shop_reaches_no_resource_that_it_does_not_need(shop: Path) -> None:
    assert {(name, resource) for name, _, resource in needed()} == {
        (name, resource) for name, _, resource in allowed(shop)
    }


def test_nothing_in_the_shop_is_allowed_on_the_whole_account(shop: Path) -> None:
    assert set() == of_the_account(allowed(shop))


def test_in_a_vpc_the_code_of_a_function_may_do_no_more(shop: Path) -> None:
    assert allowed(shop) == allowed(shop, "vpc")
    assert set() == of_the_account(allowed(shop, "vpc"))


def test_in_a_vpc_lambda_itself_may_do_what_it_demands(shop: Path) -> None:
    app = load_project(shop, "vpc").app
    for name, role in ready_roles(app, assign(app)).items():
        for action, pattern in NETWORK:
            by_lambda = ask(role, action, pattern, context={"lambda:SourceFunctionArn": None})
            assert by_lambda.allowed, (name, action)
