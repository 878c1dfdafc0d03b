"""Health probe: exits 0 when the process in this container is ready, else 1 and says what is not.

Asks DEALCAST_METRICS_ADDRESS. Standard library only, so that it starts fast.
"""

from __future__ import annotations

import http.client
import os
import sys

SECONDS = 3.0


def probe(address: str) -> str:
    """Empty when ready, else why not."""
    port = address.rpartition(":")[2]
    connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=SECONDS)
    try:
        connection.request("GET", "/healthz/ready")
        answer = connection.getresponse()
        text = answer.read(4096).decode(errors="replace").strip()
        return "" if answer.status == http.client.OK else text
    except (OSError, http.client.HTTPException) as error:
        return f"no answer on port {port}: {type(error).__name__}"
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(probe(os.environ.get("DEALCAST_METRICS_ADDRESS", "0.0.0.0:9090")) or 0)
