"""Rotate all tunnels, to be killed meanwhile; prints each moment."""

import json
import sys

from rotation_parts import PLACE, endpoints_of, rotator

from twinspan.drill.report import Moment
from twinspan.rotate.journal import Journal


def say(moment: Moment) -> None:
    sys.stdout.write(f"{moment.what}\n")
    sys.stdout.flush()


with Journal.at(PLACE).held():
    sys.stdout.write("begins\n")
    sys.stdout.flush()
    rotator(endpoints_of(json.loads(sys.argv[1])), tell=say).rotate(())
