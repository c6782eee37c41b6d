"""Phrases of a public advice centre: what usually counts, and never what somebody should claim."""

import re

from core.providers.offline.trade import Trade

LAW = Trade(
    words=re.compile(r"\blegal|\blaw\b|lawyer|tenan|statute|court|jurisdiction|advice centre"),
    details=(
        "Everything was agreed by word of mouth.", "I have the messages on my phone.",
        "The other side answers only by letter.", "It has been going on since {month}.",
        "The amount in question is {amount}.", "A friend in {city} told me the opposite.",
        "I signed something on {date} and did not read it to the end.",
        "They gave me until {weekday}.", "I would like to stay on good terms.",
        "There is a witness who was there.", "I have not paid anything yet.",
        "The contract runs until {month}.",
    ),
    asks=(
        "What usually counts in such a case?", "What does it depend on?",
        "Which papers should I keep?", "Is there a deadline that I might miss?",
        "Whom can I ask about my own case?", "How is this usually settled?",
        "Does it matter that nothing is in writing?", "Where would I find out more?",
        "What do people in this situation overlook?",
    ),
    openings=(
        "In general terms, and without knowing the place:", "Two things decide here.",
        "This depends on the agreement and on where you live.",
        "Many people are in this situation, and the order of the steps matters.",
        "Here is what usually counts.", "Before anything else: keep what you have in writing.",
        "The law on this differs from place to place, but the questions are the same.",
        "What can be said without your papers is this.",
    ),
    facts=(
        "A notice (the letter that ends or changes a contract) counts from the day it arrives.",
        "What was agreed by word of mouth can be valid, and is hard to prove.",
        "The party that wants something usually has to prove what it is based on.",
        "A reminder is not yet a claim before a court, but it can start a period running.",
        "Consumers often have a right to withdraw that businesses among each other do not have.",
        "Silence is rarely taken as consent, and sometimes it is.",
        "Mediation (a talk led by a neutral person) is cheaper than a court and ends nothing.",
        "Periods of this kind are often counted in days and may end on {weekday}.",
        "Records made at the time weigh more than memories.",
        "A clause that surprises nobody is more likely to hold than one in small print.",
    ),
    steps=(
        "collect the contract, the letters and the messages in order of date",
        "write down what was said on the telephone, with the day and the name",
        "keep the envelope, because the postmark shows when it was sent",
        "ask for the reason in writing and keep a copy",
        "note every date on which something has to happen",
        "take photographs on {weekday}, before anything is changed",
        "go to the advice centre in {city} before the period ends",
        "sign nothing that you have not read at home",
        "answer in writing that you have received the letter and are having it looked at",
    ),
    cautions=(
        "A deadline may be running: get advice before it ends.",
        "Please do not rely on this for your own case; it is general information.",
        "Nothing should be admitted or promised before the papers have been read.",
        "Where you live can turn the answer round.",
        "Once a period has passed, good reasons often no longer help.",
    ),
    closings=(
        "An advice centre or a lawyer can read your papers and say what holds for you.",
        "Your own case needs someone who sees the documents.",
        "A tenants' or consumers' association answers this for its members.",
        "Legal aid may pay for a first talk; ask before you go.",
        "The local authority has a desk for this on {weekday}s.",
    ),
    items=(
        "the written contract and its annexes", "every letter with its envelope",
        "messages and e-mails with their dates", "receipts and bank statements",
        "photographs with the date they were taken", "what the agreement says on notice",
        "the country and region that apply", "when the letter arrived",
        "whether there are witnesses", "whether the other side acts as a business",
        "how long it has been tolerated", "a note of every telephone call",
    ),
)  # fmt: skip
