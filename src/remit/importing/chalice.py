"""A Chalice app in SAM's words: its .chalice/config.json, and the decorators of its modules, read and not run.

Chalice routes by itself: all routes run one function, `APIHandler`, whose handler is the app. Source: "Configuration
File" and "API Reference" (Chalice's documentation).
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from remit.documents.read import read_as_written
from remit.errors import Origin, RemitError
from remit.importing.app_model import Left, SourceTemplate, app_name, placed
from remit.source.python_file import PythonFile, parsed
from remit.template.sections import section

CONFIG: Final = Path(".chalice", "config.json")
_SETTINGS: Final = {
    "environment_variables": "Environment.Variables", "iam_role_arn": "Role", "lambda_memory_size": "MemorySize",
    "lambda_runtime": "Runtime", "lambda_timeout": "Timeout", "layers": "Layers",
    "reserved_concurrency": "ReservedConcurrentExecutions", "security_group_ids": "VpcConfig.SecurityGroupIds",
    "subnet_ids": "VpcConfig.SubnetIds", "tags": "Tags", "xray": "Tracing",
}  # fmt: skip
"""SAM's properties, by the settings of Chalice's that are read here."""
_NO_FORM: Final = ("api_gateway_custom_domain", "api_gateway_endpoint_vpce", "websocket_api_custom_domain")
"""Settings of Chalice's that are not read here; it takes no notice of any that it does not know, either."""
_MEDIA_TYPES: Final = [
    "application/octet-stream", "application/x-tar", "application/zip", "audio/basic", "audio/ogg", "audio/mp4",
    "audio/mpeg", "audio/wav", "audio/webm", "image/png", "image/jpg", "image/jpeg", "image/gif", "video/ogg",
    "video/mpeg", "video/webm",
]  # fmt: skip
"""Chalice's own list: what it sends to a function as base64."""
_HERE: Final = "${AWS::Region}:${AWS::AccountId}"
_ARNS: Final = {"queue": f"sqs:{_HERE}:", "stream": f"kinesis:{_HERE}:stream/", "topic": f"sns:{_HERE}:"}
"""What stands before a name in an ARN, by the arguments that take either."""
_OF_BATCHES: Final = {
    "batch_size": "BatchSize",
    "maximum_batching_window_in_seconds": "MaximumBatchingWindowInSeconds",
    "maximum_concurrency": "ScalingConfig.MaximumConcurrency",
    "starting_position": "StartingPosition",
}
_STREAM: Final = {"starting_position": "LATEST", "batch_size": 100}
_OF_AUTHORIZER: Final = {
    "header": "Identity.Header", "scopes": "AuthorizationScopes", "ttl_seconds": "Identity.ReauthorizeEvery",
}  # fmt: skip
_OBJECTS: Final = {"bucket": "Bucket", "events": "Events", "prefix": "prefix", "suffix": "suffix"}
_EVENTS: Final[dict[str, tuple[str, dict[str, str], dict[str, Any]]]] = {
    "on_cw_event": ("EventBridgeRule", {"event_pattern": "Pattern"}, {}),
    "on_dynamodb_record": ("DynamoDB", {"stream_arn": "Stream", **_OF_BATCHES}, _STREAM),
    "on_kinesis_record": ("Kinesis", {"stream": "Stream", **_OF_BATCHES}, _STREAM),
    "on_s3_event": ("S3", _OBJECTS, {"events": ["s3:ObjectCreated:*"]}),
    "on_sns_message": ("SNS", {"topic": "Topic"}, {}),
    "on_sqs_message": ("SQS", {"queue": "Queue", "queue_arn": "Queue", **_OF_BATCHES}, {"batch_size": 1}),
    "schedule": ("Schedule", {"schedule_expression": "Schedule"}, {}),
}  # fmt: skip
"""Chalice's decorators: the event of SAM's, its properties by argument (the first is positional), and defaults."""
_REGISTERED: Final = ("blueprint", "name_prefix", "url_prefix")
"""The arguments by which an app registers a blueprint."""
_SCHEDULES: Final = {
    "Cron": ("minutes", "hours", "day_of_month", "month", "day_of_week", "year"),
    "Rate": ("value", "unit"),
}
"""Chalice's classes of schedules, and the fields of their expressions."""


def chalice_template(folder: Path) -> SourceTemplate:
    """The template of a Chalice app's stage `dev`. RemitError: no config, no app.py, or one that is no Python."""
    return _ChaliceApp(folder).template()


