"""The sample company: a simulator whose truth is known."""
