"""What a process that the gateway started does about its parent."""

from __future__ import annotations

import os
import signal
import threading
import time


def end_with_parent() -> None:
    """Where the gateway is gone, so is the reason to go on."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os.killpg(os.getpgid(0), signal.SIGKILL)

    if os.getpgid(0) == os.getpid():  # else we would end whoever started us in their own group
        threading.Thread(target=watch, daemon=True).start()
