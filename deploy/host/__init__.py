"""The host's side of Dosirak: everything that `deploy/run` and `deploy/test` start, and stop again."""
