"""Find the narrowest resources of an action that CloudFormation needs for one resource of a template.

In this order: the resource itself, the resources and ARNs that its properties mention, everything of the action's kind
in the account and region, `*` for actions that IAM knows no narrower resource for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from typing import TYPE_CHECKING, Any, Final

from remit.catalogue.actions import action
from remit.catalogue.arns import matches, parse
from remit.catalogue.types import deployment_of, lowered, resource_type
from remit.deployer.declared import (
    OPEN,
    QUALIFIED,
    Declared,
    Stack,
    arns,
    at,
    filled,
    is_generated,
    named_type,
    names,
    tells,
    texts,
    values_at,
)
from remit.deployer.linked import linked
from remit.deployer.references import ROLES, direct, literals, mentions, named_literals, referred

if TYPE_CHECKING:
    from remit.catalogue.actions import Action, Target
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
_NAME: Final = re.compile(r"[^:\s]+")
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
_ADDRESS: Final = re.compile(
    r"(?:s3://|https://(?:(?P<host>(?:[a-z0-9.-]|\$\{AWS::\w+\})+)\.)?s3[.-](?:(?:[a-z0-9-]+|\$\{AWS::Region\})\.)?"
    rf"(?:amazonaws\.com(?:\.cn)?|{OPEN})/)(?(host)|(?P<bucket>[^/{OPEN}]+)/?)(?P<key>[^{OPEN}]*)"
)
"""Where something is in S3, as a URI or as a URL of either style."""
_IMAGE: Final = re.compile(
    r"(?P<account>[0-9]{12}|\$\{AWS::AccountId\})\.dkr\.ecr\.(?P<region>[a-z0-9-]+|\$\{AWS::Region\})\."
    rf"(?:[a-z0-9.]+|{OPEN})/(?P<name>[a-z0-9._/-]+)"
)
"""Where a container's image is in ECR."""
_DOMAIN: Final = re.compile(r"((?:[a-z0-9.-]|\$\{AWS::\w+\})+?)\.s3[.-]")
"""How the domain name of a bucket begins."""
_KEYS: Final = re.compile(r"kms|key|encrypt|sse", re.IGNORECASE)
_PLACES: Final = re.compile(r"s3|location|uri|bucket|templateurl", re.IGNORECASE)
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
_DEFAULTS: Final = {
    "elasticache:parametergroup": "default*",
    "elasticache:subnetgroup": "default*",
    "rds:cluster-pg": "default*",
    "rds:og": "default*",
    "rds:pg": "default*",
    "rds:subgrp": "default*",
}
"""What a service takes when nothing is named, which IAM is asked for all the same.

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


def targets(stack: Stack, declared: Declared, name: str) -> tuple[str, ...]:
    """The resources that a deploy needs the action on for this resource; none: it is not needed."""
    if name.startswith("apigateway:"):
        paths = deployment_of(declared.type).api_paths or ("/*",)
        return tuple(f"{_API}{path}" for path in paths if name != "apigateway:PUT" or path.startswith(_PUT))
    if name.startswith("iam:") and "ServiceLinkedRole" in name:
        return tuple(f"{_SERVICE_ROLES}{service}/*" for service in linked(stack, declared)) or (f"{_SERVICE_ROLES}*",)
    known = action(name)
    if known is None or not known.targets:  # a pattern such as `ec2:Describe*`, whose actions have nothing in common
        return ("*",)
    if known.service == "s3" and not declared.type.startswith("AWS::S3::"):
        places = tuple(_sources(stack, declared, name))
        if places or name in _FETCH:
            return places or tuple(text for target in known.targets for text in _mentioned(stack, declared, target))
    own = _own(stack, declared, known) or _by_kind(stack, declared, known.targets)
    return tuple(dict.fromkeys((*own, *_beside(stack, declared, known)))) if own else _foreign(stack, declared, known)


def concerns(stack: Stack, declared: Declared, name: str) -> bool:
    """Whether an action of a type's handlers may concern this resource: of a web ACL's, the service that it guards."""
    service = name.partition(":")[0]
    if declared.type != "AWS::WAFv2::WebACLAssociation" or service == "wafv2":
        return True
    given = Declared(declared.logical_id, declared.type, {"ResourceArn": declared.properties.get("ResourceArn")})
    guarded = {_GUARDED.get(other.type.rpartition("::")[0], "") for other in direct(stack, given)}
    guarded |= {arn.service for text in literals(stack, given) if (arn := parse(text)) is not None}
    return service in guarded or not guarded


def left_out(stack: Stack, declared: Declared, name: str) -> bool:
    """Whether an action may be needed though the template does not say on what: it is not granted then.

    That is so for writing roles and policies that it does not name, and for fetching from S3 out of the blue.
    """
    known = action(name)
    if known is None or not concerns(stack, declared, name) or targets(stack, declared, name):
        return False
    if name in _FETCH:
        return mentions(declared.properties, _PLACES)
    return known.level not in ("Read", "List") and not declared.type.startswith("AWS::IAM::")


def _own(stack: Stack, declared: Declared, known: Action) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for target in known.targets:
        kind = _kind(target)
        found |= dict.fromkeys(_spelled(kind, arns(stack, declared, kind, target.type.arns)))
    return tuple(found)


def _beside(stack: Stack, declared: Declared, known: Action) -> Iterator[str]:
    """What an action on the resource itself works on as well (a group, a network), unless it is tagging.

    That is what the template mentions; of what it does not, the defaults that the service takes then, and all of a kind
    that the action must have, or of those that it may, if it mentions none of them.
    """
    if _tagging(known):
        return
    own = _own_kinds(declared, known.targets)
    others = [target for target in known.targets if _kind(target) not in own]
    mentioned = {_kind(target): tuple(_mentioned(stack, declared, target)) for target in others}
    told = any(mentioned[_kind(one)] for one in others if not one.required)
    silent = not told and not is_generated(declared.type) and known.service != "rds"  # which has defaults instead
    must = _MADE_BESIDE.get(known.full_name, ())
    for target in others:
        kind = _kind(target)
        yield from mentioned[kind]
        if mentioned[kind] or kind in _IDENTITIES:
            continue
        if kind in _DEFAULTS:
            yield from (format_.rpartition(":")[0] + f":{_DEFAULTS[kind]}" for format_ in _filled(target, {}))
        elif (
            target.required
            or (silent and _is_of(known.service, target))
            or kind in must
            or _speaks(stack, declared, target)
        ):
            yield from _filled(target, {})


def _is_of(service: str, target: Target) -> bool:
    """Whether a kind's ARNs are those of a service: a licence configuration, which EC2 lists, is of another."""
    return any(format_.split(":")[2] == service for format_ in target.type.arns)


