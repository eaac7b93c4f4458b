"""The scenes of the gallery. A further one is a further entry of `SCENES`."""

from pathlib import Path

from bot.playground.gallery.consent import asked, called, decided, expired, reminded, with_options
from bot.playground.gallery.plays import Scene, answer, conversation, halfway, posted, stopped, tried_twice
from bot.playground.gallery.presses import (
    changed_question,
    details,
    regenerating,
    thumbed_down,
    without_folding,
    without_sessions,
    without_streams,
)
from bot.playground.gallery.scripts import (
    COUNTED,
    EVEN_MORE,
    HOSTILE,
    LANGUAGES,
    LONG,
    MUCH,
    QUOTA,
    RICH,
    STEPS,
    THOROUGHLY,
    corrected,
    half,
    slowly,
    waiting,
)
from bot.playground.openai.script import Incomplete, Refusal, Script, Text

HERE = Path(__file__).parent
SETTINGS = {"assistants_file": HERE / "assistants.toml"}
AT_ONCE = 0.1  # seconds by the machine's clock, which is the database's: nobody is that fast
SEVERAL = {"assistants_file": HERE / "several.toml", "allowed_models": "gpt-6.2-sol,gpt-6-luna"}
LEAVE = "how long is parental leave?"
COUNTRIES = "how long is parental leave in Denmark, Germany and Korea?"

SCENES = (
    Scene("answer", "Thread · #general", answer(COUNTRIES, THOROUGHLY)),
    Scene(
        "short",
        "A question and its answer.",
        answer("what is a thread in Slack?", Script(Text("Replies to **one** message, kept beside the channel."))),
    ),
    Scene(
        "rich",
        "All of Markdown: table, lists, tasks, quote, code.",
        answer("where do we stand?", Script(Text(RICH))),
    ),
    Scene(
        "working",
        "At once: the thread shows as working, with Slack's Stop button.",
        halfway(LEAVE, waiting, lambda _: True),
    ),
    Scene(
        "streaming",
        "While it works: the steps as they come, and the text.",
        halfway(
            LEAVE,
            half,
            lambda said: said and len(said[0].tasks) == 2 and "weeks" in said[0].text,
        ),
    ),
    Scene(
        "folded",
        "The end: the steps fold away.",
        answer(LEAVE, Script(*STEPS, Text(COUNTED))),
    ),
    Scene(
        "unfolded",
        "Somebody opened the steps.",
        answer(COUNTRIES, THOROUGHLY, unfolded=True),
    ),
    Scene(
        "follow-up",
        "Ann goes on in the thread; she need not mention the bot again.",
        conversation(
            ("suggest a name for our cat", Script(Text("**Tensor**, or *Biscuit* if she is round."))),
            ("she is round", Script(Text("Then Biscuit it is."))),
        ),
    ),
    Scene(
        "languages",
        "German, Korean, Hebrew.",
        conversation(*((said, Script(Text(text))) for said, text in LANGUAGES)),
    ),
    Scene("greeting", "A mention without a question.", answer("")),
    Scene("refusal", "The model declines.", answer("write malware", Script(Refusal("I can't help with that.")))),
    Scene(
        "cut-short",
        "The answer reached its length limit.",
        answer("tell me everything", Script(Text("First of all, everything begins with"), Incomplete())),
    ),
    Scene("failure", "Nothing could be answered; Try again.", answer("how are sales?", Script(QUOTA))),
    Scene(
        "partial-failure",
        "It failed half-way: what was said is kept.",
        answer("how are sales?", Script(Text("Sales were up in May, and"), status="failed")),
    ),
    Scene(
        "tried-twice",
        "Ann pressed Try again; Bo, a moment later, is told so, and only he sees it.",
        tried_twice("how are sales?", Script(QUOTA)),
    ),
    Scene(
        "stopped",
        "Ann pressed Stop.",
        stopped("write a novel", "It was a dark and stormy night; ", "the rain fell in torrents, "),
    ),
    Scene(
        "posted",
        "No stream to be had: posted, then edited; the same content.",
        posted(LEAVE, Script(*STEPS, Text(COUNTED))),
    ),
    Scene(
        "rollover",
        "Longer than one message: it goes on in a second.",
        answer("list all offices", Script(Text(LONG))),
    ),
    Scene("details", "All details: more than fits under an answer, in a modal.", details(LEAVE, MUCH)),
    Scene("details-page", "The next page of a modal.", details("what does the log say?", EVEN_MORE, turned=True)),
    Scene("reason", "After a thumb down.", thumbed_down("6 x 7?", Script(Text("It is **41**.")))),
    Scene(
        "regenerating",
        "Ann pressed Regenerate: the same message is written anew.",
        regenerating("6 x 7?", Script(Text("It is **41**.")), corrected),
    ),
    Scene(
        "question-changed",
        "Ann changed a question that was answered: only she is asked.",
        changed_question("6 x 7?", "6 x 8?", Script(Text("It is **42**."))),
    ),
    Scene("plainer", "Slack refused what is folded: a button shows it.", without_folding(COUNTRIES, THOROUGHLY)),
    Scene("empty", "The model said nothing.", answer("hm", Script())),
    Scene(
        "without-streams",
        "Slack has no streams: posted, edited every few seconds, with a Stop button.",
        without_streams(LEAVE, slowly),
        apart=True,
    ),
    Scene(
        "without-sessions",
        "Slack has no sessions: a reaction shows that the bot works.",
        without_sessions(LEAVE, waiting),
        apart=True,
    ),
    Scene("approval", "A function that people are asked about before it is called.", asked()),
    Scene("approval-again", "Bo writes meanwhile: the question once more.", reminded()),
    Scene("approved", "Ann approved; the steps opened.", decided("Done: **24.90 EUR** go back.", approve=True)),
    Scene("denied", "Ann denied.", decided("I have left it.", approve=False)),
    Scene("expired", "Nobody decided in time.", expired(), apart=True, settings={"approval_timeout": AT_ONCE}),
    Scene(
        "function-failed",
        "A function says what is wrong.",
        called("what is in order 99?", "lookup_order", "There is no such order.", number=99),
    ),
    Scene(
        "function-details",
        "All details of a function's call.",
        called("what are our terms?", "list_terms", "There are 159 of them.", details=True),
    ),
    Scene("options", "Ask with options…", with_options("ask_with_options"), apart=True, settings=SEVERAL),
    Scene(
        "with-options",
        "The question, how it was asked, the answer.",
        with_options("ask_with_options", chosen=True),
    ),
    Scene("thread-settings", "Thread settings…", with_options("thread_settings")),
    Scene("hostile", "Hostile text is shown, and does nothing.", answer("quote that page", Script(Text(HOSTILE)))),
)
