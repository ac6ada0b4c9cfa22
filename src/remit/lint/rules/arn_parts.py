"""The partition, service, region and account of an ARN, and ARNs that match too much, too little, or nothing elsewhere."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from remit.catalogue.arns import OWNERS, Arn
from remit.catalogue.arns import parse as parse_arn
from remit.catalogue.partitions import (
    UNSPECIFIED,
    is_region,
    is_zone,
    partition,
    partition_of,
    partitions,
    region_of_zone,
    regions,
)
from remit.did_you_mean import MISSPELT, nearest
from remit.iam.placeholders import placeholder
from remit.lint import arn_parts, conditions
from remit.lint.finding import ERROR, NOTE, WARNING, Problem, Spot, rule
from remit.lint.plain_text import PLACEHOLDER, holds_placeholder, is_plain, settled
from remit.lint.resource_types import has_arns

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.rule_inputs import ParsedStatement

_DIGITS = 12
_KEYS = frozenset({
    "aws:sourceaccount", "aws:principalaccount", "aws:resourceaccount", "s3:resourceaccount", "aws:vpceaccount",
    "kms:calleraccount",
})  # fmt: skip
_NO_NUMBERS = OWNERS | {"", "*"}
_OF_ALARMS = "automate"
"""The ARN of what an alarm does has a service in the account's place: `arn:aws:automate:REGION:ec2:stop`."""
_UNSET = frozenset({"none", "null", "undefined", "nan"})


@rule("R122", ERROR, looks_at="statement")
def bad_account(item: ParsedStatement) -> Iterator[Problem]:
    """An account that is not twelve digits, or is left out of an ARN that needs one.

    A number that was not quoted loses its leading zeros; dashes are for people. Looked at are ARNs, principals, and
    condition keys of accounts such as aws:SourceAccount. An account that is left out is a warning where remit is not sure
    that nothing matches.

    Flagged:

        {"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": "arn:aws:dynamodb:us-east-1:11112222333:table/orders"}

    Better:

        {"Effect": "Allow", "Action": "dynamodb:GetItem",
         "Resource": "arn:aws:dynamodb:us-east-1:011112222333:table/orders"}

    Source: "View AWS account identifiers" (AWS Account Management Reference Guide); "PutMetricAlarm" (Amazon CloudWatch API
    Reference).
    """
    accounts: list[tuple[Spot, str]] = []
    for spot, arn in item.arns:
        if holds_placeholder(str(spot[-1])) or arn_parts.are_exchanged(arn):
            continue  # R129 and R123 tell of it
        sure = arn.service.lower() in arn_parts.REGIONAL
        if not arn.account and (sure or arn_parts.always_has("account", arn)):
            why = ", and nothing matches" if sure else ""
            message = f"the ARN leaves out the account: no resource of this service has such a one{why}"
            yield Problem(message, "write the account, or * for every one", spot, ERROR if sure else WARNING)
        elif arn.account not in _NO_NUMBERS and arn.service != _OF_ALARMS:
            accounts.append((spot, arn.account))
    for condition in item.statement.conditions:
        if condition.key.lower() in _KEYS and conditions.family(condition) == "String":
            values = [value for value in condition.values if placeholder(value) is None]
            accounts += (((*condition.path, value), value) for value in values)
    element = item.principal_element
    accounts += (((element, *pair), pair[1]) for pair in item.principals if pair[0] == "AWS" and pair[1].isdigit())
    for spot, account in accounts:
        number = settled(account)
        if is_plain(number) and not (number.isdigit() and len(number) == _DIGITS):
            yield from _problem(account, spot)


def _problem(account: str, spot: Spot) -> Iterator[Problem]:
    """Yield what is wrong with an account that is not twelve digits."""
    digits = account.replace("-", "").replace(" ", "")
    if not digits.isdigit():
        reason = "an unset value was put in" if account.lower() in _UNSET else "an account is a number"
        yield Problem(f"the account is '{account}': {reason}, and nothing matches", "write the twelve digits", spot)
    elif len(digits) == _DIGITS:
        yield Problem(f"the account '{account}' has dashes: nothing matches", f"write '{digits}'", spot)
    else:
        lost = f"a leading zero was lost? write '{digits.zfill(_DIGITS)}'" if len(digits) < _DIGITS else None
        message = f"the account '{account}' has {len(digits)} digits: AWS accounts have {_DIGITS}"
        yield Problem(message, lost or "remove what is too much", spot)


