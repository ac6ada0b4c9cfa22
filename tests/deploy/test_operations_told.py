"""An operation on a stack as AWS tells it: each event once and in order, its end, what failed, what is left."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from answering import Refused, answering
from random_cases import cases
from remit.deploy.events import STACK_TYPE, StackEvent, StackOperation, _end_unseen, _news, _PassedOn, follow, latest
from remit.deploy.execute import Outcome, continue_rollback, execute, failure, followed, resume
from remit.deploy.first_failure import cause_of, cause_text, first_cause, hint_of
from remit.deploy.plan import StackPlan
from remit.deploy.refusals import Refusal
from remit.errors import RemitError

if TYPE_CHECKING:
    from remit.deploy.session import Account

ROOT: Final = "arn:aws:cloudformation:eu-central-1:111122223333:stack/orders-dev/1"
CHILD: Final = "arn:aws:cloudformation:eu-central-1:111122223333:stack/orders-dev-Child/2"
OTHER: Final = "arn:aws:cloudformation:eu-central-1:111122223333:stack/orders-dev-Other/3"
BEGAN: Final = datetime(2026, 3, 1, 12, 3, tzinfo=UTC)
QUEUE: Final = "AWS::SQS::Queue"


def event(
    second: int,
    stack: str,
    logical_id: str,
    status: str,
    type_: str = QUEUE,
    *,
    mark: str = "",
    physical: str = "",
    reason: str = "",
) -> dict[str, Any]:
    """An event as DescribeStackEvents has it."""
    raw = {
        "EventId": f"{second}-{logical_id}-{status}",
        "StackId": stack,
        "StackName": stack.split("/")[1],
        "Timestamp": BEGAN + timedelta(seconds=second),
        "LogicalResourceId": logical_id,
        "PhysicalResourceId": physical or f"physical-{logical_id}",
        "ResourceType": type_,
        "ResourceStatus": status,
    }
    return raw | ({"ClientRequestToken": mark} if mark else {}) | ({"ResourceStatusReason": reason} if reason else {})


def of_stack(second: int, status: str, mark: str = "new", stack: str = ROOT, reason: str = "") -> dict[str, Any]:
    return event(second, stack, stack.split("/")[1], status, STACK_TYPE, mark=mark, physical=stack, reason=reason)


def described(status: str, **more: Any) -> dict[str, Any]:
    stack = {"StackName": "orders-dev", "StackId": ROOT, "StackStatus": status, "CreationTime": BEGAN, **more}
    return {"Stacks": [stack]}


GONE: Final = Refused("ValidationError", "Stack with id orders-dev does not exist")


def telling(history: list[dict[str, Any]], *, size: int = 3, **answers: Any) -> Account:
    """An account whose stacks have these events, which it gives newest first, a page at a time."""

    def page(StackName: str, NextToken: str = "0") -> Any:  # noqa: N803 - AWS's names
        events = [item for item in reversed(history) if item["StackId"] == StackName]
        start = int(NextToken)
        more = {"NextToken": str(start + size)} if start + size < len(events) else {}
        return {"StackEvents": events[start : start + size], **more}

    named = {name.replace("_", "."): answer for name, answer in answers.items()}
    defaults = {
        "cloudformation.DescribeStacks": described("UPDATE_COMPLETE"),
        "cloudformation.DescribeEvents": {"OperationEvents": []},
    }
    return answering({"cloudformation.DescribeStackEvents": page, **defaults, **named}, local=True)[0]


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[dict[str, Any]], int]:
    """All events of two stacks, oldest first, and how many came before the operation."""
    times = iter(range(1000))
    earlier = [of_stack(next(times), "CREATE_IN_PROGRESS", "old")]
    for number in range(draw(st.integers(0, 5))):
        stack = draw(st.sampled_from((ROOT, CHILD)))
        earlier.append(
            event(next(times), stack, f"Old{number}", "CREATE_COMPLETE", mark="old" if stack == ROOT else "")
        )
    earlier.append(of_stack(next(times), "CREATE_COMPLETE", "old"))
    own = [of_stack(next(times), "UPDATE_IN_PROGRESS")]
    knows_child = False
    for number in range(draw(st.integers(0, 9))):
        kind = draw(st.sampled_from(("root", "child", "child")))
        if kind == "root":
            own.append(event(next(times), ROOT, f"It{number}", "UPDATE_COMPLETE", mark="new"))
        elif not knows_child:
            own.append(event(next(times), ROOT, "Child", "UPDATE_IN_PROGRESS", STACK_TYPE, mark="new", physical=CHILD))
            knows_child = True
        else:
            own.append(event(next(times), CHILD, f"It{number}", "UPDATE_COMPLETE"))
    own.append(of_stack(next(times), "UPDATE_COMPLETE"))
    return [*earlier, *own], len(earlier)


@settings(max_examples=cases(15, deep=500))
@given(histories(), st.lists(st.integers(0, 20), max_size=4), st.integers(1, 4))
def test_each_event_of_an_operation_is_told_once_and_in_order_however_it_is_polled(
    history: tuple[list[dict[str, Any]], int], polls: list[int], size: int
) -> None:
    events, before = history
    operation = StackOperation(ROOT, "UPDATE", "new")
    passed_on = _PassedOn()
    told: list[str] = []
    for shown in sorted({*(min(poll, len(events)) for poll in polls), len(events)}):
        told += [item.id for item in _news(telling(events[:shown], size=size), operation, passed_on)]
    assert told == [item["EventId"] for item in events[before:]]


def test_of_an_operation_that_a_later_one_hides_the_stack_tells_the_end() -> None:
    history = [
        of_stack(0, "UPDATE_IN_PROGRESS"),
        of_stack(1, "UPDATE_COMPLETE"),
        of_stack(2, "UPDATE_IN_PROGRESS", "b"),
    ]

    told = list(follow(telling(history), StackOperation(ROOT, "UPDATE", "new")))

    assert [(item.status, item.token) for item in told] == [("UPDATE_COMPLETE", "new")]


def test_the_end_of_an_operation_is_told_last_whatever_a_nested_stack_tells_of_the_same_moment() -> None:
    history = [
        of_stack(0, "UPDATE_IN_PROGRESS"),
        event(1, ROOT, "Child", "UPDATE_COMPLETE", STACK_TYPE, physical=CHILD),
    ]
    history += [event(2, CHILD, "A", "UPDATE_COMPLETE"), of_stack(2, "UPDATE_COMPLETE")]

    told = [item.logical_id for item in follow(telling(history), StackOperation(ROOT, "UPDATE", "new"))]

    assert told == ["orders-dev", "Child", "A", "orders-dev"]


@pytest.mark.parametrize("size", [1, 2, 3, 9])
def test_events_of_the_same_moment_are_told_in_the_order_in_which_aws_has_them(size: int) -> None:
    child = event(1, ROOT, "Child", "UPDATE_IN_PROGRESS", STACK_TYPE, physical=CHILD)
    own = [event(1, ROOT, name, "UPDATE_COMPLETE") for name in ("B", "A")]
    nested_ones = [event(1, CHILD, name, "UPDATE_COMPLETE") for name in ("Z", "X", "Y")]
    later = event(2, CHILD, "W", "UPDATE_COMPLETE")
    history = [of_stack(0, "UPDATE_IN_PROGRESS"), child, *own, *nested_ones, later, of_stack(3, "UPDATE_COMPLETE")]

    told = list(follow(telling(history, size=size), StackOperation(ROOT, "UPDATE", "new")))

    assert [item.id for item in told] == [raw["EventId"] for raw in history]


@pytest.mark.parametrize(
    ("history", "found"),
    [
        ([("CREATE_IN_PROGRESS", ""), ("CREATE_COMPLETE", "")], "CREATE"),
        ([("CREATE_IN_PROGRESS", ""), ("CREATE_COMPLETE", ""), ("UPDATE_IN_PROGRESS", "")], "UPDATE"),
        ([("UPDATE_IN_PROGRESS", ""), ("UPDATE_ROLLBACK_IN_PROGRESS", "The following resource(s) failed")], "UPDATE"),
        ([("UPDATE_IN_PROGRESS", ""), ("UPDATE_ROLLBACK_IN_PROGRESS", "User Initiated")], "UPDATE_ROLLBACK"),
        ([("UPDATE_IN_PROGRESS", ""), ("DELETE_IN_PROGRESS", "User Initiated")], "DELETE"),
        ([("REVIEW_IN_PROGRESS", "User Initiated")], None),
    ],
)
def test_the_operation_that_ran_last(history: list[tuple[str, str]], found: str | None) -> None:
    events = [of_stack(second, status, f"t{second}", reason=reason) for second, (status, reason) in enumerate(history)]
    resource = event(99, ROOT, "A", "DELETE_IN_PROGRESS", mark="x")

    operation = latest(telling([*events, resource], size=1), ROOT)

    assert (None if operation is None else operation.kind) == found
    if operation is not None:
        (begin,) = [item for item in events if item["ResourceStatus"] == f"{found}_IN_PROGRESS"]
        assert operation.token == begin["ClientRequestToken"]


@pytest.mark.parametrize("then_deletes", [False, True])
@pytest.mark.parametrize(
    ("status", "ends", "ends_if_deleted"),
    [
        ("CREATE_COMPLETE", True, True),
        ("CREATE_FAILED", False, False),
        ("UPDATE_FAILED", False, False),
        ("ROLLBACK_COMPLETE", True, False),
        ("ROLLBACK_FAILED", True, True),
        ("DELETE_COMPLETE", True, True),
        ("DELETE_FAILED", True, True),
        ("UPDATE_ROLLBACK_COMPLETE", True, True),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", False, False),
    ],
)
def test_a_stack_ends_an_operation_where_nothing_follows(
    status: str, *, ends: bool, ends_if_deleted: bool, then_deletes: bool
) -> None:
    operation = StackOperation(ROOT, "CREATE", "new", then_deletes)
    own, childs = (StackEvent("1", stack, "x", "", "x", stack, STACK_TYPE, status) for stack in (ROOT, CHILD))
    resource = StackEvent("1", ROOT, "x", "", "x", "x", QUEUE, status)

    assert operation.ends(own) == (ends_if_deleted if then_deletes else ends)
    assert not operation.ends(childs)
    assert not operation.ends(resource)


@pytest.mark.parametrize(
    ("answer", "kind", "started", "end"),
    [
        (described("UPDATE_COMPLETE"), "UPDATE", False, "UPDATE_COMPLETE"),
        (described("UPDATE_COMPLETE"), "CREATE", False, None),
        (described("UPDATE_COMPLETE"), "CREATE", True, "UPDATE_COMPLETE"),
        (described("UPDATE_IN_PROGRESS"), "UPDATE", True, None),
        (described("DELETE_FAILED"), "CREATE", False, "DELETE_FAILED"),
        (GONE, "DELETE", False, "DELETE_COMPLETE"),
        (Refused("Throttling"), "UPDATE", True, None),
    ],
)
def test_the_stack_tells_an_end_that_its_events_keep_back(
    answer: Any, kind: str, end: str | None, *, started: bool
) -> None:
    account, _ = answering({"cloudformation.DescribeStacks": answer}, local=True)

    told = _end_unseen(account, StackOperation(ROOT, kind, "new"), started=started)

    assert (None if told is None else (told.status, told.stack, told.token)) == (end and (end, "orders-dev", "new"))


FAILED: Final = 'Resource handler returned message: "No." (RequestToken: 1, HandlerErrorCode: InvalidRequest)'
VERSION: Final = "AWS::Lambda::Version"


@pytest.mark.parametrize(
    ("kind", "events", "status", "ok", "left", "retained"),
    [
        ("UPDATE", [], "UPDATE_COMPLETE", True, [], []),
        ("UPDATE", [("A", "DELETE_FAILED", QUEUE), ("A", "DELETE_COMPLETE", QUEUE)], "UPDATE_COMPLETE", True, [], []),
        (
            "UPDATE",
            [("A", "DELETE_FAILED", QUEUE), ("B", "DELETE_COMPLETE", QUEUE)],
            "UPDATE_COMPLETE",
            True,
            ["A"],
            [],
        ),
        ("UPDATE", [("V", "DELETE_SKIPPED", VERSION)], "UPDATE_COMPLETE", True, [], ["V"]),
        (
            "DELETE",
            [("V", "DELETE_SKIPPED", VERSION), ("T", "DELETE_SKIPPED", QUEUE)],
            "DELETE_COMPLETE",
            True,
            [],
            ["T"],
        ),
        ("DELETE", [("A", "DELETE_FAILED", QUEUE)], "DELETE_FAILED", False, ["A"], []),
        ("UPDATE", [("A", "UPDATE_FAILED", QUEUE)], "UPDATE_ROLLBACK_COMPLETE", False, [], []),
        ("CREATE", [("A", "CREATE_FAILED", QUEUE)], "DELETE_COMPLETE", False, [], []),
    ],
)
def test_the_outcome_of_an_operation_has_what_is_left_what_stays_and_what_failed(
    kind: str, events: list[tuple[str, str, str]], status: str, left: list[str], retained: list[str], *, ok: bool
) -> None:
    history = [of_stack(0, f"{kind}_IN_PROGRESS")]
    history += [event(n, ROOT, name, how, type_, reason=FAILED) for n, (name, how, type_) in enumerate(events, 1)]
    history.append(of_stack(50, status))
    outputs = [{"OutputKey": "Url", "OutputValue": "https://x"}]
    account = telling(history, cloudformation_DescribeStacks=described(status, Outputs=outputs))
    heard: list[str] = []

    outcome = followed(
        account,
        "orders-dev",
        StackOperation(ROOT, kind, "new", kind == "CREATE"),
        lambda item: heard.append(item.status),
    )

    assert heard == [item["ResourceStatus"] for item in history]
    assert (outcome.status, outcome.ok) == (status, ok)
    assert [item.logical_id for item in outcome.left] == left
    assert [item.logical_id for item in outcome.retained] == retained
    assert [output.value for output in outcome.outputs] == (["https://x"] if ok and kind != "DELETE" else [])
    assert (outcome.cause is None) == ok
    if outcome.cause is not None and events:
        assert (outcome.cause.logical_id, outcome.cause.reason) == (
            events[0][0],
            "No. (HandlerErrorCode: InvalidRequest)",
        )


def told(
    logical_id: str,
    status: str = "DELETE_FAILED",
    reason: str = "",
    stack: str = ROOT,
    at: str = "1",
    physical: str = "",
    type_: str = QUEUE,
) -> StackEvent:
    return StackEvent(
        at + logical_id,
        stack,
        stack.split("/")[1],
        at,
        logical_id,
        physical or f"p-{logical_id}",
        type_,
        status,
        reason,
    )


@pytest.mark.parametrize(
    ("outcome", "lines"),
    [
        (
            Outcome("orders-dev", ROOT, "DELETE", "DELETE_FAILED", ok=False, cause=told("A", reason="in use")),
            ["deleting orders-dev failed (DELETE_FAILED): A (AWS::SQS::Queue): in use"],
        ),
        (
            Outcome(
                "orders-dev",
                ROOT,
                "UPDATE",
                "UPDATE_ROLLBACK_COMPLETE",
                ok=False,
                cause=told("A", "UPDATE_FAILED", "no"),
            ),
            [
                "deploying orders-dev failed (UPDATE_ROLLBACK_COMPLETE): A (AWS::SQS::Queue): no",
                "everything is as it was before",
            ],
        ),
        (
            Outcome(
                "orders-dev",
                ROOT,
                "UPDATE",
                "UPDATE_ROLLBACK_FAILED",
                ok=False,
                cause=told("A", "UPDATE_FAILED", "no"),
                left=(told("B", reason="in use"),),
            ),
            [
                "deploying orders-dev failed (UPDATE_ROLLBACK_FAILED): A (AWS::SQS::Queue): no",
                "and going back failed, too",
                "left: p-B (B, AWS::SQS::Queue): in use",
            ],
        ),
        (
            Outcome("orders-dev", ROOT, "CREATE", "DELETE_COMPLETE", ok=False, retained=(told("T"),)),
            [
                "deploying orders-dev failed (DELETE_COMPLETE)",
                "what had been made was removed again",
                "AWS::SQS::Queue p-T stays, as the deletion policy of T says",
            ],
        ),
        (
            Outcome("orders-dev", ROOT, "UPDATE", "UPDATE_ROLLBACK_FAILED", ok=False, retained=(told("T"),)),
            ["deploying orders-dev failed (UPDATE_ROLLBACK_FAILED)", "and going back failed, too"],
        ),
        (
            Outcome(
                "orders-dev",
                ROOT,
                "DELETE",
                "DELETE_FAILED",
                ok=False,
                cause=told("A"),
                left=(told("A", reason="in use"), told("B")),
            ),
            [
                "deleting orders-dev failed (DELETE_FAILED)",
                "left: p-A (A, AWS::SQS::Queue): in use",
                "left: p-B (B, AWS::SQS::Queue): DELETE_FAILED",
            ],
        ),
        (
            Outcome(
                "orders-dev",
                ROOT,
                "UPDATE_ROLLBACK",
                "UPDATE_ROLLBACK_FAILED",
                ok=False,
                cause=told("A", reason="in use", stack=CHILD),
            ),
            ["changing orders-dev failed (UPDATE_ROLLBACK_FAILED): A (AWS::SQS::Queue in orders-dev-Child): in use"],
        ),
    ],
)
def test_a_failure_is_told_with_its_cause_its_end_and_what_is_left(outcome: Outcome, lines: list[str]) -> None:
    error = failure(outcome, "a hint")

    assert (error.message.split("\n  "), error.exit_code, error.hint) == (lines, 1, "a hint")
    assert error.path == (() if outcome.cause is None else ("Resources", "A"))


FAILURES: Final = st.lists(
    st.tuples(
        st.sampled_from((ROOT, CHILD, OTHER)),
        st.integers(1, 6),
        st.sampled_from(("", "no", "Resource creation cancelled", "The following resource(s) failed to create: [A]")),
        st.sampled_from(("resource", "resource", "stack", "child", "fine")),
    ),
    max_size=5,
)


@settings(max_examples=cases(30, deep=400))
@example([(ROOT, 1, "Resource creation cancelled", "resource"), (ROOT, 2, "no", "stack")])
@example([(ROOT, 1, "no", "child"), (OTHER, 2, "no", "resource"), (CHILD, 3, "no", "resource")])
@given(FAILURES)
def test_the_first_cause_is_the_first_real_failure_of_a_resource_and_inside_of_a_nested_stack(
    rows: list[tuple[str, int, str, str]],
) -> None:
    """The rule once more: real failures of resources first, then the stack's own, then what was cancelled."""
    events = []
    for number, (stack, at, reason, kind) in enumerate(rows):
        name, where = f"It{number}", stack
        if kind == "stack":
            events.append(told(name, "CREATE_FAILED", reason, where, str(at), where, STACK_TYPE))
        elif kind == "child":
            events.append(told(name, "CREATE_FAILED", reason, ROOT, str(at), CHILD, STACK_TYPE))
        else:
            events.append(told(name, "CREATE_COMPLETE" if kind == "fine" else "CREATE_FAILED", reason, where, str(at)))

    cause = first_cause(events)

    failed = sorted((item for item in events if item.status == "CREATE_FAILED"), key=lambda item: item.at)
    real = [item for item in failed if item.reason == "no"]
    of_resources = [item for item in real if item.physical_id != item.stack_id]
    candidates = of_resources or real or failed
    expected = candidates[0] if candidates else None
    if expected is not None and expected.physical_id == CHILD and expected.stack_id == ROOT:
        expected = next((item for item in of_resources if item.stack_id == CHILD), expected)
    assert cause == expected


