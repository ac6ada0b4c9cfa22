"""The role with which API Gateway writes the access logs of REST APIs: one for each account and region.

A stack that made it would take it from all other stacks when it is deleted, so that no app's does. Sources: "Set up
CloudWatch logging for REST APIs in API Gateway" (Amazon API Gateway Developer Guide); "AWS::ApiGateway::Account"
(CloudFormation reference).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from remit.deploy.aws_errors import Denied, code, patiently, remit_errors
from remit.deployer.needed_actions import DeployCall
from remit.errors import RemitError
from remit.triggers.rest_settings import rest_settings
from remit.triggers.trigger import trigger_files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from remit.app import App
    from remit.deploy.session import Account

ROLE: Final = "remit-api-gateway-logs"
_POLICY: Final = "service-role/AmazonAPIGatewayPushToCloudWatchLogs"
_ACCOUNT: Final = "arn:${AWS::Partition}:apigateway:${AWS::Region}::/account"
_ROLE_ARN: Final = f"arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:role/{ROLE}"
_SETTING: Final = "to set the role with which API Gateway writes access logs"
_TRUST: Final = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "apigateway.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}
_PAUSES: Final = (1, 2, 4, 8, 16)  # seconds; API Gateway refuses a role that IAM does not show everywhere yet
CALLS: Final = (
    DeployCall("apigateway.GetAccount", ("apigateway:GET",), _ACCOUNT, _SETTING),
    DeployCall("apigateway.UpdateAccount", ("apigateway:PATCH",), _ACCOUNT, _SETTING),
    DeployCall("iam.CreateRole", ("iam:CreateRole", "iam:PassRole"), _ROLE_ARN, _SETTING),
    DeployCall("iam.AttachRolePolicy", ("iam:AttachRolePolicy",), _ROLE_ARN, _SETTING),
)
"""What `remit bootstrap --api-logs` calls; whoever passes the role on is whoever makes it."""


def set_log_role(account: Account) -> str:
    """Make the role, and set it for the account and region; the ARN of the role, or "" where one was set already."""
    from botocore.exceptions import ClientError

    client = account.client("apigateway")
    with remit_errors():
        if client.get_account().get("cloudwatchRoleArn"):
            return ""
        try:
            account.client("iam").create_role(RoleName=ROLE, AssumeRolePolicyDocument=json.dumps(_TRUST))
        except ClientError as error:
            if code(error) != "EntityAlreadyExists":  # of another region of the account
                raise
        policy = f"arn:{account.partition}:iam::aws:policy/{_POLICY}"
        account.client("iam").attach_role_policy(RoleName=ROLE, PolicyArn=policy)
        arn = f"arn:{account.partition}:iam::{account.account}:role/{ROLE}"
        change = [{"op": "replace", "path": "/cloudwatchRoleArn", "value": arn}]
        patiently(lambda: client.update_account(patchOperations=change), _PAUSES, _is_bad_request)
    return arn


def _is_bad_request(error: BaseException) -> bool:
    return code(error) == "BadRequestException"


def _writes_log(app: App) -> bool:
    return rest_settings(app).access_log and "rest" in trigger_files(app.functions)


def calls_for_log_role(app: App) -> Iterator[DeployCall]:
    """The call that looks the role up, which whoever deploys must be allowed."""
    if _writes_log(app):
        purpose = "to see before a deploy whether API Gateway may write access logs"
        yield DeployCall("apigateway.GetAccount", ("apigateway:GET",), _ACCOUNT, purpose)


def require_log_role(app: App, account: Account, note: Callable[[str], None]) -> None:
    """See that API Gateway has a role to write the app's access log with; none is needed on this machine.

    RemitError: it has none, so that the stage could not be made. Where the caller may not look, `note` hears of it.
    """
    if account.local or not _writes_log(app):
        return
    try:
        with remit_errors():
            has_role = bool(account.client("apigateway").get_account().get("cloudwatchRoleArn"))
    except Denied:
        note("note: whether API Gateway may write access logs is not known: the caller may not look it up")
        return
    if not has_role:
        raise RemitError(
            f"API Gateway has no role to write access logs with in {account.account}, {account.region}: "
            "nothing was deployed",
            hint=f"`remit bootstrap --api-logs --region {account.region}` sets one, once for each account and region",
            origin=rest_settings(app).written.get("access_log"),
        )
