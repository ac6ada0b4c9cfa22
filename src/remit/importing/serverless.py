"""A serverless.yml in SAM's words: its functions with their events, its provider, its resources, its plugins.

Source: "Serverless.yml Reference" and "AWS Resources: resource names" (Serverless Framework's documentation).
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from remit.errors import RemitError
from remit.iam import tokens
from remit.importing.app_model import Left, SourceTemplate, value_at_path
from remit.importing.serverless_variables import ServerlessVariables
from remit.template.sections import section

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from remit.documents.read import ParsedFile

_PLUGINS: Final = frozenset({
    "serverless-dotenv-plugin", "serverless-dynamodb-local", "serverless-export-env",
    "serverless-iam-roles-per-function", "serverless-offline", "serverless-plugin-tracing", "serverless-prune-plugin",
    "serverless-pseudo-parameters", "serverless-python-requirements", "serverless-wsgi",
})  # fmt: skip
"""Plugins whose work remit does by itself, or that are read here."""
_SECTIONS: Final = ("constructs", "layers", "stepFunctions")
"""What is left of a service, whatever it says."""
_NO_FORM: Final = "remit has no plugins"
_SETTINGS: Final = {
    "architecture": "Architectures", "description": "Description", "ephemeralStorageSize": "EphemeralStorage",
    "kmsKeyArn": "KmsKeyArn", "layers": "Layers", "memorySize": "MemorySize", "name": "FunctionName",
    "provisionedConcurrency": "ProvisionedConcurrencyConfig", "reservedConcurrency": "ReservedConcurrentExecutions",
    "role": "Role", "runtime": "Runtime", "tags": "Tags", "timeout": "Timeout", "vpc": "VpcConfig",
    "fileSystemConfig": "FileSystemConfigs", "snapStart": "SnapStart", "maximumRetryAttempts": "EventInvokeConfig",
    "maximumEventAge": "EventInvokeConfig", "onError": "DeadLetterQueue", "tracing": "Tracing",
}  # fmt: skip
_WRAPPED: Final[Mapping[str, Callable[[Any], Any]]] = {
    "architecture": lambda value: [value],
    "ephemeralStorageSize": lambda value: {"Size": value},
    "provisionedConcurrency": lambda value: {"ProvisionedConcurrentExecutions": value},
    "vpc": lambda value: {f"{name[:1].upper()}{name[1:]}": ids for name, ids in value.items()},
    "fileSystemConfig": lambda value: [{"Arn": value.get("arn"), "LocalMountPath": value.get("localMountPath")}],
    "snapStart": lambda value: {"ApplyOn": "PublishedVersions" if value else "None"},
    "maximumRetryAttempts": lambda value: {"MaximumRetryAttempts": value},
    "maximumEventAge": lambda value: {"MaximumEventAgeInSeconds": value},
    "onError": lambda value: {"TargetArn": value, "Type": "SQS"},
    "tracing": lambda value: value if isinstance(value, str) else "Active" if value else "PassThrough",
}
"""How a value becomes that of SAM's property, where it is not the same."""
_OF_FUNCTION: Final = frozenset({
    *_SETTINGS, "environment", "events", "handler", "iamRoleStatements", "iamRoleStatementsInherit",
    "iamRoleStatementsName", "logRetentionInDays", "package", "url", "versionFunction", "awsKmsKeyArn", "warmup",
})  # fmt: skip
_OF_STREAM: Final = {
    "arn": "", "batchSize": "BatchSize", "batchWindow": "MaximumBatchingWindowInSeconds", "bisectBatchOnFunctionError":
    "BisectBatchOnFunctionError", "enabled": "Enabled", "filterPatterns": "FilterCriteria", "functionResponseType":
    "FunctionResponseTypes", "maximumBatchingWindow": "MaximumBatchingWindowInSeconds", "maximumConcurrency":
    "ScalingConfig", "maximumRecordAgeInSeconds": "MaximumRecordAgeInSeconds", "maximumRetryAttempts":
    "MaximumRetryAttempts", "parallelizationFactor": "ParallelizationFactor", "startingPosition": "StartingPosition",
    "tumblingWindowInSeconds": "TumblingWindowInSeconds", "type": "",
}  # fmt: skip
_EVENTS: Final[Mapping[str, tuple[str, str, Mapping[str, str], Mapping[str, Any]]]] = {
    "cloudwatchEvent": ("EventBridgeRule", "", {"event": "Pattern"}, {}),
    "cloudwatchLog": ("CloudWatchLogs", "logGroup", {"filter": "FilterPattern", "logGroup": "LogGroupName"}, {}),
    "eventBridge": ("EventBridgeRule", "", {"eventBus": "EventBusName", "pattern": "Pattern"}, {}),
    "iot": ("IoTRule", "", {"sql": "Sql"}, {}),
    "sns": (
        "SNS",
        "arn",
        {"arn": "Topic", "filterPolicy": "FilterPolicy", "filterPolicyScope": "FilterPolicyScope"},
        {},
    ),
    "sqs": ("SQS", "arn", {**_OF_STREAM, "arn": "Queue"}, {"BatchSize": 10}),
    "stream": (
        "DynamoDB",
        "arn",
        {**_OF_STREAM, "arn": "Stream"},
        {"BatchSize": 10, "StartingPosition": "TRIM_HORIZON"},
    ),
}
"""Events: SAM's type, the option that stands alone, SAM's properties by option, and Serverless's defaults."""
_VALUES: Final[Mapping[str, Callable[[Any], Any]]] = {
    "FilterCriteria": lambda patterns: {"Filters": [{"Pattern": json.dumps(pattern)} for pattern in patterns]},
    "FunctionResponseTypes": lambda value: [value],
    "ScalingConfig": lambda value: {"MaximumConcurrency": value},
}
_PROXIES: Final = ("lambda-proxy", "lambda_proxy", "aws_proxy", "aws-proxy")
_ROUTE: Final = frozenset({"method", "path", "cors", "authorizer", "private", "integration"})
_DEFAULTS: Final = {"memorySize": 1024, "timeout": 6}


