"""Compare who may take on a role: each principal is written as a resource, and the ordinary comparison does the rest.

`Service:lambda.amazonaws.com` is such a resource; an account is `AWS:111122223333:*`, which covers its users and the
sessions of its roles. What is found is put to the evaluator again, as a request to the role by that principal.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from remit.explain.names import put, references
from remit.iam.compare import Comparison, compare, includes
from remit.iam.evaluate import Layers, Request, evaluate, implied
from remit.iam.finding import Piece, Source, Undecided
from remit.iam.policy import Globs, Policy, Principals, Statement, allow
from remit.iam.request import arn_parts, principal_of
from remit.iam.tokens import split
from remit.review.standing import filled

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_ACCOUNTS: Final = ("123456789012", "999999999999", "888888888888", "777777777777", "666666666666", "555555555555")
_ANYTHING: Final = (Policy((allow("*"),)),)
_LAYER: Final = "trust"


def compare_trust(old: Policy, new: Policy) -> Comparison:
    """Who may take on a role by the new trust policy and may not by the old, and the reverse, each with a request.

    A piece's resource is the principal as the statement spells it. References that are not known equal only
    themselves. Premise: an account has one role of a name, whatever its path.
    """
    if old.statements == new.statements:
        return Comparison()
    one, other, asker = _both(old, new)
    found = compare(one.policy, other.policy)
    gained, unsure = asker.confirmed(found.gained, one, other)
    lost, more = asker.confirmed(found.lost, other, one)
    undecided = [*other.unclear, *one.unclear, *(_undecided(item, other, one) for item in found.undecided)]
    return Comparison(gained, lost, tuple(dict.fromkeys((*undecided, *unsure, *more))))


def trusts_no_more(wide: Policy, narrow: Policy) -> bool:
    """Whether it is proven that `wide` lets in everyone whom `narrow` does."""
    one, other, _ = _both(wide, narrow)
    return not (one.unclear or other.unclear) and includes(one.policy, other.policy)


def _both(old: Policy, new: Policy) -> tuple[_Encoded, _Encoded, _Asker]:
    here, stranger = _accounts(old, new)
    paths = _paths(here, old, new)
    return _encode(old, here, paths), _encode(new, here, paths), _Asker(here, stranger)


def narrowed_trust(piece: Piece) -> Statement:
    """The statement of a piece with nobody but the principal, and nothing but the action, that the piece is about."""
    statement = piece.source.statement
    who = statement.principals
    if not statement.actions.negated:
        statement = replace(statement, actions=Globs((piece.action,)))
    if who is None or who.negated:
        return statement
    meant = tuple(pair for pair in who.patterns if pair[1] == piece.resource)
    return replace(statement, principals=Principals(meant)) if meant else statement


def _accounts(*policies: Policy) -> tuple[str, str]:
    """Two accounts that no policy names: one for the role's own, one for a stranger's."""
    texts = "".join(
        text
        for policy in policies
        for statement in policy.statements
        for text in (
            *(value for _, value in (statement.principals.patterns if statement.principals else ())),
            *(value for condition in statement.conditions for value in condition.values),
        )
    )
    here, stranger = [account for account in _ACCOUNTS if account not in texts][:2]
    return here, stranger


def _place(account: str) -> dict[str, str]:
    """One partition, region and account, since the evaluator must know the role's own."""
    return {"${AWS::Partition}": "aws", "${AWS::Region}": "us-east-1", "${AWS::AccountId}": account}


def _paths(account: str, *policies: Policy) -> dict[tuple[str, str], str]:
    """The path and name of each role that is named, by account and name; sessions do not tell the path."""
    found: dict[tuple[str, str], str] = {}
    for policy in policies:
        for statement in policy.statements:
            for _, value in statement.principals.patterns if statement.principals else ():
                who = principal_of(put(value, _place(account)))
                if who.kind == "role" and who.account and who.role:
                    found[who.account, who.role] = who.text.partition(":role/")[2]
    return found


