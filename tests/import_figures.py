"""How much of public apps `remit import` takes over: each against the expansion of AWS's own translator of SAM.

    python tests/import_figures.py FOLDER TEMPLATES [--only TEXT] [--jobs 2]

FOLDER has repositories, each in a folder `OWNER+NAME`; TEMPLATES is a table of tabs with the columns repository and
path. Each source is imported, built, and what was built is compared, property by property, with what the translator
makes of the source: the same logical ids, types and properties, but for the differences that
`tests/data/import_differences.toml` lists with their reasons. An app is whole if nothing is left and no difference is
without a reason.
"""

# ruff: noqa: BLE001, C901, PLC0415, PLR0911, PLR0912, T201 - a script: it prints, and goes on past any failure
from __future__ import annotations

import argparse
import contextlib
import csv
import io
import json
import os
import re
import shutil
import tempfile
import tomllib
import traceback
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")

DIFFERENCES = Path(__file__).parent / "data" / "import_differences.toml"
MADE_BY_EVENTS = {
    "AWS::Lambda::EventSourceMapping": ("FunctionName", "EventSourceArn"),
    "AWS::Lambda::EventInvokeConfig": ("FunctionName",),
    "AWS::Lambda::Url": ("TargetFunctionArn",),
    "AWS::Lambda::Permission": ("FunctionName", "Principal"),
    "AWS::SNS::Subscription": ("TopicArn", "Endpoint"),
    "AWS::Events::Rule": ("EventPattern",),
    "AWS::Scheduler::Schedule": ("ScheduleExpression",),
    "AWS::Logs::SubscriptionFilter": ("LogGroupName", "FilterPattern"),
    "AWS::ApiGateway::UsagePlan": ("Quota", "Throttle"),
    "AWS::IoT::TopicRule": ("TopicRulePayload.Sql",),
    "AWS::Lambda::Version": ("FunctionName",),
    "AWS::Lambda::Alias": ("FunctionName", "Name"),
    "AWS::Lambda::LayerVersion": ("LayerName",),
}
"""Types that remit names itself, and the properties by which the same resource is found on both sides."""
AUTHORIZATION_TYPES = {"AWSSIGV4": "AWS_IAM", "AWS.AUTH": "AWS_IAM", "REQUEST": "CUSTOM", "TOKEN": "CUSTOM"}
"""What an authorizer of a document is as a resource."""
OWN_IDS = {
    "AWS::ApiGateway::RestApi": "RestApi",
    "AWS::ApiGateway::Stage": "RestApiStage",
    "AWS::ApiGatewayV2::Api": "HttpApi",
    "AWS::ApiGatewayV2::Stage": "HttpApiStage",
}
"""The parts of APIs that remit names itself, by their types."""


@dataclass
class Result:
    """One source: what is left, the differences without a reason, those with one, and what went wrong."""

    source: str
    expressed: int = 0
    of: int = 0
    left: list[str] = field(default_factory=list)
    unexplained: list[str] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)
    error: str = ""
    builds: bool = False

    @property
    def is_whole(self) -> bool:
        """True if the app has everything of its source."""
        return self.builds and not (self.left or self.unexplained or self.error)


def values_of(template: dict[str, Any], constants: dict[str, Any]) -> dict[str, Any]:
    """The values of a template's parameters: those that the imported app has."""
    from remit.importing.app_model import Leftovers
    from remit.importing.parameters import constants_of

    _, names, _ = constants_of(template, lambda _: None, Leftovers())
    return {name: constants[constant] for name, constant in names.parameters.items()}


def decided(condition: Any, conditions: dict[str, Any], values: dict[str, Any], mappings: dict[str, Any]) -> bool:
    """Whether a condition holds."""
    if "Condition" in condition:
        return decided(conditions[condition["Condition"]], conditions, values, mappings)
    ((function, argument),) = condition.items()
    if function == "Fn::Equals":
        first, second = (resolved(side, conditions, values, mappings) for side in argument)
        return str(first) == str(second)
    parts = [decided(part, conditions, values, mappings) for part in argument]
    return {"Fn::And": all, "Fn::Or": any, "Fn::Not": lambda held: not held[0]}[function](parts)


