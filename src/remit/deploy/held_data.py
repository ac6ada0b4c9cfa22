"""Count what is in the tables and buckets that a deploy would take away, as far as AWS tells the caller.

Sources: "DescribeTable" (Amazon DynamoDB API Reference), whose numbers are some hours old; "ListObjectsV2" (Amazon S3
API Reference).
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from remit.deploy.aws_errors import remit_errors
from remit.errors import RemitError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from remit.deploy.plan import ResourceChange
    from remit.deploy.session import Account

_ITEMS: Final = "{Table[ItemCount]:,} items, {Table[TableSizeBytes]:,} bytes"
_COUNTS: Final = {
    "AWS::DynamoDB::Table": ("dynamodb", "describe_table", "TableName", _ITEMS),
    "AWS::S3::Bucket": ("s3", "list_objects_v2", "Bucket", "{KeyCount:,} objects"),
}
"""By type: the service and its call, the argument that names the resource, and the answer in words."""


def held_data(account: Account, changes: Iterable[ResourceChange]) -> dict[str, str]:
    """How much is in each of these tables and buckets, in words (`1 item, 340 bytes`), by logical id.

    Other resources, and those of which AWS does not tell, are left out.
    """
    held = {}
    for change in changes:
        with suppress(RemitError, KeyError), remit_errors():
            service, method, name, words = _COUNTS[change.type]
            answer = getattr(account.client(service), method)(**{name: change.physical_id})
            text = re.sub(r"\b1 (\w+)s", r"1 \1", words.format_map(answer))
            held[change.logical_id] = f"{text} or more" if answer.get("IsTruncated") else text
    return held
