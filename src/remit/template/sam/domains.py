"""Domain and Auth of SAM's APIs: the domain name, its mappings and records, and the callers of authorizers.

Source: "DomainConfiguration", "RouteConfiguration", "ApiAuth" and "HttpApiAuth" (AWS SAM Developer Guide).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from remit.iam import tokens
from remit.template.sam.resources import MadeResource, SamResource, given


def api_domain(declared: SamResource, stage: str) -> Iterator[MadeResource]:
    """The domain name of an API, a mapping for each of its base paths, and its records; nothing without a domain."""
    domain = declared.mapping("Domain")
    if not domain:
        return
    path, api, name = declared.at("Domain"), declared.logical_id, domain.get("DomainName")
    is_rest = declared.kind == "Api"
    logical_id = f"ApiGatewayDomainName{'' if is_rest else 'V2'}{_hash(name)}"
    properties = {"DomainName": name, **given(domain, "MutualTlsAuthentication")}
    if is_rest:
        endpoint = domain.get("EndpointConfiguration") or "REGIONAL"
        certificate = "CertificateArn" if endpoint == "EDGE" else "RegionalCertificateArn"
        properties |= {
            certificate: domain.get("CertificateArn"),
            "EndpointConfiguration": {"Types": [endpoint]},
            **given(domain, "OwnershipVerificationCertificateArn", "Policy", "SecurityPolicy"),
        }
        yield MadeResource(logical_id, "AWS::ApiGateway::DomainName", properties, path)
    else:
        configuration = {**given(domain, "CertificateArn", "SecurityPolicy"), "EndpointType": "REGIONAL"}
        properties["DomainNameConfigurations"] = [configuration]
        yield MadeResource(logical_id, "AWS::ApiGatewayV2::DomainName", properties, path)
    is_normalised = domain.get("NormalizeBasePath", True)
    base_paths = domain.get("BasePath") or [None]
    for base_path in base_paths if isinstance(base_paths, list) else [base_paths]:
        mapping: dict[str, Any] = {"DomainName": {"Ref": logical_id}, "Stage": {"Ref": stage}}
        # Of a base path SAM keeps letters and digits alone, in the id of its mapping and, for a REST API, in the path.
        letters = "".join(filter(str.isalnum, base_path or ""))
        if is_rest:
            mapping["RestApiId"] = {"Ref": api}
            if base_path is not None:
                mapping["BasePath"] = letters if is_normalised else base_path
            yield MadeResource(f"{api}{letters}BasePathMapping", "AWS::ApiGateway::BasePathMapping", mapping, path)
        else:
            mapping["ApiId"] = {"Ref": api}
            if base_path is not None:
                mapping["ApiMappingKey"] = base_path.strip("/")
            yield MadeResource(f"{api}{letters}ApiMapping", "AWS::ApiGatewayV2::ApiMapping", mapping, path)
    route = domain.get("Route53")
    zone = given(route, "HostedZoneId") or given(route, "HostedZoneName") if isinstance(route, dict) else {}
    if zone:
        # All records of a hosted zone share a group.
        group = f"RecordSetGroup{_hash(next(iter(zone.values())))}"
        records = {**zone, "RecordSets": [{"Name": name, "Type": "A"}]}
        yield MadeResource(group, "AWS::Route53::RecordSetGroup", records, declared.at("Domain", "Route53"))


def authorizer_permissions(declared: SamResource) -> Iterator[MadeResource]:
    """Yield the right of an API to call each function that is its authorizer; of an HTTP API where it asks for that."""
    authorizers = declared.mapping("Auth").get("Authorizers")
    if not isinstance(authorizers, dict) or tokens.is_intrinsic(authorizers):
        return
    for name, authorizer in authorizers.items():
        function = authorizer.get("FunctionArn") if isinstance(authorizer, dict) else None
        if function is None:
            continue
        is_denied = authorizer.get("DisableFunctionDefaultPermissions") is True
        if declared.kind == "HttpApi":
            is_denied = authorizer.get("EnableFunctionDefaultPermissions") is not True
        if is_denied:
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


def _hash(value: Any) -> str:
    """Return SAM's suffix of the logical ids of domain names and record sets: ten hexadecimal digits."""
    # As the translator spells what it hashes: a text as it is, the rest as compact JSON.
    text = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), sort_keys=True)
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()[:10]
