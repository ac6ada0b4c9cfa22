"""A serverless.yml in SAM's words: its functions with their events, its provider, its resources, its plugins.

Source: "Serverless.yml Reference" and "AWS Resources: resource names" (Serverless Framework's documentation).
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from remit.errors import Path as Steps
from remit.errors import RemitError
from remit.iam import tokens
from remit.importing.app_model import Left, SourceTemplate, app_name, listed, placed, referred_to, value_at_path
from remit.importing.serverless_variables import ServerlessVariables
from remit.template.sections import mappings, section

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from remit.documents.read import ParsedFile

_PLUGINS: Final = (
    r"serverless-(offline.*|.*local|localstack|dotenv-plugin|export-env|iam-roles-per-function|ignore|plugin-tracing|"
    r"prune-plugin|pseudo-parameters|python-requirements|wsgi|deployment-bucket)"
)
"""Plugins whose work remit does by itself, that run a service on somebody's machine, or that are read here."""
_SECTIONS: Final = ("constructs", "layers", "stepFunctions")
"""What is left of a service, whatever it says."""
_NO_SETTING: Final = "no setting of remit's stands for it"
_SETTINGS: Final = {
    "architecture": "Architectures", "awsKmsKeyArn": "KmsKeyArn", "description": "Description",
    "environment": "Environment.Variables",
    "ephemeralStorageSize": "EphemeralStorage.Size", "fileSystemConfig": "FileSystemConfigs",
    "handler": "Handler", "kmsKeyArn": "KmsKeyArn",
    "layers": "Layers", "maximumEventAge": "EventInvokeConfig.MaximumEventAgeInSeconds",
    "maximumRetryAttempts": "EventInvokeConfig.MaximumRetryAttempts", "memorySize": "MemorySize", "module": "CodeUri",
    "name": "FunctionName", "onError": "DeadLetterQueue.TargetArn",
    "provisionedConcurrency": "ProvisionedConcurrencyConfig.ProvisionedConcurrentExecutions",
    "reservedConcurrency": "ReservedConcurrentExecutions", "role": "Role", "runtime": "Runtime",
    "snapStart": "SnapStart.ApplyOn", "tags": "Tags", "timeout": "Timeout",
    "tracing": "Tracing", "url": "FunctionUrlConfig", "vpc": "VpcConfig",
}  # fmt: skip
"""SAM's properties, by the settings of a function."""
_OF_FUNCTION_ALONE: Final = ("handler", "module", "name", "role", "tracing", "url")
_NOT_LEFT: Final = frozenset({
    *_SETTINGS, "events", "logRetentionInDays",
    "iamRoleStatements", "iamRoleStatementsInherit", "iamRoleStatementsName",
    "package", "versionFunction", "warmup",
})  # fmt: skip
"""Options that are read, or that go without a word: remit packs by itself, say."""
_DEFAULTS: Final = {"memorySize": 1024, "timeout": 6}
_ANY_ORIGIN: Final = {"AllowOrigins": ["*"]}


def _url(value: Any) -> dict[str, Any]:
    """The FunctionUrlConfig of a function's `url`; a reference as it is."""
    if tokens.is_intrinsic(value):
        return value  # only the deploy knows whether there is one
    auth = "AWS_IAM" if section(value).get("authorizer") else "NONE"  # Serverless knows no other than IAM
    return {"AuthType": auth, **({"Cors": _ANY_ORIGIN} if section(value).get("cors") is True else {})}


