"""The dialogue with a learner, decided without I/O: what happened goes in, what to do comes out."""
