"""What the model writes, as it leaves for Slack."""

import html
import re
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.playground.drawing import draw_markdown
from bot.reply.constructs import LONGEST
from bot.reply.markdown import JOINER, Neutraliser, safe

EVIL = "https://evil.example"

SAME = {
    "plain text": "Hello, world.",
    "an ampersand alone": "AT&T & R&D",
    "a quote": "> quoted\n> further",
    "a quote in a quote": "> > deeper\n>>> deepest",
    "a quote in a list": "- > quoted\n1. > quoted",
    "an indented quote": "  > quoted",
    "nested lists": "- a\n  - b\n    1. c\n       * d\n",
    "a task list": "- [x] done\n- [ ] open",
    "emphasis": "**bold** *it* ~~gone~~ __b__",
    "a rule": "a\n\n---\n\n* * *\n",
    "a heading": "## Title\n\ntext",
    "a table": "| a | b |\n|---|:-:|\n| 1 | 2 |\n",
    "a table of 30 columns": "|" + " c |" * 30 + "\n|" + "---|" * 30 + "\n|" + " v |" * 30,
    "a bare URL": "see https://a.example/x?a=1&b=2#c_d, then",
    "a bare URL with an entity of its own": "https://a.example/?a=1&amp;b=2",
    "a link": "[the page](https://a.example/x?a=1&b=2)",
    "a mail link": "[write](mailto:ann@a.example?subject=x)",
    "code": "`a && b`",
    "code with backticks": "`` a`b ``",
    "code that looks like a link": f"`[paypal.com]({EVIL})`",
    "fenced code that looks like a link": f"```\n[paypal.com]({EVIL})\n```\n",
    "a fence in a quote": "> ```py\n> x = 1\n> ```\n> after",
    "a fence in a list": "1. run\n   ```sh\n   ls\n   ```\n",
    "a fence of tildes": "~~~\n[a](x)\n~~~\n",
    "a longer fence around a fence": "````md\n```\n[a](x)\n```\n````\n",
    "emoji": "👩🏽‍💻 🏳️‍🌈 👨‍👩‍👧 🇰🇷 1️⃣",
    "Korean": "안녕하세요. 한국어 텍스트입니다。",
    "Hebrew and Arabic": "שלום \u200fעולם\u200e مرحبا",
    "a zero-width joiner": "می\u200cخواهم a\u200db",
    "brackets": "a[0], [1], [[2]]",
    "footnote marks": "text[^1] and [see below][ref]",
    "Chinese brackets": "【注意】这是 【4】",
    "an icon of a font": "\uf8ff Store \uf8ff",
    "an escaped star": "2 \\* 3 \\_ 4",
    "a dollar formula": "$\\frac{1}{2}$ and \\(x\\)",
    "unclosed backtick": "it`s",
    "unclosed bracket": "a [b c",
    "exclamation": "wow! [sic]!",
    "a backslash at the end": "C:\\dir\\",
    "the label names the link's own host": "[a.example](https://www.a.example/x)",
    "the label names a host around it": "[a.example](https://docs.a.example/x)",
    "the label is the URL": "[https://a.example/index.php](https://a.example/index.php)",
    "the label is a file": "[README.md](https://a.example/README.md) [Node.js](https://a.example)",
}

