"""What CloudFormation calls for types whose schema does not say: what makes, reads, changes and removes them.

From each service's API reference, and the permissions that its page in the Service Authorization Reference asks for
beside; taken down in November 2026. Kept to types that are in use; any other is unknown.
"""

from __future__ import annotations

from typing import Final

_RDS_CLUSTER: Final = (
    (
        "iam:CreateServiceLinkedRole rds:AddTagsToResource rds:CreateDBCluster rds:DescribeDBClusters "
        "rds:RestoreDBClusterFromSnapshot"
    ),
    "rds:DescribeDBClusters rds:ListTagsForResource",
    "rds:AddTagsToResource rds:ModifyDBCluster rds:RemoveTagsFromResource",
    "rds:CreateDBClusterSnapshot rds:DeleteDBCluster",
)
_RDS_INSTANCE: Final = (
    "iam:CreateServiceLinkedRole rds:AddTagsToResource rds:CreateDBInstance",
    "rds:DescribeDBInstances rds:ListTagsForResource",
    "rds:AddTagsToResource rds:ModifyDBInstance rds:RebootDBInstance rds:RemoveTagsFromResource",
    "rds:DeleteDBInstance",
)


def _mesh(name: str) -> tuple[str, str, str, str]:
    return (
        f"appmesh:Create{name} appmesh:TagResource",
        f"appmesh:Describe{name} appmesh:ListTagsForResource",
        f"appmesh:TagResource appmesh:UntagResource appmesh:Update{name}",
        f"appmesh:Delete{name}",
    )


