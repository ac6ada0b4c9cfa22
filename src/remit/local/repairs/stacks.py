"""Repairs of CloudFormation: what a stack makes, and of a few services what a template says of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Self
from zoneinfo import ZoneInfo

from remit.catalogue.types import resource_type, resource_types
from remit.local.emulator import emulated, instead_of
from remit.local.stack_operations import around, completed_by, content_of, resource_handlers

if TYPE_CHECKING:
    from remit.local.stack_operations import Answer, Handler

NOT_SIMULATED: Final = "not simulated here"
"""What stack events say of a resource of a type that the emulator does not know."""
_CONSUMER: Final = "/consumer/"
_BOUNDARY: Final = "PermissionsBoundary"
_DEFAULT_POLICY: Final = "__default_policy_ID"
_BY_DEFAULT: Final = (
    "GetTopicAttributes", "SetTopicAttributes", "AddPermission", "RemovePermission", "DeleteTopic", "Subscribe",
    "ListSubscriptionsByTopic", "Publish",
)  # fmt: skip
"""The actions that a topic's default policy names."""


def repair_stacks(account: str) -> None:
    """Make every repair of stacks, once, in the process that serves."""
    _stream_consumers()
    _stream_names()
    _schedules()
    _secret_references()
    _generated_secrets()
    _role_boundaries()
    _function_properties()
    _records_of_aliases()
    _table_properties()
    _topic_policies()
    public_access()
    _mapping_state()
    stacks_in_review()
    _replacing_properties()
    _unknown_types(account)


def _stream_consumers() -> None:
    """Make a consumer of a Kinesis stream in a template, and event source mappings that read through it.

    The emulator does not know the type. A mapping reads the stream itself, from which every consumer gets all records.

    Emulator: services/cloudformation/provisioners.py, services/lambda_svc.py.
    Test: test_triggers_fire.py::test_a_record_of_a_stream_runs_its_functions_with_and_without_a_consumer_of_their_own,
    test_emulator_repairs.py::test_a_mapping_does_not_read_a_stream_through_a_consumer.
    """
    kinesis = emulated("services.kinesis")
    handlers = resource_handlers()

    def create(_logical_id: str, properties: Mapping[str, Any], _stack: str) -> tuple[str, dict[str, Any]]:
        consumer = content_of(kinesis._register_consumer(properties))["Consumer"]
        return consumer["ConsumerARN"], {**consumer, "StreamARN": properties["StreamARN"]}

    def delete(physical_id: str, _properties: Mapping[str, Any]) -> None:
        kinesis._deregister_consumer({"ConsumerARN": physical_id})

    def update(physical_id: str, _old: Mapping[str, Any], new: Mapping[str, Any], _stack: str) -> tuple[str, Any]:
        return physical_id, {"ConsumerARN": physical_id, "StreamARN": new["StreamARN"]}

    handlers["AWS::Kinesis::StreamConsumer"] = {"create": create, "update": update, "delete": delete}

    def reading_the_stream(argument: Any) -> Any:
        if not isinstance(argument, Mapping):
            return argument
        source = str(argument.get("EventSourceArn", ""))
        return {**argument, "EventSourceArn": source.partition(_CONSUMER)[0]}

    def handle_mapping(handle: Any, *arguments: Any) -> Any:
        return handle(*map(reading_the_stream, arguments))

    for operation in ("create", "update"):
        instead_of(handlers["AWS::Lambda::EventSourceMapping"], operation)(handle_mapping)


def _stream_names() -> None:
    """The name that CloudFormation gives a stream begins with the stack's and the resource's; the emulator lowers it.

    The policy of whoever deploys names the stream by that beginning.

    Emulator: services/cloudformation/provisioners.py.
    Test: test_fidelity.py::test_what_a_template_gives_no_name_has_one_that_begins_as_on_aws,
    test_emulator_repairs.py::test_a_stream_without_a_name_gets_one_in_small_letters.
    """
    provisioners = emulated("services.cloudformation.provisioners")

    @instead_of(resource_handlers()["AWS::Kinesis::Stream"], "create")
    def create(create_stream: Any, logical_id: str, properties: Mapping[str, Any], stack: str) -> Any:
        name = properties.get("Name") or provisioners._physical_name(stack, logical_id, max_len=128)
        return create_stream(logical_id, {**properties, "Name": name}, stack)


