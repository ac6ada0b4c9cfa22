"""SAM templates become what AWS's own translator makes of them: the same resources, the same roles."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from remit.documents.read import read
from remit.errors import Origin, RemitError
from remit.iam.policy import parse, render
from remit.template.sam.expand import ExpandedTemplate, expanded, plain_template
from remit.template.sam.polled_sources import NETWORK, statements
from remit.template.sam.resources import SamEvent, in_s3
from remit.template.settled_values import settled

FOLDER = Path(__file__).with_name("data") / "sam"
TEMPLATES = sorted(path.stem for path in FOLDER.glob("*.yaml") if not path.stem.startswith("options_of_"))
"""The kept templates but those with every option, whose resources test_sam_oracle.py compares whole."""
MADE_UP = re.compile(r'(Version|Deployment|Layer)[0-9a-f]{10}"|(Permission)(?:Prod|prod|Stage|AllStages)"')
"""What the translator puts behind logical ids, and remit leaves out: hashes, and an API's stage."""


def ours(name: str) -> dict[str, Any]:
    source = read((FOLDER / f"{name}.yaml").read_bytes(), f"{name}.yaml")
    return dict(expanded(*settled(source.value, source.locate)).resources)


def theirs(name: str) -> dict[str, Any]:
    text = (FOLDER / f"{name}.json").read_text()
    found: dict[str, Any] = json.loads(MADE_UP.sub(r'\1\2"', text))["Resources"]
    return found


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_condition_of_a_function_is_that_of_what_is_made_of_it(name: str) -> None:
    expected = {key: one["Condition"] for key, one in theirs(name).items() if "Condition" in one}
    found = {key: one["Condition"] for key, one in ours(name).items() if "Condition" in one}
    assert {**expected, **found} == expected


def test_what_gradual_deployments_share_is_there_whatever_the_condition_of_a_function() -> None:
    properties = {"AutoPublishAlias": "live", "DeploymentPreference": {"Type": "AllAtOnce"}}
    function = {"Type": "AWS::Serverless::Function", "Condition": "InUse", "Properties": properties}
    made = expanded({"Resources": {"F": function}}, lambda _: Origin("t")).resources
    assert {key: one.get("Condition") for key, one in made.items()} == {
        **dict.fromkeys(("F", "FRole", "FVersion", "FAliaslive", "FDeploymentGroup"), "InUse"),
        **dict.fromkeys(("ServerlessDeploymentApplication", "CodeDeployServiceRole")),
    }


@pytest.mark.parametrize(
    ("location", "made"),
    [
        ("https://s3.amazonaws.com/code/a.yaml", {"TemplateURL": "https://s3.amazonaws.com/code/a.yaml"}),
        ({"ApplicationId": "a"}, {"Location": {"ApplicationId": "a"}, "TemplateURL": ""}),
    ],
)
def test_an_application_is_a_stack_of_its_template_or_of_the_repository(location: Any, made: dict[str, Any]) -> None:
    application = {"Type": "AWS::Serverless::Application", "Properties": {"Location": location}}
    resources = expanded({"Resources": {"A": application}}, lambda _: Origin("t")).resources
    assert resources["A"]["Properties"] == {"Tags": [{"Key": "lambda:createdBy", "Value": "SAM"}], **made}


def test_a_body_that_a_function_puts_in_stays_whatever_its_authorizers_run_under() -> None:
    authorizers = {"Own": {"FunctionArn": "f", "FunctionInvokeRole": "arn:aws:iam::111122223333:role/own"}}
    body = {"Fn::Transform": {"Name": "AWS::Include", "Parameters": {"Location": "s3://code/api.yaml"}}}
    api = {"StageName": "prod", "DefinitionBody": body, "Auth": {"Authorizers": authorizers}}
    resources = expanded(
        {"Resources": {"A": {"Type": "AWS::Serverless::Api", "Properties": api}}}, lambda _: Origin("t")
    )
    assert resources.resources["A"]["Properties"] == {"Body": body}


def test_sams_role_is_under_the_condition_that_no_other_is_taken() -> None:
    roles = [
        {key: one["Condition"] for key, one in side("roles_by_condition").items() if "Role" in key}
        for side in (theirs, ours)
    ]
    assert roles[0] == roles[1]
    source = read((FOLDER / "roles_by_condition.yaml").read_bytes(), "roles_by_condition.yaml")
    plain, _ = plain_template(source.value, source.locate, {})
    kept = json.loads((FOLDER / "roles_by_condition.json").read_text())
    assert kept["Conditions"] == plain["Conditions"]


