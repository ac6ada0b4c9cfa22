"""Functions that were set by hand to run under other roles, and what a version takes of the account beside it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, Final

from remit.deploy.drift import Drift
from remit.deploy.failed_jobs import DeployedQueue, _failed_job, chosen_jobs
from remit.deploy.live_roles import LiveRoles, _moved, _moved_changes
from remit.deploy.role_repairs import repair
from remit.iam.policy import Policy, allow
from remit.review.access_change import Version

ROLE: Final = "arn:aws:iam::111122223333:role"
RUNNING: Final[Any] = SimpleNamespace(
    roles=(
        SimpleNamespace(logical_id="Kept", functions=("same", "moved")),
        SimpleNamespace(logical_id="Gone", functions=("of-gone", "from-gone")),
    ),
    others={"named": f"{ROLE}/own", "named-moved": f"{ROLE}/own", "open": f"{ROLE}/${{Elsewhere}}"},
    functions={"Same": "same", "Moved": "moved", "FromGone": "from-gone", "Named": "named-moved", "Open": "open"},
)
PHYSICAL: Final = {
    "Gone": "gone-1", "Kept": "kept-1", "Moved": "shop-moved", "FromGone": "shop-gone", "Named": "own-name",
}  # fmt: skip
OTHER: Final = f"{ROLE}/path/other"


def test_a_function_is_moved_whose_role_is_another_one_as_far_as_that_is_known() -> None:
    under = {
        "same": f"{ROLE}/path/kept-1", "moved": OTHER, "of-gone": f"{ROLE}/any/gone-1", "from-gone": OTHER,
        "named": f"{ROLE}/own", "named-moved": OTHER, "open": OTHER, "of-nobody": OTHER,
    }  # fmt: skip
    roles: Any = {"Kept": SimpleNamespace(arn=f"{ROLE}/path/kept-1")}
    moved = {"moved": OTHER, "from-gone": OTHER, "named-moved": OTHER}
    assert moved == _moved(RUNNING, PHYSICAL, roles, under, {})
    known = {"${Elsewhere}": "there"}
    assert {**moved, "open": OTHER} == _moved(RUNNING, PHYSICAL, roles, under, known)


def test_a_function_that_was_moved_is_set_back_where_its_role_is_known() -> None:
    moved = dict.fromkeys(("moved", "from-gone", "named-moved", "open"), OTHER)
    values = {"${Kept.Arn}": f"{ROLE}/path/kept-1"}

    def told(resource: str, function: str, physical: str, role: str, *, is_known: bool = True) -> Drift:
        names = {"FunctionName": physical, "Role": role}
        call = repair("lambda.UpdateFunctionConfiguration", "function_updated_v2", **names)
        what = f"function {function} was set by hand to run under role other"
        return Drift(resource, what, f"`{call.command}` sets it back", repairs=(call,) if is_known else ())

    physical = {**PHYSICAL, "Open": "shop-open"}
    assert [
        told("Kept", "moved", "shop-moved", f"{ROLE}/path/kept-1"),
        told("Gone", "from-gone", "shop-gone", "", is_known=False),
        told("Named", "named-moved", "own-name", f"{ROLE}/own"),
        told("Open", "open", "shop-open", f"{ROLE}/${{Elsewhere}}", is_known=False),
    ] == list(_moved_changes(RUNNING, physical, moved, values))


def test_a_version_has_the_references_and_policies_of_the_account_before_its_own() -> None:
    mine, theirs = Policy((allow("s3:GetObject"),)), Policy((allow("s3:PutObject"),))
    own = Version("tree", (), names={"a": "1", "b": "2"}, documents={"x": mine, "y": mine}, versions={"x": "v1"})
    account = Version("account", (), names={"b": "3"}, documents={"y": theirs}, versions={"x": "v2", "y": "v3"})
    beside = LiveRoles(account).beside(own)
    assert ("tree", {"a": "1", "b": "3"}) == (beside.where, dict(beside.names))
    assert ({"x": mine, "y": theirs}, {"x": "v2", "y": "v3"}) == (dict(beside.documents), dict(beside.versions))


QUEUE: Final = DeployedQueue("mail", "https://q/mail", "https://q/dead")


def test_a_message_is_read_as_a_job_wholly_and_one_that_is_named_twice_is_one() -> None:
    body = '{"id": "abcdef", "job": "app:send", "arguments": [1]}'
    system = {"SentTimestamp": "1767225600999", "MessageGroupId": "g", "SequenceNumber": "0017"}
    attributes = {"Reason": {"StringValue": "why"}, "Attempts": {"StringValue": "3"}, "Other": {"DataType": "Binary"}}
    raw = {"MessageId": "m1", "ReceiptHandle": "r1", "Body": body}
    job = _failed_job(QUEUE, {**raw, "Attributes": system, "MessageAttributes": attributes})
    fields = (job.id, job.job, job.body, job.reason, job.attempts, job.sent, job.message_id, job.receipt)
    assert ("abcdef", "app:send", body, "why", 3, 1_767_225_600, "m1", "r1") == fields
    assert (QUEUE, "g", "0017", "abcdef") == (job.queue, job.group, job.sequence, job.sending)
    assert {"arguments": [1], "options": None} == job.arguments
    bare = _failed_job(QUEUE, {**raw, "Body": "[1]", "MessageAttributes": {"Attempts": {"StringValue": "x3"}}})
    assert ("m1", "", "", None, 0, None, "") == (
        bare.id, bare.job, bare.reason, bare.attempts, bare.sent, bare.group, bare.sequence,
    )  # fmt: skip
    assert ("[1]", None) == (bare.sending, bare.arguments)
    assert (job,) == chosen_jobs([job, bare], ["abcd", "abcdef"])
