"""The app's HTTP API: one for all functions, what it lets in, what it may call, and the routes that are refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import cfn_lint
from projects import at
from random_cases import cases_of
from remit.catalogue.quotas import quota
from remit.review.working_tree import version_of
from remit.synthesis.declared_roles import declared

if TYPE_CHECKING:
    from conftest import Make
    from projects import Project

GOLDEN = Path(__file__).parent / "golden" / "api.json"
CERTIFICATE = "arn:aws:acm:eu-central-1:111122223333:certificate/0a1b2c3d-0000-0000-0000-000000000000"
CONFIG = f"""
config.api.cors_configuration = {{"allow_origins": ["https://shop.example"], "AllowMethods": ["GET", "POST"]}}
config.api.throttling_rate_limit = 10
config.api.throttling_burst_limit = 20
config.api.access_log = True
config.api.access_log_retention = 14
config.api.domain_name = "api.shop.example"
config.api.certificate_arn = "{CERTIFICATE}"
config.api.disable_execute_api_endpoint = True
"""
USERS = """
from remit import Shared, resource

class Users(Shared):
    pool = resource("AWS::Cognito::UserPool")
    web = resource("AWS::Cognito::UserPoolClient", user_pool_id=pool.ref)
    topic = resource("AWS::SNS::Topic")
"""
SHOP = """
from remit import on
from shared.resources.users import Users

ids = on.jwt("https://id.example", audience=["shop"], scopes=["orders"])

@app.function(on.api("GET /orders/{id}", auth="NONE"), on.api("POST /orders", auth=ids))
def orders(event, context): ...
@app.function(on.api("ANY /files/{path+}"), on.api("$default"))
def rest(event, context): ...
@app.function(on.api("GET /me", auth=on.user_pool(Users.pool, clients=[Users.web])))
def me(event, context): ...
@app.function(on.api("GET /staff", auth=on.user_pool("eu-central-1_AbCdEf123", clients=["4a5b6c"], scopes=["staff"])))
def staff(event, context): ...
"""


def _cfn_lint(project: Project, *regions: str) -> list[str]:
    project.built()
    return cfn_lint.findings(project.folder / ".remit" / "build" / "template.json", regions=regions)


def _app(*routes: str) -> str:
    return "from remit import on\n" + "".join(
        f"@app.function({route})\ndef {name}(event, context): ...\n"
        for name, route in zip(("hello", "second"), routes, strict=False)
    )


def test_all_functions_share_one_api_with_its_authorizers_log_and_domain(make: Make) -> None:
    """The golden template was reviewed; cfn-lint reads it with CloudFormation's schemas, and remit lint has no word."""
    project = make(config=CONFIG, app=SHOP, **{"shared/resources/users.py": USERS})
    built = project.built()
    assert json.loads(GOLDEN.read_text()) == json.loads(built.body)
    assert [] == _cfn_lint(project, "us-east-1", "eu-west-1", "us-gov-west-1")
    assert "nothing found\n" == project.remit("lint").out


def test_an_app_without_routes_has_no_api(make: Make) -> None:
    template = make().template()
    assert not [resource for resource in template["Resources"].values() if "ApiGateway" in resource["Type"]]
    assert "Outputs" not in template


def test_the_address_is_an_output(make: Make) -> None:
    outputs = make(app=_app('on.api("GET /")')).template()["Outputs"]
    assert {
        "ApiUrl": {"Description": "The address of the API", "Value": {"Fn::GetAtt": ["HttpApi", "ApiEndpoint"]}}
    } == outputs


def test_a_route_asks_for_a_signature_unless_it_says_that_everyone_may_call(make: Make) -> None:
    """A build names the routes that answer everyone."""
    project = make(app=_app('on.api("GET /a"), on.api("GET /b", auth="NONE")'))
    modes = {
        route["RouteKey"]: route["AuthorizationType"]
        for route in project.resources("AWS::ApiGatewayV2::Route").values()
    }
    assert {"GET /a": "AWS_IAM", "GET /b": "NONE"} == modes
    assert ("everyone may call `GET /b`, which runs hello (app.py:10:2)",) == project.built().notes


