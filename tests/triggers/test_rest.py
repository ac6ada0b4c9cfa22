"""The app's REST API: one for all functions, what it lets in, what it may call, and the routes that are refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import cfn_lint
from projects import at
from random_cases import cases_of
from remit.errors import RemitError
from remit.review.working_tree import version_of
from remit.synthesis.declared_roles import declared
from remit.triggers.rest import Rest

if TYPE_CHECKING:
    from conftest import Make
    from projects import Project

GOLDEN = Path(__file__).parent / "golden" / "rest.json"
CERTIFICATE = "arn:aws:acm:eu-central-1:111122223333:certificate/0a1b2c3d-0000-0000-0000-000000000000"
CONFIG = f"""
config.rest.cors = {{"allow_origins": ["https://shop.example"], "allow_headers": ["authorization"], "max_age": 60}}
config.rest.throttling_rate_limit = 10
config.rest.throttling_burst_limit = 20
config.rest.access_log = True
config.rest.access_log_retention = 14
config.rest.tracing = True
config.rest.stage_name = "live"
config.rest.variables = {{"colour": "blue"}}
config.rest.binary_media_types = ["image/*"]
config.rest.domain_name = "api.shop.example"
config.rest.certificate_arn = "{CERTIFICATE}"
config.rest.disable_execute_api_endpoint = True
config.rest.properties = {{
    "MinimumCompressionSize": 1024,
    "Policy": {{
        "Version": "2012-10-17",
        "Statement": [
            {{"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*"}}
        ],
    }},
}}
config.rest.usage_plans = {{
    "basic": {{"quota": {{"limit": 1000, "period": "DAY"}}, "throttle": {{"rate_limit": 5, "burst_limit": 9}}}},
    "partners": {{"Description": "who pays", "Keys": ["ada", "bob"]}},
}}
"""
USERS = """
from remit import Shared, resource

class Users(Shared):
    pool = resource("AWS::Cognito::UserPool")
    topic = resource("AWS::SNS::Topic")
"""
SHOP = """
from remit import on
from shared.resources.users import Users

NEW = {"type": "object", "required": ["sku"], "properties": {"sku": {"type": "string"}}}

@app.function
def check(event, context): ...
@app.function(on.rest("GET /orders/{id}", auth="NONE"), on.rest("POST /orders", body=NEW, query=["currency"]))
def orders(event, context): ...
@app.function(on.rest("ANY /files/{path+}"), on.rest("GET /", api_key=True), on.rest("OPTIONS /", auth="NONE"))
def files(event, context): ...
@app.function(on.rest("GET /me", auth=on.user_pool(Users.pool, scopes=["staff"])))
def me(event, context): ...
@app.function(
    on.rest("GET /cave", auth=on.authorizer(check, identity_source=["method.request.header.x-word"], cache=60)),
    on.rest("GET /tomb", auth=on.authorizer(check, token=True)),
)
def cave(event, context): ...
"""


def _cfn_lint(project: Project, *regions: str) -> list[str]:
    project.built()
    return cfn_lint.findings(project.folder / ".remit" / "build" / "template.json", regions=regions)


def _app(*routes: str) -> str:
    return "from remit import on\n" + "".join(
        f"@app.function({route})\ndef {name}(event, context): ...\n"
        for name, route in zip(("hello", "second"), routes, strict=False)
    )


def test_all_functions_share_one_api_with_its_authorizers_plans_log_and_domain(make: Make) -> None:
    """The golden template was reviewed; cfn-lint reads it with CloudFormation's schemas, and remit lint has no word."""
    project = make(config=CONFIG, app=SHOP, **{"shared/resources/users.py": USERS})
    built = project.built()
    assert json.loads(GOLDEN.read_text()) == json.loads(built.body)
    assert [] == _cfn_lint(project, "us-east-1", "eu-west-1", "us-gov-west-1")
    assert "nothing found\n" == project.remit("lint").out


def test_the_address_is_an_output(make: Make) -> None:
    outputs = make(app=_app('on.rest("GET /")')).template()["Outputs"]
    address = "https://${RestApi}.execute-api.${AWS::Region}.${AWS::URLSuffix}/${RestApiStage}"
    assert {"RestApiUrl": {"Description": "The address of the API", "Value": {"Fn::Sub": address}}} == outputs


