"""The page as people use it: asked, answered, stopped, unfolded, changed, by two people, on a narrow screen."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]
from playwright.async_api import FilePayload, Page, expect

from bot.playground.openai.script import Gate, Script, Text
from tests.browser.page_rig import Desk, answered, desk, go, say

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(90),
]
RESTART = 60_000  # milliseconds in which the bot's process is there again, on a machine that is busy
HINTS = [
    *("Mention it", "Write to it directly", "Drop a file"),
    *("Follow up in the thread", "Unfold the steps", "Stop a long answer"),
]
RULES = "Its rules: book it a day ahead, leave it by six, switch the projector off, and tell the front desk. " * 3
HOSTILE = '<img src=x onerror=alert(1)> </script><script>alert(2)</script> [x](javascript:alert(3)) "><b>'


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    async with desk(tmp_path_factory.mktemp("bot")) as here:
        yield here


@pytest_asyncio.fixture(loop_scope="module")
async def at_desk(running: Desk) -> AsyncIterator[Desk]:
    """Without the tabs of the test before: each of them would draw everything, too."""
    yield running
    await running.leave()


async def test_a_first_visit_says_what_is_there_what_answers_and_what_to_try(at_desk: Desk) -> None:
    page = await at_desk.tab()
    await page.evaluate("localStorage.clear()")
    await page.reload()
    await expect(page.locator("#model")).to_have_text("Offline model: a script, no AI")
    await expect(page.locator("#hints li b")).to_have_text(HINTS)
    await expect(page.locator("#hints .done")).to_have_count(0)
    await expect(page.locator(".place .place-name")).to_have_text(
        ["general", "design", "leads", "northwind", "Threadmate"]
    )
    await expect(page.locator('.place:has-text("leads")')).to_contain_text("private")
    await expect(page.locator('.place:has-text("northwind")')).to_contain_text("shared with another company")
    await expect(page.locator(".place.unread")).to_have_count(0)
    await page.click("#who")
    await expect(page.locator('[role="menuitemradio"]')).to_have_text(
        ["Ann Lee (Ann)", "김민지 (민지)한국어", "Carol Diaz (Carol)Northwind"]
    )
    await page.keyboard.press("Escape")
    await page.click('#composer [aria-label="Attach a file"]')
    await expect(page.locator(".menu small")).to_have_text(["sample"] * 3)
    await page.keyboard.press("Escape")
    await page.click("#hints >> text=Write to it directly")
    await expect(page.locator("#place-name")).to_have_text("Threadmate")
    await expect(page.locator("#composer textarea")).to_have_value("Hello! What can you do?")
    await expect(page.locator("#messages .start .s-button").first).to_have_text("Look up order 4711")
    await page.click('[role="tab"]:has-text("About")')
    await expect(page.locator("#about .s-button").first).to_be_visible()


async def test_by_keyboard_alone_a_mention_is_answered_in_a_thread_where_one_goes_on_without_one(
    at_desk: Desk,
) -> None:
    page = await at_desk.tab()
    await page.evaluate("localStorage.clear()")
    await expect(page.locator("#composer textarea")).to_be_focused()
    await page.keyboard.type("@thr")
    await page.keyboard.press("Enter")  # takes what is offered
    await expect(page.locator("#composer textarea")).to_have_value("@Threadmate ")
    await page.keyboard.type("what is 12 * 37?")
    await page.keyboard.press("Enter")
    await answered(page)
    await expect(page.locator("#replies")).to_contain_text("444")
    await expect(page.locator("#reply textarea")).to_be_focused()
    await page.keyboard.type("and what is 1 + 1?")
    await page.keyboard.press("Enter")
    await answered(page, 2)
    await page.locator("#replies .s-container >> nth=0 >> summary >> nth=0").press("Enter")
    await expect(page.locator("#replies .s-container[open]")).to_contain_text("12 * 37")
    await expect(page.locator("#replies")).to_contain_text("Offline model (threadmate-offline)")
    await expect(page.locator("#hints .done")).to_have_count(3)
    assert at_desk.complaints == []


def halfway(desk: Desk, *, anew: bool = False) -> asyncio.Event:
    """Let the next answer stop half-way until that is set; where it is asked for `anew`, it is whole then."""
    assert desk.world.openai is not None
    opened = asyncio.Event()
    desk.world.openai.queue(Script(Text(deltas=["The beginning. ", Gate(opened), "The end."])))
    if anew:
        desk.world.openai.queue(Script(Text("The beginning. The end.")))
    return opened


async def test_a_stream_is_seen_as_it_comes_and_can_be_stopped_by_keyboard(at_desk: Desk) -> None:
    page = await at_desk.tab()
    halfway(at_desk)
    await say(page, "@Threadmate go on and on")
    await expect(page.locator("#replies .s-streaming")).to_contain_text("The beginning.")
    await expect(page.locator("#messages")).to_contain_text("Threadmate is working…")
    await expect(page.locator("#reply textarea")).to_be_focused()
    await page.keyboard.press("Shift+Tab")
    await expect(page.locator("#status >> text=Stop")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator("#replies")).to_contain_text("Stopped by Ann.")
    await expect(page.locator("#status")).to_be_empty()
    await expect(page.locator("#reply textarea")).to_be_focused()


async def paste_a_picture(page: Page) -> None:
    """Have the browser's own clipboard hold one, and paste it by keyboard."""
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await page.evaluate("""async () => {
      const canvas = Object.assign(document.createElement("canvas"), { width: 2, height: 2 });
      canvas.getContext("2d").fillRect(0, 0, 2, 2);
      const picture = await new Promise((done) => canvas.toBlob(done));
      await navigator.clipboard.write([new ClipboardItem({ "image/png": picture })]);
    }""")
    await page.press("#composer textarea", "Control+v")


