"""nullsender beside its peers: ratios, each taken in one run, and checked answers (make bench)."""
