"""The nouns of the product: an app and its functions, what each may do and why, and the template it becomes.

Text in these values may hold late-bound parts (`${AWS::Region}`, `${OrdersQueue.Arn}`): see `iam.tokens`.
Properties are CloudFormation's, in its spelling.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol, TypeAlias, get_args

from remit.errors import Origin, few

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from remit.iam.policy import Policy, Statement


ReasonKind: TypeAlias = Literal[
    "computed", "function", "group", "job", "workflow", "setting", "policy", "resource", "text"
]
"""Who asks for a grant: the computed default, a function, a group, a job, a workflow, a setting of `config`, a policy
that a template makes, a shared resource; `text` is a sentence that somebody wrote."""
SHARED_LOG_GROUP: Final = "FunctionsLogGroup"
"""The logical id of the log group that all functions of an app share."""
FUNCTION_KEY: Final = "remit:function"
"""The Metadata of a function whose name in the account is not made of its name in the app, which stands there."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a grant is there. Code asks for its parts; only people read `sentence`."""

    kind: ReasonKind
    text: str = ""
    """What holds of the subjects (`writes its logs`), or the item that was declared (`'logs'`)."""
    subjects: tuple[str, ...] = ()
    """The functions, group, setting, policy or resource that it is about, by name."""
    note: str = ""
    """What else is worth knowing, such as why the resource is not narrower."""
    conditions: tuple[str, ...] = ()
    """The conditions of a template that must hold: `if IsProd`, `unless IsProd`."""

    @property
    def sentence(self) -> str:
        """The reason in words, its conditions, and its note in parentheses; no full stop. Empty when none is known."""
        names = few(self.subjects)
        if self.kind == "computed":
            functions = names if len(self.subjects) == 1 else f"each of {names}"
            statement = f"{functions} {self.text}"
        elif self.kind == "setting":
            statement = f"{self.text} in config.lambda_.iam.{names}, for every function".lstrip()
        elif self.kind == "resource":
            statement = f"shared resource {names}"
        elif self.kind in ("policy", "text"):
            statement = self.text
        else:
            giver = self.kind if len(self.subjects) == 1 else f"{self.kind}s"
            statement = f"{self.text} declared for {giver} {names}".lstrip()
        sentence = ", ".join(part for part in (statement, " and ".join(self.conditions)) if part)
        if not sentence:
            return self.note
        return f"{sentence} ({self.note})" if self.note else sentence


NO_REASON: Final = Reason("text")


@dataclass(frozen=True, slots=True)
class Grant:
    """A statement, why it is there, and the line that wrote it, or that uses what needs it."""

    statement: Statement
    reason: Reason
    origin: Origin | None = None
    version: str = "2012-10-17"
    """The language's version of the document that it stands in, which decides whether IAM's variables are variables."""
    stands_for: tuple[Grant, ...] = ()
    """The grants that it was made of so that a role fits, as they were declared; `reason` has all their reasons."""

    @property
    def because(self) -> str:
        """The reason in words; empty when none is known."""
        return self.reason.sentence


Store: TypeAlias = Literal["secretsmanager", "ssm"]
"""Where a stored value is: Secrets Manager, or Parameter Store."""


@dataclass(frozen=True, slots=True)
class StoredValue:
    """A secret or a parameter that a function reads when it runs; its name stands in the function's environment."""

    store: Store
    name: str
    """A name or an ARN, as the environment has it: late-bound text where it is the app's own."""
    subject: str
    """A name or an ARN, as policies have it."""
    key: str | None = None
    """The KMS key of the user's own that encrypts it, as people give keys."""
    own: bool = False
    """Whether the app declares it; else it must exist."""
    variable: str = ""
    """The variable of the environment."""
    origin: Origin | None = None

    @property
    def called(self) -> str:
        """Its kind and name for people: `secret /shop/prod/db`; of the app's own, its name in the template."""
        name = self.name.removeprefix("${").removesuffix("}") if self.own else self.name
        return f"{'secret' if self.store == 'secretsmanager' else 'parameter'} {name}"


