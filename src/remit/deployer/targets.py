"""Find the narrowest resources of an action that CloudFormation needs for one resource of a template.

In this order: the resource itself, the resources and ARNs that its properties mention, everything of the action's kind
in the account and region, `*` for actions that IAM knows no narrower resource for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING, Any, Final

from remit.catalogue.actions import action
from remit.catalogue.arns import matches, parse
from remit.catalogue.types import deployment_of, lowered, resource_type
from remit.deployer.declared import (
    PlannedStack,
    filled,
    is_generated,
    is_qualified,
    is_specific,
    named_type,
    value_at,
    values_at,
)
from remit.deployer.linked import linked
from remit.deployer.references import ROLES, direct, literals, mentions, named_literals, referred
from remit.template.values import UNKNOWN

if TYPE_CHECKING:
    from remit.app import Resource
    from remit.catalogue.actions import Action, IamResourceType, Target
    from remit.catalogue.types import Referent

_IDENTITIES: Final = frozenset({
    "ec2:role", "iam:group", "iam:policy", "iam:role", "iam:user", "sts:role", "sts:root-user", "sts:user",
})  # fmt: skip
"""Kinds that nobody gets by a wildcard: only those that the template names."""
_NAMED_BY: Final[Mapping[str, tuple[Referent, str]]] = {
    "ec2:role": ("role", "RoleNameWithPath"),
    "events:event-bus": ("event bus", "EventBusName"),
    "iam:group": ("group", "GroupNameWithPath"),
    "iam:role": ("role", "RoleNameWithPath"),
    "iam:user": ("user", "UserNameWithPath"),
    "lambda:function": ("function", "FunctionName"),
    "lambda:function alias": ("function", "FunctionName"),
    "lambda:function version": ("function", "FunctionName"),
    "logs:log-group": ("log group", "LogGroupName"),
    "logs:log-stream": ("log group", "LogGroupName"),
    "route53:hostedzone": ("hosted zone", "Id"),
    "s3:bucket": ("bucket", "BucketName"),
    "s3:object": ("bucket", "BucketName"),
    "sts:role": ("role", "RoleNameWithPath"),
}
"""Kinds that properties of other types may name: what these hold, and the variable of the ARNs that the name fills."""
_NAME: Final = re.compile(r"(?!arn:)\S+")
_SERVICES: Final = {
    "AmazonMQ": "mq",
    "CertificateManager": "acm",
    "Cognito": "cognitoidp",
    "EFS": "elasticfilesystem",
    "EMR": "elasticmapreduce",
    "Elasticsearch": "es",
    "ElasticLoadBalancingV2": "elasticloadbalancing",
    "KinesisAnalyticsV2": "kinesisanalytics",
    "KinesisFirehose": "firehose",
    "MSK": "kafka",
    "MWAA": "airflow",
    "OpenSearchServerless": "aoss",
    "OpenSearchService": "es",
    "StepFunctions": "states",
}
"""Services that types call otherwise than IAM does."""
_API: Final = "arn:${AWS::Partition}:apigateway:${AWS::Region}::"
_PUT: Final = ("/apis", "/restapis", "/tags", "/*")
"""Where API Gateway is asked to PUT: tags, and parts of APIs."""
_URL: Final = re.compile(
    r"(?:s3://|https://(?:(?P<host>(?:[a-z0-9.-]|\$\{AWS::\w+\})+)\.)?s3[.-](?:(?:[a-z0-9-]+|\$\{AWS::Region\})\.)?"
    rf"(?:amazonaws\.com(?:\.cn)?|{UNKNOWN})/)(?(host)|(?P<bucket>[^/{UNKNOWN}]+)/?)(?P<key>[^{UNKNOWN}]*)"
)
"""Where something is in S3, as a URI or as a URL of either style."""
_IMAGE: Final = re.compile(
    r"(?P<account>[0-9]{12}|\$\{AWS::AccountId\})\.dkr\.ecr\.(?P<region>[a-z0-9-]+|\$\{AWS::Region\})\."
    rf"(?:[a-z0-9.]+|{UNKNOWN})/(?P<name>[a-z0-9._/-]+)"
)
"""Where a container's image is in ECR."""
_DOMAIN: Final = re.compile(r"((?:[a-z0-9.-]|\$\{AWS::\w+\})+?)\.s3[.-]")
"""How the domain name of a bucket begins."""
_KEYS: Final = re.compile(r"kms|key|encrypt|sse", re.IGNORECASE)
_LOCATION: Final = re.compile(r"s3|location|uri|bucket|templateurl", re.IGNORECASE)
_BUCKET_AND_KEY: Final = (("S3Bucket", "S3Key"), ("S3Bucket", "S3KeyPrefix"), ("Bucket", "Key"))
_FETCH: Final = ("s3:GetObject", "s3:GetObjectVersion")
_IDS: Final = {
    "ec2:customer-gateway": "cgw",
    "ec2:elastic-ip": "eipalloc",
    "ec2:image": "ami",
    "ec2:instance": "i",
    "ec2:internet-gateway": "igw",
    "ec2:launch-template": "lt",
    "ec2:natgateway": "nat",
    "ec2:network-acl": "acl",
    "ec2:network-interface": "eni",
    "ec2:prefix-list": "pl",
    "ec2:route-table": "rtb",
    "ec2:security-group": "sg",
    "ec2:snapshot": "snap",
    "ec2:subnet": "subnet",
    "ec2:transit-gateway": "tgw",
    "ec2:volume": "vol",
    "ec2:vpc": "vpc",
    "ec2:vpc-endpoint": "vpce",
    "ec2:vpn-gateway": "vgw",
    "elasticfilesystem:access-point": "fsap",
    "elasticfilesystem:file-system": "fs",
}
"""How the ids of a kind begin ("Resource IDs", Amazon EC2 User Guide)."""
_CALLED: Final = {"ami": "image", "eipalloc": "allocation", "sg": "group"}
"""What properties call such an id, where it is not the kind's name."""
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
_LOWER: Final = frozenset({"elasticache", "memorydb", "rds", "redshift"})
"""Services that keep names in small letters."""
_SCOPES: Final = {"REGIONAL": "regional", "CLOUDFRONT": "global"}
_VARIABLE: Final = re.compile(r"\$\{([^{}]+)\}")
_NAMES: Final = re.compile(r"(?:Name|NameWithPath|(?<!^Resource)Id|Identifier|Pool|Scope)$")
"""Variables of ARNs that are spelled as the property of that name."""
_ALIASES: Final = {
    ("athena", "WorkGroupName"): "WorkGroup",
    ("autoscaling", "GroupFriendlyName"): "AutoScalingGroupName",
    ("cloudwatch", "InsightRuleName"): "RuleName",
    ("codedeploy", "DeploymentConfigurationName"): "DeploymentConfigName",
    ("ec2", "KeyPairName"): "KeyName",
    ("ecs", "ClusterName"): "Cluster",
    ("ecs", "ServiceName"): "Service",
    ("elasticache", "CacheClusterId"): "ClusterName",
    ("iam", "CertificateNameWithPath"): "ServerCertificateName",
    ("rds", "ClusterParameterGroupName"): "DBClusterParameterGroupName",
    ("rds", "ClusterSnapshotName"): "DBClusterSnapshotIdentifier",
    ("rds", "DbClusterInstanceName"): "DBClusterIdentifier",
    ("rds", "DbInstanceName"): "DBInstanceIdentifier",
    ("rds", "ParameterGroupName"): "DBParameterGroupName",
    ("rds", "SnapshotName"): "DBSnapshotIdentifier",
    ("rds", "SubnetGroupName"): "DBSubnetGroupName",
    ("redshift", "ClusterName"): "ClusterIdentifier",
    ("redshift", "SnapshotName"): "SnapshotIdentifier",
    ("ses", "DedicatedIPPool"): "PoolName",
    ("ses", "IdentityName"): "EmailIdentity",
}
"""Variables of a service's ARNs, and the property that gives them under another name."""
_BARE: Final = frozenset({"Id", "Name"})
"""Those of them that are any kind's, so that a property of that name is the type's own."""
_MANY: Final = 12  # kinds that are tagged; more, and nothing tells which, are all of the service's
_SERVICE_ROLES: Final = "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/aws-service-role/"


