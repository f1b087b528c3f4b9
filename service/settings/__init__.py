"""Settings: one file and the environment become one frozen object, or a list of every fault.

`model` has every key, with the tables of `endpoints` and `keeping`; `checks` judges single values,
`review` whether they fit together (with `archives`), `advice` whether they are meant; `derived` is
a route changed for one call. `load` puts the layers over each other, with `secret_files` in them;
`faults` says what is wrong and where, `shown` what is in force, `fingerprints` whether that is the
same in all workers.
"""

from service.settings.advice import Advice, advise
from service.settings.derived import derive_route
from service.settings.endpoints import EndpointSettings
from service.settings.fingerprints import fingerprints
from service.settings.load import CONFIG_VARIABLE, find_config, load, load_settings
from service.settings.model import RouteSettings, Settings
from service.settings.shown import show

__all__ = [
    "CONFIG_VARIABLE",
    "Advice",
    "EndpointSettings",
    "RouteSettings",
    "Settings",
    "advise",
    "derive_route",
    "find_config",
    "fingerprints",
    "load",
    "load_settings",
    "show",
]
