"""An app's REST API on the AWS of this machine, asked by a real client: routes, callers, validation, CORS, keys."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from projects import remit, write
from random_cases import in_all_cases
from remit.local import aws
from remit.local.control.clients import client_arguments, session
from web_clients import Answer, ask, deployed, signed_headers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

APP = """
import json
from remit import App, on
from shared.resources.users import Users

app = App()


def answered(event):
    return {"statusCode": 200, "headers": {"content-type": "application/json"}, "body": json.dumps(event)}


@app.function
def check(event, context):
    word = event.get("authorizationToken") or event["headers"].get("x-word")
    effect = "Allow" if word == "sesame" else "Deny"
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": event["methodArn"]}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    return {"principalId": "ada", "policyDocument": document, "context": {"asked": event["type"]}}


NEW = {"type": "object", "required": ["sku"], "properties": {"sku": {"type": "string"}}}


@app.function(
    on.rest("GET /orders/{id}", auth="NONE"),
    on.rest("POST /orders", auth="NONE", body=NEW),
    on.rest("GET /orders", auth="NONE", query=["currency"]),
    on.rest("GET /signed"),
    on.rest("GET /keyed", auth="NONE", api_key=True),
)
def orders(event, context):
    return answered(event) | {"multiValueHeaders": {"set-cookie": ["a=1", "b=2"]}}


@app.function(on.rest("ANY /{path+}", auth="NONE"), on.rest("ANY /", auth="NONE"))
def rest(event, context):
    if event["path"].endswith(".png"):
        content = {"content-type": "image/png"}
        return {"statusCode": 200, "headers": content, "body": "iVBORw0KGgo=", "isBase64Encoded": True}
    return answered(event)


@app.function(
    on.rest("GET /cave", auth=on.authorizer(check, identity_source=["$request.header.x-word"])),
    on.rest("GET /tomb", auth=on.authorizer(check, token=True, identity_validation_expression="[a-z]+")),
)
def cave(event, context):
    return answered(event)


@app.function(
    on.rest("GET /me", auth=on.user_pool(Users.pool)),
    on.rest("GET /scoped", auth=on.user_pool(Users.pool, scopes=["aws.cognito.signin.user.admin"])),
)
def me(event, context):
    return answered(event)
"""
USERS = """
from remit import Shared, output, resource

class Users(Shared):
    pool = resource("AWS::Cognito::UserPool", user_pool_name="shop")
    web = resource("AWS::Cognito::UserPoolClient", user_pool_id=pool.ref, explicit_auth_flows=["USER_PASSWORD_AUTH"])
    pool_id = output(pool)
    client = output(web)
"""
CONFIG = """
from remit import configure

with configure() as config:
    config.rest.cors = {"allow_origins": ["https://shop.example"], "allow_headers": ["authorization"], "max_age": 60}
    config.rest.binary_media_types = ["image/png"]
    config.rest.variables = {"colour": "blue"}
    config.rest.usage_plans = {"basic": {"quota": {"limit": 2, "period": "DAY"}, "keys": ["partner"]}}
