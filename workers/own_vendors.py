"""What a site adds to the program: sources and actions of its own in YAML, and its inventory."""

from __future__ import annotations

from integrations.catalogue import add_sources, add_vendors
from integrations.contract import Source
from integrations.definitions import load_folder
from integrations.enrichment import Enricher, geo_enricher
from integrations.inventory import Inventory, read_assets, read_people
from integrations.yaml_actions import LoadedVendor, load_vendors
from workers.settings import Settings


def register_sources(settings: Settings) -> list[Source]:
    """Make the site's own sources known by name, and return them.

    Raises `integrations.definitions.SourceFileError` with all faults of all files, or
    `integrations.catalogue.CatalogueError` where a name is taken.
    """
    found = [
        source for folder in settings.source_folders if folder.is_dir() for source in load_folder(folder)
    ]
    add_sources(found)
    return found


def register_actions(settings: Settings) -> list[LoadedVendor]:
    """Make the actions and connections of the site's own vendors known, and return those vendors.

    Raises `integrations.yaml_actions.ActionFileError` with all faults of all files, or
    `integrations.catalogue.CatalogueError` where a name is taken.
    """
    found = [
        vendor for folder in settings.action_folders if folder.is_dir() for vendor in load_vendors(folder)
    ]
    add_vendors(found)
    return found


def read_inventory(settings: Settings) -> Inventory:
    """Return the site's inventory, an empty one where ``siem.yaml`` names none.

    Raises `integrations.inventory.InventoryError`, or OSError where a file can't be read.
    """
    section = settings.site.inventory
    return Inventory(
        assets=read_assets(settings.root / section.assets) if section.assets else (),
        people=read_people(settings.root / section.people) if section.people else (),
        networks=section.networks,
    )


def enrichers(settings: Settings) -> list[Enricher]:
    """Return what finishes each event: countries and operators, then assets, people and own networks.

    Raises as `read_inventory` does.
    """
    return [geo_enricher(), read_inventory(settings).enricher()]
