"""The templates of the smallest apps: what each part of an app becomes, where it stands, and what cannot be."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import pytest

from remit.app import (
    App,
    ExistingValue,
    Function,
    Grant,
    JobQueue,
    LayerCode,
    Output,
    Publication,
    Reason,
    Resource,
    Template,
    WebApp,
    Workflow,
)
from remit.errors import Origin, RemitError
from remit.holders import Holder, by_arn, inline
from remit.iam.policy import allow
from remit.roles.assign import assign
from remit.synthesis.synth import UNPACKAGED, document, synth
from remit.triggers.api import Api
from remit.triggers.schedule import Schedule
from remit.triggers.sqs import Sqs

HERE, THERE = Origin("app.py", 3, 1), Origin("app.py", 9, 1)
FUNCTION: Final = "AWS::Lambda::Function"


def function(name: str = "hello", **fields: Any) -> Function:
    return Function(name, name.title(), f"app.{name}", fields.pop("properties", {}), **{"origin": HERE, **fields})


def app(*functions: Function, **fields: Any) -> App:
    return App("shop", "dev", functions, **fields)


def made(declared: App, keys: dict[str, str] | None = None, **more: str) -> dict[str, Resource]:
    return {each.logical_id: each for each in synth(declared, assign(declared), keys, **more).resources}


def refused(declared: App) -> RemitError:
    with pytest.raises(RemitError) as caught:
        synth(declared, assign(declared))
    return caught.value


def test_code_and_layers_are_where_their_artefacts_are_or_at_a_key_that_no_deploy_takes() -> None:
    plain = LayerCode("Plain", "lib", origin=THERE)
    built = LayerCode("P" * 80, "lib", "python3.13", "arm64")
    declared = app(function(), layers=(plain, built))
    without = made(declared)
    assert UNPACKAGED == without["HelloFunction"].properties["Code"]["S3Key"]
    keys = {"hello": "a.zip", "${Plain}": "b.zip"}
    resources = made(declared, keys, bucket="mine")
    assert {"S3Bucket": "mine", "S3Key": "a.zip"} == resources["HelloFunction"].properties["Code"]
    layer, other = resources["Plain"], resources["P" * 80].properties
    assert {"S3Bucket": "mine", "S3Key": "b.zip"} == layer.properties["Content"]
    assert THERE == layer.origin
    assert "CompatibleRuntimes" not in layer.properties
    assert (["python3.13"], ["arm64"]) == (other["CompatibleRuntimes"], other["CompatibleArchitectures"])
    assert f"${{AWS::StackName}}-{'P' * 70}" == other["LayerName"]


def test_functions_have_a_log_group_each_or_one_together_or_one_that_is_there() -> None:
    def groups(*functions: Function) -> list[tuple[str, Any]]:
        resources = made(app(*functions)).values()
        return [
            (each.logical_id, each.properties.get("RetentionInDays"))
            for each in resources
            if each.type == "AWS::Logs::LogGroup"
        ]

    assert [("OneLogGroup", 30), ("TwoLogGroup", None)] == groups(function("one"), function("two", log_retention=None))
    shared = [function(name, shares_log_group=True) for name in ("one", "two")]
    assert [("FunctionsLogGroup", 30)] == groups(*shared)
    assert [("TwoLogGroup", 30)] == groups(function("one", log_group="Own"), function("two"))


def test_a_function_says_what_it_is_and_keeps_the_settings_that_it_has() -> None:
    own = {
        "Environment": {"Variables": {"NAME": "x"}},
        "LoggingConfig": {"LogFormat": "JSON"},
        "Timeout": 5,
        "Role": "arn:aws:iam::111122223333:role/r",
    }
    written = made(app(function(properties=own, code="lib", web=WebApp("app:web")), stack_name="s"))["HelloFunction"]
    properties = written.properties
    assert ["FunctionName", "Handler", "Code", "Role", "Environment", "LoggingConfig", "Timeout"] == [*properties]
    assert own["Role"] == properties["Role"]
    assert {"LogFormat": "JSON", "LogGroup": "${HelloLogGroup}"} == properties["LoggingConfig"]
    assert properties["Environment"]["Variables"] == {
        "NAME": "x",
        "REMIT_STACK": "${AWS::StackId}",
        "REMIT_STAGE": "dev",
        "REMIT_PROJECT": "shop",
        "REMIT_CODE": "lib",
        "REMIT_WEB_APP": "app:web",
    }
    assert {} == written.attributes
    named = made(app(function(function_name="mine", web=WebApp("app:web", "wsgi"))))["HelloFunction"]
    assert {"Metadata": {"remit:function": "hello"}} == named.attributes
    variables = named.properties["Environment"]["Variables"]
    assert "wsgi" == variables["REMIT_WEB_INTERFACE"]
    assert {"REMIT_PROJECT", "REMIT_CODE"}.isdisjoint(variables)


def test_a_function_waits_for_the_mount_targets_of_the_file_systems_that_it_mounts() -> None:
    target = Resource("Target", "AWS::EFS::MountTarget", {})
    mounting = function("mounting", properties={"FileSystemConfigs": [{"Arn": "a", "LocalMountPath": "/mnt/a"}]})
    resources = made(app(function(), mounting, resources=(target,)))
    waits = [resources[name].attributes for name in ("HelloFunction", "MountingFunction")]
    assert [{}, {"DependsOn": ["Target"]}] == waits


def test_a_worker_of_jobs_has_its_queue_and_a_source_beside_all_that_functions_have() -> None:
    worker = function("worker", queue="mail")
    resources = made(app(function(), worker, function("last"), queues=(JobQueue("mail", 1, 1),)))
    assert {"HelloFunction", "WorkerFunction", "WorkerJobs", "LastFunction", "JobMailQueue", "LastRole"} <= {*resources}


def test_a_function_is_published_where_it_has_an_alias_or_says_what_becomes_of_its_events() -> None:
    for fields, has in (
        ({}, False),
        ({"publication": Publication("live")}, True),
        ({"event_invoke": {"MaximumRetryAttempts": 1}}, True),
    ):
        types = {each.type for each in made(app(function(**fields))).values()}
        assert has == bool(types & {"AWS::Lambda::Alias", "AWS::Lambda::EventInvokeConfig"})


def test_what_a_trigger_makes_stands_at_its_line_and_what_somebody_made_it_by_at_its_own() -> None:
    class Own:
        def grants(self, _: Function) -> tuple[Grant, ...]:
            return ()

        def resources(self, _: Any) -> tuple[Resource, ...]:
            return (Resource("Mine", "AWS::SNS::Topic", {}, origin=HERE),)

        def outputs(self, _: Any) -> tuple[Output, ...]:
            return ()

    queue = Resource("Orders", "AWS::SQS::Queue", {"QueueName": "orders"})
    by_name = "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:orders"
    taking = function(triggers=(Sqs(by_name).at(THERE), Own()))
    resources = made(app(taking, resources=(queue,)))
    mapping = next(each for each in resources.values() if each.type == "AWS::Lambda::EventSourceMapping")
    assert (THERE, "${Orders.Arn}") == (mapping.origin, mapping.properties["EventSourceArn"])
    assert HERE == resources["Mine"].origin
    dead = Schedule("rate(1 day)", dead_letter=by_name).at(THERE)
    workflow = Workflow("ship", "Ship", triggers=(dead,))
    clock = made(app(function(), resources=(queue,), workflows=(workflow,)))["ShipScheduled"]
    assert {"Arn": "${Orders.Arn}"} == clock.properties["Target"]["DeadLetterConfig"]
    assert THERE == clock.origin


def test_an_output_stands_once_and_two_of_a_name_are_refused_at_the_first_that_has_a_line() -> None:
    taking = function(triggers=(Api("GET /a"),))
    url = next(each for each in synth(app(taking), assign(app(taking))).outputs if each.name == "ApiUrl")
    own = Output("Own", "a", origin=HERE)
    names = [each.name for each in synth(app(taking, outputs=(own,)), assign(app(taking))).outputs]
    assert names == ["Own", "ApiUrl"]
    clashing = app(taking, outputs=(Output("ApiUrl", "x", origin=THERE),))
    assert "two outputs are both `ApiUrl` in the template" == refused(clashing).message
    assert THERE == refused(clashing).origin
    assert "${HttpApi.ApiEndpoint}" == url.value
    queue = Resource("Orders", "AWS::SQS::Queue", {})
    both = tuple(function(name, triggers=(Sqs("${Orders.Arn}"),)) for name in ("one", "two"))
    offered = app(*both, resources=(queue,), outputs=(Output("OrdersUrl", "${Orders}", origin=HERE),))
    assert ["OrdersUrl"] == [each.name for each in synth(offered, assign(offered)).outputs]
    alike = app(*both, resources=(queue,))
    assert ["OrdersUrl"] == [each.name for each in synth(alike, assign(alike)).outputs]
    named = app(function(), outputs=(Output("A", "x", origin=THERE), Output("A", "y", origin=HERE)))
    assert THERE == refused(named).origin
    other = app(*both, resources=(queue,), outputs=(Output("OrdersUrl", "${Orders.Arn}", origin=HERE),))
    assert "two outputs are both `OrdersUrl` in the template" == refused(other).message


def test_a_role_has_its_own_policies_those_by_arn_and_its_boundary() -> None:
    managed = "arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess"
    declared = app(function(managed=(managed,)), boundary="arn:aws:iam::1:policy/b")
    role = made(declared)["HelloRole"]
    assert [managed] == role.properties["ManagedPolicyArns"]
    assert "arn:aws:iam::1:policy/b" == role.properties["PermissionsBoundary"]
    assert HERE == role.origin
    (policy,) = role.properties["Policies"]
    assert "logs:PutLogEvents" in str(policy["PolicyDocument"])
    bare = made(app(function(), default_policy=()))["HelloRole"]
    assert {"Description", "AssumeRolePolicyDocument"} == {*bare.properties}
    names = tuple(f"a-{'very-' * 60}long-name-{number}" for number in range(4))
    many = Holder("ManyRole", (inline(()),), names, origin=THERE)
    (long,) = (each for each in synth(app(), (many,)).resources if each.logical_id == "ManyRole")
    assert 1000 == len(long.properties["Description"])
    assert THERE == long.origin


def test_a_role_that_is_parted_attaches_the_managed_policies_that_are_made_for_it_beside_its_own() -> None:
    managed = "arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess"
    first, second = ((Grant(allow(action), Reason("text", "a")),) for action in ("s3:GetObject", "s3:PutObject"))
    part = replace(inline(second, "HelloRolePolicy1"), how="made")
    role = Holder("HelloRole", (inline(first), *by_arn((managed,)), part), ("hello",))
    resources = {each.logical_id: each for each in synth(app(function()), (role,)).resources}
    policy = resources["HelloRolePolicy1"]
    assert "A part of what HelloRole may do" == policy.properties["Description"]
    assert ("s3:PutObject", HERE) == (policy.properties["PolicyDocument"]["Statement"][0]["Action"], policy.origin)
    assert [managed, policy.ref] == resources["HelloRole"].properties["ManagedPolicyArns"]


def test_two_resources_of_one_id_are_refused_and_two_triggers_of_one_source_are_told_as_such() -> None:
    topic, queue = (Resource("Twice", kind, {}, origin=HERE) for kind in ("AWS::SNS::Topic", "AWS::SQS::Queue"))
    other = Resource("Twice", "AWS::SQS::Queue", {}, origin=THERE)
    clash = refused(app(function(), resources=(topic, other)))
    assert "two resources are both `Twice` in the template: AWS::SNS::Topic and AWS::SQS::Queue" == clash.message
    assert THERE == clash.origin
    assert clash.hint == "rename the function or the shared resource at app.py:3:1, or choose another `logical_id=`"
    same_line = refused(app(function(), resources=(topic, queue)))
    assert same_line.hint == "rename the function or the shared resource, or choose another `logical_id=`"
    arn = "arn:aws:sqs:eu-west-1:111122223333:orders"
    same_type = refused(app(function(), resources=(queue, other)))
    assert "two resources are both `Twice` in the template: AWS::SQS::Queue and AWS::SQS::Queue" == same_type.message
    taken = refused(app(function(triggers=(Sqs(arn).at(HERE), Sqs(arn).at(THERE)))))
    assert taken.message.startswith("two triggers of one function would both make `HelloOrdersQueue` (AWS::Lambda::Ev")
    assert 1 == len(taken.all)
    assert THERE == taken.origin


def test_only_the_values_of_the_account_that_a_template_refers_to_are_its_parameters() -> None:
    values = tuple(ExistingValue(name, "parameter", f"/{name}") for name in ("Used", "Told", "Idle"))
    topic = Resource("News", "AWS::SNS::Topic", {"DisplayName": "${Used}"})
    declared = app(function(), resources=(topic,), existing=values, outputs=(Output("Out", "${Told}"),))
    template = synth(declared, assign(declared))
    assert ["Used", "Told"] == [each.parameter for each in template.parameters]
    assert {"Used", "Told"} == {*document(template)["Parameters"]}


def test_a_template_is_written_with_its_attributes_and_the_functions_of_cloudformation() -> None:
    topic = Resource("News", "AWS::SNS::Topic", {"TopicName": "${AWS::StackName}-a"}, {"DeletionPolicy": "Retain"})
    outputs = (Output("A", "${News}", "the topic", export="${AWS::StackName}-news"), Output("B", "b"))
    written = document(Template("It", (topic,), outputs))
    name = {"Fn::Sub": "${AWS::StackName}-a"}
    assert {"Type": topic.type, "DeletionPolicy": "Retain", "Properties": {"TopicName": name}} == written["Resources"][
        "News"
    ]
    export = {"Name": {"Fn::Sub": "${AWS::StackName}-news"}}
    assert written["Outputs"] == {
        "A": {"Description": "the topic", "Value": {"Ref": "News"}, "Export": export},
        "B": {"Value": "b"},
    }
    assert "Parameters" not in written
