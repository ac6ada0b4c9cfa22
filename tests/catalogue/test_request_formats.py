"""What the file of the formats of requests says of routes."""

from __future__ import annotations

import pytest

from models import model_as_published
from remit.catalogue.request_formats import (
    Route,
    clients_of_target,
    clients_signed_for,
    parameter_format,
    reading_route,
    routes,
    signing_name,
    target,
    version,
)


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


PLACES = {"uri": "uri", "querystring": "query", "header": "header", "headers": "headers"}


@pytest.mark.parametrize("client", ["lambda", "s3"])
def test_the_routes_and_the_places_of_parameters_are_those_of_botocores_model(client: str) -> None:
    model = model_as_published(client)
    for name in model.operation_names:
        operation = model.operation_model(name)
        uri, _, query = operation.http["requestUri"].partition("?")
        segments = uri.strip("/").split("/")
        routes_here = routes(client, operation.http["method"], len(segments))
        (route,) = (candidate for candidate in routes_here if candidate.operation == name)
        assert [*route.segments] == segments
        assert [*route.literals] == [(n, text) for n, text in enumerate(segments) if "{" not in text]
        assert operation.http["method"] != "GET" or reading_route(client, name) == route
        assert route.has_closing_slash == (uri != "/" and uri.endswith("/"))
        assert {part.partition("=")[0] for part in query.split("&") if part} <= {key for key, _ in route.query}
        found = parameter_format(client, name)
        assert found is not None
        shape = operation.input_shape
        members = {} if shape is None else shape.members
        located = {
            member: (PLACES[rows["location"]], rows.get("name", member))
            for member, rows in ((member, each.serialization) for member, each in members.items())
            if rows.get("location") in PLACES
        }
        assert located.items() <= found.places.items()  # what remit knows may be newer
        headers = {wire.lower(): member for member, (place, wire) in located.items() if place == "header"}
        assert headers.items() <= found.headers.items()
        assert len(found.headers) == [place for place, _ in found.places.values()].count("header")
        payload = None if shape is None else shape.serialization.get("payload")
        assert found.payload == payload
        assert found.is_raw == (payload is not None and members[payload].type_name != "structure")
        assert set(members) <= set(found.kinds)
        assert set(found.wire_names.values()).isdisjoint(found.places)
        in_body = {} if payload else {name: each for name, each in members.items() if name not in located}
        for member, each in in_body.items():
            assert found.wire_names[each.serialization.get("name", member)] == member


def test_a_client_is_told_by_what_its_requests_are_signed_for_and_address() -> None:
    assert clients_signed_for("apigateway") == ("apigateway", "apigatewayv2")
    assert clients_signed_for("nosuch") == ()
    names = ("apigatewayv2", "events", "nosuch")
    assert [signing_name(client) for client in names] == ["apigateway", "events", "nosuch"]
    assert clients_of_target(str(target("dynamodb"))) == ("dynamodb",)
    assert (target("s3"), version("s3"), version("sns")) == (None, None, "2010-03-31")
    assert parameter_format("s3", "NoSuchOperation") is parameter_format("nosuch", "GetObject") is None
