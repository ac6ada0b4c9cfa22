"""A pattern of actions that matches no action.

It grants nothing.

Flagged:

    {"Effect": "Allow", "Action": "dynamodb:Fetch*", "Resource": "arn:aws:dynamodb:us-east-1:111122223333:table/orders"}

Better:

    {"Effect": "Allow", "Action": "dynamodb:Get*", "Resource": "arn:aws:dynamodb:us-east-1:111122223333:table/orders"}

Source: the "Service Authorization Reference" (AWS).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.catalogue.actions import service
from remit.catalogue.expand import expand
from remit.catalogue.meant_names import misspelt_action, nearest_actions
from remit.lint import meant_actions
from remit.lint.finding import ERROR, WARNING, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.rule_inputs import ParsedStatement

SEVERITY = ERROR


def doubtful(item: ParsedStatement) -> Iterator[Problem]:
    """Patterns of a known service without a match."""
    for text in item.statement.actions.patterns:
        if expand(text) or not ("*" in text or "?" in text) or "${" in text:
            continue
        prefix = text.partition(":")[0]
        if meant_actions.well_formed(text) and service(prefix):
            severity = WARNING if meant_actions.written_by_aws(text) else ERROR
            nearest_pattern = "" if severity == WARNING else _nearest(prefix, text.partition(":")[2])
            hint = f"`remit explain '{prefix}:*'` lists its actions"
            if nearest_pattern:
                hint = f"nearest: `{nearest_pattern}`"
            spot = (item.action_element, text)
            yield Problem(f"'{text}' matches no action: {item.nothing_done}", hint, spot, severity)


def _nearest(prefix: str, pattern: str) -> str:
    """The one action that a pattern misses by a slip; else the pattern without its own; else what says the same."""
    name = f"{prefix}:{pattern}".replace("*", "").replace("?", "")
    return misspelt_action(name) or _mended(prefix, pattern) or next(iter(nearest_actions(name)), "")


def _mended(prefix: str, pattern: str) -> str:
    longer = f"{prefix}:{pattern}*"
    mended = longer if expand(longer) else meant_actions.respelt(prefix, pattern)
    beginning = "" if mended else meant_actions.beginning(prefix, pattern)
    return mended or (f"{prefix}:{beginning}*" if beginning else "")