@pytest.mark.parametrize("name", TEMPLATES)
def test_the_roles_are_the_same(name: str) -> None:
    expected = {
        key: plain_role(one["Properties"]) for key, one in theirs(name).items() if one["Type"] == "AWS::IAM::Role"
    }
    assert expected == {
        key: plain_role(one["Properties"]) for key, one in ours(name).items() if one["Type"] == "AWS::IAM::Role"
    }


def test_a_property_that_sam_does_not_know_of_is_no_part_of_a_filter() -> None:
    logs = {"Type": "CloudWatchLogs", "Properties": {"LogGroupName": "app", "FilterPattern": "x", "Other": "y"}}
    function = {"Type": "AWS::Serverless::Function", "Properties": {"Events": {"Logs": logs}}}
    source = read(json.dumps({"Resources": {"F": function}}).encode(), "template.json")
    resources = dict(expanded(*settled(source.value, source.locate)).resources)
    assert sorted(resources["FLogs"]["Properties"]) == ["DestinationArn", "FilterPattern", "LogGroupName"]


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_kept_expansion_says_which_translator_made_it(name: str) -> None:
    kept = json.loads((FOLDER / f"{name}.json").read_text())
    assert re.fullmatch(r"aws-sam-translator [0-9.]+", kept["Metadata"]["Translator"])


def plain_role(role: dict[str, Any]) -> dict[str, Any]:
    """A role without the names of its policies, its documents parsed, AWS's partition late-bound."""
    documents = sorted(
        json.dumps(document(one), sort_keys=True) for one in role.get("Policies") or [] if one is not None
    )
    managed = sorted(json.dumps(late(arn), sort_keys=True) for arn in role.get("ManagedPolicyArns") or [])
    kept = {key: role.get(key) for key in ("Path", "PermissionsBoundary")}
    trust = render(parse(role["AssumeRolePolicyDocument"]))
    tagged = sorted(tag["Key"] for tag in role.get("Tags") or [])
    return {"documents": documents, "managed": managed, "trust": trust, "tags": tagged, **kept}


def document(one: dict[str, Any]) -> Any:
    if "Fn::If" in one:
        condition, *values = one["Fn::If"]
        return [condition, *(document(value) for value in values)]
    return render(parse(one["PolicyDocument"])) if "PolicyDocument" in one else one


def late(arn: Any) -> Any:
    if isinstance(arn, dict) and "Fn::If" in arn:
        return [late(one) if not isinstance(one, str) or one.startswith("arn:") else one for one in arn["Fn::If"]]
    text = arn.get("Fn::Sub", arn) if isinstance(arn, dict) else arn
    return text.replace("arn:${AWS::Partition}:", "arn:aws:") if isinstance(text, str) else text


def sam(kind: str, **properties: Any) -> dict[str, Any]:
    return {"Type": f"AWS::Serverless::{kind}", "Properties": properties}


