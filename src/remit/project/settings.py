"""The `config` tree: classes with slots, whose values are checked on the line that assigns them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Generic, NamedTuple, TypeVar, overload

from remit.app import PAYLOAD_FORMATS, PayloadFormat
from remit.declare.recording import is_recording, note
from remit.declare.unread import Unread, asking_frame
from remit.did_you_mean import MISSPELT, nearest
from remit.errors import RemitError, Span, UnreadError, span, writer, writer_span
from remit.project import app_setting_values, job_setting_values, setting_values
from remit.project.setting_values import FUNCTION_SETTINGS, Table, Texts
from remit.project.stack_name import STACK_NAME
from remit.source import places

if TYPE_CHECKING:
    from remit.declare.resource_references import TopicRef

T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Items:
    """A list of policy items in which each keeps the place that wrote it."""

    parts: tuple[tuple[Any, Span], ...] = ()
    """Pairs: what was assigned or added in one go, and where."""

    def __add__(self, added: object) -> Items:
        return Items((*self.parts, *_parts(added, writer_span())))

    __iadd__ = __add__

    def __radd__(self, before: object) -> Items:
        return Items((*_parts(before, writer_span()), *self.parts))

    def __iter__(self) -> Iterator[Items]:
        """Yield the items that were assigned or added in one go, with places.

        `[*config.lambda_.iam.policy, "logs"]`.
        """
        return (Items((part,)) for part in self.parts)

    def append(self, item: object) -> None:
        """Refuse, since the place would be lost: `+=` adds."""
        hint = f"write `+= [{item!r:.40}]`"
        note(RemitError("a policy has no `append`", hint=hint, origin=writer()))

    extend = append

    def __len__(self) -> int:
        return len(self.parts)


def _parts(value: object, span: Span) -> tuple[tuple[Any, Span], ...]:
    return value.parts if isinstance(value, Items) else ((value, span),)


@dataclass(eq=False, repr=False)
class Setting(Generic[T]):
    """A setting, which records what it is assigned, and where. Outside of a load that is checked at once."""

    check: setting_values.Check
    default: T
    name: str = field(init=False)

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, section: None, owner: type) -> Setting[T]: ...
    @overload
    def __get__(self, section: Section, owner: type) -> T: ...
    def __get__(self, section: Section | None, owner: type) -> Setting[T] | T:
        """The assigned value, or that of a setting that nobody assigned; on the class, the Setting itself."""
        if section is None:
            return self
        value: T = section.assigned[self.name][0] if self.name in section.assigned else self.unassigned(section)
        return value

    def unassigned(self, section: Section) -> T:  # noqa: ARG002 - a computed one says whose it is
        """Return the value of a setting that nothing assigns."""
        return self.default

    def __set__(self, section: Section, value: T) -> None:
        """Keep a value with the line that assigns it.

        While a load records, it is judged later; else at once, with RemitError (2) if it is wrong. Lists and dicts are
        copied.
        """
        span = writer_span()
        if is_recording():
            kept: Any = list(value) if isinstance(value, list) else value
            if isinstance(value, dict) and not isinstance(value, Table):
                kept = dict(value)  # what the code does with its own later says nothing of the setting
            section.given.append((self.name, kept, span))
            section.assigned[self.name] = (self.readable(kept), span)
        else:
            section.assigned[self.name] = (self.checked(section, value, span), span)

    def readable(self, value: Any) -> Any:
        """Return a value for code that reads the setting back: as it was written."""
        return value

    def checked(self, section: Section, value: Any, span: Span) -> T:
        """The value as remit keeps it: None as well where that is the default.

        RemitError has each part of it that is wrong, at its line.
        """
        if value is None and self.default is None:
            return self.default
        try:
            checked: T = self.check((f"{section.path}.{self.name}",), value)
        except RemitError as error:
            for each in error.all:
                each.origin = each.origin or places.part_origin(span, None, each.path[1:])
                each.path = ()
            raise
        return checked


class TextsSetting(Setting[Texts]):
    """A list of strings."""

    def readable(self, value: Any) -> Any:
        """A list to which `+=` adds, and which nothing changes in place."""
        texts = (value,) if isinstance(value, str) else value
        return Texts(texts) if isinstance(texts, list | tuple) else value

    if TYPE_CHECKING:

        def __set__(self, section: Section, value: Sequence[str]) -> None: ...


if TYPE_CHECKING:

    class ArchitecturesSetting(TextsSetting):
        """The one architecture of functions, in a list."""

        def __set__(  # type: ignore[override] # which of the strings there are
            self, section: Section, value: Sequence[setting_values.Architecture]
        ) -> None: ...

else:
    ArchitecturesSetting = TextsSetting


class TableSetting(Setting[Table[T]], Generic[T]):
    """A dict by names."""

    def readable(self, value: Any) -> Any:
        """A dict to which `|=` adds, and which nothing changes in place."""
        return Table(value) if isinstance(value, Mapping) else value

    if TYPE_CHECKING:

        def __set__(self, section: Section, value: Mapping[str, T]) -> None: ...


class Policies(Setting[Items]):
    """A setting that holds policy items: assigning replaces, `+=` adds. They are checked where a role is made."""

    def __init__(self, *, computed: bool) -> None:
        super().__init__(lambda _, items: items, Items())
        self.computed = computed

    def unassigned(self, section: Section) -> Items:
        """None; that remit computes it is noted."""
        if self.computed:
            no_value = RemitError(
                f"`{section.path}.{self.name}` has no value here: remit computes it for each function",
                hint=f"assign it to replace it, or add to `{section.path}.policy`",
                origin=writer(),
            )
            note(no_value)
        return self.default

    def __set__(self, section: Section, value: object) -> None:
        """Record the parts of a policy list with their lines; they are judged later."""
        span = writer_span()
        items = Items(_parts(value, span))
        section.given.append((self.name, items, span))
        section.assigned[self.name] = (items, span)


S = TypeVar("S", bound="Section")


@dataclass(eq=False, repr=False)
class Subsection(Generic[S]):
    """Settings below others: `config.lambda_`, of which each tree has its own."""

    section: type[S]
    name: str = field(init=False)

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, section: None, owner: type) -> Subsection[S]: ...
    @overload
    def __get__(self, section: Section, owner: type) -> S: ...
    def __get__(self, section: Section | None, owner: type) -> Subsection[S] | S:
        if section is None:
            return self
        below: S = section.groups[self.name]
        return below


class Section:
    """A node of the tree. A name that it does not have is an error on its own line."""

    __slots__ = ("assigned", "given", "groups")
    path: str = "config"

    def __init__(self) -> None:
        groups = {name: value.section() for name, value in vars(type(self)).items() if isinstance(value, Subsection)}
        # Past its own `__setattr__`, which takes settings alone.
        object.__setattr__(self, "assigned", {})
        object.__setattr__(self, "given", [])
        object.__setattr__(self, "groups", groups)

    if TYPE_CHECKING:
        assigned: dict[str, tuple[Any, Span]]
        """The last value of each setting, and where it was assigned."""
        given: list[tuple[str, Any, Span]]
        """All that was assigned, in order, also to names that it does not have."""
        groups: dict[str, Any]
        """The sections below it."""
    else:
        # Behind the type checkers' back: they would take any name that these two take.
        def __getattr__(self, name: str) -> Any:
            """Record that a name was read which no setting has, and give an Unread.

            RemitError (2) where nothing records; AttributeError for Python's own names.
            """
            if name.startswith("__"):
                raise AttributeError(name)  # Python itself asks for these (copy, pickle, inspect)
            frame = asking_frame()
            if frame is None:
                raise self.unknown(name, writer_span())
            self.given.append((name, Unread(), span(frame)))
            return Unread()

        def __setattr__(self, name: str, value: object) -> None:
            """Assign a setting; record the assignment to any other name, as a mistake that the judge tells.

            RemitError (2) for it where nothing records.
            """
            if isinstance(getattr(type(self), name, None), Setting):
                object.__setattr__(self, name, value)
            elif not is_recording():
                raise self.unknown(name, writer_span())
            elif type(value) is not Unread:  # of `+=`, which has read the name before
                self.given.append((name, value, writer_span()))

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """The settings and groups below this node."""
        names: dict[str, object] = {}
        for base in cls.__mro__:
            names |= vars(base)
        return tuple(name for name, value in names.items() if isinstance(value, Setting | Subsection))

    def unknown(self, name: str, where: Span) -> RemitError:
        """The error for a name that is no setting; `hasattr` understands it."""
        if name in self.names():
            return NoSetting(
                f"`{self.path}.{name}` is a group of settings, not a setting",
                hint=f"assign to one of {', '.join(getattr(self, name).names())}",
                origin=where.origin,
            )
        suggestion = nearest(name, self.names())
        hint = f"did you mean `{self.path}.{suggestion}`?" if suggestion else f"known: {', '.join(self.names())}"
        return NoSetting(f"there is no setting `{self.path}.{name}`", hint=hint, origin=where.origin)


class NoSetting(RemitError, AttributeError):
    """A setting does not exist."""


class Iam(Section):
    """Who may do what: `config.lambda_.iam`."""

    path = "config.lambda_.iam"
    policy = Policies(computed=False)
    default_policy = Policies(computed=True)
    default_vpc_policy = Policies(computed=True)
    managed_policy = Policies(computed=False)
    default_managed_policy = Policies(computed=False)
    permissions_boundary: Setting[str | None] = Setting(setting_values.text, None)
    role_path: Setting[str | None] = Setting(app_setting_values.role_path, None)
    role_name: Setting[str | None] = Setting(app_setting_values.role_name, None)
    share_roles: Setting[bool] = Setting(setting_values.flag, default=False)


class FunctionSection(Section):
    """Settings of every function: `config.lambda_.function`."""

    path = "config.lambda_.function"
    timeout: Setting[int] = Setting(FUNCTION_SETTINGS["timeout"].check, 30)
    memory_size: Setting[int] = Setting(FUNCTION_SETTINGS["memory_size"].check, 256)
    runtime: Setting[setting_values.PythonRuntime] = Setting(FUNCTION_SETTINGS["runtime"].check, "python3.13")
    architectures = ArchitecturesSetting(FUNCTION_SETTINGS["architectures"].check, Texts(("x86_64",)))
    environment: TableSetting[str] = TableSetting(FUNCTION_SETTINGS["environment"].check, Table())
    layers = TextsSetting(FUNCTION_SETTINGS["layers"].check, Texts())
    vpc_config: Setting[Mapping[str, Any] | None] = Setting(FUNCTION_SETTINGS["vpc_config"].check, None)
    reserved_concurrency: Setting[int | None] = Setting(FUNCTION_SETTINGS["reserved_concurrency"].check, None)
    ephemeral_storage: Setting[int] = Setting(FUNCTION_SETTINGS["ephemeral_storage"].check, 512)
    tracing: Setting[bool | setting_values.TracingMode] = Setting(FUNCTION_SETTINGS["tracing"].check, "PassThrough")
    log_retention: Setting[setting_values.RetentionDays | None] = Setting(FUNCTION_SETTINGS["log_retention"].check, 30)
    properties: TableSetting[Any] = TableSetting(FUNCTION_SETTINGS["properties"].check, Table())

    def settings(self) -> dict[str, Any]:
        """Return the assigned values, and the defaults that are not AWS's own."""
        chosen = {name: getattr(self, name) for name in ("timeout", "memory_size", "runtime", "architectures")}
        return {**chosen, **{name: value for name, (value, _) in self.assigned.items()}}


