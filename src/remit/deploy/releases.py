"""Keep what was deployed as releases, to which a stack can go back: the template, its parameters, and who deployed it.

A release is `<namespace>/releases/<number>-<sha256>.json` in the artefact bucket. It is written when a deploy has
succeeded, and never changed. Its key holds the SHA-256 of its bytes, as those of zips do: other bytes are no release.
Parameters that may be secret are not kept, only where they are looked up.
"""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

import remit
from remit.app import ExistingValue
from remit.build import text
from remit.deploy.artefacts import checksum, object_pages
from remit.deploy.aws_errors import remit_errors
from remit.deploy.bootstrap import require_bucket
from remit.errors import RemitError
from remit.secrets import secret_parts
from remit.template.parameters import parameters as declared_parameters

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from remit.deploy.bucket import Bucket
    from remit.deploy.session import Account
    from remit.deploy.stack import DeployedStack

_FORMAT: Final = 1
_NAME: Final = re.compile(r"(?P<number>[0-9]{6})-(?P<sha256>[0-9a-f]{64})\.json")
_FIELDS: Final = (
    "number", "namespace", "at", "by", "commit", "is_clean", "remit", "went_back_to", "parameters", "template",
)  # fmt: skip
_THREADS: Final = 10  # the connections that a client keeps
_ZIP: Final = re.compile(r"\b[0-9a-f]{64}\.zip\b")


class Damaged(RemitError):  # noqa: N818 - a state of what is stored
    """An object in the place of a release that is none: its bytes are not those that its key names."""


@dataclass(frozen=True, slots=True)
class Release:
    """What was deployed once. `number` is 0 until it is kept."""

    namespace: str
    template: Mapping[str, Any]
    parameters: Mapping[str, str]
    """Without those that may be secret."""
    at: str
    """When CloudFormation changed the stack: ISO 8601 in UTC."""
    by: str = ""
    """The ARN of whoever deployed it; empty where nobody knows."""
    commit: str | None = None
    """The commit of the project's repository; None where that is not known."""
    is_clean: bool = False
    """Whether the working tree had nothing but that commit."""
    looked_up: tuple[ExistingValue, ...] = ()
    """What its deploy looked up for the parameters, those that are not kept as well."""
    went_back_to: int | None = None
    """The release that it has again, of a rollback."""
    remit: str = remit.__version__
    number: int = 0

    @property
    def zips(self) -> tuple[str, ...]:
        """The keys of the zips that its template names."""
        return tuple(sorted({f"{self.namespace}/{name}" for name in _ZIP.findall(json.dumps(self.template))}))

    def runs_the_same(self, other: Release) -> bool:
        """Return whether both are the same template with the same parameters."""
        return (self.template, self.parameters) == (other.template, other.parameters)


def release_of(stack: DeployedStack, template: Mapping[str, Any], looked_up: Sequence[ExistingValue] = ()) -> Release:
    """What runs, as a release that is not kept yet."""
    declared = declared_parameters(template)
    by_parameter = {value.parameter: value for value in looked_up if value.parameter in declared}
    kept = {}
    for parameter, value in stack.parameters:
        name = by_parameter[parameter].name if parameter in by_parameter else parameter
        if not declared[parameter].is_hidden and not any(secret_parts(re.sub(r"\W+", "_", name), value)):
            kept[parameter] = value
    return Release(stack.name, template, kept, stack.since, looked_up=tuple(by_parameter.values()))


def next_number(account: Account, bucket: Bucket, release: Release) -> int | None:
    """The number under which a release is to be kept; None where the newest one runs the same."""
    keys = release_keys(account, bucket, release.namespace)
    if not keys:
        return 1
    with suppress(Damaged):
        if read_release(account, bucket, keys[-1]).runs_the_same(release):
            return None
    return _number(keys[-1]) + 1


