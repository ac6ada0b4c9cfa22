"""List the ARNs of one of IAM's kinds that a resource's properties mention: by reference, ARN, id, image or name."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING, Final

from remit.catalogue.arns import matches, parse
from remit.catalogue.types import Referent, lowered, resource_type
from remit.deployer.iam_resource_types import IDENTITIES, arns_of_kind, folded, own_kinds, spelled
from remit.deployer.planned_stack import PlannedStack, filled, is_generated, is_qualified, named_type
from remit.deployer.references import ROLES, direct, literals, named_literals, referred
from remit.template.branches import value_at, values_at
from remit.template.resolved_texts import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from remit.app import Resource
    from remit.catalogue.actions import IamResourceType

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
_IMAGE: Final = re.compile(
    r"(?P<account>[0-9]{12}|\$\{AWS::AccountId\})\.dkr\.ecr\.(?P<region>[a-z0-9-]+|\$\{AWS::Region\})\."
    rf"(?:[a-z0-9.]+|{UNKNOWN})/(?P<name>[a-z0-9._/-]+)"
)
"""Where a container's image is in ECR."""
_DOMAIN: Final = re.compile(r"((?:[a-z0-9.-]|\$\{AWS::\w+\})+?)\.s3[.-]")
"""How the domain name of a bucket begins."""
_PROPERTIES: Final = {
    "ec2:role": ROLES,
    "iam:role": ROLES,
    "kms:key": re.compile(r"kms|key|encrypt|sse", re.IGNORECASE),
    "sts:role": ROLES,
}
"""The names of the properties in which a kind is looked for; others are looked for in all."""
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


def mentioned_arns(stack: PlannedStack, resource: Resource, kind: IamResourceType) -> Iterator[str]:
    """The ARNs of a kind that a resource's properties mention: resources of the template, ARNs, ids, names, images.

    Where they mention none, those of the kind that properties give the variables of. An ARN may come twice.
    """
    if kind.full_name == "s3:bucket" and resource.type == "AWS::CloudFront::Distribution":
        arns = list(_log_buckets(stack, resource))
    else:
        arns = list(_mentioned(stack, resource, kind))
        arns += _by_id(stack, resource, kind)
        arns += [arn for arn in _by_name(stack, resource, kind) if not arns or UNKNOWN not in arn]
        if kind.full_name == "ecr:repository":
            for image in filter(None, map(_IMAGE.match, literals(stack, resource))):
                arns.append(
                    f"arn:${{AWS::Partition}}:ecr:{image['region']}:{image['account']}:repository/{image['name']}"
                )
    if not arns and kind.full_name not in IDENTITIES:
        arns += _by_properties(stack, resource, kind)
    yield from arns
    if _takes_parts(stack, resource, kind):
        yield from (f"{arn}:*" for arn in arns)


def arns_like_type(stack: PlannedStack, resource: Resource, kinds: Sequence[IamResourceType]) -> list[str]:
    """The ARNs of those of `kinds` that IAM knows a type as, by the name in its properties, or all if there is none.

    Empty for a type whose names CloudFormation makes in a known way (`PlannedStack.arns` has these).
    """
    if is_generated(resource.type):
        return []
    own_names = own_kinds(resource, kinds)
    arns: list[str] = []
    for kind in kinds:
        if kind.full_name in own_names:
            arns += spelled(kind, _by_properties(stack, resource, kind, own=True))
    return arns


def _mentioned(stack: PlannedStack, resource: Resource, kind: IamResourceType) -> Iterator[str]:
    """The ARNs of a kind in a resource's properties: of resources of the template that it refers to, and as texts."""
    names = _PROPERTIES.get(kind.full_name)
    for referred_resource in referred(stack, resource, names):
        arns: Iterable[str] = stack.arns(referred_resource, kind.full_name, kind.arns)
        if not arns and kind.full_name not in IDENTITIES:
            arns = arns_like_type(stack, referred_resource, (kind,))
        yield from spelled(kind, arns)
    for text in literals(stack, resource, names):
        arn = parse(text)
        is_known = UNKNOWN not in text.rpartition(":")[0]  # `spelled` looks at its end
        if arn is not None and is_known and any(matches(arn, format_) for format_ in kind.arns):
            yield from spelled(kind, (text,))


def _takes_parts(stack: PlannedStack, resource: Resource, kind: IamResourceType) -> bool:
    """Return whether an action works on parts of what is mentioned: versions and aliases, subscriptions."""
    if kind.full_name == "lambda:function":
        refers_to_part = any(is_qualified(referred_resource.type) for referred_resource in direct(stack, resource))
        return refers_to_part or is_qualified(resource.type) or "Qualifier" in resource.properties
    return kind.full_name == "sns:topic" and resource.type == "AWS::SNS::Subscription"


