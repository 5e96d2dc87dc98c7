"""What a finding must score to be reported, and what it can score by itself.

Presidio's scores are each recogniser author's own. Two corrections make one scale of them: some
formats are scored low although hardly anything else is written like them, and some checks score 1
although they pass one number in ten, or every one of the right form.
"""

from __future__ import annotations

__all__ = ["ALONE", "LEAST"]

LEAST = {
    "DATE_TIME": 0.2,
    "IN_PAN": 0.1,
    "IN_VOTER": 0.3,
    "IT_DRIVER_LICENSE": 0.2,
    "IT_FISCAL_CODE": 0.3,
    "KR_PASSPORT": 0.05,
    "SG_NRIC_FIN": 0.3,
    "UK_POSTCODE": 0.1,
    "US_ITIN": 0.05,
    "US_MBI": 0.3,
    "US_PASSPORT": 0.1,
}
"""What entities with a telling format must score, whatever the rest must."""

_FORM_ONLY = (
    "KR_DRIVER_LICENSE",
    "SE_ORGANISATIONSNUMMER",
    "TR_LICENSE_PLATE",
    "UK_VEHICLE_REGISTRATION",
    "ZA_DRIVER_LICENSE",
    "ZA_INCOME_TAX_NUMBER",
    "ZA_LICENSE_PLATE",
    "ZA_TRAFFIC_REGISTER_NUMBER",
    "ZA_VAT_NUMBER",
)
_ONE_IN_TEN = (
    "ABA_ROUTING_NUMBER",
    "AU_ACN",
    "AU_MEDICARE",
    "AU_TFN",
    "DE_BSNR",
    "DE_LANR",
    "IN_AADHAAR",
    "IT_VAT_CODE",
    "KR_BRN",
    "NG_NIN",
    "TH_TNIN",
    "UK_NHS",
    "US_NPI",
)

ALONE = dict.fromkeys(_FORM_ONLY, 0.3) | dict.fromkeys(_ONE_IN_TEN, 0.5) | {"ZA_PASSPORT": 0.1}
"""The most that a match is worth by itself, where the check is little evidence; context words come on top.
A South African passport number has the form of an American one, and is worth what Presidio gives that. Of a
Korean driving licence only the region is checked: how its check digit is made is not published."""