def serverless_template(parsed: ParsedFile, folder: Path) -> SourceTemplate:
    """The template of a serverless.yml. RemitError at its line: a variable that cannot be, no functions."""
    return _Service(parsed, folder).template()


class _Service:
    """One pass over a service; `left` gathers what has no form in a template."""

    def __init__(self, parsed: ParsedFile, folder: Path) -> None:
        self.parsed = parsed
        self.folder = folder
        variables = ServerlessVariables(parsed, folder)
        kept = (*_SECTIONS, "service", "provider", "functions", "resources", "plugins")
        self.raw = {name: variables.resolved(parsed.value[name], (name,)) for name in kept if name in parsed.value}
        self.parameters = variables.parameters
        service = self.raw.get("service")
        named = service.get("name") if isinstance(service, dict) and not tokens.is_intrinsic(service) else service
        self.name = "" if named is None else named
        self.provider = section(self.raw, "provider")
        self.stage = self.provider.get("stage") or "dev"
        self.resources: dict[str, Any] = {}
        self.left: list[Left] = []

    def template(self) -> SourceTemplate:
        functions = self.raw.get("functions") or {}
        if isinstance(functions, list):  # files of functions, joined
            functions = {name: one for part in functions if isinstance(part, dict) for name, one in part.items()}
        if not isinstance(functions, dict):
            raise RemitError("functions must be a mapping", origin=self.parsed.locate(("functions",)))
        for name, function in functions.items():
            if isinstance(function, dict):
                self._function(str(name), function)
        plugins = self.raw.get("plugins") or []
        plugins = plugins.get("modules") or [] if isinstance(plugins, dict) else plugins
        for plugin in plugins:
            if plugin not in _PLUGINS:
                self._leave(f"plugin {plugin}", _NO_FORM, ("plugins",))
        for name in _SECTIONS:
            for construct in section(self.raw, name):
                self._leave(f"{name}: {construct}", "it is made by Serverless alone", (name,))
        own = self._own_resources()
        resources = {**self.resources, **section(own, "Resources")}
        template = {
            **own,
            "Parameters": {**self.parameters, **section(own, "Parameters")},
            "Resources": resources,
        }
        places: dict[tuple[str | int, ...], tuple[str | int, ...]] = {
            ("Resources", logical_id): ("functions", name) for name, logical_id in self._ids(functions).items()
        }
        return SourceTemplate(
            re.sub(r"[^a-z0-9-]+", "-", str(tokens.textual(self.name)).lower()).strip("-")[:40] or "app",
            self.parsed.file.rpartition("/")[2],
            self.folder,
            template,
            lambda path: self.parsed.locate(places.get(path[:2], ("resources", *path))),
            tuple(self.left),
            sum(plugin in _PLUGINS for plugin in plugins),
        )

    def _ids(self, functions: Mapping[str, Any]) -> dict[str, str]:
        return {name: self.logical_id(str(name)) for name in functions}

    @staticmethod
    def logical_id(name: str) -> str:
        """The logical id that Serverless gives to a function."""
        return f"{name[:1].upper()}{name[1:]}LambdaFunction".replace("-", "Dash").replace("_", "Underscore")

    def _leave(self, what: str, because: str, path: tuple[str | int, ...]) -> None:
        self.left.append(Left(what, because, self.parsed.locate(path)))

    def _own_resources(self) -> dict[str, Any]:
        """The resources of the service's own, joined."""
        joined: dict[str, Any] = {}
        written = self.raw.get("resources") or {}
        for part in written if isinstance(written, list) else [written]:
            for name, content in section(part).items():
                joined[name] = {**joined.get(name, {}), **content} if isinstance(content, dict) else content
        for name in section(joined.pop("extensions", None)):
            self._leave(f"extension of {name}", "remit makes that resource otherwise", ("resources",))
        return joined

    def _function(self, name: str, function: Mapping[str, Any]) -> None:  # noqa: C901 - one property after the other
        provider = self.provider
        above = {
            key: provider[key]
            for key in (*_SETTINGS, "environment")
            if key in provider and key not in ("name", "role", "tracing")
        }
        merged = {**_DEFAULTS, **above, **function}
        properties: dict[str, Any] = {
            "FunctionName": _joined(self.name, "-", self.stage, "-", name),
            "Handler": function.get("handler"),
            "CodeUri": ".",
        }
        wsgi = value_at_path(self.parsed.value, "custom.wsgi.app")
        if str(function.get("handler")).startswith("wsgi_handler.") and isinstance(wsgi, str):
            properties["WebTarget"] = ":".join(wsgi.rsplit(".", 1))
        if section(provider, "tracing").get("lambda"):
            merged.setdefault("tracing", section(provider, "tracing")["lambda"])
        for key, property_name in _SETTINGS.items():
            if merged.get(key) is not None:
                value = _WRAPPED[key](merged[key]) if key in _WRAPPED else merged[key]
                both = isinstance(value, dict) and isinstance(properties.get(property_name), dict)
                properties[property_name] = {**properties[property_name], **value} if both else value
        environment = {**section(provider, "environment"), **section(function, "environment")}
        if environment:
            properties["Environment"] = {"Variables": environment}
        if "Role" not in properties:
            properties |= self._access(function)
        if function.get("url"):
            url = function["url"] if isinstance(function["url"], dict) else {}
            auth = {"aws_iam": "AWS_IAM"}.get(str(url.get("authorizer")), "NONE")
            cors = {"AllowOrigins": ["*"]} if url.get("cors") is True else None
            properties["FunctionUrlConfig"] = {"AuthType": auth, **({"Cors": cors} if cors else {})}
        logical_id = self.logical_id(name)
        events: dict[str, Any] = {}
        for index, event in enumerate(function.get("events") or []):
            self._event(events, event, name, index)
        if events:
            properties["Events"] = events
        retention = function.get("logRetentionInDays", provider.get("logRetentionInDays"))
        if retention is not None:
            group = {
                "LogGroupName": f"/aws/lambda/{tokens.text_of(properties['FunctionName'])}",
                "RetentionInDays": retention,
            }
            self.resources[f"{logical_id.removesuffix('LambdaFunction')}LogGroup"] = {
                "Type": "AWS::Logs::LogGroup",
                "Properties": group,
            }
            properties["LoggingConfig"] = {"LogGroup": {"Ref": f"{logical_id.removesuffix('LambdaFunction')}LogGroup"}}
        for key in function:
            if key not in _OF_FUNCTION:
                self._leave(f"{key} of {name}", "no setting of remit's stands for it", ("functions", name, key))
        self.resources[logical_id] = {"Type": "AWS::Serverless::Function", "Properties": properties}

    def _access(self, function: Mapping[str, Any]) -> dict[str, Any]:
        """The policies of a function: those of the one role of the service, and its own."""
        role = value_at_path(self.provider, "iam.role")
        if role is None:
            role = self.provider.get("role")
        if role is not None and (not isinstance(role, dict) or tokens.is_intrinsic(role)):
            return {"Role": role}
        statements = [
            *(section(role).get("statements") or []),
            *(self.provider.get("iamRoleStatements") or []),
        ]
        if "iamRoleStatements" in function and not function.get("iamRoleStatementsInherit"):
            statements = []
        statements += function.get("iamRoleStatements") or []
        managed = [*(section(role).get("managedPolicies") or []), *(self.provider.get("iamManagedPolicies") or [])]
        policies = [*([{"Statement": statements}] if statements else []), *managed]
        boundary = section(role).get("permissionsBoundary") or section(role).get("permissionBoundary")
        return {
            **({"Policies": policies} if policies else {}),
            **({"PermissionsBoundary": boundary} if boundary else {}),
        }

    def _event(self, events: dict[str, Any], event: Any, function: str, index: int) -> None:
        kind, given = next(iter(event.items())) if isinstance(event, dict) and event else (str(event), {})
        made = list(self._sam_events(str(kind), given))
        if not made:
            self._leave(
                f"event {kind} of {function}",
                "no trigger of remit's stands for it",
                ("functions", function, "events", index),
            )
        for number, (type_name, properties) in enumerate(made):
            name = f"{type_name}{index}{number or ''}"
            events[name] = {
                "Type": type_name,
                "Properties": {key: item for key, item in properties.items() if item is not None},
            }

    def _sam_events(self, kind: str, given: Any) -> Iterator[tuple[str, dict[str, Any]]]:
        """The events of SAM's that an event is; none for one that SAM does not have."""
        options = given if isinstance(given, dict) and not tokens.is_intrinsic(given) else {}
        if kind in ("http", "httpApi"):
            yield from self._route(kind, given, options)
        elif kind == "schedule":
            rates = options.get("rate", given)
            content = options.get("input")
            for rate in rates if isinstance(rates, list) else [rates]:
                text = content if isinstance(content, str) or content is None else json.dumps(content)
                yield "Schedule", {"Schedule": rate, "Enabled": options.get("enabled"), "Input": text}
        elif kind == "s3":
            yield "S3", self._bucket(given, options)
        elif kind == "eventBridge" and "schedule" in options:
            yield "Schedule", {"Schedule": options["schedule"]}
        elif kind in _EVENTS:
            options = options or {_EVENTS[kind][1]: given}
            if kind == "sns":
                options = {"arn": self._topic(options), **{key: options[key] for key in options if "filter" in key}}
            type_name, _, names, defaults = _EVENTS[kind]
            is_kinesis = kind == "stream" and (options.get("type") == "kinesis" or ":kinesis:" in str(options))
            properties = {names.get(name, name): value for name, value in options.items() if names.get(name, name)}
            wrapped = {name: _VALUES[name](value) if name in _VALUES else value for name, value in properties.items()}
            yield "Kinesis" if is_kinesis else type_name, {**defaults, **wrapped}

    def _route(self, kind: str, given: Any, options: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
        method, _, path = str(given).partition(" ")
        if options:
            method, path = str(options.get("method", "ANY")), str(options.get("path", ""))
        if given == "*":
            method, path = "ANY", "$default"
        properties: dict[str, Any] = {"Method": method, "Path": path if path[:1] in ("/", "$") else f"/{path}"}
        if set(options) - _ROUTE or str(options.get("integration", _PROXIES[0])).lower() not in _PROXIES:
            return
        auth: dict[str, Any] = {}
        authorizer = options.get("authorizer")
        authorizer = {"name": authorizer} if isinstance(authorizer, str) else section(authorizer)
        if str(authorizer.get("type", authorizer.get("name"))).lower() == "aws_iam":
            auth["Authorizer"] = "AWS_IAM"
        elif authorizer:
            auth["Authorizer"] = self._authorizer(kind, authorizer)
        if options.get("private"):
            auth["ApiKeyRequired"] = True
        api = self._api("Api" if kind == "http" else "HttpApi")
        if kind == "http" and options.get("cors"):
            cors = _cors(options["cors"])
            api["Cors"] = {
                name.replace("Origins", "Origin"): f"'{','.join(texts)}'"
                for name, texts in cors.items()
                if isinstance(texts, list)
            }
        properties["RestApiId" if kind == "http" else "ApiId"] = {"Ref": _API_IDS[kind]}
        yield "Api" if kind == "http" else "HttpApi", {**properties, **({"Auth": auth} if auth else {})}

    def _authorizer(self, kind: str, authorizer: Mapping[str, Any]) -> str:
        """The name of an authorizer, which the API then has."""
        name = str(authorizer.get("name") or "authorizer")
        declared = section(self.provider, "httpApi", "authorizers", name)
        api = self._api("Api" if kind == "http" else "HttpApi")
        authorizers = api.setdefault("Auth", {}).setdefault("Authorizers", {})
        functions = section(self.raw, "functions")
        if declared.get("type", "jwt") == "jwt" and "issuerUrl" in declared:
            token = {"issuer": declared["issuerUrl"], "audience": declared.get("audience")}
            authorizers[name] = {"JwtConfiguration": token}
        elif ":userpool/" in str(authorizer.get("arn")) or authorizer.get("type") == "COGNITO_USER_POOLS":
            authorizers[name] = {"UserPoolArn": authorizer.get("arn")}
        elif name in functions or declared.get("functionName") in functions:
            function = {"Fn::GetAtt": [self.logical_id(str(declared.get("functionName") or name)), "Arn"]}
            authorizers[name] = {"FunctionArn": function}
            if kind == "httpApi":
                authorizers[name]["EnableSimpleResponses"] = declared.get("enableSimpleResponses", False)
            elif str(authorizer.get("type")).lower() == "request":
                authorizers[name]["FunctionPayloadType"] = "REQUEST"
        return name

    def _api(self, kind: str) -> dict[str, Any]:
        """The properties of the service's one API of a kind, which its first route makes."""
        name = _API_IDS["http" if kind == "Api" else "httpApi"]
        properties: dict[str, Any] = {"StageName": self.stage} if kind == "Api" else {}
        cors = section(self.provider, "httpApi").get("cors") if kind == "HttpApi" else None
        if cors:
            properties["CorsConfiguration"] = _cors(cors)
        api = self.resources.setdefault(name, {"Type": f"AWS::Serverless::{kind}", "Properties": properties})
        made: dict[str, Any] = api["Properties"]
        return made

    def _bucket(self, given: Any, options: Mapping[str, Any]) -> dict[str, Any]:
        bucket = options.get("bucket", given)
        events = options.get("event", "s3:ObjectCreated:*")
        rules = [{"Name": name, "Value": value} for rule in options.get("rules") or [] for name, value in rule.items()]
        if isinstance(bucket, str) and not options.get("existing"):
            logical_id = "S3Bucket" + "".join(part.capitalize() for part in re.split(r"[^A-Za-z0-9]+", bucket))
            self.resources[logical_id] = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": bucket}}
            bucket = {"Ref": logical_id}
        return {"Bucket": bucket, "Events": events, "Filter": {"S3Key": {"Rules": rules}} if rules else None}

    def _topic(self, options: Mapping[str, Any]) -> Any:
        topic = options.get("arn") or options.get("topicName")
        if not isinstance(topic, str) or topic.startswith("arn:"):
            return topic
        logical_id = "SNSTopic" + re.sub(r"[^A-Za-z0-9]", "", f"{topic[:1].upper()}{topic[1:]}")
        display = {"DisplayName": options["displayName"]} if "displayName" in options else {}
        self.resources[logical_id] = {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": topic, **display}}
        return {"Ref": logical_id}


_API_IDS: Final = {"http": "ApiGatewayRestApi", "httpApi": "HttpApi"}


def _joined(*parts: Any) -> Any:
    """Texts and functions of CloudFormation as one text."""
    texts = [
        part["Fn::Sub"] if isinstance(part, dict) and "Fn::Sub" in part else tokens.text_of(part) for part in parts
    ]
    text = "".join(texts)
    return {"Fn::Sub": text} if any(isinstance(part, dict) for part in parts) else text


def _cors(cors: Any) -> Any:
    """CORS of a service in SAM's words."""
    if not isinstance(cors, dict):
        return {"AllowOrigins": ["*"]}
    words = {"origin": "AllowOrigins", "origins": "AllowOrigins", "headers": "AllowHeaders", "methods": "AllowMethods",
             "allowedOrigins": "AllowOrigins", "allowedHeaders": "AllowHeaders", "allowedMethods": "AllowMethods",
             "allowCredentials": "AllowCredentials", "maxAge": "MaxAge"}  # fmt: skip
    listed = ("AllowOrigins", "AllowHeaders", "AllowMethods")
    renamed = {words[name]: value for name, value in cors.items() if name in words}
    return {name: [value] if name in listed and isinstance(value, str) else value for name, value in renamed.items()}
