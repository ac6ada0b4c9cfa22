"""What a build refuses of a whole template, told once, at its line: each rule on the smallest template that has it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from remit.app import (
    App,
    ExistingValue,
    Function,
    Grant,
    JobQueue,
    Output,
    Reason,
    Resource,
    ScheduledJob,
    Template,
    UnreadParts,
)
from remit.catalogue.quotas import quota
from remit.errors import Mistakes, Origin
from remit.holders import Holder, inline
from remit.iam.policy import allow
from remit.roles.assign import assign
from remit.synthesis.check import check, notes_on
from remit.synthesis.check_schedules import check_schedules
from remit.synthesis.check_tables import check_table
from remit.triggers.schedule import Schedule

if TYPE_CHECKING:
    from remit.errors import RemitError

RULE: Final = Resource("Rule", "AWS::Events::Rule", {"Targets": [{"Id": "a", "Arn": "${HelloFunction.Arn}"}]})
HERE, THERE = Origin("data.py", 5, 1), Origin("data.py", 9, 1)


def function(logical_id: str = "F", origin: Origin | None = None, **properties: Any) -> Resource:
    code = {"Code": {"S3Bucket": "zips", "S3Key": "b"}, "Role": "arn:aws:iam::111122223333:role/r"}
    own = {**code, "Handler": "app.f", "Runtime": "python3.13", **properties}
    return Resource(logical_id, "AWS::Lambda::Function", own, origin=origin)


HELLO: Final = function("HelloFunction")


def app(*resources: Resource, functions: tuple[Function, ...] = (), **settings: Any) -> App:
    return App("shop", "dev", functions, resources=resources, **settings)


def refused(
    *resources: Resource,
    of: App | None = None,
    roles: tuple[Holder, ...] = (),
    outputs: tuple[Output, ...] = (),
    parameters: tuple[ExistingValue, ...] = (),
    unread: UnreadParts | None = None,
) -> list[RemitError]:
    mistakes = Mistakes()
    template = Template("", resources, outputs, parameters)
    check(template, roles, of or app(*resources), mistakes, unread or UnreadParts())
    return mistakes.errors


def told(*resources: Resource, **more: Any) -> list[str]:
    return [mistake.message for mistake in refused(*resources, **more)]


def many(count: int) -> tuple[Resource, ...]:
    return tuple(Resource(f"A{number}", "AWS::SNS::Topic", {}) for number in range(count))


def test_a_template_has_as_many_resources_and_outputs_as_cloudformation_takes_and_no_more() -> None:
    most = quota("cloudformation.template.resources").most
    assert not told(*many(most))
    (mistake,) = refused(*many(most), Resource("B", "AWS::SQS::Queue", {}))
    assert mistake.message.endswith(f"CloudFormation allows {most}: {most} AWS::SNS::Topic, 1 AWS::SQS::Queue")
    assert "split the app into two projects" == mistake.hint
    most = quota("cloudformation.template.outputs").most
    outputs = tuple(Output(f"O{number}", "a") for number in range(most + 1))
    assert not told(outputs=outputs[1:])
    assert [f"the template has {most + 1} outputs; CloudFormation allows {most}"] == told(outputs=outputs)


def test_from_nine_tenths_on_a_note_says_of_what_there_are_so_many_and_which_settings_make_fewer() -> None:
    most = quota("cloudformation.template.resources").most
    functions = tuple(Function(f"f{number}", f"F{number}", "app.f", {}, log_retention=None) for number in range(3))
    for count, settings, ways in (
        (most * 9 // 10 - 1, {}, None),
        (most * 9 // 10, {}, "`config.lambda_.iam.share_roles = True` makes 2 fewer, "),
        (most * 9 // 10, {"share_roles": True}, "`config.lambda_.share_log_group = True` makes 2 fewer"),
        (most - 1, {"share_roles": True, "functions": ()}, "split the app into two projects"),
        (most + 5, {"share_roles": True}, "split the app into two projects; `config.lambda_.share_log_group = True`"),
        (most + 2, {"share_roles": True}, "`config.lambda_.share_log_group = True` makes 2 fewer"),
    ):
        declared = app(**{"functions": functions, **settings})
        notes = [*notes_on(Template("", many(count)), assign(declared), declared)]
        assert ([] if ways is None else [True]) == [f"AWS::SNS::Topic; {ways}" in note for note in notes], notes
    routes = many(most * 9 // 10 - 4)
    stage = [Resource(f"HttpApiRoute{n}", "AWS::ApiGatewayV2::Route", {"ApiId": "${HttpApi}"}) for n in range(3)]
    made = (*routes, *stage, Resource("HelloHttpApiPermission", "AWS::Lambda::Permission", {}))
    (note,) = notes_on(Template("", made), (), app())
    assert note.endswith("; `config.api.routes_in_body = True` makes 2 fewer")


def test_a_runtime_is_told_of_whose_end_is_near_or_that_is_newer_than_those_known_with_its_functions() -> None:
    runtimes = {"e": "python3.9", "d": "python3.15", "a": "python3.10", "b": "python3.13", "c": "python3.10"}
    functions = tuple(Function(name, name, "app.f", {"Runtime": runtime}) for name, runtime in runtimes.items())
    notes = [*notes_on(Template("", ()), (), app(functions=functions))]
    assert [note.partition(":")[0] for note in notes] == [
        "Lambda supports python3.10 until 2026-10-31",
        "remit does not know python3.15 of d",
        "Lambda supports python3.9 until 2025-12-15",
    ]
    assert notes[0].endswith(" for a, c")
    assert notes[1].endswith("the newest that it knows is python3.14")


def test_an_action_that_is_none_is_told_with_whom_its_policy_is_of() -> None:
    grants = (Grant(allow("s3:Get Object", "s3:Get*", "*"), Reason("text"), HERE),)
    (mistake,) = refused(roles=(Holder("HelloRole", (inline(grants),), ("hello",)),))
    assert "'s3:Get Object' is not an action: IAM refuses the policy of hello" == mistake.message
    assert HERE == mistake.origin


def test_nothing_is_said_that_follows_from_what_could_not_be_read() -> None:
    hello = Function("hello", "Hello", "app.hello", {})
    queue = "arn:aws:sqs:eu-west-1:111122223333:far"
    mapping = Resource(
        "Mapping", "AWS::Lambda::EventSourceMapping", {"EventSourceArn": queue, "FunctionName": "${HelloFunction}"}
    )
    declared = app(mapping, functions=(hello,))
    mine = frozenset({"HelloFunction"})
    for unread, count in ((UnreadParts(), 1), (UnreadParts(triggers_of=mine), 1), (UnreadParts(access_of=mine), 0)):
        assert count == len(told(HELLO, mapping, of=declared, roles=assign(declared), unread=unread))
    for unread, count in (
        (UnreadParts(), 1),
        (UnreadParts(access_of=mine), 1),
        (UnreadParts(triggers_of=mine), 0),
        (UnreadParts(permissions=True), 0),
    ):
        assert count == len(told(HELLO, RULE, unread=unread))
    lost = Resource("Rule", RULE.type, {**RULE.properties, "EventBusName": "${Nothing}"})
    assert ["`Rule`: ${Nothing} names no resource of the template"] == told(HELLO, lost)
    beginning = UnreadParts(lost=frozenset({"Noth"}), permissions=True)
    assert not told(HELLO, lost, unread=beginning)
    assert not told(HELLO, outputs=(Output("Lost", "${Nothing}", origin=HERE),), unread=beginning)


def test_a_circle_is_told_in_the_order_of_its_references_once_each_of_them_leads_somewhere() -> None:
    topics = [Resource(a, "AWS::SNS::Topic", {"TopicName": f"${{{b}.TopicName}}"}) for a, b in ("AB", "BC", "CA")]
    (message,) = told(*topics)
    names = message.removeprefix("resources form a circular dependency: ").split(" -> ")
    assert set(pairwise(names)) == {("A", "B"), ("B", "C"), ("C", "A")}
    wrong = Output("Lost", "${Nothing}", origin=HERE)
    assert ["output Lost: ${Nothing} names no resource of the template"] == told(*topics, outputs=(wrong,))
    assert not told(outputs=(Output("Lost", "${Nothing}"),))  # its trigger's resources tell it


def test_a_value_of_the_account_that_is_looked_up_is_a_parameter_of_its_name() -> None:
    existing = ExistingValue("Vpc", "parameter", "VpcName")
    for text, count in (("${Vpc}", 0), ("${VpcName}", 1)):
        topic = Resource("A", "AWS::SNS::Topic", {"DisplayName": text})
        assert (count > 0) == bool(told(topic, parameters=(existing,)))


def test_a_name_that_is_wrong_is_told_once_and_the_other_values_beside_it_at_the_lines_that_set_them() -> None:
    name = Resource("A", "AWS::SQS::Queue", {"QueueName": "a" * 90 + "!", "DelaySeconds": 100_000}, origin=HERE)
    messages = told(name)
    assert [True, False] == ["is not a valid name for queue `A`" in message for message in messages]
    assert "DelaySeconds" in messages[1]
    assert ("QueueName",) == refused(name)[0].path
    assert [
        "is not a valid name for topic `B`" in each
        for each in told(Resource("B", "AWS::SNS::Topic", {"TopicName": "!" * 300}))
    ] == [True]
    slow = Function("hello", "Hello", "app.hello", {}, written={"Timeout": THERE})
    made = function("HelloFunction", HERE, Timeout=100_000)
    assert [THERE] == [each.origin for each in refused(made, of=app(functions=(slow,)))]


def test_a_name_stands_once_among_those_of_a_type_where_nothing_else_tells_them_apart() -> None:
    def named(logical_id: str, kind: str, key: str, **more: Any) -> Resource:
        return Resource(logical_id, kind, {key: "twice", **more}, origin=HERE if logical_id == "A" else THERE)

    queue, topic, alias = "AWS::SQS::Queue", "AWS::SNS::Topic", "AWS::Lambda::Alias"
    (mistake,) = refused(named("A", queue, "QueueName"), named("B", queue, "QueueName"))
    assert "`B` and `A` are two queues named 'twice'" == mistake.message
    assert THERE == mistake.origin
    assert not told(named("A", queue, "QueueName"), named("B", topic, "TopicName"))
    published = {"FunctionName": "f", "FunctionVersion": "1"}
    assert not told(
        named("A", alias, "Name", **published), named("B", alias, "Name", **{**published, "FunctionName": "g"})
    )
    # RDS keeps identifiers in lower case.
    groups = [Resource(name, "AWS::RDS::DBSubnetGroup", {
        "DBSubnetGroupName": name, "DBSubnetGroupDescription": "a", "SubnetIds": ["subnet-1", "subnet-2"],
    }) for name in ("Orders", "orders")]  # fmt: skip
    assert ["`orders` and `Orders` are two DB subnet groups named 'orders'"] == told(*groups)


def test_an_environment_has_as_many_bytes_of_names_and_values_as_lambda_takes() -> None:
    most = quota("lambda.function.environment").most
    for value, is_wrong in (("x" * (most - 4), False), ("x" * (most - 3), True), ("ü" + "x" * (most - 5), True)):
        variables = {"Variables": {"NAME": value}}
        messages = told(function("A", Environment=variables))
        assert [f"the environment of `A` has {most + 1:,} bytes; Lambda allows {most:,}"] * is_wrong == messages


def test_a_function_does_not_run_on_its_own_logs_however_the_group_is_named() -> None:
    group = Resource("Logs", "AWS::Logs::LogGroup", {"LogGroupName": "/aws/lambda/${AWS::StackName}-hello"})
    logging = {"LoggingConfig": {"LogGroup": "${Logs}"}}
    permission = {"FunctionName": "${F}", "Action": "lambda:InvokeFunction", "Principal": "logs.amazonaws.com"}
    allowed = Resource("Allow", "AWS::Lambda::Permission", permission)
    for subscribed, settings, is_own in (
        ("${Logs}", logging, True),
        ("/aws/lambda/shop-dev-hello", logging, True),
        ("/aws/lambda/${AWS::StackName}-hello", logging, True),
        ("/aws/lambda/other", logging, False),
        ("/aws/lambda/shop-dev-hello", {"LoggingConfig": {"LogGroup": "/aws/lambda/shop-dev-hello"}}, True),
        ("/aws/lambda/shop-dev-hello", {"LoggingConfig": {"LogGroup": "/aws/lambda/x"}}, False),
    ):
        filtered = {"DestinationArn": "${F.Arn}", "FilterPattern": "", "LogGroupName": subscribed}
        messages = told(group, function(**settings), allowed, Resource("On", "AWS::Logs::SubscriptionFilter", filtered))
        expected = ["`F` would run on its own logs, and each run writes more of them"] if is_own else []
        assert expected == messages, subscribed


def test_a_queue_hides_a_message_as_long_as_its_function_may_run_at_least() -> None:
    # SQS hides for 30 seconds and Lambda runs for 3, unless they are told otherwise.
    for hidden, runs, is_wrong in (
        (30, 30, False),
        (30, 31, True),
        (None, 31, True),
        (None, 30, False),
        (2, None, True),
    ):
        queue = Resource("Q", "AWS::SQS::Queue", {} if hidden is None else {"VisibilityTimeout": hidden}, origin=HERE)
        made = function() if runs is None else function(Timeout=runs)
        mapped = {"EventSourceArn": "${Q.Arn}", "FunctionName": "${F}"}
        mapping = Resource("M", "AWS::Lambda::EventSourceMapping", mapped, origin=THERE)
        mistakes = refused(queue, made, mapping, of=app())
        assert [HERE] * is_wrong == [each.origin for each in mistakes]
        hints = [f"Lambda refuses that: visibility_timeout={6 * (runs or 3)} is what AWS advises"] * is_wrong
        assert hints == [each.hint for each in mistakes]
        alias = Resource("L", "AWS::Lambda::Alias", {"FunctionName": "${F}", "FunctionVersion": "1", "Name": "live"})
        by_alias = replace(mapping, properties={**mapped, "FunctionName": "${L}"})
        assert [each.message for each in mistakes] == told(queue, made, alias, by_alias, of=app())


def test_a_stream_hides_nothing_however_long_its_function_may_run() -> None:
    stream = Resource("Q", "AWS::Kinesis::Stream", {"StreamModeDetails": {"StreamMode": "ON_DEMAND"}})
    mapped = {"EventSourceArn": "${Q.Arn}", "FunctionName": "${F}", "StartingPosition": "LATEST"}
    mapping = Resource("M", "AWS::Lambda::EventSourceMapping", mapped)
    assert not told(stream, function(Timeout=31), mapping, of=app())


def test_fifo_is_told_by_the_name_and_the_kind_alike() -> None:
    queue, topic = "AWS::SQS::Queue", "AWS::SNS::Topic"
    for kind, name, is_fifo, hint in (
        (queue, "a", "true", 'queue_name="a.fifo"'),
        (queue, "a.FIFO", True, 'queue_name="a.fifo"'),
        (queue, "a.fifo", False, "add `fifo_queue=True`"),
        (queue, "a.fifo", "true", None),
        (topic, "a", True, 'topic_name="a.fifo"'),
        (queue, "${AWS::StackName}", True, None),
    ):
        key, flag = ("QueueName", "FifoQueue") if kind == queue else ("TopicName", "FifoTopic")
        mistakes = refused(Resource("A", kind, {key: name, flag: is_fifo}))
        assert ([] if hint is None else [hint]) == [each.hint for each in mistakes][:1], name


def test_a_queue_and_the_queue_of_its_failed_messages_are_of_one_kind_and_fifo_alone_deduplicates() -> None:
    def queue(logical_id: str, is_fifo: bool, **more: Any) -> Resource:
        return Resource(logical_id, "AWS::SQS::Queue", {**({"FifoQueue": True} if is_fifo else {}), **more})

    for first in (True, False):
        redrive = {"RedrivePolicy": {"deadLetterTargetArn": "${Dead.Arn}", "maxReceiveCount": 3}}
        for second in (True, False):
            messages = told(queue("Q", first, **redrive), queue("Dead", second))
            words = {True: "a FIFO", False: "a standard"}
            expected = f"`Q` is {words[first]} queue, and its dead-letter queue `Dead` {words[second]} one"
            assert [expected] * (first != second) == messages
        of_topic = told(queue("Q", first, **redrive), Resource("Dead", "AWS::SNS::Topic", {"TopicName": "a"}))
        assert not any("dead-letter queue" in message for message in of_topic)
        assert (not first) == bool(told(queue("Q", first, ContentBasedDeduplication=True)))


# Tables, and what runs by the clock


def key(*names: str) -> list[dict[str, str]]:
    return [{"AttributeName": name, "KeyType": kind} for name, kind in zip(names, ("HASH", "RANGE"), strict=False)]


def table(*attributes: str, **properties: Any) -> list[RemitError]:
    defined = [{"AttributeName": name, "AttributeType": "S"} for name in attributes]
    paid = {"BillingMode": "PAY_PER_REQUEST", "AttributeDefinitions": defined, **properties}
    return [*check_table(Resource("T", "AWS::DynamoDB::Table", paid))]


def test_a_table_is_not_looked_at_where_only_the_deploy_knows_it() -> None:
    units = {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}
    assert not table("id", KeySchema=key("id"), BillingMode="${AWS::Region}", ProvisionedThroughput=units)
    assert not table("id", "unused", KeySchema=key("${AWS::Region}"))
    assert not table(KeySchema=key("id"), AttributeDefinitions={"Fn::If": ["A", [], []]})
    assert 1 == len(table("id", "unused", KeySchema=key("id")))


def test_a_local_index_sorts_by_an_attribute_of_its_own_the_items_of_its_tables_hash() -> None:
    def hints(*index: str) -> list[str | None]:
        local = [{"IndexName": "i", "KeySchema": key(*index)}]
        names = dict.fromkeys(("id", "at", *index))
        return [each.hint for each in table(*names, KeySchema=key("id", "at"), LocalSecondaryIndexes=local)]

    assert [] == hints("id", "price")
    expected = ["its key is the HASH attribute 'id' of its table, and a RANGE attribute of its own"]
    assert expected == hints("at", "id") == hints("id")
    lacking, _ = table("id", "at", KeySchema=key("id", "att"))
    assert "did you mean `at`?" == lacking.hint


def test_each_schedule_that_is_known_before_the_deploy_must_run_at_some_time_of_its_zone() -> None:
    def clock(logical_id: str, expression: str, zone: str | None = None) -> Resource:
        named = {} if zone is None else {"ScheduleExpressionTimezone": zone}
        return Resource(
            logical_id, "AWS::Scheduler::Schedule", {"ScheduleExpression": expression, **named}, origin=HERE
        )

    leapt = "at(2027-03-28T02:30:00)"  # in Berlin, the clocks leap over it
    clocks = (
        clock("A", "rate(${Minutes} minutes)"),
        clock("B", leapt, "Europe/Berlin"),
        clock("C", leapt, "Europe/London"),
        clock("D", leapt),
        clock("E", "rate(0 days)"),
        clock("F", "at(2026-12-31T23:59:59)"),  # over
    )
    mistakes = [*check_schedules(app(*clocks), datetime(2027, 1, 1, tzinfo=UTC))]
    assert [mistake.message for mistake in mistakes] == [
        f"schedule '{leapt}' of `B`: it never runs: the clocks of Europe/Berlin leap over that time",
        "schedule 'rate(0 days)' of `E`: a rate of 0",
    ]
    assert {mistake.origin for mistake in mistakes} == {HERE}


def test_a_schedule_of_a_function_or_a_job_whose_last_time_is_over_is_told_unless_it_is_off() -> None:
    now = datetime(2027, 1, 1, tzinfo=UTC)

    def problems(expression: str, **settings: Any) -> list[tuple[Origin | None, str]]:
        triggers = (Schedule(expression, **settings).at(HERE),)
        hello = Function("hello", "Hello", "app.hello", {}, triggers)
        jobs = (ScheduledJob("send", "app.send", Schedule(expression, **settings).at(THERE), THERE),)
        declared = app(functions=(hello,), queues=(JobQueue("mail", 1, 1, scheduled=jobs),))
        return [(mistake.origin, mistake.message) for mistake in check_schedules(declared, now)]

    over = "at(2026-12-31T23:59:59)"
    message = f"schedule '{over}': it never runs again, its last time is over"
    assert [(HERE, message), (THERE, message)] == problems(over)
    assert [] == problems(over, enabled=False) == problems("at(2027-01-01T00:00:01)") == problems("rate(1 day)")


def test_a_name_that_is_no_text_is_told_by_its_type() -> None:
    (mistake,) = refused(Resource("Q", "AWS::SQS::Queue", {"QueueName": ["orders"]}, origin=HERE))
    assert "QueueName" in mistake.message
    assert HERE == mistake.origin
