"""Threadmate: an OpenAI assistant that lives in Slack threads."""
