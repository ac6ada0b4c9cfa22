"""How the properties of CloudFormation's and Terraform's resource types bear on who may do what.

Compiled from schemas and rows kept by hand (`type_access.py` and `access.toml` of `tools/catalogue_compiler`).
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase, translate
from functools import lru_cache
from typing import Final, Literal, NamedTuple, cast, get_args

from remit.catalogue.snapshot import chunk
from remit.catalogue.types import resource_type, resource_types

Kind = Literal["role", "policy", "ceiling", "door", "grant", "member", "destination", "network", "unknown", "none"]
"""What a property does: it hands over a role; holds a policy, or a limit that is one; opens or closes something; says
who may do something; puts somebody into a group; says where data goes, which outside of the template opens something;
says who can connect; says it in a way that nobody can read here; or nothing of that."""
KINDS: Final = get_args(Kind)
SIGNS: Final = r"(?i)role|polic(?:y|ies)|principal|auth|public|group"
"""Words in the name of a property by which it may bear on access, until a row says what it does."""
STRONG_SIGNS: Final = r"(?i)role|polic(?:y|ies)|principal"


class PropertyAccess(NamedTuple):
    """The effect of a property on access, by its path or a pattern of paths.

    `opens` is the order of openness, from closed to open: `AWS_IAM<JWT~CUSTOM<NONE=-!`. `=` stands between values that
    are as open, `~` between those that let in others, `-` is a property that is not given, `*` any other value, and `!`
    ends a value that lets in everybody. `adds`: each item of the list lets in more; `any of`: so it does, and no item
    is no limit. `any`: nobody can tell what a change opens; `another`: nobody can of a value in place of another, but a
    first one opens nothing; `limit`: as `another`, and to give the last one up opens something.
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
    """The rows of a type: of those that match a path, the first counts. None: CloudFormation has no such type.

    Of Terraform's types, these are its own rows, those of CloudFormation's type of the same name, and those for all.
    """
    if not is_of_terraform(type_name):
        kind = resource_type(type_name)
        if kind is None:
            return None
        return tuple(PropertyAccess(path, cast("Kind", does), opens) for path, does, opens in kind.properties)
    rows = chunk("terraform-access", "")
    named = [row[1:] for row in rows if row[0] != _EVERY_TYPE and fnmatchcase(type_name, row[0])]
    counterpart = resource_type(_counterparts().get(_folded(type_name.removeprefix("aws_")), ""))
    for_all = [row[1:] for row in rows if row[0] == _EVERY_TYPE]
    alike = () if counterpart is None else counterpart.properties
    return tuple(
        PropertyAccess(_folded(path), cast("Kind", does), opens) for path, does, opens in (*named, *alike, *for_all)
    )


def access_row(type_name: str, path: str) -> PropertyAccess | None:
    """The first row of a type that matches the path of a property; None where none does, or nobody knows the type."""
    spelled = _folded(path) if is_of_terraform(type_name) else path
    for row in access_rows(type_name) or ():
        if pattern_of(row.path).fullmatch(spelled):
            return row
    return None


def has_rows_below(type_name: str, path: str) -> bool:
    """Return whether some row of a type is of a part of a property, which stands below it in the path."""
    spelled = _folded(path) if is_of_terraform(type_name) else path
    depth = spelled.count(".") + 1
    for row in access_rows(type_name) or ():
        first_parts = ".".join(row.path.split(".")[:depth])
        is_below = row.path != first_parts and "*" not in row.path.partition(".")[0]
        if row.path.startswith((f"{spelled}.", f"{spelled}[")) or (
            is_below and pattern_of(first_parts).fullmatch(spelled)
        ):
            return True
    return False


def is_known(type_name: str) -> bool:
    """Return whether there is a row of a type, or the type has none since it says nothing of access.

    A row for every type of Terraform does not count.
    """
    if not is_of_terraform(type_name):
        return resource_type(type_name) is not None
    is_named = any(row[0] != _EVERY_TYPE and fnmatchcase(type_name, row[0]) for row in chunk("terraform-access", ""))
    return is_named or _folded(type_name.removeprefix("aws_")) in _counterparts()


def has_property(type_name: str, name: str) -> bool:
    """Return whether a type has a top-level property of this name; True for Terraform's and unknown types: they may."""
    kind = None if is_of_terraform(type_name) else resource_type(type_name)
    return kind is None or name in kind.shape.properties or kind.shape.open


def is_of_terraform(type_name: str) -> bool:
    """Return whether a type is one of Terraform's: `aws_sqs_queue`."""
    return "::" not in type_name


_EVERY_TYPE: Final = "aws_*"
_SERVICES: Final = (
    ("cloudwatch_event", "Events"), ("cloudwatch_log", "Logs"), ("sfn", "StepFunctions"), ("db", "RDS"),
    ("lb", "ElasticLoadBalancingV2"), ("opensearch", "OpenSearchService"), ("kinesis_firehose", "KinesisFirehose"),
)  # fmt: skip
"""The beginnings of Terraform's types, where they are not the service's name."""


@lru_cache(maxsize=1)
def _counterparts() -> dict[str, str]:
    """CloudFormation's types by the names that Terraform gives them, folded; EC2's stand without the service, too."""
    types: dict[str, str] = {}
    beginnings = {service: word for word, service in _SERVICES}
    for name in resource_types():
        _, service, *rest = name.split("::")
        own_name = "".join(rest)
        for beginning in {service, beginnings.get(service, service), *(("",) if service == "EC2" else ())}:
            types.setdefault(_folded(f"{beginning}{own_name}"), name)
    return types


def _folded(text: str) -> str:
    """A name or path as both spell it: `VpcConfig.SubnetIds` and `vpc_config[].subnet_ids[]` are one."""
    return re.sub(r"[_\[\]]", "", text).lower()
