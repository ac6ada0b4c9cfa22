"""Places of a policy that a person or a tool has yet to fill in: `<account>`, `${account_id}`, `ACCOUNT_ID`.

Rules look at the policy with late-bound text in their place: what nobody knows yet is said once, not by every rule at
every line.

Sources: "templatefile Function" (Terraform), "Tokens" (AWS CDK Developer Guide).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from remit.catalogue.action_keys import key_type
from remit.documents.foreign_text import JINJA, OF_TEMPLATEFILE, OF_TOOLS, TEMPLATEFILE, is_unfilled, unfilled
from remit.lint.plain_text import PLACEHOLDER

if TYPE_CHECKING:
    from remit.lint.finding import Spot

_BRACE: Final = re.compile(r"\{[A-Za-z{]")
_BY_PEOPLE: Final = r"<[A-Za-z][^<>]*>|(?<![${#@%])\{(?!(?:aws|project)\.)[A-Za-z][\w. -]*\}(?!\})"
_IN_TEMPLATES: Final = re.compile(f"{OF_TOOLS}|{_BY_PEOPLE}")
_IN_POLICIES: Final = re.compile(f"{OF_TOOLS}|{OF_TEMPLATEFILE}|{_BY_PEOPLE}")
_IN_ARNS_OF_POLICIES: Final = re.compile(f"{_IN_POLICIES.pattern}|{PLACEHOLDER.pattern}")
"""In a policy of its own, words such as ACCOUNT_ID, too: whoever attaches it, a person or a program, replaces them."""
_ACTIONS_OF_TEMPLATES: Final = re.compile(f"{OF_TOOLS}|<[A-Za-z][^<>]*>")
_ACTIONS_OF_POLICIES: Final = re.compile(f"{OF_TOOLS}|{OF_TEMPLATEFILE}|<[A-Za-z][^<>]*>")
"""What stands for an action; other signs that actions cannot have are slips."""
_TOOLS: Final = {"cdk": "the AWS CDK", "jinja": JINJA, "templatefile": TEMPLATEFILE}
"""The tools by the groups of the patterns."""
_ACTIONS: Final = ("Action", "NotAction")


@dataclass(frozen=True, slots=True)
class UnfilledPlace:
    """A place that is to be filled in, the text around it, and where that stands in its document."""

    marker: str
    text: str
    spot: Spot
    tool: str
    """What fills it in; "" where a person does."""


def may_be_unfilled(text: str) -> bool:
    """Return whether a document, as compact JSON, may hold such places: told by a glance."""
    return "<" in text or "${" in text or _BRACE.search(text) is not None or PLACEHOLDER.search(text) is not None


def filled(document: Any, *, in_template: bool) -> tuple[Any, tuple[UnfilledPlace, ...]]:
    """A copy of a policy document with `${Placeholder…}` in each place that is to be filled in, and these places.

    The document itself and () where there is none. `in_template`: `${…}` is CloudFormation's, and words stay.
    """
    if not isinstance(document, dict):
        return document, ()
    if in_template:
        reader = _Reader(_IN_TEMPLATES, _IN_TEMPLATES, _ACTIONS_OF_TEMPLATES)
    else:
        reader = _Reader(_IN_POLICIES, _IN_ARNS_OF_POLICIES, _ACTIONS_OF_POLICIES)
    filled_document = {key: reader.element_of_document(key, part) for key, part in document.items()}
    return (filled_document, tuple(reader.places)) if reader.places else (document, ())


class _Reader:
    """Puts late-bound text in the places of a value, and collects them."""

    def __init__(
        self, pattern: re.Pattern[str], pattern_of_arns: re.Pattern[str], pattern_of_actions: re.Pattern[str]
    ) -> None:
        self.pattern = pattern
        self.pattern_of_arns = pattern_of_arns
        self.pattern_of_actions = pattern_of_actions
        self.places: list[UnfilledPlace] = []

    def element_of_document(self, name: str, value: Any) -> Any:
        """An element of a document with its places filled; they are noted in `places`."""
        if name != "Statement":
            return self.part(value, (name,), self.pattern)
        if isinstance(value, list):
            return [self.statement(statement, (name, index)) for index, statement in enumerate(value)]
        return self.statement(value, (name,))

    def statement(self, value: Any, spot: Spot) -> Any:
        """A statement with its places filled; actions have a pattern of their own. What is no dict stays."""
        if not isinstance(value, dict):
            return value
        filled_elements: dict[str, Any] = {}
        for key, part in value.items():
            pattern = self.pattern_of_actions if key in _ACTIONS else self.pattern
            filled_elements[key] = self.part(part, (*spot, key), pattern)
        return filled_elements

    def part(self, value: Any, spot: Spot, pattern: re.Pattern[str]) -> Any:
        """A copy of a value with the places in its texts and keys filled, and noted."""
        if isinstance(value, str):
            return self.text(value, spot, pattern)
        if isinstance(value, list):
            return [self.part(part, (*spot, index), pattern) for index, part in enumerate(value)]
        if isinstance(value, dict):
            return {
                self.text(key, (*spot, key), pattern): self.part(part, (*spot, key), pattern)
                for key, part in value.items()
            }
        return value

    def text(self, text: str, spot: Spot, pattern: re.Pattern[str]) -> str:
        """A text with its places filled, each of which is noted in `places`. What may be a variable of IAM's stays."""
        filled_text = ""
        end = 0
        for place in (self.pattern_of_arns if text.startswith("arn:") else pattern).finditer(text):
            name = place.groupdict().get("name")
            if name is not None:
                # Somebody may have meant a variable of IAM's, and left its prefix out or written a dot.
                key = name.replace(".", ":", 1) if "." in name else f"aws:{name}"
                if key_type(key) is not None:
                    continue
            if is_unfilled(place[0]):  # which is said of the whole file
                continue
            self.places.append(UnfilledPlace(place[0], text, spot, _TOOLS.get(place.lastgroup or "", "")))
            filled_text += text[end : place.start()] + unfilled(place[0])
            end = place.end()
        return filled_text + text[end:]
