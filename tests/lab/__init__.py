"""Throwaway servers and generated mail for the demo, the end-to-end tests and the benches.

Nothing here touches the machine's own PostgreSQL or Dovecot: every server is a fresh one, on
loopback and free ports, unprivileged, with its data in a folder under build/.
"""