def _speaks(stack: Stack, declared: Declared, target: Target) -> bool:
    """Whether a property is called like a kind."""
    last = "dbinstance" if _kind(target) == "rds:db" else _folded(target.type.name)
    return any(last in _folded(name) for name, _ in named_literals(stack, declared))


def _kind(target: Target) -> str:
    return f"{target.type.service}:{target.type.name}"


def _own_kinds(declared: Declared, kinds: tuple[Target, ...]) -> frozenset[str]:
    """Those of an action's kinds that IAM knows a type as: the table's, or the one that the type is named like."""
    row = resource_type(declared.type)
    if declared.type in QUALIFIED:
        return frozenset()
    if row is not None and row.iam:
        return frozenset(row.iam)
    last = _folded(declared.type.rpartition("::")[2])
    alike = [target for target in kinds if last.endswith(_folded(target.type.name))]
    service = declared.type.split("::")[1]
    if not alike or _folded(alike[0].type.service) != _SERVICES.get(service, service.lower()):
        return frozenset()
    return frozenset(_kind(target) for target in alike)


def _filled(target: Target, values: Mapping[str, str]) -> Iterator[str]:
    return (filled(format_, values) for format_ in target.type.arns)


def _spelled(kind: str, found: tuple[str, ...]) -> Iterator[str]:
    """The ARNs as IAM asks for them: a log group's with and without `:*` ("CloudWatch Logs resources", user guide).

    Connections and destinations of EventBridge have an id that its formats do not tell of.

    A role, user, group or policy of whose name nothing is known is left out: such a pattern would fit every other.
    """
    for arn in found:
        if kind in _IDENTITIES and not tells(arn):
            continue
        yield arn
        if kind == "logs:log-group":
            yield f"{arn}:*"
        if kind in ("events:api-destination", "events:connection") and not arn.endswith("/*"):
            yield f"{arn}/*"


def _tagging(known: Action) -> bool:
    """Whether an action is one of those that work on every kind of the service, whatever the catalogue requires."""
    return known.level == "Tagging" or "Tags" in known.name


def _by_kind(stack: Stack, declared: Declared, kinds: tuple[Target, ...]) -> tuple[str, ...]:
    """The kind that a type is named like: those of the name that its properties give, or all, if it is made up."""
    if is_generated(declared.type):
        return ()
    own = _own_kinds(declared, kinds)
    return tuple(
        dict.fromkeys(
            arn
            for target in kinds
            if _kind(target) in own
            for arn in _spelled(_kind(target), _by_properties(stack, declared, target, own=True))
        )
    )


