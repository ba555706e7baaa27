"""A Weights & Biases service on loopback: what clients send is kept, and artifacts come back as they were sent.

GraphQL operations are answered by name; whatever else is posted (telemetry) is answered with ``{}``.
"""

from __future__ import annotations

import base64
import gzip
import json
import re
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = "0123456789abcdef0123456789abcdef01234567"
ENTITY = "somebody"
Json = dict[str, Any]


@dataclass
class Run:
    """What the service knows of one run."""

    name: str
    project: str
    facts: Json = field(default_factory=dict)  # groupName, notes, tags, … as last sent
    config: Json = field(default_factory=dict)
    rows: list[Json] = field(default_factory=list)
    exit_code: int | None = None
    openings: int = 0


@dataclass
class Artifact:
    """One version of an artifact; ``files`` by their name in it."""

    id: str
    collection: str
    type: str
    version: int
    metadata: Json
    digest: str
    files: dict[str, bytes] = field(default_factory=dict)
    committed: bool = False
    manifest: str | None = None  # id of the manifest's file


class Service:
    """``with Service() as service:`` listens on a free port of loopback until the end of the block."""

    def __init__(self) -> None:
        self.runs: dict[str, Run] = {}
        self.artifacts: list[Artifact] = []
        self.files: dict[str, bytes] = {}  # uploaded, by path
        self.unknown: list[str] = []  # operations without an answer
        self.refused = 0  # requests with a wrong key
        self.port = 0
        self._server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def environment(self, key: str = KEY) -> dict[str, str]:
        """Variables that make a client use it."""
        return {"WANDB_BASE_URL": self.url, "WANDB_API_KEY": key, "WANDB_MODE": "online", "WANDB_SILENT": "true"}

    def versions(self, kind: str) -> list[Artifact]:
        """Committed artifacts of a type, oldest first."""
        return [artifact for artifact in self.artifacts if artifact.type == kind and artifact.committed]

    def __enter__(self) -> Service:
        handler = type("Handler", (_Handler,), {"service": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Refuse connections from now on; the same port can be opened again by entering once more."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def graphql(self, operation: str, given: Json) -> Json:
        """The answer to one operation."""
        answer = getattr(self, f"_{re.sub('(?<!^)(?<![A-Z])(?=[A-Z])', '_', operation).lower()}", None)
        if answer is None:
            self.unknown.append(operation)
            return {}
        result: Json = answer(given)
        return result

    def stream(self, run: str, body: Json) -> None:
        """Rows of history and the end of a run."""
        kept = self.runs[run]
        history = body.get("files", {}).get("wandb-history.jsonl")
        if history:
            del kept.rows[history["offset"] :]
            kept.rows += [json.loads(line) for line in history["content"]]
        if body.get("complete"):
            kept.exit_code = body["exitcode"]

    # Operations, named as in GraphQL.

    def _viewer(self, given: Json) -> Json:
        return {"viewer": {"id": "U", "entity": ENTITY, "username": ENTITY, "flags": "{}", "teams": {"edges": []}}}

    def _get_default_entity(self, given: Json) -> Json:
        return self._viewer(given)

    def _server_features_query(self, given: Json) -> Json:
        return {"serverInfo": {"features": []}}

    def _upsert_bucket(self, given: Json) -> Json:
        name = given["name"]
        inserted = name not in self.runs
        run = self.runs.setdefault(name, Run(name, given["project"]))
        run.facts |= {key: value for key, value in given.items() if value not in (None, "")}
        if given.get("config"):
            run.config |= {key: item["value"] for key, item in json.loads(given["config"]).items()}
        run.openings += given.get("notes") is not None
        return {"upsertBucket": {"bucket": self._bucket(run), "inserted": inserted}}

    def _bucket(self, run: Run) -> Json:
        project = {"id": "P", "name": run.project, "entity": {"id": "E", "name": ENTITY}}
        config = json.dumps({key: {"value": value} for key, value in run.config.items()})
        return {"id": f"id-{run.name}", "name": run.name, "displayName": run.name, "description": None} | {
            "config": config,
            "sweepName": None,
            "historyLineCount": len(run.rows),
            "project": project,
        }

    def _run_resume_status(self, given: Json) -> Json:
        run = self.runs.get(given["name"])
        tail = [json.dumps(row) for row in run.rows[-1:]] if run else []
        bucket = run and self._bucket(run) | {
            "summaryMetrics": tail[0] if tail else "{}",
            "logLineCount": 0,
            "historyTail": json.dumps(tail),
            "eventsLineCount": 0,
            "eventsTail": "[]",
            "wandbConfig": json.dumps({"t": 0}),
            "tags": [],
        }
        return {"model": {"id": "P", "name": given["project"], "entity": {"id": "E", "name": ENTITY}, "bucket": bucket}}

    def _create_run_files(self, given: Json) -> Json:
        files = [{"name": name, "uploadUrl": f"{self.url}/upload/{given['run']}/{name}"} for name in given["files"]]
        return {"createRunFiles": {"runID": given["run"], "uploadHeaders": [], "files": files}}

    def _artifact_type(self, given: Json) -> Json:
        found = self._named(given["name"])
        return {"project": {"artifact": found and {"artifactType": {"name": found.type}}}}

    def _create_artifact(self, given: Json) -> Json:
        wanted = given["input"]
        collection = wanted["artifactCollectionName"]
        older = [artifact for artifact in self.artifacts if artifact.collection == collection]
        new = Artifact(
            f"A{len(self.artifacts)}",
            collection,
            wanted["artifactTypeName"],
            len(older),
            json.loads(wanted["metadata"] or "{}"),
            wanted["digest"],
        )
        self.artifacts.append(new)
        sequence = {"id": collection, "latestArtifact": {"id": older[-1].id} if older else None}
        return {"createArtifact": {"artifact": {"id": new.id, "state": "PENDING", "artifactSequence": sequence}}}

    def _create_artifact_manifest(self, given: Json) -> Json:
        return self._manifest("createArtifactManifest", given["artifactID"])

    def _update_artifact_manifest(self, given: Json) -> Json:
        return self._manifest("updateArtifactManifest", given["artifactManifestID"].removeprefix("M"))

    def _manifest(self, operation: str, artifact: str) -> Json:
        url = f"{self.url}/upload/manifest/{artifact}"
        file = {"id": f"F{artifact}", "uploadUrl": url, "uploadHeaders": []}
        return {operation: {"artifactManifest": {"id": f"M{artifact}", "file": file}}}

    def _create_artifact_files(self, given: Json) -> Json:
        nodes = []
        for file in given["input"]["artifactFiles"]:
            url = f"{self.url}/upload/artifact/{file['artifactID']}/{file['name']}"
            artifact = {"id": file["artifactID"]}
            node = {"storagePath": None, "uploadUrl": url, "uploadHeaders": [], "uploadMultipartUrls": None}
            nodes.append({"node": node | {"artifact": artifact}})
        return {"createArtifactFiles": {"files": {"edges": nodes}}}

    def _commit_artifact(self, given: Json) -> Json:
        artifact = next(each for each in self.artifacts if each.id == given["artifactID"])
        prefix = f"/upload/artifact/{artifact.id}/"
        artifact.files = {k.removeprefix(prefix): v for k, v in self.files.items() if k.startswith(prefix)}
        for name, entry in json.loads(self.files[f"/upload/manifest/{artifact.id}"])["contents"].items():
            if name not in artifact.files:  # the client knew that we have this content from an earlier version
                artifact.files[name] = self._content(entry["digest"])
        artifact.committed = True
        return {"commitArtifact": {"artifact": {"id": artifact.id, "digest": artifact.digest}}}

    def _use_artifact(self, given: Json) -> Json:
        return {"useArtifact": {"artifact": {"id": "x", "digest": "x", "description": None, "state": "COMMITTED"}}}

    def _artifact_membership_by_name(self, given: Json) -> Json:
        found = self._named(given["name"])
        return {"project": {"artifactCollectionMembership": found and self._membership(found, given["project"])}}

    def _artifact_by_id(self, given: Json) -> Json:
        return {"artifact": self._artifact(next(each for each in self.artifacts if each.id == given["id"]), "gymcc")}

    def _fetch_artifact_manifest(self, given: Json) -> Json:
        url = f"{self.url}/upload/manifest/{given['id']}"
        return {"artifact": {"currentManifest": {"file": {"directUrl": url}}}}

    def _get_artifact_membership_file_urls(self, given: Json) -> Json:
        found = self._named(f"{given['collection']}:{given['alias']}")
        assert found
        nodes = [
            {"__typename": "File", "name": name, "directUrl": f"{self.url}/content/{found.id}/{name}"}
            for name in found.files
        ]
        files = {"pageInfo": {"endCursor": None, "hasNextPage": False}, "edges": [{"node": node} for node in nodes]}
        collection = {"__typename": "ArtifactSequence", "artifactMembership": {"files": files}}
        return {"project": {"artifactCollection": collection}}

    def _named(self, name: str) -> Artifact | None:
        collection, _, alias = name.partition(":")
        found = [each for each in self.artifacts if each.collection == collection and each.committed]
        chosen = [each for each in found if alias in ("", "latest", f"v{each.version}")]
        return chosen[-1] if chosen else None

    def _content(self, digest: str) -> bytes:
        import hashlib

        return next(
            body
            for path, body in self.files.items()
            if path.startswith("/upload/artifact/") and base64.b64encode(hashlib.md5(body).digest()).decode() == digest
        )

    def _collection(self, artifact: Artifact, project: str) -> Json:
        place = {"id": "P", "internalId": "UDo=", "name": project, "entity": {"name": ENTITY}}
        return {"__typename": "ArtifactSequence", "name": artifact.collection, "project": place}

    def _artifact(self, artifact: Artifact, project: str) -> Json:
        collection = self._collection(artifact, project)
        return {
            "__typename": "Artifact",
            "id": artifact.id,
            "artifactSequence": collection,
            "versionIndex": artifact.version,
            "artifactType": {"name": artifact.type},
            "description": None,
            "metadata": json.dumps(artifact.metadata),
            "ttlDurationSeconds": -1,
            "ttlIsInherited": True,
            "tags": [],
            "historyStep": 0,
            "state": "COMMITTED",
            "size": sum(map(len, artifact.files.values())),
            "digest": artifact.digest,
            "commitHash": artifact.id,
            "fileCount": len(artifact.files),
            "createdAt": "2026-01-01T00:00:00",
            "updatedAt": None,
            "aliases": [
                {"__typename": "ArtifactAlias", "id": "L", "alias": "latest", "artifactCollection": collection}
            ],
        }

    def _latest(self) -> Json:
        return {"__typename": "ArtifactAlias", "id": "L", "alias": "latest"}

    def _membership(self, artifact: Artifact, project: str) -> Json:
        return {
            "__typename": "ArtifactCollectionMembership",
            "id": f"C{artifact.id}",
            "versionIndex": artifact.version,
            "createdAt": "2026-01-01T00:00:00",
            "aliases": [self._latest()],
            "artifactCollection": self._collection(artifact, project),
            "artifact": self._artifact(artifact, project),
        }


class _Handler(BaseHTTPRequestHandler):
    """One connection."""

    service: Service
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments: object) -> None:
        """Silence."""

    def do_POST(self) -> None:
        body = self._body()
        if self.path.startswith("/sdk/"):
            return self._answer(b"{}")
        if self.headers.get("Authorization") != f"Basic {base64.b64encode(f'api:{KEY}'.encode()).decode()}":
            self.service.refused += 1
            return self._answer(b'{"errors":[{"message":"invalid API key"}]}', 401)
        asked = json.loads(body or b"{}")
        if self.path == "/graphql":
            operation = asked.get("operationName") or re.search(r"(?:query|mutation)\s+(\w+)", asked["query"]).group(1)  # type: ignore[union-attr]
            data = self.service.graphql(operation, asked.get("variables") or {})
            return self._answer(json.dumps({"data": data}).encode())
        if self.path.endswith("/file_stream"):
            self.service.stream(self.path.split("/")[-2], asked)
        return self._answer(b"{}")

    def do_PUT(self) -> None:
        self.service.files[self.path] = self._body()
        self._answer(b"")

    def do_GET(self) -> None:
        kind, _, rest = self.path.lstrip("/").partition("/")
        if kind == "content":
            number, _, name = rest.partition("/")
            found = next(each for each in self.service.artifacts if each.id == number)
            return self._answer(found.files[name])
        return self._answer(self.service.files.get(self.path, b""))

    def _body(self) -> bytes:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        return gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body

    def _answer(self, body: bytes, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
