"""One module for each network, and the one client they all speak through."""