class _ChaliceApp:
    """One pass over an app's config and modules."""

    def __init__(self, folder: Path) -> None:
        """Read the settings of stage `dev`, else of the first, over those of all. RemitError (2): they are no JSON."""
        self.folder = folder
        file = folder / CONFIG
        self.parsed = read_as_written(file.read_bytes(), str(file))
        config = section(self.parsed.value)
        stages = section(config, "stages")
        self.stage = "dev" if "dev" in stages or not stages else next(iter(stages))
        self.variables = {
            **section(config, "environment_variables"),
            **section(stages, self.stage, "environment_variables"),
        }
        self.config = {**config, **section(stages, self.stage)}
        self.config |= {"environment_variables": self.variables} if self.variables else {}
        self.left: list[Left] = []
        self.resources: dict[str, Any] = {}
        self.routes: dict[str, Any] = {}
        self.authorizers: dict[str, dict[str, Any]] = {}
        """What an authorizer is called in the code, and what SAM has of it: a user pool, a function, nothing (IAM)."""

    def template(self) -> SourceTemplate:  # noqa: C901 - one kind of declaration after the other
        """The app as a template of SAM's, from its decorators and its configuration.

        What has no form is among what is left. RemitError (2): there is no app.py, or a module is no Python.
        """
        modules = [self.folder / "app.py", *sorted((self.folder / "chalicelib").rglob("*.py"))]
        files = {path: _parsed(path) for path in modules if path.is_file()}
        if modules[0] not in files:
            raise RemitError(f"there is no {modules[0]}", hint="a Chalice app has its decorators there")
        nodes = [node for file in files.values() for node in file.nodes]
        registered = [
            {**dict(zip(_REGISTERED, call.args, strict=False)), **_arguments(call)}
            for call in nodes
            if isinstance(call, ast.Call) and _name(call.func) == "register_blueprint"
        ]
        prefixes = {
            _name(given["blueprint"]): _literal(given.get("url_prefix", ast.Constant(value="")))
            for given in registered
            if "blueprint" in given
        }
        declared = [
            (call, function, path)
            for path, file in files.items()
            for function in file.tree.body
            if isinstance(function, ast.FunctionDef)
            for call in function.decorator_list
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)
        ]
        assigned = [assignment for file in files.values() for assignment in file.assignments()]
        times_assigned = Counter(name for name, _ in assigned)
        for name, value in assigned:
            made = _authorizer(value) if times_assigned[name] == 1 else None
            if made is not None:
                self.authorizers[name] = made
        for call, function, _ in declared:
            given = {argument: _literal(node) for argument, node in _arguments(call).items()}
            if _name(call.func) == "authorizer" and None not in given.values():
                arn = {"Fn::GetAtt": [_logical_id(given.get("name", function.name)), "Arn"]}
                self.authorizers[function.name] = {"FunctionArn": arn, **placed(given, _OF_AUTHORIZER)}
        for call, function, path in declared:
            method = _name(call.func)
            if method == "route":
                self._route(call, function, path, prefixes.get(_owner(call), ""))
            elif method in _EVENTS or method in ("lambda_function", "authorizer"):
                self._function(method, call, function, path)
            elif method.startswith("on_ws_"):
                self._leave(f"{method} of {function.name}", "on.websocket has no form for it", call, path)
        if self.routes:
            self._api()
            self.resources["APIHandler"] = self._resource("app.app", "api_handler", self.routes)
        for key in (name for name in _NO_FORM if name in self.config):
            because = "no setting of remit's stands for it"
            self.left.append(Left(f"{key} of the stage", because, self.parsed.locate((key,))))
        uses_aws = any(_name(node) == "boto3" or getattr(node, "name", "") == "boto3" for node in nodes)
        if uses_aws and self.config.get("autogen_policy", True) and self.config.get("manage_iam_role", True):
            because = "Chalice guesses access from the code: write policy=[…], which `remit dev` adds by one key"
            self.left.append(Left("autogen_policy", because, self.parsed.locate(("autogen_policy",))))
        name = app_name(self.config.get("app_name") or self.folder.resolve().name)
        origin = Origin(str(modules[0]), 1, 1)
        template = {"Resources": self.resources}
        left = tuple(self.left)
        return SourceTemplate(name, "app.py", self.folder, template, lambda _: origin, left, len(self.config))

    def _leave(self, what: str, because: str, node: ast.expr, path: Path) -> None:
        self.left.append(Left(what, because, Origin(str(path), node.lineno, 1)))

    def _api(self) -> dict[str, Any]:
        """The properties of the app's one API, which the first call adds to the resources; callers add to them."""
        properties = {
            "StageName": self.config.get("api_gateway_stage", "api"),
            "EndpointConfiguration": self.config.get("api_gateway_endpoint_type", "EDGE"),
            "BinaryMediaTypes": _MEDIA_TYPES,
        }
        api = {"Type": "AWS::Serverless::Api", "Properties": properties}
        made: dict[str, Any] = self.resources.setdefault("RestAPI", api)["Properties"]
        return made

    def _route(self, call: ast.Call, function: ast.FunctionDef, path: Path, prefix: str | None) -> None:
        """Add the events of a route to the one function that has all routes, and its authorizer and CORS to the API.

        One that is not known to let in the same callers is left, and so is one whose path or methods the code makes;
        `prefix` is None where it makes that of the path.
        """
        arguments = _arguments(call)
        pattern = _literal(call.args[0] if call.args else arguments.get("path"))
        methods = _literal(arguments["methods"]) if "methods" in arguments else ["GET"]
        if prefix is None or pattern is None or not isinstance(methods, list | tuple):
            self._leave(f"route of {function.name}", "its path or its methods are made in the code", call, path)
            return
        route = re.sub("/+", "/", f"/{prefix}/{pattern}").rstrip("/") or "/"
        needs_key = _literal(arguments.get("api_key_required", ast.Constant(value=False)))
        auth: dict[str, Any] = {"ApiKeyRequired": True} if needs_key else {}
        name = _name(arguments["authorizer"]) if "authorizer" in arguments else None
        is_known = name in (None, *self.authorizers) and needs_key is not None and len(arguments) == len(call.keywords)
        if not is_known or "api_gateway_policy_file" in self.config:
            self._leave(f"route {route}", "whom it lets in is decided in the code or by a policy", call, path)
            return
        if name is not None:
            auth["Authorizer"] = _logical_id(name) if self.authorizers[name] else "AWS_IAM"
            if self.authorizers[name]:
                of_api = self._api().setdefault("Auth", {}).setdefault("Authorizers", {})
                of_api[_logical_id(name)] = self.authorizers[name]
        if _literal(arguments.get("cors")) is True:
            self._api()["Cors"] = "'*'"
        elif "cors" in arguments:
            self._leave(f"cors of route {route}", "its value is made in the code", call, path)
        for verb in methods:
            properties = {"Method": str(verb), "Path": route, "RestApiId": {"Ref": "RestAPI"}, "Auth": auth}
            name = f"{_logical_id(function.name)}{str(verb).capitalize()}{len(self.routes)}"
            self.routes[name] = {"Type": "Api", "Properties": properties}

    def _function(self, method: str, call: ast.Call, function: ast.FunctionDef, path: Path) -> None:
        """Add the function of a decorator, with its event if `method` is one of `_EVENTS`.

        Values that code makes are left; without its source there is no event.
        """
        given = _arguments(call)
        name = str(_literal(given.pop("name", None)) or function.name)
        events: dict[str, Any] = {}
        if method in _EVENTS:
            kind, properties, defaults = _EVENTS[method]
            values = dict(defaults)
            for argument, node in {**dict(zip(properties, call.args, strict=False)), **given}.items():
                value = self._value(node)
                if argument not in properties or value is None:
                    because = "its value is made in the code" if value is None else "no option of remit's stands for it"
                    self._leave(f"{argument} of {function.name}", because, call, path)
                elif argument in _ARNS and isinstance(value, str) and not value.startswith("arn:"):
                    values[argument] = {"Fn::Sub": f"arn:${{AWS::Partition}}:{_ARNS[argument]}{value}"}
                else:
                    values[argument] = value
            if values.keys() - defaults.keys():  # else its source is made in the code
                event = placed(values, properties)
                rules = [{"Name": key, "Value": event.pop(key)} for key in ("prefix", "suffix") if key in event]
                event |= {"Filter": {"S3Key": {"Rules": rules}}} if rules else {}
                events = {kind: {"Type": kind, "Properties": event}}
        module = ".".join(path.relative_to(self.folder).with_suffix("").parts)
        self.resources[_logical_id(name)] = self._resource(f"{module}.{function.name}", name, events)

    def _value(self, node: ast.expr) -> Any:
        """A literal, a schedule (`rate(1 hour)`), or a variable of the environment that the config gives.

        None for anything else, which the code makes.
        """
        variable = re.fullmatch(r"(?:os\.)?(?:environ\[|environ\.get\(|getenv\()'(\w+)'.*[\])]", ast.unparse(node))
        if variable is not None:
            return self.variables.get(variable[1])
        schedule = _SCHEDULES.get(_name(node.func)) if isinstance(node, ast.Call) else None
        if not isinstance(node, ast.Call) or schedule is None:
            return _literal(node)
        given = {**dict(zip(schedule, node.args, strict=False)), **_arguments(node)}
        if given.keys() != set(schedule):
            return None
        parts = [given[name] for name in schedule]  # a unit is a constant of the class, `Rate.HOURS`
        fields = [str(part.value) if isinstance(part, ast.Constant) else _name(part) for part in parts]
        if "unit" in schedule:
            unit = fields[1].lower().rstrip("s")
            fields[1] = unit if fields[0] == "1" else f"{unit}s"
        return f"{_name(node.func).lower()}({' '.join(fields)})"

    def _resource(self, handler: str, name: str, events: Mapping[str, Any]) -> dict[str, Any]:
        """A function of SAM's by the stage's settings and its own.

        The policy file counts where `autogen_policy` is false: Chalice does not guess access then. RemitError (2): that
        file cannot be read.
        """
        config = {"lambda_timeout": 60, "lambda_runtime": "python3.13", **self.config}
        config |= section(config, "lambda_functions", name)
        app_name = f"{config.get('app_name', 'app')}-{self.stage}"
        properties: dict[str, Any] = {
            "FunctionName": app_name if handler == "app.app" else f"{app_name}-{name}",
            "Handler": handler,
            "CodeUri": ".",
            **placed(config, _SETTINGS, {"xray": lambda is_on: "Active" if is_on else "PassThrough"}),
        }
        policy = self.folder / ".chalice" / str(config.get("iam_policy_file") or f"policy-{self.stage}.json")
        if config.get("autogen_policy", True) is False and policy.is_file():
            properties["Policies"] = [read_as_written(policy.read_bytes(), str(policy)).value]
        properties |= {"Events": dict(events)} if events else {}
        return {"Type": "AWS::Serverless::Function", "Properties": properties}


