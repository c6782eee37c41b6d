"""What a person does on every page of a workspace with many samples."""

from page_walk import choosing, clicking, opening, parting, typing

LOOKING = [
    opening("Samples"),
    typing("Samples", "samples.search", "the"),
    typing("Samples", "samples.search", ""),
    choosing("Samples", "samples.verdict", "Accepted"),
    choosing("Samples", "samples.order", "Lowest score first"),
    opening("Insight"),
    *(
        parting("Insight", name)
        for name in ("Diversity", "Coverage", "Bias", "Quality", "Thresholds", "Trend", "Compare")
    ),
    parting("Insight", "Map"),
    choosing("Insight", "insight.color", "Verdict"),
    choosing("Insight", "insight.color", "Cluster"),
    opening("Review"),
    choosing("Review", "review.order", "At random"),
    clicking("Review", "review.skip"),
    opening("SQL"),
    choosing("SQL", "sql.open", "Findings by check"),
    clicking("SQL", "sql.run"),
]
STEPS = [
    opening("Overview"),
    opening("Templates"),
    opening("Sources"),
    opening("Batches"),
    *LOOKING,
    opening("Judges"),
    opening("Datasets"),
    opening("Spend"),
    opening("Settings"),
]
