"""The policies that topics and keys have on AWS when nobody has given them one, and the emulator made to say the same.

Resources of all other services have none then, and let nobody in by themselves.
What the emulator invents is not believed: it lets everybody use a topic that a template makes, and leaves a topic that
loses its own policy without any.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from remit.local.emulator import arn_here, emulated, instead_of, place_of_request

if TYPE_CHECKING:
    from collections.abc import Mapping

    Document = dict[str, Any]


def _policy_of_topic(account: str, topic: str) -> Document:
    """Source: "Example cases for Amazon SNS access control", "CreateTopic"."""
    actions = (
        "GetTopicAttributes", "SetTopicAttributes", "AddPermission", "RemovePermission", "DeleteTopic", "Subscribe",
        "ListSubscriptionsByTopic", "Publish",
    )  # fmt: skip
    # No caller of IAM has AWS:SourceOwner: services of the account have it.
    statement = {
        "Sid": "__default_statement_ID",
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": [f"SNS:{action}" for action in actions],
        "Resource": topic,
        "Condition": {"StringEquals": {"AWS:SourceOwner": account}},
    }
    return {"Version": "2008-10-17", "Id": "__default_policy_ID", "Statement": [statement]}


def policy_of_key(account: str) -> Document:
    """The policy of a KMS key that was made without one. Source: "Default key policy" (AWS KMS Developer Guide)."""
    statement = {
        "Sid": "Enable IAM User Permissions",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
        "Action": "kms:*",
        "Resource": "*",
    }
    return {"Version": "2012-10-17", "Id": "key-default-1", "Statement": [statement]}


def give_default_policies() -> None:
    """Have topics that are made, or lose their own policy, get AWS's default policy, by API and by template."""
    sns = emulated("services.sns")
    provisioners = emulated("services.cloudformation.provisioners")

    def text(topic: str) -> str:
        return json.dumps(_policy_of_topic(place_of_request()["Account"], topic))

    @instead_of(sns, "_create_topic")
    def create(create_topic: Any, parameters: Mapping[str, Any]) -> Any:
        numbers = range(1, len(parameters) + 2)
        names = [sns._p(parameters, f"Attributes.entry.{number}.key") for number in numbers]
        if "Policy" not in names:
            topic = arn_here("sns", sns._p(parameters, "Name"))
            entry = f"Attributes.entry.{names.index('') + 1}"
            parameters = {**parameters, f"{entry}.key": ["Policy"], f"{entry}.value": [text(topic)]}
        return create_topic(parameters)

    # The table was made with the function itself, so that its own place is another one.
    @instead_of(provisioners, "_sns_create")
    @instead_of(provisioners._RESOURCE_HANDLERS["AWS::SNS::Topic"], "create")
    def created(create_in_stack: Any, *resource: Any) -> Any:
        made = create_in_stack(*resource)
        sns._topics[made[0]]["attributes"]["Policy"] = text(made[0])
        return made

    def give_to_all_without(topics: Any) -> None:
        for topic in (arn for arn in topics if arn in sns._topics):
            sns._topics[topic]["attributes"].setdefault("Policy", text(topic))

    @instead_of(provisioners, "_policy_attachment_delete")
    def detached(detach: Any, properties: Mapping[str, Any], members: str, store: Any) -> None:
        detach(properties, members, store)
        give_to_all_without(properties.get(members, ()))

    @instead_of(provisioners, "_policy_attachment_update")
    def changed(
        change: Any, physical_id: str, old: Mapping[str, Any], new: Mapping[str, Any], members: str, store: Any
    ) -> Any:
        answer = change(physical_id, old, new, members, store)
        give_to_all_without(old.get(members, ()))
        return answer
