"""The condition operators as a table, and whether a condition holds: True, False, or None when the request does not say.

An absent key makes positive operators false and negated ones true, …IfExists true; several values are alternatives (for a
negated operator: none may match). A value that cannot be read as the operator's type equals nothing. A key with several
values has no meaning to an operator without ForAnyValue or ForAllValues: the condition is not met.

Source: "IAM JSON policy elements: Condition operators" and "Set operators for multivalued context keys" (IAM User Guide).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from remit.errors import RemitError, did_you_mean
from remit.iam import values
from remit.iam.pattern import STAR, Matcher, Piece, compile_pieces, matcher, tidy
from remit.iam.request import OPEN, Request
from remit.iam.variable import (
    Asked,
    Late,
    Parts,
    Resolved,
    asked,
    describes,
    holds,
    names_in,
    parts_of,
    resolve,
    sealed,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from remit.iam.policy import Condition

Truth: TypeAlias = bool | None
Check: TypeAlias = "Callable[[str, Request], Truth]"
"""Whether one value of the request is matched by any value of the policy."""
Maker: TypeAlias = "Callable[[tuple[str, ...], str], Check]"
Test: TypeAlias = "Callable[[Request], Truth]"


def either(truths: Iterable[Truth]) -> Truth:
    """True if any is, else None if any is unknown, else False."""
    found: Truth = False
    for truth in truths:
        if truth:
            return True
        if truth is None:
            found = None
    return found


def every(truths: Iterable[Truth]) -> Truth:
    """False if any is, else None if any is unknown, else True."""
    found: Truth = True
    for truth in truths:
        if truth is False:
            return False
        if truth is None:
            found = None
    return found


def _equals(texts: tuple[str, ...], version: str) -> Check:
    literals, templates = _sorted_out(texts, version, globs=False)
    known = frozenset(literals)
    if not templates:
        return lambda value, request: value in known or ("${" in value and _late(value, known, request))
    return lambda value, request: (
        value in known or either((_late(value, known, request), *_held(templates, value, request)))
    )


def _equals_ignoring_case(texts: tuple[str, ...], version: str) -> Check:
    literals, templates = _sorted_out(texts, version, globs=False)
    known = frozenset(text.lower() for text in literals)

    def check(value: str, request: Request) -> Truth:
        if value.lower() in known:
            return True
        if not templates and "${" not in value:
            return False
        found = asked(value, request, globs=False)
        low = Asked(_lower(found.sure), _lower(found.maybe), is_set=False)
        filled = [resolve(parts, request) for parts in (*templates, *_late_parts(value, known))]
        return either(
            describes(Resolved(_lower(one.sure), one.maybe and _lower(one.maybe)), low) for one in filled if one
        )

    return check


def _lower(parts: tuple[Piece, ...]) -> tuple[Piece, ...]:
    return tuple(part.lower() if isinstance(part, str) else part for part in parts)


def _like(texts: tuple[str, ...], version: str) -> Check:
    literals, templates = _sorted_out(texts, version, globs=True)
    globs = tuple(matcher(text) for text in literals)
    known = frozenset(literals)
    if len(globs) == 1 and not templates:
        (only,) = globs
        return lambda value, request: only(value) or ("${" in value and _late(value, known, request))
    return lambda value, request: (
        any(glob(value) for glob in globs) or either((_late(value, known, request), *_held(templates, value, request)))
    )


def _sorted_out(texts: tuple[str, ...], version: str, *, globs: bool) -> tuple[tuple[str, ...], tuple[Parts, ...]]:
    """The values without holes, and those with."""
    plain = tuple(text for text in texts if "${" not in text)
    return plain, tuple(parts_of(text, version, globs=globs) for text in texts if "${" in text)


def _held(templates: tuple[Parts, ...], value: str, request: Request) -> Iterator[Truth]:
    found = asked(value, request, globs=False)
    return (holds(parts, found, request) for parts in templates)


def _late(value: str, known: frozenset[str], request: Request) -> Truth:
    """A value that is late-bound itself may turn out to be one of the known ones."""
    if "${" not in value:
        return False
    return either(_held(_late_parts(value, known), value, request))


def _late_parts(value: str, known: frozenset[str]) -> tuple[Parts, ...]:
    return tuple(parts_of(text, "") for text in sorted(known)) if "${" in value else ()


ARN_COLONS: Final = 5


def _arn(texts: tuple[str, ...], version: str) -> Check:
    literals, templates = _sorted_out(texts, version, globs=True)
    plain = tuple(six for six in map(_six_matchers, literals) if six)
    known = frozenset(literals)

    def check(value: str, request: Request) -> Truth:
        components = value.split(":", ARN_COLONS)
        if len(components) > ARN_COLONS and any(
            all(match(text) for match, text in zip(six, components, strict=True)) for six in plain
        ):
            return True
        if not templates and "${" not in value:
            return False
        found = asked(value, request, globs=False)
        return either(_arn_held(parts, found, request) for parts in (*templates, *_late_parts(value, known)))

    return check


def _six_matchers(pattern: str) -> tuple[Matcher, ...] | None:
    """One matcher per component; a lone `*` means every ARN, fewer than six components none."""
    components = ["*"] * 6 if pattern == "*" else pattern.split(":", ARN_COLONS)
    return tuple(matcher(component) for component in components) if len(components) > ARN_COLONS else None


def _arn_held(parts: Parts, found: Asked, request: Request) -> Truth:
    resolved = resolve(parts, request)
    if resolved is None:
        return False
    symbols: dict[str, str] = {}
    if _same_arn(sealed(resolved.sure, symbols), sealed(found.sure, symbols), symbols):
        return True
    unsure = resolved.maybe is not None or found.maybe != found.sure
    return None if unsure and describes(resolved, found) is not False else False


def _same_arn(pattern: tuple[Piece, ...], text: tuple[Piece, ...], symbols: dict[str, str]) -> bool:
    value = str(text[0]) if text else ""
    if pattern == text and value in symbols.values():
        return True  # one reference, compared with itself
    components = value.split(":", ARN_COLONS)
    six = _split_arn(pattern)
    if six is None or len(components) <= ARN_COLONS:
        return False
    return all(compile_pieces(part)(one) for part, one in zip(six, components, strict=True))


def _split_arn(parts: tuple[Piece, ...]) -> list[tuple[Piece, ...]] | None:
    """The six components of a pattern; what follows the fifth colon belongs to the sixth."""
    components: list[list[Piece]] = [[]]
    for part in parts:
        if not isinstance(part, str):
            components[-1].append(part)
            continue
        first, *others = part.split(":", ARN_COLONS + 1 - len(components))
        components[-1].append(first)
        components.extend([other] for other in others)
    if len(components) <= ARN_COLONS:
        return [(STAR,)] * 6 if parts == (STAR,) else None
    return [tidy(component) for component in components]


def _typed(read: Callable[[str], Any], compare: Callable[[Any, Any], bool]) -> Maker:
    """A maker for values of a type; what `read` cannot read (None) equals nothing."""
    cached = lru_cache(maxsize=4096)(read)

    def make(texts: tuple[str, ...], _: str) -> Check:
        limits = tuple(limit for limit in map(read, texts) if limit is not None)
        late = tuple(
            part.text for text in texts if "${" in text for part in parts_of(text, "") if isinstance(part, Late)
        )

        def check(value: str, request: Request) -> Truth:
            found = cached(value)
            if found is not None and any(compare(found, limit) for limit in limits):
                return True
            if not late and "${" not in value:
                return False
            names = (*late, *(part.text for part in parts_of(value, "") if isinstance(part, Late)))
            return None if any(request.leaves_open(name) for name in names) else False

        return check

    return make


@dataclass(frozen=True, slots=True)
class Operator:
    """An operator: how it makes a check from the policy's values, and whether it is the negation of that check."""

    make: Maker
    negated: bool = False
    kind: str = "String"


