"""Keep alerts."""

from shop import storage


def keep(message):
    key = f"alerts/{message['MessageId']}.json"
    storage.files().put_object(Bucket=storage.bucket(), Key=key, Body=message["Message"].encode())
    return key
