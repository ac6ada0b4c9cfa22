"""Sessions as STS makes them, of a role that is there and no longer than it lets them be.

The emulator gives a session of any role, name and length. Of the token of an identity provider it reads nothing.

Sources: "AssumeRole", "AssumeRoleWithWebIdentity", "GetSessionToken" (AWS STS API Reference), "Role chaining" (IAM User
Guide).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, urlencode
from xml.sax.saxutils import escape

from remit.iam.request import principal_of
from remit.local.authorization.caller import CALLER, Caller
from remit.local.authorization.federated_callers import WEB_IDENTITY, federated_caller
from remit.local.emulator import emulated, instead_of
from remit.local.request import RefusedRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.local.authorization.canonical_request import CanonicalRequest

    Answer = tuple[int, dict[str, str], bytes]

IS_ROOT: Final = "is_root"
"""What a session of the emulator has that was made with this server's own key."""
FEDERATED_KEYS: Final = "federated_keys"
"""What a session of the emulator has the condition keys of its identity provider under."""
ROLE_ID: Final = "role_id"
"""What a session of the emulator has the id of its role under."""
_END_OF_RESULT: Final = b"</AssumeRoleResult>"
_SHORTEST, _LONGEST, _LONGEST_IN_A_CHAIN = 900, 43200, 3600  # seconds
_SESSION_NAME: Final = r"[\w+=,.@-]*"


def make_sessions_as_sts_does() -> None:
    """Have the emulator's STS read tokens of identity providers, and note whose session it makes.

    Emulator: services/sts.py, services/iam.py.
    Test: test_role_sessions.py::test_a_session_ends_with_its_role_and_a_new_role_of_the_name_is_another,
    test_role_sessions.py::test_a_jobs_token_gets_the_role_whose_trust_its_claims_meet.
    """
    sts = emulated("services.sts")

    @instead_of(sts, "handle_request")
    async def handle(
        handle_request: Any, method: str, path: str, headers: Any, body: bytes, query: Mapping[str, Any]
    ) -> Answer:
        """Answer AssumeRoleWithWebIdentity by way of AssumeRole, with what the token says; all else as the emulator."""
        form = dict(parse_qsl(body.decode()))
        if form.get("Action") != WEB_IDENTITY:
            answer: Answer = await handle_request(method, path, headers, body, query)
            return answer
        # The emulator's own answer to it is no XML, and forgets the policies of the session.
        body = urlencode({**form, "Action": "AssumeRole"}).encode()
        status, answer_headers, content = await handle_request(method, path, headers, body, query)
        described = federated_caller(WEB_IDENTITY, form).described.items()
        elements = "".join(f"<{name}>{escape(text)}</{name}>" for name, text in described).encode()
        content = content.replace(_END_OF_RESULT, elements + _END_OF_RESULT)
        return status, answer_headers, content.replace(b"AssumeRoleR", f"{WEB_IDENTITY}R".encode())

    @instead_of(sts, "register_session")
    def register(register_session: Any, access_key_id: str, session: dict[str, Any]) -> None:
        """Note a new session, with its provider's keys, whether root made it, and the id of its role."""
        caller = CALLER.get()
        if caller is not None and caller.is_federated:
            session[FEDERATED_KEYS] = {**caller.keys, "aws:federatedprovider": caller.arn}
        # The emulator calls any key of twelve digits root: only the server's own key makes a session that is.
        session[IS_ROOT] = session.get("PrincipalType") == "Root" and caller is None
        role = stored_role(session.get("Arn", ""))
        # A role that is made later under the same name is another one, whose sessions these are not.
        session[ROLE_ID] = None if role is None else role["RoleId"]
        register_session(access_key_id, session)


def check_session(asked: CanonicalRequest, caller: Caller) -> None:
    """Check a request to STS for a session: names, durations and that the role is there; other requests pass.

    RefusedRequest: STS would not make it, in its words: AccessDenied for a role that is not there, and for a session
    that asks for a session; ValidationError (400) for a name or a duration.
    """
    action, parameters = asked.operation.name, asked.parameters
    is_session = ":sts:" in caller.arn
    if action in ("GetSessionToken", "GetFederationToken") and is_session:
        # A session of a session would have none of its limits.
        raise RefusedRequest("AccessDenied", f"Cannot call {action} with session credentials")
    if not action.startswith("AssumeRole"):
        return
    name, duration = parameters.get("RoleSessionName", ""), parameters.get("DurationSeconds") or str(_SHORTEST)
    seconds = int(duration) if re.fullmatch(r"[0-9]{1,9}", duration) else 0
    is_name = re.fullmatch(_SESSION_NAME, name, re.ASCII) is not None
    for is_met, member, value, constraint in (
        (is_name, "roleSessionName", name, f"satisfy regular expression pattern: {_SESSION_NAME}"),
        (len(name) >= 2, "roleSessionName", name, "have length greater than or equal to 2"),  # noqa: PLR2004 - "AssumeRole"
        (len(name) <= 64, "roleSessionName", name, "have length less than or equal to 64"),  # noqa: PLR2004 - "AssumeRole"
        (seconds >= _SHORTEST, "durationSeconds", duration, f"have value greater than or equal to {_SHORTEST}"),
        (seconds <= _LONGEST, "durationSeconds", duration, f"have value less than or equal to {_LONGEST}"),
    ):
        if not is_met:
            reason = f"Value '{value}' at '{member}' failed to satisfy constraint: Member must {constraint}"
            raise RefusedRequest("ValidationError", f"1 validation error detected: {reason}", 400)
    role = stored_role(parameters.get("RoleArn", ""))
    if role is None:
        subject = f"User: {caller.arn} is not authorized to perform: sts:{action}"
        raise RefusedRequest("AccessDenied", f"{subject} on resource: {parameters.get('RoleArn', '')}")
    limit = ""
    if is_session and seconds > _LONGEST_IN_A_CHAIN:
        limit = "the 1 hour session limit for roles assumed by role chaining"
    elif seconds > int(role["MaxSessionDuration"]):
        limit = "the MaxSessionDuration set for this role"
    if limit:
        raise RefusedRequest("ValidationError", f"The requested DurationSeconds exceeds {limit}.", 400)


def stored_role(arn: str) -> Mapping[str, Any] | None:
    """A role as the emulator has it, by its ARN or that of a session of it.

    None: there is none of that name, the role's ARN has another path, or the ARN is of something else.
    """
    principal = principal_of(arn)
    if principal.role is None:
        return None
    iam = emulated("services.iam")
    role: Mapping[str, Any] | None = iam._roles.get_scoped(principal.account, None, principal.role)
    return None if role is None or (principal.kind == "role" and role["Arn"] != arn) else role
