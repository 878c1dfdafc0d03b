"""Hindsight: past quarters as they were forecast, or would have been, beside what came."""
