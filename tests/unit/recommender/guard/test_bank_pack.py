"""The bank pack on merchants, payments and products: English, German, and their false friends."""

from __future__ import annotations

import pytest

from tests.support import packs
from tests.support.packs import spellings

PACK = "bank@1"

PAYMENTS = {  # evidence: what customers pay and receive
    "fertility": ["FERTILITY CLINIC", "IVF Centre", "Kinderwunschzentrum", "Samenbank"],
    "pregnancy": ["Maternity wear shop", "Midwife", "Hebamme", "Mutterschaftsgeld", "Geburtshaus"],
    "infant": ["BABY STORE", "Parental allowance", "Elterngeld", "Babymarkt", "Kinderkrippe"],
    "children": ["Toy store", "School fees", "Kindergeld", "Schulgeld"],
    "menstrual": ["Period care box", "Menopause clinic", "Periodenunterwäsche"],
    "sexual_health": ["Sexual health clinic", "Family planning centre", "pro familia", "AIDSHILFE"],
    "orientation": ["Gay bar", "LGBTQ centre", "Schwulenberatung"],
    "gender_identity": ["Gender clinic", "Hormone therapy", "Transberatung"],
    "adult": ["Strip club", "Escort service", "Erotik Versand", "Bordell"],
    "chronic": [
        "City hospital",
        "Diabetes centre",
        "Dialyse",
        "Facharzt",
        "Krankengeld",
        "Klinikum",
    ],
    "serious_illness": ["Oncology practice", "Hospice", "Palliativdienst", "Krebsberatung"],
    "acute_otc": ["PHARMACY", "Drug stores and pharmacies", "Apotheke", "Versandapotheke"],
    "embarrassing": ["Lice clinic", "Proctologist", "Haartransplantation"],
    "incontinence": ["Continence clinic", "Incontinence supplies", "Inkontinenzversand"],
    "mental": ["Psychotherapist", "Counselling", "Psychotherapeut", "Angstambulanz"],
    "disability": ["Mobility shop", "Attendance allowance", "Pflegegeld", "Hörakustik Meier"],
    "ageing": ["Nursing home", "State pension", "Pflegeheim", "Altersrente"],
    "weight": ["Slimming World", "Weight loss clinic", "Ernährungsberatung"],
    "alcohol": ["LIQUOR STORE", "Off licence", "Weinhandlung", "Brauerei"],
    "recovery": ["Rehab", "Alcoholics Anonymous", "Suchtklinik", "Entzugsklinik"],
    "tobacco": ["Tobacconist", "Vape shop", "Tabakladen", "Tabakwaren"],
    "quitting": ["Stop smoking course", "Raucherentwöhnung"],
    "gambling": ["CASINO", "Online betting", "Spielbank", "Sportwetten", "Wettbüro"],
    "financial_distress": [
        *("PAYDAY LENDER", "Pawn shop", "Overdraft fee", "Returned direct debit", "Bailiff"),
        *("Pfandleihe", "Rücklastschrift", "RUECKLASTSCHRIFT", "Inkasso", "Pfändung", "P-Konto"),
    ],
    "job_loss": [
        "Unemployment benefit",
        "CV services",
        "Arbeitslosengeld",
        "Bürgergeld",
        "Abfindung",
    ],
    "bereavement": [
        *("FUNERAL DIRECTOR", "Probate registry", "Cemetery fees", "Sympathy flowers"),
        *("Bestattungsinstitut", "Nachlassgericht", "Witwenrente", "Friedhofsverwaltung"),
    ],
    "divorce": ["DIVORCE LAWYER", "Family court", "Child maintenance", "Scheidungsanwalt"],
    "dating": ["Dating services", "Engagement ring", "Partnervermittlung", "Brautmoden"],
    "abuse": ["Women's refuge", "Domestic abuse charity", "Frauenhaus", "Weißer Ring"],
    "crime": ["Bail and bond payments", "Criminal defence", "Strafverteidiger", "Justizkasse"],
    "religion": ["Church tithe", "Mosque", "Zakat", "Kirchensteuer", "Synagogengemeinde"],
    "ethnicity": ["Western Union", "Remittance", "Auslandsüberweisung", "Ausländerbehörde"],
    "politics": ["Political organizations", "Union dues", "Gewerkschaftsbeitrag", "Parteispende"],
    "graduation": ["Graduation ceremony", "Semesterbeitrag"],
    "marriage": ["Wedding venue", "Registry office", "Hochzeitslocation", "Standesamt"],
    "moving": ["Removal firm", "Rental deposit", "Umzugsunternehmen", "Mietkaution"],
}

