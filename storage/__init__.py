"""What Threadmate remembers, and nothing else: threads, messages, runs, replies."""
