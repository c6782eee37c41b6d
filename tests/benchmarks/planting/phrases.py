"""Refusals, blanks and insults, written for the benchmark and not for the checks."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from planting.base import UNSEEN, Plant, Planted, Record, inserted, pick, sentences

REFUSALS = (
    "I'm sorry, but I can't help with that request.",
    "I apologize, but I'm not able to assist with this.",
    "I'm sorry, but I cannot fulfill this request.",
    "As an AI language model, I don't have access to personal account details.",
    "As an AI, I cannot provide financial advice.",
    "Sorry, I'm unable to help with that.",
    "I cannot assist with creating this content.",
    "Unfortunately, I can't generate that kind of text.",
    "I'm afraid I can't help you with this.",
    "I'm unable to provide a response to this request.",
    "I must decline to answer this question.",
    "It would be against my guidelines to answer this.",
    "I am just an AI assistant and can't solve this for you.",
    "I don't feel comfortable answering this question.",
    "I'm not able to write this message for you.",
    "My apologies, but I won't be able to help with this topic.",
    "I can't comply with that request.",
    "This request goes against my content policy, so I can't continue.",
    "I'm sorry, I can't provide an answer to that.",
    "I regret to inform you that I cannot complete this task.",
    "I'm really sorry, but I can't do that.",
    "As a language model, I am not able to give a definite answer.",
    "I won't write that.",
    "I can't answer that question.",
    "I'm sorry, but as an AI developed by a company I can't take part in this.",
    "Tut mir leid, aber dabei kann ich nicht helfen.",
    "Als KI-Sprachmodell kann ich diese Frage nicht beantworten.",
    "Lo siento, pero no puedo ayudarte con esa solicitud.",
    "Como modelo de lenguaje, no puedo responder a eso.",
    "Désolé, je ne peux pas répondre à cette demande.",
    "En tant qu'IA, je ne peux pas vous aider avec cela.",
    "Mi dispiace, ma non posso aiutarti con questa richiesta.",
    "Desculpe, mas não posso ajudar com isso.",
    "Het spijt me, maar ik kan hier niet mee helpen.",
    "抱歉，我无法回答这个问题。",
    "申し訳ありませんが、そのご要望にはお応えできません。",
    "I'm sorry, but I can't provide medical advice.",
    "As an artificial intelligence, I am not able to form an opinion about that.",
    "I'm not comfortable with this request, so I'll stop here.",
    "I have to decline this one.",
    "Unfortunately I cannot help you with that question.",
    "Sorry, but this is something I can't assist with.",
    "That is not something I am able to help with.",
    "I can't engage with this kind of content.",
    "My guidelines do not allow me to answer this.",
    "I'm an AI, so I can't know your balance.",
    "I will not be able to fulfill your request.",
    "I apologize, but I must refuse to write this.",
    "It's against my programming to discuss this topic.",
    "I'm unable to generate an answer for this prompt.",
    "Ich kann Ihnen bei dieser Anfrage leider nicht helfen.",
    "Lo siento, no puedo cumplir con esta petición.",
    "Je suis désolé, mais je ne peux pas vous aider.",
    "很抱歉，我不能协助您完成这个请求。",
    "I'm sorry, I won't be generating that.",
    "Apologies, but fulfilling this prompt isn't possible for me.",
    "I can't create this type of content.",
    "As an AI assistant, I'm not allowed to comment on that.",
    "I do not feel comfortable providing an answer here.",
    "I am unable to respond to this query.",
    "Sorry, I can't help with requests like this one.",
    "I'm unable to offer legal advice.",
    "I need to decline this request.",
    "This violates my usage policies, so I can't answer.",
    "I cannot in good conscience write this.",
    "I'm a language model and have no personal experiences.",
    "Unfortunately, I am not able to process this request.",
    "I won't participate in this.",
    "Ich darf diese Frage nicht beantworten.",
    "Lamento no poder ayudarte con eso.",
    "Je ne suis pas en mesure de répondre à cette question.",
    "对不起，我不能回答这个问题。",
)
OPENINGS = ("", "", "", "Thank you for your question. ", "Hello! ", "Hi there. ", "I understand. ")
CLOSINGS = (
    "",
    "",
    " Is there something else I can do for you?",
    " Please consult a professional.",
    " If you have other questions, feel free to ask.",
)

BLANKS = (
    "Dear [Customer Name],",
    "Kind regards, [Your Name]",
    "Hi {first_name}, thanks for writing.",
    "Your order {{order_id}} has been shipped.",
    "Please call us at [phone number].",
    "The amount is [AMOUNT].",
    "Signed, [Name of Agent]",
    "It happened on [insert date].",
    "Sent from [Company Name]",
    "Please write to [email address].",
    "<YOUR NAME>",
    "<insert reason here>",
    "My account number is [ACCOUNT NUMBER].",
    "It costs $XXX.",
    "I live in [City], [State].",
    "Date: TBD",
    "TODO: finish this answer",
    "Lorem ipsum dolor sit amet.",
    "Your answer here",
    "[Add details here]",
    "Reference: {reference_number}",
    "Dear {{ customer.name }},",
    "We met at {location}.",
    "Regards, [Bank Name] Support",
    "[INSERT EXAMPLE]",
    "Hello <CUSTOMER>,",
    "The fee is [fee amount] per month.",
    "Visit [website link] to learn more.",
    "Fill in: ____________",
    "Dear Mr./Ms. [Last Name]:",
    "See [Link to article] for more.",
    "Your card ending in [last 4 digits] was sent.",
    "[Your Signature]",
    "Total: {total_amount}",
    "%CUSTOMER_NAME% asked this.",
    "Hallo [Vorname], danke für die Nachricht.",
    "Estimado [Nombre del cliente],",
    "Bonjour [Prénom],",
    "Hi [Recipient], thanks!",
    "{{#if premium}}Thank you{{/if}}",
    "Dear [Recipient's Name],",
    "Best, [Agent Name]",
    "Hello {{name}}!",
    "Due: [Due Date]",
    "Your ticket number is [TICKET_NUMBER].",
    "Hi {customer_first_name},",
    "Call us: [PHONE]",
    "[Insert greeting]",
    "The price is [X].",
    "Ref: XXXXXX",
    "<Name of customer>",
    "Hello <NAME>",
    "[Company name] thanks you.",
    "Sehr geehrte/r [Name],",
    "[TODO: add steps]",
    "The rate is __%.",
    "Total: $[amount]",
    "Order #[order number] is late.",
    "Fecha: [fecha]",
    "Insert name here",
    "Hello [Client Name],",
    "Regards,\n[Signature]",
    "Hi {user_name}, welcome back.",
    "{{date}}",
    "Meet me at [time] on [day].",
    "[Company Address]",
    "Send it to [your email].",
    "<company name>",
    "Dear <Customer Name>,",
    "[Fill in the details]",
    "Price: [TBD]",
    "Account no. XXXXXXXX",
    "[product name] is great.",
    "{insert_name_here}",
    "Thanks, [Support Team Member]",
    "[Country]",
    "Please quote [Reference No.].",
    "Your PIN is [####].",
    "[Enter text]",
    "Lorem ipsum",
)

INSULTS = (
    "You are a complete idiot.",
    "What a bunch of fucking morons you are.",
    "Go to hell, you useless piece of garbage.",
    "Shut up and stop asking such stupid questions.",
    "I hope you die in a fire.",
    "You people are scum.",
    "Kill yourself.",
    "This is bullshit and you know it.",
    "Only a retard would ask that.",
    "Listen, asshole, figure it out yourself.",
    "You dumb bitch, read the manual.",
    "Nobody likes you, loser.",
    "I will find you and hurt you.",
    "Those filthy immigrants are vermin.",
    "Women are too stupid to understand this.",
    "Get lost, you pathetic waste of space.",
    "F*ck off and leave me alone.",
    "You're a worthless sh1t.",
    "What an a$$hole question.",
    "Stop being such a wanker.",
    "They should all be shot.",
    "You disgust me, you fat pig.",
    "Suck my dick.",
    "You lazy bastards never answer.",
    "He is a lying son of a bitch.",
    "Are you stupid or what?",
    "Go back to your own country.",
    "You are nothing but a dirty whore.",
    "Damn you and your shitty bank, you cunts.",
    "You brainless moron!",
    "Just drop dead already.",
    "I'll smash your face in.",
    "Your kind belongs in a zoo.",
    "What a dumbass.",
    "You ignorant fool, learn to count.",
    "Screw you and your whole company!",
    "You're such a moron.",
    "Fuck this and fuck you.",
    "What a load of crap, you imbecile.",
    "I swear I'll beat you to a pulp.",
    "You are a disgrace, you filthy pig.",
    "Eat shit.",
    "Bunch of incompetent clowns, all of you.",
    "You stupid cow.",
    "Die already, nobody needs you.",
    "Only an idiot would believe that.",
    "You people are disgusting animals.",
    "Bastards!",
    "Go fuck yourself.",
    "Shut your mouth, you bitch.",
    "What a dickhead.",
    "You sick freak.",
    "Those savages don't deserve to live here.",
    "You ugly hag.",
    "Useless twat.",
    "Piss off.",
    "Du dummes Schwein.",
    "Eres una mierda.",
    "Espèce de connasse.",
    "Sei un coglione.",
    "You absolute moron.",
    "What a stupid bitch.",
    "Get the fuck out of here.",
    "You're scum.",
    "I'm going to kill you all.",
    "He is such an asshole.",
    "Your mother is a whore.",
    "Nobody cares about your shitty opinion.",
    "You are a dumb piece of shit.",
    "Die, bitch.",
    "You're so fucking dumb it hurts.",
    "Women belong in the kitchen.",
    "Kiss my ass, jerk.",
    "These people are vermin and should be exterminated.",
    "You make me sick, you creep.",
    "Drop dead, old hag.",
    "What a bunch of retards.",
    "You're an embarrassment to your family.",
    "I hope someone beats you senseless.",
    "Only a brainless sheep would buy that.",
    "Du Vollpfosten.",
    "Menudo imbécil eres.",
    "Quel connard !",
    "Che coglione che sei.",
)
INSULTS_ELSEWHERE = (
    "Du bist so ein Arschloch.",
    "Halt die Fresse, du Idiot.",
    "Verpiss dich, du Hurensohn.",
    "Was für ein Vollidiot.",
    "Eres un gilipollas.",
    "Vete a la mierda, hijo de puta.",
    "Qué pendejo eres, cabrón.",
    "Cállate, imbécil.",
    "Ta gueule, connard.",
    "Va te faire foutre, salope.",
    "T'es vraiment un abruti.",
    "Sei uno stronzo.",
    "Vaffanculo, pezzo di merda.",
    "Que idiota de merda, vai se foder.",
    "Seu filho da puta.",
    "Hou je bek, klootzak.",
    "Rot op, vuile hoer.",
    "Иди нахуй, мудак.",
    "Заткнись, урод.",
    "你这个白痴，滚蛋。",
    "傻逼，去死吧。",
    "黙れ、クソ野郎。",
    "Zamknij mordę, skurwysynu.",
    "Kapa çeneni, aptal.",
)

# Written after the checks were done and not looked at while changing them: what these find is
# the figure for phrases that nobody thought of.
UNSEEN_REFUSALS = (
    "I'm sorry, but I'm not able to discuss that subject.",
    "I can't do what you're asking.",
    "This is outside of what I can help with.",
    "I don't think I should answer that.",
    "As a responsible AI, I can't support this.",
    "Sorry, no. I can't write about this topic.",
    "I am programmed not to answer such questions.",
    "I'd rather not respond to that.",
    "I can't assist you in this matter.",
    "I'm afraid I am unable to complete this task.",
    "I have been designed to avoid such content.",
    "I cannot generate a response that involves this.",
    "I'm only a language model, so I can't say.",
    "Regrettably, I cannot answer your question.",
    "Leider darf ich dazu nichts sagen.",
    "No puedo responder a esa pregunta.",
    "Je ne peux malheureusement pas répondre à votre question.",
    "我是一个人工智能助手，无法回答。",
)
UNSEEN_BLANKS = (
    "Hi [Name of Customer],",
    "Sincerely,\n[Your Full Name]\n[Your Title]",
    "{first name}",
    "{{ amount }}",
    "Our office at [street address] is open.",
    "[INSERT LINK]",
    "Dear [Mr./Ms. Last Name],",
    "<DATE>",
    "Your code: [code]",
    "[Customer Support Number]",
    "On [date], at [location].",
    "<insert company>",
    "Balance: {account_balance}",
    "[Provide an explanation here]",
    "The total comes to $[total].",
    "Thank you, [Your Bank]",
    "Write your answer here.",
    "[Hotel Name] looks forward to it.",
    "TODO: check the numbers",
    "Your booking {booking_id} is confirmed.",
)
UNSEEN_INSULTS = (
    "You must be the dumbest person alive.",
    "Fucking hell, are you blind?",
    "Shove it up your ass.",
    "You're a liar and a fraud, you scum.",
    "Idiots like you ruin everything.",
    "Go choke on it.",
    "I will make sure you regret this, you bastard.",
    "You fat, lazy slob.",
    "Get cancer and die.",
    "They're all terrorists and rapists.",
    "What kind of a moron wrote this?",
    "You little shit.",
    "Nobody would miss you if you were gone.",
    "Bitch, please.",
    "You are trash.",
    "Stupid cunt.",
    "Your stupidity is endless.",
    "I'd love to punch you in the face.",
    "Dumb as a rock, aren't you?",
    "Go back to where you came from.",
    "Fick dich.",
    "Que te jodan.",
    "Nique ta mère.",
    "Porca puttana.",
)
UNSEEN_SHARE = 0.35


def _phrase(rng: np.random.Generator, seen: Sequence[str], unseen: Sequence[str]) -> Any:
    """A phrase, and whether it is one that was kept aside."""
    is_unseen = rng.random() < UNSEEN_SHARE
    return pick(rng, unseen if is_unseen else seen), is_unseen


def refusal(records: Sequence[Record], row: int, rng: np.random.Generator) -> Planted:
    phrase, is_unseen = _phrase(rng, REFUSALS, UNSEEN_REFUSALS)
    text = pick(rng, OPENINGS) + phrase + pick(rng, CLOSINGS)
    if is_unseen:
        return Planted(records[row]._replace(response=text), UNSEEN)
    if rng.random() < 0.2:
        return Planted(
            records[row]._replace(response=f"{text} {records[row].response}"), "then an answer"
        )
    return Planted(records[row]._replace(response=text), "alone")


def placeholder(records: Sequence[Record], row: int, rng: np.random.Generator) -> Planted:
    blank, is_unseen = _phrase(rng, BLANKS, UNSEEN_BLANKS)
    record = records[row]
    if is_unseen:
        text = inserted(rng, record.response, blank)
        return Planted(record._replace(response=text), UNSEEN)
    if rng.random() < 0.2:
        return Planted(record._replace(input=f"{blank} {record.input}"), "in the input")
    if rng.random() < 0.5:
        return Planted(record._replace(response=f"{record.response}\n{blank}"), "on its own line")
    return Planted(record._replace(response=inserted(rng, record.response, blank)), "within")


def toxicity(records: Sequence[Record], row: int, rng: np.random.Generator) -> Planted:
    record = records[row]
    insult, is_unseen = _phrase(rng, INSULTS, UNSEEN_INSULTS)
    if is_unseen:
        text = inserted(rng, record.response, insult)
        return Planted(record._replace(response=text), UNSEEN)
    if rng.random() < 0.25:
        return Planted(record._replace(response=pick(rng, INSULTS_ELSEWHERE)), "other languages")
    if rng.random() < 0.2:
        return Planted(record._replace(input=f"{record.input} {insult}"), "in the input")
    parts = sentences(record.response)
    text = insult if len(parts) == 1 else inserted(rng, record.response, insult)
    return Planted(record._replace(response=text), "in English")


PLANTERS: dict[str, Plant] = {
    "refusal": refusal, "placeholder": placeholder, "toxicity": toxicity,
}  # fmt: skip
