"""Shared resources: classes whose attributes become resources and outputs of the template."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING

import pytest

from projects import at

if TYPE_CHECKING:
    from conftest import Make

IMPORTS = "from remit import Shared, aws, output, project, resource\n\n"


def _data(body: str) -> dict[str, str]:
    return {"shared/resources/data.py": f"{IMPORTS}class Data(Shared):\n{body}"}


def test_resources_and_outputs_stand_in_the_template(make: Make) -> None:
    project = make(
        **_data(
            "    dead = resource('AWS::SQS::Queue', deletion_policy='Retain')\n"
            "    queue = resource('AWS::SQS::Queue', {'QueueName': f'{project.namespace}-in'}, visibility_timeout=60,\n"
            "        redrive_policy={'deadLetterTargetArn': dead.arn, 'maxReceiveCount': 3})\n"
            "    topic = resource('AWS::SNS::Topic', depends_on=[dead, queue])\n"
            "    queue_url = output(queue, 'Send here')\n"
            "    topic_arn = output(topic.arn)\n"
            "    where = output(aws.region)\n"
        )
    )
    template = project.template()
    resources = {name: template["Resources"][name] for name in ("DataDead", "DataQueue", "DataTopic")}
    assert {
        "DataDead": {
            "Type": "AWS::SQS::Queue",
            "DeletionPolicy": "Retain",
            "UpdateReplacePolicy": "Retain",
            "Properties": {},
        },
        "DataQueue": {
            "Type": "AWS::SQS::Queue",
            "Properties": {
                "QueueName": "orders-dev-in",
                "VisibilityTimeout": 60,
                "RedrivePolicy": {
                    "deadLetterTargetArn": {"Fn::GetAtt": ["DataDead", "Arn"]},
                    "maxReceiveCount": 3,
                },
            },
        },
        "DataTopic": {"Type": "AWS::SNS::Topic", "DependsOn": ["DataDead", "DataQueue"], "Properties": {}},
    } == resources
    assert {
        "DataQueueUrl": {"Description": "Send here", "Value": {"Ref": "DataQueue"}},
        "DataTopicArn": {"Value": {"Ref": "DataTopic"}},
        "DataWhere": {"Value": {"Ref": "AWS::Region"}},
    } == template["Outputs"]


def test_one_class_may_use_anothers_resources(make: Make) -> None:
    """A resource that is named again stays one resource."""
    other = "from shared.resources.data import Data\nclass Other(Shared):\n    queue = Data.queue\n"
    other += "    sub = resource('AWS::SNS::Topic', kms_master_key_id=Data.key)\n"
    project = make(
        **_data("    queue = resource('AWS::SQS::Queue')\n    key = resource('AWS::KMS::Key', key_policy={})\n"),
        **{"shared/resources/another.py": IMPORTS + other},
    )
    resources = project.template()["Resources"]
    assert ["DataQueue", "DataKey", "OtherSub"] == [name for name in resources if not name.startswith("Hello")]
    assert {"KmsMasterKeyId": {"Ref": "DataKey"}} == resources["OtherSub"]["Properties"]


def test_a_resource_stands_for_its_arn_in_a_policy(make: Make) -> None:
    body = "    queue = resource('AWS::SQS::Queue')\n    access = resource('AWS::IAM::ManagedPolicy',\n"
    allowed = "{'Effect': 'Allow', 'Action': 's3:GetObject', 'Resource': 'arn:aws:s3:::data/*'}"
    body += f"        policy_document={{'Version': '2012-10-17', 'Statement': [{allowed}]}})\n"
    start = "from shared.resources.data import Data\n"
    statement = "{'Effect': 'Allow', 'Action': 'sqs:*', 'Resource': [Data.queue]}"
    app = f"{start}@app.function(policy={statement}, managed_policy=Data.access)\ndef hello(event, context): ...\n"
    role = make(app=app, **_data(body)).resources("AWS::IAM::Role")["HelloRole"]
    assert {"Fn::GetAtt": ["DataQueue", "Arn"]} == role["Policies"][0]["PolicyDocument"]["Statement"][1]["Resource"]
    assert [{"Ref": "DataAccess"}] == role["ManagedPolicyArns"]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("AWS::SecretsManager::Secret", {"Ref": "DataIt"}),
        ("AWS::Lambda::Alias", {"Ref": "DataIt"}),
        ("AWS::StepFunctions::StateMachine", {"Ref": "DataIt"}),
        ("AWS::ElasticLoadBalancingV2::TargetGroup", {"Ref": "DataIt"}),
        ("AWS::RDS::DBInstance", {"Fn::GetAtt": ["DataIt", "DBInstanceArn"]}),
        ("AWS::KMS::Key", {"Fn::GetAtt": ["DataIt", "Arn"]}),
        ("Custom::Thing", {"Fn::GetAtt": ["DataIt", "Arn"]}),
    ],
)
def test_the_arn_of_a_resource_is_asked_for_as_its_type_gives_it(make: Make, kind: str, expected: object) -> None:
    needed = {
        "AWS::Lambda::Alias": ", function_name='f', function_version='1', name='live'",
        "AWS::StepFunctions::StateMachine": ", role_arn='arn:aws:iam::123456789012:role/r'",
        "AWS::KMS::Key": ", key_policy={}",
        "Custom::Thing": ", service_token='arn:aws:lambda:eu-west-1:123456789012:function:f'",
    }
    body = f"    it = resource('{kind}'{needed.get(kind, '')})\n    arn = output(it.arn)\n"
    assert expected == make(**_data(body)).template()["Outputs"]["DataArn"]["Value"]


def test_the_arn_of_what_has_none_is_refused_where_it_is_asked_for(make: Make) -> None:
    body = "    it = resource('AWS::EC2::Route', route_table_id='r')\n    arn = output(it.arn)\n"
    error = make(**_data(body)).error()
    assert (
        "AWS::EC2::Route has no ARN of its own that CloudFormation gives",
        "write the ARN that you mean, or an attribute: `.attribute(…)`",
        "shared/resources/data.py:5:18",
    ) == (error.message, error.hint, at(error))


def test_elsewhere_a_resource_is_asked_which_of_its_names_is_meant(make: Make) -> None:
    app = "from shared.resources.data import Data\n@app.function(environment={'URL': Data.queue})\n"
    app += "def hello(event, context): ...\n"
    error = make(app=app, **_data("    queue = resource('AWS::SQS::Queue')\n")).error()
    message, hint = (
        "`environment['URL']` must be a string, got a resource",
        "write `.ref`, `.arn` or `.attribute(…)` of it",
    )
    assert (message, hint, "app.py:10:27") == (error.message, error.hint, at(error))


def test_a_keyword_is_the_property_of_its_letters(make: Make) -> None:
    """CloudFormation writes SSESpecification and KmsMasterKeyId, and Python sse_specification and kms_master_key_id."""
    project = make(
        **_data(
            "    table = resource('AWS::DynamoDB::Table', billing_mode='PAY_PER_REQUEST',\n"
            "        attribute_definitions=[{'AttributeName': 'id', 'AttributeType': 'S'}],\n"
            "        key_schema=[{'AttributeName': 'id', 'KeyType': 'HASH'}], sse_specification={'SSEEnabled': True})\n"
            "    queue = resource('AWS::SQS::Queue', kms_master_key_id='alias/shop')\n"
        )
    )
    assert {"SSEEnabled": True} == project.resources("AWS::DynamoDB::Table")["DataTable"]["SSESpecification"]
    assert {"KmsMasterKeyId": "alias/shop"} == project.resources("AWS::SQS::Queue")["DataQueue"]


def test_names_lose_their_underscores(make: Make) -> None:
    body = (
        f"{IMPORTS}class My_data(Shared):\n    the_queue = resource('AWS::SQS::Queue')\n    q_url = output(the_queue)\n"
    )
    project = make(**{"shared/resources/x.py": body})
    assert ("MyDataTheQueue" in project.template()["Resources"], ["MyDataQUrl"]) == (
        True,
        list(project.template()["Outputs"]),
    )


WRONG = {
    "an unknown type": (
        "    queue = resource('AWS::SQS::Queu')\n",
        "`DataQueue`: remit knows no type 'AWS::SQS::Queu' of CloudFormation's",
        "did you mean `AWS::SQS::Queue`?",
    ),
    "an unknown property": (
        "    queue = resource('AWS::SQS::Queue', visibility_timout=3)\n",
        "`DataQueue` (AWS::SQS::Queue) has no property 'VisibilityTimout'",
        "did you mean `VisibilityTimeout`?",
    ),
    "an unknown nested property": (
        "    table = resource('AWS::DynamoDB::Table', key_schema=[{'AttributeName': 'id', 'KeyTyp': 'HASH'}])\n",
        "`DataTable.KeySchema[0]` (AWS::DynamoDB::Table) has no property 'KeyTyp'",
        "did you mean `KeyType`?",
    ),
    "a missing property": (
        "    table = resource('AWS::DynamoDB::Table')\n",
        "`DataTable` (AWS::DynamoDB::Table) has no KeySchema, which it needs",
        None,
    ),
    "a wrong kind of value": (
        "    queue = resource('AWS::SQS::Queue', tags='x')\n",
        "`DataQueue.Tags` (AWS::SQS::Queue) must be array, got string 'x'",
        None,
    ),
    "a value that is not allowed": (
        (
            "    table = resource('AWS::DynamoDB::Table', billing_mode='FREE',\n"
            "        key_schema=[{'AttributeName': 'id', 'KeyType': 'HASH'}])\n"
        ),
        "`DataTable.BillingMode` (AWS::DynamoDB::Table) cannot be 'FREE'",
        "it can be PAY_PER_REQUEST, PROVISIONED",
    ),
    "a property that AWS computes": (
        "    queue = resource('AWS::SQS::Queue', arn='x')\n",
        "`DataQueue.Arn` cannot be set: AWS computes it",
        None,
    ),
    "a reference to nothing": (
        "    queue = resource('AWS::SQS::Queue', queue_name='${DataQueu}')\n",
        "`DataQueue`: ${DataQueu} names no resource of the template",
        "did you mean `DataQueue`?",
    ),
    "an attribute that does not exist": (
        "    queue = resource('AWS::SQS::Queue', queue_name='${HelloFunction.Arm}')\n",
        "`DataQueue`: AWS::Lambda::Function has no attribute 'Arm'",
        "did you mean `Arn`?",
    ),
    "a pseudo parameter that does not exist": (
        "    queue = resource('AWS::SQS::Queue', queue_name={'Ref': 'AWS::Regio'})\n",
        "`DataQueue`: there is no ${AWS::Regio}",
        "did you mean `AWS::Region`?",
    ),
    "a reference of the user's own Fn::Sub": (
        "    queue = resource('AWS::SQS::Queue', queue_name={'Fn::Sub': 'x-${Tabel}'})\n",
        "`DataQueue`: ${Tabel} names no resource of the template",
        None,
    ),
    "None": (
        "    queue = resource('AWS::SQS::Queue', queue_name=None)\n",
        "`properties['QueueName']` must be text, a number, True or False, a list or a dict, got None",
        "usually os.environ.get() of a variable that is not set",
    ),
    "a type that is None": (
        "    queue = resource(None)\n",
        "`type` must be a string, got None",
        "usually os.environ.get() of a variable that is not set",
    ),
    "properties that are a list": (
        "    queue = resource('AWS::SQS::Queue', ['x'])\n",
        """`properties` must be a dict of CloudFormation properties, got list "['x']\"""",
        None,
    ),
    "a deletion policy that does not exist": (
        "    queue = resource('AWS::SQS::Queue', deletion_policy='Retian')\n",
        "`deletion_policy` cannot be 'Retian'; it can be Delete, Retain, RetainExceptOnCreate, Snapshot",
        "did you mean `Retain`?",
    ),
    "a name to depend on": (
        "    queue = resource('AWS::SQS::Queue', depends_on='DataOther')\n",
        "`depends_on` takes a resource, or a list of them",
        None,
    ),
    "an output of a number": (
        "    port = output(3)\n",
        "`value` must be a string, got int '3'",
        None,
    ),
    "an output of nothing": (
        "    port = output(None)\n",
        "`value` must be a string, got None",
        "usually os.environ.get() of a variable that is not set",
    ),
    "an output of what does not exist": (
        "    port = output('${Nothing.Arn}')\n",
        "output DataPort: ${Nothing.Arn} names no resource of the template",
        None,
    ),
    "a name beyond ASCII": (
        "    schlüssel = resource('AWS::SQS::Queue')\n",
        "`Data.schlüssel` cannot be named in a template",
        "letters a to z, digits and _ only",
    ),
    "a circle": (
        (
            "    one = resource('AWS::SQS::Queue', queue_name='${DataTwo.QueueName}')\n"
            "    two = resource('AWS::SQS::Queue', queue_name='${DataOne.QueueName}')\n"
        ),
        "resources form a circular dependency: DataOne -> DataTwo -> DataOne",
        "break one of these references, for example by giving a fixed name",
    ),
    "a circle with a function": (
        (
            "    one = resource('AWS::SQS::Queue', queue_name='${HelloFunction}')\n"
            "    two = resource('AWS::SNS::Topic', depends_on=one)\n"
        ),
        "resources form a circular dependency: DataOne -> HelloFunction -> DataOne",
        "break one of these references, for example by giving a fixed name",
    ),
}


