"""Requests are decided by the policies of their callers, noted, and refused as their services refuse."""

from __future__ import annotations

import json
import os
from contextvars import copy_context
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from emulator_copies import copied
from remit.access.needed_access import UNRESOLVED, NeededAccess, RequestedOperation
from remit.access.setting import RequestSetting
from remit.iam.policy import parse
from remit.local.authorization.access_log import AccessLog
from remit.local.authorization.authorizer import (
    DecidedNeed,
    RequestAuthorizer,
    Strictness,
    _decided,
    asked_keys,
    denial,
)
from remit.local.authorization.caller import CALLER as CALLER_OF_REQUEST
from remit.local.authorization.caller import Caller, Question
from remit.local.authorization.canonical_request import canonical_request
from remit.local.authorization.emulated_names import EmulatedNames
from remit.local.authorization.owning_place import OwningPlace
from remit.local.authorization.partial_operations import DeniedPart
from remit.local.authorization.resource_policies import LOOK_UPS, resource_policy
from remit.local.authorization.stack_caller import _check_reference, _parameter
from remit.local.emulator import as_request_of, emulated
from remit.local.event_sources.service_calls import ServiceCalls
from remit.local.repairs.identities import check_session
from remit.local.request import ReceivedRequest, RefusedRequest
from remit.local.routes import REFUSES_UNKNOWN
from remit.local.signature import Signature

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from remit.local.authorization.authorizer import AllowedRequest

ACCOUNT, REGION = "777788889999", "eu-west-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/team/worker"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/worker/web"
CALLER = Caller(SESSION, ACCOUNT, function="web")
QUEUE_ARN = f"arn:aws:sqs:{REGION}:{ACCOUNT}:orders"
ANYBODY = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}}


def received(method: str, path: str, query: str = "", **headers: str) -> ReceivedRequest:
    named = {name.replace("_", "-"): (value,) for name, value in headers.items()}
    return ReceivedRequest(method, path, query, {"host": ("127.0.0.1:4566",), **named})


class Role:
    """A role of the emulator's IAM in this process, whose one policy can be changed."""

    def __call__(self, operation: str, **parameters: str) -> None:
        with as_request_of(ACCOUNT, REGION):
            handler = emulated("services.iam")._IAM_HANDLERS[operation]
            status, _, body = handler({name: [value] for name, value in parameters.items()})
        assert status == 200, body

    def may(self, *statements: Mapping[str, Any]) -> None:
        document = json.dumps({"Version": "2012-10-17", "Statement": statements})
        self("PutRolePolicy", RoleName="worker", PolicyName="p", PolicyDocument=document)


@pytest.fixture
def role() -> Iterator[Role]:
    found = Role()
    trust = json.dumps({"Version": "2012-10-17", "Statement": [ANYBODY]})
    found("CreateRole", RoleName="worker", Path="/team/", AssumeRolePolicyDocument=trust, MaxSessionDuration="7200")
    yield found
    with as_request_of(ACCOUNT, REGION):
        emulated("services.iam")._roles.pop("worker")


