"""Find the credentials, the region and the account that a deploy goes to."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from remit.catalogue.partitions import partition, partition_of
from remit.deploy.aws_errors import not_aws, remit_errors
from remit.errors import RemitError

if TYPE_CHECKING:
    from pathlib import Path

    from remit.project.settings import AwsSection

CONNECTIONS: Final = 20  # that a client keeps open: a stack of twenty roles is read in the time of one
_ARN_PARTS: Final = 6  # arn:partition:service:region:account:resource
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_METADATA_SECONDS: Final = 0.7  # asked twice (token, then role) before botocore gives up
_CONTAINER: Final = "AWS_CONTAINER_CREDENTIALS_"
_CONTAINER_PAUSE: Final = 0.2  # seconds between the three attempts; botocore's own second each adds up to three
_LOCAL_HINT: Final = "`remit deploy --local` needs no account: it deploys to an AWS that runs on this machine"
# How botocore finds a setting: its key in the files, its environment variable, the default, the conversion.
_Variable = tuple[str | None, str | None, object, Callable[[str], object] | None]
_HASTY: Final[dict[str, _Variable]] = {
    "metadata_service_timeout": (
        "metadata_service_timeout",
        "AWS_METADATA_SERVICE_TIMEOUT",
        _METADATA_SECONDS,
        float,
    ),
}
# With credentials given, the person's own profile and files play no part.
_ISOLATED: Final[dict[str, _Variable]] = {
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
    "ca_bundle": (None, None, None, None),
}


@dataclass(frozen=True, slots=True)
class Account:
    """An AWS account and region that answers, and the session (boto3) to reach it."""

    account: str
    region: str
    partition: str
    session: Any
    endpoint: str | None = None
    caller: str = ""
    """The ARN of whoever the credentials belong to."""
    owner: Account | None = None
    """On this machine: who may do anything, where the session may only do what a policy allows (`--as`)."""
    _clients: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def local(self) -> bool:
        """True if it runs on this machine: then nothing is far, and nothing is throttled."""
        return self.endpoint is not None and urlsplit(self.endpoint).hostname in _LOOPBACK

    def pseudo_parameters(self, stack: str) -> dict[str, str]:
        """The values of CloudFormation's pseudo parameters in a stack here, by their text."""
        known_partition = partition(self.partition)
        return {
            "${AWS::AccountId}": self.account,
            "${AWS::Partition}": self.partition,
            "${AWS::Region}": self.region,
            "${AWS::StackName}": stack,
            "${AWS::URLSuffix}": "amazonaws.com" if known_partition is None else known_partition.dns_suffix,
        }

    @property
    def preparing(self) -> Account:
        """The account as its owner, who makes here what a real one has before a deploy: the bucket, secrets."""
        return self.owner or self

    def client(self, service: str, *, once: bool = False) -> Any:
        """The boto3 client of a service; made once (a client takes 20 to 100 ms to make).

        `once`: each request is sent a single time, and waited for as long as a function may run. RemitError (2): the
        endpoint's address is not valid.
        """
        name = f"{service}, once" if once else service
        if name not in self._clients:
            try:
                self._clients[name] = self.session.client(
                    service,
                    region_name=self.region,
                    endpoint_url=self.endpoint,
                    config=_config(service, local=self.local, once=once),
                )
            except ValueError as error:
                raise _no_address() from error
        return self._clients[name]


def connect(
    *,
    region: str | None = None,
    profile: str | None = None,
    endpoint: str | None = None,
    credentials: Mapping[str, str] | None = None,
    session: Any = None,
) -> Account:
    """The account that these credentials belong to: one call, which needs no permission.

    `session` is one of boto3's, with credentials and region: no other argument but `endpoint` counts then.
    `credentials` has boto3's names (`aws_access_key_id`, `aws_secret_access_key`, `aws_session_token`); with
    them nothing is read from the environment or from files. RemitError (2): no credentials (in under 2 s), no
    region, an unknown profile, credentials that AWS refuses, a clock that is wrong, a code (MFA) that nobody can be
    asked for; (69): nothing answers, or what is not AWS.
    """
    session = session or _session(region, profile, credentials)
    if session.region_name is None:
        raise RemitError(
            "there is no region to deploy to",
            hint="say it for all: `config.aws.region`; or pass `--region eu-central-1`, or set AWS_REGION",
        )
    draft = Account("", session.region_name, "", session, endpoint)
    try:
        with remit_errors():
            identity = draft.client("sts").get_caller_identity()
    except EOFError:
        raise RemitError(
            "the AWS profile asks for an MFA code, and there is no terminal to ask at",
            hint="sign in first (`aws sts assume-role`, `aws sso login`) and pass the credentials of that session",
        ) from None
    except KeyError:  # a page that happens to be XML
        raise not_aws() from None
    except ValueError as error:
        raise _no_address() from error
    arn = identity.get("Arn", "").split(":")
    if len(arn) < _ARN_PARTS or not identity.get("Account", "").isdigit():
        raise not_aws()
    return replace(draft, account=identity["Account"], partition=arn[1], caller=identity["Arn"])


def connect_as_configured(
    settings: AwsSection, folder: Path, *, region: str | None, profile: str | None, account: str | None
) -> Account:
    """The account of the credentials, in `region`, else that of a project's settings, else that of the environment.

    `account` is the one that it must be; it is compared with the settings' alone. RemitError (2), at the setting's
    line: the settings and the environment, the profile, `account` or the credentials name different places. Else as
    `connect`.
    """

    def refusal(setting: str, other: str, hint: str) -> RemitError:
        """The error for a setting that says something else than `other` does, at the line that set it."""
        from remit.project.current_load import relative  # noqa: PLC0415 - for a refusal alone

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


