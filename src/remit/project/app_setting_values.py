"""What the settings of the whole app take: tags, stages, the paths and names of roles, and its APIs.

Limits: "Tag naming limits and requirements" (AWS tagging guide), "IAM and AWS STS quotas" (IAM User Guide; 2026-11),
"AWS::ApiGatewayV2::Api Cors" (CloudFormation reference), "Quotas for configuring and running an HTTP API in API
Gateway" (Amazon API Gateway Developer Guide).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from remit.catalogue import arns
from remit.did_you_mean import did_you_mean
from remit.errors import Mistakes
from remit.iam import tokens
from remit.project.setting_values import Table, Texts, between, entries, flag, mistake, text, texts, wrong
from remit.project.stack_name import STAGE

if TYPE_CHECKING:
    from remit.errors import Path
    from remit.project.setting_values import Check

_MOST_TAGS: Final = 50
_LONGEST_KEY: Final = 128
_LONGEST_VALUE: Final = 256
_ROLE_PATH: Final = r"/([\x21-\x7e]{1,510}/)?"
_ROLE_NAME: Final = r"(?a)(?:[\w+=,.@-]|\{(?:app|stage|role|region)\})+"


def tags(path: Path, value: Any) -> Table[str]:
    """Tags by key: of at most 128 characters, with values of at most 256, and no more than AWS lets a resource have."""
    checked = entries(path, value, 'a dict such as {"team": "shop"}', _tag)
    if len(checked) > _MOST_TAGS:
        raise mistake(path, f"has {len(checked)} tags; AWS allows {_MOST_TAGS} on a resource")
    return Table(checked)


def _tag(path: Path, key: Any, content: Any) -> dict[str, str]:
    """One tag as text."""
    if not isinstance(key, str):
        raise mistake(path, f"has the key {key!r:.40}, which is not a string", inside=(key,))
    key_text, value_text = text(path, key), text((*path, key), content)
    if key_text.lower().startswith("aws:"):
        raise mistake((*path, key), "cannot be set: AWS reserves keys that start with aws:")
    for name, written, most in (("key", key_text, _LONGEST_KEY), ("value", value_text, _LONGEST_VALUE)):
        if len(written) > most:
            raise mistake((*path, key), f"has a {name} of {len(written)} characters; AWS allows {most}")
    return {key_text: value_text}


def stages(path: Path, value: Any) -> Texts:
    """Names of stages."""
    names = texts(path, value)
    mistakes = Mistakes()
    for index, name in enumerate(names):
        if not STAGE.fullmatch(name):
            hint = "it starts with a lower-case letter and has at most 20 of a-z, 0-9 and -"
            wrong_name = mistake((*path, index), f"is {name!r}, which is not a stage's name", hint=hint)
            mistakes.errors.append(wrong_name)
    mistakes.refuse()
    return names


def role_path(path: Path, value: Any) -> str:
    """A path of roles, between slashes."""
    written = text(path, value)
    if not re.fullmatch(_ROLE_PATH, written):
        raise mistake(path, f"is {written!r}", hint='a path begins and ends with a slash: "/teams/shop/"')
    return written


def role_name(path: Path, value: Any) -> str:
    """A pattern of roles' names, which must tell them apart."""
    written = tokens.plain(text(path, value))
    if not re.fullmatch(_ROLE_NAME, written):
        hint = 'such as "{app}-{stage}-{role}", of letters, digits and _+=,.@-'
        raise mistake(path, f"is {written!r:.60}, which makes no names of roles", hint=hint)
    for part in ("{stage}", "{role}"):
        if part not in written:
            hint = "{role} tells the roles of a stage apart, and {stage} those of the stages"
            raise mistake(path, f"is {written!r:.60}, without {part}", hint=hint)
    return str(written)


