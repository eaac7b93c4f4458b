"""Steps as hostile as tools and models can make them, for property tests."""

from hypothesis import strategies as st

from bot.assistant.events import Passage, Step, StepStatus, StepType
from bot.reply.transcript import TimedStep

PIECES = (
    "<!channel>",
    "<@U0000000001>",
    "&lt;!here&gt;",
    "*b* `c`\n```\n",
    "https://evil.example/?q=1",
    "【4:0†a.pdf】",
    "\u202eabc\u2066",
    "\x00\x1b[0m\r\n",
    "\ud800",
    "가나다라",
    "👩‍👩‍👧‍👦" * 20,
    "x" * 2_999,
    "y" * 9_000,
    "\n" * 40,
    '"\\' * 300,
)

text = st.lists(st.sampled_from(PIECES) | st.text(max_size=30), max_size=4).map("".join)
url = st.sampled_from(
    ("https://a.example/x?y=1&z=2", "javascript:alert(1)", "http://[::1", "mailto:a@b.example", "https://a b", "")
) | text.map("https://a.example/".__add__)
passage = st.builds(Passage, text, text, st.none() | st.floats(0, 1), text)

step = st.builds(
    Step,
    id=st.uuids().map(str),
    type=st.sampled_from(StepType),
    status=st.sampled_from(StepStatus),
    name=text,
    queries=st.lists(text, max_size=3).map(tuple),
    passages=st.lists(passage, max_size=6).map(tuple),
    code=text,
    logs=text,
    links=st.lists(url, max_size=5).map(tuple),
    arguments=text,
    result=text,
    summary=text,
)
times = st.none() | st.floats(0, 10_000)
steps = st.lists(st.builds(TimedStep, step, times, times), max_size=50)
