// SPDX-License-Identifier: Apache-2.0

// Does the main job of skilld with a client that openapi-ts generated from its
// OpenAPI document:
//
//   curl -O http://127.0.0.1:8080/api/openapi.json
//   npm ci && npm run generate && npm run build
//   npm run walk http://127.0.0.1:8080 /path/to/hello-skill localhost:5000
//
// The arguments are the daemon's address, the folder of a valid skill of the
// name hello-skill, and the host of a registry.

import assert from 'node:assert/strict';
import { argv, exit } from 'node:process';

import { answered, connect, ProblemError } from './client.js';
import {
  browseCatalogSkills, buildSkill, createGroup, deleteBuild, deleteGroup, discoverClients, getSkill,
  getSkillContent, installSkill, listBuilds, listGroups, listRegistries, listSkills, pushSkill,
  uninstallSkill, validateSkill, type Scope,
} from './skilld/index.js';

const [address, folder, registry] = argv.slice(2);
if (address === undefined || folder === undefined || registry === undefined) {
  console.error('usage: walk URL FOLDER REGISTRY');
  exit(2);
}
const client = connect(address);
const reference = `${registry}/org/hello-skill:v1`;
const name = 'hello-skill';
const group = 'my team';
const scope: Scope = 'user';

// Check and build.
const checked = await answered(validateSkill({ client, body: { path: folder } }));
console.log('validated:', checked.valid);
assert.deepEqual(checked.errors, []);

const built = await answered(buildSkill({ client, body: { path: folder, tag: reference } }));
const { builds } = await answered(listBuilds({ client }));
for (const build of builds) {
  console.log('built:', build.tag, build.name, build.version);
}
assert.deepEqual(builds.map((build) => build.digest), [built.digest]);

// Look into it; what the client has already is not sent again.
const preview = await getSkillContent({ client, query: { ref: reference }, throwOnError: true });
for (const file of preview.data.files) {
  console.log('file:', file.path, file.size);
}
const again = await getSkillContent({
  client, query: { ref: reference }, headers: { 'If-None-Match': preview.response.headers.get('ETag') ?? '' },
});
assert.equal(again.response?.status, 304);

// Push it, delete the build, and pull it from the registry.
await answered(pushSkill({ client, body: { reference } }));
console.log('pushed:', reference);
await answered(deleteBuild({ client, path: { tag: reference } }));
const pulled = await answered(getSkillContent({ client, query: { ref: reference } }));
console.log('pulled:', pulled.name);

// Install it into a group, look at it, and remove both.
await answered(createGroup({ client, body: { name: group } }));
const { groups } = await answered(listGroups({ client }));
console.log('groups:', groups.length);

await answered(installSkill({ client, body: { name: reference, clients: ['claude-code'], scope, group } }));
const { skills } = await answered(listSkills({ client, query: { group } }));
for (const skill of skills) {
  console.log('installed:', skill.metadata.name, skill.status, new Date(skill.installed_at).getFullYear());
}
const { installed_skill: installed } = await answered(getSkill({ client, path: { name } }));
assert.equal(installed.status, 'installed');
assert.equal(installed.digest, built.digest);

await answered(uninstallSkill({ client, path: { name } }));
await answered(deleteGroup({ client, path: { name: group } }));
console.log('uninstalled:', name);

// What there is besides skills.
const { clients } = await answered(discoverClients({ client }));
console.log('clients:', clients.length > 0);
const { registries } = await answered(listRegistries({ client }));
assert.ok(registries[0]);
const page = await answered(browseCatalogSkills({ client, path: { registry: registries[0].name }, query: { q: 'pdf' } }));
console.log('published:', page.metadata.total);

// What is not there is an error with its parts.
await assert.rejects(answered(getSkill({ client, path: { name } })), (failure) => {
  assert.ok(failure instanceof ProblemError && failure.requestId !== null);
  const { status, title, detail } = failure.problem;
  console.log('refused:', status, `${title}:`, detail);
  return status === 404;
});
