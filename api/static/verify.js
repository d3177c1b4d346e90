/**
 * Verifies what Filière prints and publishes, in any browser, without asking the server: label tokens, signed notes,
 * checkpoints, inclusion and consistency proofs, .tlog-proof files. Written by docs/log-format.md and the documents it
 * names, apart from the server's own code, so that two programs must be wrong in the same way to be wrong together.
 *
 * No dependency, no network, no clock. Functions return what was verified or throw Invalid; the two Merkle functions
 * return true or false. Bytes are Uint8Array; sizes, indexes and times are BigInt. SHA-256 is computed here; Ed25519 by
 * WebCrypto where the browser has it (not before 2025 everywhere, and only on https), else here.
 */

export class Invalid extends Error {}

const refuse = (why) => {
  throw new Invalid(why);
};
const need = (holds, why) => {
  if (!holds) refuse(why);
};

// ---- bytes ---------------------------------------------------------------------------------------------------------

const utf8 = new TextEncoder();
const NUL = new Uint8Array(1);

const join = (...parts) => {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
};

const same = (a, b) => a.length === b.length && a.every((byte, i) => byte === b[i]);
const isBytes = (value, length) => value instanceof Uint8Array && (length === undefined || value.length === length);
export const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
const bigEndian = (bytes) => bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
const littleEndian = (bytes) => bigEndian(Uint8Array.from(bytes).reverse());

const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const SEXTETS = new Map([...BASE64].map((character, value) => [character, value]));

/** RFC 4648 section 4, padded, with zero bits where bits are left over; never empty. */
export function base64(text) {
  need(text.length > 0 && text.length % 4 === 0, "not base64");
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  const bytes = new Uint8Array((text.length / 4) * 3 - padding);
  let bits = 0;
  let held = 0;
  let at = 0;
  for (const character of text.slice(0, text.length - padding)) {
    const value = SEXTETS.get(character);
    need(value !== undefined, "not base64");
    bits = (bits << 6) | value;
    held += 6;
    if (held >= 8) {
      held -= 8;
      bytes[at++] = bits >> held;
      bits &= (1 << held) - 1;
    }
  }
  need(bits === 0, "loose bits at the end of base64");
  return bytes;
}

// ---- SHA-2 (FIPS 180-4) --------------------------------------------------------------------------------------------

const PRIMES = [];
for (let n = 2; PRIMES.length < 80; n++) if (PRIMES.every((prime) => n % prime)) PRIMES.push(n);

/** The first 64 bits of the fraction of the degree-th root of n (FIPS 180-4, 4.2.3 and 5.3.5). */
function fraction(n, degree) {
  const scaled = BigInt(n) << BigInt(64 * degree);
  let low = 0n;
  let high = 1n << 72n;
  while (high - low > 1n) {
    const middle = (low + high) >> 1n;
    if (middle ** BigInt(degree) <= scaled) low = middle;
    else high = middle;
  }
  return BigInt.asUintN(64, low);
}

const K512 = PRIMES.map((prime) => fraction(prime, 3));
const H512 = PRIMES.slice(0, 8).map((prime) => fraction(prime, 2));
const K256 = Int32Array.from(K512.slice(0, 64), (k) => Number(BigInt.asIntN(32, k >> 32n)));
const H256 = Int32Array.from(H512, (h) => Number(BigInt.asIntN(32, h >> 32n)));

/** The message with the bit 1, zeros, and its length in bits in the last 8 bytes of a block. */
function padded(message, block, reserved) {
  const length = Math.ceil((message.length + 1 + reserved) / block) * block;
  const whole = new Uint8Array(length);
  whole.set(message);
  whole[message.length] = 0x80;
  new DataView(whole.buffer).setBigUint64(length - 8, BigInt(message.length) * 8n);
  return whole;
}

const W256 = new Int32Array(64);