SEND = received("POST", "/", x_amz_target="AmazonSQS.SendMessage", x_remit_call="r1;a%3Bb.py;12")
BODY = json.dumps({"QueueUrl": f"http://localhost/{ACCOUNT}/orders", "MessageBody": "m"}).encode()
ALLOWS = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": QUEUE_ARN}
BY_ADDRESS = {**ALLOWS, "Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}}
BY_AGENT = {**ALLOWS, "Condition": {"StringLike": {"aws:UserAgent": "boto*"}}}


def checked(log: AccessLog, request: ReceivedRequest = SEND, strictness: Strictness | None = None) -> AllowedRequest:
    asked = canonical_request(request, "sqs", BODY)
    return RequestAuthorizer(log, strictness or Strictness()).check(asked, REGION, CALLER)


@pytest.mark.parametrize(
    ("statements", "decision", "because", "statement"),
    [
        ([ALLOWS], "allowed", "", "identity[0].Statement[0]"),
        ([BY_ADDRESS], "unknown", "aws:SourceIp", "identity[0].Statement[0]"),
        ([BY_AGENT], "denied", "no statement of the identity's policies", ""),
        ([{**ALLOWS, "Effect": "Deny"}, ALLOWS], "denied", "Statement[0]", "identity[0].Statement[0]"),
        ([{**ALLOWS, "Resource": f"{QUEUE_ARN}-2"}], "denied", "no statement of the identity's policies", ""),
    ],
)
def test_a_decision_is_noted_with_its_reason_and_the_place_of_the_call(
    role: Role, statements: list[dict[str, Any]], decision: str, because: str, statement: str
) -> None:
    role.may(*statements)
    log = AccessLog()
    if decision == "denied":
        with pytest.raises(
            RefusedRequest, match="is not authorized to perform: sqs:SendMessage on resource"
        ) as refused:
            checked(log)
        assert ("AccessDeniedException", 400) == (refused.value.code, refused.value.status)
    else:
        allowed = checked(log)
        assert ((), None) == (allowed.denied_parts, allowed.owner)
    (record,) = log.after(0)["records"]
    assert because in record["because"]
    expected = {
        "caller": SESSION, "function": "web", "request_id": "r1", "operation": "sqs:SendMessage",
        "action": "sqs:SendMessage", "resource": QUEUE_ARN, "decision": decision, "statement": statement,
        "file": "a;b.py", "line": 12, "refused": decision == "denied",
    }  # fmt: skip
    assert expected == {name: record[name] for name in expected}


def test_what_a_service_may_not_do_with_a_role_is_noted_once_until_the_decision_changes(role: Role) -> None:
    log, told = AccessLog(), []
    calls = ServiceCalls(log)
    for statements in ((), (ALLOWS,), ()):
        role.may(*statements, {**ALLOWS, "Action": "sqs:ReceiveMessage"})
        told += [calls.may_act(ROLE, "", "sqs:SendMessage", QUEUE_ARN, "web") for _ in range(2)]
    assert [False, False, True, True, False, False] == told
    assert [("denied", "web", ROLE)] * 2 == [
        (record["decision"], record["function"], record["caller"]) for record in log.after(0)["records"]
    ]


@pytest.mark.parametrize(
    ("call", "place"), [(None, ("", "", 0)), ("r2;", ("r2", "", 0)), ("r2;a.py;x", ("r2", "a.py", 0))]
)
def test_a_call_without_a_place_is_noted_without_one(role: Role, call: str | None, place: tuple[str, str, int]) -> None:
    role.may({**ALLOWS, "Condition": {"StringEquals": {"aws:PrincipalArn": ROLE}}})
    log = AccessLog()
    headers = {} if call is None else {"x_remit_call": call}
    checked(log, received("POST", "/", x_amz_target="AmazonSQS.SendMessage", **headers))
    (record,) = log.after(0)["records"]
    assert (*place, "allowed") == tuple(record[name] for name in ("request_id", "file", "line", "decision"))


def test_what_cannot_be_decided_passes_unless_somebody_asks_that_it_is_refused(role: Role) -> None:
    role.may(BY_ADDRESS)
    strictness, log = Strictness(), AccessLog()
    checked(log, strictness=strictness)
    assert {"before": False} == strictness.settle({"on": "true"})
    with pytest.raises(RefusedRequest, match="it cannot be decided here"):
        checked(log, strictness=strictness)
    assert [False, True] == [record["refused"] for record in log.after(0)["records"]]
    assert {"before": True} == strictness.settle({"on": "false"})
    checked(log, strictness=strictness)


def test_a_client_that_asks_for_it_is_heeded_while_it_runs_and_no_longer() -> None:
    strictness, here = Strictness(), str(os.getpid())
    assert {"before": False} == strictness.settle({"on": "true", "client": here})
    assert (True, False) == (strictness.applies(), strictness.for_all)
    strictness.settle({"on": "false", "client": here})
    assert not strictness.applies()
    strictness.settle({"on": "true", "client": str((1 << 22) + 1)})  # no process has so high a number
    assert not strictness.applies()


def test_a_client_that_asks_no_more_leaves_others_as_they_were() -> None:
    strictness, clients = Strictness(), [str(os.getpid()), str(os.getppid())]
    for client in clients:
        strictness.settle({"on": "true", "client": client})
    told = []
    for client in (*clients, *clients):
        strictness.settle({"on": "false", "client": client})
        told.append(strictness.applies())
    assert [True, False, False, False] == told


def test_what_is_no_process_asks_for_everybody() -> None:
    for client in ({}, {"client": ""}, {"client": "x"}, {"client": "-1"}):
        strictness = Strictness()
        assert {"before": False} == strictness.settle({"on": "true", **client})
        assert (True, {"before": True}) == (strictness.for_all, strictness.settle({"on": "false", **client}))
        assert not strictness.applies()


def test_a_request_that_asks_for_it_is_heeded_alone() -> None:
    strictness, asking = Strictness(), received("GET", "/", **{REFUSES_UNKNOWN.replace("-", "_"): "1"})

    def applies(request: ReceivedRequest) -> bool:
        strictness.begin(request, "web")
        return strictness.applies()

    assert [True, False] == [copy_context().run(applies, request) for request in (asking, SEND)]


def test_a_function_that_runs_for_a_request_that_asks_for_it_is_refused_as_that_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    strictness, seen = Strictness(), []

    def applies(function: str) -> bool:
        def run() -> bool:
            strictness.begin(SEND, function)
            return strictness.applies()

        return copy_context().run(run)

    def dispatch(*call: Any) -> str:
        seen.append((applies("web"), applies("other")))
        if len(seen) == 1:
            service._execute_function_dispatch({}, {"FunctionName": "web"}, "inner")
            seen.append((applies("web"), applies("other")))
        if call[2] == "fails":
            raise KeyError
        return str(call)

    service = copied(monkeypatch, "services.lambda_svc", _execute_function_dispatch=dispatch)
    strictness.take_hold()

    def run(asks: bool, event: str) -> Any:
        if asks:
            strictness.begin(received("GET", "/", **{REFUSES_UNKNOWN.replace("-", "_"): "1"}), "")
        return service._execute_function_dispatch({}, {"FunctionName": "web"}, event)

    assert "({}, {'FunctionName': 'web'}, 'outer')" == copy_context().run(run, True, "outer")  # noqa: FBT003 - as above
    assert [(True, False)] * 3 == seen
    assert not applies("web")
    with pytest.raises(KeyError):
        copy_context().run(run, True, "fails")  # noqa: FBT003 - as above
    assert not applies("web")
    copy_context().run(run, False, "unasked")  # noqa: FBT003 - as above
    assert (False, False) == seen[-1]


def test_of_several_objects_those_that_may_not_be_deleted_are_told_apart(role: Role) -> None:
    role.may({"Effect": "Allow", "Action": "s3:DeleteObject", "Resource": "arn:aws:s3:::shop/a*"})
    keys = "".join(f"<Object><Key>{key}</Key></Object>" for key in ("a1", "b1", "a2", "b2"))
    request = received("POST", "/shop", "delete")
    asked = canonical_request(request, "s3", f"<Delete>{keys}</Delete>".encode())
    log = AccessLog()
    allowed = RequestAuthorizer(log).check(asked, REGION, CALLER)
    assert [("b1", ""), ("b2", "")] == [denied.part for denied in allowed.denied_parts]
    assert all("is not authorized to perform: s3:DeleteObject" in denied.message for denied in allowed.denied_parts)
    assert [False, True] * 2 == [record["refused"] for record in log.after(0)["records"]]


def test_a_part_is_refused_once_with_the_message_of_the_first_access_that_it_lacks(role: Role) -> None:
    role.may({"Effect": "Allow", "Action": "s3:DeleteObject", "Resource": "arn:aws:s3:::shop/a"})
    keys = "".join(f"<Object><Key>{key}</Key></Object>" for key in "ab")
    headers = {"x_amz_bypass_governance_retention": "true"}
    request = received("POST", "/shop", "delete", **headers)
    asked = canonical_request(request, "s3", f"<Delete>{keys}</Delete>".encode())
    denied = RequestAuthorizer(AccessLog()).check(asked, REGION, CALLER).denied_parts
    assert [("a", "BypassGovernanceRetention"), ("b", "DeleteObject")] == [
        (part.part[0], part.message.partition("s3:")[2].partition(" ")[0]) for part in denied
    ]


def test_of_several_decisions_the_first_owner_and_the_first_message_of_each_part_count() -> None:
    def decided(account: str, message: str, part: str, verdict: Any = "denied") -> DecidedNeed:
        need = NeededAccess("sqs:SendMessage", f"arn:aws:sqs:us-east-2:{account}:q", {}, part=(part,))
        return DecidedNeed(need, verdict, "because", "s", message)

    decisions = (
        decided(ACCOUNT, "", "a", "allowed"),
        decided("444455556666", "first", "b"),
        decided("555566667777", "second", "b"),
        decided(ACCOUNT, "third", "c", "unknown"),
        decided(ACCOUNT, "fourth", "a"),
    )
    for strictness, parts in ((Strictness(), "ba"), (Strictness(for_all=True), "bca")):
        log = AccessLog()
        operation = RequestedOperation("sqs", "SendMessage", "json")
        allowed = RequestAuthorizer(log, strictness)._settled(SEND, operation, decisions, CALLER)
        assert OwningPlace("444455556666", "us-east-2") == allowed.owner
        messages = {"a": "fourth", "b": "first", "c": "third"}
        assert tuple(DeniedPart((part,), messages[part]) for part in parts) == allowed.denied_parts
        refused = [False, True, True, strictness.for_all, True]
        assert refused == [record["refused"] for record in log.after(0)["records"]]


def test_an_access_to_what_nobody_can_name_is_not_denied_for_its_name(role: Role) -> None:
    role.may(ALLOWS)
    setting = RequestSetting(REGION, ACCOUNT, SESSION, EmulatedNames())
    operation = RequestedOperation("sqs", "SendMessage", "json")
    queue = QUEUE_ARN.removesuffix("orders")
    verdicts = []
    for name in ("orders", "other", UNRESOLVED):
        need = NeededAccess("sqs:SendMessage", f"{queue}{name}", {})
        with as_request_of(ACCOUNT, REGION):
            verdicts.append(_decided(Question(need, operation, SEND, setting, CALLER)).verdict)
    assert ["allowed", "denied", "unknown"] == verdicts


@pytest.mark.parametrize("tables", [("far", "near"), ("near", "far"), ("near", "near")])
def test_a_request_is_about_the_place_of_the_first_resource_of_another_account(
    role: Role, monkeypatch: pytest.MonkeyPatch, tables: tuple[str, ...]
) -> None:
    role.may({"Effect": "Allow", "Action": "dynamodb:*", "Resource": "*"})
    far = "arn:aws:dynamodb:us-east-2:444455556666:table/far"
    policy = {"Statement": {"Effect": "Allow", "Action": "dynamodb:*", "Resource": "*", "Principal": {"AWS": ROLE}}}
    monkeypatch.setitem(LOOK_UPS, "dynamodb", lambda arn: policy if arn == far else None)
    items = [{"Get": {"TableName": far if table == "far" else table, "Key": {}}} for table in tables]
    request = received("POST", "/", x_amz_target="DynamoDB_20120810.TransactGetItems")
    asked = canonical_request(request, "dynamodb", json.dumps({"TransactItems": items}).encode())
    allowed = RequestAuthorizer(AccessLog()).check(asked, REGION, CALLER)
    assert (("444455556666", "us-east-2") if "far" in tables else None) == allowed.owner


def test_the_keys_that_policies_ask_for_are_those_of_conditions_and_variables_in_lower_case() -> None:
    condition = {"StringEquals": {"aws:PrincipalTag/Team": ["${aws:UserId }", "${*}"]}}
    resource = "arn:aws:s3:::b/${aws:username}/${saml:sub, 'x'}"
    policy = parse({"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": resource, "Condition": condition}})
    expected = {"aws:principaltag/team", "aws:userid", "aws:username", "saml:sub"}
    assert expected == asked_keys((policy, parse({"Statement": []})))