def test_an_app_may_have_both_apis(make: Make) -> None:
    project = make(app=_app('on.rest("GET /a"), on.api("GET /a")'))
    assert {"ApiUrl", "RestApiUrl"} == project.template()["Outputs"].keys()
    assert [] == _cfn_lint(project, "us-east-1")


def test_a_route_asks_for_a_signature_unless_it_says_that_everyone_may_call(make: Make) -> None:
    """A build names the routes that answer everyone, unless the API's policy says whom it lets in."""
    routes = _app('on.rest("GET /a"), on.rest("GET /b", auth="NONE"), on.rest("GET /c", auth="NONE", api_key=True)')
    project = make(app=routes, config='config.rest.usage_plans = {"basic": {"keys": ["ada"]}}')
    methods = project.resources("AWS::ApiGateway::Method").values()
    assert ["AWS_IAM", "NONE", "NONE"] == [method["AuthorizationType"] for method in methods]
    assert (
        "everyone may call `GET /b`, which runs hello (app.py:10:2)",
        "everyone may call `GET /c`, which runs hello (app.py:10:2)",
    ) == project.built().notes
    policy = {"Policy": {"Version": "2012-10-17", "Statement": []}}
    assert (
        ()
        == make(app=_app('on.rest("GET /b", auth="NONE")'), config=f"config.rest.properties = {policy}").built().notes
    )


def test_a_review_knows_the_functions_behind_methods_that_answer_everyone(make: Make) -> None:
    """Of the app itself, and of the template that it is deployed with; a key is no authorization, a preflight none."""
    routes = _app('on.rest("GET /a"), on.rest("GET /b", auth="NONE", api_key=True)', 'on.rest("GET /c")')
    project = make(app=routes, config='config.rest.cors = {"allow_origins": ["*"]}')
    assert ("hello",) == version_of(project.load()).open
    assert ("hello",) == declared(project.template()).open


PERMISSIONS = {
    "GET /orders/{id}": "dev/GET/orders/*",
    "ANY /orders": "dev/*/orders",
    "POST /": "dev/POST/",
    "PUT /files/{path+}": "dev/PUT/files/*",
}


@pytest.mark.parametrize("route", PERMISSIONS)
def test_the_api_may_call_a_function_for_its_methods_alone(make: Make, route: str) -> None:
    (permission,) = make(app=_app(f'on.rest("{route}")')).resources("AWS::Lambda::Permission").values()
    here = "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${RestApi}"
    assert {"Fn::Sub": f"{here}/{PERMISSIONS[route]}"} == permission["SourceArn"]
    assert ("apigateway.amazonaws.com", {"Ref": "HelloFunction"}) == (
        permission["Principal"],
        permission["FunctionName"],
    )


@pytest.mark.parametrize(
    ("count", "methods", "permissions", "first"),
    [(20, ("GET", "POST"), 40, "dev/GET/things/0"), (20, ("DELETE", "GET", "PATCH", "POST"), 20, "dev/*/things/0"),
     (80, ("GET",), 1, "*")],
)  # fmt: skip
def test_permissions_widen_before_they_overflow_the_functions_policy(
    make: Make, count: int, methods: tuple[str, ...], permissions: int, first: str
) -> None:
    routes = ", ".join(f'on.rest("{method} /things/{number}")' for number in range(count) for method in methods)
    made = make(app=_app(routes)).resources("AWS::Lambda::Permission")
    sources = [permission["SourceArn"]["Fn::Sub"] for permission in made.values()]
    assert (permissions, True) == (len(sources), sources[0].endswith(f"${{RestApi}}/{first}"))


def _deployment(make: Make, app: str, config: str = "pass") -> str:
    ((name, _),) = make(app=app, config=config).resources("AWS::ApiGateway::Deployment").items()
    return name


