"""Regions, accounts, moments, events and roles as options give them."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from random_cases import cases
from remit.cli import options
from remit.cli.check import _named_place
from remit.cli.invoke import _parsed, _source_and_text
from remit.cli.logs import _since
from remit.cli.policy import arn_place
from remit.errors import RemitError
from remit.iam.policy import Policy, allow

if TYPE_CHECKING:
    from pathlib import Path

REGIONS = st.sampled_from(("", "*", "eu-west-1", "us-east-1"))
ACCOUNTS = st.sampled_from(("", "*", "111122223333", "444455556666"))


@settings(max_examples=cases(20, deep=500))
@given(st.lists(st.lists(st.tuples(REGIONS, ACCOUNTS) | st.none(), max_size=2), max_size=3))
def test_a_policy_names_the_region_and_the_account_that_all_of_its_arns_agree_on(
    rows: list[list[tuple[str, str] | None]],
) -> None:
    """None is a resource that is no ARN."""
    texts = [["*" if row is None else f"arn:aws:sqs:{row[0]}:{row[1]}:q" for row in statement] for statement in rows]
    policies = [Policy((allow("sqs:*", on=tuple(statement)),)) for statement in texts if statement]

    regions = {row[0] for statement in rows for row in statement if row} - {"", "*"}
    accounts = {row[1] for statement in rows for row in statement if row} - {"", "*"}
    expected = (regions.pop() if len(regions) == 1 else None, accounts.pop() if len(accounts) == 1 else None)

    assert _named_place(policies) == expected


@pytest.mark.parametrize(
    ("given_", "place"),
    [
        ((None, None, None), ("aws", "*", "*")),
        (("aws-cn", None, None), ("aws-cn", "*", "*")),
        ((None, "cn-north-1", None), ("aws-cn", "cn-north-1", "*")),
        (("aws", "eu-central-1", "111122223333"), ("aws", "eu-central-1", "111122223333")),
        ((None, "us-gov-west-1", "111122223333"), ("aws-us-gov", "us-gov-west-1", "111122223333")),
    ],
)
def test_the_place_of_arns(given_: tuple[Any, Any, Any], place: tuple[str, str, str]) -> None:
    assert arn_place(*given_) == place


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-01", datetime(2026, 3, 1, tzinfo=UTC)),
        ("2026-03-01T12:03", datetime(2026, 3, 1, 12, 3, tzinfo=UTC)),
        ("2026-03-01T12:03:04+02:00", datetime(2026, 3, 1, 10, 3, 4, tzinfo=UTC)),
    ],
)
def test_a_time_is_utc_unless_it_says_otherwise(text: str, moment: datetime) -> None:
    assert _since(text) == moment.timestamp() * 1000


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("10m", 600), ("2h", 7200), ("7d", 604_800)])
def test_a_duration_is_so_long_ago(text: str, seconds: int) -> None:
    now = _since("0s")
    assert 0 <= _since(text) + seconds * 1000 - now < 60_000  # of one minute at most between both


@pytest.mark.parametrize("text", ["", "10", "10 m", "m", "1234567s", "2026-13-01", "10w"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(RemitError, match="is no time"):
        _since(text)


def test_the_day_is_the_one_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REMIT_TODAY", "2026-03-01")
    assert options.today() == date(2026, 3, 1)
    monkeypatch.setenv("REMIT_TODAY", "x")
    with pytest.raises(RemitError, match="REMIT_TODAY is 'x', which is no day"):
        options.today()


@pytest.mark.parametrize(("text", "pair"), [("A=1", ("A", "1")), ("A=", ("A", "")), ("A=1=2", ("A", "1=2"))])
def test_a_parameter_has_a_name_and_a_value(text: str, pair: tuple[str, str]) -> None:
    assert options.parameter(text) == pair


def test_an_event_is_json_or_a_file_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "e.json").write_text('{"a": 1}')
    (tmp_path / "[1]").write_text("no event")
    assert _source_and_text("e.json") == _source_and_text("@e.json") == ("e.json", '{"a": 1}')
    assert _source_and_text(' {"b": 2}') == ("--event", ' {"b": 2}')
    assert _source_and_text("[1]") == ("--event", "[1]")
    assert _source_and_text("none.json") == ("--event", "none.json")
    assert _source_and_text("x" * 5000) == ("--event", "x" * 5000)
    (tmp_path / "latin").write_bytes(b"ab\xff")
    with pytest.raises(RemitError, match="latin is not UTF-8: byte 2"):
        _source_and_text("latin")


@pytest.mark.parametrize("text", ['{"a": [1, null, "x"]}', "1", '"x"', "null"])
def test_any_json_is_an_event(text: str) -> None:
    assert _parsed("--event", text) == json.loads(text)


@pytest.mark.parametrize(
    ("source", "text", "names_file"),
    [
        ("--event", "order.json", True),
        ("--event", "{a: 1}", False),
        ("standard input", "x", False),
        ("--event", "NaN", True),
        ("--event", '"\\ud800"', False),
        ("--event", "[" * 100_000, False),
    ],
)
def test_what_is_no_json_is_refused_and_may_be_the_name_of_a_file(source: str, text: str, *, names_file: bool) -> None:
    with pytest.raises(RemitError, match=f"the event in {source} is not JSON") as raised:
        _parsed(source, text)
    assert ("there is no file" in (raised.value.hint or "")) == names_file
