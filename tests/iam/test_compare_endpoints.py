"""Roles whose requests pass VPC endpoints that name principals are compared for each caller that these tell apart."""

from __future__ import annotations

import random
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest

from remit.iam.decide.evaluate import Layers, Request, evaluate
from remit.iam.pattern import matches
from remit.iam.policy import Policy, parse
from remit.iam.prove.compare import compare

if TYPE_CHECKING:
    from remit.iam.decide.endpoint import EndpointType

A, B, C = "111122223333", "444455556666", "777788889999"
APP, OTHER = f"arn:aws:iam::{A}:role/app", f"arn:aws:iam::{A}:role/other"
CALLERS = (
    APP, OTHER, f"arn:aws:iam::{A}:user/ann", f"arn:aws:sts::{A}:assumed-role/app/s", f"arn:aws:iam::{B}:role/app",
    f"arn:aws:iam::{C}:role/x",
)  # fmt: skip
PRINCIPALS: tuple[Any, ...] = ("*", {"AWS": A}, {"AWS": [APP, B]}, {"AWS": OTHER}, {"AWS": CALLERS[3]})
ACTIONS = ("sqs:SendMessage", "sqs:ReceiveMessage", "s3:GetObject")
QUEUE, OBJECT = f"arn:aws:sqs:eu-west-1:{A}:q", "arn:aws:s3:::b/k"
ARN = {"ArnEquals": {"aws:PrincipalArn": APP}}


def document(*statements: dict[str, Any]) -> Policy:
    return parse({"Version": "2012-10-17", "Statement": list(statements)})


def actions_of(pattern: str) -> tuple[str, ...]:
    return tuple(action for action in ACTIONS if matches(pattern.lower(), action.lower()))


