"""Review what a change does to access: each function's role before against its role after, proven.

A role is compared whole: inline statements, managed policies, boundary, and who may take it on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from remit.iam.decide.evaluate import Layers
from remit.iam.policy import Policy
from remit.iam.prove.compare import Comparison
from remit.review.access_change import SAME, Change, Review, Unseen
from remit.review.boundary_changes import attached, notes, unseen
from remit.review.comparable_roles import plain, stand
from remit.review.resource_policies import beside, elsewhere
from remit.review.role_pairs import pairs, renamed
from remit.review.trust import compare_trust
from remit.roles.reference_names import put
from remit.roles.reference_shapes import compare_in_shape
from remit.template.policy_documents import trusting

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from remit.app import Role
    from remit.review.access_change import Standing, Version
    from remit.review.role_pairs import Pair

_NOTHING: Final = Layers((Policy(()),))
_PLAIN_TRUST: Final = trusting(("lambda.amazonaws.com",))
"""What a function's role trusts: of a role that is new, only what goes beyond it is told."""


def review(old: Version, new: Version) -> Review:
    """What every function of two versions gains and loses. RemitError: a condition operator that does not exist.

    Functions are matched by name, whatever their roles are called and whoever shares them; roles that serve no
    function by logical id. Functions that had one role and have one role are told together.
    """
    before, after = _Side(old, new), _Side(new, old)
    changes = tuple(_change(pair, before.of(pair.old), after.of(pair.new), old, new) for pair in pairs(old, new))
    told = (*(change for change in changes if not change.same), *_beside(old, new))
    return Review(
        old=old.where,
        new=new.where,
        changes=told,
        notes=(*notes(told), *renamed(old, new)),
        functions=tuple(dict.fromkeys(name for one in (new, old) for name in functions_of(one))),
        roles=tuple(dict.fromkeys(name for one in (new, old) for name in others_of(one))),
        elsewhere=None if old.giving is None or new.giving is None else tuple(elsewhere(old.giving, new.giving)),
        names={**({"${AWS::StackName}": new.namespace} if new.namespace else {}), **new.names},
        shapes=_shapes(new, old),
    )


def _shapes(version: Version, other: Version) -> dict[str, str]:
    """What is known of each reference of a version, where the version itself does not know what it is."""
    known = version.shapes.beside(other.shapes)
    return {reference: put(text, version.names) for reference, text in known.items()}


def functions_of(version: Version) -> Iterator[str]:
    """The functions of a version, by name."""
    yield from (name for role in version.roles for name in role.functions)
    yield from version.others


def others_of(version: Version) -> Iterator[str]:
    """What of a version stands for itself: roles without functions, and resources that let others do something."""
    yield from (role.logical_id for role in version.roles if not role.functions)
    yield from version.giving or ()


def _beside(old: Version, new: Version) -> Iterator[Change]:
    """What the resources let others do; nothing where one of the versions does not tell."""
    if old.giving is not None and new.giving is not None:
        yield from beside(old.giving, new.giving)


class _Side:
    """The roles of one version, each made ready once."""

    def __init__(self, version: Version, other: Version) -> None:
        self._version = version
        self._documents = _documents(version, other)
        self._made: dict[int, Standing] = {}

    def of(self, role: Role | None) -> Standing | None:
        """A role made ready; None for none."""
        if role is None:
            return None
        if id(role) not in self._made:
            self._made[id(role)] = stand(role, self._version, self._documents)
        return self._made[id(role)]


def _documents(version: Version, other: Version) -> Mapping[str, Policy]:
    """What a version's managed policies say, by their `plain` ARN.

    A policy of a customer's own account that only the other version has read is taken to be the same in both: a
    change of the app does not change it. AWS's own are in the catalogue as they are now.
    """
    given = [(arn, found) for arn, found in other.documents.items() if ":iam::aws:" not in arn]
    return {plain(put(arn, version.names)): found for arn, found in (*given, *version.documents.items())}


def _change(pair: Pair, before: Standing | None, after: Standing | None, old: Version, new: Version) -> Change:
    """One comparison, for all functions that had the one role and have the other."""
    public = tuple(_opened(pair, old, new))
    if before is not None and after is not None and _alike(before, after) and not public:
        return Change(pair.functions, before, after)
    was, now = _shapes(old, new), _shapes(new, old)
    elsewhere = f"it comes to run under {pair.moved}: what that role may do cannot be seen here"
    return Change(
        pair.functions,
        before,
        after,
        access=_access(before, after, was, now),
        trust=_trust(before, after, was, now),
        attached=attached(before, after, old, new),
        unseen=(*public, *((Unseen(pair.moved, elsewhere),) if pair.moved else ()), *unseen(before, after)),
    )


def _opened(pair: Pair, old: Version, new: Version) -> Iterator[Unseen]:
    """The functions that everyone may call now: whoever can call one has what it may do, as far as its code allows.

    Of a function that is new, everything is.
    """
    there = set(functions_of(old))
    for name in pair.functions:
        if name in there and old.open is not None and name not in old.open and name in (new.open or ()):
            yield Unseen("", f"everyone may call {name} now: its URL, or a permission, names no account")


def _alike(before: Standing, after: Standing) -> bool:
    """Whether both plainly say the same, so that nothing needs to be proven."""
    return (
        before.layers == after.layers
        and [plain(arn) for arn in before.policies] == [plain(arn) for arn in after.policies]
        and {plain(arn) for arn in before.unread} == {plain(arn) for arn in after.unread}
        and plain(before.boundary or "") == plain(after.boundary or "")
        and before.trust == after.trust
        and set(after.role.notes) <= set(before.role.notes)
    )


def _access(
    before: Standing | None, after: Standing | None, was: Mapping[str, str], now: Mapping[str, str]
) -> Comparison:
    """What is gained and lost as far as policies are known; a boundary that is not limits neither side."""
    one = _NOTHING if before is None else before.layers
    other = _NOTHING if after is None else after.layers
    if after is not None and not after.boundary_known:
        one = Layers(one.identity)
    return SAME if one == other else compare_in_shape(one, other, was, now)


def _trust(
    before: Standing | None, after: Standing | None, was: Mapping[str, str], now: Mapping[str, str]
) -> Comparison:
    if after is None or after.trust is None:
        return SAME  # nobody can take on a role that is gone
    old = _PLAIN_TRUST if before is None or before.trust is None else before.trust
    found = compare_trust(old, after.trust, was, now)
    return found if before is not None else Comparison(found.gained, undecided=found.undecided)
