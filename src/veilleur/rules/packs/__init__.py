"""The packs of the house, one TOML file each."""
