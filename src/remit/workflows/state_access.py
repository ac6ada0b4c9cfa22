"""The access that the states of a machine need: by the table by which the AWS on this machine decides each call."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from remit.access.item_rows import ITEMS
from remit.access.needed_access import UNRESOLVED, OperationRequest, RequestedOperation
from remit.access.needs import needs_of
from remit.catalogue.action_resources import is_without_resources
from remit.catalogue.operations import operation as catalogued_operation
from remit.catalogue.request_formats import ParameterFormat, parameter_format
from remit.iam.pattern import covers, overlaps
from remit.workflows.definition import State, states
from remit.workflows.integrations import FUNCTION, MANAGED_RULE, integration
from remit.workflows.stand_ins import OPEN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from remit.access.setting import RequestSetting
    from remit.iam.policy import Statement

Access = tuple[str, str]
"""An action, and the ARN that it is asked on; `UNRESOLVED` stands in it for what only an execution tells."""
FOLLOWING: Final = frozenset({"states:DescribeExecution", "states:StopExecution", "states:RedriveExecution"})
"""What it takes to look after executions that a state has started: a run goes well without, whoever stops or redrives
it misses it ("IAM policies for integrated services", AWS Step Functions Developer Guide)."""
_DATASETS: Final = ("ItemReader", "ResultWriter")
_RULE_CALLS: Final = ("events:PutTargets", "events:PutRule", "events:DescribeRule")
_WRITES_RESULTS: Final = (
    "s3:PutObject", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:AbortMultipartUpload",
)  # fmt: skip
_DELIVERS_LOGS: Final = (
    "logs:CreateLogDelivery", "logs:GetLogDelivery", "logs:UpdateLogDelivery", "logs:DeleteLogDelivery",
    "logs:ListLogDeliveries", "logs:PutResourcePolicy", "logs:DescribeResourcePolicies", "logs:DescribeLogGroups",
)  # fmt: skip
"""What it takes to send the history to a log group ("Using CloudWatch Logs to log execution history")."""
_TRACES: Final = (
    "xray:PutTraceSegments", "xray:PutTelemetryRecords", "xray:GetSamplingRules", "xray:GetSamplingTargets",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class StateAccess:
    """One access that a state needs."""

    state: State
    action: str
    resource: str
    doing: str
    """What the state does with it, for people: `puts items`."""


def accesses(
    definition: Mapping[str, Any],
    machine: str,
    setting: RequestSetting,
    task_roles: Callable[[str], tuple[str, ...]],
) -> Iterator[StateAccess]:
    """The access of each state of a definition whose substitutions are filled; `machine` is the machine's ARN.

    Only Task states and distributed Maps have any. `UNRESOLVED` stands for what only an execution tells. `task_roles`
    gives the roles of a task definition of ECS, by its ARN.
    """
    for state in states(definition):
        kind = state.fields.get("Type")
        if kind == "Task":
            needed = _of_task(state, setting, task_roles)
        elif kind == "Map" and state.is_distributed:
            label = str(state.fields.get("Label", "*"))
            reader, writer = (_arguments(state.fields.get(name) or {}, state.language) for name in _DATASETS)
            needed = dict.fromkeys(distributed_accesses(machine, label), "runs its items")
            datasets = dataset_accesses(state.fields, reader, writer, setting)
            needed |= dict.fromkeys(datasets, "reads its items or writes its results")
        else:
            continue
        for (action, resource), doing in needed.items():
            yield StateAccess(state, action, resource.replace(OPEN, UNRESOLVED), doing)


def may_be_about(statement: Statement, action: str) -> bool:
    """Return whether an Allow may be about an action, or any of a service (`eks:*`); only its actions are looked at."""
    is_named = covers if statement.actions.negated else overlaps
    named = any(is_named(pattern.lower(), action.lower()) for pattern in statement.actions.patterns)
    return statement.effect == "Allow" and named is not statement.actions.negated


def settings_accesses(properties: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """The actions, on every resource, that a machine's role needs for logs and traces, by the reason (`is traced`)."""
    needed: dict[str, tuple[str, ...]] = {}
    if (properties.get("LoggingConfiguration") or {}).get("Destinations"):
        needed["logs its executions"] = _DELIVERS_LOGS
    if (properties.get("TracingConfiguration") or {}).get("Enabled"):
        needed["is traced"] = _TRACES
    return needed