@pytest.mark.parametrize(
    ("client", "protocol", "code", "status", "message"),
    [
        ("sns", "query", "AuthorizationError", 403, "m"),
        ("ec2", "query", "UnauthorizedOperation", 403, "You are not authorized to perform this operation. m"),
        ("s3", "rest", "AccessDenied", 403, "m"),
        ("lambda", "rest", "AccessDeniedException", 403, "m"),
        ("iam", "query", "AccessDenied", 403, "m"),
        ("s3control", "rest", "AccessDenied", 403, "m"),
        ("route53", "rest", "AccessDenied", 403, "m"),
        ("cloudfront", "rest", "AccessDenied", 403, "m"),
        ("dynamodb", "json", "AccessDeniedException", 400, "m"),
        ("cloudwatch", "cbor", "AccessDeniedException", 400, "m"),
    ],
)
def test_a_denial_has_the_code_and_the_status_of_its_service(
    client: str, protocol: Any, code: str, status: int, message: str
) -> None:
    refused = denial(client, protocol, "m")
    assert (code, status, message) == (refused.code, refused.status, refused.reason)


USER = Caller(f"arn:aws:iam::{ACCOUNT}:user/ada", ACCOUNT)


@pytest.mark.parametrize(
    ("caller", "parameters", "code", "words"),
    [
        (USER, "RoleSessionName=ab&DurationSeconds=7200", "", ""),
        (USER, "RoleSessionName=ab", "", ""),
        (USER, "RoleSessionName=a", "ValidationError", "greater than or equal to 2"),
        (USER, f"RoleSessionName={'a' * 64}", "", ""),
        (USER, f"RoleSessionName={'a' * 65}", "ValidationError", "less than or equal to 64"),
        (USER, "RoleSessionName=a%20b", "ValidationError", "regular expression"),
        (USER, "RoleSessionName=%D0%BA%D0%BB", "ValidationError", "regular expression"),
        (USER, "RoleSessionName=ab&DurationSeconds=900", "", ""),
        (USER, "RoleSessionName=ab&DurationSeconds=899", "ValidationError", "or equal to 900"),
        (USER, "RoleSessionName=ab&DurationSeconds=x", "ValidationError", "or equal to 900"),
        (USER, "RoleSessionName=ab&DurationSeconds=43201", "ValidationError", "or equal to 43200"),
        (USER, "RoleSessionName=ab&DurationSeconds=7201", "ValidationError", "MaxSessionDuration"),
        (CALLER, "RoleSessionName=ab&DurationSeconds=3600", "", ""),
        (CALLER, "RoleSessionName=ab&DurationSeconds=3601", "ValidationError", "1 hour session limit"),
        (USER, f"RoleSessionName=ab&RoleArn={ROLE}-2", "AccessDenied", f"sts:AssumeRole on resource: {ROLE}-2"),
        (USER, f"RoleSessionName=ab&RoleArn={ROLE.replace('team/', '')}", "AccessDenied", "is not authorized"),
    ],
)
@pytest.mark.usefixtures("role")
def test_a_session_of_a_role_is_made_within_the_limits_of_sts(
    caller: Caller, parameters: str, code: str, words: str
) -> None:
    form = f"Action=AssumeRole&{parameters}" + ("" if "RoleArn" in parameters else f"&RoleArn={ROLE}")
    request = received("POST", "/", content_type="application/x-www-form-urlencoded")
    asked = canonical_request(request, "sts", form.encode())
    if not code:
        check_session(asked, caller)
        return
    with pytest.raises(RefusedRequest) as refused:
        check_session(asked, caller)
    assert code == refused.value.code
    assert words in refused.value.reason