PRODUCTS = {  # targets: what the bank would offer
    "fertility": ["Fertility loan"],
    "pregnancy": [
        *("Nursery loan", "A loan for the nursery", "Child savings plan", "Children's savings"),
        *("Kredit für das Kinderzimmer", "Kredit fürs Kinderzimmer", "Kinderzimmer-Kredit"),
        *("Kinderzimmerkredit", "Kindersparplan", "Darlehen Babyzimmer"),
    ],
    "pregnancy_loss": ["Support after a miscarriage", "Sternenkinder Fonds"],
    "infant": ["Life cover", "Risikolebensversicherung"],
    "children": ["Youth account", "Jugendkonto"],
    "menstrual": ["Menopause cover"],
    "orientation": ["Pride card"],
    "gender_identity": ["Transition loan"],
    "chronic": [
        "Health cover",
        "Life cover",
        "Critical illness cover",
        "Krankenzusatzversicherung",
    ],
    "serious_illness": ["Will writing", "Funeral plan", "Travel cover", "Reiseversicherung"],
    "mental": ["Therapy loan"],
    "disability": ["Mobility loan", "Barrierefreier Umbau"],
    "ageing": ["EQUITY RELEASE", "Funeral plan", "Lifetime mortgage", "Immobilienverrentung"],
    "weight": ["Weight loss loan"],
    "alcohol": ["Wine investment", "Weinclub"],
    "recovery": ["Rehab loan", "Entzugskredit"],
    "quitting": ["Non-smoker discount", "Nichtrauchertarif"],
    "financial_distress": [
        *("Debt consolidation loan", "Payday loan", "Credit limit increase", "Umschuldung"),
        *("Dispoerhöhung", "Kredit ohne Schufa"),
    ],
    "job_loss": ["Unemployment cover", "Payment holiday", "Restschuldversicherung"],
    "bereavement": ["Funeral plan", "Inheritance savings", "Sterbegeldversicherung", "Erbschaft"],
    "pet_loss": ["Pet cremation plan", "Tierbestattung"],
    "divorce": ["Single cover", "Divorce loan", "Scheidungskredit"],
    "dating": ["Wedding loan", "Honeymoon savings", "Hochzeitskredit"],
    "abuse": ["Safe account", "Schutzkonto"],
    "crime": ["Legal services", "Strafrechtsschutz"],
    "religion": ["Sharia account", "Hajj savings", "Islamisches Sparen islamisch"],
    "ethnicity": ["Remittance card", "Newcomer account", "Auslandsüberweisung gratis"],
    "politics": ["Charity card", "Spendenkonto"],
    "graduation": ["Graduate account"],
    "moving": ["Moving loan", "Umzugskredit"],
    "family_occasions": ["Mother's Day cashback", "Muttertag", "Father's Day voucher"],
}

EVERYDAY = [
    # merchants
    *("Supermarket", "GEANT CASINO", "Casino Supermarché", "Betriebskasino", "Petrol station"),
    *(
        "Plant nursery",
        "Garden nursery",
        "Nursery, lawn & garden",
        "Nursery & garden centre",
        "Baumschule",
        "Gärtnerei",
    ),
    *("Veterinary clinic", "Animal hospital", "Phone hospital", "Bakery", "Florist", "Card shop"),
    *("Church Street Bakery", "Church Road Parking", "Embassy Cinema", "Restaurant Botschafter"),
    *(
        "Animal shelter",
        "Mountain refuge",
        "Ring road garage",
        "Onion rings diner",
        "Ford Escort parts",
    ),
    *(
        "Furniture store",
        "DIY store",
        "Electricity",
        "Streaming",
        "Visa card payment",
        "Bank transfer",
    ),
    *("Standing order: rent", "Salary", "Joint account", "House with a garden", "Car insurance"),
    *(
        "Kinderschokolade Fabrik",
        "Babyspinat Hof",
        "Haftpflichtversicherung",
        "Kaution Pfandflaschen",
    ),
    *("Pfandflaschen", "Flaschenpfand", "Nachlass 10 Prozent", "Trinkgeld", "Blumenladen"),
    *("Kantine Kasino", "Root beer stand", "Birthday gift card"),
    # products
    *("Personal loan", "Mortgage", "Home improvement loan", "Current account", "Credit card"),
    *("Savings plan", "Home contents cover", "Legal expenses cover", "Bausparvertrag"),
    *("Ratenkredit", "Haushaltsversicherung", "Rechtsschutzversicherung", "Tagesgeldkonto"),
    *("Pet health insurance",),
]