_UNKNOWN_REGION_KEYS = ("aws:requestedregion", "ec2:region")
_PLACES = {
    "bahrain": "me-south-1", "canada": "ca-central-1", "capetown": "af-south-1", "dublin": "eu-west-1",
    "frankfurt": "eu-central-1", "hongkong": "ap-east-1", "hyderabad": "ap-south-2", "ireland": "eu-west-1",
    "jakarta": "ap-southeast-3", "london": "eu-west-2", "melbourne": "ap-southeast-4", "milan": "eu-south-1",
    "mumbai": "ap-south-1", "ohio": "us-east-2", "oregon": "us-west-2", "osaka": "ap-northeast-3", "paris": "eu-west-3",
    "saopaulo": "sa-east-1", "seoul": "ap-northeast-2", "singapore": "ap-southeast-1", "spain": "eu-south-2",
    "stockholm": "eu-north-1", "sydney": "ap-southeast-2", "telaviv": "il-central-1", "tokyo": "ap-northeast-1",
    "uae": "me-central-1", "virginia": "us-east-1", "zurich": "eu-central-2",
}  # fmt: skip
"""Where regions are, as "AWS Regions and Availability Zones" calls them."""


@rule("R123", ERROR, looks_at="statement")
def unknown_region(item: ParsedStatement) -> Iterator[Problem]:
    """A region that does not exist, that is left out of an ARN that needs one, or that stands in the account's place.

    IAM accepts it, and the statement matches nothing. An availability zone is not a region. Looked at are ARNs, and the
    condition keys aws:RequestedRegion and ec2:Region. It is a warning where the region may be newer than remit's lists, or
    where one is left out and remit is not sure that nothing matches.

    Flagged:

        {"Effect": "Allow", "Action": "dynamodb:GetItem",
         "Resource": "arn:aws:dynamodb:us-esat-1:111122223333:table/orders"}

    Better:

        {"Effect": "Allow", "Action": "dynamodb:GetItem",
         "Resource": "arn:aws:dynamodb:us-east-1:111122223333:table/orders"}

    Source: "AWS Regions and Availability Zones" (AWS General Reference), as botocore has it.
    """
    for spot, arn in item.arns:
        region = arn.region
        sure = arn.service in arn_parts.REGIONAL and (bool(region) or not arn_parts.may_lack("region", arn))
        if not region and (sure or arn_parts.always_has("region", arn)):
            why = ", and nothing matches" if sure else ""
            message = f"the ARN leaves out the region: no resource of this service has such a one{why}"
            yield Problem(message, "write the region, or * for every one", spot, ERROR if sure else WARNING)
        yield from _misplaced(arn, spot)
    for condition in item.statement.conditions:
        if condition.key.lower() in _UNKNOWN_REGION_KEYS and conditions.family(condition) == "String":
            for value in map(settled, condition.values):
                is_text = bool(value) and is_plain(value) and placeholder(value) is None
                if is_text and value != UNSPECIFIED and not is_region(value):
                    yield _unknown_region_problem(value, (*condition.path, value))


def _misplaced(arn: Arn, spot: Spot) -> Iterator[Problem]:
    """Yield what stands in the place of the region and is none; a pseudo parameter counts as what it stands for."""
    written, region = arn.region, settled(arn.region)
    if arn_parts.are_exchanged(arn):
        message = "the ARN has region and account in the wrong order: nothing matches"
        yield Problem(message, "arn:partition:service:region:account:resource", spot)
    elif not region or not is_plain(region) or is_region(region):
        return
    elif written != region:
        yield Problem(f"the region is '{written}', which is none: nothing matches", "write ${AWS::Region}", spot)
    elif not holds_placeholder(region):
        yield _unknown_region_problem(region, spot)