@pytest.mark.parametrize(
    ("action", "caller", "is_made"),
    [("GetSessionToken", CALLER, False), ("GetSessionToken", USER, True), ("GetFederationToken&Name=ab", CALLER, False),
     ("GetCallerIdentity", CALLER, True)],
)  # fmt: skip
def test_a_session_makes_no_session_without_its_limits(action: str, caller: Caller, *, is_made: bool) -> None:
    request = received("POST", "/", content_type="application/x-www-form-urlencoded")
    asked = canonical_request(request, "sts", f"Action={action}".encode())
    if is_made:
        check_session(asked, caller)
    else:
        with pytest.raises(RefusedRequest, match="with session credentials"):
            check_session(asked, caller)


AGENT = {"StringLike": {"aws:UserAgent": "boto*"}}
BOTO = received("POST", "/", x_amz_target="AmazonSQS.SendMessage", user_agent="boto3/1")
OF_AGENT = [{**ALLOWS, "Condition": AGENT}]


def decision_of(caller: Caller, request: ReceivedRequest = BOTO) -> tuple[str, str]:
    asked = canonical_request(request, "sqs", BODY)
    (decided,) = RequestAuthorizer(AccessLog()).decisions(asked, REGION, caller)
    return decided.verdict, decided.because


def test_an_operation_whose_actions_nobody_knows_is_undecided_on_anything() -> None:
    operation = RequestedOperation("sqs", "DoNothing", "json")
    asked = replace(canonical_request(SEND, "sqs", BODY), operation=operation)
    because = "nobody knows which actions sqs:DoNothing needs"
    need = NeededAccess("sqs:DoNothing", "*", asked.parameters)
    decided = DecidedNeed(need, "unknown", because, "", because)
    assert (decided,) == RequestAuthorizer(AccessLog()).decisions(asked, REGION, CALLER)