class Lambda(Section):
    """`config.lambda_`."""

    path = "config.lambda_"
    iam = Subsection(Iam)
    function = Subsection(FunctionSection)
    share_log_group: Setting[bool] = Setting(setting_values.flag, default=False)


class JobSection(Section):
    """Background jobs: `config.job`."""

    path = "config.job"
    enable: Setting[bool] = Setting(setting_values.flag, default=False)
    additional_queues = TextsSetting(setting_values.texts, Texts())
    queues: Setting[Mapping[str, job_setting_values.QueueSettings]] = Setting(job_setting_values.queues, {})
    scheduler: Setting[bool] = Setting(setting_values.flag, default=False)


class ThrottledSection(Section):
    """What every kind of API has: the limits of its routes."""

    throttling_burst_limit: Setting[int | None] = Setting(setting_values.between(0, 1_000_000, "requests"), None)
    throttling_rate_limit: Setting[float | None] = Setting(app_setting_values.rate, None)


class WebApiSection(ThrottledSection):
    """What APIs have that answer requests: an access log, a domain."""

    access_log: Setting[bool] = Setting(setting_values.flag, default=False)
    access_log_format: Setting[str | None] = Setting(setting_values.text, None)
    access_log_retention: Setting[setting_values.RetentionDays | None] = Setting(
        setting_values.or_none(setting_values.retention), 30
    )
    domain_name: Setting[str | None] = Setting(app_setting_values.domain_name, None)
    certificate_arn: Setting[str | None] = Setting(app_setting_values.certificate_arn, None)
    disable_execute_api_endpoint: Setting[bool] = Setting(setting_values.flag, default=False)


