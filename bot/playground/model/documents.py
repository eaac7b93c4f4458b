"""What the offline model says about documents: passages that it found, cited. Pure."""

import re
from collections.abc import Iterable
from typing import TypeVar

from bot.playground.model.asking import OVERVIEW
from bot.playground.model.heard import HANGUL, State
from bot.playground.model.phrases import phrases
from bot.playground.model.reply import Reply
from bot.playground.model.tables import mentions
from bot.playground.openai.index import COMMON, terms
from bot.playground.openai.passages import Passage
from bot.playground.openai.script import Citation, FileCitation, FileSearch, FoundCitation

T = TypeVar("T")

RELEVANT = 0.25  # the score from which a passage is about the question
RELEVANT_KOREAN = 0.12  # in Korean half of a question's pairs of letters are grammar
NEARLY = 0.7  # of the best score: what is quoted beside it
FILES = 3  # that are quoted at most
QUOTED = 420  # characters of a passage
SENTENCES = re.compile(r"(?<=[.!?。])\s+|\n+")
HEADINGS = re.compile(r"^(?=#{1,6} )", re.MULTILINE)
MARKS = re.compile(r"^\s*(?:#{1,6}|[-*+>]|\d+[.)])[ \t]+", re.MULTILINE)
ORDERS = re.compile(
    r"^\W*(?:(?:please|can you|could you|tell me|search(?: the files?)?(?: for)?|look up|find|show me|"
    r"what does .{0,40}? say about|according to \S+,?)\s+)+",
    re.IGNORECASE,
)
ASKING = re.compile(
    r"(인가요|입니까|습니까|나요|까요|어요|은요|는요|이야|알려 ?(줘|주세요)|찾아 ?(줘|주세요)"
    r"|무엇|무슨|어떻게|얼마나|몇)"
)
QUESTION = re.compile(
    r"\?|？|^\W*(what|who|where|when|why|which|how|is|are|do|does|can|may|find|search|look)\b|" + ASKING.pattern,
    re.IGNORECASE,
)


def about_documents(state: State) -> Reply | None:
    """How a document begins, or the passages that a question is about."""
    if OVERVIEW.search(state.question):
        return _overview(state)
    return _found(state) or _read(state) or _nothing(state)


def query_of(question: str) -> str:
    """What to search for: the question without what only makes it a question."""
    bare = ASKING.sub(" ", ORDERS.sub("", question)).strip(" ?!.")
    return " ".join(bare.split()) or question


def _overview(state: State) -> Reply | None:
    say = phrases(korean=state.korean)
    begins = state.turn.openings() if "file_search" in state.tools else []
    named = _chosen(state, [(passage.filename, passage) for passage in begins])
    if named:
        [passage] = named
        text = f"{say.begins.format(file=passage.filename)}\n\n{_quote(_cut(passage.text))}"
        result = (passage.file_id, passage.filename, passage.score, passage.text)
        step = FileSearch([state.question], [result])
        cites = [FileCitation(passage.file_id, passage.filename, len(text))]
        return Reply(text, say.searched, (step,), cites)
    given = _chosen(state, [(name, (name, text)) for name, text in state.turn.documents()])
    if given:
        [(name, said)] = given
        return Reply(f"{say.begins.format(file=name)}\n\n{_quote(_cut(said))}", say.read)
    return None


def _chosen(state: State, files: list[tuple[str, T]]) -> list[T]:
    """The file that is asked about: one that is named, one that came with the question, or the newest."""
    named = [one for name, one in files if mentions(state.question, name) or name in state.attached]
    return (named or [one for _, one in files])[-1:]


def _found(state: State) -> Reply | None:
    if "file_search" not in state.tools:
        return None
    query = query_of(state.question)
    found = state.turn.search([query])
    least = RELEVANT_KOREAN if HANGUL.search(query) else RELEVANT
    if not found or found[0].score < least:
        return None
    say = phrases(korean=state.korean)
    text, cites = "", list[Citation]()
    for number, passage in _best(found, max(least, NEARLY * found[0].score)):
        lead = (say.also if text else say.says).format(file=passage.filename)
        text = "\n\n".join([*([text] if text else []), lead, _quote(_about(query, passage.text))])
        cites.append(FoundCitation(number, len(text)))
    return Reply(text, say.searched, (FileSearch([query]),), cites)


def _best(found: Iterable[Passage], least: float) -> list[tuple[int, Passage]]:
    """The best passage of each of the best files, with its place among the results."""
    best: dict[str, tuple[int, Passage]] = {}
    for number, passage in enumerate(found):
        if passage.score >= least:
            best.setdefault(passage.file_id, (number, passage))
    return list(best.values())[:FILES]


def _read(state: State) -> Reply | None:
    """From the documents in the messages."""
    wanted = set(_words(query_of(state.question)))
    shared = [(len(wanted & set(terms(text))), name, text) for name, text in state.turn.documents()]
    most, name, text = max(shared, default=(0, "", ""), key=lambda one: one[0])
    if not most:
        return None
    say = phrases(korean=state.korean)
    return Reply(f"{say.says.format(file=name)}\n\n{_quote(_about(state.question, text))}", say.read)


def _nothing(state: State) -> Reply | None:
    """A question that the files have no answer to, where there are files."""
    if "file_search" not in state.tools or not QUESTION.search(state.question) or not state.turn.openings():
        return None
    say = phrases(korean=state.korean)
    return Reply(say.nothing_found, say.searched, (FileSearch([query_of(state.question)]),))


def _words(question: str) -> list[str]:
    return [term for term in terms(question) if term not in COMMON]


def _about(question: str, text: str) -> str:
    """The sentence with most of the question's words, and those that follow, as far as the next heading."""
    words = set(_words(question))
    sections = [_sentences(section) for section in HEADINGS.split(text)]
    places = [(number, at) for number, one in enumerate(sections) for at in range(len(one))]
    number, best = max(places, key=lambda place: len(words & set(terms(sections[place[0]][place[1]]))))
    said = [sentence for sentence in sections[number][best:] if not sentence.startswith("#")]
    return _cut(" ".join(said or sections[number]))


def _sentences(section: str) -> list[str]:
    """Its sentences; a heading that they stand under is the first of them."""
    return [sentence for sentence in SENTENCES.split(section) if sentence.strip()]


def _cut(text: str) -> str:
    """On one line, without the marks that would make all of it a heading or an entry of a list."""
    line = " ".join(MARKS.sub("", text).split())
    return line if len(line) <= QUOTED else f"{line[:QUOTED].rpartition(' ')[0] or line[:QUOTED]} …"


def _quote(text: str) -> str:
    return f"> {text}"
