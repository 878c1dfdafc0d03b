"""Asks: what a manager wants done on a deal, by whom and until when."""