def targets(stack: PlannedStack, resource: Resource, name: str) -> tuple[str, ...]:
    """The ARNs, or patterns of them, that a deploy needs the action on for this resource; none: it is not needed."""
    if name.startswith("apigateway:"):
        paths = deployment_of(resource.type).api_paths or ("/*",)
        return tuple(f"{_API}{path}" for path in paths if name != "apigateway:PUT" or path.startswith(_PUT))
    if name.startswith("iam:") and "ServiceLinkedRole" in name:
        return tuple(f"{_SERVICE_ROLES}{service}/*" for service in linked(stack, resource)) or (f"{_SERVICE_ROLES}*",)
    known = action(name)
    if known is None or not known.targets:  # a pattern such as `ec2:Describe*`, whose actions have nothing in common
        return ("*",)
    if known.service == "s3" and not resource.type.startswith("AWS::S3::"):
        sources = _unique(_sources(stack, resource, known))
        if sources:
            return sources
        if name in _FETCH:
            return tuple(arn for target in known.targets for arn in _mentioned(stack, resource, target.type))
    return _of_service(stack, resource, known)


def _of_service(stack: PlannedStack, resource: Resource, known: Action) -> tuple[str, ...]:
    """The resource itself with what an action works on beside it, or else what its properties mention."""
    kinds = [target.type for target in known.targets]
    own = _own(stack, resource, kinds) or _alike(stack, resource, kinds)
    return _unique((*own, *_beside(stack, resource, known))) if own else _foreign(stack, resource, known)


