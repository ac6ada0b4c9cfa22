"""A role that has less since the computed default gives less is said to be that."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from projects import remit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Make

JOBS = "config.job.enable = True\nconfig.job.scheduler = True"
DATA = "from remit import Shared, aws, output\nclass Data(Shared):\n    region = output(aws.region)\n"
APP = """from shared.resources.data import Data
@app.job
def mail(to): ...
@app.function({})
def hello(event, context): ...
"""
VPC = 'config.lambda_.function.vpc_config = {"SecurityGroupIds": ["sg-1"], "SubnetIds": ["subnet-1"]}'


def reasons(make: Make, config: str, before: str, after: str) -> Iterator[str]:
    """The lines below each loss that name where it was and why it is lost, from one template to the next."""
    files = []
    for number, app in enumerate((before, after)):
        project = make(config=config, app=app, **{"shared/resources/data.py": DATA})
        template = project.template()
        for role in template["Resources"].values():
            if role["Type"] == "AWS::IAM::Role" and number == 0:
                for policy in role["Properties"]["Policies"]:
                    allows = [part for part in policy["PolicyDocument"]["Statement"] if part["Effect"] == "Allow"]
                    policy["PolicyDocument"]["Statement"] = allows  # as the default was before
        file = project.folder / f"{number}.json"
        file.write_text(json.dumps(template))
        files.append(str(file))
    told = remit("diff", *files)
    assert "\n0 causes gain access, " in told.out, told.out
    lines = told.out.splitlines()
    yield from (line for line in lines if line.startswith("      HelloFunction"))


def test_jobs_and_outputs_that_its_code_no_longer_has_by_default_are_said_to_be_less_by_default(make: Make) -> None:
    losses = list(reasons(make, JOBS, APP.format("sends=[mail], reads=[Data]"), APP.format("")))
    of_hello = [line.rpartition("; ")[2] for line in losses[:4]]
    job = "less by default: neither its code nor `sends=` names such a job"
    output = "less by default: neither its code nor `reads=` names an output"
    assert [job, job, job, output] == of_hello


def test_the_computed_deny_of_a_function_in_a_vpc_is_said_to_be_less_by_default(make: Make) -> None:
    app = "@app.function\ndef hello(event, context): ...\n"
    losses = list(reasons(make, VPC, app, app))
    assert 1 == len(losses)
    for line in losses:
        assert "; less by default: Lambda manages network interfaces, the function's code does not" in line


@pytest.mark.parametrize("policy", ["policy=[dynamodb.put('a')]", "policy=['s3']"])
def test_what_somebody_took_away_is_not(make: Make, policy: str) -> None:
    before = f"@app.function({policy})\ndef hello(event, context): ...\n"
    losses = list(reasons(make, "pass", before, "@app.function\ndef hello(event, context): ...\n"))
    assert losses
    assert "less by default" not in "".join(losses)
