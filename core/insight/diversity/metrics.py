"""What each metric means, for people: the text that pages show beside the figure."""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from core.insight.diversity.measures import LEXICAL_THRESHOLD, SELF_BLEU_TEXTS, SEMANTIC_THRESHOLD


@dataclass(frozen=True)
class Metric:
    """A metric's explanation."""

    name: str
    label: str
    unit: Literal["count", "share", "score"]  # share: 0 to 1, shown as per cent
    meaning: str
    caution: str  # when not to trust it
    source: str  # the paper
    better: Literal["higher", "lower", "neither"]


_ALL = (
    Metric(
        "vendi_score",
        "Vendi score",
        "count",
        "The number of samples that would be equally diverse if all of them were completely "
        "different. 1 means that all say the same.",
        "It cannot pass the number of samples nor the embedding's dimension, so compare batches "
        "of similar size only. It sees meaning as the embedding model does, and rewards noise.",
        "Friedman & Dieng 2023, The Vendi Score, TMLR",
        "higher",
    ),
    Metric(
        "mean_similarity",
        "Mean pairwise similarity",
        "score",
        "The mean cosine between the embeddings of any two samples. 1 means identical, around 0 "
        "unrelated.",
        "One topic alone raises it: compare batches of the same template. A few tight groups of "
        "copies barely move it; look at the near-duplicates for those.",
        "cosine of sentence embeddings; Reimers & Gurevych 2019, Sentence-BERT",
        "lower",
    ),
    Metric(
        "distinct_1",
        "Distinct words",
        "share",
        "Different words divided by all words.",
        "It falls as a batch grows, whatever its quality: compare equal sizes and lengths only.",
        "Li et al. 2016, A Diversity-Promoting Objective Function (distinct-1)",
        "higher",
    ),
    Metric(
        "distinct_2",
        "Distinct word pairs",
        "share",
        "Different pairs of neighbouring words divided by all such pairs.",
        "It falls as a batch grows, whatever its quality: compare equal sizes and lengths only.",
        "Li et al. 2016, A Diversity-Promoting Objective Function (distinct-2)",
        "higher",
    ),
    Metric(
        "distinct_3",
        "Distinct word triples",
        "share",
        "Different runs of three words divided by all such runs.",
        "It falls as a batch grows, whatever its quality: compare equal sizes and lengths only.",
        "Li et al. 2016 (distinct-n with n = 3)",
        "higher",
    ),
    Metric(
        "entropy_1",
        "Entropy of words",
        "score",
        "How evenly the words are used, in bits: with 10 bits the text is as hard to foretell as "
        "if each word were drawn from 1,024 equally likely ones. Higher is more varied.",
        "It rises with the number of words until the vocabulary is used up: compare batches of "
        "similar size. Random words score highest, and names and numbers push it up.",
        "Zhang et al. 2018, Adversarial Information Maximization, section 4.2 (Ent-1)",
        "higher",
    ),
    Metric(
        "entropy_2",
        "Entropy of word pairs",
        "score",
        "The same for pairs of neighbouring words: low where the same turns of phrase return.",
        "It rises with the number of words, much longer than the entropy of words does: compare "
        "equal sizes only.",
        "Zhang et al. 2018, section 4.2 (Ent-2)",
        "higher",
    ),
    Metric(
        "entropy_3",
        "Entropy of word triples",
        "score",
        "The same for runs of three words: low where whole phrases return.",
        "In a small batch nearly every run of three words is new, so it only says how many words "
        "there are. Compare equal sizes only.",
        "Zhang et al. 2018, section 4.2 (Ent-3)",
        "higher",
    ),
    Metric(
        "compression_ratio",
        "Compression ratio",
        "score",
        "How many times smaller the texts become when gzip leaves out what repeats. 2.5 is "
        "ordinary prose; 6 is a form letter.",
        "gzip looks back 32 KB, so it sees repetition between neighbours and misses it far apart. "
        "It depends on the language, and very short batches compress badly.",
        "Shaib et al. 2024, Standardizing the Measurement of Text Diversity, section 3",
        "lower",
    ),
    Metric(
        "self_bleu",
        "Self-BLEU",
        "share",
        "How much of one sample's wording occurs in the others: the mean BLEU-4 of each sampled "
        "text against all other sampled texts. 0 is all new wording, 1 is copies.",
        "It rises with the number of texts compared, so at most "
        f"{SELF_BLEU_TEXTS} are taken at random: compare figures of the same sample size. "
        "Fixed phrases of a template raise it by right.",
        "Zhu et al. 2018, Texygen (Self-BLEU); Papineni et al. 2002, BLEU",
        "lower",
    ),
    Metric(
        "near_duplicates_lexical",
        "Near-duplicates by wording",
        "share",
        "The share of samples that have a twin in the batch with nearly the same words: Jaccard "
        f"similarity of three-word runs of at least {LEXICAL_THRESHOLD}.",
        "Very short texts have few runs of words, so one changed word can hide a twin. Among many "
        "texts cut from one mould candidates come from MinHash, which can miss some.",
        "Broder 1997, On the Resemblance and Containment of Documents",
        "lower",
    ),
    Metric(
        "near_duplicates_semantic",
        "Near-duplicates by meaning",
        "share",
        "The share of samples that have a twin in the batch with nearly the same meaning: cosine "
        f"of embeddings of at least {SEMANTIC_THRESHOLD}.",
        "The model reads only the first 256 word pieces: texts with the same beginning look like "
        "twins. Numbers and names move the embedding little.",
        "cosine of sentence embeddings; Reimers & Gurevych 2019; cf. SemDeDup, Abbas et al. 2023",
        "lower",
    ),
    Metric(
        "coverage",
        "Grid coverage",
        "share",
        "The share of the cells of the template's categorical variables that hold at least one "
        "generated sample.",
        "A batch smaller than the grid cannot reach 100 %. A filled cell says nothing about the "
        "quality of what is in it.",
        "combinatorial coverage; Kuhn et al. 2013, Introduction to Combinatorial Testing",
        "higher",
    ),
)

METRICS = MappingProxyType({metric.name: metric for metric in _ALL})
