"""Sales figures, each defined once."""
