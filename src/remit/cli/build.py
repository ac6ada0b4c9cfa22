"""`remit build`: write the template, the roles and the zips to `.remit/build/`."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import click

from remit.cli import options

if TYPE_CHECKING:
    from pathlib import Path


@click.command("build", short_help="Write the template, the roles and the zips.")
@options.app_options
@click.option("--no-package", is_flag=True, help="Make the template and the roles alone, without zips.")
@options.accept_option
@options.artefact_bucket_option
@options.json_option
def command(
    folder: Path,
    stage: str | None,
    accept: str | None,
    artefact_bucket: str | None,
    *,
    no_package: bool,
) -> None:
    """Write the template, the roles and the zips to .remit/build/.

    Needs no AWS and no credentials.

    \b
    Examples:
      remit build
      remit build --no-package --stage prod
      remit build --accept "logs go to the side-car" --stage prod
      remit build --json | jq .resources
    """
    from remit.build import FOLDER, build

    built = build(
        folder,
        stage,
        package=not no_package,
        progress=lambda text: click.echo(text, err=True),
        accept=accept,
        bucket=artefact_bucket,
    )
    kinds = Counter(resource.type for resource in built.template.resources)
    if options.wants_json():
        from remit.build import role_document
        from remit.triggers.existing_sources import document as source_document

        document = {
            "namespace": built.namespace,
            "template": (FOLDER / "template.json").as_posix(),
            "resources": dict(sorted(kinds.items())),
            "roles": [
                {**role_document(role), "size": room.document}
                for role, room in zip(built.roles, built.headroom, strict=True)
            ],
            "artefacts": sorted(built.artefacts),
            "must_exist": [source_document(source) for source in built.must_exist],
            "notes": list(built.notes),
        }
        options.print_report(document)
        return
    click.echo(f"{built.namespace}: {len(built.template.resources)} resources in {folder / FOLDER / 'template.json'}")
    for kind, count in sorted(kinds.items()):
        click.echo(f"  {count:>4}  {kind}")
    for role in built.roles:
        plural = "" if len(role.grants) == 1 else "s"
        click.echo(f"  {role.logical_id}: {len(role.grants)} statement{plural} for {', '.join(role.serves)}")
    for note in built.notes:
        click.echo(note, err=True)
