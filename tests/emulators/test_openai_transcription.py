"""Recordings sent to the emulated API to be transcribed."""

from typing import Any

import openai as sdk
import pytest

from bot.playground.openai.transcription import FORMATS
from tests.emulators.openai_api import Peer, connected


async def heard(peer: Peer, name: str = "clip.m4a", data: bytes = b"sound", **options: Any) -> Any:
    about = {"model": "gpt-transcribe", **options}
    return await peer.client.audio.transcriptions.create(file=(name, data, "audio/mp4"), **about)


async def test_a_recording_becomes_what_the_test_says_or_an_honest_sentence() -> None:
    """openai 3.54, types/audio/transcription.py."""
    async with connected() as peer:
        peer.openai.transcripts["clip.m4a"] = "Bring the contract."
        answer = await heard(peer, languages=["en", "ko"], keywords=["contract"], prompt="A meeting")
        assert (answer.text, answer.languages[0].code) == ("Bring the contract.", "en")
        assert await heard(peer, response_format="text") == "Bring the contract.\n"
        other = await heard(peer, "other.ogg")
        assert other.text == "This is a recording of 5 bytes, and I am a script that cannot hear."
        assert (await heard(peer, "other.ogg")) == other
        assert peer.openai.transcribed == ["clip.m4a", "clip.m4a", "other.ogg", "other.ogg"]
        assert peer.openai.files == {}
        fields = peer.openai.requests[0].body
        assert (fields["languages"], fields["file"]["filename"]) == (["en", "ko"], "clip.m4a")


@pytest.mark.parametrize("extension", FORMATS)
async def test_these_formats_are_taken(extension: str) -> None:
    """reference/openai-platform.md §6."""
    async with connected() as peer:
        assert (await heard(peer, f"clip.{extension.upper()}")).text


REFUSED: dict[str, tuple[dict[str, Any], int]] = {
    "a name without an extension (§6)": ({"name": "clip"}, 400),
    "another format (§6)": ({"name": "clip.amr"}, 400),
    "silence": ({"data": b""}, 400),
    "more than 25 MB (§6)": ({"data": b"x" * 26_214_401}, 413),
    "an unknown model": ({"model": "gpt-hears"}, 404),
    "subtitles, which the model does not make": ({"response_format": "srt"}, 400),
    "keywords for an old model (types/audio)": ({"model": "whisper-1", "keywords": ["a"]}, 400),
    "an unknown field": ({"extra_body": {"speed": "2"}}, 400),
}


@pytest.mark.parametrize(("options", "status"), REFUSED.values(), ids=REFUSED.keys())
async def test_what_cannot_be_transcribed_is_refused(options: dict[str, Any], status: int) -> None:
    async with connected() as peer:
        with pytest.raises(sdk.APIStatusError) as refused:
            await heard(peer, **options)
        assert peer.openai.transcribed == []
    assert refused.value.status_code == status
