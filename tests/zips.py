"""The zip of a function whose code is one file, for tests that create functions by themselves."""

from __future__ import annotations

import io
import zipfile


def zip_of(code: str) -> bytes:
    """A zip in which `app.py` holds the code."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("app.py", code)
    return content.getvalue()
