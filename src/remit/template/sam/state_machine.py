"""AWS::Serverless::StateMachine: the state machine, its role, its version and alias, its events."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from remit.template.sam.events import dead_letter_queue, event_role, rule, schedule
from remit.template.sam.resources import MadeResource, SamEvent, SamResource, arn_of, given, in_s3, tags
from remit.template.sam.role import role


def state_machine(declared: SamResource) -> Iterator[MadeResource]:
    """Yield the state machine, its role unless it brings one, its version and alias, and what its events make."""
    properties = declared.properties
    own_role = properties.get("Role")
    logical_id = declared.logical_id
    location = in_s3(properties.get("DefinitionUri"))
    renamed = {
        "StateMachineName": "Name", "StateMachineType": "Type", "LoggingConfiguration": "Logging",
        "TracingConfiguration": "Tracing", "DefinitionString": "Definition",
    }  # fmt: skip
    yield MadeResource(
        logical_id,
        "AWS::StepFunctions::StateMachine",
        {
            **given(properties, "DefinitionSubstitutions", **renamed),
            **({"DefinitionS3Location": location} if location else {}),
            "RoleArn": own_role or arn_of(f"{logical_id}Role"),
            "Tags": tags(properties, "stateMachine:createdBy"),
        },
    )
    if not own_role:
        yield role(declared, "states.amazonaws.com")
    if properties.get("AutoPublishAlias"):
        version = f"{logical_id}Version"
        yield MadeResource(version, "AWS::StepFunctions::StateMachineVersion", {"StateMachineArn": {"Ref": logical_id}})
        alias = {
            "Name": properties["AutoPublishAlias"],
            "DeploymentPreference": {"StateMachineVersionArn": {"Ref": version}},
        }
        name = f"{logical_id}Alias{properties['AutoPublishAlias']}"
        yield MadeResource(name, "AWS::StepFunctions::StateMachineAlias", alias)
    for event in declared.events():
        for resource_made in _started(event, {"Ref": logical_id}, properties.get("PermissionsBoundary")):
            yield replace(resource_made, origin=event.path)


def _started(event: SamEvent, machine: Any, boundary: Any) -> Iterator[MadeResource]:
    """Yield the resources of an event that starts a state machine: the rule or schedule, and its role."""
    statement = {"Effect": "Allow", "Action": "states:StartExecution", "Resource": machine}
    if event.type == "ScheduleV2":
        yield from schedule(event, machine, statement)
        return
    role_id = f"{event.id}Role"
    if event.type == "Api":
        yield event_role(event, role_id, "apigateway.amazonaws.com", [statement], boundary)
        return
    own_role = event.properties.get("RoleArn")
    target = {"Arn": machine, "Id": f"{event.id}StepFunctionsTarget", "RoleArn": own_role or arn_of(role_id)}
    yield rule(event, target)
    yield from dead_letter_queue(event, policy=True)
    if not own_role:
        yield event_role(event, role_id, "events.amazonaws.com", [statement], boundary)
