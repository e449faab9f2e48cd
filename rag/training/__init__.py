"""How the shipped weights were made; needs the dev dependencies and a data set of your own."""
