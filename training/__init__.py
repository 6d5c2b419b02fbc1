"""How every shipped weight and table is rebuilt; outside the package."""
