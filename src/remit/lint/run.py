"""Put a policy document, or anything else that rules look at, before every rule, and collect what they find."""

from __future__ import annotations

from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from remit.documents.foreign_text import is_unfilled, without_unfilled
from remit.errors import Origin, RemitError
from remit.iam import tokens
from remit.lint import rule_registry
from remit.lint.finding import ERROR, Finding, Problem
from remit.lint.rule_inputs import IDENTITY, BrokenStatement, Locate, ParsedStatement, PolicyDocument
from remit.lint.rules import files_and_comments
from remit.secrets import concealed, environment_secrets, hidden

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from remit.app import Grant
    from remit.lint.rule_registry import Hook, Rule

MOST: Final = 100
"""Findings of one rule in one document: whoever fixes so many lints again."""
_HINTS: Final = {
    "Action": "write 'service:Operation', as s3:GetObject",
    "Resource": "write an ARN, or a list of ARNs",
    "Condition": "write {'StringEquals': {'aws:SourceAccount': '…'}}",
}
_ORDER: Final = {"error": 0, "warning": 1, "note": 2}


def of_document(document: PolicyDocument, *, huge: bool = False) -> Iterator[Finding]:
    """Lint a policy document and its statements; of a `huge` one, its shape and its size alone."""
    counts: Counter[str] = Counter()
    yield from findings(rule_registry.hooks_for("document", document), document, document.locate, counts=counts)
    shapes = rule_registry.hooks_for("shape", document)
    with_errors: set[int] = set()
    for written in document.written:
        for shape_finding in findings(shapes, written, written.locate, counts=counts, statement=True):
            if shape_finding.severity == ERROR:
                with_errors.add(written.index)
            yield shape_finding
    rule = rule_registry.rule("R103")
    for broken in document.broken[:MOST]:
        # Where a rule about its shape reports an error, that one says more precisely why it does not parse.
        if broken.written.index not in with_errors and not _is_unfilled(broken):
            hint = broken.hint or _HINTS.get(str(broken.spot[0]) if broken.spot else "")
            problem = Problem(broken.message, hint, broken.spot)
            yield finding(rule, problem, broken.written.locate, None, statement=True)
    if huge:
        return
    for item in (*document.statements, *document.either):
        yield from of_item(item, counts)
    yield from of_policy(document)


def _is_unfilled(broken: BrokenStatement) -> bool:
    """Return whether a tool has yet to fill in what does not parse."""
    value: Any = broken.written.value
    for step in broken.spot:
        value = value[step] if isinstance(value, dict) and step in value else None
    return is_unfilled(value)


def of_item(item: ParsedStatement, counts: Counter[str], *, severe: bool = False) -> Iterator[Finding]:
    """Lint a parsed statement by itself; `severe` asks those rules alone that can find errors. `counts` is added to."""
    kinds = ["statement"]
    if item.document.kind != IDENTITY or item.principals:
        kinds.append("outward")
    if item.statement.actions.negated or item.resource_element == "NotResource":
        kinds.append("negated")
    if item.variable_texts:
        kinds.append("variable")
    if item.doubtful:
        kinds.append("doubtful")
    if item.statement.conditions:
        kinds += ("conditional", "condition")
    for kind in kinds:
        hooks = rule_registry.hooks(kind, severe=True) if severe else rule_registry.hooks_for(kind, item.document)
        yield from findings(hooks, item, item.locate, item.grant, counts=counts, statement=True)


def of_policy(document: PolicyDocument, *, severe: bool = False) -> Iterator[Finding]:
    """Lint the statements of a document together, as far as they parse; of each rule at most `MOST` findings."""
    by_index: dict[int | None, ParsedStatement] = {item.index: item for item in document.statements}
    for rule, hook in rule_registry.hooks("policy", severe=severe):
        for problem in islice(hook(document), MOST):
            item = by_index[problem.index]
            yield finding(rule, problem, item.locate, item.grant, statement=True)


def findings(
    hooks: Iterable[tuple[Rule, Hook]],
    subject: Any,
    locate: Locate,
    grant: Grant | None = None,
    *,
    counts: Counter[str] | None = None,
    statement: bool = False,
) -> Iterator[Finding]:
    """Ask some rules about a subject; with `counts` (problems by rule, which is added to), at most `MOST` of one rule.

    A rule that has more is asked no further about this subject. `statement`: the subject is a statement.
    """
    for rule, hook in hooks:
        for problem in hook(subject):
            if counts is not None:
                counts[rule.code] += 1
                if counts[rule.code] > MOST:
                    break
            yield finding(rule, problem, locate, grant, statement=statement)


def finding(rule: Rule, problem: Problem, locate: Locate, grant: Grant | None, *, statement: bool = False) -> Finding:
    """A problem as people get it: at its place, secrets hidden, late-bound text as written, `…` for tools' places."""
    severity = problem.severity or rule.severity
    message, hint = tokens.as_written(problem.message), problem.hint and tokens.as_written(problem.hint)
    message, hint = without_unfilled(message, "…"), hint and without_unfilled(hint, "…")
    if grant is not None:
        message, hint = _as_written(message), hint and _as_written(hint)
    return Finding(
        rule.code,
        rule.name,
        severity,
        hidden(message),
        hint and hidden(hint),
        problem.origin or locate(problem.spot),
        grant,
        locate(()) if statement and grant is None else None,
    )


_WRITTEN: Final = {f"${{AWS::{late}}}": f"{{aws.{name}}}" for late, name in
                   (("Partition", "partition"), ("Region", "region"), ("AccountId", "account"))}  # fmt: skip


def _as_written(text: str) -> str:
    """Late-bound text as people write it in an app: `{aws.region}`, in an f-string."""
    if "${AWS::" in text:
        for late, written in _WRITTEN.items():
            text = text.replace(late, written)
    return text


def unreadable(error: RemitError, file: str | None) -> Finding:
    """Return a reader's error as a finding of R001, at its place or the file, without secrets of the environment."""
    rule, problem = rule_registry.rule("R001"), files_and_comments.unreadable(error)
    origin = error.origin or (Origin(file) if file is not None else None)
    message = concealed(problem.message, environment_secrets())
    return Finding(rule.code, rule.name, rule.severity, message, problem.hint, origin)


def ordered(unordered: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings sorted by file, line and column; of one place the worst first."""
    return tuple(sorted(unordered, key=_place))


def _place(finding: Finding) -> tuple[str, int, int, int, str, str]:
    severity = _ORDER[finding.severity]
    return finding.file or "", finding.line, finding.column, severity, finding.rule, finding.message