CHANGED = {
    "a channel mention": ("<!channel> hi", "&lt;!channel&gt; hi"),
    "a person": ("<@U123|ann> <#C123> <!subteam^S1>", "&lt;@U123|ann&gt; &lt;#C123&gt; &lt;!subteam^S1&gt;"),
    "a mention in a quote": ("> <!here>", "> &lt;!here&gt;"),
    "a mention in a table": ("| <@U1> | b |", "| &lt;@U1&gt; | b |"),
    "a mention in code": ("`<!channel>`", "`&lt;!channel&gt;`"),
    "a mention in a fence": ("```\n<!channel>\n```", "```\n&lt;!channel&gt;\n```"),
    "a mention in a language": ("```<@U1>\nx\n```", "```&lt;@U1&gt;\nx\n```"),
    "a mention in a label": (f"[<!channel>]({EVIL})", f"[&lt;!channel&gt;]({EVIL})"),
    "a mention in a URL": (f"[x]({EVIL}/<!channel>)", f"[x]({EVIL}/%3C!channel%3E)"),
    "a mention in entities": ("&lt;!channel&gt;", "&amp;lt;!channel&amp;gt;"),
    "entities of entities": ("&amp;lt;!channel&amp;gt;", "&amp;amp;lt;!channel&amp;amp;gt;"),
    "numeric entities": ("&#60;!here&#x3E;", "&amp;#60;!here&amp;#x3E;"),
    "capital entities": ("&LT;!here&GT;", "&amp;LT;!here&amp;GT;"),
    "entities in code": ("`&lt;`", "`&amp;lt;`"),
    "entities in a URL": (f"[x]({EVIL}/&lt;!here&gt;?a&amp;lt;)", f"[x]({EVIL}/%3C!here%3E?a%26lt;)"),
    "entities behind a bare URL": (
        "https://a.example/?a&lt;!here&gt;",
        "https://a.example/?a&amp;lt;!here&amp;gt;",
    ),
    "a mention behind a backslash": ("\\<!here\\> \\&lt;", "&lt;!here&gt; &amp;lt;"),
    "a mention around a control": ("<\u202e!chan\x00nel>", "&lt;!channel&gt;"),
    "greater than": ("a > b -> c", "a &gt; b -&gt; c"),
    "an arrow at the beginning": ("-> x", "-&gt; x"),
    "comparison in a quote": ("> a > b", "> a &gt; b"),
    "a prompt in code": ("```\n> ls\n```", "```\n&gt; ls\n```"),
    "comparison in quoted code": ("> ```\n> > x\n> ```", "> ```\n> &gt; x\n> ```"),
    "code after the quote has ended": ("> ```\n<a>\n> b", "> ```\n&lt;a&gt;\n> b"),
    "C++": ("```cpp\n#include <a>\nv<v<int>> &lt;\n```\n<b>", None),
    "an autolink": ("<https://a.example/?b=1&c=2>", "[https://a.example/?b=1&c=2](https://a.example/?b=1&c=2)"),
    "a mail autolink": ("<mailto:a@b.example>", "[mailto:a@b.example](mailto:a@b.example)"),
    "an autolink with stars": ("<https://a.example/*x*>", "[https://a.example/%2Ax%2A](https://a.example/*x*)"),
    "Slack's own link": ("<https://a.example|the page>", "[the page](https://a.example)"),
    "an autolink in code": ("`<https://a.example>`", "`&lt;https://a.example&gt;`"),
    "a foreign autolink": ("<slack://open> <javascript:x>", "&lt;slack://open&gt; &lt;javascript:x&gt;"),
    "a break": ("a<br>b<br/>c<BR />d", "a\nb\nc\nd"),
    "a break before a line's end": ("a<br>\nb", "a\nb"),
    "a break in a table": ("| a<br>b | c |", "| a b | c |"),
    "a break in a table without outer bars": (
        "a | b\n--|--\nx<br>y | z\n\np<br>q",
        "a | b\n--|--\nx y | z\n\np\nq",
    ),
    "a break in a quote": ("> a<br>b<br>c\nd", "> a\n> b\n> c\nd"),
    "a break in a list": ("- a<br>b", "- a\n  b"),
    "a break in code": ("`<br>`", "`&lt;br&gt;`"),
    "a break before a fence": ("a<br>```\n[b](x)\n```\n[c](y)", "a\n```\n[b](x)\n```\nc (y)"),
    "HTML": ("<b>x</b> <img src=x>", "&lt;b&gt;x&lt;/b&gt; &lt;img src=x&gt;"),
    "an HTML comment": ("<!-- x -->", "&lt;!-- x --&gt;"),
    "an image": ("![alt](https://a.example/i.png)", "[alt](https://a.example/i.png)"),
    "an image without a text": ("![](https://a.example)", "[https://a.example](https://a.example)"),
    "a badge": ("[![b](https://i.example)](https://a.example)", "[b](https://a.example)"),
    "a script": ("[x](javascript:alert(1)) [y](JaVaScRiPt:1)", "x y"),
    "a script in entities": ("[x](&#106;avascript:alert)", "x"),
    "data, a file, an app": ("[a](data:text/html,x) [b](file:///etc) [c](slack://x)", "a b c"),
    "a sandbox file": ("[report.csv](sandbox:/mnt/data/report.csv)", "report.csv"),
    "a relative link": ("see [the guide](docs/guide.md) or [top](#top)", "see the guide (docs/guide.md) or top"),
    "a link without a scheme": ("[Search](www.a.example)", "Search (www.a.example)"),
    "a link without a host": ("[x](https://)", "x (https://)"),
    "an index and a call": ("f[0](x)", f"f[0]{JOINER}(x)"),
    "a remark behind brackets": ("see [1](as said above)", f"see [1]{JOINER}(as said above)"),
    "a definition": ("[a.example]: https://evil.example", f"[a.example]{JOINER}: https://evil.example"),
    "a label over two lines": (f"[paypal\n.com]({EVIL})", f"[paypal\n.com]{JOINER}({EVIL})"),
    "an escaped link": (f"\\[paypal.com]({EVIL})", f"\\[paypal.com]{JOINER}({EVIL})"),
    "a link in a link": (f"[a [b]({EVIL}) c](https://a.example)", "[a b c](https://a.example)"),
    "a link without a label": (f"[]({EVIL})", f"[{EVIL}]({EVIL})"),
    "a label of a break": (f"[<br>]({EVIL})", f"[{EVIL}]({EVIL})"),
    "a fence hidden in a label": ("[```](data:x)\n[a](x)", f"{JOINER}```\na (x)"),
    "a link with a title": (f'[x]({EVIL} "a title") [y](<{EVIL}>)', f"[x]({EVIL}) [y]({EVIL})"),
    "a URL with everything": (
        "[a](https://x.example/(y)?q=<z>|é b\\_c)",
        "[a](https://x.example/%28y%29?q=%3Cz%3E%7Cé%20b_c)",
    ),
    "another host": (f"[paypal.com]({EVIL})", f"[paypal.com (evil.example)]({EVIL})"),
    "another host in bold": (f"[**pay\u200bpal.com**/login]({EVIL})", None),
    "another host in a sentence": (
        f"[go to paypal.com now]({EVIL})",
        f"[go to paypal.com now (evil.example)]({EVIL})",
    ),
    "another URL": (f"[https://paypal.com/a]({EVIL})", f"[https://paypal.com/a (evil.example)]({EVIL})"),
    "another host in wide letters": (
        f"[ｐａｙｐａｌ．ｃｏｍ]({EVIL})",
        f"[ｐａｙｐａｌ．ｃｏｍ (evil.example)]({EVIL})",
    ),
    "a host as a user": (
        "[paypal.com](https://paypal.com@evil.example/)",
        "[paypal.com (evil.example)](https://paypal.com@evil.example/)",
    ),
    "another address": ("[a@b.example](mailto:x@y.example)", "[a@b.example (x@y.example)](mailto:x@y.example)"),
    "a citation": ("It is so【4:0†source】.", "It is so."),
    "a citation in glyphs": ("So\ue200filecite\ue202turn0file0\ue201.", "So."),
    "a citation in unknown glyphs": ("So\ue300filecite\ue302turn0file0\ue301.", "So."),
    "a glyph left over": ("a\ue200b\nc\ue201", "ab\nc"),
    "bidi controls": ("a\u202eb\u2066c\u2069", "abc"),
    "control characters": ("a\x00b\x07\x1b[0m\tc", "ab[0m\tc"),
    "line ends": ("a\r\nb\rc", "a\nb\nc"),
    "half a surrogate pair": ("a\ud83db\ud83d\ude00", "a\ufffdb😀"),
}


