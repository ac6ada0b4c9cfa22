"""Gather what IAM says about an account, page by page: files that `remit audit` reads.

A page is written as soon as it is there, so that whoever is stopped goes on with the next one.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from remit.deploy.aws_errors import remit_errors

if TYPE_CHECKING:
    from pathlib import Path

    from remit.deploy.session import Account

_ITEMS: Final = 300
"""Users, groups, roles and policies of a page: IAM gives a thousand at most."""


def collect_account(account: Account, folder: Path) -> int:
    """Write the pages of an account that are not there yet; how many there are at the end. RemitError: AWS refuses."""
    pages = sorted(folder.glob(f"{account.account}-*.json"))
    marker = _next_marker(pages[-1]) if pages else None
    if pages and marker is None:
        return len(pages)
    iam = account.client("iam")
    number = len(pages)
    while True:
        arguments: dict[str, Any] = {"MaxItems": _ITEMS} | ({"Marker": marker} if marker else {})
        with remit_errors():
            page = iam.get_account_authorization_details(**arguments)
        page.pop("ResponseMetadata", None)
        number += 1
        write_json(folder / f"{account.account}-{number:04}.json", page)
        if not page.get("IsTruncated"):
            return number
        marker = page["Marker"]


def _next_marker(path: Path) -> str | None:
    """Return the marker of the next page; None: this page is the last."""
    page = json.loads(path.read_text("utf-8"))
    return page.get("Marker") if page.get("IsTruncated") else None


def write_json(path: Path, value: Any) -> None:
    """Write a JSON file as a whole: whoever is stopped leaves no half of one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(json.dumps(value, indent=1, default=str) + "\n", "utf-8")
    part.replace(path)