def concerns(stack: PlannedStack, resource: Resource, name: str) -> bool:
    """Whether an action of a type's handlers may concern this resource: of a web ACL's, the service that it guards."""
    service = name.partition(":")[0]
    if resource.type != "AWS::WAFv2::WebACLAssociation" or service == "wafv2":
        return True
    association = replace(resource, properties={"ResourceArn": resource.properties.get("ResourceArn")})
    guarded = {_GUARDED.get(other.type.rpartition("::")[0], "") for other in direct(stack, association)}
    arns = map(parse, literals(stack, association))
    guarded |= {arn.service for arn in arns if arn is not None}
    return service in guarded or not guarded


def left_out(stack: PlannedStack, resource: Resource, name: str) -> bool:
    """Whether an action may be needed though the template does not say on what: it is not granted then.

    That is so for writing roles and policies that it does not name, and for fetching from S3 out of the blue.
    """
    known = action(name)
    if known is None or not concerns(stack, resource, name) or targets(stack, resource, name):
        return False
    if name in _FETCH:
        return mentions(resource.properties, _LOCATION)
    return known.level not in ("Read", "List") and not resource.type.startswith("AWS::IAM::")


def _unique(arns: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(arns))


def _own(stack: PlannedStack, resource: Resource, kinds: Sequence[IamResourceType]) -> tuple[str, ...]:
    """The resource itself, by its name."""
    arns: list[str] = []
    for kind in kinds:
        arns += _spelled(kind, stack.arns(resource, kind.full_name, kind.arns))
    return _unique(arns)


def _alike(stack: PlannedStack, resource: Resource, kinds: Sequence[IamResourceType]) -> tuple[str, ...]:
    """The kind that a type is named like: those of the name that its properties give, or all, if it is made up."""
    if is_generated(resource.type):
        return ()
    own = _own_kinds(resource, kinds)
    arns: list[str] = []
    for kind in kinds:
        if kind.full_name in own:
            arns += _spelled(kind, _by_properties(stack, resource, kind, own=True))
    return _unique(arns)


