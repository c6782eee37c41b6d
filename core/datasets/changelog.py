"""What a version's changelog says, for people."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from core.datasets.diffing import VersionDiff

MOVES_NAMED = 20  # in the changelog
MOVES_STORED = 10_000  # in the manifest, which is read whole


def changes_since(previous: str, diff: VersionDiff) -> dict[str, Any]:
    """The difference as counts, for the manifest; moved rows are named, MOVES_STORED at most."""
    return {
        "since": previous,
        "added": len(diff.added),
        "removed": len(diff.removed),
        "changed": len(diff.changed),
        "moved_between_splits": len(diff.moved_between_splits),
        "moved": [move._asdict() for move in diff.moved_between_splits[:MOVES_STORED]],
    }


def changelog_entry(
    note: str,
    splits: Mapping[str, Mapping[str, Any]],
    exact_duplicates: int,
    changes: Mapping[str, Any] | None,
) -> str:
    """The body of one entry in Markdown: the person's note, then what was counted."""
    rows = sum(split["rows"] for split in splits.values())
    shares = ", ".join(f"{split['rows']:,} {name}" for name, split in splits.items())
    lines = [f"- {rows:,} rows: {shares}."]
    if changes is not None:
        lines.append(
            f"- Since {changes['since']}: {changes['added']:,} added, "
            f"{changes['removed']:,} removed, {changes['changed']:,} with another text, "
            f"{changes['moved_between_splits']:,} moved to another split."
        )
        lines += _moves(changes["moved"], changes["moved_between_splits"])
    if exact_duplicates:
        lines.append(f"- {exact_duplicates:,} exact duplicates left out.")
    return "\n".join(([note.strip(), ""] if note.strip() else []) + lines)


def changelog_file(name: str, entries: Sequence[tuple[str, datetime, str]]) -> str:
    """CHANGELOG.md from (version, date, entry), newest first."""
    parts = [f"# Changes of {name}"]
    parts += [f"## {version} ({date:%Y-%m-%d})\n\n{entry}" for version, date, entry in entries]
    return "\n\n".join(parts) + "\n"


def _moves(moved: Sequence[Mapping[str, str]], count: int) -> list[str]:
    named = [f"  - {m['sample_id']}: {m['before']} to {m['after']}" for m in moved[:MOVES_NAMED]]
    rest = count - len(named)
    return (
        [*named, f"  - and {rest:,} more; compare the two versions to see them"] if rest else named
    )
