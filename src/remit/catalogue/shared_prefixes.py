"""Prefixes that several pages of AWS's describe: their names, and resource types that the packages leave out.

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

PAGES: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "apigateway": {
        "Amazon API Gateway Management": ("apigateway",), "Amazon API Gateway Management V2": ("apigatewayv2",),
    },
    "aws-marketplace": {
        "AWS Marketplace": (), "AWS Marketplace Catalog": ("marketplace-catalog",),
        "AWS Marketplace Entitlement Service": ("marketplace-entitlement",),
        "AWS Marketplace Metering Service": ("meteringmarketplace",),
    },
    "elasticloadbalancing": {
        "AWS Elastic Load Balancing": ("elb",), "AWS Elastic Load Balancing V2": ("elbv2",),
    },
    "greengrass": {"AWS IoT Greengrass": ("greengrass",), "AWS IoT Greengrass V2": ("greengrassv2",)},
    "kinesisanalytics": {
        "Amazon Kinesis Analytics": ("kinesisanalytics",), "Amazon Kinesis Analytics V2": ("kinesisanalyticsv2",),
    },
    "lex": {
        "Amazon Lex": ("lex-models", "lex-runtime"), "Amazon Lex V2": ("lexv2-models", "lexv2-runtime"),
    },
    "ses": {
        "Amazon SES": ("ses",), "Amazon Simple Email Service v2": ("sesv2",),
        "Amazon Pinpoint Email Service": ("pinpoint-email",),
        "Amazon Simple Email Service - Mail Manager": ("mailmanager",),
    },
    "sms-voice": {
        "Amazon Pinpoint SMS and Voice Service": ("pinpoint-sms-voice", "sms-voice"),
        "AWS End User Messaging SMS and Voice V2": ("pinpoint-sms-voice-v2",),
    },
}  # fmt: skip
"""The pages of a prefix by their services' names, with the SDK's clients whose operations each describes."""

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
    "states:invokehttpendpoint": ("statemachine",),
}  # fmt: skip
"""The types of the second page, by an action's full name, folded; of the last, of "Call HTTPS APIs in Step Functions
workflows" (AWS Step Functions Developer Guide): its reference has no types and no keys."""
KEYS: Final = {"states:invokehttpendpoint": ("states:HTTPEndpoint", "states:HTTPMethod")}
"""The keys of that page, as `TARGETS`."""