def _beside(stack: PlannedStack, resource: Resource, known: Action) -> Iterator[str]:
    """What an action on the resource itself works on as well (a group, a network), unless it is tagging.

    That is what the template mentions; of what it does not, the defaults that the service takes then, and all of a kind
    that the action must have, or of those that it may, if it mentions none of them.
    """
    if _is_tagging(known):
        return
    own = _own_kinds(resource, [target.type for target in known.targets])
    others = [target for target in known.targets if target.type.full_name not in own]
    mentioned = {target.type.full_name: tuple(_mentioned(stack, resource, target.type)) for target in others}
    mentions_optional = any(mentioned[target.type.full_name] for target in others if not target.required)
    # RDS has defaults for what a template does not mention.
    takes_optional = not mentions_optional and not is_generated(resource.type) and known.service != "rds"
    for target in others:
        kind = target.type
        yield from mentioned[kind.full_name]
        if mentioned[kind.full_name] or kind.full_name in _IDENTITIES:
            continue
        if kind.full_name in _DEFAULTS:
            for format_ in kind.arns:
                yield f"{filled(format_, {}).rpartition(':')[0]}:default*"
        elif (
            target.required
            or (takes_optional and _is_of_service(kind, known.service))
            or kind.full_name in _MADE_BESIDE.get(known.full_name, ())
            or _has_property_like(stack, resource, kind)
        ):
            yield from _filled(kind, {})


def _foreign(stack: PlannedStack, resource: Resource, known: Action) -> tuple[str, ...]:
    """What an action works on that is not the resource: what its properties mention, else all of the kinds."""
    arns: dict[str, None] = {}
    missing: list[Target] = []
    for target in known.targets:
        mentioned = tuple(_mentioned(stack, resource, target.type))
        arns |= dict.fromkeys(mentioned)
        if not mentioned and target.type.full_name not in _IDENTITIES:
            missing.append(target)
    required = [target for target in missing if target.required]
    if arns or required:
        made_beside = _MADE_BESIDE.get(known.full_name, ())
        missing = required + [
            target for target in missing if target.type.full_name in made_beside and not target.required
        ]
    if len(missing) > _MANY and _is_tagging(known):
        return (*arns, f"arn:${{AWS::Partition}}:{known.service}:${{AWS::Region}}:${{AWS::AccountId}}:*")
    for target in missing:
        arns |= dict.fromkeys(tuple(_side_resources(stack, resource, target.type)) or _filled(target.type, {}))
    return tuple(arns)


def _is_tagging(known: Action) -> bool:
    """Whether an action is one of those that work on every kind of the service, whatever the catalogue requires."""
    return known.level == "Tagging" or "Tags" in known.name


def _is_of_service(kind: IamResourceType, service: str) -> bool:
    """Whether a kind's ARNs are those of a service: a licence configuration, which EC2 lists, is of another."""
    return any(format_.split(":")[2] == service for format_ in kind.arns)


def _has_property_like(stack: PlannedStack, resource: Resource, kind: IamResourceType) -> bool:
    """Whether a property is called like a kind."""
    called = "dbinstance" if kind.full_name == "rds:db" else _folded(kind.name)
    return any(called in _folded(name) for name, _ in named_literals(stack, resource))


def _own_kinds(resource: Resource, kinds: Iterable[IamResourceType]) -> frozenset[str]:
    """Those of an action's kinds that IAM knows a type as: the row's, or the one that the type is named like."""
    if is_qualified(resource.type):
        return frozenset()
    row = resource_type(resource.type)
    if row is not None and row.iam:
        return frozenset(row.iam)
    service = resource.type.split("::")[1]
    last = _folded(resource.type.rpartition("::")[2])
    alike = [kind for kind in kinds if last.endswith(_folded(kind.name))]
    if not alike or _folded(alike[0].service) != _SERVICES.get(service, service.lower()):
        return frozenset()
    return frozenset(kind.full_name for kind in alike)