ExistingKind: TypeAlias = Literal["parameter", "subnets", "security group"]
"""What of the account is looked up: the value of a parameter of Parameter Store; a VPC's subnets, or a group of it."""


@dataclass(frozen=True, slots=True)
class ExistingValue:
    """A value of the account that a deploy looks up and pins in its plan: a parameter of the template stands for it."""

    parameter: str
    """The template's parameter."""
    kind: ExistingKind
    name: str
    """That of the parameter of Parameter Store, or of the VPC."""
    group: str = ""
    """The name of the security group."""
    origin: Origin | None = None

    @property
    def called(self) -> str:
        """The look-up for people: `parameter /shop/subnets`, `private subnets of VPC prod`."""
        if self.kind == "parameter":
            return f"parameter {self.name}"
        part = "private subnets" if self.kind == "subnets" else f"security group {self.group}"
        return f"{part} of VPC {self.name}"


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource of a template."""

    logical_id: str
    type: str
    properties: Mapping[str, Any]
    attributes: Mapping[str, Any] = field(default_factory=dict)
    """DependsOn, DeletionPolicy, UpdateReplacePolicy …: what stands beside Properties."""
    origin: Origin | None = None

    @property
    def ref(self) -> str:
        """Its Ref, as late-bound text."""
        return f"${{{self.logical_id}}}"

    def attribute(self, name: str) -> str:
        """An attribute by Fn::GetAtt, as late-bound text."""
        return f"${{{self.logical_id}.{name}}}"


@dataclass(frozen=True, slots=True)
class Output:
    """One output of a template."""

    name: str
    value: str
    description: str = ""
    origin: Origin | None = None
    shared: str = ""
    """The class of shared resources that declares it."""
    export: str = ""
    """The name under which other stacks import it."""


@dataclass(frozen=True, slots=True)
class Template:
    """A CloudFormation template."""

    description: str
    resources: tuple[Resource, ...]
    outputs: tuple[Output, ...] = ()
    parameters: tuple[ExistingValue, ...] = ()
    """What a deploy looks up and gives to it."""


if TYPE_CHECKING:

    class Trigger(Protocol):
        """A trigger of a function or a workflow: the user's options, the grants it needs, the resources it makes."""

        def grants(self, function: Function) -> Iterator[Grant]:
            """Yield the grants that the function's role needs so that the trigger works."""

        def resources(self, function: Any) -> Iterator[Resource]:
            """Yield the resources that the template needs beside the function."""

        def outputs(self, function: Any) -> Iterator[Output]:
            """Yield the outputs that people want to know after a deploy."""


@dataclass(frozen=True, slots=True)
class WebApp:
    """A web framework's object that a function serves."""

    target: str
    """Its module and name: `shop.main:api`."""
    interface: Literal["asgi", "wsgi"] | None = None
    """How it is called; None where that is told from the object when it is there."""

    @property
    def module(self) -> str:
        """The module that has it."""
        return self.target.partition(":")[0]

    @property
    def attribute(self) -> str:
        """Its name as an attribute there."""
        return self.target.partition(":")[2]


@dataclass(frozen=True, slots=True)
class Publication:
    """A version of a function for each change, and the alias by which everything calls it."""

    alias: str
    provisioned_concurrency: int | None = None
    """How many instances are kept ready."""


@dataclass(frozen=True, slots=True)
class LayerCode:
    """A layer that the app makes: a folder as it lies under /opt, or the dependencies of functions."""

    logical_id: str
    folder: str
    """Its path from the project's; of dependencies, that of the root of zips that states them."""
    runtime: str = ""
    """Of dependencies, the runtime for which they are; empty for a folder."""
    architecture: str = ""
    """As `runtime`."""
    origin: Origin | None = None

    @property
    def ref(self) -> str:
        """The ARN of its version, as late-bound text."""
        return f"${{{self.logical_id}}}"

    @property
    def words(self) -> str:
        """Its content, for people: the folder, or `FOLDER dependencies for Python 3.13 on arm64`."""
        if not self.runtime:
            return self.folder
        python = self.runtime.removeprefix("python")
        return f"{self.folder} dependencies for Python {python} on {self.architecture}".lstrip()


