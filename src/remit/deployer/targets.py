"""Find the narrowest resources of an action that CloudFormation needs for one resource of a template.

In this order: the resource itself, the resources and ARNs that its properties mention, everything of the action's kind
in the account and region, `*` for actions that IAM knows no narrower resource for.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from remit.catalogue.action_resources import is_authorised_on
from remit.catalogue.actions import Action, ActionTarget, action
from remit.catalogue.arns import parse
from remit.catalogue.types import deployment_of
from remit.deployer.iam_resource_types import IDENTITIES, arns_of_kind, folded, own_kinds, spelled
from remit.deployer.mentioned_arns import arns_like_type, mentioned_arns
from remit.deployer.optional_actions import linked_services
from remit.deployer.planned_stack import PlannedStack, filled, is_generated
from remit.deployer.references import direct, literals, mentions, named_literals
from remit.deployer.s3_objects import source_arns
from remit.template.resolved_texts import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.app import Resource

_API: Final = "arn:${AWS::Partition}:apigateway:${AWS::Region}::"
_DOMAINS: Final = "/domainnames/*"
"""Every domain name, with all that belongs to it."""
_PUT: Final = ("/apis", "/restapis", "/tags", "/*")
"""Where API Gateway is asked to PUT: tags, and parts of APIs."""
_LOCATION: Final = re.compile(r"s3|location|uri|bucket|templateurl", re.IGNORECASE)
_FETCH: Final = ("s3:GetObject", "s3:GetObjectVersion")
_GUARDED: Final = {
    "AWS::ApiGateway": "apigateway",
    "AWS::AppRunner": "apprunner",
    "AWS::AppSync": "appsync",
    "AWS::Cognito": "cognito-idp",
    "AWS::EC2": "ec2",
    "AWS::ElasticLoadBalancingV2": "elasticloadbalancing",
}
"""The services of what a web ACL guards."""
_DEFAULTS: Final = frozenset({
    "elasticache:parametergroup", "elasticache:subnetgroup", "rds:cluster-pg", "rds:og", "rds:pg", "rds:subgrp",
})  # fmt: skip
"""Kinds of which a service takes `default*` when nothing is named, which IAM is asked for all the same.

Source: "Identity-based policy examples for Amazon RDS": `og:default*`, `pg:default*`, `subgrp:default`.
"""
_MADE_BESIDE: Final = {
    "ec2:DisassociateAddress": ("ec2:network-interface",),
    "ec2:DisassociateNatGatewayAddress": ("ec2:network-interface",),
    "ec2:RunInstances": ("ec2:volume",),
}
"""What an action asks for with its resource, though the Service Authorization Reference does not say that it must.

