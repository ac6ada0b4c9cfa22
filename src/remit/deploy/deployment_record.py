"""Keep the record of what is deployed, for reviews to come: written after a deploy, removed after a delete."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING

from remit.app import Grant, Reason
from remit.deploy.expected_roles import deployed_version, explained
from remit.errors import Origin, RemitError
from remit.holders import Holder, inline
from remit.iam.policy import parse_statement
from remit.project.dot_remit import own_folder
from remit.review.access_change import Version
from remit.review.record import Place, record, record_path, recorded
from remit.review.working_tree import version_of

if TYPE_CHECKING:
    from pathlib import Path

    from remit.build import Built
    from remit.deploy.session import Account


def remember(account: Account, folder: Path, built: Built) -> None:
    """Record a build as what is deployed. RemitError: the file cannot be written."""
    _write(account, folder, built.namespace, version_of(built.app), built.app.stage)


def remember_running(account: Account, folder: Path, namespace: str, stage: str) -> None:
    """Record the template that runs, when it is not known which build it was; nothing where none runs.

    Reasons and lines come from the last build and the last record, where they wrote the same statements; the last build
    counts before the record. RemitError: AWS refuses, the template's roles cannot be read, or as `remember`.
    """
    running_version = deployed_version(account, namespace)
    if running_version is None:
        return
    for reasons in (last_record(account, folder, namespace), _last_build(folder)):
        running_version = running_version if reasons is None else explained(running_version, reasons)
    _write(account, folder, namespace, running_version, stage)


def last_record(account: Account, folder: Path, namespace: str) -> Version | None:
    """The record of what is deployed; None when there is none, or none that can be read: no error is raised."""
    with suppress(RemitError):
        return recorded(folder, namespace, local=account.local)
    return None


def forget(account: Account, folder: Path, namespace: str) -> None:
    """Remove the record of a stack that is gone. One behind a link stays, since it is not this project's.

    Where that is not possible, nothing is said.
    """
    with suppress(OSError, RemitError):
        record_path(folder, namespace, local=account.local).unlink()


def _write(account: Account, folder: Path, namespace: str, version: Version, stage: str) -> None:
    """Write the record of a deployment into the app's folder, in the place of the one before.

    RemitError: it is behind a link.
    """
    from remit.build import write  # noqa: PLC0415 - whoever only reads a record builds nothing

    path = record_path(folder, namespace, local=account.local)
    write(path, record(version, stage, Place(account.account, account.region, account.local)))


def _last_build(folder: Path) -> Version | None:
    """The roles of the last build, of whatever stage; None when there is none, or it cannot be read."""
    roles = []
    try:
        for role in json.loads((own_folder(folder, "build") / "roles.json").read_bytes()):
            grants = [
                Grant(
                    parse_statement(grant["statement"]),
                    Reason("text", grant["because"]),
                    Origin(grant["file"], grant["line"], grant["column"]) if grant["file"] else None,
                )
                for grant in role["grants"]
            ]
            roles.append(Holder(role["role"], (inline(grants),), tuple(role["functions"])))
    except (OSError, ValueError, KeyError, TypeError, RemitError):
        return None
    return Version("the last build", tuple(roles))
