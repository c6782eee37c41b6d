"""A table of 100,000 rows, imported as a person would, and every page used while it is analysed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from benchmarks.corpora import invented
from browser_tab import Seedbed, Tab
from page_walk import Step, timed
from playwright.sync_api import expect
from walked_steps import STEPS

pytestmark = pytest.mark.browser
ROWS = 100_000
TOPICS = ("cards", "loans", "savings", "transfers", "travel")
WAIT_MS = 240_000
# A step that takes longer than this on a busy machine must have shown that it is at work. The
# benchmark of the pages prints how long each really takes.
PATIENCE_S = 5.0


@pytest.fixture(scope="module")
def imported(seedbed: Seedbed, tmp_path_factory: pytest.TempPathFactory) -> Seedbed:
    """The running Seedbed with 100,000 imported samples, their analysis just begun."""
    file = tmp_path_factory.mktemp("table") / "answers.jsonl"
    rng = np.random.default_rng(3)
    topics = rng.choice(TOPICS, ROWS, p=(0.4, 0.3, 0.15, 0.1, 0.05)).tolist()
    texts = invented(ROWS, seed=3, words=30).texts
    with file.open("w", encoding="utf-8") as lines:
        for text, topic in zip(texts, topics, strict=True):
            words = text.split()
            row = {"question": " ".join(words[:8]), "answer": " ".join(words[8:]), "topic": topic}
            lines.write(json.dumps(row) + "\n")
    command = [sys.executable, "-m", "app.cli", "samples", "import", str(file), "--wait"]
    columns = ["--input", "question", "--response", "answer", "--variable", "topic"]
    environment = {**os.environ, "SEEDBED_HOME": str(seedbed.home)}
    subprocess.run(
        [*command, *columns], env=environment, check=True, capture_output=True, timeout=400,
        cwd=Path(__file__).resolve().parents[2],
    )  # fmt: skip
    return seedbed


def test_every_page_is_used_while_the_import_is_analysed(imported: Seedbed, tab: Tab) -> None:
    tab.open("samples")
    expect(tab.page.get_by_text("100,000 samples").first).to_be_visible(timeout=WAIT_MS)
    tab.go("Insight")
    first = tab.page.get_by_text("100,000 samples, ").first
    expect(first).to_be_visible(timeout=WAIT_MS)
    slow = [told for step in STEPS if (told := unannounced(tab, step))]
    assert slow == []
    assert imported.errors() == []


def unannounced(tab: Tab, step: Step) -> str:
    """What a step took, where it was slow and showed no progress; "" where all is well."""
    timing = timed(tab, step)
    is_told = timing.progress_s is not None and timing.progress_s <= PATIENCE_S
    if timing.whole_s <= PATIENCE_S or is_told:
        return ""
    return f"{timing.page}, {timing.name}: {timing.whole_s:.1f} s without progress"