def _by_id(stack: PlannedStack, resource: Resource, kind: IamResourceType) -> Iterator[str]:
    """The ARNs of a kind's resources by the ids that the service made (`vpc-0a1b2c3d`), property by property.

    A property of which only the deploy knows a part gives a wildcard instead. Nothing for a kind without such ids.
    """
    start = _IDS.get(kind.full_name)
    if start is None:
        return
    takes_id = re.compile(rf"(?:{folded(kind.name)}|{_CALLED.get(start, start)})(?:ids?|s)?$")
    is_id = re.compile(rf"{start}-[0-9a-z]+")
    by_property: dict[str, list[str]] = {}
    for name, text in _literals_within(stack, resource):
        by_property.setdefault(folded(name), []).extend(text.split(","))
    for name, texts in by_property.items():
        ids = [text.strip() for text in texts if is_id.fullmatch(text.strip())]
        if any(UNKNOWN in text for text in texts) and (ids or takes_id.search(name)):
            ids = ["*"]
        for id_ in ids:
            yield from (f"{arn.rpartition('/')[0]}/{id_}" for arn in arns_of_kind(kind, {}))


def _literals_within(stack: PlannedStack, resource: Resource) -> Iterator[tuple[str, str]]:
    """The names and texts of a resource's properties, and of those of what it refers to that has no name itself."""
    yield from named_literals(stack, resource)
    for referred_resource in referred(stack, resource):
        if named_type(referred_resource.type) is None:
            yield from named_literals(stack, referred_resource)


def _by_properties(stack: PlannedStack, resource: Resource, kind: IamResourceType, *, own: bool = False) -> list[str]:
    """The ARNs of a kind of which the template gives a variable: a property of that name, or a resource that it uses.

    A variable that nothing gives is a wildcard; several values of one give an ARN each. `own`: it is the type's own
    kind, whose name may be just Name, and whose ARN is there whatever is given.
    """
    arns: list[str] = []
    for format_ in kind.arns:
        variables = [name for name in _VARIABLE.findall(format_) if _NAMES.search(name) and (own or name not in _BARE)]
        last_name = next((name for name in reversed(variables) if name.endswith("Name")), None)
        texts_by_variable: dict[str, tuple[str, ...]] = {}
        for variable in variables:
            texts = _given(stack, resource, kind.service, variable, is_name=own and variable == last_name)
            alias = _ALIASES.get((kind.service, variable))
            if not texts and not own and alias is not None:  # at any depth, under the service's other name for it
                literals_within = _literals_within(stack, resource)
                texts = tuple(_as_kept(kind.service, text) for name, text in literals_within if name == alias)
            if texts:
                texts_by_variable[variable] = texts
        if texts_by_variable or own:
            choices = product(*texts_by_variable.values())
            arns += [filled(format_, dict(zip(texts_by_variable, choice, strict=True))) for choice in choices]
    return arns


def _given(stack: PlannedStack, resource: Resource, service: str, variable: str, *, is_name: bool) -> tuple[str, ...]:
    """The values that a resource's properties give a variable of ARNs, or else the names of what it refers to.

    Properties are compared by letters and digits alone. Empty: nothing gives one, or a list does.
    """
    names = (variable, _ALIASES.get((service, variable), variable), *(("Name",) if is_name else ()))
    by_folded_name = {folded(name): value for name, value in resource.properties.items()}
    value = next((by_folded_name[name] for name in map(folded, names) if name in by_folded_name), None)
    texts = () if isinstance(value, list) else stack.texts(value)
    if texts:
        return tuple(_as_kept(service, text) for text in texts)
    names_in_use: list[str] = []
    for related in (resource, *referred(stack, resource)):
        named = named_type(related.type)
        if named is not None and named.row.iam[0].startswith(f"{service}:") and named.name_variable == variable:
            names_in_use += stack.names(related)
    return tuple(names_in_use)


def _as_kept(service: str, text: str) -> str:
    """A value of a property as the service has it in ARNs.

    A scope of WAF has another word there, a database's name small letters, any other text no slash at its beginning.
    """
    return _SCOPES.get(text, lowered(text) if service in _LOWER else text.lstrip("/"))


def _by_name(stack: PlannedStack, resource: Resource, kind: IamResourceType) -> Iterator[str]:
    """The ARNs of a kind by the names of roles, functions, buckets and the like in the properties that hold such."""
    row = resource_type(resource.type)
    if row is None or kind.full_name not in _NAMED_BY:
        return
    referent, variable = _NAMED_BY[kind.full_name]
    for path in row.holding(referent):
        for value in values_at(resource.properties, path):
            names = (text for text in stack.texts(value) if _NAME.fullmatch(text))
            yield from (arn for name in names for arn in spelled(kind, arns_of_kind(kind, {variable: name})))


def _log_buckets(stack: PlannedStack, resource: Resource) -> Iterator[str]:
    """The bucket of a distribution's logs, which stands by its domain name."""
    logs = replace(resource, properties={"Bucket": value_at(resource.properties, "DistributionConfig.Logging.Bucket")})
    for bucket in direct(stack, logs):
        yield from stack.arns(bucket, "s3:bucket", ("arn:${Partition}:s3:::${BucketName}",))
    for text in literals(stack, logs):
        domain = _DOMAIN.match(text)
        if domain is not None:
            yield f"arn:${{AWS::Partition}}:s3:::{domain[1]}"
