"""Check that what a template names by ARN lies where its service takes it from: in the region of the deploy, mostly.

Only a deploy knows its region and account, so a build alone does not ask. CloudFormation finds these minutes into it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from remit.catalogue.arns import parse
from remit.catalogue.types import resource_type
from remit.errors import RemitError
from remit.iam import tokens
from remit.template.branches import values_at
from remit.triggers.trigger import BaseTrigger

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from remit.app import App, Function, Resource, Template
    from remit.errors import Origin
    from remit.triggers.trigger import TriggerSource


class _Home(NamedTuple):
    """Where what a property names must lie: in a region ("": the deploy's), and in the account of the deploy or any."""

    path: str
    region: str = ""
    is_own: bool = False


_EVERYWHERE: Final = "us-east-1"
"""The region of the certificates of CloudFront, which serves all regions."""
_HOMES: Final[Mapping[str, tuple[_Home, ...]]] = {
    # "Set up an edge-optimized custom domain name in API Gateway" (API Gateway Developer Guide)
    "AWS::ApiGateway::DomainName": (
        _Home("RegionalCertificateArn", is_own=True),
        _Home("CertificateArn", _EVERYWHERE, is_own=True),
    ),
    "AWS::ApiGatewayV2::DomainName": (_Home("DomainNameConfigurations[].CertificateArn", is_own=True),),
    # "Requirements for using SSL/TLS certificates with CloudFront" (Amazon CloudFront Developer Guide)
    "AWS::CloudFront::Distribution": (
        _Home("DistributionConfig.ViewerCertificate.AcmCertificateArn", _EVERYWHERE, is_own=True),
    ),
    # "Using your own domain for managed login" (Amazon Cognito Developer Guide)
    "AWS::Cognito::UserPoolDomain": (_Home("CustomDomainConfig.CertificateArn", _EVERYWHERE, is_own=True),),
    "AWS::ElasticLoadBalancingV2::Listener": (_Home("Certificates[].CertificateArn", is_own=True),),
    "AWS::ElasticLoadBalancingV2::ListenerCertificate": (_Home("Certificates[].CertificateArn", is_own=True),),
    # "Using dead-letter queues to process undelivered events" (Amazon EventBridge User Guide): in the rule's region
    "AWS::Events::Rule": (_Home("EventBusName"), _Home("Targets[].DeadLetterConfig.Arn")),
    # "Using Lambda with Amazon SQS" (AWS Lambda Developer Guide): the same region, although other accounts
    "AWS::Lambda::EventSourceMapping": (_Home("EventSourceArn"),),
    "AWS::Lambda::Function": (
        _Home("CodeSigningConfigArn", is_own=True),
        _Home("FileSystemConfigs[].Arn"),
        _Home("Layers[]"),
    ),
    # "Configuring a dead-letter queue for EventBridge Scheduler" (EventBridge Scheduler User Guide)
    "AWS::Scheduler::Schedule": (_Home("Target.DeadLetterConfig.Arn"),),
    # "Amazon SNS dead-letter queues" (Amazon SNS Developer Guide): the account and region of the subscription
    "AWS::SNS::Subscription": (_Home("RedrivePolicy.deadLetterTargetArn", is_own=True),),
    # "Using dead-letter queues in Amazon SQS" (Amazon SQS Developer Guide): the account and region of the queue
    "AWS::SQS::Queue": (_Home("RedrivePolicy.deadLetterTargetArn", is_own=True),),
}
"""What services take from certain regions and accounts alone, by types of resources.

A topic may be in another region than its subscription's endpoint ("Cross-region delivery", Amazon SNS Developer Guide).
"""
_KEY: Final = "key"
_LOG_GROUP: Final = "log group"
_ELSEWHERE: Final = r"Repli|Region|Primary"
"""What the path of a key has that is for a copy in another region. Else a key is in the region of what it encrypts.

Source: "Multi-Region keys in AWS KMS" (AWS KMS Developer Guide).
"""


def check_regions(template: Template, app: App, place: Mapping[str, str]) -> Iterator[RemitError]:
    """What lies in another region or account than its service takes it from, each at the line that names it.

    `place` has what AWS::Region and AWS::AccountId are, by their texts.
    """
    region, account = place["${AWS::Region}"], place["${AWS::AccountId}"]
    lines = dict(_lines(app))
    for resource in template.resources:
        here = str(resource.properties.get("Region", region))  # a subscription is where its topic is
        for home in _homes(resource):
            for value in values_at(resource.properties, home.path):
                text = tokens.textual(value)
                wanted = home.region or here
                problem = _problem(text, wanted, account if home.is_own else "")
                if problem:
                    hint = f"name one that is in {wanted}"
                    if home.region:
                        hint = f"{hint}: AWS takes it from there, whatever the region of the stack ({region})"
                    yield RemitError(
                        f"`{resource.logical_id}` ({resource.type}) takes {text}, {problem}",
                        hint=hint,
                        origin=lines.get(str(text)) or _written(resource, home.path, app),
                    )
    yield from _of_names(app, region, account)


def _homes(resource: Resource) -> Iterator[_Home]:
    yield from _HOMES.get(resource.type, ())
    kind = resource_type(resource.type)
    for path in () if kind is None else kind.holding(_KEY):
        if re.search(_ELSEWHERE, path) is None:
            yield _Home(path)


def _problem(text: object, wanted: str, account: str) -> str:
    """What is wrong with the place of an ARN, as the end of a sentence; "" where it is right, or not known.

    `account` is "" where any may have it.
    """
    arn = parse(text) if isinstance(text, str) else None
    if arn is None:
        return ""
    if arn.region and "$" not in arn.region and arn.region != wanted:
        return f"which is in {arn.region}, and must be in {wanted}"
    if account and arn.account.isdigit() and arn.account != account:
        return f"which is of account {arn.account}, and must be of {account}"
    return ""


def _sources(app: App) -> Iterator[tuple[Function, Origin, TriggerSource]]:
    """What triggers need: with the function, and the line of the trigger."""
    for function in app.functions:
        for trigger in function.triggers:
            if isinstance(trigger, BaseTrigger):
                for source in trigger.sources():
                    yield function, trigger.written, source


def _lines(app: App) -> Iterator[tuple[str, Origin]]:
    """The lines that name ARNs for triggers and for the API, by the ARNs."""
    for _, written, source in _sources(app):
        yield source.arn, written
    certificate, origin = app.api.certificate_arn, app.api.written.get("certificate_arn")
    if certificate is not None and origin is not None:
        yield certificate, origin


def _written(resource: Resource, path: str, app: App) -> Origin | None:
    """The line that sets a property: of a function, the setting's own."""
    name = path.partition(".")[0].removesuffix("[]")
    for function in app.functions:
        if resource.logical_id == f"{function.logical_id}Function" and name in function.written:
            return function.written[name]
    return resource.origin


def _of_names(app: App, region: str, account: str) -> Iterator[RemitError]:
    """Log groups and secrets, of which a template has the name alone, or the text that the function asks for."""
    for function, written, source in _sources(app):
        problem = _problem(source.arn, region, account) if source.kind == _LOG_GROUP else ""
        if problem:
            hint = "a log group sends to functions of its own region and account"
            yield RemitError(f"function `{function.name}` runs on {source.arn}, {problem}", hint=hint, origin=written)
    for function in app.functions:
        for value in function.stored_values:
            problem = "" if value.own else _problem(value.name, region, "")
            if problem:
                hint = f"the function asks in its own region: replicate it to {region}, or name it there"
                message = f"function `{function.name}` reads {value.name}, {problem}"
                yield RemitError(message, hint=hint, origin=value.origin)
