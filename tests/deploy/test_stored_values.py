"""Secrets and parameters on the local AWS: looked up before a deploy, and read by the function under its role."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from projects import Project
from remit.cli import main
from remit.deploy.workflow import lacking
from remit.errors import RemitError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from remit.deploy.session import Account

    Remit = Callable[..., tuple[int, str, str]]

APP = """
import os

from remit import App, parameter, secret

app = App()


@app.function(environment={"DB": secret("/shop/db"), "URL": parameter("/shop/url")})
def report(event, context):
    return [secret("/shop/db"), secret("DB"), parameter("/shop/url"), os.environ["DB"]]


@app.function
def other(event, context):
    return secret("/shop/db")
"""


BAD_APP = """
from remit import App, on, secret
from shared.resources.data import Data

app = App()


@app.function(on.schedule("cron(0 8 30 2 ? *)"), environment={"DB": secret("/shop/none")})
def never(event, context): ...


@app.job(on.schedule("rate(1 day)", input={"when": {1, 2}}))
def mail(when): ...


@app.function(on.event(source="shop", detail={"n": [{"numeric": [">", 5, "<", 3]}]}))
def nothing(event, context): ...


@app.function(on.sqs.send("orders"))
def wrong(event, context): ...


app.web("site_:api", auth="NONE")
"""
BAD_DATA = """
from remit import Shared, resource

class Data(Shared):
    one = resource("AWS::SQS::Queue", queue_name="orders")
    two = resource("AWS::SQS::Queue", queue_name="orders")
    fifo = resource("AWS::SQS::Queue", queue_name="mail", fifo_queue=True)
"""


@pytest.fixture
def shop(project: Path) -> Iterator[Path]:
    """The project with that app, and no local values left over."""
    (project / "app.py").write_text(APP)
    yield project
    (project / ".env.local").unlink(missing_ok=True)


def test_a_secret_that_does_not_exist_stops_the_deploy_at_its_line(
    remit: Remit, shop: Path, elsewhere: Account
) -> None:
    code, _, err = remit("deploy", "--yes")
    assert (2, True) == (code, "error: secret /shop/db, which DB names, does not exist in 000000000000, eu-" in err)
    assert "--> app.py:9:34" in err
    assert "error: parameter /shop/url, which URL names, does not exist" in err, "all that is missing, in one run"
    assert "hint: write its value for this machine into .env.local: /shop/db=…" in err
    assert remit("status")[0] == 1, "nothing was deployed"
    elsewhere.client("secretsmanager").create_secret(Name="/shop/db", SecretString="s3cret")
    assert "error: parameter /shop/url, which URL names, does not exist" in remit("deploy", "--yes")[2]
    assert (shop / ".remit" / "build" / "template.json").read_text().count("s3cret") == 0


def test_a_local_run_reads_the_values_of_the_file_under_its_role(remit: Remit, shop: Path) -> None:
    (shop / ".env.local").write_text("/shop/db=s3cret\nURL=https://shop.example\n")
    code, out, err = remit("deploy", "--yes")
    assert code == 0
    assert "what it uses and does not make must exist\n    secret /shop/db\n    parameter /shop/url\n" in err
    assert "s3cret" not in out + err
    code, out, _ = remit("invoke", "report")
    assert (0, ["s3cret", "s3cret", "https://shop.example", "/shop/db"]) == (code, json.loads(out))
    code, _, err = remit("invoke", "other")
    assert (True, True) == (code != 0, "secret /shop/db is not in this function's environment: declare it there" in err)


def test_what_the_account_lacks_is_reported_with_the_mistakes_of_the_build(remit: Remit, project: Path) -> None:
    """A queue twice, FIFO without .fifo, a cron that never fires, and five more; an exception ends its module."""
    files = {
        "app.py": BAD_APP,
        "shared/resources/data.py": BAD_DATA,
        "site_.py": "import missing_\napi = missing_.App()\n",
        "config/deploy.py": (
            "from remit import config\nconfig.job.enable = True\nconfig.api.domain_name = 'api.shop.example'\n"
        ),
    }
    for name, text in files.items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(text)
    code, out, _ = remit("deploy", "--yes", "--json")
    expected = [
        ("app.py", 8, "schedule 'cron(0 8 3"),
        ("app.py", 8, "secret /shop/none, w"),
        ("app.py", 12, "schedule's input is "),
        ("app.py", 16, "event.detail.n[0].nu"),
        ("app.py", 20, "app.py raised Attrib"),
        ("config/deploy.py", 3, "`config.api.domain_n"),
        ("shared/resources/data.py", 6, "`DataTwo` and `DataO"),
        ("shared/resources/data.py", 7, "the name 'mail' of q"),
    ]
    mistakes = json.loads(out)
    assert (2, expected) == (
        code,
        [(mistake["file"], mistake["line"], mistake["message"][:20]) for mistake in mistakes],
    )


def test_an_account_that_does_not_answer_is_said_by_the_next_deploy_alone(tmp_path: Path) -> None:
    """A build that is refused anyway lists what is to be mended in the project."""

    def connect() -> Account:
        raise RemitError("there are no credentials")

    (tmp_path / "app.py").write_text(APP)
    app = Project(tmp_path).load()
    assert () == lacking(app, tmp_path, connect)


LACKS_TWO = """
from remit import App, existing, parameter

