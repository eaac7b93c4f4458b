"""The OpenAI side: the engine, in our words."""
