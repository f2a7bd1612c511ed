"""S3 of the twin: moto's, which takes some questions for others, and forgets the tags of new buckets."""

from types import SimpleNamespace
from typing import Any

import moto.s3.urls
from moto.core.common_types import TYPE_RESPONSE
from moto.core.request import Request
from moto.core.responses import ActionResult
from moto.core.utils import get_service_model
from moto.s3.exceptions import DuplicateTagKeys, NoSystemTags
from moto.s3.models import FakeAcl, S3Backend
from moto.s3.responses import S3Response

from twinspan.twin.aws.requests.documents import read_xml


class TwinS3Response(S3Response):
    """S3's actions."""

    def _bucket_response_get(self, bucket_name: str, querystring: dict[str, Any]) -> str | TYPE_RESPONSE:
        """Answer about a bucket. Source: S3 API, GetBucketRequestPayment: the owner pays by default."""
        if "requestPayment" in querystring:
            self.backend.get_bucket(bucket_name)
            self.data["Action"] = "GetBucketRequestPayment"
            paid: TYPE_RESPONSE = self.serialized(ActionResult({"Payer": "BucketOwner"}))
            return paid
        answer: str | TYPE_RESPONSE = super()._bucket_response_get(bucket_name, querystring)
        return answer

    def _bucket_response_put(
        self,
        request: Request,
        bucket_name: str,
        querystring: dict[str, Any],
    ) -> str | TYPE_RESPONSE:
        """Change a bucket, or make one with its tags. Source: S3 API, CreateBucketConfiguration."""
        answer: str | TYPE_RESPONSE = super()._bucket_response_put(request, bucket_name, querystring)
        if not querystring:
            operation = get_service_model("s3").operation_model("CreateBucket")
            made = read_xml(operation, self.body).get("CreateBucketConfiguration") or {}
            if made.get("Tags"):
                tags = {tag["Key"]: tag["Value"] for tag in made["Tags"]}
                self.backend.put_bucket_tagging(bucket_name, tags)
        return answer

    def _bucket_tagging_from_body(self) -> dict[str, str]:
        return self._tags_of("PutBucketTagging")

    def _acl_from_headers(self, headers: dict[str, str]) -> FakeAcl | None:
        """Return a canned ACL: grants are refused before, but for empty ones, which moto cannot read."""
        acl: FakeAcl | None = super()._acl_from_headers({"x-amz-acl": headers.get("x-amz-acl", "")})
        return acl

    def _tagging_from_xml(self) -> dict[str, str]:
        return self._tags_of("PutObjectTagging")

    def _tags_of(self, operation: str) -> dict[str, str]:
        """Return the tags of a body with every space in them, which moto takes away."""
        tags: dict[str, str] = {}
        for tag in read_xml(get_service_model("s3").operation_model(operation), self.body)["Tagging"][
            "TagSet"
        ]:
            if tag["Key"] in tags:
                raise DuplicateTagKeys
            if tag["Key"].startswith("aws:"):
                raise NoSystemTags
            tags[tag["Key"]] = tag["Value"]
        return tags


class TwinS3Backend(S3Backend):
    """S3's state of the twin."""

    @property
    def _url_module(self) -> SimpleNamespace:
        """Moto looks for its URLs beside the class; ours lead to our own response class."""
        urls = moto.s3.urls
        paths = {
            path: getattr(TwinS3Response, leads_to.__name__) for path, leads_to in urls.url_paths.items()
        }
        return SimpleNamespace(url_bases=urls.url_bases, url_paths=paths)