def test_a_boundary_and_the_policy_of_a_session_limit_what_a_role_may(role: Role) -> None:
    role.may(ALLOWS)
    document = json.dumps({"Version": "2012-10-17", "Statement": OF_AGENT})
    role("CreatePolicy", PolicyName="limit", PolicyDocument=document)
    boundary = f"arn:aws:iam::{ACCOUNT}:policy/limit"
    role("PutRolePermissionsBoundary", RoleName="worker", PermissionsBoundary=boundary)
    assert ["allowed", "denied"] == [decision_of(CALLER, request)[0] for request in (BOTO, SEND)]
    role("DeleteRolePermissionsBoundary", RoleName="worker")
    limited = replace(CALLER, session=(parse({"Statement": OF_AGENT}),))
    assert ["allowed", "denied"] == [decision_of(limited, request)[0] for request in (BOTO, SEND)]
    role("DeletePolicy", PolicyArn=boundary)


def test_a_policy_that_is_not_here_leaves_a_denial_undecided_and_is_named(role: Role) -> None:
    role.may({**ALLOWS, "Action": "sqs:ReceiveMessage"})
    with as_request_of(ACCOUNT, REGION):
        emulated("services.iam")._roles["worker"]["AttachedPolicies"].append("arn:aws:iam::1:policy/gone")
    verdict, because = decision_of(CALLER)
    assert "unknown" == verdict
    assert because.endswith(f"; {SESSION} has policies that cannot be read here: arn:aws:iam::1:policy/gone")


