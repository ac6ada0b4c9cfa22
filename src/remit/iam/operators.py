"""Check the spelling of a condition's operator against AWS's table of operators."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from remit.catalogue import condition_keys
from remit.did_you_mean import did_you_mean
from remit.errors import RemitError

QUANTIFIERS: Final = ("ForAllValues", "ForAnyValue")
_FOLDED: Final = ("", *(name.lower() for name in QUANTIFIERS))


@lru_cache(maxsize=4096)
def check_operator(spelled: str, quantifier: str = "", *, if_exists: bool = False) -> tuple[str, bool]:
    """An operator in AWS's spelling without IfExists, and whether it is …IfExists: by its end, or as it is told.

    It may be written in any case. RemitError: the operator, or the quantifier, does not exist; nor does NullIfExists.
    """
    if_exists = if_exists or spelled.lower().endswith("ifexists")
    operator = condition_keys.operator(spelled)
    if operator is None:
        hint = did_you_mean(spelled, condition_keys.OPERATORS)
        raise RemitError(f"there is no condition operator `{spelled}`", hint=hint)
    if operator.name == "Null" and if_exists:
        raise RemitError("there is no condition operator `NullIfExists`", hint="Null tests the presence by itself")
    if quantifier.lower() not in _FOLDED:
        raise RemitError(f"there is no set operator `{quantifier}`", hint=did_you_mean(quantifier, QUANTIFIERS))
    return operator.name, if_exists
