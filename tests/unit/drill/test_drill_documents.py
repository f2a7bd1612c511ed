"""The JSON forms of a drill's runs."""

import json
from dataclasses import replace

from test_drill_parts import direction, drill_report, flows

from twinspan.drill.alert_watch import FiredAlert
from twinspan.drill.document import RunDocument
from twinspan.drill.phases import Phase
from twinspan.drill.report import Moment
from twinspan.results.document import as_json


def test_the_json_form_of_a_run_is_read_again_as_it_was_written() -> None:
    report = drill_report()
    alert = FiredAlert(cloud="aws", name="down", about="", rang_after_s=1.23456, cleared_after_s=None)
    phase = Phase(name="detect", from_s=0.0, to_s=1.5, ended_by="bgp-down")
    hit = replace(direction(flows(lost_from=1, lost_until=2)), phases=(phase,))
    moment = Moment(at_s=0.1, what="cut")
    report = replace(
        report, directions=(hit, report.directions[1]), alerts=(alert,), timeline=(moment,), settings={"n": 4}
    )

    text = as_json(RunDocument.of(report))

    assert as_json(RunDocument.model_validate_json(text)) == text
    printed = json.loads(text)
    assert printed["schema"] == "twinspan/drill/1"
    assert printed["alerts"][0]["rang_after_s"] == 1.235
    assert printed["directions"][0]["measured"]["lost"] == hit.measured.lost > 0
    assert printed["settings"] == {"n": 4}
