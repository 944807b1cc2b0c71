"""The `leadwire` command."""


def main() -> None:
    """Run it."""
