"""Options that several commands share."""

from __future__ import annotations

import json
import os
import stat
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from functools import wraps
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

import click
from click.core import ParameterSource

from remit.errors import RemitError

if TYPE_CHECKING:
    from datetime import date

    from remit.app import App, Function
    from remit.deploy.session import Account
    from remit.iam.decide.endpoint import EndpointType
    from remit.iam.decide.evaluate import Layers
    from remit.local.state_files import LocalAws
    from remit.project.settings import Config

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")
LARGEST: Final = 32_000_000
"""Bytes that are read of what is no plain file: as `documents.read.LARGEST`, which is not loaded for it."""
_AWAITS_JSON: Final = "remit.json"
_SIGNS: Final = ("pyproject.toml", "config", "app.py", "app", "src", ".remit")
"""What a project has at least one of."""
_PINNED: Final = "remit.account"
_PINNED_HERE: Final = "remit.account.here"
"""Whether --account was given to this very command, and not for all of them by the environment."""

FOLDER: Final = click.Path(exists=True, file_okay=False, path_type=Path)
FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)
INPUT: Final = click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path)
"""A file, or `-` for standard input."""

project_option = click.option(
    "-C", "--project", "folder", type=FOLDER, default=Path(), help="The project's folder (default: the current one)."
)
stage_option = click.option(
    "--stage", envvar="REMIT_STAGE", default=None, show_envvar=True, help="The stage (default: dev)."
)


def expect_json(context: click.Context, _parameter: click.Parameter, value: bool) -> None:  # noqa: FBT001 - click's signature
    """Note, where the flag is set, that a program reads the answer: the command owes it one in JSON."""
    if value:
        context.meta[_AWAITS_JSON] = True


def awaits_json(context: click.Context) -> bool:
    """Return whether --json was given, and no document is printed yet."""
    return bool(context.meta.get(_AWAITS_JSON))


def wants_json() -> bool:
    """Return whether the running command was given --json, printed or not; False where no command runs."""
    context = click.get_current_context(silent=True)
    return context is not None and _AWAITS_JSON in context.meta


COLOURS: Final = ("cyan", "yellow", "green", "magenta", "blue", "bright_cyan", "bright_yellow", "bright_green")
"""Of the functions of an app, in their order, before the lines that they log."""
kind_option = click.option(
    "--kind",
    metavar="KIND",
    help="Policies are identity, trust, resource, control, boundary, endpoint, scp or rcp (default: "
    "[tool.remit.kinds] of pyproject.toml, else as they read).",
)
json_option = click.option(
    "--json", is_flag=True, is_eager=True, expose_value=False, callback=expect_json, help="Print JSON, for programs."
)


def _prefer(_ctx: click.Context, _parameter: click.Parameter, value: tuple[Path, ...]) -> None:
    """Set REMIT_PYTHON to the absolute paths of the Pythons that were given, for this process and those it starts.

    Without any it stays as it is.
    """
    from remit.package.interpreters import CHOSEN

    if value:
        os.environ[CHOSEN] = os.pathsep.join(str(program.absolute()) for program in value)


python_option = click.option(
    "--python",
    "pythons",
    multiple=True,
    type=FILE,
    envvar="REMIT_PYTHON",
    show_envvar=True,
    expose_value=False,
    callback=_prefer,
    help="A Python that functions of its version run with on this machine; may be repeated.",
)
local_option = click.option("--local", is_flag=True, help="Use the AWS on this machine.")
region_option = click.option("--region", help="The AWS region (default: config.aws.region, AWS_REGION, the profile's).")
profile_option = click.option("--profile", help="The profile of your AWS configuration (default: AWS_PROFILE).")
accept_option = click.option(
    "--accept", metavar="REASON", help="Continue although a replaced default policy breaks something, for this reason."
)
endpoint_type_option = click.option(
    "--endpoint-type",
    type=click.Choice(("Gateway", "Interface"), case_sensitive=False),  # as `iam.decide.endpoint.ENDPOINT_TYPES`
    help="The type of that VPC endpoint, which says whom a principal in its policy means.",
)
yes_option = click.option("-y", "--yes", is_flag=True, help="Answer yes to the question.")


def type_of_endpoint(policy: Path | None, endpoint_type: EndpointType | None) -> EndpointType:
    """The type of a VPC endpoint that is named, as it is; empty where none is.

    RemitError (2): a type is named, and no policy of the endpoint.
    """
    if endpoint_type is not None and policy is None:
        raise RemitError("--endpoint-type goes with --endpoint-policy", hint="name the file of the endpoint's policy")
    return endpoint_type or ""


def parameter(text: str) -> tuple[str, str]:
    """Name and value of a `--parameter NAME=VALUE`, where the value may be empty. RemitError (2): it has no `=`."""
    name, equals, value = text.partition("=")
    if not equals:
        raise RemitError(f"--parameter {text!r} has no value", hint="write --parameter NAME=VALUE")
    return name, value


