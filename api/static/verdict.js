/**
 * What a label, a typed code and a proof file prove by themselves: the nine checks of docs/verification.md, each with
 * its answer, and the verdict. The same is in domain/verification.py; the two are held against each other by tests.
 *
 * No network, no storage, no clock, no document: whoever calls brings the texts. Answers are "passed", "failed",
 * "not_checked" and "not_applicable".
 */

import * as v from "./verify.js";

const { Invalid } = v;

const refuse = (why) => {
  throw new Invalid(why);
};
const need = (holds, why) => {
  if (!holds) refuse(why);
};

const utf8 = new TextEncoder();
const MOST_BYTES = 1048576;
const MOST_HASHES = 63;

// ---- JSON, read strictly -------------------------------------------------------------------------------------------

const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

/** The object in the bytes of JSON text. */
function objectOf(bytes, format) {
  need(bytes instanceof Uint8Array && bytes.length <= MOST_BYTES, "too long, or no bytes");
  let found;
  try {
    found = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    refuse("not JSON");
  }
  need(isObject(found), "not an object");
  need(format === undefined || found.format === format, "of another format");
  return found;
}

function text(value) {
  need(typeof value === "string" && !/\p{Surrogate}/u.test(value), "not a text");
  return value;
}

function list(value) {
  need(Array.isArray(value), "not a list");
  return value;
}

function object(value) {
  need(isObject(value), "not an object");
  return value;
}

const isWhole = (value, most = Number.MAX_SAFE_INTEGER) => Number.isInteger(value) && value >= 0 && value <= most;

function whole(value, most) {
  need(isWhole(value, most), "not a number, or too large");
  return value;
}

/** A day as it is written, if there is such a day. */
function day(value) {
  need(/^[0-9]{4}-[0-9]{2}-[0-9]{2}$/.test(text(value)) && !value.startsWith("0000"), "not a day");
  const at = Date.parse(`${value}T00:00:00Z`);
  need(!Number.isNaN(at) && new Date(at).toISOString().slice(0, 10) === value, "not a day");
  return value;
}

const LAST_MILLISECOND = 253402300799999; // the end of the year 9999

/** A day as it is written, or the day in UTC of milliseconds since 1970. */
function dayOf(value) {
  return typeof value === "string" ? day(value) : new Date(whole(value, LAST_MILLISECOND)).toISOString().slice(0, 10);
}

/** A day, from its first second in UTC, an instant, or milliseconds since 1970: as the second since 1970. */
function since(value) {
  if (typeof value !== "string") return BigInt(Math.floor(whole(value, LAST_MILLISECOND) / 1000));
  if (!/^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$/.test(text(value))) {
    return BigInt(Date.parse(`${day(value)}T00:00:00Z`) / 1000);
  }
  day(value.slice(0, 10));
  const at = Date.parse(value);
  need(!Number.isNaN(at) && new Date(at).toISOString().slice(0, 19) === value.slice(0, 19), "not an instant");
  return BigInt(at / 1000);
}

const fromHex = (digits) => Uint8Array.from(digits.match(/../g), (two) => parseInt(two, 16));

function hash(value) {
  const bytes = v.base64(text(value));
  need(bytes.length === 32, "a hash has 32 bytes");
  return bytes;
}

/**
 * The published keys: {host, policy, labels, commodities, logs, withdrawn}. policy is that of the log that signs now,
 * null where there is none yet; its quorum is 1 where witnesses are named, else 0. logs: the same and those before it,
 * by name. withdrawn: by the name of a key, the second from which somebody else may have had it.
 */
export function parseKeys(bytes) {
  const found = objectOf(bytes, "filiere-keys/1");
  const labels = new Map();
  for (const one of list(found.labels).map(object)) {
    const number = whole(one.number, 65535);
    need(!labels.has(number), "two label keys have one number");
    labels.set(number, {
      number,
      public: hash(one.public),
      first: dayOf(one.from),
      last: one.until == null ? null : dayOf(one.until),
      withdrawn: one.compromised_since == null ? null : since(one.compromised_since),
    });
  }
  const witnesses = list(found.witnesses).map((one) => v.parseKey(text(one)));
  const { origin, logs, withdrawn } = logsOf(found.log, witnesses);
  const commodities = new Map();
  for (const one of list(found.commodities ?? []).map(object)) {
    const number = whole(one.number, 255);
    commodities.set(number, new Map(Object.entries(object(one.name)).map(([lang, name]) => [lang, text(name)])));
  }
  const policy = logs.get(origin) ?? null;
  return { host: text(found.host), policy, labels, commodities, logs, withdrawn };
}

