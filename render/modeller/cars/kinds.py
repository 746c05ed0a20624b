"""Which cars there are: kinds of car as a car park knows them, and how often each is drawn."""

from __future__ import annotations

from render.modeller.cars import passenger, sports, working
from render.modeller.drawing import Kind

KINDS = {
    "hatch": Kind(0.10, passenger.hatch),
    "truck": Kind(0.10, working.truck),
    "saloon": Kind(0.09, passenger.saloon),
    "city": Kind(0.07, passenger.city),
    "pickup": Kind(0.08, working.pickup),
    "coupe": Kind(0.07, sports.coupe),
    "boxy_saloon": Kind(0.07, passenger.boxy_saloon),
    "delivery_van": Kind(0.07, working.delivery_van),
    "estate": Kind(0.08, passenger.estate),
    "roadster": Kind(0.06, sports.roadster),
    "crossover": Kind(0.09, passenger.crossover),
    "classic": Kind(0.06, passenger.classic),
    "offroader": Kind(0.06, passenger.offroader),
    "microvan": Kind(0.06, working.microvan),
    "supercar": Kind(0.06, sports.supercar),
    "people_carrier": Kind(0.05, passenger.people_carrier),
}
"""Kinds of car."""
