"""What remit does not know is an error with an id, which a reason at its line passes, and the build repeats."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from projects import at

if TYPE_CHECKING:
    from conftest import Make
    from projects import Project

TABLE = (
    'resource("AWS::DynamoDB::Table", attribute_definitions=[{"AttributeName": "id", "AttributeType": "S"}], '
    'key_schema=[{"AttributeName": "id", "KeyType": "HASH"}], '
)
UNKNOWN = {
    "R801 of a third party": 'resource("Datadog::Monitors::Monitor", name="mine")',
    "R801 of a module": 'resource("My::Own::Thing::MODULE", name="mine")',
    "R801 newer than the data": 'resource("AWS::Lambda::Runtime", name="mine")',
    "R802 of a resource": f'{TABLE}billing_mode="PAY_PER_REQUEST", newly_launched=1)',
    "R802 inside of one": (
        f'{TABLE}billing_mode="PAY_PER_REQUEST", stream_specification={{"StreamViewType": "KEYS_ONLY", "Newly": 1}})'
    ),
    "R803": f'{TABLE}billing_mode="PAY_PER_HOUR")',
}


def project(make: Make, extra: str, comment: str = "", config: str = "") -> Project:
    data = f"from remit import Shared, resource\nclass Data(Shared):\n    {comment}\n    extra = {extra}\n"
    app = "@app.function\ndef hello(event, context): ...\n"
    return make(config=config, app=app, **{"shared/resources/data.py": data})


@pytest.mark.parametrize("kind", UNKNOWN)
def test_what_is_unknown_is_refused_with_the_comment_that_passes_it(make: Make, kind: str) -> None:
    code = kind[:4]
    error = project(make, UNKNOWN[kind]).error()
    assert (code, "shared/resources/data.py:4") == (error.rule, at(error).rpartition(":")[0])
    assert f"if AWS has it, write `# remit: allow {code} because …` at the line" in str(error.hint)


@pytest.mark.parametrize("kind", UNKNOWN)
def test_a_reason_at_the_line_passes_it_and_is_repeated(make: Make, kind: str) -> None:
    code = kind[:4]
    made = project(make, UNKNOWN[kind], f"# remit: allow {code} because in preview since August")
    (note,) = [note for note in made.built().notes if "accepted" in note]
    assert note.startswith("accepted (in preview since August): `DataExtra")
    assert "DataExtra" in made.template()["Resources"]
    assert (0, "nothing found") == ((linted := made.remit("lint")).status, linted.out.strip())


@pytest.mark.parametrize("comment", ["# remit: allow R801", "# remit: allow R802 because of another rule"])
def test_a_comment_without_a_reason_or_of_another_rule_passes_nothing(make: Make, comment: str) -> None:
    assert "R801" == project(make, UNKNOWN["R801 of a module"], comment).error().rule


def test_a_comment_that_nothing_needs_is_told(make: Make) -> None:
    made = project(make, 'resource("AWS::SQS::Queue")', "# remit: allow R801 because it was new once")
    assert "R002" in made.remit("lint").out


def test_what_is_accepted_for_the_whole_app_is_accepted_everywhere(make: Make) -> None:
    made = project(make, UNKNOWN["R801 of a module"], config='config.lint.allow = {"R801": "our modules"}')
    assert any(note.startswith("accepted (our modules)") for note in made.built().notes)


def test_a_runtime_that_is_newer_than_all_known_ones_is_taken_and_told(make: Make) -> None:
    built = make(app="@app.function(runtime='python3.17')\ndef hello(event, context): ...\n").built()
    assert "remit does not know python3.17 of hello: the newest that it knows is python3.14" in built.notes


@pytest.mark.parametrize("runtime", ["python3.5", "python3.31", "python4.1", "python3.", "python3.15x", "pyhton3.15"])
def test_what_is_no_newer_runtime_is_refused(make: Make, runtime: str) -> None:
    error = make(app=f"@app.function(runtime='{runtime}')\ndef hello(event, context): ...\n").error()
    assert f"`runtime` cannot be '{runtime}'" in error.message
