"""Secrets and parameters in a function's settings: their names alone leave the build, and reading them is granted."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from zipfile import ZipFile

import pytest

from projects import at
from remit import secret
from remit.build import build
from remit.errors import RemitError
from remit.project.local_values import local_values

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Make
    from projects import Project

HERE = "arn:${AWS::Partition}:%s:${AWS::Region}:${AWS::AccountId}:%s"
WHOLE_ARN = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-AbCdEf"
OWN = """
from remit import Shared, resource
class Data(Shared):
    key = resource("AWS::KMS::Key", key_policy={})
    db = resource("AWS::SecretsManager::Secret", generate_secret_string={}, kms_key_id=key.arn)
    url = resource("AWS::SSM::Parameter", type="String", value="x", name="/own/url")
"""


def function(make: Make, value: str, more: str = "") -> Project:
    """A project whose function has the value in its environment, as `IT`."""
    body = f"from remit import parameter, secret\nfrom shared.resources.data import Data\n{more}"
    return make(
        app=f'{body}@app.function(environment={{"IT": {value}}})\ndef hello(event, context): ...\n',
        **{"shared/resources/data.py": OWN},
    )


@pytest.mark.parametrize(
    ("value", "name", "statements"),
    [
        ('secret("/shop/db")', "/shop/db",
         [("secretsmanager:GetSecretValue", HERE % ("secretsmanager", "secret:/shop/db-??????"), None)]),
        (f'secret("{WHOLE_ARN}")', WHOLE_ARN, [("secretsmanager:GetSecretValue", WHOLE_ARN, None)]),
        ('parameter("/shop/url", key="1a2b")', "/shop/url",
         [("ssm:GetParameter", HERE % ("ssm", "parameter/shop/url"), None),
          ("kms:Decrypt", HERE % ("kms", "key/1a2b"), "ssm.${AWS::Region}.${AWS::URLSuffix}")]),
        ("secret(Data.db)", {"Ref": "DataDb"},
         [("secretsmanager:GetSecretValue", "${DataDb}", None),
          ("kms:Decrypt", "${DataKey.Arn}", "secretsmanager.${AWS::Region}.${AWS::URLSuffix}")]),
        ("parameter(Data.url)", {"Ref": "DataUrl"}, [("ssm:GetParameter", "${DataUrl.Arn}", None)]),
    ],
)  # fmt: skip
def test_the_environment_has_the_name_and_the_role_reads_exactly_that(
    make: Make, value: str, name: object, statements: list[tuple[str, str, str | None]]
) -> None:
    project = function(make, value)
    variables = project.resources("AWS::Lambda::Function")["HelloFunction"]["Environment"]["Variables"]
    granted = [
        (
            statement["Action"],
            statement["Resource"],
            statement.get("Condition", {}).get("StringEquals", {}).get("kms:ViaService"),
        )
        for statement in project.statements()[1:]
    ]
    assert (name, statements) == (variables["IT"], granted)


def test_the_reason_names_the_variable_and_the_line(make: Make) -> None:
    grant = function(make, 'secret("/shop/db")').role().grants[1]
    assert ("hello reads secret /shop/db, which IT names", "app.py:11:34") == (grant.because, str(grant.origin))


def test_a_secret_of_the_app_is_called_by_its_name_in_the_template(make: Make) -> None:
    role = function(make, "secret(Data.db)").role()
    reasons = [grant.because for grant in role.grants if "secret" in grant.because]
    assert "hello reads secret DataDb, which IT names" == reasons[0]


def test_the_configuration_names_secrets_for_every_function(make: Make) -> None:
    project = make(config='from remit import secret\nconfig.lambda_.function.environment = {"DB": secret("/shop/db")}')
    (value,) = project.function().stored_values
    assert ("DB", "secret /shop/db", "config/deploy.py:6:50") == (value.variable, value.called, str(value.origin))


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("secret(None)", "secret takes a name, an ARN or a resource, got None"),
        ('secret("postgres://u:p@host/db")', "secret takes the name that AWS keeps it under, and 'postgres'… looks"),
        ('"{{resolve:ssm-secure:/shop/db}}"', "`environment['IT']` refers to a secure parameter, which"),
    ],
)
def test_what_is_no_name_is_told_at_its_line_without_the_value(make: Make, value: str, message: str) -> None:
    error = function(make, value).error()
    assert ("app.py:11", True) == (at(error).rpartition(":")[0], error.message.startswith(message))
    assert "u:p" not in f"{error}"


def test_a_name_in_properties_is_an_error_since_nothing_would_grant_it(make: Make) -> None:
    body = "from remit import secret\n@app.function(properties={'Environment': {'Variables': {'DB': secret('/x')}}})\n"
    error = make(app=f"{body}def hello(event, context): ...\n").error()
    assert "move it to `environment`, which grants that" == error.hint


def test_where_tests_run_values_come_from_a_file_that_no_zip_has(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    project = make(**{".env.local": '# for this machine\n\n/shop/db = "s3cret"\n'})
    monkeypatch.chdir(project.folder)
    assert "s3cret" == secret("/shop/db")
    with pytest.raises(RuntimeError, match=r"write /shop/other=… into \.env\.local"):
        secret("/shop/other")
    project.remit("build")
    packed = [name for path in (project.folder / ".remit" / "build").glob("*.zip") for name in ZipFile(path).namelist()]
    assert (True, False) == ("app.py" in packed, ".env.local" in packed)


def test_a_line_of_the_file_that_says_nothing_is_told(tmp_path: Path) -> None:
    (tmp_path / ".env.local").write_text("A='1'\n\njust words\n")
    with pytest.raises(RemitError, match="not NAME=VALUE") as caught:
        local_values(tmp_path)
    assert ".env.local:3" == at(caught.value)


def test_a_plain_variable_of_the_file_counts_on_this_machine_alone(make: Make) -> None:
    project = make(
        app="""
@app.function(environment={"LEVEL": "INFO", "DB": secret("/shop/db"), "TABLE": aws.region})
def hello(event, context): ...
""".replace("@app", "from remit import aws, secret\n\n@app", 1),
        **{".env.local": "LEVEL=DEBUG\nDB=s3cret\nTABLE=orders\nOTHER=1\n"},
    )

    def variables(*, here: bool) -> Any:
        built = build(project.folder, package=False, for_this_machine=here)
        variables = json.loads(built.body)["Resources"]["HelloFunction"]["Properties"]["Environment"]["Variables"]
        return {name: variables[name] for name in ("LEVEL", "DB", "TABLE")} | dict.fromkeys(
            {"OTHER"} & variables.keys()
        )

    assert variables(here=True) == {"LEVEL": "DEBUG", "DB": "/shop/db", "TABLE": "orders"}
    assert variables(here=False) == {"LEVEL": "INFO", "DB": "/shop/db", "TABLE": {"Ref": "AWS::Region"}}
