"""What the settings of the whole app take: tags, stages, and the paths and names of roles.

Limits: "Tag naming limits and requirements" (AWS tagging guide), "IAM and AWS STS quotas" (IAM User Guide; 2026-11).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from remit.errors import Mistakes
from remit.iam import tokens
from remit.project.setting_values import Table, Texts, mistake, text, texts, wrong
from remit.project.stack_name import STAGE

if TYPE_CHECKING:
    from remit.errors import Path

_MOST_TAGS: Final = 50
_LONGEST_KEY: Final = 128
_LONGEST_VALUE: Final = 256
_ROLE_PATH: Final = r"/([\x21-\x7e]{1,510}/)?"
_ROLE_NAME: Final = r"(?a)(?:[\w+=,.@-]|\{(?:app|stage|role|region)\})+"


def tags(path: Path, value: Any) -> Table[str]:
    """Tags by key: of at most 128 characters, with values of at most 256, and no more than AWS lets a resource have."""
    if not isinstance(value, Mapping):
        raise wrong(path, 'a dict such as {"team": "shop"}', value)
    checked: dict[str, str] = {}
    mistakes = Mistakes()
    for key, content in value.items():
        with mistakes.noted():
            checked.update(_tag(path, key, content))
    mistakes.refuse()
    if len(checked) > _MOST_TAGS:
        raise mistake(path, f"has {len(checked)} tags; AWS allows {_MOST_TAGS} on a resource")
    return Table(checked)


def _tag(path: Path, key: Any, content: Any) -> dict[str, str]:
    """One tag as text."""
    if not isinstance(key, str):
        raise mistake(path, f"has the key {key!r:.40}, which is not a string", inside=(key,))
    key_text, value_text = text(path, key), text((*path, key), content)
    if key_text.lower().startswith("aws:"):
        raise mistake((*path, key), "cannot be set: AWS reserves keys that start with aws:")
    for name, written, most in (("key", key_text, _LONGEST_KEY), ("value", value_text, _LONGEST_VALUE)):
        if len(written) > most:
            raise mistake((*path, key), f"has a {name} of {len(written)} characters; AWS allows {most}")
    return {key_text: value_text}


def stages(path: Path, value: Any) -> Texts:
    """Names of stages."""
    names = texts(path, value)
    mistakes = Mistakes()
    for index, name in enumerate(names):
        if not STAGE.fullmatch(name):
            hint = "it starts with a lower-case letter and has at most 20 of a-z, 0-9 and -"
            wrong_name = mistake((*path, index), f"is {name!r}, which is not a stage's name", hint=hint)
            mistakes.errors.append(wrong_name)
    mistakes.refuse()
    return names


def role_path(path: Path, value: Any) -> str:
    """A path of roles, between slashes."""
    written = text(path, value)
    if not re.fullmatch(_ROLE_PATH, written):
        raise mistake(path, f"is {written!r}", hint='a path begins and ends with a slash: "/teams/shop/"')
    return written


def role_name(path: Path, value: Any) -> str:
    """A pattern of roles' names, which must tell them apart."""
    written = tokens.plain(text(path, value))
    if not re.fullmatch(_ROLE_NAME, written):
        hint = 'such as "{app}-{stage}-{role}", of letters, digits and _+=,.@-'
        raise mistake(path, f"is {written!r:.60}, which makes no names of roles", hint=hint)
    for part in ("{stage}", "{role}"):
        if part not in written:
            hint = "{role} tells the roles of a stage apart, and {stage} those of the stages"
            raise mistake(path, f"is {written!r:.60}, without {part}", hint=hint)
    return str(written)
