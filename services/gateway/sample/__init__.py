"""Removing the sample company from a workspace."""
