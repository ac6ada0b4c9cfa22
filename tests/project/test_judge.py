"""What a project declares is judged when its code has ended."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import effort
from remit.judge.judge import judge
from remit.loading.load import declared, load

if TYPE_CHECKING:
    from conftest import Make

APP = (
    "from shared.resources.data import Data\n"
    "@app.function(sqs(Data.queue, batch_size=0), on.sqz('x'), policy=[s3.read('b', kye=1), 'a b'], timeout=0)\n"
    "def hello(event, context): ...\n"
    "@app.function(schedule('rate(1 day)'), policy=[s3.read('shop')])\ndef other(event, context): ...\n"
    "app.web('site:api', interface='x')\n1 / 0\n"
)
DATA = "from remit import Shared, resource\nclass Data(Shared):\n    queue = resource('AWS::SQS::Queue')\n"


def test_what_is_declared_is_judged_alike_each_time(make: Make) -> None:
    """Also once the project's modules and its environment are gone."""
    config = "config.lambda_.function.timeout = 'x'\nconfig.jop = 1"
    folder = make(config=config, app=APP, **{"shared/resources/data.py": DATA}).folder
    with declared(folder) as said:
        inside = judge(said)
    first, second = judge(said), judge(said)
    assert [str(mistake) for mistake in inside.mistakes.errors] == [str(mistake) for mistake in first.mistakes.errors]
    texts = [[str(mistake) for mistake in judged.mistakes.errors] for judged in (first, second)]
    assert texts[0] == texts[1]
    assert 10 == len(texts[0]), texts[0]
    assert (first.app, first.unread) == (second.app, second.unread)
    assert ["hello", "other"] == [function.name for function in first.app.functions]


def test_each_further_function_with_a_trigger_and_a_grant_costs_as_little_as_the_first(make: Make) -> None:
    """Thousands of functions load in a second: the calls of each do not grow with their number."""
    function = "@app.function(sqs('q{0}'), policy=[s3.read('b{0}')], timeout=9)\ndef f{0}(event, context): ...\n"
    calls = []
    for count in (20, 20, 60, 100):  # the first time, expressions are compiled
        folder = make(app="".join(function.format(number) for number in range(count))).folder
        calls.append(effort.calls_of(functools.partial(load, folder)))
    _, few, some, many = calls
    assert (many - some) / 40 < 1_100
    assert many - some < 1.1 * (some - few)
