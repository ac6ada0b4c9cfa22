"""What an app's declarations are inside a function: its jobs, the outputs of its stack, and resources of others."""

from __future__ import annotations

from typing import Any

import pytest

from remit import runtime
from remit.runtime import own_stack, web


def test_a_job_has_the_options_that_its_worker_heeds() -> None:
    decorated: Any = runtime.App().job(queue="mail", timeout=3, retries=1, once=True, concurrency=2)(print)
    assert ("mail", 3, 1, True) == (decorated.queue, decorated.timeout, decorated.retries, decorated.once)


def test_a_resource_that_no_class_holds_is_nothing_also_inside_a_function() -> None:
    assert "" == str(runtime.resource("AWS::SQS::Queue").arn)


@pytest.mark.parametrize(
    ("event", "path"), [({"rawPath": "/caf%C3%A9/100%25"}, "/caf\xc3\xa9/100%"), ({"path": "/as-it-is"}, "/as-it-is")]
)
def test_a_wsgi_app_gets_the_bytes_of_the_path_whatever_api_it_is_behind(event: Any, path: str) -> None:
    environ = {"apig_wsgi.full_event": event, "PATH_INFO": "/as-it-is"}
    assert path == web._with_path(lambda given, _start: given["PATH_INFO"])(environ, None)


class Data(runtime.Shared):
    """What looks outputs up."""


class Formation:
    """CloudFormation, which answers with a stack or refuses with a code."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def describe_stacks(self, StackName: str) -> Any:  # noqa: N803 - AWS's name
        assert StackName.startswith("arn:")
        if isinstance(self.answer, Exception):
            raise self.answer
        return {"Stacks": [self.answer]}


class RefusedError(Exception):
    """An error of AWS's, as botocore has it."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.response = {"Error": {"Code": code}}


@pytest.mark.parametrize(
    ("answer", "error", "message"),
    [
        (RefusedError("AccessDenied"), RuntimeError, r"may not look url up: declare it with `reads=\[Data\]`"),
        (RefusedError("Throttling"), RefusedError, "Throttling"),
        ({}, KeyError, "the stack has no output DataUrl"),
        ({"Outputs": [{"OutputKey": "Other", "OutputValue": "x"}]}, KeyError, "there are Other"),
    ],
)
def test_an_output_that_cannot_be_looked_up_says_why(
    answer: Any, error: type[Exception], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REMIT_STACK", "arn:aws:cloudformation:us-east-1:111122223333:stack/shop/1")
    monkeypatch.setitem(own_stack._clients, "cloudformation", Formation(answer))
    with pytest.raises(error, match=message):
        Data.lookup("url")
    runtime._outputs.clear()
