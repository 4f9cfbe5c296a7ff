"""Mails of a folder through flufl.bounce: how many mails, how many addresses it found."""

import email
import sys
from pathlib import Path

from flufl.bounce import all_failures

mails = found = 0
for path in sorted(Path(sys.argv[1]).iterdir()):
    mails += 1
    with open(path, "rb") as file:
        mail = email.message_from_binary_file(file)
    try:
        temporary, permanent = all_failures(mail)
    except Exception:  # some mails make it raise; they count as read
        continue
    found += len(temporary) + len(permanent)
print(mails, found)