@dataclass(frozen=True, slots=True)
class Function:
    """A Lambda function as declared: app-wide and own settings are merged in `properties`."""

    name: str
    logical_id: str
    handler: str
    properties: Mapping[str, Any]
    """CloudFormation's properties but Code, Role, Handler, FunctionName and LoggingConfig."""
    triggers: tuple[Trigger, ...] = ()
    policy: tuple[Grant, ...] = ()
    """What the function, its groups and the app declare, in this order."""
    managed: tuple[str, ...] = ()
    """ARNs of managed policies."""
    log_retention: int | None = 30
    """Days; None keeps logs for ever."""
    stored_values: tuple[StoredValue, ...] = ()
    """The secrets and parameters that its environment names."""
    queue: str | None = None
    """The job queue that it works, if it is a worker."""
    sends: tuple[str, ...] | None = None
    """The job queues to which it may send: those that it declares, or whose jobs its code names; None for neither."""
    looks_up: bool | None = None
    """Whether it may look up outputs of the app's stack: it declares it, or its code names one; None for neither."""
    publication: Publication | None = None
    """Its versions and alias; None where its newest code is what runs."""
    event_invoke: Mapping[str, Any] = field(default_factory=dict)
    """CloudFormation's properties for asynchronous invocations (`AWS::Lambda::EventInvokeConfig`)."""
    web: WebApp | None = None
    """What it serves, if it is a web app's."""
    own_id: str = ""
    """The logical id that its AWS::Lambda::Function is given; empty for remit's."""
    function_name: str = ""
    """The name in the account that it is given; empty for remit's."""
    log_group: str = ""
    """The shared log group, by logical id, that has the name of its own; empty where remit makes it."""
    shares_log_group: bool = False
    """Whether all functions of the app write to one log group, each to streams of its own."""
    code: str = ""
    """The folder at the root of its zip, by its path from the project's; empty for the project itself."""
    origin: Origin | None = None
    written: Mapping[str, Origin] = field(default_factory=dict)
    """The line that set each property."""
    managed_written: Mapping[str, Origin | None] = field(default_factory=dict)
    """The line that gave each managed policy, by ARN."""

    @property
    def layers(self) -> tuple[str, ...]:
        """The ARNs of its layers, those of the app's own as late-bound text."""
        layers = self.properties.get("Layers", ())
        return tuple(map(str, layers)) if isinstance(layers, list | tuple) else (str(layers),)  # of an intrinsic: any

    @property
    def arn(self) -> str:
        """The ARN by which it is called, that of its alias if it has one, as late-bound text."""
        return self.unqualified_arn if self.publication is None else f"${{{self.logical_id}Alias}}"

    @property
    def resource_id(self) -> str:
        """The logical id of its AWS::Lambda::Function; those of its other resources begin with `logical_id`, too."""
        return self.own_id or f"{self.logical_id}Function"

    @property
    def unqualified_arn(self) -> str:
        """Its ARN by Fn::GetAtt, as late-bound text."""
        return f"${{{self.resource_id}.Arn}}"

    @property
    def invocation_uri(self) -> str:
        """The address by which API Gateway calls it, as late-bound text."""
        path = f"lambda:path/2015-03-31/functions/{self.arn}/invocations"
        return f"arn:${{AWS::Partition}}:apigateway:${{AWS::Region}}:{path}"

    @property
    def source_arn(self) -> str:
        """Its ARN as requests of its code carry it (`lambda:SourceFunctionArn`).

        It has the name as text: a role that refers to its function, which refers to it, is a circular dependency.
        """
        return f"arn:${{AWS::Partition}}:lambda:${{AWS::Region}}:${{AWS::AccountId}}:function:{self.physical_name}"

    @property
    def ref(self) -> str:
        """The reference for a property that takes a function's name or the ARN of its alias, as late-bound text."""
        return f"${{{self.resource_id}}}" if self.publication is None else self.arn

    @property
    def listed_as(self) -> str:
        """The name by which roles list it."""
        return self.name

    @property
    def start(self) -> str:
        """The IAM action that runs it."""
        return "lambda:InvokeFunction"

    def computed(self, text: str, note: str = "") -> Reason:
        """Why the computed default has something for it: `text` follows its name, as in `writes its logs`."""
        return Reason("computed", text, (self.name,), note)

    @property
    def log_group_arn(self) -> str:
        """The ARN of its log group, with the `:*` that covers the streams, as late-bound text.

        Of a group that functions share, that of its own streams: YYYY/MM/DD/NAME[VERSION]ID ("Configuring CloudWatch
        log groups", AWS Lambda Developer Guide).
        """
        if self.shares_log_group:
            streams = f"log-group:${{{self.log_group_id}}}:log-stream:*/{self.physical_name}[*"
            return f"arn:${{AWS::Partition}}:logs:${{AWS::Region}}:${{AWS::AccountId}}:{streams}"
        return f"${{{self.log_group_id}.Arn}}"

    @property
    def log_group_id(self) -> str:
        """The logical id of its log group."""
        return self.log_group or (SHARED_LOG_GROUP if self.shares_log_group else f"{self.logical_id}LogGroup")

    @property
    def log_group_name(self) -> str:
        """The name of its log group, as late-bound text: Lambda makes one of this name where there is none."""
        return "/lambda/${AWS::StackName}" if self.shares_log_group else f"/aws/lambda/{self.physical_name}"

    @property
    def handler_origin(self) -> Origin | None:
        """The line that names its handler, else that of its declaration; None where neither is known."""
        return self.written.get("Handler", self.origin)

    @property
    def physical_name(self) -> str:
        """Its name in the account, as late-bound text."""
        return self.function_name or f"${{AWS::StackName}}-{self.name}"


