"""Check that what a template names by ARN is in the region, and the account, from which its service takes it.

CloudFormation finds these minutes into a deploy. A build alone does not know the region and account of the stack, but
that these are one, and that some services take something from a region of their own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from remit.catalogue.arns import parse
from remit.catalogue.types import resource_type
from remit.errors import Origin, RemitError
from remit.iam import tokens
from remit.template.branches import values_at
from remit.triggers.trigger import BaseTrigger, triggers_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from remit.app import App, Template


class _Requirement(NamedTuple):
    """A property, by its path, and where what it names must be."""

    path: str
    region: str = ""
    """"": the region of the resource that has the property."""
    same_account: bool = False
    """Whether it must be in the account of the deploy."""


_OF_CLOUDFRONT: Final = "us-east-1"
"""The region from which CloudFront takes certificates: it serves all regions."""
_REQUIREMENTS: Final[Mapping[str, tuple[_Requirement, ...]]] = {
    # "Set up an edge-optimized custom domain name in API Gateway" (API Gateway Developer Guide)
    "AWS::ApiGateway::DomainName": (
        _Requirement("RegionalCertificateArn", same_account=True),
        _Requirement("CertificateArn", _OF_CLOUDFRONT, same_account=True),
    ),
    "AWS::ApiGatewayV2::DomainName": (_Requirement("DomainNameConfigurations[].CertificateArn", same_account=True),),
    # "Requirements for using SSL/TLS certificates with CloudFront" (Amazon CloudFront Developer Guide)
    "AWS::CloudFront::Distribution": (
        _Requirement("DistributionConfig.ViewerCertificate.AcmCertificateArn", _OF_CLOUDFRONT, same_account=True),
    ),
    # "Using your own domain for managed login" (Amazon Cognito Developer Guide)
    "AWS::Cognito::UserPoolDomain": (
        _Requirement("CustomDomainConfig.CertificateArn", _OF_CLOUDFRONT, same_account=True),
    ),
    "AWS::ElasticLoadBalancingV2::Listener": (_Requirement("Certificates[].CertificateArn", same_account=True),),
    "AWS::ElasticLoadBalancingV2::ListenerCertificate": (
        _Requirement("Certificates[].CertificateArn", same_account=True),
    ),
    # "Using dead-letter queues to process undelivered events" (Amazon EventBridge User Guide): in the rule's region
    "AWS::Events::Rule": (_Requirement("EventBusName"), _Requirement("Targets[].DeadLetterConfig.Arn")),
    # "Using Lambda with Amazon SQS" (AWS Lambda Developer Guide): the same region, although other accounts
    "AWS::Lambda::EventSourceMapping": (_Requirement("EventSourceArn"),),
    "AWS::Lambda::Function": (
        _Requirement("CodeSigningConfigArn", same_account=True),
        _Requirement("FileSystemConfigs[].Arn"),
        _Requirement("Layers[]"),
    ),
    # "Configuring a dead-letter queue for EventBridge Scheduler" (EventBridge Scheduler User Guide)
    "AWS::Scheduler::Schedule": (_Requirement("Target.DeadLetterConfig.Arn"),),
    # "Amazon SNS dead-letter queues" (Amazon SNS Developer Guide): the account and region of the subscription
    "AWS::SNS::Subscription": (_Requirement("RedrivePolicy.deadLetterTargetArn", same_account=True),),
    # "Using dead-letter queues in Amazon SQS" (Amazon SQS Developer Guide): the account and region of the queue
    "AWS::SQS::Queue": (_Requirement("RedrivePolicy.deadLetterTargetArn", same_account=True),),
}
"""What services take from one region, or account, alone: by the type of the resource that names it.

