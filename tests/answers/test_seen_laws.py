"""A line of `.remit/seen` is read back as it was written, and one that is damaged is passed over, whatever it holds."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any, Final

from hypothesis import example, given, settings
from hypothesis import strategies as st

from random_cases import cases
from remit.answers.seen_access import SeenUse, _seen_use

TEXTS: Final = st.text("ab:/*", max_size=4)
USES: Final = st.builds(SeenUse, TEXTS, TEXTS, TEXTS, TEXTS, TEXTS, TEXTS, st.integers(0, 9), TEXTS)
JSON: Final = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 1) | st.floats(allow_nan=True) | TEXTS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["function", "line", "time"]), inner),
    max_leaves=4,
)


@settings(max_examples=cases(20, deep=500))
@given(USES)
def test_what_was_written_is_read_back(use: SeenUse) -> None:
    assert _seen_use(json.dumps(asdict(use))) == use


@settings(max_examples=cases(30, deep=2_000))
@example(SeenUse("f", "a", "r", "d", "s", "f.py", 1, "t"), "line", float("inf"))
@given(USES, st.sampled_from([*SeenUse.__dataclass_fields__, "all", "cut"]), JSON)
def test_a_damaged_line_is_passed_over_or_read_as_texts(use: SeenUse, part: str, value: Any) -> None:
    record: dict[str, Any] = asdict(use)
    text = json.dumps(value if part == "all" else {**record, part: value})
    read = _seen_use(text[: len(text) // 2] if part == "cut" else text)
    assert read is None or isinstance(read, SeenUse)
    if read is not None and part not in ("all", "cut"):
        kept = {name: told for name, told in asdict(read).items() if name != part}
        assert kept == {name: told for name, told in record.items() if name != part}
