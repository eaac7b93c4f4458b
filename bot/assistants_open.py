"""The assistants of these settings: of their file, with its functions declared, or the one of the environment."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from bot.assistants import Assistant, Assistants
from bot.assistants_file import ReadFile, read_assistants
from bot.assistants_watch import AssistantsNow
from bot.clock import Clock
from bot.functions.declared import CannotDeclare, declare, importable_from
from bot.settings import Settings, variable


def open_assistants(settings: Settings, clock: Clock) -> AssistantsNow:
    """The assistants, to be watched. Raises SettingsError with every fault of the file."""
    return AssistantsNow(partial(assistants_of, settings), clock)


def assistants_of(settings: Settings) -> ReadFile:
    """The assistants as they are now. Imports, and so runs, the modules that the file names.

    Raises SettingsError with every fault of the file. A module that is imported already stays as it is.
    """
    if settings.assistants_file is None:
        return ReadFile(Assistants.only(settings.assistant()), frozenset())
    importable_from(Path.cwd())
    return read_assistants(settings.assistants_file, settings.openai_model, _unusable)


def _unusable(assistant: Assistant) -> Iterator[tuple[str, str]]:
    """What an entry names and this process has not got."""
    for place, chosen in enumerate(assistant.functions):
        try:
            declare(chosen.function, chosen.rules)
        except CannotDeclare as error:
            yield f"functions.{place}", str(error)
    for place, server in enumerate(assistant.mcp_servers):
        if server.authorization and variable(server.authorization) is None:
            yield f"mcp_servers.{place}.authorization", f"the variable {server.authorization} is not set"
