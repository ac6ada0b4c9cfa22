"""The cases of BishopFox/iam-vulnerable with its own verdicts, written down by hand from its Terraform and its README.

Source: github.com/BishopFox/iam-vulnerable (MIT), modules/free-resources, commit 0f29866. Each case is a user and a
role with the same policies; the role trusts whoever runs Terraform. The account also has its
`privesc-high-priv-service-role` (administrator, trusted by ten services, in an instance profile) and its
`privesc-sre-*` principals.
"""

from __future__ import annotations

from typing import Any, Final

from audit_accounts import ACCOUNT, EVERYTHING, allow, deny, group, managed, page, role, trust, user

RUNNER: Final = f"arn:aws:iam::{ACCOUNT}:user/terraform"
SERVICES: Final = [
    f"{name}.amazonaws.com"
    for name in (
        "ec2", "datapipeline", "cloudformation", "lambda", "glue", "ecs-tasks", "codebuild", "eks", "sagemaker",
        "elasticbeanstalk",
    )
]  # fmt: skip
_ISSUED: Final = "aws:TokenIssueTime"
_2020: Final = "2020-01-01T00:00:01Z"

CASES: Final[dict[str, tuple[bool, tuple[dict[str, Any], ...]]]] = {
    "privesc1-CreateNewPolicyVersion": (True, (allow("iam:CreatePolicyVersion"),)),
    "privesc2-SetExistingDefaultPolicyVersion": (True, (allow("iam:SetDefaultPolicyVersion"),)),
    "privesc3-CreateEC2WithExistingIP": (True, (
        allow("iam:PassRole", "ec2:DescribeInstances", "ec2:RunInstances", "ec2:CreateKeyPair",
              "ec2:AssociateIamInstanceProfile"),)),
    "privesc4-CreateAccessKey": (True, (allow("iam:CreateAccessKey"),)),
    "privesc5-CreateLoginProfile": (True, (allow("iam:CreateLoginProfile"),)),
    "privesc6-UpdateLoginProfile": (True, (allow("iam:UpdateLoginProfile"),)),
    "privesc7-AttachUserPolicy": (True, (allow("iam:AttachUserPolicy"),)),
    "privesc8-AttachGroupPolicy": (True, (allow("iam:AttachGroupPolicy"),)),
    "privesc9-AttachRolePolicy": (True, (allow("iam:AttachRolePolicy"),)),
    "privesc10-PutUserPolicy": (True, (allow("iam:PutUserPolicy"),)),
    "privesc11-PutGroupPolicy": (True, (allow("iam:PutGroupPolicy"),)),
    "privesc12-PutRolePolicy": (True, (allow("iam:PutRolePolicy"),)),
    "privesc13-AddUserToGroup": (True, (allow("iam:AddUserToGroup"),)),
    "privesc14-UpdatingAssumeRolePolicy": (True, (allow("iam:UpdateAssumeRolePolicy", "sts:AssumeRole"),)),
    "privesc15-PassExistingRoleToNewLambdaThenInvoke": (True, (
        allow("iam:PassRole", "lambda:CreateFunction", "lambda:InvokeFunction"),)),
    "privesc16-PassRoleToNewLambdaThenTriggerWithNewDynamo": (True, (
        allow("lambda:CreateFunction", "iam:PassRole", "lambda:CreateEventSourceMapping"),)),
    "privesc17-EditExistingLambdaFunctionWithRole": (True, (
        allow("lambda:UpdateFunctionCode", "lambda:UpdateFunctionConfiguration"),)),
    "privesc18-PassExistingRoleToNewGlueDevEndpoint": (True, (
        allow("glue:CreateDevEndpoint", "glue:GetDevEndpoint", "iam:PassRole"),)),
    "privesc19-UpdateExistingGlueDevEndpoint": (True, (allow("glue:UpdateDevEndpoint", "glue:GetDevEndpoint"),)),
    "privesc20-PassExistingRoleToCloudFormation": (True, (
        allow("iam:PassRole", "cloudformation:CreateStack", "cloudformation:DescribeStacks"),)),
    "privesc21-PassExistingRoleToNewDataPipeline": (True, (
        allow("iam:PassRole"),
        allow("datapipeline:CreatePipeline", "datapipeline:PutPipelineDefinition", "datapipeline:ActivatePipeline"))),
    "privesc-CloudFormationUpdateStack": (True, (
        allow("cloudformation:UpdateStack", "cloudformation:DescribeStacks"),)),
    "privesc-codeBuildCreateProjectPassRole": (True, (
        allow("codebuild:CreateProject", "codebuild:StartBuild", "codebuild:StartBuildBatch", "iam:PassRole",
              "iam:ListRoles"),)),
    "privesc-ec2InstanceConnect": (True, (
        allow("ec2:DescribeInstances", "ec2-instance-connect:SendSSHPublicKey",
              "ec2-instance-connect:SendSerialConsoleSSHPublicKey"),)),
    "privesc-sageMakerCreateNotebookPassRole": (True, (
        allow("sagemaker:CreateNotebookInstance", "sagemaker:CreatePresignedNotebookInstanceUrl",
              "sagemaker:ListNotebookInstances", "sagemaker:DescribeNotebookInstance",
              "sagemaker:StopNotebookInstance", "sagemaker:DeleteNotebookInstance", "iam:PassRole", "iam:ListRoles"),)),
    "privesc-sageMakerCreatePresignedNotebookURL": (True, (
        allow("sagemaker:CreatePresignedNotebookInstanceUrl", "sagemaker:ListNotebookInstances"),)),
    "privesc-sageMakerCreateProcessingJobPassRole": (True, (allow("sagemaker:CreateProcessingJob", "iam:PassRole"),)),
    "privesc-sageMakerCreateTrainingJobPassRole": (True, (allow("sagemaker:CreateTrainingJob", "iam:PassRole"),)),
    "privesc-ssmSendCommand": (True, (
        allow("ec2:DescribeInstances", "ssm:listCommands", "ssm:listCommandInvocations", "ssm:sendCommand"),)),
    "privesc-ssmStartSession": (True, (
        allow("ec2:DescribeInstances", "ssm:StartSession", "ssm:DescribeSessions", "ssm:GetConnectionStatus",
              "ssm:DescribeInstanceProperties", "ssm:TerminateSession", "ssm:ResumeSession"),)),
    "fn1-privesc3-partial": (True, (allow("ec2:DescribeInstances", "ec2:RunInstances"), allow("iam:PassRole"))),
    "fn2-exploitableResourceConstraint": (True, (allow("iam:CreatePolicyVersion", on="arn:aws:iam::*:policy/fn2-*"),)),
    "fn3-exploitableConditionConstraint": (True, (
        allow("iam:CreatePolicyVersion", when={"DateGreaterThan": {_ISSUED: _2020}}),)),
    "fn4-exploitableNotAction": (True, (
        {"Effect": "Allow", "NotAction": ["iam:Update*", "iam:Create*", "iam:Attach*"], "Resource": "*"},)),
    "fp1-allow-and-deny": (False, (allow("iam:*"), deny("iam:*"))),
    "fp2-allow-and-deny-multiple-policies": (False, (EVERYTHING, deny("*"))),
    "fp3-deny-iam": (False, (deny("iam:*"),)),
    "fp4-nonExploitableResourceConstraint": (False, (
        allow("iam:CreatePolicyVersion", on="arn:aws:iam::aws:policy/fp4-*"),)),
    "fp5-nonExploitableConditionConstraint": (False, (
        allow("iam:CreatePolicyVersion", when={"DateLessThan": {_ISSUED: _2020}}),)),
}  # fmt: skip
"""Whether the project says that the case can be exploited, and the statements of its policies."""


