"""Prove for every role of an app, and for every request, that it is within the guardrails; or show where it is not.

Roles are taken as they will be: inline statements with the names that the app's resources will have, AWS's managed
policies, the permissions boundary. Statements that several roles share are proven once. What cannot be proven is no
better than what is broken. A guardrail with Allow statements is a ceiling: a role must stay within them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Final, TypeAlias

from remit.errors import Origin
from remit.iam.comparison import Piece, Undecided
from remit.iam.decide.evaluate import Layers, evaluate
from remit.iam.policy import VERSION, Condition, Globs, Policy, Statement, allow
from remit.iam.policy_text import is_late
from remit.iam.prove.compare import Policies, gain_of_today, gains
from remit.roles.defaults import SOURCE_FUNCTION
from remit.roles.deploy_places import Candidate, candidates
from remit.roles.reference_names import fill_policy, fill_references, fill_statement, names_of, references, resources_of
from remit.roles.reference_shapes import Shapes, shapes_of
from remit.roles.role_policies import Place, ready_role

if TYPE_CHECKING:
    from remit.app import App, Grant
    from remit.holders import Holder
    from remit.roles.guardrails import Guardrail

_FirstGain: TypeAlias = Callable[[Policies, Policies], "Piece | Undecided | None"]
"""What a role first gains beyond a guardrail: any gain, or one of today, which takes longer to find."""
_AT_ONCE: Final = 200  # statements that are proven in one comparison, whose budget they share
_TOLD: Final = 200  # of the statements that break a guardrail
_GUESSED: Final = re.compile(r"-\*|-\?{6}|/\*$")
"""A part of a name that CloudFormation will make up, where a `*` stands."""


@dataclass(frozen=True, slots=True)
class GrantedStatement:
    """A statement that gives a role access: one of its grants, or of a managed policy (by its ARN)."""

    role: Holder
    statement: Statement
    version: str
    grant: Grant | None = None
    managed: str | None = None


@dataclass(frozen=True, slots=True)
class Breach:
    """A guardrail that a role does not keep to: `finding` is the request that shows it, or why nothing is proven.

    `line` is the guardrail's Deny, or the file when nothing in it allows the request. `unread`: a managed policy of the
    role, or its boundary, that nobody has here.
    """

    guardrail: Guardrail
    granted: GrantedStatement
    finding: Piece | Undecided | None
    line: Origin
    unread: str | None = None
    note: str | None = None
    """What is not certain of the role, so that nothing is proven of it."""


@dataclass(frozen=True, slots=True)
class Proof:
    """Every role is within every guardrail when there are no breaches: at `places`, or wherever if there are none.

    `elsewhere` are the places where a ceiling does not speak of what the roles have; breaches are those `at` one place.
    """

    breaches: tuple[Breach, ...] = ()
    places: tuple[Candidate, ...] = ()
    elsewhere: tuple[Candidate, ...] = ()
    at: Candidate | None = None


@dataclass(frozen=True, slots=True)
class _Limits:
    """The limits of a role's statements beside themselves: its denials, its boundary, and what of it nobody has."""

    denies: tuple[Policy, ...]
    boundary: tuple[Policy, ...]
    unread: str | None


def prove(
    app: App,
    roles: Sequence[Holder],
    rails: Sequence[Guardrail],
    place: Place | None = None,
    documents: Mapping[str, Policy] | None = None,
) -> Proof:
    """Hold every role against every guardrail, at a place or, without one, wherever the app may be deployed.

    What a guardrail forbids must be out of reach wherever the app may be. A ceiling that spells partition, region or
    account (`arn:aws:…`) is met where the app is deployed there: `Proof.places`. What nobody knows of a role is a
    breach, too. `documents` are the policies that the app makes itself, by their reference.
    """
    if not rails:
        return Proof()
    prover = _Prover(app, roles, documents or {})
    unread = tuple(prover.unread(rails))
    failing = [rail for rail in rails if prover.is_broken(rail, place or {})]
    tried = candidates(*prover.spelled(failing)) if place is None and failing else ()
    if not tried:
        return Proof((*unread, *prover.all_breaches(failing, place or {})))
    good: list[Candidate] = []
    bad: list[Candidate] = []
    for candidate in tried:
        broken = [rail for rail in failing if prover.is_broken(rail, candidate.place)]
        if not all(rail.ceiling for rail in broken):  # what a guardrail forbids is in reach here
            return Proof((*unread, *prover.all_breaches(failing, candidate.place)), at=candidate)
        if broken:
            bad.append(candidate)
        else:
            good.append(candidate)
    if not good:
        return Proof((*unread, *prover.all_breaches(failing, bad[0].place)), at=bad[0])
    if not bad:
        return Proof(unread)
    return Proof(unread, places=tuple(good), elsewhere=tuple(bad))