_OWN_LAYER: Final = "PythonRequirementsLambdaLayer"
"""The layer that serverless-python-requirements makes of what remit packs by itself."""
_CONVERSIONS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "architecture": lambda value: [value],
    "endpointType": lambda value: value.upper() if isinstance(value, str) else value,
    "fileSystemConfig": lambda value: [placed(section(value), {"arn": "Arn", "localMountPath": "LocalMountPath"})],
    "filterPatterns": lambda value: [{"Pattern": json.dumps(pattern)} for pattern in mappings(value)],
    "functionResponseType": lambda value: [value],
    "layers": lambda value: [layer for layer in listed(value) if referred_to(layer) != _OWN_LAYER],
    "input": lambda value: value if isinstance(value, str) else json.dumps(value),
    "rules": lambda value: [{"Name": key, "Value": rule[key]} for rule in mappings(value) for key in rule],
    "snapStart": lambda value: "PublishedVersions" if value else "None",
    "tracing": lambda value: value if isinstance(value, str) else "Active" if value else "PassThrough",
    "url": _url,
    "vpc": lambda value: {f"{name[:1].upper()}{name[1:]}": ids for name, ids in section(value).items()},
}
"""How a value becomes that of SAM's property, where it is not the same."""
_OF_BATCHES: Final = {
    "batchSize": "BatchSize", "batchWindow": "MaximumBatchingWindowInSeconds",
    "bisectBatchOnFunctionError": "BisectBatchOnFunctionError", "enabled": "Enabled",
    "filterPatterns": "FilterCriteria.Filters", "functionResponseType": "FunctionResponseTypes",
    "maximumBatchingWindow": "MaximumBatchingWindowInSeconds", "maximumConcurrency": "ScalingConfig.MaximumConcurrency",
    "maximumRecordAgeInSeconds": "MaximumRecordAgeInSeconds", "maximumRetryAttempts": "MaximumRetryAttempts",
    "parallelizationFactor": "ParallelizationFactor", "startingPosition": "StartingPosition",
    "tumblingWindowInSeconds": "TumblingWindowInSeconds",
}  # fmt: skip
_OF_TOPIC: Final = {"arn": "Topic", "filterPolicy": "FilterPolicy", "filterPolicyScope": "FilterPolicyScope"}
_EVENTS: Final[Mapping[str, tuple[str, Mapping[str, str], Mapping[str, Any]]]] = {
    "cloudwatchEvent": ("EventBridgeRule", {"event": "Pattern"}, {}),
    "cloudwatchLog": ("CloudWatchLogs", {"logGroup": "LogGroupName", "filter": "FilterPattern"}, {}),
    "cognitoUserPool": ("Cognito", {"pool": "UserPool", "trigger": "Trigger"}, {}),
    "eventBridge": ("EventBridgeRule", {"pattern": "Pattern", "eventBus": "EventBusName"}, {}),
    "iot": ("IoTRule", {"sql": "Sql"}, {}),
    "s3": (
        "S3",
        {"bucket": "Bucket", "event": "Events", "rules": "Filter.S3Key.Rules"},
        {"event": "s3:ObjectCreated:*"},
    ),
    "alexaSkill": ("AlexaSkill", {"appId": "SkillId"}, {}),
    "schedule": ("Schedule", {"rate": "Schedule", "enabled": "Enabled", "input": "Input"}, {}),
    "sns": ("SNS", _OF_TOPIC, {}),
    "sqs": ("SQS", {"arn": "Queue", **_OF_BATCHES}, {"batchSize": 10}),
    "stream": ("DynamoDB", {"arn": "Stream", **_OF_BATCHES}, {"batchSize": 10, "startingPosition": "TRIM_HORIZON"}),
}
"""Events: SAM's type, SAM's properties by option, the one that stands alone first, and Serverless's defaults."""
_MADE: Final = {
    "cognitoUserPool": ("CognitoUserPool", "AWS::Cognito::UserPool", "UserPoolName"),
    "s3": ("S3Bucket", "AWS::S3::Bucket", "BucketName"),
    "sns": ("SNSTopic", "AWS::SNS::Topic", "TopicName"),
}
"""Resources that Serverless makes of a name in an event."""
_NO_OPTIONS: Final = frozenset({"displayName", "existing", "topicName", "type"})
_PROXIES: Final = ("lambda-proxy", "lambda_proxy", "aws_proxy", "aws-proxy")
_OF_ROUTE: Final = frozenset({"method", "path", "cors", "authorizer", "private", "integration"})
_OF_POOL: Final = {"identityValidationExpression": "Identity.ValidationExpression"}
_OF_TOKENS: Final = {"audience": "JwtConfiguration.audience", "issuerUrl": "JwtConfiguration.issuer"}
_OF_AUTHORIZER: Final = {
    "enableSimpleResponses": "EnableSimpleResponses", "header": "Identity.Header", "headers": "Identity.Headers",
    "identityValidationExpression": "Identity.ValidationExpression", "payload": "FunctionPayloadType",
    "payloadVersion": "AuthorizerPayloadFormatVersion", "resultTtlInSeconds": "Identity.ReauthorizeEvery",
}  # fmt: skip
_OF_API: Final = {
    "cors": "CorsConfiguration", "disableDefaultEndpoint": "DisableExecuteApiEndpoint",
    "endpointType": "EndpointConfiguration.Type", "resourcePolicy": "Auth.ResourcePolicy.CustomStatements",
    "vpcEndpointIds": "EndpointConfiguration.VPCEndpointIds",
}  # fmt: skip
_API_IDS: Final = {"http": "ApiGatewayRestApi", "httpApi": "HttpApi"}
_OF_CORS: Final = {
    "allowCredentials": "AllowCredentials", "allowedHeaders": "AllowHeaders", "allowedMethods": "AllowMethods",
    "allowedOrigins": "AllowOrigins", "headers": "AllowHeaders", "maxAge": "MaxAge", "methods": "AllowMethods",
    "origin": "AllowOrigins", "origins": "AllowOrigins",
}  # fmt: skip


