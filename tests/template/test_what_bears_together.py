"""Which resources of two templates are compared together, and what stands beside them as a stub."""

from __future__ import annotations

from typing import Any

import pytest

from remit.template.role_resources import (
    attached_to,
    bearing,
    bearing_on,
    made_together,
    names_in,
    part,
    units,
    with_targets_of,
    without_code,
)

ROLE = {"Type": "AWS::IAM::Role", "Properties": {}}
SAM = {"Type": "AWS::Serverless::Function", "Properties": {"Handler": "a.b"}}


def of(kind: str, **properties: Any) -> dict[str, Any]:
    return {"Type": kind, "Properties": properties}


def template(**resources: Any) -> dict[str, Any]:
    return {"Resources": resources}


def test_what_a_function_runs_is_left_out_also_of_the_globals_of_a_nested_template() -> None:
    code = {"Runtime": "python3.13", "Environment": {"Variables": {"A": {"Fn::If": ["C", 1, 2]}}}}
    api = {"Name": "a", "Description": "of an API"}
    whole = {
        "Globals": {"Function": {**code, "Role": "r"}, "Auth/Function": {**code, "Tags": {}}, "Api": api},
        **template(F=of("AWS::Lambda::Function", Role="r", **code), P=of("Custom::P", **code), Odd="text"),
    }
    small = without_code(whole)
    assert small["Globals"] == {"Function": {"Role": "r"}, "Auth/Function": {"Tags": {}}, "Api": api}
    assert small["Resources"] == {**whole["Resources"], "F": of("AWS::Lambda::Function", Role="r")}


def test_a_part_has_the_globals_of_sams_types_alone_and_the_conditions_that_decide_on_it() -> None:
    equals = {"Fn::Equals": [{"Ref": "AWS::Region"}, "x"]}
    conditions = {"Own": {"Fn::Not": [{"Condition": "Asked"}]}, "Asked": equals, "Other": equals}
    whole = {
        "Globals": {"Function": {"Timeout": 3}}, "Conditions": conditions, "Outputs": {},
        **template(F=SAM, R={**ROLE, "Condition": "Own"}, S={**ROLE, "Condition": "Other"}),
    }  # fmt: skip
    small = part(whole, ["R", "Gone"])
    assert small == {"Outputs": {}, "Resources": {"R": whole["Resources"]["R"]},
                     "Conditions": {"Own": conditions["Own"], "Asked": equals}}  # fmt: skip
    assert part(whole, ["F"])["Globals"] == whole["Globals"]


def test_roles_that_one_template_alone_has_are_together_since_one_may_be_the_others_new_name() -> None:
    old, new = template(Kept=ROLE, Before=ROLE), template(Kept=ROLE, After=ROLE)
    assert {unit.roles for unit in units(old, new)} == {frozenset({"Kept"}), frozenset({"Before", "After"})}
    assert {unit.roles for unit in units(new, new)} == {frozenset({"Kept"}), frozenset({"After"})}


def test_a_role_is_with_what_runs_under_it_and_with_what_lists_it_by_any_of_its_names() -> None:
    whole = template(
        Worker=of("AWS::IAM::Role", RoleName={"Fn::Sub": "shop-${Stage}"}),
        Ann=of("AWS::IAM::User", UserName="ann"),
        Shared=of("AWS::IAM::ManagedPolicy", ManagedPolicyName="shared", Users=["ann"]),
        ByName=of("AWS::IAM::Policy", Roles=[{"Fn::Sub": "shop-${Stage}"}]),
        OtherName=of("AWS::IAM::Policy", Roles=["shop-elsewhere"]),
        Machine=of("AWS::StepFunctions::StateMachine", RoleArn={"Fn::GetAtt": ["Worker", "Arn"]}),
    )
    found = {min(unit.roles - {"Machine"}): set(unit.resources) for unit in units(whole, whole)}
    assert found == {"Worker": {"Worker", "Machine", "ByName"}, "Ann": {"Ann", "Shared"}}


def test_a_policy_that_lists_the_role_that_sam_makes_is_with_its_function() -> None:
    whole = template(
        Report=SAM,
        Grants=of("AWS::IAM::Policy", Roles=[{"Ref": "ReportRole"}]),
        Passes=of("AWS::Serverless::Function", Policies=[{"Statement": {"Resource": {"Fn::GetAtt": ["Lone", "Arn"]}}}]),
        Lone=ROLE,
    )
    found = {frozenset(unit.roles): set(unit.resources) for unit in units(whole, whole)}
    assert found[frozenset({"Report"})] == {"Report", "Grants"}
    assert set(bearing_on(whole, "ReportRole")["Resources"]) == {"Report", "Grants"}


