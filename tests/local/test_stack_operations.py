"""What is asked before each operation on a resource of a stack, and around each request, by itself."""

from __future__ import annotations

import hashlib
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

import pytest

from emulator_copies import copied, stub
from remit.local import simulated_delays, stack_operations
from remit.local.simulated_delays import SimulatedDelays
from remit.local.stack_operations import (
    ResourceOperation,
    StackRequestError,
    Verb,
    around,
    before_each,
    stored_change_set,
)

if TYPE_CHECKING:
    from collections.abc import Callable

QUEUE: Final = "AWS::SQS::Queue"
URL: Final = "http://localhost/q"
OLD, NEW = {"DelaySeconds": 1}, {"DelaySeconds": 2}
MODULES: Final = ("provisioners", "stacks", "changesets")


@pytest.fixture
def modules(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The emulator's modules that work on resources, whose functions only say what they get."""
    monkeypatch.setattr(stack_operations, "_CHECKS", [])
    copies = {name: copied(monkeypatch, f"services.cloudformation.{name}") for name in MODULES}
    for module in copies.values():
        for name in stack_operations._WORK:
            if hasattr(module, name):
                setattr(module, name, stub(getattr(module, name), lambda *call, **named: (call, named)))
    return copies


def test_each_operation_is_seen_whole_once_in_whatever_module_it_is_done(modules: dict[str, Any]) -> None:
    seen: list[tuple[str, ResourceOperation]] = []
    before_each(lambda operation: seen.append(("first", operation)))
    before_each(lambda operation: seen.append(("second", operation)))
    created = ResourceOperation("create", QUEUE, "shop", "Q", "", NEW)
    bare = ResourceOperation("create", QUEUE, "shop", "Q", "", {})
    updated = ResourceOperation("update", QUEUE, "shop", "Q", URL, NEW, OLD)
    by_its_id = ResourceOperation("update", QUEUE, "shop", URL, URL, NEW, OLD)
    deleted = ResourceOperation("delete", QUEUE, "", "", URL, OLD)
    imported = ResourceOperation("import", QUEUE, "", "", URL, {"QueueUrl": URL})
    for name in ("provisioners", "stacks"):
        module = modules[name]
        calls: list[tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any], ResourceOperation]] = [
            (module._provision_resource, (QUEUE, "Q", NEW, "shop"), {}, created),
            (module._provision_resource, (QUEUE, "Q", {}, "shop"), {}, bare),
            (module._update_resource, (QUEUE, URL, OLD, NEW, "shop", "Q"), {"old_attrs": {}}, updated),
            (module._update_resource, (QUEUE, URL, OLD, NEW, "shop"), {}, by_its_id),
            (module._delete_resource, (QUEUE, URL, OLD), {}, deleted),
            (module._import_resource, (QUEUE,), {"identifier": {"QueueUrl": URL}}, imported),
        ]
        for work, call, named, operation in calls:
            seen.clear()
            assert (call, named) == work(*call, **named)
            assert [("first", operation), ("second", operation)] == seen
    seen.clear()
    modules["changesets"]._import_resource(QUEUE, {"QueueUrl": URL})
    assert [("first", imported), ("second", imported)] == seen


def test_an_update_that_changes_nothing_and_a_part_of_an_operation_are_not_asked_about(modules: dict[str, Any]) -> None:
    module, seen = modules["provisioners"], []
    before_each(lambda operation: seen.append((operation.verb, operation.logical_id)))
    module._update_resource(QUEUE, URL, OLD, dict(OLD), "shop", "Q")
    assert [] == seen
    create, delete = module._provision_resource, module._delete_resource

    def with_parts(_kind: str, name: str, _properties: object, stack: str) -> None:
        create(QUEUE, name, NEW, stack)  # the emulator makes some types anew when it updates them
        create(QUEUE, "Other", NEW, stack)
        create(QUEUE, name, NEW, "nested")
        delete(QUEUE, URL, OLD)

    work = stub(module._provision_resource, with_parts)
    stack_operations._work("create", work, QUEUE, "Q", NEW, "shop")
    assert [("create", "Q"), ("create", "Other"), ("create", "Q"), ("delete", "")] == seen
    seen.clear()
    create(QUEUE, "Q", NEW, "shop")
    assert [("create", "Q")] == seen  # of an operation that has ended nothing is a part


