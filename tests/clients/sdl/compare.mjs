// usage: node compare.mjs SDL_DUMP [--write] FILE...
//
// For each file, what our program SDL_DUMP makes of it beside what @akashnetwork/chain-sdk makes of
// it, as TAP, one line a file. By our TypeScript rules everything must be equal but what the
// published package does unlike its own source (rules "package-..."); by our Go rules, each difference
// must be explained by a rule, and the rules of each file must be those listed in differences.tsv.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { generateManifest, generateManifestVersion, manifestToSortedJSON, yaml }
  from "@akashnetwork/chain-sdk";

const here = dirname(fileURLToPath(import.meta.url));
const table = join(here, "differences.tsv");

function ours(program, files, ...options) {
  const lines = execFileSync(program, [...options, ...files], { maxBuffer: 1 << 28 }).toString();
  return new Map(lines.split("\n").filter(Boolean).map(JSON.parse).map((one) => [one.file, one]));
}

async function theirs(file) {
  try {
    const made = generateManifest(yaml([readFileSync(file, "utf8")]));
    if (!made.ok) return { valid: false, errors: made.value.map((error) => error.message) };
    const { groups, groupSpecs } = made.value;
    return {
      valid: true,
      groups: JSON.parse(manifestToSortedJSON(groupSpecs)).map(asWritten),
      manifest: JSON.parse(manifestToSortedJSON(groups)),
      hash: Buffer.from(await generateManifestVersion(groups)).toString("hex"),
    };
  } catch (error) {
    return { valid: false, errors: [error.message.split("\n")[0]] };
  }
}

// The package's groups in the names that the chain's REST answers use; amounts as 18-digit decimals.
function asWritten(group) {
  const { signedBy, attributes } = group.requirements;
  return {
    name: group.name,
    requirements: {
      signed_by: { all_of: signedBy.allOf, any_of: signedBy.anyOf },
      attributes: attributes ?? [],
    },
    resources: group.resources.map(({ resource, count, price }) => ({
      resource,
      count,
      price: { denom: price.denom, amount: decimal(price.amount) },
    })),
  };
}

function decimal(text) {
  const [whole, fraction = ""] = text.split(".");
  return `${whole}.${fraction.padEnd(18, "0")}`;
}

const sorted = (value) => {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.keys(value).sort().map((key) => [key, sorted(value[key])]));
};
const text = (value) => JSON.stringify(sorted(value));
const same = (a, b) => text(a) === text(b);
const sameSet = (a = [], b = []) => same([...a].map(text).sort(), [...b].map(text).sort());

// --- Rules: why `our` (Go) and `their` (TypeScript) differ. Each returns its name, or nothing. ---

function resourceRules(our, their, found) {
  if (our.id !== their.id) found.add("merged-units");
  if (!same(our.endpoints, their.endpoints)) {
    if (sameSet(our.endpoints, their.endpoints)) found.add("endpoint-order");
    else if (sameSet(our.endpoints.map((one) => one.kind), their.endpoints.map((one) => one.kind)))
      found.add("endpoint-numbers");
    else found.add("merged-units");
  }
  if (!same(our.gpu, their.gpu)) {
    const models = (gpu) => (gpu.attributes ?? []).map((one) => one.key.replace(/\/ram\/[^/]+/, ""));
    if (sameSet(our.gpu.attributes, their.gpu.attributes)) found.add("gpu-order");
    else if (sameSet(models(our.gpu), models(their.gpu))) found.add("gpu-memory").add("gpu-order");
    else found.add("unexplained: gpu");
  }
  if (!same(our.cpu, their.cpu)) found.add("unexplained: cpu");
  if (!same(our.memory, their.memory)) found.add(rounding(our.memory.size, their.memory.size));
  storageRules(our.storage, their.storage, found);
}

function rounding(our, their) {
  return BigInt(their.val) - BigInt(our.val) === 1n ? "rounded-up" : "unexplained: size";
}

function storageRules(our, their, found) {
  if (same(our, their)) return;
  const names = (volumes) => volumes.map((volume) => volume.name);
  if (our.length === 1 && their.length === 1 && our[0].name !== their[0].name) {
    found.add(our[0].name === "default" ? "single-volume" : "unexplained: volume name");
    their = [{ ...their[0], name: our[0].name }];
  }
  if (!same(names(our), names(their)))
    found.add(sameSet(names(our), names(their)) ? "volume-order" : "unexplained: volumes");
  for (const volume of our) {
    const other = their.find((one) => one.name === volume.name);
    if (!other) continue;
    if (!same(volume.size, other.size)) found.add(rounding(volume.size, other.size));
    const withDefault = [{ key: "class", value: "default" }, ...(other.attributes ?? [])];
    if (!same(volume.attributes, other.attributes))
      found.add(same(volume.attributes, withDefault) ? "class-default" : "unexplained: attributes");
  }
}

function exposeRules(our, their, found) {
  // Go's expose for nobody, where the file has no `to`.
  const named = our.filter((one) => one.global || one.service !== "" || one.ip !== "");
  if (our.length !== their.length) {
    found.add(named.length === their.length ? "no-to" : "unexplained: exposes");
    our = named;
  }
  our.forEach((expose, index) => {
    const other = their[index];
    if (other === undefined) return;
    const { hosts, httpOptions, endpointSequenceNumber, ...rest } = expose;
    const { hosts: h, httpOptions: o, endpointSequenceNumber: n, ...otherRest } = other;
    if (!same(rest, otherRest)) found.add("unexplained: expose");
    if (!same(hosts, h)) found.add(emptyList(hosts, h));
    if (endpointSequenceNumber !== n) found.add("endpoint-numbers");
    for (const key of new Set([...Object.keys(httpOptions), ...Object.keys(o)]))
      if (!same(httpOptions[key], o[key]))
        found.add(o[key] === 0 ? "http-zero" : "unexplained: http options");
  });
}

