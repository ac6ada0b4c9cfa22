"""What is written by hand runs no function that its service may not invoke; the catalogue says who invokes for what."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from projects import APP, Project, at, write
from random_cases import cases
from remit.catalogue.types import resource_type, resource_types

if TYPE_CHECKING:
    from conftest import Make

HERE = "arn:aws:lambda:eu-west-1:111122223333:function:"
NAMES = {
    "an attribute": '"${HelloFunction.Arn}"',
    "Fn::GetAtt": '{"Fn::GetAtt": ["HelloFunction", "Arn"]}',
    "Fn::GetAtt with a dot": '{"Fn::GetAtt": "HelloFunction.Arn"}',
    "Fn::Sub of the attribute": '{"Fn::Sub": "${HelloFunction.Arn}"}',
    "the ARN": f'"{HERE}orders-dev-hello"',
    "an ARN of this place": (
        'f"arn:{aws.partition}:lambda:{aws.region}:{aws.account}:function:{project.namespace}-hello"'
    ),
    "Fn::Sub with the stack": (
        '{"Fn::Sub": "arn:aws:lambda:${AWS::Region}:${AWS::AccountId}:function:${AWS::StackName}-hello"}'
    ),
    "Fn::Sub with the name": (
        '{"Fn::Sub": "arn:aws:lambda:${AWS::Region}:${AWS::AccountId}:function:${HelloFunction}"}'
    ),
    "Fn::Join": '{"Fn::Join": [":", ["arn:aws:lambda:eu-west-1:111122223333:function", {"Ref": "HelloFunction"}]]}',
}
URI = "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/%s/invocations"
BY_HAND = {
    "events": (
        'resource("AWS::Events::Rule", schedule_expression="rate(1 day)", targets=[{"Id": "f", "Arn": %s}])',
        "${DataExtra.Arn}",
    ),
    "s3": (
        """resource("AWS::S3::Bucket", bucket_name="files-of-the-shop", notification_configuration={
        "LambdaConfigurations": [{"Event": "s3:ObjectCreated:*", "Function": %s}]})""",
        "arn:aws:s3:::files-of-the-shop",
    ),
    "sns": (
        'resource("AWS::SNS::Subscription", protocol="lambda", topic_arn=topic.ref, endpoint=%s)',
        "${DataTopic}",
    ),
    "logs": (
        """resource("AWS::Logs::SubscriptionFilter", log_group_name="/shop/web", filter_pattern="ERROR",
        destination_arn=%s)""",
        "arn:aws:logs:eu-west-1:111122223333:log-group:/shop/web:*",
    ),
    "iot": (
        """resource("AWS::IoT::TopicRule", topic_rule_payload={"Sql": "SELECT * FROM 'a'",
        "Actions": [{"Lambda": {"FunctionArn": %s}}]})""",
        "${DataExtra.Arn}",
    ),
    "cognito-idp": ('resource("AWS::Cognito::UserPool", lambda_config={"PreSignUp": %s})', "${DataExtra.Arn}"),
    "apigateway": (
        """resource("AWS::ApiGatewayV2::Integration", api_id=api.ref, integration_type="AWS_PROXY",
        payload_format_version="2.0", integration_uri=%s)""",
        "arn:aws:execute-api:eu-west-1:111122223333:${DataApi}/*/*",
    ),
    "lambda.alarms.cloudwatch": (
        """resource("AWS::CloudWatch::Alarm", comparison_operator="GreaterThanThreshold", evaluation_periods=1,
        threshold=1, metric_name="m", namespace="n", alarm_actions=[%s])""",
        "${DataExtra.Arn}",
    ),
}
OTHERS = {
    "the migration of users": (
        'resource("AWS::Cognito::UserPool", lambda_config={"UserMigration": hello})', "cognito-idp"
    ),
    "a topic's own subscription": (
        'resource("AWS::SNS::Topic", subscription=[{"Protocol": "lambda", "Endpoint": hello}])', "sns"
    ),
    "a method of a REST API": (
        """resource("AWS::ApiGateway::Method", http_method="GET", resource_id="r", rest_api_id="a",
        authorization_type="NONE", integration={"Type": "AWS_PROXY", "IntegrationHttpMethod": "POST", "Uri": uri})""",
        "apigateway",
    ),
    "the OpenAPI document of a REST API": (
        """resource("AWS::ApiGateway::RestApi", body={"openapi": "3.0.1", "info": {}, "paths": {"/orders": {"get": {
        "x-amazon-apigateway-integration": {"type": "aws_proxy", "httpMethod": "POST", "uri": uri}}}}})""",
        "apigateway",
    ),
    "an authorizer in the OpenAPI document of an HTTP API": (
        """resource("AWS::ApiGatewayV2::Api", body={"openapi": "3.0.1", "components": {"securitySchemes": {"word": {
        "type": "apiKey", "x-amazon-apigateway-authorizer": {"type": "request", "authorizerUri": uri}}}}})""",
        "apigateway",
    ),
    "an authorizer": (
        """resource("AWS::ApiGatewayV2::Authorizer", api_id=api.ref, authorizer_type="REQUEST", name="a",
        authorizer_uri=uri, authorizer_payload_format_version="2.0")""",
        "apigateway",
    ),
    "the error action of a rule of IoT": (
        """resource("AWS::IoT::TopicRule", topic_rule_payload={"Sql": "SELECT * FROM 'a'", "Actions": [],
        "ErrorAction": {"Lambda": {"FunctionArn": hello}}})""",
        "iot",
    ),
}  # fmt: skip


def project(make: Make, extra: str, *more: str, function: str = "()") -> Project:
    """An app with one function, and what it declares by hand."""
    lines = (
        'topic = resource("AWS::SNS::Topic", topic_name="news")',
        'api = resource("AWS::ApiGatewayV2::Api", name="shop", protocol_type="HTTP")',
        'hello = {"Fn::GetAtt": ["HelloFunction", "Arn"]}',
        f'uri = {{"Fn::Sub": "{URI % "${HelloFunction.Arn}"}"}}',
        f"extra = {extra}",
        *more,
    )
    data = "from remit import Shared, aws, project, resource\nclass Data(Shared):\n    " + "\n    ".join(lines) + "\n"
    app = f"@app.function{function}\ndef hello(event, context): ...\n"
    return make(app=app, **{"shared/resources/data.py": data})


def permission(service: str, source: str | None = None, function: str = "${HelloFunction}") -> str:
    """A permission as people write one."""
    given = "" if source is None else f', source_arn="{source}"'
    return (
        f'call = resource("AWS::Lambda::Permission", action="lambda:InvokeFunction", function_name="{function}", '
        f'principal="{service}.amazonaws.com"{given})'
    )


def refused(made: Project, service: str) -> None:
    error = made.error()
    assert f"runs `HelloFunction`, which {service}.amazonaws.com has no permission to invoke" in error.message
    assert "shared/resources/data.py:7" == at(error).rpartition(":")[0]


OWN_NAMES = {
    **{form: written for form, written in NAMES.items() if form.startswith(("Fn::GetAtt", "an attribute"))},
    "the ARN": f'"{HERE}shop-web"',
    "Fn::Sub with the name": NAMES["Fn::Sub with the name"],
    "Fn::Join": NAMES["Fn::Join"],
}
"""The same, of a function that has a name of its own."""
PERMITTED = ("${HelloFunction}", "${HelloFunction.Arn}")


@settings(max_examples=cases(14, deep=80))
@given(st.sampled_from([*((form, False) for form in NAMES), *((form, True) for form in OWN_NAMES)]), st.integers(-1, 2))
def test_a_function_is_the_same_by_whichever_name_also_in_its_permission(
    form: tuple[str, bool], permitted: int
) -> None:
    name, is_named = form
    by_name = "shop-web" if is_named else "orders-dev-hello"
    allowing = [] if permitted < 0 else [permission("logs", function=(*PERMITTED, by_name)[permitted])]
    function = "(function_name='shop-web')" if is_named else "()"
    with TemporaryDirectory() as folder:

        def make(*, config: str | None = None, app: str | None = None, **files: str | bytes) -> Project:
            assert config is None
            write(Path(folder, "orders"), {"app.py": APP + str(app), **files})
            return Project(Path(folder, "orders"))

        declared = BY_HAND["logs"][0] % (OWN_NAMES if is_named else NAMES)[name]
        made = project(make, declared, *allowing, function=function)
        if allowing:
            assert made.template()
        else:
            refused(made, "logs")


@pytest.mark.parametrize("service", BY_HAND)
def test_what_names_a_function_by_hand_needs_a_permission_for_its_service(make: Make, service: str) -> None:
    refused(project(make, BY_HAND[service][0] % '{"Fn::Sub": "${HelloFunction.Arn}"}'), service)


@pytest.mark.parametrize("kind", OTHERS)
def test_whatever_the_catalogue_knows_to_invoke_functions_needs_one(make: Make, kind: str) -> None:
    extra, service = OTHERS[kind]
    refused(project(make, extra), service)


@pytest.mark.parametrize(
    "extra", [extra % "hello" for extra, _ in BY_HAND.values()] + [kind[0] for kind in OTHERS.values()]
)
def test_the_permission_that_the_error_prints_is_enough(make: Make, extra: str) -> None:
    _, _, to_add = str(project(make, extra).error().hint).partition(" add\n")
    assert to_add.startswith('permission = resource(\n    "AWS::Lambda::Permission",\n')
    project(make, extra, *to_add.splitlines()).built()
    # A service acts for whoever asks it: a permission names the source, or the account that it is of.
    assert "source_arn=" in to_add or 'source_account="${AWS::AccountId}"' in to_add
    if "AWS::S3::Bucket" in extra:  # the ARN of a bucket has no account, and would wait for the bucket
        assert 'source_account="${AWS::AccountId}"' in to_add
        assert 'source_arn="arn:${AWS::Partition}:s3:::files-of-the-shop"' in to_add


@pytest.mark.parametrize("service", BY_HAND)
def test_a_permission_for_the_source_or_for_any_is_enough(make: Make, service: str) -> None:
    extra, source = BY_HAND[service]
    for by_hand in (permission(service, source), permission(service), permission(service, source, "orders-dev-hello")):
        project(make, extra % f'"{HERE}orders-dev-hello"', by_hand).built()


def test_a_permission_for_what_nobody_can_foretell_may_be_for_the_source(make: Make) -> None:
    made = 'made = resource("Custom::Topic", service_token="arn:aws:lambda:eu-west-1:111122223333:function:make")'
    extra = 'resource("AWS::SNS::Subscription", protocol="lambda", topic_arn="${DataMade.TopicArn}", endpoint=hello)'
    project(make, extra, made, permission("sns", "${DataMade.Arn}")).built()


def test_a_secret_may_be_named_without_the_end_that_its_arn_has(make: Make) -> None:
    arn = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:"
    rotation = f'resource("AWS::SecretsManager::RotationSchedule", secret_id="{arn}db", rotation_lambda_arn=hello)'
    refused(project(make, rotation, permission("secretsmanager", f"{arn}other-AbCdEf")), "secretsmanager")
    project(make, rotation, permission("secretsmanager", f"{arn}db-AbCdEf")).built()


@pytest.mark.parametrize(
    "by_hand",
    [
        permission("sns"),
        permission("events", "arn:aws:events:eu-west-1:111122223333:rule/other"),
        permission("events", "${DataOther.Arn}"),
        permission("events", None, "other"),
        permission("events", None, f"{HERE}orders-dev-hello:live"),
        permission("events").replace("lambda:InvokeFunction", "lambda:GetFunction"),
    ],
)
def test_a_permission_for_something_else_is_not(make: Make, by_hand: str) -> None:
    other = 'other = resource("AWS::Events::Rule", schedule_expression="rate(1 day)", name="nightly")'
    refused(project(make, BY_HAND["events"][0] % "hello", other, by_hand), "events")


def test_the_permission_of_a_trigger_is_for_its_own_source(make: Make) -> None:
    extra = BY_HAND["events"][0] % "hello"
    error = project(make, extra, function='(on.event(source="shop"))').error()
    assert "lets it for another source" in str(error.hint)


@pytest.mark.parametrize(
    "principal",
    [
        '"logs.eu-west-1.amazonaws.com"',
        '{"Fn::Sub": "logs.${AWS::Region}.amazonaws.com"}',
        '{"Fn::Sub": "logs.${AWS::URLSuffix}"}',
        '"logs.amazonaws.com.cn"',
    ],
)
def test_a_service_may_be_named_for_a_region_or_a_partition(make: Make, principal: str) -> None:
    by_hand = f'call = resource("AWS::Lambda::Permission", action="lambda:InvokeFunction", principal={principal}, '
    by_hand += 'function_name="${HelloFunction}")'
    project(make, BY_HAND["logs"][0] % "hello", by_hand).built()


def test_an_alias_takes_a_permission_of_its_own(make: Make) -> None:
    extra = BY_HAND["events"][0] % '{"Ref": "HelloAlias"}'
    error = project(make, extra, permission("events"), function="(alias='live')").error()
    assert "runs `HelloFunction` by its `live`, which events.amazonaws.com has no permission" in error.message
    project(make, extra, permission("events", None, "${HelloAlias}"), function="(alias='live')").built()


def test_whoever_calls_with_a_role_needs_none(make: Make) -> None:
    role = ', credentials_arn="arn:aws:iam::111122223333:role/api")'
    project(make, BY_HAND["apigateway"][0].removesuffix(")") % "hello" + role).built()
    schedule = """resource("AWS::Scheduler::Schedule", schedule_expression="rate(1 day)",
        flexible_time_window={"Mode": "OFF"}, target={"Arn": hello, "RoleArn": "arn:aws:iam::111122223333:role/s"})"""
    project(make, schedule).built()
    document = OTHERS["the OpenAPI document of a REST API"][0]
    with_role = '"uri": uri, "credentials": "arn:aws:iam::111122223333:role/api"'
    project(make, document.replace('"uri": uri', with_role)).built()


def test_a_permission_for_the_api_is_enough_for_its_openapi_document(make: Make) -> None:
    document = OTHERS["the OpenAPI document of a REST API"][0]
    source = "arn:aws:execute-api:eu-west-1:111122223333:${DataExtra}/*/GET/orders"
    project(make, document, permission("apigateway", source)).built()


def test_functions_of_others_are_their_owners_matter(make: Make) -> None:
    project(make, BY_HAND["events"][0] % f'"{HERE}billing"').built()


def test_each_type_whose_service_calls_as_itself_says_where_it_names_functions() -> None:
    """Or another type names them for it: integrations and methods for an API, subscriptions for a topic."""
    kinds = [kind for kind in map(resource_type, resource_types()) if kind is not None and kind.invokes is not None]
    callers = [kind for kind in kinds if kind.invokes is not None and not kind.invokes.has_always_a_role]
    silent = [kind.name for kind in callers if not (kind.holding("function") or kind.holding("target"))]
    named_elsewhere = ["AWS::ApiGateway::RestApi", "AWS::AppSync::GraphQLApi", "AWS::Connect::Instance"]
    assert named_elsewhere == silent


RULE = BY_HAND["events"][0] % "hello"
BESIDE = {
    "a setting": ("(timeout=0)", (), ["`timeout` is 0 secon", "the rule `DataExtra`"]),
    "a policy": ("(policy=['s3:GetObjct'])", (), ["s3 has no action 'Ge", "the rule `DataExtra`"]),
    "a reference": ("", ("other = resource('AWS::SQS::Queue', kms_master_key_id='${Non.Arn}')",), 2),
    "a trigger, which may bring it": ("(on.event(sorce='x'))", (), ["`on.event` has no op"]),
    "a trigger that is none, which may bring it": ("('orders')", (), ["'orders' is not a tr"]),
    "what is written beside a permission": (
        "",
        (permission("events", "${DataExtra.Arn}").replace("resource(", "missing_("),),
        ["shared/resources/dat"],
    ),
    "a permission that leads nowhere": ("", (permission("events", "${DataExtr.Arn}"),), 1),
}


@pytest.mark.parametrize("kind", BESIDE)
def test_a_permission_is_missed_beside_other_mistakes_unless_it_may_be_what_failed(make: Make, kind: str) -> None:
    function, more, messages = BESIDE[kind]
    errors = project(make, RULE, *more, function=function).error().all
    if isinstance(messages, int):
        assert messages == len(errors), [error.message for error in errors]
    else:
        assert messages == [error.message[:20] for error in errors]


def test_a_permission_of_the_same_service_for_another_source_is_named_and_one_of_another_service_is_not(
    make: Make,
) -> None:
    extra = BY_HAND["events"][0] % "hello"
    wrong = permission("events", "arn:aws:events:eu-west-1:111122223333:rule/other")
    other = permission("s3", "arn:aws:s3:::files").replace("call = ", "before = ")
    hint = str(project(make, extra, other, wrong).error().hint)
    assert hint.startswith("`DataCall` lets it for another source: use a trigger")
    hint = str(project(make, extra, other).error().hint)
    assert hint.startswith("use a trigger")
