"""Tell what of a deployer's need the policies of somebody lack: the difference of the two, proven, with requests."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from remit.deployer.deployer_policy import CALLERS_ACCOUNT, Deployer
from remit.iam.decide.evaluate import ALL, Layers, Request, evaluate
from remit.iam.policy import Policy, allow
from remit.iam.prove.compare import within
from remit.roles.reference_names import put_texts

if TYPE_CHECKING:
    from remit.app import Grant
    from remit.iam.comparison import Piece


@dataclass(frozen=True, slots=True)
class LackingAccess:
    """Access that is needed and not there: the statement that adds it, why, a request that is denied, and by what."""

    grant: Grant
    request: Request
    denial: str


@dataclass(frozen=True, slots=True)
class DeployerCheck:
    """The access that a deployer lacks, and sentences on what could not be decided.

    Where both are empty, it is proven that every request which the deploy may make is allowed.
    """

    lacking: tuple[LackingAccess, ...] = ()
    undecided: tuple[str, ...] = ()

    @property
    def is_enough(self) -> bool:
        """True if nothing is lacking or undecided."""
        return not (self.lacking or self.undecided)


def check_deployer(have: Layers, need: Deployer, account: str) -> DeployerCheck:
    """Compare what policies allow with what a deployer needs; `account` is that of whoever has them, `*` if any may be.

    What no request of today can use (an action that AWS may add) is not lacking. A request that the policies would
    allow with other values of condition keys (a tag, an address) is undecided. What resources' own policies allow is
    not known here.
    """
    if account != "*":
        identity, boundary = (
            tuple(_in_account(policy, account) for policy in layer) for layer in (have.identity, have.boundary)
        )
        have = replace(have, identity=identity, boundary=boundary)
    comparison = within(need.policy, have)
    undecided = [f"{need.grants[item.source.index].because}: {item.reason}" for item in comparison.undecided]
    open_requests: dict[tuple[str, ...], list[str]] = {}
    pieces: dict[int, list[tuple[Piece, str]]] = {}
    for piece in comparison.gained:
        if piece.tier == "future":
            continue
        own_keys = [condition.key for condition in piece.source.statement.conditions]
        context = {key: piece.context.get(key) for key in own_keys}  # None: absent; all other keys are open
        decision = evaluate(replace(piece.request, context=context, open=ALL), have)
        if decision.verdict == "Unknown":
            request = f"{piece.request.action} on {piece.request.resource}"
            open_requests.setdefault(tuple(decision.unknown), []).append(request)
        else:
            pieces.setdefault(piece.source.index, []).append((piece, decision.because))
    for keys, requests in open_requests.items():
        undecided.append(f"{', '.join(keys)} decides {len(requests)} requests, such as {requests[0]}")
    return DeployerCheck(tuple(_lacking(need.grants[i], pieces[i]) for i in sorted(pieces)), tuple(undecided))


def _in_account(policy: Policy, account: str) -> Policy:
    """A policy as IAM reads it for a caller of this account, whose number stands for `${aws:PrincipalAccount}`."""
    statements = policy.statements
    own = [put_texts(statement, lambda text: text.replace(CALLERS_ACCOUNT, account)) for statement in statements]
    return replace(policy, statements=tuple(own))


def _lacking(grant: Grant, denied: list[tuple[Piece, str]]) -> LackingAccess:
    """The lacking part of a grant's statement: the denied actions on the denied resources, or all of the statement.

    It is all where a piece stands for more than the prover listed. Request and denial are those of the first piece.
    """
    statement, pieces = grant.statement, [piece for piece, _ in denied]
    if not any(piece.whole for piece in pieces):
        actions = dict.fromkeys(piece.action for piece in pieces)
        resources = dict.fromkeys(piece.resource for piece in pieces)
        statement = allow(*actions, on=tuple(resources), when=statement.conditions)
    return LackingAccess(replace(grant, statement=statement), pieces[0].request, denied[0][1])
