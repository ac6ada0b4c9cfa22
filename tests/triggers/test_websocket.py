"""The app's WebSocket API: who may connect, what runs for messages, and who may send to connections."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import cfn_lint
from projects import at
from remit.review.working_tree import version_of

if TYPE_CHECKING:
    from conftest import Make
    from projects import Project

GOLDEN = Path(__file__).parent / "golden" / "websocket.json"
CONFIG = """
config.websocket.route_selection_expression = "$request.body.kind"
config.websocket.throttling_rate_limit = 10.5
config.websocket.throttling_burst_limit = 20
"""
CHAT = """
from remit import grants, on

@app.function(on.websocket("$connect"), on.websocket("$disconnect"))
def door(event, context): ...
@app.function(on.websocket("say", reply=True), on.websocket("$default"))
def talk(event, context): ...
@app.function(on.sqs("news"), policy=[grants.websocket.send()])
def tell(event, context): ...
@app.function
def other(event, context): ...
"""


def _app(*decorators: str) -> str:
    functions = zip(("hello", "second"), decorators, strict=False)
    return "from remit import grants, on\n" + "".join(
        f"@app.function({decorator})\ndef {name}(event, context): ...\n" for name, decorator in functions
    )


def test_all_functions_share_one_api(make: Make) -> None:
    """The golden template was reviewed; cfn-lint reads it with CloudFormation's schemas, and remit lint has no word."""
    project = make(config=CONFIG, app=CHAT)
    assert json.loads(GOLDEN.read_text()) == json.loads(project.built().body)
    template = project.folder / ".remit" / "build" / "template.json"
    assert [] == cfn_lint.findings(template, regions=("us-east-1", "cn-north-1", "us-gov-west-1"))
    assert "nothing found\n" == project.remit("lint").out


def _variables(project: Project) -> dict[str, Any]:
    functions = project.resources("AWS::Lambda::Function")
    return {name: function["Environment"]["Variables"] for name, function in functions.items()}


def test_whoever_runs_for_connections_or_may_send_to_them_knows_where(make: Make) -> None:
    address = "https://${WebSocketApi}.execute-api.${AWS::Region}.${AWS::URLSuffix}/${WebSocketApiStage}"
    variables = _variables(make(app=CHAT))
    told = {name: values.get("REMIT_WEBSOCKET_ENDPOINT") for name, values in variables.items()}
    knows = {"Fn::Sub": address}
    assert {"DoorFunction": knows, "TalkFunction": knows, "TellFunction": knows, "OtherFunction": None} == told


@pytest.mark.parametrize(("verb", "method"), [("send", "POST"), ("read", "GET"), ("disconnect", "DELETE")])
def test_a_grant_is_for_one_kind_of_call_on_this_stage_alone(make: Make, verb: str, method: str) -> None:
    app = _app(f'on.websocket("$connect"), policy=[grants.websocket.{verb}()]')
    stage = "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${WebSocketApi}/${WebSocketApiStage}"
    assert {
        "Effect": "Allow",
        "Action": "execute-api:ManageConnections",
        "Resource": f"{stage}/{method}/@connections/*",
    } == make(app=app).statements()[-1]


def test_nobody_may_send_by_running_for_connections_alone(make: Make) -> None:
    actions = [statement["Action"] for statement in make(app=_app('on.websocket("$connect")')).statements()]
    assert [["logs:CreateLogStream", "logs:PutLogEvents"]] == actions


def test_a_connection_asks_for_a_signature_unless_everyone_may_connect(make: Make) -> None:
    """A build says so, and a review knows it."""
    private, public = 'on.websocket("$connect")', 'on.websocket("$connect", auth="NONE")'
    for decorator, mode, note, is_open in (
        (private, "AWS_IAM", (), ()),
        (
            public,
            "NONE",
            ("everyone may connect to the WebSocket API: `$connect` runs hello (app.py:10:2)",),
            ("hello",),
        ),
    ):
        project = make(app=_app(decorator, 'on.websocket("$default")'))
        routes = project.resources("AWS::ApiGatewayV2::Route").values()
        assert {"$connect": mode, "$default": "NONE"} == {
            route["RouteKey"]: route["AuthorizationType"] for route in routes
        }
        assert (note, is_open) == (project.built().notes, version_of(project.load()).open)