@pytest.mark.parametrize("kind", WRONG)
def test_what_cloudformation_refuses_is_told_at_the_resources_line(make: Make, kind: str) -> None:
    body, message, hint = WRONG[kind]
    app = None
    if "function" in kind:
        app = "from shared.resources.data import Data\n@app.function(environment={'URL': Data.one.ref})\n"
        app += "def hello(event, context): ...\n"
    error = make(app=app, **_data(body)).error()
    own_hint, _, _ = (error.hint or "").partition("if AWS has it, ")
    assert (message, hint) == (error.message, own_hint.removesuffix("\n  or, ") or None)
    assert "shared/resources/data.py:4" == at(error).rpartition(":")[0]


def test_two_resources_or_outputs_of_one_name_are_told(make: Make) -> None:
    twice = f"{IMPORTS}class Data(Shared):\n    queue = resource('AWS::SQS::Queue')\n"
    error = make(**{"shared/resources/a.py": twice, "shared/resources/b.py": twice}).error()
    assert "two resources are both `DataQueue` in the template: AWS::SQS::Queue and AWS::SQS::Queue" == error.message
    hint = "rename the function or the shared resource at shared/resources/a.py:4:13, or choose another `logical_id=`"
    assert hint == error.hint


@pytest.mark.parametrize("name", ["__init__", "_queues"])
def test_each_file_of_the_shared_resources_runs_once_whatever_its_name_begins_with(make: Make, name: str) -> None:
    once = f"{IMPORTS}class Data(Shared):\n    queue = resource('AWS::SQS::Queue')\n"
    project = make(**{f"shared/resources/{name}.py": once, "shared/resources/other.py": ""})
    assert ["DataQueue"] == list(project.resources("AWS::SQS::Queue"))