export function sha256(message) {
  const whole = padded(message, 64, 8);
  const view = new DataView(whole.buffer);
  const w = W256;
  const state = Int32Array.from(H256);
  for (let start = 0; start < whole.length; start += 64) {
    for (let t = 0; t < 16; t++) w[t] = view.getInt32(start + 4 * t);
    for (let t = 16; t < 64; t++) {
      const x = w[t - 15];
      const y = w[t - 2];
      const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
      const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
      w[t] = (w[t - 16] + s0 + w[t - 7] + s1) | 0;
    }
    let [a, b, c, d, e, f, g, h] = state;
    for (let t = 0; t < 64; t++) {
      const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
      const t1 = (h + s1 + ((e & f) ^ (~e & g)) + K256[t] + w[t]) | 0;
      const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
      const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      h = g;
      g = f;
      f = e;
      e = (d + t1) | 0;
      d = c;
      c = b;
      b = a;
      a = (t1 + t2) | 0;
    }
    [a, b, c, d, e, f, g, h].forEach((value, i) => (state[i] += value));
  }
  const digest = new Uint8Array(32);
  const out = new DataView(digest.buffer);
  state.forEach((value, i) => out.setInt32(4 * i, value));
  return digest;
}

export function sha512(message) {
  const whole = padded(message, 128, 16);
  const view = new DataView(whole.buffer);
  const turn = (x, n) => BigInt.asUintN(64, (x >> n) | (x << (64n - n)));
  const sum = (...values) => BigInt.asUintN(64, values.reduce((total, value) => total + value));
  const state = [...H512];
  for (let start = 0; start < whole.length; start += 128) {
    const w = [];
    for (let t = 0; t < 16; t++) w.push(view.getBigUint64(start + 8 * t));
    for (let t = 16; t < 80; t++) {
      const s0 = turn(w[t - 15], 1n) ^ turn(w[t - 15], 8n) ^ (w[t - 15] >> 7n);
      const s1 = turn(w[t - 2], 19n) ^ turn(w[t - 2], 61n) ^ (w[t - 2] >> 6n);
      w.push(sum(w[t - 16], s0, w[t - 7], s1));
    }
    let [a, b, c, d, e, f, g, h] = state;
    for (let t = 0; t < 80; t++) {
      const s1 = turn(e, 14n) ^ turn(e, 18n) ^ turn(e, 41n);
      const t1 = sum(h, s1, (e & f) ^ (BigInt.asUintN(64, ~e) & g), K512[t], w[t]);
      const s0 = turn(a, 28n) ^ turn(a, 34n) ^ turn(a, 39n);
      const t2 = sum(s0, (a & b) ^ (a & c) ^ (b & c));
      [h, g, f, e, d, c, b, a] = [g, f, e, sum(d, t1), c, b, a, sum(t1, t2)];
    }
    [a, b, c, d, e, f, g, h].forEach((value, i) => (state[i] = sum(state[i], value)));
  }
  const digest = new Uint8Array(64);
  const out = new DataView(digest.buffer);
  state.forEach((value, i) => out.setBigUint64(8 * i, value));
  return digest;
}

// ---- Ed25519 (RFC 8032 section 5.1) --------------------------------------------------------------------------------

const P = 2n ** 255n - 19n;
const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;
const mod = (value) => {
  const rest = value % P;
  return rest < 0n ? rest + P : rest;
};
const power = (base, exponent) => {
  let result = 1n;
  for (let square = base, left = exponent; left > 0n; left >>= 1n, square = mod(square * square)) {
    if (left & 1n) result = mod(result * square);
  }
  return result;
};
const D = mod(-121665n * power(121666n, P - 2n));
const ROOT_OF_MINUS_ONE = power(2n, (P - 1n) / 4n);
const NEUTRAL = [0n, 1n, 1n, 0n];

/** 5.1.4, extended homogeneous coordinates. */
function add([x1, y1, z1, t1], [x2, y2, z2, t2]) {
  const a = mod((y1 - x1) * (y2 - x2));
  const b = mod((y1 + x1) * (y2 + x2));
  const c = mod(2n * D * t1 * t2);
  const d = mod(2n * z1 * z2);
  const [e, f, g, h] = [b - a, d - c, d + c, b + a];
  return [mod(e * f), mod(g * h), mod(f * g), mod(e * h)];
}

function multiply(point, scalar) {
  let result = NEUTRAL;
  for (let doubled = point, left = scalar; left > 0n; left >>= 1n, doubled = add(doubled, doubled)) {
    if (left & 1n) result = add(result, doubled);
  }
  return result;
}

