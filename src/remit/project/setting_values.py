"""What each setting takes: a check per kind of value, and the table of a function's settings.

Limits: "Lambda quotas" and "AWS::Lambda::Function" (Lambda Developer Guide, CloudFormation reference; 2026-11).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, TypeAlias, TypedDict, TypeVar, get_args

from remit.declare.recording import note
from remit.did_you_mean import did_you_mean
from remit.errors import Mistakes, Path, RemitError, described, writer
from remit.iam import tokens
from remit.project.late_bound import LateBound, LateBoundParameter, StoredText

if TYPE_CHECKING:
    from remit.app import Grant
    from remit.declare.resource_references import DestinationRef

V = TypeVar("V")


class Texts(tuple[str, ...]):
    """A list of strings."""

    __slots__ = ()

    def __add__(self, added: Iterable[str]) -> Texts:  # type: ignore[override]  # lists as well
        texts = [added] if isinstance(added, str) else added
        return Texts((*self, *texts))

    def append(self, _item: object) -> None:
        """Refuse: `+=` adds."""
        note(RemitError("this list cannot be changed in place", hint="write `+= […]`", origin=writer()))

    extend = insert = remove = append


class Table(dict[str, V]):
    """A dict by names."""

    __slots__ = ()

    def __setitem__(self, name: str, _value: object) -> None:
        hint = f"write `|= {{{name!r}: …}}`"
        note(RemitError("this dict cannot be changed in place", hint=hint, origin=writer()))

    def update(self, *_more: Any, **_named: Any) -> Any:
        """Refuse: `|=` adds."""
        note(RemitError("this dict cannot be changed in place", hint="write `|= {…}`", origin=writer()))

    setdefault = pop = update

    def __or__(self, added: Mapping[str, Any]) -> Table[Any]:  # type: ignore[override]  # the only form
        return Table({**self, **added})

    def __ior__(self, added: Mapping[str, Any]) -> Table[Any]:  # type: ignore[override]  # a new one
        return self | added


PolicyItems: TypeAlias = "str | Mapping[str, Any] | Grant | Sequence[object]"
"""What a policy list takes, for type checkers: `policy_list` says what its items mean.

Lists of any items, since a list of several kinds of them that stands in a variable is one of objects to type checkers.
"""
Links: TypeAlias = "tuple[Grant, ...] | Sequence[tuple[Grant, ...]]"
"""What `link` takes: one typed grant, or several."""

Check = Callable[[Path, Any], Any]
"""Takes the path of a value, which begins with its setting, and the value as it was given.

It returns the value as remit keeps it, or raises RemitError with the path of what is wrong.
"""

PythonRuntime: TypeAlias = Literal["python3.9", "python3.10", "python3.11", "python3.12", "python3.13", "python3.14"]
RUNTIMES: Final[tuple[str, ...]] = get_args(PythonRuntime)
RUNTIME_ENDS: Final = {"python3.9": "2025-12-15", "python3.10": "2026-10-31", "python3.11": "2027-06-30"}
"""The days on which Lambda ends or ended the support of runtimes, where those are near ("Lambda runtimes").