def content(path: Path, most: int = LARGEST + 1) -> tuple[bytes, str]:
    """The bytes of a file, and its name for messages. RemitError (2): it cannot be read.

    `-` is standard input, which is read whole. `most` is as `file_bytes` has it.
    """
    if str(path) == "-":
        return sys.stdin.buffer.read(), "standard input"
    try:
        return file_bytes(path, most), str(path)
    except OSError as error:
        raise RemitError(f"{path} cannot be read: {error.strerror}") from None


def file_bytes(path: Path, most: int = LARGEST + 1) -> bytes:
    """A file's bytes; of a pipe or a device at most so many (-1: all), and none when nobody writes to it.

    OSError: it cannot be opened or read.
    """
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    if hasattr(os, "O_NONBLOCK"):
        os.set_blocking(descriptor, True)  # opening waits for a writer, reading only for one who is there
    with os.fdopen(descriptor, "rb") as file:
        is_regular = stat.S_ISREG(os.fstat(descriptor).st_mode)
        return file.read(-1 if is_regular else most)


def print_json(value: Any, stream: IO[str] | None = None) -> None:
    """Print a value as JSON, on standard output unless told: keys in their order, ASCII, one newline at the end.

    The command owes its reader no JSON then.
    """
    click.echo(json.dumps(value, indent=2), file=stream)
    context = click.get_current_context(silent=True)
    if context is not None and awaits_json(context):
        context.meta[_AWAITS_JSON] = False


def refuse(refusals: Mapping[str, object]) -> None:
    """Refuse the command line with the first of these messages whose value is true; nothing if none is.

    It is a usage error (2).
    """
    for message, is_so in refusals.items():
        if is_so:
            raise click.UsageError(message)


def write_answer(path: Path, text: str) -> None:
    """Write an answer to a file, whole or not at all, with the environment's secrets masked.

    RemitError (2): it cannot be written.
    """
    from remit.build import write
    from remit.secrets import concealed, environment_secrets

    write(path, concealed(text, environment_secrets()), hint=None)


def print_report(document: Any, stream: IO[str] | None = None) -> None:
    """Print a document of remit's own as `print_json` does.

    In the members that hold sentences, CloudFormation's functions are spelled as templates have them.
    """
    from remit.report.terminal_text import readable

    print_json(readable(document), stream)


def print_answer(document: Any, lines: Iterable[str]) -> None:
    """Print an answer: its document for programs, its lines for people."""
    from remit.report.terminal_text import page

    if wants_json():
        print_report(document)
    else:
        click.echo(page(lines), nl=False)


def note(text: str) -> None:
    """Say on standard error what to know besides the answer, in one line."""
    from remit.report.terminal_text import line

    click.echo(f"note: {line(text)}", err=True)


def today() -> date:
    """The day that REMIT_TODAY says, else this machine's, in UTC. RemitError: it says none."""
    from datetime import UTC, date, datetime

    given = os.environ.get("REMIT_TODAY")
    try:
        return date.fromisoformat(given) if given else datetime.now(UTC).date()
    except ValueError:
        raise RemitError(f"REMIT_TODAY is {given!r}, which is no day", hint="such as 2026-12-01") from None


def note_on_data_age() -> None:
    """Note on standard error that the facts about AWS are old, where they are; else nothing."""
    from remit.catalogue.snapshot import note_on_age

    text = note_on_age(today())
    if text is not None:
        note(text)


def _pin(ctx: click.Context, parameter: click.Parameter, value: str | None) -> None:
    """Keep in the context which account it must be (None: any), and whether the command line itself says so."""
    ctx.meta[_PINNED] = value
    ctx.meta[_PINNED_HERE] = ctx.get_parameter_source(str(parameter.name)) is ParameterSource.COMMANDLINE


