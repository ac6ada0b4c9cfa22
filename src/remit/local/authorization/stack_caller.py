"""CloudFormation acts as its caller, or with the service role of the stack: what they may not do, it cannot do.

The emulator does everything for everybody. Here each operation on a resource (create, update, delete, in rollbacks and
nested stacks, too) needs what the resource handlers of its type call; a denial fails the resource as on AWS.

Source: "CloudFormation service role", "Control CloudFormation access with IAM" (CloudFormation User Guide).
"""

from __future__ import annotations

import re
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final

from remit.access.needed_access import UNRESOLVED
from remit.catalogue.arns import parse as parse_arn
from remit.errors import RemitError
from remit.iam.decide.evaluate import ALL
from remit.iam.policy import Policy, parse
from remit.local.authorization.caller import CALLER, Caller
from remit.local.authorization.emulated_names import EmulatedNames
from remit.local.authorization.handler_needs import handler_needs
from remit.local.authorization.resource_policies import resource_policy
from remit.local.authorization.stored_policies import decide, denial_message, trusts
from remit.local.emulator import arn_here, during, emulated, instead_of, place_of_request
from remit.local.stack_operations import (
    OK,
    HandlerError,
    ResourceOperation,
    StackRequestError,
    around,
    before_each,
    stored_change_set,
    stored_stack,
)
from remit.resources.kms_key import KEY_TYPES

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping

    from remit.local.stack_operations import Answer

_ROLE: Final = "RoleARN"
_SERVICE: Final = "cloudformation.amazonaws.com"
_KMS: Final = "kms:"
_REQUESTED_ROLE: Final[ContextVar[Caller | None]] = ContextVar("requested_role", default=None)
"""The service role of the request that is answered, or of its stack."""


def act_as_the_caller(is_strict: Callable[[], bool] = lambda: False) -> None:
    """Check all that CloudFormation does against whoever it does it for, in the process that serves.

    An operation whose caller is denied an action on all ARNs that it may be on fails as AccessDenied. `is_strict` says
    whether what cannot be decided here is refused, too.
    """

    def check(operation: ResourceOperation) -> None:
        """Check one operation on a resource. HandlerError: whoever CloudFormation acts for may not do it."""
        caller = acting_for(operation.stack)
        if caller is None:
            return
        for need in handler_needs(operation, place_of_request()):
            decisions = [
                decide(
                    caller.arn,
                    need.action,
                    arn,
                    need.context,
                    session=caller.session,
                    open_keys=ALL,
                    resource_policy=_resource_policy(operation, need.action, arn),
                )
                for arn in need.resources
            ]
            if all(stored.is_denied for stored in decisions):
                message = denial_message(decisions[0]).replace(UNRESOLVED, "*")
                raise HandlerError(f"{message} (Status Code: 403)", "AccessDenied")
            if is_strict() and all(stored.verdict != "Allowed" for stored in decisions):
                undecided = next(stored for stored in decisions if not stored.is_denied)
                arn = need.resources[0].replace(UNRESOLVED, "*")
                reason = f"{need.action} on {arn} cannot be decided here: {undecided.decision.because}"
                raise HandlerError(f"{reason} (Status Code: 403)", "AccessDenied")

    before_each(check)
    for name in ("CreateStack", "UpdateStack", "DeleteStack", "CreateChangeSet", "ExecuteChangeSet"):
        around(name, _keep_service_role)


def _resource_policy(operation: ResourceOperation, action: str, arn: str) -> tuple[Policy, ...] | None:
    """The policy of a KMS key; of anything else none is asked, and None, not known, where it is another account's.

    A key's policy must allow before policies of IAM count; that of a key being made is the one that it will have.
    Source: "Default key policy" (AWS KMS Developer Guide).
    """
    account = place_of_request()["Account"]
    if not action.startswith(_KMS):
        parsed = parse_arn(arn)
        owner = "" if parsed is None else parsed.account
        return None if owner.isdigit() and owner != account else ()
    if operation.type not in KEY_TYPES or UNRESOLVED not in arn:
        return resource_policy("kms:DescribeKey", arn)
    everybody = {"AWS": f"arn:aws:iam::{account}:root"}
    by_default = {"Statement": {"Effect": "Allow", "Principal": everybody, "Action": "kms:*", "Resource": "*"}}
    try:
        return (parse(operation.properties.get("KeyPolicy") or by_default),)
    except RemitError:
        return None


def acting_for(stack_name: str) -> Caller | None:
    """The service role of a stack, or of one that it is nested in; else the caller of the request that is answered.

    None: this server's own key, which may do anything.
    """
    stack = stored_stack(stack_name)
    while stack is not None:
        if stack.get(_ROLE):
            return _service_role(stack[_ROLE])
        stack = stored_stack(stack.get("_parent_stack_name", ""))
    return CALLER.get()


def _service_role(arn: str) -> Caller | None:
    """The caller that a role's ARN is; None for an empty text."""
    return Caller(arn, arn.split(":")[4]) if arn else None