No build compares them with today's date: the same input gives the same words.
"""
Architecture: TypeAlias = Literal["x86_64", "arm64"]
ARCHITECTURES: Final[tuple[str, ...]] = get_args(Architecture)
TracingMode: TypeAlias = Literal["Active", "PassThrough"]
RetentionDays: TypeAlias = Literal[
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
]  # fmt: skip
RETENTIONS: Final[tuple[int, ...]] = get_args(RetentionDays)
RESERVED_VARIABLES: Final = frozenset({
    "_HANDLER", "_X_AMZN_TRACE_ID", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_EXECUTION_ENV", "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_VERSION", "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME", "AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_LAMBDA_RUNTIME_API", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR",
})  # fmt: skip
_VARIABLE: Final = r"[A-Za-z][A-Za-z0-9_]+"
_SCALARS: Final[tuple[tuple[type, Check], ...]] = (
    (str, lambda path, value: encodable(path, tokens.plain(value))),
    (bool, lambda _, value: bool(value)),
    (int, lambda _, value: int.__int__(value)),
    (float, lambda _, value: float.__float__(value)),
)
_LARGE: Final = 2**63  # what no property of CloudFormation takes
_SHOWN: Final = 6  # steps of a path that is too long to be read
_DEPTH: Final = 32  # CloudFormation's properties nest about ten deep
OWNED: Final = ("Code", "Handler", "FunctionName", "PackageType")
"""Properties of AWS::Lambda::Function that remit itself sets."""
OWN_NAMES: Final = frozenset({"function_name", "logical_id"})
"""The settings that only one function can have: no group takes them."""


if TYPE_CHECKING:

    class FunctionSettings(TypedDict, total=False):
        """What a group takes, and a decorator of functions."""

        timeout: int
        memory_size: int
        runtime: PythonRuntime
        architectures: Sequence[Architecture]
        environment: Mapping[str, str]
        layers: Sequence[str]
        vpc_config: Mapping[str, Sequence[str]] | None
        reserved_concurrency: int | None
        ephemeral_storage: int
        tracing: bool | TracingMode
        log_retention: RetentionDays | None
        link: Links
        code: str | None
        alias: str | None
        provisioned_concurrency: int | None
        snap_start: bool
        durable: int | Mapping[str, int] | None
        maximum_retry_attempts: int | None
        maximum_event_age: int | None
        on_success: DestinationRef | None
        on_failure: DestinationRef | None
        properties: Mapping[str, Any]

    class OwnFunctionSettings(FunctionSettings, total=False):
        """What a decorator takes of one function."""

        function_name: str | None
        logical_id: str | None


def mistake(path: Path, message: str, *, hint: str | None = None, inside: Path = ()) -> RemitError:
    """The error for the value at a path, spelled as Python does: `environment['URL']`.

    `inside` are the steps from there to what is wrong.
    """
    setting, *steps = path
    spelled = "".join((str(setting), *(f"[{step!r}]" for step in steps)))
    return RemitError(f"`{spelled}` {message}", hint=hint, path=(*path, *inside))


def wrong(path: Path, kind: str, value: object) -> RemitError:
    """The error for a value of the wrong type."""
    if hasattr(value, "ref") and hasattr(value, "arn"):
        return mistake(path, f"must be {kind}, got a resource", hint="write `.ref`, `.arn` or `.attribute(…)` of it")
    if isinstance(value, LateBound):
        return mistake(path, f"must be {kind}, and only the deploy knows `{value.written}`")
    got = described(value)
    hint = "usually os.environ.get() of a variable that is not set" if value is None else None
    return mistake(path, f"must be {kind}, got {got}", hint=hint)


def between(low: int, high: int, unit: str) -> Check:
    """A check for a whole number from `low` to `high`; for any other value it raises RemitError (2).

    `unit` is for its message.
    """

    def check(path: Path, value: Any) -> int:
        """The number as it is. RemitError (2): it is none, or out of range."""
        if isinstance(value, bool) or not isinstance(value, int):
            raise wrong(path, f"a whole number of {unit}", value)
        if not low <= value <= high:
            amount = value if abs(value) < _LARGE else "too large a number of"
            raise mistake(path, f"is {amount} {unit}; it can be {low} to {high}")
        return value

    return check


def one_of(words: Sequence[str]) -> Check:
    """A check for one of a few words; for any other value it raises RemitError (2)."""

    def check(path: Path, value: Any) -> str:
        """The word. RemitError (2): it is none of them."""
        if not isinstance(value, str):
            raise wrong(path, "a string", value)
        word: str = tokens.plain(value)
        if word not in words:
            raise mistake(path, f"cannot be {value!r}; it can be {', '.join(words)}", hint=did_you_mean(word, words))
        return word

    return check


def python_runtime(path: Path, value: Any) -> str:
    """A runtime of Lambda's; one newer than those is taken, and the build says that remit does not know it.

    RemitError (2): anything else.
    """
    plain = tokens.plain(value)
    if isinstance(plain, str) and plain not in RUNTIMES:
        from remit.resources.check_schema import is_newer_python  # noqa: PLC0415 - most runtimes are known

        if is_newer_python(plain, RUNTIMES):
            return plain
    runtime: str = one_of(RUNTIMES)(path, value)
    return runtime


def or_none(check: Check) -> Check:
    """A check that takes None, too, and gives it as it is."""
    return lambda path, value: None if value is None else check(path, value)


def text(path: Path, value: Any) -> str:
    """A string that is not empty, as plain text. RemitError (2): any other value."""
    if not isinstance(value, str):
        raise wrong(path, "a string", value)
    written: str = tokens.plain(value)
    if not written:
        raise mistake(path, "is an empty string")
    return encodable(path, written)


def matching(pattern: str, hint: str) -> Check:
    """A check for a text that matches a pattern as a whole, which raises RemitError (2) for any other.

    `hint` says what it looks like.
    """

    def check(path: Path, value: Any) -> str:
        """The text as it is. RemitError (2): it is none, or does not have the form."""
        name = text(path, value)
        if not re.fullmatch(pattern, name):
            raise mistake(path, f"is {name!r:.40}", hint=hint)
        return name

    return check


def encodable(path: Path, value: str) -> str:
    """The string, if UTF-8 can hold it: AWS reads no JSON with any other. RemitError (2): it cannot."""
    try:
        value.encode()
    except UnicodeEncodeError:
        raise mistake(
            path,
            f"holds half of a character ({ascii(value)[:40]}), which no file and no request can hold",
            hint="it was read with errors='surrogateescape', or from a broken \\u escape: decode it as UTF-8",
        ) from None
    return value


def texts(path: Path, value: Any, check: Callable[[Path, str], object] = lambda _path, _text: None) -> Texts:
    """A list of strings, each of which passes a check; a bare string is one item.

    RemitError (2) with all items that do not pass; also for a set, which has no order.
    """
    if isinstance(value, str):
        only = text(path, value)
        check(path, only)
        return Texts((only,))
    if isinstance(value, set | frozenset):
        raise mistake(path, "is a set, whose order changes from run to run", hint="use a list")
    if not isinstance(value, list | tuple):
        raise wrong(path, "a list of strings", value)
    checked: list[str] = []
    mistakes = Mistakes()
    for index, item in enumerate(value):
        with mistakes.noted():
            item_text = text((*path, index), item)
            check((*path, index), item_text)
            checked.append(item_text)
    mistakes.refuse()
    return Texts(checked)


def entries(path: Path, value: Any, kind: str, check: Callable[[Path, Any, Any], Mapping[str, Any]]) -> dict[str, Any]:
    """A dict, of each entry of which `check` gives what is kept. RemitError has the mistakes of all entries."""
    if not isinstance(value, Mapping):
        raise wrong(path, kind, value)
    kept: dict[str, Any] = {}
    mistakes = Mistakes()
    for key, content in value.items():
        with mistakes.noted():
            kept.update(check(path, key, content))
    mistakes.refuse()
    return kept


def members(kind: str, checks: Mapping[str, Check], spelled: Callable[[Any], str] = str) -> Check:
    """A check for a dict of some keys, each with its own check; `spelled` gives a key as it is kept.

    A checked tuple, such as `Texts`, is kept as a list. RemitError (2): another key, or a value that its check refuses.
    """

    def member(path: Path, key: Any, content: Any) -> dict[str, Any]:
        """The checked member, by its name. RemitError (2): there is no such key, or its value does not fit."""
        name = spelled(key)
        if name not in checks:
            hint = did_you_mean(name, checks) or f"it can have {', '.join(checks)}"
            raise mistake(path, f"has no key {key!r}", hint=hint, inside=(str(key),))
        checked = checks[name]((*path, key), content)
        return {name: list(checked) if isinstance(checked, tuple) else checked}

    return lambda path, value: entries(path, value, kind, member)


def by_cloudformation(key: Any) -> str:
    """A key of CloudFormation's properties, in its spelling or in snake_case."""
    return "".join(part[:1].upper() + part[1:] for part in str(key).split("_"))