def keep(account: Account, bucket: Bucket, release: Release) -> None:
    """Write a release that has its number. RemitError: it cannot be written."""
    if release.number == 1 and account.local:
        require_bucket(account, bucket)
    body = text(_document(release)).encode()
    key = f"{_folder(release.namespace)}{release.number:06}-{sha256(body).hexdigest()}.json"
    with remit_errors():
        account.client("s3").put_object(
            Bucket=bucket.name,
            Key=key,
            Body=body,
            ContentType="application/json",
            ExpectedBucketOwner=account.account,
            ChecksumSHA256=checksum(key),
        )


def release_keys(account: Account, bucket: Bucket, namespace: str) -> tuple[str, ...]:
    """The keys of a stack's releases, the oldest first; none where there is no bucket."""
    folder = _folder(namespace)
    keys = []
    with remit_errors(), suppress(account.client("s3").exceptions.NoSuchBucket):
        for page in object_pages(account, bucket.name, folder):
            keys += [item["Key"] for item in page.get("Versions", []) if item["IsLatest"]]
    return tuple(sorted(key for key in keys if _NAME.fullmatch(key.removeprefix(folder))))


def kept_keys(account: Account, bucket: Bucket, namespace: str, most: int) -> tuple[str, ...]:
    """The keys of the newest releases, and those of the zips that they need."""
    keys = release_keys(account, bucket, namespace)[-most:]
    whole = [release for release in read_releases(account, bucket, keys) if isinstance(release, Release)]
    return (*keys, *(zip_key for release in whole for zip_key in release.zips))


def read_releases(account: Account, bucket: Bucket, keys: Sequence[str]) -> tuple[Release | Damaged, ...]:
    """The release under each key, or what is wrong with it."""

    def read(key: str) -> Release | Damaged:
        try:
            return read_release(account, bucket, key)
        except Damaged as damaged:
            return damaged

    with ThreadPoolExecutor(_THREADS) as pool:
        return tuple(pool.map(read, keys))


def read_release(account: Account, bucket: Bucket, key: str) -> Release:
    """The release under a key. Damaged: what lies there is not what the key names, or of another stack."""
    with remit_errors():
        client = account.client("s3")
        try:
            body = client.get_object(Bucket=bucket.name, Key=key, ExpectedBucketOwner=account.account)["Body"].read()
        except client.exceptions.NoSuchKey as error:
            raise Damaged(f"{key} in bucket {bucket.name} is gone") from error
    namespace, _, name = key.partition("/releases/")
    if not name.endswith(f"-{sha256(body).hexdigest()}.json"):
        raise Damaged(f"{key} in bucket {bucket.name} has other bytes than its name says")
    try:
        release = _release(json.loads(body))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Damaged(f"{key} in bucket {bucket.name} is no release that this remit can read") from None
    if (release.namespace, release.number) != (namespace, _number(key)):
        raise Damaged(f"{key} in bucket {bucket.name} is release {release.number} of {release.namespace}")
    return release


def _folder(namespace: str) -> str:
    return f"{namespace}/releases/"


def _number(key: str) -> int:
    return int(key.rpartition("/")[2].partition("-")[0])


def _document(release: Release) -> dict[str, Any]:
    fields = {name: getattr(release, name) for name in _FIELDS}
    looked_up = [[value.parameter, value.kind, value.name, value.group] for value in release.looked_up]
    return {"format": _FORMAT, **fields, "zips": release.zips, "looked_up": looked_up}


def _release(value: Mapping[str, Any]) -> Release:
    """A release that was read. KeyError, TypeError, ValueError: the document is none."""
    if value["format"] != _FORMAT:
        raise ValueError
    looked_up = tuple(ExistingValue(*row) for row in value["looked_up"])
    release = Release(**{name: value[name] for name in _FIELDS}, looked_up=looked_up)
    if not isinstance(release.template["Resources"], dict) or not isinstance(release.parameters, dict):
        raise TypeError
    return release
