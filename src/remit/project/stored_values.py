"""`secret(…)` and `parameter(…)`: names in a function's environment, whose values only the running function fetches."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final

from remit.app import Store, StoredValue
from remit.declare.fitting import judged_at_once
from remit.errors import RemitError, described, writer
from remit.iam import tokens
from remit.project import current_load
from remit.project.late_bound import StoredText
from remit.project.local_values import local_value
from remit.resources.kms_key import key_text
from remit.resources.name_rules import broken_rule

if TYPE_CHECKING:
    from remit.declare.resource_references import KeyRef, ParameterRef, SecretRef

_TYPES: Final = {"secret": "AWS::SecretsManager::Secret", "parameter": "AWS::SSM::Parameter"}


@judged_at_once
def secret(name: SecretRef, *, key: KeyRef | None = None) -> str:
    """Name a secret of Secrets Manager in a function's settings.

    With `environment={"DATABASE": secret("/shop/prod/db")}` the function may read it, and gets its name in the
    variable. Where it runs, `secret("/shop/prod/db")` is the value, fetched once for each cold start. It is given by
    name, by ARN, or as a resource of the app; `key` is the KMS key that encrypts it, if it is one of your own.
    """
    return _stored("secretsmanager", "secret", name, key)


@judged_at_once
def parameter(name: ParameterRef, *, key: KeyRef | None = None) -> str:
    """Name a parameter of Parameter Store, as `secret` does one of Secrets Manager; `key` is that of a SecureString."""
    return _stored("ssm", "parameter", name, key)


def _stored(store: Store, function: str, name: Any, key: Any) -> str:
    """The name of a secret or parameter, as text that remembers what it names. RemitError (2): it is no name.

    A function that asks on this machine, outside of a load, gets the value itself.
    """
    own_key: Any = None  # which a resource of the app says itself
    if hasattr(name, "ref"):
        late, arn, own_key = tokens.plain(name.ref), tokens.plain(name.arn), name.properties.get("KmsKeyId")
    else:
        late = arn = tokens.plain(name)
        if not isinstance(late, str) or not late:
            hint = "usually os.environ.get() of a variable that is not set" if name is None else None
            message = f"{function} takes a name, an ARN or a resource, got {described(name)}"
            raise RemitError(message, hint=hint, origin=writer())
        if "://" in late or any(map(str.isspace, late)):
            raise RemitError(
                f"{function} takes the name that AWS keeps it under, and {late[:8]!r}… looks like a value",
                hint="store the value in AWS, and write its name here: a template shows everything to everyone",
                origin=writer(),
            )
        is_known = not late.startswith(("arn:", "${"))
        rule = broken_rule(_TYPES[function], tokens.split(late), makes=False) if is_known else None
        if rule is not None:
            raise RemitError(f"no {function} can be named {late!r:.60}", hint=rule, origin=writer())
    # Outside of a load, a module's own lines declare names; a function that runs asks for the value.
    if current_load.current() is None and sys._getframe(3).f_code.co_name != "<module>":  # noqa: SLF001 - who asks
        return local_value(late, function)
    text = StoredText(late)
    key = own_key if key is None else key
    text.stored = StoredValue(
        store, late, arn, None if key is None else key_text(key), own=hasattr(name, "ref"), origin=writer()
    )
    return text
