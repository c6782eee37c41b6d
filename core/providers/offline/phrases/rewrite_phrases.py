"""Text that sounds machine-made, what it says in plain words, and statements that can be judged."""

# (what is said, in plain words). {subject} is a noun phrase from the request.
PLAIN = (
    "We have been working on {subject} since {month}.", "The first results arrived on {weekday}.",
    "About {number} people in {city} have tried it.", "It costs {amount} and takes {days}.",
    "{name} answers questions until {hour}.", "The old arrangement ends on {date}.",
    "Two things still need a decision.", "Nothing changes for those who have signed up already.",
    "The next meeting is on {weekday} at {hour}.", "What is missing so far is a second room.",
    "A short trial showed where it sticks.", "Whoever wants to help can write to {name}.",
)  # fmt: skip
# A machine's way of wrapping a plain sentence, given with a lower-case first letter.
INFLATED = (
    "It is important to note that {s}", "In today's fast-paced world, {s}",
    "When it comes to {subject}, it is worth mentioning that {s}",
    "Furthermore, it should be emphasised that {s}",
    "It is not just a detail, it is a testament to our commitment: {s}",
    "In this context, it becomes increasingly clear that {s}",
    "Moreover, by leveraging a seamless approach, {s}",
    "Needless to say, and in many cases, {s}",
)  # fmt: skip
EMPTY_ENDINGS = (
    "In conclusion, {subject} plays a vital, dynamic and transformative role.",
    "Ultimately, it is clear that {subject} will continue to shape the landscape of tomorrow.",
    "In summary, these key points highlight the importance of {subject}.",
    "Overall, {subject} offers a powerful, flexible and innovative way forward.",
)  # fmt: skip
CHANGES = (
    "Stock openings were taken out.", "Each thing is said once.", "The point comes first.",
    "The closing summary was cut.", "Grand words gave way to plain ones.",
    "Sentences of uneven length.", "Doubling and groups of three were dissolved.",
    "Hedges were dropped where nothing is doubtful.",
)  # fmt: skip
STATEMENTS = (
    "The rule on {subject} has applied since {date}.",
    "Everyone who asked before {weekday} was told about {subject}.",
    "No more than {number} people may take part at {hour}.",
    "The change in {subject} was announced in {city} on {weekday}.",
    "At least {number} letters about {subject} arrived in {month}.",
    "Those who come after {hour} have to wait outside.",
    "Only members can vote on {subject} before {date}.",
    "The cost of {subject} rose by {number} percent within {days}.",
    "Unless it rains, the work begins on {weekday}.",
    "Some of the visitors from {city} knew about {subject}.",
)  # fmt: skip
DOCUMENT_OPENINGS = (
    "Hello, here is the state of things on our side.", "Thank you for your call on {weekday}.",
    "As agreed, I am writing down what we settled.", "Good morning, a short note before {hour}.",
)  # fmt: skip
DOCUMENT_FILLERS = (
    "{name} will be at the gate from {hour}.", "The entrance is on the side of the canal.",
    "The weather in {city} may delay the driver.",
    "Please bring the form that was sent in {month}.",
    "An earlier offer named {amount}; it no longer holds.",
    "The second delivery is not part of it.",
    "Our telephone is answered on {weekday}s as well.", "The other order is handled by {name}.",
)  # fmt: skip
DOCUMENT_FACTS = {
    "reference": ("The reference is {reference}.", "Please quote {reference} in your reply."),
    "date": ("What counts is {day}.", "The date that we hold to is {day}."),
    "amount": ("The amount to pay is {sum}.", "That comes to {sum} in all."),
}  # fmt: skip
