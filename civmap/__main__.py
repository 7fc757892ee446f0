"""`python -m civmap`: the command line."""

from civmap.cli import app

if __name__ == "__main__":
    app()
