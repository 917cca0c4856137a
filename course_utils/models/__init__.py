"""What lessons 10 and 14 derive, as finished models."""
