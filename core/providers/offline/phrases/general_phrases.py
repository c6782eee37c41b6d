"""Phrases for any subject, and frames for questions and answers about a given text."""

# {subject} is a noun phrase from the request.
QUESTIONS = (
    "How would you explain {subject} to someone who has never dealt with it?",
    "What should I know about {subject} before I decide anything?",
    "Which mistakes do people make most often with {subject}?",
    "Can you give me a practical example of {subject}?",
    "Why does {subject} matter, and for whom?", "Where would you start with {subject}?",
    "What are the limits of {subject}?", "How has {subject} changed in recent years?",
    "What would you compare {subject} with?", "How can I tell whether {subject} is going well?",
    "What does {subject} cost in time and effort?", "Who is responsible for {subject}?",
    "Is there a simple rule of thumb for {subject}?",
    "What would you do about {subject} with only {days} to go?",
    "Could you walk me through {subject} step by step?",
    "What is the difference between good and bad practice in {subject}?",
)  # fmt: skip
CONTEXTS = (
    "I have read a little about it and am still unsure.",
    "I need it for a short talk on {weekday}.",
    "My team in {city} asked me yesterday.", "I have about an hour for it.",
    "Please assume that I am a beginner.", "I tried it once in {month}, without much success.",
    "A colleague told me the opposite.", "A short list would help me most.",
    "I have to decide by {date}.", "I am mainly interested in the practical side.",
    "Our budget is about {amount}.", "It came up in a meeting at {hour}.",
    "I would like to explain it to {name} afterwards.", "We are a team of three people.",
)  # fmt: skip
ANSWERS = (
    "The main point about {subject} is to decide first what it should achieve.",
    "It pays to begin small, look at the result after {days}, and only then go on.",
    "Most difficulties come from unclear expectations rather than from a lack of skill.",
    "A written checklist of five lines prevents the common mistakes.",
    "Ask the people who are affected, because they see problems first.",
    "With {subject}, the order of the steps matters more than the speed.",
    "Two examples are worth more than a long definition.",
    "Measure one thing before and after; without that, nobody can say what changed.",
    "There is no single best way, but there are a few that reliably fail.",
    "Keep a record of what you tried, with dates, so that you need not try it twice.",
    "In practice {subject} takes longer than planned, so leave a margin of {days}.",
    "A second pair of eyes finds what the first has learned to overlook.",
    "If you have to choose, prefer the option that can be undone.",
    "Costs are easy to underestimate; someone in {city} paid {amount} for a lesson like this.",
    "The exception to this is a deadline that cannot move, such as {date}.",
    "Good practice in {subject} can be recognised by how ordinary days look.",
    "It helps to name one person, say {name}, who has the last word.",
    "Once the basics are in place, improvements come almost by themselves.",
    "Be careful with advice that promises results before {weekday}.",
    "What works for a small group often breaks at ten times the size.",
    "The first draft will be wrong somewhere, and that is what it is for.",
    "For {subject} the quality of the input decides most of the outcome.",
    "Explain your reasons in one sentence; if that is not possible, wait.",
    "Set aside {hour} on one day a week to look at what has piled up.",
    "Compare it with a case you know well, and note where the comparison ends.",
    "Small, regular effort beats one large push in {month}.",
    "Anything that has to be remembered should be written down instead.",
    "Finish one part completely before the next one is opened.",
    "A good question to ask is who would notice if it stopped.",
    "When in doubt, test it on the hardest example first.",
)  # fmt: skip
LEADS = (
    "In short:", "Here is how I would put it.", "That depends on your aim, but a few things hold.",
    "Good question.", "Let me answer it in order.", "Briefly, yes.", "From experience:",
    "There are three things to say.", "The honest answer has two sides.", "Start from the end.",
    "A practical view:", "Here is the useful part first.",
)  # fmt: skip
TITLES = (
    "A short guide to {subject}", "What to know about {subject}", "{subject_cap} in practice",
    "First steps with {subject}", "{subject_cap}: questions and answers", "Notes on {subject}",
    "Understanding {subject}", "{subject_cap} without detours", "The case for {subject}",
)  # fmt: skip
SUMMARIES = (
    "A {adjective} look at {subject}.", "Explains {subject} in a {adjective} way.",
    "Covers {subject} with {adjective} advice.", "A {adjective} answer about {subject}.",
    "Sets out what matters in {subject}.", "The key points about {subject}, kept {adjective}.",
)  # fmt: skip
ADJECTIVES = (
    "brief", "practical", "careful", "plain", "detailed", "friendly", "balanced", "clear",
    "thorough", "calm", "direct", "useful",
)  # fmt: skip
REASONS = (
    "It answers the question that was asked and names a next step.",
    "It is specific where the other one stays vague.",
    "It keeps to what is known and says where a check is needed.",
    "The order of the steps can be followed without further questions.",
    "It stays polite without spending words on it.",
    "It explains the cause as well as the cure.",
    "A reader in a hurry finds the important part in the first line.",
    "It warns of the one mistake that would make things worse.",
    "It uses the details given instead of a general text.",
    "It gives a time by which something should happen.",
    "The other one asks for something that should never be shared.",
    "It promises nothing that cannot be kept.",
)  # fmt: skip
# Answers of the lesser kind, for preference pairs.
VAGUE = (
    "It depends on many things.", "There is a lot to say about {subject}.", "I am not quite sure.",
    "You can find everything on the internet.", "Most people know this already.",
    "It has always been done like that.", "Just try it and see what happens.",
    "{subject_cap} is very important in many ways.", "Maybe somebody in {city} can tell you.",
    "It will certainly work out by {weekday}.", "There are advantages and disadvantages.",
    "As everyone knows, {subject} is complicated.", "Do whatever feels right to you.",
    "I once read something about it in {month}.",
    "It should not take more than {days}, or maybe it will.",
    "The details do not matter much.", "Experts disagree, so it is hard to say.",
    "You could ask {name}, or somebody else.", "In the end it comes down to luck.",
    "That would be {amount}, but do not quote me on it.", "There is nothing more to it.",
    "Things like that happen.", "Good luck with {subject}!", "It is what it is.",
)  # fmt: skip
KEYWORDS = (
    "planning", "quality", "safety", "timing", "costs", "communication", "examples", "review",
    "limits", "practice", "learning", "responsibility", "comparison", "measurement", "choice",
)  # fmt: skip
TIPS = (
    "Write down what you want to achieve with {subject}.", "Test one small case before {weekday}.",
    "Ask {name} for a second opinion.", "Compare two options and note the difference.",
    "Keep a copy of everything for {days}.", "Set a limit of {amount} and stick to it.",
    "Check the result again on {date}.", "Leave out what nobody would miss.",
    "Explain {subject} in one sentence.", "Start with the part you understand least.",
    "Plan a pause of {days} before the final step.", "Choose the option that can be undone.",
)  # fmt: skip