def session_credentials(answer: Mapping[str, Any]) -> dict[str, str]:
    """The credentials of a session that STS began, under boto3's names."""
    return {
        "aws_access_key_id": answer["AccessKeyId"],
        "aws_secret_access_key": answer["SecretAccessKey"],
        "aws_session_token": answer["SessionToken"],
    }


def named_region(profile: str | None) -> tuple[str, str]:
    """The region that the environment or the profile names, "" where none does; and what names it, or would.

    The second is `AWS_REGION`, `AWS_DEFAULT_REGION` or `profile NAME`; "" where there is no such profile.
    """
    import botocore.session
    from botocore.exceptions import BotoCoreError

    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        if os.environ.get(name):
            return os.environ[name], name
    core = botocore.session.Session(profile=profile)
    try:
        region = core.get_scoped_config().get("region", "")
    except BotoCoreError:  # there is no such profile, as whoever connects is told
        return "", ""
    return region, f"profile {core.profile or 'default'}"


def _no_address() -> RemitError:
    return RemitError(
        "the endpoint of AWS is not a valid address", hint="see AWS_ENDPOINT_URL and `endpoint_url` of the profile"
    )


def _session(region: str | None, profile: str | None, credentials: Mapping[str, str] | None) -> Any:
    """A boto3 session with credentials: those given, else what AWS's own search finds, in the environment first.

    RemitError (2): there is no such profile, they cannot be read, or there are none.
    """
    import boto3
    import botocore.session
    from botocore.exceptions import BotoCoreError, ProfileNotFound

    core = botocore.session.Session(session_vars=_ISOLATED if credentials else _HASTY)
    if any(name.startswith(_CONTAINER) for name in os.environ):
        _hasten_container(core)
    try:
        session = boto3.session.Session(
            # boto3 reads AWS_DEFAULT_REGION alone; the CLI and other SDKs read AWS_REGION.
            region_name=region or (None if credentials else os.environ.get("AWS_REGION")),
            profile_name=profile,
            botocore_session=core,
            **dict(credentials or {}),
        )
        session_credentials = session.get_credentials()
    except ProfileNotFound as error:
        name = profile or os.environ.get("AWS_PROFILE")
        names = sorted(core.full_config.get("profiles", {}))
        hint = f"known profiles: {', '.join(names)}" if names else f"no profile is configured; {_LOCAL_HINT}"
        raise RemitError(f"there is no AWS profile {name!r}", hint=hint) from error
    except (BotoCoreError, OSError, ValueError) as error:  # a credential_process that is missing, or prints no JSON
        raise RemitError(
            f"the AWS credentials cannot be read: {error}", hint=f"correct them, or: {_LOCAL_HINT}"
        ) from error
    if session_credentials is None:
        raise _no_credentials(profile)
    return session


def _hasten_container(core: Any) -> None:
    """Have the session `core` ask a container's endpoint for credentials as often as botocore does, but sooner."""
    from botocore.credentials import ContainerProvider
    from botocore.utils import ContainerMetadataFetcher

    fetcher = ContainerMetadataFetcher(sleep=lambda _: time.sleep(_CONTAINER_PAUSE))
    resolver = core.get_component("credential_provider")
    hasty = ContainerProvider(fetcher=fetcher)  # type: ignore[arg-type] # the stubs name another fetcher
    resolver.insert_after(ContainerProvider.METHOD, hasty)
    resolver.remove(ContainerProvider.METHOD)


def _no_credentials(profile: str | None) -> RemitError:
    """The error for missing credentials, which lists each place that was looked at and what was there."""
    files = [
        os.environ.get("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials"),
        os.environ.get("AWS_CONFIG_FILE", "~/.aws/config"),
    ]
    profile_name = profile or os.environ.get("AWS_PROFILE", "default")
    off = os.environ.get("AWS_EC2_METADATA_DISABLED", "false").lower() == "true"
    looked = (
        "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment: not set",
        f"profile {profile_name!r} in {files[0]} and {files[1]}: nothing there",
        "container credentials: not in a container that has any",
        f"instance metadata (EC2): {'turned off' if off else 'no answer'}",
    )
    return RemitError(
        "there are no AWS credentials; remit looked at\n" + "\n".join(f"  - {place}" for place in looked),
        hint=f"`aws configure` or `aws sso login` sets them up; {_LOCAL_HINT}",
    )


def _config(service: str, *, local: bool, once: bool) -> Any:
    """How a client waits and repeats: seconds and attempts, by service, on this machine or on AWS.

    `once` sends nothing twice.
    """
    from botocore.config import Config

    attempts, patience = (3 if local else 5, 60)
    if service == "sts":  # it is asked first: a network that is down should be told in seconds
        attempts, patience = (3, 10)
    if once:  # a function may take fifteen minutes to answer ("Lambda quotas"), and asking again would run it again
        attempts, patience = (1, 910)
    return Config(
        retries={"mode": "standard", "total_max_attempts": attempts},
        connect_timeout=5,
        read_timeout=patience,
        max_pool_connections=CONNECTIONS,
        s3={"addressing_style": "path"} if local else None,
        # A proxy of the network is no way to this machine.
        proxies={} if local else None,
        user_agent_extra="remit",
    )
