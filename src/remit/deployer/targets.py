"""Find the narrowest resources of an action that CloudFormation needs for one resource of a template.

In this order: the resource itself, the resources and ARNs that its properties mention, everything of the action's kind
in the account and region, `*` for actions that IAM knows no narrower resource for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from remit.catalogue.actions import action
from remit.catalogue.arns import matches, parse
from remit.deployer.declared import OPEN, Declared, Stack, arns, filled, texts
from remit.deployer.references import ROLES, direct, literals, mentions, referred
from remit.deployer.shapes import SHAPES

if TYPE_CHECKING:
    from remit.catalogue.actions import Action, Target

_IDENTITIES: Final = frozenset({
    "ec2:role", "iam:group", "iam:policy", "iam:role", "iam:user", "sts:role", "sts:root-user", "sts:user",
})  # fmt: skip
"""Kinds that nobody gets by a wildcard: only those that the template names."""
_QUALIFIED: Final = frozenset({"AWS::Lambda::Alias", "AWS::Lambda::Version"})
_NAMED_BY: Final[dict[str, tuple[str, str]]] = {
    "AWS::CertificateManager::Certificate": ("DomainValidationOptions", "Id"),
    "AWS::Events::EventBusPolicy": ("EventBusName", "EventBusName"),
    "AWS::IAM::InstanceProfile": ("Roles", "RoleNameWithPath"),
    "AWS::IAM::ManagedPolicy": ("Roles", "RoleNameWithPath"),
    "AWS::IAM::Policy": ("Roles", "RoleNameWithPath"),
    "AWS::IAM::RolePolicy": ("RoleName", "RoleNameWithPath"),
    "AWS::Lambda::Alias": ("FunctionName", "FunctionName"),
    "AWS::Lambda::EventInvokeConfig": ("FunctionName", "FunctionName"),
    "AWS::Lambda::EventSourceMapping": ("FunctionName", "FunctionName"),
    "AWS::Lambda::Permission": ("FunctionName", "FunctionName"),
    "AWS::Lambda::Url": ("TargetFunctionArn", "FunctionName"),
    "AWS::Lambda::Version": ("FunctionName", "FunctionName"),
    "AWS::Logs::LogStream": ("LogGroupName", "LogGroupName"),
    "AWS::Logs::MetricFilter": ("LogGroupName", "LogGroupName"),
    "AWS::Logs::SubscriptionFilter": ("LogGroupName", "LogGroupName"),
    "AWS::Route53::RecordSet": ("HostedZoneId", "Id"),
    "AWS::S3::BucketPolicy": ("Bucket", "BucketName"),
}
"""Types about another resource: the property that names it, and the variable of its ARN that the name fills."""
_UNNAMED: Final = frozenset({"route53:change"})
"""Kinds whose ARNs have a variable of that name, too, which is another's."""
_KINDS: Final = {
    "AWS::DocDB::DBCluster": "rds:cluster",
    "AWS::DocDB::DBClusterParameterGroup": "rds:cluster-pg",
    "AWS::DocDB::DBInstance": "rds:db",
    "AWS::DocDB::DBSubnetGroup": "rds:subgrp",
    "AWS::EC2::EIP": "ec2:elastic-ip",
    "AWS::EC2::FlowLog": "ec2:vpc-flow-log",
    "AWS::EC2::Host": "ec2:dedicated-host",
    "AWS::EC2::IPv4Pool": "ec2:ipv4pool-ec2",
    "AWS::EC2::SpotFleet": "ec2:spot-fleet-request",
    "AWS::EC2::TransitGatewayConnect": "ec2:transit-gateway-attachment",
    "AWS::EC2::TransitGatewayPeeringAttachment": "ec2:transit-gateway-attachment",
    "AWS::EC2::TransitGatewayVpcAttachment": "ec2:transit-gateway-attachment",
    "AWS::Neptune::DBCluster": "rds:cluster",
    "AWS::Neptune::DBClusterParameterGroup": "rds:cluster-pg",
    "AWS::Neptune::DBInstance": "rds:db",
    "AWS::Neptune::DBParameterGroup": "rds:pg",
    "AWS::Neptune::DBSubnetGroup": "rds:subgrp",
    "AWS::Neptune::EventSubscription": "rds:es",
    "AWS::RDS::DBClusterParameterGroup": "rds:cluster-pg",
    "AWS::RDS::DBParameterGroup": "rds:pg",
    "AWS::RDS::EventSubscription": "rds:es",
    "AWS::RDS::OptionGroup": "rds:og",
}
"""Types that are not named like IAM's kind of them."""
_API: Final = "arn:${AWS::Partition}:apigateway:${AWS::Region}::"
_APIS: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("AWS::ApiGatewayV2::DomainName", ("/domainnames", "/domainnames/*", "/tags/*")),
    ("AWS::ApiGatewayV2::ApiMapping", ("/domainnames/*",)),
    ("AWS::ApiGatewayV2::VpcLink", ("/vpclinks", "/vpclinks/*", "/tags/*")),
    ("AWS::ApiGatewayV2::", ("/apis", "/apis/*", "/tags/*")),
    ("AWS::ApiGateway::Account", ("/account",)),
    ("AWS::ApiGateway::ApiKey", ("/apikeys", "/apikeys/*", "/tags/*")),
    ("AWS::ApiGateway::BasePathMapping", ("/domainnames/*",)),
    ("AWS::ApiGateway::DomainName", ("/domainnames", "/domainnames/*", "/tags/*")),
    ("AWS::ApiGateway::UsagePlan", ("/usageplans", "/usageplans/*", "/tags/*")),
    ("AWS::ApiGateway::VpcLink", ("/vpclinks", "/vpclinks/*", "/tags/*")),
    ("AWS::ApiGateway::", ("/restapis", "/restapis/*", "/tags/*")),
)
"""API Gateway's paths by the start of a type: ids are made up, and its actions (GET …) say nothing of the kind."""
_ADDRESS: Final = re.compile(
    r"(?:s3://|https://(?:(?P<host>(?:[a-z0-9.-]|\$\{AWS::\w+\})+)\.)?s3[.-](?:(?:[a-z0-9-]+|\$\{AWS::Region\})\.)?"
    rf"(?:amazonaws\.com(?:\.cn)?|{OPEN})/)(?(host)|(?P<bucket>[^/{OPEN}]+)/?)(?P<key>[^{OPEN}]*)"
)
"""Where something is in S3, as a URI or as a URL of either style."""
_KEYS: Final = re.compile(r"kms|key|encrypt|sse", re.IGNORECASE)
_PLACES: Final = re.compile(r"s3|location|uri|bucket|templateurl", re.IGNORECASE)
_FETCH: Final = ("s3:GetObject", "s3:GetObjectVersion")
_FEW: Final = 4  # kinds that one action works on; more is tagging, which works on all
_MANY: Final = 12  # kinds that are tagged; more, and nothing tells which, are all of the service's
_SERVICE_ROLES: Final = "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/aws-service-role/*"