Source: "Example policies for working with the AWS CLI or an AWS SDK", launch instances (Amazon EC2 User Guide).
"""
_QUALIFIED: Final = re.compile(r":function:[^:]+:[^:]+$")
_MANY: Final = 12  # kinds that are tagged; more, and nothing tells which, are all of the service's
_SERVICE_ROLES: Final = "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/aws-service-role/"


def targets(stack: PlannedStack, resource: Resource, name: str) -> tuple[str, ...]:
    """The ARNs, or patterns of them, that a deploy needs the action on for this resource; none: it is not needed.

    `name` is an action. A pattern of actions, and an action without resource types, is needed on `*`; one of API
    Gateway's (`apigateway:PUT`) on paths, one on service-linked roles on those of the resource's services. One may come
    more than once: `merged` keeps it once.
    """
    if name.startswith("apigateway:"):
        return _of_apis(stack, resource, name)
    if name.startswith("iam:") and ("ServiceLinkedRole" in name or resource.type == "AWS::IAM::ServiceLinkedRole"):
        roles = tuple(f"{_SERVICE_ROLES}{service}/*" for service in linked_services(stack, resource))
        return roles or (f"{_SERVICE_ROLES}*",)
    entry = action(name)
    if entry is None or not entry.targets:  # a pattern such as `ec2:Describe*`, whose actions have nothing in common
        return ("*",)
    if entry.service == "s3" and not resource.type.startswith("AWS::S3::"):
        sources = tuple(source_arns(stack, resource, entry))
        if sources:
            return sources
        if name in _FETCH:
            return tuple(arn for target in entry.targets for arn in mentioned_arns(stack, resource, target.type))
    kinds = [target.type for target in entry.targets]
    arns: list[str] = []
    for kind in kinds:
        arns += spelled(kind, stack.arns(resource, kind.full_name, kind.arns))
    arns = arns or arns_like_type(stack, resource, kinds)
    if arns:
        arns += _beside(stack, resource, entry)
    else:
        arns += _foreign(stack, resource, entry)
    if all(kind.full_name == "lambda:function" for kind in kinds):
        # Some of Lambda's actions take no version and no alias: IAM would never match a statement on one.
        arns = [arn for arn in arns if not _QUALIFIED.search(arn) or is_authorised_on(entry.full_name, arn)]
    return tuple(arns)


def _of_apis(stack: PlannedStack, resource: Resource, name: str) -> tuple[str, ...]:
    """The ARNs of the paths of API Gateway's own API that a deploy calls with a method (`apigateway:PUT`).

    They are those of the type's row, else all; domain names that are known stand in the place of all domain names.
    """
    domains = stack.texts(resource.properties.get("DomainName"))
    is_open = any(UNKNOWN in domain for domain in domains)
    paths: list[str] = []
    for path in deployment_of(resource.type).api_paths or ("/*",):
        if name == "apigateway:PUT" and not path.startswith(_PUT):
            continue
        if path == _DOMAINS and domains and not is_open:
            for domain in domains:
                paths += [f"/domainnames/{domain}", f"/domainnames/{domain}/*"]
        else:
            paths.append(path)
    return tuple(f"{_API}{path}" for path in paths)


def concerns(stack: PlannedStack, resource: Resource, name: str) -> bool:
    """Return whether an action of a type's handlers may concern this resource: True for all types but one.

    Of the association of a web ACL these are actions of WAF and of the service that it guards, or of any service where
    that is not known.
    """
    service = name.partition(":")[0]
    if resource.type != "AWS::WAFv2::WebACLAssociation" or service == "wafv2":
        return True
    association = replace(resource, properties={"ResourceArn": resource.properties.get("ResourceArn")})
    guarded = {_GUARDED.get(target.type.rpartition("::")[0], "") for target in direct(stack, association)}
    arns = map(parse, literals(stack, association))
    guarded |= {arn.service for arn in arns if arn is not None}
    return service in guarded or not guarded


def left_out(stack: PlannedStack, resource: Resource, name: str) -> bool:
    """Return whether an action may be needed though the template does not say on what: it is not granted then.

    That is so for writing roles and policies that it does not name, and for fetching from S3 where no property names
    an object.
    """
    entry = action(name)
    if entry is None or not concerns(stack, resource, name) or targets(stack, resource, name):
        return False
    if name in _FETCH:
        return mentions(resource.properties, _LOCATION)
    return entry.level not in ("Read", "List") and not resource.type.startswith("AWS::IAM::")


def _beside(stack: PlannedStack, resource: Resource, entry: Action) -> Iterator[str]:
    """Yield further resources that an action on the resource itself takes (a group, a network), unless it is tagging.

    That is what the template mentions; of what it does not, the defaults that the service takes then, and all of a kind
    that the action must have, or of those that it may, if it mentions none of them.
    """
    if _is_tagging(entry):
        return
    own_names = own_kinds(resource, [target.type for target in entry.targets])
    further = [target for target in entry.targets if target.type.full_name not in own_names]
    mentioned = {target.type.full_name: tuple(mentioned_arns(stack, resource, target.type)) for target in further}
    mentions_optional = any(mentioned[target.type.full_name] for target in further if not target.required)
    # RDS has defaults for what a template does not mention.
    takes_optional = not mentions_optional and not is_generated(resource.type) and entry.service != "rds"
    for target in further:
        kind = target.type
        yield from mentioned[kind.full_name]
        if mentioned[kind.full_name] or kind.full_name in IDENTITIES:
            continue
        called = "dbinstance" if kind.full_name == "rds:db" else folded(kind.name)
        if kind.full_name in _DEFAULTS:
            for format_ in kind.arns:
                yield f"{filled(format_, {}).rpartition(':')[0]}:default*"
        elif (
            target.required
            # A licence configuration, which EC2 lists, is of another service.
            or (takes_optional and any(format_.split(":")[2] == entry.service for format_ in kind.arns))
            or kind.full_name in _MADE_BESIDE.get(entry.full_name, ())
            or any(called in folded(name) for name, _ in named_literals(stack, resource))
        ):
            yield from arns_of_kind(kind, {})


def _foreign(stack: PlannedStack, resource: Resource, entry: Action) -> tuple[str, ...]:
    """The ARNs of an action that takes other resources than this one: what its properties mention, each once.

    Of the kinds that they do not mention, it is all of a kind that the action must have; where nothing is mentioned and
    nothing is a must, all of each. Roles, users, groups and policies are there only where they are mentioned.
    """
    arns: dict[str, None] = {}
    missing: list[ActionTarget] = []
    for target in entry.targets:
        mentioned = tuple(mentioned_arns(stack, resource, target.type))
        arns |= dict.fromkeys(mentioned)
        if not mentioned and target.type.full_name not in IDENTITIES:
            missing.append(target)
    required = [target for target in missing if target.required]
    if arns or required:
        made_beside = _MADE_BESIDE.get(entry.full_name, ())
        missing = required + [
            target for target in missing if target.type.full_name in made_beside and not target.required
        ]
    if len(missing) > _MANY and _is_tagging(entry):
        return (*arns, f"arn:${{AWS::Partition}}:{entry.service}:${{AWS::Region}}:${{AWS::AccountId}}:*")
    ends = dict(deployment_of(resource.type).side_resources)  # what the service makes beside it, under its own names
    for target in missing:
        kind = target.type
        end = ends.get(kind.full_name)
        place = f"arn:${{AWS::Partition}}:{kind.service}:${{AWS::Region}}:${{AWS::AccountId}}"
        names = stack.texts(resource.properties.get("Name")) or ("*",)
        made = arns_of_kind(kind, {}) if end is None else (f"{place}:{end.format(name=name)}" for name in names)
        arns |= dict.fromkeys(made)
    return tuple(arns)


def _is_tagging(entry: Action) -> bool:
    """Return whether an action works on every kind of the service, whatever the catalogue requires."""
    return entry.level == "Tagging" or "Tags" in entry.name
