"""Every kind of reply that the program can produce, on one page."""
