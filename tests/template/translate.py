"""Expand the SAM templates of data/sam with AWS's own translator, and keep what it gives: what remit is held against.

    python tests/template/translate.py

The first line of a kept expansion names the translator's version.
"""

from __future__ import annotations

import json
import os
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

os.environ["AWS_DEFAULT_REGION"] = "us-east-1"
sys.path.insert(0, str(Path(__file__).parents[2] / "src"))

from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

from remit.documents.read import read

FOLDER = Path(__file__).with_name("data") / "sam"


def translated(template: dict[str, Any]) -> dict[str, Any]:
    """What the translator makes of a template."""
    found: dict[str, Any] = Translator({}, Parser()).translate(json.loads(json.dumps(template)), {})
    return found


def main() -> None:
    """Write each template's expansion beside it."""
    for path in sorted(FOLDER.glob("*.yaml")):
        found = translated(read(path.read_bytes(), path.name).value)
        kept = {"Metadata": {"Translator": f"aws-sam-translator {version('aws-sam-translator')}"}, **found}
        path.with_suffix(".json").write_text(json.dumps(kept, indent=1) + "\n")
        print(path.name, len(found["Resources"]))  # noqa: T201 - it is a script


if __name__ == "__main__":
    main()
