"""The EC2 actions on launch templates, and on instance profiles, over moto's.

Source of each: EC2 API, the action of that name.
"""

import base64
import binascii
from collections.abc import Callable, Mapping
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError

from twinspan.twin.aws.ec2.base_response import ExactResult
from twinspan.twin.aws.ec2.errors import invalid_value
from twinspan.twin.aws.ec2.interface_responses import InterfaceActions
from twinspan.twin.aws.ec2.tags import tag_list

_NAMED_VERSIONS = frozenset({"$Default", "$Latest"})
_EVERYTHING = 1_000_000


class TemplateActions(InterfaceActions):
    """Launch templates, and which role an instance has."""

    def create_launch_template(self) -> ActionResult:
        """CreateLaunchTemplate; moto would put the template's tags among those of its instances."""
        template = self.machines.create_launch_template(
            self._get_param("LaunchTemplateName"),
            self._get_param("VersionDescription"),
            _template_data(self._get_param("LaunchTemplateData", {})),
            {"launch-template": self.tags_for("launch-template")},
        )
        return ExactResult(
            {
                "LaunchTemplate": {
                    "LaunchTemplateId": template.id,
                    "LaunchTemplateName": template.name,
                    "CreateTime": template.create_time,
                    "CreatedBy": f"arn:{self.partition}:iam::{self.current_account}:root",
                    "DefaultVersionNumber": template.default_version_number,
                    "LatestVersionNumber": template.latest_version_number,
                    "Tags": tag_list(template),
                }
            }
        )

    def create_launch_template_version(self) -> ActionResult:
        """CreateLaunchTemplateVersion; members of the source stand where the request has none."""
        source, params = self._get_param("SourceVersion"), self._get_params()
        data = _template_data(params.get("LaunchTemplateData", {}))
        if source is not None:
            named = {name: self._get_param(name) for name in ("LaunchTemplateId", "LaunchTemplateName")}
            data = {**self.machines.template_version({**named, "Version": source}).data, **data}
        params["LaunchTemplateData"] = data
        return super().create_launch_template_version()

    def describe_launch_template_versions(self) -> ActionResult:
        """DescribeLaunchTemplateVersions; a version is a number, or one of two words."""
        for name in ("MinVersion", "MaxVersion", "Versions"):
            given = self._get_param(name, [])
            for version in [given] if isinstance(given, str) else given:
                if not version.isdecimal() and version not in _NAMED_VERSIONS:
                    raise invalid_value(name, version, "It must be a number, $Latest or $Default")
                if name != "Versions" and version in _NAMED_VERSIONS:
                    raise invalid_value(name, version, "It must be a number")
        return self._whole(super().describe_launch_template_versions)

    def describe_launch_templates(self) -> ActionResult:
        """DescribeLaunchTemplates."""
        return self._whole(super().describe_launch_templates)

    def describe_iam_instance_profile_associations(self) -> ActionResult:
        """DescribeIamInstanceProfileAssociations."""
        return self._whole(super().describe_iam_instance_profile_associations)

    def _whole(self, describe: Callable[[], ActionResult]) -> ActionResult:
        """Have moto answer with everything: pages are cut afterwards."""
        params = self._get_params()
        asked = {name: params.pop(name, None) for name in ("MaxResults", "NextToken")}
        params["MaxResults"] = _EVERYTHING
        result = describe()
        params.update(asked)
        return result


def _template_data(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a launch template keeps. InvalidUserData.Malformed: its user data is not Base64."""
    user_data = str(given.get("UserData") or "")
    try:
        base64.b64decode(user_data, validate=True)
    except binascii.Error as error:
        raise EC2ClientError("InvalidUserData.Malformed", "Invalid BASE64 encoding of user data.") from error
    for specification in given.get("TagSpecifications", ()):
        for tag in specification.setdefault("Tags", []):
            tag.setdefault("Value", "")
    rest = {name: value for name, value in given.items() if name != "UserData"}
    return {**rest, "UserData": user_data} if user_data else rest
