"""How condition operators compare texts: equal, equal but for case, like a pattern, and ARNs by component.

Values may hold IAM's variables, and values of the policy and of the request CloudFormation's references.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from remit.iam.pattern import STAR, Late, Matcher, Piece, covers_pieces, matcher, tidy
from remit.iam.policy_text import Asked, Parts, Resolved, asked, describes, holds, parts_of, resolve

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from remit.iam.request import Request

Truth: TypeAlias = bool | None
"""True, False, or None: the request does not say."""
Check: TypeAlias = "Callable[[str, Request], Truth]"
"""Whether one value of the request is matched by any value of the policy."""


def either(truths: Iterable[Truth]) -> Truth:
    """True if any is, else None if any is unknown, else False."""
    answer: Truth = False
    for truth in truths:
        if truth:
            return True
        if truth is None:
            answer = None
    return answer


def every(truths: Iterable[Truth]) -> Truth:
    """False if any is, else None if any is unknown, else True."""
    answer: Truth = True
    for truth in truths:
        if truth is False:
            return False
        if truth is None:
            answer = None
    return answer


def equals(texts: tuple[str, ...], version: str) -> Check:
    """A check for exactly one of the texts; wildcards are text."""
    literals, templates = _sorted_out(texts, version, globs=False)
    exact = frozenset(literals)
    if not templates:
        return lambda value, request: value in exact or ("${" in value and _late(value, exact, request, globs=False))
    return lambda value, request: (
        value in exact or either((_late(value, exact, request, globs=False), *_held(templates, value, request)))
    )


def equals_ignoring_case(texts: tuple[str, ...], version: str) -> Check:
    """As `equals`, in any case."""
    literals, templates = _sorted_out(texts, version, globs=False)
    folded_literals = frozenset(text.lower() for text in literals)

    def check(value: str, request: Request) -> Truth:
        """Return whether the value equals a text in any case; None: what a reference turns out to be decides."""
        if value.lower() in folded_literals:
            return True
        if not templates and "${" not in value:
            return False
        asked_value = asked(value, request, globs=False)
        low = Asked(_lower(asked_value.sure), _lower(asked_value.maybe), is_set=False)
        filled = [resolve(parts, request) for parts in (*templates, *_late_parts(value, folded_literals, globs=False))]
        return either(
            describes(Resolved(resolved.sure and _lower(resolved.sure), resolved.maybe and _lower(resolved.maybe)), low)
            for resolved in filled
            if resolved
        )

    return check


def _lower(parts: tuple[Piece, ...]) -> tuple[Piece, ...]:
    """A pattern in lower case."""
    return tuple(part.lower() if isinstance(part, str) else part for part in parts)


def like(texts: tuple[str, ...], version: str) -> Check:
    """A check for what matches one of the patterns; a `*` crosses anything."""
    literals, templates = _sorted_out(texts, version, globs=True)
    globs = tuple(matcher(text) for text in literals)
    without_holes = frozenset(literals)
    if len(globs) == 1 and not templates:
        (only,) = globs
        return lambda value, request: _late(value, without_holes, request, globs=True) if "${" in value else only(value)
    return lambda value, request: (
        ("${" not in value and any(glob(value) for glob in globs))
        or either((_late(value, without_holes, request, globs=True), *_held(templates, value, request)))
    )


def _sorted_out(texts: tuple[str, ...], version: str, *, globs: bool) -> tuple[tuple[str, ...], tuple[Parts, ...]]:
    """The values without holes, and those with."""
    plain = tuple(text for text in texts if "${" not in text)
    return plain, tuple(parts_of(text, version, globs=globs) for text in texts if "${" in text)


def _held(templates: tuple[Parts, ...], value: str, request: Request) -> Iterator[Truth]:
    """Yield for each template whether a value of the request is as it says."""
    asked_value = asked(value, request, globs=False)
    return (holds(parts, asked_value, request) for parts in templates)


def _late(value: str, literals: frozenset[str], request: Request, *, globs: bool) -> Truth:
    """Return whether a value with references is, or may turn out to be (None), one of the texts; False without any."""
    if "${" not in value:
        return False
    return either(_held(_late_parts(value, literals, globs=globs), value, request))


def _late_parts(value: str, literals: frozenset[str], *, globs: bool) -> tuple[Parts, ...]:
    """The texts as patterns that a late-bound value may turn out to be; none for any other value."""
    return tuple(parts_of(text, "", globs=globs) for text in sorted(literals)) if "${" in value else ()


ARN_COLONS: Final = 5


def arn(texts: tuple[str, ...], version: str) -> Check:
    """A check for what matches one of the ARN patterns, each of the six components by itself."""
    literals, templates = _sorted_out(texts, version, globs=True)
    plain = tuple(six for six in map(_six_matchers, literals) if six)
    without_holes = frozenset(literals)

    def check(value: str, request: Request) -> Truth:
        """Return whether one of the patterns matches the value; None: what a reference turns out to be decides."""
        components = value.split(":", ARN_COLONS)
        if (
            "${" not in value
            and len(components) > ARN_COLONS
            and any(all(match(text) for match, text in zip(six, components, strict=True)) for six in plain)
        ):
            return True
        if not templates and "${" not in value:
            return False
        asked_value = asked(value, request, globs=False)
        # A value with a reference in it may turn out to be as any of the patterns says.
        late_parts = _late_parts(value, without_holes, globs=True)
        return either(_arn_held(parts, asked_value, request) for parts in (*templates, *late_parts))

    return check


def _six_matchers(pattern: str) -> tuple[Matcher, ...] | None:
    """One matcher per component; a lone `*` means every ARN. None: it has fewer than six, and matches no ARN."""
    components = ["*"] * 6 if pattern == "*" else pattern.split(":", ARN_COLONS)
    return tuple(matcher(component) for component in components) if len(components) > ARN_COLONS else None


def _arn_held(parts: Parts, asked_value: Asked, request: Request) -> Truth:
    """Return whether a value is as a pattern of ARNs says; None where that depends on what is not known."""
    resolved = resolve(parts, request)
    if resolved is None:
        return False
    if resolved.sure is not None and _same_arn(resolved.sure, asked_value.sure):
        return True
    is_unknown = resolved.maybe is not None or asked_value.maybe != asked_value.sure
    return None if is_unknown and describes(resolved, asked_value) is not False else False


def _same_arn(pattern: tuple[Piece, ...], text: tuple[Piece, ...]) -> bool:
    """Return whether a pattern of ARNs takes a text, each of the six components by itself."""
    if pattern == text and len(text) == 1 and isinstance(text[0], Late):
        return True  # one reference, compared with itself
    six, components = _split_arn(pattern), _split_arn(text)
    if six is None or components is None:
        return False
    if any(_dividing(component) for component in components[:ARN_COLONS]):
        return False
    return all(covers_pieces(wide, narrow) for wide, narrow in zip(six, components, strict=True))


def _dividing(component: tuple[Piece, ...]) -> bool:
    """Return whether a reference in it may hold colons itself: any but the pseudo parameters of one word."""
    return any(isinstance(piece, Late) and piece.text not in _ONE_WORD for piece in component)


_ONE_WORD: Final = frozenset(
    f"${{AWS::{name}}}" for name in ("Partition", "Region", "AccountId", "StackName", "URLSuffix")
)


def _split_arn(parts: tuple[Piece, ...]) -> list[tuple[Piece, ...]] | None:
    """The six components of an ARN or a pattern; what follows the fifth colon belongs to the sixth.

    A lone `*` is six of them; None: it has fewer.
    """
    components: list[list[Piece]] = [[]]
    for part in parts:
        if not isinstance(part, str):
            components[-1].append(part)
            continue
        head, *following = part.split(":", ARN_COLONS + 1 - len(components))
        components[-1].append(head)
        components.extend([component] for component in following)
    if len(components) <= ARN_COLONS:
        return [(STAR,)] * 6 if parts == (STAR,) else None
    return [tidy(component) for component in components]
