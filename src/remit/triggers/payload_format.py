"""Payload format 1.0, which routes of an HTTP API send where the app says so, beside 2.0.

Source: "Create AWS Lambda proxy integrations for HTTP APIs in API Gateway" (Amazon API Gateway Developer Guide).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs

SAMPLE: Final = Path(__file__).parent / "samples" / "api.json"
"""An event of format 2.0, as AWS documents it."""


def in_format_1(event: Mapping[str, Any]) -> dict[str, Any]:
    """The event of format 1.0 for the same request as one of format 2.0; None for what that does not say."""
    context, http = event["requestContext"], event["requestContext"]["http"]
    headers = dict(event["headers"])
    if "cookies" in event:
        headers["cookie"] = "; ".join(event["cookies"])
    query = parse_qs(event["rawQueryString"], keep_blank_values=True)
    authorizer = context.get("authorizer") or {}
    token, caller = authorizer.get("jwt") or {}, authorizer.get("iam") or {}
    # The context that a Lambda authorizer returned lies directly below.
    about_caller = authorizer.get("lambda") or {"claims": token.get("claims"), "scopes": token.get("scopes")}
    path = context["routeKey"].rpartition(" ")[2]
    return {
        "version": "1.0",
        "resource": path,
        "path": event["rawPath"],
        "httpMethod": http["method"],
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        # Of several values of one name this has the last, as of REST APIs.
        "queryStringParameters": {name: values[-1] for name, values in query.items()} or None,
        "multiValueQueryStringParameters": query or None,
        "requestContext": {
            **{name: context[name] for name in ("accountId", "apiId", "domainName", "requestId", "stage")},
            "authorizer": about_caller,
            "domainPrefix": context["domainName"].partition(".")[0],
            "extendedRequestId": context["requestId"],
            "httpMethod": http["method"],
            "identity": {
                **{name: caller.get(name) for name in ("accessKey", "accountId", "principalOrgId", "userArn")},
                "caller": caller.get("callerId"),
                "sourceIp": http["sourceIp"],
                "user": caller.get("userId"),
                "userAgent": http["userAgent"],
            },
            "path": event["rawPath"],
            "protocol": http["protocol"],
            "requestTime": context["time"],
            "requestTimeEpoch": context["timeEpoch"],
            "resourceId": None,
            "resourcePath": path,
        },
        "pathParameters": event.get("pathParameters"),
        "stageVariables": event.get("stageVariables"),
        "body": event.get("body"),
        "isBase64Encoded": event["isBase64Encoded"],
    }
