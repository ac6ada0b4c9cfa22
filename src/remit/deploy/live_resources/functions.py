"""Rows of Lambda: functions with their policies, event source mappings and aliases.

Sources: GetFunction, GetPolicy, AddPermission, UpdateFunctionConfiguration, UpdateFunctionCode, PutFunctionConcurrency,
ListEventSourceMappings, UpdateEventSourceMapping, GetAlias, UpdateAlias (Lambda API Reference). What calls a function
without a role of its own, such as a rule, needs a statement in the function's policy, and is seen by that.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from remit.deploy.artefacts import checksum, names_artefact
from remit.deploy.deployed_references import UNKNOWN
from remit.deploy.live_resources.policies import comparable, new_callers
from remit.deploy.live_resources.resource_row import (
    ComparedProperty,
    LiveResource,
    Read,
    Row,
    Subject,
    expected_at,
    is_same,
    value_at,
)
from remit.deploy.role_repairs import Repair, repair
from remit.iam.policy import Statement, parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.deploy.drift import Drift

_FUNCTION, _POLICY, _MAPPINGS, _ALIAS = (
    "lambda.GetFunction", "lambda.GetPolicy", "lambda.ListEventSourceMappings", "lambda.GetAlias",
)  # fmt: skip
_UPDATED: Final = "function_updated_v2"
_PERMISSION: Final = ("Action", "Principal", "SourceArn", "SourceAccount", "PrincipalOrgID", "EventSourceToken",
                      "FunctionUrlAuthType", "InvokedViaFunctionUrl")  # fmt: skip
"""The properties of a permission, which AddPermission takes under the same names."""
_LATEST: Final = ":$LATEST"  # what a name without a qualifier means
_RUNNING: Final = {"Enabled": True, "Enabling": True, "Disabled": False, "Disabling": False}


def _parts_of_arn(arn: str) -> tuple[str, str]:
    """The function and the qualifier in the ARN of an alias or a version."""
    *_, function, qualifier = arn.split(":")
    return function, qualifier


def _function_name(subject: Subject) -> dict[str, str]:
    """The parameters that name a function, or an alias by its function and qualifier."""
    if not subject.name.startswith("arn:"):
        return {"FunctionName": subject.name}
    function, qualifier = _parts_of_arn(subject.name)
    return {"FunctionName": function, "Qualifier": qualifier}


def _alias_name(subject: Subject) -> dict[str, str]:
    """The parameters that name an alias."""
    function, name = _parts_of_arn(subject.name)
    return {"FunctionName": function, "Name": name}


def _permissions(live: LiveResource, answer: Any) -> Iterator[Drift]:
    """Yield the statements that no AWS::Lambda::Permission made, then the permissions that have none.

    Nothing where the template has a part that only its deploy knew. Statements on other versions or aliases do not
    count.
    """
    attached = live.stack.policies.get(live.logical_id, ())
    if attached is None:
        return
    # The policy of a function may list the statements on its aliases and versions as well.
    held_statements = parse(json.loads(answer["Policy"])).statements if answer else ()
    statements = [item for item in held_statements if item.resources and item.resources.patterns == (live.arn,)]
    held = {comparable(statement) for statement in statements}
    declared: dict[Statement, Any] = {
        comparable(statement): policy.holder for policy in attached for statement in policy.policy.statements
    }
    for statement in statements:
        if comparable(statement) not in declared:
            effects, is_public = new_callers(live, (statement,), ())
            what = f"permission {statement.sid} of {live.words} was added by hand{effects}"
            removal = repair("lambda.RemovePermission", **_function_name(live.subject), StatementId=statement.sid)
            yield live.drift("access", what, removal, is_public=is_public)
    for statement, holder in declared.items():
        if statement not in held:
            properties = live.stack.filled(dict(holder.properties))
            given = {name: properties[name] for name in _PERMISSION if name in properties}
            name = live.stack.physical[holder.logical_id].rpartition("|")[2]
            back = repair("lambda.AddPermission", **_function_name(live.subject), StatementId=name, **given)
            yield live.drift("runs", f"permission {holder.logical_id} of {live.words} was removed by hand", back)


def _configure(live: LiveResource, setting: ComparedProperty) -> Repair:
    """The call that writes one property, which UpdateFunctionConfiguration takes under the same name."""
    value = expected_at(live, setting)
    actual = value_at(live.answers[_FUNCTION], setting.path)
    value = int(value) if isinstance(actual, int) else value  # CloudFormation takes a number that is written as text
    return repair("lambda.UpdateFunctionConfiguration", _UPDATED, FunctionName=live.name, **{setting.property: value})


def _limit_concurrency(live: LiveResource, setting: ComparedProperty) -> Repair:
    """The call that sets the reserved concurrency as it is expected, or takes it away where none is."""
    most = expected_at(live, setting)
    if most is None:
        return repair("lambda.DeleteFunctionConcurrency", FunctionName=live.name)
    return repair("lambda.PutFunctionConcurrency", FunctionName=live.name, ReservedConcurrentExecutions=int(most))


def _environment(live: LiveResource, answer: Any) -> Iterator[Drift]:
    """Yield the variables that differ, in one change, by their names: a value may be a secret.

    Nothing where the caller may not decrypt them, or only the deploy knew them. A value that only its deploy knew
    equals any, and stays when others are put back; where such a variable is gone, the change cannot be undone.
    """
    actual = value_at(answer, "Configuration.Environment") or {}
    expected = value_at(live.properties, "Environment.Variables") or {}
    if "Error" in actual or expected is UNKNOWN:  # the caller may not decrypt them
        return
    variables = actual.get("Variables", {})
    changes = [f"{name} was added" for name in variables if name not in expected]
    changes += [f"{name} was removed" for name in expected if name not in variables]
    changes += [
        f"{name} has another value"
        for name, value in expected.items()
        if name in variables and not is_same(value, variables[name])
    ]
    if changes:
        back = {
            name: variables.get(name, UNKNOWN) if value is UNKNOWN else str(value) for name, value in expected.items()
        }
        environment = {"Variables": back}
        restored = repair(
            "lambda.UpdateFunctionConfiguration", _UPDATED, FunctionName=live.name, Environment=environment
        )
        what = f"the environment of {live.words} was changed by hand: {', '.join(changes)}"
        yield live.drift("runs", what, restored)


def _code(live: LiveResource, answer: Any) -> Iterator[Drift]:
    """Yield code that is not the zip of the template; nothing where remit packaged none."""
    code = live.properties.get("Code", {})
    key = code.get("S3Key")
    if isinstance(key, str) and names_artefact(key):
        running = value_at(answer, "Configuration.CodeSha256")
        if running != checksum(key):
            back = repair(
                "lambda.UpdateFunctionCode", _UPDATED, FunctionName=live.name, S3Bucket=code["S3Bucket"], S3Key=key
            )
            yield live.drift("runs", f"the code of {live.words} was changed by hand", back)


def _tags(live: LiveResource, answer: Any) -> Iterator[Drift]:
    """Yield the template's tags that are gone or have another value; others may add tags of theirs.

    A value that only its deploy knew equals any.
    """
    expected = {tag["Key"]: tag["Value"] for tag in live.properties.get("Tags", ())}
    actual = answer.get("Tags", {})
    changed = {key: value for key, value in expected.items() if value is not UNKNOWN and actual.get(key) != value}
    if changed:
        back = repair("lambda.TagResource", Resource=live.arn, Tags=changed)
        yield live.drift("rest", f"tags of {live.words} were changed by hand: {', '.join(changed)}", back)


def _mapping_differences(live: LiveResource, answer: Any) -> Iterator[Drift]:
    """Yield what differs of an event source mapping: its function, its state, its numbers; or that it is gone."""
    mapping = next((item for item in answer["EventSourceMappings"] if item["UUID"] == live.name), None)
    if mapping is None:
        yield live.gone()
        return
    function, stated = mapping.get("FunctionArn", "").partition(":function:")[2], live.properties["FunctionName"]
    named = str(stated).removeprefix("function:").rpartition(":function:")[2]
    if stated is not UNKNOWN and named.removesuffix(_LATEST) != function.removesuffix(_LATEST):
        what = f"{live.words} was turned by hand to function {function}, not {named}"
        yield live.drift("access", what, repair("lambda.UpdateEventSourceMapping", UUID=live.name, FunctionName=stated))
    enabled = live.properties.get("Enabled", True)
    expected_state = str(enabled).lower() != "false"
    if enabled is not UNKNOWN and _RUNNING.get(mapping.get("State", ""), expected_state) != expected_state:
        what = f"{live.words} of function {function} was turned {'off' if expected_state else 'on'} by hand"
        back = repair("lambda.UpdateEventSourceMapping", UUID=live.name, Enabled=expected_state)
        yield live.drift("runs", what, back)
    for name, label in _NUMBERS.items():
        expected = live.properties.get(name)
        if expected not in (None, UNKNOWN) and not is_same(expected, mapping.get(name)):
            number: dict[str, Any] = {name: int(expected)}
            back = repair("lambda.UpdateEventSourceMapping", UUID=live.name, **number)
            what = f"the {label} of {live.words} of function {function} was changed by hand"
            yield live.drift("runs", f"{what}: {mapping.get(name)}, not {expected}", back)


_NUMBERS: Final = {"BatchSize": "batch size", "MaximumBatchingWindowInSeconds": "batching window"}


def _point_alias(live: LiveResource, _: ComparedProperty) -> Repair:
    """The call that puts an alias back to the version and the weights of the template; without weights, to it alone."""
    version = live.properties["FunctionVersion"]
    weights = live.properties.get("RoutingConfig") or {"AdditionalVersionWeights": {}}
    return repair("lambda.UpdateAlias", **_alias_name(live.subject), FunctionVersion=version, RoutingConfig=weights)


ROWS: Final = (
    Row(
        "AWS::Lambda::Function",
        "function",
        (
            Read(_FUNCTION, _function_name),
            Read(_POLICY, _function_name, "ResourceNotFoundException"),
        ),
        (
            ComparedProperty("layers", "Layers", _FUNCTION, "Configuration.Layers.Arn", _configure, [], "runs"),
            ComparedProperty("handler", "Handler", _FUNCTION, "Configuration.Handler", _configure, kind="runs"),
            ComparedProperty("runtime", "Runtime", _FUNCTION, "Configuration.Runtime", _configure, kind="runs"),
            ComparedProperty("timeout", "Timeout", _FUNCTION, "Configuration.Timeout", _configure, 3, "runs"),
            ComparedProperty("memory", "MemorySize", _FUNCTION, "Configuration.MemorySize", _configure, 128, "runs"),
            ComparedProperty(
                "reserved concurrency",
                "ReservedConcurrentExecutions",
                _FUNCTION,
                "Concurrency.ReservedConcurrentExecutions",
                _limit_concurrency,
                None,
                "runs",
            ),
        ),
        ((_POLICY, _permissions), (_FUNCTION, _code), (_FUNCTION, _environment), (_FUNCTION, _tags)),
        (
            "lambda.AddPermission",
            "lambda.RemovePermission",
            "lambda.UpdateFunctionConfiguration",
            "lambda.UpdateFunctionCode",
            "lambda.PutFunctionConcurrency",
            "lambda.DeleteFunctionConcurrency",
            "lambda.TagResource",
        ),
    ),
    Row(
        "AWS::Lambda::EventSourceMapping",
        "event source mapping",
        (Read(_MAPPINGS, lambda _: {}),),
        checks=((_MAPPINGS, _mapping_differences),),
        writes=("lambda.UpdateEventSourceMapping",),
    ),
    Row(
        "AWS::Lambda::Alias",
        "alias",
        (
            Read(_ALIAS, _alias_name),
            Read(_POLICY, _function_name, "ResourceNotFoundException"),
        ),
        (
            ComparedProperty("version", "FunctionVersion", _ALIAS, "FunctionVersion", _point_alias, kind="runs"),
            ComparedProperty(
                "routing",
                "RoutingConfig.AdditionalVersionWeights",
                _ALIAS,
                "RoutingConfig.AdditionalVersionWeights",
                _point_alias,
                {},
                "runs",
            ),
        ),
        ((_POLICY, _permissions),),
        ("lambda.AddPermission", "lambda.RemovePermission", "lambda.UpdateAlias"),
    ),
)
