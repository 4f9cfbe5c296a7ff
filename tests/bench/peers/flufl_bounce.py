"""Mails of a folder through flufl.bounce: how many mails, how many addresses it found."""

import email
import sys
from pathlib import Path

from flufl.bounce import all_failures

mails = found = 0
for path in sorted(Path(sys.argv[1]).iterdir()):
    with open(path, "rb") as file:
        temporary, permanent = all_failures(email.message_from_binary_file(file))
    mails += 1
    found += len(temporary) + len(permanent)
print(mails, found)