class _Prover:
    """The roles of an app made ready, at each place that is asked about."""

    def __init__(self, app: App, roles: Sequence[Holder], documents: Mapping[str, Policy]) -> None:
        names = names_of(app)
        # References as far as they are known: `_exact` has names, `_shapes` ARNs with a symbol for what is not known.
        self._exact = {text: name for text, name in names.items() if not _GUESSED.search(name)}
        self._shapes = shapes_of(resources_of(app)).beside(Shapes())
        self._source_arns = {function.name: function.source_arn for function in app.functions}
        self._roles = [ready_role(role, {}, documents) for role in roles]
        self._limits = {role.logical_id: self._limits_of(role) for role in self._roles}
        self._owners: dict[tuple[Statement, str], list[GrantedStatement]] = {}
        """The roles and grants that each Allow statement comes from, by it and its policy's version."""
        for role in self._roles:
            for granted in self._granted(role, names):
                self._owners.setdefault((granted.statement, granted.version), []).append(granted)
        self._batches = cache(self._batched)
        self._rail = cache(self._placed)

    def _granted(self, role: Holder, names: Mapping[str, str]) -> Iterator[GrantedStatement]:
        """Yield the Allow statements of a role's grants and of its managed policies that are known."""
        for grant in role.grants:
            if grant.statement.effect == "Allow":
                statement = fill_statement(_with_names(grant.statement, names, self._exact), self._shapes)
                yield GrantedStatement(role, statement, grant.version, grant)
        for policy in role.policies:
            document = policy.document
            if policy.how == "managed" and document is not None:
                for statement in document.statements:
                    if statement.effect == "Allow":
                        yield GrantedStatement(role, statement, document.version, managed=policy.name)

    def _known(self, statement: Statement) -> Statement:
        """A statement with its references as far as they are known for certain: exactly, or in their shape."""
        return fill_statement(fill_statement(statement, self._exact), self._shapes)

    def _limits_of(self, role: Holder) -> _Limits:
        """The denials and the boundary of a role, with references as far as they are known for certain.

        A role that is denied something for its functions' code is denied all requests that are not by that code: only
        those by code matter to guardrails.
        """
        denies = []
        for policy in role.layers.identity:
            denials = tuple(self._known(statement) for statement in policy.statements if statement.effect == "Deny")
            if any(condition.key == SOURCE_FUNCTION for denial in denials for condition in denial.conditions):
                # Guardrails hold for what the code of functions asks for: no other request matters here.
                arns = tuple(self._source_arns[name] for name in role.functions if name in self._source_arns)
                by_others = Condition("ArnNotEquals", SOURCE_FUNCTION, arns)
                not_by_code = Statement("Deny", Globs(("*",)), Globs(("*",)), conditions=(by_others,))
                denials = (*denials, self._known(not_by_code))
            if denials:
                denies.append(Policy(denials, policy.version))
        return _Limits(tuple(denies), role.layers.boundary, role.unread_boundary)

    def unread(self, rails: Sequence[Guardrail]) -> Iterator[Breach]:
        """Yield a breach of the first guardrail for all that is not known of a role: it may do anything by that.

        These are policies that nobody has here, notes on the role, and actions that only the deploy knows.
        """
        file = Origin(rails[0].file)
        for role in self._roles:
            nothing = GrantedStatement(role, _NOTHING, VERSION)
            for arn in role.unread:
                yield Breach(rails[0], nothing, None, file, arn)
            for note in () if role.only_attached_to else role.notes:
                yield Breach(rails[0], nothing, None, role.origin or file, note=note)
            for grant in role.grants:
                late_bound = [text for text in grant.statement.actions.patterns if is_late(text)]
                if late_bound and grant.statement.effect == "Allow" and not grant.statement.actions.negated:
                    note = f"which action {late_bound[0]} is, is known at the deploy only"
                    yield Breach(rails[0], replace(nothing, grant=grant), None, file, note=note)

    def spelled(self, rails: Sequence[Guardrail]) -> tuple[list[str], list[str]]:
        """The resources and the values of conditions of these guardrails and of all roles."""
        policies = [rail.policy for rail in rails]
        for limits in self._limits.values():
            policies += (*limits.denies, *limits.boundary)
        statements = [statement for policy in policies for statement in policy.statements]
        statements += (statement for statement, _ in self._owners)
        resources: list[str] = []
        values: list[str] = []
        for statement in statements:
            if statement.resources:
                resources += statement.resources.patterns
            for condition in statement.conditions:
                values += condition.values
        return resources, values

    def all_breaches(self, rails: Sequence[Guardrail], place: Place) -> tuple[Breach, ...]:
        """The breaches to report at a place, of each guardrail no more than `_TOLD` statements."""
        return tuple(breach for rail in rails for breach in self._breaches(rail, place, _TOLD, _gain_of_today))

    def is_broken(self, rail: Guardrail, place: Place) -> bool:
        """Return whether something is not proven of a guardrail at a place.

        Any gain shows it, and takes least to find.
        """
        return bool(self._breaches(rail, place, 1, gains))

    def _breaches(self, rail: Guardrail, place: Place, most: int, first_gain: _FirstGain) -> list[Breach]:
        """List the parts of a guardrail that are not proven at a place.

        No more than `most` statements are looked into.
        """
        at = tuple(place.items())
        policy = self._rail(rail, at)
        all_breaches: list[Breach] = []
        looked = 0
        for keys, batch in self._batches(at):
            if gains(policy, batch) is None:
                continue
            for number, key in enumerate(keys):
                if gains(policy, replace(batch, statements=(batch.statements[number],))) is None:
                    continue
                breaches = self._of_owners(rail, key, place, first_gain)
                all_breaches += breaches
                looked += bool(breaches)
                if looked >= most:
                    return all_breaches
        return all_breaches

    def _of_owners(
        self, rail: Guardrail, key: tuple[Statement, str], place: Place, first_gain: _FirstGain
    ) -> list[Breach]:
        """The breaches by roles whose own denials and boundary leave something of a statement beyond a guardrail.

        `key` is in `_owners`; `first_gain` finds the request that shows it.
        """
        policy = fill_policy(Policy((key[0],), key[1]), place)
        remainders: dict[_Limits, Piece | Undecided | None] = {}
        breaches = []
        for granted in self._owners[key]:
            limits = self._limits[granted.role.logical_id]
            if limits not in remainders:
                denies = tuple(fill_policy(denial, place) for denial in limits.denies)
                boundary = tuple(fill_policy(allowed, place) for allowed in limits.boundary)
                layers = Layers((policy, *denies), boundary)
                remainders[limits] = first_gain(self._rail(rail, tuple(place.items())), layers)
            remainder = remainders[limits]
            if remainder is not None:
                breaches.append(Breach(rail, granted, remainder, self._line(rail, remainder, place), limits.unread))
        return breaches

    def _line(self, rail: Guardrail, reason: Piece | Undecided, place: Place) -> Origin:
        """The line of the Deny that forbids a finding's request; the guardrail's file where no Deny does."""
        if isinstance(reason, Piece) and not rail.ceiling:
            policy = self._rail(rail, tuple(place.items()))
            for statement, origin in zip(policy.statements, rail.origins, strict=False):
                single = replace(policy, statements=(statement,))
                if evaluate(reason.request, single).verdict == "ExplicitlyDenied":
                    return origin
        return Origin(rail.file)

    def _batched(self, at: tuple[tuple[str, str], ...]) -> list[tuple[list[tuple[Statement, str]], Policy]]:
        """Every statement that a role is given, in batches: keys in `_owners`, and a policy of them, in that order.

        All of a batch have one version of the policy language; references in the policy are filled as of a place.
        """
        batches = []
        for version in dict.fromkeys(version for _, version in self._owners):
            keys = [key for key in self._owners if key[1] == version]
            for start in range(0, len(keys), _AT_ONCE):
                batch_keys = keys[start : start + _AT_ONCE]
                batch = Policy(tuple(statement for statement, _ in batch_keys), version)
                batches.append((batch_keys, fill_policy(batch, dict(at))))
        return batches

    def _placed(self, rail: Guardrail, at: tuple[tuple[str, str], ...]) -> Policy:
        """The policy of a guardrail as it is at a place."""
        exact = tuple(map(self._known, rail.policy.statements))
        return fill_policy(replace(rail.policy, statements=exact), dict(at))