def _table_properties() -> None:
    """Keep the key that encrypts a table in a template, and its policy; the emulator drops them.

    Emulator: services/cloudformation/provisioners.py.
    Test: ../deploy/test_local_accounts.py::test_functions_use_what_other_accounts_let_them,
    test_emulator_repairs.py::test_a_table_of_a_template_loses_its_encryption,
    test_emulator_repairs.py::test_a_table_of_a_template_loses_its_policy.
    """
    dynamodb = emulated("services.dynamodb")

    def put(name: str, properties: Mapping[str, Any], _old: Mapping[str, Any]) -> None:
        """Give a table the encryption and the policy of its template, or none."""
        table = dynamodb._tables[name]
        stated = properties.get("SSESpecification") or {}
        specification = {**stated, "Enabled": str(stated.get("SSEEnabled", "false")).lower() == "true"}
        table["SSEDescription"] = dynamodb._sse_description_from_spec(specification) if stated else None
        policy, arn = properties.get("ResourcePolicy"), table["TableArn"]
        if policy is None:
            dynamodb._resource_policies.pop(arn, None)
        else:
            dynamodb._put_resource_policy({"ResourceArn": arn, "Policy": json.dumps(policy["PolicyDocument"])})

    completed_by("AWS::DynamoDB::Table", put)


def _topic_policies() -> None:
    """A topic that a template gives no policy, or takes it from, has AWS's default one, which nobody of IAM gets in by.

    The emulator lets everybody use a topic that a template makes, and leaves one that loses its policy without any.

    Source: "Example cases for Amazon SNS access control", "CreateTopic" (Amazon SNS Developer Guide and API Reference).
    Emulator: services/cloudformation/provisioners.py.
    Test: test_default_policies.py::test_its_account_gets_in_by_grants_alone_and_nobody_else_at_all,
    test_default_policies.py::test_a_topic_that_loses_its_own_policy_gets_the_default_one_again.
    """
    topics = emulated("services.sns")._topics

    def default_policy(topic: str) -> str:
        """AWS's default policy of a topic (ARN), as JSON text."""
        statement = {
            "Sid": "__default_statement_ID",
            "Effect": "Allow",
            "Principal": {"AWS": "*"},
            "Action": [f"SNS:{action}" for action in _BY_DEFAULT],
            "Resource": topic,
            "Condition": {"StringEquals": {"AWS:SourceOwner": topic.split(":")[4]}},
        }
        return json.dumps({"Version": "2008-10-17", "Id": _DEFAULT_POLICY, "Statement": [statement]})

    def close(topic: str, _properties: Mapping[str, Any], old: Mapping[str, Any]) -> None:
        """Give a new topic that has the emulator's default policy AWS's own."""
        attributes = topics[topic]["attributes"]
        if not old and json.loads(attributes["Policy"]).get("Id") == _DEFAULT_POLICY:
            attributes["Policy"] = default_policy(topic)

    def detached(detach: Any, *arguments: Any) -> Any:
        """Change or delete a topic's policy, and give every topic without one the default."""
        answer = detach(*arguments)
        for topic, record in topics.items():
            record["attributes"].setdefault("Policy", default_policy(topic))
        return answer

    completed_by("AWS::SNS::Topic", close)
    for operation in ("update", "delete"):
        instead_of(resource_handlers()["AWS::SNS::TopicPolicy"], operation)(detached)


def public_access() -> None:
    """A new bucket blocks all public access; the emulator's does so only where it checks signatures by itself.

    Source: "Blocking public access to your Amazon S3 storage" (Amazon S3 User Guide): all four since April 2023.
    Emulator: services/s3.py.
    Test: ../deploy/test_by_hand_resources.py::test_after_a_deploy_nothing_was_changed_by_hand,
    test_emulator_repairs.py::test_a_new_bucket_blocks_no_public_access.
    """
    s3 = emulated("services.s3")

    @instead_of(s3, "_new_bucket_public_access_block")
    def block(_block: Any) -> dict[str, Any]:
        return {"_public_access_block": s3._NEW_BUCKET_PUBLIC_ACCESS_BLOCK}


def _mapping_state() -> None:
    """An event source mapping that a template turns off is off; the emulator's is on.

    Emulator: services/cloudformation/provisioners.py.
    Test: ../deploy/test_by_hand_resources.py::test_after_no_deploy_anything_was_changed_by_hand,
    test_emulator_repairs.py::test_a_mapping_of_a_template_is_on_in_any_case.
    """
    mappings = emulated("services.lambda_svc")._esms

    def turn(uuid: str, properties: Mapping[str, Any], _old: Mapping[str, Any]) -> None:
        is_on = str(properties.get("Enabled", True)).lower() != "false"
        mappings[uuid] |= {"Enabled": is_on, "State": "Enabled" if is_on else "Disabled"}

    completed_by("AWS::Lambda::EventSourceMapping", turn)


