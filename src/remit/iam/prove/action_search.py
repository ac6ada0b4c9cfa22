"""Find the actions of a statement that other statements leave open, and a real action of AWS for each.

The procedure is the one of `resource_search`, one level up: the points of an action pattern are tried against the
covering statements, and the pattern is narrowed to what NotAction spares.
"""

from __future__ import annotations

from functools import cached_property
from itertools import chain, groupby
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from remit.catalogue.action_keys import carries
from remit.catalogue.action_resources import resources_asked, services_taking
from remit.catalogue.actions import full_name
from remit.iam.pattern import is_pattern, matcher
from remit.iam.prove.budget import Budget, Exhausted
from remit.iam.prove.encoded_text import has_marks
from remit.iam.prove.glob_sets import UndecidedQuestion, points
from remit.iam.prove.real_requests import can_be_asked, nameable
from remit.iam.rcp_reach import BEYOND_RCPS, REACHED_PATTERNS, is_reached
from remit.iam.special_cases import ALWAYS_ALLOWED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from remit.iam.prove.resource_search import ResourceSearch, Witness
    from remit.iam.prove.statement_space import Box, Index

ActionsOf: TypeAlias = "Callable[[str], Sequence[str]]"
"""The existing actions that a pattern matches, as AWS spells them."""
MOST_PATTERNS: Final = 2_000
_STEPS_PER_MEET: Final = 50
_ACTION: Final = "*:*"
_SERVICE: Final = 2  # among the parts of an ARN


def catalogue_actions(pattern: str) -> Sequence[str]:
    """The existing actions that a pattern matches, as the catalogue has them."""
    if is_pattern(pattern):
        from remit.catalogue.expand import expand  # noqa: PLC0415 - only for patterns that gain something

        return expand(pattern)
    name = full_name(pattern)
    return () if name is None else (name,)


def no_actions(_: str) -> Sequence[str]:
    """The `ActionsOf` for questions where it does not matter which actions exist."""
    return ()


class Opening(NamedTuple):
    """An action that is left open: a folded name (`real` as AWS spells it, if it exists) on a resource pattern.

    `pattern` is the action pattern (folded) that it stands for: the one that was asked about, or the part of it that
    all of the required statements share and no cover spares. `usable`: the witness names a resource that a request for
    the real action can name.
    """

    action: str
    real: str | None
    pattern: str
    resource: str
    witness: Witness
    usable: bool = False

    def at(self, resource: str) -> Opening:
        """The same with another resource (encoded) in the place of its witness's."""
        return self._replace(witness=self.witness._replace(resource=resource))


class Case(NamedTuple):
    """One way in which two sides may differ: all of `required` apply, and none of `covers` does.

    With `of_rcp` a required statement is an RCP's, which has an effect on the actions alone that RCPs reach.
    """

    required: tuple[Box, ...]
    covers: tuple[Index, ...]
    of_rcp: bool = False

    def active(self, action: str, budget: Budget) -> tuple[Box, ...]:
        """The covers whose actions include an action."""
        if len(self.covers) == 1:
            return tuple(self.covers[0].at(action, budget))
        return tuple(dict.fromkeys(box for index in self.covers for box in index.at(action, budget)))


