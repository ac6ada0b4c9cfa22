"""Declarations of an app: overrides, names that remit does not know, events, resources that could be named."""

from __future__ import annotations

import ast
import json
import re
from collections import Counter
from dataclasses import replace
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from remit.app import App, Function, Grant, Resource
from remit.catalogue.actions import targets_of
from remit.catalogue.types import arn_of, resource_type
from remit.lint.finding import ERROR, NOTE, WARNING, Problem, rule
from remit.project.current_load import placed
from remit.resources.check_schema import UNKNOWN_PROPERTY, UNKNOWN_TYPE, UNKNOWN_VALUE, check_type
from remit.roles.assign import may_break
from remit.source import places
from remit.source.handler_problem import split
from remit.source.layout import module_file
from remit.source.python_file import origin_in, read
from remit.triggers.payload_format import SAMPLE, in_format_1
from remit.triggers.trigger import trigger_files

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from remit.answers.remedy import Remedy
    from remit.errors import Origin
    from remit.lint.rule_inputs import Project


@rule("R704", ERROR, looks_at="project")
def broken_by_override(project: Project) -> Iterator[Problem]:
    """The computed default is replaced, denied or bounded, so that the role lacks what the function's own features need.

    Event sources and VPC settings fail when they are deployed; without its logs a function writes none. It is a warning of
    what is lost only when the function runs, such as its logs, and of what remit does not know for sure.

    Flagged:

        from remit import configure

        with configure() as config:
            config.lambda_.iam.default_policy = []

    Better:

        from remit import configure

        with configure() as config:
            config.lambda_.iam.policy = ["xray:PutTraceSegments"]

    Source: "Defining Lambda function permissions with an execution role" (AWS Lambda Developer Guide).
    """
    app = project.app
    if not may_break(app, project.roles):
        return
    from remit.roles.broken_features import broken, grouped  # noqa: PLC0415 - most apps replace nothing: no evaluator

    for feature in grouped(broken(app, project.roles), app):
        yield Problem(feature.message, feature.way, (), feature.severity, origin=feature.origin)


@rule("R707", NOTE, looks_at="project")
def replaced_default(project: Project) -> Iterator[Problem]:
    """A default policy is set beside a policy: the first replaces what remit computes, the second adds to it.

    Both reach every function. What the replaced default breaks is another matter (R704).

    Flagged:

        from remit import configure

        with configure() as config:
            config.lambda_.iam.policy = ["xray:PutTraceSegments"]
            config.lambda_.iam.default_policy = ["logs:CreateLogStream", "logs:PutLogEvents", "sqs:*"]

    Better:

        from remit import configure

        with configure() as config:
            config.lambda_.iam.policy = ["xray:PutTraceSegments"]

    Source: "The configuration" (remit's README).
    """
    app = project.app
    if app.default_policy is None:
        return
    reasons = [grant.reason for function in app.functions for grant in function.policy]
    if any(reason.kind == "setting" and reason.subjects == ("policy",) for reason in reasons):
        message = "default_policy replaces the computed default; what is in `config.lambda_.iam.policy` is added to it"
        yield Problem(message, "to add only, leave default_policy out", origin=app.default_policy_origin)


@rule("R801", ERROR, looks_at="project")
def unknown_type(subject: Project) -> Iterator[Problem]:
    """A resource has a type that remit does not know: a slip, or one of a third party, of a module, or newer than its data.

    Nothing is computed for a type that is accepted: no deployer policy, no comparison, no simulation.

    Flagged:

        from remit import App, Shared, resource

        app = App()


        class Data(Shared):
            orders = resource("AWS::DynamoDB::Tabel")

    Better:

        from remit import App, Shared, resource

        app = App()


        class Data(Shared):
            monitor = resource("Datadog::Monitors::Monitor")  # remit: allow R801 because it is a type of a third party

    Source: the resource types' schemas (CloudFormation registry).
    """
    yield from _problems(subject, UNKNOWN_TYPE)


@rule("R802", ERROR, looks_at="project")
def unknown_resource_property(subject: Project) -> Iterator[Problem]:
    """A resource or a function has a property that its type lacks, as far as remit knows.

    CloudFormation refuses a slip. What is accepted goes into the template as it is written.

    Flagged:

        from remit import App

        app = App()


        @app.function(properties={"MemorySiz": 512})
        def hello(event, context): ...

    Better:

        from remit import App

        app = App()


        @app.function(memory_size=512)
        def hello(event, context): ...

    Source: the resource types' schemas (CloudFormation registry).
    """
    yield from _problems(subject, UNKNOWN_PROPERTY)


