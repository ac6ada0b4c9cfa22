"""Sessions as STS makes them: of a role that is there, no longer than it lets them be, with what must be kept of them.

The emulator gives a session of any role, name and length. Of the token of an identity provider it reads nothing, and
SAML it does not know. The gate has decided by then whether the role's trust lets the caller in.

Sources: "AssumeRole", "AssumeRoleWithWebIdentity", "AssumeRoleWithSAML", "GetSessionToken" (AWS STS API Reference),
"Monitor and control actions taken with assumed roles", "Role chaining" (IAM User Guide).
"""

from __future__ import annotations

import re
import time
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from remit.iam.request import principal_of
from remit.local.authorization.caller import CALLER
from remit.local.authorization.federated_callers import FEDERATED_ACTIONS, federated_caller
from remit.local.emulator import emulated, instead_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    Answer = tuple[int, dict[str, str], bytes]

SOURCE_IDENTITY: Final = "SourceIdentity"
"""The parameter of AssumeRole, and what a session of the emulator has it under."""
IS_ROOT: Final = "is_root"
"""What a session of the emulator has that was made with this server's own key."""
FEDERATED_KEYS: Final = "federated_keys"
"""What a session of the emulator has the condition keys of its identity provider under."""
ROLE_ID: Final = "role_id"
"""What a session of the emulator has the id of its role under."""
_REQUESTED: Final[ContextVar[str]] = ContextVar("requested source identity", default="")
_END_OF_RESULT: Final = b"</AssumeRoleResult>"
_SHORTEST, _LONGEST, _LONGEST_IN_A_CHAIN = 900, 43200, 3600  # seconds
_SESSION_NAME: Final = r"[\w+=,.@-]*"


def make_sessions_as_sts_does() -> None:
    """Have the emulator's STS check what it is asked for, and note whose session it makes.

    Emulator: services/sts.py, services/iam.py.
    Test: test_role_sessions.py::test_a_session_lasts_no_longer_than_its_role_lets_it_and_an_hour_in_a_chain,
    test_role_sessions.py::test_a_jobs_token_gets_the_role_whose_trust_its_claims_meet.
    """
    sts = emulated("services.sts")

    @instead_of(sts, "handle_request")
    async def handle(
        handle_request: Any, method: str, path: str, headers: Any, body: bytes, query: Mapping[str, Any]
    ) -> Answer:
        parameters = _parameters(body, query)
        action = parameters.get("Action", "")
        refused = _refused(sts, action, parameters)
        if refused is not None:
            return refused
        if action in FEDERATED_ACTIONS:
            return _federated_session(sts, action, parameters)
        requested = _REQUESTED.set(parameters.get(SOURCE_IDENTITY, ""))
        try:
            answer: Answer = await handle_request(method, path, headers, body, query)
            return _with_identity(answer, _REQUESTED.get())
        finally:
            _REQUESTED.reset(requested)

    @instead_of(sts, "register_session")
    def register(register_session: Any, access_key_id: str, session: dict[str, Any]) -> None:
        caller = sts._sessions.get(session.get("SourceAccessKeyId")) or {}
        identity = caller.get(SOURCE_IDENTITY) or _REQUESTED.get()
        if identity:
            session[SOURCE_IDENTITY] = identity
            _REQUESTED.set(identity)
        # The emulator calls any key of twelve digits root: only the server's own key makes a session that is.
        session[IS_ROOT] = session.get("PrincipalType") == "Root" and CALLER.get() is None
        role = stored_role(session.get("Arn", ""))
        # A role that is made later under the same name is another one, whose sessions these are not.
        session[ROLE_ID] = None if role is None else role["RoleId"]
        register_session(access_key_id, session)


def _parameters(body: bytes, query: Mapping[str, Any]) -> dict[str, str]:
    of_query = {name: str(values[0] if isinstance(values, list) else values) for name, values in query.items()}
    return of_query | dict(parse_qsl(body.decode("utf-8", errors="replace"), keep_blank_values=True))


def _refused(  # noqa: PLR0911 - one case after the other
    sts: Any, action: str, parameters: Mapping[str, str]
) -> Answer | None:
    """The error of AWS for a session that it would not make; None where it would."""

    def error(status: int, code: str, message: str) -> Answer:
        answer: Answer = sts._error(status, code, escape(message), ns="sts")
        return answer

    caller = CALLER.get()
    is_session = caller is not None and ":sts:" in caller.arn
    if action in ("GetSessionToken", "GetFederationToken"):
        # A session of a session would have none of its limits.
        return error(403, "AccessDenied", f"Cannot call {action} with session credentials") if is_session else None
    if not action.startswith("AssumeRole"):
        return None
    for problem in (_wrong_name(action, parameters), _wrong_duration(parameters)):
        if problem:
            return error(400, "ValidationError", f"1 validation error detected: {problem}")
    role = stored_role(parameters.get("RoleArn", ""))
    if role is None:
        subject = "" if caller is None else f"User: {caller.arn} is not authorized to perform: "
        return error(403, "AccessDenied", f"{subject}sts:{action} on resource: {parameters.get('RoleArn', '')}")
    seconds = int(parameters.get("DurationSeconds") or _SHORTEST)
    if is_session and action == "AssumeRole" and seconds > _LONGEST_IN_A_CHAIN:
        limit = "the 1 hour session limit for roles assumed by role chaining"
        return error(400, "ValidationError", f"The requested DurationSeconds exceeds {limit}.")
    if seconds > int(role["MaxSessionDuration"]):
        limit = "the MaxSessionDuration set for this role"
        return error(400, "ValidationError", f"The requested DurationSeconds exceeds {limit}.")
    return None


