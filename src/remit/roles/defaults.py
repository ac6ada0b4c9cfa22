"""The computed default: what a function needs for what it uses, a function here per reason, and nothing more."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from remit.app import App, Function, Grant, JobQueue, Reason
from remit.catalogue.managed_policies import managed_policy
from remit.errors import few
from remit.holders import Holder, inline
from remit.iam import tokens
from remit.iam.pattern_list import actions_cover
from remit.iam.policy import Condition, Globs, Statement, allow, parse
from remit.resources.kms_key import kms_key
from remit.resources.names import logical
from remit.resources.own_resources import own_resources
from remit.roles.encryption_keys import grants_on_keys, grants_on_keys_of
from remit.roles.published_functions import dead_letters, destinations, durable_executions

JOB_MARKS: Final = "JobMarks"
"""The logical id of the table that holds which jobs have finished."""
JOB_SCHEDULES: Final = "JobSchedules"
"""The logical id of the group of schedules that send jobs later."""
JOB_SCHEDULE_GROUP: Final = "${AWS::StackName}-jobs"
"""The name of that group."""
SOURCE_FUNCTION: Final = "lambda:SourceFunctionArn"
"""The condition key with the function whose code makes a request."""
_INTERFACE_CHANGES: Final = (
    "ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface", "ec2:AssignPrivateIpAddresses",
    "ec2:UnassignPrivateIpAddresses",
)  # fmt: skip
_FOR_LAMBDA: Final = frozenset({"AWSLambdaENIManagementAccess", "AWSLambdaVPCAccessExecutionRole"})
"""AWS's managed policies with what Lambda needs for functions in a VPC, and not their code."""
_HERE: Final = "arn:${AWS::Partition}:%s:${AWS::Region}:${AWS::AccountId}:%s"


def default_grants(app: App, function: Function) -> tuple[Grant, ...]:
    """The baseline of a function: computed, or what `default_policy` and `default_vpc_policy` put in its place."""
    if app.default_policy is None:
        return tuple(grant for default in defaults_of(function) for grant in default(app, function))
    if "VpcConfig" not in function.properties:
        return app.default_policy
    return (*app.default_policy, *(app.default_vpc_policy or ()))


def defaults_of(function: Function) -> Iterator[Callable[[App, Function], Iterator[Grant]]]:
    """Yield the parts of the default whose property or field the function has; each may still give it nothing."""
    for default, need in DEFAULTS.items():
        if not need or need in function.properties or getattr(function, need, None):
            yield default


def needed_actions(app: App, function: Function) -> tuple[str, ...]:
    """The actions of a function's computed default, each once, also where a setting replaces it."""
    computed = replace(app, default_policy=None, default_vpc_policy=None)
    grants = default_grants(computed, function)
    return tuple(dict.fromkeys(action for grant in grants for action in grant.statement.actions.patterns))


def notes_of(app: App) -> list[str]:
    """A sentence for each function that brings its role, and one each for those that name no job and no output.

    These may send no job, or look up no output, where the app has any; workers of jobs are not meant.
    """
    notes = []
    for function in app.functions:
        if "Role" in function.properties:
            needed = ", ".join(needed_actions(app, function))
            note = f"{function.name} brings a role of its own, which must allow {needed}"
            if function.policy or function.managed:
                note += "; what the configuration grants to every function does not reach it"
            notes.append(note)
    silent = [function for function in app.functions if function.queue is None]
    senders = [function.name for function in silent if function.sends is None]
    if app.jobs and senders:
        sends = f"`sends=[{next(iter(app.jobs))}]` at one that does"
        notes.append(f"{few(senders)} may send no job, since none is named in their code: {sends}")
    readers = [function.name for function in silent if function.looks_up is None and "Role" not in function.properties]
    if app.outputs and app.default_policy is None and readers:
        reads = f"`reads=[{app.outputs[0].shared}]` at one that does"
        notes.append(f"{few(readers)} may look up no output, since none is named in their code: {reads}")
    return notes


