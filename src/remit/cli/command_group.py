"""The root command, which finds the others by their files and imports only the one that is asked for."""

from __future__ import annotations

import importlib
from typing import Any, Final

import click

from remit.cli import options
from remit.did_you_mean import did_you_mean
from remit.errors import RemitError

_SECTIONS: Final = {
    "Start": {
        "init": "Create a project.",
        "import": "Write an app from a template of another tool's.",
        "dev": "Run the app here while you change it.",
    },
    "Deploy": {
        "build": "Write the template, the roles and the zips.",
        "deploy": "Deploy to AWS, or to the AWS on this machine.",
        "status": "Show what is deployed.",
        "invoke": "Run a deployed function with an event.",
        "logs": "Print the log of one function, or of all.",
        "event": "Print a sample event of a trigger.",
        "jobs": "List jobs that failed for good, run them again, delete them.",
        "releases": "List what was deployed, and can be again.",
        "rollback": "Deploy an earlier release again.",
        "delete": "Delete what is deployed.",
        "local": "Start, stop, reset or inspect the AWS on this machine.",
    },
    "Ask about access": {
        "explain": "Explain what a function may do, or what an action is.",
        "why": "Explain why access was denied, and what to change.",
        "evaluate": "Decide requests against policies.",
    },
    "Check": {
        "lint": "Find mistakes and excessive access in policies.",
        "diff": "Show what access a change adds or removes.",
        "minimise": "Write a policy in fewer characters, with the same access.",
        "audit": "Say who can do what in whole accounts and organizations.",
    },
    "Set up accounts and CI": {
        "bootstrap": "Create or repair the bucket that deploys upload to.",
        "policy": "Print the policy of a function, or of whoever deploys.",
        "check": "Check whether whoever deploys may do what that needs.",
    },
    "Other": {
        "data": "Show the versions and dates of the facts about AWS.",
    },
}
"""The commands by what people do with them, as `remit --help` lists them, each with the short help of its file."""
_SUMMARIES: Final = {name: text for section in _SECTIONS.values() for name, text in section.items()}
MISTAKES: Final = (RemitError, click.ClickException, OSError)
"""The exceptions that are mistakes, of the project or of the command line. Any other is a bug, or ends a command."""


def mistake_of(error: Exception) -> RemitError:
    """The mistake that one of `MISTAKES` tells of: a RemitError as it is, the others in remit's words.

    One of click's keeps its exit code, and an OSError has 2.
    """
    if isinstance(error, RemitError):
        return error
    if isinstance(error, click.ClickException):
        # click's sentences begin with a capital and end with a full stop; remit's do neither.
        message = error.format_message()
        message = f"{message[:1].lower()}{message[1:].removesuffix('.')}"
        context = error.ctx if isinstance(error, click.UsageError) else None
        hint = None if context is None else f"`{context.command_path} --help` shows how it is used"
        return RemitError(message, hint=hint, exit_code=error.exit_code)
    file = f" {error.filename!r}" if isinstance(error, OSError) and error.filename else ""
    return RemitError(f"cannot use{file}: {getattr(error, 'strerror', None) or error}")


class CommandFiles(click.Group):
    """A group whose commands are the modules beside it."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The names of all commands, in alphabetical order."""
        return sorted(_SUMMARIES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - as above
        """The command of one file, imported now; None: there is none of this name."""
        if cmd_name not in _SUMMARIES:
            return None
        module = importlib.import_module(f"remit.cli.{cmd_name.replace('-', '_')}")
        command: click.Command = module.command
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command and return what it returns, its exit code as a rule.

        With --json, while no answer is printed yet, a mistake is printed as `remit lint --json` prints it, and its exit
        code is returned. Any other exception goes on, and so do mistakes without --json and a BrokenPipeError.
        """
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise
        except MISTAKES as error:
            if not options.awaits_json(ctx):
                raise
            from remit.report.mistakes import mistakes_json

            mistake = mistake_of(error)
            options.print_report(mistakes_json(mistake))
            return mistake.exit_code

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - as above
        """List the commands in sections."""
        widest = max(map(len, _SUMMARIES))
        for heading, section in _SECTIONS.items():
            with formatter.section(heading):
                formatter.write_dl([(name.ljust(widest), text) for name, text in section.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command: its name, itself, and the arguments after it.

        RemitError (2), with the command that was meant: there is none of that name.
        """
        if args and args[0] not in _SUMMARIES and not args[0].startswith("-"):
            hint = did_you_mean(args[0], _SUMMARIES) or "`remit --help` lists the commands"
            raise RemitError(f"there is no command `{args[0]}`", hint=hint)
        return super().resolve_command(ctx, args)


@click.group(cls=CommandFiles, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--quiet", is_flag=True, help="Print no messages but errors, and ask nothing.")
@click.version_option(package_name="remit", message="remit %(version)s")
def root(*, quiet: bool) -> None:
    """Deploy Python apps to AWS Lambda with exactly the access they need.

    \b
    Examples:
      remit init orders && cd orders
      remit deploy --local
      remit policy function report --explain
    """
