"""The HTTP API with its routes in one OpenAPI document: as AWS's own translator writes it, and who may call what."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import cfn_lint
from remit.review.working_tree import version_of
from remit.synthesis.declared_roles import declared

if TYPE_CHECKING:
    from conftest import Make

IN_BODY = "config.api.routes_in_body = True\n"
CONFIG = f"""
{IN_BODY}config.tags = {{"team": "shop"}}
config.api.cors_configuration = {{"AllowOrigins": ["https://shop.example"], "AllowMethods": ["GET"], "MaxAge": 60}}
config.api.domain_name = "api.shop.example"
config.api.certificate_arn = "arn:aws:acm:eu-central-1:111122223333:certificate/0a1b2c3d-0000-0000-0000-000000000000"
config.api.disable_execute_api_endpoint = True
"""
APP = """
from remit import on

@app.function
def check(event, context): ...
@app.function(
    on.api("GET /orders/{id}", auth=on.jwt("https://id.example", audience=["shop"], scopes=["read"])),
    on.api("ANY /files/{path+}"),
    on.api("POST /", auth="NONE", payload_format_version="1.0"),
    on.api("$default", auth=on.authorizer(check, identity_source=["$request.header.x-word", "$request.querystring.w"])),
)
def orders(event, context): ...
"""
EVENTS: dict[str, Any] = {
    "Get": {"Path": "/orders/{id}", "Method": "GET", "Auth": {"Authorizer": "Tokens", "AuthorizationScopes": ["read"]}},
    "Any": {"Path": "/files/{path+}", "Method": "ANY", "Auth": {"Authorizer": "AWS_IAM"}},
    "Post": {"Path": "/", "Method": "POST", "PayloadFormatVersion": "1.0"},
    "Default": {"Auth": {"Authorizer": "Check"}},
}
ROLE = {"Fn::GetAtt": ["HttpApiRole", "Arn"]}
SAM: dict[str, Any] = {
    "Transform": "AWS::Serverless-2016-10-31",
    "Resources": {
        "HttpApi": {
            "Type": "AWS::Serverless::HttpApi",
            "Properties": {
                "CorsConfiguration": {"AllowOrigins": ["https://shop.example"], "AllowMethods": ["GET"], "MaxAge": 60},
                "DisableExecuteApiEndpoint": True,
                "Tags": {"team": "shop"},
                "Auth": {
                    "EnableIamAuthorizer": True,
                    "Authorizers": {
                        "Tokens": {
                            "JwtConfiguration": {"issuer": "https://id.example", "audience": ["shop"]},
                            "IdentitySource": "$request.header.Authorization",
                        },
                        "Check": {
                            "FunctionArn": {"Fn::GetAtt": ["CheckFunction", "Arn"]},
                            "FunctionInvokeRole": ROLE,
                            "AuthorizerPayloadFormatVersion": "2.0",
                            "EnableSimpleResponses": True,
                            "Identity": {"Headers": ["x-word"], "QueryStrings": ["w"], "ReauthorizeEvery": 0},
                        },
                    },
                },
            },
        },
        "OrdersFunction": {
            "Type": "AWS::Serverless::Function",
            "Properties": {
                "Runtime": "python3.13",
                "Handler": "app.orders",
                "CodeUri": "s3://code/orders.zip",
                "Events": {
                    name: {"Type": "HttpApi", "Properties": {"ApiId": {"Ref": "HttpApi"}, **event}}
                    for name, event in EVENTS.items()
                },
            },
        },
    },
}


def _translated() -> dict[str, Any]:
    """The document that AWS's own translator makes of the same API."""
    os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
    from samtranslator.parser.parser import Parser  # noqa: PLC0415 - a second, for each process that collects tests
    from samtranslator.translator.translator import Translator  # noqa: PLC0415 - as above

    template: dict[str, Any] = Translator({}, Parser()).translate(json.loads(json.dumps(SAM)), {})
    document: dict[str, Any] = template["Resources"]["HttpApi"]["Properties"]["Body"]
    return document


