"""What each setting takes: a check per kind of value, and the table of a function's settings.

Limits: "Lambda quotas" and "AWS::Lambda::Function" (Lambda Developer Guide, CloudFormation reference; 2026-11).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypedDict

from remit.errors import RemitError, did_you_mean
from remit.iam import tokens
from remit.project.kept import Table, Texts
from remit.project.late import LateBound

Check = Callable[[str, Any], Any]
"""Takes how the setting is spelled and a value; returns the value as remit keeps it, or raises RemitError."""

RUNTIMES: Final = ("python3.9", "python3.10", "python3.11", "python3.12", "python3.13", "python3.14")
ARCHITECTURES: Final = ("x86_64", "arm64")
RETENTIONS: Final = (
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
)  # fmt: skip
RESERVED_VARIABLES: Final = frozenset(
    [
        "_HANDLER",
        "_X_AMZN_TRACE_ID",
        "AWS_DEFAULT_REGION",
        "AWS_REGION",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_LAMBDA_RUNTIME_API",
        "LAMBDA_TASK_ROOT",
        "LAMBDA_RUNTIME_DIR",
    ]
)
_VARIABLE: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]+")
_SCALARS: Final[tuple[tuple[type, Check], ...]] = (
    (str, lambda path, value: encodable(path, tokens.plain(value))),
    (bool, lambda _, value: bool(value)),
    (int, lambda _, value: int.__int__(value)),
    (float, lambda _, value: float.__float__(value)),
)
_LARGE: Final = 2**63  # what no property of CloudFormation takes
_DEPTH: Final = 32  # CloudFormation's properties nest about ten deep
OWNED: Final = ("Code", "Handler", "FunctionName", "PackageType")
"""Properties of AWS::Lambda::Function that remit itself sets."""


class FunctionSettings(TypedDict, total=False):
    """What a decorator and `config.lambda_.function` take."""

    timeout: int
    memory_size: int
    runtime: str
    architectures: Sequence[str]
    environment: Mapping[str, str]
    layers: Sequence[str]
    vpc_config: Mapping[str, Sequence[str]] | None
    reserved_concurrency: int | None
    ephemeral_storage: int
    tracing: bool | str
    log_retention: int | None
    properties: Mapping[str, Any]


def wrong(path: str, wanted: str, value: object) -> RemitError:
    """The error for a value of the wrong type."""
    if hasattr(value, "ref") and hasattr(value, "arn"):
        return RemitError(
            f"`{path}` must be {wanted}, got a resource", hint="write `.ref`, `.arn` or `.attribute(…)` of it"
        )
    if isinstance(value, LateBound):
        return RemitError(f"`{path}` must be {wanted}, and only the deploy knows `{value!r}`")
    got = "None" if value is None else f"{type(value).__name__} {str(value)[:40]!r}"
    hint = "usually os.environ.get() of a variable that is not set" if value is None else None
    return RemitError(f"`{path}` must be {wanted}, got {got}", hint=hint)


def between(low: int, high: int, unit: str) -> Check:
    """A whole number in a range."""

    def check(path: str, value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise wrong(path, f"a whole number of {unit}", value)
        if not low <= value <= high:
            shown = value if abs(value) < _LARGE else "too large a number of"
            raise RemitError(f"`{path}` is {shown} {unit}; it can be {low} to {high}")
        return value

    return check


def one_of(known: Sequence[str]) -> Check:
    """One of a few words."""

    def check(path: str, value: Any) -> str:
        if not isinstance(value, str):
            raise wrong(path, "a string", value)
        word: str = tokens.plain(value)
        if word not in known:
            raise RemitError(
                f"`{path}` cannot be {value!r}; it can be {', '.join(known)}", hint=did_you_mean(word, known)
            )
        return word

    return check


def or_none(check: Check) -> Check:
    """None as well."""
    return lambda path, value: None if value is None else check(path, value)


def text(path: str, value: Any) -> str:
    """A string that is not empty."""
    if not isinstance(value, str):
        raise wrong(path, "a string", value)
    written: str = tokens.plain(value)
    if not written:
        raise RemitError(f"`{path}` is an empty string")
    return encodable(path, written)


def encodable(path: str, value: str) -> str:
    """A string that UTF-8 can hold: AWS reads no JSON with any other."""
    try:
        value.encode()
    except UnicodeEncodeError:
        raise RemitError(
            f"`{path}` holds half of a character ({ascii(value)[:40]}), which no file and no request can hold",
            hint="it was read with errors='surrogateescape', or from a broken \\u escape: decode it as UTF-8",
        ) from None
    return value


def texts(path: str, value: Any) -> Texts:
    """A list of strings; a bare string is one item."""
    if isinstance(value, str):
        return Texts((text(path, value),))
    if isinstance(value, set | frozenset):
        raise RemitError(f"`{path}` is a set, whose order changes from run to run", hint="use a list")
    if not isinstance(value, list | tuple):
        raise wrong(path, "a list of strings", value)
    return Texts(text(f"{path}[{index}]", item) for index, item in enumerate(value))


def reasons(example: str) -> Check:
    """A dict of strings, none of them empty: for what is accepted, why."""

    def check(path: str, value: Any) -> dict[str, str]:
        if not isinstance(value, Mapping):
            raise wrong(path, f"a dict such as {example}", value)
        for name, reason in value.items():
            text(f"a key of {path}", name)
            if not any(map(str.isalnum, text(f"{path}[{name!r}]", reason))):
                raise RemitError(f"`{path}[{name!r}]` is {reason!r}, which is no reason", hint="say why, in words")
        return dict(value)

    return check


def flag(path: str, value: Any) -> bool:
    """True or False."""
    if not isinstance(value, bool):
        raise wrong(path, "True or False", value)
    return value


def _architectures(path: str, value: Any) -> Texts:
    chosen = Texts(one_of(ARCHITECTURES)(path, item) for item in texts(path, value))
    if len(chosen) != 1:
        raise RemitError(f"`{path}` takes one architecture, got {len(chosen)}")
    return chosen


def _retention(path: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise wrong(path, "a number of days, or None to keep logs for ever", value)
    if value not in RETENTIONS:
        near = min(RETENTIONS, key=lambda days: (abs(days - value), days))
        raise RemitError(
            f"`{path}` cannot be {value} days",
            hint=f"CloudWatch Logs knows {', '.join(map(str, RETENTIONS))}; the nearest is {near}",
        )
    return value


def _tracing(path: str, value: Any) -> str:
    if isinstance(value, bool):
        return "Active" if value else "PassThrough"
    return str(one_of(("Active", "PassThrough"))(path, value))


def _environment(path: str, value: Any) -> Table[str]:
    if not isinstance(value, Mapping):
        raise wrong(path, "a dict of strings", value)
    for name, content in value.items():
        spelled = f"{path}[{name!r}]"
        if not isinstance(name, str) or not _VARIABLE.fullmatch(name):
            hint = "Lambda wants a letter, then at least one more of letters, digits and _"
            raise RemitError(f"`{path}` has the name {name!r}", hint=hint)
        if name in RESERVED_VARIABLES:
            raise RemitError(f"`{spelled}`: Lambda reserves {name}", hint="choose another name")
        if name.startswith("REMIT_"):
            raise RemitError(f"`{spelled}`: remit reserves names that start with REMIT_", hint="choose another name")
        if not isinstance(content, str):
            raise wrong(spelled, "a string", content)
        encodable(spelled, tokens.plain(content))
    return Table({tokens.plain(name): tokens.plain(content) for name, content in value.items()})


_VPC_KEYS: Final = {
    "SecurityGroupIds": "SecurityGroupIds", "SubnetIds": "SubnetIds",
    "security_group_ids": "SecurityGroupIds", "subnet_ids": "SubnetIds",
    "Ipv6AllowedForDualStack": "Ipv6AllowedForDualStack",
    "ipv6_allowed_for_dual_stack": "Ipv6AllowedForDualStack",
}  # fmt: skip


def _vpc_config(path: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise wrong(path, "a dict with SecurityGroupIds and SubnetIds", value)
    config: dict[str, Any] = {}
    for key, content in value.items():
        if key not in _VPC_KEYS:
            raise RemitError(f"`{path}` has no key {key!r}", hint=did_you_mean(str(key), _VPC_KEYS))
        name = _VPC_KEYS[key]
        check: Check = flag if name == "Ipv6AllowedForDualStack" else texts
        checked = check(f"{path}[{key!r}]", content)
        config[name] = list(checked) if isinstance(checked, tuple) else checked
        _check_ids(path, name, config[name])
    for name in ("SecurityGroupIds", "SubnetIds"):
        if not config.get(name):
            raise RemitError(f"`{path}` has no {name}", hint="a function in a VPC needs a subnet and a security group")
    return config


def _check_ids(path: str, name: str, ids: Any) -> None:
    """What is of the other kind by its name: CloudFormation finds out only when it makes the function."""
    other = {"SecurityGroupIds": "subnet-", "SubnetIds": "sg-"}.get(name)
    strange = next((one for one in ids if str(one).startswith(other)), None) if other is not None else None
    if strange is not None:
        hint = "subnets' ids begin with subnet-, security groups' with sg-"
        raise RemitError(f"`{path}` has {strange!r} among its {name}", hint=hint)


def _mapping(path: str, value: Any) -> None:
    if not isinstance(value, Mapping):
        raise wrong(path, "a dict", value)


def _mappings(path: str, value: Any) -> None:
    if not isinstance(value, list | tuple):
        raise wrong(path, "a list of dicts", value)
    for index, item in enumerate(value):
        _mapping(f"{path}[{index}]", item)


_SHAPES: Final[Mapping[str, Check]] = {
    "Architectures": _architectures,
    "DeadLetterConfig": _mapping,
    "Environment": _mapping,
    "FileSystemConfigs": _mappings,
    "LoggingConfig": _mapping,
    "TracingConfig": _mapping,
    "VpcConfig": _mapping,
}
"""Properties that remit looks into, to compute what a function may do."""


def _properties(path: str, value: Any) -> Table[Any]:
    if not isinstance(value, Mapping):
        raise wrong(path, "a dict of CloudFormation properties", value)
    for name in value:
        if name in OWNED:
            raise RemitError(f"`{path}` sets {name}, which remit sets itself")
    for name, check in _SHAPES.items():
        if name in value:
            check(f"{path}['{name}']", value[name])
    variables = value.get("Environment", {})
    _environment(f"{path}['Environment']['Variables']", variables.get("Variables", {}))
    return Table(plain(path, value))


def _check_keys(path: str, value: Mapping[Any, Any]) -> None:
    for key in value:
        if not isinstance(key, str):
            raise RemitError(f"`{path}` has a key that is no string: {key!r}")
        if tokens.references(key):
            raise RemitError(
                f"`{path}` has the key {key!r}, and CloudFormation fills in values, never keys",
                hint="write the key whole, or decide by `project.stage`",
            )


def plain(path: str, value: Any, depth: int = 0) -> Any:
    """A value that JSON can hold, copied; anything else is an error that names where it stands."""
    if depth > _DEPTH:
        raise RemitError(f"`{path[:60]}` nests deeper than {_DEPTH}, or contains itself")
    if isinstance(value, Mapping):
        _check_keys(path, value)
        return {
            encodable(path, str.__str__(key)): plain(f"{path}[{key!r}]", item, depth + 1) for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [plain(f"{path}[{index}]", item, depth + 1) for index, item in enumerate(value)]
    if isinstance(value, float) and not math.isfinite(value):
        raise RemitError(f"`{path}` is {value}: that is not valid JSON")
    if isinstance(value, int) and abs(value) >= _LARGE:
        raise RemitError(f"`{path}` is too large a number")
    for kind, bare in _SCALARS:
        if isinstance(value, kind):  # an enumeration's members are kept as what they stand for
            return bare(path, value)
    raise wrong(path, "text, a number, True or False, a list or a dict", value)


@dataclass(frozen=True, slots=True)
class FunctionSetting:
    """One setting of a function: its check, and the CloudFormation properties that a checked value becomes."""

    check: Check
    properties: Callable[[Any], dict[str, Any]]


FUNCTION_SETTINGS: Final[Mapping[str, FunctionSetting]] = {
    "timeout": FunctionSetting(between(1, 900, "seconds"), lambda value: {"Timeout": value}),
    "memory_size": FunctionSetting(between(128, 10_240, "MB"), lambda value: {"MemorySize": value}),
    "runtime": FunctionSetting(one_of(RUNTIMES), lambda value: {"Runtime": value}),
    "architectures": FunctionSetting(_architectures, lambda value: {"Architectures": list(value)}),
    "environment": FunctionSetting(_environment, lambda value: {"Environment": {"Variables": dict(value)}}),
    "layers": FunctionSetting(texts, lambda value: {"Layers": list(value)}),
    "vpc_config": FunctionSetting(or_none(_vpc_config), lambda value: {"VpcConfig": value}),
    "reserved_concurrency": FunctionSetting(
        or_none(between(0, 1_000_000, "instances")), lambda value: {"ReservedConcurrentExecutions": value}
    ),
    "ephemeral_storage": FunctionSetting(
        between(512, 10_240, "MB"), lambda value: {"EphemeralStorage": {"Size": value}}
    ),
    "tracing": FunctionSetting(_tracing, lambda value: {"TracingConfig": {"Mode": value}}),
    "log_retention": FunctionSetting(or_none(_retention), lambda _value: {}),
    "properties": FunctionSetting(_properties, dict),
}


def checked_settings(path: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings whose names and values are right; `path` is how errors spell what they are set on."""
    for name in settings:
        if name not in FUNCTION_SETTINGS:
            raise RemitError(
                f"there is no setting `{name}` of a function",
                hint=did_you_mean(name, FUNCTION_SETTINGS)
                or "anything that CloudFormation takes goes into `properties`",
            )
    return {name: FUNCTION_SETTINGS[name].check(f"{path}{name}", value) for name, value in settings.items()}
