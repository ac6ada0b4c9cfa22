"""A Lambda permission that is misspelt, or lets in more than it names.

Principal "*" without a source lets every account call the function; a service without SourceArn or SourceAccount lets
in what that service does for any account (the confused deputy).

Flagged:

    Resources:
      Permission:
        Type: AWS::Lambda::Permission
        Properties: {Action: "lambda:InvokeFunction", FunctionName: report, Principal: s3.amazonaws.com}

Better:

    Resources:
      Permission:
        Type: AWS::Lambda::Permission
        Properties:
          Action: lambda:InvokeFunction
          FunctionName: report
          Principal: s3.amazonaws.com
          SourceArn: arn:aws:s3:::uploads
          SourceAccount: !Ref AWS::AccountId

Source: "AddPermission" (AWS Lambda API Reference).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.catalogue.expand import expand
from remit.catalogue.properties import PERMISSION_LIMITS
from remit.lint import meant_actions, principals
from remit.lint.finding import ERROR, WARNING, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from remit.lint.finding import Spot
    from remit.template.written_template import WrittenTemplate

SEVERITY = ERROR


def template(written: WrittenTemplate) -> Iterator[Problem]:
    """Resources of type AWS::Lambda::Permission."""
    for name, kind, properties in written.with_properties():
        if kind == "AWS::Lambda::Permission":
            path: Spot = ("Resources", name, "Properties")
            yield from _action(properties.get("Action"), (*path, "Action"))
            yield from _principal(properties, (*path, "Principal"))


def _action(text: Any, spot: Spot) -> Iterator[Problem]:
    if isinstance(text, str) and "${" not in text and not (text.startswith("lambda:") and expand(text)):
        actions = meant_actions.of_service("lambda", text.rpartition(":")[2])
        hint = f"did you mean `{actions[0]}`?" if actions else "lambda:InvokeFunction"
        yield Problem(f"'{text}' is not an action of Lambda: the permission is refused", hint, spot)


def _principal(properties: Mapping[str, Any], spot: Spot) -> Iterator[Problem]:
    value = properties.get("Principal")
    if not isinstance(value, str) or "${" in value:
        return
    bounded = any(limit in properties for limit in PERMISSION_LIMITS)
    if value == "*" and not bounded and properties.get("FunctionUrlAuthType") != "AWS_IAM":
        message = "Principal '*' without a source lets everyone call the function: every account, and the public"
        yield Problem(message, "name the account, or add PrincipalOrgID or SourceArn", spot, WARNING)
    elif "." in value or not (value == "*" or value.isdigit() or value.startswith("arn:")):
        problem = principals.of_service(value)
        if problem is not None:
            yield Problem(*problem, spot)
        elif not bounded:
            message = f"without SourceArn or SourceAccount {value} may call the function for any account"
            yield Problem(message, "add SourceArn (and SourceAccount, for a bucket)", spot, WARNING)
