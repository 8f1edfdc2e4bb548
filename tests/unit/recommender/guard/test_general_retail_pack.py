"""The general-retail pack on titles of a broad shop: English, German, and their false friends."""

from __future__ import annotations

import pytest

from tests.support import packs
from tests.support.packs import spellings

PACK = "general-retail@1"

EVIDENCE = {
    "fertility": ["Ovulation test strips", "Folic acid", "Kinderwunsch-Tee", "Ovulationstest"],
    "pregnancy": [
        *("Maternity jeans", "Prenatal vitamins", "Gender reveal balloon", "Nursing bra"),
        *("Umstandsmode Kleid", "Umstandsjeans", "Schwangerschaftskissen", "Still-BH schwarz"),
    ],
    "infant": [
        *(
            "Newborn bodysuit",
            "Nappies size 3",
            "Baby bottle",
            "Lightweight stroller",
            "Teething ring",
        ),
        *(
            "Windeln",
            "Säugling Mütze",
            "SAEUGLING Mütze",
            "Schnullerkette",
            "Kinderwagen",
            "Beißring",
        ),
    ],
    "children": ["Toy train", "School bag", "Schultüte", "Kinderzimmer Regal", "Puppenhaus"],
    "menstrual": [
        "Period underwear",
        "Menstrual cup",
        "Tampons",
        "Damenbinden",
        "Wechseljahre Ratgeber",
    ],
    "sexual_health": ["Condoms", "HIV test kit", "Kondome", "Verhütungsmittel", "Gleitgel"],
    "orientation": [
        "Pride flag",
        "Queer history",
        "Lesbian novel",
        "Regenbogenfahne",
        "Schwule Liebe",
    ],
    "gender_identity": ["Chest binder", "Trans flag pin", "Brustbinder", "Transsexuell"],
    "adult": ["Vibrator", "Erotic novel", "Sexspielzeug", "Liebeskugeln"],
    "chronic": [
        *(
            "Jar opener",
            "Dinner tray with legs",
            "Blood pressure monitor",
            "Glucose meter",
            "Pill box",
        ),
        *("Blutdruckmessgerät", "Glasöffner", "Kompressionsstrümpfe", "Diabetiker Socken"),
    ],
    "serious_illness": ["Chemo cap", "Cancer cookbook", "Chemomütze", "Brustkrebs Ratgeber"],
    "acute_otc": ["Ibuprofen 400", "First aid kit", "Erkältungsbad", "Verbandkasten", "Nasenspray"],
    "embarrassing": [
        "Lice comb",
        "Wart remover",
        "Acne gel",
        "Läuseshampoo",
        "Hühneraugenpflaster",
    ],
    "incontinence": ["Adult diapers", "Bed wetting alarm", "Inkontinenzslip", "Bettnässen Alarm"],
    "mental": ["Weighted blanket", "Anxiety workbook", "Gewichtsdecke", "Schlafstörungen Ratgeber"],
    "disability": [
        "Wheelchair cushion",
        "Walking stick",
        "Rollator",
        "Gehstock",
        "Hörgerätebatterien",
    ],
    "ageing": ["Denture bath", "Big button phone", "Seniorenhandy", "Haftcreme"],
    "weight": ["Bathroom scales", "Appetite suppressant", "Personenwaage", "Abnehmtee"],
    "alcohol": ["Red wine 0.75 l", "Pale ale", "Vodka", "Rotwein", "Glühwein", "Weinpaket"],
    "recovery": [
        "Non-alcoholic beer",
        "Alcohol free gin",
        "Alkoholfreies Bier",
        "Alkoholfreier Sekt",
    ],
    "tobacco": ["Cigarette case", "Ashtray", "Shisha", "Zigarettenetui Zigaretten", "Aschenbecher"],
    "quitting": ["Nicotine gum", "Stop smoking guide", "Endlich Nichtraucher", "Nikotinpflaster"],
    "gambling": ["Scratch cards", "Casino chips", "Sportwetten für Anfänger", "Rubbellose"],
    "financial_distress": [
        "Debt free in a year",
        "Pawn shop sign",
        "Privatinsolvenz",
        "Schuldenfrei",
    ],
    "job_loss": ["Unemployed: what now", "Resume writing guide", "Arbeitslos", "Bewerbungsmappen"],
    "bereavement": [
        *("Sympathy card", "In loving memory frame", "Cremation urn", "Grief workbook"),
        *("Trauerkarte", "Grablichter", "Kondolenzbuch", "In stillem Gedenken"),
    ],
    "divorce": [
        "Divorce cake topper",
        "Family law handbook",
        "Scheidung ohne Streit",
        "Sorgerecht",
    ],
    "dating": ["Bridal shoes", "Engagement ring", "Wedding dress", "Brautkleid", "Eheringe"],
    "abuse": ["Domestic violence: a guide", "Women's shelter", "Häusliche Gewalt", "Frauenhaus"],
    "crime": ["Bail bonds sign", "Criminal defence handbook", "Strafrecht", "Vorbestraft"],
    "religion": ["Holy Bible", "Hijab", "Rosary", "Gebetsteppich", "Kommunionkleid", "Bibel"],
    "ethnicity": ["Hair relaxer kit", "Calling card 10", "Afrohaar Pflege", "Einbürgerungstest"],
    "politics": ["Election campaign sign", "Trade union badge", "Gewerkschaft", "Wahlkampf"],
    "graduation": ["Graduation gown", "Abiball Kleid"],
    "marriage": ["Just married sign", "Wedding anniversary mug", "Silberhochzeit Girlande"],
    "moving": ["Moving boxes", "Moving blanket", "Umzugskarton", "Umzugsdecke"],
}

