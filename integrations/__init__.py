"""The outside world: OpenSearch and one vertical per vendor. Knows neither Temporal nor Slack."""
