"""An example of a team's own functions: a shop's orders, one function that looks and one that pays back."""
