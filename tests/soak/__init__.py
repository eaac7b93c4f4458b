"""Half an hour of a busy workspace in which everything breaks, and what must be so at its end."""