def _of_task(state: State, setting: RequestSetting, task_roles: Callable[[str], tuple[str, ...]]) -> dict[Access, str]:
    """The access of a Task, each with what the state does with it; with Credentials, only that to assume their role."""
    credentials = _literal(state.fields.get("Credentials"), state.language)
    if credentials is not None:  # the call itself is made under that role
        role = credentials.get("RoleArn", OPEN) if isinstance(credentials, dict) else OPEN
        return {("sts:AssumeRole", str(role)): "makes its call under another role"}
    resource, arguments = str(state.fields.get("Resource")), _arguments(state.fields, state.language)
    needed = {access: _doing(access[0]) for access in call_accesses(resource, arguments, setting)}
    for access in job_accesses(resource, arguments, setting):
        needed.setdefault(access, "waits for what it starts")
    called = integration(resource)
    if called is not None and (called.client, called.name) == ("ecs", "runTask"):
        overrides = _dict(_dict(arguments).get("Overrides"))
        other_roles = (str(overrides[name]) for name in ("TaskRoleArn", "ExecutionRoleArn") if name in overrides)
        for role in (*task_roles(str(_dict(arguments).get("TaskDefinition", OPEN))), *other_roles):
            needed["iam:PassRole", role] = "hands the task its role"
    return needed


def _arguments(fields: Mapping[str, Any], language: str) -> Any:
    """The arguments of a call as far as the definition tells them; `OPEN` without any: it gets the state's input."""
    name = "Arguments" if language == "JSONata" else "Parameters"
    return _literal(fields[name], language) if name in fields else OPEN


def _literal(value: Any, language: str) -> Any:
    """A value with `OPEN` for each part that is read from the input, or computed of it, as its language marks these.

    A key `Name.$` becomes `Name`.
    """
    if isinstance(value, dict):
        literal: dict[str, Any] = {}
        for key, item in value.items():
            name = str(key)  # in YAML a key can be a number
            literal[name.removesuffix(".$")] = OPEN if name.endswith(".$") else _literal(item, language)
        return literal
    if isinstance(value, list):
        return [_literal(item, language) for item in value]
    return OPEN if language == "JSONata" and isinstance(value, str) and value.startswith("{%") else value


def call_accesses(resource: str, arguments: Any, setting: RequestSetting) -> tuple[Access, ...]:
    """The access of one call that a Task state makes, with its arguments; none of an activity.

    Of an operation that the catalogue does not have, every action of its service on `UNRESOLVED`.
    """
    if FUNCTION.fullmatch(resource):
        return (("lambda:InvokeFunction", resource),)
    called = integration(resource)
    if called is None:
        return ()  # an activity, whose workers ask for its tasks
    operation = called.operation
    if operation is None:
        return ((f"{called.service}:*", UNRESOLVED),)
    return _of_operation(operation.client, operation.name, arguments, setting)


def _of_operation(client: str, name: str, arguments: Any, setting: RequestSetting) -> tuple[Access, ...]:
    """The access of a call of an API operation; on `UNRESOLVED` where only an execution tells the arguments.

    None of an operation that is not known.
    """
    is_itemised = (client, name) in ITEMS or (client, name) == ("events", "PutEvents")
    if not isinstance(arguments, dict) or (is_itemised and OPEN in arguments.values()):
        known = catalogued_operation(client, name)
        actions = () if known is None else known.actions
        return tuple((action, "*" if is_without_resources(action.lower()) else UNRESOLVED) for action in actions)
    request = RequestedOperation(client, name, "json")
    needed = needs_of(OperationRequest(request, _as_spelled(arguments, request.format), setting)) or ()
    return tuple((need.action, need.resource.replace(OPEN, UNRESOLVED)) for need in needed)


def _as_spelled(arguments: Mapping[str, Any], spelling: ParameterFormat | None) -> dict[str, Any]:
    """Arguments as the API spells their names: Step Functions begins each with a capital, which many APIs do not."""
    names = {} if spelling is None else {name.lower(): name for name in spelling.kinds}
    spelled: dict[str, Any] = {}
    for given, value in arguments.items():
        name = names.get(given.lower(), given)
        spelled[name] = value if name == given else _with_small_initials(value)
    return spelled


def _with_small_initials(value: Any) -> Any:
    """A value in which the names of members begin with small letters."""
    if isinstance(value, dict):
        return {name[:1].lower() + name[1:]: _with_small_initials(item) for name, item in value.items()}
    return [_with_small_initials(item) for item in value] if isinstance(value, list) else value


