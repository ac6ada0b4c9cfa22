"""Whatever a template or plan holds in whatever place, it is read or refused at a line; nothing else happens."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from random_cases import cases
from remit.deployer.deployer_policy import deployer
from remit.deployer.planned_stack import stack_of
from remit.documents.read import read
from remit.errors import RemitError
from remit.template.parameters import defaults
from remit.template.sam.expand import plain_template
from remit.template.terraform.plan import read_plan
from role_readers import read_roles

if TYPE_CHECKING:
    from collections.abc import Callable

FOLDER = Path(__file__).with_name("data")
WHOLE = [*sorted(FOLDER.glob("sam/*.yaml")), FOLDER / "template.yaml", FOLDER / "plan.json"]
JUNK: tuple[Any, ...] = (
    None, True, 0, -1.5, "", "text", "${", "${{", [], {}, [None], [[]], {"Ref": "X"}, {"Ref": 1}, {"": {"": {}}},
    {"Fn::If": ["C", 1, 2]},
    {"Fn::If": ["C", {"Statement": []}, {"Ref": "AWS::NoValue"}]}, {"Fn::If": []}, {"Fn::GetAtt": "A"}, {"Fn::Sub": []},
    {"Fn::Sub": ["${a}", 1]}, {"Fn::Join": 1}, {"Ref": "AWS::NoValue"}, {"Statement": {}}, {"S3ReadPolicy": {}},
    {"S3ReadPolicy": 1}, {"Fn::FindInMap": ["A", "B", "C"]}, {"Type": "SQS"}, {"Type": "AWS::Serverless::Function"},
    "{", '{"Statement": 1}',
)  # fmt: skip


def mutated(value: Any, chance: random.Random) -> Any:
    """The value with one of its parts replaced, left out, doubled, or under another key."""
    parts = list(_parts(value))
    parent, key = chance.choice(parts)
    how = chance.randrange(10)
    if how == 0:
        del parent[key]
    elif how == 1 and isinstance(parent, list):
        parent.append(parent[key])
    elif how == 1:
        parent[chance.choice(("Type", "Properties", "Policies", "Ref", "Fn::If", "é", ""))] = parent.pop(key)
    elif how == 2:  # a part of it from elsewhere
        other, name = chance.choice(parts)
        parent[key] = json.loads(json.dumps(other[name])) if name in other or isinstance(other, list) else None
    else:
        parent[key] = json.loads(json.dumps(chance.choice(JUNK)))
    return value


def _parts(value: Any) -> Any:
    for key in list(value) if isinstance(value, dict) else range(len(value)):
        yield value, key
        if isinstance(value[key], dict | list):
            yield from _parts(value[key])


def told(do: Callable[[], object]) -> None:
    try:
        do()
    except RemitError as error:
        found = (bool(error.message), error.exit_code)
    else:
        return
    assert found == (True, 2)


def for_deploying(data: bytes) -> None:
    source = read(data, "t.json")
    if isinstance(source.value, dict):
        deployer(stack_of("shop", [plain_template(source.value, source.locate, defaults(source.value))[0]]))


@pytest.mark.parametrize("path", WHOLE, ids=lambda path: path.stem)
def test_a_mutant_is_read_or_refused(path: Path) -> None:
    chance = random.Random(path.name)  # noqa: S311 - the same mutants every time
    whole = json.dumps(read(path.read_bytes(), path.name).value)
    for _ in range(cases(3, deep=40)):
        value = json.loads(whole)
        for _ in range(chance.choice((1, 1, 1, 2, 5))):
            value = mutated(value, chance)
        data = json.dumps(value).encode()
        told(lambda data=data: read_roles(data, "t.json"))
        told(lambda data=data: read_plan(data, "t.json") if path.stem == "plan" else for_deploying(data))
