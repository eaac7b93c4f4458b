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
MADE = "Here is what I made:"
MADE_LEFT_OUT = "Left out, as one answer may bring at most {files} files and {size}: {names}."
MADE_GONE = "“{name}” was gone before I could fetch it: please ask for it again."
MADE_UNREACHABLE = "“{name}” could not be fetched from OpenAI: please ask for it again."
MADE_UNREADABLE = "“{name}” could not be read, so it is not here."
MADE_EMPTY = "“{name}” is empty, so it is not here."
MADE_LATE = "“{name}” took too long to bring here: please ask for it again."
MADE_MORE = "{count} more did not come either."
MADE_NOT_SHOWN = "Slack has not shown {names} here yet: if that stays so, please ask again."
FILE_READY = "{names} is ready. Ask me anything about it."
FILES_READY = "{names} are ready. Ask me anything about them."
FILES_MORE = "{count} more"
AND = "{first} and {last}"
ASK_ABOUT_DOCUMENT = (
    ("Summarise it", "Summarise {names} in a few sentences."),
    ("What matters most?", "What are the most important points in {names}?"),
)
ASK_ABOUT_DATA = (
    ("What is in it?", "What is in {names}? Describe how it is built up."),
    ("What stands out?", "What stands out in {names}?"),
)
ASK_ABOUT_PICTURE = (
    ("What does it show?", "What does {names} show?"),
    ("Read the text in it", "What text can be read in {names}?"),
)
ASK_ABOUT_FILES = (
    ("Summarise them", "Summarise each of these files in a sentence or two: {names}."),
    ("How do they relate?", "What do these files have in common, and where do they differ: {names}?"),
)
"""What the buttons under files without a word say, at most 75 characters, and what they ask."""

ASKED_BY = "{name} asks:"
ASKED_ALREADY = "Somebody has asked this already: the answer is in this thread."
NOTES_MORE = "{count} more files could not be used as they should."
FILES_GONE = "These files are no longer in Slack or at OpenAI, so I cannot search them any more: {names}."
FORGOTTEN = "What stood here was about a file that has been deleted."

LIBRARY_ADDED = "{who} added {names} to this channel's library: every thread here can search it now."
LIBRARY_REMOVED = "{who} removed {names} from this channel's library: only its own thread can search it now."
LIBRARY_NO_FILES = "There is no file on this message. Use this on a message with a document."
LIBRARY_HAS_IT = "{names} is in this channel's library already."
LIBRARY_HAS_IT_NOT = "{names} is not in this channel's library."
LIBRARY_NOT_SEARCHED = "{names} is of a kind that cannot be searched, so it cannot be in a library."
LIBRARY_MEMBERS_ONLY = "Only members of a channel may change its library: join the channel first."
LIBRARY_NOT_HERE = "I cannot see who is in this conversation: please add me to it, and try again."
LIBRARY_CLOSED = "This channel is shared with another organisation, so its library is closed."
LIBRARY_LATER = "This does not work right now. I go on trying, and say so in the thread when it is done."