@dataclass(frozen=True, slots=True)
class _Encoded:
    """A trust policy as it was given, as it is in one account, and with its principals as resources."""

    given: Policy
    placed: Policy
    policy: Policy
    kept: tuple[int, ...]
    """Which statement of the given policy each encoded one is."""
    spelled: Mapping[str, str]
    """Each principal as it was given, by its pattern."""

    def source(self, index: int) -> Source:
        """The given policy's own statement, for an encoded one's number."""
        return Source(_LAYER, 0, self.kept[index], self.given.statements[self.kept[index]])

    @property
    def unclear(self) -> tuple[Undecided, ...]:
        """The statements of which nobody can say whom they spare."""
        reason = "a Deny with `NotPrincipal: *` says nobody or everybody"
        return tuple(
            Undecided(Source(_LAYER, 0, index, statement), reason)
            for index, statement in enumerate(self.given.statements)
            if statement.effect == "Deny"
            and statement.principals is not None
            and statement.principals.negated
            and any(value == "*" for kind, value in statement.principals.patterns if kind in ("*", "AWS"))
        )

    def lets_in(self, request: Request) -> bool:
        """What the ordinary evaluator says."""
        return evaluate(request, Layers(_ANYTHING, resource=(self.placed,))).allowed


def _encode(given: Policy, account: str, paths: Mapping[tuple[str, str], str]) -> _Encoded:
    placed = replace(given, statements=tuple(filled(statement, _place(account)) for statement in given.statements))
    spelled: dict[str, str] = {}
    statements: list[tuple[int, Statement]] = []
    for index, (original, statement) in enumerate(zip(given.statements, placed.statements, strict=True)):
        if original.principals is None or statement.principals is None:
            continue  # it speaks of nobody
        for (_, text), (kind, value) in zip(original.principals.patterns, statement.principals.patterns, strict=True):
            spelled[encoded(kind, value, paths) or ""] = text
        resources = _resources(statement.effect, statement.principals, paths)
        if resources is not None:
            statements.append((index, replace(statement, resources=resources, principals=None)))
    policy = replace(placed, statements=tuple(statement for _, statement in statements))
    return _Encoded(given, placed, policy, tuple(index for index, _ in statements), spelled)


def _resources(effect: str, who: Principals, paths: Mapping[tuple[str, str], str]) -> Globs | None:
    """Principals as resources; None when they are nobody."""
    texts = tuple(dict.fromkeys(text for pair in who.patterns if (text := encoded(*pair, paths)) is not None))
    if not who.negated:
        return Globs(texts) if texts else None
    spared = texts if effect == "Allow" else _spared(texts)
    return Globs(spared, negated=True) if spared else Globs(("*",))


