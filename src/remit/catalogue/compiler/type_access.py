"""Rows about who may do what by a resource: the policies that it holds, and the access that it gives by itself.

The columns are those of `types.TypeAccess`. The compile fails on a type or a property that is gone. Sources: the types'
pages in the CloudFormation Template Reference; "Policies and permissions in IAM", "IAM and AWS STS quotas" (IAM User
Guide).
"""

from __future__ import annotations

from typing import Any, Final

_GRANT: Final = {"is_grant": True}
_RESOURCE: Final = {"policies": "resource"}
ACCESS: Final[dict[str, dict[str, Any]]] = {
    "AWS::ApiGateway::Method": {"authorization": "AuthorizationType"},
    "AWS::ApiGatewayV2::Route": {"authorization": "AuthorizationType"},
    "AWS::Cognito::IdentityPoolRoleAttachment": _GRANT,
    "AWS::EC2::VPCEndpoint": {"policies": "ceiling"},
    "AWS::EC2::VPCEndpointServicePermissions": _GRANT,
    "AWS::ECR::Repository": _RESOURCE,
    "AWS::IAM::AccessKey": _GRANT,
    "AWS::IAM::Group": {
        "policies": "identity",
        "quota": "iam.group.inline",
        "managed": "ManagedPolicyArns",
        "is_grant": True,
    },
    "AWS::IAM::GroupPolicy": {"policies": "identity", "is_grant": True},
    "AWS::IAM::InstanceProfile": _GRANT,
    "AWS::IAM::ManagedPolicy": {"policies": "attached", "quota": "iam.managed", "roles": "Roles"},
    "AWS::IAM::OIDCProvider": _GRANT,
    "AWS::IAM::Policy": {"policies": "identity", "roles": "Roles"},
    "AWS::IAM::Role": {"policies": "identity", "quota": "iam.role.inline", "managed": "ManagedPolicyArns"},
    "AWS::IAM::RolePolicy": {"policies": "identity", "quota": "iam.role.inline", "roles": "RoleName"},
    "AWS::IAM::SAMLProvider": _GRANT,
    "AWS::IAM::User": {
        "policies": "identity",
        "quota": "iam.user.inline",
        "managed": "ManagedPolicyArns",
        "is_grant": True,
    },
    "AWS::IAM::UserPolicy": {"policies": "identity", "is_grant": True},
    "AWS::IAM::UserToGroupAddition": _GRANT,
    "AWS::IoT::Policy": {"policies": "attached"},
    "AWS::KMS::Key": _RESOURCE,
    "AWS::LakeFormation::DataCellsFilter": _GRANT,
    "AWS::LakeFormation::DataLakeSettings": _GRANT,
    "AWS::LakeFormation::Permissions": _GRANT,
    "AWS::LakeFormation::PrincipalPermissions": _GRANT,
    "AWS::LakeFormation::Resource": _GRANT,
    "AWS::LakeFormation::Tag": _GRANT,
    "AWS::LakeFormation::TagAssociation": _GRANT,
    "AWS::Lambda::LayerVersionPermission": _GRANT,
    "AWS::Lambda::Permission": _GRANT,
    "AWS::Lambda::Url": {"authorization": "AuthType"},
    "AWS::Organizations::Policy": {"policies": "ceiling"},
    "AWS::RAM::ResourceShare": _GRANT,
    "AWS::S3::AccessGrant": _GRANT,
    "AWS::S3::AccessGrantsInstance": _GRANT,
    "AWS::S3::AccessGrantsLocation": _GRANT,
    "AWS::S3::BucketPolicy": _RESOURCE,
    "AWS::SNS::TopicPolicy": _RESOURCE,
    "AWS::SQS::QueuePolicy": _RESOURCE,
    "AWS::SSO::Application": _GRANT,
    "AWS::SSO::ApplicationAssignment": _GRANT,
    "AWS::SSO::Assignment": _GRANT,
    "AWS::SSO::Instance": _GRANT,
    "AWS::SSO::InstanceAccessControlAttributeConfiguration": _GRANT,
    "AWS::SSO::PermissionSet": {"policies": "identity", "managed": "ManagedPolicies", "is_grant": True},
    "AWS::SecretsManager::ResourcePolicy": _RESOURCE,
    "AWS::Serverless::Connector": {"policies": "identity"},
    "AWS::Serverless::Function": {"policies": "identity", "quota": "iam.role.inline", "managed": "Policies"},
    "AWS::Serverless::StateMachine": {"policies": "identity", "managed": "Policies"},
}
