"""Which values of a partition key a PartiQL statement names: what policies with dynamodb:LeadingKeys are asked with."""

from __future__ import annotations

import re
from typing import Any

import pytest

from remit.iam.request import OPEN
from remit.local.authorization.leading_keys import partition_values


@pytest.mark.parametrize(
    ("statement", "parameters", "expected"),
    [
        ("SELECT * FROM users WHERE id = 'ada'", [], ("ada",)),
        ("select name from \"users\" where \"id\"='it''s' and age > 3", [], ("it's",)),
        ("SELECT * FROM users WHERE age = ? AND id = ?", [{"N": "3"}, {"S": "ada"}], ("ada",)),
        ("SELECT * FROM users WHERE id IN ['ada', ?]", [{"S": "eve"}], ("ada", "eve")),
        ("SELECT * FROM users WHERE id IN ('ada', 'ada') AND x IN ('bob')", [], ("ada",)),
        ("DELETE FROM users WHERE id = 7", [], ("7",)),
        ("DELETE FROM users WHERE id = ?", [{"B": "YWRh"}], ("YWRh",)),
        ("UPDATE users SET id2 = 'eve' SET x = ? WHERE id = ?", [{"S": "x"}, {"S": "ada"}], ("ada",)),
        ("INSERT INTO users VALUE {'id': 'ada', 'other': {'x': 1}}", [], ("ada",)),
        ("INSERT INTO users VALUE {'x': ?, 'id': ?}", [{"S": "x"}, {"S": "ada"}], ("ada",)),
        ("INSERT INTO users VALUE {'other': {'id': 'ada'}, 'id': 'eve'}", [], ("eve",)),
        ("SELECT * FROM users", [], None),
        ("SELECT * FROM users WHERE other.id = 'ada'", [], None),
        ("SELECT * FROM users WHERE begins_with(id, 'a')", [], None),
        ("SELECT id FROM users WHERE name = 'id = ''ada'''", [], None),
        ("SELECT * FROM users WHERE id = 'ada' OR id = 'eve'", [], OPEN),
        ("SELECT * FROM users WHERE NOT id = 'ada'", [], OPEN),
        ("SELECT * FROM users WHERE id = ?", [], OPEN),
        ("SELECT * FROM users WHERE id = other", [], OPEN),
        ("SELECT * FROM users WHERE 'ada' = id", [], ("ada",)),
        ("SELECT * FROM users WHERE id IN ?", [{"L": [{"S": "ada"}]}], OPEN),
        ("SELECT * FROM users WHERE id > 'ada'", [], None),
        ("EXISTS(SELECT * FROM users WHERE id = 'ada' AND x = 1)", [], ("ada",)),
        ("", [], OPEN),
    ],
)
def test_the_values_that_a_statement_names(statement: str, parameters: list[Any], expected: object) -> None:
    """Whatever the key is called."""
    for key in ("id", "key"):
        assert expected == partition_values(re.sub(r"\bid\b", key, statement), parameters, key)