class ApiSection(WebApiSection):
    """The app's HTTP API, in the words of CloudFormation's properties: `config.api`."""

    path = "config.api"
    payload_format_version: Setting[PayloadFormat] = Setting(setting_values.one_of(PAYLOAD_FORMATS), "2.0")
    cors_configuration: Setting[Mapping[str, Any] | None] = Setting(app_setting_values.cors_configuration, None)
    routes_in_body: Setting[bool] = Setting(setting_values.flag, default=False)


class RestSection(WebApiSection):
    """The app's REST API, in the words of CloudFormation's properties: `config.rest`."""

    path = "config.rest"
    properties: TableSetting[Any] = TableSetting(app_setting_values.rest_properties, Table())
    binary_media_types = TextsSetting(setting_values.texts, Texts())
    stage_name: Setting[str | None] = Setting(
        setting_values.matching(r"(?a)[\w-]{1,128}", "it has letters, digits, _ and -"), None
    )
    variables: TableSetting[str] = TableSetting(app_setting_values.stage_variables, Table())
    cors: Setting[Mapping[str, Any] | None] = Setting(app_setting_values.rest_cors, None)
    tracing: Setting[bool] = Setting(setting_values.flag, default=False)
    usage_plans: TableSetting[Mapping[str, Any]] = TableSetting(app_setting_values.usage_plans, Table())


