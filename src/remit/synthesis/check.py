"""Check a template before anything is deployed: what AWS refuses, or accepts and means otherwise, stops here.

An emulator accepts most of these silently, and CloudFormation finds them minutes into a deploy.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Final

from remit.catalogue.quotas import quota
from remit.catalogue.types import resource_type
from remit.errors import Mistakes, RemitError, few
from remit.iam import tokens
from remit.project.setting_values import RUNTIME_ENDS, RUNTIMES
from remit.resources.check_schema import check_type, is_newer_python
from remit.resources.name_rules import broken_rule
from remit.resources.names import HTTP_API, own_id
from remit.roles.assign import assign
from remit.synthesis.check_references import KnownIds, check_output, check_references
from remit.synthesis.check_tables import TABLES, check_table

if TYPE_CHECKING:
    from remit.app import App, Resource, Template, UnreadParts
    from remit.holders import Holder

_MAPPING: Final = "AWS::Lambda::EventSourceMapping"
_QUEUE: Final = "AWS::SQS::Queue"
_NEARLY: Final = 0.9  # of a stack's resources: from there on people are told
_ACTION: Final = re.compile(r"\*|[A-Za-z0-9*?-]+:[A-Za-z0-9*?]+")


def check(template: Template, roles: tuple[Holder, ...], app: App, mistakes: Mistakes, unread: UnreadParts) -> None:
    """Note in `mistakes` everything that a deploy would fail on, each at the line that wrote it.

    Cycles are looked for once each reference leads somewhere, and permissions where they can be known.
    """
    most, count = quota("cloudformation.template.resources").most, len(template.resources)
    if count > most:
        message = f"the template has {count} resources; CloudFormation allows {most}: {_counts_by_type(template)}"
        mistakes.add(message, hint=_way_to_fewer(template, app, roles))
    most, count = quota("cloudformation.template.outputs").most, len(template.outputs)
    if count > most:
        mistakes.add(f"the template has {count} outputs; CloudFormation allows {most}")
    _check_resources(template, app, mistakes, unread)
    mappings = [resource for resource in app.resources if resource.type == _MAPPING]
    if mappings:
        from remit.synthesis.check_event_sources import check_event_sources  # noqa: PLC0415 - it brings the evaluator

        mistakes.errors += check_event_sources(mappings, app, roles, unread.access_of)
    for role in roles:
        for grant in role.grants:
            for action in grant.statement.actions.patterns:
                if not _ACTION.fullmatch(action):
                    from remit.judge.meant_items import hint_of_action  # noqa: PLC0415 - of mistakes alone

                    problem = f"{action!r} is not an action: IAM refuses the policy of {few(role.serves)}"
                    mistakes.add(problem, hint=hint_of_action(action), origin=grant.origin)


def _check_resources(template: Template, app: App, mistakes: Mistakes, unread: UnreadParts) -> None:
    """Note what is wrong with each resource and output, between them, and with the permissions of functions."""
    by_id = {resource.logical_id: resource for resource in template.resources}
    written = {function.resource_id: function.written for function in app.functions}
    known = KnownIds(by_id, {value.parameter for value in template.parameters}, unread.lost)
    targets: dict[str, tuple[str, ...]] = {}
    misled: set[str] = set()
    for resource in template.resources:
        targets[resource.logical_id], wrong = check_references(resource, known, written.get(resource.logical_id, {}))
        mistakes.errors += wrong
        if wrong:
            misled.add(resource.logical_id)
    # What a trigger offers without a line of its own refers to what the trigger's resources do, which told it.
    declared_outputs = [output for output in template.outputs if output.origin is not None]
    of_outputs = [mistake for output in declared_outputs for mistake in check_output(output, known)]
    mistakes.errors += of_outputs
    try:
        TopologicalSorter(targets if not misled and not of_outputs else {}).prepare()  # else not all edges are known
    except CycleError as error:
        cycle: list[str] = error.args[1][::-1]
        mistakes.add(
            f"resources form a circular dependency: {' -> '.join(cycle)}",
            hint="break one of these references, for example by giving a fixed name",
            origin=by_id[cycle[0]].origin,
        )
    kinds = map(resource_type, dict.fromkeys(resource.type for resource in template.resources))
    if not unread.permissions and any(kind is not None and kind.invokes for kind in kinds):
        from remit.synthesis.check_permissions import check_permissions  # noqa: PLC0415 - Lambda polls most sources itself

        mistakes.errors += check_permissions(template.resources, app.namespace, misled, unread.triggers_of)
    for resource in template.resources:
        of_name = [*check_name(resource)]
        mistakes.errors += of_name
        named, kind = resource, resource_type(resource.type)
        if of_name and kind is not None and kind.naming is not None:  # the schema says the same of many names
            named = replace(resource, properties={**resource.properties, kind.naming.property: "${AWS::StackName}"})
        mistakes.errors += check_type(named, written.get(resource.logical_id, {}))
        mistakes.errors += _check_by_type(resource, by_id, app.namespace)
    _check_names(template.resources, mistakes)


def _check_names(resources: Iterable[Resource], mistakes: Mistakes) -> None:
    """Note each resource with the name of an earlier one of its type, where names must be unique."""
    by_name: dict[tuple[str, str], Resource] = {}
    for resource in resources:
        kind = resource_type(resource.type)
        if kind is None or kind.naming is None or not kind.is_unique_by_name:
            continue
        name = tokens.textual(resource.properties.get(kind.naming.property))
        if not isinstance(name, str):
            continue
        namesake = by_name.setdefault((resource.type, kind.naming.in_arn(name)), resource)
        if namesake is not resource:
            mistakes.add(
                f"`{resource.logical_id}` and `{namesake.logical_id}` are two {kind.called}s named {name!r}",
                hint="rename one of them, or leave the name out: CloudFormation makes one",
                origin=resource.origin or namesake.origin,
            )


def _check_by_type(resource: Resource, by_id: Mapping[str, Resource], namespace: str) -> Iterator[RemitError]:
    """Yield what is wrong with a resource by its type.

    A function's environment that is too large, a mapping's queue that hides messages too short, keys of tables, a log
    group that its own function runs on, and queues that SQS refuses.
    """
    if resource.type == "AWS::Lambda::Function":
        variables = resource.properties.get("Environment", {}).get("Variables", {})
        size = sum(len(f"{name}{value}".encode()) for name, value in variables.items())
        limit = quota("lambda.function.environment").most
        if size > limit:
            yield RemitError(
                f"the environment of `{resource.logical_id}` has {size:,} bytes; Lambda allows {limit:,}",
                hint="keep large values in a file of the package, or in Parameter Store",
                origin=resource.origin,
            )
    elif resource.type == _MAPPING:
        yield from _check_visibility(resource, by_id)
    elif resource.type in TABLES:
        yield from check_table(resource)
    elif resource.type == "AWS::Logs::SubscriptionFilter":
        yield from _check_own_logs(resource, by_id, namespace)
    elif resource.type == _QUEUE:
        redrive = resource.properties.get("RedrivePolicy")
        target = redrive.get("deadLetterTargetArn") if isinstance(redrive, Mapping) else None
        dead_letters = by_id.get(own_id(tokens.textual(target)))
        yield from check_queue(resource, dead_letters if dead_letters and dead_letters.type == _QUEUE else None)


def _check_own_logs(subscription: Resource, by_id: Mapping[str, Resource], namespace: str) -> Iterator[RemitError]:
    """Yield the error for a subscription by which a function runs on its own log group: each run writes more to it."""
    function = by_id.get(own_id(tokens.textual(subscription.properties.get("DestinationArn"))))
    if function is None or function.type != "AWS::Lambda::Function":
        return
    written = function.properties.get("LoggingConfig", {}).get("LogGroup")
    own_group = by_id.get(own_id(tokens.textual(written)))
    name = written if own_group is None else own_group.properties.get("LogGroupName")
    subscribed = subscription.properties.get("LogGroupName")
    texts = [str(tokens.textual(value)).replace("${AWS::StackName}", namespace) for value in (name, subscribed)]
    if texts[0] == texts[1] or (own_group is not None and own_id(tokens.textual(subscribed)) == own_group.logical_id):
        yield RemitError(
            f"`{function.logical_id}` would run on its own logs, and each run writes more of them",
            hint="name the log group of another function",
            origin=subscription.origin or function.origin,
        )


def notes_on(template: Template, roles: tuple[Holder, ...], app: App) -> Iterator[str]:
    """A sentence for each runtime whose end is near or over, or that remit does not know, with its functions.

    One more follows where the template nearly has as many resources as a stack may: which they are, and a way to fewer.
    """
    by_runtime: dict[str, list[str]] = {}
    for function in app.functions:
        by_runtime.setdefault(str(function.properties.get("Runtime")), []).append(function.name)
    for runtime, names in sorted(by_runtime.items()):
        if runtime in RUNTIME_ENDS:
            yield f"Lambda supports {runtime} until {RUNTIME_ENDS[runtime]}: set another `runtime` for {few(names)}"
        elif is_newer_python(runtime, RUNTIMES):
            yield f"remit does not know {runtime} of {few(names)}: the newest that it knows is {RUNTIMES[-1]}"
    most, count = quota("cloudformation.template.resources").most, len(template.resources)
    if count >= _NEARLY * most:
        yield (
            f"the template has {count} of {most} resources that CloudFormation allows: {_counts_by_type(template)}; "
            f"{_way_to_fewer(template, app, roles)}"
        )


def _counts_by_type(template: Template) -> str:
    """How many resources there are of each type, the most first, in words: `12 AWS::IAM::Role, 3 AWS::SQS::Queue`."""
    counts = Counter(resource.type for resource in template.resources)
    return ", ".join(f"{number} {kind}" for kind, number in counts.most_common())


def _way_to_fewer(template: Template, app: App, roles: tuple[Holder, ...]) -> str:
    """The way to a smaller template, in words: each setting that makes fewer resources, with how many.

    And two projects, if those settings are not enough, or there are none.
    """
    http_api = [resource for resource in template.resources if resource.properties.get("ApiId") == f"${{{HTTP_API}}}"]
    permissions = [resource for resource in template.resources if f"{HTTP_API}Permission" in resource.logical_id]
    fewer = {
        "config.lambda_.iam.share_roles": len(roles) - len(assign(replace(app, share_roles=True))),
        "config.lambda_.share_log_group": len({function.log_group_id for function in app.functions}) - 1,
        # All but the stage become part of the API, and there is a role more.
        "config.api.routes_in_body": len(http_api) + len(permissions) - 2,
    }
    helpful = {setting: number for setting, number in fewer.items() if number > 0}
    ways = ", ".join(f"`{setting} = True` makes {number} fewer" for setting, number in helpful.items())
    if len(template.resources) - sum(helpful.values()) <= quota("cloudformation.template.resources").most:
        return ways or "split the app into two projects"
    return f"split the app into two projects; {ways}" if ways else "split the app into two projects"


def _check_visibility(mapping: Resource, by_id: Mapping[str, Resource]) -> Iterator[RemitError]:
    """Yield the error for a queue that hides a message for less time than its function may run: Lambda refuses that.

    Source: "Creating and configuring an Amazon SQS event source mapping" (AWS Lambda Developer Guide).
    """
    queue = by_id.get(own_id(tokens.textual(mapping.properties.get("EventSourceArn"))))
    function = by_id.get(own_id(tokens.textual(mapping.properties.get("FunctionName"))))
    if function is not None and function.type == "AWS::Lambda::Alias":
        function = by_id.get(own_id(tokens.textual(function.properties.get("FunctionName"))))
    if queue is None or queue.type != _QUEUE or function is None:
        return
    # SQS and Lambda take these numbers of seconds where the template says nothing.
    hidden, runs = queue.properties.get("VisibilityTimeout", 30), function.properties.get("Timeout", 3)
    if isinstance(hidden, int) and isinstance(runs, int) and hidden < runs:
        yield RemitError(
            f"queue `{queue.logical_id}` hides a message for {hidden} s, but `{function.logical_id}` may run {runs} s",
            hint=f"Lambda refuses that: visibility_timeout={6 * runs} is what AWS advises",
            origin=queue.origin or mapping.origin,
        )


_FIFO: Final = ".fifo"
_FIFO_PROPERTIES: Final = {"AWS::SQS::Queue": "FifoQueue", "AWS::SNS::Topic": "FifoTopic"}


def check_name(resource: Resource) -> Iterator[RemitError]:
    """Yield what is wrong with a resource's name, so that AWS refuses it; nothing of a name that the deploy makes."""
    kind = resource_type(resource.type)
    if kind is None or kind.naming is None:
        return
    name = tokens.textual(resource.properties.get(kind.naming.property))
    if not isinstance(name, str):
        return
    is_fifo = resource.type in _FIFO_PROPERTIES and _is_fifo(resource)
    # The names of FIFO queues and topics, and theirs alone, end with .fifo.
    if resource.type in _FIFO_PROPERTIES and not tokens.references(name) and is_fifo != name.endswith(_FIFO):
        problem, hint = f"ends with {_FIFO}, as FIFO {kind.called}s' do", f"add `fifo_{kind.called}=True`"
        if is_fifo:
            stem = name[: -len(_FIFO)] if name.lower().endswith(_FIFO) else name
            problem, hint = f"must end with {_FIFO}: it is a FIFO {kind.called}", f'{kind.called}_name="{stem}{_FIFO}"'
        message = f"the name {name!r} of {kind.called} `{resource.logical_id}` {problem}"
        yield RemitError(message, hint=hint, origin=resource.origin)
    broken = broken_rule(resource.type, tokens.split(name))
    if broken is not None:
        yield RemitError(
            f"{name!r:.80} is not a valid name for {kind.called} `{resource.logical_id}`",
            hint=broken,
            origin=resource.origin,
            path=(kind.naming.property,),
        )


