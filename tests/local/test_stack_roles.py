"""Whom CloudFormation acts for, step by step: the role that a request names, what is asked of it, and what it reads."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

import pytest

from emulator_copies import copied
from remit.access.needed_access import UNRESOLVED
from remit.iam.decide.evaluate import ALL
from remit.local.authorization import stack_caller
from remit.local.authorization.caller import CALLER, Caller
from remit.local.authorization.stack_caller import (
    _REQUESTED_ROLE,
    _keep_service_role,
    act_as_the_caller,
    look_up_as_the_caller,
)
from remit.local.emulator import as_request_of, during
from remit.local.stack_operations import HandlerError, ResourceOperation, StackRequestError

if TYPE_CHECKING:
    from collections.abc import Callable

HERE, REGION = "222233334444", "eu-west-1"
ROLE, OTHER = f"arn:aws:iam::{HERE}:role/deploys", f"arn:aws:iam::{HERE}:role/other"
USER: Final = Caller(f"arn:aws:iam::{HERE}:user/ada", HERE)
OK: Final = (200, {}, b"ok")


@pytest.mark.parametrize(
    ("parameters", "stacks", "change_set", "requested", "kept"),
    [
        ({"Action": "CreateStack", "RoleARN": ROLE}, {"s": {}}, None, ROLE, {"s": ROLE}),
        ({"Action": "CreateStack"}, {"s": {}}, None, None, {"s": None}),
        ({"Action": "UpdateStack"}, {"s": {"RoleARN": OTHER}}, None, OTHER, {"s": OTHER}),
        ({"Action": "UpdateStack", "RoleARN": ROLE}, {"s": {"RoleARN": OTHER}}, None, ROLE, {"s": ROLE}),
        ({"Action": "CreateChangeSet", "RoleARN": ROLE}, {"s": {}}, {"StackName": "s"}, ROLE,
         {"s": None, "change set": ROLE}),
        ({"Action": "CreateChangeSet"}, {"s": {"RoleARN": OTHER}}, {"StackName": "s"}, OTHER,
         {"s": OTHER, "change set": None}),
        ({"Action": "ExecuteChangeSet", "StackName": ""}, {"s": {}}, {"StackName": "s", "RoleARN": ROLE}, None,
         {"s": ROLE, "change set": ROLE}),
        ({"Action": "ExecuteChangeSet"}, {"s": {"RoleARN": OTHER}}, {"StackName": "s", "RoleARN": ROLE}, OTHER,
         {"s": ROLE, "change set": ROLE}),
        ({"Action": "DeleteStack", "StackName": "gone", "RoleARN": ROLE}, {"s": {}}, None, ROLE, {"s": None}),
    ],
)  # fmt: skip
@pytest.mark.parametrize("answer", [OK, (400, {}, b"no")])
def test_a_stack_or_its_change_set_keeps_the_role_of_the_request_that_was_answered(
    monkeypatch: pytest.MonkeyPatch, parameters: dict[str, str], stacks: dict[str, Any], change_set: Any,
    requested: str | None, kept: dict[str, str | None], answer: Any,
) -> None:  # fmt: skip
    records = {name: dict(stack) for name, stack in stacks.items()}
    changes = None if change_set is None else dict(change_set)
    monkeypatch.setattr(
        stack_caller, "trusts", lambda role, service: (role, service) == (ROLE, "cloudformation.amazonaws.com")
    )
    monkeypatch.setattr(stack_caller, "stored_stack", records.get)
    monkeypatch.setattr(stack_caller, "stored_change_set", lambda _parameters: changes)
    roles: list[Caller | None] = []

    def answered() -> Any:
        roles.append(_REQUESTED_ROLE.get())
        return answer

    assert answer == _keep_service_role({"StackName": "s", **parameters}, answered)
    assert [None if requested is None else Caller(requested, HERE)] == roles
    after = {name: record.get("RoleARN") for name, record in records.items()}
    if changes is not None and change_set is not None:
        after["change set"] = changes.get("RoleARN")
    if answer == OK:
        assert after == {"change set": (change_set or {}).get("RoleARN"), **kept} if changes else after == kept
    else:
        assert {name: stack.get("RoleARN") for name, stack in stacks.items()} == {name: after[name] for name in stacks}
        assert (change_set or {}).get("RoleARN") == (changes or {}).get("RoleARN")


def test_a_role_that_cloudformation_cannot_assume_is_refused_before_anything_is_done(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stack_caller, "trusts", lambda _role, _service: False)
    with pytest.raises(StackRequestError) as refused:
        _keep_service_role({"Action": "CreateStack", "RoleARN": ROLE}, lambda: pytest.fail("it was answered"))
    assert ("ValidationError", f"Role {ROLE} is invalid or cannot be assumed") == (
        refused.value.code,
        refused.value.message,
    )


def stored(verdict: str) -> Any:
    because = "a key is open" if verdict == "Unknown" else f"it is {verdict}"
    decision = SimpleNamespace(because=because, verdict=verdict)
    return SimpleNamespace(verdict=verdict, is_denied=verdict.endswith("Denied"), decision=decision)


DENIED: Final = "no {} (Status Code: 403)"
UNDECIDED: Final = "sqs:CreateQueue on a* cannot be decided here: a key is open (Status Code: 403)"


@pytest.mark.parametrize(
    ("verdicts", "lax", "strict"),
    [
        (("Allowed", "Allowed"), "", ""),
        (("ImplicitlyDenied", "Allowed"), "", ""),
        (("ImplicitlyDenied", "ExplicitlyDenied"), "no a* (Status Code: 403)", "no a* (Status Code: 403)"),
        (("Unknown", "Allowed"), "", ""),
        (("Unknown", "Unknown"), "", UNDECIDED),
        (("ImplicitlyDenied", "Unknown"), "", UNDECIDED),
    ],
)
def test_an_operation_on_a_resource_fails_where_its_caller_is_denied_all_that_it_may_be_on(
    monkeypatch: pytest.MonkeyPatch, verdicts: tuple[str, str], lax: str, strict: str
) -> None:
    arns = (f"a{UNRESOLVED}", "b")
    asked: list[Any] = []
    checks: list[Callable[[ResourceOperation], None]] = []
    watched: list[tuple[str, Any]] = []

    def decide(caller: str, action: str, arn: str, context: Any, **options: Any) -> Any:
        asked.append((caller, action, arn, context, options))
        return stored(verdicts[arns.index(arn)])

    need = SimpleNamespace(action="sqs:CreateQueue", resources=arns, context={"k": "v"})
    monkeypatch.setattr(stack_caller, "handler_needs", lambda _operation, _place: [need])
    monkeypatch.setattr(stack_caller, "decide", decide)
    monkeypatch.setattr(stack_caller, "denial_message", lambda stored: "no " + arns[verdicts.index(stored.verdict)])
    monkeypatch.setattr(stack_caller, "before_each", checks.append)
    monkeypatch.setattr(stack_caller, "around", lambda *call: watched.append(call))
    monkeypatch.setattr(stack_caller, "stored_stack", lambda _name: None)
    operation = ResourceOperation("create", "AWS::SQS::Queue", "s", "Q", "", {})
    for is_strict, words in ((False, lax), (True, strict)):
        act_as_the_caller(lambda is_strict=is_strict: is_strict)  # type: ignore[misc]
        message = ""
        with as_request_of(HERE, REGION):
            checks[-1](operation)  # this server's own key may do anything
            assert [] == asked
            with during(CALLER, USER):
                try:
                    checks[-1](operation)
                except HandlerError as error:
                    message = str(error)
        assert (f'Resource handler returned message: "{words}"' if words else "") == message.partition(
            " (RequestToken"
        )[0]
        assert not words or message.endswith("HandlerErrorCode: AccessDenied)")
        options = {"session": USER.session, "open_keys": ALL, "resource_policy": ()}
        assert [(USER.arn, "sqs:CreateQueue", arn, {"k": "v"}, options) for arn in arns] == asked
        asked.clear()
    names = ("CreateStack", "UpdateStack", "DeleteStack", "CreateChangeSet", "ExecuteChangeSet")
    assert [(name, _keep_service_role) for name in names] * 2 == watched


def test_what_a_stack_reads_is_read_as_its_role_or_its_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("engine", "handlers", "changesets")
    modules = [copied(monkeypatch, f"services.cloudformation.{name}") for name in names]
    ssm = copied(monkeypatch, "services.ssm", resolve_parameter_value=lambda name, *rest: (name, *rest))
    deployed: list[tuple[Any, ...]] = []

    async def deploy(*call: Any, **options: Any) -> None:
        deployed.append((stack_caller._DEPLOYED.get(), *call, options))

    for module in modules:
        for name, function in (
            ("_deploy_stack_async", deploy), ("_resolve_parameters", lambda name: ssm.resolve_parameter_value(name, 1)),
        ):  # fmt: skip
            if hasattr(module, name):
                setattr(module, name, function)
    modules[0]._resolve_dynamic_reference = lambda literal: f"read {literal}"
    asked: list[tuple[str, str, str, Any]] = []
    verdict = ["Allowed"]

    def decide(caller: str, action: str, arn: str, context: Any, **_options: Any) -> Any:
        asked.append((caller, action, arn, context))
        return stored(verdict[0])

    monkeypatch.setattr(stack_caller, "decide", decide)
    monkeypatch.setattr(stack_caller, "denial_message", lambda _stored: f"no {UNRESOLVED}")
    monkeypatch.setattr(stack_caller, "stored_stack", lambda name: {"RoleARN": ROLE} if name == "s" else None)
    look_up_as_the_caller()
    resolve_all = [module._resolve_parameters for module in modules if hasattr(module, "_resolve_parameters")]
    assert resolve_all
    parameter = f"arn:aws:ssm:{REGION}:{HERE}:parameter/shop"
    via = {"aws:ViaAWSService": True}
    with as_request_of(HERE, REGION):
        assert ("/shop", 2) == ssm.resolve_parameter_value("/shop", 2)  # whoever reads a parameter by itself
        assert ("/shop", 1) == resolve_all[0]("/shop")  # this server's own key
        assert [] == asked
        with during(CALLER, USER):
            assert [("/shop", 1)] * len(resolve_all) == [resolve("/shop") for resolve in resolve_all]
            with during(_REQUESTED_ROLE, Caller(ROLE, HERE)):
                resolve_all[0]("/shop")
            assert [(USER.arn, "ssm:GetParameters", parameter, via)] * len(resolve_all) == asked[:-1]
            assert (ROLE, "ssm:GetParameters", parameter, via) == asked[-1]
            asked.clear()
            read = modules[0]._resolve_dynamic_reference
            for literal in ("{{resolve:ssm:/shop:3}}", "{{resolve:ssm-secure:/shop}}", "no reference"):
                assert f"read {literal}" == read(literal)
            assert [(USER.arn, "ssm:GetParameters", parameter, via)] * 2 == asked
            verdict[0] = "ImplicitlyDenied"
            with pytest.raises(ValueError, match=r"^no \*$"):
                read("{{resolve:ssm:/shop}}")
            with pytest.raises(ValueError, match=r"^no \*$"):
                resolve_all[0]("/shop")
    deploy_all = [module._deploy_stack_async for module in modules if hasattr(module, "_deploy_stack_async")]
    for start in deploy_all:
        asyncio.run(start("s", "id", template=1))
    assert [("s", "s", "id", {"template": 1})] * len(deploy_all) == deployed
