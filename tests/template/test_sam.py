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
from remit.template.sam.expand import expanded, plain_template
from remit.template.settled_values import settled

FOLDER = Path(__file__).with_name("data") / "sam"
TEMPLATES = sorted(path.stem for path in FOLDER.glob("*.yaml"))
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
