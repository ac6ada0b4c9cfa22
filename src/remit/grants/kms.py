"""Access to KMS keys: `kms.decrypt("alias/shop")`.

Source of the actions: "Actions, resources, and condition keys for AWS Key Management Service" (Service Authorization
Reference). A key is given by id, by ARN, by alias (`alias/shop`), or as a resource of the app. These verbs are for
functions that call KMS themselves; of what a service encrypts, such as a bucket, the service's own verbs take `key=`.
"""

from __future__ import annotations

from remit.declare.asked import verb
from remit.declare.resource_references import KeyRef
from remit.grants import typed


@verb
def decrypt(key: KeyRef) -> typed.Grants:
    """Decrypt: kms:Decrypt."""
    return _on_key("decrypt", ("kms:Decrypt",), "decrypts with", key)


@verb
def encrypt(key: KeyRef) -> typed.Grants:
    """Encrypt up to 4 KB: kms:Encrypt. Larger data takes a data key."""
    return _on_key("encrypt", ("kms:Encrypt",), "encrypts with", key)


@verb
def data_key(key: KeyRef) -> typed.Grants:
    """Make data keys to encrypt with: kms:GenerateDataKey, kms:GenerateDataKeyWithoutPlaintext."""
    actions = ("kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext")
    return _on_key("data_key", actions, "makes data keys of", key)


@verb
def sign(key: KeyRef) -> typed.Grants:
    """Sign: kms:Sign."""
    return _on_key("sign", ("kms:Sign",), "signs with", key)


@verb
def verify(key: KeyRef) -> typed.Grants:
    """Verify signatures, by KMS or with the public key: kms:Verify, kms:GetPublicKey."""
    return _on_key("verify", ("kms:Verify", "kms:GetPublicKey"), "verifies signatures of", key)


@verb
def mac(key: KeyRef) -> typed.Grants:
    """Make and verify message authentication codes: kms:GenerateMac, kms:VerifyMac."""
    return _on_key("mac", ("kms:GenerateMac", "kms:VerifyMac"), "authenticates messages with", key)


def _on_key(verb: str, actions: tuple[str, ...], phrase: str, key: KeyRef) -> typed.Grants:
    named_key = typed.kms_key(key, f"kms.{verb}")
    return typed.grant(actions, (named_key.resource,), f"{phrase} a key", *named_key.conditions)