_CORS: Final[Mapping[str, Check]] = {
    "AllowCredentials": flag,
    "AllowHeaders": texts,
    "AllowMethods": texts,
    "AllowOrigins": texts,
    "ExposeHeaders": texts,
    "MaxAge": between(0, 86_400, "seconds"),
}
"""The properties of Cors, and what each takes."""
_METHODS: Final = ("*", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
_ORIGIN: Final = r"\*|[a-z][a-z0-9+.-]*://(?:\*|[^/*\s]+)"
_HOST: Final = r"(?:\*\.)?(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}"
_SELECTION: Final = r"\$request\.body\.[A-Za-z0-9_.]+"


def cors_configuration(path: Path, value: Any) -> dict[str, Any]:
    """CloudFormation's Cors properties, in its spelling or in snake_case."""
    if not isinstance(value, Mapping):
        raise wrong(path, 'a dict such as {"AllowOrigins": ["https://shop.example"]}', value)
    configuration: dict[str, Any] = {}
    mistakes = Mistakes()
    for key, content in value.items():
        with mistakes.noted():
            configuration.update(_cors_property(path, key, content))
    origins = configuration.get("AllowOrigins", [])
    for origin in origins:
        if not tokens.references(origin) and not re.fullmatch(_ORIGIN, origin):
            hint = 'a scheme and a host without a path, such as "https://shop.example"'
            mistakes.errors.append(mistake(path, f"has the origin {origin!r}", hint=hint))
    for method in configuration.get("AllowMethods", []):
        if method not in _METHODS:
            hint = did_you_mean(method, _METHODS) or f"known: {', '.join(_METHODS)}"
            mistakes.errors.append(mistake(path, f"has the method {method!r}", hint=hint))
    if "*" in origins and configuration.get("AllowCredentials"):
        open_to_all = mistake(
            path,
            "allows credentials from every origin, which browsers and API Gateway refuse",
            hint="name the origins whose pages may send cookies",
        )
        mistakes.errors.append(open_to_all)
    mistakes.refuse()
    return configuration


def _cors_property(path: Path, key: Any, content: Any) -> dict[str, Any]:
    """One property in CloudFormation's spelling, with its value."""
    name = "".join(part[:1].upper() + part[1:] for part in str(key).split("_"))
    if name not in _CORS:
        raise mistake(path, f"has no key {key!r}", hint=did_you_mean(name, _CORS), inside=(str(key),))
    checked = _CORS[name]((*path, key), content)
    return {name: list(checked) if isinstance(checked, tuple) else checked}


def rate(path: Path, value: Any) -> float:
    """Requests a second."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise wrong(path, "a number of requests a second", value)
    if not 0 <= value <= 1_000_000:  # noqa: PLR2004 - beyond what any account has
        raise mistake(path, f"is {value} requests a second; it can be 0 to 1000000")
    return value


def domain_name(path: Path, value: Any) -> str:
    """A host's name in lower case; what only the deploy knows of it is not looked at."""
    name = text(path, value)
    if not tokens.references(name) and not re.fullmatch(_HOST, name):
        host = name.lower().rpartition("://")[2].partition("/")[0]
        example = host if re.fullmatch(_HOST, host) else "api.shop.example"
        raise mistake(path, f"is {name!r}, which is no domain", hint=f"a domain reads {example!r}")
    return name


def certificate_arn(path: Path, value: Any) -> str:
    """The ARN of a certificate of AWS Certificate Manager, or a value that only the deploy knows."""
    certificate = text(path, value)
    arn = arns.parse(certificate)
    is_certificate = arn is not None and arn.service == "acm" and re.fullmatch(r"certificate/.+", arn.resource)
    if not certificate.startswith("${") and not is_certificate:
        hint = "a certificate of ACM in the API's region: arn:aws:acm:REGION:ACCOUNT:certificate/ID"
        raise mistake(path, f"is {certificate!r}, which is no certificate's ARN", hint=hint)
    return certificate


def route_selection_expression(path: Path, value: Any) -> str:
    """Check the field of a message that names its route."""
    expression = text(path, value)
    if not re.fullmatch(_SELECTION, expression):
        raise mistake(path, f"is {expression!r}", hint='a field of the message: "$request.body.action"')
    return expression
