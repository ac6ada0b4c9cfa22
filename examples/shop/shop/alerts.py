"""Keep alerts, signed with a key that stands in no file and no variable."""

import hmac
import json

from remit import secret
from shop import storage


def keep(message):
    alert = message["Message"]
    signature = hmac.new(secret("SIGNING_KEY").encode(), alert.encode(), "sha256").hexdigest()
    key = f"alerts/{message['MessageId']}.json"
    kept = json.dumps({"alert": alert, "signature": signature})
    storage.files().put_object(Bucket=storage.bucket(), Key=key, Body=kept.encode())
    return key