# Frames around a source. {np} is a noun phrase from the sentence, {s} the sentence itself. Neither
# side speaks of "the passage": a pair must stand alone.
TEXT_QUESTIONS = (
    "What should be known about {np}?", "What applies to {np}?", "What can you tell me about {np}?",
    "How do {np} and {np2} belong together?", "What is the point about {np}?",
    "What do I need to know about {np} and {np2}?", "Could you explain what holds for {np}?",
    "What is said about {np} in connection with {np2}?", "What is the rule for {np}?",
    "I am unsure about {np}. What is right?", "What does {np} have to do with {np2}?",
    "In a few words, what is the matter with {np}?", "Which facts about {np} matter most?",
    "What role does {np} play for {np2}?", "Is there anything particular about {np}?",
    "What happens with {np}, and what with {np2}?",
)  # fmt: skip
TEXT_ANSWERS = (
    "{s}", "{s}", "{s}", "In short: {s}", "The key point is this. {s}", "On {np}: {s}",
    "Here is what applies. {s}", "About {np} the following holds. {s}", "Put briefly: {s}",
    "What matters for {np} is this: {s}",
)  # fmt: skip
TEXT_MORE = (
    "{s}", "{s}", "In addition: {s}", "Also worth knowing: {s}", "Closely connected with it: {s}",
    "As for {np}: {s}", "And besides: {s}", "To complete the picture: {s}",
)  # fmt: skip
TEXT_REASONS = (
    "The answer is taken from the sentence about {np}.",
    "The source names {np} directly, so no outside knowledge is needed.",
    "The sentence with {np} is the one that bears on the question.",
    "Both {np} and {np2} occur in the quoted sentence.",
    "The quotation about {np} supports each part of the answer.",
    "Nothing beyond the words on {np} was used.",
)  # fmt: skip
INTENTS = (
    "help with {topic}", "advice on {topic}", "a question about {topic}", "clarity about {topic}",
    "a problem with {topic}", "information on {topic}", "support with {topic}",
    "to understand {topic}",
)  # fmt: skip
