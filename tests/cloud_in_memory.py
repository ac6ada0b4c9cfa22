"""CloudFormation and S3 in memory, for an account that `answering` makes: deploys from end to end, without a server.

Of CloudFormation it has stacks, change sets and events, and of each resource that it exists; every operation ends at
once. Each call is noted, and a test may put something in its way.
"""

from __future__ import annotations

import base64
import copy
import io
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from botocore import xform_name

from answering import NUMBER, Refused, answering

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from remit.deploy.session import Account

    Call = Mapping[str, Any]
    """The parameters of a call."""

_OPERATIONS: Final = {
    "cloudformation": (
        "ContinueUpdateRollback", "CreateChangeSet", "DeleteChangeSet", "DeleteStack", "DescribeChangeSet",
        "DescribeEvents", "DescribeStackEvents", "DescribeStacks", "ExecuteChangeSet", "GetStackPolicy", "GetTemplate",
        "ListChangeSets", "ListStackResources", "SetStackPolicy", "UpdateTerminationProtection",
    ),
    "s3": ("DeleteObjects", "GetObject", "HeadBucket", "HeadObject", "ListObjectVersions", "PutObject"),
    "lambda": ("GetFunction", "GetPolicy", "UpdateFunctionCode"),
    "dynamodb": ("DescribeTable", "GetResourcePolicy"),
    "iam": ("GetUser",),
    "ssm": ("GetParameter",),
}  # fmt: skip
_READS: Final = ("Describe", "Get", "Head", "List")
_NO_STACK: Final = "Stack with id {} does not exist"
_START: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)


@dataclass
class Stack:
    """A stack: `template` and `parameters` are what runs."""

    name: str
    id: str
    status: str = "REVIEW_IN_PROGRESS"
    since: datetime = _START
    template: str = "{}"
    parameters: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    role: str = ""
    is_protected: bool = False
    policy: str = ""
    change_sets: dict[str, dict[str, Any]] = field(default_factory=dict)
    executed: list[dict[str, Any]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)

    @property
    def resources(self) -> dict[str, Any]:
        return dict(json.loads(self.template).get("Resources", {}))