def test_whatever_the_deployment_is_a_snapshot_of_gives_it_another_logical_id(make: Make) -> None:
    base = _app('on.rest("GET /a", auth="NONE")')
    changed = {
        "another path": (_app('on.rest("GET /b", auth="NONE")'), "pass"),
        "another caller": (_app('on.rest("GET /a")'), "pass"),
        "a required parameter": (_app('on.rest("GET /a", auth="NONE", query=["x"])'), "pass"),
        "a body": (_app('on.rest("GET /a", auth="NONE", body={"type": "object"})'), "pass"),
        "another body": (_app('on.rest("GET /a", auth="NONE", body={"type": "array"})'), "pass"),
        "a key": (_app('on.rest("GET /a", auth="NONE", api_key=True)'), "pass"),
        "a policy": (base, 'config.rest.properties = {"Policy": {"Version": "2012-10-17", "Statement": []}}'),
        "binary types": (base, 'config.rest.binary_media_types = ["*/*"]'),
        "preflights": (base, 'config.rest.cors = {"allow_origins": ["*"]}'),
        "another origin": (base, 'config.rest.cors = {"allow_origins": ["https://a.example"]}'),
        "another authorizer": ((f"{base}@app.function(on.rest('GET /b', auth=on.authorizer(hello)))\n"
                               "def third(event, context): ...\n"), "pass"),
        "one that caches": ((f"{base}@app.function(on.rest('GET /b', auth=on.authorizer(hello, cache=1)))\n"
                            "def third(event, context): ...\n"), "pass"),
    }  # fmt: skip
    names = {reason: _deployment(make, *versions) for reason, versions in changed.items()}
    assert len(changed) + 1 == len({_deployment(make, base), *names.values()})
    # Its stage is none of the snapshot, nor is another function's code.
    assert _deployment(make, base) == _deployment(make, base, "config.rest.throttling_rate_limit = 3")


def test_a_deployment_waits_for_every_method_and_answer(make: Make) -> None:
    project = make(config=CONFIG, app=SHOP, **{"shared/resources/users.py": USERS})
    (deployment,) = (
        resource
        for resource in project.template()["Resources"].values()
        if resource["Type"] == "AWS::ApiGateway::Deployment"
    )
    kinds = ("AWS::ApiGateway::Method", "AWS::ApiGateway::GatewayResponse")
    assert {name for kind in kinds for name in project.resources(kind)} == set(deployment["DependsOn"])


def test_a_preflight_is_answered_where_no_route_does_it(make: Make) -> None:
    routes = 'on.rest("GET /a"), on.rest("OPTIONS /a", auth="NONE"), on.rest("ANY /b"), on.rest("PUT /c")'
    config = 'config.rest.cors = {"allow_origins": ["*"], "allow_methods": ["GET"], "expose_headers": ["x-id"]}'
    made = make(app=_app(routes), config=config).resources("AWS::ApiGateway::Method").values()
    assert ["MOCK", "MOCK"] == [item["Integration"]["Type"] for item in made if item["Integration"]["Type"] == "MOCK"]
    computed = make(app=_app(routes), config='config.rest.cors = {"allow_origins": ["*"]}')
    parameters = [
        item["Integration"]["IntegrationResponses"][0]["ResponseParameters"]
        for item in computed.resources("AWS::ApiGateway::Method").values()
        if item["Integration"]["Type"] == "MOCK"
    ]
    assert ["'DELETE,GET,HEAD,OPTIONS,PATCH,POST,PUT'", "'OPTIONS,PUT'"] == [
        item["method.response.header.Access-Control-Allow-Methods"] for item in parameters
    ]


def test_a_body_may_be_a_model_of_pydantics(make: Make) -> None:
    """Its definitions stand where draft 4 has them."""
    app = """
from pydantic import BaseModel
from remit import on
class Item(BaseModel):
    sku: str
class Order(BaseModel):
    items: list[Item]
@app.function(on.rest("POST /orders", body=Order))
def hello(event, context): ...
"""
    project = make(app=app)
    (model,) = project.resources("AWS::ApiGateway::Model").values()
    assert "#/definitions/Item" == model["Schema"]["properties"]["items"]["items"]["$ref"]
    assert ["Item"] == [*model["Schema"]["definitions"]]
    assert "$defs" not in model["Schema"]
    assert [] == _cfn_lint(project, "us-east-1")


POOLS = {
    "Users.pool": {"Fn::GetAtt": ["UsersPool", "Arn"]},
    "Users.pool.arn": {"Fn::GetAtt": ["UsersPool", "Arn"]},
    "'eu-central-1_AbCdEf123'": {
        "Fn::Sub": "arn:${AWS::Partition}:cognito-idp:eu-central-1:${AWS::AccountId}:userpool/eu-central-1_AbCdEf123"
    },
    "existing.parameter('/pool')": {
        "Fn::Sub": (
            "arn:${AWS::Partition}:cognito-idp:${AWS::Region}:${AWS::AccountId}:userpool/${ParameterPoolca96be}"
        )
    },
    "'arn:aws:cognito-idp:eu-central-1:111122223333:userpool/eu-central-1_AbCdEf123'": (
        "arn:aws:cognito-idp:eu-central-1:111122223333:userpool/eu-central-1_AbCdEf123"
    ),
}


