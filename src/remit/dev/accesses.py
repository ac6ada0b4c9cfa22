"""What functions asked the AWS on this machine for, and what was decided."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from remit.local.signed_request import ask

if TYPE_CHECKING:
    from remit.local.aws import LocalAws

_PATH = "/_remit/access"
_OK = 200


@dataclass(frozen=True, slots=True)
class Access:
    """One access that a function's call needed, and the decision on it.

    `function` is its deployed name, `request_id` its invocation, `file` and `line` the place of the call in its code
    (empty and 0 where that is not known). `statement` names what decided, `because` says so in a sentence.
    """

    function: str
    request_id: str
    operation: str
    action: str
    resource: str
    decision: Literal["allowed", "denied", "unknown"]
    because: str
    statement: str
    file: str
    line: int


def accesses(aws: LocalAws, after: int) -> tuple[int, tuple[Access, ...]]:
    """The accesses after the one of this number that are still kept, and the number of the last one.

    None where the AWS on this machine does not enforce roles: nothing is recorded then.
    """
    response = ask(aws, "remit", "GET", _PATH, query=f"after={after}")
    if response.status != _OK:
        return after, ()
    document = response.document()
    names = Access.__slots__
    records = [{name: record[name] for name in names} for record in document["records"]]
    return int(document["last"]), tuple(Access(**record) for record in records)