A topic may be in another region than its subscription's endpoint ("Cross-region delivery", Amazon SNS Developer Guide).
"""
_KEY: Final = "key"
_LOG_GROUP: Final = "log group"
_REPLICA: Final = "Repli"
"""Part of the path of a key for replicas in other regions: `ReplicaRegions[]`, `ReplicationConfiguration`."""
_ENCRYPTED_BY_OWN_REGION: Final = frozenset(
    {
        "AWS::DynamoDB::Table",
        "AWS::Events::EventBus",
        "AWS::Kinesis::Stream",
        "AWS::Lambda::EventSourceMapping",
        "AWS::Lambda::Function",
        "AWS::Logs::LogGroup",
        "AWS::S3::Bucket",
        "AWS::SNS::Topic",
        "AWS::SQS::Queue",
        "AWS::SecretsManager::Secret",
        "AWS::StepFunctions::StateMachine",
    }
)
"""The types whose keys encrypt the resource itself, and so are in its region ("Multi-Region keys in AWS KMS", AWS KMS
Developer Guide). Keys of other types may encrypt what is written into a bucket, which may be in another region.
"""


class _Named(NamedTuple):
    """Something that the app names by its ARN, and where it must be."""

    arn: str
    subject: str
    """What names it, as the beginning of a sentence: `function `hello` runs on arn:…`."""
    hint: str
    """What to do if it is elsewhere; `{region}` stands for where it must be."""
    origin: Origin | None
    region: str = ""
    """"": the region of the stack."""
    same_account: bool = False


def check_regions(template: Template, app: App, place: Mapping[str, str] | None) -> Iterator[RemitError]:
    """Yield resources in another region or account than their service takes them from, each at the line that names it.

    `place` has what AWS::Region and AWS::AccountId are, by their texts. Where it is not known, the region and account
    of the first thing that must be in those of the stack count as those: nothing can be right with two of them.
    """
    parsed_arns = [(named, parse(named.arn)) for named in _named_things(template, app)]
    arns = [(named, arn) for named, arn in parsed_arns if arn is not None]
    region = account = region_of = account_of = ""
    if place is not None:
        region, account = place["${AWS::Region}"], place["${AWS::AccountId}"]
    for named, arn in arns if place is None else ():
        if not region and not named.region and "$" not in arn.region:
            region, region_of = arn.region, named.arn
        if not account and named.same_account and arn.account.isdigit():
            account, account_of = arn.account, named.arn
    for named, arn in arns:
        needed_region = named.region or region
        if needed_region and arn.region and "$" not in arn.region and arn.region != needed_region:
            problem, named_as_well = f"which is in {arn.region}, and must be in {needed_region}", region_of
        elif account and named.same_account and arn.account.isdigit() and arn.account != account:
            problem, named_as_well = f"which is of account {arn.account}, and must be of {account}", account_of
        else:
            continue
        hint = named.hint.replace("{region}", needed_region)
        if named.region:
            stack = f" ({region})" if region else ""
            hint = f"{hint}: AWS takes it from there, whatever the region of the stack{stack}"
        elif named_as_well:
            hint = f"{hint}: a stack is in one region and account, and this one takes {named_as_well}, too"
        yield RemitError(f"{named.subject}, {problem}", hint=hint, origin=named.origin)


def _named_things(template: Template, app: App) -> Iterator[_Named]:  # noqa: C901 - one kind after the other
    """Yield the ARNs that resources name, the log groups that functions run on, and the values that functions read."""
    sources = [
        (function, trigger.written, source)
        for function, trigger in triggers_of(app.functions, BaseTrigger)
        for source in trigger.sources()
    ]
    lines = {source.arn: line for _, line, source in sources}
    certificate, line_of_certificate = app.api.certificate_arn, app.api.written.get("certificate_arn")
    if certificate is not None and line_of_certificate is not None:
        lines[certificate] = line_of_certificate
    written = {function.resource_id: function.written for function in app.functions}
    for resource in template.resources:
        requirements = [*_REQUIREMENTS.get(resource.type, ())]
        kind = resource_type(resource.type)
        if kind is not None and resource.type in _ENCRYPTED_BY_OWN_REGION:
            requirements += [_Requirement(path) for path in kind.holding(_KEY) if _REPLICA not in path]
        for requirement in requirements:
            region = requirement.region or str(resource.properties.get("Region", ""))  # a subscription's topic's
            setting = requirement.path.partition(".")[0].removesuffix("[]")
            line = written.get(resource.logical_id, {}).get(setting, resource.origin)
            for value in values_at(resource.properties, requirement.path):
                arn = tokens.textual(value)
                if isinstance(arn, str):
                    subject = f"`{resource.logical_id}` ({resource.type}) takes {arn}"
                    hint = "name one that is in {region}"
                    yield _Named(arn, subject, hint, lines.get(arn) or line, region, requirement.same_account)
    for function, line, source in sources:
        if source.kind == _LOG_GROUP:  # the template has its name alone
            hint = "a log group sends to functions of its own region and account"
            subject = f"function `{function.name}` runs on {source.arn}"
            yield _Named(source.arn, subject, hint, line, same_account=True)
    for function in app.functions:
        for stored in function.stored_values:
            hint = "the function asks in its own region: replicate it to {region}, or name it there"
            yield _Named(stored.name, f"function `{function.name}` reads {stored.name}", hint, stored.origin)
