"""Parts of a declaration, each judged by itself: items of policies, managed policies, versions, what is no trigger."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from random_cases import cases
from remit import on
from remit.app import Publication
from remit.errors import Mistakes, Origin, RemitError, Span
from remit.iam import policy as iam
from remit.judge.item_parts import each_alone
from remit.judge.links import with_variables
from remit.judge.meant_items import hint, hint_of_action, of_unknown_service
from remit.judge.name_checks import check_trigger
from remit.judge.policy_list import managed_arn
from remit.judge.publication import check_publication, event_invoke, publication

HERE = Origin("app.py", 1, 1)
PARTS: dict[str, list[tuple[Any, list[tuple[str | int, ...]]]]] = {
    "Effect": [("Allow", []), ("Alow", [("Effect",)])],
    "Action": [
        ("s3:GetObject", []),
        (["s3:GetObject", 3], [("Action", 1)]),
        (["", "s3:*", None], [("Action", 0), ("Action", 2)]),
    ],
    "Resource": [("*", []), (["*", []], [("Resource", 1)]), (3, [("Resource",)])],
    "Condition": [({}, []), ({"StringEqals": {"aws:x": "y"}}, [("Condition", "StringEqals")])],
}
"""The values of each element, with the places that are wrong."""
STATEMENTS = st.fixed_dictionaries({element: st.sampled_from(values) for element, values in PARTS.items()})


@settings(max_examples=cases(40, deep=500), deadline=None)
@given(st.lists(STATEMENTS, min_size=1, max_size=3), st.booleans())
def test_no_mistake_of_an_item_hides_another_and_each_stays_where_it_was(drawn: list[Any], inside: bool) -> None:  # noqa: FBT001 - drawn
    written = [{element: value for element, (value, _) in one.items()} for one in drawn]
    expected = {
        ("Statement", number, *place)
        for number, one in enumerate(drawn)
        for _, wrong in one.values()
        for place in wrong
    }
    item = {"Statement": written}
    found: list[tuple[str | int, ...]] = []
    for alone in each_alone({"PolicyName": "p", "PolicyDocument": item} if inside else item):
        try:
            iam.parse(alone["PolicyDocument"] if inside else alone)
        except RemitError as error:
            found.append(error.path)
    assert sorted(map(str, found)) == sorted(map(str, expected))


def test_of_one_statement_each_part_stands_beside_right_ones() -> None:
    alone = list(each_alone({"Effect": "Allow", "NotAction": ["s3:*", 3], "NotResource": 4}))
    assert alone == [
        {"Action": "s3:GetObject", "Resource": "*", "Effect": "Allow"},
        {"Effect": "Allow", "Resource": "*", "NotAction": ["s3:*"]},
        {"Effect": "Allow", "Resource": "*", "NotAction": ["s3:GetObject", 3]},
        {"Effect": "Allow", "Action": "s3:GetObject", "NotResource": 4},
    ]
    assert list(each_alone({"Statement": 3})) == [{"Statement": 3}]
    assert list(each_alone({"Statement": [{"Sid": 1}, 3]}))[1]["Statement"][1] == 3


AN_ARN = "an ARN is a Resource: write {'Effect': 'Allow', 'Action': …, 'Resource': …}"
PARTITION = "arn:${AWS::Partition}:iam:"


@pytest.mark.parametrize(
    ("value", "arn"),
    [
        ("ReadOnlyAccess", f"{PARTITION}:aws:policy/ReadOnlyAccess"),
        ("AWSLambdaBasicExecutionRole", f"{PARTITION}:aws:policy/service-role/AWSLambdaBasicExecutionRole"),
        (
            "service-role/AWSLambdaBasicExecutionRole",
            f"{PARTITION}:aws:policy/service-role/AWSLambdaBasicExecutionRole",
        ),
        ("arn:aws:iam::aws:policy/ReadOnlyAccess", f"{PARTITION}:aws:policy/ReadOnlyAccess"),
        ("arn:aws-cn:iam::111122223333:policy/a/mine", f"{PARTITION}:111122223333:policy/a/mine"),
        ("arn:${AWS::Partition}:iam::${AWS::AccountId}:policy/mine", f"{PARTITION}:${{AWS::AccountId}}:policy/mine"),
        ("${Managed}", "${Managed}"),
    ],
)
def test_a_managed_policy_is_named_in_every_partition(value: str, arn: str) -> None:
    assert managed_arn(value, ("managed_policy", 0), HERE) == arn


@pytest.mark.parametrize(
    ("value", "message", "advice"),
    [
        ("arn:aws:iam::1:policy/x", "'arn:aws:iam::1:policy/x' is not an ARN of a managed policy", "it reads arn:"),
        ("arn:aws:iam::aws:role/x", "'arn:aws:iam::aws:role/x' is not an ARN of a managed policy", "it reads arn:"),
        ("arn:aws:iam::111122223333:policy/{name}", "is not an ARN of a managed policy", "it reads arn:"),
        ("two words", "'two words' is not a valid name for a managed policy", None),
        ("ReadOnlyAcess", "AWS has no managed policy 'ReadOnlyAcess'", "did you mean `ReadOnlyAccess`?"),
        ("job-function/ReadOnlyAccess", "has no managed policy", "did you mean `ReadOnlyAccess`?"),
        ("AWSLambdaBasicExecutionRole/x", "has no managed policy", "a policy of your own account is named by its ARN"),
        (
            "arn:aws:iam::aws:policy/AWSLambdaBasicExecutionRole",
            "has no managed policy",
            "did you mean `service-role/AWSL",
        ),
        ("arn:aws:iam::aws:policy/ReadOnlyAcess", "has no managed policy", "did you mean `ReadOnlyAccess`?"),
    ],
)
def test_what_is_no_managed_policy_is_refused_with_what_was_meant(value: str, message: str, advice: str | None) -> None:
    with pytest.raises(RemitError) as caught:
        managed_arn(value, ("managed_policy", 0), HERE)
    assert caught.value.message.startswith("managed_policy[0]: ")
    assert message in caught.value.message
    assert (caught.value.hint or "").startswith(advice or "")
    assert (caught.value.hint is None) is (advice is None)
    assert caught.value.origin == HERE


@pytest.mark.parametrize(
    ("text", "item", "in_a_statement"),
    [
        ("logs,s3", 'one text is one item: write `"logs", "s3"`', 'one text is one item: write `"logs:*", "s3:*"`'),
        ("logs, zzzzzz", None, None),
        ("s3:Get?bject ", 'write `"s3:Get?bject"`', 'write `"s3:Get?bject"`'),
        ("s3.Get?bject", "did you mean `s3:Get?bject`?", "did you mean `s3:Get?bject`?"),
        ("s3.Zz?zz", None, None),
        ("s3:GetObjct:x", None, None),
        ("arn:aws:s3:::b", AN_ARN, AN_ARN),
    ],
)
def test_a_text_that_is_no_item_is_told_as_what_was_meant(
    text: str, item: str | None, in_a_statement: str | None
) -> None:
    general = 'name a service ("logs"), an action ("s3:GetObject") or a pattern ("s3:Get*")'
    assert hint(text) == (item or general)
    form = "an action reads `service:Operation`, such as `s3:GetObject` or `s3:Get*`"
    assert hint_of_action(text) == (in_a_statement or form)


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("dynamodb-PutItem", "did you mean `dynamodb:PutItem`?"),
        ("PutItem", "did you mean `dynamodb:PutItem`?"),
        ("newservice", None),
        ("new-service", None),
    ],
)
def test_a_word_that_reads_as_a_service_may_be_a_new_one(word: str, meant: str | None) -> None:
    assert of_unknown_service(word) == meant


@pytest.mark.parametrize(
    ("properties", "beside", "expected"),
    [
        ({}, {}, None),
        ({}, {"alias": "beta"}, Publication("beta")),
        ({}, {"provisioned_concurrency": 2}, Publication("live", 2)),
        ({}, {"provisioned_concurrency": 2, "alias": "beta"}, Publication("beta", 2)),
        ({"DurableConfig": {}}, {}, Publication("live")),
        ({"SnapStart": {"ApplyOn": "PublishedVersions"}}, {}, Publication("live")),
        ({"SnapStart": {"ApplyOn": "None"}}, {}, None),
    ],
)
def test_versions_are_published_where_a_setting_takes_them(
    properties: dict[str, Any], beside: dict[str, Any], expected: Publication | None
) -> None:
    assert publication(properties, beside) == expected


def test_settings_of_asynchronous_calls_are_given_as_they_are_written_and_zero_is_one() -> None:
    beside = {"maximum_retry_attempts": 0, "on_failure": "arn:q", "maximum_event_age": None, "alias": "live"}
    assert event_invoke(beside) == {
        "MaximumRetryAttempts": 0, "DestinationConfig": {"OnFailure": {"Destination": "arn:q"}},
    }  # fmt: skip
    assert event_invoke({"on_success": None}) == {}


SNAP = {"SnapStart": {"ApplyOn": "PublishedVersions"}, "Runtime": "python3.13"}


@pytest.mark.parametrize(
    ("properties", "beside", "problems"),
    [
        (SNAP, {}, []),
        ({**SNAP, "Runtime": "python3.11"}, {}, ["has snap_start, which python3.11 does not have"]),
        (SNAP, {"provisioned_concurrency": 1}, ["has both snap_start and provisioned_concurrency"]),
        ({**SNAP, "EphemeralStorage": {"Size": 512}}, {}, []),
        (
            {**SNAP, "EphemeralStorage": {"Size": 513}},
            {},
            ["has snap_start, which takes no file system and no more than 512 MB of /tmp"],
        ),
        (
            {**SNAP, "FileSystemConfigs": [{}]},
            {},
            ["has snap_start, which takes no file system and no more than 512 MB of /tmp"],
        ),
        ({"Runtime": "python3.13", "DurableConfig": {}}, {}, []),
        ({"Runtime": "python3.12", "DurableConfig": {}}, {}, ["is durable, which python3.12 cannot be"]),
        ({"ReservedConcurrentExecutions": 2}, {"provisioned_concurrency": 2}, []),
        (
            {"ReservedConcurrentExecutions": 2},
            {"provisioned_concurrency": 3},
            ["keeps 3 instances ready, and reserved_concurrency lets 2 run"],
        ),
    ],
)
def test_what_lambda_refuses_of_settings_together_is_told(
    properties: dict[str, Any], beside: dict[str, Any], problems: list[str]
) -> None:
    mistakes = Mistakes()
    check_publication("work", properties, beside, Span("", 1, 0, 1, 0), mistakes)
    assert [mistake.message for mistake in mistakes.errors] == [f"function `work` {problem}" for problem in problems]


def test_the_variables_of_links_yield_to_the_functions_own_and_the_rest_of_its_environment_stays() -> None:
    properties = {"Timeout": 3, "Environment": {"Variables": {"A": "own"}, "Further": 1}}
    assert with_variables(properties, {"A": "link", "B": "link"}) == {
        "Timeout": 3, "Environment": {"Variables": {"A": "own", "B": "link"}, "Further": 1},
    }  # fmt: skip
    assert with_variables({}, {"B": "link"}) == {"Environment": {"Variables": {"B": "link"}}}


class Odd:
    """An object that says nothing of itself."""

    def __repr__(self) -> str:
        return "<odd>"


GRANT = "a grant is not a trigger: it says what the function may do, not what runs it"


@pytest.mark.parametrize(
    ("trigger", "message", "advice"),
    [
        (Odd(), "<odd> is not a trigger", 'such as `@app.function(on.sqs("orders"))`'),
        (Odd, "odd is not a trigger", 'such as `@app.function(on.sqs("orders"))`'),
        ("orders", "'orders' is not a trigger", 'such as `@app.function(on.sqs("orders"))`'),
        (on.sqs, "`on.sqs` is a trigger only when it is called", 'call it: `on.sqs("'),
        (on.http, "`on.http` is a trigger only when it is called", "call it: `on.http("),
    ],
)
def test_what_is_no_trigger_is_told_as_what_it_is(trigger: Any, message: str, advice: str) -> None:
    with pytest.raises(RemitError) as caught:
        check_trigger(trigger, HERE)
    assert caught.value.message == message
    assert str(caught.value.hint).startswith(advice)
    assert caught.value.origin == HERE


def test_a_grant_is_no_trigger_even_among_others() -> None:
    from remit.grants import sqs  # noqa: PLC0415 - beside `on.sqs`

    grants = sqs.send("orders")
    for trigger in (grants, grants[0], (*grants, "x")):
        with pytest.raises(RemitError) as caught:
            check_trigger(trigger, HERE)
        assert caught.value.message == GRANT
