"""What AWS, or the way to it, answers instead of what was asked: one sentence, what to do, and the exit code."""

from __future__ import annotations

from typing import Any, Final

import pytest
from boto3.exceptions import S3UploadFailedError
from botocore import exceptions as sdk
from botocore.parsers import ResponseParserError

from remit.deploy.aws_errors import (
    AnsweredError,
    Denied,
    code,
    denied,
    if_there,
    message,
    not_found,
    remit_error,
    remit_errors,
    status,
    throttled,
    transient,
)
from remit.errors import RemitError

URL: Final = "https://user:pw@sqs.eu-central-1.amazonaws.com/q"
GOES_ON: Final = "; the deploy of orders-dev continues in AWS"


def answered(error_code: str, words: str = "", http: int = 400, **headers: str) -> sdk.ClientError:
    response = {
        "Error": {"Code": error_code, "Message": words},
        "ResponseMetadata": {"HTTPStatusCode": http, "HTTPHeaders": headers},
    }
    return sdk.ClientError(response, "PutObject")


SENTENCES: Final = (
    (answered("ExpiredToken"), "the AWS credentials have expired", "renew them (`aws sso login`", 2),
    (answered("SignatureDoesNotMatch", "Signature expired: 1"), "machine's clock is wrong", "set the clock", 2),
    (answered("InvalidSignatureException", "Signature not yet current: 1"), "machine's clock is wrong", "set the", 2),
    (answered("RequestTimeTooSkewed"), "machine's clock is wrong", "set the clock", 2),
    (answered("SignatureDoesNotMatch", "x"), "the secret does not fit the access key", "check which are used", 2),
    (answered("InvalidClientTokenId"), "AWS does not know the access key (InvalidClientTokenId)", "check which", 2),
    (answered("AccessDenied", "no"), "AWS denies PutObject: no", "`remit policy deployer` lists it all", 2),
    (answered("AccessDenied", "Access Denied", 403), "AWS denies PutObject: Access Denied", "what PutObject asks", 2),
    (answered("Whatever", "no", 403), "AWS denies PutObject: no", "`remit policy deployer` lists it all", 2),
    (answered("Throttling", http=400), "AWS answered 400 (Throttling) to PutObject, again and again", "nothing is", 69),
    (answered("SlowDown", http=503), "AWS answered 503 (SlowDown) to PutObject", "nothing is broken here", 69),
    (answered("InternalError", http=500), "AWS answered 500 (InternalError) to PutObject", "nothing is broken", 69),
    (answered("BadDigest"), "S3 refuses an upload", "deploy again, with a new build", 2),
    (answered("NoSuchBucket", "It is gone"), "AWS refused PutObject: It is gone", None, 2),
    (answered("NoSuchBucket"), "AWS refused PutObject: NoSuchBucket", None, 2),
    (AnsweredError("AccessDenied", "no", 400, "GetRole"), "AWS denies GetRole: no", "what GetRole asks for", 2),
    (
        sdk.EndpointConnectionError(endpoint_url=URL),
        "sqs.eu-central-1.amazonaws.com cannot be reached: no connection:",
        "once it can",
        69,
    ),
    (sdk.ReadTimeoutError(endpoint_url=URL), "did not answer in time", "once it can", 69),
    (sdk.ConnectTimeoutError(endpoint_url=URL), "no connection in time", "once it can", 69),
    (sdk.ConnectionClosedError(endpoint_url=URL), "it closed the connection", "once it can", 69),
    (sdk.SSLError(endpoint_url=URL, error="x"), "its TLS certificate is not trusted", "once it can", 69),
    (
        sdk.ProxyConnectionError(proxy_url="http://proxy.corp:8080"),
        "proxy.corp:8080 cannot be reached: the proxy",
        "once it can",
        69,
    ),
    (ResponseParserError("<html>"), "what answers in the place of AWS is not AWS", "a sign-in page", 69),
    (sdk.UnauthorizedSSOTokenError(), "the AWS sign-in (SSO) has expired", "`aws sso login`, then", 2),
    (sdk.UnknownServiceError(service_name="x", known_service_names=[]), "AWS cannot be used: ", None, 2),
)


@pytest.mark.parametrize(
    ("error", "words", "hint", "exit_code"), SENTENCES, ids=[words for _, words, _, _ in SENTENCES]
)
def test_an_error_is_told_with_what_to_do(error: Exception, words: str, hint: str | None, exit_code: int) -> None:
    told = remit_error(error)

    assert words in told.message
    assert "pw" not in told.message
    assert (told.hint is None) == (hint is None)
    assert (hint or "") in (told.hint or "")
    assert told.exit_code == exit_code
    assert isinstance(told, Denied) == ("denies" in words)


@pytest.mark.parametrize(
    "error", [error for error, words, *_ in SENTENCES if "clock" not in words and "BadD" not in repr(error)]
)
def test_what_goes_on_in_aws_meanwhile_is_told(error: Exception) -> None:
    told, alone = remit_error(error, "the deploy of orders-dev"), remit_error(error)

    assert told.message == f"{alone.message}{GOES_ON}"
    again = "run the same command again: it is safe to repeat"
    assert (told.hint or "") == (alone.hint or "").replace(again, "`remit deploy --resume` follows on")


