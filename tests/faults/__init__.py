"""What people see when the lines to Slack and OpenAI break."""