UNLISTED: Final[dict[str, tuple[str, str, str, str]]] = {
    "AWS::AppMesh::GatewayRoute": _mesh("GatewayRoute"),
    "AWS::AppMesh::Mesh": _mesh("Mesh"),
    "AWS::AppMesh::Route": _mesh("Route"),
    "AWS::AppMesh::VirtualGateway": _mesh("VirtualGateway"),
    "AWS::AppMesh::VirtualNode": _mesh("VirtualNode"),
    "AWS::AppMesh::VirtualRouter": _mesh("VirtualRouter"),
    "AWS::AppMesh::VirtualService": _mesh("VirtualService"),
    "AWS::CloudWatch::AnomalyDetector": (
        "cloudwatch:PutAnomalyDetector",
        "cloudwatch:DescribeAnomalyDetectors",
        "cloudwatch:PutAnomalyDetector",
        "cloudwatch:DeleteAnomalyDetector",
    ),
    "AWS::CodeBuild::Project": (
        "codebuild:CreateProject codebuild:CreateWebhook codebuild:UpdateProjectVisibility iam:PassRole",
        "codebuild:BatchGetProjects",
        (
            "codebuild:CreateWebhook codebuild:DeleteWebhook codebuild:UpdateProject "
            "codebuild:UpdateProjectVisibility codebuild:UpdateWebhook iam:PassRole"
        ),
        "codebuild:DeleteProject codebuild:DeleteWebhook",
    ),
    "AWS::DAX::Cluster": (
        (
            "dax:CreateCluster dax:TagResource ec2:CreateNetworkInterface ec2:DescribeNetworkInterfaces "
            "ec2:DescribeSecurityGroups ec2:DescribeSubnets ec2:DescribeVpcs iam:CreateServiceLinkedRole iam:GetRole "
            "iam:PassRole"
        ),
        "dax:DescribeClusters dax:ListTags",
        (
            "dax:DecreaseReplicationFactor dax:IncreaseReplicationFactor dax:TagResource dax:UntagResource "
            "dax:UpdateCluster"
        ),
        "dax:DeleteCluster",
    ),
    "AWS::DMS::ReplicationInstance": (
        "dms:AddTagsToResource dms:CreateReplicationInstance",
        "dms:DescribeReplicationInstances dms:ListTagsForResource",
        "dms:AddTagsToResource dms:ModifyReplicationInstance dms:RemoveTagsFromResource",
        "dms:DeleteReplicationInstance",
    ),
    "AWS::DocDB::DBCluster": _RDS_CLUSTER,
    "AWS::DocDB::DBInstance": _RDS_INSTANCE,
    "AWS::EC2::ClientVpnEndpoint": (
        "ec2:CreateClientVpnEndpoint ec2:CreateTags",
        "ec2:DescribeClientVpnEndpoints",
        "ec2:CreateTags ec2:DeleteTags ec2:ModifyClientVpnEndpoint",
        "ec2:DeleteClientVpnEndpoint",
    ),
    "AWS::EC2::ClientVpnTargetNetworkAssociation": (
        "ec2:AssociateClientVpnTargetNetwork",
        "ec2:DescribeClientVpnTargetNetworks",
        "",
        "ec2:DisassociateClientVpnTargetNetwork",
    ),
    "AWS::EMR::Cluster": (
        "elasticmapreduce:AddTags elasticmapreduce:RunJobFlow iam:CreateServiceLinkedRole iam:PassRole",
        "elasticmapreduce:DescribeCluster elasticmapreduce:ListInstanceFleets elasticmapreduce:ListInstanceGroups",
        (
            "elasticmapreduce:AddTags elasticmapreduce:ModifyInstanceFleet elasticmapreduce:ModifyInstanceGroups "
            "elasticmapreduce:PutAutoScalingPolicy elasticmapreduce:PutManagedScalingPolicy "
            "elasticmapreduce:RemoveTags elasticmapreduce:SetTerminationProtection"
        ),
        "elasticmapreduce:TerminateJobFlows",
    ),
    "AWS::ElasticLoadBalancingV2::ListenerCertificate": (
        "elasticloadbalancing:AddListenerCertificates",
        "elasticloadbalancing:DescribeListenerCertificates",
        "elasticloadbalancing:AddListenerCertificates elasticloadbalancing:RemoveListenerCertificates",
        "elasticloadbalancing:RemoveListenerCertificates",
    ),
    "AWS::Elasticsearch::Domain": (
        "es:AddTags es:CreateElasticsearchDomain",
        "es:DescribeElasticsearchDomain es:ListTags",
        "es:AddTags es:RemoveTags es:UpdateElasticsearchDomainConfig es:UpgradeElasticsearchDomain",
        "es:DeleteElasticsearchDomain",
    ),
    "AWS::FSx::FileSystem": (
        "fsx:CreateFileSystem fsx:CreateFileSystemFromBackup fsx:TagResource iam:CreateServiceLinkedRole",
        "fsx:DescribeFileSystems fsx:ListTagsForResource",
        "fsx:TagResource fsx:UntagResource fsx:UpdateFileSystem",
        "fsx:DeleteFileSystem",
    ),
    "AWS::IAM::AccessKey": (
        "iam:CreateAccessKey iam:UpdateAccessKey",
        "iam:ListAccessKeys",
        "iam:UpdateAccessKey",
        "iam:DeleteAccessKey",
    ),
    "AWS::IAM::UserToGroupAddition": (
        "iam:AddUserToGroup",
        "iam:GetGroup",
        "iam:AddUserToGroup iam:RemoveUserFromGroup",
        "iam:RemoveUserFromGroup",
    ),
    "AWS::LakeFormation::DataLakeSettings": (
        "lakeformation:PutDataLakeSettings",
        "lakeformation:GetDataLakeSettings",
        "lakeformation:PutDataLakeSettings",
        "lakeformation:PutDataLakeSettings",
    ),
    "AWS::LakeFormation::Permissions": (
        "lakeformation:GrantPermissions",
        "lakeformation:ListPermissions",
        "lakeformation:GrantPermissions lakeformation:RevokePermissions",
        "lakeformation:RevokePermissions",
    ),
    "AWS::LakeFormation::Resource": (
        "iam:PassRole lakeformation:RegisterResource",
        "lakeformation:DescribeResource",
        "iam:PassRole lakeformation:UpdateResource",
        "lakeformation:DeregisterResource",
    ),
    "AWS::Route53::RecordSetGroup": (
        "route53:ChangeResourceRecordSets route53:GetChange route53:ListHostedZonesByName",
        "route53:ListResourceRecordSets",
        "route53:ChangeResourceRecordSets route53:GetChange",
        "route53:ChangeResourceRecordSets route53:GetChange",
    ),
}
"""Create, read, update, delete."""