def _unknown_region_problem(region: str, spot: Spot) -> Problem:
    """The problem of a region that is not known: unset, a zone, a place's name, a slip, none, or perhaps a new one.

    The last is a warning.
    """
    if region == "None":
        hint = "write the region, or {aws.region} in an f-string"
        return Problem("the region is 'None': an unset value was put in, and nothing matches", hint, spot)
    if is_zone(region):
        zone_region = region_of_zone(region)
        hint = f"did you mean '{zone_region}'?" if zone_region else "write the region"
        return Problem(f"'{region}' is an availability zone, not a region: nothing matches", hint, spot)
    # What `eu-frankfurt-1` and `N. Virginia` name is at a place.
    letters = "".join(filter(str.isalpha, region.lower()))
    at_place = next((code for place, code in _PLACES.items() if place in letters), None)
    close = nearest(region, regions(), MISSPELT) or at_place
    if close is None and partition_of(region) is not None:
        message = f"'{region}' is named like a region, but remit knows none of that name"
        return Problem(
            message, "is it new? `remit data` shows how old the lists are, a later remit has newer ones", spot, WARNING
        )
    meant = close or nearest(region, regions())
    hint = f"did you mean '{meant}'?" if meant else "use * for every region"
    return Problem(f"unknown region '{region}': nothing matches", hint, spot)


@rule("R124", ERROR, looks_at="statement")
def unknown_partition(item: ParsedStatement) -> Iterator[Problem]:
    """A partition that does not exist.

    IAM refuses the document (Partition "…" is not valid for resource).

    Flagged:

        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:asw:s3:::data/*"}

    Better:

        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*"}

    Source: "Amazon Resource Names (ARNs)" (AWS General Reference).
    """
    for spot, arn in item.arns:
        name = settled(arn.partition)
        if is_plain(name) and partition(name) is None:
            names = [candidate.name for candidate in partitions()]
            longer = next((candidate for candidate in names if candidate.startswith(f"{arn.partition}-")), None)
            meant = longer or nearest(arn.partition, names) or "aws"
            written = arn.partition or "(empty)"
            hint = f"did you mean '{meant}'?" if name == arn.partition else "write ${AWS::Partition}"
            yield Problem(f"unknown partition '{written}': IAM refuses the ARN", hint, spot)


@rule("R125", ERROR, looks_at="statement")
def region_of_another_partition(item: ParsedStatement) -> Iterator[Problem]:
    """A region that belongs to another partition than the ARN says.

    The regions of China, GovCloud and the European Sovereign Cloud have partitions of their own; nothing has both.

    Flagged:

        {"Effect": "Allow", "Action": "dynamodb:GetItem",
         "Resource": "arn:aws:dynamodb:cn-north-1:111122223333:table/orders"}

    Better:

        {"Effect": "Allow", "Action": "dynamodb:GetItem",
         "Resource": "arn:aws-cn:dynamodb:cn-north-1:111122223333:table/orders"}

    Source: "Amazon Resource Names (ARNs)" (AWS General Reference).
    """
    for spot, arn in item.arns:
        if not arn.region or not is_plain(arn.region):
            continue
        home = partition_of(arn.region)
        if home is not None and partition(arn.partition) is not None and home.name != arn.partition:
            message = (
                f"region {arn.region} is in partition {home.name}, and the ARN says {arn.partition}: nothing matches"
            )
            yield Problem(message, f"write arn:{home.name}:, or {{aws.partition}} in an f-string", spot)


