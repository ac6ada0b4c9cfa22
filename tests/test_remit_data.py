"""`remit-data`: what remit knows about AWS as a distribution of its own, of which the newer one counts."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest

from projects import TODAY, Ran, remit
from random_cases import cases_of
from remit.catalogue.snapshot import FILE, MAGIC, OWN, Store, folder, note_on_age
from remit.catalogue.snapshot import date as day_of
from remit.catalogue.snapshot_sources import versions

ROOT = Path(__file__).parents[1]
READ = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}
POLICY = json.dumps({"Version": "2012-10-17", "Statement": [READ]})


def build(place: Path, day: str) -> Path:
    """The wheel of `remit-data` as the release builds it, of another day."""
    source = place / "source"
    shutil.copytree(ROOT / "packages", source / "packages")
    held = source / "src" / "remit" / "catalogue" / "data"
    shutil.copytree(OWN, held)
    (held / "date.txt").write_text(f"{day}\n")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(place / "dist")]
    subprocess.run(command, cwd=source / "packages" / "remit-data", check=True, capture_output=True)
    (wheel,) = (place / "dist").iterdir()
    return wheel


def installed(wheel: Path, target: Path) -> Path:
    """A folder of packages with the wheel, as pip leaves it, hash-locked."""
    digest = subprocess.run(
        [sys.executable, "-m", "pip", "hash", str(wheel)], check=True, capture_output=True, text=True
    ).stdout.split()[-1]
    requirements = target.parent / "requirements.txt"
    requirements.write_text(f"remit-data @ {wheel.as_uri()} {digest}\n")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--require-hashes"]
    subprocess.run([*command, "--target", str(target), "-r", str(requirements)], check=True, capture_output=True)
    return target


def unpacked(place: Path, day: str, catalogue: bytes) -> Path:
    """A folder of packages with what such a wheel holds, of another day and with another catalogue."""
    data = place / "remit_data" / "data"
    shutil.copytree(OWN, data)
    (data / "date.txt").write_text(f"{day}\n")
    (data / "catalogue.bin").write_bytes(catalogue)
    return place


def remit_beside(packages: Path, *arguments: str) -> Ran:
    """Run a command with other packages beside remit's."""
    ran = subprocess.run(
        [sys.executable, "-c", "from remit.cli import script; script()", *arguments],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": f"{ROOT / 'src'}:{packages}", **TODAY},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return Ran(ran.returncode, ran.stdout, ran.stderr)


def test_the_day_of_the_data_is_that_of_its_newest_source() -> None:
    row = Store(FILE).chunk("versions", "")
    assert day_of(OWN).replace(".", "-") == max(day for _, _, day, _, _ in row["sources"]) == str(versions().day)


@pytest.mark.parametrize(("day", "package"), cases_of((("2026.11.30", "remit-data"), ("2026.01.31", "remit")), 1))
def test_the_newer_data_counts(tmp_path: Path, day: str, package: str) -> None:
    wheel = build(tmp_path, day)
    assert wheel.name.startswith(f"remit_data-{'.'.join(str(int(part)) for part in day.split('.'))}-")
    packages = installed(wheel, tmp_path / "packages")
    told = json.loads(remit_beside(packages, "data", "--json").out)
    expected = day if package == "remit-data" else day_of(OWN)
    assert (package, expected.replace(".", "-")) == (told["package"], told["date"])
    assert f"data of {expected.replace('.', '-')} ({package}), " in remit_beside(packages, "data").out


def test_newer_data_is_what_is_asked_and_older_data_beside_it_is_not(tmp_path: Path) -> None:
    damaged = b"".join((MAGIC, b"not a catalogue"))
    newer, older = (unpacked(tmp_path / day, day, damaged) for day in ("2026.11.30", "2026.01.31"))
    assert "catalogue.bin is damaged" in remit_beside(newer, "explain", "s3:GetObject").err
    assert 0 == remit_beside(older, "explain", "s3:GetObject").status


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of packages beside this process's own."""
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def test_whole_and_newer_data_counts(packages: Path) -> None:
    unpacked(packages, "2026.11.30", Path(FILE).read_bytes())
    assert str(packages / "remit_data" / "data") == folder.__wrapped__()


def test_data_in_a_layout_that_this_remit_does_not_read_does_not_count(packages: Path) -> None:
    unpacked(packages, "2026.11.30", b"remit catalogue 3 00000000\n")
    assert OWN == folder.__wrapped__()


@pytest.mark.parametrize("missing", ["catalogue.bin", "request_formats.bin", "date.txt"])
def test_data_that_is_not_whole_does_not_count(packages: Path, missing: str) -> None:
    data = packages / "remit_data" / "data"
    shutil.copytree(OWN, data)
    (data / "date.txt").write_text("2026.11.30\n")
    (data / missing).unlink()
    assert OWN == folder.__wrapped__()


@pytest.mark.parametrize("day", ["tomorrow", "2027.11.30-rc1", "2026-11-30", "\xe9"])
def test_data_of_no_day_does_not_count(packages: Path, day: str) -> None:
    data = packages / "remit_data" / "data"
    shutil.copytree(OWN, data)
    (data / "date.txt").write_text(day, "utf-8")
    assert OWN == folder.__wrapped__()


def test_data_is_told_to_be_old_after_120_days() -> None:
    day = versions().day
    assert None is note_on_age(day + timedelta(days=120))
    assert "what remit knows about AWS is 121 days old: `pip install --upgrade remit-data`" == note_on_age(
        day + timedelta(days=121)
    )


@pytest.mark.parametrize("command", [("lint", "-"), ("diff", "-", "{policy}")])
def test_old_data_is_told_on_standard_error_and_to_people_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    policy = tmp_path / "policy.json"
    policy.write_text(POLICY)
    asked = [argument.format(policy=policy) for argument in command]
    formats = [("--json",)] + ([("--format", "sarif")] if command[0] == "lint" else [("--markdown",)])
    monkeypatch.setenv("REMIT_TODAY", str(versions().day + timedelta(days=200)))
    said = remit(*asked, stdin=POLICY.encode())
    assert (0, 1) == (said.status, said.err.count("what remit knows about AWS is 200 days old"))
    for form in formats:
        quiet = remit(*asked, *form, stdin=POLICY.encode())
        assert (0, False) == (quiet.status, "days old" in quiet.out + quiet.err)
    monkeypatch.setenv("REMIT_TODAY", str(versions().day))
    assert "days old" not in remit(*asked, stdin=POLICY.encode()).err


def test_a_day_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REMIT_TODAY", "tomorrow")
    said = remit("data")
    assert (2, True) == (said.status, "REMIT_TODAY is 'tomorrow', which is no day" in said.err)
    assert isinstance(versions().day, date)