def reasons(example: str) -> Check:
    """A check for a dict of reasons by what is accepted; each reason has a letter or a digit.

    It raises RemitError (2) where one has none.
    """
    return lambda path, value: entries(path, value, f"a dict such as {example}", _reason)


def _reason(path: Path, name: Any, reason: Any) -> dict[str, str]:
    """A name with its reason, as a dict. RemitError (2): the name is empty, or the reason has no word."""
    if not isinstance(name, str) or not name:
        raise mistake(path, f"has the key {name!r:.40}, which is not a name", inside=(str(name),))
    if not any(map(str.isalnum, text((*path, name), reason))):
        raise mistake((*path, name), f"is {reason!r}, which is not a reason", hint="say why, in words")
    return {name: reason}


def flag(path: Path, value: Any) -> bool:
    """True or False; RemitError (2) for any other value."""
    if not isinstance(value, bool):
        raise wrong(path, "True or False", value)
    return value


def _architectures(path: Path, value: Any) -> Texts:
    """A list with one architecture; RemitError (2) for more, none or another."""
    chosen = Texts(one_of(ARCHITECTURES)(path, item) for item in texts(path, value))
    if len(chosen) != 1:
        raise mistake(path, f"takes one architecture, got {len(chosen)}")
    return chosen


def retention(path: Path, value: Any) -> int:
    """Days that CloudWatch Logs can keep logs; RemitError (2), with the nearest, for any other number."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise wrong(path, "a number of days, or None to keep logs for ever", value)
    if value not in RETENTIONS:
        nearest = min(RETENTIONS, key=lambda days: (abs(days - value), days))
        raise mistake(
            path,
            f"cannot be {value} days",
            hint=f"CloudWatch Logs knows {', '.join(map(str, RETENTIONS))}; the nearest is {nearest}",
        )
    return value


def _tracing(path: Path, value: Any) -> str:
    """The mode of X-Ray: `Active` for True, `PassThrough` for False, or one of these. RemitError (2): another value."""
    if isinstance(value, bool):
        return "Active" if value else "PassThrough"
    return str(one_of(get_args(TracingMode))(path, value))


def _environment(path: Path, value: Any) -> Table[str]:
    """Variables by name. RemitError (2) has all that are wrong, or it is no dict."""
    return Table(entries(path, value, "a dict of strings", _variable))


def _variable(path: Path, name: Any, content: Any) -> dict[str, str]:
    """A variable of a function's environment, as a dict.

    RemitError (2): Lambda or remit refuses its name, its value is no text, or the text refers to a secure parameter.
    """
    at = (*path, name)
    if not isinstance(name, str) or not re.fullmatch(_VARIABLE, name):
        hint = "Lambda wants a letter, then at least one more of letters, digits and _"
        raise mistake(path, f"has the name {name!r}, which Lambda refuses", hint=hint, inside=(str(name),))
    if name in RESERVED_VARIABLES:
        raise mistake(at, "cannot be set: Lambda reserves it", hint="choose another name")
    if name.startswith("REMIT_"):
        raise mistake(at, "cannot be set: remit reserves names that start with REMIT_", hint="choose another name")
    if not isinstance(content, str):
        raise wrong(at, "a string", content)
    if "{{resolve:ssm-secure:" in encodable(at, tokens.plain(content)):
        raise mistake(
            at,
            "refers to a secure parameter, which CloudFormation does not resolve in an environment",
            hint='write parameter("/its/name"): the function fetches the value when it runs',
        )
    # A secret's or parameter's name stays what it is, since it asks for access.
    return {tokens.plain(name): content if isinstance(content, StoredText) else tokens.plain(content)}


_VPC_KEYS: Final = {
    "SecurityGroupIds": "SecurityGroupIds", "SubnetIds": "SubnetIds",
    "security_group_ids": "SecurityGroupIds", "subnet_ids": "SubnetIds",
    "Ipv6AllowedForDualStack": "Ipv6AllowedForDualStack",
    "ipv6_allowed_for_dual_stack": "Ipv6AllowedForDualStack",
}  # fmt: skip


def _vpc_config(path: Path, value: Any) -> dict[str, Any]:
    """The VPC's settings in AWS's spelling. RemitError (2): there are others, or no subnets or security groups."""
    config = entries(path, value, "a dict with SecurityGroupIds and SubnetIds", _vpc_setting)
    for name in ("SecurityGroupIds", "SubnetIds"):
        if not config.get(name):
            raise mistake(path, f"has no {name}", hint="a function in a VPC needs a subnet and a security group")
    return config


def _vpc_setting(path: Path, key: Any, content: Any) -> dict[str, Any]:
    """One key of the VPC's settings, in AWS's spelling, with its value.

    RemitError (2): there is no such key, its value is of another type, or ids are of the other kind. What
    CloudFormation fills in is not looked at.
    """
    if key not in _VPC_KEYS:
        raise mistake(path, f"has no key {key!r}", hint=did_you_mean(str(key), _VPC_KEYS), inside=(str(key),))
    name = _VPC_KEYS[key]
    if isinstance(content, LateBoundParameter):
        return {name: content.split(",")}
    if tokens.is_intrinsic(content):
        return {name: plain((*path, key), content)}
    if name == "Ipv6AllowedForDualStack":
        return {name: flag((*path, key), content)}
    ids = list(texts((*path, key), content))
    # Ids of the other kind are told by their names: CloudFormation finds out only when it makes the function.
    wrong_prefix = "subnet-" if name == "SecurityGroupIds" else "sg-"
    for index, identifier in enumerate(ids):
        if identifier.startswith(wrong_prefix):
            hint = "subnets' ids begin with subnet-, security groups' with sg-"
            raise mistake(path, f"has {identifier!r} among its {name}", hint=hint, inside=(key, index))
    return {name: ids}


_LAYER: Final = r"(?a)arn:[^:]+:lambda:[^:]+:([0-9]{12}|[^0-9:][^:]*):layer:[\w-]+(?P<version>:[1-9][0-9]*)?"
MOST_LAYERS: Final = 5
"""Layers of a function ("Lambda quotas")."""


def _layers(path: Path, value: Any) -> Texts:
    """ARNs of versions of layers, each of another layer; what CloudFormation fills in is not looked at.

    RemitError (2): any other, two versions of one layer, or more layers than Lambda takes.
    """
    arns = texts(path, value, _check_layer)
    if len(arns) > MOST_LAYERS:
        raise mistake(path, f"has {len(arns)} layers; Lambda allows {MOST_LAYERS}")
    layers = [arn.rpartition(":")[0] for arn in dict.fromkeys(arns) if _layer(arn) is not None]
    for layer in layers:
        if layers.count(layer) > 1:
            raise mistake(path, f"has two versions of {layer}", hint="a function takes one version of a layer")
    return arns


def _layer(arn: str) -> re.Match[str] | None:
    """The parts of a layer's ARN, which may be without a version; None of any other text."""
    return re.fullmatch(_LAYER, arn.replace("${AWS::", "{"))


