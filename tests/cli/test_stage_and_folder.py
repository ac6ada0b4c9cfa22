"""A command is about the stage and the folder that it is given, wherever it runs: neither is dropped on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from projects import configuration, write
from remit.cli.options import Scope

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Make

CONFIG: Final = """
config.stages = ["prod"]
config.aws.service_role = "arn:aws:iam::111122223333:role/deploys"
"""
APP: Final = """
from remit import project

if project.stage == "prod":
    @app.function(on.sqs("arn:aws:sqs:eu-central-1:111122223333:jobs"), policy=[dynamodb.query("orders")])
    def report(event, context): ...
"""
DENIAL: Final = (
    "User: arn:aws:sts::111122223333:assumed-role/orders-prod-ReportRole-1ABC/orders-prod-report is not authorized to "
    "perform: dynamodb:Scan on resource: arn:aws:dynamodb:eu-central-1:111122223333:table/orders because no "
    "identity-based policy allows the dynamodb:Scan action"
)
NOTHING: Final = '{"Version": "2012-10-17", "Statement": []}'


@pytest.mark.parametrize(
    ("command", "status"),
    [
        (("build", "--no-package"), 0),
        (("explain", "report"), 0),
        (("explain", "report", "--seen"), 0),
        (("explain", "report", "dynamodb:Query", "orders"), 0),
        (("explain", "report", "dynamodb:Scan", "orders"), 1),
        (("policy", "function", "report"), 0),
        (("policy", "deployer"), 0),
        (("policy", "deployer", "--part", "starts"), 0),
        (("check", "deployer", "--policy", "nothing.json"), 1),
        (("check", "deployer", "--policy", "nothing.json", "--part", "starts"), 1),
        (("lint",), 0),
        (("diff",), 1),
        (("event", "sqs", "report"), 0),
        (("why", DENIAL), 0),
    ],
)
def test_a_command_is_about_the_stage_and_the_folder_that_it_is_given(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...], status: int
) -> None:
    project = make(config=CONFIG, app=APP)
    write(tmp_path / "elsewhere", {"nothing.json": NOTHING})
    monkeypatch.chdir(tmp_path / "elsewhere")
    ran = project.remit(*command, "--stage", "prod")
    assert (status, False) == (ran.status, "error:" in ran.err), ran.err
    assert ["nothing.json"] == [path.name for path in (tmp_path / "elsewhere").iterdir()]


@pytest.mark.parametrize("stage", [None, "test", "prod"])
@pytest.mark.parametrize(
    ("config", "of_prod"),
    [
        (None, None),
        ('config.stack_name = "shop"', None),
        (None, 'config.stack_name = "shop"'),
        ('config.stack_name = "shop"', 'config.stack_name = "shop-prod"'),
        ("pass  # no stack_name", None),
    ],
)
def test_a_stack_has_the_same_name_whether_its_app_is_loaded_or_not(
    make: Make, config: str | None, of_prod: str | None, stage: str | None
) -> None:
    project = make(config=config)
    if of_prod is not None:
        write(project.folder, {"config/deploy/prod.py": configuration(of_prod)})
    assert project.load(stage).namespace == Scope(project.folder, stage).namespace()
