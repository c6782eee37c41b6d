"""The dataset card: README.md with the header that Hugging Face `datasets` reads."""

from collections.abc import Mapping
from typing import Any

import yaml

from core.datasets.query import SPLITS

SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
UNITS = {
    "none": "Rows were made from no source.",
    "row": "Samples of one table row stay in one split.",
    "document": "Samples of one source document stay in one split.",
    "passage": (
        "The rows come from few documents, so samples of one passage, rather than of one document, "
        "stay in one split; neighbouring passages of a document may stand in different splits."
    ),
    "mixed": "Samples of one table row, and of one passage or document, stay in one split.",
    "ignored": "Samples of one source may stand in different splits, as was asked for.",
}
FIELDS = """\
| field | meaning |
| --- | --- |
| `id` | the sample's id; the same row keeps it in every version |
| `created_at` | when it was generated, UTC |
| `domain` | the template's domain |
| `input`, `response` | the text to train on |
| `output` | the structured answer, JSON; null where a corrected text has none |
| `split` | train, validation or test |
| `metadata` | method, template version, quality score (0 to 1), review status, variables |
| `trace` | source chunk, batch, model, parameters, provider calls, reviews, processing steps |
"""
LOADING = """\
## Loading

```python
from datasets import load_dataset

load_dataset("this/folder")
```

`dataset.duckdb` holds the same rows in the table `samples`.
"""


def card(facts: Mapping[str, Any]) -> str:
    """README.md of a version; `facts` are its manifest's values."""
    dataset, splits = facts["dataset"], facts["splits"]
    rows = sum(split["rows"] for split in splits.values())
    generation = facts["generation"]
    templates = [f"{t['name']}@{t['number']}" for t in generation["template_versions"]]
    models = sorted({f"{b['model']} ({b['connection']})" for b in generation["batches"]})
    sections = [
        f"# {dataset['name']} {facts['version']}",
        dataset["description"].strip(),
        f"{rows:,} synthetic records, grown with Seedbed. Content id `{facts['content_id']}`.",
        "## Splits\n\n" + _split_table(splits),
        _grouping(facts),
        "## Fields\n\n" + FIELDS.strip(),
        "## Where it comes from\n\n"
        + "\n".join(
            [
                f"- Templates: {', '.join(templates)}",
                f"- Models: {', '.join(models)}",
                f"- Sources: {_names(generation['sources'])}",
                f"- Reviewed by people: {_reviewed(facts['quality'])} of {rows:,} rows",
                "- `manifest.json` holds every setting, cost and checksum.",
            ]
        ),
        LOADING.strip(),
    ]
    return _header(dataset["name"], rows, splits) + "\n\n".join(filter(None, sections)) + "\n"


def _header(name: str, rows: int, splits: Mapping[str, Mapping[str, Any]]) -> str:
    size = next((label for limit, label in SIZES if rows < limit), "n>1M")
    # The datasets library cannot read a Parquet file without rows.
    files = [
        {"split": split, "path": f"{split}.parquet"} for split in SPLITS if splits[split]["rows"]
    ]
    header = {
        "pretty_name": name,
        "tags": ["synthetic"],
        "size_categories": [size],
        "configs": [{"config_name": "default", "data_files": files}],
    }
    return f"---\n{yaml.safe_dump(header, sort_keys=False, allow_unicode=True)}---\n\n"


def _split_table(splits: Mapping[str, Mapping[str, Any]]) -> str:
    lines = ["| split | rows | share | asked for |", "| --- | ---: | ---: | ---: |"]
    lines += [
        f"| {name} | {s['rows']:,} | {s['share']:.1%} | {s['target']:.1%} |"
        for name, s in splits.items()
    ]
    return "\n".join(lines)


def _grouping(facts: Mapping[str, Any]) -> str:
    grouping = facts["grouping"]
    stratified = grouping["stratify_by"]
    parts = [
        f"Texts at least {grouping['near_duplicate']:.0%} alike stay in one split.",
        UNITS[grouping["source_unit"]],
        f"Stratified by {stratified}." if stratified else "Not stratified.",
        f"{facts['left_out']['exact_duplicates']:,} exact duplicates were left out.",
    ]
    return " ".join(parts)


def _names(sources: list[Mapping[str, str]]) -> str:
    return ", ".join(source["name"] for source in sources) or "none"


def _reviewed(quality: Mapping[str, Any]) -> str:
    counts = quality["review_status"]
    return f"{sum(n for status, n in counts.items() if status != 'unreviewed'):,}"
