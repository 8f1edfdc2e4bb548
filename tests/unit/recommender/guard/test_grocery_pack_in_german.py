"""The grocery pack on German titles: German joins words, and its catalogues shout in capitals."""

from __future__ import annotations

import pytest

from tests.support import packs
from tests.support.packs import spellings

PACK = "grocery@1"


@pytest.mark.parametrize(
    ("life_event", "titles"),
    [
        ("fertility", ["Folsäure 400", "Ovulationstests", "Kinderwunsch Tee"]),
        ("pregnancy", ["Schwangerschaftstest", "Stillkissen", "Still-BH", "Stilltee"]),
        (
            "infant",
            ["Windeln Größe 4", "Säuglingsnahrung", "SAEUGLINGSNAHRUNG", "Babybrei Karotte"],
        ),
        ("children", ["Schulranzen", "Spielzeugauto Spielzeug"]),
        ("menstrual", ["Damenbinden", "Slipeinlagen", "Periodenunterwäsche"]),
        ("sexual_health", ["Kondome", "Präservative", "Pille danach"]),
        ("chronic", ["Blutzucker Sensor", "Glasöffner", "Blutdruckmessgerät"]),
        ("serious_illness", ["Trinknahrung Vanille"]),
        ("acute_otc", ["Erkältung Tee", "Hustensaft", "Kopfschmerztabletten"]),
        ("embarrassing", ["Abführmittel", "Läusekamm", "Fußpilz Creme", "FUSSPILZ CREME"]),
        ("incontinence", ["Inkontinenzeinlagen", "Windeln für Erwachsene"]),
        ("mental", ["Schlaftabletten", "Johanniskraut", "Baldrian Dragees"]),
        ("disability", ["Gehstock", "Hörgerätebatterien"]),
        ("ageing", ["Gebissreiniger", "Haftcreme"]),
        ("weight", ["Appetitzügler", "Personenwaage"]),
        ("alcohol", ["Bier", "Rotwein trocken", "Weißwein", "Sekt", "Likör"]),
        ("recovery", ["Alkoholfreies Bier", "Alkoholfreier Sekt"]),
        ("tobacco", ["Zigaretten", "Feinschnitt Tabak"]),
        ("quitting", ["Nikotinpflaster"]),
        ("gambling", ["Rubbellose", "Lottoschein"]),
        ("financial_distress", ["Schuldnerberatung"]),
        ("job_loss", ["Bewerbungsmappen"]),
        ("bereavement", ["Trauerkarte", "Grabkerzen", "Beileidskarte", "In stillem Gedenken"]),
        ("divorce", ["Scheidungsratgeber"]),
        ("dating", ["Hochzeitskarte", "Verlobungsring"]),
        ("abuse", ["Frauenhaus Ratgeber"]),
        ("crime", ["Strafverteidiger"]),
        ("religion", ["Bibel", "Taufkerze", "Koscher"]),
        ("ethnicity", ["Afro Haar Pflege"]),
        ("politics", ["Spende", "Gewerkschaft"]),
        ("orientation", ["Regenbogenflagge"]),
        ("gender_identity", ["Brustbinder"]),
        ("adult", ["Erotik Heft"]),
        ("moving", ["Umzugskartons"]),
        ("marriage", ["Silberhochzeit Karte"]),
        ("graduation", ["Abitur Karte"]),
    ],
)
def test_german_titles_are_evidence(life_event: str, titles: list[str]) -> None:
    for title in titles:
        for spelling in spellings(title):
            assert life_event in packs.evidence(PACK, spelling), spelling
            assert life_event in packs.target(PACK, spelling), spelling


@pytest.mark.parametrize(
    ("life_event", "titles"),
    [
        ("pregnancy", ["Clearblue 2 Stück", "Frühschwangerschaftstest", "Umstandsjeans"]),
        ("infant", ["Pampers Gr. 4", "Babywindeln", "Windelhosen", "Aptamil", "Babytücher"]),
        ("menstrual", ["Tampax Super", "Always Ultra", "Monatsbinden", "Periodenslips"]),
        ("sexual_health", ["Durex Extra Thin", "Antibabypille", "Vagisan Creme"]),
        ("acute_otc", ["Nurofen 400", "Imodium akut", "Hustenstiller", "Fiebersaft"]),
        ("chronic", ["Accu-Chek Guide", "FreeStyle Libre", "Blutzuckermessgerät"]),
        (
            "embarrassing",
            [
                *("Anti-lice shampoo", "Anti-Läuse Spray", "Nissenkamm", "Hämorrhoidensalbe"),
                *("Fußpilzcreme", "Warzenmittel", "Nit comb"),
            ],
        ),
        ("incontinence", ["TENA Lady", "TENA Men", "Always Discreet", "Inkontinenzslip"]),
        ("ageing", ["Kukident Tabs", "Corega", "Prothesenhaftcreme"]),
        ("weight", ["Almased Vitalkost", "SlimFast", "Diätshake"]),
        ("quitting", ["Nicorette", "NiQuitin", "Nikotinspray"]),
        ("tobacco", ["IQOS Heizstab", "E-Zigarette", "Schnupftabak"]),
        ("recovery", ["Weizenbier alkoholfrei", "Clausthaler Original", "Sekt alkoholfrei"]),
        ("alcohol", ["Hefeweizen", "Weißbier", "Jägermeister", "Eierlikör"]),
    ],
)
@pytest.mark.parametrize("pack", [PACK, "general-retail@1"])
def test_brands_that_mean_nothing_else_and_compounds_are_evidence(
    pack: str, life_event: str, titles: list[str]
) -> None:
    for title in titles:
        for spelling in spellings(title):
            assert life_event in packs.evidence(pack, spelling), spelling


@pytest.mark.parametrize(
    "title",
    [
        "Always Coca-Cola poster",
        "Trojan War: a history",
        "Depend on me",
        "Advent calendar",
        "Toilet paper, always soft",
        "Liebe Tena, ein Roman",
        "Elfenbein Vase",
        "Slim fit shirt",
    ],
)
@pytest.mark.parametrize("pack", [PACK, "general-retail@1"])
def test_names_that_only_look_like_brands_are_evidence_of_nothing(pack: str, title: str) -> None:
    assert packs.evidence(pack, title) == set()


@pytest.mark.parametrize(
    "title",
    [
        "Babyspinat",
        "Baby-Spinat 125 g",
        "Babymais im Glas",
        "Baby Mais",
        "Kidneybohnen",
        "Glukosesirup",
        "Alkoholfreie Deo-Creme",
        "Weinessig",
        "Wein-Essig",
        "Weingummi",
        "Weinbergschnecken",
        "Diät Cola",
        "Katzenkissen mit Baldrian",
        "Kinder Schokolade",
        "Geschenkkarte",
        "Küchenwaage",
        "Stilles Wasser",
        "Lagerregal",
        "Grußkarte Geburtstag",
        "Schnittblumen Strauß",
    ],
)
def test_german_everyday_goods_are_evidence_of_nothing(title: str) -> None:
    assert packs.evidence(PACK, title) == set()
    assert packs.target(PACK, title) == set()
