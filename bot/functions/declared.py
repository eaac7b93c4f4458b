"""A Python function, found by its dotted path, as a tool: its name, what it is for, what it takes."""

import importlib
import inspect
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, cast

import docstring_parser
import typing_extensions
from pydantic import ConfigDict, Field, PydanticUserError, TypeAdapter

from bot.functions.records import MARK, Rules, RunContext, Traits
from bot.functions.schema import Parameters, parameters

NAME_CHARS = 64
"""The longest name; OpenAI takes 128 characters (reference/openai-platform.md §7), compatible servers 64."""

DESCRIPTION_CHARS = 1_024
"""What a description is cut to: it is sent with every request."""


class CannotDeclare(Exception):
    """Something at that path is no function that a model can call. The text says what, and names no value."""


ACCIDENTS = (
    *(ImportError, SyntaxError, ArithmeticError, AttributeError, LookupError, NameError, OSError, RuntimeError),
    *(TypeError, ValueError),
)
"""What a module may raise while it is imported, and we put into words."""

UNSENDABLE = "a parameter has a type that no JSON can hold"


@dataclass(frozen=True, slots=True)
class Taken:
    """One parameter that the model gives."""

    annotation: Any
    about: str
    default: Any

    def field(self) -> Any:
        """It as a field of a TypedDict, which may have any name; a default is left to Python."""
        extra: Any = {"default": self.default} if isinstance(self.default, str | int | float | bool) else None
        described: Any = Annotated[
            self.annotation,
            Field(description=self.about or None, json_schema_extra=extra),
        ]
        required = self.default is inspect.Parameter.empty
        return described if required else typing_extensions.NotRequired[described]


@dataclass(frozen=True, slots=True)
class Function:
    """One function as a tool."""

    path: str
    name: str
    description: str
    takes: Parameters
    rules: Rules
    idempotent: bool
    timeout: float  # seconds
    is_async: bool
    call: Callable[..., Any] = field(repr=False)
    arguments: TypeAdapter[dict[str, Any]] = field(repr=False)
    context: str | None = None  # the parameter that takes the RunContext

    def tool(self) -> dict[str, Any]:
        """It as an entry of `tools` (reference/openai-platform.md §7: flat, not nested as in Chat Completions)."""
        return {
            "type": "function",
            "name": self.name,
            "description": self.description,
            "parameters": self.takes.schema,
            "strict": self.takes.strict,
        }

    def read(self, arguments: str, context: RunContext) -> dict[str, Any]:
        """What to call it with. Raises ValidationError where the model's JSON does not fit."""
        given = self.arguments.validate_json(_without_nulls(arguments, self.takes.nullable))
        return {**given, self.context: context} if self.context else given


def importable_from(folder: Path) -> None:
    """Let modules be found in that folder, after everything that is installed: none of ours can be replaced."""
    if (path := str(folder.resolve())) not in sys.path:
        sys.path.append(path)


def declare(path: str, rules: Rules) -> Function:
    """The function at `package.module:name`. Importing its module runs it. Raises CannotDeclare."""
    found = _find(path)
    traits: Traits = getattr(found, MARK, Traits())
    try:
        signature = inspect.signature(found, eval_str=True)
    except (NameError, TypeError, ValueError, SyntaxError, AttributeError) as error:
        raise CannotDeclare(f"{path}: its signature cannot be read ({type(error).__name__})") from error
    told = docstring_parser.parse(inspect.getdoc(found) or "")
    context, takes = _taken(path, signature, {one.arg_name: one.description or "" for one in told.params})
    adapter = _adapter(path, takes)
    about = "\n\n".join(part for part in (told.short_description, told.long_description) if part)
    if not about:
        raise CannotDeclare(f"{path}: has no docstring, by which the model would know when to call it")
    return Function(
        path=path,
        name=_name(path),
        description=about[:DESCRIPTION_CHARS],
        takes=parameters(_schema(path, adapter)),
        rules=rules,
        idempotent=traits.idempotent,
        timeout=rules.timeout or traits.timeout,
        is_async=inspect.iscoroutinefunction(found),
        call=found,
        arguments=adapter,
        context=context,
    )


def _find(path: str) -> Callable[..., Any]:
    module_name, colon, name = path.partition(":")
    if not (colon and name.isidentifier() and all(part.isidentifier() for part in module_name.split("."))):
        raise CannotDeclare(f"{path!r}: should be a dotted path such as acme.tools:lookup_order")
    try:
        module = importlib.import_module(module_name)
    except ACCIDENTS as error:
        raise CannotDeclare(f"{path}: the module cannot be imported ({type(error).__name__})") from error
    found = getattr(module, name, None)
    if found is None:
        raise CannotDeclare(f"{path}: the module has no {name}")
    if not (inspect.isfunction(found) or inspect.iscoroutinefunction(found)):
        raise CannotDeclare(f"{path}: is no function")
    return cast("Callable[..., Any]", found)


def _name(path: str) -> str:
    name = path.rpartition(":")[2]
    if len(name) > NAME_CHARS or not name.isascii():
        raise CannotDeclare(f"{path}: a name should be at most {NAME_CHARS} characters from a-z, A-Z, 0-9 and _")
    return name


def _taken(
    path: str, signature: inspect.Signature, told: Mapping[str, str]
) -> tuple[str | None, dict[str, Taken]]:
    """The parameter for the context, and the model's parameters."""
    context: str | None = None
    takes: dict[str, Taken] = {}
    for parameter in signature.parameters.values():
        if parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
            raise CannotDeclare(f"{path}: takes {parameter}, which has no name that a model could give")
        if parameter.annotation is parameter.empty:
            raise CannotDeclare(f"{path}: its parameter {parameter.name} has no type")
        if parameter.annotation is RunContext:
            context = parameter.name
        else:
            about = told.get(parameter.name, "")
            takes[parameter.name] = Taken(parameter.annotation, about, parameter.default)
    return context, takes


def _adapter(path: str, takes: Mapping[str, Taken]) -> TypeAdapter[dict[str, Any]]:
    """What checks a call's arguments, and leaves out what was not given, so that Python's defaults hold."""
    fields = {name: taken.field() for name, taken in takes.items()}
    shape = typing_extensions.TypedDict("arguments", fields)  # type: ignore[misc]  # made at run time
    shape.__pydantic_config__ = ConfigDict(extra="forbid")  # type: ignore[attr-defined]
    try:
        return TypeAdapter[dict[str, Any]](shape)  # type: ignore[arg-type]
    except (PydanticUserError, TypeError, NameError) as error:
        raise CannotDeclare(f"{path}: {UNSENDABLE}") from error


def _schema(path: str, adapter: TypeAdapter[dict[str, Any]]) -> Mapping[str, Any]:
    try:
        return adapter.json_schema()
    except PydanticUserError as error:
        raise CannotDeclare(f"{path}: {UNSENDABLE}") from error


def _without_nulls(arguments: str, nullable: frozenset[str]) -> str:
    """The same JSON without the nulls that mean: not given. What is no JSON stays, and is refused later."""
    try:
        given = json.loads(arguments)
    except (ValueError, RecursionError):
        return arguments
    if not isinstance(given, dict):
        return arguments
    return json.dumps({name: value for name, value in given.items() if value is not None or name not in nullable})