@rule("R126", ERROR, looks_at="statement")
def unknown_arn_service(item: ParsedStatement) -> Iterator[Problem]:
    """An ARN of a service that does not exist, or whose service has capitals or is `*`.

    IAM refuses vendors that it does not know, and the statement matches nothing. A `*`, and a name that is no slip of a
    known one, are warnings.

    Flagged:

        {"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": "arn:aws:dynamdb:us-east-1:111122223333:table/orders"}

    Better:

        {"Effect": "Allow", "Action": "dynamodb:GetItem",
         "Resource": "arn:aws:dynamodb:us-east-1:111122223333:table/orders"}

    Source: the "Service Authorization Reference" (AWS): ARN formats of resource types; "IAM JSON policy elements: Resource"
    (IAM User Guide): no wildcard stands for the service.
    """
    for spot, arn in item.arns:
        if arn.service == "*" and spot[0] in ("Resource", "NotResource"):
            message = "the ARN has a wildcard for its service, which IAM does not take there"
            yield Problem(message, "name the service, or write '*' for every resource", spot, WARNING)
        if not is_plain(settled(arn.service)) or (arn.service == _OF_ALARMS and spot[0] == "Condition"):
            continue
        if arn.service and has_arns(arn.service.lower()):
            if arn.service != arn.service.lower():
                message = f"the service in an ARN is written in small letters, not '{arn.service}': nothing matches"
                yield Problem(message, f"did you mean '{arn.service.lower()}'?", spot)
            continue
        from remit.catalogue.meant_names import nearest_services  # noqa: PLC0415 - asked of mistakes alone

        late = settled(arn.service) != arn.service
        service_of_actions = nearest(arn.service, item.services, MISSPELT)
        candidates = (service_of_actions,) if service_of_actions else nearest_services(arn.service)
        is_unset = late or arn.service in ("", "None")
        is_resembled = bool(candidates) and not is_unset
        hint = f"did you mean '{candidates[0]}'?" if is_resembled else "the third part of an ARN is the service"
        sure = is_unset or nearest(arn.service, candidates, MISSPELT) is not None
        written = arn.service or "(empty)"
        message = f"no resource has an ARN of service '{written}': nothing matches"
        yield Problem(message, hint, spot, ERROR if sure else WARNING)


@rule("R131", WARNING, looks_at="statement")
def wide_arn(item: ParsedStatement) -> Iterator[Problem]:
    """An ARN that leaves partition, account or a part of the service to a wildcard.

    It names resources of the same name everywhere: in other accounts too, where their policies allow it. It is a note,
    unless partition, region and account are all open.

    Flagged:

        {"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": "arn:*:dynamodb:*:*:table/orders"}

    Better:

        {"Effect": "Allow", "Action": "dynamodb:GetItem",
         "Resource": "arn:aws:dynamodb:us-east-1:111122223333:table/orders"}

    Source: "Grant least privilege access" (AWS Well-Architected Framework, SEC03-BP02).
    """
    if not item.allows or item.resource_element != "Resource":
        return
    for text in item.resources:
        arn = parse_arn(text)
        if arn is not None and "*" in arn.service != "*":
            message = f"'{text}' has a wildcard in its service: it names resources of every service of such a name"
            yield Problem(message, "name the service", ("Resource", text), NOTE)
        if arn is None or arn.resource == "*" or (arn.account != "*" and arn.partition != "*"):
            continue
        wide = [name for name in ("partition", "region", "account") if getattr(arn, name) == "*"]
        late = ", ".join(f"{{aws.{name}}}" for name in wide)
        hint = f"name them; in an app {late}" if item.document.raw is None else "name them"
        everywhere = wide == ["partition", "region", "account"]
        message = f"'{text}' leaves the {' and the '.join(wide)} open: it is wider than needed"
        yield Problem(message, hint, ("Resource", text), WARNING if everywhere else NOTE)


@rule("R132", NOTE, looks_at="statement")
def literal_partition(item: ParsedStatement) -> Iterator[Problem]:
    """An ARN names the partition `aws` where the template could be deployed to another.

    In China and GovCloud nothing has it. `{aws.partition}` (`${AWS::Partition}`) is right everywhere.

    Flagged:

        Resources:
          Policy:
            Type: AWS::IAM::ManagedPolicy
            Properties:
              PolicyDocument:
                Version: "2012-10-17"
                Statement:
                  - {Effect: Allow, Action: "s3:GetObject", Resource: "arn:aws:s3:::data/*"}

    Better:

        Resources:
          Policy:
            Type: AWS::IAM::ManagedPolicy
            Properties:
              PolicyDocument:
                Version: "2012-10-17"
                Statement:
                  - {Effect: Allow, Action: "s3:GetObject", Resource: !Sub "arn:${AWS::Partition}:s3:::data/*"}

    Source: "Pseudo parameters reference" (CloudFormation User Guide).
    """
    if item.document.names is None:
        return
    late = "{aws.partition}" if item.document.raw is None else "${AWS::Partition}"
    for spot, arn in item.arns:
        if arn.partition == "aws":
            yield Problem(f"'{arn}' works in partition aws alone", f"write arn:{late}: for every partition", spot)