async def test_a_dropped_file_is_read_and_cited(at_desk: Desk) -> None:
    page = await at_desk.tab()
    await go(page, "Threadmate")
    await paste_a_picture(page)
    await expect(page.locator(".chips .file:not(.busy)")).to_have_text("image.png×")
    await page.click('[aria-label="Remove image.png"]')
    drop = """text => {
      const data = new DataTransfer();
      data.items.add(new File([text], "tea.txt", { type: "text/plain" }));
      for (const type of ["dragenter", "dragover", "drop"])
        document.querySelector("main").dispatchEvent(new DragEvent(type, { dataTransfer: data, bubbles: true }));
    }"""
    await page.evaluate(drop, "The tea kitchen closes at half past six. Green tea is on the second shelf.")
    await expect(page.locator(".chips .file:not(.busy)")).to_have_text("tea.txt×")
    await say(page, "When does the tea kitchen close?")
    await answered(page)
    await expect(page.locator("#replies")).to_contain_text("half past six")
    await expect(page.locator("#replies")).to_contain_text("Sources: tea.txt")
    async with page.expect_download() as download:
        await page.click("#messages .s-file-card >> nth=0")
    assert b"second shelf" in (await (await download.value).path()).read_bytes()


async def test_a_file_without_a_word_is_answered_by_questions_and_long_steps_by_all_details(at_desk: Desk) -> None:
    page = await at_desk.tab()
    rooms = "\n\n".join(f"Room {number} seats some. {RULES}" for number in range(1, 80))
    file: FilePayload = {"name": "rules.txt", "mimeType": "text/plain", "buffer": rooms.encode()}
    await page.set_input_files("#composer input[type=file]", [file])
    await expect(page.locator(".chips .file:not(.busy)")).to_have_text("rules.txt×")
    await say(page, "@Threadmate ")
    await page.locator("#replies button[data-action-id] >> nth=1").click()
    await expect(page.locator("#replies")).to_contain_text("Ann asks:")
    await answered(page)
    await say(page, "Which rules are there for rooms?", "#reply")
    await answered(page, 2)
    await page.locator('#replies button:text-is("All details")').last.press("Enter")
    await expect(page.locator(".veil")).to_contain_text("Room 7")
    await page.keyboard.press("Escape")
    await expect(page.locator(".veil")).to_have_count(0)
    await expect(page.locator('#replies button:text-is("All details")').last).to_be_focused()


async def test_a_thumb_down_asks_for_the_reason_and_a_changed_question_offers_another_answer(
    at_desk: Desk,
) -> None:
    page = await at_desk.tab()
    await say(page, "@Threadmate hello")
    await answered(page)
    await page.click('#replies [aria-label="Bad answer"]')
    await expect(page.locator(".veil textarea")).to_be_focused()
    await page.keyboard.type("It was too short.")
    await page.click('.veil [data-modal="submit"]')
    await expect(page.locator(".veil")).to_have_count(0)
    await page.click('#replies [aria-label="Bad answer"]')
    await page.locator(".veil textarea").press("Escape")
    await expect(page.locator(".veil")).to_have_count(0)
    await page.press("#composer textarea", "ArrowUp")
    await page.press(".editing textarea", "!")
    await page.press(".editing textarea", "Enter")
    await page.locator("#replies >> text=Dismiss message").press("Enter")
    await expect(page.locator("#replies .dismiss")).to_have_count(0)
    await expect(page.locator("#replies .item").last).to_be_focused()


