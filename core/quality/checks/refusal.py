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
    " ai", "can't", "cannot", "can not", "unable", "not able", "won't", "will not", "decline",
    "comfortable", "guidelines", "polic", "against my", "programm", "language model",
    " kann ", " puedo", " peux ", " posso", " kan ", "无法", "不能", "できません", "作为",
)  # fmt: skip

_CANNOT = (
    r"(?:cannot|can ?not|can't|could not|couldn't|won't|will not|am unable to|'m unable to"
    r"|am not able to|'m not able to|am not going to|'m not going to|am not permitted to"
    r"|'m not permitted to|am not allowed to|'m not allowed to)"
)
_SORRY = (
    r"(?:(?:i'm|i am)?\s*(?:very |so |really |truly )?sorry[,.!]?\s*(?:but\s+)?"
    r"|(?:my )?apologies[,.!]?\s*(?:but\s+)?|i apologi[sz]e[,.!]?\s*(?:but\s+)?"
    r"|unfortunately,?\s*|regrettably,?\s*)"
)
_THIS = r"(?:this|that|such|your|the|these|those)"
_CONTENT = (
    r"(?:content|text|material|stories|story|request|requests|response|output|dialogue|messages?"
    r"|prompts?|questions?|topics?|instructions?|task|information (?:that|which))"
)
_ENGLISH = "|".join(
    (
        rf"{_SORRY}?i ?{_CANNOT} (?:help|assist)(?: you)?(?: with)? "
        r"(?:this|that|it|such|your request|the request|requests|creating|generating|writing"
        r"|producing|making|providing)\b",
        rf"{_SORRY}?i ?{_CANNOT} (?:help|assist|comply)(?: you)?\s*(?:[.!]|$)",
        rf"{_SORRY}?i ?{_CANNOT} provide (?:\w+ )?(?:assistance|help|support) (?:with|for|in)\b",
        rf"{_SORRY}?i ?{_CANNOT} (?:create|generate|write|produce) (?:this|that|such)\b",
        rf"{_SORRY}?i ?{_CANNOT} (?:fulfil|fulfill|comply with|accommodate|honou?r|satisfy"
        rf"|complete|engage (?:in|with)|participate in|continue with|respond to) "
        rf"(?:{_THIS} )?(?:\w+ ){{0,2}}{_CONTENT}\b",
        rf"{_SORRY}?i ?{_CANNOT} (?:create|generate|write|produce|provide|answer|discuss|share) "
        rf"(?:(?:{_THIS}|any|a|an) )?(?:\w+ ){{0,2}}?(?:content|material|explicit|harmful|hateful"
        r"|violent|illegal|offensive|sexual|inappropriate|discriminatory|misleading"
        r"|this (?:request|question|prompt|topic)|that (?:request|question|prompt|topic))\b",
        rf"{_SORRY}i ?{_CANNOT}(?: do (?:that|this|so))?\s*(?:[.!]|$)",
        r"i (?:must|have to|need to|will have to|'ll have to) (?:\w+fully |politely )?decline\b",
        r"i(?:'m not| am not| do not feel| don't feel| wouldn't feel) comfortable "
        r"(?:creating|generating|writing|producing|providing|answering|with (?:this|that))",
        r"as an? (?:large |helpful |responsible )?(?:ai|artificial intelligence|language model)\b"
        rf"[^.!?\n]{{0,60}}?\bi ?(?:{_CANNOT}|do not|don't|am not|must)",
        r"i(?:'m| am)(?: just| only| merely)? an? (?:large |helpful )?"
        r"(?:ai\b(?!-)|artificial intelligence|language model)",
        r"(?:creating|generating|writing|providing|answering|this|that|it)\b[^.!?\n]{0,60}? "
        r"(?:violates?|goes against|(?:is|be) against|conflicts? with) "
        r"(?:my|openai's|anthropic's|the (?:content|usage))[^.!?\n]{0,25}"
        r"(?:polic|guideline|programming|principles|terms)",
    )
)
_OTHER_LANGUAGES = "|".join(
    (
        r"(?:es tut mir leid|entschuldigung|tut mir leid|leider)[^.!?\n]{0,15}\bkann ich"
        r"[^.!?\n]{0,40}(?:nicht|keine)[^.!?\n]{0,20}(?:helfen|erfüllen|erstellen|beantworten)",
        r"(?:es tut mir leid|tut mir leid), (?:aber )?ich kann[^.!?\n]{0,40}nicht"
        r"[^.!?\n]{0,20}(?:helfen|erfüllen|erstellen|beantworten)",
        r"lo siento,? (?:pero )?no puedo (?:ayudar|cumplir|generar|crear|responder|proporcionar)",
        r"(?:je suis )?désolée?,? (?:mais )?je ne peux pas (?:vous |t')?"
        r"(?:aider|répondre|générer|créer|fournir)",
        r"(?:desculpe|sinto muito|lamento|mi dispiace),? (?:mas |ma )?(?:non |não )?posso "
        r"(?:ajudar|aiutar|gerar|generare|criar|creare|responder|rispondere)",
        r"(?:het spijt me|sorry),? (?:maar )?ik kan[^.!?\n]{0,20}niet (?:mee )?(?:helpen|voldoen)",
        r"(?:很?抱歉|对不起)[,，。]?\s*(?:但)?我?(?:无法|不能)(?:提供|协助|帮助|满足|回答|生成|创作|完成)",
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
    threshold="refusal",
    weight=1.0,
    rate=rate,
    measure=measure,
)