@pytest.mark.parametrize(
    ("reason", "told_reason"),
    [
        ('Resource handler returned message: "No." (RequestToken: 1)', "No."),
        (
            'Resource handler returned message: "No." (RequestToken: 1, HandlerErrorCode: X)',
            "No. (HandlerErrorCode: X)",
        ),
        ('Resource handler returned message: "Line\nline" (RequestToken: 1)', "Line\nline"),
        (" plain ", "plain"),
    ],
)
def test_the_wrapping_of_a_reason_is_taken_off(reason: str, told_reason: str) -> None:
    assert cause_of(told("A", reason=reason)).reason == told_reason
    assert cause_text(cause_of(told("A", reason=reason)), "orders-dev").endswith(told_reason)


GROUP: Final = "AWS::Logs::LogGroup"


@pytest.mark.parametrize(
    ("reason", "type_", "words"),
    [
        (
            "/aws/lambda/orders-dev-report already exists",
            GROUP,
            "--log-group-name /aws/lambda/orders-dev-report` deletes",
        ),
        ("orders-dev-report already exists", GROUP, "`--adopt` imports it; else"),
        ("/aws/lambda/orders-dev-report already exists", QUEUE, "`--adopt` imports it; else"),
        ("/aws/lambda/orders-dev-report: LimitExceeded", GROUP, "Service Quotas"),
        ("The bucket you tried to delete is not empty", "AWS::S3::Bucket", "`remit delete --empty`"),
        ("User x is not authorized to perform: sqs:CreateQueue", QUEUE, "`remit policy deployer`"),
        ("S3 Error Code: NoSuchKey", QUEUE, "an artefact is missing"),
        ("The role defined for the function cannot be assumed by Lambda.", QUEUE, "lambda.amazonaws.com"),
        ("quota exceeded", QUEUE, "Service Quotas"),
    ],
)
def test_each_usual_failure_has_its_remedy(reason: str, type_: str, words: str) -> None:
    assert words in (hint_of(told("A", reason=reason, type_=type_)) or "")


