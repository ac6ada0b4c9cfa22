"""Whatever else is wrong beside it, each mistake of an app is reported once, as it is alone; what is right never is."""

from __future__ import annotations

from collections import Counter
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from projects import HELLO, write
from random_cases import cases
from remit.build import build
from remit.errors import RemitError

FUNCTION: Final = "def {name}(event, context): ..."
WRONG: Final = {
    "a name": 'x_name = resource("AWS::S3::Bucket", bucket_name="Up_loads")',
    "an empty name": 'x_empty = resource("AWS::Cognito::UserPool", user_pool_name="")',
    "a property": 'x_property = resource("AWS::SNS::Topic", topik_name="news")',
    "a value": 'x_value = resource("AWS::SQS::Queue", delay_seconds=100_000)',
    "a type of value": 'x_type = resource("AWS::SQS::Queue", delay_seconds=["a"])',
    "a fifo name": 'x_fifo = resource("AWS::SQS::Queue", queue_name="orders", fifo_queue=True)',
    "two of a name": (
        'x_one = resource("AWS::SQS::Queue", queue_name="twice")\n'
        '    x_two = resource("AWS::SQS::Queue", queue_name="twice")'
    ),
    "a key": (
        'x_key = resource("AWS::DynamoDB::Table", billing_mode="PAY_PER_REQUEST", key_schema='
        '[{"AttributeName": "id", "KeyType": "HASH"}], attribute_definitions='
        '[{"AttributeName": "id", "AttributeType": "S"}, {"AttributeName": "no", "AttributeType": "S"}])'
    ),
    "a permission": (
        'x_rule = resource("AWS::Events::Rule", event_pattern={"source": ["a"]}, '
        'targets=[{"Id": "a", "Arn": {"Fn::GetAtt": ["HelloFunction", "Arn"]}}])'
    ),
    "a mapping": (
        'x_mapping = resource("AWS::Lambda::EventSourceMapping", function_name={"Ref": "HelloFunction"}, '
        'event_source_arn="arn:aws:sqs:eu-west-1:111122223333:far")'
    ),
    "a reference": 'x_reference = resource("AWS::SNS::Topic", topic_name={"Ref": "Nothing"})',
    "an attribute": 'x_attribute = resource("AWS::SNS::Topic", topic_name={"Fn::GetAtt": ["DataFineQueue", "Size"]})',
    "a circle": (
        'x_round = resource("AWS::SNS::Topic", topic_name={"Fn::GetAtt": ["DataXAgain", "TopicName"]})\n'
        '    x_again = resource("AWS::SNS::Topic", topic_name={"Fn::GetAtt": ["DataXRound", "TopicName"]})'
    ),
}
"""Resources with one mistake each, or two that make one. `Shared` of the class Data has them."""
MISSPELT: Final = """
@app.function(policy=[
    "sqs:SendMesage{number}",
])
def f{number}(event, context): ...
"""
RIGHT: Final = (
    'fine_queue = resource("AWS::SQS::Queue", queue_name="fine")',
    'fine_topic = resource("AWS::SNS::Topic", topic_name={"Ref": "DataFineQueue"})',
    'fine_bucket = resource("AWS::S3::Bucket")',
)
HIDE_CIRCLES: Final = {"a reference", "an attribute"}
"""After these not all references are known."""


def mistakes(names: tuple[str, ...], misspelt: int = 0) -> Counter[tuple[str, str | None]]:
    """What a build reports: each message with the resource of the line where it stands, or the line of the app.

    So many functions have a grant of an action that AWS does not have, each its own.
    """
    lines = [RIGHT[0], *(WRONG[name] for name in names), *RIGHT[1:]]
    text = "\n    ".join(("class Data(Shared):", *lines))
    files = {
        "config/deploy.py": "from remit import config\n",
        "app.py": HELLO + "".join(MISSPELT.format(number=number) for number in range(misspelt)),
        "shared/resources/data.py": f"from remit import Shared, resource\n{text}\n",
    }
    with TemporaryDirectory() as folder:
        write(Path(folder), files)
        if not names and not misspelt:
            assert build(Path(folder), package=False).body
            return Counter()
        with pytest.raises(RemitError) as refused:
            build(Path(folder), package=False)
    return Counter(
        (mistake.message, files[mistake.origin.file].splitlines()[mistake.origin.line - 1].split()[0])
        for mistake in refused.value.all
        if mistake.origin is not None
    )


@cache
def alone(name: str) -> Counter[tuple[str, str | None]]:
    return mistakes((name,))


@settings(max_examples=cases(8, deep=150))
@given(st.lists(st.sampled_from(sorted(WRONG)), max_size=6, unique=True), st.integers(0, 3))
def test_each_mistake_is_reported_as_it_is_alone_whatever_else_is_wrong(names: list[str], misspelt: int) -> None:
    expected: Counter[tuple[str, str | None]] = Counter()
    for name in names:
        assert sum(alone(name).values()) == 1, alone(name)
        if not (name == "a circle" and HIDE_CIRCLES & {*names}):
            expected += alone(name)
    event(f"mistakes: {len(names)}")
    told = mistakes(tuple(names), misspelt)
    actions = sorted(place for message, place in told if place and "SendMesage" in place and "SendMesage" in message)
    assert actions == [f'"sqs:SendMesage{number}",' for number in range(misspelt)]
    assert Counter({what: count for what, count in told.items() if what[1] not in actions}) == expected