def _logical_id(name: str) -> str:
    """The logical id that `chalice package` gives to a function."""
    return "".join(part.capitalize() for part in name.split("_"))


def _authorizer(value: ast.expr) -> dict[str, Any] | None:
    """What SAM has of an authorizer: a user pool, or {} for IAM; None where the code makes it, or it is none."""
    kind = _name(value.func) if isinstance(value, ast.Call) else ""
    if not isinstance(value, ast.Call) or kind not in ("CognitoUserPoolAuthorizer", "IAMAuthorizer"):
        return None
    given = {argument: _literal(node) for argument, node in _arguments(value).items()}
    arns = given.get("provider_arns")
    if kind == "IAMAuthorizer":
        return {}
    return {"UserPoolArn": arns[0], **placed(given, _OF_AUTHORIZER)} if arns and None not in given.values() else None


def _parsed(path: Path) -> PythonFile:
    """A module's syntax. RemitError (2), at its place: it is no Python."""
    try:
        return parsed(path.read_bytes())
    except (SyntaxError, ValueError, RecursionError) as error:
        origin = Origin(str(path), getattr(error, "lineno", None) or 1, getattr(error, "offset", None) or 1)
        raise RemitError(f"{path} is no Python: {error}", origin=origin) from None


def _name(node: ast.AST) -> str:
    """The name, or the attribute behind the last dot; empty for any other node."""
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _owner(call: ast.Call) -> str:
    """The name of the object whose method is called; empty for any other call."""
    return _name(call.func.value) if isinstance(call.func, ast.Attribute) else ""


def _arguments(call: ast.Call) -> dict[str, ast.expr]:
    """The keywords of a call, without what `**` adds."""
    return {item.arg: item.value for item in call.keywords if item.arg}


def _literal(node: ast.AST | None) -> Any:
    """The value of a literal; None for anything else, and for a literal that Python would refuse (`{[]: 1}`)."""
    try:
        return None if node is None else ast.literal_eval(node)
    except (ValueError, TypeError):
        return None
