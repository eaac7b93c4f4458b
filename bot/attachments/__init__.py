"""People's files: from a message to the model, to the thread that may find them, and away again."""