def _bucket_name(_ctx: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    """The name of a bucket, or None. RemitError (2): no bucket can have that name."""
    from remit.resources.name_rules import broken_rule

    rule = None if value is None else broken_rule("AWS::S3::Bucket", [value])
    if rule is not None:
        raise RemitError(
            f"{value!r} is not a valid name for a bucket: {rule}", hint="--artefact-bucket takes its name alone"
        )
    return value


artefact_bucket_option = click.option(
    "--artefact-bucket",
    metavar="NAME",
    envvar="REMIT_ARTEFACT_BUCKET",
    show_envvar=True,
    callback=_bucket_name,
    help="A bucket of your own for the zips, in the same account and region (default: remit's).",
)


def _role_arn(_ctx: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """The option's ARN of a role. RemitError (2): it is none."""
    from remit.project.app_setting_values import role_arn

    return None if value is None else role_arn((parameter.opts[0],), value)


service_role_option = click.option(
    "--service-role",
    metavar="ARN",
    envvar="REMIT_SERVICE_ROLE",
    show_envvar=True,
    callback=_role_arn,
    help="The role with which CloudFormation works, from now on (default: config.aws.service_role, or as you).",
)
account_option = click.option(
    "--account",
    metavar="NUMBER",
    envvar="REMIT_ACCOUNT",
    show_envvar=True,
    expose_value=False,
    callback=_pin,
    help="Refuse credentials of any other account.",
)


class ActingAs(NamedTuple):
    """Whoever works on the AWS of this machine with no more than some policies allow; `name` is their file's."""

    name: str
    layers: Layers


def _acting_as(_ctx: click.Context, _parameter: click.Parameter, path: Path | None) -> ActingAs | None:
    """The caller that a command acts as, of a policy's file: its name and its policies; None without one.

    RemitError (2): the file cannot be read, or is no policy.
    """
    if path is None:
        return None
    from remit.template.policy_files import read_side

    text, called = content(path)
    return ActingAs("deployer" if str(path) == "-" else path.stem, read_side(text, called).layers)


acting_as_option = click.option(
    "--as",
    "acting_as",
    type=INPUT,
    metavar="POLICY",
    callback=_acting_as,
    help="With --local: do it with no more than the policy in this file allows.",
)


delays_option = click.option(
    "--simulate-delays",
    "seed",
    is_flag=False,
    flag_value="1",
    metavar="[SEED]",
    help="On this machine: let new roles and calls be as slow as on AWS, the same for the same seed (default: 1).",
)

strict_option = click.option(
    "--strict",
    is_flag=True,
    help="On this machine: refuse calls of which nobody can tell here whether AWS would allow them.",
)


def account_options(command: F) -> F:
    """Add --region, --profile and --account."""
    return region_option(profile_option(account_option(command)))


def app_options(command: F) -> F:
    """Add --project and --stage."""
    return project_option(stage_option(command))


def stack_options(command: F) -> F:
    """Add the options of what a stage has in an account: its app's, --local, and those of the account."""
    return app_options(local_option(account_options(command)))


def pinned_account() -> str | None:
    """The account that --account or REMIT_ACCOUNT names; None: neither does."""
    return click.get_current_context().meta.get(_PINNED)


def require_project(folder: Path) -> None:
    """RemitError: there is no project in a folder."""
    if not any((folder / sign).exists() for sign in _SIGNS):
        raise RemitError(
            f"there is no project in {str(folder.resolve())!r}", hint="`-C FOLDER` names the project's folder"
        )


class Scope(NamedTuple):
    """What a command is about, as its options say: a project, its stage, and an account."""

    folder: Path = Path()
    stage: str | None = None
    local: bool = False
    region: str | None = None
    profile: str | None = None
    acting_as: ActingAs | None = None

    def namespace(self) -> str:
        """The stack's name, without running the app's code: a stack can be looked at when its app is broken.

        The configuration runs only where it gives the name. RemitError (2): the folder is no project, or its
        configuration fails.
        """
        from remit.project.stack_name import stack_name

        require_project(self.folder)
        name = stack_name(self.folder.resolve(), self.stage)
        settings = self._configuration(b"stack_name")
        return name if settings is None else settings.stack_name or name

    def account(self, *, only_reads: bool = False) -> Account:
        """The account that a command works on: the AWS on this machine (started if need be), or the user's own.

        A command that `only_reads` reaches the AWS on this machine without an SDK, whose import would take longest.

        The user's own is the one that the project's configuration names for the stage, if it names one.

        Whoever works on the AWS of this machine may do anything there, unless `acting_as` says less. A usage error (2):
        `acting_as` without `local`. RemitError (2): no credentials, or another account than the one that is pinned.
        """
        from remit.deploy.session import connect, connect_as_configured

        if self.acting_as is not None and not self.local:
            raise click.UsageError("--as is for the AWS on this machine: add --local")
        if not self.local:
            from remit.project.settings import AwsSection

            settings = None
            if click.get_current_context().params.keys() & {"stage", "stages"}:  # else it is about no project
                settings = self._configuration(b".region", b".account", b".profile")
            place = AwsSection() if settings is None else settings.aws
            connected = connect_as_configured(
                place, self.folder, region=self.region, profile=self.profile, account=pinned_account()
            )
            _check_pin(connected.account, local=False)
            return connected
        aws = self.local_aws()
        if only_reads:
            from remit.local.control.plain_client import plain_account_of

            return plain_account_of(aws)
        from remit.local.control.clients import account_of, limited_credentials

        owner = account_of(aws)
        if self.acting_as is None:
            return owner
        limited = limited_credentials(aws, self.acting_as.name, self.acting_as.layers)
        return replace(connect(region=aws.region, endpoint=aws.url, credentials=limited), owner=owner)

    def local_aws(self) -> LocalAws:
        """The AWS on this machine, started if need be. RemitError: --account says that it must be another."""
        from remit.local.aws import start

        aws = start(self.folder, region=self.region, progress=lambda text: click.echo(text, err=True))
        _check_pin(aws.account, local=True)
        return aws

    def declared(self, name: str) -> tuple[App, Function]:
        """The app in the folder, and its function of this name.

        RemitError (2): the app cannot be loaded, or has no such function.
        """
        from remit.loading.load import load

        app = load(self.folder, self.stage)
        for function in app.functions:
            if function.name == name:
                return app, function
        raise no_function(app, name)

    def _configuration(self, *words: bytes) -> Config | None:
        """The project's settings, if its configuration has one of these words; else None, and nothing of it runs.

        RemitError (2): it fails.
        """
        sources = [path.read_bytes() for path in (self.folder / "config").rglob("*.py") if path.is_file()]
        has_word = any(word in source for source in sources for word in words)
        if not has_word:
            return None
        from remit.loading.load import configuration

        return configuration(self.folder, self.stage)


def in_scope(command: Callable[..., T]) -> Callable[..., T]:
    """Pass a command its `Scope`, in the place of the options that say it."""

    @wraps(command)
    def in_its_scope(**params: Any) -> T:
        scope = Scope(**{name: params.pop(name) for name in Scope._fields if name in params})
        return command(scope=scope, **params)

    return in_its_scope


@contextmanager
def strictness(*, strict: bool) -> Iterator[None]:
    """Let the AWS on this machine refuse unknown calls of what this command asks, if that is wanted."""
    from remit.local.control.server_commands import unknown_refused

    with unknown_refused() if strict else nullcontext():
        yield


@contextmanager
def delays(folder: Path, seed: str | None) -> Iterator[None]:
    """Let the AWS on this machine be slow for as long as this lasts; nothing without a seed, or where none runs."""
    from remit.local.aws import find
    from remit.local.control.server_commands import simulated_delays

    aws = find(folder) if seed else None
    with nullcontext() if aws is None or not seed else simulated_delays(aws, seed):
        yield


def require_kept(folder: Path) -> None:
    """Have the AWS on this machine save what it holds. RemitError (1): it cannot, as on a full disk."""
    from remit.local.aws import save

    unsaved = save(folder)
    if unsaved is not None:
        raise RemitError(
            f"it is deployed, but the AWS on this machine cannot keep it: {unsaved}",
            hint="it is lost when that stops, unless there is room before",
            exit_code=1,
        )


def _check_pin(account: str, *, local: bool) -> None:
    """Refuse with RemitError (2) another account than --account or REMIT_ACCOUNT names; nothing where neither does.

    For the AWS on this machine (`local`) only an --account on the command line counts: REMIT_ACCOUNT names the account
    of a person or a pipeline, which no local command can reach by mistake.
    """
    context = click.get_current_context(silent=True)
    if context is None or (local and not context.meta.get(_PINNED_HERE)):
        return
    number = context.meta.get(_PINNED)
    if not number or number == account:
        return
    if local:
        raise RemitError(
            f"the AWS on this machine is account {account}, and it must be {number}: nothing was done",
            hint="leave out --account, or --local",
        )
    raise RemitError(
        f"the credentials are of account {account}, and it must be {number}: nothing was done",
        hint="`--profile` chooses other credentials; --account and REMIT_ACCOUNT say which account it must be",
    )


def same_place() -> str:
    """The options that say which project, stage, region and profile the command is about, for a command to come.

    Each with a blank before it, quoted for a shell, as in ` --stage prod --local`; empty when none was given. --account
    is not among them.
    """
    context = click.get_current_context(silent=True)
    parameters = {} if context is None else context.params
    import shlex

    text = ""
    if parameters.get("folder", Path()) != Path():
        text += f" -C {shlex.quote(str(parameters['folder']))}"
    for name in ("stage", "region", "profile"):
        if parameters.get(name):
            text += f" --{name} {shlex.quote(parameters[name])}"
    return text + " --local" if parameters.get("local") else text


def no_function(app: App, name: str) -> RemitError:
    """Return the error (2) for a function that the app does not have, with the nearest name, or all of them.

    Of a job it says the function that runs it: the worker of its queue.
    """
    from remit.did_you_mean import did_you_mean

    names = [function.name for function in app.functions]
    hint = did_you_mean(name, names) or f"there are {', '.join(names) or 'none'}"
    if name in app.jobs:
        hint = f"`{name}` is a job: `{app.jobs[name]}` runs it"
    return RemitError(f"there is no function `{name}` in this app", hint=hint)
