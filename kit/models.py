"""Trained models on their way to the services: packed, shelved by digest, pointed at, followed."""

from __future__ import annotations

from kit.artifacts import digest, pack, unpack
from kit.follower import Follower
from kit.shelf import ModelShelf, Pointer

__all__ = ["Follower", "ModelShelf", "Pointer", "digest", "pack", "unpack"]
