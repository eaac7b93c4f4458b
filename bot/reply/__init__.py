"""The Slack side of an answer."""
