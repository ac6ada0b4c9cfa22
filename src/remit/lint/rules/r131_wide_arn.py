"""An ARN that leaves partition, or region and account, to a wildcard.

It names resources of the same name everywhere: in other accounts too, where their policies allow it.

Flagged:

    {"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": "arn:*:dynamodb:*:*:table/orders"}

Better:

    {"Effect": "Allow", "Action": "dynamodb:GetItem",
     "Resource": "arn:aws:dynamodb:us-east-1:111122223333:table/orders"}

Source: "Grant least privilege access" (AWS Well-Architected Framework, SEC03-BP02).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.catalogue.arns import parse as parse_arn
from remit.lint.finding import NOTE, WARNING, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.rule_inputs import ParsedStatement

SEVERITY = WARNING


def statement(item: ParsedStatement) -> Iterator[Problem]:
    """Resources of an Allow that are wide where they need not be."""
    if not item.allows or item.resource_element != "Resource":
        return
    for text in item.resources:
        arn = parse_arn(text)
        if arn is not None and "*" in arn.service != "*":
            message = f"'{text}' has a wildcard in its service: it names resources of every service of such a name"
            yield Problem(message, "name the service", ("Resource", text), NOTE)
        if arn is None or arn.resource == "*" or (arn.account != "*" and arn.partition != "*"):
            continue
        wide = [name for name in ("partition", "region", "account") if getattr(arn, name) == "*"]
        late = ", ".join(f"{{aws.{name}}}" for name in wide)
        hint = f"name them; in an app {late}" if item.document.raw is None else "name them"
        everywhere = wide == ["partition", "region", "account"]
        message = f"'{text}' leaves the {' and the '.join(wide)} open: it is wider than needed"
        yield Problem(message, hint, ("Resource", text), WARNING if everywhere else NOTE)
