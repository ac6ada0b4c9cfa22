"""REST APIs need the function's permission, for routes and for authorizers, and their own policy binds every caller."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from remit.local.control.clients import client_arguments, session
from terminals import HANGS
from zips import zip_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from remit.local.state_files import LocalAws

ACCOUNT = "000000000000"
EXECUTE = f"arn:aws:execute-api:us-east-1:{ACCOUNT}"
FUNCTION = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function"
CODE = """
def handler(event, context):
    return {"statusCode": 200, "body": event["path"]}

def authorizes(event, context):
    statement = {"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": event["methodArn"]}
    return {"principalId": "ada", "policyDocument": {"Version": "2012-10-17", "Statement": [statement]}}
"""


@dataclass(frozen=True)
class Api:
    """A REST API with `GET /orders/{id}`."""

    aws: LocalAws
    id: str
    clients: Callable[[str], Any]

    def status(self, path: str = "/orders/7", method: str = "GET", **headers: str) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self.aws.port, timeout=HANGS)
        connection.request(method, f"/_aws/execute-api/{self.id}/live{path}", headers=headers)
        try:
            return connection.getresponse().status
        finally:
            connection.close()

    def signed_status(self, *keys: str) -> int:
        request = AWSRequest("GET", f"{self.aws.url}/_aws/execute-api/{self.id}/live/orders/7")
        SigV4Auth(Credentials(*keys), "execute-api", "us-east-1").add_auth(request)
        return self.status(**dict(request.headers.items()))

    def permit(self, function: str, source: str) -> None:
        self.clients("lambda").add_permission(
            FunctionName=function, StatementId=f"s{abs(hash(source))}", Action="lambda:InvokeFunction",
            Principal="apigateway.amazonaws.com", SourceArn=f"{EXECUTE}:{self.id}/{source}",
        )  # fmt: skip


@pytest.fixture(scope="module")
def clients(shared: LocalAws) -> Callable[[str], Any]:
    return partial(session(shared).client, **client_arguments(shared))


NUMBERS = iter(range(1000))


@pytest.fixture
def make(shared: LocalAws, clients: Callable[[str], Any]) -> Callable[..., Api]:
    def made(*, authorizer: bool = False, authorization: str = "NONE", role: str = "", **options: Any) -> Api:
        taken_on = {"credentials": role} if role else {}
        apis = clients("apigateway")
        number = next(NUMBERS)
        for name, handler in ((f"route{number}", "app.handler"), (f"auth{number}", "app.authorizes")):
            clients("lambda").create_function(
                FunctionName=name, Runtime="python3.12", Handler=handler, Timeout=20,
                Role=f"arn:aws:iam::{ACCOUNT}:role/any", Code={"ZipFile": zip_of(CODE)},
            )  # fmt: skip
        api = apis.create_rest_api(name=f"api{number}", **options)["id"]
        root = apis.get_resources(restApiId=api)["items"][0]["id"]
        orders = apis.create_resource(restApiId=api, parentId=root, pathPart="orders")["id"]
        order = apis.create_resource(restApiId=api, parentId=orders, pathPart="{id}")["id"]
        place = {"restApiId": api, "resourceId": order, "httpMethod": "GET"}
        address = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{}/invocations"
        how: dict[str, str] = {"authorizationType": authorization}
        if authorizer:
            identifier = apis.create_authorizer(
                restApiId=api, name="a", type="TOKEN", identitySource="method.request.header.Authorization",
                authorizerUri=address.format(f"{FUNCTION}:auth{number}"), authorizerResultTtlInSeconds=0,
                **({"authorizerCredentials": role} if role else {}),
            )["id"]  # fmt: skip
            how = {"authorizationType": "CUSTOM", "authorizerId": identifier}
        apis.put_method(**place, **how)
        apis.put_integration(
            **place, type="AWS_PROXY", integrationHttpMethod="POST",
            uri=address.format(f"{FUNCTION}:route{number}"), **taken_on,
        )  # fmt: skip
        apis.create_deployment(restApiId=api, stageName="live")
        return Api(shared, api, clients)

    return made


def functions_of(api: Api) -> tuple[str, str]:
    name = api.clients("apigateway").get_rest_api(restApiId=api.id)["name"]
    return name.replace("api", "route"), name.replace("api", "auth")


def test_a_route_is_answered_with_the_permission_for_it_alone(make: Callable[..., Api]) -> None:
    api = make()
    route, _ = functions_of(api)
    assert 500 == api.status()
    for source in ("live/POST/orders/*", "other/GET/orders/*", "authorizers/*", "live/GET/customers/*"):
        api.permit(route, source)
        assert 500 == api.status()
    api.permit(route, "live/GET/orders/*")
    assert 200 == api.status()


def test_a_method_that_iam_authorizes_takes_no_other_header_for_a_signature(make: Callable[..., Api]) -> None:
    api = make(authorization="AWS_IAM")
    api.permit(functions_of(api)[0], "*/GET/orders/*")
    assert (403, 403) == (api.status(), api.status(Authorization="Bearer x"))


def test_an_authorizer_needs_a_permission_of_its_own(make: Callable[..., Api]) -> None:
    api = make(authorizer=True)
    route, auth = functions_of(api)
    api.permit(route, "*/GET/orders/*")
    api.permit(auth, "*/GET/orders/*")
    assert 500 == api.status(Authorization="x")
    (authorizer,) = api.clients("apigateway").get_authorizers(restApiId=api.id)["items"]
    api.permit(auth, f"authorizers/{authorizer['id']}")
    assert 200 == api.status(Authorization="x")
    assert 401 == api.status()


@pytest.mark.parametrize(("invoked", "status"), [("*", 200), ("route", 500), ("auth", 500)])
def test_a_role_that_the_api_takes_on_decides_in_place_of_permissions(
    make: Callable[..., Api], clients: Callable[[str], Any], invoked: str, status: int
) -> None:
    iam, name = clients("iam"), f"invokes-{invoked.strip('*')}"
    statement = {"Effect": "Allow", "Principal": {"Service": "apigateway.amazonaws.com"}, "Action": "sts:AssumeRole"}
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps({"Statement": statement}))["Role"]["Arn"]
    resource = f"{FUNCTION}:{invoked.rstrip('*')}*"
    allowed = {"Statement": {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": resource}}
    iam.put_role_policy(RoleName=name, PolicyName="invokes", PolicyDocument=json.dumps(allowed))
    api = make(authorizer=True, role=role)
    assert status == api.status(Authorization="x")


AS_CALLER = "arn:aws:iam::*:user/*"
INVOKE = {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": "*"}


@pytest.mark.parametrize(
    ("statements", "status"), [([INVOKE], 200), ([], 500), ([INVOKE, {**INVOKE, "Effect": "Deny"}], 500)]
)
def test_an_api_that_acts_as_its_caller_invokes_what_the_caller_may(
    make: Callable[..., Api], clients: Callable[[str], Any], statements: list[Any], status: int
) -> None:
    api = make(authorization="AWS_IAM", role=AS_CALLER)
    iam, name = clients("iam"), f"caller-{api.id}"
    call = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*"}
    iam.create_user(UserName=name)
    iam.put_user_policy(UserName=name, PolicyName="may", PolicyDocument=json.dumps({"Statement": [call, *statements]}))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    assert status == api.signed_status(key["AccessKeyId"], key["SecretAccessKey"])
    assert 200 == api.signed_status(api.aws.access_key_id, api.aws.secret_access_key)
    assert 500 == make(role=AS_CALLER).status()


def policy(effect: str, resource: str = "execute-api:/*", **condition: Any) -> str:
    statement = {"Effect": effect, "Principal": "*", "Action": "execute-api:Invoke", "Resource": resource}
    allow = {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*"}
    stated = [{**statement, "Condition": condition} if condition else statement]
    return json.dumps({"Version": "2012-10-17", "Statement": stated if effect == "Allow" else [allow, *stated]})


VPC_ONLY = {"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, 200),
        ({"policy": policy("Allow")}, 200),
        ({"policy": policy("Allow", "execute-api:/live/GET/*")}, 200),
        ({"policy": policy("Allow", "execute-api:/live/POST/*")}, 403),
        ({"policy": policy("Deny", "execute-api:/*/GET/orders/*")}, 403),
        ({"policy": policy("Allow", StringEquals={"aws:SourceVpce": "vpce-1"})}, 403),
        ({"policy": policy("Deny", **VPC_ONLY)}, 403),
        ({"policy": policy("Allow", IpAddress={"aws:SourceIp": "203.0.113.0/24"})}, 200),  # nobody can know it here
        ({"endpointConfiguration": {"types": ["PRIVATE"]}}, 403),
        ({"endpointConfiguration": {"types": ["PRIVATE"]}, "policy": policy("Deny", **VPC_ONLY)}, 403),
    ],
)
def test_the_policy_of_an_api_binds_whoever_does_not_sign(
    make: Callable[..., Api], options: dict[str, Any], expected: int
) -> None:
    api = make(**options)
    api.permit(functions_of(api)[0], "live/GET/orders/*")
    assert expected == api.status()


def test_a_deny_of_the_policy_counts_before_an_authorizer_and_an_allow_is_not_needed_there(
    make: Callable[..., Api],
) -> None:
    for stated, expected in ((policy("Deny", **VPC_ONLY), 403), (policy("Allow", "execute-api:/live/POST/*"), 200)):
        api = make(authorizer=True, policy=stated)
        route, auth = functions_of(api)
        api.permit(route, "live/GET/orders/*")
        api.permit(auth, "authorizers/*")
        assert expected == api.status(Authorization="x")
