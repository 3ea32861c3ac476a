"""The words of a usage report, by the languages that copies are written in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from app.lookups.usage_reports.rules import ReportColumn

_ = ReportColumn


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportWords:
    """The headings of the columns, `cost` with the currency's code to be filled in, and the words of some cells."""

    headings: Mapping[ReportColumn, str]
    total: str
    not_given: str

    def heading(self, column: ReportColumn, *, currency: str) -> str:
        """Return the heading of a column."""
        return self.headings[column].format(currency=currency)


_WORDS = {
    "en": ReportWords(
        headings={
            _.NUMBER: "Number or service",
            _.SITE: "Site or cost centre",
            _.DESTINATION: "Destination",
            _.DAY: "Day",
            _.NUMBERS: "Numbers",
            _.DESTINATIONS: "Destinations",
            _.RECORDS: "Items",
            _.DURATION: "Duration (h:mm:ss)",
            _.VOLUME: "Volume (MB)",
            _.COST: "Cost ({currency})",
            _.SHARE: "Share of cost (%)",
            _.FIRST_USE: "First use",
            _.LAST_USE: "Last use",
        },
        total="Total",
        not_given="Not given",
    ),
    "de": ReportWords(
        headings={
            _.NUMBER: "Nummer oder Dienst",
            _.SITE: "Standort oder Kostenstelle",
            _.DESTINATION: "Ziel",
            _.DAY: "Tag",
            _.NUMBERS: "Nummern",
            _.DESTINATIONS: "Ziele",
            _.RECORDS: "Einträge",
            _.DURATION: "Dauer (h:mm:ss)",
            _.VOLUME: "Volumen (MB)",
            _.COST: "Kosten ({currency})",
            _.SHARE: "Anteil an den Kosten (%)",
            _.FIRST_USE: "Erste Nutzung",
            _.LAST_USE: "Letzte Nutzung",
        },
        total="Summe",
        not_given="Ohne Angabe",
    ),
    "fr": ReportWords(
        headings={
            _.NUMBER: "Numéro ou service",
            _.SITE: "Site ou centre de coûts",
            _.DESTINATION: "Destination",
            _.DAY: "Jour",
            _.NUMBERS: "Numéros",
            _.DESTINATIONS: "Destinations",
            _.RECORDS: "Éléments",
            _.DURATION: "Durée (h:mm:ss)",
            _.VOLUME: "Volume (Mo)",
            _.COST: "Coût ({currency})",
            _.SHARE: "Part du coût (%)",
            _.FIRST_USE: "Première utilisation",
            _.LAST_USE: "Dernière utilisation",
        },
        total="Total",
        not_given="Non précisé",
    ),
    "es": ReportWords(
        headings={
            _.NUMBER: "Número o servicio",
            _.SITE: "Sede o centro de coste",
            _.DESTINATION: "Destino",
            _.DAY: "Día",
            _.NUMBERS: "Números",
            _.DESTINATIONS: "Destinos",
            _.RECORDS: "Registros",
            _.DURATION: "Duración (h:mm:ss)",
            _.VOLUME: "Volumen (MB)",
            _.COST: "Coste ({currency})",
            _.SHARE: "Parte del coste (%)",
            _.FIRST_USE: "Primer uso",
            _.LAST_USE: "Último uso",
        },
        total="Total",
        not_given="Sin indicar",
    ),
}


def report_words(language: str) -> ReportWords:
    """Return the words of a language (ISO 639-1); English where there are none in it."""
    return _WORDS.get(language, _WORDS["en"])
