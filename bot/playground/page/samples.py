"""Three documents at hand, to be dropped into a conversation."""

from importlib.resources import files

NAMES = ("employee-handbook.md", "orders.csv", "출장-안내.txt")


def content(name: str) -> bytes:
    """The bytes of one of them; LookupError for any other name."""
    if name not in NAMES:
        raise LookupError(f"there is no sample {name!r}")
    return files(__package__).joinpath("samples", name).read_bytes()
