"""The team's own functions, which the assistant may call. They import what is named here."""

from bot.functions.records import FunctionFailed, RunContext, function

__all__ = ["FunctionFailed", "RunContext", "function"]
