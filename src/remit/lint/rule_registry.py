"""The lint rules: the functions of `rules/` that are marked with `rule`, a file for each family.

A function's name is its rule's (`unknown_service`: R201, unknown-service), its docstring the rule's manual page and its
test. It is called with one noun of `rule_inputs` (that of a condition with its statement, too) and yields problems.
"""

from __future__ import annotations

import importlib
import re
from ast import literal_eval
from functools import cache
from inspect import cleandoc
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from remit.did_you_mean import did_you_mean
from remit.errors import RemitError
from remit.lint.finding import ERROR, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from remit.lint.rule_inputs import PolicyDocument

Hook: TypeAlias = "Callable[[Any], Iterable[Problem]]"
HOOKS: Final = (
    "document", "shape", "statement", "outward", "negated", "variable", "doubtful", "conditional", "condition",
    "policy", "environment", "template", "project", "slip", "stack_policy",
)  # fmt: skip
"""What each looks at: a raw policy document; a raw statement (with its document); a parsed statement, one of other
documents than an identity's, one with NotAction or NotResource, one with policy variables, one with an action that
means nothing, one with conditions, and each of these by itself; all the parsed statements of a policy; a function's
environment; a template; an app with its roles; what a reader noticed; a raw statement of a stack policy."""
_MARK: Final = re.compile(
    r'^@rule\("(R\d+)"(?:, ([A-Z]+))?(?:, looks_at="(\w+)")?(?:, needs=(r?(?:"[^\n]+?"|\'[^\n]+?\')))?\)\ndef (\w+)\(',
    re.MULTILINE,
)
FOLDER: Final = Path(__file__).parent / "rules"


class Rule(NamedTuple):
    """A rule: R201, unknown-service. Its file is imported when there is something for it to look at."""

    code: str
    name: str
    family: str
    """The file of `rules/` that has it."""
    severity: str
    """The worst that it finds."""
    functions: dict[str, str]
    """The names of its functions, by hook."""
    needs: re.Pattern[str] | None
    """The text without which it finds nothing in a policy file."""

    def function(self, hook: str) -> Callable[..., Any]:
        """One of its functions, imported now."""
        module = importlib.import_module(f"remit.lint.rules.{self.family}")
        function: Callable[..., Any] = getattr(module, self.functions[hook])
        return function

    @property
    def page(self) -> str:
        """Its manual page."""
        module = importlib.import_module(f"remit.lint.rules.{self.family}")
        return cleandoc(getattr(module, self.name.replace("-", "_")).__doc__ or "") + "\n"

    @property
    def title(self) -> str:
        """The first line of its page."""
        return self.page.split("\n", 1)[0]

    @property
    def blocks(self) -> tuple[str, ...]:
        """The indented blocks of its page, in order: the first must be flagged, the second must not."""
        blocks = []
        for indented in re.findall(r"(?:^(?: {4,}\S.*)?\n)+", f"{self.page}\n", re.MULTILINE):
            text = re.sub(r"^ {4}", "", indented, flags=re.MULTILINE).strip("\n")
            if text.strip():
                blocks.append(text)
        return tuple(blocks)


@cache
def rules() -> tuple[Rule, ...]:
    """Every rule, sorted by code.

    Their marks are read in the sources of `rules/`, once, and nothing is imported: importing every rule takes ten times
    as long as most commands need.
    """
    by_code: dict[str, Rule] = {}
    for file in FOLDER.glob("*.py"):
        for code, severity, hook, needs, function in _MARK.findall(file.read_text("utf-8")):
            if severity:
                needed_text = re.compile(literal_eval(needs)) if needs else None
                by_code[code] = Rule(code, function.replace("_", "-"), file.stem, severity.lower(), {}, needed_text)
            if hook:
                by_code[code].functions[hook] = function
    return tuple(by_code[code] for code in sorted(by_code))


@cache
def hooks(kind: str, *, severe: bool = False, without: frozenset[str] = frozenset()) -> tuple[tuple[Rule, Hook], ...]:
    """The rules that look at a kind of thing (one of `HOOKS`), with their functions, by code; their files are imported.

    `severe`: only those that can find errors. `without` leaves out the rules of these codes.
    """
    chosen = (rule for rule in rules() if kind in rule.functions and rule.code not in without)
    hooks_of_kind = ((rule, rule.function(kind)) for rule in chosen if not severe or rule.severity == ERROR)
    if kind == "condition":
        return tuple((rule, _of_each_condition(function)) for rule, function in hooks_of_kind)
    return tuple(hooks_of_kind)


def _of_each_condition(function: Callable[..., Iterator[Problem]]) -> Hook:
    """A function of a statement that asks `function` about each of its conditions."""
    return lambda item: [problem for condition in item.statement.conditions for problem in function(item, condition)]


def hooks_for(kind: str, document: PolicyDocument) -> tuple[tuple[Rule, Hook], ...]:
    """The rules that look at a kind of thing in a document and may find something there, with their functions.

    Those that its text does not concern are noted in the document.
    """
    if document.names is not None:
        return hooks(kind)  # in a template texts are put together
    if document.unconcerned is None:
        text = document.text
        unconcerned = [rule.code for rule in rules() if rule.needs is not None and rule.needs.search(text) is None]
        document.unconcerned = frozenset(unconcerned)
    return hooks(kind, without=document.unconcerned)


def rule(name: str) -> Rule:
    """A rule by its code or its name, in any case. RemitError (2), with a did-you-mean: there is none."""
    folded = name.strip().lower()
    for candidate in rules():
        if folded in (candidate.code.lower(), candidate.name):
            return candidate
    spellings = [text for candidate in rules() for text in (candidate.code, candidate.name)]
    hint = did_you_mean(name, spellings) or "`remit lint --rules` lists them"
    raise RemitError(f"there is no rule `{name}`", hint=hint)
