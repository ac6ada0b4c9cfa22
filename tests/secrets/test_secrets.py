"""Secrets in a line: what is hidden, and what stays to be read."""

from __future__ import annotations

import pytest

import effort
from remit.secrets import hidden, told_by_variable

KEY = "AKIA" + "Q3EGRIBQ2B5VZ7FT"


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (f"  KEY: {KEY} # mine", f"  KEY: {'*' * 20} # mine"),
        ("  DB_PASSWORD: correct horse9", f"  DB_PASSWORD: {'*' * 14}"),
        ('{"api_key": "Zm9vYmFyMQ", "x": 1}', '{"api_key": "**********", "x": 1}'),
        ("{TOKEN: Zm9vYmFyMQ!, X: 1}", "{TOKEN: ***********, X: 1}"),
        ("environment={'SECRET': 'Zm9vYmFyMQ!'},", "environment={'SECRET': '***********'},"),
        ("URL: postgres://app:Zm9v@db/x y", f"URL: {'*' * 24} y"),
    ],
)
def test_a_secret_is_hidden_and_nothing_moves(line: str, shown: str) -> None:
    assert hidden(line) == shown


NAMES = [
    "PASSWORD",
    "PASSWD",
    "PWD",
    "SECRET",
    "TOKEN",
    "API_KEY",
    "APIKEY",
    "PRIVATE_KEY",
    "PRIVATEKEY",
    "CREDENTIAL",
    "CREDENTIALS",
]


@pytest.mark.parametrize("name", [*NAMES, *map(str.lower, NAMES)])
def test_each_name_of_a_secret_is_looked_for(name: str) -> None:
    assert hidden(f"db_{name}: Zm9vYmFyMQ!") == f"db_{name}: ***********"


@pytest.mark.parametrize(
    "secret",
    [
        "-----BEGIN " + "EC PRIVATE KEY",
        KEY,
        KEY.replace("AKIA", "ASIA"),
        "ghp_" + "a1B2" * 9,
        "xoxb-" + "1234567890-abcdefghijkl",
        "hooks.slack.com/services/" + "T12345678/B12345678/" + "aB3d" * 6,
        "sk-proj-" + "aB3d" * 6,
        "glpat-" + "aB3d" * 6,
        "sk_live_" + "aB3d" * 6,
        "postgres://app:" + "Zm9vYmFy@db",
        "eyJhbGciOiJI." + "eyJzdWIiOiIx." + "aB3d" * 6,
        "aB3/" * 10,
    ],
)
def test_each_kind_of_secret_is_hidden_wherever_it_stands(secret: str) -> None:
    assert hidden(f"see {secret}") == f"see {'*' * len(secret)}"


def test_of_a_key_with_its_name_the_key_is_hidden() -> None:
    assert hidden("see secret_access_key=" + "aB3/" * 10) == "see secret_access_key=" + "*" * 40


@pytest.mark.parametrize(
    "line",
    [
        "SECRET: orders-database",
        "TOKEN: !Ref Token",
        "TOKEN: ${Token}",
        'PASSWORD = environ["DATABASE_PASSWORD"]',
        '"Resource": "arn:aws:secretsmanager:eu-west-1:111122223333:secret:orders-AbCdEf"',
        '"Action": ["secretsmanager:GetSecretValue", "ssm:GetParameter"]',
        "AWS_ACCESS_KEY_ID: AKIAIOSFODNN7EXAMPLE",
        "Resource: !Sub arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/Orders2024Archive99",
    ],
)
def test_what_names_a_secret_is_shown(line: str) -> None:
    assert hidden(line) == line


@pytest.mark.parametrize("unit", ["PASSWORD", "a://a:", "eyJaaaaaaaa.", "a" * 40, "_TOKEN:", "-----BEGIN A"])
def test_a_long_line_takes_no_long_time(unit: str) -> None:
    with effort.at_most(1):
        hidden(unit * (20_000 // len(unit)))


def test_a_password_with_a_hyphen_is_one_and_a_name_in_words_is_none() -> None:
    assert told_by_variable("DB_PASSWORD", "hunter2-Sup3rS3cret") == "looks like a secret"
    for harmless in ("orders-db-password", "Orders-Db-Password", "ORDERS_DB_PASSWORD", "prod.db.secret"):
        assert told_by_variable("DB_PASSWORD", harmless) is None
