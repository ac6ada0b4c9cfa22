"""A template is larger than CloudFormation takes: too many bytes, resources, parameters or outputs.

CreateChangeSet is refused.

Flagged:

    Description: LONG
    Resources:
      Queue: {Type: "AWS::SQS::Queue"}

Better:

    Description: Where orders arrive
    Resources:
      Queue: {Type: "AWS::SQS::Queue"}

Source: "Understand CloudFormation quotas" (AWS CloudFormation User Guide). (LONG stands for ten thousand letters.)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.catalogue.quotas import quota
from remit.lint.finding import ERROR, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.template.written_template import WrittenTemplate

SEVERITY = ERROR


def template(written: WrittenTemplate) -> Iterator[Problem]:
    """The template against its quotas."""
    size = quota("cloudformation.template.s3").most
    if written.size > size:
        message = f"the template has {written.size:,} bytes; CloudFormation allows {size:,}"
        yield Problem(message, "split it into nested stacks")
    for section in ("Resources", "Parameters", "Outputs", "Mappings"):
        most = quota(f"cloudformation.template.{section.lower()}").most
        members = written.raw.get(section)
        if isinstance(members, dict) and len(members) > most:
            message = f"the template has {len(members):,} {section.lower()}; CloudFormation allows {most}"
            yield Problem(message, "split it into nested stacks", (section,))
    description = written.raw.get("Description")
    longest = quota("cloudformation.template.description").most
    if isinstance(description, str) and len(description.encode()) > longest:
        message = f"the Description has {len(description.encode()):,} bytes; CloudFormation allows {longest:,}"
        yield Problem(message, "shorten it", ("Description",))
