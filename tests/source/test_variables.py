"""The environment variables that a project's functions declare, in every form in which its source may say so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from remit.source.variables import DeclaredVariable, declared_variables, variable_of

if TYPE_CHECKING:
    from pathlib import Path

APP = """
import os
from settings import OTHER
BASE = {"BASE": "b", **{"INNER": "i"}}
MORE = dict(KEYWORD="k", **BASE)
LOOP = LOOP | {"LOOP": "l"}
NAMED: dict = {"NAMED": "n"}
TEXT = "no dict"

@app.function(environment={"PLAIN": "p", "COMPUTED": made(), "NUMBER": 5, KEY: "v", **BASE})
def one(event, context): ...

@app.function(environment=MORE | {"SUM": "s"}, link=[grants.dynamodb.read(Data.orders), grants.s3.read(Data.photoBox)])
def two(event, context): ...

app.group("g", environment=OTHER, properties={"Environment": {"Variables": {"DEEP": "d"}}, "Other": {"NO": "no"}})
app.group("h", environment=settings.FURTHER, link=Data.queue)
app.function(environment={"HANDED": os.environ.get("A") or "a", "GOT": os.getenv("B"), "READ": environ["C"]})
app.function(environment={"HANDED": "later", "COMPUTED": "text", "PLAIN": "another"})
app.function(environment=LOOP, timeout={"NEITHER": 1})
app.function(environment=TEXT)
app.function(environment=[made])
app.function(environment=NAMED)
config.lambda_.function.environment = {"CONFIG": "c"}
config.lambda_.function.environment |= {"ADDED": "a"}
config.lambda_.function.properties = {"NOT": "n"}
"""
SETTINGS = 'OTHER = {"OTHER": "o"}\nFURTHER = {"FURTHER": "f"}\nUNUSED = {"UNUSED": "u"}\n'


def test_each_variable_that_a_function_gets_is_declared_with_its_first_text(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(APP, "utf-8")
    (tmp_path / "settings.py").write_text(SETTINGS, "utf-8")
    (tmp_path / ".hidden").mkdir()
    (tmp_path / ".hidden/app.py").write_text('f(environment={"HIDDEN": "h"})', "utf-8")
    texts = {
        "PLAIN": "p", "COMPUTED": "text", "NUMBER": None, "KEY": "v", "BASE": "b", "INNER": "i", "KEYWORD": "k",
        "SUM": "s", "OTHER": "o", "DEEP": "d", "FURTHER": "f", "LOOP": "l", "NAMED": "n", "CONFIG": "c", "ADDED": "a",
        "DATA_ORDERS": None, "DATA_PHOTO_BOX": None, "DATA_QUEUE": None, "GRANTS_DYNAMODB": None, "GRANTS_S3": None,
    }  # fmt: skip
    handed_on = {"HANDED": "later", "GOT": None, "READ": None}
    expected = {name: DeclaredVariable(text) for name, text in texts.items()}
    expected |= {name: DeclaredVariable(text, is_handed_on=True) for name, text in handed_on.items()}
    assert expected == declared_variables(tmp_path)


@pytest.mark.parametrize(
    ("resource", "variable"),
    [
        ("Data_table", "DATA_TABLE"),
        ("OrdersTable", "ORDERS_TABLE"),
        ("KMSKey2", "KMS_KEY2"),
        ("a", "A"),
        ("URL", "URL"),
    ],
)
def test_a_linked_resource_has_its_words_for_a_variable(resource: str, variable: str) -> None:
    assert variable == variable_of(resource)
