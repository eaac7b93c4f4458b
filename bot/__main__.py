"""`python -m bot`: the command, where it is not on the path."""

from bot.cli import main

main(prog_name="threadmate")
