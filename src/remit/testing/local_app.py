"""An app under test, as it runs on this machine: deployed once for all tests, with its data put back after each.

The AWS that it runs on is the tests' own: it is started in a temporary folder, for one process of tests, and the one
that `remit dev` and `remit deploy --local` use is not touched.
"""

from __future__ import annotations

import contextlib
import json
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from remit.answers.explanation import explain
from remit.build import build
from remit.deploy.deployment import DeployJob
from remit.deploy.execute import failure
from remit.deploy.log_lines import is_of_lambda
from remit.deploy.logs import app_readers, new_lines
from remit.deploy.refusals import at_lines
from remit.deploy.status import status
from remit.deploy.workflow import deploy
from remit.did_you_mean import did_you_mean
from remit.errors import RemitError
from remit.loading.load import load
from remit.local import aws as local_aws
from remit.local.control.answers import (
    AnsweringFunctions,
    forget_answers,
    give_answer,
    operation_model,
    serialised,
)
from remit.local.control.clients import account_of, client_arguments, function_session, session
from remit.local.control.invoke import invoke_locally
from remit.local.control.server_commands import NO_ACCESS, accesses, keep_data, put_data_back
from remit.local.lifeline import lifeline
from remit.project.dot_remit import own_folder
from remit.report.explanation import verdict_lines
from remit.report.operators import WordedOperator
from remit.resources.names import own_id
from remit.roles.assign import assign
from remit.roles.role_policies import ready_roles
from remit.triggers.http_events import http_event, request_line
from remit.triggers.sample_events import event_for, sample_event, with_deployed_names

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import boto3

    from remit.app import App, Function
    from remit.declare.resource_references import AnyRef
    from remit.deploy.invoke import Answer
    from remit.deploy.session import Account
    from remit.holders import Holder
    from remit.local.authorization.access_log import AccessRecord
    from remit.local.control.answers import Answering
    from remit.local.state_files import LocalAws


_LARGEST_SEEN: Final = 4 * 1024 * 1024
"""Bytes of a day's file in `.remit/seen` to which nothing more is added."""
_BETWEEN_LOOKS: Final = 0.05
"""Seconds between two looks at a log."""


class FunctionFailed(AssertionError):
    """A function that was invoked failed: `error` is what it answered, as Lambda has it, `log` its last lines."""

    def __init__(self, name: str, error: Any, log: str) -> None:
        super().__init__(f"function {name} failed: {json.dumps(error, indent=2)}\n{log}")
        self.error = error
        self.log = log


@dataclass(frozen=True, slots=True)
class RunningApp:
    """An app that is deployed to the tests' own AWS, and the values of its outputs by their names."""

    aws: LocalAws
    outputs: Mapping[str, str]
    account: Account
    session: boto3.Session
    """One for all tests: for each new one, botocore would read its models anew."""


class AppOfTests:
    """The app that a project's tests are about, for all of them: loaded, and deployed, when one asks for it."""

    def __init__(self, folder: Path, stage: str | None, place: Path) -> None:
        """`place` is an empty folder, in which the tests' AWS keeps its files."""
        self._folder = folder
        self._stage = stage
        self._place = place
        self._app: App | None = None
        self._roles: Mapping[str, Holder] = {}
        self._running: RunningApp | None = None
        self._problem: RemitError | None = None
        self._until_stopped = contextlib.ExitStack()
        self.last_access = 0
        """The number of the last access that functions asked for before the test that runs."""

    @property
    def app(self) -> App:
        """The app as its source declares it, loaded once. RemitError: there are mistakes in it."""
        if self._app is None:
            self._app = load(self._folder, self._stage)
            self._roles = ready_roles(self._app, assign(self._app))
        return self._app

    def role(self, function: str) -> Holder:
        """The role of a function. RemitError: there is no such function."""
        self.function(function)
        return self._roles[function]

    def function(self, name: str) -> Function:
        """A function of the app. RemitError: there is none of this name."""
        functions = {function.name: function for function in self.app.functions}
        if name not in functions:
            known = ", ".join(functions) or "none"
            raise RemitError(f"there is no function `{name}` in this app", hint=f"there are {known}")
        return functions[name]

    @property
    def running(self) -> RunningApp:
        """The app, deployed now unless it was before. RemitError: it cannot be deployed, the same one each time."""
        if self._problem is not None:
            raise self._problem
        if self._running is None:
            try:
                self._running = self._deployed()
            except RemitError as problem:
                self._problem = problem  # each further test would wait for the same
                raise
        return self._running

    @property
    def is_running(self) -> bool:
        """True if a test has asked for the app to run."""
        return self._running is not None

    def _deployed(self) -> RunningApp:
        """Build the project, start the local AWS if none runs, deploy to it, and keep the data of then.

        RemitError: it cannot be built, or the deploy failed.
        """
        built = build(self._folder, self._stage, for_this_machine=True)
        aws = local_aws.start(self._place)
        self._until_stopped.enter_context(lifeline(aws.pid))
        account = account_of(aws)
        deployment = deploy(DeployJob(built, account, WordedOperator(), yes=True))
        outcome = deployment.outcome
        if outcome is not None and not outcome.ok:
            raise at_lines(failure(outcome, outcome.hint), built)
        keep_data(aws)
        self.last_access, _ = accesses(aws, after=NO_ACCESS)
        outputs = {output.name: output.value for output in deployment.outputs}
        return RunningApp(aws, outputs, account, session(aws))

    def stop(self) -> None:
        """End the tests' AWS, and append to the project's `.remit/seen` what functions were seen to use."""
        self._until_stopped.close()
        local_aws.stop(self._place)
        for path in sorted(own_folder(self._place, "seen").glob("*.jsonl")):
            _append(path, own_folder(self._folder, "seen") / path.name)