def _check_layer(path: Path, arn: str) -> None:
    """Refuse with RemitError (2) what is no ARN of a layer's version; late-bound text passes."""
    layer = _layer(arn)
    if arn.startswith("${") or (layer is not None and layer["version"]):
        return
    hint = "it reads arn:PARTITION:lambda:REGION:ACCOUNT:layer:NAME:VERSION"
    if layer is not None:
        hint = f"a function takes one version of a layer, such as {arn}:1"
    raise mistake(path, f"is {arn!r}, which is not the ARN of a layer's version", hint=hint)


_alias: Final = matching(r"(?!\d+$)[A-Za-z0-9_-]{1,128}", 'a name such as "live"; not digits alone')
logical_id: Final = matching(  # "Resources" (CloudFormation User Guide)
    r"(?!Pending0)[A-Za-z0-9]{1,255}", "a logical id has letters and digits only, at most 255"
)
_function_name: Final = matching(  # "CreateFunction" (Lambda API Reference)
    r"[A-Za-z0-9_-]{1,64}", "letters, digits, - and _, at most 64, all of them known before the deploy"
)


_EXECUTION: Final = between(1, 31_622_400, "seconds")
_DURABLE: Final = members(
    "seconds, or a dict with ExecutionTimeout",
    {"ExecutionTimeout": _EXECUTION, "RetentionPeriodInDays": between(1, 90, "days")},
)


