"""The page on the configuration has every setting."""

from __future__ import annotations

from pathlib import Path

from remit.project import settings

PAGE = Path(__file__).parents[2] / "docs" / "configuration.md"


def test_every_setting_stands_on_the_page() -> None:
    groups: list[settings.Section] = [settings.Config()]
    for group in groups:  # to which those below it are added
        groups += group.groups.values()
    sections = [type(group) for group in groups]
    subsections = {section.path for section in sections}
    paths = {f"{section.path}.{name}" for section in sections for name in section.names()} - subsections
    page = PAGE.read_text("utf-8")
    assert "config.lambda_.function.timeout" in paths
    assert [] == sorted(path for path in paths if f"`{path}`" not in page)
