"""The parameters that a template declares: their types, their defaults, and the values that they may have.

Source: "Parameters" (CloudFormation Template Reference).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from remit.template.sections import section


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter as it is declared; `default` as it is written, None without one."""

    type: str
    default: Any = None
    allowed: tuple[Any, ...] = ()
    """The values that it may have, as they are written; empty where any will do."""
    is_hidden: bool = False
    """Whether nobody may see its value (NoEcho)."""

    @property
    def is_stored(self) -> bool:
        """True if its value is the name of a parameter in SSM's store, which holds what the template gets."""
        return self.type.startswith("AWS::SSM::Parameter::Value<")

    @property
    def only_value(self) -> str | None:
        """The text that it must have, the only one that is allowed; None where there is a choice, or SSM's decides."""
        if len(self.allowed) != 1 or self.type.startswith("AWS::SSM::"):
            return None
        value = self.allowed[0]
        if isinstance(value, str):
            return value
        return json.dumps(value) if isinstance(value, int | float) else None


def parameters(template: Any) -> dict[str, Parameter]:
    """The parameters of a template by name; an entry that is no declaration counts as an empty one."""
    declared: dict[str, Parameter] = {}
    for name, body in section(template, "Parameters").items():
        declaration = section(body)
        allowed = declaration.get("AllowedValues")
        declared[str(name)] = Parameter(
            str(declaration.get("Type", "")),
            declaration.get("Default"),
            tuple(allowed) if isinstance(allowed, list) else (),
            # CloudFormation takes "true" in quotes as well.
            is_hidden=str(declaration.get("NoEcho", False)).lower() != "false",
        )
    return declared


def defaults(template: Any) -> dict[str, str]:
    """The values that a template's parameters have where nobody gives others, as texts; none without a default."""
    declared = parameters(template).items()
    return {name: str(parameter.default) for name, parameter in declared if parameter.default is not None}
