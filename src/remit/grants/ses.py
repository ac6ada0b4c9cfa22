"""Access to sending mail: `ses.send("shop.example", sender="orders@shop.example")`.

Source of the actions: "Actions, resources, and condition keys for Amazon Simple Email Service v2" (Service
Authorization Reference). An identity is a domain or an address that SES has verified. While an account is in the
sandbox, SES asks for the receivers' identities as well.
"""

from __future__ import annotations

from typing import Final

from remit.declare.asked import verb
from remit.declare.resource_references import AnyRef
from remit.grants import typed
from remit.iam.policy import Condition
from remit.resources.names import name_of

_IDENTITY: Final = typed.HERE % ("ses", "identity/{}")
_SET: Final = typed.HERE % ("ses", "configuration-set/{}")
_TEMPLATE: Final = typed.HERE % ("ses", "template/{}")


@verb
def send(
    identity: AnyRef,
    *,
    sender: str | None = None,
    configuration_set: AnyRef | None = None,
    template: AnyRef | None = None,
) -> typed.Grants:
    """Send mail: ses:SendEmail and ses:SendRawEmail, on the identity and the configuration set that mails name.

    `sender` holds it to one From address, or a pattern of them ("*@shop.example"), by the condition ses:FromAddress.
    With `template`, ses:SendTemplatedEmail on that, and ses:SendEmail, which the v2 API asks there.
    """
    verb = "ses.send"
    senders = () if sender is None else (Condition("StringLike", "ses:FromAddress", (typed.text_of(sender, verb),)),)
    named = [typed.arn(identity, verb, _IDENTITY)]
    if configuration_set is not None:
        named.append(typed.arn(configuration_set, verb, _SET))
    because = f"sends mail as {sender or name_of(named[0]).removeprefix('identity/')}"
    grants = typed.grant(("ses:SendEmail", "ses:SendRawEmail"), tuple(named), because, *senders)
    if template is None:
        return grants
    template_arn = typed.arn(template, verb, _TEMPLATE)
    return (
        *grants,
        *typed.grant(("ses:SendTemplatedEmail",), (*named, template_arn), because, *senders),
        *typed.grant(("ses:SendEmail",), (template_arn,), because, *senders),
    )


@verb
def send_bulk(identity: AnyRef, *, template: AnyRef, configuration_set: AnyRef | None = None) -> typed.Grants:
    """Send a template to many at once: ses:SendBulkEmail, and ses:SendBulkTemplatedEmail of the older API.

    On the identity, the template, and the configuration set that mails name. IAM can hold it to no From address.
    """
    verb = "ses.send_bulk"
    named = [typed.arn(identity, verb, _IDENTITY), typed.arn(template, verb, _TEMPLATE)]
    if configuration_set is not None:
        named.append(typed.arn(configuration_set, verb, _SET))
    because = f"sends mail in bulk as {name_of(named[0]).removeprefix('identity/')}"
    return typed.grant(("ses:SendBulkEmail", "ses:SendBulkTemplatedEmail"), tuple(named), because)