GONE = object()


def resolved(value: Any, conditions: dict[str, Any], values: dict[str, Any], mappings: dict[str, Any]) -> Any:
    """A value with parameters, mappings and conditions put in; what only the deploy knows stays as late-bound text."""
    from remit.iam import tokens

    def deeper(part: Any) -> Any:
        return resolved(part, conditions, values, mappings)

    if isinstance(value, list):
        items = []
        for item in value:
            part = deeper(item)
            items += [] if part is GONE else part if isinstance(part, list) and isinstance(item, dict) else [part]
        return items
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        ((function, argument),) = value.items()
        if function == "Ref" and argument == "AWS::NoValue":
            return GONE
        if function == "Ref" and argument in values:
            return values[argument]
        if function == "Fn::If":
            held = decided({"Condition": argument[0]}, conditions, values, mappings)
            return deeper(argument[1 if held else 2])
        if function == "Fn::FindInMap":
            keys = [deeper(key) for key in argument]
            with contextlib.suppress(KeyError, TypeError):
                return mappings[keys[0]][str(keys[1])][str(keys[2])]
        if function == "Fn::Sub":
            text, variables = tokens.substitution(argument)
            own = {name: deeper(part) for name, part in variables.items()}
            put = {**{name: part for name, part in values.items() if not isinstance(part, list)}, **own}
            text = re.sub(
                r"\$\{([A-Za-z0-9_]+)\}",
                lambda found: str(tokens.textual(put[found[1]])) if found[1] in put else found[0],
                text,
            )
            return text.replace("${!", "${")
        if function == "Fn::Join":
            parts = deeper(argument[1])
            if isinstance(parts, list) and all(isinstance(part, str | int) for part in parts):
                return str(argument[0]).join(map(str, parts))
        if function == "Fn::Select":
            parts = deeper(argument[1])
            if isinstance(parts, list) and int(argument[0]) < len(parts):
                return parts[int(argument[0])]
        if function == "Fn::Split":
            text = deeper(argument[1])
            if isinstance(text, str) and "${" not in text:
                return text.split(argument[0])
        if function in ("Ref", "Fn::GetAtt"):
            return tokens.from_intrinsic(value)
        if function.startswith("Fn::"):
            return tokens.from_intrinsic({function: deeper(argument)})
    placed = {key: deeper(part) for key, part in value.items()}
    return {key: part for key, part in placed.items() if part is not GONE}