def _foreign(stack: Stack, declared: Declared, known: Action) -> tuple[str, ...]:
    found: dict[str, None] = {}
    missing: list[Target] = []
    for target in known.targets:
        mentioned = tuple(_mentioned(stack, declared, target))
        found |= dict.fromkeys(mentioned)
        if not mentioned and _kind(target) not in _IDENTITIES:
            missing.append(target)
    required = [target for target in missing if target.required]
    wanted = required if found or required else missing
    must = _MADE_BESIDE.get(known.full_name, ())
    wanted = [*wanted, *(target for target in missing if _kind(target) in must and target not in wanted)]
    if len(wanted) > _MANY and _tagging(known):
        return (*found, f"arn:${{AWS::Partition}}:{known.service}:${{AWS::Region}}:${{AWS::AccountId}}:*")
    for target in wanted:
        found |= dict.fromkeys(tuple(_made(stack, declared, target)) or _filled(target, {}))
    return tuple(found)


def _made(stack: Stack, declared: Declared, target: Target) -> Iterator[str]:
    """What a service makes for a resource of the type, under names of its own."""
    tail = dict(deployment_of(declared.type).side_resources).get(_kind(target))
    if tail is None:
        return
    for name in texts(stack, declared.properties.get("Name")) or ("*",):
        here = f"arn:${{AWS::Partition}}:{target.type.service}:${{AWS::Region}}:${{AWS::AccountId}}"
        yield f"{here}:{tail.format(name=name)}"


def _folded(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())


def _mentioned(stack: Stack, declared: Declared, target: Target) -> Iterator[str]:
    """The ARNs of a kind that a resource's properties mention: resources of the template, ARNs, ids, names."""
    kind = _kind(target)
    only = ROLES if kind in ("iam:role", "sts:role", "ec2:role") else _KEYS if kind == "kms:key" else None
    found: list[str] = []
    for other in referred(stack, declared, only):
        known = arns(stack, other, kind, target.type.arns)
        found += _spelled(kind, known or (() if kind in _IDENTITIES else _by_kind(stack, other, (target,))))
    for text in literals(stack, declared, only):
        arn = parse(text)
        open_ = not tells(text) if kind in _IDENTITIES else OPEN in text.rpartition(":")[0]
        if arn is not None and not open_ and any(matches(arn, format_) for format_ in target.type.arns):
            found += _spelled(kind, (text,))
    found += _by_id(stack, declared, target)
    found += [arn for arn in _by_name(stack, declared, target) if not found or OPEN not in arn]
    if kind == "ecr:repository":
        found += _images(stack, declared)
    if kind == "s3:bucket" and declared.type == "AWS::CloudFront::Distribution":
        found = list(_log_buckets(stack, declared))
    if not found and kind not in _IDENTITIES:
        found += _by_properties(stack, declared, target)
    qualified = kind == "lambda:function" and (declared.type in QUALIFIED or "Qualifier" in declared.properties)
    qualified = qualified or any(other.type in QUALIFIED for other in direct(stack, declared, None))
    parts = qualified or (kind == "sns:topic" and declared.type == "AWS::SNS::Subscription")
    yield from found
    yield from (f"{arn}:*" for arn in found if parts)


def _by_id(stack: Stack, declared: Declared, target: Target) -> Iterator[str]:
    """A kind's resources by the ids that the service made (`vpc-0a1b2c3d`); all of it beside one not known."""
    start = _IDS.get(_kind(target))
    if start is None:
        return
    takes = re.compile(rf"(?:{_folded(target.type.name)}|{_CALLED.get(start, start)})(?:ids?|s)?$")
    by_property: dict[str, list[str]] = {}
    for name, text in _literals_within(stack, declared):
        by_property.setdefault(_folded(name), []).extend(text.split(","))
    for name, texts_ in by_property.items():
        ids = [text for text in texts_ if re.fullmatch(rf"{start}-[0-9a-z]+", text.strip())]
        unknown = (ids or takes.search(name)) and any(OPEN in text for text in texts_)
        for id_ in ["*"] if unknown else ids:
            yield from (format_.rpartition("/")[0] + f"/{id_.strip()}" for format_ in _filled(target, {}))


def _literals_within(stack: Stack, declared: Declared) -> Iterator[tuple[str, str]]:
    """The texts of a resource's properties with their names, and those of what it refers to that has none itself."""
    for one in (declared, *(other for other in referred(stack, declared) if named_type(other.type) is None)):
        yield from named_literals(stack, one)


