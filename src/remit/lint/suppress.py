"""Findings that somebody accepted, with the reason: `# remit: allow R213 because …` at the line, or a table of reasons.

A comment speaks for its own line, or, where it stands alone, for the next line that is no comment; on the line where a
statement begins, for all of the statement. Several rules are separated by commas. A reason that nobody gave does not
count, and a comment that nothing needs is reported.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from remit.errors import Origin, RemitError
from remit.lint.finding import Finding, Problem
from remit.lint.rule_registry import rule as rule_named
from remit.lint.rules.files_and_comments import suppression_without_reason, unused_suppression
from remit.secrets import LINE_END, possible_secrets_in, secrets_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path


OF_SECRETS: Final = "R701"
"""The rule of secrets. Its comments speak to builds, too, which refuse secrets in every file that they pack."""
OF_COMMENTS: Final = frozenset({"R002", "R003"})
"""The rules that speak of comments themselves."""
_MARK: Final = "remit: allow"
_COMMENT: Final = r"#\s*remit:\s*allow\s+(?P<rules>[A-Za-z0-9-]+(?:\s*,\s*[A-Za-z0-9-]+)*)(?P<rest>[^\n]*)"
_BECAUSE: Final = r"\s*(?:because\b|:|--|-|—)?+\s*(.*?)\s*"


class Allowance(NamedTuple):
    """An accepted rule: where it is accepted, for which line, and why."""

    rule: str
    because: str
    origin: Origin
    line: int


def allowances(text: str, file: str) -> Iterator[Allowance | Finding]:
    """Yield an allowance for each rule that a comment of a file accepts; a Finding (R003) where it does not.

    In a `.py`, a text that looks like a comment, but stands in a string, is passed over.
    """
    if _MARK not in text and "remit:allow" not in text:
        return
    lines = LINE_END.split(text)
    comments = _python_comments(text) if file.endswith(".py") else None
    for number, line in enumerate(lines, 1):
        comment = re.search(_COMMENT, line)
        if comment is None or (comments is not None and not comments.get(number, len(line)) <= comment.start()):
            continue
        alone = not line[: comment.start()].strip()
        target = _next_line(lines, number) if alone else number
        origin = Origin(file, number, comment.start() + 1)
        for name in re.split(r"\s*,\s*", comment["rules"]):
            yield _allowance(name, comment["rest"], origin, target)


def is_reason(text: str) -> bool:
    """Return whether a text can be a reason: there is a word, and not an ellipsis alone."""
    return any(map(str.isalnum, text))


def _python_comments(text: str) -> dict[int, int] | None:
    """The columns, from 0, where comments begin, by lines from 1: a docstring may speak of them. None: no Python."""
    import tokenize  # noqa: PLC0415 - few files accept anything
    from io import StringIO  # noqa: PLC0415 - as above

    try:
        tokens = tuple(tokenize.generate_tokens(StringIO(text).readline))
    except (tokenize.TokenError, SyntaxError):
        return None
    return dict(token.start for token in tokens if token.type == tokenize.COMMENT)


def _next_line(lines: list[str], number: int) -> int:
    """The number of the next line that is neither empty nor a comment; that of the line itself where none follows."""
    for following in range(number, len(lines)):
        if lines[following].strip() and not lines[following].lstrip().startswith("#"):
            return following + 1
    return number


def _allowance(name: str, ending: str, origin: Origin, line: int) -> Allowance | Finding:
    """The allowance of a rule with the reason that ends a comment; a Finding (R003): no such rule, or no reason."""
    try:
        code = rule_named(name).code
    except RemitError as error:
        return _finding("R003", suppression_without_reason(error.message, error.hint), origin)
    because = re.fullmatch(_BECAUSE, ending)
    if because is None or not is_reason(because[1]):
        message, hint = f"`{name}` is allowed without a reason, so it is not", f"# remit: allow {name} because …"
        return _finding("R003", suppression_without_reason(message, hint), origin)
    return Allowance(code, because[1], origin, line)


def _finding(code: str, problem: Problem, origin: Origin | None) -> Finding:
    rule = rule_named(code)
    return Finding(rule.code, rule.name, rule.severity, problem.message, problem.hint, origin)


def suppress(
    findings: Iterable[Finding], texts: Mapping[str, str], table: Mapping[str, tuple[str, Origin | None]]
) -> list[Finding]:
    """The findings that nobody accepted, between those on comments that accept nothing and on unused acceptances.

    `texts` has the files whose comments count, by name; `table` has reasons by rule, for the whole app, with their
    lines. RemitError (2) at the line of `table`: there is no such rule.
    """
    comments = [comment for file, text in texts.items() for comment in allowances(text, file)]
    at_lines = {_line_of(comment): comment for comment in comments if isinstance(comment, Allowance)}
    of_app = {_code(name, origin): (name, origin) for name, (_, origin) in table.items()}
    used: set[Allowance] = set()
    used_codes: set[str] = set()
    unaccepted = [comment for comment in comments if isinstance(comment, Finding)]
    for finding in findings:
        allowance = next((at_lines[line] for line in _lines_of(finding) if line in at_lines), None)
        if allowance is not None:
            used.add(allowance)
        elif finding.rule in of_app:
            used_codes.add(finding.rule)
        else:
            unaccepted.append(finding)
    unused = [entry for entry in at_lines.values() if entry not in used and not _speaks_to_builds(entry, texts)]
    unused_names: list[tuple[str, Origin | None]] = [(entry.rule, entry.origin) for entry in unused]
    unused_names += [entry for code, entry in of_app.items() if code not in used_codes]
    unaccepted += [_finding("R002", unused_suppression(name), origin) for name, origin in unused_names]
    return unaccepted


def _line_of(allowance: Allowance) -> tuple[str, str, int]:
    """The rule that is accepted, and the file and line for which it is."""
    return allowance.rule, allowance.origin.file, allowance.line


def _speaks_to_builds(allowance: Allowance, texts: Mapping[str, str]) -> bool:
    """Return whether it allows a secret that a build finds at its line, wherever that stands in the file."""
    if allowance.rule != OF_SECRETS:
        return False
    text = texts[allowance.origin.file]
    return any(allowance.line == secret.line for secret in (*secrets_in(text), *possible_secrets_in(text)))


def _code(name: str, origin: Origin | None) -> str:
    """The code of a rule by its code or name. RemitError at the line that names it: there is none."""
    try:
        return rule_named(name).code
    except RemitError as error:
        raise RemitError(error.message, hint=error.hint, origin=origin) from None


def reason_at(
    rule: str, origin: Origin | None, folder: Path, table: Mapping[str, tuple[str, Origin | None]]
) -> str | None:
    """Why a rule is accepted at a line of a file in the folder, or for the whole app; None where nobody says so.

    A file that cannot be read has no comments. RemitError (2): `table` names a rule that does not exist.
    """
    if origin is not None:
        try:
            text = (folder / origin.file).read_text("utf-8")
        except (OSError, ValueError):
            text = ""
        line = (rule, origin.file, origin.line)
        for comment in allowances(text, origin.file):
            if isinstance(comment, Allowance) and _line_of(comment) == line:
                return comment.because
    return next((because for name, (because, written) in table.items() if _code(name, written) == rule), None)


def _lines_of(finding: Finding) -> Iterator[tuple[str, str, int]]:
    """The lines whose comments speak for a finding: its own, and the one on which its grant or statement begins."""
    grant_origin = finding.grant.origin if finding.grant else None
    for origin in (finding.origin, grant_origin, finding.statement):
        if origin is not None:
            yield finding.rule, origin.file, origin.line
