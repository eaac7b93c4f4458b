"""Recordings turned into text: what a test says was heard, or an honest sentence."""

from dataclasses import dataclass, field

from bot.playground.openai.calls import Content
from bot.playground.openai.context import count_text
from bot.playground.openai.errors import ApiError, invalid, model_not_found
from bot.playground.openai.extraction import extension_of
from bot.playground.openai.file_schema import numbered, transcription_body
from bot.playground.openai.schema import missing, wrong_value
from bot.playground.openai.script import Json
from bot.playground.openai.uploads import Upload

MAX_BYTES = 26_214_400  # of a recording; reference/openai-platform.md §6
FORMATS = ["flac", "m4a", "mp3", "mp4", "mpeg", "mpga", "oga", "ogg", "wav", "webm"]
"""As the refusal lists them; reference/openai-platform.md §6 has the same without `oga`."""

CURRENT = "gpt-transcribe"
OLD = ("whisper-1", "gpt-4o-transcribe", "gpt-4o-mini-transcribe", "gpt-4o-transcribe-diarize")
ANSWERS = {"whisper-1": ("json", "text"), CURRENT: ("json", "text")}
ONLY_CURRENT = ("languages", "keywords")  # openai 3.54, types/audio/transcription_create_params.py


@dataclass(slots=True)
class Recordings:
    """What was said in which recording, by its file name, and what was sent to be transcribed."""

    said: dict[str, str] = field(default_factory=dict)
    heard: list[str] = field(default_factory=list)

    def transcribe(self, fields: Json, upload: Upload | None) -> Json | Content:
        """`POST /audio/transcriptions`."""
        body = numbered(fields, "temperature")
        transcription_body(body, "")
        _known(body)
        if upload is None:
            raise missing("file")
        if extension_of(upload.filename) not in FORMATS:  # the sentence is that of many bug reports
            raise invalid(f"Invalid file format. Supported formats: {FORMATS}", "file")
        if upload.size == 0:
            message = "Audio file is too short. Minimum audio length is 0.1 seconds."
            raise invalid(message, "file", "audio_too_short")
        self.heard.append(upload.filename)
        text = self.said.get(upload.filename, _confession(upload))
        if body.get("response_format") == "text":
            return Content(f"{text}\n".encode(), "text/plain; charset=utf-8")
        return _answer(body["model"], text)


def _known(body: Json) -> None:
    """Refuse unknown models, and what a model does not take."""
    model = body["model"]
    if model != CURRENT and model not in OLD:
        raise model_not_found(model)
    asked = body.get("response_format", "json")
    answers = ANSWERS.get(model, ("json",))
    if asked not in answers:
        raise wrong_value("response_format", asked, answers)
    for param in ONLY_CURRENT:
        if param in body and model != CURRENT:
            raise ApiError(400, f"Unsupported parameter: '{param}' is not supported with this model.", param=param)


def _confession(upload: Upload) -> str:
    return f"This is a recording of {upload.size} bytes, and I am a script that cannot hear."


def _answer(model: str, text: str) -> Json:
    """The transcription (openai 3.54, types/audio/transcription.py)."""
    written = count_text(text)
    counted = {"input_tokens": 1, "output_tokens": written, "total_tokens": written + 1}
    answer: Json = {"text": text, "usage": {"type": "tokens", **counted}}
    return answer | ({"languages": [{"code": "en"}]} if model == CURRENT else {})