def test_remedies_of_all_that_is_left_are_told_once_each() -> None:
    left = tuple(
        told(name, reason=reason) for name, reason in (("A", "BucketNotEmpty"), ("B", "BucketNotEmpty"), ("C", "x"))
    )
    outcome = Outcome(
        "orders-dev", ROOT, "DELETE", "DELETE_FAILED", ok=False, left=left, cause=told("D", reason="LimitExceeded")
    )

    assert (outcome.hint or "").split("; ") == [
        "`remit delete --empty` empties its buckets first, with all versions",
        "an account's quota is reached: Service Quotas raises it",
    ]
    assert Outcome("orders-dev", ROOT, "UPDATE", "x", ok=False, cause=told("A", reason="x")).hint is None


def plan(kind: str) -> StackPlan:
    return StackPlan("orders-dev", ROOT, "arn:aws:cloudformation:eu-central-1:1:changeSet/remit-1/ab", kind, (), {}, {})


CODES: Final = ("InvalidChangeSetStatus", "ChangeSetNotFound", "ValidationError", "AccessDenied")
NEW: Final = described("REVIEW_IN_PROGRESS")


@pytest.mark.parametrize(
    ("code", "kind", "stack", "running_token", "words", "exit_code"),
    [
        ("InvalidChangeSetStatus", "UPDATE", described("UPDATE_COMPLETE"), "other", "changed by somebody else", 75),
        (
            "InvalidChangeSetStatus",
            "UPDATE",
            described("UPDATE_IN_PROGRESS"),
            "other",
            "somebody else is deploying",
            75,
        ),
        ("ChangeSetNotFound", "CREATE", described("CREATE_COMPLETE"), "other", "somebody else was first", 75),
        ("ChangeSetNotFound", "CREATE", NEW, "other", "changed by somebody else", 75),
        ("ChangeSetNotFound", "CREATE", GONE, "other", "changed by somebody else", 75),
        ("ValidationError", "UPDATE", described("UPDATE_COMPLETE"), "other", "AWS refused ExecuteChangeSet: no", 2),
        ("ValidationError", "UPDATE", GONE, "other", "changed by somebody else", 75),
        ("AccessDenied", "UPDATE", described("UPDATE_COMPLETE"), "remit-ab", "AWS denies ExecuteChangeSet", 2),
    ],
)
def test_a_plan_that_cannot_be_executed_says_why(
    code: str, kind: str, stack: Any, running_token: str, words: str, exit_code: int
) -> None:
    account = telling(
        [of_stack(0, "UPDATE_IN_PROGRESS", running_token)],
        cloudformation_DescribeStacks=stack,
        cloudformation_ExecuteChangeSet=Refused(code, "no"),
        cloudformation_ListChangeSets={"Summaries": []},
    )

    with pytest.raises(RemitError, match=words) as raised:
        execute(account, plan(kind), lambda _: None)

    assert raised.value.exit_code == exit_code


