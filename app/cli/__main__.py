"""`python -m app.cli`: the same as `seedbed`."""

from app.cli import main

main()