def _filled(kind: IamResourceType, values: Mapping[str, str]) -> Iterator[str]:
    return (filled(format_, values) for format_ in kind.arns)


def _spelled(kind: IamResourceType, arns: Iterable[str]) -> Iterator[str]:
    """The ARNs as IAM asks for them: a log group's with and without `:*` ("CloudWatch Logs resources", user guide).

    Connections and destinations of EventBridge have an id that its formats do not tell of.

    A role, user, group or policy of whose name nothing is known is left out: such a pattern would fit every other.
    """
    for arn in arns:
        if kind.full_name in _IDENTITIES and not is_specific(arn):
            continue
        yield arn
        if kind.full_name == "logs:log-group":
            yield f"{arn}:*"
        if kind.full_name in ("events:api-destination", "events:connection") and not arn.endswith("/*"):
            yield f"{arn}/*"


def _side_resources(stack: PlannedStack, resource: Resource, kind: IamResourceType) -> Iterator[str]:
    """What a service makes for a resource of the type, under names of its own."""
    end = dict(deployment_of(resource.type).side_resources).get(kind.full_name)
    if end is not None:
        for name in stack.texts(resource.properties.get("Name")) or ("*",):
            place = f"arn:${{AWS::Partition}}:{kind.service}:${{AWS::Region}}:${{AWS::AccountId}}"
            yield f"{place}:{end.format(name=name)}"


def _folded(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())


def _mentioned(stack: PlannedStack, resource: Resource, kind: IamResourceType) -> Iterator[str]:
    """The ARNs of a kind that a resource's properties mention: resources of the template, ARNs, ids, names."""
    if kind.full_name == "s3:bucket" and resource.type == "AWS::CloudFront::Distribution":
        arns = list(_log_buckets(stack, resource))
    else:
        arns = [arn for kind_arns in (_of_references, _of_arns, _by_id) for arn in kind_arns(stack, resource, kind)]
        arns += [arn for arn in _by_name(stack, resource, kind) if not arns or UNKNOWN not in arn]
        if kind.full_name == "ecr:repository":
            arns += _images(stack, resource)
    if not arns and kind.full_name not in _IDENTITIES:
        arns += _by_properties(stack, resource, kind)
    yield from arns
    if _takes_parts(stack, resource, kind):
        yield from (f"{arn}:*" for arn in arns)


def _properties_of(kind: IamResourceType) -> re.Pattern[str] | None:
    """The names of the properties in which a kind is looked for; None: in all."""
    if kind.full_name in ("iam:role", "sts:role", "ec2:role"):
        return ROLES
    return _KEYS if kind.full_name == "kms:key" else None


def _of_references(stack: PlannedStack, resource: Resource, kind: IamResourceType) -> Iterator[str]:
    """The resources of the template that a resource refers to, as far as they are of a kind."""
    for other in referred(stack, resource, _properties_of(kind)):
        arns: Iterable[str] = stack.arns(other, kind.full_name, kind.arns)
        if not arns and kind.full_name not in _IDENTITIES:
            arns = _alike(stack, other, (kind,))
        yield from _spelled(kind, arns)


def _of_arns(stack: PlannedStack, resource: Resource, kind: IamResourceType) -> Iterator[str]:
    """The ARNs of a kind among the texts of a resource's properties."""
    for text in literals(stack, resource, _properties_of(kind)):
        arn = parse(text)
        is_open = not is_specific(text) if kind.full_name in _IDENTITIES else UNKNOWN in text.rpartition(":")[0]
        if arn is not None and not is_open and any(matches(arn, format_) for format_ in kind.arns):
            yield from _spelled(kind, (text,))


