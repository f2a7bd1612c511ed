"""Rotate all tunnels, to be killed meanwhile; prints each moment."""

import json
import sys
from pathlib import Path

from rotation_parts import PLACE, Apis, rotator

from twinspan.drill.report import Moment
from twinspan.rotate.journal import Journal


def say(moment: Moment) -> None:
    sys.stdout.write(f"{moment.what}\n")
    sys.stdout.flush()


with Journal.at(PLACE).held():
    sys.stdout.write("begins\n")
    sys.stdout.flush()
    rotator(Apis(folder=Path(), told=json.loads(sys.stdin.readline())).endpoints, tell=say).rotate(())
