"""A handler that reads another payload format than it gets is a warning at the field, and no other handler is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Make
    from projects import Project


def warnings(project: Project) -> list[tuple[str, int, int, str, str]]:
    """File, line, column, message and hint of what the rule finds."""
    found = json.loads(project.remit("lint", "--json").out)
    return [
        (item["file"], item["line"], item["column"], item["message"], item["hint"])
        for item in found
        if item["rule"] == "R711"
    ]


def handler(make: Make, body: str, trigger: str = 'on.api("GET /")', config: str | None = None) -> Project:
    return make(app=f"@app.function({trigger})\ndef hello(event, context):\n    {body}\n", config=config)


OF_1 = {
    'return event["httpMethod"]': ("httpMethod", 12),
    'return event.get("path", "/")': ("path", 12),
    'return event["requestContext"]["resourcePath"]': ("requestContext.resourcePath", 12),
    'return event["requestContext"].get("authorizer", {})["claims"]["sub"]': ("requestContext.authorizer.claims", 12),
    'a = event["body"]; return a, event["multiValueHeaders"]': ("multiValueHeaders", 34),
}
OF_2 = {
    'return event["rawPath"]': ("rawPath", 12),
    'return event["requestContext"]["http"]["method"]': ("requestContext.http", 12),
    'return event["requestContext"]["authorizer"]["lambda"]': ("requestContext.authorizer.lambda", 12),
}


@pytest.mark.parametrize("body", OF_1)
def test_a_field_of_format_1_under_2(make: Make, body: str) -> None:
    field, column = OF_1[body]
    assert warnings(handler(make, body)) == [
        (
            "app.py",
            11,
            column,
            f"hello reads {field} of its event: payload format 1.0 has that, and its routes send 2.0",
            '`payload_format_version="1.0"` of `on.api`, or `config.api.payload_format_version`, sends 1.0',
        )
    ]
    assert warnings(handler(make, body, 'on.api("GET /", payload_format_version="1.0")')) == []
    assert warnings(handler(make, body, config='config.api.payload_format_version = "1.0"')) == []


@pytest.mark.parametrize("body", OF_2)
def test_a_field_of_format_2_under_1(make: Make, body: str) -> None:
    field, column = OF_2[body]
    for trigger, config in (
        ('on.api("GET /", payload_format_version="1.0")', None),
        ('on.api("GET /")', 'config.api.payload_format_version = "1.0"'),
    ):
        (warning,) = warnings(handler(make, body, trigger, config))
        assert warning[2:4] == (
            column,
            f"hello reads {field} of its event: payload format 2.0 has that, and its routes send 1.0",
        )
    assert warnings(handler(make, body, config="pass")) == []


@pytest.mark.parametrize(
    ("body", "trigger"),
    [
        ('return event.get("httpMethod") or event["requestContext"]["http"]["method"]', 'on.api("GET /")'),
        ('return event["httpMethod"] if event["version"] == "1.0" else None', 'on.api("GET /")'),
        ('other = {}; return other["httpMethod"]', 'on.api("GET /")'),
        ('return event["body"], event["headers"]["path"]', 'on.api("GET /")'),
        ('return event["path"]', 'on.api("GET /"), on.schedule("rate(1 day)", input={"path": "/"})'),
        ('return event["httpMethod"]', 'on.rest("GET /")'),
        ('return event["httpMethod"]', 'on.sqs("orders")'),
        (
            'return event["httpMethod"], event["rawPath"]',
            'on.api("GET /"), on.api("GET /old", payload_format_version="1.0")',
        ),
    ],
)
def test_a_handler_that_may_get_what_it_reads_is_no_warning(make: Make, body: str, trigger: str) -> None:
    assert warnings(handler(make, body, trigger)) == []


def test_a_rest_api_sends_format_1(make: Make) -> None:
    (warning,) = warnings(handler(make, 'return event["rawPath"]', 'on.rest("GET /")'))
    assert ("payload format 2.0 has that, and its routes send 1.0" in warning[3], warning[4]) == (
        True,
        "a REST API sends no other: routes of `on.api` do",
    )


def test_a_function_url_sends_format_2(make: Make) -> None:
    assert len(warnings(handler(make, 'return event["httpMethod"]', 'on.http(auth="NONE")'))) == 1


def test_a_handler_that_is_not_decorated_is_read_where_it_stands(make: Make) -> None:
    app = 'app.function(on.api("GET /"), name="hello", handler="web.main.handler")\n'
    source = 'def handler(event, context):\n    return event["httpMethod"]\n'
    project = make(app=app, **{"web/__init__.py": "", "web/main.py": source})
    assert [warning[:3] for warning in warnings(project)] == [("web/main.py", 2, 12)]
    accepted = source.replace("]", "]  # remit: allow R711 because tests send it")
    assert warnings(make(app=app, **{"web/main.py": accepted})) == []


def test_an_accepted_one_is_accepted_with_its_reason(make: Make) -> None:
    body = 'return event["httpMethod"]  # remit: allow R711 because tests send it'
    assert warnings(handler(make, body)) == []
