"""What a property of an output schema is for, judged by its name and then its description."""

import re
from functools import lru_cache

# Looked for in names alone: in a description these words mean too many things.
NAME_ROLES: tuple[tuple[str, str], ...] = (
    ("plain_twin", r"natural (?:text|version)|rewrit|humani[sz]ed"),
    ("machine", r"machine (?:text|version)"),
    ("change", r"^changes$"),
    ("statement", r"premise|hypothesis|\bclaim$|statement$"),
    ("document", r"^document(?: text)?$"),
    ("column", r"\bcolumns?$"),
    ("anchor", r"\banchors?$"),
    ("habit", r"\bhabit$"),
    ("new_look", r"^changed$"),
    ("position", r"\bposition$"),
    ("eye", r"\beye\b"),
    ("turn", r"page turn|open question|cliffhanger"),
    ("problem", r"^(?:word )?problem$"),
    ("item", r"\bsigns$|\bpapers$|\bcauses$|depends on|ingredients$|materials$|action items?$"),
)
# The first role whose words occur in the name wins; the order settles the overlaps.
ROLES: tuple[tuple[str, str], ...] = (
    ("label", r"(?:type|kind|level|tone|style|register|sentiment|genre|stance)$"),
    ("intent", r"\bintent|category"),
    ("chosen", r"chosen|preferred|better|winner|winning|strong"),
    ("rejected", r"rejected|worse|loser|losing|dispreferred|weak|flawed|\bbad"),
    ("evidence", r"quote|deciding words|evidence|excerpt|citation|passage|supporting|\bspan"
                 r"|grounding|\bcontext"),
    ("sound", r"\bsound|\bsfx|onomatop"),
    ("dialogue", r"dialog|speech|bubble|spoken|\blines?\b|\bsays\b"),
    ("caption", r"caption|narrat"),
    ("framing", r"framing|composition"),
    ("shot", r"camera|\bshot|angle"),
    ("look", r"\blooks?\b|appearance|clothes|outfit"),
    ("pose", r"\bpose|posture|gesture"),
    ("mood", r"\bmood|emotion|atmosphere|feeling"),
    ("light", r"\blight"),
    ("setting", r"setting|location|backdrop|\bplace\b"),
    ("person", r"character|protagonist|\bhero|speaker|\bname\b|author"),
    ("action", r"\baction\b"),
    ("panel", r"panel|visual|illustrat|image|drawing|\bframe|artwork|depict"),
    ("title", r"title|headline|heading|\bsubject"),
    ("prose", r"prose|\bscene|story|narrative|chapter"),
    ("summary", r"summary|abstract|synopsis|\bgist|takeaway|in one sentence"),
    ("reason", r"reason|rationale|explanation|\bwhy\b|justif|critique|feedback|analysis|difference"
               r"|verdict|comment"),
    ("step", r"\bsteps?\b|\btips?\b|bullet|points?\b|recommendation|follow.?up|\bnext\b"),
    ("keyword", r"keyword|\btags?\b|topics?\b|\blabels?\b|theme|\bterms?\b"),
    ("email", r"e.?mail"),
    ("date", r"\bdate\b|\bday\b|deadline"),
    ("city", r"\bcity\b|\btown\b"),
    ("country", r"country"),
    ("company", r"company|employer|merchant|organi[sz]ation"),
    ("job", r"\bjob\b|occupation|profession"),
    ("url", r"\burl\b|\blink\b|website"),
    ("code", r"\bid\b|\bcode\b|reference|number"),
    ("amount", r"amount|price|\bcost\b|\bfee\b"),
    ("language", r"language|locale"),
    ("caution", r"warning|caution|disclaimer|caveat"),
    ("question", r"question|query|instruction|prompt|\binput|inquiry|\bask|request|problem"
                 r"|complaint|customer|\buser"),
    ("answer", r"answer|response|reply|output|completion|solution|advice|assistant|guidance"),
)  # fmt: skip
COMPILED = tuple((role, re.compile(pattern)) for role, pattern in ROLES)
COMPILED_NAMES = tuple((role, re.compile(pattern)) for role, pattern in NAME_ROLES)
CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
RANGE = re.compile(r"(\d+)\s*(?:-|–|to)\s*(\d+)\s*(sentence|word)")
AT_MOST = re.compile(r"(?:at most|max(?:imum)?|under|up to|no more than)\s*(\d+)\s*(sentence|word)")
NUMBERS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6}
SPELLED = re.compile(rf"\b({'|'.join(NUMBERS)}) (?:or|to) ({'|'.join(NUMBERS)}) sentences")
WORDS_PER_SENTENCE = 14


@lru_cache(maxsize=4096)
def role_of(name: str, description: str) -> str:
    """A key of the writer's table; "text" where nothing tells."""
    words = CAMEL.sub(" ", name).replace("_", " ").replace("-", " ").lower()
    for text, roles in (
        (words, COMPILED_NAMES), (words, COMPILED), (description.lower(), COMPILED)
    ):  # fmt: skip
        for role, pattern in roles:
            if pattern.search(text):
                return role
    return "text"


@lru_cache(maxsize=4096)
def sentences_wanted(description: str) -> tuple[int, int] | None:
    """The least and most sentences that a description asks for; None where it does not say."""
    text = description.lower()
    if match := SPELLED.search(text):
        return NUMBERS[match[1]], NUMBERS[match[2]]
    for pattern, has_low in ((RANGE, True), (AT_MOST, False)):
        if match := pattern.search(text):
            low, high = (int(match[1]), int(match[2])) if has_low else (1, int(match[1]))
            if match[3 if has_low else 2] == "word":
                low, high = low // WORDS_PER_SENTENCE, high // WORDS_PER_SENTENCE
            return max(low, 1), max(high, 1)
    if re.search(r"\b(?:one|single|a) (?:short )?sentence\b", text):
        return 1, 1
    if re.search(r"\btwo (?:short )?sentences\b", text):
        return 2, 2
    return (1, 3) if re.search(r"\b(?:short|brief|concise)\b", text) else None