@pytest.mark.parametrize("text", SAME.values(), ids=SAME.keys())
def test_harmless_markdown_stays_as_it_is(text: str) -> None:
    assert safe(text) == text


@pytest.mark.parametrize(("text", "expected"), CHANGED.values(), ids=CHANGED.keys())
def test_what_slack_would_misread_is_made_safe(text: str, expected: str | None) -> None:
    if expected is not None:
        assert safe(text) == expected
    assert not live(safe(text))
    assert fed(text) == safe(text)


READ = {
    "a mention": ("<!channel> <@U1|ann>", "<!channel> <@U1|ann>"),
    "a mention in code": ("`<!channel>`", "<!channel>"),
    "a mention in entities": ("&lt;!channel&gt;", "&lt;!channel&gt;"),
    "entities of entities": ("&amp;lt;b&amp;gt;", "&amp;lt;b&amp;gt;"),
    "an ampersand": ("AT&T & R&D", "AT&T & R&D"),
    "comparison": ("a < b > c -> d", "a < b > c -> d"),
    "comparison in a quote": ("> a > b\n> c", "a > b\nc"),
    "C++": ("```cpp\nv<v<int>> &lt; x\n```", "v<v<int>> &lt; x"),
    "HTML": ("<b>x</b> <!-- y -->", "<b>x</b> <!-- y -->"),
    "a break": ("a<br>b", "a\nb"),
    "a break in a table": ("| a<br>b | c |\n|---|---|\n| 1 | 2 |", "a b c 1 2"),
    "a table of 30 columns": (SAME["a table of 30 columns"], " ".join(["c"] * 30 + ["v"] * 30)),
    "nested lists": ("- a\n  - b\n    1. c", "a b c"),
    "an autolink": ("<https://a.example/x>", "https://a.example/x"),
    "another host": (f"[paypal.com]({EVIL})", "paypal.com (evil.example)"),
    "a script": ("[x](javascript:alert(1))", "x"),
    "an image": ("![alt](https://a.example/i.png)", "alt"),
    "a citation": ("It is so【4:0†source】.", "It is so."),
    "bidi controls": ("a\u202eb\u2066c\u2069", "abc"),
    "Korean": ("**안녕**하세요. 한국어", "안녕하세요. 한국어"),
    "a URL with entities": ("https://a.example/?a&lt;!here&gt;", "https://a.example/?a&lt;!here&gt;"),
}