def _durable(path: Path, value: Any) -> dict[str, Any]:
    """CloudFormation's DurableConfig: as it is given, or of the seconds that an execution takes at most.

    RemitError (2): anything else, or no ExecutionTimeout.
    """
    if not isinstance(value, Mapping):
        return {"ExecutionTimeout": _EXECUTION(path, value)}
    config: dict[str, Any] = _DURABLE(path, value)
    if "ExecutionTimeout" not in config:
        raise mistake(path, "has no ExecutionTimeout", hint="the longest that an execution takes, in seconds")
    return config


def _destination(path: Path, value: Any) -> str:
    """The ARN of a queue, topic, function or bus, given as text or as a resource. RemitError (2): anything else."""
    arn = tokens.plain(getattr(value, "arn", value))
    if not isinstance(arn, str) or not arn.startswith(("arn:", "${")):
        raise wrong(path, "an ARN, or a shared resource (a queue, topic, function or event bus)", value)
    return arn


def _mapping(path: Path, value: Any) -> None:
    """Refuse with RemitError (2) what is no dict."""
    if not isinstance(value, Mapping):
        raise wrong(path, "a dict", value)


def _mappings(path: Path, value: Any) -> None:
    """Check a list of dicts, each as `_mapping`. RemitError (2): it is none."""
    if not isinstance(value, list | tuple):
        raise wrong(path, "a list of dicts", value)
    for index, item in enumerate(value):
        _mapping((*path, index), item)


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


