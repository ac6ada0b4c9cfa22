"""Tell what AWS, or the way to it, answered instead of what was asked: as a sentence with the next step."""

from __future__ import annotations

import json
import re
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import urlsplit

from remit.errors import RemitError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from remit.answers.denial import LayerName

T = TypeVar("T")
UNREACHABLE: Final = 69  # EX_UNAVAILABLE of sysexits.h
BUSY: Final = 75  # EX_TEMPFAIL of sysexits.h
_SERVER_ERROR: Final = 500

_DENIED: Final = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "UnauthorizedAccess"})
_EXPIRED: Final = frozenset({"ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"})
_SKEWED: Final = frozenset({"RequestTimeTooSkewed", "RequestExpired", "RequestInTheFuture"})
_UNKNOWN_KEY: Final = frozenset(
    {
        "InvalidClientTokenId",
        "UnrecognizedClientException",
        "InvalidAccessKeyId",
        "AuthFailure",
        "InvalidToken",
    }
)
_SIGNED_OUT: Final = frozenset(
    {"UnauthorizedSSOTokenError", "SSOTokenLoadError", "TokenRetrievalError", "LoginRefreshRequired"}
)
_SIGNATURE: Final = frozenset({"SignatureDoesNotMatch", "InvalidSignatureException"})
_THROTTLED: Final = (
    r"\w*Throttl\w*|BandwidthLimitExceeded|PriorRequestNotComplete|RequestLimitExceeded|RequestTimeout(Exception)?|SlowDown"
    r"|TooManyRequestsException"
)
NOTHING: Final = r"NoSuch\w+|\w*NotFound\w*"
"""The codes by which services say that there is nothing of a name, or none of what was asked for."""
_LAYERS: Final[Mapping[LayerName, str]] = {
    "scp": "a service control policy (SCP) of the organisation denies it: ask its owner",
    "rcp": "a resource control policy (RCP) of the organisation denies it: ask its owner",
    "boundary": "the caller's permissions boundary does not allow it",
    "session": "the session policy that the caller assumed its role with does not allow it",
}
"""What to do, by the layer that denied."""
_EXPLICIT: Final = "a policy denies it explicitly: that statement must change, since a Deny always wins"


class Denied(RemitError):
    """The caller may not do what was asked of AWS."""


class AnsweredError(Exception):
    """An error that AWS answered to a call that was made without an SDK, in the form of botocore's ClientError."""

    def __init__(self, error_code: str, words: str, http_status: int, operation_name: str) -> None:
        super().__init__(f"{operation_name}: {error_code}: {words}")
        error = {"Code": error_code, "Message": words}
        self.response = {"Error": error, "ResponseMetadata": {"HTTPStatusCode": http_status}}
        self.operation_name = operation_name


def _sdk_errors(module: str, *names: str) -> tuple[Any, ...]:
    """The classes of errors in a module of the SDK; none where it is not imported, and has raised none."""
    loaded = sys.modules.get(module)
    return () if loaded is None else tuple(getattr(loaded, name) for name in names)


def answered_errors() -> tuple[Any, ...]:
    """The classes of the errors that AWS answers."""
    return (AnsweredError, *_sdk_errors("botocore.exceptions", "ClientError"))


def call_errors() -> tuple[Any, ...]:
    """The classes of the errors of a call: what AWS answers, and what stands in the way to it."""
    return (*answered_errors(), *_sdk_errors("botocore.exceptions", "BotoCoreError"), *_unreadable_answers())


def _unreadable_answers() -> tuple[Any, ...]:
    return _sdk_errors("botocore.parsers", "ResponseParserError")


def _no_answers() -> tuple[Any, ...]:
    return _sdk_errors("botocore.exceptions", "ConnectionError", "HTTPClientError")


@contextmanager
def remit_errors() -> Iterator[None]:
    """Turn what boto3 and botocore raise of a call into RemitError (Denied, where AWS denies); all else passes."""
    try:
        yield
    except _sdk_errors("boto3.exceptions", "Boto3Error") as error:  # the transfer manager wraps what it met
        met = error.__context__
        raise remit_error(met if isinstance(met, call_errors()) else error) from error
    except call_errors() as error:
        raise remit_error(error) from error


