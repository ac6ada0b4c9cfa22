"""Messages of IoT devices that run a function."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import KW_ONLY, dataclass
from functools import partial
from typing import Final, Literal

from remit.app import Function, Resource
from remit.errors import RemitError, described
from remit.iam import tokens
from remit.triggers.invoke_permission import permission
from remit.triggers.source import position_suffix
from remit.triggers.trigger import BaseTrigger


@dataclass(frozen=True, slots=True)
class Iot(BaseTrigger):
    """Run the function on MQTT messages: `@app.function(on.iot("SELECT * FROM 'devices/+/state'"))`.

    `sql` is a statement of AWS IoT's SQL, in the version `sql_version`.
    """

    sql: str
    _: KW_ONLY
    sql_version: Literal["2015-10-08", "2016-03-23", "beta"] = "2016-03-23"
    enabled: bool = True

    def checks(self) -> Iterator[Callable[[], object]]:
        """Yield the checks of the statement."""
        yield partial(check_sql, self.sql)

    def resources(self, function: Function) -> Iterator[Resource]:
        """Yield the rule, and the function's permission for this rule alone."""
        rule = f"{function.logical_id}TopicRule{position_suffix(self, function)}"
        payload = {
            "Actions": [{"Lambda": {"FunctionArn": function.arn}}],
            "AwsIotSqlVersion": self.sql_version,
            "RuleDisabled": not self.enabled,
            "Sql": self.sql,
        }
        yield Resource(rule, "AWS::IoT::TopicRule", {"TopicRulePayload": payload}, origin=function.origin)
        yield permission(function, f"{rule}Permission", "iot.amazonaws.com", f"${{{rule}.Arn}}")


# "AWS IoT Core endpoints and quotas" (AWS General Reference): 256 KB of SQL; topics of 256 bytes and seven slashes.
_MOST: Final = 256 * 1024
_MOST_TOPIC: Final = 256
_MOST_SLASHES: Final = 7
_TEXT: Final = r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\""
_STAND_IN: Final = "''"
_FORM: Final = r"(?is)SELECT\s+(?P<what>.+?)\s+FROM\s*''(?:\s+WHERE\s+(?P<where>.+?))?;?"
_PAIRS: Final = {")": "(", "]": "[", "}": "{"}
_EXAMPLE: Final = "such as \"SELECT * FROM 'devices/+/state' WHERE temperature > 50\""


def check_sql(sql: str) -> None:
    """RemitError: AWS IoT refuses the statement: its clauses, its brackets, its topic ("AWS IoT SQL reference").

    What only the deploy knows is not looked at.
    """
    text: str = tokens.plain(sql)
    if not text.strip()[:6].upper().startswith("SELECT"):
        raise RemitError(f"iot takes a SELECT statement, got {described(sql)}", hint=_EXAMPLE)
    problem = _problem(text.strip())
    if problem is not None:
        raise RemitError(f"iot: {text.strip()!r:.60} {problem}", hint=_EXAMPLE)


def _problem(text: str) -> str | None:
    """Why AWS IoT refuses a statement, in words that follow it; None: it takes it, or only the deploy knows."""
    size = len(text.encode())
    if size > _MOST:
        return f"has {size:,} bytes; AWS IoT takes {_MOST:,}"
    texts = re.findall(_TEXT, text)
    without_texts = re.sub(_TEXT, _STAND_IN, text)
    if "'" in without_texts.replace(_STAND_IN, "") or '"' in without_texts:
        return "has a quotation mark without its second one"
    unbalanced = _unbalanced(without_texts)
    if unbalanced is not None:
        return f"has a {unbalanced} without its counterpart"
    if re.search(r"\bFROM\b", without_texts, re.IGNORECASE) is None:
        return "has no FROM with a topic"
    form = re.fullmatch(_FORM, without_texts)
    if form is None:
        return "does not read SELECT … FROM 'topic' WHERE …"
    topic = texts[form["what"].count(_STAND_IN)][1:-1]
    return None if tokens.references(topic) else _problem_of_topic(topic)


def _unbalanced(text: str) -> str | None:
    """A bracket that has no counterpart: the first one that closes nothing, else the last that stays open, or None."""
    opened: list[str] = []
    for sign in text:
        if sign in _PAIRS.values():
            opened.append(sign)
        elif sign in _PAIRS and (not opened or opened.pop() != _PAIRS[sign]):
            return sign
    return opened[-1] if opened else None


def _problem_of_topic(topic: str) -> str | None:
    """Why AWS IoT refuses a topic filter, in words; None: it takes it."""
    size, slashes = len(topic.encode()), topic.count("/")
    if not topic:
        return "has an empty topic"
    if size > _MOST_TOPIC and not topic.startswith("$aws/"):
        return f"has a topic of {size} bytes; AWS IoT takes {_MOST_TOPIC}"
    if slashes > _MOST_SLASHES and not topic.startswith("$aws/"):
        return f"has a topic with {slashes} slashes; AWS IoT takes {_MOST_SLASHES}"
    levels = topic.split("/")
    for level in levels:
        if level not in ("+", "#") and ("+" in level or "#" in level):
            return f"has the level {level!r} in its topic: + and # stand for whole levels"
    if "#" in levels[:-1]:
        return "goes on after # in its topic, which takes all further levels"
    return None
