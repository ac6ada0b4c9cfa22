"""A record of CloudTrail is read back as it was made: what its message says first, then its own fields."""

from __future__ import annotations

import json
from typing import Any, Final

from hypothesis import given, settings
from hypothesis import strategies as st

from remit.answers.denial import parse

HERE: Final = "arn:aws:sts::111122223333:assumed-role"
PERHAPS: Final = st.booleans()


@settings(max_examples=80)
@given(
    says=st.sampled_from(["all", "no resource", "nothing"]),
    identity=st.sampled_from([{"arn": f"{HERE}/caller/1"}, {"invokedBy": "events.amazonaws.com"}, {}]),
    listed=st.lists(st.sampled_from(["ARN", "arn"]), max_size=2),
    parameters=st.sampled_from([{}, {"bucketName": "files"}, {"bucketName": "files", "key": "a/b"}]),
    date=st.sampled_from(["", "2015_03_31", "20150331"]),
    is_wrapped=PERHAPS,
)
def test_what_the_message_says_counts_first_then_the_fields_of_the_record(
    *,
    says: str,
    identity: dict[str, str],
    listed: list[str],
    parameters: dict[str, str],
    date: str,
    is_wrapped: bool,
) -> None:
    message = "Access Denied"
    if says != "nothing":
        on = " on resource: arn:aws:s3:::said/x" if says == "all" else ""
        why = "because no identity-based policy allows the s3:GetObject action"
        message = f"User: {HERE}/said/1 is not authorized to perform: s3:GetObject{on} {why}"
    record: dict[str, Any] = {
        "eventSource": "s3.amazonaws.com",
        "eventName": f"GetObject{date}",
        "awsRegion": "eu-west-1",
        "errorCode": "AccessDenied",
        "errorMessage": message,
        "userIdentity": identity,
        "resources": [{key: f"arn:aws:s3:::listed{place}"} for place, key in enumerate(listed)],
        "requestParameters": parameters,
    }
    denial = parse(json.dumps({"Records": [record]} if is_wrapped else record))
    assert denial is not None
    assert (denial.service, denial.operation) == ("s3", "GetObject")
    own = identity.get("arn") or identity.get("invokedBy")
    assert denial.principal == (own if says == "nothing" else f"{HERE}/said/1")
    named = "/".join(["arn:aws:s3:::files", *([parameters["key"]] if "key" in parameters else [])])
    told = ["arn:aws:s3:::said/x"] if says == "all" else []
    assert denial.resource == next(
        iter([*told, *(["arn:aws:s3:::listed0"] if listed else []), *([named] if parameters else [])]), None
    )
