"""Access to reading images: `rekognition.detect("photos")`.

Source of the actions: "Actions, resources, and condition keys for Amazon Rekognition" (Service Authorization
Reference). Images in a bucket are read with the caller's access ("Working with images", Amazon Rekognition Developer
Guide).
"""

from __future__ import annotations

from typing import Final

from remit.declare.asked import verb
from remit.declare.resource_references import AnyRef, BucketRef, KeyRef
from remit.grants import s3, typed

_COLLECTION: Final = typed.ResourceKind("rekognition", "collection/{}", "faces of collection")


@verb
def detect(bucket: BucketRef | None = None, *keys: str, key: KeyRef | None = None) -> typed.Grants:
    """Find labels, text and faces in images, and what needs moderation; IAM knows no resource for these.

    rekognition:DetectLabels, rekognition:DetectText, rekognition:DetectFaces and rekognition:DetectModerationLabels.
    With `bucket`, s3:GetObject on its objects, and with `key` kms:Decrypt through S3.
    """
    actions = (
        "rekognition:DetectLabels",
        "rekognition:DetectText",
        "rekognition:DetectFaces",
        "rekognition:DetectModerationLabels",
    )
    images = typed.of_objects(s3.read, bucket, keys, key, "rekognition.detect")
    return (*typed.everywhere(actions, "looks at images"), *images)


@verb
def compare_faces(bucket: BucketRef | None = None, *keys: str, key: KeyRef | None = None) -> typed.Grants:
    """Compare the faces of two images: rekognition:CompareFaces.

    With `bucket`, s3:GetObject on its objects, and with `key` kms:Decrypt through S3.
    """
    images = typed.of_objects(s3.read, bucket, keys, key, "rekognition.compare_faces")
    return (*typed.everywhere(("rekognition:CompareFaces",), "compares faces"), *images)


@verb
def search_faces(
    collection: AnyRef, bucket: BucketRef | None = None, *keys: str, key: KeyRef | None = None
) -> typed.Grants:
    """Search a collection for faces: rekognition:SearchFaces, rekognition:SearchFacesByImage.

    With `bucket`, s3:GetObject on its objects, and with `key` kms:Decrypt through S3.
    """
    actions = ("rekognition:SearchFaces", "rekognition:SearchFacesByImage")
    images = typed.of_objects(s3.read, bucket, keys, key, "rekognition.search_faces")
    return (*_COLLECTION.grants("rekognition.search_faces", "searches", collection, actions), *images)


@verb
def index_faces(
    collection: AnyRef, bucket: BucketRef | None = None, *keys: str, key: KeyRef | None = None
) -> typed.Grants:
    """Add faces to a collection and delete them: rekognition:IndexFaces, rekognition:DeleteFaces.

    With `bucket`, s3:GetObject on its objects, and with `key` kms:Decrypt through S3.
    """
    actions = ("rekognition:IndexFaces", "rekognition:DeleteFaces")
    images = typed.of_objects(s3.read, bucket, keys, key, "rekognition.index_faces")
    return (*_COLLECTION.grants("rekognition.index_faces", "changes", collection, actions), *images)
