"""With --simulate-delays, calls are throttled and new roles cannot be assumed at first, and what retries succeeds."""

from __future__ import annotations

import itertools
import json
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from remit.local.control.clients import client_arguments, session
from remit.local.control.server_commands import simulated_delays
from remit.local.emulator import as_request_of, emulated
from remit.local.request import RefusedRequest
from remit.local.simulated_delays import SimulatedDelays
from terminals import HANGS
from zips import zip_of

if TYPE_CHECKING:
    from remit.local.state_files import LocalAws

LAMBDA = {"Service": "lambda.amazonaws.com"}
TRUST = json.dumps({"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": LAMBDA}]})


def throttled(seed: str) -> str:
    """Which of 40 calls are throttled, a letter each."""
    delays = SimulatedDelays()
    delays.simulate(seed)
    letters = ""
    for _ in range(40):
        try:
            delays.check("lambda", "GetFunction", {})
            letters += "."
        except RefusedRequest:
            letters += "T"
    return letters


def test_the_same_seed_throttles_the_same_calls_and_another_seed_others() -> None:
    assert throttled("7") == throttled("7") != throttled("8")


@pytest.mark.parametrize("seed", ["1", "2", "3", "4", "5"])
def test_the_first_call_is_throttled_and_never_two_in_a_row(seed: str) -> None:
    calls = throttled(seed)
    assert calls.startswith("T.")
    assert "TT" not in calls
    assert 3 <= calls.count("T") <= 15


def test_delays_that_are_turned_on_again_begin_anew() -> None:
    delays = SimulatedDelays()
    for before in ("", "7"):
        assert {"before": before} == delays.simulate("7")
        with pytest.raises(RefusedRequest):
            delays.check("lambda", "GetFunction", {})
        delays.check("lambda", "GetFunction", {})


def test_there_are_none_without_a_seed_or_of_a_service_that_throttles_nobody() -> None:
    SimulatedDelays().check("lambda", "ListFunctions", {})  # raises nothing
    delays = SimulatedDelays()
    delays.simulate("7")
    delays.check("cognito-idp", "ListUsers", {})  # nor does this


def test_a_role_that_is_too_new_refuses_what_gives_it_to_a_function_and_nothing_else() -> None:
    account, name = "888877776666", "worker"
    role = f"arn:aws:iam::{account}:role/teams/{name}"
    delays = SimulatedDelays()
    assert 0.0 == delays.seconds_left(role)  # it does not exist
    roles = emulated("services.iam")._roles
    with as_request_of(account, "us-east-1"):
        roles[name] = {"CreateDate": "2999-01-01T00:00:00+00:00"}
        delays.simulate("7")
        for operation in ("CreateFunction", "UpdateFunctionConfiguration", "Invoke"):
            with suppress(RefusedRequest):
                delays.check("lambda", operation, {})  # the first call is throttled in any case
        with pytest.raises(RefusedRequest, match="cannot be assumed by Lambda"):
            delays.check("lambda", "CreateFunction", {"Role": role})
        with pytest.raises(RefusedRequest, match="cannot be assumed by Lambda"):
            delays.check("lambda", "UpdateFunctionConfiguration", {"Role": role})
        delays.check("lambda", "Invoke", {"Role": role})
        roles[name] = {"CreateDate": "2001-01-01T00:00:00+00:00"}
        assert 0.0 == delays.seconds_left(role)
        del roles[name]


def test_a_call_is_throttled_as_the_sdk_knows_it(shared: LocalAws) -> None:
    impatient = {**client_arguments(shared), "config": Config(retries={"total_max_attempts": 1}, proxies={})}
    cloudformation = session(shared).client("cloudformation", **impatient)
    with simulated_delays(shared, "7"), pytest.raises(ClientError, match="Rate exceeded"):
        cloudformation.list_stacks()
    assert cloudformation.list_stacks()["StackSummaries"] == []


def test_a_new_role_cannot_be_assumed_by_lambda_for_some_seconds(shared: LocalAws) -> None:
    clients, arguments = session(shared), client_arguments(shared)
    function: dict[str, Any] = {"FunctionName": "slow", "Runtime": "python3.12", "Handler": "app.handler"}
    function["Code"] = {"ZipFile": zip_of("def handler(event, context): ...\n")}
    functions, roles = clients.client("lambda", **arguments), clients.client("iam", **arguments)
    with simulated_delays(shared, "7"):
        role = refused_role(functions, function, roles)
        deadline = time.monotonic() + HANGS
        while time.monotonic() < deadline:
            try:
                functions.create_function(**function, Role=role)
                break
            except ClientError:
                time.sleep(0.2)
    assert functions.get_function(FunctionName="slow")["Configuration"]["Role"] == role


def refused_role(functions: Any, function: dict[str, Any], roles: Any) -> str:
    """A new role that Lambda cannot assume yet: another one, where this machine was slower than the delay."""
    for number in itertools.count():
        role = str(roles.create_role(RoleName=f"new-{number}", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"])
        try:
            functions.create_function(**function, Role=role)
        except ClientError as error:
            if "cannot be assumed by Lambda" not in str(error):
                raise
            return role
        functions.delete_function(FunctionName=function["FunctionName"])
    raise AssertionError


def test_of_the_calls_of_an_operation_a_fifth_is_throttled_and_never_two_in_a_row() -> None:
    """A fourth of those that follow one which was not."""
    delays = SimulatedDelays("a seed")
    codes = []
    for _ in range(1000):
        codes.append("")
        try:
            delays.check("lambda", "Invoke", {})
        except RefusedRequest as refused:
            codes[-1] = f"{refused.code} {refused.status}"
    throttled = "TooManyRequestsException 429"
    assert ({throttled, ""}, throttled) == (set(codes), codes[0])
    assert (throttled, throttled) not in set(itertools.pairwise(codes))
    assert 160 < codes.count(throttled) < 240