@pytest.mark.parametrize("pool", cases_of(tuple(POOLS), 2))
def test_users_of_a_pool_are_let_in_by_its_arn(make: Make, pool: str) -> None:
    imports = "from remit import existing\nfrom shared.resources.users import Users\n"
    app = imports + _app(f'on.rest("GET /", auth=on.user_pool({pool}))')
    project = make(app=app, **{"shared/resources/users.py": USERS})
    (authorizer,) = project.resources("AWS::ApiGateway::Authorizer").values()
    assert ("COGNITO_USER_POOLS", [POOLS[pool]]) == (authorizer["Type"], authorizer["ProviderARNs"])
    assert [] == _cfn_lint(project, "eu-central-1")


CHOICES = 'it can be "AWS_IAM", "NONE", on.user_pool(…), on.authorizer(…)'
WRONG = {
    'on.rest("/orders")': ("route '/orders' has no method and path", '"ANY /orders" takes every method'),
    'on.rest("$default")': (
        "route '$default' is none of a REST API",
        'write "ANY /{path+}" and "ANY /", which take every request between them',
    ),
    'on.rest("GET /a/")': ("route 'GET /a/' ends with /, which no path of a REST API does", 'write "/a"'),
    'on.rest("GET //")': ("route 'GET //' ends with /, which no path of a REST API does", 'write "/"'),
    'on.rest("GET /a b")': (
        "route 'GET /a b' has the segment 'a b'", 'a segment is text or one variable, such as "{id}"'
    ),
    'on.rest("GET /a~b")': (
        "route 'GET /a~b' has the segment 'a~b'", 'a segment is text or one variable, such as "{id}"'
    ),
    'on.rest("GET /{a+}/b")': ("route 'GET /{a+}/b' goes on after {a+}, which takes the rest of the path",
                               "move it to the end"),
    'on.rest("GET /", auth="none")': ("auth cannot be 'none'", "did you mean `NONE`?"),
    'on.rest("GET /", auth=3)': ("auth cannot be int '3'", CHOICES),
    'on.rest("GET /", auth=on.jwt("https://id.example", audience=["a"]))': (
        "a REST API checks no tokens of other issuers: that is what HTTP APIs do",
        "write `on.api(…)`, or let a function check them: `auth=on.authorizer(check)`",
    ),
    'on.rest("GET /", auth=on.user_pool(Users.pool, clients=["a"]))': (
        "a REST API takes the tokens of every client of a user pool, so that `clients` would refuse nobody",
        "leave `clients` out; to tell them apart, give each its scopes and name these: `scopes=[…]`",
    ),
    'on.api("GET /", auth=on.user_pool(Users.pool))': (
        "an HTTP API lets in the users of a pool by its app clients",
        "name each app client whose tokens are to be let in: `on.user_pool(…, clients=[…])`",
    ),
    'on.api("GET /", auth=on.authorizer("hello", token=True))': (
        "an HTTP API asks an authorizer with the whole request",
        "leave `token` out: the function finds the header in the request",
    ),
    'on.rest("GET /", auth=on.authorizer("hello", token=True, identity_source=["$request.querystring.a"]))': (
        "an authorizer of tokens has one header as its identity_source",
        'such as identity_source=["method.request.header.x-token"]',
    ),
    'on.rest("GET /", auth=on.authorizer("hello", identity_validation_expression="a+"))': (
        "identity_validation_expression is for tokens alone", "add `token=True`, or look at the request in the function"
    ),
    'on.rest("GET /", auth=on.authorizer("chek"))': (
        "`chek` is no function of this app, so that no route can ask it",
        "decorate it with `@app.function`: it needs no trigger",
    ),
    'on.rest("POST /", body=3)': (
        "body takes JSON Schema, got int '3'", ('such as {"type": "object", "required": ["sku"]}, or a class of '
        "pydantic's BaseModel"),
    ),
    'on.rest("POST /", body={"properties": {"n": {"exclusiveMinimum": 0}}})': (
        "body has exclusiveMinimum, which API Gateway's validation does not support",
        "write `minimum`, and check the bound in the function",
    ),
    'on.rest("POST /", body={"items": [{"exclusiveMaximum": 0}]})': (
        "body has exclusiveMaximum, which API Gateway's validation does not support",
        "write `maximum`, and check the bound in the function",
    ),
    'on.rest("POST /", body={"enum": {1, 2}})': (
        "body is nothing that JSON can hold: Object of type set is not JSON serializable", None
    ),
    'on.rest("GET /", query=[""])': ("query has an empty string", None),
    'on.rest("GET /", query="a")': ("query must be a list of strings, got str 'a'", "write ['a']"),
    'on.rest("GET /", api_key="a")': ("api_key must be True or False, got str 'a'", None),
}  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG)
def test_what_api_gateway_would_refuse_is_told_at_its_line(make: Make, wrong: str) -> None:
    app = f"from remit import aws, on\nfrom shared.resources.users import Users\n@app.function(\n    {wrong})\n"
    error = make(app=f"{app}def hello(event, context): ...\n", **{"shared/resources/users.py": USERS}).error()
    assert WRONG[wrong] == (error.message, error.hint)
    assert at(error).startswith("app.py:12:")


