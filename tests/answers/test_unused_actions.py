"""The actions of a statement that no request of today uses, by what the catalogue says that each is asked on."""

from __future__ import annotations

from typing import Any, Final

from hypothesis import given, settings
from hypothesis import strategies as st

from random_cases import cases
from remit.answers.unused_actions import unused_actions
from remit.iam.policy import VERSION, parse_statement

ASKED_ON: Final = {
    "s3:ListBucket": "a bucket",
    "s3:GetObject": "an object",
    "sqs:SendMessage": "a queue",
    "sqs:ReceiveMessage": "a queue",
    "s3:ListAllMyBuckets": "everything",
    "sqs:ListQueues": "everything",
    "sqs:ChangeMessageVis*": "a queue",
    "s3:GetObjet": "unknown",
    "s3:GetObjet*Version": "unknown",
}
"""What a request for each action is about, as the Service Authorization Reference has it."""
ARNS: Final = {
    "a bucket": "arn:aws:s3:::files",
    "an object": "arn:aws:s3:::files/in/a",
    "a queue": "arn:aws:sqs:eu-west-1:111122223333:orders",
    "everything": "*",
}
NEVER: Final = {"StringEquals": {"aws:SourceVpc": "vpc-1"}, "StringNotEquals": {"aws:SourceVpc": ["vpc-1", "vpc-2"]}}
"""Conditions that no request meets."""


def unused(actions: list[str], resources: list[str], condition: dict[str, Any], element: str = "Action") -> set[str]:
    statement = {"Effect": "Allow", element: actions, "Resource": resources}
    return {*unused_actions(parse_statement({**statement, **({"Condition": condition} if condition else {})}), VERSION)}


@settings(max_examples=cases(20, deep=200))
@given(
    st.lists(st.sampled_from(sorted(ASKED_ON)), min_size=1, max_size=4, unique=True),
    st.just(["everything"]) | st.lists(st.sampled_from(sorted(ARNS)), min_size=1, max_size=3, unique=True),
    st.sampled_from([{}, {"StringEquals": {"aws:PrincipalTag/team": "a"}}, NEVER]),
)
def test_an_action_is_unused_where_it_is_asked_on_none_of_the_resources_or_never(
    actions: list[str], resources: list[str], condition: dict[str, Any]
) -> None:
    expected = {
        action
        for action in actions
        if ASKED_ON[action] != "unknown" and (condition is NEVER or not {ASKED_ON[action], "everything"} & {*resources})
    }
    assert unused(actions, [ARNS[each] for each in resources], condition) == expected


def test_all_but_some_actions_are_unused_where_the_others_are_asked_on_something_else() -> None:
    assert unused(["s3:*"], [ARNS["an object"]], {}, "NotAction") == {"*"}
    assert unused(["sqs:*"], [ARNS["an object"]], {}, "NotAction") == set()