def test_users_of_one_group_are_with_it() -> None:
    whole = template(
        Ann=of("AWS::IAM::User", Groups=[{"Ref": "Readers"}]), Bob=of("AWS::IAM::User", UserName="bob"),
        Readers=of("AWS::IAM::Group"), Alone=of("AWS::IAM::User"),
        Adds=of("AWS::IAM::UserToGroupAddition", GroupName={"Ref": "Readers"}, Users=["bob"]),
    )  # fmt: skip
    assert {unit.roles - {"Adds"} for unit in units(whole, whole)} == {
        frozenset({"Ann", "Bob", "Readers"}), frozenset({"Alone"}),
    }  # fmt: skip


def test_what_may_be_attached_to_a_role_of_elsewhere_names_all_of_its_name_in_either_template() -> None:
    old = template(Old=of("AWS::IAM::Policy", Roles=["their-role"]), Both=of("AWS::IAM::Policy", Roles=["their-role"]))
    new = template(
        Both=of("AWS::IAM::Policy", Roles=["their-role"]), Half=of("AWS::IAM::Policy", Roles=["role"]),
        Own=of("AWS::IAM::Role", Tags=["their-role"]), Topic=of("AWS::SNS::Topic", TopicName="their-role"),
    )  # fmt: skip
    assert attached_to(old, new, "their-role") == ("Both", "Old")
    assert set(bearing_on(new, "their-role")["Resources"]) == {"Both"}


def test_what_sam_makes_is_together_with_its_maker_and_its_api_and_nothing_else_that_it_names() -> None:
    event = {"Type": "Api", "Properties": {"RestApiId": {"Ref": "Web"}, "Bucket": {"Ref": "Data"}}}
    whole = template(
        Report=of("AWS::Serverless::Function", Events={"Get": event}), Report2=ROLE, Data=of("AWS::S3::Bucket"),
        Web=of("AWS::Serverless::Api"), Other=of("AWS::Serverless::Api"), Reporting=ROLE,
    )  # fmt: skip
    assert {frozenset(group) for group in made_together(whole, whole)} == {
        frozenset({"Report", "Report2", "Reporting", "Web"}), frozenset({"Data"}), frozenset({"Other"}),
    }  # fmt: skip


def test_policies_of_one_resource_are_together_and_a_url_with_permissions() -> None:
    function = {"Fn::GetAtt": ["Run", "Arn"]}
    whole = template(
        One=of("AWS::Lambda::Permission", FunctionName=function, Principal="a"),
        Url=of("AWS::Lambda::Url", TargetFunctionArn={"Ref": "Run"}),
        Other=of("AWS::Lambda::Permission", FunctionName={"Ref": "Else"}, Principal="a"),
        Data=of("AWS::S3::BucketPolicy", Bucket={"Ref": "Run"}),
        Route=of("AWS::ApiGatewayV2::Route", ApiId={"Ref": "Http"}), Http=of("AWS::ApiGatewayV2::Api"),
    )  # fmt: skip
    later = template(Further=of("AWS::Lambda::Permission", FunctionName=function, Principal="b"))
    assert set(made_together(whole, later)) == {
        ("Further", "One", "Url"), ("Other",), ("Data",), ("Route", "Http"),
    }  # fmt: skip


def test_beside_a_part_stands_what_it_names_by_type_and_name_alone() -> None:
    whole = template(
        Says=of("AWS::S3::BucketPolicy", Bucket={"Ref": "Data"}, PolicyDocument={"Principal": {"AWS": "worker"}}),
        Logs=of("AWS::Serverless::Api", AccessLogSetting={"Fn::GetAtt": ["Group", "Arn"]}),
        Calls=of("AWS::Lambda::Permission", FunctionName={"Ref": "Report"}, SourceArn={"Ref": "Table"}),
        Data=of("AWS::S3::Bucket", BucketName="d"), Group=of("AWS::Logs::LogGroup", LogGroupName="g"),
        Worker=of("AWS::IAM::Role", RoleName="worker", Path="/a/"), Report=SAM, Table=of("AWS::DynamoDB::Table"),
    )  # fmt: skip
    beside = with_targets_of(whole)
    small = part(whole, ["Says", "Logs", "Calls"])
    stubs = {name: one for name, one in beside(small)["Resources"].items() if name not in small["Resources"]}
    assert stubs == {
        "Data": of("AWS::S3::Bucket"), "Group": of("AWS::Logs::LogGroup"), "Report": of("AWS::Lambda::Function"),
        "Worker": of("AWS::IAM::Role", RoleName="worker"),
    }  # fmt: skip
    with_bucket = part(whole, ["Says", "Data"])
    assert beside(with_bucket)["Resources"]["Data"] == whole["Resources"]["Data"]


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ({"Ref": "Auth/Worker"}, {"Ref", "Auth", "Worker", "Auth/Worker"} - {"Ref"}),
        ({"Fn::Sub": ["a-${Auth/Deep/Worker.Arn}", {}]}, {"a", "Auth", "Deep", "Worker", "Arn", "Auth/Deep/Worker"}),
        ([{"x": "one two"}, 3, None], {"one", "two"}),
    ],
)
def test_the_words_of_a_value_are_names_and_those_of_nested_templates(value: Any, names: set[str]) -> None:
    assert names_in(value) == names


