"""A change of who acts as which role, of a door, a limit or a membership is told, in whatever type it stands."""

from __future__ import annotations

import json
from itertools import product
from typing import Any, Final

import pytest

from random_cases import in_all_cases
from remit.catalogue.type_access import access_row, access_rows
from remit.catalogue.types import resource_types
from remit.report.access_documents import review_document
from remit.report.access_lines import report_lines
from remit.report.access_report import review_report
from remit.review.accepted import accept, acceptance
from remit.review.api_routes import routes_of_body
from remit.review.role_files import plan_review, review_files
from remit.template.roles import RUNS

TRUST: Final = {"Statement": {"Effect": "Allow", "Principal": {"Service": "a.com"}, "Action": "sts:AssumeRole"}}
Declared = dict[str, Any]


def role(*actions: str) -> Declared:
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    policies = [{"PolicyName": "p", "PolicyDocument": {"Statement": statement}}]
    return {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": TRUST, "Policies": policies}}


ROLES: Final = {"Narrow": role("s3:GetObject"), "Wide": role("s3:*")}


def compared(old: Declared, new: Declared) -> Declared:
    files = [(json.dumps({"Resources": resources}).encode(), name) for resources, name in ((old, "old"), (new, "new"))]
    return review_document(review_files(*files))


def arn(name: str) -> Declared:
    return {"Fn::GetAtt": [name, "Arn"]}


def at(path: str, value: Any) -> Declared:
    """Properties with a value at a path."""
    name, _, rest = path.partition(".")
    inner = value if not rest else at(rest, value)
    return {name.removesuffix("[]"): [inner] if name.endswith("[]") else inner}


def use(kind: str, path: str, name: str) -> Declared:
    return {"Type": kind, "Properties": at(path, arn(name))}


HANDED_OVER: Final = [
    ("AWS::ECS::TaskDefinition", "TaskRoleArn"),
    ("AWS::Scheduler::Schedule", "Target.RoleArn"),
    ("Custom::Copy", "Settings.Runner"),
    ("AWS::Shop::Order", "Anything[].At.All"),
    ("AWS::RolesAnywhere::Profile", "RoleArns[]"),
]


@pytest.mark.parametrize(("kind", "path"), HANDED_OVER)
def test_another_role_in_its_place_gives_what_that_role_may_do_more(kind: str, path: str) -> None:
    found = compared({**ROLES, "R": use(kind, path, "Narrow")}, {**ROLES, "R": use(kind, path, "Wide")})
    assert [(piece["functions"], piece["allows"]["action"]) for piece in found["gained"]] == [(["R"], "s3:*")]
    back = compared({**ROLES, "R": use(kind, path, "Wide")}, {**ROLES, "R": use(kind, path, "Narrow")})
    assert (back["gained"], [piece["functions"] for piece in back["lost"]]) == ([], [["R"]])


def test_another_name_of_the_same_role_changes_nothing() -> None:
    kind, path = "AWS::ECS::TaskDefinition", "TaskRoleArn"
    roles = {"Narrow": role("s3:GetObject"), "Same": role("s3:GetObject")}
    found = compared({**roles, "R": use(kind, path, "Narrow")}, {**roles, "R": use(kind, path, "Same")})
    assert (found["gained"], found["lost"], found["undecided"], found["doors"]) == ([], [], [], [])


def test_a_role_behind_an_instance_profile_is_handed_over() -> None:
    """Also where the profile itself comes to hold another."""
    profiles = {
        name: {"Type": "AWS::IAM::InstanceProfile", "Properties": {"Roles": [{"Ref": made}]}}
        for name, made in (("P1", "Narrow"), ("P2", "Wide"))
    }

    def instance(profile: str) -> Declared:
        machine = {"Type": "AWS::EC2::Instance", "Properties": {"IamInstanceProfile": {"Ref": profile}}}
        return {**ROLES, **profiles, "Machine": machine}

    found = compared(instance("P1"), instance("P2"))
    assert [(piece["functions"], piece["allows"]["action"]) for piece in found["gained"]] == [(["Machine"], "s3:*")]
    old = instance("P1")
    found = compared(old, {**old, "P1": profiles["P2"]})
    assert {(*piece["functions"], piece["allows"]["action"]) for piece in found["gained"]} >= {("P1", "s3:*")}


def test_a_new_resource_that_acts_as_an_old_role_is_a_door_and_a_new_role_is_told_by_itself() -> None:
    task = use("AWS::ECS::TaskDefinition", "TaskRoleArn", "Wide")
    found = compared(ROLES, {**ROLES, "R": task})
    assert [(door["id"], door["is"], door["opens"]) for door in found["doors"]] == [
        ("R TaskRoleArn", "acts as Wide", True)
    ]
    with_role = compared({}, {**ROLES, "R": task})
    assert (with_role["doors"], {piece["role"] for piece in with_role["gained"]}) == ([], {"Narrow", "Wide"})


@pytest.mark.parametrize("name", ["arn:aws:iam::111122223333:role/other", {"Ref": "Given"}])
def test_a_role_from_outside_in_its_place_is_undecided(name: Any) -> None:
    old, new = (
        {"Type": "AWS::ECS::TaskDefinition", "Properties": {"TaskRoleArn": text}} for text in (arn("Wide"), name)
    )
    found = compared({**ROLES, "R": old}, {**ROLES, "R": new})
    (undecided,) = found["undecided"]
    assert "TaskRoleArn is" in undecided["reason"]
    assert "cannot be seen here" in undecided["reason"]


def test_a_text_that_only_mentions_a_role_hands_nothing_over() -> None:
    def machine(name: str) -> Declared:
        return {"Type": "AWS::EC2::Instance", "Properties": {"UserData": {"Fn::Sub": f"run as ${{{name}.Arn}} now"}}}

    found = compared({**ROLES, "R": machine("Narrow")}, {**ROLES, "R": machine("Wide")})
    assert (found["gained"], found["undecided"], found["doors"]) == ([], [], [])


def test_what_was_not_compared_is_named_below_the_verdict() -> None:
    def resources(size: str) -> Declared:
        rule = {"CidrIp": size}
        return {
            "Copy": {"Type": "Custom::LambdaCopy", "Properties": {"Size": size}},
            "Auth": {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": f"https://a.com/{size}"}},
            "Web": {"Type": "AWS::EC2::SecurityGroup", "Properties": {"SecurityGroupIngress": [rule]}},
            "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": size}},
        }

    files = [(json.dumps({"Resources": resources(size)}).encode(), size) for size in ("one", "two")]
    reviewed = review_files(*files)
    assert list(report_lines(review_report(reviewed))) == [
        "The same access by roles, policies and doors: proven for every request.",
        "not compared: Custom::LambdaCopy Copy (code decides) · nested template Auth · network: security group Web",
    ]
    assert {(item["id"], item["why"]) for item in review_document(reviewed)["not_compared"]} == {
        ("Copy", "code"),
        ("Auth", "other template"),
        ("Web", "network"),
    }
    assert not reviewed.broadens


