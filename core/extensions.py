"""What installed packages add to Seedbed: samplers, providers, checks, exporters.

A package names them under one of GROUPS in its entry points. One that cannot be loaded is logged
and left out: it must not take the workbench down. This module knows no group's types.
"""

import logging
from importlib.metadata import entry_points
from typing import Final, TypeVar

logger = logging.getLogger(__name__)
Extension = TypeVar("Extension")
SAMPLERS: Final = "seedbed.samplers"  # subclasses of core.templates.samplers.base.Sampler
PROVIDERS: Final = "seedbed.providers"  # functions (Connection, OpenOptions) -> Provider
CHECKS: Final = "seedbed.checks"  # core.quality.check.Check
EXPORTERS: Final = "seedbed.exporters"  # core.datasets.export.formats.Format
GROUPS: Final = (SAMPLERS, PROVIDERS, CHECKS, EXPORTERS)


def load_extensions(group: str, kind: type[Extension]) -> dict[str, Extension]:
    """What is installed under a group, by entry name; what is no `kind` is left out."""
    found: dict[str, Extension] = {}
    for entry in sorted(entry_points(group=group), key=lambda entry: entry.name):
        try:
            value = entry.load()
        except Exception:  # foreign code, whose mistakes are its own
            logger.exception("the extension %r of %s does not load", entry.name, group)
            continue
        if isinstance(value, kind):
            found[entry.name] = value
        else:
            logger.error("the extension %r of %s is %r", entry.name, group, value)
    return found


def extension_names(group: str) -> tuple[str, ...]:
    """The names that are installed under a group, without loading them."""
    return tuple(sorted({entry.name for entry in entry_points(group=group)}))