async def test_a_chart_and_a_table_that_an_answer_made_are_there_to_see_and_to_download(at_desk: Desk) -> None:
    page = await at_desk.tab()
    await say(page, "@Threadmate make a chart of apples 3, pears 5, plums 2")
    picture = page.locator("#replies img")
    await expect(picture).to_be_visible()
    await page.wait_for_function("document.querySelector('#replies img').naturalWidth > 99")
    await say(page, "make a CSV of apples 3, pears 5", "#reply")
    async with page.expect_download() as download:
        await page.click("#replies .s-file-card")
    assert (await download.value).suggested_filename == "table.csv"
    assert b"pears,5" in (await (await download.value).path()).read_bytes()
    assert at_desk.complaints == []


async def test_own_messages_can_be_changed_and_taken_back_by_keyboard(at_desk: Desk) -> None:
    page = await at_desk.tab()
    await go(page, "leads")
    await say(page, "Two lnes\n& more")
    item = page.locator("#messages .item")
    await expect(item).to_contain_text("Two lnes")
    await page.press("#composer textarea", "ArrowUp")
    await expect(page.locator(".editing textarea")).to_have_value("Two lnes\n& more")
    await page.fill(".editing textarea", "Two lines\n& more")
    await page.press(".editing textarea", "Enter")
    await expect(item.locator(".s-body")).to_have_text("Two lines\n& more")
    await expect(item).to_contain_text("(edited)")
    await item.focus()
    for there in (1, 0):
        await item.locator('[aria-label="React with eyes"]').press("Enter")
        await expect(item.locator(".s-reaction")).to_have_count(there)
    await item.locator('[aria-label="More actions"]').press("Enter")
    await page.keyboard.press("ArrowUp")
    await page.keyboard.press("Enter")
    await expect(item).to_have_count(0)
    await expect(page.locator("#messages")).to_be_focused()


async def test_two_people_see_each_other_and_what_is_new(at_desk: Desk) -> None:
    ann, minji = at_desk.world.people[:2]
    first, second = await at_desk.tab(ann), await at_desk.tab(minji)
    await go(first, "leads")
    await go(second, "design")
    await second.click(".replies")
    await say(second, "네, 좋아요", "#reply")
    marked = first.locator('.place:has-text("design")')
    await expect(marked.locator(".badge")).to_have_text("1")
    await expect(first).to_have_title("(1) Threadmate playground")
    await marked.click()
    await expect(first.locator(".replies .mark")).to_be_visible()
    await first.click(".replies")
    await expect(first.locator("#replies .item").last).to_contain_text("네, 좋아요")
    await expect(first).to_have_title("Threadmate playground")
    await second.click("#who")
    await second.click('[role="menuitemradio"]:has-text("Carol")')
    await expect(second.locator(".place")).to_have_count(1)


async def test_killed_in_the_middle_of_an_answer_the_bot_finishes_it_when_it_runs_again(at_desk: Desk) -> None:
    page = await at_desk.tab(width=1600)
    await go(page, "design")
    halfway(at_desk, anew=True)
    await say(page, "@Threadmate which begins and ends?")
    await expect(page.locator("#replies .s-streaming")).to_contain_text("The beginning.")
    begun = await page.locator("#replies .item").last.get_attribute("data-ts") or ""
    await page.click("#inspect")
    await page.click('#inspector [role="tab"]:has-text("Bot")')
    await page.click('#inspector button:text-is("Kill and restart")')
    await expect(page.locator("#banner")).to_contain_text("starting")
    await go(page, "leads")
    await expect(page.locator('.place:has-text("design") .badge')).to_have_text("1", timeout=RESTART)
    await expect(page.locator("#toasts")).to_contain_text("Something new in a thread in #design.")
    await go(page, "design")
    await page.locator("#messages .replies").last.click()
    await answered(page)
    await expect(page.locator("#replies .item")).to_have_count(2)
    await expect(page.locator("#replies .item").last).to_contain_text("The beginning. The end.")
    await expect(page.locator("#replies .item").last).to_have_attribute("data-ts", begun)
    assert (await page.inner_text("#replies")).count("The beginning.") == 1
    await expect(page.locator("#status")).to_be_empty()


