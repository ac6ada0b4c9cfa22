"""Resources that CloudFormation does not make or delete, each refusal by itself."""

from __future__ import annotations

from typing import Any, Final

import pytest

from emulator_copies import copied
from remit.local.emulator import as_request_of
from remit.local.repairs.refusals import (
    _refuse_existing_names,
    _refuse_filled_buckets,
    _refuse_unknown_properties,
)
from remit.local.stack_operations import HandlerError, ResourceOperation

HERE, REGION = "121212121212", "eu-west-1"
TOPIC: Final = f"arn:aws:sns:{REGION}:{HERE}:kept"
STORES: Final = {
    "iam": {"_roles": {"kept": 1}},
    "sns": {"_topics": {TOPIC: 1}},
    "scheduler": {"_schedules": {"default/kept": 1, "own/other": 1}},
    "eventbridge": {"_rules": {"default|kept": 1}},
}


def operation(verb: Any, kind: str, properties: Any, previous: Any = None) -> ResourceOperation:
    return ResourceOperation(verb, kind, "s", "X", "b", properties, previous or {})


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        (operation("create", "AWS::IAM::Role", {"RoleName": "kept"}), "kept"),
        (operation("create", "AWS::IAM::Role", {"RoleName": "new"}), None),
        (operation("create", "AWS::IAM::Role", {}), None),
        (operation("create", "AWS::IAM::Role", {"RoleName": {"Ref": "x"}}), None),
        (operation("update", "AWS::IAM::Role", {"RoleName": "kept"}, {"RoleName": "kept"}), None),
        (operation("update", "AWS::IAM::Role", {"RoleName": "kept"}, {"RoleName": "old"}), "kept"),
        (operation("create", "AWS::IAM::Role", {"RoleName": "kept"}, {"RoleName": "kept"}), "kept"),
        (operation("delete", "AWS::IAM::Role", {"RoleName": "kept"}), None),
        (operation("import", "AWS::IAM::Role", {"RoleName": "kept"}), None),
        (operation("create", "AWS::SNS::Topic", {"TopicName": "kept"}), "kept"),
        (operation("create", "AWS::SNS::Topic", {"TopicName": "new"}), None),
        (operation("create", "AWS::Scheduler::Schedule", {"Name": "kept"}), "kept"),
        (operation("create", "AWS::Scheduler::Schedule", {"Name": "kept", "GroupName": "own"}), None),
        (operation("create", "AWS::Scheduler::Schedule", {"Name": "other", "GroupName": "own"}), "other"),
        (operation("create", "AWS::Events::Rule", {"Name": "kept"}), "kept"),
        (operation("create", "AWS::Events::Rule", {"Name": "kept", "EventBusName": "own"}), None),
        (operation("create", "AWS::S3::Bucket", {"BucketName": "kept"}), None),
        (operation("create", "Custom::Thing", {"Name": "kept"}), None),
    ],
)
def test_a_name_that_exists_is_refused_unless_its_own_resource_keeps_it(
    monkeypatch: pytest.MonkeyPatch, asked: ResourceOperation, name: str | None
) -> None:
    for module, stores in STORES.items():
        copied(monkeypatch, f"services.{module}", **stores)
    with as_request_of(HERE, REGION):
        if name is None:
            _refuse_existing_names(asked)
            return
        with pytest.raises(HandlerError) as refused:
            _refuse_existing_names(asked)
    message = f"Resource of type '{asked.type}' with identifier '{name}' already exists."
    assert str(refused.value).startswith(f'Resource handler returned message: "{message}" (RequestToken: ')
    assert str(refused.value).endswith(", HandlerErrorCode: AlreadyExists)")


@pytest.mark.parametrize(
    ("asked", "buckets", "versions", "is_refused"),
    [
        (operation("delete", "AWS::S3::Bucket", {}), {"b": {"objects": {"a": 1}}}, [], True),
        (operation("delete", "AWS::S3::Bucket", {}), {"b": {"objects": {}}}, ["b"], True),
        (operation("delete", "AWS::S3::Bucket", {}), {"b": {"objects": {}}}, [], False),
        (operation("delete", "AWS::S3::Bucket", {}), {}, ["b"], False),
        (operation("update", "AWS::S3::Bucket", {}), {"b": {"objects": {"a": 1}}}, [], False),
        (operation("delete", "AWS::S3::BucketPolicy", {}), {"b": {"objects": {"a": 1}}}, [], False),
    ],
)
def test_a_bucket_that_holds_something_is_not_deleted(
    monkeypatch: pytest.MonkeyPatch, asked: ResourceOperation, buckets: Any, versions: list[str], *, is_refused: bool
) -> None:
    copied(monkeypatch, "services.s3", _buckets=buckets, _bucket_has_versions=lambda name: name in versions)
    if not is_refused:
        _refuse_filled_buckets(asked)
        return
    with pytest.raises(HandlerError) as refused:
        _refuse_filled_buckets(asked)
    words = "The bucket you tried to delete is not empty. You must delete all versions in the bucket."
    assert f'"{words} (Service: S3, Status Code: 409)"' in str(refused.value)
    assert str(refused.value).endswith(", HandlerErrorCode: GeneralServiceException)")


WRONG: Final = {"Delay": 1, "Tags": [{"Key": "a", "Valeu": "b"}], "DelaySeconds": 1}


@pytest.mark.parametrize("verb", ["create", "update", "delete"])
def test_properties_that_a_type_does_not_have_are_all_named(verb: str) -> None:
    asked = operation(verb, "AWS::SQS::Queue", WRONG)
    _refuse_unknown_properties(operation(verb, "Custom::Thing", WRONG))
    _refuse_unknown_properties(operation(verb, "AWS::SQS::Queue", {"DelaySeconds": 1}))
    if verb == "delete":
        _refuse_unknown_properties(asked)
        return
    with pytest.raises(ValueError, match="Properties validation failed") as refused:
        _refuse_unknown_properties(asked)
    unknown = "#: extraneous key [Delay] is not permitted, #/Tags/0: extraneous key [Valeu] is not permitted"
    assert f"Properties validation failed for resource X with message:\n[{unknown}]" == str(refused.value)
