"""Resource types, properties and values that the catalogue has not: slips, or newer than remit's data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.app import Resource
from remit.lint.finding import ERROR, Problem, rule
from remit.project.current_load import placed
from remit.resources.check_schema import UNKNOWN_PROPERTY, UNKNOWN_TYPE, UNKNOWN_VALUE, check_type

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.rule_inputs import Project


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