def test_a_review_knows_the_functions_behind_routes_that_answer_everyone(make: Make) -> None:
    """Of the app itself, and of the template that it is deployed with."""
    project = make(app=_app('on.api("GET /a"), on.api("GET /b", auth="NONE")', 'on.api("GET /c")'))
    assert ("hello",) == version_of(project.load()).open
    assert ("hello",) == declared(project.template()).open


PERMISSIONS = {
    "GET /orders/{id}": "*/GET/orders/{id}",
    "ANY /orders": "*/*/orders",
    "POST /": "*/POST/",
    "PUT /files/{path+}": "*/PUT/files/{path+}",
    "$default": "*/$default",
}


@pytest.mark.parametrize("route", PERMISSIONS)
def test_the_api_may_call_a_function_for_its_routes_alone(make: Make, route: str) -> None:
    (permission,) = make(app=_app(f'on.api("{route}")')).resources("AWS::Lambda::Permission").values()
    here = "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${HttpApi}"
    assert {
        "Action": "lambda:InvokeFunction",
        "FunctionName": {"Ref": "HelloFunction"},
        "Principal": "apigateway.amazonaws.com",
        "SourceArn": {"Fn::Sub": f"{here}/{PERMISSIONS[route]}"},
    } == permission


def test_an_authorizer_may_look_for_who_somebody_is_itself(make: Make) -> None:
    """Without an `identity_source` it is asked for every request; an answer is then kept for nobody."""
    route = 'on.api("GET /", auth=on.authorizer("hello", identity_source=[]))'
    (authorizer,) = make(app=_app(route)).resources("AWS::ApiGatewayV2::Authorizer").values()
    assert (False, 0) == ("IdentitySource" in authorizer, authorizer["AuthorizerResultTtlInSeconds"])


def _many(count: int, methods: tuple[str, ...]) -> str:
    routes = [f'on.api("{method} /things/{number}")' for number in range(count) for method in methods]
    return _app(", ".join(routes))


@pytest.mark.parametrize(
    ("count", "methods", "permissions", "first"),
    [
        (20, ("GET", "POST"), 40, "*/GET/things/0"),
        (20, ("DELETE", "GET", "PATCH", "POST"), 20, "*/*/things/0"),
        (100, ("GET",), 1, "*"),
    ],
)
def test_permissions_widen_before_they_overflow_the_functions_policy(
    make: Make, count: int, methods: tuple[str, ...], permissions: int, first: str
) -> None:
    """First the methods of a path become one, then all routes of this API."""
    made = make(app=_many(count, methods)).resources("AWS::Lambda::Permission")
    sources = [permission["SourceArn"]["Fn::Sub"] for permission in made.values()]
    assert (permissions, True) == (len(sources), sources[0].endswith(f"${{HttpApi}}/{first}"))
    assert 300 * len(sources) < quota("lambda.function.policy").most


TWICE = {
    ("GET /orders/{id}", "GET /orders/{id}"): "is declared twice;",
    ("GET /orders/{id}", "GET /orders/{name}"): "is declared twice as `GET /orders/{id}`;",
    ("$default", "$default"): "is declared twice;",
}


@pytest.mark.parametrize("routes", TWICE)
def test_a_route_twice_is_told_with_both_lines(make: Make, routes: tuple[str, str]) -> None:
    error = make(app=_app(*(f'on.api("{route}")' for route in routes))).error()
    assert (
        f"route `{routes[1]}` of `second` {TWICE[routes]} `hello` at app.py:10:2 has it, too",
        "app.py:12:15",
    ) == (error.message, at(error))


def test_mistakes_of_both_apis_come_in_one_run(make: Make) -> None:
    twice = 'on.api("GET /a"), on.websocket("$connect")'
    said = str(make(app=_app(twice, twice)).error())
    assert "route `GET /a` of `second` is declared twice" in said
    assert "route `$connect` of `second` is declared twice" in said


