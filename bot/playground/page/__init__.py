"""The page of the playground: Slack in a browser tab."""
