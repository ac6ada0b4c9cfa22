"""What is looked at on the AWS of this machine is looked at without an SDK, whose import takes longest."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import pytest
from botocore import xform_name
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.parsers import create_parser

from random_cases import cases_of
from remit.deploy.live_resources.reading import ROWS
from remit.deploy.role_repairs import method_of
from remit.deploy.status import status
from remit.errors import RemitError
from remit.local import aws
from remit.local.control.clients import account_of
from remit.local.control.plain_client import PlainPages, _content, _refusal, plain_account_of
from remit.local.control.signed_request import LocalResponse
from scripted_proxy import Answer, error, pages

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from remit.deploy.session import Account
    from scripted_proxy import Script, ScriptedProxy

LOADED: Final = """
import sys
from remit.cli import main
try:
    code = main(sys.argv[1:])
except SystemExit as end:
    code = end.code
print(code or 0, *sys.modules, file=sys.stderr)
"""
LOOKS: Final = (("deploy",), ("status",), ("status", "--json"), ("logs",), ("logs", "report"))


def test_what_changes_nothing_imports_no_sdk(remit: Callable[..., tuple[int, str, str]], project: Path) -> None:
    assert 0 == remit("deploy", "--yes")[0]
    assert 0 == remit("deploy")[0]
    for name, *options in cases_of(LOOKS, 2):
        arguments = (name, "--local", "-C", str(project), *options)
        program = [sys.executable, "-c", LOADED, *arguments]
        done = subprocess.run(program, capture_output=True, text=True, check=True)
        code, *loaded = done.stderr.splitlines()[-1].split()
        assert (name, "0", []) == (name, code, [module for module in loaded if "boto" in module])


def test_methods_are_named_as_by_the_sdk() -> None:
    operations = [name for row in ROWS.values() for name in (*row.writes, *(read.operation for read in row.reads))]
    names = [operation.partition(".")[2] for operation in operations]
    assert list(map(method_of, names)) == list(map(xform_name, names))


ANSWERS: Final[Mapping[str, Script]] = {
    "denied": error("AccessDenied", "the caller may not <that>", 403),
    "expired": error("ExpiredToken", "the token has expired", 403),
    "refused": error("ValidationError", "1 validation error: é"),
    "throttled": error("Throttling", "Rate exceeded"),
    "failed": error("InternalFailure", "", 500),
    "failed without words": lambda *_: Answer(503, b""),
    "text": lambda *_: Answer(400, b"Bad Request"),
    "half an answer": lambda *_: Answer(200, b"<DescribeStacksResponse><DescribeStacksResult>"),
    "no answer": lambda *_: Answer(200, b""),
}
"""The answers of a service that does not do what was asked."""


def in_words(account_of_server: Callable[[], Account]) -> tuple[str, str | None, int]:
    """The error of a look at a stack: its message, its hint and the exit code."""
    with pytest.raises(RemitError) as caught:
        status(account_of_server(), "orders-dev")
    return caught.value.message, caught.value.hint, caught.value.exit_code


RESULTS: Final = {
    ("sns", "ListTopics"): "",
    ("sns", "GetTopicAttributes"): """
        <Attributes><entry><key>DisplayName</key><value/></entry><entry><key>A</key><value>{}</value></entry></Attributes>
    """,
    ("iam", "ListAttachedRolePolicies"): """
        <AttachedPolicies><member><PolicyName>a</PolicyName><PolicyArn>b</PolicyArn></member>
        <member><PolicyName/></member></AttachedPolicies>
    """,
    ("cloudformation", "DescribeStacks"): """
        <Stacks><member><StackName>a</StackName><CreationTime>2026-01-01T00:00:00Z</CreationTime>
        <EnableTerminationProtection>false</EnableTerminationProtection>
        <Outputs><member><OutputKey>Url</OutputKey><OutputValue>é</OutputValue></member></Outputs></member></Stacks>
    """,
}


@pytest.mark.parametrize(("service", "operation"), RESULTS)
def test_an_answer_in_xml_is_read_as_by_the_sdk(service: str, operation: str) -> None:
    result = f"<{operation}Result>{RESULTS[service, operation]}</{operation}Result>"
    body = re.sub(r">\s+<", "><", f'<{operation}Response xmlns="https://x.example">{result}</{operation}Response>')
    shape = ServiceModel(Loader().load_service_model(service, "service-2")).operation_model(operation).output_shape
    answer = create_parser("query").parse({"body": body.encode(), "headers": {}, "status_code": 200}, shape)
    assert {name: value for name, value in answer.items() if name != "ResponseMetadata"} == _content(
        service, operation, body.encode()
    )


OF_S3: Final = {
    "GetBucketVersioning": "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>",
    "GetPublicAccessBlock": "<PublicAccessBlockConfiguration><BlockPublicAcls>true</BlockPublicAcls>"
    "<IgnorePublicAcls>false</IgnorePublicAcls></PublicAccessBlockConfiguration>",
}


@pytest.mark.parametrize("operation", OF_S3)
def test_the_settings_of_a_bucket_are_read_as_by_the_sdk(operation: str) -> None:
    body = OF_S3[operation].encode()
    shape = ServiceModel(Loader().load_service_model("s3", "service-2")).operation_model(operation).output_shape
    answer = create_parser("rest-xml").parse({"body": body, "headers": {}, "status_code": 200}, shape)
    read = _content("s3", operation, body)
    assert {name: value for name, value in answer.items() if name != "ResponseMetadata"}.items() <= read.items()


class InPages:
    """A client of a service that answers a call page by page, and what it was asked."""

    def __init__(self) -> None:
        self.asked: list[dict[str, str]] = []

    def list_roles(self, **parameters: str) -> dict[str, Any]:
        self.asked.append(parameters)
        pages = [{"Roles": [1], "NextToken": "a"}, {"Roles": [2, 3], "NextMarker": "b"}, {"Roles": "", "Path": "/"}]
        return pages[len(self.asked) - 1]


def test_the_pages_of_an_answer_are_asked_for_with_all_that_was_asked_first() -> None:
    client: Any = InPages()
    assert [1, 2, 3] == PlainPages(client, "list_roles").paginate(Path="/").build_full_result()["Roles"]
    asked = [{"Path": "/"}, {"Path": "/", "NextToken": "a"}, {"Path": "/", "NextToken": "a", "Marker": "b"}]
    assert asked == client.asked


REFUSALS: list[tuple[str, dict[str, str], bytes]] = [
    ("json", {}, b'{"__type": "com.amazonaws#Slow", "Message": "a"}'),
    ("json", {"x-amzn-query-error": "AWS.Gone;Sender"}, b'{"__type": "com.amazonaws.sqs#QueueGone", "message": "a"}'),
    ("rest-json", {"x-amzn-errortype": "Slow:http://x.example"}, b'{"message": "a"}'),
    ("rest-json", {}, b'{"code": "Slow", "message": "a"}'),
    ("query", {}, b"<ErrorResponse><Error><Code>Slow</Code><Message>a</Message></Error></ErrorResponse>"),
    ("rest-xml", {}, b"<Error><Code>Slow</Code><Message>a</Message></Error>"),
]


@pytest.mark.parametrize(("protocol", "headers", "body"), REFUSALS)
def test_a_refusal_is_read_as_by_the_sdk(protocol: str, headers: dict[str, str], body: bytes) -> None:
    answer = create_parser(protocol).parse({"body": body, "headers": headers, "status_code": 400}, None)
    refused = _refusal(LocalResponse(400, headers, body), "Do").response["Error"]
    assert (answer["Error"]["Code"], answer["Error"]["Message"]) == (refused["Code"], refused["Message"])


@pytest.mark.parametrize("operation", ["GetCallerIdentity", "DescribeStacks"])
def test_what_a_service_refuses_is_told_as_with_the_sdk(project: Path, proxy: ScriptedProxy, operation: str) -> None:
    server = in_front(project, proxy)
    for name, script in ANSWERS.items():
        proxy.scripts[operation] = script
        assert in_words(lambda: account_of(server)) == in_words(lambda: plain_account_of(server)), name


def test_a_call_that_is_throttled_is_sent_again(project: Path, proxy: ScriptedProxy) -> None:
    throttled = [True, True, False]

    def sometimes(parameters: Mapping[str, str], pass_on: Callable[[], Answer]) -> Answer:
        return error("Throttling", "Rate exceeded")(parameters, pass_on) if throttled.pop(0) else pass_on()

    proxy.scripts["DescribeStacks"] = sometimes
    assert status(plain_account_of(in_front(project, proxy)), "orders-dev") is None


@pytest.mark.parametrize("count", [0, 1, 2, 4])
def test_all_pages_of_a_list_are_read_however_many_are_on_the_last(
    project: Path, proxy: ScriptedProxy, count: int
) -> None:
    names = [{"PolicyName": f"é{number}"} for number in range(count)]
    proxy.scripts["ListRolePolicies"] = two_pages(names)
    client = plain_account_of(in_front(project, proxy)).client("iam")
    answer = client.get_paginator("list_role_policies").paginate(RoleName="r").build_full_result()
    assert list(answer["PolicyNames"]) == names


def two_pages(names: list[dict[str, str]]) -> Script:
    """All of a list on the first page, and a second one that is empty."""
    first, last = pages("PolicyNames", names, len(names) or 1), pages("PolicyNames", [])

    def answer(parameters: Mapping[str, str], pass_on: Callable[[], Answer]) -> Answer:
        if "Marker" in parameters:
            return last({**parameters, "NextToken": "0"}, pass_on)
        page = first(parameters, pass_on)
        return Answer(page.status, page.body.replace(b"</PolicyNames>", b"</PolicyNames><Marker>1</Marker>"))

    return answer


def in_front(project: Path, proxy: ScriptedProxy) -> aws.LocalAws:
    """The project's AWS, behind the proxy."""
    running = aws.find(project)
    assert running is not None
    return replace(running, url=proxy.url, port=urlsplit(proxy.url).port or 0)
