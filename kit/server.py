"""The two listeners of a process: gRPC with honest health and reflection, and HTTP for operations."""

from __future__ import annotations

from kit.grpc_errors import details_of, error_of
from kit.grpc_server import GrpcServer
from kit.ops_server import MetricsServer

__all__ = ["GrpcServer", "MetricsServer", "details_of", "error_of"]
