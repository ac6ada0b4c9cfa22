"""The access of a source and of the app that stands for it, compared."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from remit.build import FOLDER, build
from remit.documents.read import ParsedFile, read
from remit.importing.api_routes import apis_of
from remit.importing.local_files import with_local_files
from remit.importing.sources import read_source
from remit.review.template_changes import review_templates
from remit.template.parameters import defaults
from remit.template.sam.expand import expanded
from remit.template.settled_values import settled_source

if TYPE_CHECKING:
    from pathlib import Path

    from remit.review.access_change import Review


def review_source(source: Path, folder: Path, stage: str | None = None) -> Review:
    """What access a project has more or less than a source, whose parameters have their defaults.

    RemitError: the source cannot be read, or the project does not build.
    """
    written = read_source(source)
    template = with_local_files(written.template, written.folder)
    old = ParsedFile(str(source), json.dumps(template, default=str), template, written.locate)
    build(folder, stage, package=False)
    built = folder / FOLDER / "template.json"
    text = built.read_text("utf-8")
    # An API has another logical id here: it is the same one to whoever is let through it.
    for name, own in apis_of(expanded(template, written.locate)).renamed().items():
        if name.isalnum():
            text = re.sub(rf'(?<=["{{]){own}(?=["}}.])', name, text)
    new = read(text.encode(), str(built))
    return review_templates(settled_source(old, defaults(template)), settled_source(new))
