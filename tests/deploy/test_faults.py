"""What goes wrong between here and AWS, put there by hooks where the SDK sends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError, UnauthorizedSSOTokenError
from botocore.parsers import ResponseParserError

from remit.deploy.aws_errors import Denied, remit_error
from remit.deploy.changeset import PlanRequest, plan
from remit.deploy.delete import delete
from remit.deploy.execute import execute
from remit.deploy.status import status
from remit.errors import RemitError
from stacks import READ, WAITING, WRITE, template
from terminals import HANGS

if TYPE_CHECKING:
    from conftest import Spoil
    from remit.deploy.events import StackEvent
    from remit.deploy.execute import Outcome
    from remit.deploy.session import Account

NAME = "orders-dev"
TESTS = Path(__file__).parents[1]


def deploy(account: Account, body: str, told: list[StackEvent] | None = None) -> Outcome:
    """Plan and execute."""
    planned = plan(account, PlanRequest(NAME, body))
    assert planned is not None
    return execute(account, planned, [].append if told is None else told.append)


@pytest.mark.parametrize(
    ("status_code", "code", "times"),
    [
        (400, "Throttling", 1),
        (400, "Throttling", 5),
        (503, "ServiceUnavailable", 4),
        (500, "InternalFailure", 1),
    ],
)
def test_a_poll_that_is_throttled_or_fails_never_fails_the_deploy(
    account: Account, spoil: Spoil, status_code: int, code: str, times: int
) -> None:
    spoil.answer("cloudformation.DescribeStackEvents", status_code, code, "Rate exceeded", times=times)
    told: list[StackEvent] = []
    assert deploy(account, template(READ), told).ok
    assert spoil.left == {"cloudformation.DescribeStackEvents": 0}
    assert [event.status for event in told if event.of_stack] == ["CREATE_IN_PROGRESS", "CREATE_COMPLETE"]


@pytest.mark.parametrize(
    "operation",
    ["DescribeStacks", "CreateChangeSet", "DescribeChangeSet", "ExecuteChangeSet", "DescribeStackEvents"],
)
@pytest.mark.parametrize("fault", ["lost", "503"])
def test_a_lost_answer_or_one_503_at_any_call_changes_nothing(
    account: Account, spoil: Spoil, operation: str, fault: str
) -> None:
    if fault == "lost":
        spoil.lose_answer(f"cloudformation.{operation}")
    else:
        spoil.answer(f"cloudformation.{operation}", 503, "ServiceUnavailable")
    assert deploy(account, template(READ)).ok
    assert set(spoil.left.values()) == {0}
    assert plan(account, PlanRequest(NAME, template(READ))) is None


def test_a_lost_answer_to_delete_changes_nothing(account: Account, spoil: Spoil) -> None:
    deploy(account, template(READ))
    spoil.lose_answer("cloudformation.DeleteStack")
    outcome = delete(account, NAME, lambda _: None)
    assert outcome is not None
    assert outcome.ok
    assert status(account, NAME) is None


def test_when_aws_keeps_failing_before_anything_started_it_is_safe_to_repeat(account: Account, spoil: Spoil) -> None:
    spoil.answer("cloudformation.CreateChangeSet", 503, "ServiceUnavailable", times=3)
    with pytest.raises(RemitError) as refusal:
        deploy(account, template(READ))
    assert "AWS answered 503 (ServiceUnavailable) to CreateChangeSet" in refusal.value.message
    assert "it is safe to repeat" in (refusal.value.hint or "")
    assert refusal.value.exit_code == 69
    assert deploy(account, template(READ)).ok


def test_a_stack_that_is_gone_while_it_is_followed_ends_the_following(account: Account, spoil: Spoil) -> None:
    planned = plan(account, PlanRequest(NAME, template(READ, resources=WAITING)))
    assert planned is not None
    told: list[str] = []

    def take_away(event: StackEvent) -> None:
        if not told:
            words = f"Stack [{NAME}] does not exist"
            spoil.answer("cloudformation.DescribeStackEvents", 400, "ValidationError", words, times=100)
            spoil.answer("cloudformation.DescribeStacks", 400, "ValidationError", words, times=100)
        told.append(event.status)

    outcome = execute(account, planned, take_away)
    assert (outcome.ok, outcome.status, told[-1]) == (False, "DELETE_COMPLETE", "DELETE_COMPLETE")


def test_a_denial_names_who_may_not_what_on_what_and_the_statement_to_add(account: Account, spoil: Spoil) -> None:
    words = (
        "User: arn:aws:iam::1:user/ci is not authorized to perform: cloudformation:CreateChangeSet on "
        "resource: "
        "arn:aws:cloudformation:eu-central-1:1:stack/orders-dev/* because no identity-based policy allows "
        "the "
        "cloudformation:CreateChangeSet action"
    )
    spoil.answer("cloudformation.CreateChangeSet", 403, "AccessDenied", words)
    with pytest.raises(RemitError) as refusal:
        deploy(account, template(READ))
    assert refusal.value.message == (
        "arn:aws:iam::1:user/ci may not cloudformation:CreateChangeSet on "
        "arn:aws:cloudformation:eu-central-1:1:stack/orders-dev/* (CreateChangeSet)"
    )
    assert '{"Effect": "Allow", "Action": "cloudformation:CreateChangeSet", "Resource": "arn:aws' in (
        refusal.value.hint or ""
    )


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        ("with an explicit deny in a service control policy", "service control policy (SCP)"),
        ("with an explicit deny in a resource control policy", "resource control policy (RCP)"),
        ("because no permissions boundary allows the action", "permissions boundary"),
        ("because no session policy allows the action", "session policy"),
        ("with an explicit deny in an identity-based policy", "a Deny always wins"),
    ],
)
def test_a_denial_says_which_layer_denied(account: Account, spoil: Spoil, layer: str, expected: str) -> None:
    action = "cloudformation:DescribeStacks"
    words = f"User: arn:aws:iam::1:user/ci is not authorized to perform: {action} on resource: x {layer}"
    spoil.answer("cloudformation.DescribeStacks", 403, "AccessDenied", words)
    with pytest.raises(RemitError) as refusal:
        deploy(account, template(READ))
    assert expected in (refusal.value.hint or "")


def _answer(status_code: int, code: str, words: str, **headers: str) -> ClientError:
    """What the SDK raises for an answer of AWS's."""
    metadata = {"HTTPStatusCode": status_code, "HTTPHeaders": headers}
    return ClientError(
        {"Error": {"Code": code, "Message": words}, "ResponseMetadata": metadata},  # type: ignore[typeddict-item]
        "PutObject",
    )