TWICE = {
    ("GET /orders/{id}", "GET /orders/{id}"): (
        "route `GET /orders/{id}` of `second` is declared twice; `hello` at app.py:10:2 has it, too"
    ),
    ("GET /orders/{id}", "GET /orders/{name}"): (
        "route `GET /orders/{name}` of `second` is declared twice as `GET /orders/{id}`; `hello` at app.py:10:2 has "
        "it, too"
    ),
    ("GET /orders/{id}", "GET /orders/{name}/items"): (
        "route `GET /orders/{name}/items` has {name} where `GET /orders/{id}` has {id}: a REST API takes one variable "
        "in a place"
    ),
    ("GET /orders/{id}", "ANY /orders/{path+}"): (
        "route `ANY /orders/{path+}` has {path+} where `GET /orders/{id}` has {id}: a REST API takes one variable in a "
        "place"
    ),
}


@pytest.mark.parametrize("routes", TWICE)
def test_routes_that_collide_are_told_at_the_second(make: Make, routes: tuple[str, str]) -> None:
    error = make(app=_app(*(f'on.rest("{route}")' for route in routes))).error()
    assert (TWICE[routes], "app.py:12:15") == (error.message, at(error))
    assert () == error.further


def test_one_variable_may_stand_in_one_place_of_many_paths(make: Make) -> None:
    routes = ("GET /orders/{id}", "GET /orders/{id}/items", "POST /users/{name}", "GET /{id}", "GET /")
    made = make(app=_app(", ".join(f'on.rest("{route}")' for route in routes)))
    assert ["orders", "{id}", "items", "users", "{name}", "{id}"] == [
        resource["PathPart"] for resource in made.resources("AWS::ApiGateway::Resource").values()
    ]


def test_a_function_that_may_run_longer_than_an_api_waits_is_told(make: Make) -> None:
    """Not of the default, which nobody wrote."""
    app = _app('on.rest("GET /a"), timeout=60', 'on.rest("GET /b")')
    assert ("hello may run 60 s, and an API waits 29 s for an answer (app.py:10:42)",) == make(app=app).built().notes


@pytest.mark.parametrize("config", ["", 'config.rest.usage_plans = {"basic": {}}'])
def test_a_key_that_no_plan_has_is_told(make: Make, config: str) -> None:
    (note,) = make(app=_app('on.rest("GET /a", api_key=True)'), config=config).built().notes
    assert note.startswith("`GET /a` (app.py:10:2) asks for a key, and no usage plan of this app has one: ")


def test_a_domain_of_an_app_without_routes_is_said_to_have_no_effect(make: Make) -> None:
    config = f'config.rest.domain_name = "api.shop.example"\nconfig.rest.certificate_arn = "{CERTIFICATE}"'
    note = "no function has a route, such as `on.rest(…)`: `config.rest.domain_name` has no effect (config/deploy.py:"
    assert [note] == [text[: len(note)] for text in make(config=config, app=_app("")).built().notes]