@pytest.mark.parametrize(
    ("kind", "name", "is_undecided"),
    [
        ("AWS::Shop::Order", "Colour", False),
        ("AWS::Shop::Order", "OrderPolicy", True),
        ("AWS::Shop::Order", "PrincipalId", True),
        ("AWS::SQS::Queue", "NewProperty", False),
        ("AWS::SQS::Queue", "SenderRole", True),
    ],
)
def test_a_property_that_no_row_knows_is_undecided_where_its_name_speaks_of_access(
    kind: str, name: str, is_undecided: object
) -> None:
    old, new = ({"R": {"Type": kind, "Properties": {name: value}}} for value in ("one", "two"))
    found = compared(old, new)
    assert [item["property"] for item in found["not_compared"]] == [name]
    assert bool(found["undecided"]) is is_undecided


def top_level_roles() -> list[tuple[str, str]]:
    """The types that have a role at the top, each with its first."""
    paths = {}
    for kind in resource_types():
        for row in access_rows(kind) or ():
            is_plain = (
                access_row(kind, row.path) == row and row.kind == "role" and "*" not in row.path and "." not in row.path
            )
            if is_plain and RUNS.get(kind) != row.path and not kind.startswith(("AWS::Serverless::", "AWS::IAM::")):
                paths.setdefault(kind, row.path)
    return list(paths.items())