/** 5.1.3; null for what encodes no point. */
function decodePoint(bytes) {
  const number = littleEndian(bytes);
  const sign = number >> 255n;
  const y = number & ((1n << 255n) - 1n);
  if (y >= P) return null;
  const u = mod(y * y - 1n);
  const v = mod(D * y * y + 1n);
  let x = mod(u * v ** 3n * power(mod(u * v ** 7n), (P - 5n) / 8n));
  const check = mod(v * x * x);
  if (check === mod(-u)) x = mod(x * ROOT_OF_MINUS_ONE);
  else if (check !== u) return null;
  if (x === 0n && sign === 1n) return null;
  if ((x & 1n) !== sign) x = P - x;
  return [x, y, 1n, mod(x * y)];
}

function encodePoint([x, y, z]) {
  const inverse = power(z, P - 2n);
  const number = mod(y * inverse) | ((mod(x * inverse) & 1n) << 255n);
  return Uint8Array.from({ length: 32 }, (_, i) => Number((number >> BigInt(8 * i)) & 255n));
}

const BASE = decodePoint(Uint8Array.from([0x58, ...Array(31).fill(0x66)]));

/** 5.1.7, without WebCrypto: R encodes [S]B - [k]A. */
export function verifyEd25519Slowly(key, message, signature) {
  if (!isBytes(key, 32) || !isBytes(signature, 64)) return false;
  const a = decodePoint(key);
  const s = littleEndian(signature.subarray(32));
  if (a === null || s >= ORDER) return false;
  const r = signature.subarray(0, 32);
  const k = littleEndian(sha512(join(r, key, message))) % ORDER;
  const minus = [mod(-a[0]), a[1], a[2], mod(-a[3])];
  return same(encodePoint(add(multiply(BASE, s), multiply(minus, k))), r);
}

const subtle = () => globalThis.crypto?.subtle;
const importKey = (key) => subtle().importKey("raw", key, { name: "Ed25519" }, false, ["verify"]);

let native;

/** Whether the browser verifies Ed25519: asked once, with a key that is one (the base point). */
function hasEd25519() {
  native ??= (async () => {
    try {
      await importKey(encodePoint(BASE));
      return true;
    } catch {
      return false;
    }
  })();
  return native;
}

export async function verifyEd25519(key, message, signature) {
  if (!isBytes(key, 32) || !isBytes(signature, 64)) return false;
  if (!(await hasEd25519())) return verifyEd25519Slowly(key, message, signature);
  try {
    return await subtle().verify({ name: "Ed25519" }, await importKey(key), signature, message);
  } catch {
    return false; // the bytes of a key that is none
  }
}

// ---- Merkle tree (RFC 9162 section 2.1) ----------------------------------------------------------------------------

const LARGEST = 2n ** 63n - 1n;
const EMPTY_ROOT = sha256(new Uint8Array());
const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

export const leafHash = (entry) => sha256(join(LEAF, entry));
export const nodeHash = (left, right) => sha256(join(NODE, left, right));
const isSize = (value) => typeof value === "bigint" && value >= 0n && value <= LARGEST;
const areHashes = (values) => values.every((value) => isBytes(value, 32));

/**
 * Section 2.1.3.2 by the shape of the path: the proof's hashes are siblings first to the right or left inside the
 * subtree that is full or ragged, level by level; a level where the entry's node is the last and has no sibling
 * brings no hash.
 */
export function verifyInclusion(leaf, index, size, proof, root) {
  if (!isSize(index) || !isSize(size) || index >= size || !areHashes([leaf, root, ...proof])) return false;
  const hashes = [...proof];
  let node = leaf;
  let at = index;
  for (let count = size; count > 1n; count = (count + 1n) >> 1n, at >>= 1n) {
    const alone = at === count - 1n && at % 2n === 0n;
    if (alone) continue;
    const sibling = hashes.shift();
    if (sibling === undefined) return false;
    node = at % 2n ? nodeHash(sibling, node) : nodeHash(node, sibling);
  }
  return hashes.length === 0 && same(node, root);
}

/**
 * Section 2.1.4: the proof's recursion SUBPROOF (2.1.4.1), read backwards. Where the old tree ends with a full subtree
 * that begins at entry 0, its root is the old root and is not sent.
 */
