"""What a policy would have brought, from a log of what another one did; and policies learned from such a log."""
