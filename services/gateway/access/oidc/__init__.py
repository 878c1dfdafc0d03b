"""Sign-in with company accounts by OpenID Connect."""
