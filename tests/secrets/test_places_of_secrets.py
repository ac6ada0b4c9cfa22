"""Texts made of known parts: each secret is found once, where it stands, and nothing beside it is hidden."""

from __future__ import annotations

import base64
import json
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from random_cases import cases
from remit.secrets import (
    bare_key,
    concealed,
    holds_secret,
    possible_secrets_in,
    secret_parts,
    secrets_in,
    told_by_variable,
)

PLAIN: Final = ("", "import os", "# see the docs", "x = 1", 'region = "eu-central-1"', "\fpage two", "\x0bé ü")
KEY_BODY: Final = "MIIEpAIBAAKCAQEA1c7Qm3vXo9TqLr5Zt8Wd2Fh6Ky"
URL: Final = "postgres://app:Zm9v-Ym4y@db.internal/orders"
LINES: Final = {
    "a GitHub token": ("gh = ", "ghp_16C7e42F292c6912E7710c838347Ae178B4a"),
    "an AWS access key": ("", "AKIAQ3EGRIBQ2B5VZ7FT"),
    "a password in a URL": ("db: ", URL),
    "a password in a URL, a user with the same beginning": ("", "redis://apple:app9@cache.internal"),
    "a signed token": ("x ", "eyJhbGciOiJI.eyJzdWIiOiIxMjM0." + "aB3d" * 6),
    "a Telegram token": ("bot=", "123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsawQ"),
    "a private key": ("", f"-----BEGIN RSA PRIVATE KEY----- {KEY_BODY}"),
    "a New Relic key": ("", "9f86d081884c7d659a2feaa0c55ad015a3bfNRAL"),
    "a key of a vendor": ("", 'DD_API_KEY = "9f86d081884c7d659a2feaa0c55ad015"'),
}
"""What stands before a secret, and the secret, by its kind; a kind of two forms has a comment."""


@settings(max_examples=cases(20, deep=500))
@given(
    st.lists(st.one_of(st.sampled_from(PLAIN), st.sampled_from(sorted(LINES)).map(lambda kind: (kind,))), max_size=7),
    st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_each_secret_of_a_file_is_found_at_its_line_and_column(lines: list[str | tuple[str]], line_end: str) -> None:
    written, expected = [], []
    for number, line in enumerate(lines, 1):
        if isinstance(line, str):
            written.append(line)
            continue
        before, secret = LINES[line[0]]
        start = len(before) + 1
        expected.append((line[0].partition(", ")[0], number, start if "vendor" not in line[0] else 4))
        written.append(before + secret)
    text = line_end.join(written)

    assert [tuple(secret) for secret in secrets_in(text)] == expected
    assert holds_secret(text) == bool(expected)


WHOLE: Final = tuple(sorted(kind for kind in LINES if kind not in ("a key of a vendor", "a private key")))


@settings(max_examples=cases(12, deep=300))
@given(st.lists(st.sampled_from([*PLAIN, *WHOLE]), max_size=6))
def test_stars_stand_in_the_place_of_each_secret_and_nothing_else(lines: list[str]) -> None:
    parts = [LINES.get(line, (line, "")) for line in lines]

    shown = concealed("\n".join(before + secret for before, secret in parts), ())

    assert shown == "\n".join(before + "*" * len(secret) for before, secret in parts)


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\\n"])
def test_the_lines_of_a_private_key_are_hidden_with_its_beginning(line_end: str) -> None:
    lines = ["-----BEGIN PRIVATE KEY-----", KEY_BODY, KEY_BODY[::-1], "-----END PRIVATE KEY-----", "See the docs."]

    shown = concealed(line_end.join(lines), ())

    assert shown == line_end.join(["*" * 22 + "-----", "*" * 42, "*" * 42, *lines[3:]])


@pytest.mark.parametrize(
    "text", ["a -----BEGIN PRIVATE KEY----- line begins it", "-----BEGIN PRIVATE KEY-----", "a/path/of/some/words/here"]
)
def test_words_beside_the_beginning_of_a_private_key_stay(text: str) -> None:
    assert concealed(text, ()) == text.replace("-----BEGIN PRIVATE KEY", "*" * 22)


VALUES: Final = {
    "9f86d081884c7d659a2feaa0c55ad015": True,
    "9f86d081-884c-4d65-9a2f-eaa0c55ad015": True,
    "abcdefgh1234567890abcdefgh": True,
    "example-9f86d081884c7d659a2f": False,
    "Sup3rS3cret!": False,
    "hunter2!": False,
    "9f86Your-0818c84C7d659a2f": False,
    "aaaaaaaaaaaaaaaaaaaa1234": False,
}
"""Values in code, and whether a vendor draws keys so: those of documentation are none."""


@settings(max_examples=cases(20, deep=100))
@given(
    st.sampled_from(["DD_", "my-slack-", "OKTA_", "ORDERS_", "ADD_", ""]),
    st.sampled_from(sorted(VALUES)),
    st.sampled_from(["x = 1\n", "# DD_\n", "slack_\n"]),
)
def test_a_key_is_a_vendors_by_the_name_before_it_on_its_own_line(vendor: str, value: str, before: str) -> None:
    text = f'{before}{vendor}TOKEN: "{value}"\n'

    is_vendors = vendor in ("DD_", "my-slack-", "OKTA_") and VALUES[value]

    assert bool(secrets_in(text)) == is_vendors
    possible = [(secret.name, secret.line) for secret in possible_secrets_in(text)]
    assert possible == ([] if is_vendors or "example" in value else [("what looks like a password", 2)])


@settings(max_examples=cases(20, deep=500))
@given(st.text(max_size=9), st.text(max_size=9))
def test_a_basic_header_is_one_with_a_user_and_a_password(user: str, password: str) -> None:
    both = f"{user}:{password}"
    header = "Basic " + base64.b64encode(both.encode()).decode()
    _, _, rest = both.partition(":")
    is_one = rest != "" and both.isprintable() and len(both.encode()) >= 6

    assert bool(possible_secrets_in(f"h = {header}")) == is_one


@pytest.mark.parametrize(
    ("name", "value", "parts"),
    [
        (
            "DATABASE_URL",
            "postgres://app:Zm9v-Ym4y@db.internal/orders",
            {"postgres://app:Zm9v-Ym4y@db.internal/orders", "Zm9v-Ym4y"},
        ),
        ("DB_PASSWORD", "orders-db", {"orders-db"}),
        ("dbPassword", "orders-db", {"orders-db"}),
        ("TableTokens", "orders-db", set()),
        ("DB_SECRET", "orders-db", set()),
        ("DB_CREDENTIALS", "orders-db", set()),
        ("DB_CREDENTIAL", "orders-db", set()),
        ("DB_CREDENTIAL", "arn:aws:secretsmanager:eu-west-1:1:secret:a", set()),
        ("DB_SECRET", "Corr3ct-H0rse!", {"Corr3ct-H0rse!"}),
        ("DB_PASSWORD", "", set()),
        ("DB_PASSWORD", "true", set()),
        ("DB_PASSWORD", "arn:aws:ssm:eu-central-1:111122223333:parameter/db", set()),
        ("TABLE", "orders", set()),
    ],
)
def test_the_secret_parts_of_a_variable(name: str, value: str, parts: set[str]) -> None:
    assert set(secret_parts(name, value)) == parts


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("DB_PASSWORD", "hunter2!", "looks like a secret"),  # eight characters: the fewest
        ("DB_PASSWORD", "hunter2", None),
        ("DB_PASSWORD", "orders-db-password", None),
        ("X", "eyJhbGciOiJI.eyJzdWIiOiIxMjM0." + "aB3d" * 6, "holds a signed token"),
        ("X", "see eyJhbGciOiJI.eyJzdWIiOiIxMjM0." + "aB3d" * 6, None),
        ("X", "see postgres://app:Zm9v-Ym4y@db.internal/orders", "holds a password"),
        ("X", "postgres://app:app@db.internal/orders", None),
        ("X", "postgres://app:Zm9v-Ym4y@localhost/orders", None),
        ("X", "postgres://app:Zm9v-Ym4y@localhost.example.com/orders", "holds a password"),
        ("X", "postgres://app:Zm9v-Ym4y@my-localhost/orders", "holds a password"),
        ("X", "postgres://a:app@db.internal/orders", "holds a password"),
        ("X", "postgres://apple:app@db.internal/orders", "holds a password"),
        ("X", "Bearer 9f86d081884c7d659a2feaa0", "holds a header with a password"),
        ("X", "Bearer aaaaaaaa86d081884c7d659a", None),
        ("X", "Zm9v-Ym4y", None),
    ],
)
def test_what_a_variable_holds(name: str, value: str, told: str | None) -> None:
    assert told_by_variable(name, value) == told


