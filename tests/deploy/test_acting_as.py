"""`remit deploy --local --as POLICY` does with a policy what whoever has it could do in a real account."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from random_cases import in_all_cases
from remit.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Remit = Callable[..., tuple[int, str, str]]

PLACE = ("--region", "eu-central-1", "--account", "000000000000")


@pytest.fixture
def policy(project: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """What the project's deployer needs, as it is printed."""
    with pytest.raises(SystemExit):
        main(["policy", "deployer", "-C", str(project), *PLACE])
    printed: dict[str, Any] = json.loads(capsys.readouterr().out)
    return printed


def without(policy: dict[str, Any], action: str) -> str:
    """The policy as a document that lacks one action."""
    statements = [
        {**statement, "Action": [name for name in _names(statement["Action"]) if name != action]}
        for statement in policy["Statement"]
    ]
    return json.dumps({**policy, "Statement": [statement for statement in statements if statement["Action"]]})


def _names(actions: str | list[str]) -> list[str]:
    return [actions] if isinstance(actions, str) else actions


def test_the_printed_policy_suffices_to_deploy_twice_and_to_delete(remit: Remit, policy: Any, tmp_path: Path) -> None:
    file = tmp_path / "deployer.json"
    file.write_text(json.dumps(policy))
    codes = [remit(command, "--yes", "--as", str(file))[0] for command in ("deploy", "deploy", "delete")]
    assert codes == [0, 0, 0]


POOL = """
from remit import Shared, resource
class People(Shared):
    pool = resource("AWS::Cognito::UserPool")
"""
OF_THE_POOL = """
from remit import App, grants, on
from shared.resources.data import People
app = App()
@app.function(on.cognito(People.pool, "PostConfirmation"), policy=[grants.cognito.change_groups(People.pool)])
def report(event, context): ...
"""


@in_all_cases
def test_it_suffices_where_a_policy_is_attached_to_a_role_afterwards(
    remit: Remit, project: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (project / "app.py").write_text(OF_THE_POOL)
    folder = project / "shared" / "resources"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "data.py").write_text(POOL)
    with pytest.raises(SystemExit):
        main(["policy", "deployer", "-C", str(project), *PLACE])
    file = tmp_path / "deployer.json"
    file.write_text(capsys.readouterr().out)
    assert 0 == remit("deploy", "--yes", "--as", str(file))[0]
    assert 0 == remit("delete", "--yes-delete", "all", "--as", str(file))[0]


REST = """
from remit import App, on
app = App()
@app.function
def check(event, context): ...
@app.function(
    on.rest("GET /orders/{id}", auth=on.authorizer(check), query=["currency"]),
    on.rest("POST /orders", auth="NONE", body={"type": "object"}, api_key=True),
)
def report(event, context): ...
"""
OF_REST = """
from remit import configure
with configure() as config:
    config.rest.cors = {"allow_origins": ["*"]}
    config.rest.access_log = True
    config.rest.properties = {"Policy": {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "*"}]}}
    config.rest.usage_plans = {"basic": {"quota": {"limit": 3, "period": "DAY"}, "keys": ["ada"]}}
"""


