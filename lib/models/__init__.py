"""The networks: a registry of builders and their descriptions.

A builder takes the shape of a slice, (mel bands, frames), and the heads and returns a Keras model from stock layers;
notebook 03 shows them and writes one JSON description each, from which 04 rebuilds the network. No network knows a
corpus.
"""

import importlib
from collections.abc import Callable
from functools import partial

from lib.errors import ReportError
from lib.models.head import Head as Head
from lib.paths import check_name

# Keras is imported with a network's module, when it is built.
_BUILDERS = {  # network: the module of this package and its function
    "yu2018": "yu2018.build", "zhang2016": "zhang2016.build", "choi2016": "choi2016.build",
    "zhang2016_nnet1": "zhang2016.build_nnet1", "choi2016_full": "choi2016.build_full", "fcn5": "fcn5.build",
    "short_chunk": "short_chunk.build", "musicnn": "musicnn.build", "texture": "texture.build",
    "student": "student.build",
}  # fmt: skip
PUBLISHED = tuple(_BUILDERS)
VARIANTS = (  # the poster's search in small: its network, one choice changed (`lib.models.yu2018.VARIANTS`)
    "yu2018_conv3", "yu2018_conv5", "yu2018_kernel3", "yu2018_kernel5",
    "yu2018_stride1", "yu2018_fc0", "yu2018_fc2",
    "yu2018_units5", "yu2018_units50", "yu2018_units150",
)  # fmt: skip
RESERVED = (  # names of what is no network
    "networks", "selected", "majority", "genre_prior", "mfcc_logistic", "mfcc_svm", "profile_logistic", "profile_svm",
    "msd_musicnn", "mtt_musicnn", "random_musicnn",
)  # fmt: skip
_registry: dict[str, Callable | None] = {}  # one's own; None until the builder is given


def register(name: str) -> Callable:
    """Decorate a builder ``(shape, heads) -> keras.Model`` to enter it under `name`, as in a path of lower case.

    A later builder of the same name replaces the earlier, so that a notebook's cell can be run again.

    Raises
    ------
    ReportError
        If the name belongs to the zoo or to something else of the report.

    Examples
    --------
    >>> register("mine")(lambda shape, heads: keras.Model(...))  # doctest: +SKIP
    """
    if callable(name):
        raise ReportError("register needs a name before the builder, as in zoo.register('mine')(mine).")
    if check_name(name, "network") in (*RESERVED, *PUBLISHED, *VARIANTS):
        raise ReportError(f"network {name!r}: this name is taken. Choose another, such as mine.")
    _registry[name] = None

    def enter(build: Callable) -> Callable:
        _registry[name] = build
        return build

    return enter


def names() -> tuple[str, ...]:
    """Names of all registered networks: published ones, variants of the poster's, one's own.

    Raises
    ------
    ReportError
        If a name was registered and no builder given.
    """
    if empty := [name for name, build in _registry.items() if build is None]:
        raise ReportError(
            f"network {empty[0]!r} was registered without its builder. Write zoo.register({empty[0]!r})(mine), the "
            "function that builds it in the second brackets."
        )
    return (*PUBLISHED, *VARIANTS, *_registry)


def builder(name: str) -> Callable:
    """Return the builder registered under `name`.

    Raises
    ------
    ReportError
        If there is none.
    """
    known = names()
    if name in _registry:
        return _registry[name]
    if name in VARIANTS:
        poster = _module(name)
        return partial(poster.build, **poster.VARIANTS[name])
    if name in PUBLISHED:
        return getattr(_module(name), _BUILDERS[name].split(".")[1])
    raise ReportError(
        f"network {name!r} is not registered. Registered are {', '.join(known)}; a network of your own is "
        "registered by the marked cell of notebooks/03_model_zoo.ipynb."
    )


def as_published(name: str) -> tuple[Callable, str] | None:
    """Builder of a network at the size of its paper, without arguments, and what the paper gives it to read.

    None where there is no such size: the poster gives none, and choi2016's is that of choi2016_full.
    """
    module = _module(name) if name in PUBLISHED else None
    build = getattr(module, "AS_PUBLISHED", {}).get(name)
    return build and (build, module.READS)


def module_name(name: str) -> str:
    """Name of the module that builds a network of the zoo, such as ``lib.models.yu2018``."""
    return f"lib.models.{_BUILDERS['yu2018' if name in VARIANTS else name].split('.')[0]}"


def _module(name: str):
    return importlib.import_module(module_name(name))
