"""Check that functions may read what event source mappings give them, where somebody writes such a mapping by hand.

Triggers bring the access. Lambda checks the function's role when it makes a mapping, in the middle of a deploy: "The
provided execution role does not have permissions to call ReceiveMessage on SQS".
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from remit.catalogue.arns import parse
from remit.errors import RemitError
from remit.iam import tokens
from remit.resources.names import SERVICES
from remit.roles.defaults import SOURCE_FUNCTION
from remit.roles.role_policies import ask, at, own_verdict, places, ready_roles
from remit.template.sam.polled_sources import NETWORK
from remit.template.sections import mappings
from remit.triggers.dynamodb import CONSUME as READ_TABLE_STREAM
from remit.triggers.kinesis import CONSUME as READ_STREAM
from remit.triggers.sqs import CONSUME as READ_QUEUE

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping

    from remit.app import App, Function, Resource
    from remit.holders import Holder

_NEEDED: Final = {
    "dynamodb": READ_TABLE_STREAM,
    "kafka": ("kafka:DescribeClusterV2",),
    "kinesis": READ_STREAM,
    "mq": ("mq:DescribeBroker",),
    "rds": ("rds:DescribeDBClusters",),
    "sqs": READ_QUEUE,
}
"""The actions with which Lambda reads a source in the function's role, by the service of the source.

Sources: "Configuring Lambda permissions for Amazon MSK event source mappings", "Using Lambda with Amazon MQ" and "Using
Lambda with Amazon DocumentDB" (AWS Lambda Developer Guide), for those without a trigger of remit's.
"""
_WITH_TRIGGERS: Final = ("dynamodb", "kinesis", "sqs")
_SERVICES: Final = {
    **SERVICES,
    "AWS::AmazonMQ::Broker": "mq",
    "AWS::DocDB::DBCluster": "rds",
    "AWS::MSK::Cluster": "kafka",
    "AWS::MSK::ServerlessCluster": "kafka",
}
_NEEDED_OF_ANY: Final = {
    "kafka": ("kafka:GetBootstrapBrokers", *NETWORK),
    "mq": NETWORK,
    "rds": ("rds:DescribeDBClusterParameters", "rds:DescribeDBSubnetGroups", *NETWORK),
}
"""The actions that know no resource, or whose resources (parameter groups, subnets) the mapping does not name."""
_SECRETS: Final = (
    "BASIC_AUTH", "CLIENT_CERTIFICATE_TLS_AUTH", "SASL_SCRAM_256_AUTH", "SASL_SCRAM_512_AUTH",
    "SERVER_ROOT_CA_CERTIFICATE",
)  # fmt: skip
"""The kinds of access to a source whose URI is a secret of Secrets Manager ("SourceAccessConfiguration")."""


def check_event_sources(
    declared: Iterable[Resource], app: App, roles: tuple[Holder, ...], unknown: Container[str] = ()
) -> Iterator[RemitError]:
    """Yield an error for each mapping in `declared` whose function may not read the source, at the mapping's line.

    Nothing is said of the functions in `unknown`, by their logical ids: some of their access could not be read.
    """
    by_id = {resource.logical_id: resource for resource in app.resources}
    ready = ready_roles(app, roles)
    for mapping in declared:
        function = _function_of(mapping, app)
        service, source = _source_of(mapping, by_id)
        needed = _needed_actions(service, source, mapping.properties)
        if function is None or not needed or function.resource_id in unknown:
            continue
        role = ready.get(function.name)
        if role is None or role.unread:
            continue
        missing = {on: [action for action in actions if not _may(role, action, on)] for on, actions in needed.items()}
        missing_actions = [action for actions in missing.values() for action in actions]
        grants = [
            f"grants.allow({', '.join(map(json.dumps, actions))}, on={json.dumps(on)})"
            for on, actions in missing.items()
            if actions
        ]
        hint = f"give the function policy=[{', '.join(grants)}]"
        if service in _WITH_TRIGGERS:
            hint = f"write the trigger `on.{service}(…)` in its place, which brings the mapping and the access"
        if missing_actions:
            yield RemitError(
                f"the mapping `{mapping.logical_id}` reads {source or 'a source'} for function `{function.name}`, "
                f"whose role does not allow {', '.join(missing_actions)}: Lambda refuses it",
                hint=hint,
                origin=mapping.origin,
            )


def _needed_actions(service: str, source: str, mapping: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """The actions with which Lambda reads a mapping's source, by the ARN they are on; empty if it needs none."""
    accesses = mappings(mapping.get("SourceAccessConfigurations"))
    needed = {source: _NEEDED[service]} if service in _NEEDED else {}
    for access in accesses:
        secret = tokens.textual(access.get("URI"))
        if access.get("Type") in _SECRETS and isinstance(secret, str):
            needed[secret] = ("secretsmanager:GetSecretValue",)
    of_any = _NEEDED_OF_ANY.get(service, ())
    if not of_any and any(access.get("Type") == "VPC_SUBNET" for access in accesses):
        of_any = NETWORK
    if of_any:
        needed["*"] = of_any
    return needed


def _may(role: Holder, action: str, source: str) -> bool:
    """Return whether a role may do something with a source in some place; what is not known may be so."""
    by_lambda = {SOURCE_FUNCTION: None}
    decisions = [
        ask(at(role, place), action, source, context=by_lambda, identity_alone=True) for place in places(role, source)
    ]
    return any(own_verdict(decision) in ("Allowed", "Unknown") for decision in decisions)


def _function_of(mapping: Resource, app: App) -> Function | None:
    """The app's function that a mapping names: by a reference, by its name or by its ARN.

    None: it names none of them.
    """
    text = tokens.textual(mapping.properties.get("FunctionName"))
    if not isinstance(text, str):
        return None
    named = {reference.target for reference in tokens.references(text)}
    for function in app.functions:
        if function.resource_id in named or app.deployed_name(function) in text.split(":"):
            return function
    return None


def _source_of(mapping: Resource, by_id: Mapping[str, Resource]) -> tuple[str, str]:
    """The service of a mapping's source, "" if that is not known, and its ARN or what stands for it ("": no text)."""
    text = tokens.textual(mapping.properties.get("EventSourceArn"))
    if not isinstance(text, str):
        return "", ""
    for reference in tokens.references(text):
        own = by_id.get(reference.target or "")
        if own is not None:
            return _SERVICES.get(own.type, ""), text
    arn = parse(text)
    return ("" if arn is None else arn.service), text
