"""What a build says of resources, and makes of them: AWS's rules, each on the smallest resources that tell it apart."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import pytest

from remit.app import ApiSettings, App, ExistingValue, Function, JobQueue, Output, Resource, StoredValue, Template
from remit.errors import Origin, RemitError
from remit.holders import Holder, inline
from remit.roles.assign import assign
from remit.synthesis.app_wide_settings import role_name, with_app_wide_settings
from remit.synthesis.check_event_sources import check_event_sources
from remit.synthesis.check_permissions import check_permissions
from remit.synthesis.check_references import KnownIds, check_output, check_references
from remit.synthesis.check_regions import check_regions
from remit.synthesis.check_tables import check_table
from remit.synthesis.circular_dependencies import Waits, buckets_by_name
from remit.synthesis.declared_roles import DeclaredStack, open_to_everyone, users_of
from remit.synthesis.service_policies import existing_keys, merged_queue_policies, with_key_policies
from remit.triggers.logs import Logs
from remit.triggers.sqs import Sqs

FUNCTION: Final = Resource("Hello", "AWS::Lambda::Function", {})
RULE: Final = Resource("Rule", "AWS::Events::Rule", {"Targets": [{"Id": "a", "Arn": "${Hello.Arn}"}]})
KEY: Final = "arn:${AWS::Partition}:kms:${AWS::Region}:${AWS::AccountId}:key/1"


def app(*resources: Resource, functions: tuple[Function, ...] = (), **settings: Any) -> App:
    return App("shop", "dev", functions, resources=resources, **settings)


def permission(**properties: str) -> Resource:
    allowed = {"Action": "lambda:InvokeFunction", "FunctionName": "${Hello}", "Principal": "events.amazonaws.com"}
    return Resource("Allow", "AWS::Lambda::Permission", {**allowed, **properties})


# Settings for all resources


def test_a_resource_that_says_how_it_is_kept_is_kept_so_and_what_remit_makes_is_not_kept() -> None:
    bucket = Resource("Files", "AWS::S3::Bucket", {})
    own = Resource("Own", "AWS::S3::Bucket", {}, {"DeletionPolicy": "Delete"})
    made = Resource("JobMarks", "AWS::DynamoDB::Table", {})
    settled = with_app_wide_settings(app(bucket, own, retains_data=True), (bucket, own, made))
    assert [("Retain", "Retain"), ("Delete", "Retain"), (None, None)] == [
        (each.attributes.get("DeletionPolicy"), each.attributes.get("UpdateReplacePolicy")) for each in settled
    ]


def test_a_role_that_the_app_declares_has_the_boundary_and_no_path_or_name_of_the_apps() -> None:
    shared, made = (Resource(name, "AWS::IAM::Role", {}) for name in ("DataRole", "HelloRole"))
    settings = {"role_path": "/shop/", "role_name": "{app}-{role}", "boundary": "arn:aws:iam::1:policy/b"}
    of_shared, of_made = with_app_wide_settings(app(shared, **settings), (shared, made))
    boundary = {"PermissionsBoundary": "arn:aws:iam::1:policy/b"}
    assert boundary == of_shared.properties
    assert {**boundary, "Path": "/shop/", "RoleName": "shop-Hello"} == of_made.properties
    own = {"PermissionsBoundary": "arn:aws:iam::1:policy/own"}
    (of_own,) = with_app_wide_settings(app(shared, **settings), (replace(shared, properties=own),))
    assert own == of_own.properties


@pytest.mark.parametrize("length", [63, 64, 65])
def test_the_name_of_a_role_is_cut_beyond_64_characters(length: int) -> None:
    name = role_name("{role}", app(), "x" * length + "Role")
    assert (name == "x" * length) == (length <= 64)
    assert len(name) == min(length, 64)


# Who may call a function


@pytest.mark.parametrize(
    ("allowed", "misled", "told"),
    [
        ((), (), 1),
        ((permission(),), (), 0),
        ((permission(SourceArn="${Rule.Arn}"),), (), 0),
        ((permission(SourceArn="${Other.Arn}"),), (), 1),
        ((permission(SourceArn="${Other.Arn}"),), ("Allow",), 0),
        ((permission(Principal="*"),), (), 0),
        ((permission(Principal="s3.amazonaws.com"),), (), 1),
        ((permission(Principal="events.eu-west-1.amazonaws.com"),), (), 0),
        ((permission(FunctionName="${Hello}:live"),), (), 1),
        ((permission(Action="lambda:GetFunction"),), (), 1),
        ((permission(Action="lambda:*"),), (), 0),
        ((permission(Action="*"),), (), 0),
    ],
)
def test_a_rule_runs_a_function_that_permits_it(
    allowed: tuple[Resource, ...], misled: tuple[str, ...], told: int
) -> None:
    resources = [FUNCTION, RULE, Resource("Other", "AWS::Events::Rule", {}), *allowed]
    assert told == len(list(check_permissions(resources, "shop-dev", misled)))


def test_an_alias_is_called_by_the_permission_that_names_it() -> None:
    called = Resource(
        "Rule", "AWS::Events::Rule", {"Targets": [{"Id": "a", "Arn": "arn:aws:lambda:r:1:function:f:live"}]}
    )
    named = Resource("Hello", "AWS::Lambda::Function", {"FunctionName": "f"})
    for name, told in (("f", 1), ("f:live", 0), ("f:other", 1)):
        assert told == len(list(check_permissions([named, called, permission(FunctionName=name)], "shop-dev")))


@pytest.mark.parametrize(("credentials", "told"), [(None, 1), ("arn:aws:iam::1:role/r", 0)])
def test_an_api_calls_the_functions_of_its_document_by_permission_or_with_a_role(credentials: Any, told: int) -> None:
    uri = "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Hello.Arn}/invocations"
    operation = {"x-amazon-apigateway-integration": {"uri": uri, "credentials": credentials}}
    api = Resource("Api", "AWS::ApiGateway::RestApi", {"Body": {"paths": {"/": {"get": operation}}}})
    assert told == len(list(check_permissions([FUNCTION, api], "shop-dev")))


def told_of_calls(*resources: Resource) -> list[str]:
    return [mistake.message for mistake in check_permissions((FUNCTION, *resources), "shop-dev")]


def test_a_version_or_an_alias_is_called_by_its_own_permission_wherever_its_reference_stands() -> None:
    version = Resource("V", "AWS::Lambda::Version", {"FunctionName": "${Hello}"})
    alias = Resource("Live", "AWS::Lambda::Alias", {"FunctionName": "${Hello}", "Name": "live"})
    uri = "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Live}/invocations"
    by_alias = Resource("To", "AWS::ApiGatewayV2::Integration", {"ApiId": "${Api}", "IntegrationUri": uri})
    by_version = Resource("Rule", "AWS::Events::Rule", {"Targets": [{"Id": "a", "Arn": "${V}"}]})
    for published, called, name, service in (
        (version, by_version, "V", "events"),
        (alias, by_alias, "live", "apigateway"),
    ):
        principal = {"Principal": f"{service}.amazonaws.com"}
        assert [] == told_of_calls(published, called, permission(FunctionName=published.ref, **principal))
        (message,) = told_of_calls(published, called, permission(FunctionName="${Hello}", **principal))
        assert f"runs `Hello` by its `{name}`" in message


def test_a_permission_for_one_api_is_none_for_another() -> None:
    uri = "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Hello.Arn}/invocations"
    body = {"paths": {"/": {"get": {"x-amazon-apigateway-integration": {"uri": uri}}}}}
    api, other = (Resource(name, "AWS::ApiGateway::RestApi", {"Body": body}) for name in ("Api", "Other"))
    for allowed, count in (("Api", 1), ("Other", 1), ("*", 0)):
        named = f"${{{allowed}}}" if allowed != "*" else allowed
        source = f"arn:aws:execute-api:eu-west-1:111122223333:{named}/*/GET/"
        assert count == len(
            told_of_calls(api, other, permission(SourceArn=source, Principal="apigateway.amazonaws.com"))
        )


def test_what_calls_with_a_role_or_at_a_url_needs_no_permission_to_invoke() -> None:
    with_a_role = Resource("Clock", "AWS::Scheduler::Schedule", {"Target": {"Arn": "${Hello.Arn}"}})
    at_the_edge = {"LambdaFunctionAssociations": [{"EventType": "viewer-request", "LambdaFunctionARN": "${Hello.Arn}"}]}
    edge = Resource("Site", "AWS::CloudFront::Distribution", {"DistributionConfig": {"CacheBehaviors": [at_the_edge]}})
    assert [] == told_of_calls(with_a_role, edge)


def test_the_permission_that_is_missing_is_for_the_topic_whose_arn_is_written() -> None:
    topic = "arn:aws:sns:eu-west-1:111122223333:news"
    for arn, line in ((topic, f'source_arn="{topic}"'), ("news", 'source_account="${AWS::AccountId}"')):
        properties = {"TopicArn": arn, "Protocol": "lambda", "Endpoint": "${Hello.Arn}"}
        subscription = Resource("To", "AWS::SNS::Subscription", properties)
        (mistake,) = check_permissions((FUNCTION, subscription), "shop-dev")
        assert f"    {line},\n)" in str(mistake.hint)
    (mistake,) = check_permissions((FUNCTION, RULE), "shop-dev")
    lines = (
        'action="lambda:InvokeFunction"',
        'function_name="${Hello}"',
        'principal="events.amazonaws.com"',
        'source_arn="${Rule.Arn}"',
    )
    properties = "".join(f"    {line},\n" for line in lines)
    assert mistake.hint == (
        "use a trigger (`on.event(…)`, `on.s3(…)`), or add\n"
        f'permission = resource(\n    "AWS::Lambda::Permission",\n{properties})'
    )


def test_a_permission_for_one_topic_of_the_account_is_none_for_another() -> None:
    here = "arn:aws:sns:${AWS::Region}:${AWS::AccountId}:"
    of_sns = {"FunctionName": "${Hello}", "Principal": "sns.amazonaws.com"}
    subscription = {"TopicArn": f"{here}news", "Protocol": "lambda", "Endpoint": "${Hello.Arn}"}
    called = Resource("To", "AWS::SNS::Subscription", subscription)
    assert [] == told_of_calls(called, permission(**of_sns, SourceArn=f"{here}news"))
    assert 1 == len(told_of_calls(called, permission(**of_sns, SourceArn=f"{here}orders")))


# What a function reads


def test_a_source_in_a_network_needs_what_lambda_does_there_beside_its_own() -> None:
    cluster = "arn:aws:kafka:eu-west-1:111122223333:cluster/c/1"
    subnets = [
        {"Type": "VPC_SUBNET", "URI": "subnet:s"},
        {"Type": "SASL_SCRAM_512_AUTH", "URI": "arn:aws:secretsmanager:r:1:secret:s"},
    ]
    properties = {"EventSourceArn": cluster, "FunctionName": "${HelloFunction}", "SourceAccessConfigurations": subnets}
    mapping = Resource("Mapping", "AWS::Lambda::EventSourceMapping", properties)
    declared = app(mapping, functions=(Function("hello", "Hello", "app.hello", {}),))
    (refused,) = check_event_sources((mapping,), declared, assign(declared))
    for action in (
        "kafka:DescribeClusterV2",
        "kafka:GetBootstrapBrokers",
        "ec2:CreateNetworkInterface",
        "secretsmanager:GetSecretValue",
    ):
        assert action in refused.message


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("shop-dev-hello", 1),
        ("arn:aws:lambda:eu-west-1:111122223333:function:shop-dev-hello:live", 1),
        ("shop-dev-hello-again", 0),
    ],
)
def test_a_mapping_is_of_the_function_whose_whole_name_it_has(name: str, told: int) -> None:
    properties = {"EventSourceArn": "arn:aws:sqs:eu-west-1:111122223333:orders", "FunctionName": name}
    mapping = Resource("Mapping", "AWS::Lambda::EventSourceMapping", properties)
    declared = app(mapping, functions=(Function("hello", "Hello", "app.hello", {}),))
    assert told == len([*check_event_sources((mapping,), declared, assign(declared))])


# References, regions, tables


def told_of(*resources: Resource) -> list[str]:
    known = KnownIds({resource.logical_id: resource for resource in resources})
    return [mistake.message for resource in resources for mistake in check_references(resource, known, {})[1]]


def test_a_condition_that_no_template_of_remits_has_is_told() -> None:
    assert "needs a section of Conditions" in told_of(Resource("A", "AWS::SQS::Queue", {}, {"Condition": "IsProd"}))[0]


@pytest.mark.parametrize("name", ["aws.region", "project.stage"])
def test_a_value_of_pythons_is_meant_in_an_f_string(name: str) -> None:
    queue = Resource("A", "AWS::SQS::Queue", {"QueueName": f"${{{name}}}"})
    (mistake,) = check_references(queue, KnownIds({"A": queue}), {})[1]
    assert mistake.hint == f'write it without the `$`, in an f-string: f"…{{{name}}}…"'


def domain(name: str, kind: str, arn: str) -> Resource:
    property_name = {"AWS::ApiGateway::DomainName": "RegionalCertificateArn"}.get(kind)
    if property_name:
        return Resource(name, kind, {property_name: arn})
    return Resource(name, kind, {"CustomDomainConfig": {"CertificateArn": arn}})


CERTIFICATE: Final = "arn:aws:acm:{}:{}:certificate/1"
REST: Final = "AWS::ApiGateway::DomainName"
POOL: Final = "AWS::Cognito::UserPoolDomain"


@pytest.mark.parametrize(
    ("domains", "told"),
    [
        (((POOL, "us-east-1", "1" * 12), (REST, "eu-west-1", "1" * 12)), []),
        (((REST, "eu-west-1", "1" * 12), (REST, "eu-west-1", "2" * 12)), ["D1"]),
        (((REST, "eu-west-1", "1" * 12), (REST, "eu-west-1", "${AWS::AccountId}")), []),
        (((REST, "eu-west-1", "1" * 12), (REST, "${AWS::Region}", "1" * 12)), []),
        (((POOL, "eu-west-1", "1" * 12),), ["D0"]),
        (((REST, "eu-west-1", "1" * 12), (REST, "eu-west-2", "1" * 12)), ["D1"]),
    ],
)
def test_what_aws_takes_from_there_must_be_of_one_region_and_account(
    domains: tuple[tuple[str, str, str], ...], told: list[str]
) -> None:
    resources = tuple(
        domain(f"D{index}", kind, CERTIFICATE.format(region, account))
        for index, (kind, region, account) in enumerate(domains)
    )
    mistakes = check_regions(Template("", resources), app(), None)
    assert told == [mistake.message.split("`")[1] for mistake in mistakes]


HERE, THERE = Origin("app.py", 3, 1), Origin("app.py", 7, 1)
IN_IRELAND: Final = {"${AWS::Partition}": "aws", "${AWS::Region}": "eu-west-1", "${AWS::AccountId}": "1" * 12}


def test_what_is_elsewhere_is_told_with_where_it_must_be_and_why() -> None:
    def told(*resources: Resource, place: dict[str, str] | None = None) -> list[tuple[str, str | None]]:
        template = Template("", resources)
        return [(each.message, each.hint) for each in check_regions(template, app(), place)]

    pool = domain("D", POOL, CERTIFICATE.format("eu-west-1", "1" * 12))
    for place, stack in ((None, ""), (IN_IRELAND, " (eu-west-1)")):
        ((_, hint),) = told(pool, place=place)
        assert str(hint).endswith(f"in us-east-1: AWS takes it from there, whatever the region of the stack{stack}")
    rest = [
        domain(f"D{region[:2]}", REST, CERTIFICATE.format(region, "1" * 12)) for region in ("eu-west-1", "us-west-2")
    ]
    ((message, hint),) = told(*rest)
    assert message.endswith("which is in us-west-2, and must be in eu-west-1")
    assert str(hint).endswith(f"this one takes {CERTIFICATE.format('eu-west-1', '1' * 12)}, too")
    foreign = domain("D", REST, CERTIFICATE.format("eu-west-1", "2" * 12))
    ((message, _),) = told(foreign, place=IN_IRELAND)
    assert message.endswith(f"which is of account {'2' * 12}, and must be of {'1' * 12}")
    # A queue may be of another account, and says nothing of the stack's.
    source = {"EventSourceArn": f"arn:aws:sqs:eu-west-1:{'2' * 12}:orders", "FunctionName": "${Hello}"}
    mapping = Resource("Mapping", "AWS::Lambda::EventSourceMapping", source)
    assert [] == told(mapping, rest[0])
    key_elsewhere = f"arn:aws:kms:us-west-2:{'1' * 12}:key/1"
    for kind, name, count in (("AWS::SQS::Queue", "KmsMasterKeyId", 1), ("AWS::AppFlow::Flow", "KMSArn", 0)):
        assert count == len(told(Resource("K", kind, {name: key_elsewhere}), place=IN_IRELAND)), kind
    replicated = {"ReplicaRegions": [{"Region": "us-west-2", "KmsKeyId": key_elsewhere}]}
    assert [] == told(Resource("K", "AWS::SecretsManager::Secret", replicated), place=IN_IRELAND)
    dead_letters = {"RedrivePolicy": {"deadLetterTargetArn": f"arn:aws:sqs:us-west-2:{'1' * 12}:dead"}}
    for region, count in (({"Region": "us-west-2"}, 0), ({}, 1)):
        subscription = Resource("To", "AWS::SNS::Subscription", {**dead_letters, **region})
        assert count == len(told(subscription, place=IN_IRELAND))


def test_what_is_elsewhere_is_told_at_the_line_that_names_it() -> None:
    group = f"arn:aws:logs:eu-west-1:{'2' * 12}:log-group:/shop/web:*"
    stored = f"arn:aws:secretsmanager:us-west-2:{'1' * 12}:secret:db"
    queue = f"arn:aws:sqs:us-west-2:{'1' * 12}:orders"
    triggers = (Logs(group).at(THERE), Sqs(queue).at(THERE))
    values = (StoredValue("secretsmanager", stored, stored, origin=THERE),)
    hello = Function("hello", "Hello", "app.hello", {}, triggers, stored_values=values, origin=HERE)
    certificate = CERTIFICATE.format("us-west-2", "1" * 12)
    settings = ApiSettings(certificate_arn=certificate, written={"certificate_arn": THERE})
    resources = (
        *triggers[1].resources(hello),
        Resource("D", REST, {"RegionalCertificateArn": certificate}, origin=HERE),
    )
    mistakes = [*check_regions(Template("", resources), app(functions=(hello,), api=settings), IN_IRELAND)]
    assert [THERE] * 4 == [mistake.origin for mistake in mistakes]
    assert [queue, certificate, "/shop/web:*", stored] == [
        mistake.message.partition(", which is")[0].rpartition(" ")[2].replace(group, "/shop/web:*")
        for mistake in mistakes
    ]


def test_an_output_that_cannot_be_read_or_refers_to_nothing_is_told_by_its_name() -> None:
    known = KnownIds({"Orders": Resource("Orders", "AWS::SQS::Queue", {})})
    for value, problem, hint in (
        ("${{x}}", "output Url: `${{x}}` has", None),
        ("${Order}", "output Url: ${Order} names no resource of the template", "did you mean `Orders`?"),
        ("${Orders.Size}", "output Url: AWS::SQS::Queue has no attribute 'Size'", "it has Arn, Content"),
        ("${Orders.QueueNam}", "output Url: AWS::SQS::Queue has no attribute", "did you mean `QueueName`?"),
    ):
        (mistake,) = check_output(Output("Url", value, origin=HERE), known)
        assert mistake.message.startswith(problem)
        assert str(mistake.hint).startswith(str(hint))
        assert HERE == mistake.origin


def key(*names: str) -> list[dict[str, str]]:
    return [{"AttributeName": name, "KeyType": kind} for name, kind in zip(names, ("HASH", "RANGE"), strict=False)]


def attributes(*names: str) -> list[dict[str, str]]:
    return [{"AttributeName": name, "AttributeType": "S"} for name in names]


@pytest.mark.parametrize(
    ("properties", "told"),
    [
        ({"KeySchema": key("id"), "AttributeDefinitions": attributes("id")}, None),
        ({"KeySchema": key("id", "id"), "AttributeDefinitions": attributes("id")}, "has the attribute 'id' twice"),
        ({"KeySchema": key("id"), "AttributeDefinitions": attributes("id", "id")}, "defines the attribute 'id' twice"),
        ({"KeySchema": key("id", "at"), "AttributeDefinitions": attributes("id")}, "have the attribute 'at', which"),
        ({"KeySchema": key("id"), "AttributeDefinitions": attributes("id", "at")}, "defines at, which no key"),
    ],
)
def test_the_keys_of_a_table_are_its_attributes(properties: dict[str, Any], told: str | None) -> None:
    table = Resource("Orders", "AWS::DynamoDB::Table", {"BillingMode": "PAY_PER_REQUEST", **properties})
    messages = [mistake.message for mistake in check_table(table)]
    assert (messages == []) if told is None else told in messages[0]


# Circles


def test_a_bucket_waits_for_what_it_names_by_one_text_or_several_and_keeps_its_own_name() -> None:
    notified = {"LambdaConfigurations": [{"Event": "s3:*", "Function": "${Hello.Arn}"}]}
    own = {"BucketName": "files", "NotificationConfiguration": notified, "Tags": [{"Key": "a", "Value": "${Files}"}]}
    bucket = Resource("Files", "AWS::S3::Bucket", own, {"DependsOn": "Allow"})
    hello = Resource("Hello", "AWS::Lambda::Function", {"Role": "${Role.Arn}", "Environment": "${Files}"})
    resources = (bucket, hello, permission(SourceArn="${Files.Arn}"), Resource("Role", "AWS::IAM::Role", {}))
    assert {"Allow", "Hello", "Files", "Role"} == Waits({each.logical_id: each for each in resources}).all_before(
        "Files"
    )
    kept, function, allowed, _ = buckets_by_name(resources)
    assert own == kept.properties
    assert "files" == function.properties["Environment"]
    assert "arn:${AWS::Partition}:s3:::files" == allowed.properties["SourceArn"]


def test_a_bucket_that_notifies_no_function_or_has_no_name_is_referred_to() -> None:
    hello = Resource("Hello", "AWS::Lambda::Function", {"Environment": "${Files}"})
    for name, kind, named in (("files", "Lambda", "files"), ("files", "Queue", "${Files}"), ("", "Lambda", "${Files}")):
        notified = {f"{kind}Configurations": [{"Event": "s3:*", "Function": "${Hello.Arn}"}]}
        bucket = Resource("Files", "AWS::S3::Bucket", {"BucketName": name, "NotificationConfiguration": notified})
        assert named == buckets_by_name((bucket, hello))[1].properties["Environment"]


# Whom a template lets in


def test_whoever_connects_to_a_websocket_was_asked_before_and_a_document_says_so_once_for_all() -> None:
    api = Resource("Api", "AWS::ApiGatewayV2::Api", {"ProtocolType": "WEBSOCKET"})
    to_hello = Resource("To", "AWS::ApiGatewayV2::Integration", {"IntegrationUri": "x/${Hello.Arn}/invocations"})
    of_route = {"ApiId": "${Api}", "Target": "integrations/${To}"}
    for route, is_open in (("say", False), ("$connect", True)):
        made = Resource("Route", "AWS::ApiGatewayV2::Route", {**of_route, "RouteKey": route})
        assert (("hello",) if is_open else ()) == open_to_everyone((FUNCTION, api, to_hello, made), {"Hello": "hello"})
    operation = {"x-amazon-apigateway-integration": {"uri": "x/${Hello.Arn}/invocations"}}
    for security, is_open in (([], True), ([{"AWS_IAM": []}], False)):
        body = {"security": security, "paths": {"/": {"get": operation}}}
        documented = Resource("Rest", "AWS::ApiGateway::RestApi", {"Body": body})
        assert (("hello",) if is_open else ()) == open_to_everyone((FUNCTION, documented), {"Hello": "hello"})


def test_a_user_is_one_also_where_a_role_may_do_the_same() -> None:
    user = Holder("Ada", (inline(()),), kind="user")
    policy = Holder("Shared", (inline(()),), kind="managed policy")
    role = Holder("HelloRole", (inline(()),), ("hello",))
    assert (user,) == users_of(DeclaredStack((role,), {}, users=(user, policy)), (role,))


# Keys and queues


def sending(*, key_policy: Any = None, key: str = "${Key.Arn}") -> tuple[Resource, ...]:
    policy = {} if key_policy is None else {"KeyPolicy": {"Version": "2012-10-17", "Statement": key_policy}}
    return (
        Resource("Key", "AWS::KMS::Key", policy),
        Resource("News", "AWS::SNS::Topic", {"KmsMasterKeyId": key}),
        Resource("Alarm", "AWS::CloudWatch::Alarm", {"AlarmActions": ["${News}"]}),
    )


def let(*actions: str) -> dict[str, Any]:
    principal = {"Service": "cloudwatch.amazonaws.com"}
    return {"Effect": "Allow", "Principal": principal, "Action": list(actions), "Resource": "*"}


@pytest.mark.parametrize(
    ("written", "added"),
    [
        ([let("kms:Decrypt", "kms:GenerateDataKey*")], 0),
        ([let("kms:*")], 0),
        ([let("kms:Decrypt")], 1),
        ([{**let("kms:*"), "Effect": "Deny"}], 1),
        ([{**let("kms:*"), "Principal": {"Service": "sns.amazonaws.com"}}], 1),
    ],
)
def test_a_key_lets_a_service_send_that_no_statement_lets_with_all_that_it_takes(
    written: list[dict[str, Any]], added: int
) -> None:
    resources = sending(key_policy=written)
    key = with_key_policies(app(*resources), resources)[0]
    statements = key.properties["KeyPolicy"]["Statement"]
    assert written == statements[: len(written)]
    assert added == len(statements) - len(written)


def test_a_key_without_a_policy_keeps_its_owner_and_lets_a_service_once_however_often_it_sends() -> None:
    second = Resource("Second", "AWS::CloudWatch::Alarm", {"AlarmActions": ["${News}"]})
    resources = (*sending(), second)
    statements = with_key_policies(app(*resources), resources)[0].properties["KeyPolicy"]["Statement"]
    owner = {"AWS": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}
    assert [owner, {"Service": "cloudwatch.amazonaws.com"}] == [each["Principal"] for each in statements]


def test_a_topic_that_a_key_of_awss_own_encrypts_or_a_policy_that_is_computed_takes_no_service() -> None:
    key, topic, alarm = sending(key="alias/aws/sns")
    resources = (key, topic, replace(alarm, origin=HERE))
    with pytest.raises(RemitError, match="cannot send to News, which a key of AWS's own encrypts") as refused:
        with_key_policies(app(*resources), resources)
    assert HERE == refused.value.origin
    computed = Resource("Key", "AWS::KMS::Key", {"KeyPolicy": {"Fn::If": ["A", {}, {}]}})
    resources = (computed, *sending()[1:])
    with pytest.raises(RemitError, match="`Key` encrypts what a service sends to, and no statement can be added"):
        with_key_policies(app(*resources), resources)


def test_a_subscription_sends_to_its_queue_and_not_to_its_topic() -> None:
    key, topic, _ = sending()
    subscription = Resource("To", "AWS::SNS::Subscription", {"TopicArn": "${News}", "Endpoint": "${Hello.Arn}"})
    resources = (key, topic, subscription, FUNCTION)
    assert resources == tuple(with_key_policies(app(*resources), resources))


def test_keys_of_the_account_must_let_services_use_them_and_those_of_aws_are_refused_elsewhere() -> None:
    assert [("key", "1")] == [(need.kind, need.name) for need in existing_keys(app(*sending(key=KEY)))]
    assert () == existing_keys(app(*sending(key="alias/aws/sns")))


def test_a_key_of_the_account_is_called_as_people_know_it_with_the_functions_that_send() -> None:
    vpc = ExistingValue("TeamKey", "parameter", "/team/key")
    for key, name in (("alias/team", "alias/team"), ("${TeamKey}", "of parameter /team/key"), (KEY, "1")):
        (need,) = existing_keys(app(*sending(key=key), existing=(vpc,)))
        assert name == need.name
    topic = Resource("News", "AWS::SNS::Topic", {"KmsMasterKeyId": "alias/team"})
    queue = JobQueue("mail", 1, 1, alarm="${News}")
    worker = Function("worker-mail", "WorkerMail", "w.run", {}, queue="mail")
    (need,) = existing_keys(app(topic, functions=(worker,), queues=(queue,)))
    assert ("worker-mail",) == tuple(need.functions)


def test_a_key_lets_no_service_send_to_a_stream_which_it_does_with_a_role() -> None:
    stream = Resource("Clicks", "AWS::Kinesis::Stream", {"StreamEncryption": {"KeyId": "${Key.Arn}"}})
    rule = Resource("Rule", "AWS::Events::Rule", {"Targets": [{"Id": "a", "Arn": "${Clicks.Arn}"}]})
    resources = (Resource("Key", "AWS::KMS::Key", {}), stream, rule)
    assert resources == tuple(with_key_policies(app(*resources), resources))


def test_a_policy_of_several_queues_takes_no_statement_for_one() -> None:
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*"}]}
    own = Resource("Own", "AWS::SQS::QueuePolicy", {"Queues": ["${A}", "${Lost}"], "PolicyDocument": document})
    made = Resource("Made", "AWS::SQS::QueuePolicy", {"Queues": ["${Lost}"], "PolicyDocument": document})
    with pytest.raises(RemitError, match="has the policy `Own`, to which no statement can be added"):
        merged_queue_policies((own,), (made,))


def test_a_statement_for_a_queue_stands_once_in_its_policy() -> None:
    def policy(name: str, *services: str) -> Resource:
        statements = [{"Effect": "Allow", "Principal": {"Service": service}} for service in services]
        document = {"Version": "2012-10-17", "Statement": statements}
        return Resource(name, "AWS::SQS::QueuePolicy", {"Queues": ["${Lost}"], "PolicyDocument": document})

    made = (policy("Made", "a"), policy("MadeToo", "b", "a"))
    for shared, name in (((policy("Own", "a"),), "Own"), ((), "Made")):
        (merged,) = merged_queue_policies(shared, made)
        assert ["a", "b"] == [each["Principal"]["Service"] for each in merged.properties["PolicyDocument"]["Statement"]]
        assert name == merged.logical_id