def logs(_app: App, function: Function) -> Iterator[Grant]:
    """Yield the grant to write to its own log group, which the template declares: it may make no group."""
    reason = function.computed("writes its logs")
    yield Grant(
        allow("logs:CreateLogStream", "logs:PutLogEvents", on=function.log_group_arn),
        reason,
        function.origin,
    )


def network(app: App, function: Function) -> Iterator[Grant]:
    """Yield the grants to manage the network interfaces of a function in a VPC; `default_vpc_policy` replaces them.

    Sources: AWSLambdaVPCAccessExecutionRole (v3), and "Giving Lambda functions access to resources in an Amazon VPC":
    describing works on every resource only; for the rest all resources of the account and region must be named. A Deny
    keeps the function's own code from all of it that its policies do not allow: its requests carry its ARN, those of
    Lambda for it do not ("Using source function ARN to control function access behavior").
    """
    if app.default_vpc_policy is not None:
        yield from app.default_vpc_policy
        return
    origin = function.written.get("VpcConfig", function.origin)
    yield Grant(
        allow("ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets"),
        function.computed("runs in a VPC", "IAM knows no narrower resource for describing"),
        origin,
    )
    yield Grant(
        allow(*_INTERFACE_CHANGES, on=_HERE % ("ec2", "*/*")),
        function.computed("runs in a VPC"),
        origin,
    )
    granted = [*_granted_statements(app, function)]
    denied = [
        action
        for action in ("ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets", *_INTERFACE_CHANGES)
        if not any(actions_cover(statement.actions, Globs((action,))) for statement in granted)
    ]
    if denied:
        yield Grant(
            Statement(
                "Deny",
                Globs(tuple(denied)),
                Globs(("*",)),
                conditions=(Condition("ArnEquals", SOURCE_FUNCTION, (function.source_arn,)),),
            ),
            function.computed("leaves its network interfaces to Lambda", "its own code may not manage them"),
            origin,
        )


def _granted_statements(app: App, function: Function) -> Iterator[Statement]:
    """Yield the Allow statements of a function's own policy and of its managed policies that are known.

    AWS's managed policies for Lambda in a VPC are left out.
    """
    for grant in function.policy:
        if grant.statement.effect == "Allow":
            yield grant.statement
    for arn in function.managed:
        name = arn.rpartition("/")[2]
        policy = app.policies.get(name)
        managed = managed_policy(arn) if policy is None else None
        if managed is not None and name not in _FOR_LAMBDA:
            policy = parse(managed.document)
        for statement in () if policy is None else policy.statements:
            if statement.effect == "Allow":
                yield statement


def triggers(_app: App, function: Function) -> Iterator[Grant]:
    """Yield the grants of each trigger, at the function's line where a grant has none."""
    for trigger in function.triggers:
        for grant in trigger.grants(function):
            yield replace(grant, origin=grant.origin or function.origin)


def jobs(app: App, function: Function) -> Iterator[Grant]:
    """Yield the grants to send jobs to the queues that the function declares, or whose jobs its code names.

    Where jobs may wait, it may make schedules as well, and pass the role of the queue to EventBridge Scheduler.
    """
    sent = [queue.name for queue in app.queues if queue.name in (function.sends or ())]
    if not sent:
        return
    origin = function.origin
    reason = function.computed(f"may send jobs to {', '.join(sent)}")
    yield Grant(allow("sqs:SendMessage", on=tuple(queue_arn(name) for name in sent)), reason, origin)
    waiting = [queue.name for queue in app.queues if queue.name in sent and may_wait(app, queue)]
    if waiting:
        from remit.triggers.schedule import SCHEDULER  # noqa: PLC0415 - few apps have jobs

        reason = function.computed(f"may have jobs sent later to {', '.join(waiting)}")
        schedules = _HERE % ("scheduler", f"schedule/${{{JOB_SCHEDULES}}}/*")
        yield Grant(allow("scheduler:CreateSchedule", on=schedules), reason, origin)
        roles = tuple(f"${{{job_scheduler_id(name)}.Arn}}" for name in waiting)
        to_scheduler = Condition("StringEquals", "iam:PassedToService", (SCHEDULER,))
        # Whoever makes a schedule hands a role over, with which the Scheduler sends the job.
        yield Grant(allow("iam:PassRole", on=roles, when=(to_scheduler,)), reason, origin)


