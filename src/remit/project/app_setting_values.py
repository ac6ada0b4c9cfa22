"""What the settings of the whole app take: tags, stages, and the paths and names of roles.

Limits: "Tag naming limits and requirements" (AWS tagging guide), "IAM and AWS STS quotas" (IAM User Guide; 2026-11).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from remit.iam import tokens
from remit.project.setting_lists import Table, Texts
from remit.project.setting_values import each, mistake, text, texts, wrong
from remit.project.stack_name import STAGE

if TYPE_CHECKING:
    from remit.errors import Path

_MOST_TAGS: Final = 50
_LONGEST_KEY: Final = 128
_LONGEST_VALUE: Final = 256
_ROLE_PATH: Final = re.compile(r"/([\x21-\x7e]{1,510}/)?")
_ROLE_NAME: Final = re.compile(r"(?:[\w+=,.@-]|\{(?:app|stage|role|region)\})+", re.ASCII)


def tags(path: Path, value: Any) -> Table[str]:
    """Tags by key: of at most 128 characters, with values of at most 256, and no more than AWS lets a resource have."""
    if not isinstance(value, Mapping):
        raise wrong(path, 'a dict such as {"team": "shop"}', value)
    checked = dict(each(_tag, (((*path, key), content) for key, content in value.items())))
    if len(checked) > _MOST_TAGS:
        raise mistake(path, f"has {len(checked)} tags; AWS allows {_MOST_TAGS} on a resource")
    return Table(checked)


def _tag(path: Path, content: Any) -> tuple[str, str]:
    """A tag whose key is the path's last step."""
    *setting, key = path
    key_text, value_text = text(tuple(setting), key), text(path, content)
    if key_text.lower().startswith("aws:"):
        raise mistake(path, "cannot be set: AWS reserves keys that start with aws:")
    for name, written, most in (("key", key_text, _LONGEST_KEY), ("value", value_text, _LONGEST_VALUE)):
        if len(written) > most:
            raise mistake(path, f"has a {name} of {len(written)} characters; AWS allows {most}")
    return key_text, value_text


def stages(path: Path, value: Any) -> Texts:
    """Names of stages."""
    names = texts(path, value)
    each(_check_stage, (((*path, index), name) for index, name in enumerate(names)))
    return names


def _check_stage(path: Path, name: str) -> None:
    if not STAGE.fullmatch(name):
        hint = "it starts with a lower-case letter and has at most 20 of a-z, 0-9 and -"
        raise mistake(path, f"is {name!r}, which is not a stage's name", hint=hint)


def role_path(path: Path, value: Any) -> str:
    """A path of roles, between slashes."""
    written = text(path, value)
    if not _ROLE_PATH.fullmatch(written):
        raise mistake(path, f"is {written!r}", hint='a path begins and ends with a slash: "/teams/shop/"')
    return written


def role_name(path: Path, value: Any) -> str:
    """A pattern of roles' names, which must tell them apart."""
    written = tokens.plain(text(path, value))
    if not _ROLE_NAME.fullmatch(written):
        hint = 'such as "{app}-{stage}-{role}", of letters, digits and _+=,.@-'
        raise mistake(path, f"is {written!r:.60}, which makes no names of roles", hint=hint)
    for part in ("{stage}", "{role}"):
        if part not in written:
            hint = "{role} tells the roles of a stage apart, and {stage} those of the stages"
            raise mistake(path, f"is {written!r:.60}, without {part}", hint=hint)
    return str(written)