def test_methods_and_the_rest_of_a_path_are_routes_of_their_own(make: Make) -> None:
    routes = ("GET /a", "ANY /a", "POST /a", "GET /{x}", "GET /{x+}", "GET /A", "GET /a/")
    made = make(app=_app(", ".join(f'on.api("{route}")' for route in routes))).resources("AWS::ApiGatewayV2::Route")
    assert routes == tuple(route["RouteKey"] for route in made.values())


UNSET = "usually os.environ.get() of a variable that is not set"
WRONG = {
    'on.api("GET /", payload_format_version="3.0")': (
        "payload_format_version cannot be '3.0'",
        "did you mean `1.0`?",
    ),
    'on.api("GET /", payload_format_version=1.0)': (
        "payload_format_version cannot be 1.0",
        "did you mean `1.0`?",
    ),
    'on.api("/orders")': ("route '/orders' has no method and path", '"ANY /orders" takes every method'),
    'on.api("$defaul")': (
        "route '$defaul' has no method and path",
        'write a method and a path, such as "GET /orders/{id}", or "$default"',
    ),
    "on.api(3)": ("route must be a string, got int '3'", None),
    'on.api("get /a")': ("route 'get /a' has the method 'get'", "did you mean `GET`?"),
    'on.api("LINK /a")': ("route 'LINK /a' has the method 'LINK'",
                          "it can be ANY, DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"),
    'on.api("GET a")': ("route 'GET a' has a path that does not begin with one /", 'write "/a"'),
    'on.api("GET //a")': ("route 'GET //a' has a path that does not begin with one /", 'write "/a"'),
    'on.api("GET /<int:id>")': ("route 'GET /<int:id>' has the segment '<int:id>'", 'a variable reads "{id}"'),
    'on.api("GET /<id>")': ("route 'GET /<id>' has the segment '<id>'", 'a variable reads "{id}"'),
    'on.api("GET /:id")': ("route 'GET /:id' has the segment ':id'", 'a variable reads "{id}"'),
    'on.api("GET /a{id}")': ("route 'GET /a{id}' has the segment 'a{id}'",
                             'a segment is text or one variable, such as "{id}"'),
    'on.api("GET /a?b=c")': ("route 'GET /a?b=c' has the segment 'a?b=c'",
                             'a segment is text or one variable, such as "{id}"'),
    'on.api("GET /{a+}/b")': ("route 'GET /{a+}/b' goes on after {a+}, which takes the rest of the path",
                              "move it to the end"),
    'on.api("GET /{a}/{a}")': ("route 'GET /{a}/{a}' has two variables of one name", None),
    'on.api(f"GET /{aws.region}")': ("route 'GET /${AWS::Region}' holds what only the deploy knows",
                                     "API Gateway's routes are written whole"),
    "on.api(aws.region)": ("route '${AWS::Region}' holds what only the deploy knows",
                           "API Gateway's routes are written whole"),
    'on.api("GET /", auth="none")': ("auth cannot be 'none'", "did you mean `NONE`?"),
    'on.api("GET /", auth="jwt")': ("auth cannot be 'jwt'",
                                    'it can be "AWS_IAM", "NONE", on.jwt(…), on.user_pool(…), on.authorizer(…)'),
    'on.api("GET /", auth=None)': (
        "auth cannot be None", 'it can be "AWS_IAM", "NONE", on.jwt(…), on.user_pool(…), on.authorizer(…)'
    ),
    "on.authorizer(3)": (
        "authorizer takes a function of the app, got int '3'",
        "such as `on.authorizer(check)`, where `check` is decorated with `@app.function`",
    ),
    'on.authorizer("a", cache=3601)': ("cache is 3601; it can be 0 to 3600 seconds", None),
    'on.authorizer("a", cache=60, identity_source=[])': (
        "cache needs an identity_source", "an answer is kept for the identity that it was given for"
    ),
    'on.authorizer("a", identity_source=["Authorization"])': (
        "identity_source has 'Authorization'",
        'such as "$request.header.Authorization" or "$request.querystring.token"',
    ),
    'on.jwt("http://id.example", audience=["a"])': (
        "issuer cannot be str 'http://id.example'",
        'it is the https address in the `iss` of a token, such as "https://id.example"',
    ),
    'on.jwt("https://id.example", audience=[])': (
        "audience names nobody",
        "without one, tokens that the issuer made for any other app would be let in",
    ),
    'on.jwt("https://id.example", audience="shop")': (
        "audience must be a list of strings, got str 'shop'", "write ['shop']"
    ),
    'on.jwt("https://id.example", audience=[None])': ("audience[0] must be a string, got None", UNSET),
    'on.jwt("https://id.example", audience=["a"], scopes="b")': (
        "scopes must be a list of strings, got str 'b'", "write ['b']"
    ),
    'on.user_pool("users", clients=["a"])': (
        "user_pool takes a user pool of the app, an id or an ARN, got str 'users'",
        'an id reads "eu-central-1_AbCdEf123"',
    ),
    "on.user_pool(Users.topic, clients=['a'])": (
        "pool takes AWS::Cognito::UserPool, and `Users.topic` is AWS::SNS::Topic", None,
    ),
    "on.user_pool(Users.pool, clients=[])": ("clients cannot be list '[]'",
                                             "name each app client whose tokens are to be let in"),
    "on.user_pool(Users.pool, clients=[Users.topic])": (
        "clients[0] takes AWS::Cognito::UserPoolClient, and `Users.topic` is AWS::SNS::Topic",
        None,
    ),
}  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG)
def test_what_api_gateway_would_refuse_is_told_at_its_line(make: Make, wrong: str) -> None:
    app = f"from remit import aws, on\nfrom shared.resources.users import Users\n@app.function(\n    {wrong})\n"
    error = make(app=f"{app}def hello(event, context): ...\n", **{"shared/resources/users.py": USERS}).error()
    assert (*WRONG[wrong], "app.py:12:5") == (error.message, error.hint, at(error))


