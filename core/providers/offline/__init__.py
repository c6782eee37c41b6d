"""The model that needs no key and no network, and says so."""