def _spared(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Whom a Deny with NotPrincipal spares: only who is named at every level (session, role, account)."""
    homes = {text.removesuffix("*") for text in texts if text.startswith("AWS:") and text.endswith(":*")}
    found: list[str] = []
    for text in texts:
        kind, _, rest = text.partition(":")
        home = f"AWS:{rest.partition(':')[0]}:"
        role, hash_sign, session = text.partition("#")
        if kind != "AWS":  # everyone, a service, a provider
            found.append(text)
        elif text.removesuffix("*") in homes:
            found.append(f"{home}root")
        elif home in homes and (not hash_sign or (session != "*" and f"{role}#*" in texts)):
            found.append(text)
    return tuple(found)


def encoded(kind: str, value: str, paths: Mapping[tuple[str, str], str]) -> str | None:
    """A principal as a resource pattern; None for one that never takes on a role."""
    if kind == "CanonicalUser":
        return None
    if value == "*":
        return "*" if kind in ("*", "AWS") else f"{kind}:*"
    return _identity(value, paths) if kind == "AWS" else f"{kind}:{_literal(value)}"


def _identity(value: str, paths: Mapping[tuple[str, str], str]) -> str:
    """An account covers what is of it, and a role its sessions; what is no ARN equals only itself."""
    who = principal_of(value)
    if who.account is None:
        return f"AWS::{_literal(value)}"
    if who.kind == "root":
        return f"AWS:{who.account}:*"
    tail = _literal(arn_parts(value)[-1])
    if who.kind == "role":
        return f"AWS:{who.account}:{tail}#*"
    if who.kind == "session" and who.role is not None:
        path = paths.get((who.account, who.role), who.role)
        return f"AWS:{who.account}:role/{_literal(path)}#{_literal(who.text.rpartition('/')[2])}"
    return f"AWS:{who.account}:{tail}"


def _literal(text: str) -> str:
    """A text in which nothing is a pattern or a variable of IAM's; CloudFormation's references stay."""
    if not references(text):
        return _escaped(text)
    return "".join(_escaped(part) if isinstance(part, str) else part.text for part in split(text))


def _escaped(text: str) -> str:
    for sign in "%*?$#":
        text = text.replace(sign, f"%{ord(sign):02X}")
    return text


@dataclass(frozen=True, slots=True)
class _Asker:
    """Puts what was found to the evaluator: the role is of account `here`, and nobody is of `stranger` by name."""

    here: str
    stranger: str

    def confirmed(
        self, pieces: Iterable[Piece], old: _Encoded, new: _Encoded
    ) -> tuple[tuple[Piece, ...], list[Undecided]]:
        """The pieces as a trust policy's, each with a request that the evaluator agrees about; the rest undecided."""
        found: dict[tuple[Source, str, str], Piece] = {}
        unsure: list[Undecided] = []
        for piece in pieces:
            source = new.source(piece.source.index)
            resource = new.spelled.get(piece.resource) or _unescaped(piece.resource)
            request = self.request(piece, old, new)
            if request is None:
                unsure.append(Undecided(source, f"the evaluator does not confirm what was found about {resource}"))
                continue
            because = piece.because.replace(" side ", " trust policy ").replace("identity[0]", f"{_LAYER}[0]")
            one = Piece(source, piece.action, resource, request, piece.tier, because)
            found.setdefault((source, one.action, one.resource), one)
        return tuple(found.values()), unsure

    def request(self, piece: Piece, old: _Encoded, new: _Encoded) -> Request | None:
        """A request by a principal whom the one policy lets in and the other does not."""
        role = f"arn:aws:iam::{self.here}:role/example"
        for principal in _principals(piece, self.stranger):
            request = Request(piece.request.action, role, principal, {**implied(principal), **_context(piece)})
            if new.lets_in(request) and not old.lets_in(request):
                return request
        return None


def _context(piece: Piece) -> dict[str, Any]:
    return dict(piece.request.context or {})


def _principals(piece: Piece, stranger: str) -> Iterator[str]:
    """Principals that a found resource may stand for, the likeliest first."""
    told = next((value for key, value in _context(piece).items() if key.lower() == "aws:principalarn"), None)
    if isinstance(told, str):
        yield told
    kind, _, rest = piece.request.resource.partition(":")
    if kind in ("Service", "Federated"):
        yield _unescaped(rest)
    if kind == "AWS":
        account, _, tail = rest.partition(":")
        yield from _of_account(account, tail)
    yield from (f"arn:aws:iam::{stranger}:user/example", "*", "example.amazonaws.com")


def _of_account(account: str, tail: str) -> Iterator[str]:
    if not account:
        yield _unescaped(tail)
        return
    name, session, asked = tail.partition("#")
    if name.startswith("role/") and session:
        yield f"arn:aws:sts::{account}:assumed-role/{_unescaped(name).rpartition('/')[2]}/{_unescaped(asked)}"
    elif tail == "root" or tail.startswith("user/"):
        yield f"arn:aws:iam::{account}:{_unescaped(tail)}"
    elif tail.startswith("federated-user/"):
        yield f"arn:aws:sts::{account}:{_unescaped(tail)}"
    else:
        yield f"arn:aws:iam::{account}:user/{_unescaped(tail)}"
        yield f"arn:aws:sts::{account}:assumed-role/{_unescaped(tail)}/example"
    yield f"arn:aws:iam::{account}:root"


def _unescaped(text: str) -> str:
    for sign in "#$?*%":
        text = text.replace(f"%{ord(sign):02X}", sign)
    return text


def _undecided(item: Undecided, *sides: _Encoded) -> Undecided:
    """As the trust policy's own statement."""
    for side in sides:
        if item.source.statement in side.policy.statements:
            return Undecided(side.source(side.policy.statements.index(item.source.statement)), item.reason)
    return item
