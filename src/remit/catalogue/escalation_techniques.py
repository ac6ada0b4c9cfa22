"""The known ways to gain rights: the actions that each needs, on what, and whose rights it gives.

Sources, by the letters of a row: R "AWS IAM Privilege Escalation: Methods and Mitigation", parts 1 and 2 (Rhino
Security Labs); B "Privilege Escalation in AWS with PassRole", and the project iam-vulnerable (Bishop Fox, MIT);
D pathfinding.cloud (Datadog); U the page of the IAM User Guide, or of the service's API, on the action itself.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias

On: TypeAlias = Literal[
    "itself",
    "its group",
    "its policy",
    "its policy with a version that allows everything",
    "its policy with a version that allows more",
    "a policy with a version that allows more",
    "its boundary",
    "a user",
    "a role",
    "a group",
    "a new one",
    "anything",
]
"""What an action must be allowed on: the principal itself, a group that it is in, a customer managed policy that it
has as a policy or boundary (or any such policy of the account), the user or role whose rights are gained, one that is
made and the same for all actions, or any resource of the account that the action takes."""

Gain: TypeAlias = Literal["administrator", "user", "role", "group", "passed role", "running role", "assumed role"]
"""Whose rights are gained: those of an administrator, of the target, of a role that `service` may be given, or of a
role as which something of `service` runs already."""

Kind: TypeAlias = Literal["", "user", "role"]


@dataclass(frozen=True, slots=True)
class TechniqueNeed:
    """An action, and on what it must be allowed."""

    action: str
    on: On = "anything"


@dataclass(frozen=True, slots=True)
class Technique:
    """One way to gain rights. `does` completes "the principal can …"; `assumes` is what the files cannot show.

    `kind`: whether a user, a role, or either can use it.
    """

    name: str
    gain: Gain
    needs: tuple[TechniqueNeed, ...]
    does: str
    sources: str
    service: str = ""
    assumes: str = ""
    kind: Kind = ""

    @property
    def actions(self) -> tuple[str, ...]:
        """The actions that it needs; what passes a role needs iam:PassRole besides."""
        names = tuple(need.action for need in self.needs)
        return ("iam:PassRole", *names) if self.gain == "passed role" else names


def _alone(gain: Gain, action: str, on: On, does: str, sources: str = "R B D", *, kind: Kind = "") -> Technique:
    return Technique(action, gain, (TechniqueNeed(action, on),), does, sources, kind=kind)


def _off(action: str, kind: Kind) -> Technique:
    return _alone("administrator", action, "itself", "take its boundary off, or put another on", "U D", kind=kind)


def _new(*actions: str) -> Technique:
    """The technique of making a new principal by some actions."""
    needs = tuple(TechniqueNeed(action, "a new one") for action in actions)
    return Technique(
        " + ".join(actions), "administrator", needs, "make a new principal with any rights, and act as it", "D"
    )


def _passed(service: str, *actions: str, sources: str = "D", assumes: str = "") -> Technique:
    """The technique of a service that is made to run commands as a role that is passed to it."""
    name = " + ".join(("iam:PassRole", *actions))
    does = f"have {service} run its commands as a role that it passes"
    return Technique(name, "passed role", tuple(map(TechniqueNeed, actions)), does, sources, service, assumes)


def _running(service: str, noun: str, *actions: str, sources: str = "D") -> Technique:
    """The technique of running commands in something of a service that has a role already."""
    name, needs = " + ".join(actions), tuple(map(TechniqueNeed, actions))
    does = f"run its commands in {noun} that has a role, as that role"
    return Technique(name, "running role", needs, does, sources, service, f"{noun} runs as the role")


LAMBDA, EC2, ECS, GLUE = "lambda.amazonaws.com", "ec2.amazonaws.com", "ecs-tasks.amazonaws.com", "glue.amazonaws.com"
CLOUDFORMATION, SAGEMAKER = "cloudformation.amazonaws.com", "sagemaker.amazonaws.com"
CODEBUILD, STATES = "codebuild.amazonaws.com", "states.amazonaws.com"

TECHNIQUES: Final = (
    _alone("administrator", "iam:AttachUserPolicy", "itself", "attach any policy to itself", kind="user"),
    _alone("administrator", "iam:AttachRolePolicy", "itself", "attach any policy to itself", kind="role"),
    _alone("administrator", "iam:AttachGroupPolicy", "its group", "attach any policy to its group", kind="user"),
    _alone("administrator", "iam:PutUserPolicy", "itself", "write a policy into itself", kind="user"),
    _alone("administrator", "iam:PutRolePolicy", "itself", "write a policy into itself", kind="role"),
    _alone("administrator", "iam:PutGroupPolicy", "its group", "write a policy into its group", kind="user"),
    _alone("administrator", "iam:CreatePolicyVersion", "its policy", "rewrite a policy that it has"),
    _alone("administrator", "iam:SetDefaultPolicyVersion", "its policy with a version that allows everything",
           "bring back an older version of a policy that it has"),
    replace(
        _alone("administrator", "iam:SetDefaultPolicyVersion", "its policy with a version that allows more",
               "bring back an older version of a policy that it has"),
        assumes="an older version of the policy allows more",
    ),
    _new("iam:CreateRole", "iam:AttachRolePolicy"),
    _new("iam:CreateRole", "iam:PutRolePolicy"),
    _new("iam:CreateUser", "iam:AttachUserPolicy", "iam:CreateAccessKey"),
    _new("iam:CreateUser", "iam:PutUserPolicy", "iam:CreateAccessKey"),
    _alone("group", "iam:AddUserToGroup", "anything", "join a group", kind="user"),
    _alone("user", "iam:CreateAccessKey", "a user", "make keys of another user"),
    _alone("user", "iam:CreateLoginProfile", "a user", "set a password for another user"),
    _alone("user", "iam:UpdateLoginProfile", "a user", "change the password of another user"),
    _alone("role", "iam:UpdateAssumeRolePolicy", "a role", "let itself assume a role"),
    _passed(LAMBDA, "lambda:CreateFunction", "lambda:InvokeFunction", sources="R B D"),
    _passed(LAMBDA, "lambda:CreateFunction", "lambda:AddPermission"),
    _passed(LAMBDA, "lambda:CreateFunction", "lambda:CreateEventSourceMapping", sources="R B D"),
    _passed(EC2, "ec2:RunInstances", sources="R B D"),
    _passed(EC2, "ec2:RequestSpotInstances"),
    _passed(EC2, "ec2:CreateLaunchTemplate", "autoscaling:CreateAutoScalingGroup"),
    _passed(EC2, "autoscaling:CreateLaunchConfiguration", "autoscaling:CreateAutoScalingGroup"),
    _passed(EC2, "ec2:AssociateIamInstanceProfile", "ssm:SendCommand", assumes="an instance takes commands"),
    _passed(EC2, "ec2:ReplaceIamInstanceProfileAssociation", "ssm:SendCommand", assumes="an instance takes commands"),
    _passed(ECS, "ecs:RegisterTaskDefinition", "ecs:RunTask"),
    _passed(ECS, "ecs:RegisterTaskDefinition", "ecs:StartTask"),
    _passed(ECS, "ecs:RegisterTaskDefinition", "ecs:CreateService"),
    _passed(ECS, "ecs:RunTask", sources="U", assumes="there is a task definition, whose role and command it overrides"),
    _passed(ECS, "batch:RegisterJobDefinition", "batch:SubmitJob"),
    _passed(GLUE, "glue:CreateDevEndpoint", sources="R B D"),
    _passed(GLUE, "glue:CreateJob", "glue:StartJobRun"),
    _passed(GLUE, "glue:CreateJob", "glue:CreateTrigger"),
    _passed(GLUE, "glue:UpdateJob", "glue:StartJobRun"),
    _passed(GLUE, "glue:CreateSession", "glue:RunStatement"),
    _passed(CLOUDFORMATION, "cloudformation:CreateStack", sources="R B D"),
    _passed(CLOUDFORMATION, "cloudformation:UpdateStack"),
    _passed(CLOUDFORMATION, "cloudformation:CreateChangeSet", "cloudformation:ExecuteChangeSet"),
    _passed("datapipeline.amazonaws.com", "datapipeline:CreatePipeline", "datapipeline:PutPipelineDefinition",
            "datapipeline:ActivatePipeline", sources="R B D"),
    _passed(SAGEMAKER, "sagemaker:CreateNotebookInstance", "sagemaker:CreatePresignedNotebookInstanceUrl",
            sources="R B D"),
    _passed(SAGEMAKER, "sagemaker:CreateProcessingJob", sources="B D"),
    _passed(SAGEMAKER, "sagemaker:CreateTrainingJob", sources="B D"),
    _passed(CODEBUILD, "codebuild:CreateProject", "codebuild:StartBuild", sources="R B D"),
    _passed(CODEBUILD, "codebuild:CreateProject", "codebuild:StartBuildBatch", sources="B D"),
    _passed(CODEBUILD, "codebuild:UpdateProject", "codebuild:StartBuild"),
    _passed(STATES, "states:CreateStateMachine", "states:StartExecution"),
    _passed(STATES, "states:UpdateStateMachine", "states:StartExecution"),
    _passed("tasks.apprunner.amazonaws.com", "apprunner:CreateService"),
    _passed("scheduler.amazonaws.com", "scheduler:CreateSchedule"),
    _passed("ssm.amazonaws.com", "ssm:StartAutomationExecution"),
    _passed("emr-serverless.amazonaws.com", "emr-serverless:StartJobRun"),
    _passed("bedrock-agentcore.amazonaws.com", "bedrock-agentcore:CreateCodeInterpreter",
            "bedrock-agentcore:StartCodeInterpreterSession", "bedrock-agentcore:InvokeCodeInterpreter"),
    _running(LAMBDA, "a function", "lambda:UpdateFunctionCode", sources="R B D"),
    _running(LAMBDA, "a function", "lambda:UpdateFunctionConfiguration", sources="R B D"),
    _running(EC2, "an instance", "ssm:SendCommand", sources="R B D"),
    _running(EC2, "an instance", "ssm:StartSession", sources="B D"),
    _running(EC2, "an instance", "ec2-instance-connect:SendSSHPublicKey", sources="B D"),
    _running(EC2, "an instance", "ec2-instance-connect:SendSerialConsoleSSHPublicKey", sources="B D"),
    _running(EC2, "an instance", "ec2:ModifyInstanceAttribute", "ec2:StopInstances", "ec2:StartInstances"),
    _running(ECS, "a task", "ecs:ExecuteCommand"),
    _running(GLUE, "an endpoint", "glue:UpdateDevEndpoint", sources="R B D"),
    _running(GLUE, "a job", "glue:UpdateJob", "glue:StartJobRun"),
    _running(SAGEMAKER, "a notebook", "sagemaker:CreatePresignedNotebookInstanceUrl", sources="B D"),
    _running(SAGEMAKER, "a domain", "sagemaker:CreatePresignedDomainUrl"),
    _running(CODEBUILD, "a build", "codebuild:StartBuild"),
    _running(CODEBUILD, "a build", "codebuild:UpdateProject", "codebuild:StartBuild"),
    _running(CLOUDFORMATION, "a stack", "cloudformation:UpdateStack", sources="B D"),
    _running(CLOUDFORMATION, "a stack", "cloudformation:CreateChangeSet", "cloudformation:ExecuteChangeSet"),
    _running(STATES, "a state machine", "states:UpdateStateMachine", "states:StartExecution"),
)  # fmt: skip

ASSUME_ROLE: Final = _alone("assumed role", "sts:AssumeRole", "a role", "assume a role", "B D U")
BOUNDARY_OFF: Final = (
    _off("iam:DeleteUserPermissionsBoundary", "user"),
    _off("iam:PutUserPermissionsBoundary", "user"),
    _off("iam:DeleteRolePermissionsBoundary", "role"),
    _off("iam:PutRolePermissionsBoundary", "role"),
    replace(
        _alone("administrator", "iam:CreatePolicyVersion", "its boundary", "rewrite its boundary", "U"),
        name="iam:CreatePolicyVersion on its boundary",
    ),
)
"""What frees a principal of its own boundary."""
_GIVEN_TO_OTHERS: Final[dict[str, On]] = {
    "iam:AttachUserPolicy": "anything",
    "iam:AttachRolePolicy": "anything",
    "iam:AttachGroupPolicy": "anything",
    "iam:PutUserPolicy": "anything",
    "iam:PutRolePolicy": "anything",
    "iam:PutGroupPolicy": "anything",
    "iam:CreatePolicyVersion": "anything",
    "iam:SetDefaultPolicyVersion": "a policy with a version that allows more",
    "iam:AddUserToGroup": "a group",
}
ONTO_OTHERS: Final = tuple(
    replace(
        _alone("administrator", action, on, "give somebody else any rights", "B"),
        name=f"{action} on others",
        assumes="whoever gets them is on its side",
    )
    for action, on in _GIVEN_TO_OTHERS.items()
)
"""Rights that a principal cannot give itself, but others."""
ALL_TECHNIQUES: Final = (*TECHNIQUES, ASSUME_ROLE, *BOUNDARY_OFF, *ONTO_OTHERS)
ESCALATION_ACTIONS: Final = tuple(dict.fromkeys(action for technique in ALL_TECHNIQUES for action in technique.actions))
