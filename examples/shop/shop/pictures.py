"""Make pictures small."""

import io
from urllib.parse import unquote_plus

import boto3

SIZE = (128, 128)


def shrink(uploaded):
    from PIL import Image  # only this function needs it: not where the app is built, nor where orders are packed

    bucket, key = uploaded["bucket"]["name"], unquote_plus(uploaded["object"]["key"])
    client = boto3.client("s3")
    with Image.open(client.get_object(Bucket=bucket, Key=key)["Body"]) as picture:
        picture.thumbnail(SIZE)
        small = io.BytesIO()
        picture.save(small, "PNG")
    name = key.removeprefix("originals/")
    client.put_object(Bucket=bucket, Key=f"thumbnails/{name}", Body=small.getvalue(), ContentType="image/png")
    return name
