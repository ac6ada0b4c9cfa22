"""The role with which API Gateway writes the access logs of REST APIs: one for each account and region.

A stack that made it would take it from all other stacks when it is deleted, so that no app's does. Sources: "Set up
CloudWatch logging for REST APIs in API Gateway" (Amazon API Gateway Developer Guide); "AWS::ApiGateway::Account"
(CloudFormation reference).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from remit.deploy.aws_errors import Denied, remit_errors
from remit.deployer.needed_actions import DeployCall
from remit.errors import RemitError
from remit.triggers.rest_settings import rest_settings
from remit.triggers.trigger import trigger_files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from remit.app import App
    from remit.deploy.session import Account

_ACCOUNT: Final = "arn:${AWS::Partition}:apigateway:${AWS::Region}::/account"


def _has_access_log(app: App) -> bool:
    """Return whether the app has a REST API whose stage writes an access log."""
    return rest_settings(app).access_log and "rest" in trigger_files(app.functions)


def calls_for_log_role(app: App) -> Iterator[DeployCall]:
    """The call that looks the role up, which whoever deploys must be allowed; none for an app that needs no role."""
    if _has_access_log(app):
        purpose = "to see before a deploy whether API Gateway may write access logs"
        yield DeployCall("apigateway.GetAccount", ("apigateway:GET",), _ACCOUNT, purpose)


def require_log_role(app: App, account: Account, note: Callable[[str], None]) -> None:
    """See that API Gateway has a role to write the app's access log with; none is needed on this machine.

    RemitError: it has none, so that the stage could not be made. Where the caller may not look, `note` hears of it.
    """
    if account.local or not _has_access_log(app):
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
            hint="set one, once for each account and region, that apigateway.amazonaws.com may assume and that has "
            "the policy AmazonAPIGatewayPushToCloudWatchLogs: `aws apigateway update-account --region "
            f"{account.region} --patch-operations op=replace,path=/cloudwatchRoleArn,value=ROLE_ARN`",
            origin=rest_settings(app).written.get("access_log"),
        )
