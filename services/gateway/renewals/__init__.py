"""Contracts that end, and the deals that renew them."""
