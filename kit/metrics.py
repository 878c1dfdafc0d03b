"""Every Prometheus metric of the kit, named in one place."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

_FAST = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

NATS_CONNECTED = Gauge("dealcast_nats_connected", "1 while connected to NATS")
MESSAGES = Counter("dealcast_messages_total", "Messages settled, by consumer and fate", ["consumer", "fate"])
BATCH_SECONDS = Histogram("dealcast_batch_seconds", "Time to handle a batch of messages", ["consumer"], buckets=_FAST)
BATCH_SIZE = Histogram(
    "dealcast_batch_messages", "Messages in a batch", ["consumer"], buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
)
PENDING = Gauge("dealcast_pending_messages", "Messages that wait for the consumer, as last seen", ["consumer"])
PUBLISHED = Counter("dealcast_published_total", "Messages published, by result", ["result"])
MODEL_GENERATION = Gauge("dealcast_model_generation", "Generation of the model in use; 0 is the prior", ["service"])
MODEL_SWAPS = Counter("dealcast_model_swaps_total", "Models taken or refused", ["service", "result"])
GRPC_CALLS = Counter("dealcast_grpc_calls_total", "gRPC calls, by method and status", ["method", "code"])
GRPC_SECONDS = Histogram("dealcast_grpc_seconds", "Time of a gRPC call", ["method"], buckets=_FAST)
READY = Gauge("dealcast_ready", "1 while the process is ready for work")