@pytest.mark.parametrize(("text", "expected"), READ.values(), ids=READ.keys())
def test_what_is_read_in_slack(text: str, expected: str) -> None:
    assert read(text).split() == expected.split()


@pytest.mark.parametrize("text", [*SAME.values(), *(text for text, _ in CHANGED.values())])
def test_in_slack_it_mentions_nobody_and_loads_nothing(text: str) -> None:
    drawn = draw_markdown(safe(text))
    assert "s-mention" not in drawn
    assert "<img" not in drawn
    assert all(re.match("https?://|mailto:", address) for address in re.findall(r' href="([^"]*)"', drawn))


def read(text: str) -> str:
    """The words of the text as the playground draws Slack's reading of it."""
    return html.unescape(re.sub(r"<[^>]*>", "", draw_markdown(safe(text))))


def test_code_is_shown_as_it_was_written() -> None:
    text = "```cpp\n#include <a>\nv<v<int>> &lt; `x`\n```\n"
    assert decoded(safe(text)) == text


def test_a_hidden_host_in_a_label_is_found_through_its_marks() -> None:
    assert safe(f"[**pay\u200bpal.com**/login]({EVIL})").endswith(f" (evil.example)]({EVIL})")


def live(text: str) -> list[str]:
    """Tokens that Slack would resolve; entities are decoded only when shown."""
    return re.findall(r"<[^>\n]*>|<[@!#]", text)


def decoded(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def fed(text: str, size: int = 1) -> str:
    neutraliser = Neutraliser()
    out = [neutraliser.feed(text[at : at + size]) for at in range(0, len(text), size)]
    return "".join([*out, neutraliser.close()])


PARTS = [
    *(text for text in SAME.values() if len(text) < 60),
    *(text for text, _ in CHANGED.values()),
    *"<>&[]()!`\\|~\n\r #-*_:;.19ab\ue200\ue201\ue202\uf8ff【】†\u202e\ud83d\ude00",
    *("<!channel>", "<@U1>", "&lt;", "amp;", "](", "[](", "```", "~~~", "https://", "<br>", "> ", "- ", "1. "),
    "turn0",
]
MARKDOWN = st.lists(st.one_of(st.sampled_from(PARTS), st.text(max_size=3)), max_size=25).map("".join)


@settings(max_examples=50, deadline=None)
@given(text=MARKDOWN, data=st.data())
def test_any_cuts_of_any_text_come_out_the_same_and_nothing_is_live(text: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=12)))
    neutraliser = Neutraliser()
    out = ""
    for start, end in pairwise([0, *cuts, len(text)]):
        out += neutraliser.feed(text[start:end])
        assert "<" not in out
    assert out + neutraliser.close() == safe(text)


