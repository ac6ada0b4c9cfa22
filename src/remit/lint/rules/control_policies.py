"""Service control policies, resource control policies and stack policies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from remit.catalogue.rcp_services import RCP_SERVICES
from remit.did_you_mean import did_you_mean
from remit.lint.elements import texts
from remit.lint.finding import ERROR, WARNING, Problem, Spot, rule
from remit.lint.rule_inputs import CONTROL, WrittenStatement
from remit.template.sections import section

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.template.written_template import WrittenTemplate

_EVERYONE = ("*", {"AWS": "*"})
_REFUSED_BY_ORGANIZATIONS = "Organizations refuses it"


@rule("R141", ERROR, looks_at="shape", needs='Principal"')
def bad_control_policy(written: WrittenStatement) -> Iterator[Problem]:
    """A policy of an organisation has what Organizations takes in none.

    An SCP names no principal. A resource control policy says of everyone, `"Principal": "*"`, what is denied: its Allow can
    only be that of everything, it has no NotAction, and it names actions of services that know such policies (that is a
    warning, since AWS adds to their list).

    Flagged:

        Resources:
          Perimeter:
            Type: AWS::Organizations::Policy
            Properties:
              Name: perimeter
              Type: RESOURCE_CONTROL_POLICY
              Content:
                Version: "2012-10-17"
                Statement:
                  - Effect: Deny
                    Principal: {AWS: "arn:aws:iam::111122223333:root"}
                    Action: "s3:*"
                    Resource: "*"

    Better:

        Resources:
          Perimeter:
            Type: AWS::Organizations::Policy
            Properties:
              Name: perimeter
              Type: RESOURCE_CONTROL_POLICY
              Content:
                Version: "2012-10-17"
                Statement:
                  - Effect: Deny
                    Principal: "*"
                    Action: "s3:*"
                    Resource: "*"
                    Condition:
                      StringNotEqualsIfExists: {"aws:PrincipalOrgID": o-a1b2c3d4e5}
                      BoolIfExists: {"aws:PrincipalIsAWSService": "false"}

    Source: "SCP syntax", "RCP syntax", "Resource control policies (RCPs)" (AWS Organizations User Guide).
    """
    document = written.document
    # In a template (`names`) what is no policy of an organisation may be a VPC endpoint's.
    is_of_organisation = document.types.get(document.title) == "AWS::Organizations::Policy"
    if document.kind != CONTROL or (document.names is not None and not is_of_organisation):
        return
    value = written.value
    if "NotPrincipal" in value or value.get("Principal", "*") not in _EVERYONE:
        element = "NotPrincipal" if "NotPrincipal" in value else "Principal"
        message = (
            f"an SCP names no principal, a resource control policy everyone ('*') alone: {_REFUSED_BY_ORGANIZATIONS}"
        )
        yield Problem(message, "remove it, and compare aws:PrincipalArn in a condition", (element,))
    elif value.get("Principal") == "*":
        yield from _resource_control_problems(written)


@rule("R141", looks_at="template")
def _bad_control_policy_in_template(written: WrittenTemplate) -> Iterator[Problem]:
    """A service control policy that names everyone, as a resource control policy must."""
    for name, kind, properties in written.with_properties():
        if kind != "AWS::Organizations::Policy" or properties.get("Type") != "SERVICE_CONTROL_POLICY":
            continue
        statements = section(properties, "Content").get("Statement")
        path: Spot = ("Resources", name, "Properties", "Content", "Statement")
        is_list = isinstance(statements, list)
        for index, statement in enumerate(statements if isinstance(statements, list) else [statements]):
            if isinstance(statement, dict) and statement.get("Principal") in _EVERYONE:
                spot = (*path, index, "Principal") if is_list else (*path, "Principal")
                hint = "remove it: an SCP is about every principal of the accounts that it is attached to"
                yield Problem(f"an SCP names no principal: {_REFUSED_BY_ORGANIZATIONS}", hint, spot)


def _resource_control_problems(written: WrittenStatement) -> Iterator[Problem]:
    """Yield what a statement on everyone has that Organizations takes in no resource control policy."""
    value = written.value
    everything = value.get("Action") == value.get("Resource") == "*" and not value.get("Condition")
    if value.get("Effect") == "Allow" and not everything:
        message = f"the Allow of a resource control policy is that of everything, without a condition: {_REFUSED_BY_ORGANIZATIONS}"
        yield Problem(message, "deny what nobody may do", ("Effect",))
    if "NotAction" in value:
        message = f"a resource control policy has no NotAction: {_REFUSED_BY_ORGANIZATIONS}"
        yield Problem(message, "name the actions in Action", ("NotAction",))
    for text in texts(value.get("Action")):
        prefix = text.partition(":")[0].lower()
        if ":" in text and "*" not in prefix and prefix not in RCP_SERVICES:
            message = (
                f"resource control policies do not reach {prefix}, as far as remit knows: {_REFUSED_BY_ORGANIZATIONS}"
            )
            yield Problem(message, "deny it in an SCP, or in the policies of the resources", ("Action", text), WARNING)


_ACTIONS: Final = ("Update:Modify", "Update:Replace", "Update:Delete", "Update:*")
_REFUSED_BY_CLOUDFORMATION: Final = "CloudFormation refuses it"


@rule("R142", ERROR, looks_at="stack_policy")
def bad_stack_policy(written: WrittenStatement) -> Iterator[Problem]:
    """A stack policy has what CloudFormation does not know.

    It says what updates of a stack may do with its resources: Update:Modify, Update:Replace, Update:Delete or Update:*, for
    everyone, on resources by their logical ids.

    Flagged:

        {"Statement": [
          {"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"},
          {"Effect": "Deny", "Action": "Update:Remove", "Principal": "*", "Resource": "LogicalResourceId/Database"}
        ]}

    Better:

        {"Statement": [
          {"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"},
          {"Effect": "Deny", "Action": "Update:Delete", "Principal": "*", "Resource": "LogicalResourceId/Database"}
        ]}

    Source: "Prevent updates to stack resources" (AWS CloudFormation User Guide).
    """
    value = written.value
    if value.get("Effect") not in ("Allow", "Deny"):
        spot = ("Effect",) if "Effect" in value else ()
        yield Problem(f"Effect is 'Allow' or 'Deny': {_REFUSED_BY_CLOUDFORMATION}", "'Deny' protects a resource", spot)
    for element in ("Action", "NotAction"):
        for text in texts(value.get(element)):
            if text.lower() not in map(str.lower, _ACTIONS):
                hint = did_you_mean(text, _ACTIONS) or f"one of {', '.join(_ACTIONS)}"
                yield Problem(f"no update does '{text}': {_REFUSED_BY_CLOUDFORMATION}", hint, (element, text))
    if value.get("Principal") not in ("*", {"AWS": "*"}):
        message = (
            f"the Principal of a stack policy is '*', everyone who updates the stack: {_REFUSED_BY_CLOUDFORMATION}"
        )
        yield Problem(message, 'write "Principal": "*"', ("Principal",) if "Principal" in value else ())
    for element in ("Resource", "NotResource"):
        for text in texts(value.get(element)):
            if text != "*" and not text.startswith("LogicalResourceId/"):
                message = f"'{text}' names no resource of the stack: {_REFUSED_BY_CLOUDFORMATION}"
                yield Problem(message, "write LogicalResourceId/ID, or *", (element, text))