@rule("R803", ERROR, looks_at="project")
def unknown_value(subject: Project) -> Iterator[Problem]:
    """A property has a value that is none of those that its type takes, as far as remit knows.

    Flagged:

        from remit import App, Shared, resource

        app = App()


        class Data(Shared):
            orders = resource("AWS::Logs::LogGroup", log_group_class="RARE_ACCESS")

    Better:

        from remit import App, Shared, resource

        app = App()


        class Data(Shared):
            orders = resource("AWS::Logs::LogGroup", log_group_class="INFREQUENT_ACCESS")

    Source: the resource types' schemas (CloudFormation registry).
    """
    yield from _problems(subject, UNKNOWN_VALUE)


def _problems(subject: Project, code: str) -> Iterator[Problem]:
    """The mistakes of one rule in the app's own resources and functions, at the lines of what is wrong."""
    app = subject.app
    mistakes = [mistake for resource in app.resources for mistake in check_type(resource, {})]
    for function in app.functions:
        declared = Resource(function.resource_id, "AWS::Lambda::Function", function.properties, origin=function.origin)
        mistakes += check_type(declared, function.written)
    for mistake in placed((mistake for mistake in mistakes if mistake.rule == code), subject.folder).errors:
        yield Problem(mistake.message, mistake.hint, origin=mistake.origin)


@rule("R711", WARNING, looks_at="project")
def other_payload_format(subject: Project) -> Iterator[Problem]:
    """A handler reads fields of an event that its routes do not send: they belong to the other payload format.

    Routes of an HTTP API send payload format 2.0 unless the app says otherwise, and function URLs send no other. REST
    APIs send format 1.0, which Chalice reads, too: `event["httpMethod"]` is a KeyError under 2.0.

    Flagged:

        from remit import App, on

        app = App()


        @app.function(on.api("GET /orders"))
        def orders(event, context):
            return {"statusCode": 200, "body": event["httpMethod"]}

    Better:

        from remit import App, on

        app = App()


        @app.function(on.api("GET /orders", payload_format_version="1.0"))
        def orders(event, context):
            return {"statusCode": 200, "body": event["httpMethod"]}

    Source: "Create AWS Lambda proxy integrations for HTTP APIs in API Gateway" (Amazon API Gateway Developer Guide).
    """
    sample = json.loads(SAMPLE.read_text("utf-8"))
    fields_of = {"1.0": frozenset(_fields(in_format_1(sample))), "2.0": frozenset(_fields(sample))}
    # The sample's caller brings a token; others are told elsewhere.
    fields_of["2.0"] |= {"requestContext.authorizer.iam", "requestContext.authorizer.lambda"}
    for function in subject.app.functions:
        formats = {_format(trigger, function, subject.app) for trigger in function.triggers}
        if function.web is not None or len(formats) != 1 or formats == {""}:
            continue
        (sent,) = formats
        other = "1.0" if sent == "2.0" else "2.0"
        places = dict(_fields_read(subject, function))
        wrong = places.keys() & fields_of[other] - fields_of[sent]
        # A handler that reads fields of both formats, or the version, asks which one it got.
        if not wrong or places.keys() & fields_of[sent] - fields_of[other] or "version" in places:
            continue
        field = min(wrong, key=lambda name: (places[name].line, places[name].column, name))
        choice = (
            f'`payload_format_version="{other}"` of `on.api`, or `config.api.payload_format_version`, sends {other}'
        )
        is_of_rest_api = "rest" in trigger_files((function,))
        yield Problem(
            f"{function.name} reads {field} of its event: payload format {other} has that, and its routes send {sent}",
            "a REST API sends no other: routes of `on.api` do" if is_of_rest_api else choice,
            origin=places[field],
        )


def _fields(event: Mapping[str, Any], outer: str = "") -> Iterator[str]:
    """Yield the names of what an event has, each step after a dot: `requestContext.http`."""
    for name, value in event.items():
        yield f"{outer}{name}"
        if isinstance(value, dict):
            yield from _fields(value, f"{outer}{name}.")