def test_a_sign_in_that_has_expired_says_how_to_sign_in_and_what_goes_on() -> None:
    told = remit_error(UnauthorizedSSOTokenError())
    assert (
        "the AWS sign-in (SSO) has expired",
        "`aws sso login`, then run the same command again: it is safe to repeat",
    ) == (
        told.message,
        told.hint,
    )


PASSING = (
    UnauthorizedSSOTokenError(),
    _answer(400, "ExpiredToken", "expired"),
    _answer(503, "ServiceUnavailable", ""),
    _answer(400, "Throttling", "Rate exceeded"),
    EndpointConnectionError(endpoint_url="https://cloudformation.example"),
    ReadTimeoutError(endpoint_url="https://cloudformation.example"),
    ResponseParserError("no XML"),
)
"""Errors after which the same is to be done once more."""


@pytest.mark.parametrize("error", PASSING, ids=lambda error: type(error).__name__)
def test_an_error_that_passes_says_what_goes_on_in_aws_and_what_follows_that(error: Exception) -> None:
    alone, during = remit_error(error), remit_error(error, "the operation on orders-dev")
    assert during.message == f"{alone.message}; the operation on orders-dev continues in AWS"
    again = "run the same command again: it is safe to repeat"
    assert (alone.hint or "").endswith(again)
    assert during.hint == (alone.hint or "").replace(again, "`remit deploy --resume` follows on")