def test_of_what_runs_its_role_and_its_condition_bear_on_roles() -> None:
    runs = {**of("AWS::Lambda::Function", Role="r", Timeout=3), "Condition": "C", "DependsOn": "Q"}
    small = bearing(template(F=runs, Q=of("AWS::SQS::Queue"), R=ROLE, S=SAM))["Resources"]
    assert small == {"F": {**of("AWS::Lambda::Function", Role="r"), "Condition": "C"}, "R": ROLE, "S": SAM}


def test_a_role_is_named_by_all_words_of_its_name_and_not_by_one_of_them() -> None:
    reader = of("AWS::IAM::Role", RoleName="shop-reader")
    for name, are_together in (("other-reader", False), ("shop-reader", True)):
        running = of("AWS::Lambda::Function", Role=f"arn:aws:iam::111122223333:role/{name}")
        both = template(Reader=reader, Runs=running)
        found = {unit.roles for unit in units(both, both)}
        assert found == (
            {frozenset({"Reader", "Runs"})} if are_together else {frozenset({"Reader"}), frozenset({"Runs"})}
        )


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("AWS::S3::BucketPolicy", "Bucket"),
        ("AWS::S3Files::FileSystemPolicy", "FileSystemId"),
        ("AWS::Lambda::Permission", "FunctionName"),
        ("AWS::Lambda::LayerVersionPermission", "LayerVersionArn"),
        ("AWS::SQS::QueuePolicy", "Queues"),
        ("AWS::ECR::RepositoryPolicy", "RepositoryName"),
        ("AWS::SecretsManager::ResourcePolicy", "SecretId"),
        ("AWS::Lambda::Url", "TargetFunctionArn"),
        ("AWS::SNS::TopicPolicy", "Topics"),
    ],
)
def test_policies_of_one_type_and_one_resource_are_together(kind: str, name: str) -> None:
    reference = {"Fn::Sub": "arn:aws:lambda:${AWS::Region}:${AWS::AccountId}:function:${Its.Arn}"}
    whole = template(One=of(kind, **{name: reference}), Two=of(kind, **{name: [{"Ref": "Its"}]}), Off=of(kind, X="Its"))
    assert made_together(whole, {}) == (("One", "Two"), ("Off",))


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("AWS::ApiGateway::Method", "RestApiId"),
        ("AWS::ApiGateway::Method", "AuthorizerId"),
        ("AWS::ApiGateway::Resource", "RestApiId"),
        ("AWS::ApiGatewayV2::Route", "ApiId"),
        ("AWS::ApiGatewayV2::Route", "AuthorizerId"),
    ],
)
def test_a_path_of_an_api_is_together_with_what_limits_who_calls_it(kind: str, name: str) -> None:
    whole = template(Last=of("Custom::It"), Path=of(kind, **{name: {"Ref": "Last"}, "Other": {"Ref": "First"}}))
    assert made_together(whole, template(First=of("Custom::It"))) == (("First",), ("Last", "Path"))


