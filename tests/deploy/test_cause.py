"""The first cause of a failed deploy."""

from __future__ import annotations

from remit.deploy.events import STACK_TYPE, StackEvent
from remit.deploy.first_failure import first_cause, hint_of

ROOT = "arn:aws:cloudformation:eu-central-1:1:stack/orders-dev/1"
CHILD = "arn:aws:cloudformation:eu-central-1:1:stack/orders-dev-Child/2"


def event(
    at: str,
    logical_id: str,
    status: str,
    reason: str = "",
    *,
    stack: str = ROOT,
    physical: str = "",
    type_: str = "AWS::SQS::Queue",
) -> StackEvent:
    """An event at a second."""
    return StackEvent(
        f"{stack}{at}{logical_id}{status}",
        stack,
        stack.split("/")[1],
        at,
        logical_id,
        physical,
        type_,
        status,
        reason,
    )


def test_a_cancelled_resource_is_never_the_cause_even_when_it_comes_first() -> None:
    events = [
        event("1", "Early", "CREATE_FAILED", "Resource creation cancelled"),
        event("2", "Role", "CREATE_FAILED", "Policy document is malformed"),
        event("3", "Late", "CREATE_FAILED", "Something else"),
    ]
    cause = first_cause(events)
    assert cause is not None
    assert (cause.logical_id, cause.reason) == ("Role", "Policy document is malformed")


def test_a_failed_nested_stack_is_looked_into() -> None:
    events = [
        event(
            "2",
            "Child",
            "CREATE_FAILED",
            "Embedded stack was not successfully created",
            physical=CHILD,
            type_=STACK_TYPE,
        ),
        event("1", "Table", "CREATE_FAILED", "Table already exists", stack=CHILD),
        event("1", "Other", "CREATE_FAILED", "Resource creation cancelled", stack=CHILD),
    ]
    cause = first_cause(events)
    assert cause is not None
    assert (cause.logical_id, cause.stack) == ("Table", "orders-dev-Child")


def test_a_nested_stack_whose_resources_are_unknown_is_named_itself() -> None:
    events = [event("2", "Child", "CREATE_FAILED", "Template not found", physical=CHILD, type_=STACK_TYPE)]
    cause = first_cause(events)
    assert cause is not None
    assert cause.logical_id == "Child"


def test_the_stacks_own_reason_counts_when_no_resource_failed() -> None:
    events = [event("1", "orders-dev", "CREATE_FAILED", "Unresolved output", physical=ROOT, type_=STACK_TYPE)]
    cause = first_cause(events)
    assert cause is not None
    assert cause.reason == "Unresolved output"


def test_the_handlers_wrapping_is_taken_off_the_reason() -> None:
    reason = (
        'Resource handler returned message: "The role defined for the function cannot be assumed by Lambda. '
        '(Service: Lambda, Status Code: 400)" (RequestToken: 1-2-3, HandlerErrorCode: InvalidRequest)'
    )
    cause = first_cause([event("1", "ReportFunction", "CREATE_FAILED", reason)])
    assert cause is not None
    assert cause.reason == (
        "The role defined for the function cannot be assumed by Lambda. (Service: Lambda, Status Code: 400) "
        "(HandlerErrorCode: InvalidRequest)"
    )
    assert "trust policy" in (hint_of(cause) or "")


def test_no_failure_has_no_cause() -> None:
    assert first_cause([event("1", "Queue", "CREATE_COMPLETE")]) is None


def test_a_log_group_that_is_there_already_comes_with_the_command_that_deletes_it() -> None:
    reason = (
        "Resource handler returned message: \"Resource of type 'AWS::Logs::LogGroup' with identifier "
        '\'{"/properties/LogGroupName":"/aws/lambda/orders-dev-report"}\' already exists." '
        "(RequestToken: 1, HandlerErrorCode: AlreadyExists)"
    )
    cause = first_cause([event("1", "ReportLogGroup", "CREATE_FAILED", reason, type_="AWS::Logs::LogGroup")])
    assert cause is not None
    assert hint_of(cause) == (
        "it was left behind, or logs that came late after a delete made it anew: `--adopt` imports it, or "
        "`aws logs delete-log-group --log-group-name /aws/lambda/orders-dev-report` deletes it with its logs, "
        "then deploy again"
    )


def test_a_role_that_was_deleted_by_hand_is_pointed_to() -> None:
    reason = "The role with name orders-dev-ReportRole-1 cannot be found. (Service: Iam, Status Code: 404)"
    cause = first_cause([event("1", "ReportRole", "UPDATE_FAILED", reason, type_="AWS::IAM::Role")])
    assert cause is not None
    assert (hint_of(cause) or "").startswith("it was deleted by hand, as `remit diff --live` shows; ")
