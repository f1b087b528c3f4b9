"""What people say around secrets, and how they read numbers out, by language."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Tongue:
    """A language as it is spoken on the telephone."""

    code: str | None
    """As a route names it; None: it does not say."""
    units: Sequence[str]
    teens: Sequence[str]
    twenties: Sequence[str] = ()
    """Words for 20 to 29, where they are words of their own."""
    tens: Sequence[str]
    """From 20 to 90."""
    join: str
    """Between tens and units."""
    hundreds: Sequence[str] = ()
    """Words for 100 to 900, where they are words of their own."""
    hundred: Sequence[str] = ()
    """Words behind a digit that make it hundreds."""
    zeros: Sequence[str]
    repeats: Mapping[int, Sequence[str]]
    plurals: Sequence[str]
    """Words for several of a digit, from 0 to 9."""
    times: str
    """Between how many there are of a digit and the digit, or behind both."""
    ordinals: Mapping[int, str]
    """What engines take a digit for that follows another."""
    homophones: Mapping[int, Sequence[str]]
    """What they write for one that stands among others."""
    ambiguous: Sequence[str] = ()
    """Those of these words that also stand beside numbers: behind one alone they are no digit."""
    asked: Mapping[str, Sequence[str]]
    """What is asked for each kind of secret."""
    before: Sequence[str]
    between: Sequence[str]
    holds: Sequence[str]
    """What asks for a moment, or for a yes, between two pieces."""
    corrects: Sequence[str]
    reads_back: Sequence[str]
    yes: str
    expires: Sequence[str]
    """Question and answer, of which the year is still to be read."""
    on_the_back: str
    hums: Sequence[str]
    chatter: Sequence[str]
    searching: Sequence[str]
    beside: Sequence[str]
    """What stands between the digits of a serial number, or is said between them."""
    ends: Sequence[str]
    misheard: Sequence[str]
    dot: str
    at: str
    counted: str
    """A regular expression for how many digits, or seconds, there are to be, which are none."""


ENGLISH: Final = Tongue(
    code=None,
    units=["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"],
    teens=(
        *("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen"),
        *("eighteen", "nineteen"),
    ),
    tens=["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"],
    join="-",
    hundred=("hundred", "and"),
    zeros=("oh",),
    repeats={2: ("double",), 3: ("triple", "treble")},
    plurals=(
        *("zeros", "ones", "twos", "threes", "fours"),
        *("fives", "sixes", "sevens", "eights", "nines"),
    ),
    times="times",
    ordinals={1: "first", 3: "third", 4: "fourth", 5: "fifth", 6: "sixth", 7: "7th", 9: "ninth"},
    homophones={1: ["won"], 2: ["to", "too"], 4: ["for", "fore"], 8: ["ate"], 9: ["nein", "niner"]},
    ambiguous=("to", "too", "for"),
    asked={
        "card": ("could I have your card number please", "which credit card is that"),
        "code": ("and the three digits on the back", "what is the security code"),
        "ssn": ("I need your social security number", "your full social please your ssn"),
        "iban": ("what is the IBAN for the transfer", "could you read me your account number"),
        "phone": ("what phone number can we use", "and your mobile number please"),
        "email": ("what is your e-mail address", "could you spell your email for me"),
        "serial": ("what does it say under the lid", "would you read the whole line to me"),
    },
    before=("it's", "yes that's", "okay so it's", "sure", "right"),
    between=("", "", "", "and", "then", "uh", "and then", "um", "okay", "next"),
    holds=("one second please", "one minute", "one second", "am I right"),
    corrects=("no", "sorry"),
    reads_back=("so", "that's"),
    yes="yes",
    expires=("and when does it expire", "oh five"),
    on_the_back="and the three digits on the back?",
    hums=("mhm", "okay", "yes", "go ahead", "got it", "right and then", "uh huh"),
    chatter=(
        "thank you let me just type that into our system",
        "a moment please my computer is rather slow today",
    ),
    searching=(
        "hang on my glasses are somewhere here I cannot read this",
        "sorry the kids are making such a noise today",
    ),
    beside=("x", "B", "alpha", "november", "apple", "stroke"),
    ends=("", "", "that's it", "please", "thank you"),
    misheard=("won", "for", "ate", "free", "the"),
    dot="dot",
    at="at",
    counted=r"\b(?:(?:three|four) digits|one (?:second|minute))\b",
)

SPANISH: Final = Tongue(
    code="es",
    units=["cero", "uno", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve"],
    teens=(
        *("diez", "once", "doce", "trece", "catorce", "quince", "dieciséis", "diecisiete"),
        *("dieciocho", "diecinueve"),
    ),
    twenties=(
        *("veinte", "veintiuno", "veintidós", "veintitrés", "veinticuatro", "veinticinco"),
        *("veintiséis", "veintisiete", "veintiocho", "veintinueve"),
    ),
    tens=["veinte", "treinta", "cuarenta", "cincuenta", "sesenta", "setenta", "ochenta", "noventa"],
    join=" y ",
    hundreds=(
        *("ciento", "doscientos", "trescientos", "cuatrocientos", "quinientos", "seiscientos"),
        *("setecientos", "ochocientos", "novecientos"),
    ),
    zeros=("cero",),
    repeats={2: ("doble",), 3: ("triple",)},
    plurals=(
        *("ceros", "unos", "doses", "treses", "cuatros"),
        *("cincos", "seises", "sietes", "ochos", "nueves"),
    ),
    times="veces",
    ordinals={1: "primero", 3: "tercero", 4: "cuarto", 5: "quinto", 6: "sexto", 9: "noveno"},
    homophones={0: ["sero"], 5: ["sinco"], 7: ["ziete"], 8: ["hocho"], 9: ["nuebe"]},
    asked={
        "card": ("me da el número de su tarjeta por favor", "qué tarjeta de crédito es"),
        "code": ("y los tres dígitos de atrás", "cuál es el código de seguridad"),
        "ssn": ("necesito su número de la seguridad social", "me dice su dni por favor"),
        "iban": ("cuál es el IBAN para la transferencia", "me lee su número de cuenta"),
        "phone": ("a qué teléfono le podemos llamar", "y su móvil por favor"),
        "email": ("cuál es su correo electrónico", "me deletrea su correo por favor"),
        "serial": ("qué pone debajo de la tapa", "me lee toda la línea por favor"),
    },
    before=("es el", "sí es", "vale pues es", "claro", "bien"),
    between=("", "", "", "luego", "entonces", "eh", "y luego", "mmm", "vale", "después"),
    holds=("dos segundos", "dos minutos por favor", "un segundo"),
    corrects=("no", "perdón"),
    reads_back=("entonces", "es"),
    yes="sí",
    expires=("y cuándo caduca", "cero cinco"),
    on_the_back="¿y los tres dígitos del reverso?",
    hums=("mmm", "vale", "sí", "adelante", "de acuerdo", "bien y luego", "ajá"),
    chatter=(
        "gracias déjeme que lo escriba en nuestro sistema",
        "un momento por favor mi ordenador va bastante lento hoy",
    ),
    searching=(
        "espere mis gafas están por aquí que no veo nada",
        "perdone los niños hacen mucho ruido hoy",
    ),
    beside=("x", "B", "alpha", "november", "manzana", "signo"),
    ends=("", "", "eso es", "por favor", "gracias"),
    misheard=("hocho", "sinco", "dose", "el"),
    dot="punto",
    at="arroba",
    counted=r"\b(?:(?:tres|cuatro) (?:dígitos|cifras)|dos (?:segundos|minutos))\b",
)

TONGUES: Final[Mapping[str, Tongue]] = {"English": ENGLISH, "Spanish": SPANISH}
