"""What an access control list of a bucket grants is written as statements that grant the same."""

from __future__ import annotations

import pytest

from remit.iam.bucket_acl import ALL_USERS, acl_statements

ACCOUNT = "0123456789abcdef" * 4
LISTS = ("s3:ListBucket", "s3:ListBucketMultipartUploads", "s3:ListBucketVersions")


@pytest.mark.parametrize(
    ("permission", "on_bucket", "on_objects"),
    [
        ("READ", LISTS, ()),
        ("WRITE", (), ("s3:PutObject",)),
        ("READ_ACP", ("s3:GetBucketAcl",), ()),
        ("WRITE_ACP", ("s3:PutBucketAcl",), ()),
        ("FULL_CONTROL", (*LISTS, "s3:GetBucketAcl", "s3:PutBucketAcl"), ("s3:PutObject",)),
    ],
)
def test_a_permission_lets_do_what_the_user_guide_says(
    permission: str, on_bucket: tuple[str, ...], on_objects: tuple[str, ...]
) -> None:
    actions = {"arn:aws:s3:::b": on_bucket, "arn:aws:s3:::b/*": on_objects}
    statements = acl_statements("arn:aws:s3:::b", ((ACCOUNT, permission),))
    resources = [statement.resources for statement in statements]
    assert {key: value for key, value in actions.items() if value} == {
        resource.patterns[0]: statement.actions.patterns
        for resource, statement in zip(resources, statements, strict=True)
        if resource is not None
    }


def test_each_grantee_has_statements_of_its_own() -> None:
    statements = acl_statements("arn:aws:s3:::b", ((ALL_USERS, "READ"), (ACCOUNT, "READ"), (ALL_USERS, "READ_ACP")))
    patterns = [statement.principals.patterns for statement in statements if statement.principals is not None]
    assert [(("*", "*"),), (("CanonicalUser", ACCOUNT),)] == patterns


def test_each_statement_has_the_sid_that_is_given() -> None:
    statements = acl_statements("arn:aws:s3:::b", ((ACCOUNT, "FULL_CONTROL"), (ALL_USERS, "READ")), "Acl")
    assert ["Acl"] * 3 == [statement.sid for statement in statements]