TARGETS = {
    "pregnancy": ["Baby crib", "Nursery furniture", "Gitterbett", "Wickelkommode", "Moses basket"],
    "pregnancy_loss": ["Miscarriage keepsake", "Sternenkinder Kerze"],
    "infant": ["Toddler bed", "Kindersitz"],
    "chronic": ["Glucosamine 1500", "Health insurance guide", "Gelenknahrung"],
    "serious_illness": ["Last will kit", "Patientenverfügung", "Testament Vordruck"],
    "mental": ["Mental health journal", "Stimmungsaufheller"],
    "disability": ["Grab rail", "Mobility scooter", "Duschhocker"],
    "ageing": ["Stairlift", "Equity release explained", "Treppenlift"],
    "alcohol": ["Wine rack", "Beer mug", "Korkenzieher", "Weingläser", "Cocktail shaker"],
    "recovery": ["Sober curious", "Rehab diary", "Suchthilfe Ratgeber"],
    "financial_distress": ["Payday advance", "Umschuldung leicht gemacht"],
    "bereavement": ["Headstone plaque", "Coffin cover", "Grabstein", "Sarg", "Särge"],
    "pet_loss": ["Pet memorial stone", "Pet urn", "Tierurne"],
    "divorce": ["Single again party", "Alleinerziehende: Ratgeber"],
    "dating": ["Honeymoon album", "Flitterwochen Album"],
    "crime": ["Legal services voucher", "Rechtsbeistand"],
    "religion": ["Pilgrimage guide", "Wallfahrt Buch"],
    "ethnicity": ["Immigration handbook", "Einbürgerung Ratgeber"],
    "family_occasions": ["Mother's Day mug", "Father's Day socks", "Muttertagskarte", "Vatertag"],
}

FALSE_FRIENDS = [
    # food and plants
    *(
        "Baby corn",
        "Baby spinach seeds",
        "Babyspinat Samen",
        "Baby-Mais",
        "Smoked meats thermometer",
    ),
    *("Kidney bean bag", "Kidney-shaped table", "Diet soda", "Sugar baby watermelon seeds"),
    *("Plant nursery pots", "Nursery pots, 50", "Baby breath seeds", "Soil fertility meter"),
    *("Trauerweide Bonsai", "Trauer-Weide", "Tobacco plant seeds", "Rosary pea"),
    # fashion and beauty
    *("Baby blue dress", "Baby doll top", "Baby alpaca scarf", "Bandage dress", "Cigarette pants"),
    *("Champagne coloured heels", "Wine red dress", "Cognac leather boots", "Acne Studios scarf"),
    *("Coffin nails, press on", "Alcohol free toner", "Hair rehab mask", "First Aid Beauty cream"),
    *("Tobacco Vanille perfume", "Gay Lea butter dish", "Acne studios jeans"),
    # home
    *("Memory foam mattress", "Onion rings tray", "Napkin rings", "Wedding soup bowl recipe"),
    *("Depression glass vase", "Jewelry casket", "Coffee urn", "Garden urn", "Newton's cradle"),
    *("Lagerregal", "Lager Regal verzinkt", "Küchenwaage", "Pflastersteine", "Bierzeltgarnitur"),
    # electronics and office
    *("Memory card 64 GB", "Memory stick", "DDR5 memory", "Ring binder A4", "Office binder"),
    *("Phone charging cradle", "Pure sinus inverter", "Redundant power supply", "Kabelbinder"),
    *("Gold huggie hoop earrings", "Huggies, silver earrings"),
    *("Cigarette lighter socket adapter", "Zigarettenanzünder-Adapter", "Lotto trainers"),
    *("Screen reader", "Political map of Europe", "Politische Weltkarte"),
    # pets
    *("Toy poodle calendar", "Dog diaper", "Windeln für Hunde", "Katzenkissen mit Baldrian"),
    *("Dog anxiety vest",),
    # games, books and outdoors
    *(
        "Crib board",
        "Cribbage board",
        "Casino Royale on disc",
        "Memory Spiel",
        "Pride and Prejudice",
    ),
    *("Poster dating from 1920", "Carbon dating kit", "Nether wart plush", "Tents & shelters"),
    *(
        "Great Depression: a history",
        "The Princess Bride",
        "Newborough map",
        "Pregnant pause, a play",
    ),
    *(
        "Cricket bails",
        "Memorial Day flag",
        "Concrete vibrator",
        "Stilles Wasser",
        "Spiral notebook",
    ),
    *("Bail for necklace", "Rapeseed oil", "Kinder Bueno", "Mietkaution Ordner", "Malzbier Glas"),
    # flowers and cards are bought for every occasion
    *(
        "Bouquet of lilies",
        "Greeting card, blank",
        "Trockenblumen",
        "Grußkarten Set",
        "Candle, white",
    ),
]


