"""Made-up personal data with exact spans: Faker values in templates written for this recipe."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from typing import Any

from faker import Faker

from .goals import ORDERS
from .rows import Row

_LOCALES = (
    "en_US en_US en_US en_GB en_GB en_CA en_AU en_IN en_IE en_NZ de_DE de_AT fr_FR es_ES es_MX it_IT nl_NL pt_BR pt_PT sv_SE no_NO da_DK fi_FI pl_PL "
    "cs_CZ ro_RO hu_HU tr_TR hr_HR sl_SI et_EE lv_LV lt_LT id_ID fr_CH de_CH es_CO es_AR nl_BE fil_PH"
).split()

_NATIONS = (
    "American British Canadian Australian Indian Irish German Austrian French Spanish Mexican Italian Dutch Brazilian Portuguese Swedish Norwegian Danish Finnish Polish Czech "
    "Romanian Hungarian Turkish Croatian Slovenian Estonian Latvian Lithuanian Indonesian Swiss Colombian Argentine Belgian Filipino Chinese Japanese Korean Kenyan Nigerian Egyptian "
    "Moroccan Greek Russian Ukrainian Vietnamese Thai Iranian Iraqi Syrian Israeli Palestinian Cuban Chilean Peruvian Hindu Muslim Christian Jewish Buddhist Catholic Protestant Sikh "
    "Republican Democrat Libertarian Kurdish Basque Catalan Roma Hispanic Latino Asian African Arab"
).split()
_TITLES = "Mr. Mrs. Ms. Miss Dr. Prof. Mr Mrs Ms Dr Sir Madam Rev. Capt. Professor Herr Frau Señor Señora Monsieur Madame Sig. Mx.".split()
_ORG_TAILS = "Ltd|Inc.|LLC|GmbH|AG|S.A.|PLC|Group|& Sons|Holdings|Bank|University|Hospital|Foundation|Airlines|Records|FC|Institute|Council|Labs|Media|Partners|Solutions|Church|Society|Museum".split(
    "|"
)
_ORG_HEADS = "University of {city}|{city} City Council|Bank of {city}|St. {given} Hospital|Ministry of Health|{city} United|The {city} Times|Department of Transport|{family} & {family2}|{family} Brothers|Radio {city}|{city} Police|National Union of Teachers|{word}|{word} {tail}|{word}{word2}|{family} {tail}|{city} {tail}|{word} {word2} {tail}|{abbr}|{abbr} {tail}".split(
    "|"
)
_PLACES = (
    "Europe|Asia|Africa|the Alps|Lake Geneva|the Bronx|Bavaria|Tuscany|Catalonia|Scotland|Wales|Brittany|Andalusia|California|Texas|Ohio|Ontario|Queensland|Punjab|Kerala|Hokkaido|Siberia|the Rhine|Mount Etna|Central Park|"
    "Heathrow Airport|Times Square|the Black Forest|New England|the Middle East|Latin America|Hyde Park|Silicon Valley|the Thames|Penn Station|Red Square|the Gobi Desert|Route 66|Manhattan|Brooklyn|Soho|Kreuzberg|Montmartre"
).split("|")
_COUNTRIES = (
    "Germany France Spain Italy Portugal Poland Austria Switzerland Norway Sweden Denmark Finland Ireland Scotland Canada Mexico Brazil Argentina Chile Peru Colombia Cuba Egypt Kenya Nigeria Ghana Morocco India China Japan Vietnam "
    "Thailand Indonesia Australia Turkey Greece Hungary Romania Croatia Estonia Latvia Lithuania Ukraine Russia Iran Iraq Israel Lebanon Jordan Qatar Netherlands Belgium Iceland Malta Cyprus USA UK UAE"
).split()

#: Slots are entity values; the part before ``:`` in _VALUES names the entity type.
_TEMPLATES = (
    """
{person} moved to {place} in {date}.|Please call {person} at {phone}.|{titled} will see you on {date}.|My name is {person} and I live at {address}.|I'm {given}, {age} years old, from {city}.|hi this is {given} from {org}, call me on {phone}
{person} works for {org} in {city}.|{org} opened an office in {place} last year.|Ship the parcel to {address}.|Our new address is {address}; the old one was {street}.|{person} was born on {date} in {city}, {country}.|{person}, {age}, was taken to {org}.
Customer {id} ({person}) complained on {date}.|Passport no. {id}, issued in {country}.|The card {card} was declined.|Charge {card} and send the receipt to {person}.|My zip code is {zip}.|{city} {zip}|We deliver to {zip} only.|Her {nation} passport expires on {date}.
{given} is {nation}.|The {nation} team won in {city}.|{family} told {org} that the plan was dead.|According to {person} of {org}, prices in {country} will rise.|{org} and {org} signed a deal in {city} on {date}.|{given} and {given} met at {place}.
Can someone from {org} call me back? {phone}, ask for {given}.|My SSN is {id}.|licence {id}|Member ID: {id}|account number {id} at {org}|Tax number {id} belongs to {person}.|Patient {person}, DOB {date}, MRN {id}.|Driver's license {id}, state of {state}.
{titled} retired at {age}.|The suspect, {age}, lives on {street}.|She turned {age} in {month}.|aged {age}|a {age}-year-old from {city}|My son {given} is {age} years old.|{person} ({age}) und {person} ({age})|He is {age} and she is {age}.
just saw {person} at {place} omg|lol {given} is late again|{given} u coming to {city} tonight??|RT: {person} joins {org}|{org} is hiring in {city}!|watching {person} live in {city}|cant believe {org} did that|off to {place} with {given} and {given}|happy bday {given}!!
{city}, {state}|from {city} to {city}|a train from {city} to {city}, {country}|weather in {city}|{country} beat {country} 3-1|the mayor of {city}, {person}, said|flights to {place}|{city} ({country})|I grew up in {city}, {state}, and moved to {country}.
On {date}, {person} signed.|The meeting is on {date} at {time}.|Born: {date}|valid until {date}|Since {year}, {org} has been based in {city}.|{date} - {date}|every {weekday}|see you {weekday} at {time}|He was admitted on {date} and discharged on {date}.
How do I change my address to {address}?|what's the phone number of {org} in {city}?|who is {person}?|Where is {street}, {city}?|Could you book a table for {titled}?|remind me to call {given} on {weekday}|did {given} {family} pay?|send £40 to {person}
Dear {titled},|Kind regards, {person}|Thanks, {given}|To: {person}|cc {given}, {given} and {given}|Signed: {person}, {org}|Yours, {given} {family}|Attn. {person}, {street}, {zip} {city}|c/o {person}
Ich heiße {person} und wohne in {city}.|Frau {family} arbeitet bei {org}.|Meine Adresse lautet {address}.|Rufen Sie {person} unter {phone} an.|Geboren am {date} in {city}.|Je m'appelle {person}, j'habite à {city}.|Mon numéro est le {phone}.|{person} travaille chez {org}.
Me llamo {person} y vivo en {city}.|Mi teléfono es {phone}.|{person}, de {age} años, vive en {street}.|Mi chiamo {person}, abito in {street}, {city}.|Il mio numero è {phone}.|Meu nome é {person}, moro em {city}.|Nombre: {person}. Edad: {age} años.|Ik ben {person} uit {city}.
The report by {family} et al. ({year}) names {org}.|{person} v. {org}|{person}'s mother lives in {city}.|{org}'s board met {person}.|{given}'s phone: {phone}|tel {phone}|Fax: {phone}|mobile {phone}, office {phone}|WhatsApp me: {phone}|Phone number: {phone}
Invoice for {org}, {address}|{org}\\n{street}\\n{city}, {state} {zip}|{person}\\n{address}|{person}\\n{org}\\nTel. {phone}|Name: {person}\\nAddress: {address}\\nPhone: {phone}|Billing: {person}, card {card}, {zip}|Emergency contact {person} {phone}
My credit card {card} expires soon.|card number: {card}|pay with {card}|Is {card} a valid card?|lost my card {card} in {city}|I see a charge from {org} on {card}|Amex {card}|refund to {card} please
We are a {nation} family in {place}.|most {nation} voters in {state}|a {nation} recipe|{person}, the {nation} writer|{nation} and {nation} delegates met in {city}|She speaks with a {nation} accent.
Our neighbour {given} has lived at {street} since {year}.|Two women, {person} and {person}, founded {org} in {year}.|The nurse, {given}, gave {titled} the pills at {time}.|{person} left {org} for {org}.|Witness {person} saw the car on {street} near {place}.
A spokesman for {org} said that {person} would not comment.|{person} scored twice as {org} drew with {org}.|{org} ({country})|The novel by {person} is set in {place}.|{given} {family} plays {given} in the new film.|interview with {person}, CEO of {org}|{family} and {family} shared the prize.
I was charged twice, my ID is {id} and I live in {zip}.|User {id} logged in from {city}.|order for {person}: 2 chairs, to {address}|Student {person} (no. {id}) passed.|employee {id}, {person}, {org}|case {id}: {person} against {org}|Policy {id} for {titled}, {age}
""".replace("\n", "|")
    .strip("|")
    .split("|")
)
#: Where people live and who they are: postcodes inside an address belong to it, alone they are ZIP_CODE.
_AT_HOME = (
    """