def _takes_parts(stack: PlannedStack, resource: Resource, kind: IamResourceType) -> bool:
    """Whether an action works on parts of what is mentioned: versions and aliases, subscriptions."""
    if any(is_qualified(other.type) for other in direct(stack, resource)):
        return True
    if kind.full_name == "lambda:function":
        return is_qualified(resource.type) or "Qualifier" in resource.properties
    return kind.full_name == "sns:topic" and resource.type == "AWS::SNS::Subscription"


def _by_id(stack: PlannedStack, resource: Resource, kind: IamResourceType) -> Iterator[str]:
    """A kind's resources by the ids that the service made (`vpc-0a1b2c3d`); all of it beside one not known."""
    start = _IDS.get(kind.full_name)
    if start is None:
        return
    takes_id = re.compile(rf"(?:{_folded(kind.name)}|{_CALLED.get(start, start)})(?:ids?|s)?$")
    is_id = re.compile(rf"{start}-[0-9a-z]+")
    by_property: dict[str, list[str]] = {}
    for name, text in _literals_within(stack, resource):
        by_property.setdefault(_folded(name), []).extend(text.split(","))
    for name, texts in by_property.items():
        ids = [text.strip() for text in texts if is_id.fullmatch(text.strip())]
        if any(UNKNOWN in text for text in texts) and (ids or takes_id.search(name)):
            ids = ["*"]
        for id_ in ids:
            yield from (f"{arn.rpartition('/')[0]}/{id_}" for arn in _filled(kind, {}))


def _literals_within(stack: PlannedStack, resource: Resource) -> Iterator[tuple[str, str]]:
    """The texts of a resource's properties with their names, and those of what it refers to that has none itself."""
    yield from named_literals(stack, resource)
    for other in referred(stack, resource):
        if named_type(other.type) is None:
            yield from named_literals(stack, other)


def _by_properties(
    stack: PlannedStack, resource: Resource, kind: IamResourceType, *, own: bool = False
) -> tuple[str, ...]:
    """The ARNs of a kind of which the template gives variables: a property of that name, or a resource in use.

    `own`: the type's own kind, whose name may be just Name, and which is there whatever is given.
    """
    arns: list[str] = []
    for format_ in kind.arns:
        variables = [name for name in _VARIABLE.findall(format_) if _NAMES.search(name) and (own or name not in _BARE)]
        last_name = next((name for name in reversed(variables) if name.endswith("Name")), None)
        texts_by_variable: dict[str, tuple[str, ...]] = {}
        for variable in variables:
            texts = _given(stack, resource, kind.service, variable, is_name=own and variable == last_name)
            if not texts and not own:
                texts = _given_within(stack, resource, kind.service, variable)
            if texts:
                texts_by_variable[variable] = texts
        if texts_by_variable or own:
            choices = product(*texts_by_variable.values())
            arns += [filled(format_, dict(zip(texts_by_variable, choice, strict=True))) for choice in choices]
    return _unique(arns)


def _given(stack: PlannedStack, resource: Resource, service: str, variable: str, *, is_name: bool) -> tuple[str, ...]:
    """What the properties of a resource put for a variable, or else the name of what it refers to."""
    names = (variable, _ALIASES.get((service, variable), variable), *(("Name",) if is_name else ()))
    by_folded_name = {_folded(name): value for name, value in resource.properties.items()}
    value = next((by_folded_name[name] for name in map(_folded, names) if name in by_folded_name), None)
    texts = () if isinstance(value, list) else stack.texts(value)
    if texts:
        return tuple(_as_kept(service, text) for text in texts)
    return tuple(
        name
        for other in (resource, *referred(stack, resource))
        if _name_variable(other.type, service) == variable
        for name in stack.names(other)
    )


def _given_within(stack: PlannedStack, resource: Resource, service: str, variable: str) -> tuple[str, ...]:
    """What properties at any depth put for a variable, under the other name that the service has for it."""
    alias = _ALIASES.get((service, variable))
    if alias is None:
        return ()
    return tuple(_as_kept(service, text) for name, text in _literals_within(stack, resource) if name == alias)