@pytest.mark.parametrize("answer", [{}, Refused("TokenAlreadyExistsException"), Refused("InvalidChangeSetStatus")])
def test_a_plan_whose_request_came_through_is_followed(answer: Any) -> None:
    history = [of_stack(0, "UPDATE_IN_PROGRESS", "remit-ab"), of_stack(1, "UPDATE_COMPLETE", "remit-ab")]
    account = telling(history, cloudformation_ExecuteChangeSet=answer)

    assert execute(account, plan("UPDATE"), lambda _: None).ok


@pytest.mark.parametrize(
    ("status", "mark", "begins", "is_foreign", "ends"),
    [
        ("UPDATE_IN_PROGRESS", "new", True, False, False),
        ("UPDATE_IN_PROGRESS", "", False, False, False),
        ("UPDATE_IN_PROGRESS", "old", False, True, False),
        ("CREATE_IN_PROGRESS", "new", False, False, False),
        ("REVIEW_IN_PROGRESS", "new", False, True, False),
        ("UPDATE_COMPLETE", "new", False, False, True),
        ("UPDATE_FAILED", "new", False, False, False),
        ("CREATE_FAILED", "new", False, False, False),
        ("UPDATE_ROLLBACK_FAILED", "", False, False, True),
        ("ROLLBACK_COMPLETE", "new", False, False, True),
        ("DELETE_COMPLETE", "new", False, False, True),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "new", False, False, False),
    ],
)
def test_an_event_begins_or_ends_an_operation_or_is_of_another_one(
    status: str, mark: str, *, begins: bool, is_foreign: bool, ends: bool
) -> None:
    operation = StackOperation(ROOT, "UPDATE", "new")
    whole = StackEvent("1", ROOT, "orders-dev", "", "orders-dev", ROOT, STACK_TYPE, status, token=mark)
    assert (begins, is_foreign, ends) == (operation.begins(whole), operation.foreign(whole), operation.ends(whole))
    nested = replace(whole, stack_id=CHILD, physical_id=CHILD)
    assert not operation.ends(nested)
    resource = replace(whole, physical_id="q", type=QUEUE)
    is_others = mark == "old"
    assert (False, is_others, False) == (
        operation.begins(resource), operation.foreign(resource), operation.ends(resource),
    )  # fmt: skip
    assert StackOperation(ROOT, "UPDATE").begins(whole) == (status == "UPDATE_IN_PROGRESS")
    assert not StackOperation(ROOT, "UPDATE").foreign(replace(resource, status="REVIEW_IN_PROGRESS"))
    first = StackOperation(ROOT, "CREATE", "new", then_deletes=True)
    assert first.ends(whole) == (ends and status != "ROLLBACK_COMPLETE")


