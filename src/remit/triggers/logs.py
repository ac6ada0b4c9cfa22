"""A log group whose lines run a function, and the filter patterns of CloudWatch Logs: terms, JSON, columns.

Source: "Filter pattern syntax for metric filters, subscription filters, filter log events, and Live Tail" (Amazon
CloudWatch Logs User Guide), "PutSubscriptionFilter" (API Reference: 1,024 characters).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import KW_ONLY, dataclass
from functools import partial
from typing import Final

from remit.app import Function, Resource
from remit.declare.resource_references import LogGroupRef
from remit.errors import RemitError
from remit.iam import tokens
from remit.resources.names import arn_of, logical, own_id
from remit.triggers.invoke_permission import permission
from remit.triggers.source import position_suffix
from remit.triggers.trigger import BaseTrigger, TriggerSource


@dataclass(frozen=True, slots=True)
class Logs(BaseTrigger):
    """Run the function on lines of a log group: `@app.function(on.logs("/aws/lambda/shop-prod-web", "ERROR"))`.

    The group is given by name, by ARN or as a resource of the app; `pattern` is a filter pattern of CloudWatch Logs,
    all lines if it is empty. The handler gets `awslogs.data`, gzipped and in base64. A group has two subscriptions at
    most.
    """

    group: LogGroupRef
    pattern: str = ""
    _: KW_ONLY

    def checks(self) -> Iterator[Callable[[], object]]:
        """Yield the checks of the group, and the pattern."""
        yield partial(arn_of, self.group, "logs", "log-group:")
        yield partial(check_log_pattern, self.pattern)

    @property
    def group_name(self) -> str:
        """The name of the group, cut from an ARN; of a group of the app's its Ref, as late-bound text."""
        group = own_id(self.group)
        if group:
            return f"${{{group}}}"
        name: str = tokens.plain(self.group)
        return name.partition(":log-group:")[2].removesuffix(":*") if name.startswith("arn:") else name

    def sources(self) -> Iterator[TriggerSource]:
        """Yield the log group."""
        yield TriggerSource("log group", arn_of(self.group, "logs", "log-group:"))

    def resources(self, function: Function) -> Iterator[Resource]:
        """Yield the subscription, which waits for the function's permission for this group alone."""
        own = own_id(self.group)
        name = logical(own or self.group_name)
        suffix = position_suffix(self, function, lambda trigger: trigger.group_name)
        subscription = f"{function.logical_id}{name}Logs"
        place = f"arn:{tokens.PARTITION}:logs:{tokens.REGION}:{tokens.ACCOUNT}"
        source = f"${{{own}.Arn}}" if own else f"{place}:log-group:{self.group_name}:*"
        allowed = permission(function, f"{subscription}Permission", "logs.amazonaws.com", source)
        if not suffix:  # one permission for all of its triggers on the group
            yield allowed
        yield Resource(
            f"{subscription}{suffix}",
            "AWS::Logs::SubscriptionFilter",
            {"DestinationArn": function.arn, "FilterPattern": self.pattern, "LogGroupName": self.group_name},
            {"DependsOn": [allowed.logical_id]},  # CloudWatch Logs tests that it may call the function
            function.origin,
        )


_MOST: Final = 1_024
_MOST_REGULAR_EXPRESSIONS: Final = 2
_QUOTED: Final = r'(?s)"(?:[^"\\]|\\.)*"'
_REGULAR_EXPRESSION: Final = r"%[^%]+%"
_STAND_IN: Final = "x"
"""What stands in the place of a quoted text or a regular expression, which may hold any sign."""
_TERM: Final = r"[?-]?\w+"
_SELECTOR: Final = r"\$[^\s=!<>()&|]*"
_VALUE: Final = r"[^\s=!<>()&|{}\[\]]+"
_CONDITION: Final = (
    rf"(?i){_SELECTOR}\s*(?:(?:=|!=|<=|>=|<|>)\s*{_VALUE}|\s(?:IS\s+(?:NOT\s+)?(?:NULL|TRUE|FALSE)|NOT\s+EXISTS))"
)
_COLUMN: Final = rf"\.\.\.|\w+(?:\s*(?:=|!=|<=|>=|<|>)\s*{_VALUE})?"
_EXAMPLES: Final = 'such as "ERROR", `ERROR -"timed out"`, `{ $.level = "error" }` or `[ip, user, status=5*]`'


def check_log_pattern(pattern: str) -> None:
    """RemitError: CloudWatch Logs refuses the pattern. What only the deploy knows is not looked at."""
    text: str = tokens.plain(pattern)
    if tokens.references(text):
        return
    problem = _problem(text)
    if problem is not None:
        raise RemitError(f"logs: pattern {text!r:.60} {problem}", hint=_EXAMPLES)


def _problem(text: str) -> str | None:  # noqa: C901, PLR0911 - one case after the other
    """Why CloudWatch Logs refuses a pattern, in words that follow it; None: it takes it."""
    if len(text) > _MOST:
        return f"has {len(text):,} characters; CloudWatch Logs takes {_MOST:,}"
    without_texts = re.sub(_QUOTED, _STAND_IN, text)
    if '"' in without_texts:
        return 'has a " without its second one'
    expressions = re.findall(_REGULAR_EXPRESSION, without_texts)
    if len(expressions) > _MOST_REGULAR_EXPRESSIONS:
        return f"has {len(expressions)} regular expressions; CloudWatch Logs takes {_MOST_REGULAR_EXPRESSIONS}"
    for expression in expressions:
        try:
            re.compile(expression.strip("%"))
        except re.error as error:
            return f"has the regular expression {expression}, which cannot be read: {error}"
    plain = re.sub(_REGULAR_EXPRESSION, _STAND_IN, without_texts).strip()
    if plain.startswith("{"):
        return _problem_of_json(plain)
    if plain.startswith("[") and not plain.endswith("]"):
        return "has a [ without its ]"
    if plain.startswith("["):
        for column in plain[1:-1].split(","):
            conditions = re.split(r"&&|\|\|", column.strip())
            if not all(re.fullmatch(_COLUMN, condition.strip()) for condition in conditions):
                return f"has the column {column.strip()!r}, which is neither a name nor a condition on one"
        return None
    for term in plain.split():
        if not re.fullmatch(_TERM, term):
            sign = next((sign for sign in term if not (sign.isalnum() or sign in "_?-")), term[:1])
            return f'has the sign {sign} in a term, which must stand in "…" then'
    return None


def _problem_of_json(plain: str) -> str | None:
    """Why a pattern of JSON is refused, in words; None: it is not."""
    if not plain.endswith("}"):
        return "has a { without its }"
    # Conditions, and what joins two of them or stands around one, become the stand-in, until nothing changes.
    rest, joined = "", re.sub(_CONDITION, _STAND_IN, plain[1:-1])
    while joined != rest:
        rest = joined
        joined = re.sub(rf"\(\s*{_STAND_IN}\s*\)|{_STAND_IN}\s*(?:&&|\|\|)\s*{_STAND_IN}", _STAND_IN, rest)
    if rest.strip() == _STAND_IN:
        return None
    if rest.count("(") != rest.count(")"):
        return "has a parenthesis without its second one"
    return "is no condition on fields of JSON"
