"""The template languages around JSON and YAML that a tool fills in before AWS reads the file.

Such a file may be neither JSON nor YAML as it stands. Each place that will be filled in becomes a run of a private
sign, as long as it was, so that lines and columns stay true; the logic around it (`{% if … %}`) becomes blanks.

Sources: "Template Designer Documentation" (Jinja), "ERB" (Ruby), "EJS" (ejs.co), "String Templates" (Terraform), "Rain"
(aws-cloudformation/rain), "Organization annotated CloudFormation" (org-formation).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

SIGN: Final = "\ue000"
"""What stands for a character of a place that is filled in: Unicode's private use, which no text of AWS holds."""
UNFILLED: Final = "${Placeholder}"
"""What a place that is filled in later becomes in a value: late-bound text, of which nothing is known."""


@dataclass(frozen=True, slots=True)
class Language:
    """A template language: its name, an example, its places that are filled in, and its logic.

    `bare`: its places matter only outside of strings, since within them they do not keep JSON from being read.
    """

    name: str
    example: str
    values: re.Pattern[str]
    logic: re.Pattern[str]
    bare: bool = False


LANGUAGES: Final = (
    Language(
        "Jinja, cookiecutter or Go templates",
        "{{ … }}",
        re.compile(r"(?<![${])\{\{(?!resolve:)(?:[^{}\n]|\{(?!\{)|\}(?!\}))*\}\}"),
        re.compile(r"\{%.*?%\}|\{#.*?#\}", re.DOTALL),
    ),
    Language("ERB or EJS", "<%= … %>", re.compile(r"<%=.*?%>"), re.compile(r"<%(?!=).*?%>", re.DOTALL)),
    Language(
        "Terraform's templatefile or envsubst",
        "${…}",
        re.compile(r'\$\{[^{}"\n]*\}'),
        re.compile(r"%\{~? *(?:if|else|endif|for|endfor)\b[^}]*\}"),
        bare=True,
    ),
)
"""The languages that are looked for in a file which is neither JSON nor YAML as it stands."""

ORGANISATION_NAMES: Final = frozenset({"AWSAccount", "CurrentAccount", "MasterAccount"})
"""What a template of org-formation can refer to without declaring it; the accounts of its organisation as well."""
_ORGANISATION: Final = re.compile(r"\b2010-09-09-OC\b|OrganizationBindings?['\"]?\s*:")
_RUN: Final = re.compile(f"{SIGN}+")
RAIN: Final = "Rain::"
"""How Rain's own functions begin: `!Rain::Module`."""
ORGANISATION_TAGS: Final = frozenset({"!Cmd", "!Include", "!JsonString", "!MD5Dir", "!MD5File", "!ReadFile"})
"""What org-formation reads from elsewhere."""


def language_around(text: str) -> str | None:
    """The tool whose template a file is that can be read as it stands, by what such files alone hold."""
    if RAIN in text:
        return "Rain"
    return "org-formation" if "Organization" in text and _ORGANISATION.search(text) is not None else None


def readable(text: str, *, json: bool) -> tuple[str, tuple[Language, ...]]:
    """A text with all that its template languages fill in put out of the way, and which languages these are."""
    used = []
    for language in LANGUAGES:
        filled = _without_values(language.logic.sub(_blank, text), language, json=json)
        if filled != text:
            used.append(language)
            text = filled
    return text, tuple(used)


def _without_values(text: str, language: Language, *, json: bool) -> str:
    if language.bare and not json:
        return text
    return language.values.sub(lambda place: _marked(place, text, language, json=json), text)


def _blank(logic: re.Match[str]) -> str:
    """Spaces in place of a match; its lines stay."""
    return re.sub(r"[^\n]", " ", logic[0])


def _marked(place: re.Match[str], text: str, language: Language, *, json: bool) -> str:
    """A run of the sign, as long as the place; in quotes where JSON has none around it."""
    line_start = text.rfind("\n", 0, place.start()) + 1
    in_string = text.count('"', line_start, place.start()) % 2 == 1  # strings of JSON end on their line
    if not json or in_string:
        return place[0] if language.bare else SIGN * len(place[0])
    return f'"{SIGN * (len(place[0]) - 2)}"'


def filled_in(value: Any) -> Any:
    """A value with late-bound text in each place that a tool fills in: a run of the sign, a function of Rain's."""
    if isinstance(value, str):
        return _RUN.sub(UNFILLED, value)
    if isinstance(value, list):
        return [filled_in(part) for part in value]
    if isinstance(value, dict):
        if len(value) == 1 and next(iter(value)).startswith(RAIN):
            return UNFILLED
        return {_RUN.sub(UNFILLED, key): filled_in(part) for key, part in value.items()}
    return value