_DROPPED: Final = ("ScheduleExpressionTimezone", "StartDate", "EndDate", "KmsKeyArn")


def stacks_in_review() -> None:
    """A further first change set is one of the same stack, which waits for one of them; the emulator makes it anew.

    Emulator: services/cloudformation/changesets.py.
    Test: test_emulator_repairs.py::test_a_further_first_change_set_makes_its_stack_anew.
    """
    cloudformation = emulated("services.cloudformation")

    def create(parameters: Mapping[str, str], answer: Callable[[], Answer]) -> Answer:
        """Make a first change set; a stack that waits for one already stays, and the new set is one of it."""
        stacks, name = cloudformation._stacks, parameters.get("StackName", "")
        stack = stacks.get(name)
        if stack is None or stack["StackStatus"] != "REVIEW_IN_PROGRESS":
            return answer()
        status, headers, body = answer()
        made, stacks[name] = stacks.get(name), stack  # the one that the emulator has just replaced is back
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

    Emulator: services/cloudformation/stacks.py. Test:
    ../deploy/test_one_version_compared.py::test_a_deployed_bucket_that_gets_a_trigger_is_one_bucket_for_plan_and_comparison,
    test_emulator_repairs.py::test_every_property_of_a_bucket_replaces_it_perhaps.
    """
    tables = emulated("services.cloudformation.provisioners")._REPLACING_PROPERTIES

    @instead_of(emulated("services.cloudformation.stacks"), "_property_recreation")
    def recreation(by_table: Any, type_name: str, name: str) -> str:
        """Return `Always`, `Conditionally` or `Never`: whether a change of a property replaces a resource."""
        kind = resource_type(type_name)
        if type_name in tables or kind is None or kind.is_custom:
            return str(by_table(type_name, name))
        if name in kind.create_only:
            return "Always"
        return "Conditionally" if any(path.startswith(f"{name}.") for path in kind.create_only) else "Never"


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


_ZONE: Final[ContextVar[ZoneInfo | None]] = ContextVar("zone", default=None)
"""The time zone of the schedule that is looked at; None: UTC."""


def _schedules() -> None:
    """`at(…)` and `cron(…)` are local times of the schedule's zone; the emulator takes them for UTC, and is 10 s late.

    Of a schedule in a template it drops the time zone, the start and the end.

    Emulator: services/scheduler.py, services/eventbridge.py, services/cloudformation/provisioners.py.
    Test: test_triggers_fire.py::test_a_time_of_another_time_zone_runs_its_function_once,
    test_emulator_repairs.py::test_a_schedule_of_a_template_loses_its_time_zone_and_its_end,
    test_emulator_repairs.py::test_time_zones_of_schedules_are_not_looked_at.
    """
    scheduler = emulated("services.scheduler")
    eventbridge = emulated("services.eventbridge")

    def set_all(name: str, properties: Mapping[str, Any], _old: Mapping[str, Any]) -> None:
        schedule = scheduler._schedules[f"{properties.get('GroupName', 'default')}/{name}"]
        schedule.update({key: properties[key] for key in _DROPPED if key in properties})

    completed_by("AWS::Scheduler::Schedule", set_all)
    # Seconds between two looks at what is due; the precision that AWS promises is a minute.
    scheduler._SCHEDULE_TICK_INTERVAL = eventbridge._SCHEDULER_TICK_INTERVAL = 1

    @instead_of(scheduler, "_tick_schedules")
    def tick_in_zones(tick: Callable[[], None]) -> None:
        for schedule in list(scheduler._schedules._data.values()):
            zone = schedule.get("ScheduleExpressionTimezone", "UTC")
            if zone != "UTC":
                schedule["ScheduleExpression"] = _ZonedExpression(schedule["ScheduleExpression"], ZoneInfo(zone))
        tick()

    @instead_of(scheduler, "_at_time_epoch")
    def epoch(at_epoch: Any, expression: str) -> float | None:
        """When an `at(…)` expression is due by its zone, since 1970; None: it is none. Sets `_ZONE`."""
        zone = expression.zone if isinstance(expression, _ZonedExpression) else None
        _ZONE.set(zone)  # it looks at the time of each schedule first, whether that has one or not
        seconds: float | None = at_epoch(expression)
        if seconds is None or zone is None:
            return seconds
        return datetime.fromtimestamp(seconds, tz=UTC).replace(tzinfo=zone).timestamp()

    @instead_of(eventbridge, "_cron_next_fire")
    def fire_after(next_fire: Any, fields: Any, after: datetime) -> datetime | None:
        """When a `cron(…)` expression is due next, in UTC, by the zone in `_ZONE`; None: never."""
        zone = _ZONE.get()
        local = after if zone is None else after.astimezone(zone).replace(tzinfo=UTC)
        moment: datetime | None = next_fire(fields, local)
        return moment if moment is None or zone is None else moment.replace(tzinfo=zone).astimezone(UTC)


def _secret_references() -> None:
    """Ref of a secret is its ARN, which a role is granted; the emulator gives its name.

    A name that CloudFormation gives begins with the resource's id; the emulator puts the stack's name before it. A
    secret that is there keeps its name. Source: "AWS::SecretsManager::Secret" (AWS CloudFormation User Guide).

    Emulator: services/cloudformation/provisioners.py.
    Test: test_fidelity.py::test_what_a_template_gives_no_name_has_one_that_begins_as_on_aws,
    test_emulator_repairs.py::test_ref_of_a_secret_is_its_name,
    test_emulator_repairs.py::test_the_stacks_name_begins_that_of_a_secret_without_one.
    """
    provisioners = emulated("services.cloudformation.provisioners")
    handler = resource_handlers()["AWS::SecretsManager::Secret"]

    def name_of(physical_id: str) -> str:
        return physical_id.partition(":secret:")[2][:_WITHOUT_SUFFIX] if ":secret:" in physical_id else physical_id

    def by_arn(made: tuple[str, Any]) -> tuple[str, Any]:
        return made[1]["Arn"], made[1]

    def generated_name(stack: str, logical_id: str) -> str:
        name: str = provisioners._physical_name(stack, logical_id)
        return name.removeprefix(f"{stack}-")

    @instead_of(handler, "create")
    def create(create_secret: Any, logical_id: str, properties: Mapping[str, Any], stack: str) -> tuple[str, Any]:
        return by_arn(create_secret(logical_id, {"Name": generated_name(stack, logical_id), **properties}, stack))

    @instead_of(handler, "update")
    def update(
        change: Any, physical_id: str, old: Mapping[str, Any], new: Mapping[str, Any], stack: str, logical_id: str
    ) -> tuple[str, Any]:
        name = generated_name(stack, logical_id) if "Name" in old else name_of(physical_id)
        return by_arn(change(name_of(physical_id), old, {"Name": name, **new}, stack, logical_id))

    @instead_of(handler, "delete")
    def delete(delete_secret: Any, physical_id: str, properties: Mapping[str, Any]) -> None:
        delete_secret(name_of(physical_id), properties)


_WITHOUT_SUFFIX: Final = -7
"""Where in the resource of a secret's ARN its name ends: a hyphen and six characters follow."""