def test_the_api_may_call_a_function_for_its_routes_alone(make: Make) -> None:
    made = make(app=_app('on.websocket("$connect"), on.websocket("say")')).resources("AWS::Lambda::Permission")
    here = "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${WebSocketApi}"
    assert [f"{here}/*/$connect", f"{here}/*/say"] == [
        permission["SourceArn"]["Fn::Sub"] for permission in made.values()
    ]


def test_the_address_is_an_output(make: Make) -> None:
    outputs = make(app=_app('on.websocket("$connect")')).template()["Outputs"]
    address = "wss://${WebSocketApi}.execute-api.${AWS::Region}.${AWS::URLSuffix}/${WebSocketApiStage}"
    assert {
        "WebSocketUrl": {"Description": "The address that clients connect to", "Value": {"Fn::Sub": address}}
    } == outputs


def test_a_route_without_connect_would_let_everyone_in(make: Make) -> None:
    error = make(app=_app('on.websocket("say")')).error()
    assert (
        "the WebSocket API of route `say` has no `$connect`, so that everyone could connect",
        'add `on.websocket("$connect")` to a function; with auth="NONE", if everyone may',
        "app.py:10:15",
    ) == (error.message, error.hint, at(error))


def test_a_route_twice_is_told_with_both_lines(make: Make) -> None:
    error = make(app=_app('on.websocket("$connect")', 'on.websocket("$connect")')).error()
    assert (
        "route `$connect` of `second` is declared twice; `hello` at app.py:10:2 has it, too",
        "app.py:12:15",
    ) == (error.message, at(error))


def test_a_grant_on_connections_of_no_api_is_told(make: Make) -> None:
    error = make(app=_app("policy=[grants.websocket.send()]")).error()
    assert (
        "the app has no WebSocket API whose connections this could be about",
        'add `on.websocket("$connect")` to a function',
        "app.py:10:23",
    ) == (error.message, error.hint, at(error))


UNSET = "usually os.environ.get() of a variable that is not set"
WRONG = {
    'on.websocket("$conect")': ("route '$conect' is none of a WebSocket API", "did you mean `$connect`?"),
    'on.websocket("two words")': (
        "route 'two words' is none of a WebSocket API",
        "$connect, $default, $disconnect, or a word that messages name",
    ),
    "on.websocket(None)": ("route must be a string, got None", UNSET),
    'on.websocket("say", auth="NONE")': (
        "route `say` cannot have auth: a WebSocket API asks who somebody is when they connect",
        'write it at `on.websocket("$connect", auth=…)`',
    ),
    'on.websocket("$connect", auth="none")': ("auth cannot be 'none'", "did you mean `NONE`?"),
    'on.websocket("$connect", auth="JWT")': ("auth cannot be 'JWT'", "it can be AWS_IAM or NONE"),
    'on.websocket("say", reply="yes")': ("reply must be True or False, got str 'yes'", None),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_api_gateway_would_refuse_is_told_at_its_line(make: Make, wrong: str) -> None:
    error = make(app=f"from remit import on\n@app.function(\n    {wrong})\ndef hello(event, context): ...\n").error()
    assert (*WRONG[wrong], "app.py:11:5") == (error.message, error.hint, at(error))


def test_a_wrong_expression_is_told_at_its_line(make: Make) -> None:
    error = make(
        config='config.websocket.route_selection_expression = "action"', app=_app('on.websocket("$connect")')
    ).error()
    assert (
        "`config.websocket.route_selection_expression` is 'action'",
        'a field of the message: "$request.body.action"',
        "config/deploy.py:5:5",
    ) == (error.message, error.hint, at(error))
