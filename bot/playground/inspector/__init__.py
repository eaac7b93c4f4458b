"""What happened behind the page: the emulators' traffic, the bot's rows, time, faults."""