class WebsocketSection(ThrottledSection):
    """The app's WebSocket API, in the words of CloudFormation's properties: `config.websocket`."""

    path = "config.websocket"
    route_selection_expression: Setting[str] = Setting(
        app_setting_values.route_selection_expression, "$request.body.action"
    )


class PackageSection(Section):
    """What goes into the zips: `config.package`."""

    path = "config.package"
    exclude = TextsSetting(setting_values.texts, Texts())
    layer: Setting[bool] = Setting(setting_values.flag, default=False)
    allow: Setting[Mapping[str, str]] = Setting(setting_values.reasons('{"data/dump.sql": "made-up rows"}'), {})


class AwsSection(Section):
    """The account that the app is deployed to, and how: `config.aws`."""

    path = "config.aws"
    account: Setting[str | None] = Setting(
        setting_values.matching("[0-9]{12}", "the number of an account has 12 digits"), None
    )
    region: Setting[str | None] = Setting(app_setting_values.region, None)
    service_role: Setting[str | None] = Setting(app_setting_values.role_arn, None)
    releases: Setting[int] = Setting(setting_values.between(1, 100, "releases"), 10)

    def unknown(self, name: str, where: Span) -> RemitError:
        """As for any section; and why a profile is none of its settings."""
        if name != "profile":
            return super().unknown(name, where)
        return NoSetting(
            "`config.aws.profile` is no setting: a profile is a person's, and others name it otherwise",
            hint="`--profile` or AWS_PROFILE names it; `config.aws.account` says which account it must be of",
            origin=where.origin,
        )


class LintSection(Section):
    """What `remit lint` accepts: `config.lint`."""

    path = "config.lint"
    allow: Setting[Mapping[str, str]] = Setting(setting_values.reasons('{"R212": "because …"}'), {})


