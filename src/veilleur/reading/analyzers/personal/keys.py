"""The control keys of French and international numbers. Arguments are compact: no blanks."""

from __future__ import annotations

_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)


def luhn(digits: str) -> bool:
    """Whether the last digit is the Luhn key of the others (RPPS, FINESS, SIRET, payment cards).

    >>> luhn("10990208448"), luhn("10990208449")
    (True, False)
    """
    total = sum(_DOUBLED[int(digit)] for digit in digits[-2::-2]) + sum(map(int, digits[-1::-2]))
    return len(digits) > 1 and len(set(digits)) > 1 and total % 10 == 0


def nir_key(number: str) -> int:
    """The key, 1 to 97, of the 13 characters of a NIR; Corsica is 2A or 2B.

    >>> nir_key("2530229777908")
    76
    """
    department = number[5:7].upper()
    shift = {"2A": 1_000_000, "2B": 2_000_000}.get(department, 0)
    plain = number[:5] + ("20" if shift else department) + number[7:]
    return 97 - (int(plain) - shift) % 97


def iban(number: str) -> bool:
    """Whether the two digits behind the country are the key of an IBAN (ISO 7064, modulo 97)."""
    turned = number[4:] + number[:4]
    return int("".join(str(int(char, 36)) for char in turned)) % 97 == 1


def finess(number: str) -> bool:
    """Whether the last of nine characters is the key of a FINESS; Corsica (2A, 2B) counts as 20."""
    return luhn("20" + number[2:] if number[1] in "ABab" else number)