@pytest.mark.parametrize("life_event", sorted(EVIDENCE))
def test_titles_are_evidence_in_every_spelling(life_event: str) -> None:
    for title in EVIDENCE[life_event]:
        for spelling in spellings(title):
            assert life_event in packs.evidence(PACK, spelling), spelling
            assert life_event in packs.target(PACK, spelling), spelling


@pytest.mark.parametrize("life_event", sorted(TARGETS))
def test_titles_are_targets_in_every_spelling(life_event: str) -> None:
    for title in TARGETS[life_event]:
        for spelling in spellings(title):
            assert life_event in packs.target(PACK, spelling), spelling


def test_every_life_event_has_a_case() -> None:
    """But the known child, whom no item tells of."""
    known = {event.id for event in packs.guard(PACK).life_events}
    assert known - EVIDENCE.keys() - TARGETS.keys() == {"minor"}


@pytest.mark.parametrize("title", FALSE_FRIENDS)
def test_false_friends_are_nothing(title: str) -> None:
    assert packs.evidence(PACK, title) == set()
    assert packs.target(PACK, title) == set()


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (("Drugstore", "Family Planning", "Prophylactics"), {"sexual_health"}),
        (("Drugstore", "Family Planning", "Ovulation tests"), {"fertility"}),
        (("Fashion", "Maternity wear"), {"pregnancy"}),
        (("Baby & Toddler", "Size 62"), {"infant"}),
        (("Home", "Furniture", "Kinderzimmer"), {"children"}),
        (("Garden", "Plants"), set()),
        (("Fashion", "Plus size"), set()),
        (("Home", "Bathroom scales"), {"weight"}),
        (("Food", "Wine"), {"alcohol"}),
        (("Books", "Religious books"), {"religion"}),
        (("Sale", "Adult"), set()),
        (("Stationery", "Sympathy cards"), {"bereavement"}),
        (("Stationery", "Greeting cards"), set()),
        (("Baumarkt", "Umzugsbedarf"), {"moving"}),
    ],
)
def test_departments_speak_where_titles_are_silent(
    path: tuple[str, ...], expected: set[str]
) -> None:
    assert packs.evidence(PACK, "Model 4711", *path) == expected


def test_a_childrens_room_is_no_nursery() -> None:
    """German tells the two apart: only the Babyzimmer speaks of a birth."""
    assert packs.target(PACK, "Regal fürs Kinderzimmer") == {"children"}
    assert packs.target(PACK, "Regal fürs Babyzimmer") == {"pregnancy"}


def test_racks_and_mugs_are_no_sign_of_drinking() -> None:
    """They are not offered either, where alcohol is locked."""
    for title in ("Wine rack", "Beer mug", "Weingläser", "Korkenzieher"):
        assert packs.evidence(PACK, title) == set()
        assert packs.target(PACK, title) == {"alcohol"}


def test_a_bottle_of_glass_does_not_hide_the_wine() -> None:
    for title in ("Red wine, glass bottle", "Beer, glass bottle 0.33 l", "Wine, red, 0.75 l"):
        assert "alcohol" in packs.evidence(PACK, title)


@pytest.mark.parametrize(
    "title", ["The family car", "A larger home", "Familienkombi", "GRÖSSERES HAUS"]
)
def test_soft_targets_are_held_back_on_outbound_only(title: str) -> None:
    assert packs.soft(PACK, title) == {"pregnancy"}
    assert packs.target(PACK, title) == set()


@pytest.mark.parametrize(
    ("text", "life_event"),
    [
        ("Everything for the nursery", "pregnancy"),
        ("Alles fürs Babyzimmer", "pregnancy"),
        ("Muttertag: Blumen und mehr", "family_occasions"),
        ("Mother's Day gifts", "family_occasions"),
        ("Windeln zum halben Preis", "infant"),
        ("Wein der Woche", "alcohol"),
        ("Trauerkarten", "bereavement"),
    ],
)
def test_banners_are_held_by_their_words(text: str, life_event: str) -> None:
    assert life_event in packs.said(PACK, text)