async def test_what_is_asked_while_the_bot_is_down_is_answered_when_it_runs_again(at_desk: Desk) -> None:
    page = await at_desk.tab()
    await page.click("#inspect")
    await page.click('#inspector [role="tab"]:has-text("Bot")')
    await page.click('#inspector button:text-is("Kill")')
    await expect(page.locator("#banner")).to_contain_text("not running")
    await page.click("#inspect")
    await say(page, "@Threadmate what is 6 * 7?")
    await page.click("#banner >> text=Start it")
    await expect(page.locator("#banner")).to_be_hidden(timeout=RESTART)
    await answered(page)
    await expect(page.locator("#replies")).to_contain_text("42")


async def test_a_shortcut_and_a_command_open_the_files_and_removing_one_is_asked_once_more(at_desk: Desk) -> None:
    page = await at_desk.tab()
    for name in ("employee-handbook.md", "orders.csv"):
        await page.click('#composer [aria-label="Attach a file"]')
        await page.click(f'.menu >> text="{name}"')
        await expect(page.locator(".chips .file:not(.busy)").last).to_contain_text(name)
    await say(page, "@Threadmate how long is parental leave?")
    await answered(page)
    question = page.locator("#messages .item").last
    await question.hover()
    await question.locator('[aria-label="More actions"]').click()
    await page.click(".menu >> text=Files in this thread")
    await expect(page.locator(".veil")).to_contain_text("orders.csv")
    await page.click('.veil .s-block:has-text("orders.csv") >> button')
    await expect(page.locator('[role="alertdialog"]')).to_contain_text("orders.csv")
    await page.keyboard.press("Escape")
    await expect(page.locator('[role="alertdialog"]')).to_have_count(0)
    await page.locator(".veil button").last.press("Escape")
    await expect(page.locator(".veil")).to_have_count(0)
    await page.fill("#composer textarea", "/thr")
    await page.press("#composer textarea", "Enter")
    await page.type("#composer textarea", "files")
    await page.press("#composer textarea", "Enter")
    await expect(page.locator(".veil")).to_contain_text("employee-handbook.md")
    await page.locator(".veil button").last.press("Escape")


async def test_a_message_is_asked_about_with_options_and_a_call_is_made_when_it_is_approved(at_desk: Desk) -> None:
    page = await at_desk.tab()
    await say(page, "The handle of 4711 is broken.")
    message = page.locator('#messages .item:has-text("The handle of 4711 is broken.")')
    await expect(message).to_be_visible()
    await message.hover()
    await message.locator('[aria-label="More actions"]').click()
    await page.click(".menu >> text=Ask with options…")
    await page.fill('.veil [aria-label="Your question"]', "Refund order 4711, reason: it is broken")
    await page.uncheck('.veil label:has-text("Run code") input')
    await page.fill('.veil [aria-label^="Extra instructions"]', "Briefly.\nPlease.")
    await page.click('.veil >> text="More options"')
    await page.fill('.veil [aria-label^="At most so many tokens"]', "900")
    await page.click('.veil [data-modal="submit"]')
    await expect(page.locator(".veil")).to_have_count(0)
    await message.get_by_role("button", name="2 replies").click()
    await expect(page.locator("#replies .s-plan .s-task-pending").last).to_be_visible()
    await page.click('#replies button:text-is("Approve")')
    await answered(page)
    await expect(page.locator("#replies")).to_contain_text(
        "Asked with: extra instructions “Briefly. Please.”, only the tools “Search files”, “Call lookup_order”, "
        "“Call refund”, max_output_tokens 900"
    )
    await expect(page.locator("#replies")).to_contain_text("24.90 EUR will be paid back for order 4711.")
    await expect(page.locator('#replies button:text-is("Approve")')).to_have_count(0)
    await page.locator("#replies .s-container >> nth=0 >> summary >> nth=0").press("Enter")
    await expect(page.locator("#replies .s-container[open]")).to_contain_text('"reason": "it is broken"')


async def test_hostile_text_is_shown_and_does_nothing(at_desk: Desk) -> None:
    world = at_desk.world
    ann, leads = world.people[0], next(one.id for one in world.slack.channels.values() if one.name == "leads")
    file = world.slack.add_file(f"{HOSTILE}.txt", b"x", ann)
    world.slack.people[world.people[1]].display_name = HOSTILE
    await world.slack.post(leads, world.people[1], HOSTILE.replace("<", "&lt;"), files=[file])
    page = await at_desk.tab()
    page.on("dialog", lambda _: at_desk.complaints.append("a script ran"))
    await go(page, "leads")
    await expect(page.locator("#messages .item").last).to_contain_text("<script>alert(2)</script>")
    await expect(page.locator("#messages img, #messages script, [href^=javascript]")).to_have_count(0)
    await page.fill("#composer textarea", "@")
    await expect(page.locator(".offer b >> nth=-1")).to_have_text(HOSTILE)
    world.slack.people[world.people[1]].display_name = "민지"
    assert at_desk.complaints == []


