"""What surrounds a subject in a talk between a customer and a bank."""

OPENINGS = (
    "Hello,", "Hi there.", "Good morning.", "Good evening.", "Hi, quick question.",
    "Hello, I hope you can help.", "Sorry to trouble you.", "I am a bit worried.",
    "I could not find this in the help pages.", "This is my second message about this.",
    "I am new to your bank.", "I have been a customer for years.", "I am writing from {city}.",
    "I have just come back from {country}.", "I am helping my mother with her account.",
    "I run a small shop in {city}.", "I am a student and watch every payment.",
    "I work nights, so calling you is difficult.", "I am filling this in on my phone.",
    "My name is {name}.", "This happened on {weekday}.", "I only noticed this at {hour}.",
)  # fmt: skip
ENDINGS = (
    "Thanks in advance.", "Please let me know what you need from me.", "What do you suggest?",
    "I would be glad of a quick answer.", "Can this be settled before {weekday}?",
    "I would rather not have to phone.", "Please explain it in plain words.",
    "Is there anything I should not do in the meantime?", "I can send a screenshot if that helps.",
    "How long will it take?", "I need to know by {date}.", "Many thanks, {name}.",
    "Does it cost anything?", "What would you do in my place?", "Thank you for looking into it.",
)  # fmt: skip
THANKS = (
    "Thank you for asking about this.", "I am sorry for the trouble, {name}.",
    "That is an understandable worry.", "Thanks for the details you gave.",
    "I can see why this is annoying.", "Good that you wrote to us before doing anything else.",
    "This can be sorted out, and here is how.", "You have done the right thing by asking early.",
    "Let us go through it together.", "I know that waiting for an answer on this is unpleasant.",
    "Here is what is going on and what you can do.", "That is a common question about {topic}.",
    "Questions about {topic} come up often, so here is the full picture.",
    "I am glad to help you with {topic}.", "The short answer is that this can be put right.",
    "No need to worry: nothing is lost at this point.",
)  # fmt: skip
FACT_LEADS = (
    "", "", "", "As a rule, ", "In most cases the reason is simple. ",
    "It helps to know this first. ",
    "Some background: ", "To explain: ", "One thing to know beforehand. ", "Here is the reason. ",
)  # fmt: skip
STEP_FRAMES = (
    ("First, {0}.", "Then {0}.", "After that, {0}."),
    ("To begin with, {0}.", "Next, {0}.", "Finally, {0}."),
    ("Please {0}.", "Once that is done, {0}.", "As a last step, {0}."),
    ("I suggest that you {0}.", "It is also worth it to {0}.", "If that does not help, {0}."),
    ("Start like this: {0}.", "Second, {0}.", "Third, {0}."),
    ("The quickest way is to {0}.", "In addition, {0}.", "If you can, {0} as well."),
)  # fmt: skip
CAUTIONS = (
    "Please never share your PIN or passcode, not even with us.",
    "Keep the reference of this conversation until everything is settled.",
    "Wait for the result of one step before you begin the next.",
    "If anything looks different from what I describe, stop and write to us first.",
    "Your money is protected while we look into it.",
    "There is no charge for any of these steps.",
    "You can do all of this without visiting a branch.",
    "Please do this before {weekday}, because the deadline cannot be extended.",
    "Be careful with callers who offer to do these steps for you.",
    "A screenshot of the message helps us if you need to come back to this.",
    "The steps are the same on a phone and in the browser.",
    "Nothing changes for your other payments.",
)  # fmt: skip
CLOSINGS = (
    "If it is not settled within {days}, reply here and I will take it up with the team.",
    "Let me know how it went, {name}.", "Write again at any hour if a step does not work.",
    "I will keep the case open until {date}.",
    "You will get a notification as soon as something changes.",
    "Our team in {city} can call you between nine and five if you prefer to talk.",
    "That should put it right.", "With that, you should have an answer by {weekday}.",
    "If you add the exact date, I can look at the case itself.",
    "I hope that this saves you another message.", "Please come back to me if anything is unclear.",
    "Most customers have this solved within {days}.",
)  # fmt: skip
# Answers of the lesser kind, for preference pairs: polite, vague, of no use.
VAGUE = (
    "You should probably just wait and see.", "This sort of thing usually fixes itself.",
    "Have you tried turning the phone off and on?", "Please read the terms and conditions.",
    "Somebody else in another department deals with {topic}.", "It depends.",
    "I would not worry about it too much.", "There is a page about {topic} on the website.",
    "That is strange, it works for everyone else.", "Maybe call the hotline on {weekday}.",
    "It is hard to say without more information.", "Everything about {topic} is in the app.",
    "You could send me your PIN and I will have a look.", "It will definitely be there tomorrow.",
    "Just send the money again and see which one arrives.", "This is how the system works.",
    "I think that there might be a fee, but I am not sure.", "Other banks are slow as well.",
    "I cannot do anything about {topic} from here.", "Just try it again some time after {hour}.",
    "Most people in {city} do not have this problem.", "The amount of {amount} is not that much.",
    "Perhaps {shop} made a mistake.", "You may have done something wrong on {weekday}.",
)  # fmt: skip
