"""Loaders of the course's datasets, one module a dataset. None of them touches the network: see `fetch` for that."""
