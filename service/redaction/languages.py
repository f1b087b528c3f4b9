"""The words that numbers are made of, begin with, and end at, in each language that is known."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from typing import Final

from service.redaction.labels import Label

_NATO: Final = (
    "alfa alpha bravo charlie delta echo foxtrot golf hotel india juliet juliett kilo lima mike "
    "november oscar papa quebec romeo sierra tango uniform victor whiskey xray yankee zulu"
)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _numbered(text: str, start: int = 0, step: int = 1) -> dict[str, int]:
    """Number words in their order; what has several forms has a slash between them."""
    return {
        form: start + place * step
        for place, forms in enumerate(text.split())
        for form in forms.split("/")
    }


def _meant(text: str) -> dict[str, str]:
    """Words by what they sound like: that has a colon behind it."""
    made, meant = {}, ""
    for word in text.split():
        if word.endswith(":"):
            meant = word[:-1]
        else:
            made[word] = meant
    return made


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Language:
    """What has to be known of a language to find its numbers. All words are in lower case."""

    values: Mapping[str, int]
    """Words for numbers up to a thousand that stand by themselves."""
    magnitudes: Mapping[str, int]
    """Words that multiply the number before them."""
    repeats: Mapping[str, int]
    """Words that repeat the digit after them: double, treble."""
    beside: Mapping[str, int]
    """Words that are digits only beside others: oh."""
    exclaims: frozenset[str]
    """Words that make an `oh` before them none: oh, I *see*."""
    plurals: Mapping[str, int]
    """Words for several of a digit, behind how many: four *ones*."""
    ordinals: Mapping[str, int]
    """Words that are digits only after others: four *first* *first*."""
    times: frozenset[str]
    """Words between how often and a digit, or behind both: four *times* one, one four *times*."""
    joiners: frozenset[str]
    """Words inside a number: one hundred *and* twenty."""
    joins_tens: frozenset[str]
    """Those of them that also stand between tens and units."""
    bare_tens: frozenset[str]
    """Tens that units belong to only with such a word between: treinta y uno, not treinta uno."""
    pronoun: frozenset[str]
    """Words that are a number unless they stand with another word: *one* moment."""
    before_pronoun: frozenset[str]
    hesitations: frozenset[str]
    """Words that may stand inside a run of digits."""
    fillers: frozenset[str]
    """Words that come between the groups of a number, and close none."""
    units: frozenset[str]
    """Words after an amount."""
    money: frozenset[str]
    """Those of them that stay one while a card is read out."""
    pauses: frozenset[str]
    """Units of how long somebody is to wait: one *second*, please."""
    lengths: frozenset[str]
    """Units of how long a number is: the three *digits* on the back."""
    of_one: frozenset[str]
    """Units of one alone; after another number they count its groups: the *second* one."""
    of_times: frozenset[str]
    """Units of a time of the day."""
    after_no_time: frozenset[str]
    """Words after one of those that make it none: 737 am *I* right."""
    before_units: frozenset[str]
    """Words between an amount and its unit, where that ends with a word that multiplies."""
    closers: frozenset[str]
    """Words that begin another number: flight, order."""
    before_times: frozenset[str]
    before_years: frozenset[str]
    ranges: frozenset[str]
    """Words between two times or years."""
    months: frozenset[str]
    letters: frozenset[str]
    """The phonetic alphabet."""
    at: frozenset[str]
    dot: frozenset[str]
    separators: frozenset[str]
    """Words for signs inside an address, beside the dot."""
    after_at: frozenset[str]
    """Words after an `at` that begins no domain."""
    homophones: Mapping[str, str]
    """Words that sound like digits, which they are among others: one *ate* two."""
    ambiguous: frozenset[str]
    """Those of them that often stand beside numbers: two *for* me."""
    misheard: frozenset[str]
    """Words that engines take digits for: beside a hidden number they are not to be heard."""
    keywords: Mapping[Label, str]
    """Expressions for what is said near a number of that kind."""

    @property
    def digit_words(self) -> frozenset[str]:
        """Words that are digits, some of them only beside others, or that repeat one."""
        return frozenset((*self.values, *self.beside, *self.repeats))

    def spells(self, word: str) -> bool:
        """Say whether a word is a letter that is spelled: x, or x-ray."""
        return word in self.letters or (len(word) == 1 and word.isalpha())


ENGLISH: Final = Language(
    values=_numbered(
        "zero/nought/naught/nil one two three four five six seven eight nine ten eleven"
    )
    | _numbered("twelve/dozen thirteen fourteen fifteen sixteen seventeen eighteen nineteen", 12)
    | _numbered("twenty thirty forty/fourty fifty sixty seventy eighty ninety", 20, 10),
    magnitudes={"hundred": 100, "thousand": 1_000, "million": 1_000_000},
    repeats={"double": 2, "triple": 3, "treble": 3, "quadruple": 4, "quintuple": 5},
    beside={"oh": 0, "o": 0, "zed": 0, "ought": 0, "aught": 0},
    exclaims=_words("i see well"),
    plurals=_numbered(
        "zeros/zeroes/noughts/naughts/ohs ones twos threes fours fives sixes sevens eights nines"
    ),
    ordinals=_numbered("first", 1) | _numbered("third fourth fifth sixth seventh eighth ninth", 3),
    times=_words("times"),
    joiners=_words("and"),
    joins_tens=frozenset(),
    bare_tens=frozenset(),
    pronoun=_words("one"),
    before_pronoun=_words(
        "no other even this that which last the another every any each a some next first"
    ),
    hesitations=_words("uh um uhm er erm ah eh hmm dash hyphen slash space comma"),
    fillers=_words(
        "and then so okay ok yes yeah yep right no not sorry well now next again after "
        "followed by go ahead on got it that that's it's is the a of with to you please thanks "
        "thank mhm huh sure correct wait actually mean i plus point period stop "
        "group last first four's continue oh o let me see like also hold just say repeat pause"
    ),
    units=_words(
        "percent % dollars dollar bucks cents cent euros euro pounds pound pence o'clock am pm "
        "minutes minute hours hour seconds second days day weeks week months month years year "
        "people persons guests nights night times miles mile kilometers kilometres meters metres "
        "centimeters centimetres millimeters millimetres feet foot inches kilos kilograms grams "
        "degrees items pieces boxes units copies points "
        "digit digits litres liters gallons users seats rooms employees students children kids "
        "customers"
    ),
    money=_words("dollars dollar bucks cents cent euros euro pounds pound pence"),
    pauses=_words("second seconds sec secs minute minutes min mins"),
    lengths=_words("digit digits"),
    of_one=_words("second"),
    of_times=_words("am pm o'clock"),
    after_no_time=_words("i"),
    before_units=frozenset(),
    closers=_words(
        "flight order gate room floor apartment suite zip street avenue road extension invoice "
        "ticket table chapter page version platform seat terminal building unit route highway "
        "model case booking reservation reference tracking bus train"
    ),
    before_times=_words("at from until till between around about before opens closes"),
    before_years=_words("in since from until year during early late between around"),
    ranges=_words("to and or until till"),
    months=_words(
        "january february march april may june july august september october november december "
        "jan feb mar apr jun jul aug sep sept oct nov dec"
    ),
    letters=_words(_NATO),
    at=_words("at"),
    dot=_words("dot"),
    separators=_words("dot underscore dash hyphen minus plus"),
    after_at=_words(
        "the a an my your his her our their this that these those least all home work once first "
        "last night noon midnight some any what which where it me you him them about and or "
        "school lunch dinner dawn present risk stake hand length times"
    ),
    homophones=_meant(
        "one: won wun two: to too tu three: tree free four: for fore fower five: fife thrive "
        "six: sicks sex eight: ate ait nine: nein niner oh: owe"
    ),
    ambiguous=_words("to too tree free for thrive owe"),
    misheard=_words("for fore fourth to too won want ate tree free thrive sex sicks nein niner"),
    keywords={
        Label.EXPIRY: r"expir\w*|valid (?:until|thru|through|to)|good thru",
        Label.CODE: r"security codes?|(?<!social )security number|csc|cid"
        r"|c[ .]?v[ .]?[vc](?:[ .]?2)?\.?"
        r"|card verification|verification (?:codes?|number)|(?:my|your|the) pin"
        r"|pin (?:number|code)|pass ?codes?|one[ -]time (?:code|password)"
        r"|(?:three|four|3|4)[ -]digits?|back of (?:(?:the|your|my) )?card|signature strip"
        r"|(?:digits|numbers?|code|three|four|ones) on the (?:back|front)",
        Label.CARD: r"(?:credit|debit|payment|bank) card|card number|number on (?:the|your|my) card"
        r"|cards?|visa|master ?card|amex|american express|discover card|diners",
        Label.SSN: r"social security|social number|my social|ssn|tax(?:payer)? id",
        Label.IBAN: r"i ?ban|account number|bank account|sort code|routing number",
        Label.PHONE: r"(?:tele|cell)?phone number|(?:mobile|cell|contact|home|work) number"
        r"|(?:call|reach|text) (?:me|you|us)(?: back)? (?:at|on)|my (?:phone|mobile|cell) is",
        Label.EMAIL: r"e-? ?mails?|mail address",
    },
)

SPANISH: Final = Language(
    values=_numbered("cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece")
    | _numbered("catorce quince dieciséis/dieciseis diecisiete dieciocho diecinueve veinte", 14)
    | _numbered(
        "veintiuno/veintiún/veintiuna veintidós/veintidos veintitrés/veintitres veinticuatro", 21
    )
    | _numbered("veinticinco veintiséis/veintiseis veintisiete veintiocho veintinueve", 25)
    | _numbered("treinta cuarenta cincuenta sesenta setenta ochenta noventa cien/ciento", 30, 10)
    | _numbered("doscientos/doscientas trescientos/trescientas", 200, 100)
    | _numbered("cuatrocientos/cuatrocientas quinientos/quinientas", 400, 100)
    | _numbered("seiscientos/seiscientas setecientos/setecientas", 600, 100)
    | _numbered("ochocientos/ochocientas novecientos/novecientas", 800, 100)
    | {"mil": 1_000, "un": 1, "una": 1, "docena": 12},
    magnitudes={"mil": 1_000, "millón": 1_000_000, "millones": 1_000_000},
    repeats={"doble": 2, "triple": 3},
    beside={"o": 0},
    exclaims=frozenset(),
    plurals=_numbered("ceros unos/unas doses treses cuatros cincos seises sietes ochos nueves"),
    ordinals=_numbered("primero/primera", 1)
    | _numbered("tercero/tercera cuarto/cuarta quinto/quinta sexto/sexta séptimo/séptima", 3)
    | _numbered("octavo/octava noveno/novena", 8),
    times=_words("veces"),
    joiners=_words("y"),
    joins_tens=_words("y"),
    bare_tens=_words("veinte treinta cuarenta cincuenta sesenta setenta ochenta noventa"),
    pronoun=_words("uno un una"),
    before_pronoun=_words("cada alguno ninguno ese este aquel otro el"),
    hesitations=_words("eh em este mmm guion guión barra espacio coma"),
    fillers=_words(
        "y luego entonces vale bien sí si no perdón ahora siguiente otra vez más después seguido "
        "por de con el la los las es eso son que ya a gracias claro correcto espere grupo "
        "último primero continúe siga adelante ok okay repita digo"
    ),
    units=_words(
        "euros euro dólares dólar pesos céntimos centavos segundo "
        "minutos minuto horas hora segundos "
        "días día semanas semana meses mes años año personas noches veces kilómetros metros "
        "centímetros milímetros grados "
        "dígitos cifras kilos gramos piezas cajas unidades puntos litros % empleados clientes niños"
    ),
    money=_words("euros euro dólares dólar pesos céntimos centavos"),
    pauses=_words("segundo segundos minuto minutos"),
    lengths=_words("dígitos cifras"),
    of_one=_words("segundo"),
    of_times=frozenset(),
    after_no_time=frozenset(),
    before_units=_words("de"),
    closers=_words(
        "vuelo pedido puerta habitación planta piso calle avenida factura mesa página versión "
        "asiento edificio reserva referencia tren autobús código"
    ),
    before_times=_words("las desde hasta entre sobre"),
    before_years=_words("en desde hasta para año entre"),
    ranges=_words("a y o hasta"),
    months=_words(
        "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre"
    ),
    letters=_words(_NATO),
    at=_words("arroba"),
    dot=_words("punto"),
    separators=_words("punto guion guión bajo más"),
    after_at=frozenset(),
    homophones=_meant(
        "cero: sero zero tres: tress cuatro: quatro cinco: sinco cinko seis: zeis ceis "
        "siete: ziete ciete ocho: hocho nueve: nuebe diez: dies doce: dose trece: trese "
        "quince: quinse"
    ),
    ambiguous=frozenset(),
    misheard=_words("hocho sinco ziete dose"),
    keywords={
        Label.EXPIRY: r"caduc\w*|vencim\w*|vence|válida hasta",
        Label.CODE: r"códigos?(?! postal)|c[ .]?v[ .]?[vc]\.?|pin|claves?"
        r"|(?:tres|cuatro|3|4) (?:dígitos|cifras|números)"
        r"|(?:números|dígitos|código) (?:de atrás|del reverso|por detrás)",
        Label.CARD: r"tarjetas?|visa|master ?card|amex",
        Label.SSN: r"seguridad social|dni|nif",
        Label.IBAN: r"i ?ban|número de cuenta|cuenta bancaria",
        Label.PHONE: r"(?:teléfono|móvil|celular)(?! (?:no|se|tiene|tenía|está|va|funciona|suena))"
        r"|ll[aá]m[ae](?:me|le|nos|te)|llamar(?:me|le|nos|te)?",
        Label.EMAIL: r"correos?(?: electrónicos?)?|e-?mail",
    },
)

LANGUAGES: Final[Mapping[str, Language]] = {"en": ENGLISH, "es": SPANISH}
"""By the first part of their codes."""


def knows(language: str) -> bool:
    """Say whether the numbers of a language (`en-GB`) are known."""
    return _base(language) in LANGUAGES


@cache
def language_of(language: str | None) -> Language:
    """Return what is known of a language; where nobody says which it is, all of them together."""
    known = LANGUAGES.get(_base(language or ""))
    return known or _together(tuple(LANGUAGES.values()))


def language_heard(expected: str | None, found: str | None) -> Language:
    """Return what is known of the language of a call in which an engine found some language.

    What it found takes no language away: people change it within a sentence.
    """
    language = language_of(expected)
    return language if found is None or language_of(found) is language else language_of(None)


@cache
def keyword_pattern(language: Language) -> re.Pattern[str]:
    """Return what finds the keywords of a language, but in no label; the group says which."""
    parts = (f"(?P<{label}>{said})" for label, said in language.keywords.items())
    return re.compile(rf"(?<![\w\[])(?:{'|'.join(parts)})(?!\w)", re.IGNORECASE)


def _base(language: str) -> str:
    return language.replace("_", "-").partition("-")[0].lower()


def _together(languages: tuple[Language, ...]) -> Language:
    first, *others = languages
    made = {field.name: getattr(first, field.name) for field in fields(Language)}
    for other in others:
        for name, value in made.items():
            made[name] = _both(value, getattr(other, name))
    return Language(**made)


def _both(one: object, other: object) -> object:
    if isinstance(one, frozenset) and isinstance(other, frozenset):
        return one | other
    assert isinstance(one, dict)  # noqa: S101 - the only other kind of field
    assert isinstance(other, dict)  # noqa: S101
    if Label.CARD in one:
        return {label: f"{said}|{other[label]}" for label, said in one.items()}
    return other | one