@pytest.mark.parametrize(
    ("text", "is_key"),
    [
        ("aB3/" * 10, True),
        ("aB3d4" * 8, True),
        ("aB3/" * 9 + "aB3", False),  # 39 characters
        ("ab3/" * 10, False),
        ("aBcd" * 10, False),
        ("aB3/" * 10 + "=", False),
        ("x.EXAMPLE " + "aB3/" * 10, False),
    ],
)
def test_forty_mixed_characters_by_themselves_are_a_key(text: str, is_key: bool) -> None:
    assert bare_key(text) == ("an AWS secret access key" if is_key else None)
    if "EXAMPLE" not in text:
        assert concealed(text, ()) == ("*" * 40 if is_key else text)


def test_a_secret_is_hidden_as_it_is_and_as_json_writes_it() -> None:
    secret = 'C"rr3ct\\H0rse'  # noqa: S105 - none
    assert concealed(f"{secret} and {json.dumps(secret)}", (secret,)) == f'{"*" * 13} and "{"*" * 15}"'


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('PASSWORD="a=b:c1234"', 'PASSWORD="*********"'),
        ("PASSWORD='abc1234'", "PASSWORD='abc1234'"),  # too short for a secret that is worth its name
        ("wJalrXUtnFEMI/K7MDENG/bPx9fiCYEXAMPLEKEY", "wJalrXUtnFEMI/K7MDENG/bPx9fiCYEXAMPLEKEY"),
    ],
)
def test_what_a_name_is_given_is_hidden_from_eight_characters_on(text: str, shown: str) -> None:
    assert concealed(text, ()) == shown


def test_the_beginning_of_a_key_and_a_number_are_no_secrets_of_a_file() -> None:
    """Code looks for the one; a version, a date or a telephone number is the other."""
    begin = "-----BEGIN " + "RSA PRIVATE KEY-----"
    assert not holds_secret(f'if text.startswith("{begin}"):\n    return True\n')
    assert holds_secret(f"{begin}\n{KEY_BODY}")
    values = {"2026-12-03!": 0, "+49 30 1234": 0, "12345678!": 0, "a2345678!": 1, "abcdefgh": 0, "Zm9vYmFyMQ": 1}
    assert {value: len(possible_secrets_in(f'PASSWORD = "{value}"')) for value in values} == values
