"""What the file of the formats of requests says of routes."""

from __future__ import annotations

import pytest

from remit.catalogue.request_formats import Route


@pytest.mark.parametrize(
    ("segments", "lengths"),
    [
        (("functions", "{Name}"), [2]),
        (("{Bucket}", "{Key+}"), [2, 3, 4]),
        (("{Path+}", "children"), [2]),
    ],
)
def test_a_path_has_as_many_segments_as_its_route_or_more_where_the_last_takes_the_rest(
    segments: tuple[str, ...], lengths: list[int]
) -> None:
    route = Route(segments, "Read", (), ())
    assert [length for length in range(1, 5) if route.may_have(length)] == lengths
