"""Decide each request to the AWS on this machine as AWS would: by the caller's policies and the resource's.

An access that cannot be decided here (an unknown operation, a key that depends on an address, a policy that nobody has)
is `unknown`: it passes with a record that says so, or is refused where the setting is strict.
"""

from __future__ import annotations

import re
from collections import Counter
from contextlib import nullcontext
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

from remit.access.needed_access import UNRESOLVED, NeededAccess, OperationRequest, Protocol, RequestedOperation
from remit.access.needs import needs_of
from remit.access.setting import RequestSetting
from remit.catalogue.operations import operation as catalogued_operation
from remit.catalogue.request_formats import clients_signed_for
from remit.errors import RemitError
from remit.iam.decide.prepared_statements import kept_by_identity
from remit.local.authorization.access_log import AccessLog, AccessRecord, Verdict
from remit.local.authorization.app_needs import app_request
from remit.local.authorization.caller import Caller, Question
from remit.local.authorization.context_keys import context_of
from remit.local.authorization.emulated_names import EmulatedNames
from remit.local.authorization.owning_place import OwningPlace, as_owner_of, other_owner
from remit.local.authorization.partial_operations import DeniedPart
from remit.local.authorization.requested_operation import wrong_region, wrong_scope
from remit.local.authorization.resource_policies import resource_policy
from remit.local.authorization.stored_policies import decide, denial_message, stored_identity
from remit.local.emulator import as_request_of, emulated, instead_of
from remit.local.functions.watchdog import exists
from remit.local.request import ReceivedRequest, RefusedRequest
from remit.local.routes import REFUSES_UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from remit.iam.policy import Policy
    from remit.iam.request import ContextValue
    from remit.local.authorization.canonical_request import CanonicalRequest
    from remit.local.signature import Signature

_VERDICTS: Final[dict[str, Verdict]] = {
    "Allowed": "allowed",
    "ExplicitlyDenied": "denied",
    "ImplicitlyDenied": "denied",
    "Unknown": "unknown",
}
CALL: Final = "x-remit-call"
"""The header by which a function's worker says where in the code a call was made: REQUEST_ID;FILE;LINE."""
_NAMES: Final = EmulatedNames()


@dataclass(frozen=True, slots=True)
class DecidedNeed:
    """One access that a request needs, and the decision on it.

    `because` is a reason in words, empty where it is allowed. `statement` is the name of the statement that decided,
    empty where none did. `message` is AWS's where it is denied, says why where it is unknown, and is empty where it is
    allowed.
    """

    need: NeededAccess
    verdict: Verdict
    because: str
    statement: str
    message: str


@dataclass(frozen=True, slots=True)
class AllowedRequest:
    """A request that may go on, and the parts of it that may not.

    `owner` is the account and region of its resource where that is another account's, else None.
    """

    denied_parts: tuple[DeniedPart, ...]
    owner: OwningPlace | None


_ASKED: Final[ContextVar[bool]] = ContextVar("strict", default=False)
"""Whether the request that is answered asks to have refused what is unknown. What it starts still sees this."""


@dataclass(slots=True)
class Strictness:
    """The refusal of what cannot be decided: for everybody, for a client where it asks, or while a client runs.

    A client that is killed leaves nothing behind: what it asked ends, and no process has its number.
    """

    for_all: bool = False
    _clients: set[int] = field(default_factory=set)
    _running: Counter[str] = field(default_factory=Counter)

    def settle(self, parameters: Mapping[str, str]) -> dict[str, bool]:
        """Refuse what is unknown from now on if the parameter `on` is "true", else let it pass.

        With `client`, the number of a process, this changes for as long as that process runs; without a number, for
        everybody. `before` in the answer is what held for everybody until now, with a client, too.
        """
        is_on, client = parameters.get("on") == "true", parameters.get("client", "")
        before = self.for_all
        if not client.isdecimal():
            self.for_all = is_on
        elif is_on:
            self._clients.add(int(client))
        else:
            self._clients.discard(int(client))
        return {"before": before}

    def begin(self, request: ReceivedRequest, function: str) -> None:
        """Note for `applies` whether a request asks for the refusal, or its function runs for one that does."""
        _ASKED.set(REFUSES_UNKNOWN in request.headers or self._running[function] > 0)

    def applies(self) -> bool:
        """Return whether what cannot be decided of the request that is answered is refused.

        Clients that have ended are forgotten.
        """
        if self._clients:
            self._clients = {client for client in self._clients if exists(client)}
        return self.for_all or _ASKED.get() or bool(self._clients)

    def take_hold(self) -> None:
        """Wrap the emulator's call of functions, to count those that run for a request which asks for the refusal."""
        service = emulated("services.lambda_svc")

        @instead_of(service, "_execute_function_dispatch")
        def dispatched(dispatch: Any, function: Any, configuration: Mapping[str, Any], *rest: Any) -> Any:
            """Run a function, counted by its name while it runs, if the request asks for the refusal."""
            if not _ASKED.get():
                return dispatch(function, configuration, *rest)
            name = str(configuration["FunctionName"])
            self._running[name] += 1
            try:
                return dispatch(function, configuration, *rest)
            finally:
                self._running[name] -= 1