AUTHORIZED = """
from remit import on
@app.function
def check(event, context): ...
auth = on.authorizer({asked}, cache=60)
@app.function(on.api("GET /a", auth=auth), on.api("GET /b", auth=auth))
def hello(event, context): ...
"""


@pytest.mark.parametrize("asked", ["check", '"check"'])
def test_routes_ask_a_function_of_the_app_which_this_api_alone_may_call(make: Make, asked: str) -> None:
    project = make(app=AUTHORIZED.format(asked=asked))
    ((authorizer, properties),) = project.resources("AWS::ApiGatewayV2::Authorizer").items()
    assert ("REQUEST", True, 60, ["$request.header.Authorization"]) == tuple(
        properties[name]
        for name in ("AuthorizerType", "EnableSimpleResponses", "AuthorizerResultTtlInSeconds", "IdentitySource")
    )
    assert "functions/${CheckFunction.Arn}/invocations" in properties["AuthorizerUri"]["Fn::Sub"]
    routes = project.resources("AWS::ApiGatewayV2::Route").values()
    assert [("CUSTOM", {"Ref": authorizer})] * 2 == [
        (route["AuthorizationType"], route["AuthorizerId"]) for route in routes
    ]
    (permission,) = (
        permission
        for permission in project.resources("AWS::Lambda::Permission").values()
        if permission["FunctionName"] == {"Ref": "CheckFunction"}
    )
    assert permission["SourceArn"]["Fn::Sub"].endswith(f":${{HttpApi}}/authorizers/${{{authorizer}}}")
    assert () == project.built().notes
    assert "nothing found\n" == project.remit("lint").out


def test_a_route_that_asks_what_is_no_function_of_the_app_is_told(make: Make) -> None:
    error = make(app=AUTHORIZED.format(asked='"chek"')).error()
    message = "`chek` is no function of this app, so that no route can ask it"
    assert (message, "did you mean `check`?", "app.py:14:15") == (error.message, error.hint, at(error))


def test_tokens_are_not_a_trigger_by_themselves(make: Make) -> None:
    error = make(app=_app('on.jwt("https://id.example", audience=["shop"])')).error()
    assert (True, "app.py:10:15") == ("is not a trigger" in error.message, at(error))


def test_a_function_that_may_run_longer_than_an_api_waits_is_told(make: Make) -> None:
    app = _app('on.api("GET /a"), timeout=60', 'on.api("GET /b"), timeout=30')
    assert ("hello may run 60 s, and an API waits 30 s for an answer (app.py:10:41)",) == make(app=app).built().notes


