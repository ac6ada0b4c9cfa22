"""Each property of each type whose name speaks of access is changed once: it is told, or a row says why not."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from remit.catalogue.type_access import SIGNS, access_row, has_rows_below
from remit.catalogue.types import resource_type, resource_types
from remit.errors import RemitError
from remit.report.access_documents import review_document
from remit.review.role_files import review_files

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.catalogue.properties import Shape

DEEPEST = 8
OF_HOLDERS = (
    "AWS::Events::EventBusPolicy",
    "AWS::IAM::Group", "AWS::IAM::GroupPolicy", "AWS::IAM::ManagedPolicy", "AWS::IAM::Policy", "AWS::IAM::RolePolicy",
    "AWS::IAM::UserPolicy", "AWS::IAM::UserToGroupAddition", "AWS::Lambda::Permission",
)  # fmt: skip
"""Types that say nothing by one property alone: a policy that nobody has, a permission for nobody."""
TOLD = ("gained", "lost", "undecided", "doors", "not_compared")


def paths(shape: Shape, path: str = "", depth: int = 0) -> Iterator[tuple[str, bool]]:
    """The paths of all properties, and whether each is an object."""
    for name in shape.properties:
        below = shape.child(name)
        inner = f"{path}.{name}" if path else name
        while below is not None and "array" in below.types:
            inner, below = f"{inner}[]", below.items
        if below is not None:
            yield inner, bool(below.properties)
            if depth < DEEPEST:
                yield from paths(below, inner, depth + 1)


def template(kind: str, path: str, value: Any) -> bytes:
    for step in reversed(path.split(".")):
        value = {step.rstrip("[]"): [value] if step.endswith("[]") else value}
    return json.dumps({"Resources": {"R": {"Type": kind, "Properties": value}}}).encode()


def is_told(kind: str, path: str, values: tuple[Any, Any]) -> bool:
    files = [(template(kind, path, value), name) for value, name in zip(values, ("old.json", "new.json"), strict=True)]
    try:
        found = review_document(review_files(*files))
    except RemitError:
        return True
    return any(found[part] for part in TOLD)


def test_no_property_of_access_changes_in_silence_without_a_row_that_says_why() -> None:
    asked, silent = 0, []
    for kind in resource_types():
        row = resource_type(kind)
        assert row is not None
        name = None if row.naming is None else row.naming.property
        for path, is_object in paths(row.shape):
            top = path.partition(".")[0].removesuffix("[]")
            if not re.search(SIGNS, path.rpartition(".")[2]) or top in row.read_only or path == name:
                continue
            if kind in OF_HOLDERS or has_rows_below(kind, path):
                continue
            asked += 1
            values = ({"Some": "one"}, {"Some": "two"}) if is_object else ("one", "two")
            known = access_row(kind, path) or access_row(kind, path.removesuffix("[]"))
            if (known is None or known.kind != "none") and not is_told(kind, path, values):
                silent.append(f"{kind} {path} {known and known.kind}")
    assert asked > 2500
    assert silent == []
