"""The state machine or activity behind a task token: an answer is authorised on that, and names the token alone.

Source: "Creating granular permissions for non-admin users in Step Functions" (AWS Step Functions Developer Guide).
`tests/local/test_authorization.py` fails when the emulator runs its tasks elsewhere.
"""

from __future__ import annotations

import json
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final

from remit.local.emulator import emulated, instead_of

if TYPE_CHECKING:
    from collections.abc import Mapping

_MOST_TOKENS: Final = 10_000
"""Tokens of activities are kept until there are so many: nothing tells that one is over."""
_MACHINE: Final[ContextVar[str]] = ContextVar("state_machine")
_WAITING: Final[dict[str, str]] = {}


def waiting_for(token: str) -> str | None:
    """The ARN of the state machine or activity that waits for a token; None where none is known."""
    return _WAITING.get(token)


def note_task_tokens() -> None:
    """Note who waits whenever a state machine hands out a token, in the process that serves."""
    states = emulated("services.stepfunctions")

    @instead_of(states, "_execute_task")
    def executed(
        execute_task: Any, definition: Any, task_input: Any, execution: Any, context: Mapping[str, Any]
    ) -> Any:
        earlier = _MACHINE.set(context["StateMachine"]["Id"])
        try:
            return execute_task(definition, task_input, execution, context)
        finally:
            _MACHINE.reset(earlier)

    @instead_of(states, "_invoke_with_callback")
    def answered(wait_for_answer: Any, resource: Any, task_input: Any, token: str, definition: Any) -> Any:
        _WAITING[token] = _MACHINE.get()
        try:
            return wait_for_answer(resource, task_input, token, definition)
        finally:
            _WAITING.pop(token, None)

    @instead_of(states, "_get_activity_task")
    async def taken(get_activity_task: Any, request: Mapping[str, Any]) -> Any:
        answer = await get_activity_task(request)
        token = json.loads(answer[2]).get("taskToken")
        if token:
            _note(token, str(request["activityArn"]))
        return answer


def _note(token: str, activity: str) -> None:
    if len(_WAITING) >= _MOST_TOKENS:
        del _WAITING[next(iter(_WAITING))]
    _WAITING[token] = activity
