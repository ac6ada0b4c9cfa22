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


@pytest.mark.parametrize(
    ("read", "command"),
    [
        *((read, "build --no-package") for read in READS),
        *(("an index", f"{command} --json") for command in ("build --no-package", "lint", "diff")),
    ],
)
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


READ_HERE = "os.environ['DB_PASSWORD']"
REPORT = "@app.function({})\ndef report(event, context): ...\n"
STATEMENT = f"{{'Effect': 'Allow', 'Action': 's3:GetObject', 'Resource': 'arn:aws:s3:::b/' + {READ_HERE}}}"
SHARED = "import os\nfrom remit import Shared, output, resource\n\n\nclass Data(Shared):\n    part = {}\n"
CONFIGURED = "import os\nfrom remit import config\nconfig.lambda_.{}\n"
PARTS = {
    "an environment of a group": f"@app.group('b', environment={{'DB': {READ_HERE}}}).function\ndef f(e, c): ...\n",
    "a property in a list": REPORT.format(f"properties={{'Tags': [{{'Key': 'a', 'Value': {READ_HERE}}}]}}"),
    "a property": REPORT.format(f"properties={{'Description': 'x' + {READ_HERE}}}"),
    "a statement": REPORT.format(f"policy={STATEMENT}"),
    "a managed policy": REPORT.format(f"managed_policy='arn:aws:iam::111122223333:policy/' + {READ_HERE}"),
    "a trigger": REPORT.format(f"on.schedule('rate(1 day)', input={{'to': {READ_HERE}}})"),
    "a name": REPORT.format(f"name={READ_HERE}"),
    "a shared resource": SHARED.format(f"resource('AWS::SSM::Parameter', type='String', value={READ_HERE})"),
    "an output": SHARED.format(f"output({READ_HERE})"),
    "an environment of the settings": CONFIGURED.format(f"function.environment = {{'DB': {READ_HERE}}}"),
    "a statement of the settings": CONFIGURED.format(f"iam.policy = [{STATEMENT}]"),
    "a boundary": CONFIGURED.format(f"iam.permissions_boundary = 'arn:aws:iam::111122223333:policy/' + {READ_HERE}"),
}


@pytest.mark.parametrize("part", PARTS)
def test_no_part_of_an_app_takes_the_value_of_a_secret(make: Make, part: str) -> None:
    text = PARTS[part]
    head = HEAD.replace("import App", "import App, on")
    files = {"app.py": head + (text if text.startswith("@") else REPORT.format(""))}
    if "Shared" in text:
        files["shared/resources/data.py"] = text
    elif "config." in text:
        files["config/deploy.py"] = text
    ran = make(**files).remit("build", "--no-package")
    assert ran.status == 2
    assert " holds the value of DB_PASSWORD, a secret" in ran.err
    assert VALUE not in ran.err


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


def test_a_value_of_two_variables_is_told_by_the_first(make: Make) -> None:
    error = make(app=f"{with_environment(READS['an index'])}\n\nos.environ['DATABASE_URL']\n").error()
    assert "holds the value of DATABASE_URL, a secret" in error.message


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