class Cloud:
    """The account's stacks by name, and the objects of its bucket by key; `calls` are all that was asked."""

    def __init__(self) -> None:
        self.stacks: dict[str, Stack] = {}
        self.objects: dict[str, tuple[bytes, str]] = {}
        self.calls: list[str] = []
        self.endings: list[str] = []
        """The statuses in which the next operations end, where that is not as they should."""
        self.in_the_way: dict[str, list[Callable[[], Any]]] = {}
        """By operation, what happens before its next calls; a `Refused` that is returned is the answer."""
        self.stops: dict[int, Any] = {}
        """By the number of a call, from 0: what stops it, an exception or a `Refused`."""
        self.values: dict[str, str] = {}
        """The parameters of Systems Manager."""
        self.code: dict[str, str] = {}
        """The SHA-256 of the code of functions, by name, where it is not that of the template."""
        self._count = 0

    def account(self, *, local: bool = False) -> Account:
        """An account that answers so."""
        answers = {f"{service}.{name}": self._noted(name) for service, names in _OPERATIONS.items() for name in names}
        answers["logs.DescribeLogGroups"] = {"logGroups": []}
        answers["logs.DescribeSubscriptionFilters"] = {"subscriptionFilters": []}
        return answering(answers, local=local)[0]

    @property
    def writes(self) -> list[str]:
        """The calls that change something, in order."""
        return [call for call in self.calls if not call.startswith(_READS)]

    def kept(self) -> Any:
        """A copy of all that is in the account, for `back_to`."""
        return copy.deepcopy((self.stacks, self.objects, self.code))

    def back_to(self, kept: Any) -> None:
        """The account as it was; nothing was asked, and nothing is in the way."""
        self.stacks, self.objects, self.code = copy.deepcopy(kept)
        self.calls.clear()
        self.stops.clear()

    def _noted(self, name: str) -> Callable[..., Any]:
        method = getattr(self, xform_name(name))

        def answer(**parameters: Any) -> Any:
            key = parameters.get("Key", "")
            self.calls.append(f"{name} {key}".strip())
            refusal = self.stops.get(len(self.calls) - 1)
            if isinstance(refusal, BaseException):
                raise refusal
            waiting = self.in_the_way.get(name, [])
            if waiting and refusal is None:
                refusal = waiting.pop(0)()
            return method(parameters) if refusal is None else refusal

        return answer

    def _time(self) -> datetime:
        self._count += 1
        return _START + timedelta(seconds=self._count)

    def _stack(self, name: str) -> Stack | None:
        by_id = {stack.id: stack for stack in self.stacks.values()}
        return self.stacks.get(name) or by_id.get(name)

    # CloudFormation

    def describe_stacks(self, call: Call) -> Any:
        stack = self._stack(call["StackName"])
        if stack is None:
            return Refused("ValidationError", _NO_STACK.format(call["StackName"]))
        outputs = json.loads(stack.template).get("Outputs", {})
        described = {
            "StackName": stack.name,
            "StackId": stack.id,
            "StackStatus": stack.status,
            "CreationTime": stack.since,
            "Tags": [{"Key": key, "Value": value} for key, value in stack.tags.items()],
            "Parameters": [{"ParameterKey": key, "ParameterValue": text} for key, text in stack.parameters.items()],
            "Outputs": [{"OutputKey": key, "OutputValue": output["Value"]} for key, output in outputs.items()],
            "EnableTerminationProtection": stack.is_protected,
        }
        return {"Stacks": [described | ({"RoleARN": stack.role} if stack.role else {})]}

    def get_template(self, call: Call) -> Any:
        stack = self._stack(call["StackName"])
        assert stack is not None
        body = (
            stack.change_sets[call.get("ChangeSetName", "")]["TemplateBody"]
            if call.get("ChangeSetName", "")
            else stack.template
        )
        return {"TemplateBody": body}

    def list_stack_resources(self, call: Call) -> Any:
        stack = self._stack(call["StackName"])
        assert stack is not None
        rows = [
            {
                "LogicalResourceId": name,
                "ResourceType": resource["Type"],
                "PhysicalResourceId": resource.get("Properties", {}).get("FunctionName", f"made-{name.lower()}"),
                "ResourceStatus": "CREATE_COMPLETE",
                "LastUpdatedTimestamp": stack.since,
            }
            for name, resource in stack.resources.items()
        ]
        return {"StackResourceSummaries": rows}

    def create_change_set(self, call: Call) -> Any:
        stack = self.stacks.get(call["StackName"])
        if stack is None:
            self._count += 1
            stack = Stack(
                call["StackName"],
                f"arn:aws:cloudformation:eu-central-1:{NUMBER}:stack/{call['StackName']}/{self._count}",
            )
            self.stacks[call["StackName"]] = stack
        if call["ChangeSetName"] in stack.change_sets:
            return Refused("AlreadyExistsException")
        assert (call["ChangeSetType"] == "CREATE") == (stack.status == "REVIEW_IN_PROGRESS")
        stack.change_sets[call["ChangeSetName"]] = call
        return {}

    def describe_change_set(self, call: Call) -> Any:
        stack = self._stack(call["StackName"])
        change_set = None if stack is None else stack.change_sets.get(call["ChangeSetName"])
        if stack is None or change_set is None:
            return Refused("ChangeSetNotFound")
        before, after = stack.resources, json.loads(change_set["TemplateBody"])["Resources"]
        changes = [("Add", name, after[name]) for name in after if name not in before]
        changes += [("Remove", name, before[name]) for name in before if name not in after]
        changes += [("Modify", name, after[name]) for name in after if before.get(name, after[name]) != after[name]]
        answer = {"StackId": stack.id, "ChangeSetId": call["ChangeSetName"]}
        parameters = {each["ParameterKey"]: each["ParameterValue"] for each in change_set.get("Parameters", ())}
        if not changes and parameters == stack.parameters:
            reason = "The submitted information didn't contain changes."
            return {**answer, "Status": "FAILED", "ExecutionStatus": "UNAVAILABLE", "StatusReason": reason}
        rows = [
            {
                "Action": action,
                "LogicalResourceId": name,
                "ResourceType": resource["Type"],
                **({"Replacement": "False"} if action == "Modify" else {}),
                **({} if action == "Add" else {"PhysicalResourceId": f"made-{name.lower()}"}),
            }
            for action, name, resource in changes
        ]
        listed = [{"Type": "Resource", "ResourceChange": row} for row in rows]
        return {**answer, "Status": "CREATE_COMPLETE", "ExecutionStatus": "AVAILABLE", "Changes": listed}

    def list_change_sets(self, call: Call) -> Any:
        stack = self._stack(call["StackName"])
        if stack is None:
            return Refused("ValidationError", _NO_STACK.format(call["StackName"]))
        waiting = [(change_set, "AVAILABLE") for change_set in stack.change_sets.values()]
        done = [(change_set, "EXECUTE_COMPLETE") for change_set in stack.executed]
        return {
            "Summaries": [
                {
                    "ChangeSetId": change_set["ChangeSetName"],
                    "ChangeSetName": change_set["ChangeSetName"],
                    "Description": change_set["Description"],
                    "ExecutionStatus": status,
                    "CreationTime": _START,
                }
                for change_set, status in (*waiting, *done)
            ]
        }

    def delete_change_set(self, call: Call) -> Any:
        stack = self._stack(call["StackName"])
        assert stack is not None
        stack.change_sets.pop(call["ChangeSetName"], None)
        return {}

    def execute_change_set(self, call: Call) -> Any:
        stack = self._stack(call["StackName"])
        change_set = None if stack is None else stack.change_sets.get(call["ChangeSetName"])
        if stack is None or change_set is None:
            return Refused("ChangeSetNotFound")
        kind = change_set["ChangeSetType"]
        good = f"{kind}_COMPLETE"
        ending = self.endings.pop(0) if self.endings else good
        if ending == good:
            stack.template = change_set["TemplateBody"]
            stack.parameters = {each["ParameterKey"]: each["ParameterValue"] for each in
                                change_set.get("Parameters", ())}  # fmt: skip
            stack.tags = {tag["Key"]: tag["Value"] for tag in change_set["Tags"]}
        stack.role = change_set.get("RoleARN", stack.role)
        stack.executed.append(change_set)
        stack.change_sets.clear()
        self._run(stack, kind, ending, call["ClientRequestToken"])
        return {}

    def delete_stack(self, call: Call) -> Any:
        stack = self._stack(call["StackName"])
        assert stack is not None
        if stack.status == "REVIEW_IN_PROGRESS":
            del self.stacks[stack.name]
        else:
            ending = self.endings.pop(0) if self.endings else "DELETE_COMPLETE"
            self._run(stack, "DELETE", ending, call.get("ClientRequestToken", ""))
        return {}

    def continue_update_rollback(self, call: Call) -> Any:
        stack = self._stack(call["StackName"])
        assert stack is not None
        self.calls[-1] += f" {','.join(call.get('ResourcesToSkip', []))}"
        ending = self.endings.pop(0) if self.endings else "UPDATE_ROLLBACK_COMPLETE"
        self._run(stack, "UPDATE_ROLLBACK", ending, call["ClientRequestToken"])
        return {}

    def end(self, stack: Stack, kind: str, ending: str, token: str) -> None:
        """An operation that has begun ends; one that fails does so over the resource `Jobs`."""
        if ("ROLLBACK" in ending or ending.endswith("_FAILED")) and kind != "UPDATE_ROLLBACK":
            self._tell(stack, "Jobs", f"{kind}_FAILED", token, "it may not be so")
        self._tell(stack, stack.name, ending, token)
        stack.status, stack.since = ending, self._time()
        if ending == "DELETE_COMPLETE":
            del self.stacks[stack.name]
            self.stacks[f"gone {stack.id}"] = stack

    def _run(self, stack: Stack, kind: str, ending: str, token: str) -> None:
        self.begin(stack, kind, token)
        if (kind, ending) == ("CREATE", "DELETE_COMPLETE"):  # after a failure, as OnStackFailure says
            self._tell(stack, "Jobs", "CREATE_FAILED", token, "it may not be so")
            self._tell(stack, stack.name, "ROLLBACK_COMPLETE", token)
        self.end(stack, kind, ending, token)

    def begin(self, stack: Stack, kind: str, token: str) -> None:
        """An operation begins."""
        self._tell(stack, stack.name, f"{kind}_IN_PROGRESS", token)

    def _tell(self, stack: Stack, name: str, status: str, token: str, reason: str = "") -> None:
        is_stack = name == stack.name
        event = {
            "EventId": str(self._count),
            "StackId": stack.id,
            "StackName": stack.name,
            "Timestamp": self._time(),
            "LogicalResourceId": name,
            "PhysicalResourceId": stack.id if is_stack else f"made-{name.lower()}",
            "ResourceType": "AWS::CloudFormation::Stack" if is_stack else "AWS::SSM::Parameter",
            "ResourceStatus": status,
            "ResourceStatusReason": reason,
        }
        stack.events.insert(0, event | ({"ClientRequestToken": token} if token else {}))

    def describe_stack_events(self, call: Call) -> Any:
        stack = self._stack(call["StackName"])
        if stack is None:
            return Refused("ValidationError", _NO_STACK.format(call["StackName"]))
        return {"StackEvents": stack.events}

    def describe_events(self, _: Call) -> Any:
        return {"OperationEvents": []}

    def update_termination_protection(self, call: Call) -> Any:
        stack = self._stack(call["StackName"])
        assert stack is not None
        stack.is_protected = call["EnableTerminationProtection"]
        return {}

    def get_stack_policy(self, call: Call) -> Any:
        stack = self._stack(call["StackName"])
        assert stack is not None
        return {"StackPolicyBody": stack.policy} if stack.policy else {}

    def set_stack_policy(self, call: Call) -> Any:
        stack = self._stack(call["StackName"])
        assert stack is not None
        stack.policy = call["StackPolicyBody"]
        return {}

    # S3, and what else a deploy reads

    def head_bucket(self, _: Call) -> Any:
        return {}

    def head_object(self, call: Call) -> Any:
        stored = self.objects.get(call["Key"])
        return Refused("404", status=404) if stored is None else {"ChecksumSHA256": stored[1]}

    def put_object(self, call: Call) -> Any:
        content = call["Body"] if isinstance(call["Body"], bytes) else call["Body"].read()
        self.objects[call["Key"]] = (content, call["ChecksumSHA256"])
        return {}

    def get_object(self, call: Call) -> Any:
        stored = self.objects.get(call["Key"])
        return Refused("NoSuchKey", status=404) if stored is None else {"Body": io.BytesIO(stored[0])}

    def list_object_versions(self, call: Call) -> Any:
        keys = [key for key in self.objects if key.startswith(call["Prefix"])]
        return {"Versions": [{"Key": key, "VersionId": "1", "IsLatest": True} for key in keys]}

    def delete_objects(self, call: Call) -> Any:
        keys = [item["Key"] for item in call["Delete"]["Objects"]]
        self.calls[-1] += f" {' '.join(sorted(keys))}"
        for key in keys:
            self.objects.pop(key, None)
        return {}

    def get_function(self, call: Call) -> Any:
        for name, stack in self.stacks.items():
            for resource in stack.resources.values() if name == stack.name else ():
                properties = resource.get("Properties", {})
                if properties.get("FunctionName") == call["FunctionName"]:
                    digest = bytes.fromhex(properties["Code"]["S3Key"].rpartition("/")[2].partition(".")[0])
                    running = self.code.get(call["FunctionName"], base64.b64encode(digest).decode())
                    as_usual = {"Timeout": 3, "MemorySize": 128, "LastUpdateStatus": "Successful"}
                    return {"Configuration": {"CodeSha256": running, "Role": properties["Role"], **as_usual}}
        return Refused("ResourceNotFoundException", status=404)

    def update_function_code(self, call: Call) -> Any:
        self.calls[-1] += f" {call['S3Key']}"
        self.code.pop(call["FunctionName"])
        return {}

    def describe_table(self, _: Call) -> Any:
        return {"Table": {"ItemCount": 1, "TableSizeBytes": 340}}

    def get_resource_policy(self, _: Call) -> Any:
        return Refused("PolicyNotFoundException")

    def get_parameter(self, call: Call) -> Any:
        if call["Name"] not in self.values:
            return Refused("ParameterNotFound")
        return {"Parameter": {"Name": call["Name"], "Type": "String", "Value": self.values[call["Name"]]}}

    def get_user(self, _: Call) -> Any:
        return Refused("AccessDenied", status=403)

    def get_policy(self, _: Call) -> Any:
        return Refused("ResourceNotFoundException", status=404)