def job_accesses(resource: str, arguments: Any, setting: RequestSetting) -> Iterator[Access]:
    """What it takes to see the end of a job that a call has started, and to end it with the execution.

    None of a call that waits for no job. Where nobody knows, every action of its service on `UNRESOLVED`.
    """
    called = integration(resource)
    if called is None or called.pattern != "sync":
        return
    operation = called.operation
    if not called.awaiting or operation is None:
        yield f"{called.service}:*", UNRESOLVED
        return
    client = operation.client
    own_accesses = _of_operation(client, operation.name, arguments, setting)
    if client == "stepfunctions":
        machine = str(_dict(arguments).get("StateMachineArn", OPEN))
        arguments = {"ExecutionArn": f"{machine.replace(':stateMachine:', ':execution:')}:*"}
    for name in called.awaiting:
        if name.startswith(MANAGED_RULE):
            for action in _RULE_CALLS:
                yield action, setting.arn("events", f"rule/{name}")
            continue
        about_job = _arguments_about_job(client, name, operation.name, arguments)
        for action, arn in _of_operation(client, name, about_job, setting):
            start, unresolved, end = arn.partition(UNRESOLVED)
            # The job's own id is made when it starts: its ARN is as narrow as the call says, which may name the job.
            # The ARN of a job of Batch has no name ("IAM policies for calling AWS Batch").
            by_name = unresolved and start and client != "batch"
            named = [own for _, own in own_accesses if by_name and own.startswith(start)]
            if named:
                yield action, named[0]
            else:
                yield action, f"{start}*{end}" if unresolved and start else arn


def _arguments_about_job(client: str, name: str, start: str, arguments: Any) -> dict[str, Any]:
    """The arguments of an operation about the job that another one (`start`) has started, with these arguments.

    What the start could tell and does not has its default, such as the cluster. The rest is made as the job starts,
    such as its id, and is `OPEN`: so is all of it where only an execution tells the arguments.
    """
    told = {given.lower(): value for given, value in _dict(arguments).items()}
    tellable = _parameters(client, start) if isinstance(arguments, dict) else ()
    folded = {parameter.lower() for parameter in tellable}
    about_job: dict[str, Any] = {}
    for parameter in _parameters(client, name):
        if parameter.lower() in told:
            about_job[parameter] = told[parameter.lower()]
        elif parameter.lower() not in folded:
            about_job[parameter] = OPEN
    return about_job


def _parameters(client: str, operation: str) -> Iterable[str]:
    """The names of an operation's parameters; none where they are not known."""
    known = parameter_format(client, operation)
    return () if known is None else known.kinds


def _dict(arguments: Any) -> dict[str, Any]:
    """Arguments; none where only an execution tells them."""
    return arguments if isinstance(arguments, dict) else {}


def distributed_accesses(machine: str, label: str = "*") -> tuple[Access, ...]:
    """What a distributed Map needs to run its items as executions of the machine (ARN) itself.

    Source: "Creating IAM policies for using Map state in Distributed mode" (AWS Step Functions Developer Guide).
    """
    executions = machine.replace(":stateMachine:", ":execution:")
    return (
        ("states:StartExecution", machine),
        ("states:DescribeExecution", f"{executions}:*"),
        ("states:StopExecution", f"{executions}:*"),
        ("states:RedriveExecution", f"{executions}/{label}:*"),
    )


def dataset_accesses(fields: Mapping[str, Any], reader: Any, writer: Any, setting: RequestSetting) -> Iterator[Access]:
    """What a distributed Map needs of the data that it reads, and to write results, by the arguments of both."""
    read = integration(str((fields.get("ItemReader") or {}).get("Resource")))
    if read is not None and read.operation is not None:
        yield from _of_operation(read.operation.client, read.operation.name, reader, setting)
        config = fields["ItemReader"].get("ReaderConfig") or {}
        # The objects that are listed, or that an inventory's manifest names, are read as well.
        if config.get("Transformation") == "LOAD_AND_FLATTEN" or config.get("InputType") == "MANIFEST":
            yield "s3:GetObject", _objects(reader, "*", setting)
    if (fields.get("ResultWriter") or {}).get("Resource"):
        for action in _WRITES_RESULTS:
            yield action, _objects(writer, "/*", setting)


def _objects(arguments: Any, end: str, setting: RequestSetting) -> str:
    """The ARN of a bucket's objects below the prefix that arguments name, with `end` after it; else of all objects."""
    named = arguments if isinstance(arguments, dict) else {"Bucket": OPEN}
    prefix = str(named.get("Prefix", "")).rstrip("/")
    below = f"{prefix}{end}" if prefix else "*"
    return setting.arn("s3", f"{named.get('Bucket', OPEN)}/{below}", region="", account="")


def _doing(action: str) -> str:
    """What a call does, for people, by the words of its action: `puts items`, `invokes functions`."""
    if action.endswith(":*"):
        return "calls it"
    verb, *words = re.findall(r"[A-Z]+(?![a-z])|[A-Z][a-z0-9]*", action.partition(":")[2])
    thing = " ".join(words).lower()
    things = thing if not thing or thing.endswith("s") else _with_s(thing)
    return f"{_with_s(verb.lower())} {things}".rstrip()


def _with_s(word: str) -> str:
    """A word in the plural, or a verb with the ending of `he puts`."""
    word = re.sub(r"(?<![aeiou])y$", "ie", word)
    return f"{word}{'es' if word.endswith(('s', 'sh', 'ch', 'x')) else 's'}"