@dataclass(frozen=True, slots=True)
class Workflow:
    """A state machine of Step Functions as declared; its resource is among the app's."""

    name: str
    logical_id: str
    """That of the state machine; those of its role and of what starts it begin with it."""
    grants: tuple[Grant, ...] = ()
    """What its states need, what its settings need, and what its policy declares."""
    managed: tuple[str, ...] = ()
    """ARNs of managed policies."""
    triggers: tuple[Trigger, ...] = ()
    physical_name: str = ""
    """Its name in the account, as late-bound text."""
    origin: Origin | None = None

    @property
    def listed_as(self) -> str:
        """The name by which roles list it: its logical id, as they list a template's state machines."""
        return self.logical_id

    @property
    def role_id(self) -> str:
        """The logical id of its role."""
        return f"{self.logical_id}Role"

    @property
    def arn(self) -> str:
        """Its ARN by Ref, as late-bound text."""
        return f"${{{self.logical_id}}}"

    @property
    def start(self) -> str:
        """The IAM action that starts it."""
        return "states:StartExecution"

    def computed(self, text: str, note: str = "") -> Reason:
        """Why a grant is there for it: `text` follows its name."""
        return Reason("computed", text, (f"workflow {self.name}",), note)


Triggered: TypeAlias = "Function | Workflow"
"""Whatever a schedule or an event may run."""


