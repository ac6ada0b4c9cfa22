"""Resource types of actions that two pages of AWS's describe under one prefix, of which the packages read the first.

The load balancers of the first generation and of the second share the prefix elasticloadbalancing, and the action
AddTags; likewise API Gateway, Lex and IoT Greengrass. Source: "Actions, resources, and condition keys for …" Elastic
Load Balancing V2, Amazon API Gateway Management V2, Amazon Lex V2, AWS IoT Greengrass V2 (Service Authorization
Reference). Written down 2026-11.
"""

from __future__ import annotations

from typing import Final

_BALANCERS: Final = ("loadbalancer/app/", "loadbalancer/gwy/", "loadbalancer/net/")
_BALANCING: Final = (
    "listener-rule/app", "listener-rule/net", "listener/app", "listener/gwy", "listener/net", *_BALANCERS,
    "targetgroup", "truststore",
)  # fmt: skip
_API: Final = (
    "Api", "ApiMapping", "Authorizer", "Deployment", "Integration", "IntegrationResponse", "Model", "Route",
    "RouteRequestParameter", "RouteResponse", "Stage", "VpcLink",
)  # fmt: skip
_APIS: Final = (
    "ApiMappings", "Apis", "Authorizers", "Deployments", "IntegrationResponses", "Integrations", "Models",
    "RouteResponses", "Routes", "Stages", "VpcLinks",
)  # fmt: skip
_CORES: Final = ("component", "componentVersion", "coreDevice", "deployment")

TARGETS: Final[dict[str, tuple[str, ...]]] = {
    "elasticloadbalancing:addtags": _BALANCING,
    "elasticloadbalancing:removetags": _BALANCING,
    "elasticloadbalancing:createloadbalancer": _BALANCERS,
    "elasticloadbalancing:deleteloadbalancer": _BALANCERS,
    "elasticloadbalancing:modifyloadbalancerattributes": _BALANCERS,
    "apigateway:delete": (*_API, "AccessLogSettings", "AuthorizersCache", "Cors", "RouteSettings"),
    "apigateway:get": (
        *_API, *_APIS, "AccessLogSettings", "AuthorizersCache", "Cors", "ExportedAPI", "ModelTemplate", "RouteSettings",
    ),
    "apigateway:patch": _API,
    "apigateway:post": _APIS,
    "apigateway:put": ("Api", "Apis"),
    "lex:listtagsforresource": ("bot", "bot alias", "test set"),
    "lex:tagresource": ("bot", "bot alias", "test set"),
    "lex:untagresource": ("bot", "bot alias", "test set"),
    "greengrass:listtagsforresource": _CORES,
    "greengrass:tagresource": _CORES,
    "greengrass:untagresource": _CORES,
}  # fmt: skip
"""The types of the second page, by an action's full name, folded."""
