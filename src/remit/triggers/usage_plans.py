"""The usage plans of the app's REST API, and the keys of their clients.

A key's value is made by API Gateway, and stands in no template. Source: "Usage plans and API keys for REST APIs"
(Amazon API Gateway Developer Guide).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.app import Resource
from remit.resources.names import REST_API as API
from remit.resources.names import logical

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.triggers.rest_settings import RestSettings


def usage_plans(settings: RestSettings) -> Iterator[Resource]:
    """Yield each plan, its keys, and what makes these its own."""
    origin = settings.written.get("usage_plans")
    stage = {"ApiId": f"${{{API}}}", "Stage": f"${{{API}Stage}}"}
    for name, limits in settings.usage_plans.items():
        properties = {"UsagePlanName": f"${{AWS::StackName}}-{name}", "ApiStages": [stage], **limits}
        keys = properties.pop("Keys", [])
        plan = Resource(f"{API}{logical(name)}UsagePlan", "AWS::ApiGateway::UsagePlan", properties, origin=origin)
        yield plan
        for key in keys:
            # Another name would be another key, with another value: it follows the key's alone.
            named = {"Name": f"${{AWS::StackName}}-{key}", "Enabled": True}
            made = Resource(f"{API}{logical(key)}Key", "AWS::ApiGateway::ApiKey", named, origin=origin)
            yield made
            link = {"KeyId": made.ref, "KeyType": "API_KEY", "UsagePlanId": plan.ref}
            yield Resource(f"{API}{logical(key)}PlanKey", "AWS::ApiGateway::UsagePlanKey", link, origin=origin)
