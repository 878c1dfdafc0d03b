"""What the models share: records and their history, snapshots, columns, calibration, metrics."""
