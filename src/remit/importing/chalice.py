"""A Chalice app in SAM's words: its .chalice/config.json, and the decorators of its modules, read and not run.

Chalice routes by itself: all routes run one function, `APIHandler`, whose handler is the app. Source: "Configuration
File" and "API Reference" (Chalice's documentation).
"""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from remit.documents.read import read_as_written
from remit.errors import Origin, RemitError
from remit.importing.app_model import Left, SourceTemplate

if TYPE_CHECKING:
    from collections.abc import Mapping

CONFIG: Final = Path(".chalice", "config.json")
_STAGE: Final = "dev"
_SETTINGS: Final = {
    "lambda_memory_size": "MemorySize", "lambda_timeout": "Timeout", "layers": "Layers", "log_retention_in_days": "",
    "reserved_concurrency": "ReservedConcurrentExecutions", "tags": "Tags", "iam_role_arn": "Role",
}  # fmt: skip
_NO_FORM: Final = ("api_gateway_custom_domain", "api_gateway_policy_file", "websocket_api_custom_domain")
"""Settings of Chalice's that are not read here; it takes no notice of any that it does not know, either."""
_OF_STREAM: Final = {
    "batch_size": "BatchSize",
    "maximum_batching_window_in_seconds": "MaximumBatchingWindowInSeconds",
    "starting_position": "StartingPosition",
}
_SERVICES: Final = {"queue": "sqs:{}", "stream": "kinesis:{}stream/", "topic": "sns:{}"}
_HERE: Final = "${AWS::Region}:${AWS::AccountId}:"
_STREAM: Final = {"StartingPosition": "LATEST", "BatchSize": 100}
_EVENTS: Final[dict[str, tuple[str, dict[str, str], dict[str, Any]]]] = {
    "on_cw_event": ("EventBridgeRule", {"event_pattern": "Pattern"}, {}),
    "on_dynamodb_record": ("DynamoDB", {"stream_arn": "Stream", **_OF_STREAM}, _STREAM),
    "on_kinesis_record": ("Kinesis", {"stream": "Stream", **_OF_STREAM}, _STREAM),
    "on_s3_event": ("S3", {"bucket": "Bucket", "events": "Events"}, {"Events": ["s3:ObjectCreated:*"]}),
    "on_sns_message": ("SNS", {"topic": "Topic"}, {}),
    "on_sqs_message": ("SQS", {"queue": "Queue", "queue_arn": "Queue", **_OF_STREAM}, {"BatchSize": 1}),
    "schedule": ("Schedule", {"schedule_expression": "Schedule"}, {}),
}  # fmt: skip
"""Chalice's decorators: the event of SAM's, its properties by argument (the first is positional), and defaults."""


def chalice_template(folder: Path) -> SourceTemplate:
    """The template of a Chalice app's stage `dev`. RemitError: no config, no app.py, or one that is no Python."""
    return _ChaliceApp(folder).template()


