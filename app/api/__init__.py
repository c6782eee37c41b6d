"""The REST API. It reads requests, calls core once, and writes JSON; it never generates."""
