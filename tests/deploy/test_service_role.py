"""A starter and a service role: whoever deploys starts CloudFormation, and that works as another role."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from projects import remit
from random_cases import in_all_cases
from remit.deploy.stack import describe
from remit.iam.decide.evaluate import Request, evaluate
from remit.iam.policy import parse

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from projects import Ran
    from remit.deploy.session import Account

PLACE = ("--region", "eu-central-1", "--account", "000000000000")
DATA = """
from remit import Shared, resource
class Data(Shared):
    queue = resource("AWS::SQS::Queue", visibility_timeout={seconds})
"""
SETTINGS = """
from remit import configure
with configure() as config:
    config.aws.service_role = "{role}"
"""


def write(project: Path, seconds: int) -> None:
    folder = project / "shared" / "resources"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "data.py").write_text(DATA.format(seconds=seconds))


def printed(project: Path, *options: str) -> dict[str, Any]:
    ran = remit("policy", "deployer", "-C", str(project), *PLACE, *options)
    assert ran.status == 0, ran.err
    document: dict[str, Any] = json.loads(ran.out)
    return document


@pytest.fixture
def role(project: Path, elsewhere: Account) -> str:
    """The service role, which CloudFormation makes of the printed template."""
    write(project, 30)
    template = printed(project, "--part", "works", "--cloudformation")
    cloudformation = elsewhere.client("cloudformation")
    cloudformation.create_stack(
        StackName="roles", TemplateBody=json.dumps(template), Capabilities=["CAPABILITY_NAMED_IAM"]
    )
    cloudformation.get_waiter("stack_create_complete").wait(StackName="roles", WaiterConfig={"Delay": 1})
    stack = describe(elsewhere, "roles")
    assert stack is not None
    return {output.name: output.value for output in stack.outputs}["ServiceRole"]


@pytest.fixture
def start(project: Path, role: str, tmp_path: Path) -> Callable[..., Ran]:
    """Run a command as the starter."""
    file = tmp_path / "starts.json"
    file.write_text(json.dumps(printed(project, "--part", "starts", "--service-role", role)))

    def run(*command: str) -> Ran:
        return remit(*command, "--local", "-C", str(project), "--as", str(file))

    return run


def test_starter_and_service_role_deploy_deploy_again_without_naming_it_and_delete(
    project: Path, role: str, start: Callable[..., Ran]
) -> None:
    first = start("deploy", "--yes", "--service-role", role)
    assert 0 == first.status, first.err
    write(project, 40)
    later = start("deploy", "--yes")
    assert (0, True) == (later.status, "DataQueue" in later.err), later.err
    assert 0 == start("delete", "--yes-delete", "all").status


def test_the_starter_alone_fails_with_the_action_that_is_denied(start: Callable[..., Ran], role: str) -> None:
    alone = start("deploy", "--yes")
    assert 1 == alone.status
    assert "assumed-role/starts-" in alone.err
    assert "is not authorized to perform: " in alone.err
    assert 0 == start("delete", "--yes-delete", "all", "--service-role", role).status


@pytest.mark.parametrize("way", ["settings", "environment"])
def test_the_settings_and_the_environment_name_the_role_too(
    project: Path, role: str, start: Callable[..., Ran], way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = project / "config" / "deploy.py"
    if way == "environment":
        monkeypatch.setenv("REMIT_SERVICE_ROLE", role)
    else:
        settings.parent.mkdir(exist_ok=True)
        settings.write_text(SETTINGS.format(role=role))
    ran = start("deploy", "--yes")
    starts = printed(project, "--part", "starts")
    settings.unlink(missing_ok=True)
    assert 0 == ran.status, ran.err
    assert role in json.dumps(starts)


@in_all_cases
def test_the_option_counts_before_the_settings(project: Path, role: str, start: Callable[..., Ran]) -> None:
    settings = project / "config" / "deploy.py"
    settings.parent.mkdir(exist_ok=True)
    settings.write_text(SETTINGS.format(role="arn:aws:iam::000000000000:role/nobody"))
    refused, ran = start("deploy", "--yes"), start("deploy", "--yes", "--service-role", role)
    settings.unlink()
    assert (0, 0) != (refused.status, ran.status)
    assert "role/nobody" in refused.err
    assert 0 == ran.status, ran.err


def test_the_parts_do_what_the_whole_does_and_neither_does_the_others(project: Path, role: str) -> None:
    whole = printed(project)
    starts, works = printed(project, "--part", "starts", "--service-role", role), printed(project, "--part", "works")
    both = {**whole, "Statement": [*starts["Statement"], *works["Statement"]]}
    file = project / "both.json"
    file.write_text(json.dumps(both))
    assert 0 == remit("check", "deployer", "-C", str(project), "--policy", str(file)).status
    for part, document, other in (("starts", starts, "works"), ("works", works, "starts")):
        file.write_text(json.dumps(document))
        asked = ("check", "deployer", "-C", str(project), "--policy", str(file), "--service-role", role)
        assert 0 == remit(*asked, "--part", part).status
        assert 1 == remit(*asked, "--part", other).status
    file.unlink()
    assert "cloudformation:" not in json.dumps(works)
    passing = Request("iam:PassRole", role, context={"iam:PassedToService": "cloudformation.amazonaws.com"})
    assert evaluate(passing, parse(starts)).allowed
    assert not evaluate(passing, parse(works)).allowed


@in_all_cases
def test_what_a_starter_lacks_for_its_part_is_no_reason_to_stop(project: Path, role: str, tmp_path: Path) -> None:
    """It may read its own policies, which lack all that CloudFormation does as the service role."""
    starts = printed(project, "--part", "starts", "--service-role", role)
    file = tmp_path / "reading.json"
    starts["Statement"].append({"Effect": "Allow", "Action": ["iam:Get*", "iam:List*"], "Resource": "*"})
    file.write_text(json.dumps(starts))
    ran = remit("deploy", "--yes", "--local", "-C", str(project), "--as", str(file), "--service-role", role)
    assert 0 == ran.status, ran.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("deploy", "--service-role", "deploys"), "`--service-role` is 'deploys'"),
        (("policy", "deployer", "--part", "starts"), "--part starts is about a service role, and there is none"),
        (("policy", "deployer", "--part", "all"), "'all' is not one of"),
        (("policy", "deployer", "--part", "works", "--for", "bootstrap"), "it goes with no TEMPLATE, --from, --part"),
    ],
)
def test_what_names_no_role_is_a_mistake(project: Path, arguments: tuple[str, ...], message: str) -> None:
    ran = remit(*arguments, "-C", str(project))
    assert (2, True) == (ran.status, message in ran.err), ran.err


def test_a_setting_that_is_no_role_is_told_at_its_line(project: Path) -> None:
    settings = project / "config" / "deploy.py"
    settings.parent.mkdir(exist_ok=True)
    settings.write_text(SETTINGS.format(role="arn:aws:iam::aws:policy/AdministratorAccess"))
    ran = remit("build", "-C", str(project))
    settings.unlink()
    assert (2, True) == (ran.status, "config/deploy.py:4:5" in ran.err), ran.err
    assert "`config.aws.service_role` is 'arn:aws:iam::aws:policy/Admin" in ran.err
