"""Services that are not simulated: access is decided first, and then a test answers in their place."""

from __future__ import annotations

import json
import re
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from botocore import xform_name
from botocore.exceptions import ClientError

from remit.errors import RemitError
from remit.local.control.answers import (
    AnsweringFunctions,
    forget_answers,
    give_answer,
    operation_model,
    serialised,
)
from remit.local.control.clients import client_arguments, session, session_as
from remit.local.control.server_commands import accesses

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from remit.local.state_files import LocalAws

TRUST = {"Statement": [{"Effect": "Allow", "Principal": {"AWS": "000000000000"}, "Action": "sts:AssumeRole"}]}
ALLOWED = [
    "textract:DetectDocumentText", "polly:SynthesizeSpeech", "redshift-data:ExecuteStatement", "bedrock:InvokeModel",
    "cloudsearch:DescribeDomains", "mediastore:GetObject", "dynamodb:ListTables", "rekognition:DetectLabels",
    "redshift:DescribeClusters", "globalaccelerator:ListAccelerators",
]  # fmt: skip


@pytest.fixture(scope="module")
def clients(shared: LocalAws) -> Callable[[str], Any]:
    """Clients of a role that may make some calls to services that are not here."""
    own = partial(session(shared).client, **client_arguments(shared))
    role = own("iam").create_role(RoleName="answered", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    policy = {"Statement": [{"Effect": "Allow", "Action": ALLOWED, "Resource": "*"}]}
    own("iam").put_role_policy(RoleName="answered", PolicyName="own", PolicyDocument=json.dumps(policy))
    keys = own("sts").assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
    return session_as(shared, keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"]).client


@pytest.fixture(autouse=True)
def _forgotten(shared: LocalAws) -> Iterator[None]:
    yield
    forget_answers(shared)


def give(aws: LocalAws, service: str, operation: str, answer: dict[str, Any]) -> None:
    model = operation_model(aws, service, operation)
    give_answer(aws, model, serialised(model, answer))


DENIED = {
    "comprehend": lambda client: client.detect_sentiment(Text="x", LanguageCode="en"),
    "polly": lambda client: client.describe_voices(),
    "rekognition": lambda client: client.detect_faces(Image={"Bytes": b"x"}),
    "textract": lambda client: client.analyze_document(Document={"Bytes": b"x"}, FeatureTypes=["FORMS"]),
    "xray": lambda client: client.put_trace_segments(TraceSegmentDocuments=["{}"]),
    "redshift-data": lambda client: client.list_databases(Database="x"),
    "s3vectors": lambda client: client.list_vector_buckets(),
}


@pytest.mark.parametrize("service", DENIED)
def test_a_call_without_its_grant_is_denied_and_noted_also_of_a_service_that_is_not_here(
    shared: LocalAws, clients: Callable[[str], Any], service: str
) -> None:
    last, _ = accesses(shared)
    with pytest.raises(ClientError, match="not authorized to perform") as caught:
        DENIED[service](clients(service))
    assert caught.value.response["Error"]["Code"] in {"AccessDenied", "AccessDeniedException"}
    (record,) = accesses(shared, last)[1]
    assert ("denied", service) == (record.decision, record.operation.partition(":")[0])


def test_a_call_that_is_allowed_says_how_a_test_answers_it(shared: LocalAws, clients: Callable[[str], Any]) -> None:
    expected = r"textract:DetectDocumentText is not simulated .* `remit.answer\('textract', 'DetectDocumentText', …\)`"
    with pytest.raises(ClientError, match=expected) as caught:
        clients("textract").detect_document_text(Document={"Bytes": b"x"})
    assert ("NotImplemented", 501) == (
        caught.value.response["Error"]["Code"], caught.value.response["ResponseMetadata"]["HTTPStatusCode"],
    )  # fmt: skip
    own = session(shared).client("textract", **client_arguments(shared))
    with pytest.raises(ClientError, match="is not simulated"):
        own.detect_document_text(Document={"Bytes": b"x"})


def test_an_answer_is_given_in_each_protocol(shared: LocalAws, clients: Callable[[str], Any]) -> None:
    give(shared, "textract", "DetectDocumentText", {"Blocks": [{"Text": "Total", "Confidence": 99.5}]})
    assert "Total" == clients("textract").detect_document_text(Document={"Bytes": b"x"})["Blocks"][0]["Text"]
    give(
        shared,
        "polly",
        "SynthesizeSpeech",
        {"AudioStream": b"mp3", "ContentType": "audio/mpeg", "RequestCharacters": 2},
    )
    spoken = clients("polly").synthesize_speech(Text="hi", OutputFormat="mp3", VoiceId="Joanna")
    assert (b"mp3", "audio/mpeg", 2) == (
        spoken["AudioStream"].read(), spoken["ContentType"], spoken["RequestCharacters"],
    )  # fmt: skip
    give(shared, "rekognition", "DetectLabels", {"Labels": [{"Name": "Cat"}]})
    assert [{"Name": "Cat"}] == clients("rekognition").detect_labels(Image={"Bytes": b"x"})["Labels"]
    give(
        shared,
        "cloudsearch",
        "DescribeDomains",
        {"DomainStatusList": [{"DomainId": "a", "DomainName": "bcd", "RequiresIndexDocuments": True}]},
    )
    (domain,) = clients("cloudsearch").describe_domains()["DomainStatusList"]
    assert ("bcd", True) == (domain["DomainName"], domain["RequiresIndexDocuments"])


def test_an_answer_stands_before_what_is_simulated_and_none_before_the_decision(
    shared: LocalAws, clients: Callable[[str], Any]
) -> None:
    give(shared, "dynamodb", "ListTables", {"TableNames": ["told"]})
    assert ["told"] == clients("dynamodb").list_tables()["TableNames"]
    give(shared, "dynamodb", "DescribeLimits", {"AccountMaxReadCapacityUnits": 1})
    with pytest.raises(ClientError, match="not authorized to perform: dynamodb:DescribeLimits"):
        clients("dynamodb").describe_limits()
    forget_answers(shared)
    assert "told" not in clients("dynamodb").list_tables()["TableNames"]


def test_a_function_answers_with_the_parameters_and_may_raise_an_error_of_aws(
    shared: LocalAws, clients: Callable[[str], Any]
) -> None:
    asked = []

    def read(parameters: dict[str, Any]) -> dict[str, Any]:
        asked.append(parameters)
        if parameters["Document"]["Bytes"] == b"broken":
            error = {"Error": {"Code": "UnsupportedDocumentException", "Message": "no document"}}
            raise ClientError(error | {"ResponseMetadata": {"HTTPStatusCode": 422}}, "DetectDocumentText")  # type: ignore[arg-type]  # as boto3 has it
        return {"Blocks": [{"Text": parameters["Document"]["Bytes"].decode()}]}

    functions = AnsweringFunctions()
    model = operation_model(shared, "textract", "DetectDocumentText")
    give_answer(shared, model, {"address": functions.address(model, read)})
    textract = clients("textract")
    assert "tea" == textract.detect_document_text(Document={"Bytes": b"tea"})["Blocks"][0]["Text"]
    with pytest.raises(textract.exceptions.UnsupportedDocumentException, match="no document") as caught:
        textract.detect_document_text(Document={"Bytes": b"broken"})
    assert 422 == caught.value.response["ResponseMetadata"]["HTTPStatusCode"]
    assert [{"Document": {"Bytes": b"tea"}}, {"Document": {"Bytes": b"broken"}}] == asked
    model = operation_model(shared, "bedrock-runtime", "InvokeModel")
    give_answer(
        shared,
        model,
        {"address": functions.address(model, lambda asks: {"body": asks["body"] * 2, "contentType": "x/y"})},
    )
    invoked = clients("bedrock-runtime").invoke_model(modelId="amazon.nova-lite-v1:0", body=b"twice")
    assert b"twicetwice" == invoked["body"].read()
    model = operation_model(shared, "rekognition", "DetectLabels")
    give_answer(shared, model, {"address": functions.address(model, lambda asks: {"Labels": asks["MaxLabels"]})})
    with pytest.raises(ClientError, match="InternalFailure"):
        clients("rekognition").detect_labels(Image={"Bytes": b"x"}, MaxLabels=3)
    assert ["RemitError"] == [type(error).__name__ for error in functions.errors]
    functions.close()


BODIES: dict[tuple[str, str], dict[str, Any]] = {
    ("s3", "PutBucketPolicy"): {"Bucket": "orders", "Policy": '{"Id": "caf\u00e9"}'},
    ("s3", "PutObject"): {"Bucket": "orders", "Key": "a b", "Body": b"caf\xe9"},
    ("lambda", "Invoke"): {"FunctionName": "report", "Payload": b'{"a": 1}'},
    ("apigateway", "ImportRestApi"): {"body": b"openapi: 3.0.1"},
    ("s3", "DeleteObject"): {"Bucket": "orders", "Key": "a", "BypassGovernanceRetention": False},
    ("dynamodb", "PutItem"): {"TableName": "orders", "Item": {"id": {"B": b"caf\xe9"}, "n": {"NULL": True}}},
}
"""Calls whose body is one of the parameters, as text or as bytes, or with bytes and booleans anywhere."""


def test_a_function_is_asked_with_what_the_client_was_given_also_where_that_is_the_body(shared: LocalAws) -> None:
    functions = AnsweringFunctions()
    for (service, operation), given in BODIES.items():
        asked: list[dict[str, Any]] = []

        def answer(parameters: dict[str, Any], asked: list[dict[str, Any]] = asked) -> dict[str, Any]:
            asked.append(parameters)
            return {}

        model = operation_model(shared, service, operation)
        give_answer(shared, model, {"address": functions.address(model, answer)})
        getattr(session(shared).client(service, **client_arguments(shared)), xform_name(operation))(**given)
        assert [given] == [{name: parameters[name] for name in given} for parameters in asked], operation
    functions.close()


@pytest.mark.parametrize(
    ("service", "operation", "answer", "message"),
    [
        ("textrct", "DetectDocumentText", {}, "boto3 has no service 'textrct'.*did you mean .textract"),
        ("textract", "detect_document_text", {}, "no operation 'detect_document_text'.*mean 'DetectDocumentText'"),
        ("textract", "DetectDocumentTxt", {}, "no operation 'DetectDocumentTxt'.*did you mean .DetectDocumentText"),
        ("textract", "DetectDocumentText", {"Block": []}, 'never answers like this: .*Unknown parameter .*"Block"'),
        ("textract", "DetectDocumentText", {"Blocks": "x"}, "never answers like this: .*Invalid type .* Blocks"),
        ("textract", "DetectDocumentText", [], "is a dict, as boto3 returns it, and not list"),
        ("bedrock-runtime", "ConverseStream", {}, "stream of events"),
    ],
)  # fmt: skip
def test_an_answer_that_no_service_gives_is_refused_where_it_is_written(
    shared: LocalAws, service: str, operation: str, answer: Any, message: str
) -> None:
    with pytest.raises(RemitError) as caught:
        give(shared, service, operation, answer)
    assert re.search(message, f"{caught.value.message} {caught.value.hint}", re.DOTALL)
