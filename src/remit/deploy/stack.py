"""A stack, and the operations that its status allows.

Source: "Stack status codes" and "Understand CloudFormation stack creation events" (CloudFormation User
Guide).
"""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from datetime import UTC
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Literal

from remit.deploy.aws_errors import BUSY, call_errors, code, if_there, message, remit_errors
from remit.errors import RemitError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from remit.deploy.session import Account

NAMESPACE_TAG: Final = "remit:namespace"
VERSION_TAG: Final = "remit:version"

# A first deploy that failed: nothing of it is live, and CloudFormation will only delete it.
DEAD: Final = frozenset({"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED"})
NEW: Final = frozenset({"REVIEW_IN_PROGRESS", "DELETE_COMPLETE"})
CLEANING: Final = frozenset(
    {"UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS"}
)  # what was deployed is live; what it replaced is being removed
_STEADY: Final = 5.0  # seconds; AWS throttles whoever asks more often for long
_FIRST: Final = (0.2, 0.5, 1.0, 2.0)
_FIRST_LOCAL: Final = (0.02, 0.04, 0.08, 0.15)
_STEADY_LOCAL: Final = 0.3


@dataclass(frozen=True, slots=True)
class StackOutput:
    """One output of a deployed stack."""

    name: str
    value: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class DeployedStack:
    """A stack as CloudFormation describes it. `since`: when it was last created or updated, ISO 8601 in UTC."""

    name: str
    id: str
    status: str
    reason: str
    since: str
    outputs: tuple[StackOutput, ...]
    tags: tuple[tuple[str, str], ...]
    protected: bool
    drift: str
    parameters: tuple[tuple[str, str], ...] = ()
    """The values that the last deploy looked up, by the template's parameters."""
    service_role: str = ""
    """The ARN of the role with which CloudFormation changes it; empty: as the caller."""

    @property
    def namespace(self) -> str | None:
        """The namespace that remit tagged it with; None when remit did not make it."""
        return dict(self.tags).get(NAMESPACE_TAG)

    @property
    def new(self) -> bool:
        """True if nothing was ever made of it: at most a change set waits."""
        return self.status in NEW

    @property
    def busy(self) -> bool:
        """True if an operation runs on it."""
        return self.status.endswith("_IN_PROGRESS") and not self.new


def describe(account: Account, name: str) -> DeployedStack | None:
    """The stack of this name (or id), None when there is none, or it was deleted. One call.

    Outputs, tags and parameters are sorted by name. What AWS refuses is raised as the SDK has it.
    """
    answer = if_there(partial(account.client("cloudformation").describe_stacks, StackName=name), no_such_stack)
    if answer is None:
        return None
    raw = answer["Stacks"][0]
    outputs = (
        StackOutput(item["OutputKey"], item["OutputValue"], item.get("Description", ""))
        for item in raw.get("Outputs", [])
    )
    since = raw.get("LastUpdatedTime") or raw["CreationTime"]
    stack = DeployedStack(
        name=raw["StackName"],
        id=raw["StackId"],
        status=raw["StackStatus"],
        reason=raw.get("StackStatusReason", ""),
        since=since.astimezone(UTC).isoformat(timespec="milliseconds"),
        outputs=tuple(sorted(outputs, key=lambda output: output.name)),
        tags=tuple(sorted((tag["Key"], tag["Value"]) for tag in raw.get("Tags", []))),
        protected=bool(raw.get("EnableTerminationProtection", False)),
        drift=raw.get("DriftInformation", {}).get("StackDriftStatus", "NOT_CHECKED"),
        service_role=raw.get("RoleARN", ""),
        parameters=tuple(
            sorted((item["ParameterKey"], item.get("ParameterValue", "")) for item in raw.get("Parameters", []))
        ),
    )
    # By its id a stack is described for 90 days after it was deleted.
    return None if stack.status == "DELETE_COMPLETE" else stack


def deployed_template(account: Account, stack: DeployedStack | None) -> dict[str, Any]:
    """The template that runs now, as a document; empty when nothing runs.

    Of another tool's stack it is the processed one. RemitError: its YAML cannot be read. What AWS refuses is raised as
    the SDK has it.
    """
    if stack is None or stack.new:
        return {}
    # What macros such as SAM made of it is what runs. Of remit's own, both are the same.
    stage: Literal["Original", "Processed"] = "Original" if stack.namespace is not None else "Processed"
    body: Any = account.client("cloudformation").get_template(StackName=stack.id, TemplateStage=stage)["TemplateBody"]
    if isinstance(body, str):  # botocore parses JSON; YAML, which remit never sends, stays text
        from remit.documents.read import read_as_written  # noqa: PLC0415 - another tool's

        body = read_as_written(body.encode(), f"the template of {stack.name}").value
    return dict(body) if isinstance(body, dict) else {}


