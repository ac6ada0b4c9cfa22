"""Domain and Auth of SAM's APIs: the domain name, its mappings and records, and the callers of authorizers.

Source: "DomainConfiguration", "RouteConfiguration", "ApiAuth" and "HttpApiAuth" (AWS SAM Developer Guide).
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from remit.iam import tokens
from remit.template.sam.resources import MadeResource, given

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from remit.template.sam.resources import SamResource


def rest_domain(declared: SamResource, stage: str) -> Iterator[MadeResource]:
    """The domain name of a REST API, a mapping for each of its base paths, and its records."""
    domain = declared.mapping("Domain")
    if not domain:
        return
    path = declared.at("Domain")
    logical_id = f"ApiGatewayDomainName{_hash(domain.get('DomainName'))}"
    is_edge = domain.get("EndpointConfiguration") == "EDGE"
    certificate = "CertificateArn" if is_edge else "RegionalCertificateArn"
    properties = {
        "DomainName": domain.get("DomainName"),
        certificate: domain.get("CertificateArn"),
        "EndpointConfiguration": {"Types": [domain.get("EndpointConfiguration") or "REGIONAL"]},
        **given(domain, "MutualTlsAuthentication", "OwnershipVerificationCertificateArn", "Policy", "SecurityPolicy"),
    }
    yield MadeResource(logical_id, "AWS::ApiGateway::DomainName", properties, path)
    is_normalised = domain.get("NormalizeBasePath", True)
    for suffix, base_path in _base_paths(domain):
        mapping = {
            "DomainName": {"Ref": logical_id},
            "RestApiId": {"Ref": declared.logical_id},
            "Stage": {"Ref": stage},
            **({} if base_path is None else {"BasePath": suffix if is_normalised else base_path}),
        }
        name = f"{declared.logical_id}{suffix}BasePathMapping"
        yield MadeResource(name, "AWS::ApiGateway::BasePathMapping", mapping, path)
    yield from _records(declared, domain)


def http_domain(declared: SamResource, stage: str) -> Iterator[MadeResource]:
    """The same of an HTTP API."""
    domain = declared.mapping("Domain")
    if not domain:
        return
    path = declared.at("Domain")
    logical_id = f"ApiGatewayDomainNameV2{_hash(domain.get('DomainName'))}"
    configuration = {**given(domain, "CertificateArn", "SecurityPolicy"), "EndpointType": "REGIONAL"}
    properties = {
        "DomainName": domain.get("DomainName"),
        "DomainNameConfigurations": [configuration],
        **given(domain, "MutualTlsAuthentication"),
    }
    yield MadeResource(logical_id, "AWS::ApiGatewayV2::DomainName", properties, path)
    for suffix, base_path in _base_paths(domain):
        mapping = {
            "ApiId": {"Ref": declared.logical_id},
            "DomainName": {"Ref": logical_id},
            "Stage": {"Ref": stage},
            **({} if base_path is None else {"ApiMappingKey": base_path.strip("/")}),
        }
        name = f"{declared.logical_id}{suffix}ApiMapping"
        yield MadeResource(name, "AWS::ApiGatewayV2::ApiMapping", mapping, path)
    yield from _records(declared, domain)


def authorizer_permissions(declared: SamResource) -> Iterator[MadeResource]:
    """The right of an API to call each function that is its authorizer; of an HTTP API where it asks for that."""
    authorizers = declared.mapping("Auth").get("Authorizers")
    if not isinstance(authorizers, dict) or tokens.is_intrinsic(authorizers):
        return
    for name, authorizer in authorizers.items():
        function = authorizer.get("FunctionArn") if isinstance(authorizer, dict) else None
        if function is None or not _is_permitted(declared, authorizer):
            continue
        arn = "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${api}/authorizers/*"
        properties = {
            "Action": "lambda:InvokeFunction",
            "FunctionName": function,
            "Principal": "apigateway.amazonaws.com",
            "SourceArn": {"Fn::Sub": [arn, {"api": {"Ref": declared.logical_id}}]},
        }
        path = declared.at("Auth", "Authorizers", name)
        yield MadeResource(
            f"{declared.logical_id}{name}AuthorizerPermission", "AWS::Lambda::Permission", properties, path
        )


def _is_permitted(declared: SamResource, authorizer: Mapping[str, Any]) -> bool:
    if declared.kind == "HttpApi":
        return authorizer.get("EnableFunctionDefaultPermissions") is True
    return authorizer.get("DisableFunctionDefaultPermissions") is not True


def _base_paths(domain: Mapping[str, Any]) -> Iterator[tuple[str, str | None]]:
    """Yield each base path with its addition to the logical id of the mapping; one without, where none is."""
    base_paths = domain.get("BasePath") or [None]
    for base_path in base_paths if isinstance(base_paths, list) else [base_paths]:
        yield "".join(filter(str.isalnum, base_path or "")), base_path


def _records(declared: SamResource, domain: Mapping[str, Any]) -> Iterator[MadeResource]:
    """The records of the domain name, in the group that all of a hosted zone share."""
    route = domain.get("Route53")
    if not isinstance(route, dict):
        return
    zone = given(route, "HostedZoneId") or given(route, "HostedZoneName")
    if zone:
        record = {"Name": domain.get("DomainName"), "Type": "A"}
        logical_id = f"RecordSetGroup{_hash(next(iter(zone.values())))}"
        properties = {**zone, "RecordSets": [record]}
        yield MadeResource(logical_id, "AWS::Route53::RecordSetGroup", properties, declared.at("Domain", "Route53"))


def _hash(value: Any) -> str:
    """Return SAM's suffix of the logical ids of domain names."""
    text = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), sort_keys=True)
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()[:10]