def _name_variable(type_name: str, service: str) -> str | None:
    """The variable of a type's ARNs that its name fills, if they are ARNs of a service."""
    named = named_type(type_name)
    return named.name_variable if named is not None and named.row.iam[0].startswith(f"{service}:") else None


def _as_kept(service: str, text: str) -> str:
    return _SCOPES.get(text, lowered(text) if service in _LOWER else text.lstrip("/"))


def _by_name(stack: PlannedStack, resource: Resource, kind: IamResourceType) -> Iterator[str]:
    """The ARNs of a kind that properties name, which hold the name of a role, a function, a bucket."""
    row = resource_type(resource.type)
    if row is None or kind.full_name not in _NAMED_BY:
        return
    referent, variable = _NAMED_BY[kind.full_name]
    for path in row.holding(referent):
        for value in values_at(resource.properties, path):
            names = (text for text in stack.texts(value) if _NAME.fullmatch(text))
            yield from (arn for name in names for arn in _spelled(kind, _filled(kind, {variable: name})))


def _log_buckets(stack: PlannedStack, resource: Resource) -> Iterator[str]:
    """The bucket of a distribution's logs, which stands by its domain name."""
    logs = replace(resource, properties={"Bucket": value_at(resource.properties, "DistributionConfig.Logging.Bucket")})
    for other in direct(stack, logs):
        yield from stack.arns(other, "s3:bucket", ("arn:${Partition}:s3:::${BucketName}",))
    for text in literals(stack, logs):
        domain = _DOMAIN.match(text)
        if domain is not None:
            yield f"arn:${{AWS::Partition}}:s3:::{domain[1]}"


def _images(stack: PlannedStack, resource: Resource) -> Iterator[str]:
    """The repositories of the images that a resource's properties mention."""
    for text in literals(stack, resource):
        image = _IMAGE.match(text)
        if image is not None:
            yield f"arn:${{AWS::Partition}}:ecr:{image['region']}:{image['account']}:repository/{image['name']}"


def _sources(stack: PlannedStack, resource: Resource, known: Action) -> Iterator[str]:
    """What a resource is made from in S3: all objects beside a key, which differs at each deploy; or the bucket."""
    on_objects = any(target.type.name == "object" for target in known.targets)
    urls = list(stack.texts(resource.properties.get("TemplateURL")))
    for bucket, key in (*_locations(resource.properties), *_locations(urls)):
        yield _stored(stack, bucket, key, on_objects=on_objects)


def stored(stack: PlannedStack, url: str) -> tuple[str, ...]:
    """The objects beside one in S3, whose URL this is; none if it is no URL, or not known."""
    return tuple(_stored(stack, bucket, key, on_objects=True) for bucket, key in _locations(url))


def _stored(stack: PlannedStack, bucket: Any, key: Any, *, on_objects: bool) -> str:
    bucket_name, key_name = (next(iter(stack.texts(value)), "") for value in (bucket, key))
    arn = f"arn:${{AWS::Partition}}:s3:::{bucket_name}"
    if not on_objects:
        return arn
    folder = key_name.rpartition("/")[0]
    return f"{arn}/{folder}/*" if folder else f"{arn}/*"


def _locations(value: Any) -> Iterator[tuple[Any, Any]]:
    """The buckets and keys in a value: URLs, and properties that hold them, at any depth."""
    if isinstance(value, str):
        url = _URL.fullmatch(value)
        if url is not None:
            yield url["host"] or url["bucket"], url["key"]
    elif isinstance(value, list):
        for item in value:
            yield from _locations(item)
    elif isinstance(value, Mapping):
        for bucket, key in _BUCKET_AND_KEY:
            if bucket in value and key in value:
                yield value[bucket], value[key]
        if "S3Bucket" in value and not {"S3Key", "S3KeyPrefix"} & value.keys():
            yield value["S3Bucket"], None
        yield from _locations(list(value.values()))
