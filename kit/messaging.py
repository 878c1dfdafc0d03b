"""Messaging over NATS JetStream: what a service imports to consume and publish."""

from __future__ import annotations

from kit.connection import connect
from kit.consumer import Consumer
from kit.messages import Fate, Handler, Message, Outgoing
from kit.publisher import Publisher
from kit.settings import STREAMS_FILE
from kit.streams import ensure_consumer, ensure_streams, read_streams

__all__ = [
    "STREAMS_FILE",
    "Consumer",
    "Fate",
    "Handler",
    "Message",
    "Outgoing",
    "Publisher",
    "connect",
    "ensure_consumer",
    "ensure_streams",
    "read_streams",
]
