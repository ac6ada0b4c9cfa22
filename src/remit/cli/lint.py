"""`remit lint`: what is wrong or too wide, at the line that wrote it."""

from __future__ import annotations

import os
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import click

from remit.cli import options
from remit.errors import RemitError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from remit.lint.finding import Finding
    from remit.lint.rule_registry import Rule
    from remit.project.policy_kinds import PolicyKinds

_SUFFIXES = (".json", ".yaml", ".yml", ".template")
_FEW = 3  # files that a note names
_SKIPPED = frozenset({".git", ".venv", "node_modules", ".remit", "__pycache__"})


@click.command("lint", short_help="Find mistakes and excessive access in policies.")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path, allow_dash=True))
@options.app_options
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "sarif", "github"]),
    default="text",
    show_default=True,
    help="For people, programs, code scanning, or GitHub annotations.",
)
@options.json_option
@click.option("--notes", "with_notes", is_flag=True, help="Show notes, too: what could be shorter or more portable.")
@click.option("--strict", is_flag=True, help="Exit with 1 for warnings, too.")
@options.kind_option
@click.option("--allow", multiple=True, metavar="RULE=BECAUSE", help="Accept findings of a rule, with the reason.")
@click.option("--explain", metavar="RULE", help="Print the page of a rule.")
@click.option("--rules", "listing", is_flag=True, help="List the rules.")
def command(
    paths: tuple[Path, ...],
    folder: Path,
    stage: str | None,
    form: str,
    *,
    with_notes: bool,
    strict: bool,
    kind: str | None,
    allow: tuple[str, ...],
    explain: str | None,
    listing: bool,
) -> int:
    """Check the app in this folder, or the policies and templates at PATHS.

    PATHS are files, folders, or - for standard input. Policies are JSON or YAML, templates are CloudFormation or SAM,
    and plans are what `terraform show -json` prints. Other files in a folder are skipped. Needs no AWS and no
    credentials.

    Errors come first. Notes are counted, and shown with --notes; --json has all. Of a folder, a table at the end counts
    the findings of each rule.

    The exit code is 1 if there are errors (with --strict also for warnings), and 2 if a file cannot be read, is neither
    a policy nor a template, or is too long to check in whole.

    A comment accepts a finding, at its line or at the start of its statement: `# remit: allow R213 because …`. The
    setting `config.lint.allow = {"R213": "…"}` accepts a rule for the whole app.

    \b
    Examples:
      remit lint
      remit lint template.yaml policies/ --notes
      remit lint --format github --strict
      remit lint --explain R301
    """
    form = "json" if options.wants_json() else form
    if explain is not None or listing:
        return _print_rules(explain, as_json=form == "json")
    reasons = _reasons(allow)
    if paths:
        from remit.lint.files import accept
        from remit.project.policy_kinds import policy_kinds

        kinds = policy_kinds(Path(), kind)
        findings = accept((finding for path in paths for finding in _lint_path(path, kinds)), reasons)
    else:
        findings = _lint_app(folder, stage, reasons)
    if form in ("sarif", "github"):
        findings = tuple(_from_top(finding, Path() if paths else folder) for finding in findings)
    if form == "text":
        from remit.report.findings import findings_text

        color = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        by_rule = any(path.is_dir() for path in paths)
        click.echo(findings_text(findings, _line_reader(folder), color=color, with_notes=with_notes, by_rule=by_rule))
        options.note_on_data_age()
    else:
        _print(findings, form)
    if any(finding.rule == "R001" for finding in findings):
        return 2
    counted = ("error", "warning") if strict else ("error",)
    return int(any(finding.severity in counted for finding in findings))


def _from_top(finding: Finding, folder: Path) -> Finding:
    """A finding with its path from git's top folder, which code scanning shows, or else from the working folder."""
    from dataclasses import replace

    if finding.origin is None or not (path := folder / finding.origin.file).exists():  # such as standard input
        return finding
    place = Path(os.path.abspath(path))  # noqa: PTH100 - a link stays what it is called in the repository
    for parent in place.parents:
        if (parent / ".git").exists():
            path = place.relative_to(parent)
            break
    return replace(finding, origin=replace(finding.origin, file=path.as_posix()))


def _print_rules(explain: str | None, *, as_json: bool) -> int:
    """Print every rule, or the page of one, as text or JSON, and return 0. RemitError (2): there is no such rule."""
    from remit.lint.rule_registry import rule, rules

    if explain is not None:
        lint_rule = rule(explain)
        if as_json:
            options.print_json({**_rule_document(lint_rule), "page": lint_rule.page})
        else:
            click.echo(f"{lint_rule.code} {lint_rule.name} ({lint_rule.severity})\n\n{lint_rule.page}", nl=False)
    elif as_json:
        options.print_json([_rule_document(lint_rule) for lint_rule in rules()])
    else:
        for lint_rule in rules():
            click.echo(f"{lint_rule.code}  {lint_rule.severity:<7}  {lint_rule.name:<28}  {lint_rule.title}")
    return 0


def _rule_document(rule: Rule) -> dict[str, str]:
    return {"rule": rule.code, "severity": rule.severity, "name": rule.name, "title": rule.title}


