"""Of a bucket's notifications, each that was added or removed by hand is told, and the template's are written back."""

from __future__ import annotations

from typing import Any, Final

from hypothesis import event, given, settings
from hypothesis import strategies as st

from random_cases import cases
from remit.deploy.live_resources.reading import ROWS
from remit.deploy.live_resources.resource_row import LiveResource, LiveStack, Subject
from remit.deploy.live_resources.stores import _notifications

KINDS: Final = {
    "LambdaConfigurations": ("Function", "LambdaFunctionConfigurations", "LambdaFunctionArn"),
    "QueueConfigurations": ("Queue", "QueueConfigurations", "QueueArn"),
    "TopicConfigurations": ("Topic", "TopicConfigurations", "TopicArn"),
}
"""Of each list of a template: the member of the target, and the list and the member in S3's API."""
ONE: Final = st.tuples(
    st.sampled_from(tuple(KINDS)), st.sampled_from(("111122223333:orders", "111122223333:jobs", "999988887777:orders")),
    st.sampled_from(("s3:ObjectCreated:*", "s3:ObjectRemoved:*")), st.sampled_from((None, "in/", "out/")),
)  # fmt: skip
SEVERAL: Final = st.lists(ONE, unique=True, max_size=4)
EVENTS: Final = "EventBridgeConfiguration"
Notification = tuple[str, str, str, str | None]


def arn(kind: str, target: str) -> str:
    service = {"L": "lambda", "Q": "sqs", "T": "sns"}[kind[0]]
    return f"arn:aws:{service}:eu-west-1:{target}"


def in_template(notifications: list[Notification], *, to_event_bridge: bool) -> dict[str, Any]:
    document: dict[str, Any] = {EVENTS: {"EventBridgeEnabled": True}} if to_event_bridge else {}
    for kind, target, name, prefix in notifications:
        rules = {"Filter": {"S3Key": {"Rules": [{"Name": "prefix", "Value": prefix}]}}} if prefix else {}
        document.setdefault(kind, []).append({KINDS[kind][0]: arn(kind, target), "Event": name, **rules})
    return document


def in_account(notifications: list[Notification], *, to_event_bridge: bool) -> dict[str, Any]:
    """As S3 answers, which gives each an id and writes the names of rules with a capital."""
    answer: dict[str, Any] = {EVENTS: {}} if to_event_bridge else {}
    for number, (kind, target, name, prefix) in enumerate(notifications):
        _, api_list, api_target = KINDS[kind]
        rules = {"Filter": {"Key": {"FilterRules": [{"Name": "Prefix", "Value": prefix}]}}} if prefix else {}
        answer.setdefault(api_list, []).append(
            {"Id": f"{number}", api_target: arn(kind, target), "Events": [name], **rules}
        )
    return answer


@settings(max_examples=cases(30, deep=600))
@given(SEVERAL, SEVERAL, st.booleans(), st.booleans())
def test_notifications_that_differ_are_told_and_put_back(
    declared: list[Notification],
    held: list[Notification],
    declares_event_bridge: bool,
    has_event_bridge: bool,
) -> None:
    """That somebody has the events sent to EventBridge as well is no change: nobody gets them without a rule."""
    properties = {"NotificationConfiguration": in_template(declared, to_event_bridge=declares_event_bridge)}
    stack = LiveStack("111122223333", {}, {}, (), {}, is_local=False)
    subject = Subject("files", "arn:aws:s3:::files", ())
    bucket = LiveResource(ROWS["AWS::S3::Bucket"], "Files", subject, properties, {}, stack)
    found = list(_notifications(bucket, in_account(held, to_event_bridge=has_event_bridge)))
    added, removed = set(held) - set(declared), set(declared) - set(held)
    event(f"{len(added)} added, {len(removed)} removed")
    assert bool(found) == bool(added or removed or (declares_event_bridge and not has_event_bridge))
    for drift in found:
        assert (len(added), len(removed)) == (drift.what.count(" was added"), drift.what.count(" was removed"))
        for kind, target, *_ in added | removed:  # what is in the account goes by its name
            called = target.partition(":")[2] if target.startswith(stack.account) else arn(kind, target)
            assert f" to {called} was " in drift.what
        (repair,) = drift.repairs
        given_ = dict(repair.parameters)
        assert "files" == given_["Bucket"]
        assert declares_event_bridge == (EVENTS in given_["NotificationConfiguration"])
        assert [] == list(_notifications(bucket, given_["NotificationConfiguration"]))