@in_all_cases
def test_it_suffices_for_a_rest_api_that_changes_and_goes(
    remit: Remit, project: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """On API Gateway's paths alone, and not without one of its actions."""
    file, settings = tmp_path / "deployer.json", project / "config" / "deploy.py"
    settings.parent.mkdir(exist_ok=True)
    settings.write_text(OF_REST)
    for app, command in ((REST, "deploy"), (REST.replace('body={"type": "object"}, ', ""), "deploy"), (REST, "delete")):
        (project / "app.py").write_text(app)
        with pytest.raises(SystemExit):
            main(["policy", "deployer", "-C", str(project), *PLACE])
        printed = json.loads(capsys.readouterr().out)
        file.write_text(json.dumps(printed))
        agreed = ("--yes",) if command == "deploy" else ("--yes-delete", "all")  # its log is data
        code, _, talk = remit(command, *agreed, "--as", str(file))
        assert 0 == code, talk
    paths = {
        arn.partition("::")[2]
        for statement in printed["Statement"]
        if any(action.startswith("apigateway:") for action in _names(statement["Action"]))
        for arn in _names(statement["Resource"])
    }
    roots = ("/account", "/apikeys", "/restapis", "/tags/*", "/usageplans")
    assert [] == [path for path in paths if not path.startswith(roots)]
    file.write_text(without(printed, "apigateway:POST"))
    code, _, talk = remit("deploy", "--yes", "--as", str(file))
    settings.unlink()
    assert (1, True) == (code, "is not authorized to perform: apigateway:POST on resource: arn:aws:apigateway:" in talk)


@in_all_cases
def test_it_suffices_for_layers_that_are_made_that_change_and_go(
    remit: Remit, project: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """And not without publishing, which is allowed on the layer itself and not on its versions."""
    head = "from remit import App, layer\napp = App()\n"
    (project / "app.py").write_text(
        f"{head}@app.function(layers=[layer('layers/tool')])\ndef report(event, context): ...\n"
    )
    (project / "layers/tool").mkdir(parents=True)
    (project / "layers/tool/data").write_text("1")
    with pytest.raises(SystemExit):
        main(["policy", "deployer", "-C", str(project), *PLACE])
    printed = json.loads(capsys.readouterr().out)
    assert "AddLayerVersionPermission" not in json.dumps(printed)
    file, publish = tmp_path / "deployer.json", "lambda:PublishLayerVersion"
    file.write_text(without(printed, publish))
    code, _, talk = remit("deploy", "--yes", "--as", str(file))
    layer = "arn:aws:lambda:eu-central-1:000000000000:layer:orders-dev-LayersToolLayer"
    assert (1, True) == (code, f"{publish} on resource: {layer} because" in talk)
    file.write_text(json.dumps(printed))
    for content in ("1", "2"):
        (project / "layers/tool/data").write_text(content)
        code, _, talk = remit("deploy", "--yes", "--as", str(file))
        assert 0 == code, talk
    code, _, talk = remit("delete", "--yes-delete", "all", "--as", str(file))
    shutil.rmtree(project / "layers")
    assert 0 == code, talk


@in_all_cases
def test_a_layer_of_another_account_needs_what_the_printed_policy_has(
    remit: Remit, project: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    layer = "arn:aws:lambda:eu-central-1:111122223333:layer:tools:7"
    app = f"from remit import App\napp = App()\n@app.function(layers=[{layer!r}])\ndef report(event, context): ...\n"
    (project / "app.py").write_text(app)
    with pytest.raises(SystemExit):
        main(["policy", "deployer", "-C", str(project), *PLACE])
    printed = json.loads(capsys.readouterr().out)
    file = tmp_path / "ci.json"
    for text, expected in ((json.dumps(printed), 0), (without(printed, "lambda:GetLayerVersion"), 1)):
        file.write_text(text)
        code, _, talk = remit("deploy", "--yes", "--as", str(file))
        assert (expected, expected == 1) == (code, f"lambda:GetLayerVersion on resource: {layer}" in talk)
        remit("delete", "--yes")


@pytest.mark.parametrize("action", ["lambda:CreateFunction", "iam:PassRole"])
def test_without_one_action_of_it_a_deploy_fails_and_is_rolled_back(
    remit: Remit, policy: Any, tmp_path: Path, action: str
) -> None:
    file = tmp_path / "ci.json"
    file.write_text(without(policy, action))
    code, _, talk = remit("deploy", "--yes", "--as", str(file))
    assert code == 1
    assert f"/remit is not authorized to perform: {action} on resource: arn:aws:" in talk
    assert "`remit policy deployer` lists what it needs" in talk
    assert remit("status")[0] == 1


def test_a_boundary_beside_the_policy_limits_it(remit: Remit, policy: Any, tmp_path: Path) -> None:
    boundary = {"Statement": [{"Effect": "Allow", "NotAction": "lambda:CreateFunction", "Resource": "*"}]}
    file = tmp_path / "limited.json"
    file.write_text(json.dumps({"identity": policy, "boundary": boundary}))
    code, _, talk = remit("deploy", "--yes", "--as", str(file))
    assert code == 1
    assert "because no permissions boundary allows the lambda:CreateFunction action" in talk


def test_a_file_that_holds_no_policy_is_an_error_at_its_line(remit: Remit, tmp_path: Path) -> None:
    file = tmp_path / "broken.json"
    file.write_text('{"Statement": [{"Effect": "Permit", "Action": "*", "Resource": "*"}]}')
    code, _, talk = remit("deploy", "--as", str(file))
    assert (code, f"--> {file}:1:" in talk) == (2, True)


def test_it_is_for_the_aws_on_this_machine(project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "deployer.json"
    file.write_text('{"Statement": []}')
    with pytest.raises(SystemExit) as ended:
        main(["deploy", "-C", str(project), "--as", str(file)])
    assert (ended.value.code, "add --local" in capsys.readouterr().err) == (2, True)
