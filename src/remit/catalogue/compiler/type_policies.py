"""Rows about the policies that resources hold.

The columns are those of `types.TypeAccess`. The compile fails on a type or a property that is gone. Sources: the types'
pages in the CloudFormation Template Reference; "Policies and permissions in IAM", "IAM and AWS STS quotas" (IAM User
Guide).
"""

from __future__ import annotations

from typing import Any, Final

_RESOURCE: Final = {"policies": "resource"}
POLICIES: Final[dict[str, dict[str, Any]]] = {
    "AWS::EC2::VPCEndpoint": {"policies": "ceiling"},
    "AWS::ECR::Repository": _RESOURCE,
    "AWS::IAM::Group": {"policies": "identity", "quota": "iam.group.inline", "managed": "ManagedPolicyArns"},
    "AWS::IAM::GroupPolicy": {"policies": "identity"},
    "AWS::IAM::ManagedPolicy": {"policies": "attached", "quota": "iam.managed", "roles": "Roles"},
    "AWS::IAM::Policy": {"policies": "identity", "roles": "Roles"},
    "AWS::IAM::Role": {"policies": "identity", "quota": "iam.role.inline", "managed": "ManagedPolicyArns"},
    "AWS::IAM::RolePolicy": {"policies": "identity", "quota": "iam.role.inline", "roles": "RoleName"},
    "AWS::IAM::User": {"policies": "identity", "quota": "iam.user.inline", "managed": "ManagedPolicyArns"},
    "AWS::IAM::UserPolicy": {"policies": "identity"},
    "AWS::IoT::Policy": {"policies": "attached"},
    "AWS::KMS::Key": _RESOURCE,
    "AWS::Organizations::Policy": {"policies": "ceiling"},
    "AWS::S3::BucketPolicy": _RESOURCE,
    "AWS::SNS::TopicPolicy": _RESOURCE,
    "AWS::SQS::QueuePolicy": _RESOURCE,
    "AWS::SSO::PermissionSet": {"policies": "identity", "managed": "ManagedPolicies"},
    "AWS::SecretsManager::ResourcePolicy": _RESOURCE,
    "AWS::Serverless::Connector": {"policies": "identity"},
    "AWS::Serverless::Function": {"policies": "identity", "quota": "iam.role.inline", "managed": "Policies"},
    "AWS::Serverless::StateMachine": {"policies": "identity", "managed": "Policies"},
}