class StageSection(Section):
    """Which stages there are, which of them are production, and how previews begin: `config.stages`."""

    __slots__ = ("_config",)
    path = "config.stages"
    production = TextsSetting(app_setting_values.stages, Texts())
    previews: Setting[str | None] = Setting(
        setting_values.matching(
            r"[a-z](?:[a-z0-9-]{0,12}[a-z-])?", 'such as "pr", whose previews are pr1, pr2 and so on'
        ),
        None,
    )

    def __init__(self, config: Config) -> None:
        super().__init__()
        object.__setattr__(self, "_config", config)

    if TYPE_CHECKING:
        _config: Config

    def __iter__(self) -> Iterator[str]:
        """The stages of the list that was assigned; none where the app has any stage."""
        listed: tuple[Texts, Span] | None = self._config.assigned.get("stages")
        return iter(() if listed is None else listed[0])


class StagesSetting(TextsSetting):
    """A list of stages, which has settings of its own: `config.stages = […]`, `config.stages.production = […]`."""

    if TYPE_CHECKING:

        def __get__(self, section: Section | None, owner: type) -> StageSection: ...  # type: ignore[override] # it has settings

    else:

        def __get__(self, section: Config | None, owner: type) -> Any:
            return self if section is None else section.groups["stages"]


class Config(Section):
    """The root of the settings. Never build one: `configure()` gives the project's."""

    app: Setting[str] = Setting(
        setting_values.matching(r"[\w-]{1,80}(?:\.[\w-]{1,80}){0,9}", 'the name of a module: "app", "shop.main"'), "app"
    )
    stack_name: Setting[str | None] = Setting(
        setting_values.matching(STACK_NAME, "letters, digits and -; a letter first"), None
    )
    tags: TableSetting[str] = TableSetting(app_setting_values.tags, Table())
    stages = StagesSetting(app_setting_values.stages, Texts())
    alarms: Setting[TopicRef | None] = Setting(job_setting_values.topic, None)
    lambda_ = Subsection(Lambda)
    api = Subsection(ApiSection)
    rest = Subsection(RestSection)
    websocket = Subsection(WebsocketSection)
    job = Subsection(JobSection)
    aws = Subsection(AwsSection)
    lint = Subsection(LintSection)
    package = Subsection(PackageSection)

    def __init__(self) -> None:
        super().__init__()
        self.groups["stages"] = StageSection(self)


class JudgedSettings(NamedTuple):
    """The settings as far as they are right, what is wrong with the others, and the names of these."""

    config: Config
    mistakes: tuple[RemitError, ...]
    failed: frozenset[str]


def judged(written: Config) -> JudgedSettings:
    """Check all that a configuration assigns, in order: the last value that is right counts.

    Nothing is raised: mistakes come back, each once, with the names of the settings that have any.
    """
    config = Config()
    mistakes: dict[tuple[str, str, str], RemitError] = {}
    failed: set[str] = set()
    sections: list[tuple[Section, Section]] = [(config, written)]
    for section, recorded in sections:  # to which those below it are added
        sections += zip(section.groups.values(), recorded.groups.values(), strict=True)
        for name, value, where in recorded.given:
            setting = getattr(type(section), name, None)
            try:
                if not isinstance(setting, Setting):
                    raise section.unknown(name, where)
                section.assigned[name] = (setting.checked(section, value, where), where)
            except RemitError as error:
                failed.add(name)
                for each in error.all:
                    if not isinstance(each, UnreadError):  # a part that a later line adds to is told where it stands
                        mistakes.setdefault((f"{section.path}.{name}", each.message, where.file), each)
    return JudgedSettings(config, tuple(mistakes.values()), frozenset(failed))


ANY: Final = "*"
"""What stands for all settings, where something else failed: a statement that may set any of them."""
PACKING: Final = ("app", "exclude", "allow", "layer", "environment", "layers", "runtime", "architectures", "properties")
"""The settings that decide what a zip holds, and how its code is tried."""
ACCESS: Final = (
    "policy",
    "default_policy",
    "default_vpc_policy",
    "managed_policy",
    "default_managed_policy",
    "permissions_boundary",
)
"""The settings that decide what functions may do."""


def may_be_among(failed: Iterable[str], names: Iterable[str]) -> bool:
    """Return whether one of the settings of these names failed, perhaps since it was misspelt."""
    wanted = tuple(names)
    return any(name == ANY or nearest(name, wanted, MISSPELT) is not None for name in failed)