STATEMENT = {"Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
POLLER = {"SQSPollerPolicy": {"QueueName": "q"}}


def either(one: Any, other: Any) -> dict[str, Any]:
    return sam("Function", Policies=[{"Fn::If": ["C", one, other]}])


@pytest.mark.parametrize(
    ("resources", "words"),
    [
        ([either(STATEMENT, POLLER)], "chooses between"),
        ([either("arn:p", POLLER)], "chooses between"),
        ([either(POLLER, {"Ref": "AWS::NoValue"})], ""),
        ([either(POLLER, POLLER)], ""),
        ([either(STATEMENT, STATEMENT)], ""),
    ],
)  # fmt: skip
def test_what_the_translator_refuses_is_refused_at_its_line(resources: list[dict[str, Any]], words: str) -> None:
    """Each was put to aws-sam-translator 1.115."""
    conditions = {"C": {"Fn::Equals": ["a", "b"]}}
    template = {"Conditions": conditions, "Resources": {f"R{place}": each for place, each in enumerate(resources)}}
    source = read(json.dumps(template, indent=1).encode(), "template.json")
    if not words:
        expanded(source.value, source.locate)
        return
    with pytest.raises(RemitError) as refused:
        expanded(source.value, source.locate)
    assert words in refused.value.message
    assert refused.value.origin is not None
    assert refused.value.origin.line > 1


@pytest.mark.parametrize("role", [{"Ref": "AWS::NoValue"}, None])
def test_a_function_whose_role_a_condition_took_away_has_sams(role: object) -> None:
    function = {"Type": "AWS::Serverless::Function", "Properties": {"Role": role} if role else {}}
    source = read(json.dumps({"Resources": {"F": function}}).encode(), "template.json")
    resources = dict(expanded(*settled(source.value, source.locate)).resources)
    assert resources["FRole"]["Type"] == "AWS::IAM::Role"
    assert resources["F"]["Properties"]["Role"] == {"Fn::GetAtt": ["FRole", "Arn"]}


def test_an_api_that_sam_makes_by_itself_stands_at_the_first_event_that_goes_into_it() -> None:
    functions = {}
    for name in ("A", "B"):
        event = {"Type": "Api", "Properties": {"Path": f"/{name}", "Method": "get"}}
        functions[name] = {"Type": "AWS::Serverless::Function", "Properties": {"Events": {"On": event}}}
    source = read(json.dumps({"Resources": functions}, indent=1).encode(), "template.json")
    made = expanded(*settled(source.value, source.locate))
    first = source.locate(("Resources", "A", "Properties", "Events", "On"))
    assert made.locate(("Resources", "ServerlessRestApi")) == first


def plain(function: dict[str, Any], values: dict[str, str] | None = None, **sections: Any) -> tuple[Any, Any]:
    """A template with a function `F`, SAM's types made plain, and what is told of it."""
    template = {"Transform": "AWS::Serverless-2016-10-31", "Resources": {"F": function}, **sections}
    source = read(json.dumps(template).encode(), "template.json")
    return plain_template(source.value, source.locate, values or {})


def test_values_of_parameters_count_where_sam_names_what_it_makes_and_a_secret_stays_a_reference() -> None:
    parameters = {"Alias": {"Type": "String"}, "Key": {"Type": "String", "NoEcho": True}}
    shared = {"Function": {"AutoPublishAlias": {"Ref": "Alias"}, "Description": {"Ref": "Key"}}}
    made, _ = plain(sam("Function"), {"Alias": "live", "Key": "k"}, Parameters=parameters, Globals=shared)
    assert made["Resources"]["FAliaslive"]["Properties"]["Name"] == "live"
    assert made["Resources"]["F"]["Properties"]["Description"] == {"Ref": "Key"}


def test_a_condition_of_the_template_stays_beside_those_that_sam_adds() -> None:
    conditions = {"C": {"Fn::Equals": ["a", "b"]}}
    role = {"Fn::If": ["C", "arn:aws:iam::111122223333:role/r", {"Ref": "AWS::NoValue"}]}
    made, _ = plain(sam("Function", Role=role), Conditions=conditions)
    assert made["Conditions"] == {**conditions, "NOTC": {"Fn::Not": [{"Condition": "C"}]}}


@pytest.mark.parametrize(
    ("function", "is_told"),
    [
        (sam("Function", CodeUri="src/"), True),
        (sam("LayerVersion", ContentUri="layer"), True),
        (sam("Function", CodeUri="s3://bucket/key"), False),
        (sam("StateMachine", DefinitionUri="machine.json"), True),
        (sam("Function", CodeUri={"Bucket": "b", "Key": "k"}), False),
        (sam("Function", InlineCode="..."), False),
        ({"Type": "Custom::Thing", "Properties": {"CodeUri": "src/"}}, False),
    ],
)
def test_the_bucket_for_code_of_this_machine_is_told(function: dict[str, Any], *, is_told: bool) -> None:
    _, notes = plain(function)
    assert notes == (("the bucket that `sam` puts the code of F into is not in it",) if is_told else ())


def test_tags_and_policies_that_the_deploy_alone_knows_are_not_looked_into() -> None:
    tags = {"Fn::Transform": {"Name": "Tags"}}
    made, _ = plain(sam("Function", Tags=tags, Policies=[{"Ref": "AWS::NoValue"}, STATEMENT]))
    role = made["Resources"]["FRole"]["Properties"]
    assert role["Tags"] == [{"Key": "lambda:createdBy", "Value": "SAM"}]
    assert {"Ref": "AWS::NoValue"} not in role["ManagedPolicyArns"]
    assert [policy["PolicyDocument"] for policy in role["Policies"]] == [STATEMENT]


def test_the_resources_that_sam_makes_are_told_from_those_that_are_written() -> None:
    template = {"Resources": {"F": sam("Function"), "Q": {"Type": "AWS::SQS::Queue"}}}
    source = read(json.dumps(template).encode(), "template.json")
    assert expanded(source.value, source.locate).made == {"F", "FRole"}


def made_of(template: dict[str, Any]) -> ExpandedTemplate:
    source = read(json.dumps(template, indent=1).encode(), "template.json")
    return expanded(source.value, source.locate)


def test_globals_join_mappings_come_before_lists_and_give_way_to_a_functions_own() -> None:
    shared = {
        "Architectures": ["x86_64"],
        "Environment": {"Variables": {"A": "1", "B": "1"}},
        "Events": {"On": {"Type": "SQS"}},
        "FunctionName": "shared",
        "Layers": ["shared"],
        "Policies": ["Shared"],
        "Role": "shared",
        "Tags": {"Fn::Transform": {"Name": "Tags"}},
        "VpcConfig": {"Ref": "Network"},
        "ReservedConcurrentExecutions": 1,
        "Timeout": 1,
    }
    own = {
        "Architectures": ["arm64"],
        "Environment": {"Variables": {"B": "2", "C": "2"}},
        "Layers": ["own"],
        "Tags": {"team": "shop"},
        "VpcConfig": {"SubnetIds": ["s"]},
        "Timeout": 2,
        "ReservedConcurrentExecutions": {"Ref": "Reserved"},
    }
    of_both = {"Globals": {"Function": shared}, "Resources": {"F": sam("Function", **own)}}
    assert dict(made_of(of_both).declared[0].properties) == {
        **own,
        "Environment": {"Variables": {"A": "1", "B": "2", "C": "2"}},
        "Layers": ["shared", "own"],
    }
    swapped = {"Globals": {"Function": {"VpcConfig": {"SubnetIds": ["s"]}}}}
    swapped["Resources"] = {"F": sam("Function", VpcConfig={"Ref": "Network"})}
    assert made_of(swapped).declared[0].properties == {"VpcConfig": {"Ref": "Network"}}


def test_an_api_of_events_that_name_none_has_the_one_condition_of_all_its_functions() -> None:
    def on(kind: str, condition: str | None) -> dict[str, Any]:
        events = {"On": {"Type": kind, "Properties": {"Path": "/", "Method": "get"}}}
        return {**sam("Function", Events=events), **({"Condition": condition} if condition else {})}

    shared = {"Api": {"Name": "shop"}, "HttpApi": {"StageVariables": {"a": "b"}}}
    functions = {"A": on("Api", "C"), "B": on("Api", "C"), "D": on("HttpApi", "C"), "E": on("HttpApi", None)}
    made = made_of({"Globals": shared, "Resources": functions})
    assert [
        (api.logical_id, api.kind, api.attributes, api.properties) for api in made.declared if api.kind != "Function"
    ] == [
        ("ServerlessRestApi", "Api", {"Condition": "C"}, {"Name": "shop", "StageName": "Prod"}),
        ("ServerlessHttpApi", "HttpApi", {}, {"StageVariables": {"a": "b"}}),
    ]
    other = made_of({"Resources": {"A": on("Api", "C"), "B": on("Api", "D")}})
    assert other.declared[-1].attributes == {}


def test_each_made_part_stands_where_it_was_declared_with_the_reason_why_it_is_there() -> None:
    dead = {"Type": "SQS", "TargetArn": "arn:aws:sqs:us-east-1:111122223333:letters"}
    daily = {"Type": "Schedule", "Properties": {"Schedule": "rate(1 day)"}}
    function = sam(
        "Function",
        AutoPublishAlias="live",
        DeadLetterQueue=dead,
        RolePath="/app/",
        Policies=["AmazonS3ReadOnlyAccess", STATEMENT, POLLER, {"Fn::If": ["C", STATEMENT, {"Ref": "AWS::NoValue"}]}],
        Events={"Daily": daily},
    )
    source = read(json.dumps({"Resources": {"F": function, "Q": {"Type": "AWS::SQS::Queue"}}}, indent=1).encode(), "t")
    made = expanded(source.value, source.locate)
    role = ("Resources", "FRole", "Properties")
    places: dict[tuple[str | int, ...], tuple[str | int, ...]] = {
        (*role, "Path"): ("RolePath",),
        (*role, "Policies", 0, "PolicyDocument"): ("DeadLetterQueue",),
        (*role, "Policies", 1, "PolicyDocument", "Statement", 0): ("Policies", 1, "Statement", 0),
        (*role, "Policies", 2, "PolicyDocument", "Statement"): ("Policies", 2),
        (*role, "Policies", 3, "Fn::If", 1, "PolicyDocument", "Statement"): ("Policies", 3, "Fn::If", 1, "Statement"),
        ("Resources", "FAliaslive"): ("AutoPublishAlias",),
        ("Resources", "FDaily"): ("Events", "Daily"),
        ("Resources", "FDailyPermission"): ("Events", "Daily"),
    }
    assert {made_at: made.locate(made_at) for made_at in places} == {
        made_at: source.locate(("Resources", "F", "Properties", *at)) for made_at, at in places.items()
    }
    assert made.locate(("Resources", "Q")) == source.locate(("Resources", "Q"))
    assert [made.reason((*role, "Policies", position, "PolicyDocument")) for position in range(4)] == [
        "SAM adds it for DeadLetterQueue",
        "",
        "SAM's SQSPollerPolicy",
        "",
    ]


def test_what_is_not_expanded_is_told_in_the_order_of_the_template_and_the_bucket_last() -> None:
    preference = {"Type": "AllAtOnce"}
    resources = {
        "Fn::ForEach::All": ["Name", ["a"], {}],
        "F": sam(
            "Function",
            CodeUri="src/",
            Events={"New": {"Type": "Telegram"}, "Jobs": {"Type": "SQS"}},
            Connectors={"A": {}},
            PropagateTags=True,
            DeploymentPreference=preference,
        ),
        "Off": sam("Function", InlineCode="", DeploymentPreference={**preference, "Enabled": False}),
        "Live": sam("Function", CodeUri="src/", AutoPublishAlias="live", DeploymentPreference=preference),
        "G": sam("GraphQLApi"),
    }
    source = read(json.dumps({"Resources": resources}).encode(), "template.json")
    plain_one, notes = plain_template(source.value, source.locate, {})
    function = "of F (AWS::Serverless::Function)"
    assert notes == (
        "resources that a loop makes are not looked at: Fn::ForEach::All",
        "what event New of F (Telegram) becomes is not known here",
        f"what Connectors {function} adds is not looked at",
        f"what PropagateTags {function} adds is not looked at",
        f"what DeploymentPreference {function} adds is not looked at",
        "what G (AWS::Serverless::GraphQLApi) becomes is not known here",
        "the bucket that `sam` puts the code of F, Live into is not in it",
    )
    assert "Conditions" not in plain_one
    assert [name for name in plain_one["Resources"] if name.endswith("DeploymentGroup")] == ["LiveDeploymentGroup"]
    assert "Fn::ForEach::All" not in plain_one["Resources"]


def test_a_condition_that_the_template_names_as_sam_would_is_the_templates() -> None:
    conditions = {"C": {"Fn::Equals": ["a", "b"]}, "NOTC": {"Fn::Equals": ["a", "c"]}}
    role = {"Fn::If": ["C", "arn:aws:iam::111122223333:role/r", {"Ref": "AWS::NoValue"}]}
    made, _ = plain(sam("Function", Role=role), Conditions=conditions)
    assert made["Conditions"] == conditions


@pytest.mark.parametrize("type_", ["String", "Number", "CommaDelimitedList", "AWS::SSM::Parameter::Value<String>"])
def test_the_value_of_a_text_and_of_a_number_stands_in_what_sam_reads(type_: str) -> None:
    function = sam("Function", Description={"Ref": "P"})
    made, _ = plain(function, {"P": "1"}, Parameters={"P": {"Type": type_}})
    expected = "1" if type_ in ("String", "Number") else {"Ref": "P"}
    assert made["Resources"]["F"]["Properties"]["Description"] == expected


def test_the_roles_of_authorizers_stand_in_a_body_beside_all_that_it_says() -> None:
    schemes = {"Kept": {"type": "apiKey"}, "Own": {"type": "apiKey"}}
    body = {"openapi": "3.0.1", "paths": {"/x": {}}, "components": {"schemas": {"A": {}}, "securitySchemes": schemes}}
    role = "arn:aws:iam::111122223333:role/own"
    authorizers = {"Own": {"FunctionArn": "f", "FunctionInvokeRole": role}, "Open": {"FunctionArn": "g"}}
    api = sam("HttpApi", DefinitionBody=body, Auth={"Authorizers": authorizers})
    own = {"x-amazon-apigateway-authorizer": {"authorizerCredentials": role}}
    assert made_of({"Resources": {"A": api}}).resources["A"]["Properties"]["Body"] == {
        **body,
        "components": {"schemas": {"A": {}}, "securitySchemes": {**schemes, "Own": own}},
    }


def test_a_function_that_takes_its_role_away_has_sams_before_anything_is_settled() -> None:
    made = made_of({"Resources": {"F": sam("Function", Role={"Ref": "AWS::NoValue"})}}).resources
    assert made["F"]["Properties"]["Role"] == {"Fn::GetAtt": ["FRole", "Arn"]}
    assert made["FRole"]["Type"] == "AWS::IAM::Role"


def test_the_parameters_that_a_policy_template_lacks_are_named_and_an_event_has_a_mapping_of_properties() -> None:
    for properties, words in (
        ({"Policies": [{"DynamoDBCrudPolicy": {"Table": "t"}}]}, "takes TableName; missing: TableName"),
        ({"Events": {"On": {"Type": "SQS", "Properties": []}}}, "the Properties of event On must be a mapping"),
    ):
        with pytest.raises(RemitError) as refused:
            made_of({"Resources": {"F": sam("Function", **properties)}})
        assert words in refused.value.message


def test_a_place_in_s3_has_a_bucket_and_a_key() -> None:
    assert in_s3("s3://code/a/b.zip") == {"Bucket": "code", "Key": "a/b.zip"}
    assert in_s3({"Bucket": "code"}) == in_s3({"Key": "a"}) == in_s3("src/") == {}
    assert in_s3({"Bucket": "code", "Key": "a", "Version": "1"}) == {"Bucket": "code", "Key": "a", "Version": "1"}


def test_a_source_brings_statements_for_its_secrets_its_key_its_network_and_its_registry() -> None:
    def brought(**properties: Any) -> list[tuple[Any, Any]]:
        event = SamEvent("FOn", "On", "SelfManagedKafka", properties, ())
        return [(statement["Action"], statement["Resource"]) for statement in statements(event)]

    subnet, group = {"Type": "VPC_SUBNET", "URI": "subnet:s"}, {"Type": "VPC_SECURITY_GROUP", "URI": "security_group:g"}
    by_role, scram = {"Type": "IAM_AUTH", "URI": "r"}, {"Type": "SASL_SCRAM_512_AUTH", "URI": "secret"}
    secret = (["secretsmanager:GetSecretValue"], "secret")
    assert brought(SourceAccessConfigurations=[subnet, by_role, scram]) == [secret]
    assert brought(SourceAccessConfigurations=[subnet, group]) == [(list(NETWORK), "*")]
    assert brought(SecretsManagerKmsKeyId={"Ref": "Key"}) == []
    uri = {"Fn::Sub": "arn:${AWS::Partition}:glue:${AWS::Region}:${AWS::AccountId}:registry/r"}
    configs = [{"Type": "BASIC_AUTH"}, {"Type": "BASIC_AUTH", "URI": "secret"}]
    schema = {"Fn::Sub": "arn:${AWS::Partition}:glue:${AWS::Region}:${AWS::AccountId}:schema/r/*"}
    of_glue = [(["glue:GetRegistry"], uri), (["glue:GetSchemaVersion"], [schema])]
    schemas = {"SchemaRegistryURI": uri, "AccessConfigs": configs}
    assert brought(SchemaRegistryConfig=schemas) == [secret, *of_glue]
    assert brought(SchemaRegistryConfig={"SchemaRegistryURI": "arn:aws:glue:eu-west-1:1:other/r"}) == []