PLANS = "config.rest.usage_plans"
SETTINGS = {
    'config.rest.properties = {"EndpointConfiguration": {"Typs": ["PRIVATE"]}}': (
        None, None
    ),
    'config.rest.properties = {"Polcy": 1}': (None, None),
    "config.rest.properties = 3": (None, None),
    'config.rest.stage_name = "$default"': (
        "`config.rest.stage_name` is '$default'", "it has letters, digits, _ and -"
    ),
    'config.rest.variables = {"a": 3}': (None, None),
    'config.rest.cors = {"allow_origins": ["https://a.example", "https://b.example"]}': (
        "`config.rest.cors` has 2 origins; a REST API answers preflights with one",
        'name one origin or "*", or answer preflights yourself: on.rest("OPTIONS /orders", auth="NONE")',
    ),
    'config.rest.cors = {"allow_methods": ["GET"]}': (
        "`config.rest.cors` has 0 origins; a REST API answers preflights with one",
        'name one origin or "*", or answer preflights yourself: on.rest("OPTIONS /orders", auth="NONE")',
    ),
    "config.rest.access_log_retention = 14": (
        "`config.rest.access_log_retention` is set, and the API writes no access log",
        "set `config.rest.access_log = True`",
    ),
    'config.rest.domain_name = "api.shop.example"': (
        "`config.rest.domain_name` is 'api.shop.example', and there is no certificate for it",
        "set `config.rest.certificate_arn` to one of ACM in the API's region",
    ),
    f'{PLANS} = {{"basic": {{"quotas": 3}}}}': (
        "`config.rest.usage_plans['basic']` has no key 'quotas'", "did you mean `Quota`?"
    ),
    f'{PLANS} = {{"basic": {{"quota": {{"limit": -3, "period": "DAY"}}}}}}': (None, None),
    f'{PLANS} = {{"basic": {{"keys": ["ada"]}}, "other": {{"keys": ["ada"]}}}}': (None, None),
    f'{PLANS} = {{"a b": {{}}}}': (
        "`config.rest.usage_plans` has the name 'a b'", "letters, digits, - _ and ."
    ),
}  # fmt: skip


@pytest.mark.parametrize("setting", SETTINGS)
def test_a_wrong_setting_is_told_at_its_line(make: Make, setting: str) -> None:
    error = make(config=setting, app=_app('on.rest("GET /")')).error()
    expected: tuple[Any, Any] = SETTINGS[setting]
    if expected != (None, None):
        assert expected == (error.message, error.hint)
    assert at(error).startswith("config/deploy.py:5:")


def test_a_private_api_has_its_endpoints_and_its_policy(make: Make) -> None:
    config = """
config.rest.properties = {
    "EndpointConfiguration": {"Types": ["PRIVATE"], "VpcEndpointIds": ["vpce-0a1b2c3d4e5f"]},
    "Policy": {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*"},
            {
                "Effect": "Deny", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*",
                "Condition": {"StringNotEquals": {"aws:SourceVpce": "vpce-0a1b2c3d4e5f"}},
            },
        ],
    },
}
"""
    project = make(config=config, app=_app('on.rest("GET /", auth="NONE")'))
    (api,) = project.resources("AWS::ApiGateway::RestApi").values()
    assert {"Types": ["PRIVATE"], "VpcEndpointIds": ["vpce-0a1b2c3d4e5f"]} == api["EndpointConfiguration"]
    assert ["Allow", "Deny"] == [statement["Effect"] for statement in api["Policy"]["Statement"]]
    assert ([], "nothing found\n") == (_cfn_lint(project, "us-east-1"), project.remit("lint").out)
    assert () == declared(project.template()).open


def test_a_function_that_has_nothing_to_do_with_the_api_leaves_its_snapshot_alone(make: Make) -> None:
    base = _app('on.rest("GET /a")')
    assert _deployment(make, base) == _deployment(make, f"{base}@app.function\ndef other(event, context): ...\n")
    renamed = base.replace('on.rest("GET /a")', 'on.rest("GET /a"), function_name="kept"')
    assert _deployment(make, base) != _deployment(make, renamed)


def test_a_model_is_written_as_draft_4_has_its_definitions_and_no_schema_has_what_json_has_not() -> None:
    class Order:
        """What pydantic's models offer."""

        @staticmethod
        def model_json_schema(ref_template: str) -> dict[str, Any]:
            item = ref_template.format(model="Item")
            return {"properties": {"item": {"$ref": item}}, "$defs": {"Item": {"type": "string"}}}

    expected = {"properties": {"item": {"$ref": "#/definitions/Item"}}, "definitions": {"Item": {"type": "string"}}}
    assert expected == Rest("PUT /orders", body=Order).body_schema
    with pytest.raises(RemitError, match="body is nothing that JSON can hold"):
        Rest("PUT /orders", body={"minimum": float("inf")})
