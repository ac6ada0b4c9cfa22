"""Callers of the AWS on this machine: a function's session that was made here, or an identity of IAM or STS."""

from __future__ import annotations

import base64
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from remit.errors import RemitError
from remit.iam.policy import Policy, parse
from remit.local.authorization.caller import Caller
from remit.local.authorization.stored_policies import policies_of
from remit.local.emulator import emulated
from remit.local.repairs.identities import FEDERATED_KEYS, IS_ROOT, ROLE_ID, stored_role
from remit.local.request import RefusedRequest


class FunctionSessions:
    """The sessions of functions: each function has one of its own role, as Lambda makes them.

    Source: "Working with Lambda execution environment credentials" (AWS Lambda Developer Guide).
    """

    def __init__(self) -> None:
        self._sessions: dict[tuple[str, str], FunctionSession] = {}
        self._by_key: dict[str, FunctionSession] = {}

    def credentials_of(self, configuration: Mapping[str, Any]) -> Mapping[str, str]:
        """The variables with a function's credentials, by its configuration (FunctionArn, FunctionName, Role).

        They are made once for a function and its role, and known to the emulator's STS from then on.
        """
        function, role = str(configuration["FunctionArn"]), str(configuration["Role"])
        session = self._sessions.get((function, role))
        if session is None:
            session = self._sessions[function, role] = _minted(function, role)
            self._by_key[session.access_key_id] = session
        # GetCallerIdentity asks the emulator's STS, which a reset makes forget.
        sts = emulated("services.sts")
        if session.access_key_id not in sts._sessions:
            described = {
                "Arn": session.caller.arn,
                "UserId": session.caller.keys["aws:userid"],
                "SecretAccessKey": session.secret_access_key,
                "SessionToken": session.token,
                "PrincipalType": "AssumedRole",
            }
            sts.register_session(session.access_key_id, described)
        return {
            "AWS_ACCESS_KEY_ID": session.access_key_id,
            "AWS_SECRET_ACCESS_KEY": session.secret_access_key,
            "AWS_SESSION_TOKEN": session.token,
        }

    def find(self, access_key_id: str, token: str) -> tuple[str, Caller] | None:
        """The secret of a function's access key, and the function as a caller.

        None where the key is no function's, or was made with another session token.
        """
        session = self._by_key.get(access_key_id)
        if session is None or not hmac.compare_digest(session.token.encode(), token.encode()):
            return None
        return session.secret_access_key, session.caller


@dataclass(frozen=True, slots=True)
class FunctionSession:
    """The keys that sign as a function, and who it is."""

    access_key_id: str
    secret_access_key: str
    token: str
    caller: Caller


def _minted(function: str, role: str) -> FunctionSession:
    """A session of a role (ARN) for a function (ARN), with new credentials as AWS makes them.

    Its name is the function's. Its caller has the role's id, when it was made, no MFA, and the function's ARN among its
    condition keys.
    """
    name = function.partition(":function:")[2].partition(":")[0]
    parts = role.split(":")
    account, role_name = parts[4], role.rpartition("/")[2]
    stored = emulated("services.iam")._roles.get(role_name)
    role_id = role_name if stored is None else stored["RoleId"]
    caller = Caller(
        f"arn:{parts[1]}:sts::{account}:assumed-role/{role_name}/{name}",
        account,
        keys={
            "aws:userid": f"{role_id}:{name}",
            "aws:tokenissuetime": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            # A service assumes the role, so that there is no MFA and the key is absent, not "false".
            "aws:multifactorauthpresent": None,
            "lambda:sourcefunctionarn": function,
        },
        function=name,
    )
    key = base64.b32encode(secrets.token_bytes(10)).decode()
    return FunctionSession(f"ASIA{key}", secrets.token_urlsafe(30), secrets.token_urlsafe(64), caller)


def issued_caller(access_key_id: str, account: str, token: str) -> tuple[str, Caller]:
    """The secret of an access key that the emulator's IAM or STS gave out, and whose it is.

    Raises:
        RefusedRequest: if there is none, its token is another one, it has expired, its role was deleted or made anew,
            or its session policy is not valid.
    """
    emulator = emulated("core.iam_evaluator")
    issued = None
    if not emulator.is_root_access_key(access_key_id):  # any number of twelve digits is root to the emulator
        issued = emulator.resolve_credential(access_key_id, account, token)
    if not isinstance(issued, emulator.ResolvedCredential):
        raise RefusedRequest(
            "InvalidClientTokenId",
            f"{access_key_id!r} is not an access key of the AWS on this machine: its keys are new at each start, "
            "and `remit local start` shows them",
        )
    sts = emulated("services.sts")
    session = sts._sessions.get(access_key_id) or {}
    role = stored_role(str(issued.principal_arn))
    if issued.principal_type == "AssumedRole" and (role is None or role["RoleId"] != session.get(ROLE_ID)):
        # A role of the same name that was made later is another one.
        raise RefusedRequest("InvalidClientTokenId", "The security token included in the request is invalid.")
    keys = dict(emulator._principal_keys(issued)) | session.get(FEDERATED_KEYS, {})
    passed = session.get("SessionPolicies") or {}
    policies = _session_policies(passed.get("Policy") or "", tuple(passed.get("PolicyArns") or ()), issued.account_id)
    caller = Caller(
        str(issued.principal_arn), str(issued.account_id), policies, keys, is_root=bool(session.get(IS_ROOT))
    )
    return str(issued.secret_access_key), caller


@lru_cache(maxsize=256)
def _session_policies(text: str, arns: tuple[str, ...], account: str) -> tuple[Policy, ...]:
    """The policies that a session was made with: its own, then the managed ones that exist here.

    RefusedRequest: its own is not valid.
    """
    policies: list[Policy] = []
    if text:
        try:
            policies.append(parse(json.loads(text)))
        except (ValueError, RemitError):
            raise RefusedRequest("MalformedPolicyDocument", "the policy of the session is not valid") from None
    return (*policies, *policies_of(account, arns))
