"""Functions that are called in the scenes: they do nothing but answer."""

from bot.functions import FunctionFailed


def lookup_order(number: int) -> dict[str, str | int]:
    """Look up an order of the shop.

    Args:
        number: the order's number, as on the bill

    """
    if number != 4711:
        raise FunctionFailed(f"There is no order {number}.")
    return {"number": number, "item": "Teapot, blue", "price": "24.90"}


def refund(number: int, reason: str = "") -> str:
    """Pay an order back to the customer.

    Args:
        number: the order's number, as on the bill
        reason: why, in a few words, for the books

    """
    return f"24.90 EUR will be paid back for order {number}: {reason}."


def list_terms() -> list[str]:
    """List the shop's terms, all of them."""
    return [f"Term {number}: what is bought is the buyer's, and can be returned." for number in range(1, 160)]