I live at {home}.|Please send it to {home}.|my address is {home}, thanks|{person}\\n{home}|The shop is at {home}, next to {org}.|We moved from {home} to {home}.|Deliver the flowers to {titled}, {home}|Return address: {home}|{org}, {home}|Is {home} a real address?|Meet me at {street}|Pick up at {street}, {city}.
Directions from {home} to {street}, please.|bill to:\\n{person}\\n{home}|{titled}\\n{home}\\n{phone}|The house at {street} was sold in {year}.|I used to live on {street} before I moved to {city}.|Where's the nearest bank to {home}?|A fire broke out at {street}, {city}, {state}.|Visit us: {home}|Headquarters: {home}
my postcode is {zip}|zip: {zip}|What is the postal code of {city}?|I need the weather for {zip}|ZIP {zip} please|area code {zip}, delivery on {weekday}|Is {zip} in {state}?|postcode {zip}, customer {id}|The parcel went to postal code {zip} by mistake.
{title} {family} will see you now.|Dear {title} {family},|Is {title} {given} {family} in?|{title} and {title} {family} are on holiday.|Ask {titled} about the test.|Good morning, {titled}!|I'd like to speak with {titled} from {org}.|{titled} was promoted.|Please be seated, {title} {family}.|Thank you, {title}.|{titled}, {age}, of {street}
I am {age}.|I'm {age} years old|He just turned {age}.|a {age} year old woman|age: {age}|{given}, {age}, plays chess.|My grandmother is {age} and still drives.|at the age of {age}|The {age}-year-old was unhurt.|{person}, aged {age}, of {city}|kids under {age} are not insured|DOB {date}, age {age}
{given} bought a phone from {org}.|The {nation} minister met {person}.|{org} of {city}|{given}'s car broke down near {place}.|I am a {nation} citizen living in {country}.|Who founded {org}?|{person} and the band {org} play in {city}.|Shares of {org} fell.|{org} v {org}|What does {org} do?|I work at {org}|{person} is from {country}, not {country}.
""".replace("\n", "|")
    .strip("|")
    .split("|")
)
#: Sentences without personal data, for precision.
_PLAIN = (
    """
