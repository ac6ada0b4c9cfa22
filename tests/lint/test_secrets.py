"""Secrets in a line: what is hidden, and what stays to be read."""

from __future__ import annotations

import time

import pytest

from remit.lint.secrets import hidden

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
    start = time.process_time()
    hidden(unit * (20_000 // len(unit)))
    assert time.process_time() - start < 1
