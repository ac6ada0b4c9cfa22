"""CloudFormation reads the parameters and secrets that a template refers to as whoever it acts for.

These are `{{resolve:…}}` in the properties of resources, and the values of parameters of the types
`AWS::SSM::Parameter::Value<…>`. The emulator reads them for everybody.

Source: "Get values stored in other services using dynamic references", "Supply … parameters from Systems Manager
Parameter Store" (CloudFormation User Guide).
"""

from __future__ import annotations

import re
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final

from remit.iam.decide.evaluate import ALL
from remit.local.authorization.denial_message import denial_message
from remit.local.authorization.emulated_names import EmulatedNames
from remit.local.authorization.resource_rows import UNRESOLVED
from remit.local.authorization.setting import RequestSetting
from remit.local.authorization.stack_caller import acting_for, acting_in_request
from remit.local.authorization.stored_policies import decide
from remit.local.emulator import emulated, instead_of, place_of_request

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from remit.local.authorization.caller import Caller

_REFERENCE: Final = re.compile(r"\{\{resolve:([a-z-]+):([^}]*)\}\}")
_SECRET_PARTS: Final = re.compile(r":Secret(?:String|Binary)\b.*", re.DOTALL)
_VERSION: Final = re.compile(r":[0-9]+$")
_OF_AWS: Final = "aws/"
"""How the names of AWS's own parameters begin, which belong to no account."""
_NAMES: Final = EmulatedNames()

_DEPLOYED: Final[ContextVar[str]] = ContextVar("deployed", default="")
"""The name of the stack that is being made or updated."""
_READS_PARAMETERS: Final[ContextVar[bool]] = ContextVar("reads_parameters", default=False)
"""Whether the values of a template's parameters are being read."""


def look_up_as_the_caller() -> None:
    """Check what CloudFormation reads for a stack, in the process that serves."""
    modules = [emulated(f"services.cloudformation.{name}") for name in ("engine", "handlers", "changesets")]
    engine: Any = modules[0]
    ssm = emulated("services.ssm")

    def deployed(deploy: Any, stack_name: str, *arguments: Any, **options: Any) -> Coroutine[Any, Any, None]:
        async def run() -> None:
            _DEPLOYED.set(stack_name)
            await deploy(stack_name, *arguments, **options)

        return run()

    @instead_of(engine, "_resolve_dynamic_reference")
    def resolved_reference(resolve_reference: Any, literal: str) -> Any:
        _check_reference(literal)
        return resolve_reference(literal)

    def resolved_parameters(resolve_parameters: Any, *arguments: Any, **options: Any) -> Any:
        token = _READS_PARAMETERS.set(True)
        try:
            return resolve_parameters(*arguments, **options)
        finally:
            _READS_PARAMETERS.reset(token)

    @instead_of(ssm, "resolve_parameter_value")
    def parameter_value(read_parameter: Any, name: str, *arguments: Any, **options: Any) -> Any:
        if _READS_PARAMETERS.get():
            _check(acting_in_request(), "ssm:GetParameters", _parameter(name))
        return read_parameter(name, *arguments, **options)

    for module in modules:
        for name, function in (("_deploy_stack_async", deployed), ("_resolve_parameters", resolved_parameters)):
            if hasattr(module, name):  # each has imported some of them under names of its own
                instead_of(module, name)(function)


def _check_reference(literal: str) -> None:
    """Check one `{{resolve:…}}`. ValueError: whoever the stack is made for may not read it."""
    match = _REFERENCE.fullmatch(literal)
    if match is None:
        return
    service, reference = match.groups()
    caller = acting_for(_DEPLOYED.get())
    if service == "secretsmanager":
        _check(caller, "secretsmanager:GetSecretValue", _secret(reference))
    else:
        _check(caller, "ssm:GetParameters", _parameter(_VERSION.sub("", reference)))


def _check(caller: Caller | None, action: str, resource: str) -> None:
    if caller is None:
        return
    context = {"aws:ViaAWSService": True}
    stored = decide(caller.arn, action, resource, context, session=caller.session, open_keys=ALL)
    if stored.is_denied:
        raise ValueError(denial_message(stored).replace(UNRESOLVED, "*"))


def _setting() -> RequestSetting:
    place = place_of_request()
    return RequestSetting(place["Region"], place["Account"], "", _NAMES, place["Partition"])


def _parameter(name: str) -> str:
    """The ARN of a parameter, by its name or ARN."""
    if name.startswith("arn:"):
        return name
    bare = name.removeprefix("/")
    account = "" if bare.startswith(_OF_AWS) else None
    return _setting().arn("ssm", f"parameter/{bare}", account=account)


def _secret(reference: str) -> str:
    """The ARN of a secret in `ID:SecretString:KEY:STAGE:VERSION`, of which all but the ID may be left out."""
    name = _SECRET_PARTS.sub("", reference)
    stored = _NAMES.secret_arn(name)
    if stored is not None or name.startswith("arn:"):
        return stored or name
    return _setting().arn("secretsmanager", f"secret:{name}-{UNRESOLVED}")
