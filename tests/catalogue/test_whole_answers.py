"""Answers of the catalogue as wholes: every part of each is compared."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from remit.app import Resource
from remit.catalogue.actions import action, actions, bare_names, full_name
from remit.catalogue.arns import fill, matches, parse, variables
from remit.catalogue.expand import expand, matcher
from remit.catalogue.meant_names import nearest_managed_policy
from remit.catalogue.operations import Call, When, arns, named, prefixes
from remit.catalogue.partitions import is_zone
from remit.catalogue.snapshot import OWN, chunk, date, day, folder, line, lines, names, note_on_age
from remit.catalogue.snapshot_sources import versions
from remit.catalogue.types import arn_of, arns_of, with_depths

if TYPE_CHECKING:
    from pathlib import Path

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


QUEUE = "arn:aws:sqs:eu-west-1:123456789012:orders"
OTHER = QUEUE.replace("orders", "other")
OPEN = "arn:aws:sqs:${Region}:${Account}:"


@pytest.mark.parametrize(
    ("arguments", "parameters", "expected"),
    [
        ((), {"QueueName": "orders"}, (f"{OPEN}orders",)),
        ((), {"queuename": "orders"}, (f"{OPEN}orders",)),
        ((), {"QueueName": QUEUE}, (QUEUE,)),
        ((), {"QueueName": "orders", "Any": OTHER, "Bucket": "arn:aws:s3:::files"}, (f"{OPEN}orders", OTHER)),
        ((("arn", ("${Queue}",)),), {"Queue": QUEUE, "QueueName": "other"}, (QUEUE,)),
        ((("arn", ("${Queue}",)),), {"Queue": "orders", "QueueName": "other"}, (f"{OPEN}other",)),
        ((("arn queue", ("${Queue}",)),), {"Queue": QUEUE, "QueueName": "other"}, (QUEUE, f"{OPEN}other")),
        ((("arn topic", ("${Queue}",)),), {"Queue": QUEUE}, (QUEUE,)),
        ((("QueueName", ("${Queues[].Name}",)),), {"Queues": [{"Name": "a"}, {}, {"Name": "b"}, {"Name": "a"}]},
         (f"{OPEN}a", f"{OPEN}b")),
        ((("QueueName", ("${Url|last}",)),), {"Url": "https://sqs/1/orders"}, (f"{OPEN}orders",)),
        ((("QueueName", ("${Missing}",)),), {"QueueName": "orders"}, ()),
        ((), {"QueueName": 7}, ()),
    ],
)  # fmt: skip
def test_the_arns_of_a_call_are_given_whole_or_made_of_its_parameters(
    arguments: tuple[tuple[str, tuple[str, ...]], ...], parameters: dict[str, object], expected: tuple[str, ...]
) -> None:
    assert arns(Call("sqs:SendMessage", arguments), parameters, {"Partition": "aws"}) == expected


def test_an_action_that_nobody_knows_has_no_resources() -> None:
    assert arns(Call("sqs:NoSuchAction", (("arn", ("${Queue}",)),)), {"Queue": QUEUE}) == ()


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
    assert [pattern for pattern in ("a*b", "a?b", "a*\n*b", "a*") if matcher(pattern).fullmatch("a\nb") is None] == []
    assert matcher("a.b").fullmatch("axb") is None


def test_a_pattern_covers_all_that_goes_on_after_its_last_letter() -> None:
    zones = ("route53:GetHostedZone", "route53:GetHostedZoneCount", "route53:GetHostedZoneLimit")
    assert expand("Route53:gethosted*") == zones
    assert expand("route53:GetHosted*e") == zones[:1]
    assert expand("route53:GetHosted*ne?*") == zones[1:]
    assert (full_name("kms:List\u212aeys"), expand("kms:List\u212aeys"), full_name("s3:Get Object")) == (None, (), None)


@pytest.mark.parametrize("name", ["s3:PutObject", "dynamodb:Query", "ec2:RunInstances", "kms:Decrypt"])
def test_all_keys_of_an_action_come_once_each_by_name(name: str) -> None:
    known = action(name)
    assert known is not None
    listed = {key.name for target in known.targets for key in (*target.keys, *target.type.keys)}
    assert [key.name for key in known.all_keys] == sorted(listed | {key.name for key in known.keys})


def test_the_sources_of_the_facts_are_listed_as_the_snapshot_has_them() -> None:
    row = chunk("versions", "")
    known = versions()
    assert (known.day, known.is_own) == (day(), folder() == OWN)
    assert [list(count) for count in known.counts] == row["counts"]
    assert [[source.name, source.version, source.date, source.licence, source.holds] for source in known.sources] == (
        row["sources"]
    )
    assert isinstance(known.sources, tuple)


def test_facts_are_old_after_120_days_and_a_folder_may_not_say_its_day(tmp_path: Path) -> None:
    dates = {"2026.10.27": "2026.10.27", " 2026.10.27\n": "2026.10.27", "soon": "", "2026.10.27b": "", "2026-10-27": ""}
    for text, expected in dates.items():
        (tmp_path / "date.txt").write_text(text)
        assert date(str(tmp_path)) == expected
    (tmp_path / "date.txt").write_bytes(b"\xff")
    assert (date(str(tmp_path)), date(str(tmp_path / "none"))) == ("", "")
    assert [note_on_age(day() + timedelta(days)) for days in (0, 120)] == [None, None]
    assert note_on_age(day() + timedelta(121)) == (
        "what remit knows about AWS is 121 days old: `pip install --upgrade remit-data`"
    )


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
