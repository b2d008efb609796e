"""How far the labels of shots can be trusted, see `dataset/trust.csv`."""

# From the most to the least.
LEVELS = ("high", "medium", "low")
