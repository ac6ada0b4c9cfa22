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


@pytest.mark.parametrize(
    ("namespace", "stage", "name"),
    [
        ("orders-prod", "prod", "orders"),
        ("all-prod-orders-prod", "prod", "all-prod-orders"),
        ("orders-prod-prod", "prod", "orders-prod"),
        ("orders", "prod", "orders"),
    ],
)
def test_a_project_is_called_as_its_stack_without_the_stage_at_the_end(
    namespace: str, stage: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REMIT_STACK", f"arn:aws:cloudformation:us-east-1:111122223333:stack/{namespace}/1-2-3")
    monkeypatch.setenv("REMIT_STAGE", stage)
    monkeypatch.setenv("REMIT_PROJECT", "")
    assert (namespace, name) == (runtime.project.namespace, runtime.project.name)
    monkeypatch.setenv("REMIT_PROJECT", "shop")
    assert "shop" == runtime.project.name


@pytest.mark.parametrize(
    ("partition", "suffix"),
    [("aws", "amazonaws.com"), ("aws-us-gov", "amazonaws.com"), ("aws-cn", "amazonaws.com.cn"),
     ("aws-eusc", "amazonaws.eu")],
)  # fmt: skip
def test_hosts_end_as_those_of_the_stacks_partition(
    partition: str, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REMIT_STACK", f"arn:{partition}:cloudformation:r:111122223333:stack/shop/1")
    assert (partition, suffix, "111122223333") == (runtime.aws.partition, runtime.aws.url_suffix, runtime.aws.account)


class Mailing(runtime.Shared):
    """A resource whose attributes the environment has."""

    dead_letters = runtime.resource("AWS::SQS::Queue")


def test_an_attribute_that_is_empty_in_the_environment_is_an_empty_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REMIT_MailingDeadLetters_url", "")
    monkeypatch.setenv("REMIT_MailingDeadLetters_attribute_A_B", "b")
    assert ("", "b") == (Mailing.dead_letters.url, Mailing.dead_letters.attribute("A.B"))
    with pytest.raises(RuntimeError, match=r"^Mailing\.dead_letters\.arn is not in this function's environment"):
        _ = Mailing.dead_letters.arn
    with pytest.raises(RuntimeError, match=r'^Mailing\.dead_letters\.attribute\("A\.C"\) is not in'):
        _ = Mailing.dead_letters.attribute("A.C")


@pytest.mark.parametrize(
    ("name", "is_declared"),
    [("remit.grants", True), ("remit.grants.s3", True), ("remit.triggers.sqs", True), ("remit.triggers", True),
     ("remit.job", False), ("remit", False), ("grants", False)],
)  # fmt: skip
def test_grants_and_triggers_are_imported_as_nothing(name: str, *, is_declared: bool) -> None:
    importer = runtime._Declarations()
    spec = importer.find_spec(name)
    assert is_declared == (spec is not None)
    if spec is not None:
        assert (name, runtime.nothing) == (spec.name, importer.create_module(spec))
