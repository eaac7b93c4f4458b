"""Long Markdown that the offline model writes from a template. Pure."""

import itertools

from bot.playground.model import asking
from bot.playground.model.heard import State
from bot.playground.model.phrases import phrases
from bot.playground.model.reply import Reply

SECTIONS, MANY, MOST = 5, 70, 99  # of a report; of a very long one; of any
LONGEST_TOPIC = 60  # characters

TABLE = """\
| Stage | Rows | Errors | Time |
|:--|--:|--:|:-:|
| Extract | 1,204,331 | 0 | 41 s |
| Transform | 1,204,331 | 12 | 3 min |
| Load | 1,204,319 | 0 | 58 s |"""

CODE = '''\
```python
def mean(numbers: list[float]) -> float:
    """The mean of some numbers; ValueError where there are none."""
    if not numbers:
        raise ValueError("no numbers")
    return sum(numbers) / len(numbers)
```'''

ENGLISH = (
    "This section says nothing in particular about {topic}, at some length. It is here so that you can watch how "
    "**long answers** are streamed, split into messages and put together again, with *emphasis*, `code` and "
    "[a link](https://example.com/) in them.",
    "- The first point, with a sentence that goes on for a while\n- The second point\n"
    "  - and one below it\n- [x] A thing that is done\n- [ ] A thing that is not",
    TABLE,
    CODE,
    "> A quotation, of which nobody knows who said it.\n\n1. First\n2. Second\n3. Third",
)
KOREAN = (
    "이 절은 {topic}에 대해 특별한 내용 없이 길게 쓴 것입니다. **긴 답**이 어떻게 흘러나오고, 여러 메시지로 "
    "나뉘고 다시 합쳐지는지 보시라고 *강조*와 `코드`와 [링크](https://example.com/)를 넣었습니다.",
    "- 첫째 점\n- 둘째 점\n  - 그 아래의 점\n- [x] 끝난 일\n- [ ] 남은 일",
    TABLE,
    CODE,
    "> 누가 한 말인지 아무도 모릅니다.\n\n1. 하나\n2. 둘\n3. 셋",
)


def wrote(state: State) -> Reply | None:
    """The text that was asked for: so many words, a table, code, or a report with all of it."""
    say, question = phrases(korean=state.korean), state.question
    if found := asking.WORDS.search(question):
        return Reply(_words(int(found[1])), say.written)
    if asking.LONG.search(question) or asking.SECTIONS.search(question):
        return Reply(_report(state), say.written)
    if asking.TABLE.search(question):
        return Reply(TABLE, say.written)
    if asking.CODE.search(question):
        return Reply(CODE, say.written)
    return None


def _words(count: int) -> str:
    words = ENGLISH[0].format(topic="anything").split()
    return " ".join(itertools.islice(itertools.cycle(words), count))


def _report(state: State) -> str:
    found = asking.SECTIONS.search(state.question)
    long = MANY if asking.VERY_LONG.search(state.question) else SECTIONS
    count = min(MOST, int(next(filter(None, found.groups())))) if found else long
    topic, bodies = _topic(state), KOREAN if state.korean else ENGLISH
    head = topic[:1].upper() + topic[1:]
    sections = [
        f"## {number}. {head}\n\n{body.replace('{topic}', topic)}"
        for number, body in zip(range(1, count + 1), itertools.cycle(bodies), strict=False)
    ]
    return "\n\n".join([f"# {head}", *sections])


def _topic(state: State) -> str:
    found = asking.TOPIC.search(state.question)
    named = (found["en"] or found["ko"] or "").strip() if found else ""
    return named[:LONGEST_TOPIC] or ("아무것" if state.korean else "nothing in particular")
