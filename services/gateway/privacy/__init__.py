"""Personal data: found, exported, restricted, erased; refused where it must not stand; kept no longer than set."""