_NOTHING: Final = allow()
"""Stands for the statements of a policy that nobody has here."""


def _with_names(statement: Statement, names: Mapping[str, str], exact: Mapping[str, str]) -> Statement:
    """A statement that allows, with its references in place; a name that is partly guessed only where it can but widen.

    Guessed names are patterns, which in a NotResource or a condition could make it mean less than it will.
    """
    exact_statement = fill_statement(statement, exact)
    if exact_statement.resources is None or exact_statement.resources.negated:
        return exact_statement
    patterns = tuple(fill_references(text, names) for text in exact_statement.resources.patterns)
    return replace(exact_statement, resources=Globs(patterns))


def _gain_of_today(guardrail: Policies, role: Policies) -> Piece | Undecided | None:
    """Return a role's first gain beyond a guardrail, with a request of today where any shows it.

    None: there is none.
    """
    gain = gains(guardrail, role)
    if isinstance(gain, Piece):
        return gain_of_today(role, guardrail) or gain
    return gain


def unresolved(piece: Piece) -> tuple[str, ...]:
    """The references that a request of a finding still holds: nobody knows what they stand for."""
    texts = [piece.request.resource]
    for key, value in piece.context.items():
        if key == SOURCE_FUNCTION:  # the function's own ARN, wherever it is
            continue
        texts += map(str, value if isinstance(value, list) else [value])
    return tuple(dict.fromkeys(reference.text for text in texts for reference in references(text)))