@in_all_cases
def test_every_type_with_a_role_at_the_top_tells_another_one() -> None:
    assert len(top_level_roles()) > 240
    silent = []
    for kind, path in top_level_roles():
        found = compared({**ROLES, "R": use(kind, path, "Narrow")}, {**ROLES, "R": use(kind, path, "Wide")})
        if not any(piece["functions"] == ["R"] for piece in found["gained"]):
            silent.append(kind)
    assert silent == []


def sam(event_auth: object = None, api: object = None, *, implicit: bool = False) -> Declared:
    """A function of SAM's with an event of an API."""
    named = {} if implicit else {"RestApiId": {"Ref": "Api"}}
    auth = {} if event_auth is None else {"Auth": event_auth}
    event = {"Type": "Api", "Properties": {"Path": "/orders", "Method": "get", **named, **auth}}
    code = {"Handler": "a.b", "Runtime": "python3.12", "CodeUri": "./"}
    function = {"Type": "AWS::Serverless::Function", "Properties": {**code, "Events": {"Get": event}}}
    declared = {"StageName": "prod", **({} if api is None else {"Auth": api})}
    apis = {} if implicit else {"Api": {"Type": "AWS::Serverless::Api", "Properties": declared}}
    return {"F": function, **apis}


USERS: Final = {"Authorizers": {"Users": {"UserPoolArn": "arn:aws:cognito-idp:eu-west-1:111122223333:userpool/p"}}}


@pytest.mark.parametrize(
    ("old", "new", "told_doors"),
    [
        (sam(None, {**USERS, "DefaultAuthorizer": "Users"}), sam(None, USERS), [("Users", "everybody", True, True)]),
        (sam(None, USERS), sam(None, {**USERS, "DefaultAuthorizer": "Users"}), [("everybody", "Users", False, False)]),
        (sam({"Authorizer": "AWS_IAM"}), sam(), [("AWS_IAM", "everybody", True, True)]),
        (sam({"Authorizer": "AWS_IAM"}), sam({"Authorizer": "NONE"}), [("AWS_IAM", "everybody", True, True)]),
        (
            sam({"Authorizer": "AWS_IAM", "ApiKeyRequired": True}),
            sam({"ApiKeyRequired": True}),
            [("AWS_IAM", "everybody", True, True)],
        ),
        (sam({"Authorizer": "AWS_IAM"}, implicit=True), sam(implicit=True), [("AWS_IAM", "everybody", True, True)]),
        (sam(), sam(), []),
    ],
)
def test_a_route_of_sams_tells_whom_it_lets_in(
    old: Declared, new: Declared, told_doors: list[tuple[str, str, bool, bool]]
) -> None:
    doors = compared(old, new)["doors"]
    assert {door["id"] for door in doors} <= {"GET /orders"}
    assert [(door["was"], door["is"], door["opens"], door["public"]) for door in doors] == told_doors


def test_what_an_authorizer_of_sams_is_made_of_is_undecided() -> None:
    other = {"Authorizers": {"Users": {"UserPoolArn": "arn:aws:cognito-idp:eu-west-1:111122223333:userpool/q"}}}
    found = compared(sam(None, USERS), sam(None, other))
    assert (found["doors"], len(found["undecided"])) == ([], 1)


