r"""The template languages around JSON and YAML that a tool fills in before AWS reads the file.

Such a file may be neither JSON nor YAML as it stands: then each place that will be filled in becomes a run of a private
sign, as long as it was, so that lines and columns stay true, and the logic around it (`{% if … %}`) becomes blanks.
Where the file can be read, what a tool alone writes (`${self:service}`) tells the tool.

Sources: "Template Designer Documentation" (Jinja), "text/template" (Go), "String Templates" (Terraform), "Variables"
(Serverless Framework).
"""

from __future__ import annotations

import re
import zlib
from functools import partial
from typing import Any, Final, NamedTuple

from remit.iam import tokens

_FIRST_SIGN: Final = 0xE000
_SIGNS: Final = 6_400
"""What stands for a character of a place: Unicode's private use, which no text of AWS holds. Each place has a sign of
its own, so that what is filled in differently stays different."""
_RUN: Final = "([\ue000-\uf8ff])\\1*"
_UNFILLED: Final = r"\$\{Placeholder\d+\}"
OF_TOOLS: Final = r"(?P<cdk>[$#]\{Token\[[^\]{}]*\]\})|(?P<jinja>(?<![${])\{\{(?!resolve:)[^{}]*\}\})"
"""What tools fill in within texts of JSON and YAML that can be read: tokens of the AWS CDK, Jinja."""
_EXPRESSION: Final = r"[a-z_]\w*(?:(?:\.\w+|\[[^\[\]{}]*\])+|\([^{}]*\))"
"""An attribute, an element or a call of Terraform's; the attributes of CloudFormation's resources are in capitals."""
OF_TEMPLATEFILE: Final = rf"(?P<templatefile>\$\{{(?P<name>[A-Za-z_]\w*|(?!AWS::)[A-Z_]+::[\w:.-]+|{_EXPRESSION})\}})"
"""What Terraform fills in within a policy of its own; in a template it would be CloudFormation's."""


def unfilled(place: str) -> str:
    """The late-bound text `${Placeholder…}` for a value that nobody knows yet; its digits are the place's checksum."""
    return f"${{Placeholder{zlib.crc32(place.encode())}}}"


def is_unfilled(value: Any) -> bool:
    """Return whether a value is one text of `unfilled`, with nothing around it; False for what is no string."""
    return isinstance(value, str) and re.fullmatch(_UNFILLED, value) is not None


def without_unfilled(text: str, replacement: str) -> str:
    """A text with a replacement for each text of `unfilled` in it."""
    return re.sub(_UNFILLED, replacement, text) if "${Placeholder" in text else text


class Language(NamedTuple):
    """A template language: its name, an example, and the regular expressions of its filled-in places and of its logic.

    `bare`: within strings its places matter only where they hold quotes, since others do not keep JSON from being read.
    """

    name: str
    example: str
    values: str
    logic: str
    bare: bool = False


JINJA: Final = "Jinja, cookiecutter or Go templates"
TEMPLATEFILE: Final = "Terraform's templatefile or envsubst"

LANGUAGES: Final = (
    Language(
        JINJA,
        "{{ … }}",
        r"(?<![${])\{\{(?!resolve:)(?:[^{}\n]|\{(?!\{)|\}(?!\}))*\}\}",
        r"(?s)\{%.*?%\}|\{#.*?#\}|\{\{-? *(?:block|define|else|end|if|range|with)\b[^}]*\}\}",
    ),
    Language(
        TEMPLATEFILE,
        "${…}",
        r"\$\{[^{}\n]*\}|\$[A-Za-z_]\w+",
        r"%\{~? *(?:if|else|endif|for|endfor)\b[^}]*\}",
        bare=True,
    ),
)
"""The languages that are looked for in a file which is neither JSON nor YAML as it stands."""


SERVERLESS_FRAMEWORK: Final = "the Serverless Framework"
_OF_SERVERLESS: Final = r"\$\{(?:(?:self|opt|sls|file|cf|param|env)[:(.]|ssm:/)(?:[^{}]|\$\{[^{}]*\})*\}"
_SIGNS_OF_SERVERLESS: Final = ("${self:", "${opt:", "${sls:", "${file(", "${cf:", "${cf.", "${param:")
"""The variables that are no other tool's: OpenTelemetry, for one, has `${env:NAME}` too."""
_DECLARED_BY_SERVERLESS: Final = (
    "ApiGatewayRestApi", "HttpApi", "IamRoleLambdaExecution", "ServerlessDeploymentBucket",
)  # fmt: skip
"""What the Serverless Framework adds to a template, which may refer to it without declaring it."""
_MARKS: Final = re.compile(r"[$#]\{|\{\{")
"""What every place of a tool begins with, told by a glance."""