const nameOf = ({ name, kind, key }) => `${name}+${kind}+${v.hex(key)}`;

/** The name of the log that signs now, the policy of every log by name, and the keys that were withdrawn. */
function logsOf(value, witnesses) {
  const told = { origin: "", logs: new Map(), withdrawn: new Map() };
  if (value == null) return told;
  const origin = text(object(value).origin);
  const keys = list(value.keys).map((one) => v.parseKey(text(one)));
  for (const one of list(value.history ?? []).map(object)) {
    if (one.compromised_since != null) {
      told.withdrawn.set(nameOf(v.parseKey(text(one.key))), since(one.compromised_since));
    }
  }
  if (origin === "" && keys.length === 0) return told;
  for (const name of new Set([origin, ...keys.map((one) => one.name)])) {
    const logKeys = keys.filter((one) => one.name === name);
    const policy = { origin: name, logKeys, witnesses, quorum: witnesses.length ? 1 : 0 };
    need(isPolicy(policy), "a key stands twice, or for what it is not");
    told.logs.set(name, policy);
  }
  return { ...told, origin };
}

/** Whom to trust: the log that signs now; for a proof of one before it that could not go on, that one. */
export function policyFor(keys, evidence) {
  const origin = evidence && v.parseCheckpoint(v.parseNote(evidence.read.checkpoint).text).origin;
  return keys.logs.get(origin) ?? keys.policy;
}

function isPolicy({ logKeys, witnesses }) {
  const materials = new Set([...logKeys, ...witnesses].map(({ key }) => v.hex(key)));
  return (
    logKeys.length > 0 &&
    materials.size === logKeys.length + witnesses.length &&
    logKeys.every(({ kind }) => kind === v.ED25519) &&
    witnesses.every(({ kind }) => kind === v.COSIGNATURE)
  );
}

/** A proof file: {code, event, proof, read, unit}, the event and the proof as bytes. */
export function parseEvidence(bytes) {
  const found = objectOf(bytes, "filiere-proof/1");
  const code = text(found.code);
  need(code.length === 16, "a code has 16 characters");
  v.base32(code);
  let unit = null;
  if (found.unit != null) {
    const { index, size, hashes, said } = object(found.unit);
    need(list(hashes).length <= MOST_HASHES, "too many hashes");
    need(/^[0-9a-f]{30}$/.test(text(said)), "what a label says has 15 bytes");
    unit = { index: whole(index), size: whole(size), hashes: hashes.map(hash), said: fromHex(said) };
  }
  const event = utf8.encode(text(found.event));
  const read = v.parseProof(utf8.encode(text(found.proof)));
  need(read.extra?.length === 32, "a proof of an event carries its salt");
  return { code, event, read, unit };
}

// ---- What somebody holds -------------------------------------------------------------------------------------------

