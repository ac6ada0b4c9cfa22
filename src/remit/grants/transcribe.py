"""Access to turning speech into text: `transcribe.start("calls-*", recordings="calls", results="texts")`.

Source of the actions: "Actions, resources, and condition keys for Amazon Transcribe" (Service Authorization
Reference). Recordings are read, and results written to a bucket of one's own, with the caller's access
("Amazon Transcribe identity-based policy examples").
"""

from __future__ import annotations

from typing import Final

from remit.declare.asked import verb
from remit.declare.resource_references import BucketRef, KeyRef
from remit.grants import s3, typed

_JOB: Final = typed.ResourceKind("transcribe", "transcription-job/{}", "transcriptions")


@verb
def start(
    job: str = "*", *, recordings: BucketRef, results: BucketRef | None = None, key: KeyRef | None = None
) -> typed.Grants:
    """Start jobs and read how they are doing.

    transcribe:StartTranscriptionJob, for which IAM knows no resource, and transcribe:GetTranscriptionJob; s3:GetObject
    and s3:ListBucket on the bucket `recordings`, and s3:PutObject on the bucket `results` where jobs name one. With
    `key`, that of the buckets, kms:Decrypt and, for the results, kms:GenerateDataKey through S3.
    """
    return (
        *typed.everywhere(("transcribe:StartTranscriptionJob",), "starts transcriptions"),
        *_JOB.grants("transcribe.start", "reads", job, ("transcribe:GetTranscriptionJob",)),
        *s3.read(recordings, key=key),
        *s3.list(recordings),
        *(() if results is None else s3.put(results, key=key)),
    )


@verb
def delete(job: str) -> typed.Grants:
    """Delete jobs, with the results that Transcribe keeps: transcribe:DeleteTranscriptionJob."""
    return _JOB.grants("transcribe.delete", "deletes", job, ("transcribe:DeleteTranscriptionJob",))


@verb
def stream() -> typed.Grants:
    """Transcribe while somebody speaks: transcribe:StartStreamTranscription, for which IAM knows no resource."""
    return typed.everywhere(("transcribe:StartStreamTranscription",), "transcribes streams")
