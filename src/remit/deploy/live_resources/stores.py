"""Rows of what holds data: buckets, tables, secrets and keys, with the policies that say who else may use them.

Sources: GetBucketPolicy, GetPublicAccessBlock, GetBucketNotificationConfiguration (Amazon S3 API Reference);
GetResourcePolicy (DynamoDB and Secrets Manager API References); GetKeyPolicy, ListGrants (AWS KMS API Reference).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from remit.deploy.deployed_references import UNKNOWN, is_known
from remit.deploy.live_resources.policies import policy_check, put_by
from remit.deploy.live_resources.resource_row import LiveResource, Read, Row, Subject
from remit.deploy.role_repairs import repair

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from remit.deploy.drift import Drift

_BUCKET_POLICY, _BLOCK, _NOTIFICATIONS = (
    "s3.GetBucketPolicy", "s3.GetPublicAccessBlock", "s3.GetBucketNotificationConfiguration",
)  # fmt: skip
_TABLE_POLICY, _SECRET_POLICY = "dynamodb.GetResourcePolicy", "secretsmanager.GetResourcePolicy"
_KEY_POLICY, _GRANTS = "kms.GetKeyPolicy", "kms.ListGrants"
_BLOCKS: Final = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
_TARGETS: Final = (
    ("LambdaConfigurations", "Function", "LambdaFunctionConfigurations", "LambdaFunctionArn"),
    ("QueueConfigurations", "Queue", "QueueConfigurations", "QueueArn"),
    ("TopicConfigurations", "Topic", "TopicConfigurations", "TopicArn"),
)
"""Of each kind of notifications: the list and the target in a template, and both in S3's API."""
_DEFAULT: Final = "default"
"""The one policy that a key has."""


def _bucket(subject: Subject) -> dict[str, str]:
    return {"Bucket": subject.name}


_OF_BUCKET: Final = put_by("s3.PutBucketPolicy", "s3.DeleteBucketPolicy", _bucket)
_OF_TABLE: Final = put_by(
    "dynamodb.PutResourcePolicy", "dynamodb.DeleteResourcePolicy", lambda subject: {"ResourceArn": subject.arn}
)
_OF_SECRET: Final = put_by(
    "secretsmanager.PutResourcePolicy",
    "secretsmanager.DeleteResourcePolicy",
    lambda subject: {"SecretId": subject.name},
    "ResourcePolicy",
)
# A key always has its policy: a template that gives none leaves it to KMS.
_OF_KEY: Final = put_by("kms.PutKeyPolicy", "", lambda subject: {"KeyId": subject.name, "PolicyName": _DEFAULT})


def _block(live: LiveResource, answer: Any) -> Iterator[Drift]:
    """Yield the settings of the public access block that are off; a bucket has all four unless its template says.

    Nothing where only its deploy knew what the template says; a setting that only its deploy knew stays as it is.
    """
    declared = live.properties.get("PublicAccessBlockConfiguration")
    if declared is UNKNOWN:
        return
    actual = answer.get("PublicAccessBlockConfiguration", {})
    settings = dict.fromkeys(_BLOCKS, True) if declared is None else {**dict.fromkeys(_BLOCKS, False), **declared}
    known = {name: str(value).lower() == "true" for name, value in settings.items() if value is not UNKNOWN}
    expected = {name: actual.get(name, False) for name in _BLOCKS} | known
    off = [name for name in _BLOCKS if expected[name] and not actual.get(name, False)]
    if off:
        back = repair("s3.PutPublicAccessBlock", Bucket=live.name, PublicAccessBlockConfiguration=expected)
        what = f"the public access block of {live.words} was weakened by hand: {', '.join(off)} is off"
        yield live.drift("access", what, back)


