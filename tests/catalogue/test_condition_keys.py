"""Condition keys as their services list them: found in any case, with their types, on the actions that take them."""

from __future__ import annotations

import re

import pytest

from remit.catalogue.action_keys import carries, folded_key, key_type, taken_keys, takes
from remit.catalogue.actions import action, actions, is_multivalued, keys, services, value_type
from remit.catalogue.condition_keys import global_key, global_keys

VARIABLE = r"\$\{[^}]*\}|<[^>]*>"
LISTED = {
    key.name: key.type
    for prefix in services()
    for key in keys(prefix)
    if key.name.startswith(f"{prefix}:") and global_key(key.name) is None
}
SAME_FAMILY = {"events:Metadata/${MetadataKey}"}
"""Beside it stands one of another type that goes on after the name of the member."""


def test_each_key_that_a_service_lists_has_its_type_in_any_case_and_with_any_name_of_a_tag() -> None:
    for listed, type_ in LISTED.items():
        name = re.sub(VARIABLE, "Team", listed).swapcase()
        if name.endswith("tEAM") or not re.search(VARIABLE, listed):
            single = type_.removeprefix("ArrayOf")
            assert listed in SAME_FAMILY or key_type(name) == type_, listed
            assert value_type(name) == single, listed
            assert is_multivalued(name) == (type_ != single if type_ else None), listed


@pytest.mark.parametrize("key", ["s3:prefix/x", "apigateway:Request/Nothing", "s3:ExistingObjectTag", "nosuch:Key"])
def test_what_no_service_lists_has_no_type(key: str) -> None:
    assert key_type(key) is None


def test_each_global_key_has_its_type_with_a_tag_where_it_is_of_tags() -> None:
    for key in global_keys():
        name = f"{key.name}/Team" if key.tagged else key.name
        assert key_type(name.swapcase()) == f"{'ArrayOf' if key.multivalued else ''}{key.type}"
        assert (value_type(name), is_multivalued(name)) == (key.type, key.multivalued)
        assert key_type(key.name if key.tagged else f"{key.name}/Team") is None


def test_an_action_takes_the_keys_that_are_listed_for_it_or_for_its_resources_and_no_others() -> None:
    for prefix in ("kms", "apigateway", "secretsmanager", "sqs"):
        everywhere = {folded_key(key.name) for key in keys(prefix)}
        for name in actions(prefix):
            known = action(name)
            assert known is not None
            listed = {key.name for target in known.targets for key in (*target.keys, *target.type.keys)}
            listed |= {key.name for key in known.keys}
            assert all(takes(name, re.sub(VARIABLE, "Team", key).upper()) for key in listed)
            assert everywhere & taken_keys(name) == everywhere & {folded_key(key) for key in listed}


@pytest.mark.parametrize(
    ("key", "folded"),
    [
        ("kms:EncryptionContext:Department", "kms:encryptioncontext:"),
        ("kms:EncryptionContext", "kms:encryptioncontext"),
        ("s3:ExistingObjectTag/Team", "s3:existingobjecttag/"),
        ("s3:RequestObjectTag/a/b", "s3:requestobjecttag/"),
        ("aws:ResourceTag/Team", "aws:resourcetag/"),
        ("apigateway:Request/ApiName", "apigateway:request/apiname"),
        ("ssm:ResourceTag/Team", "ssm:resourcetag/"),
    ],
)
def test_a_key_is_folded_as_its_service_lists_it(key: str, folded: str) -> None:
    assert folded_key(key) == folded


@pytest.mark.parametrize(
    ("key", "is_carried"),
    [
        ("s3:ExistingObjectTag/Team", True),
        ("s3:prefix", False),
        ("sqs:Any", True),
        ("aws:SourceIp", True),
        ("aws:ResourceTag/Team", True),
    ],
)
def test_a_request_carries_its_actions_keys_and_whatever_no_service_lists(key: str, *, is_carried: bool) -> None:
    assert carries("s3:GetObject", key) is is_carried