function emptyList(our, their) {
  return Array.isArray(our) && our.length === 0 && their === null ? "empty-list" : "unexplained: list";
}

function serviceRules(our, their, found) {
  for (const key of ["args", "command", "env"])
    if (!same(our[key], their[key])) found.add(emptyList(our[key], their[key]));
  for (const key of ["name", "image", "count"])
    if (!same(our[key], their[key])) found.add(`unexplained: ${key}`);
  if (!same(our.credentials, their.credentials)) {
    const trimmed = (all) => Object.fromEntries(Object.entries(all).map(([k, v]) => [k, v.trim()]));
    if (same(our.credentials, { ...their.credentials, email: "" })) found.add("credentials-email");
    else if (same(our.credentials, trimmed(their.credentials))) found.add("credentials-trimmed");
    else found.add("unexplained: credentials");
  }
  if (!same(our.params, their.params)) {
    const written = { ...their.params, storage: their.params?.storage?.length ? their.params.storage : null };
    found.add(same(our.params, written) ? "package-params-storage" : "unexplained: params");
  }
  exposeRules(our.expose, their.expose, found);
  resourceRules(our.resources, their.resources, found);
}

function groupRules(our, their, found) {
  if (our.name !== their.name || !same(our.requirements, their.requirements))
    found.add("unexplained: group");
  const total = (group) => group.resources.reduce((sum, unit) => sum + unit.count, 0);
  if (our.resources.length !== their.resources.length) {
    found.add(total(our) === total(their) ? "merged-units" : "unexplained: units");
    return;
  }
  our.resources.forEach((unit, index) => {
    const other = their.resources[index];
    if (unit.count !== other.count || !same(unit.price, other.price)) found.add("unexplained: unit");
    resourceRules(unit.resource, other.resource, found);
  });
}

function rulesOf(our, their) {
  const found = new Set();
  if (our.valid !== their.valid) {
    const schema = (their.errors ?? []).every((text) => /\btee\b|reclamation|proxy_buffer_size/.test(text));
    found.add(our.valid && schema ? "package-older-schema" : "unexplained: verdict");
    return found;
  }
  if (!our.valid) return found;
  if (our.manifest.length !== their.manifest.length) found.add("unexplained: groups");
  our.manifest.forEach((group, index) => {
    const other = their.manifest[index];
    if (group.name !== other?.name || group.services.length !== other.services.length)
      return found.add("unexplained: services");
    group.services.forEach((service, at) => serviceRules(service, other.services[at], found));
  });
  our.groups.forEach((group, index) => groupRules(group, their.groups[index], found));
  // The hash differs exactly when something in the manifest does.
  if ((our.hash === their.hash) !== same(our.manifest, their.manifest)) found.add("unexplained: hash");
  return found;
}

// --- The comparison ---

const words = process.argv.slice(2);
const write = words.includes("--write");
const [program, ...files] = words.filter((word) => word !== "--write");
const label = (file) => `${basename(dirname(file))}/${basename(file)}`;

const listed = new Map();
if (!write)
  for (const line of readFileSync(table, "utf8").split("\n").slice(1).filter(Boolean)) {
    const [file, rule] = line.split("\t");
    listed.set(file, [...(listed.get(file) ?? []), rule]);
  }

const go = ours(program, files);
const typescript = ours(program, files, "--typescript");
const rows = [];
let number = 0;
for (const file of files) {
  const package_ = await theirs(file);
  const problems = [];
  // Rules that remain by our TypeScript rules are those of the package alone.
  for (const rule of rulesOf(typescript.get(file), package_))
    if (!rule.startsWith("package-")) problems.push(`by TypeScript rules: ${rule}`);
  const rules = [...rulesOf(go.get(file), package_)].sort();
  rules.filter((rule) => rule.startsWith("unexplained")).forEach((rule) => problems.push(rule));
  rules.forEach((rule) => rows.push(`${label(file)}\t${rule}`));
  if (!write) {
    const expected = [...(listed.get(label(file)) ?? [])].sort();
    for (const rule of rules)
      if (!expected.includes(rule)) problems.push(`differs by ${rule}, which is not listed`);
    for (const rule of expected)
      if (!rules.includes(rule)) problems.push(`${rule} is listed, but there is no such difference`);
  }
  number += 1;
  console.log(`${problems.length ? "not ok" : "ok"} ${number} - ${label(file)}` +
    (rules.length ? ` differs by ${rules.join(", ")}` : " is equal"));
  problems.forEach((problem) => console.log(problem));
}
const folders = new Set(files.map((file) => label(file).split("/")[0]));
for (const file of listed.keys()) {
  if (!folders.has(file.split("/")[0]) || files.some((one) => label(one) === file)) continue;
  number += 1;
  console.log(`not ok ${number} - ${file} is listed, but there is no such file`);
}
for (const folder of new Set([...listed.keys()].map((file) => file.split("/")[0]))) {
  if (folders.has(folder)) continue;
  number += 1;
  console.log(`ok ${number} - the files of ${folder}/ # SKIP they do not lie beside this checkout`);
}
console.log(`1..${number}`);
if (write) writeFileSync(table, ["file\trule", ...rows.sort()].join("\n") + "\n");