def _notifications(live: LiveResource, answer: Any) -> Iterator[Drift]:
    """Yield the notifications that were added or removed, in one change.

    Nothing where the template has a part of one that only its deploy knew.
    """
    declared = live.properties.get("NotificationConfiguration") or {}
    expected: dict[str, list[dict[str, Any]]] = {}
    for listed, target, api_list, api_target in _TARGETS:
        for item in declared.get(listed, ()):
            rules = item.get("Filter", {}).get("S3Key", {}).get("Rules", ())
            notification = {api_target: item[target], "Events": [item["Event"]]}
            if rules:
                notification["Filter"] = {"Key": {"FilterRules": list(rules)}}
            expected.setdefault(api_list, []).append(notification)
    if not is_known(expected):
        return
    before = {_in_words(live, item) for items in expected.values() for item in items}
    after = {_in_words(live, item) for _, _, api_list, _ in _TARGETS for item in answer.get(api_list, ())}
    changes = [f"{words} was added" for words, _ in sorted(after - before)]
    changes += [f"{words} was removed" for words, _ in sorted(before - after)]
    events = "EventBridgeConfiguration"
    if changes or (events in declared) > (events in answer):
        whole = {**expected, **({events: {}} if events in declared else {})}
        back = repair("s3.PutBucketNotificationConfiguration", Bucket=live.name, NotificationConfiguration=whole)
        what = f"the notifications of {live.words} were changed by hand: {', '.join(changes) or 'not to EventBridge'}"
        yield live.drift("runs", what, back)


def _in_words(live: LiveResource, notification: Mapping[str, Any]) -> tuple[str, str]:
    """`s3:ObjectCreated:* of in/* to orders-dev-thumbnail`, with the whole ARN in another account; and that ARN."""
    target = next(str(notification[name]) for *_, name in _TARGETS if name in notification)
    rules = notification.get("Filter", {}).get("Key", {}).get("FilterRules", ())
    filters = {str(rule["Name"]).lower(): rule["Value"] for rule in rules}
    keys = f"{filters.get('prefix', '')}*{filters.get('suffix', '')}"
    called = target.rpartition(":")[2] if f":{live.stack.account}:" in target else target
    return f"{', '.join(sorted(notification['Events']))} of {keys} to {called}", target


def _grants(live: LiveResource, answer: Any) -> Iterator[Drift]:
    """Yield the grants of the key, which no template makes, but those that services make for their callers here.

    Such a grant is for the service, or for a role's session in the same account ("Grants in AWS KMS").
    """
    for grant in answer.get("Grants", ()):
        grantee = grant.get("GranteePrincipal", "")
        if grantee.endswith(".amazonaws.com") or f"::{live.stack.account}:assumed-role/" in grantee:
            continue
        may = ", ".join(f"kms:{operation}" for operation in grant["Operations"])
        removal = repair("kms.RevokeGrant", KeyId=live.name, GrantId=grant["GrantId"])
        yield live.drift("access", f"a grant of {live.words} was made by hand: {grantee} may {may}", removal)


ROWS: Final = (
    Row(
        "AWS::S3::Bucket",
        "bucket",
        (
            Read(_BUCKET_POLICY, _bucket, "NoSuchBucketPolicy"),
            Read(_BLOCK, _bucket, "NoSuchPublicAccessBlockConfiguration"),
            Read(_NOTIFICATIONS, _bucket),
        ),
        checks=((_BUCKET_POLICY, policy_check(_OF_BUCKET)), (_BLOCK, _block), (_NOTIFICATIONS, _notifications)),
        writes=(
            "s3.PutBucketPolicy",
            "s3.DeleteBucketPolicy",
            "s3.PutPublicAccessBlock",
            "s3.PutBucketNotificationConfiguration",
        ),
    ),
    Row(
        "AWS::DynamoDB::Table",
        "table",
        (Read(_TABLE_POLICY, lambda subject: {"ResourceArn": subject.arn}, "PolicyNotFoundException"),),
        checks=((_TABLE_POLICY, policy_check(_OF_TABLE)),),
        writes=("dynamodb.PutResourcePolicy", "dynamodb.DeleteResourcePolicy"),
    ),
    Row(
        "AWS::SecretsManager::Secret",
        "secret",
        (Read(_SECRET_POLICY, lambda subject: {"SecretId": subject.name}),),
        checks=((_SECRET_POLICY, policy_check(_OF_SECRET, "ResourcePolicy")),),
        writes=("secretsmanager.PutResourcePolicy", "secretsmanager.DeleteResourcePolicy"),
    ),
    Row(
        "AWS::KMS::Key",
        "key",
        (
            Read(_KEY_POLICY, lambda subject: {"KeyId": subject.name, "PolicyName": _DEFAULT}),
            Read(_GRANTS, lambda subject: {"KeyId": subject.name}),
        ),
        checks=((_KEY_POLICY, policy_check(_OF_KEY)), (_GRANTS, _grants)),
        writes=("kms.PutKeyPolicy", "kms.RevokeGrant"),
    ),
)
