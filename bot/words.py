"""Every sentence that people read."""

GREETING = (
    "Hello! Mention me with a question in any thread, or write to me in a direct message: I read the thread "
    "and answer there. My answers come from a language model, so check what matters."
)
STOPPED_BY = "Stopped by {name}."
STOPPED = "Stopped."
STOP = "Stop"
TRY_AGAIN = "Try again"
TRYING_AGAIN_ALREADY = "Somebody has asked me to try this again already."
TRY_AGAIN_TOO_LATE = "I no longer have this question. Please ask it again."
FEEDBACK_UP = "Good answer"
FEEDBACK_DOWN = "Bad answer"
REASON_TITLE = "What was wrong?"  # at most 24 characters, as all words of a modal's frame
REASON_LABEL = "What should I have done better?"
REASON_HINT = "Whoever runs this bot can read it."
REASON_SEND = "Send"
REASON_SKIP = "Skip"
REGENERATE = "Regenerate"
REGENERATING_ALREADY = "I am writing this answer anew right now."
REGENERATE_ONLY_NEWEST = "I can only regenerate the newest answer in a thread. Please ask again below."
QUESTION_CHANGED = "You changed a question that I have answered already. Shall I answer it again?"
ANSWER_GONE = "I no longer know this answer. Please ask again."
CUT_SHORT = {
    "max_output_tokens": "The answer was cut short: it reached its length limit. Ask me to go on.",
    "content_filter": "The answer was cut short by OpenAI's content filter. Try to put the question differently.",
}
CUT_SHORT_OTHERWISE = "The answer was cut short. Ask me to go on."
MEMORY_STARTS_ANEW = "My memory of this thread was gone, so it starts anew from what can be read here."
EMPTY_ANSWER = "The model gave no answer. Please ask again."
REFUSED = "The model declined to answer this."

READING = "is reading {name}…"
READING_ONE_OF = "is reading {name} ({number} of {count})…"
HEARD = "I heard in “{name}”: “{text}”"
HEARD_NOTHING = "nothing"
FILES_GONE = "These files are no longer in Slack or at OpenAI, so I cannot search them any more: {names}."

STEPS = {
    "file_search": "Searching the files",
    "code_interpreter": "Running code",
    "web_search": "Searching the web",
    "reasoning": "Thinking",
    "image_generation": "Making an image",
}
STEP_CALLING = "Calling {name}"
STEP_OTHER = "Working ({name})"
STEP_STATUS = {"failed": "failed", "incomplete": "not finished"}
STEP_COUNT_ONE = "1 step"
STEP_COUNT = "{count} steps"
STEPS_MORE = "and {count} more"
STEP_QUERIES = "Searched for"
STEP_LOGS = "Output"
STEP_ARGUMENTS = "Arguments"
STEP_PROMPT = "Prompt"
STEP_RESULT = "Result"
QUOTED = "“{text}”"
CUT = "… ({count} more characters)"
PIECES_LEFT_OUT = "… {count} more under “{button}”"

SOURCES = "Sources:"
SOURCES_MORE = "and {count} more"

DETAILS = "All details"
SHOW_STEPS = "Show steps"
DETAILS_TITLE = "Steps"  # at most 24 characters, as all words of a modal's frame
DETAILS_LOADING = "Loading…"
DETAILS_PAGE = "Page {page} of {pages}"
DETAILS_PREVIOUS = "Previous"
DETAILS_NEXT = "Next"
DETAILS_CLOSE = "Close"
DETAILS_NONE = "Nothing more is known of these steps."
DETAILS_GONE = "OpenAI no longer has the details of this answer: it keeps them for about 30 days."
DETAILS_FAILED = "OpenAI does not answer right now. Please close this and try again in a minute."
DETAILS_UNKNOWN = "I no longer know which steps belong to this message."
DETAILS_REFUSED = "Slack did not accept these details."
DETAILS_LATE = "That took too long. Please press the button again."
NOT_FOR_OUTSIDERS = "Sorry, this button is only for people of the organisation that runs this bot."

PROMPTS = (
    ("What can you do?", "What can you do?"),
    ("Summarise this thread", "Summarise what was said here so far."),
    ("Draft a reply", "Draft a short, friendly reply to this message: "),
)

FAILURES = {
    "busy": "OpenAI is too busy right now: please try again in a minute.",
    "unavailable": "OpenAI does not answer right now: please try again in a few minutes.",
    "locked": "This conversation is still busy with something else: please try again in a minute.",
    "quota": "The OpenAI account has no credit left: please tell whoever runs this bot.",
    "key": "OpenAI does not accept the key of this bot: please tell whoever runs this bot.",
    "model": "The configured model is not available: please tell whoever runs this bot.",
    "too_long": "This thread has grown too long for the model: please go on in a new thread.",
    "refused": "OpenAI's policies do not allow an answer to this: please put the question differently.",
    "rejected": "OpenAI did not accept the request: please tell whoever runs this bot.",
    "failed": "OpenAI could not finish this answer: please try again.",
    "unknown_outcome": "The connection to OpenAI broke and the answer was lost: please try again.",
    "timed_out": "This took too long, so I gave up: please try again, perhaps with a smaller question.",
    "poisoned": "I failed three times on this question: please try again, or put it differently.",
    "too_many_runs": "You have asked a lot in the last hour: please wait a little before the next question.",
    "functions": "The model asked for a tool that this bot does not have: please try again.",
    "file": "A file could not be read: please check it and send it again.",
    "slack": "Slack did not accept the answer: please try again.",
    "unexpected": "Something went wrong on my side: please try again.",
}
