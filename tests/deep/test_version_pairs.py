"""Pairs of versions of public templates are compared without a traceback, and no change of an access row in silence.

`data/version_pairs.tsv` has them: repository, path, the two commits. REMIT_HISTORIES is a folder with their clones,
each `OWNER+NAME/repo` (a git directory); pairs of repositories that are not there are left out.
"""

from __future__ import annotations

import os
import subprocess
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from remit.documents.read import read
from remit.errors import RemitError
from remit.report.access_documents import review_document
from remit.report.access_lines import report_lines
from remit.report.access_report import review_report
from remit.review.role_files import review_files
from remit.review.template_changes import version_of
from remit.template.role_files import read_source
from remit.template.role_resources import without_code
from remit.template.settled_values import settled_source

PAIRS = Path(__file__).parent / "data" / "version_pairs.tsv"
HISTORIES = os.environ.get("REMIT_HISTORIES")


def version(repository: str, commit: str, path: str) -> bytes | None:
    folder = Path(HISTORIES or "") / repository.replace("/", "+") / "repo"
    if not folder.is_dir():
        return None
    command = ["git", "-C", str(folder), "show", f"{commit}:{path}"]
    ran = subprocess.run(command, capture_output=True, check=False)
    return ran.stdout if ran.returncode == 0 else None


def settings(content: bytes) -> dict[str, object]:
    """What the resources of a template say by properties that have a row, by their logical id, but for the network."""
    source = settled_source(read(content, "template"))
    read_file = read_source(replace(source, value=without_code(source.value)))  # which no review compares
    giving = version_of(read_file, "template").giving or {}
    said = {}
    for name, access in giving.items():
        said[name] = tuple(setting for setting in access.settings if setting.kind != "network")
    return {name: settings for name, settings in said.items() if settings}


@pytest.mark.skipif(HISTORIES is None, reason="REMIT_HISTORIES is not set: a folder with clones")
def test_pairs_of_public_versions_are_compared_and_no_access_row_changes_in_silence() -> None:
    counts: Counter[str] = Counter()
    lengths, silent = [], []
    for line in PAIRS.read_text().splitlines()[1:]:
        repository, path, *commits = line.split("\t")
        old, new = (version(repository, commit, path) for commit in commits)
        if old is None or new is None:
            continue
        try:
            reviewed = review_files((old, "old"), (new, "new"))
            is_changed = settings(old) != settings(new)
        except RemitError:  # a template that is none yet, at one of the commits
            counts["refused"] += 1
            continue
        found = review_document(reviewed)
        counts["pairs"] += 1
        counts["undecided alone"] += (
            reviewed.broadens and not found["gained"] and not any(door["opens"] for door in found["doors"])
        )
        counts["not compared"] += any(item["why"] != "network" for item in found["not_compared"])
        lengths.append(len(list(report_lines(review_report(reviewed)))))
        is_told = any(found[part] for part in ("gained", "lost", "undecided", "doors", "not_compared", "resources"))
        if is_changed and not is_told:
            silent.append(line)
    assert silent == []
    assert counts["undecided alone"] <= 0.03 * counts["pairs"]
    assert counts["not compared"] <= 0.12 * counts["pairs"]
    assert sorted(lengths)[len(lengths) // 2] <= 15