"""
PASSWORD = "Secret-123"  # noqa: S105 - of a user of this test
PREFLIGHT = {"Origin": "https://shop.example", "Access-Control-Request-Method": "GET"}


@dataclass(frozen=True, slots=True)
class Shop:
    """The deployed app."""

    here: aws.LocalAws
    outputs: dict[str, str]

    def url(self, path: str) -> str:
        return self.outputs["RestApiUrl"] + path

    def ask(self, path: str, method: str = "GET", body: str | bytes | None = None, **headers: str) -> Answer:
        return ask(method, self.url(path), {name.replace("_", "-"): text for name, text in headers.items()}, body)

    def client(self, service: str) -> Any:
        return session(self.here).client(service, **client_arguments(self.here))


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """The app, deployed by the command line, whose output names the address."""
    folder = tmp_path_factory.mktemp("project") / "shop"
    write(folder, {"app.py": APP, "config/deploy.py": CONFIG, "shared/resources/users.py": USERS})
    with deployed(folder) as outputs:
        yield Shop(aws.start(folder), outputs)


def test_a_route_runs_its_function_and_the_most_special_path_comes_first(shop: Shop) -> None:
    order = shop.ask("/orders/7?a=1&a=2")
    assert (200, "/orders/{id}", {"id": "7"}) == (order.status, order.json["resource"], order.json["pathParameters"])
    assert ["1", "2"] == order.json["multiValueQueryStringParameters"]["a"]
    assert {"a": "2"} == order.json["queryStringParameters"]
    assert ["a=1", "b=2"] == order.all("set-cookie")
    resources = [shop.ask(path).json["resource"] for path in ("", "/", "/else", "/orders/7/8")]
    assert ["/", "/", "/{path+}", "/{path+}"] == resources
    assert "/{path+}" == shop.ask("/signed", "POST").json["resource"]


def test_a_handler_gets_the_event_that_the_documentation_shows(shop: Shop) -> None:
    event = shop.ask("/orders/7").json
    assert {
        "resource", "path", "httpMethod", "headers", "multiValueHeaders", "queryStringParameters",
        "multiValueQueryStringParameters", "pathParameters", "stageVariables", "requestContext", "body",
        "isBase64Encoded",
    } == event.keys()  # fmt: skip
    context = event["requestContext"]
    assert ("/dev/orders/7", "dev", f"127.0.0.1:{shop.here.port}") == (
        context["path"],
        context["stage"],
        context["domainName"],
    )
    assert {"colour": "blue"} == event["stageVariables"]


def test_iam_asks_for_a_signature(shop: Shop) -> None:
    assert 403 == shop.ask("/signed").status
    signed = ask("GET", shop.url("/signed"), signed_headers(shop.here, "GET", shop.url("/signed")))
    assert (200, "/signed") == (signed.status, signed.json["path"])


def test_a_function_lets_in_by_the_request_or_by_a_token(shop: Shop) -> None:
    asked = [shop.ask("/cave", x_word=word) for word in ("sesame", "open")]
    assert [200, 403] == [answer.status for answer in asked]
    context = asked[0].json["requestContext"]["authorizer"]
    assert ("ada", "REQUEST") == (context["principalId"], context["asked"])
    tokens = [shop.ask("/tomb", authorization=word) for word in ("sesame", "open", "Sesame 1")]
    assert [200, 403, 401] == [answer.status for answer in tokens]
    assert "TOKEN" == tokens[0].json["requestContext"]["authorizer"]["asked"]
    assert 401 == shop.ask("/tomb").status


def test_users_bring_id_tokens_and_access_tokens_where_scopes_are_named(shop: Shop) -> None:
    pools, pool = shop.client("cognito-idp"), shop.outputs["UsersPoolId"]
    pools.admin_create_user(UserPoolId=pool, Username="ann")
    pools.admin_set_user_password(UserPoolId=pool, Username="ann", Password=PASSWORD, Permanent=True)
    answered = pools.initiate_auth(
        ClientId=shop.outputs["UsersClient"],
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "ann", "PASSWORD": PASSWORD},
    )["AuthenticationResult"]
    statuses = [
        shop.ask(path, authorization=answered[token]).status
        for path in ("/me", "/scoped")
        for token in ("IdToken", "AccessToken")
    ]
    assert [200, 401, 401, 200] == statuses
    assert 401 == shop.ask("/me").status
    claims = shop.ask("/me", authorization=answered["IdToken"]).json["requestContext"]["authorizer"]["claims"]
    assert "ann" == claims["cognito:username"]


def test_what_a_request_lacks_is_refused_before_the_function_runs(shop: Shop) -> None:
    """A body of any type of content: one without a model would pass."""
    refused = [
        shop.ask("/orders", "POST", body, content_type=kind)
        for body, kind in (("{}", "application/json"), ('{"sku": 1}', "text/plain"), ("sku", "application/json"))
    ]
    assert [(400, "Invalid request body")] * 3 == [(answer.status, answer.json["message"]) for answer in refused]
    assert 200 == shop.ask("/orders", "POST", '{"sku": "a"}', content_type="application/json").status
    without = shop.ask("/orders")
    assert (400, "Missing required request parameters: [currency]") == (without.status, without.json["message"])
    assert 200 == shop.ask("/orders?currency=EUR").status


def test_pages_of_the_allowed_origin_may_ask_and_read_errors(shop: Shop) -> None:
    preflight = ask("OPTIONS", shop.url("/orders/7"), PREFLIGHT)
    allowed = {name: preflight.all(f"access-control-{name}") for name in ("allow-origin", "allow-methods", "max-age")}
    assert 204 == preflight.status
    assert {"allow-origin": [PREFLIGHT["Origin"]], "allow-methods": ["GET,OPTIONS"], "max-age": ["60"]} == allowed
    assert [PREFLIGHT["Origin"]] == shop.ask("/signed").all("access-control-allow-origin")


def test_binary_content_goes_both_ways(shop: Shop) -> None:
    image = b"\x89PNG\r\n\x1a\n"
    assert image == shop.ask("/a.png", accept="image/png").content
    sent = shop.ask("/upload", "POST", image, content_type="image/png").json
    assert (True, "iVBORw0KGgo=") == (sent["isBase64Encoded"], sent["body"])


def test_a_key_of_a_plan_lets_in_until_its_quota_is_used(shop: Shop) -> None:
    (key,) = shop.client("apigateway").get_api_keys(includeValues=True)["items"]
    assert "shop-dev-partner" == key["name"]
    assert (403, 403) == (shop.ask("/keyed").status, shop.ask("/keyed", x_api_key="another").status)
    assert [200, 200, 429] == [shop.ask("/keyed", x_api_key=key["value"]).status for _ in range(3)]


SMALL = """
from remit import App, on
app = App()
@app.function({routes})
def hello(event, context):
    return {{"statusCode": 200, "body": event["requestContext"]["stage"] + event["resource"]}}
