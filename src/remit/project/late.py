"""`aws`: what only CloudFormation knows at deploy time, as text that works inside f-strings."""

from __future__ import annotations

from typing import Final, NoReturn

from remit.errors import RemitError, caller, did_you_mean


class Aws:
    """The region, account, partition and URL suffix of the deploy; a template with them serves everywhere."""

    __slots__ = ()

    region: Final = "${AWS::Region}"
    account: Final = "${AWS::AccountId}"
    partition: Final = "${AWS::Partition}"
    url_suffix: Final = "${AWS::URLSuffix}"

    def __str__(self) -> str:
        raise RemitError("`aws` itself is no text", hint="`aws.region`, `aws.account` …", origin=caller())

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):
            raise AttributeError(name)
        known = ("region", "account", "partition", "url_suffix")
        raise RemitError(
            f"there is no `aws.{name}`",
            hint=did_you_mean(name, known) or f"there are {', '.join(f'`aws.{one}`' for one in known)}",
            origin=caller(),
        )


aws: Final = Aws()
