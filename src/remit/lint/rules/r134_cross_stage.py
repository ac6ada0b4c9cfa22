"""A role of one stage reaches what looks like another's: a dev role with an ARN of prod.

Flagged:

    from remit import configure

    with configure() as config:
        config.lambda_.iam.policy = [
            {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::orders-prod/*"},
        ]

Better:

    from remit import configure, project

    with configure() as config:
        config.lambda_.iam.policy = [
            {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::orders-{project.stage}/*"},
        ]

Source: "Separate workloads using accounts" (AWS Well-Architected Framework, SEC01-BP01).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from remit.lint.finding import WARNING, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.rule_inputs import ParsedStatement

SEVERITY = WARNING
_LIKE = {
    "prod": frozenset({"prod", "production", "prd", "live"}),
    "dev": frozenset({"dev", "development", "develop"}),
    "staging": frozenset({"staging", "stage", "stg", "preprod"}),
    "test": frozenset({"test", "testing", "qa", "uat"}),
}
_WORD = re.compile(r"[a-z0-9]+")
_QUALIFIER = re.compile(r"(?<=:function:)([^:]+):[^:]+$")
"""The alias or version of a function, of which the function's name tells the stage: `live` is an alias like any."""


def statement(item: ParsedStatement) -> Iterator[Problem]:
    """Resources with a word that names another stage than the app's."""
    stage = item.document.stage
    if stage is None or not item.allows:
        return
    stage_family = _family(stage)
    for text in item.resources:
        name = _QUALIFIER.sub(r"\1", text)
        words = _WORD.findall(name.replace(item.document.app, "").lower()) if "-" in name or "/" in name else ()
        foreign_stage = next((word for word in words if _family(word) not in (None, stage_family)), None)
        if foreign_stage is not None and (stage_family != "prod" or _family(foreign_stage) != "test"):
            message = f"'{text}' looks like a resource of stage {foreign_stage}, and this is the role of stage {stage}"
            yield Problem(message, "use {project.stage} in its name", ("Resource", text))


def _family(word: str) -> str | None:
    return next((name for name, words in _LIKE.items() if word in words), None)
