"""The role with which API Gateway writes access logs of REST APIs: set once by hand, required by a deploy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from remit.deploy.api_logs import require_log_role
from remit.deploy.aws_calls import deployer_calls
from remit.errors import RemitError

if TYPE_CHECKING:
    from conftest import Make, Spoil
    from remit.app import App
    from remit.deploy.session import Account


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
    operation = "op=replace,path=/cloudwatchRoleArn,value=ROLE_ARN"
    command_line = f"`aws apigateway update-account --region eu-central-1 --patch-operations {operation}`"
    assert command_line in str(refused.value.hint)
    arn = f"arn:aws:iam::{remote.account}:role/logs"
    change: Any = [{"op": "replace", "path": "/cloudwatchRoleArn", "value": arn}]
    remote.client("apigateway").update_account(patchOperations=change)
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


def test_whoever_deploys_may_look_for_the_role_where_the_app_has_such_a_log(make: Make) -> None:
    """On the account's settings alone."""
    plain = "@app.function\ndef hello(event, context): ...\n"
    for app, config, expected in ((REST, LOGS, True), (REST, "pass", False), (plain, LOGS, False)):
        calls = deployer_calls(app_of(make, app, config), (), "artefacts")
        places = [call.on for call in calls if call.operation == "apigateway.GetAccount"]
        assert places == ["arn:${AWS::Partition}:apigateway:${AWS::Region}::/account"] * expected
