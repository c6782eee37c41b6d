"""With the real embedding model: known associations have their known sign, topics separate."""

import subprocess
import sys

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from core.insight.bias.groups import batch_bias
from core.insight.bias.wordlists import word_lists
from core.insight.mapping.clusters import cluster, cluster_terms
from core.text.embedding.embeddings import embed

TOPICS = {
    "card": ["My {} card is lost.", "How do I activate a {} card?", "The {} card does not work."],
    "recipe": ["Bake a {} cake.", "A soup of {} onions.", "Which {} flour suits fresh bread?"],
    "galaxy": ["A {} star explodes.", "How far is the {} galaxy?", "The {} planet has two moons."],
}
WORDS = ("new", "second", "large", "small", "first", "third", "strange", "common")


def test_word_lists_and_topics_behave_as_published() -> None:
    lists = word_lists()
    words = list(dict.fromkeys(word for one in lists for word in one.words()))
    truth = [topic for topic, forms in TOPICS.items() for _ in forms for _ in WORDS]
    texts = [form.format(word) for forms in TOPICS.values() for form in forms for word in WORDS]
    vectors = embed([*words, *texts])

    word_vectors = dict(zip(words, vectors[: len(words)], strict=True))
    found = batch_bias([], [], vectors[:0], lists, word_vectors).words
    effects = {one.word_list: one.effect_size for one in found}
    assert all(effect is not None and effect > 0.3 for effect in effects.values())
    assert effects["pleasant-unpleasant"] == max(effects.values())
    assert min(one.adjusted_p for one in found) < 0.05

    clustering = cluster(vectors[len(words) :])
    three = np.array([list(TOPICS).index(topic) for topic in truth])
    assert adjusted_rand_score(three, clustering.labels) > 0.3
    # No cluster mixes topics, however finely they were split.
    for label in range(clustering.clusters):
        assert len(set(three[clustering.labels == label])) == 1
    terms = cluster_terms(texts, clustering.labels)
    assert any("card" in words_of for words_of in terms.values())


@pytest.mark.parametrize("module", ["core.insight.report", "core.insight.measuring"])
def test_reading_a_report_loads_no_heavy_library(module: str) -> None:
    check = (
        f"import sys, {module}; found = {{'torch', 'sklearn', 'scipy'}} & set(sys.modules); "
        "assert not found, found"
    )
    command = [sys.executable, "-c", check]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
