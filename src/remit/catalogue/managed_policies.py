"""AWS's managed policies: which exist, and what each of them says."""

from __future__ import annotations

import json
from functools import cache, lru_cache
from typing import Any, Final, NamedTuple

from remit.catalogue.snapshot import chunk, line, lines, names

_PER_CHUNK: Final = 100


class ManagedPolicy(NamedTuple):
    """A policy that AWS maintains: `path` as in its ARN ("/service-role/"), `version` as in "v3"."""

    name: str
    path: str
    version: str
    document: dict[str, Any]

    def arn(self, partition: str = "${AWS::Partition}") -> str:
        """Its ARN: in every partition the account part is `aws`."""
        return f"arn:{partition}:iam::aws:policy{self.path}{self.name}"


def is_of_aws(arn: str) -> bool:
    """Return whether an ARN is of a policy that AWS manages, which all accounts have; not one of a customer's own."""
    return ":iam::aws:policy/" in arn


def managed_policy(name: str) -> ManagedPolicy | None:
    """The policy of a name ("AWSLambdaBasicExecutionRole"), path and name, or ARN in any partition.

    Names are compared as IAM does, without case; a path that is given must be the policy's own. A policy of a
    customer's account (an ARN with an account number) is never found: None.
    """
    path_and_name = _after_arn(name)
    if path_and_name is None:
        return None
    path, _, bare = path_and_name.rpartition("/")
    position = _positions().get(bare.casefold())
    if position is None:
        return None
    exact, own_path, version = chunk("policy-names", "")[position]
    if path.strip("/").casefold() != own_path.strip("/").casefold() and (path or name.startswith("arn:")):
        return None
    packed = line("policy-lines", f"{position // _PER_CHUNK:02}", position % _PER_CHUNK)
    return ManagedPolicy(exact, own_path, version, decoded(packed, chunk("policy-words", "")))


def managed_policies() -> tuple[str, ...]:
    """The names of all managed policies, sorted."""
    return tuple(row[0] for row in chunk("policy-names", ""))


@lru_cache(maxsize=4096)
def occurs(text: str) -> bool:
    """Return whether some managed policy holds a string of exactly this text; quicker than reading them all (0.01 s).

    What AWS's own policies use and its reference does not list may exist yet.
    """
    return text in _listed() or json.dumps(text) in _rows()


@lru_cache(maxsize=512)
def has_action_of(prefix: str) -> bool:
    """Return whether some managed policy has an action with this prefix, as `iotevents`; its service may be closed.

    The case counts: prefixes are in small letters.
    """
    begin = f"{prefix}:"
    return any(word.startswith(begin) for word in _listed()) or f'"{begin}' in _rows()


@cache
def _listed() -> frozenset[str]:
    """The strings that stand in several policies, which these name by their number."""
    return frozenset(chunk("policy-words", ""))


@cache
def _rows() -> str:
    """All policies as the snapshot packs them, in one text."""
    return "\n".join(row for name in names("policy-lines") for row in lines("policy-lines", name))


def decoded(value: Any, words: list[str]) -> Any:
    """A packed document's value: numbers in a list are distances between words of the table."""
    if isinstance(value, dict):
        return {key: decoded(item, words) for key, item in value.items()}
    if not isinstance(value, list):
        return value
    position = 0
    items: list[Any] = []
    for item in value:
        if isinstance(item, int):
            position += item
            items.append(words[position])
        else:
            items.append(decoded(item, words))
    return items


def _after_arn(name: str) -> str | None:
    """Return the part behind `policy/` in an ARN of a policy of AWS, or the name itself when it is not an ARN.

    None: another ARN.
    """
    if not name.startswith("arn:"):
        return name
    _, of_aws, path_and_name = name.partition(":iam::aws:policy/")  # the partition may be late-bound, colons and all
    return path_and_name if of_aws else None


@cache
def _positions() -> dict[str, int]:
    """The place of each policy among all of them, by its name without case."""
    return {row[0].casefold(): position for position, row in enumerate(chunk("policy-names", ""))}
