"""An app's HTTP API on the AWS of this machine, asked by a real client: routes, tokens, signatures, CORS."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from projects import write
from random_cases import cases, cases_of, in_all_cases
from remit.local import aws
from remit.local.control.clients import client_arguments, session
from web_clients import Answer, Issuer, ask, deployed, signed_headers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

APP = """
import json
from remit import App, on
from shared.resources.users import Users

app = App()
tokens = on.jwt("{issuer}", audience=["shop"], scopes=["orders", "admin"])


def answered(event):
    known = {{"path": event["rawPath"], "by": event["requestContext"].get("authorizer")}}
    return {{"statusCode": 200, "headers": {{"content-type": "application/json"}}, "body": json.dumps(known)}}


@app.function(on.api("GET /orders/{{id}}", auth="NONE"), on.api("GET /tokens", auth=tokens))
def orders(event, context):
    return answered(event) | {{"cookies": ["a=1", "b=2"]}}


@app.function(on.api("GET /echo", auth="NONE"))
def echo(event, context):
    return {{"statusCode": 200, "body": json.dumps(event)}}


@app.function(on.api("GET /old", auth="NONE", payload_format_version="1.0"))
def old(event, context):
    return {{"statusCode": 200, "body": json.dumps(event)}}


@app.function(on.api("GET /signed"))
def signed(event, context):
    return answered(event)


@app.function(on.api("GET /me", auth=on.user_pool(Users.pool, clients=[Users.web])))
def me(event, context):
    return answered(event)


@app.function
def check(event, context):
    word = event["identitySource"][0]
    return {{"isAuthorized": word == "sesame", "context": {{"word": word}}}}


@app.function(on.api("GET /cave", auth=on.authorizer(check, identity_source=["$request.header.x-word"])))
def cave(event, context):
    return answered(event)


@app.function(on.api("$default", auth="NONE"), on.http(auth="NONE"))
def rest(event, context):
    return answered(event) | {{"statusCode": 404}}
"""
USERS = """
from remit import Shared, output, resource

class Users(Shared):
    pool = resource("AWS::Cognito::UserPool", user_pool_name="shop")
    web = resource("AWS::Cognito::UserPoolClient", user_pool_id=pool.ref, explicit_auth_flows=["USER_PASSWORD_AUTH"])
    pool_id = output(pool)
    client = output(web)
"""
PASSWORD = "Secret-123"  # noqa: S105 - of a user of this test
CORS = {
    "AllowOrigins": ["https://shop.example"],
    "AllowMethods": ["GET"],
    "AllowHeaders": ["authorization"],
    "MaxAge": 60,
}
CONFIG = f"""
from remit import configure

with configure() as config:
    config.api.cors_configuration = {CORS}
