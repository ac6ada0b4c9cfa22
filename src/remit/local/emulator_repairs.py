"""Repairs of the emulator: behaviour of AWS that apps need, a function per repair, called before it serves.

`tests/local/test_emulator_repairs.py` fails for each that the emulator does not need any more.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Self
from zoneinfo import ZoneInfo

from remit.catalogue.types import resource_type, resource_types
from remit.local.emulator import emulated
from remit.local.stack_requests import around

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from remit.local.stack_requests import Answer

    Handler = dict[str, Callable[..., Any]]

NOT_SIMULATED: Final = "not simulated here"
"""What stack events say of a resource of a type that the emulator does not know."""
_CONSUMER: Final = "/consumer/"
_BOUNDARY: Final = "PermissionsBoundary"


def repair(account: str) -> None:
    """Make every repair, once, in the process that serves."""
    _stream_consumers()
    _stream_names()
    _schedule_properties()
    _schedule_time_zones()
    _secret_references()
    _generated_secrets()
    _role_boundaries()
    _function_properties()
    _records_of_aliases()
    _table_encryption()
    stacks_in_review()
    _replacing_properties()
    _unknown_types(account)


def _handlers() -> dict[str, Handler]:
    """The emulator's handlers of resource types: it reads this very dict."""
    provisioners = emulated("services.cloudformation.provisioners")
    handlers: dict[str, Handler] = provisioners._RESOURCE_HANDLERS
    return handlers


def _completed_by(type_name: str, complete: Callable[[str, Mapping[str, Any], Mapping[str, Any]], None]) -> None:
    """Call `complete` with each resource that was made or changed, its properties, and those that it had before."""
    handler = _handlers()[type_name]
    make, change = handler["create"], handler["update"]

    def create(logical_id: str, properties: Mapping[str, Any], stack: str) -> Any:
        made = make(logical_id, properties, stack)
        complete(made[0], properties, {})
        return made

    def update(physical_id: str, old: Mapping[str, Any], new: Mapping[str, Any], *place: Any) -> Any:
        made = change(physical_id, old, new, *place)
        complete(made[0], new, old if made[0] == physical_id else {})
        return made

    handler["create"], handler["update"] = create, update


def _stream_consumers() -> None:
    """Enhanced fan-out: a consumer of a Kinesis stream in a template, and event source mappings that read through it.

    A mapping reads the stream itself, from which every consumer gets all records.
    """
    kinesis = emulated("services.kinesis")
    handlers = _handlers()

    def create(_logical_id: str, properties: Mapping[str, Any], _stack: str) -> tuple[str, dict[str, Any]]:
        status, _, body = kinesis._register_consumer(properties)
        answer = json.loads(body)
        if status >= 400:  # noqa: PLR2004 - HTTP's errors
            raise ValueError(answer.get("message", body))
        consumer = answer["Consumer"]
        return consumer["ConsumerARN"], {**consumer, "StreamARN": properties["StreamARN"]}

    def delete(physical_id: str, _properties: Mapping[str, Any]) -> None:
        kinesis._deregister_consumer({"ConsumerARN": physical_id})

    def update(physical_id: str, _old: Mapping[str, Any], new: Mapping[str, Any], _stack: str) -> tuple[str, Any]:
        return physical_id, {"ConsumerARN": physical_id, "StreamARN": new["StreamARN"]}

    handlers["AWS::Kinesis::StreamConsumer"] = {"create": create, "update": update, "delete": delete}
    mapping = handlers["AWS::Lambda::EventSourceMapping"]
    create_mapping, update_mapping = mapping["create"], mapping["update"]

    def create_through(logical_id: str, properties: Mapping[str, Any], stack: str) -> Any:
        return create_mapping(logical_id, _reading_the_stream(properties), stack)

    def update_through(physical_id: str, old: Mapping[str, Any], new: Mapping[str, Any], *place: Any) -> Any:
        return update_mapping(physical_id, _reading_the_stream(old), _reading_the_stream(new), *place)

    mapping["create"], mapping["update"] = create_through, update_through


def _reading_the_stream(properties: Mapping[str, Any]) -> dict[str, Any]:
    """A mapping's properties with the stream in the place of a consumer of it."""
    source = str(properties.get("EventSourceArn", ""))
    return {**properties, "EventSourceArn": source.partition(_CONSUMER)[0]}