const ADDRESS = /^(?:https?:\/\/)?([^/?# \t\r\n]+)\/l\/([^/?# \t\r\n]+)[^ \t\r\n]*$/i;
const CHECKER = /^https?:\/\/([^/?# \t\r\n]+)\/check(?:\?[^# \t\r\n]*)?#([^ \t\r\n]+)$/i;
const BETWEEN = /[ \u00a0\u202f\u2010\u2011-]/g;

/** {label, code, host, mistyped, strange} of what was scanned, pasted or typed; all but one of the first null. */
export function read(given) {
  let held = given.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, "");
  let host = null;
  const found = CHECKER.exec(held) ?? ADDRESS.exec(held);
  if (found) [host, held] = [found[1].toLowerCase(), found[2]];
  const told = { label: null, code: null, host, mistyped: false, strange: false };
  const plain = [...held.replace(BETWEEN, "")];
  if ([...held].length === 132) return { ...told, label: held };
  if (plain.length === 16) {
    const code = plain
      .map((letter) => (/^[a-z]$/.test(letter) ? letter.toUpperCase() : letter))
      .map((letter) => ({ O: "0", I: "1", L: "1" })[letter] ?? letter)
      .join("");
    return /^[0-9A-HJKMNP-TV-Z]{16}$/.test(code) ? { ...told, code } : { ...told, strange: true };
  }
  if (plain.length === 18) {
    try {
      return { ...told, code: v.readTypedCode(held) };
    } catch (error) {
      if (!(error instanceof Invalid)) throw error;
      return { ...told, mistyped: true };
    }
  }
  return { ...told, strange: true };
}

// ---- The checks ----------------------------------------------------------------------------------------------------

/** The value of a promise, or null where it is refused. */
async function orNull(promised) {
  try {
    return await promised();
  } catch (error) {
    if (error instanceof Invalid) return null;
    throw error;
  }
}

const hostOf = (address) => (address.includes("://") ? address.split("://")[1].split("/")[0] : address).toLowerCase();

/**
 * All nine checks: {verdict, checks: [{number, code, answer, why}], code, label, key, logged, witnessed}.
 *
 * given: of read(), with {evidence, strangeEvidence}. kept: bytes of a checkpoint from before, or null. consistency: a
 * function from two sizes to the hashes between them, or to null where they cannot be had.
 */
export async function check(given, keys, { kept = null, consistency = async () => null } = {}) {
  const { evidence = null, strangeEvidence = false } = given;
  const policy = policyFor(keys, evidence);
  const answers = {};
  const say = (code, answer, why = "") => (answers[code] = { code, answer, why });

  let label = null;
  if (given.label === null) say("signature", "not_applicable");
  else {
    label = await orNull(async () => v.parseLabel(given.label));
    const publics = new Map([...keys.labels].map(([number, one]) => [number, one.public]));
    if (!label) say("signature", "not_checked", "malformed");
    else if (!keys.labels.has(label.key)) say("signature", "failed", "unknown_key");
    else if (await orNull(() => v.verifyLabel(given.label, publics))) say("signature", "passed");
    else say("signature", "failed", "unsigned");
  }
  const malformed = given.label !== null && !label;
  if (given.mistyped) say("read", "failed", "mistyped");
  else if (given.strange || malformed) say("read", "failed", "strange");
  else if (strangeEvidence) say("read", "failed", "strange_proof");
  else say("read", "passed");
  if (given.host === null || keys.host === "") say("address", "not_applicable");
  else if (given.host === hostOf(keys.host)) say("address", "passed");
  else say("address", "failed", "other_host");

  const code = given.code ?? label?.code ?? null;
  const sound = answers.signature.answer === "passed";
  const proof = await checkProof(evidence, policy, keys.withdrawn, code, label, say);
  const key = sound ? keys.labels.get(label.key) : null;
  checkKey(label, key, proof, say);
  await checkHistory(proof, policy, keys, kept, consistency, say);

  const names = ["read", "address", "signature", "key", "event", "log", "witnesses", "inclusion", "history"];
  return {
    verdict: verdictOf(answers, given),
    checks: names.map((name, at) => ({ number: at + 1, ...answers[name] })),
    code: code ?? proof.code,
    label: sound ? label : null,
    key,
    logged: proof.logged,
  };
}

function checkKey(label, key, proof, say) {
  if (!label) return say("key", "not_applicable");
  if (!key) return say("key", "not_checked");
  if (key.withdrawn !== null) {
    if (!proof.holds) return say("key", "failed", "withdrawn");
    const at = proof.logged?.at ?? null;
    if (at === null || at >= key.withdrawn) return say("key", "failed", "withdrawn_before");
    return say("key", "passed", "logged_before");
  }
  if (key.last !== null && label.packed > key.last) return say("key", "failed", "retired");
  return say("key", "passed");
}

/** Checks 5 to 8: {holds, code, logged, checkpoint}. */
async function checkProof(evidence, policy, withdrawn, code, label, say) {
  const told = { holds: false, code: null, logged: null, checkpoint: null };
  if (!evidence || !policy) {
    for (const name of ["event", "log", "witnesses", "inclusion"]) say(name, "not_checked", evidence ? "no_log" : "");
    return told;
  }
  const wrong = whyOther(evidence, code, label);
  const parts = [say("event", wrong ? "failed" : "passed", wrong)];
  told.code = evidence.code;
  const alone = { ...policy, witnesses: [], quorum: 0 };
  const { checkpoint: bytes, extra, index, hashes } = evidence.read;
  const signed = await orNull(() => v.verifyCheckpoint(bytes, alone));
  if (!signed) {
    say("log", "failed");
    say("witnesses", "not_checked");
    say("inclusion", "not_checked");
    return told;
  }
  told.checkpoint = signed.checkpoint;
  const seen = (await orNull(() => v.verifyCheckpoint(bytes, { ...policy, quorum: 0 })))?.seen ?? null;
  const at = nth(seen, policy.quorum);
  const ours = inTime(signed.signers, withdrawn, nth(seen, Math.max(policy.quorum, 1)));
  parts.push(ours ? say("log", "passed") : say("log", "failed", "withdrawn"));
  if (!seen) parts.push(say("witnesses", "failed", "bad_cosignature"));
  else if (!policy.quorum) say("witnesses", "not_applicable", "none_asked");
  else if (at === null) parts.push(say("witnesses", "failed", "too_few"));
  else say("witnesses", "passed");
  const { size, root } = told.checkpoint;
  const leaf = v.leafHash(v.commitment(extra, evidence.event));
  const held = v.verifyInclusion(leaf, index, size, hashes, root);
  parts.push(say("inclusion", held ? "passed" : "failed"));
  if (held && ours) told.logged = { index, size, seen: seen ?? [], at };
  told.holds = parts.every(({ answer }) => answer !== "failed");
  return told;
}

/** The second by which so many witnesses had seen it; null where they did not, or none is asked for. */
const nth = (seen, count) => (count > 0 && seen && seen.length >= count ? seen[count - 1][1] : null);

/** Whether one of the keys that signed was the log's alone: never withdrawn, or seen by witnesses before it was. */
const inTime = (signers, withdrawn, seenAt) =>
  signers.some((signer) => {
    const since = withdrawn.get(nameOf(signer));
    return since === undefined || (seenAt !== null && seenAt < since);
  });

/** Why the event does not issue the code, or the label where there is one; an empty text if it does. */
function whyOther({ code, event: bytes, unit }, wanted, label) {
  if (wanted !== null && wanted !== code) return "other_code";
  let event;
  try {
    event = objectOf(bytes);
  } catch {
    return "strange_event";
  }
  // The record of an event, with its organisation, number and times.
  if (!Object.prototype.hasOwnProperty.call(event, "type") && isObject(event.event)) event = event.event;
  if (!unit) {
    if (event.type !== "label_issued") return "other_event";
    if (label) return "other_label"; // the code of a lot is on no signed label: nothing was fixed that it says
    return event.code === code ? "" : "other_code";
  }
  if (event.type !== "units_labelled") return "other_event";
  const { codes_root: root, count } = event;
  if (typeof root !== "string" || !/^[0-9a-f]{64}$/.test(root) || !isWhole(count)) return "strange_event";
  if (v.toBase32(unit.said.subarray(0, 10)) !== code) return "other_code";
  const leaf = v.leafHash(unit.said);
  const held = v.verifyInclusion(leaf, BigInt(unit.index), BigInt(count), unit.hashes, fromHex(root));
  if (unit.size !== count || !held) return "other_unit";
  return !label || v.hex(label.token.subarray(3)) === v.hex(unit.said) ? "" : "other_label";
}

async function checkHistory(proof, policy, keys, kept, consistency, say) {
  if (!kept || !policy || !proof.checkpoint) return say("history", "not_checked");
  const alone = { ...policy, witnesses: [], quorum: 0 };
  const before = (await orNull(() => v.verifyCheckpoint(kept, alone)))?.checkpoint;
  if (!before && (await ofAnotherTree(kept, keys))) return say("history", "not_checked", "other_tree");
  if (!before) return say("history", "failed", "strange_checkpoint");
  const goesOn = await sameLog(before, proof.checkpoint, consistency);
  if (goesOn === null) return say("history", "not_checked", "no_tiles");
  return goesOn ? say("history", "passed") : say("history", "failed", "forked");
}

/** Whether a checkpoint is of a log that the deployment had before or after, which begins anew. */
const ofAnotherTree = (kept, keys) =>
  orNull(async () => {
    const own = keys.logs.get(v.parseCheckpoint(v.parseNote(kept).text).origin);
    return own && v.verifyCheckpoint(kept, { ...own, quorum: 0 });
  });

/** Whether two checkpoints, both signed by the log, are of one log; null where the hashes cannot be had. */
export async function sameLog(one, other, consistency) {
  if (one.size === other.size) return v.hex(one.root) === v.hex(other.root);
  const [old, now] = one.size < other.size ? [one, other] : [other, one];
  const hashes = await consistency(old.size, now.size);
  return hashes === null ? null : v.verifyConsistency(old.size, now.size, hashes, old.root, now.root);
}

/** The weightiest of what failed; if nothing did, the most that was proven. */
function verdictOf(answers, given) {
  const failed = (code, why) => answers[code].answer === "failed" && (why === undefined || answers[code].why === why);
  if (failed("read", "mistyped")) return "mistyped";
  if (failed("read", "strange")) return "malformed";
  if (failed("signature", "unsigned")) return "unsigned";
  if (failed("signature")) return "unknown_key";
  if (["read", "event", "log", "inclusion"].some((code) => failed(code))) return "not_proven";
  if (failed("witnesses", "bad_cosignature")) return "not_proven";
  if (failed("history")) return "forked";
  if (failed("key", "withdrawn_before")) return "withdrawn_before";
  if (failed("key", "withdrawn")) return "withdrawn";
  if (failed("address")) return "other_host";
  if (failed("key")) return "retired";
  if (failed("witnesses")) return "unwitnessed";
  if (answers.inclusion.answer === "passed") return "proven";
  if (given.label !== null) return "sound";
  return given.code !== null ? "typed" : "not_proven";
}

// ---- Tiles (c2sp.org/tlog-tiles) -----------------------------------------------------------------------------------

const WIDTH = 256n;

/** tile/<L>/<N>[.p/<W>] of the tile at this place in the tree of this size. */
export function tilePath(level, index, size) {
  const width = (size >> (8n * level)) - index * WIDTH;
  let groups = String(index % 1000n).padStart(3, "0");
  for (let rest = index / 1000n; rest > 0n; rest /= 1000n) {
    groups = `x${String(rest % 1000n).padStart(3, "0")}/${groups}`;
  }
  return `tile/${level}/${groups}${width < WIDTH ? `.p/${width}` : ""}`;
}

/**
 * The hashes that prove that the tree of `size` goes on from that of `old` (RFC 9162 2.1.4.1), out of tiles of the
 * larger tree. readTile: from a path to the bytes of the tile. Throws Invalid for a tile that has not its length.
 */
export async function consistencyProof(old, size, readTile) {
  if (old === 0n || old === size) return [];
  const kept = new Map();
  async function node(level, index) {
    const tileLevel = level / 8n;
    const height = level % 8n;
    const first = index << height;
    const path = tilePath(tileLevel, first / WIDTH, size);
    if (!kept.has(path)) kept.set(path, await readTile(path));
    const tile = kept.get(path);
    const width = Number(path.split(".p/")[1] ?? WIDTH);
    need(tile instanceof Uint8Array && tile.length === 32 * width, "a tile has not the length of its width");
    const at = Number(first % WIDTH);
    let hashes = Array.from({ length: 1 << Number(height) }, (_, i) => tile.subarray(32 * (at + i), 32 * (at + i + 1)));
    while (hashes.length > 1) {
      hashes = hashes.filter((_, i) => i % 2 === 0).map((left, i) => v.nodeHash(left, hashes[2 * i + 1]));
    }
    return hashes[0];
  }
  /** The root over entries first to end: full subtrees from the left, put together from the right. */
  async function range(first, end) {
    const roots = [];
    while (first < end) {
      let level = 0n;
      while (1n << (level + 1n) <= end - first) level++;
      roots.push(await node(level, first >> level));
      first += 1n << level;
    }
    return roots.reduceRight((right, left) => v.nodeHash(left, right));
  }
  const proof = [];
  let first = 0n;
  let end = size;
  while (end !== old) {
    let half = 1n;
    while (half * 2n < end - first) half *= 2n;
    const middle = first + half;
    if (old <= middle) {
      proof.push(await range(middle, end));
      end = middle;
    } else {
      proof.push(await range(first, middle));
      first = middle;
    }
  }
  if (first > 0n) proof.push(await range(first, end));
  return proof.reverse();
}
