"""A name in a template is longer than its service takes.

The change set is accepted, and the resource fails when it is made. References count as nothing here.

Flagged:

    Resources:
      Run: {Type: "AWS::Lambda::Function", Properties: {FunctionName: LONG, Handler: app.run}}

Better:

    Resources:
      Run: {Type: "AWS::Lambda::Function", Properties: {Handler: app.run}}

Source: the types' schemas, and the quotas of each service where these say less (`remit data` says of when). (LONG
stands for ten thousand letters.)
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from remit.catalogue.types import resource_type
from remit.iam import tokens
from remit.lint.finding import ERROR, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.template.written_template import WrittenTemplate

SEVERITY = ERROR
_LATE = re.compile(r"\$\{[^}]*\}")


def template(written: WrittenTemplate) -> Iterator[Problem]:
    """Names that are given, as far as they are known before the deploy."""
    for name, type_name, properties in written.with_properties():
        kind = resource_type(type_name)
        if kind is None or kind.naming is None or kind.naming.most is None:
            continue
        element, most = kind.naming.property, kind.naming.most
        raw = properties.get(element)
        text = tokens.from_intrinsic(raw) if tokens.is_intrinsic(raw) else raw
        if not isinstance(text, str) or "${{" in text:
            continue
        size = len(_LATE.sub("", text))
        if size > most:
            message = f"{element} of {name} has {size:,} characters; that of {kind.name} has at most {most:,}"
            yield Problem(message, "shorten it, or leave it out: CloudFormation makes one", _spot(name, element))


def _spot(name: str, element: str) -> tuple[str, ...]:
    return ("Resources", name, "Properties", element)