def _reasons(pairs: tuple[str, ...]) -> dict[str, str]:
    """The reasons by rule of texts RULE=REASON. RemitError (2): one gives no reason, or names no rule."""
    from remit.lint.rule_registry import rule
    from remit.lint.suppress import is_reason

    reasons: dict[str, str] = {}
    for pair in pairs:
        name, equals, because = pair.partition("=")
        if not equals or not is_reason(because):
            raise RemitError(f"--allow {pair!r} gives no reason", hint=f"--allow '{name or 'R213'}=because …'")
        reasons[rule(name).code] = because.strip()
    return reasons


def _lint_app(folder: Path, stage: str | None, reasons: dict[str, str]) -> tuple[Finding, ...]:
    """The findings of the app in a folder, in their order.

    Where it has mistakes, they are findings, and of the rest only errors on other lines are told. Nothing is raised for
    what is wrong in it.
    """
    from remit.lint.apps import errors_of_parts, lint
    from remit.lint.run import ordered, unreadable
    from remit.loading.load import load_project

    try:
        project = load_project(folder, stage)
    except RemitError as error:
        return tuple(unreadable(mistake, None) for mistake in error.all)
    mistakes = project.mistakes.errors
    if not mistakes:
        return lint(project.app, folder=folder, allow=reasons)
    findings = [unreadable(mistake, None) for mistake in mistakes]
    lines = {(finding.file, finding.line) for finding in findings}
    for finding in errors_of_parts(project.app, folder=folder):
        is_new = (finding.file, finding.line) not in lines and finding.rule not in reasons
        findings += [finding] if is_new else []
    return ordered(dict.fromkeys(findings))


def _lint_path(path: Path, kinds: PolicyKinds) -> Iterator[Finding]:
    """Yield the findings of a file, a folder, or of standard input (`-`). A file that cannot be read is a finding."""
    from remit.lint.files import lint_bytes

    if str(path) == "-":
        yield from lint_bytes(sys.stdin.buffer.read(), "standard input", kind=kinds.for_all)
    elif path.is_dir():
        yield from _lint_folder(path, kinds)
    elif isinstance(content := _bytes(path), bytes):
        yield from lint_bytes(content, path.as_posix(), kind=kinds.of(path))
    else:
        yield content


def _lint_folder(folder: Path, kinds: PolicyKinds) -> Iterator[Finding]:
    """Lint the policies and templates of a folder; other files are counted, and not looked at.

    The count is noted on standard error. A folder that holds nothing to look at is a finding.
    """
    from remit.lint.files import lint_found
    from remit.lint.run import unreadable

    files: list[Path] = []
    for place, folders, names in os.walk(folder):
        # os.walk goes into what is left in this very list, in its order.
        folders[:] = sorted(name for name in folders if name not in _SKIPPED)
        files += (Path(place) / name for name in sorted(names) if name.endswith(_SUFFIXES))
    skipped: list[str] = []
    for file in files:
        content = _bytes(file)
        if not isinstance(content, bytes):  # a finding: it cannot be read
            yield content
            continue
        findings = lint_found(content, file.as_posix(), kind=kinds.of(file))
        if findings is None:
            skipped.append(file.as_posix())
        else:
            yield from findings
    if skipped:
        few = ", ".join(skipped[:_FEW]) + (", …" if len(skipped) > _FEW else "")
        subject = "1 file holds" if len(skipped) == 1 else f"{len(skipped)} files hold"
        options.note(f"{subject} neither a policy nor a template: {few}")
    if len(skipped) == len(files):  # no finding at all would say that it is clean
        held = "neither a policy nor a template" if files else f"no file that ends in {', '.join(_SUFFIXES)}"
        message = f"{folder} holds {held}: nothing was looked at"
        error = RemitError(message, hint="name the folder or the files of the policies")
        yield unreadable(error, folder.as_posix())


def _bytes(path: Path) -> bytes | Finding:
    """The bytes of a file, or the finding that it cannot be read."""
    from remit.lint.run import unreadable

    try:
        return options.file_bytes(path)
    except OSError as error:
        return unreadable(RemitError(f"cannot read {path}: {error.strerror}"), path.as_posix())


def _print(findings: Sequence[Finding], form: str) -> None:
    """Print findings for programs: as JSON (`json`), as SARIF (`sarif`), else as commands of GitHub's jobs."""
    from remit.report import findings as report

    if form == "json":
        options.print_report(report.findings_json(findings))
    elif form == "sarif":
        from remit import __version__
        from remit.lint.rule_registry import rules

        options.print_report(report.findings_sarif(findings, rules(), __version__))
    else:
        click.echo(report.findings_github(findings), nl=False)


def _line_reader(folder: Path) -> Callable[[str], Sequence[str]]:
    """A function that gives the lines of a file of that name, and none if it cannot be read; each file is read once."""

    @cache
    def lines(file: str) -> Sequence[str]:
        """The lines of a file in the folder or the working directory, kept; none where no plain file can be read."""
        for path in (folder / file, Path(file)):
            try:
                if path.is_file():  # what a pipe held is gone, and its next reader would wait
                    return path.read_text("utf-8").split("\n")
            except (OSError, ValueError):
                continue
        return ()

    return lines
