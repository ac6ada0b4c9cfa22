"""The access control list of a bucket as statements of a policy that lets others do the same.

Sources: "Access control list (ACL) overview", "Controlling ownership of objects and disabling ACLs for your bucket"
(Amazon S3 User Guide).
"""

from __future__ import annotations

from typing import Final, TypeAlias

from remit.iam.policy import Condition, Globs, Principals, Statement

AclGrant: TypeAlias = tuple[str, str]
"""A grantee (the address of a group, or the canonical id of an account) and the permission that it has."""
_GROUPS: Final = "http://acs.amazonaws.com/groups"
ALL_USERS: Final = f"{_GROUPS}/global/AllUsers"
AUTHENTICATED_USERS: Final = f"{_GROUPS}/global/AuthenticatedUsers"
LOG_DELIVERY: Final = f"{_GROUPS}/s3/LogDelivery"
PUBLIC_GROUPS: Final = frozenset({ALL_USERS, AUTHENTICATED_USERS})
"""The groups whose grants are public: IgnorePublicAcls takes them away."""
ENFORCED: Final = "BucketOwnerEnforced"
"""The ownership of objects under which all lists are disabled."""
_ON_BUCKET: Final = {
    "READ": ("s3:ListBucket", "s3:ListBucketMultipartUploads", "s3:ListBucketVersions"),
    "READ_ACP": ("s3:GetBucketAcl",),
    "WRITE_ACP": ("s3:PutBucketAcl",),
}
_ON_OBJECTS: Final = {"WRITE": ("s3:PutObject",)}
_EVERYONE: Final = Principals((("*", "*"),))
_SIGNED: Final = Condition("StringNotEquals", "aws:PrincipalType", ("Anonymous",))
_GRANTEES: Final[dict[str, tuple[Principals, tuple[Condition, ...]]]] = {
    ALL_USERS: (_EVERYONE, ()),
    AUTHENTICATED_USERS: (_EVERYONE, (_SIGNED,)),
    LOG_DELIVERY: (Principals((("Service", "logging.s3.amazonaws.com"),)), ()),
}


def acl_statements(bucket_arn: str, grants: tuple[AclGrant, ...], sid: str = "") -> tuple[Statement, ...]:
    """The statements that let each grantee of a list do what it grants, on the bucket and on its objects.

    A grantee that is none of S3's groups counts as a canonical id; permissions that S3 does not have grant nothing.
    """
    statements: list[Statement] = []
    for grantee in dict.fromkeys(grantee for grantee, _ in grants):
        permissions = {permission for name, permission in grants if name == grantee}
        account = Principals((("CanonicalUser", grantee),))
        principals, conditions = _GRANTEES.get(grantee, (account, ()))
        for actions_by_permission, resource in ((_ON_BUCKET, bucket_arn), (_ON_OBJECTS, f"{bucket_arn}/*")):
            actions: list[str] = []
            for permission, names in actions_by_permission.items():
                if permission in permissions or "FULL_CONTROL" in permissions:
                    actions += names
            if actions:
                resources = Globs((resource,))
                statements.append(Statement("Allow", Globs(tuple(actions)), resources, principals, conditions, sid))
    return tuple(statements)
