"""What answering takes, the same for every run."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.asking import Library
from bot.assistant.engine import Engine
from bot.borders import Borders
from bot.choice import Choice
from bot.clock import Clock
from bot.functions.offered import Functions
from bot.metrics import Metrics
from bot.people import People
from bot.workspaces import Workspaces
from storage.store import Store


@dataclass(frozen=True, slots=True)
class Desk:
    """What answering takes, the same for every run."""

    workspaces: Workspaces
    people: Mapping[str, People]  # by team
    store: Store
    engine: Engine
    choice: Choice
    functions: Functions
    library: Library
    clock: Clock
    run_timeout: float  # seconds
    runs_per_person_hour: int
    catch_up_messages: int
    borders: Borders
    metrics: Metrics
