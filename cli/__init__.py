"""The `dealcast` command."""
