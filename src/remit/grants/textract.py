"""Access to reading text in documents: `textract.read("scans", "in/*")`.

Source of the actions: "Actions, resources, and condition keys for Amazon Textract" (Service Authorization Reference).
IAM knows no resource for it. Documents in a bucket are read with the caller's access ("Actions with Amazon S3
objects", Amazon Textract Developer Guide).
"""

from __future__ import annotations

from remit.declare.asked import verb
from remit.declare.resource_references import BucketRef, KeyRef
from remit.grants import s3, typed


@verb
def read(bucket: BucketRef | None = None, *keys: str, key: KeyRef | None = None) -> typed.Grants:
    """Read documents at once: textract:DetectDocumentText, textract:AnalyzeDocument.

    With `bucket`, s3:GetObject on its objects, and with `key` kms:Decrypt through S3.
    """
    actions = ("textract:DetectDocumentText", "textract:AnalyzeDocument")
    documents = typed.of_objects(s3.read, bucket, keys, key, "textract.read")
    return (*typed.everywhere(actions, "reads text in documents"), *documents)


@verb
def analyze_receipts(bucket: BucketRef | None = None, *keys: str, key: KeyRef | None = None) -> typed.Grants:
    """Read receipts, invoices and identity documents: textract:AnalyzeExpense, textract:AnalyzeID.

    With `bucket`, s3:GetObject on its objects, and with `key` kms:Decrypt through S3.
    """
    actions = ("textract:AnalyzeExpense", "textract:AnalyzeID")
    documents = typed.of_objects(s3.read, bucket, keys, key, "textract.analyze_receipts")
    return (*typed.everywhere(actions, "reads receipts and identity documents"), *documents)


@verb
def start(bucket: BucketRef, *keys: str, results: BucketRef | None = None, key: KeyRef | None = None) -> typed.Grants:
    """Read long documents in the background, and get the result.

    textract:StartDocumentTextDetection, textract:GetDocumentTextDetection, textract:StartDocumentAnalysis and
    textract:GetDocumentAnalysis, and s3:GetObject on the objects; s3:PutObject on the bucket `results` where calls name
    one (`OutputConfig`). With `key`, that of the buckets, kms:Decrypt and, for the results, kms:GenerateDataKey through
    S3.
    """
    actions = (
        "textract:StartDocumentTextDetection",
        "textract:GetDocumentTextDetection",
        "textract:StartDocumentAnalysis",
        "textract:GetDocumentAnalysis",
    )
    return (
        *typed.everywhere(actions, "reads text in documents"),
        *s3.read(bucket, *keys, key=key),
        *(() if results is None else s3.put(results, key=key)),
    )
