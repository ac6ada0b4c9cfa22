"""However many statements roles have, each is held against the guardrails, and those that break one are told."""

from __future__ import annotations

import pytest

from remit.app import App, Function, Grant, Reason
from remit.errors import Origin
from remit.holders import Holder, inline
from remit.iam.policy import Globs, Policy, Statement, allow
from remit.roles.guardrail_proof import prove
from remit.roles.guardrails import Guardrail

MANY = 401
PLACE = {"${AWS::Partition}": "aws", "${AWS::Region}": "eu-west-1", "${AWS::AccountId}": "111122223333"}
NO_USERS = Guardrail(
    "no-users.json",
    Policy((Statement("Deny", Globs(("iam:*",)), Globs(("*",))), allow("*"))),
    ceiling=False,
    origins=(Origin("no-users.json", 3, 5),),
)


@pytest.mark.parametrize("version", ["2012-10-17", "2008-10-17"])
@pytest.mark.parametrize("positions", [[0], [199], [200], [MANY - 1], [1, 199, 200, MANY - 1], []], ids=str)
def test_of_hundreds_of_statements_those_that_break_a_guardrail_are_told(positions: list[int], version: str) -> None:
    statements = [allow("s3:GetObject", on=f"arn:aws:s3:::bucket-{number}/*") for number in range(MANY)]
    for position in positions:
        statements[position] = allow("iam:CreateUser", on=f"arn:aws:iam::111122223333:user/u{position}")
    grants = [
        Grant(statement, Reason("text", str(number)), version=version if number in positions else "2012-10-17")
        for number, statement in enumerate(statements)
    ]
    app = App("shop", "dev", (Function("work", "Work", "app.work", {}),))
    proof = prove(app, [Holder("WorkRole", (inline(grants),), ("work",))], [NO_USERS], PLACE)
    broken = [breach.granted.grant for breach in proof.breaches]
    assert broken == [grants[position] for position in positions]
    assert all(breach.line == Origin("no-users.json", 3, 5) for breach in proof.breaches)
