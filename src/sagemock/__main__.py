"""`python -m sagemock`."""

from sagemock.cli import main

main()
