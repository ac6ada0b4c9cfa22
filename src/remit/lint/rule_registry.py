"""The lint rules: every module of `rules/` is one, and says by its functions what it wants to look at.

A rule's file is named by its code and name (`r201_unknown_service.py`: R201, unknown-service). Its docstring is its
manual page and its test; `SEVERITY` is the worst that it finds; each hook that it defines is called with one noun of
`rule_inputs` and yields problems.
"""

from __future__ import annotations

import importlib
import os
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from remit.did_you_mean import did_you_mean
from remit.errors import RemitError
from remit.lint.finding import ERROR

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType

    from remit.lint.finding import Problem
    from remit.lint.rule_inputs import PolicyDocument

Hook: TypeAlias = "Callable[[Any], Iterator[Problem]]"
HOOKS: Final = (
    "document", "shape", "statement", "doubtful", "conditional", "policy", "environment", "template", "project", "slip",
    "stack_policy",
)  # fmt: skip
"""What each looks at: a raw policy document; a raw statement (with its document); a parsed statement, one with an
action that means nothing, one with conditions; all the parsed statements of a policy; a function's environment; a
template; an app with its roles; what a reader noticed; a raw statement of a stack policy."""
CONCERNED: Final = "concerned"
"""A function of a rule that says, of the text of a policy file, whether there may be anything for it: what it looks for
is rare, and told by a glance. A rule without it looks at every statement."""
_DEFINITION: Final = re.compile(r"\ndef (\w+)\(")
_SEVERITY: Final = re.compile(r"\nSEVERITY = ([A-Z]+)\n")
FOLDER: Final = Path(__file__).parent / "rules"


class Rule(NamedTuple):
    """A rule: R201, unknown-service. Its file is imported when there is something for it to look at."""

    code: str
    name: str
    file: str
    severity: str
    """The worst that it finds."""
    functions: frozenset[str]
    """The names that its file defines at its top: hooks, and `concerned`."""

    @property
    def module(self) -> ModuleType:
        """Its module, imported now."""
        return importlib.import_module(f"remit.lint.rules.{self.file}")

    @property
    def page(self) -> str:
        """Its manual page."""
        return re.sub(r"\n +$", "\n", self.module.__doc__ or "").strip() + "\n"

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
    """Every rule, by code."""
    names = {file.partition(".")[0] for file in os.listdir(FOLDER) if file.endswith((".py", ".pyc"))}  # noqa: PTH208 - pathlib is not loaded for it
    return tuple(_rule(name) for name in sorted(names - {"__init__"}))


def _rule(file: str) -> Rule:
    """A rule by its source, which is read: importing every rule takes ten times as long as most commands need."""
    code, _, name = file.partition("_")
    code, name = code.upper(), name.replace("_", "-")
    try:
        source = (FOLDER / f"{file}.py").read_text("utf-8")
    except OSError:  # installed without its source
        attributes = vars(importlib.import_module(f"remit.lint.rules.{file}"))
        return Rule(code, name, file, attributes["SEVERITY"], frozenset(attributes))
    severity = _SEVERITY.search(source)
    return Rule(code, name, file, severity[1].lower() if severity else "", frozenset(_DEFINITION.findall(source)))


@cache
def hooks(kind: str, *, severe: bool = False, without: frozenset[str] = frozenset()) -> tuple[tuple[Rule, Hook], ...]:
    """The rules that look at a kind of thing, with their functions, by code; `severe` ones can find errors.

    `without` leaves rules out.
    """
    chosen = (rule for rule in rules() if kind in rule.functions and rule.code not in without)
    return tuple((rule, getattr(rule.module, kind)) for rule in chosen if not severe or rule.severity == ERROR)


def hooks_for(kind: str, document: PolicyDocument) -> tuple[tuple[Rule, Hook], ...]:
    """The rules that look at a kind of thing in a document and may find something there, with their functions."""
    if document.names is not None:
        return hooks(kind)  # in a template texts are put together
    if document.unconcerned is None:
        text = document.text
        document.unconcerned = frozenset(code for code, concerned in _concerned() if not concerned(text))
    return hooks(kind, without=document.unconcerned)


@cache
def _concerned() -> tuple[tuple[str, Callable[[str], bool]], ...]:
    return tuple((rule.code, getattr(rule.module, CONCERNED)) for rule in rules() if CONCERNED in rule.functions)


def rule(name: str) -> Rule:
    """A rule by its code or its name, in any case. RemitError with a did-you-mean."""
    folded = name.strip().lower()
    for candidate in rules():
        if folded in (candidate.code.lower(), candidate.name):
            return candidate
    spellings = [text for candidate in rules() for text in (candidate.code, candidate.name)]
    hint = did_you_mean(name, spellings) or "`remit lint --rules` lists them"
    raise RemitError(f"there is no rule `{name}`", hint=hint)