_LIKE = {
    "prod": frozenset({"prod", "production", "prd", "live"}),
    "dev": frozenset({"dev", "development", "develop"}),
    "staging": frozenset({"staging", "stage", "stg", "preprod"}),
    "test": frozenset({"test", "testing", "qa", "uat"}),
}
_WORD = re.compile(r"[a-z0-9]+")
_QUALIFIER = re.compile(r"(?<=:function:)([^:]+):[^:]+$")
"""The alias or version of a function, of which the function's name tells the stage: `live` is an alias like any."""


@rule("R134", WARNING, looks_at="statement")
def cross_stage(item: ParsedStatement) -> Iterator[Problem]:
    """A role of one stage reaches what looks like another's: a dev role with an ARN of prod.

    Flagged:

        from remit import configure

        with configure() as config:
            config.lambda_.iam.policy = [
                {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::orders-prod/*"},
            ]

    Better:

        from remit import configure, project

        with configure() as config:
            config.lambda_.iam.policy = [
                {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::orders-{project.stage}/*"},
            ]

    Source: "Separate workloads using accounts" (AWS Well-Architected Framework, SEC01-BP01).
    """
    stage = item.document.stage
    if stage is None or not item.allows:
        return
    stage_family = _family(stage)
    for text in item.resources:
        name = _QUALIFIER.sub(r"\1", text)
        words = _WORD.findall(name.replace(item.document.app, "").lower()) if "-" in name or "/" in name else ()
        foreign_stage = next((word for word in words if _family(word) not in (None, stage_family)), None)
        if foreign_stage is not None and (stage_family != "prod" or _family(foreign_stage) != "test"):
            message = f"'{text}' looks like a resource of stage {foreign_stage}, and this is the role of stage {stage}"
            yield Problem(message, "use {project.stage} in its name", ("Resource", text))


def _family(word: str) -> str | None:
    """The kind of stage that a word names: `prod` for production; None where it names none."""
    return next((name for name, words in _LIKE.items() if word in words), None)


_GIVEN = r"[a-z0-9*?](?!.*\.\.)[a-z0-9.*?-]{0,62}"
_UNSET_NAMES = frozenset({"", "None", "NaN"})  # findings of R136


@rule("R137", WARNING, looks_at="statement", needs=":s3:")
def bad_bucket_name(item: ParsedStatement) -> Iterator[Problem]:
    """A bucket's name that S3 does not give: capitals, underscores, dots in a row, more than 63 characters.

    Buckets made before March 2018 in us-east-1 may be called so; any other ARN with such a name matches nothing.

    Flagged:

        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::My_Data/*"}

    Better:

        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::my-data/*"}

    Source: "General purpose bucket naming rules" (Amazon S3 User Guide).
    """
    for text in item.resources:
        arn = parse_arn(text) if ":s3:" in text and not arn_parts.holds_another(text) else None
        if arn is None or arn.service != "s3" or arn.region or arn.account:
            continue
        bucket = arn.resource.partition("/")[0]
        if bucket in _UNSET_NAMES or "{" in bucket or "<" in bucket or "%" in bucket or re.fullmatch(_GIVEN, bucket):
            continue
        if bucket.isascii() and not bucket.startswith(":") and not PLACEHOLDER.search(bucket):
            message = f"no new bucket can be called '{bucket}': names are of small letters, digits, dots and hyphens"
            proper = re.sub(r"[^a-z0-9.*?-]+|\.{2,}", "-", bucket.lower())[:63].strip(".-")
            yield Problem(message, f"is it '{proper}'?", (item.resource_element, text))
