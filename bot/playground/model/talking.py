"""What the offline model says without looking anything up but the conversation. Pure."""

from bot.playground.model import asking
from bot.playground.model.functions import offered
from bot.playground.model.heard import Said, State
from bot.playground.model.phrases import Phrases, phrases
from bot.playground.model.reply import Reply

GREETING_WORDS = 5  # that a greeting has at most: with more it is a question
QUOTED = 600  # characters of what somebody said
LINES = 30  # of a thread, the newest


def remembered(state: State) -> Reply | None:
    """What people said before, as asked."""
    say, question = phrases(korean=state.korean), state.question
    if asking.MY_NAME.search(question):
        return Reply(_name(state, say), say.remembered)
    if asking.FIRST.search(question):
        text = say.first.format(text=_quoted(state.before[0])) if state.before else say.nothing_first
        return Reply(text, say.remembered)
    if asking.BEFORE.search(question):
        text = say.before.format(text=_quoted(state.before[-1])) if state.before else say.nothing_before
        return Reply(text, say.remembered)
    if asking.THREAD.search(question):
        return Reply(_thread(state, say), say.remembered)
    return None


def talked(state: State) -> Reply | None:
    """Greetings, thanks, help, and what is to be remembered."""
    say, question = phrases(korean=state.korean), state.question
    if asking.HELP.search(question):
        return Reply("\n\n".join(filter(None, [say.help, offered(state)])), say.by_rule)
    if asking.DRAFT.search(question):
        return Reply(f"> {say.draft}", say.written)
    if name := told_name(question):
        return Reply(say.pleased.format(name=name), say.by_rule)
    if asking.REMEMBER.search(question):
        return Reply(say.noted, say.by_rule)
    short = len(question.split()) <= GREETING_WORDS
    if short and asking.THANKS.search(question):
        return Reply(say.thanks, say.by_rule)
    if not question and not (state.pictures or state.attached):
        return Reply(say.hello, say.by_rule)
    if asking.WHO.search(question) or (short and asking.HELLO.search(question)):
        return Reply(say.hello, say.by_rule)
    return None


def at_a_loss(state: State) -> Reply:
    """The answer to everything else."""
    say = phrases(korean=state.korean)
    if state.pictures:
        return Reply(say.cannot_see, say.by_rule)
    if asking.WEB.search(state.question):
        return Reply(say.no_web, say.by_rule)
    return Reply(say.echo.format(text=_quoted(Said(state.question))) if state.question else say.hello, say.by_rule)


def told_name(text: str) -> str:
    """The name that somebody gives themselves, or ""."""
    found = asking.NAMED.search(text)
    return (found["en"] or found["ko"] or "") if found and not text.rstrip().endswith("?") else ""


def _name(state: State, say: Phrases) -> str:
    mine = [said for said in state.before if not said.by or said.by == state.asked.by or not state.asked.by]
    names = [name for said in mine if (name := told_name(said.text))]
    if names:
        return say.your_name.format(name=names[-1])
    return say.slack_name.format(name=state.asked.name) if state.asked.name else say.no_name


def _thread(state: State, say: Phrases) -> str:
    if not state.before:
        return say.empty_thread
    lines = [f"- {f'**{said.name}**: ' if said.name else ''}{_line(said)}" for said in state.before[-LINES:]]
    return "\n".join([say.thread, "", *lines])


def _line(said: Said) -> str:
    return " ".join(said.text.split())[:QUOTED]


def _quoted(said: Said) -> str:
    text = said.text if len(said.text) <= QUOTED else f"{said.text[:QUOTED]} …"
    return text.strip().replace("\n", "\n> ")