def test_an_output_of_the_name_of_a_functions_url_is_told(make: Make) -> None:
    body = f"{IMPORTS}class Hello(Shared):\n    url = output(aws.region)\n"
    app = "@app.function(http())\ndef hello(event, context): ...\n"
    error = make(app=app, **{"shared/resources/a.py": body}).error()
    assert (
        "two outputs are both `HelloUrl` in the template",
        "rename the function or the shared output",
        "shared/resources/a.py:4:11",
    ) == (error.message, error.hint, at(error))


def test_lookup_works_only_where_the_stack_is_known(make: Make) -> None:
    error = make(
        app="from shared.resources.data import Data\nURL = Data.lookup('url')\n",
        **_data("    queue = resource('AWS::SQS::Queue')\n    url = output(queue)\n"),
    ).error()
    assert (True, "app.py:10:7") == ("works inside a deployed function" in error.message, at(error))


def test_what_a_test_has_imported_is_declared_again_and_stays_imported(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A test of the app imports it, and then asks about its roles."""
    project = make(
        app="from shared.resources.data import Data\n@app.function(reads=[Data])\ndef f(event, context): ...\n",
        **{"shared/resources/data.py": DATA_WITH_TOPIC},
    )
    monkeypatch.syspath_prepend(project.folder)
    before = importlib.import_module("shared.resources.data")
    assert ["DataTopic"] == [resource.logical_id for resource in project.load().resources]
    assert before is sys.modules.pop("shared.resources.data")
    for name in ("shared.resources", "shared"):
        del sys.modules[name]


def test_what_is_installed_in_the_projects_folder_is_imported_once_for_all_loads(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its environment is often there; some packages cannot be imported twice."""
    project = make(
        app="import thing, own\n@app.function\ndef f(event, context): ...\n",
        **{".venv/lib/site-packages/thing.py": "", "own.py": ""},
    )
    monkeypatch.syspath_prepend(project.folder / ".venv/lib/site-packages")
    project.load()
    thing = sys.modules["thing"]
    project.load()
    assert (True, False) == (sys.modules.pop("thing") is thing, "own" in sys.modules)


DATA_WITH_TOPIC = """
from remit import Shared, resource

class Data(Shared):
    topic = resource("AWS::SNS::Topic")
"""


def test_an_output_with_an_export_is_imported_by_its_name(make: Make) -> None:
    project = make(
        **_data(
            "    queue = resource('AWS::SQS::Queue')\n    url = output(queue, export=f'{project.namespace}-queue')\n"
        )
    )
    assert project.template()["Outputs"]["DataUrl"] == {
        "Value": {"Ref": "DataQueue"},
        "Export": {"Name": "orders-dev-queue"},
    }