_SETTINGS_OF: Final = {"DurableConfig": "durable=3600", "SnapStart": "snap_start=True"}
"""Properties that act on published versions alone, and the settings that publish them."""


def _property(path: Path, name: Any, content: Any) -> dict[str, Any]:
    """One property of CloudFormation's as it is kept.

    RemitError: remit sets it itself, a setting must set it, or remit looks into it and it has another shape.
    """
    if name in OWNED:
        hint = "write function_name=" if name == "FunctionName" else None
        raise mistake(path, f"sets {name}, which remit sets itself", hint=hint, inside=(name,))
    if name in _SETTINGS_OF and content != {"ApplyOn": "None"}:
        hint = f"write {_SETTINGS_OF[name]}, which makes what else that takes: a version, an alias, its access"
        raise mistake(path, f"sets {name}, which by itself does nothing", hint=hint, inside=(name,))
    if name in _SHAPES:
        _SHAPES[name]((*path, name), content)
    if name == "Environment":
        at = (*path, name, "Variables")
        for variable, text_of_variable in _environment(at, content.get("Variables", {})).items():
            if isinstance(text_of_variable, StoredText):  # a variable that is given as a property grants nothing
                raise mistake(
                    (*at, variable),
                    "names a secret or a parameter, which the function could not read",
                    hint="move it to `environment`, which grants that",
                )
    return {name: content}


def _check_keys(path: Path, value: Mapping[Any, Any]) -> None:
    """Refuse with RemitError (2) a dict with a key that is no string, or late-bound."""
    for key in value:
        if not isinstance(key, str):
            raise mistake(path, f"has a key that is not a string: {key!r}", inside=(str(key),))
        if tokens.references(key):
            raise mistake(
                path,
                f"has the key {key!r}, and CloudFormation fills in values, never keys",
                hint="write the key whole, or decide by `project.stage`",
                inside=(key,),
            )