The meeting went well.|Please restart the server.|Version 2.0.1 is out.|I need 300 screws.|May I ask a question?|Will you help me?|The rose is a flower.|Add two cups of flour.|The order number was not found.|Error 404|Mark all as read.|It will rain a lot.|The price is 19.99.|Call me later.
The total is 1,250 units.|Faith and hope matter.|Turn left at the next crossing.|Grant access to all.|My card was declined.|What is my balance?|The patient was stable.|We sell bread and cheese.|page 12 of 40|Chapter 3|Apples are red.|Windows is slow today.|Chase the ball.|Use Python for this.|The bill is due.|lol so tired
def main(): return 0|SELECT name FROM users;|The name field is empty.|Address not valid.|Enter your phone number.|Our company grows.|The hospital is full.|Rob the cat slept.|no idea what to do|Is there a doctor?|Great game yesterday!|The sun rises in the east.|Send the report to the manager.|Summer is near.|in the north of the country
""".replace("\n", "|")
    .strip("|")
    .split("|")
)

_SLOT = re.compile(r"\{(\w+)\}")
_TYPES = {
    "person": "PERSON", "given": "PERSON", "family": "PERSON", "place": "LOCATION", "city": "LOCATION", "country": "LOCATION", "state": "LOCATION", "address": "LOCATION", "home": "LOCATION", "street": "LOCATION",
    "org": "ORGANIZATION", "date": "DATE_TIME", "time": "DATE_TIME", "year": "DATE_TIME", "month": "DATE_TIME", "weekday": "DATE_TIME", "phone": "PHONE_NUMBER", "card": "CREDIT_CARD", "age": "AGE",
    "nation": "NRP", "zip": "ZIP_CODE", "id": "ID", "title": "TITLE",
}  # fmt: skip


class People:
    """Draws values of one country after another, always the same for the same seed."""

    def __init__(self, rng: random.Random) -> None:
        """Seed one Faker per locale from ``rng``."""
        self.rng = rng
        self.fakers = [Faker(locale) for locale in _LOCALES]
        for faker in self.fakers:
            faker.seed_instance(rng.randrange(2**32))
        self.fake = self.fakers[0]

    def travel(self) -> None:
        """Go to another country: the next values are from there."""
        self.fake = self.rng.choice(self.fakers)

    def value(self, slot: str) -> str:
        """Return a fresh value for a template slot."""
        return str(getattr(self, f"_{slot}")()).strip()

    def _draw(self, name: str) -> str:
        """Return a Faker value; a country that lacks the kind borrows an American one."""
        faker = self.fake if hasattr(self.fake, name) else self.fakers[0]
        return str(getattr(faker, name)())

    def _given(self) -> str:
        return self._draw("first_name")

    def _family(self) -> str:
        return self._draw("last_name")

    def _person(self) -> str:
        given, family = self._given(), self._family()
        style = self.rng.random()
        if style < 0.72:
            return f"{given} {family}"
        middle = self.rng.choice("ABCDEFGHJKLMNPRSTW")
        return self.rng.choice(
            (
                f"{given} {middle}. {family}",
                f"{family}, {given}",
                f"{given[0]}. {family}",
                f"{given} {self._given()} {family}",
                f"{given} {family}-{self._family()}",
                f"{family} {given}",
            )
        )

    def _title(self) -> str:
        return self.rng.choice(_TITLES)

    def _city(self) -> str:
        return self._draw("city")

    def _country(self) -> str:
        return self.rng.choice(_COUNTRIES)

    def _place(self) -> str:
        return self.rng.choice((self._city, self._country, lambda: self.rng.choice(_PLACES)))()

    def _state(self) -> str:
        for name in ("state_abbr", "state", "region", "administrative_unit"):
            if hasattr(self.fake, name) and self.rng.random() < 0.7:
                return str(getattr(self.fake, name)())
        return self.rng.choice("NY CA TX Ohio Nevada Bavaria Tuscany Kent FL Oregon WA Zealand Skåne Quebec".split())

    def _zip(self) -> str:
        return self._draw("postcode")

    def _street(self) -> str:
        street = self._draw("street_address").replace("\n", ", ")
        if self.rng.random() < 0.15:
            street += self.rng.choice((", Apt. {}", " Suite {}", ", Flat {}", " Unit {}", ", {}. Stock", " #{}")).format(
                self.rng.randint(1, 999)
            )
        return street

    def _address(self) -> str:
        if self.rng.random() < 0.4:
            return self._draw("address") if self.rng.random() < 0.4 else self._draw("address").replace("\n", ", ")
        glue = self.rng.choice((", ", "\n", " ", ",\n"))
        parts = [
            self._street(),
            self.rng.choice(("{city}", "{city}, {state}", "{zip} {city}", "{city} {zip}", "{city}, {state} {zip}")),
            self.rng.choice(("{country}", "", "")),
        ]
        return glue.join(_SLOT.sub(lambda slot: self.value(slot[1]), part) for part in parts if part)

    def _home(self) -> str:
        """Return a full postal address, the postcode in it, in the layouts of several countries."""
        layout = self.rng.choice(
            (
                "{street}, {city}, {state} {zip}",
                "{street}\n{city}, {state} {zip}",
                "{street}\n {city}\n {state} {zip}",
                "{street}, {city} {zip}",
                "{street}, {zip} {city}",
                "{street}\n{zip} {city}\n{country}",
                "{street}, {city}, {country}",
                "{street}, {city}, {zip}, {country}",
                "{street} {city}, {state} {zip}",
            )
        )
        return _SLOT.sub(lambda slot: self.value(slot[1]), layout)

    def _org(self) -> str:
        if self.rng.random() < 0.4:
            return self._draw("company")
        words = {
            "city": self._city(),
            "given": self._given(),
            "family": self._family(),
            "family2": self._family(),
            "tail": self.rng.choice(_ORG_TAILS),
            "word": self.rng.choice(ORDERS.rules["word"]).title(),
            "word2": self.rng.choice(ORDERS.rules["word"]).title(),
            "abbr": "".join(self.rng.choice("ABCDEFGHIKLMNOPRSTUVW") for _ in range(self.rng.randint(2, 4))),
        }
        return self.rng.choice(_ORG_HEADS).format(**words)

    def _date(self) -> str:
        day = self.fake.date_between("-70y", "+2y")
        style = self.rng.choice(
            (
                "%Y-%m-%d",
                "%d/%m/%Y",
                "%m/%d/%Y",
                "%d.%m.%Y",
                "%B %d, %Y",
                "%d %B %Y",
                "%d %b %Y",
                "%b %d",
                "%B %Y",
                "%m-%d-%y",
                "%A, %B %d",
                "%d %B",
                "%Y",
                "%m/%d/%y",
            )
        )
        return day.strftime(style)

    def _time(self) -> str:
        return self.rng.choice(
            (
                f"{self.rng.randint(1, 12)} {self.rng.choice(('am', 'pm', 'p.m.'))}",
                f"{self.rng.randint(0, 23)}:{self.rng.randint(10, 59)}",
                "noon",
            )
        )

    def _year(self) -> str:
        return str(self.rng.randint(1900, 2027))

    def _month(self) -> str:
        return self.rng.choice("January February March April June July August September October November December".split())

    def _weekday(self) -> str:
        return self.rng.choice("Monday Tuesday Wednesday Thursday Friday Saturday Sunday tomorrow yesterday".split())

    def _phone(self) -> str:
        if self.rng.random() < 0.7:
            return self._draw("phone_number")
        digits = re.sub(
            r"\d",
            lambda _: str(self.rng.randint(0, 9)),
            self.rng.choice(
                (
                    "000-000-0000",
                    "(000) 000 0000",
                    "+00 000 000 000",
                    "0000 000 000",
                    "00000 000000",
                    "000.000.0000",
                    "+000 00 000 0000",
                    "000 00 00 00",
                    "0000000000",
                    "000-0000",
                    "001-000-000-0000x000",
                )
            ),
        )
        return digits

    def _card(self) -> str:
        number = self._draw("credit_card_number")
        if self.rng.random() < 0.5:
            glue = self.rng.choice((" ", "-"))
            number = glue.join(number[at : at + 4] for at in range(0, len(number), 4))
        return number

    def _age(self) -> str:
        return (
            str(self.rng.randint(1, 99))
            if self.rng.random() < 0.93
            else self.rng.choice(("forty", "twenty-three", "seventeen", "sixty", "thirty-one"))
        )

    def _nation(self) -> str:
        return self.rng.choice(_NATIONS)

    def _id(self) -> str:
        shape = self.rng.choice(
            (
                "000-00-0000",
                "A0000000",
                "AA000000",
                "00000000",
                "AAA000000",
                "A00-000-000",
                "000000000",
                "AA-0000-00",
                "00 00 00 A",
                "0000000A",
                "0000-0000-0000",
                "AA00AAA",
                "A000-0000-0000-00",
                "000000-0000",
                "AAAA000000AA0",
                "00000000000",
                "EMP-0000",
                "A0A0A0A0",
            )
        )
        if shape.startswith("EMP"):
            return f"EMP-{self.rng.randint(1000, 9999)}"
        return re.sub(r"[A0]", lambda c: self.rng.choice("ABCDEFGHJKLMNPQRSTUVWXYZ") if c[0] == "A" else str(self.rng.randint(0, 9)), shape)


class _Page:
    """A text under construction and the spans in it."""

    def __init__(self) -> None:
        self.text = ""
        self.spans: list[list[Any]] = []

    def add(self, text: str, entity: str | None = None) -> None:
        if entity:
            self.spans.append([len(self.text), len(self.text) + len(text), entity])
        self.text += text

    def fill(self, people: People, template: str) -> None:
        """Append a template with values in its slots."""
        at = 0
        for slot in _SLOT.finditer(template):
            self.add(template[at : slot.start()])
            self._slot(people, slot[1])
            at = slot.end()
        self.add(template[at:])

    def _slot(self, people: People, name: str) -> None:
        if name == "titled":
            self.add(people.value("title"), "TITLE")
            self.add(" ")
            name = people.rng.choice(("person", "family", "family"))
        self.add(people.value(name), _TYPES[name])


def _prose(people: People, page: _Page) -> None:
    glue = people.rng.choice((" ", " ", "\n", ". "))
    for n in range(people.rng.choice((1, 1, 1, 2, 2, 3, 4, 5))):
        if n:
            page.add(glue)
        plain = people.rng.random() < 0.25
        page.fill(people, people.rng.choice(_PLAIN if plain else _TEMPLATES).replace("\\n", "\n"))


def _signature(people: People, page: _Page) -> None:
    _prose(people, page)
    page.add("\n\n" + people.rng.choice(("--\n", "Best,\n", "Mit freundlichen Grüßen\n", "Regards\n")))
    lines = ["{person}", "{org}", "{address}", "Tel: {phone}", "{titled}", "M {phone}", "{city}, {country}"]
    for line in [lines[0], *people.rng.sample(lines[1:], people.rng.randint(1, 4))]:
        page.fill(people, line)
        page.add("\n")


_COLUMNS = {
    "name": "person",
    "full name": "person",
    "first": "given",
    "last": "family",
    "city": "city",
    "phone": "phone",
    "company": "org",
    "dob": "date",
    "address": "street",
    "zip": "zip",
    "id": "id",
    "age": "age",
    "country": "country",
    "card": "card",
    "nationality": "nation",
    "employer": "org",
    "title": "title",
    "joined": "date",
}
_BLANK = {
    "status": ("active", "closed", "new"),
    "amount": ("12.50", "199", "7"),
    "note": ("paid late", "vip", "call first", "ok"),
    "quantity": ("1", "3", "20"),
}


def _columns(rng: random.Random) -> list[str]:
    names = rng.sample(list(_COLUMNS), rng.randint(2, 5)) + rng.sample(list(_BLANK), rng.randint(0, 2))
    rng.shuffle(names)
    return names


def _cell(people: People, page: _Page, column: str, quote: bool = False) -> None:
    if column in _BLANK:
        page.add(people.rng.choice(_BLANK[column]))
        return
    value = people.value(_COLUMNS[column]).replace("\n", ", ")
    page.add(json.dumps(value, ensure_ascii=False)[1:-1] if quote else value, _TYPES[_COLUMNS[column]])


def _table(people: People, page: _Page) -> None:
    left, glue, right = people.rng.choice((("| ", " | ", " |\n"), ("", ",", "\n"), ("", "\t", "\n"), ("", ";", "\n")))
    columns = _columns(people.rng)
    page.add(left + glue.join(columns) + right)
    for _ in range(people.rng.randint(1, 4)):
        for n, column in enumerate(columns):
            page.add(glue if n else left)
            _cell(people, page, column)
        page.add(right)


def _json(people: People, page: _Page) -> None:
    gap = people.rng.choice(("", "\n  "))
    page.add("{" + gap)
    for n, column in enumerate(_columns(people.rng)):
        page.add((("," + (gap or " ")) if n else "") + f'"{column.replace(" ", "_")}": "')
        _cell(people, page, column, quote=True)
        page.add('"')
    page.add(gap[:1] + "}")


def _form(people: People, page: _Page) -> None:
    glue = people.rng.choice((": ", " = ", ":\n", " - "))
    for column in _columns(people.rng):
        page.add(column.title() + glue)
        _cell(people, page, column)
        page.add("\n")


def _log(people: People, page: _Page) -> None:
    for _ in range(people.rng.randint(1, 4)):
        page.add(people.rng.choice(("INFO ", "WARN ", "audit: ", "[app] ")))
        page.fill(
            people,
            people.rng.choice(
                (
                    "user={person} id={id} city={city}",
                    "sms to {phone} failed",
                    "login {person} from {country}",
                    "address changed to {street}",
                    "payment {card} by {person}",
                    "created account {id} for {org}",
                )
            ),
        )
        page.add("\n")


_MAKERS = ((_prose, 62), (_signature, 8), (_table, 8), (_json, 8), (_form, 9), (_log, 5))


def _home(people: People, page: _Page) -> None:
    for n in range(people.rng.choice((1, 1, 2, 3))):
        if n:
            page.add(people.rng.choice((" ", "\n")))
        plain = people.rng.random() < 0.25
        page.fill(people, people.rng.choice(_PLAIN if plain else _AT_HOME).replace("\\n", "\n"))


def resident(people: People) -> Row:
    """Return a text about where people live, their titles and ages."""
    return _row(people, _home)


def personal(people: People) -> Row:
    """Return a text with personal data of one country (or, in tables, of one each)."""
    return _row(people, people.rng.choices([m for m, _ in _MAKERS], [w for _, w in _MAKERS])[0])


def _row(people: People, maker: Callable[[People, _Page], None]) -> Row:
    people.travel()
    page = _Page()
    maker(people, page)
    text, spans = page.text, page.spans
    style = people.rng.random()
    if style < 0.08 and len(text.lower()) == len(text):
        text = text.lower()
    elif style < 0.10 and len(text.upper()) == len(text):
        text = text.upper()
    return Row(text, people.rng.randint(0, 1), "synth_people", maker.__name__, instructions=None, entities=spans)
