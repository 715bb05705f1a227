"""Where an address is: country and network operator, from data that comes with the program."""

from integrations.geoip.lookup import GeoLookup

ACTIONS = (GeoLookup(),)