"""
SETTINGS = """
from remit import configure

with configure() as config:
    config.rest.stage_name = "live"
    config.rest.access_log = True
    config.rest.tracing = True
    config.rest.properties = {{
        "MinimumCompressionSize": 1024,
        "Policy": {{
            "Version": "2012-10-17",
            "Statement": {{
                "Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke",
                "Resource": "execute-api:/live/GET/*",
            }},
        }},
    }}
    {more}
"""


@in_all_cases
def test_an_api_follows_its_settings_and_what_the_next_deploy_changes(tmp_path: Path) -> None:
    """Its policy lets in GET alone; a limit of 0 requests a second refuses them all."""
    folder = tmp_path / "small"
    routes = 'on.rest("ANY /a", auth="NONE")'
    write(folder, {"app.py": SMALL.format(routes=routes), "config/deploy.py": SETTINGS.format(more="pass")})
    with deployed(folder) as outputs:
        api = outputs["RestApiUrl"]
        assert api.endswith("/live")
        assert (200, "live/a") == ((answer := ask("GET", f"{api}/a")).status, answer.body)
        assert (403, 403) == (ask("POST", f"{api}/a").status, ask("GET", f"{api}/b").status)
        both = f'{routes}, on.rest("GET /b", auth="NONE")'
        write(folder, {"app.py": SMALL.format(routes=both)})
        assert 0 == remit("deploy", "--local", "--yes", "-C", str(folder)).status
        assert (200, "live/b") == ((answer := ask("GET", f"{api}/b")).status, answer.body)
        limits = "config.rest.throttling_rate_limit = config.rest.throttling_burst_limit = 0"
        write(folder, {"config/deploy.py": SETTINGS.format(more=limits)})
        assert 0 == remit("deploy", "--local", "--yes", "-C", str(folder)).status
        assert 429 == ask("GET", f"{api}/b").status


EVERYBODY = {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*"}
API = {"RestApiId": {"Ref": "Api"}}
TEMPLATE = {
    "Resources": {
        "Api": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Name": "mock"}},
        "Validator": {"Type": "AWS::ApiGateway::RequestValidator",
                      "Properties": {**API, "ValidateRequestParameters": True}},
        "Get": {"Type": "AWS::ApiGateway::Method", "Properties": {
            **API, "ResourceId": {"Fn::GetAtt": ["Api", "RootResourceId"]}, "HttpMethod": "GET",
            "AuthorizationType": "NONE", "RequestValidatorId": {"Ref": "Validator"},
            "RequestParameters": {"method.request.querystring.currency": True},
            "Integration": {"Type": "MOCK"}}},
        "Deployment": {"Type": "AWS::ApiGateway::Deployment", "DependsOn": ["Get"],
                       "Properties": {**API, "StageName": "live"}},
    },
    "Outputs": {"Api": {"Value": {"Ref": "Api"}}},
}  # fmt: skip


def made_of_template(stacks: Any, url: str, policy: dict[str, Any] | None = None) -> str:
    """The address of the template's API."""
    template = json.loads(json.dumps(TEMPLATE))
    if policy is not None:
        template["Resources"]["Api"]["Properties"]["Policy"] = {"Version": "2012-10-17", "Statement": [policy]}
    name = "mock" if policy is None else f"{policy['Effect']}-mock"
    stacks.create_stack(StackName=name, TemplateBody=json.dumps(template))
    stacks.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1})
    (stack,) = stacks.describe_stacks(StackName=name)["Stacks"]
    return f"{url}/_aws/execute-api/{stack['Outputs'][0]['OutputValue']}/live"


def test_an_api_of_a_template_lets_in_whom_its_policy_does(shop: Shop) -> None:
    stacks = shop.client("cloudformation")
    assert 403 == ask("GET", made_of_template(stacks, shop.here.url, {**EVERYBODY, "Effect": "Deny"})).status
    address = made_of_template(stacks, shop.here.url, EVERYBODY)
    assert [400, 200] == [ask("GET", address + query).status for query in ("", "?currency=EUR")]


KEYS = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}


@pytest.fixture(scope="module")
def bare(bare_url: str) -> str:
    """The address of the template's API in the emulator by itself."""
    stacks: Any = boto3.client("cloudformation", endpoint_url=bare_url, **KEYS)  # type: ignore[call-overload]
    return made_of_template(stacks, bare_url)


def test_the_emulator_still_validates_no_requests_of_a_template(bare: str) -> None:
    assert 200 == ask("GET", bare).status