class _ChaliceApp:
    """One pass over an app's config and modules."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        file = folder / CONFIG
        self.parsed = read_as_written(file.read_bytes(), str(file))
        config = self.parsed.value if isinstance(self.parsed.value, dict) else {}
        stages = config.get("stages") or {}
        self.stage = _STAGE if _STAGE in stages or not stages else next(iter(stages))
        self.config = {**config, **(stages.get(self.stage) or {})}
        if config.get("environment_variables"):
            own = (stages.get(self.stage) or {}).get("environment_variables") or {}
            self.config["environment_variables"] = {**config["environment_variables"], **own}
        self.left: list[Left] = []
        self.resources: dict[str, Any] = {}
        self.routes: dict[str, Any] = {}
        self.has_routes = False
        self.pools: dict[str, Any] = {}
        self.authorizers: set[str] = set()
        self.signed: set[str] = set()

    def template(self) -> SourceTemplate:  # noqa: C901 - one kind of declaration after the other
        modules = [self.folder / "app.py", *sorted((self.folder / "chalicelib").rglob("*.py"))]
        trees = {path: _parsed(path) for path in modules if path.is_file()}
        if self.folder / "app.py" not in trees:
            raise RemitError(f"there is no {self.folder / 'app.py'}", hint="a Chalice app has its decorators there")
        prefixes = {
            _name(call.args[0]): _literal(_keyword(call, "url_prefix")) or ""
            for tree in trees.values()
            for call in ast.walk(tree)
            if isinstance(call, ast.Call) and _method(call) == "register_blueprint" and call.args
        }
        for tree in trees.values():
            self._authorizers(tree)
        for path, tree in trees.items():
            for node in tree.body:
                if isinstance(node, ast.FunctionDef):
                    for decorator in node.decorator_list:
                        self._decorated(decorator, node, path, prefixes)
        if self.has_routes:
            self._api()
        for key in self.config:
            if key in _NO_FORM:
                self.left.append(
                    Left(f"{key} of the stage", "no setting of remit's stands for it", self.parsed.locate((key,)))
                )
        uses_aws = any("boto3" in ast.dump(tree) for tree in trees.values())
        if uses_aws and self.config.get("autogen_policy", True) and self.config.get("manage_iam_role", True):
            because = "Chalice guesses access from the code: write policy=[…], which `remit dev` adds by one key"
            self.left.append(Left("autogen_policy", because, self.parsed.locate(("autogen_policy",))))
        name = str(self.config.get("app_name") or self.folder.resolve().name).lower().replace("_", "-")
        origin = Origin(str(self.folder / "app.py"), 1, 1)
        return SourceTemplate(
            name[:40],
            "app.py",
            self.folder,
            {"Resources": self.resources},
            lambda _: origin,
            tuple(self.left),
            len(self.config),
        )

    def _authorizers(self, tree: ast.Module) -> None:
        """Note the authorizers of a module: IAM, user pools, functions."""
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
                kind, name = _name(node.value.func), _name(node.targets[0])
                if kind == "IAMAuthorizer":
                    self.signed.add(name)
                elif kind == "CognitoUserPoolAuthorizer":
                    arns = _literal(_keyword(node.value, "provider_arns"))
                    self.pools[name] = arns[0] if arns else None
        functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
        self.authorizers |= {
            node.name
            for node in functions
            if any(isinstance(each, ast.Call) and _method(each) == "authorizer" for each in node.decorator_list)
        }

    def _decorated(self, decorator: ast.expr, node: ast.FunctionDef, path: Path, prefixes: Mapping[str, Any]) -> None:
        call = decorator if isinstance(decorator, ast.Call) else ast.Call(decorator, [], [])
        method, owner = _method(call), _name(call.func.value) if isinstance(call.func, ast.Attribute) else ""
        if method == "route":
            self.has_routes = True
            route = f"/{prefixes.get(owner, '')}/{_literal(call.args[0]) if call.args else ''}".replace("//", "/")
            route = route.replace("//", "/").rstrip("/") or "/"
            for verb in _literal(_keyword(call, "methods")) or ["GET"]:
                self._route(str(verb), route, call, node, path)
        elif method in _EVENTS or method in ("lambda_function", "authorizer"):
            self._function(method, call, node, path)
        elif method.startswith("on_ws_"):
            self._leave(
                f"{method} of {node.name}", "a WebSocket handler of Chalice's is none of on.websocket", node, path
            )

    def _value(self, node: ast.expr) -> Any:
        """A value of a decorator: a literal, or a variable of the environment that the config gives."""
        text = ast.unparse(node)
        found = re.fullmatch(r"(?:os\.)?(?:environ\[|environ\.get\(|getenv\()'(\w+)'.*[\])]", text)
        variables = self.config.get("environment_variables") or {}
        return variables.get(found[1]) if found is not None else _expression(node)

    def _leave(self, what: str, because: str, node: ast.AST, path: Path) -> None:
        self.left.append(Left(what, because, Origin(str(path), getattr(node, "lineno", 1), 1)))

    def _route(self, verb: str, route: str, call: ast.Call, node: ast.FunctionDef, path: Path) -> None:
        properties: dict[str, Any] = {"Method": verb, "Path": route, "RestApiId": {"Ref": "RestAPI"}}
        if _literal(_keyword(call, "api_key_required")) is True:
            properties["Auth"] = {"ApiKeyRequired": True}
        authorizer = _keyword(call, "authorizer")
        if isinstance(authorizer, ast.Name) and authorizer.id in self.signed:
            properties.setdefault("Auth", {})["Authorizer"] = "AWS_IAM"
        elif isinstance(authorizer, ast.Name) and (authorizer.id in self.pools or authorizer.id in self.authorizers):
            properties.setdefault("Auth", {})["Authorizer"] = _logical_id(authorizer.id)
            api = self.resources.setdefault("RestAPI", _rest_api(self))["Properties"]
            authorizers = api.setdefault("Auth", {}).setdefault("Authorizers", {})
            pool = self.pools.get(authorizer.id)
            function = {"FunctionArn": {"Fn::GetAtt": [_logical_id(authorizer.id), "Arn"]}}
            authorizers[_logical_id(authorizer.id)] = function if pool is None else {"UserPoolArn": pool}
        elif authorizer is not None:  # without it the route would be open to everyone
            self._leave(f"route {verb} {route}", "its authorizer is made in the code", node, path)
            return
        if _literal(_keyword(call, "cors")) is True:
            self.resources.setdefault("RestAPI", _rest_api(self))["Properties"]["Cors"] = "'*'"
        self.routes[f"{_logical_id(node.name)}{verb.capitalize()}{len(self.routes)}"] = {
            "Type": "Api",
            "Properties": properties,
        }

    def _api(self) -> None:
        self.resources.setdefault("RestAPI", _rest_api(self))
        self.resources["APIHandler"] = self._resource("app.app", "api_handler", self.routes)

    def _function(self, method: str, call: ast.Call, node: ast.FunctionDef, path: Path) -> None:
        module = ".".join(path.relative_to(self.folder).with_suffix("").parts)
        name = _literal(_keyword(call, "name")) or node.name
        events: dict[str, Any] = {}
        if method in _EVENTS:
            kind, arguments, defaults = _EVENTS[method]
            given: dict[str, ast.expr] = dict(zip(arguments, call.args, strict=False))
            given |= {item.arg: item.value for item in call.keywords if item.arg}
            properties = dict(defaults)
            for argument, value in given.items():
                text = self._value(value)
                if argument in ("prefix", "suffix") and isinstance(text, str):
                    rules = properties.setdefault("Filter", {"S3Key": {"Rules": []}})["S3Key"]["Rules"]
                    rules.append({"Name": argument, "Value": text})
                elif argument in arguments and text is not None:
                    if argument in _SERVICES and isinstance(text, str) and not text.startswith("arn:"):
                        text = {"Fn::Sub": f"arn:${{AWS::Partition}}:{_SERVICES[argument].format(_HERE)}{text}"}
                    properties[arguments[argument]] = text
                elif argument != "name":
                    self._leave(f"{argument} of {node.name}", "its value is made in the code", node, path)
            if set(arguments.values()) & properties.keys() - defaults.keys():  # else its source is made in the code
                events = {kind: {"Type": kind, "Properties": properties}}
        self.resources[_logical_id(str(name))] = self._resource(f"{module}.{node.name}", str(name), events)

    def _resource(self, handler: str, name: str, events: Mapping[str, Any]) -> dict[str, Any]:
        own = (self.config.get("lambda_functions") or {}).get(name) or {}
        config = {**self.config, **own}
        properties: dict[str, Any] = {
            "FunctionName": f"{config.get('app_name', 'app')}-{self.stage}"
            + ("" if handler == "app.app" else f"-{name}"),
            "Handler": handler,
            "CodeUri": ".",
            "Runtime": config.get("lambda_runtime", "python3.13"),
            "Timeout": 60,
        }
        for key, property_name in _SETTINGS.items():
            if property_name and config.get(key) is not None:
                properties[property_name] = config[key]
        if config.get("xray"):
            properties["Tracing"] = "Active"
        variables = config.get("environment_variables")
        if variables:
            properties["Environment"] = {"Variables": variables}
        if config.get("subnet_ids"):
            properties["VpcConfig"] = {
                "SubnetIds": config["subnet_ids"],
                "SecurityGroupIds": config.get("security_group_ids"),
            }
        policy = self.folder / ".chalice" / str(config.get("iam_policy_file") or f"policy-{self.stage}.json")
        if config.get("autogen_policy", True) is False and policy.is_file():
            properties["Policies"] = [read_as_written(policy.read_bytes(), str(policy)).value]
        if events:
            properties["Events"] = dict(events)
        return {"Type": "AWS::Serverless::Function", "Properties": properties}


def _rest_api(app: _ChaliceApp) -> dict[str, Any]:
    endpoint = app.config.get("api_gateway_endpoint_type", "EDGE")
    properties: dict[str, Any] = {
        "StageName": app.config.get("api_gateway_stage", "api"),
        "EndpointConfiguration": endpoint,
    }
    # Chalice's own list: what it sends to a function as base64.
    properties["BinaryMediaTypes"] = [
        "application/octet-stream", "application/x-tar", "application/zip", "audio/basic", "audio/ogg", "audio/mp4",
        "audio/mpeg", "audio/wav", "audio/webm", "image/png", "image/jpg", "image/jpeg", "image/gif", "video/ogg",
        "video/mpeg", "video/webm",
    ]  # fmt: skip
    return {"Type": "AWS::Serverless::Api", "Properties": properties}


def _logical_id(name: str) -> str:
    """The logical id that `chalice package` gives to a function."""
    return "".join(part.capitalize() for part in name.split("_"))


def _parsed(path: Path) -> ast.Module:
    try:
        return ast.parse(path.read_bytes())
    except (SyntaxError, ValueError) as error:
        origin = Origin(str(path), getattr(error, "lineno", None) or 1, getattr(error, "offset", None) or 1)
        raise RemitError(f"{path} is no Python: {error}", origin=origin) from None


def _method(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else ""


def _name(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _keyword(call: ast.Call, name: str) -> ast.expr | None:
    return next((item.value for item in call.keywords if item.arg == name), None)


def _literal(node: ast.AST | None) -> Any:
    try:
        return None if node is None else ast.literal_eval(node)
    except ValueError:
        return None


def _expression(node: ast.expr) -> Any:
    """A literal, a rate or cron of Chalice's, a variable of the environment as a parameter; None for anything else."""
    if isinstance(node, ast.Call) and _name(node.func) in ("Rate", "Cron"):
        texts = [
            _literal(argument) if _literal(argument) is not None else _name(argument)
            for argument in (*node.args, *(item.value for item in node.keywords))
        ]
        if _name(node.func) == "Cron":
            return f"cron({' '.join(map(str, texts))})"
        unit = str(texts[1]).lower()
        return f"rate({texts[0]} {unit.rstrip('s') if texts[0] == 1 else unit})"
    return _literal(node)