class Maker:
    """Sides from one seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311 - cases, not secrets

    def statement(self, **further: Any) -> dict[str, Any]:
        actions = self.random.choice(("*", "sqs:*", *ACTIONS))
        return {"Effect": self.random.choice(("Allow", "Allow", "Deny")), "Action": actions, "Resource": "*", **further}

    def side(self, endpoint_type: EndpointType) -> Layers:
        own = {**self.statement(), "Effect": "Allow"}
        if self.random.random() < 0.3:
            own["Condition"] = ARN
        statements = []
        for _ in range(self.random.choice((1, 2, 3))):
            element = "NotPrincipal" if self.random.random() < 0.1 else "Principal"
            statement = self.statement(**{element: self.random.choice(PRINCIPALS)})
            statements.append(statement)
        return Layers((document(own),), endpoint=(document(*statements),), endpoint_type=endpoint_type)


def allowed(layers: Layers, action: str, principal: str) -> bool:
    resource = OBJECT if action.startswith("s3:") else QUEUE
    owner = principal.split(":")[4]
    return evaluate(Request(action, resource, principal, {}, resource_account=owner), layers).allowed


@pytest.mark.parametrize("endpoint_type", ["", "Gateway", "Interface"])
def test_what_is_decided_is_what_the_evaluator_says_of_every_caller(endpoint_type: EndpointType) -> None:
    decided = 0
    for seed in range(60):
        maker = Maker(seed)
        old, new = maker.side(endpoint_type), maker.side(endpoint_type)
        comparison = compare(old, new, actions_of=actions_of)
        decided += not comparison.undecided
        for pieces, narrow, wide in ((comparison.gained, old, new), (comparison.lost, new, old)):
            for piece in pieces:
                verdicts = [evaluate(piece.request, side).verdict for side in (narrow, wide)]
                assert verdicts[0] not in ("Allowed", "Unknown"), seed
            if comparison.undecided or pieces:
                continue
            for action, principal in product(ACTIONS, CALLERS):
                is_gained = allowed(wide, action, principal) and not allowed(narrow, action, principal)
                assert not is_gained, (seed, action, principal)
    assert decided > (10 if endpoint_type != "Interface" else 50)


def test_a_gain_says_whom_the_endpoint_names() -> None:
    grants = (document({"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}),)
    named = {"Effect": "Allow", "Principal": {"AWS": APP}, "Action": "sqs:SendMessage", "Resource": "*"}
    old = Layers(grants, endpoint=(document(named),))
    new = Layers(grants, endpoint=(document({**named, "Action": "sqs:*"}),))
    comparison = compare(old, new)
    assert ({APP}, ()) == ({piece.principal for piece in comparison.gained}, comparison.undecided)
    assert () == compare(old, old).gained
    everyone = replace_principal(new, "*")
    assert {""} == {piece.principal for piece in compare(old, everyone).gained}


def replace_principal(layers: Layers, principal: str) -> Layers:
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sqs:*", "Resource": "*"}
    return Layers(layers.identity, endpoint=(document(statement),))


def test_a_named_caller_is_compared_with_its_own_arn_where_the_old_role_passes_no_endpoint() -> None:
    """The default policy of an endpoint lets it in, and no context in which it would have another ARN."""
    of_roles = {"Condition": {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{A}:role/*"}}}
    own = document({"Effect": "Allow", "Action": "sqs:*", "Resource": "*", **of_roles})
    named = document({"Effect": "Allow", "Principal": {"AWS": APP}, "Action": "*", "Resource": "*"})
    comparison = compare(Layers((own,)), Layers((own,), endpoint=(named,), endpoint_type="Interface"))
    assert ((), ()) == (comparison.gained, comparison.undecided)
    assert {""} == {piece.principal for piece in comparison.lost}


GRANTS = (document({"Effect": "Allow", "Action": "*", "Resource": "*"}),)


def through(*statements: dict[str, Any], endpoint_type: EndpointType = "Interface") -> Layers:
    return Layers(GRANTS, endpoint=(document(*statements),), endpoint_type=endpoint_type)


def statement(principal: Any, action: Any = "*", effect: str = "Allow", **more: Any) -> dict[str, Any]:
    return {"Effect": effect, "Principal": principal, "Action": action, "Resource": "*", **more}


def test_whom_an_endpoint_of_either_side_alone_names_is_told() -> None:
    """Everybody but the role loses access by the endpoint, and gets it back without."""
    named, free = through(statement({"AWS": APP})), Layers(GRANTS)
    there, back = compare(free, named, actions_of=actions_of), compare(named, free, actions_of=actions_of)
    assert ((), ()) == (there.gained, there.undecided) == (back.lost, back.undecided)
    assert {""} == {piece.principal for piece in (*there.lost, *back.gained)}
    assert len(there.lost) == len(back.gained) == 1


def test_a_name_that_means_several_kinds_of_callers_is_told_once_by_the_first_of_them() -> None:
    of_roles = {"Condition": {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{A}:role/*"}}}
    old = through(statement({"AWS": APP}, "s3:*"), statement({"AWS": A}, "s3:*", **of_roles))
    new = through(statement({"AWS": A}, "sqs:*"), statement({"AWS": A}, "s3:*", **of_roles))
    gained = compare(old, new, actions_of=actions_of).gained
    (piece,) = (piece for piece in gained if piece.principal == A)
    assert (APP, {}) == (piece.request.principal, piece.context)
    assert (1, "no statement of the old VPC endpoint's policy allows it") == (len(gained), piece.because)


def test_what_a_caller_decides_is_no_part_of_a_requests_context() -> None:
    """The request names the role, whose ARN and account nobody has to say again."""
    of_role = {"Condition": {"ArnEquals": {"aws:PrincipalArn": APP}, "StringEquals": {"aws:SourceVpc": "vpc-1"}}}
    old, new = through(statement({"AWS": B})), through(statement({"AWS": B}), statement({"AWS": APP}, **of_role))
    (piece,) = compare(old, new, actions_of=actions_of).gained
    assert (APP, {"aws:SourceVpc": "vpc-1"}) == (piece.request.principal, piece.context)


@pytest.mark.parametrize(("effect", "endpoint_type"), [("Allow", ""), ("Deny", ""), ("Deny", "Gateway")])
def test_a_name_in_an_endpoint_that_may_be_a_gateways_is_undecided_where_it_stands(
    effect: str, endpoint_type: EndpointType
) -> None:
    """Whichever side has it, and as its document spells it."""
    unclear = statement({"AWS": f"arn:aws:iam::{A}:user/ann"}, "s3:*", effect)
    named = through(statement("*"), unclear, endpoint_type=endpoint_type)
    free = through(statement("*"), statement("*", "sqs:*"), endpoint_type=endpoint_type)
    for old, new in ((named, free), (free, named)):
        sources = {item.source for item in compare(old, new, actions_of=actions_of).undecided}
        of_endpoint = [(source.index, source.statement) for source in sources if source.layer == "endpoint"]
        assert of_endpoint == [(1, named.endpoint[0].statements[1])]
