"""What people ask in the scenes, and what the model does about it."""

from bot.playground.openai.passages import Passage
from bot.playground.openai.script import (
    CodeInterpreter,
    FileCitation,
    FileSearch,
    Gate,
    Item,
    Json,
    Part,
    Pause,
    Raw,
    Refuse,
    Script,
    Text,
    UrlCitation,
    WebSearch,
)

Tool = FileSearch | WebSearch | CodeInterpreter


def taking(*steps: tuple[float, Tool]) -> tuple[Part, ...]:
    """Steps that take so many seconds each."""
    return tuple(
        part for step, (seconds, tool) in enumerate(steps) for part in _taking(step, seconds, _item(tool))
    )


def _taking(step: int, seconds: float, item: Json) -> tuple[Part, ...]:
    item = {"id": f"step_{step}", **item}
    return _begun(item, step), Pause(seconds), Item({**item, "status": "completed"})


def _begun(item: Json, index: int) -> Raw:
    item = {**item, "status": "in_progress"}
    return Raw({"type": "response.output_item.added", "output_index": index, "item": item})


def _item(tool: Tool) -> Json:
    match tool:
        case FileSearch(queries, results):
            found = [Passage(*one, {}).result() for one in results or ()]
            return {"type": "file_search_call", "queries": list(queries), "results": found}
        case WebSearch(query, urls):
            sources = [{"type": "url", "url": url} for url in urls]
            action = {"type": "search", "query": query, "queries": [query], "sources": sources}
            return {"type": "web_search_call", "action": action}
        case CodeInterpreter(code, logs):
            outputs = [{"type": "logs", "logs": logs}] if logs else []
            about = {"code": code, "outputs": outputs, "container_id": "cntr_1"}
            return {"type": "code_interpreter_call", **about}


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
STEPS = taking((2.4, SEARCH), (3.1, WEB), (1.7, CODE))
COUNTED = "You may take **14 weeks**, which is 70 working days. They can be split in two."


def half(gate: Gate) -> Script:
    """An answer that has begun to say something, and runs code."""
    said = Text("I found the table in *handbook.pdf*. Let me add up the weeks.")
    return Script(*taking((2.4, SEARCH)), said, _begun({"id": "step_9", **_item(CODE)}, 2), gate)


TABLE = """\
It depends on the country. Everywhere it is **for each parent**, until the child is three:

| Country | Weeks | Paid | Ask |
|:--|--:|--:|:--|
| Denmark | 14 | 100 % | Kim |
| Germany | 14 | 65 % | Aylin |
| Korea | 20 | 80 % | Min-jun |

What to do:

1. Tell your lead **eight weeks** before.
2. Fill in `leave-request.xlsx`; one for each part if you split it.
"""
CITED = (
    FileCitation("file-1", "handbook.pdf"),
    FileCitation("file-2", "leave-by-country.xlsx"),
    UrlCitation("https://example.com/leave/denmark", "Parental leave in Denmark"),
)
THOROUGHLY = Script(
    *taking(
        (
            3.4,
            FileSearch(
                ["parental leave by country", "leave policy 2024"],
                [
                    ("file-1", "handbook.pdf", 0.91, "Parents may take up to fourteen weeks, each of them."),
                    ("file-2", "leave-by-country.xlsx", 0.78, "Denmark;14;100\nGermany;14;65\nKorea;20;80"),
                ],
            ),
        ),
        (4.2, WebSearch("parental leave Denmark 2024", ["https://example.com/leave/denmark"])),
        (
            2.9,
            CodeInterpreter(
                "import csv\n\nwith open('leave-by-country.xlsx.csv') as rows:\n"
                "    for country, weeks, paid in csv.reader(rows, delimiter=';'):\n"
                "        print(f'{country:10}{int(weeks) * 5:4} days{paid:>5} %')",
                "Denmark     70 days  100 %\nGermany     70 days   65 %\nKorea      100 days   80 %",
            ),
        ),
    ),
    Text(TABLE, annotations=CITED),
)

CHAPTERS = ("Who may take it", "How long it is", "What is paid", "When to ask", "Splitting it", "Coming back")
PASSAGES = [
    (
        f"file-{number}",
        f"handbook-{number}.pdf",
        0.95 - number * 0.07,
        f"{chapter}. "
        + "".join(f"Paragraph {number}.{part} says what holds for each of them. " for part in range(1, 31)),
    )
    for number, chapter in enumerate(CHAPTERS, start=1)
]
MUCH = Script(
    *taking(
        (1.7, CodeInterpreter("for week in range(6):\n    print(week * 5)", "0\n5\n10\n15\n20\n25")),
        (2.4, FileSearch(["parental leave"], PASSAGES)),
    ),
    Text(COUNTED),
)
EVEN_MORE = Script(
    *taking((1.7, CodeInterpreter("print(log)", "\n".join(f"line {n}: all is well" for n in range(12_000))))),
    Text("All is well."),
)


def waiting(gate: Gate) -> Script:
    """An answer of which nothing is there yet."""
    return Script(gate, Text(COUNTED))


def slowly(gate: Gate) -> Script:
    """An answer of which the first sentences are there."""
    return Script(
        *taking((2.4, SEARCH)), Text(deltas=["You may take **14 weeks**. ", Pause(4.0), "They", gate, "."])
    )


def corrected(gate: Gate) -> Script:
    """A better answer, of which the first sentence is there."""
    return Script(Text(deltas=["It is **42**. ", Pause(4.0), "I had", gate, " miscounted."]))


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
