"""What lasts: workflows and activities, collectors, the HTTP API, settings, evidence. Does not know Slack."""