def account() -> dict[str, Any]:
    """The whole account, as `get-account-authorization-details` prints it."""
    runner = trust(aws=RUNNER)
    service_role = role(
        "privesc-high-priv-service-role",
        EVERYTHING,
        trusts=trust(service=SERVICES),
        InstanceProfileList=[{"InstanceProfileName": "privesc-high-priv-service-profile"}],
    )
    sre = group("privesc-sre-group", allow("iam:*", "ec2:*", "s3:*"))
    records = [service_role, sre, user("privesc-sre-user", GroupList=["privesc-sre-group"])]
    records.append(role("privesc-permissive-role-trust", trusts=trust(aws=f"arn:aws:iam::{ACCOUNT}:root")))
    for name, (_, statements) in CASES.items():
        policy = managed(name, *statements)
        attached = {"AttachedManagedPolicies": [{"PolicyArn": policy["Arn"]}]}
        groups = [f"{name}-group"] if "Group" in name and "AddUser" not in name else []
        records += [group(group_, **attached) for group_ in groups]
        records += [
            policy,
            role(f"{name}-role", trusts=runner, **attached),
            user(f"{name}-user", GroupList=groups, **attached),
        ]
    return page(*records, *_assume_role_chain(runner))


def _assume_role_chain(runner: dict[str, Any]) -> list[dict[str, Any]]:
    """`privesc-AssumeRole`: a role that may assume a second, and this one a third, which is an administrator."""
    names = [f"arn:aws:iam::{ACCOUNT}:role/privesc-AssumeRole-{place}-role" for place in ("starting", "intermediate")]
    return [
        role("privesc-AssumeRole-starting-role", trusts=runner),
        role("privesc-AssumeRole-intermediate-role", trusts=trust(aws=names[0])),
        role("privesc-AssumeRole-ending-role", EVERYTHING, trusts=trust(aws=names[1])),
        user("privesc-AssumeRole-start-user"),
    ]
