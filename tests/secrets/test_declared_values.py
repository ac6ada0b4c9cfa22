"""Values of an app's declarations are held against the secrets that its code has read and its .env files hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus

import pytest

from remit.errors import Mistakes
from remit.secrets.declared_values import check_secrets

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PASSWORD = "a b/c+d&e1F"  # noqa: S105 - none


@dataclass(frozen=True)
class Declared:
    """As triggers and settings are: a dataclass with parts."""

    part: Any


def told(declared: Any, variables: Mapping[str, str], folder: Path) -> list[str]:
    mistakes = Mistakes()
    check_secrets(folder, variables, [(declared, None)], mistakes)
    return [f"{error.message} | {error.hint}" for error in mistakes.errors]


@pytest.mark.parametrize(
    "declared",
    [
        PASSWORD,
        f"x{PASSWORD}y",
        f"mysql://app:{quote(PASSWORD, safe='')}@db/x",
        f"mysql://app:{quote_plus(PASSWORD)}@db/x",
        ["a", PASSWORD],
        ("a", PASSWORD),
        frozenset({PASSWORD}),
        {"a": {"b": [PASSWORD]}},
        {"Variables": PASSWORD},
        Declared([PASSWORD]),
        Declared(Declared({"a": PASSWORD})),
    ],
)
def test_the_value_of_a_secret_is_found_in_every_part_of_a_declaration(declared: Any, tmp_path: Path) -> None:
    (message,) = told(declared, {"TABLE": "orders", "DB_PASSWORD": PASSWORD}, tmp_path)

    assert message.startswith("this declaration holds the value of DB_PASSWORD, a secret")
    assert '"DATABASE": secret(' in message
    assert PASSWORD not in message


@pytest.mark.parametrize("wrapped", [lambda value: value, lambda value: [value], lambda value: {"Fn::Sub": value}])
def test_in_an_environment_the_variable_is_named(wrapped: Any, tmp_path: Path) -> None:
    declared = {"Environment": {"Variables": {"TABLE": "orders", "URL": wrapped(PASSWORD)}}}

    (message,) = told(declared, {"DB_PASSWORD": PASSWORD}, tmp_path)

    assert message.startswith("`URL` of an environment holds the value of DB_PASSWORD, a secret")
    assert '"URL": secret(' in message


@pytest.mark.parametrize(
    ("declared", "is_secret"),
    [
        ({"Variables": {"USER": "postgres"}}, True),
        ({"Variables": {"URL": "engine://app:postgres@db"}}, True),
        ({"Variables": {"ENGINE": "postgres-15"}}, False),
        ({"Engine": "postgres"}, False),
        ({"Url": "engine://mypostgres@db"}, False),
        ({"Url": "engine://app:postgres@db"}, True),
    ],
)
def test_a_plain_word_is_a_secret_as_all_of_a_variable_or_as_the_password_of_a_url(
    declared: Any,
    is_secret: bool,
    tmp_path: Path,
) -> None:
    assert bool(told(declared, {"ROOT_PASSWORD": "postgres"}, tmp_path)) == is_secret


@pytest.mark.parametrize(
    ("line", "is_secret"),
    [
        ("DB_PASSWORD=Corr3ct-H0rse", True),
        ('export DB_PASSWORD = "Corr3ct-H0rse"', True),
        ("  DB_PASSWORD='Corr3ct-H0rse'  # mine", True),
        ("DB_PASSWORD=Corr3ct-H0rse#1", True),
        ("#DB_PASSWORD=Corr3ct-H0rse", False),
        ("TABLE=Corr3ct-H0rse", False),
        ("URL=postgres://app:Corr3ct-H0rse@db.internal/x", True),
    ],
)
@pytest.mark.parametrize("file", [".env", ".env.local"])
def test_an_env_file_holds_secrets_as_dotenv_reads_it(line: str, file: str, is_secret: bool, tmp_path: Path) -> None:
    (tmp_path / file).write_text(f"A=1\n{line}\nB=2\n")

    assert bool(told("see Corr3ct-H0rse", {}, tmp_path)) == is_secret


def test_eight_characters_that_are_no_word_are_a_secret_wherever_they_stand(tmp_path: Path) -> None:
    assert len(told({"Engine": "x-Ab3dEf7h"}, {"DB_PASSWORD": "Ab3dEf7h"}, tmp_path)) == 1
    assert told({"Engine": "x-abcdefgh"}, {"DB_PASSWORD": "abcdefgh"}, tmp_path) == []


def test_of_an_env_file_a_plain_word_and_a_huge_file_tell_nothing(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("ROOT_PASSWORD=postgres\n")
    (tmp_path / ".env.big").write_text("DB_PASSWORD=Corr3ct-H0rse\n" + "#" * 100_000)
    (tmp_path / ".env.d").mkdir()

    assert told({"Variables": {"A": "postgres", "B": "Corr3ct-H0rse"}}, {}, tmp_path) == []


def test_the_code_reads_another_value_than_the_env_file_has(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("DB_PASSWORD=Corr3ct-H0rse\n")
    variables = {"DB_PASSWORD": "0ther-H0rse!"}

    assert told("Corr3ct-H0rse", variables, tmp_path) == []
    assert len(told("0ther-H0rse!", variables, tmp_path)) == 1


def test_of_several_variables_with_one_value_what_the_code_has_read_is_named_and_then_the_first(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("OLD_PASSWORD=Corr3ct-H0rse\nNEW_PASSWORD=Corr3ct-H0rse\n")
    assert "the value of OLD_PASSWORD," in told("Corr3ct-H0rse", {}, tmp_path)[0]
    assert "the value of MY_PASSWORD," in told("Corr3ct-H0rse", {"MY_PASSWORD": "Corr3ct-H0rse"}, tmp_path)[0]


@pytest.mark.parametrize(("size", "is_read"), [(100_000, True), (100_001, False)])
def test_a_file_of_variables_is_read_up_to_100_000_bytes(size: int, *, is_read: bool, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("DB_PASSWORD='Corr3ct-H0rse'\n".ljust(size, "#"))
    assert is_read == bool(told("Corr3ct-H0rse", {}, tmp_path))