def test_units_stand_in_the_order_of_the_new_template_and_know_what_is_attached_to_each_role() -> None:
    """A role by its former name, a function under the role of SAM's, and policies that a SAM function lists."""
    reads = of("AWS::IAM::ManagedPolicy", ManagedPolicyName="reads")
    old = template(
        Gone=of("AWS::IAM::Policy", Users=["ann"]),
        Worker=of("AWS::IAM::Role", RoleName="former"),
        ByFormer=of("AWS::IAM::Policy", Roles=["former"]),
        Ann=of("AWS::IAM::User", UserName="ann"),
        Reads=reads,
    )
    new = template(
        Reads=reads,
        Ann=of("AWS::IAM::User", UserName="ann"),
        ByName=of("AWS::IAM::Policy", Roles=["shop-worker"]),
        Worker=of("AWS::IAM::Role", RoleName="shop-worker"),
        Runs=of("AWS::Lambda::Function", Role={"Fn::GetAtt": ["ReportRole", "Arn"]}),
        Report=of("AWS::Serverless::Function", Policies=[{"Ref": "Reads"}]),
        Ann2=of("AWS::IAM::User", ManagedPolicyArns=[{"Ref": "Reads"}]),
    )
    parts = units(old, new)
    assert [unit.resources for unit in parts] == [
        ("Reads", "Runs", "Report", "Ann2"),
        ("Ann", "Gone"),
        ("ByName", "Worker", "ByFormer"),
    ]
    assert [unit.roles for unit in parts] == [{"Runs", "Report", "Ann2"}, {"Ann"}, {"Worker"}]
    assert [unit.names for unit in parts] == [set(), {"ann"}, {"shop", "worker", "former"}]
    assert [unit.attached for unit in parts] == [
        {"Runs": set(), "Report": {"Reads"}, "Ann2": {"Reads"}},
        {"Ann": {"Gone"}},
        {"Worker": {"ByName", "ByFormer"}},
    ]


def test_what_bears_on_a_role_is_found_by_any_name_that_sam_gives_and_for_a_policy_by_itself() -> None:
    document = {"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}
    whole = {
        "Parameters": {"Stage": {}}, "Globals": {"Function": {}}, "Conditions": {"A": {"Fn::Equals": [1, 1]}},
        **template(
            Daily=of("AWS::Serverless::StateMachine"), Shared=of("AWS::IAM::ManagedPolicy", PolicyDocument=document),
            Takes=of("AWS::IAM::User", ManagedPolicyArns=[{"Ref": "Shared"}]), Topic=of("AWS::SNS::Topic"),
        ),
    }  # fmt: skip
    resources = whole["Resources"]
    beside = {"Parameters": {"Stage": {}}, "Conditions": {}}
    assert bearing_on(whole, "DailyStartRole") == {
        **beside, "Globals": {"Function": {}}, "Resources": {"Daily": resources["Daily"]},
    }  # fmt: skip
    assert bearing_on(whole, "Shared") == {
        **beside, "Resources": {"Takes": resources["Takes"], "Shared": resources["Shared"]},
    }  # fmt: skip


def test_each_kind_of_store_stands_beside_what_names_it_under_the_type_that_cloudformation_has() -> None:
    kinds = (
        "AWS::S3::Bucket", "AWS::KMS::Key", "AWS::Kinesis::Stream", "AWS::KinesisFirehose::DeliveryStream",
        "AWS::Logs::LogGroup", "AWS::SNS::Topic", "AWS::SQS::Queue",
    )  # fmt: skip
    stores = {f"Store{number}": of(kind, Tags=[]) for number, kind in enumerate(kinds)}
    shared = of("AWS::IAM::ManagedPolicy", ManagedPolicyName="shared")
    whole = template(
        Says=of("AWS::Logs::Destination", To=[{"Ref": name} for name in (*stores, "Table")]),
        Gives=of("AWS::Lambda::LayerVersionPermission", LayerVersionArn={"Ref": "Layer"}),
        Guards=of("AWS::S3::BucketPolicy", Bucket={"Ref": "Shared"}),
        Layer=of("AWS::Serverless::LayerVersion"), Table=of("AWS::DynamoDB::Table"), Shared=shared, **stores,
    )  # fmt: skip
    small = part(whole, ["Says", "Gives", "Guards"])
    assert with_targets_of(whole)(small)["Resources"] == {
        **small["Resources"],
        **{name: of(kind) for name, kind in zip(stores, kinds, strict=True)},
        "Layer": of("AWS::Lambda::LayerVersion"),
        "Shared": shared,
    }


def test_what_runs_under_a_role_that_sam_makes_is_with_its_maker() -> None:
    runs = of("AWS::Lambda::Function", Role={"Fn::GetAtt": ["ReportRole", "Arn"]})
    whole = template(Other=SAM, Report=SAM, Runs=runs, Own=ROLE)
    assert [unit.resources for unit in units(whole, whole)] == [("Other",), ("Report", "Runs"), ("Own",)]
