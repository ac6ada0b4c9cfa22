"""Problems that rules yield, at a spot of a statement, and findings for people, at a line of a file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from remit.app import Grant
    from remit.errors import Origin

ERROR: Final = "error"
WARNING: Final = "warning"
NOTE: Final = "note"
SEVERITIES: Final = (ERROR, WARNING, NOTE)
"""Error: IAM or CloudFormation refuses it, or it can never do anything. Warning: too wide, or most likely a mistake.
Note: could be shorter or more portable."""

Spot: TypeAlias = tuple[str | int, ...]
"""Where in a statement: ("Action", "s3:GetObject"), ("Condition", "StringEquals", "aws:SourceVpc", "vpc-1"), ("Sid",) —
names and values, as the statement holds them; () is the statement itself. In raw documents also list indexes."""

Finder = TypeVar("Finder", bound="Callable[..., Any]")


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem that a rule found. `severity` is the rule's own unless given; `spot` is its place in the subject.

    `index` is the statement that is meant, when the rule looked at a whole policy; `origin` the line, when at an app,
    or in another file.
    """

    message: str
    hint: str | None = None
    spot: Spot = ()
    severity: str | None = None
    index: int | None = None
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem with its rule, its severity and the place that wrote it.

    `grant` is the one it concerns, if any; `statement` is where the statement of a file begins that it concerns.
    """

    rule: str
    name: str
    severity: str
    message: str
    hint: str | None = None
    origin: Origin | None = None
    grant: Grant | None = field(default=None, compare=False)
    statement: Origin | None = field(default=None, compare=False)

    @property
    def file(self) -> str | None:
        """The file, as it is printed."""
        return self.origin.file if self.origin else None

    @property
    def line(self) -> int:
        """The line from 1; 0 when it is not known."""
        return self.origin.line if self.origin else 0

    @property
    def column(self) -> int:
        """The column from 1; 0 when it is not known."""
        return self.origin.column if self.origin else 0

    def document(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "rule": self.rule,
            "severity": self.severity,
            "message": self.message,
            "file": self.file,
            "line": self.line,
            "column": self.column,
            "hint": self.hint,
            "name": self.name,
        }


def rule(code: str, severity: str = "", looks_at: str = "", needs: str = "") -> Callable[[Finder], Finder]:  # noqa: ARG001 - rule_registry reads them from the source
    """Mark a function as a rule: its name is the rule's, its docstring the rule's manual page and test.

    `severity` is the worst that it finds. `looks_at` is one of `rule_registry.HOOKS`, or nothing for a rule that a
    reader of files asks. `needs` is a regular expression for the text of a policy file, without which the rule finds
    nothing there. A further function of a rule, which looks at another kind of thing, is marked with the code and that
    kind alone. The mark does nothing when it runs: `rule_registry` reads it from the source, and imports a rule when it
    is asked.
    """
    return lambda function: function
