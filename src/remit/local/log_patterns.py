"""Filter patterns on terms and on fields of JSON: which lines CloudWatch Logs hands on, and finds.

The emulator looks for the words of any pattern. A pattern of columns, `[ip, user]`, is left to it.

Source: "Filter pattern syntax for metric filters, subscription filters, filter log events, and Live Tail" (Amazon
CloudWatch Logs User Guide).
"""

from __future__ import annotations

import json
import operator
import re
from typing import TYPE_CHECKING, Any, Final

from remit.local.emulator import emulated, instead_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_PART: Final = r'&&|\|\||[()]|[!<>]=|[=<>]|"(?:[^"\\]|\\.)*"|%[^%]+%|[^\s()=!<>&|"]+'
_TERM: Final = r'([?-]?)("(?:[^"\\]|\\.)*"|%[^%]+%|\S+)'
_STEP: Final = r"\.([^.\[\]]+)|\[(\d+)\]|\['([^']+)'\]"
_MISSING: Final = object()
"""The value of a field that a line does not have."""
_WORDS: Final[Mapping[str, object]] = {"NULL": None, "TRUE": True, "FALSE": False}
_COMPARISONS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def match_log_patterns() -> None:
    """Have subscriptions match so, and FilterLogEvents on fields, in the process that serves. Called once."""
    logs = emulated("services.cloudwatch_logs")

    @instead_of(logs, "_subscription_pattern_matches")
    def subscribed(matches: Callable[..., Any], pattern: str, message: str) -> Any:
        if _is_of_json(pattern):
            return matches_json(pattern, message)
        return matches(pattern, message) if pattern.strip().startswith("[") else matches_terms(pattern, message)

    @instead_of(logs, "_compile_filter_pattern")
    def searched(compiled: Callable[..., Any], pattern: str) -> Any:
        return (lambda message: matches_json(pattern, message)) if _is_of_json(pattern) else compiled(pattern)


def _is_of_json(pattern: str) -> bool:
    return pattern.strip().startswith("{")


def matches_terms(pattern: str, message: str) -> bool:
    """Return whether a line has each term of a pattern, one of those with `?`, and none of those with `-`."""
    terms = re.findall(_TERM, pattern)
    has = {mark: [_has(message, term) for its_mark, term in terms if its_mark == mark] for mark in ("", "?", "-")}
    return all(has[""]) and (any(has["?"]) or not has["?"]) and not any(has["-"])


def _has(message: str, term: str) -> bool:
    if term.startswith("%"):
        return re.search(term.strip("%"), message) is not None
    return _unquoted(term) in message


def _unquoted(written: str) -> str:
    return re.sub(r"\\(.)", r"\1", written[1:-1]) if written.startswith('"') else written


def matches_json(pattern: str, message: str) -> bool:
    """Return whether a line is JSON of which a pattern holds, such as `{ $.level = "error" && $.code >= 500 }`."""
    try:
        document = json.loads(message)
    except ValueError:
        return False
    return _Conditions(re.findall(_PART, pattern.strip()[1:-1]), document).any_of()


class _Conditions:
    """Reads the conditions of a pattern one after the other, and says whether they hold of a document."""

    def __init__(self, tokens: Sequence[str], document: Any) -> None:
        self.tokens = list(reversed(tokens))
        self.document = document

    def any_of(self) -> bool:
        """Match if one term of `||` matches."""
        holds = self.all_of()
        while self._takes("||"):
            holds = self.all_of() or holds
        return holds

    def all_of(self) -> bool:
        """Match if all terms of `&&` match. It binds more closely."""
        holds = self.single()
        while self._takes("&&"):
            holds = self.single() and holds
        return holds

    def single(self) -> bool:
        """One condition, or several in parentheses."""
        if self._takes("("):
            holds = self.any_of()
            self._takes(")")
            return holds
        field = _field(self.document, self._next())
        sign = self._next().upper()
        if sign == "NOT":  # EXISTS
            self._next()
            return field is _MISSING
        if sign == "IS":
            is_negated = self._takes("NOT")
            word = _WORDS.get(self._next().upper(), _MISSING)
            return field is not _MISSING and (field is word) != is_negated
        return field is not _MISSING and _compares(field, sign, self._next())

    def _next(self) -> str:
        return self.tokens.pop() if self.tokens else ""

    def _takes(self, token: str) -> bool:
        if self.tokens and self.tokens[-1].upper() == token:
            self.tokens.pop()
            return True
        return False


def _field(document: Any, selector: str) -> Any:
    """The value at `$.user.names[0]`."""
    value = document
    for name, number, quoted in re.findall(_STEP, selector):
        key: str | int = int(number) if number else name or quoted
        try:
            value = value[key]
        except (KeyError, IndexError, TypeError):
            return _MISSING
    return value


def _compares(field: Any, sign: str, written: str) -> bool:
    """Return whether a field compares so with a written text, number, or regular expression between `%`."""
    number = _number(written)
    is_number = isinstance(field, int | float) and not isinstance(field, bool)
    if sign in _COMPARISONS:
        return is_number and number is not None and _COMPARISONS[sign](field, number)
    if is_number and number is not None:
        is_equal = bool(field == number)
    elif written.startswith("%"):
        is_equal = re.search(written.strip("%"), _text(field)) is not None
    else:
        parts = [re.escape(part) for part in _unquoted(written).split("*")]
        is_equal = re.fullmatch(".*".join(parts), _text(field), re.DOTALL) is not None
    return is_equal == (sign == "=")


def _number(written: str) -> float | None:
    try:
        return float(written)
    except ValueError:
        return None


def _text(field: Any) -> str:
    return field if isinstance(field, str) else json.dumps(field)
