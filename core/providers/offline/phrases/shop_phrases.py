"""Phrases of a shop's customer care."""

import re

from core.providers.offline.trade import Trade

SHOP = Trade(
    words=re.compile(r"\bshops?\b|\borders?\b|\breturn(?:s|ing)?\b|\bgoods\b|retail|receipt|parcel"
                     r"|branches|clothing"),
    details=(
        "I still have the receipt.", "The order number ends in {number}.",
        "I bought it for a birthday on {date}.", "It cost {amount}.",
        "The box is open, but nothing is missing.", "The branch in {city} sent me to you.",
        "I was away for {days}, so I write only now.", "The label is still on it.",
        "I paid by card.", "The app shows no status at all.",
        "A friend had the same and it was no trouble.", "I have used it twice.",
    ),
    asks=(
        "What can I do?", "Can I bring it back?", "Will I get the money or a voucher?",
        "How do I send it back?", "Do I need the box for it?", "When will I hear from you?",
        "Could the branch in {city} do it?", "Is there a form for this?",
        "Does that cost anything?",
    ),
    openings=(
        "Thank you for giving the date, that makes it quick.", "I have looked at your order.",
        "I understand that this is a nuisance.", "Here is what we can do.",
        "This is clear from your message.", "Thanks for writing before sending anything.",
        "Let me go through it with you.", "I can answer this at once.",
    ),
    facts=(
        "The proof of purchase (receipt or order number) is enough; the box is not needed.",
        "Money goes back the way it was paid, usually within {days}.",
        "The days count from the delivery and not from the order.",
        "A carrier's trace (the search for a parcel) usually takes {days}.",
        "Goods that were used can be judged only when they are here.",
        "Rights that the law gives you for faulty goods stay as they are.",
        "An exchange depends on whether the other size is in stock.",
        "A repair is done by the maker, who also decides how long it takes.",
        "Sale items follow the same rule as all others.",
    ),
    steps=(
        "print the label from your order and put it on the parcel",
        "take it to any of our branches with the order number",
        "send us two photographs of the fault, one of them from close by",
        "choose the other size in your order and confirm",
        "ask the people next door and look behind the bins",
        "keep the proof of posting until the money is back",
        "leave the item as it is until the workshop has seen it",
        "check the price on the day in your order overview",
        "write to us again by {weekday} if nothing has arrived",
    ),
    cautions=(
        "Please do not send it without the label, because it cannot be matched then.",
        "The money cannot go to another card.",
        "After that the days of the rule have passed, and we can only repair.",
        "The carrier searches only when it is told in time.",
    ),
    closings=(
        "You will get a message as soon as it is here.", "That should settle it.",
        "The branch knows about it and needs no further papers.",
        "If it takes longer than {days}, answer this message.",
        "We hope that the next one fits.", "Just answer here if something is unclear.",
    ),
    items=(
        "order number or receipt", "two photographs of the fault", "the label from the parcel",
        "the date of delivery", "the article number", "proof of posting",
        "the size that is wanted instead",
    ),
)  # fmt: skip
