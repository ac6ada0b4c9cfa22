"""What the settings of the whole app take: tags, stages, the paths and names of roles, and its APIs.

Limits: "Tag naming limits and requirements" (AWS tagging guide), "IAM and AWS STS quotas" (IAM User Guide; 2026-11),
"AWS::ApiGatewayV2::Api Cors" (CloudFormation reference), "Quotas for configuring and running an HTTP API in API
Gateway" (Amazon API Gateway Developer Guide).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from remit.catalogue import arns
from remit.catalogue.partitions import regions
from remit.did_you_mean import did_you_mean
from remit.errors import Mistakes, Path
from remit.iam import tokens
from remit.project.setting_values import (
    Table,
    Texts,
    between,
    by_cloudformation,
    entries,
    flag,
    matching,
    members,
    mistake,
    plain,
    text,
    texts,
    wrong,
)
from remit.project.stack_name import STAGE

_MOST_TAGS: Final = 50
_LONGEST_KEY: Final = 128
_LONGEST_VALUE: Final = 256
_ROLE_NAME: Final = r"(?a)(?:[\w+=,.@-]|\{(?:app|stage|role|region)\})+"


def tags(path: Path, value: Any) -> Table[str]:
    """Tags by key: of at most 128 characters, with values of at most 256, and no more than AWS lets a resource have.

    RemitError (2): anything else, or a key that begins with `aws:`.
    """
    checked = entries(path, value, 'a dict such as {"team": "shop"}', _tag)
    if len(checked) > _MOST_TAGS:
        raise mistake(path, f"has {len(checked)} tags; AWS allows {_MOST_TAGS} on a resource")
    return Table(checked)


def _tag(path: Path, key: Any, content: Any) -> dict[str, str]:
    """One tag as text. RemitError (2): AWS reserves its key, or it is too long."""
    if not isinstance(key, str):
        raise mistake(path, f"has the key {key!r:.40}, which is not a string", inside=(key,))
    key_text, value_text = text(path, key), text((*path, key), content)
    if key_text.lower().startswith("aws:"):
        raise mistake((*path, key), "cannot be set: AWS reserves keys that start with aws:")
    for name, written, most in (("key", key_text, _LONGEST_KEY), ("value", value_text, _LONGEST_VALUE)):
        if len(written) > most:
            raise mistake((*path, key), f"has a {name} of {len(written)} characters; AWS allows {most}")
    return {key_text: value_text}


def region(path: Path, value: Any) -> str:
    """A region of AWS's, also one that is newer than remit's facts: a further one of a known part of the world.

    RemitError (2): any other text.
    """
    name = text(path, value)
    part, _, number = name.rpartition("-")
    if not number.isdecimal() or part not in {known.rpartition("-")[0] for known in regions()}:
        raise mistake(path, f"is {name!r:.40}, which is no region", hint=did_you_mean(name, regions()))
    return name


def stages(path: Path, value: Any) -> Texts:
    """Names of stages, in their order. RemitError (2) has each text that is none."""
    names = texts(path, value)
    mistakes = Mistakes()
    for index, name in enumerate(names):
        if not STAGE.fullmatch(name):
            hint = "it starts with a lower-case letter and has at most 20 of a-z, 0-9 and -"
            wrong_name = mistake((*path, index), f"is {name!r}, which is not a stage's name", hint=hint)
            mistakes.errors.append(wrong_name)
    mistakes.refuse()
    return names


role_arn: Final = matching(
    r"arn:aws[a-z-]*:iam::[0-9]{12}:role/\S+", "arn:aws:iam::111122223333:role/NAME is one of a role"
)
role_path: Final = matching(r"/([\x21-\x7e]{1,510}/)?", 'a path begins and ends with a slash: "/teams/shop/"')


def role_name(path: Path, value: Any) -> str:
    """A pattern of roles' names.

    RemitError (2): it makes no names, or does not have `{stage}` and `{role}`, which tell roles apart.
    """
    written = tokens.plain(text(path, value))
    if not re.fullmatch(_ROLE_NAME, written):
        hint = 'such as "{app}-{stage}-{role}", of letters, digits and _+=,.@-'
        raise mistake(path, f"is {written!r:.60}, which makes no names of roles", hint=hint)
    for part in ("{stage}", "{role}"):
        if part not in written:
            hint = "{role} tells the roles of a stage apart, and {stage} those of the stages"
            raise mistake(path, f"is {written!r:.60}, without {part}", hint=hint)
    return str(written)


_METHODS: Final = ("*", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
_ORIGIN: Final = r"\*|[a-z][a-z0-9+.-]*://(?:\*|[^/*\s]+)"
_HOST: Final = r"(?:\*\.)?(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}"


def rate(path: Path, value: Any) -> float:
    """Requests a second, from 0 to a million. RemitError (2): anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise wrong(path, "a number of requests a second", value)
    if not 0 <= value <= 1_000_000:  # noqa: PLR2004 - beyond what any account has
        raise mistake(path, f"is {value} requests a second; it can be 0 to 1000000")
    return value


def _cors_origin(path: Path, origin: str) -> None:
    """Refuse with RemitError (2) an origin with a path, or without a scheme; a reference is taken."""
    if not tokens.references(origin) and not re.fullmatch(_ORIGIN, origin):
        hint = 'a scheme and a host without a path, such as "https://shop.example"'
        raise mistake(path[:1], f"has the origin {origin!r}", hint=hint)


def _cors_method(path: Path, method: str) -> None:
    """Refuse with RemitError (2) a method that CORS does not know."""
    if method not in _METHODS:
        hint = did_you_mean(method, _METHODS) or f"known: {', '.join(_METHODS)}"
        raise mistake(path[:1], f"has the method {method!r}", hint=hint)


