"""Roles in several policies, on a real local AWS: they deploy, and hold all that they held in one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from remit.deploy.changeset import PlanRequest, plan
from remit.deploy.execute import execute
from remit.iam.policy import Policy, parse
from remit.iam.prove.compare import equivalent

if TYPE_CHECKING:
    from conftest import Make
    from remit.deploy.session import Account

BIG = """
@app.function(policy=[
    {"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": f"arn:aws:dynamodb:*:*:table/orders{n:03}",
     "Condition": {"StringEquals": {"aws:PrincipalTag/team": f"team{n:03}"}}} for n in range(%d)])
def ingest(event, context): ...
"""


def deployed(account: Account, body: str) -> list[Policy]:
    """Every policy of the one role, as IAM has it after a deploy."""
    template: dict[str, Any] = json.loads(body)
    kinds = ("AWS::IAM::Role", "AWS::IAM::ManagedPolicy", "AWS::Logs::LogGroup")
    template["Resources"] = {name: one for name, one in template["Resources"].items() if one["Type"] in kinds}
    planned = plan(account, PlanRequest("orders-dev", json.dumps(template)))
    assert planned is not None
    outcome = execute(account, planned, lambda _: None)
    assert outcome.ok, outcome.cause
    iam = account.client("iam")
    (role,) = iam.list_roles()["Roles"]
    name = role["RoleName"]
    documents = [
        iam.get_role_policy(RoleName=name, PolicyName=one)["PolicyDocument"]
        for one in iam.list_role_policies(RoleName=name)["PolicyNames"]
    ]
    for one in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]:
        arn = one["PolicyArn"]
        version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
        documents.append(iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"])
    return [parse(document) for document in documents]


def test_a_role_grows_out_of_its_inline_policy_and_back(account: Account, make: Make) -> None:
    """Each time what is deployed is what was declared."""
    for count, policies in ((10, 1), (100, 3), (20, 1)):
        built = make(app=BIG % count).built()
        found = deployed(account, built.body)
        assert policies == len(found)
        before = Policy(tuple(grant.statement for grant in built.roles[0].grants))
        statements = tuple(statement for policy in found for statement in policy.statements)
        assert count == sum("aws:PrincipalTag/team" in str(one.conditions) for one in statements)
        own = tuple(one for one in before.statements if one.conditions)
        assert equivalent(Policy(own), Policy(tuple(one for one in statements if one.conditions)))