def _comparisons(kind: str, read: Callable[[str], Any]) -> dict[str, Operator]:
    make = {name: _typed(read, compare) for name, compare in values.COMPARISONS.items()}
    table = {f"{kind}{name}": Operator(maker, kind=kind) for name, maker in make.items()}
    return {**table, f"{kind}NotEquals": Operator(make["Equals"], negated=True, kind=kind)}


OPERATORS: Final[dict[str, Operator]] = {
    "StringEquals": Operator(_equals),
    "StringNotEquals": Operator(_equals, negated=True),
    "StringEqualsIgnoreCase": Operator(_equals_ignoring_case),
    "StringNotEqualsIgnoreCase": Operator(_equals_ignoring_case, negated=True),
    "StringLike": Operator(_like),
    "StringNotLike": Operator(_like, negated=True),
    "ArnEquals": Operator(_arn, kind="Arn"),
    "ArnNotEquals": Operator(_arn, negated=True, kind="Arn"),
    "ArnLike": Operator(_arn, kind="Arn"),
    "ArnNotLike": Operator(_arn, negated=True, kind="Arn"),
    **_comparisons("Numeric", values.number),
    **_comparisons("Date", values.instant),
    "Bool": Operator(_typed(values.boolean, values.equal), kind="Bool"),
    "BinaryEquals": Operator(_typed(values.binary, values.equal), kind="Binary"),
    "IpAddress": Operator(_typed(values.network, values.inside), kind="IpAddress"),
    "NotIpAddress": Operator(_typed(values.network, values.inside), negated=True, kind="IpAddress"),
    "Null": Operator(_equals, kind="Null"),
}
_BY_FOLDED: Final = {name.lower(): name for name in OPERATORS}
QUANTIFIERS: Final = ("ForAllValues", "ForAnyValue")