@dataclass(slots=True)
class RequestAuthorizer:
    """Decides requests and notes the decisions; it refuses what is unknown where `strictness` applies."""

    log: AccessLog
    strictness: Strictness = field(default_factory=Strictness)

    def check(self, request: CanonicalRequest, region: str, caller: Caller) -> AllowedRequest:
        """Decide a request of a caller, and log the decisions. Parts are denied where AWS goes on with the rest.

        Raises:
            RefusedRequest: with AWS's message, if an access that it needs is denied, or is unknown where `strictness`
                applies.
        """
        return self._settled(request.received, request.operation, self.decisions(request, region, caller), caller)

    def check_app(self, request: ReceivedRequest, path: str, signature: Signature, caller: Caller) -> None:
        """Decide a signed request to a function URL or an API of the app, at the path that the emulator gets.

        A route that IAM does not authorize, or that does not exist, takes any request. Root may use each with a
        signature for the right service and region, and nothing is logged of it.

        Raises:
            RefusedRequest: if IAM authorizes the route, and the request is signed for another service or region, or the
                caller may not use it, or that is unknown where `strictness` applies.
        """
        setting = _setting(signature.region, caller)
        with as_request_of(setting.account, setting.region):
            asked = app_request(request.method, path, setting)
            if asked is None:
                return
            operation = asked.operation
            if signature.service != operation.client:
                raise wrong_scope(operation.client)
            if signature.region != asked.region:
                raise wrong_region(signature.region)
            if caller.is_root:
                return
            decisions = tuple(_decided(Question(need, operation, request, setting, caller)) for need in asked.needs)
        self._settled(request, operation, decisions, caller)

    def _settled(
        self,
        request: ReceivedRequest,
        operation: RequestedOperation,
        decisions: tuple[DecidedNeed, ...],
        caller: Caller,
    ) -> AllowedRequest:
        """Log the decisions on a request, and return which parts are denied, each once with its first message.

        The owner is the place of the first resource of another account. RefusedRequest: one of the decisions refuses
        the whole request; the decisions after that one are not logged.
        """
        # The invocation, the file and the line that it was made from, as the function's worker says.
        request_id, _, place = (request.header(CALL) or "").partition(";")
        file, _, line = place.rpartition(";")
        denied_parts: dict[tuple[str, ...], DeniedPart] = {}
        owner = None
        for decided in decisions:
            need = decided.need
            is_refused = decided.verdict == "denied" or (decided.verdict == "unknown" and self.strictness.applies())
            self.log.add(
                AccessRecord(
                    caller=caller.arn, function=caller.function, request_id=request_id,
                    operation=f"{operation.client}:{operation.name}", action=need.action, resource=need.resource,
                    decision=decided.verdict, because=decided.because, statement=decided.statement,
                    file=unquote(file), line=int(line) if line.isdecimal() else 0, refused=is_refused,
                )
            )  # fmt: skip
            owner = owner or other_owner(need, caller.account)
            if is_refused and not need.part:
                raise denial(operation.client, operation.protocol, decided.message)
            if is_refused:
                denied_parts.setdefault(need.part, DeniedPart(need.part, decided.message))
        return AllowedRequest(tuple(denied_parts.values()), owner)

    def decisions(self, request: CanonicalRequest, region: str, caller: Caller) -> tuple[DecidedNeed, ...]:
        """The decision on each access that a request needs; empty where it needs none.

        One decision, unknown, on `*` where the catalogue does not know the operation's actions: `CLIENT:OPERATION` is
        its action.
        """
        operation, parameters = request.operation, request.parameters
        setting = _setting(region, caller)
        with as_request_of(setting.account, setting.region):
            needs = needs_of(OperationRequest(operation, parameters, setting))
            if needs is None:
                name = f"{operation.client}:{operation.name}"
                because = f"nobody knows which actions {name} needs"
                return (DecidedNeed(NeededAccess(name, "*", parameters), "unknown", because, "", because),)
            return tuple(_decided(Question(need, operation, request.received, setting, caller)) for need in needs)


