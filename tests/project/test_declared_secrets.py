"""The value of a secret never enters a template: the build stops at the line that declares it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Make

VALUE = "Corr3ct-H0rse-Batt3ry"
URL = f"postgres://app:{VALUE}@db.internal/orders"
VARIABLES = {
    "DB_PASSWORD": VALUE,
    "DATABASE_URL": URL,
    "GH": "ghp_" + "a1B2c3D4e5F6g7H8i9" * 2,
    "API_KEY": "correct-horse-battery-staple",
    "ROOT_PASSWORD": "postgres",
    "SMTP_PASSWORD": "a b/c?d&e1F",
}
READS = {
    "an index": 'os.environ["DB_PASSWORD"]',
    "get": 'os.environ.get("DB_PASSWORD")',
    "get with a default": 'os.environ.get("DB_PASSWORD", "none")',
    "getenv": 'os.getenv("DB_PASSWORD")',
    "an f-string": "f\"host=db password={os.environ['DB_PASSWORD']}\"",
    "a sum": 'os.environ["DB_PASSWORD"] + "!"',
    "a URL made of it": "f\"mysql://app:{os.environ['DB_PASSWORD']}@db/x\"",
    "a quoted part of a URL": "'mysql://app:' + quote_plus(os.environ['SMTP_PASSWORD']) + '@db/x'",
    "a URL": 'os.environ["DATABASE_URL"]',
    "the password of a URL": 'urlsplit(os.environ["DATABASE_URL"]).password',
    "a token by its form": 'os.environ["GH"]',
    "words": 'os.environ["API_KEY"]',
    "one word": 'os.environ["ROOT_PASSWORD"]',
    "one word in a URL": "f\"postgres://app:{os.environ['ROOT_PASSWORD']}@db/x\"",
}
HEAD = "import os\nfrom urllib.parse import quote, quote_plus, urlsplit\nfrom remit import App\n\napp = App()\n\n\n"


def with_environment(value: str) -> str:
    return f'{HEAD}@app.function(\n    environment={{"DB": {value}}},\n)\ndef report(event, context): ...\n'


@pytest.fixture(autouse=True)
def _variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize("read", READS)
@pytest.mark.parametrize("command", ["build --no-package", "build --no-package --json", "lint --json", "diff --json"])
def test_a_variable_with_the_value_of_a_secret_is_an_error_at_its_line(make: Make, read: str, command: str) -> None:
    project = make(app=with_environment(READS[read]))

    ran = project.remit(*command.split())

    told = ran.out + ran.err
    assert ran.status == 2
    assert "`DB` of an environment holds the value of " in told
    assert "secret(" in told
    assert ("app.py:17:" in told) or ('"line": 17' in told)
    assert [value for value in VARIABLES.values() if len(value) > 8 and value in told] == []
    assert not (project.folder / ".remit/build/template.json").exists()


@pytest.mark.parametrize(
    "declaration",
    [
        "app.group('b', environment={'DB': os.environ['DB_PASSWORD']}).function",
        "app.function(properties={'Tags': [{'Key': 'a', 'Value': os.environ['DB_PASSWORD']}]})",
        "app.function(properties={'Description': 'x' + os.environ['DB_PASSWORD']})",
    ],
)
def test_no_other_declaration_takes_the_value_of_a_secret(make: Make, declaration: str) -> None:
    ran = make(app=f"{HEAD}@{declaration}\ndef report(event, context): ...\n").remit("build", "--no-package")

    assert ran.status == 2
    assert "holds the value of DB_PASSWORD, a secret, which would stand in the template" in ran.err
    assert VALUE not in ran.err


def test_a_shared_resource_takes_no_value_of_a_secret(make: Make) -> None:
    shared = (
        "import os\nfrom remit import Shared, resource\n\n\nclass Data(Shared):\n"
        '    parameter = resource("AWS::SSM::Parameter", type="String", value=os.environ["DB_PASSWORD"])\n'
    )
    ran = make(
        app=f"{HEAD}@app.function\ndef report(event, context): ...\n", **{"shared/resources/data.py": shared}
    ).remit("build", "--no-package")

    assert ran.status == 2
    assert "this declaration holds the value of DB_PASSWORD, a secret" in ran.err


def test_the_settings_take_no_value_of_a_secret(make: Make) -> None:
    config = (
        'import os\nfrom remit import config\nconfig.lambda_.function.environment = {"DB": os.environ["DB_PASSWORD"]}\n'
    )
    ran = make(app=f"{HEAD}@app.function\ndef report(event, context): ...\n", config=config).remit(
        "build", "--no-package"
    )

    assert ran.status == 2
    assert "`DB` of an environment holds the value of DB_PASSWORD, a secret" in ran.err


def test_the_value_of_an_env_file_is_a_secret_too(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may be read by a package that puts nothing into the environment."""
    monkeypatch.delenv("DB_PASSWORD")
    reading = "pathlib.Path(__file__).with_name('.env').read_text().strip().partition('=')[2]"
    project = make(app=f"import pathlib\n{with_environment(reading)}")
    (project.folder / ".env").write_text(f"DB_PASSWORD={VALUE}\n")

    ran = project.remit("build", "--no-package")

    assert ran.status == 2
    assert "holds the value of DB_PASSWORD, a secret" in ran.err
    assert VALUE not in ran.err


@pytest.mark.parametrize(
    "value",
    [
        'secret("/shop/db")',
        'os.environ["STAGE"]',
        'os.environ["DB_SECRET"]',
        'os.environ["TOKEN_ARN_SECRET"]',
        '"postgres"',
        '"postgres://db/x" if os.environ.get("DB_PASSWORD") else "sqlite://"',
    ],
)
def test_what_names_a_secret_or_is_none_may_be_declared(
    make: Make, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("STAGE", "production")
    monkeypatch.setenv("DB_SECRET", "orders-db")
    monkeypatch.setenv("TOKEN_ARN_SECRET", "arn:aws:secretsmanager:eu-west-1:111122223333:secret:orders-AbCdEf")
    app = with_environment(value).replace("from remit import App", "from remit import App, secret")

    ran = make(app=app).remit("build", "--no-package")

    assert (ran.status, "holds the value" in ran.err) == (0, False)


def test_a_value_that_no_code_reads_is_not_looked_for(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine of CI has many variables, and one may happen to have the value of a stage."""
    monkeypatch.setenv("CI_TOKEN", "production-eu-1")

    ran = make(app=with_environment('"production-eu-1"')).remit("build", "--no-package")

    assert ran.status == 0


def test_a_word_of_an_env_file_may_be_declared(make: Make) -> None:
    """`API_KEY=demo` says nothing of a stage that is called so."""
    project = make(app=with_environment('"demo"'))
    (project.folder / ".env").write_text("API_KEY=demo\n")

    assert project.remit("build", "--no-package").status == 0
