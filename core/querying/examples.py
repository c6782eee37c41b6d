"""Queries to begin with, each over tables that every workspace has."""

from typing import Final, NamedTuple

from core.querying.saved import ChartSettings


class Example(NamedTuple):
    """A query with a name and the chart that suits its answer."""

    name: str
    sql: str
    chart: ChartSettings


EXAMPLES: Final = (
    Example(
        "Acceptance by template version",
        """SELECT b.template || ' v' || b.template_version AS version,
       count(*) AS samples,
       round(100 * avg(CASE WHEN s.verdict = 'accepted' THEN 1 ELSE 0 END), 1) AS accepted_percent,
       round(avg(s.quality_score), 3) AS mean_score
FROM samples s JOIN batches b USING (batch_id)
GROUP BY ALL ORDER BY accepted_percent DESC""",
        ChartSettings(kind="bar", x="version", y="accepted_percent"),
    ),
    Example(
        "Cost of an accepted sample by model",
        """SELECT a.model,
       sum(a.cost_usd) AS cost_usd,
       count(DISTINCT s.sample_id) FILTER (s.verdict = 'accepted') AS accepted,
       sum(a.cost_usd) / nullif(accepted, 0) AS usd_per_accepted
FROM attempts a
LEFT JOIN samples s ON s.batch_id = a.batch_id AND s.plan_index = a.plan_index
GROUP BY ALL ORDER BY cost_usd DESC""",
        ChartSettings(kind="bar", x="model", y="usd_per_accepted"),
    ),
    Example(
        "Findings by check and batch",
        """SELECT b.name AS batch, f.check, count(*) AS samples,
       round(avg(f.score), 3) AS mean_score
FROM findings f JOIN samples s USING (sample_id) JOIN batches b USING (batch_id)
WHERE f.score < 1
GROUP BY ALL ORDER BY samples DESC""",
        ChartSettings(kind="bar", x="check", y="samples", colour="batch"),
    ),
    Example(
        "Latency of calls by hour",
        """SELECT date_trunc('hour', created_at) AS hour, model,
       quantile_cont(latency_ms, 0.5) AS median_ms, quantile_cont(latency_ms, 0.95) AS p95_ms
FROM attempts WHERE state = 'succeeded'
GROUP BY ALL ORDER BY hour""",
        ChartSettings(kind="line", x="hour", y="p95_ms", colour="model"),
    ),
    Example(
        "Length of responses against score",
        """SELECT length(response) AS characters, quality_score, verdict
FROM samples WHERE state = 'generated' USING SAMPLE 2000 ROWS (reservoir, 7)""",
        ChartSettings(kind="scatter", x="characters", y="quality_score", colour="verdict"),
    ),
    Example(
        "What reviewers corrected",
        """SELECT correction_type, count(*) AS reviews, round(avg(seconds), 1) AS mean_seconds
FROM reviews WHERE decision IN ('edit', 'reject')
GROUP BY ALL ORDER BY reviews DESC""",
        ChartSettings(kind="bar", x="correction_type", y="reviews"),
    ),
    Example(
        "Records of releases by split",
        """SELECT dataset, version, split, count(*) AS records
FROM dataset_records GROUP BY ALL ORDER BY ALL""",
        ChartSettings(kind="bar", x="version", y="records", colour="split"),
    ),
)