def code(error: BaseException) -> str:
    """AWS's code of an error, `""` if it is none of AWS's."""
    response = getattr(error, "response", None)
    return str(response.get("Error", {}).get("Code", "")) if isinstance(response, dict) else ""


def message(error: BaseException) -> str:
    """AWS's own words, without the SDK's around them."""
    response = getattr(error, "response", None)
    return str(response.get("Error", {}).get("Message", "")) if isinstance(response, dict) else str(error)


def status(error: BaseException) -> int:
    """The HTTP status of AWS's answer, 0 if there was none."""
    response = getattr(error, "response", None)
    return int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)) if isinstance(response, dict) else 0


def denied(error: BaseException) -> bool:
    """Return whether AWS says that the caller may not do it."""
    return code(error) in _DENIED or status(error) == 403  # noqa: PLR2004 - HTTP's Forbidden


def transient(error: BaseException) -> bool:
    """Return whether the same call may well succeed a moment later.

    That is so where it was throttled, for a 5xx or a broken connection, and where what answered was not AWS.
    """
    if isinstance(error, (*_no_answers(), *_unreadable_answers())):
        return True
    return throttled(error) or status(error) >= _SERVER_ERROR


def throttled(error: BaseException) -> bool:
    """Return whether AWS says that it is asked too often."""
    return re.fullmatch(_THROTTLED, code(error)) is not None


def patiently(call: Callable[[], T], pauses: Iterable[float], passes: Callable[[BaseException], bool]) -> T:
    """Call AWS, and once more after each of the pauses (seconds) while it answers an error of which `passes` is true.

    Any other error is raised at once, and the last one in any case.
    """
    for pause in pauses:
        try:
            return call()
        except call_errors() as error:
            if not passes(error):
                raise
        time.sleep(pause)
    return call()


def not_found(error: BaseException) -> bool:
    """Return whether AWS says that there is nothing of a name, or none of what was asked for."""
    return re.fullmatch(NOTHING, code(error)) is not None


def if_there(call: Callable[[], T], is_absent: Callable[[BaseException], bool] = not_found) -> T | None:
    """The answer to a call; None where AWS answers with an error of which `is_absent` is true; others are raised."""
    try:
        return call()
    except answered_errors() as error:
        if not is_absent(error):
            raise
        return None


def remit_error(error: BaseException, operation: str | None = None) -> RemitError:
    """The RemitError for what an SDK raised, with the next step; `operation` names what continues in AWS meanwhile.

    Its exit code is 69 where nothing answered, or not AWS, or AWS only that it is busy; else 2. Denied: AWS denies.
    """
    if isinstance(error, _no_answers()):
        return _unreachable_error(error, operation)
    if isinstance(error, _unreadable_answers()):
        return not_aws(operation)
    if isinstance(error, answered_errors()):
        return _answered_error(error, operation)
    goes_on = _goes_on(operation)
    if type(error).__name__ in _SIGNED_OUT:
        return RemitError(
            f"the AWS sign-in (SSO) has expired{goes_on}", hint=f"`aws sso login`, then {_again(operation)}"
        )
    return RemitError(f"AWS cannot be used: {error}{goes_on}")


def _answered_error(error: Any, operation: str | None) -> RemitError:  # noqa: PLR0911 - one case after the other
    """The RemitError for an error that AWS answered, by its code; Denied, where AWS denies the call.

    Exit code 69 where AWS answered again and again that it is busy, else 2.
    """
    error_code, words, goes_on, again = code(error), message(error), _goes_on(operation), _again(operation)
    if error_code in _EXPIRED:
        return RemitError(
            f"the AWS credentials have expired{goes_on}",
            hint=f"renew them (`aws sso login`, or a new session), then {again}",
        )
    # AWS says of a clock that is a little wrong that the signature does not match.
    is_late = error_code in _SIGNATURE and ("expired" in words or "not yet current" in words)
    if error_code in _SKEWED or is_late:
        return _clock_error(error)
    if error_code in _UNKNOWN_KEY | _SIGNATURE:
        # AWS's text for a wrong signature repeats the signed headers, the session token among them: not shown.
        wrong = error_code in _SIGNATURE
        fault = "the secret does not fit the access key" if wrong else "AWS does not know the access key"
        return RemitError(
            f"AWS refuses the credentials: {fault} ({error_code}){goes_on}",
            hint="check which are used: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY come before any profile",
        )
    if denied(error):
        return _denied_error(error, operation)
    if transient(error):
        return RemitError(
            f"AWS answered {status(error)} ({error_code}) to {error.operation_name}, again and again{goes_on}",
            hint=f"nothing is broken here: {again}",
            exit_code=UNREACHABLE,
        )
    if error_code == "BadDigest":
        return RemitError(
            "S3 refuses an upload, whose bytes are not those that were built: the file was changed, or on its way",
            hint="deploy again, with a new build",
        )
    return RemitError(f"AWS refused {error.operation_name}: {words or error_code}{goes_on}")