def is_of_serverless_framework(text: str) -> bool:
    """Return whether a text is a file of the Serverless Framework: it has variables of its alone (`${self:…}`).

    Or it refers to a resource that the framework adds, such as ServerlessDeploymentBucket, without declaring it.
    """
    if any(sign in text for sign in _SIGNS_OF_SERVERLESS) and re.search(_OF_SERVERLESS, text) is not None:
        return True
    for name in _DECLARED_BY_SERVERLESS:
        if name not in text:
            continue
        refers = re.search(rf"(?:Ref|GetAtt)['\"]?:? *\[?['\"]?{name}\b|\$\{{{name}\b", text) is not None
        declares = re.search(rf"^\s*['\"]?{name}['\"]?\s*:", text, re.MULTILINE) is not None
        if refers and not declares:
            return True
    return False


def late_bound(value: Any, *, in_template: bool) -> Any:
    """A copy of a document with late-bound text, which keeps what was written, in each place that a tool fills in.

    The tools are the AWS CDK, Jinja and the Serverless Framework; Terraform (`${name}`), too, unless `in_template`,
    where that is CloudFormation's. Keys stay as they are.
    """
    pattern = f"{OF_TOOLS}|{_OF_SERVERLESS}" if in_template else f"{OF_TOOLS}|{_OF_SERVERLESS}|{OF_TEMPLATEFILE}"
    if isinstance(value, str):
        return re.sub(pattern, lambda place: tokens.unfilled(place[0]), value) if _MARKS.search(value) else value
    if isinstance(value, list):
        return [late_bound(part, in_template=in_template) for part in value]
    if isinstance(value, dict):
        return {key: late_bound(part, in_template=in_template) for key, part in value.items()}
    return value


def readable(text: str, *, json: bool) -> tuple[str, tuple[Language, ...]]:
    """A text with blanks for the logic of template languages and runs of private signs for what they fill in.

    Lengths and lines stay. Also the languages of which something was there, in the order of `LANGUAGES`; none: the text
    is as it was. `json`: the text is JSON; in YAML, places of a `bare` language can be read, and stay.
    """
    used = []
    signs: dict[str, str] = {}
    for language in LANGUAGES:
        # Spaces take the place of logic; its lines stay.
        filled = re.sub(language.logic, lambda logic: re.sub(r"[^\n]", " ", logic[0]), text)
        if json or not language.bare:
            filled = re.sub(language.values, partial(_marked, language=language, signs=signs, json=json), filled)
        if filled != text:
            used.append(language)
            text = filled
    return text, tuple(used)


def _marked(place: re.Match[str], language: Language, signs: dict[str, str], *, json: bool) -> str:
    """A run of the place's sign, as long as the place; in JSON, in quotes where the place is in no string.

    In a string, a place of a `bare` language without quotes stays as it is. `signs` has the sign of each place's text,
    and gets a new one here.
    """
    line_start = place.string.rfind("\n", 0, place.start()) + 1
    in_string = place.string.count('"', line_start, place.start()) % 2 == 1  # strings of JSON end on their line
    sign = signs.setdefault(place[0], chr(_FIRST_SIGN + len(signs) % _SIGNS))
    if json and not in_string:
        return f'"{sign * (len(place[0]) - 2)}"'
    if language.bare and '"' not in place[0]:
        return place[0]
    return sign * len(place[0])


def filled_in(value: Any) -> Any:
    """A copy of a value with a text of `unfilled` for each run of a private sign and each `${self:…}`, also in keys."""
    if isinstance(value, str):
        text = re.sub(_OF_SERVERLESS, lambda place: unfilled(place[0]), value)
        return re.sub(_RUN, lambda run: unfilled(run[1]), text)
    if isinstance(value, list):
        return [filled_in(part) for part in value]
    if isinstance(value, dict):
        return {filled_in(key): filled_in(part) for key, part in value.items()}
    return value
