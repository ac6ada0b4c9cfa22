"""A mapping that is written by hand reads nothing that its function may not read: Lambda would refuse it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from projects import at

if TYPE_CHECKING:
    from conftest import Make
    from projects import Project

QUEUE = "queue.arn"
STREAM = "'arn:aws:kinesis:eu-west-1:111122223333:stream/clicks'"
CONSUME = "'sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'"

TAGGED = "{'StringEquals': {'aws:PrincipalTag/team': 'shop'}}"


def project(make: Make, options: str = "", source: str = QUEUE, name: str = "'${HelloFunction}'") -> Project:
    """An app whose function reads a source by a mapping that is written by hand."""
    data = f"""from remit import Shared, resource
class Data(Shared):
    queue = resource("AWS::SQS::Queue", visibility_timeout=180)
    mapping = resource("AWS::Lambda::EventSourceMapping", event_source_arn={source}, function_name={name},
        starting_position="LATEST")
"""
    app = f"from remit import grants, on\n@app.function({options})\ndef hello(event, context): ...\n"
    return make(app=app, **{"shared/resources/data.py": data})


@pytest.mark.parametrize(
    "name", ["'${HelloFunction}'", "{'Fn::GetAtt': ['HelloFunction', 'Arn']}", "'orders-dev-hello'"]
)
def test_a_function_needs_access_to_what_a_mapping_gives_it(make: Make, name: str) -> None:
    error = project(make, name=name).error()
    missing = "sqs:ReceiveMessage, sqs:DeleteMessage, sqs:GetQueueAttributes"
    lacking = f"whose role does not allow {missing}: Lambda refuses it"
    assert f"the mapping `DataMapping` reads ${{DataQueue.Arn}} for function `hello`, {lacking}" == error.message
    assert ("shared/resources/data.py:4:15", True) == (at(error), "`on.sqs(…)`" in str(error.hint))


@pytest.mark.parametrize(
    "options",
    [
        "on.sqs('${DataQueue.Arn}')",
        f"policy=[grants.allow({CONSUME}, on='${{DataQueue.Arn}}')]",
        "policy=['sqs']",
        "managed_policy=['AWSLambdaSQSQueueExecutionRole']",
        "managed_policy=['arn:aws:iam::111122223333:policy/ours']",
        f"policy=[{{'Effect': 'Allow', 'Action': [{CONSUME}], 'Resource': '*', 'Condition': {TAGGED}}}]",
    ],
)
def test_access_that_is_there_or_may_be_is_enough(make: Make, options: str) -> None:
    project(make, options).built()


def test_the_stream_of_another_account_is_read_with_the_functions_role_as_well(make: Make) -> None:
    assert "reads arn:aws:kinesis:eu-west-1:111122223333:stream/clicks" in project(make, "", STREAM).error().message
    project(make, f"on.kinesis({STREAM})", STREAM).built()


@pytest.mark.parametrize(("options", "mistakes"), [("name='a b'", 1), ("timeout=0", 1), ("policy=[missing_]", 1)])
def test_what_may_have_failed_is_not_missed(make: Make, options: str, mistakes: int) -> None:
    assert mistakes == len(project(make, options).error().all)


@pytest.mark.parametrize("setting", ["policy", "polcy", "default_managed_policy", "permissions_boundary"])
def test_access_that_a_setting_may_have_given_is_not_missed(make: Make, setting: str) -> None:
    made = project(make)
    (made.folder / "config").mkdir(exist_ok=True)
    config = f"from remit import config\nconfig.lambda_.iam.{setting} = [missing_]\n"
    (made.folder / "config" / "deploy.py").write_text(config)
    assert {"config/deploy.py"} == {at(error).partition(":")[0] for error in made.error().all}


def test_missing_access_is_reported_beside_the_mistakes_of_others(make: Make) -> None:
    made = project(make)
    app = made.folder / "app.py"
    app.write_text(app.read_text() + "@app.function(timeout=0)\ndef other(event, context): ...\n")
    assert ["app.py:12:23", "shared/resources/data.py:4:15"] == [at(error) for error in made.error().all]
