"""Whatever a message says, why answers it: nothing that is pasted makes it fail."""

# ruff: noqa: E501 - a table of words
from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from random_cases import cases
from remit.answers import denied_request
from remit.answers.denial import LAYERS, Denial, parse
from remit.answers.denied_request import LoadedApp, function_of, stage_of
from remit.answers.why import why
from remit.loading.load import load
from remit.report.why import cause_document, cause_lines
from remit.roles.assign import assign

EXAMPLE = Path(__file__).parents[2] / "examples" / "orders"
SESSION = "arn:aws:sts::111122223333:assumed-role/orders-dev-IngestRole-1ABCDEFGHIJK/orders-dev-ingest"
WORDS = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        ["", "*", ":", "arn:", "arn:aws:s3:::a/b", "arn:aws:iam::1:role/", "${", "${{", "${DataTable.Arn}", "s3:GetObject",
         "dynamodb:*", "a:b", "sqs:sendmessage", "null", SESSION, "DataTable", "arn:aws:dynamodb:eu-west-1:1:table/x/index/y",
         "arn:::::", "arn:aws:s3:::", "${AWS::Region}", "GetObject", "S3", "IngestFunction", "kms:Decrypt", "?", "\ud800"]
    ),
)  # fmt: skip


@cache
def here() -> LoadedApp:
    app = load(EXAMPLE)
    return LoadedApp(app, assign(app), EXAMPLE)


@settings(max_examples=cases(20, deep=600))
@given(
    st.builds(
        Denial,
        principal=st.one_of(st.none(), WORDS, st.just(SESSION)),
        action=st.one_of(st.none(), WORDS),
        resource=st.one_of(st.none(), WORDS),
        layer=st.one_of(st.none(), st.sampled_from(LAYERS)),
        explicit=st.one_of(st.none(), st.booleans()),
        policy=st.one_of(st.none(), WORDS),
        operation=st.one_of(st.none(), st.sampled_from(["PutItem", "GetObject", "Nothing", ""])),
        service=st.one_of(st.none(), WORDS),
        encoded=st.one_of(st.none(), WORDS),
        authorization=st.one_of(st.none(), WORDS),
        logical_id=st.one_of(st.none(), WORDS),
        stack=st.one_of(st.none(), WORDS),
    )
)
def test_every_denial_gets_an_answer(denial: Denial) -> None:
    for place in (None, here()):
        cause = why(denial, place)
        assert cause.conclusion
        assert [line for line in cause_lines(cause) if line.startswith("cause: ")]
        assert cause_document(cause)["actions"] == list(cause.actions)


@settings(max_examples=100)
@given(WORDS, WORDS)
def test_every_message_in_the_common_form_is_answered(action: str, resource: str) -> None:
    found = parse(f"User: {SESSION} is not authorized to perform: {action} on resource: {resource}")
    assert found is not None
    assert function_of(here(), found) == "ingest"
    assert why(found, here()).function == "ingest"


@settings(max_examples=100)
@given(st.from_regex(r"[a-z][a-z0-9]{0,5}(-[a-z0-9]{1,5}){0,2}", fullmatch=True))
def test_the_stage_is_read_from_the_role_however_it_is_called(stage: str) -> None:
    role = f"arn:aws:sts::111122223333:assumed-role/orders-{stage}-IngestRole-1ABCDEFGHIJK/orders-{stage}-ingest"
    assert stage_of(Denial(principal=role), "orders") == stage


@pytest.mark.parametrize(
    ("length", "named"),
    [(60, True), (59, False)],
)
def test_a_name_that_cloudformation_cut_is_known_when_it_is_as_long_as_cut_ones_are(
    length: int, *, named: bool
) -> None:
    end = "-1A2B3C4D5E6F"
    start = "orders-production-" + "Report" * 10
    name = start[: length - len(end)] + end
    assert length == len(name)
    assert named == denied_request._is_named(name, start)
