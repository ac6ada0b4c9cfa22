"""The setting of a request: the region, account and caller, which ARNs hold and no parameter states.

Requests name things that ARNs spell otherwise: an alias of a key, a secret's name, the path of a role. Only who keeps
the things knows them, so that recognising a request asks a `StoredNames`.
"""

# ruff: noqa: ARG002 - what knows no name looks at none

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


class StoredNames:
    """Names in requests and the resources behind them, of which this one knows none.

    `EmulatedNames` knows the emulator's. None says that there is no such thing.
    """

    def key_arn(self, name: str) -> str | None:
        """The ARN of a KMS key, by its id or by an alias (`alias/orders`); None here."""

    def key_arn_of_ciphertext(self, ciphertext: str) -> str | None:
        """The ARN of the KMS key that encrypted a text, which is in Base64; None here."""

    def key_aliases(self, arn: str) -> tuple[str, ...] | None:
        """The aliases of a KMS key (`alias/orders`), by the key's ARN; None here."""

    def encrypting_key(self, arn: str) -> str | None:
        """The KMS key that encrypts what a resource holds: an id, an ARN or an alias; None here."""

    def secret_arn(self, name: str) -> str | None:
        """The ARN of a secret by its name, with the characters that Secrets Manager adds; None here."""

    def filtered_secrets(self, filters: object) -> tuple[str, ...]:
        """The ARNs of the secrets that filters of a request find; none without filters, and none here."""
        return ()

    def sealed_parameters(self, path: str, *, recursive: bool) -> tuple[str, ...]:
        """The names of the encrypted parameters of Systems Manager below a path, or right below it; none here."""
        return ()

    def role_arn(self, name: str) -> str | None:
        """The ARN of a role, with its path; None here."""

    def user_arn(self, name: str) -> str | None:
        """The ARN of a user, with its path; None here."""

    def permissions_boundary(self, role: str, user: str) -> str | None:
        """The ARN of the permissions boundary of a role, or of a user; a name may be empty. None here."""

    def stack_arn(self, name: str) -> str | None:
        """The ARN of a CloudFormation stack, with its id; None here."""

    def stream_arn_of_iterator(self, iterator: str) -> str | None:
        """The ARN of the stream (Kinesis, DynamoDB) that a shard iterator reads; None here."""

    def execution_of_callback(self, callback: str) -> str | None:
        """The ARN of the durable execution that waits for a callback, by the callback's id; None here."""

    def work_group(self, query: str) -> str | None:
        """The workgroup of a query that Athena ran, by the query's id; None here."""

    def partition_key(self, table: str) -> str | None:
        """The name of a DynamoDB table's partition key; None here."""

    def is_mail_identity(self, name: str, /) -> bool:
        """Return whether SES has an address or a domain as an identity; False here."""
        return False

    def resource_tags(self, arn: str) -> Mapping[str, str] | None:
        """The tags of a resource; None where it is not known whether it has any, and here."""

    def object_tags(self, bucket: str, key: str) -> Mapping[str, str] | None:
        """The tags of an object of S3; None where they are not known, and here."""

    def lacks_object(self, bucket: str, key: str) -> bool:
        """Return whether there is a bucket that has no object of this key; False here."""
        return False


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
