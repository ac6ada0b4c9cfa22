"""A name that remit does not have is noted where a project's code spells it, and denied where the code only asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from projects import at
from remit import grants

if TYPE_CHECKING:
    from conftest import Make

HEAD = "from remit import App, config, grants, on\napp = App()\n"
FUNCTION = "\ndef hello(event, context): ...\n"


def test_unknown_verbs_and_services_are_told_beside_the_other_mistakes_of_a_call(make: Make) -> None:
    policy = "grants.dynamodb.putt('t'), grants.s3.read('B', kye=1), grants.dynamo.get('t', key=grants.kms)"
    errors = make(**{"app.py": f"{HEAD}@app.function(policy=[{policy}], timeout=0){FUNCTION}"}).error().all
    assert [
        ("app.py:3:23", "did you mean `put`?"),
        ("app.py:3:50", "it is made of small letters, digits, dots and hyphens"),
        ("app.py:3:70", "did you mean `key`?"),
        ("app.py:3:78", "did you mean `dynamodb`?"),
        ("app.py:3:127", None),
    ] == [(at(error), error.hint) for error in errors]


def test_what_an_unknown_verb_gives_is_no_further_mistake(make: Make) -> None:
    """Called or not, kept, unpacked, added to."""
    lines = (
        "red = grants.s3.red\nREADS = [red, red('b'), *red('b'), *(red('b') + ['logs'])]\n"
        "config.lambda_.iam.policy += [grants.s3.redd('b')]"
    )
    errors = make(**{"app.py": f"{HEAD}{lines}\n@app.function(policy=READS, link=red('c')){FUNCTION}"}).error().all
    assert ["app.py:3:7", "app.py:5:31"] == [at(error) for error in errors]


ONLY_ASKING = {
    "a try": "try:\n    READ = grants.s3.red('b')\nexcept AttributeError:\n    READ = grants.s3.read('b')",
    "a try around a function": (
        "def red():\n    return grants.s3.red('b')\n"
        "try:\n    READ = red()\nexcept AttributeError:\n    READ = grants.s3.read('b')"
    ),
    "a try of groups": "try:\n    READ = grants.s3.red('b')\nexcept* AttributeError:\n    READ = grants.s3.read('b')",
    "a service": "try:\n    READ = grants.dynamo.get('b')\nexcept AttributeError:\n    READ = grants.s3.read('b')",
    "an import": (
        "try:\n    from remit.grants.s3 import red\nexcept ImportError:\n    from remit.grants.s3 import read as red\n"
        "READ = red('b')"
    ),
    "hasattr": "READ = grants.s3.red('b') if hasattr(grants.s3, 'red') else grants.s3.read('b')",
    "getattr": "READ = getattr(grants.s3, 'red', grants.s3.read)('b')",
}


@pytest.mark.parametrize("how", ONLY_ASKING)
def test_code_that_only_asks_for_a_name_gets_an_honest_answer(make: Make, how: str) -> None:
    function = make(**{"app.py": f"{HEAD}{ONLY_ASKING[how]}\n@app.function(policy=READ){FUNCTION}"}).function()
    assert [("s3:GetObject",)] == [grant.statement.actions.patterns for grant in function.policy]


def test_a_try_without_handlers_and_one_around_another_line_change_nothing(make: Make) -> None:
    lines = "try:\n    a = 1\nexcept AttributeError:\n    a = 2\ntry:\n    grants.s3.red('b')\nfinally:\n    a = 3"
    errors = make(**{"app.py": f"{HEAD}{lines}\ngrants.s3.putt('b')\n@app.function{FUNCTION}"}).error().all
    assert ["app.py:8:5", "app.py:11:1"] == [at(error) for error in errors]


def test_outside_of_a_load_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match=r"there is no grant `s3\.red`"):
        grants.s3.red("b")  # type: ignore[attr-defined] # which is what is tested


def test_an_unknown_verb_that_resembles_none_is_told_with_all_verbs_and_a_name_of_pythons_own_is_denied(
    make: Make,
) -> None:
    (error,) = make(**{"app.py": f"{HEAD}grants.firehose.zzzz('s')\n@app.function{FUNCTION}"}).error().all
    assert ("there is no grant `firehose.zzzz`", "there are put", "app.py:3:1") == (
        error.message, error.hint, at(error),
    )  # fmt: skip
    (error,) = make(**{"app.py": f"{HEAD}grants.firehose._zzzz('s')\n@app.function{FUNCTION}"}).error().all
    assert ("there is no grant `firehose._zzzz`", "app.py:3:1") == (error.message, at(error))
    (error,) = make(**{"app.py": f"{HEAD}grants.firehose.__wrapped__\n@app.function{FUNCTION}"}).error().all
    assert "app.py raised AttributeError: there is no grant `firehose.__wrapped__`" == error.message
    with pytest.raises(AttributeError) as denied:
        _ = grants.firehose.zzzz  # type: ignore[attr-defined] # which is what is tested
    assert ("zzzz", grants.firehose) == (denied.value.name, denied.value.obj)
