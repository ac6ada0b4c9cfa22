"""Answers of the catalogue as wholes: every part of each is compared."""

from __future__ import annotations

import json

import pytest

from remit.app import Resource
from remit.catalogue.actions import actions, bare_names, full_name
from remit.catalogue.arns import fill, matches, parse, variables
from remit.catalogue.expand import matcher
from remit.catalogue.meant_names import nearest_managed_policy
from remit.catalogue.operations import Call, When, arns, named, prefixes
from remit.catalogue.partitions import is_zone
from remit.catalogue.snapshot import chunk, line, lines, names
from remit.catalogue.types import arn_of, arns_of, with_depths

TABLE = "arn:${Partition}:dynamodb:${Region}:${Account}:table/${TableName}"


@pytest.mark.parametrize(
    ("path", "test", "value", "parameters", "holds"),
    [
        ("A", "Exists", None, {"A": False}, True),
        ("A", "Exists", None, {}, False),
        ("A", "NotExists", None, {"A": False}, False),
        ("A", "NotExists", None, {}, True),
        ("A.B", "Exists", None, {"A": "text"}, False),
        ("A.B", "Exists", None, {"A": [{"B": 1}]}, False),
        ("A[].B", "Exists", None, {"A": [{}, {"B": 1}]}, True),
        ("A", "NotEquals", "abc", {"A": "abcd"}, True),
        ("A", "NotEquals", "abc", {"A": "ABC"}, False),
        ("A[]", "Contains", "b", {"A": ["x", "aBc"]}, True),
        ("A[]", "NotContains", "b", {"A": ["x", "aBc"]}, False),
        ("A[]", "NotContains", "b", {"A": ["x", "y"]}, True),
    ],
)
def test_a_condition_of_a_call_is_decided_by_the_values_at_its_path(
    path: str, test: str, value: str | None, parameters: dict[str, object], holds: bool
) -> None:
    assert When(path, test, value).holds(parameters) is holds


def test_a_template_of_an_argument_is_filled_between_and_behind_its_parameters() -> None:
    call = Call("s3:GetObject", (("BucketName", ("${Bucket}",)), ("ObjectName", ("a/${Key}-${Version}/z",))))
    parameters = {"Bucket": "files", "Key": "k", "Version": "7"}

    assert arns(call, parameters, {"Partition": "aws"}) == ("arn:aws:s3:::files/a/k-7/z",)


def test_an_action_that_nobody_knows_has_no_resources() -> None:
    queue = "arn:aws:sqs:eu-west-1:123456789012:orders"

    assert arns(Call("sqs:NoSuchAction", (("arn", ("${Queue}",)),)), {"Queue": queue}) == ()


def test_a_client_has_all_prefixes_of_its_operations_and_free_operations_are_found_by_name() -> None:
    assert prefixes("S3") == ("s3", "s3-object-lambda", "s3express")
    assert [(operation.client, operation.free) for operation in named("get_caller_identity")] == [("sts", True)]


@pytest.mark.parametrize("prefix", ["sqs", "xray", "account"])
def test_actions_are_found_in_any_case_and_each_of_a_service_up_to_its_last(prefix: str) -> None:
    spelled = tuple(f"{prefix}:{name}" for name in bare_names(prefix))

    assert spelled
    assert actions(prefix.upper()) == spelled
    assert tuple(full_name(name.upper()) for name in spelled) == spelled


def test_a_format_keeps_a_variable_as_often_as_it_has_it_and_an_empty_value_is_a_value() -> None:
    assert variables("${Name}:${Other}/${Name}") == ("Name", "Other", "Name")
    assert fill("arn:aws:s3::${Account}:${Name}", {"Account": ""}) == "arn:aws:s3:::*"


@pytest.mark.parametrize(
    ("resource", "fits"),
    [("tab?e/orders", True), ("tab?es/orders", False), ("?able/?", True), ("table/a/b", False), ("tab?e/", False)],
)
def test_a_question_mark_of_a_pattern_stands_for_any_one_sign_of_a_format(resource: str, fits: bool) -> None:
    arn = parse(f"arn:aws:dynamodb:eu-west-1:123456789012:{resource}")

    assert arn is not None
    assert matches(arn, TABLE) is fits


def test_a_glob_wants_all_of_its_literal_parts_in_their_order() -> None:
    texts = ("abcd", "a1b2c3d", "a1b2d", "a1c2b3d", "abc")

    assert [text for text in texts if matcher("a*b*c*d").fullmatch(text)] == ["abcd", "a1b2c3d"]


def test_braces_are_counted_from_those_of_a_reference() -> None:
    depths = [("{", 0), ("}", 0), ("$", 0), ("{", 1), ("b", 1), ("{", 2), ("}", 1), ("}", 0), ("d", 0)]

    assert list(with_depths("{}${b{}}d")) == depths


def test_a_custom_resource_gives_its_arn_as_arn() -> None:
    for type_name in ("Custom::Seed", "Nobody::Knows::This"):
        resource = Resource("Seed", type_name, {})

        assert (arn_of(resource), arns_of(resource)) == ("${Seed.Arn}", ("${Seed.Arn}",))


def test_a_zones_id_is_taken_as_a_whole() -> None:
    ids = ("euw1-az1", "usw2-lax1-az1", "euw1-az1x", "eu-west-1a", "eu-west-1")

    assert [text for text in ids if is_zone(text)] == ["euw1-az1", "eu-west-1a"]


def test_the_snapshot_has_each_client_and_each_row_in_its_place() -> None:
    rows = [json.loads(text) for text in lines("action-lines", "sqs")]

    assert names("operations") == tuple(sorted(chunk("clients", "")))
    assert chunk("action-lines", "sqs") == rows
    assert [line("action-lines", "sqs", position) for position in range(len(rows))] == rows
    assert (names("no-such-kind"), lines("action-lines", "no-such-service")) == ((), ())


def test_a_word_of_three_letters_is_never_a_misspelt_one() -> None:
    assert nearest_managed_policy("AmazonSQSFullAcess") == "AmazonSQSFullAccess"
    assert nearest_managed_policy("AmazonSQZFullAccess") is None
