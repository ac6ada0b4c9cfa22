"""The root command, which finds the others by their files and imports only the one that is asked for."""

from __future__ import annotations

import importlib
from typing import Any, Final

import click

from remit.cli import mistakes, options
from remit.cli.summaries import SUMMARIES
from remit.did_you_mean import did_you_mean
from remit.errors import RemitError

_SECTIONS: Final = {
    "Start": ("init", "dev"),
    "Deploy": ("build", "deploy", "status", "invoke", "logs", "event", "jobs", "delete", "local"),
    "Ask about access": ("explain", "why", "evaluate"),
    "Check": ("lint", "diff", "minimise", "audit"),
    "Set up accounts and CI": ("bootstrap", "policy"),
}
"""The commands by what people do with them, as `remit --help` lists them; any other command follows under Other."""


class CommandFiles(click.Group):
    """A group whose commands are the modules beside it."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Every command, by name."""
        return sorted(SUMMARIES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - as above
        """The command of one file, imported now."""
        if cmd_name not in SUMMARIES:
            return None
        module = importlib.import_module(f"remit.cli.{cmd_name.replace('-', '_')}")
        command: click.Command = module.command
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command. With --json, mistakes are printed as lint prints them, unless the answer is printed."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise
        except mistakes.KINDS as error:
            if not options.awaits_json(ctx):
                raise
            from remit.report.mistakes import mistakes_json

            mistake = mistakes.mistake_of(error)
            options.print_report(mistakes_json(mistake))
            return mistake.exit_code

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands in sections."""
        names = self.list_commands(ctx)
        listed = {name for section in _SECTIONS.values() for name in section}
        without_section = tuple(name for name in names if name not in listed)
        widest = max(len(name) for name in names)
        for heading, section in {**_SECTIONS, "Other": without_section}.items():
            with formatter.section(heading):
                formatter.write_dl([(name.ljust(widest), SUMMARIES[name]) for name in section])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command. RemitError with a did-you-mean: there is none of that name."""
        if args and args[0] not in SUMMARIES and not args[0].startswith("-"):
            hint = did_you_mean(args[0], SUMMARIES) or "`remit --help` lists the commands"
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