@pytest.mark.parametrize("kind", ["CREATE", "UPDATE", "UPDATE_ROLLBACK", "IMPORT", "DELETE"])
def test_an_operation_that_ends_without_its_stack_is_a_success_of_a_delete_alone(kind: str) -> None:
    history = [of_stack(0, f"{kind}_IN_PROGRESS", "remit-ab"), of_stack(1, "DELETE_COMPLETE", "remit-ab")]
    account = telling(history, cloudformation_DescribeStacks=GONE)
    events: list[str] = []
    outcome = followed(
        account, "orders-dev", StackOperation(ROOT, kind, "remit-ab"), lambda event: events.append(event.status)
    )
    assert [f"{kind}_IN_PROGRESS", "DELETE_COMPLETE"] == events
    assert replace(outcome, seconds=0) == Outcome("orders-dev", ROOT, kind, "DELETE_COMPLETE", ok=kind == "DELETE")


def test_a_rollback_is_continued_without_what_is_skipped() -> None:
    token: dict[str, str] = {}

    def go_on(**asked: Any) -> dict[str, Any]:
        token.update(asked)
        history[:] = [
            of_stack(0, "UPDATE_ROLLBACK_IN_PROGRESS", asked["ClientRequestToken"]),
            of_stack(1, "UPDATE_ROLLBACK_COMPLETE"),
        ]
        history[1]["ClientRequestToken"] = asked["ClientRequestToken"]
        return {}

    history: list[dict[str, Any]] = []
    account = telling(history, cloudformation_ContinueUpdateRollback=go_on)
    from remit.deploy.stack import describe  # noqa: PLC0415 - beside its one use

    stack = describe(account, "orders-dev")
    assert stack is not None

    outcome = continue_rollback(account, stack, lambda _: None, ["A"])

    assert (outcome.ok, token["ResourcesToSkip"], token["StackName"]) == (True, ["A"], ROOT)


