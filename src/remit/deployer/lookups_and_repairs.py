"""The needs of a deploy beside its resources: to look up parameters and secrets, to undo what was done by hand.

Source: "Get values stored in other services using dynamic references", "Supply … parameters from Systems Manager
Parameter Store" (CloudFormation User Guide).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

from remit.deployer.needed_actions import Need, Purpose
from remit.deployer.planned_stack import ROLE_TYPE, PlannedStack
from remit.deployer.references import literals
from remit.deployer.targets import targets
from remit.iam.policy import Condition
from remit.template.resolved_texts import UNKNOWN

_REFERENCE: Final = re.compile(r"\{\{resolve:(ssm|ssm-secure|secretsmanager):((?:\$\{[^{}]*\}|[^{}])+)\}\}")
_PARAMETER: Final = "arn:${{AWS::Partition}}:ssm:${{AWS::Region}}:{owner}:parameter/{name}"
_BY_NAME: Final = "arn:${{AWS::Partition}}:secretsmanager:${{AWS::Region}}:${{AWS::AccountId}}:secret:{name}-??????"
_VERSION: Final = re.compile(r":[0-9]+$")
_PUBLIC: Final = "aws/"
"""How the names of AWS's own parameters begin, which belong to no account."""


def looked_up(stack: PlannedStack) -> Iterator[Need]:
    """Yield CloudFormation's reads for the deployer: parameters of SSM's types, and dynamic references."""
    for name, text in stack.lookups:
        yield Need("ssm:GetParameters", _parameter(text), Purpose(f"to look up the parameter {name}"))
    for resource in stack.resources.values():
        for text in dict.fromkeys(literals(stack, resource)):
            for service, reference in _REFERENCE.findall(text):
                reason = Purpose("look up", f"what {resource.logical_id} refers to", resource.type)
                if service == "secretsmanager":
                    yield Need("secretsmanager:GetSecretValue", _secret(reference), reason)
                else:
                    yield Need("ssm:GetParameters", _parameter(_VERSION.sub("", reference)), reason)


def _parameter(name: str) -> str:
    """The late-bound ARN of a parameter by its name or ARN; AWS's own (`/aws/…`) belong to no account."""
    if name.startswith("arn:"):
        return name
    bare = name.lstrip("/")
    return _PARAMETER.format(owner="" if bare.startswith(_PUBLIC) else "${AWS::AccountId}", name=bare)


def _secret(reference: str) -> str:
    """The ARN of a secret in `ID:SecretString:KEY:STAGE:VERSION`, of which all but the ID may be left out.

    Wildcards stand for the six characters at its end where the ID, a name or an ARN, has none.
    """
    name = re.split(r":Secret(?:String|Binary)\b", reference)[0]
    # Secrets Manager puts a hyphen and six characters of its own behind the name of a secret.
    if name.startswith("arn:"):
        return name if re.search(r"-[A-Za-z0-9]{6}$", name) or name.endswith(UNKNOWN) else f"{name}-??????"
    return _BY_NAME.format(name=name.split(":")[0])


_WHY = Purpose("to undo what was done by hand to what the stack made")


def reverting(stack: PlannedStack, limit: Callable[[str], str | None]) -> Iterator[Need]:
    """The needs of `remit deploy --revert-drift` beside a deploy: it undoes changes by hand to the stack's roles.

    Most of it a deploy needs anyway, since CloudFormation writes the same roles. What is left is to detach a policy of
    any name, and the boundary. `limit` has the boundary (ARN) that a role must have, by the role's ARN: that is put
    back, and never taken off.
    """
    for resource in stack.resources.values():
        if resource.type != ROLE_TYPE:
            continue
        for role in targets(stack, resource, "iam:GetRole"):
            boundary = limit(role)
            only = () if boundary is None else (Condition("ArnEquals", "iam:PermissionsBoundary", (boundary,)),)
            change = "Delete" if boundary is None else "Put"
            yield Need("iam:DetachRolePolicy", role, _WHY, only)
            yield Need(f"iam:{change}RolePermissionsBoundary", role, _WHY, only)
