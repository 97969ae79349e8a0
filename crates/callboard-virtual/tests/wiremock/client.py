"""Drives a WireMock-compatible server with the Python package `wiremock`: client.py BASE_URL"""
import json
import sys
import urllib.error
import urllib.request

from wiremock.client import (CommonHeaders, HttpMethods, Mapping, MappingRequest, MappingResponse, Mappings, NearMissMatchPatternRequest,
                             NearMissMatchRequest, NearMisses, Requests, Scenarios)
from wiremock.constants import Config
from wiremock.resources.settings import GlobalSetting
from wiremock.resources.settings.resource import GlobalSettings
from wiremock.resources.requests import RequestCountResponse

BASE = sys.argv[1]
Config.base_url = BASE + "/__admin"


def call(path, method="GET", body=None, headers=None):
    request = urllib.request.Request(BASE + path, method=method, data=body, headers=headers or {})
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


stub = Mapping(
    priority=100,
    request=MappingRequest(method=HttpMethods.GET, url="/hello"),
    response=MappingResponse(status=200, body="hi", headers={"Content-Type": "text/plain"}),
    persistent=False,
)
created = Mappings.create_mapping(stub)
assert created.id, created
assert call("/hello") == (200, "hi")

everything = Mappings.retrieve_all_mappings()
assert len(everything.mappings) == 1 and everything.meta.total == 1, everything
one = Mappings.retrieve_mapping(created)
assert one.id == created.id and one.request.url == "/hello"
one.response.body = "changed"
Mappings.update_mapping(one)
assert call("/hello") == (200, "changed")

Mappings.create_mapping(Mapping(
    request=MappingRequest(method=HttpMethods.POST, url_path_pattern="/orders/[0-9]+",
                           headers={"X-Key": {"equalTo": "k"}}, query_parameters={"q": {"matches": "^v.*$"}},
                           body_patterns=[{"equalToJson": json.dumps({"a": 1}), "ignoreExtraElements": True}]),
    response=MappingResponse(status=201, json_body={"ok": True}, fixed_delay_milliseconds=1),
    metadata={"tag": "orders"}))
assert call("/orders/7?q=v1", "POST", b'{"a": 1, "b": 2}', {"X-Key": "k"})[0] == 201
assert call("/orders/7?q=w1", "POST", b'{"a": 1}', {"X-Key": "k"})[0] == 404

counted = Requests.get_matching_request_count(NearMissMatchPatternRequest(method=HttpMethods.POST, url_path_pattern="/orders/.*"))
assert counted.count == 2, counted
found = Requests.get_matching_requests(NearMissMatchPatternRequest(method=HttpMethods.GET, url="/hello"))
assert len(found.requests) == 2, found
logged = Requests.get_all_received_requests()
assert logged.meta.total == 4, logged
assert Requests.get_request(logged.requests[0].id).id == logged.requests[0].id
unmatched = Requests.get_unmatched_requests()
assert len(unmatched.requests) == 1, unmatched
near = Requests.get_unmatched_requests_near_misses()
assert near.near_misses, near
near = NearMisses.find_nearest_misses_by_request(NearMissMatchRequest(url="/hallo", absolute_url=BASE + "/hallo", method=HttpMethods.GET))
assert near.near_misses[0].match_result.distance > 0, near
near = NearMisses.find_nearest_misses_by_request_pattern(NearMissMatchPatternRequest(url="/hallo", method=HttpMethods.GET))
assert near.near_misses, near

for required, new, body in (("Started", "second", "1"), ("second", "Started", "2")):
    Mappings.create_mapping(Mapping(
        request=MappingRequest(method=HttpMethods.GET, url="/s"), response=MappingResponse(status=200, body=body),
        scenario_name="S", required_scenario_state=required, new_scenario_state=new))
assert [call("/s")[1] for _ in range(3)] == ["1", "2", "1"]
Scenarios.reset_all_scenarios()
assert call("/s")[1] == "1"

GlobalSettings.update_global_settings(GlobalSetting(fixed_delay=1))
GlobalSettings.update_global_settings(GlobalSetting(fixed_delay=0))
Requests.reset_request_journal()
assert Requests.get_all_received_requests().meta.total == 0
Mappings.persist_mappings()
Mappings.delete_mapping(created)
assert call("/hello")[0] == 404
Mappings.delete_all_mappings()
assert Mappings.retrieve_all_mappings().meta.total == 0
Mappings.reset_mappings()
print("all cases passed")
