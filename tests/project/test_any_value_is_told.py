"""Whatever stands in the place of an argument or a setting of jobs, workflows, APIs, layers and names: no traceback."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from random_cases import ASKS_ALL
from remit.errors import RemitError

if TYPE_CHECKING:
    from conftest import Make

VALUES: Final = (
    "5", "-1", "None", "True", "[]", "{}", "''", "'x y'", "[None]", "{'a': 1}", "object()", "(1, 2, 3)", "b'x'", "1.5",
    "float('nan')", r"'\x00'", "'../..'", "['a', 5]", "{1: 2}", "lambda: 1", "'é' * 300", "[[[]]]", "set()",
)  # fmt: skip
STATE: Final = "{'Type': 'Task', 'Resource': 'arn:aws:states:::sqs:sendMessage', 'End': True, %s}"
ITEMS: Final = "{'StartAt': 'B', 'States': {'B': {'Type': 'Pass', 'End': True}}}"
MAP: Final = f"{{'Type': 'Map', 'End': True, 'ItemProcessor': {ITEMS}, %s}}"
FIELDS: Final = {
    STATE: ("Resource", "Parameters", "Arguments", "Next", "Catch", "Retry", "Credentials", "Type", "QueryLanguage"),
    MAP: ("ItemReader", "ResultWriter", "ItemProcessor", "ItemSelector", "MaxConcurrency", "Branches", "Choices"),
}
HANDLER: Final = "\ndef hello(event, context): ...\n"
DEFINED: Final = "{'StartAt': 'A', 'States': {'A': {'Type': 'Succeed'}}}"
PROPERTIES: Final = {
    "AWS::Lambda::Url": ("target_function_arn",),
    "AWS::Lambda::Permission": ("principal", "function_name"),
    "AWS::Lambda::Alias": ("provisioned_concurrency_config",),
    "AWS::Lambda::EventSourceMapping": ("event_source_arn", "function_name", "source_access_configurations"),
    "AWS::Scheduler::Schedule": ("target",),
    "AWS::Events::Rule": ("targets",),
}
APPS: Final = (
    f"@app.function(on.rest(%s)){HANDLER}",
    *(f"@app.function(on.rest('GET /a', {name}=%s)){HANDLER}" for name in ("auth", "api_key", "body", "query")),
    f"@app.function(on.rest('GET /a', auth=on.user_pool(%s))){HANDLER}",
    f"@app.function(on.api('GET /a', payload_format_version=%s)){HANDLER}",
    f"@app.function(on.sqs('q', provisioned_pollers=%s)){HANDLER}",
    f"@app.function(on.http(cors=%s)){HANDLER}",
    *(
        f"@app.function({name}=%s){HANDLER}"
        for name in ("function_name", "logical_id", "code", "layers", "runtime", "properties", "name", "sends", "reads")
    ),
    "app.function(handler=%s)",
    *(
        f"@app.job({name}=%s)\ndef send(): ...\n\n\n@app.function(sends=[send]){HANDLER}"
        for name in ("queue", "timeout", "retries", "concurrency", "once", "sends", "reads", "policy", "link")
    ),
    "@app.job(%s)\ndef send(): ...\n",
    "@app.job(on.schedule('rate(1 day)', input=%s))\ndef send(): ...\n",
    f"@app.function(properties={{'TenancyConfig': %s}}){HANDLER}",
    f"from remit import layer\n@app.function(layers=[layer(%s)]){HANDLER}",
    f"app.workflow(%s, {DEFINED})",
    "app.workflow('w', %s)",
    *(
        f"app.workflow('w', {DEFINED}, {name}=%s)"
        for name in ("link", "type", "policy", "managed_policy", "properties")
    ),
    *(
        "app.workflow('w', {'StartAt': 'A', 'States': {'A': " + state % f"'{field}': %s" + "}})"
        for state, fields in FIELDS.items()
        for field in fields
    ),
    "from remit import Shared, resource\nclass D(Shared):\n    q = resource('AWS::SQS::Queue', logical_id=%s)",
    *(
        f"@app.function{HANDLER}from remit import Shared, resource\nclass D(Shared):\n"
        f"    f = resource('{kind}', {name}=%s)"
        for kind, names in PROPERTIES.items()
        for name in names
    ),
)
SETTINGS: Final = (
    "app", "job.queues",
    "stack_name", "package.layer", "api.payload_format_version", "rest.endpoint_type", "rest.vpc_endpoint_ids",
    "rest.policy", "rest.binary_media_types", "rest.stage_name", "rest.variables", "rest.cors", "rest.access_log",
    "rest.usage_plans", "rest.minimum_compression_size",
)  # fmt: skip
ROUTE: Final = f"@app.function(on.rest('GET /a')){HANDLER}"


def builds(make: Make, number: int, app: str, config: str) -> None:
    """Build with each value; a run asks a sixth of them, another one for each form, and all cases all."""
    mistakes: list[RemitError] = []
    for value in VALUES if ASKS_ALL else VALUES[number % 6 :: 6]:
        try:
            make(app=app.replace("%s", value), config=config.replace("%s", value)).built()
        except RemitError as refused:
            mistakes += refused.all
    assert [] == [str(mistake) for mistake in mistakes if mistake.origin is None]


@pytest.mark.parametrize("number", range(len(APPS)))
def test_any_value_of_an_argument_is_taken_or_told_at_its_line(make: Make, number: int) -> None:
    builds(make, number, APPS[number], "config.job.enable = True")


@pytest.mark.parametrize("number", range(len(SETTINGS)))
def test_any_value_of_a_setting_is_taken_or_told_at_its_line(make: Make, number: int) -> None:
    builds(make, number, ROUTE, f"config.{SETTINGS[number]} = %s")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("5", "this is no definition of a state machine: it has no States"),
        ("StartAt: [A]\nStates: {A: {Type: Succeed}}", "there is no state ['A']"),
        ("StartAt: A\nStates: {A: {Type: [Pass], End: true}}", "state A has no Type ['Pass']"),
        ("StartAt: A\nStates: {A: {Type: Pass, 5: 6}}", "state A needs either Next or End"),
    ],
)
def test_a_definition_in_yaml_whose_names_are_no_texts_is_told(make: Make, text: str, told: str) -> None:
    error = make(app="app.workflow('w', 'w.asl.yaml')", **{"w.asl.yaml": text}).error()
    assert told in [mistake.message for mistake in error.all]


@pytest.mark.parametrize("option", ["name", "logical_id", "policy", "code"])
def test_an_object_that_cannot_be_shown_hides_nothing_that_is_wrong_elsewhere(make: Make, option: str) -> None:
    silent = "class Silent:\n    def __str__(self): raise ValueError('no text')\n    __repr__ = __hash__ = __str__\n"
    other = "@app.function(timeout='x')\ndef second(event, context): ...\n"
    error = make(app=f"{silent}\n\n@app.function({option}=Silent()){HANDLER}\n\n{other}").error()
    assert "`timeout` must be a whole number of seconds, got str 'x'" in [mistake.message for mistake in error.all]
    assert len(error.all) > 1


@pytest.mark.parametrize(
    "declaration",
    [
        *(
            f"@app.function({option}=aws.region){HANDLER}"
            for option in ("name", "logical_id", "sends", "reads", "code")
        ),
        f"app.workflow('w', {DEFINED}, type=aws.region)",
    ],
)
def test_a_value_that_only_the_deploy_knows_is_told_at_its_line_beside_what_else_is_wrong(
    make: Make, declaration: str
) -> None:
    other = "@app.function(timeout='x')\ndef second(event, context): ...\n"
    error = make(app=f"from remit import aws\n\n\n{declaration}\n\n{other}").error()
    assert "`timeout` must be a whole number of seconds, got str 'x'" in [mistake.message for mistake in error.all]
    assert [] == [str(mistake) for mistake in error.all if mistake.origin is None]


@pytest.mark.parametrize("option", ["name", "sends", "reads", "timeout", "policy", "link"])
def test_an_object_is_told_in_the_same_words_in_each_run(make: Make, option: str) -> None:
    """Without its address in memory."""
    error = make(app=f"class Odd: ...\n\n\n@app.function({option}=Odd()){HANDLER}").error()
    assert (True, False) == ("Odd" in str(error), " at 0x" in str(error))