def _stream_names() -> None:
    """The name that CloudFormation gives a stream begins with the stack's and the resource's; the emulator lowers it.

    The policy of whoever deploys names the stream by that beginning.
    """
    provisioners = emulated("services.cloudformation.provisioners")
    handler = _handlers()["AWS::Kinesis::Stream"]
    create_stream = handler["create"]

    def create(logical_id: str, properties: Mapping[str, Any], stack: str) -> Any:
        name = properties.get("Name") or provisioners._physical_name(stack, logical_id, max_len=128)
        return create_stream(logical_id, {**properties, "Name": name}, stack)

    handler["create"] = create


def _table_encryption() -> None:
    """The key that encrypts a table in a template."""
    dynamodb = emulated("services.dynamodb")

    def encrypt(name: str, properties: Mapping[str, Any], _old: Mapping[str, Any]) -> None:
        stated = properties.get("SSESpecification") or {}
        specification = {**stated, "Enabled": str(stated.get("SSEEnabled", "false")).lower() == "true"}
        described = dynamodb._sse_description_from_spec(specification) if stated else None
        dynamodb._tables[name]["SSEDescription"] = described

    _completed_by("AWS::DynamoDB::Table", encrypt)


_DROPPED: Final = ("ScheduleExpressionTimezone", "StartDate", "EndDate", "KmsKeyArn")


def stacks_in_review() -> None:
    """A further first change set is one of the same stack, which waits for one of them; the emulator makes it anew."""
    cloudformation = emulated("services.cloudformation")

    def create(parameters: Mapping[str, str], answer: Callable[[], Answer]) -> Answer:
        stacks, name = cloudformation._stacks, parameters.get("StackName", "")
        stack = stacks.get(name)
        if stack is None or stack["StackStatus"] != "REVIEW_IN_PROGRESS":
            return answer()
        status, headers, body = answer()
        made, stacks[name] = stacks.get(name), stack
        if made is None or made is stack:
            return status, headers, body
        for change_set in cloudformation._change_sets.values():
            if change_set["StackId"] == made["StackId"]:
                change_set["StackId"] = stack["StackId"]
        return status, headers, body.replace(made["StackId"].encode(), stack["StackId"].encode())

    around("CreateChangeSet", create)


def _replacing_properties() -> None:
    """Add the properties that replace a resource to change sets: by the type's schema where the emulator has no table.

    It calls every property of such a type, as of a bucket, one that perhaps replaces.
    """
    stacks = emulated("services.cloudformation.stacks")
    tables = emulated("services.cloudformation.provisioners")._REPLACING_PROPERTIES
    by_table = stacks._property_recreation

    def recreation(type_name: str, name: str) -> str:
        kind = resource_type(type_name)
        if type_name in tables or kind is None or kind.is_custom:
            return str(by_table(type_name, name))
        if name in kind.create_only:
            return "Always"
        return "Conditionally" if any(path.startswith(f"{name}.") for path in kind.create_only) else "Never"

    stacks._property_recreation = recreation


def _schedule_properties() -> None:
    """The time zone, the start and the end of a schedule in a template."""
    scheduler = emulated("services.scheduler")

    def set_all(name: str, properties: Mapping[str, Any], _old: Mapping[str, Any]) -> None:
        schedule = scheduler._schedules[f"{properties.get('GroupName', 'default')}/{name}"]
        schedule.update({key: properties[key] for key in _DROPPED if key in properties})

    _completed_by("AWS::Scheduler::Schedule", set_all)


class _ZonedExpression(str):
    """A schedule's expression that knows its time zone: the emulator hands on expressions alone."""

    __slots__ = ("zone",)
    zone: ZoneInfo

    def __new__(cls, text: str, zone: ZoneInfo) -> Self:
        expression = super().__new__(cls, text)
        expression.zone = zone
        return expression

    def __getnewargs__(self) -> tuple[str, ZoneInfo]:  # type: ignore[override]  # what copy calls __new__ with
        return str(self), self.zone


@dataclass(frozen=True, slots=True)
class _ZonedFields:
    """The fields of a cron expression, as the emulator parses them, and its time zone."""

    fields: Any
    zone: ZoneInfo