def _append(source: Path, target: Path) -> None:
    """Append the lines that a file does not have; several processes of tests may do so at once.

    Nothing is added to one of more than 4 MB.
    """
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    known = set(target.read_text("utf-8", "replace").splitlines()) if target.exists() else set()
    lines = [line for line in source.read_text("utf-8").splitlines() if line not in known]
    if target.exists() and target.stat().st_size > _LARGEST_SEEN:
        return
    with target.open("a", encoding="utf-8") as file:
        file.write("".join(f"{line}\n" for line in lines))


class LocalApp:
    """The app under test, as the fixture `remit` gives it to one test."""

    def __init__(self, tests_app: AppOfTests) -> None:
        self._tests_app = tests_app
        self._answering: AnsweringFunctions | None = None

    def invoke(self, function: str, event: Any = None, *, http: str | None = None, example: str | None = None) -> Any:
        """What a function answers to an event: any JSON, a request (`GET /orders?x=1`), or a trigger's sample event.

        With `http`, `event` is the body, a text or what becomes JSON; without any of them, the event is `{}`.
        FunctionFailed: the function raised an error, crashed, or ran out of time. RemitError: there is no such
        function, or no such example.
        """
        answer = self._answer(function, self._event(function, event, http, example))
        if answer.failed:
            raise FunctionFailed(function, answer.value, answer.log)
        return answer.value

    def _event(self, name: str, event: Any, http: str | None, example: str | None) -> Any:
        """The event to send: of an HTTP request, an example with the deployed names, the one given, or an empty one."""
        app, function = self._tests_app.app, self._tests_app.function(name)
        if http is not None:
            body = event if event is None or isinstance(event, str) else json.dumps(event)
            return http_event(app, function, request_line(http), body)
        if example is not None:
            stack = status(self._tests_app.running.account, app.namespace)
            deployed = app if stack is None else with_deployed_names(app, stack.physical_ids)
            return event_for(sample_event(example), deployed, function)
        return {} if event is None else event

    def _answer(self, name: str, event: Any) -> Answer:
        """Invoke a function, by its alias if it has one. RemitError (2): it is not deployed."""
        function = self._tests_app.function(name)
        alias = "" if function.publication is None else f":{function.publication.alias}"
        full_name = f"{self._tests_app.app.deployed_name(function)}{alias}"
        answer = invoke_locally(self._tests_app.running.aws, full_name, event)
        if answer is None:
            raise RemitError(f"function {full_name} is not deployed")
        return answer

    def answer(self, service: str, operation: str, answer: Mapping[str, Any] | Answering) -> None:
        """Answer an operation of AWS until the test ends, to each caller that may make the call.

        `service` is what boto3's client is called (`textract`), `operation` as AWS calls it (`DetectDocumentText`).
        `answer` is what boto3 returns, or a function that makes it of the parameters, with bytes as bytes; it may raise
        a `botocore.exceptions.ClientError`. RemitError: there is no such operation, or it never answers like that.
        """
        aws = self._tests_app.running.aws
        model = operation_model(aws, service, operation)
        if callable(answer):
            self._answering = self._answering or AnsweringFunctions()
            give_answer(aws, model, {"address": self._answering.address(model, answer)})
        else:
            give_answer(aws, model, serialised(model, answer))

    def finish(self) -> None:
        """End a test: put the data back, and forget the answers of `answer`.

        AssertionError: a call was let through since nobody could tell what it asks, or a function that answers raised
        an error. A test that never asked for the app to run has nothing to put back.
        """
        if not self._tests_app.is_running:
            return
        aws = self._tests_app.running.aws
        put_data_back(aws)
        forget_answers(aws)
        if self._answering is not None:
            self._answering.close()
            for error in self._answering.errors:
                raise AssertionError("the function of remit.answer raised an error") from error
        self._tests_app.last_access, records = accesses(aws, self._tests_app.last_access)
        unknown = [access for access in records if access.decision == "unknown"]
        if unknown:
            lines = [f"{access.operation} of {access.function}: {access.because}" for access in unknown]
            raise AssertionError("\n".join(("calls that could not be checked:", *lines)))

    def accesses(self) -> tuple[AccessRecord, ...]:
        """What functions asked for since the test began, and what was decided, in the order of the requests."""
        _, records = accesses(self._tests_app.running.aws, self._tests_app.last_access)
        return records

    def client(self, service: str) -> Any:
        """A boto3 client of the AWS that the app runs on, for what a test prepares and looks at. It has full access."""
        running = self._tests_app.running
        make_client: Any = running.session.client  # boto3's stubs want a service by its literal name
        return make_client(service, **client_arguments(running.aws))

    def as_function(self, function: str) -> boto3.Session:
        """A boto3 session with the role of a function: its clients may do what the function may, and no more."""
        deployed_name = self._tests_app.app.deployed_name(self._tests_app.function(function))
        return function_session(self._tests_app.running.aws, deployed_name)

    def environment(self, function: str) -> Mapping[str, str]:
        """The environment of a function that is deployed: with it, `Data.table.name` is what the function has."""
        deployed_name = self._tests_app.app.deployed_name(self._tests_app.function(function))
        configuration = self.client("lambda").get_function_configuration(FunctionName=deployed_name)
        variables: Mapping[str, str] = configuration["Environment"]["Variables"]
        return variables

    def output(self, name: str) -> str:
        """The value of an output of the stack, such as the URL of a function: `HelloUrl`.

        RemitError (2): there is no such output.
        """
        outputs = self._tests_app.running.outputs
        if name not in outputs:
            raise RemitError(f"the stack has no output {name!r}", hint=f"it has {', '.join(sorted(outputs)) or 'none'}")
        return outputs[name]

    def ref(self, resource: AnyRef) -> str:
        """What `Data.table.ref` is once the app is deployed: a table's or bucket's name, a queue's URL, a topic's ARN.

        RemitError: the stack has no such resource.
        """
        logical_id = own_id(resource) or str(resource)
        deployed = status(self._tests_app.running.account, self._tests_app.app.namespace)
        physical_ids = {} if deployed is None else deployed.physical_ids
        if logical_id not in physical_ids:
            hint = did_you_mean(logical_id, physical_ids) or "name a shared resource: `Data.table`"
            raise RemitError(f"the stack has no resource `{logical_id}`", hint=hint)
        return physical_ids[logical_id]

    def logs(self, function: str) -> tuple[str, ...]:
        """The lines that a function has logged since the test began; those that Lambda writes are left out."""
        app = replace(self._tests_app.app, functions=(self._tests_app.function(function),))
        lines = new_lines(app_readers(self._tests_app.running.account, app, since_ms=0))
        return tuple(line.message for line in lines if not is_of_lambda(line.message))

    def wait_for_log(self, function: str, text: str, *, seconds: float = 10) -> str:
        """Wait for a line with a text in the log of a function that runs on its own, and return the first such line.

        AssertionError, with what it has logged: there is none after so many seconds.
        """
        last_moment = time.monotonic() + seconds
        while True:
            lines = self.logs(function)
            for line in lines:
                if text in line:
                    return line
            if time.monotonic() > last_moment:
                logged = "\n".join(lines) or "nothing"
                raise AssertionError(f"{function} has not logged {text!r} within {seconds} s, but:\n{logged}")
            time.sleep(_BETWEEN_LOOKS)

    def assert_allowed(self, function: str, action: str, resource: AnyRef) -> None:
        """Fail unless the function's role, as it is declared, allows an action on a resource.

        `resource` is a resource of the app (`Data.table`, `f"{Data.uploads.arn}/a.csv"`), an ARN, `*`, or a name
        (`orders`, `uploads/a.csv`). No AWS is needed for it.
        """
        self._assert_verdict(function, action, resource, ("Allowed",))

    def assert_denied(self, function: str, action: str, resource: AnyRef) -> None:
        """Fail unless the function's role, as it is declared, certainly denies an action on a resource."""
        self._assert_verdict(function, action, resource, ("ImplicitlyDenied", "ExplicitlyDenied"))

    def _assert_verdict(self, function: str, action: str, resource: AnyRef, verdicts: tuple[str, ...]) -> None:
        """AssertionError: the role's verdict on an action is none of these; its text says why."""
        role = self._tests_app.role(function)
        explanation = explain(role, f"function {function}", action, own_id(resource) or str(resource))
        if explanation.verdict not in verdicts:
            raise AssertionError("\n".join(verdict_lines(explanation)))