_CORS: Final = members(
    'a dict such as {"AllowOrigins": ["https://shop.example"]}',
    {
        "AllowCredentials": flag,
        "AllowHeaders": texts,
        "AllowMethods": lambda path, value: texts(path, value, _cors_method),
        "AllowOrigins": lambda path, value: texts(path, value, _cors_origin),
        "ExposeHeaders": texts,
        "MaxAge": between(0, 86_400, "seconds"),
    },
    by_cloudformation,
)


def cors_configuration(path: Path, value: Any) -> dict[str, Any]:
    """CloudFormation's Cors properties, in its spelling or in snake_case.

    RemitError (2): others, or credentials from every origin.
    """
    configuration: dict[str, Any] = _CORS(path, value)
    if "*" in configuration.get("AllowOrigins", ()) and configuration.get("AllowCredentials"):
        raise mistake(
            path,
            "allows credentials from every origin, which browsers and API Gateway refuse",
            hint="name the origins whose pages may send cookies",
        )
    return configuration


def rest_cors(path: Path, value: Any) -> dict[str, Any]:
    """As `cors_configuration`, for a REST API, whose answers to preflights are fixed texts.

    RemitError (2) as there, and without exactly one origin.
    """
    configuration = cors_configuration(path, value)
    if len(configuration.get("AllowOrigins", ())) != 1:
        raise mistake(
            path,
            f"has {len(configuration.get('AllowOrigins', ()))} origins; a REST API answers preflights with one",
            hint='name one origin or "*", or answer preflights yourself: on.rest("OPTIONS /orders", auth="NONE")',
        )
    return configuration


def stage_variables(path: Path, value: Any) -> Table[str]:
    """Variables of an API's stage. RemitError (2): it is no dict of strings."""
    checked = entries(path, value, "a dict of strings", lambda path, name, item: {name: text((*path, name), item)})
    return Table(plain(path, checked))


def rest_properties(path: Path, value: Any) -> Table[Any]:
    """CloudFormation's properties of AWS::ApiGateway::RestApi, whose names and values the template's check looks at.

    RemitError (2): it is no dict.
    """
    if not isinstance(value, dict):
        raise wrong(path, "a dict of CloudFormation properties", value)
    return Table(plain(path, value))


_KEY_NAME: Final = r"[A-Za-z0-9][\w.-]{0,127}"


def _check_key_name(path: Path, written: str) -> None:
    """Refuse with RemitError (2) a key's name with other signs; a reference is taken."""
    if not tokens.references(written) and not re.fullmatch(_KEY_NAME, written):
        raise mistake(path, f"is {written!r:.60}", hint="letters, digits, - _ and .")


_USAGE_PLAN: Final = members(
    'a dict such as {"quota": {"limit": 1000, "period": "DAY"}, "keys": ["partner"]}',
    {
        "Description": text,
        "Keys": lambda path, value: texts(path, value, _check_key_name),
        "Quota": members(
            'a dict such as {"limit": 1000, "period": "DAY"}',
            dict.fromkeys(("Limit", "Offset", "Period"), plain),
            by_cloudformation,
        ),
        "Throttle": members(
            'a dict such as {"rate_limit": 10, "burst_limit": 20}',
            dict.fromkeys(("BurstLimit", "RateLimit"), plain),
            by_cloudformation,
        ),
    },
    by_cloudformation,
)


def usage_plans(path: Path, value: Any) -> Table[Mapping[str, Any]]:
    """Usage plans by name, in CloudFormation's spelling or in snake_case, with the names of their keys.

    RemitError (2): one does not fit.
    """
    return Table(entries(path, value, "a dict of usage plans by name", _usage_plan))


def _usage_plan(path: Path, name: Any, content: Any) -> dict[str, Any]:
    """The checked content of a plan by its name.

    RemitError (2): its name has other signs, or its content does not fit.
    """
    if not isinstance(name, str) or not re.fullmatch(_KEY_NAME, name):
        raise mistake(path, f"has the name {name!r:.40}", hint="letters, digits, - _ and .", inside=(str(name),))
    return {name: _USAGE_PLAN((*path, name), content)}


def domain_name(path: Path, value: Any) -> str:
    """A host's name, which must be in lower case; one with a part that only the deploy knows is not looked at.

    RemitError (2): any other text.
    """
    name = text(path, value)
    if not tokens.references(name) and not re.fullmatch(_HOST, name):
        host = name.lower().rpartition("://")[2].partition("/")[0]
        example = host if re.fullmatch(_HOST, host) else "api.shop.example"
        raise mistake(path, f"is {name!r}, which is no domain", hint=f"a domain reads {example!r}")
    return name


def certificate_arn(path: Path, value: Any) -> str:
    """The ARN of a certificate of AWS Certificate Manager, or a value that only the deploy knows.

    RemitError (2): any other text.
    """
    certificate = text(path, value)
    arn = arns.parse(certificate)
    is_certificate = arn is not None and arn.service == "acm" and re.fullmatch(r"certificate/.+", arn.resource)
    if not certificate.startswith("${") and not is_certificate:
        hint = "a certificate of ACM in the API's region: arn:aws:acm:REGION:ACCOUNT:certificate/ID"
        raise mistake(path, f"is {certificate!r}, which is no certificate's ARN", hint=hint)
    return certificate


route_selection_expression: Final = matching(
    r"\$request\.body\.[A-Za-z0-9_.]+", 'a field of the message: "$request.body.action"'
)