def _schedule_time_zones() -> None:
    """`at(…)` and `cron(…)` are local times of the schedule's zone; the emulator takes them for UTC."""
    scheduler = emulated("services.scheduler")
    eventbridge = emulated("services.eventbridge")
    tick, at_epoch = scheduler._tick_schedules, scheduler._at_time_epoch
    parse_fields, next_fire = eventbridge._parse_cron_fields, eventbridge._cron_next_fire

    def tick_in_zones() -> None:
        for schedule in list(scheduler._schedules._data.values()):
            zone = schedule.get("ScheduleExpressionTimezone", "UTC")
            if zone != "UTC":
                schedule["ScheduleExpression"] = _ZonedExpression(schedule["ScheduleExpression"], ZoneInfo(zone))
        tick()

    def epoch(expression: str) -> float | None:
        seconds: float | None = at_epoch(expression)
        if seconds is None or not isinstance(expression, _ZonedExpression):
            return seconds
        local = datetime.fromtimestamp(seconds, tz=UTC).replace(tzinfo=expression.zone)
        return local.timestamp()

    def fields_of(expression: str) -> Any:
        fields = parse_fields(expression)
        if fields is None or not isinstance(expression, _ZonedExpression):
            return fields
        return _ZonedFields(fields, expression.zone)

    def fire_after(fields: Any, after: datetime) -> datetime | None:
        if not isinstance(fields, _ZonedFields):
            return next_fire(fields, after)  # type: ignore[no-any-return]  # the emulator has no types
        local = after.astimezone(fields.zone).replace(tzinfo=UTC)
        moment: datetime | None = next_fire(fields.fields, local)
        return None if moment is None else moment.replace(tzinfo=fields.zone).astimezone(UTC)

    scheduler._tick_schedules, scheduler._at_time_epoch = tick_in_zones, epoch
    eventbridge._parse_cron_fields, eventbridge._cron_next_fire = fields_of, fire_after


def _secret_references() -> None:
    """Ref of a secret is its ARN, which a role is granted; the emulator gives its name.

    A name that CloudFormation gives begins with the resource's id; the emulator puts the stack's name before it. A
    secret that is there keeps its name. Source: "AWS::SecretsManager::Secret" (AWS CloudFormation User Guide).
    """
    provisioners = emulated("services.cloudformation.provisioners")
    handler = _handlers()["AWS::SecretsManager::Secret"]
    create_secret, update_secret, delete_secret = handler["create"], handler["update"], handler["delete"]

    def name_of(physical_id: str) -> str:
        return physical_id.partition(":secret:")[2][:_WITHOUT_SUFFIX] if ":secret:" in physical_id else physical_id

    def by_arn(made: tuple[str, Any]) -> tuple[str, Any]:
        return made[1]["Arn"], made[1]

    def generated_name(stack: str, logical_id: str) -> str:
        name: str = provisioners._physical_name(stack, logical_id)
        return name.removeprefix(f"{stack}-")

    def create(logical_id: str, properties: Mapping[str, Any], stack: str) -> tuple[str, Any]:
        return by_arn(create_secret(logical_id, {"Name": generated_name(stack, logical_id), **properties}, stack))

    def update(
        physical_id: str, old: Mapping[str, Any], new: Mapping[str, Any], stack: str, logical_id: str
    ) -> tuple[str, Any]:
        name = generated_name(stack, logical_id) if "Name" in old else name_of(physical_id)
        return by_arn(update_secret(name_of(physical_id), old, {"Name": name, **new}, stack, logical_id))

    def delete(physical_id: str, properties: Mapping[str, Any]) -> None:
        delete_secret(name_of(physical_id), properties)

    handler["create"], handler["update"], handler["delete"] = create, update, delete


_WITHOUT_SUFFIX: Final = -7
"""Where in the resource of a secret's ARN its name ends: a hyphen and six characters follow."""


