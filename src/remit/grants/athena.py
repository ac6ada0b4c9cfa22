"""Access to queries of Amazon Athena: `athena.query("reports", database="shop", data="lake", results="answers")`.

Source of the actions: "Actions, resources, and condition keys for Amazon Athena" (Service Authorization Reference).
Athena reads the data and writes the results with the access of whoever asks ("Control access to Amazon S3 from
Athena", "Configure access to databases and tables in the AWS Glue Data Catalog", "Permissions to encrypted data in
Amazon S3", Amazon Athena User Guide).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from remit.declare.asked import verb
from remit.declare.resource_references import AnyRef, BucketRef, KeyRef
from remit.grants import s3, typed

_CATALOG: Final = typed.HERE % ("glue", "catalog")


@verb
def query(
    workgroup: AnyRef,
    *,
    database: str,
    data: BucketRef,
    results: BucketRef,
    tables: str | Sequence[str] = ("*",),
    prefix: str = "",
    key: KeyRef | None = None,
) -> typed.Grants:
    """Run queries in a workgroup and get their results.

    In the workgroup athena:StartQueryExecution, athena:GetQueryExecution, athena:GetQueryResults and
    athena:StopQueryExecution. In the Glue catalog glue:GetDatabase, and of the tables glue:GetTable, glue:GetTables,
    glue:GetPartition, glue:GetPartitions and glue:BatchGetPartition. On the bucket `data`, under `prefix`,
    s3:GetObject, and s3:ListBucket and s3:GetBucketLocation. On the bucket `results` these and s3:PutObject,
    s3:AbortMultipartUpload, s3:ListMultipartUploadParts and s3:ListBucketMultipartUploads. With `key`, that of the
    buckets, kms:Decrypt and, for the results, kms:GenerateDataKey through S3.
    """
    verb = "athena.query"
    group, group_name = typed.ResourceKind("athena", "workgroup/{}", "workgroup").named(workgroup, verb)
    below = "" if prefix == "" else typed.text_of(prefix, verb).lstrip("/")
    because = f"queries database {typed.text_of(database, verb)} in workgroup {group_name}"
    # Whoever may see a table must be allowed to see its database and the catalog as well.
    catalog = (_CATALOG, typed.HERE % ("glue", f"database/{database}"))
    tables_of_it = [typed.HERE % ("glue", f"table/{database}/{table}") for table in typed.one_or_several(tables, verb)]
    read_from, write_to = s3.BUCKET.named(data, verb)[0], s3.BUCKET.named(results, verb)[0]
    return (
        *typed.grant(_QUERY, (group,), because),
        *typed.grant(("glue:GetDatabase",), catalog, because),
        *typed.grant(_SEE_TABLES, (*catalog, *tables_of_it), because),
        *typed.grant(("s3:GetObject",), (f"{read_from}/{below}*",), f"{because}: the data"),
        *typed.grant(("s3:ListBucket", "s3:GetBucketLocation"), tuple(dict.fromkeys((read_from, write_to))), because),
        *typed.grant(_WRITE_RESULTS, (f"{write_to}/*",), f"{because}: the results"),
        *typed.grant(("s3:ListBucketMultipartUploads",), (write_to,), f"{because}: the results"),
        *typed.through("s3", typed.key_of(data, key), typed.DECRYPT, verb, f"{because}: the data"),
        *typed.through("s3", typed.key_of(results, key), typed.ENCRYPT, verb, f"{because}: the results"),
    )


_QUERY: Final = (
    "athena:StartQueryExecution",
    "athena:GetQueryExecution",
    "athena:GetQueryResults",
    "athena:StopQueryExecution",
)


_SEE_TABLES: Final = (
    "glue:GetTable",
    "glue:GetTables",
    "glue:GetPartition",
    "glue:GetPartitions",
    "glue:BatchGetPartition",
)
_WRITE_RESULTS: Final = ("s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts")