def test_the_document_is_the_one_of_awss_translator_but_for_the_role_that_calls(make: Make) -> None:
    """Names of authorizers are remit's, the translator has a tag more, and its URI knows one partition."""
    document = make(config=CONFIG, app=APP).template()["Resources"]["HttpApi"]["Properties"]["Body"]
    text = json.dumps(document)
    schemes = document["components"]["securitySchemes"]
    for scheme in schemes:
        if scheme != "AWS_IAM":
            text = text.replace(scheme, "Tokens" if scheme.startswith("Tokens") else "Check")
    document, expected = json.loads(text), _translated()
    for operations in document["paths"].values():
        for operation in operations.values():
            assert ROLE == operation["x-amazon-apigateway-integration"].pop("credentials")
    expected["tags"] = [tag for tag in expected["tags"] if tag["name"] == "team"]
    uri = expected["components"]["securitySchemes"]["Check"]["x-amazon-apigateway-authorizer"].pop("authorizerUri")
    own_uri = document["components"]["securitySchemes"]["Check"]["x-amazon-apigateway-authorizer"].pop("authorizerUri")
    path = "lambda:path/2015-03-31/functions/{}/invocations"
    assert uri["Fn::Sub"][0].endswith(path.format("${__FunctionArn__}"))
    assert own_uri["Fn::Sub"].endswith(path.format("${CheckFunction.Arn}"))
    assert expected == document


def test_an_api_with_a_body_is_five_resources_and_has_no_word_of_cfn_lint(make: Make) -> None:
    project = make(config=CONFIG, app=APP)
    types = [resource["Type"] for name, resource in project.template()["Resources"].items() if "HttpApi" in name]
    assert sorted(types) == [
        "AWS::ApiGatewayV2::Api",
        "AWS::ApiGatewayV2::ApiMapping",
        "AWS::ApiGatewayV2::DomainName",
        "AWS::ApiGatewayV2::Stage",
        "AWS::IAM::Role",
    ]
    project.built()
    assert [] == cfn_lint.findings(project.folder / ".remit" / "build" / "template.json", regions=("us-east-1",))
    assert "nothing found\n" == project.remit("lint").out


def test_the_role_of_the_api_calls_functions_of_routes_and_those_that_authorize_alone(make: Make) -> None:
    more = '@app.function(on.sqs("jobs"))\ndef job(event, context): ...\n'
    project = make(config=IN_BODY, app=APP + more)
    (role,) = (role for role in project.roles() if role.logical_id == "HttpApiRole")
    assert ("apigateway.amazonaws.com",) == role.trusts
    assert [(str(grant.statement.resources.patterns[0]), str(grant.because)) for grant in role.grants] == [
        ("${OrdersFunction.Arn}", "orders is called by the HTTP API"),
        ("${CheckFunction.Arn}", "check is called by the HTTP API"),
    ]
    policy = json.loads(project.remit("policy", "deployer").out)
    passes = [statement for statement in policy["Statement"] if statement["Action"] == "iam:PassRole"]
    by_service = {item["Condition"]["StringEquals"]["iam:PassedToService"]: item["Resource"] for item in passes}
    assert by_service["apigateway.amazonaws.com"].endswith("-HttpApiRole-*")


def test_a_review_knows_the_functions_behind_open_routes_of_a_body(make: Make) -> None:
    body = (
        'from remit import on\n@app.function(on.api("GET /a"))\ndef first(event, context): ...\n'
        '@app.function(on.api("GET /b", auth="NONE"))\ndef second(event, context): ...\n'
    )
    project = make(config=IN_BODY, app=body)
    assert ("second",) == version_of(project.load()).open
    assert ("second",) == declared(project.template()).open
    assert ("everyone may call `GET /b`, which runs second (app.py:12:2)",) == project.built().notes


def test_a_document_has_one_name_for_a_variable_of_a_path(make: Make) -> None:
    routes = 'on.api("GET /orders/{id}"), on.api("GET /orders/{number}/lines"), on.api("POST /orders/{number}")'
    body = f"from remit import on\n@app.function({routes})\ndef f(event, context): ...\n"
    error = make(config=IN_BODY, app=body).error()
    assert ("route `POST /orders/{number}` has other names of variables than another route of the same path", 10) == (
        error.message,
        error.origin and error.origin.line,
    )
    assert error.hint is not None
    assert error.hint.startswith("write /orders/{id} in both")


def test_an_authorizer_that_is_no_function_is_told_once(make: Make) -> None:
    route = 'on.api("GET /", auth=on.authorizer("chek"))'
    error = make(
        config=IN_BODY, app=f"from remit import on\n@app.function({route})\ndef f(event, context): ...\n"
    ).error()
    assert ["`chek` is no function of this app, so that no route can ask it"] == [each.message for each in error.all]
