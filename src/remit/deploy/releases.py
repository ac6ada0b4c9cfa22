"""Keep what was deployed as releases, to which a stack can go back: the template, its parameters, and who deployed it.

A release is `<namespace>/releases/<number>-<sha256>.json` in the artefact bucket. It is written when a deploy has
succeeded, and never changed. Its key holds the SHA-256 of its bytes, as those of zips do: other bytes are no release.
Parameters that may be secret are not kept, only where they are looked up.
"""

from __future__ import annotations

import json
import re
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from remit import __version__
from remit.app import App, ExistingValue, Template
from remit.build import Built, text
from remit.deploy.artefacts import checksum, compare_stored, object_pages
from remit.deploy.aws_errors import remit_errors
from remit.deploy.stack import DeployedStack, deployed_template, describe, not_deployed
from remit.errors import RemitError
from remit.secrets import secret_parts
from remit.template.parameters import parameters as declared_parameters

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from remit.deploy.bucket import Bucket
    from remit.deploy.session import Account

_FORMAT: Final = 1
_KEY: Final = r"(.+)/releases/([0-9]{6})-([0-9a-f]{64})\.json"
_ZIP: Final = r"\b[0-9a-f]{64}\.zip\b"


@dataclass(frozen=True, slots=True)
class Release:
    """What was deployed once. `number` is 0 until it is kept."""

    namespace: str
    number: int = 0
    template: Mapping[str, Any] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)
    """Without those that may be secret."""
    at: str = ""
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
    remit: str = __version__
    damage: str = ""
    """Why what lies under a key is no release: its bytes are not those that the key names, say."""

    @property
    def zips(self) -> tuple[str, ...]:
        """The keys of the zips that its template names."""
        return tuple(sorted({f"{self.namespace}/{name}" for name in re.findall(_ZIP, json.dumps(self.template))}))

    def built_again(self, folder: Path, name: str, stage: str) -> Built:
        """The release as a build of the project, whose zips are in the bucket; nothing of the project is loaded."""
        app = App(name, stage, (), stack_name=self.namespace)
        return Built(folder, app, (), Template("", (), parameters=self.looked_up), text(self.template), {})

    def runs_the_same(self, other: Release) -> bool:
        """Return whether both are the same template with the same parameters."""
        return (self.template, self.parameters) == (other.template, other.parameters)


def release_of(stack: DeployedStack, template: Mapping[str, Any], looked_up: Iterable[ExistingValue] = ()) -> Release:
    """The deployed stack as a release that is not kept yet, with the number 0.

    Parameters that are hidden or look like a secret are left out, and so is what was looked up for none of its own.
    """
    declared = declared_parameters(template)
    values = {value.parameter: replace(value, origin=None) for value in looked_up if value.parameter in declared}
    parameters = {}
    for parameter, content in stack.parameters:
        name = values[parameter].name if parameter in values else parameter
        if not declared[parameter].is_hidden and not any(secret_parts(name, content)):
            parameters[parameter] = content
    return Release(stack.name, 0, template, parameters, stack.since, looked_up=tuple(values.values()))


def running_release(account: Account, namespace: str, releases: Iterable[Release]) -> Release | None:
    """The last of `releases`, which come oldest first, that is what runs; None if that is not kept.

    RemitError (1): nothing is deployed.
    """
    with remit_errors():
        stack = describe(account, namespace)
        if stack is None or stack.new:
            raise not_deployed(account, namespace)
        template = deployed_template(account, stack)
    now = release_of(stack, template, (value for release in releases for value in release.looked_up))
    return next((release for release in reversed(tuple(releases)) if release.runs_the_same(now)), None)


def release_to_go_back_to(account: Account, bucket: Bucket, namespace: str, number: int | None) -> Release:
    """The release of this number; None: the one before what runs, which is the newest where what runs is not kept.

    RemitError: (1) nothing is deployed, whatever the number; (2) there is no such release, or it is not whole.
    """
    releases = kept_releases(account, bucket, namespace)
    running = running_release(account, namespace, releases)
    if number is None:
        words = "before the one that runs"
        wanted = [release for release in releases if running is None or release.number < running.number][-1:]
    else:
        words = f"{number} any more" if releases and number < releases[0].number else f"{number}"
        wanted = [release for release in releases if release.number == number]
    hint = f"kept are {', '.join(str(release.number) for release in releases) or 'none'}: see `remit releases`"
    if len(wanted) != 1:
        there = "several releases have the number" if wanted else "there is no release"
        raise RemitError(f"{there} {words} of {namespace}", hint=hint)
    release = wanted[0]
    damage = release.damage
    with remit_errors():
        for key in release.zips:
            if compare_stored(account, bucket.name, key) != "these bytes":
                damage = f"bucket {bucket.name} does not have its zip {key}"
    if damage:
        raise RemitError(f"release {release.number} of {namespace} cannot be deployed: {damage}", hint=hint)
    return release