def _generated_secrets() -> None:
    """Heed all options of GenerateSecretString; the emulator heeds the length and the characters to leave out.

    Source: "AWS::SecretsManager::Secret GenerateSecretString" (AWS CloudFormation User Guide).
    Emulator: services/cloudformation/provisioners.py.
    Test: test_fidelity.py::test_a_generated_secret_obeys_its_options,
    test_fidelity.py::test_options_of_a_secret_that_fit_no_password_fail_the_stack.
    """
    secrets = emulated("services.secretsmanager")

    @instead_of(emulated("services.cloudformation.provisioners"), "_sm_secret_string")
    def secret_string(_secret_string: Any, properties: Mapping[str, Any]) -> str:
        """The text of a new secret. ValueError fails the stack: a template stands without its key, or a key alone."""
        options = properties.get("GenerateSecretString")
        if options is None:
            return str(properties.get("SecretString", ""))
        options = {name: {"true": True, "false": False}.get(str(value), value) for name, value in options.items()}
        options["PasswordLength"] = int(options.get("PasswordLength", 32))
        template, key = options.get("SecretStringTemplate"), options.get("GenerateStringKey")
        if (template is None) != (key is None):
            raise ValueError("SecretStringTemplate and GenerateStringKey must be specified together")
        password: str = content_of(secrets._get_random_password(options))["RandomPassword"]
        if template is None:
            return password
        return json.dumps({**json.loads(template), key: password})


def _role_boundaries() -> None:
    """Keep the permissions boundary of a role in a template; the emulator drops it.

    Emulator: services/cloudformation/provisioners.py.
    Test: ../deploy/test_boundaries.py::test_a_role_has_the_boundary_of_the_template_after_a_deploy,
    test_emulator_repairs.py::test_a_role_of_a_template_loses_its_permissions_boundary.
    """
    iam = emulated("services.iam")

    def put(name: str, properties: Mapping[str, Any], old: Mapping[str, Any]) -> None:
        if old.get(_BOUNDARY) != properties.get(_BOUNDARY):  # else one put on by hand stays, as on AWS
            iam._roles[name][_BOUNDARY] = properties.get(_BOUNDARY)

    completed_by("AWS::IAM::Role", put)


