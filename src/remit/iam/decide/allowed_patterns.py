"""The resource patterns on which a request on `*` would be allowed, as the statements of its layers name them."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice, product
from typing import TYPE_CHECKING, Final

from remit.catalogue.action_resources import resource_formats
from remit.iam.decide.evaluation_logic import RulesByLayer, verdict_on
from remit.iam.pattern import Late, Wildcard, matches, plainly_covers
from remit.iam.policy_text import completed, resolve, resource_parts
from remit.iam.prove.glob_sets import meeting
from remit.iam.prove.real_requests import nameable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from remit.iam.decide.prepared_statements import LayerRules
    from remit.iam.request import Request

_MOST_PAIRS: Final = 1_000
"""Pairs of two layers' patterns that are looked at."""


def allowed_patterns(request: Request, layers: Iterable[LayerRules], by_layer: RulesByLayer) -> tuple[str, ...]:
    """The patterns, with the request's own values for their variables, of which every resource is allowed.

    First those that a layer names, then what two layers have in common where neither is allowed as a whole. Patterns of
    resources that the action does not take are left out: no request can name them.
    """
    named = [_patterns(layer, request) for layer in layers]
    candidates = dict.fromkeys(pattern for patterns in named for pattern in patterns)
    allowed = [pattern for pattern in candidates if _is_allowed(pattern, request, by_layer)]
    for pattern in _common_patterns(named):
        is_covered = any(plainly_covers(wide, pattern) for wide in allowed)
        if not is_covered and _is_allowed(pattern, request, by_layer):
            allowed.append(pattern)
    return tuple(allowed)


def _patterns(layer: LayerRules, request: Request) -> tuple[str, ...]:
    """The resources that the Allow statements of a layer name for the request's action; not `*`."""
    patterns: dict[str, None] = {}
    _, allows = layer.speaking_of(request.folded)
    for rule in allows:
        resources = rule.statement.resources
        if resources is None or resources.negated:
            continue
        patterns |= dict.fromkeys(_with_values(text, rule.version, request) for text in resources.patterns)
    patterns.pop("*", None)
    return tuple(patterns)


def _with_values(pattern: str, version: str, request: Request) -> str:
    """A pattern with what the request says of its variables; as it is where a value is not known, or has wildcards."""
    if "${" not in pattern:
        return pattern
    resolved = resolve(resource_parts(pattern, version), request)
    if resolved is None or resolved.sure is None:
        return pattern
    texts: list[str] = []
    for piece in resolved.sure:
        if isinstance(piece, Wildcard | Late):
            texts.append(piece.text)
        elif "*" in piece or "?" in piece:
            return pattern
        else:
            texts.append(piece)
    return "".join(texts)


def _is_allowed(pattern: str, request: Request, by_layer: RulesByLayer) -> bool:
    """Return whether a request is allowed on every resource of a pattern, and can name one."""
    whole_pattern = completed(pattern)
    narrow = replace(request, resource=whole_pattern)
    if verdict_on(narrow, by_layer) != "Allowed":
        return False
    if narrow.without_resources:  # what is asked is the same whatever the pattern is
        return matches(whole_pattern, narrow.asked)
    return "${" in pattern or not resource_formats(request.action) or bool(nameable(request.action, whole_pattern))


def _common_patterns(named: list[tuple[str, ...]]) -> tuple[str, ...]:
    """Return the patterns that two layers have in common."""
    common: dict[str, None] = {}
    for number, patterns in enumerate(named):
        for other_patterns in named[number + 1 :]:
            for pattern, other_pattern in islice(product(patterns, other_patterns), _MOST_PAIRS):
                common |= dict.fromkeys(meeting(pattern, other_pattern).patterns)
    return tuple(common)
