"""Connect to the account and the region that a project's configuration names, and to no other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.catalogue.partitions import partition_of
from remit.deploy.session import connect, named_region
from remit.errors import RemitError
from remit.project.current_load import relative

if TYPE_CHECKING:
    from pathlib import Path

    from remit.deploy.session import Account
    from remit.project.settings import AwsSection


def connect_as_configured(
    settings: AwsSection, folder: Path, *, region: str | None, profile: str | None, account: str | None
) -> Account:
    """The account of the credentials, in `region`, else that of the settings, else that of the environment.

    `account` is the one that it must be. RemitError, at the setting's line: the settings and the environment, the
    profile, `account` or the credentials name different places.
    """

    def refusal(setting: str, other: str, hint: str) -> RemitError:
        value, where = settings.assigned[setting]
        message = f"`config.aws.{setting}` is {value}, and {other}: nothing was done"
        return RemitError(message, hint=hint, origin=relative(where.origin, folder.resolve()))

    if settings.account and account and account != settings.account:
        raise refusal("account", f"--account or REMIT_ACCOUNT says {account}", "leave that out, or correct one of them")
    configured = region is None and settings.region
    if configured:
        elsewhere, source = named_region(profile)
        if elsewhere not in ("", configured):
            hint = f"leave {source} out; or `--region {elsewhere}`, for a copy of the app there"
            raise refusal("region", f"{source} says {elsewhere}", hint)
    connected = connect(region=region or settings.region, profile=profile)
    if settings.account and connected.account != settings.account:
        hint = "`--profile` chooses other credentials"
        raise refusal("account", f"the credentials are of account {connected.account}", hint)
    home = partition_of(connected.region)
    if configured and (home is None or home.name != connected.partition):
        hint = "each partition has accounts of its own: choose another region, or other credentials"
        raise refusal("region", f"the credentials are of partition {connected.partition}", hint)
    return connected