def test_preflights_that_a_default_route_would_refuse_are_told(make: Make) -> None:
    """Unless a route answers them, or everyone may call the default."""
    config = 'config.api.cors_configuration = {"allow_origins": ["*"]}'
    note = (
        "route `$default` (app.py:10:2) asks browsers' preflights for authorization, too, and refuses them: "
        'add `on.api("OPTIONS /{path+}", auth="NONE")` to a function that answers 204'
    )
    assert (note,) == make(config=config, app=_app('on.api("$default")')).built().notes
    answered = make(config=config, app=_app('on.api("$default"), on.api("OPTIONS /{path+}", auth="NONE")')).built()
    assert note not in answered.notes
    assert note not in make(config=config, app=_app('on.api("$default", auth="NONE")')).built().notes
    assert () == make(config="pass", app=_app('on.api("$default")')).built().notes


LATER = {
    "its account and region are the stack's": (
        'domain = "api.shop.example"\n'
        'arn = f"arn:{aws.partition}:acm:{aws.region}:{aws.account}:certificate/0a1b2c3d"\n'
    ),
    "another stack made it": (
        'domain = existing.parameter("/shop/domain")\n'
        "arn = f\"arn:aws:acm:eu-central-1:111122223333:certificate/{existing.parameter('/shop/certificate')}\"\n"
    ),
    "a parameter holds its ARN": (
        'domain = f"{existing.parameter(\'/shop/host\')}.shop.example"\narn = existing.parameter("/shop/arn")\n'
    ),
}


@pytest.mark.parametrize("case", cases_of(tuple(LATER), 2))
def test_a_certificate_may_be_one_that_only_the_deploy_knows(case: str, make: Make) -> None:
    config = (
        "from remit import aws, existing\n"
        f"{LATER[case]}config.api.domain_name = domain\nconfig.api.certificate_arn = arn\n"
    )
    assert _cfn_lint(make(config=config, app=_app('on.api("GET /")')), "eu-central-1") == []


EXISTING_POOLS = {
    "f'arn:{aws.partition}:cognito-idp:{aws.region}:{aws.account}:userpool/eu-central-1_AbCdEf123'": (
        "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_AbCdEf123"
    ),
    "Users.pool.arn": {"Fn::Sub": "https://cognito-idp.${AWS::Region}.${AWS::URLSuffix}/${UsersPool}"},
    "existing.parameter('/pool')": {
        "Fn::Sub": "https://cognito-idp.${AWS::Region}.${AWS::URLSuffix}/${ParameterPoolca96be}"
    },
}


@pytest.mark.parametrize("pool", cases_of(tuple(EXISTING_POOLS), 2))
def test_a_user_pool_may_be_one_that_only_the_deploy_knows(pool: str, make: Make) -> None:
    route = f'on.api("GET /", auth=on.user_pool({pool}, clients=[existing.parameter("/client")]))'
    declared = f"from remit import aws, existing\nfrom shared.resources.users import Users\n{_app(route)}"
    project = make(app=declared, **{"shared/resources/users.py": USERS})
    assert [] == _cfn_lint(project, "eu-central-1")
    (authorizer,) = project.resources("AWS::ApiGatewayV2::Authorizer").values()
    assert EXISTING_POOLS[pool] == authorizer["JwtConfiguration"]["Issuer"]


def test_an_arn_of_another_service_is_no_user_pool(make: Make) -> None:
    pool = "arn:aws:sqs:eu-central-1:111122223333:eu-central-1_AbCdEf123"
    error = make(app=_app(f'on.api("GET /", auth=on.user_pool({pool!r}, clients=["a"]))')).error()
    assert error.message.startswith("user_pool takes a user pool of the app, an id or an ARN, got ")


def test_a_domain_of_an_app_without_routes_is_said_to_have_no_effect(make: Make) -> None:
    note = "no function has a route, such as `on.api(…)`: `config.api.domain_name` has no effect (config/deploy.py:"
    assert [note] == [text[: len(note)] for text in make(config=CONFIG, app=_app("")).built().notes]