def _by_properties(stack: Stack, declared: Declared, target: Target, *, own: bool = False) -> tuple[str, ...]:
    """The ARNs of a kind of which the template gives variables: a property of that name, or a resource in use.

    `own`: the type's own kind, whose name may be just Name, and which is there whatever is given.
    """
    found: dict[str, None] = {}
    for format_ in target.type.arns:
        values = _variables(stack, declared, target.type.service, format_, own=own)
        for choice in product(*values.values()) if values or own else ():
            found[filled(format_, dict(zip(values, choice, strict=True)))] = None
    return tuple(found)


def _variables(
    stack: Stack, declared: Declared, service: str, format_: str, *, own: bool
) -> dict[str, tuple[str, ...]]:
    variables = [name for name in _VARIABLE.findall(format_) if _NAMES.search(name) and (own or name not in _BARE)]
    named = [name for name in variables if name.endswith("Name")]
    given = {_folded(name): value for name, value in declared.properties.items()}
    values: dict[str, tuple[str, ...]] = {}
    for variable in variables:
        names_ = (
            variable,
            _ALIASES.get((service, variable), variable),
            *(["Name"] if own and named[-1:] == [variable] else []),
        )
        value = next((given[name] for name in map(_folded, names_) if name in given), None)
        spelled = () if isinstance(value, list) else texts(stack, value)
        values[variable] = tuple(_as_kept(service, text) for text in spelled) or _inherited(
            stack, declared, service, variable
        )
        if not own and not values[variable] and (service, variable) in _ALIASES:
            alias = _ALIASES[service, variable]
            within = [text for name, text in _literals_within(stack, declared) if name == alias]
            values[variable] = tuple(_as_kept(service, text) for text in within)
    return {variable: spelled for variable, spelled in values.items() if spelled}


def _inherited(stack: Stack, declared: Declared, service: str, variable: str) -> tuple[str, ...]:
    """The names of a resource, and of what it refers to, for the variable that they fill: a listener's balancer's."""
    return tuple(
        name
        for other in (declared, *referred(stack, declared))
        if _name_variable(other.type, service) == variable
        for name in names(stack, other)
    )


def _name_variable(type_name: str, service: str) -> str | None:
    """The variable of a type's ARNs that its name fills, if they are ARNs of a service."""
    row = named_type(type_name)
    if row is None or row.arn is None or row.naming is None or not row.iam[0].startswith(f"{service}:"):
        return None
    return row.arn.variable(row.naming.property)


def _as_kept(service: str, text: str) -> str:
    return _SCOPES.get(text, lowered(text) if service in _LOWER else text.lstrip("/"))


def _by_name(stack: Stack, declared: Declared, target: Target) -> Iterator[str]:
    """The ARNs of a kind that properties name, which hold the name of a role, a function, a bucket."""
    kind, row = _kind(target), resource_type(declared.type)
    if row is None or kind not in _NAMED_BY:
        return
    referent, variable = _NAMED_BY[kind]
    for path in row.holding(referent):
        for value in values_at(declared.properties, path):
            for text in texts(stack, value):
                if _NAME.fullmatch(text):
                    yield from _spelled(kind, tuple(_filled(target, {variable: text})))


def _log_buckets(stack: Stack, declared: Declared) -> Iterator[str]:
    """The bucket of a distribution's logs, which stands by its domain name."""
    logs = Declared(declared.logical_id, "", {"Bucket": at(declared.properties, "DistributionConfig.Logging.Bucket")})
    for other in direct(stack, logs):
        yield from arns(stack, other, "s3:bucket", ("arn:${Partition}:s3:::${BucketName}",))
    for text in literals(stack, logs):
        if (found := _DOMAIN.match(text)) is not None:
            yield f"arn:${{AWS::Partition}}:s3:::{found[1]}"


def _images(stack: Stack, declared: Declared) -> Iterator[str]:
    """The repositories of the images that a resource's properties mention."""
    for text in literals(stack, declared):
        if (found := _IMAGE.match(text)) is not None:
            yield f"arn:${{AWS::Partition}}:ecr:{found['region']}:{found['account']}:repository/{found['name']}"


def _sources(stack: Stack, declared: Declared, name: str) -> Iterator[str]:
    """What a resource is made from in S3: all objects beside a key, which differs at each deploy; or the bucket."""
    known = action(name)
    on_objects = known is not None and any(target.type.name == "object" for target in known.targets)
    urls = texts(stack, declared.properties.get("TemplateURL"))
    yield from _stored(stack, (*_places(declared.properties), *_places(urls)), on_objects=on_objects)


def stored(stack: Stack, location: str) -> tuple[str, ...]:
    """The objects beside one in S3, whose address this is; none if it is no address, or not known."""
    return tuple(_stored(stack, _places(location), on_objects=True))


def _stored(stack: Stack, places: Iterable[tuple[Any, Any]], *, on_objects: bool) -> Iterator[str]:
    for place in places:
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