def definition(security: object, **operation: object) -> Declared:
    schemes = {"key": {"type": "apiKey", "in": "header", "name": "x-api-key"}}
    paths = {"/orders": {"get": {**({} if security is None else {"security": security}), **operation}}}
    body = {"openapi": "3.0.1", "paths": paths, "components": {"securitySchemes": schemes}}
    return {"Api": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Body": body}}}


def test_a_route_of_a_definition_tells_whom_it_lets_in_and_its_other_parts_do_not_matter() -> None:
    asked = [{"key": []}]
    (door,) = compared(definition(asked), definition(None))["doors"]
    assert (door["id"], door["was"], door["is"], door["public"]) == ("GET /orders", "key", "everybody", True)
    (scopes,) = compared(definition([{"key": ["orders", "staff"]}]), definition(asked))["undecided"]
    assert "key orders staff" in str(scopes)
    signed = {"x-amazon-apigateway-auth": {"type": "AWS_IAM"}}
    (door,) = compared(definition(None), definition(None, **signed))["doors"]
    assert (door["was"], door["is"], door["opens"]) == ("everybody", "AWS_IAM", False)
    found = compared(definition(asked), definition(asked, description="the orders"))
    assert (found["doors"], found["undecided"], found["not_compared"]) == ([], [], [])


SECURITY: Final = {
    "nothing": None,
    "NONE": [],
    "key": [{"key": []}],
    "key a": [{"key": ["a"]}],
    "AWS_IAM": [{"v4": []}],
}
"""What `security` asks for: of an operation that has none, what the document's asks."""


def test_an_operation_asks_what_it_says_itself_and_else_what_its_definition_says() -> None:
    v4 = {"type": "apiKey", "x-amazon-apigateway-authtype": "awsSigv4"}
    schemes = {"securityDefinitions": {"v4": v4}, "components": {"securitySchemes": {"key": {"type": "apiKey"}}}}
    for own, default, signs in product(SECURITY, SECURITY, (True, False)):
        operation, document = (
            {} if SECURITY[name] is None else {"security": SECURITY[name]} for name in (own, default)
        )
        if signs:
            operation["x-amazon-apigateway-auth"] = {"type": "AWS_IAM"}
        paths = {"/a": {"x-amazon-apigateway-any-method": operation, "parameters": []}}
        route, *_ = routes_of_body("Body", {**document, **schemes, "paths": paths}, None)
        asked = "AWS_IAM" if signs else next((name for name in (own, default) if name != "nothing"), "NONE")
        assert (route.door, route.values) == ("ANY /a", (asked,))


def test_a_route_that_a_definition_gets_opens_a_door_where_it_asks_nobody() -> None:
    before = definition([{"key": []}])
    after = json.loads(json.dumps(before))
    paths = after["Api"]["Properties"]["Body"]["paths"]
    paths["/asked"] = {"get": {"security": [{"key": []}]}}
    paths["/signed"] = {"get": {"x-amazon-apigateway-auth": {"type": "AWS_IAM"}}}
    paths["/open"] = {"get": {}}
    doors = [door for door in compared(before, after)["doors"] if door["opens"]]
    assert ("GET /open", "everybody", True) in [(door["id"], door["is"], door["public"]) for door in doors]
    assert "GET /signed" not in [door["id"] for door in doors]
    closed = [door["id"] for door in compared(after, before)["doors"] if not door["opens"]]
    assert "GET /open" in closed


def test_the_role_under_which_an_api_calls_is_told_once_for_all_its_routes() -> None:
    def api(*paths: str) -> Declared:
        operation = {"security": [{"key": []}], "x-amazon-apigateway-integration": {"credentials": arn("Wide")}}
        declared = definition(None)
        declared["Api"]["Properties"]["Body"]["paths"] = {path: {"get": operation} for path in paths}
        return {**ROLES, **declared}

    doors = compared(ROLES, api("/a", "/b"))["doors"]
    assert [("Api Body", "acts as Wide")] == [(door["id"], door["is"]) for door in doors if "acts" in door["is"]]
    assert [] == [door for door in compared(api("/a"), api("/a", "/b"))["doors"] if "acts" in door["is"]]


def planned(address: str, **values: object) -> Declared:
    kind, name = address.split(".")
    return {"address": address, "mode": "managed", "type": kind, "name": name, "values": values}


def plan_role(name: str, action: str) -> Declared:
    statement = {"Effect": "Allow", "Action": action, "Resource": "*"}
    policies = [{"name": "p", "policy": json.dumps({"Version": "2012-10-17", "Statement": [statement]})}]
    trust = json.dumps({"Version": "2012-10-17", **TRUST})
    full_name = f"arn:aws:iam::111122223333:role/{name}"
    return planned(f"aws_iam_role.{name}", name=name, arn=full_name, assume_role_policy=trust, inline_policy=policies)


PLANNED_ROLES: Final = [plan_role("narrow", "s3:GetObject"), plan_role("wide", "s3:*")]
NARROW_ARN, WIDE_ARN = (f"arn:aws:iam::111122223333:role/{name}" for name in ("narrow", "wide"))


def plan(old: Declared | None, new: Declared | None, **references: str) -> Declared:
    """The document of a review of a plan; `references` are those of the new resource that are known later."""
    sides = [[*PLANNED_ROLES, *([] if side is None else [side])] for side in (old, new)]
    expressions = {name: {"references": [f"{address}.arn", address]} for name, address in references.items()}
    configured = [{"address": (new or old or {}).get("address"), "expressions": expressions}]
    document = {
        "format_version": "1.2",
        "terraform_version": "1.9.0",
        "prior_state": {"values": {"root_module": {"resources": sides[0]}}},
        "planned_values": {"root_module": {"resources": sides[1]}},
        "configuration": {"root_module": {"resources": configured}},
    }
    return review_document(plan_review(json.dumps(document).encode(), "plan.json"))


@pytest.mark.parametrize(
    ("old", "new", "references"),
    [
        (
            planned("aws_ecs_task_definition.t", task_role_arn=NARROW_ARN),
            planned("aws_ecs_task_definition.t", task_role_arn=WIDE_ARN),
            {},
        ),
        (
            planned("aws_ecs_task_definition.t", task_role_arn=NARROW_ARN),
            planned("aws_ecs_task_definition.t"),
            {"task_role_arn": "aws_iam_role.wide"},
        ),
        (
            planned("aws_scheduler_schedule.s", target=[{"role_arn": NARROW_ARN}]),
            planned("aws_scheduler_schedule.s", target=[{"role_arn": WIDE_ARN}]),
            {},
        ),
        (planned("aws_iam_instance_profile.p", role="narrow"), planned("aws_iam_instance_profile.p", role="wide"), {}),
    ],
)
def test_a_plan_tells_another_role_in_its_place(old: Declared, new: Declared, references: dict[str, str]) -> None:
    found = plan(old, new, **references)
    assert {piece["allows"]["action"] for piece in found["gained"]} == {"s3:*"}
    assert {tuple(piece["functions"]) for piece in found["gained"]} == {(new["address"],)}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (None, planned("aws_iam_user_group_membership.m", user="bob", groups=["admins"])),
        (None, planned("aws_eks_access_policy_association.e", principal_arn=NARROW_ARN, policy_arn="arn:aws:eks::x")),
        (None, planned("aws_kms_grant.g", grantee_principal=NARROW_ARN, operations=["Decrypt"])),
        (None, planned("aws_ami_launch_permission.a", account_id="444455556666")),
        (planned("aws_s3_bucket_public_access_block.b", bucket="b", block_public_acls=True), None),
        (
            planned("aws_lambda_function_url.u", authorization_type="AWS_IAM"),
            planned("aws_lambda_function_url.u", authorization_type="NONE"),
        ),
        (
            planned("aws_cognito_identity_pool.p", allow_unauthenticated_identities=False),
            planned("aws_cognito_identity_pool.p", allow_unauthenticated_identities=True),
        ),
    ],
)
def test_a_plan_tells_a_door_that_opens(old: Declared | None, new: Declared | None) -> None:
    found = plan(old, new)
    assert [door["opens"] for door in found["doors"]] == [True]
    assert found["undecided"] == []