def _setting(region: str, caller: Caller) -> RequestSetting:
    return RequestSetting(region, caller.account, caller.arn, _NAMES)


def prepare() -> None:
    """Read what the first call would wait for, whatever it asks."""
    catalogued_operation("sts", "GetCallerIdentity")
    clients_signed_for("sts")


def _decided(question: Question) -> DecidedNeed:
    """The decision on one access by the policies that are stored: allowed, denied or unknown.

    Keys of the request are read only where a policy asks for them. A policy that cannot be decided makes it unknown,
    and raises nothing.
    """
    need, caller = question.need, question.caller
    with as_owner_of(need.resource) if other_owner(need, caller.account) else nullcontext():
        policies = resource_policy(need.action, need.resource)
    identity = stored_identity(caller.arn)
    keys = asked_keys(caller.session) | asked_keys(policies or ())
    if identity is not None:
        keys |= asked_keys(identity.layers.identity) | asked_keys(identity.layers.boundary)
    open_keys: frozenset[str] = frozenset() if need.is_resolved else frozenset({UNRESOLVED})
    values: dict[str, ContextValue] = {}
    if keys:
        values, open_here = context_of(keys, question)
        open_keys |= open_here
        if identity is not None:
            values["aws:principalarn"] = identity.arn
    try:
        stored = decide(
            caller.arn,
            need.action,
            need.resource,
            values,
            session=caller.session,
            resource_policy=policies,
            open_keys=open_keys,
        )
    except RemitError as error:  # a statement with an operator that does not exist
        return DecidedNeed(need, "unknown", error.message, "", error.message)
    verdict = _VERDICTS[stored.verdict]
    if verdict == "allowed":
        return DecidedNeed(need, verdict, "", stored.statement, "")
    because = stored.decision.because
    if stored.unread:
        because = f"{because}; {caller.arn} has policies that cannot be read here: {', '.join(stored.unread)}"
    message = denial_message(stored) if verdict == "denied" else f"it cannot be decided here: {because}"
    return DecidedNeed(need, verdict, because, stored.statement, message)


_VARIABLE: Final = re.compile(r"\$\{([^{}*?$,]+)")


@kept_by_identity(4096)
def asked_keys(policies: tuple[Policy, ...]) -> frozenset[str]:
    """The keys, in lower case, of conditions and of variables in policies; kept for the same tuple of policies."""
    return frozenset(key.strip().lower() for key in _keys(policies))


def _keys(policies: tuple[Policy, ...]) -> Iterator[str]:
    """The condition keys of policies, and those that variables in their texts name; some more than once."""
    for policy in policies:
        for statement in policy.statements:
            texts = list(statement.resources.patterns if statement.resources is not None else ())
            for condition in statement.conditions:
                yield condition.key
                texts += condition.values
            for text in texts:
                yield from _VARIABLE.findall(text)


_CODES: Final[Mapping[str, tuple[str, int]]] = {
    "sns": ("AuthorizationError", 403),
    "ec2": ("UnauthorizedOperation", 403),
    "s3": ("AccessDenied", 403),
    "s3control": ("AccessDenied", 403),
    "route53": ("AccessDenied", 403),
    "cloudfront": ("AccessDenied", 403),
}
"""The error's code and the status, where a service has others than its protocol.

Source: "Common Errors" of each service's API Reference.
"""
_OF_PROTOCOL: Final[Mapping[Protocol, tuple[str, int]]] = {
    "json": ("AccessDeniedException", 400),
    "cbor": ("AccessDeniedException", 400),
    "query": ("AccessDenied", 403),
    "rest": ("AccessDeniedException", 403),
}
_EC2: Final = "You are not authorized to perform this operation. "


def denial(client: str, protocol: Protocol, message: str) -> RefusedRequest:
    """The refusal of a request to a boto3 client's service, with the code and the status that AWS has there.

    For `ec2` EC2's own words come before the message.
    """
    code, status = _CODES.get(client, _OF_PROTOCOL[protocol])
    return RefusedRequest(code, f"{_EC2}{message}" if client == "ec2" else message, status)
