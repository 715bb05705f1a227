"""The Slack app: what people see and click, and what the workflows have said to them."""
