"""Did the model decline instead of answering.

Only the model speaking about itself or its task counts: "I'm sorry to hear that your card was
lost" and "we cannot refund this fee" are good customer service, and a refusal inside quotation
marks belongs to a character. So phrases must open a sentence near the start of the response.
"""

import re

from core.quality.check import Check, Measure, Subject, span
from core.templates.definition import CheckSettings

HEAD_CHARS = 400
# A cheap test first: every pattern below contains one of these.
HINTS = (
    "darf", "möchte", "werde", "no poder", "isn't", "is not", "may not", "something", "refuse",
    "rather not", "prefer not", "principles", "rules", "against", " ai",
    "can't", "cannot", "can not", "unable", "not able", "won't", "will not", "decline",
    "comfortable", "guidelines", "polic", "against my", "programm", "language model",
    "kann", "puedo", "ne peux", " peux ", "posso", " kan ", "afraid", "regret", "je ne ", "als ",
    "como ",
    "quanto ", "无法", "不能", "できません", "作为",
)  # fmt: skip

_CANNOT = (
    r"(?:cannot|can ?not|can't|could not|couldn't|won't|will not|am unable to|'m unable to"
    r"|am not able to|'m not able to|am not going to|'m not going to|am not permitted to"
    r"|'m not permitted to|won't be|will not be|may not|am not allowed to|'m not allowed to|"
    r"(?:will not|won't) be able to"
    r"|am not in a position to|'m not in a position to|do not have the ability to"
    r"|don't have the ability to|(?:must|have to) refuse to|refuse to)"
)
_SORRY = (
    r"(?:(?:i'm|i am)?\s*(?:very |so |really |truly )?sorry[,.!]?\s*(?:but\s+)?"
    r"|(?:my )?apologies[,.!]?\s*(?:but\s+)?|i apologi[sz]e[,.!]?\s*(?:but\s+)?"
    r"|unfortunately,?\s*|regrettably,?\s*|(?:i'm|i am) afraid,?\s*(?:that\s+)?"
    r"|i regret (?:to (?:inform you|tell you|say) )?(?:that\s+)?)"
)
_THIS = r"(?:this|that|such|your|the|these|those)"
_RULES = (
    r"(?:guidelines?|polic(?:y|ies)|programming|principles|training|instructions|rules|terms|values"
    r"|design|safety \w+|content \w+)"
)
_CONTENT = (
    r"(?:content|text|material|stories|story|request|requests|response|output|dialogue|messages?"
    r"|prompts?|questions?|topics?|instructions?|task|information (?:that|which))"
)
_DO = (
    r"(?:be )?(?:help|assist|comply|respond|reply|answer|fulfil|fulfill|honou?r|generat|creat|writ"
    r"|produc|continu|engag|participat|tak|comment|process|discuss|provid|giv|offer|shar|support"
    r"|complet|address|accommodat|proceed|speculat|do|carry out|go along|entertain|act on)\w{0,4}"
)
_META = (
    r"(?:requests?|prompts?|quer(?:y|ies)|questions?|content|text|materials?|responses?|answers?"
    r"|topics?|subjects?|tasks?|instructions?|conversations?|demands?|assignments?|inquir(?:y|ies)"
    r"|kinds? of|types? of|sorts? of)"
)
_ASKED = (
    rf"(?:(?:this|that|such|your|the|these|those|any|an?|further) (?:\w+ ){{0,2}}?{_META}\b"
    r"|(?:this|that|it|these|those|such things)(?=\s*(?:[.!,;:]|$)| (?:for you|here|because|as"
    r"|since"
    r"|due|at all|in any|under)\b))"
)
_ENGLISH = "|".join(
    (
        rf"{_SORRY}?i ?{_CANNOT}(?: be)?(?: \w+ly)? {_DO}(?: you)?(?: (?:with|to|on|in|for"
        rf"|about|part in"
        rf"|out))?(?: (?:you|creating|writing|generating|answering|providing|or \w+))? ?{_ASKED}",
        rf"{_SORRY}?i ?{_CANNOT} in good conscience\b",
        rf"{_SORRY}?(?:fulfill?ing|answering|writing|creating|generating|completing"
        rf"|discussing) (?:this|that"
        rf"|such|your)\b[^.!?\n]{{0,40}}? (?:isn't|is not|wouldn't be|would not be) (?:possible"
        rf"|something"
        r"|appropriate|within|allowed|permitted)",
        rf"{_SORRY}?i ?{_CANNOT} (?:help|assist)(?: you)?(?: with)? "
        r"(?:this|that|it|such|your request|the request|requests|creating|generating|writing"
        r"|producing|making|providing)\b",
        rf"{_SORRY}?i ?{_CANNOT} (?:help|assist|comply)(?: you)?\s*(?:[.!]|$)",
        rf"{_SORRY}?i ?{_CANNOT} provide (?:\w+ )?(?:assistance|help|support) (?:with|for|in)\b",
        rf"{_SORRY}?i ?{_CANNOT} (?:create|generate|write|produce) (?:this|that|such)\b",
        rf"{_SORRY}?i ?{_CANNOT} (?:provide|give|offer)(?: you)?(?: with)? "
        r"(?:an|any|a) (?:\w+ )?(?:answer|response)\b",
        rf"{_SORRY}?i ?{_CANNOT} (?:fulfil|fulfill|comply with|accommodate|honou?r|satisfy"
        rf"|complete|engage (?:in|with)|participate in|continue with|respond to) "
        rf"(?:{_THIS} )?(?:\w+ ){{0,2}}{_CONTENT}\b",
        rf"{_SORRY}?i ?{_CANNOT} (?:create|generate|write|produce|provide|answer|discuss|share) "
        rf"(?:(?:{_THIS}|any|a|an) )?(?:\w+ ){{0,2}}?(?:content|material|explicit|harmful|hateful"
        r"|violent|illegal|offensive|sexual|inappropriate|discriminatory|misleading"
        r"|this (?:request|question|prompt|topic)|that (?:request|question|prompt|topic))\b",
        rf"{_SORRY}i ?{_CANNOT}(?: do (?:that|this|so))?\s*(?:[.!]|$)",
        rf"{_SORRY}?i ?{_CANNOT} (?:be able to )?(?:help|assist|take part|participate|engage)"
        r"(?: you)?(?: with| in)? (?:this|that|such|these|those|creating|generating|writing)\b",
        r"(?:that|this|it|such a request)(?:'s| is| was)? (?:not )?(?:something|a (?:request"
        r"|task|topic)|one)"
        r" (?:that )?i(?: am|'m)? ?"
        rf"(?:{_CANNOT}|not able to|unable to|able to|can|could)"
        r" (?:help|assist|do|answer|support|discuss|write|create|generate|fulfil)\b",
        rf"{_SORRY}?i ?{_CANNOT} (?:provide|give|offer|share)(?: you)?(?: with)? (?:any )?"
        r"(?:medical|legal|financial|investment|tax|professional|personal|specific|psychological)"
        r" (?:\w+ )?(?:advice|opinions?|diagnos[ei]s|recommendations?|guidance|counsel)\b",
        rf"{_SORRY}?my (?:\w+ )?{_RULES} (?:do(?:es)? not|don't|doesn't|prevents?|prohibits?"
        rf"|forbids?"
        r"|bars?|restricts?|keeps?|stops?)\b",
        rf"{_SORRY}?(?:it|this|that|doing so|doing this)(?:'s| is| would be| goes)? "
        rf"(?:strictly )?against "
        rf"(?:my|our|the|openai's|anthropic's) (?:\w+ )?{_RULES}",
        rf"{_SORRY}?i (?:must|have to|need to|will|do|would|'ll) (?:\w+fully |politely )?"
        rf"(?:refuse|decline)\b",
        rf"{_SORRY}?i(?:'d| would) (?:rather|prefer) not(?: to)? (?:answer|write|say|discuss"
        rf"|help|do|create)\b",
        r"i (?:must|have to|need to|will have to|'ll have to) (?:\w+fully |politely )?decline\b",
        r"i(?:'m not| am not| do not feel| don't feel| wouldn't feel) comfortable "
        r"(?:creating|generating|writing|producing|providing|answering|with (?:this|that))",
        rf"{_SORRY}?as an? (?:large |helpful |responsible )?"
        r"(?:ai|artificial intelligence|language model)\b"
        rf"[^.!?\n]{{0,60}}?\bi ?(?:{_CANNOT}|do not|don't|am not|'m not|must|have no)",
        r"i(?:'m| am)(?: just| only| merely)? an? (?:large |helpful )?"
        r"(?:ai\b(?!-)|artificial intelligence|language model)",
        r"(?:creating|generating|writing|providing|answering|this|that|it)\b[^.!?\n]{0,60}? "
        r"(?:violates?|goes against|go against|(?:is|be) against|conflicts? with) "
        r"(?:my|openai's|anthropic's|the (?:content|usage))[^.!?\n]{0,25}"
        r"(?:polic|guideline|programming|principles|terms)",
    )
)
_OTHER_LANGUAGES = "|".join(
    (
        r"als (?:eine? )?(?:ki|künstliche intelligenz|sprachmodell)[^.!?\n]{0,40}"
        r"\b(?:kann|darf|habe) ich[^.!?\n]{0,60}(?:nicht|keine)",
        r"como (?:un |una |um |uma )?(?:ia\b|inteligencia artificial|inteligência artificial"
        r"|modelo de (?:lenguaje|linguagem))[^.!?\n]{0,30}\b(?:no|não) (?:puedo|posso|tengo|tenho)",
        r"en tant qu['e] ?(?:ia\b|intelligence artificielle|modèle de langage|assistant)"
        r"[^.!?\n]{0,30}\bje ne (?:peux|suis|dispose)",
        r"in quanto (?:ia\b|intelligenza artificiale|modello linguistico)[^.!?\n]{0,30}"
        r"\bnon (?:posso|ho)",
        r"als (?:een )?(?:ai|taalmodel)[^.!?\n]{0,40}\bkan ik[^.!?\n]{0,60}(?:niet|geen)",
        r"(?:es tut mir leid|entschuldigung|tut mir leid|leider)[^.!?\n]{0,15}\bkann ich"
        r"[^.!?\n]{0,40}(?:nicht|keine)[^.!?\n]{0,20}(?:helfen|erfüllen|erstellen|beantworten)",
        r"(?:es tut mir leid|tut mir leid), (?:aber )?ich kann[^.!?\n]{0,40}nicht"
        r"[^.!?\n]{0,20}(?:helfen|erfüllen|erstellen|beantworten)",
        r"(?:leider )?(?:ich kann|kann ich) (?:ihnen |dir |euch )?(?:leider )?(?:hierbei "
        r"|dabei |damit "
        r"|(?:bei|mit) (?:dieser|diesem|ihrer|deiner|solchen)[^.!?\n]{0,30})?(?:leider )?nicht "
        r"(?:weiter)?helfen",
        r"(?:leider )?(?:ich kann|kann ich) (?:ihnen |dir )?(?:leider )?(?:diese|diesen|dieser"
        r"|ihre|deine)"
        r"[^.!?\n]{0,30}nicht (?:beantworten|erfüllen|bearbeiten|erstellen|schreiben)",
        r"(?:dabei|hierbei|damit) kann ich (?:ihnen |dir )?(?:leider )?nicht helfen",
        r"(?:lo siento|lo lamento|lamentablemente|me temo que)?,? ?(?:pero )?no puedo "
        r"(?:ayudar(?:te|le|los)?"
        r"|cumplir|generar|crear|responder|proporcionar|realizar|escribir) (?:con |a )?"
        r"(?:est[eao]|es[eao]|tu|su|dich[oa]|ninguna?|contenido)",
        r"(?:lamento|siento|lamentablemente) no (?:poder|puedo) (?:ayudar|responder|cumplir"
        r"|atender)",
        r"(?:leider )?(?:ich (?:darf|möchte|werde)|(?:darf|möchte|werde) ich) (?:auf )?"
        r"(?:diese[rnms]?|solche)"
        r"[^.!?\n]{0,40}nicht ",
        r"lo siento,? (?:pero )?no puedo (?:ayudar|cumplir|generar|crear|responder|proporcionar)",
        r"(?:malheureusement,? )?je ne (?:peux|suis) pas (?:en mesure de |capable de )?(?:vous "
        r"|t')?"
        r"(?:aider|répondre|générer|créer|écrire|traiter) (?:à |avec |sur )?(?:cette?|ce|votre"
        r"|ta|cela)\b",
        r"(?:je suis )?désolée?,? (?:mais )?je ne peux pas (?:vous |t')?"
        r"(?:aider|répondre|générer|créer|fournir)",
        r"(?:desculpe|sinto muito|lamento|mi dispiace),? (?:mas |ma )?(?:non |não )?posso "
        r"(?:ajudar|aiutar|gerar|generare|criar|creare|responder|rispondere)",
        r"(?:het spijt me|sorry),? (?:maar )?ik kan[^.!?\n]{0,20}niet (?:mee )?(?:helpen|voldoen)",
        r"(?:很?抱歉|对不起)[,，。]?\s*(?:但)?我?(?:无法|不能)(?:为您|帮您|给您)?(?:提供|协助|帮助|满足|回答|生成|创作|完成)",
        r"作为(?:一个|一名)?(?:ai|人工智能|语言模型)",
        r"(?:申し訳ありませんが|申し訳ございませんが)[^。\n]{0,40}(?:できません|できかねます|お答えできません)",
    )
)
REFUSAL = re.compile(rf"(?:^|[.!?。！？]\s+|\n\s*)(?P<phrase>{_ENGLISH}|{_OTHER_LANGUAGES})")


def measure(subject: Subject) -> Measure:
    field = "response" if subject.response else "raw_text"
    text = subject.response or subject.raw_text
    found = find_refusal(text)
    if found is None:
        return Measure(0.0, {})
    return Measure(1.0, span(field, text, *found))


def find_refusal(text: str) -> tuple[int, int] | None:
    """Start and end of a phrase by which the model declines, None where there is none."""
    head = text[:HEAD_CHARS].lower()
    if "’" in head:
        head = head.replace("’", "'")
    if not any(hint in head for hint in HINTS):
        return None
    match = REFUSAL.search(head)
    return None if match is None else match.span("phrase")


def rate(value: float, limits: CheckSettings) -> float:
    return 0.0 if value > 0 and limits.refusal else 1.0


CHECK = Check(
    name="refusal",
    description="The model declined, or spoke about being a model, instead of answering.",
    unit="yes or no",
    thresholds=("refusal",),
    weight=1.0,
    rate=rate,
    measure=measure,
)