def next_number(account: Account, bucket: Bucket, release: Release) -> int | None:
    """The number under which a release is to be kept: 1, or the one after the newest; None where that runs the same.

    RemitError: AWS refuses.
    """
    newest = kept_releases(account, bucket, release.namespace, 1)
    if newest and newest[0].runs_the_same(release):
        return None
    return newest[0].number + 1 if newest else 1


def keep(account: Account, bucket: Bucket, release: Release) -> None:
    """Write a release that has its number. RemitError: it cannot be written.

    An app without zips needs no bucket: without one, nothing is kept.
    """
    body = text({"format": _FORMAT, "zips": release.zips, **asdict(release)}).encode()
    key = f"{release.namespace}/releases/{release.number:06}-{sha256(body).hexdigest()}.json"
    client = account.client("s3")
    arguments = {"Bucket": bucket.name, "Key": key, "Body": body, "ExpectedBucketOwner": account.account}
    with remit_errors(), suppress(client.exceptions.NoSuchBucket):
        client.put_object(**arguments, ContentType="application/json", ChecksumSHA256=checksum(key))


def kept_keys(account: Account, bucket: Bucket, namespace: str, most: int) -> tuple[str, ...]:
    """The keys of the `most` (1 or more) newest releases, oldest first; then those of the zips that they need.

    A zip that several need is there several times. RemitError: AWS refuses.
    """
    keys = release_keys(account, bucket, namespace)[-most:]
    return (*keys, *(zip_key for key in keys for zip_key in read_release(account, bucket, key).zips))


def release_keys(account: Account, bucket: Bucket, namespace: str) -> tuple[str, ...]:
    """The keys of a stack's releases, the oldest first; none where there is no bucket. RemitError: AWS refuses."""
    keys = []
    with remit_errors(), suppress(account.client("s3").exceptions.NoSuchBucket):
        for page in object_pages(account, bucket.name, f"{namespace}/releases/"):
            keys += [item["Key"] for item in page.get("Versions", []) if item["IsLatest"]]
    return tuple(sorted(key for key in keys if re.fullmatch(_KEY, key)))


def kept_releases(account: Account, bucket: Bucket, namespace: str, most: int = 0) -> tuple[Release, ...]:
    """The `most` newest releases of a stack, the oldest of them first; all where `most` is 0.

    RemitError: AWS refuses.
    """
    return tuple(read_release(account, bucket, key) for key in release_keys(account, bucket, namespace)[-most:])


def read_release(account: Account, bucket: Bucket, key: str) -> Release:
    """The release under a key; an empty one with its `damage` where the bytes are others, or it is of another stack.

    A key that is gone counts as one with other bytes. RemitError: AWS refuses.
    """
    namespace, digits, digest = re.findall(_KEY, key)[0]
    empty, body = Release(namespace, int(digits)), b""
    client = account.client("s3")
    with remit_errors(), suppress(client.exceptions.NoSuchKey):
        body = client.get_object(Bucket=bucket.name, Key=key, ExpectedBucketOwner=account.account)["Body"].read()
    if sha256(body).hexdigest() != digest:
        return replace(empty, damage=f"{key} has other bytes than its name says")
    with suppress(ValueError, KeyError, TypeError, AttributeError):
        value = json.loads(body)
        written_as, _ = value.pop("format"), value.pop("zips")
        looked_up = tuple(ExistingValue(**row) for row in value.pop("looked_up"))
        release = Release(**value, looked_up=looked_up)
        parts = (release.template["Resources"], release.parameters)
        is_whole = written_as == _FORMAT and all(isinstance(part, dict) for part in parts)
        if is_whole and (release.namespace, release.number) == (empty.namespace, empty.number):
            return release
    return replace(empty, damage=f"{key} is of another stack or number, or no release that this remit can read")
