"""A plan, `remit diff`, `--deployed` and `--live` compare the same version: after a deploy none shows anything."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import every_trigger
from random_cases import cases_of, in_all_cases

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from remit.deploy.session import Account

    Remit = Callable[..., tuple[int, str, str]]

EXAMPLES = Path(__file__).parents[2] / "examples"
BUCKET = 'from remit import Shared, resource\n\n\nclass Data(Shared):\n    files = resource("AWS::S3::Bucket")\n'
TRIGGERED = """
from remit import App, grants, on
from shared.resources.data import Data

app = App()


@app.function(on.s3(Data.files, prefix="in/"), policy=[grants.s3.read(Data.files, "in/*")])
def report(event, context): ...
"""
OPEN = """
from remit import App, on

app = App()


@app.function(on.api("GET /", auth="NONE"))
def report(event, context): ...
"""
MORE = 'grants.s3.read(Data.files, "in/*"), grants.s3.put(Data.files, "out/*")'


def put(project: Path, app: str, data: str = "") -> None:
    """Write the project's app and shared resources."""
    (project / "app.py").write_text(app)
    folder = project / "shared" / "resources"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "data.py").write_text(data)


def shows_nothing(remit: Remit) -> None:
    """No comparison of what is deployed shows a gain, a loss, a doubt or a note."""
    for against in ((), ("--deployed",), ("--live",)):
        code, out, err = remit("diff", *against)
        assert code == 0, out
        assert out.startswith("The same access "), (against, out)
        assert "\nnote: " not in out
        assert (against, out.count("\n"), err) == (against, 1, "")
    code, _, err = remit("deploy")
    assert (code, "no changes\n" in err) == (0, True), err


def test_after_a_first_deploy_of_every_trigger_nothing_is_shown(
    remit: Remit, project: Path, elsewhere: Account
) -> None:
    elsewhere.client("s3").create_bucket(
        Bucket="theirs", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
    )
    put(project, every_trigger.APP, every_trigger.DATA)
    code, _, err = remit("deploy", "--first")
    assert code == 0, err
    shows_nothing(remit)


@pytest.fixture(params=cases_of(("orders", "shop"), 1))
def example(project: Path, request: pytest.FixtureRequest) -> Iterator[None]:
    """The project is one of the examples."""
    folder = EXAMPLES / request.param
    names = [path.name for path in folder.iterdir() if not path.name.startswith(".")]
    for name in names:
        if (folder / name).is_dir():
            shutil.copytree(folder / name, project / name, dirs_exist_ok=True)
        else:
            shutil.copy(folder / name, project / name)
    yield
    for name in names:
        if (project / name).is_dir():
            shutil.rmtree(project / name)
        else:
            (project / name).unlink()
    (project / "pyproject.toml").write_text('[project]\nname = "orders"\nversion = "1"\n')


@in_all_cases
@pytest.mark.usefixtures("example")
def test_after_a_first_deploy_of_an_example_nothing_is_shown(remit: Remit) -> None:
    code, _, err = remit("deploy", "--first")
    assert code == 0, err
    shows_nothing(remit)


def test_what_is_accepted_of_a_first_deploy_is_all_that_its_plan_gains(remit: Remit, project: Path) -> None:
    put(project, TRIGGERED, BUCKET)
    assert remit("deploy")[0] == 1
    assert remit("diff", "--deployed", "--accept", "the first one")[0] == 0
    assert remit("deploy")[0] == 0
    (project / "config" / "accepted.json").unlink()
    shows_nothing(remit)


@in_all_cases
def test_a_deployed_bucket_that_gets_a_trigger_is_one_bucket_for_plan_and_comparison(
    remit: Remit, project: Path
) -> None:
    put(project, TRIGGERED.replace('on.s3(Data.files, prefix="in/"), ', ""), BUCKET)
    assert remit("deploy", "--first")[0] == 0
    put(project, TRIGGERED.replace('grants.s3.read(Data.files, "in/*")', MORE), BUCKET)
    code, _, err = remit("deploy")
    assert (code, "it adds access (1 gain)" in err) == (1, True)
    assert remit("diff", "--deployed", "--accept", "it writes, too")[0] == 0
    code, _, err = remit("deploy")
    assert code == 0, err
    (project / "config" / "accepted.json").unlink()
    shows_nothing(remit)


def test_a_public_route_is_a_gain_of_the_comparison_as_of_the_plan(remit: Remit, project: Path) -> None:
    assert remit("deploy", "--first")[0] == 0
    put(
        project,
        OPEN,
    )
    assert "PUBLIC" in remit("diff", "--deployed")[1]
    assert remit("deploy", "--yes")[0] == 0
    shows_nothing(remit)