@settings(max_examples=50, deadline=None)
@given(text=MARKDOWN)
def test_single_characters_come_out_as_the_whole(text: str) -> None:
    assert fed(text) == safe(text)
    assert not live(safe(text))
    assert isinstance(safe(text).encode(), bytes)  # no half of a surrogate pair is left


@settings(max_examples=50, deadline=None)
@given(st.text(alphabet="<>&;ltgamp!@#`~ \n-|.'\"=x0", max_size=60))
def test_without_links_and_breaks_what_is_shown_is_what_was_written(text: str) -> None:
    assert decoded(safe(text)) == text


@settings(max_examples=50, deadline=None)
@given(text=MARKDOWN)
def test_no_link_leads_where_it_must_not(text: str) -> None:
    outside_code = re.sub(r"`+", "", safe(f"{text}\n"))
    for target in re.findall(r"\]\(([^)\n]*)\)", outside_code):
        if not re.match(r"https?://|mailto:", target):
            assert "`" in text or "~~~" in text  # it stands in code


LONG_LINES = [
    *(
        "[",
        "<",
        "`",
        "&",
        "(",
        "![",
        "[a](",
        "[a] ",
        "[[a]]",
        "【",
        "\ue200",
        "\uf8ff",
        "a[`",
        ">",
        "- ",
        "1. ",
        "é",
    ),
    *(
        "&lt;",
        "<br>",
        "\\",
        "]",
        "]:",
        "](",
        "http://x.y/",
        "a ",
        "``` ",
        "` `` ",
        "<https://x ",
        "[a `",
        "~",
        "\t",
    ),
    "".join(f"{'`' * n}x" for n in range(1, 80)),
    "[" * 8 + "a" + "](b c)" * 8 + " ",
]


@pytest.mark.parametrize("unit", LONG_LINES)
def test_a_long_line_is_not_held_back_for_ever(unit: str) -> None:
    text = unit * (20_000 // len(unit))
    neutraliser = Neutraliser()
    out = "".join(neutraliser.feed(text[at : at + 500]) for at in range(0, len(text), 500))
    rest = neutraliser.close()
    assert len(rest) <= 6 * LONGEST  # `&gt;` is four characters for one, `&amp;lt;` eight for four
    assert out + rest == safe(text)
    assert not live(out)


@pytest.mark.parametrize("unit", ["word ", "[a ", "한", "<"])
def test_a_line_of_100_kb_comes_through(unit: str) -> None:
    text = unit * (100_000 // len(unit))
    assert decoded(fed(text, 1000)) == text


@pytest.mark.parametrize(
    "held", ["a <", "&", "&l", "[label](https://a.exam", "【4:0", "\ue200fileci", "`co", "!", "]", "\\"]
)
def test_what_could_become_something_else_is_held_back(held: str) -> None:
    neutraliser = Neutraliser()
    assert neutraliser.feed(f"x {held}") in {"x ", "x a "}


@pytest.mark.parametrize("held", ["[label](https://a.exam", "`co", "<https://a.", "[a `b](c", "&l"])
def test_what_a_line_leaves_open_is_released_at_its_end(held: str) -> None:
    assert Neutraliser().feed(f"x {held}\n").endswith("\n")


def test_ordinary_text_is_released_at_once() -> None:
    neutraliser = Neutraliser()
    deltas = ["Hello", ", wor", "ld. See ", "**this**", "\n", "\n", "And so", " on"]
    assert [neutraliser.feed(delta) for delta in deltas] == deltas
