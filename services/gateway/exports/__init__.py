"""Tables for people and other programs: deals, reasons, forecasts and suggestions as xlsx, CSV, Parquet or NDJSON."""
