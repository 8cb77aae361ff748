"""The `tuloy` command: words and screens, no rules."""
