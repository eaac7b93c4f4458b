"""What one run is asked to do otherwise than its assistant does: chosen with the question, kept with it. Pure."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from bot import setting_words as words
from bot.assistants import Assistant, ResponseFormat
from bot.reply.findings import one_line

SHOWN_CHARS = 200
"""Characters that a description quotes of a text at most."""

SERVER = "mcp:"
"""What the names of servers begin with among those of tools."""

Text = Annotated[str, StringConstraints(min_length=1)]


class AdditionalMessage(BaseModel):
    """Something said before the question, by the person or, as they have it, by the assistant."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    role: Literal["user", "assistant"] = "user"
    content: Text


class Overrides(BaseModel):
    """What holds for one run only. None, or nothing in it: as it would be otherwise.

    The names are those of the Assistants API's runs, but for `assistant`, a key, and `about`: Slack's ts of the
    message that the question is about, which the model gets however old it is. Of the assistant's tools it keeps
    those that `tools` names (see `tool_names`): a run gets none that its assistant has not.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    assistant: Text | None = None
    model: Text | None = None
    instructions: Text | None = None
    additional_instructions: Text | None = None
    additional_messages: tuple[AdditionalMessage, ...] = ()
    tools: tuple[str, ...] | None = None
    tool_choice: Literal["auto", "required", "none"] | None = None
    temperature: float | None = Field(default=None, ge=0, le=2)
    top_p: float | None = Field(default=None, ge=0, le=1)
    max_output_tokens: int | None = Field(default=None, ge=16)
    truncation: Literal["auto", "disabled"] | None = None
    response_format: ResponseFormat | None = None
    about: str | None = None

    @classmethod
    def of(cls, kept: Mapping[str, Any] | None) -> Self:
        """Those that were kept; none where nothing was, or what this version cannot read."""
        try:
            return cls.model_validate(kept or {})
        except ValueError:
            return cls()

    def written(self) -> dict[str, Any] | None:
        """What is kept of them; None where nothing is otherwise."""
        return self.model_dump(mode="json", by_alias=True, exclude_defaults=True) or None

    def applied_to(self, assistant: Assistant) -> Assistant:
        """The assistant as it answers this run. Applying them once more changes nothing.

        What is added to the instructions is no part of it: `Turn.additional_instructions` carries that.
        """
        names = ("model", "instructions", "temperature", "top_p", "max_output_tokens", "response_format")
        given = {name: value for name in names if (value := getattr(self, name)) is not None}
        chosen = assistant.model_copy(update=given)
        return chosen if self.tools is None else _with_tools(chosen, frozenset(self.tools))

    def line(self) -> str:
        """What is otherwise, in one line for people; empty where nothing is."""
        told = ", ".join(self._told())
        return words.ASKED_WITH.format(what=told) if told else ""

    def _told(self) -> Iterator[str]:
        if self.assistant:
            yield words.WITH_ASSISTANT.format(name=self.assistant)
        if self.model:
            yield words.WITH_MODEL.format(name=self.model)
        if self.instructions:
            yield words.WITH_INSTRUCTIONS.format(text=_cut(self.instructions))
        if self.additional_instructions:
            yield words.WITH_EXTRA.format(text=_cut(self.additional_instructions))
        if self.additional_messages:
            yield words.WITH_MESSAGES.format(count=len(self.additional_messages))
        if self.tools is not None:
            named = ", ".join(words.TOOL_QUOTED.format(name=_cut(tool_label(one))) for one in self.tools)
            yield words.WITH_TOOLS.format(names=named) if self.tools else words.WITH_NO_TOOLS
        yield from self._figures()

    def _figures(self) -> Iterator[str]:
        for name in ("tool_choice", "temperature", "top_p", "max_output_tokens", "truncation"):
            if (value := getattr(self, name)) is not None:
                yield f"{name} {value}"
        if self.response_format is not None:
            yield f"response_format {self.response_format.type}"


def tool_names(assistant: Assistant) -> tuple[str, ...]:
    """What can be switched off for one run: tools, functions by their paths, servers by their labels."""
    functions = (chosen.function for chosen in assistant.functions)
    return (*assistant.tools, *functions, *(f"{SERVER}{server.server_label}" for server in assistant.mcp_servers))


def tool_label(name: str) -> str:
    """One of the `tool_names`, as people read it."""
    if name.startswith(SERVER):
        return words.TOOL_SERVER.format(label=name.removeprefix(SERVER))
    if ":" in name:
        return words.TOOL_FUNCTION.format(name=name.rpartition(":")[2])
    return words.TOOL_NAMES.get(name, name)


def besides(*instructions: str | None) -> str | None:
    """What an assistant is told besides its own instructions, as one text; None where it is nothing."""
    return "\n\n".join(one for one in instructions if one) or None


def _with_tools(assistant: Assistant, names: frozenset[str]) -> Assistant:
    return assistant.model_copy(
        update={
            "tools": tuple(tool for tool in assistant.tools if tool in names),
            "functions": tuple(one for one in assistant.functions if one.function in names),
            "mcp_servers": tuple(one for one in assistant.mcp_servers if f"{SERVER}{one.server_label}" in names),
        }
    )


def _cut(text: str) -> str:
    return one_line(text, SHOWN_CHARS)
