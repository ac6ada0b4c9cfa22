"""Filters of event source mappings let through what Lambda lets through.

Source: "Control which events Lambda sends to your function", filter rule syntax; "Using event filtering with an Amazon
SQS event source", properly filtering messages (AWS Lambda Developer Guide).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from remit.local.emulator import emulated, instead_of

if TYPE_CHECKING:
    from collections.abc import Mapping


def repair_filters() -> None:
    """Have it so in the process that serves. Called once.

    The emulator reads a field that is missing as null, and knows neither `$or` nor equals-ignore-case.

    Emulator: services/lambda_svc.py.
    Test: test_emulator_repairs.py::test_a_filter_for_null_lets_through_what_has_no_such_field.
    """
    rules = emulated("services.eventbridge")

    @instead_of(emulated("services.lambda_svc"), "_match_esm_filter")
    def matched(_match: Any, record: Mapping[str, Any], pattern: Mapping[str, Any]) -> bool:
        # A text meets no pattern for JSON, not even one that wants a field to be missing.
        for name in ("body", "data"):
            if isinstance(pattern.get(name), dict) and not isinstance(record.get(name), dict | list):
                return False
        # The rules are those of EventBridge, which it knows all of; None: a pattern that AWS refuses.
        alternatives = rules._compiled_pattern(json.dumps(pattern)) or ()
        return any(rules._matches_detail(record, alternative) for alternative in alternatives)
