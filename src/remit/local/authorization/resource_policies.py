"""The policy that a resource has in the AWS on this machine: a bucket's, a queue's, a key's, a role's trust policy.

Read from the emulator's memory, of the account and the region of the request. Which services have such policies:
"AWS services that work with IAM" (IAM User Guide), column "Resource-based policies".
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final

from remit.errors import RemitError
from remit.iam.policy import Policy, parse
from remit.local.authorization.stored_policies import stored_identity
from remit.local.emulator import emulated

_KEPT: Final = 1024
_NONE: Final[tuple[Policy, ...]] = ()


def resource_policy(action: str, arn: str) -> tuple[Policy, ...] | None:
    """The policy of what an action is asked on, in a tuple: empty where it has none, None where it cannot be known.

    It is empty also for services that have no such policies, and for what is no ARN. The same policy is the same object
    while it does not change, so that it is compiled once.
    """
    service = action.partition(":")[0]
    look_up = LOOK_UPS.get(service)
    if look_up is None or not arn.startswith("arn:"):
        return _NONE
    if "${" in arn:
        return None if service in _DECISIVE else _NONE
    policy = look_up(arn)
    if isinstance(policy, tuple) or policy is None:
        return policy or _NONE
    text = policy if isinstance(policy, str) else json.dumps(policy, sort_keys=True)
    return _parsed(text) if text else _NONE


_DECISIVE: Final = frozenset({"kms", "sts"})
"""Services whose resources must allow by themselves: without the policy nothing is decided."""


@lru_cache(maxsize=_KEPT)
def _parsed(text: str) -> tuple[Policy, ...] | None:
    """The policy that a text is, as a tuple of one, empty without statements; None: it cannot be read."""
    try:
        document = json.loads(text)
        return (parse(document),) if document.get("Statement") else _NONE
    except (ValueError, AttributeError, RemitError):
        return None


def _policy_reader(module: str, function: str) -> Callable[[str], Any]:
    """A look-up of a policy by ARN, from a function of the emulator's that gives (policy, owner) or None."""

    def look_up(arn: str) -> Any:
        found = getattr(emulated(f"services.{module}"), function)(arn)
        return None if found is None else found[0]

    return look_up


def _of_key(arn: str) -> Any:
    """A key's policy, and its grants as statements of it: either lets somebody use the key ("Grants in AWS KMS").

    Text where it has no grants, or is no JSON; else a document with the grants. None: there is no such key.
    """
    kms = emulated("services.kms")
    stored = kms.key_policy_for_arn(arn)
    grants = [grant for grant in tuple(kms._grants.values()) if grant["KeyId"] == arn]  # a copy: requests change it
    if stored is None or not grants:
        return None if stored is None else stored[0]
    try:
        document = json.loads(stored[0] or "{}")
    except ValueError:
        return stored[0]
    own_statements = document.get("Statement", [])
    own_statements = own_statements if isinstance(own_statements, list) else [own_statements]
    return {**document, "Statement": [*own_statements, *map(_of_grant, grants)]}


def _of_grant(grant: Mapping[str, Any]) -> dict[str, Any]:
    """The statement that a grant is, with the encryption context that it constrains as conditions."""
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": grant["GranteePrincipal"]},
        "Action": [f"kms:{operation}" for operation in grant["Operations"]],
        "Resource": "*",
    }
    constraints = grant["Constraints"] or {}
    pairs = constraints.get("EncryptionContextEquals") or constraints.get("EncryptionContextSubset") or {}
    if not pairs:
        return statement
    condition: dict[str, Any] = {"StringEquals": {f"kms:EncryptionContext:{key}": text for key, text in pairs.items()}}
    if constraints.get("EncryptionContextEquals"):
        condition["ForAllValues:StringEquals"] = {"kms:EncryptionContextKeys": list(pairs)}
    return {**statement, "Condition": condition}


def _of_table(arn: str) -> Any:
    """The policy of a table, which is its indexes', too, or of a stream, which has one of its own.

    None: it has none.
    """
    dynamodb = emulated("services.dynamodb")
    owner = arn.partition("/index/")[0]
    entry = dynamodb._resource_policies.get(owner)
    return None if entry is None else entry["Policy"]


def _of_bus(arn: str) -> Any:
    """The policy of an event bus; None where it has none, or the ARN is another one's, as that of a rule."""
    events = emulated("services.eventbridge")
    return events._event_bus_policies.get(arn.rpartition("/")[2]) if ":event-bus/" in arn else None


def _of_role(arn: str) -> Any:
    """The trust policy of a role, as a tuple; empty where there is no such role, or the ARN is no role's."""
    identity = stored_identity(arn) if ":role/" in arn else None
    return _NONE if identity is None else identity.trust_layers.resource


LOOK_UPS: Final[Mapping[str, Callable[[str], Any]]] = {
    "s3": _policy_reader("s3", "bucket_policy_for_arn"),
    "sqs": _policy_reader("sqs", "queue_policy_for_arn"),
    "sns": _policy_reader("sns", "topic_policy_for_arn"),
    "lambda": _policy_reader("lambda_svc", "function_policy_for_arn"),
    "kms": _of_key,
    "secretsmanager": _policy_reader("secretsmanager", "secret_policy_for_arn"),
    "execute-api": _policy_reader("apigateway_v1", "rest_api_policy_for_arn"),
    "ecr": _policy_reader("ecr", "repository_policy_for_arn"),
    "kinesis": _policy_reader("kinesis", "stream_policy_for_arn"),
    "dynamodb": _of_table,
    "events": _of_bus,
    "sts": _of_role,
}