def test_a_denial_in_iams_wording_names_the_whole_resource() -> None:
    """IAM says `resource: role NAME`; the statement to add has the ARN."""
    words = (
        "User: arn:aws:iam::111122223333:user/ci is not authorized to perform: iam:GetRole on resource: "
        "role orders-dev because no identity-based policy allows the iam:GetRole action"
    )
    told = remit_error(_answer(403, "AccessDenied", words))
    role = "arn:aws:iam::111122223333:role/orders-dev"
    assert f"arn:aws:iam::111122223333:user/ci may not iam:GetRole on {role} (PutObject)" == told.message
    assert f'"Action": "iam:GetRole", "Resource": "{role}"' in (told.hint or "")


@pytest.mark.parametrize(("status_code", "code"), [(403, "Forbidden"), (400, "AccessDeniedException")])
def test_a_denial_is_known_by_its_code_or_by_its_status(status_code: int, code: str) -> None:
    told = remit_error(_answer(status_code, code, "not for you"))
    assert (Denied, "AWS denies PutObject: not for you") == (type(told), told.message)


@pytest.mark.parametrize(
    "words", ["Signature expired: 1 is now earlier than 2", "Signature not yet current: 2 is still later than 1"]
)
def test_a_clock_that_is_wrong_is_told_by_how_much_where_aws_says_its_own_time(words: str) -> None:
    error = _answer(403, "SignatureDoesNotMatch", words, date="Thu, 01 Jan 2026 00:00:00 GMT")
    assert remit_error(error).message.startswith(
        "AWS refuses the request because this machine's clock is wrong: it is "
    )
    unknown = _answer(403, "SignatureDoesNotMatch", words)
    assert "AWS refuses the request because this machine's clock is wrong" == remit_error(unknown).message


def test_credentials_that_expire_while_following_are_no_success_and_the_deploy_goes_on(
    account: Account, spoil: Spoil
) -> None:
    planned = plan(account, PlanRequest(NAME, template(READ)))
    assert planned is not None
    spoil.answer("cloudformation.DescribeStackEvents", 403, "ExpiredToken", "expired")
    with pytest.raises(RemitError) as refusal:
        execute(account, planned, lambda _: None)
    assert refusal.value.message == ("the AWS credentials have expired; the operation on orders-dev continues in AWS")
    assert "`remit deploy --resume`" in (refusal.value.hint or "")


def test_ctrl_c_while_following_says_that_aws_goes_on_and_how_to_resume(account: Account, tmp_path: Path) -> None:
    script = """
import sys
from remit.deploy.changeset import PlanRequest, plan
from remit.deploy.execute import execute
from remit.deploy.session import connect
from remit.errors import RemitError
from stacks import READ, WAITING, template
number, endpoint = sys.argv[1:]
keys = {"aws_access_key_id": number, "aws_secret_access_key": "local"}
account = connect(region="eu-central-1", endpoint=endpoint, credentials=keys)
planned = plan(account, PlanRequest("orders-dev", template(READ, resources=WAITING)))
try:
    execute(account, planned, lambda event: print(event.status, flush=True))
except RemitError as error:
    print(error, file=sys.stderr)
    sys.exit(error.exit_code)
"""
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": f"{TESTS.parent / 'src'}{os.pathsep}{TESTS}",
    }  # fmt: skip
    with subprocess.Popen(
        [sys.executable, "-c", script, account.account, str(account.endpoint)],
        env=environment, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline() == "CREATE_IN_PROGRESS\n"
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=HANGS)
    assert process.returncode == 130
    assert said == (
        "error: stopped watching, but deploying orders-dev continues in AWS\n"
        "hint: `remit deploy --resume` follows it to its end; `remit status` shows where it is\n"
    )
    found = status(account, NAME)
    assert found is not None
    assert found.stack.status == "CREATE_IN_PROGRESS"


def test_an_update_after_a_lost_answer_writes_one_change_set(account: Account, spoil: Spoil) -> None:
    deploy(account, template(READ))
    spoil.lose_answer("cloudformation.CreateChangeSet")
    planned = plan(account, PlanRequest(NAME, template(WRITE)))
    assert planned is not None
    waiting = account.client("cloudformation").list_change_sets(StackName=NAME)["Summaries"]
    assert [item["ChangeSetId"] for item in waiting if item["ExecutionStatus"] == "AVAILABLE"] == [planned.change_set]
