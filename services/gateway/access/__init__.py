"""Sign-in and roles: who asks, and what they may ask, for pages, REST, gRPC and events alike."""
