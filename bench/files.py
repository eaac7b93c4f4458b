"""Measures files: a 100-page PDF from post to ready, and the bot's memory while a large file passes through it."""

import asyncio
import io
import json
import tempfile
from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from pathlib import Path
from typing import Any

from pypdf import PdfWriter
from reportlab.pdfgen.canvas import Canvas

from bench.answer import SETTLED
from bench.between import Between
from bench.files_report import Document, Passage, file_figures
from bench.processes import Child, python
from bot.playground.openai.script import FileSearch, Script, Text, Turn

QUESTION = "which rule holds?"
SENTENCE = "Rule {page}.{line} of edition {edition} holds for everybody who has read it to its end."
LINES = 40  # of a page
MB = 1_000_000
OPENED = 33  # MB of the largest PDF in which the pages are counted, which is read whole for that
SMALL = 1  # MB of the file that the large one is compared with
CHUNK = b"\xb1\xe8\xc3\xb6\xbc\xf6,25,1.5\r\n" * 1000  # lines of a table in EUC-KR: a name, two numbers
PATIENCE = 120.0  # seconds until one file is given up


class FilesBench(Between):
    """Somebody who drops files."""

    def __init__(self, pages: int, indexing: float) -> None:
        super().__init__(_answer)
        self.openai.stores.indexing_seconds = indexing
        self._indexing = indexing
        self._pages = pages
        self._editions = 0
        self._ann = self.slack.add_person("Ann Lee")
        self._general = self.slack.add_channel("general", members=(self._ann,))

    def bot(self, folder: Path) -> AbstractAsyncContextManager[Child]:
        """The command; it may run code, so that tables have somewhere to go."""
        return self.command(folder, ASSISTANT_TOOLS="code_interpreter", TMPDIR=str(folder))

    def for_the_bare(self) -> str:
        """The first line for `bench.files_bare`."""
        given = {
            "openai": {"base_url": self.openai.base_url, "api_key": self.openai.api_key},
            "token": self.slack.bot_token,
        }
        return json.dumps(given)

    def handbook(self) -> dict[str, Any]:
        """A PDF of so many full pages, unlike any before."""
        self._editions += 1
        made = io.BytesIO()
        canvas = Canvas(made)
        for page in range(1, self._pages + 1):
            for line in range(LINES):
                text = SENTENCE.format(page=page, line=line, edition=self._editions)
                canvas.drawString(60, 790 - 18 * line, text)
            canvas.showPage()
        canvas.save()
        return dict(self.slack.add_file(f"handbook {self._editions}.pdf", made.getvalue(), self._ann))

    async def document(self, bot: Child, bare: Child) -> Document:
        """Post a PDF with a question and wait for the whole answer; let the bare SDKs take the same one in."""
        file = self.handbook()
        cpu, creates, calls = bot.cpu_ms(), len(self.openai.creates), len(self.slack.calls)
        posted = self.clock.time()
        await self._asked(file)
        ready = next(one.at for one in self.openai.requests if one.path == "/responses" and one.at > posted)
        shown = next(call.at for call in self.slack.calls[calls:] if call.method == "chat.startStream")
        spent, before = bot.cpu_ms() - cpu, bare.cpu_ms()
        took = float(await bare.ask(json.dumps({"url": file["url_private_download"], "name": file["name"]})))
        return Document(
            ready_ms=(ready - posted - self._indexing) * 1000,
            first_text_ms=(shown - posted - self._indexing) * 1000,
            bare_ready_ms=took - self._indexing * 1000,
            cpu_ms=spent,
            bare_cpu_ms=bare.cpu_ms() - before,
            searched=len(self.openai.creates) == creates + 1 and self._found(str(file["name"])),
        )

    def _found(self, name: str) -> bool:
        """Whether the newest answer was searched in that very file."""
        return name in json.dumps(list(self.openai.responses.values())[-1]["output"])

    async def passing(self, bot: Child, kind: str, size: int, folder: Path) -> Passage:
        """Post a file of that many MB, and measure the peak until it is at OpenAI and answered."""
        path = folder / f"{size} MB.{kind}"
        _write(path, kind, size * MB)
        self._editions += 1
        file = self.slack.add_file(f"table {self._editions}.{kind}", path, self._ann)
        await asyncio.sleep(SETTLED)
        bot.forget_peak()
        before, began = bot.memory_mib()[0], self.clock.monotonic()
        await self._asked(dict(file))
        took = self.clock.monotonic() - began
        peak = bot.memory_mib()[1]
        path.unlink()
        uploaded = [one.size for one in self.openai.files.values() if one.filename == file["name"]]
        return Passage(kind, size, uploaded[-1] if uploaded else 0, took, before, peak)

    async def _asked(self, file: dict[str, Any]) -> None:
        said = f"<@{self.slack.bot_user}> {QUESTION}"
        ts = await self.slack.post(self._general, self._ann, said, files=[file], subtype="file_share")
        await self.slack.until(lambda: self._is_answered(ts), PATIENCE)
        await asyncio.sleep(SETTLED)

    def _is_answered(self, ts: str) -> bool:
        replies = self.slack.replies(self._general, ts)
        under_way = self.slack.working() or self.slack.unacknowledged
        return bool(replies) and not any(reply.streaming for reply in replies) and not under_way


def _answer(turn: Turn) -> Script:
    """The model searches where it can, and answers at once."""
    searches = any(tool["type"] == "file_search" for tool in turn.body.get("tools") or ())
    return Script(*([FileSearch([QUESTION])] if searches else []), Text("The one on page 7."))


def _write(path: Path, kind: str, size: int) -> None:
    """A PDF of one page with something large attached to it; or a table in EUC-KR, which is converted."""
    if kind == "pdf":
        writer = PdfWriter()
        writer.add_blank_page(200, 200)
        writer.add_attachment("film.bin", bytes(size - MB // 10))
        writer.write(path)
        return
    with path.open("wb") as file:
        for _ in range(size // len(CHUNK)):
            file.write(CHUNK)


async def measure_files(documents: int, pages: int, indexing: float, megabytes: int) -> dict[str, Any]:
    """Measure that many PDFs, and the memory while large files of two kinds pass; the first PDF is not counted."""
    bench = FilesBench(pages, indexing)
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        await stack.enter_async_context(bench.slack.serve())
        await stack.enter_async_context(bench.openai.serve())
        bot = await stack.enter_async_context(bench.bot(folder))
        await bot.ask("")  # it says that it is ready
        bare = await stack.enter_async_context(python("-m", "bench.files_bare", folder=folder))
        await bare.ask(bench.for_the_bare())
        await asyncio.sleep(SETTLED)
        idle, _ = bot.memory_mib()
        await bench.document(bot, bare)
        measured = [await bench.document(bot, bare) for _ in range(documents)]
        passages = [await bench.passing(bot, kind, size, folder) for kind, size in _passing(megabytes)]
    sizes = {"documents": documents, "pages": pages, "indexing_seconds": indexing, "megabytes": megabytes}
    return file_figures(sizes, measured, passages, idle)


def _passing(megabytes: int) -> Iterable[tuple[str, int]]:
    """What passes: the first of each kind brings in what is imported only then. PDFs up to 32 MiB are opened."""
    opened = min(OPENED, megabytes)
    return [
        *(("pdf", size) for size in (SMALL, SMALL, opened, megabytes)),
        *(("csv", size) for size in (SMALL, SMALL, megabytes)),
    ]