def job_source(_app: App, function: Function) -> Iterator[Grant]:
    """Yield the grant to take the jobs of a worker's queue."""
    if function.queue is not None:
        from remit.triggers.sqs import CONSUME  # noqa: PLC0415 - as above

        reason = function.computed(f"works job queue {function.queue}")
        yield Grant(allow(*CONSUME, on=queue_arn(function.queue)), reason, function.origin)


def failed_jobs(app: App, function: Function) -> Iterator[Grant]:
    """Yield the grants to let a job that failed wait before its next run, and to put aside one that failed for good."""
    for queue in app.queues:
        if queue.name != function.queue:
            continue
        if queue.backoff:
            reason = function.computed("lets a job that failed wait before it runs again")
            yield Grant(allow("sqs:ChangeMessageVisibility", on=queue_arn(queue.name)), reason, function.origin)
        reason = function.computed("puts jobs that failed for good aside, with the reason")
        yield Grant(allow("sqs:SendMessage", on=f"${{{dead_letter_id(queue.name)}.Arn}}"), reason, function.origin)


def job_marks(app: App, function: Function) -> Iterator[Grant]:
    """Yield the grant to mark jobs that have finished, where the worker's jobs ask for it (`once=True`)."""
    if any(queue.name == function.queue and queue.keeps_marks for queue in app.queues):
        reason = function.computed("marks jobs that have finished, so that they never run again")
        marks = f"${{{JOB_MARKS}.Arn}}"
        yield Grant(allow("dynamodb:UpdateItem", "dynamodb:GetItem", on=marks), reason, function.origin)


def shared_resources(app: App, function: Function) -> Iterator[Grant]:
    """Yield the grant to read the outputs of the app's own stack, for `lookup`, where the app has outputs."""
    if app.outputs and function.looks_up:
        reason = function.computed("may look up outputs of the app's stack")
        yield Grant(allow("cloudformation:DescribeStacks", on="${AWS::StackId}"), reason, app.outputs[0].origin)


def tracing(_app: App, function: Function) -> Iterator[Grant]:
    """Yield the grant to send traces to X-Ray, whose two actions know no resource, where tracing is active."""
    if function.properties["TracingConfig"].get("Mode") == "Active":
        reason = function.computed("is traced", "IAM knows no narrower resource for X-Ray")
        yield Grant(
            allow("xray:PutTraceSegments", "xray:PutTelemetryRecords"),
            reason,
            function.written.get("TracingConfig"),
        )


def encryption(app: App, function: Function) -> Iterator[Grant]:
    """Yield the grants to decrypt what its triggers read, and to encrypt what it sends that failed or to a destination.

    Only keys that encrypt it count, and those that AWS manages (`alias/aws/sqs`) need no grant.
    """
    for default in (triggers, dead_letters, destinations) if app.resources else ():
        yield from grants_on_keys(app, default(app, function))
    for trigger in function.triggers:
        if app.resources or getattr(trigger, "key", None) is not None:
            yield from grants_on_keys_of(trigger, app, function)


def encrypted_environment(app: App, function: Function) -> Iterator[Grant]:
    """Yield the grant to decrypt an environment, where a key encrypts it ("Securing Lambda environment variables")."""
    key = kms_key(own_resources(app).by_id, function.properties["KmsKeyArn"])
    if key is not None:
        yield Grant(
            key.allowing("kms:Decrypt"),
            function.computed("has an environment that this key encrypts"),
            function.written.get("KmsKeyArn"),
        )