def plain(template: dict[str, Any], values: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The resources of a template that exist with these values, resolved."""
    conditions, mappings = template.get("Conditions", {}), template.get("Mappings", {})
    resources = {}
    for name, resource in template["Resources"].items():
        condition = resource.get("Condition")
        if condition is None or decided({"Condition": condition}, conditions, values, mappings):
            resources[name] = resolved(
                {key: part for key, part in resource.items() if key not in ("Metadata", "Condition")},
                conditions,
                values,
                mappings,
            )
    return resources


def reason_of(type_name: str, path: str, rules: list[dict[str, Any]]) -> str | None:
    """The reason that is listed for a difference; None without one."""
    for rule in rules:
        for pattern in rule["where"]:
            if re.fullmatch(pattern, f"{type_name} {path}"):
                return str(rule["name"])
    return None


def differing(old: Any, new: Any, path: str = "") -> list[str]:
    """The paths at which two values differ; texts and numbers are equal that CloudFormation takes for one another."""
    if isinstance(old, dict) and isinstance(new, dict):
        return [
            each
            for key in dict.fromkeys((*old, *new))
            for each in (
                differing(old[key], new[key], f"{path}.{key}" if path else str(key))
                if key in old and key in new
                else [f"{path}.{key}".lstrip(".")]
            )
        ]
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        return [
            each
            for index, pair in enumerate(zip(old, new, strict=True))
            for each in differing(*pair, f"{path}[{index}]")
        ]
    if isinstance(old, list) != isinstance(new, list):  # a list of one, and that one
        first, second = (item if isinstance(item, list) else [item] for item in (old, new))
        return [] if first == second else [path]
    return [] if _scalar(old) == _scalar(new) else [path]


def _scalar(value: Any) -> str:
    if isinstance(value, str) and value[:1] in "{[":
        with contextlib.suppress(ValueError):
            return json.dumps(json.loads(value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def compared(old: dict[str, Any], new: dict[str, Any], result: Result, renamed: dict[str, str]) -> None:
    """Compare the resources of the translator with those of remit; note each difference by its reason."""
    for _ in range(2):  # what refers to a resource that remit names itself, is found once that one is
        old = with_ids(old, renamed)
        free = {name: resource for name, resource in new.items() if name not in old}
        twins = {name: twin_of(resource, free) for name, resource in old.items() if name not in new}
        renamed = {name: twin for name, twin in twins.items() if twin is not None}
    rules = tomllib.loads(DIFFERENCES.read_text("utf-8")).get("difference", [])

    def note(type_name: str, path: str, what: str) -> None:
        reason = reason_of(type_name, path, rules)
        if reason is None:
            result.unexplained.append(f"{type_name} {path}: {what}")
        else:
            result.reasons[reason] += 1

    routes, own_routes = routes_of(old), routes_of(new)
    old, new = as_properties(old), as_properties(new)
    for route in dict.fromkeys((*routes, *own_routes)):
        if routes.get(route) != own_routes.get(route):
            result.unexplained.append(f"route {route}: {routes.get(route)} is {own_routes.get(route)}")
    free = {name: resource for name, resource in new.items() if name not in old}
    for name, resource in old.items():
        kind = resource["Type"]
        partner = new.get(name)
        if partner is not None and partner["Type"] == kind and name in twins.values():
            note(kind, "id", name)
        if partner is None or partner["Type"] != kind:
            twin = twin_of(resource, free)
            if twin is None and kind == "AWS::Events::Rule" and "ScheduleExpression" in resource["Properties"]:
                as_schedule = {"Type": "AWS::Scheduler::Schedule", "Properties": resource["Properties"]}
                twin = twin_of(as_schedule, free)
                if twin is not None:
                    free.pop(twin)
                    note(kind, "schedule", f"{name} is {twin}")
                    continue
            if twin is None:
                note(kind, "-", name)
                continue
            partner = free.pop(twin)
            note(kind, "id", f"{name} is {twin}")
        for attribute in dict.fromkeys((*resource, *partner)):
            for path in differing(resource.get(attribute, {}), partner.get(attribute, {})):
                if path == "Body" and "Body" not in partner["Properties"]:
                    continue  # its routes are compared, whichever way they are written
                at = path if attribute == "Properties" else f"@{attribute}"
                at += " absent" if at_path(resource.get(attribute), path) is None else ""
                was, is_now = (at_path(side.get(attribute), path) for side in (resource, partner))
                note(kind, re.sub(r"\[\d+\]", "[]", at), f"{name}: {was!r:.90} is {is_now!r:.90}")
    for name, resource in free.items():
        note(resource["Type"], "+", name)


def as_properties(resources: dict[str, Any]) -> dict[str, Any]:
    """Resources of which the documents of APIs say nothing that a property says: CORS, a policy, media types."""
    resources = json.loads(json.dumps(resources))
    for resource in resources.values():
        properties = resource.get("Properties", {})
        body = properties.get("Body")
        if isinstance(body, dict):
            policy, cors = (body.pop(f"x-amazon-apigateway-{name}", None) for name in ("policy", "cors"))
            own_region = f":{os.environ['AWS_DEFAULT_REGION']}:"  # which the translator puts in
            policy = json.loads(json.dumps(policy).replace(own_region, ":${AWS::Region}:"))
            properties |= {"Policy": policy} if policy else {}
            spelled = {name[:1].upper() + name[1:]: value for name, value in (cors or {}).items()}
            properties |= {"CorsConfiguration": spelled} if cors else {}
        if "BinaryMediaTypes" in properties:
            properties["BinaryMediaTypes"] = [text.replace("~1", "/") for text in properties["BinaryMediaTypes"]]
        if resource["Type"] == "AWS::Lambda::EventSourceMapping" and properties.get("Enabled") is True:
            properties.pop("Enabled")  # which it is where nothing is said
        for name, nothing in (("SnapStart", {"ApplyOn": "None"}), ("RuntimeManagementConfig", {})):
            if properties.get(name) == nothing:
                properties.pop(name)
    return resources


def routes_of(resources: dict[str, Any]) -> dict[str, str]:
    """The routes of a template's APIs, those in documents as well: the function that each runs, and whom it lets in."""
    routes: dict[str, str] = {}
    for resource in resources.values():
        kind, properties = resource["Type"], resource.get("Properties", {})
        if kind == "AWS::ApiGatewayV2::Route":
            integration = _referred(resources, properties.get("Target", ""))
            version = integration.get("PayloadFormatVersion", "1.0")
            function = _function_of(integration.get("IntegrationUri"))
            routes[f"http {properties['RouteKey']}"] = f"{function} {version} {_asked(resources, properties)}"
        called = properties.get("Integration", {})
        if kind == "AWS::ApiGateway::Method" and called.get("Type") not in (None, "MOCK"):
            path = _path_of(resources, str(properties.get("ResourceId")))
            function = _function_of(called.get("Uri"))
            key = "key " if properties.get("ApiKeyRequired") else ""
            routes[f"rest {properties['HttpMethod']} {path}"] = f"{function} {key}{_asked(resources, properties)}"
        if kind in ("AWS::ApiGateway::RestApi", "AWS::ApiGatewayV2::Api") and isinstance(properties.get("Body"), dict):
            is_rest = kind == "AWS::ApiGateway::RestApi"
            routes |= dict(_routes_of_body(properties["Body"], is_rest=is_rest))
    return routes


def _routes_of_body(body: dict[str, Any], *, is_rest: bool) -> Iterator[tuple[str, str]]:
    schemes = {**body.get("securityDefinitions", {}), **body.get("components", {}).get("securitySchemes", {})}
    for path, operations in (body.get("paths") or {}).items():
        for method, operation in operations.items():
            integration = operation.get("x-amazon-apigateway-integration") if isinstance(operation, dict) else None
            if not isinstance(integration, dict) or integration.get("type") == "mock":
                continue
            verb = "ANY" if method.startswith("x-") else method.upper()
            asked = ["NONE"]
            for name, scopes in [pair for item in operation.get("security", []) for pair in item.items()]:
                scheme = schemes.get(name, {})
                authorizer = scheme.get("x-amazon-apigateway-authorizer", {})
                told = authorizer.get("type", scheme.get("x-amazon-apigateway-authtype", name)).upper()
                told = {"AWSSIGV4": "AWS_IAM", "AWS.AUTH": "AWS_IAM", "REQUEST": "CUSTOM", "TOKEN": "CUSTOM"}.get(
                    told, told
                )
                checker = _function_of(authorizer.get("authorizerUri"))
                if name == "api_key":
                    asked.insert(0, "key")
                elif name != "NONE":
                    asked[-1] = " ".join(filter(None, (told, checker, *sorted(map(str, scopes)))))
            function, start = _function_of(integration.get("uri")), "rest" if is_rest else "http"
            version = "" if is_rest else f" {integration.get('payloadFormatVersion', '1.0')}"
            route = f"{verb} {path.rstrip('/') or '/' if is_rest else path}"
            route = "$default" if path in ("/$default", "$default") else route
            yield f"{start} {route}", f"{function}{version} {' '.join(asked)}"


def _referred(resources: dict[str, Any], reference: Any) -> dict[str, Any]:
    """The properties of the resource that a text refers to."""
    found = re.search(r"\$\{(\w+)\}", str(reference))
    properties: dict[str, Any] = resources.get(found[1] if found else "", {}).get("Properties", {})
    return properties


def _asked(resources: dict[str, Any], route: dict[str, Any]) -> str:
    """What a route asks of its caller."""
    authorizer = _referred(resources, route.get("AuthorizerId"))
    checker = _function_of(authorizer.get("AuthorizerUri"))
    scopes = sorted(map(str, route.get("AuthorizationScopes") or []))
    return " ".join(filter(None, (route.get("AuthorizationType", "NONE"), checker, *scopes)))


def _function_of(uri: Any) -> str:
    """The function that a URI calls."""
    found = re.search(r"\$\{(\w+?)(Alias\w*)?(\.Arn|\.Alias)?\}(/invocations)?$", str(uri))
    return found[1].removesuffix("Function") if found else ""


def _path_of(resources: dict[str, Any], reference: str) -> str:
    """The path of a resource of a REST API."""
    properties = _referred(resources, reference)
    if "PathPart" not in properties:
        return "/"
    return f"{_path_of(resources, properties['ParentId']).rstrip('/')}/{properties['PathPart']}"


def with_ids(resources: dict[str, Any], renamed: dict[str, str]) -> dict[str, Any]:
    """Resources with other logical ids, also where they are referred to."""
    texts = json.dumps(resources)
    for written, own in renamed.items():
        texts = re.sub(rf"\$\{{{written}(?=[.}}])", f"${{{own}", texts)
    return {renamed.get(name, name): resource for name, resource in json.loads(texts).items()}


def at_path(value: Any, path: str) -> Any:
    """The value at a path of `differing`."""
    for step in re.findall(r"[^.\[\]]+", path):
        try:
            value = value[int(step)] if isinstance(value, list) else value[step]
        except (KeyError, IndexError, TypeError, ValueError):
            return None
    return value


def twin_of(resource: dict[str, Any], free: dict[str, Any]) -> str | None:
    """The resource of the other side that does the same under another logical id."""
    keys = MADE_BY_EVENTS.get(resource["Type"])
    if keys is None:
        return None
    wanted = [_target(at_path(resource.get("Properties", {}), key)) for key in keys]
    for name, other in free.items():
        values = [_target(at_path(other.get("Properties", {}), key)) for key in keys]
        if other["Type"] == resource["Type"] and values == wanted:
            return name
    return None


def _target(value: Any) -> str:
    """A value as two sides may have it: a function by its name, or by its ARN."""
    return json.dumps(value, sort_keys=True).replace(".Arn}", "}")


def examined(row: tuple[str, str]) -> Result:
    """Import, build and compare one source."""
    from remit.errors import RemitError
    from remit.importing.import_app import import_app

    path, name = Path(row[0]), row[1]
    result = Result(name)
    folder = Path(tempfile.mkdtemp(prefix="import-figures-"))
    try:
        try:
            imported = import_app(path, folder / "app")
        except RemitError as error:
            result.error = f"refused: {error.message:.150}"
            return result
        result.expressed, result.of = imported.expressed, imported.of
        result.left = [f"{left.what}: {left.because}" for left in imported.left]
        _built(folder / "app", result)
        if result.builds:
            _translated(path, folder / "app", result)
    except Exception:
        result.error = "traceback: " + " | ".join(traceback.format_exc().splitlines()[-5:])
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return result


def _built(folder: Path, result: Result) -> None:
    from remit.build import build
    from remit.errors import RemitError

    try:
        build(folder, "dev", package=False)
        result.builds = True
    except RemitError as error:
        result.error = f"build: {error!s:.600}"


def _translated(path: Path, folder: Path, result: Result) -> None:
    from samtranslator.parser.parser import Parser
    from samtranslator.translator.translator import Translator

    from remit.importing.sources import read_source

    read = read_source(path)
    source = _uploaded(read.template)
    constants: dict[str, Any] = {}
    if (folder / "parameters.py").exists():
        text = re.sub("^from remit import .*$", "", (folder / "parameters.py").read_text("utf-8"), flags=re.MULTILINE)
        exec(text, {"existing": _Stored}, constants)  # noqa: S102 - what remit has just written
    values = values_of(source, constants)
    texts = {name: value if not isinstance(value, list) else ",".join(value) for name, value in values.items()}
    with contextlib.redirect_stderr(io.StringIO()):
        try:
            translated = Translator({}, Parser()).translate(json.loads(json.dumps(source, default=str)), dict(texts))
        except Exception as error:
            result.error = f"translator: {error!s:.200}"
            return
    built = json.loads((folder / ".remit/build/template.json").read_text())
    stored = {
        name: "stored:" + re.sub(r"parameter (.*), which.*", r"\1", parameter.get("Description", ""))
        for name, parameter in built.get("Parameters", {}).items()
    }
    values["AWS::StackName"] = stored["AWS::StackName"] = "app-dev"
    named = json.loads(json.dumps(built).replace("${AWS::StackName}", "app-dev"))
    old, new = (
        plain(json.loads(json.dumps(translated).replace("${AWS::StackName}", "app-dev")), values),
        plain(named, stored),
    )
    compared(old, new, result, renamed(old, new))


def _uploaded(template: dict[str, Any]) -> dict[str, Any]:
    """The template as `sam package` leaves it, without paths on this machine."""
    copy: dict[str, Any] = json.loads(json.dumps(template, default=str))
    shared = copy.get("Globals", {}).values()
    for properties in (*shared, *(resource.get("Properties") or {} for resource in copy["Resources"].values())):
        for name in ("CodeUri", "ContentUri", "DefinitionUri"):
            if isinstance(properties.get(name), str) and not properties[name].startswith("s3://"):
                properties[name] = "s3://bucket/key"
    for resource in copy["Resources"].values():
        properties = resource.setdefault("Properties", {})
        if properties.pop("WebTarget", None) is not None:
            properties["Handler"] = "web"
        has_code = {"InlineCode", "ImageUri"} & properties.keys() or properties.get("PackageType") == "Image"
        if resource["Type"] == "AWS::Serverless::Function" and not has_code:
            properties.setdefault("CodeUri", "s3://bucket/key")
    return copy


class _Stored:
    @staticmethod
    def parameter(name: str) -> str:
        """How the comparison calls the value of a parameter of Parameter Store."""
        return f"stored:{name}"


def renamed(old: dict[str, Any], new: dict[str, Any]) -> dict[str, str]:
    """The ids of what remit names itself, by the translator's: the roles of functions, and APIs."""
    ids = {}
    for name, resource in old.items():
        if resource["Type"] == "AWS::Lambda::Function" and name in new:
            roles = [side[name]["Properties"].get("Role", "") for side in (old, new)]
            written, own = (re.fullmatch(r"\$\{(\w+)\.Arn\}", str(role)) for role in roles)
            if written and own:
                ids[written[1]] = own[1]
            layers = [side[name]["Properties"].get("Layers") or [] for side in (old, new)]
            ids |= {
                str(first)[2:-1]: str(second)[2:-1]
                for first, second in zip(*layers, strict=False)
                if "${" in str(first) and first != second
            }
        for kind, own_id in OWN_IDS.items():
            if resource["Type"] == kind and name not in new and own_id in new:
                ids[name] = own_id
    return ids


def main() -> int:
    """Print a line for each source that is not whole, and the figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("templates", type=Path)
    parser.add_argument("--only", default="")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    with options.templates.open() as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    sources = [
        (str(options.folder / row["repository"].replace("/", "+") / row["path"]), f"{row['repository']} {row['path']}")
        for row in rows
    ]
    sources = [source for source in sources if options.only in source[1]]
    with ProcessPoolExecutor(options.jobs) as pool:
        results = []
        for result in pool.map(examined, sources):
            results.append(result)
            if not result.is_whole:
                print(f"{result.source}: {result.error or 'not whole'}")
                for text in (*result.left, *result.unexplained):
                    print(f"    {text}", flush=True)
    reasons: Counter[str] = Counter()
    problems: Counter[str] = Counter()
    for result in results:
        reasons += result.reasons
        if not result.is_whole:
            problems[re.sub(r"[:(].*", "", result.error) or ("left" if result.left else "differs")] += 1
    print(dict(reasons.most_common()))
    print(dict(problems.most_common()))
    whole = sum(result.is_whole for result in results)
    builds = sum(result.builds for result in results)
    tracebacks = sum("traceback" in result.error for result in results)
    print(f"{whole} of {len(results)} whole ({whole / len(results):.0%}), {builds} build, {tracebacks} tracebacks")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