export function verifyConsistency(old, size, proof, oldRoot, root) {
  if (!isSize(old) || !isSize(size) || old > size || !areHashes([oldRoot, root, ...proof])) return false;
  if (old === 0n) {
    return proof.length === 0 && same(oldRoot, EMPTY_ROOT) && (size > 0n || same(root, EMPTY_ROOT));
  }
  if (old === size) return proof.length === 0 && same(oldRoot, root);
  const turns = [];
  let first = 0n;
  let end = size;
  while (end !== old) {
    let half = 1n;
    while (half * 2n < end - first) half *= 2n;
    const right = old > first + half;
    turns.push(right);
    if (right) first += half;
    else end = first + half;
  }
  const sent = first > 0n ? 1 : 0;
  if (proof.length !== turns.length + sent) return false;
  let before = sent ? proof[0] : oldRoot;
  let after = before;
  turns.reverse().forEach((right, i) => {
    const hash = proof[i + sent];
    if (right) before = nodeHash(hash, before);
    after = right ? nodeHash(hash, after) : nodeHash(after, hash);
  });
  return same(before, oldRoot) && same(after, root);
}

// ---- Signed notes (c2sp.org/signed-note) ---------------------------------------------------------------------------

export const ED25519 = 1;
export const COSIGNATURE = 4;
const MOST_BYTES = 1048576;
const MOST_SIGNATURES = 64;
const MOST_HASHES = 63;

/** The text of bytes: UTF-8 without other control characters below U+0020 than the newline. */
function textOf(bytes) {
  need(isBytes(bytes) && bytes.length <= MOST_BYTES, "too long, or no bytes");
  need(
    bytes.every((byte) => byte >= 32 || byte === 10),
    "control characters",
  );
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return refuse("not UTF-8");
  }
}

const isName = (name) => /^[^+\p{White_Space}\u0000-\u001f]+$/u.test(name);

function number(text) {
  need(/^(0|[1-9][0-9]{0,18})$/.test(text), "not a number in decimal digits");
  const value = BigInt(text);
  need(value <= LARGEST, "a number beyond 2^63 - 1");
  return value;
}

function hash(text) {
  const bytes = base64(text);
  need(bytes.length === 32, "a hash has 32 bytes");
  return bytes;
}

export const keyId = (name, kind, key) => sha256(join(utf8.encode(`${name}\n`), Uint8Array.of(kind), key)).slice(0, 4);

/** A verifier key, name+id+key: {name, kind, key, id}. */
export function parseKey(text) {
  const [, name, id, encoded] = /^([^+]*)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/u.exec(text) ?? refuse("not a verifier key");
  const [kind, ...key] = base64(encoded);
  need(isName(name) && key.length === 32 && (kind === ED25519 || kind === COSIGNATURE), "not a verifier key");
  const material = Uint8Array.from(key);
  need(hex(keyId(name, kind, material)) === id, "the id is not that of the key");
  return { name, kind, key: material, id: hex(keyId(name, kind, material)) };
}

/** {text, signatures: [{name, id, data}]}, none of them verified. */
export function parseNote(bytes) {
  const whole = textOf(bytes);
  const gap = whole.lastIndexOf("\n\n");
  need(gap >= 0 && whole.endsWith("\n"), "not a note");
  const text = whole.slice(0, gap + 1);
  const lines = whole.slice(gap + 2).split("\n");
  need(lines.pop() === "" && lines.length >= 1 && lines.length <= MOST_SIGNATURES, "no signatures, or too many");
  const signatures = lines.map((line) => {
    const parts = line.split(" ");
    need(parts.length === 3 && parts[0] === "\u2014" && isName(parts[1]), "not a signature line");
    const data = base64(parts[2]);
    need(data.length > 4, "a signature is not empty");
    return { name: parts[1], id: hex(data.subarray(0, 4)), data: data.subarray(4) };
  });
  return { text, signatures };
}

/** The lines of known keys, all of which must verify, and of which there must be one: [{key, time}]. */
export async function verifyNote(note, keys) {
  const verified = [];
  for (const { name, id, data } of note.signatures) {
    const key = keys.find((known) => known.name === name && known.id === id);
    if (!key) continue;
    let message = note.text;
    let signature = data;
    let time = null;
    if (key.kind === COSIGNATURE) {
      need(data.length === 72, "not a cosignature");
      time = bigEndian(data.subarray(0, 8));
      need(time > 0n && time <= LARGEST, "not a time");
      parseCheckpoint(note.text);
      message = `cosignature/v1\ntime ${time}\n${note.text}`;
      signature = data.subarray(8);
    }
    need(await verifyEd25519(key.key, utf8.encode(message), signature), `the signature of ${name} does not verify`);
    verified.push({ key, time });
  }
  need(verified.length > 0, "no known key signed the note");
  return verified;
}