def test_a_domain_that_is_taken_back_is_no_setting_of_no_effect(make: Make) -> None:
    assert () == make(config="config.api.domain_name = None", app=_app("")).built().notes


SETTINGS = {
    "config.api.disable_execute_api_endpoint = True": (
        "`config.api.disable_execute_api_endpoint` leaves the API without an address: it has no domain",
        "set `config.api.domain_name` and its certificate, too",
    ),
    'config.api.domain_name = "api.shop.example"': (
        "`config.api.domain_name` is 'api.shop.example', and there is no certificate for it",
        "set `config.api.certificate_arn` to one of ACM in the API's region",
    ),
    f'config.api.certificate_arn = "{CERTIFICATE}"': (
        "`config.api.certificate_arn` has no domain to be used for",
        "set `config.api.domain_name`",
    ),
    'config.api.domain_name = "https://api.shop.example/x"': (
        "`config.api.domain_name` is 'https://api.shop.example/x', which is no domain",
        "a domain reads 'api.shop.example'",
    ),
    'config.api.domain_name = "localhost"': (
        "`config.api.domain_name` is 'localhost', which is no domain",
        "a domain reads 'api.shop.example'",
    ),
    'config.api.domain_name = "https://Store.Shop.example"': (
        "`config.api.domain_name` is 'https://Store.Shop.example', which is no domain",
        "a domain reads 'store.shop.example'",
    ),
    'config.api.certificate_arn = "arn:aws:iam::1:cert/a"': (
        "`config.api.certificate_arn` is 'arn:aws:iam::1:cert/a', which is no certificate's ARN",
        "a certificate of ACM in the API's region: arn:aws:acm:REGION:ACCOUNT:certificate/ID",
    ),
    "config.api.access_log_retention = None": (
        "`config.api.access_log_retention` is set, and the API writes no access log",
        "set `config.api.access_log = True`",
    ),
    "config.api.access_log_retention = 14": (
        "`config.api.access_log_retention` is set, and the API writes no access log",
        "set `config.api.access_log = True`",
    ),
    'config.api.cors_configuration = "*"': (
        (
            '`config.api.cors_configuration` must be a dict such as {"AllowOrigins": ["https://shop.example"]}, '
            "got str '*'"
        ),
        None,
    ),
    'config.api.cors_configuration = {"AllowOrigin": ["*"]}': (
        "`config.api.cors_configuration` has no key 'AllowOrigin'",
        "did you mean `AllowOrigins`?",
    ),
    'config.api.cors_configuration = {"allow_origins": ["shop.example"]}': (
        "`config.api.cors_configuration` has the origin 'shop.example'",
        'a scheme and a host without a path, such as "https://shop.example"',
    ),
    'config.api.cors_configuration = {"allow_origins": ["*"], "allow_credentials": True}': (
        "`config.api.cors_configuration` allows credentials from every origin, which browsers and API Gateway refuse",
        "name the origins whose pages may send cookies",
    ),
    'config.api.cors_configuration = {"allow_methods": ["get"]}': (
        "`config.api.cors_configuration` has the method 'get'",
        "did you mean `GET`?",
    ),
    'config.api.throttling_rate_limit = "10"': (
        "`config.api.throttling_rate_limit` must be a number of requests a second, got str '10'",
        None,
    ),
    "config.api.throttling_burst_limit = -1": (
        "`config.api.throttling_burst_limit` is -1 requests; it can be 0 to 1000000",
        None,
    ),
    "config.api.payload_format_version = 1.0": (
        "`config.api.payload_format_version` must be a string, got float '1.0'",
        None,
    ),
    'config.api.payload_format_version = "1"': (
        "`config.api.payload_format_version` cannot be '1'; it can be 1.0, 2.0",
        "did you mean `1.0`?",
    ),
    "config.api.cors = {}": (
        "there is no setting `config.api.cors`",
        (
            "known: payload_format_version, cors_configuration, routes_in_body, access_log, access_log_format, "
            "access_log_retention, domain_name, certificate_arn, disable_execute_api_endpoint, throttling_burst_limit, "
            "throttling_rate_limit"
        ),
    ),
}


