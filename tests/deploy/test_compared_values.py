"""What AWS has equals what a template says, however AWS writes it; and what only the deploy knew equals anything."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from random_cases import cases
from remit.app import NO_REASON, Grant
from remit.deploy.deployed_references import UNKNOWN, is_open, reference_values
from remit.deploy.live_resources.functions import _code, _environment, _tags
from remit.deploy.live_resources.reading import ROWS
from remit.deploy.live_resources.resource_row import LiveResource, LiveStack, Subject, is_same, value_at
from remit.deploy.session import Account
from remit.deploy.stack import DeployedStack
from remit.deploy.status import DeployedResource, StackStatus
from remit.holders import Holder, inline
from remit.iam.policy import allow, parse

NAMES: Final = st.sampled_from(("a", "b", "c"))
SCALARS: Final = st.sampled_from(("x", "y", "7", 7, 8, True, False))
VALUES: Final = st.recursive(
    SCALARS, lambda part: st.lists(part, min_size=1, max_size=3) | st.dictionaries(NAMES, part, min_size=1, max_size=3)
)
STACK: Final = LiveStack(account="111122223333", names={}, physical={}, resources=(), policies={}, is_local=False)


@st.composite
def spelled(draw: st.DrawFn, value: Any) -> Any:
    """A value as a service may write it: a number or a truth as text, a document as its JSON."""
    if isinstance(value, dict):
        document = {name: draw(spelled(part)) for name, part in value.items()}
        return json.dumps(document) if draw(st.booleans()) else document
    if isinstance(value, list):
        parts = [draw(spelled(part)) for part in value]
        return json.dumps(parts) if draw(st.booleans()) else parts
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return draw(st.sampled_from((value, text)))


def leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths of the scalars in a value."""
    if isinstance(value, dict | list):
        parts = value.items() if isinstance(value, dict) else enumerate(value)
        return [leaf for step, part in parts for leaf in leaves(part, (*path, step))]
    return [path]


def replaced(value: Any, path: tuple[Any, ...], leaf: Any) -> Any:
    """A value with another scalar at a path."""
    if not path:
        return leaf
    parts = list(value) if isinstance(value, list) else dict(value)
    parts[path[0]] = replaced(parts[path[0]], path[1:], leaf)
    return parts


@settings(max_examples=cases(20, deep=400))
@given(st.data(), VALUES)
def test_a_value_is_the_same_in_any_spelling_and_with_another_part_it_is_not(data: st.DataObject, value: Any) -> None:
    assert is_same(value, data.draw(spelled(value)))
    path = data.draw(st.sampled_from(leaves(value)))
    other = replaced(value, path, "another")
    assert not is_same(value, data.draw(spelled(other)))
    assert not is_same(other, data.draw(spelled(value)))
    assert is_same(replaced(value, path, UNKNOWN), data.draw(spelled(other)))


@given(VALUES.filter(lambda value: isinstance(value, dict | list)))
def test_a_value_with_a_part_less_is_another_one(value: Any) -> None:
    less = value[:-1] if isinstance(value, list) else {name: value[name] for name in list(value)[1:]}
    assert not is_same(value, less)
    assert not is_same(less, value)


@pytest.mark.parametrize("nothing", [None, "", [], {}])
@pytest.mark.parametrize("empty", [None, "", [], {}])
def test_nothing_and_empty_are_the_same_and_no_value_is(nothing: Any, empty: Any) -> None:
    assert is_same(nothing, empty)
    assert not any(is_same(nothing, value) or is_same(value, nothing) for value in ("x", 0, False, [0], {"a": 0}))


DOCUMENTS: Final = st.recursive(
    st.sampled_from((1, "x", None, UNKNOWN)),
    lambda part: st.dictionaries(NAMES, part, max_size=2) | st.lists(st.dictionaries(NAMES, part), max_size=2),
    max_leaves=6,
)


@given(DOCUMENTS, st.lists(NAMES, min_size=1, max_size=3))
def test_a_path_leads_into_each_item_of_a_list_and_from_what_is_not_known_to_that(value: Any, path: list[str]) -> None:
    def expected(value: Any, path: list[str]) -> Any:
        if not path or value is UNKNOWN:
            return value
        if isinstance(value, list):
            return [item.get(path[0]) for item in value] if path[1:] == [] else ...
        return expected(value.get(path[0]), path[1:]) if isinstance(value, dict) else None

    answer = expected(value, path)
    if answer is not ...:  # no path of a row leads through two lists
        assert answer == value_at(value, ".".join(path))


