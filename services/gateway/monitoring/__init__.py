"""Watching the models: what came of what they said, whether their inputs moved, three lights, alerts, shadow mode."""
