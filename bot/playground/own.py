"""A team's own assistants, tried out in the playground: their file, and what the emulators must know of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from bot.assistants_file import read_assistants
from bot.settings import named_variables


@dataclass(frozen=True, slots=True)
class OwnAssistants:
    """A file of assistants, as it is at the start.

    `modules` is the folder in which the functions' modules are found. `variables` are those of the environment
    that the file names: nothing else of it is given to the bot.
    """

    file: Path
    modules: Path
    models: frozenset[str]
    vector_stores: frozenset[str]
    variables: Mapping[str, str]

    @classmethod
    def read(cls, file: Path, modules: Path, default_model: str, environ: Mapping[str, str] | None = None) -> Self:
        """Read the file; no function is imported. Raises SettingsError with every fault."""
        assistants = read_assistants(file, default_model).assistants.by_key.values()
        named = {server.authorization for one in assistants for server in one.mcp_servers}
        return cls(
            file.resolve(),
            modules.resolve(),
            frozenset(one.model for one in assistants),
            frozenset(store for one in assistants for store in one.vector_store_ids),
            named_variables(filter(None, named), environ),
        )
