"""The work of a review grows as the number of resources that come, go or change, not as its square."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from effort import calls_of
from random_cases import cases
from remit.review.role_files import review_files

if TYPE_CHECKING:
    from collections.abc import Callable

Resources = dict[str, Any]


def document(action: str, resource: Any = "*", **more: Any) -> Resources:
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": resource, **more}]}


def role() -> Resources:
    trust = document("sts:AssumeRole", Principal={"Service": "lambda.amazonaws.com"})
    del trust["Statement"][0]["Resource"]
    policies = [{"PolicyName": "p", "PolicyDocument": document("s3:GetObject")}]
    return {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": trust, "Policies": policies}}


def topics(number: int) -> Resources:
    return {f"Topic{number}": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": f"GetObject{number}"}}}


def functions(number: int) -> Resources:
    properties = {"Role": {"Fn::GetAtt": [f"Role{number}", "Arn"]}, "Handler": "app.handler"}
    return {f"Role{number}": role(), f"Fn{number}": {"Type": "AWS::Lambda::Function", "Properties": properties}}


def policies(number: int) -> Resources:
    properties = {"Roles": [{"Ref": f"Role{number}"}], "PolicyDocument": document("sqs:SendMessage")}
    return {f"Role{number}": role(), f"Policy{number}": {"Type": "AWS::IAM::ManagedPolicy", "Properties": properties}}


def buckets_for_roles(number: int) -> Resources:
    objects = {"Fn::Sub": f"${{Bucket{number}.Arn}}/*"}
    allowed = document("s3:GetObject", objects, Principal={"AWS": {"Fn::GetAtt": [f"Role{number}", "Arn"]}})
    properties = {"Bucket": {"Ref": f"Bucket{number}"}, "PolicyDocument": allowed}
    return {
        f"Role{number}": role(),
        f"Bucket{number}": {"Type": "AWS::S3::Bucket"},
        f"Policy{number}": {"Type": "AWS::S3::BucketPolicy", "Properties": properties},
    }


def sam_functions(number: int) -> Resources:
    properties = {
        "Handler": "app.handler",
        "Runtime": "python3.12",
        "InlineCode": "",
        "Policies": [document("s3:GetObject")],
    }
    return {f"Fn{number}": {"Type": "AWS::Serverless::Function", "Properties": properties}}


def template(make: Callable[[int], Resources], count: int) -> bytes:
    resources: Resources = {}
    for number in range(count):
        resources |= make(number)
    return json.dumps({"Resources": resources}).encode()


@pytest.mark.parametrize("make", [topics, functions, policies, buckets_for_roles, sam_functions])
@pytest.mark.parametrize("how", ["added", "removed", "changed"])
def test_twice_as_many_resources_take_about_twice_the_work(make: Callable[[int], Resources], how: str) -> None:
    def work(count: int) -> int:
        full, empty = template(make, count), template(make, 0)
        old = {"added": empty, "removed": full, "changed": full}[how]
        new = {"added": full, "removed": empty, "changed": full.replace(b"GetObject", b"PutObject")}[how]
        return calls_of(lambda: review_files((old, "old.json"), (new, "new.json")))

    work(2)  # what is read once is not counted
    few, many = work(cases(3, deep=10)), work(cases(6, deep=20))
    assert many < 2.3 * few