def test_a_plan_names_a_type_that_nobody_knows_and_passes_over_other_providers() -> None:
    for kind, count in (("aws_new_thing", 1), ("random_id", 0)):
        found = plan(planned(f"{kind}.x", size=1), planned(f"{kind}.x", size=2))
        assert len(found["not_compared"]) == count


def test_a_door_that_is_accepted_does_not_count_until_it_is_told_otherwise() -> None:
    def pool(*, guests: bool) -> bytes:
        properties = {"AllowUnauthenticatedIdentities": guests}
        return json.dumps(
            {"Resources": {"P": {"Type": "AWS::Cognito::IdentityPool", "Properties": properties}}}
        ).encode()

    reviewed = review_files((pool(guests=False), "old"), (pool(guests=True), "new"))
    entries = acceptance(reviewed, "guests look around")
    assert [(entry.kind, entry.text) for entry in entries] == [
        ("door", "P AllowUnauthenticatedIdentities: false -> true")
    ]
    accepted, stale = accept(reviewed, entries)
    assert (accepted.broadens, stale) == (False, ())
    assert review_document(accepted)["accepted"][0]["accepted"] == "guests look around"


def test_strict_counts_what_is_not_compared_but_for_the_network() -> None:
    def resources(kind: str, name: str, value: object) -> bytes:
        return json.dumps({"Resources": {"R": {"Type": kind, "Properties": {name: value}}}}).encode()

    for kind, name, counts in (("Custom::Copy", "Size", True), ("AWS::EC2::SecurityGroup", "VpcId", False)):
        files = [(resources(kind, name, value), value) for value in ("one", "two")]
        reviewed = review_files(files[0], files[1])
        assert not reviewed.leaves_open(strict=False)
        assert reviewed.leaves_open(strict=True) is counts


