"""What `threadmate check` asks OpenAI, and what it says of the answers."""

from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from bot.assistant.calls import Json
from bot.assistant.engine import Engine
from bot.errors import (
    AssistantBusy,
    AssistantError,
    AssistantRefused,
    AssistantUnavailable,
    KeyRejected,
    MemoryLost,
    ModelUnavailable,
    OutcomeUnknown,
    OutOfQuota,
    ParameterRejected,
)

KEYS = "https://platform.openai.com/api-keys"
MODELS = "https://developers.openai.com/api/docs/models"
BILLING = "https://platform.openai.com/settings/organization/billing"

FEWEST_TOKENS = 16
"""The least `max_output_tokens` that is accepted (reference/openai-platform.md §1.2)."""

KEY, MODEL, CONVERSATIONS, RESPONSES = "OpenAI key", "OpenAI model", "Conversations", "Responses"
BACKGROUND = "Background mode"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the check. `unreachable`: nobody answered, so it is not known whether it is right."""

    name: str
    ok: bool
    text: str
    warn: bool = False
    unreachable: bool = False


async def probe(
    engine: Engine, model: str, *, cheap: bool = False, background: bool = False, named_by: str = "OPENAI_MODEL"
) -> tuple[Finding, ...]:
    """Key and model; unless cheap, also whether Conversations and Responses answer, for a few tokens.

    And whether the latter are taken in the `background`. What a failure makes pointless to ask is not asked.
    `named_by`: where people say which model it is.
    """
    findings = await _key_and_model(engine, model, named_by)
    if cheap or not all(finding.ok for finding in findings):
        return findings
    found = findings + await _conversation(engine, model)
    if not background or not all(finding.ok for finding in found):
        return found
    return (*found, await _background(engine, model))


async def _key_and_model(engine: Engine, model: str, named_by: str) -> tuple[Finding, ...]:
    try:
        found = await engine.calls.ask(partial(engine.client.models.with_raw_response.retrieve, model))
    except KeyRejected as refusal:
        return (Finding(KEY, ok=False, text=in_words(refusal)),)
    except ModelUnavailable:
        text = f"{model} does not exist, or not for this key. Set {named_by} to one of {MODELS}"
        return _accepted(), Finding(MODEL, ok=False, text=text)
    except (AssistantUnavailable, OutcomeUnknown, AssistantBusy) as silence:
        return (Finding(KEY, ok=False, text=f"not checked: {in_words(silence)}", unreachable=True),)
    except AssistantError as refusal:
        return (Finding(KEY, ok=False, text=in_words(refusal)),)
    return _accepted(), _model(model, found)


def _accepted() -> Finding:
    return Finding(KEY, ok=True, text="accepted")


def _model(model: str, found: Json) -> Finding:
    """Models have a date of shutdown once it is announced (openai 3.54, types/model.py)."""
    date = found.get("shutdown_date")
    if date:
        return Finding(MODEL, ok=True, text=f"{model} shuts down on {date}. Choose another: {MODELS}", warn=True)
    return Finding(MODEL, ok=True, text=model)


async def _conversation(engine: Engine, model: str) -> tuple[Finding, ...]:
    try:
        memory = await engine.open()
    except AssistantError as refusal:
        return (Finding(CONVERSATIONS, ok=False, text=_without_conversations(refusal)),)
    answered = await _response(engine, model, memory)
    try:
        await engine.forget(memory)
    except AssistantError as refusal:
        text = f"one was created but could not be deleted. {in_words(refusal)}"
        return Finding(CONVERSATIONS, ok=False, text=text), answered
    return Finding(CONVERSATIONS, ok=True, text="created and deleted"), answered


def _without_conversations(refusal: AssistantError) -> str:
    if isinstance(refusal, AssistantRefused) and not isinstance(refusal, KNOWN):
        return (
            "this server does not offer the Conversations API, without which there is no memory. "
            "Set OPENAI_BASE_URL to a server with both Responses and Conversations, or leave it empty for OpenAI."
        )
    return in_words(refusal)


async def _response(engine: Engine, model: str, memory: str) -> Finding:
    create: Any = engine.client.responses.with_raw_response.create
    request = partial(
        create, model=model, conversation=memory, input="Say hello.", max_output_tokens=FEWEST_TOKENS
    )
    try:
        response = await engine.calls.ask(request)
    except MemoryLost:
        text = "this server's Responses do not know its Conversations. Choose another server in OPENAI_BASE_URL."
        return Finding(RESPONSES, ok=False, text=text)
    except AssistantError as refusal:
        return Finding(RESPONSES, ok=False, text=in_words(refusal))
    status = response.get("status")
    if status == "failed":
        return Finding(RESPONSES, ok=False, text=f"{model} failed to answer. Try again, or choose another model.")
    return Finding(RESPONSES, ok=True, text=f"answered by {model}")


async def _background(engine: Engine, model: str) -> Finding:
    """Begun, cancelled and deleted at once."""
    create: Any = engine.client.responses.with_raw_response.create
    tokens: Any = {"max_output_tokens": FEWEST_TOKENS, "background": True, "store": True}
    try:
        response = await engine.calls.ask(partial(create, model=model, input="Say hello.", **tokens))
        await engine.stop(str(response.get("id")))
    except ParameterRejected:
        text = f"{model} does not take OPENAI_BACKGROUND: answers are asked for without it."
        return Finding(BACKGROUND, ok=True, text=text, warn=True)
    except AssistantError as refusal:
        return Finding(
            BACKGROUND, ok=False, text=f"{in_words(refusal)} Set OPENAI_BACKGROUND=false, or try again."
        )
    with suppress(AssistantError):  # it is deleted by itself some day
        await engine.forget_details(str(response.get("id")))
    if not response.get("background"):
        text = "this server passes over OPENAI_BACKGROUND: answers end with their connection."
        return Finding(BACKGROUND, ok=True, text=text, warn=True)
    return Finding(BACKGROUND, ok=True, text=f"begun and cancelled by {model}")


KNOWN = (KeyRejected, OutOfQuota, AssistantBusy, AssistantUnavailable, ModelUnavailable)
"""Refusals that say something else than that there is no such thing."""


def in_words(refusal: AssistantError) -> str:
    """What is wrong and what to do, with nothing in it that the server said."""
    match refusal:
        case KeyRejected():
            return f"refused. Put a key with access to this project into OPENAI_API_KEY: {KEYS}"
        case OutOfQuota():
            return f"the account has no credit left: {BILLING}"
        case AssistantBusy():
            return "too many requests for this account right now. Try again in a minute."
        case AssistantUnavailable() | OutcomeUnknown():
            return "no answer. Look at OPENAI_BASE_URL and the network, or try again in a minute."
        case _:
            return f"the request was refused ({type(refusal).__name__})."