def check_queue(queue: Resource, dead_letters: Resource | None) -> Iterator[RemitError]:
    """Yield SQS's refusals of a queue; `dead_letters` is its dead-letter queue, None where the app has none for it.

    Source: "SetQueueAttributes" (Amazon SQS API Reference): the dead-letter queue of a FIFO queue must be one, too.
    """
    if not _is_fifo(queue) and "ContentBasedDeduplication" in queue.properties:
        yield RemitError(
            f"queue `{queue.logical_id}` sets ContentBasedDeduplication, which FIFO queues alone have",
            hint="add `fifo_queue=True`, or leave it out",
            origin=queue.origin,
            path=("ContentBasedDeduplication",),
        )
    if dead_letters is not None and _is_fifo(queue) != _is_fifo(dead_letters):
        kind, other_kind = ("a FIFO", "a standard") if _is_fifo(queue) else ("a standard", "a FIFO")
        yield RemitError(
            f"`{queue.logical_id}` is {kind} queue, and its dead-letter queue"
            f" `{dead_letters.logical_id}` {other_kind} one",
            hint="SQS wants both to be of one kind",
            origin=queue.origin,
            path=("RedrivePolicy",),
        )


def _is_fifo(resource: Resource) -> bool:
    """Return whether a queue or a topic says that it is FIFO. KeyError: it is of another type."""
    return str(resource.properties.get(_FIFO_PROPERTIES[resource.type], False)).lower() == "true"