@pytest.mark.parametrize("setting", SETTINGS)
def test_a_wrong_setting_is_told_at_its_line(make: Make, setting: str) -> None:
    error = make(config=setting, app=_app('on.api("GET /")')).error()
    assert (*SETTINGS[setting], "config/deploy.py:5:5") == (error.message, error.hint, at(error))


def test_a_domain_asks_for_a_record_that_points_to_it(make: Make) -> None:
    outputs = make(config=CONFIG, app=_app('on.api("GET /")')).template()["Outputs"]
    assert ("https://api.shop.example", {"Fn::GetAtt": ["HttpApiDomain", "RegionalDomainName"]}) == (
        outputs["ApiUrl"]["Value"],
        outputs["ApiDomainTarget"]["Value"],
    )


def test_whoever_deploys_may_have_access_logs_delivered_where_the_app_has_one(make: Make) -> None:
    """API Gateway sets up the delivery as the user who makes the stage ("Configure logging for HTTP APIs")."""
    with_log = make(config="config.api.access_log = True", app=_app('on.api("GET /")')).remit("policy", "deployer").out
    without = make(config="pass", app=_app('on.api("GET /")')).remit("policy", "deployer").out
    assert (True, False) == ("logs:CreateLogDelivery" in with_log, "logs:CreateLogDelivery" in without)


def test_a_function_has_an_integration_for_each_format_that_its_routes_send(make: Make) -> None:
    routes = ('on.api("GET /new"), on.api("GET /old", payload_format_version="1.0")', 'on.api("GET /")')
    project = make(app=_app(*routes))
    integrations = project.resources("AWS::ApiGatewayV2::Integration")
    assert {name: item["PayloadFormatVersion"] for name, item in integrations.items()} == {
        "HelloHttpApiIntegration": "2.0",
        "HelloHttpApiIntegrationV1": "1.0",
        "SecondHttpApiIntegration": "2.0",
    }
    targets = {item["RouteKey"]: item["Target"] for item in project.resources("AWS::ApiGatewayV2::Route").values()}
    assert targets == {
        "GET /new": {"Fn::Sub": "integrations/${HelloHttpApiIntegration}"},
        "GET /old": {"Fn::Sub": "integrations/${HelloHttpApiIntegrationV1}"},
        "GET /": {"Fn::Sub": "integrations/${SecondHttpApiIntegration}"},
    }
    assert [] == cfn_lint.findings(project.folder / ".remit" / "build" / "template.json")


def test_the_apps_format_is_that_of_the_routes_that_do_not_say(make: Make) -> None:
    app = _app('on.api("GET /old"), on.api("GET /new", payload_format_version="2.0")')
    app += 'app.web("page:api", on.api("GET /page"))\n'
    project = make(config='config.api.payload_format_version = "1.0"', app=app, **{"page.py": "def api(scope): ..."})
    integrations = project.resources("AWS::ApiGatewayV2::Integration")
    assert {name: item["PayloadFormatVersion"] for name, item in integrations.items()} == {
        "HelloHttpApiIntegration": "2.0",
        "HelloHttpApiIntegrationV1": "1.0",
        "WebHttpApiIntegration": "2.0",
    }


def test_an_authorizer_of_format_1_answers_with_a_policy(make: Make) -> None:
    app = _app('on.api("GET /", auth=on.authorizer("second", payload_format_version="1.0"))', "")
    (authorizer,) = make(app=app).resources("AWS::ApiGatewayV2::Authorizer").values()
    assert ("1.0", False) == (authorizer["AuthorizerPayloadFormatVersion"], "EnableSimpleResponses" in authorizer)


def test_a_web_app_of_format_1_is_refused(make: Make) -> None:
    app = 'from remit import on\napp.web("page:api", on.api("GET /", payload_format_version="1.0"))\n'
    error = make(app=app, **{"page.py": "def api(scope): ..."}).error()
    assert ("a web app gets payload format 2.0: its adapter reads no other", "app.py:10:1") == (
        error.message,
        at(error),
    )
