"""Principals that AWS does not know."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from remit.lint import principals
from remit.lint.finding import ERROR, WARNING, Problem, rule
from remit.lint.rule_inputs import RESOURCE, TRUST

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.rule_inputs import ParsedStatement

_MISTAKES_IN = {
    "Service": principals.of_service, "AWS": principals.of_account, "Federated": principals.of_provider,
}  # fmt: skip


@rule("R138", ERROR, looks_at="outward", needs='Principal"')
def bad_principal(item: ParsedStatement) -> Iterator[Problem]:
    """A principal that IAM does not know: a service's name that is misspelt, a wildcard in an ARN, a group.

    The policy is refused (MalformedPolicyDocument: Invalid principal in policy). A trust policy takes neither NotPrincipal
    nor `"Principal": "*"` (`{"AWS": "*"}` it takes, and R216 warns of it). The policy of a resource takes no identity
    provider.

    Flagged:

        {"Version": "2012-10-17", "Statement": [
          {"Effect": "Allow", "Principal": {"Service": "lambda.amazon.com"}, "Action": "sts:AssumeRole"}
        ]}

    Better:

        {"Version": "2012-10-17", "Statement": [
          {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ]}

    Source: "AWS JSON policy elements: Principal" (IAM User Guide).
    """
    element, document_kind = item.principal_element, item.document.kind
    if document_kind == TRUST and element == "NotPrincipal":
        yield Problem("a trust policy has no NotPrincipal: IAM refuses it", "name who may, in Principal", (element,))
        return
    written = item.document.written[item.index].value.get(element) if item.document.written else None
    if isinstance(written, dict) and "Fn::GetAtt" in written:
        return  # a custom resource may give a whole object
    for kind, value in item.principals:
        if document_kind == TRUST and kind == "*":
            message = 'a trust policy has no "Principal": "*", everyone: IAM refuses it'
            yield Problem(message, 'name the account: {"AWS": "arn:aws:iam::ACCOUNT:root"}', (element,))
        elif document_kind == RESOURCE and kind == "Federated":
            message = "the policy of a resource takes no identity provider: its users come by way of a role"
            yield Problem(message, "name the role that they assume", (element, kind))
            return  # one report is enough: this Principal has to be written anew
        mistake_in = _MISTAKES_IN.get(kind)
        mistake = mistake_in(value) if mistake_in is not None else None
        if mistake is not None:
            yield Problem(*mistake, (element, kind, value))


_ID = r"(AROA|AIDA)[A-Z0-9]{12,}"
_HOLDERS = {"AROA": "role", "AIDA": "user"}


@rule("R139", WARNING, looks_at="statement", needs=r"(AROA|AIDA)[A-Z0-9]{12,}")
def principal_by_id(item: ParsedStatement) -> Iterator[Problem]:
    """A principal is the unique id of a role or a user, not its ARN.

    IAM itself writes the id where the principal of a saved policy was deleted: who is created anew under the same name has
    another id, and is not let in.

    Flagged:

        {"Version": "2012-10-17", "Statement": [
          {"Effect": "Allow", "Principal": {"AWS": "AROADBQP57FF2AEXAMPLE"}, "Action": "sts:AssumeRole"}
        ]}

    Better:

        {"Version": "2012-10-17", "Statement": [
          {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/ci"}, "Action": "sts:AssumeRole"}
        ]}

    Source: "IAM identifiers" (IAM User Guide): unique identifiers; "IAM policy validation check reference" (there): invalid
    role reference, invalid user reference.
    """
    for kind, value in item.principals:
        unique_id = re.fullmatch(_ID, value) if kind == "AWS" else None
        if unique_id is not None:
            holder = _HOLDERS[unique_id[1]]
            message = f"'{value}' is the id of a {holder}: the policy ends with it, should it be deleted"
            yield Problem(
                message,
                f"write the {holder}'s ARN: arn:aws:iam::ACCOUNT:{holder}/NAME",
                (item.principal_element, kind, value),
            )