def _goes_on(operation: str | None) -> str:
    """The end of a message that says what continues in AWS; empty where nothing does."""
    return f"; {operation} continues in AWS" if operation else ""


def _again(operation: str | None) -> str:
    return "`remit deploy --resume` follows on" if operation else "run the same command again: it is safe to repeat"


def _unreachable_error(error: Any, operation: str | None) -> RemitError:
    """The error (69) for a call that reached nothing: which host, and why."""
    url = str(error.kwargs.get("endpoint_url") or error.kwargs.get("proxy_url") or "")
    host = urlsplit(url).netloc.rpartition("@")[2] or "AWS"
    kind = type(error).__name__
    why = {
        "ProxyConnectionError": "the proxy (HTTPS_PROXY) does not answer",
        "SSLError": "its TLS certificate is not trusted: a company proxy may sit between (set AWS_CA_BUNDLE)",
        "ReadTimeoutError": "it did not answer in time",
        "ConnectTimeoutError": "no connection in time",
        "ConnectionClosedError": "it closed the connection",
    }.get(kind, "no connection: is there a network, and does the name resolve?")
    return RemitError(
        f"{host} cannot be reached: {why}{_goes_on(operation)}",
        hint=f"once it can, {_again(operation)}",
        exit_code=UNREACHABLE,
    )


def not_aws(operation: str | None = None) -> RemitError:
    """The error for an answer that no service of AWS gives; its text, which may be any page, is not shown."""
    return RemitError(
        f"what answers in the place of AWS is not AWS{_goes_on(operation)}",
        hint="a sign-in page of the network, a proxy (HTTPS_PROXY) or an endpoint (AWS_ENDPOINT_URL) is in between: "
        f"once it is not, {_again(operation)}",
        exit_code=UNREACHABLE,
    )


def _clock_error(error: Any) -> RemitError:
    """The error for a clock that is wrong, with the minutes where the answer has AWS's time."""
    from datetime import UTC, datetime  # noqa: PLC0415
    from email.utils import parsedate_to_datetime  # noqa: PLC0415

    headers = error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    offset = ""
    if "date" in headers:
        minutes = (datetime.now(UTC) - parsedate_to_datetime(headers["date"])).total_seconds() / 60
        if abs(minutes) >= 1:
            offset = f": it is {abs(minutes):.0f} min {'ahead of' if minutes > 0 else 'behind'} AWS's"
    return RemitError(
        f"AWS refuses the request because this machine's clock is wrong{offset}",
        hint="set the clock, or turn time synchronisation (NTP) on; AWS allows five minutes",
    )


def _denied_error(error: Any, operation: str | None) -> Denied:
    """The error for a denied call: who may not do what, and the statement to add or the policy to look at.

    AWS's own message is repeated where it does not say which action. Where it names no resource, the statement has `*`.
    """
    from remit.answers.denial import parse  # noqa: PLC0415 - only a denial needs it

    called, words, goes_on = error.operation_name, message(error), _goes_on(operation)
    denial = parse(words)
    if denial is None or denial.action is None:
        return Denied(
            f"AWS denies {called}: {words}{goes_on}",
            hint=f"the deploying user or role needs what {called} asks for; `remit policy deployer` lists it all",
        )
    caller, resource = denial.principal or "the caller", denial.resource or "*"
    statement = json.dumps({"Effect": "Allow", "Action": denial.action, "Resource": resource})
    layer = None if denial.layer is None else _LAYERS.get(denial.layer)
    if layer is not None:
        hint = layer
    elif denial.explicit:
        hint = _EXPLICIT
    else:
        hint = f"allow it with {statement}; `remit policy deployer` writes the whole policy"
    return Denied(f"{caller} may not {denial.action} on {resource} ({called}){goes_on}", hint=hint)