app = App()


@app.function(
    environment={
        "URL": parameter("/shop/url"),
        "PLACE": existing.parameter("/shop/place"),
    }
)
def report(event, context): ...
"""


@pytest.mark.parametrize("local", [True, False])
def test_what_does_not_exist_is_told_whether_the_app_or_the_deploy_reads_it(tmp_path: Path, *, local: bool) -> None:
    def missing(**_: str) -> None:
        raise ClientError({"Error": {"Code": "ParameterNotFound"}}, "GetParameter")

    ssm = SimpleNamespace(describe_parameters=lambda **_: {"Parameters": []}, get_parameter=missing)
    account: Any = SimpleNamespace(account="1", region="eu-west-1", local=local, client=lambda _: ssm)
    (tmp_path / "app.py").write_text(LACKS_TWO)
    errors = lacking(Project(tmp_path).load(), tmp_path, lambda: account)
    assert [9, 10] == [error.origin and error.origin.line for error in errors]
    names = ("/shop/url", "/shop/place")
    made = ["--type SecureString --name /shop/url --value file", "--type String --name /shop/place --value "]
    hints = [f"make it first: aws ssm put-parameter {options}" for options in made]
    if local:
        hints = [f"write its value for this machine into .env.local: {name}=" for name in names]
    assert hints == [(error.hint or "").partition("…")[0].removesuffix("://") for error in errors]


OWN = """
import os

import boto3
from shared.resources.data import Data

from remit import App, grants

app = App()


@app.function(policy=[grants.secretsmanager.read(Data.key)], environment={"KEY": Data.key.ref})
def read(event, context):
    return boto3.client("secretsmanager").get_secret_value(SecretId=os.environ["KEY"])["Name"]
"""
OWN_DATA = """
from remit import Shared, resource


class Data(Shared):
    key = resource("AWS::SecretsManager::Secret", secret_string="x"{})
"""


def test_a_secret_without_a_name_has_one_as_on_aws_keeps_it_and_is_seen_to_be_used(
    remit: Remit, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "app.py").write_text(OWN)
    (project / "config/deploy.py").write_text("from remit import config\n")
    (project / "shared/resources/data.py").parent.mkdir(parents=True, exist_ok=True)
    names = []
    for more in ("", ', description="another"'):
        (project / "shared/resources/data.py").write_text(OWN_DATA.format(more))
        ran = remit("deploy", "--yes")
        assert 0 == ran[0], ran
        names.append(json.loads(remit("invoke", "read")[1]))
    assert (True, 1) == (names[0].startswith("DataKey-"), len(set(names)))
    (project / "shared/resources/data.py").write_text(OWN_DATA.format(""))
    with pytest.raises(SystemExit):
        main(["explain", "read", "--seen", "--json", "-C", str(project)])
    granted = json.loads(capsys.readouterr().out)["granted"]
    assert [True] == [bool(each["seen"]) for each in granted if each["action"] == "secretsmanager:GetSecretValue"]
