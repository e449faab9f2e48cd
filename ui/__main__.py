"""`python -m ui` is `dossier`."""

from ui.command.app import main

main()
