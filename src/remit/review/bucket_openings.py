"""What lets others into a bucket beside its policy: access control lists, and blocks of public access that are off.

Sources: "Access control list (ACL) overview", "Controlling ownership of objects and disabling ACLs for your bucket",
"Blocking public access to your Amazon S3 storage" (Amazon S3 User Guide).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from remit.iam.bucket_acl import CANNED_ACLS, ENFORCED, PUBLIC_GROUPS, WITH_ACLS, acl_statements

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from remit.iam.policy import Statement

BUCKETS: Final = (
    "AWS::S3::Bucket", "aws_s3_account_public_access_block", "aws_s3_bucket", "aws_s3_bucket_acl",
    "aws_s3_bucket_object", "aws_s3_bucket_ownership_controls", "aws_s3_bucket_public_access_block", "aws_s3_object",
)  # fmt: skip
"""The types of resources whose properties may let others into a bucket."""
_PRIVATE: Final = (
    "BucketOwnerFullControl", "BucketOwnerRead", "Private", "bucket-owner-full-control", "bucket-owner-read", "private",
    None,
)  # fmt: skip
"""Canned access control lists that let nobody in but the owner."""
_OF_ACLS: Final = ("BlockPublicAcls", "IgnorePublicAcls")
_OF_POLICIES: Final = ("BlockPublicPolicy", "RestrictPublicBuckets")
_GRANTING: Final = ("access_control_policy", "grant")
"""The properties of Terraform's types that list grants."""


def opened(properties: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """What may let somebody into a bucket and is no statement: the property, and what it is.

    That is a list whose effect is not known, an ownership of objects under which each object may have a list, and each
    block that is off. Lists are disabled, and their blocks without effect, where the bucket's owner owns all objects.
    """
    ownership = _ownership(properties)
    if ownership != ENFORCED:
        if acl_effect(properties) is None:
            yield "AccessControl", _canned_acl(properties)
        for name in _GRANTING:
            if properties.get(name):
                yield name, properties[name]
        if ownership is not None:
            yield "ObjectOwnership", ownership
    for name in _OF_POLICIES if ownership == ENFORCED else (*_OF_ACLS, *_OF_POLICIES):
        flag = _flag(properties, name)
        if flag not in (None, True, "true"):
            yield name, flag


def statements_of_acl(properties: Mapping[str, Any], bucket_arn: str) -> tuple[Statement, ...]:
    """What the canned list of a bucket lets others do, where it is certain that it has that effect."""
    if acl_effect(properties) is not True:
        return ()
    return acl_statements(bucket_arn, CANNED_ACLS[_canned_acl(properties)])


def acl_effect(properties: Mapping[str, Any]) -> bool | None:
    """Whether the canned list of a bucket lets others in; None: that depends on what the template does not say.

    What a template does not say of ownership and blocks depends on when the bucket was made: since April 2023, new
    buckets have lists disabled, and all blocks on.
    """
    access = _canned_acl(properties)
    if access in _PRIVATE or _ownership(properties) == ENFORCED:
        return False
    grants = CANNED_ACLS.get(access) if isinstance(access, str) else None
    if grants is None or _ownership(properties) not in WITH_ACLS:
        return None
    if not any(grantee in PUBLIC_GROUPS for grantee, _ in grants):
        return True
    flags = [_flag(properties, name) for name in _OF_ACLS]
    if any(flag in (True, "true") for flag in flags):
        return False
    if all(flag in (False, "false") for flag in flags):
        return True
    return None


def _canned_acl(properties: Mapping[str, Any]) -> Any:
    return properties.get("AccessControl", properties.get("acl"))


def _ownership(properties: Mapping[str, Any]) -> Any:
    """Who owns the objects of a bucket; None: nothing says so."""
    controls = properties.get("OwnershipControls", properties)
    rules = controls.get("Rules", controls.get("rule")) if isinstance(controls, dict) else controls
    rule = rules[0] if isinstance(rules, list) and rules else rules
    return rule.get("ObjectOwnership", rule.get("object_ownership")) if isinstance(rule, dict) else rule


def _flag(properties: Mapping[str, Any], name: str) -> Any:
    """One of the four blocks; None: nothing says so."""
    blocks = properties.get("PublicAccessBlockConfiguration", properties)
    return blocks.get(name, blocks.get(_snake(name))) if isinstance(blocks, dict) else blocks


def _snake(name: str) -> str:
    """`BlockPublicAcls` as Terraform has it: `block_public_acls`."""
    words = re.findall(r"[A-Z][^A-Z]*", name)
    return "_".join(words).lower()