def targets(stack: Stack, declared: Declared, name: str) -> tuple[str, ...]:
    """The resources that a deploy needs the action on for this resource; none: it is not needed."""
    if name.startswith("apigateway:"):
        paths = next((paths for start, paths in _APIS if declared.type.startswith(start)), ("/*",))
        return tuple(f"{_API}{path}" for path in paths)
    if name.startswith("iam:") and "ServiceLinkedRole" in name:
        return (_SERVICE_ROLES,)
    known = action(name)
    if known is None or not known.targets:  # a pattern such as `ec2:Describe*`, whose actions have nothing in common
        return ("*",)
    if known.service == "s3" and not declared.type.startswith("AWS::S3::"):
        places = tuple(_sources(stack, declared, name))
        if places or name in _FETCH:
            return places or tuple(text for target in known.targets for text in _mentioned(stack, declared, target))
    own = _own(stack, declared, known.targets)
    return own or _by_kind(declared, known.targets, tagging=_tagging(known)) or _foreign(stack, declared, known)


def left_out(stack: Stack, declared: Declared, name: str) -> bool:
    """Whether an action may be needed though the template does not say on what: it is not granted then.

    That is so for writing roles and policies that it does not name, and for fetching from S3 out of the blue.
    """
    known = action(name)
    if known is None or targets(stack, declared, name):
        return False
    if name in _FETCH:
        return mentions(declared.properties, _PLACES)
    return known.level not in ("Read", "List") and not declared.type.startswith("AWS::IAM::")


