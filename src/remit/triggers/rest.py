"""A route of the app's REST API that runs a function."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, Final, Literal, TypeAlias

from remit.errors import RemitError, described
from remit.iam import tokens
from remit.triggers.api_route import RouteTrigger
from remit.triggers.authorizer import Authorizer
from remit.triggers.route_authorizer import check_texts, plain_texts
from remit.triggers.user_pool import UserPool

RestAuthorization: TypeAlias = Literal["AWS_IAM", "NONE"] | Authorizer | UserPool
_NOT_IN_DRAFT_4: Final = ("exclusiveMaximum", "exclusiveMinimum")


@dataclass(frozen=True, slots=True)
class Rest(RouteTrigger):
    """Run the function for the requests of a route of the app's REST API: `on.rest("GET /orders/{id}")`.

    A route is a method (or ANY) and a path, whose segments may be variables (`{id}`) and whose last one may take the
    rest of the path (`{proxy+}`). `auth` says whom it answers: callers whom IAM allows execute-api:Invoke (AWS_IAM),
    users of a user pool (`on.user_pool`), those whom a function of the app lets in (`on.authorizer`), or everyone
    (NONE). With `api_key` a request must have a key of a usage plan as well. API Gateway refuses a request whose body
    does not match `body` (JSON Schema, or a model of pydantic's), or that lacks a parameter of `query`. The handler
    gets payload format 1.0.

    Sources: "REST API methods", "Request validation for REST APIs" (Amazon API Gateway Developer Guide).
    """

    # What API Gateway takes as a path part, as CDK's `Resource` checks it.
    segment: ClassVar[str] = r"[A-Za-z0-9._:$-]+"
    is_of_rest_api: ClassVar[bool] = True
    authorizers: ClassVar[str] = "on.user_pool(…), on.authorizer(…)"

    route: str
    auth: RestAuthorization = "AWS_IAM"
    api_key: bool = False
    body: Mapping[str, Any] | Any = None
    query: Sequence[str] = ()

    def checks(self) -> Iterator[Callable[[], object]]:
        """Yield the checks of the route, whom it answers, and what a request must have."""
        yield from RouteTrigger.checks(self)
        yield lambda: self.body_schema
        yield partial(check_texts, "query", self.query)

    def problem(self, text: str) -> tuple[str, str | None]:
        """Return the problem of a route, in words that follow it, and a hint or None; "" and None: it is right."""
        if text == "$default":
            return "is none of a REST API", 'write "ANY /{path+}" and "ANY /", which take every request between them'
        return RouteTrigger.problem(self, text)

    def problem_of_path(self, path: str) -> tuple[str, str | None]:
        """Return the problem of the path of a route, and a hint or None; "" and None: it is right."""
        if path == "/":
            return "", None
        if path.endswith("/") and path.startswith("/"):
            return "ends with /, which no path of a REST API does", f'write "{path.rstrip("/") or "/"}"'
        return RouteTrigger.problem_of_path(self, path)

    @property
    def parts(self) -> tuple[str, ...]:
        """The segments of its path; none of `/`."""
        return tuple(segment for segment in self.path.split("/") if segment)

    @property
    def body_schema(self) -> Mapping[str, Any] | None:
        """The JSON Schema of a body. RemitError: it is none that API Gateway reads. None: it declares none."""
        schema = self.body
        if schema is None:
            return None
        if hasattr(schema, "model_json_schema"):
            # API Gateway reads draft 4, which has its definitions in `definitions`.
            schema = schema.model_json_schema(ref_template="#/definitions/{model}")
            if "$defs" in schema:
                schema["definitions"] = schema.pop("$defs")
        if not isinstance(schema, Mapping):
            hint = 'such as {"type": "object", "required": ["sku"]}, or a class of pydantic\'s BaseModel'
            raise RemitError(f"body takes JSON Schema, got {described(self.body):.60}", hint=hint)
        for keyword in _NOT_IN_DRAFT_4:
            if _has_number(schema, keyword):
                hint = f"write `{keyword.removeprefix('exclusive').lower()}`, and check the bound in the function"
                message = f"body has {keyword}, which API Gateway's validation does not support"
                raise RemitError(message, hint=hint)
        plain_schema: Mapping[str, Any] = tokens.plain(dict(schema))
        try:
            json.dumps(plain_schema, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise RemitError(f"body is nothing that JSON can hold: {error}") from None
        return plain_schema

    @property
    def required_parameters(self) -> tuple[str, ...]:
        """The parameters that a query must have."""
        return plain_texts(self.query)


def _has_number(schema: object, keyword: str) -> bool:
    """Return whether a schema, or a part of it, has a keyword with a number, or with True or False."""
    if isinstance(schema, Mapping):
        value = schema.get(keyword)
        return isinstance(value, int | float) or any(_has_number(part, keyword) for part in schema.values())
    return isinstance(schema, list | tuple) and any(_has_number(part, keyword) for part in schema)