def test_what_a_check_raises_keeps_the_operation_from_being_done(modules: dict[str, Any]) -> None:
    module, done = modules["provisioners"], []
    module._delete_resource = stub(module._delete_resource, lambda *call: done.append(call))

    def refuse(_operation: ResourceOperation) -> None:
        raise KeyError

    before_each(refuse)
    with pytest.raises(KeyError):
        module._delete_resource(QUEUE, URL, OLD)
    assert [] == done


def test_a_request_is_answered_by_the_function_around_it_or_with_its_error(monkeypatch: pytest.MonkeyPatch) -> None:
    handled: list[Any] = []

    def handle(raw: Any) -> tuple[int, dict[str, str], bytes]:
        handled.append(raw)
        return 200, {}, b"by the emulator"

    copied(monkeypatch, "services.cloudformation.handlers", _ACTION_HANDLERS={"CreateStack": handle})
    helpers = copied(
        monkeypatch, "services.cloudformation.helpers", _error=lambda code, words: (400, {}, (code, words))
    )
    assert helpers is not None
    seen: list[Any] = []

    def function(parameters: Any, answer: Callable[[], Any]) -> Any:
        seen.append(parameters)
        if parameters["StackName"] == "refused":
            raise StackRequestError("ValidationError", "no such stack")
        status, headers, body = answer()
        return status + 1, headers, body

    around("CreateStack", function)
    (answer,) = stack_operations.emulated("services.cloudformation.handlers")._ACTION_HANDLERS.values()
    raw = {"StackName": ["shop"], "Empty": [], "Plain": "text", "Number": [3]}
    assert (201, {}, b"by the emulator") == answer(raw)
    assert [raw] == handled
    assert [{"StackName": "shop", "Empty": "[]", "Plain": "text", "Number": "3"}] == seen
    assert (400, {}, ("ValidationError", "no such stack")) == answer({"StackName": ["refused"]})
    assert [raw] == handled


def test_a_change_set_is_found_by_its_name_and_its_stack(monkeypatch: pytest.MonkeyPatch) -> None:
    change_set = {"ChangeSetName": "c"}
    copied(
        monkeypatch, "services.cloudformation.changesets",
        _find_change_set=lambda name, stack: (stack, change_set if (name, stack) == ("c", "shop") else None),
    )  # fmt: skip
    assert change_set is stored_change_set({"ChangeSetName": "c", "StackName": "shop"})
    assert None is stored_change_set({"ChangeSetName": "c"})
    assert None is stored_change_set({"StackName": "shop"})


def test_simulated_delays_make_stacks_wait_for_the_roles_of_functions_that_they_make_or_change(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pauses: list[float] = []
    checks: list[Callable[[ResourceOperation], None]] = []
    monkeypatch.setattr(simulated_delays, "time", SimpleNamespace(time=lambda: 1001.0, sleep=pauses.append))
    monkeypatch.setattr(simulated_delays, "before_each", checks.append)
    stacks = copied(
        monkeypatch, "services.cloudformation.stacks", _runs_on_worker_thread=lambda kind: kind == "Custom::Slow"
    )
    made = {"CreateDate": "1970-01-01T00:16:40+00:00"}  # 1000 seconds after the beginning of 1970
    roles = {("1", None, "worker"): made}
    copied(monkeypatch, "services.iam", _roles=SimpleNamespace(get_scoped=lambda *place: roles.get(place)))
    delays = SimulatedDelays()
    delays.take_hold()
    (check,) = checks
    role = "arn:aws:iam::1:role/teams/worker"

    def operations() -> None:
        of_roles: list[tuple[Verb, str, Any]] = [
            ("create", FUNCTION, role), ("update", FUNCTION, role), ("delete", FUNCTION, role),
            ("create", QUEUE, role), ("create", FUNCTION, {"Ref": "Role"}), ("create", FUNCTION, f"{role}-gone"),
        ]  # fmt: skip
        for verb, kind, given in of_roles:
            check(ResourceOperation(verb, kind, "s", "F", "", {"Role": given}))

    kinds = (FUNCTION, "Custom::Slow", QUEUE)
    operations()
    assert ([], [False, True, False]) == (pauses, [stacks._runs_on_worker_thread(kind) for kind in kinds])
    delays.simulate("7")
    operations()
    assert [True, True, False] == [stacks._runs_on_worker_thread(kind) for kind in kinds]
    share = int(hashlib.sha256(f"7 {role}".encode()).hexdigest()[:8], 16) / 0x100000000
    assert [1000 + 2 + 3 * share - 1001] * 2 + [0.0] == pytest.approx(pauses)


FUNCTION: Final = "AWS::Lambda::Function"