"""


@dataclass(frozen=True, slots=True)
class Shop:
    """The deployed app."""

    here: aws.LocalAws
    outputs: dict[str, str]
    issuer: Issuer

    def url(self, path: str) -> str:
        return self.outputs["ApiUrl"] + path

    def ask(self, path: str, method: str = "GET", **headers: str) -> Answer:
        return ask(method, self.url(path), {name.replace("_", "-"): value for name, value in headers.items()})


@pytest.fixture(
    scope="module",
    params=cases_of(("", "    config.api.routes_in_body = True\n"), 1),
    ids=("resources", "body")[: cases(1, deep=2)],
)
def shop(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Shop]:
    """The app, deployed by the command line, whose output names the addresses: with its routes in either place."""
    issuer = Issuer()
    folder = tmp_path_factory.mktemp("project") / "shop"
    app = APP.format(issuer=issuer.address)
    write(folder, {"app.py": app, "config/deploy.py": CONFIG + request.param, "shared/resources/users.py": USERS})
    with deployed(folder) as outputs:
        yield Shop(aws.start(folder), outputs, issuer)
    issuer.close()


def test_a_route_runs_its_function_and_the_rest_goes_to_the_default(shop: Shop) -> None:
    order = shop.ask("/orders/7")
    assert (200, {"path": "/orders/7", "by": None}) == (order.status, order.json)
    assert ["a=1", "b=2"] == order.all("set-cookie")
    paths = ("", "/", "/orders", "/orders/", "/orders/7/8")
    answers = [shop.ask(path) for path in paths]
    assert [(404, path or "/") for path in paths] == [(answer.status, answer.json["path"]) for answer in answers]


def test_cookies_come_apart_from_headers(shop: Shop) -> None:
    event = shop.ask("/echo", cookie="a=1; b=2").json
    assert (["a=1", "b=2"], False) == (event["cookies"], "cookie" in event["headers"])
    assert "cookies" not in shop.ask("/echo").json


def test_a_route_sends_the_format_that_it_says(shop: Shop) -> None:
    assert ["2.0", "1.0"] == [shop.ask(path).json["version"] for path in ("/echo", "/old")]


def test_the_host_of_an_api_reaches_it_too(shop: Shop) -> None:
    api = shop.outputs["ApiUrl"].rpartition("/")[2]
    url = f"{shop.here.url}/orders/7"
    answer = ask("GET", url, {"Host": f"{api}.execute-api.localhost:{shop.here.port}"})
    assert (200, "/orders/7") == (answer.status, answer.json["path"])


def test_a_function_url_answers_beside_the_api(shop: Shop) -> None:
    answer = ask("GET", f"{shop.outputs['RestUrl']}a/b")
    assert (404, "/a/b") == (answer.status, answer.json["path"])


def test_a_token_of_the_issuer_is_let_in_with_its_claims(shop: Shop) -> None:
    answer = shop.ask("/tokens", authorization=f"Bearer {shop.issuer.token()}")
    assert (200, "ann", ["orders"]) == (
        answer.status,
        answer.json["by"]["jwt"]["claims"]["sub"],
        answer.json["by"]["jwt"]["scopes"],
    )


REFUSED: dict[str, tuple[int, dict[str, Any]]] = {
    "of another audience": (401, {"aud": "other"}),
    "of another issuer": (401, {"iss": "https://id.example"}),
    "that has expired": (401, {"exp": 1}),
    "without a scope of the route": (403, {"scope": "stock"}),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_a_token_is_refused(shop: Shop, kind: str) -> None:
    status, claims = REFUSED[kind]
    assert status == shop.ask("/tokens", authorization=f"Bearer {shop.issuer.token(**claims)}").status


def test_a_token_with_another_signature_and_no_token_are_refused(shop: Shop) -> None:
    forged, own = Issuer(), shop.issuer
    token = forged.token(iss=own.address)
    forged.close()
    assert [401, 401] == [shop.ask("/tokens", authorization=f"Bearer {token}").status, shop.ask("/tokens").status]


def test_a_user_of_the_pool_is_let_in(shop: Shop) -> None:
    users: Any = session(shop.here).client("cognito-idp", **client_arguments(shop.here))
    pool, client = shop.outputs["UsersPoolId"], shop.outputs["UsersClient"]
    users.admin_create_user(UserPoolId=pool, Username="ann", MessageAction="SUPPRESS")
    users.admin_set_user_password(UserPoolId=pool, Username="ann", Password=PASSWORD, Permanent=True)
    signed_in = users.initiate_auth(
        ClientId=client,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "ann", "PASSWORD": PASSWORD},
    )
    token = signed_in["AuthenticationResult"]["IdToken"]
    answers = [shop.ask("/me", authorization=f"Bearer {text}") for text in (token, shop.issuer.token())]
    assert [200, 401] == [answer.status for answer in answers]
    assert "ann" == answers[0].json["by"]["jwt"]["claims"]["cognito:username"]


def test_a_function_says_whom_a_route_lets_in(shop: Shop) -> None:
    answers = [shop.ask("/cave", **headers) for headers in ({"x-word": "sesame"}, {"x-word": "barley"}, {})]
    assert [200, 403, 401] == [answer.status for answer in answers]
    assert {"word": "sesame"} == answers[0].json["by"]["lambda"]


def test_a_signed_request_is_let_in(shop: Shop) -> None:
    url = shop.url("/signed")
    answer = ask("GET", url, signed_headers(shop.here, "GET", url))
    assert (200, shop.here.access_key_id) == (answer.status, answer.json["by"]["iam"]["accessKey"])


def test_a_request_that_is_not_signed_or_not_rightly_is_refused(shop: Shop) -> None:
    url = shop.url("/signed")
    wrong = signed_headers(shop.here, "GET", shop.url("/other"))
    unsigned = [ask("GET", url), ask("GET", url, {"Authorization": "Bearer x"}), ask("GET", url, wrong)]
    assert [403, 403, 403] == [answer.status for answer in unsigned]


def test_pages_of_the_allowed_origin_may_ask(shop: Shop) -> None:
    preflight = {"origin": "https://shop.example", "access_control_request_method": "GET"}
    allowed = shop.ask("/tokens", "OPTIONS", **preflight)
    headers = ("allow-origin", "allow-methods", "allow-headers", "max-age")
    assert (204, [["https://shop.example"], ["GET"], ["authorization"], ["60"]]) == (
        allowed.status,
        [allowed.all(f"access-control-{name}") for name in headers],
    )
    for origin, seen in (("https://shop.example", ["https://shop.example"]), ("https://other.example", [])):
        assert seen == shop.ask("/orders/7", origin=origin).all("access-control-allow-origin")


@in_all_cases
def test_without_cors_options_is_a_method_like_any_other(tmp_path: Path) -> None:
    """A web framework may answer it by itself."""
    app = (
        "from remit import App, on\napp = App()\n"
        '@app.function(on.api("OPTIONS /a", auth="NONE"), on.api("ANY /b", auth="NONE"), on.api("OPTIONS /c"))\n'
        'def answer(event, context):\n    return event["requestContext"]["http"]["method"] + event["routeKey"]\n'
    )
    write(tmp_path / "shop", {"app.py": app})
    with deployed(tmp_path / "shop") as outputs:
        answers = {path: ask("OPTIONS", outputs["ApiUrl"] + path) for path in ("/a", "/b", "/c", "/d")}
    assert {"/a": 200, "/b": 200, "/c": 403, "/d": 404} == {path: answer.status for path, answer in answers.items()}
    assert ["OPTIONSOPTIONS /a", "OPTIONSANY /b"] == [answers["/a"].body, answers["/b"].body]


def test_a_default_route_with_authorization_asks_preflights_too(tmp_path: Path) -> None:
    app = (
        "from remit import App, on\napp = App()\n"
        '@app.function(on.api("$default"), on.api("GET /a", auth="NONE"), on.api("OPTIONS /b", auth="NONE"))\n'
        'def answer(event, context):\n    return {"statusCode": 204}\n'
    )
    write(tmp_path / "shop", {"app.py": app, "config/deploy.py": CONFIG})
    preflight = {"origin": "https://shop.example", "access-control-request-method": "GET"}
    with deployed(tmp_path / "shop") as outputs:
        answers = {path: ask("OPTIONS", outputs["ApiUrl"] + path, preflight).status for path in ("/b", "/c")}
    assert {"/b": 204, "/c": 403} == answers


BODY = "from remit import configure\nwith configure() as config:\n    config.api.routes_in_body = True\n"


@in_all_cases
def test_an_api_with_its_routes_in_its_body_calls_what_its_role_may_call(tmp_path: Path) -> None:
    app = "from remit import App, on\napp = App()\n" + "".join(
        f'@app.function(on.api("GET /{name}", auth="NONE"))\ndef {name}(event, context):\n    return "{name}"\n'
        for name in ("first", "second")
    )
    folder = tmp_path / "shop"
    write(folder, {"app.py": app, "config/deploy.py": BODY})
    with deployed(folder) as outputs:
        here = aws.start(folder)
        iam: Any = session(here).client("iam", **client_arguments(here))
        (role,) = (item["RoleName"] for item in iam.list_roles()["Roles"] if "-HttpApiRole-" in item["RoleName"])
        policy = iam.get_role_policy(RoleName=role, PolicyName="remit")["PolicyDocument"]
        policy["Statement"] = policy["Statement"][:1]
        iam.put_role_policy(RoleName=role, PolicyName="remit", PolicyDocument=json.dumps(policy))
        assert [200, 500] == [ask("GET", f"{outputs['ApiUrl']}/{name}").status for name in ("first", "second")]


@in_all_cases
def test_a_route_that_leaves_the_body_of_an_api_leaves_the_api(tmp_path: Path) -> None:
    app = (
        "from remit import App, on\napp = App()\n"
        '@app.function(on.api("GET /a", auth="NONE"){})\ndef answer(event, context):\n    return "a"\n'
    )
    folder = tmp_path / "shop"
    write(folder, {"app.py": app.format(', on.api("GET /b", auth="NONE")'), "config/deploy.py": BODY})
    with deployed(folder) as before:
        assert [200, 200] == [ask("GET", f"{before['ApiUrl']}/{path}").status for path in "ab"]
        write(folder, {"app.py": app.format("")})
        with deployed(folder) as after:
            assert before["ApiUrl"] == after["ApiUrl"]
            assert [200, 404] == [ask("GET", f"{after['ApiUrl']}/{path}").status for path in "ab"]


# What `remit.local.api_repairs` changes, of the emulator by itself: a test here that fails says that it is no longer
# needed.

CODE = """
def handler(event, context):
    return event["headers"].get("cookie", event["rawPath"])
