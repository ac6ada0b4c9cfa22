"""The setting of a request: the region, account and caller, which ARNs hold and no parameter states."""

from __future__ import annotations

from dataclasses import dataclass, field

from remit.local.authorization.stored_names import StoredNames


@dataclass(frozen=True, slots=True)
class RequestSetting:
    """The region and account of a request, the ARN of its caller, and what names stand for there."""

    region: str
    account: str
    caller: str
    stored: StoredNames = field(default_factory=StoredNames)
    partition: str = "aws"

    @property
    def places(self) -> dict[str, str]:
        """The places of ARN formats."""
        return {"Partition": self.partition, "Region": self.region, "Account": self.account}

    def arn(self, service: str, resource: str, *, region: str | None = None, account: str | None = None) -> str:
        """An ARN here; `region` and `account` may be empty, as those of a bucket are."""
        region = self.region if region is None else region
        account = self.account if account is None else account
        return f"arn:{self.partition}:{service}:{region}:{account}:{resource}"
