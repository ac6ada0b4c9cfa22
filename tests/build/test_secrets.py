"""Keys are found wherever they stand in a file; code about keys is not taken for one."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remit.build.secrets import Watch, only_public

BODY = base64.b64encode(bytes(range(96))).decode()
SECRET = "Zm9vYmFyYmF6cXV4/" + "Q2" * 11 + "+"
HEAD = "-----BEGIN {}PRIVATE KEY-----"


def found(*chunks: bytes) -> tuple[str, int] | None:
    watch = Watch()
    for chunk in chunks:
        watch.see(chunk)
    return watch.found


@pytest.mark.parametrize(
    "text",
    [
        HEAD.format("") + "\n" + BODY,
        HEAD.format("RSA ") + "\r\nProc-Type: 4,ENCRYPTED\r\nDEK-Info: AES-128-CBC,0123456789ABCDEF\r\n\r\n" + BODY,
        HEAD.format("OPENSSH ") + "\n" + BODY,
        '{"private_key": "' + HEAD.format("") + "\\n" + BODY + '"}',
        "-----BEGIN PGP PRIVATE KEY BLOCK-----\nVersion: 1\n\n" + BODY,
        f"aws_secret_access_key = {SECRET}\n",
        f"AWS_SECRET_ACCESS_KEY={SECRET}",
        f'"SecretAccessKey": "{SECRET}"',
        f"client(aws_secret_access_key='{SECRET}')",
        f"AKIAABCDEFGHIJKLMNOP,{SECRET}",
    ],
)
def test_a_key_in_any_common_form_is_found(text: str) -> None:
    assert found(text.encode()) is not None


@pytest.mark.parametrize(
    "text",
    [
        "if text.startswith('-----BEGIN PRIVATE KEY-----'):\n    raise ValueError\n",
        "-----BEGIN PUBLIC KEY-----\n" + BODY,
        "-----BEGIN CERTIFICATE-----\n" + BODY,
        "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "aws_secret_access_key = os.environ['AWS_SECRET_ACCESS_KEY']",
        'secret_access_key: str = ""',
        "commit = da39a3ee5e6b4b0d3255bfef95601890afd80709",
    ],
)
def test_text_about_keys_is_no_finding(text: str) -> None:
    assert found(text.encode()) is None


@given(st.integers(0, 300), st.integers(1, 3100))
def test_a_key_is_found_at_its_line_wherever_a_chunk_ends(before: int, cut: int) -> None:
    text = (("x" * 9 + "\n") * before).encode() + HEAD.format("EC ").encode() + b"\n" + BODY.encode()
    chunks = [text[start : start + cut] for start in range(0, len(text), cut)]
    assert ("a private key", before + 1) == found(*chunks)


def test_a_bundle_of_certificates_is_public_and_one_with_a_key_is_not() -> None:
    bundle = "-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n" * 2
    mixed = bundle + HEAD.format("")
    assert tuple(map(only_public, (bundle.encode(), mixed.encode(), b"anything"))) == (True, False, False)