def serverless_template(parsed: ParsedFile, folder: Path) -> SourceTemplate:
    """The template of a serverless.yml. RemitError at its line: a variable that cannot be, no functions."""
    return _Service(parsed, folder).template()


class _Service:
    """One pass over a service; `left` gathers what has no form in a template."""

    def __init__(self, parsed: ParsedFile, folder: Path) -> None:
        """Resolve the variables of the parts that are read. RemitError (2): it deploys elsewhere than to AWS."""
        self.parsed = parsed
        self.folder = folder
        variables = ServerlessVariables(parsed, folder)
        kept = (*_SECTIONS, "service", "provider", "functions", "resources", "plugins")
        self.raw = {name: variables.resolved(parsed.value[name], (name,)) for name in kept if name in parsed.value}
        self.parameters = variables.parameters
        service = self.raw.get("service")
        self.name = service.get("name") if isinstance(service, dict) and not tokens.is_intrinsic(service) else service
        self.provider = section(self.raw, "provider")
        if self.provider.get("name", "aws") != "aws":
            origin = parsed.locate(("provider", "name"))
            raise RemitError(f"its provider is {self.provider['name']}, and remit deploys to AWS", origin=origin)
        self.stage = self.provider.get("stage") or "dev"
        self.resources: dict[str, Any] = {}
        self.left: list[Left] = []

    def template(self) -> SourceTemplate:  # noqa: C901 - one section after the other
        """The service as a template of SAM's, with its own resources over those of its functions.

        What has no form is among what is left. RemitError (2): `functions` is no mapping.
        """
        functions = self.raw.get("functions") or {}
        if isinstance(functions, list):  # files of functions, joined
            functions = {name: one for part in mappings(functions) for name, one in part.items()}
        if not isinstance(functions, dict):
            raise RemitError("functions must be a mapping", origin=self.parsed.locate(("functions",)))
        places: dict[Steps, Steps] = {}
        for name, function in functions.items():
            if isinstance(function, dict):
                places["Resources", _logical_id(str(name))] = ("functions", name)
                self._function(str(name), function)
        plugins = self.raw.get("plugins")
        plugins = [str(plugin) for plugin in listed(section(plugins).get("modules", plugins))]
        for plugin in plugins:
            if not re.fullmatch(_PLUGINS, plugin):
                self._leave(f"plugin {plugin}", "remit has no plugins", ("plugins",))
        for name in _SECTIONS:
            for construct in section(self.raw, name):
                self._leave(f"{name}: {construct}", "it is made by Serverless alone", (name,))
        own: dict[str, Any] = {}
        for part in listed(self.raw.get("resources")):
            for name, content in section(part).items():
                own[name] = {**own.get(name, {}), **section(content)} if name != "Description" else content
        for name in own.pop("extensions", ()):
            self._leave(f"extension of {name}", "remit makes that resource otherwise", ("resources",))
        template = {
            **own,
            "Parameters": {**self.parameters, **section(own, "Parameters")},
            "Resources": {**self.resources, **section(own, "Resources")},
        }
        return SourceTemplate(
            app_name(tokens.text_of(self.name or "")),
            self.parsed.file.rpartition("/")[2],
            self.folder,
            template,
            lambda path: self.parsed.locate(places.get(path[:2], ("resources", *path))),
            tuple(self.left),
            sum(re.fullmatch(_PLUGINS, plugin) is not None for plugin in plugins),
        )

    def _leave(self, what: str, because: str, path: Steps) -> None:
        self.left.append(Left(what, because, self.parsed.locate(path)))

    def _function(self, name: str, function: Mapping[str, Any]) -> None:
        """Add a function with its events and its log group to the resources; what has no form there is left."""
        provider = self.provider
        above = {key: provider[key] for key in _SETTINGS if key in provider and key not in _OF_FUNCTION_ALONE}
        traced = section(provider, "tracing").get("lambda")
        environment = {**section(provider, "environment"), **section(function, "environment")}
        merged = {**_DEFAULTS, **above, "tracing": traced, **function, "environment": environment or None}
        merged["url"] = function.get("url") or None
        properties = {
            "FunctionName": _as_one_text(self.name or "", "-", self.stage, "-", name),
            "CodeUri": ".",
            **placed(merged, _SETTINGS, _CONVERSIONS),
        }
        wsgi = value_at_path(self.parsed.value, "custom.wsgi.app")
        if str(function.get("handler")).startswith("wsgi_handler.") and isinstance(wsgi, str):
            properties["WebTarget"] = ":".join(wsgi.rsplit(".", 1))
        if "Role" not in properties:
            properties |= self._access(function)
        events = self._events(name, listed(function.get("events")))
        for key in function:
            if key not in _NOT_LEFT:
                self._leave(f"{key} of {name}", _NO_SETTING, ("functions", name, key))
        properties |= {"Events": events} if events else {}
        retention = function.get("logRetentionInDays", provider.get("logRetentionInDays"))
        if retention is not None:
            group_id = f"{_logical_id(name).removesuffix('LambdaFunction')}LogGroup"
            group_name = f"/aws/lambda/{tokens.text_of(properties['FunctionName'])}"
            group = {"LogGroupName": group_name, "RetentionInDays": retention}
            self.resources[group_id] = {"Type": "AWS::Logs::LogGroup", "Properties": group}
            properties["LoggingConfig"] = {"LogGroup": {"Ref": group_id}}
        self.resources[_logical_id(name)] = {"Type": "AWS::Serverless::Function", "Properties": properties}

    def _events(self, name: str, given_events: Sequence[Any]) -> dict[str, Any]:
        """The events of a function, by id; what no trigger stands for is left."""
        events: dict[str, Any] = {}
        for index, event in enumerate(given_events):
            kind, given = next(iter(event.items())) if isinstance(event, dict) and event else (str(event), {})
            made = list(self._sam_events(str(kind), given))
            for number, (type_name, event_properties) in enumerate(made):
                event_id = f"{type_name}{index}Rate{number}" if number else f"{type_name}{index}"
                events[event_id] = {"Type": type_name, "Properties": event_properties}
            options = section(given) if kind in _API_IDS and made else {}
            for option in options:
                # The parameters of a request hold nothing back where nobody validates them.
                if option not in _OF_ROUTE and {*section(options, option)} != {"parameters"}:
                    at = ("functions", name, "events", index, kind, option)
                    self._leave(f"{option} of event {kind} of {name}", _NO_SETTING, at)
            if not made:
                because = "no trigger of remit's stands for it"
                self._leave(f"event {kind} of {name}", because, ("functions", name, "events", index))
        return events

    def _access(self, function: Mapping[str, Any]) -> dict[str, Any]:
        """`Role`, where the service names one, else `Policies` and `PermissionsBoundary`, each if there is any.

        A function's own statements replace those of the service, unless it inherits; `iam` of its own removes them.
        """
        role = value_at_path(self.provider, "iam.role") or self.provider.get("role")
        if role is not None and (not isinstance(role, dict) or tokens.is_intrinsic(role)):
            return {"Role": role}
        statements = [*listed(section(role).get("statements")), *listed(self.provider.get("iamRoleStatements"))]
        has_own = "iamRoleStatements" in function and not function.get("iamRoleStatementsInherit")
        if has_own or "iam" in function:
            statements = []
        statements += listed(function.get("iamRoleStatements"))
        managed = [*listed(section(role).get("managedPolicies")), *listed(self.provider.get("iamManagedPolicies"))]
        policies = [*([{"Statement": statements}] if statements else []), *managed]
        boundary = section(role).get("permissionsBoundary") or section(role).get("permissionBoundary")
        boundary = boundary or self.provider.get("rolePermissionsBoundary")
        access = {"Policies": policies or None, "PermissionsBoundary": boundary}
        return {name: value for name, value in access.items() if value is not None}

    def _sam_events(self, kind: str, given: Any) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield type and properties of each event of SAM's that an event is; none if SAM lacks it or an option of it.

        APIs, and buckets, topics and user pools that Serverless makes for it, are added to the resources.
        """
        options = dict(given) if isinstance(given, dict) and not tokens.is_intrinsic(given) else {}
        if kind in _API_IDS:
            yield from self._route(kind, given, options)
        if kind not in _EVENTS:
            return
        type_name, names, defaults = _EVENTS[kind]
        alone = next(iter(names))
        options = {**defaults, **(options or {alone: given or None})}
        if kind == "stream" and (options.get("type") == "kinesis" or ":kinesis:" in str(options)):
            type_name = "Kinesis"
        source = options.get(alone, options.get("topicName"))
        if kind in _MADE and isinstance(source, str) and not source.startswith("arn:") and not options.get("existing"):
            options[alone] = self._made(kind, source, options)
        if options.keys() - names.keys() - _NO_OPTIONS:
            return
        for one in source if kind == "schedule" and isinstance(source, list) else [options.get(alone)]:
            yield type_name, placed({**options, alone: one}, names, _CONVERSIONS)

    def _made(self, kind: str, name: str, options: Mapping[str, Any]) -> dict[str, Any]:
        """Add the resource that Serverless makes of a name in an event of this kind, and return its Ref."""
        prefix, type_name, naming = _MADE[kind]
        letters = re.sub(r"[^A-Za-z0-9]", "", name)
        logical_id = f"{prefix}{letters[:1].upper()}{letters[1:]}"
        properties = {naming: name, **placed(options, {"displayName": "DisplayName"})}
        self.resources[logical_id] = {"Type": type_name, "Properties": properties}
        return {"Ref": logical_id}

    def _route(self, kind: str, given: Any, options: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield a route, open or with its authorizer; nothing for one whose callers are not known here.

        The API gets the authorizer and CORS.
        """
        method, _, path = str(given).partition(" ")
        if options:
            method, path = str(options.get("method", "ANY")), str(options.get("path", ""))
        if given == "*":
            method, path = "ANY", "$default"
        is_proxy = str(options.get("integration", _PROXIES[0])).lower() in _PROXIES
        auth: dict[str, Any] = {"ApiKeyRequired": True} if options.get("private") else {}
        authorizer = options.get("authorizer")
        type_name = "Api" if kind == "http" else "HttpApi"
        made = self._authorizer(kind, authorizer) if authorizer and is_proxy else {}
        # Without its authorizer the route would be open to everyone, and another's API says itself whom it lets in.
        is_of_another = section(self.provider, "apiGateway" if kind == "http" else kind).keys() & {"id", "restApiId"}
        if made is None or not is_proxy or is_of_another:
            return
        api = self._api(kind, type_name)
        if made:
            ((auth["Authorizer"], definition),) = made.items()
            if definition:
                api.setdefault("Auth", {}).setdefault("Authorizers", {}).update(made)
            auth |= placed(section(authorizer), {"scopes": "AuthorizationScopes"})
        if kind == "http" and options.get("cors"):
            api["Cors"] = {
                name.replace("Origins", "Origin"): f"'{','.join(map(str, texts))}'"
                for name, texts in _cors(options["cors"]).items()
                if isinstance(texts, list)
            }
        yield (
            type_name,
            {
                "Method": method,
                "Path": path if path[:1] in ("/", "$") else f"/{path}",
                "RestApiId" if kind == "http" else "ApiId": {"Ref": _API_IDS[kind]},
                "Auth": auth,
            },
        )

    def _authorizer(self, kind: str, given: Any) -> dict[str, dict[str, Any]] | None:
        """An authorizer of an API's by its name, as SAM has it; AWS_IAM has nothing, and None is one not known here."""
        is_mapping = isinstance(given, dict) and not tokens.is_intrinsic(given)
        options: dict[str, Any] = given if is_mapping else {"arn" if ":" in str(given) else "name": given}
        if "aws_iam" in (str(options.get("type")).lower(), str(options.get("name")).lower()):
            return {"AWS_IAM": {}}
        if kind == "httpApi":
            options = {**options, **section(self.provider, "httpApi", "authorizers", str(options.get("name")))}
        arn, function = options.get("arn"), options.get("functionName", options.get("name"))
        if arn is not None or "functionArn" in options:
            function = None  # of the service or not: its name here says nothing of it
        name = "".join(re.findall(r"\w+", str(options.get("name") or referred_to(arn) or arn).rpartition("/")[2]))
        own_id = referred_to(arn)
        if ":userpool/" in str(arn) or (own_id and not own_id.endswith("LambdaFunction")):
            return {name: {"UserPoolArn": arn, **placed(options, _OF_POOL)}}
        if "issuerUrl" in options:
            return {name: placed(options, _OF_TOKENS)}
        sources = ",".join(map(str, listed(options.get("identitySource", "header.Authorization")))).split(",")
        if function not in section(self.raw, "functions") or not all("header." in source for source in sources):
            return None
        headers = [source.rpartition(".")[2] for source in sources]
        is_token = kind == "http" and str(options.get("type", "token")).lower() == "token"
        of_kind = {"payload": "TOKEN" if is_token else "REQUEST"} if kind == "http" else {"payloadVersion": "2.0"}
        by = {"header": headers[0]} if is_token else {"headers": headers}
        authorizer = placed({**of_kind, **by, **options}, _OF_AUTHORIZER)
        return {name: {"FunctionArn": {"Fn::GetAtt": [_logical_id(str(function)), "Arn"]}, **authorizer}}

    def _api(self, kind: str, type_name: str) -> dict[str, Any]:
        """The properties of the service's one API of a kind, which its first route makes; callers add to them."""
        properties: dict[str, Any] = {"StageName": self.stage} if kind == "http" else {}
        settings = section(self.provider, "httpApi")
        if kind == "http":
            settings = {**self.provider, **section(self.provider, "apiGateway"), "cors": None}
        properties |= placed(settings, _OF_API, {**_CONVERSIONS, "cors": lambda cors: _cors(cors) if cors else None})
        resource = {"Type": f"AWS::Serverless::{type_name}", "Properties": properties}
        made: dict[str, Any] = self.resources.setdefault(_API_IDS[kind], resource)["Properties"]
        return made


def _logical_id(name: str) -> str:
    """The logical id that Serverless gives to a function."""
    return f"{name[:1].upper()}{name[1:]}LambdaFunction".replace("-", "Dash").replace("_", "Underscore")


def _as_one_text(*parts: Any) -> Any:
    """Texts and functions of CloudFormation as one text, which is a Fn::Sub if there is a function among them."""
    text = "".join(tokens.text_of(section(part).get("Fn::Sub") or part) for part in parts)
    return {"Fn::Sub": text} if any(isinstance(part, dict) for part in parts) else text


def _cors(cors: Any) -> dict[str, Any]:
    """CORS of a service in SAM's words, without options that SAM lacks; any origin where it is no mapping."""
    if not isinstance(cors, dict):
        return _ANY_ORIGIN
    renamed = {_OF_CORS[name]: value for name, value in cors.items() if name in _OF_CORS}
    lists = ("AllowOrigins", "AllowHeaders", "AllowMethods")
    return {name: [value] if name in lists and isinstance(value, str) else value for name, value in renamed.items()}