@pytest.mark.parametrize(
    ("kind", "old", "new"),
    [
        ("AWS::ECS::Service", {"EnableExecuteCommand": False}, {"EnableExecuteCommand": True}),
        ("AWS::SNS::Subscription", {"Protocol": "sqs"}, {"Protocol": "https"}),
        ("AWS::SNS::Subscription", None, {"Protocol": "email", "Endpoint": "ann@example.com"}),
        ("AWS::SNS::Topic", {}, {"Subscription": [{"Protocol": "email", "Endpoint": "ann@example.com"}]}),
        ("AWS::EC2::SnapshotBlockPublicAccess", {"State": "block-all-sharing"}, {"State": "block-new-sharing"}),
        ("AWS::EC2::SnapshotBlockPublicAccess", {"State": "block-all-sharing"}, None),
    ],
)
def test_a_door_that_opens_is_told(kind: str, old: Declared | None, new: Declared | None) -> None:
    sides = [{} if properties is None else {"R": {"Type": kind, "Properties": properties}} for properties in (old, new)]
    (door,) = compared(*sides)["doors"]
    assert door["opens"]


def test_messages_to_what_runs_in_aws_are_no_door() -> None:
    queue = {"Type": "AWS::SNS::Subscription", "Properties": {"Protocol": "sqs", "Endpoint": arn("Queue")}}
    assert compared({}, {"R": queue})["doors"] == []


def test_another_instance_profile_of_a_launch_template_is_undecided() -> None:
    old, new = (
        {"Type": "AWS::EC2::LaunchTemplate", "Properties": at("LaunchTemplateData.IamInstanceProfile.Name", name)}
        for name in ("one", "two")
    )
    assert compared({"R": old}, {"R": new})["undecided"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (planned("aws_organizations_policy_attachment.a", id="t:p", policy_id="p", target_id="t"), None),
        (planned("aws_s3_account_public_access_block.a", id="1", block_public_policy=True), None),
        (None, planned("aws_sns_topic_subscription.a", topic_arn="t", protocol="https", endpoint="https://a.com")),
        (planned("aws_db_snapshot.a", shared_accounts=[]), planned("aws_db_snapshot.a", shared_accounts=["all"])),
    ],
)
def test_a_plan_tells_a_limit_that_goes_and_what_is_shared(old: Declared | None, new: Declared | None) -> None:
    assert any(door["opens"] for door in plan(old, new)["doors"])


def told(old: Declared, new: Declared) -> tuple[list[tuple[str, str, str]], list[str]]:
    """The doors as sign, property and values, and what is undecided."""
    found = compared(old, new)
    doors = [("+" if door["opens"] else "-", door["id"].partition(" ")[2], door["is"]) for door in found["doors"]]
    return doors, [item["reason"].partition(": ")[2] for item in found["undecided"]]


