"""Settings: one file and the environment become one frozen object, or a list of every fault."""

from service.settings.load import CONFIG_VARIABLE, find_config, load_settings
from service.settings.model import EndpointSettings, RouteSettings, Settings

__all__ = [
    "CONFIG_VARIABLE",
    "EndpointSettings",
    "RouteSettings",
    "Settings",
    "find_config",
    "load_settings",
]
