"""The offline model: what was asked, and what is at hand, decide what it does. Pure."""

from collections.abc import Callable
from dataclasses import replace

from bot.playground.model.documents import about_documents
from bot.playground.model.functions import called
from bot.playground.model.heard import State, state_of
from bot.playground.model.making import drawn, made
from bot.playground.model.moods import misbehaved, slowly
from bot.playground.model.phrases import phrases
from bot.playground.model.reckoning import reckoned
from bot.playground.model.reply import Pace, Reply, told
from bot.playground.model.talking import at_a_loss, remembered, talked
from bot.playground.model.writing import wrote
from bot.playground.openai.catalogue import Model, current_models
from bot.playground.openai.script import Script, Turn

MODEL = "threadmate-offline"
USUAL = Pace()

ABILITIES: tuple[Callable[[State], Reply | None], ...] = (
    called,
    remembered,
    talked,
    made,
    reckoned,
    drawn,
    wrote,
    about_documents,
)
"""What it can do, in the order in which it is tried."""


def offline_models(*named: str) -> dict[str, Model]:
    """A catalogue with nothing but this model, under a name that cannot be mistaken for another's.

    It is there under these names, too, and takes what the models that really have them take.
    """
    known = current_models()
    return {MODEL: Model(MODEL)} | {name: known.get(name, Model(name)) for name in named}


def offline(turn: Turn, pace: Pace = USUAL) -> Script:
    """What the offline model does about a request."""
    state = state_of(turn)
    wanted = slowly(state.question)
    if wanted is None:
        return told(_reply(state, pace), turn.body, phrases(korean=state.korean), pace)
    say = phrases(korean=state.korean)
    reply = _reply(replace(state, question=wanted), pace) if wanted else Reply(say.slowly, say.by_rule)
    return told(reply, turn.body, say, pace.slower())


def _reply(state: State, pace: Pace) -> Reply:
    answers = (ability(state) for ability in ABILITIES)
    reply = misbehaved(state, pace) or next((one for one in answers if one), None) or at_a_loss(state)
    if not state.troubles or reply.breaks or reply.tail:
        return reply
    say = phrases(korean=state.korean)
    troubles = [say.trouble.format(sentence=sentence) for sentence in state.troubles]
    return replace(reply, text="\n\n".join([reply.text, *troubles]))
