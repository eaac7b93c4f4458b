"""The models that the emulated API offers."""

from dataclasses import dataclass

ALL_EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
FROM_LOW = ALL_EFFORTS[2:]
CREATED = 1_789_000_000  # seconds since the epoch; any moment will do


@dataclass(frozen=True, slots=True)
class Model:
    """A model and what it accepts. Without efforts it is not a reasoning model."""

    id: str
    efforts: tuple[str, ...] = ALL_EFFORTS
    context_window: int = 1_050_000  # tokens, for all current models (reference/openai-platform.md §8.1)
    shutdown_date: str | None = None
    background: bool = True  # whether it may be asked in the background

    def body(self) -> dict[str, object]:
        """The model object (openai 3.54, types/model.py)."""
        about = {"created": CREATED, "owned_by": "system", "shutdown_date": self.shutdown_date}
        return {"id": self.id, "object": "model", **about}


def current_models() -> dict[str, Model]:
    """The models of reference/openai-platform.md §8.1, and an old one, of §8.2, that takes a temperature."""
    models = [
        Model("gpt-6.2-sol", FROM_LOW),
        Model("gpt-6.2-astra", FROM_LOW),
        Model("gpt-6.1-terra"),
        Model("gpt-6-luna"),
        Model("gpt-6.1-sol", FROM_LOW),
        Model("gpt-5.6-sol"),
        Model("gpt-5.6-terra"),
        Model("gpt-5.6-luna"),
        Model("gpt-5.6"),
        Model("gpt-4.1", (), shutdown_date="2027-01-14"),
    ]
    return {model.id: model for model in models}