def _format(trigger: Any, function: Function, app: App) -> str:
    """The payload format of the events of a trigger, "1.0" or "2.0"; "" where it is no route of an API."""
    if hasattr(trigger, "payload_format_version"):  # of `on.api`, whose file brings those of its authorizers
        return str(trigger.payload_format(function, app))
    # By the name of its file: most apps have no REST API, and load nothing of one.
    return {"http": "2.0", "rest": "1.0"}.get(type(trigger).__module__.rpartition(".")[2], "")


def _fields_read(subject: Project, function: Function) -> Iterator[tuple[str, Origin]]:
    """Yield the fields of its event that a handler reads by name, as in `requestContext.http`, with their places.

    Nothing where its file is not found.
    """
    module, name = split(function.handler)
    path = module_file(subject.folder, module, function.code)
    if path is None:
        return
    for handler in read(str(path)).nodes:
        if isinstance(handler, ast.FunctionDef) and handler.name == name and handler.args.args:
            for node in ast.walk(handler):
                field = _field(node, handler.args.args[0].arg)
                if field and isinstance(node, ast.expr):
                    yield field[1:], origin_in(path.relative_to(subject.folder).as_posix(), node)


def _field(node: ast.AST, event: str) -> str | None:
    """The field that an expression reads: `.a.b` of `event["a"].get("b")`, "" of the event itself; None: none."""
    match node:
        case ast.Name(id=name) if name == event:
            return ""
        case (
            ast.Subscript(value=whole, slice=ast.Constant(value=str(key)))
            | ast.Call(func=ast.Attribute(value=whole, attr="get"), args=[ast.Constant(value=str(key)), *_])
        ):
            outer = _field(whole, event)
            return None if outer is None else f"{outer}.{key}"
    return None


_PLACE: Final = r"\$\{[^{}]*\}"
_LATE: Final = r"\$\{AWS::\w+\}"
_MOST: Final = 3  # spellings, where the app has several resources of the kind
_MOST_TRIED: Final = 12  # resources; where no typed grant fits these, none will fit the others of the same kind
_NAME: Final = r"[^/:*?]+"
_ANY_NAME: Final = "late"
"""Stands for a part of an ARN that only the deploy knows."""


@rule("R222", WARNING, looks_at="project")
def nameable_resource(subject: Project) -> Iterator[Problem]:
    """An action on every resource, where the app has a resource of that kind to name.

    `"sqs:SendMessage"` is short, and sends to every queue of the account. A typed grant is as short, and names one. It is a
    note where the app names such a resource elsewhere, and a warning where the app declares it.

    Flagged:

        from remit import configure

        with configure() as config:
            config.lambda_.iam.policy = ["sqs:SendMessage"]

    Better:

        from remit import configure
        from remit.grants import sqs

        with configure() as config:
            config.lambda_.iam.policy = [sqs.send("orders")]

    Source: "Security best practices in IAM" (IAM User Guide): apply least-privilege permissions.
    """
    resources_of_grants = (grant.statement.resources for role in subject.roles for grant in role.grants)
    named_arns = tuple(dict.fromkeys(arn for globs in resources_of_grants if globs for arn in globs.patterns))
    resources_by_action: dict[str, Sequence[str]] = {}
    reported: set[tuple[Origin, str]] = set()
    for role in subject.roles:
        functions = [function for function in subject.app.functions if function.name in role.functions]
        if not functions:  # a workflow's: what it is granted stands in no decorator
            continue
        ordinals: Counter[Origin | None] = Counter()
        for grant in role.grants:
            ordinal = ordinals[grant.origin]
            ordinals[grant.origin] += 1
            for action in _actions_everywhere(grant):
                if grant.origin is None or (grant.origin, action) in reported:
                    continue
                reported.add((grant.origin, action))
                # In its file the grant is written; for a setting, in none.
                function = replace(functions[0], origin=None) if grant.reason.kind == "setting" else functions[0]
                if action not in resources_by_action:
                    resources = islice(_nameable(subject, action, named_arns), _MOST_TRIED)
                    resources_by_action[action] = _typed(subject, function, action, resources)
                spellings = tuple(_spellings(subject, function, action, resources_by_action[action]))
                if spellings:
                    is_own = any(resource.startswith("${") for resource in resources_by_action[action])
                    yield Problem(
                        f"'{action}' is granted on '*', where the app has a resource to name",
                        f"write {' or '.join(spellings)}",
                        severity=WARNING if is_own else NOTE,
                        origin=places.inside(subject.folder, grant.origin, ("Action", action), ordinal),
                    )