class ActionSearch:
    """The openings of a case, for each action pattern of its first required statement.

    With `of_today` each is one that a request of today can use, if there is such a one.
    """

    def __init__(
        self, case: Case, resource_search: ResourceSearch, actions_of: ActionsOf, *, of_today: bool = True
    ) -> None:
        self.case = case
        self.of_today = of_today
        self.resource_search = resource_search
        self.actions_of = actions_of
        self._groups: dict[str, tuple[list[list[str]], Iterator[list[str]]]] = {}
        self._active: dict[str, tuple[Box, ...]] = {}
        self.most_single_wildcards = max((index.most_single_wildcards for index in case.covers), default=0)
        self._beyond_covers = sorted(BEYOND_RCPS) if any(index.of_rcp for index in case.covers) else []
        self._sparing = [box for box in case.required if box.not_actions]
        for box in self._sparing:
            self.most_single_wildcards = max(self.most_single_wildcards, *(text.count("?") for text in box.actions))

    def openings(self, pattern: str) -> Iterator[Opening | UndecidedQuestion]:
        """Yield the openings within a folded action pattern (`*` for NotAction), by resource, or why undecided.

        `Exhausted` is yielded as well, as the last: nothing is raised.
        """
        try:
            resources = self.resources
        except UndecidedQuestion as reason:
            yield reason
            return
        for resource in resources:
            try:
                yield from self._on_resource(pattern, resource)
            except Exhausted as reason:
                yield reason
                return
            except UndecidedQuestion as reason:
                yield reason

    @cached_property
    def resources(self) -> tuple[str, ...]:
        """The resource patterns of the first statement (`*` for NotResource), as far as all required ones share them.

        Only texts that are compared as they are spelled are narrowed, so that each result is a text that people know.
        """
        candidate, *further = self.case.required
        lists = [box.resources for box in further if not box.not_resources and box.as_spelled]
        if candidate.not_resources:
            return ("*",)
        if lists and candidate.as_spelled:
            return tuple(self.resource_search.budget.meet_lists(candidate.resources, lists))
        return candidate.resources

    def _on_resource(self, pattern: str, resource: str) -> Iterator[Opening]:
        """Like `ResourceSearch._search`: narrow the pattern where covers with NotAction leave no other way.

        UndecidedQuestion: the actions can be narrowed in too many ways.
        """
        budget = self.resource_search.budget
        asked_patterns = (pattern,) if ":" in pattern else budget.meet(pattern, _ACTION)
        further = [box.actions for box in self.case.required[1:] if not box.not_actions]
        # Elsewhere the RCP denied nothing, so that nothing comes back when it goes.
        if self.case.of_rcp:
            further.append(REACHED_PATTERNS)
        shared = budget.meet_lists(asked_patterns, further)
        todo = [text for text in reversed(shared) if text in asked_patterns or _is_action(text)]
        visited = set(todo)
        while todo:
            narrow = todo.pop()
            opening, escapes = self._at_points(narrow, resource)
            if opening is not None:
                real = self._as_real(narrow, resource, opening)
                is_asked = narrow == pattern or narrow not in asked_patterns
                yield real if is_asked else real._replace(pattern=pattern)
                continue
            # As for resources: what escapes a NotAction lies within what it names.
            for box in escapes:
                budget.spend(_STEPS_PER_MEET * len(box.actions))
                parts = [part for text in box.actions for part in budget.meet(narrow, text)]
                fresh = [part for part in parts if part not in visited and _is_action(part)]
                visited.update(fresh)
                todo.extend(reversed(fresh))
            if len(visited) > MOST_PATTERNS:
                raise UndecidedQuestion("its actions can be narrowed in too many ways")

    def _at_points(self, pattern: str, resource: str) -> tuple[Opening | None, tuple[Box, ...]]:
        """An opening at a point of a pattern; else None, and the covers with NotAction to narrow the pattern for.

        (None, ()): no action of the pattern is open. UndecidedQuestion: a point could not be decided, or the budget is
        spent (Exhausted).
        """
        escapes: dict[Box, None] = {}
        # No other point stands for the actions on which some covers have no effect.
        beyond = [action for action in self._beyond_covers if matcher(pattern)(action)]
        for point in (*points(pattern, self.most_single_wildcards), *beyond):
            if point[0] == ":" or point[-1] == ":" or not self.includes(point):
                continue  # an action has a service and a name
            active = self.active_covers(point)
            witness = self.witness(resource, active)
            if witness is not None:
                return Opening(point, None, pattern, resource, witness), ()
            with_action = tuple(box for box in active if not box.not_actions)
            with_not_action = [box for box in active if box.not_actions]
            if not with_not_action or self.witness(resource, with_action) is None:
                continue
            for box in with_not_action:
                if self.witness(resource, (box,)) is None:
                    return None, (box,)  # whatever point is tried, it leaves only what it names
            escapes.update(dict.fromkeys(with_not_action))
        return None, tuple(escapes)

    def active_covers(self, action: str) -> tuple[Box, ...]:
        """The covers whose actions include an action."""
        active = self._active.get(action)
        if active is None:
            active = self._active[action] = self.case.active(action, self.resource_search.budget)
        return active

    def includes(self, action: str) -> bool:
        """Return whether the required statements apply to the action: no NotAction names it."""
        if self.case.of_rcp and not is_reached(action):
            return False
        spared_patterns = [text for box in self._sparing for text in box.actions]
        return not any(matcher(text)(action) for text in spared_patterns)

    def witness(self, resource: str, covers: tuple[Box, ...]) -> Witness | None:
        """A witness on a resource pattern that these covers leave open; None: there is none.

        UndecidedQuestion: neither is proven.
        """
        candidate, *further = self.case.required
        self.resource_search.budget.spend(2 * len(covers) * len(self.case.required))
        if any(box.includes(resource, candidate) for box in covers):
            return None
        if further and any(box.includes_all(one) for box in covers for one in further):
            return None
        return self.resource_search.witness(resource, self.case.required, covers)

    def _as_real(self, pattern: str, resource: str, opening: Opening) -> Opening:
        """The same with an action that exists, if any is open: the first that a request of today can use, else any."""
        if not is_pattern(pattern):
            names = self.actions_of(pattern)
            return self._for_today(opening._replace(real=names[0])) if names else opening
        usable: Opening | None = None
        for names in self._alike(pattern, self._services_taking(resource)) if self.of_today else ():
            answer = self._real(names[0], pattern, resource)
            answer = None if answer is None else self._for_today(answer)
            if answer is None or not answer.usable:
                continue
            usable = usable or answer
            for name in names:
                if all(carries(name, key) for key, state in answer.witness.context.items() if state is not None):
                    return answer._replace(action=name.lower(), real=name)
        if usable is not None:
            return usable
        openings = (self._real(names[0], pattern, resource) for names in self._alike(pattern, None))
        return next((answer for answer in openings if answer is not None), opening)

    def _services_taking(self, resource: str) -> frozenset[str] | None:
        """The services with actions that take what a resource pattern and every required statement name.

        None: some may be any service's. Without this a statement on every action would be asked for 22,000 of them.
        """
        further = [box.resources for box in self.case.required[1:] if not box.not_resources]
        services: frozenset[str] | None = None
        for patterns in ((resource,), *further):
            arn_services = [_literal_service(pattern) for pattern in patterns]
            named = [service for service in arn_services if service is not None]
            if len(named) == len(patterns):
                taking = frozenset().union(*map(services_taking, named))
                services = taking if services is None else services & taking
        return services

    def _alike(self, pattern: str, services: frozenset[str] | None) -> Iterator[list[str]]:
        """The existing actions of a pattern that other statements may leave open, those together that are asked alike.

        The same covers apply to them, and their requests name the same resources.
        """
        patterns = [pattern]
        if services is not None:
            prefix, _, name = pattern.partition(":")
            patterns = [f"{service}:{name}" for service in sorted(services) if matcher(prefix)(service)]
        for part in patterns:
            known, further = self._groups.setdefault(part, ([], self._grouped(part)))
            yield from known
            for names in further:
                known.append(names)
                yield names

    def _grouped(self, pattern: str) -> Iterator[list[str]]:
        """Yield the existing actions of a pattern in groups that are asked alike, service by service."""
        for _, of_service in groupby(self._uncovered_actions(pattern), key=lambda name: name.partition(":")[0]):
            groups: dict[tuple[tuple[Box, ...], int], list[str]] = {}
            for name in of_service:
                groups.setdefault((self.active_covers(name.lower()), resources_asked(name)), []).append(name)
            yield from groups.values()

    def _for_today(self, opening: Opening) -> Opening:
        """The same on a resource that a request for its action can name, if there is one."""
        if not self.of_today or opening.real is None:
            return opening
        if can_be_asked(opening.real, opening.witness.resource):
            return opening._replace(usable=True)
        return next(self.narrowed(opening), opening)

    def narrowed(self, opening: Opening) -> Iterator[Opening]:
        """The same opening on the parts of its resource pattern that a request for its action can name."""
        if opening.real is None:
            return
        covers = self.active_covers(opening.action)
        parts = self.resource_search.parts(opening.resource, self.case.required, covers)
        for part in chain.from_iterable(nameable(opening.real, part) for part in parts):
            narrow = self._real(opening.real, opening.pattern, part)
            if narrow is not None and can_be_asked(opening.real, narrow.witness.resource):
                yield narrow._replace(resource=opening.resource, usable=True)

    def on_other_actions(self, opening: Opening) -> Iterator[Opening]:
        """The same opening on the other existing actions of its pattern, as far as a request of today can use them."""
        if not is_pattern(opening.pattern):
            return
        for name in self._uncovered_actions(opening.pattern):
            real = None if name == opening.real else self._real(name, opening.pattern, opening.resource)
            if real is not None:
                yield from self.narrowed(real)

    def _real(self, name: str, pattern: str, resource: str) -> Opening | None:
        """An opening for an existing action on a resource pattern. None: there is none, or that is undecided.

        Exhausted: the budget is spent.
        """
        try:
            witness = self.witness(resource, self.active_covers(name.lower()))
        except Exhausted:
            raise
        except UndecidedQuestion:
            return None
        return None if witness is None else Opening(name.lower(), name, pattern, resource, witness)

    def _uncovered_actions(self, pattern: str) -> Iterator[str]:
        """The existing actions of a pattern to which the required statements apply, and no cover plainly everywhere."""
        names = self.actions_of(pattern)
        beside = {name for box in self._sparing for text in box.actions for name in self.actions_of(text)}
        for index in self.case.covers:
            for box in index.boxes:
                if box.everywhere and not box.not_actions and len(names) > len(box.actions):
                    everywhere = (name for text in box.actions for name in self.actions_of(text))
                    beside.update(name for name in everywhere if not index.of_rcp or is_reached(name.lower()))
        for name in names:
            folded = name.lower()
            if not (name in beside or folded in ALWAYS_ALLOWED or (self.case.of_rcp and not is_reached(folded))):
                yield name


def _literal_service(pattern: str) -> str | None:
    """The service in the ARNs that a resource pattern (encoded) matches; None where it may be any."""
    components = pattern.split(":", _SERVICE + 1)
    arn_head = "".join(components[: _SERVICE + 1])
    if len(components) <= _SERVICE + 1 or is_pattern(arn_head) or has_marks(arn_head):
        return None
    return components[_SERVICE]


def _is_action(text: str) -> bool:
    """Return whether a text may be an action, which has one colon."""
    return text.count(":") == 1
