"""Bad input of every kind, over real sockets: generated requests, raw bytes, and very many."""
