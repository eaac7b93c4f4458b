"""An emulated OpenAI API: Conversations, Responses and Models, as strict as the real one."""

from bot.playground.openai.emulated import EmulatedOpenAI

__all__ = ["EmulatedOpenAI"]