def _keep_service_role(parameters: Mapping[str, str], answer: Callable[[], Answer]) -> Answer:
    """Note the role of a request on its change set or stack, which keeps it for all later operations.

    Nothing is noted where the emulator refuses the request. StackRequestError: CloudFormation may not assume the role.
    """
    role = parameters.get(_ROLE, "")
    if role and not trusts(role, _SERVICE):
        raise StackRequestError("ValidationError", f"Role {role} is invalid or cannot be assumed")
    earlier_stack = stored_stack(parameters.get("StackName", ""))
    with during(_REQUESTED_ROLE, _service_role(role or str((earlier_stack or {}).get(_ROLE, "")))):
        result = answer()
    if result[0] != OK:
        return result
    change_set = stored_change_set(parameters)
    stack = stored_stack(parameters.get("StackName") or (change_set or {}).get("StackName", ""))
    if parameters["Action"] == "CreateChangeSet":
        kept_by = change_set
    else:
        kept_by = stack
        role = role or (change_set or {}).get(_ROLE, "")
    if role and kept_by is not None:
        kept_by[_ROLE] = role
    return result


_REFERENCE: Final = re.compile(r"\{\{resolve:([a-z-]+):([^}]*)\}\}")
_SECRET_PARTS: Final = re.compile(r":Secret(?:String|Binary)\b.*", re.DOTALL)
_VERSION: Final = re.compile(r":[0-9]+$")
_NAMES: Final = EmulatedNames()

_DEPLOYED: Final[ContextVar[str]] = ContextVar("deployed", default="")
"""The name of the stack that is being made or updated."""
_READS_PARAMETERS: Final[ContextVar[bool]] = ContextVar("reads_parameters", default=False)
"""Whether the values of a template's parameters are being read."""


def look_up_as_the_caller() -> None:
    """Check what CloudFormation reads for a stack, in the process that serves: the emulator reads it for everybody.

    That are `{{resolve:…}}` in the properties of resources, and the values of parameters of the types
    `AWS::SSM::Parameter::Value<…>`. Source: "Get values stored in other services using dynamic references", "Supply …
    parameters from Systems Manager Parameter Store" (CloudFormation User Guide).
    """
    modules = [emulated(f"services.cloudformation.{name}") for name in ("engine", "handlers", "changesets")]
    engine: Any = modules[0]
    ssm = emulated("services.ssm")

    def deployed(deploy: Any, stack_name: str, *arguments: Any, **options: Any) -> Coroutine[Any, Any, None]:
        """Note the name of the stack for all that its deploy does."""

        async def run() -> None:
            _DEPLOYED.set(stack_name)
            await deploy(stack_name, *arguments, **options)

        return run()

    @instead_of(engine, "_resolve_dynamic_reference")
    def resolved_reference(resolve_reference: Any, literal: str) -> Any:
        _check_reference(literal)
        return resolve_reference(literal)

    def resolved_parameters(resolve_parameters: Any, *arguments: Any, **options: Any) -> Any:
        with during(_READS_PARAMETERS, True):  # noqa: FBT003 - the value of a variable
            return resolve_parameters(*arguments, **options)

    @instead_of(ssm, "resolve_parameter_value")
    def parameter_value(read_parameter: Any, name: str, *arguments: Any, **options: Any) -> Any:
        if _READS_PARAMETERS.get():
            caller = _REQUESTED_ROLE.get() or CALLER.get()
            _check(caller, "ssm:GetParameters", _parameter(name))
        return read_parameter(name, *arguments, **options)

    for module in modules:
        for name, function in (("_deploy_stack_async", deployed), ("_resolve_parameters", resolved_parameters)):
            if hasattr(module, name):  # each has imported some of them under names of its own
                instead_of(module, name)(function)


def _check_reference(literal: str) -> None:
    """Check one `{{resolve:…}}`; any other text passes. ValueError: whoever the stack is made for may not read it."""
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
    """Check an access of a caller; None may do anything, and what is unknown passes. ValueError: it is denied."""
    if caller is None:
        return
    context = {"aws:ViaAWSService": True}
    stored = decide(caller.arn, action, resource, context, session=caller.session, open_keys=ALL)
    if stored.is_denied:
        raise ValueError(denial_message(stored).replace(UNRESOLVED, "*"))


def _parameter(name: str) -> str:
    """The ARN of a parameter of Systems Manager, by its name or ARN."""
    if name.startswith("arn:"):
        return name
    arn = arn_here("ssm", f"parameter/{name.removeprefix('/')}")
    # AWS's own parameters belong to no account.
    return arn.replace(f":{place_of_request()['Account']}:", "::", 1) if ":parameter/aws/" in arn else arn


def _secret(reference: str) -> str:
    """The ARN of a secret in `ID:SecretString:KEY:STAGE:VERSION`, of which all but the ID may be left out.

    `UNRESOLVED` stands for the end of one that is named and does not exist.
    """
    name = _SECRET_PARTS.sub("", reference)
    stored = _NAMES.secret_arn(name)
    if stored is not None or name.startswith("arn:"):
        return stored or name
    return arn_here("secretsmanager", f"secret:{name}-{UNRESOLVED}")
