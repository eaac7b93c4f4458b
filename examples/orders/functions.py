"""Two functions: `lookup_order` only reads, `refund` moves money and is asked about before."""

from decimal import Decimal

from pydantic import BaseModel

from bot.functions import FunctionFailed, RunContext, function


class Order(BaseModel):
    """An order as the model reads it."""

    number: int
    item: str
    price: Decimal


ORDERS = {
    4711: Order(number=4711, item="Teapot, blue", price=Decimal("24.90")),
    4712: Order(number=4712, item="Six cups", price=Decimal("36.00")),
}


def lookup_order(number: int) -> Order:
    """Look up an order of the shop.

    Args:
        number: the order's number, as on the bill
    """
    if number not in ORDERS:
        raise FunctionFailed(f"There is no order {number}.")
    return ORDERS[number]


@function(idempotent=True, timeout=10)
def refund(context: RunContext, number: int, reason: str = "") -> str:
    """Pay an order back to the customer.

    Args:
        number: the order's number, as on the bill
        reason: why, in a few words, for the books
    """
    order = lookup_order(number)
    # A real one tells the bank `context.call_id` as the key under which this is done once, and who asked for it.
    return f"{order.price} EUR will be paid back for order {number}."