def file_systems(app: App, function: Function) -> Iterator[Grant]:
    """Yield the grants to mount and write file systems of EFS and S3 Files ("Configuring file system access").

    One whose ARN is no text is left out.
    """
    for config in function.properties["FileSystemConfigs"]:
        point = tokens.textual(config.get("Arn"))
        if not isinstance(point, str):
            continue
        own = [own_resources(app).by_id.get(reference.target or "") for reference in tokens.references(point)]
        is_of_s3 = ":s3files:" in point or any(each is not None and "::S3Files::" in each.type for each in own)
        service = "s3files" if is_of_s3 else "elasticfilesystem"
        file_system, is_named, _ = point.partition("/access-point/")  # as the ARNs of S3 Files have it
        reason = function.computed(f"mounts {config.get('LocalMountPath', 'a file system')}")
        through = Condition("StringEquals", f"{service}:AccessPointArn", (point,))
        yield Grant(
            allow(
                f"{service}:ClientMount",
                f"{service}:ClientWrite",
                on=file_system if is_of_s3 and is_named else _HERE % (service, "file-system/*"),
                when=(through,),
            ),
            reason,
            function.written.get("FileSystemConfigs"),
        )


def queue_id(queue: str) -> str:
    """The logical id of a job queue."""
    return f"Job{logical(queue)}Queue"


def may_wait(app: App, queue: JobQueue) -> bool:
    """Return whether EventBridge Scheduler may be asked to send a job to the queue later."""
    is_sent = any(queue.name in (function.sends or ()) for function in app.functions)
    return app.schedules_jobs and not queue.is_fifo and is_sent


def job_schedulers(app: App) -> Iterator[Holder]:
    """Yield the roles with which EventBridge Scheduler sends jobs: for each queue with scheduled jobs or later ones.

    Whoever may hand over the role of a queue can have anything sent there, and nothing to another queue.
    """
    for queue in app.queues:
        if queue.scheduled or may_wait(app, queue):
            from remit.triggers.schedule import SCHEDULER, trust_of_group  # noqa: PLC0415 - as above

            reason = Reason("text", f"EventBridge Scheduler sends jobs to {queue.name}")
            send = Grant(allow("sqs:SendMessage", on=queue_arn(queue.name)), reason, app.queues_origin)
            trust = trust_of_group(JOB_SCHEDULE_GROUP)
            yield Holder(
                job_scheduler_id(queue.name),
                (inline((send,)),),
                trusts=(SCHEDULER,),
                trust=trust,
                origin=app.queues_origin,
            )


def job_scheduler_id(queue: str) -> str:
    """The logical id of the role under which EventBridge Scheduler sends jobs to a queue."""
    return f"Job{logical(queue)}SchedulerRole"


def dead_letter_id(queue: str) -> str:
    """The logical id of a job queue's dead-letter queue."""
    return f"Job{logical(queue)}DeadLetterQueue"


def queue_arn(queue: str) -> str:
    """The ARN of a job queue, as late-bound text."""
    return f"${{{queue_id(queue)}.Arn}}"


def stored_values(_app: App, function: Function) -> Iterator[Grant]:
    """Yield the grants to get what the environment names, and to decrypt it where a user's key encrypts it."""
    for value in function.stored_values:
        from remit.grants import secretsmanager, ssm  # noqa: PLC0415 - few functions name any

        read = {"secretsmanager": secretsmanager.read, "ssm": ssm.read}[value.store]
        for grant in read(value.subject, key=value.key):
            is_of_key = grant.statement.actions.patterns[0].startswith("kms:")
            encrypted = ", which this key encrypts" if is_of_key else ""
            reason = function.computed(f"reads {value.called}, which {value.variable} names{encrypted}")
            yield replace(grant, reason=reason, origin=value.origin)


DEFAULTS: Final[Mapping[Callable[[App, Function], Iterator[Grant]], str]] = {
    logs: "",
    network: "VpcConfig",
    triggers: "triggers",
    job_source: "queue",
    jobs: "sends",
    failed_jobs: "queue",
    job_marks: "queue",
    shared_resources: "looks_up",
    tracing: "TracingConfig",
    dead_letters: "DeadLetterConfig",
    encryption: "",
    encrypted_environment: "KmsKeyArn",
    stored_values: "stored_values",
    durable_executions: "DurableConfig",
    destinations: "event_invoke",
    file_systems: "FileSystemConfigs",
}
"""The parts of the default, in the order of their statements, each with the property or field that it is about."""