@pytest.mark.parametrize(
    ("history", "status", "kind", "ok"),
    [
        (["CREATE_IN_PROGRESS", "CREATE_COMPLETE"], "CREATE_COMPLETE", "CREATE", True),
        (["CREATE_IN_PROGRESS", "ROLLBACK_IN_PROGRESS", "ROLLBACK_COMPLETE"], "ROLLBACK_COMPLETE", "CREATE", False),
        (
            ["UPDATE_IN_PROGRESS", "UPDATE_ROLLBACK_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE"],
            "UPDATE_ROLLBACK_COMPLETE",
            "UPDATE",
            False,
        ),
    ],
)
def test_the_last_deploy_is_told_again(history: list[str], status: str, kind: str, *, ok: bool) -> None:
    events = [of_stack(second, name) for second, name in enumerate(history)]
    account = telling(events, cloudformation_DescribeStacks=described(status))

    heard: list[str] = []

    outcome = resume(account, "orders-dev", lambda item: heard.append(item.status))

    assert (outcome.kind, outcome.status, outcome.ok) == (kind, status, ok)
    assert heard == history


def test_what_is_not_deployed_cannot_be_followed() -> None:
    with pytest.raises(RemitError, match="there is nothing to resume: orders-dev is not deployed") as raised:
        resume(telling([], cloudformation_DescribeStacks=GONE), "orders-dev", lambda _: None)

    assert raised.value.hint == "`remit deploy --local` deploys it"