def compile_condition(condition: Condition, version: str) -> Test:
    """A test of requests. RemitError when the operator or the quantifier does not exist (IAM refuses such a policy)."""
    folded = condition.operator.lower()
    if_exists = condition.if_exists or folded.endswith("ifexists")
    name = _BY_FOLDED.get(folded.removesuffix("ifexists"))
    quantifier = condition.quantifier.lower()
    if name is None or (name == "Null" and if_exists):
        hint = did_you_mean(condition.operator, OPERATORS) if name is None else "Null tests the presence by itself"
        raise RemitError(f"there is no condition operator `{condition.spelled}`", hint=hint)
    if quantifier not in _TESTS:
        raise RemitError(
            f"there is no set operator `{condition.quantifier}`", hint=did_you_mean(quantifier, QUANTIFIERS)
        )
    key = condition.key.lower()
    if name == "Null":
        return _null(key, frozenset(text.lower() for text in condition.values))
    operator = OPERATORS[name]
    return _TESTS[quantifier](key, operator.make(condition.values, version), operator.negated, if_exists)


def _null(key: str, wanted: frozenset[str]) -> Test:
    absent, present = "true" in wanted, "false" in wanted

    def test(request: Request) -> Truth:
        value = request.value(key)
        if value is OPEN and absent != present:
            return None
        return absent if value is None else present

    return test


def _single(key: str, check: Check, negated: bool, if_exists: bool) -> Test:  # noqa: FBT001 - the table's one shape
    when_absent = if_exists or negated

    def test(request: Request) -> Truth:
        value = request.value(key)
        if isinstance(value, str):
            found = check(value, request)
            return (None if found is None else not found) if negated else found
        if value is None:
            return when_absent
        return None if value is OPEN else False

    return test


def _any_value(key: str, check: Check, negated: bool, if_exists: bool) -> Test:  # noqa: FBT001 - as _single
    def test(request: Request) -> Truth:
        value = request.value(key)
        if value is OPEN:
            return None
        several = _several(value)
        return either(_turned(check(one, request), negated) for one in several) if several else if_exists

    return test


def _all_values(key: str, check: Check, negated: bool, _: bool) -> Test:  # noqa: FBT001 - as _single
    def test(request: Request) -> Truth:
        value = request.value(key)
        return None if value is OPEN else every(_turned(check(one, request), negated) for one in _several(value))

    return test


def _turned(truth: Truth, negated: bool) -> Truth:  # noqa: FBT001 - as _single
    return truth if truth is None or not negated else not truth


def _several(value: object) -> tuple[str, ...]:
    """The values as a set; absent, empty, and a lone empty string are the empty set."""
    if isinstance(value, tuple):
        return () if value == ("",) else value
    return (value,) if isinstance(value, str) and value else ()


_TESTS: Final[dict[str, Callable[[str, Check, bool, bool], Test]]] = {
    "": _single,
    "foranyvalue": _any_value,
    "forallvalues": _all_values,
}


def open_names(condition: Condition, request: Request, version: str) -> Iterator[str]:
    """What a condition would have to know: its key, or the variables and references in its values."""
    if request.value(condition.key.lower()) is OPEN:
        yield condition.key
        return
    value = request.value(condition.key.lower())
    for text in (*condition.values, *_several(value)):
        yield from names_in(parts_of(text, version), request)