@pytest.mark.parametrize("key", ["code.zip", "orders-dev/code.zip", UNKNOWN])
def test_code_that_remit_did_not_package_is_not_compared(key: Any) -> None:
    properties = {"Code": {"S3Bucket": "ours", "S3Key": key}}
    subject = Subject("orders-dev-report", "arn:aws:lambda:eu-west-1:111122223333:function:orders-dev-report", ())
    function = LiveResource(ROWS["AWS::Lambda::Function"], "Report", subject, properties, {}, STACK)
    assert [] == list(_code(function, {"Configuration": {"CodeSha256": "another"}}))


PAIRS: Final = st.dictionaries(NAMES, st.sampled_from(("x", "y")), max_size=3)


@settings(max_examples=cases(20, deep=400))
@given(declared=PAIRS, held=PAIRS, unclear=st.sets(NAMES), is_environment=st.booleans())
def test_what_differs_of_tags_and_variables_is_told_by_name_and_put_back(
    declared: dict[str, str], held: dict[str, str], unclear: set[str], *, is_environment: bool
) -> None:
    """Tags that others added stay, variables go. What only the deploy knew is as it is, if it is there."""
    written = {name: UNKNOWN if name in unclear else value for name, value in declared.items()}
    tags = [{"Key": name, "Value": value} for name, value in written.items()]
    properties = {"Tags": tags, "Environment": {"Variables": written}}
    subject = Subject("orders-dev-report", "arn:aws:lambda:eu-west-1:111122223333:function:orders-dev-report", ())
    function = LiveResource(ROWS["AWS::Lambda::Function"], "Report", subject, properties, {}, STACK)
    answer = {"Tags": held, "Configuration": {"Environment": {"Variables": held}}}

    found = list((_environment if is_environment else _tags)(function, answer))

    known = {name: value for name, value in declared.items() if name not in unclear}
    differing = {name for name, value in known.items() if held.get(name) != value}
    if is_environment:
        differing |= set(held) ^ set(declared)
    assert len(found) == bool(differing)
    for drift in found:
        said = drift.what.rpartition("by hand: ")[2].split(", ")
        assert {words.partition(" ")[0] for words in said} == differing
        if is_environment and not unclear & set(declared) <= set(held):
            assert drift.repairs == ()
            continue
        (back,) = (dict(repair.parameters) for repair in drift.repairs)
        if is_environment:
            expected = {name: held[name] if name in unclear else value for name, value in declared.items()}
            assert back["Environment"]["Variables"] == expected
        else:
            assert {**held, **back["Tags"]} == {**held, **known}
            assert back["Tags"].keys() == differing


LATE: Final = "arn:aws:sns:eu-west-1:111122223333:${Topic}"


@pytest.mark.parametrize(
    "part",
    [
        {"Action": "sns:${Verb}"},
        {"Resource": LATE},
        {"Principal": {"AWS": "${Role.Arn}"}},
        {"Condition": {"StringEquals": {"aws:PrincipalTag/${Team}": "x"}}},
        {"Condition": {"ArnLike": {"aws:SourceArn": ["x", LATE]}}},
    ],
)
def test_a_policy_with_a_reference_in_any_part_is_open(part: dict[str, Any]) -> None:
    statement = {
        "Effect": "Allow",
        "Action": "sns:Publish",
        "Resource": "*",
        "Principal": {"Service": "s3.amazonaws.com"},
    }
    assert is_open(parse({"Version": "2012-10-17", "Statement": {**statement, **part}}))
    assert not is_open(parse({"Version": "2012-10-17", "Statement": statement}))


@pytest.mark.parametrize("dates", [[], ["2026-01-01"], ["2026-01-01"] * 2, ["2026-01-01", "2026-02-01"]])
def test_the_stream_of_a_table_is_known_where_iam_holds_one_alone(dates: list[str]) -> None:
    arn = "arn:aws:dynamodb:eu-west-1:111122223333:table/orders"
    account = Account("111122223333", "eu-west-1", "aws", None)
    stack = DeployedStack("shop-dev", "a/1-2", "UPDATE_COMPLETE", "", "", (), (), protected=False, drift="")
    deployed = StackStatus(stack, (DeployedResource("Orders", "AWS::DynamoDB::Table", "orders", "UPDATE_COMPLETE"),))
    streams = [f"{arn}/stream/{date}T00:00:00.000" for date in dates]
    grants = [Grant(allow("dynamodb:GetRecords", on=(stream, f"{arn}s/stream/x")), NO_REASON) for stream in streams]
    roles = {"Role": Holder("Role", (inline(grants),), arn="arn:aws:iam::111122223333:role/r")}

    values = reference_values(account, deployed, (), roles).known

    assert (values["${Orders.Arn}"], values["${Role.Arn}"]) == (arn, roles["Role"].arn)
    assert values.get("${Orders.StreamArn}") == (streams[0] if len(set(dates)) == 1 else None)
