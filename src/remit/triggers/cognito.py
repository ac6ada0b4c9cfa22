"""Steps of a user pool that run a function: before a sign-up, when a token is made, and the like."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from remit.declare.resource_references import KeyRef, UserPoolRef
from remit.errors import Mistakes, RemitError
from remit.resources.kms_key import key_named, key_text, kms_key
from remit.resources.names import logical, own_id
from remit.triggers.invoke_permission import permission
from remit.triggers.trigger import BaseTrigger, with_changed_sources

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from remit.app import App, Function, Resource

PoolStep: TypeAlias = Literal[
    "PreSignUp", "PostConfirmation", "PreAuthentication", "PostAuthentication", "PreTokenGeneration",
    "CustomMessage", "UserMigration", "DefineAuthChallenge", "CreateAuthChallenge", "VerifyAuthChallengeResponse",
    "CustomEmailSender", "CustomSMSSender",
]  # fmt: skip
"""The triggers of a user pool, as AWS::Cognito::UserPool's LambdaConfig calls them."""
_SENDERS: Final = ("CustomEmailSender", "CustomSMSSender")


@dataclass(frozen=True, slots=True)
class Cognito(BaseTrigger):
    """Run the function at a step of a user pool of the app: `@app.function(on.cognito(Data.users, "PreSignUp"))`.

    `version` is of the event of PreTokenGeneration (V1_0, V2_0 or V3_0). A custom sender needs `key`, the KMS key
    that encrypts the codes (or set KMSKeyID in the pool's LambdaConfig), with which it may decrypt them.
    """

    pool: UserPoolRef
    step: PoolStep
    _: KW_ONLY
    version: Literal["V1_0", "V2_0", "V3_0"] | None = None
    key: KeyRef | None = None

    def checks(self) -> Iterator[Callable[[], object]]:
        """Yield the checks of the pool, the version, the key."""
        yield self._check_pool
        if self.version is not None:
            yield self._check_version
        if self.key is not None:
            yield self._check_key

    def _check_pool(self) -> None:
        """Refuse with RemitError (2) a user pool that is not the app's."""
        if not own_id(self.pool):
            raise RemitError(
                f"cognito takes a user pool of the app, got {self.pool!r:.60}: "
                "only the stack that makes a pool can set its triggers",
                hint='declare it: `users = resource("AWS::Cognito::UserPool")` in a class of shared/resources/',
            )

    def _check_version(self) -> None:
        """Refuse with RemitError (2) a version for a step that has none."""
        if self.step != "PreTokenGeneration":
            raise RemitError(f"version goes with PreTokenGeneration, not with {self.step}")

    def _check_key(self) -> None:
        """Refuse with RemitError (2) a key of a step that sends no codes, or one that is no key."""
        key_text(self.key)
        if not self.is_sender:
            hint = f"only {' and '.join(_SENDERS)} get codes that a key encrypts"
            raise RemitError(f"key goes with a custom sender, not with {self.step}", hint=hint)

    @property
    def is_sender(self) -> bool:
        """True if it sends codes, which the pool encrypts."""
        return self.step in _SENDERS

    @property
    def custom_sender_pool(self) -> str:
        """The logical id of the pool, of a step that sends its codes; "" of any other."""
        return own_id(self.pool) if self.is_sender else ""

    def resources(self, function: Function) -> Iterator[Resource]:
        """Yield the function's permission for this pool alone; one for all of its steps."""
        pool = own_id(self.pool)
        first = next(
            trigger for trigger in function.triggers if isinstance(trigger, Cognito) and own_id(trigger.pool) == pool
        )
        if first is self:
            name = f"{function.logical_id}{logical(pool)}PoolPermission"
            yield permission(function, name, "cognito-idp.amazonaws.com", f"${{{pool}.Arn}}")


def with_sources(app: App) -> App:
    """The app with the LambdaConfig of its user pools that its triggers ask for. RemitError has all that cannot be."""
    by_id = {resource.logical_id: resource for resource in app.resources}
    return with_changed_sources(
        app, Cognito, lambda trigger: own_id(trigger.pool), lambda pool, own: _with_config(pool, own, by_id)
    )


def _with_config(pool: Resource, triggers: list[tuple[Function, Cognito]], by_id: Mapping[str, Resource]) -> Resource:
    """The user pool with a LambdaConfig that runs the functions of its triggers, beside what it has already.

    RemitError has every step with two functions, and every custom sender whose key is missing or wrong.
    """
    configuration: dict[str, Any] = dict(pool.properties.get("LambdaConfig", {}))
    mistakes = Mistakes()
    for function, trigger in triggers:
        step: str = trigger.step
        entry: Any = function.arn
        if trigger.is_sender:
            entry = {"LambdaArn": function.arn, "LambdaVersion": "V1_0"}
        elif trigger.version is not None:
            step, entry = "PreTokenGenerationConfig", {"LambdaArn": function.arn, "LambdaVersion": trigger.version}
        if not configuration.keys().isdisjoint((trigger.step, f"{trigger.step}Config")):
            message = f"user pool `{pool.logical_id}` has two functions for {trigger.step}; a step has one"
            mistakes.add(message, origin=trigger.written)
        configuration[step] = entry
        if trigger.is_sender:
            with mistakes.noted():
                configuration["KMSKeyID"] = _key_arn(configuration.get("KMSKeyID"), trigger, by_id)
    mistakes.refuse()
    return replace(pool, properties={**pool.properties, "LambdaConfig": configuration})


def _key_arn(pool_key: Any, trigger: Cognito, by_id: Mapping[str, Resource]) -> str:
    """The ARN of the one key that encrypts the codes of a pool: the trigger's, the pool's, or that of both.

    An alias of the app counts as its key. RemitError: there is none, or two, or an alias that is not the app's.

    Cognito takes it by its ARN alone ("LambdaConfigType", Amazon Cognito user pools API Reference).
    """
    keys = [kms_key(by_id, value) for value in (key_text(trigger.key), pool_key)]
    names = dict.fromkeys(key.name for key in keys if key is not None)
    if len(names) != 1:
        missing = "needs key=, the KMS key that encrypts the codes"
        problem = f"has {len(names)} keys for the codes of a pool; it takes one" if names else missing
        raise RemitError(f"cognito's {trigger.step} {problem}", origin=trigger.written)
    (name,) = names
    if key_named(name).alias:
        raise RemitError(
            f"cognito's {trigger.step} takes a key by its ARN, and {name} is not an alias of the app",
            hint="write the ARN of the key",
            origin=trigger.written,
        )
    return name