def _actions_everywhere(grant: Grant) -> Iterator[str]:
    """The actions, without wildcards, that a grant allows on `*` alone; none of a Deny or a NotAction."""
    statement = grant.statement
    everywhere = statement.resources is not None and statement.resources.patterns == ("*",)
    if not everywhere or statement.effect != "Allow" or statement.actions.negated:
        return
    for action in statement.actions.patterns:
        if ":" in action and "*" not in action and "?" not in action:
            yield action


def _fix(subject: Project, function: Function, action: str, resource: str) -> Remedy:
    """The grant to write, with its imports, that gives a function an action on a resource."""
    from remit.answers.remedy import remedy  # noqa: PLC0415 - few apps have such an action

    return remedy(subject.app, function, action, resource, subject.folder)


def _typed(subject: Project, function: Function, action: str, resources: Iterable[str]) -> tuple[str, ...]:
    """The first `_MOST` resources, or what is below them (`/*`), for which a typed grant gives an action.

    What no verb gives is spelled `allow("…", on=…)`, where the action acts on one type of resource alone, and the app
    declares one.
    """
    targets = targets_of(action)
    acts_on_one_type = len([target for target in targets if target.required] or targets) == 1
    by_verb: dict[str, str] = {}
    by_allow: dict[str, str] = {}
    for resource in resources:
        for named in (resource, f"{resource}/*"):  # a verb may grant what stands below: the paths of a domain
            fix = _fix(subject, function, action, named)
            if fix.typed:
                by_verb.setdefault(fix.item, named)
                break
            if named == resource and named.startswith("${") and acts_on_one_type:
                by_allow.setdefault(fix.item, named)
        if len(by_verb) == _MOST:
            break
    return tuple((by_verb or by_allow).values())[:_MOST]


def _spellings(subject: Project, function: Function, action: str, resources: Sequence[str]) -> Iterator[str]:
    """The typed grants that could stand in the place of an action on `*`, each with the imports that it needs."""
    for resource in resources:
        fix = _fix(subject, function, action, resource)
        imports = " and ".join(f"`{line}`" for line in fix.imports)
        yield f"`{fix.item}`, with {imports}" if imports else f"`{fix.item}`"


def _nameable(subject: Project, action: str, named_arns: tuple[str, ...]) -> Iterator[str]:
    """The ARNs of resources that an action acts on: those that the app declares, then those that its grants name."""
    forms = [form for target in targets_of(action) for form in target.type.arns]
    for form in forms:
        for resource in subject.app.resources:
            below = _below(resource, form)
            if below is not None:
                yield f"{arn_of(resource)}{below}"
    for form in forms:
        pattern = _pattern(form)
        yield from (arn for arn in named_arns if pattern.fullmatch(re.sub(_LATE, _ANY_NAME, arn)))


def _below(resource: Resource, form: str) -> str | None:
    """Return the part below a declared resource in ARNs of a form: `/*` for its objects, else ""; None for others."""
    kind = resource_type(resource.type)
    if kind is None or kind.arn is None or arn_of(resource) is None:
        return None
    own = re.sub(_PLACE, _ANY_NAME, kind.arn.text)
    pattern = _pattern(form, is_own=True)
    if pattern.fullmatch(own):
        return ""
    return "/*" if pattern.fullmatch(f"{own}/{_ANY_NAME}") else None


@cache
def _pattern(form: str, *, is_own: bool = False) -> re.Pattern[str]:
    """A regular expression for the ARNs of a form (`…/${Name}`) that name one thing.

    Below a thing that is not the app's own (`is_own`) anything may stand.
    """
    literals = [re.escape(literal) for literal in re.split(_PLACE, form)]
    names = [_NAME] * (len(literals) - 1)
    if literals[-2:] == ["/", ""] and not is_own:
        names[-1] = ".+"
    parts = [literals[0]]
    for name, literal in zip(names, literals[1:], strict=True):
        parts += [name, literal]
    return re.compile("".join(parts))