@dataclass(frozen=True, slots=True)
class ScheduledJob:
    """A job that the clock sends."""

    name: str
    path: str
    """Its module and qualified name: `app:send_mail`."""
    schedule: Any
    """The `on.schedule(…)` that was written."""
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class JobQueue:
    """A queue of jobs, and how the worker that runs them treats one that fails."""

    name: str
    """It ends with `.fifo` where jobs of a group run one after the other."""
    retries: int
    """How often a job that failed runs again, where the job does not say it itself."""
    most_retries: int
    """The most of them that a job of this queue has."""
    backoff: int = 0
    """Seconds before the first of them; each takes twice as long as the one before. 0: the visibility timeout."""
    concurrency: int | None = None
    """Jobs that run at the same time at most; None for as many as Lambda starts."""
    alarm: str | None = None
    """The ARN of the topic that is told when a job has failed for good."""
    keeps_marks: bool = False
    """Whether some of its jobs never run again once they have finished (`once=True`)."""
    jobs: tuple[str, ...] = ()
    """The paths of its jobs: `app:send_mail`."""
    scheduled: tuple[ScheduledJob, ...] = ()
    """The jobs that the clock sends to it."""

    @property
    def is_fifo(self) -> bool:
        """True if it delivers in order."""
        return self.name.endswith(".fifo")

    @property
    def worker(self) -> str:
        """The name of the function that runs its jobs."""
        return worker_name(self.name)


def worker_name(queue: str) -> str:
    """The name of the function that runs the jobs of a queue, which has a `-` for each dot: `worker-mail-fifo`."""
    return f"worker-{queue.replace('.', '-')}"


PayloadFormat: TypeAlias = Literal["1.0", "2.0"]
PAYLOAD_FORMATS: Final[tuple[str, ...]] = get_args(PayloadFormat)


@dataclass(frozen=True, slots=True)
class ApiSettings:
    """How an API of the app's is set up, in the words of CloudFormation's properties: `config.api`, for one."""

    throttling_burst_limit: int | None = None
    """That of every route of its stage, as the rate limit is."""
    throttling_rate_limit: float | None = None
    cors_configuration: Mapping[str, Any] | None = None
    payload_format_version: str = "2.0"
    """That of the routes which do not say."""
    routes_in_body: bool = False
    """Whether the API has its routes in its Body, an OpenAPI document, so that they are no resources of the stack."""
    access_log: bool = False
    access_log_format: str | None = None
    """None for JSON with the fields of AWS's example."""
    access_log_retention: int | None = 30
    """Days; None keeps it for ever."""
    domain_name: str | None = None
    certificate_arn: str | None = None
    disable_execute_api_endpoint: bool = False
    route_selection_expression: str = "$request.body.action"
    """Of a WebSocket API: where a message has the name of its route."""
    written: Mapping[str, Origin | None] = field(default_factory=dict)
    """The line that set each of them."""

    @property
    def route_settings(self) -> Mapping[str, float]:
        """The limits of every route of its stage, by CloudFormation's names; without those that are not set."""
        burst_limit, rate_limit = self.throttling_burst_limit, self.throttling_rate_limit
        limits = {"ThrottlingBurstLimit": burst_limit, "ThrottlingRateLimit": rate_limit}
        return {name: limit for name, limit in limits.items() if limit is not None}


@dataclass(frozen=True, slots=True)
class UnreadParts:
    """Parts that an app lacks, since something is wrong with them; nothing of a project without mistakes."""

    lost: frozenset[str] = frozenset()
    """How the logical ids begin of what it lacks: no reference to such counts as leading nowhere. "" is any."""
    permissions: bool = False
    """Whether it may lack permissions to invoke functions."""
    triggers_of: frozenset[str] = frozenset()
    """The logical ids of the functions some of whose triggers it lacks."""
    access_of: frozenset[str] = frozenset()
    """The logical ids of the functions some of whose access it lacks."""


