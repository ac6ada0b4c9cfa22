"""The permissions by which API Gateway calls a function for an API's routes, and for nothing else."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

from remit.app import Resource
from remit.catalogue.quotas import quota
from remit.resources.names import digest
from remit.triggers.api_route import METHODS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.app import App, Function

_METHOD: Final = rf"^([^/]+)/(?:{'|'.join(METHODS)})/"
"""The stage and the method of a route."""
_OTHER_PERMISSIONS: Final = 4_096
"""Bytes of a function's resource policy that are left to its other triggers."""


def permissions(app: App, function: Function, api: str, sources: tuple[str, ...]) -> Iterator[Resource]:
    """The permissions by which an API calls a function: for each route, or for fewer, wider ones where those are many.

    The ARN names the account, so that a SourceAccount would say nothing more.
    """
    for source in _fitting(app, function, sources):
        yield Resource(
            f"{function.logical_id}{api}Permission{digest(source)}",
            "AWS::Lambda::Permission",
            {
                "Action": "lambda:InvokeFunction",
                "FunctionName": function.ref,
                "Principal": "apigateway.amazonaws.com",
                "SourceArn": (
                    f"arn:${{AWS::Partition}}:execute-api:${{AWS::Region}}:${{AWS::AccountId}}:${{{api}}}/{source}"
                ),
            },
            origin=function.origin,
        )


def _fitting(app: App, function: Function, sources: tuple[str, ...]) -> tuple[str, ...]:
    """The first way to name the routes whose permissions fit a function's resource policy."""
    room = quota("lambda.function.policy").most - _OTHER_PERMISSIONS
    # API Gateway takes `*` for the method, too: each path once, whatever the method.
    of_any_method = tuple(dict.fromkeys(re.sub(_METHOD, r"\1/*/", source) for source in sources))
    for names in (sources, of_any_method):
        if sum(_statement_size(app, function, name) for name in names) <= room:
            return names
    return ("*",)


def _statement_size(app: App, function: Function, source: str) -> int:
    """Bytes that a permission has in a function's resource policy, at most: measured with the longest names of AWS."""
    place = "ap-southeast-99:111122223333"
    statement = {
        "Sid": f"{app.namespace}-{function.logical_id}WebSocketApiPermission12345678-123456789ABC",
        "Effect": "Allow",
        "Principal": {"Service": "apigateway.amazonaws.com"},
        "Action": "lambda:InvokeFunction",
        "Resource": f"arn:aws-us-gov:lambda:{place}:function:{app.deployed_name(function)}",
        "Condition": {"ArnLike": {"AWS:SourceArn": f"arn:aws-us-gov:execute-api:{place}:1234567890/{source}"}},
    }
    return len(json.dumps(statement))
