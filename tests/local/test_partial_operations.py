"""What is asked and answered of an operation of which a part is denied, as SDKs read it."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from functools import cache
from typing import Any

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.parsers import create_parser
from hypothesis import given, settings
from hypothesis import strategies as st

from remit.local.authorization.partial_operations import PARTIAL_OPERATIONS, DeniedPart

OBJECTS = PARTIAL_OPERATIONS["s3", "DeleteObjects"]
SECRETS = PARTIAL_OPERATIONS["secretsmanager", "BatchGetSecretValue"]
PARTS = st.lists(st.tuples(st.sampled_from(("a", "b/é", "<&>")), st.sampled_from(("", "v1", "v2"))), unique=True)


def tags(parts: list[tuple[str, str]], name: str) -> str:
    """Objects in XML, each a key and a version of it, or no version."""
    escaped = [[text.replace("&", "&amp;").replace("<", "&lt;") for text in part] for part in parts]
    versions = [f"<VersionId>{version}</VersionId>" if version else "" for _, version in escaped]
    keys = [key for key, _ in escaped]
    return "".join(f"<{name}><Key>{key}</Key>{version}</{name}>" for key, version in zip(keys, versions, strict=True))


def deleted(answer: bytes) -> dict[str, Any]:
    """The answer of DeleteObjects as boto3 has it."""
    response = {"body": answer, "headers": {}, "status_code": 200}
    parsed: dict[str, Any] = create_parser("rest-xml").parse(response, shape_of_answer())
    return parsed


@cache
def shape_of_answer() -> Any:
    model = ServiceModel(Loader().load_service_model("s3", "service-2"))
    return model.operation_model("DeleteObjects").output_shape


@settings(max_examples=50)
@given(PARTS, PARTS)
def test_each_object_is_asked_for_or_told_as_denied(kept: list[tuple[str, str]], denied: list[tuple[str, str]]) -> None:
    kept = [part for part in kept if part not in denied]
    parts = [DeniedPart(part, f"not {part[0]}") for part in denied]
    request = f'<Delete xmlns="urn:s3">{tags([*kept, *denied], "Object")}</Delete>'.encode()
    rest = ET.fromstring(OBJECTS.remaining(request, parts))  # noqa: S314 - written above
    asked = [[part.text for part in entry] for entry in rest]
    assert [[text for text in part if text] for part in kept] == asked
    for answer in (f"<DeleteResult>{tags(kept, 'Deleted')}</DeleteResult>", '<DeleteResult xmlns="urn:s3"/>'):
        told = deleted(OBJECTS.answered(answer.encode(), parts))
        errors = [(error["Key"], error.get("VersionId"), error["Message"]) for error in told.get("Errors", ())]
        assert [(key, version or None, f"not {key}") for key, version in denied] == errors
        assert all("AccessDenied" == error["Code"] for error in told.get("Errors", ()))
    refused = b"<Error><Code>NoSuchBucket</Code></Error>"
    assert refused == OBJECTS.answered(refused, parts)


ARN = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:"


@pytest.mark.parametrize("told_by", ["its name", "its ARN"])
def test_a_denied_secret_is_an_error_and_has_no_value(told_by: str) -> None:
    arn = f"{ARN}bank-AbCdEf"
    asked = "bank" if told_by == "its name" else arn
    denied = [DeniedPart((arn, asked), "not this one")]
    values = [{"ARN": arn, "Name": "bank"}, {"ARN": f"{ARN}shop-AbCdEf", "Name": "shop"}]
    other = {"SecretId": "gone", "ErrorCode": "ResourceNotFoundException", "Message": "there is none"}
    answer = {"SecretValues": values, "Errors": [other, {**other, "SecretId": asked}]}
    told = json.loads(SECRETS.answered(json.dumps(answer).encode(), denied))
    own = {"SecretId": asked, "ErrorCode": "AccessDeniedException", "Message": "not this one"}
    assert {"SecretValues": values[1:], "Errors": [other, own]} == told
    assert b"x" == SECRETS.remaining(b"x", denied)
    for error in (b'{"__type": "InvalidRequestException"}', b"no JSON"):
        assert error == SECRETS.answered(error, denied)
