"""The known names that somebody may have meant by a name that nobody knows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

ALIKE: Final = 0.6
"""How alike (0 to 1) two names must be for one to be suggested for the other."""
MISSPELT: Final = 0.85
"""The likeness of two names of which one is the other with a letter or two wrong."""
_COMPARED: Final = 8  # names as alike as these that are compared by more than their letters in common


def nearest_names(word: str, names: Iterable[str], likeness: float = ALIKE) -> list[str]:
    """The known names that `word` may have meant, eight at most, the likeliest first; case is ignored.

    `likeness` is the least share of letters in common, though one letter of a short word may be wrong. Of names equally
    alike, one of the same letters in another order comes first.
    """
    from difflib import SequenceMatcher, get_close_matches  # noqa: PLC0415 - 4 ms, needed only when something is wrong

    folded = word.casefold()
    by_folded = {name.casefold(): name for name in names}

    def rank(name: str) -> tuple[float, bool, str]:
        ratio = round(SequenceMatcher(a=name, b=folded).ratio(), 2)
        return -ratio, sorted(name) != sorted(folded), name

    one_letter_wrong = 1 - 1 / max(len(folded), 2)
    alike = get_close_matches(folded, by_folded, n=_COMPARED, cutoff=min(likeness, one_letter_wrong))
    return [by_folded[name] for name in sorted(alike, key=rank)]


def nearest(word: str, vocabulary: Iterable[str], likeness: float = ALIKE) -> str | None:
    """The known name that `word` most likely meant, or None when nothing is near."""
    names = nearest_names(word, vocabulary, likeness)
    return names[0] if names else None


def did_you_mean(word: str, vocabulary: Iterable[str]) -> str | None:
    """A hint that names the nearest known word, or None when nothing is near."""
    match = nearest(word, vocabulary)
    return None if match is None else f"did you mean `{match}`?"