def plain(path: Path, value: Any, depth: int = 0) -> Any:
    """A value that JSON can hold, copied.

    RemitError (2), with its place, for anything else, and for what nests too deep.
    """
    if depth > _DEPTH:
        raise mistake(path[:_SHOWN], f"nests deeper than {_DEPTH}, or contains itself")
    if isinstance(value, Mapping):
        _check_keys(path, value)
        return {encodable(path, str.__str__(key)): plain((*path, key), item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain((*path, index), item, depth + 1) for index, item in enumerate(value)]
    if isinstance(value, float) and not math.isfinite(value):
        raise mistake(path, f"is {value}: that is not valid JSON")
    if isinstance(value, int) and abs(value) >= _LARGE:
        raise mistake(path, "is too large a number")
    for kind, bare in _SCALARS:
        if isinstance(value, kind):  # an enumeration's members are kept as what they stand for
            return bare(path, value)
    raise wrong(path, "text, a number, True or False, a list or a dict", value)


class FunctionSetting(NamedTuple):
    """One setting of a function: its check, and the CloudFormation properties that a checked value becomes."""

    check: Check
    properties: Callable[[Any], dict[str, Any]]


FUNCTION_SETTINGS: Final[Mapping[str, FunctionSetting]] = {
    "timeout": FunctionSetting(between(1, 900, "seconds"), lambda value: {"Timeout": value}),
    "memory_size": FunctionSetting(between(128, 10_240, "MB"), lambda value: {"MemorySize": value}),
    "runtime": FunctionSetting(python_runtime, lambda value: {"Runtime": value}),
    "architectures": FunctionSetting(_architectures, lambda value: {"Architectures": list(value)}),
    "environment": FunctionSetting(_environment, lambda value: {"Environment": {"Variables": dict(value)}}),
    "layers": FunctionSetting(_layers, lambda value: {"Layers": list(value)}),
    "vpc_config": FunctionSetting(or_none(_vpc_config), lambda value: {"VpcConfig": value}),
    "reserved_concurrency": FunctionSetting(
        or_none(between(0, 1_000_000, "instances")), lambda value: {"ReservedConcurrentExecutions": value}
    ),
    "ephemeral_storage": FunctionSetting(
        between(512, 10_240, "MB"), lambda value: {"EphemeralStorage": {"Size": value}}
    ),
    "tracing": FunctionSetting(_tracing, lambda value: {"TracingConfig": {"Mode": value}}),
    "log_retention": FunctionSetting(or_none(retention), lambda _value: {}),
    "code": FunctionSetting(or_none(text), lambda _value: {}),
    "alias": FunctionSetting(or_none(_alias), lambda _value: {}),
    "provisioned_concurrency": FunctionSetting(or_none(between(1, 1_000_000, "instances")), lambda _value: {}),
    "snap_start": FunctionSetting(flag, lambda value: {"SnapStart": {"ApplyOn": "PublishedVersions"} if value else {}}),
    "durable": FunctionSetting(or_none(_durable), lambda value: {"DurableConfig": value or {}}),
    "maximum_retry_attempts": FunctionSetting(or_none(between(0, 2, "retries")), lambda _value: {}),
    "maximum_event_age": FunctionSetting(or_none(between(60, 21_600, "seconds")), lambda _value: {}),
    "on_success": FunctionSetting(or_none(_destination), lambda _value: {}),
    "on_failure": FunctionSetting(or_none(_destination), lambda _value: {}),
    "properties": FunctionSetting(
        lambda path, value: Table(plain(path, entries(path, value, "a dict of CloudFormation properties", _property))),
        dict,
    ),
    "function_name": FunctionSetting(or_none(_function_name), lambda value: {"FunctionName": value}),
    "logical_id": FunctionSetting(or_none(logical_id), lambda _value: {}),
}
