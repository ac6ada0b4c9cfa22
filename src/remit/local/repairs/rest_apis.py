"""Repairs of REST APIs, which the emulator keeps apart from HTTP APIs.

Sources: "Control access to a REST API with IAM permissions", "Control access to REST APIs using Amazon Cognito user
pools as an authorizer", "Request validation for REST APIs", "Lambda proxy integrations in API Gateway" (Amazon API
Gateway Developer Guide).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from remit.local.emulator import emulated, instead_of
from remit.local.stack_operations import completed_by, resource_handlers

_ANY_CONTENT: Final = "$default"


def repair_rest_apis() -> None:
    """Make every repair of REST APIs, once, in the process that serves."""
    _validate_requests_of_templates()
    _take_tokens_by_their_use()
    _make_events_as_aws_does()


def _validate_requests_of_templates() -> None:
    """A template makes request validators, its methods keep their ids, and a model of every content type counts.

    The emulator drops the first two, and knows no `$default`.

    Emulator: services/cloudformation/provisioners.py, services/apigateway_v1.py.
    Test: test_local_rest_apis.py::test_the_emulator_still_validates_no_requests_of_a_template.
    """
    apis = emulated("services.apigateway_v1")

    def keep(validator_id: str, properties: Mapping[str, Any], _old: Mapping[str, Any]) -> None:
        """Note a request validator as the emulator's own API does."""
        validator = {
            "id": validator_id,
            "name": properties.get("Name", ""),
            "validateRequestBody": str(properties.get("ValidateRequestBody")).lower() == "true",
            "validateRequestParameters": str(properties.get("ValidateRequestParameters")).lower() == "true",
        }
        apis._request_validators.setdefault(properties["RestApiId"], {})[validator_id] = validator

    def forget(physical_id: str, properties: Mapping[str, Any]) -> None:
        apis._request_validators.get(properties.get("RestApiId"), {}).pop(physical_id, None)

    def set_validator(_method: str, properties: Mapping[str, Any], _old: Mapping[str, Any]) -> None:
        """Give a method its validator, and the model of `$default` for JSON where that has none of its own."""
        resource = apis._resources[properties["RestApiId"]][properties["ResourceId"]]
        method = resource["resourceMethods"][properties["HttpMethod"]]
        method["requestValidatorId"] = properties.get("RequestValidatorId")
        models = method.get("requestModels") or {}
        if _ANY_CONTENT in models:
            models.setdefault("application/json", models[_ANY_CONTENT])  # the model of what has no other

    completed_by("AWS::ApiGateway::RequestValidator", keep)
    completed_by("AWS::ApiGateway::Method", set_validator)
    resource_handlers()["AWS::ApiGateway::RequestValidator"]["delete"] = forget


def _take_tokens_by_their_use() -> None:
    """A method that names scopes takes access tokens, any other ID tokens; the emulator takes both.

    Emulator: services/apigateway_v1.py.
    Test: test_local_rest_apis.py::test_users_bring_id_tokens_and_access_tokens_where_scopes_are_named.
    """
    apis = emulated("services.apigateway_v1")

    @instead_of(apis, "_validate_cognito_authorizer")
    async def validated(validate: Any, authorizer: Any, method: Mapping[str, Any], *rest: Any) -> Any:
        claims, error = await validate(authorizer, method, *rest)
        taken = "access" if method.get("authorizationScopes") else "id"
        if error is None and claims.get("token_use") != taken:
            return None, apis._gw_error("UNAUTHORIZED", "Unauthorized")
        return claims, error


def _make_events_as_aws_does() -> None:
    """An event has the host that was asked, the last value of a parameter, and no `version` (of HTTP APIs' events).

    Emulator: services/apigateway_v1.py.
    Test: test_local_rest_apis.py::test_a_handler_gets_the_event_that_the_documentation_shows.
    """

    @instead_of(emulated("services.apigateway_v1"), "_build_lambda_event_v1")
    def event_of(build: Any, *request: Any, **options: Any) -> Any:
        """The event of a request to a REST API as AWS has it."""
        event = build(*request, **options)
        event.pop("version", None)
        host = str(event["headers"].get("host", ""))
        event["requestContext"] |= {"domainName": host, "domainPrefix": host.partition(".")[0]}
        parameters = event["multiValueQueryStringParameters"]
        if parameters:
            event["queryStringParameters"] = {name: values[-1] for name, values in parameters.items()}
        return event