"""
TEMPLATE = {
    "Resources": {
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": []}},
        },
        "Function": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "Runtime": "python3.12",
                "Handler": "index.handler",
                "Role": {"Fn::GetAtt": ["Role", "Arn"]},
                "Code": {"ZipFile": CODE},
            },
        },
        "Api": {
            "Type": "AWS::ApiGatewayV2::Api",
            "Properties": {"Name": "api", "ProtocolType": "HTTP", "CorsConfiguration": CORS},
        },
        "Stage": {
            "Type": "AWS::ApiGatewayV2::Stage",
            "Properties": {"ApiId": {"Ref": "Api"}, "StageName": "$default", "AutoDeploy": True},
        },
        "Integration": {
            "Type": "AWS::ApiGatewayV2::Integration",
            "Properties": {
                "ApiId": {"Ref": "Api"},
                "IntegrationType": "AWS_PROXY",
                "IntegrationUri": {"Fn::GetAtt": ["Function", "Arn"]},
                "PayloadFormatVersion": "2.0",
            },
        },
        "Old": {
            "Type": "AWS::ApiGatewayV2::Integration",
            "Properties": {
                "ApiId": {"Ref": "Api"},
                "IntegrationType": "AWS_PROXY",
                "IntegrationUri": {"Fn::GetAtt": ["Function", "Arn"]},
                "PayloadFormatVersion": "1.0",
            },
        },
        **{
            name: {
                "Type": "AWS::ApiGatewayV2::Route",
                "Properties": {
                    "ApiId": {"Ref": "Api"},
                    "RouteKey": key,
                    "AuthorizationType": mode,
                    "Target": {"Fn::Sub": f"integrations/${{{integration}}}"},
                },
            }
            for name, key, mode, integration in (
                ("Open", "ANY /{path+}", "NONE", "Integration"),
                ("Signed", "GET /signed", "AWS_IAM", "Integration"),
                ("OldRoute", "GET /old", "NONE", "Old"),
            )
        },
    },
    "Outputs": {"Id": {"Value": {"Ref": "Api"}}},
}


@pytest.fixture(scope="module")
def bare(bare_url: str) -> str:
    """The address of an API in the emulator by itself."""
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    stacks: Any = boto3.client("cloudformation", endpoint_url=bare_url, region_name="us-east-1", **keys)
    stacks.create_stack(StackName="shop", TemplateBody=json.dumps(TEMPLATE), Capabilities=["CAPABILITY_IAM"])
    stacks.get_waiter("stack_create_complete").wait(StackName="shop", WaiterConfig={"Delay": 1})
    (stack,) = stacks.describe_stacks(StackName="shop")["Stacks"]
    return f"{bare_url}/_aws/execute-api/{stack['Outputs'][0]['OutputValue']}"


def test_the_emulator_still_loses_cors_of_templates(bare: str) -> None:
    answer = ask("GET", f"{bare}/a", {"Origin": "https://shop.example"})
    assert (200, []) == (answer.status, answer.all("access-control-allow-origin"))


def test_the_emulator_still_drops_the_body_of_an_api(bare_url: str) -> None:
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    stacks: Any = boto3.client("cloudformation", endpoint_url=bare_url, region_name="us-east-1", **keys)
    apis: Any = boto3.client("apigatewayv2", endpoint_url=bare_url, region_name="us-east-1", **keys)
    integration = {"type": "http_proxy", "uri": "https://shop.example", "payloadFormatVersion": "1.0"}
    body = {"paths": {"/a": {"get": {"x-amazon-apigateway-integration": integration}}}}
    api = {"Type": "AWS::ApiGatewayV2::Api", "Properties": {"Body": body}}
    template = {"Resources": {"Api": api}, "Outputs": {"Id": {"Value": {"Ref": "Api"}}}}
    stacks.create_stack(StackName="body", TemplateBody=json.dumps(template))
    stacks.get_waiter("stack_create_complete").wait(StackName="body", WaiterConfig={"Delay": 1})
    (stack,) = stacks.describe_stacks(StackName="body")["Stacks"]
    assert [] == apis.get_routes(ApiId=stack["Outputs"][0]["OutputValue"])["Items"]


def test_the_emulator_still_refuses_every_options_of_an_api_without_cors(bare: str) -> None:
    assert 403 == ask("OPTIONS", f"{bare}/a").status


def test_the_emulator_still_answers_preflights_of_a_default_route_that_asks_for_authorization(bare: str) -> None:
    url = bare.partition("/_aws/")[0]
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    apis: Any = boto3.client("apigatewayv2", endpoint_url=url, region_name="us-east-1", **keys)
    api = apis.create_api(Name="cors", ProtocolType="HTTP", CorsConfiguration=CORS)["ApiId"]
    apis.create_route(ApiId=api, RouteKey="$default", AuthorizationType="AWS_IAM")
    apis.create_stage(ApiId=api, StageName="$default", AutoDeploy=True)
    preflight = {"origin": "https://shop.example", "access-control-request-method": "GET"}
    assert 204 == ask("OPTIONS", f"{url}/_aws/execute-api/{api}/a", preflight).status


def test_the_emulator_still_takes_any_authorization_for_a_signature(bare: str) -> None:
    assert 200 == ask("GET", f"{bare}/signed", {"Authorization": "Bearer x"}).status


def test_the_emulator_still_leaves_cookies_among_the_headers(bare: str) -> None:
    assert "a=1" in ask("GET", f"{bare}/echo", {"Cookie": "a=1"}).body


def test_the_emulator_still_sends_format_2_whatever_a_route_says(bare: str) -> None:
    assert "/old" == ask("GET", f"{bare}/old").body  # the rawPath of format 2.0


def test_the_emulator_still_loses_the_end_of_a_path(bare: str) -> None:
    assert "/a" == ask("GET", f"{bare}/a/").body
