"""A verdict that is not Unknown holds whatever the late-bound references turn out to be."""

from __future__ import annotations

import itertools
import json
import random
import re
from typing import Any

from remit.iam.evaluate import ALL, Request, evaluate
from remit.iam.policy import parse

VALUES = {
    "${Queue.Arn}": ("arn:aws:sqs:r:1:q", "arn:aws:sqs:r:1:x"),
    "${Name}": ("a", "ab", "b", "B"),
}
WORDS = ("a", "b", "ab", ":", "arn:aws:sqs:r:1:", "q", "x", *VALUES)
OPERATORS = (
    "StringEquals",
    "StringNotEquals",
    "StringLike",
    "StringNotLike",
    "StringEqualsIgnoreCase",
    "ArnLike",
    "ArnNotEquals",
    "ForAnyValue:StringNotLike",
)
PRINCIPAL = "arn:aws:iam::111122223333:role/r"


class Maker:
    """Makes statements about texts that hold references."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311 - reproducible, not secret

    def text(self) -> str:
        """A few words and references."""
        return "".join(self.random.choice(WORDS) for _ in range(self.random.randint(1, 4)))

    def pattern(self, text: str) -> str:
        """The text or another, half of the time with a wildcard beside a part of it."""
        parts = re.split(r"(\$\{[^}]*\})", text if self.random.random() < 0.6 else self.text())
        if self.random.random() < 0.5:
            place = self.random.randrange(len(parts))
            parts[place] = self.random.choice(("*", f"{parts[place]}*", f"*{parts[place]}"))
        return "".join(parts) or "*"

    def statement(self, resource: str, value: str) -> dict[str, Any]:
        """A statement that may be about them."""
        choose = self.random.choice
        made: dict[str, Any] = {"Effect": choose(("Allow", "Allow", "Deny")), "Action": "sqs:*"}
        patterns = [self.pattern(resource) for _ in range(choose((1, 2)))]
        made[choose(("Resource", "Resource", "NotResource"))] = patterns
        if self.random.random() < 0.5:
            wish = self.pattern(value)
            # An ARN operator takes a reference that is compared with itself for an ARN; a name is none.
            operators = OPERATORS if wish != "${Name}" else OPERATORS[:5]
            made["Condition"] = {choose(operators): {"k:k": [wish]}}
        return made


def put(value: Any, names: dict[str, str]) -> Any:
    """A value with every reference replaced."""
    text = json.dumps(value)
    for name, what in names.items():
        text = text.replace(name, what)
    return json.loads(text)


def test_what_is_decided_before_the_deploy_is_so_after_it() -> None:
    maker = Maker(11)
    unknown = settled = 0
    for _ in range(4_000):
        resource, value = maker.text(), maker.text()
        document = {
            "Version": "2012-10-17",
            "Statement": [maker.statement(resource, value) for _ in range(maker.random.randint(1, 3))],
        }
        request = Request("sqs:SendMessage", resource, PRINCIPAL, {"k:k": value}, open=ALL)
        decision = evaluate(request, parse(document))
        if decision.verdict == "Unknown":
            unknown += 1
            assert decision.unknown
            continue
        settled += 1
        for chosen in itertools.product(*VALUES.values()):
            names = dict(zip(VALUES, chosen, strict=True))
            later = Request("sqs:SendMessage", put(resource, names), PRINCIPAL, {"k:k": put(value, names)})
            assert evaluate(later, parse(put(document, names))).allowed is decision.allowed, (
                document,
                request,
                names,
            )
    assert min(unknown, settled) > 400
