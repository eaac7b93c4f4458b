"""Slack messages drawn as HTML: every block, Slack's own reading of text, and nothing that can run."""

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.playground.drawing import (
    draw_blocks,
    draw_markdown,
    draw_message,
    draw_mrkdwn,
    draw_status,
    draw_thread,
    draw_view,
    page,
    stylesheet,
)
from bot.playground.drawing.safety import cleaned, cleaned_prose
from bot.playground.slack.blocks import message_problems, view_problems
from bot.playground.slack.seen import SeenMessage
from bot.reply.markdown import safe

NAMES = {"U0000000001": "Ann", "C0000000001": "general", "S0000000001": "admins", "UBOT": "Threadmate"}
TAGS = re.compile(r"<[^>]*>")
RUNNING = {
    "script",
    "style",
    "iframe",
    "object",
    "embed",
    "form",
    "svg",
    "math",
    "link",
    "meta",
    "base",
    "template",
}

HOSTILE = (
    "<script>alert(1)</script>",
    "<ScRiPt src=//evil.test></sCrIpT>",
    "<img src=x onerror=alert(1)>",
    "<b onmouseover=alert(1)>x</b>",
    "<svg/onload=alert(1)>",
    "<style>*{display:none}</style>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<a href='javascript:alert(1)'>x</a>",
    "</div></article><script>alert(1)</script>",
    "<scr<script>ipt>alert(1)</script>",
    "<<script>alert(1)//<</script>",
    "<details open ontoggle=alert(1)>",
    "<form action=https://evil.test><button>x</button></form>",
    "<math><mtext></mtext><mglyph><style><img src=x onerror=alert(1)>",
    '" onclick="alert(1)',
    "' onfocus='alert(1)' autofocus='",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java&#10;script:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](vbscript:x)",
    "[x](//evil.test)",
    "[x](/etc/passwd)",
    '[x](https://a.test/"onmouseover="alert(1))',
    '[x](https://a.test "t" onclick="alert(1)")',
    "![x](javascript:alert(1))",
    "![x](https://evil.test/pixel.png)",
    "![x](data:image/svg+xml,<svg onload=alert(1)>)",
    "<javascript:alert(1)|x>",
    '<https://a.test/"onclick=alert(1)|x>',
    "<@U0000000001|<script>alert(1)</script>>",
    "`<script>alert(1)</script>`",
    "```html\n<script>alert(1)</script>\n```",
    '```"><script>alert(1)</script>\ncode\n```',
    "| <script> | b |\n|--|--|\n| <img src=x onerror=alert(1)> | c |",
    "<!--<script>alert(1)</script>-->",
    "\x00<script\x00>alert(1)</script>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;alert(1)&#60;/script&#62;",
    "<base href=https://evil.test>",
    "<a class='s-button' style='position:fixed'>x</a>",
    "<a id=body name=cookie>x</a>",
)