@pytest.mark.parametrize(
    ("date", "words"),
    [
        ("Sat, 01 Jan 2000 00:00:00 GMT", "min ahead of AWS's"),
        ("Fri, 01 Jan 2100 00:00:00 GMT", "min behind AWS's"),
        (None, "clock is wrong"),
    ],
)
def test_a_wrong_clock_is_told_with_how_far_it_is_off(date: str | None, words: str) -> None:
    headers = {} if date is None else {"date": date}

    assert remit_error(answered("RequestExpired", **headers)).message.endswith(words)


USER: Final = "User: arn:aws:iam::111122223333:user/ann is not authorized to perform: s3:PutObject"
WHAT: Final = "arn:aws:iam::111122223333:user/ann may not s3:PutObject on {} (PutObject)"


@pytest.mark.parametrize(
    ("words", "resource", "hint"),
    [
        (
            "on resource: arn:aws:s3:::b/k because no identity-based policy allows the s3:PutObject action",
            "arn:aws:s3:::b/k",
            '"Resource": "arn:aws:s3:::b/k"}',
        ),
        ("because no identity-based policy allows the s3:PutObject action", "*", '"Resource": "*"}'),
        (
            "on resource: arn:aws:s3:::b/k with an explicit deny in an identity-based policy",
            "arn:aws:s3:::b/k",
            "a policy denies it explicitly",
        ),
        (
            "on resource: arn:aws:s3:::b/k with an explicit deny in a service control policy",
            "arn:aws:s3:::b/k",
            "a service control policy (SCP)",
        ),
        (
            "on resource: arn:aws:s3:::b/k with an explicit deny in a resource control policy",
            "arn:aws:s3:::b/k",
            "a resource control policy (RCP)",
        ),
        (
            "on resource: arn:aws:s3:::b/k because no permissions boundary allows the s3:PutObject action",
            "arn:aws:s3:::b/k",
            "the caller's permissions boundary",
        ),
        (
            "on resource: arn:aws:s3:::b/k because no session policy allows the s3:PutObject action",
            "arn:aws:s3:::b/k",
            "the session policy",
        ),
    ],
)
def test_a_denial_is_told_with_the_layer_that_must_change(words: str, resource: str, hint: str) -> None:
    told = remit_error(answered("AccessDenied", f"{USER} {words}", 403))

    assert told.message == WHAT.format(resource)
    assert hint in (told.hint or "")


@pytest.mark.parametrize(
    ("error", "is_transient", "is_throttled", "is_denied", "is_nothing"),
    [
        (answered("ThrottlingException"), True, True, False, False),
        *(
            (answered(name), True, True, False, False)
            for name in (
                "RequestTimeout",
                "RequestTimeoutException",
                "Throttling",
                "ThrottledException",
                "SlowDown",
                "ProvisionedThroughputThrottledX",
                "RequestLimitExceeded",
                "BandwidthLimitExceeded",
                "PriorRequestNotComplete",
                "TooManyRequestsException",
            )
        ),
        (answered("RequestTimeoutish"), False, False, False, False),
        (answered("InternalFailure", http=500), True, False, False, False),
        (answered("X", http=499), False, False, False, False),
        (answered("NoSuchKey", http=404), False, False, False, True),
        (answered("ResourceNotFoundException", http=404), False, False, False, True),
        (answered("Unnecessary"), False, False, False, False),
        (answered("UnauthorizedOperation"), False, False, True, False),
        (answered("X", http=403), False, False, True, False),
        (sdk.ReadTimeoutError(endpoint_url=URL), True, False, False, False),
        (ResponseParserError("x"), True, False, False, False),
        (sdk.NoCredentialsError(), False, False, False, False),
        (ValueError("x"), False, False, False, False),
    ],
)
def test_the_kind_of_an_error(
    error: Exception, *, is_transient: bool, is_throttled: bool, is_denied: bool, is_nothing: bool
) -> None:
    assert (transient(error), throttled(error), denied(error), not_found(error)) == (
        is_transient,
        is_throttled,
        is_denied,
        is_nothing,
    )


def test_the_parts_of_an_error_that_is_none_of_aws() -> None:
    error = answered("NoSuchKey", "gone", 404)
    assert (code(error), message(error), status(error)) == ("NoSuchKey", "gone", 404)
    assert (code(ValueError("x")), message(ValueError("x")), status(ValueError("x"))) == ("", "x", 0)


def raising(error: Exception) -> Any:
    raise error


def test_what_is_absent_is_none_and_any_other_error_is_raised() -> None:
    assert if_there(lambda: 1) == 1
    assert if_there(lambda: raising(answered("NoSuchKey"))) is None
    assert if_there(lambda: raising(answered("X")), lambda error: code(error) == "X") is None
    for error in (answered("AccessDenied"), sdk.NoCredentialsError()):
        with pytest.raises(type(error)):
            if_there(lambda error=error: raising(error))  # type: ignore[misc]


def test_an_upload_that_failed_is_told_by_what_the_transfer_met() -> None:
    def upload(met: Exception) -> None:
        try:
            raise met
        except type(met):
            raise S3UploadFailedError("Failed to upload")  # noqa: B904 - as boto3 does

    for met, words in (
        (answered("BadDigest"), "S3 refuses an upload"),
        (ValueError("x"), "AWS cannot be used: Failed to upload"),
    ):
        with pytest.raises(RemitError, match=words), remit_errors():
            upload(met)
