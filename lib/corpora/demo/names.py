"""Invented names of artists, albums and songs."""

from lib.corpora.demo.randomness import generator

# fmt: off
FIRST = (
    "Ottoline", "Bram", "Wilhelmina", "Casimir", "Isolde", "Fenwick", "Marguerite", "Thaddeus", "Yevgenia", "Rufus",
    "Calliope", "Ambrose", "Saoirse", "Leopold", "Zephyrine", "Humphrey", "Ingrid", "Percival", "Odalys", "Barnaby",
    "Clementine", "Ignatius", "Philippa", "Mortimer", "Anouk", "Quentin", "Beatrix", "Lysander", "Henrietta",
    "Caspian", "Rosalind", "Eustace", "Tallulah", "Augustin", "Winifred", "Balthazar", "Cordelia", "Ferdinand",
    "Georgiana", "Hector",
)
LAST = (
    "Teaspoon", "Marrowfat", "Quillfeather", "Nettlebed", "Osterglow", "Pumpernickel", "Thistledown", "Umbrage",
    "Vanterpool", "Wobblegate", "Applecross", "Brindlewick", "Candlemoor", "Dapplegrim", "Everdrift", "Foxglove",
    "Gallowglass", "Hollowreed", "Inkerman", "Jackdaw", "Kettleburn", "Lanternby", "Mothersill", "Nightjar",
    "Oxbow", "Pennywhistle", "Quagmire", "Ramshackle", "Sallowfield", "Tumbledown", "Underhill", "Velveteen",
    "Windlass", "Yarrow", "Zimmerglass", "Ashplant", "Bellwether", "Crookshank", "Drizzlecombe", "Elderbloom",
)
KINDS = (
    "Cardboard", "Velvet", "Paper", "Midnight", "Clockwork", "Marble", "Tangerine", "Invisible", "Porcelain",
    "Electric", "Wandering", "Crooked", "Silver", "Borrowed", "Lunar", "Copper", "Sleeping", "Feral", "Painted",
    "Frozen", "Plastic", "Polite", "Restless", "Amber", "Distant", "Wooden", "Hollow", "Neon", "Quiet", "Seventh",
    "Tidal", "Broken", "Paisley", "Burning", "Forgotten", "Thirsty", "Upside-Down", "Mechanical", "Lavender",
    "Static",
)
THINGS = (
    "Admirals", "Otters", "Lanterns", "Typewriters", "Pigeons", "Cartographers", "Teacups", "Comets", "Librarians",
    "Herons", "Submarines", "Beekeepers", "Umbrellas", "Badgers", "Elevators", "Orchards", "Astronomers", "Turnips",
    "Locksmiths", "Walruses", "Parachutes", "Postcards", "Gardeners", "Magpies", "Radiators", "Sundials", "Ferries",
    "Accordions", "Moths", "Windmills", "Compasses", "Hedgehogs", "Dynamos", "Puddings", "Trombones", "Satellites",
    "Ladders", "Kettles", "Glaciers", "Stencils",
)
PLACES = (
    "Port Nowhere", "Lower Wimble", "Saint Ombré", "the Ninth Floor", "Cinder Bay", "New Oldham", "the Salt Road",
    "Mount Mumble", "Greyharbour", "the Last Tram", "Fennimore", "Upper Nonsense", "the Glass Pier", "Ashgrove",
    "Quarry Lane", "the Moon Garden", "Little Thunder", "Halfway House", "East Lantern", "the Weather Station",
    "Pebble Island", "Marzipan Hill", "the Long Attic", "Southdrift", "Owl Street", "the Empty Pool", "Kingsmarrow",
    "Tin Valley", "the Night Market", "Nether Plum", "the Old Aquarium", "Starling Court", "Brackwater",
    "the Paper Mill", "Dunmuddle", "West Echo", "the Roof of Number Nine", "Lake Maybe", "the Blue Depot",
    "Foxhollow",
)
FORMS = (
    "Letters from", "A Year in", "Maps of", "Songs for", "Leaving", "Return to", "Under", "Echoes of", "Once in",
)
MOTTOS = (
    "Paper", "Winter", "Golden", "Hidden", "Second", "Silent", "Summer", "Electric", "Broken", "Northern", "Hollow",
    "Secret", "Crooked", "Velvet", "Empty", "Distant", "Faded", "Careless", "Morning", "Copper", "Borrowed",
    "Restless", "Gentle", "Midnight", "Little", "Wild", "Lonely", "Brave", "Yellow", "Slow", "Burning", "Frozen",
    "Lucky", "Invisible", "Tender", "Sudden", "Bitter", "Quiet", "Spinning", "Final", "Rusted", "Endless", "Salted",
    "Seventh", "Early", "Heavy", "Lost", "Painted", "Shallow", "Stolen", "Blue", "Wooden", "Marble", "Dusty",
    "Floating", "Honest", "Iron", "Neon", "Open", "Plain",
)
MATTERS = (
    "River", "Window", "Machine", "Harbour", "Letter", "Carousel", "Satellite", "Garden", "Engine", "Mirror",
    "Signal", "Orchard", "Lantern", "Highway", "Anchor", "Weather", "Shadow", "Staircase", "Bicycle", "Telescope",
    "Promise", "Ocean", "Corner", "Avalanche", "Compass", "Kingdom", "Umbrella", "Feather", "Station", "Alphabet",
    "Ballroom", "Comet", "Diary", "Echo", "Fountain", "Gravity", "Horizon", "Island", "Journey", "Keyhole",
    "Labyrinth", "Meadow", "Notebook", "Oracle", "Passenger", "Question", "Rooftop", "Sailor", "Tunnel", "Valley",
    "Whisper", "Yesterday", "Zeppelin", "Arrow", "Bridge", "Candle", "Dragonfly", "Evening", "Forest", "Ghost",
)
# fmt: on

MOST_SONGS = 500  # a genre: beyond it titles would repeat


def _pair(seed: int, what: str, first: tuple, second: tuple, number: int) -> tuple[str, str]:
    """Take the `number`-th pair of a seeded order without repeats, in which a word returns as late as it can."""
    rng = generator(seed, "names", what)
    left, right = rng.permutation(len(first)), rng.permutation(len(second))
    row, column = divmod(number, len(first))
    return first[left[column]], second[right[(column + row) % len(second)]]


def artist_name(seed: int, number: int, band: bool) -> str:
    """Name of the `number`-th artist of the corpus: a band, or one person."""
    if band:
        kind, thing = _pair(seed, "band", KINDS, THINGS, number)
        return f"The {kind} {thing}"
    return " ".join(_pair(seed, "person", FIRST, LAST, number))


def album_name(seed: int, number: int) -> str:
    """Title of the one album of the `number`-th artist."""
    order = generator(seed, "names", "album").permutation(len(PLACES))
    row, column = divmod(number, len(PLACES))
    title = f"{FORMS[(column + row) % len(FORMS)]} {PLACES[order[column]]}"
    volume = row // len(FORMS) + 1
    return title if volume == 1 else f"{title}, Volume {volume}"


def song_title(seed: int, number: int) -> str:
    """Title of the `number`-th song of the corpus."""
    return " ".join(_pair(seed, "song", MOTTOS, MATTERS, number))