def _generated_secrets() -> None:
    """The options of GenerateSecretString; the emulator heeds the length and the characters to leave out.

    Source: "AWS::SecretsManager::Secret GenerateSecretString" (AWS CloudFormation User Guide).
    """
    secrets = emulated("services.secretsmanager")
    provisioners = emulated("services.cloudformation.provisioners")

    def secret_string(properties: Mapping[str, Any]) -> str:
        options = properties.get("GenerateSecretString")
        if options is None:
            return str(properties.get("SecretString", ""))
        options = {name: {"true": True, "false": False}.get(str(value), value) for name, value in options.items()}
        options["PasswordLength"] = int(options.get("PasswordLength", 32))
        template, key = options.get("SecretStringTemplate"), options.get("GenerateStringKey")
        if (template is None) != (key is None):
            raise ValueError("SecretStringTemplate and GenerateStringKey must be specified together")
        status, _, body = secrets._get_random_password(options)
        answer = json.loads(body)
        if status >= 400:  # noqa: PLR2004 - HTTP's errors
            raise ValueError(answer.get("message", body))
        password = answer["RandomPassword"]
        return password if template is None else json.dumps({**json.loads(template), key: password})

    provisioners._sm_secret_string = secret_string


def _role_boundaries() -> None:
    """The permissions boundary of a role in a template."""
    iam = emulated("services.iam")

    def put(name: str, properties: Mapping[str, Any], old: Mapping[str, Any]) -> None:
        if old.get(_BOUNDARY) != properties.get(_BOUNDARY):  # else one put on by hand stays
            iam._roles[name][_BOUNDARY] = properties.get(_BOUNDARY)

    _completed_by("AWS::IAM::Role", put)


def _function_properties() -> None:
    """The VPC, the concurrency, the dead letters and the durability of a function in a template."""
    functions = emulated("services.lambda_svc")

    def note(name: str, properties: Mapping[str, Any], _old: Mapping[str, Any]) -> None:
        function = functions._functions[name]
        reserved = properties.get("ReservedConcurrentExecutions")
        function["concurrency"] = None if reserved is None else int(reserved)
        function["config"]["VpcConfig"] = functions._vpc_config_with_id(properties.get("VpcConfig"))
        for setting in ("DeadLetterConfig", "DurableConfig"):
            if setting in properties:
                function["config"][setting] = properties[setting]
            else:
                function["config"].pop(setting, None)

    _completed_by("AWS::Lambda::Function", note)


def _records_of_aliases() -> None:
    """A function that is called by an alias has the alias's ARN; the emulator says that of the version behind it.

    Permissions are asked for by it, and the function sees it in its context.
    """
    functions = emulated("services.lambda_svc")
    find = functions._effective_func_record_for_qualifier

    def found(function: dict[str, Any] | None, qualifier: str | None) -> tuple[Any, Any]:
        record, configuration = find(function, qualifier)
        if function is None or record is None or qualifier not in function.get("aliases", {}):
            return record, configuration
        arn = f"{function['config']['FunctionArn']}:{qualifier}"
        of_alias = {**configuration, "FunctionArn": arn}
        return {**record, "config": of_alias}, of_alias

    functions._effective_func_record_for_qualifier = found


def _unknown_types(account: str) -> None:
    """A resource of a type that the emulator does not know is left out, and its stack events say so."""
    stacks = emulated("services.cloudformation.stacks")
    changesets = emulated("services.cloudformation.changesets")
    handlers = _handlers()
    unknown = frozenset(name for name in resource_types() if name not in handlers)
    for name in unknown:
        handlers[name] = _left_out(name, account)
    add_event = stacks._add_event

    def add_event_with_note(
        stack_id: str, stack: str, logical_id: str, type_name: str, status: str, *reason: Any, **options: Any
    ) -> None:
        if type_name in unknown and status in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
            reason = (NOT_SIMULATED, *reason[1:])
            options.pop("reason", None)
        add_event(stack_id, stack, logical_id, type_name, status, *reason, **options)

    stacks._add_event = changesets._add_event = add_event_with_note


def _left_out(type_name: str, account: str) -> Handler:
    """The handler of a type that makes nothing: references get texts of the right kind."""

    def create(logical_id: str, _properties: Mapping[str, Any], stack: str) -> tuple[str, dict[str, Any]]:
        name = f"{stack}-{logical_id}"
        service = type_name.split("::")[1].lower()
        arn = f"arn:aws:{service}:us-east-1:{account}:{name}"
        kind = resource_type(type_name)
        attributes = () if kind is None else (attribute for attribute in kind.attributes if "*" not in attribute)
        values = {attribute: arn if attribute.lower().endswith("arn") else name for attribute in attributes}
        is_arn = kind is not None and kind.ref == "arn"
        return arn if is_arn else name, values

    def delete(_physical_id: str, _properties: Mapping[str, Any]) -> None:
        """Nothing was made."""

    return {"create": create, "delete": delete}
