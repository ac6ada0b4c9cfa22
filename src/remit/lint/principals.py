"""Principals that AWS takes, and those that were meant by others.

Source: "AWS JSON policy elements: Principal" (IAM User Guide).
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Final

from remit.catalogue.actions import services
from remit.catalogue.arns import parse as parse_arn
from remit.did_you_mean import MISSPELT, nearest

_SERVICE: Final = r"[a-z0-9-]+(?:\.[a-z0-9-]+)*\.(?:amazonaws\.(?:com(?:\.cn)?|eu)|aws\.internal|aws)"
_DOMAIN_NAME: Final = r"(?i)[a-z0-9-]+(?:\.[a-z0-9-]+)+(?::\d+)?(?:/[\w./-]*)?"
_PROVIDER: Final = r"arn:[a-z-]+:iam::\d{12}:(?:oidc-provider|saml-provider)/.+"
_ID: Final = r"A[A-Z0-9]{15,}|\d{12}"
_ACCOUNT_OF_ROOT: Final = r"(\d{12}):root$"
_HOLDERS: Final = ("user/", "role/", "federated-user/", "assumed-role/")
_DOMAIN: Final = "amazonaws.com"
_LONG: Final = 6
_ONE_SLIP: Final = 0.92
"""The likeness of two long names that differ in one letter."""
_BESIDE: Final = (
    "apprunner", "delivery.logs", "ecs-tasks", "edgelambda", "eks-fargate-pods", "lambda", "mediaconvert",
    "opensearchservice", "replicator.lambda", "spotfleet", "states", "vpc-flow-logs", "vpc-lattice",
)  # fmt: skip
"""Principals whose names are no prefix of actions."""
_SPOKEN: Final = {
    "cloudwatch-logs": "logs", "cloudwatchlogs": "logs", "eventbridge": "events", "sfn": "states",
    "stepfunctions": "states", "step-functions": "states", "ecs-task": "ecs-tasks", "api-gateway": "apigateway",
    "eventbridge-scheduler": "scheduler", "eventbridgescheduler": "scheduler", "lambda-edge": "edgelambda",
    "flowlogs": "vpc-flow-logs",
    "kinesisfirehose": "firehose", "kinesis-firehose": "firehose", "ecs-fargate": "ecs-tasks",
}  # fmt: skip
_LIKELY: Final = (
    "apigateway", "bedrock", "cloudformation", "cloudfront", "cloudtrail", "codebuild", "codepipeline",
    "cognito-idp", "config", "ec2", "ecs-tasks", "edgelambda", "elasticloadbalancing", "events", "firehose",
    "glue", "iot", "lambda", "logs", "pipes", "sagemaker", "scheduler", "secretsmanager", "states",
)  # fmt: skip
"""The services that assume roles and use resources most."""


def of_service(value: str) -> tuple[str, str] | None:
    """The problem of a service's principal, and a hint, such as the one that was meant; None where nothing is wrong."""
    if "*" in value or "?" in value:
        return f"'{value}' has a wildcard, and a service has to be named: IAM refuses it", "name the services"
    if "${" in value:
        return None
    label = value.partition(".")[0].lower()
    if not re.fullmatch(_SERVICE, value):
        meant = _meant(label)
        if meant is None and "." in value:
            return None  # a few have names of their own: alexa-appkit.amazon.com
        hint = f"did you mean '{meant}.{_DOMAIN}'?" if meant else f"a service is written NAME.{_DOMAIN}"
        return f"'{value}' is not a principal of a service: IAM refuses it", hint
    labels = value.lower().split(".")
    is_part_of_service = not _principal_names().isdisjoint(labels)  # monitoring.rds.amazonaws.com
    meant = None if is_part_of_service else _meant(label)
    if meant is None:
        return None
    return f"no service has the principal '{value}': IAM refuses it", f"did you mean '{meant}.{_DOMAIN}'?"


def of_account(value: str) -> tuple[str, str] | None:
    """The problem of an account, a user, a role or a session as principal, and a hint; None where nothing is wrong.

    An account of a wrong length is left to another rule.
    """
    settled = value.replace("${AWS::Partition}", "aws").replace("${AWS::AccountId}", "111122223333")
    if value == "*" or "${" in settled or re.fullmatch(_ID, settled) or settled.isdigit():
        return None  # another rule counts the digits
    if re.fullmatch(_SERVICE, value):
        return (
            f"'{value}' is a service, and AWS stands for accounts, users and roles",
            f'write {{"Service": "{value}"}}',
        )
    arn = parse_arn(settled)
    if arn is None or arn.service not in ("iam", "sts"):
        account = re.match(_ACCOUNT_OF_ROOT, value)
        hint = (
            "an account's number, or an ARN: arn:aws:iam::111122223333:role/NAME"
            if account is None
            else f"did you mean 'arn:aws:iam::{account[1]}:root'?"
        )
        return f"'{value}' is not an account, user or role: IAM refuses it", hint
    if "*" in value or "?" in value:
        hint = f'name the account, and compare aws:PrincipalArn: {{"ArnLike": {{"aws:PrincipalArn": "{value}"}}}}'
        return f"'{value}' has a wildcard, which no principal's ARN may have: IAM refuses it", hint
    if arn.resource != "root" and not arn.resource.startswith(_HOLDERS):
        kind, slash, name = arn.resource.partition("/")
        meant = None if kind.lower().startswith("group") else nearest(f"{kind}{slash}", ("root", *_HOLDERS))
        hint = "name its users, or a role"
        if meant is not None:
            name_of_holder = name if meant.endswith("/") else ""
            hint = f"did you mean '{value.removesuffix(arn.resource)}{meant}{name_of_holder}'?"
        return f"a {kind} is not a principal: IAM refuses '{value}'", hint
    return None


def of_provider(value: str) -> tuple[str, str] | None:
    """The problem of an identity provider, and a hint; None for the ARN of one, or the domain of one that IAM knows."""
    if "${" in value or re.fullmatch(_PROVIDER, value) or (":" not in value and re.fullmatch(_DOMAIN_NAME, value)):
        return None
    hint = "write its ARN: arn:aws:iam::ACCOUNT:oidc-provider/HOST or …:saml-provider/NAME"
    return f"'{value}' is not an identity provider: IAM refuses it", hint


def provider(value: str) -> str | None:
    """The host (and path) of an OpenID Connect provider in small letters, as its claims begin; None for one of SAML."""
    host = value.partition(":oidc-provider/")[2]
    if host:
        return host.lower()
    return value.lower() if ":" not in value and re.fullmatch(_DOMAIN_NAME, value) else None


@lru_cache(maxsize=1024)
def _meant(label: str) -> str | None:
    """The service's label that a label means: itself, as people call it, without signs, misspelt; None: none near."""
    from remit.catalogue.meant_names import spoken  # noqa: PLC0415 - asked of mistakes alone

    if label in _SPOKEN or label in _principal_names():
        return _SPOKEN.get(label, label)
    folded = {"".join(filter(str.isalnum, name)): name for name in (*_LIKELY, *_BESIDE)}
    written = "".join(filter(str.isalnum, label))
    if written in folded:
        return folded[written]
    # A long name may differ by a single letter: some principals that nobody lists have like names.
    one_slip = nearest(label, services(), _ONE_SLIP) if len(label) >= _LONG else None
    return spoken(label) or nearest(label, _LIKELY, MISSPELT) or one_slip


@cache
def _principal_names() -> frozenset[str]:
    return frozenset((*services(), *_BESIDE))