FILES_TITLE = "Files"  # at most 24 characters, as all words of a modal's frame
FILES_LOADING = "Loading…"
FILES_PAGE = "Page {page} of {pages} · {count} files"
FILES_PREVIOUS = "Newer"
FILES_NEXT = "Older"
FILES_CLOSE = "Close"
FILES_NONE_IN_THREAD = "There are no files in this thread. Post one and mention me, and I read it."
FILES_NONE_IN_CHANNEL = "I keep no files of this conversation. Post one and mention me, and I read it."
FILES_LATE = "That took too long. Please try again."
FILES_MEMBERS_ONLY = "Only members of this channel may see its files: join the channel first."
FILES_NOT_YOURS = "Only whoever posted a file, or an administrator of this bot, may remove it."
FILES_UPLOADER = "posted by {name}"
FILES_STATES = {"ready": "ready", "searching": "being made searchable", "attaching": "being read"}
FILES_FAILED = {
    "server_error": "failed: OpenAI could not read it, send it again",
    "unsupported_file": "failed: this kind cannot be searched",
    "invalid_file": "failed: no text was found in it",
    "gone": "failed: it is no longer there, send it again",
}
FILES_THIS_THREAD = "this thread only"
FILES_ONE_THREAD = "one thread only"
FILES_LIBRARY = "channel library"
FILES_REMOVE = "Remove"
FILES_REMOVE_TITLE = "Remove this file?"
FILES_REMOVE_TEXT = "I forget “{name}”, and what my answers quoted of it. In Slack it stays where it is."
FILES_KEEP = "Keep"
COMMAND_HELP = (
    "To ask me something, mention me in a thread, or write to me in a direct message.\n"
    "• `/threadmate files` shows the files of this conversation that I can read.\n"
    "• `/threadmate status` tells who answers here, and with which model.\n"
    "• `/threadmate instructions` shows what I am told for this channel; with a text behind it, I follow that "
    "from now on; `instructions clear` takes it back.\n"
    "• `/threadmate assistant` lists the assistants; with a name behind it, that one answers in this channel.\n"
    "• `/threadmate mute` lets me say nothing in this channel, `unmute` lets me speak again.\n"
    "In threads use the menu of a message: “Ask about this message”, “Ask with options…”, “Thread settings…”."
)

STEPS = {
    "file_search": "Searching the files",
    "code_interpreter": "Running code",
    "web_search": "Searching the web",
    "reasoning": "Thinking",
    "image_generation": "Making an image",
}
STEP_CALLING = "Calling {name}"
STEP_CALLING_ON = "Calling {name} on {server}"
STEP_LISTING = "Looking up the tools of {server}"
MCP_HTTP = "The server refused the call (HTTP status {code})."
MCP_FAILED = "The call failed: {said}"
MCP_UNLISTED = "The tools of this server could not be listed."
STEP_OTHER = "Working ({name})"
STEP_STATUS = {"failed": "failed", "incomplete": "not finished", "not_made": "not made"}
STEP_COUNT_ONE = "1 step"
STEP_COUNT = "{count} steps"
STEPS_NONE = "Nothing was searched, run or called for this."
ANSWERED_BY = "Answered by {name}"
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
    "server": "A server whose tools I use does not answer right now: please try again in a few minutes.",
    "functions": "The model asked for a tool that this bot does not have: please try again.",
    "file": "A file could not be read: please check it and send it again.",
    "slack": "Slack did not accept the answer: please try again.",
    "unexpected": "Something went wrong on my side: please try again.",
}

ROUNDS_EXHAUSTED = "I stopped calling functions after {count} rounds of them."
CALLED_ALREADY = "Functions that were called before that: {names}."
NOBODY_DECIDED = "Nobody decided in time, so I did not go on with this."
SERVER_LEFT_OUT = (
    "The tools of “{label}” were left out: its key is not set where this bot runs. Please tell whoever runs it."
)
SERVER_UNREACHABLE = "I could not use the tools of “{label}”: its server does not answer as it should."
CALL_WANTED = "I would like to call "
CALL_ON_SERVER = " on the server “{server}”"
APPROVE = "Approve"
DENY = "Deny"
CALL_OVER = "This does not wait for a decision any more."
CALL_APPROVED_BY = "{name} has approved this already."
CALL_DENIED_BY = "{name} has denied this already."
APPROVED_BY = "{name} approved: {calls}."
DENIED_BY = "{name} declined: {calls}."
CALL_OF_ASKER = "Only whoever asked me can decide this."
CALL_OF_APPROVERS = "Only these people can decide this: {names}."
CALLS_LEFT = "Noted. Still to be decided: {count}."
CALLS_FIRST = "Before I can answer that, somebody has to decide what I asked above. It is here once more:"
CANCEL_AND_ANSWER = "Cancel and answer this"