def test_a_variable_in_a_condition_is_worth_what_the_caller_says(role: Role) -> None:
    role.may({**ALLOWS, "Condition": {"StringEquals": {"aws:UserAgent": "${aws:PrincipalTag/team}"}}})
    teams = [replace(CALLER, keys={"aws:principaltag/team": team}) for team in ("boto3/1", "bank")]
    assert ["allowed", "denied"] == [decision_of(caller)[0] for caller in teams]


@pytest.fixture
def url() -> Iterator[str]:
    """The path of the URL of a function, to which IAM's authorization applies."""
    with as_request_of(ACCOUNT, REGION):
        urls = emulated("services.lambda_svc")._function_urls
        urls["web:live"] = {"FunctionUrl": f"https://{'a' * 32}.lambda-url.{REGION}.on.aws/", "AuthType": "AWS_IAM"}
        yield f"/_aws/lambda-url/{'a' * 32}/x"
        del urls["web:live"]


def signed(service: str = "lambda", region: str = REGION) -> Signature:
    return Signature("A", "20260101", region, service, "", (), "", "", None)


FUNCTION_ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:web:live"


@pytest.mark.parametrize(
    ("caller", "signature", "action", "code"),
    [
        (CALLER, signed(), "lambda:Invoke*", ""),
        (CALLER, signed(), "lambda:InvokeFunction", "AccessDeniedException"),
        (CALLER, signed("sqs"), "lambda:Invoke*", "InvalidSignatureException"),
        (CALLER, signed(region="us-east-1"), "lambda:Invoke*", "InvalidSignatureException"),
        (replace(CALLER, is_root=True), signed(), "sqs:*", ""),
    ],
)
def test_a_url_with_authorization_by_iam_is_for_whom_both_actions_are_allowed(
    role: Role, url: str, caller: Caller, signature: Signature, action: str, code: str
) -> None:
    role.may({"Effect": "Allow", "Action": action, "Resource": FUNCTION_ARN})
    log = AccessLog()
    authorizer, request = RequestAuthorizer(log), received("GET", url)
    if code:
        with pytest.raises(RefusedRequest) as refused:
            authorizer.check_app(request, url, signature, caller)
        assert code == refused.value.code
        if code == "InvalidSignatureException":
            scope = "valid region, not 'us-east-1'." if signature.region != REGION else "correct service: 'lambda'."
            assert f"Credential should be scoped to {'a ' if 'region' in scope else ''}{scope}" == refused.value.reason
        return
    authorizer.check_app(request, url, signature, caller)
    actions = [] if caller.is_root else ["lambda:InvokeFunctionUrl", "lambda:InvokeFunction"]
    assert [(action, FUNCTION_ARN) for action in actions] == [
        (record["action"], record["resource"]) for record in log.after(0)["records"]
    ]
    authorizer.check_app(request, "/_aws/lambda-url/other/", signed("sqs"), caller)


