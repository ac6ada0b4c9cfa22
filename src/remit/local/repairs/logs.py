"""Repairs of CloudWatch Logs: pages of events, and filter patterns on terms and on fields of JSON."""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from remit.local.emulator import emulated, instead_of

_MOST_EVENTS: Final = 10_000
"""Events in a page at most."""
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


def repair_logs() -> None:
    """Make every repair of CloudWatch Logs, once, in the process that serves."""
    _give_pages()
    _match_patterns()


def _give_pages() -> None:
    """FilterLogEvents answers page by page; the emulator gives the first 10,000 events, and says nothing of the others.

    Source: "FilterLogEvents" (Amazon CloudWatch Logs API Reference).
    Emulator: services/cloudwatch_logs.py.
    Test: test_emulator_repairs.py::test_log_events_beyond_the_first_page_are_not_given.
    """
    logs = emulated("services.cloudwatch_logs")

    @instead_of(logs, "_filter_log_events")
    def filtered(filter_events: Callable[..., Any], data: Mapping[str, Any]) -> Any:
        """A page of events, with a token where there are more; an error of AWS's for what is no token."""
        # A token is the time at which a page begins, and how many events of that time were given before.
        token = str(data.get("nextToken") or f"{data.get('startTime') or 0}/0")
        if not re.fullmatch("[0-9]+/[0-9]+", token):
            message = "The specified nextToken is invalid."
            return logs.error_response_json("InvalidParameterException", message, 400)
        start, before = map(int, token.split("/"))
        limit = int(data.get("limit", _MOST_EVENTS))
        wanted = min(before + limit + 1, _MOST_EVENTS)
        status, headers, body = filter_events({**data, "startTime": start, "limit": wanted})
        answer = json.loads(body)
        events = answer.get("events", [])
        page = events[before : before + limit]
        if page and len(events) == wanted:
            last = page[-1]["timestamp"]
            given = sum(event["timestamp"] == last for event in page) + (before if last == start else 0)
            answer |= {"events": page, "nextToken": f"{last}/{given}"}
        elif "events" in answer:
            answer["events"] = page
        return status, headers, json.dumps(answer).encode()


def _match_patterns() -> None:
    """Subscriptions match patterns on terms and on fields of JSON, and FilterLogEvents those on fields.

    The emulator looks for the words of any pattern. A pattern of columns, `[ip, user]`, is left to it.

    Source: "Filter pattern syntax for metric filters, subscription filters, filter log events, and Live Tail" (Amazon
    CloudWatch Logs User Guide).
    Emulator: services/cloudwatch_logs.py.
    Test: test_emulator_repairs.py::test_patterns_of_fields_and_left_out_terms_match_no_line.
    """
    logs = emulated("services.cloudwatch_logs")

    @instead_of(logs, "_subscription_pattern_matches")
    def subscribed(matches: Callable[..., Any], pattern: str, message: str) -> Any:
        """Return whether a line meets the pattern of a subscription filter."""
        if _is_of_json(pattern):
            return matches_json(pattern, message)
        return matches(pattern, message) if pattern.strip().startswith("[") else matches_terms(pattern, message)

    @instead_of(logs, "_compile_filter_pattern")
    def searched(compiled: Callable[..., Any], pattern: str) -> Any:
        """Return a function that tells whether a line meets a pattern of FilterLogEvents."""
        return (lambda message: matches_json(pattern, message)) if _is_of_json(pattern) else compiled(pattern)


def _is_of_json(pattern: str) -> bool:
    return pattern.strip().startswith("{")


def matches_terms(pattern: str, message: str) -> bool:
    """Return whether a line has each term of a pattern, one of those with `?` if any, and none of those with `-`."""
    terms = re.findall(_TERM, pattern)
    has = {mark: [_has(message, term) for its_mark, term in terms if its_mark == mark] for mark in ("", "?", "-")}
    return all(has[""]) and (any(has["?"]) or not has["?"]) and not any(has["-"])


def _has(message: str, term: str) -> bool:
    """Return whether a line has a term: a text, quoted or not, or a regular expression between `%`."""
    if term.startswith("%"):
        return re.search(term.strip("%"), message) is not None
    return _unquoted(term) in message


def _unquoted(written: str) -> str:
    return re.sub(r"\\(.)", r"\1", written[1:-1]) if written.startswith('"') else written


def matches_json(pattern: str, message: str) -> bool:
    """Return whether a line is JSON of which a pattern holds, such as `{ $.level = "error" && $.code >= 500 }`.

    False for a line that is no JSON. re.error: the pattern has a wrong regular expression between `%`.
    """
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
        """Return whether one term of `||` holds."""
        holds = self.all_of()
        while self._takes("||"):
            holds = self.all_of() or holds
        return holds

    def all_of(self) -> bool:
        """Return whether all terms of `&&` hold, which binds more closely than `||`."""
        holds = self.single()
        while self._takes("&&"):
            holds = self.single() and holds
        return holds

    def single(self) -> bool:
        """Return whether one condition holds, or what is in parentheses.

        A comparison with a field that the line does not have never holds; `NOT EXISTS` does.
        """
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
        value = self._next()  # taken also where the line has no such field: conditions follow it
        return field is not _MISSING and _compares(field, sign, value)

    def _next(self) -> str:
        return self.tokens.pop() if self.tokens else ""

    def _takes(self, token: str) -> bool:
        """Take the next token if it is this one; False: another one stays."""
        if self.tokens and self.tokens[-1].upper() == token:
            self.tokens.pop()
            return True
        return False


def _field(document: Any, selector: str) -> Any:
    """The value at a path such as `$.user.names[0]` or `$.user['first name']`; _MISSING where the line has none."""
    value = document
    for name, number, quoted in re.findall(_STEP, selector):
        key: str | int = int(number) if number else name or quoted
        try:
            value = value[key]
        except (KeyError, IndexError, TypeError):
            return _MISSING
    return value


def _compares(field: Any, sign: str, written: str) -> bool:
    """Return whether a field compares so with a written text (`*` is any part), number, or `%regular expression%`.

    `<` and its like hold of numbers alone; any sign but these and `=` means `!=`. A field that is no text is compared
    as JSON.
    """
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
    """The number that a text spells; None: it spells none."""
    try:
        return float(written)
    except ValueError:
        return None


def _text(field: Any) -> str:
    return field if isinstance(field, str) else json.dumps(field)