def _own(stack: Stack, declared: Declared, kinds: tuple[Target, ...]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for target in kinds:
        kind = f"{target.type.service}:{target.type.name}"
        found |= dict.fromkeys(_spelled(kind, arns(stack, declared, kind, target.type.arns)))
    for target in kinds if found else ():
        if target.required and f"{target.type.service}:{target.type.name}" not in SHAPES[declared.type].kinds:
            found |= dict.fromkeys(_mentioned(stack, declared, target))
    return tuple(found)


def _spelled(kind: str, found: tuple[str, ...]) -> Iterator[str]:
    """The ARNs as IAM asks for them: a log group's with and without `:*` ("CloudWatch Logs resources", user guide).

    A role, user, group or policy whose name has an open stretch is left out: such a pattern would fit others as well.
    """
    for arn in found:
        if kind in _IDENTITIES and OPEN in arn:
            continue
        yield arn
        if kind == "logs:log-group":
            yield f"{arn}:*"


def _tagging(known: Action) -> bool:
    """Whether an action is one of those that work on every kind of the service, whatever the catalogue requires."""
    return known.level == "Tagging" or "Tags" in known.name or len(known.targets) > _FEW


def _by_kind(declared: Declared, kinds: tuple[Target, ...], *, tagging: bool = True) -> tuple[str, ...]:
    """All of the kind that a type is named like, where the names of the type are made up (an id, say).

    What else the action works on comes with it, unless it is tagging.
    """
    last = _folded(declared.type.rpartition("::")[2])
    shape = SHAPES.get(declared.type)
    if shape is not None and shape.styles:
        return ()
    named = shape.kinds if shape is not None else (_KINDS[declared.type],) if declared.type in _KINDS else ()
    mine = {kind.rpartition(":")[2] for kind in named}
    own = [one for one in kinds if one.type.name in mine or (not mine and last.endswith(_folded(one.type.name)))]
    if not own or (not mine and own[0].type.service != declared.type.split("::")[1].lower()):
        return ()
    taken = own if tagging else kinds
    return tuple(dict.fromkeys(filled(format_, {}) for target in taken for format_ in target.type.arns))


def _foreign(stack: Stack, declared: Declared, known: Action) -> tuple[str, ...]:
    found: dict[str, None] = {}
    missing: list[Target] = []
    for target in known.targets:
        mentioned = tuple(_mentioned(stack, declared, target))
        found |= dict.fromkeys(mentioned)
        kind = f"{target.type.service}:{target.type.name}"
        if not mentioned and kind not in _IDENTITIES:
            missing.append(target)
    required = [target for target in missing if target.required]
    wanted = required if found or required else missing
    if len(wanted) > _MANY and _tagging(known):
        return (*found, f"arn:${{AWS::Partition}}:{known.service}:${{AWS::Region}}:${{AWS::AccountId}}:*")
    for target in wanted:
        found |= dict.fromkeys(filled(format_, {}) for format_ in target.type.arns)
    return tuple(found)


def _folded(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())


def _mentioned(stack: Stack, declared: Declared, target: Target) -> Iterator[str]:
    """The ARNs of a kind that a resource's properties mention: resources of the template, ARNs, names."""
    kind = f"{target.type.service}:{target.type.name}"
    only = ROLES if kind in ("iam:role", "sts:role", "ec2:role") else _KEYS if kind == "kms:key" else None
    found: list[str] = []
    for other in referred(stack, declared, only):
        known = arns(stack, other, kind, target.type.arns)
        found += _spelled(kind, known or (() if kind in _IDENTITIES else _by_kind(other, (target,))))
    for text in literals(stack, declared, only):
        arn = parse(text)
        if arn is not None and OPEN not in text and any(matches(arn, format_) for format_ in target.type.arns):
            found += _spelled(kind, (text,))
    if not found:
        found += _by_name(stack, declared, target)
    qualified = kind == "lambda:function" and (declared.type in _QUALIFIED or "Qualifier" in declared.properties)
    qualified = qualified or any(other.type in _QUALIFIED for other in direct(stack, declared, None))
    parts = qualified or (kind == "sns:topic" and declared.type == "AWS::SNS::Subscription")
    yield from found
    yield from (f"{arn}:*" for arn in found if parts)


def _by_name(stack: Stack, declared: Declared, target: Target) -> Iterator[str]:
    given, variable = _NAMED_BY.get(declared.type, ("", ""))
    if not given or f"{target.type.service}:{target.type.name}" in _UNNAMED:
        return
    if not any(f"${{{variable}}}" in format_ for format_ in target.type.arns):
        return
    value = declared.properties.get(given)
    kind = f"{target.type.service}:{target.type.name}"
    for item in value if isinstance(value, list) else [value]:
        named = item["HostedZoneId"] if isinstance(item, Mapping) and "HostedZoneId" in item else item
        for text in texts(stack, named):
            if not text.startswith("arn:"):
                yield from _spelled(kind, tuple(filled(format_, {variable: text}) for format_ in target.type.arns))


def _sources(stack: Stack, declared: Declared, name: str) -> Iterator[str]:
    """What a resource is made from in S3: all objects beside a key, which differs at each deploy; or the bucket."""
    known = action(name)
    on_objects = known is not None and any(target.type.name == "object" for target in known.targets)
    urls = texts(stack, declared.properties.get("TemplateURL"))
    for place in (*_places(declared.properties), *_places(urls)):
        bucket, key = (next(iter(texts(stack, item)), "") for item in place)
        folder = key.rpartition("/")[0]
        arn = f"arn:${{AWS::Partition}}:s3:::{bucket}"
        yield f"{arn}/{folder}/*" if folder and on_objects else f"{arn}/*" if on_objects else arn


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(value, str) and (found := _ADDRESS.fullmatch(value)) is not None:
        yield found["host"] or found["bucket"], found["key"]
    elif isinstance(value, Mapping):
        for bucket, key in (("S3Bucket", "S3Key"), ("S3Bucket", "S3KeyPrefix"), ("Bucket", "Key")):
            if bucket in value and key in value:
                yield value[bucket], value[key]
        if "S3Bucket" in value and not {"S3Key", "S3KeyPrefix"} & value.keys():
            yield value["S3Bucket"], None
        for item in value.values():
            yield from _places(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _places(item)
