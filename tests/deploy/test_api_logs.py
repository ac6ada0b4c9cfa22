"""The role with which API Gateway writes access logs of REST APIs: set once by `bootstrap`, required by a deploy."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.awsrequest import AWSResponse

from remit.catalogue.operations import operation
from remit.cli import main
from remit.deploy.api_logs import CALLS, ROLE, require_log_role, set_log_role
from remit.errors import RemitError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Make, Spoil
    from remit.app import App
    from remit.deploy.session import Account


class Content(io.BytesIO):
    """A body as urllib3 gives it."""

    def stream(self, *_: Any, **__: Any) -> Iterator[bytes]:
        yield self.read()


REST = "from remit import on\n@app.function(on.rest('GET /', auth='NONE'))\ndef hello(event, context): ...\n"
LOGS = "config.rest.access_log = True"


def app_of(make: Make, app: str = REST, config: str = LOGS) -> App:
    loaded: App = make(app=app, config=config).load()
    return loaded


def noted(app: App, account: Account) -> list[str]:
    notes: list[str] = []
    require_log_role(app, account, notes.append)
    return notes


def test_a_deploy_that_finds_no_role_stops_at_the_setting_and_one_that_does_goes_on(
    make: Make, remote: Account
) -> None:
    app = app_of(make)
    with pytest.raises(RemitError, match=f"no role to write access logs with in {remote.account}") as refused:
        noted(app, remote)
    assert "config/deploy.py:5:5" == str(refused.value.origin)
    assert "`remit bootstrap --api-logs --region eu-central-1` sets one" in str(refused.value.hint)
    arn = f"arn:aws:iam::{remote.account}:role/{ROLE}"
    assert [arn, ""] == [set_log_role(remote), set_log_role(remote)]
    assert arn == remote.client("apigateway").get_account()["cloudwatchRoleArn"]
    (policy,) = remote.client("iam").list_attached_role_policies(RoleName=ROLE)["AttachedPolicies"]
    assert "AmazonAPIGatewayPushToCloudWatchLogs" == policy["PolicyName"]
    trust = remote.client("iam").get_role(RoleName=ROLE)["Role"]["AssumeRolePolicyDocument"]
    assert {"Service": "apigateway.amazonaws.com"} == trust["Statement"][0]["Principal"]
    assert [] == noted(app, remote)


@pytest.mark.parametrize("config", ["pass", "config.api.access_log = True"])
def test_nobody_is_asked_for_an_app_without_such_a_log(make: Make, remote: Account, config: str) -> None:
    assert [] == noted(app_of(make, config=config), remote)


def test_nobody_is_asked_on_this_machine_or_without_a_rest_api(make: Make, account: Account, remote: Account) -> None:
    assert [] == noted(app_of(make), account)
    assert [] == noted(app_of(make, app="@app.function\ndef hello(event, context): ...\n"), remote)


def test_a_deployer_who_may_not_look_is_told_that_it_is_not_known(
    make: Make, remote: Account, spoil_remote: Spoil
) -> None:
    spoil_remote.answer("apigateway.GetAccount", 403, "AccessDeniedException", "not authorized")
    (note,) = noted(app_of(make), remote)
    assert note.startswith("note: whether API Gateway may write access logs is not known")


def test_a_role_that_another_region_made_is_set_and_one_that_is_not_seen_yet_is_tried_again(
    remote: Account,
) -> None:
    trust = json.dumps({"Version": "2012-10-17", "Statement": []})
    remote.client("iam").create_role(RoleName=ROLE, AssumeRolePolicyDocument=trust)
    refusals = [b'{"message": "The role ARN does not have required permissions configured"}']

    def refuse(request: Any, **_: Any) -> AWSResponse | None:
        headers = {"x-amzn-errortype": "BadRequestException"}
        return AWSResponse(request.url, 400, headers, Content(refusals.pop())) if refusals else None

    remote.client("apigateway").meta.events.register_first("before-send.apigateway.UpdateAccount", refuse)
    assert set_log_role(remote).endswith(f":role/{ROLE}")
    assert [] == refusals


def test_whoever_deploys_may_look_for_the_role_where_the_app_has_such_a_log(make: Make) -> None:
    """On the account's settings alone."""
    account = "arn:aws:apigateway:*::/account"
    for config, expected in ((LOGS, True), ("pass", False)):
        printed = json.loads(make(app=REST, config=config).remit("policy", "deployer").out)
        assert expected == any(account in statement["Resource"] for statement in printed["Statement"])


def test_the_printed_policy_names_what_the_calls_need(capsys: pytest.CaptureFixture[str]) -> None:
    for call in CALLS:
        known: Any = operation(*call.operation.split("."))
        assert {*known.actions} <= {*call.actions}
    with pytest.raises(SystemExit):
        main(["policy", "deployer", "--for", "api-logs"])
    printed = json.loads(capsys.readouterr().out)["Statement"]
    actions = {action for statement in printed for action in statement["Action"]}
    expected = {"apigateway:GET", "apigateway:PATCH", "iam:AttachRolePolicy", "iam:CreateRole", "iam:PassRole"}
    assert expected == actions


def test_bootstrap_says_what_it_set(
    remote: Account, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", remote.account)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "local")
    printed = []
    for options in (("--api-logs",), ("--api-logs",), ("--api-logs", "--json"), ("--json",)):
        with pytest.raises(SystemExit):
            main(["bootstrap", "--region", "eu-central-1", *options])
        printed.append(capsys.readouterr().out)
    assert f"access logs of REST APIs: arn:aws:iam::{remote.account}:role/{ROLE} writes them\n" in printed[0]
    assert printed[1].endswith("access logs of REST APIs: nothing to do\n")
    assert None is json.loads(printed[2])["api_log_role"]
    assert "api_log_role" not in json.loads(printed[3])