def stored_role(arn: str) -> Mapping[str, Any] | None:
    """A role as the emulator has it, by its ARN or that of a session, or None."""
    principal = principal_of(arn)
    if principal.role is None:
        return None
    iam = emulated("services.iam")
    role: Mapping[str, Any] | None = iam._roles.get_scoped(principal.account, None, principal.role)
    return None if role is None or (principal.kind == "role" and role["Arn"] != arn) else role


def _wrong_name(action: str, parameters: Mapping[str, str]) -> str:
    if action == "AssumeRoleWithSAML":  # the assertion has it
        return ""
    name = parameters.get("RoleSessionName", "")
    unmet = ""
    if not re.fullmatch(_SESSION_NAME, name, re.ASCII):
        unmet = f"satisfy regular expression pattern: {_SESSION_NAME}"
    elif len(name) < 2:  # noqa: PLR2004 - "AssumeRole", RoleSessionName
        unmet = "have length greater than or equal to 2"
    elif len(name) > 64:  # noqa: PLR2004 - as above
        unmet = "have length less than or equal to 64"
    return f"Value '{name}' at 'roleSessionName' failed to satisfy constraint: Member must {unmet}" if unmet else ""


def _wrong_duration(parameters: Mapping[str, str]) -> str:
    text = parameters.get("DurationSeconds", "")
    if not text:
        return ""
    unmet = ""
    if not re.fullmatch(r"-?[0-9]{1,9}", text):
        unmet = "be a number"
    elif int(text) < _SHORTEST:
        unmet = f"have value greater than or equal to {_SHORTEST}"
    elif int(text) > _LONGEST:
        unmet = f"have value less than or equal to {_LONGEST}"
    return f"Value '{text}' at 'durationSeconds' failed to satisfy constraint: Member must {unmet}" if unmet else ""


def _federated_session(sts: Any, action: str, parameters: Mapping[str, str]) -> Answer:
    """A session of whoever an identity provider names."""
    caller = federated_caller(action, parameters)
    role = parameters["RoleArn"]
    seconds = int(parameters.get("DurationSeconds") or _LONGEST_IN_A_CHAIN)
    if caller.most_seconds is not None:
        seconds = min(seconds, max(caller.most_seconds, _SHORTEST))
    policies, _ = sts._session_policies(parameters, check=False)
    arn, _ = sts._assumed_role_arn(role, caller.session_name)
    user_id = f"{sts._role_id(role)}:{caller.session_name}"
    iam = emulated("services.iam")
    credentials = {
        "AccessKeyId": iam._gen_session_access_key(),
        "SecretAccessKey": iam._gen_secret(),
        "SessionToken": iam._gen_session_token(),
    }
    sts.register_session(
        credentials["AccessKeyId"],
        {
            **credentials,
            "Arn": arn,
            "UserId": user_id,
            "Expiration": time.time() + seconds,
            "AccountId": role.split(":")[4],
            "PrincipalType": "AssumedRole",
            "SessionPolicies": policies if any(policies.values()) else None,
            FEDERATED_KEYS: {**caller.keys, "aws:federatedprovider": caller.provider},
        },
    )
    members = {
        "Credentials": _elements({**credentials, "Expiration": sts._future(seconds)}),
        "AssumedRoleUser": _elements({"AssumedRoleId": user_id, "Arn": arn}),
        "PackedPolicySize": "0",
    }
    content = "".join(f"<{name}>{text}</{name}>" for name, text in members.items()) + _elements(caller.described)
    answer: Answer = sts._xml(200, f"{action}Response", f"<{action}Result>{content}</{action}Result>", ns="sts")
    return answer


def _elements(members: Mapping[str, str]) -> str:
    return "".join(f"<{name}>{escape(text)}</{name}>" for name, text in members.items())


def _with_identity(answer: Answer, identity: str) -> Answer:
    """The answer of AssumeRole with the source identity of the new session."""
    status, headers, body = answer
    if not identity:
        return answer
    element = f"<{SOURCE_IDENTITY}>{escape(identity)}</{SOURCE_IDENTITY}>".encode()
    return status, headers, body.replace(_END_OF_RESULT, element + _END_OF_RESULT)
