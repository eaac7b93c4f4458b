"""The functions that an assistant may call: found when first wanted; and what holds for all calls."""

import logging
from collections.abc import Mapping

from bot.assistants import Assistant, ChosenFunction
from bot.functions.calling import Caller
from bot.functions.declared import CannotDeclare, Function, declare

log = logging.getLogger(__name__)

DAY = 86_400.0  # seconds


class Functions:
    """The team's functions. Their modules are imported once; another version of them needs another process."""

    def __init__(self, caller: Caller, *, max_rounds: int = 12, approval_timeout: float = DAY) -> None:
        """`max_rounds`: of calls in one answer. `approval_timeout`: seconds that people have to decide."""
        self.caller = caller
        self.max_rounds = max_rounds
        self.approval_timeout = approval_timeout
        self._declared: dict[ChosenFunction, Function] = {}

    def of(self, assistant: Assistant) -> Mapping[str, Function]:
        """An assistant's functions, by their names. What cannot be found any more is left out, which is logged."""
        found = (self._find(chosen) for chosen in assistant.functions)
        return {function.name: function for function in found if function is not None}

    def _find(self, chosen: ChosenFunction) -> Function | None:
        if chosen not in self._declared:
            try:
                self._declared[chosen] = declare(chosen.function, chosen.rules)
            except CannotDeclare as error:
                log.warning("a function cannot be offered", extra={"detail": str(error)})
                return None
        return self._declared[chosen]
