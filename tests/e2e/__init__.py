"""End-to-end tests: the program against a real Dovecot and a real PostgreSQL.

`python3 tests/run.py e2e` runs them all; `python3 -m e2e test_fetch` in tests/ runs one module.
"""
