"""DeploymentPreference of SAM's functions: CodeDeploy's application, a group for each function, and a role.

Source: "DeploymentPreference" (AWS SAM Developer Guide).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, Final

from remit.template.branches import Choice, choice
from remit.template.sam.resources import MadeResource, SamResource, arn_of, given
from remit.template.sam.role import trusting

APPLICATION: Final = "ServerlessDeploymentApplication"
_ROLE: Final = "CodeDeployServiceRole"
_EVENTS: Final = ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"]
_POLICY: Final = "service-role/AWSCodeDeployRoleForLambda"
_TYPES: Final = (
    "AllAtOnce", "Canary10Percent10Minutes", "Canary10Percent15Minutes", "Canary10Percent30Minutes",
    "Canary10Percent5Minutes", "Linear10PercentEvery10Minutes", "Linear10PercentEvery1Minute",
    "Linear10PercentEvery2Minutes", "Linear10PercentEvery3Minutes",
)  # fmt: skip
"""The ways of shifting traffic that CodeDeploy has a configuration for; any other is the name of one's own."""


def deployments(declared: Iterable[SamResource]) -> Iterator[tuple[SamResource, MadeResource]]:
    """Yield each function that is deployed little by little with its group; then what all share: application and role.

    These come with the first function, without its attributes. The role is made if a function brings none.
    """
    shifted = [function for function in declared if function.kind == "Function" and _preference(function)]
    for function in shifted:
        yield function, _group(function)
    if not shifted:
        return
    path = shifted[0].at("DeploymentPreference")
    every = replace(shifted[0], attributes={})
    yield every, MadeResource(APPLICATION, "AWS::CodeDeploy::Application", {"ComputePlatform": "Lambda"}, path)
    own_roles = [_preference(function).get("Role") for function in shifted]
    if not all(own_roles):
        policies = [f"arn:aws:iam::aws:policy/{_POLICY}"]
        role = {"AssumeRolePolicyDocument": trusting("codedeploy.amazonaws.com"), "ManagedPolicyArns": policies}
        yield every, MadeResource(_ROLE, "AWS::IAM::Role", role, path)


def alias_attributes(function: SamResource) -> dict[str, Any]:
    """How the alias of a function is updated: by CodeDeploy, where the function asks for that."""
    preference = _preference(function)
    if not preference:
        return {}
    update = {
        "ApplicationName": {"Ref": APPLICATION},
        "DeploymentGroupName": {"Ref": f"{function.logical_id}DeploymentGroup"},
    }
    hooks = preference.get("Hooks")
    if isinstance(hooks, dict):
        update |= given(hooks, BeforeAllowTrafficHook="PreTraffic", AfterAllowTrafficHook="PostTraffic")
    return {"UpdatePolicy": {"CodeDeployLambdaAliasUpdate": update}}


def _preference(function: SamResource) -> dict[str, Any]:
    """Return a function's deployment preference; empty where it has no alias, or turned it off."""
    is_on = function.properties.get("AutoPublishAlias") and not is_turned_off(function)
    return dict(function.mapping("DeploymentPreference")) if is_on else {}


def is_turned_off(function: SamResource) -> bool:
    """Return whether a function turns gradual deployments off, as a hook has to where Globals turn them on."""
    return function.mapping("DeploymentPreference").get("Enabled", True) in (False, "false")


def _group(function: SamResource) -> MadeResource:
    """The deployment group of a function, with its alarms and the role that SAM makes if none is given."""
    preference = _preference(function)
    alarms = preference.get("Alarms")
    properties = {
        "ApplicationName": {"Ref": APPLICATION},
        "AutoRollbackConfiguration": {"Enabled": True, "Events": _EVENTS},
        "DeploymentConfigName": _configuration(preference.get("Type")),
        "DeploymentStyle": {"DeploymentType": "BLUE_GREEN", "DeploymentOption": "WITH_TRAFFIC_CONTROL"},
        "ServiceRoleArn": preference.get("Role") or arn_of(_ROLE),
        **given(preference, "TriggerConfigurations"),
    }
    if alarms and isinstance(alarms, list):
        properties["AlarmConfiguration"] = {"Enabled": True, "Alarms": [{"Name": alarm} for alarm in alarms]}
    name = f"{function.logical_id}DeploymentGroup"
    return MadeResource(name, "AWS::CodeDeploy::DeploymentGroup", properties, function.at("DeploymentPreference"))


def _configuration(shift: Any) -> Any:
    """The deployment configuration of a Type, which a condition may choose."""
    chosen = choice(shift)
    if chosen is not None:
        if_true, if_false = (_configuration(shift_chosen) for shift_chosen in chosen.values)
        return Choice(chosen.condition, (if_true, if_false)).written()
    return f"CodeDeployDefault.Lambda{shift}" if shift in _TYPES else shift