// ---- Checkpoints and proofs (c2sp.org/tlog-checkpoint, tlog-cosignature, tlog-proof) -------------------------------

/** {origin, size, root, extensions} of a note's text. */
export function parseCheckpoint(text) {
  const lines = text.split("\n");
  need(lines.pop() === "" && lines.length >= 3 && lines.every((line) => line !== ""), "not a checkpoint");
  const [origin, size, root, ...extensions] = lines;
  return { origin, size: number(size), root: hash(root), extensions };
}

/** policy: {origin, logKeys, witnesses, quorum}, keys from parseKey. Throws a TypeError if somebody would count twice. */
function checkPolicy({ logKeys, witnesses, quorum }) {
  const materials = new Set([...logKeys, ...witnesses].map(({ key }) => hex(key)));
  const names = new Set(witnesses.map(({ name }) => name));
  const sound =
    materials.size === logKeys.length + witnesses.length &&
    logKeys.length > 0 &&
    logKeys.every(({ kind }) => kind === ED25519) &&
    witnesses.every(({ kind }) => kind === COSIGNATURE) &&
    Number.isInteger(quorum) &&
    quorum >= 0 &&
    quorum <= names.size;
  if (!sound) throw new TypeError("not a policy");
}

/** A checkpoint signed by its log, seen by enough witnesses: {checkpoint, signers, seen: [[name, time]]}, earliest first. */
export async function verifyCheckpoint(bytes, policy) {
  checkPolicy(policy);
  const note = parseNote(bytes);
  const checkpoint = parseCheckpoint(note.text);
  need(checkpoint.origin === policy.origin, "a checkpoint of another log");
  const verified = await verifyNote(note, [...policy.logKeys, ...policy.witnesses]);
  const signers = verified.filter(({ key }) => key.kind === ED25519).map(({ key }) => key);
  need(signers.length > 0, "the log did not sign");
  const earliest = new Map();
  for (const { key, time } of verified) {
    if (time !== null && !(earliest.get(key.name) <= time)) earliest.set(key.name, time);
  }
  need(earliest.size >= policy.quorum, "too few witnesses");
  const seen = [...earliest].sort(([a, s], [b, t]) => (s < t ? -1 : s > t ? 1 : a < b ? -1 : 1));
  return { checkpoint, signers, seen };
}

/** {extra, index, hashes, checkpoint}: a .tlog-proof file, its checkpoint as bytes and not yet verified. */
export function parseProof(bytes) {
  const whole = textOf(bytes);
  const gap = whole.indexOf("\n\n");
  need(gap >= 0, "not a proof");
  const lines = whole.slice(0, gap).split("\n");
  need(lines.shift() === "c2sp.org/tlog-proof@v1", "not a proof");
  const extra = lines[0]?.startsWith("extra ") ? base64(lines.shift().slice(6)) : null;
  const named = lines.shift();
  need(named?.startsWith("index "), "no index");
  const index = number(named.slice(6));
  need(lines.length <= MOST_HASHES, "too many hashes");
  const hashes = lines.map(hash);
  const checkpoint = utf8.encode(whole.slice(gap + 2));
  parseCheckpoint(parseNote(checkpoint).text);
  return { extra, index, hashes, checkpoint };
}

/** The log entry of an event: SHA-256 of "filiere/event/v1", a zero byte, the salt and the event's bytes. */
export function commitment(salt, event) {
  need(isBytes(salt, 32), "a salt has 32 bytes");
  return sha256(join(utf8.encode("filiere/event/v1"), NUL, salt, event));
}

/** {index, size, root, seen, at}: the event is entry `index`; at `at` as many witnesses as asked had seen the tree. */
export async function verifyProof(bytes, event, policy) {
  const proof = parseProof(bytes);
  need(proof.extra?.length === 32, "a proof of an event carries its salt");
  const leaf = leafHash(commitment(proof.extra, event));
  const { checkpoint, seen } = await verifyCheckpoint(proof.checkpoint, policy);
  const { size, root } = checkpoint;
  need(verifyInclusion(leaf, proof.index, size, proof.hashes, root), "the event is not where the proof says");
  return { index: proof.index, size, root, seen, at: policy.quorum ? seen[policy.quorum - 1][1] : null };
}

