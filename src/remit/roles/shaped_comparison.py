"""Compare two versions of an app with the shapes of their references, and report what is written.

Apart from the shapes themselves, which every build needs: comparing brings in the whole prover.
"""

from __future__ import annotations

from dataclasses import replace
from functools import reduce
from typing import TYPE_CHECKING, Final

from remit.iam import tokens
from remit.iam.comparison import Comparison, Piece, Undecided
from remit.iam.pattern import covers
from remit.iam.pattern_list import actions_cover
from remit.iam.policy import Globs, Policy, Statement
from remit.iam.prove.compare import compare
from remit.iam.prove.realistic_values import PARTITION
from remit.roles.reference_names import fill_policy, fill_references, place_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from remit.iam.decide.evaluate import Layers

_USUAL_PARTITION: Final = {tokens.PARTITION: PARTITION}
_OPEN_PARTITIONS: Final = (f"arn:{tokens.PARTITION}:", "arn:*:")
_SAME_IN_USUAL_PARTITION: Final = (
    "nothing else changes in the partition aws; "
    "in another one, an ARN that spells aws is not one that refers to the stack's partition"
)


def compare_in_shape(old: Layers, new: Layers, was: Mapping[str, str], now: Mapping[str, str]) -> Comparison:
    """Compare with each reference in its shape, and report findings with the references as they are written."""
    before, after = _Shaped(old, was), _Shaped(new, now)
    comparison = compare(before.layers, after.layers)
    gained, undecided_gains = before.settled(comparison.gained)
    lost, undecided_losses = after.settled(comparison.lost)
    undecided = (*comparison.undecided, *undecided_gains, *undecided_losses)
    usual = _decided_in_usual_partition(before.layers, after.layers, gained, lost) if undecided else None
    if usual is not None:
        # A pattern may gain in any partition what AWS has not yet, and in the usual one what it has.
        gained, lost = _as_of_today(gained, usual.gained), _as_of_today(lost, usual.lost)
        first_undecided = next(iter(undecided_gains), undecided[0])  # rather one of the new side
        undecided = (replace(first_undecided, reason=_SAME_IN_USUAL_PARTITION),)
        if not (_spells_partition(before.layers) or _spells_partition(after.layers)):
            undecided = ()  # then one partition is like any other
    return replace(
        comparison,
        gained=tuple(map(after.piece, gained)),
        lost=tuple(map(before.piece, lost)),
        undecided=tuple(dict.fromkeys(before.undecided(after.undecided(question)) for question in undecided)),
    )


def _decided_in_usual_partition(
    old: Layers, new: Layers, gained: Iterable[Piece], lost: Iterable[Piece]
) -> Comparison | None:
    """The comparison in the partition aws, if nothing is undecided there, nor gained or lost beside these pieces.

    None as well where the layers have no reference to a partition.
    """
    usual_old, usual_new = (_Shaped(layers, _USUAL_PARTITION).layers for layers in (old, new))
    if (usual_old, usual_new) == (old, new):
        return None
    comparison = compare(usual_old, usual_new)
    if comparison.undecided:
        return None
    for usual_pieces, pieces in ((comparison.gained, gained), (comparison.lost, lost)):
        if not set(map(_place, usual_pieces)) <= set(map(_place, pieces)):
            return None
    return comparison


def _as_of_today(pieces: Iterable[Piece], usual_pieces: Iterable[Piece]) -> list[Piece]:
    """The pieces, with the request of the same one in the partition aws where it can be made today there alone."""
    requests = {_place(piece): piece.request for piece in usual_pieces if piece.tier == "now"}
    told = []
    for piece in pieces:
        request = requests.get(_place(piece))
        if piece.tier == "future" and request is not None:
            told.append(replace(piece, tier="now", request=request))
        else:
            told.append(piece)
    return told


def _spells_partition(layers: Layers) -> bool:
    """Return whether some text has a partition that it spells: each other partition is the stack's or any."""
    policies = (
        *layers.identity,
        *layers.boundary,
        *layers.session,
        *(policy for level in layers.scp for policy in level),
    )
    texts: list[str] = []
    for statement in (statement for policy in policies for statement in policy.statements):
        texts += () if statement.resources is None else statement.resources.patterns
        for condition in statement.conditions:
            texts += condition.values
    return any(text.startswith("arn:") and not text.startswith(_OPEN_PARTITIONS) for text in texts)


def _place(piece: Piece) -> tuple[str, str, str]:
    """The place of a piece's statement, its action, and its resource in the partition aws."""
    return piece.source.name, piece.action, fill_references(piece.resource, _USUAL_PARTITION)


class _Shaped:
    """Layers with their references in shape, and each statement as it was written."""

    def __init__(self, layers: Layers, texts: Mapping[str, str]) -> None:
        self._written: dict[int, Statement] = {}
        self._texts = texts
        self.layers = replace(
            layers,
            identity=self._policies(layers.identity),
            boundary=self._policies(layers.boundary),
            session=self._policies(layers.session),
            scp=tuple(map(self._policies, layers.scp)),
            rcp=tuple(map(self._policies, layers.rcp)),
        )

    def _policies(self, policies: tuple[Policy, ...]) -> tuple[Policy, ...]:
        """Policies with their references in shape; each statement's written form is kept for what is told of it."""
        all_shaped = tuple(fill_policy(policy, self._texts) for policy in policies)
        for shaped, policy in zip(all_shaped, policies, strict=True):
            for statement, written in zip(shaped.statements, policy.statements, strict=True):
                self._written[id(statement)] = written
        return all_shaped

    def settled(self, pieces: tuple[Piece, ...]) -> tuple[list[Piece], list[Undecided]]:
        """Part the other side's pieces: those that are beyond this side wherever the stack is, and undecided ones."""
        settled, undecided = [], []
        for piece in pieces:
            literal = self._elsewhere(piece)
            if literal is None:
                settled.append(piece)
            else:
                reason = f"whether it means `{literal}` depends on where the stack is deployed"
                undecided.append(Undecided(piece.source, reason))
        return settled, undecided

    def _elsewhere(self, piece: Piece) -> str | None:
        """The first resource that this side allows and that covers the piece if the stack is deployed to its place.

        None: none does.
        """
        action = Globs((piece.action,))
        for statement in (statement for policy in self.layers.identity for statement in policy.statements):
            if statement.effect == "Allow" and statement.resources and actions_cover(statement.actions, action):
                for text in statement.resources.patterns:
                    in_place = fill_references(piece.resource, place_of(text))
                    if in_place != piece.resource and covers(text, in_place):
                        return text
        return None

    def piece(self, piece: Piece) -> Piece:
        """A finding of this side with its statement and resources as they are written.

        Itself for another side's statement.
        """
        written = self._written.get(id(piece.source.statement))
        if written is None:
            return piece
        request = replace(piece.request, resource=as_written(piece.request.resource, written.resources, self._texts))
        return replace(
            piece,
            source=replace(piece.source, statement=written),
            resource=as_written(piece.resource, written.resources, self._texts),
            request=request,
        )

    def undecided(self, question: Undecided) -> Undecided:
        """An undecided question, with its statement as it is written."""
        written = self._written.get(id(question.source.statement))
        if written is None:
            return question
        return replace(question, source=replace(question.source, statement=written))


def as_written(text: str, written: Globs | None, *names: Mapping[str, str]) -> str:
    """A resource as its statement has it written, of which references became `names`; as it is where it names none."""
    for pattern in () if written is None else written.patterns:
        if text == reduce(fill_references, names, pattern):
            return pattern
    return text