@pytest.mark.parametrize("life_event", sorted(PAYMENTS))
def test_payments_are_evidence_in_every_spelling(life_event: str) -> None:
    for merchant in PAYMENTS[life_event]:
        for spelling in spellings(merchant):
            assert life_event in packs.evidence(PACK, spelling), spelling
            assert life_event in packs.target(PACK, spelling), spelling


@pytest.mark.parametrize("life_event", sorted(PRODUCTS))
def test_products_are_targets_in_every_spelling(life_event: str) -> None:
    """As an item of the catalogue and as the words of an offer."""
    for product in PRODUCTS[life_event]:
        for spelling in spellings(product):
            assert life_event in packs.target(PACK, spelling), spelling
            assert life_event in packs.said(PACK, spelling), spelling


def test_every_life_event_has_a_case() -> None:
    """But the known child, whom no payment tells of."""
    known = {event.id for event in packs.guard(PACK).life_events}
    assert known - PAYMENTS.keys() - PRODUCTS.keys() == {"minor"}


@pytest.mark.parametrize("title", EVERYDAY)
def test_everyday_payments_and_products_are_nothing(title: str) -> None:
    assert packs.evidence(PACK, title) == set()
    assert packs.target(PACK, title) == set()


@pytest.mark.parametrize(
    ("category", "life_event"),
    [
        ("Drug Stores and Pharmacies", "acute_otc"),
        ("Package Stores-Beer, Wine, and Liquor", "alcohol"),
        ("Drinking Places (Alcoholic Beverages)", "alcohol"),
        ("Cigar Stores and Stands", "tobacco"),
        ("Children's and Infants' Wear Stores", "infant"),
        ("Child Care Services", "infant"),
        ("Hobby, Toy, and Game Shops", "children"),
        ("Funeral Services and Crematories", "bereavement"),
        ("Pawn Shops", "financial_distress"),
        ("Bail and Bond Payments", "crime"),
        ("Court Costs, including Alimony and Child Support", "divorce"),
        ("Dating and Escort Services", "dating"),
        ("Religious Organizations", "religion"),
        ("Political Organizations", "politics"),
        ("Charitable and Social Service Organizations", "politics"),
        ("Hearing Aids-Sales, Service, Supply Stores", "disability"),
        ("Nursing and Personal Care Facilities", "ageing"),
        ("Counseling Services-Debt, Marriage, and Personal", "mental"),
        ("Orthopedic Goods-Prosthetic Devices", "chronic"),
        ("Hospitals", "chronic"),
        ("Massage Parlors", "adult"),
        ("Wire Transfer Money Orders", "ethnicity"),
    ],
)
def test_merchant_categories_of_the_card_schemes_are_evidence(
    category: str, life_event: str
) -> None:
    """As the schemes write them, in any case."""
    for spelling in (category, category.upper(), category.lower()):
        assert life_event in packs.evidence(PACK, "ACME 0815", "Card payments", spelling)


def test_the_way_to_the_nursery_is_open_and_the_loan_is_not() -> None:
    """The first case of the handbook: nothing but the offer itself is sensitive."""
    way = ("Joint account", "House with a garden", "Wedding venue", "Removal firm", "Mortgage")
    policy = packs.guard(PACK).policy
    for title in way:
        assert not packs.evidence(PACK, title) - {"marriage", "moving"}
    loan = packs.target(PACK, "Nursery loan")
    assert loan == {"pregnancy"}
    assert all(policy.sensitive & policy.bit(life_event) for life_event in loan)


def test_a_wedding_is_no_secret_and_its_loan_waits_for_a_word() -> None:
    assert packs.evidence(PACK, "Wedding venue") == {"marriage"}
    assert packs.target(PACK, "Wedding loan") == {"marriage", "dating"}
    assert {"marriage", "moving", "graduation"} == set(packs.guard(PACK).policy.no_chaining)


@pytest.mark.parametrize("title", ["Family car finance", "A larger home", "Größere Wohnung"])
def test_soft_targets_are_held_back_on_outbound_only(title: str) -> None:
    assert packs.soft(PACK, title) == {"pregnancy"}
    assert packs.target(PACK, title) == set()


def test_florists_and_card_shops_are_no_sign_of_a_death() -> None:
    for merchant in ("FLORIST", "Flowers & gifts", "GREETING CARDS", "Blumenladen", "Kartenshop"):
        assert packs.evidence(PACK, merchant) == set()
