"""What only maintainers use: building notebooks from their sources, and running them."""
