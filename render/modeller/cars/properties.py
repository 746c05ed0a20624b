"""The typed description of a car, and what cannot go together."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from render.modeller.cars.usual import USUAL
from render.modeller.properties import MaterialName, Properties, count, degrees, metres

Body = Literal["hatchback", "estate", "van", "sedan", "coupe", "convertible", "pickup", "truck"]
Headlights = Literal["round", "square", "slim", "almond"]
Grille = Literal["none", "bar", "wide", "tall"]
Rim = Literal["five_spoke", "split_spoke", "multi_spoke", "turbine", "steel", "dish"]
Cargo = Literal["box", "flatbed", "tipper"]

STEEP_BACKED = ("hatchback", "estate", "van")
"""Bodies whose backlight is part of a steep back; `boot_length` is 0."""


class CarProperties(Properties):
    """A car. Its nose points to -z; lengths run along z."""

    class_name: Literal["car"] = "car"

    body: Body = Field("hatchback", description="kind of body")
    length: float = metres(4.1, 2.6, 7.2, "length of the whole car")
    width: float = metres(1.78, 1.35, 2.3, "width without mirrors")
    height: float = metres(1.46, 1.0, 3.2, "height of the roof above the ground, of the cab for a truck")
    wheelbase: float = metres(2.58, 1.7, 5.2, "from front to rear axle")
    front_overhang: float = metres(0.82, 0.4, 1.3, "from the nose to the front axle")
    ground_clearance: float = metres(0.16, 0.09, 0.5, "height of the floor above the ground")
    roundness: float = Field(0.6, ge=0.0, le=1.0, description="softness of edges and ends, 0 boxy to 1 round")

    bonnet_length: float = metres(1.1, 0.0, 2.1, "from the nose to the foot of the windscreen; below 0.3 a cab-over")
    bonnet_height: float = metres(0.98, 0.6, 1.6, "height of the foot of the windscreen")
    nose_height: float = metres(0.74, 0.45, 1.6, "height of the bonnet's front edge")
    nose_lean: float = metres(0.08, 0.0, 0.3, "how far the bonnet's front edge lies behind the bumper")
    belt_height: float = metres(0.95, 0.55, 1.7, "height of the belt line at the windscreen")
    belt_rise: float = metres(0.06, -0.1, 0.25, "rise of the belt line from windscreen to tail")
    windscreen_rake_deg: float = degrees(58.0, 3.0, 72.0, "lean of the windscreen from the upright")
    roof_arch: float = metres(0.06, 0.0, 0.25, "how far the roof's ends lie below its highest point")
    rear_rake_deg: float = degrees(28.0, 0.0, 75.0, "lean of the backlight from the upright")
    boot_length: float = metres(0.0, 0.0, 2.4, "deck, bed or boot lid behind the backlight")
    boot_height: float = metres(0.95, 0.5, 1.4, "height of the deck at the tail")
    tumblehome_deg: float = degrees(20.0, 0.0, 32.0, "inward lean of the side windows")

    wheel_radius: float = metres(0.315, 0.22, 0.5, "radius of the tyres")
    tyre_width: float = metres(0.205, 0.12, 0.34, "width of the tyres")
    rim_share: float = Field(
        0.66, ge=0.5, le=0.82, description="radius of the rims as a share of the tyres', 0.5 to 0.82"
    )
    rim: Rim = Field("five_spoke", description="style of the rims")
    flare: float = metres(0.02, 0.0, 0.07, "bulge of the wings round the wheels")

    crease: float = metres(0.012, 0.0, 0.03, "height of the ridge along the flanks")

    doors: int = count(4, 2, 4, "side doors, 2 or 4")
    side_glass: int = count(2, 1, 3, "panes on each side")
    headlights: Headlights = Field("almond", description="shape of the headlamps")
    grille: Grille = Field("wide", description="opening in the nose")
    bumpers: Literal["body", "black", "chrome"] = Field("body", description="bumpers in the body's skin, or bars")
    cladding: bool = Field(False, description="black plastic along sills and wheel arches")
    roof: Literal["plain", "rails", "sunroof", "contrast"] = Field("plain", description="what the roof wears")
    spare_wheel: bool = Field(False, description="a covered spare wheel on the back of an estate")
    spoiler: bool = Field(False, description="a lip or wing at the tail")
    cargo: Cargo = Field("box", description="what a truck carries; nothing to other bodies")
    cargo_height: float = metres(
        1.6, 0.8, 2.6, "height of a truck's box above its deck; a tipper's boards are 0.45 of it"
    )

    paint: MaterialName = Field("lacquer:silver", description="material of the body")
    second_paint: MaterialName = Field("lacquer:black", description="material of a contrast roof, hood or cargo body")
    glazing: MaterialName = Field("glass:privacy", description="material of the windows; a convertible has clear glass")
    rim_material: MaterialName = Field("metal:steel", description="material of the rims")
    trim_material: MaterialName = Field("metal:chrome", description="material of handles and grille bars")

    @classmethod
    def usual(cls, said: Mapping[str, Any]) -> dict[str, Any]:
        return USUAL.get(str(said.get("body")), {})

    @property
    def nose(self) -> float:
        """z of the foremost point of the body, metres."""
        return -self.length / 2

    @property
    def front_axle(self) -> float:
        """z of the front axle, metres."""
        return self.nose + self.front_overhang

    @property
    def rear_axle(self) -> float:
        """z of the rear axle, metres."""
        return self.front_axle + self.wheelbase

    @property
    def arch_radius(self) -> float:
        """Radius of the wheel arches, metres."""
        return 1.05 * self.wheel_radius + 0.02

    @property
    def cab_over(self) -> bool:
        """Whether the windscreen stands in the nose."""
        return self.bonnet_length < 0.3

    @property
    def steep_back(self) -> bool:
        """Whether the backlight stands in the rear face."""
        return self.body in STEEP_BACKED or self.body == "truck"

    def check(self) -> None:
        self._check_plan()
        self._check_side()
        self._check_kind()
        self._check_cabin()
        self._check_choices()

    def _check_plan(self) -> None:
        arch = self.arch_radius
        rear = self.length - self.front_overhang - self.wheelbase
        self.refuse(
            self.front_overhang < arch + 0.12,
            f"front_overhang {self.front_overhang:g} leaves no body before wheels of radius {self.wheel_radius:g}",
        )
        self.refuse(
            rear < (self.wheel_radius + 0.2 if self.body == "truck" else arch + 0.16),
            f"wheelbase {self.wheelbase:g} and front_overhang {self.front_overhang:g} leave {rear:.2g} of "
            f"length {self.length:g} behind the rear axle",
        )
        self.refuse(
            self.wheelbase < 2 * arch + 0.8,
            f"wheelbase {self.wheelbase:g} leaves no room for doors between wheels of radius {self.wheel_radius:g}",
        )
        self.refuse(
            self.tyre_width > 0.18 * self.width or self.tyre_width > 1.1 * self.wheel_radius,
            f"tyre_width {self.tyre_width:g} does not fit width {self.width:g} and wheel_radius {self.wheel_radius:g}",
        )
        self.refuse(
            self.ground_clearance > 0.85 * self.wheel_radius,
            f"ground_clearance {self.ground_clearance:g} is more than 0.85 of wheel_radius {self.wheel_radius:g}",
        )

    def _check_side(self) -> None:
        top_of_arch = self.wheel_radius + self.arch_radius
        eaves = self.height - self.roof_arch
        share = min(self.front_overhang / max(self.bonnet_length, 0.3), 1.0)
        wing = self.nose_height + (self.bonnet_height - self.nose_height) * share
        self.refuse(
            not self.cab_over and wing < top_of_arch + 0.09,
            f"wheel_radius {self.wheel_radius:g} is too much under a bonnet {wing:.2g} high at the front axle",
        )
        back = self.belt_height + self.belt_rise if self.steep_back else self.boot_height
        self.refuse(
            self.body != "truck" and back < top_of_arch + 0.12,
            f"wheel_radius {self.wheel_radius:g} is too much under a tail {back:.2g} high",
        )
        self.refuse(
            self.belt_height < top_of_arch + 0.08,
            f"belt_height {self.belt_height:g} lies below the wheel arches, {top_of_arch:.2g} high",
        )
        self.refuse(
            self.nose_height > self.bonnet_height + 0.02 or self.nose_height < self.ground_clearance + 0.35,
            f"nose_height {self.nose_height:g} does not lie between ground_clearance {self.ground_clearance:g} + 0.35 "
            f"and bonnet_height {self.bonnet_height:g}",
        )
        self.refuse(
            abs(self.belt_height - self.bonnet_height) > 0.2,
            f"belt_height {self.belt_height:g} is more than 0.2 from bonnet_height {self.bonnet_height:g}",
        )
        least = 0.2 if self.body in {"coupe", "convertible"} else 0.24
        self.refuse(
            eaves < max(self.belt_height + max(self.belt_rise, 0.0), self.bonnet_height) + least,
            f"height {self.height:g} less roof_arch {self.roof_arch:g} leaves no windows above belt_height "
            f"{self.belt_height:g} with belt_rise {self.belt_rise:g}; {least:g} of height or more",
        )

    def _check_kind(self) -> None:
        eaves = self.height - self.roof_arch
        self.refuse(
            self.cab_over and (self.body not in {"van", "truck"} or self.windscreen_rake_deg > 32),
            f"bonnet_length {self.bonnet_length:g} makes a cab-over: van or truck, windscreen_rake_deg 32 or less",
        )
        self.refuse(
            not self.cab_over and self.bonnet_length < self.front_overhang - 0.25,
            f"bonnet_length {self.bonnet_length:g} ends before the front wheels; 0 for a cab-over",
        )
        self.refuse(
            self.bonnet_length > self.front_overhang + 0.85,
            f"bonnet_length {self.bonnet_length:g} reaches more than 0.85 behind the front axle",
        )
        if self.steep_back:
            self.refuse(
                self.boot_length > 0,
                f"boot_length {self.boot_length:g} needs a sedan, coupe, convertible or pickup, not '{self.body}'",
            )
            most = 8 if self.body == "truck" else 50
            self.refuse(
                self.rear_rake_deg > most,
                f"rear_rake_deg {self.rear_rake_deg:g} is too flat for a '{self.body}'; {most} or less",
            )
        else:
            least = 1.0 if self.body == "pickup" else 0.15
            self.refuse(
                self.boot_length < least, f"boot_length {self.boot_length:g}: a '{self.body}' needs {least:g} or more"
            )
            self.refuse(
                not self.nose_height - 0.12 <= self.boot_height <= eaves - 0.15,
                f"boot_height {self.boot_height:g} does not lie between nose_height - 0.12 and the roof",
            )
            self.refuse(
                self.body == "pickup" and self.rear_rake_deg > 30,
                f"rear_rake_deg {self.rear_rake_deg:g} is too flat for a 'pickup'; 30 or less",
            )

    def _check_cabin(self) -> None:
        """Room for roof, cab or cockpit."""
        eaves = self.height - self.roof_arch
        front, back = (math.tan(math.radians(rake)) for rake in (self.windscreen_rake_deg, self.rear_rake_deg))
        start = 0.0 if self.cab_over else self.bonnet_length + (eaves - self.bonnet_height) * front
        end = self.length
        if self.body == "truck":
            end = start + 0.95 if not self.cab_over else 1.72
            room = self.front_overhang + self.wheelbase - self.wheel_radius - 0.1
            self.refuse(
                end > room,
                f"wheelbase {self.wheelbase:g} is too short for the cab, which ends {end:.2g} behind the nose",
            )
            self.refuse(
                self.length - end < 1.2, f"length {self.length:g} leaves no room for cargo behind a cab of {end:.2g}"
            )
            deck = 2 * self.wheel_radius + 0.12
            self.refuse(
                not deck <= self.boot_height <= self.belt_height,
                f"boot_height {self.boot_height:g}, the deck, does not lie between {deck:.2g} (wheels) and belt_height",
            )
        elif self.body == "convertible":
            room = self.length - self.boot_length - self.bonnet_length
            self.refuse(
                room < 1.3, f"boot_length {self.boot_length:g} and bonnet_length leave {room:.2g} for the cockpit"
            )
            self.refuse(
                eaves - self.bonnet_height > 0.55,
                f"height {self.height:g}: the windscreen of a convertible is at most 0.55 high",
            )
        else:
            end -= self.boot_length
            end -= 0.0 if self.steep_back else (eaves - self.boot_height) * back
            self.refuse(
                end - start < 0.4,
                f"windscreen_rake_deg {self.windscreen_rake_deg:g}, rear_rake_deg {self.rear_rake_deg:g} and "
                f"boot_length {self.boot_length:g} leave {end - start:.2g} of roof; 0.4 or more",
            )

    def _check_choices(self) -> None:
        self.refuse(
            self.doors not in {2, 4} or (self.doors == 4 and (self.body == "truck" or self.wheelbase < 2.15)),
            f"doors {self.doors}: 2, or 4 with a wheelbase of 2.15 or more and not on a truck",
        )
        self.refuse(
            self.roof != "plain" and self.body == "convertible", f"roof '{self.roof}' needs a roof, not a convertible"
        )
        self.refuse(
            self.spare_wheel and (self.body != "estate" or self.rear_rake_deg > 12),
            f"spare_wheel needs an estate with rear_rake_deg of 12 or less, not a '{self.body}'",
        )
        self.refuse(self.spoiler and self.body in {"pickup", "truck"}, f"spoiler on a '{self.body}'; set it to false")
