"""Google's library on telephone numbers, and the rule of PhoneNumber::parse on top of it."""

import unicodedata

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType

REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)
TYPES = sorted(PhoneNumberType.values())
UNREAD = (PhoneNumberType.TOLL_FREE, PhoneNumberType.PREMIUM_RATE)
FORMATS = (
    PhoneNumberFormat.E164,
    PhoneNumberFormat.INTERNATIONAL,
    PhoneNumberFormat.NATIONAL,
    PhoneNumberFormat.RFC3966,
)
DIGITS = ("0123456789", "０１２３４５６７８９", "٠١٢٣٤٥٦٧٨٩", "۰۱۲۳۴۵۶۷۸۹")


def valid(text, region):
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    return number if number.extension is None and phonenumbers.is_valid_number(number) else None


def expected(text, region):
    """E.164 of a number that an SMS can go to, or None."""
    digits = "".join(str(unicodedata.digit(c)) for c in text if unicodedata.category(c) == "Nd")
    number = valid(text, region) or (valid(f"+{digits[2:]}", None) if digits.startswith("00") else None)
    if number is None or phonenumbers.number_type(number) in UNREAD:
        return None
    international = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    return international if 6 <= len(international) - 1 <= 15 else None


def question(rng):
    """A number as people write it, right or nearly so, and the region it is read by."""
    home = rng.choice(("TR", "TR", rng.choice(REGIONS)))
    text = rng.choice((example, example, example, anything))(rng, home)
    if rng.random() < 0.3:
        text = mutated(rng, text)
    if rng.random() < 0.1:
        text = text.translate(str.maketrans(DIGITS[0], rng.choice(DIGITS)))
    region = rng.choice((home, home, home, "TR", rng.choice(REGIONS), None))
    return {"op": "phone", "text": text, "region": region}


def example(rng, region):
    number = phonenumbers.example_number_for_type(region, rng.choice(TYPES)) or phonenumbers.example_number(region)
    plain = phonenumbers.format_number(number, rng.choice(FORMATS)).removeprefix("tel:")
    return rng.choice((plain, plain, plain.replace("+", "00", 1), plain.replace("+", "", 1), f" {plain}."))


def anything(rng, region):
    digits = "".join(rng.choice(DIGITS[0]) for _ in range(rng.randint(1, 17)))
    start = rng.choice(("", "0", "00", "+", "05", "+90", f"+{phonenumbers.country_code_for_region(region)}"))
    return start + "".join(digit + rng.choice(("", "", "", " ", "-", ".")) for digit in digits)


def mutated(rng, text):
    at = rng.randrange(len(text))
    middle = rng.choice((rng.choice("0123456789"), "", " ", "(", ")", "/", "+", "-", text[at] * 2))
    return text[:at] + middle + text[at + 1 :]
