"""Two versions of a template between which each kind of gain is there once."""

from __future__ import annotations

import json
from typing import Any, Final

OWN: Final = "arn:aws:iam::111122223333:policy/own"


def gains_of_every_kind(*, new: bool) -> bytes:
    """One version of a template: between the two, each kind of gain is there once, and a door that closes."""
    trust = [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]
    which, target = ("NotResource", "${B}") if new else ("Resource", "${A}")
    statements = [
        {"Effect": "Allow", "Action": "sqs:*", "Resource": "*"},
        {"Sid": "Late", "Effect": "Deny", "Action": "sqs:*", which: {"Fn::Sub": f"arn:aws:sqs:*:*:{target}"}},
    ]
    objects, others = {"Fn::Sub": "${Bucket.Arn}/*"}, {"AWS": "arn:aws:iam::444455556666:root"}
    of_bucket: Any = {"Effect": "Deny", "Principal": "*", "Action": "s3:DeleteObject", "Resource": objects}
    if new:
        trust.append({"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sts:AssumeRole"})
        trust.append({"Effect": "Deny", "NotPrincipal": "*", "Action": "sts:AssumeRole"})  # type: ignore[dict-item]
        statements.append({"Effect": "Allow", "Action": "s3:GetObject", "Resource": objects})
        of_bucket = {"Effect": "Allow", "Principal": others, "Action": "s3:PutObject", "Resource": objects}
    role = {
        "AssumeRolePolicyDocument": {"Statement": trust},
        "ManagedPolicyArns": [OWN, {"Ref": "Late"}] if new else [],
        "Policies": [{"PolicyName": "p", "PolicyDocument": {"Statement": statements}}],
    }
    method = {"HttpMethod": "GET", "RestApiId": "api", "ResourceId": "r"}
    resources = {
        "Role": ("AWS::IAM::Role", role),
        "Bucket": ("AWS::S3::Bucket", {}),
        "Policy": (
            "AWS::S3::BucketPolicy",
            {"Bucket": {"Ref": "Bucket"}, "PolicyDocument": {"Statement": [of_bucket]}},
        ),
        "Method": ("AWS::ApiGateway::Method", {**method, "AuthorizationType": "NONE" if new else "AWS_IAM"}),
        "Closed": ("AWS::ApiGateway::Method", {**method, "AuthorizationType": "AWS_IAM" if new else "NONE"}),
        "Queue": ("AWS::SQS::QueuePolicy", {"Queues": ["q"], "PolicyDocument": {"Ref": "Late"} if new else {}}),
    }
    template = {
        "Parameters": {name: {"Type": "String"} for name in ("A", "B", "Late")},
        "Resources": {name: {"Type": kind, "Properties": each} for name, (kind, each) in resources.items()},
    }
    return json.dumps(template).encode()