class Growing:
    """An account with a stack of another history at each poll of its events, and all that it is asked, in short."""

    def __init__(self, polls: list[list[dict[str, Any]]], stacks: Any, *, size: int = 2) -> None:
        self.shown = 0
        self.asked: list[str] = []

        def page(StackName: str, NextToken: str = "0") -> Any:  # noqa: N803 - AWS's names
            if (StackName, NextToken) == (ROOT, "0"):
                self.shown += 1
            self.asked.append(f"{StackName.rpartition('/')[2]} from {NextToken}")
            history = polls[min(self.shown, len(polls)) - 1]
            events, start = [item for item in reversed(history) if item["StackId"] == StackName], int(NextToken)
            more = {"NextToken": str(start + size)} if start + size < len(events) else {}
            return {"StackEvents": events[start : start + size], **more}

        def stack(**_: Any) -> Any:
            self.asked.append("stack")
            return stacks.pop(0)

        answers = {"cloudformation.DescribeStackEvents": page, "cloudformation.DescribeStacks": stack}
        self.account, _ = answering(answers, local=True)


def nested(second: int, parent: str, child: str, status: str) -> dict[str, Any]:
    """An event about a nested stack in the stack that it is a resource of."""
    return event(second, parent, child.split("/")[1], status, STACK_TYPE, physical=child)


def test_nested_stacks_are_asked_at_each_poll_from_the_beginning_of_the_operation_on() -> None:
    old = [of_stack(0, "CREATE_IN_PROGRESS", "old"), of_stack(1, "CREATE_COMPLETE", "old")]
    old += [event(2, stack, f"Old{stack[-1]}", "CREATE_COMPLETE") for stack in (CHILD, OTHER)]
    begun = event(3, ROOT, "A", "UPDATE_IN_PROGRESS", mark="new")
    deepest = CHILD.replace("Child/2", "Deep/4")
    own = [
        of_stack(3, "UPDATE_IN_PROGRESS"),
        begun,
        event(3, CHILD, "AtOnce", "UPDATE_IN_PROGRESS"),
        nested(4, ROOT, CHILD, "UPDATE_IN_PROGRESS"),
        nested(4, ROOT, OTHER, "UPDATE_IN_PROGRESS"),
        nested(5, CHILD, deepest, "CREATE_IN_PROGRESS"),
        event(6, OTHER, "B", "UPDATE_COMPLETE"),
        event(7, deepest, "C", "CREATE_COMPLETE"),
        event(8, deepest, "D", "CREATE_COMPLETE"),
        event(9, CHILD, "E", "UPDATE_COMPLETE"),
        of_stack(10, "UPDATE_COMPLETE"),
        event(11, OTHER, "F", "DELETE_COMPLETE"),
    ]
    polls = [[*old, begun], *([*old, *own[:count]] for count in (8, 9, 12))]  # AWS shows the beginning late
    growing = Growing(polls, [])

    told = list(follow(growing.account, StackOperation(ROOT, "UPDATE", "new")))

    # By AWS's times; the operation's end comes last, although an event of a nested stack is later.
    assert [(item.stack.removeprefix("orders-dev-"), item.logical_id, item.at[17:19]) for item in told] == [
        ("orders-dev", "orders-dev", "03"),
        ("orders-dev", "A", "03"),
        ("Child", "AtOnce", "03"),
        ("orders-dev", "orders-dev-Child", "04"),
        ("orders-dev", "orders-dev-Other", "04"),
        ("Child", "orders-dev-Deep", "05"),
        ("Other", "B", "06"),
        ("Deep", "C", "07"),
        ("Deep", "D", "08"),
        ("Child", "E", "09"),
        ("Other", "F", "11"),
        ("orders-dev", "orders-dev", "10"),
    ]
    # A page is asked for only as long as the one before has nothing but news.
    assert growing.asked == [
        "1 from 0",
        *("1 from 0", "1 from 2", "2 from 0", "2 from 2", "3 from 0", "4 from 0"),
        *("1 from 0", "2 from 0", "3 from 0", "4 from 0"),
        *("1 from 0", "2 from 0", "3 from 0", "4 from 0"),
    ]