async def serious(page: Page, part: str | None = None) -> list[tuple[str, list[str]]]:
    """What axe finds to be serious or worse, in that part of the page or in all of it: the rule, and where."""
    found = (await Axe().run(page, part)).response["violations"]
    return [
        (one["id"], [node["target"] for node in one["nodes"]])
        for one in found
        if one["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (380, "dark")])
async def test_axe_finds_nothing_serious_and_nothing_is_cut_off(at_desk: Desk, width: int, scheme: str) -> None:
    page = await at_desk.tab(width=width)
    await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    await say(page, "@Threadmate show me a table")
    await answered(page)
    assert await serious(page) == []
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await page.click("#inspect")
    await expect(page.locator('#inspector [role="tab"]').last).to_be_in_viewport(ratio=1)
    await expect(page.locator("#who")).to_be_in_viewport(ratio=1)
    assert await page.evaluate("document.querySelector('.top').offsetWidth === innerWidth")
    await page.click('[aria-label="Close inspector"]')
    await page.fill("#reply textarea", "@")
    await expect(page.locator("#reply .offer").first).to_be_visible()
    assert await serious(page, "#reply") == []
    await page.fill("#reply textarea", "")
    await page.click('#replies [aria-label="Bad answer"]')
    await expect(page.locator(".veil textarea")).to_be_focused()
    assert await serious(page, ".veil") == []


async def test_what_happened_behind_an_answer_is_one_click_away_and_faults_and_time_can_be_tried(
    at_desk: Desk,
) -> None:
    page, slack = await at_desk.tab(width=1600), at_desk.world.slack
    await page.click("#inspect")
    await page.click('#inspector [role="tab"]:has-text("Time")')
    await page.click('[aria-label="OpenAI: error mid-answer: Arm"]')
    await page.select_option('[aria-label="Slack: 429: which method"]', "users.info")
    await page.click('[aria-label="Slack: 429: Arm"]')
    await expect(page.locator(".fault.armed")).to_have_count(2)
    await page.click('[aria-label="Slack: 429: Disarm"]')
    await say(page, "@Threadmate what is 9 * 9?")
    await page.click('#replies button:has-text("Try again")')
    await answered(page)
    await expect(page.locator("#replies")).to_contain_text("81")
    await expect(page.locator('.fault:has-text("mid-answer")')).to_contain_text("It was met")
    asked = page.locator('.entry:visible:has-text("POST /responses")')
    for index, state in ((1, "failed"), (2, "completed")):
        item = page.locator("#replies .item").nth(index)
        await item.hover()
        await item.locator('[aria-label="More actions"]').click()
        await page.click('.menu >> text="Inspect"')
        await expect(page.locator(".focus")).to_contain_text("Behind this answer")
        await expect(asked).to_have_count(1)
        await expect(asked).to_contain_text(state)
    await expect(page.locator('.entry:visible:has-text("app_mention")')).to_contain_text("acknowledged")
    await asked.locator("> summary").click()
    await expect(asked).to_contain_text("response.created")
    assert await serious(page) == []
    await page.click('#inspector [role="tab"]:has-text("Rows")')
    await expect(page.locator('#inspector [aria-label="runs"]')).to_contain_text("completed")
    await page.click('#inspector [role="tab"]:has-text("Budget")')
    await expect(page.locator("#inspect-budget")).to_contain_text("chat.startStream")
    await page.click('#inspector [role="tab"]:has-text("Time")')
    rest = halfway(at_desk)
    await say(page, "@Threadmate which begins and ends?")
    await expect(page.locator("#replies .s-streaming")).to_contain_text("The beginning.")
    await page.click('text="+1 day"')
    await expect(page.locator("#inspect-trouble")).to_contain_text("1 d ahead")
    await expect(page.locator("#replies .s-streaming")).to_have_count(0)
    rest.set()
    await answered(page)
    assert (await page.inner_text("#replies")).count("The beginning. The end.") == 1
    await page.emulate_media(color_scheme="dark")
    assert await serious(page) == []
    await go(page, "design")
    await say(page, "A day later.")
    await expect(page.locator("#messages .day").last).to_have_text("Today")
    await expect(page.locator("#messages .day").first).not_to_have_text("Today")
    assert slack.bot_token not in await page.content()
    assert at_desk.complaints == []
