"""Every sentence about what people set in Slack, and about questions that are asked with options."""

ASKED_WITH = "Asked with: {what}"
WITH_ASSISTANT = "assistant {name}"
WITH_MODEL = "model {name}"
WITH_INSTRUCTIONS = "other instructions “{text}”"
WITH_EXTRA = "extra instructions “{text}”"
WITH_MESSAGES = "{count} messages before it"
WITH_TOOLS = "only the tools {names}"
WITH_NO_TOOLS = "no tools"

LATE = "That took too long. Please try again."
MEMBERS_ONLY = "Only members of this conversation may do that: join it first."
NOT_HERE = "I cannot see who is in this conversation: please add me to it, and try again."
NO_GUESTS = "Guests cannot change what I do here. Please ask somebody of the organisation."
NO_OUTSIDERS = "Only people of the organisation that runs this bot can change what I do here."
NOT_SAID = "It is so from now on, but I could not say so in the channel."
SO_ALREADY = "It is so already."
MUTED_HERE = (
    "I am muted here, so I answer nothing. To let me speak again, type /threadmate unmute in the channel, "
    "or use “Thread settings…” in the menu of a message of the thread."
)

INSTRUCTIONS_NONE = "I am told nothing particular for this channel. /threadmate instructions TEXT changes that."
INSTRUCTIONS_ARE = "What I am told for this channel, besides what I am always told:"
INSTRUCTIONS_TOO_LONG = "That is too long: at most {count} characters, please."
INSTRUCTIONS_SET = "I follow these instructions in this channel from now on."
INSTRUCTIONS_CLEARED = "I have forgotten this channel's instructions."
ASSISTANT_SET = "From now on {name} answers in this channel."
ASSISTANT_CLEARED = "Nobody is chosen for this channel any more: {name} answers here."
ASSISTANT_UNKNOWN = "There is no assistant “{name}”."
ASSISTANTS = "/threadmate assistant NAME lets one of these answer here; assistant clear undoes that:"
ASSISTANT_LINE = "{key}: {name}"
ASSISTANT_ON = "{key}: {name}, who answers here"
ASSISTANT_SAYS = "{line}. {description}"
MUTED = "I say nothing here until somebody types /threadmate unmute."
UNMUTED = "I answer here again."

STATUS = (
    "{name} answers here, with the model {model}.",
    "Instructions for this channel: {instructions}.",
    "Muted: {muted}.",
    "Answers under way here: {runs}.",
    "Threadmate {version}",
)
YES = "yes"
NO = "no"
NONE = "none"

SAID_INSTRUCTIONS = "{who} gave me instructions for this channel:"
SAID_INSTRUCTIONS_CLEARED = "{who} took back the instructions that I had for this channel."
SAID_ASSISTANT = "{who} has {name} answer in this channel from now on."
SAID_ASSISTANT_CLEARED = "{who} has {name} answer in this channel again."
SAID_MUTED = "{who} muted me in this channel: I answer nothing here until somebody types /threadmate unmute."
SAID_UNMUTED = "{who} lets me answer in this channel again."
SAID_THREAD_INSTRUCTIONS = "{who} gave me instructions for this thread:"
SAID_THREAD_INSTRUCTIONS_CLEARED = "{who} took back the instructions that I had for this thread."
SAID_THREAD_ASSISTANT = "{who} has {name} answer in this thread from now on."
SAID_THREAD_ASSISTANT_CLEARED = "{who} has {name} answer in this thread again, as in the channel."
SAID_THREAD_MUTED = "{who} muted me in this thread: I answer nothing here until that is changed."
SAID_THREAD_UNMUTED = "{who} lets me answer in this thread again."

ASK_ABOUT_TITLE = "Ask about this message"  # at most 24 characters, as all words of a modal's frame
ASK_OPTIONS_TITLE = "Ask with options"
THREAD_TITLE = "Thread settings"
LOADING = "Loading…"
ASK = "Ask"
SAVE = "Save"
CANCEL = "Cancel"
CLOSE = "Close"
QUESTION = "Your question"
QUESTION_HINT = "Everybody in the thread sees it, with your name."
QUESTION_OPTIONAL = "Empty: I answer the message as if it had been said to me."
ANSWER_THIS = "Please answer this message."
ABOUT = "About: “{text}”"
ASSISTANT = "Assistant"
AS_IN_CHANNEL = "As in the channel"
MODEL = "Model"
TOOLS = "Tools"
TOOLS_MORE = "More tools"
TOOLS_HINT = "What is not ticked is not used for this answer."
EXTRA = "Extra instructions for this answer"
EXTRA_HINT = "Such as: answer in Spanish, in three sentences."
EXTRA_THREAD = "Extra instructions for this thread"
MUTE = "Mute"
MUTE_THREAD = "Say nothing in this thread"
NOT_OFFERED = "This is not to be had any more. Please choose again."

MORE_OPTIONS = "More options"
AS_USUAL = "As usual"
TOOL_CHOICE = "Use of tools"
TOOLS_REQUIRED = "At least one of them"
TOOLS_NOT_AT_ALL = "None of them"
MAX_TOKENS = "At most so many tokens"
MAX_TOKENS_HINT = "Thoughts count, too. The answer breaks off where they are used up; a page is about 600."
TEMPERATURE = "Temperature, from 0 to 2"
TOP_P = "Top p, from 0 to 1"
SAMPLING_HINT = "Models that think first do not take it: then it is left out."
TRUNCATION = "Where the thread is too long for the model"
TRUNCATION_AUTO = "Leave out its beginning"
TRUNCATION_DISABLED = "Say so, and do not answer"
WHOLE_BETWEEN = "A whole number from {least} to {most}, please."
NUMBER_BETWEEN = "A number from {least} to {most}, please."

TOOL_NAMES = {
    "file_search": "Search files",
    "code_interpreter": "Run code",
    "web_search": "Search the web",
    "image_generation": "Make images",
}
TOOL_FUNCTION = "Call {name}"
TOOL_SERVER = "Use the server {label}"
TOOL_QUOTED = "“{name}”"