def _function_properties() -> None:
    """Keep the VPC, the concurrency, the dead letters and the durability of a function in a template.

    Emulator: services/cloudformation/provisioners.py.
    Test: test_functions.py::test_reserved_concurrency_and_the_dead_letters_of_a_template_are_heeded,
    test_fidelity.py::test_a_function_of_a_template_keeps_its_vpc.
    """
    functions = emulated("services.lambda_svc")

    def note(name: str, properties: Mapping[str, Any], _old: Mapping[str, Any]) -> None:
        """Give a function the concurrency, the VPC, the dead letters and the durability of its template, or none."""
        function = functions._functions[name]
        reserved = properties.get("ReservedConcurrentExecutions")
        function["concurrency"] = None if reserved is None else int(reserved)
        function["config"]["VpcConfig"] = functions._vpc_config_with_id(properties.get("VpcConfig"))
        for setting in ("DeadLetterConfig", "DurableConfig"):
            if setting in properties:
                function["config"][setting] = properties[setting]
            else:
                function["config"].pop(setting, None)

    completed_by("AWS::Lambda::Function", note)


def _records_of_aliases() -> None:
    """A function that is called by an alias has the alias's ARN; the emulator says that of the version behind it.

    Permissions are asked for by it, and the function sees it in its context.

    Emulator: services/lambda_svc.py.
    Test:
    test_asynchronous_invocations.py::test_lines_of_a_log_group_are_tried_again_too_at_the_alias_that_the_filter_names,
    test_emulator_repairs.py::test_what_runs_at_an_alias_has_the_arn_of_its_version.
    """

    @instead_of(emulated("services.lambda_svc"), "_effective_func_record_for_qualifier")
    def record_at_alias(find: Any, function: dict[str, Any] | None, qualifier: str | None) -> tuple[Any, Any]:
        """The emulator's record and configuration of a function at a qualifier, an alias with its own ARN."""
        record, configuration = find(function, qualifier)
        if function is None or record is None or qualifier not in function.get("aliases", {}):
            return record, configuration
        arn = f"{function['config']['FunctionArn']}:{qualifier}"
        of_alias = {**configuration, "FunctionArn": arn}
        return {**record, "config": of_alias}, of_alias


def _unknown_types(account: str) -> None:
    """A resource of a type that the emulator does not know is left out, and its stack events say so.

    The emulator refuses the whole template.

    Emulator: services/cloudformation/stacks.py, services/cloudformation/changesets.py.
    Test: test_triggers_fire.py::test_a_resource_of_a_type_that_is_not_simulated_is_left_out_and_said,
    test_emulator_repairs.py::test_a_type_that_it_does_not_know_refuses_the_whole_template.
    """
    handlers = resource_handlers()
    unknown = frozenset(name for name in resource_types() if name not in handlers)
    for name in unknown:
        handlers[name] = _left_out(name, account)

    def add_event_with_note(
        add_event: Any, stack_id: str, stack: str, logical_id: str, kind: str, status: str, *reason: Any, **options: Any
    ) -> None:
        """Add a stack event; that of a resource which is left out gives NOT_SIMULATED as its reason."""
        if kind in unknown and status in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
            reason = (NOT_SIMULATED, *reason[1:])
            options.pop("reason", None)
        add_event(stack_id, stack, logical_id, kind, status, *reason, **options)

    for module in ("stacks", "changesets"):  # the latter has imported it under a name of its own
        instead_of(emulated(f"services.cloudformation.{module}"), "_add_event")(add_event_with_note)


def _left_out(type_name: str, account: str) -> Handler:
    """The create and delete handlers of a type that makes nothing: references get texts of the right kind."""

    def create(logical_id: str, _properties: Mapping[str, Any], stack: str) -> tuple[str, dict[str, Any]]:
        """The physical id of a resource that is not made, an ARN where Ref gives one, and texts for its attributes."""
        name = f"{stack}-{logical_id}"
        service = type_name.split("::")[1].lower()
        arn = f"arn:aws:{service}:us-east-1:{account}:{name}"
        kind = resource_type(type_name)
        attributes = () if kind is None else (attribute for attribute in kind.attributes if "*" not in attribute)
        values = {attribute: arn if attribute.lower().endswith("arn") else name for attribute in attributes}
        is_arn = kind is not None and kind.ref == "arn"
        return arn if is_arn else name, values

    return {"create": create, "delete": lambda _physical_id, _properties: None}