def test_a_stack_is_asked_for_its_end_after_three_polls_without_news_and_its_state_before_counts_for_nothing() -> None:
    """A delete whose first event AWS does not show yet: the stack is what it was."""
    history = [of_stack(0, "CREATE_IN_PROGRESS", "old"), of_stack(1, "CREATE_COMPLETE", "old")]
    begun = [*history, of_stack(2, "DELETE_IN_PROGRESS"), event(3, ROOT, "A", "DELETE_COMPLETE", mark="new")]
    reason = "The following resource(s) failed to delete: [B]"
    operation = StackOperation(ROOT, "DELETE", "new")
    late = Growing([history] * 3 + [[*begun, of_stack(4, "DELETE_COMPLETE")]], [described("CREATE_COMPLETE")], size=9)
    silent = Growing([begun], [described("DELETE_FAILED", StackStatusReason=reason)], size=9)

    assert [item.status for item in follow(late.account, operation)] == [
        "DELETE_IN_PROGRESS", "DELETE_COMPLETE", "DELETE_COMPLETE",
    ]  # fmt: skip
    assert late.asked == [*["1 from 0"] * 3, "stack", "1 from 0"]
    told = list(follow(silent.account, operation))
    assert [item.status for item in told] == ["DELETE_IN_PROGRESS", "DELETE_COMPLETE", "DELETE_FAILED"]
    assert told[-1] == StackEvent(
        "", ROOT, "orders-dev", "", "orders-dev", ROOT, STACK_TYPE, "DELETE_FAILED", reason, "new"
    )  # fmt: skip
    assert silent.asked == [*["1 from 0"] * 4, "stack"]


def test_a_stack_on_which_nothing_was_ever_done_has_nothing_to_follow_and_an_import_has() -> None:
    held = telling([of_stack(0, "REVIEW_IN_PROGRESS")], cloudformation_DescribeStacks=described("REVIEW_IN_PROGRESS"))
    with pytest.raises(RemitError, match="there is nothing to resume: orders-dev is not deployed"):
        resume(held, "orders-dev", lambda _: None)

    events = [of_stack(0, "CREATE_IN_PROGRESS", "a"), of_stack(1, "IMPORT_IN_PROGRESS", "b")]
    assert latest(telling(events), ROOT) == StackOperation(ROOT, "IMPORT", "b")


def test_outputs_are_those_of_a_stack_that_is_no_longer_cleaned_up() -> None:
    history = [of_stack(0, "UPDATE_IN_PROGRESS"), of_stack(1, "UPDATE_COMPLETE")]
    earlier, later = ([{"OutputKey": "Url", "OutputValue": value}] for value in ("old", "new"))
    stacks = [
        described("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", Outputs=earlier),
        Refused("Throttling"),
        described("UPDATE_COMPLETE", Outputs=later),
    ]
    account = telling(history, cloudformation_DescribeStacks=stacks)

    outcome = followed(account, "orders-dev", StackOperation(ROOT, "UPDATE", "new"), lambda _: None)

    assert [(output.name, output.value) for output in outcome.outputs] == [("Url", "new")]


def test_what_is_left_is_told_with_awss_own_reason() -> None:
    wrapped = (
        'Resource handler returned message: "In use." (RequestToken: 1, HandlerErrorCode: GeneralServiceException)'
    )
    outcome = Outcome(
        "orders-dev", ROOT, "DELETE", "DELETE_FAILED", ok=False, left=(told("A", reason=wrapped), told("B"))
    )

    assert failure(outcome, None).message.split("\n")[1:] == [
        "  left: p-A (A, AWS::SQS::Queue): In use. (HandlerErrorCode: GeneralServiceException)",
        "  left: p-B (B, AWS::SQS::Queue): DELETE_FAILED",
    ]


def test_a_whole_outcome_has_everything_that_its_events_tell() -> None:
    history = [
        of_stack(0, "UPDATE_IN_PROGRESS"),
        event(1, ROOT, "V", "DELETE_SKIPPED", VERSION, mark="new"),
        event(2, ROOT, "C", "UPDATE_FAILED", mark="new", reason="Resource update cancelled"),
        event(3, ROOT, "B", "UPDATE_FAILED", mark="new", reason=FAILED),
        event(4, ROOT, "A", "DELETE_FAILED", mark="new", reason="in use"),
        of_stack(5, "UPDATE_ROLLBACK_IN_PROGRESS", reason="The following resource(s) failed to update: [B, C]."),
        event(6, ROOT, "A", "DELETE_FAILED", mark="new", reason="still in use"),
        event(7, ROOT, "D", "DELETE_FAILED", mark="new"),
        event(8, ROOT, "D", "DELETE_COMPLETE", mark="new"),
        of_stack(9, "UPDATE_ROLLBACK_COMPLETE"),
    ]
    refused = {
        "EventType": "HOOK_INVOCATION_ERROR",
        "LogicalResourceId": "B",
        "ResourceType": QUEUE,
        "OperationId": "9",
        "ClientRequestToken": "new",
        "HookFailureMode": "FAIL",
        "HookType": "Corp::Hook",
    }
    account = telling(history, cloudformation_DescribeEvents={"OperationEvents": [refused, refused]})
    heard: list[StackEvent] = []

    outcome = followed(account, "orders-dev", StackOperation(ROOT, "UPDATE", "new"), heard.append)

    assert replace(outcome, seconds=0) == Outcome(
        "orders-dev",
        ROOT,
        "UPDATE",
        "UPDATE_ROLLBACK_COMPLETE",
        ok=False,
        cause=replace(heard[3], reason="No. (HandlerErrorCode: InvalidRequest)"),
        retained=(heard[1],),
        left=(heard[6],),
        refusals=(Refusal("B", QUEUE, "without a reason", ("Resources", "B"), "Corp::Hook", is_hook=True),),
    )
    assert [item.id for item in heard] == [item["EventId"] for item in history]
