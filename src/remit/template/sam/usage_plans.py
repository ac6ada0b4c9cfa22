"""What Auth.UsagePlan of SAM's REST APIs adds: a usage plan and a key, of the one API or of all that share them.

Source: "ApiUsagePlan" (AWS SAM Developer Guide).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from remit.template.sam.resources import MadeResource, given

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.template.sam.resources import SamResource

_SHARED: Final = "Serverless"
"""How the logical ids begin of the plan and the key that the APIs of a template share."""


def usage_plan(declared: SamResource, stage: str) -> Iterator[MadeResource]:
    """The usage plan of an API, its key, and what joins the two."""
    plan = declared.mapping("Auth").get("UsagePlan")
    kind = plan.get("CreateUsagePlan") if isinstance(plan, dict) else None
    if not isinstance(plan, dict) or kind not in ("PER_API", "SHARED"):
        return
    owner = declared.logical_id if kind == "PER_API" else _SHARED
    path = declared.at("Auth", "UsagePlan")
    api, api_stage = {"Ref": declared.logical_id}, {"Ref": stage}
    properties = {
        "ApiStages": [{"ApiId": api, "Stage": api_stage}],
        **given(plan, "UsagePlanName", "Description", "Quota", "Tags", "Throttle"),
    }
    yield MadeResource(f"{owner}UsagePlan", "AWS::ApiGateway::UsagePlan", properties, path)
    key = {"Enabled": True, "StageKeys": [{"RestApiId": api, "StageName": api_stage}]}
    yield MadeResource(f"{owner}ApiKey", "AWS::ApiGateway::ApiKey", key, path)
    joined = {
        "KeyId": {"Ref": f"{owner}ApiKey"},
        "KeyType": "API_KEY",
        "UsagePlanId": {"Ref": f"{owner}UsagePlan"},
    }
    yield MadeResource(f"{owner}UsagePlanKey", "AWS::ApiGateway::UsagePlanKey", joined, path)