// ---- Labels (docs/log-format.md) -----------------------------------------------------------------------------------

const CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** The bytes of Crockford's base32 in capitals, in its one spelling. */
export function base32(text) {
  const bytes = [];
  let bits = 0;
  let held = 0;
  for (const character of text) {
    const value = CROCKFORD.indexOf(character);
    need(value >= 0, "not in capitals of Crockford's base32");
    bits = (bits << 5) | value;
    held += 5;
    if (held >= 8) {
      held -= 8;
      bytes.push(bits >> held);
      bits &= (1 << held) - 1;
    }
  }
  need(held < 5 && bits === 0, "loose bits at the end");
  return Uint8Array.from(bytes);
}

/** {key, unit, code, packed, netGrams, commodity} of a label's 132 characters, and {token, signature} not verified. */
export function parseLabel(text) {
  need(typeof text === "string" && text.length === 132, "a label has 132 characters");
  const data = base32(text);
  const token = data.subarray(0, 18);
  const view = new DataView(token.buffer, token.byteOffset, 18);
  need(view.getUint8(0) === 1, "not a label of version 1");
  const net = view.getUint16(15);
  const exponent = net >> 14;
  const netGrams = (net & 16383) * 10 ** exponent;
  need(exponent === 0 || netGrams >= 16384 * 10 ** (exponent - 1), "a weight has one form");
  const packed = new Date(Date.UTC(2020, 0, 1 + view.getUint16(13))).toISOString().slice(0, 10);
  const unit = token.slice(3, 13);
  const said = { key: view.getUint16(1), unit, code: toBase32(unit), packed, netGrams, commodity: view.getUint8(17) };
  return { ...said, token, signature: data.subarray(18) };
}

/** What a label says, signed by the key that it names. keys: Map from key number to 32 bytes. */
export async function verifyLabel(text, keys) {
  const { token, signature, ...said } = parseLabel(text);
  const key = keys.get(said.key);
  need(key !== undefined, "the key of this label is not known");
  const message = join(utf8.encode("filiere-label-v1"), NUL, token);
  need(await verifyEd25519(key, message, signature), "the key that the label names did not sign it");
  return said;
}

export function toBase32(bytes) {
  const bits = Array.from(bytes, (byte) => byte.toString(2).padStart(8, "0")).join("");
  return bits.match(/.{5}/g).map((five) => CROCKFORD[parseInt(five, 2)]).join("");
}

const DOUBLED = Array.from({ length: 32 }, (_, value) => (value << 1) ^ (value > 15 ? 0b100101 : 0));

/** A code as labels have it printed: its two check characters follow. */
export function typedCode(code) {
  const values = [...code].map((character) => CROCKFORD.indexOf(character));
  const plainSum = values.reduce((sum, value) => sum ^ value, 0);
  const weighted = values.reduce((sum, value) => DOUBLED[sum] ^ value, 0);
  const first = DOUBLED.findIndex((_, value) => DOUBLED[DOUBLED[weighted] ^ value] === (plainSum ^ value));
  return code + CROCKFORD[first] + CROCKFORD[plainSum ^ first];
}

/** The 16 characters of a typed code, as its page is named; lower case, spaces, hyphens, O, I and L are forgiven. */
export function readTypedCode(text) {
  const plain = text
    .replace(/[ \u00a0\u202f\u2010\u2011-]/g, "")
    .replace(/[a-z]/g, (letter) => letter.toUpperCase())
    .replace(/O/g, "0")
    .replace(/[IL]/g, "1");
  const values = [...plain].map((character) => CROCKFORD.indexOf(character));
  need(values.length === 18 && !values.includes(-1), "a code has 18 characters");
  const plainSum = values.reduce((sum, value) => sum ^ value, 0);
  const weighted = values.reduce((sum, value) => DOUBLED[sum] ^ value, 0);
  need(plainSum === 0 && weighted === 0, "the code is mistyped");
  return plain.slice(0, 16);
}
