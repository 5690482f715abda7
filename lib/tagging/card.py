"""What whoever uses a model must know of it, made from the model itself."""

from __future__ import annotations

from lib.narrative.format import fixed, listed
from lib.tagging.familiarity import KNOWN_SHARE
from lib.tagging.model import Tagger

_SETTLED = (
    "Whether weights carry the terms of the music that they were trained on is not settled law, so keep to these too. "
    "The code is under the MIT licence."
)


def card(tagger: Tagger) -> str:
    """Model card as Markdown (Mitchell et al. 2019, doi 10.1145/3287560.3287596), in short. Page 07."""
    facts = tagger.facts
    knows = listed(f"{head.name} ({', '.join(head.classes) or 'a number'})" for head in tagger.heads)
    scores = [
        f"| {row['head']} | {row['level']} | {fixed(row['accuracy'], 2)} | {fixed(row['low'], 2)} to "
        f"{fixed(row['high'], 2)} | {row['n_songs']} | {row['runs']} |"
        for row in facts["accuracy"]
        if row["low"] is not None
    ]
    sharpness = listed(f"{head} {fixed(value, 2)}" for head, value in tagger.temperatures.items())
    parts = [
        f"# {facts['name']}",
        f"`{facts['network']}` with recipe *{facts['recipe']}*, trained on {facts['songs']} songs of the study "
        f"`{facts['study']}`. It knows {knows}, and nothing else: music of any other kind gets one of these, or "
        "*unsure*.",
        "How good it is can only be estimated: by runs of the same network and recipe, under the protocol "
        f"`{facts['protocol']}`, on songs by artists that they never heard. Music from elsewhere may fare worse.",
        "\n".join(["| head | level | accuracy | 95 % interval | songs | runs |", "|---|---|---|---|---|---|", *scores]),
        f"Temperatures ({sharpness}) were settled on {facts['calibrated_on']} dev songs of such runs. Sound that is "
        f"unlike the training music gets no answer; so do {1 - KNOWN_SHARE:.0%} of the songs of its own kind by "
        "artists that it does not know.",
        "**For** sorting and exploring music of its kind, and for teaching. **Not for** decisions about people or "
        "their music, nor for genres that it does not know.",
        f"**Limits.** {facts['limits']}",
        f"**Licence.** {facts['licence']} {_SETTLED}",
        f"Made by `python -m lib.tagging.ship --study {facts['study']} --network {facts['network']} --recipe "
        f"{facts['recipe']}`; `model.json` holds all of this for programs.",
    ]
    return "\n\n".join(parts) + "\n"
