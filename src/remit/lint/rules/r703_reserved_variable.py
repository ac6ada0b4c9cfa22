"""An environment variable that Lambda sets itself, a name that it does not take, or more than 4 KB of them.

CreateFunction is refused.

Flagged:

    Resources:
      Report:
        Type: AWS::Lambda::Function
        Properties:
          Environment: {Variables: {AWS_REGION: eu-west-1}}

Better:

    Resources:
      Report:
        Type: AWS::Lambda::Function
        Properties:
          Environment: {Variables: {REPORT_REGION: eu-west-1}}

Source: "Defined runtime environment variables" (AWS Lambda Developer Guide).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from remit.catalogue.quotas import quota
from remit.lint.finding import ERROR, Problem
from remit.project.setting_values import RESERVED_VARIABLES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.rule_inputs import Environment

SEVERITY = ERROR
_NAME = r"[a-zA-Z][a-zA-Z0-9_]+"


def environment(environment: Environment) -> Iterator[Problem]:
    """Names in a template; an app's are checked when it loads."""
    if environment.own:
        return
    size = sum(
        len(f"{name}{value}".encode()) for name, value in environment.variables.items() if isinstance(value, str)
    )
    most = quota("lambda.function.environment")
    if size > most.most:
        message = f"the variables of {environment.function} have {size:,} bytes; Lambda takes {most.most:,}"
        yield Problem(message, "keep what is long in Parameter Store, or in the package")
    for name in environment.variables:
        if name in RESERVED_VARIABLES:
            yield Problem(
                f"variable {name} of {environment.function} is reserved by Lambda", "use another name", (name,)
            )
        elif not re.fullmatch(_NAME, name) and not name.startswith("Fn::"):
            message = f"'{name}' of {environment.function} is not a valid name for an environment variable"
            yield Problem(message, "a letter, then letters, digits and _; two characters at least", (name,))
