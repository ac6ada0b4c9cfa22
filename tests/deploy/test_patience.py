"""A call to AWS whose error passes is made again, as often as there are pauses."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from remit.deploy.aws_errors import code, patiently

PASSES = "OperationAborted"


@given(st.lists(st.sampled_from((PASSES, "AccessDenied", "")), max_size=5), st.integers(0, 4))
def test_a_call_is_made_until_it_succeeds_fails_for_good_or_no_pause_is_left(answers: list[str], pauses: int) -> None:
    """An answer is the code of an error, or empty for a success; after all of them the call succeeds."""
    calls: list[str] = []

    def call() -> str:
        calls.append(answers[len(calls)] if len(calls) < len(answers) else "")
        if calls[-1]:
            raise ClientError({"Error": {"Code": calls[-1]}}, "PutBucketPolicy")
        return "done"

    expected: list[str] = []
    for answer in [*answers, ""]:
        expected.append(answer)
        if answer != PASSES or len(expected) > pauses:
            break
    if expected[-1]:
        with pytest.raises(ClientError) as raised:
            patiently(call, [0.0] * pauses, lambda error: code(error) == PASSES)
        assert expected[-1] == code(raised.value)
    else:
        assert patiently(call, [0.0] * pauses, lambda error: code(error) == PASSES) == "done"
    assert expected == calls