def not_deployed(account: Account, name: str) -> RemitError:
    """The error (1) for a stack that is not there; to be raised by the caller."""
    flag = " --local" if account.local else ""
    return RemitError(f"{name} is not deployed", hint=f"`remit deploy{flag}` deploys it", exit_code=1)


def no_such_stack(error: BaseException) -> bool:
    """Return whether AWS says that there is no such stack."""
    return code(error) == "ValidationError" and "does not exist" in message(error)


def pauses(account: Account) -> Iterator[float]:
    """Seconds to wait between polls: quick at first, then at most one poll in 5 s; quick all along locally.

    The steady pause has jitter on top (never below), so that a hundred deploys do not ask in step.
    """
    steady = _STEADY_LOCAL if account.local else _STEADY
    yield from _FIRST_LOCAL if account.local else _FIRST
    while True:
        yield steady * random.uniform(1, 1.4)  # noqa: S311 - spreads load, hides nothing


def settled(
    account: Account, name: str, *, wait: bool = False, on_wait: Callable[[DeployedStack], None] | None = None
) -> DeployedStack | None:
    """The stack once no operation runs on it; None when there is none.

    It waits with `wait`, and always for a clean-up, which nobody can hurry; `on_wait` hears of each new state
    meanwhile. RemitError (75): somebody else is deploying, and it does not wait.
    """
    waits = pauses(account)
    told_of = ""
    while True:
        with remit_errors():
            stack = describe(account, name)
        if stack is None or not stack.busy:
            return stack
        if not wait and stack.status not in CLEANING:
            raise busy_error(account, stack)
        if on_wait is not None and told_of != stack.status:
            on_wait(stack)
            told_of = stack.status
        time.sleep(next(waits))


def minute(at: str) -> str:
    """A time in ISO 8601 as people read it: `2026-03-01 12:03 UTC`."""
    return f"{at[:16].replace('T', ' ')} UTC"


def busy_error(account: Account, stack: DeployedStack) -> RemitError:
    """The error (75) for a deploy while another operation runs, or after somebody else's first deploy was quicker.

    It names whoever deploys, where AWS says it.
    """
    deleting = stack.status.startswith("DELETE")
    who = "" if deleting else last_deployer(account, stack)
    colon = f": {who}" if who else ""
    if not stack.busy:
        return RemitError(
            f"somebody else was first to deploy {stack.name}, at {minute(stack.since)} ({stack.status}){colon}",
            hint="`remit deploy` again plans what is still to change",
            exit_code=BUSY,
        )
    return RemitError(
        f"somebody else is {'deleting' if deleting else 'deploying'} {stack.name} "
        f"since {minute(stack.since)} ({stack.status}){colon}",
        hint="`--wait` waits for them; `remit deploy --resume` follows what they do",
        exit_code=BUSY,
    )


def last_deployer(account: Account, stack: DeployedStack) -> str:
    """Whoever deployed a stack last, or deploys it now, by the change set's description; "" where AWS does not say."""
    try:
        summaries = account.client("cloudformation").list_change_sets(StackName=stack.name)["Summaries"]
    except call_errors():  # it is only told beside the refusal
        return ""
    executed = [summary for summary in summaries if summary["ExecutionStatus"].startswith("EXECUTE_")]
    newest = max(executed, key=lambda summary: summary["CreationTime"], default=None)
    return "" if newest is None else str(newest.get("Description", ""))


def ours(stack: DeployedStack, owner: str, doing: str) -> DeployedStack:
    """The stack as it is given, if remit made it for this project and stage, or it is new and nobody tagged it.

    `owner` is the value of its tag (`orders-dev`). RemitError (2): another project or stage has it, or it has no tag of
    remit's. `doing` is what remit then does not do to it ("deploy over").
    """
    if stack.namespace is None and not stack.new:
        raise RemitError(
            f"stack {stack.name} exists, and remit did not make it (it has no tag {NAMESPACE_TAG}): remit "
            f"does not {doing} it",
            hint="choose another project name or stage; `remit deploy --take-over` makes it this project's",
        )
    if stack.namespace not in (None, owner):
        raise RemitError(
            f"stack {stack.name} belongs to {stack.namespace}, and this is {owner}: remit does not {doing} it",
            hint="give each stage a `config.stack_name` of its own, in config/deploy/STAGE.py",
        )
    return stack
