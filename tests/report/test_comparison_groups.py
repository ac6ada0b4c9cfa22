"""How pieces of a comparison are put together for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.iam.comparison import Piece, SideDifference, StatementLocation
from remit.iam.policy import allow
from remit.iam.request import Request
from remit.report.access_report import UNUSED, kinds_of
from remit.report.actions import FUTURE

if TYPE_CHECKING:
    from remit.iam.comparison import Tier

QUEUE = "arn:aws:sqs:eu-west-1:111122223333:a"


def piece(action: str, request: str, tier: Tier = "now") -> Piece:
    source = StatementLocation("identity", 0, 0, allow(action, on=QUEUE))
    return Piece(source, action, QUEUE, Request(request, QUEUE), tier, SideDifference("old"))


def test_what_no_action_of_today_can_use_is_told_last() -> None:
    found = kinds_of((piece("s3:GetObject", "s3:GetObject", "future"), piece("sqs:SendMessage", "sqs:SendMessage")))
    assert [(one.actions, one.level) for one in found] == [(("sqs:SendMessage",), "Write"), (("s3:GetObject",), UNUSED)]


def test_what_only_actions_to_come_gain_is_told_as_such_wherever_it_is() -> None:
    (found,) = kinds_of((piece("s3:Get*", "s3:GetNew", "future"),))
    assert found.level == FUTURE
