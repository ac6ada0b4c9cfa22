"""How the properties of CloudFormation's and Terraform's resource types bear on who may do what.

Compiled from schemas and rows kept by hand (`compiler/type_access.py`, `compiler/access.toml`).
"""

from __future__ import annotations

import re
from fnmatch import translate
from functools import lru_cache
from typing import Final, Literal, NamedTuple, cast, get_args

from remit.catalogue.types import resource_type

Kind = Literal["role", "policy", "ceiling", "door", "grant", "member", "network", "unknown", "none"]
"""What a property does: it hands over a role; holds a policy, or a limit that is one; opens or closes something; says
who may do something; puts somebody into a group; says who can connect; says it in a way that nobody can read here; or
nothing of that."""
KINDS: Final = get_args(Kind)
SIGNS: Final = r"(?i)role|polic(?:y|ies)|principal|auth|public|group"
"""Words in the name of a property by which it may bear on access, until a row says what it does."""
STRONG_SIGNS: Final = r"(?i)role|polic(?:y|ies)|principal"


class PropertyAccess(NamedTuple):
    """What a property does, by its path or a pattern of paths.

    `opens` is the order of openness, from closed to open: `AWS_IAM<JWT~CUSTOM<NONE=-!`. `=` stands between values that
    are as open, `~` between those that let in others, `-` is a property that is not given, `*` any other value, and `!`
    ends a value that lets in everybody. `adds`: each item of the list lets in more; `any of`: so it does, and no item
    is no limit. `any`: nobody can tell.
    """

    path: str
    kind: Kind
    opens: str


@lru_cache(maxsize=4096)
def pattern_of(path: str) -> re.Pattern[str]:
    """A pattern of paths as a regular expression; `[]` stands for itself."""
    return re.compile(translate(path.replace("[", "[[]")))


@lru_cache(maxsize=4096)
def access_rows(type_name: str) -> tuple[PropertyAccess, ...] | None:
    """The rows of a type: of those that match a path, the first counts. None: there is no such type."""
    kind = resource_type(type_name)
    return (
        None
        if kind is None
        else tuple(PropertyAccess(path, cast("Kind", row), opens) for path, row, opens in kind.properties)
    )


def access_row(type_name: str, path: str) -> PropertyAccess | None:
    """The row of a property; None where there is none."""
    for row in access_rows(type_name) or ():
        if pattern_of(row.path).fullmatch(path):
            return row
    return None