class Reader(HTMLParser):
    """Reads HTML and refuses what could run, load or submit anything."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.links: list[str] = []
        self.classes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag not in RUNNING, tag
        given = dict(attrs)
        self.classes.update((given.get("class") or "").split())
        for name, value in given.items():
            assert not name.startswith("on"), name
            assert name not in {"style", "id", "srcdoc", "action", "formaction", "srcset", "name"} or tag in {
                "input",
                "select",
                "textarea",
            }, name
            if name == "href":
                assert re.match(r"https?://|mailto:", value or ""), value
                self.links.append(value or "")
            if name == "src":
                assert re.match(r"/[^/\\]", value or ""), value

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def read(drawing: str) -> Reader:
    """What a drawing says, having made sure that it does nothing."""
    reader = Reader()
    reader.feed(drawing)
    reader.close()
    return reader


def words(drawing: str) -> str:
    """Only the text that people read."""
    return "".join(read(drawing).words)


def rich(*elements: dict[str, Any]) -> dict[str, Any]:
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": list(elements)}]}


def text(words: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": words}


def button(label: str, **more: Any) -> dict[str, Any]:
    return {"type": "button", "action_id": "go", "text": text(label), **more}


def message(*blocks: dict[str, Any], **more: Any) -> dict[str, Any]:
    raw = {"type": "message", "user": "UBOT", "bot_id": "B1", "ts": "1700000000.000100", "blocks": list(blocks)}
    return {**raw, **more}


# -- nothing can run


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_text_does_nothing_wherever_it_stands(hostile: str) -> None:
    everywhere: list[dict[str, Any]] = [
        {"type": "markdown", "text": hostile},
        {"type": "section", "text": {"type": "mrkdwn", "text": hostile}, "fields": [text(hostile)]},
        {"type": "header", "text": text(hostile)},
        {"type": "context", "elements": [{"type": "mrkdwn", "text": hostile}, text(hostile)]},
        {"type": "actions", "block_id": hostile, "elements": [button(hostile, value=hostile, action_id=hostile)]},
        {"type": "actions", "elements": [button("x", url=hostile, style=hostile)]},
        rich({"type": "text", "text": hostile}, {"type": "link", "url": hostile, "text": hostile}),
        rich({"type": "user", "user_id": hostile}, {"type": "emoji", "name": hostile, "unicode": hostile}),
        {"type": "image", "image_url": hostile, "alt_text": hostile, "title": text(hostile)},
        {"type": "file", "external_id": hostile, "source": "remote"},
        {
            "type": "table",
            "rows": [[{"type": "raw_text", "text": hostile}]],
            "column_settings": [{"align": hostile}],
        },
        {"type": "container", "title": text(hostile), "child_blocks": [{"type": "header", "text": text(hostile)}]},
        {"type": "plan", "title": hostile, "tasks": [{"task_id": "1", "title": hostile, "status": hostile}]},
        {"type": hostile},
    ]
    file = {"id": hostile, "name": hostile, "pretty_type": hostile}
    raw = message(*everywhere, user=hostile, files=[file], reactions=[{"name": hostile, "count": 1}])
    read(draw_message(raw, {hostile: hostile}, pictures={hostile: hostile}))
    read(draw_view({"type": "modal", "title": text(hostile), "blocks": everywhere, "submit": text(hostile)}))
    read(draw_status(hostile, hostile))
    read(draw_mrkdwn(hostile, {"U0000000001": hostile}))


@given(st.text(alphabet=st.sampled_from("<>/\"'`*_~[]()!|&;:#@=- \nabU1script")))
def test_no_text_at_all_does_anything(hostile: str) -> None:
    read(draw_markdown(hostile))
    read(draw_mrkdwn(hostile))


@pytest.mark.parametrize("hostile", HOSTILE)
def test_the_second_lock_holds_by_itself(hostile: str) -> None:
    read(cleaned(hostile))
    read(cleaned_prose(hostile))


def test_prose_holds_no_control_that_could_be_pressed() -> None:
    assert cleaned_prose("<button>x</button><textarea>y</textarea><select><option>z</select>") == "xyz"


def test_a_class_that_is_not_ours_is_dropped() -> None:
    assert "class" not in cleaned('<p class="s-body evil">x</p>')


def test_a_page_allows_no_script_and_loads_nothing() -> None:
    whole = page("A <b>title</b>", draw_markdown("hi"))
    assert "default-src 'none'" in whole
    assert "<title>A &lt;b&gt;title&lt;/b&gt;</title>" in whole
    assert not re.search(r"url\((?!\"data:image/svg\+xml,)", stylesheet())
    assert "@import" not in stylesheet()


# -- Markdown as Slack reads it


@pytest.mark.parametrize(
    ("source", "drawn"),
    [
        ("**b** *i* ~~s~~ `c`", "<strong>b</strong> <em>i</em> <s>s</s> <code"),
        ("one\ntwo", "one<br>\ntwo"),
        ("# A\n### B", "<h4 dir=\"auto\">A</h4>\n<h4 dir=\"auto\">B</h4>"),
        ("- a\n  - b", "<li>a\n<ul>\n<li>b</li>"),
        ("3. a", '<ol start="3" dir="auto">'),
        ("- [x] a", '<input type="checkbox" disabled="" checked="">a'),
        ("- [ ] a", '<input type="checkbox" disabled="">a'),
        ("> q", "<blockquote"),
        ("---", "<hr>"),
        ("|a|b|\n|--|:-:|\n|1|2|", '<td dir="auto" class="s-center">2</td>'),
        ("```python\nif x: pass\n```", '<span class="s-code-keyword">if</span>'),
        ("```nonsense\nif x\n```", "<code>if x</code>"),
        ("    indented", '<pre class="s-code" dir="ltr"><code>indented</code></pre>'),
        ("[a](https://x.test/?a=1&b=2)", 'href="https://x.test/?a=1&amp;b=2"'),
        ("![a picture](https://x.test/p.png)", ">a picture</a>"),
        ("see https://x.test/a.", '<a href="https://x.test/a" '),
        (":tada: :unheard_of: 12:30:45", "🎉 :unheard_of: 12:30:45"),
        ("<https://x.test|label>", ">label</a>"),
        ("<@U0000000001> <@U9|Bo>", '<span class="s-mention">@Ann</span> <span class="s-mention">@Bo</span>'),
        ("<#C0000000001>", '<span class="s-mention">#general</span>'),
        ("<!channel>", '<span class="s-mention s-broadcast">@channel</span>'),
        ("<!subteam^S0000000001>", '<span class="s-mention s-broadcast">@admins</span>'),
        ("`<@U0000000001>`", '<span class="s-mention">@Ann</span></code>'),
        ("```\n<!here>\n```", '<span class="s-mention s-broadcast">@here</span></code>'),
        ("&lt;@U0000000001&gt;", "&lt;@U0000000001&gt;"),
        ("`a &lt; b &amp;lt; c`", "a &lt; b &amp;lt; c"),
        ("<b>x</b>", "&lt;b&gt;x&lt;/b&gt;"),
        ("한국어 **굵게**", "<strong>굵게</strong>"),
    ],
)  # fmt: skip
def test_markdown_is_drawn_as_slack_draws_it(source: str, drawn: str) -> None:
    assert drawn in draw_markdown(source, NAMES)


def test_an_image_becomes_a_link_and_never_a_request() -> None:
    assert "<img" not in draw_markdown("![a](https://x.test/p.png) [![b](https://x.test/q.png)](https://y.test)")


def test_right_to_left_is_found_by_the_text_itself() -> None:
    assert '<ul dir="auto">\n<li>שלום' in draw_markdown("- שלום")


def test_a_very_long_line_is_drawn() -> None:
    assert words(draw_markdown("word " * 40_000)).count("word") == 40_000


@given(st.text(alphabet=st.sampled_from("<>&;ltgamp`*@U01!chanel \n\\[]()"), max_size=60))
def test_what_the_program_made_safe_never_shows_as_a_mention(said: str) -> None:
    assert "s-mention" not in read(draw_markdown(safe(said))).classes


# -- mrkdwn


@pytest.mark.parametrize(
    ("source", "drawn"),
    [
        ("*b* _i_ ~s~ `c`", '<b>b</b> <i>i</i> <s>s</s> <code class="s-inline-code">c</code>'),
        ("*b _both_*", "<b>b <i>both</i></b>"),
        ("a*b*c snake_case_name 2 * 3 * 4", "a*b*c snake_case_name 2 * 3 * 4"),
        ("**b**", "**b**"),
        ("<https://x.test/?a&amp;b|label>", '<a href="https://x.test/?a&amp;b" '),
        ("<mailto:a@x.test>", ">a@x.test</a>"),
        ("<@U0000000001|old name>", "@Ann</span>"),
        ("<@U0000000009|Bo>", "@Bo</span>"),
        ("<@U0000000009>", "@U0000000009</span>"),
        ("<!here>", '<span class="s-mention s-broadcast">@here</span>'),
        ("<!date^1392734382^{date}|Feb 18>", "Feb 18"),
        ("&gt; one\n> two\nthree", '>one<br>two</blockquote><div class="s-lines" dir="auto">three</div>'),
        ("a\n```\n*x*\n```\nb", "<code>*x*\n</code></pre>"),
        ("&lt;b&gt; &amp;amp;", "&lt;b&gt; &amp;amp;"),
        ("[a](https://x.test)", '[a](<a href="https://x.test" '),
    ],
)  # fmt: skip
def test_mrkdwn_is_drawn_as_slack_draws_it(source: str, drawn: str) -> None:
    assert drawn in draw_mrkdwn(source, NAMES)


# -- blocks

PLAIN_OPTION = {"text": text("Two"), "value": "2"}
OPTION = {"text": text("One"), "value": "1", "description": text("the first")}
EVERY_BLOCK: dict[str, tuple[dict[str, Any], list[str]]] = {
    "markdown": ({"type": "markdown", "text": "**hi**"}, ["<strong>hi</strong>"]),
    "section": (
        {"type": "section", "text": {"type": "mrkdwn", "text": "*hi*"}, "accessory": button("Go")},
        ["<b>hi</b>", 'data-action-id="go"', ">Go</button>"],
    ),
    "fields": (
        {"type": "section", "fields": [text("left"), text("right")]},
        ['class="s-fields"', "left", "right"],
    ),
    "header": ({"type": "header", "text": text("Head")}, ["<h3", "Head"]),
    "divider": ({"type": "divider"}, ["<hr>"]),
    "context": ({"type": "context", "elements": [{"type": "mrkdwn", "text": "_small_"}]}, ["<i>small</i>"]),
    "actions": (
        {
            "type": "actions",
            "elements": [
                button("Yes", style="primary", value="v"),
                button("No", style="danger", action_id="no"),
                button("Read", url="https://x.test", action_id="read"),
                {"type": "static_select", "action_id": "pick", "options": [PLAIN_OPTION]},
                {"type": "overflow", "action_id": "more", "options": [PLAIN_OPTION]},
            ],
        },
        [
            "s-button s-primary",
            'data-value="v"',
            "s-button s-danger",
            'href="https://x.test"',
            '<option value="2">Two',
        ],
    ),
    "context_actions": (
        {
            "type": "context_actions",
            "elements": [
                {
                    "type": "feedback_buttons",
                    "action_id": "feedback",
                    "positive_button": {"text": text("Good"), "value": "up"},
                    "negative_button": {"text": text("Bad"), "value": "down", "accessibility_label": "Bad answer"},
                },
                {"type": "icon_button", "action_id": "del", "icon": "trash", "text": text("Delete")},
            ],
        },
        ['data-value="up"', 'aria-label="Good"', 'aria-label="Bad answer"', "s-trash"],
    ),
    "image": (
        {"type": "image", "image_url": "https://x.test/i.png", "alt_text": "a chart", "title": text("Sales")},
        ["a chart", "<figcaption>Sales</figcaption>"],
    ),
    "file": ({"type": "file", "external_id": "abc", "source": "remote"}, ["abc"]),
    "table": (
        {
            "type": "table",
            "rows": [
                [{"type": "raw_text", "text": "City"}, {"type": "raw_text", "text": "n"}],
                [
                    rich({"type": "text", "text": "Bonn", "style": {"bold": True}}),
                    {"type": "raw_text", "text": "3"},
                ],
            ],
            "column_settings": [{"align": "left"}, {"align": "right"}],
        },
        ['<th dir="auto">City</th>', "<b>Bonn</b>", '<td class="s-right" dir="auto">3</td>'],
    ),
    "container": (
        {
            "type": "container",
            "title": text("3 steps · 12 s"),
            "subtitle": {"type": "mrkdwn", "text": "_all fine_"},
            "is_collapsible": True,
            "default_collapsed": True,
            "child_blocks": [rich({"type": "text", "text": "inside"})],
        },
        ['<details class="s-container">', "<summary>", "3 steps · 12 s", "<i>all fine</i>", "inside"],
    ),
    "open container": (
        {"type": "container", "title": text("t"), "is_collapsible": True, "child_blocks": [{"type": "divider"}]},
        ['<details class="s-container" open="">'],
    ),
    "fixed container": (
        {
            "type": "container",
            "rich_text_title": rich({"type": "text", "text": "t"}),
            "child_blocks": [{"type": "divider"}],
        },
        ['<div class="s-container">'],
    ),
    "task_card": (
        {
            "type": "task_card",
            "task_id": "1",
            "title": "Searching",
            "status": "error",
            "details": rich({"type": "text", "text": "what for"}),
            "sources": [{"type": "url", "url": "https://x.test", "text": "Docs"}],
        },
        ["<summary", "s-task-error", "what for", ">Docs</a>"],
    ),
    "plan": (
        {
            "type": "plan",
            "title": "Working on it",
            "tasks": [
                {"task_id": "1", "title": "Read", "status": "complete"},
                {"task_id": "2", "title": "Count", "status": "in_progress"},
                {"task_id": "3", "title": "Tell", "status": "pending"},
            ],
        },
        [
            '<details class="s-plan" open="">',
            "Working on it",
            'aria-label="Done"',
            "s-task-in-progress",
            "s-task-pending",
        ],
    ),
    "rich_text": (
        {
            "type": "rich_text",
            "elements": [
                {
                    "type": "rich_text_section",
                    "elements": [
                        {"type": "text", "text": "<!channel> *x*", "style": {"bold": True, "italic": True}},
                        {"type": "text", "text": "gone", "style": {"strike": True, "code": True}},
                        {"type": "link", "url": "https://x.test", "text": "here"},
                        {"type": "user", "user_id": "U0000000001"},
                        {"type": "channel", "channel_id": "C0000000001"},
                        {"type": "usergroup", "usergroup_id": "S0000000001"},
                        {"type": "broadcast", "range": "here"},
                        {"type": "emoji", "name": "wave", "unicode": "1f44b-1f3fd"},
                        {"type": "emoji", "name": "own_one"},
                        {"type": "date", "timestamp": 1392734382, "format": "{date}", "fallback": "Feb 18"},
                        {"type": "color", "value": "#fff"},
                    ],
                },
                {
                    "type": "rich_text_list",
                    "style": "ordered",
                    "indent": 1,
                    "offset": 2,
                    "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "item"}]}],
                },
                {"type": "rich_text_quote", "elements": [{"type": "text", "text": "quoted"}]},
                {
                    "type": "rich_text_preformatted",
                    "language": "python",
                    "elements": [{"type": "text", "text": "return 1"}],
                },
            ],
        },
        [
            "<i><b>&lt;!channel&gt; *x*</b></i>",
            '<s><code class="s-inline-code">gone</code></s>',
            ">here</a>",
            "@Ann",
            "#general",
            "@admins",
            "@here",
            "👋🏽",
            ":own_one:",
            'datetime="2014-02-18T14:39:42+00:00"',
            '<ol class="s-indent-1" dir="auto" start="3"><li class="s-lines">item</li></ol>',
            "quoted</blockquote>",
            '<span class="s-code-keyword">return</span>',
        ],
    ),
}
EVERY_INPUT: dict[str, tuple[dict[str, Any], list[str]]] = {
    "text": (
        {"type": "plain_text_input", "action_id": "why", "placeholder": text("Why?"), "max_length": 9},
        ['<input class="s-input" type="text"', 'name="why"', 'placeholder="Why?"', 'maxlength="9"'],
    ),
    "long text": (
        {"type": "plain_text_input", "action_id": "why", "multiline": True, "initial_value": "</textarea><b>"},
        ["&lt;/textarea&gt;&lt;b&gt;</textarea>"],
    ),
    "menu": (
        {"type": "static_select", "action_id": "pick", "options": [OPTION], "initial_option": OPTION},
        ['<option value="1" selected="">One</option>'],
    ),
    "boxes": ({"type": "checkboxes", "action_id": "c", "options": [OPTION]}, ['type="checkbox"', "the first"]),
    "choices": (
        {"type": "radio_buttons", "action_id": "r", "options": [OPTION], "initial_option": OPTION},
        ['type="radio" name="r" value="1" checked=""'],
    ),
}


@pytest.mark.parametrize("name", EVERY_BLOCK)
def test_each_block_is_drawn(name: str) -> None:
    block, expected = EVERY_BLOCK[name]
    assert message_problems([block]) == []  # Slack would take it
    drawn = draw_blocks([block], NAMES)
    read(drawn)
    assert [piece for piece in expected if piece not in drawn] == []


@pytest.mark.parametrize("name", EVERY_INPUT)
def test_each_input_is_drawn_in_a_modal(name: str) -> None:
    element, expected = EVERY_INPUT[name]
    block = {"type": "input", "label": text("Label"), "element": element, "hint": text("Hint"), "optional": True}
    view = {"type": "modal", "title": text("Tell us"), "submit": text("Send"), "blocks": [block]}
    assert view_problems(view) == []
    drawn = draw_view(view)
    read(drawn)
    assert 'role="dialog"' in drawn
    assert [
        piece for piece in (*expected, "Label", "Hint", "Tell us", "Send", "Close") if piece not in drawn
    ] == []


def test_a_menu_that_is_told_at_once_is_marked_so() -> None:
    menu = {"type": "static_select", "action_id": "m", "options": [OPTION]}
    block = {"type": "input", "label": text("Who"), "element": menu}
    assert "data-dispatch" not in draw_blocks([block])
    assert 'data-dispatch="true"' in draw_blocks([{**block, "dispatch_action": True}])


def test_an_unknown_block_says_that_it_cannot_be_drawn() -> None:
    assert "carousel cannot be drawn here" in draw_blocks([{"type": "carousel"}])


def test_a_picture_is_shown_only_from_this_site() -> None:
    block = {"type": "image", "slack_file": {"id": "F000000001"}, "alt_text": "a chart"}
    assert '<img class="s-picture" src="/files/1"' in draw_blocks([block], pictures={"F000000001": "/files/1"})
    for elsewhere in (
        "https://evil.test/p.png",
        "//evil.test/p.png",
        "/\\evil.test/p.png",
        "data:image/png;base64,",
    ):
        assert "<img" not in draw_blocks([block], pictures={"F000000001": elsewhere})


def test_a_finished_plan_is_folded_and_an_unnamed_one_has_a_name() -> None:
    drawn = draw_blocks(
        [{"type": "plan", "title": "", "tasks": [{"task_id": "1", "title": "a", "status": "complete"}]}]
    )
    assert '<details class="s-plan">' in drawn
    assert "Steps" in drawn


# -- messages


def test_a_message_says_who_and_when() -> None:
    drawn = draw_message(message({"type": "markdown", "text": "hi"}), NAMES)
    assert words(drawn) == "TThreadmateAPP10:13 PMhi\n"
    assert 'data-ts="1700000000.000100"' in drawn
    assert "s-badge" not in draw_message(message(bot_id=None, text="hi"), NAMES)


def test_a_message_without_blocks_is_read_as_mrkdwn() -> None:
    assert "<b>hi</b>" in draw_message(message(text="*hi* <@U0000000001>"), NAMES)
    assert "@Ann" in draw_message(message(text="*hi* <@U0000000001>"), NAMES)


def test_every_state_of_a_message_is_seen() -> None:
    body = {"type": "markdown", "text": "hi"}
    assert "s-streaming" in draw_message(message(body, streaming_state="in_progress"))
    assert "(edited)" in draw_message(message(body, edited={"ts": "1"}))
    assert "Only visible to you" in draw_message(message(body, is_ephemeral=True))
    assert "s-error-pill" in draw_message(message(body, error_pill=True))
    assert "👀<b>2</b>" in draw_message(message(body, reactions=[{"name": "eyes", "count": 2}]))
    deleted = draw_message(message(body, subtype="tombstone"), NAMES)
    assert words(deleted) == "This message was deleted."


def test_files_are_drawn_as_cards_and_pictures() -> None:
    files = [{"id": "F1", "name": "a &amp; b.csv", "pretty_type": "CSV"}, {"id": "F2", "name": "p.png"}]
    drawn = draw_message(message(files=files), pictures={"F2": "/files/F2"})
    assert "a &amp; b.csv" in drawn
    assert '<img class="s-picture" src="/files/F2" alt="p.png"' in drawn


def test_what_was_said_in_one_go_stands_under_one_name() -> None:
    first, second = message(text="one"), message(text="two", ts="1700000100.000100")
    later = message(text="three", ts="1700009000.000100")
    assert draw_thread([first, second, later], NAMES).count("s-name") == 2


def test_a_seen_message_is_drawn_like_the_raw_one() -> None:
    blocks = [{"type": "markdown", "text": "**hi**"}]
    raw = message(*blocks, reactions=[{"name": "eyes", "count": 1}])
    shown = SeenMessage(
        ts="1700000000.000100",
        user="UBOT",
        is_bot=True,
        text="**hi**",
        tasks=[],
        plan_title=None,
        blocks=blocks,
        files=[],
        streaming=False,
        error_pill=False,
        reactions={"eyes": {"U1"}},
        deleted=False,
        edited=False,
    )
    assert draw_message(shown, NAMES) == draw_message(raw, NAMES)


def test_a_working_thread_says_so_and_can_be_stopped() -> None:
    assert words(draw_status("Threadmate", can_stop=True)) == "Threadmate is working…Stop"
    assert words(draw_status("Threadmate", "is reading a.pdf")) == "Threadmate is reading a.pdf"