def test_a_url_that_is_open_is_decided_elsewhere(url: str) -> None:
    with as_request_of(ACCOUNT, REGION):
        emulated("services.lambda_svc")._function_urls["web:live"]["AuthType"] = "NONE"
    log = AccessLog()
    RequestAuthorizer(log).check_app(received("GET", url), url, signed("sqs"), CALLER)
    assert [] == log.after(0)["records"]


@pytest.mark.parametrize(
    ("name", "arn"),
    [
        ("/db", f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/db"),
        ("db", f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/db"),
        ("/awsome/db", f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/awsome/db"),
        ("/aws/service/ami", f"arn:aws:ssm:{REGION}::parameter/aws/service/ami"),
        (f"arn:aws:ssm:{REGION}:1:parameter/x", f"arn:aws:ssm:{REGION}:1:parameter/x"),
    ],
)
def test_a_parameter_is_of_the_account_but_for_awss_own(name: str, arn: str) -> None:
    with as_request_of(ACCOUNT, REGION):
        assert arn == _parameter(name)


@pytest.mark.parametrize(
    ("reference", "denied"),
    [
        ("{{resolve:ssm:/db}}", f"ssm:GetParameters on resource: arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/db"),
        ("{{resolve:ssm:/db:3}}", f"ssm:GetParameters on resource: arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/db"),
        ("{{resolve:ssm-secure:db:3}}", f"ssm:GetParameters on resource: arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/db"),
        (
            "{{resolve:secretsmanager:db:SecretString:user::1}}",
            f"secretsmanager:GetSecretValue on resource: arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:db-*",
        ),
        ("{{resolve:ssm}}", None),
        ("plain", None),
    ],
)
@pytest.mark.usefixtures("role")
def test_a_dynamic_reference_asks_for_what_it_reads(reference: str, denied: str | None) -> None:
    def read() -> str | None:
        CALLER_OF_REQUEST.set(CALLER)
        with as_request_of(ACCOUNT, REGION):
            try:
                _check_reference(reference)
            except ValueError as error:
                return str(error)
        return None

    message = copy_context().run(read)
    expected = denied and f"User: {SESSION} is not authorized to perform: {denied} because no identity-based policy"
    assert expected == (message and message.partition(" allows the ")[0])


@pytest.mark.parametrize(
    ("resource", "has_policy"), [("event-bus/shop", True), ("event-bus/b", False), ("rule/shop", False)]
)
def test_the_policy_of_a_bus_is_not_that_of_a_rule_of_its_name(
    monkeypatch: pytest.MonkeyPatch, resource: str, *, has_policy: bool
) -> None:
    document = {"Version": "2012-10-17", "Statement": [{**ALLOWS, "Action": "events:*", "Principal": "*"}]}
    copied(monkeypatch, "services.eventbridge", _event_bus_policies={"shop": json.dumps(document)})
    policies = resource_policy("events:PutEvents", f"arn:aws:events:{REGION}:{ACCOUNT}:{resource}")
    assert ((parse(document),) if has_policy else ()) == policies


def test_what_a_client_asks_for_is_not_what_held_for_everybody_before() -> None:
    strictness, client = Strictness(), str(os.getpid())
    asked = ({"on": "true", "client": client}, {"on": "true", "client": client}, {"on": "false"}, {"on": "true"},
             {"on": "false", "client": client}, {"on": "false"}, {"on": "TRUE"})  # fmt: skip
    told = [(strictness.settle(parameters)["before"], strictness.applies()) for parameters in asked]
    assert told == [
        (False, True), (False, True), (False, True), (False, True), (True, True), (True, False), (False, False)
    ]  # fmt: skip
