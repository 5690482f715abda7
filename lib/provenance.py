"""What a result was made with: the code that decides it, the versions, the machine."""

import ast
import hashlib
import importlib.metadata
import os
import platform
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path

from lib.io import cells
from lib.paths import PROJECT
from lib.pool import cores

CPUINFO = {"family": "cpu family", "model": "model", "stepping": "stepping"}
VECTOR_FLAGS = ("avx", "fma", "amx")  # what decides in which order oneDNN sums
PACKAGES = ("keras", "tensorflow", "jax", "numpy", "pandas", "scikit-learn", "scipy", "librosa", "soundfile", "soxr")


@cache
def sources(module: str) -> tuple[Path, ...]:
    """Files of a module such as ``lib.training.fit`` and of every module of `lib` that it imports, directly or not."""
    found: dict[str, Path] = {}
    waiting = [module]
    while waiting:
        name = waiting.pop()
        path = None if name in found else module_file(name)
        if path:
            found[name] = path
            waiting += _imports(_tree(path))
    return tuple(sorted(found.values()))


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def _imports(tree: ast.Module) -> list[str]:
    """Modules of `lib` that a source imports; names imported from one may be modules themselves."""
    found = []
    for node in _statements(tree):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return [name for name in found if name.split(".")[0] == "lib"]


def _statements(tree: ast.AST) -> Iterator[ast.AST]:
    """Statements and what holds some, in any depth; unlike `ast.walk`, not their expressions."""
    yield tree
    for name in ("body", "handlers", "orelse", "finalbody", "cases"):
        inner = getattr(tree, name, None)
        for node in inner if isinstance(inner, list) else ():
            yield from _statements(node)


def module_file(module: str) -> Path | None:
    """Return the file of a module of `lib`, such as ``lib.training.fit``; None if there is none of that name."""
    base = PROJECT.joinpath(*module.split("."))
    candidates = (base.with_suffix(".py"), base / "__init__.py")
    return next((path for path in candidates if path.is_file()), None)


def code_digest(paths: tuple[Path, ...]) -> str:
    """Checksum of what some modules do, the same under every version of Python.

    Comments, docstrings and layout do not count. It is read once in a process: what is edited while that
    runs is not what it runs.
    """
    return hashlib.sha256(b"".join(map(_code, paths))).hexdigest()[:16]


@cache
def _code(path: Path) -> bytes:
    tree = _tree(path)
    for node in _statements(tree):
        match node:
            case ast.AST(body=[ast.Expr(value=ast.Constant(value=str()) as text), *_]):
                text.value = ""
    return _canonical(tree).encode()


def _canonical(node: object) -> str:
    """Text of a syntax tree without its empty fields, which differ between the versions of Python."""
    if isinstance(node, ast.AST):
        fields = []
        for name in node._fields:
            value = getattr(node, name, None)
            if value is not None and value != []:
                fields.append(f"{name}={_canonical(value)}")
        return f"{type(node).__name__}({','.join(fields)})"
    if isinstance(node, list):
        return f"[{','.join([_canonical(item) for item in node])}]"
    return repr(node)


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that numbers depend on, and which backend Keras runs on, if it runs."""
    found = {"python": platform.python_version()}
    if "keras" in sys.modules:
        found["backend"] = sys.modules["keras"].config.backend()
    for package in PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def machine() -> dict[str, str | int]:
    """Return what cost and rounding depend on: processor, its family, model and vector instructions, cores, threads."""
    found = {"processor": platform.processor() or platform.machine()}
    info = Path("/proc/cpuinfo")
    if info.is_file():
        lines = (line.split(":", 1) for line in info.read_text().split("\n\n")[0].splitlines() if ":" in line)
        known = {name.strip(): value.strip() for name, value in lines}
        found["processor"] = known.get("model name", found["processor"])
        found |= {name: known[field] for name, field in CPUINFO.items() if field in known}
        found["flags"] = " ".join(flag for flag in known.get("flags", "").split() if flag.startswith(VECTOR_FLAGS))
    return found | {"cores": cores(), "threads": os.environ.get("OMP_NUM_THREADS", "all")}


def needs(notebook: Path) -> tuple[Path, ...]:
    """Return a notebook and every file of `lib` that its cells import, directly or not, with the data beside them."""
    names = [name for source in cells(notebook) for name in _imports(ast.parse(source))]
    found = {notebook}.union(*map(sources, names))
    beside = {path.with_suffix(suffix) for path in found for suffix in (".yaml", ".md.j2")}  # what a module reads
    return tuple(sorted(found | {path for path in beside if path.is_file()}))


@cache
def code_version() -> str:
    """Commit of the code, and whether it was edited since; outside git, the project's version."""

    def git(*words: str) -> subprocess.CompletedProcess:
        return subprocess.run(["git", *words], cwd=PROJECT, capture_output=True, text=True, timeout=20)

    with suppress(OSError, subprocess.TimeoutExpired):
        inside = git("rev-parse", "--show-prefix", "--short", "HEAD")
        prefix, _, commit = inside.stdout.partition("\n")
        if inside.returncode == 0 and not prefix:  # the project's own repository, not one around it
            edited = git("diff", "--quiet", "HEAD", "--", "lib", "notebooks").returncode
            return commit.strip() + (", with later edits" if edited else "")
    return tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
