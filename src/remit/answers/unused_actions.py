"""The action patterns of a statement that no request of today can use: its resources are none that the actions take.

Asked of the prover: what the statement alone allows, and whether an example of it can be a request.
"""

from __future__ import annotations

from dataclasses import replace

from remit.catalogue.actions import full_name
from remit.catalogue.expand import expand
from remit.iam.policy import Globs, Policy, Statement
from remit.iam.prove.action_search import catalogue_actions
from remit.iam.prove.compare import side_of
from remit.iam.prove.gains import GainSearch

_NOTHING = Policy(())
_EVERYTHING = Globs(("*",))


def unused_actions(statement: Statement, version: str) -> tuple[str, ...]:
    """The patterns of Action by which the statement never applies to a request of today, as it spells them.

    `*` for a NotAction. What is undecided, and an action that the catalogue does not know, counts as used.
    """
    if statement.resources in (None, _EVERYTHING) and not statement.conditions:
        return ()
    if statement.actions.negated:
        return () if _is_used(statement, version) else ("*",)
    unused: list[str] = []
    for pattern in statement.actions.patterns:
        is_known = full_name(pattern) is not None or bool(expand(pattern))
        if is_known and not _is_used(replace(statement, actions=Globs((pattern,))), version):
            unused.append(pattern)
    return tuple(unused)


def _is_used(statement: Statement, version: str) -> bool:
    """Return whether a request of today exists to which a statement applies, or that is not decided."""
    resources = statement.resources or _EVERYTHING
    allow = replace(statement, effect="Allow", principals=None, resources=resources)
    search = GainSearch(side_of(_NOTHING), side_of(Policy((allow,), version)), catalogue_actions)
    is_used = any(piece.tier == "now" for piece in search.gains())
    return is_used or bool(search.undecided)
