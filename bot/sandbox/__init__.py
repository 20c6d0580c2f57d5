"""The sandbox host: labs on one engine, each behind its own gate."""