OUTSIDE: Final = ["arn:aws:s3:::backup", "arn:aws:s3:::another"]
MADE_HERE: Final = {name: {"Type": "AWS::S3::Bucket", "Properties": {}} for name in ("Logs", "Copies")}
DESTINATIONS: Final = [
    ("AWS::S3::Bucket", "ReplicationConfiguration.Rules[].Destination.Bucket"),
    ("AWS::EC2::FlowLog", "LogDestination"),
    ("AWS::Events::Rule", "Targets[].Arn"),
    ("AWS::SageMaker::DeviceFleet", "OutputConfig.S3OutputLocation"),
]


@pytest.mark.parametrize(("kind", "path"), DESTINATIONS)
def test_data_that_goes_out_of_the_template_somewhere_else_opens_a_door(kind: str, path: str) -> None:
    def sending(value: Any) -> Declared:
        properties = {} if value is None else at(path, value)
        return {**MADE_HERE, "R": {"Type": kind, "Properties": properties}}

    first, second = map(sending, OUTSIDE)
    assert told(first, second) == ([("+", path, OUTSIDE[1])], [])
    assert told(sending(None), first) == ([("+", path, OUTSIDE[0])], [])
    assert told(first, sending(None)) == ([("-", path, "not set")], [])
    assert told(sending(arn("Logs")), first) == ([("+", path, OUTSIDE[0])], [])
    assert told(sending(arn("Logs")), sending(arn("Copies"))) == ([], [])
    assert told(MADE_HERE, first) == ([], [])  # it has no data yet


KEYS: Final = [
    ("AWS::SNS::Topic", "KmsMasterKeyId"),
    ("AWS::Kinesis::Stream", "StreamEncryption.KeyId"),
    ("AWS::Logs::LogGroup", "KmsKeyId"),
]


@pytest.mark.parametrize(("kind", "path"), KEYS)
def test_a_key_without_which_nobody_reads_is_a_limit(kind: str, path: str) -> None:
    key = {"Key": {"Type": "AWS::KMS::Key", "Properties": {}}}

    def kept(value: Any) -> Declared:
        properties = {} if value is None else at(path, value)
        return {**key, "R": {"Type": kind, "Properties": properties}}

    assert told(kept(arn("Key")), kept(None)) == ([("+", path, "not set")], [])
    assert told(kept(None), kept(arn("Key"))) == ([("-", path, "${Key}")], [])
    assert told(kept(arn("Key")), kept({"Ref": "Key"})) == ([], [])
    for of_aws in ("alias/aws/service", {"Fn::Sub": "arn:aws:kms:${AWS::Region}:${AWS::AccountId}:alias/aws/service"}):
        assert told(kept(of_aws), kept(None)) == ([], [])
    sides = ((key, "old"), (kept(arn("Key")), "new"))
    found = review_files(*((json.dumps({"Resources": part}).encode(), name) for part, name in sides))
    assert found.elsewhere == ()  # a key lets in nobody
    assert told(kept(arn("Key")), kept("1234abcd")) == ([], [f"{path} is 1234abcd in place of ${{Key}}"])
    assert told(kept(arn("Key")), key) == ([], [])
    assert told(key, kept(None)) == ([], [])


def test_a_list_with_what_the_deploy_looks_up_is_read_as_it_stands() -> None:
    prefix = {"Fn::FindInMap": ["Prefixes", {"Ref": "AWS::Region"}, "Of"]}

    def group(port: int) -> Declared:
        rules = [{"IpProtocol": "tcp", "ToPort": port, "SourcePrefixListId": prefix}]
        return {"G": {"Type": "AWS::EC2::SecurityGroup", "Properties": {"SecurityGroupIngress": rules}}}

    assert [item["why"] for item in compared(group(443), group(80))["not_compared"]] == ["network"]


def test_an_alias_of_another_key_is_undecided() -> None:
    first, second = ({"A": {"Type": "AWS::KMS::Alias", "Properties": {"TargetKeyId": name}}} for name in ("k1", "k2"))
    assert told(first, second) == ([], ["TargetKeyId is k2 in place of k1"])


@pytest.mark.parametrize(
    "kind",
    ["AWS::IAM::OIDCProvider", "AWS::IAM::SAMLProvider", "AWS::Detective::OrganizationAdmin",
     "AWS::WorkSpacesWeb::IdentityProvider", "AWS::SupportAuthZ::SupportPermit"],
)  # fmt: skip
def test_what_opens_something_by_being_there_is_told_when_it_is_new(kind: str) -> None:
    doors, undecided = told({}, {"R": {"Type": kind, "Properties": {"Name": "one"}}})
    assert ([sign for sign, *_ in doors], undecided) == (["+"], [])