@dataclass(frozen=True, slots=True)
class App:
    """A loaded project: everything that config and app module declare."""

    name: str
    stage: str
    functions: tuple[Function, ...]
    workflows: tuple[Workflow, ...] = ()
    resources: tuple[Resource, ...] = ()
    """The shared resources, and the state machines of its workflows."""
    outputs: tuple[Output, ...] = ()
    existing: tuple[ExistingValue, ...] = ()
    """What of the account it asks for, used or not."""
    queues: tuple[JobQueue, ...] = ()
    """The job queues; empty when jobs are off."""
    jobs: Mapping[str, str] = field(default_factory=dict)
    """The worker of each job, by the job's name."""
    schedules_jobs: bool = False
    """Whether jobs may wait longer than SQS delays a message, by EventBridge Scheduler."""
    queues_origin: Origin | None = None
    """The line that turned jobs on."""
    default_policy: tuple[Grant, ...] | None = None
    """Replaces the computed default."""
    default_vpc_policy: tuple[Grant, ...] | None = None
    """Replaces the computed VPC part of the default."""
    default_policy_origin: Origin | None = None
    """The line that replaced it, which an empty policy does not tell by itself."""
    default_vpc_policy_origin: Origin | None = None
    """The line that replaced its VPC part."""
    boundary: str | None = None
    """The ARN of the permissions boundary of every role."""
    boundary_origin: Origin | None = None
    """The line that set it."""
    policies: Mapping[str, Policy] = field(default_factory=dict)
    """What managed policies of the account say, by their names, as far as the project has their texts."""
    tags: Mapping[str, str] = field(default_factory=dict)
    """The tags of every resource that takes tags; a resource's own win."""
    alarm_topic: str | None = None
    """The ARN of the topic that alarms of all functions and queues tell."""
    service_role: str | None = None
    """The ARN of the role with which CloudFormation deploys it; None: as whoever deploys."""
    role_path: str | None = None
    """The path of every role that remit makes, `/teams/shop/`."""
    role_name: str | None = None
    """The names of these roles, a pattern of {app}, {stage} and {role}."""
    retains_data: bool = False
    """Whether shared resources that hold data stay when they are removed from the stack, or the stack is deleted."""
    share_roles: bool = False
    """Whether functions whose access is identical run under one role."""
    api: ApiSettings = ApiSettings()
    rest: ApiSettings | None = None
    """Its REST API's (`triggers.rest_settings.RestSettings`); None where nothing is set."""
    websocket: ApiSettings = ApiSettings()
    """Its WebSocket API's: limits and the expression that selects a route."""
    stack_name: str = ""
    """The name that its stack is given; empty for `name-stage`."""
    releases: int = 10
    """How many of its deploys are kept to go back to."""
    exclude: tuple[str, ...] = ()
    """Patterns of files that stay out of the zips."""
    layers: tuple[LayerCode, ...] = ()
    """The layers that the template makes for its functions."""
    puts_dependencies_into_layers: bool = False
    layer_origin: Origin | None = None
    """The line that says so."""
    allowed: Mapping[str, tuple[str, Origin | None]] = field(default_factory=dict)
    """The lint rules that the app accepts breaking: by rule, the reason and the line that gives it."""
    allowed_secrets: Mapping[str, tuple[str, Origin | None]] = field(default_factory=dict)
    """Files that may hold secrets in the zips: by pattern, the reason and the line that gives it."""

    @property
    def triggered(self) -> tuple[Triggered, ...]:
        """Its functions, then its workflows: everything that may have triggers."""
        return (*self.functions, *self.workflows)

    @property
    def code_roots(self) -> tuple[str, ...]:
        """The folders at the roots of its functions' zips, each once: paths from the project's, which is empty."""
        return tuple(dict.fromkeys(function.code for function in self.functions))

    @property
    def namespace(self) -> str:
        """The name of its stack."""
        return self.stack_name or self.owner

    @property
    def owner(self) -> str:
        """`PROJECT-STAGE`, to which alone its stack belongs, as the stack's tag has it."""
        return f"{self.name}-{self.stage}"

    def deployed_name(self, function: Triggered) -> str:
        """A function's name in the account."""
        return in_stack(function.physical_name, self.namespace)

    def function_deployed_as(self, name: str) -> Function | None:
        """The first function that has this name in the account; None: none has."""
        return next((function for function in self.functions if self.deployed_name(function) == name), None)


def in_stack(text: str, stack: str) -> str:
    """A late-bound text with the stack's name in the place of `${AWS::StackName}`; other references stay."""
    return text.replace("${AWS::StackName}", stack)
