"""An app that is deployed in several versions, its releases, and the way back to one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from projects import ORDERS
from remit.build import build
from remit.deploy.bucket import artefact_bucket
from remit.deploy.deployment import DeployJob
from remit.deploy.releases import Release, kept_releases, release_to_go_back_to
from remit.deploy.workflow import deploy

if TYPE_CHECKING:
    from pathlib import Path

    from remit.deploy.deployment import Deployment
    from remit.deploy.session import Account

NAME = "orders-dev"
VERBS = ("query", "scan")
KEEPS = "from remit import configure\n\nwith configure() as config:\n    config.aws.releases = {}\n"


def project_in(folder: Path) -> Path:
    """A project without an AWS of its own."""
    (folder / "orders").mkdir()
    (folder / "orders" / "pyproject.toml").write_text('[project]\nname = "orders"\nversion = "1"\n')
    return folder / "orders"


def put(app: Path, number: int) -> None:
    """The app's version of that number: other access and other code."""
    (app / "app.py").write_text(ORDERS.format(verb=VERBS[number % 2]) + f"\nNUMBER = {number}\n")


def deploy_version(app: Path, account: Account, number: int) -> None:
    put(app, number)
    assert deploy(DeployJob(build(app), account, yes=True)).ok


def deploy_app(account: Account, app: Path) -> None:
    deploy(DeployJob(build(app), account, yes=True))


def running(account: Account) -> Any:
    return account.client("cloudformation").get_template(StackName=NAME)["TemplateBody"]


def zips(account: Account) -> set[str]:
    listed = account.client("s3").list_objects_v2(Bucket=artefact_bucket(account).name).get("Contents", [])
    return {item["Key"] for item in listed if item["Key"].endswith(".zip")}


def swap(account: Account, key: str, body: bytes) -> None:
    account.client("s3").put_object(Bucket=artefact_bucket(account).name, Key=key, Body=body)


def kept(account: Account) -> list[Release]:
    """The releases that are what their keys name, the oldest first."""
    return [release for release in kept_releases(account, artefact_bucket(account), NAME) if not release.damage]


def back(account: Account, app: Path, number: int | None = None, **choices: Any) -> Deployment:
    """Go back, as the command does."""
    release = release_to_go_back_to(account, artefact_bucket(account), NAME, number)
    build_of_it = release.built_again(app, "orders", "dev")
    return deploy(DeployJob(build_of_it, account, release=release, **{"yes": True, **choices}))


def go_back(account: Account, app: Path, number: int | None) -> None:
    assert back(account, app, number).ok
