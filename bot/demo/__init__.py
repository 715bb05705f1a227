"""The demo: a real SSH server, a real attacker, and the whole product between them."""