def test_an_account_in_the_place_of_another_is_undecided() -> None:
    kind = "AWS::S3::AccessPoint"
    first, second = ({"P": {"Type": kind, "Properties": {"BucketAccountId": name}}} for name in ("1" * 12, "2" * 12))
    assert told(first, second)[1] == [f"BucketAccountId is {'2' * 12} in place of {'1' * 12}"]


def test_pages_that_may_call_in_a_browser_are_named_as_not_compared() -> None:
    first, second = (
        {"B": {"Type": "AWS::S3::Bucket", "Properties": at("CorsConfiguration.CorsRules[].AllowedOrigins", [origin])}}
        for origin in ("https://a.example", "*")
    )
    assert [item["why"] for item in compared(first, second)["not_compared"]] == ["network"]


def test_what_comes_and_goes_with_a_door_is_told_by_the_door() -> None:
    api = {
        "Type": "AWS::Serverless::HttpApi",
        "Properties": {"Auth": {"DefaultAuthorizer": "Users", "Authorizers": {"Users": {
            "IdentitySource": "$request.header.Authorization",
            "JwtConfiguration": {"issuer": "https://a.example", "audience": ["a"]}}}}},
    }  # fmt: skip
    event = {"Type": "HttpApi", "Properties": {"ApiId": {"Ref": "Api"}, "Path": "/orders", "Method": "get"}}
    function = {
        "Type": "AWS::Serverless::Function",
        "Properties": {"Handler": "a.b", "Runtime": "python3.13", "InlineCode": "x", "Events": {"Get": event}},
    }

    def sides(old: Declared, new: Declared) -> Declared:
        files = [
            (json.dumps({"Transform": "AWS::Serverless-2016-10-31", "Resources": resources}).encode(), name)
            for resources, name in ((old, "old"), (new, "new"))
        ]
        return review_document(review_files(*files))

    plain = {"Api": {"Type": "AWS::Serverless::HttpApi"}, "F": function}
    found = sides({"Api": api, "F": function}, plain)
    assert [(door["id"], door["is"], door["public"]) for door in found["doors"]] == [("GET /orders", "everybody", True)]
    assert found["undecided"] == []
    assert sides(plain, {"Api": api, "F": function})["undecided"] == []

    graph = [
        {"G": {"Type": "AWS::AppSync::GraphQLApi", "Properties": {"Name": "g", **properties}}}
        for properties in (
            {"AuthenticationType": "AMAZON_COGNITO_USER_POOLS", "UserPoolConfig": {"UserPoolId": "p"}},
            {"AuthenticationType": "API_KEY"},
        )
    ]
    assert told(*graph) == ([("+", "AuthenticationType", "API_KEY")], [])


def test_permissions_to_the_same_caller_are_one_cause_whatever_each_is_about() -> None:
    def permission(number: int) -> Declared:
        properties = {
            "Action": "lambda:InvokeFunction",
            "FunctionName": f"arn:aws:lambda:eu-west-1:111122223333:function:f{number}",
            "Principal": "events.amazonaws.com",
            "SourceAccount": "111122223333",
        }
        return {"Type": "AWS::Lambda::Permission", "Properties": properties}

    permissions = {f"P{number}": permission(number) for number in range(30)}
    files = [(json.dumps({"Resources": part}).encode(), name) for part, name in (({}, "old"), (permissions, "new"))]
    (cause,) = review_report(review_files(*files)).changes
    assert (len(cause.holders), len(cause.kinds[0].resources)) == (30, 30)


def test_whether_a_client_has_a_secret_is_no_secret() -> None:
    kind = "AWS::Cognito::UserPoolClient"
    asked, unasked = ({"C": {"Type": kind, "Properties": {"GenerateSecret": value}}} for value in (True, False))
    assert told(asked, unasked) == ([("+", "GenerateSecret", "false")], [])
    assert told({}, asked) == ([], [])
