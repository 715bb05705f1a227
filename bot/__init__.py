"""People: the Slack app, the `siem` command line, the dashboard and the local workspace."""
